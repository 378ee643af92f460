//! `PixelShuffle`: channels become places.

use super::args::Args;
use super::boxes::{Piece, pieces};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, FieldAxis, Group, Inferred, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx};
use super::spatial::{self, LIMIT, term};
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct PixelShuffle;

static DOC: Doc = Doc {
    group: Group::Upsampling,
    summary: "makes places of channels, `factor` along each spatial axis",
    detail: "\
`[N, H, W, r²·C]` → `[N, r·H, r·W, C]` with the factor `r`, and likewise with one or three spatial axes (`r·C` and \
`r³·C`); with `layout channels_first` the channels are axis 1. `rⁿ` must divide the channels.

Channel `c·r² + i·r + j` goes to channel `c`, row `i` and column `j` of its cell: PyTorch's order, and ONNX's with \
`mode=\"CRD\"`. TensorFlow's `depth_to_space` counts `i·r·C + j·C + c`.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    conv1: Conv(12, kernel=3, padding=same)
    PixelShuffle(2)                          -> [N, 2*H, 2*W, 3]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "nn.PixelShuffle"),
        ("Keras", "tf.nn.depth_to_space"),
        ("ONNX", "DepthToSpace"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "factor",
        kind: ArgKind::Int { min: 1 },
        default: Default::Required,
        doc: "how many places each becomes along an axis",
    }],
};

impl LayerDef for PixelShuffle {
    fn name(&self) -> &'static str {
        "PixelShuffle"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        let factor = args.constant("factor")?;
        if i128::from(factor) > LIMIT {
            return Err(LayerError::new(
                Blame::Arg("factor"),
                Problem::Range(format!(
                    "`factor` must be at most {LIMIT}, and it is {factor}"
                )),
            ));
        }
        Ok(Box::new(PixelShuffleOp {
            factor: factor.into(),
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct PixelShuffleOp {
    factor: i128,
    layout: Layout,
}

impl Op for PixelShuffleOp {
    fn kind(&self) -> &'static str {
        "PixelShuffle"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = spatial::image(inputs, self.layout)?;
        let axes = spatial::spatial_axes(self.layout, input.rank());
        // At most (2^20)^3.
        let places = self.factor.pow(axes.len() as u32);
        let channel = self.layout.channel_axis(input.rank());
        let channels = input[channel].floor_div(places)?;
        let sizes = axes.map(|axis| input[axis].times(self.factor));
        let sizes = sizes.collect::<Result<_, _>>()?;
        let shape = spatial::with_sizes(input, self.layout, sizes, channels);
        let obligation = (places > 1).then(|| Obligation {
            claim: Claim::Divides {
                divisor: places,
                of: Side::axis(0, channel, &input[channel]),
            },
            rule: format!(
                "`PixelShuffle({})` makes one channel of each {places}",
                self.factor
            )
            .into(),
            blame: Blame::Arg("factor"),
        });
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations: obligation.into_iter().collect(),
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        let axes = spatial::spatial_axes(self.layout, inputs[0].shape.rank());
        let axis = FieldAxis {
            extent: Dim::constant(1),
            stride: Dim::constant(self.factor),
        };
        Ok(Cost {
            macs: Dim::constant(0),
            field: Field::Finer(vec![axis; axes.len()]),
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let input = &inputs[0].shape;
        let axes = spatial::spatial_axes(self.layout, input.rank());
        let size = term(&input[axis]);
        if axes.contains(&axis) {
            Some(format!("{}·{size}", self.factor))
        } else if axis == self.layout.channel_axis(input.rank()) {
            Some(format!("{size}/{}", self.factor.pow(axes.len() as u32)))
        } else {
            None
        }
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let axes = spatial::spatial_axes(self.layout, input.len());
        let channel = self.layout.channel_axis(input.len());
        let factor = self.factor as usize;
        let own = Piece::all(input).axes;
        // The channels are [C, r, …, r], the last r next to each other.
        let step = own[channel].1;
        let mut pieces_of = vec![own[0]];
        let channels = (output[channel], step * factor.pow(axes.len() as u32));
        if self.layout == Layout::ChannelsFirst {
            pieces_of.push(channels);
        }
        for (at, axis) in axes.clone().enumerate() {
            let inner = factor.pow((axes.len() - 1 - at) as u32);
            pieces_of.extend([own[axis], (factor, step * inner)]);
        }
        if self.layout == Layout::ChannelsLast {
            pieces_of.push(channels);
        }
        pieces(vec![Piece {
            start: 0,
            axes: pieces_of,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        First, Last, arithmetic, count_up, elements, range, refusal, shapes,
    };

    #[test]
    fn channels_become_places() {
        for (layer, layout, input, expected, claim) in [
            (
                "PixelShuffle(2)",
                Last,
                "[N, H, W, 12]",
                "[N, 2*H, 2*W, 3]",
                "4 divides 12",
            ),
            (
                "PixelShuffle(3)",
                First,
                "[N, 9*c, H, W]",
                "[N, c, 3*H, 3*W]",
                "9 divides 9*c",
            ),
            (
                "PixelShuffle(2)",
                Last,
                "[N, L, C]",
                "[N, 2*L, C//2]",
                "2 divides C",
            ),
            (
                "PixelShuffle(2)",
                First,
                "[N, 8, D, 2, 3]",
                "[N, 1, 2*D, 4, 6]",
                "8 divides 8",
            ),
        ] {
            let (found, claims) = shapes(layer, layout, &[input]);
            assert_eq!((found, claims), (vec![expected.into()], vec![claim.into()]));
        }
        assert!(
            shapes("PixelShuffle(1)", Last, &["[N, H, W, C]"])
                .1
                .is_empty()
        );
    }

    #[test]
    fn refuses_other_ranks_and_factors() {
        let (_, problem) = refusal("PixelShuffle(2)", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
        for layer in ["PixelShuffle(0)", "PixelShuffle(1048577)"] {
            assert_eq!(range(layer, Last, &["[N, H, W, C]"]).0, "factor");
        }
        let (_, problem) = refusal("PixelShuffle(r)", Last, &["[N, H, W, C]"]);
        assert!(matches!(problem, Problem::Symbol { .. }));
    }

    #[test]
    fn shows_what_it_multiplies() {
        let of = |axis| arithmetic("PixelShuffle(2)", Last, &["[N, H, W, 8]"], axis);
        assert_eq!(of(1).as_deref(), Some("2·H"));
        assert_eq!(of(3).as_deref(), Some("8/4"));
        assert_eq!(of(0), None);
    }

    #[test]
    fn counts_as_pytorch() {
        // One pixel of two channels' cells.
        let cell = [0.0, 1.0, 2.0, 3.0];
        let first = elements("PixelShuffle(2)", First, &[count_up(&[1, 8, 1, 1])]);
        assert_eq!(first[..4], cell);
        let last = elements("PixelShuffle(2)", Last, &[count_up(&[1, 1, 1, 8])]);
        assert_eq!(last, [0.0, 4.0, 1.0, 5.0, 2.0, 6.0, 3.0, 7.0]);
    }
}
