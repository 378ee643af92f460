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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Last, count_up, elements, infer, refusal, shapes, tensor};

    #[test]
    fn broadcasts_by_proof() {
        for (inputs, expected, claims) in [
            (vec!["[N, C]", "[N, C]"], "[N, C]", vec![]),
            (vec!["[N, H, W, C]", "[C]"], "[N, H, W, C]", vec![]),
            (vec!["[C]", "[N, H, W, C]"], "[N, H, W, C]", vec![]),
            (vec!["[N, 1, C]", "[H, 1]"], "[N, H, C]", vec![]),
            (vec!["[]", "[N]"], "[N]", vec![]),
            (vec!["[]", "[]"], "[]", vec![]),
            (vec!["[1]", "[1, 1]", "[N, 3]"], "[N, 3]", vec![]),
            (vec!["[N, H]", "[N, W]"], "[N, H]", vec!["H == W"]),
            (vec!["[N, 3]", "[N, 4]"], "[N, 3]", vec!["3 == 4"]),
            (vec!["[1, 3]", "[N, 3]", "[M, 3]"], "[N, 3]", vec!["N == M"]),
            (vec!["[H]", "[N, W]"], "[N, H]", vec!["H == W"]),
        ] {
            let (found, claimed) = shapes("Add", Last, &inputs);
            assert_eq!(
                (found[0].as_str(), claimed),
                (
                    expected,
                    claims.iter().map(|claim| claim.to_string()).collect()
                ),
                "{inputs:?}"
            );
        }
    }

    #[test]
    fn a_claim_points_at_the_axes_that_meet() {
        use crate::layers::error::Claim;
        let inferred = infer("Add", Last, &["[1]", "[H]", "[N, W]"]).unwrap();
        let [obligation] = inferred.obligations.as_slice() else {
            panic!("{:?}", inferred.obligations)
        };
        let Claim::Equal(left, right) = &obligation.claim else {
            panic!("{obligation:?}")
        };
        assert_eq!((left.place, right.place), (Some((1, 0)), Some((2, 1))));
        assert_eq!(obligation.blame, Blame::Input(2));
    }

    #[test]
    fn takes_several_values_or_one_and_a_number() {
        assert_eq!(shapes("Add(2)", Last, &["[N, C]"]).0, ["[N, C]"]);
        let (blame, problem) = refusal("Add", Last, &["[N]"]);
        assert_eq!(blame, Blame::Layer);
        assert!(matches!(problem, Problem::Inputs(_)));
        let (blame, problem) = refusal("Add(2)", Last, &["[N]", "[N]"]);
        assert_eq!(blame, Blame::Arg("value"));
        assert!(matches!(problem, Problem::Inputs(_)));
        let (blame, problem) = refusal("Add", Last, &["[N]", "i64[N]"]);
        assert_eq!(blame, Blame::Input(1));
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn computes_sums() {
        let row = tensor(&[2], &[10.0, 20.0]);
        let square = count_up(&[2, 2]);
        assert_eq!(
            elements("Add(0.5)", Last, std::slice::from_ref(&row)),
            [10.5, 20.5]
        );
        let two = [row.clone(), square.clone()];
        assert_eq!(elements("Add", Last, &two), [10.0, 21.0, 12.0, 23.0]);
        let three = [
            row.clone(),
            square.clone(),
            tensor(&[2, 1], &[100.0, 200.0]),
        ];
        assert_eq!(elements("Add", Last, &three), [110.0, 121.0, 212.0, 223.0]);
        let four = [row.clone(), row.clone(), row, square];
        assert_eq!(elements("Add", Last, &four), [30.0, 61.0, 32.0, 63.0]);
    }
}
