//! Means over windows that divide an image into a given number of places.

use rayon::prelude::*;

use crate::kernels::simd::vectorized_with;
use crate::kernels::window::Layout;
use crate::kernels::worth_threads;

/// An image divided into `output` places along each axis: place `o` is the mean of the cells from
/// ⌊o · input / output⌋ up to, not including, ⌈(o + 1) · input / output⌉, as in PyTorch. The axes are depth,
/// height and width; those that a layer does not have are of size 1.
#[derive(Clone, Copy, Debug)]
pub struct Adaptive {
    /// Where the channels sit.
    pub layout: Layout,
    /// Samples.
    pub batch: usize,
    /// Channels.
    pub channels: usize,
    /// The input's size; at least 1.
    pub input: [usize; 3],
    /// The output's size; at least 1.
    pub output: [usize; 3],
}

/// Channels whose sums are in registers together.
const LANES: usize = 32;

impl Adaptive {
    /// Computes the means. Sums are in `f64`.
    pub fn run(&self, input: &[f32], output: &mut [f32]) {
        let (from, to): (usize, usize) =
            (self.input.iter().product(), self.output.iter().product());
        let images = self.batch * self.channels;
        assert_eq!(input.len(), images * from, "input has its size");
        assert_eq!(output.len(), images * to, "output has its size");
        if output.is_empty() {
            return;
        }
        // A cell is one element, or those of all channels.
        let cell = match self.layout {
            Layout::ChannelsFirst => 1,
            Layout::ChannelsLast => self.channels,
        };
        let one = |(at, out): (usize, &mut [f32])| {
            let image = &input[at / to * from * cell..][..from * cell];
            vectorized_with((self, image, at % to, out), place);
        };
        if worth_threads(input.len()) {
            let least = (1_usize << 14).div_ceil((input.len() / output.len().max(1)).max(1) * cell);
            let places = output.par_chunks_exact_mut(cell).enumerate();
            places.with_min_len(least).for_each(one);
        } else {
            output.chunks_exact_mut(cell).enumerate().for_each(one);
        }
    }
}

/// The cells of place `at` along an axis, as first and end.
#[inline(always)]
fn cells(at: usize, input: usize, output: usize) -> (usize, usize) {
    // In `u128`, since the product of two sizes may pass 64 bits.
    let edge = |at: usize| at as u128 * input as u128;
    let first = edge(at) / output as u128;
    let end = edge(at + 1).div_ceil(output as u128);
    (first as usize, end as usize)
}

/// One place of one image: a mean for each element of a cell.
#[inline(always)]
fn place((sizes, image, at, out): (&Adaptive, &[f32], usize, &mut [f32])) {
    let [depth, height, width] = sizes.input;
    let [places_d, places_h, places_w] = sizes.output;
    let (d, d_end) = cells(at / places_w / places_h, depth, places_d);
    let (h, h_end) = cells(at / places_w % places_h, height, places_h);
    let (w, w_end) = cells(at % places_w, width, places_w);
    let scale = 1.0 / ((d_end - d) * (h_end - h) * (w_end - w)) as f64;
    let cell = out.len();
    for first in (0..cell).step_by(LANES) {
        let lanes = LANES.min(cell - first);
        let mut sums = [0.0_f64; LANES];
        for row in (d..d_end).flat_map(|d| (h..h_end).map(move |h| d * height + h)) {
            let row = &image[(row * width + w) * cell..(row * width + w_end) * cell];
            if cell == 1 {
                // The lanes are cells of one row.
                for chunk in row.chunks(LANES) {
                    for (sum, x) in sums.iter_mut().zip(chunk) {
                        *sum += f64::from(*x);
                    }
                }
            } else {
                for here in row.chunks_exact(cell) {
                    for (sum, x) in sums.iter_mut().zip(&here[first..first + lanes]) {
                        *sum += f64::from(*x);
                    }
                }
            }
        }
        if cell == 1 {
            sums[0] = sums.iter().sum();
        }
        for (y, sum) in out[first..first + lanes].iter_mut().zip(&sums) {
            *y = (sum * scale) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, coordinates, element};

    #[test]
    fn agrees_with_the_definition() {
        let mut random = Random::new(12);
        for round in 0..40 {
            let mut size = |high| [0; 3].map(|_| random.size(1, high));
            let (mut input, output) = (size(9), size(5));
            let (batch, channels) = (random.size(1, 2), random.size(1, 40));
            let layout = [Layout::ChannelsFirst, Layout::ChannelsLast][round % 2];
            if round >= 36 {
                input = [3, 60, 70];
            }
            let sizes = Adaptive {
                layout,
                batch,
                channels,
                input,
                output,
            };
            let (from, to): (usize, usize) = (input.iter().product(), output.iter().product());
            let data = random.floats(batch * channels * from);
            let mut out = vec![f32::NAN; batch * channels * to];
            sizes.run(&data, &mut out);
            for place in 0..to {
                let at = coordinates(place, output);
                let window = [0, 1, 2].map(|axis| {
                    let (n, m) = (input[axis], output[axis]);
                    at[axis] * n / m..((at[axis] + 1) * n).div_ceil(m)
                });
                for (image, channel) in (0..batch).flat_map(|n| (0..channels).map(move |c| (n, c)))
                {
                    let (mut sum, mut count) = (0.0, 0.0);
                    for d in window[0].clone() {
                        for h in window[1].clone() {
                            for w in window[2].clone() {
                                let pixel = (d * input[1] + h) * input[2] + w;
                                let at = element(layout, image, channel, pixel, channels, from);
                                sum += f64::from(data[at]);
                                count += 1.0;
                            }
                        }
                    }
                    let got = out[element(layout, image, channel, place, channels, to)];
                    assert!((f64::from(got) - sum / count).abs() < 1e-6, "{sizes:?}");
                }
            }
        }
    }
}
