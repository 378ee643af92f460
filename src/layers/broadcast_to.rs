//! `Broadcast`: a value repeated to a shape.

use super::args::Args;
use super::boxes::{Piece, pieces};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, view};
use super::rules;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct Broadcast;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "repeats a value along axes of size 1 and new axes",
    detail: "\
`[C]` or `[N, 1, C]` → `[N, T, C]` with `Broadcast([N, T, C])`. Shapes are aligned at the last axis; an axis of \
size 1, or one that is missing, repeats, and every other size must be the one written. A variable that happens to \
be 1 in a run does not broadcast.

A size written as `_` is the one that the value has there.

Arithmetic broadcasts by itself; this is for layers that do not, such as `Concat`.",
    example: "\
model Example {
    input x: [N, T, 8]
    mean: Mean(axis=1, keepdims=true)
    wide: Broadcast([N, T, _])         -> [N, T, 8]
    Concat(axis=-1) from x, wide       -> [N, T, 16]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.broadcast_to"),
        ("PyTorch", "Tensor.expand"),
        ("Keras", "ops.broadcast_to"),
        ("ONNX", "Expand"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "shape",
        kind: ArgKind::Shape,
        default: Default::Required,
        doc: "the shape of the result; `_` keeps a size",
    }],
};

impl LayerDef for Broadcast {
    fn name(&self) -> &'static str {
        "Broadcast"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(BroadcastOp {
            shape: rules::present(args.shape("shape")?),
        }))
    }
}

#[derive(Clone, Debug)]
struct BroadcastOp {
    /// The sizes; `None` is the input's.
    shape: Vec<Option<Dim>>,
}

impl Op for BroadcastOp {
    fn kind(&self) -> &'static str {
        "Broadcast"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = &inputs[0].shape;
        let refuse = |sentence| {
            Err(LayerError::new(
                Blame::Arg("shape"),
                Problem::Range(sentence),
            ))
        };
        let Some(new) = self.shape.len().checked_sub(input.rank()) else {
            return refuse(format!(
                "`shape` has {} of the {} axes of the input {input}, and none can go",
                self.shape.len(),
                input.rank()
            ));
        };
        let mut shape = Vec::new();
        let mut obligations = Vec::new();
        for (at, written) in self.shape.iter().enumerate() {
            let own = at.checked_sub(new).map(|axis| (axis, &input[axis]));
            let size = match (own, written) {
                (None, None) => {
                    return refuse(format!(
                        "axis {at} of `shape` is new: the input {input} has no size for `_`"
                    ));
                }
                (Some((_, size)), None) => size.clone(),
                (own, Some(written)) => {
                    if let Some((axis, size)) = own
                        && !size.is_const(1)
                        && size != written
                    {
                        obligations.push(Obligation {
                            claim: Claim::Equal(
                                Side::axis(0, axis, size),
                                Side::other(format!("axis {at} of `shape`"), written.clone()),
                            ),
                            rule: "`Broadcast` repeats only axes of size 1".into(),
                            blame: Blame::Arg("shape"),
                        });
                    }
                    written.clone()
                }
            };
            shape.push(size);
        }
        Ok(Inferred {
            outputs: vec![TensorType::new(inputs[0].dtype, Shape(shape))],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        let bound = |size: &Option<Dim>| match size {
            Some(size) => rules::bound(size, env).map(Some),
            None => Ok(None),
        };
        Ok(Box::new(BroadcastOp {
            shape: self.shape.iter().map(bound).collect::<Result<_, _>>()?,
        }))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: Field::Point,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        if cx.inputs[0].len() == cx.outputs[0].len() {
            return view();
        }
        let own = Piece::all(input).axes;
        let new = output.len() - input.len();
        let axes = output.iter().enumerate().map(|(at, size)| {
            let stride = match at.checked_sub(new).map(|axis| own[axis]) {
                Some((1, _)) | None => 0,
                Some((_, stride)) => stride,
            };
            (*size, stride)
        });
        pieces(vec![Piece {
            start: 0,
            axes: axes.collect(),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Last, build, count_up, elements, range, run, shapes, types};
    use crate::tensor::Tensor;

    #[test]
    fn takes_the_shape_written() {
        for (layer, input, expected, claims) in [
            ("Broadcast([N, T, C])", "[C]", "[N, T, C]", vec![]),
            ("Broadcast([N, T, C])", "[N, 1, C]", "[N, T, C]", vec![]),
            ("Broadcast([N, 4, _])", "[1, C]", "[N, 4, C]", vec![]),
            ("Broadcast([_, 4])", "[N, 1]", "[N, 4]", vec![]),
            ("Broadcast([3])", "[]", "[3]", vec![]),
            ("Broadcast([M, C])", "[N, C]", "[M, C]", vec!["N == M"]),
        ] {
            let (found, claimed) = shapes(layer, Last, &[input]);
            assert_eq!(
                (found[0].as_str(), claimed),
                (expected, claims.iter().map(|c| c.to_string()).collect())
            );
        }
    }

    #[test]
    fn refuses_fewer_axes_and_sizes_that_nothing_has() {
        let (_, sentence) = range("Broadcast([C])", Last, &["[N, C]"]);
        assert_eq!(
            sentence,
            "`shape` has 1 of the 2 axes of the input [N, C], and none can go"
        );
        let (_, sentence) = range("Broadcast([_, N, C])", Last, &["[N, C]"]);
        assert_eq!(
            sentence,
            "axis 0 of `shape` is new: the input [N, C] has no size for `_`"
        );
    }

    #[test]
    fn repeats_elements_of_every_type() {
        let column = || [count_up(&[2, 1])];
        assert_eq!(
            elements("Broadcast([2, 2])", Last, &column()),
            [0.0, 0.0, 1.0, 1.0]
        );
        assert_eq!(
            elements("Broadcast([2, 2])", Last, &[count_up(&[2])]),
            [0.0, 1.0, 0.0, 1.0]
        );
        assert_eq!(
            elements("Broadcast([1, 2, 1])", Last, &column()),
            [0.0, 1.0]
        );
        let integers = [Tensor::from_i64(&[], vec![7]).unwrap()];
        assert_eq!(
            run("Broadcast([3])", Last, &integers, &[])[0]
                .as_i64()
                .unwrap(),
            [7; 3]
        );
        let bound = build("Broadcast([k, _])", Last)
            .unwrap()
            .bind(&Env::from([("k".into(), 2)]));
        let outputs = bound.unwrap().infer(&types(&["[3]"])).unwrap().outputs;
        assert_eq!(outputs[0].shape.to_string(), "[2, 3]");
    }
}
