//! Running a plan.

use std::time::{Duration, Instant};

use super::error::ExecError;
use crate::layers::kernel::{ConcreteType, Io, View, ViewMut};
use crate::plan::buffers::Buffer;
use crate::plan::{Action, Located, Place, Plan, Step, StepInfo};
use crate::tensor::{DType, Tensor};

/// Called after each step with what it was, how long it took, and its results.
pub type Watch<'a> = &'a mut dyn FnMut(&StepInfo, Duration, &[View]);

/// Runs `plan` on `inputs`, in the order of its inputs, and returns its outputs in order.
///
/// The plan's buffers are used again by the next run; a step allocates nothing, save what its
/// kernel does.
///
/// # Errors
///
/// If the inputs are not those of the plan in number, element type or shape.
pub fn run(plan: &mut Plan, inputs: &[Tensor]) -> Result<Vec<Tensor>, ExecError> {
    execute(plan, inputs, None)
}

/// Like [`run`], with the time that each step took, in the order of [`Plan::steps`].
pub fn run_profiled(
    plan: &mut Plan,
    inputs: &[Tensor],
) -> Result<(Vec<Tensor>, Vec<Duration>), ExecError> {
    let mut times = Vec::with_capacity(plan.steps.len());
    let outputs = execute(plan, inputs, Some(&mut |_, time, _| times.push(time)))?;
    Ok((outputs, times))
}

/// Like [`run`], telling `watch` of each step.
pub fn run_watched(
    plan: &mut Plan,
    inputs: &[Tensor],
    watch: Watch,
) -> Result<Vec<Tensor>, ExecError> {
    execute(plan, inputs, Some(watch))
}

/// Vectors that every step fills anew, kept for their memory.
#[derive(Default)]
struct Lists {
    inputs: Vec<View<'static>>,
    outputs: Vec<ViewMut<'static>>,
    written: Vec<Buffer>,
}

fn execute(
    plan: &mut Plan,
    inputs: &[Tensor],
    mut watch: Option<Watch>,
) -> Result<Vec<Tensor>, ExecError> {
    check_inputs(plan, inputs)?;
    let steps = std::mem::take(&mut plan.steps);
    let mut lists = Lists::default();
    for step in &steps {
        let started = watch.is_some().then(Instant::now);
        run_step(plan, step, inputs, &mut lists);
        if let (Some(watch), Some(started)) = (&mut watch, started) {
            let time = started.elapsed();
            let results = step.outputs.iter();
            let results: Vec<_> = results.map(|at| read(plan, inputs, at)).collect();
            watch(&step.info, time, &results);
        }
    }
    plan.steps = steps;
    let outputs = plan.outputs.iter();
    Ok(outputs
        .map(|(_, ty, at)| to_tensor(read(plan, inputs, at), ty))
        .collect())
}

fn check_inputs(plan: &Plan, inputs: &[Tensor]) -> Result<(), ExecError> {
    if inputs.len() != plan.inputs.len() {
        return Err(ExecError::InputCount {
            expected: plan.inputs.len(),
            found: inputs.len(),
        });
    }
    for ((name, ty), tensor) in plan.inputs.iter().zip(inputs) {
        if tensor.dtype() != ty.dtype || tensor.shape() != ty.shape {
            return Err(ExecError::Input {
                name: name.clone(),
                expected: ty.clone(),
                found: ConcreteType::new(tensor.dtype(), tensor.shape().to_vec()),
            });
        }
    }
    Ok(())
}

fn run_step(plan: &mut Plan, step: &Step, inputs: &[Tensor], lists: &mut Lists) {
    let action = step.info.action;
    if action == Action::Show {
        return;
    }
    // A step's results stand in buffers that none of its inputs stands in, save the first input
    // of an update: taking the buffers out lets the rest be read meanwhile.
    for output in &step.outputs {
        let buffer = std::mem::take(&mut plan.buffers[slot(output)]);
        lists.written.push(buffer);
    }
    if action == Action::CopyAndUpdate {
        let (from, to) = (&step.inputs[0], &step.outputs[0]);
        copy(read(plan, inputs, from), lists.written[0].view_mut(to.len));
    }
    let mut scratch = std::mem::take(&mut plan.scratch);
    let mut views = recycle(std::mem::take(&mut lists.inputs));
    for (at, input) in step.inputs.iter().enumerate() {
        let stands_in_result = at == 0 && action != Action::Write;
        views.push(match stands_in_result {
            true => nothing(input.dtype),
            false => read(plan, inputs, input),
        });
    }
    let mut results = recycle(std::mem::take(&mut lists.outputs));
    for (buffer, output) in lists.written.iter_mut().zip(&step.outputs) {
        results.push(buffer.view_mut(output.len));
    }
    let mut io = Io {
        inputs: views,
        outputs: results,
        scratch: scratch.get_mut(step.kernel.scratch()),
    };
    step.kernel.run(&mut io);
    lists.inputs = recycle(io.inputs);
    lists.outputs = recycle(io.outputs);
    plan.scratch = scratch;
    for (buffer, output) in lists.written.drain(..).zip(&step.outputs) {
        plan.buffers[slot(output)] = buffer;
    }
}

fn slot(output: &Located) -> usize {
    match output.place {
        Place::Slot(at) => at,
        Place::Input(_) | Place::Weight(_) => {
            unreachable!("steps that are run write to buffers of the plan")
        }
    }
}

/// The elements of a value.
fn read<'a>(plan: &'a Plan, inputs: &'a [Tensor], at: &Located) -> View<'a> {
    match at.place {
        Place::Input(input) => view(&inputs[input]),
        Place::Weight(weight) => view(
            plan.weights[weight.0 as usize]
                .as_ref()
                .expect("a stored tensor that is a value is kept"),
        ),
        Place::Slot(slot) => plan.buffers[slot].view(at.len),
    }
}

fn view(tensor: &Tensor) -> View<'_> {
    const STANDARD: &str = "tensors are in standard layout";
    match tensor {
        Tensor::F32(array) => View::F32(array.as_slice().expect(STANDARD)),
        Tensor::I64(array) => View::I64(array.as_slice().expect(STANDARD)),
    }
}

/// No elements.
fn nothing(dtype: DType) -> View<'static> {
    match dtype {
        DType::F32 => View::F32(&[]),
        DType::I64 => View::I64(&[]),
    }
}

fn copy(from: View, to: ViewMut) {
    match (from, to) {
        (View::F32(from), ViewMut::F32(to)) => to.copy_from_slice(from),
        (View::I64(from), ViewMut::I64(to)) => to.copy_from_slice(from),
        _ => unreachable!("an in-place kernel keeps the element type"),
    }
}

fn to_tensor(view: View, ty: &ConcreteType) -> Tensor {
    let tensor = match view {
        View::F32(elements) => Tensor::from_f32(&ty.shape, elements.to_vec()),
        View::I64(elements) => Tensor::from_i64(&ty.shape, elements.to_vec()),
    };
    tensor.expect("a value has as many elements as its shape says")
}

/// The memory of `list`, emptied, for elements that live elsewhere: collecting into a vector of
/// the same layout keeps the allocation.
fn recycle<T, U>(mut list: Vec<T>) -> Vec<U> {
    list.clear();
    list.into_iter()
        .map(|_| unreachable!("the list was emptied"))
        .collect()
}
