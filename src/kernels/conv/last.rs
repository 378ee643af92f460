//! Channels last: a tile's rows are neighbouring pixels, its columns are filters.

use rayon::prelude::*;

use super::band::{Band, Bands};
use super::{Geometry, Slots};
use crate::kernels::gemm::PackedB;
use crate::kernels::simd::{Left, TILE, WIDE, accumulate, copy_out};

#[derive(Clone, Debug)]
pub struct Last {
    bands: Bands,
    /// One matrix a group, its depth in the order of `segments` and the elements of a run.
    weights: Vec<PackedB>,
    /// Where the runs that a window reads begin, from its first pixel, in elements.
    segments: Vec<usize>,
    /// Elements of a run.
    len: usize,
    /// Where the window of each pixel of a band begins, in elements.
    starts: Vec<usize>,
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
        let start = |pixel: usize| {
            let (y, x) = (pixel / w.output[2], pixel % w.output[2]);
            (y * w.stride[1] * pitch.row + x * w.stride[2]) * geometry.in_channels
        };
        let pack = |group| PackedB::from_fn(filters, depth, element(group));
        Last {
            weights: (0..geometry.groups).map(pack).collect(),
            starts: (0..bands.rows * w.output[2]).map(start).collect(),
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
        let pixels = band.rows.len() * w.output[2];
        let filters = geometry.filters;
        let (mut start, mut tile) = ([0.0; TILE], [0.0; TILE]);
        for (group, weights) in self.weights.iter().enumerate() {
            let source = &source[group * geometry.group_inputs()..];
            for p in 0..weights.count() {
                let panel = weights.panel(p, 0..weights.k());
                let (width, columns) = (panel.width, panel.columns);
                let filter = group * geometry.group_filters() + p * WIDE;
                for row in start.chunks_mut(width).filter(|row| row.len() == width) {
                    row[..columns].copy_from_slice(&bias[filter..filter + columns]);
                }
                let rows = panel.tile_rows();
                for (i, starts) in self.starts[..pixels].chunks(rows).enumerate() {
                    let left = Left {
                        data: source,
                        rows: starts,
                        segments: &self.segments,
                        len: self.len,
                    };
                    accumulate(&start, &mut tile, left, panel.data, width);
                    let to = &mut output[i * rows * filters + filter..];
                    copy_out(&tile, width, starts.len(), columns, to, filters);
                }
            }
        }
    }
}
