//! `Squeeze` and `Unsqueeze`: axes of size 1 go and come.

use super::args::{Args, resolve_axis};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Side};
use super::kernel::{Kernel, KernelCx, view};
use super::rules;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Squeeze;
/// The layer.
pub struct Unsqueeze;

static SQUEEZE_DOC: Doc = Doc {
    group: Group::Shape,
    summary: "drops axes of size 1",
    detail: "\
`[N, 1, 8]` → `[N, 8]`. Nothing is copied.

With `axis` that axis goes, and its size must be 1 (PyTorch keeps the axis when it is not). Without \
it every axis goes whose size is known to be 1; a size that is a variable stays, also when it \
happens to be 1 in a run.",
    example: "\
model Example {
    input x: [N, 1, 8]
    Squeeze(axis=1)     -> [N, 8]
    output y
}
",
    elsewhere: &[("PyTorch", "torch.squeeze"), ("ONNX", "Squeeze")],
};

static UNSQUEEZE_DOC: Doc = Doc {
    group: Group::Shape,
    summary: "adds an axis of size 1",
    detail: "\
The new axis is number `axis` of the result; negative counts from the end, so that `-1` appends it: \
`[N, 8]` → `[N, 8, 1]`. Nothing is copied.",
    example: "\
model Example {
    input x: [N, 8]
    Unsqueeze(axis=1)  -> [N, 1, 8]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.unsqueeze"),
        ("NumPy", "np.expand_dims"),
        ("ONNX", "Unsqueeze"),
    ],
};

static SQUEEZE_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "axis",
        kind: ArgKind::Axis,
        default: Default::Absent("every axis known to be 1"),
        doc: "the axis to drop",
    }],
};

static UNSQUEEZE_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "axis",
        kind: ArgKind::Axis,
        default: Default::Required,
        doc: "where the new axis is in the result",
    }],
};

impl LayerDef for Squeeze {
    fn name(&self) -> &'static str {
        "Squeeze"
    }

    fn doc(&self) -> &'static Doc {
        &SQUEEZE_DOC
    }

    fn signature(&self) -> &'static Signature {
        &SQUEEZE_SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(match args.axis("axis")? {
            None => SqueezeOp::Ones,
            Some(axis) => SqueezeOp::Drop(axis),
        }))
    }
}

impl LayerDef for Unsqueeze {
    fn name(&self) -> &'static str {
        "Unsqueeze"
    }

    fn doc(&self) -> &'static Doc {
        &UNSQUEEZE_DOC
    }

    fn signature(&self) -> &'static Signature {
        &UNSQUEEZE_SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(SqueezeOp::Insert(rules::present(
            args.axis("axis")?,
        ))))
    }
}

#[derive(Clone, Debug)]
enum SqueezeOp {
    /// Every axis known to be 1 goes.
    Ones,
    /// These axes go: those that were known to be 1 before the symbols got their numbers.
    Known(Vec<usize>),
    /// This axis goes.
    Drop(i128),
    /// A new axis comes.
    Insert(i128),
}

impl Op for SqueezeOp {
    fn kind(&self) -> &'static str {
        match self {
            SqueezeOp::Ones | SqueezeOp::Known(_) | SqueezeOp::Drop(_) => "Squeeze",
            SqueezeOp::Insert(_) => "Unsqueeze",
        }
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let mut output = TensorType::new(inputs[0].dtype, inputs[0].shape.clone());
        let dims = &mut output.shape.0;
        let mut obligations = Vec::new();
        match self {
            SqueezeOp::Ones => dims.retain(|dim| !dim.is_const(1)),
            SqueezeOp::Known(axes) => {
                let mut at = 0..;
                dims.retain(|_| at.next().is_none_or(|at| !axes.contains(&at)));
            }
            SqueezeOp::Drop(axis) => {
                let axis = resolve_axis(*axis, dims.len(), Blame::Arg("axis"))?;
                let size = dims.remove(axis);
                if !size.is_const(1) {
                    obligations.push(Obligation {
                        claim: Claim::Equal(
                            Side::axis(0, axis, &size),
                            Side::other("a size that can be dropped", Dim::constant(1)),
                        ),
                        rule: "`Squeeze` drops an axis whose size is 1".into(),
                        blame: Blame::Arg("axis"),
                    });
                }
            }
            SqueezeOp::Insert(axis) => {
                let axis = resolve_axis(*axis, dims.len() + 1, Blame::Arg("axis"))?;
                dims.insert(axis, Dim::constant(1));
            }
        }
        Ok(Inferred {
            outputs: vec![output],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn settle(&self, inputs: &[TensorType]) -> Option<Box<dyn Op>> {
        let SqueezeOp::Ones = self else { return None };
        let sizes = inputs[0].shape.iter().enumerate();
        let known = sizes.filter(|(_, size)| size.is_const(1));
        let axes = known.map(|(axis, _)| axis).collect();
        Some(Box::new(SqueezeOp::Known(axes)))
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

    fn kernel(&self, _: &KernelCx) -> Box<dyn Kernel> {
        view()
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::{Blame, Problem};
    use crate::layers::testing::{
        Last, build, count_up, elements, infer, refusal, shape, shapes, types,
    };
    use crate::shape::Env;
    use crate::tensor::DType;

    #[test]
    fn drops_axes_of_one() {
        for (layer, input, expected) in [
            ("Squeeze", "[1, N, 1, C]", "[N, C]"),
            ("Squeeze", "[N, C]", "[N, C]"),
            ("Squeeze", "[1, 1]", "[]"),
            ("Squeeze", "[]", "[]"),
            ("Squeeze(0)", "[1, N, 1, C]", "[N, 1, C]"),
            ("Squeeze(axis=-2)", "[1, N, 1, C]", "[1, N, C]"),
        ] {
            assert_eq!(
                shapes(layer, Last, &[input]),
                (vec![expected.into()], vec![])
            );
        }
    }

    #[test]
    fn keeps_a_symbol_that_turns_out_to_be_one() {
        let settled = build("Squeeze", Last)
            .unwrap()
            .settle(&types(&["[N, 1, H]"]))
            .unwrap();
        let bound = settled.bind(&Env::new()).unwrap();
        let output = &bound.infer(&types(&["[1, 1, 3]"])).unwrap().outputs[0];
        assert_eq!(output.shape.to_string(), "[1, 3]");
    }

    #[test]
    fn claims_that_the_axis_given_is_one() {
        let (found, claims) = shapes("Squeeze(1)", Last, &["[N, H, C]"]);
        assert_eq!(
            (found, claims),
            (vec!["[N, C]".into()], vec!["H == 1".into()])
        );
        assert_eq!(shapes("Squeeze(1)", Last, &["[N, 3]"]).1, ["3 == 1"]);
    }

    #[test]
    fn inserts_an_axis() {
        for (axis, expected) in [
            (0, "[1, N, C]"),
            (1, "[N, 1, C]"),
            (2, "[N, C, 1]"),
            (-1, "[N, C, 1]"),
            (-3, "[1, N, C]"),
        ] {
            assert_eq!(
                shape(&format!("Unsqueeze({axis})"), Last, &["[N, C]"]),
                expected
            );
        }
        assert_eq!(shape("Unsqueeze(0)", Last, &["[]"]), "[1]");
    }

    #[test]
    fn refuse_axes_that_are_not_there() {
        for (layer, axis, rank) in [
            ("Squeeze(2)", 2, 2),
            ("Squeeze(-3)", -3, 2),
            ("Unsqueeze(3)", 3, 3),
            ("Unsqueeze(-4)", -4, 3),
        ] {
            let (blame, problem) = refusal(layer, Last, &["[N, C]"]);
            assert_eq!(blame, Blame::Arg("axis"));
            assert_eq!(problem, Problem::Axis { axis, rank });
        }
    }

    #[test]
    fn keep_type_and_elements() {
        for layer in ["Squeeze", "Unsqueeze(0)"] {
            let inferred = infer(layer, Last, &["i64[N, 1]"]).unwrap();
            assert_eq!(inferred.outputs[0].dtype, DType::I64);
            assert_eq!(elements(layer, Last, &[count_up(&[2, 1])]), [0.0, 1.0]);
        }
    }
}
