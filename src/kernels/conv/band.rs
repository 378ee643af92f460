//! Bands: the pieces into which a convolution is divided.

use std::ops::Range;

use super::Geometry;
use crate::kernels::window::Layout;

/// Elements of a band that stay in the second-level cache (a quarter of a megabyte of it).
const BAND: usize = 1 << 16;

/// How the output is divided into bands of rows, and where their input is found.
#[derive(Clone, Debug)]
pub struct Bands {
    /// Output rows of a band; the last of a plane may have fewer.
    pub rows: usize,
    /// Whether tasks read the image itself: no window reaches into the padding.
    pub in_place: bool,
    /// Input rows of a full band, and columns, each with padding.
    height: usize,
    width: usize,
    scratch: usize,
}

/// Output rows `rows` of output plane `depth` of image `image`.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub image: usize,
    pub depth: usize,
    pub rows: Range<usize>,
}

impl Bands {
    pub fn new(geometry: &Geometry) -> Bands {
        let w = &geometry.window;
        let inside =
            |axis: usize| w.before[axis] == 0 && w.span(axis, w.output[axis]) <= w.input[axis];
        // Channels first, neighbouring output pixels must be neighbours in the input.
        let dense = w.layout == Layout::ChannelsLast || w.stride[2] == 1;
        let in_place = dense && (0..3).all(inside);
        // A multiple of the stride, so that every phase has as many columns.
        let width = w.span(2, w.output[2]).next_multiple_of(w.stride[2].max(1));
        let row = geometry
            .in_channels
            .saturating_mul(w.kernel[0])
            .saturating_mul(width);
        // As many rows as fit, at least one, ...
        let fit = (BAND / row.max(1)).saturating_sub(w.span(1, 1)) / w.stride[1].max(1) + 1;
        // ... but several bands a thread, where threads are worth it.
        let planes = w.batch * w.output[0];
        let wanted = if geometry.worth_threads() {
            (rayon::current_num_threads() * 4).div_ceil(planes.max(1))
        } else {
            1
        };
        let count = w.output[1]
            .div_ceil(fit)
            .max(wanted)
            .clamp(1, w.output[1].max(1));
        let rows = w.output[1].div_ceil(count).max(1);
        let height = w.span(1, rows);
        let scratch = if in_place {
            0
        } else {
            row.saturating_mul(height)
        };
        Bands {
            rows,
            in_place,
            height,
            width,
            scratch,
        }
    }

    /// Elements of the copy of a band.
    pub fn scratch(&self) -> usize {
        self.scratch
    }

    /// Every band, in the order of the output.
    pub fn all(&self, geometry: &Geometry) -> impl Iterator<Item = Band> {
        let [depths, height, _] = geometry.window.output;
        let step = self.rows;
        (0..geometry.window.batch).flat_map(move |image| {
            (0..depths).flat_map(move |depth| {
                (0..height).step_by(step).map(move |top| Band {
                    image,
                    depth,
                    rows: top..(top + step).min(height),
                })
            })
        })
    }

    /// The pitch of what tasks read: elements (pixels, channels last) from one input plane and row
    /// to the next, planes being those under one output plane. Channels first, from one channel to
    /// the next as well.
    pub fn pitch(&self, geometry: &Geometry) -> Pitch {
        let w = &geometry.window;
        if self.in_place {
            Pitch {
                channel: w.input_pixels(),
                plane: w.input[1] * w.input[2] * w.dilation[0],
                row: w.input[2],
                phase: 0,
            }
        } else {
            Pitch {
                channel: self.height * self.width * w.kernel[0],
                plane: self.height * self.width,
                row: self.width,
                phase: self.width / w.stride[2].max(1),
            }
        }
    }

    /// Where a band begins in the image, when read in place, in pixels.
    pub fn start(&self, geometry: &Geometry, band: &Band) -> usize {
        let w = &geometry.window;
        (band.depth * w.stride[0] * w.input[1] + band.rows.start * w.stride[1]) * w.input[2]
    }

    /// Copies what lies under `band` to `to`, with zeros for the padding: `[kd, height, width, C]`,
    /// or channels first `[C, kd, height, stride, width / stride]`, where columns are sorted by
    /// their remainder so that the columns that one tap reads are neighbours.
    pub fn copy(&self, geometry: &Geometry, band: &Band, image: &[f32], to: &mut [f32]) {
        let w = &geometry.window;
        let (channels, lane) = match w.layout {
            Layout::ChannelsFirst => (geometry.in_channels, 1),
            Layout::ChannelsLast => (1, geometry.in_channels),
        };
        let len = self.width * lane;
        let pixels = w.input_pixels() * lane;
        let planes = w.kernel[0] * self.height;
        // The columns of the band that lie in the image.
        let first = w.before[2].min(self.width);
        let real = w.input[2].min(self.width - first);
        for (i, row) in to[..channels * planes * len]
            .chunks_exact_mut(len)
            .enumerate()
        {
            let (channel, plane, y) = (i / planes, i / self.height % w.kernel[0], i % self.height);
            let position = |padded: usize, axis: usize| {
                padded
                    .checked_sub(w.before[axis])
                    .filter(|&p| p < w.input[axis])
            };
            let depth = position(band.depth * w.stride[0] + plane * w.dilation[0], 0);
            let line = position(band.rows.start * w.stride[1] + y, 1);
            let (Some(depth), Some(line)) = (depth, line) else {
                row.fill(0.0);
                continue;
            };
            let start = channel * pixels + (depth * w.input[1] + line) * w.input[2] * lane;
            let source = &image[start..start + real * lane];
            if lane > 1 || w.stride[2] == 1 || w.layout == Layout::ChannelsLast {
                row[..first * lane].fill(0.0);
                row[first * lane..][..source.len()].copy_from_slice(source);
                row[first * lane + source.len()..].fill(0.0);
            } else {
                sort_columns(source, first, w.stride[2], row);
            }
        }
    }
}

/// Writes the columns `first..` of a padded row by their remainder modulo `stride`, zeros elsewhere.
fn sort_columns(source: &[f32], first: usize, stride: usize, row: &mut [f32]) {
    row.fill(0.0);
    let phase = row.len() / stride;
    for remainder in 0..stride {
        // The first source element whose column has this remainder.
        let skip = (remainder + stride - first % stride) % stride;
        if skip >= source.len() {
            continue;
        }
        let columns = &mut row[remainder * phase + (first + skip) / stride..];
        for (y, &x) in columns
            .iter_mut()
            .zip(source[skip..].iter().step_by(stride))
        {
            *y = x;
        }
    }
}

/// See [`Bands::pitch`].
#[derive(Clone, Copy, Debug)]
pub struct Pitch {
    pub channel: usize,
    pub plane: usize,
    pub row: usize,
    /// Channels first, from the columns of one remainder modulo the stride to those of the next.
    pub phase: usize,
}
