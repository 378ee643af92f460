//! `PReLU`: a learnt slope for the negative values of each channel.

use super::args::Args;
use super::def::{
    Cost, Doc, Field, Group, Inferred, Init, Inputs, LayerDef, Op, ParamSpec, Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::elementwise::binary;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct PRelu;

static DOC: Doc = Doc {
    group: Group::Activation,
    summary: "multiplies negative values by a slope that each channel has learnt",
    detail: "\
`x` where `x ≥ 0`, else `weight[c] · x` in channel `c`; the shape stays. The channels are the last axis or, \
with `layout channels_first`, axis 1.

Parameter: `weight` `[C]`, 0.25 without a weights file. Keras's layer has a slope for each place too, unless its \
`shared_axes` are the spatial axes.",
    example: "\
model Example {
    input x: [N, H, W, 3]
    conv1: Conv(16, kernel=3, padding=same)
    act1: PReLU                              -> [N, H, W, 16]
    output y
}
",
    elsewhere: &[("Keras", "PReLU"), ("PyTorch", "nn.PReLU"), ("ONNX", "PRelu")],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[],
};

impl LayerDef for PRelu {
    fn name(&self) -> &'static str {
        "PReLU"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, _: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(PReluOp { layout }))
    }
}

#[derive(Clone, Debug)]
struct PReluOp {
    layout: Layout,
}

impl Op for PReluOp {
    fn kind(&self) -> &'static str {
        "PReLU"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        rules::rank_at_least(inputs, 0, 2, "at least 2 axes: batch and channels")?;
        Ok(Inferred::one(TensorType::f32(input.shape.clone())))
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let input = &inputs[0].shape;
        let channels = Shape(vec![input[self.layout.channel_axis(input.rank())].clone()]);
        Ok(vec![rules::affine("weight", channels, Init::Fill(0.25))])
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
        let shape = cx.inputs[0].shape.clone();
        let axis = self.layout.channel_axis(shape.len());
        // The weight as a value that broadcasts along the axes after the channels.
        let mut along = vec![1; shape.len() - axis];
        along[0] = shape[axis];
        let weight = cx.param(0).to_vec();
        fresh(0, move |io| {
            binary(
                io.inputs[0].f32(),
                &shape,
                &weight,
                &along,
                io.outputs[0].f32(),
                &shape,
                |x, slope| if x < 0.0 { slope * x } else { x },
            );
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::Problem;
    use crate::layers::testing::{First, Last, build, refusal, run, shape, tensor, types};

    #[test]
    fn keeps_the_shape_and_stores_a_slope_a_channel() {
        for (layout, input) in [
            (Last, "[N, C]"),
            (First, "[N, C]"),
            (Last, "[N, H, W, C]"),
            (First, "[N, C, H, W]"),
        ] {
            assert_eq!(shape("PReLU", layout, &[input]), input);
            let params = build("PReLU", layout).unwrap().params(&types(&[input]));
            assert_eq!(params.unwrap()[0].shape.to_string(), "[C]");
        }
        let (_, problem) = refusal("PReLU", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("PReLU", Last, &["i64[N, C]"]);
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn slopes_are_those_of_the_channels() {
        let weight = [tensor(&[2], &[0.5, -2.0])];
        let input = || [tensor(&[1, 2, 2], &[-1.0, -1.0, 3.0, f32::NAN])];
        let of = |layout| {
            run("PReLU", layout, &input(), &weight)[0]
                .as_f32()
                .unwrap()
                .to_vec()
        };
        let (last, first) = (of(Last), of(First));
        assert_eq!(last[..3], [-0.5, 2.0, 3.0]);
        assert_eq!(first[..3], [-0.5, -0.5, 3.0]);
        assert!(last[3].is_nan() && first[3].is_nan());
    }
}
