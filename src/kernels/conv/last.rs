//! Channels last: a tile's rows are neighbouring pixels, its columns are filters.

use rayon::prelude::*;

use super::band::{Band, Bands};
use super::{Geometry, Slots};
use crate::kernels::gemm::PackedB;
use crate::kernels::simd::{Left, NARROW_ROWS, TILE, WIDE, accumulate, copy_columns};

#[derive(Clone, Debug)]
pub struct Last {
    bands: Bands,
    /// One matrix a group, its depth in the order of `segments` and the elements of a run.
    weights: Vec<PackedB>,
    /// Where the runs that a window reads begin, from its first pixel, in elements.
    segments: Vec<usize>,
    /// Elements of a run.
    len: usize,
}

impl Last {
    pub fn new(geometry: &Geometry, bands: Bands, weight: &[f32]) -> Last {
        let w = &geometry.window;
        let (inputs, filters) = (geometry.group_inputs(), geometry.group_filters());
        let [depths, rows, columns] = w.kernel;
        let depth = inputs * w.taps();
        // Neighbouring taps with all of the channels are one run.
        let joined = geometry.groups == 1 && (w.dilation[2] == 1 || columns == 1);
        let (runs, len) = if joined {
            (1, columns * inputs)
        } else {
            (columns, inputs)
        };
        let pitch = bands.pitch(geometry);
        let mut segments = Vec::with_capacity(depths * rows * runs);
        for d in 0..depths {
            for r in 0..rows {
                for c in 0..runs {
                    let row = d * pitch.plane + r * w.dilation[1] * pitch.row;
                    segments.push((row + c * w.dilation[2]) * geometry.in_channels);
                }
            }
        }
        let element = |group: usize| {
            move |filter: usize, at: usize| {
                let (tap, input) = (at / inputs, at % inputs);
                weight[(group * filters + filter) * depth + input * w.taps() + tap]
            }
        };
        let pack = |group| PackedB::from_fn(filters, depth, element(group));
        Last {
            weights: (0..geometry.groups).map(pack).collect(),
            bands,
            segments,
            len,
        }
    }

    pub fn scratch(&self) -> usize {
        self.bands.scratch()
    }

    pub fn run(
        &self,
        geometry: &Geometry,
        bias: &[f32],
        input: &[f32],
        output: &mut [f32],
        scratch: &Slots,
    ) {
        let row = geometry.window.output[2] * geometry.filters;
        let mut rest = output;
        let mut tasks = Vec::new();
        for band in self.bands.all(geometry) {
            let (now, later) = rest.split_at_mut(band.rows.len() * row);
            tasks.push((band, now));
            rest = later;
        }
        let run = |(band, to): (Band, &mut [f32])| {
            scratch.with(|scratch| self.band(geometry, bias, &band, input, to, scratch));
        };
        if geometry.worth_threads() {
            tasks.into_par_iter().for_each(run);
        } else {
            tasks.into_iter().for_each(run);
        }
    }

    fn band(
        &self,
        geometry: &Geometry,
        bias: &[f32],
        band: &Band,
        input: &[f32],
        output: &mut [f32],
        scratch: &mut [f32],
    ) {
        let w = &geometry.window;
        let size = w.input_pixels() * geometry.in_channels;
        let image = &input[band.image * size..][..size];
        let source = if self.bands.in_place {
            &image[self.bands.start(geometry, band) * geometry.in_channels..]
        } else {
            self.bands.copy(geometry, band, image, scratch);
            scratch
        };
        let row_pitch = w.stride[1] * self.bands.pitch(geometry).row * geometry.in_channels;
        let column_pitch = w.stride[2] * geometry.in_channels;
        let pixels = band.rows.len() * w.output[2];
        let mut starts = [0; NARROW_ROWS];
        let mut tile = [0.0; TILE];
        for (group, weights) in self.weights.iter().enumerate() {
            let channel = group * geometry.group_inputs();
            for p in 0..weights.count() {
                let panel = weights.panel(p, 0..weights.k());
                let (width, columns) = (panel.width, panel.columns);
                let filter = group * geometry.group_filters() + p * WIDE;
                let mut first = [0.0; WIDE];
                first[..columns].copy_from_slice(&bias[filter..filter + columns]);
                let (mut y, mut x) = (0, 0);
                for top in (0..pixels).step_by(panel.tile_rows()) {
                    let count = panel.tile_rows().min(pixels - top);
                    for start in &mut starts[..count] {
                        *start = channel + y * row_pitch + x * column_pitch;
                        x += 1;
                        if x == w.output[2] {
                            (x, y) = (0, y + 1);
                        }
                    }
                    for row in tile.chunks_exact_mut(width).take(count) {
                        copy_columns(&first, row, width);
                    }
                    let left = Left {
                        data: source,
                        rows: &starts[..count],
                        segments: &self.segments,
                        len: self.len,
                    };
                    accumulate(&mut tile, left, panel.data, width);
                    let results =
                        output[top * geometry.filters..].chunks_exact_mut(geometry.filters);
                    for (row, to) in tile.chunks_exact(width).take(count).zip(results) {
                        copy_columns(row, &mut to[filter..], columns);
                    }
                }
            }
        }
    }
}
