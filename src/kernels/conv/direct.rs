//! Row by row, for convolutions with little to sum for each output element: a depthwise one, above
//! all. No scratch, no packing; the padding is left out of the loops.

use std::ops::Range;

use rayon::prelude::*;

use super::Geometry;
use crate::kernels::simd::vectorized_with;
use crate::kernels::window::{Layout, Window};

#[derive(Clone, Debug)]
pub struct Direct {
    /// Channels first `[filters, inputs, taps]`; channels last `[taps, inputs, filters]`, inputs
    /// being those of a group.
    weight: Vec<f32>,
    /// For each output column, the taps that read the input proper.
    columns: Vec<Range<usize>>,
}

impl Direct {
    pub fn new(geometry: &Geometry, weight: &[f32]) -> Direct {
        let w = &geometry.window;
        let depth = geometry.group_inputs() * w.taps();
        let columns = (0..w.output[2]).map(|x| w.real_taps(2, x)).collect();
        if w.layout == Layout::ChannelsFirst {
            return Direct {
                weight: weight.to_vec(),
                columns,
            };
        }
        let (inputs, taps) = (geometry.group_inputs(), w.taps());
        let mut sorted = Vec::with_capacity(weight.len());
        for tap in 0..taps {
            for input in 0..inputs {
                let of = |filter: usize| weight[filter * depth + input * taps + tap];
                sorted.extend((0..geometry.filters).map(of));
            }
        }
        Direct {
            weight: sorted,
            columns,
        }
    }

    pub fn run(&self, geometry: &Geometry, bias: &[f32], input: &[f32], output: &mut [f32]) {
        let w = &geometry.window;
        // A task takes a row of pixels with all filters, or the plane of one filter.
        let len = match w.layout {
            Layout::ChannelsLast => w.output[2] * geometry.filters,
            Layout::ChannelsFirst => w.output_pixels(),
        };
        let run = |(i, to): (usize, &mut [f32])| {
            vectorized_with((self, geometry, bias, i, input, to), Direct::piece);
        };
        // Each multiply-add loads and stores here: nearer to one operation than to a tenth.
        if crate::kernels::worth_threads(geometry.work() / 4) {
            output.par_chunks_exact_mut(len).enumerate().for_each(run);
        } else {
            output.chunks_exact_mut(len).enumerate().for_each(run);
        }
    }

    /// Output piece number `at`: a row of pixels or a plane.
    #[inline(always)]
    fn piece(
        (direct, geometry, bias, at, input, to): (
            &Direct,
            &Geometry,
            &[f32],
            usize,
            &[f32],
            &mut [f32],
        ),
    ) {
        match geometry.window.layout {
            Layout::ChannelsLast => direct.row(geometry, bias, at, input, to),
            Layout::ChannelsFirst => direct.plane(geometry, bias, at, input, to),
        }
    }

    /// Row number `at` of all output rows, every filter, channels last.
    #[inline(always)]
    fn row(&self, geometry: &Geometry, bias: &[f32], at: usize, input: &[f32], to: &mut [f32]) {
        let w = &geometry.window;
        let [depths, height, _] = w.output;
        let (image, depth, line) = (at / (depths * height), at / height % depths, at % height);
        let channels = geometry.in_channels;
        // The input rows that are read, each with the number of its first tap.
        let mut rows = Vec::with_capacity(w.kernel[0] * w.kernel[1]);
        for kd in w.real_taps(0, depth) {
            for kh in w.real_taps(1, line) {
                let d = depth * w.stride[0] + kd * w.dilation[0] - w.before[0];
                let y = line * w.stride[1] + kh * w.dilation[1] - w.before[1];
                let row = (image * w.input[0] + d) * w.input[1] + y;
                let len = w.input[2] * channels;
                rows.push((
                    &input[row * len..][..len],
                    (kd * w.kernel[1] + kh) * w.kernel[2],
                ));
            }
        }
        let depthwise = geometry.group_inputs() == 1 && geometry.group_filters() == 1;
        for (x, (pixel, taps)) in to
            .chunks_exact_mut(geometry.filters)
            .zip(&self.columns)
            .enumerate()
        {
            let first = x * w.stride[2] + taps.start * w.dilation[2];
            let window = Pixels {
                rows: &rows,
                first: first.saturating_sub(w.before[2]) * channels,
                step: w.dilation[2].saturating_mul(channels),
                taps: taps.clone(),
            };
            if depthwise {
                self.depthwise(&window, bias, pixel);
            } else {
                self.grouped(geometry, &window, bias, pixel);
            }
        }
    }

    /// One pixel whose every filter has one channel: as many sums at once as registers hold.
    #[inline(always)]
    fn depthwise(&self, window: &Pixels, bias: &[f32], pixel: &mut [f32]) {
        let filters = pixel.len();
        let mut at = 0;
        while at + 32 <= filters {
            self.channels::<32>(window, bias, at, pixel);
            at += 32;
        }
        while at + 8 <= filters {
            self.channels::<8>(window, bias, at, pixel);
            at += 8;
        }
        while at < filters {
            self.channels::<1>(window, bias, at, pixel);
            at += 1;
        }
    }

    #[inline(always)]
    fn channels<const N: usize>(
        &self,
        window: &Pixels,
        bias: &[f32],
        at: usize,
        pixel: &mut [f32],
    ) {
        let filters = pixel.len();
        let mut sums = [0.0; N];
        sums.copy_from_slice(&bias[at..at + N]);
        for &(row, tap) in window.rows {
            let taps = window.taps.clone();
            for (i, tap) in (tap + taps.start..tap + taps.end).enumerate() {
                let source = &row[window.first + i * window.step + at..][..N];
                let weight = &self.weight[tap * filters + at..][..N];
                for ((sum, &x), &k) in sums.iter_mut().zip(source).zip(weight) {
                    *sum += x * k;
                }
            }
        }
        pixel[at..at + N].copy_from_slice(&sums);
    }

    /// One pixel with any groups.
    #[inline(always)]
    fn grouped(&self, geometry: &Geometry, window: &Pixels, bias: &[f32], pixel: &mut [f32]) {
        let filters = geometry.filters;
        let (inputs, group_filters) = (geometry.group_inputs(), geometry.group_filters());
        pixel.copy_from_slice(bias);
        for &(row, tap) in window.rows {
            let taps = window.taps.clone();
            for (i, tap) in (tap + taps.start..tap + taps.end).enumerate() {
                let source = &row[window.first + i * window.step..][..geometry.in_channels];
                let weight = &self.weight[tap * inputs * filters..][..inputs * filters];
                for (i, weight) in weight.chunks_exact(filters).enumerate() {
                    let groups = pixel.chunks_exact_mut(group_filters);
                    let weights = weight.chunks_exact(group_filters);
                    for (g, (sums, weight)) in groups.zip(weights).enumerate() {
                        let x = source[g * inputs + i];
                        for (sum, &k) in sums.iter_mut().zip(weight) {
                            *sum += x * k;
                        }
                    }
                }
            }
        }
    }

    /// Plane number `at` of all output planes, channels first.
    #[inline(always)]
    fn plane(&self, geometry: &Geometry, bias: &[f32], at: usize, input: &[f32], to: &mut [f32]) {
        let w = &geometry.window;
        let (image, filter) = (at / geometry.filters, at % geometry.filters);
        let inputs = geometry.group_inputs();
        let first = image * geometry.in_channels + filter / geometry.group_filters() * inputs;
        let [_, height, width] = w.output;
        let columns: Vec<_> = (0..w.kernel[2]).map(|tap| real_outputs(w, tap)).collect();
        for (i, row) in to.chunks_exact_mut(width).enumerate() {
            let (depth, line) = (i / height, i % height);
            row.fill(bias[filter]);
            for channel in 0..inputs {
                let plane = (first + channel) * w.input_pixels();
                let weight = &self.weight[(filter * inputs + channel) * w.taps()..][..w.taps()];
                for kd in w.real_taps(0, depth) {
                    for kh in w.real_taps(1, line) {
                        let d = depth * w.stride[0] + kd * w.dilation[0] - w.before[0];
                        let y = line * w.stride[1] + kh * w.dilation[1] - w.before[1];
                        let source =
                            &input[plane + (d * w.input[1] + y) * w.input[2]..][..w.input[2]];
                        let weight = &weight[(kd * w.kernel[1] + kh) * w.kernel[2]..];
                        for (kw, (range, &k)) in columns.iter().zip(weight).enumerate() {
                            if range.is_empty() {
                                continue;
                            }
                            let start =
                                range.start * w.stride[2] + kw * w.dilation[2] - w.before[2];
                            let row = &mut row[range.clone()];
                            if w.stride[2] == 1 {
                                for (y, &x) in row.iter_mut().zip(&source[start..]) {
                                    *y += x * k;
                                }
                            } else {
                                let source = source[start..].iter().step_by(w.stride[2]);
                                for (y, &x) in row.iter_mut().zip(source) {
                                    *y += x * k;
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The input under one output pixel, channels last.
struct Pixels<'a> {
    /// The rows, each with the number of its first tap.
    rows: &'a [(&'a [f32], usize)],
    /// Where the first real tap reads in each row, in elements, and how far it is to the next.
    first: usize,
    step: usize,
    /// The real taps of a row.
    taps: Range<usize>,
}

/// The output columns whose tap `tap` reads the input proper.
fn real_outputs(w: &Window, tap: usize) -> Range<usize> {
    let (offset, stride) = (tap * w.dilation[2], w.stride[2].max(1));
    let first = w.before[2].saturating_sub(offset).div_ceil(stride);
    let end = (w.before[2] + w.input[2])
        .saturating_sub(offset)
        .div_ceil(stride)
        .min(w.output[2]);
    first.min(end)..end
}
