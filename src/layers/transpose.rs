//! `Transpose`: the axes in another order.

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, View, ViewMut, fresh, view};
use crate::kernels::copy::permute;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Transpose;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "puts the axes into another order",
    detail: "\
Axis `i` of the result is axis `order[i]` of the input: `Transpose(0, 2, 1)` makes `[N, T, C]` \
`[N, C, T]`. Every axis is named once, the batch too (Keras leaves it out of `Permute`); negative \
numbers count from the end. The order may be a tuple: `Transpose((0, 2, 1))`.

The elements move, unlike in a `Reshape`.",
    example: "\
model Example {
    input x: [N, T, 16]
    Transpose(0, 2, 1)  -> [N, 16, T]
    ReLU
    Transpose(0, 2, 1)  -> [N, T, 16]
    output y
}
",
    elsewhere: &[
        ("Keras", "Permute"),
        ("PyTorch", "torch.permute"),
        ("PyTorch", "torch.transpose"),
        ("ONNX", "Transpose"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "order",
        kind: ArgKind::Order,
        default: Default::Required,
        doc: "for each axis of the result, the axis of the input that it is",
    }],
};

impl LayerDef for Transpose {
    fn name(&self) -> &'static str {
        "Transpose"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(TransposeOp {
            order: args.order("order")?,
        }))
    }
}

#[derive(Clone, Debug)]
struct TransposeOp {
    /// A permutation.
    order: Vec<usize>,
}

impl TransposeOp {
    fn moves_nothing(&self) -> bool {
        self.order.is_sorted()
    }
}

impl Op for TransposeOp {
    fn kind(&self) -> &'static str {
        "Transpose"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let shape = &inputs[0].shape;
        let (named, rank) = (self.order.len(), shape.rank());
        if named != rank {
            let axes = |n| if n == 1 { "axis" } else { "axes" };
            return Err(LayerError::new(
                Blame::Arg("order"),
                Problem::Range(format!(
                    "`order` names {named} {}, and the input {shape} has {rank} {}",
                    axes(named),
                    axes(rank)
                )),
            )
            .note("every axis is named once, the batch too"));
        }
        let sizes = self.order.iter().map(|axis| shape[*axis].clone());
        Ok(Inferred::one(TensorType::new(
            inputs[0].dtype,
            sizes.collect(),
        )))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: if self.moves_nothing() {
                Field::Point
            } else {
                Field::Elsewhere
            },
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        if self.moves_nothing() {
            return view();
        }
        let (shape, order) = (cx.inputs[0].shape.clone(), self.order.clone());
        fresh(0, move |io| match (io.inputs[0], &mut io.outputs[0]) {
            (View::F32(input), ViewMut::F32(output)) => permute(input, &shape, &order, output),
            (View::I64(input), ViewMut::I64(output)) => permute(input, &shape, &order, output),
            _ => unreachable!("the shape rule keeps the element type"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Last, count_up, elements, infer, range, refusal, run, shape};
    use crate::tensor::{DType, Tensor};

    #[test]
    fn permutes_the_axes() {
        for (layer, input, expected) in [
            ("Transpose(0, 2, 1)", "[N, T, C]", "[N, C, T]"),
            ("Transpose(0, -1, 1)", "[N, T, C]", "[N, C, T]"),
            (
                "Transpose((0, 3, 1, 2))",
                "[N, 2*h, W, 3]",
                "[N, 3, 2*h, W]",
            ),
            ("Transpose(order=(1, 0))", "[N, 3]", "[3, N]"),
            ("Transpose(0)", "[N]", "[N]"),
        ] {
            assert_eq!(shape(layer, Last, &[input]), expected);
        }
        let inferred = infer("Transpose(1, 0)", Last, &["i64[N, 2]@[4]"]).unwrap();
        assert_eq!(inferred.outputs[0].dtype, DType::I64);
        assert_eq!(inferred.outputs[0].plane, None, "channels may have moved");
    }

    #[test]
    fn refuses_what_is_no_order_of_the_axes() {
        for (layer, expected) in [
            (
                "Transpose(0, 1, 1)",
                "`order` names every axis once; axis 1 is there twice, and axis 2 is missing",
            ),
            (
                "Transpose(0, 3, 1)",
                "`order` names 3 axes, and 3 is none of 0 to 2",
            ),
            (
                "Transpose(0, -4, 1)",
                "`order` names 3 axes, and -4 is none of 0 to 2",
            ),
            (
                "Transpose(1, 0)",
                "`order` names 2 axes, and the input [N, T, C] has 3 axes",
            ),
        ] {
            let (argument, sentence) = range(layer, Last, &["[N, T, C]"]);
            assert_eq!((argument, sentence.as_str()), ("order", expected));
        }
        let (blame, problem) = refusal("Transpose(0, 0.5)", Last, &["[N, T]"]);
        assert_eq!(blame, Blame::Arg("order"));
        assert!(matches!(problem, Problem::Kind { .. }), "{problem:?}");
        let (_, problem) = refusal("Transpose(0, k)", Last, &["[N, T]"]);
        assert!(matches!(problem, Problem::Symbol { .. }), "{problem:?}");
    }

    #[test]
    fn moves_the_elements() {
        let matrix = || [count_up(&[2, 3])];
        assert_eq!(
            elements("Transpose(1, 0)", Last, &matrix()),
            [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
        );
        assert_eq!(
            elements("Transpose(0, 1)", Last, &matrix()),
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        );
        let integers = Tensor::from_i64(&[2, 2], vec![1, 2, 3, 4]).unwrap();
        let out = run("Transpose(1, 0)", Last, &[integers], &[]);
        assert_eq!(out[0].as_i64().unwrap(), [1, 3, 2, 4]);
    }
}
