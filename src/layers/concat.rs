//! `Concat`: values one after the other along an axis.

use super::args::{Args, resolve_axis};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::term;
use crate::kernels::copy::concat;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::{DType, Layout};

/// The layer.
pub struct Concat;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "joins values along an axis",
    detail: "\
`[N, H, W, a]` and `[N, H, W, b]` → `[N, H, W, a + b]` with `axis=-1`. From two or more values with \
the same number of axes and the same type; on every axis but the joined one their sizes must be \
equal.

The axis must be given: the channels are `-1`, with `layout channels_first` `1`.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    a: Conv(16, kernel=1)                 from x
    b: Conv(32, kernel=3, padding=same)   from x
    Concat(axis=-1)                       from a, b  -> [N, H, W, 48]
    output y
}
",
    elsewhere: &[
        ("Keras", "Concatenate"),
        ("PyTorch", "torch.cat"),
        ("PyTorch", "torch.concat"),
        ("ONNX", "Concat"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::AtLeast(2),
    results: &[],
    args: &[ArgDef {
        name: "axis",
        kind: ArgKind::Axis,
        default: Default::Required,
        doc: "the axis along which they are joined",
    }],
};

impl LayerDef for Concat {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(ConcatOp {
            axis: rules::present(args.axis("axis")?),
        }))
    }
}

#[derive(Clone, Debug)]
struct ConcatOp {
    axis: i128,
}

impl ConcatOp {
    fn axis(&self, rank: usize) -> Result<usize, LayerError> {
        resolve_axis(self.axis, rank, Blame::Arg("axis"))
    }

    /// The axis for types that the shape rule has accepted.
    fn accepted(&self, rank: usize) -> usize {
        self.axis(rank).expect("the shape rule has accepted it")
    }
}

impl Op for ConcatOp {
    fn kind(&self) -> &'static str {
        "Concat"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        rules::rank_at_least(inputs, 0, 1, "at least 1 axis, along which it joins")?;
        let first = &inputs[0];
        let rank = first.shape.rank();
        for (at, input) in inputs.iter().enumerate() {
            if input.dtype != first.dtype {
                return Err(LayerError::new(
                    Blame::Input(at),
                    Problem::DType {
                        expected: first.dtype,
                        found: input.dtype,
                    },
                ));
            }
            if input.shape.rank() != rank {
                let axes = if rank == 1 { "axis" } else { "axes" };
                return Err(LayerError::new(
                    Blame::Input(at),
                    Problem::Rank {
                        expected: format!("{rank} {axes}, as the first value {}", first.shape)
                            .into(),
                        found: input.shape.clone(),
                    },
                ));
            }
        }
        let joined = self.axis(rank)?;
        let mut obligations = Vec::new();
        for (at, input) in inputs.iter().enumerate().skip(1) {
            for axis in (0..rank).filter(|axis| *axis != joined) {
                let (left, right) = (&first.shape[axis], &input.shape[axis]);
                if left != right {
                    obligations.push(Obligation {
                        claim: Claim::Equal(Side::axis(0, axis, left), Side::axis(at, axis, right)),
                        rule: "`Concat` joins tensors that agree on every axis but the joined one"
                            .into(),
                        blame: Blame::Input(at),
                    });
                }
            }
        }
        let mut output = first.clone();
        output.shape.0[joined] = Dim::sum(inputs.iter().map(|input| &input.shape[joined]))?;
        Ok(Inferred {
            outputs: vec![output],
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

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        (self.accepted(inputs[0].shape.rank()) == axis).then(|| {
            let sizes = inputs.iter().map(|input| term(&input.shape[axis]));
            sizes.collect::<Vec<_>>().join(" + ")
        })
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let axis = self.accepted(cx.outputs[0].shape.len());
        let (outer, _, inner) = rules::around(&cx.outputs[0].shape, axis);
        let lengths: Vec<usize> = cx.inputs.iter().map(|input| input.shape[axis]).collect();
        match cx.outputs[0].dtype {
            DType::F32 => fresh(0, move |io| {
                let inputs = io.inputs.iter().map(|input| input.f32());
                let parts: Vec<_> = inputs.zip(lengths.iter().copied()).collect();
                concat(&parts, outer, inner, io.outputs[0].f32());
            }),
            DType::I64 => fresh(0, move |io| {
                let inputs = io.inputs.iter().map(|input| input.i64());
                let parts: Vec<_> = inputs.zip(lengths.iter().copied()).collect();
                concat(&parts, outer, inner, io.outputs[0].i64());
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        Last, arithmetic, count_up, elements, infer, refusal, run, shapes, tensor,
    };
    use crate::tensor::Tensor;

    #[test]
    fn joined_sizes_add_up() {
        for (layer, inputs, expected) in [
            ("Concat(-1)", vec!["[N, H, 8]", "[N, H, 4]"], "[N, H, 12]"),
            (
                "Concat(axis=1)",
                vec!["[N, a, 8]", "[N, b, 8]", "[N, 1, 8]"],
                "[N, a + b + 1, 8]",
            ),
            ("Concat(0)", vec!["[2]", "[3]"], "[5]"),
        ] {
            assert_eq!(
                shapes(layer, Last, &inputs),
                (vec![expected.into()], vec![])
            );
        }
        assert_eq!(
            infer("Concat(0)", Last, &["i64[2]", "i64[3]"])
                .unwrap()
                .outputs[0]
                .dtype,
            DType::I64
        );
    }

    #[test]
    fn claims_that_all_other_axes_agree() {
        let inputs = ["[N, H, W, 8]", "[N, 2*h, W, 4]", "[M, H, 3, 1]"];
        let inferred = infer("Concat(-1)", Last, &inputs).unwrap();
        let claims: Vec<_> = inferred
            .obligations
            .iter()
            .map(|obligation| match &obligation.claim {
                Claim::Equal(left, right) => (left.place, right.place, obligation.blame),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            claims,
            [
                (Some((0, 1)), Some((1, 1)), Blame::Input(1)),
                (Some((0, 0)), Some((2, 0)), Blame::Input(2)),
                (Some((0, 2)), Some((2, 2)), Blame::Input(2)),
            ]
        );
    }

    #[test]
    fn refuses_other_ranks_types_and_axes() {
        let (blame, problem) = refusal("Concat(1)", Last, &["[N, C]", "[N, C]", "[N, 1, C]"]);
        assert_eq!(blame, Blame::Input(2));
        let Problem::Rank { expected, found } = problem else {
            panic!("{problem:?}")
        };
        assert_eq!(expected, "2 axes, as the first value [N, C]");
        assert_eq!(found.to_string(), "[N, 1, C]");
        let (blame, problem) = refusal("Concat(0)", Last, &["[N]", "i64[N]"]);
        let (expected, found) = (DType::F32, DType::I64);
        assert_eq!(
            (blame, problem),
            (Blame::Input(1), Problem::DType { expected, found })
        );
        let (_, problem) = refusal("Concat(2)", Last, &["[N, C]", "[N, C]"]);
        assert_eq!(problem, Problem::Axis { axis: 2, rank: 2 });
        let (_, problem) = refusal("Concat(0)", Last, &["[]", "[]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
    }

    #[test]
    fn shows_the_sum() {
        let of = |axis| arithmetic("Concat(1)", Last, &["[N, 8, 2]", "[N, 2*h, 2]"], axis);
        assert_eq!(of(1).as_deref(), Some("8 + 2*h"));
        assert_eq!(of(0), None);
    }

    #[test]
    fn joins_elements() {
        let pair = || [count_up(&[2, 1]), tensor(&[2, 2], &[5.0, 6.0, 7.0, 8.0])];
        assert_eq!(
            elements("Concat(1)", Last, &pair()),
            [0.0, 5.0, 6.0, 1.0, 7.0, 8.0]
        );
        let integers = [1, 2].map(|n| Tensor::from_i64(&[1], vec![n]).unwrap());
        let joined = run("Concat(0)", Last, &integers, &[]);
        assert_eq!(joined[0].as_i64().unwrap(), [1, 2]);
    }
}
