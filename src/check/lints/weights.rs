//! Where a network's parameters sit.

use super::View;
use crate::check::program::Param;
use crate::check::wording::advice::{self, Heavy};
use crate::diag::Diagnostic;
use crate::shape::Dim;

/// Parameters below which a network is small, wherever they sit.
const SMALL: i128 = 1_000_000;

/// A `Linear` on a flattened picture that holds most of the parameters.
pub fn look(view: &View, out: &mut Vec<Diagnostic>) {
    let model = view.model;
    let convolves =
        (model.layers.iter()).any(|layer| matches!(layer.op.kind(), "Conv" | "DepthwiseConv"));
    if !view.whole || !convolves {
        return;
    }
    let count = |param: &Param| param.shape.elements().ok()?.as_const();
    let total: Option<i128> = model
        .params
        .iter()
        .filter(|param| param.trained)
        .try_fold(0, |sum: i128, param| sum.checked_add(count(param)?));
    let Some(total) = total.filter(|total| *total > SMALL) else {
        return;
    };
    for layer in &model.layers {
        if layer.op.kind() != "Linear" || layer.reused {
            continue;
        }
        let held: Option<i128> = layer.params.iter().try_fold(0, |sum: i128, param| {
            sum.checked_add(count(model.param(*param))?)
        });
        let Some(held) = held.filter(|held| *held > total / 2) else {
            continue;
        };
        let Some(flatten) = view.before(layer).filter(|it| it.op.kind() == "Flatten") else {
            continue;
        };
        let Some(shape) = model.ty(flatten.inputs[0]).map(|ty| &ty.shape) else {
            continue;
        };
        if shape.rank() < 3 {
            continue;
        }
        let channels = shape.dims()[model.layout.channel_axis(shape.rank())].as_const();
        let features = model
            .ty(layer.outputs[0])
            .and_then(|ty| ty.shape.dims().last().and_then(Dim::as_const));
        let (Some(channels), Some(features)) = (channels, features) else {
            continue;
        };
        let bias = i128::from(layer.params.len() > 1) * features;
        let pooled = channels.checked_mul(features).map(|count| count + bias);
        let heavy = Heavy {
            name: &layer.name,
            held,
            total,
            shape: shape.to_string(),
            features,
            pooled,
        };
        let diagnostic = advice::heavy_linear(view.place(layer), view.place(flatten), &heavy);
        out.push(view.told(layer, diagnostic));
    }
}
