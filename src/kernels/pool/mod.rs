//! Pooling.

use rayon::prelude::*;

use super::simd::{vectorized, vectorized_with};
use super::window::{Layout, Window};
use super::worth_threads;

/// The largest element of each window; padding never wins (a window of nothing else is -∞). With
/// `indices`, also where it was: `(d * H + h) * W + w` in its input plane, the first of equals (0 in
/// a window of padding). NaN wins over everything, the last one of several, as in PyTorch.
pub fn max_pool(
    window: &Window,
    channels: usize,
    input: &[f32],
    output: &mut [f32],
    indices: Option<&mut [i64]>,
) {
    let planes = Planes::new(window, channels, input, output);
    let Some(indices) = indices else {
        planes.reduce(input, output, f32::NEG_INFINITY, larger, |_, _| {});
        return;
    };
    assert_eq!(indices.len(), output.len(), "one index an output element");
    if output.is_empty() {
        return;
    }
    let len = planes.row();
    let row = |(at, (y, index)): (usize, (&mut [f32], &mut [i64]))| {
        vectorized(|| planes.indexed_row(at, input, y, index));
    };
    if worth_threads(planes.work()) {
        let rows = output
            .par_chunks_exact_mut(len)
            .zip_eq(indices.par_chunks_exact_mut(len));
        rows.enumerate()
            .with_min_len(planes.rows_a_task())
            .for_each(row);
    } else {
        let rows = output
            .chunks_exact_mut(len)
            .zip(indices.chunks_exact_mut(len));
        rows.enumerate().for_each(row);
    }
}

/// The mean of each window. Without `count_padding` it is that of the window's real elements (0 if
/// there are none). With it the padding counts as zeros, but only as far as `after` goes beyond the
/// input: cells beyond, which a window has when sizes round up, do not count, as in PyTorch.
pub fn avg_pool(
    window: &Window,
    channels: usize,
    count_padding: bool,
    after: [usize; 3],
    input: &[f32],
    output: &mut [f32],
) {
    let planes = Planes::new(window, channels, input, output);
    // Cells that count on each axis, for each output position.
    let counts = [0, 1, 2].map(|axis| {
        let count = |at: usize| {
            if count_padding {
                let end = window.before[axis] + window.input[axis] + after[axis];
                let start = at * window.stride[axis];
                let cells = end
                    .saturating_sub(start)
                    .div_ceil(window.dilation[axis].max(1));
                cells.min(window.kernel[axis])
            } else {
                window.real_taps(axis, at).len()
            }
        };
        (0..window.output[axis]).map(count).collect::<Vec<_>>()
    });
    let [_, height, _] = window.output;
    planes.reduce(
        input,
        output,
        0.0,
        |sum, x| sum + x,
        |at, row| {
            let rows = counts[0][at / height % counts[0].len()] * counts[1][at % height];
            for (pixel, count) in row.chunks_exact_mut(planes.lane).zip(&counts[2]) {
                // An empty window's sum is 0; divided by 1 it stays 0.
                let count = (rows * count).max(1) as f32;
                pixel.iter_mut().for_each(|y| *y /= count);
            }
        },
    );
}

/// The larger of the two, or NaN if `x` or `m` is.
#[inline(always)]
fn larger(m: f32, x: f32) -> f32 {
    if x > m || x.is_nan() { x } else { m }
}

/// A pooling seen as independent planes `[D, H, W, lane]`: with channels last, an image with all
/// of its channels in the lane; with channels first, one channel with a lane of 1.
struct Planes<'a> {
    window: &'a Window,
    count: usize,
    lane: usize,
    /// For each axis and output position, the first input position read and how many are.
    sources: [Vec<(usize, usize)>; 3],
}

impl Planes<'_> {
    fn new<'a>(window: &'a Window, channels: usize, input: &[f32], output: &[f32]) -> Planes<'a> {
        let images = window.batch * channels;
        assert_eq!(
            input.len(),
            images * window.input_pixels(),
            "input is as the window says"
        );
        assert_eq!(
            output.len(),
            images * window.output_pixels(),
            "output is as the window says"
        );
        let (count, lane) = match window.layout {
            Layout::ChannelsFirst => (images, 1),
            Layout::ChannelsLast => (window.batch, channels),
        };
        let sources = [0, 1, 2].map(|axis| {
            let source = |at: usize| {
                let taps = window.real_taps(axis, at);
                let first = window.source(axis, at, taps.start).unwrap_or(0);
                (first, taps.len())
            };
            (0..window.output[axis]).map(source).collect()
        });
        Planes {
            window,
            count,
            lane,
            sources,
        }
    }

    /// Elements of an output row.
    fn row(&self) -> usize {
        self.window.output[2] * self.lane
    }

    fn work(&self) -> usize {
        (self.count * self.lane * self.window.output_pixels()).saturating_mul(self.window.taps())
    }

    fn rows_a_task(&self) -> usize {
        (1_usize << 14).div_ceil(self.row().saturating_mul(self.window.taps()).max(1))
    }

    /// Calls `f` for each input row under output row number `at`, with its number in the plane.
    #[inline(always)]
    fn for_rows(&self, at: usize, input: &[f32], mut f: impl FnMut(usize, &[f32])) {
        let w = self.window;
        let [_, height, _] = w.output;
        let (planes, h) = (at / height, at % height);
        let (plane, d) = (planes / w.output[0], planes % w.output[0]);
        let len = w.input[2] * self.lane;
        let first = plane * w.input[0] * w.input[1];
        let (depth, depths) = self.sources[0][d];
        let (line, lines) = self.sources[1][h];
        for kd in 0..depths {
            for kh in 0..lines {
                let y = depth + kd * w.dilation[0];
                let number = y * w.input[1] + line + kh * w.dilation[1];
                f(number, &input[(first + number) * len..][..len]);
            }
        }
    }

    /// Folds each window with `f`, the rows first and then the columns, and lets `finish` see the
    /// numbered output row.
    fn reduce(
        &self,
        input: &[f32],
        output: &mut [f32],
        start: f32,
        f: impl Fn(f32, f32) -> f32 + Sync,
        finish: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        if output.is_empty() {
            return;
        }
        let run = |folded: &mut Vec<f32>, (task, rows): (usize, &mut [f32])| {
            let first = task * self.rows_a_task();
            let arguments = (self, input, first, rows, folded.as_mut_slice(), start);
            vectorized_with((arguments, &f, &finish), Planes::reduce_rows);
        };
        let new = || vec![0.0; self.window.input[2] * self.lane];
        let task = self.rows_a_task() * self.row();
        if worth_threads(self.work()) {
            let tasks = output.par_chunks_mut(task).enumerate();
            tasks.for_each_init(new, run);
        } else {
            let mut folded = new();
            let tasks = output.chunks_mut(task).enumerate();
            tasks.for_each(|rows| run(&mut folded, rows));
        }
    }

    /// The output rows `rows`, the first of which is number `first`.
    #[inline(always)]
    #[allow(clippy::type_complexity)] // Arguments as one tuple, for `vectorized_with`.
    fn reduce_rows(
        ((planes, input, first, rows, folded, start), f, finish): (
            (&Planes, &[f32], usize, &mut [f32], &mut [f32], f32),
            &impl Fn(f32, f32) -> f32,
            &impl Fn(usize, &mut [f32]),
        ),
    ) {
        for (i, row) in rows.chunks_exact_mut(planes.row()).enumerate() {
            planes.fold_rows(first + i, input, folded, start, f);
            if planes.lane == 1 {
                planes.fold_plain_columns(folded, row, start, f);
            } else {
                planes.fold_columns(folded, row, start, f);
            }
            finish(first + i, row);
        }
    }

    #[inline(always)]
    fn fold_rows(
        &self,
        at: usize,
        input: &[f32],
        folded: &mut [f32],
        start: f32,
        f: &impl Fn(f32, f32) -> f32,
    ) {
        let mut fresh = true;
        self.for_rows(at, input, |_, row| {
            if std::mem::take(&mut fresh) {
                folded.copy_from_slice(row);
                return;
            }
            for (y, &x) in folded.iter_mut().zip(row) {
                *y = f(*y, x);
            }
        });
        if fresh {
            folded.fill(start);
        }
    }

    #[inline(always)]
    fn fold_columns(
        &self,
        folded: &[f32],
        row: &mut [f32],
        start: f32,
        f: &impl Fn(f32, f32) -> f32,
    ) {
        let (lane, step) = (self.lane, self.window.dilation[2] * self.lane);
        for (pixel, &(first, taps)) in row.chunks_exact_mut(lane).zip(&self.sources[2]) {
            if taps == 0 {
                pixel.fill(start);
                continue;
            }
            // Two at once spares a pass over the pixel: most windows are two or three wide.
            let source = &folded[first * lane..];
            let second = if taps > 1 { &source[step..] } else { source };
            for ((y, &a), &b) in pixel.iter_mut().zip(source).zip(second) {
                *y = if taps > 1 { f(a, b) } else { a };
            }
            for k in 2..taps {
                for (y, &x) in pixel.iter_mut().zip(&source[k * step..]) {
                    *y = f(*y, x);
                }
            }
        }
    }

    /// [`fold_columns`](Planes::fold_columns) with a lane of 1: tap by tap along the whole row.
    #[inline(always)]
    fn fold_plain_columns(
        &self,
        folded: &[f32],
        row: &mut [f32],
        start: f32,
        f: &impl Fn(f32, f32) -> f32,
    ) {
        let (stride, before) = (self.window.stride[2], self.window.before[2]);
        row.fill(start);
        for k in 0..self.window.kernel[2] {
            let offset = k * self.window.dilation[2];
            // The output columns whose tap `k` is inside of the input begin here.
            let first = before.saturating_sub(offset).div_ceil(stride.max(1));
            let Some(row) = row.get_mut(first..) else {
                continue;
            };
            let Some(source) = folded.get(first * stride + offset - before..) else {
                continue;
            };
            match stride {
                1 => row.iter_mut().zip(source).for_each(|(y, &x)| *y = f(*y, x)),
                2 => {
                    let (pairs, odd) = source.as_chunks::<2>();
                    row.iter_mut()
                        .zip(pairs)
                        .for_each(|(y, x)| *y = f(*y, x[0]));
                    if let (Some(y), Some(&x)) = (row.get_mut(pairs.len()), odd.first()) {
                        *y = f(*y, x);
                    }
                }
                _ => {
                    let source = source.iter().step_by(stride);
                    row.iter_mut().zip(source).for_each(|(y, &x)| *y = f(*y, x));
                }
            }
        }
    }

    #[inline(always)]
    fn indexed_row(&self, at: usize, input: &[f32], row: &mut [f32], indices: &mut [i64]) {
        let lane = self.lane;
        row.fill(f32::NEG_INFINITY);
        // Minus one: nothing seen yet, so that the first real element is taken even if it is -∞.
        indices.fill(-1);
        self.for_rows(at, input, |number, source| {
            let pixels = row
                .chunks_exact_mut(lane)
                .zip(indices.chunks_exact_mut(lane));
            for ((pixel, index), &(first, taps)) in pixels.zip(&self.sources[2]) {
                for k in 0..taps {
                    let column = first + k * self.window.dilation[2];
                    let here = (number * self.window.input[2] + column) as i64;
                    let source = &source[column * lane..][..lane];
                    for ((y, i), &v) in pixel.iter_mut().zip(&mut *index).zip(source) {
                        let wins = v > *y || v.is_nan() || *i < 0;
                        *y = if wins { v } else { *y };
                        *i = if wins { here } else { *i };
                    }
                }
            }
        });
        for index in indices {
            *index = (*index).max(0);
        }
    }
}

/// The mean of every channel's `pixels` elements: `output` is `[batch, channels]`.
pub fn global_avg(
    layout: Layout,
    batch: usize,
    channels: usize,
    pixels: usize,
    input: &[f32],
    output: &mut [f32],
) {
    let scale = 1.0 / pixels as f32;
    global(
        layout,
        [batch, channels, pixels],
        input,
        output,
        0.0,
        |sum, x| sum + x,
    );
    for y in output {
        *y *= scale;
    }
}

/// The largest of every channel's `pixels` elements, NaN if there is one: `output` is
/// `[batch, channels]`.
pub fn global_max(
    layout: Layout,
    batch: usize,
    channels: usize,
    pixels: usize,
    input: &[f32],
    output: &mut [f32],
) {
    global(
        layout,
        [batch, channels, pixels],
        input,
        output,
        f32::NEG_INFINITY,
        larger,
    );
}

fn global(
    layout: Layout,
    [batch, channels, pixels]: [usize; 3],
    input: &[f32],
    output: &mut [f32],
    start: f32,
    f: impl Fn(f32, f32) -> f32 + Sync,
) {
    assert_eq!(
        input.len(),
        batch * channels * pixels,
        "input is [batch, channels × pixels]"
    );
    assert_eq!(
        output.len(),
        batch * channels,
        "output is [batch, channels]"
    );
    if input.is_empty() {
        return output.fill(start);
    }
    let image = |(x, y): (&[f32], &mut [f32])| match layout {
        Layout::ChannelsFirst => {
            for (y, x) in y.iter_mut().zip(x.chunks_exact(pixels)) {
                // Sixteen running results, so that the loop vectorises.
                let mut lanes = [start; 16];
                for chunk in x.chunks(16) {
                    for (lane, &x) in lanes.iter_mut().zip(chunk) {
                        *lane = f(*lane, x);
                    }
                }
                *y = lanes.into_iter().fold(start, &f);
            }
        }
        Layout::ChannelsLast => {
            y.fill(start);
            for x in x.chunks_exact(channels) {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = f(*y, x);
                }
            }
        }
    };
    let size = channels * pixels;
    if batch > 1 && worth_threads(input.len()) {
        let images = input
            .par_chunks_exact(size)
            .zip(output.par_chunks_exact_mut(channels));
        images.for_each(image);
    } else {
        input
            .chunks_exact(size)
            .zip(output.chunks_exact_mut(channels))
            .for_each(image);
    }
}

mod adaptive;
mod unpool;

pub use adaptive::Adaptive;
pub use unpool::max_unpool;

#[cfg(test)]
mod tests;
