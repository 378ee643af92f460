//! `Conv`: a convolution over 1, 2 or 3 spatial axes.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::{Args, Bias};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Init, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Side};
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
        spatial::KERNEL,
        spatial::STRIDE,
        spatial::PADDING,
        spatial::DILATION,
        spatial::GROUPS,
        rules::BIAS,
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
}

impl Op for ConvOp {
    fn kind(&self) -> &'static str {
        "Conv"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let layout = self.windows.layout;
        let input = spatial::image(inputs, layout)?;
        let (sizes, mut obligations) = self.windows.infer(input)?;
        let channels = Side::axis(
            0,
            self.channel_axis(input),
            &input[self.channel_axis(input)],
        );
        obligations.extend(rules::grouping(
            "Conv",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::def::{Field, FieldAxis};
    use crate::layers::error::Problem;
    use crate::layers::testing::{
        First, Last, build, count_up, dims, infer, range, run, shapes, tensor, types,
    };

    #[test]
    fn groups_divide_channels_and_filters() {
        let claims = |layer, layout, input| shapes(layer, layout, &[input]).1;
        let same = "Conv(6, 3, padding=1, groups=3)";
        assert_eq!(claims(same, Last, "[N, L, C]"), ["3 divides C"]);
        assert_eq!(claims(same, First, "[N, C, L]"), ["3 divides C"]);
        assert_eq!(claims(same, Last, "[N, L, 4]"), ["3 divides 4"]);
        assert_eq!(
            claims("Conv(f, 1, groups=2)", Last, "[N, L, C]"),
            ["2 divides C", "2 divides f"]
        );
        let (argument, sentence) = range("Conv(8, 3, groups=3)", Last, &["[N, 9, 9]"]);
        assert_eq!(argument, "groups");
        assert_eq!(
            sentence,
            "`groups` must divide `filters`, and 3 does not divide 8"
        );
    }

    #[test]
    fn stores_filters_channels_and_kernel_in_both_layouts() {
        let op = build("Conv(6, (3, 5), groups=2)", Last).unwrap();
        let params = op.params(&types(&["[N, H, W, 4*c]"])).unwrap();
        assert_eq!(params[0].shape.to_string(), "[6, 2*c, 3, 5]");
        assert_eq!(params[1].shape.to_string(), "[6]");
        let Init::Fan { fan_in, fan_out } = &params[0].init else {
            panic!("{:?}", params[0].init)
        };
        assert_eq!(
            (fan_in.to_string(), fan_out.to_string()),
            ("30*c".into(), "45".into())
        );

        let op = build("Conv(6, 3, bias=false)", First).unwrap();
        let params = op.params(&types(&["[N, 2, D, H, W]"])).unwrap();
        assert_eq!(params.len(), 1);
        assert_eq!(params[0].shape, dims(&[6, 2, 3, 3, 3]));
    }

    #[test]
    fn takes_values_that_broadcast() {
        let sharpen = "Conv(1, 3, weight=[[0,-1,0],[-1,5,-1],[0,-1,0]], bias=0)";
        let op = build(sharpen, Last).unwrap();
        let params = op.params(&types(&["[N, H, W, 3]"])).unwrap();
        assert!(matches!(&params[0].init, Init::Given(array) if array.shape() == [3, 3]));
        assert!(matches!(&params[1].init, Init::Given(array) if array.shape().is_empty()));

        let op = build("Conv(2, 3, weight=[1, 2])", Last).unwrap();
        let error = op.params(&types(&["[N, L, 1]"])).unwrap_err();
        assert_eq!(error.blame, Blame::Arg("weight"));
        assert!(matches!(error.problem, Problem::Array { .. }));
    }

    #[test]
    fn costs_what_its_windows_multiply() {
        let op = build(
            "Conv(8, 3, stride=2, padding=1, dilation=2, groups=2)",
            Last,
        )
        .unwrap();
        let inputs = types(&["[N, 16, 16, 4]"]);
        let outputs = op.infer(&inputs).unwrap().outputs;
        assert_eq!(outputs[0].shape.to_string(), "[N, 7, 7, 8]");
        let cost = op.cost(&inputs, &outputs).unwrap();
        assert_eq!(cost.macs.to_string(), format!("{}*N", 7 * 7 * 8 * 2 * 9));
        let axis = FieldAxis {
            extent: Dim::from(5),
            stride: Dim::from(2),
        };
        assert_eq!(cost.field, Field::Window(vec![axis.clone(), axis]));
    }

    #[test]
    fn binding_makes_symbols_numbers() {
        let op = build("Conv(f, 2*k + 1, padding=k)", Last).unwrap();
        let env = Env::from([("f".into(), 4), ("k".into(), 1), ("N".into(), 2)]);
        let bound = op.bind(&env).unwrap();
        let output = &bound.infer(&types(&["[2, 8, 8, 3]"])).unwrap().outputs[0];
        assert_eq!(output.shape, dims(&[2, 8, 8, 4]));
        assert!(op.bind(&Env::new()).is_err());
    }

    #[test]
    fn an_error_in_an_argument_says_nothing_more() {
        let problem = infer("Conv(error, 3)", Last, &["[N, H, W, 3]"])
            .unwrap_err()
            .problem;
        assert_eq!(problem, Problem::Poisoned);
    }

    #[test]
    fn computes_sums_over_windows() {
        // One row of 1, 2, 3, 4; the window adds a cell and 10 times the next.
        let row = tensor(&[1, 4, 1], &[1.0, 2.0, 3.0, 4.0]);
        let weight = tensor(&[1, 1, 2], &[1.0, 10.0]);
        let out = |layer, params: &[_]| {
            let results = run(layer, Last, std::slice::from_ref(&row), params);
            results[0].as_f32().unwrap().to_vec()
        };
        let plain = [weight.clone()];
        assert_eq!(out("Conv(1, 2, bias=false)", &plain), [21.0, 32.0, 43.0]);
        assert_eq!(out("Conv(1, 2, 3, bias=false)", &plain), [21.0]);
        assert_eq!(
            out("Conv(1, 2, padding=same, bias=false)", &plain),
            [21.0, 32.0, 43.0, 4.0]
        );
        let causal = "Conv(1, 2, padding=((1, 0),), bias=false)";
        assert_eq!(out(causal, &plain), [10.0, 21.0, 32.0, 43.0]);
        assert_eq!(
            out("Conv(1, 2, dilation=2, bias=false)", &plain),
            [31.0, 42.0]
        );
        let biased = [weight, tensor(&[1], &[0.5])];
        assert_eq!(out("Conv(1, 2)", &biased), [21.5, 32.5, 43.5]);
    }

    #[test]
    fn both_layouts_and_groups_agree() {
        // Two channels, each scaled by its own weight: channel 0 by 2, channel 1 by 3.
        let weight = tensor(&[2, 1, 1, 1], &[2.0, 3.0]);
        let image = count_up(&[1, 2, 1, 2]);
        let layer = "Conv(2, 1, groups=2, bias=false)";
        let first = run(
            layer,
            First,
            std::slice::from_ref(&image),
            std::slice::from_ref(&weight),
        );
        assert_eq!(first[0].as_f32().unwrap(), [0.0, 2.0, 6.0, 9.0]);
        let image = tensor(&[1, 1, 2, 2], &[0.0, 2.0, 1.0, 3.0]);
        let last = run(layer, Last, &[image], &[weight]);
        assert_eq!(last[0].as_f32().unwrap(), [0.0, 6.0, 2.0, 9.0]);
    }

    #[test]
    fn three_axes_are_summed() {
        let cube = count_up(&[1, 2, 2, 2, 1]);
        let ones = tensor(&[1, 1, 2, 2, 2], &[1.0; 8]);
        let sum = run("Conv(1, 2, bias=false)", Last, &[cube], &[ones]);
        assert_eq!(sum[0], tensor(&[1, 1, 1, 1, 1], &[28.0]));
    }
}
