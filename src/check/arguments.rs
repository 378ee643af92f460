//! Arguments matched with a signature.

use std::sync::Arc;

use super::build::Walk;
use super::scope::{Frame, Operand};
use super::wording::arguments as wording;
use crate::layers;
use crate::layers::args::Args;
use crate::layers::def::{ArgKind, Default, Group, LayerDef};
use crate::layers::value::Value;
use crate::syntax::ast::{Argument, Expr, ExprKind, From, Ident, LayerStatement, Parameter};
use crate::text::{Name, Span};

/// A layer's arguments, and where each is written.
pub struct Matched {
    /// The values.
    pub args: Arc<Args>,
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
    /// Whether the last takes every argument without a name from its place on.
    open: bool,
}

impl Slots<'_> {
    /// The slot of the argument number `at` without a name.
    fn positional(&self, at: usize) -> Option<usize> {
        let last = self.names.len().checked_sub(1)?;
        match at <= last || self.open {
            true => Some(at.min(last)),
            false => None,
        }
    }
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
            open: signature
                .args
                .last()
                .is_some_and(|arg| arg.kind == ArgKind::Order),
        };
        if self.bias_by_position(def, statement) {
            return None;
        }
        let places = self.place(&slots, statement);
        let mut fine = places.is_some();
        let mut args = Args::new(signature);
        let mut spans = vec![None; signature.args.len()];
        // Values are looked at even when their places are wrong: ten mistakes give ten
        // diagnostics.
        for (at, argument) in statement.arguments.iter().enumerate() {
            let slot = places.as_ref().map(|places| places[at]);
            let slot = slot.or_else(|| self.slot_of(&slots, statement, at));
            // What no argument takes has its diagnostic.
            if slot.is_none() {
                continue;
            }
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
                let span = argument.value.span;
                match (args.given(slot), spans[slot]) {
                    // Another of the arguments that a last one takes together.
                    (Some(before), Some(first)) if slots.open && at > slot => {
                        args.set(slot, joined(before, value, at == slot + 1));
                        spans[slot] = Some(Span {
                            end: span.end,
                            ..first
                        });
                    }
                    _ => {
                        args.set(slot, value);
                        spans[slot] = Some(span);
                    }
                }
            }
        }
        let args = Arc::new(args);
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
            open: false,
        };
        let places = self.place(&slots, statement);
        let mut values: Vec<Option<Value>> = vec![None; parameters.len()];
        let mut fine = places.is_some();
        for (at, argument) in statement.arguments.iter().enumerate() {
            if self.slot_of(&slots, statement, at).is_none() {
                continue;
            }
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
            let mut diagnostic = wording::too_many(first.span, slots.owner, &slots.names);
            if let Some(parentheses) = statement.parentheses {
                let title = format!("write `{}`", slots.owner);
                diagnostic = diagnostic.here("not needed").fix(title, parentheses, "");
            }
            self.report(diagnostic);
            return None;
        }
        if let ([first, .., last], ["shape"]) =
            (statement.arguments.as_slice(), slots.names.as_slice())
            && statement
                .arguments
                .iter()
                .all(|argument| argument.name.is_none())
        {
            let size = |argument: &Argument| match self.checker.sources.slice(argument.span) {
                "-1" => "_".to_owned(),
                size => size.to_owned(),
            };
            let sizes: Vec<String> = statement.arguments.iter().map(size).collect();
            let span = first.span.to(last.span);
            self.report(wording::shape_in_arguments(
                span,
                slots.owner,
                &sizes.join(", "),
            ));
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
                    let removed = wording::without(&statement.arguments, at);
                    let mut diagnostic =
                        wording::unknown_argument(name, slots.owner, &slots.names, removed);
                    if &*name.value == "activation"
                        && let Some(layer) = activation(&argument.value)
                    {
                        let end = end_of(statement);
                        let indent = self.checker.sources.indent(end).to_owned();
                        let below = format!("\n{indent}{layer}");
                        diagnostic.notes.clear();
                        diagnostic
                            .fixes
                            .push(wording::activation_below(layer, removed, end, below));
                    }
                    self.report(diagnostic);
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
                    } else if let Some(first) = taken[slot]
                        && (name.is_some() || at == slot)
                    {
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

    /// Whether the arguments are the values that the layer is to take, which is reported.
    pub(super) fn values_as_arguments(
        &mut self,
        frame: &Frame,
        statement: &LayerStatement,
    ) -> bool {
        if statement.from.is_some() {
            return false;
        }
        let is_value = |expr: &Expr| {
            matches!(&expr.kind, ExprKind::Name(name)
                if frame.constant(name).is_none() && frame.label(name).is_some())
        };
        fn items(argument: &Argument) -> Vec<&Expr> {
            match &argument.value.kind {
                ExprKind::Array(items) | ExprKind::Tuple(items) => items.iter().collect(),
                _ => vec![&argument.value],
            }
        }
        let leading = statement.arguments.iter().take_while(|argument| {
            let items = items(argument);
            argument.name.is_none() && !items.is_empty() && items.iter().all(|item| is_value(item))
        });
        let leading: Vec<&Argument> = leading.collect();
        let (Some(first), Some(last)) = (leading.first(), leading.last()) else {
            return false;
        };
        let values: Vec<&Expr> = leading
            .iter()
            .flat_map(|argument| items(argument))
            .collect();
        let names = values
            .iter()
            .map(|value| self.checker.sources.slice(value.span));
        let names: Vec<String> = names.map(str::to_owned).collect();
        let span = first.span.to(last.span);
        let parentheses = statement.parentheses.unwrap_or(span);
        let removed = match statement.arguments.get(leading.len()) {
            Some(next) => first.span.before().to(next.span.before()),
            None => parentheses,
        };
        let end = parentheses.after();
        self.report(wording::values_as_arguments(span, &names, removed, end));
        true
    }

    /// Whether the second argument is a number where a bias belongs: PyTorch's
    /// `Linear(in, out)`, which is reported.
    fn bias_by_position(&mut self, def: &'static dyn LayerDef, statement: &LayerStatement) -> bool {
        let [width, bias, ..] = statement.arguments.as_slice() else {
            return false;
        };
        let is_bias = def.signature().args.get(1).map(|arg| arg.kind) == Some(ArgKind::Bias);
        let number = !matches!(
            bias.value.kind,
            ExprKind::Bool(_) | ExprKind::Array(_) | ExprKind::Tuple(_) | ExprKind::Error
        );
        if !is_bias || width.name.is_some() || bias.name.is_some() || !number {
            return false;
        }
        let text = |span| self.checker.sources.slice(span).to_owned();
        self.report(wording::bias_by_position(
            bias.span,
            def.name(),
            (&text(width.span), &text(bias.span)),
            width.span.before().to(bias.span.before()),
        ));
        true
    }

    fn slot_of(&self, slots: &Slots, statement: &LayerStatement, at: usize) -> Option<usize> {
        let argument: &Argument = &statement.arguments[at];
        match &argument.name {
            Some(name) => slots.names.iter().position(|slot| **slot == *name.value),
            None => slots.positional(at),
        }
    }

    /// Whether a layer takes as many values as stand at `from`; reports when it does not.
    pub(super) fn count_fits(
        &mut self,
        def: &'static dyn LayerDef,
        from: Option<&From>,
        operands: &[Operand],
        name: &Ident,
    ) -> bool {
        let takes = def.signature().inputs;
        let fine = takes.takes(operands.len());
        if !fine {
            let span = from.map_or(name.span, |from| from.span);
            self.report(wording::input_count(
                span,
                def.name(),
                &takes.describe(),
                operands.len(),
            ));
        }
        fine
    }
}

/// `next` after the values of an argument that stand before it: one value, if it is the `second`.
fn joined(before: &Value, next: Value, second: bool) -> Value {
    match before {
        Value::Tuple(values) if !second => {
            let mut values = values.clone();
            values.push(next);
            Value::Tuple(values)
        }
        first => Value::Tuple(vec![first.clone(), next]),
    }
}

/// Where a layer statement ends.
fn end_of(statement: &LayerStatement) -> Span {
    let last = [
        statement.ascription.as_ref().map(|shape| shape.span),
        statement.from.as_ref().map(|from| from.span),
        statement.parentheses,
    ];
    last.into_iter()
        .flatten()
        .max_by_key(|span| span.end)
        .unwrap_or(statement.layer.span)
        .after()
}

/// The layer that another framework's `activation="relu"` or `activation=leaky_relu` means.
fn activation(value: &Expr) -> Option<&'static str> {
    let (ExprKind::Str(name) | ExprKind::Name(name)) = &value.kind else {
        return None;
    };
    let plain = name.replace('_', "").to_lowercase();
    let activations = layers::REGISTRY
        .iter()
        .filter(|def| def.doc().group == Group::Activation);
    activations
        .map(|def| def.name())
        .find(|known| known.to_lowercase() == plain)
}
