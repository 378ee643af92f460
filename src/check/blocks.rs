//! Uses of blocks.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::MAX_NESTING;
use super::build::Walk;
use super::inputs::{hygienic, variables};
use super::paths::Ask;
use super::program::ValueId;
use super::scope::{BlockEntity, Const, ConstKind, Current, EntityKind, Frame, Operand, Scope};
use super::wording::{arguments as wording, block_uses, contradictions, lints};
use crate::diag::Code;
use crate::layers::error::Obligation;
use crate::layers::value::Value;
use crate::shape::{Dim, Shape};
use crate::syntax::ast::{Definition, Ident, LayerStatement, ShapeExpr, Statement, StatementKind};
use crate::tensor::DType;
use crate::text::{Name, Span};

/// A value that a use brings to a block's input.
#[derive(Clone, Debug)]
pub struct Actual {
    /// The value.
    pub value: ValueId,
}

/// What a use of a block says.
pub(super) struct Use {
    pub(super) statement: Span,
    /// The block's name in it.
    pub(super) name: Span,
    pub(super) operands: Vec<Operand>,
    pub(super) arguments: Vec<Value>,
    /// Where names of layers and of stored tensors begin.
    pub(super) prefix: Name,
    pub(super) params: Name,
    pub(super) reuse: bool,
}

impl<'a> Walk<'_, 'a> {
    /// `label: Block(args) from a, b -> [shape]`
    pub(super) fn block_use(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        layer: &'a LayerStatement,
        block: usize,
        single: bool,
    ) {
        let definition = self.checker.blocks[block].definition;
        let kind = layer.layer.value.clone();
        let count = frame.scope().block_counts.entry(kind.clone()).or_insert(0);
        *count += 1;
        let local = match &layer.label {
            Some(label) => label.value.to_string(),
            None if single => String::new(),
            None => format!("{}_{count}", super::finish::snake(&kind)),
        };
        let prefix = super::finish::join(&frame.prefix, &local);
        let params = super::finish::join(&frame.params, &local);
        let values = self.block_arguments(frame, layer, &definition.parameters);
        let wanted = inputs_of(definition).len();
        let operands = match (&layer.from, wanted) {
            (None, 0) => Some(Vec::new()),
            (from, _) => {
                let ask = Ask {
                    end: layer.parentheses.unwrap_or(layer.layer.span).after(),
                    several: wanted > 1,
                };
                self.operands(frame, from.as_ref(), layer.layer.span, ask)
            }
        };
        let operands = operands.filter(|operands| {
            let fine = operands.len() == wanted || values.is_none();
            if !fine {
                let span = layer
                    .from
                    .as_ref()
                    .map_or(layer.layer.span, |from| from.span);
                let inputs = inputs_of(definition);
                let names: Vec<&str> = inputs.iter().map(|(name, ..)| &*name.value).collect();
                let wants = match names.len() {
                    1 => format!("one value, `{}`", names[0]),
                    n => format!("{n} values: `{}`", names.join("`, `")),
                };
                self.report(wording::input_count(span, &kind, &wants, operands.len()));
            }
            fine
        });
        let arguments = values.and_then(|values| self.arguments_of(frame, definition, values));
        let (Some(operands), Some(arguments)) = (operands, arguments) else {
            self.finish_poisoned(frame, statement, &layer.label, &layer.ascription);
            return;
        };
        let params_before = self.params.len();
        let entity = self.use_block(
            frame,
            block,
            Use {
                statement: statement.span,
                name: layer.layer.span,
                operands,
                arguments,
                prefix: prefix.clone(),
                params,
                reuse: frame.reuse,
            },
        );
        if self.reads_from_file(params_before) && layer.label.is_none() && frame.home && !single {
            let (place, free) = (layer.layer.span, frame.free_label(&kind));
            self.checker
                .warn(lints::unlabelled(statement.span, place, &kind, &free));
        }
        self.finish_block(
            frame,
            statement,
            &layer.label,
            &layer.ascription,
            prefix,
            entity,
        );
    }

    pub(super) fn finish_block(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        label: &Option<Ident>,
        ascription: &'a Option<ShapeExpr>,
        prefix: Name,
        entity: Option<BlockEntity>,
    ) {
        match entity {
            Some(entity) if !entity.outputs.is_empty() => {
                let value = entity.outputs[0].1;
                let span = statement.span;
                self.finish(
                    frame,
                    span,
                    label,
                    ascription,
                    prefix,
                    value,
                    EntityKind::Block(entity),
                );
            }
            _ => self.finish_poisoned(frame, statement, label, ascription),
        }
    }

    /// The value of each parameter: as given, else its default, which may use those before it.
    fn arguments_of(
        &mut self,
        frame: &Frame,
        definition: &'a Definition,
        given: Vec<Option<Value>>,
    ) -> Option<Vec<Value>> {
        let mut inner = self.inner_frame(frame, definition, &[]);
        let mut values = Vec::new();
        for (parameter, given) in definition.parameters.iter().zip(given) {
            let errors = self.errors;
            let value = match (given, &parameter.default) {
                (Some(value), _) => value,
                // Told where the block stands.
                (None, Some(default)) if self.checker.failed.contains(&default.span) => {
                    Value::Error
                }
                (None, Some(default)) => {
                    self.eval(&inner, default, self.choices_of(&inner, default))
                }
                (None, None) => Value::Error,
            };
            if self.errors > errors || matches!(value, Value::Error) {
                return None;
            }
            inner.scope().consts.insert(
                parameter.name.value.clone(),
                constant(value.clone(), parameter.name.span, ConstKind::Parameter),
            );
            values.push(value);
        }
        Some(values)
    }

    fn inner_frame(&self, frame: &Frame, definition: &'a Definition, via: &[Span]) -> Frame {
        let mut blocks = frame.blocks.clone();
        blocks.push(definition.name.value.clone());
        Frame {
            scopes: vec![Scope::default()],
            current: Current::Nothing,
            prefix: String::new(),
            params: String::new(),
            reuse: false,
            home: false,
            unit: frame.unit,
            via: Arc::new(frame.via.iter().chain(via).copied().collect()),
            blocks,
            results: Vec::new(),
            result_index: HashMap::new(),
            broken: HashSet::new(),
            sizes_lost: false,
            muddied: false,
        }
    }

    /// Walks the block's body on what the use brings; `None` after a diagnostic.
    pub(super) fn use_block(
        &mut self,
        frame: &mut Frame,
        block: usize,
        used: Use,
    ) -> Option<BlockEntity> {
        let entry = &self.checker.blocks[block];
        let (definition, unit, broken) = (entry.definition, entry.unit, entry.broken);
        if broken {
            self.endless = true;
            return None;
        }
        if !self.step(used.statement) {
            return None;
        }
        if frame.blocks.len() > MAX_NESTING {
            self.endless = true;
            let diagnostic = block_uses::nested_too_deep(used.name, MAX_NESTING);
            self.tell(frame, used.statement, diagnostic);
            return None;
        }
        let mut inner = self.inner_frame(frame, definition, &[used.statement]);
        inner.unit = unit;
        inner.reuse = used.reuse;
        inner.prefix = dotted(&used.prefix);
        inner.params = dotted(&used.params);
        for (parameter, value) in definition.parameters.iter().zip(&used.arguments) {
            inner.scope().consts.insert(
                parameter.name.value.clone(),
                constant(value.clone(), parameter.name.span, ConstKind::Parameter),
            );
        }
        let errors = self.errors;
        if !self.bind_inputs(frame, &mut inner, definition, &used) {
            return None;
        }
        let actuals: Vec<Actual> = used
            .operands
            .iter()
            .map(|operand| Actual {
                value: operand.value,
            })
            .collect();
        let outputs = std::mem::take(&mut self.outputs);
        let told = self.checker.diagnostics.len();
        self.statements(&mut inner, &definition.body.statements, Some(&actuals));
        self.tell_at_use(&inner, told);
        let made = std::mem::replace(&mut self.outputs, outputs);
        let labels = inner.scopes.pop().unwrap_or_default().labels;
        let outputs: Vec<(Name, ValueId)> = made
            .into_iter()
            .map(|output| {
                let name = output.name.value;
                let value = match output.value {
                    Some(value) => value,
                    None => self.poison(name.clone(), used.statement),
                };
                (name, value)
            })
            .collect();
        // An error inside leaves what it could not touch; later lines see no type.
        if self.errors > errors && outputs.is_empty() {
            return None;
        }
        Some(BlockEntity {
            block,
            arguments: Arc::new(used.arguments),
            outputs,
            labels: Arc::new(labels),
            prefix: used.params,
        })
    }

    /// Errors that were reported inside the body since there were `from` diagnostics are told at
    /// the outermost use, once; those that the body has where it stands are no news.
    fn tell_at_use(&mut self, inner: &Frame, from: usize) {
        if inner.via.len() > 1 {
            return;
        }
        let used = inner.via[0];
        let found = self.checker.diagnostics.split_off(from);
        let (wrapped, inside): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|found| !found.is_error() || found.primary.span == used);
        self.checker.diagnostics.extend(wrapped);
        for found in inside {
            let known =
                self.checker.diagnostics.iter().any(|other| {
                    other.primary.span == found.primary.span && other.code == found.code
                });
            let limit = found.code == Code::E0410 && self.exhausted();
            if limit {
                self.checker.diagnostics.push(found);
            } else if !known && self.checker.failed.insert(used) {
                let block = inner.blocks.get(1).cloned().unwrap_or_default();
                let told = block_uses::in_block(&[(used, block)], found);
                self.checker.diagnostics.push(told);
            }
        }
    }

    /// Binds the dimension variables of the block's inputs from the values that the use brings.
    fn bind_inputs(
        &mut self,
        frame: &Frame,
        inner: &mut Frame,
        definition: &'a Definition,
        used: &Use,
    ) -> bool {
        let own = variables(definition, |name| inner.constant(name).is_some());
        let types: Vec<_> = used
            .operands
            .iter()
            .map(|operand| self.ty(operand.value).cloned())
            .collect();
        // Behind an error there is nothing to bind from, and nothing more to say.
        if types.iter().any(Option::is_none) {
            return false;
        }
        // The block's own names are told apart from the caller's while both take part.
        for variable in &own {
            inner.scope().consts.insert(
                variable.value.clone(),
                constant(
                    Value::Int(Dim::var(hygienic(&variable.value))),
                    variable.span,
                    ConstKind::Variable,
                ),
            );
        }
        let mut formals = Vec::new();
        for (at, (_, dtype, shape)) in inputs_of(definition).into_iter().enumerate() {
            let operands = self.described(&used.operands);
            let span = operands[at].asked.unwrap_or(used.name);
            let mut dims = Vec::new();
            for dim in &shape.dims {
                let errors = self.errors;
                match self.eval(inner, dim, &[]) {
                    Value::Int(dim) if self.errors == errors => dims.push(dim),
                    _ => return false,
                }
            }
            let Some(ty) = &types[at] else {
                formals.push((Shape(dims), shape));
                continue;
            };
            let wanted = dtype.map_or(Some(DType::F32), |word| DType::from_name(&word.value));
            if wanted.is_some_and(|wanted| wanted != ty.dtype) {
                let diagnostic =
                    block_uses::block_dtype(span, &definition.name.value, wanted, ty, shape.span);
                self.tell(frame, used.statement, diagnostic);
                return false;
            }
            if dims.len() != ty.shape.rank() {
                let written = self.checker.sources.slice(shape.span).to_owned();
                let diagnostic = block_uses::block_rank(
                    span,
                    &definition.name.value,
                    &written,
                    &operands[at],
                    shape.span,
                );
                self.tell(frame, used.statement, diagnostic);
                return false;
            }
            formals.push((Shape(dims), shape));
        }
        let (values, obligations) = match self.unify(&formals, &types, &own) {
            Ok(bound) => bound,
            Err((input, why)) => {
                let operands = self.described(&used.operands);
                let shape = formals[input].1;
                let written = self.checker.sources.slice(shape.span).to_owned();
                let diagnostic = block_uses::block_does_not_fit(
                    operands[input].asked.unwrap_or(used.name),
                    &definition.name.value,
                    (&written, shape.span),
                    &operands[input],
                )
                .note(why);
                self.tell(frame, used.statement, diagnostic);
                return false;
            }
        };
        let failures = self.discharge(frame, &obligations, used.statement);
        if used
            .operands
            .iter()
            .any(|operand| self.tainted(operand.value))
            && !failures.is_empty()
        {
            return false;
        }
        if let Some((at, failure)) = failures.first() {
            let operands = self.described(&used.operands);
            let obligation = &obligations[*at];
            let input = match obligation.blame {
                crate::layers::error::Blame::Input(input) => input,
                _ => 0,
            };
            if let Some(conflict) = &failure.conflict {
                let span = operands[input].asked.unwrap_or(used.name);
                let why = contradictions::needed(&obligation.claim, &operands);
                let diagnostic = contradictions::no_sizes(span, conflict, why);
                self.tell(frame, used.statement, diagnostic);
                return false;
            }
            let shape = formals[input].1;
            let written = self.checker.sources.slice(shape.span).to_owned();
            let mut diagnostic = block_uses::block_input(
                operands[input].asked.unwrap_or(used.name),
                &definition.name.value,
                (&written, shape.span),
                &operands[input],
                obligation,
                failure.example.as_ref(),
            );
            let claims: Vec<&Obligation> =
                failures.iter().map(|(at, _)| &obligations[*at]).collect();
            diagnostic
                .notes
                .extend(self.histories(&used.operands, &claims[..1]));
            diagnostic.fixes.extend(self.input_fix(&claims));
            self.tell(frame, used.statement, diagnostic);
            return false;
        }
        for variable in &own {
            let value = match values.get(&variable.value) {
                Some(dim) => Value::Int(dim.clone()),
                None => Value::Error,
            };
            inner.scope().consts.insert(
                variable.value.clone(),
                constant(value, variable.span, ConstKind::Variable),
            );
        }
        true
    }
}

/// The inputs of a body, in order: name, element type, shape.
#[allow(clippy::type_complexity)]
pub fn inputs_of(definition: &Definition) -> Vec<(&Ident, Option<&Ident>, &ShapeExpr)> {
    let statements = definition.body.statements.iter();
    statements
        .filter_map(|statement| match &statement.kind {
            StatementKind::Input { name, dtype, shape } => Some((name, dtype.as_ref(), shape)),
            _ => None,
        })
        .collect()
}

fn constant(value: Value, span: Span, what: ConstKind) -> Const {
    Const {
        value,
        span,
        what,
        used: Cell::new(true),
    }
}

fn dotted(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("{path}.")
    }
}
