//! Numbers and axes in the order of another framework.

use super::View;
use crate::check::program::{Layer, Source};
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
    for input in &model.inputs {
        let Some(shape) = model.ty(input.value).map(|ty| &ty.shape) else {
            continue;
        };
        // What changes no axis may stand before the layer that slides windows.
        let slides = |layer: &&Layer| {
            let mut value = layer.inputs[0];
            while let Source::Layer(at, 0) = model.value(value).source {
                match model.layers[at].inputs.first() {
                    Some(before) if model.ty(*before) == model.ty(value) => value = *before,
                    _ => return false,
                }
            }
            value == input.value && matches!(layer.op.kind(), "Conv" | "MaxPool" | "AvgPool")
        };
        let used = model
            .layers
            .iter()
            .filter(|it| !it.inputs.is_empty())
            .find(slides);
        if let Some(layer) = used.filter(|_| channels_seem_first(model.layout, shape)) {
            out.push(advice::channels_first(
                input.shape_span,
                view.place(layer),
                layer.op.kind(),
                shape,
            ));
        }
    }
}
