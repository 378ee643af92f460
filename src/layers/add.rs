//! `Add`: sums with NumPy's broadcasting.

use super::args::Args;
use super::broadcast;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, in_place};
use super::rules;
use crate::kernels::elementwise::map_in_place;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Add;

static DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "adds values, or a number to a value",
    detail: "\
Two or more values are added with NumPy's broadcasting: shapes are aligned at the last axis, and an \
axis of size 1, or one that is missing, repeats. `[N, H, W, C]` and `[C]` → `[N, H, W, C]`.

Two sizes go together if they are proved equal or one is the literal 1. A variable that happens to \
be 1 in a run does not broadcast.

With one value, `Add(0.5)` adds a number to every element.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    conv1: Conv(8, kernel=3, padding=same)
    Add from conv1, x                       -> [N, H, W, 8]
    Add(1)                                  -> [N, H, W, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "Add"),
        ("PyTorch", "torch.add"),
        ("ONNX", "Add"),
        ("ONNX", "Sum"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::AtLeast(1),
    results: &[],
    args: &[ArgDef {
        name: "value",
        kind: ArgKind::Float,
        default: Default::Absent("the other values"),
        doc: "a number to add to the one value",
    }],
};

impl LayerDef for Add {
    fn name(&self) -> &'static str {
        "Add"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let number = args
            .has("value")
            .then(|| rules::single(args, "value"))
            .transpose()?;
        Ok(Box::new(AddOp { number }))
    }
}

#[derive(Clone, Debug)]
struct AddOp {
    number: Option<f32>,
}

impl Op for AddOp {
    fn kind(&self) -> &'static str {
        "Add"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        match (self.number, inputs) {
            (None, [_]) => {
                return Err(LayerError::new(
                    Blame::Layer,
                    Problem::Inputs("`Add` has one value, and nothing to add to it".into()),
                )
                .note("name the values with `from a, b`, or give a number: `Add(1)`"));
            }
            (Some(_), [_, _, ..]) => {
                return Err(LayerError::new(
                    Blame::Arg("value"),
                    Problem::Inputs(
                        "`Add` takes one value and a number, or several values and no number"
                            .into(),
                    ),
                ));
            }
            _ => {}
        }
        broadcast::infer("Add", inputs)
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
            field: Field::Point,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        if let Some(number) = self.number {
            return in_place(move |elements| map_in_place(elements, |x| x + number));
        }
        broadcast::kernel(cx, |a, b| a + b)
    }
}
