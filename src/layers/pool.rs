//! `MaxPool` and `AvgPool`: one number for each window of each channel.

use std::sync::Arc;

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::{self, Windows};
use crate::kernels::pool::{avg_pool, max_pool};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::{DType, Layout};

/// The layer.
pub struct MaxPool;
/// The layer.
pub struct AvgPool;

static MAX_DOC: Doc = Doc {
    group: Group::Pooling,
    summary: "takes the largest value of each window, channel by channel",
    detail: "\
`[N, H, W, C]` → `[N, H', W', C]`, and likewise with one or three spatial axes. With `layout \
channels_first` the channels are axis 1.

A spatial size becomes

* ⌊(size + before + after − dilation·(size of the window − 1) − 1) / stride⌋ + 1: `MaxPool(2)` on an \
odd size leaves out the last cell,
* ⌈size / stride⌉ with `padding=same`, an odd total of padding at the end,
* with `ceil=true` the first is rounded up, so that a last window may reach beyond the padded \
input; one that would begin beyond the input and its leading padding is dropped.

`stride` is the size of the window unless given. Padding never wins; it must be smaller than the \
window, so that no window sees padding only. NaN wins over every number.

A second result `.indices` (`i64`, of the same shape) is the position of the largest value in its \
input plane, `(d · H + h) · W + w`, the first of equals.",
    example: "\
model Example {
    input x: [N, 2*h, 2*w, C]
    MaxPool(2)                       -> [N, h, w, C]
    MaxPool(3, stride=1, padding=1)  -> [N, h, w, C]
    output y
}
",
    elsewhere: &[
        ("Keras", "MaxPooling1D"),
        ("Keras", "MaxPooling2D"),
        ("Keras", "MaxPooling3D"),
        ("Keras", "MaxPool1D"),
        ("Keras", "MaxPool2D"),
        ("Keras", "MaxPool3D"),
        ("PyTorch", "nn.MaxPool1d"),
        ("PyTorch", "nn.MaxPool2d"),
        ("PyTorch", "nn.MaxPool3d"),
        ("ONNX", "MaxPool"),
    ],
};

static AVG_DOC: Doc = Doc {
    group: Group::Pooling,
    summary: "takes the mean of each window, channel by channel",
    detail: "\
`[N, H, W, C]` → `[N, H', W', C]`, and likewise with one or three spatial axes. With `layout \
channels_first` the channels are axis 1.

A spatial size becomes ⌊(size + before + after − dilation·(size of the window − 1) − 1) / stride⌋ \
+ 1, with `padding=same` ⌈size / stride⌉. With `ceil=true` the first is rounded up, so that a last window may \
reach beyond the padded input; one that would begin beyond the input and its leading padding is \
dropped.

`stride` is the size of the window unless given. Padding must be smaller than the window. It does \
not count: the mean is over the cells of the input that a window sees, as in Keras and in ONNX. \
PyTorch counts padding as zeros unless told otherwise: `count_padding=true`. Cells beyond the \
padding, which `ceil` may bring in, never count.",
    example: "\
model Example {
    input x: [N, 2*h, 2*w, C]
    AvgPool(2)                                           -> [N, h, w, C]
    AvgPool(3, stride=1, padding=1, count_padding=true)  -> [N, h, w, C]
    output y
}
",
    elsewhere: &[
        ("Keras", "AveragePooling1D"),
        ("Keras", "AveragePooling2D"),
        ("Keras", "AveragePooling3D"),
        ("Keras", "AvgPool1D"),
        ("Keras", "AvgPool2D"),
        ("Keras", "AvgPool3D"),
        ("PyTorch", "nn.AvgPool1d"),
        ("PyTorch", "nn.AvgPool2d"),
        ("PyTorch", "nn.AvgPool3d"),
        ("ONNX", "AveragePool"),
    ],
};

const SIZE: ArgDef = ArgDef {
    name: "size",
    kind: ArgKind::Sizes { min: 1 },
    default: Default::Required,
    doc: "cells of the window",
};

const STRIDE: ArgDef = ArgDef {
    name: "stride",
    kind: ArgKind::Sizes { min: 1 },
    default: Default::Absent("size"),
    doc: "cells from one window to the next",
};

const CEIL: ArgDef = ArgDef {
    name: "ceil",
    kind: ArgKind::Bool,
    default: Default::Bool(false),
    doc: "whether to round the result's size up",
};

static MAX_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &["indices"],
    args: &[SIZE, STRIDE, spatial::PADDING, spatial::DILATION, CEIL],
};

static AVG_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        SIZE,
        STRIDE,
        spatial::PADDING,
        spatial::DILATION,
        CEIL,
        ArgDef {
            name: "count_padding",
            kind: ArgKind::Bool,
            default: Default::Bool(false),
            doc: "whether padding counts as zeros in the mean",
        },
    ],
};

impl LayerDef for MaxPool {
    fn name(&self) -> &'static str {
        "MaxPool"
    }

    fn doc(&self) -> &'static Doc {
        &MAX_DOC
    }

    fn signature(&self) -> &'static Signature {
        &MAX_SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(PoolOp {
            windows: windows("MaxPool", args, layout)?,
            take: Take::Largest,
        }))
    }
}

impl LayerDef for AvgPool {
    fn name(&self) -> &'static str {
        "AvgPool"
    }

    fn doc(&self) -> &'static Doc {
        &AVG_DOC
    }

    fn signature(&self) -> &'static Signature {
        &AVG_SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(PoolOp {
            windows: windows("AvgPool", args, layout)?,
            take: Take::Mean {
                count_padding: args.boolean("count_padding")?,
            },
        }))
    }
}

/// The windows of a pool; without `stride` they lie side by side.
fn windows(layer: &'static str, args: &Args, layout: Layout) -> Result<Windows, LayerError> {
    let stride = match args.constants("stride")? {
        Some(stride) => stride,
        None => rules::present(args.constants("size")?),
    };
    Ok(Windows {
        layer,
        layout,
        argument: "size",
        kernel: rules::present(args.sizes("size")?),
        stride,
        padding: args.padding("padding")?,
        dilation: rules::present(args.constants("dilation")?),
        ceil: args.boolean("ceil")?,
        sees_input: true,
    })
}

#[derive(Clone, Debug)]
struct PoolOp {
    windows: Windows,
    take: Take,
}

/// What a pool takes of a window.
#[derive(Clone, Copy, Debug)]
enum Take {
    Largest,
    Mean { count_padding: bool },
}

impl Op for PoolOp {
    fn kind(&self) -> &'static str {
        self.windows.layer
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let layout = self.windows.layout;
        let input = spatial::image(inputs, layout)?;
        let (sizes, obligations) = self.windows.infer(input)?;
        let channels = input[layout.channel_axis(input.rank())].clone();
        let shape = spatial::with_sizes(input, layout, sizes, channels);
        let mut outputs = vec![TensorType::f32(shape.clone())];
        if let Take::Largest = self.take {
            let plane = input.dims()[spatial::spatial_axes(layout, input.rank())].to_vec();
            outputs.push(TensorType {
                plane: Some(Arc::new(Shape(plane))),
                ..TensorType::new(DType::I64, shape)
            });
        }
        Ok(Inferred {
            outputs,
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(PoolOp {
            windows: self.windows.bind(env)?,
            take: self.take,
        }))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: self.windows.field(&inputs[0].shape)?,
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        self.windows.arithmetic(&inputs[0].shape, axis)
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let window = self.windows.window(cx);
        let input = &cx.inputs[0].shape;
        let channels = input[window.layout.channel_axis(input.len())];
        match self.take {
            Take::Largest => fresh(0, move |io| {
                // A plan may leave out the indices when nothing uses them.
                if let [values, indices @ ..] = io.outputs.as_mut_slice() {
                    let indices = indices.first_mut().map(|indices| indices.i64());
                    max_pool(&window, channels, io.inputs[0].f32(), values.f32(), indices);
                }
            }),
            Take::Mean { count_padding } => {
                let after = self.windows.after(cx);
                fresh(0, move |io| {
                    let input = io.inputs[0].f32();
                    let output = io.outputs[0].f32();
                    avg_pool(&window, channels, count_padding, after, input, output);
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::def::{Field, FieldAxis};
    use crate::layers::testing::{First, Last, build, count_up, elements, run, tensor, types};

    #[test]
    fn takes_the_largest_and_says_where_it_was() {
        let image = tensor(&[1, 2, 4, 1], &[1.0, 5.0, 2.0, 2.0, 3.0, 4.0, 2.0, 0.0]);
        let results = run("MaxPool(2)", Last, &[image], &[]);
        assert_eq!(results[0], tensor(&[1, 1, 2, 1], &[5.0, 2.0]));
        assert_eq!(results[1].as_i64().unwrap(), [1, 2], "the first of equals");
    }

    #[test]
    fn channels_keep_to_themselves() {
        let last = tensor(&[1, 2, 2], &[1.0, 8.0, 3.0, 4.0]);
        assert_eq!(elements("MaxPool(2)", Last, &[last]), [3.0, 8.0]);
        let first = tensor(&[1, 2, 2], &[1.0, 3.0, 8.0, 4.0]);
        assert_eq!(elements("AvgPool(2)", First, &[first]), [2.0, 6.0]);
    }

    #[test]
    fn padding_never_wins_and_counts_only_when_asked() {
        let row = tensor(&[1, 2, 1], &[-1.0, -3.0]);
        let of = |layer| elements(layer, Last, std::slice::from_ref(&row));
        assert_eq!(of("MaxPool(2, padding=1)"), [-1.0, -3.0]);
        assert_eq!(of("AvgPool(2, padding=1)"), [-1.0, -3.0]);
        assert_eq!(
            of("AvgPool(2, padding=1, count_padding=true)"),
            [-0.5, -1.5]
        );
        // The odd cell of `same` is at the end.
        assert_eq!(of("AvgPool(2, 1, same, count_padding=true)"), [-2.0, -1.5]);
    }

    #[test]
    fn ceil_takes_a_part_of_a_window() {
        let row = count_up(&[1, 3, 1]);
        let of = |layer| elements(layer, Last, std::slice::from_ref(&row));
        assert_eq!(of("MaxPool(2)"), [1.0]);
        assert_eq!(of("MaxPool(2, ceil=true)"), [1.0, 2.0]);
        // What lies beyond the padding does not count, asked or not.
        assert_eq!(of("AvgPool(2, ceil=true)"), [0.5, 2.0]);
        assert_eq!(of("AvgPool(2, ceil=true, count_padding=true)"), [0.5, 2.0]);
    }

    #[test]
    fn a_window_may_reach_far_beyond_the_input() {
        let row = || [tensor(&[1, 4, 1], &[1.0, 9.0, 2.0, 4.0])];
        assert_eq!(
            elements("MaxPool(1048576, 1, same)", Last, &row()),
            [9.0; 4]
        );
        assert_eq!(
            elements("AvgPool(1048575, 1, same)", Last, &row()),
            [4.0; 4]
        );
        let apart = "MaxPool(1048576, 1, same, dilation=4)";
        // Window i begins at i − 2·(1048576 − 1), and sees position i + 2 or i − 2.
        assert_eq!(elements(apart, Last, &row()), [2.0, 4.0, 1.0, 9.0]);
        let cube = tensor(&[1, 1, 1, 2, 1], &[1.0, 2.0]);
        assert_eq!(
            elements("MaxPool(1048576, 1, same)", Last, &[cube]),
            [2.0; 2]
        );
    }

    #[test]
    fn dilation_skips_cells() {
        let row = tensor(&[1, 4, 1], &[1.0, 9.0, 2.0, 3.0]);
        let of = |layer| elements(layer, Last, std::slice::from_ref(&row));
        assert_eq!(of("MaxPool(2, 1, dilation=2)"), [2.0, 9.0]);
        assert_eq!(of("AvgPool(2, 1, dilation=2)"), [1.5, 6.0]);
        assert_eq!(
            of("AvgPool(2, 2, padding=1, dilation=2)"),
            [9.0, 6.0],
            "padding does not count"
        );
    }

    #[test]
    fn the_stride_is_the_size_unless_given() {
        let op = build("MaxPool((2, 3))", Last).unwrap();
        let inputs = types(&["[N, 8, 9, 2]"]);
        let cost = op
            .cost(&inputs, &op.infer(&inputs).unwrap().outputs)
            .unwrap();
        let axis = |size: i64| FieldAxis {
            extent: Dim::from(size),
            stride: Dim::from(size),
        };
        assert_eq!(cost.field, Field::Window(vec![axis(2), axis(3)]));
        assert_eq!(cost.macs, Dim::constant(0));
    }
}
