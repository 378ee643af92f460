//! Arguments matched with a signature.

use super::build::Walk;
use super::scope::Frame;
use super::wording::arguments as wording;
use crate::layers;
use crate::layers::args::Args;
use crate::layers::def::{ArgKind, Default, LayerDef};
use crate::layers::value::Value;
use crate::syntax::ast::{Argument, Expr, ExprKind, LayerStatement, Parameter};
use crate::text::{Name, Span};

/// A layer's arguments, and where each is written.
pub struct Matched {
    /// The values.
    pub args: Args,
    /// The places, by position in the signature.
    pub spans: Vec<Option<Span>>,
}

/// What a list of arguments is matched with.
struct Slots<'s> {
    /// The layer's or block's name.
    owner: &'s str,
    names: Vec<&'s str>,
    /// Whether each must be given.
    required: Vec<bool>,
}

impl<'a> Walk<'_, 'a> {
    /// Matches the arguments of a layer; `None` after a diagnostic.
    pub(super) fn layer_arguments(
        &mut self,
        frame: &Frame,
        statement: &LayerStatement,
        def: &'static dyn LayerDef,
    ) -> Option<Matched> {
        let signature = def.signature();
        let slots = Slots {
            owner: def.name(),
            names: signature.args.iter().map(|arg| arg.name).collect(),
            required: signature
                .args
                .iter()
                .map(|arg| arg.default == Default::Required)
                .collect(),
        };
        let places = self.place(&slots, statement);
        let mut fine = places.is_some();
        let mut args = Args::new(signature);
        let mut spans = vec![None; signature.args.len()];
        // Values are looked at even when their places are wrong: ten mistakes give ten
        // diagnostics.
        for (at, argument) in statement.arguments.iter().enumerate() {
            let slot = places.as_ref().map(|places| places[at]);
            let slot = slot.or_else(|| self.slot_of(&slots, statement, at));
            let kind = slot.map(|slot| signature.args[slot].kind);
            let choices = kind.map_or(&[][..], ArgKind::choices);
            let value = match (kind, &argument.value.kind) {
                (Some(_), ExprKind::Name(name))
                    if !choices.is_empty()
                        && !choices.contains(&&**name)
                        && frame.constant(name).is_none() =>
                {
                    self.report(wording::no_such_choice(
                        argument.value.span,
                        name,
                        slots.names[slot.unwrap_or(0)],
                        choices,
                    ));
                    Value::Error
                }
                // A choice, perhaps, of the argument that was meant.
                (_, ExprKind::Name(name))
                    if places.is_none()
                        && !choices.contains(&&**name)
                        && frame.constant(name).is_none() =>
                {
                    Value::Error
                }
                _ => self.eval(frame, &argument.value, choices),
            };
            fine &= !matches!(value, Value::Error);
            if let Some(slot) = slot {
                let value = self.stand_in(kind, value);
                args.set(slot, value);
                spans[slot] = Some(argument.value.span);
            }
        }
        fine.then_some(Matched { args, spans })
    }

    /// A number in place of a symbol that nothing has set yet, where no shape depends on it.
    fn stand_in(&self, kind: Option<ArgKind>, value: Value) -> Value {
        match (&value, kind) {
            (Value::Int(dim), Some(ArgKind::Float))
                if dim.as_const().is_none() && self.symbols_may_be_set(dim) =>
            {
                Value::Float(0.5)
            }
            _ => value,
        }
    }

    /// Matches the arguments of a block; `None` after a diagnostic.
    pub(super) fn block_arguments(
        &mut self,
        frame: &Frame,
        statement: &LayerStatement,
        parameters: &'a [Parameter],
    ) -> Option<Vec<Option<Value>>> {
        let slots = Slots {
            owner: &statement.layer.value,
            names: parameters.iter().map(|p| &*p.name.value).collect(),
            required: parameters.iter().map(|p| p.default.is_none()).collect(),
        };
        let places = self.place(&slots, statement);
        let mut values: Vec<Option<Value>> = vec![None; parameters.len()];
        let mut fine = places.is_some();
        for (at, argument) in statement.arguments.iter().enumerate() {
            // A choice can be handed through a parameter: `Down(padding=same)`.
            let value = self.eval(
                frame,
                &argument.value,
                self.choices_of(frame, &argument.value),
            );
            fine &= !matches!(value, Value::Error);
            if let Some(places) = &places {
                values[places[at]] = Some(value);
            }
        }
        fine.then_some(values)
    }

    /// The choices that a bare name may be when it is handed to a block, whose parameters take
    /// any kind of value.
    pub(super) fn choices_of(&self, frame: &Frame, expr: &Expr) -> &'static [&'static str] {
        let ExprKind::Name(name) = &expr.kind else {
            return &[];
        };
        if frame.constant(name).is_some() {
            return &[];
        }
        let args = layers::REGISTRY.iter().flat_map(|def| def.signature().args);
        args.map(|arg| arg.kind.choices())
            .find(|choices| choices.contains(&&**name))
            .unwrap_or(&[])
    }

    /// The slot of each argument; `None` after a diagnostic.
    fn place(&mut self, slots: &Slots, statement: &LayerStatement) -> Option<Vec<usize>> {
        let errors = self.errors;
        let mut places = Vec::new();
        let mut taken: Vec<Option<Span>> = vec![None; slots.names.len()];
        let mut named: Option<(Name, Span)> = None;
        // Whether some argument may be one that is missed.
        let (mut unknown, mut broken) = (false, false);
        if let (Some(first), true) = (statement.arguments.first(), slots.names.is_empty()) {
            self.report(wording::too_many(first.span, slots.owner, &slots.names));
            return None;
        }
        for (at, argument) in statement.arguments.iter().enumerate() {
            let slot = self.slot_of(slots, statement, at);
            // A broken argument without a name may be any of them.
            if argument.name.is_none() && matches!(argument.value.kind, ExprKind::Error) {
                broken = true;
                continue;
            }
            match (&argument.name, slot) {
                (Some(name), None) => {
                    unknown = true;
                    self.report(wording::unknown_argument(name, slots.owner, &slots.names));
                }
                (None, None) => {
                    self.report(wording::too_many(argument.span, slots.owner, &slots.names))
                }
                (name, Some(slot)) => {
                    if let (None, Some((before, span))) = (name, &named) {
                        self.report(wording::positional_after_named(
                            argument.span,
                            before,
                            *span,
                            slots.names.get(at).copied(),
                        ));
                    } else if let Some(first) = taken[slot] {
                        let name = slots.names[slot];
                        unknown = true;
                        self.report(wording::given_twice(argument.span, name, first));
                    }
                    taken[slot] = Some(argument.span);
                    places.push(slot);
                }
            }
            if let Some(name) = &argument.name {
                named.get_or_insert((name.value.clone(), argument.span));
            }
        }
        // What a broken argument would have been is not known.
        unknown |= (statement.arguments.iter())
            .any(|argument| matches!(argument.value.kind, ExprKind::Error));
        let missing: Vec<usize> = (0..slots.names.len())
            .filter(|slot| slots.required[*slot] && taken[*slot].is_none())
            .collect();
        // A misspelt name is one mistake, not also a missing argument.
        if !missing.is_empty() && !unknown {
            self.report(wording::missing(
                statement,
                slots.owner,
                &slots.names,
                &missing,
            ));
        }
        (self.errors == errors && !broken).then_some(places)
    }

    fn slot_of(&self, slots: &Slots, statement: &LayerStatement, at: usize) -> Option<usize> {
        let argument: &Argument = &statement.arguments[at];
        match &argument.name {
            Some(name) => slots.names.iter().position(|slot| **slot == *name.value),
            None => (at < slots.names.len()).then_some(at),
        }
    }
}
