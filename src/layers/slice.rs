//! `Slice`: a part of an axis.

use super::args::{Args, resolve_axis};
use super::boxes::{Piece, pieces};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, FieldAxis, Group, Inferred, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx};
use super::rules;
use super::spatial::{number, spatial_axes, term};
use crate::shape::{Bound, Bounds, Dim, DimError, Env, EvalError, at_least};
use crate::tensor::Layout;

/// The layer.
pub struct Slice;

static DOC: Doc = Doc {
    group: Group::Shape,
    summary: "takes a part of an axis",
    detail: "\
The elements `start`, `start + step` … before `end` of one axis, counted from 0, as Python's `start:end:step`: \
`[N, T, C]` → `[N, T - 1, C]` with `Slice(axis=1, start=1)`, `[N, 1, C]` with `Slice(1, -1)`. Negative `start` and \
`end` count from the end; without `end` it goes to the end. The size is ⌈(end − start) / step⌉, and the axis stays \
also where it is 1: `Squeeze` drops it.

Unlike in Python, `start` and `end` must lie within the axis, and the result has at least one element: where that \
depends on a size, it is a requirement.",
    example: "\
model Example {
    input x: [N, T, 8]
    Slice(axis=1, start=1)         -> [N, T - 1, 8]
    Slice(axis=1, end=-1)          -> [N, T - 2, 8]
    Slice(-1, 0, 8, step=2)        -> [N, T - 2, 4]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.narrow"),
        ("Keras", "ops.slice"),
        ("ONNX", "Slice"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "axis",
            kind: ArgKind::Axis,
            default: Default::Required,
            doc: "the axis of which a part is taken",
        },
        ArgDef {
            name: "start",
            kind: ArgKind::Index,
            default: Default::Int(0),
            doc: "the first element",
        },
        ArgDef {
            name: "end",
            kind: ArgKind::Index,
            default: Default::Absent("the end of the axis"),
            doc: "the element before which it ends",
        },
        ArgDef {
            name: "step",
            kind: ArgKind::Int { min: 1 },
            default: Default::Int(1),
            doc: "from one element to the next",
        },
    ],
};

impl LayerDef for Slice {
    fn name(&self) -> &'static str {
        "Slice"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(SliceOp {
            axis: rules::present(args.axis("axis")?),
            start: args.int("start")?,
            end: args.has("end").then(|| args.int("end")).transpose()?,
            step: args.constant("step")?,
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct SliceOp {
    axis: i128,
    start: Dim,
    end: Option<Dim>,
    step: i64,
    layout: Layout,
}

/// What a slice takes of an axis.
struct Part {
    axis: usize,
    start: Dim,
    /// From `start` to the end.
    reach: Dim,
}

impl SliceOp {
    fn part(&self, inputs: &[TensorType]) -> Result<Part, LayerError> {
        let shape = &inputs[0].shape;
        let axis = resolve_axis(self.axis, shape.rank(), Blame::Arg("axis"))?;
        let size = &shape[axis];
        let start = from_start(&self.start, size)?;
        let end = match &self.end {
            Some(end) => from_start(end, size)?,
            None => size.clone(),
        };
        let reach = end.sub(&start)?;
        Ok(Part { axis, start, reach })
    }

    /// What must hold so that `start` and `end` lie within the axis, and something between them.
    fn obligations(&self, part: &Part, size: &Dim) -> Result<Vec<Obligation>, LayerError> {
        let mut obligations = Vec::new();
        let mut ask = |of: Side, low: i128, argument: &'static str, rule: String| {
            // What is a number, or a size as every size at least 1, needs no proof.
            let known = of.dim.as_const().or(of.dim.as_var().map(|_| 1));
            if known.is_none_or(|known| known < low) {
                obligations.push(Obligation {
                    claim: Claim::AtLeast { of, low },
                    rule: rule.into(),
                    blame: Blame::Arg(argument),
                });
            }
        };
        let ends = [("start", Some(&self.start)), ("end", self.end.as_ref())];
        for (name, value) in ends {
            let Some(value) = value else { continue };
            let rule = format!("`{name}` of `Slice`, {value}, must lie within the axis");
            let side = Side::axis(0, part.axis, size);
            match value.as_const() {
                // Where something is taken, the start lies before the end, and the end after the
                // start: that leaves a start from the end, and an end from the start.
                Some(n) if n < 0 && name == "start" => {
                    ask(side, n.saturating_neg(), name, rule);
                }
                Some(n) if n > 0 && name == "end" => ask(side, n, name, rule),
                Some(_) => {}
                None if is_negative(value) && name == "end" => {}
                None if is_negative(value) => {
                    let left = Side::other(format!("`{name}` from the start"), size.add(value)?);
                    ask(left, 0, name, rule);
                }
                None => {
                    let least = Side::other(format!("`{name}`"), value.clone());
                    ask(least, 0, name, rule.clone());
                    if name == "end" {
                        let left = size.sub(value)?;
                        ask(Side::other("what is left after `end`", left), 0, name, rule);
                    }
                }
            }
        }
        let rule = "`Slice` takes at least one element".to_owned();
        let beyond = part.reach.sub(size)?;
        match (part.reach.as_const(), beyond.as_const()) {
            (Some(reach), _) if reach < 1 => {
                let end = self
                    .end
                    .as_ref()
                    .map_or("the end".into(), |end| end.to_string());
                return Err(LayerError::new(
                    Blame::Arg(if self.end.is_some() { "end" } else { "start" }),
                    Problem::Range(format!(
                        "`Slice` from {} to {end} takes nothing of an axis of size {size}",
                        self.start
                    )),
                ));
            }
            // All of the axis, or a number.
            (Some(_), _) | (None, Some(0)) => {}
            (None, Some(beyond)) => ask(
                Side::axis(0, part.axis, size),
                1_i128.saturating_sub(beyond),
                "start",
                rule,
            ),
            (None, None) => ask(
                Side::other("from `start` to `end`", part.reach.clone()),
                1,
                "start",
                rule,
            ),
        }
        Ok(obligations)
    }
}

/// Whether a symbolic place is below 0 for every value of its variables.
fn is_negative(value: &Dim) -> bool {
    let negated = Dim::constant(-1).sub(value);
    negated.is_ok_and(|dim| matches!(at_least(&dim, 0, &Bounds::default()), Bound::Proved))
}

/// A place along an axis of `size`, counted from its start.
fn from_start(value: &Dim, size: &Dim) -> Result<Dim, DimError> {
    match value.as_const() {
        Some(n) if n >= 0 => Ok(value.clone()),
        None if !is_negative(value) => Ok(value.clone()),
        _ => size.add(value),
    }
}

impl Op for SliceOp {
    fn kind(&self) -> &'static str {
        "Slice"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let part = self.part(inputs)?;
        let mut shape = inputs[0].shape.clone();
        let obligations = self.obligations(&part, &shape[part.axis])?;
        shape.0[part.axis] = part.reach.ceil_div(self.step.into())?;
        Ok(Inferred {
            outputs: vec![TensorType::new(inputs[0].dtype, shape)],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        let end = self.end.as_ref().map(|end| rules::bound(end, env));
        Ok(Box::new(SliceOp {
            start: rules::bound(&self.start, env)?,
            end: end.transpose()?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let rank = inputs[0].shape.rank();
        let axis = resolve_axis(self.axis, rank, Blame::Layer).unwrap_or(0);
        let one = Dim::constant(1);
        let stride = |spatial: usize| match spatial == axis {
            true => Dim::from(self.step),
            false => one.clone(),
        };
        let spatial = match rank {
            3..=5 => spatial_axes(self.layout, rank),
            _ => 0..0,
        };
        let windows = spatial.clone().map(|spatial| FieldAxis {
            extent: one.clone(),
            stride: stride(spatial),
        });
        Ok(Cost {
            macs: Dim::constant(0),
            field: match self.step > 1 && spatial.contains(&axis) {
                true => Field::Window(windows.collect()),
                false => Field::Point,
            },
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let part = self.part(inputs).ok().filter(|part| part.axis == axis)?;
        let end = part.reach.add(&part.start).ok()?;
        let reach = match part.start.is_const(0) {
            true => term(&end),
            false => format!("{} − {}", term(&end), term(&part.start)),
        };
        Some(match (self.step, part.start.is_const(0)) {
            (1, _) => reach,
            (step, true) => format!("⌈{reach}/{step}⌉"),
            (step, false) => format!("⌈({reach})/{step}⌉"),
        })
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let axis = resolve_axis(self.axis, input.len(), Blame::Layer)
            .expect("the shape rule has accepted it");
        let start = from_start(&self.start, &Dim::from(input[axis]))
            .expect("the shape rule has found it before");
        let step = usize::try_from(self.step).expect("it is at least 1");
        let piece = Piece::all(input).along(axis, number(&start), output[axis], step);
        pieces(vec![piece])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        Last, arithmetic, build, count_up, elements, range, refusal, run, shapes, types,
    };
    use crate::tensor::Tensor;

    fn rule(layer: &str, input: &str, expected: &str, claims: &[&str]) {
        let (found, claimed) = shapes(layer, Last, &[input]);
        assert_eq!(found, [expected], "{layer} on {input}");
        assert_eq!(claimed, claims, "{layer} on {input}");
    }

    #[test]
    fn sizes_are_exact_and_bounds_are_required() {
        rule("Slice(1)", "[N, T, C]", "[N, T, C]", &[]);
        rule("Slice(1, 1)", "[N, T, C]", "[N, T - 1, C]", &["T >= 2"]);
        rule(
            "Slice(1, end=-1)",
            "[N, T, C]",
            "[N, T - 1, C]",
            &["T >= 2"],
        );
        rule("Slice(1, 2, 5)", "[N, T, C]", "[N, 3, C]", &["T >= 5"]);
        rule("Slice(1, 2, 5)", "[N, 5, C]", "[N, 3, C]", &[]);
        rule("Slice(1, 0, 6)", "[N, 5, C]", "[N, 6, C]", &["5 >= 6"]);
        rule("Slice(1, -1)", "[N, T, C]", "[N, 1, C]", &[]);
        rule("Slice(1, -5, -2)", "[N, T, C]", "[N, 3, C]", &["T >= 5"]);
        rule("Slice(1, 3, -3)", "[N, T, C]", "[N, T - 6, C]", &["T >= 7"]);
        rule("Slice(1, step=2)", "[N, T, C]", "[N, (T + 1)//2, C]", &[]);
        rule(
            "Slice(1, 1, step=2)",
            "[N, T, C]",
            "[N, T//2, C]",
            &["T >= 2"],
        );
        rule("Slice(1, step=2)", "[N, 2*t, C]", "[N, t, C]", &[]);
        rule("Slice(-1, 1, 8, 3)", "[N, 8]", "[N, 3]", &[]);
    }

    #[test]
    fn places_may_be_symbols() {
        rule("Slice(0, 0, k)", "[T]", "[k]", &["T - k >= 0"]);
        rule("Slice(0, k)", "[T]", "[T - k]", &["T - k >= 1"]);
        rule("Slice(0, -k)", "[T]", "[k]", &["T - k >= 0"]);
        rule("Slice(0, 0, T)", "[T]", "[T]", &[]);
        let both = ["k + 2 >= 0", "T - k - 2 >= 0"];
        rule("Slice(0, k, k + 2)", "[T]", "[2]", &both);
        let both = ["k - 2 >= 0", "T - k + 2 >= 1"];
        rule("Slice(0, k - 2)", "[T]", "[T - k + 2]", &both);
        let op = build("Slice(0, -k, T)", Last).unwrap();
        let bound = op
            .bind(&Env::from([("k".into(), 2), ("T".into(), 5)]))
            .unwrap();
        let output = &bound.infer(&types(&["[5]"])).unwrap().outputs[0];
        assert_eq!(output.shape.to_string(), "[2]");
    }

    #[test]
    fn refuses_what_takes_nothing() {
        let (argument, sentence) = range("Slice(1, 5, 3)", Last, &["[N, 8]"]);
        assert_eq!(argument, "end");
        assert_eq!(
            sentence,
            "`Slice` from 5 to 3 takes nothing of an axis of size 8"
        );
        assert_eq!(range("Slice(1, -2, -5)", Last, &["[N, T]"]).0, "end");
        assert_eq!(range("Slice(1, 8)", Last, &["[N, 8]"]).0, "start");
        assert_eq!(range("Slice(1, step=0)", Last, &["[N, 8]"]).0, "step");
        let (_, problem) = refusal("Slice(2)", Last, &["[N, 8]"]);
        assert_eq!(problem, Problem::Axis { axis: 2, rank: 2 });
        let (_, problem) = refusal("Slice(1, step=s)", Last, &["[N, 8]"]);
        assert!(matches!(problem, Problem::Symbol { .. }));
    }

    #[test]
    fn shows_the_difference() {
        let of = |layer, axis| arithmetic(layer, Last, &["[N, T, C]"], axis);
        assert_eq!(of("Slice(1, 1, -1)", 1).as_deref(), Some("(T - 1) − 1"));
        assert_eq!(of("Slice(1, 1, step=2)", 1).as_deref(), Some("⌈(T − 1)/2⌉"));
        assert_eq!(of("Slice(1, step=2)", 1).as_deref(), Some("⌈T/2⌉"));
        assert_eq!(of("Slice(1, 1)", 2), None);
    }

    #[test]
    fn takes_elements() {
        let of = |layer: &str, shape: &[usize]| elements(layer, Last, &[count_up(shape)]);
        assert_eq!(of("Slice(0, 1, 7, 2)", &[8]), [1.0, 3.0, 5.0]);
        assert_eq!(of("Slice(0, -3)", &[8]), [5.0, 6.0, 7.0]);
        assert_eq!(of("Slice(1, 1)", &[2, 3]), [1.0, 2.0, 4.0, 5.0]);
        assert_eq!(of("Slice(0, 1)", &[2, 3]), [3.0, 4.0, 5.0]);
        let integers = [Tensor::from_i64(&[4], vec![7, 8, 9, 10]).unwrap()];
        let out = run("Slice(0, step=3)", Last, &integers, &[]);
        assert_eq!(out[0].as_i64().unwrap(), [7, 10]);
    }

    #[test]
    fn a_step_along_a_spatial_axis_spreads_the_windows() {
        let field = |layer: &str| {
            let inputs = types(&["[N, H, W, C]"]);
            let op = build(layer, Last).unwrap();
            op.cost(&inputs, &inputs).unwrap().field
        };
        let axis = |stride: i64| FieldAxis {
            extent: Dim::constant(1),
            stride: Dim::from(stride),
        };
        assert_eq!(
            field("Slice(2, step=3)"),
            Field::Window(vec![axis(1), axis(3)])
        );
        assert_eq!(field("Slice(2, 1)"), Field::Point);
        assert_eq!(field("Slice(3, step=2)"), Field::Point);
    }
}
