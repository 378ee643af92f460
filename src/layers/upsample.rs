//! `Upsample`: larger images without weights.

use super::args::{Args, Sizes};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, FieldAxis, Group, Inferred, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial::{self, LIMIT, term};
use crate::kernels::upsample::{self, Fill};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct Upsample;

static DOC: Doc = Doc {
    group: Group::Upsampling,
    summary: "makes every cell `factor` cells along each spatial axis",
    detail: "\
`[N, H, W, C]` → `[N, factor·H, factor·W, C]`, and likewise with one or three spatial axes; with \
`layout channels_first` the channels are axis 1. `factor` is one for all axes, or a tuple.

* `mode=nearest` repeats each value.
* `mode=bilinear` draws a straight line from each value to the next along every spatial axis \
(linear on one, trilinear on three). Values lie at the centres of their cells, so that result `o` is \
at (o + ½) / factor − ½ of the input, and beyond the outermost centres the outermost value goes on: \
as in Keras, and in PyTorch without `align_corners`.
* `mode=zeros`, the \"bed of nails\", puts each value into the first corner of its cell, and zeros \
around.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    Upsample(2)                       -> [N, 2*H, 2*W, 8]
    Upsample((1, 3), mode=bilinear)   -> [N, 2*H, 6*W, 8]
    Upsample(2, mode=zeros)           -> [N, 4*H, 12*W, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "UpSampling1D"),
        ("Keras", "UpSampling2D"),
        ("Keras", "UpSampling3D"),
        ("PyTorch", "nn.Upsample"),
        ("PyTorch", "nn.UpsamplingNearest2d"),
        ("PyTorch", "nn.UpsamplingBilinear2d"),
        ("PyTorch", "F.interpolate"),
        ("ONNX", "Resize"),
        ("ONNX", "Upsample"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "factor",
            kind: ArgKind::Sizes { min: 1 },
            default: Default::Required,
            doc: "how many cells each becomes along an axis",
        },
        ArgDef {
            name: "mode",
            kind: ArgKind::Choice(&["nearest", "bilinear", "zeros"]),
            default: Default::Choice("nearest"),
            doc: "what stands between the values",
        },
    ],
};

impl LayerDef for Upsample {
    fn name(&self) -> &'static str {
        "Upsample"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(UpsampleOp {
            factor: rules::present(args.sizes("factor")?),
            fill: match args.choice("mode")? {
                "bilinear" => Fill::Linear,
                "zeros" => Fill::Zeros,
                _ => Fill::Nearest,
            },
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct UpsampleOp {
    factor: Sizes,
    fill: Fill,
    layout: Layout,
}

impl UpsampleOp {
    /// The factor of each spatial axis of `input`.
    fn factors(&self, input: &Shape) -> Result<Vec<Dim>, LayerError> {
        let axes = spatial::spatial_axes(self.layout, input.rank());
        let factors = self.factor.for_rank("factor", axes.len())?;
        let sizes = factors.iter().filter_map(Dim::as_const);
        match sizes.max().filter(|most| *most > LIMIT) {
            None => Ok(factors),
            Some(most) => Err(LayerError::new(
                Blame::Arg("factor"),
                Problem::Range(format!(
                    "`factor` must be at most {LIMIT}, and it is {most}"
                )),
            )),
        }
    }
}

impl Op for UpsampleOp {
    fn kind(&self) -> &'static str {
        "Upsample"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = spatial::image(inputs, self.layout)?;
        let factors = self.factors(input)?;
        let axes = spatial::spatial_axes(self.layout, input.rank());
        let sizes = axes.zip(&factors).map(|(axis, by)| input[axis].mul(by));
        let channels = input[self.layout.channel_axis(input.rank())].clone();
        let sizes = sizes.collect::<Result<_, _>>()?;
        let mut obligations = Vec::new();
        for (at, factor) in factors.iter().enumerate() {
            if !factors[..at].contains(factor) {
                obligations.extend(rules::argument_at_least("Upsample", "factor", factor, 1));
            }
        }
        Ok(Inferred {
            outputs: vec![TensorType::f32(spatial::with_sizes(
                input,
                self.layout,
                sizes,
                channels,
            ))],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(UpsampleOp {
            factor: self.factor.try_map(|factor| rules::bound(factor, env))?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        let input = &inputs[0].shape;
        let axes = spatial::spatial_axes(self.layout, input.rank()).len();
        let factors = self.factor.for_rank("factor", axes);
        let factors = factors.expect("the shape rule has accepted this rank");
        // A line is drawn between two values along each axis.
        let (macs, extent) = match self.fill {
            Fill::Linear => (outputs[0].shape.elements()?.times(1 << axes)?, 2),
            Fill::Nearest | Fill::Zeros => (Dim::constant(0), 1),
        };
        let axis = |stride| FieldAxis {
            extent: Dim::constant(extent),
            stride,
        };
        Ok(Cost {
            macs,
            field: Field::Finer(factors.into_iter().map(axis).collect()),
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let input = &inputs[0].shape;
        let axes = spatial::spatial_axes(self.layout, input.rank());
        let at = axes.clone().position(|spatial| spatial == axis)?;
        let factor = &self.factor.for_rank("factor", axes.len()).ok()?[at];
        Some(format!("{}·{}", term(&input[axis]), term(factor)))
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let axes = spatial::spatial_axes(self.layout, input.len());
        let mut up = upsample::Upsample {
            layout: self.layout,
            batch: input[0],
            channels: input[self.layout.channel_axis(input.len())],
            input: [1; 3],
            factor: [1; 3],
            fill: self.fill,
        };
        for (at, axis) in (3 - axes.len()..).zip(axes) {
            up.input[at] = input[axis];
            up.factor[at] = output[axis] / input[axis].max(1);
        }
        fresh(0, move |io| {
            up.run(io.inputs[0].f32(), io.outputs[0].f32());
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        First, Last, arithmetic, build, elements, range, refusal, shape, shapes, tensor, types,
    };

    #[test]
    fn multiplies_the_spatial_sizes() {
        for (layer, layout, input, expected) in [
            ("Upsample(2)", Last, "[N, L, C]", "[N, 2*L, C]"),
            ("Upsample(2)", First, "[N, C, L]", "[N, C, 2*L]"),
            ("Upsample((2, 3))", Last, "[N, H, 5, 8]", "[N, 2*H, 15, 8]"),
            (
                "Upsample(3, zeros)",
                First,
                "[N, 8, 1, 2, H]",
                "[N, 8, 3, 6, 3*H]",
            ),
            (
                "Upsample(k, mode=bilinear)",
                Last,
                "[N, H, 5, 8]",
                "[N, H*k, 5*k, 8]",
            ),
        ] {
            assert_eq!(shape(layer, layout, &[input]), expected);
        }
        let claims = shapes("Upsample(k - 1)", Last, &["[N, H, W, 8]"]).1;
        assert_eq!(claims, ["k - 1 >= 1"]);
    }

    #[test]
    fn refuses_other_ranks_and_factors() {
        let (_, problem) = refusal("Upsample(2)", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        for layer in ["Upsample(0)", "Upsample((2, 2, 2))", "Upsample(1048577)"] {
            assert_eq!(range(layer, Last, &["[N, H, W, C]"]).0, "factor");
        }
    }

    #[test]
    fn shows_the_product_and_what_it_sees() {
        let of = |axis| arithmetic("Upsample((2, 3))", Last, &["[N, H + 1, 5, 8]"], axis);
        assert_eq!(of(1).as_deref(), Some("(H + 1)·2"));
        assert_eq!(of(2).as_deref(), Some("5·3"));
        assert_eq!((of(0), of(3)), (None, None));
        let op = build("Upsample(2, bilinear)", Last).unwrap();
        let inputs = types(&["[N, 3, 2]"]);
        let cost = op
            .cost(&inputs, &op.infer(&inputs).unwrap().outputs)
            .unwrap();
        assert_eq!(cost.macs.to_string(), "24*N");
        let Field::Finer(axes) = cost.field else {
            panic!("{:?}", cost.field)
        };
        assert_eq!(
            (&axes[0].extent, &axes[0].stride),
            (&Dim::constant(2), &Dim::constant(2))
        );
    }

    #[test]
    fn repeats_draws_lines_or_leaves_zeros() {
        let row =
            |layer, layout, shape: &[usize]| elements(layer, layout, &[tensor(shape, &[1.0, 3.0])]);
        assert_eq!(row("Upsample(2)", Last, &[1, 2, 1]), [1.0, 1.0, 3.0, 3.0]);
        assert_eq!(
            row("Upsample(2, bilinear)", First, &[1, 1, 2]),
            [1.0, 1.5, 2.5, 3.0]
        );
        assert_eq!(
            row("Upsample(2, zeros)", Last, &[1, 2, 1]),
            [1.0, 0.0, 3.0, 0.0]
        );
        // Two channels of one pixel.
        assert_eq!(
            row("Upsample(2, zeros)", Last, &[1, 1, 2]),
            [1.0, 3.0, 0.0, 0.0]
        );
        assert_eq!(row("Upsample(2)", First, &[1, 2, 1]), [1.0, 1.0, 3.0, 3.0]);
        assert_eq!(
            row("Upsample((2, 1))", Last, &[1, 1, 2, 1]),
            [1.0, 3.0, 1.0, 3.0]
        );
    }
}
