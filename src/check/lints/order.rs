//! Numbers and axes in the order of another framework.

use std::collections::HashMap;

use super::View;
use crate::check::program::{Input, Layer, ValueId};
use crate::check::proposals::{channels_seem_first, improbable, width_first};
use crate::check::wording::{advice, proposals};
use crate::diag::Diagnostic;

/// A convolution whose three numbers are, most likely, what comes in, what goes out and the kernel.
/// What its windows see is then not what was meant.
pub fn look(view: &View, layer: &Layer) -> Option<Diagnostic> {
    if layer.op.kind() != "Conv" {
        return None;
    }
    let statement = view.statement(layer)?;
    let shape = &view.model.ty(layer.inputs[0])?.shape;
    let channels = &shape.dims()[view.model.layout.channel_axis(shape.rank())];
    let numbers = width_first(layer.op.kind(), statement, channels);
    let numbers = numbers.filter(improbable)?;
    let span = statement.arguments[0].span.to(statement.arguments[2].span);
    let mut diagnostic = advice::width_first(span, numbers);
    let fix = proposals::kernels_by_name(&[("Conv", statement, numbers)]);
    diagnostic.fixes.push(fix);
    Some(view.told(layer, diagnostic))
}

/// Pictures whose channels come first, in a file whose channels come last.
pub fn look_at_inputs(view: &View, out: &mut Vec<Diagnostic>) {
    let model = view.model;
    if !view.whole {
        return;
    }
    // The inputs in doubt, each until a layer that slides windows has been found.
    let mut doubtful: HashMap<ValueId, &Input> = model
        .inputs
        .iter()
        .filter(|input| {
            let ty = model.ty(input.value);
            ty.is_some_and(|ty| channels_seem_first(model.layout, &ty.shape))
        })
        .map(|input| (input.value, input))
        .collect();
    // What changes no axis may stand before that layer: the input that a value still is.
    let mut still: HashMap<ValueId, ValueId> = doubtful.keys().map(|id| (*id, *id)).collect();
    for layer in &model.layers {
        if doubtful.is_empty() {
            return;
        }
        let Some(first) = layer.inputs.first() else {
            continue;
        };
        let Some(input) = still.get(first).copied() else {
            continue;
        };
        if matches!(layer.op.kind(), "Conv" | "MaxPool" | "AvgPool")
            && let Some(input) = doubtful.remove(&input)
            && let Some(ty) = model.ty(input.value)
        {
            out.push(advice::channels_first(
                input.shape_span,
                view.place(layer),
                layer.op.kind(),
                &ty.shape,
            ));
        }
        if let Some(result) = layer.outputs.first()
            && model.ty(*first) == model.ty(*result)
        {
            still.insert(*result, input);
        }
    }
}
