//! Products of two matrices that are both computed, one pair after the other.

use std::sync::Mutex;

use rayon::prelude::*;

use super::gemm::{PackedB, linear};
use super::worth_threads;

/// `[m, k] · [k, n]` for each of some pairs of matrices.
#[derive(Debug)]
pub struct MatMul {
    rows: usize,
    depth: usize,
    columns: usize,
    /// For each product, which matrix of the left and which of the right operand.
    pairs: Vec<(usize, usize)>,
    /// One for each task: the right matrix, packed. They keep their memory from run to run.
    packed: Vec<Mutex<PackedB>>,
}

impl MatMul {
    /// Products of `[rows, depth]` and `[depth, columns]`; `pairs` names the matrices of each.
    pub fn new([rows, depth, columns]: [usize; 3], mut pairs: Vec<(usize, usize)>) -> MatMul {
        let mut rows = rows;
        // The left matrices in their order and one on the right: they are one tall matrix.
        let one = pairs
            .iter()
            .enumerate()
            .all(|(at, pair)| *pair == (at, pairs[0].1));
        if one && pairs.len() > 1 {
            rows *= pairs.len();
            pairs.truncate(1);
        }
        let tasks = (2 * rayon::current_num_threads()).clamp(1, pairs.len().max(1));
        let empty = || Mutex::new(PackedB::empty());
        MatMul {
            rows,
            depth,
            columns,
            pairs,
            packed: std::iter::repeat_with(empty).take(tasks).collect(),
        }
    }

    /// Computes the products one after the other, each `[rows, columns]`. Sums are `f32`, in the
    /// order of the depth.
    pub fn run(&self, left: &[f32], right: &[f32], output: &mut [f32]) {
        let (m, k, n) = (self.rows, self.depth, self.columns);
        assert_eq!(
            output.len(),
            self.pairs.len() * m * n,
            "a product for each pair"
        );
        if output.is_empty() {
            return;
        }
        let several = |packed: &Mutex<PackedB>, pairs: &[(usize, usize)], to: &mut [f32]| {
            // Whatever a panic elsewhere has left in it is overwritten.
            let mut packed = packed
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let mut ready = None;
            for ((a, b), to) in pairs.iter().zip(to.chunks_exact_mut(m * n)) {
                if ready != Some(b) {
                    let matrix = &right[b * k * n..][..k * n];
                    packed.refill(n, k, |column, depth| matrix[depth * n + column]);
                    ready = Some(b);
                }
                linear(&left[a * m * k..][..m * k], &packed, None, to);
            }
        };
        let each = self.pairs.len().div_ceil(self.packed.len());
        let work = output.len().saturating_mul(k) / 10;
        let tasks = self.pairs.chunks(each).zip(output.chunks_mut(each * m * n));
        if self.pairs.len() > 1 && worth_threads(work) {
            let tasks: Vec<_> = self.packed.iter().zip(tasks).collect();
            tasks
                .into_par_iter()
                .for_each(|(packed, (pairs, to))| several(packed, pairs, to));
        } else {
            for (packed, (pairs, to)) in self.packed.iter().zip(tasks) {
                several(packed, pairs, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::reference::{Random, assert_close};

    #[test]
    fn agrees_with_the_triple_loop() {
        let mut random = Random::new(13);
        for (sizes, pairs) in [
            ([1, 1, 1], vec![(0, 0)]),
            ([3, 5, 4], vec![(0, 0)]),
            ([3, 5, 4], vec![(0, 0), (1, 0), (2, 0)]),
            ([3, 5, 4], vec![(0, 0), (0, 1)]),
            ([2, 7, 20], vec![(1, 0), (0, 1), (1, 1)]),
            ([70, 64, 70], (0..12).map(|i| (i, i / 2)).collect()),
            ([200, 90, 150], vec![(0, 0)]),
            ([3, 0, 2], vec![(0, 0)]),
            ([3, 2, 0], vec![(0, 0)]),
        ] {
            let [m, k, n] = sizes;
            let count = |of: fn(&(usize, usize)) -> usize| pairs.iter().map(of).max().unwrap() + 1;
            let left = random.floats(count(|pair| pair.0) * m * k);
            let right = random.floats(count(|pair| pair.1) * k * n);
            let product = MatMul::new(sizes, pairs.clone());
            let mut output = vec![f32::NAN; pairs.len() * m * n];
            // Twice: the packed matrices of the first run are replaced.
            for _ in 0..2 {
                product.run(&left, &right, &mut output);
            }
            let mut want = Vec::new();
            for (a, b) in &pairs {
                for i in 0..m * n {
                    let term = |p| left[(a * m + i / n) * k + p] * right[(b * k + p) * n + i % n];
                    want.push((0..k).map(term).sum());
                }
            }
            assert_close(&output, &want, 1e-5, &format!("{sizes:?} {pairs:?}"));
        }
    }
}
