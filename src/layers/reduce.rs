//! `Mean`, `Sum`, `Max` and `Min` along axes.

use super::args::{Args, resolve_axes};
use super::axes;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh, view};
use super::rules;
use crate::kernels::reduce::{Reduce, reduce};
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// A layer that makes one number of all elements along some axes.
pub struct Reduction {
    name: &'static str,
    doc: &'static Doc,
    reduce: Reduce,
}

/// The layer.
pub static MEAN: Reduction = Reduction {
    name: "Mean",
    doc: &Doc {
        group: Group::Reduction,
        summary: "takes the mean along one or several axes",
        detail: "\
`[N, T, C]` → `[N, C]` with `axis=1`, and `[N, 1, C]` with `keepdims=true`. `axis` is one, or a tuple \
of several, negative from the end. The sum is added up in `f64`.

The mean of each channel of an image is also `GlobalAvgPool`.",
        example: "\
model Example {
    input x: [N, T, 16]
    Mean(axis=1)                  -> [N, 16]
    Mean(axis=-1, keepdims=true)  -> [N, 1]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.mean"),
            ("Keras", "ops.mean"),
            ("ONNX", "ReduceMean"),
        ],
    },
    reduce: Reduce::Mean,
};

/// The layer.
pub static SUM: Reduction = Reduction {
    name: "Sum",
    doc: &Doc {
        group: Group::Reduction,
        summary: "adds up along one or several axes",
        detail: "\
`[N, T, C]` → `[N, C]` with `axis=1`, and `[N, 1, C]` with `keepdims=true`. `axis` is one, or a tuple \
of several, negative from the end. The sum is added up in `f64`.

Several values are added with `Add`, which is what ONNX calls `Sum`.",
        example: "\
model Example {
    input x: [N, H, W, 16]
    Sum(axis=(1, 2))              -> [N, 16]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.sum"),
            ("Keras", "ops.sum"),
            ("ONNX", "ReduceSum"),
        ],
    },
    reduce: Reduce::Sum,
};

/// The layer.
pub static MAX: Reduction = Reduction {
    name: "Max",
    doc: &Doc {
        group: Group::Reduction,
        summary: "takes the largest value along one or several axes",
        detail: "\
`[N, T, C]` → `[N, C]` with `axis=1`, and `[N, 1, C]` with `keepdims=true`. `axis` is one, or a tuple \
of several, negative from the end. NaN wins over every number.

The largest of several values is `Maximum`, which is what ONNX calls `Max`; where the largest is, says `ArgMax`.",
        example: "\
model Example {
    input x: [N, T, 16]
    Max(axis=1)                   -> [N, 16]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.amax"),
            ("PyTorch", "torch.max"),
            ("Keras", "ops.max"),
            ("ONNX", "ReduceMax"),
        ],
    },
    reduce: Reduce::Max,
};

/// The layer.
pub static MIN: Reduction = Reduction {
    name: "Min",
    doc: &Doc {
        group: Group::Reduction,
        summary: "takes the smallest value along one or several axes",
        detail: "\
`[N, T, C]` → `[N, C]` with `axis=1`, and `[N, 1, C]` with `keepdims=true`. `axis` is one, or a tuple \
of several, negative from the end. NaN wins over every number.

The smallest of several values is `Minimum`, which is what ONNX calls `Min`.",
        example: "\
model Example {
    input x: [N, T, 16]
    Min(axis=(1, -1))             -> [N]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.amin"),
            ("PyTorch", "torch.min"),
            ("Keras", "ops.min"),
            ("ONNX", "ReduceMin"),
        ],
    },
    reduce: Reduce::Min,
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "axis",
            kind: ArgKind::Axes,
            default: Default::Required,
            doc: "the axis, or a tuple of the axes, that become one number",
        },
        ArgDef {
            name: "keepdims",
            kind: ArgKind::Bool,
            default: Default::Bool(false),
            doc: "whether the axes stay, with size 1",
        },
    ],
};

impl LayerDef for Reduction {
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
        Ok(Box::new(ReductionOp {
            name: self.name,
            reduce: self.reduce,
            axes: rules::present(args.axes("axis")?),
            keep: args.boolean("keepdims")?,
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct ReductionOp {
    name: &'static str,
    reduce: Reduce,
    axes: Vec<i128>,
    keep: bool,
    layout: Layout,
}

impl ReductionOp {
    /// The axes of a shape that the rule has accepted.
    fn accepted(&self, rank: usize) -> Vec<usize> {
        resolve_axes(&self.axes, rank, "axis").expect("the shape rule has accepted it")
    }
}

impl Op for ReductionOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = &rules::float(inputs, 0)?.shape;
        let axes = resolve_axes(&self.axes, input.rank(), "axis")?;
        let mut shape = input.clone();
        for axis in axes.into_iter().rev() {
            if self.keep {
                shape.0[axis] = Dim::constant(1);
            } else {
                shape.0.remove(axis);
            }
        }
        Ok(Inferred::one(TensorType::f32(shape)))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let shape = &inputs[0].shape;
        Ok(Cost {
            macs: Dim::constant(0),
            field: axes::field(&self.accepted(shape.rank()), shape, self.layout),
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let shape = &cx.inputs[0].shape;
        let steps = steps(shape, &self.accepted(shape.len()));
        let reduction = self.reduce;
        if steps.is_empty() {
            return view();
        }
        let made = |step: &[usize; 3]| step[0] * step[2];
        let scratch = steps[..steps.len() - 1].iter().map(made).sum();
        fresh(scratch, move |io| {
            let mut from = io.inputs[0].f32();
            let mut scratch = &mut *io.scratch;
            let (last, before) = steps.split_last().expect("there is a step");
            for step in before {
                let (to, rest) = scratch.split_at_mut(made(step));
                reduce(reduction, from, to, *step);
                (from, scratch) = (to, rest);
            }
            reduce(reduction, from, io.outputs[0].f32(), *last);
        })
    }
}

/// One `[outer, len, inner]` for each run of neighbouring axes to reduce, the last run first: what
/// it leaves is the next one's input. Axes of size 1 are no work. The means of a step are all
/// over as many elements, so that the mean of them is the mean of all.
fn steps(shape: &[usize], axes: &[usize]) -> Vec<[usize; 3]> {
    // Whether each run of axes is reduced, and its size.
    let mut runs: Vec<(bool, usize)> = Vec::new();
    for (axis, size) in shape.iter().enumerate().filter(|(_, size)| **size != 1) {
        let reduced = axes.contains(&axis);
        match runs.last_mut() {
            Some((before, run)) if *before == reduced => *run *= size,
            _ => runs.push((reduced, *size)),
        }
    }
    let mut steps = Vec::new();
    let mut inner = 1;
    for (at, (reduced, len)) in runs.iter().enumerate().rev() {
        let outer = runs[..at].iter().map(|(_, size)| size).product();
        if *reduced {
            steps.push([outer, *len, inner]);
        } else {
            inner *= len;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::def::Field;
    use crate::layers::error::{Blame, Problem};
    use crate::layers::testing::{
        Last, build, count_up, elements, range, refusal, run, shape, tensor, types,
    };

    #[test]
    fn drops_or_keeps_the_axes() {
        for (layer, input, expected) in [
            ("Mean(1)", "[N, T, C]", "[N, C]"),
            ("Mean(axis=-1)", "[N, T, C]", "[N, T]"),
            ("Sum((1, 2))", "[N, H, W, C]", "[N, C]"),
            ("Sum((-1, 0))", "[N, H, W]", "[H]"),
            (
                "Max(axis=(2, 1), keepdims=true)",
                "[N, H, W, C]",
                "[N, 1, 1, C]",
            ),
            ("Min(0)", "[N]", "[]"),
            ("Min(0, true)", "[N]", "[1]"),
        ] {
            assert_eq!(shape(layer, Last, &[input]), expected, "{layer}");
        }
    }

    #[test]
    fn refuses_axes_that_are_not_there_or_there_twice() {
        let (blame, problem) = refusal("Mean(2)", Last, &["[N, C]"]);
        assert_eq!(blame, Blame::Arg("axis"));
        assert_eq!(problem, Problem::Axis { axis: 2, rank: 2 });
        let (_, sentence) = range("Mean((1, -1))", Last, &["[N, C]"]);
        assert_eq!(sentence, "`axis` names axis 1 twice");
        for layer in ["Mean(())", "Mean(0.5)"] {
            let (_, problem) = refusal(layer, Last, &["[N, C]"]);
            assert!(matches!(problem, Problem::Kind { .. }), "{layer}");
        }
        let (_, problem) = refusal("Mean(k)", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Symbol { .. }));
        let (_, problem) = refusal("Sum(0)", Last, &["i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
        let (_, problem) = refusal("Sum(0)", Last, &["[]"]);
        assert_eq!(problem, Problem::Axis { axis: 0, rank: 0 });
    }

    #[test]
    fn neighbouring_axes_are_one_step() {
        assert_eq!(steps(&[2, 3, 4, 5], &[1, 2]), [[2, 12, 5]]);
        assert_eq!(steps(&[2, 3, 4, 5], &[1, 3]), [[24, 5, 1], [2, 3, 4]]);
        assert_eq!(steps(&[2, 3, 1, 5], &[1, 3]), [[2, 15, 1]]);
        assert_eq!(steps(&[2, 1, 5], &[1]), [[0; 3]; 0]);
        assert_eq!(steps(&[4], &[0]), [[1, 4, 1]]);
    }

    #[test]
    fn computes_over_axes_apart() {
        let input = || [count_up(&[2, 2, 3])];
        assert_eq!(elements("Sum((0, 2))", Last, &input()), [24.0, 42.0]);
        assert_eq!(elements("Mean((0, 2))", Last, &input()), [4.0, 7.0]);
        assert_eq!(elements("Max((0, 1))", Last, &input()), [9.0, 10.0, 11.0]);
        assert_eq!(elements("Min(-1)", Last, &input()), [0.0, 3.0, 6.0, 9.0]);
        let one = run("Mean(1)", Last, &[tensor(&[2, 1], &[3.0, 4.0])], &[]);
        assert_eq!(one[0].as_f32().unwrap(), [3.0, 4.0]);
    }

    #[test]
    fn a_result_sees_what_it_reduces() {
        for (layer, field) in [("Mean(1)", Field::Row), ("Mean(0)", Field::Whole)] {
            let inputs = types(&["[N, T, C]"]);
            let op = build(layer, Last).unwrap();
            let outputs = op.infer(&inputs).unwrap().outputs;
            assert_eq!(op.cost(&inputs, &outputs).unwrap().field, field, "{layer}");
        }
    }
}
