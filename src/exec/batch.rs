//! A large input in pieces along the batch axis.

use std::sync::Arc;

use super::{ExecError, graph_at, run};
use crate::check::program::{Model, Source, ValueId};
use crate::layers::def::Field;
use crate::plan::{Options, Plan};
use crate::shape::Env;
use crate::tensor::Tensor;
use crate::text::Name;

/// The variable that is the first axis of every input and of every output, so that a run can be
/// split along it.
///
/// # Errors
///
/// Why there is none, a sentence without a full stop: an input or output begins with something
/// else, or a value on the way has the variable elsewhere or loses it, which means that rows are
/// mixed, or a layer keeps the shape and sees further than its own place (`Softmax(axis=0)`).
pub fn batch_variable(model: &Model) -> Result<Name, String> {
    let first = |value: ValueId, what: &str, name: &str| -> Result<Name, String> {
        let shape = model.ty(value).map(|ty| &ty.shape);
        let first = shape.and_then(|shape| shape.dims().first());
        match first.and_then(|dim| dim.as_var()) {
            Some(var) => Ok(var.clone()),
            None => {
                let found = shape.map_or("unknown".to_owned(), ToString::to_string);
                Err(format!(
                    "a batch is split along a dimension variable that is the first axis of every \
                     input and output, and the {what} `{name}` is {found}"
                ))
            }
        }
    };
    let mut variable: Option<Name> = None;
    let inputs = model
        .inputs
        .iter()
        .map(|it| ("input", &it.name, Some(it.value)));
    let outputs = model
        .outputs
        .iter()
        .map(|it| ("output", &it.name, it.value));
    for (what, name, value) in inputs.chain(outputs) {
        let value = value.ok_or("the model has errors")?;
        let found = first(value, what, &name.value)?;
        match &variable {
            Some(known) if *known != found => {
                return Err(format!(
                    "the {what} `{}` begins with {found}, and others begin with {known}",
                    name.value
                ));
            }
            _ => variable = Some(found),
        }
    }
    let variable = variable.ok_or("the model has no input")?;
    check_rows(model, &variable)?;
    Ok(variable)
}

/// Refuses values that have the variable elsewhere than as their first axis, and values that
/// depend on an input and do not have it.
fn check_rows(model: &Model, variable: &Name) -> Result<(), String> {
    for param in &model.params {
        if param.shape.iter().any(|dim| dim.vars().contains(variable)) {
            return Err(format!(
                "the size of `{}` depends on {variable}",
                param.name
            ));
        }
    }
    let mut depends = vec![false; model.values.len()];
    for (at, info) in model.values.iter().enumerate() {
        depends[at] = matches!(info.source, Source::Input(_));
    }
    for layer in &model.layers {
        if let (Some(inputs), Some(outputs)) = (model.input_types(layer), model.output_types(layer))
            && inputs.first().map(|ty| &ty.shape) == outputs.first().map(|ty| &ty.shape)
            && (layer.op.cost(&inputs, &outputs)).is_ok_and(|cost| cost.field == Field::Whole)
        {
            return Err(format!(
                "`{}` keeps its shape and sees more than its own row",
                layer.name
            ));
        }
        if layer.inputs.iter().any(|value| depends[value.0 as usize]) {
            for value in &layer.outputs {
                depends[value.0 as usize] = true;
            }
        }
    }
    for (info, depends) in model.values.iter().zip(depends) {
        let Some(ty) = &info.ty else { continue };
        let elsewhere = ty.shape.iter().skip(1);
        let mut elsewhere = elsewhere.filter(|dim| dim.vars().contains(variable));
        let first = ty.shape.dims().first();
        let rows = first.and_then(|dim| dim.as_var()) == Some(variable);
        let mixed = first.is_some_and(|dim| dim.vars().contains(variable)) && !rows;
        if elsewhere.next().is_some() || mixed || (depends && !rows) {
            return Err(format!(
                "`{}` is {}, which mixes the rows of {variable}",
                info.name, ty.shape
            ));
        }
    }
    Ok(())
}

/// The sizes of one piece of at most `batch` rows, for which the stored tensors are to be made.
///
/// # Errors
///
/// If the model cannot be split, or `batch` is 0.
pub fn batch_sizes(model: &Model, env: &Env, batch: usize) -> Result<Env, ExecError> {
    let variable = batch_variable(model).map_err(ExecError::Batch)?;
    if batch == 0 {
        return Err(ExecError::Batch("a batch has at least one row".into()));
    }
    let mut env = env.clone();
    if let Some(rows) = env.get_mut(&variable) {
        *rows = (*rows).min(batch as i128);
    }
    Ok(env)
}

/// Runs `model` at the sizes of `env` on `inputs` in pieces of `batch` rows, the last perhaps
/// smaller. `weights` are the stored tensors in the order of the graph's, `progress` is told how
/// many rows are done and how many there are.
///
/// # Errors
///
/// As [`batch_sizes`], and as [`super::graph_at`], [`Plan::new`] and [`run`].
pub fn run_batched(
    model: &Model,
    env: &Env,
    weights: &[Arc<Tensor>],
    inputs: &[Tensor],
    batch: usize,
    options: &Options,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Tensor>, ExecError> {
    let variable = batch_variable(model).map_err(ExecError::Batch)?;
    let sizes = batch_sizes(model, env, batch)?;
    let total = inputs.first().and_then(|it| it.shape().first().copied());
    let total = total.unwrap_or(0);
    let plan_of = |rows: usize| -> Result<Plan, ExecError> {
        let mut sizes = sizes.clone();
        sizes.insert(variable.clone(), rows as i128);
        let graph = graph_at(model, &sizes)?;
        Ok(Plan::new(&graph, weights, options)?)
    };
    let mut pieces: Vec<Vec<Tensor>> = vec![Vec::new(); model.outputs.len()];
    let mut plan: Option<(usize, Plan)> = None;
    let mut done = 0;
    progress(done, total);
    while done < total {
        let rows = batch.min(total - done);
        let plan = match &mut plan {
            Some((planned, plan)) if *planned == rows => plan,
            other => &mut other.insert((rows, plan_of(rows)?)).1,
        };
        let piece = inputs.iter().map(|input| rows_of(input, done, rows));
        let piece = piece.collect::<Option<Vec<_>>>();
        let piece = piece
            .ok_or_else(|| ExecError::Batch(format!("the inputs do not all have {total} rows")))?;
        for (pieces, result) in pieces.iter_mut().zip(run(plan, &piece)?) {
            pieces.push(result);
        }
        done += rows;
        progress(done, total);
    }
    let joined = pieces.into_iter().map(join).collect::<Option<_>>();
    joined.ok_or_else(|| ExecError::Batch("there is no row to run".into()))
}

/// `count` rows of `tensor` from `start` on; `None` when it does not have them.
fn rows_of(tensor: &Tensor, start: usize, count: usize) -> Option<Tensor> {
    let (rows, rest) = tensor.shape().split_first()?;
    if start + count > *rows {
        return None;
    }
    let width: usize = rest.iter().product();
    let range = start * width..(start + count) * width;
    let shape = [&[count], rest].concat();
    match tensor {
        Tensor::F32(_) => Tensor::from_f32(&shape, tensor.as_f32()?[range].to_vec()),
        Tensor::I64(_) => Tensor::from_i64(&shape, tensor.as_i64()?[range].to_vec()),
    }
}

/// The pieces one after another; `None` when there is none.
fn join(pieces: Vec<Tensor>) -> Option<Tensor> {
    let (_, rest) = pieces.first()?.shape().split_first()?;
    let rows = pieces.iter().map(|piece| piece.shape()[0]).sum();
    let shape = [&[rows], rest].concat();
    match pieces[0] {
        Tensor::F32(_) => {
            let all: Option<Vec<&[f32]>> = pieces.iter().map(Tensor::as_f32).collect();
            Tensor::from_f32(&shape, all?.concat())
        }
        Tensor::I64(_) => {
            let all: Option<Vec<&[i64]>> = pieces.iter().map(Tensor::as_i64).collect();
            Tensor::from_i64(&shape, all?.concat())
        }
    }
}
