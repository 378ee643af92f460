//! `Reshape`: the same elements in another shape.

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, view};
use super::rules;
use super::spatial::term;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct Reshape;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "gives the elements another shape",
    detail: "\
The result has the shape written: `Reshape([N, H*W, C])`. The batch is written too (Keras leaves it \
out). The elements stay in row-major order, nothing is copied, and their number must be the same \
for every size.

One size may be `_`: what is left, so that the number of elements stays. It must come out even for \
every size.",
    example: "\
model Example {
    input x: [N, H, W, 16]
    Reshape([N, H*W, 16])     -> [N, H*W, 16]
    fc: Linear(8)
    Reshape([N, H, W, 2, _])  -> [N, H, W, 2, 4]
    output y
}
",
    elsewhere: &[
        ("Keras", "Reshape"),
        ("PyTorch", "torch.reshape"),
        ("PyTorch", "Tensor.view"),
        ("PyTorch", "nn.Unflatten"),
        ("ONNX", "Reshape"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "shape",
        kind: ArgKind::Shape,
        default: Default::Required,
        doc: "the shape of the result; one size may be `_`",
    }],
};

impl LayerDef for Reshape {
    fn name(&self) -> &'static str {
        "Reshape"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let shape = rules::present(args.shape("shape")?);
        if shape.iter().filter(|size| size.is_none()).count() > 1 {
            return Err(LayerError::new(
                Blame::Arg("shape"),
                Problem::Reshape("only one size of a shape can be `_`".into()),
            ));
        }
        Ok(Box::new(ReshapeOp { shape }))
    }
}

#[derive(Clone, Debug)]
struct ReshapeOp {
    /// The sizes; at most one is left to find.
    shape: Vec<Option<Dim>>,
}

impl ReshapeOp {
    /// The product of the sizes that are written.
    fn written(&self) -> Result<Dim, DimError> {
        Dim::product(self.shape.iter().flatten())
    }

    fn hole(&self) -> Option<usize> {
        self.shape.iter().position(Option::is_none)
    }
}

impl Op for ReshapeOp {
    fn kind(&self) -> &'static str {
        "Reshape"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = &inputs[0].shape;
        let (elements, written) = (input.elements()?, self.written()?);
        let refuse = |sentence: String| {
            Err(LayerError::new(
                Blame::Arg("shape"),
                Problem::Reshape(sentence),
            ))
        };
        let mut shape = self.shape.clone();
        let mut obligations = Vec::new();
        match self.hole() {
            Some(hole) => match elements.exact_div(&written) {
                Some(rest) => shape[hole] = Some(rest),
                None => {
                    return refuse(format!(
                        "no size fits for `_`: the input {input} has {elements} elements, and \
                         the other sizes make {written}, which does not divide that"
                    ));
                }
            },
            None if elements == written => {}
            None if elements.as_const().is_some() && written.as_const().is_some() => {
                return refuse(format!(
                    "the input {input} has {elements} elements, and the shape written has {written}"
                ));
            }
            None => obligations.push(Obligation {
                claim: Claim::Equal(
                    Side::other("the number of elements of the input", elements),
                    Side::other("that of the shape written", written),
                ),
                rule: "`Reshape` keeps the number of elements".into(),
                blame: Blame::Arg("shape"),
            }),
        }
        Ok(Inferred {
            outputs: vec![TensorType::new(
                inputs[0].dtype,
                shape.into_iter().flatten().collect(),
            )],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        let sizes = self.shape.iter();
        Ok(Box::new(ReshapeOp {
            shape: sizes
                .map(|size| {
                    size.as_ref()
                        .map(|size| rules::bound(size, env))
                        .transpose()
                })
                .collect::<Result<_, _>>()?,
        }))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: rearranged(&inputs[0].shape, &outputs[0].shape),
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        if self.hole() != Some(axis) {
            return None;
        }
        let elements = inputs[0].shape.elements().ok()?;
        let written = self.written().ok()?;
        Some(format!("{}/{}", term(&elements), factor(&written)))
    }

    fn kernel(&self, _: &KernelCx) -> Box<dyn Kernel> {
        view()
    }
}

/// How far a result sees when `from` becomes `to`: where only axes of size 1 come or go, nothing
/// moves.
fn rearranged(from: &Shape, to: &Shape) -> Field {
    fn wide(shape: &Shape) -> impl Iterator<Item = &Dim> {
        shape.iter().filter(|dim| !dim.is_const(1))
    }
    if wide(from).eq(wide(to)) {
        Field::Point
    } else {
        Field::Flatten
    }
}

/// A size as a divisor in a formula.
fn factor(dim: &Dim) -> String {
    let text = term(dim);
    if dim.as_const().is_none() && dim.as_var().is_none() && !text.starts_with('(') {
        format!("({text})")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        Last, arithmetic, build, count_up, elements, infer, range, refusal, shape, shapes, types,
    };
    use crate::tensor::DType;

    fn sentence(layer: &str, input: &str) -> String {
        match refusal(layer, Last, &[input]) {
            (Blame::Arg("shape"), Problem::Reshape(sentence)) => sentence,
            other => panic!("{layer} on {input}: {other:?}"),
        }
    }

    #[test]
    fn takes_the_shape_written() {
        for (layer, input, expected) in [
            ("Reshape([N, 4, 6])", "[N, 24]", "[N, 4, 6]"),
            ("Reshape([N, H*W, C])", "[N, H, W, C]", "[N, H*W, C]"),
            ("Reshape([6])", "[2, 3]", "[6]"),
            ("Reshape([])", "[1, 1]", "[]"),
            ("Reshape([1])", "[]", "[1]"),
        ] {
            let (found, claims) = shapes(layer, Last, &[input]);
            assert_eq!(
                (found[0].as_str(), claims.len()),
                (expected, 0),
                "{layer} on {input}"
            );
        }
        let inferred = infer("Reshape([6])", Last, &["i64[2, 3]"]).unwrap();
        assert_eq!(inferred.outputs[0].dtype, DType::I64);
    }

    #[test]
    fn finds_the_size_that_is_left() {
        for (layer, input, expected) in [
            ("Reshape([N, _, 16])", "[N, 4, 4, 2]", "[N, 2, 16]"),
            ("Reshape([N, _, C])", "[N, H, W, C]", "[N, H*W, C]"),
            ("Reshape([_, 2*C])", "[N, 4*h, C]", "[2*N*h, 2*C]"),
            ("Reshape([N, _])", "[N, 2*h + 2, 3]", "[N, 6*h + 6]"),
            ("Reshape([_, h + 1])", "[N, 2*h + 2, 3]", "[6*N, h + 1]"),
            ("Reshape([_])", "[]", "[1]"),
        ] {
            assert_eq!(shape(layer, Last, &[input]), expected, "{layer} on {input}");
        }
    }

    #[test]
    fn refuses_another_number_of_elements() {
        assert_eq!(
            sentence("Reshape([4, 6])", "[5, 5]"),
            "the input [5, 5] has 25 elements, and the shape written has 24"
        );
        assert_eq!(
            sentence("Reshape([_, 6])", "[5, 5]"),
            "no size fits for `_`: the input [5, 5] has 25 elements, and the other sizes make 6, \
             which does not divide that"
        );
        assert_eq!(
            sentence("Reshape([N, _, 16])", "[N, H, W]"),
            "no size fits for `_`: the input [N, H, W] has H*N*W elements, and the other sizes \
             make 16*N, which does not divide that"
        );
        assert_eq!(
            sentence("Reshape([_, 2, _])", "[N]"),
            "only one size of a shape can be `_`"
        );
        assert_eq!(
            range("Reshape([N, 0])", Last, &["[N, 1]"]).1,
            "every size of `shape` is at least 1, and 0 is not"
        );
    }

    #[test]
    fn claims_what_depends_on_sizes() {
        let (found, claims) = shapes("Reshape([N, 16])", Last, &["[N, H, W]"]);
        assert_eq!(found, ["[N, 16]"]);
        assert_eq!(claims, ["H*N*W == 16*N"]);
    }

    #[test]
    fn shows_what_it_divides() {
        let of = |layer, input, axis| arithmetic(layer, Last, &[input], axis);
        let layer = "Reshape([N, _, 16])";
        assert_eq!(of(layer, "[N, 4, 4, 2]", 1).as_deref(), Some("32*N/(16*N)"));
        assert_eq!(of("Reshape([_, 4])", "[2, 6]", 0).as_deref(), Some("12/4"));
        assert_eq!(of(layer, "[N, 4, 4, 2]", 2), None);
    }

    #[test]
    fn binds_and_moves_nothing() {
        let op = build("Reshape([n, _])", Last).unwrap();
        let bound = op.bind(&Env::from([("n".into(), 2)])).unwrap();
        let output = &bound.infer(&types(&["[6]"])).unwrap().outputs[0];
        assert_eq!(output.shape.to_string(), "[2, 3]");
        assert!(op.bind(&Env::new()).is_err());
        let expected: Vec<f32> = (0..6).map(|i| i as f32).collect();
        assert_eq!(
            elements("Reshape([3, _])", Last, &[count_up(&[2, 3])]),
            expected
        );
    }

    #[test]
    fn the_field_stays_where_only_ones_come_and_go() {
        let field = |layer, input| {
            let inputs = types(&[input]);
            let op = build(layer, Last).unwrap();
            let outputs = op.infer(&inputs).unwrap().outputs;
            op.cost(&inputs, &outputs).unwrap().field
        };
        assert_eq!(field("Reshape([N, 1, C])", "[N, C]"), Field::Point);
        assert_eq!(field("Reshape([N, 6])", "[N, 2, 3]"), Field::Flatten);
    }
}
