//! `Split`: the parts of an axis.

use super::args::{Args, Sizes, resolve_axis};
use super::boxes::{Piece, pieces};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx};
use super::rules;
use super::spatial::term;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Split;

/// The most parts: each is a value of its own.
const MOST: usize = 1024;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "divides an axis into parts",
    detail: "\
`[N, 12]` → `[N, 4]` three times with `Split(axis=-1, parts=3)`; with a tuple, parts of these sizes: \
`Split(-1, (2, 10))` gives `[N, 2]` and `[N, 10]`. A number of parts must divide the size, and a tuple's sizes must \
add up to it.

The results are numbered from 0: with the label `parts` they are `parts.0`, `parts.1` …, and `parts` alone is the \
first. PyTorch's `torch.split` takes the size of a part, `torch.chunk` their number, as this layer.",
    example: "\
model Example {
    input x: [N, 16]
    parts: Split(axis=-1, parts=2)
    gate: Sigmoid from parts.1
    Mul from parts.0, gate           -> [N, 8]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.split"),
        ("PyTorch", "torch.chunk"),
        ("Keras", "ops.split"),
        ("ONNX", "Split"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "axis",
            kind: ArgKind::Axis,
            default: Default::Required,
            doc: "the axis that is divided",
        },
        ArgDef {
            name: "parts",
            kind: ArgKind::Parts,
            default: Default::Required,
            doc: "how many equal parts, or the size of each",
        },
    ],
};

impl LayerDef for Split {
    fn name(&self) -> &'static str {
        "Split"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn numbered(&self) -> bool {
        true
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let parts = rules::present(args.sizes("parts")?);
        let count = match &parts {
            Sizes::All(_) => usize::try_from(args.constant("parts")?).unwrap_or(usize::MAX),
            Sizes::Each(sizes) => sizes.len(),
        };
        if !(1..=MOST).contains(&count) {
            return Err(LayerError::new(
                Blame::Arg("parts"),
                Problem::Range(format!(
                    "there are 1 to {MOST} parts, and `parts` asks for {count}"
                )),
            ));
        }
        Ok(Box::new(SplitOp {
            axis: rules::present(args.axis("axis")?),
            parts,
            count,
        }))
    }
}

#[derive(Clone, Debug)]
struct SplitOp {
    axis: i128,
    /// One number of parts, or the size of each.
    parts: Sizes,
    count: usize,
}

impl SplitOp {
    /// The sizes of the parts of an axis.
    fn sizes(&self, size: &Dim) -> Result<Vec<Dim>, DimError> {
        match &self.parts {
            Sizes::All(_) => Ok(vec![size.floor_div(self.count as i128)?; self.count]),
            Sizes::Each(sizes) => Ok(sizes.clone()),
        }
    }
}

impl Op for SplitOp {
    fn kind(&self) -> &'static str {
        "Split"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let shape = &inputs[0].shape;
        let axis = resolve_axis(self.axis, shape.rank(), Blame::Arg("axis"))?;
        let size = &shape[axis];
        let side = Side::axis(0, axis, size);
        let mut obligations = Vec::new();
        match &self.parts {
            Sizes::All(_) if self.count == 1 => {}
            Sizes::All(_) => obligations.push(Obligation {
                claim: Claim::Divides {
                    divisor: self.count as i128,
                    of: side,
                },
                rule: "`parts` of `Split` must divide the axis into equal parts".into(),
                blame: Blame::Arg("parts"),
            }),
            Sizes::Each(sizes) => {
                let sum = Dim::sum(sizes)?;
                if sum != *size {
                    obligations.push(Obligation {
                        claim: Claim::Equal(side, Side::other("the sum of `parts`", sum)),
                        rule: "the sizes in `parts` of `Split` must add up to that of the axis"
                            .into(),
                        blame: Blame::Arg("parts"),
                    });
                }
                for (at, part) in sizes.iter().enumerate() {
                    if !sizes[..at].contains(part) {
                        obligations.extend(rules::argument_at_least("Split", "parts", part, 1));
                    }
                }
            }
        }
        let part = |part| {
            let mut shape = shape.clone();
            shape.0[axis] = part;
            TensorType::new(inputs[0].dtype, shape)
        };
        Ok(Inferred {
            outputs: self.sizes(size)?.into_iter().map(part).collect(),
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(SplitOp {
            parts: self.parts.try_map(|size| rules::bound(size, env))?,
            ..self.clone()
        }))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: Field::Point,
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let shape = &inputs[0].shape;
        let own = resolve_axis(self.axis, shape.rank(), Blame::Layer).ok()?;
        let equal = matches!(self.parts, Sizes::All(_));
        (own == axis && equal).then(|| format!("{}/{}", term(&shape[axis]), self.count))
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let axis = resolve_axis(self.axis, shape.len(), Blame::Layer)
            .expect("the shape rule has accepted it");
        let mut first = 0;
        let parts = cx.outputs.iter().map(|output| {
            let len = output.shape[axis];
            let piece = Piece::all(shape).along(axis, first, len, 1);
            first += len;
            piece
        });
        pieces(parts.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Last, count_up, range, refusal, run, shapes};
    use crate::tensor::Tensor;

    #[test]
    fn parts_are_equal_or_as_told() {
        for (layer, input, expected, claims) in [
            (
                "Split(-1, 3)",
                "[N, 12]",
                vec!["[N, 4]"; 3],
                vec!["3 divides 12"],
            ),
            (
                "Split(1, 2)",
                "[N, 2*c]",
                vec!["[N, c]"; 2],
                vec!["2 divides 2*c"],
            ),
            (
                "Split(1, 2)",
                "[N, C]",
                vec!["[N, C//2]"; 2],
                vec!["2 divides C"],
            ),
            ("Split(0, 1)", "[N, C]", vec!["[N, C]"], vec![]),
            (
                "Split(1, (2, 10))",
                "[N, 12]",
                vec!["[N, 2]", "[N, 10]"],
                vec![],
            ),
            (
                "Split(1, (k, C - k))",
                "[N, C]",
                vec!["[N, k]", "[N, C - k]"],
                vec!["C - k >= 1"],
            ),
            (
                "Split(1, (1, 2))",
                "[N, C]",
                vec!["[N, 1]", "[N, 2]"],
                vec!["C == 3"],
            ),
        ] {
            let (found, claimed) = shapes(layer, Last, &[input]);
            assert_eq!(
                (found, claimed),
                (
                    expected.iter().map(|s| s.to_string()).collect(),
                    claims.iter().map(|s| s.to_string()).collect()
                ),
                "{layer}"
            );
        }
    }

    #[test]
    fn refuses_too_many_parts_and_axes_that_are_not_there() {
        for layer in [
            "Split(0, 0)",
            "Split(0, 1025)",
            "Split(0, (1, 0))",
            "Split(0, ())",
        ] {
            assert_eq!(range(layer, Last, &["[N]"]).0, "parts", "{layer}");
        }
        let (_, problem) = refusal("Split(1, 2)", Last, &["[N]"]);
        assert_eq!(problem, Problem::Axis { axis: 1, rank: 1 });
        let (_, problem) = refusal("Split(0, k)", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Symbol { .. }));
    }

    #[test]
    fn takes_elements_apart() {
        let parts = |layer: &str, input: Tensor| run(layer, Last, &[input], &[]);
        let found = parts("Split(1, (1, 2))", count_up(&[2, 3]));
        assert_eq!(found[0].as_f32().unwrap(), [0.0, 3.0]);
        assert_eq!(found[1].as_f32().unwrap(), [1.0, 2.0, 4.0, 5.0]);
        let found = parts(
            "Split(0, 2)",
            Tensor::from_i64(&[4], vec![5, 6, 7, 8]).unwrap(),
        );
        assert_eq!(found[1].as_i64().unwrap(), [7, 8]);
    }
}
