//! From a graph to a plan: every step with its packed weights, every value with its place, every
//! buffer allocated.

mod assign;
pub(crate) mod buffers;
pub mod memory;

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

pub use assign::{Action, Place};
use buffers::{Aligned, Buffer};
pub use memory::{DEFAULT_LIMIT, Shortage};

use crate::graph::{Graph, Node, ValueId};
use crate::layers::kernel::{ConcreteType, Kernel, KernelCx, Memory};
use crate::tensor::{DType, Tensor};

/// What planning may do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most bytes that the run may take.
    pub limit: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            limit: DEFAULT_LIMIT,
        }
    }
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq)]
pub enum PlanError {
    /// The run does not fit in memory.
    Memory(Shortage),
    /// A stored tensor is not given, or of another type than the graph says.
    Weight {
        /// Its name.
        name: Arc<str>,
        /// The shape that the graph says; `f32`.
        expected: Vec<usize>,
        /// What is given.
        found: Option<ConcreteType>,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::Memory(shortage) => shortage.fmt(f),
            PlanError::Weight {
                name,
                expected,
                found: None,
            } => write!(f, "the weight `{name}`, f32 {expected:?}, is not given"),
            PlanError::Weight {
                name,
                expected,
                found: Some(found),
            } => write!(
                f,
                "the weight `{name}` is {} {:?} instead of f32 {expected:?}",
                found.dtype, found.shape
            ),
        }
    }
}

impl std::error::Error for PlanError {}

/// What a person may know of a step.
#[derive(Clone, Debug)]
pub struct StepInfo {
    /// The layer's path.
    pub name: Arc<str>,
    /// The layer's kind.
    pub kind: &'static str,
    /// How its kernel uses memory.
    pub memory: Memory,
    /// What it does in this plan.
    pub action: Action,
    /// Multiply-accumulates; `None` when they cannot be counted.
    pub macs: Option<u64>,
    /// Bytes of its inputs, its results and its stored tensors.
    pub bytes: u64,
    /// The types of its results.
    pub outputs: Vec<ConcreteType>,
}

/// One operation with where it reads and writes.
pub(crate) struct Step {
    pub(crate) info: StepInfo,
    pub(crate) kernel: Box<dyn Kernel>,
    pub(crate) inputs: Vec<Located>,
    pub(crate) outputs: Vec<Located>,
}

/// A value's elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located {
    pub(crate) place: Place,
    pub(crate) dtype: DType,
    pub(crate) len: usize,
}

/// A graph ready to run, with its memory.
pub struct Plan {
    pub(crate) inputs: Vec<(Arc<str>, ConcreteType)>,
    pub(crate) outputs: Vec<(Arc<str>, ConcreteType, Located)>,
    pub(crate) steps: Vec<Step>,
    /// Stored tensors that are values; the others live on in their packed form only.
    pub(crate) weights: Vec<Option<Arc<Tensor>>>,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) scratch: Aligned<f32>,
    peak_bytes: u64,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("steps", &self.steps().collect::<Vec<_>>())
            .field("buffers", &self.buffers.len())
            .field("peak_bytes", &self.peak_bytes)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// Plans `graph`, which `verify` accepts. `weights` are its stored tensors by identity; those
    /// that no value is are not kept.
    ///
    /// Every buffer is allocated here, after the sum is checked against the limit.
    pub fn new(
        graph: &Graph,
        weights: &[Arc<Tensor>],
        options: &Options,
    ) -> Result<Plan, PlanError> {
        memory::check(graph, options.limit).map_err(PlanError::Memory)?;
        check_weights(graph, weights)?;
        let kernels: Vec<_> = graph
            .nodes
            .par_iter()
            .map(|node| make_kernel(graph, node, weights))
            .collect();
        let uses: Vec<_> = kernels.iter().map(|kernel| kernel.memory()).collect();
        let assignment = assign::assign(graph, &uses);

        let mut kept = vec![None; weights.len()];
        for weight in graph.values.iter().filter_map(|value| value.weight) {
            kept[weight.0 as usize] = Some(weights[weight.0 as usize].clone());
        }
        let scratch = kernels.iter().map(|kernel| kernel.scratch()).max();
        let scratch = scratch.unwrap_or(0);
        let kept_bytes = kept.iter().flatten().map(|tensor| 4 * tensor.len() as u128);
        let slots = assignment.slots.iter();
        let peak = slots
            .map(|slot| slot.len as u128 * slot.dtype.size() as u128)
            .chain(kept_bytes)
            .chain([4 * scratch as u128, memory::packed(graph)])
            .fold(0, u128::saturating_add);
        memory::within(graph, peak, options.limit).map_err(PlanError::Memory)?;

        let locate = |value: &ValueId| Located {
            place: assignment.places[value.0 as usize]
                .expect("a checked graph makes every value that it uses"),
            dtype: graph.value(*value).ty.dtype,
            len: graph.value(*value).ty.len(),
        };
        let steps = graph.nodes.iter().zip(kernels).zip(&assignment.actions);
        let steps = steps
            .map(|((node, kernel), action)| Step {
                info: describe(graph, node, kernel.memory(), *action),
                inputs: node.inputs.iter().map(locate).collect(),
                outputs: node.outputs.iter().map(locate).collect(),
                kernel,
            })
            .collect();
        let ty = |value: &ValueId| graph.value(*value).ty.clone();
        let inputs = graph.inputs.iter();
        let outputs = graph.outputs.iter();
        Ok(Plan {
            inputs: inputs
                .map(|(name, value)| (name.clone(), ty(value)))
                .collect(),
            outputs: outputs
                .map(|(name, value)| (name.clone(), ty(value), locate(value)))
                .collect(),
            steps,
            weights: kept,
            buffers: assignment.slots.iter().copied().map(Buffer::new).collect(),
            scratch: Aligned::new(scratch),
            peak_bytes: peak as u64,
        })
    }

    /// Bytes that a run takes beside its inputs and results: buffers, scratch memory and stored
    /// tensors.
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    /// The steps in the order in which they run.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &StepInfo> {
        self.steps.iter().map(|step| &step.info)
    }

    /// The inputs' names and types, in order.
    pub fn inputs(&self) -> &[(Arc<str>, ConcreteType)] {
        &self.inputs
    }

    /// The outputs' names and types, in order.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &ConcreteType)> {
        self.outputs.iter().map(|(name, ty, _)| (name, ty))
    }
}

fn check_weights(graph: &Graph, weights: &[Arc<Tensor>]) -> Result<(), PlanError> {
    for (at, weight) in graph.weights.iter().enumerate() {
        let given = weights.get(at);
        if given.is_none_or(|tensor| tensor.dtype() != DType::F32 || tensor.shape() != weight.shape)
        {
            return Err(PlanError::Weight {
                name: weight.name.clone(),
                expected: weight.shape.clone(),
                found: given
                    .map(|tensor| ConcreteType::new(tensor.dtype(), tensor.shape().to_vec())),
            });
        }
    }
    Ok(())
}

fn make_kernel(graph: &Graph, node: &Node, weights: &[Arc<Tensor>]) -> Box<dyn Kernel> {
    let params = node.weights.iter();
    let params: Vec<&Tensor> = params.map(|weight| &*weights[weight.0 as usize]).collect();
    node.op.kernel(&KernelCx {
        inputs: &graph.concrete_types(&node.inputs),
        outputs: &graph.concrete_types(&node.outputs),
        params: &params,
    })
}

fn describe(graph: &Graph, node: &Node, memory: Memory, action: Action) -> StepInfo {
    let outputs = graph.concrete_types(&node.outputs);
    let values = node.inputs.iter().chain(&node.outputs);
    let moved = values.map(|value| memory::bytes(&graph.value(*value).ty));
    let stored = node.weights.iter().map(|weight| {
        let shape = &graph.weight(*weight).shape;
        4 * shape.iter().product::<usize>() as u128
    });
    let macs = node
        .op
        .cost(&graph.types(&node.inputs), &graph.types(&node.outputs));
    StepInfo {
        name: node.name.clone(),
        kind: node.op.kind(),
        memory,
        action,
        macs: macs
            .ok()
            .and_then(|cost| u64::try_from(cost.macs.as_const()?).ok()),
        bytes: moved.chain(stored).fold(0, u128::saturating_add) as u64,
        outputs,
    }
}
