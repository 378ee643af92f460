//! The outline of a file, and definitions by name in all files.

use super::{Place, SymbolKind, View};
use crate::syntax::ast::{Definition, DefinitionKind, Ident, Item, Statement, StatementKind};
use crate::text::{FileId, Span};

/// An entry of the outline.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// What it is called: its label, else its layer.
    pub name: String,
    /// What is known of it: layer and shape.
    pub detail: String,
    /// What it is; layers without a label are labels too.
    pub kind: SymbolKind,
    /// The whole of it.
    pub whole: Span,
    /// Its name, inside `whole`.
    pub span: Span,
    /// What stands in it.
    pub children: Vec<Outline>,
}

/// Blocks and models of `file` with their statements.
pub fn outline(view: &View, file: FileId) -> Vec<Outline> {
    let mut trees = view.analysis.files.iter();
    let tree = trees.find(|(id, _)| *id == file);
    let items = tree.into_iter().flat_map(|(_, tree)| &tree.items);
    items
        .filter_map(|item| match item {
            Item::Definition(definition) => Some(of_definition(view, definition)),
            _ => None,
        })
        .collect()
}

fn of_definition(view: &View, definition: &Definition) -> Outline {
    let parameters = definition.parameters.iter().map(|p| &*p.name.value);
    let parameters: Vec<&str> = parameters.collect();
    let mut children: Vec<Outline> = definition
        .parameters
        .iter()
        .map(|parameter| leaf(&parameter.name, SymbolKind::Parameter, parameter.name.span))
        .collect();
    children.extend(of_statements(view, &definition.body.statements));
    Outline {
        name: definition.name.value.to_string(),
        detail: match parameters.is_empty() {
            true => String::new(),
            false => format!("({})", parameters.join(", ")),
        },
        kind: match definition.kind {
            DefinitionKind::Block => SymbolKind::Block,
            DefinitionKind::Model => SymbolKind::Model,
        },
        whole: definition.span,
        span: definition.name.span,
        children,
    }
}

fn leaf(name: &Ident, kind: SymbolKind, whole: Span) -> Outline {
    Outline {
        name: name.value.to_string(),
        detail: String::new(),
        kind,
        whole,
        span: name.span,
        children: Vec::new(),
    }
}

fn of_statements(view: &View, statements: &[Statement]) -> Vec<Outline> {
    let found = statements.iter();
    found
        .filter_map(|statement| of_statement(view, statement))
        .collect()
}

fn of_statement(view: &View, statement: &Statement) -> Option<Outline> {
    let whole = statement.span;
    let written = |span: Span| view.analysis.sources.slice(span).to_owned();
    let shape = || match view.facts.result(whole) {
        Some((first, last)) if first.shape == last.shape => first.shape.to_string(),
        Some((first, last)) => format!("{} … {}", first.shape, last.shape),
        None => String::new(),
    };
    let label = |label: &Option<Ident>, kind: &Ident, children: Vec<Outline>| {
        let name = label.as_ref().unwrap_or(kind);
        let shape = shape();
        Outline {
            detail: match (label, shape.is_empty()) {
                (Some(_), true) => kind.value.to_string(),
                (Some(_), false) => format!("{} {shape}", kind.value),
                (None, _) => shape,
            },
            children,
            ..leaf(name, SymbolKind::Label, whole)
        }
    };
    Some(match &statement.kind {
        StatementKind::Input { name, shape, .. } => Outline {
            detail: written(shape.span),
            ..leaf(name, SymbolKind::Input, whole)
        },
        StatementKind::Output { name, shape, .. } => Outline {
            detail: shape.as_ref().map_or_else(String::new, |s| written(s.span)),
            ..leaf(name, SymbolKind::Output, whole)
        },
        StatementKind::Let { name, value } => Outline {
            detail: written(value.span),
            ..leaf(name, SymbolKind::Let, whole)
        },
        StatementKind::Layer(layer) => label(&layer.label, &layer.layer, Vec::new()),
        StatementKind::Reuse {
            label: name,
            target,
            ..
        } => {
            let kind = Ident {
                value: format!("reuse {}", written(target.span)).into(),
                span: target.span,
            };
            label(name, &kind, Vec::new())
        }
        StatementKind::Repeat(repeat) => {
            let kind = Ident {
                value: format!("repeat {}", written(repeat.count.span)).into(),
                span: repeat.keyword,
            };
            let children = of_statements(view, &repeat.body.statements);
            label(&repeat.label, &kind, children)
        }
        StatementKind::Broken { label: Some(name) } => leaf(name, SymbolKind::Label, whole),
        StatementKind::Weights { .. } | StatementKind::Broken { label: None } => return None,
    })
}

/// A definition found by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The block or model that it stands in.
    pub within: Option<String>,
    /// Its name in the text.
    pub place: Place,
}

/// Blocks, models and labels in all `views` whose name has the letters of `query` in their order,
/// whatever their case; the closest first, at most `most`.
pub fn search(views: &[&View], query: &str, most: usize) -> Vec<Found> {
    let mut found = std::collections::BTreeMap::new();
    for view in views {
        for (_, symbol) in view.names.symbols() {
            let kept = matches!(
                symbol.kind,
                SymbolKind::Block | SymbolKind::Model | SymbolKind::Label
            );
            let Some(distance) = distance(&symbol.name, query) else {
                continue;
            };
            if kept && symbol.written {
                let rank = (symbol.kind == SymbolKind::Label, distance);
                let place = view.place(symbol.span);
                let one = Found {
                    name: symbol.name.to_string(),
                    kind: symbol.kind,
                    within: symbol
                        .owner
                        .map(|owner| view.names.symbol(owner).name.to_string()),
                    place: place.clone(),
                };
                found.insert((rank, place), one);
            }
        }
    }
    found.into_values().take(most).collect()
}

/// How far `name` is from `query`: the letters that it has beyond it. `None` when it has not all
/// of its letters in order.
fn distance(name: &str, query: &str) -> Option<usize> {
    let mut letters = name.chars().map(|c| c.to_ascii_lowercase());
    for wanted in query.chars().map(|c| c.to_ascii_lowercase()) {
        letters.find(|letter| *letter == wanted)?;
    }
    Some(name.chars().count() - query.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;
    use crate::ide::{Facts, Names};

    fn tree(entries: &[Outline], depth: usize, out: &mut String) {
        for entry in entries {
            let indent = "  ".repeat(depth);
            *out += &format!(
                "{indent}{} · {:?} · {}\n",
                entry.name, entry.kind, entry.detail
            );
            assert!(entry.whole.start <= entry.span.start && entry.span.end <= entry.whole.end);
            tree(&entry.children, depth + 1, out);
        }
    }

    #[test]
    fn outlines_the_journey() {
        let (analysis, _) = program(
            "block B(f) {\n    input x: [N, C]\n    Linear(f)\n    output y\n}\nmodel M(k = 2) {\n    input x: [N, 8]\n    let w = 2 * k\n    a: B(w)\n    s: repeat 2 as i {\n        l: Linear(5 - i)\n        ReLU\n    }\n    reuse a from x\n    bad: Lin ear\n    output y: [N, 4]\n}\n",
            &[],
        );
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let mut out = String::new();
        tree(&outline(&view, analysis.files[0].0), 0, &mut out);
        insta::assert_snapshot!(out);
    }

    #[test]
    fn searches_by_letters() {
        let (analysis, _) = program(
            "block Residual(f) {\n    input x: [N, C]\n    res: Linear(f)\n    output y\n}\n",
            &[],
        );
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let names = |query: &str| -> Vec<String> {
            let found = search(&[&view], query, 10).into_iter();
            found.map(|one| one.name).collect()
        };
        assert_eq!(names("rs"), ["Residual", "res"]);
        assert_eq!(names("dual"), ["Residual"]);
        assert!(names("zz").is_empty());
    }
}
