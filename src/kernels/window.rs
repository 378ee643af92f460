//! The geometry of sliding windows over up to three spatial axes.

pub use crate::tensor::Layout;

/// How windows slide over an image. The three axes are depth, height and width; where a layer has
/// fewer, the leading ones have size, kernel, stride and dilation 1 and no padding.
///
/// The window of output position `o` reads, on each axis, the input positions
/// `o * stride + k * dilation - before` for `k` in `0..kernel`; those outside of the input are
/// padding. The padding after the input is implied by `output`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Where the channels sit in the input and in the output.
    pub layout: Layout,
    /// Images.
    pub batch: usize,
    /// The input's size.
    pub input: [usize; 3],
    /// The output's size.
    pub output: [usize; 3],
    /// Taps.
    pub kernel: [usize; 3],
    /// Input positions from one window to the next.
    pub stride: [usize; 3],
    /// Input positions from one tap to the next.
    pub dilation: [usize; 3],
    /// Padding before the input.
    pub before: [usize; 3],
}

impl Window {
    /// Pixels of one input image.
    pub fn input_pixels(&self) -> usize {
        self.input.iter().product()
    }

    /// Pixels of one output image.
    pub fn output_pixels(&self) -> usize {
        self.output.iter().product()
    }

    /// Taps of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// The input position that tap `tap` of output position `at` reads on `axis`; `None` in the
    /// padding.
    pub fn source(&self, axis: usize, at: usize, tap: usize) -> Option<usize> {
        let padded = at * self.stride[axis] + tap * self.dilation[axis];
        padded
            .checked_sub(self.before[axis])
            .filter(|&position| position < self.input[axis])
    }

    /// The taps of output position `at` on `axis` that read the input proper: a range, since the
    /// input is one.
    pub fn real_taps(&self, axis: usize, at: usize) -> std::ops::Range<usize> {
        let (start, step) = (at * self.stride[axis], self.dilation[axis].max(1));
        let first = self.before[axis].saturating_sub(start).div_ceil(step);
        let end = (self.before[axis] + self.input[axis])
            .saturating_sub(start)
            .div_ceil(step)
            .min(self.kernel[axis]);
        first.min(end)..end
    }

    /// Input positions that `count` neighbouring windows span on `axis`, padding included.
    pub fn span(&self, axis: usize, count: usize) -> usize {
        count.saturating_sub(1) * self.stride[axis]
            + self.kernel[axis].saturating_sub(1) * self.dilation[axis]
            + 1
    }

    /// Whether every window is one input pixel, in order.
    pub fn is_pointwise(&self) -> bool {
        self.taps() == 1
            && self.stride == [1; 3]
            && self.before == [0; 3]
            && self.input == self.output
    }
}
