//! The walk over the trees that finds every symbol, then every place that names one.

use std::collections::HashMap;

use super::{Inner, Members, Names, Occurrence, Symbol, SymbolId, SymbolKind};
use crate::analysis::Analysis;
use crate::check::{snake, variables};
use crate::layers;
use crate::syntax::ast::{
    Definition, DefinitionKind, Expr, ExprKind, Ident, Item, LayerStatement, Path, SegmentKind,
    Statement, StatementKind,
};
use crate::text::{Name, Span};

/// Names of a body, or of one turn of a `repeat` in it.
#[derive(Default)]
struct Scope {
    labels: HashMap<Name, SymbolId>,
    constants: HashMap<Name, SymbolId>,
}

struct Resolver<'a> {
    analysis: &'a Analysis,
    names: Names,
    /// The file's position in `Analysis::files`, and the definition.
    unit: usize,
    owner: SymbolId,
    /// The innermost last.
    scopes: Vec<Scope>,
    /// The scopes of repeats that have been declared, by their statements.
    turns: HashMap<Span, Scope>,
}

/// All names of `analysis`, in no order.
pub fn resolve(analysis: &Analysis) -> Names {
    let mut resolver = Resolver {
        analysis,
        names: Names::default(),
        unit: 0,
        owner: SymbolId(0),
        scopes: Vec::new(),
        turns: HashMap::new(),
    };
    let owners = resolver.definitions();
    resolver.imports();
    // Paths lead into other definitions, so that all are declared before any is read.
    let mut bodies = Vec::new();
    for (unit, owner, definition) in &owners {
        (resolver.unit, resolver.owner) = (*unit, *owner);
        bodies.push(resolver.declare(definition));
    }
    for ((unit, owner, definition), scope) in owners.into_iter().zip(bodies) {
        (resolver.unit, resolver.owner) = (unit, owner);
        resolver.scopes = vec![scope];
        resolver.read(definition);
    }
    resolver.names
}

impl<'a> Resolver<'a> {
    fn define(&mut self, name: &Ident, symbol: Symbol) -> SymbolId {
        let id = SymbolId(self.names.symbols.len() as u32);
        if symbol.written {
            self.names.occurrences.push(Occurrence {
                span: name.span,
                symbol: id,
                defines: true,
            });
        }
        self.names.symbols.push(symbol);
        id
    }

    fn name(&mut self, span: Span, symbol: SymbolId) {
        self.names.occurrences.push(Occurrence {
            span,
            symbol,
            defines: false,
        });
    }

    /// Blocks and models, with the file's position of each.
    fn definitions(&mut self) -> Vec<(usize, SymbolId, &'a Definition)> {
        let mut found = Vec::new();
        for (unit, (_, tree)) in self.analysis.files.iter().enumerate() {
            self.names.visible.push(HashMap::new());
            for item in &tree.items {
                let Item::Definition(definition) = item else {
                    continue;
                };
                let name = &definition.name;
                let kind = match definition.kind {
                    DefinitionKind::Block => SymbolKind::Block,
                    DefinitionKind::Model => SymbolKind::Model,
                };
                let symbol = Symbol {
                    name: name.value.clone(),
                    kind,
                    span: name.span,
                    whole: definition.span,
                    doc: definition.doc.clone(),
                    owner: None,
                    written: true,
                    inner: Inner::Nothing,
                };
                let id = self.define(name, symbol);
                if kind == SymbolKind::Block {
                    let visible = &mut self.names.visible[unit];
                    visible.entry(name.value.clone()).or_insert(id);
                }
                found.push((unit, id, definition));
            }
        }
        found
    }

    /// What imports name.
    fn imports(&mut self) {
        let own = self.names.visible.clone();
        for (unit, (_, tree)) in self.analysis.files.iter().enumerate() {
            let imports = tree.items.iter().filter_map(|item| match item {
                Item::Import(import) => Some(import),
                _ => None,
            });
            for (import, there) in imports.zip(&self.analysis.imports[unit]) {
                let Some(there) = there else { continue };
                for name in &import.names {
                    if let Some(symbol) = own[*there].get(&name.value) {
                        self.name(name.span, *symbol);
                        let visible = &mut self.names.visible[unit];
                        visible.entry(name.value.clone()).or_insert(*symbol);
                    }
                }
            }
        }
    }

    /// Defines what `definition` brings, and gives the names of its body.
    fn declare(&mut self, definition: &'a Definition) -> Scope {
        let mut scope = Scope::default();
        let mut members = Members::default();
        for parameter in &definition.parameters {
            let name = &parameter.name;
            let id = self.member(name, SymbolKind::Parameter, name.span, None);
            scope.constants.entry(name.value.clone()).or_insert(id);
        }
        members.parameters = scope.constants.clone();
        for variable in variables(definition, |name| scope.constants.contains_key(name)) {
            let id = self.member(&variable, SymbolKind::Variable, variable.span, None);
            scope.constants.entry(variable.value.clone()).or_insert(id);
        }
        self.declare_body(&definition.body.statements, &mut scope, &mut members);
        members.labels = scope.labels.clone();
        self.names.members.insert(self.owner, members);
        scope
    }

    fn declare_body(
        &mut self,
        statements: &'a [Statement],
        scope: &mut Scope,
        members: &mut Members,
    ) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut made_up = |kind: &str| {
            let kind = snake(kind);
            let number = counts.entry(kind.clone()).or_insert(0);
            *number += 1;
            format!("{kind}_{number}")
        };
        for statement in statements {
            let (whole, doc) = (statement.span, &statement.doc);
            match &statement.kind {
                StatementKind::Input { name, .. } => {
                    let id = self.member(name, SymbolKind::Input, whole, doc.clone());
                    scope.labels.entry(name.value.clone()).or_insert(id);
                }
                StatementKind::Let { name, .. } => {
                    let id = self.member(name, SymbolKind::Let, whole, doc.clone());
                    scope.constants.entry(name.value.clone()).or_insert(id);
                }
                StatementKind::Output { name, .. } => {
                    let id = self.member(name, SymbolKind::Output, whole, doc.clone());
                    members.outputs.entry(name.value.clone()).or_insert(id);
                }
                StatementKind::Layer(layer) => {
                    let kind = &layer.layer;
                    let block = self.names.visible[self.unit].get(&kind.value).copied();
                    let inner = match block {
                        Some(block) => Inner::Block(block),
                        None => Inner::Layer(kind.value.clone()),
                    };
                    let made = (kind, made_up(&kind.value));
                    self.label(scope, layer.label.as_ref(), made, statement, inner);
                }
                StatementKind::Reuse {
                    label: Some(label),
                    target,
                    ..
                } => {
                    let first = target.segments.first();
                    let first = first.and_then(|segment| match &segment.kind {
                        SegmentKind::Name(name) => scope.labels.get(name),
                        _ => None,
                    });
                    let inner = first.map(|id| self.names.symbol(*id).inner.clone());
                    let inner = inner.unwrap_or(Inner::Nothing);
                    let made = (label, label.value.to_string());
                    self.label(scope, Some(label), made, statement, inner);
                }
                StatementKind::Repeat(repeat) => {
                    let mut turn = Scope::default();
                    if let Some(index) = &repeat.index {
                        let id = self.member(index, SymbolKind::Counter, whole, None);
                        turn.constants.insert(index.value.clone(), id);
                    }
                    self.declare_body(&repeat.body.statements, &mut turn, members);
                    let keyword = Ident {
                        value: "repeat".into(),
                        span: repeat.keyword,
                    };
                    let made = (&keyword, made_up("repeat"));
                    let inner = Inner::Repeat(turn.labels.clone());
                    self.turns.insert(statement.span, turn);
                    self.label(scope, repeat.label.as_ref(), made, statement, inner);
                }
                StatementKind::Broken { label: Some(label) } => {
                    let made = (label, label.value.to_string());
                    self.label(scope, Some(label), made, statement, Inner::Nothing);
                }
                StatementKind::Weights { .. }
                | StatementKind::Reuse { label: None, .. }
                | StatementKind::Broken { label: None } => {}
            }
        }
    }

    /// A symbol of the current definition.
    fn member(
        &mut self,
        name: &Ident,
        kind: SymbolKind,
        whole: Span,
        doc: Option<String>,
    ) -> SymbolId {
        let symbol = Symbol {
            name: name.value.clone(),
            kind,
            span: name.span,
            whole,
            doc,
            owner: Some(self.owner),
            written: true,
            inner: Inner::Nothing,
        };
        self.define(name, symbol)
    }

    /// The label of a statement; without one, the name that is made up for it.
    fn label(
        &mut self,
        scope: &mut Scope,
        label: Option<&Ident>,
        (stands_in, made): (&Ident, String),
        statement: &Statement,
        inner: Inner,
    ) {
        let name: Name = label.map_or_else(|| made.into(), |label| label.value.clone());
        let written = label.unwrap_or(stands_in);
        let symbol = Symbol {
            name: name.clone(),
            kind: SymbolKind::Label,
            span: written.span,
            whole: statement.span,
            doc: statement.doc.clone(),
            owner: Some(self.owner),
            written: label.is_some(),
            inner,
        };
        let id = self.define(written, symbol);
        scope.labels.entry(name).or_insert(id);
    }

    /// Finds what the names of `definition` mean.
    fn read(&mut self, definition: &'a Definition) {
        for parameter in &definition.parameters {
            if let Some(default) = &parameter.default {
                self.expr(default);
            }
        }
        self.statements(&definition.body.statements);
    }

    fn statements(&mut self, statements: &'a [Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Input { shape, .. } => self.exprs(&shape.dims),
                StatementKind::Let { value, .. } => self.expr(value),
                StatementKind::Output { shape, from, .. } => {
                    if let Some(shape) = shape {
                        self.exprs(&shape.dims);
                    }
                    if let Some(path) = from {
                        self.path(path);
                    }
                }
                StatementKind::Layer(layer) => self.layer(layer),
                StatementKind::Reuse {
                    target,
                    from,
                    ascription,
                    ..
                } => {
                    self.path(target);
                    let from = from.iter().flat_map(|from| &from.values);
                    from.for_each(|path| self.path(path));
                    if let Some(shape) = ascription {
                        self.exprs(&shape.dims);
                    }
                }
                StatementKind::Repeat(repeat) => {
                    self.expr(&repeat.count);
                    let turn = self.turns.remove(&statement.span).unwrap_or_default();
                    self.scopes.push(turn);
                    self.statements(&repeat.body.statements);
                    self.scopes.pop();
                }
                StatementKind::Weights { .. } | StatementKind::Broken { .. } => {}
            }
        }
    }

    fn layer(&mut self, layer: &'a LayerStatement) {
        let block = self.names.visible[self.unit].get(&layer.layer.value);
        let block = block.copied();
        if let Some(block) = block {
            self.name(layer.layer.span, block);
        }
        let slots = layers::find(&layer.layer.value).map(|def| def.signature().args);
        for (at, argument) in layer.arguments.iter().enumerate() {
            if let (Some(name), Some(block)) = (&argument.name, block) {
                let members = self.names.members.get(&block);
                let parameter = members.and_then(|m| m.parameters.get(&name.value));
                if let Some(parameter) = parameter.copied() {
                    self.name(name.span, parameter);
                }
            }
            let slot = slots.and_then(|slots| match &argument.name {
                Some(name) => slots.iter().find(|slot| *slot.name == *name.value),
                None => slots.get(at),
            });
            // A choice such as `same` is no compile-time name.
            let chosen = match &argument.value.kind {
                ExprKind::Name(name) => {
                    slot.is_some_and(|slot| slot.kind.choices().contains(&&**name))
                }
                _ => false,
            };
            if !chosen {
                self.expr(&argument.value);
            }
        }
        let from = layer.from.iter().flat_map(|from| &from.values);
        from.for_each(|path| self.path(path));
        if let Some(shape) = &layer.ascription {
            self.exprs(&shape.dims);
        }
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        exprs.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                let scopes = self.scopes.iter().rev();
                let mut found = scopes.filter_map(|scope| scope.constants.get(name));
                // A dimension variable is defined where it first stands in an input.
                if let Some(symbol) = found.next().copied()
                    && self.names.symbol(symbol).span != expr.span
                {
                    self.name(expr.span, symbol);
                }
            }
            ExprKind::Negate(inner) => self.expr(inner),
            ExprKind::Binary { left, right, .. } => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Call { arguments, .. } => self.exprs(arguments),
            ExprKind::Tuple(items) | ExprKind::Array(items) => self.exprs(items),
            _ => {}
        }
    }

    fn path(&mut self, path: &Path) {
        let mut segments = path.segments.iter();
        let Some(first) = segments.next() else { return };
        let SegmentKind::Name(name) = &first.kind else {
            return;
        };
        let scopes = self.scopes.iter().rev();
        let mut found = scopes.filter_map(|scope| scope.labels.get(name));
        let Some(mut at) = found.next().copied() else {
            return;
        };
        self.name(first.span, at);
        for segment in segments {
            let SegmentKind::Name(name) = &segment.kind else {
                continue;
            };
            let Some(next) = self.behind(at, name) else {
                return;
            };
            self.name(segment.span, next);
            at = next;
        }
    }

    /// What `name` selects behind `symbol`.
    fn behind(&self, symbol: SymbolId, name: &Name) -> Option<SymbolId> {
        match &self.names.symbol(symbol).inner {
            // A turn of one statement without a label is that statement.
            Inner::Repeat(turn) => match (turn.get(name), turn.values().next()) {
                (Some(found), _) => Some(*found),
                (None, Some(only)) if turn.len() == 1 && !self.names.symbol(*only).written => {
                    self.behind(*only, name)
                }
                _ => None,
            },
            Inner::Block(block) => {
                let members = self.names.members.get(block)?;
                let found = members.outputs.get(name).or(members.labels.get(name));
                found.copied()
            }
            Inner::Layer(_) | Inner::Nothing => None,
        }
    }
}
