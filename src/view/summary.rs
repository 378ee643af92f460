//! The summary of a model: what each layer makes, holds, costs and sees.

use std::collections::HashSet;

use crate::check::field::Fields;
use crate::check::program::{Layer, Model, ValueId};
use crate::diag::Diagnostic;
use crate::shape::{Dim, DimError, Shape};
use crate::text::{Name, SourceMap};

mod table;

pub use crate::check::field::{Seen, seen_by};

/// A model, layer by layer, up to the first whose result is not known.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The model's name.
    pub name: Name,
    /// Its inputs: name and shape, as far as known.
    pub inputs: Vec<(Name, Option<Shape>)>,
    /// Its outputs: name and shape, as far as known.
    pub outputs: Vec<(Name, Option<Shape>)>,
    /// Its layers in the order in which they run.
    pub rows: Vec<Row>,
    /// What training would learn, in numbers; `None` when that is beyond computing.
    pub parameters: Option<Dim>,
    /// Running statistics, in numbers.
    pub buffers: Option<Dim>,
    /// Multiply-accumulates of one run; `None` when that is beyond computing or not all layers
    /// are known.
    pub macs: Option<Dim>,
    /// Requirements on the sizes, in the language's syntax.
    pub requirements: Vec<String>,
    /// Why the rows end before the model does.
    pub stopped: Option<Stop>,
}

/// One layer.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its path: `stage1.0.conv2`.
    pub path: Name,
    /// Whether its last part is a label from the program.
    pub labelled: bool,
    /// The layer's name in the language.
    pub kind: &'static str,
    /// The line of its statement, from 1.
    pub line: usize,
    /// The shape of its first result.
    pub shape: Shape,
    /// The numbers that training would learn here, without those of a reused layer.
    pub parameters: Option<Dim>,
    /// Whether its parameters are those of an earlier layer.
    pub reused: bool,
    /// Multiply-accumulates.
    pub macs: Option<Dim>,
    /// Bytes of its results: the first, and the others where they are used.
    pub bytes: Option<Dim>,
    /// How much of the input one of its results sees.
    pub seen: Seen,
}

/// The error that hides the rest of a model.
#[derive(Clone, Debug)]
pub struct Stop {
    /// What is wrong.
    pub message: String,
    /// The line where it is, from 1.
    pub line: usize,
}

impl Summary {
    /// The summary of `model`; `diags` are those of its program.
    pub fn new(model: &Model, sources: &SourceMap, diags: &[Diagnostic]) -> Summary {
        let mut seen = Fields::new(model);
        let used: HashSet<ValueId> = model
            .layers
            .iter()
            .flat_map(|layer| layer.inputs.iter().copied())
            .chain(model.outputs.iter().filter_map(|output| output.value))
            .collect();
        let rows: Vec<Row> = model
            .layers
            .iter()
            .map_while(|layer| row(model, layer, sources.line(layer.span), &used, &mut seen))
            .collect();
        let stopped = first_error(model, diags).map(|diag| Stop {
            message: diag.message.clone(),
            line: sources.line(diag.primary.span),
        });
        let shape = |value: ValueId| model.ty(value).map(|ty| ty.shape.clone());
        let macs = match stopped {
            Some(_) => None,
            None => rows.iter().try_fold(Dim::constant(0), |sum, row| {
                sum.add(row.macs.as_ref()?).ok()
            }),
        };
        Summary {
            name: model.name.clone(),
            inputs: model
                .inputs
                .iter()
                .map(|input| (input.name.value.clone(), shape(input.value)))
                .collect(),
            outputs: model
                .outputs
                .iter()
                .map(|output| (output.name.value.clone(), output.value.and_then(shape)))
                .collect(),
            rows,
            parameters: stored(model, true),
            buffers: stored(model, false),
            macs,
            requirements: model
                .requirements
                .iter()
                .map(|required| required.requirement.to_string())
                .collect(),
            stopped,
        }
    }
}

/// The first error in `model`, or in what it uses.
fn first_error<'a>(model: &Model, diags: &'a [Diagnostic]) -> Option<&'a Diagnostic> {
    let errors = || diags.iter().filter(|diag| diag.is_error());
    let within = |diag: &&Diagnostic| {
        let span = diag.primary.span;
        span.file == model.file && span.start >= model.span.start
    };
    model
        .has_errors
        .then(|| errors().find(within).or_else(|| errors().next()))
        .flatten()
}

/// How many numbers the model stores that training would learn, or the others.
pub fn stored(model: &Model, trained: bool) -> Option<Dim> {
    count(
        model
            .params
            .iter()
            .filter(|param| param.trained == trained)
            .map(|param| &param.shape),
    )
    .ok()
}

/// How many numbers tensors of these shapes hold.
pub fn count<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Result<Dim, DimError> {
    let mut sum = Dim::constant(0);
    for shape in shapes {
        sum = sum.add(&shape.elements()?)?;
    }
    Ok(sum)
}

/// What is known of `layer`; `None` when a type is missing.
fn row(
    model: &Model,
    layer: &Layer,
    line: usize,
    used: &HashSet<ValueId>,
    seen: &mut Fields,
) -> Option<Row> {
    let inputs = model.input_types(layer)?;
    let outputs = model.output_types(layer)?;
    let cost = layer.op.cost(&inputs, &outputs).ok();
    let field = seen.through(layer, cost.as_ref().map(|cost| &cost.field));
    let parameters = if layer.reused {
        Some(Dim::constant(0))
    } else {
        count(
            layer
                .params
                .iter()
                .map(|param| model.param(*param))
                .filter(|param| param.trained)
                .map(|param| &param.shape),
        )
        .ok()
    };
    // A further result that nothing uses is not made.
    let made = layer
        .outputs
        .iter()
        .zip(&outputs)
        .enumerate()
        .filter(|(at, (value, _))| *at == 0 || used.contains(value));
    let bytes = made
        .map(|(_, (_, ty))| ty)
        .try_fold(Dim::constant(0), |sum, ty| {
            let bytes = ty
                .shape
                .elements()
                .ok()?
                .times(ty.dtype.size() as i128)
                .ok()?;
            sum.add(&bytes).ok()
        });
    Some(Row {
        path: layer.name.clone(),
        labelled: layer.labelled,
        kind: layer.op.kind(),
        line,
        shape: outputs.first()?.shape.clone(),
        parameters,
        reused: layer.reused,
        macs: cost.map(|cost| cost.macs),
        bytes,
        seen: field,
    })
}
