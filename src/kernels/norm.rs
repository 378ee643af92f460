//! Normalisation.

use rayon::prelude::*;

use super::reduce::{Reduce, reduce};
use super::simd::{vectorized, vectorized_with};
use super::window::Layout;
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

/// The mean of `(x - mean)²` along the middle axis of `[outer, len, inner]`, `mean` having one number
/// for each result of `[outer, inner]`, or being 0 everywhere. Squares are added up in `f64`.
pub fn squares(
    input: &[f32],
    mean: Option<&[f32]>,
    output: &mut [f32],
    [outer, len, inner]: [usize; 3],
) {
    assert_eq!(input.len(), outer * len * inner, "[outer, len, inner]");
    assert_eq!(output.len(), outer * inner, "[outer, inner]");
    assert!(
        mean.is_none_or(|mean| mean.len() == output.len()),
        "[outer, inner]"
    );
    let run = |place: usize, out: &mut [f32]| {
        vectorized_with((input, mean, place, out, (len, inner)), squares_of);
    };
    if worth_threads(input.len()) {
        let chunk = (1_usize << 14)
            .div_ceil(len.max(1))
            .next_multiple_of(COLUMNS);
        let pieces = output.par_chunks_mut(chunk).enumerate();
        pieces.for_each(|(at, out)| run(at * chunk, out));
    } else {
        run(0, output);
    }
}

/// Columns whose squares are added up together, and lanes along a row.
const COLUMNS: usize = 32;

type Squares<'a> = (
    &'a [f32],
    Option<&'a [f32]>,
    usize,
    &'a mut [f32],
    (usize, usize),
);

#[inline(always)]
fn squares_of((input, mean, mut place, mut output, (len, inner)): Squares) {
    let scale = 1.0 / len as f64;
    while !output.is_empty() {
        let (block, column) = (place / inner, place % inner);
        let columns = COLUMNS.min(inner - column).min(output.len());
        let from = &input[block * len * inner..][..len * inner];
        let mut sums = [0.0_f64; COLUMNS];
        let mut middle = [0.0_f32; COLUMNS];
        if let Some(mean) = mean {
            middle[..columns].copy_from_slice(&mean[place..place + columns]);
        }
        if inner == 1 {
            let middle = middle[0];
            for chunk in from.chunks(COLUMNS) {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    let x = f64::from(x - middle);
                    *sum += x * x;
                }
            }
            output[0] = (sums.iter().sum::<f64>() * scale) as f32;
        } else {
            for row in from.chunks_exact(inner) {
                let row = &row[column..column + columns];
                for ((sum, middle), x) in sums.iter_mut().zip(&middle).zip(row) {
                    let x = f64::from(x - middle);
                    *sum += x * x;
                }
            }
            for (y, sum) in output.iter_mut().zip(&sums[..columns]) {
                *y = (sum * scale) as f32;
            }
        }
        output = &mut output[columns..];
        place += columns;
    }
}

/// Layer normalisation along the middle axis of `[outer, len, inner]`: `(x - mean) / √(var + eps) *
/// weight + bias`. `weight` and `bias` are `[len]`; without a bias the mean is 0 and the variance
/// the mean of squares, which is root-mean-square normalisation. `scratch` holds two numbers for
/// each of `[outer, inner]`.
pub fn layer_norm(
    input: &[f32],
    output: &mut [f32],
    [outer, len, inner]: [usize; 3],
    weight: &[f32],
    bias: Option<&[f32]>,
    eps: f32,
    scratch: &mut [f32],
) {
    assert_eq!(output.len(), input.len(), "output is as large as the input");
    assert!(
        weight.len() == len && bias.is_none_or(|bias| bias.len() == len),
        "weight and bias are [len]"
    );
    if input.is_empty() {
        return;
    }
    let shape = [outer, len, inner];
    let (mean, scale) = scratch.split_at_mut(outer * inner);
    match bias {
        Some(_) => {
            reduce(Reduce::Mean, input, mean, shape);
            squares(input, Some(mean), scale, shape);
        }
        None => {
            mean.fill(0.0);
            squares(input, None, scale, shape);
        }
    }
    scale.iter_mut().for_each(|v| *v = 1.0 / (*v + eps).sqrt());
    let (mean, scale) = (&*mean, &*scale);
    // A row is one of `len` elements where they are neighbours, else of `inner`.
    let unit = if inner == 1 { len } else { inner };
    let rows = |first: usize, from: &[f32], to: &mut [f32]| {
        vectorized(|| {
            let rows = from.chunks_exact(unit).zip(to.chunks_exact_mut(unit));
            for (row, (x, y)) in rows.enumerate() {
                let row = first + row;
                if inner == 1 {
                    let (m, s) = (mean[row], scale[row]);
                    for ((y, &x), &w) in y.iter_mut().zip(x).zip(weight) {
                        *y = (x - m) * s * w;
                    }
                    for (y, &b) in y.iter_mut().zip(bias.unwrap_or_default()) {
                        *y += b;
                    }
                } else {
                    let (block, at) = (row / len, row % len);
                    let (w, b) = (weight[at], bias.map_or(0.0, |bias| bias[at]));
                    let stats = mean[block * inner..].iter().zip(&scale[block * inner..]);
                    for ((y, &x), (&m, &s)) in y.iter_mut().zip(x).zip(stats) {
                        *y = (x - m) * s * w + b;
                    }
                }
            }
        });
    };
    in_rows(input, output, unit, rows);
}

/// Runs `rows` on pieces of whole rows, each `unit` long; it is told the number of its first row.
pub(super) fn in_rows(
    input: &[f32],
    output: &mut [f32],
    unit: usize,
    rows: impl Fn(usize, &[f32], &mut [f32]) + Sync,
) {
    if worth_threads(input.len()) {
        let each = (1_usize << 14).div_ceil(unit);
        let chunk = each * unit;
        let tasks = input.par_chunks(chunk).zip_eq(output.par_chunks_mut(chunk));
        let tasks = tasks.enumerate();
        tasks.for_each(|(at, (from, to))| rows(at * each, from, to));
    } else {
        rows(0, input, output);
    }
}

/// The sizes of a normalisation of groups of channels.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    /// Where the channels are.
    pub layout: Layout,
    /// Samples.
    pub batch: usize,
    /// Channels of a sample.
    pub channels: usize,
    /// Elements of a channel, at least 1.
    pub pixels: usize,
    /// Groups of neighbouring channels; they divide the channels.
    pub groups: usize,
}

impl Groups {
    /// Elements of the scratch that [`group_norm`] needs.
    pub fn scratch(&self) -> usize {
        2 * self.batch * self.channels
    }
}

/// Group normalisation: `(x - mean) / √(var + eps) * weight + bias`, with the mean and the variance
/// of a sample's group, and a weight and a bias for each channel, 1 and 0 where there are none.
pub fn group_norm(
    sizes: &Groups,
    input: &[f32],
    output: &mut [f32],
    affine: Option<(&[f32], &[f32])>,
    eps: f32,
    scratch: &mut [f32],
) {
    let Groups {
        batch,
        channels,
        pixels,
        groups,
        ..
    } = *sizes;
    assert_eq!(
        input.len(),
        batch * channels * pixels,
        "input has its sizes"
    );
    assert_eq!(output.len(), input.len(), "output is as large as the input");
    if input.is_empty() {
        return;
    }
    // A number for each sample and channel, in both layouts.
    let shape = match sizes.layout {
        Layout::ChannelsFirst => [batch * channels, pixels, 1],
        Layout::ChannelsLast => [batch, pixels, channels],
    };
    let (mean, scale) = scratch.split_at_mut(batch * channels);
    reduce(Reduce::Mean, input, mean, shape);
    squares(input, Some(mean), scale, shape);
    let each = channels / groups;
    let one_each = mean
        .chunks_exact_mut(each)
        .zip(scale.chunks_exact_mut(each));
    for (at, (means, scales)) in one_each.enumerate() {
        // Channels have equally many elements, so that the group's variance is the mean of theirs
        // and of the squares by which their means are off.
        let share = 1.0 / each as f64;
        let middle = means.iter().map(|m| f64::from(*m)).sum::<f64>() * share;
        let spread = means.iter().zip(&*scales).map(|(m, v)| {
            let off = f64::from(*m) - middle;
            f64::from(*v) + off * off
        });
        let variance = (spread.sum::<f64>() * share) as f32;
        let first = at % groups * each;
        for (c, (m, s)) in means.iter_mut().zip(scales.iter_mut()).enumerate() {
            *m = middle as f32;
            *s = affine.map_or(1.0, |(weight, _)| weight[first + c]) / (variance + eps).sqrt();
        }
    }
    let (mean, scale) = (&*mean, &*scale);
    let bias = affine.map(|(_, bias)| bias);
    match sizes.layout {
        Layout::ChannelsFirst => in_rows(input, output, pixels, |first, from, to| {
            vectorized(|| {
                let planes = from.chunks_exact(pixels).zip(to.chunks_exact_mut(pixels));
                for (plane, (x, y)) in (first..).zip(planes) {
                    let (m, s) = (mean[plane], scale[plane]);
                    let b = bias.map_or(0.0, |bias| bias[plane % channels]);
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = (x - m) * s + b;
                    }
                }
            });
        }),
        Layout::ChannelsLast => in_rows(input, output, channels, |first, from, to| {
            vectorized(|| {
                let rows = from
                    .chunks_exact(channels)
                    .zip(to.chunks_exact_mut(channels));
                for (row, (x, y)) in (first..).zip(rows) {
                    let sample = row / pixels * channels;
                    let stats = mean[sample..].iter().zip(&scale[sample..]);
                    for ((y, &x), (&m, &s)) in y.iter_mut().zip(x).zip(stats) {
                        *y = (x - m) * s;
                    }
                    for (y, &b) in y.iter_mut().zip(bias.unwrap_or_default()) {
                        *y += b;
                    }
                }
            });
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, element};

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

    /// The mean and the variance of some elements, in double precision.
    fn moments(elements: &[f32]) -> (f64, f64) {
        let count = elements.len() as f64;
        let mean = elements.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
        let spread = elements.iter().map(|x| (f64::from(*x) - mean).powi(2));
        (mean, spread.sum::<f64>() / count)
    }

    #[test]
    fn layer_norm_is_its_formula_along_any_axis() {
        let mut random = Random::new(6);
        for [outer, len, inner] in [
            [1, 1, 1],
            [5, 37, 1],
            [2, 7, 50],
            [300, 300, 1],
            [3, 40, 900],
            [0, 3, 1],
        ] {
            let mut input = random.floats(outer * len * inner);
            // Far from 0, where a variance from sums of squares would be noise.
            input.iter_mut().for_each(|x| *x += 100.0);
            let (weight, bias) = (random.floats(len), random.floats(len));
            let mut scratch = vec![f32::NAN; 2 * outer * inner];
            for bias in [Some(&bias), None] {
                let mut output = vec![f32::NAN; input.len()];
                layer_norm(
                    &input,
                    &mut output,
                    [outer, len, inner],
                    &weight,
                    bias.map(Vec::as_slice),
                    1e-3,
                    &mut scratch,
                );
                for o in 0..outer {
                    for i in 0..inner {
                        let at = |l: usize| (o * len + l) * inner + i;
                        let slice: Vec<f32> = (0..len).map(|l| input[at(l)]).collect();
                        let (mean, variance) = match bias {
                            Some(_) => moments(&slice),
                            None => {
                                let (mean, variance) = moments(&slice);
                                (0.0, variance + mean * mean)
                            }
                        };
                        for l in 0..len {
                            let unit = (f64::from(slice[l]) - mean) / (variance + 1e-3).sqrt();
                            let want = unit * f64::from(weight[l])
                                + bias.map_or(0.0, |bias| f64::from(bias[l]));
                            let error = (f64::from(output[at(l)]) - want).abs();
                            assert!(error < 5e-5, "[{outer}, {len}, {inner}]: {error}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn group_norm_is_its_formula_in_both_layouts() {
        let mut random = Random::new(7);
        for (batch, channels, pixels, groups) in [
            (1, 1, 1, 1),
            (2, 6, 9, 3),
            (2, 6, 9, 6),
            (3, 40, 900, 8),
            (2, 4, 1, 2),
            (0, 4, 3, 2),
        ] {
            let each = channels / groups;
            let mut input = random.floats(batch * channels * pixels);
            input.iter_mut().for_each(|x| *x += 10.0);
            let (weight, bias) = (random.floats(channels), random.floats(channels));
            for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
                let sizes = Groups {
                    layout,
                    batch,
                    channels,
                    pixels,
                    groups,
                };
                let mut scratch = vec![f32::NAN; sizes.scratch()];
                let mut output = vec![f32::NAN; input.len()];
                let affine = Some((weight.as_slice(), bias.as_slice()));
                group_norm(&sizes, &input, &mut output, affine, 1e-3, &mut scratch);
                let at = |n, c, p| element(layout, n, c, p, channels, pixels);
                for (n, g) in (0..batch).flat_map(|n| (0..groups).map(move |g| (n, g))) {
                    let own = g * each..(g + 1) * each;
                    let pairs = own.flat_map(|c| (0..pixels).map(move |p| (c, p)));
                    let slice: Vec<f32> = pairs.clone().map(|(c, p)| input[at(n, c, p)]).collect();
                    let (mean, variance) = moments(&slice);
                    for (c, p) in pairs {
                        let unit =
                            (f64::from(input[at(n, c, p)]) - mean) / (variance + 1e-3).sqrt();
                        let want = unit * f64::from(weight[c]) + f64::from(bias[c]);
                        let error = (f64::from(output[at(n, c, p)]) - want).abs();
                        assert!(error < 1e-4, "{sizes:?}: {error}");
                    }
                }
            }
        }
    }
}
