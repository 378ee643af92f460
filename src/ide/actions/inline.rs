//! A block's lines in the place of its use.

use std::collections::HashMap;
use std::ops::Range;

use super::{Action, ActionKind};
use crate::ide::{Part, SymbolKind, View};
use crate::syntax::ast::{
    Definition, Expr, ExprKind, Item, LayerStatement, Statement, StatementKind,
};
use crate::text::{FileId, Span};

/// Replaces the block use at `range` by the block's lines, when the block has one input and one
/// output and nothing outside looks into it. Labels get the use's label before them.
pub fn inline(view: &View, file: FileId, range: &Range<usize>) -> Option<Action> {
    let cursor = super::super::cursor(view.tree(file), range.start);
    let Part::Layer(layer) = cursor.part else {
        return None;
    };
    let statement = cursor.statement()?;
    let occurrence = view.names.at(file, layer.layer.span.start as usize)?;
    let block = view.names.symbol(occurrence.symbol);
    if block.kind != SymbolKind::Block || layer.ascription.is_some() {
        return None;
    }
    let definition = definition(view, block.span)?;
    let plan = Plan::new(view, definition, layer)?;
    let owner = view.names.defined_at(cursor.definition?.name.span);
    let prefix = match &layer.label {
        Some(label) => label.value.to_string(),
        None => super::free_name(view, owner, &crate::check::snake(&layer.layer.value)),
    };
    if looked_into(view, layer, statement) {
        return None;
    }
    let indent = view.analysis.sources.indent(statement.span);
    let mut lines = Vec::new();
    for (at, inner) in plan.statements.iter().enumerate() {
        let mut text = plan.rewritten(view, inner.span, &prefix);
        if at == 0
            && let Some(from) = &layer.from
            && plan.implicit
        {
            text = with_from(view, inner, text, view.slice(from.span));
        }
        lines.push(text);
    }
    let last_label = plan
        .result
        .as_ref()
        .map(|label| format!("{prefix}_{label}"));
    if let Some(label) = &layer.label
        && used(view, layer)
    {
        let from = last_label.map_or_else(String::new, |last| format!(" from {last}"));
        lines.push(format!("{}: Identity{from}", label.value));
    } else if let Some(last) = last_label
        && !plan.ends_with_result
    {
        lines.push(format!("Identity from {last}"));
    }
    let base = view.analysis.sources.indent(plan.statements.first()?.span);
    let text: Vec<String> = lines
        .join("\n")
        .split('\n')
        .enumerate()
        .map(|(at, line)| match (at, line.strip_prefix(base)) {
            (0, _) => line.to_owned(),
            (_, Some(line)) if !base.is_empty() => format!("{indent}{line}"),
            _ => format!("{indent}{line}"),
        })
        .collect();
    Some(Action {
        title: format!("Inline `{}`", block.name),
        kind: ActionKind::Inline,
        preferred: false,
        edits: vec![(view.place(statement.span), text.join("\n"))],
    })
}

/// The definition whose name stands at `name`.
fn definition<'a>(view: &View<'a>, name: Span) -> Option<&'a Definition> {
    view.tree(name.file)
        .items
        .iter()
        .find_map(|item| match item {
            Item::Definition(definition) if definition.name.span == name => Some(definition),
            _ => None,
        })
}

/// Whether the label of the use is named elsewhere.
fn used(view: &View, layer: &LayerStatement) -> bool {
    let symbol = (layer.label.as_ref()).and_then(|label| view.names.defined_at(label.span));
    symbol.is_some_and(|symbol| view.names.of(symbol).count() > 1)
}

/// Whether a path goes into the use, or it is applied again.
fn looked_into(view: &View, layer: &LayerStatement, statement: &Statement) -> bool {
    let label = layer.label.as_ref();
    let symbol = label.and_then(|label| view.names.defined_at(label.span));
    let text = view.text(statement.span.file);
    let mut places = symbol.into_iter().flat_map(|symbol| view.names.of(symbol));
    places.any(|place| {
        let before = text[..place.span.start as usize].trim_end();
        text[place.span.end as usize..].starts_with('.') || before.ends_with("reuse")
    })
}

/// How a block's text becomes the text of its use.
struct Plan<'a> {
    statements: Vec<&'a Statement>,
    /// Names of the block and what stands for them: parameters, and dimension variables.
    values: HashMap<Span, String>,
    /// The places of labels.
    labels: Vec<Span>,
    /// Whether the first line takes the input without saying so.
    implicit: bool,
    /// The label that the output takes; `None` when it is the last line's result.
    result: Option<String>,
    /// Whether that is the last line anyway.
    ends_with_result: bool,
}

impl<'a> Plan<'a> {
    fn new(
        view: &View<'a>,
        definition: &'a Definition,
        layer: &LayerStatement,
    ) -> Option<Plan<'a>> {
        let owner = view.names.defined_at(definition.name.span)?;
        let body = &definition.body.statements;
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        let mut statements = Vec::new();
        for statement in body {
            match &statement.kind {
                StatementKind::Input { name, .. } => inputs.push(name),
                StatementKind::Output { name, from, .. } => outputs.push((name, from)),
                StatementKind::Layer(_) | StatementKind::Repeat(_) => statements.push(statement),
                _ => return None,
            }
        }
        let ([input], [(_, from)]) = (inputs.as_slice(), outputs.as_slice()) else {
            return None;
        };
        let first = statements.first()?;
        let implicit = match &first.kind {
            StatementKind::Layer(first) => first.from.is_none(),
            _ => true,
        };
        let mut values = HashMap::new();
        let mut labels = Vec::new();
        for (id, symbol) in view.names.inside(owner) {
            let places = view.names.of(id).map(|place| place.span);
            let places = places.filter(|span| {
                let holds = |s: &&Statement| {
                    s.span.file == span.file && s.span.start <= span.start && span.end <= s.span.end
                };
                statements.iter().any(holds)
            });
            let places: Vec<Span> = places.collect();
            match symbol.kind {
                SymbolKind::Parameter => {
                    let at = definition.parameters.iter();
                    let at = at.clone().position(|p| p.name.span == symbol.span)?;
                    let value = argument(view, layer, definition, at)?;
                    values.extend(places.into_iter().map(|span| (span, value.clone())));
                }
                // A size of the block would have to be told in the sizes of the place.
                SymbolKind::Variable if !places.is_empty() => return None,
                // The input has a name at the use only when it says `from`.
                SymbolKind::Input if !places.is_empty() => {
                    let [path] = layer.from.as_ref()?.values.as_slice() else {
                        return None;
                    };
                    let path = view.slice(path.span).to_owned();
                    values.extend(places.into_iter().map(|span| (span, path.clone())));
                }
                SymbolKind::Label if symbol.written => labels.extend(places),
                SymbolKind::Label if view.names.of(id).next().is_some() => return None,
                SymbolKind::Let => return None,
                _ => {}
            }
        }
        let _ = input;
        let result = match from {
            None => None,
            Some(path) if path.segments.len() == 1 => Some(view.slice(path.span).to_owned()),
            Some(_) => return None,
        };
        let last = match &statements.last()?.kind {
            StatementKind::Layer(layer) => layer.label.as_ref(),
            StatementKind::Repeat(repeat) => repeat.label.as_ref(),
            _ => None,
        };
        let ends_with_result = match (&result, last) {
            (None, _) => true,
            (Some(result), Some(label)) => *result == *label.value,
            (Some(_), None) => false,
        };
        Some(Plan {
            statements,
            values,
            labels,
            implicit,
            result,
            ends_with_result,
        })
    }

    /// The text of `span` with what stands for its names.
    fn rewritten(&self, view: &View, span: Span, prefix: &str) -> String {
        let holds = |place: &Span| {
            place.file == span.file && span.start <= place.start && place.end <= span.end
        };
        let mut edits: Vec<(Span, String)> = (self.values.iter())
            .filter(|(place, _)| holds(place))
            .map(|(place, text)| (*place, text.clone()))
            .collect();
        let labels = self.labels.iter().filter(|place| holds(place));
        edits.extend(labels.map(|place| (*place, format!("{prefix}_{}", view.slice(*place)))));
        edits.sort_by_key(|(place, _)| place.start);
        let mut out = String::new();
        let mut at = span.start as usize;
        let text = view.text(span.file);
        for (place, new) in edits {
            out += &text[at..place.start as usize];
            let alone = out.ends_with(['(', '=', ' ']) && {
                let before = out.trim_end();
                before.ends_with(['(', '=', ','])
                    && text[place.end as usize..].starts_with([')', ','])
            };
            let bare = new.strip_prefix('(').and_then(|new| new.strip_suffix(')'));
            // The brackets were put around an operation, which needs none on its own.
            out += match bare {
                Some(bare) if alone && !bare.contains(['(', ',']) => bare,
                _ => &new,
            };
            at = place.end as usize;
        }
        out + &text[at..span.end as usize]
    }
}

/// The text of the argument for the parameter at position `at`, in brackets where it needs them.
fn argument(
    view: &View,
    layer: &LayerStatement,
    definition: &Definition,
    at: usize,
) -> Option<String> {
    let parameter = &definition.parameters[at];
    let named = |argument: &&crate::syntax::ast::Argument| {
        (argument.name.as_ref()).is_some_and(|name| name.value == parameter.name.value)
    };
    let positional = || (layer.arguments.get(at)).filter(|argument| argument.name.is_none());
    let given = layer.arguments.iter().find(named).or_else(positional);
    let expr: &Expr = match given {
        Some(argument) => &argument.value,
        None => parameter.default.as_ref()?,
    };
    let text = view.slice(expr.span);
    Some(match expr.kind {
        ExprKind::Binary { .. } | ExprKind::Negate(_) if !text.starts_with('(') => {
            format!("({text})")
        }
        _ => text.to_owned(),
    })
}

/// `text`, which is that of `statement`, with the clause `from` after its layer.
fn with_from(view: &View, statement: &Statement, text: String, from: &str) -> String {
    let StatementKind::Layer(layer) = &statement.kind else {
        return format!("Identity {from}\n{text}");
    };
    let tail = layer.ascription.as_ref().map(|shape| {
        let whole = view.slice(statement.span);
        let at = (shape.span.start - statement.span.start) as usize;
        let arrow = whole[..at].rfind("->").unwrap_or(at);
        whole[arrow..].to_owned()
    });
    match tail {
        Some(tail) => match text.rfind(&tail) {
            Some(at) => format!("{} {from} {tail}", text[..at].trim_end()),
            None => text,
        },
        None => format!("{text} {from}"),
    }
}
