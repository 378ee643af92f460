//! Convolution (cross-correlation, as every framework has it).

use super::window::{Layout, Window};

/// A convolution whose weights are packed for one geometry.
#[derive(Clone, Debug)]
pub struct PackedConv {
    window: Window,
    groups: usize,
    in_channels: usize,
    filters: usize,
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
}

impl PackedConv {
    /// Packs `weight`, `[filters, in_channels / groups, kd, kh, kw]` row-major, and `bias`,
    /// `[filters]`. `groups` divides both channel counts.
    pub fn new(
        window: Window,
        groups: usize,
        in_channels: usize,
        filters: usize,
        weight: &[f32],
        bias: Option<&[f32]>,
    ) -> PackedConv {
        PackedConv {
            window,
            groups,
            in_channels,
            filters,
            weight: weight.to_vec(),
            bias: bias.map(<[f32]>::to_vec),
        }
    }

    /// How many `f32` of scratch [`run`](PackedConv::run) needs, for all threads.
    pub fn scratch(&self) -> usize {
        0
    }

    /// Computes `output`, `[batch, filters, …]` or `[batch, …, filters]`, from `input`,
    /// `[batch, in_channels, …]` or `[batch, …, in_channels]`, as the window's layout says.
    /// `scratch` holds at least [`scratch`](PackedConv::scratch) elements of any value.
    pub fn run(&self, input: &[f32], output: &mut [f32], scratch: &mut [f32]) {
        let _ = scratch;
        let w = &self.window;
        let (ip, op, taps) = (w.input_pixels(), w.output_pixels(), w.taps());
        let (ci, cf) = (self.in_channels / self.groups, self.filters / self.groups);
        let at = |n: usize, c: usize, p: usize, channels: usize, pixels: usize| match w.layout {
            Layout::ChannelsFirst => (n * channels + c) * pixels + p,
            Layout::ChannelsLast => (n * pixels + p) * channels + c,
        };
        for n in 0..w.batch {
            for f in 0..self.filters {
                for o in 0..op {
                    let ox = [
                        o / (w.output[1] * w.output[2]),
                        o / w.output[2] % w.output[1],
                        o % w.output[2],
                    ];
                    let mut sum = self.bias.as_ref().map_or(0.0, |b| b[f]);
                    for c in 0..ci {
                        for t in 0..taps {
                            let k = [
                                t / (w.kernel[1] * w.kernel[2]),
                                t / w.kernel[2] % w.kernel[1],
                                t % w.kernel[2],
                            ];
                            let (Some(d), Some(y), Some(x)) = (
                                w.source(0, ox[0], k[0]),
                                w.source(1, ox[1], k[1]),
                                w.source(2, ox[2], k[2]),
                            ) else {
                                continue;
                            };
                            let p = (d * w.input[1] + y) * w.input[2] + x;
                            let channel = f / cf * ci + c;
                            sum += self.weight[(f * ci + c) * taps + t]
                                * input[at(n, channel, p, self.in_channels, ip)];
                        }
                    }
                    output[at(n, f, o, self.filters, op)] = sum;
                }
            }
        }
    }
}
