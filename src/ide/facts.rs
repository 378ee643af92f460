//! What the checker found out about the statements of a file.

use std::collections::HashMap;

use crate::analysis::Analysis;
use crate::check::program::{Layer, Made, Model, ValueId};
use crate::layers::def::TensorType;
use crate::text::Span;

/// The checked bodies of an analysis, by the statements in them. A block is as checked where it
/// stands, with its parameters and sizes as symbols.
pub struct Facts<'a> {
    bodies: HashMap<Span, &'a Model>,
    made: HashMap<Span, Vec<(&'a Model, &'a Made)>>,
    layers: HashMap<Span, Vec<(&'a Model, &'a Layer)>>,
}

impl<'a> Facts<'a> {
    /// The facts of every file of `analysis`.
    pub fn new(analysis: &'a Analysis) -> Facts<'a> {
        let blocks = analysis.program.blocks.iter().map(|block| &block.body);
        let bodies: Vec<&Model> = blocks.chain(&analysis.program.models).collect();
        let mut made: HashMap<Span, Vec<_>> = HashMap::new();
        let mut layers: HashMap<Span, Vec<_>> = HashMap::new();
        for body in &bodies {
            for one in &body.made {
                made.entry(one.span).or_default().push((*body, one));
            }
            let own = body.layers.iter().filter(|layer| layer.via.is_empty());
            for layer in own {
                layers.entry(layer.span).or_default().push((*body, layer));
            }
        }
        Facts {
            bodies: bodies.into_iter().map(|body| (body.span, body)).collect(),
            made,
            layers,
        }
    }

    /// The checked body of the block or model whose name stands at `name`.
    pub fn body(&self, name: Span) -> Option<&'a Model> {
        self.bodies.get(&name).copied()
    }

    /// What the statement at `statement` made, once for each turn of the repeats around it: the
    /// body it belongs to and the values.
    pub fn made(&self, statement: Span) -> &[(&'a Model, &'a Made)] {
        self.made.get(&statement).map_or(&[], Vec::as_slice)
    }

    /// The layers that the statement at `statement` applied by itself, once for each turn; none
    /// for a use of a block.
    pub fn layers(&self, statement: Span) -> &[(&'a Model, &'a Layer)] {
        self.layers.get(&statement).map_or(&[], Vec::as_slice)
    }

    /// The types of the first result of the statement at `statement`: those of the first turn and
    /// of the last, which are the same where nothing is repeated. `None` when an error hides them.
    pub fn result(&self, statement: Span) -> Option<(&'a TensorType, &'a TensorType)> {
        let all = self.made(statement);
        let ty = |(body, made): &(&'a Model, &'a Made)| body.ty(*made.values.first()?);
        Some((ty(all.first()?)?, ty(all.last()?)?))
    }

    /// The type of `value` in `body`; `None` when an error hides it.
    pub fn ty(&self, body: &'a Model, value: ValueId) -> Option<&'a TensorType> {
        body.ty(value)
    }
}
