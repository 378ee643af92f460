//! Matrix products with one operand packed ahead of time.

/// The weights of a linear map, packed once for many products.
#[derive(Clone, Debug)]
pub struct PackedB {
    n: usize,
    k: usize,
    weight: Vec<f32>,
}

impl PackedB {
    /// Packs `weight`, `[n, k]` row-major: one row an output feature.
    pub fn from_rows(weight: &[f32], n: usize, k: usize) -> PackedB {
        assert_eq!(weight.len(), n * k, "weight is [n, k]");
        PackedB {
            n,
            k,
            weight: weight.to_vec(),
        }
    }

    /// Output features.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Input features.
    pub fn k(&self) -> usize {
        self.k
    }
}

/// `output[m, n] = input[m, k] · weightᵀ + bias`, `m` being what `input` holds.
pub fn linear(input: &[f32], weight: &PackedB, bias: Option<&[f32]>, output: &mut [f32]) {
    let (n, k) = (weight.n, weight.k);
    for (i, row) in output.chunks_mut(n.max(1)).enumerate() {
        for (j, y) in row.iter_mut().enumerate() {
            let mut sum = bias.map_or(0.0, |b| b[j]);
            for p in 0..k {
                sum += input[i * k + p] * weight.weight[j * k + p];
            }
            *y = sum;
        }
    }
}
