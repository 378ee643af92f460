//! How much of a picture a decision rests on.

use super::View;
use crate::check::field::{Fields, Seen};
use crate::check::program::{Layer, Source, ValueId};
use crate::check::wording::advice;
use crate::diag::Diagnostic;

/// The most channels that a picture has; more are features, which have seen more than their place.
const CHANNELS: i128 = 4;

/// A picture's share that a place has to see, along every axis: one part of so many.
const PART: i128 = 4;

/// A classifier that takes the mean of places of which each sees less than a [`PART`] of its
/// picture, along every axis: what lies further apart is never seen together.
///
/// It is told where the model takes one picture of known size with two or three spatial axes, and
/// an output that is a probability comes from a `GlobalAvgPool` and nothing else.
pub fn look(view: &View, out: &mut Vec<Diagnostic>) {
    let model = view.model;
    let [input] = model.inputs.as_slice() else {
        return;
    };
    let pools: Vec<&Layer> = model
        .outputs
        .iter()
        .filter_map(|output| decider(view, output.value?))
        .collect();
    let Some(picture) = model.ty(input.value).map(|ty| &ty.shape) else {
        return;
    };
    let rank = picture.rank();
    if !view.whole || pools.is_empty() || !(4..=5).contains(&rank) {
        return;
    }
    let channel = model.layout.channel_axis(rank);
    let few = (picture.dims()[channel].as_const()).is_some_and(|count| count <= CHANNELS);
    let sizes: Option<Vec<i128>> = (1..rank)
        .filter(|axis| *axis != channel)
        .map(|axis| picture.dims()[axis].as_const())
        .collect();
    let Some(sizes) = sizes.filter(|_| few) else {
        return;
    };
    let mut fields = Fields::new(model);
    let mut seen: Vec<Seen> = Vec::with_capacity(model.layers.len());
    for layer in &model.layers {
        let types = model.input_types(layer).zip(model.output_types(layer));
        let cost = types.and_then(|(inputs, outputs)| layer.op.cost(&inputs, &outputs).ok());
        seen.push(fields.through(layer, cost.as_ref().map(|cost| &cost.field)));
    }
    for pool in pools {
        let Source::Layer(at, _) = model.value(pool.inputs[0]).source else {
            continue;
        };
        let Seen::Window(window) = &seen[at] else {
            continue;
        };
        let window: Option<Vec<i128>> = window.iter().map(|size| size.as_const()).collect();
        let Some(window) = window.filter(|window| window.len() == sizes.len()) else {
            continue;
        };
        let little = |(seen, size): (&i128, &i128)| seen.saturating_mul(PART) < *size;
        if window.iter().zip(&sizes).all(little) {
            let diagnostic = advice::sees_little(view.place(pool), &window, &sizes);
            out.push(view.told(pool, diagnostic));
        }
    }
}

/// The `GlobalAvgPool` from which alone `value`, a probability, is computed.
fn decider<'a>(view: &View<'a>, value: ValueId) -> Option<&'a Layer> {
    let mut at = value;
    let mut probability = false;
    loop {
        let Source::Layer(layer, 0) = view.model.value(at).source else {
            return None;
        };
        let layer = &view.model.layers[layer];
        let [input] = layer.inputs.as_slice() else {
            return None;
        };
        match layer.op.kind() {
            "GlobalAvgPool" => return probability.then_some(layer),
            "Softmax" | "LogSoftmax" | "Sigmoid" => probability = true,
            _ => {}
        }
        at = *input;
    }
}
