//! Names after `from`: labels, results, stored tensors, turns of repeats.

use std::collections::HashMap;

use super::build::Walk;
use super::program::{Source, ValueId};
use super::scope::{Current, Entity, EntityKind, Frame, LayerEntity, Operand, Turn};
use super::wording::names;
use crate::layers::def::TensorType;
use crate::syntax::ast::{From, Path, SegmentKind, StatementKind};
use crate::text::{Name, Span};

/// A step of a path: what has been reached so far.
#[derive(Clone)]
enum Reached<'e> {
    Entity(&'e Entity),
    Turns(Vec<&'e Turn>),
}

/// What a path comes to.
enum Target {
    Value(ValueId),
    Param(super::program::ParamId),
    Poison,
}

/// How a statement without `from` could say what it takes.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    /// Where `from` would be written.
    pub end: Span,
    /// Whether it may take several values.
    pub several: bool,
}

/// Why a path comes to nothing.
struct Wrong {
    /// Position of the part that is wrong.
    at: usize,
    /// A sentence without a full stop.
    why: String,
    /// What may stand there instead.
    instead: Vec<String>,
}

impl Walk<'_, '_> {
    /// The values that a statement takes: those of `from`, else that of the line above. `None`
    /// after a diagnostic.
    pub(super) fn operands(
        &mut self,
        frame: &mut Frame,
        from: Option<&From>,
        at: Span,
        ask: Ask,
    ) -> Option<Vec<Operand>> {
        match from {
            Some(from) => {
                let mut operands = Vec::new();
                let mut fine = true;
                for path in &from.values {
                    match self.path(frame, path) {
                        Some(found) => operands.extend(found),
                        None => fine = false,
                    }
                }
                fine.then_some(operands)
            }
            None => self.current(frame, at, ask).map(|operand| vec![operand]),
        }
    }

    /// The value of the line above.
    pub(super) fn current(&mut self, frame: &mut Frame, at: Span, ask: Ask) -> Option<Operand> {
        match frame.current.clone() {
            Current::Value(operand) => {
                frame.mark_used(operand.made);
                Some(operand)
            }
            Current::Nothing => {
                if !frame.muddied {
                    self.report(names::nothing_above(at));
                }
                None
            }
            Current::Inputs(inputs) => {
                for input in &inputs {
                    frame.mark_used(input.made);
                }
                let named: Vec<_> = inputs
                    .iter()
                    .map(|input| (input.name.clone(), input.made))
                    .collect();
                self.report(names::several_inputs(at, &named, ask.end, ask.several));
                None
            }
        }
    }

    /// The values at `path`: one, or several with `*`.
    pub(super) fn path(&mut self, frame: &mut Frame, path: &Path) -> Option<Vec<Operand>> {
        let SegmentKind::Name(first) = &path.segments.first()?.kind else {
            return None;
        };
        let Some(entity) = frame.label(first) else {
            self.unknown_label(frame, path, first);
            return None;
        };
        let made = entity.span;
        let found = follow(entity, path);
        frame.mark_used(made);
        match found {
            Ok(targets) => {
                self.charge(targets.len());
                let name: Name = self.checker.sources.slice(path.span).into();
                let operands = targets.into_iter().map(|target| Operand {
                    value: match target {
                        Target::Value(value) => value,
                        Target::Param(param) => self.param_value(param),
                        Target::Poison => self.poison(name.clone(), path.span),
                    },
                    name: name.clone(),
                    made,
                    asked: Some(path.span),
                });
                Some(operands.collect())
            }
            Err(wrong) => {
                let span = path.segments[wrong.at].span;
                let so_far = Span {
                    end: path.segments[wrong.at - 1].span.end,
                    ..path.span
                };
                let so_far = self.checker.sources.slice(so_far).to_owned();
                let part = self.checker.sources.slice(span).to_owned();
                self.report(names::no_such_part(
                    span,
                    &so_far,
                    &part,
                    &wrong.why,
                    &wrong.instead,
                ));
                None
            }
        }
    }

    /// The stored tensor as a value.
    fn param_value(&mut self, param: super::program::ParamId) -> ValueId {
        let info = &self.params[param.0 as usize];
        let (name, span) = (info.name.clone(), info.span);
        let ty = TensorType::f32(info.shape.clone());
        self.value(name, Some(ty), Source::Param(param), span)
    }

    fn unknown_label(&mut self, frame: &Frame, path: &Path, name: &Name) {
        if frame.broken.contains(name) || !self.undefined_values.insert(name.clone()) {
            return;
        }
        let span = path.segments[0].span;
        let later = frame
            .scopes
            .iter()
            .rev()
            .find_map(|scope| scope.later.get(name));
        if let Some(later) = later {
            self.report(names::used_above(span, name, *later));
            return;
        }
        let inside = frame.scopes.iter().flat_map(|scope| &scope.labels);
        let inside = inside.filter_map(|(label, entity)| match &entity.kind {
            EntityKind::Repeat(repeat) => {
                let last = repeat.turns.len().checked_sub(1)?;
                let has = repeat.turns[last].0.contains_key(name);
                has.then_some((label, last))
            }
            _ => None,
        });
        if let Some((repeat, last)) = inside.min() {
            self.report(names::inside_a_repeat(span, name, repeat, last));
            return;
        }
        let mut known: Vec<&str> = frame
            .scopes
            .iter()
            .flat_map(|scope| scope.labels.keys().map(|name| &**name))
            .filter(|name| *name != "?")
            .collect();
        known.sort_unstable();
        let is_constant = frame.constant(name).is_some();
        self.report(names::unknown_value(span, name, &known, is_constant));
    }
}

/// The names that statements define, with their places.
pub fn labels_of(statements: &[crate::syntax::ast::Statement]) -> HashMap<Name, Span> {
    let mut labels = HashMap::new();
    for statement in statements {
        let label = match &statement.kind {
            StatementKind::Input { name, .. } => Some(name),
            StatementKind::Layer(layer) => layer.label.as_ref(),
            StatementKind::Repeat(repeat) => repeat.label.as_ref(),
            StatementKind::Reuse { label, .. } => label.as_ref(),
            _ => None,
        };
        if let Some(label) = label {
            labels.entry(label.value.clone()).or_insert(label.span);
        }
    }
    labels
}

fn follow(entity: &Entity, path: &Path) -> Result<Vec<Target>, Wrong> {
    let mut reached = Reached::Entity(entity);
    for (at, segment) in path.segments.iter().enumerate().skip(1) {
        let wrong = |why: String, instead: Vec<String>| Err(Wrong { at, why, instead });
        let last = at + 1 == path.segments.len();
        match (&reached, &segment.kind) {
            (Reached::Entity(entity), kind) => match (&entity.kind, kind) {
                (EntityKind::Error, _) => return Ok(vec![Target::Poison]),
                (EntityKind::Repeat(repeat), SegmentKind::Index(turn)) => {
                    match repeat.turns.get(*turn as usize) {
                        Some(turn) => reached = Reached::Turns(vec![turn]),
                        None => {
                            let count = repeat.turns.len();
                            let last = count.checked_sub(1).map(|last| last.to_string());
                            let turns = if count == 1 { "turn" } else { "turns" };
                            return wrong(
                                format!("the `repeat` has {count} {turns}, counted from 0"),
                                last.into_iter().collect(),
                            );
                        }
                    }
                }
                (EntityKind::Repeat(repeat), SegmentKind::All) => {
                    reached = Reached::Turns(repeat.turns.iter().collect());
                }
                (EntityKind::Repeat(repeat), SegmentKind::Name(name)) => {
                    let inside = |turn: &Turn| turn.0.contains_key(name);
                    return wrong(
                        "a `repeat` has a turn's number or `*` before a label".into(),
                        match repeat.turns.first().is_some_and(inside) {
                            true => vec![format!("*.{name}")],
                            false => vec!["0".into(), "*".into()],
                        },
                    );
                }
                (EntityKind::Layer(layer), kind) if last => return in_layer(layer, kind, at),
                (EntityKind::Block(block), SegmentKind::Name(name)) => {
                    let output = block.outputs.iter().find(|(output, _)| output == name);
                    match (output, block.labels.get(name)) {
                        (Some((_, value)), _) if last => return Ok(vec![Target::Value(*value)]),
                        (_, Some(inner)) if !last => {
                            let targets = follow(
                                inner,
                                &Path {
                                    segments: path.segments[at..].to_vec(),
                                    span: path.span,
                                },
                            )
                            .map_err(|inner| Wrong {
                                at: inner.at + at,
                                ..inner
                            })?;
                            let stored = |target: &Target| {
                                matches!(target, Target::Param(_) | Target::Poison)
                            };
                            if targets.iter().all(stored) {
                                return Ok(targets);
                            }
                            return wrong(hidden(name), outputs(block));
                        }
                        (_, Some(_)) => return wrong(hidden(name), outputs(block)),
                        _ => {
                            return wrong(
                                format!("the block has no output `{name}`"),
                                outputs(block),
                            );
                        }
                    }
                }
                (EntityKind::Input(_), _) => {
                    return wrong("an input is a value as it is".into(), vec![]);
                }
                _ => {
                    return wrong("nothing further can be selected here".into(), vec![]);
                }
            },
            (Reached::Turns(turns), SegmentKind::Name(name)) => {
                let mut found = Vec::new();
                for (labels, _) in turns {
                    // One statement without a label is the turn itself.
                    let (inner, from) = match (labels.get(name), only(labels)) {
                        (Some(inner), _) => (inner, at),
                        (None, Some(only)) => (only, at - 1),
                        (None, None) => {
                            let mut instead: Vec<String> =
                                labels.keys().map(|name| name.to_string()).collect();
                            instead.sort_unstable();
                            return wrong(format!("a turn has no label `{name}`"), instead);
                        }
                    };
                    let rest = Path {
                        segments: path.segments[from..].to_vec(),
                        span: path.span,
                    };
                    found.extend(follow(inner, &rest).map_err(|inner| Wrong {
                        at: inner.at + from,
                        ..inner
                    })?);
                }
                return Ok(found);
            }
            (Reached::Turns(_), _) => {
                return wrong("a label of the turn is wanted here".into(), vec![]);
            }
        }
    }
    Ok(match reached {
        Reached::Entity(entity) => vec![match &entity.kind {
            EntityKind::Input(value) => Target::Value(*value),
            EntityKind::Layer(layer) => first(layer.results.first().copied()),
            EntityKind::Block(block) => first(block.outputs.first().map(|(_, value)| *value)),
            EntityKind::Repeat(repeat) => Target::Value(repeat.result),
            EntityKind::Error => Target::Poison,
        }],
        Reached::Turns(turns) => turns.into_iter().map(|turn| first(turn.1)).collect(),
    })
}

/// The one statement of a turn, when it has no label and is called like the turn.
fn only(labels: &HashMap<Name, Entity>) -> Option<&Entity> {
    let mut all = labels.iter();
    match (all.next(), all.next()) {
        (Some((name, entity)), None) if name.contains('.') => Some(entity),
        _ => None,
    }
}

fn first(value: Option<ValueId>) -> Target {
    value.map_or(Target::Poison, Target::Value)
}

fn hidden(name: &str) -> String {
    format!(
        "`{name}` is a label inside the block, and only outputs and stored tensors are seen from outside"
    )
}

fn outputs(block: &super::scope::BlockEntity) -> Vec<String> {
    let names = block.outputs.iter().map(|(name, _)| name.to_string());
    names.collect()
}

fn in_layer(layer: &LayerEntity, kind: &SegmentKind, at: usize) -> Result<Vec<Target>, Wrong> {
    let signature = layer.def.signature();
    let found = match kind {
        SegmentKind::Name(name) => {
            let result = signature
                .results
                .iter()
                .position(|result| *result == &**name);
            let param = layer.params.iter().find(|(param, _)| *param == &**name);
            match (result, param) {
                (Some(result), _) => Some(first(layer.results.get(result + 1).copied())),
                (_, Some((_, param))) => Some(Target::Param(*param)),
                _ => None,
            }
        }
        SegmentKind::Index(number) if layer.def.numbered() => {
            let at = usize::try_from(*number).ok();
            at.and_then(|at| layer.results.get(at))
                .map(|value| Target::Value(*value))
        }
        _ => None,
    };
    match found {
        Some(target) => Ok(vec![target]),
        None if layer.op.is_none() => Ok(vec![Target::Poison]),
        None => {
            let results = signature.results.iter().copied();
            let params = layer.params.iter().map(|(param, _)| *param);
            let mut instead: Vec<String> = results.chain(params).map(str::to_owned).collect();
            let count = layer.results.len();
            if let (true, Some(last)) = (layer.def.numbered(), count.checked_sub(1)) {
                instead.push(last.to_string());
            }
            let why = match kind {
                _ if layer.def.numbered() => format!(
                    "`{}` has {count} {} here, counted from 0",
                    layer.def.name(),
                    if count == 1 { "result" } else { "results" }
                ),
                SegmentKind::Name(_) => format!(
                    "`{}` has no result or weight of that name",
                    layer.def.name()
                ),
                _ => format!("the results of `{}` are not numbered", layer.def.name()),
            };
            Err(Wrong { at, why, instead })
        }
    }
}
