//! Functions of one element, or of two that broadcast.

use rayon::prelude::*;

use super::simd::vectorized;
use super::{math, worth_threads};

/// Elements of one task.
const CHUNK: usize = 1 << 14;

/// Replaces every element `x` by `f(x)`.
pub fn map_in_place<T: Copy + Send + Sync>(data: &mut [T], f: impl Fn(T) -> T + Sync) {
    let run = |chunk: &mut [T]| {
        vectorized(|| {
            for x in chunk {
                *x = f(*x);
            }
        });
    };
    if worth_threads(data.len()) {
        data.par_chunks_mut(CHUNK).for_each(run);
    } else {
        run(data);
    }
}

/// `output[i] = f(input[i])`.
pub fn map<T: Copy + Sync, U: Send>(input: &[T], output: &mut [U], f: impl Fn(T) -> U + Sync) {
    assert_eq!(input.len(), output.len(), "one result an element");
    let run = |(from, to): (&[T], &mut [U])| {
        vectorized(|| {
            for (y, &x) in to.iter_mut().zip(from) {
                *y = f(x);
            }
        });
    };
    if worth_threads(input.len()) {
        let tasks = input.par_chunks(CHUNK).zip_eq(output.par_chunks_mut(CHUNK));
        tasks.for_each(run);
    } else {
        run((input, output));
    }
}

/// `max(x, 0)`; NaN stays NaN.
pub fn relu(data: &mut [f32]) {
    map_in_place(data, |x| if x < 0.0 { 0.0 } else { x });
}

/// `x` where it is positive, else `slope * x`.
pub fn leaky_relu(data: &mut [f32], slope: f32) {
    map_in_place(data, move |x| if x < 0.0 { slope * x } else { x });
}

/// The logistic function, see [`math::sigmoid`].
pub fn sigmoid(data: &mut [f32]) {
    map_in_place(data, math::sigmoid);
}

/// The hyperbolic tangent, see [`math::tanh`].
pub fn tanh(data: &mut [f32]) {
    map_in_place(data, math::tanh);
}

/// `e^x`, see [`math::exp`].
pub fn exp(data: &mut [f32]) {
    map_in_place(data, math::exp);
}

/// `ln x`, see [`math::ln`].
pub fn ln(data: &mut [f32]) {
    map_in_place(data, math::ln);
}

/// `x * scale + offset`.
pub fn rescale(data: &mut [f32], scale: f32, offset: f32) {
    map_in_place(data, move |x| x * scale + offset);
}

/// `x` limited to `min..=max`; NaN stays NaN.
pub fn clamp(data: &mut [f32], min: f32, max: f32) {
    map_in_place(data, move |x| {
        let x = if x < min { min } else { x };
        if x > max { max } else { x }
    });
}

/// One axis of a broadcast: its size and the two operands' strides along it, 0 where repeated.
#[derive(Clone, Copy, Debug)]
struct Axis {
    size: usize,
    a: usize,
    b: usize,
}

/// The axes of `out_shape` with the strides of two dense operands, those of size 1 left out and
/// neighbours merged where both operands allow it: the same shape is one axis.
fn broadcast_axes(a_shape: &[usize], b_shape: &[usize], out_shape: &[usize]) -> Vec<Axis> {
    let rank = out_shape.len();
    assert!(
        a_shape.len() <= rank && b_shape.len() <= rank,
        "ranks only grow"
    );
    // The size of axis `i` of the result in an operand, 1 where it has none.
    let size = |shape: &[usize], i: usize| {
        (i + shape.len())
            .checked_sub(rank)
            .map_or(1, |axis| shape[axis])
    };
    let mut axes: Vec<Axis> = Vec::with_capacity(rank); // innermost first
    let (mut a_stride, mut b_stride) = (1, 1);
    for i in (0..rank).rev() {
        let (n, a, b) = (out_shape[i], size(a_shape, i), size(b_shape, i));
        assert!((a == n || a == 1) && (b == n || b == 1), "shapes broadcast");
        if n != 1 {
            let axis = Axis {
                size: n,
                a: if a == 1 { 0 } else { a_stride },
                b: if b == 1 { 0 } else { b_stride },
            };
            match axes.last_mut() {
                Some(inner) if axis.a == inner.a * inner.size && axis.b == inner.b * inner.size => {
                    inner.size *= n;
                }
                _ => axes.push(axis),
            }
        }
        a_stride *= a;
        b_stride *= b;
    }
    axes.reverse();
    axes
}

/// `out = f(a, b)` with NumPy's broadcasting: shapes are aligned at the last axis, and an axis of
/// size 1 repeats. `out_shape` is the broadcast shape, or any that both broadcast to.
pub fn binary<T: Copy + Sync, U: Send>(
    a: &[T],
    a_shape: &[usize],
    b: &[T],
    b_shape: &[usize],
    out: &mut [U],
    out_shape: &[usize],
    f: impl Fn(T, T) -> U + Sync,
) {
    let count = |shape: &[usize]| shape.iter().product::<usize>();
    assert_eq!(a.len(), count(a_shape), "`a` has its shape's elements");
    assert_eq!(b.len(), count(b_shape), "`b` has its shape's elements");
    assert_eq!(
        out.len(),
        count(out_shape),
        "`out` has its shape's elements"
    );
    if out.is_empty() {
        return;
    }
    let mut axes = broadcast_axes(a_shape, b_shape, out_shape);
    let inner = axes.pop().unwrap_or(Axis {
        size: 1,
        a: 0,
        b: 0,
    });

    // Computes a piece of one innermost row whose operands start at `x` and `y`.
    let row = |to: &mut [U], x: usize, y: usize| {
        let n = to.len();
        match (inner.a, inner.b) {
            (0, 0) => to.iter_mut().for_each(|o| *o = f(a[x], b[y])),
            (0, _) => {
                let left = a[x];
                to.iter_mut()
                    .zip(&b[y..y + n])
                    .for_each(|(o, &r)| *o = f(left, r));
            }
            (_, 0) => {
                let right = b[y];
                to.iter_mut()
                    .zip(&a[x..x + n])
                    .for_each(|(o, &l)| *o = f(l, right));
            }
            _ => to
                .iter_mut()
                .zip(a[x..x + n].iter().zip(&b[y..y + n]))
                .for_each(|(o, (&l, &r))| *o = f(l, r)),
        }
    };
    // Computes consecutive elements of the result, the first of which is number `start`.
    let run = |mut to: &mut [U], start: usize| {
        vectorized(|| {
            let (mut outer, mut skip) = (start / inner.size, start % inner.size);
            while !to.is_empty() {
                let (mut x, mut y, mut rest) = (skip * inner.a, skip * inner.b, outer);
                for axis in axes.iter().rev() {
                    let at = rest % axis.size;
                    rest /= axis.size;
                    x += at * axis.a;
                    y += at * axis.b;
                }
                let n = (inner.size - skip).min(to.len());
                let (now, later) = std::mem::take(&mut to).split_at_mut(n);
                row(now, x, y);
                to = later;
                (outer, skip) = (outer + 1, 0);
            }
        });
    };
    if worth_threads(out.len()) {
        out.par_chunks_mut(CHUNK)
            .enumerate()
            .for_each(|(i, chunk)| run(chunk, i * CHUNK));
    } else {
        run(out, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, broadcast_index};

    #[test]
    fn maps_agree_with_their_function_on_either_side_of_the_threshold() {
        let mut random = Random::new(1);
        for n in [0, 1, 7, 1000, (1 << 16) + 5] {
            let data = random.floats(n);
            let mut got = data.clone();
            relu(&mut got);
            assert!(got.iter().zip(&data).all(|(y, x)| *y == x.max(0.0)));
            rescale(&mut got, 2.0, 1.0);
            assert!(
                got.iter()
                    .zip(&data)
                    .all(|(y, x)| *y == x.max(0.0) * 2.0 + 1.0)
            );
            let mut got = data.clone();
            leaky_relu(&mut got, 0.1);
            clamp(&mut got, -0.05, 0.5);
            let want = |x: f32| if x < 0.0 { 0.1 * x } else { x }.clamp(-0.05, 0.5);
            assert!(got.iter().zip(&data).all(|(y, x)| *y == want(*x)));
            let mut signs = vec![false; n];
            map(&data, &mut signs, |x| x < 0.0);
            assert!(signs.iter().zip(&data).all(|(y, x)| *y == (*x < 0.0)));
            let mut got = data.clone();
            tanh(&mut got);
            assert!(
                got.iter()
                    .zip(&data)
                    .all(|(y, x)| (y - x.tanh()).abs() < 1e-6)
            );
            let mut got = data.clone();
            exp(&mut got);
            assert!(
                got.iter()
                    .zip(&data)
                    .all(|(y, x)| (y - x.exp()).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn not_a_number_survives() {
        let mut data = [f32::NAN];
        relu(&mut data);
        leaky_relu(&mut data, 0.1);
        clamp(&mut data, 0.0, 1.0);
        sigmoid(&mut data);
        assert!(data[0].is_nan());
    }

    #[test]
    fn broadcasts_as_numpy_does() {
        let shapes: &[(&[usize], &[usize], &[usize])] = &[
            (&[2, 3], &[2, 3], &[2, 3]),
            (&[], &[], &[]),
            (&[4, 5, 6], &[], &[4, 5, 6]),
            (&[], &[4, 5], &[4, 5]),
            (&[4, 5, 6], &[6], &[4, 5, 6]),
            (&[4, 5, 6], &[5, 1], &[4, 5, 6]),
            (&[4, 1, 6], &[1, 5, 1], &[4, 5, 6]),
            (&[1, 3, 1, 2], &[4, 1, 5, 1], &[4, 3, 5, 2]),
            (&[1], &[1], &[3, 2]),
            (&[0, 3], &[3], &[0, 3]),
            (&[70, 1, 33], &[70, 50, 1], &[70, 50, 33]),
            (&[300, 300], &[300, 1], &[300, 300]),
        ];
        let mut random = Random::new(2);
        for &(a_shape, b_shape, out_shape) in shapes {
            let a = random.floats(a_shape.iter().product());
            let b = random.floats(b_shape.iter().product());
            let mut out = vec![0.0; out_shape.iter().product()];
            binary(&a, a_shape, &b, b_shape, &mut out, out_shape, |x, y| x - y);
            for (i, got) in out.iter().enumerate() {
                let x = a[broadcast_index(i, out_shape, a_shape)];
                let y = b[broadcast_index(i, out_shape, b_shape)];
                assert_eq!(*got, x - y, "{a_shape:?} {b_shape:?} at {i}");
            }
        }
    }

    #[test]
    fn integers_broadcast_too() {
        let mut out = [0_i64; 4];
        binary(
            &[1, 2],
            &[2, 1],
            &[10, 20],
            &[2],
            &mut out,
            &[2, 2],
            |x, y| x + y,
        );
        assert_eq!(out, [11, 21, 12, 22]);
    }
}
