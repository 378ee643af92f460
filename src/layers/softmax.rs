//! `Softmax` and `LogSoftmax`: values along an axis as probabilities, and their logarithms.

use super::args::{Args, resolve_axis};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::softmax::{log_softmax, softmax};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// A layer that compares the values along an axis.
pub struct Softmax {
    name: &'static str,
    doc: &'static Doc,
    compute: Compute,
}

/// Input, output, and the sizes before, along and after the axis.
type Compute = fn(&[f32], &mut [f32], usize, usize, usize);

/// The layer.
pub static SOFTMAX: Softmax = Softmax {
    name: "Softmax",
    doc: &SOFTMAX_DOC,
    compute: softmax,
};

/// The layer.
pub static LOG_SOFTMAX: Softmax = Softmax {
    name: "LogSoftmax",
    doc: &LOG_SOFTMAX_DOC,
    compute: log_softmax,
};

static SOFTMAX_DOC: Doc = Doc {
    group: Group::Activation,
    summary: "turns the values along an axis into probabilities",
    detail: "\
`e^(x − max) / Σ e^(x − max)` along `axis`; the shape stays, and along the axis the results sum up \
to 1.

The axis is the last unless given: the channels. With `layout channels_first` that is axis 1 of a \
tensor with 4 axes or more; with 3 axes it must be given, since `[N, C, L]` and `[N, T, features]` \
look the same. PyTorch's `nn.Softmax` without `dim` guesses; Keras and ONNX take the last axis in \
every layout.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(10)
    Softmax         -> [N, 10]
    output digit
}
",
    elsewhere: &[
        ("Keras", "Softmax"),
        ("PyTorch", "nn.Softmax"),
        ("PyTorch", "nn.Softmax2d"),
        ("ONNX", "Softmax"),
    ],
};

static LOG_SOFTMAX_DOC: Doc = Doc {
    group: Group::Activation,
    summary: "the logarithm of `Softmax`, without what is lost by taking it afterwards",
    detail: "\
`x − max − ln Σ e^(x − max)` along `axis`; the shape stays. Where `Softmax` would be 0, its logarithm is \
still exact.

The axis is that of `Softmax`: the last unless given, with `layout channels_first` axis 1 of a tensor with 4 axes \
or more, and with 3 axes there it must be given.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(10)
    LogSoftmax      -> [N, 10]
    output digit
}
",
    elsewhere: &[
        ("Keras", "activations.log_softmax"),
        ("PyTorch", "nn.LogSoftmax"),
        ("ONNX", "LogSoftmax"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "axis",
        kind: ArgKind::Axis,
        default: Default::Absent("the channels"),
        doc: "the axis along which values are compared",
    }],
};

impl LayerDef for Softmax {
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
        Ok(Box::new(SoftmaxOp {
            name: self.name,
            compute: self.compute,
            axis: args.axis("axis")?,
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct SoftmaxOp {
    name: &'static str,
    compute: Compute,
    axis: Option<i128>,
    layout: Layout,
}

impl SoftmaxOp {
    fn axis(&self, rank: usize) -> Result<usize, LayerError> {
        match (self.axis, self.layout) {
            (Some(axis), _) => resolve_axis(axis, rank, Blame::Arg("axis")),
            (None, Layout::ChannelsFirst) if rank == 3 => Err(LayerError::new(
                Blame::Layer,
                Problem::Range(
                    "`axis` must be given for 3 axes with `layout channels_first`".into(),
                ),
            )
            .note("write `axis=1` for channels as in [N, C, L], `axis=-1` for the last axis")),
            (None, Layout::ChannelsFirst) if rank >= 4 => Ok(1),
            (None, _) => Ok(rank - 1),
        }
    }

    /// The axis of a shape that the rule has accepted.
    fn accepted(&self, rank: usize) -> usize {
        self.axis(rank).expect("the shape rule has accepted it")
    }

    fn field(&self, shape: &Shape) -> Field {
        let rank = shape.rank();
        let axis = self.accepted(rank);
        if shape[axis].is_const(1) {
            Field::Point
        } else if axis == rank - 1 {
            Field::LastAxis
        } else if rank >= 3 && axis == self.layout.channel_axis(rank) {
            // Windows over spatial axes see every channel anyway.
            Field::Point
        } else {
            Field::Whole
        }
    }
}

impl Op for SoftmaxOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        rules::rank_at_least(inputs, 0, 1, "at least 1 axis, along which it sums")?;
        self.axis(input.shape.rank())?;
        Ok(Inferred::one(input.clone()))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: self.field(&inputs[0].shape),
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let (outer, len, inner) = rules::around(shape, self.accepted(shape.len()));
        let compute = self.compute;
        fresh(0, move |io| {
            compute(io.inputs[0].f32(), io.outputs[0].f32(), outer, len, inner);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{First, Last, build, elements, refusal, shape, tensor, types};

    #[test]
    fn keeps_the_shape() {
        for input in ["[C]", "[N, C]", "[N, T, C]", "[N, H, W, C]"] {
            assert_eq!(shape("Softmax", Last, &[input]), input);
            assert_eq!(shape("LogSoftmax", Last, &[input]), input);
        }
        for input in ["[C]", "[N, C]", "[N, C, H, W]"] {
            assert_eq!(shape("Softmax", First, &[input]), input);
        }
        assert_eq!(shape("Softmax(axis=1)", First, &["[N, C, L]"]), "[N, C, L]");
    }

    #[test]
    fn refuses_to_guess_and_axes_that_are_not_there() {
        let (blame, problem) = refusal("Softmax", First, &["[N, C, L]"]);
        assert_eq!(blame, Blame::Layer);
        assert!(matches!(problem, Problem::Range(sentence) if sentence.contains("`axis`")));
        for axis in [-3, 2] {
            let (blame, problem) = refusal(&format!("Softmax({axis})"), Last, &["[N, C]"]);
            assert_eq!(blame, Blame::Arg("axis"));
            assert_eq!(problem, Problem::Axis { axis, rank: 2 });
        }
        let (_, problem) = refusal("Softmax", Last, &["[]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("Softmax", Last, &["i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn the_field_is_what_it_mixes() {
        for (layer, layout, input, field) in [
            ("Softmax", Last, "[N, H, W, C]", Field::LastAxis),
            ("Softmax", Last, "[N, H, W, 1]", Field::Point),
            ("Softmax", First, "[N, C, H, W]", Field::Point),
            ("Softmax(1)", Last, "[N, H, W, C]", Field::Whole),
            ("Softmax(-1)", First, "[N, C, T]", Field::LastAxis),
        ] {
            let inputs = types(&[input]);
            let cost = build(layer, layout)
                .unwrap()
                .cost(&inputs, &inputs)
                .unwrap();
            assert_eq!(cost.field, field, "{layer} {input}");
        }
    }

    #[test]
    fn results_along_the_axis_sum_up_to_one() {
        let ln3 = 3.0_f32.ln();
        let near = |found: Vec<f32>, expected: [f32; 4]| {
            let mut pairs = found.iter().zip(expected);
            assert!(
                pairs.all(|(found, want)| (found - want).abs() < 1e-6),
                "{found:?}"
            );
        };
        let square = || [tensor(&[2, 2], &[0.0, ln3, ln3, 0.0])];
        near(
            elements("Softmax", Last, &square()),
            [0.25, 0.75, 0.75, 0.25],
        );
        let logarithms = elements("LogSoftmax", Last, &square());
        near(
            logarithms.iter().map(|x| x.exp()).collect(),
            [0.25, 0.75, 0.75, 0.25],
        );
        let image = || [tensor(&[1, 2, 1, 2], &[0.0, 0.0, ln3, 0.0])];
        near(elements("Softmax", First, &image()), [0.25, 0.5, 0.75, 0.5]);
        near(elements("Softmax", Last, &image()), [0.5, 0.5, 0.75, 0.25]);
    }
}
