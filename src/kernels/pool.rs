//! Pooling.

use rayon::prelude::*;

use super::simd::vectorized;
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
        Planes {
            window,
            count,
            lane,
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
        (1_usize << 14).div_ceil(self.row() * self.window.taps())
    }

    /// The input rows under output row number `at`, as (number in the plane, elements).
    fn input_rows<'i>(
        &self,
        at: usize,
        input: &'i [f32],
    ) -> impl Iterator<Item = (usize, &'i [f32])> {
        let w = *self.window;
        let [depth, height, _] = w.output;
        let (plane, d, h) = (at / (depth * height), at / height % depth, at % height);
        let len = w.input[2] * self.lane;
        let first = plane * w.input[0] * w.input[1];
        w.real_taps(0, d).flat_map(move |kd| {
            w.real_taps(1, h).map(move |kh| {
                let y = d * w.stride[0] + kd * w.dilation[0] - w.before[0];
                let x = h * w.stride[1] + kh * w.dilation[1] - w.before[1];
                let number = y * w.input[1] + x;
                (number, &input[(first + number) * len..][..len])
            })
        })
    }

    /// The input column that tap 0 of output column `x` would read, and the real taps there.
    fn columns(&self, x: usize) -> impl Iterator<Item = usize> {
        let w = *self.window;
        let position = move |k: usize| x * w.stride[2] + k * w.dilation[2] - w.before[2];
        w.real_taps(2, x).map(position)
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
        let run = |folded: &mut Vec<f32>, (at, row): (usize, &mut [f32])| {
            vectorized(|| {
                self.fold_rows(at, input, folded, start, &f);
                if self.lane == 1 {
                    self.fold_plain_columns(folded, row, start, &f);
                } else {
                    self.fold_columns(folded, row, start, &f);
                }
                finish(at, row);
            });
        };
        let new = || vec![0.0; self.window.input[2] * self.lane];
        if worth_threads(self.work()) {
            let rows = output.par_chunks_exact_mut(self.row()).enumerate();
            rows.with_min_len(self.rows_a_task())
                .for_each_init(new, run);
        } else {
            let mut folded = new();
            let rows = output.chunks_exact_mut(self.row()).enumerate();
            rows.for_each(|row| run(&mut folded, row));
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
        let mut rows = self.input_rows(at, input);
        match rows.next() {
            None => folded.fill(start),
            Some((_, first)) => {
                for (y, &x) in folded.iter_mut().zip(first) {
                    *y = f(start, x);
                }
            }
        }
        for (_, row) in rows {
            for (y, &x) in folded.iter_mut().zip(row) {
                *y = f(*y, x);
            }
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
        for (x, pixel) in row.chunks_exact_mut(self.lane).enumerate() {
            let mut columns = self
                .columns(x)
                .map(|c| &folded[c * self.lane..][..self.lane]);
            match columns.next() {
                None => pixel.fill(start),
                Some(first) => pixel.copy_from_slice(first),
            }
            for column in columns {
                for (y, &x) in pixel.iter_mut().zip(column) {
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
            // The output columns whose tap `k` is inside of the input.
            let first = before.saturating_sub(offset).div_ceil(stride.max(1));
            let Some(source) = folded.get((first * stride + offset).saturating_sub(before)..)
            else {
                continue;
            };
            let row = row.iter_mut().skip(first);
            match stride {
                1 => row.zip(source).for_each(|(y, &x)| *y = f(*y, x)),
                // An odd last element is a chunk of its own.
                2 => row
                    .zip(source.chunks(2))
                    .for_each(|(y, x)| *y = f(*y, x[0])),
                _ => row
                    .zip(source.iter().step_by(stride))
                    .for_each(|(y, &x)| *y = f(*y, x)),
            }
        }
    }

    fn indexed_row(&self, at: usize, input: &[f32], row: &mut [f32], indices: &mut [i64]) {
        let lane = self.lane;
        row.fill(f32::NEG_INFINITY);
        // Minus one: nothing seen yet, so that the first real element is taken even if it is -∞.
        indices.fill(-1);
        for (number, source) in self.input_rows(at, input) {
            let pixels = row
                .chunks_exact_mut(lane)
                .zip(indices.chunks_exact_mut(lane));
            for (x, (pixel, index)) in pixels.enumerate() {
                for column in self.columns(x) {
                    let here = (number * self.window.input[2] + column) as i64;
                    let source = &source[column * lane..][..lane];
                    for ((y, i), &v) in pixel.iter_mut().zip(&mut *index).zip(source) {
                        let wins = v > *y || v.is_nan() || *i < 0;
                        *y = if wins { v } else { *y };
                        *i = if wins { here } else { *i };
                    }
                }
            }
        }
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
