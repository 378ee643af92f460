//! Loops for AVX2 with FMA. The callers in `mod.rs` prove the features and the bounds.
#![allow(unsafe_code)] // Vector loads and stores go through pointers.

use std::arch::x86_64::{
    __m256, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_setzero_ps,
    _mm256_storeu_ps,
};
use std::array;

use super::{Left, TILE, WIDE};

/// Calls `f` where the compiler may use AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub fn call<A, R>(arguments: A, f: impl FnOnce(A) -> R) -> R {
    f(arguments)
}

/// # Safety
/// `left` lies inside of its data, `panel` holds `width` elements for each of its depth, and the
/// tiles hold `width` for each of its rows; `width` is 16 with at most 6 rows, or 8 with at most 8.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn accumulate(
    start: &[f32; TILE],
    tile: &mut [f32; TILE],
    left: Left,
    panel: &[f32],
    width: usize,
) {
    let (from, to, b) = (start.as_ptr(), tile.as_mut_ptr(), panel.as_ptr());
    // SAFETY: the caller's promise, passed on with the row count as a constant.
    unsafe {
        match (width, left.rows.len()) {
            (WIDE, 1) => tile_of::<1, 2>(from, to, left, b),
            (WIDE, 2) => tile_of::<2, 2>(from, to, left, b),
            (WIDE, 3) => tile_of::<3, 2>(from, to, left, b),
            (WIDE, 4) => tile_of::<4, 2>(from, to, left, b),
            (WIDE, 5) => tile_of::<5, 2>(from, to, left, b),
            (WIDE, 6) => tile_of::<6, 2>(from, to, left, b),
            (_, 1) => tile_of::<1, 1>(from, to, left, b),
            (_, 2) => tile_of::<2, 1>(from, to, left, b),
            (_, 3) => tile_of::<3, 1>(from, to, left, b),
            (_, 4) => tile_of::<4, 1>(from, to, left, b),
            (_, 5) => tile_of::<5, 1>(from, to, left, b),
            (_, 6) => tile_of::<6, 1>(from, to, left, b),
            (_, 7) => tile_of::<7, 1>(from, to, left, b),
            (_, 8) => tile_of::<8, 1>(from, to, left, b),
            _ => {}
        }
    }
}

/// A tile of `R` rows and `V` vectors across.
///
/// # Safety
/// `left` has `R` rows inside of its data; `start` and `tile` are valid for `R * V * 8` elements and `b` for
/// `V * 8` times the depth of `left`.
#[target_feature(enable = "avx2,fma")]
#[allow(clippy::needless_range_loop)] // One index, several arrays and pointers.
unsafe fn tile_of<const R: usize, const V: usize>(
    start: *const f32,
    tile: *mut f32,
    left: Left,
    mut b: *const f32,
) {
    let at = |r: usize, v: usize| (r * V + v) * 8;
    let Ok(rows) = <&[usize; R]>::try_from(left.rows) else {
        return;
    };
    // SAFETY: every offset is one that the caller promised: element `i` of a run that begins at
    // `segment` from `rows[r]` of the data, and `b` moves on by `V * 8` for each of them.
    unsafe {
        let mut sums: [[__m256; V]; R] =
            array::from_fn(|r| array::from_fn(|v| _mm256_loadu_ps(start.add(at(r, v)))));
        let row: [*const f32; R] = array::from_fn(|r| left.data.as_ptr().add(rows[r]));
        for &segment in left.segments {
            for i in segment..segment + left.len {
                let columns: [__m256; V] = array::from_fn(|v| _mm256_loadu_ps(b.add(v * 8)));
                for r in 0..R {
                    let x = _mm256_broadcast_ss(&*row[r].add(i));
                    for v in 0..V {
                        sums[r][v] = _mm256_fmadd_ps(x, columns[v], sums[r][v]);
                    }
                }
                b = b.add(V * 8);
            }
        }
        for (r, row) in sums.iter().enumerate() {
            for (v, sum) in row.iter().enumerate() {
                _mm256_storeu_ps(tile.add(at(r, v)), *sum);
            }
        }
    }
}

/// # Safety
/// `rows` is one or two times `k`; `panels` holds `k * 16` elements at each of four (two) multiples
/// of `stride`.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn accumulate_few(
    sums: &mut [f32; 4 * WIDE],
    rows: &[f32],
    k: usize,
    panels: &[f32],
    stride: usize,
) {
    // SAFETY: the caller's promise, passed on with the row count as a constant.
    unsafe {
        if rows.len() == k {
            few::<1, 4>(sums, rows, k, panels, stride);
        } else {
            few::<2, 2>(sums, rows, k, panels, stride);
        }
    }
}

/// `R` rows over `P` panels at once.
///
/// # Safety
/// As for [`accumulate_few`], and `R * P` is 4.
#[target_feature(enable = "avx2,fma")]
#[allow(clippy::needless_range_loop)] // One index, several arrays and pointers.
unsafe fn few<const R: usize, const P: usize>(
    sums: &mut [f32; 4 * WIDE],
    rows: &[f32],
    k: usize,
    panels: &[f32],
    stride: usize,
) {
    let to = sums.as_mut_ptr();
    let at = |r: usize, p: usize, v: usize| (r * P + p) * WIDE + v * 8;
    // SAFETY: `i < k` bounds the rows' elements; vector `i * 16 + v * 8` of a panel is among its
    // `k * 16` elements; `R * P * 16` elements are all of `sums`.
    unsafe {
        let mut total = [[[_mm256_setzero_ps(); 2]; P]; R];
        for r in 0..R {
            for p in 0..P {
                total[r][p] = array::from_fn(|v| _mm256_loadu_ps(to.add(at(r, p, v))));
            }
        }
        let a: [*const f32; R] = array::from_fn(|r| rows.as_ptr().add(r * k));
        let b: [*const f32; P] = array::from_fn(|p| panels.as_ptr().add(p * stride));
        for i in 0..k {
            let x: [__m256; R] = array::from_fn(|r| _mm256_broadcast_ss(&*a[r].add(i)));
            for p in 0..P {
                for v in 0..2 {
                    let column = _mm256_loadu_ps(b[p].add(i * WIDE + v * 8));
                    for r in 0..R {
                        total[r][p][v] = _mm256_fmadd_ps(x[r], column, total[r][p][v]);
                    }
                }
            }
        }
        for r in 0..R {
            for p in 0..P {
                for v in 0..2 {
                    _mm256_storeu_ps(to.add(at(r, p, v)), total[r][p][v]);
                }
            }
        }
    }
}
