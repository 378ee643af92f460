//! `Identity` and `Dropout`: what a run leaves alone.

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, view};
use super::rules;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Identity;
/// The layer.
pub struct Dropout;

static IDENTITY_DOC: Doc = Doc {
    group: Group::Other,
    summary: "gives its input back",
    detail: "\
The value stays as it is, whatever its type. It gives a value a name to come back to: the start of \
a residual connection in a `repeat`, for instance.",
    example: "\
model Example {
    input image: [N, 16]
    stack: repeat 3 {
        x: Identity
        fc: Linear(16)
        relu: ReLU
        Add from relu, x   -> [N, 16]
    }
    output y
}
",
    elsewhere: &[
        ("Keras", "Identity"),
        ("PyTorch", "nn.Identity"),
        ("ONNX", "Identity"),
    ],
};

static DROPOUT_DOC: Doc = Doc {
    group: Group::Normalisation,
    summary: "drops values at random while training, and does nothing when run",
    detail: "\
The shape stays. While training a value becomes 0 with probability `rate`, else it is divided by \
1 − rate, so that a run has nothing to make up for: there the layer costs nothing.",
    example: "\
model Example {
    input x: [N, 64]
    fc1: Linear(32)
    ReLU
    Dropout(0.5)      -> [N, 32]
    fc2: Linear(10)
    output y
}
",
    elsewhere: &[
        ("Keras", "Dropout"),
        ("Keras", "SpatialDropout1D"),
        ("Keras", "SpatialDropout2D"),
        ("Keras", "SpatialDropout3D"),
        ("PyTorch", "nn.Dropout"),
        ("PyTorch", "nn.Dropout1d"),
        ("PyTorch", "nn.Dropout2d"),
        ("PyTorch", "nn.Dropout3d"),
        ("ONNX", "Dropout"),
    ],
};

static IDENTITY_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[],
};

static DROPOUT_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "rate",
        kind: ArgKind::Float,
        default: Default::Float(0.5, "0.5"),
        doc: "the probability of dropping a value, from 0 to 1",
    }],
};

impl LayerDef for Identity {
    fn name(&self) -> &'static str {
        "Identity"
    }

    fn doc(&self) -> &'static Doc {
        &IDENTITY_DOC
    }

    fn signature(&self) -> &'static Signature {
        &IDENTITY_SIGNATURE
    }

    fn build(&self, _: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(IdentityOp { rate: None }))
    }
}

impl LayerDef for Dropout {
    fn name(&self) -> &'static str {
        "Dropout"
    }

    fn doc(&self) -> &'static Doc {
        &DROPOUT_DOC
    }

    fn signature(&self) -> &'static Signature {
        &DROPOUT_SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let rate = args.float("rate")?;
        if !(0.0..=1.0).contains(&rate) {
            return Err(LayerError::new(
                Blame::Arg("rate"),
                Problem::Range(format!("`rate` must be from 0 to 1, and it is {rate}")),
            ));
        }
        Ok(Box::new(IdentityOp { rate: Some(rate) }))
    }
}

#[derive(Clone, Debug)]
struct IdentityOp {
    /// The probability of a `Dropout`; an `Identity` has none.
    rate: Option<f64>,
}

impl Op for IdentityOp {
    fn kind(&self) -> &'static str {
        match self.rate {
            Some(_) => "Dropout",
            None => "Identity",
        }
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        if self.rate.is_some() {
            rules::float(inputs, 0)?;
        }
        Ok(Inferred::one(inputs[0].clone()))
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

    fn kernel(&self, _: &KernelCx) -> Box<dyn Kernel> {
        view()
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::Problem;
    use crate::layers::testing::{Last, count_up, elements, infer, range, refusal, shape};
    use crate::tensor::DType;

    #[test]
    fn keep_the_value() {
        for layer in ["Identity", "Dropout", "Dropout(0)", "Dropout(rate=1)"] {
            assert_eq!(shape(layer, Last, &["[N, 2*h, C]"]), "[N, 2*h, C]");
            assert_eq!(
                elements(layer, Last, &[count_up(&[2, 2])]),
                [0.0, 1.0, 2.0, 3.0]
            );
        }
        let inferred = infer("Identity", Last, &["i64[N]"]).unwrap();
        assert_eq!(inferred.outputs[0].dtype, DType::I64);
    }

    #[test]
    fn dropout_refuses_integers_and_what_is_no_probability() {
        let (_, problem) = refusal("Dropout", Last, &["i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
        for rate in ["1.5", "-0.1"] {
            let (argument, sentence) = range(&format!("Dropout({rate})"), Last, &["[N]"]);
            assert_eq!(argument, "rate");
            assert_eq!(
                sentence,
                format!("`rate` must be from 0 to 1, and it is {rate}")
            );
        }
    }
}
