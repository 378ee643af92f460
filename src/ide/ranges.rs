//! What can be folded, and what a growing selection takes in.

use crate::syntax::ast::{Body, Definition, Expr, ExprKind, File, Item, Statement, StatementKind};
use crate::text::{LineIndex, Span};

use super::cursor::item_span;

/// What kind of text is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// A body, or a list over several lines.
    Region,
    /// Imports.
    Imports,
    /// Comments.
    Comment,
}

/// Lines that fold together, from 0, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// The line that stays.
    pub start: usize,
    /// The last line that goes.
    pub end: usize,
    /// What is folded.
    pub kind: FoldKind,
}

/// What can be folded in `file`, whose text is `text`.
pub fn folds(file: &File, text: &str, lines: &LineIndex) -> Vec<Fold> {
    let mut found = Vec::new();
    let line = |offset: u32| lines.line(offset as usize);
    let mut region = |span: Span| {
        let (start, end) = (line(span.start), line(span.end.max(span.start + 1) - 1));
        if end > start {
            found.push(Fold {
                start,
                // The closing bracket stays in view.
                end: end - 1,
                kind: FoldKind::Region,
            });
        }
    };
    for item in &file.items {
        if let Item::Definition(definition) = item {
            region(definition.body.span);
            each(&definition.body, &mut |statement| match &statement.kind {
                StatementKind::Repeat(repeat) => region(repeat.body.span),
                StatementKind::Layer(layer) => {
                    layer.parentheses.into_iter().for_each(&mut region);
                }
                StatementKind::Let { value, .. } => region(value.span),
                _ => {}
            });
        }
    }
    found.retain(|fold| fold.end > fold.start);
    let imports = file.items.iter().filter_map(|item| match item {
        Item::Import(import) => Some((line(import.span.start), line(import.span.end))),
        _ => None,
    });
    let comments = file.comments.iter().filter_map(|span| {
        let at = line(span.start);
        let start = lines.range(at, text).start;
        let alone = text[start..span.start as usize].trim().is_empty();
        alone.then_some((at, at))
    });
    let runs = [
        (FoldKind::Imports, imports.collect::<Vec<_>>()),
        (FoldKind::Comment, comments.collect()),
    ];
    for (kind, all) in runs {
        let mut run: Option<(usize, usize)> = None;
        for (start, end) in all {
            run = match run {
                Some((first, last)) if start == last + 1 => Some((first, end)),
                before => {
                    push_run(&mut found, before, kind);
                    Some((start, end))
                }
            };
        }
        push_run(&mut found, run, kind);
    }
    found.sort_by_key(|fold| (fold.start, std::cmp::Reverse(fold.end)));
    found
}

fn push_run(found: &mut Vec<Fold>, run: Option<(usize, usize)>, kind: FoldKind) {
    if let Some((start, end)) = run
        && end > start
    {
        found.push(Fold { start, end, kind });
    }
}

/// Shows every statement of `body`, those of repeats too.
fn each(body: &Body, see: &mut dyn FnMut(&Statement)) {
    for statement in &body.statements {
        see(statement);
        if let StatementKind::Repeat(repeat) = &statement.kind {
            each(&repeat.body, see);
        }
    }
}

/// The parts of `file` around byte `offset`, from the inside out; each holds the one before.
pub fn selections(file: &File, offset: usize) -> Vec<Span> {
    let mut found = Vec::new();
    for item in &file.items {
        if !holds(item_span(item), offset) {
            continue;
        }
        found.push(item_span(item));
        match item {
            Item::Definition(definition) => in_definition(definition, offset, &mut found),
            Item::Import(import) => {
                found.extend(import.names.iter().map(|name| name.span));
                found.push(import.path.span);
            }
            Item::Layout(layout) => found.push(layout.name.span),
            Item::Broken { .. } => {}
        }
    }
    found.retain(|span| holds(*span, offset));
    found.sort_by_key(|span| (span.end - span.start, std::cmp::Reverse(span.start)));
    found.dedup();
    // Two neighbours may both touch the offset: the chain keeps what holds the one before.
    let mut chain: Vec<Span> = Vec::new();
    for span in found {
        let grows = chain
            .last()
            .is_none_or(|last| span.start <= last.start && last.end <= span.end);
        if grows {
            chain.push(span);
        }
    }
    chain
}

fn in_definition(definition: &Definition, offset: usize, found: &mut Vec<Span>) {
    found.push(definition.name.span);
    for parameter in &definition.parameters {
        found.push(parameter.name.span);
        if let Some(default) = &parameter.default {
            found.push(parameter.name.span.to(default.span));
            in_expr(default, found);
        }
    }
    let mut body = &definition.body;
    loop {
        found.push(body.span);
        let mut statements = body.statements.iter();
        let Some(statement) = statements.find(|statement| holds(statement.span, offset)) else {
            return;
        };
        found.push(statement.span);
        match &statement.kind {
            StatementKind::Repeat(repeat) => {
                found.extend(repeat.label.iter().map(|label| label.span));
                in_expr(&repeat.count, found);
                if !holds(repeat.body.span, offset) {
                    return;
                }
                body = &repeat.body;
            }
            kind => {
                in_statement(kind, found);
                return;
            }
        }
    }
}

fn in_statement(kind: &StatementKind, found: &mut Vec<Span>) {
    let paths = |paths: &[crate::syntax::ast::Path], found: &mut Vec<Span>| {
        for path in paths {
            found.push(path.span);
            found.extend(path.segments.iter().map(|segment| segment.span));
        }
    };
    let shapes = |shape: &Option<crate::syntax::ast::ShapeExpr>, found: &mut Vec<Span>| {
        if let Some(shape) = shape {
            found.push(shape.span);
            shape.dims.iter().for_each(|dim| in_expr(dim, found));
        }
    };
    match kind {
        StatementKind::Input { name, shape, .. } => {
            found.push(name.span);
            shapes(&Some(shape.clone()), found);
        }
        StatementKind::Layer(layer) => {
            found.extend(layer.label.iter().map(|label| label.span));
            found.push(layer.layer.span);
            if let Some(parentheses) = layer.parentheses {
                found.push(parentheses);
                found.push(layer.layer.span.to(parentheses));
            }
            for argument in &layer.arguments {
                found.push(argument.span);
                found.extend(argument.name.iter().map(|name| name.span));
                in_expr(&argument.value, found);
            }
            if let Some(from) = &layer.from {
                found.push(from.span);
                paths(&from.values, found);
            }
            shapes(&layer.ascription, found);
        }
        StatementKind::Reuse {
            label,
            target,
            from,
            ascription,
        } => {
            found.extend(label.iter().map(|label| label.span));
            paths(std::slice::from_ref(target), found);
            if let Some(from) = from {
                found.push(from.span);
                paths(&from.values, found);
            }
            shapes(ascription, found);
        }
        StatementKind::Let { name, value } => {
            found.push(name.span);
            in_expr(value, found);
        }
        StatementKind::Output {
            name,
            shape,
            from,
            labels,
        } => {
            found.push(name.span);
            shapes(shape, found);
            if let Some(path) = from {
                paths(std::slice::from_ref(path), found);
            }
            labels.iter().for_each(|labels| in_expr(labels, found));
        }
        StatementKind::Weights { path } => found.push(path.span),
        StatementKind::Repeat(_) | StatementKind::Broken { .. } => {}
    }
}

fn in_expr(expr: &Expr, found: &mut Vec<Span>) {
    let mut work = vec![expr];
    while let Some(expr) = work.pop() {
        found.push(expr.span);
        match &expr.kind {
            ExprKind::Negate(inner) => work.push(inner),
            ExprKind::Binary { left, right, .. } => work.extend([&**left, &**right]),
            ExprKind::Call { arguments, .. } => work.extend(arguments),
            ExprKind::Tuple(items) | ExprKind::Array(items) => work.extend(items),
            _ => {}
        }
    }
}

/// Whether `offset` is in `span` or at its end.
fn holds(span: Span, offset: usize) -> bool {
    (span.start as usize..=span.end as usize).contains(&offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;

    #[test]
    fn grows_a_selection() {
        let (analysis, offset) = program(
            "model M {\n    input x: [N, 8, 8, 3]\n    s: repeat 2 {\n        c: Conv(4, kernel=(3, 2 *$0 1), padding=same) from x\n    }\n    output y\n}\n",
            &[],
        );
        let (file, tree) = &analysis.files[0];
        let text = &analysis.sources.file(*file).text;
        let chain = selections(tree, offset);
        let shown: Vec<&str> = chain.iter().map(|span| &text[span.range()]).collect();
        assert_eq!(
            shown[..5],
            [
                "2 * 1",
                "(3, 2 * 1)",
                "kernel=(3, 2 * 1)",
                "(4, kernel=(3, 2 * 1), padding=same)",
                "Conv(4, kernel=(3, 2 * 1), padding=same)",
            ]
        );
        assert_eq!(shown.last().map(|s| s.starts_with("model M")), Some(true));
    }

    #[test]
    fn folds_bodies_imports_and_comments() {
        let (analysis, _) = program(
            "# one\n# two\nimport A from \"a.nn\"\nimport B from \"b.nn\"\nmodel M {\n    input x: [N, 8]\n    s: repeat 2 {\n        Linear(\n            8,\n        )\n        ReLU\n    }\n    output y\n}\n",
            &[],
        );
        let (file, tree) = &analysis.files[0];
        let source = analysis.sources.file(*file);
        let found = folds(tree, &source.text, &source.lines);
        let shown: Vec<_> = found.iter().map(|f| (f.start, f.end, f.kind)).collect();
        assert_eq!(
            shown,
            [
                (0, 1, FoldKind::Comment),
                (2, 3, FoldKind::Imports),
                (4, 12, FoldKind::Region),
                (6, 10, FoldKind::Region),
                (7, 8, FoldKind::Region),
            ]
        );
    }
}
