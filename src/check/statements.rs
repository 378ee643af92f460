//! The statements of a body, top to bottom.

use std::cell::Cell;
use std::sync::Arc;

use super::blocks::Actual;
use super::build::Walk;
use super::paths::{Ask, labels_of};
use super::program::{Output, ValueId};
use super::scope::{Const, ConstKind, Current, Frame, Operand};
use super::wording::{lints, names, shapes};
use crate::diag::Diagnostic;
use crate::layers::error::{Blame, Claim, Obligation, Side};
use crate::layers::value::Value;
use crate::shape::Shape;
use crate::syntax::ast::{
    Definition, DefinitionKind, Expr, ExprKind, Ident, Path, ShapeExpr, Statement, StatementKind,
};
use crate::text::{Name, Span, Spanned};

impl<'a> Walk<'_, 'a> {
    /// The body of a definition where it stands.
    pub(super) fn body(&mut self, frame: &mut Frame, definition: &'a Definition) {
        self.statements(frame, &definition.body.statements, None);
        self.unbindable(frame);
        let has_output = (definition.body.statements.iter())
            .any(|statement| matches!(statement.kind, StatementKind::Output { .. }));
        let may_have = (definition.body.statements.iter())
            .any(|statement| matches!(statement.kind, StatementKind::Broken { .. }));
        if !has_output && !may_have {
            let last = match &frame.current {
                Current::Value(operand) => Some(operand.name.clone()),
                _ => None,
            };
            let kind = match definition.kind {
                DefinitionKind::Model => "model",
                DefinitionKind::Block => "block",
            };
            frame.muddied = true;
            let end = definition.body.span;
            let close = Span {
                start: end.end.saturating_sub(1).max(end.start),
                ..end
            };
            let before = self.checker.sources.slice(Span {
                end: close.start,
                ..end
            });
            let alone = before.trim_end_matches([' ', '\t']).ends_with('\n');
            self.report(names::no_output(
                definition.name.span,
                kind,
                &definition.name.value,
                last,
                (close, alone),
            ));
        }
    }

    /// Statements of a body, or of one turn of a repeat. `actuals` are the values that a use of
    /// a block brings, one for each input.
    pub(super) fn statements(
        &mut self,
        frame: &mut Frame,
        statements: &'a [Statement],
        actuals: Option<&[Actual]>,
    ) {
        frame.scope().later = labels_of(statements);
        let single = frame.scopes.len() > 1 && statements.len() == 1;
        let mut inputs = 0;
        for statement in statements {
            // A trial has failed with its first error.
            if self.too_large(statement.span) || (self.checker.trial.is_some() && self.errors > 0) {
                return;
            }
            if let StatementKind::Input { name, dtype, shape } = &statement.kind {
                let actual = actuals.and_then(|actuals| actuals.get(inputs));
                inputs += 1;
                if frame.scopes.len() > 1 {
                    self.misplaced(frame, statement, "`input`");
                    continue;
                }
                let span = statement.span;
                self.input(frame, span, name, dtype.as_ref(), shape, actual);
                continue;
            }
            self.statement(frame, statement, single);
        }
    }

    /// A statement; one that gets an error where it stands is skipped in later turns and uses.
    fn statement(&mut self, frame: &mut Frame, statement: &'a Statement, single: bool) {
        let told = self.checker.told - self.checker.told_of_claims;
        self.any_statement(frame, statement, single);
        let told = self.checker.told - self.checker.told_of_claims > told;
        let body = matches!(statement.kind, StatementKind::Repeat(_));
        if told && frame.home && !body {
            self.checker.failed.insert(statement.span);
        }
    }

    fn any_statement(&mut self, frame: &mut Frame, statement: &'a Statement, single: bool) {
        match &statement.kind {
            StatementKind::Input { .. } => {}
            StatementKind::Layer(layer) => {
                if self.skip_failed(frame, statement, &layer.label, &layer.ascription) {
                    return;
                }
                self.layer(frame, statement, layer, single);
            }
            StatementKind::Reuse {
                label,
                target,
                from,
                ascription,
            } => {
                if self.skip_failed(frame, statement, label, ascription) {
                    return;
                }
                self.reuse(frame, statement, label, target, from.as_ref(), ascription);
            }
            StatementKind::Repeat(repeat) => self.repeat(frame, statement, repeat),
            StatementKind::Let { name, value } => self.let_(frame, statement, name, value),
            StatementKind::Output {
                name,
                shape,
                from,
                labels,
            } => {
                if frame.scopes.len() > 1 {
                    self.misplaced(frame, statement, "`output`");
                    return;
                }
                self.output(
                    frame,
                    statement,
                    name,
                    shape.as_ref(),
                    from.as_ref(),
                    labels.as_ref(),
                );
            }
            StatementKind::Weights { path } => self.weights(frame, statement, path),
            StatementKind::Broken { label } => {
                frame.muddied = true;
                self.errors += 1;
                let name: Name = match label {
                    Some(label) => label.value.clone(),
                    None => "?".into(),
                };
                if let Some(label) = label {
                    frame.broken.insert(label.value.clone());
                }
                let line = self.checker.sources.slice(statement.span);
                frame.sizes_lost |= line.trim_start().starts_with("input");
                let value = self.poison(name.clone(), statement.span);
                frame.current = Current::Value(Operand {
                    value,
                    name,
                    made: statement.span,
                    asked: None,
                });
            }
        }
    }

    /// In a later turn or use, a statement with an error of its own gives nothing and is not
    /// told off again.
    fn skip_failed(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        label: &Option<Ident>,
        ascription: &'a Option<ShapeExpr>,
    ) -> bool {
        let failed = self.checker.failed.contains(&statement.span);
        if failed {
            if let Current::Value(operand) = &frame.current {
                let made = operand.made;
                frame.mark_used(made);
            }
            self.finish_poisoned(frame, statement, label, ascription);
        }
        failed
    }

    fn misplaced(&mut self, frame: &Frame, statement: &Statement, what: &str) {
        if self.checker.failed.insert(statement.span) && frame.home {
            self.report(names::inside_repeat(statement.span, what));
        }
    }

    fn let_(&mut self, frame: &mut Frame, statement: &'a Statement, name: &Ident, value: &'a Expr) {
        let reported = self.checker.failed.contains(&statement.span);
        let errors = self.errors;
        let value = if reported {
            Value::Error
        } else {
            self.eval(frame, value, self.choices_of(frame, value))
        };
        if self.errors > errors {
            frame.muddied = true;
            self.checker.failed.insert(statement.span);
        }
        if let Some(first) = frame.constant(&name.value) {
            let first = first.span;
            if frame.home && self.checker.failed.insert(statement.span) {
                let diagnostic = names::twice(name.span, &name.value, first, "compile-time name");
                self.report(diagnostic);
            }
            return;
        }
        self.note_constant(frame, name, &value);
        frame.scope().consts.insert(
            name.value.clone(),
            Const {
                value,
                span: name.span,
                what: ConstKind::Let,
                used: Cell::new(false),
            },
        );
    }

    fn weights(&mut self, frame: &Frame, statement: &Statement, path: &Spanned<Name>) {
        if !frame.home || frame.scopes.len() > 1 {
            return;
        }
        if self.mode == super::build::Mode::Generic {
            self.report(names::weights_in_block(statement.span));
            return;
        }
        if let Some(first) = &self.weights {
            let first = first.span;
            self.report(names::twice(path.span, "weights", first, "statement"));
            return;
        }
        let file = self.checker.units[0].file;
        if !self.checker.files.exists(file, &path.value) {
            self.checker
                .report(lints::no_weights_file(path.span, &path.value));
        }
        self.weights = Some(path.clone());
    }

    fn output(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        name: &Ident,
        shape: Option<&'a ShapeExpr>,
        from: Option<&Path>,
        labels: Option<&Expr>,
    ) {
        if frame.home {
            let other = self.outputs.iter().find(|o| o.name.value == name.value);
            if let Some(other) = other {
                let first = other.name.span;
                self.report(names::twice(name.span, &name.value, first, "output"));
                return;
            }
        }
        let operand = match from {
            Some(path) => match self.path(frame, path) {
                Some(operands) if operands.len() > 1 => {
                    self.report(names::several_for_one(path.span, operands.len()));
                    None
                }
                Some(mut operands) => operands.pop(),
                None => None,
            },
            None => {
                let ask = Ask {
                    end: shape.map_or(name.span, |shape| shape.span).after(),
                    several: false,
                };
                self.current(frame, name.span, ask)
            }
        };
        let Some(operand) = operand else {
            frame.muddied = true;
            self.errors += 1;
            self.outputs.push(Output {
                name: name.clone(),
                value: None,
                labels: None,
            });
            return;
        };
        let errors = self.errors;
        if let Some(shape) = shape {
            self.ascribe(frame, statement.span, shape, operand.value, &operand.name);
        }
        // Labels count what is stated; on another shape they are no second mistake.
        let labels = labels.filter(|_| self.errors == errors);
        let labels = labels.and_then(|labels| self.labels(frame, labels, &operand));
        self.outputs.push(Output {
            name: name.clone(),
            value: Some(operand.value),
            labels,
        });
    }

    /// Names for the last axis: as many as it is long.
    fn labels(
        &mut self,
        frame: &Frame,
        expr: &Expr,
        operand: &Operand,
    ) -> Option<Arc<Vec<String>>> {
        if !frame.home {
            return None;
        }
        let names: Vec<String> = match (&expr.kind, self.eval(frame, expr, &[])) {
            (ExprKind::Error, _) | (_, Value::Error) => return None,
            (_, Value::Str(path)) => {
                let file = self.checker.units[frame.unit].file;
                match self.checker.files.text(file, &path) {
                    Ok(text) => text.lines().map(|line| line.trim().to_owned()).collect(),
                    Err(why) => {
                        self.report(names::labels_unreadable(expr.span, &path, &why));
                        return None;
                    }
                }
            }
            (_, Value::Array(items)) => {
                let mut names = Vec::new();
                for item in items.iter() {
                    match item {
                        Value::Str(name) => names.push(name.to_string()),
                        Value::Error => return None,
                        other => {
                            let found = other.describe();
                            self.report(shapes::labels_kind(expr.span, &found));
                            return None;
                        }
                    }
                }
                names
            }
            (_, other) => {
                self.report(shapes::labels_kind(expr.span, &other.describe()));
                return None;
            }
        };
        let mut names = names;
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        let ty = self.ty(operand.value)?;
        match ty.shape.dims().last() {
            Some(last) if last.is_const(names.len() as i128) => Some(Arc::new(names)),
            Some(last) if last.as_const().is_none() && self.symbols_may_be_set(last) => {
                Some(Arc::new(names))
            }
            last => {
                let last = last.cloned();
                let shape = ty.shape.clone();
                self.report(shapes::labels_count(
                    expr.span,
                    names.len(),
                    last.as_ref(),
                    &operand.name,
                    &shape,
                ));
                None
            }
        }
    }

    /// `-> [shape]`: the stated shape must be the inferred one. After an error above, the stated
    /// shape is believed.
    pub(super) fn ascribe(
        &mut self,
        frame: &Frame,
        statement: Span,
        shape: &'a ShapeExpr,
        value: ValueId,
        name: &Name,
    ) {
        if self.checker.failed.contains(&shape.span) {
            return;
        }
        let told = self.checker.told;
        self.compare(frame, statement, shape, value, name);
        self.checker.told_of_claims += self.checker.told - told;
    }

    fn compare(
        &mut self,
        frame: &Frame,
        statement: Span,
        shape: &'a ShapeExpr,
        value: ValueId,
        name: &Name,
    ) {
        let errors = self.errors;
        let mut stated: Vec<Option<_>> = Vec::new();
        for dim in &shape.dims {
            stated.push(match dim.kind {
                ExprKind::Hole => None,
                _ => Some(self.eval_dim(frame, dim)),
            });
            if self.errors > errors {
                self.checker.failed.insert(shape.span);
                return;
            }
        }
        // `_` states nothing about its axis; an error has been told.
        let stated: Option<Vec<Option<_>>> = stated
            .into_iter()
            .map(|dim| match dim {
                None => Some(None),
                Some(dim) => dim.map(Some),
            })
            .collect();
        let Some(stated) = stated else { return };
        let Some(ty) = self.ty(value).cloned() else {
            if let Some(dims) = stated.into_iter().collect::<Option<Vec<_>>>() {
                let info = &mut self.values[value.0 as usize];
                info.ty = Some(crate::layers::def::TensorType::f32(Shape(dims)));
            }
            return;
        };
        let told = self.checker.failed.contains(&statement);
        if self.tainted(value) && (told || stated.len() == ty.shape.rank()) {
            return;
        }
        let mut failures = Vec::new();
        let mut repair = None;
        if stated.len() == ty.shape.rank() {
            let pairs = stated.iter().zip(ty.shape.iter()).enumerate();
            let obligations: Vec<Obligation> = pairs
                .filter_map(|(axis, (stated, found))| {
                    stated.as_ref().map(|stated| Obligation {
                        claim: Claim::Equal(
                            Side::axis(0, axis, found),
                            Side::other("stated", stated.clone()),
                        ),
                        rule: format!("`{name}` is stated as `{stated}` on axis {axis}").into(),
                        blame: Blame::Layer,
                    })
                })
                .collect();
            failures = self.discharge(frame, &obligations, statement);
            if failures.is_empty() {
                return;
            }
            let claims: Vec<&Obligation> =
                failures.iter().map(|(at, _)| &obligations[*at]).collect();
            repair = self.input_fix(&claims);
        }
        let stated: Vec<_> = stated
            .into_iter()
            .zip(ty.shape.iter().map(Some).chain(std::iter::repeat(None)))
            .map(|(stated, found)| stated.or_else(|| found.cloned()))
            .collect();
        let stated = Shape(
            stated
                .into_iter()
                .map(|dim| dim.unwrap_or(crate::shape::Dim::constant(1)))
                .collect(),
        );
        let example = failures
            .first()
            .and_then(|(_, failure)| failure.example.as_ref());
        let mut diagnostic: Diagnostic =
            shapes::stated_differs(shape.span, name, &stated, &ty.shape, example, &self.bounds);
        diagnostic.fixes.extend(repair);
        if stated.rank() + 1 == ty.shape.rank() && ty.shape.dims()[1..] == *stated.dims() {
            let batch = &ty.shape[0];
            diagnostic = diagnostic.note(format!(
                "the first axis is the batch, here `{batch}`, and is stated like the others"
            ));
        } else if let Some(linear) = self.keeps_places(value, &stated, &ty.shape) {
            diagnostic.notes.push(linear);
        }
        self.tell(frame, shape.span, diagnostic);
    }
}
