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
    if out.is_empty() {
        return;
    }
    let mut strides = vec![1; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i];
    }
    // The result's axes, outermost first, as (size, stride in the input); neighbours that stay
    // neighbours are one axis.
    let mut axes: Vec<(usize, usize)> = Vec::with_capacity(shape.len());
    for &axis in order {
        let (size, stride) = (shape[axis], strides[axis]);
        if size == 1 {
            continue;
        }
        match axes.last_mut() {
            Some(outer) if outer.1 == size * stride => *outer = (outer.0 * size, stride),
            _ => axes.push((size, stride)),
        }
    }
    let (row_len, step) = axes.pop().unwrap_or((1, 1));
    let row = |(i, row): (usize, &mut [T])| {
        let (mut rest, mut start) = (i, 0);
        for &(size, stride) in axes.iter().rev() {
            start += rest % size * stride;
            rest /= size;
        }
        if step == 1 {
            row.copy_from_slice(&input[start..start + row_len]);
        } else {
            for (y, &x) in row.iter_mut().zip(input[start..].iter().step_by(step)) {
                *y = x;
            }
        }
    };
    if axes.is_empty() || !worth_threads(out.len()) {
        out.chunks_exact_mut(row_len).enumerate().for_each(row);
    } else {
        let rows = out.par_chunks_exact_mut(row_len).enumerate();
        rows.with_min_len((1_usize << 14).div_ceil(row_len))
            .for_each(row);
    }
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
}
