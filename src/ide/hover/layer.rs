//! Layers: what a statement that uses one makes, holds, costs and sees.

use super::{block_of, code, written};
use crate::check::program::{Layer, Model, Param};
use crate::diag::data::list;
use crate::ide::View;
use crate::layers;
use crate::layers::args::Args;
use crate::layers::def::{ArgDef, ArgKind, Default, LayerDef, TensorType};
use crate::shape::{Dim, Shape};
use crate::syntax::ast::Statement;
use crate::view::paint::Paint;
use crate::view::summary::{Seen, count, seen_by};
use crate::view::{number, reference};

/// The columns of a signature.
const WIDTH: usize = 64;
/// The longest cost that says something to a person, in characters.
const LONGEST: usize = 60;
/// How many stored tensors are told one by one.
const MOST: usize = 8;

/// A layer at a statement that uses it.
pub(super) fn used(view: &View, def: &dyn LayerDef, statement: &Statement) -> String {
    let mut parts = vec![head(def)];
    let turns = view.facts.layers(statement.span);
    let told = |(model, layer): &(&Model, &Layer)| in_numbers(model, layer);
    match turns {
        [] => {}
        [only] => parts.push(told(only)),
        [first, .., last] => {
            let many = turns.len();
            if same(first, last) {
                parts.push(format!("In each of {many} turns, here the first:"));
                parts.push(told(first));
            } else {
                parts.push(format!("In the first of {many} turns:"));
                parts.push(told(first));
                parts.push("In the last:".to_owned());
                parts.push(told(last));
            }
        }
    }
    parts.push("---".to_owned());
    parts.push(tail(def));
    parts.join("\n\n")
}

/// A layer as the reference has it.
pub fn about_layer(def: &dyn LayerDef) -> String {
    [head(def), tail(def)].join("\n\n")
}

/// A layer by another framework's name.
pub(super) fn elsewhere(name: &str) -> Option<String> {
    let (def, frameworks) = layers::find_elsewhere(name)?;
    Some(format!(
        "`{name}` of {} is `{}` here.\n\n{}",
        list(&frameworks),
        def.name(),
        about_layer(def)
    ))
}

/// Signature and summary.
fn head(def: &dyn LayerDef) -> String {
    let call = reference::call(def.name(), def.signature(), WIDTH, Paint(false));
    let summary = reference::capital(def.doc().summary);
    format!("{}\n\n{summary}.", block_of(&call))
}

/// The details, and what others call it.
fn tail(def: &dyn LayerDef) -> String {
    let names = reference::elsewhere(def).into_iter();
    let names = names.map(|(framework, names)| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("{} in {framework}", list(&names))
    });
    let names: Vec<_> = names.collect();
    let detail = def.doc().detail.trim_end();
    match names.is_empty() {
        true => detail.to_owned(),
        false => format!("{detail}\n\nElsewhere: {}.", names.join("; ")),
    }
}

/// Whether two turns differ in their names alone.
fn same((a, one): &(&Model, &Layer), (b, other): &(&Model, &Layer)) -> bool {
    let args = |layer: &Layer| layer.args.as_ref().map(|args| format!("{args:?}"));
    a.input_types(one) == b.input_types(other)
        && a.output_types(one) == b.output_types(other)
        && args(one) == args(other)
}

/// Shapes, arguments, parameters, cost and receptive field.
fn in_numbers(model: &Model, layer: &Layer) -> String {
    let mut lines = Vec::new();
    let types = model.input_types(layer).zip(model.output_types(layer));
    if let Some((inputs, outputs)) = &types {
        lines.push(format!("- **shape** {}", shapes(inputs, outputs)));
        lines.extend(arithmetic(layer, inputs, outputs));
    }
    if let Some(args) = &layer.args {
        lines.extend(arguments(args, layer.op.kind()));
    }
    let params: Vec<&Param> = layer.params.iter().map(|id| model.param(*id)).collect();
    lines.extend(stored(&params, layer.reused));
    if let Some((inputs, outputs)) = &types
        && let Ok(cost) = layer.op.cost(inputs, outputs)
        && !cost.macs.is_const(0)
    {
        let macs = number::size(&cost.macs);
        if macs.chars().count() <= LONGEST {
            lines.push(format!("- **cost** {macs} multiply-accumulates"));
        }
    }
    if types.is_some() {
        lines.extend(sees(model, layer));
    }
    lines.join("\n")
}

/// `` `[N, 28, 28, 1]` → `[N, 28, 28, 6]` ``
fn shapes(inputs: &[TensorType], outputs: &[TensorType]) -> String {
    let all = |types: &[TensorType]| {
        let types: Vec<_> = types
            .iter()
            .map(|ty| format!("`{}`", written(ty)))
            .collect();
        types.join(", ")
    };
    // Further results have their own names.
    let outputs = all(&outputs[..outputs.len().min(1)]);
    match inputs {
        [] => outputs,
        _ => format!("{} → {outputs}", all(inputs)),
    }
}

/// How each axis comes about that changes, those with the same formula together.
fn arithmetic(layer: &Layer, inputs: &[TensorType], outputs: &[TensorType]) -> Vec<String> {
    let Some(output) = outputs.first() else {
        return Vec::new();
    };
    let mut found: Vec<(Vec<usize>, String)> = Vec::new();
    for (axis, size) in output.shape.iter().enumerate() {
        let unchanged = inputs
            .iter()
            .all(|input| input.shape.rank() == output.shape.rank() && input.shape[axis] == *size);
        let Some(formula) = layer.op.arithmetic(inputs, axis) else {
            continue;
        };
        let size = number::size(size);
        if unchanged || formula == size {
            continue;
        }
        let text = format!("{formula} = {size}");
        match found.iter_mut().find(|(_, other)| *other == text) {
            Some((axes, _)) => axes.push(axis),
            None => found.push((vec![axis], text)),
        }
    }
    let line = |(axes, text): (Vec<usize>, String)| {
        let word = if axes.len() == 1 { "axis" } else { "axes" };
        format!("  - {word} {}: {text}", list(&axes))
    };
    found.into_iter().map(line).collect()
}

/// The arguments that are given, and what the others are.
fn arguments(args: &Args, kind: &str) -> Option<String> {
    let slots = layers::find(kind)?.signature().args;
    let given = |at: usize| args.given(at).map(|value| value.to_string());
    let mut set = Vec::new();
    let mut left = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        match (given(at), reference::default(slot), slot.default) {
            (Some(value), ..) => set.push(match value == slot.name {
                true => format!("`{value}`"),
                false => code(&format!("{}={value}", slot.name)),
            }),
            (None, Some(value), _) => left.push(format!("`{}={value}`", slot.name)),
            (None, None, Default::Absent(what)) => {
                // What another argument is, it is too.
                let other = slots.iter().position(|slot| slot.name == what);
                match other.and_then(given) {
                    Some(value) => left.push(code(&format!("{}={value}", slot.name))),
                    None if slot.kind == ArgKind::Axis => {
                        left.push(format!("`{}` is {what}", slot.name));
                    }
                    // The parameters and the inputs are told of elsewhere.
                    None => {}
                }
            }
            _ => {}
        }
    }
    let parts = match (set.is_empty(), left.is_empty()) {
        (true, true) => return None,
        (false, true) => set.join(", "),
        (true, false) => format!("by default {}", left.join(", ")),
        (false, false) => format!("{}; by default {}", set.join(", "), left.join(", ")),
    };
    Some(format!("- **arguments** {parts}"))
}

/// What is stored: `- **parameters** 156: …`, and likewise the buffers.
pub(super) fn stored(params: &[&Param], reused: bool) -> Vec<String> {
    let line = |title: &str, trained: bool| {
        let some: Vec<&&Param> = params.iter().filter(|p| p.trained == trained).collect();
        if some.is_empty() {
            return None;
        }
        let total = count(some.iter().map(|param| &param.shape)).ok()?;
        let total = number::size(&total);
        let shared = if reused {
            ", those of an earlier line"
        } else {
            ""
        };
        let shown = some.iter().take(MOST);
        let each: Vec<_> = shown.map(|param| tensor(param)).collect();
        Some(match (each.as_slice(), some.len() - each.len()) {
            ([only], 0) => format!("- **{title}** {only}{shared}"),
            (all, 0) => format!("- **{title}** {total}{shared}: {}", all.join(", ")),
            (all, more) => format!(
                "- **{title}** {total}{shared}: {} and {more} more tensors",
                all.join(", ")
            ),
        })
    };
    let lines = [line("parameters", true), line("buffers", false)];
    lines.into_iter().flatten().collect()
}

/// `` `conv1.weight` 6·1·5·5 = 150 ``
fn tensor(param: &Param) -> String {
    format!("`{}` {}", param.name, product(&param.shape))
}

/// `6·1·5·5 = 150`, or `6`.
pub(super) fn product(shape: &Shape) -> String {
    let Ok(elements) = shape.elements() else {
        return code(&shape.to_string());
    };
    let total = number::size(&elements);
    if shape.rank() == 0 {
        return total;
    }
    let factor = |dim: &Dim| {
        let text = number::size(dim);
        let is_sum = text.contains([' ', '/']);
        if is_sum { format!("({text})") } else { text }
    };
    let factors: Vec<_> = shape.iter().map(factor).collect();
    match factors.as_slice() {
        [_] => total,
        all => match all.join("·") {
            formula if formula == total => total,
            formula => format!("{formula} = {total}"),
        },
    }
}

/// How much of the input a result sees.
fn sees(model: &Model, layer: &Layer) -> Option<String> {
    let at = model
        .layers
        .iter()
        .position(|other| std::ptr::eq(other, layer))?;
    let seen = match seen_by(model, at) {
        Seen::Nothing | Seen::Unknown => return None,
        Seen::Point => "one place of the input".to_owned(),
        Seen::Window(sizes) => {
            let sizes: Vec<_> = sizes.iter().map(number::size).collect();
            format!("{} of the input", sizes.join("×"))
        }
        Seen::Whole => "all of the input".to_owned(),
    };
    Some(format!("- **sees** {seen}"))
}

/// An argument of a layer as the reference has it.
pub fn about_argument(layer: &str, slot: &ArgDef) -> String {
    let left_out = match (reference::default(slot), slot.default) {
        (Some(default), _) => format!("`{default}` when left out."),
        (None, Default::Absent(what)) => match what {
            "size" => "`size` when left out.".to_owned(),
            _ => format!("When left out: {what}."),
        },
        (None, _) => "It must be given.".to_owned(),
    };
    format!(
        "`{}` of `{layer}`: {}.\n\nTakes {}. {left_out}",
        slot.name,
        slot.doc,
        slot.kind.describe()
    )
}
