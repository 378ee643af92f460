//! `Normalize`: subtracts a mean and divides by a deviation that the program gives.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use super::kernel::{Kernel, KernelCx, fresh, in_place};
use super::rules;
use crate::kernels::elementwise::rescale;
use crate::kernels::norm::channel_affine;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// The layer.
pub struct Normalize;

static DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "subtracts a mean and divides by a standard deviation, both written in the program",
    detail: "\
`(x − mean) / std` for every element; the shape stays. `mean` and `std` are numbers, or arrays with a \
number for each channel: the last axis or, with `layout channels_first`, axis 1. `std` must be \
greater than 0.

It prepares inputs as a training did: `Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])` on \
images from 0 to 1. Keras's layer takes the variance, the square of `std`.",
    example: "\
model Example {
    input image: [N, H, W, 3]
    Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    Normalize(0.5, 2)          -> [N, H, W, 3]
    output y
}
",
    elsewhere: &[
        ("Keras", "Normalization"),
        ("torchvision", "transforms.Normalize"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::One,
    results: &[],
    args: &[
        ArgDef {
            name: "mean",
            kind: ArgKind::Values,
            default: Default::Required,
            doc: "what is subtracted: a number, or one for each channel",
        },
        ArgDef {
            name: "std",
            kind: ArgKind::Values,
            default: Default::Required,
            doc: "what is divided by: a number, or one for each channel",
        },
    ],
};

impl LayerDef for Normalize {
    fn name(&self) -> &'static str {
        "Normalize"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        let std = numbers(args, "std")?;
        if let Some(wrong) = std.iter().find(|x| x.is_nan() || **x <= 0.0) {
            return Err(LayerError::new(
                Blame::Arg("std"),
                Problem::Range(format!("`std` must be greater than 0, and {wrong} is not")),
            ));
        }
        Ok(Box::new(NormalizeOp {
            mean: numbers(args, "mean")?,
            std,
            layout,
        }))
    }
}

/// A number, or one for each channel.
fn numbers(args: &Args, name: &'static str) -> Result<Arc<ArrayD<f32>>, LayerError> {
    let array = rules::present(args.values(name)?);
    let refuse =
        |sentence: String| Err(LayerError::new(Blame::Arg(name), Problem::Range(sentence)));
    if array.ndim() > 1 {
        return refuse(format!(
            "`{name}` is a number or has one for each channel, and this is an array of shape {:?}",
            array.shape()
        ));
    }
    match array.iter().find(|x| !x.is_finite()) {
        Some(_) => refuse(format!("`{name}` holds a number beyond the range of f32")),
        None => Ok(array),
    }
}

#[derive(Clone, Debug)]
struct NormalizeOp {
    mean: Arc<ArrayD<f32>>,
    std: Arc<ArrayD<f32>>,
    layout: Layout,
}

impl Op for NormalizeOp {
    fn kind(&self) -> &'static str {
        "Normalize"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let input = rules::float(inputs, 0)?;
        let mut inferred = Inferred::one(input.clone());
        for (name, array) in [("mean", &self.mean), ("std", &self.std)] {
            let [count] = array.shape() else { continue };
            rules::rank_at_least(inputs, 0, 2, "at least 2 axes: batch and channels")?;
            let axis = self.layout.channel_axis(input.shape.rank());
            let channels = &input.shape[axis];
            if !channels.is_const(*count as i128) {
                inferred.obligations.push(Obligation {
                    claim: Claim::Equal(
                        Side::axis(0, axis, channels),
                        Side::other(format!("the length of `{name}`"), Dim::from(*count)),
                    ),
                    rule: format!("`{name}` of `Normalize` has a number for each channel").into(),
                    blame: Blame::Arg(name),
                });
            }
        }
        Ok(inferred)
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: inputs[0].shape.elements()?,
            field: Field::Point,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let count = self.mean.len().max(self.std.len());
        let of = |array: &ArrayD<f32>| -> Vec<f64> {
            let numbers = array.iter().map(|x| f64::from(*x)).cycle();
            numbers.take(count).collect()
        };
        let (mean, std) = (of(&self.mean), of(&self.std));
        let scale: Vec<f32> = std.iter().map(|std| (1.0 / std) as f32).collect();
        let pairs = mean.iter().zip(&std);
        let shift: Vec<f32> = pairs.map(|(mean, std)| (-mean / std) as f32).collect();
        if self.mean.ndim().max(self.std.ndim()) == 0 {
            let (scale, shift) = (scale[0], shift[0]);
            return in_place(move |elements| rescale(elements, scale, shift));
        }
        let shape = &cx.inputs[0].shape;
        let (_, _, inner) = rules::around(shape, self.layout.channel_axis(shape.len()));
        fresh(0, move |io| {
            let (input, output) = (io.inputs[0].f32(), io.outputs[0].f32());
            channel_affine(input, output, inner, &scale, &shift);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{First, Last, elements, range, refusal, shape, shapes, tensor};

    #[test]
    fn numbers_suit_every_shape_and_arrays_the_channels() {
        for input in ["[]", "[N]", "[N, H, W, C]"] {
            assert_eq!(shape("Normalize(1, 2)", Last, &[input]), input);
        }
        let claims = |layer, layout, input| shapes(layer, layout, &[input]).1;
        let three = "Normalize([1, 2, 3], [1, 1, 1])";
        let none: [&str; 0] = [];
        assert_eq!(claims(three, Last, "[N, H, 3]"), none);
        assert_eq!(claims(three, Last, "[N, 3, C]"), ["C == 3", "C == 3"]);
        assert_eq!(claims(three, First, "[N, 3, C]"), none);
        assert_eq!(claims("Normalize(0, [1, 2])", Last, "[N, 3]"), ["3 == 2"]);
    }

    #[test]
    fn refuses_deviations_that_are_none_and_other_shapes() {
        for (std, sentence) in [
            ("0", "`std` must be greater than 0, and 0 is not"),
            ("[1, -2]", "`std` must be greater than 0, and -2 is not"),
            (
                "[[1]]",
                "`std` is a number or has one for each channel, and this is an array of shape [1, 1]",
            ),
        ] {
            let layer = format!("Normalize(0, {std})");
            assert_eq!(range(&layer, Last, &["[N, 1]"]), ("std", sentence.into()));
        }
        let (_, problem) = refusal("Normalize(0, 1)", Last, &["i64[N]"]);
        assert!(matches!(problem, Problem::DType { .. }));
        let (_, problem) = refusal("Normalize([0], 1)", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Rank { .. }));
    }

    #[test]
    fn normalises_by_channel() {
        let image = || [tensor(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0])];
        let layer = "Normalize([1, 2], [2, 0.5])";
        assert_eq!(elements(layer, Last, &image()), [0.0, 0.0, 1.0, 4.0]);
        assert_eq!(elements(layer, First, &image()), [0.0, 0.5, 2.0, 4.0]);
        let mixed = "Normalize(1, [2, 0.5])";
        assert_eq!(elements(mixed, Last, &image()), [0.0, 2.0, 1.0, 6.0]);
        let all = "Normalize(1, 2)";
        assert_eq!(elements(all, First, &image()), [0.0, 0.5, 1.0, 1.5]);
        let scalar = tensor(&[], &[5.0]);
        assert_eq!(elements(all, Last, &[scalar]), [2.0]);
    }
}
