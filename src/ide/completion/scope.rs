//! What is in scope on a line: the block or model around it, and the statements above it.

use std::collections::HashSet;

use crate::check::program::Model;
use crate::ide::cursor::item_span;
use crate::ide::{SymbolId, SymbolKind, View};
use crate::syntax::ast::{Definition, Item, Statement, StatementKind};
use crate::text::{FileId, Span};

/// What a line can see.
pub(super) struct Scope<'a> {
    /// The block or model around it.
    pub definition: Option<&'a Definition>,
    /// The same as a symbol.
    pub owner: Option<SymbolId>,
    /// The same as checked.
    pub body: Option<&'a Model>,
    /// The statements above it, those before the repeats around it included.
    pub above: HashSet<Span>,
    /// The repeats around it.
    pub around: HashSet<Span>,
    /// The statement that begins on the line.
    pub statement: Option<&'a Statement>,
}

impl<'a> Scope<'a> {
    /// What the line that begins at byte `begin` of `file` can see.
    pub fn new(view: &View<'a>, file: FileId, begin: usize) -> Scope<'a> {
        let items = &view.tree(file).items;
        let upto = items.partition_point(|item| (item_span(item).start as usize) < begin);
        let text = view.text(file);
        let definition = match upto.checked_sub(1).map(|at| &items[at]) {
            Some(Item::Definition(definition)) => {
                let body = definition.body.span.range();
                let open = !text[body.clone()].ends_with('}');
                let inside = body.start < begin && (begin < body.end || open && begin == body.end);
                // A body that is never closed goes on to the next item.
                let rest = open && body.start < begin && upto == items.len();
                (inside || rest).then_some(definition)
            }
            _ => None,
        };
        let mut scope = Scope {
            definition,
            owner: definition.and_then(|it| view.names.defined_at(it.name.span)),
            body: definition.and_then(|it| view.facts.body(it.name.span)),
            above: HashSet::new(),
            around: HashSet::new(),
            statement: None,
        };
        let mut body = definition.map(|definition| &definition.body);
        while let Some(current) = body.take() {
            for statement in &current.statements {
                let span = statement.span;
                if span.start as usize >= begin {
                    scope.statement = Some(statement).filter(|_| span.start as usize == begin);
                    break;
                }
                match &statement.kind {
                    StatementKind::Repeat(repeat) if repeat.body.span.range().contains(&begin) => {
                        scope.around.insert(span);
                        body = Some(&repeat.body);
                        break;
                    }
                    _ => {
                        scope.above.insert(span);
                    }
                }
            }
        }
        scope
    }

    /// The symbols of the block or model that the line can see, in the order of their lines.
    pub fn symbols(&self, view: &View<'a>) -> Vec<SymbolId> {
        let Some(owner) = self.owner else {
            return Vec::new();
        };
        let seen = view
            .names
            .inside(owner)
            .filter(|(_, symbol)| match symbol.kind {
                SymbolKind::Label | SymbolKind::Input | SymbolKind::Let => {
                    self.above.contains(&symbol.whole)
                }
                SymbolKind::Counter => self.around.contains(&symbol.whole),
                SymbolKind::Parameter | SymbolKind::Variable => true,
                SymbolKind::Block | SymbolKind::Model | SymbolKind::Output => false,
            });
        seen.map(|(id, _)| id).collect()
    }
}
