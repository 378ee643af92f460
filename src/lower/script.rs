//! Checked models made by hand for tests: each statement becomes a line of a text, so that
//! diagnostics can be drawn, and the layers' own rules give the types.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::check::program::{
    Input, Layer, Model, ModelParameter, Output, Param, ParamId, Required, Source, ValueId,
    ValueInfo,
};
use crate::diag::Diagnostic;
use crate::layers::def::TensorType;
use crate::layers::testing;
use crate::shape::Requirement;
use crate::tensor::Layout;
use crate::text::{FileId, Name, Span, Spanned};

/// A model and its text.
pub(crate) struct Script {
    pub(crate) model: Model,
    text: String,
}

impl Script {
    /// `model Name {`, with the dimension variables in order.
    pub(crate) fn new(name: &str, variables: &[&str]) -> Script {
        let text = format!("model {name} {{\n");
        let span = Span::new(FileId(0), 6, 6 + name.len());
        let variables = variables.iter().map(|name| Spanned {
            value: Name::from(*name),
            span,
        });
        Script {
            model: Model {
                name: name.into(),
                doc: None,
                file: FileId(0),
                span,
                layout: Layout::ChannelsLast,
                parameters: Vec::new(),
                variables: variables.collect(),
                inputs: Vec::new(),
                outputs: Vec::new(),
                values: Vec::new(),
                layers: Vec::new(),
                params: Vec::new(),
                requirements: Vec::new(),
                undecided: Vec::new(),
                weights: None,
                has_errors: false,
                made: Vec::new(),
                constants: Vec::new(),
            },
            text,
        }
    }

    fn line(&mut self, text: &str) -> Span {
        let start = self.text.len() + 4;
        writeln!(self.text, "    {text}").unwrap();
        Span::new(FileId(0), start, start + text.len())
    }

    fn value(&mut self, name: &str, ty: TensorType, source: Source, span: Span) -> ValueId {
        self.model.values.push(ValueInfo {
            name: name.into(),
            ty: Some(ty),
            source,
            span,
        });
        ValueId(self.model.values.len() as u32 - 1)
    }

    /// A parameter of the model without a value.
    pub(crate) fn unset(&mut self, name: &str) {
        self.model.parameters.push(ModelParameter {
            name: Spanned {
                value: name.into(),
                span: self.model.span,
            },
            value: None,
        });
    }

    /// `input name: shape`
    pub(crate) fn input(&mut self, name: &str, shape: &str) -> ValueId {
        let span = self.line(&format!("input {name}: {shape}"));
        let shape_span = Span {
            start: span.end - shape.len() as u32,
            ..span
        };
        let ty = testing::types(&[shape]).remove(0);
        let source = Source::Input(self.model.inputs.len());
        let value = self.value(name, ty, source, span);
        self.model.inputs.push(Input {
            name: Spanned {
                value: name.into(),
                span,
            },
            value,
            shape_span,
        });
        value
    }

    /// `name: layer from inputs`; returns the first result.
    pub(crate) fn layer(&mut self, name: &str, layer: &str, inputs: &[ValueId]) -> ValueId {
        self.results(name, layer, inputs)[0]
    }

    /// `name: layer from inputs`; returns every result.
    pub(crate) fn results(&mut self, name: &str, layer: &str, inputs: &[ValueId]) -> Vec<ValueId> {
        let names = inputs.iter().map(|value| &*self.model.value(*value).name);
        let from = names.collect::<Vec<_>>().join(", ");
        let span = self.line(&format!("{name}: {layer} from {from}"));
        let op = testing::build(layer, Layout::ChannelsLast).unwrap();
        let types: Vec<_> = inputs
            .iter()
            .map(|value| self.model.ty(*value).unwrap().clone())
            .collect();
        let at = self.model.layers.len();
        let first = self.model.params.len();
        for spec in op.params(&types).unwrap() {
            self.model.params.push(Param {
                name: format!("{name}.{}", spec.name).into(),
                shape: spec.shape,
                init: spec.init,
                trained: spec.trained,
                layer: at,
                span,
            });
        }
        let outputs: Vec<_> = op
            .infer(&types)
            .unwrap()
            .outputs
            .into_iter()
            .enumerate()
            .map(|(result, ty)| self.value(name, ty, Source::Layer(at, result), span))
            .collect();
        self.model.layers.push(Layer {
            name: name.into(),
            labelled: true,
            op: Arc::from(op),
            args: None,
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
            params: (first..self.model.params.len())
                .map(|at| ParamId(at as u32))
                .collect(),
            reused: false,
            span,
            via: Arc::default(),
        });
        outputs
    }

    /// The stored tensor `name` as a value.
    pub(crate) fn param(&mut self, name: &str) -> ValueId {
        let found = self.model.params.iter().position(|it| &*it.name == name);
        let at = found.unwrap();
        let ty = TensorType::f32(self.model.params[at].shape.clone());
        self.value(name, ty, Source::Param(ParamId(at as u32)), self.model.span)
    }

    /// `output name from value`
    pub(crate) fn output(&mut self, name: &str, value: ValueId) {
        let span = self.line(&format!("output {name}"));
        self.model.outputs.push(Output {
            name: Spanned {
                value: name.into(),
                span,
            },
            value: Some(value),
            labels: None,
        });
    }

    /// A requirement of layer `layer`.
    pub(crate) fn require(&mut self, requirement: Requirement, rule: &str, layer: usize) {
        self.model.requirements.push(Required {
            requirement,
            rule: rule.into(),
            span: self.model.layers[layer].span,
        });
    }

    /// A diagnostic as plain text: the message, each place with the words of the text there and
    /// what is said about it, and the notes.
    pub(crate) fn draw(&self, diagnostic: &Diagnostic) -> String {
        let mut drawn = format!("{}: {}\n", diagnostic.code, diagnostic.message);
        for label in std::iter::once(&diagnostic.primary).chain(&diagnostic.labels) {
            let place = &self.text[label.span.range()];
            writeln!(drawn, "  {place} <- {}", label.message).unwrap();
        }
        for note in &diagnostic.notes {
            for (at, line) in note.lines().enumerate() {
                let mark = if at == 0 { "=" } else { " " };
                writeln!(drawn, "  {mark} {line}").unwrap();
            }
        }
        drawn
    }

    /// Several diagnostics as plain text.
    pub(crate) fn draw_all(&self, diagnostics: &[Diagnostic]) -> String {
        let drawn = diagnostics.iter().map(|it| self.draw(it));
        drawn.collect::<Vec<_>>().join("")
    }
}
