//! Matrix products with one operand packed ahead of time.

use std::ops::Range;

use rayon::prelude::*;

use super::simd::{
    Left, NARROW, NARROW_ROWS, TILE, WIDE, WIDE_ROWS, accumulate, accumulate_few, copy_out,
};
use super::worth_threads;

/// Depth of a block: a panel this deep and a tile's rows fit the first-level cache together.
const DEPTH: usize = 256;
/// Rows of a block: this many, [`DEPTH`] deep, fit the second-level cache. A multiple of both tiles'
/// rows.
const ROWS: usize = 240;

/// A matrix `[k, n]`, packed into panels of neighbouring columns once for many products. The last
/// panel may be narrow; missing columns are zeros.
#[derive(Clone, Debug)]
pub struct PackedB {
    n: usize,
    k: usize,
    panels: Vec<f32>,
}

impl PackedB {
    /// Packs `weight`, `[n, k]` row-major: one row an output feature.
    pub fn from_rows(weight: &[f32], n: usize, k: usize) -> PackedB {
        assert_eq!(weight.len(), n * k, "weight is [n, k]");
        PackedB::from_fn(n, k, |column, depth| weight[column * k + depth])
    }

    /// Packs the matrix whose element in `column` at `depth` is `element(column, depth)`.
    pub fn from_fn(n: usize, k: usize, element: impl Fn(usize, usize) -> f32) -> PackedB {
        let mut packed = PackedB::empty();
        packed.refill(n, k, element);
        packed
    }

    /// A matrix without elements, to be filled later.
    pub fn empty() -> PackedB {
        PackedB {
            n: 0,
            k: 0,
            panels: Vec::new(),
        }
    }

    /// Packs another matrix in place of this one, as [`PackedB::from_fn`] does, in the memory that
    /// is there if it is enough.
    pub fn refill(&mut self, n: usize, k: usize, element: impl Fn(usize, usize) -> f32) {
        (self.n, self.k) = (n, k);
        self.panels.clear();
        self.panels.reserve(n.div_ceil(NARROW) * NARROW * k);
        for first in (0..n).step_by(WIDE) {
            let width = panel_width(n - first);
            for depth in 0..k {
                let column = |c: usize| if c < n { element(c, depth) } else { 0.0 };
                self.panels.extend((first..first + width).map(column));
            }
        }
    }

    /// Columns: output features.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Depth: input features.
    pub fn k(&self) -> usize {
        self.k
    }

    /// How many panels there are; panel `p` begins at column `p * WIDE`.
    pub(super) fn count(&self) -> usize {
        self.n.div_ceil(WIDE)
    }

    /// Panel `p` between two depths, with its width and how many of its columns are real.
    pub(super) fn panel(&self, p: usize, depth: Range<usize>) -> Panel<'_> {
        let columns = (self.n - p * WIDE).min(WIDE);
        let width = panel_width(columns);
        let start = p * WIDE * self.k;
        Panel {
            data: &self.panels[start + depth.start * width..start + depth.end * width],
            width,
            columns,
        }
    }
}

/// A piece of a packed matrix.
pub(super) struct Panel<'a> {
    pub data: &'a [f32],
    pub width: usize,
    pub columns: usize,
}

impl Panel<'_> {
    /// Rows of the tiles that go with it.
    pub fn tile_rows(&self) -> usize {
        tile_rows(self.width)
    }
}

/// The width of the panel that holds `columns` columns.
pub(super) fn panel_width(columns: usize) -> usize {
    if columns <= NARROW { NARROW } else { WIDE }
}

/// Rows of a tile over a panel `width` wide.
pub(super) fn tile_rows(width: usize) -> usize {
    if width == WIDE {
        WIDE_ROWS
    } else {
        NARROW_ROWS
    }
}

/// `output[m, n] = input[m, k] · weightᵀ + bias`, `m` being what `output` holds; `bias` is `[n]`.
/// Sums are `f32`, in the order of `k`.
pub fn linear(input: &[f32], weight: &PackedB, bias: Option<&[f32]>, output: &mut [f32]) {
    let (n, k) = (weight.n, weight.k);
    if output.is_empty() {
        return;
    }
    let m = output.len() / n;
    assert_eq!(output.len(), m * n, "output is [m, n]");
    assert_eq!(input.len(), m * k, "input is [m, k]");
    assert!(bias.is_none_or(|b| b.len() == n), "bias is [n]");
    let all = 0..weight.count();
    let threads = rayon::current_num_threads();
    if !worth_threads((m * n).saturating_mul(k) / 10) {
        return block(input, weight, bias, &all, output);
    }
    if m >= threads * 4 * WIDE_ROWS {
        // Even pieces of at most ROWS rows, several a thread, so that a late one can be helped.
        let pieces = m.div_ceil(ROWS).max(threads * 2);
        let rows = m.div_ceil(pieces).next_multiple_of(WIDE_ROWS);
        let pieces = output
            .par_chunks_mut(rows * n)
            .zip_eq(input.par_chunks((rows * k).max(1)));
        pieces.for_each(|(to, from)| block(from, weight, bias, &all, to));
        return;
    }
    // Few rows: the weights are what there is to read, so they are what is divided. Each task has a
    // block of columns of its own, put in place afterwards.
    let share = all.len().div_ceil(threads * 2).next_multiple_of(4);
    let parts: Vec<(usize, Vec<f32>)> = (0..all.len().div_ceil(share))
        .into_par_iter()
        .map(|task| {
            let panels = task * share..((task + 1) * share).min(all.len());
            let columns = (panels.end * WIDE).min(n) - panels.start * WIDE;
            let mut part = vec![0.0; m * columns];
            block(input, weight, bias, &panels, &mut part);
            (columns, part)
        })
        .collect();
    for (i, row) in output.chunks_exact_mut(n).enumerate() {
        let mut rest = row;
        for (columns, part) in &parts {
            let (now, later) = rest.split_at_mut(*columns);
            now.copy_from_slice(&part[i * columns..][..*columns]);
            rest = later;
        }
    }
}

/// The columns of `panels` for every row of `input`, into a dense `output`.
fn block(
    input: &[f32],
    weight: &PackedB,
    bias: Option<&[f32]>,
    panels: &Range<usize>,
    output: &mut [f32],
) {
    let first = panels.start * WIDE;
    let n = (panels.end * WIDE).min(weight.n) - first;
    let m = output.len() / n;
    for row in output.chunks_exact_mut(n) {
        match bias {
            Some(bias) => row.copy_from_slice(&bias[first..first + n]),
            None => row.fill(0.0),
        }
    }
    if m <= 2 {
        return few_rows(input, weight, panels, output);
    }
    let k = weight.k;
    let mut starts = [0; NARROW_ROWS];
    for rows in (0..m).step_by(ROWS) {
        let rows = rows..(rows + ROWS).min(m);
        for depth in (0..k).step_by(DEPTH) {
            let depth = depth..(depth + DEPTH).min(k);
            for p in panels.clone() {
                let panel = weight.panel(p, depth.clone());
                let column = p * WIDE - first;
                for top in rows.clone().step_by(panel.tile_rows()) {
                    let count = panel.tile_rows().min(rows.end - top);
                    for (r, start) in starts.iter_mut().enumerate() {
                        *start = (top + r) * k + depth.start;
                    }
                    let left = Left {
                        data: input,
                        rows: &starts[..count],
                        segments: &[0],
                        len: depth.len(),
                    };
                    add_tile(left, &panel, &mut output[top * n + column..], n);
                }
            }
        }
    }
}

/// Adds `left · panel` to the block of `output` that begins with it and has a row every `n`.
fn add_tile(left: Left, panel: &Panel, output: &mut [f32], n: usize) {
    let (mut start, mut tile) = ([0.0; TILE], [0.0; TILE]);
    let (width, columns) = (panel.width, panel.columns);
    for (r, row) in start.chunks_mut(width).take(left.rows.len()).enumerate() {
        match output.get(r * n..r * n + WIDE) {
            Some(from) if columns == WIDE => row.copy_from_slice(from),
            _ => row[..columns].copy_from_slice(&output[r * n..][..columns]),
        }
    }
    accumulate(&start, &mut tile, left, panel.data, width);
    copy_out(&tile, width, left.rows.len(), columns, output, n);
}

/// [`block`] for one or two rows: several panels at once.
fn few_rows(input: &[f32], weight: &PackedB, panels: &Range<usize>, output: &mut [f32]) {
    let k = weight.k;
    if k == 0 {
        return;
    }
    let m = input.len() / k;
    let n = output.len() / m;
    let across = 4 / m;
    let mut p = panels.start;
    while p < panels.end {
        let column = (p - panels.start) * WIDE;
        // All of the panels at once must be wide.
        let wide = (p + across) * WIDE <= weight.n.next_multiple_of(WIDE)
            && p + across <= panels.end
            && panel_width(weight.n - (p + across - 1) * WIDE) == WIDE;
        if wide {
            let columns = (across * WIDE).min(n - column);
            let mut sums = [0.0; 4 * WIDE];
            for (row, sums) in output
                .chunks_exact(n)
                .zip(sums.chunks_exact_mut(across * WIDE))
            {
                sums[..columns].copy_from_slice(&row[column..column + columns]);
            }
            let data = &weight.panels[p * WIDE * k..(p + across) * WIDE * k];
            accumulate_few(&mut sums, input, k, data, WIDE * k);
            for (row, sums) in output
                .chunks_exact_mut(n)
                .zip(sums.chunks_exact(across * WIDE))
            {
                row[column..column + columns].copy_from_slice(&sums[..columns]);
            }
            p += across;
        } else {
            let panel = weight.panel(p, 0..k);
            let left = Left {
                data: input,
                rows: &[0, k][..m],
                segments: &[0],
                len: k,
            };
            add_tile(left, &panel, &mut output[column..], n);
            p += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{self, Random, assert_close};

    #[test]
    fn agrees_with_the_triple_loop() {
        let mut random = Random::new(8);
        let mut sizes = vec![
            (1, 1, 1),
            (1, 64, 5),
            (2, 130, 300),
            (1, 2000, 400),
            (3, 1500, 300),
            (100, 70, 300),
            (300, 20, 513),
            (5, 7, 0),
            (0, 7, 3),
        ];
        sizes.extend((0..60).map(|_| (random.size(1, 20), random.size(1, 90), random.size(1, 40))));
        for (m, n, k) in sizes {
            let (input, weight, bias) =
                (random.floats(m * k), random.floats(n * k), random.floats(n));
            let packed = PackedB::from_rows(&weight, n, k);
            for bias in [None, Some(bias.as_slice())] {
                let mut output = vec![f32::NAN; m * n];
                linear(&input, &packed, bias, &mut output);
                let want = reference::linear(&input, &weight, bias, [m, n, k]);
                assert_close(&output, &want, 1e-4, &format!("{m} × {n} × {k}"));
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let mut random = Random::new(9);
        for (m, n, k) in [(2, 900, 700), (7, 300, 600), (200, 90, 300)] {
            let (input, weight) = (random.floats(m * k), random.floats(n * k));
            let packed = PackedB::from_rows(&weight, n, k);
            let with = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                let mut output = vec![f32::NAN; m * n];
                pool.install(|| linear(&input, &packed, None, &mut output));
                output
            };
            let one = with(1);
            assert_eq!(one, with(2));
            assert_eq!(one, with(5));
        }
    }
}
