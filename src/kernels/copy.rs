//! Moving elements about.

use rayon::prelude::*;

use super::worth_threads;

/// Joins `parts`, each `[outer, axis_len, inner]` with its own `axis_len`, along the middle axis
/// into `out`.
pub fn concat<T: Copy + Send + Sync>(
    parts: &[(&[T], usize)],
    outer: usize,
    inner: usize,
    out: &mut [T],
) {
    let total: usize = parts.iter().map(|(_, len)| len * inner).sum();
    assert_eq!(
        out.len(),
        outer * total,
        "out is [outer, sum of axis_len, inner]"
    );
    for (part, len) in parts {
        assert_eq!(
            part.len(),
            outer * len * inner,
            "a part is [outer, axis_len, inner]"
        );
    }
    if out.is_empty() {
        return;
    }
    let row = |(o, mut row): (usize, &mut [T])| {
        for (part, len) in parts {
            let n = len * inner;
            let (now, later) = row.split_at_mut(n);
            now.copy_from_slice(&part[o * n..][..n]);
            row = later;
        }
    };
    if outer > 1 && worth_threads(out.len()) {
        let rows = out.par_chunks_exact_mut(total).enumerate();
        rows.with_min_len((1_usize << 14).div_ceil(total))
            .for_each(row);
    } else {
        out.chunks_exact_mut(total).enumerate().for_each(row);
    }
}

/// Transposes: axis `i` of `out` is axis `order[i]` of `input`, whose sizes are `shape`.
pub fn permute<T: Copy + Send + Sync>(
    input: &[T],
    shape: &[usize],
    order: &[usize],
    out: &mut [T],
) {
    assert_eq!(
        input.len(),
        shape.iter().product::<usize>(),
        "input has its shape"
    );
    assert_eq!(out.len(), input.len(), "out is as large as the input");
    assert_eq!(order.len(), shape.len(), "every axis once");
    let strides = strides(shape);
    let axes: Vec<_> = order
        .iter()
        .map(|axis| (shape[*axis], strides[*axis]))
        .collect();
    strided(input, 0, &axes, out);
}

/// The elements from one of an axis to the next, for each axis of a dense box of `shape`.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i];
    }
    strides
}

/// Fills `out`, whose axes have these (size, stride in `input`), from element `start` of `input` on.
/// A stride of 0 repeats.
pub fn strided<T: Copy + Send + Sync>(
    input: &[T],
    start: usize,
    sizes: &[(usize, usize)],
    out: &mut [T],
) {
    assert_eq!(
        out.len(),
        sizes.iter().map(|axis| axis.0).product::<usize>(),
        "out has its sizes"
    );
    if out.is_empty() {
        return;
    }
    // Outermost first; neighbours that stay neighbours are one axis.
    let mut axes: Vec<(usize, usize)> = Vec::with_capacity(sizes.len());
    for &(size, stride) in sizes.iter().filter(|axis| axis.0 != 1) {
        match axes.last_mut() {
            Some(outer) if outer.1 == size * stride => *outer = (outer.0 * size, stride),
            _ => axes.push((size, stride)),
        }
    }
    if axes.is_empty() {
        axes.push((1, 1));
    }
    let reach: usize = axes.iter().map(|(size, stride)| (size - 1) * stride).sum();
    assert!(start + reach < input.len(), "every element is there");
    let input = &input[start..];
    // Tasks divide the outermost axis, so that each writes one piece of the result.
    let (size, stride) = axes[0];
    let each = out.len() / size;
    let share = if worth_threads(out.len()) {
        size.div_ceil(rayon::current_num_threads() * 4).max(1)
    } else {
        size
    };
    let piece = |(task, to): (usize, &mut [T])| {
        let from = &input[task * share * stride..];
        let mut axes = axes.clone();
        axes[0].0 = to.len() / each;
        copy_box(from, &axes, to);
    };
    if share < size {
        out.par_chunks_mut(share * each).enumerate().for_each(piece);
    } else {
        piece((0, out));
    }
}

/// Side of the squares in which a matrix is transposed: their lines of input stay in the first-level
/// cache while they are read across.
const SQUARE: usize = 16;

/// Fills `out`, whose axes have these (sizes, strides in `input`), from `input`.
fn copy_box<T: Copy>(input: &[T], axes: &[(usize, usize)], out: &mut [T]) {
    let Some((&(row_len, step), outer)) = axes.split_last() else {
        return;
    };
    // Another axis along which the input is contiguous: with the innermost one, a transposition.
    let across = outer
        .iter()
        .position(|&(_, stride)| step > 1 && stride == 1);
    let Some(across) = across else {
        for (i, row) in out.chunks_exact_mut(row_len).enumerate() {
            let start = offset(i, outer, |_| false);
            match step {
                0 => row.fill(input[start]),
                1 => row.copy_from_slice(&input[start..start + row_len]),
                _ => {
                    let source = input[start..].iter().step_by(step);
                    row.iter_mut().zip(source).for_each(|(y, &x)| *y = x);
                }
            }
        }
        return;
    };
    let lines = outer[across].0;
    // From one line of the transposed matrix to the next, in the result.
    let pitch: usize = axes[across + 1..].iter().map(|axis| axis.0).product();
    let inner = pitch / row_len;
    for i in 0..out.len() / (lines * row_len) {
        let start = offset(i, outer, |axis| axis == across);
        // The axes around the skipped one, as a place in the result.
        let to = &mut out[i / inner * lines * pitch + i % inner * row_len..];
        for top in (0..lines).step_by(SQUARE) {
            for left in (0..row_len).step_by(SQUARE) {
                let width = (row_len - left).min(SQUARE);
                for line in top..(top + SQUARE).min(lines) {
                    let source = input[start + left * step + line..].iter().step_by(step);
                    let row = &mut to[line * pitch + left..][..width];
                    row.iter_mut().zip(source).for_each(|(y, &x)| *y = x);
                }
            }
        }
    }
}

/// Where element number `i` of a box lies, whose axes have these (sizes, strides), some skipped.
fn offset(i: usize, axes: &[(usize, usize)], skip: impl Fn(usize) -> bool) -> usize {
    let (mut rest, mut start) = (i, 0);
    for (axis, &(size, stride)) in axes.iter().enumerate().rev() {
        if !skip(axis) {
            start += rest % size * stride;
            rest /= size;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::Random;

    #[test]
    fn concat_keeps_every_part_in_its_place() {
        let mut random = Random::new(5);
        for (outer, inner, lens) in [
            (1, 1, vec![3]),
            (4, 2, vec![1, 0, 5]),
            (3, 700, vec![20, 30]),
            (70, 1000, vec![1, 2]),
            (0, 3, vec![1, 2]),
        ] {
            let total: usize = lens.iter().sum();
            let data: Vec<Vec<f32>> = lens
                .iter()
                .map(|l| random.floats(outer * l * inner))
                .collect();
            let parts: Vec<_> = data.iter().map(Vec::as_slice).zip(lens.clone()).collect();
            let mut out = vec![f32::NAN; outer * total * inner];
            concat(&parts, outer, inner, &mut out);
            for o in 0..outer {
                let mut axis = 0;
                for (part, len) in &parts {
                    for k in 0..*len {
                        for i in 0..inner {
                            let want = part[(o * len + k) * inner + i];
                            assert_eq!(out[(o * total + axis + k) * inner + i], want);
                        }
                    }
                    axis += len;
                }
            }
        }
    }

    #[test]
    fn permute_agrees_with_index_arithmetic() {
        let cases: &[(&[usize], &[usize])] = &[
            (&[], &[]),
            (&[5], &[0]),
            (&[3, 4], &[1, 0]),
            (&[2, 3, 4], &[0, 2, 1]),
            (&[2, 3, 4, 5], &[0, 3, 1, 2]),
            (&[2, 3, 4, 5], &[0, 1, 2, 3]),
            (&[2, 3, 1, 5], &[3, 2, 0, 1]),
            (&[2, 3, 4, 5, 2], &[4, 2, 0, 3, 1]),
            (&[60, 50, 40], &[2, 0, 1]),
            (&[60, 50, 40], &[1, 0, 2]),
            (&[0, 2], &[1, 0]),
        ];
        for &(shape, order) in cases {
            let input: Vec<i64> = (0..shape.iter().product::<usize>() as i64).collect();
            let mut out = vec![-1; input.len()];
            permute(&input, shape, order, &mut out);
            let mut at = vec![0; shape.len()];
            for &got in &out {
                // `at` is the index in the result; its input index is at the permuted axes.
                let mut index = vec![0; shape.len()];
                for (i, &axis) in order.iter().enumerate() {
                    index[axis] = at[i];
                }
                let flat = index.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + i);
                assert_eq!(got, flat as i64, "{shape:?} {order:?}");
                for i in (0..at.len()).rev() {
                    at[i] += 1;
                    if at[i] < shape[order[i]] {
                        break;
                    }
                    at[i] = 0;
                }
            }
        }
    }

    #[test]
    fn strided_boxes_agree_with_index_arithmetic() {
        let cases: &[(usize, &[(usize, usize)])] = &[
            (3, &[]),
            (2, &[(5, 1)]),
            (0, &[(4, 7)]),
            (1, &[(3, 20), (4, 2)]),
            (5, &[(3, 0), (4, 1)]),
            (5, &[(3, 1), (4, 0)]),
            (0, &[(2, 0), (3, 5), (4, 0), (5, 1)]),
            (7, &[(2, 100), (3, 1), (4, 10)]),
            (0, &[(300, 400), (300, 1)]),
            (3, &[(300, 1), (300, 0)]),
            (0, &[(2, 3), (0, 1)]),
        ];
        let input: Vec<i64> = (0..150_000).collect();
        for &(start, sizes) in cases {
            let mut out = vec![-1; sizes.iter().map(|axis| axis.0).product()];
            strided(&input, start, sizes, &mut out);
            for (i, &got) in out.iter().enumerate() {
                let (mut rest, mut at) = (i, start);
                for (size, stride) in sizes.iter().rev() {
                    at += rest % size * stride;
                    rest /= size;
                }
                assert_eq!(got, at as i64, "{sizes:?} at {i}");
            }
        }
    }
}
