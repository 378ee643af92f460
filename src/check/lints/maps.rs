//! What layers do to each other's work: linear maps in a row, biases that are taken away again,
//! scores that are squashed twice.

use super::{View, argument};
use crate::check::program::{Layer, Source};
use crate::check::wording::advice;
use crate::diag::Diagnostic;
use crate::layers::def::Field;
use crate::shape::Dim;
use crate::syntax::ast::{ExprKind, LayerStatement};
use crate::tensor::Layout;

pub fn look(view: &View, layer: &Layer, out: &mut Vec<Diagnostic>) {
    match layer.op.kind() {
        "Linear" | "Conv" => out.extend(one_map(view, layer)),
        "BatchNorm" => out.extend(bias_for_nothing(view, layer)),
        "Softmax" | "LogSoftmax" => out.extend(softmax_twice(view, layer)),
        _ => {}
    }
}

/// Two linear maps that are one: `Linear` on `Linear`, or a 1×1 convolution on another.
fn one_map(view: &View, second: &Layer) -> Option<Diagnostic> {
    let first = view.before(second)?;
    let kind = second.op.kind();
    let fits = first.op.kind() == kind
        && view.learns_alone(first)
        && view.learns_alone(second)
        && (kind == "Linear" || (pointwise(view, first) && pointwise(view, second)));
    if !fits {
        return None;
    }
    // Fewer numbers between the two than on either side: together they have a low rank, which one
    // layer would not.
    let width = |value| {
        let shape = &view.model.ty(value)?.shape;
        let axis = match kind {
            "Linear" => shape.rank().checked_sub(1)?,
            _ => view.model.layout.channel_axis(shape.rank()),
        };
        shape.dims().get(axis).cloned()
    };
    let before = width(first.inputs[0])?;
    let between = width(first.outputs[0])?;
    let after = width(second.outputs[0])?;
    let reaches = |side: &Dim| match (between.as_const(), side.as_const()) {
        (Some(between), Some(side)) => between >= side,
        _ => between == *side,
    };
    if !reaches(&before) && !reaches(&after) {
        return None;
    }
    let (names, kind) = ((&*first.name, &*second.name), second.op.kind());
    let diagnostic = advice::one_linear_map(
        view.place(second),
        view.place(first),
        names,
        kind,
        &before,
        &after,
    );
    Some(view.told(second, diagnostic))
}

/// Whether each result of a convolution sees one place, and each place has its result.
fn pointwise(view: &View, layer: &Layer) -> bool {
    let one_cell = |dims: &[Dim]| dims.iter().all(|dim| dim.is_const(1));
    if !view.kernel(layer).is_some_and(one_cell) {
        return false;
    }
    let types = view
        .model
        .input_types(layer)
        .zip(view.model.output_types(layer));
    let Some((inputs, outputs)) = types else {
        return false;
    };
    let Ok(cost) = layer.op.cost(&inputs, &outputs) else {
        return false;
    };
    let Field::Window(axes) = cost.field else {
        return false;
    };
    let one =
        |axis: &crate::layers::def::FieldAxis| axis.extent.is_const(1) && axis.stride.is_const(1);
    // A group sees a part of the channels: two in a row are no single layer of the same groups.
    let plain = |layer: &LayerStatement| argument(layer, "groups").is_none();
    let spatial = |shape: &crate::shape::Shape| {
        let channel = view.model.layout.channel_axis(shape.rank());
        let dims = shape.dims().iter().enumerate();
        dims.filter(|(axis, _)| *axis != channel)
            .map(|(_, dim)| dim.clone())
            .collect::<Vec<_>>()
    };
    axes.iter().all(one)
        && spatial(&inputs[0].shape) == spatial(&outputs[0].shape)
        && view.statement(layer).is_some_and(plain)
}

/// A bias that the mean of a `BatchNorm` takes away again.
fn bias_for_nothing(view: &View, norm: &Layer) -> Option<Diagnostic> {
    let layer = view.only_for(*norm.inputs.first()?)?;
    let model = view.model;
    let last = match layer.op.kind() {
        "Conv" | "DepthwiseConv" | "ConvTranspose" => true,
        // It adds to the last axis, where the norm's channels may not lie.
        "Linear" => {
            let rank = model.ty(layer.outputs[0])?.shape.rank();
            model.layout == Layout::ChannelsLast || rank == 2
        }
        _ => false,
    };
    let biased = layer
        .params
        .iter()
        .any(|param| *model.param(*param).name == *format!("{}.bias", layer.name));
    let statement = view.statement(layer)?;
    let bias = argument(statement, "bias");
    let learned = bias.is_none_or(|bias| matches!(bias.kind, ExprKind::Bool(true)));
    if !(last && biased && learned && view.learns_alone(layer) && layer.via == norm.via) {
        return None;
    }
    let place = view.place(layer);
    let mut diagnostic =
        advice::bias_before_norm(place, view.place(norm), layer.op.kind(), view.stored);
    if !view.stored {
        let title = "leave the bias out";
        diagnostic = match (bias, statement.arguments.last(), statement.parentheses) {
            (Some(bias), ..) => diagnostic.fix(title, bias.span, "false"),
            (None, Some(last), _) => diagnostic.fix(title, last.span.after(), ", bias=false"),
            (None, None, Some(span)) => diagnostic.fix(title, span, "(bias=false)"),
            (None, None, None) => diagnostic.fix(title, place.after(), "(bias=false)"),
        };
    }
    Some(view.told(layer, diagnostic))
}

/// A softmax of a softmax, or of scores whose negative half a `ReLU` has cut off.
fn softmax_twice(view: &View, softmax: &Layer) -> Option<Diagnostic> {
    let before = view.before(softmax)?;
    let place = view.place(softmax);
    let diagnostic = match before.op.kind() {
        kind @ ("Softmax" | "LogSoftmax") => {
            let axis = |layer| Some(argument(view.statement(layer)?, "axis").map(|it| &it.kind));
            match (axis(before)?, axis(softmax)?) {
                (None, None) => {}
                (Some(ExprKind::Int(a)), Some(ExprKind::Int(b))) if a == b => {}
                _ => return None,
            }
            advice::softmax_twice(place, view.place(before), kind, softmax.op.kind())
        }
        kind @ ("ReLU" | "ReLU6") => {
            let result = softmax.outputs[0];
            let last = (view.model.outputs.iter()).any(|output| output.value == Some(result));
            if !(view.whole && last) {
                return None;
            }
            let bare = is_bare(view, before);
            advice::relu_before_softmax(view.place(before), place, kind, bare)
        }
        _ => return None,
    };
    Some(view.told(softmax, diagnostic))
}

/// Whether the statement of a layer has no label, `from` or stated shape that would be missed.
fn is_bare(view: &View, layer: &Layer) -> bool {
    view.statement(layer).is_some_and(|statement| {
        statement.label.is_none() && statement.from.is_none() && statement.ascription.is_none()
    })
}

/// Results that a `Dropout` has cut holes into.
pub fn look_at_outputs(view: &View, out: &mut Vec<Diagnostic>) {
    if !view.whole {
        return;
    }
    for output in &view.model.outputs {
        let Some(Source::Layer(at, _)) = output.value.map(|value| view.model.value(value).source)
        else {
            continue;
        };
        let layer = &view.model.layers[at];
        let none = view
            .statement(layer)
            .and_then(|statement| argument(statement, "rate"))
            .is_some_and(|rate| match rate.kind {
                ExprKind::Int(rate) => rate == 0,
                ExprKind::Float(rate) => rate == 0.0,
                _ => false,
            });
        if layer.op.kind() == "Dropout" && !none {
            let diagnostic = advice::dropout_at_the_end(view.place(layer), &output.name);
            out.push(view.told(layer, diagnostic));
        }
    }
}
