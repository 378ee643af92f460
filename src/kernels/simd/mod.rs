//! The one place that chooses instructions, and the loops at the heart of every matrix product.
//!
//! A *panel* is `k` rows of [`WIDE`] or [`NARROW`] neighbouring columns of a matrix, row by row. A
//! *tile* is a small block of the result whose elements stay in registers while a panel goes by.
#![allow(unsafe_code)] // Calling functions compiled for features that were just detected.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

/// Columns of a full panel.
pub const WIDE: usize = 16;
/// Columns of a panel that holds what is left over, where that is little.
pub const NARROW: usize = 8;
/// Rows of a tile as wide as a full panel: twelve sums, two columns' vectors and one broadcast fit
/// sixteen registers.
pub const WIDE_ROWS: usize = 6;
/// Rows of a tile as wide as a narrow panel: eight sums hide the latency of a multiply-add.
pub const NARROW_ROWS: usize = 8;
/// Elements of the largest tile.
pub const TILE: usize = WIDE * WIDE_ROWS;

/// Whether the processor has AVX2 and FMA. The standard library caches the answer.
#[cfg(target_arch = "x86_64")]
#[inline]
pub fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Runs `f` compiled for the widest vectors that the processor has: plain loops inside of it are
/// vectorised accordingly. The arithmetic is the same, so are the results. For a closure small
/// enough that the compiler surely inlines it; else see [`vectorized_with`].
#[inline]
pub fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    vectorized_with(f, |f| f())
}

/// [`vectorized`] for a function of any size, which must be marked `#[inline(always)]` (as a closure
/// cannot be): only what is inlined is compiled for the processor.
#[inline]
pub fn vectorized_with<A, R>(arguments: A, f: impl FnOnce(A) -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: `has_avx2` just found the features that the function is compiled for.
        return unsafe { avx2::call(arguments, f) };
    }
    f(arguments)
}

/// Copies the first `columns` elements, at most [`WIDE`], of each of `rows` rows of a tile `width`
/// wide to `to`, where a row begins every `pitch` elements. Every length has its own few moves: a
/// call to copy six floats takes longer than computing them.
#[inline]
pub fn copy_out(
    tile: &[f32; TILE],
    width: usize,
    rows: usize,
    columns: usize,
    to: &mut [f32],
    pitch: usize,
) {
    #[inline(always)]
    fn copy<const N: usize>(
        tile: &[f32; TILE],
        width: usize,
        rows: usize,
        to: &mut [f32],
        pitch: usize,
    ) {
        for r in 0..rows {
            to[r * pitch..][..N].copy_from_slice(&tile[r * width..][..N]);
        }
    }
    match columns {
        1 => copy::<1>(tile, width, rows, to, pitch),
        2 => copy::<2>(tile, width, rows, to, pitch),
        3 => copy::<3>(tile, width, rows, to, pitch),
        4 => copy::<4>(tile, width, rows, to, pitch),
        5 => copy::<5>(tile, width, rows, to, pitch),
        6 => copy::<6>(tile, width, rows, to, pitch),
        7 => copy::<7>(tile, width, rows, to, pitch),
        8 => copy::<8>(tile, width, rows, to, pitch),
        9 => copy::<9>(tile, width, rows, to, pitch),
        10 => copy::<10>(tile, width, rows, to, pitch),
        11 => copy::<11>(tile, width, rows, to, pitch),
        12 => copy::<12>(tile, width, rows, to, pitch),
        13 => copy::<13>(tile, width, rows, to, pitch),
        14 => copy::<14>(tile, width, rows, to, pitch),
        15 => copy::<15>(tile, width, rows, to, pitch),
        _ => copy::<WIDE>(tile, width, rows, to, pitch),
    }
}

/// The left operand of a tile: row `r` begins at `rows[r]` of `data`, and its elements are the runs
/// of `len` that begin at each of `segments` from there. A row of a plain matrix is one segment; the
/// pixels under a convolution's window are one for each row of its kernel.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// Where the elements are.
    pub data: &'a [f32],
    /// Where each row begins.
    pub rows: &'a [usize],
    /// Offsets of the runs.
    pub segments: &'a [usize],
    /// Elements of a run.
    pub len: usize,
}

impl Left<'_> {
    /// Elements of a row; panics if one would lie outside of the data.
    fn checked_depth(&self) -> usize {
        let largest = |offsets: &[usize]| offsets.iter().copied().max();
        let depth = self.segments.len() * self.len;
        if let (Some(row), Some(segment)) = (largest(self.rows), largest(self.segments)) {
            let end = row.saturating_add(segment).saturating_add(self.len);
            assert!(
                end <= self.data.len(),
                "the left operand lies inside of its data"
            );
        }
        depth
    }
}

/// Computes the tile `start + left · panel`, whose rows are `width` wide: [`WIDE`] with at most
/// [`WIDE_ROWS`] rows, or [`NARROW`] with at most [`NARROW_ROWS`]. Each element is summed in the
/// order of `k`; elements beyond the last row stay.
#[inline]
pub fn accumulate(
    start: &[f32; TILE],
    tile: &mut [f32; TILE],
    left: Left,
    panel: &[f32],
    width: usize,
) {
    let depth = left.checked_depth();
    assert!(
        panel.len() >= depth * width,
        "the panel is as deep as the left operand"
    );
    let rows = left.rows.len();
    assert!(
        rows <= if width == WIDE {
            WIDE_ROWS
        } else {
            NARROW_ROWS
        }
    );
    assert!(width == WIDE || width == NARROW);
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the features were just found. `checked_depth` and the assertions above bound
        // every access: rows × width elements of either tile (at most 96 and 64 of its 96), depth ×
        // width of the panel, and the left operand's runs.
        unsafe { avx2::accumulate(start, tile, left, panel, width) };
        return;
    }
    portable::accumulate(start, tile, left, panel, width);
}

/// Adds `rows · panels` to `sums` for one or two rows: too few to hide the latency of a multiply-add
/// over one panel, so several wide panels, `stride` elements apart in `panels`, go by at once: four
/// for one row, two for two. `sums` is row by row, `rows.len() / k` rows of the panels' columns.
#[inline]
pub fn accumulate_few(
    sums: &mut [f32; 4 * WIDE],
    rows: &[f32],
    k: usize,
    panels: &[f32],
    stride: usize,
) {
    let count = if rows.len() == k { 1 } else { 2 };
    assert_eq!(rows.len(), count * k, "one or two rows");
    let last = (4 / count - 1) * stride;
    assert!(
        panels.len() >= last + k * WIDE,
        "panels as deep as the rows"
    );
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the features were just found, and the assertions above bound every access: `k`
        // elements of each row and `k * WIDE` of each panel, the last of which begins at `last`.
        unsafe { avx2::accumulate_few(sums, rows, k, panels, stride) };
        return;
    }
    portable::accumulate_few(sums, rows, k, panels, stride);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, assert_close};

    #[test]
    fn every_tile_agrees_with_the_portable_one() {
        let mut random = Random::new(6);
        for (width, most) in [(WIDE, WIDE_ROWS), (NARROW, NARROW_ROWS)] {
            for rows in 1..=most {
                for (segments, len) in [
                    (vec![0], 1),
                    (vec![0, 40, 9], 7),
                    (vec![5], 30),
                    (vec![], 3),
                ] {
                    let data = random.floats(300);
                    let starts: Vec<usize> = (0..rows).map(|_| random.size(0, 200)).collect();
                    let panel = random.floats(segments.len() * len * width);
                    let left = Left {
                        data: &data,
                        rows: &starts,
                        segments: &segments,
                        len,
                    };
                    let mut got = [0.5; TILE];
                    accumulate(&[0.5; TILE], &mut got, left, &panel, width);
                    let mut want = [0.5; TILE];
                    portable::accumulate(&[0.5; TILE], &mut want, left, &panel, width);
                    assert_close(&got, &want, 1e-5, "tile");
                    assert_eq!(got[rows * width..], [0.5; TILE][rows * width..]);
                }
            }
        }
    }

    #[test]
    fn few_rows_agree_with_tiles() {
        let mut random = Random::new(7);
        for count in [1, 2] {
            for k in [1, 2, 33] {
                let stride = k * WIDE;
                let rows = random.floats(count * k);
                let panels = random.floats(4 / count * stride);
                let mut got = [0.25; 4 * WIDE];
                accumulate_few(&mut got, &rows, k, &panels, stride);
                let mut portable = [0.25; 4 * WIDE];
                portable::accumulate_few(&mut portable, &rows, k, &panels, stride);
                assert_close(&got, &portable, 1e-5, "few rows");
                for (p, panel) in panels.chunks(stride).enumerate() {
                    for r in 0..count {
                        let mut tile = [0.25; TILE];
                        let left = Left {
                            data: &rows,
                            rows: &[r * k],
                            segments: &[0],
                            len: k,
                        };
                        accumulate(&[0.25; TILE], &mut tile, left, panel, WIDE);
                        let at = (r * (4 / count) + p) * WIDE;
                        assert_eq!(got[at..at + WIDE], tile[..WIDE], "the same bits");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "lies inside")]
    fn a_left_operand_beyond_its_data_is_refused() {
        let left = Left {
            data: &[0.0; 8],
            rows: &[0, 3],
            segments: &[2],
            len: 4,
        };
        accumulate(&[0.0; TILE], &mut [0.0; TILE], left, &[0.0; 64], WIDE);
    }
}
