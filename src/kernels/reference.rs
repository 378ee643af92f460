//! What the kernels' tests share: random numbers and slow, obvious versions.

/// A linear congruential generator (Knuth's MMIX constants): the same numbers on every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A size in `low..=high`.
    pub fn size(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() as usize) % (high - low + 1)
    }

    /// `n` numbers in -1..1.
    pub fn floats(&mut self, n: usize) -> Vec<f32> {
        (0..n)
            .map(|_| self.next() as f32 / (1_u64 << 30) as f32 - 1.0)
            .collect()
    }
}

/// Where element number `i` of `out_shape` reads in an operand of `shape`.
pub fn broadcast_index(i: usize, out_shape: &[usize], shape: &[usize]) -> usize {
    let (mut rest, mut index, mut stride) = (i, 0, 1);
    let lead = out_shape.len() - shape.len();
    for axis in (0..out_shape.len()).rev() {
        let at = rest % out_shape[axis];
        rest /= out_shape[axis];
        if axis >= lead {
            let size = shape[axis - lead];
            index += if size == 1 { 0 } else { at * stride };
            stride *= size;
        }
    }
    index
}

/// Fails unless every pair of elements agrees within `tolerance`, absolute and relative.
pub fn assert_close(got: &[f32], want: &[f32], tolerance: f32, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(
            (g - w).abs() <= tolerance * (1.0 + w.abs()),
            "{what}: element {i} is {g}, not {w}"
        );
    }
}

/// `input[m, k] · weight[n, k]ᵀ + bias`.
pub fn linear(
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    [m, n, k]: [usize; 3],
) -> Vec<f32> {
    let mut output = Vec::with_capacity(m * n);
    for i in 0..m {
        for j in 0..n {
            let start = bias.map_or(0.0, |b| b[j]);
            output.push((0..k).fold(start, |sum, p| sum + input[i * k + p] * weight[j * k + p]));
        }
    }
    output
}
