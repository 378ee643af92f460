//! `Conv`: a convolution over 1, 2 or 3 spatial axes.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::{Args, Bias};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Init, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::{self, Windows};
use crate::kernels::conv::PackedConv;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct Conv;

static DOC: Doc = Doc {
    group: Group::Convolution,
    summary: "slides a window over the spatial axes and maps what it sees to `filters` channels",
    detail: "\
`[N, L, C]` → `[N, L', filters]`, and likewise with two (`[N, H, W, C]`) or three spatial axes: \
the rank comes from the input. With `layout channels_first` the channels are axis 1.

A spatial size becomes

* ⌊(size + before + after − dilation·(kernel − 1) − 1) / stride⌋ + 1, and the window must fit into \
the padded input: `kernel=5` without padding needs H ≥ 5,
* ⌈size / stride⌉ with `padding=same`, where an odd total of padding has its extra cell at the \
end. PyTorch's `padding=\"same\"` is the same, and it has none with strides.

Padding is zeros. As in every framework the window is not flipped (a cross-correlation). `stride`, \
`dilation` and `groups` must be numbers; `filters`, `kernel` and `padding` may be symbols. \
`groups` splits input channels and filters into as many parts that do not see each other, and \
divides both.

Parameters: `weight` `[filters, C / groups, kernel…]` and `bias` `[filters]`, in both layouts.",
    example: "\
model Example {
    input image: [N, H, W, 3]
    conv1: Conv(16, kernel=3, padding=same)   -> [N, H, W, 16]
    ReLU
    conv2: Conv(32, kernel=(3, 5), stride=2)  -> [N, (H - 1)//2, (W - 3)//2, 32]
    output y
}
",
    elsewhere: &[
        ("Keras", "Conv1D"),
        ("Keras", "Conv2D"),
        ("Keras", "Conv3D"),
        ("Keras", "Convolution1D"),
        ("Keras", "Convolution2D"),
        ("Keras", "Convolution3D"),
        ("PyTorch", "nn.Conv1d"),
        ("PyTorch", "nn.Conv2d"),
        ("PyTorch", "nn.Conv3d"),
        ("ONNX", "Conv"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "filters",
            kind: ArgKind::Int { min: 1 },
            default: Default::Required,
            doc: "channels of the result",
        },
        ArgDef {
            name: "kernel",
            kind: ArgKind::Sizes { min: 1 },
            default: Default::Required,
            doc: "cells of the window",
        },
        ArgDef {
            name: "stride",
            kind: ArgKind::Sizes { min: 1 },
            default: Default::Int(1),
            doc: "cells from one window to the next",
        },
        spatial::PADDING,
        spatial::DILATION,
        ArgDef {
            name: "groups",
            kind: ArgKind::Int { min: 1 },
            default: Default::Int(1),
            doc: "parts of the channels that do not see each other",
        },
        ArgDef {
            name: "bias",
            kind: ArgKind::Bias,
            default: Default::Bool(true),
            doc: "whether to add a bias, or its values",
        },
        ArgDef {
            name: "weight",
            kind: ArgKind::Values,
            default: Default::Absent("a parameter"),
            doc: "the values of the weight, `[filters, C / groups, kernel…]`",
        },
    ],
};

impl LayerDef for Conv {
    fn name(&self) -> &'static str {
        "Conv"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(ConvOp {
            filters: args.int("filters")?,
            windows: Windows {
                layer: "Conv",
                layout,
                argument: "kernel",
                kernel: rules::present(args.sizes("kernel")?),
                stride: rules::present(args.constants("stride")?),
                padding: args.padding("padding")?,
                dilation: rules::present(args.constants("dilation")?),
                ceil: false,
                sees_input: false,
            },
            groups: args.constant("groups")?.into(),
            bias: args.bias("bias")?,
            weight: args.values("weight")?,
        }))
    }
}

#[derive(Clone, Debug)]
struct ConvOp {
    filters: Dim,
    windows: Windows,
    groups: i128,
    bias: Bias,
    weight: Option<Arc<ArrayD<f32>>>,
}

impl ConvOp {
    fn channel_axis(&self, input: &Shape) -> usize {
        self.windows.layout.channel_axis(input.rank())
    }

    /// Input channels that one filter sees.
    fn channels_seen(&self, input: &Shape) -> Result<Dim, DimError> {
        input[self.channel_axis(input)].floor_div(self.groups)
    }

    /// That `groups` divides channels and filters.
    fn grouping(&self, input: &Shape) -> Result<Vec<Obligation>, LayerError> {
        if self.groups == 1 {
            return Ok(Vec::new());
        }
        let groups = self.groups;
        let axis = self.channel_axis(input);
        let divides = |of, rule: &'static str, blame| Obligation {
            claim: Claim::Divides {
                divisor: groups,
                of,
            },
            rule: rule.into(),
            blame,
        };
        let mut obligations = vec![divides(
            Side::axis(0, axis, &input[axis]),
            "`groups` of `Conv` must divide the channels of its input",
            Blame::Arg("groups"),
        )];
        match self.filters.as_const() {
            Some(filters) if filters % groups == 0 => {}
            Some(filters) => {
                return Err(LayerError::new(
                    Blame::Arg("groups"),
                    Problem::Range(format!(
                        "`groups` must divide `filters`, and {groups} does not divide {filters}"
                    )),
                ));
            }
            None => obligations.push(divides(
                Side::other("`filters`", self.filters.clone()),
                "`groups` of `Conv` must divide `filters`",
                Blame::Arg("groups"),
            )),
        }
        Ok(obligations)
    }
}

impl Op for ConvOp {
    fn kind(&self) -> &'static str {
        "Conv"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let layout = self.windows.layout;
        let input = spatial::image(inputs, layout)?;
        let (sizes, mut obligations) = self.windows.infer(input)?;
        obligations.extend(self.grouping(input)?);
        let shape = spatial::with_sizes(input, layout, sizes, self.filters.clone());
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations,
        })
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let input = &inputs[0].shape;
        let seen = self.channels_seen(input)?;
        let cells = self.windows.cells(input.rank())?;
        let fan = Init::Fan {
            fan_in: seen.mul(&cells)?,
            fan_out: self.filters.floor_div(self.groups)?.mul(&cells)?,
        };
        let mut shape = vec![self.filters.clone(), seen];
        let slides = self.windows.slides(input.rank())?;
        shape.extend(slides.into_iter().map(|slide| slide.kernel));
        let weight = rules::param("weight", shape, fan, &self.weight, Blame::Arg("weight"))?;
        let mut params = vec![weight];
        params.extend(rules::bias(&self.bias, &self.filters)?);
        Ok(params)
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(ConvOp {
            filters: rules::bound(&self.filters, env)?,
            windows: self.windows.bind(env)?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        let input = &inputs[0].shape;
        let cells = self.windows.cells(input.rank())?;
        let per_element = self.channels_seen(input)?.mul(&cells)?;
        Ok(Cost {
            macs: outputs[0].shape.elements()?.mul(&per_element)?,
            field: self.windows.field(input)?,
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        self.windows.arithmetic(&inputs[0].shape, axis)
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let channel = self.windows.layout.channel_axis(cx.inputs[0].shape.len());
        let conv = PackedConv::new(
            self.windows.window(cx),
            self.groups as usize,
            cx.inputs[0].shape[channel],
            cx.outputs[0].shape[channel],
            cx.param(0),
            (self.bias != Bias::No).then(|| cx.param(1)),
        );
        fresh(conv.scratch(), move |io| {
            conv.run(io.inputs[0].f32(), io.outputs[0].f32(), io.scratch);
        })
    }
}
