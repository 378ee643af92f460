//! Layers whose results are boxes of their input: elements that lie at even distances.

use super::kernel::{Kernel, View, ViewMut, fresh};
use crate::kernels::copy::{strided, strides};

/// A box of elements: where it starts, and for each axis its size and the elements from one of it
/// to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The first element.
    pub start: usize,
    /// (size, stride) of each axis; a stride of 0 repeats.
    pub axes: Vec<(usize, usize)>,
}

impl Piece {
    /// All of a tensor of `shape`.
    pub fn all(shape: &[usize]) -> Piece {
        Piece {
            start: 0,
            axes: shape.iter().copied().zip(strides(shape)).collect(),
        }
    }

    /// Of `axis` only `len` elements, from `first` on and `step` apart.
    pub fn along(mut self, axis: usize, first: usize, len: usize, step: usize) -> Piece {
        let stride = self.axes[axis].1;
        self.start += first * stride;
        self.axes[axis] = (len, stride * step);
        self
    }
}

/// The kernel that fills each result with its piece of the input, whatever the elements are.
pub fn pieces(pieces: Vec<Piece>) -> Box<dyn Kernel> {
    fresh(0, move |io| {
        let input = io.inputs[0];
        // Results at the end that nothing takes may be left out.
        for (piece, output) in pieces.iter().zip(&mut io.outputs) {
            match (input, output) {
                (View::F32(input), ViewMut::F32(output)) => {
                    strided(input, piece.start, &piece.axes, output);
                }
                (View::I64(input), ViewMut::I64(output)) => {
                    strided(input, piece.start, &piece.axes, output);
                }
                _ => unreachable!("the shape rule keeps the element type"),
            }
        }
    })
}
