//! A model or block under construction.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::obligations::{Conflict, core};
use super::program::{
    Block, Constant, Input, Layer, Made, Model, ModelParameter, Output, Param, ParamId, Required,
    Source, ValueId, ValueInfo,
};
use super::scope::{Const, ConstKind, Current, EntityKind, Frame, Scope};
use super::wording::{contradictions, lints, names, shapes};
use super::{Checker, MAX_PARTS, MAX_STEPS};
use crate::diag::Diagnostic;
use crate::layers::def::TensorType;
use crate::layers::value::Value;
use crate::shape::{self, Bounds, Dim, Requirement, contradictory};
use crate::syntax::ast::{Definition, Ident};
use crate::tensor::Layout;
use crate::text::{Name, Span, Spanned};

/// Whether sizes are a caller's to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A model must hold for every size; bounds become its requirements.
    Model,
    /// A block at its definition: what some sizes can satisfy is its requirement.
    Generic,
}

/// The walk over one definition's statements, and what it has built so far.
pub struct Walk<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
    /// The statements with errors before this walk.
    pub(super) failed_before: HashSet<Span>,
    /// What is under construction.
    pub(super) definition: &'a Definition,
    pub(super) mode: Mode,
    pub(super) layout: Layout,
    pub(super) bounds: Bounds,
    /// Parameters that are symbols, since nothing has set them.
    pub(super) unset: BTreeSet<Name>,
    pub(super) values: Vec<ValueInfo>,
    pub(super) layers: Vec<Layer>,
    pub(super) params: Vec<Param>,
    pub(super) param_names: HashMap<Name, ParamId>,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    pub(super) made: Vec<Made>,
    pub(super) constants: Vec<Constant>,
    pub(super) weights: Option<Spanned<Name>>,
    requirements: Vec<Required>,
    required: HashSet<Requirement>,
    pub(super) undecided: Vec<Required>,
    /// Whether uses of blocks nest beyond the limit, or a block that is used cannot be unrolled.
    pub(super) endless: bool,
    pub(super) taints: HashSet<ValueId>,
    /// Names in expressions that nothing defines, and those of values, which have been told of.
    pub(super) undefined: HashSet<Name>,
    pub(super) undefined_values: HashSet<Name>,
    /// Whether the results of the layer that is being applied are tainted.
    pub(super) taint_next: bool,
    pub(super) errors: usize,
}

impl<'c, 'a> Walk<'c, 'a> {
    fn new(
        checker: &'c mut Checker<'a>,
        definition: &'a Definition,
        mode: Mode,
        layout: Layout,
    ) -> Walk<'c, 'a> {
        Walk {
            failed_before: checker.failed.clone(),
            checker,
            definition,
            mode,
            layout,
            bounds: Bounds::default(),
            unset: BTreeSet::new(),
            values: Vec::new(),
            layers: Vec::new(),
            params: Vec::new(),
            param_names: HashMap::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            made: Vec::new(),
            constants: Vec::new(),
            weights: None,
            requirements: Vec::new(),
            required: HashSet::new(),
            undecided: Vec::new(),
            endless: false,
            taints: HashSet::new(),
            undefined: HashSet::new(),
            undefined_values: HashSet::new(),
            taint_next: false,
            errors: 0,
        }
    }

    /// Checks a model.
    pub(super) fn model(checker: &'c mut Checker<'a>, definition: &'a Definition) -> Model {
        let layout = checker.layouts[0];
        let mut walk = Walk::new(checker, definition, Mode::Model, layout);
        let mut frame = walk.home_frame(0, definition);
        let variables = walk.symbols(&mut frame, definition);
        walk.body(&mut frame, definition);
        let parameters = definition.parameters.iter().map(|parameter| {
            let value = frame.constant(&parameter.name.value);
            ModelParameter {
                name: parameter.name.clone(),
                value: value
                    .filter(|_| !walk.unset.contains(&parameter.name.value))
                    .map(|constant| constant.value.clone()),
            }
        });
        let parameters = parameters.collect();
        let requirements = walk.simplified();
        walk.lints(&frame);
        let constants = walk.first_constants();
        let incomplete = walk.exhausted();
        Model {
            name: definition.name.value.clone(),
            doc: definition.doc.clone(),
            file: walk.checker.units[0].file,
            span: definition.name.span,
            layout,
            parameters,
            variables,
            inputs: std::mem::take(&mut walk.inputs),
            outputs: std::mem::take(&mut walk.outputs),
            requirements,
            undecided: walk.undecided,
            values: walk.values,
            layers: walk.layers,
            params: walk.params,
            weights: walk.weights,
            has_errors: walk.errors > 0 || incomplete,
            made: walk.made,
            constants,
        }
    }

    /// Checks a block at its definition.
    pub(super) fn block(checker: &'c mut Checker<'a>, block: usize) -> Block {
        let (unit, definition) = {
            let entry = &checker.blocks[block];
            (entry.unit, entry.definition)
        };
        let layout = checker.layouts[unit];
        let mut walk = Walk::new(checker, definition, Mode::Generic, layout);
        let mut frame = walk.home_frame(unit, definition);
        walk.symbols(&mut frame, definition);
        walk.body(&mut frame, definition);
        let requirements = walk.simplified();
        walk.lints(&frame);
        if walk.exhausted() || walk.endless {
            walk.checker.blocks[block].broken = true;
        }
        let ty = |value: Option<ValueId>| value.and_then(|value| walk.ty(value).cloned());
        let name = definition.name.value.clone();
        let inputs = (walk.inputs.iter())
            .map(|input| (input.name.value.clone(), ty(Some(input.value))))
            .collect();
        let outputs = (walk.outputs.iter())
            .map(|output| (output.name.value.clone(), ty(output.value)))
            .collect();
        let constants = walk.first_constants();
        let body = Model {
            name: name.clone(),
            doc: definition.doc.clone(),
            file: definition.name.span.file,
            span: definition.name.span,
            layout,
            parameters: Vec::new(),
            variables: Vec::new(),
            inputs: walk.inputs,
            outputs: walk.outputs,
            values: walk.values,
            layers: walk.layers,
            params: walk.params,
            requirements: requirements.clone(),
            undecided: Vec::new(),
            weights: None,
            has_errors: walk.errors > 0,
            made: walk.made,
            constants,
        };
        Block {
            name,
            span: definition.name.span,
            inputs,
            outputs,
            requirements,
            body,
        }
    }

    fn home_frame(&mut self, unit: usize, definition: &'a Definition) -> Frame {
        let mut frame = Frame {
            scopes: vec![Scope::default()],
            current: Current::Nothing,
            prefix: String::new(),
            params: String::new(),
            reuse: false,
            home: true,
            unit,
            via: Arc::new(Vec::new()),
            blocks: vec![definition.name.value.clone()],
            results: Vec::new(),
            result_index: HashMap::new(),
            broken: HashSet::new(),
            sizes_lost: false,
            muddied: false,
        };
        for parameter in &definition.parameters {
            let name = &parameter.name;
            if let Some(first) = frame.constant(&name.value) {
                let first = first.span;
                self.report(names::twice(name.span, &name.value, first, "parameter"));
                continue;
            }
            let set = match self.mode {
                Mode::Model => self.checker.settings.get(&name.value).cloned(),
                Mode::Generic => None,
            };
            if set.is_some() {
                self.checker.taken_settings.insert(name.value.clone());
            }
            let errors = self.errors;
            let default = parameter
                .default
                .as_ref()
                .map(|default| self.eval(&frame, default, self.choices_of(&frame, default)));
            if let (Some(default), true) = (&parameter.default, self.errors > errors) {
                self.checker.failed.insert(default.span);
            }
            let value = match (self.mode, set, default) {
                (_, Some(value), _) => value,
                (Mode::Model, None, Some(value)) => value,
                // A default that is no integer tells what kind of value the parameter takes;
                // as a symbol it could stand only where an integer does.
                (Mode::Generic, None, Some(value)) if !matches!(value, Value::Int(_)) => value,
                (_, None, _) => {
                    self.unset.insert(name.value.clone());
                    Value::Int(Dim::var(name.value.clone()))
                }
            };
            self.note_constant(&frame, name, &value);
            frame.scope().consts.insert(
                name.value.clone(),
                Const {
                    value,
                    span: name.span,
                    what: ConstKind::Parameter,
                    used: Cell::new(false),
                },
            );
        }
        frame
    }

    /// Defines the dimension variables of the inputs, and checks that data can bind them.
    fn symbols(&mut self, frame: &mut Frame, definition: &'a Definition) -> Vec<Spanned<Name>> {
        let variables = super::inputs::variables(definition, |name| frame.constant(name).is_some());
        let mut left = Vec::new();
        for variable in variables {
            let set = match self.mode {
                Mode::Model => self.checker.settings.get(&variable.value).cloned(),
                Mode::Generic => None,
            };
            let value = match set {
                Some(value) => {
                    self.checker.taken_settings.insert(variable.value.clone());
                    match &value {
                        Value::Int(dim) if dim.as_const().is_some_and(|n| n >= 1) => value,
                        other => {
                            let found = other.describe();
                            self.report(names::setting_not_a_size(&variable, &found));
                            Value::Error
                        }
                    }
                }
                None => Value::Int(match &self.checker.trial {
                    Some(trial) if trial.contains_key(&variable.value) => {
                        trial[&variable.value].clone()
                    }
                    _ => Dim::var(variable.value.clone()),
                }),
            };
            if value == Value::Int(Dim::var(variable.value.clone())) {
                left.push(variable.clone());
            }
            frame.scope().consts.insert(
                variable.value.clone(),
                Const {
                    value,
                    span: variable.span,
                    what: ConstKind::Variable,
                    used: Cell::new(true),
                },
            );
        }
        left
    }

    /// Keeps what `name` is, for those who read the program.
    pub(super) fn note_constant(&mut self, frame: &Frame, name: &Ident, value: &Value) {
        if frame.home {
            self.constants.push(Constant {
                name: name.clone(),
                value: value.clone(),
            });
        }
    }

    /// The compile-time names, each with its first value.
    fn first_constants(&mut self) -> Vec<Constant> {
        let mut all = std::mem::take(&mut self.constants);
        all.sort_by_key(|constant| constant.name.span);
        all.dedup_by_key(|constant| constant.name.span);
        all
    }

    /// Reports `diagnostic`.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if diagnostic.is_error() {
            self.errors += 1;
        }
        self.checker.report(diagnostic);
    }

    /// Counts one more application or turn; reports at `span` when there are too many.
    pub(super) fn step(&mut self, span: Span) -> bool {
        if self.too_large(span) {
            return false;
        }
        self.checker.steps += 1;
        !self.too_large(span)
    }

    /// Counts `parts` for [`MAX_PARTS`].
    pub(super) fn charge(&mut self, parts: usize) {
        self.checker.parts = self.checker.parts.saturating_add(parts);
    }

    /// Whether the program is too large, which is told at the first `span` that finds out.
    pub(super) fn too_large(&mut self, span: Span) -> bool {
        if !self.exhausted() {
            return false;
        }
        if !std::mem::replace(&mut self.checker.too_large, true) {
            self.checker.failed.insert(span);
            self.report(match self.checker.steps > MAX_STEPS {
                true => shapes::too_many_layers(span, MAX_STEPS),
                false => shapes::too_many_parts(span, MAX_PARTS),
            });
        }
        true
    }

    /// Whether the program is too large: what follows is not looked at.
    pub(super) fn exhausted(&self) -> bool {
        self.checker.exhausted()
    }

    /// The type of `value`; `None` after an error.
    pub(super) fn ty(&self, value: ValueId) -> Option<&TensorType> {
        self.values[value.0 as usize].ty.as_ref()
    }

    /// A new value.
    pub(super) fn value(
        &mut self,
        name: Name,
        ty: Option<TensorType>,
        source: Source,
        span: Span,
    ) -> ValueId {
        self.values.push(ValueInfo {
            name,
            ty,
            source,
            span,
        });
        ValueId(self.values.len() as u32 - 1)
    }

    /// Whether the sizes of `value` follow from a claim that failed.
    pub(super) fn tainted(&self, value: ValueId) -> bool {
        self.taints.contains(&value)
    }

    /// A value behind an error.
    pub(super) fn poison(&mut self, name: Name, span: Span) -> ValueId {
        self.value(name, None, Source::Error, span)
    }

    /// Notes a requirement; the first layer that asks for it is kept.
    pub(super) fn require(&mut self, requirement: Requirement, rule: &str, span: Span) {
        // From here on the sizes are those that the contract allows, in proofs and in examples.
        match &requirement {
            Requirement::AtLeast { var, low } if *low > self.bounds.low(var) => {
                self.bounds.set(var.clone(), *low);
            }
            Requirement::AtMost { var, high }
                if self.bounds.high(var).is_none_or(|known| *high < known) =>
            {
                self.bounds.set_high(var.clone(), *high);
            }
            _ => {}
        }
        if self.required.insert(requirement.clone()) {
            self.requirements.push(Required {
                requirement,
                rule: rule.to_owned(),
                span,
            });
        }
    }

    /// The requirements without those that follow from others. Reports when no sizes meet them.
    fn simplified(&mut self) -> Vec<Required> {
        let left = self.strongest();
        let all = left.iter().map(|required| &required.requirement);
        if self.errors == 0 && contradictory(all) {
            // The last layer that asks for some of it is where it breaks.
            let mut core = core(left.clone());
            let asked: HashMap<&Requirement, usize> = (self.requirements.iter().enumerate())
                .map(|(at, required)| (&required.requirement, at))
                .collect();
            core.sort_by_key(|required| asked.get(&required.requirement).copied());
            if let Some(last) = core.pop() {
                let span = last.span;
                let conflict = Conflict {
                    others: core,
                    own: vec![last],
                };
                self.checker.failed.insert(span);
                self.report(contradictions::no_sizes(span, &conflict, None));
            }
        }
        left
    }

    /// The requirements so far.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().map(|one| &one.requirement)
    }

    /// The requirements so far without those that follow from others, each with the first layer
    /// that asks for it.
    pub(super) fn strongest(&self) -> Vec<Required> {
        let all = &self.requirements;
        let plain = all.iter().map(|required| required.requirement.clone());
        let simple = shape::simplify(plain.collect());
        let first: HashMap<&Requirement, &Required> = all
            .iter()
            .rev()
            .map(|required| (&required.requirement, required))
            .collect();
        simple
            .into_iter()
            .filter_map(|requirement| {
                let first = first.get(&requirement).copied().or(all.first())?;
                Some(Required {
                    requirement,
                    ..first.clone()
                })
            })
            .collect()
    }

    /// Warns of results and names that nothing uses. Silent when an error may hide a use.
    fn lints(&mut self, frame: &Frame) {
        if frame.muddied || self.exhausted() {
            return;
        }
        for (span, name, used) in &frame.results {
            if !used && !self.checker.failed.contains(span) {
                let input = frame.scopes[0]
                    .labels
                    .get(name)
                    .is_some_and(|entity| matches!(entity.kind, EntityKind::Input(_)));
                self.checker
                    .report(lints::unused_result(*span, name, input));
            }
        }
        let mut unused: Vec<_> = frame.scopes[0]
            .consts
            .iter()
            .filter(|(_, constant)| !constant.used.get())
            .map(|(name, constant)| (constant.span, name.clone(), constant.what))
            .collect();
        unused.sort();
        for (span, name, what) in unused {
            let what = match what {
                ConstKind::Let => "`let`",
                _ => "parameter",
            };
            self.checker.report(lints::unused_name(span, &name, what));
        }
    }
}
