//! A model at small sizes: lowered and run, its results have the shapes that were checked.

#![allow(dead_code)] // each test uses its part

use nnc::check::program::Model;
use nnc::exec::{draw, graph_at, run};
use nnc::graph::Graph;
use nnc::plan::{Options, Plan};
use nnc::shape::Env;
use nnc::tensor::{DType, Tensor};

/// Every value of the graph has the checked shape at `sizes`.
pub fn same_shapes(model: &Model, graph: &Graph, sizes: &Env) -> Result<(), String> {
    for output in &model.outputs {
        let value = output.value.expect("the model has no errors");
        let ty = model.ty(value).expect("the model has no errors");
        let checked = ty.shape.eval(sizes).map_err(|error| format!("{error:?}"))?;
        let (_, found) = graph
            .outputs
            .iter()
            .find(|(name, _)| *name == output.name.value)
            .ok_or("an output is missing")?;
        let found = &graph.values[found.0 as usize].ty.shape;
        if *found != checked {
            return Err(format!(
                "`{}` is {found:?}, checked as {}",
                output.name.value, ty.shape
            ));
        }
    }
    Ok(())
}

/// Runs the model and compares the shapes; `false` when it is too large to be worth it.
pub fn run_it(model: &Model, sizes: &Env) -> Result<bool, String> {
    let graph = graph_at(model, sizes).map_err(|error| error.to_string())?;
    if elements(&graph) > 30_000 || macs(&graph) > 1_000_000 {
        return Ok(false);
    }
    let inputs: Vec<Tensor> = graph
        .inputs
        .iter()
        .map(|(_, value)| {
            let ty = &graph.value(*value).ty;
            let numbers = 0..ty.len();
            match ty.dtype {
                DType::F32 => {
                    let numbers = numbers.map(|at| at as f32 / 100.0).collect();
                    Tensor::from_f32(&ty.shape, numbers)
                }
                DType::I64 => Tensor::from_i64(&ty.shape, numbers.map(|at| at as i64).collect()),
            }
            .ok_or_else(|| "no tensor".to_owned())
        })
        .collect::<Result<_, _>>()?;
    let weights = draw(model, &graph, sizes, 1);
    let plan = Plan::new(&graph, &weights, &Options::default());
    let mut plan = plan.map_err(|error| error.to_string())?;
    let results = run(&mut plan, &inputs).map_err(|error| error.to_string())?;
    for (output, result) in model.outputs.iter().zip(&results) {
        let ty = output.value.and_then(|value| model.ty(value));
        let checked = ty.and_then(|ty| ty.shape.eval(sizes).ok());
        if checked.as_deref() != Some(result.shape()) {
            return Err(format!(
                "a run gives {:?} as `{}`",
                result.shape(),
                output.name.value
            ));
        }
    }
    Ok(true)
}

/// The numbers of all values and stored tensors.
fn elements(graph: &Graph) -> u128 {
    let values = graph.values.iter().map(|value| &value.ty.shape);
    let weights = graph.weights.iter().map(|weight| &weight.shape);
    let count = |shape: &Vec<usize>| {
        let sizes = shape.iter().map(|size| *size as u128);
        sizes.fold(1, u128::saturating_mul)
    };
    values
        .chain(weights)
        .map(count)
        .fold(0, u128::saturating_add)
}

/// The multiply-accumulates of all operations; what cannot be counted is as many as there can be.
fn macs(graph: &Graph) -> i128 {
    let costs = graph.nodes.iter().map(|node| {
        let (inputs, outputs) = (graph.types(&node.inputs), graph.types(&node.outputs));
        let cost = node.op.cost(&inputs, &outputs).ok();
        cost.and_then(|cost| cost.macs.as_const())
            .unwrap_or(i128::MAX)
    });
    costs.fold(0, i128::saturating_add)
}
