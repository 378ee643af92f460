//! Channels first: a tile's rows are filters, its columns are neighbouring pixels.

use rayon::prelude::*;

use super::band::{Band, Bands};
use super::{Geometry, Slots};
use crate::kernels::gemm::{panel_width, tile_rows};
use crate::kernels::simd::{Left, NARROW, NARROW_ROWS, TILE, WIDE, accumulate, vectorized};

#[derive(Clone, Debug)]
pub struct First {
    bands: Bands,
    /// `[filters, depth]`, as given.
    weight: Vec<f32>,
    /// Where each element under a window lies, from its first pixel in the group's first channel.
    offsets: Vec<usize>,
    /// The largest of `offsets`.
    farthest: usize,
}

impl First {
    pub fn new(geometry: &Geometry, bands: Bands, weight: &[f32]) -> First {
        let w = &geometry.window;
        let pitch = bands.pitch(geometry);
        let stride = w.stride[2].max(1);
        let mut offsets = Vec::with_capacity(geometry.group_inputs() * w.taps());
        for channel in 0..geometry.group_inputs() {
            for d in 0..w.kernel[0] {
                for r in 0..w.kernel[1] {
                    for c in 0..w.kernel[2] {
                        let row = channel * pitch.channel
                            + d * pitch.plane
                            + r * w.dilation[1] * pitch.row;
                        let column = c * w.dilation[2];
                        offsets.push(row + column % stride * pitch.phase + column / stride);
                    }
                }
            }
        }
        First {
            bands,
            weight: weight.to_vec(),
            farthest: offsets.iter().copied().max().unwrap_or(0),
            offsets,
        }
    }

    /// A band and a panel of pixels.
    pub fn scratch(&self) -> usize {
        self.bands.scratch() + self.panel()
    }

    fn panel(&self) -> usize {
        self.offsets.len() * WIDE
    }

    pub fn run(
        &self,
        geometry: &Geometry,
        bias: &[f32],
        input: &[f32],
        output: &mut [f32],
        scratch: &Slots,
    ) {
        let [depths, height, width] = geometry.window.output;
        let plane = geometry.window.output_pixels();
        let bands: Vec<Band> = self.bands.all(geometry).collect();
        let each = bands.len() / geometry.window.batch;
        let images = output.chunks_exact_mut(geometry.filters * plane);
        if depths == 1 && self.bands.rows >= height {
            // A band is an image, all of whose planes lie together.
            let run = |(band, image): (Band, &mut [f32])| {
                let mut planes: Vec<&mut [f32]> = image.chunks_exact_mut(plane).collect();
                scratch.with(|s| self.band(geometry, bias, &band, input, &mut planes, s));
            };
            let tasks: Vec<_> = bands.into_iter().zip(images).collect();
            if geometry.worth_threads() {
                tasks.into_par_iter().for_each(run);
            } else {
                tasks.into_iter().for_each(run);
            }
            return;
        }
        // Every band gets its piece of each plane.
        let mut tasks: Vec<(Band, Vec<&mut [f32]>)> = bands
            .into_iter()
            .map(|band| (band, Vec::with_capacity(geometry.filters)))
            .collect();
        for (image, tasks) in images.zip(tasks.chunks_mut(each)) {
            for mut rest in image.chunks_exact_mut(plane) {
                for (band, pieces) in &mut *tasks {
                    let (now, later) = rest.split_at_mut(band.rows.len() * width);
                    pieces.push(now);
                    rest = later;
                }
            }
        }
        let run = |(band, mut planes): (Band, Vec<&mut [f32]>)| {
            scratch.with(|s| self.band(geometry, bias, &band, input, &mut planes, s));
        };
        if geometry.worth_threads() {
            tasks.into_par_iter().for_each(run);
        } else {
            tasks.into_iter().for_each(run);
        }
    }

    /// Computes the piece `planes[f]` of each filter's plane.
    fn band(
        &self,
        geometry: &Geometry,
        bias: &[f32],
        band: &Band,
        input: &[f32],
        planes: &mut [&mut [f32]],
        scratch: &mut [f32],
    ) {
        let w = &geometry.window;
        let size = w.input_pixels() * geometry.in_channels;
        let (panel, copy) = scratch.split_at_mut(self.panel());
        let source = if self.bands.in_place {
            &input[band.image * size + self.bands.start(geometry, band)..]
        } else {
            self.bands
                .copy(geometry, band, &input[band.image * size..][..size], copy);
            copy
        };
        let pitch = self.bands.pitch(geometry);
        let pixels = band.rows.len() * w.output[2];
        let (inputs, filters) = (geometry.group_inputs(), geometry.group_filters());
        for at in (0..pixels).step_by(WIDE) {
            let columns = (pixels - at).min(WIDE);
            let width = panel_width(columns);
            let mut runs = [(0, 0); WIDE];
            let runs = find_runs(at, columns, w.output[2], w.stride[1] * pitch.row, &mut runs);
            for group in 0..geometry.groups {
                let source = &source[group * inputs * pitch.channel..];
                vectorized(|| {
                    if width == WIDE {
                        pack::<WIDE>(source, &self.offsets, self.farthest, runs, panel);
                    } else {
                        pack::<NARROW>(source, &self.offsets, self.farthest, runs, panel);
                    }
                });
                let group = group * filters..(group + 1) * filters;
                self.tiles(group, bias, panel, [width, at, columns], planes);
            }
        }
    }

    /// All of a group's filters times the packed pixels `at..at + columns`.
    fn tiles(
        &self,
        group: std::ops::Range<usize>,
        bias: &[f32],
        panel: &[f32],
        [width, at, columns]: [usize; 3],
        planes: &mut [&mut [f32]],
    ) {
        let depth = self.offsets.len();
        let mut starts = [0; NARROW_ROWS];
        let (mut start, mut tile) = ([0.0; TILE], [0.0; TILE]);
        for top in group.clone().step_by(tile_rows(width)) {
            let count = tile_rows(width).min(group.end - top);
            for (r, first) in starts.iter_mut().enumerate() {
                *first = (top + r) * depth;
            }
            let bias = &bias[top..top + count];
            if width == WIDE {
                spread::<WIDE>(bias, &mut start);
            } else {
                spread::<NARROW>(bias, &mut start);
            }
            let left = Left {
                data: &self.weight,
                rows: &starts[..count],
                segments: &[0],
                len: depth,
            };
            accumulate(&start, &mut tile, left, panel, width);
            for (row, plane) in tile.chunks(width).zip(&mut planes[top..top + count]) {
                match plane.get_mut(at..at + WIDE) {
                    Some(to) if columns == WIDE => to.copy_from_slice(&row[..WIDE]),
                    _ => plane[at..at + columns].copy_from_slice(&row[..columns]),
                }
            }
        }
    }
}

/// Fills each row of a tile `W` wide with its element of `bias`.
#[inline(always)]
fn spread<const W: usize>(bias: &[f32], tile: &mut [f32; TILE]) {
    for (row, &b) in tile.as_chunks_mut::<W>().0.iter_mut().zip(bias) {
        *row = [b; W];
    }
}

/// The pixels `at..at + columns` as runs of neighbours: the first's place among them, and where the
/// source would hold place 0 if the run went on to the left (a row is as long as the result's at
/// least, so that is never before the source).
fn find_runs(
    at: usize,
    columns: usize,
    row: usize,
    pitch: usize,
    runs: &mut [(usize, usize); WIDE],
) -> &[(usize, usize)] {
    let (mut y, mut x) = (at / row, at % row);
    let (mut count, mut place) = (0, 0);
    while place < columns {
        runs[count] = (place, y * pitch + x - place);
        count += 1;
        place += row - x;
        (x, y) = (0, y + 1);
    }
    &runs[..count]
}

/// Packs one element of each pixel for every offset; lanes beyond the last pixel hold anything.
#[inline(always)]
fn pack<const W: usize>(
    source: &[f32],
    offsets: &[usize],
    farthest: usize,
    runs: &[(usize, usize)],
    panel: &mut [f32],
) {
    let reach = runs.iter().map(|run| run.1).max().unwrap_or(0) + W;
    let inside = farthest + reach <= source.len();
    match *runs {
        [a] if inside => pack_runs::<W, 1>(source, offsets, [a], panel),
        [a, b] if inside => pack_runs::<W, 2>(source, offsets, [a, b], panel),
        [a, b, c] if inside => pack_runs::<W, 3>(source, offsets, [a, b, c], panel),
        [a, b, c, d] if inside => pack_runs::<W, 4>(source, offsets, [a, b, c, d], panel),
        _ => pack_singly::<W>(source, offsets, runs, panel),
    }
}

/// [`pack`] by whole vectors, one for each of `R` runs, of which every lane takes its own.
#[inline(always)]
fn pack_runs<const W: usize, const R: usize>(
    source: &[f32],
    offsets: &[usize],
    runs: [(usize, usize); R],
    panel: &mut [f32],
) {
    let (panel, _) = panel.as_chunks_mut::<W>();
    // All ones where a run's lanes begin: bits, since a select of floats is not vectorised here.
    let mut masks = [[0_u32; W]; R];
    for (mask, run) in masks.iter_mut().zip(runs) {
        mask[run.0..].fill(u32::MAX);
    }
    let sources = runs.map(|run| &source[run.1..]);
    for (to, &offset) in panel.iter_mut().zip(offsets) {
        let mut lanes = [0.0; W];
        lanes.copy_from_slice(&sources[0][offset..offset + W]);
        for r in 1..R {
            let from = &sources[r][offset..offset + W];
            for lane in 0..W {
                let (mine, mask) = (from[lane].to_bits(), masks[r][lane]);
                let others = lanes[lane].to_bits();
                lanes[lane] = f32::from_bits(others ^ ((others ^ mine) & mask));
            }
        }
        *to = lanes;
    }
}

/// [`pack`] pixel by pixel: for many short runs, and where whole vectors would reach beyond the
/// source.
fn pack_singly<const W: usize>(
    source: &[f32],
    offsets: &[usize],
    runs: &[(usize, usize)],
    panel: &mut [f32],
) {
    let mut pixels = [0; W];
    for &(place, start) in runs {
        for (lane, pixel) in pixels.iter_mut().enumerate().skip(place) {
            *pixel = start + lane;
        }
    }
    let (panel, _) = panel.as_chunks_mut::<W>();
    for (to, &offset) in panel.iter_mut().zip(offsets) {
        for (lane, pixel) in to.iter_mut().zip(pixels) {
            // Lanes beyond the last pixel may lie beyond the source too.
            *lane = source.get(offset + pixel).copied().unwrap_or(0.0);
        }
    }
}
