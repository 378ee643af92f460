//! `LayerNorm` and `RMSNorm`: normalisation along axes of one sample.

use super::args::{Args, resolve_axes};
use super::axes;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Init, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::copy::permute;
use crate::kernels::norm::layer_norm;
use crate::shape::{DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// A normalisation along axes.
pub struct AxesNorm {
    name: &'static str,
    doc: &'static Doc,
    /// Whether the mean is taken away, and a bias added.
    centred: bool,
}

/// The layer.
pub static LAYER_NORM: AxesNorm = AxesNorm {
    name: "LayerNorm",
    doc: &Doc {
        group: Group::Normalisation,
        summary: "normalises along an axis, each place by its own mean and variance",
        detail: "\
`(x − mean) / √(var + eps) · weight + bias`, the mean and the variance being over `axis`; the shape stays. \
The variance is that of all elements (divided by their number), as in PyTorch, Keras and ONNX.

`axis` is one, or a tuple of several; the last unless given. With `layout channels_first` and 4 axes or more it \
must be given: `axis=1` are the channels. PyTorch's `nn.LayerNorm([C, H, W])` and ONNX's `axis=1` are \
`axis=(1, 2, 3)`.

Parameters: `weight` and `bias`, with the sizes of these axes.

`eps` is 1e-5 unless given, as in PyTorch and ONNX. Keras takes 1e-3.",
        example: "\
model Example {
    input x: [N, T, 16]
    norm1: LayerNorm  -> [N, T, 16]
    fc: Linear(8)
    output y
}
",
        elsewhere: &[
            ("Keras", "LayerNormalization"),
            ("PyTorch", "nn.LayerNorm"),
            ("ONNX", "LayerNormalization"),
        ],
    },
    centred: true,
};

/// The layer.
pub static RMS_NORM: AxesNorm = AxesNorm {
    name: "RMSNorm",
    doc: &Doc {
        group: Group::Normalisation,
        summary: "divides by the root of the mean of squares along an axis",
        detail: "\
`x / √(mean(x²) + eps) · weight`, the mean being over `axis`; the shape stays. Nothing is taken away and \
nothing added.

`axis` is that of `LayerNorm`: one, or a tuple of several; the last unless given. With `layout channels_first` and 4 \
axes or more it must be given.

Parameter: `weight`, with the sizes of these axes.

`eps` is 1e-5 unless given, as in ONNX. PyTorch takes 1.19e-7 where it is not given, Keras 1e-6.",
        example: "\
model Example {
    input x: [N, T, 16]
    norm1: RMSNorm    -> [N, T, 16]
    fc: Linear(8)
    output y
}
",
        elsewhere: &[
            ("Keras", "RMSNormalization"),
            ("PyTorch", "nn.RMSNorm"),
            ("ONNX", "RMSNormalization"),
        ],
    },
    centred: false,
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "axis",
            kind: ArgKind::Axes,
            default: Default::Absent("the last axis"),
            doc: "the axis, or a tuple of the axes, along which to normalise",
        },
        rules::EPS,
    ],
};

impl LayerDef for AxesNorm {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static Doc {
        self.doc
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(AxesNormOp {
            name: self.name,
            centred: self.centred,
            axes: args.axes("axis")?,
            eps: rules::eps(args)?,
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct AxesNormOp {
    name: &'static str,
    centred: bool,
    axes: Option<Vec<i128>>,
    eps: f32,
    layout: Layout,
}

impl AxesNormOp {
    fn axes(&self, rank: usize) -> Result<Vec<usize>, LayerError> {
        match (&self.axes, self.layout) {
            (Some(axes), _) => resolve_axes(axes, rank, "axis"),
            (None, Layout::ChannelsFirst) if rank >= 4 => Err(LayerError::new(
                Blame::Layer,
                Problem::Range(format!(
                    "`axis` must be given for {rank} axes with `layout channels_first`"
                )),
            )
            .note("write `axis=1` for the channels, `axis=-1` for the last axis")),
            (None, _) => Ok(vec![rank - 1]),
        }
    }

    /// The axes of a shape that the rule has accepted.
    fn accepted(&self, rank: usize) -> Vec<usize> {
        self.axes(rank).expect("the shape rule has accepted it")
    }
}

impl Op for AxesNormOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        rules::rank_at_least(inputs, 0, 1, "at least 1 axis, along which it normalises")?;
        self.axes(input.shape.rank())?;
        Ok(Inferred::one(TensorType::f32(input.shape.clone())))
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let input = &inputs[0].shape;
        let axes = self.axes(input.rank())?;
        let shape: Shape = axes.iter().map(|axis| input[*axis].clone()).collect();
        let mut params = vec![rules::affine("weight", shape.clone(), Init::Ones)];
        if self.centred {
            params.push(rules::affine("bias", shape, Init::Zeros));
        }
        Ok(params)
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let shape = &inputs[0].shape;
        Ok(Cost {
            // One for the squares, one for the weight.
            macs: shape.elements()?.times(2)?,
            field: axes::field(&self.accepted(shape.rank()), shape, self.layout),
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = cx.inputs[0].shape.clone();
        let axes = self.accepted(shape.len());
        let eps = self.eps;
        let weight = cx.param(0).to_vec();
        let bias = self.centred.then(|| cx.param(1).to_vec());
        let len = weight.len();
        let (first, last) = (axes[0], axes[axes.len() - 1]);
        if last - first + 1 == axes.len() {
            let outer = shape[..first].iter().product();
            let inner = shape[last + 1..].iter().product();
            return fresh(2 * outer * inner, move |io| {
                layer_norm(
                    io.inputs[0].f32(),
                    io.outputs[0].f32(),
                    [outer, len, inner],
                    &weight,
                    bias.as_deref(),
                    eps,
                    io.scratch,
                );
            });
        }
        // Axes that are apart are brought together at the end, and back afterwards.
        let others = (0..shape.len()).filter(|axis| !axes.contains(axis));
        let order: Vec<usize> = others.chain(axes.iter().copied()).collect();
        let mut back = vec![0; order.len()];
        for (to, from) in order.iter().enumerate() {
            back[*from] = to;
        }
        let moved: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
        let elements = cx.inputs[0].len();
        let outer = elements / len.max(1);
        fresh(2 * elements + 2 * outer, move |io| {
            let (together, rest) = io.scratch.split_at_mut(elements);
            let (normal, stats) = rest.split_at_mut(elements);
            permute(io.inputs[0].f32(), &shape, &order, together);
            let bias = bias.as_deref();
            layer_norm(together, normal, [outer, len, 1], &weight, bias, eps, stats);
            permute(normal, &moved, &back, io.outputs[0].f32());
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::def::Field;
    use crate::layers::testing::{
        First, Last, build, count_up, range, refusal, run, shape, tensor, types,
    };

    #[test]
    fn keeps_the_shape_and_stores_the_sizes_of_its_axes() {
        for (layer, layout, input, stored) in [
            ("LayerNorm", Last, "[N, C]", "[C]"),
            ("LayerNorm", Last, "[N, H, W, C]", "[C]"),
            ("LayerNorm", First, "[N, T, C]", "[C]"),
            ("LayerNorm(axis=1)", First, "[N, C, H, W]", "[C]"),
            ("LayerNorm((1, -1))", Last, "[N, 4, W, C]", "[4, C]"),
            (
                "LayerNorm(axis=(3, 2, 1))",
                Last,
                "[N, 4, 5, 6]",
                "[4, 5, 6]",
            ),
            ("RMSNorm", Last, "[T, C]", "[C]"),
        ] {
            assert_eq!(shape(layer, layout, &[input]), input);
            let params = build(layer, layout).unwrap().params(&types(&[input]));
            let params = params.unwrap();
            let names: Vec<_> = params.iter().map(|param| param.name).collect();
            let all = ["weight", "bias"];
            assert_eq!(names, all[..if layer.starts_with('R') { 1 } else { 2 }]);
            assert!(params.iter().all(|param| param.shape.to_string() == stored));
        }
    }

    #[test]
    fn refuses_to_guess_and_a_negative_eps() {
        for layer in ["LayerNorm", "RMSNorm"] {
            let (blame, problem) = refusal(layer, First, &["[N, C, H, W]"]);
            assert_eq!(blame, Blame::Layer);
            assert!(matches!(problem, Problem::Range(sentence) if sentence.contains("`axis`")));
        }
        let (argument, _) = range("LayerNorm(eps=-1)", Last, &["[N, C]"]);
        assert_eq!(argument, "eps");
        let (_, problem) = refusal("LayerNorm(2)", Last, &["[N, C]"]);
        assert_eq!(problem, Problem::Axis { axis: 2, rank: 2 });
        let (_, problem) = refusal("LayerNorm", Last, &["[]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("RMSNorm", Last, &["i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn normalises_rows_columns_and_axes_that_are_apart() {
        let of = |layer: &str| {
            let params = [2.0, 3.0].map(|x| tensor(&[2], &[x; 2]));
            let out = run(layer, Last, &[count_up(&[2, 2])], &params);
            out[0].as_f32().unwrap().to_vec()
        };
        // Neighbours are 1 apart, their variance is 1/4; rows are 2 apart, with the variance 1.
        assert_eq!(of("LayerNorm(eps=0.75)"), [2.0, 4.0, 2.0, 4.0]);
        assert_eq!(of("LayerNorm(0, eps=0)"), [1.0, 1.0, 5.0, 5.0]);
        let params = [2.0, 3.0].map(|x| tensor(&[2, 2], &[x; 4]));
        let out = run(
            "LayerNorm((0, 2), eps=0)",
            Last,
            &[count_up(&[2, 2, 2])],
            &params,
        );
        // 0, 1, 4, 5 and 2, 3, 6, 7: off by ±2.5 and ±1.5, the variance 17/4.
        let off = [-2.5, -1.5, -2.5, -1.5, 1.5, 2.5, 1.5, 2.5];
        for (found, off) in out[0].as_f32().unwrap().iter().zip(off) {
            assert!((found - (3.0 + 2.0 * off / 4.25_f32.sqrt())).abs() < 1e-6);
        }
    }

    #[test]
    fn a_result_sees_its_axes() {
        for (layer, layout, input, field) in [
            ("LayerNorm", Last, "[N, T, C]", Field::Point),
            ("LayerNorm", First, "[N, T, C]", Field::LastAxis),
            ("LayerNorm((1, 2, 3))", Last, "[N, 2, 3, C]", Field::Row),
            ("RMSNorm(0)", Last, "[N, C]", Field::Whole),
        ] {
            let inputs = types(&[input]);
            let cost = build(layer, layout)
                .unwrap()
                .cost(&inputs, &inputs)
                .unwrap();
            assert_eq!(cost.field, field, "{layer} {input}");
        }
    }
}
