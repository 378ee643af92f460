//! What the kernels' tests share: random numbers and slow, obvious versions.

use super::window::{Layout, Window};

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

/// A small window over `rank` axes: any strides, dilations, and padding that differs before and
/// after, but an output of at least one pixel.
pub fn random_window(random: &mut Random, rank: usize, layout: Layout) -> Window {
    let mut window = Window {
        layout,
        batch: random.size(1, 3),
        input: [1; 3],
        output: [1; 3],
        kernel: [1; 3],
        stride: [1; 3],
        dilation: [1; 3],
        before: [0; 3],
    };
    for axis in 3 - rank..3 {
        let kernel = random.size(1, 4);
        let dilation = random.size(1, 3);
        let (before, after) = (random.size(0, 3), random.size(0, 3));
        let span = (kernel - 1) * dilation + 1;
        let size = random.size(
            span.saturating_sub(before + after).max(1),
            if rank == 3 { 10 } else { 23 },
        );
        let stride = random.size(1, 3);
        window.input[axis] = size;
        window.kernel[axis] = kernel;
        window.dilation[axis] = dilation;
        window.stride[axis] = stride;
        window.before[axis] = before;
        window.output[axis] = (size + before + after).saturating_sub(span) / stride + 1;
    }
    window
}

/// Where pixel `pixel` of channel `channel` lies.
pub fn element(
    layout: Layout,
    image: usize,
    channel: usize,
    pixel: usize,
    channels: usize,
    pixels: usize,
) -> usize {
    match layout {
        Layout::ChannelsFirst => (image * channels + channel) * pixels + pixel,
        Layout::ChannelsLast => (image * pixels + pixel) * channels + channel,
    }
}

/// The three coordinates of number `i` in a box of `size`.
pub fn coordinates(i: usize, size: [usize; 3]) -> [usize; 3] {
    [i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]]
}

/// The input pixels under output pixel `output`, as (tap, pixel).
pub fn under(w: &Window, output: usize) -> Vec<(usize, usize)> {
    let at = coordinates(output, w.output);
    let mut pixels = Vec::new();
    for tap in 0..w.taps() {
        let k = coordinates(tap, w.kernel);
        let source = |axis: usize| w.source(axis, at[axis], k[axis]);
        if let (Some(d), Some(y), Some(x)) = (source(0), source(1), source(2)) {
            pixels.push((tap, (d * w.input[1] + y) * w.input[2] + x));
        }
    }
    pixels
}

/// Convolution by its definition.
pub fn conv(
    w: &Window,
    groups: usize,
    channels: usize,
    filters: usize,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let (from, to) = (w.input_pixels(), w.output_pixels());
    let (inputs, group_filters) = (channels / groups, filters / groups);
    let mut output = vec![0.0; w.batch * filters * to];
    for pixel in 0..to {
        let under = under(w, pixel);
        for image in 0..w.batch {
            for filter in 0..filters {
                let mut sum = bias.map_or(0.0, |b| b[filter]);
                for i in 0..inputs {
                    let channel = filter / group_filters * inputs + i;
                    for &(tap, source) in &under {
                        sum += weight[(filter * inputs + i) * w.taps() + tap]
                            * input[element(w.layout, image, channel, source, channels, from)];
                    }
                }
                output[element(w.layout, image, filter, pixel, filters, to)] = sum;
            }
        }
    }
    output
}
