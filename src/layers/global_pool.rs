//! `GlobalAvgPool` and `GlobalMaxPool`: one number for each channel.

use super::args::Args;
use super::def::{
    Cost, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec, Signature, TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, fresh};
use super::spatial;
use crate::kernels::pool::{global_avg, global_max};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// A pool over whole planes.
pub struct GlobalPool {
    name: &'static str,
    doc: &'static Doc,
    compute: Compute,
}

/// Layout, batch, channels, pixels, input and output.
type Compute = fn(Layout, usize, usize, usize, &[f32], &mut [f32]);

/// The layer.
pub static GLOBAL_AVG_POOL: GlobalPool = GlobalPool {
    name: "GlobalAvgPool",
    doc: &Doc {
        group: Group::Pooling,
        summary: "takes the mean of each channel and drops the spatial axes",
        detail: "\
`[N, H, W, C]` → `[N, C]`, and likewise with one or three spatial axes; with `layout \
channels_first` `[N, C, H, W]` → `[N, C]`. Every size will do.

PyTorch's `nn.AdaptiveAvgPool2d(1)` keeps the axes with size 1, and so does ONNX's \
`GlobalAveragePool`; Keras's layer drops them, as this one.",
        example: "\
model Example {
    input x: [N, H, W, 64]
    GlobalAvgPool    -> [N, 64]
    fc: Linear(10)   -> [N, 10]
    output y
}
",
        elsewhere: &[
            ("Keras", "GlobalAveragePooling1D"),
            ("Keras", "GlobalAveragePooling2D"),
            ("Keras", "GlobalAveragePooling3D"),
            ("Keras", "GlobalAvgPool1D"),
            ("Keras", "GlobalAvgPool2D"),
            ("Keras", "GlobalAvgPool3D"),
            ("ONNX", "GlobalAveragePool"),
        ],
    },
    compute: global_avg,
};

/// The layer.
pub static GLOBAL_MAX_POOL: GlobalPool = GlobalPool {
    name: "GlobalMaxPool",
    doc: &Doc {
        group: Group::Pooling,
        summary: "takes the largest value of each channel and drops the spatial axes",
        detail: "\
`[N, H, W, C]` → `[N, C]`, and likewise with one or three spatial axes; with `layout \
channels_first` `[N, C, H, W]` → `[N, C]`. Every size will do. NaN wins over every number.

ONNX's `GlobalMaxPool` keeps the axes with size 1; Keras's layer drops them, as this one.",
        example: "\
model Example {
    input x: [N, L, 64]
    GlobalMaxPool    -> [N, 64]
    fc: Linear(10)   -> [N, 10]
    output y
}
",
        elsewhere: &[
            ("Keras", "GlobalMaxPooling1D"),
            ("Keras", "GlobalMaxPooling2D"),
            ("Keras", "GlobalMaxPooling3D"),
            ("Keras", "GlobalMaxPool1D"),
            ("Keras", "GlobalMaxPool2D"),
            ("Keras", "GlobalMaxPool3D"),
            ("ONNX", "GlobalMaxPool"),
        ],
    },
    compute: global_max,
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[],
};

impl LayerDef for GlobalPool {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static Doc {
        self.doc
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, _: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(GlobalPoolOp {
            name: self.name,
            layout,
            compute: self.compute,
        }))
    }
}

#[derive(Clone, Debug)]
struct GlobalPoolOp {
    name: &'static str,
    layout: Layout,
    compute: Compute,
}

impl Op for GlobalPoolOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = spatial::image(inputs, self.layout)?;
        let channels = input[self.layout.channel_axis(input.rank())].clone();
        let shape = Shape(vec![input[0].clone(), channels]);
        Ok(Inferred::one(TensorType::f32(shape)))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: Field::Whole,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (layout, compute) = (self.layout, self.compute);
        let input = &cx.inputs[0].shape;
        let pixels = input[spatial::spatial_axes(layout, input.len())]
            .iter()
            .product();
        let channels = input[layout.channel_axis(input.len())];
        let batch = input[0];
        fresh(0, move |io| {
            let (input, output) = (io.inputs[0].f32(), io.outputs[0].f32());
            compute(layout, batch, channels, pixels, input, output);
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::testing::{First, Last, elements, shape, tensor};

    #[test]
    fn drops_the_spatial_axes() {
        for layer in ["GlobalAvgPool", "GlobalMaxPool"] {
            assert_eq!(shape(layer, Last, &["[N, L, C]"]), "[N, C]");
            assert_eq!(shape(layer, Last, &["[N, H, W, 64]"]), "[N, 64]");
            assert_eq!(shape(layer, First, &["[N, 64, D, H, W]"]), "[N, 64]");
        }
    }

    #[test]
    fn computes_one_number_a_channel() {
        let image = || [tensor(&[1, 2, 2], &[1.0, 2.0, 3.0, 6.0])];
        assert_eq!(elements("GlobalAvgPool", Last, &image()), [2.0, 4.0]);
        assert_eq!(elements("GlobalAvgPool", First, &image()), [1.5, 4.5]);
        assert_eq!(elements("GlobalMaxPool", Last, &image()), [3.0, 6.0]);
        assert_eq!(elements("GlobalMaxPool", First, &image()), [2.0, 6.0]);
    }
}
