//! Normalisation by neighbouring channels.

use super::math;
use super::norm::in_rows;
use super::simd::{vectorized, vectorized_with};

/// Normalisation by the neighbouring channels, as ONNX's `LRN`.
#[derive(Clone, Copy, Debug)]
pub struct Neighbours {
    /// Channels that take part: `(size - 1) / 2` before and the rest of `size - 1` after.
    pub size: usize,
    /// What their squares are multiplied by, over `size`.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
    /// What is added to the squares.
    pub bias: f32,
}

impl Neighbours {
    /// `x / (bias + alpha / size · Σ x²)^beta` over `[…, channels, inner]`, the sum being over
    /// those of the neighbouring channels that there are.
    pub fn run(&self, input: &[f32], output: &mut [f32], channels: usize, inner: usize) {
        assert_eq!(output.len(), input.len(), "output is as large as the input");
        if input.is_empty() {
            return;
        }
        assert_eq!(input.len() % (channels * inner), 0, "[…, channels, inner]");
        let (before, after) = ((self.size - 1) / 2, self.size / 2);
        let window = |c: usize| c.saturating_sub(before)..c.saturating_add(after + 1).min(channels);
        if inner == 1 {
            in_rows(input, output, channels, |_, from, to| {
                let rows = from
                    .chunks_exact(channels)
                    .zip(to.chunks_exact_mut(channels));
                for (x, y) in rows {
                    for (c, y) in y.iter_mut().enumerate() {
                        *y = x[window(c)].iter().map(|x| x * x).sum();
                    }
                    vectorized_with((self, x, y), scale_down);
                }
            });
        } else {
            in_rows(input, output, inner, |first, from, to| {
                let planes = from.chunks_exact(inner).zip(to.chunks_exact_mut(inner));
                for (plane, (x, y)) in (first..).zip(planes) {
                    let (block, c) = (plane / channels * channels, plane % channels);
                    y.fill(0.0);
                    for near in window(c) {
                        let near = &input[(block + near) * inner..][..inner];
                        vectorized(|| y.iter_mut().zip(near).for_each(|(y, x)| *y += x * x));
                    }
                    vectorized_with((self, x, y), scale_down);
                }
            });
        }
    }
}

/// `y = x / (bias + alpha / size · y)^beta`.
#[inline(always)]
fn scale_down((norm, x, y): (&Neighbours, &[f32], &mut [f32])) {
    let (alpha, beta, bias) = (norm.alpha / norm.size as f32, norm.beta, norm.bias);
    if beta == 0.75 {
        for (y, x) in y.iter_mut().zip(x) {
            let root = (bias + alpha * *y).sqrt();
            *y = x / (root * root.sqrt());
        }
    } else {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x * math::exp(-beta * math::ln(bias + alpha * *y));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::Random;

    #[test]
    fn neighbours_are_those_of_onnx() {
        let mut random = Random::new(9);
        for (outer, channels, inner, size, beta) in [
            (3, 1, 1, 3, 0.75),
            (3, 7, 1, 4, 0.75),
            (2, 7, 5, 5, 0.6),
            (2, 40, 900, 3, 0.75),
            (400, 200, 1, 99, 1.0),
        ] {
            let norm = Neighbours {
                size,
                alpha: 0.5,
                beta,
                bias: 2.0,
            };
            let input = random.floats(outer * channels * inner);
            let mut output = vec![f32::NAN; input.len()];
            norm.run(&input, &mut output, channels, inner);
            for (i, got) in output.iter().enumerate() {
                let c = (i / inner % channels) as isize;
                let (before, after) = (((size - 1) / 2) as isize, (size / 2) as isize);
                let near = (-before..=after).filter(|d| (0..channels as isize).contains(&(c + d)));
                let x = |d: isize| f64::from(input[(i as isize + d * inner as isize) as usize]);
                let sum: f64 = near.map(|d| x(d) * x(d)).sum();
                let want = x(0) / (2.0 + 0.5 / size as f64 * sum).powf(f64::from(beta));
                assert!((f64::from(*got) - want).abs() < 1e-6, "{norm:?} at {i}");
            }
        }
    }
}
