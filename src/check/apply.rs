//! Layer statements.

use std::sync::Arc;

use super::arguments::Matched;
use super::build::{Mode, Walk};
use super::finish::{NAME, path_is_turn};
use super::obligations::{first_conflict, positive_sizes};
use super::paths::Ask;
use super::program::{Layer, Param, ParamId, Source, ValueId};
use super::scope::{Frame, LayerEntity, Operand};
use super::wording::{arguments as wording, block_uses, contradictions, lints, refusals, shapes};
use crate::diag::Diagnostic;
use crate::layers::def::{Init, Inputs, LayerDef, Op, ParamSpec, TensorType};
use crate::layers::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use crate::layers::value::Value;
use crate::layers::{self};
use crate::shape::Dim;
use crate::syntax::ast::{Ident, LayerStatement, ShapeExpr, Statement};
use crate::text::{Name, Span};

/// The places that a layer's blame may fall on.
pub(super) struct Places<'p> {
    /// The statement.
    pub statement: Span,
    /// The layer's name in it.
    pub layer: Span,
    /// The layer's name.
    pub name: &'p str,
    /// The values that it takes.
    pub operands: &'p [Operand],
    /// Its arguments, where written.
    pub matched: Option<(&'static dyn LayerDef, &'p Matched)>,
}

impl Places<'_> {
    /// The value of an argument, when it is given.
    fn argument(&self, name: &str) -> Option<&Value> {
        let (def, matched) = self.matched?;
        let at = def
            .signature()
            .args
            .iter()
            .position(|arg| arg.name == name)?;
        matched.args.given(at)
    }

    /// Where `blame` points.
    pub fn of(&self, blame: Blame) -> Span {
        match blame {
            Blame::Layer => self.layer,
            Blame::Input(at) => self
                .operands
                .get(at)
                .and_then(|operand| operand.asked)
                .unwrap_or(self.layer),
            Blame::Arg(name) => self
                .matched
                .and_then(|(def, matched)| {
                    let args = def.signature().args;
                    let at = args.iter().position(|arg| arg.name == name)?;
                    matched.spans[at]
                })
                .unwrap_or(self.layer),
        }
    }
}

impl<'a> Walk<'_, 'a> {
    /// `label: Layer(args) from a, b -> [shape]`
    pub(super) fn layer(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        layer: &'a LayerStatement,
        single: bool,
    ) {
        let name = &layer.layer;
        if let Some(block) = self.checker.visible[frame.unit].get(&name.value).copied() {
            self.checker
                .used_blocks
                .insert((frame.unit, name.value.clone()));
            match block {
                Some(block) => self.block_use(frame, statement, layer, block, single),
                None => self.finish_poisoned(frame, statement, &layer.label, &layer.ascription),
            }
            return;
        }
        let Some(def) = layers::find(&name.value) else {
            self.unknown_layer(frame, statement, layer);
            return;
        };
        if self.values_as_arguments(frame, layer) {
            self.finish_poisoned(frame, statement, &layer.label, &layer.ascription);
            return;
        }
        let path = self.layer_path(frame, &layer.label, def.name(), single);
        let matched = self.layer_arguments(frame, layer, def);
        if let Some(matched) = &matched {
            // The layer makes its own of each array.
            let given = (0..matched.spans.len()).filter_map(|at| matched.args.given(at));
            self.charge(given.filter_map(Value::numbers).sum());
        }
        let errors = self.errors;
        let operands = match def.signature().inputs {
            Inputs::None => {
                if let (Some(from), Some(_)) = (&layer.from, &matched) {
                    self.report(wording::takes_nothing(from.span, def.name()));
                }
                Some(Vec::new())
            }
            inputs => {
                let ask = Ask {
                    end: layer.parentheses.unwrap_or(name.span).after(),
                    several: inputs.takes(2),
                };
                self.operands(frame, layer.from.as_ref(), name.span, ask)
            }
        };
        // With arguments, or as many values, as another layer takes, it is the layer that is wrong.
        let counted = matched.is_none()
            || (operands.as_ref())
                .is_none_or(|operands| self.count_fits(def, layer.from.as_ref(), operands, name));
        let op = matched.as_ref().filter(|_| counted).and_then(|matched| {
            let places = Places {
                statement: statement.span,
                layer: name.span,
                name: def.name(),
                operands: operands.as_deref().unwrap_or(&[]),
                matched: Some((def, matched)),
            };
            match def.build(&matched.args, self.layout) {
                Ok(op) => Some(Arc::from(op)),
                Err(error) => {
                    self.refuse(frame, &places, error);
                    None
                }
            }
        });
        let (Some(op), Some(operands), Some(matched)) = (op, operands, &matched) else {
            self.finish_poisoned(frame, statement, &layer.label, &layer.ascription);
            return;
        };
        if self.errors > errors {
            self.finish_poisoned(frame, statement, &layer.label, &layer.ascription);
            return;
        }
        let places = Places {
            statement: statement.span,
            layer: name.span,
            name: def.name(),
            operands: &operands,
            matched: Some((def, matched)),
        };
        self.apply(
            frame,
            &places,
            &layer.label,
            &layer.ascription,
            path,
            def,
            op,
            None,
        );
    }

    /// Applies `op` and gives the statement its result. With `original`, the stored tensors are
    /// those of that layer.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn apply(
        &mut self,
        frame: &mut Frame,
        places: &Places,
        label: &Option<Ident>,
        ascription: &'a Option<ShapeExpr>,
        (path, params_path): (Name, Name),
        def: &'static dyn LayerDef,
        op: Arc<dyn Op>,
        original: Option<(&LayerEntity, Span)>,
    ) {
        let statement = places.statement;
        let values: Vec<ValueId> = places.operands.iter().map(|o| o.value).collect();
        let types: Option<Vec<TensorType>> = values
            .iter()
            .map(|value| self.ty(*value).cloned())
            .collect();
        let Some(types) = types else {
            self.finish_label(frame, statement, label, ascription, path, None);
            return;
        };
        self.taint_next = false;
        let Some((outputs, params)) = self.infer(
            frame,
            places,
            &*op,
            &types,
            original.is_some(),
            &params_path,
        ) else {
            self.finish_label(frame, statement, label, ascription, path, None);
            return;
        };
        let from_file = params.iter().any(|(_, id)| {
            let param = &self.params[id.0 as usize];
            !matches!(param.init, Init::Given(_))
        });
        if from_file && label.is_none() && frame.home && original.is_none() && !path_is_turn(&path)
        {
            let free = frame.free_label(places.name);
            self.checker.warn(lints::unlabelled(
                statement,
                places.layer,
                places.name,
                &free,
            ));
        }
        let at = self.layers.len();
        let results: Vec<ValueId> = outputs
            .into_iter()
            .enumerate()
            .map(|(result, ty)| {
                self.value(path.clone(), Some(ty), Source::Layer(at, result), statement)
            })
            .collect();
        if self.taint_next {
            self.taints.extend(&results);
        }
        let names: Vec<(&'static str, ParamId)> = params;
        self.layers.push(Layer {
            name: path.clone(),
            labelled: label.is_some(),
            args: (places.matched).map(|(_, matched)| matched.args.clone()),
            op: op.settle(&types).map_or_else(|| op.clone(), Arc::from),
            inputs: values,
            outputs: results.clone(),
            params: names.iter().map(|(_, param)| *param).collect(),
            reused: original.is_some() || frame.reuse,
            span: statement,
            via: frame.via.clone(),
        });
        let entity = LayerEntity {
            def,
            op: Some(op),
            results,
            params: names,
            inputs: types,
        };
        self.finish_label(frame, statement, label, ascription, path, Some(entity));
    }

    /// Whether a parameter from the one at `first` on has values that the program does not give.
    pub(super) fn reads_from_file(&self, first: usize) -> bool {
        let mut params = self.params[first..].iter();
        params.any(|param| !matches!(param.init, Init::Given(_)))
    }

    /// The results' types and stored tensors of `op` on `types`; `None` after a diagnostic.
    #[allow(clippy::type_complexity)]
    fn infer(
        &mut self,
        frame: &mut Frame,
        places: &Places,
        op: &dyn Op,
        types: &[TensorType],
        reuse: bool,
        params_path: &Name,
    ) -> Option<(Vec<TensorType>, Vec<(&'static str, ParamId)>)> {
        if !self.step(places.statement) {
            return None;
        }
        let inferred = match op.infer(types) {
            Ok(inferred) => inferred,
            Err(error) => {
                self.refuse(frame, places, error);
                return None;
            }
        };
        let mut obligations = inferred.obligations;
        let mut failures = self.discharge(frame, &obligations, places.statement);
        if failures.is_empty() {
            obligations = positive_sizes(places.name, types, &inferred.outputs, &self.bounds);
            failures = self.discharge(frame, &obligations, places.statement);
        }
        // Sizes that follow from a failed claim prove nothing: what they break is no second
        // mistake.
        let tainted = places.operands.iter().any(|o| self.tainted(o.value));
        if tainted && !failures.is_empty() {
            return None;
        }
        // A claim that fails whatever others ask for says more than one that their requirements
        // leave no sizes for.
        let own = failures
            .iter()
            .any(|(_, failure)| failure.conflict.is_none());
        if let Some((at, conflict)) = first_conflict(&failures).filter(|_| !own) {
            let claim = &obligations[at];
            let why = contradictions::needed(&claim.claim, &self.described(places.operands));
            let diagnostic = contradictions::no_sizes(places.of(claim.blame), conflict, why);
            self.tell(frame, places.statement, diagnostic);
            self.taint_next = true;
            return None;
        }
        if !failures.is_empty() {
            let failed: Vec<_> = failures
                .into_iter()
                .map(|(at, failure)| (&obligations[at], failure))
                .collect();
            let arithmetic = |axis| op.arithmetic(types, axis);
            let diagnostics = self.describe_failures(frame, places, &failed, &arithmetic);
            for diagnostic in diagnostics {
                self.tell(frame, places.statement, diagnostic);
            }
            let nonsense = failed
                .iter()
                .any(|(obligation, _)| !matches!(obligation.claim, Claim::Equal(..)));
            self.taint_next = true;
            return (!nonsense).then_some((inferred.outputs, Vec::new()));
        }
        self.taint_next = tainted;
        for output in &inferred.outputs {
            if !self.sizes_fit(frame, places, output) {
                return None;
            }
        }
        let specs = match op.params(types) {
            Ok(specs) => specs,
            Err(error) => {
                self.refuse(frame, places, error);
                return None;
            }
        };
        let results = inferred.outputs.iter().map(|output| output.shape.weight());
        let stored = specs.iter().map(|spec| spec.shape.weight());
        let named = specs.len() * params_path.len() / NAME;
        self.charge(results.chain(stored).sum::<usize>() + named);
        let mut params = Vec::new();
        if reuse || frame.reuse {
            params = self.same_params(frame, places, types, &specs, params_path)?;
        } else {
            for spec in specs {
                let name: Name = match &**params_path {
                    "" => spec.name.into(),
                    path => format!("{path}.{}", spec.name).into(),
                };
                let id = ParamId(self.params.len() as u32);
                self.param_names.insert(name.clone(), id);
                self.params.push(Param {
                    name,
                    shape: spec.shape,
                    init: spec.init,
                    trained: spec.trained,
                    layer: self.layers.len(),
                    span: places.statement,
                });
                params.push((spec.name, id));
            }
        }
        Some((inferred.outputs, params))
    }

    /// The stored tensors that an earlier layer made, which must have the shapes that this
    /// application needs.
    fn same_params(
        &mut self,
        frame: &Frame,
        places: &Places,
        types: &[TensorType],
        specs: &[ParamSpec],
        params_path: &Name,
    ) -> Option<Vec<(&'static str, ParamId)>> {
        let mut params = Vec::new();
        for spec in specs {
            let name = format!("{params_path}.{}", spec.name);
            let id = *self.param_names.get(&*name)?;
            let stored = &self.params[id.0 as usize];
            let (built, layer) = (stored.span, stored.layer);
            let stored = stored.shape.clone();
            let claims = stored.iter().zip(spec.shape.iter()).enumerate();
            let obligations: Vec<Obligation> = claims
                .map(|(axis, (has, needs))| Obligation {
                    claim: Claim::Equal(
                        Side::other(format!("axis {axis} of `{name}`"), has.clone()),
                        Side::other(format!("axis {axis} that the input needs"), needs.clone()),
                    ),
                    rule: "a layer that is used again keeps the weights that it was built with"
                        .into(),
                    blame: Blame::Input(0),
                })
                .collect();
            let failures = self.discharge(frame, &obligations, places.statement);
            if stored.rank() != spec.shape.rank() || !failures.is_empty() {
                let built_for = self.layers.get(layer).map(|layer| layer.inputs.clone());
                let built_for: Vec<TensorType> = built_for
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|value| self.ty(*value).cloned())
                    .collect();
                let diagnostic = shapes::reuse_does_not_fit(
                    places.of(Blame::Input(0)),
                    places.name,
                    types,
                    (built, &built_for),
                    (&name, &stored, &spec.shape),
                );
                self.tell(frame, places.statement, diagnostic);
                return None;
            }
            params.push((spec.name, id));
        }
        Some(params)
    }

    /// Sizes stay within what a machine can count, and at least 1 where that is known.
    fn sizes_fit(&mut self, frame: &Frame, places: &Places, output: &TensorType) -> bool {
        for dim in output.shape.iter() {
            let Some(size) = dim.as_const() else {
                continue;
            };
            if size > i64::MAX as i128 {
                let diagnostic = shapes::too_large(places.layer, places.name, &output.shape);
                self.tell(frame, places.statement, diagnostic);
                return false;
            }
            if size < 1 {
                let diagnostic = shapes::below_one(places.layer, places.name, &output.shape);
                self.tell(frame, places.statement, diagnostic);
                return false;
            }
        }
        true
    }

    /// Reports what `op` refuses. Where symbols stand for what a use or a setting will bring,
    /// a missing number is no mistake.
    pub(super) fn refuse(&mut self, frame: &Frame, places: &Places, error: LayerError) {
        match &error.problem {
            Problem::Poisoned => return,
            Problem::Reshape(_) | Problem::Dim(_) | Problem::Range(_)
                if places.operands.iter().any(|o| self.tainted(o.value)) =>
            {
                return;
            }
            // Where a block's input comes from is known at its use.
            Problem::Origin(_) if self.mode == Mode::Generic => return,
            Problem::Symbol { value } if self.symbols_may_be_set(value) => {
                let what = format!("the shape of `{}`", places.name);
                self.open(places.of(error.blame), &what, value);
                return;
            }
            Problem::Kind { .. } => {
                // A symbol that stands for a value of any kind.
                if let Blame::Arg(name) = error.blame
                    && let Some(Value::Int(value)) = places.argument(name)
                    && !value.vars().is_empty()
                    && value.vars().iter().all(|name| self.unset.contains(name))
                {
                    let what = format!("the shape of `{}`", places.name);
                    self.open(places.of(error.blame), &what, value);
                    return;
                }
            }
            _ => {}
        }
        let span = places.of(error.blame);
        let operands = self.described(places.operands);
        let mut diagnostic = refusals::refused(span, places.name, &error, &operands);
        if let Problem::Kind { expected, .. } = &error.problem {
            let text = self.checker.sources.slice(span);
            // What is quoted elsewhere (a parameter's default) is not mended here.
            if !diagnostic.fixes.is_empty() && !text.starts_with(['"', '\'']) {
                diagnostic.fixes.clear();
                diagnostic = diagnostic.here("its value is a string; a choice has no quotes");
            }
            let inner = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
            if let Some(inner) = inner.filter(|inner| !inner.contains('['))
                && expected.contains("tuple")
            {
                let tuple = format!("({inner})");
                diagnostic = diagnostic.fix(format!("write a tuple, `{tuple}`"), span, tuple);
            }
        }
        // Keras and PyTorch write -1 for what is left.
        if let (Problem::Range(_), Blame::Arg("shape")) = (&error.problem, error.blame) {
            let text = self.checker.sources.slice(span).to_owned();
            if let [before, after] = text.split("-1").collect::<Vec<_>>()[..] {
                let right = format!("{before}_{after}");
                diagnostic = diagnostic.fix(format!("write `{right}`"), span, right);
            }
        }
        self.tell(frame, places.statement, diagnostic);
    }

    /// What hangs on a symbol that a use or a setting will replace. In a model that is worth a
    /// warning: it has a shape only once the parameter is set.
    pub(super) fn open(&mut self, at: Span, what: &str, value: &Dim) {
        if self.mode == Mode::Model {
            self.checker.warn(lints::open_until_set(at, what, value));
        }
    }

    /// Whether every symbol of `dim` gets its number before a run: in a block from its use, in a
    /// model from a setting.
    pub(super) fn symbols_may_be_set(&self, dim: &Dim) -> bool {
        match self.mode {
            Mode::Generic => true,
            Mode::Model => dim.vars().iter().all(|name| self.unset.contains(name)),
        }
    }

    /// Reports `diagnostic` of `statement`: once, and at the outermost use when the statement
    /// stands in a block that is used.
    pub(super) fn tell(&mut self, frame: &Frame, statement: Span, diagnostic: Diagnostic) {
        self.errors += 1;
        match frame.via.first() {
            None => {
                self.checker.failed.insert(statement);
                self.checker.report(diagnostic);
            }
            Some(used) => {
                let failed = &self.checker.failed;
                if failed.contains(&statement) || frame.via.iter().any(|via| failed.contains(via)) {
                    return;
                }
                self.checker.failed.insert(*used);
                let uses: Vec<(Span, Name)> = frame
                    .via
                    .iter()
                    .copied()
                    .zip(frame.blocks.iter().skip(1).cloned())
                    .collect();
                self.checker.report(block_uses::in_block(&uses, diagnostic));
            }
        }
    }

    /// Names and types of the values that a layer takes, for a person.
    pub(super) fn described(&self, operands: &[Operand]) -> Vec<shapes::Described> {
        let describe = |operand: &Operand| shapes::Described {
            name: operand.name.clone(),
            ty: self.ty(operand.value).cloned(),
            made: operand.made,
            asked: operand.asked,
        };
        operands.iter().map(describe).collect()
    }

    fn describe_failures(
        &mut self,
        frame: &Frame,
        places: &Places,
        failed: &[(&Obligation, super::obligations::Failure)],
        arithmetic: &dyn Fn(usize) -> Option<String>,
    ) -> Vec<Diagnostic> {
        let operands = self.described(places.operands);
        let claims: Vec<&Obligation> = failed.iter().map(|(obligation, _)| *obligation).collect();
        let failed: Vec<shapes::Failed> = failed
            .iter()
            .map(|(obligation, failure)| shapes::Failed {
                obligation,
                example: failure.example.as_ref(),
                span: places.of(obligation.blame),
            })
            .collect();
        let mut diagnostics = shapes::failed(
            places.layer,
            places.name,
            &operands,
            &failed,
            &self.bounds,
            arithmetic,
        );
        if let Some(first) = diagnostics.first_mut() {
            first.notes.extend(self.histories(places.operands, &claims));
        }
        if let [only] = diagnostics.as_mut_slice() {
            only.fixes.extend(self.input_fix(&claims));
            self.propose(frame, places, &claims, only);
        }
        diagnostics
    }
}
