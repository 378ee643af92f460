//! `Flatten`: all axes but the batch become one.

use super::args::Args;
use super::def::{
    Cost, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec, Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, view};
use super::rules;
use super::spatial::term;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct Flatten;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "keeps the batch and joins all other axes into one",
    detail: "\
`[N, a, b, c]` → `[N, a·b·c]`; on two axes it does nothing. The elements stay in order and nothing \
is copied.

The axes are joined as they lie: a `Linear` after it sees height, width, channel, as in Keras, or \
with `layout channels_first` channel, height, width, as in PyTorch. Weights of one order do not \
suit the other.",
    example: "\
model Example {
    input x: [N, 5, 5, 16]
    Flatten                 -> [N, 400]
    fc: Linear(10)
    output y
}
",
    elsewhere: &[
        ("Keras", "Flatten"),
        ("PyTorch", "nn.Flatten"),
        ("PyTorch", "torch.flatten"),
        ("ONNX", "Flatten"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[],
};

impl LayerDef for Flatten {
    fn name(&self) -> &'static str {
        "Flatten"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, _: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(FlattenOp))
    }
}

#[derive(Debug)]
struct FlattenOp;

impl Op for FlattenOp {
    fn kind(&self) -> &'static str {
        "Flatten"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        rules::rank_at_least(inputs, 0, 2, "at least 2 axes: the batch, and what it joins")?;
        let dims = inputs[0].shape.dims();
        let joined = Dim::product(&dims[1..])?;
        Ok(Inferred::one(TensorType {
            dtype: inputs[0].dtype,
            shape: Shape(vec![dims[0].clone(), joined]),
        }))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(FlattenOp))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: if inputs[0].shape.rank() == 2 {
                Field::Point
            } else {
                Field::Flatten
            },
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let dims = inputs[0].shape.dims();
        (axis == 1 && dims.len() > 2)
            .then(|| dims[1..].iter().map(term).collect::<Vec<_>>().join("·"))
    }

    fn kernel(&self, _: &KernelCx) -> Box<dyn Kernel> {
        view()
    }
}
