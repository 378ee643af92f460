//! Larger images from smaller ones.

use rayon::prelude::*;

use super::simd::vectorized_with;
use super::window::Layout;
use super::worth_threads;

/// What stands between the values of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The value of the nearest place: each is repeated.
    Nearest,
    /// A straight line from one value to the next along each axis. Places are the centres of
    /// cells: result `o` is at `(o + ½) / factor − ½` of the input, and beyond the outermost
    /// centres the outermost value goes on. As PyTorch without `align_corners`, and Keras.
    Linear,
    /// Zeros: each value is in the first corner of its cell.
    Zeros,
}

/// How an image becomes larger: axes are depth, height and width; those that a layer does not have
/// are of size 1 with the factor 1.
#[derive(Clone, Copy, Debug)]
pub struct Upsample {
    /// Where the channels sit.
    pub layout: Layout,
    /// Images.
    pub batch: usize,
    /// Channels.
    pub channels: usize,
    /// The input's size; at least 1.
    pub input: [usize; 3],
    /// How many cells each becomes; at least 1.
    pub factor: [usize; 3],
    /// What stands between.
    pub fill: Fill,
}

/// Where a result along one axis comes from: `x[first] · (1 − part) + x[second] · part`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Source {
    first: usize,
    second: usize,
    part: f32,
}

impl Upsample {
    /// Computes `output`, whose spatial sizes are those of `input` times the factors.
    pub fn run(&self, input: &[f32], output: &mut [f32]) {
        let (small, factors): (usize, usize) =
            (self.input.iter().product(), self.factor.iter().product());
        let images = self.batch * self.channels;
        assert_eq!(input.len(), images * small, "input is as it is described");
        assert_eq!(
            output.len(),
            images * small * factors,
            "output is as the factors say"
        );
        if output.is_empty() {
            return;
        }
        let lane = match self.layout {
            Layout::ChannelsFirst => 1,
            Layout::ChannelsLast => self.channels,
        };
        let sources = [0, 1, 2].map(|axis| self.sources(axis));
        let row = self.input[2] * self.factor[2] * lane;
        let run = |blend: &mut Vec<f32>, (at, to): (usize, &mut [f32])| {
            let arguments = (self, &sources, lane, at, input, blend.as_mut_slice(), to);
            vectorized_with(arguments, Upsample::row);
        };
        let new = || vec![0.0; self.input[2] * lane];
        if worth_threads(output.len()) {
            let rows = output.par_chunks_exact_mut(row).enumerate();
            rows.with_min_len((1_usize << 14).div_ceil(row))
                .for_each_init(new, run);
        } else {
            let mut blend = new();
            let rows = output.chunks_exact_mut(row).enumerate();
            rows.for_each(|row| run(&mut blend, row));
        }
    }

    /// The sources along `axis`; `None` is a zero.
    fn sources(&self, axis: usize) -> Vec<Option<Source>> {
        let (size, factor) = (self.input[axis], self.factor[axis]);
        let same = |at: usize| Source {
            first: at,
            second: at,
            part: 0.0,
        };
        let source = |at: usize| match self.fill {
            Fill::Nearest => Some(same(at / factor)),
            Fill::Zeros => at.is_multiple_of(factor).then(|| same(at / factor)),
            Fill::Linear => {
                // The place in halves of a result's cell: (2·at + 1 − factor) / (2·factor).
                let halves = (2 * at + 1).saturating_sub(factor);
                let first = halves / (2 * factor);
                Some(Source {
                    first,
                    second: (first + 1).min(size - 1),
                    part: (halves % (2 * factor)) as f32 / (2 * factor) as f32,
                })
            }
        };
        (0..size * factor).map(source).collect()
    }

    /// Output row number `at` of all: the input rows that it lies between are blended first, then
    /// the columns.
    #[inline(always)]
    #[allow(clippy::type_complexity)] // Arguments as one tuple, for `vectorized_with`.
    fn row(
        (up, sources, lane, at, input, blend, to): (
            &Upsample,
            &[Vec<Option<Source>>; 3],
            usize,
            usize,
            &[f32],
            &mut [f32],
            &mut [f32],
        ),
    ) {
        let [depths, heights, columns] = sources;
        let (line, rest) = (at % heights.len(), at / heights.len());
        let (depth, plane) = (rest % depths.len(), rest / depths.len());
        let (Some(depth), Some(line)) = (depths[depth], heights[line]) else {
            return to.fill(0.0);
        };
        let row = |d: usize, y: usize| {
            let len = up.input[2] * lane;
            let number = (plane * up.input[0] + d) * up.input[1] + y;
            &input[number * len..][..len]
        };
        let mut source = row(depth.first, line.first);
        if depth.part != 0.0 || line.part != 0.0 {
            let rows = [
                (
                    row(depth.first, line.first),
                    (1.0 - depth.part) * (1.0 - line.part),
                ),
                (
                    row(depth.first, line.second),
                    (1.0 - depth.part) * line.part,
                ),
                (
                    row(depth.second, line.first),
                    depth.part * (1.0 - line.part),
                ),
                (row(depth.second, line.second), depth.part * line.part),
            ];
            blend.fill(0.0);
            for (row, weight) in rows.iter().filter(|(_, weight)| *weight != 0.0) {
                for (y, &x) in blend.iter_mut().zip(*row) {
                    *y += x * weight;
                }
            }
            source = blend;
        }
        for (pixel, column) in to.chunks_exact_mut(lane).zip(columns) {
            let Some(column) = column else {
                pixel.fill(0.0);
                continue;
            };
            let first = &source[column.first * lane..][..lane];
            if column.part == 0.0 {
                pixel.copy_from_slice(first);
                continue;
            }
            let second = &source[column.second * lane..][..lane];
            for ((y, &a), &b) in pixel.iter_mut().zip(first).zip(second) {
                *y = a * (1.0 - column.part) + b * column.part;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, assert_close, coordinates, element};

    /// One result by the definition, for a channel's plane.
    fn value(up: &Upsample, at: [usize; 3], plane: impl Fn([usize; 3]) -> f32) -> f32 {
        match up.fill {
            Fill::Nearest => plane([0, 1, 2].map(|i| at[i] / up.factor[i])),
            Fill::Zeros => {
                if (0..3).any(|i| !at[i].is_multiple_of(up.factor[i])) {
                    return 0.0;
                }
                plane([0, 1, 2].map(|i| at[i] / up.factor[i]))
            }
            Fill::Linear => {
                let mut sum = 0.0;
                for corner in 0..8 {
                    let mut weight = 1.0;
                    let place = [0, 1, 2].map(|i| {
                        let last = (up.input[i] - 1) as f64;
                        let place = (at[i] as f64 + 0.5) / up.factor[i] as f64 - 0.5;
                        let place = place.clamp(0.0, last);
                        let part = place - place.floor();
                        let far = corner >> i & 1 == 1;
                        weight *= if far { part } else { 1.0 - part };
                        (place.floor() as usize + usize::from(far)).min(up.input[i] - 1)
                    });
                    sum += weight * f64::from(plane(place));
                }
                sum as f32
            }
        }
    }

    #[test]
    fn agrees_with_the_definition() {
        let mut random = Random::new(30);
        for i in 0..180 {
            let mut up = Upsample {
                layout: [Layout::ChannelsFirst, Layout::ChannelsLast][i % 2],
                batch: random.size(1, 3),
                channels: random.size(1, 9),
                input: [1; 3],
                factor: [1; 3],
                fill: [Fill::Nearest, Fill::Linear, Fill::Zeros][i / 2 % 3],
            };
            for axis in 2 - i / 6 % 3..3 {
                up.input[axis] = random.size(1, 6);
                up.factor[axis] = random.size(1, 4);
            }
            if i >= 168 {
                // Enough for several threads.
                up.batch = 300;
                up.input[2] = 20;
            }
            let large = [0, 1, 2].map(|axis| up.input[axis] * up.factor[axis]);
            let (from, to) = (
                up.input.iter().product::<usize>(),
                large.iter().product::<usize>(),
            );
            let input = random.floats(up.batch * up.channels * from);
            let mut output = vec![f32::NAN; up.batch * up.channels * to];
            up.run(&input, &mut output);
            let mut want = vec![0.0; output.len()];
            for image in 0..up.batch {
                for c in 0..up.channels {
                    for pixel in 0..to {
                        let plane = |[d, y, x]: [usize; 3]| {
                            let place = (d * up.input[1] + y) * up.input[2] + x;
                            input[element(up.layout, image, c, place, up.channels, from)]
                        };
                        want[element(up.layout, image, c, pixel, up.channels, to)] =
                            value(&up, coordinates(pixel, large), plane);
                    }
                }
            }
            assert_close(&output, &want, 1e-6, &format!("{up:?}"));
        }
    }

    #[test]
    fn a_line_between_two_values() {
        let up = Upsample {
            layout: Layout::ChannelsLast,
            batch: 1,
            channels: 1,
            input: [1, 1, 2],
            factor: [1, 1, 4],
            fill: Fill::Linear,
        };
        let mut output = [0.0; 8];
        up.run(&[0.0, 8.0], &mut output);
        assert_eq!(output, [0.0, 0.0, 1.0, 3.0, 5.0, 7.0, 8.0, 8.0]);
    }
}
