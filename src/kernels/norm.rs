//! Normalisation.

use rayon::prelude::*;

use super::simd::vectorized;
use super::worth_threads;

/// Batch normalisation with running statistics, `(x - mean) / √(var + eps) * weight + bias`, over
/// `[outer, channels, inner]`: `inner` is 1 with channels last, the pixels of an image with
/// channels first. The four statistics have one element a channel; a missing weight is 1, a
/// missing bias 0.
#[allow(clippy::too_many_arguments)] // The formula has that many.
pub fn batch_norm(
    input: &[f32],
    output: &mut [f32],
    outer: usize,
    channels: usize,
    inner: usize,
    mean: &[f32],
    var: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    eps: f32,
) {
    assert_eq!(
        input.len(),
        outer * channels * inner,
        "[outer, channels, inner]"
    );
    let (scale, shift) = batch_norm_affine(channels, mean, var, weight, bias, eps);
    channel_affine(input, output, inner, &scale, &shift);
}

/// Batch normalisation as a scale and a shift for each channel: `scale = weight / √(var + eps)`,
/// `shift = bias - mean * scale`.
pub fn batch_norm_affine(
    channels: usize,
    mean: &[f32],
    var: &[f32],
    weight: Option<&[f32]>,
    bias: Option<&[f32]>,
    eps: f32,
) -> (Vec<f32>, Vec<f32>) {
    let scale: Vec<f32> = (0..channels)
        .map(|c| weight.map_or(1.0, |w| w[c]) / (var[c] + eps).sqrt())
        .collect();
    let shift = (0..channels)
        .map(|c| bias.map_or(0.0, |b| b[c]) - mean[c] * scale[c])
        .collect();
    (scale, shift)
}

/// `output = input * scale[c] + shift[c]` over `[…, channels, inner]`, `c` being the channel.
pub fn channel_affine(
    input: &[f32],
    output: &mut [f32],
    inner: usize,
    scale: &[f32],
    shift: &[f32],
) {
    let channels = scale.len();
    assert_eq!(shift.len(), channels, "a shift for every scale");
    assert_eq!(input.len(), output.len(), "output is as large as the input");
    let block = channels * inner;
    if input.is_empty() || block == 0 {
        return;
    }
    assert_eq!(input.len() % block, 0, "[outer, channels, inner]");
    // A task takes whole blocks with channels last, whole planes with channels first.
    let unit = if inner == 1 { block } else { inner };
    let chunk = (1_usize << 14).div_ceil(unit) * unit;
    let run = |(task, (from, to)): (usize, (&[f32], &mut [f32]))| {
        vectorized(|| {
            if inner == 1 {
                for (x, y) in from
                    .chunks_exact(channels)
                    .zip(to.chunks_exact_mut(channels))
                {
                    for (((y, &x), &s), &t) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                        *y = x * s + t;
                    }
                }
            } else {
                let first = task * (chunk / inner);
                let planes = from.chunks_exact(inner).zip(to.chunks_exact_mut(inner));
                for (plane, (x, y)) in planes.enumerate() {
                    let c = (first + plane) % channels;
                    let (s, t) = (scale[c], shift[c]);
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = x * s + t;
                    }
                }
            }
        });
    };
    if worth_threads(input.len()) {
        let tasks = input.par_chunks(chunk).zip_eq(output.par_chunks_mut(chunk));
        tasks.enumerate().for_each(run);
    } else {
        run((0, (input, output)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::Random;

    #[test]
    fn batch_norm_is_its_formula_in_both_layouts() {
        let mut random = Random::new(4);
        for [outer, channels, inner] in [
            [1, 1, 1],
            [5, 3, 1],
            [2, 3, 7],
            [2, 19, 64],
            [4000, 20, 1],
            [3, 40, 900],
            [0, 3, 2],
        ] {
            let input = random.floats(outer * channels * inner);
            let (mean, weight, bias) = (
                random.floats(channels),
                random.floats(channels),
                random.floats(channels),
            );
            let var: Vec<f32> = random.floats(channels).iter().map(|v| v.abs()).collect();
            for affine in [false, true] {
                let (w, b) = (
                    affine.then_some(weight.as_slice()),
                    affine.then_some(bias.as_slice()),
                );
                let mut output = vec![0.0; input.len()];
                batch_norm(
                    &input,
                    &mut output,
                    outer,
                    channels,
                    inner,
                    &mean,
                    &var,
                    w,
                    b,
                    1e-3,
                );
                for (i, got) in output.iter().enumerate() {
                    let c = i / inner % channels;
                    let unit = (input[i] - mean[c]) / (var[c] + 1e-3).sqrt();
                    let want = unit * w.map_or(1.0, |w| w[c]) + b.map_or(0.0, |b| b[c]);
                    assert!((got - want).abs() < 1e-4 * (1.0 + want.abs() + unit.abs()));
                }
            }
        }
    }
}
