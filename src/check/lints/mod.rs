//! Advice on programs that mean something, and probably not what was intended (`W02xx`). Each
//! looks at a finished model or at a block's body, and is told only where it is true.

mod fields;
mod maps;
mod names;
mod order;
mod weights;
mod windows;

use std::collections::{HashMap, HashSet};

use super::Unit;
use super::program::{Layer, Model, ParamId, Source, ValueId};
use crate::diag::{Code, Diagnostic};
use crate::layers;
use crate::layers::def::Init;
use crate::shape::Dim;
use crate::syntax::ast::{Definition, Expr, Item, LayerStatement, Statement, StatementKind};
use crate::text::Span;

/// A finished body, with the definition that it is of.
pub struct Body<'a> {
    /// Its layers and values; of a block, with its parameters and sizes as symbols.
    pub model: &'a Model,
    /// Where it is written.
    pub definition: &'a Definition,
    /// Whether it is a model, whose outputs are results, and no block.
    pub whole: bool,
}

/// What there is to say of `bodies`, blocks first: each thing once, at its statement.
pub fn find(bodies: &[Body], units: &[Unit]) -> Vec<Diagnostic> {
    let mut statements = HashMap::new();
    for unit in units {
        for item in &unit.tree.items {
            if let Item::Definition(definition) = item {
                index(&definition.body.statements, &mut statements);
            }
        }
    }
    // Weights on disk were trained with the biases that they hold; for blocks alone, nobody knows.
    let stored = bodies.iter().any(|body| body.model.weights.is_some())
        || !bodies.iter().any(|body| body.whole);
    let mut told: HashSet<(Code, Span)> = HashSet::new();
    let mut found = Vec::new();
    for body in bodies.iter().filter(|body| !body.model.has_errors) {
        let view = View::new(body, &statements, stored);
        let mut all = Vec::new();
        names::look(body.definition, &mut all);
        weights::look(&view, &mut all);
        fields::look(&view, &mut all);
        order::look_at_inputs(&view, &mut all);
        for layer in &body.model.layers {
            maps::look(&view, layer, &mut all);
            match order::look(&view, layer) {
                Some(diagnostic) => all.push(diagnostic),
                None => windows::look(&view, layer, &mut all),
            }
        }
        maps::look_at_outputs(&view, &mut all);
        all.retain(|diagnostic| told.insert((diagnostic.code, diagnostic.primary.span)));
        found.append(&mut all);
    }
    found
}

fn index<'a>(statements: &'a [Statement], out: &mut HashMap<Span, &'a LayerStatement>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Layer(layer) => {
                out.insert(statement.span, layer);
            }
            StatementKind::Repeat(repeat) => index(&repeat.body.statements, out),
            _ => {}
        }
    }
}

/// A body with what the lints ask of it.
struct View<'a> {
    model: &'a Model,
    whole: bool,
    /// Whether there are weights on disk.
    stored: bool,
    statements: &'a HashMap<Span, &'a LayerStatement>,
    /// How many layers and outputs take each value.
    uses: Vec<usize>,
    /// How many layers have each stored tensor, or work on it as a value.
    holders: HashMap<ParamId, usize>,
}

impl<'a> View<'a> {
    fn new(
        body: &'a Body,
        statements: &'a HashMap<Span, &'a LayerStatement>,
        stored: bool,
    ) -> View<'a> {
        let model = body.model;
        let mut uses = vec![0; model.values.len()];
        let mut holders = HashMap::new();
        for layer in &model.layers {
            for value in &layer.inputs {
                uses[value.0 as usize] += 1;
                if let Source::Param(param) = model.value(*value).source {
                    *holders.entry(param).or_default() += 1;
                }
            }
            for param in &layer.params {
                *holders.entry(*param).or_default() += 1;
            }
        }
        for value in model.outputs.iter().filter_map(|output| output.value) {
            uses[value.0 as usize] += 1;
        }
        View {
            model,
            whole: body.whole,
            stored,
            statements,
            uses,
            holders,
        }
    }

    /// The kernel of a convolution, as its weight `[filters, channels, kernel…]` has it.
    fn kernel(&self, layer: &Layer) -> Option<&'a [Dim]> {
        let weight = self.model.param(*layer.params.first()?);
        weight.shape.dims().get(2..)
    }

    /// The layer that makes `value`, when nothing else takes it.
    fn only_for(&self, value: ValueId) -> Option<&'a Layer> {
        match self.model.value(value).source {
            Source::Layer(at, 0) if self.uses[value.0 as usize] == 1 => self.model.layers.get(at),
            _ => None,
        }
    }

    /// The layer whose result reaches `layer` unchanged and nothing else.
    fn before(&self, layer: &Layer) -> Option<&'a Layer> {
        let mut value = *layer.inputs.first()?;
        loop {
            let made_by = self.only_for(value)?;
            let input = *made_by.inputs.first()?;
            let same = match made_by.op.kind() {
                "Identity" | "Dropout" => true,
                "Flatten" => self.model.ty(input) == self.model.ty(value),
                _ => false,
            };
            if !same {
                return Some(made_by);
            }
            value = input;
        }
    }

    /// The statement of a layer; `None` of a `reuse`.
    fn statement(&self, layer: &Layer) -> Option<&'a LayerStatement> {
        self.statements.get(&layer.span).copied()
    }

    /// Where the layer's name is written.
    fn place(&self, layer: &Layer) -> Span {
        self.statement(layer)
            .map_or(layer.span, |statement| statement.layer.span)
    }

    /// Whether its parameters are no other layer's, and learned rather than written.
    fn learns_alone(&self, layer: &Layer) -> bool {
        !layer.reused
            && layer.params.iter().all(|param| {
                let given = matches!(self.model.param(*param).init, Init::Given(_));
                !given && self.holders.get(param) == Some(&1)
            })
    }

    /// `diagnostic`, which is about `layer`, with the uses of blocks that lead there.
    fn told(&self, layer: &Layer, diagnostic: Diagnostic) -> Diagnostic {
        match layer.via.last() {
            Some(span) => diagnostic.label(*span, "in this use"),
            None => diagnostic,
        }
    }
}

/// What is written for the argument `name`.
fn argument<'a>(layer: &'a LayerStatement, name: &str) -> Option<&'a Expr> {
    let def = layers::find(&layer.layer.value)?;
    let place = (def.signature().args.iter()).position(|arg| arg.name == name)?;
    let named = (layer.arguments.iter())
        .find(|argument| argument.name.as_ref().is_some_and(|it| &*it.value == name));
    let argument = named.or_else(|| {
        layer
            .arguments
            .get(place)
            .filter(|argument| argument.name.is_none())
    });
    argument.map(|argument| &argument.value)
}
