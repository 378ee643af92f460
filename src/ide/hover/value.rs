//! Values: labels, inputs, outputs, results of layers, stored tensors, turns of repeats.

use super::layer::{product, stored};
use super::{block_of, code, counted, written};
use crate::check::program::{Model, Param};
use crate::ide::{Inner, SymbolId, SymbolKind, View, cursor};
use crate::layers;
use crate::layers::def::TensorType;
use crate::syntax::ast::{Path, SegmentKind, Statement, StatementKind};
use crate::text::Span;

/// The longest text of a layer that is shown as it is written, in bytes.
const SHORT: usize = 60;
/// How many names of classes are shown.
const CLASSES: usize = 6;

/// The statement at `span`, of any file.
pub(in crate::ide) fn statement_at<'a>(view: &View<'a>, span: Span) -> Option<&'a Statement> {
    let at = cursor(view.tree(span.file), span.start as usize);
    at.statements
        .into_iter()
        .find(|statement| statement.span == span)
}

/// The block or model that `symbol` stands in, as checked.
pub(super) fn body<'a>(view: &View<'a>, symbol: SymbolId) -> Option<&'a Model> {
    let owner = view.names.symbol(symbol).owner?;
    view.facts.body(view.names.symbol(owner).span)
}

/// What the statement of `symbol` gives as its first result, once for each turn; an error that
/// hides one hides all.
pub(in crate::ide) fn types<'a>(view: &View<'a>, symbol: SymbolId) -> Vec<&'a TensorType> {
    let known = view.names.symbol(symbol);
    let Some(body) = body(view, symbol) else {
        return Vec::new();
    };
    let input = body
        .inputs
        .iter()
        .find(|input| input.name.span == known.span);
    let output = body
        .outputs
        .iter()
        .find(|output| output.name.span == known.span);
    match known.kind {
        SymbolKind::Input => input.and_then(|it| body.ty(it.value)).into_iter().collect(),
        SymbolKind::Output => {
            let value = output.and_then(|output| output.value);
            value.and_then(|value| body.ty(value)).into_iter().collect()
        }
        _ => {
            let made = view.facts.made(known.whole).iter();
            let types = made.map(|(body, made)| body.ty(*made.values.first()?));
            types.collect::<Option<_>>().unwrap_or_default()
        }
    }
}

/// `name: [N, 28, 28, 6]`, or what the first and the last turn give where they differ.
fn head(name: &str, types: &[&TensorType]) -> String {
    match types {
        [] => format!(
            "{}\n\nIts shape is not known: an error stands in the way.",
            block_of(name)
        ),
        [first, .., last] if first != last => block_of(&format!(
            "{name}: {}  # the first of {}\n{name}: {}  # the last",
            written(first),
            counted(types.len(), "turn"),
            written(last)
        )),
        [first, ..] => block_of(&format!("{name}: {}", written(first))),
    }
}

/// A label, an input or an output.
pub(super) fn named(view: &View, symbol: SymbolId) -> Option<String> {
    let known = view.names.symbol(symbol);
    let mut parts = vec![head(&known.name, &types(view, symbol))];
    parts.extend(known.doc.clone());
    let owner = known.owner.map(|owner| view.names.symbol(owner));
    let owner = owner.map_or("", |owner| &*owner.name);
    let statement = statement_at(view, known.whole)?;
    let line = view.line(known.span);
    let mut bullets = Vec::new();
    parts.push(match &statement.kind {
        StatementKind::Input { .. } => format!("An input of `{owner}`, line {line}."),
        StatementKind::Output { .. } => {
            let body = body(view, symbol)?;
            let output = body.outputs.iter().find(|it| it.name.span == known.span);
            let value = output.and_then(|output| output.value);
            if let Some(labels) = output.and_then(|output| output.labels.as_ref()) {
                let some = labels.iter().take(CLASSES).map(|label| code(label));
                let some: Vec<_> = some.collect();
                let more = if labels.len() > CLASSES { ", …" } else { "" };
                bullets.push(format!(
                    "- **labels** {}: {}{more}",
                    labels.len(),
                    some.join(", ")
                ));
            }
            match value.map(|value| body.value(value)) {
                Some(value) => {
                    let from = view.line(value.span);
                    format!("An output of `{owner}`: what `{}` gives, line {from}.", value.name)
                }
                None => format!("An output of `{owner}`."),
            }
        }
        StatementKind::Layer(layer) => {
            let end = layer.parentheses.unwrap_or(layer.layer.span);
            let whole = view.slice(layer.layer.span.to(end));
            let whole = if whole.len() > SHORT { &layer.layer.value } else { whole };
            bullets.extend(results(view, symbol));
            match known.inner {
                Inner::Block(_) => format!("What the block {} gives, line {line}.", code(whole)),
                _ => format!("The result of {}, line {line}.", code(whole)),
            }
        }
        StatementKind::Repeat(repeat) => {
            let (count, name) = (code(view.slice(repeat.count.span)), &known.name);
            format!(
                "What the last of {count} turns gives, line {line}. A turn is `{name}.0` and so on; `{name}.*` is every turn."
            )
        }
        StatementKind::Reuse { target, .. } => {
            let target = code(view.slice(target.span));
            format!("{target} applied again, line {line}: the same parameters, another input.")
        }
        _ => format!("Line {line}, which could not be read."),
    });
    if let Some(body) = body(view, symbol)
        && known.kind == SymbolKind::Label
    {
        bullets.extend(stored(&params(body, known.whole), false));
    }
    if !bullets.is_empty() {
        parts.push(bullets.join("\n"));
    }
    Some(parts.join("\n\n"))
}

/// The stored tensors that the statement at `span` makes, those of blocks and turns included.
pub(in crate::ide) fn params(body: &Model, span: Span) -> Vec<&Param> {
    let of = |param: &&Param| {
        let layer = &body.layers[param.layer];
        let statement = *layer.via.first().unwrap_or(&layer.span);
        let (inside, outside) = (statement.range(), span.range());
        statement.file == span.file && outside.start <= inside.start && inside.end <= outside.end
    };
    body.params.iter().filter(of).collect()
}

/// The results of a statement beyond its first, a line each.
fn results(view: &View, symbol: SymbolId) -> Vec<String> {
    let known = view.names.symbol(symbol);
    let Some((body, made)) = view.facts.made(known.whole).first() else {
        return Vec::new();
    };
    let names = result_names(view, symbol);
    let pairs = names.iter().zip(made.values.iter().skip(1));
    let line = |(name, value): (&String, &_)| {
        let ty = body.ty(*value)?;
        Some(format!("- `{}.{name}` `{}`", known.name, written(ty)))
    };
    pairs.filter_map(line).collect()
}

/// The names of the results of a label beyond its first.
pub(in crate::ide) fn result_names(view: &View, symbol: SymbolId) -> Vec<String> {
    match &view.names.symbol(symbol).inner {
        Inner::Layer(name) => {
            let names = layers::find(name).map_or(&[][..], |def| def.signature().results);
            names.iter().map(|name| (*name).to_owned()).collect()
        }
        Inner::Block(block) => {
            let outputs = outputs(view, *block);
            let rest = outputs.iter().skip(1);
            rest.map(|output| view.names.symbol(*output).name.to_string())
                .collect()
        }
        Inner::Nothing | Inner::Repeat(_) => Vec::new(),
    }
}

/// The outputs of a block, in order.
pub(in crate::ide) fn outputs(view: &View, block: SymbolId) -> Vec<SymbolId> {
    let inside = view.names.inside(block);
    let outputs = inside.filter(|(_, symbol)| symbol.kind == SymbolKind::Output);
    outputs.map(|(id, _)| id).collect()
}

/// Part `index` of a path: the value that the path has reached there.
pub(super) fn path(view: &View, body: Option<&Model>, path: &Path, index: usize) -> Option<String> {
    let symbol_of = |at: usize| {
        let span = path.segments[at].span;
        let found = view.names.at(span.file, span.start as usize)?;
        (found.span == span).then_some(found.symbol)
    };
    let first = symbol_of(0)?;
    if index == 0 {
        return named(view, first);
    }
    // The last label of this body on the way, and how far behind it the part is.
    let own = |id: &SymbolId| view.names.symbol(*id).owner == view.names.symbol(first).owner;
    let (at, label) = (0..=index)
        .rev()
        .find_map(|at| Some((at, symbol_of(at).filter(own)?)))?;
    let whole = path.segments[0].span.to(path.segments[index].span);
    let text = view.slice(whole);
    let known = view.names.symbol(label);
    let turns = view.facts.made(known.whole);
    // Where a turn is named, that one.
    let exact = |value: &str| value == text || value.ends_with(&format!(".{text}"));
    let named_turn = turns.iter().find(|(body, made)| {
        let first = made.values.first();
        first.is_some_and(|value| exact(&body.value(*value).name))
    });
    let turns = named_turn.map_or(turns, std::slice::from_ref);
    let behind = &path.segments[at + 1..=index];
    let nth = |position: usize| -> Vec<&TensorType> {
        let types = turns
            .iter()
            .map(|(body, made)| body.ty(*made.values.get(position)?));
        types.collect::<Option<_>>().unwrap_or_default()
    };
    match behind {
        [] => {
            let mut parts = vec![head(text, &nth(0))];
            parts.extend(known.doc.clone());
            let defined = statement_at(view, known.whole)?;
            if let StatementKind::Layer(layer) = &defined.kind {
                let line = view.line(known.span);
                parts.push(format!(
                    "The result of `{}`, line {line}.",
                    layer.layer.value
                ));
            }
            Some(parts.join("\n\n"))
        }
        [one] => match &one.kind {
            SegmentKind::Index(turn) => Some(format!(
                "{}\n\nTurn {turn} of `{}`; turns count from 0.",
                block_of(text),
                known.name
            )),
            SegmentKind::All => Some(format!(
                "{}\n\nEvery turn of `{}`: as many values as it has turns, for `Add` or `Concat`.",
                block_of(text),
                known.name
            )),
            SegmentKind::Name(name) => {
                let results = result_names(view, label);
                let position = results.iter().position(|result| **result == **name);
                let is_first = matches!(&known.inner, Inner::Block(block)
                    if outputs(view, *block).first().is_some_and(|output|
                        view.names.symbol(*output).name == *name));
                match position {
                    Some(position) => Some(result(text, &nth(position + 1), &known.name)),
                    None if is_first => Some(result(text, &nth(0), &known.name)),
                    None => tensor(body?, text),
                }
            }
        },
        _ => tensor(body?, text),
    }
}

fn result(text: &str, types: &[&TensorType], of: &str) -> String {
    format!("{}\n\nA result of `{of}`.", head(text, types))
}

/// The stored tensor at the path `text`.
fn tensor(body: &Model, text: &str) -> Option<String> {
    let behind = format!(".{text}");
    let param =
        (body.params.iter()).find(|param| *param.name == *text || param.name.ends_with(&behind))?;
    let layer = &body.layers[param.layer];
    let what = match param.trained {
        true => "A parameter",
        false => "A buffer",
    };
    Some(format!(
        "{}\n\n{what} of `{}` (`{}`): {} numbers.",
        block_of(&format!("{text}: {}", param.shape)),
        layer.name,
        layer.op.kind(),
        product(&param.shape)
    ))
}
