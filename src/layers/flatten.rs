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
        rules::rank_at_least(
            inputs,
            0,
            2,
            "at least 2 axes: the batch, and what it joins",
        )?;
        let dims = inputs[0].shape.dims();
        let joined = Dim::product(&dims[1..])?;
        Ok(Inferred::one(TensorType::new(
            inputs[0].dtype,
            Shape(vec![dims[0].clone(), joined]),
        )))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::error::{Blame, Problem};
    use crate::layers::testing::{
        First, Last, arithmetic, build, count_up, elements, infer, refusal, shape, types,
    };
    use crate::tensor::DType;

    #[test]
    fn joins_all_but_the_batch() {
        for (input, expected) in [
            ("[N, 5, 5, 16]", "[N, 400]"),
            ("[N, 7]", "[N, 7]"),
            ("[N, H, W, 3]", "[N, 3*H*W]"),
            ("[2, 2*h, 1]", "[2, 2*h]"),
        ] {
            assert_eq!(shape("Flatten", Last, &[input]), expected);
            assert_eq!(shape("Flatten", First, &[input]), expected);
        }
        let inferred = infer("Flatten", Last, &["i64[N, 2, 3]"]).unwrap();
        assert_eq!(inferred.outputs[0].dtype, DType::I64);
    }

    #[test]
    fn refuses_fewer_than_two_axes() {
        for input in ["[]", "[N]"] {
            let (blame, problem) = refusal("Flatten", Last, &[input]);
            assert_eq!(blame, Blame::Input(0));
            let Problem::Rank { expected, .. } = problem else {
                panic!("{problem:?}")
            };
            assert_eq!(expected, "at least 2 axes: the batch, and what it joins");
        }
    }

    #[test]
    fn shows_the_product() {
        let of = |input, axis| arithmetic("Flatten", Last, &[input], axis);
        assert_eq!(of("[N, 5, 5, 16]", 1).as_deref(), Some("5·5·16"));
        assert_eq!(of("[N, H + 1, 3]", 1).as_deref(), Some("(H + 1)·3"));
        assert_eq!(of("[N, 5, 5, 16]", 0), None);
        assert_eq!(of("[N, 5]", 1), None);
    }

    #[test]
    fn moves_nothing() {
        let expected: Vec<f32> = (0..8).map(|i| i as f32).collect();
        assert_eq!(elements("Flatten", Last, &[count_up(&[2, 2, 2])]), expected);
        let field = |input| {
            let inputs = types(&[input]);
            build("Flatten", Last)
                .unwrap()
                .cost(&inputs, &inputs)
                .unwrap()
                .field
        };
        assert_eq!(field("[N, 2, 3]"), Field::Flatten);
        assert_eq!(field("[N, 2]"), Field::Point);
    }
}
