//! Row by row, for convolutions with little to sum for each output element: a depthwise one, above
//! all. No scratch, no packing; the padding is left out of the loops.

use rayon::prelude::*;

use super::Geometry;
use crate::kernels::simd::vectorized;
use crate::kernels::window::{Layout, Window};

#[derive(Clone, Debug)]
pub struct Direct {
    /// Channels first `[filters, inputs, taps]`; channels last `[taps, inputs, filters]`, inputs
    /// being those of a group.
    weight: Vec<f32>,
}

impl Direct {
    pub fn new(geometry: &Geometry, weight: &[f32]) -> Direct {
        let depth = geometry.group_inputs() * geometry.window.taps();
        if geometry.window.layout == Layout::ChannelsFirst {
            return Direct {
                weight: weight.to_vec(),
            };
        }
        let (inputs, taps) = (geometry.group_inputs(), geometry.window.taps());
        let mut sorted = Vec::with_capacity(weight.len());
        for tap in 0..taps {
            for input in 0..inputs {
                let of = |filter: usize| weight[filter * depth + input * taps + tap];
                sorted.extend((0..geometry.filters).map(of));
            }
        }
        Direct { weight: sorted }
    }

    pub fn run(&self, geometry: &Geometry, bias: &[f32], input: &[f32], output: &mut [f32]) {
        let w = &geometry.window;
        // A task takes a row of pixels with all filters, or the plane of one filter.
        let len = match w.layout {
            Layout::ChannelsLast => w.output[2] * geometry.filters,
            Layout::ChannelsFirst => w.output_pixels(),
        };
        let run = |(i, to): (usize, &mut [f32])| {
            vectorized(|| match w.layout {
                Layout::ChannelsLast => self.row(geometry, bias, i, input, to),
                Layout::ChannelsFirst => self.plane(geometry, bias, i, input, to),
            });
        };
        // Each multiply-add loads and stores here: nearer to one operation than to a tenth.
        if crate::kernels::worth_threads(geometry.work() / 4) {
            output.par_chunks_exact_mut(len).enumerate().for_each(run);
        } else {
            output.chunks_exact_mut(len).enumerate().for_each(run);
        }
    }

    /// Row number `at` of all output rows, every filter, channels last.
    #[inline(always)]
    fn row(&self, geometry: &Geometry, bias: &[f32], at: usize, input: &[f32], to: &mut [f32]) {
        let w = &geometry.window;
        let [depths, height, _] = w.output;
        let (image, depth, line) = (at / (depths * height), at / height % depths, at % height);
        let (channels, filters) = (geometry.in_channels, geometry.filters);
        let (inputs, group_filters) = (geometry.group_inputs(), geometry.group_filters());
        for (x, pixel) in to.chunks_exact_mut(filters).enumerate() {
            pixel.copy_from_slice(bias);
            for (tap, row, column) in taps(w, depth, line, x) {
                let start =
                    ((image * w.input[0] * w.input[1] + row) * w.input[2] + column) * channels;
                let source = &input[start..start + channels];
                let weight = &self.weight[tap * inputs * filters..][..inputs * filters];
                if inputs == 1 && group_filters == 1 {
                    for ((y, &x), &k) in pixel.iter_mut().zip(source).zip(weight) {
                        *y += x * k;
                    }
                    continue;
                }
                for (i, weight) in weight.chunks_exact(filters).enumerate() {
                    for (f, (y, &k)) in pixel.iter_mut().zip(weight).enumerate() {
                        *y += source[f / group_filters * inputs + i] * k;
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

/// The taps of a window that read the input proper, as (number, input row among the image's,
/// column).
fn taps(
    w: &Window,
    depth: usize,
    line: usize,
    column: usize,
) -> impl Iterator<Item = (usize, usize, usize)> {
    let w = *w;
    let at = move |axis: usize, o: usize, k: usize| {
        o * w.stride[axis] + k * w.dilation[axis] - w.before[axis]
    };
    w.real_taps(0, depth).flat_map(move |kd| {
        w.real_taps(1, line).flat_map(move |kh| {
            w.real_taps(2, column).map(move |kw| {
                let tap = (kd * w.kernel[1] + kh) * w.kernel[2] + kw;
                (
                    tap,
                    at(0, depth, kd) * w.input[1] + at(1, line, kh),
                    at(2, column, kw),
                )
            })
        })
    })
}

/// The output columns whose tap `tap` reads the input proper.
fn real_outputs(w: &Window, tap: usize) -> std::ops::Range<usize> {
    let (offset, stride) = (tap * w.dilation[2], w.stride[2].max(1));
    let first = w.before[2].saturating_sub(offset).div_ceil(stride);
    let end = (w.before[2] + w.input[2])
        .saturating_sub(offset)
        .div_ceil(stride)
        .min(w.output[2]);
    first.min(end)..end
}
