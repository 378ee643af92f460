//! `GroupNorm` and `InstanceNorm`: normalisation of channels over the image.

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Init, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::norm::{Groups, group_norm};
use crate::shape::{DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct GroupNorm;
/// The layer.
pub struct InstanceNorm;

static GROUP_DOC: Doc = Doc {
    group: Group::Normalisation,
    summary: "normalises groups of channels, each by its own mean and variance",
    detail: "\
`(x − mean) / √(var + eps) · weight + bias`, the mean and the variance being those of a sample's group of \
neighbouring channels, over all places; the shape stays. The channels are the last axis or, with `layout \
channels_first`, axis 1; `groups` must divide them.

Parameters: `weight` and `bias` `[C]`, for each channel.

`eps` is 1e-5 unless given, as in PyTorch and ONNX. Keras takes 1e-3.",
    example: "\
model Example {
    input x: [N, H, W, 16]
    conv1: Conv(32, kernel=3, padding=same)
    norm1: GroupNorm(8)                      -> [N, H, W, 32]
    ReLU
    output y
}
",
    elsewhere: &[
        ("Keras", "GroupNormalization"),
        ("PyTorch", "nn.GroupNorm"),
        ("ONNX", "GroupNormalization"),
    ],
};

static INSTANCE_DOC: Doc = Doc {
    group: Group::Normalisation,
    summary: "normalises every channel of every sample by its own mean and variance",
    detail: "\
`(x − mean) / √(var + eps) · weight + bias`, the mean and the variance being those of a sample's channel over all \
places; the shape stays. The channels are the last axis or, with `layout channels_first`, axis 1. It is a \
`GroupNorm` with a group for each channel.

Parameters: `weight` and `bias` `[C]`, none with `affine=false`. ONNX always has them; PyTorch's layers have them \
only if told so.",
    example: "\
model Example {
    input x: [N, H, W, 3]
    conv1: Conv(16, kernel=3, padding=same)
    norm1: InstanceNorm                      -> [N, H, W, 16]
    ReLU
    output y
}
",
    elsewhere: &[
        ("PyTorch", "nn.InstanceNorm1d"),
        ("PyTorch", "nn.InstanceNorm2d"),
        ("PyTorch", "nn.InstanceNorm3d"),
        ("ONNX", "InstanceNormalization"),
    ],
};

static GROUP_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "groups",
            kind: ArgKind::Int { min: 1 },
            default: Default::Required,
            doc: "into how many groups the channels are divided",
        },
        rules::EPS,
    ],
};

static INSTANCE_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        rules::EPS,
        ArgDef {
            name: "affine",
            kind: ArgKind::Bool,
            default: Default::Bool(true),
            doc: "whether there are a weight and a bias",
        },
    ],
};

impl LayerDef for GroupNorm {
    fn name(&self) -> &'static str {
        "GroupNorm"
    }

    fn doc(&self) -> &'static Doc {
        &GROUP_DOC
    }

    fn signature(&self) -> &'static Signature {
        &GROUP_SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(GroupNormOp {
            name: self.name(),
            groups: Some(args.constant("groups")?),
            eps: rules::eps(args)?,
            affine: true,
            layout,
        }))
    }
}

impl LayerDef for InstanceNorm {
    fn name(&self) -> &'static str {
        "InstanceNorm"
    }

    fn doc(&self) -> &'static Doc {
        &INSTANCE_DOC
    }

    fn signature(&self) -> &'static Signature {
        &INSTANCE_SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(GroupNormOp {
            name: self.name(),
            groups: None,
            eps: rules::eps(args)?,
            affine: args.boolean("affine")?,
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct GroupNormOp {
    name: &'static str,
    /// `None` is one for each channel.
    groups: Option<i64>,
    eps: f32,
    affine: bool,
    layout: Layout,
}

impl Op for GroupNormOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = &rules::float(inputs, 0)?.shape;
        match self.groups {
            Some(_) => rules::rank_at_least(inputs, 0, 2, "at least 2 axes: batch and channels")?,
            None => {
                let expected = "at least 3 axes: batch, channels, and places to normalise over";
                rules::rank_at_least(inputs, 0, 3, expected)?;
            }
        }
        let axis = self.layout.channel_axis(input.rank());
        let obligation = self
            .groups
            .filter(|groups| *groups > 1)
            .map(|groups| Obligation {
                claim: Claim::Divides {
                    divisor: groups.into(),
                    of: Side::axis(0, axis, &input[axis]),
                },
                rule: "`groups` of `GroupNorm` must divide the channels of its input".into(),
                blame: Blame::Arg("groups"),
            });
        Ok(Inferred {
            outputs: vec![TensorType::f32(input.clone())],
            obligations: obligation.into_iter().collect(),
        })
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        if !self.affine {
            return Ok(Vec::new());
        }
        let input = &inputs[0].shape;
        let channels = Shape(vec![input[self.layout.channel_axis(input.rank())].clone()]);
        Ok(vec![
            rules::affine("weight", channels.clone(), Init::Ones),
            rules::affine("bias", channels, Init::Zeros),
        ])
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let shape = &inputs[0].shape;
        Ok(Cost {
            // One for the squares, one for the weight.
            macs: shape.elements()?.times(2)?,
            field: match shape.rank() {
                2 => Field::LastAxis,
                _ => Field::Row,
            },
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let channels = shape[self.layout.channel_axis(shape.len())];
        let sizes = Groups {
            layout: self.layout,
            batch: shape[0],
            channels,
            pixels: shape[1..].iter().product::<usize>() / channels.max(1),
            groups: match self.groups {
                Some(groups) => usize::try_from(groups).unwrap_or(1),
                None => channels,
            },
        };
        let eps = self.eps;
        let affine = self
            .affine
            .then(|| (cx.param(0).to_vec(), cx.param(1).to_vec()));
        fresh(sizes.scratch(), move |io| {
            let (input, output) = (io.inputs[0].f32(), io.outputs[0].f32());
            let affine = affine.as_ref().map(|(weight, bias)| (&**weight, &**bias));
            group_norm(&sizes, input, output, affine, eps, io.scratch);
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::Problem;
    use crate::layers::testing::{
        First, Last, build, count_up, elements, range, refusal, run, shapes, tensor, types,
    };

    #[test]
    fn groups_divide_the_channels() {
        let claims = |layer, layout, input| shapes(layer, layout, &[input]);
        for (layer, layout, input, claim) in [
            (
                "GroupNorm(4)",
                Last,
                "[N, H, W, 8*c]",
                Some("4 divides 8*c"),
            ),
            ("GroupNorm(4)", First, "[N, C, H, W]", Some("4 divides C")),
            ("GroupNorm(1)", Last, "[N, C]", None),
            ("InstanceNorm", Last, "[N, H, W, C]", None),
        ] {
            let (found, claimed) = claims(layer, layout, input);
            assert_eq!(found, [input]);
            assert_eq!(claimed, Vec::from_iter(claim), "{layer} {input}");
            let params = build(layer, layout)
                .unwrap()
                .params(&types(&[input]))
                .unwrap();
            let names: Vec<_> = params.iter().map(|param| param.name).collect();
            assert_eq!(names, ["weight", "bias"]);
        }
        let bare = build("InstanceNorm(affine=false)", Last).unwrap();
        assert!(bare.params(&types(&["[N, T, C]"])).unwrap().is_empty());
    }

    #[test]
    fn refuses_what_has_nothing_to_normalise() {
        let (_, problem) = refusal("GroupNorm(2)", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("InstanceNorm", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("GroupNorm(g)", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Symbol { .. }));
        assert_eq!(range("GroupNorm(0)", Last, &["[N, C]"]).0, "groups");
        assert_eq!(range("InstanceNorm(eps=-1)", Last, &["[N, T, C]"]).0, "eps");
        // PyTorch's second number is the channels.
        let (argument, sentence) = range("GroupNorm(8, 64)", Last, &["[N, 64]"]);
        assert_eq!(argument, "eps");
        assert_eq!(sentence, "`eps` must be at most 1, and it is 64");
    }

    #[test]
    fn normalises_groups_and_channels() {
        let near = |found: &[f32], expected: &[f32]| {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
            }
        };
        // Channels last: channel 0 holds 0 and 2, channel 1 holds 1 and 3.
        let image = || [count_up(&[1, 2, 2])];
        let found = elements("InstanceNorm(eps=0, affine=false)", Last, &image());
        near(&found, &[-1.0, -1.0, 1.0, 1.0]);
        let params = [tensor(&[2], &[1.0, 2.0]), tensor(&[2], &[0.0, 10.0])];
        let found = run("GroupNorm(1, eps=0.3125)", Last, &image(), &params);
        // The mean is 1.5, the variance 1.25; 1.5625 is 1.25².
        near(found[0].as_f32().unwrap(), &[-1.2, 9.2, 0.4, 12.4]);
        let found = run("GroupNorm(1, eps=0.3125)", First, &image(), &params);
        near(found[0].as_f32().unwrap(), &[-1.2, -0.4, 10.8, 12.4]);
    }
}
