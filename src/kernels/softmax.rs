//! Softmax and its logarithm along one axis.

use rayon::prelude::*;

use super::simd::vectorized_with;
use super::{math, worth_threads};

/// Softmax over the middle axis of `[outer, axis_len, inner]`: `e^(x - max)` over its sum. A slice
/// that holds NaN or +∞ becomes NaN.
pub fn softmax(input: &[f32], output: &mut [f32], outer: usize, axis_len: usize, inner: usize) {
    along(input, output, [outer, axis_len, inner], false);
}

/// The logarithm of [`softmax`], `x - max - ln Σ e^(x - max)`, without the loss of taking it
/// afterwards.
pub fn log_softmax(input: &[f32], output: &mut [f32], outer: usize, axis_len: usize, inner: usize) {
    along(input, output, [outer, axis_len, inner], true);
}

fn along(input: &[f32], output: &mut [f32], [outer, axis_len, inner]: [usize; 3], log: bool) {
    let block = axis_len * inner;
    assert_eq!(
        input.len(),
        outer * block,
        "input is [outer, axis_len, inner]"
    );
    assert_eq!(output.len(), input.len(), "output is as large as the input");
    if block == 0 {
        return;
    }
    let run = |(from, to): (&[f32], &mut [f32])| {
        vectorized_with((from, to, axis_len, inner, log), blocks);
    };
    // An exponential is worth about eight simple operations.
    if outer > 1 && worth_threads(input.len().saturating_mul(8)) {
        let chunk = (4096_usize.div_ceil(block)) * block;
        let tasks = input.par_chunks(chunk).zip_eq(output.par_chunks_mut(chunk));
        tasks.for_each(run);
    } else {
        run((input, output));
    }
}

/// Every block `[axis_len, inner]` of `from`.
#[inline(always)]
fn blocks((from, to, axis_len, inner, log): (&[f32], &mut [f32], usize, usize, bool)) {
    let block = axis_len * inner;
    let blocks = from.chunks_exact(block).zip(to.chunks_exact_mut(block));
    if inner == 1 {
        for (x, y) in blocks {
            row(x, y, log);
        }
    } else {
        let mut largest = vec![0.0; inner];
        let mut sum = vec![0.0; inner];
        for (x, y) in blocks {
            columns(x, y, &mut largest, &mut sum, log);
        }
    }
}

/// Lanes of the running maxima and sums, so that they vectorise.
const LANES: usize = 16;

/// One contiguous slice.
#[inline(always)]
fn row(x: &[f32], y: &mut [f32], log: bool) {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in x.chunks(LANES) {
        for (m, &v) in lanes.iter_mut().zip(chunk) {
            *m = if v > *m { v } else { *m };
        }
    }
    let largest = lanes.iter().fold(f32::NEG_INFINITY, |m, &v| m.max(v));
    for (y, &x) in y.iter_mut().zip(x) {
        *y = math::exp(x - largest);
    }
    let mut lanes = [0.0_f32; LANES];
    for chunk in y.chunks(LANES) {
        for (s, &v) in lanes.iter_mut().zip(chunk) {
            *s += v;
        }
    }
    let sum = lanes.iter().sum::<f32>();
    if log {
        let ln = sum.ln();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = x - largest - ln;
        }
    } else {
        let scale = 1.0 / sum;
        for y in y {
            *y *= scale;
        }
    }
}

/// As many interleaved slices as `largest` is long.
#[inline(always)]
fn columns(x: &[f32], y: &mut [f32], largest: &mut [f32], sum: &mut [f32], log: bool) {
    let inner = largest.len();
    largest.fill(f32::NEG_INFINITY);
    for x in x.chunks_exact(inner) {
        for (m, &v) in largest.iter_mut().zip(x) {
            *m = if v > *m { v } else { *m };
        }
    }
    sum.fill(0.0);
    for (x, y) in x.chunks_exact(inner).zip(y.chunks_exact_mut(inner)) {
        for (((y, &x), &m), s) in y.iter_mut().zip(x).zip(&*largest).zip(&mut *sum) {
            *y = math::exp(x - m);
            *s += *y;
        }
    }
    if log {
        for s in &mut *sum {
            *s = s.ln();
        }
        for (x, y) in x.chunks_exact(inner).zip(y.chunks_exact_mut(inner)) {
            for (((y, &x), &m), &ln) in y.iter_mut().zip(x).zip(&*largest).zip(&*sum) {
                *y = x - m - ln;
            }
        }
    } else {
        for s in &mut *sum {
            *s = 1.0 / *s;
        }
        for y in y.chunks_exact_mut(inner) {
            for (y, &s) in y.iter_mut().zip(&*sum) {
                *y *= s;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::Random;

    #[test]
    fn agrees_with_the_definition_in_double_precision() {
        let mut random = Random::new(3);
        for [outer, len, inner] in [
            [1, 1, 1],
            [3, 10, 1],
            [2, 7, 5],
            [1, 40, 3],
            [700, 33, 1],
            [40, 9, 31],
            [0, 4, 1],
            [2, 3, 0],
        ] {
            let mut input = random.floats(outer * len * inner);
            input.iter_mut().for_each(|x| *x *= 50.0);
            let (mut soft, mut log) = (vec![0.0; input.len()], vec![0.0; input.len()]);
            softmax(&input, &mut soft, outer, len, inner);
            log_softmax(&input, &mut log, outer, len, inner);
            for o in 0..outer {
                for i in 0..inner {
                    let at = |k: usize| (o * len + k) * inner + i;
                    let value = |k: usize| f64::from(input[at(k)]);
                    let largest = (0..len).map(value).fold(f64::NEG_INFINITY, f64::max);
                    let sum: f64 = (0..len).map(|k| (value(k) - largest).exp()).sum();
                    for k in 0..len {
                        let want = (value(k) - largest).exp() / sum;
                        assert!((f64::from(soft[at(k)]) - want).abs() < 1e-6);
                        let want = value(k) - largest - sum.ln();
                        assert!((f64::from(log[at(k)]) - want).abs() < 2e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn large_inputs_do_not_overflow_and_nan_spreads() {
        let mut out = [0.0; 2];
        softmax(&[1e30, 1e30], &mut out, 1, 2, 1);
        assert_eq!(out, [0.5, 0.5]);
        softmax(&[f32::NAN, 1.0], &mut out, 1, 2, 1);
        assert!(out.iter().all(|x| x.is_nan()));
        softmax(&[f32::NEG_INFINITY, 1.0], &mut out, 1, 2, 1);
        assert_eq!(out, [0.0, 1.0]);
    }
}
