//! `BatchNorm`: normalisation by running statistics.

use super::args::Args;
use super::def::{
    Cost, Doc, Field, Group, Inferred, Init, Inputs, LayerDef, Op, ParamSpec, Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::norm::{batch_norm_affine, channel_affine};
use crate::shape::{DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct BatchNorm;

static DOC: Doc = Doc {
    group: Group::Normalisation,
    summary: "normalises each channel by the statistics that training has gathered",
    detail: "\
`(x − running_mean) / √(running_var + eps) · weight + bias` for every channel; the shape stays. The \
channels are the last axis or, with `layout channels_first`, axis 1.

Parameters: `weight` and `bias` `[C]`; `running_mean` and `running_var` `[C]` are buffers: stored, \
not trained. `running_var` is used as it is stored.

`eps` is 1e-5 unless given, as in PyTorch and ONNX. Keras takes 1e-3: write `BatchNorm(eps=1e-3)`. \
Keras calls the parameters gamma, beta, moving_mean and moving_variance.",
    example: "\
model Example {
    input x: [N, H, W, 3]
    conv1: Conv(16, kernel=3, padding=same, bias=false)
    bn1: BatchNorm                                       -> [N, H, W, 16]
    ReLU
    output y
}
",
    elsewhere: &[
        ("Keras", "BatchNormalization"),
        ("PyTorch", "nn.BatchNorm1d"),
        ("PyTorch", "nn.BatchNorm2d"),
        ("PyTorch", "nn.BatchNorm3d"),
        ("ONNX", "BatchNormalization"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[rules::EPS],
};

impl LayerDef for BatchNorm {
    fn name(&self) -> &'static str {
        "BatchNorm"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        let eps = rules::eps(args)?;
        Ok(Box::new(BatchNormOp { eps, layout }))
    }
}

#[derive(Clone, Debug)]
struct BatchNormOp {
    eps: f32,
    layout: Layout,
}

impl Op for BatchNormOp {
    fn kind(&self) -> &'static str {
        "BatchNorm"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        rules::rank_at_least(inputs, 0, 2, "at least 2 axes: batch and channels")?;
        Ok(Inferred::one(input.clone()))
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let input = &inputs[0].shape;
        let channels = &input[self.layout.channel_axis(input.rank())];
        let spec = |name, init, trained| ParamSpec {
            name,
            shape: Shape(vec![channels.clone()]),
            init,
            trained,
        };
        Ok(vec![
            spec("weight", Init::Ones, true),
            spec("bias", Init::Zeros, true),
            spec("running_mean", Init::Zeros, false),
            spec("running_var", Init::Ones, false),
        ])
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: inputs[0].shape.elements()?,
            field: Field::Point,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let axis = self.layout.channel_axis(shape.len());
        let (_, channels, inner) = rules::around(shape, axis);
        let (scale, shift) = batch_norm_affine(
            channels,
            cx.param(2),
            cx.param(3),
            Some(cx.param(0)),
            Some(cx.param(1)),
            self.eps,
        );
        fresh(0, move |io| {
            channel_affine(
                io.inputs[0].f32(),
                io.outputs[0].f32(),
                inner,
                &scale,
                &shift,
            );
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::error::Problem;
    use crate::layers::testing::{First, Last, build, range, refusal, run, shape, tensor, types};

    #[test]
    fn keeps_the_shape_and_stores_four_tensors_of_channels() {
        for (layout, input) in [
            (Last, "[N, C]"),
            (Last, "[N, L, C]"),
            (Last, "[N, H, W, C]"),
            (First, "[N, C]"),
            (First, "[N, C, D, H, W]"),
        ] {
            assert_eq!(shape("BatchNorm", layout, &[input]), input);
            let op = build("BatchNorm", layout).unwrap();
            let params = op.params(&types(&[input])).unwrap();
            let names: Vec<_> = params
                .iter()
                .map(|param| (param.name, param.trained))
                .collect();
            assert_eq!(
                names,
                [
                    ("weight", true),
                    ("bias", true),
                    ("running_mean", false),
                    ("running_var", false)
                ]
            );
            assert!(params.iter().all(|param| param.shape.to_string() == "[C]"));
        }
    }

    #[test]
    fn costs_one_multiplication_an_element() {
        let inputs = types(&["[N, 4, 4, 8]"]);
        let cost = build("BatchNorm", Last)
            .unwrap()
            .cost(&inputs, &inputs)
            .unwrap();
        assert_eq!(
            (cost.macs.to_string().as_str(), cost.field),
            ("128*N", Field::Point)
        );
    }

    #[test]
    fn refuses_what_has_no_channels_and_a_negative_eps() {
        let (_, problem) = refusal("BatchNorm", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("BatchNorm", Last, &["i64[N, C]"]);
        assert!(matches!(problem, Problem::DType { .. }));
        let (argument, sentence) = range("BatchNorm(eps=-0.001)", Last, &["[N, C]"]);
        assert_eq!(argument, "eps");
        assert_eq!(sentence, "`eps` must not be negative, and it is -0.001");
    }

    #[test]
    fn normalises_each_channel() {
        // Channel 0: (x − 1)/√(3 + 1) · 2 + 10; channel 1: x/√(0 + 1) · 1 − 1.
        let params = [
            tensor(&[2], &[2.0, 1.0]),
            tensor(&[2], &[10.0, -1.0]),
            tensor(&[2], &[1.0, 0.0]),
            tensor(&[2], &[3.0, 0.0]),
        ];
        let last = tensor(&[1, 2, 2], &[1.0, 5.0, 3.0, 6.0]);
        let out = run("BatchNorm(eps=1)", Last, &[last], &params);
        assert_eq!(out[0].as_f32().unwrap(), [10.0, 4.0, 12.0, 5.0]);
        let first = tensor(&[1, 2, 2], &[1.0, 3.0, 5.0, 6.0]);
        let out = run("BatchNorm(eps=1)", First, &[first], &params);
        assert_eq!(out[0].as_f32().unwrap(), [10.0, 12.0, 4.0, 5.0]);
    }
}
