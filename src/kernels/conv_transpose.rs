//! Transposed convolution.
//!
//! Results that are a stride apart see the same taps of the kernel: each such *phase* is a plain
//! convolution of the input with a part of the kernel, reversed. Nothing is scattered and no zero
//! is multiplied. (Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning",
//! section 4.)

use rayon::prelude::*;

use super::conv::PackedConv;
use super::window::{Layout, Window};
use super::worth_threads;

/// A transposed convolution whose weights are packed for one geometry.
#[derive(Debug)]
pub struct PackedConvTranspose {
    window: Window,
    channels: usize,
    filters: usize,
    bias: Vec<f32>,
    phases: Vec<Phase>,
    /// Whether some results see no tap: no phase writes them.
    gaps: bool,
}

/// The results whose places have the same remainders.
#[derive(Debug)]
struct Phase {
    conv: PackedConv,
    axes: [Part; 3],
}

/// A phase along one axis.
#[derive(Clone, Debug)]
struct Part {
    /// The first result.
    first: usize,
    /// How many results there are.
    count: usize,
    /// Results of the convolution before the first: a crop reaches beyond them.
    skip: usize,
    /// Padding of the input before the first tap of the convolution's first window.
    before: usize,
    /// Input places from one tap to the next.
    dilation: usize,
    /// The taps of the kernel, in the order in which they meet the input.
    taps: Vec<usize>,
}

impl PackedConvTranspose {
    /// Packs `weight`, `[channels, filters / groups, kd, kh, kw]` row-major, and `bias`,
    /// `[filters]`. `groups` divides both channel counts.
    ///
    /// `window` is that of the convolution which this transposes: its `output` is the size that
    /// is read and its `input` the size that is written. Tap `k` adds input `i` to the result
    /// `i * stride + k * dilation - before`, where there is one.
    pub fn new(
        window: Window,
        groups: usize,
        channels: usize,
        filters: usize,
        weight: &[f32],
        bias: Option<&[f32]>,
    ) -> PackedConvTranspose {
        assert!(
            groups > 0 && channels.is_multiple_of(groups) && filters.is_multiple_of(groups),
            "groups divide the channels"
        );
        assert_eq!(
            weight.len(),
            channels * (filters / groups) * window.taps(),
            "weight is [channels, filters / groups, kernel]"
        );
        assert!(bias.is_none_or(|b| b.len() == filters), "bias is [filters]");
        let parts = [0, 1, 2].map(|axis| parts(&window, axis));
        let mut phases = Vec::new();
        for depth in &parts[0] {
            for line in &parts[1] {
                for column in &parts[2] {
                    let axes = [depth.clone(), line.clone(), column.clone()];
                    let counts = [channels, filters, groups];
                    phases.push(Phase::new(&window, counts, weight, bias, axes));
                }
            }
        }
        let written: usize = phases.iter().map(Phase::pixels).sum();
        PackedConvTranspose {
            gaps: written < window.input_pixels(),
            window,
            channels,
            filters,
            bias: bias.map_or_else(|| vec![0.0; filters], <[f32]>::to_vec),
            phases,
        }
    }

    /// How many `f32` of scratch [`run`](PackedConvTranspose::run) needs.
    pub fn scratch(&self) -> usize {
        let phases = self.phases.iter();
        phases
            .map(|phase| phase.conv.scratch() + self.elements(phase))
            .max()
            .unwrap_or(0)
    }

    /// Elements that the convolution of a phase makes beside the result itself.
    fn elements(&self, phase: &Phase) -> usize {
        if self.is_result(phase) {
            return 0;
        }
        let made = phase.axes.iter().map(|part| part.skip + part.count);
        self.window.batch * self.filters * made.product::<usize>()
    }

    /// Whether the convolution of a phase makes the result itself.
    fn is_result(&self, phase: &Phase) -> bool {
        let sizes = phase.axes.iter().zip(self.window.input);
        self.window.stride == [1; 3]
            && sizes
                .into_iter()
                .all(|(part, size)| part.skip == 0 && part.count == size)
    }

    /// Computes `output`, `[batch, filters, …]` or `[batch, …, filters]`, from `input`,
    /// `[batch, channels, …]` or `[batch, …, channels]`, as the window's layout says. `scratch`
    /// holds at least [`scratch`](PackedConvTranspose::scratch) elements of any value.
    pub fn run(&self, input: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        let w = &self.window;
        assert_eq!(
            input.len(),
            w.batch * self.channels * w.output_pixels(),
            "input is as the window says"
        );
        assert_eq!(
            output.len(),
            w.batch * self.filters * w.input_pixels(),
            "output is as the window says"
        );
        if output.is_empty() {
            return;
        }
        if self.gaps {
            self.fill(output);
        }
        for phase in &self.phases {
            let (made, scratch) = scratch.split_at_mut(self.elements(phase));
            if self.is_result(phase) {
                phase.conv.run(input, output, scratch);
            } else {
                phase.conv.run(input, made, scratch);
                self.spread(phase, made, output);
            }
        }
    }

    /// Gives every result the bias.
    fn fill(&self, output: &mut [f32]) {
        match self.window.layout {
            Layout::ChannelsLast => {
                for pixel in output.chunks_exact_mut(self.filters) {
                    pixel.copy_from_slice(&self.bias);
                }
            }
            Layout::ChannelsFirst => {
                let planes = output.chunks_exact_mut(self.window.input_pixels());
                for (plane, bias) in planes.zip(self.bias.iter().cycle()) {
                    plane.fill(*bias);
                }
            }
        }
    }

    /// Copies what the convolution of a phase has made to the results that it stands for.
    fn spread(&self, phase: &Phase, made: &[f32], output: &mut [f32]) {
        let w = &self.window;
        let lane = match w.layout {
            Layout::ChannelsFirst => 1,
            Layout::ChannelsLast => self.filters,
        };
        let [depth, line, column] = &phase.axes;
        let [depths, lines, columns] = phase.axes.each_ref().map(|part| part.skip + part.count);
        let [_, height, width] = w.input;
        let row = |(at, to): (usize, &mut [f32])| {
            let (y, rest) = (at % height, at / height);
            let (d, plane) = (rest % w.input[0], rest / w.input[0]);
            let (Some(d), Some(y)) = (depth.at(d, w.stride[0]), line.at(y, w.stride[1])) else {
                return;
            };
            let number = (plane * depths + d) * lines + y;
            let from = &made[number * columns * lane..][column.skip * lane..columns * lane];
            let to = &mut to[column.first * lane..];
            if lane == 1 {
                let to = to.iter_mut().step_by(w.stride[2]);
                to.zip(from).for_each(|(y, &x)| *y = x);
            } else {
                let to = to.chunks_mut(w.stride[2] * lane);
                for (to, from) in to.zip(from.chunks_exact(lane)) {
                    to[..lane].copy_from_slice(from);
                }
            }
        };
        let len = width * lane;
        if worth_threads(made.len()) {
            let rows = output.par_chunks_exact_mut(len).enumerate();
            rows.with_min_len((1_usize << 14).div_ceil(len))
                .for_each(row);
        } else {
            output.chunks_exact_mut(len).enumerate().for_each(row);
        }
    }
}

impl Part {
    /// The result of the convolution that is result `at`.
    fn at(&self, at: usize, stride: usize) -> Option<usize> {
        let steps = at.checked_sub(self.first)?;
        (steps.is_multiple_of(stride)).then(|| self.skip + steps / stride)
    }
}

/// The phases along `axis` that see a tap and have a result.
fn parts(window: &Window, axis: usize) -> Vec<Part> {
    let (stride, dilation) = (window.stride[axis], window.dilation[axis]);
    let (kernel, before, size) = (window.kernel[axis], window.before[axis], window.input[axis]);
    // Tap k of the kernel is at k·dilation; the taps of one remainder are `step` apart.
    let step = stride / gcd(stride, dilation);
    let mut parts = Vec::new();
    for first_tap in 0..step.min(kernel) {
        let remainder = first_tap * dilation % stride;
        // Before the crop, this phase's results are at remainder + stride·q. Tap k gives result q
        // the input q - (k·dilation - remainder) / stride.
        let start = before.saturating_sub(remainder).div_ceil(stride);
        let first = remainder + start * stride - before;
        if first >= size {
            continue;
        }
        let taps: Vec<usize> = (first_tap..kernel).step_by(step).collect();
        let last = taps.last().copied().unwrap_or(first_tap);
        let reach = (last * dilation - remainder) / stride;
        parts.push(Part {
            first,
            count: (size - first).div_ceil(stride),
            skip: start.saturating_sub(reach),
            before: reach.saturating_sub(start),
            dilation: step * dilation / stride,
            taps: taps.into_iter().rev().collect(),
        });
    }
    parts
}

fn gcd(a: usize, b: usize) -> usize {
    match b {
        0 => a,
        _ => gcd(b, a % b),
    }
}

impl Phase {
    fn new(
        window: &Window,
        [channels, filters, groups]: [usize; 3],
        weight: &[f32],
        bias: Option<&[f32]>,
        axes: [Part; 3],
    ) -> Phase {
        let (group_channels, group_filters) = (channels / groups, filters / groups);
        let taps = axes.each_ref().map(|part| part.taps.len());
        let mut sorted =
            Vec::with_capacity(filters * group_channels * taps.iter().product::<usize>());
        for filter in 0..filters {
            let (group, filter) = (filter / group_filters, filter % group_filters);
            for channel in group * group_channels..(group + 1) * group_channels {
                let kernel = &weight[(channel * group_filters + filter) * window.taps()..];
                for d in &axes[0].taps {
                    for y in &axes[1].taps {
                        let row = (d * window.kernel[1] + y) * window.kernel[2];
                        sorted.extend(axes[2].taps.iter().map(|x| kernel[row + x]));
                    }
                }
            }
        }
        let conv = Window {
            layout: window.layout,
            batch: window.batch,
            input: window.output,
            output: axes.each_ref().map(|part| part.skip + part.count),
            kernel: taps,
            stride: [1; 3],
            dilation: axes.each_ref().map(|part| part.dilation),
            before: axes.each_ref().map(|part| part.before),
        };
        Phase {
            conv: PackedConv::new(conv, groups, channels, filters, &sorted, bias),
            axes,
        }
    }

    /// Results of one plane.
    fn pixels(&self) -> usize {
        self.axes.iter().map(|part| part.count).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, assert_close, coordinates, element, random_window};

    const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::ChannelsLast];

    /// By the definition: every input adds to every result that a tap leads to.
    fn scattered(
        w: &Window,
        [channels, filters, groups]: [usize; 3],
        input: &[f32],
        weight: &[f32],
        bias: &[f32],
    ) -> Vec<f32> {
        let (from, to) = (w.output_pixels(), w.input_pixels());
        let mut output = vec![0.0; w.batch * filters * to];
        let (inputs, outputs) = (channels / groups, filters / groups);
        for image in 0..w.batch {
            for filter in 0..filters {
                for pixel in 0..to {
                    output[element(w.layout, image, filter, pixel, filters, to)] = bias[filter];
                }
                for pixel in 0..from {
                    let at = coordinates(pixel, w.output);
                    for tap in 0..w.taps() {
                        let k = coordinates(tap, w.kernel);
                        let place = |axis: usize| w.source(axis, at[axis], k[axis]);
                        let (Some(d), Some(y), Some(x)) = (place(0), place(1), place(2)) else {
                            continue;
                        };
                        let place = (d * w.input[1] + y) * w.input[2] + x;
                        let to = element(w.layout, image, filter, place, filters, to);
                        for i in 0..inputs {
                            let channel = filter / outputs * inputs + i;
                            let k = (channel * outputs + filter % outputs) * w.taps() + tap;
                            output[to] += weight[k]
                                * input[element(w.layout, image, channel, pixel, channels, from)];
                        }
                    }
                }
            }
        }
        output
    }

    fn check(w: &Window, counts: [usize; 3], random: &mut Random) {
        let [channels, filters, groups] = counts;
        let input = random.floats(w.batch * channels * w.output_pixels());
        let weight = random.floats(channels * (filters / groups) * w.taps());
        let bias = random.floats(filters);
        let conv = PackedConvTranspose::new(*w, groups, channels, filters, &weight, Some(&bias));
        let mut output = vec![f32::NAN; w.batch * filters * w.input_pixels()];
        conv.run(&input, &mut output, &mut vec![f32::NAN; conv.scratch()]);
        let want = scattered(w, counts, &input, &weight, &bias);
        assert_close(&output, &want, 1e-4, &format!("{w:?} {counts:?}"));
    }

    #[test]
    fn random_geometries_agree_with_the_definition() {
        let mut random = Random::new(40);
        for i in 0..240 {
            // Its sizes are those of a convolution: crops on both sides, results that no tap
            // reaches at the end.
            let mut w = random_window(&mut random, i % 3 + 1, LAYOUTS[i / 3 % 2]);
            if i % 4 == 0 {
                // More results than the taps reach, and strides beyond the kernel.
                w.stride[2] = random.size(1, 6);
                w.input[2] += random.size(0, 5);
            }
            let groups = [1, 1, 2, 3][random.size(0, 3)];
            let counts = [
                groups * random.size(1, 5),
                groups * random.size(1, 9),
                groups,
            ];
            check(&w, counts, &mut random);
        }
    }

    #[test]
    fn doubling_is_four_small_convolutions() {
        let mut random = Random::new(41);
        for layout in LAYOUTS {
            for (kernel, before) in [(2, 0), (3, 1), (4, 1), (2, 1), (5, 4)] {
                let w = Window {
                    layout,
                    batch: 2,
                    input: [1, 24, 24],
                    output: [1, 12, 12],
                    kernel: [1, kernel, kernel],
                    stride: [1, 2, 2],
                    dilation: [1; 3],
                    before: [0, before, before],
                };
                let weight = vec![0.0; 16 * 8 * kernel * kernel];
                let conv = PackedConvTranspose::new(w, 1, 16, 8, &weight, None);
                assert_eq!((conv.phases.len(), conv.gaps), (4, false));
                let taps: usize = conv
                    .phases
                    .iter()
                    .map(|phase| {
                        phase
                            .axes
                            .iter()
                            .map(|part| part.taps.len())
                            .product::<usize>()
                    })
                    .sum();
                assert_eq!(taps, kernel * kernel);
                check(&w, [16, 8, 1], &mut random);
            }
        }
    }

    #[test]
    fn a_crop_may_reach_beyond_the_kernel() {
        let w = Window {
            layout: Layout::ChannelsLast,
            batch: 1,
            input: [1, 1, 4],
            output: [1, 1, 1000],
            kernel: [1, 1, 3],
            stride: [1, 1, 2],
            dilation: [1; 3],
            before: [0, 0, 1900],
        };
        let conv = PackedConvTranspose::new(w, 1, 1, 1, &[0.0; 3], None);
        let most = conv.phases.iter().map(|phase| phase.axes[2].skip).max();
        assert_eq!(most, Some(950));
        check(&w, [1, 1, 1], &mut Random::new(42));
    }
}
