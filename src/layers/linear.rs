//! `Linear`: a linear map of the last axis.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::{Args, Bias};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Init, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::{Blame, LayerError};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::gemm::{PackedB, linear};
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Linear;

static DOC: Doc = Doc {
    group: Group::Linear,
    summary: "moves the last axis to another dimension and keeps the rest",
    detail: "\
`[…, in]` → `[…, features]`, with `y = x · weightᵀ + bias`. The rank stays: `[64, 4, 2]` becomes \
`[64, 4, features]`.

Parameters: `weight` `[features, in]` and `bias` `[features]`: features · (in + 1) numbers.",
    example: "\
model Example {
    input x: [N, 4, 2]
    fc: Linear(3)  -> [N, 4, 3]
    output y
}
",
    elsewhere: &[
        ("Keras", "Dense"),
        ("PyTorch", "nn.Linear"),
        ("ONNX", "Gemm"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "features",
            kind: ArgKind::Int { min: 1 },
            default: Default::Required,
            doc: "size of the last axis of the result",
        },
        rules::BIAS,
        ArgDef {
            name: "weight",
            kind: ArgKind::Values,
            default: Default::Absent("a parameter"),
            doc: "the values of the weight, `[features, in]`",
        },
    ],
};

impl LayerDef for Linear {
    fn name(&self) -> &'static str {
        "Linear"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(LinearOp {
            features: args.int("features")?,
            bias: args.bias("bias")?,
            weight: args.values("weight")?,
        }))
    }
}

#[derive(Clone, Debug)]
struct LinearOp {
    features: Dim,
    bias: Bias,
    weight: Option<Arc<ArrayD<f32>>>,
}

impl Op for LinearOp {
    fn kind(&self) -> &'static str {
        "Linear"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        rules::rank_at_least(inputs, 0, 1, "at least 1 axis: the last is the one it maps")?;
        let mut shape = input.shape.clone();
        let last = shape.rank() - 1;
        shape.0[last] = self.features.clone();
        Ok(Inferred::one(TensorType::f32(shape)))
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let width = rules::last(&inputs[0].shape).clone();
        let fan = Init::Fan {
            fan_in: width.clone(),
            fan_out: self.features.clone(),
        };
        let mut params = vec![rules::param(
            "weight",
            vec![self.features.clone(), width],
            fan,
            &self.weight,
            Blame::Arg("weight"),
        )?];
        params.extend(rules::bias(&self.bias, &self.features)?);
        Ok(params)
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(LinearOp {
            features: rules::bound(&self.features, env)?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        let width = rules::last(&inputs[0].shape);
        Ok(Cost {
            macs: outputs[0].shape.elements()?.mul(width)?,
            field: Field::LastAxis,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let out = &cx.outputs[0].shape;
        let features = out[out.len() - 1];
        let width = cx.inputs[0].shape[out.len() - 1];
        let weight = PackedB::from_rows(cx.param(0), features, width);
        let bias = (self.bias != Bias::No).then(|| cx.param(1).to_vec());
        fresh(0, move |io| {
            let input = io.inputs[0].f32();
            linear(input, &weight, bias.as_deref(), io.outputs[0].f32());
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::Problem;
    use crate::layers::testing::{
        Last, build, count_up, infer, range, refusal, run, shape, tensor, types,
    };

    #[test]
    fn maps_the_last_axis() {
        for (layer, input, expected) in [
            ("Linear(10)", "[N, 84]", "[N, 10]"),
            ("Linear(3)", "[64, 4, 2]", "[64, 4, 3]"),
            ("Linear(2*f)", "[C]", "[2*f]"),
        ] {
            assert_eq!(shape(layer, Last, &[input]), expected);
        }
    }

    #[test]
    fn refuses_scalars_integers_and_no_features() {
        let (_, problem) = refusal("Linear(3)", Last, &["[]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("Linear(3)", Last, &["i64[N, 2]"]);
        assert!(matches!(problem, Problem::DType { .. }));
        let (argument, _) = range("Linear(0)", Last, &["[N, 2]"]);
        assert_eq!(argument, "features");
        let problem = infer("Linear(0.5)", Last, &["[N, 2]"]).unwrap_err().problem;
        assert!(matches!(problem, Problem::Kind { .. }));
    }

    #[test]
    fn stores_features_by_inputs_and_counts_products() {
        let op = build("Linear(3)", Last).unwrap();
        let inputs = types(&["[N, T, C]"]);
        let outputs = op.infer(&inputs).unwrap().outputs;
        let params = op.params(&inputs).unwrap();
        assert_eq!(params[0].shape.to_string(), "[3, C]");
        assert_eq!(params[1].shape.to_string(), "[3]");
        let macs = op.cost(&inputs, &outputs).unwrap().macs;
        assert_eq!(macs, types(&["[3, N, T, C]"])[0].shape.elements().unwrap());
        assert_eq!(
            build("Linear(3, bias=false)", Last)
                .unwrap()
                .params(&inputs)
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn computes_products() {
        let weight = tensor(&[2, 3], &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        let input = [count_up(&[2, 3])];
        let out = run(
            "Linear(2)",
            Last,
            &input,
            &[weight.clone(), tensor(&[2], &[0.5, 0.0])],
        );
        assert_eq!(out[0], tensor(&[2, 2], &[0.5, 3.0, 3.5, 12.0]));
        let out = run("Linear(2, false)", Last, &input, &[weight]);
        assert_eq!(out[0], tensor(&[2, 2], &[0.0, 3.0, 3.0, 12.0]));
    }
}
