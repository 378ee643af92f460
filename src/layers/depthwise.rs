//! `DepthwiseConv`: a convolution of each channel by itself.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::{Args, Bias};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Init, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::{self, Windows};
use crate::kernels::conv::PackedConv;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct DepthwiseConv;

static DOC: Doc = Doc {
    group: Group::Convolution,
    summary: "slides a window over each channel by itself",
    detail: "\
`[N, H, W, C]` → `[N, H', W', multiplier·C]`, and likewise with one or three spatial axes; with \
`layout channels_first` the channels are axis 1. Channel `c` of the input makes the channels \
`multiplier·c` to `multiplier·c + multiplier − 1` of the result: a `Conv` with as many groups as \
channels. Sizes, padding and dilation are as for `Conv`. A `Conv(filters, kernel=1)` after it mixes the \
channels (a depthwise separable convolution).

Parameters: `weight` `[multiplier·C, 1, kernel…]` and `bias` `[multiplier·C]`, in both layouts.",
    example: "\
model Example {
    input x: [N, H, W, 16]
    depthwise: DepthwiseConv(3, padding=same)    -> [N, H, W, 16]
    pointwise: Conv(32, kernel=1)                -> [N, H, W, 32]
    output y
}
",
    elsewhere: &[("Keras", "DepthwiseConv1D"), ("Keras", "DepthwiseConv2D")],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        spatial::KERNEL,
        ArgDef {
            name: "multiplier",
            kind: ArgKind::Int { min: 1 },
            default: Default::Int(1),
            doc: "channels that each channel makes",
        },
        spatial::STRIDE,
        spatial::PADDING,
        spatial::DILATION,
        rules::BIAS,
        ArgDef {
            name: "weight",
            kind: ArgKind::Values,
            default: Default::Absent("a parameter"),
            doc: "the values of the weight, `[multiplier · C, 1, kernel…]`",
        },
    ],
};

impl LayerDef for DepthwiseConv {
    fn name(&self) -> &'static str {
        "DepthwiseConv"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(DepthwiseOp {
            multiplier: args.int("multiplier")?,
            windows: Windows {
                layer: "DepthwiseConv",
                layout,
                argument: "kernel",
                kernel: rules::present(args.sizes("kernel")?),
                stride: rules::present(args.constants("stride")?),
                padding: args.padding("padding")?,
                dilation: rules::present(args.constants("dilation")?),
                ceil: false,
                sees_input: false,
            },
            bias: args.bias("bias")?,
            weight: args.values("weight")?,
        }))
    }
}

#[derive(Clone, Debug)]
struct DepthwiseOp {
    multiplier: Dim,
    windows: Windows,
    bias: Bias,
    weight: Option<Arc<ArrayD<f32>>>,
}

impl DepthwiseOp {
    /// Channels of the result.
    fn filters(&self, input: &Shape) -> Result<Dim, DimError> {
        input[self.windows.layout.channel_axis(input.rank())].mul(&self.multiplier)
    }
}

impl Op for DepthwiseOp {
    fn kind(&self) -> &'static str {
        "DepthwiseConv"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let layout = self.windows.layout;
        let input = spatial::image(inputs, layout)?;
        let (sizes, mut obligations) = self.windows.infer(input)?;
        let multiplier = &self.multiplier;
        obligations.extend(rules::argument_at_least(
            "DepthwiseConv",
            "multiplier",
            multiplier,
            1,
        ));
        let shape = spatial::with_sizes(input, layout, sizes, self.filters(input)?);
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations,
        })
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let input = &inputs[0].shape;
        let filters = self.filters(input)?;
        let cells = self.windows.cells(input.rank())?;
        let fan = Init::Fan {
            fan_out: self.multiplier.mul(&cells)?,
            fan_in: cells,
        };
        let mut shape = vec![filters.clone(), Dim::constant(1)];
        let slides = self.windows.slides(input.rank())?;
        shape.extend(slides.into_iter().map(|slide| slide.kernel));
        let weight = rules::param("weight", shape, fan, &self.weight, Blame::Arg("weight"))?;
        let mut params = vec![weight];
        params.extend(rules::bias(&self.bias, &filters)?);
        Ok(params)
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(DepthwiseOp {
            multiplier: rules::bound(&self.multiplier, env)?,
            windows: self.windows.bind(env)?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        let input = &inputs[0].shape;
        let cells = self.windows.cells(input.rank())?;
        Ok(Cost {
            macs: outputs[0].shape.elements()?.mul(&cells)?,
            field: self.windows.field(input)?,
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        self.windows.arithmetic(&inputs[0].shape, axis)
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let channel = self.windows.layout.channel_axis(cx.inputs[0].shape.len());
        let channels = cx.inputs[0].shape[channel];
        let conv = PackedConv::new(
            self.windows.window(cx),
            channels,
            channels,
            cx.outputs[0].shape[channel],
            cx.param(0),
            (self.bias != Bias::No).then(|| cx.param(1)),
        );
        fresh(conv.scratch(), move |io| {
            conv.run(io.inputs[0].f32(), io.outputs[0].f32(), io.scratch);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        First, Last, arithmetic, build, dims, range, run, shapes, tensor, types,
    };

    #[test]
    fn multiplies_the_channels() {
        for (layer, layout, input, expected) in [
            ("DepthwiseConv(3)", Last, "[N, 9, C]", "[N, 7, C]"),
            ("DepthwiseConv(3, 2)", First, "[N, C, 9]", "[N, 2*C, 7]"),
            (
                "DepthwiseConv((3, 5), m, stride=2, padding=same)",
                Last,
                "[N, 2*h, 9, 4]",
                "[N, h, 5, 4*m]",
            ),
            (
                "DepthwiseConv(3, dilation=2, padding=2)",
                First,
                "[N, 8, D, H, W]",
                "[N, 8, D, H, W]",
            ),
        ] {
            assert_eq!(shapes(layer, layout, &[input]).0, [expected]);
        }
        let claims = shapes("DepthwiseConv(3, m - 1)", Last, &["[N, L, C]"]).1;
        assert_eq!(claims, ["L >= 3", "m - 1 >= 1"]);
        let text = arithmetic("DepthwiseConv(3)", Last, &["[N, 9, C]"], 1);
        assert_eq!(text.as_deref(), Some("(9 + 2·0 − 3)/1 + 1"));
        let (argument, _) = range("DepthwiseConv(3, 0)", Last, &["[N, 9, 9]"]);
        assert_eq!(argument, "multiplier");
    }

    #[test]
    fn stores_one_window_a_filter() {
        let op = build("DepthwiseConv((3, 5), multiplier=2)", Last).unwrap();
        let inputs = types(&["[N, 8, 8, C]"]);
        let params = op.params(&inputs).unwrap();
        assert_eq!(params[0].shape.to_string(), "[2*C, 1, 3, 5]");
        assert_eq!(params[1].shape.to_string(), "[2*C]");
        let Init::Fan { fan_in, fan_out } = &params[0].init else {
            panic!("{:?}", params[0].init)
        };
        assert_eq!((fan_in, fan_out), (&Dim::constant(15), &Dim::constant(30)));
        let outputs = op.infer(&inputs).unwrap().outputs;
        let cost = op.cost(&inputs, &outputs).unwrap();
        assert_eq!(cost.macs.to_string(), format!("{}*C*N", 6 * 4 * 2 * 15));
        let env = Env::from([("m".into(), 3)]);
        let op = build("DepthwiseConv(1, m, bias=false)", First).unwrap();
        let params = op.bind(&env).unwrap();
        let params = params.params(&types(&["[1, 2, 4]"])).unwrap();
        assert_eq!((params.len(), &params[0].shape), (1, &dims(&[6, 1, 1])));
    }

    #[test]
    fn channels_keep_to_themselves() {
        // Channel 0 by 1 and by 10, channel 1 by 2 and by 20.
        let weight = [tensor(&[4, 1, 1], &[1.0, 10.0, 2.0, 20.0])];
        let layer = "DepthwiseConv(1, 2, bias=false)";
        let last = tensor(&[1, 2, 2], &[1.0, 3.0, 2.0, 4.0]);
        let out = run(layer, Last, &[last], &weight);
        let expected = [1.0, 10.0, 6.0, 60.0, 2.0, 20.0, 8.0, 80.0];
        assert_eq!(out[0].as_f32().unwrap(), expected);
        let first = tensor(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
        let out = run(layer, First, &[first], &weight);
        let expected = [1.0, 2.0, 10.0, 20.0, 6.0, 8.0, 60.0, 80.0];
        assert_eq!(out[0].as_f32().unwrap(), expected);
    }
}
