//! `AdaptiveAvgPool`: means over windows that give a result of a given size.

use super::args::{Args, Sizes};
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, FieldAxis, Group, Inferred, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use super::spatial;
use crate::kernels::pool::Adaptive;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct AdaptiveAvgPool;

static DOC: Doc = Doc {
    group: Group::Pooling,
    summary: "takes means over windows, so that the result has a given size",
    detail: "\
`[N, H, W, C]` → `[N, 7, 7, C]` with `AdaptiveAvgPool(7)`, and likewise with one or three spatial axes; with `layout \
channels_first` the channels are axis 1. `size` is one for all axes, or a tuple. Every size of the input will do.

Result `o` is the mean of the cells from ⌊o · in / size⌋ up to, not including, ⌈(o + 1) · in / size⌉, as in PyTorch; \
the windows overlap where `size` does not divide the input's. `AdaptiveAvgPool(1)` is `GlobalAvgPool` that keeps the \
axes.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    AdaptiveAvgPool(4)        -> [N, 4, 4, 8]
    AdaptiveAvgPool((1, 2))   -> [N, 1, 2, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "AdaptiveAveragePooling1D"),
        ("Keras", "AdaptiveAveragePooling2D"),
        ("Keras", "AdaptiveAveragePooling3D"),
        ("PyTorch", "nn.AdaptiveAvgPool1d"),
        ("PyTorch", "nn.AdaptiveAvgPool2d"),
        ("PyTorch", "nn.AdaptiveAvgPool3d"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[ArgDef {
        name: "size",
        kind: ArgKind::Sizes { min: 1 },
        default: Default::Required,
        doc: "the spatial sizes of the result",
    }],
};

impl LayerDef for AdaptiveAvgPool {
    fn name(&self) -> &'static str {
        "AdaptiveAvgPool"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(AdaptiveAvgPoolOp {
            size: rules::present(args.sizes("size")?),
            layout,
        }))
    }
}

#[derive(Clone, Debug)]
struct AdaptiveAvgPoolOp {
    size: Sizes,
    layout: Layout,
}

impl Op for AdaptiveAvgPoolOp {
    fn kind(&self) -> &'static str {
        "AdaptiveAvgPool"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = spatial::image(inputs, self.layout)?;
        let axes = spatial::spatial_axes(self.layout, input.rank());
        let sizes = self.size.for_rank("size", axes.len())?;
        let mut obligations = Vec::new();
        for (at, size) in sizes.iter().enumerate() {
            if !sizes[..at].contains(size) {
                obligations.extend(rules::argument_at_least(self.kind(), "size", size, 1));
            }
        }
        let channels = input[self.layout.channel_axis(input.rank())].clone();
        let shape = spatial::with_sizes(input, self.layout, sizes, channels);
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations,
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(AdaptiveAvgPoolOp {
            size: self.size.try_map(|size| rules::bound(size, env))?,
            ..self.clone()
        }))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        let (input, output) = (&inputs[0].shape, &outputs[0].shape);
        let axes = spatial::spatial_axes(self.layout, input.rank());
        // Where the size divides the input's, it is a plain pool.
        let window = |axis: usize| {
            let size = input[axis].exact_div(&output[axis])?;
            Some(FieldAxis {
                extent: size.clone(),
                stride: size,
            })
        };
        Ok(Cost {
            macs: Dim::constant(0),
            field: match axes.map(window).collect() {
                Some(windows) => Field::Window(windows),
                None => Field::Row,
            },
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let axes = spatial::spatial_axes(self.layout, input.len());
        let mut sizes = Adaptive {
            layout: self.layout,
            batch: input[0],
            channels: input[self.layout.channel_axis(input.len())],
            input: [1; 3],
            output: [1; 3],
        };
        for (at, axis) in (3 - axes.len()..).zip(axes) {
            sizes.input[at] = input[axis];
            sizes.output[at] = output[axis];
        }
        fresh(0, move |io| {
            sizes.run(io.inputs[0].f32(), io.outputs[0].f32())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::error::Problem;
    use crate::layers::testing::{
        First, Last, build, count_up, elements, range, refusal, shape, shapes, types,
    };

    #[test]
    fn the_result_has_the_size() {
        for (layer, layout, input, expected) in [
            ("AdaptiveAvgPool(7)", Last, "[N, H, W, C]", "[N, 7, 7, C]"),
            (
                "AdaptiveAvgPool((1, k))",
                First,
                "[N, C, H, W]",
                "[N, C, 1, k]",
            ),
            ("AdaptiveAvgPool(3)", Last, "[N, 2, C]", "[N, 3, C]"),
        ] {
            assert_eq!(shape(layer, layout, &[input]), expected);
        }
        let claims = shapes("AdaptiveAvgPool(k - 1)", Last, &["[N, L, C]"]).1;
        assert_eq!(claims, ["k - 1 >= 1"]);
        assert_eq!(range("AdaptiveAvgPool(0)", Last, &["[N, L, C]"]).0, "size");
        assert_eq!(
            range("AdaptiveAvgPool((1, 1))", Last, &["[N, L, C]"]).0,
            "size"
        );
        let (_, problem) = refusal("AdaptiveAvgPool(1)", Last, &["[N, C]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
    }

    #[test]
    fn windows_overlap_where_they_must() {
        let of = |layer: &str, layout, shape: &[usize]| elements(layer, layout, &[count_up(shape)]);
        assert_eq!(of("AdaptiveAvgPool(2)", Last, &[1, 4, 1]), [0.5, 2.5]);
        // 0, 1, 2 and 2, 3, 4.
        assert_eq!(of("AdaptiveAvgPool(2)", Last, &[1, 5, 1]), [1.0, 3.0]);
        assert_eq!(of("AdaptiveAvgPool(3)", First, &[1, 1, 2]), [0.0, 0.5, 1.0]);
        assert_eq!(of("AdaptiveAvgPool(1)", Last, &[1, 2, 2, 2]), [3.0, 4.0]);
        assert_eq!(of("AdaptiveAvgPool(1)", First, &[1, 2, 2, 2]), [1.5, 5.5]);
    }

    #[test]
    fn a_size_that_divides_is_a_plain_pool() {
        let field = |layer: &str, input| {
            let inputs = types(&[input]);
            let op = build(layer, Last).unwrap();
            let outputs = op.infer(&inputs).unwrap().outputs;
            op.cost(&inputs, &outputs).unwrap().field
        };
        let window = FieldAxis {
            extent: Dim::constant(4),
            stride: Dim::constant(4),
        };
        assert_eq!(
            field("AdaptiveAvgPool(7)", "[N, 28, C]"),
            Field::Window(vec![window])
        );
        assert_eq!(field("AdaptiveAvgPool(7)", "[N, 27, C]"), Field::Row);
        assert_eq!(field("AdaptiveAvgPool(7)", "[N, L, C]"), Field::Row);
    }
}
