//! How a statement ends: its name, its stated shape, its label, and what the next line works on.

use super::build::Walk;
use super::program::{Made, ValueId};
use super::scope::{Current, Entity, EntityKind, Frame, LayerEntity, Operand};
use crate::syntax::ast::{Ident, ShapeExpr, Statement};
use crate::text::{Name, Span};

/// How many bytes of a name count as one part of a program.
pub(super) const NAME: usize = 16;

impl<'a> Walk<'_, 'a> {
    /// The names of a layer and of its stored tensors' prefix: its label, or its kind and
    /// position among its kind; nothing more than the turn's for the one statement of a repeat.
    pub(super) fn layer_path(
        &mut self,
        frame: &mut Frame,
        label: &Option<Ident>,
        kind: &'static str,
        single: bool,
    ) -> (Name, Name) {
        let count = frame.scope().counts.entry(kind).or_insert(0);
        *count += 1;
        let count = *count;
        let local = match label {
            Some(label) => label.value.to_string(),
            None if single => String::new(),
            None => format!("{}_{count}", snake(kind)),
        };
        (join(&frame.prefix, &local), join(&frame.params, &local))
    }

    /// Ends a statement whose result is behind an error.
    pub(super) fn finish_poisoned(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        label: &Option<Ident>,
        ascription: &'a Option<ShapeExpr>,
    ) {
        let path = match label {
            Some(label) => join(&frame.prefix, &label.value),
            None => join(&frame.prefix, "?"),
        };
        self.finish_label(frame, statement.span, label, ascription, path, None);
    }

    /// Ends a statement: checks the stated shape, defines the label, and makes the result the
    /// value that the next line works on.
    pub(super) fn finish_label(
        &mut self,
        frame: &mut Frame,
        statement: Span,
        label: &Option<Ident>,
        ascription: &'a Option<ShapeExpr>,
        path: Name,
        entity: Option<LayerEntity>,
    ) {
        let (value, kind) = match entity {
            Some(entity) => (entity.results[0], EntityKind::Layer(entity)),
            None => {
                frame.muddied = true;
                self.errors += 1;
                (self.poison(path.clone(), statement), EntityKind::Error)
            }
        };
        self.finish(frame, statement, label, ascription, path, value, kind);
    }

    /// See [`Walk::finish_label`].
    #[allow(clippy::too_many_arguments)]
    pub(super) fn finish(
        &mut self,
        frame: &mut Frame,
        statement: Span,
        label: &Option<Ident>,
        ascription: &'a Option<ShapeExpr>,
        path: Name,
        value: ValueId,
        kind: EntityKind,
    ) {
        // Names grow with every body around them.
        self.charge(path.len() / NAME);
        let name = match label {
            Some(label) => label.value.clone(),
            None => {
                let local = path.strip_prefix(frame.prefix.as_str()).unwrap_or(&path);
                local.trim_end_matches('.').into()
            }
        };
        if let Some(shape) = ascription {
            self.ascribe(frame, statement, shape, value, &name);
        }
        if frame.home {
            let values = match &kind {
                EntityKind::Layer(layer) => layer.results.clone(),
                EntityKind::Block(block) => block.outputs.iter().map(|(_, id)| *id).collect(),
                _ => vec![value],
            };
            self.made.push(Made {
                span: statement,
                values,
            });
        }
        match label {
            Some(label) => {
                self.define(frame, label, statement, kind);
            }
            // An unlabelled layer is still a label of its turn's: `stack.2.relu_1`.
            None if frame.label(&name).is_none() => {
                frame.scope().labels.insert(
                    name.clone(),
                    Entity {
                        kind,
                        span: statement,
                    },
                );
            }
            None => {}
        }
        if frame.home {
            frame.add_result(statement, name.clone());
        }
        frame.current = Current::Value(Operand {
            value,
            name,
            made: statement,
            asked: None,
        });
    }
}

/// `prefix` and `local` as one name; an empty `local` leaves the prefix without its point.
pub(super) fn join(prefix: &str, local: &str) -> Name {
    if local.is_empty() {
        prefix.trim_end_matches('.').into()
    } else {
        format!("{prefix}{local}").into()
    }
}

/// Whether the last part of `path` is a turn's number.
pub(super) fn path_is_turn(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A kind as part of a name: `MaxPool` is `max_pool`, `ReLU` is `relu`, `RMSNorm` is `rms_norm`.
pub fn snake(kind: &str) -> String {
    let letters: Vec<char> = kind.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let run = letters[..at].iter().rev().take_while(|c| c.is_uppercase());
        let run = run.count();
        let after = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if at > 0 && letter.is_uppercase() && after && (run == 0 || run > 1) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn names_unlabelled_layers_after_their_kind() {
        for (kind, name) in [
            ("ReLU", "relu"),
            ("MaxPool", "max_pool"),
            ("GlobalAvgPool", "global_avg_pool"),
            ("LeakyReLU", "leaky_relu"),
            ("RMSNorm", "rms_norm"),
            ("PReLU", "prelu"),
            ("LSTM", "lstm"),
            ("Conv", "conv"),
        ] {
            assert_eq!(snake(kind), name);
        }
    }
}
