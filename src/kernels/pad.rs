//! Larger images by cells around them.

use rayon::prelude::*;

use super::worth_threads;

/// What stands in the cells around an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// A number.
    Value(f32),
    /// The image mirrored at its outermost cells, which are not repeated.
    Reflect,
    /// The outermost cells, repeated.
    Replicate,
}

/// An image with cells around it. The axes are depth, height and width; those that a layer does
/// not have are of size 1 with nothing around.
#[derive(Clone, Copy, Debug)]
pub struct Pad {
    /// Images that are padded alike: samples and, channels first, channels.
    pub outer: usize,
    /// Elements of one cell: 1, or the channels.
    pub cell: usize,
    /// The input's size; at least 1.
    pub input: [usize; 3],
    /// Cells before the input on each axis.
    pub before: [usize; 3],
    /// Cells after the input. What is reflected is smaller than the input's size, before and
    /// after.
    pub after: [usize; 3],
    /// What stands there.
    pub fill: Fill,
}

impl Pad {
    /// Computes `output`, `[outer, depth, height, width, cell]` with the padded sizes.
    pub fn run(&self, input: &[f32], output: &mut [f32]) {
        let size = [0, 1, 2].map(|axis| self.before[axis] + self.input[axis] + self.after[axis]);
        let count = |sizes: [usize; 3]| self.outer * sizes.iter().product::<usize>() * self.cell;
        assert_eq!(input.len(), count(self.input), "input has its size");
        assert_eq!(output.len(), count(size), "output has the padded size");
        if output.is_empty() {
            return;
        }
        let row = size[2] * self.cell;
        let one = |(at, to): (usize, &mut [f32])| {
            let (height, depth) = (at % size[1], at / size[1] % size[0]);
            let image = at / (size[1] * size[0]);
            match (self.source(0, depth), self.source(1, height)) {
                (Some(depth), Some(height)) => {
                    let rows = self.input[2] * self.cell;
                    let from = (image * self.input[0] + depth) * self.input[1] + height;
                    self.row(&input[from * rows..][..rows], to);
                }
                _ => to.fill(self.value()),
            }
        };
        if worth_threads(output.len()) {
            let rows = output.par_chunks_exact_mut(row).enumerate();
            rows.with_min_len((1_usize << 14).div_ceil(row))
                .for_each(one);
        } else {
            output.chunks_exact_mut(row).enumerate().for_each(one);
        }
    }

    /// The cell of the input that stands at `at` of a padded axis; `None` is the value.
    fn source(&self, axis: usize, at: usize) -> Option<usize> {
        let (before, size) = (self.before[axis], self.input[axis]);
        let inside = at.checked_sub(before).filter(|at| *at < size);
        match (inside, self.fill) {
            (Some(at), _) => Some(at),
            (None, Fill::Value(_)) => None,
            (None, Fill::Replicate) => Some(if at < before { 0 } else { size - 1 }),
            (None, Fill::Reflect) if at < before => Some(before - at),
            (None, Fill::Reflect) => Some(2 * (size - 1) + before - at),
        }
    }

    fn value(&self) -> f32 {
        match self.fill {
            Fill::Value(value) => value,
            Fill::Reflect | Fill::Replicate => 0.0,
        }
    }

    /// One row of the output from one of the input.
    fn row(&self, from: &[f32], to: &mut [f32]) {
        let (before, cell) = (self.before[2] * self.cell, self.cell);
        to[before..before + from.len()].copy_from_slice(from);
        let width = to.len() / cell;
        for at in (0..self.before[2]).chain(width - self.after[2]..width) {
            let to = &mut to[at * cell..][..cell];
            match self.source(2, at) {
                Some(at) => to.copy_from_slice(&from[at * cell..][..cell]),
                None => to.fill(self.value()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, coordinates};

    #[test]
    fn agrees_with_the_definition() {
        let mut random = Random::new(11);
        for round in 0..60 {
            let mut size = |low, high| [0; 3].map(|_| random.size(low, high));
            let (input, before, after) = (size(3, 7), size(0, 2), size(0, 2));
            let (outer, cell) = (random.size(1, 3), random.size(1, 30));
            let fills = [Fill::Value(7.0), Fill::Reflect, Fill::Replicate];
            let fill = fills[round % 3];
            let pad = Pad {
                outer,
                cell,
                input,
                before,
                after,
                fill,
            };
            let padded = [0, 1, 2].map(|axis| before[axis] + input[axis] + after[axis]);
            let data = random.floats(outer * input.iter().product::<usize>() * cell);
            let mut output = vec![f32::NAN; outer * padded.iter().product::<usize>() * cell];
            pad.run(&data, &mut output);
            let pixels: usize = padded.iter().product();
            for (i, got) in output.iter().enumerate() {
                let (image, pixel, c) = (i / cell / pixels, i / cell % pixels, i % cell);
                let at = coordinates(pixel, padded);
                let source = [0, 1, 2].map(|axis| {
                    let (at, last) = (
                        at[axis] as i64 - before[axis] as i64,
                        input[axis] as i64 - 1,
                    );
                    match fill {
                        Fill::Reflect if at < 0 => -at,
                        Fill::Reflect if at > last => 2 * last - at,
                        Fill::Replicate => at.clamp(0, last),
                        _ => at,
                    }
                });
                let inside = (0..3).all(|axis| (0..input[axis] as i64).contains(&source[axis]));
                let [d, y, x] = source.map(|at| at as usize);
                let want = match inside {
                    true => {
                        let row = (image * input[0] + d) * input[1] + y;
                        data[(row * input[2] + x) * cell + c]
                    }
                    false => 7.0,
                };
                assert_eq!(*got, want, "{pad:?} at {i}");
            }
        }
    }

    #[test]
    fn large_images_are_divided_into_rows() {
        let fill = Fill::Replicate;
        let (input, before, after) = ([1, 300, 300], [0, 1, 2], [0, 0, 1]);
        let pad = Pad {
            outer: 2,
            cell: 1,
            input,
            before,
            after,
            fill,
        };
        let data: Vec<f32> = (0..2 * 300 * 300).map(|i| (i % 300) as f32).collect();
        let mut output = vec![f32::NAN; 2 * 301 * 303];
        pad.run(&data, &mut output);
        for (i, got) in output.iter().enumerate() {
            assert_eq!(*got, (i % 303).saturating_sub(2).min(299) as f32);
        }
    }
}
