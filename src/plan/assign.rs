//! Which values share memory, and which buffer each stands in.
//!
//! Values that are the same elements (a view and what it shows, an in-place result and the input
//! that dies there) form a *class*. A class made by an operation lives from the step that makes
//! it to its last use, and stands in one slot; slots are given to classes in the order of the
//! steps, the smallest free one that is large enough first.

use std::collections::BTreeSet;

use crate::graph::{Graph, Node, ValueId, WeightId};
use crate::layers::kernel::Memory;
use crate::tensor::DType;

/// Where a value's elements are found during a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The run's input at this position.
    Input(usize),
    /// A stored tensor.
    Weight(WeightId),
    /// A buffer of the plan.
    Slot(usize),
}

/// A buffer to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The elements' type.
    pub dtype: DType,
    /// How many elements its largest tenant has.
    pub len: usize,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: its result is its input.
    Show,
    /// Reads inputs and writes results.
    Write,
    /// Works on its first input, which stands in the result's buffer and is not used again.
    Update,
    /// Copies its first input to the result's buffer and works there.
    CopyAndUpdate,
}

/// The places of all values and the actions of all steps.
#[derive(Debug)]
pub struct Assignment {
    /// By value; `None` for one that nothing makes.
    pub places: Vec<Option<Place>>,
    /// The buffers.
    pub slots: Vec<Slot>,
    /// By node.
    pub actions: Vec<Action>,
}

/// Values that are the same elements.
struct Class {
    /// The class that this one has become part of.
    joined: Option<usize>,
    place: Option<Place>,
    dtype: DType,
    len: usize,
    /// The last step that uses it; `usize::MAX` when it is a result of the run.
    last: usize,
}

struct Classes {
    all: Vec<Class>,
    /// By value.
    of: Vec<Option<usize>>,
}

impl Classes {
    fn make(&mut self, graph: &Graph, value: ValueId, place: Option<Place>, step: usize) {
        let ty = &graph.value(value).ty;
        self.of[value.0 as usize] = Some(self.all.len());
        self.all.push(Class {
            joined: None,
            place,
            dtype: ty.dtype,
            len: ty.len(),
            last: step,
        });
    }

    /// The class of a value that a checked graph makes before it is used.
    fn find(&self, value: ValueId) -> usize {
        let mut at = self.of[value.0 as usize].expect("values are made before they are used");
        while let Some(other) = self.all[at].joined {
            at = other;
        }
        at
    }

    /// Extends the life of the class of `value` to `step`.
    fn used(&mut self, value: ValueId, step: usize) {
        let class = self.find(value);
        self.all[class].last = self.all[class].last.max(step);
    }

    /// Whether `node`, which is step `step`, may write over its first input.
    fn may_update(&self, node: &Node, step: usize) -> bool {
        let (first, result) = (self.find(node.inputs[0]), self.find(node.outputs[0]));
        let class = &self.all[first];
        class.place.is_none()
            && class.last == step
            && (class.dtype, class.len) == (self.all[result].dtype, self.all[result].len)
            && node.inputs[1..]
                .iter()
                .all(|other| self.find(*other) != first)
    }
}

/// Places every value of a graph that `verify` accepts; `memory` says how each node's kernel uses
/// memory. Takes time n log n in the number of values.
pub fn assign(graph: &Graph, memory: &[Memory]) -> Assignment {
    let mut classes = find_classes(graph, memory);
    let actions = graph.nodes.iter().zip(memory).enumerate();
    let actions = actions
        .map(|(step, (node, memory))| match memory {
            Memory::View => Action::Show,
            Memory::Fresh => Action::Write,
            Memory::InPlace if classes.may_update(node, step) => {
                let (first, result) = (classes.find(node.inputs[0]), classes.find(node.outputs[0]));
                classes.all[first].last = classes.all[result].last;
                classes.all[result].joined = Some(first);
                Action::Update
            }
            Memory::InPlace => Action::CopyAndUpdate,
        })
        .collect();
    let slots = give_slots(graph, &mut classes);
    let places = (0..graph.values.len() as u32).map(|at| {
        classes.of[at as usize].and_then(|_| classes.all[classes.find(ValueId(at))].place)
    });
    Assignment {
        places: places.collect(),
        slots,
        actions,
    }
}

/// Classes by views alone, with their lives.
fn find_classes(graph: &Graph, memory: &[Memory]) -> Classes {
    let mut classes = Classes {
        all: Vec::with_capacity(graph.values.len()),
        of: vec![None; graph.values.len()],
    };
    for (at, (_, value)) in graph.inputs.iter().enumerate() {
        classes.make(graph, *value, Some(Place::Input(at)), 0);
    }
    for (id, value) in graph.value_ids() {
        if let Some(weight) = value.weight {
            classes.make(graph, id, Some(Place::Weight(weight)), 0);
        }
    }
    for (step, (node, memory)) in graph.nodes.iter().zip(memory).enumerate() {
        for value in &node.inputs {
            classes.used(*value, step);
        }
        if *memory == Memory::View {
            classes.of[node.outputs[0].0 as usize] = Some(classes.find(node.inputs[0]));
        } else {
            for value in &node.outputs {
                classes.make(graph, *value, None, step);
            }
        }
    }
    for (_, value) in &graph.outputs {
        classes.used(*value, usize::MAX);
    }
    classes
}

/// Gives each class that a step makes a slot that no living class stands in.
fn give_slots(graph: &Graph, classes: &mut Classes) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    // Free slots of each type by size; slots to be freed by the last step that uses them.
    let mut free: [BTreeSet<(usize, usize)>; 2] = Default::default();
    let mut dying: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (step, node) in graph.nodes.iter().enumerate() {
        for value in &node.outputs {
            let class = classes.find(*value);
            let class = &mut classes.all[class];
            if class.place.is_some() {
                continue;
            }
            let free = &mut free[(class.dtype == DType::I64) as usize];
            let fits = free.range((class.len, 0)..).next().copied();
            // When none is large enough, the largest is nearest to being so.
            let at = match fits.or_else(|| free.last().copied()) {
                Some(found) => {
                    free.remove(&found);
                    found.1
                }
                None => {
                    slots.push(Slot {
                        dtype: class.dtype,
                        len: 0,
                    });
                    slots.len() - 1
                }
            };
            slots[at].len = slots[at].len.max(class.len);
            class.place = Some(Place::Slot(at));
            if let Some(dying) = dying.get_mut(class.last) {
                dying.push(at);
            }
        }
        for at in std::mem::take(&mut dying[step]) {
            let slot = slots[at];
            free[(slot.dtype == DType::I64) as usize].insert((slot.len, at));
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fake::{Build, Fake};
    use crate::layers::kernel::KernelCx;
    use crate::tensor::Tensor;

    fn assigned(graph: &Graph) -> Assignment {
        let weight = Tensor::from_f32(&[4], vec![1.0; 4]).unwrap();
        let memory: Vec<_> = graph
            .nodes
            .iter()
            .map(|node| {
                let cx = KernelCx {
                    inputs: &graph.concrete_types(&node.inputs),
                    outputs: &graph.concrete_types(&node.outputs),
                    params: &[&weight],
                };
                node.op.kernel(&cx).memory()
            })
            .collect();
        assign(graph, &memory)
    }

    #[test]
    fn two_buffers_carry_a_chain() {
        let mut build = Build::new();
        let mut x = build.input("x", &[4]);
        for _ in 0..10 {
            x = build.node(Fake::Double, &[x])[0];
        }
        let plan = assigned(&build.finish(&[x]));
        assert_eq!(plan.slots.len(), 2);
    }

    #[test]
    fn views_and_updates_take_no_buffer() {
        let mut build = Build::new();
        let x = build.input("x", &[2, 2]);
        let a = build.node(Fake::Double, &[x])[0];
        let b = build.node(Fake::Negate, &[a])[0];
        let c = build.node(Fake::Join, &[b])[0];
        let d = build.node(Fake::Negate, &[c])[0];
        let plan = assigned(&build.finish(&[d]));
        assert_eq!(plan.slots.len(), 1);
        use Action::*;
        assert_eq!(plan.actions, [Write, Update, Show, Update]);
    }

    #[test]
    fn copies_what_must_not_be_written_over() {
        let mut build = Build::new();
        let x = build.input("x", &[2, 2]);
        let of_input = build.node(Fake::Negate, &[x])[0];
        let a = build.node(Fake::Double, &[of_input])[0];
        let joined = build.node(Fake::Join, &[a])[0];
        let of_viewed = build.node(Fake::Negate, &[a])[0];
        let twice = build.node(Fake::Accumulate, &[of_viewed, of_viewed])[0];
        let result = build.node(Fake::Negate, &[twice])[0];
        let plan = assigned(&build.finish(&[joined, result, twice]));
        use Action::*;
        assert_eq!(
            plan.actions,
            [
                CopyAndUpdate,
                Write,
                Show,
                CopyAndUpdate,
                CopyAndUpdate,
                CopyAndUpdate
            ]
        );
    }

    #[test]
    fn takes_the_smallest_free_buffer_that_is_large_enough() {
        let mut build = Build::new();
        let small = build.input("small", &[4]);
        let large = build.input("large", &[400]);
        let a = build.node(Fake::Double, &[small])[0];
        let b = build.node(Fake::Double, &[large])[0];
        let _both_die = (
            build.node(Fake::Double, &[a]),
            build.node(Fake::Double, &[b]),
        );
        let c = build.node(Fake::Double, &[small])[0];
        let plan = assigned(&build.finish(&[c]));
        let Some(Place::Slot(slot)) = plan.places[c.0 as usize] else {
            panic!("{plan:?}")
        };
        assert_eq!(plan.slots[slot].len, 4);
    }
}
