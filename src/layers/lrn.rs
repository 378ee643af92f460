//! `LRN`: normalisation by neighbouring channels.

use super::args::Args;
use super::axes;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::lrn::Neighbours;
use crate::shape::{DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Lrn;

static DOC: Doc = Doc {
    group: Group::Normalisation,
    summary: "divides by the size of the neighbouring channels at the same place",
    detail: "\
`x / (bias + alpha / size · Σ x²)^beta`, the sum being over `size` neighbouring channels: `(size − 1) // 2` \
before, the rest after, and at the ends those that there are; the shape stays. The channels are the last axis \
or, with `layout channels_first`, axis 1.

That is ONNX's `LRN`. PyTorch's layer is the same for an odd `size` (its `k` is `bias`); TensorFlow's function \
does not divide by the size: its `alpha` times `size` is this one.",
    example: "\
model Example {
    input x: [N, H, W, 3]
    conv1: Conv(16, kernel=5)
    ReLU
    LRN(5)                     -> [N, H - 4, W - 4, 16]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "nn.LocalResponseNorm"),
        ("Keras", "tf.nn.local_response_normalization"),
        ("ONNX", "LRN"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "size",
            kind: ArgKind::Int { min: 1 },
            default: Default::Required,
            doc: "how many channels take part",
        },
        ArgDef {
            name: "alpha",
            kind: ArgKind::Float,
            default: Default::Float(1e-4, "1e-4"),
            doc: "what the mean of the squares is multiplied by",
        },
        ArgDef {
            name: "beta",
            kind: ArgKind::Float,
            default: Default::Float(0.75, "0.75"),
            doc: "the exponent",
        },
        ArgDef {
            name: "bias",
            kind: ArgKind::Float,
            default: Default::Int(1),
            doc: "what is added to the squares",
        },
    ],
};

impl LayerDef for Lrn {
    fn name(&self) -> &'static str {
        "LRN"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(LrnOp {
            norm: Neighbours {
                size: usize::try_from(args.constant("size")?).unwrap_or(usize::MAX),
                alpha: rules::single(args, "alpha")?,
                beta: rules::single(args, "beta")?,
                bias: rules::single(args, "bias")?,
            },
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct LrnOp {
    norm: Neighbours,
    layout: Layout,
}

impl Op for LrnOp {
    fn kind(&self) -> &'static str {
        "LRN"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        rules::rank_at_least(inputs, 0, 2, "at least 2 axes: batch and channels")?;
        Ok(Inferred::one(TensorType::f32(input.shape.clone())))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let shape = &inputs[0].shape;
        let axis = self.layout.channel_axis(shape.rank());
        Ok(Cost {
            macs: shape.elements()?.times(self.norm.size as i128)?,
            field: axes::field(&[axis], shape, self.layout),
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let axis = self.layout.channel_axis(shape.len());
        let (_, channels, inner) = rules::around(shape, axis);
        let norm = self.norm;
        fresh(0, move |io| {
            norm.run(io.inputs[0].f32(), io.outputs[0].f32(), channels, inner);
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::Problem;
    use crate::layers::testing::{First, Last, elements, range, refusal, shape, tensor};

    #[test]
    fn keeps_the_shape() {
        for (layout, input) in [
            (Last, "[N, C]"),
            (Last, "[N, H, W, C]"),
            (First, "[N, C, L]"),
        ] {
            assert_eq!(shape("LRN(5)", layout, &[input]), input);
        }
        let (_, problem) = refusal("LRN(5)", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        assert_eq!(range("LRN(0)", Last, &["[N, C]"]).0, "size");
    }

    #[test]
    fn divides_by_the_neighbours() {
        let of =
            |layer, layout| elements(layer, layout, &[tensor(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0])]);
        let near = |found: Vec<f32>, sums: [f32; 4]| {
            for (at, (found, sum)) in found.into_iter().zip(sums).enumerate() {
                assert!((found - (at + 1) as f32 / (1.0 + sum)).abs() < 1e-6);
            }
        };
        // An even size has its odd neighbour after.
        near(of("LRN(2, alpha=2, beta=1)", Last), [5.0, 4.0, 25.0, 16.0]);
        near(of("LRN(3, alpha=3, beta=1)", Last), [5.0, 5.0, 25.0, 25.0]);
        near(
            of("LRN(3, alpha=3, beta=1)", First),
            [10.0, 20.0, 10.0, 20.0],
        );
    }
}
