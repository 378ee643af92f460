//! A checked program: every name resolved, every value typed, blocks inlined and repeats
//! unrolled. Sizes are symbolic; lowering binds them.

use std::sync::Arc;

use crate::layers::args::Args;
use crate::layers::def::{Init, Op, TensorType};
use crate::layers::value::Value;
use crate::shape::{Requirement, Shape};
use crate::tensor::Layout;
use crate::text::{FileId, Name, Span, Spanned};

/// All that a file's models and blocks were found to be.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The models of the file that was asked for, top to bottom.
    pub models: Vec<Model>,
    /// Every block that was checked, in the order of checking.
    pub blocks: Vec<Block>,
}

/// A block as checked at its definition, with its parameters and sizes as symbols.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub name: Name,
    /// Where its name stands.
    pub span: Span,
    /// The inputs and their types, as far as known.
    pub inputs: Vec<(Name, Option<TensorType>)>,
    /// The outputs and their types, as far as known.
    pub outputs: Vec<(Name, Option<TensorType>)>,
    /// What a use must bring.
    pub requirements: Vec<Required>,
    /// What its statements make, with its parameters and sizes as symbols.
    pub body: Model,
}

/// A model: what is checked, run, exported.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its name.
    pub name: Name,
    /// Its comment.
    pub doc: Option<String>,
    /// The file that defines it.
    pub file: FileId,
    /// Where its name stands.
    pub span: Span,
    /// Where channels sit.
    pub layout: Layout,
    /// Its compile-time parameters; one without a value is a symbol.
    pub parameters: Vec<ModelParameter>,
    /// Its dimension variables, in the order of appearance; those set from outside are left out.
    pub variables: Vec<Spanned<Name>>,
    /// Its inputs, in order.
    pub inputs: Vec<Input>,
    /// Its outputs, in order.
    pub outputs: Vec<Output>,
    /// Every value, by [`ValueId`].
    pub values: Vec<ValueInfo>,
    /// The applications of layers, in an order in which they can run.
    pub layers: Vec<Layer>,
    /// The stored tensors, in the order of the layers that made them.
    pub params: Vec<Param>,
    /// What its sizes must meet beyond being at least 1, simplified.
    pub requirements: Vec<Required>,
    /// What could not be decided for every size: a run checks it, and there was a warning.
    pub undecided: Vec<Required>,
    /// The weights file that it names, relative to its own file.
    pub weights: Option<Spanned<Name>>,
    /// Whether an error was found in it or in what it uses: it cannot run.
    pub has_errors: bool,
    /// What each statement of its own body made, in the order of making: one entry a turn for
    /// those in a `repeat`.
    pub made: Vec<Made>,
    /// Its compile-time names with their values, in the order of their lines; those in a `repeat`
    /// have the value of the first turn.
    pub constants: Vec<Constant>,
}

/// What a statement made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The statement.
    pub span: Span,
    /// Its results, the first of which a plain use means; those of a block are its outputs.
    pub values: Vec<ValueId>,
}

/// A compile-time name with its value.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The name and where it is defined.
    pub name: Spanned<Name>,
    /// Its value; [`Value::Error`] after a diagnostic.
    pub value: Value,
}

/// A compile-time parameter of a model.
#[derive(Clone, Debug)]
pub struct ModelParameter {
    /// Its name and where it stands.
    pub name: Spanned<Name>,
    /// Its value; `None` while it is a symbol.
    pub value: Option<Value>,
}

/// An input of a model.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name and where it stands.
    pub name: Spanned<Name>,
    /// The value that it brings.
    pub value: ValueId,
    /// Where its shape is written.
    pub shape_span: Span,
}

/// An output of a model.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name and where it stands.
    pub name: Spanned<Name>,
    /// The value that it takes; `None` after an error.
    pub value: Option<ValueId>,
    /// Names for the last axis.
    pub labels: Option<Arc<Vec<String>>>,
}

/// A value of a [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

/// A stored tensor of a [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub u32);

/// What is known of a value.
#[derive(Clone, Debug)]
pub struct ValueInfo {
    /// What a person calls it: `conv1`, `relu_2`, `stage1.0.conv2`.
    pub name: Name,
    /// Its type; `None` after an error.
    pub ty: Option<TensorType>,
    /// Where it comes from.
    pub source: Source,
    /// The statement that makes it, or the input's name.
    pub span: Span,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An input, by position.
    Input(usize),
    /// A result of a layer: positions in [`Model::layers`] and in its results.
    Layer(usize, usize),
    /// A stored tensor.
    Param(ParamId),
    /// Nothing: an error stands in its way.
    Error,
}

/// One application of a layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its path: `stage1.0.conv2`, or `relu_2` without a label.
    pub name: Name,
    /// Whether the last part of the path is a label from the program.
    pub labelled: bool,
    /// The operation.
    pub op: Arc<dyn Op>,
    /// The arguments that it was built from; `None` for a `reuse`, which has those of the first.
    pub args: Option<Arc<Args>>,
    /// The values that it takes.
    pub inputs: Vec<ValueId>,
    /// The values that it makes.
    pub outputs: Vec<ValueId>,
    /// Its stored tensors, in the order of `Op::params`.
    pub params: Vec<ParamId>,
    /// Whether the tensors were made by an earlier layer (`reuse`).
    pub reused: bool,
    /// Its statement.
    pub span: Span,
    /// The uses of blocks that lead here, outermost first.
    pub via: Arc<Vec<Span>>,
}

/// A stored tensor.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name in a weights file: `stage1.0.conv2.weight`.
    pub name: Name,
    /// Its stored shape.
    pub shape: Shape,
    /// Its values without a weights file.
    pub init: Init,
    /// Whether training would learn it; otherwise it is a buffer.
    pub trained: bool,
    /// The layer that made it.
    pub layer: usize,
    /// The statement of that layer.
    pub span: Span,
}

/// A requirement and the layer that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// What must hold.
    pub requirement: Requirement,
    /// The rule behind it, a sentence without a full stop.
    pub rule: String,
    /// The layer's statement.
    pub span: Span,
}

impl Model {
    /// What is known of `value`.
    pub fn value(&self, value: ValueId) -> &ValueInfo {
        &self.values[value.0 as usize]
    }

    /// The type of `value`; `None` after an error.
    pub fn ty(&self, value: ValueId) -> Option<&TensorType> {
        self.value(value).ty.as_ref()
    }

    /// The stored tensor `param`.
    pub fn param(&self, param: ParamId) -> &Param {
        &self.params[param.0 as usize]
    }

    /// The types of a layer's inputs, when all are known.
    pub fn input_types(&self, layer: &Layer) -> Option<Vec<TensorType>> {
        self.types(&layer.inputs)
    }

    /// The types of a layer's results, when all are known.
    pub fn output_types(&self, layer: &Layer) -> Option<Vec<TensorType>> {
        self.types(&layer.outputs)
    }

    fn types(&self, values: &[ValueId]) -> Option<Vec<TensorType>> {
        values
            .iter()
            .map(|value| self.ty(*value).cloned())
            .collect()
    }
}
