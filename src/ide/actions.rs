//! Changes of a program that are offered at a place: the checker's fixes, and rewritings that
//! keep what the program means.

mod extract;
mod inline;

use std::ops::Range;

use super::{Place, SymbolId, View};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Item, Statement, StatementKind};
use crate::text::{FileId, Name, Span};

/// What kind of change it is.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// Mends the diagnostic at this position of `Analysis::diagnostics`.
    Fix(usize),
    /// Writes something down that was left to the compiler.
    Write,
    /// Moves lines to a block.
    Extract,
    /// Puts a block's lines in the place of its use.
    Inline,
}

/// A change that is offered.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What it does, as an imperative.
    pub title: String,
    /// What kind of change it is.
    pub kind: ActionKind,
    /// Whether it is the one to take when there are several.
    pub preferred: bool,
    /// What is replaced by what; the places do not overlap.
    pub edits: Vec<(Place, String)>,
}

/// Blocks of another file that could be imported.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The path from the file that is asked about.
    pub path: String,
    /// The names of its blocks.
    pub blocks: Vec<Name>,
}

/// What can be done at the bytes `range` of `file`, fixes first.
pub fn actions(
    view: &View,
    file: FileId,
    range: Range<usize>,
    elsewhere: &[Elsewhere],
) -> Vec<Action> {
    let mut found = Vec::new();
    for (at, diagnostic) in view.analysis.diagnostics.iter().enumerate() {
        if concerns(view, diagnostic, file, &range) {
            found.extend(fixes(view, at, diagnostic));
            found.extend(imports(view, at, diagnostic, elsewhere));
        }
    }
    found.extend(written(view, file, &range));
    found.extend(extract::extract(view, file, &range));
    found.extend(inline::inline(view, file, &range));
    // A fix may write the same: it comes first and says why.
    let mut known: Vec<Vec<(Place, String)>> = Vec::new();
    found.retain(|action| {
        let new = !known.contains(&action.edits);
        if new {
            known.push(action.edits.clone());
        }
        new
    });
    found
}

/// Whether `diagnostic` has a place that `range` touches, or is on its line.
fn concerns(view: &View, diagnostic: &Diagnostic, file: FileId, range: &Range<usize>) -> bool {
    let lines = &view.analysis.sources.file(file).lines;
    let first = lines.line(range.start);
    let last = lines.line(range.end);
    let span = diagnostic.primary.span;
    let at = |offset: u32| lines.line(offset as usize);
    span.file == file && at(span.start) <= last && first <= at(span.end)
}

fn fixes(view: &View, at: usize, diagnostic: &Diagnostic) -> Vec<Action> {
    let fixes = diagnostic.fixes.iter().enumerate();
    fixes
        .map(|(nth, fix)| {
            let edits = fix.edits.iter();
            Action {
                title: capitalised(&fix.title),
                kind: ActionKind::Fix(at),
                preferred: nth == 0,
                edits: edits
                    .map(|edit| (view.place(edit.span), edit.text.clone()))
                    .collect(),
            }
        })
        .collect()
}

fn capitalised(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Imports of a block that nothing here defines.
fn imports(
    view: &View,
    at: usize,
    diagnostic: &Diagnostic,
    elsewhere: &[Elsewhere],
) -> Vec<Action> {
    let unknown = diagnostic.primary.span;
    if diagnostic.code != Code::E0201 {
        return Vec::new();
    }
    let name = view.slice(unknown);
    let having = elsewhere
        .iter()
        .filter(|other| other.blocks.iter().any(|block| **block == *name));
    having
        .map(|other| Action {
            title: format!("Import `{name}` from \"{}\"", other.path),
            kind: ActionKind::Fix(at),
            preferred: false,
            edits: vec![import_edit(view, unknown.file, name, &other.path)],
        })
        .collect()
}

/// The edit that imports `name` from `path` into `file`: among the names of an import of that
/// path, or as a line after the imports.
pub fn import_edit(view: &View, file: FileId, name: &str, path: &str) -> (Place, String) {
    let tree = view.tree(file);
    let mut after = None;
    for item in &tree.items {
        match item {
            Item::Import(import) => {
                if &*import.path.value == path
                    && let Some(last) = import.names.last()
                {
                    return (view.place(last.span.after()), format!(", {name}"));
                }
                after = Some(import.span);
            }
            Item::Layout(layout) => after = Some(layout.span),
            _ => {}
        }
    }
    let line = format!("import {name} from \"{path}\"");
    match after {
        Some(span) => (view.place(span.after()), format!("\n{line}")),
        None => {
            // A comment at the top belongs to what follows it, unless a blank line parts them.
            let start = tree
                .items
                .first()
                .map_or(0, |item| start_of(view, file, item));
            (
                view.place(Span::new(file, start, start)),
                format!("{line}\n\n"),
            )
        }
    }
}

/// Where `item` begins with the comment lines right above it.
fn start_of(view: &View, file: FileId, item: &Item) -> usize {
    let span = super::cursor::item_span(item);
    let source = view.analysis.sources.file(file);
    let mut line = source.lines.line(span.start as usize);
    while line > 0 {
        let above = source.lines.range(line - 1, &source.text);
        if !source.text[above].trim_start().starts_with('#') {
            break;
        }
        line -= 1;
    }
    source.lines.range(line, &source.text).start
}

/// What the compiler knows and the program could say: the shape of a statement, a label.
fn written(view: &View, file: FileId, range: &Range<usize>) -> Vec<Action> {
    let mut found = Vec::new();
    let cursor = super::cursor(view.tree(file), range.start);
    let (Some(statement), Some(definition)) = (cursor.statement(), cursor.definition) else {
        return found;
    };
    let edit = |span: Span, text: String| vec![(view.place(span), text)];
    let shape = view.facts.result(statement.span);
    let shape = shape.filter(|(first, last)| first.shape == last.shape);
    let (label, stated) = match &statement.kind {
        StatementKind::Layer(layer) => (Some(&layer.label), layer.ascription.is_some()),
        StatementKind::Reuse { ascription, .. } => (None, ascription.is_some()),
        StatementKind::Output {
            name, shape: None, ..
        } => {
            let body = view.facts.body(definition.name.span);
            let shape = body.and_then(|body| {
                let mut outputs = body.outputs.iter();
                let output = outputs.find(|output| output.name.span == name.span)?;
                body.ty(output.value?)
            });
            if let Some(ty) = shape {
                found.push(Action {
                    title: format!("Write the shape down: `: {}`", ty.shape),
                    kind: ActionKind::Write,
                    preferred: false,
                    edits: edit(name.span.after(), format!(": {}", ty.shape)),
                });
            }
            return found;
        }
        _ => return found,
    };
    if let (Some((ty, _)), false) = (shape, stated) {
        found.push(Action {
            title: format!("Write the shape down: `-> {}`", ty.shape),
            kind: ActionKind::Write,
            preferred: false,
            edits: edit(statement.span.after(), format!(" -> {}", ty.shape)),
        });
    }
    if let Some(None) = label {
        let owner = view.names.defined_at(definition.name.span);
        let kind = match &statement.kind {
            StatementKind::Layer(layer) => crate::check::snake(&layer.layer.value),
            _ => return found,
        };
        let free = free_name(view, owner, &kind.replace('_', ""));
        found.push(Action {
            title: format!("Label this layer `{free}`"),
            kind: ActionKind::Write,
            preferred: false,
            edits: edit(statement.span.before(), format!("{free}: ")),
        });
    }
    found
}

/// A name that no value in the definition `owner` has: `base` with the first number that is free.
fn free_name(view: &View, owner: Option<SymbolId>, base: &str) -> String {
    let taken: std::collections::HashSet<&str> = (view.names.symbols())
        .filter(|(_, symbol)| symbol.owner == owner)
        .map(|(_, symbol)| &*symbol.name)
        .collect();
    (1..)
        .map(|number| format!("{base}{number}"))
        .find(|name| !taken.contains(name.as_str()))
        .unwrap_or_else(|| base.to_owned())
}

/// The statements of the body that `range` is in, and which of them it touches.
fn touched<'a>(
    view: &View<'a>,
    file: FileId,
    range: &Range<usize>,
) -> Option<(&'a [Statement], Range<usize>)> {
    let cursor = super::cursor(view.tree(file), range.start);
    let mut body: &'a [Statement] = &cursor.definition?.body.statements;
    loop {
        let touches = |statement: &Statement| {
            (statement.span.start as usize) < range.end.max(range.start + 1)
                && range.start <= statement.span.end as usize
        };
        let first = body.iter().position(touches)?;
        let last = body.iter().rposition(touches)?;
        if first == last
            && let StatementKind::Repeat(repeat) = &body[first].kind
        {
            let inside = repeat.body.span;
            if (inside.start as usize) < range.start && range.end < inside.end as usize {
                body = &repeat.body.statements;
                continue;
            }
        }
        return Some((body, first..last + 1));
    }
}

#[cfg(test)]
mod tests;
