//! Shapes that are stated: the inferred one first, then what its sizes are made of.

use super::{Insert, Kind, Menu};
use crate::shape::Shape;

impl Menu<'_, '_> {
    /// After `->` or an output's `:` at word `sign`.
    pub(super) fn in_shape(&mut self, sign: usize) {
        let inferred = self.inferred();
        let Some(open) = self.line.open.first().copied().filter(|open| *open > sign) else {
            // After the bracket nothing is left to say.
            if self.line.words.len() > sign + 1 {
                return;
            }
            if let Some(shape) = inferred {
                let mut item = self.item(shape.to_string(), Kind::Shape);
                item.detail = Some("the inferred shape".to_owned());
                item.documentation =
                    Some("What this line gives, as the compiler infers it.".to_owned());
                self.add(item);
            }
            return;
        };
        let axis = self.axis(open);
        let size = inferred.as_ref().filter(|shape| axis < shape.rank());
        if let Some(shape) = size {
            let first = self.line.words.len() == open + 1;
            let rest = self.line.rest().trim_start();
            if first && (rest.is_empty() || rest.starts_with(']')) {
                let text = shape.to_string();
                let inside = &text[1..text.len() - 1];
                let mut item = self.item(inside, Kind::Shape);
                item.detail = Some("the inferred sizes".to_owned());
                item.insert = match rest.is_empty() {
                    true => Insert::Plain(format!("{inside}]")),
                    false => Insert::Plain(inside.to_owned()),
                };
                self.add(item);
            }
        }
        let size = size.map(|shape| shape[axis].to_string());
        self.sizes(size.filter(|_| matches!(self.line.back(0), "[" | ",")));
    }

    /// What sizes are made of; `inferred` first.
    pub(super) fn sizes(&mut self, inferred: Option<String>) {
        if let Some(size) = inferred {
            let mut item = self.item(size, Kind::Shape);
            item.detail = Some("the inferred size".to_owned());
            self.add(item);
        }
        self.constants();
    }

    /// Which axis the cursor is in, of the shape whose bracket is word `open`.
    fn axis(&self, open: usize) -> usize {
        let mut depth = 0usize;
        let mut axis = 0;
        for word in &self.line.words[open + 1..] {
            match word.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "," if depth == 0 => axis += 1,
                _ => {}
            }
        }
        axis
    }

    /// `->` with the inferred shape, then without.
    pub(super) fn stated(&mut self) {
        if let Some(shape) = self.inferred() {
            let mut item = self.item(format!("-> {shape}"), Kind::Shape);
            item.detail = Some("the inferred shape".to_owned());
            item.documentation = crate::ide::hover::keyword("->");
            self.add(item);
        }
        self.word("->", "-> [$0]");
    }

    /// The shape that the statement on this line gives, in the last turn of repeats around it,
    /// whatever it states.
    fn inferred(&self) -> Option<Shape> {
        let span = self.scope.statement?.span;
        let facts = self.view.facts;
        if let Some((body, layer)) = facts.layers(span).last() {
            let inferred = layer.op.infer(&body.input_types(layer)?).ok()?;
            return inferred.outputs.first().map(|ty| ty.shape.clone());
        }
        if let Some((body, made)) = facts.made(span).last() {
            return body.ty(*made.values.first()?).map(|ty| ty.shape.clone());
        }
        let body = self.scope.body?;
        let inside = |place: crate::text::Span| span.start <= place.start && place.end <= span.end;
        let output = body.outputs.iter().find(|it| inside(it.name.span))?;
        body.ty(output.value?).map(|ty| ty.shape.clone())
    }
}
