//! `ArgMax`: where along an axis the largest value is.

use super::args::{Args, resolve_axis};
use super::axes;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::reduce::arg_max;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::{DType, Layout};

/// The layer.
pub struct ArgMax;

static DOC: Doc = Doc {
    group: Group::Reduction,
    summary: "says where along an axis the largest value is",
    detail: "\
The place along `axis`, counted from 0, as `i64`; the axis goes: `[N, C]` → `i64[N]` with `axis=-1`. Of \
equal values it is the first; NaN counts as larger than every number, as in NumPy.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(10)
    ArgMax(axis=-1)  -> [N]
    output digit
}
",
    elsewhere: &[
        ("PyTorch", "torch.argmax"),
        ("Keras", "ops.argmax"),
        ("ONNX", "ArgMax"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "axis",
        kind: ArgKind::Axis,
        default: Default::Required,
        doc: "the axis along which values are compared",
    }],
};

impl LayerDef for ArgMax {
    fn name(&self) -> &'static str {
        "ArgMax"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(ArgMaxOp {
            axis: rules::present(args.axis("axis")?),
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct ArgMaxOp {
    axis: i128,
    layout: Layout,
}

impl ArgMaxOp {
    /// The axis of a shape that the rule has accepted.
    fn accepted(&self, rank: usize) -> usize {
        resolve_axis(self.axis, rank, Blame::Arg("axis")).expect("the shape rule has accepted it")
    }
}

impl Op for ArgMaxOp {
    fn kind(&self) -> &'static str {
        "ArgMax"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let mut shape = rules::float(inputs, 0)?.shape.clone();
        let axis = resolve_axis(self.axis, shape.rank(), Blame::Arg("axis"))?;
        shape.0.remove(axis);
        Ok(Inferred::one(TensorType::new(DType::I64, shape)))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let shape = &inputs[0].shape;
        Ok(Cost {
            macs: Dim::constant(0),
            field: axes::field(&[self.accepted(shape.rank())], shape, self.layout),
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let (outer, len, inner) = rules::around(shape, self.accepted(shape.len()));
        fresh(0, move |io| {
            arg_max(io.inputs[0].f32(), io.outputs[0].i64(), [outer, len, inner]);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::error::Problem;
    use crate::layers::testing::{Last, count_up, infer, refusal, run, shape, tensor};

    #[test]
    fn drops_the_axis_and_gives_integers() {
        for (layer, input, expected) in [
            ("ArgMax(-1)", "[N, C]", "[N]"),
            ("ArgMax(axis=1)", "[N, H, W]", "[N, W]"),
            ("ArgMax(0)", "[K]", "[]"),
        ] {
            assert_eq!(shape(layer, Last, &[input]), expected);
            let output = infer(layer, Last, &[input]).unwrap().outputs.remove(0);
            assert_eq!(output.dtype, DType::I64);
        }
    }

    #[test]
    fn refuses_axes_that_are_not_there_and_integers() {
        let (_, problem) = refusal("ArgMax(1)", Last, &["[N]"]);
        assert_eq!(problem, Problem::Axis { axis: 1, rank: 1 });
        let (_, problem) = refusal("ArgMax(0)", Last, &["i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn finds_the_first_largest() {
        let places = |layer: &str, input| {
            let results = run(layer, Last, &[input], &[]);
            results[0].as_i64().unwrap().to_vec()
        };
        assert_eq!(places("ArgMax(0)", count_up(&[3, 2])), [2, 2]);
        let rows = tensor(&[2, 3], &[1.0, 4.0, 4.0, f32::NAN, 9.0, f32::NAN]);
        assert_eq!(places("ArgMax(1)", rows.clone()), [1, 0]);
        assert_eq!(places("ArgMax(0)", rows), [1, 1, 1]);
    }
}
