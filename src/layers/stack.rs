//! `Stack`: values one after the other along a new axis.

use super::args::{Args, resolve_axis};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::copy::concat;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::{DType, Layout};

/// The layer.
pub struct Stack;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "joins values along a new axis",
    detail: "\
`[N, C]` and `[N, C]` → `[N, 2, C]` with `axis=1`. From two or more values of the same type and shape; the new \
axis is number `axis` of the result, negative from the end, so that `-1` appends it.

Along an axis that is there, `Concat` joins.",
    example: "\
model Example {
    input x: [N, 8]
    a: Linear(4)     from x
    b: Linear(4)     from x
    Stack(axis=1)    from a, b  -> [N, 2, 4]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.stack"),
        ("Keras", "ops.stack"),
        ("ONNX", "ConcatFromSequence"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::AtLeast(2),
    results: &[],
    args: &[ArgDef {
        name: "axis",
        kind: ArgKind::Axis,
        default: Default::Required,
        doc: "where the new axis is in the result",
    }],
};

impl LayerDef for Stack {
    fn name(&self) -> &'static str {
        "Stack"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(StackOp {
            axis: rules::present(args.axis("axis")?),
        }))
    }
}

#[derive(Clone, Debug)]
struct StackOp {
    axis: i128,
}

impl StackOp {
    /// The new axis in a result whose parts have `rank` axes.
    fn axis(&self, rank: usize) -> Result<usize, LayerError> {
        resolve_axis(self.axis, rank + 1, Blame::Arg("axis"))
    }
}

impl Op for StackOp {
    fn kind(&self) -> &'static str {
        "Stack"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let first = &inputs[0];
        let mut obligations = Vec::new();
        for (at, input) in inputs.iter().enumerate().skip(1) {
            if input.dtype != first.dtype {
                return Err(LayerError::new(
                    Blame::Input(at),
                    Problem::DType {
                        expected: first.dtype,
                        found: input.dtype,
                    },
                ));
            }
            if input.shape.rank() != first.shape.rank() {
                return Err(LayerError::new(
                    Blame::Input(at),
                    Problem::Rank {
                        expected: format!("as many axes as the first value {}", first.shape).into(),
                        found: input.shape.clone(),
                    },
                ));
            }
            for (axis, (left, right)) in first.shape.iter().zip(&input.shape).enumerate() {
                if left != right {
                    obligations.push(Obligation {
                        claim: Claim::Equal(Side::axis(0, axis, left), Side::axis(at, axis, right)),
                        rule: "`Stack` joins tensors of the same shape".into(),
                        blame: Blame::Input(at),
                    });
                }
            }
        }
        let mut shape = first.shape.clone();
        let axis = self.axis(shape.rank())?;
        shape.0.insert(axis, Dim::from(inputs.len()));
        Ok(Inferred {
            outputs: vec![TensorType::new(first.dtype, shape)],
            obligations,
        })
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
        let shape = &cx.inputs[0].shape;
        let axis = self
            .axis(shape.len())
            .expect("the shape rule has accepted it");
        let outer = shape[..axis].iter().product();
        let inner = shape[axis..].iter().product();
        match cx.outputs[0].dtype {
            DType::F32 => fresh(0, move |io| {
                let parts: Vec<_> = io.inputs.iter().map(|input| (input.f32(), 1)).collect();
                concat(&parts, outer, inner, io.outputs[0].f32());
            }),
            DType::I64 => fresh(0, move |io| {
                let parts: Vec<_> = io.inputs.iter().map(|input| (input.i64(), 1)).collect();
                concat(&parts, outer, inner, io.outputs[0].i64());
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Last, count_up, elements, infer, refusal, run, shapes, tensor};
    use crate::tensor::Tensor;

    #[test]
    fn puts_in_an_axis_as_long_as_there_are_values() {
        for (layer, inputs, expected) in [
            ("Stack(1)", vec!["[N, C]", "[N, C]"], "[N, 2, C]"),
            ("Stack(axis=-1)", vec!["[N, C]"; 3], "[N, C, 3]"),
            ("Stack(0)", vec!["[]", "[]"], "[2]"),
            ("Stack(-2)", vec!["[N, C]"; 2], "[N, 2, C]"),
        ] {
            assert_eq!(
                shapes(layer, Last, &inputs),
                (vec![expected.into()], vec![])
            );
        }
        let (_, claims) = shapes("Stack(0)", Last, &["[N, 2*h]", "[N, H]", "[M, 2*h]"]);
        assert_eq!(claims, ["2*h == H", "N == M"]);
    }

    #[test]
    fn refuses_other_ranks_types_and_axes() {
        let (blame, problem) = refusal("Stack(0)", Last, &["[N]", "[N, 1]"]);
        assert_eq!(blame, Blame::Input(1));
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("Stack(0)", Last, &["[N]", "i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
        let (_, problem) = refusal("Stack(2)", Last, &["[N]", "[N]"]);
        assert_eq!(problem, Problem::Axis { axis: 2, rank: 2 });
    }

    #[test]
    fn joins_elements() {
        let pair = || [count_up(&[2]), tensor(&[2], &[5.0, 6.0])];
        assert_eq!(elements("Stack(0)", Last, &pair()), [0.0, 1.0, 5.0, 6.0]);
        assert_eq!(elements("Stack(1)", Last, &pair()), [0.0, 5.0, 1.0, 6.0]);
        let integers = [1, 2].map(|n| Tensor::from_i64(&[1], vec![n]).unwrap());
        let joined = run("Stack(0)", Last, &integers, &[]);
        assert_eq!(joined[0].as_i64().unwrap(), [1, 2]);
        let inferred = infer("Stack(0)", Last, &["i64[N]", "i64[N]"]).unwrap();
        assert_eq!(inferred.outputs[0].dtype, DType::I64);
    }
}
