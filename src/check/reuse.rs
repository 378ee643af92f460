//! `reuse`: a layer or a block applied again, with the same stored tensors.

use super::apply::Places;
use super::blocks::{Use, inputs_of};
use super::build::Walk;
use super::paths::Ask;
use super::scope::{EntityKind, Frame};
use super::wording::{arguments as wording, names};
use crate::syntax::ast::{From, Ident, Path, SegmentKind, ShapeExpr, Statement};
use crate::text::{Name, Span};

impl<'a> Walk<'_, 'a> {
    /// `label: reuse target from a -> [shape]`
    pub(super) fn reuse(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        label: &Option<Ident>,
        target: &Path,
        from: Option<&From>,
        ascription: &'a Option<ShapeExpr>,
    ) {
        let found = self.reused_entity(frame, target);
        let ask = Ask {
            end: target.span.after(),
            several: false,
        };
        let operands = self.operands(frame, from, target.span, ask);
        let (Some((kind, made)), Some(operands)) = (found, operands) else {
            self.finish_poisoned(frame, statement, label, ascription);
            return;
        };
        match kind {
            EntityKind::Layer(layer) => {
                let Some(op) = layer.op.clone() else {
                    self.finish_poisoned(frame, statement, label, ascription);
                    return;
                };
                let (path, _) = self.layer_path(frame, label, layer.def.name(), false);
                let stored = layer.params.first().map(|(_, param)| {
                    let name = &self.params[param.0 as usize].name;
                    name.rsplit_once('.').map_or("", |(path, _)| path).into()
                });
                let stored: Name = stored.unwrap_or_else(|| path.clone());
                let places = Places {
                    statement: statement.span,
                    layer: target.span,
                    name: layer.def.name(),
                    operands: &operands,
                    matched: None,
                };
                if operands.len() != layer.inputs.len() {
                    let wants = match layer.inputs.len() {
                        1 => "one value".to_owned(),
                        n => format!("{n} values, as where it was built"),
                    };
                    let span = from.map_or(target.span, |from| from.span);
                    self.report(wording::input_count(
                        span,
                        layer.def.name(),
                        &wants,
                        operands.len(),
                    ));
                    self.finish_poisoned(frame, statement, label, ascription);
                    return;
                }
                let original = Some((&layer, made));
                let (def, paths) = (layer.def, (path, stored));
                self.apply(frame, &places, label, ascription, paths, def, op, original);
            }
            EntityKind::Block(block) => {
                let name = self.checker.blocks[block.block]
                    .definition
                    .name
                    .value
                    .clone();
                let wanted = inputs_of(self.checker.blocks[block.block].definition).len();
                if operands.len() != wanted {
                    let span = from.map_or(target.span, |from| from.span);
                    let wants = format!("{wanted} values");
                    self.report(wording::input_count(span, &name, &wants, operands.len()));
                    self.finish_poisoned(frame, statement, label, ascription);
                    return;
                }
                let count = frame.scope().block_counts.entry(name.clone()).or_insert(0);
                *count += 1;
                let local = match label {
                    Some(label) => label.value.to_string(),
                    None => format!("{}_{count}", super::finish::snake(&name)),
                };
                let prefix = super::finish::join(&frame.prefix, &local);
                let entity = self.use_block(
                    frame,
                    block.block,
                    Use {
                        statement: statement.span,
                        name: target.span,
                        operands,
                        arguments: block.arguments.to_vec(),
                        prefix: prefix.clone(),
                        params: block.prefix.clone(),
                        reuse: true,
                    },
                );
                self.finish_block(frame, statement, label, ascription, prefix, entity);
            }
            _ => self.finish_poisoned(frame, statement, label, ascription),
        }
    }

    /// The layer or block that `target` names; `None` after a diagnostic.
    fn reused_entity(&mut self, frame: &mut Frame, target: &Path) -> Option<(EntityKind, Span)> {
        let name = self.checker.sources.slice(target.span).to_owned();
        let mut entity = {
            let SegmentKind::Name(first) = &target.segments[0].kind else {
                return None;
            };
            match frame.label(first) {
                Some(entity) => entity.clone(),
                None => {
                    self.path(frame, target);
                    return None;
                }
            }
        };
        let mut segments = target.segments[1..].iter();
        while let Some(segment) = segments.next() {
            let next = match (&entity.kind, &segment.kind) {
                (EntityKind::Error, _) => return None,
                (EntityKind::Block(block), SegmentKind::Name(name)) => {
                    block.labels.get(name).cloned()
                }
                // A turn is followed by a label of it.
                (EntityKind::Repeat(repeat), SegmentKind::Index(turn)) => {
                    match (repeat.turns.get(*turn as usize), segments.next()) {
                        (Some((labels, _)), Some(label)) => match &label.kind {
                            SegmentKind::Name(name) => labels.get(name).cloned(),
                            _ => None,
                        },
                        _ => None,
                    }
                }
                _ => None,
            };
            match next {
                Some(next) => entity = next,
                None => {
                    self.report(names::not_reusable(
                        target.span,
                        &name,
                        "no label that can be reached",
                    ));
                    return None;
                }
            }
        }
        frame.mark_used(entity.span);
        let what = match &entity.kind {
            EntityKind::Layer(_) | EntityKind::Block(_) => {
                return Some((entity.kind, entity.span));
            }
            EntityKind::Error => return None,
            EntityKind::Input(_) => "an input",
            EntityKind::Repeat(_) => "a `repeat`",
        };
        self.report(names::not_reusable(target.span, &name, what));
        None
    }
}
