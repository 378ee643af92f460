//! What is said of the thing at a place, in Markdown: what it is in one code block, what it does
//! in a sentence, then the numbers, then the rest.

pub(super) mod block;
mod layer;
mod size;
#[cfg(test)]
mod tests;
pub(super) mod value;
mod words;

use super::{Part, SymbolKind, View, cursor};
use crate::diag::{Diagnostic, Severity};
use crate::layers;
use crate::layers::def::TensorType;
use crate::syntax::ast::{Expr, ExprKind, Ident, LayerStatement};
use crate::text::{FileId, Span};

pub(super) use block::{about_block, block_signature};
pub(super) use layer::{about_argument, about_layer};
pub(super) use words::{choice, keyword};

/// What is said of the thing at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Hover {
    /// Markdown.
    pub text: String,
    /// The thing.
    pub span: Span,
}

/// What is said of the thing at byte `offset` of `file`: mistakes there first. `None` where there
/// is nothing to say.
pub fn hover(view: &View, file: FileId, offset: usize) -> Option<Hover> {
    let text = view.text(file);
    if offset > text.len() {
        return None;
    }
    let thing = thing(view, file, offset);
    let told: Vec<&Diagnostic> = (view.analysis.diagnostics.iter())
        .filter(|told| {
            let span = told.primary.span;
            span.file == file && touches(span, offset) && span.start < span.end
        })
        .collect();
    let mut parts: Vec<String> = told.iter().map(|told| mistake(view, told)).collect();
    let narrowest = told.iter().map(|told| told.primary.span);
    let narrowest = narrowest.min_by_key(|span| span.end - span.start);
    let span = thing.as_ref().map(|thing| thing.span).or(narrowest)?;
    parts.extend(thing.map(|thing| thing.text));
    Some(Hover {
        text: parts.join("\n\n---\n\n"),
        span,
    })
}

/// Whether `offset` is in `span` or right after it.
fn touches(span: Span, offset: usize) -> bool {
    (span.start as usize..=span.end as usize).contains(&offset)
}

/// A diagnostic: its message, the other places that take part, its notes, where to read more.
fn mistake(view: &View, told: &Diagnostic) -> String {
    let severity = match told.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("**{severity}[{}]**: {}", told.code, told.message);
    let labels = told.labels.iter().filter(|label| !label.message.is_empty());
    let labels =
        labels.map(|label| format!("\n- line {}: {}", view.line(label.span), label.message));
    let labels: Vec<_> = labels.collect();
    if !labels.is_empty() {
        text += &format!("\n{}", labels.concat());
    }
    for note in &told.notes {
        // A note of several lines is a drawing: columns stand below each other.
        text += &match note.contains('\n') {
            true => format!("\n\n```text\n{note}\n```"),
            false => format!("\n\n{note}"),
        };
    }
    text + &format!("\n\n`nnc explain {}` tells more.", told.code)
}

fn thing(view: &View, file: FileId, offset: usize) -> Option<Hover> {
    let at = cursor(view.tree(file), offset);
    let of = |text: String, span| Some(Hover { text, span });
    match at.part {
        Part::Layer(layer) => {
            let name = &layer.layer;
            let statement = at.statement()?;
            let text = match view.names.at(file, name.span.start as usize) {
                Some(found) if found.span == name.span => {
                    block::used(view, found.symbol, statement)
                }
                _ => match layers::find(&name.value) {
                    Some(def) => layer::used(view, def, statement),
                    None => layer::elsewhere(&name.value)?,
                },
            };
            of(text, name.span)
        }
        Part::Label(name) | Part::Parameter(name) | Part::DefinitionName(name) => {
            symbol(view, name.span)
        }
        Part::ImportName(_, name) => symbol(view, name.span),
        Part::ImportPath(import) => of(block::file(view, file, import)?, import.path.span),
        Part::ElementType(name) => of(words::element_type(&name.value)?, name.span),
        Part::ArgumentName(layer, index) => {
            let name = layer.arguments[index].name.as_ref()?;
            argument(view, layer, index, name.span)
        }
        Part::ArgumentValue(layer, Some(index), Some(expr)) => chosen(layer, index, expr)
            .or_else(|| in_expr(view, expr, offset))
            .or_else(|| argument(view, layer, index, layer.arguments[index].value.span)),
        Part::Path(path, index) => {
            let body = view.facts.body(at.definition?.name.span);
            of(
                value::path(view, body, path, index)?,
                path.segments[index].span,
            )
        }
        Part::Shape(_, Some(expr)) | Part::Expr(expr) => in_expr(view, expr, offset),
        _ => words::at(view.text(file), offset)
            .and_then(|(text, range)| of(text, Span::new(file, range.start, range.end))),
    }
}

/// What is said of the name at `span`, by what it means.
fn symbol(view: &View, span: Span) -> Option<Hover> {
    let found = view.names.at(span.file, span.start as usize)?;
    let symbol = view.names.symbol(found.symbol);
    let text = match symbol.kind {
        SymbolKind::Block | SymbolKind::Model => block::defined(view, found.symbol),
        SymbolKind::Label | SymbolKind::Input | SymbolKind::Output => {
            value::named(view, found.symbol)?
        }
        SymbolKind::Variable => size::variable(view, found.symbol)?,
        SymbolKind::Let | SymbolKind::Parameter | SymbolKind::Counter => {
            size::constant(view, found.symbol)
        }
    };
    Some(Hover {
        text,
        span: found.span,
    })
}

/// What is said of a name in an expression, or of the function that is called there.
fn in_expr(view: &View, expr: &Expr, offset: usize) -> Option<Hover> {
    match &expr.kind {
        ExprKind::Name(_) => symbol(view, expr.span).filter(|found| found.span == expr.span),
        ExprKind::Call { function, .. } if touches(function.span, offset) => Some(Hover {
            text: words::function(&function.value)?.to_owned(),
            span: function.span,
        }),
        ExprKind::Bool(_) | ExprKind::Hole => {
            let (text, _) = words::at(view.text(expr.span.file), expr.span.start as usize)?;
            Some(Hover {
                text,
                span: expr.span,
            })
        }
        _ => None,
    }
}

/// What is said of a choice such as `same`.
fn chosen(layer: &LayerStatement, index: usize, expr: &Expr) -> Option<Hover> {
    let ExprKind::Name(name) = &expr.kind else {
        return None;
    };
    let slot = slot(layer, index)?;
    slot.kind.choices().contains(&&**name).then(|| Hover {
        text: words::choice_of(&layer.layer.value, slot, name),
        span: expr.span,
    })
}

/// The argument of a layer's signature that argument `index` of a statement gives.
fn slot(layer: &LayerStatement, index: usize) -> Option<&'static layers::def::ArgDef> {
    let slots = layers::find(&layer.layer.value)?.signature().args;
    match &layer.arguments[index].name {
        Some(name) => slots.iter().find(|slot| *slot.name == *name.value),
        None => slots.get(index),
    }
}

/// What is said of argument `index` of a layer or a use of a block.
fn argument(view: &View, layer: &LayerStatement, index: usize, span: Span) -> Option<Hover> {
    let name: Option<&Ident> = layer.arguments[index].name.as_ref();
    if let Some(slot) = slot(layer, index) {
        let mut text = about_argument(&layer.layer.value, slot);
        if name.is_some_and(|name| name.span == span) {
            let given = view.slice(layer.arguments[index].value.span);
            text += &format!("\n\nHere it is {}.", code(given));
        }
        return Some(Hover { text, span });
    }
    // A parameter of a block.
    let used = view
        .names
        .at(layer.layer.span.file, layer.layer.span.start as usize)?;
    let inside = view.names.inside(used.symbol);
    let mut parameters = inside.filter(|(_, it)| it.kind == SymbolKind::Parameter);
    let (parameter, _) = match name {
        Some(name) => parameters.find(|(_, it)| it.name == name.value),
        None => parameters.nth(index),
    }?;
    Some(Hover {
        text: size::constant(view, parameter),
        span,
    })
}

/// `text` in backticks, on one line.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("`{}`", text.replace('`', "'"))
}

/// `[N, 28, 28, 1]`, or `i64[N]`.
fn written(ty: &TensorType) -> String {
    match ty.dtype {
        crate::tensor::DType::F32 => ty.shape.to_string(),
        dtype => format!("{dtype}{}", ty.shape),
    }
}

/// A code block.
fn block_of(text: &str) -> String {
    format!("```nn\n{text}\n```")
}

/// `1 turn`, `2 turns`.
fn counted(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}
