//! `ConvTranspose`: the way back of a convolution over 1, 2 or 3 spatial axes.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::{Args, Bias, Sizes};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, FieldAxis, Group, Inferred, Init, Inputs, LayerDef,
    Op, ParamSpec, Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::{self, Slide, Windows, number, term};
use crate::kernels::conv_transpose::PackedConvTranspose;
use crate::kernels::window::Window;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct ConvTranspose;

static DOC: Doc = Doc {
    group: Group::Convolution,
    summary: "spreads each value over a window and sums where windows overlap",
    detail: "\
`[N, L, C]` → `[N, L', filters]`, and likewise with two (`[N, H, W, C]`) or three spatial axes: \
the rank comes from the input. With `layout channels_first` the channels are axis 1. It is the \
transpose of a `Conv` with the same numbers: what that makes smaller, this makes larger.

A spatial size becomes

* (size − 1)·stride + dilation·(kernel − 1) + 1 − before − after + output_padding, where padding \
means what is cut off at both ends: `ConvTranspose(8, kernel=2, stride=2)` doubles every size,
* size · stride with `padding=same`. What is more than that, dilation·(kernel − 1) + 1 − stride \
cells, is cut off at both ends, an odd cell at the end, as in Keras and ONNX `SAME_UPPER`; where the \
stride is larger than the window, the cells at the end hold the bias alone.

`output_padding` adds cells at the end, which `Conv` with a stride leaves out; it must be smaller than \
the stride or the dilation, and has no place beside `padding=same`. `stride`, `dilation`, \
`output_padding` and `groups` must be numbers. `groups` divides the channels and the filters.

Parameters: `weight` `[C, filters / groups, kernel…]` and `bias` `[filters]`, in both layouts.",
    example: "\
model Example {
    input x: [N, H, W, 16]
    up1: ConvTranspose(8, kernel=2, stride=2)                            -> [N, 2*H, 2*W, 8]
    up2: ConvTranspose(4, 3, stride=2, padding=same)                     -> [N, 4*H, 4*W, 4]
    up3: ConvTranspose(2, 3, stride=2, padding=1, output_padding=1)      -> [N, 8*H, 8*W, 2]
    output y
}
",
    elsewhere: &[
        ("Keras", "Conv1DTranspose"),
        ("Keras", "Conv2DTranspose"),
        ("Keras", "Conv3DTranspose"),
        ("PyTorch", "nn.ConvTranspose1d"),
        ("PyTorch", "nn.ConvTranspose2d"),
        ("PyTorch", "nn.ConvTranspose3d"),
        ("ONNX", "ConvTranspose"),
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
        spatial::KERNEL,
        ArgDef {
            doc: "cells of the result from one window to the next",
            ..spatial::STRIDE
        },
        ArgDef {
            doc: "cells cut off around the spatial axes",
            ..spatial::PADDING
        },
        ArgDef {
            name: "output_padding",
            kind: ArgKind::Sizes { min: 0 },
            default: Default::Int(0),
            doc: "cells added at the end of each spatial axis",
        },
        spatial::DILATION,
        spatial::GROUPS,
        rules::BIAS,
        ArgDef {
            name: "weight",
            kind: ArgKind::Values,
            default: Default::Absent("a parameter"),
            doc: "the values of the weight, `[C, filters / groups, kernel…]`",
        },
    ],
};

impl LayerDef for ConvTranspose {
    fn name(&self) -> &'static str {
        "ConvTranspose"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(TransposeOp {
            filters: args.int("filters")?,
            windows: Windows {
                layer: "ConvTranspose",
                layout,
                argument: "kernel",
                kernel: rules::present(args.sizes("kernel")?),
                stride: rules::present(args.constants("stride")?),
                padding: args.padding("padding")?,
                dilation: rules::present(args.constants("dilation")?),
                ceil: false,
                sees_input: false,
            },
            more: rules::present(args.constants("output_padding")?),
            groups: args.constant("groups")?.into(),
            bias: args.bias("bias")?,
            weight: args.values("weight")?,
        }))
    }
}

#[derive(Clone, Debug)]
struct TransposeOp {
    filters: Dim,
    /// The windows of the convolution that this transposes.
    windows: Windows,
    /// `output_padding`.
    more: Sizes<i64>,
    groups: i128,
    bias: Bias,
    weight: Option<Arc<ArrayD<f32>>>,
}

/// What happens along one axis.
struct Spread {
    slide: Slide,
    /// Cells added at the end.
    more: i128,
}

impl Spread {
    /// The size of the result.
    fn output(&self, size: &Dim) -> Result<Dim, DimError> {
        match self.rest()? {
            None => size.times(self.slide.stride),
            Some(rest) => size.minus(1)?.times(self.slide.stride)?.add(&rest),
        }
    }

    /// What one window gives, less the cut and with what is added; `None` with `same`.
    fn rest(&self) -> Result<Option<Dim>, DimError> {
        let Some((before, after)) = &self.slide.padding else {
            return Ok(None);
        };
        let extent = self.slide.extent()?;
        extent.sub(before)?.sub(after)?.plus(self.more).map(Some)
    }

    /// That something is left after the cut.
    fn leaves(&self, size: &Dim) -> Result<Option<Obligation>, LayerError> {
        let Some(rest) = self.rest()? else {
            return Ok(None);
        };
        let stride = self.slide.stride;
        let (of, low) = match rest.as_const() {
            // (size − 1)·stride + rest ≥ 1
            Some(rest) => {
                let low = 1 - (rest - 1).div_euclid(stride);
                if size.as_const().unwrap_or(1) >= low {
                    return Ok(None);
                }
                (Side::axis(0, self.slide.axis, size), low)
            }
            None => {
                let what = format!("axis {} after the cut", self.slide.axis);
                (Side::other(what, self.output(size)?), 1)
            }
        };
        Ok(Some(Obligation {
            claim: Claim::AtLeast { of, low },
            rule:
                "the padding of `ConvTranspose` is cut off its result, and something must be left"
                    .into(),
            blame: Blame::Arg("padding"),
        }))
    }

    /// Cells cut off before the result, on concrete sizes.
    fn cut(&self) -> usize {
        match &self.slide.padding {
            Some((before, _)) => number(before),
            // What one window is larger than the stride; the odd cell goes to the end.
            None => {
                let extent = (number(&self.slide.kernel) - 1) * self.slide.dilation as usize + 1;
                extent.saturating_sub(self.slide.stride as usize) / 2
            }
        }
    }
}

impl TransposeOp {
    fn channels<'a>(&self, input: &'a Shape) -> &'a Dim {
        &input[self.windows.layout.channel_axis(input.rank())]
    }

    /// What happens along each spatial axis of an input with `rank` axes.
    fn spreads(&self, rank: usize) -> Result<Vec<Spread>, LayerError> {
        let slides = self.windows.slides(rank)?;
        let more = self.more.for_rank("output_padding", slides.len())?;
        let refuse = |sentence: String| {
            Err(LayerError::new(
                Blame::Arg("output_padding"),
                Problem::Range(sentence),
            ))
        };
        slides
            .into_iter()
            .zip(more)
            .map(|(slide, more)| {
                let more = i128::from(more);
                if more > 0 && slide.padding.is_none() {
                    return refuse(
                        "`output_padding` has no place beside `padding=same`, which gives size · \
                         stride"
                            .into(),
                    );
                }
                if more > 0 && more >= slide.stride.max(slide.dilation) {
                    return refuse(format!(
                        "`output_padding` must be smaller than the stride or the dilation, and it \
                         is {more} beside a stride of {} and a dilation of {}",
                        slide.stride, slide.dilation
                    ));
                }
                Ok(Spread { slide, more })
            })
            .collect()
    }

    /// [`TransposeOp::spreads`] for types that the shape rule has accepted.
    fn accepted(&self, rank: usize) -> Vec<Spread> {
        self.spreads(rank)
            .expect("the shape rule has accepted this rank")
    }
}

impl Op for TransposeOp {
    fn kind(&self) -> &'static str {
        "ConvTranspose"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let layout = self.windows.layout;
        let input = spatial::image(inputs, layout)?;
        let slides = self.windows.slides(input.rank())?;
        let mut obligations = self.windows.symbolic_arguments(&slides);
        let mut sizes = Vec::new();
        for spread in self.spreads(input.rank())? {
            let size = &input[spread.slide.axis];
            sizes.push(spread.output(size)?);
            obligations.extend(spread.leaves(size)?);
        }
        let axis = layout.channel_axis(input.rank());
        let channels = Side::axis(0, axis, &input[axis]);
        obligations.extend(rules::grouping(
            "ConvTranspose",
            self.groups,
            channels,
            &self.filters,
        )?);
        let shape = spatial::with_sizes(input, layout, sizes, self.filters.clone());
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations,
        })
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let input = &inputs[0].shape;
        let channels = self.channels(input);
        let made = self.filters.floor_div(self.groups)?;
        let cells = self.windows.cells(input.rank())?;
        let fan = Init::Fan {
            fan_in: channels.floor_div(self.groups)?.mul(&cells)?,
            fan_out: made.mul(&cells)?,
        };
        let mut shape = vec![channels.clone(), made];
        let slides = self.windows.slides(input.rank())?;
        shape.extend(slides.into_iter().map(|slide| slide.kernel));
        let weight = rules::param("weight", shape, fan, &self.weight, Blame::Arg("weight"))?;
        let mut params = vec![weight];
        params.extend(rules::bias(&self.bias, &self.filters)?);
        Ok(params)
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(TransposeOp {
            filters: rules::bound(&self.filters, env)?,
            windows: self.windows.bind(env)?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let input = &inputs[0].shape;
        let cells = self.windows.cells(input.rank())?;
        let made = self.filters.floor_div(self.groups)?;
        let axes = self.accepted(input.rank()).into_iter();
        let axes = axes.map(|spread| {
            Ok(FieldAxis {
                extent: spread.slide.extent()?.ceil_div(spread.slide.stride)?,
                stride: Dim::constant(spread.slide.stride),
            })
        });
        Ok(Cost {
            macs: input.elements()?.mul(&made)?.mul(&cells)?,
            field: Field::Finer(axes.collect::<Result<_, DimError>>()?),
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let input = &inputs[0].shape;
        let spreads = self.spreads(input.rank()).ok()?.into_iter();
        let Spread { slide, more } = spreads.into_iter().find(|it| it.slide.axis == axis)?;
        let (size, stride) = (&input[axis], slide.stride);
        let Some((before, after)) = &slide.padding else {
            return Some(format!("{}·{stride}", term(size)));
        };
        let window = match slide.dilation {
            1 => term(&slide.kernel),
            dilation => format!("{dilation}·({} − 1) + 1", slide.kernel),
        };
        let padding = if before == after {
            format!("2·{}", term(before))
        } else {
            format!("{} − {}", term(before), term(after))
        };
        let more = match more {
            0 => String::new(),
            more => format!(" + {more}"),
        };
        Some(format!(
            "({} − 1)·{stride} + {window} − {padding}{more}",
            term(size)
        ))
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let channel = self.windows.layout.channel_axis(input.len());
        let mut window = Window {
            layout: self.windows.layout,
            batch: input[0],
            input: [1; 3],
            output: [1; 3],
            kernel: [1; 3],
            stride: [1; 3],
            dilation: [1; 3],
            before: [0; 3],
        };
        let spreads = self.accepted(input.len());
        for (at, spread) in (3 - spreads.len()..).zip(&spreads) {
            window.input[at] = output[spread.slide.axis];
            window.output[at] = input[spread.slide.axis];
            window.kernel[at] = number(&spread.slide.kernel);
            window.stride[at] = spread.slide.stride as usize;
            window.dilation[at] = spread.slide.dilation as usize;
            window.before[at] = spread.cut();
        }
        let conv = PackedConvTranspose::new(
            window,
            self.groups as usize,
            input[channel],
            output[channel],
            cx.param(0),
            (self.bias != Bias::No).then(|| cx.param(1)),
        );
        fresh(conv.scratch(), move |io| {
            conv.run(io.inputs[0].f32(), io.outputs[0].f32(), io.scratch);
        })
    }
}

#[cfg(test)]
mod tests;
