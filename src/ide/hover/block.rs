//! Blocks, models and files of blocks.

use super::layer::stored;
use super::size::{all_requirements, need};
use super::value::params;
use super::{block_of, code, counted, written};
use crate::check::program::{Model, ValueId};
use crate::ide::{SymbolId, SymbolKind, View};
use crate::layers::def::TensorType;
use crate::syntax::ast::{Definition, Import, Item, Statement};
use crate::text::{FileId, Name, Span};
use crate::view::number;
use crate::view::summary::stored as total;

/// How many requirements of a model are told.
const NEEDS: usize = 6;

/// The definition whose name stands at `name`.
pub(in crate::ide) fn definition<'a>(view: &View<'a>, name: Span) -> Option<&'a Definition> {
    let items = view.tree(name.file).items.iter();
    let mut found = items.filter_map(|item| match item {
        Item::Definition(definition) if definition.name.span == name => Some(definition),
        _ => None,
    });
    found.next()
}

/// `block Double(filters, k=3)` with its parameters as they are written.
pub fn block_signature(view: &View, symbol: SymbolId) -> String {
    let known = view.names.symbol(symbol);
    let parameters = definition(view, known.span).map(|it| it.parameters.as_slice());
    let parameters = parameters.unwrap_or_default().iter();
    let parameters = parameters.map(|parameter| match &parameter.default {
        Some(default) => {
            let default = view.slice(default.span).split_whitespace();
            let default: Vec<_> = default.collect();
            format!("{}={}", parameter.name.value, default.join(" "))
        }
        None => parameter.name.value.to_string(),
    });
    let parameters: Vec<_> = parameters.collect();
    match parameters.is_empty() {
        true => known.name.to_string(),
        false => format!("{}({})", known.name, parameters.join(", ")),
    }
}

/// A block or model where it is defined, or asked for by an import.
pub(super) fn defined(view: &View, symbol: SymbolId) -> String {
    let known = view.names.symbol(symbol);
    let keyword = match known.kind {
        SymbolKind::Model => "model",
        _ => "block",
    };
    let mut parts = vec![block_of(&format!(
        "{keyword} {}",
        block_signature(view, symbol)
    ))];
    parts.extend(known.doc.clone());
    if let Some(body) = view.facts.body(known.span) {
        parts.push(in_symbols(view, body));
    }
    parts.join("\n\n")
}

/// A block as the list of completions tells of it.
pub fn about_block(view: &View, symbol: SymbolId) -> String {
    defined(view, symbol)
}

/// Inputs, outputs, requirements and parameters.
fn in_symbols(view: &View, body: &Model) -> String {
    let ty = |value: ValueId| body.ty(value);
    let one = |(name, ty): (&Name, Option<&TensorType>)| match ty {
        Some(ty) => format!("`{name}` `{}`", written(ty)),
        None => format!("`{name}`"),
    };
    let inputs = body.inputs.iter().map(|it| (&it.name.value, ty(it.value)));
    let outputs = (body.outputs.iter()).map(|it| (&it.name.value, it.value.and_then(ty)));
    let inputs: Vec<_> = inputs.map(one).collect();
    let outputs: Vec<_> = outputs.map(one).collect();
    let mut lines = Vec::new();
    if !inputs.is_empty() {
        lines.push(format!("- **takes** {}", inputs.join(", ")));
    }
    if !outputs.is_empty() {
        lines.push(format!("- **gives** {}", outputs.join(", ")));
    }
    let needs = all_requirements(view, body);
    lines.extend(
        needs
            .iter()
            .take(NEEDS)
            .map(|required| need(view, required)),
    );
    if needs.len() > NEEDS {
        lines.push(format!("- **needs** {} more", needs.len() - NEEDS));
    }
    for (title, trained) in [("parameters", true), ("buffers", false)] {
        if let Some(sum) = total(body, trained).filter(|sum| !sum.is_const(0)) {
            lines.push(format!("- **{title}** {}", number::size(&sum)));
        }
    }
    if let Some(weights) = &body.weights {
        lines.push(format!("- **weights** {}", code(&weights.value)));
    }
    lines.join("\n")
}

/// A block where a statement uses it: what it comes to there, then what it is.
pub(super) fn used(view: &View, symbol: SymbolId, statement: &Statement) -> String {
    let mut here = Vec::new();
    if let Some((body, made)) = view.facts.made(statement.span).last() {
        let brought = brought(body, statement.span);
        let ty = |value: &ValueId| body.ty(*value).map(|ty| format!("`{}`", written(ty)));
        let outputs: Option<Vec<_>> = made.values.iter().map(ty).collect();
        let inputs: Option<Vec<_>> = brought.iter().map(ty).collect();
        match (inputs.as_deref(), outputs) {
            (Some([only]), Some(outputs)) => {
                here.push(format!("- **shape** {only} → {}", outputs.join(", ")));
            }
            (_, Some(outputs)) => here.push(format!("- **gives** {}", outputs.join(", "))),
            _ => {}
        }
        here.extend(stored(&params(body, statement.span), false));
    }
    let whole = defined(view, symbol);
    if here.is_empty() {
        return whole;
    }
    let turns = view.facts.made(statement.span).len();
    let title = match turns {
        1 => "Here:".to_owned(),
        turns => format!("Here, in {}:", counted(turns, "turn")),
    };
    format!("{whole}\n\n{title}\n\n{}", here.join("\n"))
}

/// The values that the layers of the use at `statement` take from outside, in the last turn.
fn brought(body: &Model, statement: Span) -> Vec<ValueId> {
    let inside = |layer: &&crate::check::program::Layer| layer.via.first() == Some(&statement);
    let layers: Vec<_> = body.layers.iter().filter(inside).collect();
    let made: std::collections::HashSet<ValueId> = layers
        .iter()
        .flat_map(|layer| layer.outputs.iter().copied())
        .collect();
    let mut found = Vec::new();
    for value in layers.iter().flat_map(|layer| &layer.inputs) {
        let stored = matches!(
            body.value(*value).source,
            crate::check::program::Source::Param(_)
        );
        if !stored && !made.contains(value) && !found.contains(value) {
            found.push(*value);
        }
    }
    found
}

/// The file that an import names: what it has.
pub(super) fn file(view: &View, from: FileId, import: &Import) -> Option<String> {
    let unit = view.unit(from);
    let items = view.tree(from).items.iter();
    let imports = items.filter_map(|item| match item {
        Item::Import(import) => Some(import),
        _ => None,
    });
    let position = imports
        .into_iter()
        .position(|other| other.span == import.span)?;
    let there = (*view.analysis.imports[unit].get(position)?)?;
    let (file, tree) = &view.analysis.files[there];
    let name = &view.analysis.sources.file(*file).name;
    let mut lines = Vec::new();
    for item in &tree.items {
        let Item::Definition(definition) = item else {
            continue;
        };
        let Some(symbol) = view.names.defined_at(definition.name.span) else {
            continue;
        };
        if view.names.symbol(symbol).kind != SymbolKind::Block {
            continue;
        }
        let doc = definition.doc.as_ref().and_then(|doc| doc.lines().next());
        let doc = doc.map_or(String::new(), |doc| format!(": {doc}"));
        lines.push(format!("- `{}`{doc}", block_signature(view, symbol)));
    }
    let short = name.rsplit(['/', '\\']).next().unwrap_or(name);
    Some(match lines.is_empty() {
        true => format!("`{short}` has no blocks."),
        false => format!(
            "`{short}` has {}.\n\n{}",
            counted(lines.len(), "block"),
            lines.join("\n")
        ),
    })
}
