//! `MaxUnpool`: puts values back where a `MaxPool` found them.

use super::args::Args;
use super::def::{
    Cost, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec, Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::spatial;
use crate::kernels::pool::max_unpool;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::{DType, Layout};

/// The layer.
pub struct MaxUnpool;

static DOC: Doc = Doc {
    group: Group::Upsampling,
    summary: "puts values back where a `MaxPool` found them, with zeros around",
    detail: "\
`from x, pool.indices`: `x` has the shape that `pool` made, and the result has the spatial sizes that \
`pool` took, to the very cell, whatever was rounded there: `[N, h, w, C]` and the indices of \
`MaxPool(2)` on `[N, H, W, C]` → `[N, H, W, C]`.

Every value goes to the place that its index names, and all other places are 0. Where two windows \
of the pool overlap and found their largest value in the same place, the value of the later window \
stays.

The indices are the second result of a `MaxPool`; they may pass through an `Identity` or into a \
block.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    pool1: MaxPool(2)
    conv1: Conv(8, kernel=3, padding=same)
    MaxUnpool from conv1, pool1.indices     -> [N, H, W, 8]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "nn.MaxUnpool1d"),
        ("PyTorch", "nn.MaxUnpool2d"),
        ("PyTorch", "nn.MaxUnpool3d"),
        ("ONNX", "MaxUnpool"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::Between(2, 2),
    results: &[],
    args: &[],
};

impl LayerDef for MaxUnpool {
    fn name(&self) -> &'static str {
        "MaxUnpool"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, _: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(MaxUnpoolOp { layout }))
    }
}

#[derive(Clone, Debug)]
struct MaxUnpoolOp {
    layout: Layout,
}

impl Op for MaxUnpoolOp {
    fn kind(&self) -> &'static str {
        "MaxUnpool"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = spatial::image(inputs, self.layout)?;
        let indices = &inputs[1];
        if indices.dtype != DType::I64 {
            return Err(LayerError::new(
                Blame::Input(1),
                Problem::DType {
                    expected: DType::I64,
                    found: indices.dtype,
                },
            )
            .note("the second value is the indices of a `MaxPool`: `from x, pool1.indices`"));
        }
        let Some(plane) = &indices.plane else {
            return Err(LayerError::new(
                Blame::Input(1),
                Problem::Origin(
                    "`MaxUnpool` takes the indices that a `MaxPool` made, and these are other \
                     integers"
                        .into(),
                ),
            )
            .note("take them from a MaxPool: `from x, pool1.indices`"));
        };
        if input.rank() != indices.shape.rank() {
            return Err(LayerError::new(
                Blame::Input(0),
                Problem::Rank {
                    expected: format!(
                        "as many axes as the indices have, which are {}",
                        indices.shape
                    )
                    .into(),
                    found: input.clone(),
                },
            ));
        }
        let sides = input.iter().zip(indices.shape.iter()).enumerate();
        let obligations = sides
            .filter(|(_, (value, index))| value != index)
            .map(|(axis, (value, index))| Obligation {
                claim: Claim::Equal(Side::axis(0, axis, value), Side::axis(1, axis, index)),
                rule: "`MaxUnpool` takes as many values as indices".into(),
                blame: Blame::Input(0),
            })
            .collect();
        let channels = input[self.layout.channel_axis(input.rank())].clone();
        let sizes = plane.iter().cloned().collect();
        let shape = spatial::with_sizes(input, self.layout, sizes, channels);
        Ok(Inferred {
            outputs: vec![TensorType::f32(shape)],
            obligations,
        })
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
            field: Field::Elsewhere,
        })
    }

    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String> {
        let axes = spatial::spatial_axes(self.layout, inputs[0].shape.rank());
        axes.contains(&axis)
            .then(|| "what the `MaxPool` took".into())
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let layout = self.layout;
        let (input, output) = (&cx.inputs[0].shape, &cx.outputs[0].shape);
        let pixels = |shape: &[usize]| -> usize {
            shape[spatial::spatial_axes(layout, shape.len())]
                .iter()
                .product()
        };
        let sizes = [pixels(input), pixels(output)];
        let channels = input[layout.channel_axis(input.len())];
        let batch = input[0];
        fresh(0, move |io| {
            let (values, indices) = (io.inputs[0].f32(), io.inputs[1].i64());
            let output = io.outputs[0].f32();
            max_unpool(layout, batch, channels, sizes, values, indices, output);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{First, Last, infer, refusal, run, run_in_plane, shapes, tensor};
    use crate::tensor::Tensor;

    #[test]
    fn gives_back_the_sizes_of_the_plane() {
        for (layout, values, indices, expected, claims) in [
            (Last, "[N, 4, C]", "i64[N, 4, C]@[9]", "[N, 9, C]", vec![]),
            (
                Last,
                "[N, h, w, 8]",
                "i64[N, h, w, 8]@[2*h + 1, W]",
                "[N, 2*h + 1, W, 8]",
                vec![],
            ),
            (
                First,
                "[N, C, 1, 2, 3]",
                "i64[N, C, 1, 2, 3]@[2, 4, 6]",
                "[N, C, 2, 4, 6]",
                vec![],
            ),
            (
                Last,
                "[N, h, C]",
                "i64[M, k, C]@[H]",
                "[N, H, C]",
                vec!["N == M", "h == k"],
            ),
        ] {
            let (found, claimed) = shapes("MaxUnpool", layout, &[values, indices]);
            assert_eq!(
                (found[0].as_str(), claimed),
                (expected, claims.iter().map(|c| c.to_string()).collect())
            );
        }
    }

    #[test]
    fn a_pool_tells_the_plane_and_identity_keeps_it() {
        let pooled = infer("MaxPool(2)", First, &["[N, C, H, 7]"]).unwrap();
        let [values, indices] = pooled.outputs.as_slice() else {
            panic!("{pooled:?}")
        };
        assert_eq!((&values.plane, values.dtype), (&None, DType::F32));
        let plane = indices.plane.as_ref().expect("a pool tells the plane");
        assert_eq!(plane.to_string(), "[H, 7]");
        let kept = infer("Identity", First, &["i64[N, C, 2, 2]@[4, 5]"]).unwrap();
        assert!(kept.outputs[0].plane.is_some());
        let lost = infer("Unsqueeze(0)", First, &["i64[N, C, 2, 2]@[4, 5]"]).unwrap();
        assert_eq!(lost.outputs[0].plane, None);
    }

    #[test]
    fn refuses_other_integers_and_other_ranks() {
        let (blame, problem) = refusal("MaxUnpool", Last, &["[N, 4, C]", "i64[N, 4, C]"]);
        assert_eq!(blame, Blame::Input(1));
        assert!(matches!(problem, Problem::Origin(_)), "{problem:?}");
        let (blame, problem) = refusal("MaxUnpool", Last, &["[N, 4, C]", "[N, 4, C]"]);
        assert_eq!(blame, Blame::Input(1));
        assert!(matches!(problem, Problem::DType { .. }), "{problem:?}");
        let (blame, problem) = refusal("MaxUnpool", Last, &["[N, 4, C]", "i64[N, 4, 4, C]@[8, 8]"]);
        assert_eq!(blame, Blame::Input(0));
        assert!(matches!(problem, Problem::Rank { .. }), "{problem:?}");
    }

    #[test]
    fn undoes_a_pool() {
        for (layout, shape) in [(Last, [1, 5, 1]), (First, [1, 1, 5])] {
            let row = tensor(&shape, &[3.0, 1.0, 4.0, 5.0, 9.0]);
            let pooled = run("MaxPool(2)", layout, &[row], &[]);
            let out = run_in_plane("MaxUnpool", layout, &pooled, &[], Some(&[5]));
            assert_eq!(out[0], tensor(&shape, &[3.0, 0.0, 0.0, 5.0, 0.0]));
        }
        let values = tensor(&[1, 2, 1], &[1.0, 2.0]);
        let same = Tensor::from_i64(&[1, 2, 1], vec![1, 1]).unwrap();
        let out = run_in_plane("MaxUnpool", Last, &[values, same], &[], Some(&[2]));
        assert_eq!(
            out[0],
            tensor(&[1, 2, 1], &[0.0, 2.0]),
            "the later one stays"
        );
    }
}
