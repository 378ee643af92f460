//! What stands at a place of the text.

use crate::syntax::ast::{
    Argument, Body, Definition, Expr, ExprKind, File, From, Ident, Import, Item, LayerStatement,
    Path, ShapeExpr, Statement, StatementKind,
};
use crate::text::Span;

/// What stands at a byte of a file, from the outside in.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    /// The item around it.
    pub item: Option<&'a Item>,
    /// The block or model around it.
    pub definition: Option<&'a Definition>,
    /// The statements around it, the outermost first: several inside a `repeat`.
    pub statements: Vec<&'a Statement>,
    /// The part that it is on.
    pub part: Part<'a>,
}

/// A part of a statement or an item.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Keywords, signs, blanks, comments, and lines that could not be read.
    Other,
    /// The name of a block or model at its definition.
    DefinitionName(&'a Ident),
    /// A parameter at its definition.
    Parameter(&'a Ident),
    /// A name that an `import` asks for.
    ImportName(&'a Import, &'a Ident),
    /// The path of an `import`.
    ImportPath(&'a Import),
    /// The layer's or block's name of a layer statement.
    Layer(&'a LayerStatement),
    /// A label, an input's, output's, `let`'s or counter's name where it is defined.
    Label(&'a Ident),
    /// The element type of an input.
    ElementType(&'a Ident),
    /// The name of the argument at this position.
    ArgumentName(&'a LayerStatement, usize),
    /// Between the parentheses of a layer statement, in the argument at this position if any; with
    /// the innermost expression.
    ArgumentValue(&'a LayerStatement, Option<usize>, Option<&'a Expr>),
    /// A part of a path, by position: after `from`, or what is reused.
    Path(&'a Path, usize),
    /// In a shape, with the innermost expression.
    Shape(&'a ShapeExpr, Option<&'a Expr>),
    /// Another expression: a default, a `let`'s value, a repeat's count, labels.
    Expr(&'a Expr),
}

/// What stands at byte `offset` of `file`. A place between two parts belongs to the one that ends
/// there when it is a name, since that is what has just been typed.
pub fn cursor(file: &File, offset: usize) -> Cursor<'_> {
    let item = (file.items.iter()).find(|item| touches(item_span(item), offset));
    let mut found = Cursor {
        item,
        definition: None,
        statements: Vec::new(),
        part: Part::Other,
    };
    match item {
        Some(Item::Import(import)) => {
            let name = import.names.iter().find(|name| touches(name.span, offset));
            found.part = match name {
                Some(name) => Part::ImportName(import, name),
                None if touches(import.path.span, offset) => Part::ImportPath(import),
                None => Part::Other,
            };
        }
        Some(Item::Definition(definition)) => {
            found.definition = Some(definition);
            found.in_definition(definition, offset);
        }
        _ => {}
    }
    found
}

impl<'a> Cursor<'a> {
    /// The innermost statement.
    pub fn statement(&self) -> Option<&'a Statement> {
        self.statements.last().copied()
    }

    fn in_definition(&mut self, definition: &'a Definition, offset: usize) {
        if touches(definition.name.span, offset) {
            self.part = Part::DefinitionName(&definition.name);
            return;
        }
        for parameter in &definition.parameters {
            if touches(parameter.name.span, offset) {
                self.part = Part::Parameter(&parameter.name);
            } else if let Some(default) = &parameter.default
                && touches(default.span, offset)
            {
                self.part = Part::Expr(innermost(default, offset));
            }
        }
        self.in_body(&definition.body, offset);
    }

    fn in_body(&mut self, mut body: &'a Body, offset: usize) {
        while let Some(statement) =
            (body.statements.iter()).find(|statement| touches(statement.span, offset))
        {
            self.statements.push(statement);
            self.part = part(&statement.kind, offset);
            match &statement.kind {
                StatementKind::Repeat(repeat) if touches(repeat.body.span, offset) => {
                    body = &repeat.body;
                }
                _ => return,
            }
        }
    }
}

fn part(statement: &StatementKind, offset: usize) -> Part<'_> {
    let label = |label: &Option<Ident>| (label.as_ref()).is_some_and(|l| touches(l.span, offset));
    match statement {
        StatementKind::Input { name, dtype, shape } => match dtype {
            _ if touches(name.span, offset) => Part::Label(name),
            Some(dtype) if touches(dtype.span, offset) => Part::ElementType(dtype),
            _ => in_shape(Some(shape), offset),
        },
        StatementKind::Layer(layer) => in_layer(layer, offset),
        StatementKind::Repeat(repeat) => match (&repeat.label, &repeat.index) {
            (Some(name), _) | (_, Some(name)) if touches(name.span, offset) => Part::Label(name),
            (_, Some(index)) if touches(index.span, offset) => Part::Label(index),
            _ if touches(repeat.count.span, offset) => Part::Expr(innermost(&repeat.count, offset)),
            _ => Part::Other,
        },
        StatementKind::Reuse {
            label: Some(name), ..
        } if touches(name.span, offset) => Part::Label(name),
        StatementKind::Reuse {
            target,
            from,
            ascription,
            ..
        } => match segment(target, offset) {
            Some(at) => Part::Path(target, at),
            None => in_from(from.as_ref(), offset)
                .unwrap_or_else(|| in_shape(ascription.as_ref(), offset)),
        },
        StatementKind::Let { name, value } => match touches(name.span, offset) {
            true => Part::Label(name),
            false if touches(value.span, offset) => Part::Expr(innermost(value, offset)),
            false => Part::Other,
        },
        StatementKind::Output {
            name,
            shape,
            from,
            labels,
        } => {
            if touches(name.span, offset) {
                return Part::Label(name);
            }
            if let Some(path) = from
                && let Some(at) = segment(path, offset)
            {
                return Part::Path(path, at);
            }
            match labels {
                Some(labels) if touches(labels.span, offset) => {
                    Part::Expr(innermost(labels, offset))
                }
                _ => in_shape(shape.as_ref(), offset),
            }
        }
        StatementKind::Broken { label: name } if label(name) => match name {
            Some(name) => Part::Label(name),
            None => Part::Other,
        },
        StatementKind::Weights { .. } | StatementKind::Broken { .. } => Part::Other,
    }
}

fn in_layer(layer: &LayerStatement, offset: usize) -> Part<'_> {
    if let Some(label) = &layer.label
        && touches(label.span, offset)
    {
        return Part::Label(label);
    }
    if touches(layer.layer.span, offset) {
        return Part::Layer(layer);
    }
    if let Some(from) = in_from(layer.from.as_ref(), offset) {
        return from;
    }
    if let Some(shape) = &layer.ascription
        && touches(shape.span, offset)
    {
        return in_shape(Some(shape), offset);
    }
    let between = layer.parentheses.is_some_and(|span| {
        let (start, end) = (span.start as usize, span.end as usize);
        start < offset && offset < end
    });
    if !between {
        return Part::Other;
    }
    let at = (layer.arguments.iter()).position(|argument| touches(argument.span, offset));
    let Some(Argument { name, value, .. }) = at.map(|at| &layer.arguments[at]) else {
        return Part::ArgumentValue(layer, at, None);
    };
    match (name, at) {
        (Some(name), Some(at)) if touches(name.span, offset) => Part::ArgumentName(layer, at),
        _ => Part::ArgumentValue(
            layer,
            at,
            touches(value.span, offset).then(|| innermost(value, offset)),
        ),
    }
}

fn in_from(from: Option<&From>, offset: usize) -> Option<Part<'_>> {
    let paths = from?.values.iter();
    let mut found = paths.filter_map(|path| Some((path, segment(path, offset)?)));
    found.next().map(|(path, at)| Part::Path(path, at))
}

fn in_shape(shape: Option<&ShapeExpr>, offset: usize) -> Part<'_> {
    match shape {
        Some(shape) if touches(shape.span, offset) => {
            let dim = shape.dims.iter().find(|dim| touches(dim.span, offset));
            Part::Shape(shape, dim.map(|dim| innermost(dim, offset)))
        }
        _ => Part::Other,
    }
}

/// The part of `path` that `offset` is on.
fn segment(path: &Path, offset: usize) -> Option<usize> {
    (path.segments.iter()).position(|segment| touches(segment.span, offset))
}

/// The smallest expression in `expr` that `offset` touches.
fn innermost(expr: &Expr, offset: usize) -> &Expr {
    let mut at = expr;
    loop {
        let inner: Vec<&Expr> = match &at.kind {
            ExprKind::Negate(inner) => vec![inner],
            ExprKind::Binary { left, right, .. } => vec![left, right],
            ExprKind::Call { arguments, .. } => arguments.iter().collect(),
            ExprKind::Tuple(items) | ExprKind::Array(items) => items.iter().collect(),
            _ => return at,
        };
        match inner.into_iter().find(|expr| touches(expr.span, offset)) {
            Some(next) => at = next,
            None => return at,
        }
    }
}

/// Where an item stands.
pub fn item_span(item: &Item) -> Span {
    match item {
        Item::Layout(layout) => layout.span,
        Item::Import(import) => import.span,
        Item::Definition(definition) => definition.span,
        Item::Broken { span, .. } => *span,
    }
}

/// Whether `offset` is in `span` or right after it.
fn touches(span: Span, offset: usize) -> bool {
    (span.start as usize..=span.end as usize).contains(&offset)
}
