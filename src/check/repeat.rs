//! `repeat`: the body unrolled.

use std::cell::Cell;
use std::sync::Arc;

use super::build::Walk;
use super::finish::join;
use super::paths::Ask;
use super::scope::{Const, ConstKind, Current, EntityKind, Frame, RepeatEntity, Scope};
use super::wording::{arguments as wording, lints, shapes};
use super::{MAX_STEPS, build::Mode};
use crate::layers::value::Value;
use crate::shape::Dim;
use crate::syntax::ast::{Repeat, Statement};

impl<'a> Walk<'_, 'a> {
    /// `label: repeat count as index { … }`
    pub(super) fn repeat(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        repeat: &'a Repeat,
    ) {
        let (path, params) = self.layer_path(frame, &repeat.label, "repeat", false);
        let count = self.turns(frame, repeat);
        let (Some(count), false) = (count, self.checker.failed.contains(&statement.span)) else {
            let value = self.poison(path.clone(), statement.span);
            frame.muddied = true;
            self.errors += 1;
            self.finish(
                frame,
                statement.span,
                &repeat.label,
                &None,
                path,
                value,
                EntityKind::Error,
            );
            return;
        };
        let (prefix, stored) = (frame.prefix.clone(), frame.params.clone());
        let params_before = self.params.len();
        let above = frame.current.clone();
        let mut turns = Vec::new();
        for turn in 0..count {
            if !self.step(repeat.count.span) {
                break;
            }
            let mut scope = Scope::default();
            if let Some(index) = &repeat.index {
                let named = frame.constant(&index.value).map(|constant| constant.span);
                if let Some(first) = named {
                    if frame.home && self.checker.failed.insert(index.span) {
                        let what = "compile-time name";
                        let twice =
                            super::wording::names::twice(index.span, &index.value, first, what);
                        self.report(twice);
                    }
                } else {
                    scope.consts.insert(
                        index.value.clone(),
                        Const {
                            value: Value::Int(Dim::constant(turn)),
                            span: index.span,
                            what: ConstKind::Counter,
                            used: Cell::new(true),
                        },
                    );
                }
            }
            frame.prefix = format!("{path}.{turn}.");
            frame.params = format!("{params}.{turn}.");
            frame.scopes.push(scope);
            self.statements(frame, &repeat.body.statements, None);
            if let Current::Value(operand) = &frame.current {
                let made = operand.made;
                frame.mark_used(made);
            }
            let scope = frame.scopes.pop().unwrap_or_default();
            self.unused_lets(frame, &scope);
            let result = match &frame.current {
                Current::Value(operand) => Some(operand.value),
                _ => None,
            };
            turns.push((scope.labels, result));
        }
        frame.prefix = prefix;
        frame.params = stored;
        let made_params = self.reads_from_file(params_before);
        if made_params && repeat.label.is_none() && frame.home {
            let free = frame.free_label("stack");
            self.checker
                .warn(lints::unlabelled_repeat(repeat.keyword, &free));
        }
        // Without a turn, the value above goes on.
        let result = match turns.last() {
            Some((_, result)) => *result,
            None => match &above {
                Current::Value(operand) => {
                    frame.mark_used(operand.made);
                    Some(operand.value)
                }
                _ => None,
            },
        };
        let (value, kind) = match result {
            Some(result) => {
                let turns = Arc::new(turns);
                let repeat = RepeatEntity { turns, result };
                (result, EntityKind::Repeat(repeat))
            }
            // No turn has made a value, which matters only under a name.
            None => {
                frame.current = above;
                let Some(label) = &repeat.label else {
                    return;
                };
                let ask = Ask {
                    end: label.span.after(),
                    several: false,
                };
                self.current(frame, repeat.keyword, ask);
                frame.muddied = true;
                self.errors += 1;
                (self.poison(path.clone(), statement.span), EntityKind::Error)
            }
        };
        self.finish(
            frame,
            statement.span,
            &repeat.label,
            &None,
            join("", &path),
            value,
            kind,
        );
    }

    /// How many turns; `None` after a diagnostic, or while a block's use has still to say it.
    fn turns(&mut self, frame: &mut Frame, repeat: &Repeat) -> Option<i128> {
        let span = repeat.count.span;
        match self.eval(frame, &repeat.count, &[]) {
            Value::Error => None,
            Value::Int(dim) => match dim.as_const() {
                Some(count) if count < 0 => {
                    self.report(wording::negative_repeat(span, count));
                    None
                }
                Some(count) if count > MAX_STEPS as i128 => {
                    self.report(shapes::too_many_turns(span, count, MAX_STEPS));
                    None
                }
                Some(count) => Some(count),
                None => {
                    if self.mode == Mode::Model {
                        if self.symbols_may_be_set(&dim) {
                            self.open(span, "the number of turns", &dim);
                        } else {
                            self.report(wording::symbolic_repeat(span, &dim));
                        }
                    }
                    None
                }
            },
            other => {
                self.report(wording::repeat_kind(span, &other.describe()));
                None
            }
        }
    }

    fn unused_lets(&mut self, frame: &mut Frame, scope: &Scope) {
        for (name, constant) in &scope.consts {
            if constant.what == ConstKind::Let
                && !constant.used.get()
                && frame.home
                && !frame.muddied
            {
                self.checker
                    .warn(lints::unused_name(constant.span, name, "`let`"));
            }
        }
    }
}
