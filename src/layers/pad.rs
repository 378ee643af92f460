//! `Pad` and `Crop`: cells around the spatial axes, put there and taken away.

use super::args::{Args, Padding};
use super::boxes::{Piece, pieces};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::{self, LIMIT, number, term};
use crate::kernels::pad::{self, Fill};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct Pad;
/// The layer.
pub struct Crop;

static PAD_DOC: Doc = Doc {
    group: Group::Shape,
    summary: "puts cells around the spatial axes",
    detail: "\
`[N, H, W, C]` → `[N, H + 2, W + 2, C]` with `Pad(1)`, and likewise with one or three spatial axes; with `layout \
channels_first` the channels are axis 1. `amount` is one for all axes and both ends, or a tuple with an integer or \
`(before, after)` for each axis: `Pad(((2, 0), 1))`; on the one axis of a sequence `Pad(((2, 0),))`.

* `mode=constant` fills them with `value`.
* `mode=reflect` mirrors the image at its outermost cells, which are not repeated: `3 2 | 1 2 3`. The amount must be \
smaller than the size.
* `mode=replicate` repeats the outermost cells: `1 1 | 1 2 3`.

A convolution or a pool has a `padding` of its own.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    Pad(((1, 2), 0))         -> [N, H + 3, W, 8]
    Pad(1, mode=replicate)   -> [N, H + 5, W + 2, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "ZeroPadding1D"),
        ("Keras", "ZeroPadding2D"),
        ("Keras", "ZeroPadding3D"),
        ("PyTorch", "F.pad"),
        ("PyTorch", "nn.ZeroPad1d"),
        ("PyTorch", "nn.ZeroPad2d"),
        ("PyTorch", "nn.ZeroPad3d"),
        ("PyTorch", "nn.ConstantPad1d"),
        ("PyTorch", "nn.ConstantPad2d"),
        ("PyTorch", "nn.ConstantPad3d"),
        ("PyTorch", "nn.ReflectionPad1d"),
        ("PyTorch", "nn.ReflectionPad2d"),
        ("PyTorch", "nn.ReflectionPad3d"),
        ("PyTorch", "nn.ReplicationPad1d"),
        ("PyTorch", "nn.ReplicationPad2d"),
        ("PyTorch", "nn.ReplicationPad3d"),
        ("ONNX", "Pad"),
    ],
};

static CROP_DOC: Doc = Doc {
    group: Group::Shape,
    summary: "takes cells away from the ends of the spatial axes",
    detail: "\
`[N, H, W, C]` → `[N, H - 2, W - 2, C]` with `Crop(1)`, and likewise with one or three spatial axes; with `layout \
channels_first` the channels are axis 1. `amount` is that of `Pad`: one for all axes and both ends, or a tuple with \
an integer or `(before, after)` for each axis. At least one cell must be left.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    Crop(((1, 2), 0))   -> [N, H - 3, W, 8]
    Crop(1)             -> [N, H - 5, W - 2, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "Cropping1D"),
        ("Keras", "Cropping2D"),
        ("Keras", "Cropping3D"),
    ],
};

const AMOUNT: ArgDef = ArgDef {
    name: "amount",
    kind: ArgKind::Amounts,
    default: Default::Required,
    doc: "cells at each end",
};

static PAD_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        AMOUNT,
        ArgDef {
            name: "mode",
            kind: ArgKind::Choice(&["constant", "reflect", "replicate"]),
            default: Default::Choice("constant"),
            doc: "what stands in the cells",
        },
        ArgDef {
            name: "value",
            kind: ArgKind::Float,
            default: Default::Int(0),
            doc: "the number in them, with `mode=constant`",
        },
    ],
};

static CROP_SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[AMOUNT],
};

impl LayerDef for Pad {
    fn name(&self) -> &'static str {
        "Pad"
    }

    fn doc(&self) -> &'static Doc {
        &PAD_DOC
    }

    fn signature(&self) -> &'static Signature {
        &PAD_SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        let fill = match args.choice("mode")? {
            "reflect" => Fill::Reflect,
            "replicate" => Fill::Replicate,
            _ => Fill::Value(rules::single(args, "value")?),
        };
        if args.has("value") && !matches!(fill, Fill::Value(_)) {
            return Err(LayerError::new(
                Blame::Arg("value"),
                Problem::Range("`value` is for `mode=constant`, and the mode is another".into()),
            ));
        }
        let amount = args.padding("amount")?;
        let change = Change::Pad(fill);
        Ok(Box::new(PadOp {
            amount,
            change,
            layout,
        }))
    }
}

impl LayerDef for Crop {
    fn name(&self) -> &'static str {
        "Crop"
    }

    fn doc(&self) -> &'static Doc {
        &CROP_DOC
    }

    fn signature(&self) -> &'static Signature {
        &CROP_SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        let amount = args.padding("amount")?;
        let change = Change::Crop;
        Ok(Box::new(PadOp {
            amount,
            change,
            layout,
        }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Pad(Fill),
    Crop,
}

#[derive(Clone, Debug)]
struct PadOp {
    amount: Padding,
    change: Change,
    layout: Layout,
}

impl PadOp {
    /// Each spatial axis of a shape with `rank` axes, and the cells before and after.
    fn ends(&self, rank: usize) -> Result<Vec<(usize, Dim, Dim)>, LayerError> {
        let axes = spatial::spatial_axes(self.layout, rank);
        let amounts = self.amount.for_rank("amount", axes.len())?;
        let ends = axes.zip(amounts.into_iter().flatten());
        let ends: Vec<_> = ends
            .map(|(axis, (before, after))| (axis, before, after))
            .collect();
        let amounts = ends.iter().flat_map(|(_, before, after)| [before, after]);
        match amounts
            .filter_map(Dim::as_const)
            .max()
            .filter(|most| *most > LIMIT)
        {
            None => Ok(ends),
            Some(most) => Err(LayerError::new(
                Blame::Arg("amount"),
                Problem::Range(format!(
                    "`amount` must be at most {LIMIT}, and it is {most}"
                )),
            )),
        }
    }

    /// The ends of a shape that the rule has accepted.
    fn accepted(&self, rank: usize) -> Vec<(usize, Dim, Dim)> {
        self.ends(rank).expect("the shape rule has accepted it")
    }

    /// That axis `axis` has more cells than `amount`.
    fn more_than(
        &self,
        axis: usize,
        size: &Dim,
        amount: &Dim,
    ) -> Result<Option<Obligation>, DimError> {
        let left = size.sub(amount)?;
        let (of, low) = match (left.as_const(), amount.as_const()) {
            (Some(left), _) if left >= 1 => return Ok(None),
            (_, Some(0)) => return Ok(None),
            (_, Some(amount)) => (Side::axis(0, axis, size), amount + 1),
            _ => (Side::other(format!("axis {axis} less `amount`"), left), 1),
        };
        Ok(Some(Obligation {
            claim: Claim::AtLeast { of, low },
            rule: match self.change {
                Change::Pad(_) => {
                    "`Pad` with `mode=reflect` mirrors cells that are there: `amount` must be smaller \
                     than the size"
                }
                Change::Crop => "`Crop` must leave at least one cell",
            }
            .into(),
            blame: Blame::Arg("amount"),
        }))
    }
}

impl Op for PadOp {
    fn kind(&self) -> &'static str {
        match self.change {
            Change::Pad(_) => "Pad",
            Change::Crop => "Crop",
        }
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = spatial::image(inputs, self.layout)?;
        let mut shape = input.clone();
        let mut obligations = Vec::new();
        let mut seen: Vec<Dim> = Vec::new();
        for (axis, before, after) in self.ends(input.rank())? {
            let (size, both) = (&input[axis], before.add(&after)?);
            match self.change {
                Change::Pad(fill) => {
                    shape.0[axis] = size.add(&both)?;
                    if fill == Fill::Reflect {
                        obligations.extend(self.more_than(axis, size, &before)?);
                        if after != before {
                            obligations.extend(self.more_than(axis, size, &after)?);
                        }
                    }
                }
                Change::Crop => {
                    shape.0[axis] = size.sub(&both)?;
                    obligations.extend(self.more_than(axis, size, &both)?);
                }
            }
            for amount in [before, after] {
                if !seen.contains(&amount) {
                    let least = rules::argument_at_least(self.kind(), "amount", &amount, 0);
                    obligations.extend(least);
                    seen.push(amount);
                }
            }
        }
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(PadOp {
            amount: self.amount.try_map(|amount| rules::bound(amount, env))?,
            ..self.clone()
        }))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: Field::Point,
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let input: &Shape = &inputs[0].shape;
        let ends = self.ends(input.rank()).ok()?;
        let (_, before, after) = ends.into_iter().find(|end| end.0 == axis)?;
        let (size, before, after) = (term(&input[axis]), term(&before), term(&after));
        let sign = match self.change {
            Change::Pad(_) => '+',
            Change::Crop => '−',
        };
        Some(match before == after {
            true => format!("{size} {sign} 2·{before}"),
            false => format!("{size} {sign} {before} {sign} {after}"),
        })
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let ends = self.accepted(input.len());
        let Change::Pad(fill) = self.change else {
            let whole = Piece::all(input);
            let piece = ends.iter().fold(whole, |piece, (axis, before, _)| {
                piece.along(*axis, number(before), output[*axis], 1)
            });
            return pieces(vec![piece]);
        };
        let channels = input[self.layout.channel_axis(input.len())];
        let (outer, cell) = match self.layout {
            Layout::ChannelsFirst => (input[0] * channels, 1),
            Layout::ChannelsLast => (input[0], channels),
        };
        let mut pad = pad::Pad {
            outer,
            cell,
            input: [1; 3],
            before: [0; 3],
            after: [0; 3],
            fill,
        };
        for (at, (axis, before, after)) in (3 - ends.len()..).zip(&ends) {
            pad.input[at] = input[*axis];
            (pad.before[at], pad.after[at]) = (number(before), number(after));
        }
        fresh(0, move |io| {
            pad.run(io.inputs[0].f32(), io.outputs[0].f32())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        First, Last, arithmetic, build, count_up, elements, range, refusal, shapes, types,
    };

    fn rule(layer: &str, layout: Layout, input: &str, expected: &str, claims: &[&str]) {
        let (found, claimed) = shapes(layer, layout, &[input]);
        assert_eq!(found, [expected], "{layer} on {input}");
        assert_eq!(claimed, claims, "{layer} on {input}");
    }

    #[test]
    fn adds_and_takes_away_cells() {
        rule("Pad(1)", Last, "[N, H, W, C]", "[N, H + 2, W + 2, C]", &[]);
        rule("Pad(((2, 0),))", Last, "[N, L, C]", "[N, L + 2, C]", &[]);
        rule(
            "Pad((1, (2, 3)))",
            First,
            "[N, C, H, 5]",
            "[N, C, H + 2, 10]",
            &[],
        );
        rule("Pad(k)", Last, "[N, L, C]", "[N, L + 2*k, C]", &[]);
        rule(
            "Pad(k - 1)",
            Last,
            "[N, L, C]",
            "[N, L + 2*k - 2, C]",
            &["k - 1 >= 0"],
        );
        rule(
            "Crop(1)",
            Last,
            "[N, H, 8, C]",
            "[N, H - 2, 6, C]",
            &["H >= 3"],
        );
        rule(
            "Crop(((0, 2),))",
            First,
            "[N, C, L]",
            "[N, C, L - 2]",
            &["L >= 3"],
        );
        rule(
            "Crop(k)",
            Last,
            "[N, L, C]",
            "[N, L - 2*k, C]",
            &["L - 2*k >= 1"],
        );
        rule("Crop(k)", Last, "[N, L + 2*k, C]", "[N, L, C]", &["L >= 1"]);
    }

    #[test]
    fn what_is_mirrored_must_be_there() {
        let layer = "Pad((2, (0, 3)), mode=reflect)";
        rule(
            layer,
            Last,
            "[N, H, W, C]",
            "[N, H + 4, W + 3, C]",
            &["H >= 3", "W >= 4"],
        );
        rule(
            "Pad(2, reflect)",
            Last,
            "[N, 2, C]",
            "[N, 6, C]",
            &["2 >= 3"],
        );
        rule("Pad(2, reflect)", Last, "[N, 3, C]", "[N, 7, C]", &[]);
        rule(
            "Pad(k, reflect)",
            Last,
            "[N, L, C]",
            "[N, L + 2*k, C]",
            &["L - k >= 1"],
        );
        rule(
            "Pad(9, replicate)",
            Last,
            "[N, L, C]",
            "[N, L + 18, C]",
            &[],
        );
    }

    #[test]
    fn refuses_other_ranks_amounts_and_values() {
        let (_, problem) = refusal("Pad(1)", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        for layer in ["Pad(-1)", "Crop((1, 2, 3))", "Pad(1048577)", "Crop(-1)"] {
            assert_eq!(range(layer, Last, &["[N, H, W, C]"]).0, "amount", "{layer}");
        }
        let (_, sentence) = range("Pad((2, 0))", Last, &["[N, L, C]"]);
        assert!(sentence.contains("`amount` is a tuple of 2"), "{sentence}");
        assert_eq!(
            range("Pad(1, reflect, value=2)", Last, &["[N, L, C]"]).0,
            "value"
        );
        let (_, problem) = refusal("Crop(1)", Last, &["i64[N, L, C]"]);
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn shows_the_sum() {
        let of = |layer, axis| arithmetic(layer, Last, &["[N, H, W, C]"], axis);
        assert_eq!(of("Pad((1, (2, 3)))", 1).as_deref(), Some("H + 2·1"));
        assert_eq!(of("Pad((1, (2, 3)))", 2).as_deref(), Some("W + 2 + 3"));
        assert_eq!(of("Crop(1)", 1).as_deref(), Some("H − 2·1"));
        assert_eq!(of("Crop(1)", 3), None);
    }

    #[test]
    fn moves_and_fills_cells() {
        let row = || [count_up(&[1, 3, 1])];
        let of = |layer: &str| elements(layer, Last, &row());
        assert_eq!(
            of("Pad(((2, 1),), value=7)"),
            [7.0, 7.0, 0.0, 1.0, 2.0, 7.0]
        );
        assert_eq!(
            of("Pad(((2, 1),), reflect)"),
            [2.0, 1.0, 0.0, 1.0, 2.0, 1.0]
        );
        assert_eq!(
            of("Pad(((2, 1),), replicate)"),
            [0.0, 0.0, 0.0, 1.0, 2.0, 2.0]
        );
        assert_eq!(of("Crop(((1, 1),))"), [1.0]);
        let image = || [count_up(&[1, 2, 2, 2])];
        assert_eq!(
            elements("Crop(((1, 0), 0))", Last, &image()),
            [4.0, 5.0, 6.0, 7.0]
        );
        assert_eq!(
            elements("Crop(((1, 0), 0))", First, &image()),
            [2.0, 3.0, 6.0, 7.0]
        );
        let bound = build("Pad(k)", Last)
            .unwrap()
            .bind(&Env::from([("k".into(), 3)]));
        let output = &bound
            .unwrap()
            .infer(&types(&["[1, 2, 1]"]))
            .unwrap()
            .outputs[0];
        assert_eq!(output.shape.to_string(), "[1, 8, 1]");
    }
}
