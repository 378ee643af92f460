//! One number for all elements along some axes.
//!
//! An axis to reduce is the middle one of `[outer, len, inner]`. Sums are added up in `f64`, so that
//! their error does not grow with their length.

use rayon::prelude::*;

use super::simd::vectorized_with;
use super::worth_threads;

/// What becomes of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Their sum.
    Sum,
    /// Their sum over their number.
    Mean,
    /// The largest; NaN if any is.
    Max,
    /// The smallest; NaN if any is.
    Min,
}

/// Columns that are reduced together, and lanes along a row.
const LANES: usize = 32;

/// A way to join elements one by one.
#[derive(Clone, Copy)]
struct Fold<S, A, F> {
    start: S,
    /// Two accumulators, or one and an element made into one.
    join: A,
    /// An element as an accumulator.
    lift: fn(f32) -> S,
    finish: F,
}

/// Reduces the middle axis of `[outer, len, inner]`, `len` being at least 1; `output` is
/// `[outer, inner]`.
pub fn reduce(reduce: Reduce, input: &[f32], output: &mut [f32], [outer, len, inner]: [usize; 3]) {
    assert_eq!(input.len(), outer * len * inner, "[outer, len, inner]");
    assert_eq!(output.len(), outer * inner, "[outer, inner]");
    let shape = (len, inner);
    let scale = match reduce {
        Reduce::Mean => 1.0 / len as f64,
        _ => 1.0,
    };
    match reduce {
        Reduce::Sum | Reduce::Mean => {
            let fold = Fold {
                start: 0.0_f64,
                join: |sum: f64, x: f64| sum + x,
                lift: f64::from,
                finish: move |sum: f64| (sum * scale) as f32,
            };
            split(input, output, len, |place, out| {
                along(input, place, shape, out, fold)
            });
        }
        Reduce::Max => {
            let fold = Fold {
                start: f32::NEG_INFINITY,
                join: larger,
                lift: |x| x,
                finish: |x: f32| x,
            };
            split(input, output, len, |place, out| {
                along(input, place, shape, out, fold)
            });
        }
        Reduce::Min => {
            let fold = Fold {
                start: f32::INFINITY,
                join: |a: f32, b: f32| if b < a || b.is_nan() { b } else { a },
                lift: |x| x,
                finish: |x: f32| x,
            };
            split(input, output, len, |place, out| {
                along(input, place, shape, out, fold)
            });
        }
    }
}

/// Where along the middle axis of `[outer, len, inner]` the largest element is, the first of
/// equals; the first NaN if there is one. `output` is `[outer, inner]`.
pub fn arg_max(input: &[f32], output: &mut [i64], [outer, len, inner]: [usize; 3]) {
    assert_eq!(input.len(), outer * len * inner, "[outer, len, inner]");
    assert_eq!(output.len(), outer * inner, "[outer, inner]");
    let shape = (len, inner);
    split(input, output, len, |place, out| {
        vectorized_with((input, place, shape, out), first_largest);
    });
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a || b.is_nan() { b } else { a }
}

/// Computes pieces of `output` with `piece`, which is told the number of its first element; in
/// several threads where that is worth it.
fn split<T: Send>(
    input: &[f32],
    output: &mut [T],
    len: usize,
    piece: impl Fn(usize, &mut [T]) + Sync,
) {
    if worth_threads(input.len()) {
        let chunk = (1_usize << 14).div_ceil(len.max(1)).next_multiple_of(LANES);
        let pieces = output.par_chunks_mut(chunk).enumerate();
        pieces.for_each(|(at, out)| piece(at * chunk, out));
    } else {
        piece(0, output);
    }
}

/// Folds the elements behind each of `output`, the first of which is number `place`.
fn along<S: Copy, T>(
    input: &[f32],
    place: usize,
    shape: (usize, usize),
    output: &mut [T],
    fold: Fold<S, impl Fn(S, S) -> S + Copy, impl Fn(S) -> T + Copy>,
) {
    vectorized_with((input, place, shape, output, fold), fold_all);
}

type Work<'a, S, T, A, F> = (&'a [f32], usize, (usize, usize), &'a mut [T], Fold<S, A, F>);

#[inline(always)]
fn fold_all<S: Copy, T, A: Fn(S, S) -> S + Copy, F: Fn(S) -> T + Copy>(
    (input, mut place, (len, inner), mut output, fold): Work<S, T, A, F>,
) {
    while !output.is_empty() {
        let (block, column) = (place / inner, place % inner);
        let from = &input[block * len * inner..][..len * inner];
        let mut sums = [fold.start; LANES];
        if inner == 1 {
            for chunk in from.chunks(LANES) {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    *sum = (fold.join)(*sum, (fold.lift)(*x));
                }
            }
            let all = sums
                .iter()
                .fold(fold.start, |all, sum| (fold.join)(all, *sum));
            output[0] = (fold.finish)(all);
        } else {
            let columns = columns_here(inner, column, output.len());
            for row in from.chunks_exact(inner) {
                for (sum, x) in sums.iter_mut().zip(&row[column..column + columns]) {
                    *sum = (fold.join)(*sum, (fold.lift)(*x));
                }
            }
            for (y, sum) in output.iter_mut().zip(&sums[..columns]) {
                *y = (fold.finish)(*sum);
            }
        }
        let done = columns_here(inner, column, output.len());
        output = &mut output[done..];
        place += done;
    }
}

/// How many columns from `column` on are reduced together, where `left` results are wanted.
#[inline(always)]
fn columns_here(inner: usize, column: usize, left: usize) -> usize {
    LANES.min(inner - column).min(left)
}

#[inline(always)]
fn first_largest(
    (input, mut place, (len, inner), mut output): (&[f32], usize, (usize, usize), &mut [i64]),
) {
    while !output.is_empty() {
        let (block, column) = (place / inner, place % inner);
        let from = &input[block * len * inner..][..len * inner];
        let columns = columns_here(inner, column, output.len());
        if inner == 1 {
            let mut lanes = [f32::NEG_INFINITY; LANES];
            for chunk in from.chunks(LANES) {
                for (most, x) in lanes.iter_mut().zip(chunk) {
                    *most = larger(*most, *x);
                }
            }
            let most = lanes.iter().fold(f32::NEG_INFINITY, |a, b| larger(a, *b));
            let is_it = |x: &f32| *x == most || (most.is_nan() && x.is_nan());
            output[0] = from.iter().position(is_it).unwrap_or(0) as i64;
        } else {
            let mut most = [f32::NEG_INFINITY; LANES];
            most[..columns].copy_from_slice(&from[column..column + columns]);
            output[..columns].fill(0);
            for (at, row) in from.chunks_exact(inner).enumerate() {
                let row = &row[column..column + columns];
                for ((best, most), x) in output.iter_mut().zip(&mut most).zip(row) {
                    let better = *x > *most || (x.is_nan() && !most.is_nan());
                    *best = if better { at as i64 } else { *best };
                    *most = if better { *x } else { *most };
                }
            }
        }
        output = &mut output[columns..];
        place += columns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::Random;

    const SHAPES: [[usize; 3]; 8] = [
        [1, 1, 1],
        [1, 1000, 1],
        [7, 33, 1],
        [3, 5, 40],
        [1, 9, 100],
        [400, 200, 1],
        [2, 50, 900],
        [0, 3, 2],
    ];

    /// The elements behind each result.
    fn slices(input: &[f32], [outer, len, inner]: [usize; 3]) -> Vec<Vec<f32>> {
        let slice = |o: usize, i: usize| {
            let at = move |k: usize| input[(o * len + k) * inner + i];
            (0..len).map(at).collect()
        };
        let places = (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i)));
        places.map(|(o, i)| slice(o, i)).collect()
    }

    #[test]
    fn agree_with_their_definitions() {
        let mut random = Random::new(8);
        for shape in SHAPES {
            let input = random.floats(shape.iter().product());
            let mut out = vec![f32::NAN; shape[0] * shape[2]];
            let mut places = vec![-1; out.len()];
            let slices = slices(&input, shape);
            let f64s = |slice: &[f32]| slice.iter().map(|x| f64::from(*x)).sum::<f64>();
            reduce(Reduce::Sum, &input, &mut out, shape);
            for (got, slice) in out.iter().zip(&slices) {
                assert!((f64::from(*got) - f64s(slice)).abs() < 1e-5, "{shape:?}");
            }
            reduce(Reduce::Mean, &input, &mut out, shape);
            for (got, slice) in out.iter().zip(&slices) {
                let want = f64s(slice) / slice.len() as f64;
                assert!((f64::from(*got) - want).abs() < 1e-7, "{shape:?}");
            }
            reduce(Reduce::Max, &input, &mut out, shape);
            arg_max(&input, &mut places, shape);
            for ((got, at), slice) in out.iter().zip(&places).zip(&slices) {
                let want = slice.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                assert_eq!((*got, slice[*at as usize]), (want, want), "{shape:?}");
            }
            reduce(Reduce::Min, &input, &mut out, shape);
            for (got, slice) in out.iter().zip(&slices) {
                let want = slice.iter().copied().fold(f32::INFINITY, f32::min);
                assert_eq!(*got, want, "{shape:?}");
            }
        }
    }

    #[test]
    fn the_first_of_equals_and_the_first_not_a_number() {
        let nan = f32::NAN;
        for (input, place) in [
            ([1.0, 3.0, 3.0, 2.0], 1),
            ([nan, 3.0, nan, 2.0], 0),
            ([1.0, 3.0, nan, nan], 2),
            ([f32::NEG_INFINITY; 4], 0),
        ] {
            let mut out = [-1];
            arg_max(&input, &mut out, [1, 4, 1]);
            assert_eq!(out, [place], "{input:?}");
            let twice: Vec<f32> = input.iter().flat_map(|x| [*x, 0.5]).collect();
            let mut out = [-1; 2];
            arg_max(&twice, &mut out, [1, 4, 2]);
            assert_eq!(out, [place, 0], "{input:?}");
        }
    }

    #[test]
    fn not_a_number_wins_and_infinities_are_kept() {
        let of = |kind, input: &[f32]| {
            let mut out = [0.0];
            reduce(kind, input, &mut out, [1, input.len(), 1]);
            out[0]
        };
        for kind in [Reduce::Sum, Reduce::Mean, Reduce::Max, Reduce::Min] {
            assert!(of(kind, &[1.0, f32::NAN, 2.0]).is_nan());
        }
        assert_eq!(of(Reduce::Max, &[f32::NEG_INFINITY; 3]), f32::NEG_INFINITY);
        assert_eq!(of(Reduce::Min, &[f32::INFINITY, 1.0]), 1.0);
        assert_eq!(of(Reduce::Mean, &[3e38; 4]), 3e38);
    }

    #[test]
    fn long_sums_stay_exact() {
        let input = vec![0.1_f32; 1 << 20];
        let mut out = [0.0];
        reduce(Reduce::Sum, &input, &mut out, [1, 1 << 20, 1]);
        let want = f64::from(0.1_f32) * f64::from(1 << 20);
        assert!((f64::from(out[0]) / want - 1.0).abs() < 1e-7);
    }
}
