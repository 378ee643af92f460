//! Compile-time names: dimension variables, `let`s, parameters, counters.

use std::collections::HashSet;

use super::value::{body, statement_at};
use super::{block_of, code};
use crate::check::program::{Model, Required};
use crate::ide::{SymbolId, SymbolKind, View};
use crate::layers::value::Value;
use crate::shape::Dim;
use crate::syntax::ast::StatementKind;
use crate::text::Name;

/// How many forms of a size are told.
const FORMS: usize = 8;

/// A dimension variable: where it is bound, what is required of it, what it becomes.
pub(super) fn variable(view: &View, symbol: SymbolId) -> Option<String> {
    let known = view.names.symbol(symbol);
    let name = &known.name;
    let owner = view.names.symbol(known.owner?);
    let mut parts = vec![block_of(name)];
    parts.push(format!(
        "A dimension variable of `{}`: a size of at least 1, the same wherever `{name}` stands.",
        owner.name
    ));
    let mut lines = Vec::new();
    lines.extend(bound(view, symbol));
    let body = body(view, symbol);
    if let Some(body) = body {
        for required in requirements(view, body, name) {
            lines.push(need(view, required));
        }
    }
    parts.push(lines.join("\n"));
    let trail = body.map(|body| trail(view, body, name)).unwrap_or_default();
    if !trail.is_empty() {
        let shown = trail.iter().take(FORMS);
        let mut lines: Vec<String> = shown
            .map(|(form, by, line)| format!("- `{form}` at `{by}`, line {line}"))
            .collect();
        if trail.len() > FORMS {
            lines.push(format!("- and {} more", trail.len() - FORMS));
        }
        parts.push(format!("Further down it becomes\n\n{}", lines.join("\n")));
    }
    Some(parts.join("\n\n"))
}

/// The input's axis that binds it.
fn bound(view: &View, symbol: SymbolId) -> Option<String> {
    let known = view.names.symbol(symbol);
    let at = crate::ide::cursor(view.tree(known.span.file), known.span.start as usize);
    let StatementKind::Input { name, shape, .. } = &at.statement()?.kind else {
        return None;
    };
    let inside = |dim: &&crate::syntax::ast::Expr| {
        dim.span.start <= known.span.start && known.span.end <= dim.span.end
    };
    let axis = shape.dims.iter().position(|dim| inside(&dim))?;
    let dim = view.slice(shape.dims[axis].span);
    let line = view.line(name.span);
    let input = &name.value;
    Some(match dim == &*known.name {
        true => format!("- **is** axis {axis} of `{input}`, line {line}"),
        false => format!(
            "- **from** axis {axis} of `{input}`, which is {}, line {line}",
            code(dim)
        ),
    })
}

/// The requirements on the sizes of `body`: of a block, those of its uses.
pub(super) fn all_requirements<'a>(view: &View<'a>, body: &'a Model) -> &'a [Required] {
    let blocks = &view.analysis.program.blocks;
    let block = blocks.iter().find(|block| block.span == body.span);
    block.map_or(&body.requirements, |block| &block.requirements)
}

fn requirements<'a>(
    view: &View<'a>,
    body: &'a Model,
    name: &str,
) -> impl Iterator<Item = &'a Required> {
    let all = all_requirements(view, body).iter();
    all.filter(move |required| {
        let text = required.requirement.to_string();
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|word| word == name)
    })
}

/// `- **needs** h >= 7 …`
pub(super) fn need(view: &View, required: &Required) -> String {
    format!(
        "- **needs** `{}`: {}, line {}",
        required.requirement,
        required.rule,
        view.line(required.span)
    )
}

/// The sizes in which `name` takes part further down, each once: with the value that first has it
/// and its line.
fn trail(view: &View, body: &Model, name: &Name) -> Vec<(Dim, Name, usize)> {
    let mut known = HashSet::from([Dim::var(name.clone())]);
    let inputs = body.inputs.iter().filter_map(|input| body.ty(input.value));
    known.extend(inputs.flat_map(|ty| ty.shape.iter().cloned()));
    let mut found = Vec::new();
    let values = body.made.iter().flat_map(|made| &made.values);
    for value in values {
        let value = body.value(*value);
        let Some(ty) = &value.ty else { continue };
        for dim in &ty.shape {
            if dim.as_const().is_some() || known.contains(dim) {
                continue;
            }
            known.insert(dim.clone());
            if dim.vars().contains(name) {
                found.push((dim.clone(), value.name.clone(), view.line(value.span)));
            }
        }
    }
    found
}

/// A `let`, a parameter or a counter, with its value.
pub(super) fn constant(view: &View, symbol: SymbolId) -> String {
    let known = view.names.symbol(symbol);
    let owner = known.owner.map(|owner| view.names.symbol(owner));
    let body = body(view, symbol);
    let value = body.and_then(|body| {
        let constants = body.constants.iter();
        let mut own = constants.filter(|constant| constant.name.span == known.span);
        own.next().map(|constant| &constant.value)
    });
    let value = value.or_else(|| {
        let parameters = body?.parameters.iter();
        let mut own = parameters.filter(|parameter| parameter.name.span == known.span);
        own.next()?.value.as_ref()
    });
    let value = value.filter(|value| !value.is_poisoned());
    let name = &known.name;
    // What is a symbol of its own name says nothing.
    let is_itself = |value: &Value| matches!(value, Value::Int(dim) if dim.as_var() == Some(name));
    let value = value.filter(|value| !is_itself(value));
    let mut parts = vec![block_of(&match value {
        Some(value) => format!("{name} = {value}"),
        None => name.to_string(),
    })];
    parts.extend(known.doc.clone());
    let line = view.line(known.span);
    let of = owner.map_or("", |owner| &*owner.name);
    parts.push(match known.kind {
        SymbolKind::Let => match statement_at(view, known.whole).map(|found| &found.kind) {
            Some(StatementKind::Let { value, .. }) => {
                format!("{} on line {line}.", code(view.slice(value.span)))
            }
            _ => format!("A compile-time value, line {line}."),
        },
        SymbolKind::Counter => {
            let count = match statement_at(view, known.whole).map(|found| &found.kind) {
                Some(StatementKind::Repeat(repeat)) => code(view.slice(repeat.count.span)),
                _ => "the".to_owned(),
            };
            format!("Counts the {count} turns of the repeat on line {line}, from 0.")
        }
        _ => match owner.map(|owner| owner.kind) {
            Some(SymbolKind::Model) if value.is_some() => format!(
                "A parameter of `{of}`; `--set {name}=VALUE` gives it another value."
            ),
            Some(SymbolKind::Model) => format!(
                "A parameter of `{of}` without a value: everything is checked for any. A run takes it from `--set {name}=VALUE`."
            ),
            _ => format!("A parameter of the block `{of}`: each use gives its own."),
        },
    });
    if let Some(body) = body
        && known.kind == SymbolKind::Parameter
    {
        let needs = requirements(view, body, name).map(|required| need(view, required));
        let needs: Vec<_> = needs.collect();
        if !needs.is_empty() {
            parts.push(needs.join("\n"));
        }
    }
    parts.join("\n\n")
}
