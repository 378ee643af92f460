//! Names of layers that the language does not know.

use super::build::Walk;
use super::scope::{Current, Frame};
use super::wording::{arguments as wording, names};
use crate::layers;
use crate::syntax::ast::{Argument, ExprKind, LayerStatement, Statement};
use crate::text::{Name, Span};

impl<'a> Walk<'_, 'a> {
    /// The name of a layer with the module that is written before it: `nn.Conv2d`.
    fn with_module(&self, name: Span) -> Span {
        let text = &self.checker.sources.file(name.file).text[..name.start as usize];
        let module =
            text.trim_end_matches(|ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '.'));
        Span {
            start: match text.ends_with('.') {
                true => module.len() as u32,
                false => name.start,
            },
            ..name
        }
    }

    /// The values that stand in the parentheses of a layer, and nothing else: `a, b`.
    fn called_with(&self, frame: &Frame, layer: &LayerStatement) -> Option<String> {
        let name = |argument: &Argument| match &argument.value.kind {
            ExprKind::Name(name) if argument.name.is_none() => {
                frame.label(name).map(|_| name.to_string())
            }
            _ => None,
        };
        let names: Option<Vec<String>> = layer.arguments.iter().map(name).collect();
        names
            .filter(|names| !names.is_empty() && layer.from.is_none())
            .map(|names| names.join(", "))
    }

    /// Reports a layer's name that is none, and goes on with an unknown result.
    pub(super) fn unknown_layer(
        &mut self,
        frame: &mut Frame,
        statement: &'a Statement,
        layer: &'a LayerStatement,
    ) {
        let name = &layer.layer;
        let blocks = self.checker.visible[frame.unit].keys();
        let mut known: Vec<&str> = layers::REGISTRY.iter().map(|def| def.name()).collect();
        let own: Vec<Name> = blocks.cloned().collect();
        known.extend(own.iter().map(|name| &**name));
        known.sort_unstable();
        let found = layers::find_elsewhere(&name.value);
        let elsewhere = found.as_ref().map(|(def, frameworks)| names::Elsewhere {
            layer: def.name(),
            frameworks,
            written: self.with_module(name.span),
            width: width_first(def.name(), frameworks, layer),
        });
        // The arguments have mistakes of their own, unless the first is not one of ours.
        let known_as = match &elsewhere {
            Some(elsewhere) if elsewhere.width.is_none() => found.as_ref().map(|(def, _)| *def),
            _ => None,
        };
        let diagnostic = match frame.label(&name.value) {
            Some(_) if elsewhere.is_none() => {
                let names = self.called_with(frame, layer);
                let called = layer.parentheses.zip(names.as_deref());
                names::label_as_layer(name.span, &name.value, called)
            }
            _ => names::unknown_layer(name.span, &name.value, &known, elsewhere),
        };
        if frame.home && self.checker.failed.insert(statement.span) {
            self.report(diagnostic);
            if let Some(def) = known_as
                && !self.values_as_arguments(frame, layer)
            {
                self.layer_arguments(frame, layer, def);
            }
        }
        self.errors += 1;
        if let Some(from) = &layer.from {
            for path in &from.values {
                self.path(frame, path);
            }
        } else if let Current::Value(operand) = &frame.current {
            let made = operand.made;
            frame.mark_used(made);
        }
        self.finish_poisoned(frame, statement, &layer.label, &layer.ascription);
    }
}

/// The first argument, with its comma, of a layer written as in PyTorch, where that is the size
/// that comes in: `Conv2d(3, 6, 5)`.
fn width_first(layer: &str, frameworks: &[&str], statement: &LayerStatement) -> Option<Span> {
    let least = match layer {
        "Conv" | "ConvTranspose" => 3,
        "Linear" | "RNN" | "LSTM" | "GRU" => 2,
        "BatchNorm" | "InstanceNorm" => 1,
        _ => return None,
    };
    let enough = frameworks == ["PyTorch"] && statement.arguments.len() >= least;
    let first = statement.arguments.first()?;
    (enough && first.name.is_none()).then(|| wording::without(&statement.arguments, 0))
}
