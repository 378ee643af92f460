//! NumPy's broadcasting of several values, by proof: what the element-wise layers of two or more
//! values share.

use super::def::{Inferred, TensorType};
use super::error::{Blame, Claim, LayerError, Obligation, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::elementwise::binary;
use crate::shape::{Dim, Shape};

/// The shape that all inputs, which are `f32`, broadcast to. Shapes are aligned at the last axis;
/// an axis that is missing or the literal 1 repeats, and any other two sizes must be equal for
/// every value of their variables, whatever these are in a run.
pub fn infer(layer: &'static str, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
    let mut shapes = Vec::new();
    for at in 0..inputs.len() {
        shapes.push(&rules::float(inputs, at)?.shape);
    }
    let rank = shapes.iter().map(|shape| shape.rank()).max().unwrap_or(0);
    let mut obligations = Vec::new();
    let mut result = Vec::new();
    for axis in 0..rank {
        let mut sides = shapes.iter().enumerate().filter_map(|(at, shape)| {
            let axis = (axis + shape.rank()).checked_sub(rank)?;
            let dim = &shape[axis];
            (!dim.is_const(1)).then_some((at, axis, dim))
        });
        // The first size that does not repeat is the result's; the others must be equal to it.
        let Some((first, first_axis, size)) = sides.next() else {
            result.push(Dim::constant(1));
            continue;
        };
        for (at, axis, dim) in sides.filter(|(_, _, dim)| *dim != size) {
            obligations.push(Obligation {
                claim: Claim::Equal(
                    Side::axis(first, first_axis, size),
                    Side::axis(at, axis, dim),
                ),
                rule: format!("`{layer}` works on sizes that are equal, or one is the literal 1")
                    .into(),
                blame: Blame::Input(at),
            });
        }
        result.push(size.clone());
    }
    Ok(Inferred {
        outputs: vec![TensorType::f32(Shape(result))],
        obligations,
    })
}

/// `f(f(a, b), c) …` over two or more inputs.
pub fn kernel(
    cx: &KernelCx,
    f: impl Fn(f32, f32) -> f32 + Copy + Send + Sync + 'static,
) -> Box<dyn Kernel> {
    let shapes: Vec<Vec<usize>> = cx.inputs.iter().map(|input| input.shape.clone()).collect();
    let out = cx.outputs[0].shape.clone();
    let scratch = match shapes.len() {
        0..=2 => 0,
        _ => cx.outputs[0].len(),
    };
    fresh(scratch, move |io| {
        // Partial results go back and forth between the scratch and the output, which gets the last.
        let (mut to, mut from) = (io.outputs[0].f32(), &mut *io.scratch);
        if shapes.len() % 2 == 1 {
            std::mem::swap(&mut to, &mut from);
        }
        let inputs = &io.inputs;
        binary(
            inputs[0].f32(),
            &shapes[0],
            inputs[1].f32(),
            &shapes[1],
            to,
            &out,
            f,
        );
        for (input, shape) in inputs.iter().zip(&shapes).skip(2) {
            std::mem::swap(&mut to, &mut from);
            binary(from, &out, input.f32(), shape, to, &out, f);
        }
    })
}
