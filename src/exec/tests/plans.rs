//! Plans of random graphs against the plain definitions of their operations.

use std::sync::Arc;

use proptest::prelude::*;

use crate::exec::{run, run_profiled, run_watched};
use crate::graph::fake::{Build, Fake};
use crate::graph::{Graph, ValueId, verify};
use crate::layers::kernel::View;
use crate::plan::{Options, Plan};
use crate::tensor::{DType, Tensor};

/// Every value from its definition, nothing shared.
fn define(graph: &Graph, inputs: &[Tensor], weights: &[Arc<Tensor>], ops: &[Fake]) -> Vec<Tensor> {
    let mut values: Vec<Option<Tensor>> = vec![None; graph.values.len()];
    for ((_, value), tensor) in graph.inputs.iter().zip(inputs) {
        values[value.0 as usize] = Some(tensor.clone());
    }
    for (id, value) in graph.value_ids() {
        if let Some(weight) = value.weight {
            values[id.0 as usize] = Some((*weights[weight.0 as usize]).clone());
        }
    }
    for (node, op) in graph.nodes.iter().zip(ops) {
        let inputs: Vec<_> = node
            .inputs
            .iter()
            .map(|value| values[value.0 as usize].as_ref().unwrap())
            .collect();
        let weights: Vec<_> = node
            .weights
            .iter()
            .map(|weight| &*weights[weight.0 as usize])
            .collect();
        let results = op.define(&inputs, &weights);
        for (value, tensor) in node.outputs.iter().zip(results) {
            values[value.0 as usize] = Some(tensor);
        }
    }
    let outputs = graph.outputs.iter();
    outputs
        .map(|(_, value)| values[value.0 as usize].clone().unwrap())
        .collect()
}

const OPS: [Fake; 9] = [
    Fake::Double,
    Fake::Add,
    Fake::Negate,
    Fake::Accumulate,
    Fake::Join,
    Fake::Count,
    Fake::Pick,
    Fake::Reverse,
    Fake::Scale,
];

/// A graph of as many nodes as `choices`: each picks an operation and inputs among the values so
/// far that fit it. Small numbers pick recent values, so that chains and branches both occur.
fn graph_of(choices: &[(usize, usize, usize)], results: &[usize]) -> (Graph, Vec<Fake>) {
    let mut build = Build::new();
    build.input("a", &[3, 4]);
    build.input("b", &[12]);
    let tied = build.weight("tied", &[3, 4]);
    build.weight_value(tied);
    let mut ops = Vec::new();
    for (op, first, second) in choices {
        let op = OPS[op % OPS.len()];
        let of = |build: &Build, dtype: DType, like: Option<ValueId>| -> Vec<ValueId> {
            let values = build.graph.value_ids();
            let fits = values.filter(|(_, value)| {
                value.ty.dtype == dtype
                    && like.is_none_or(|like| build.graph.value(like).ty.shape == value.ty.shape)
            });
            fits.map(|(id, _)| id).collect()
        };
        let recent = |values: &[ValueId], at: usize| values[values.len() - 1 - at % values.len()];
        let inputs = match op {
            Fake::Pick => {
                let positions = of(&build, DType::I64, None);
                if positions.is_empty() {
                    continue;
                }
                let from = of(&build, DType::F32, None);
                vec![recent(&positions, *first), recent(&from, *second)]
            }
            _ => {
                let x = recent(&of(&build, DType::F32, None), *first);
                let mut inputs = vec![x];
                if op.arity() == 2 {
                    inputs.push(recent(&of(&build, DType::F32, Some(x)), *second));
                }
                inputs
            }
        };
        build.node(op, &inputs);
        ops.push(op);
    }
    let count = build.graph.values.len();
    let outputs: Vec<_> = results
        .iter()
        .map(|at| ValueId((count - 1 - at % count) as u32))
        .collect();
    (build.finish(&outputs), ops)
}

fn numbers(shape: &[usize], start: f32) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::from_f32(shape, (0..len).map(|at| start + at as f32).collect()).unwrap()
}

fn weights_of(graph: &Graph) -> Vec<Arc<Tensor>> {
    let weights = graph.weights.iter().enumerate();
    weights
        .map(|(at, weight)| Arc::new(numbers(&weight.shape, at as f32 / 4.0 - 1.0)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The test of buffer reuse: sharing memory never changes a result, of any run.
    #[test]
    fn plans_compute_what_the_definitions_say(
        choices in prop::collection::vec((0..100usize, 0..6usize, 0..6usize), 1..30),
        results in prop::collection::vec(0..8usize, 1..4),
    ) {
        let (graph, ops) = graph_of(&choices, &results);
        prop_assert_eq!(verify(&graph), Ok(()));
        let weights = weights_of(&graph);
        let mut plan = Plan::new(&graph, &weights, &Options::default()).unwrap();
        for start in [1.0, -5.0, 1.0] {
            let inputs = [numbers(&[3, 4], start), numbers(&[12], start / 2.0)];
            let expected = define(&graph, &inputs, &weights, &ops);
            // Compared as text, in which NaN is equal to itself.
            let found = run(&mut plan, &inputs).unwrap();
            prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        }
    }

    /// Dropping what no output needs changes no output.
    #[test]
    fn passes_keep_the_outputs(
        choices in prop::collection::vec((0..100usize, 0..6usize, 0..6usize), 1..30),
        results in prop::collection::vec(0..8usize, 1..4),
    ) {
        let (graph, ops) = graph_of(&choices, &results);
        let weights = weights_of(&graph);
        let inputs = [numbers(&[3, 4], 1.0), numbers(&[12], -3.0)];
        let expected = define(&graph, &inputs, &weights, &ops);
        let mut rewritten = graph.clone();
        crate::passes::run(&mut rewritten);
        let mut plan = Plan::new(&rewritten, &weights, &Options::default()).unwrap();
        let found = run(&mut plan, &inputs).unwrap();
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }
}

fn small() -> (Graph, Vec<Arc<Tensor>>) {
    let mut build = Build::new();
    let x = build.input("x", &[2, 2]);
    let y = build.node(Fake::Scale, &[x])[0];
    let z = build.node(Fake::Join, &[y])[0];
    let w = build.node(Fake::Negate, &[z])[0];
    let graph = build.finish(&[w]);
    let weights = vec![Arc::new(numbers(&[2], 2.0))];
    (graph, weights)
}

#[test]
fn buffers_stay_where_they_are() {
    let (graph, weights) = small();
    let mut plan = Plan::new(&graph, &weights, &Options::default()).unwrap();
    let address = |plan: &Plan| match plan.buffers[0].view(4) {
        View::F32(elements) => elements.as_ptr(),
        View::I64(_) => unreachable!(),
    };
    let before = address(&plan);
    for _ in 0..3 {
        run(&mut plan, &[numbers(&[2, 2], 1.0)]).unwrap();
    }
    assert_eq!(plan.buffers.len(), 1);
    assert_eq!(address(&plan), before);
}

#[test]
fn keeps_only_the_stored_tensors_that_are_values() {
    let (graph, weights) = small();
    let plan = Plan::new(&graph, &weights, &Options::default()).unwrap();
    assert_eq!(Arc::strong_count(&weights[0]), 1);
    assert_eq!(plan.peak_bytes(), 4 * 4 + 2 * 4);
}

#[test]
fn tells_of_each_step() {
    let (graph, weights) = small();
    let mut plan = Plan::new(&graph, &weights, &Options::default()).unwrap();
    let inputs = [numbers(&[2, 2], 1.0)];
    let mut seen = Vec::new();
    run_watched(&mut plan, &inputs, &mut |step, _, results| {
        seen.push(format!("{} {:?}", step.name, results[0].f32()));
    })
    .unwrap();
    assert_eq!(
        seen,
        [
            "scale_0 [2.0, 6.0, 6.0, 12.0]",
            "join_1 [2.0, 6.0, 6.0, 12.0]",
            "negate_2 [-2.0, -6.0, -6.0, -12.0]"
        ]
    );
    let (_, times) = run_profiled(&mut plan, &inputs).unwrap();
    assert_eq!(times.len(), plan.steps().len());
    let macs: Vec<_> = plan.steps().map(|step| step.macs.unwrap()).collect();
    assert_eq!(macs, [4, 0, 0]);
}

#[test]
fn refuses_other_inputs_than_planned() {
    let (graph, weights) = small();
    let mut plan = Plan::new(&graph, &weights, &Options::default()).unwrap();
    let error = |plan: &mut Plan, inputs: &[Tensor]| run(plan, inputs).unwrap_err().to_string();
    assert_eq!(
        error(&mut plan, &[]),
        "the plan takes 1 inputs and 0 are given"
    );
    assert_eq!(
        error(&mut plan, &[numbers(&[4], 0.0)]),
        "`x` is planned as f32 [2, 2] and f32 [4] is given"
    );
}

#[test]
fn refuses_what_does_not_fit_before_it_allocates() {
    let mut build = Build::new();
    let x = build.input("x", &[1_000_000_000, 1_000_000_000]);
    let y = build.node(Fake::Double, &[x]);
    let graph = build.finish(&y);
    let error = Plan::new(&graph, &[], &Options::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "4000000000000000000 bytes are needed and 17179869184 may be used"
    );
}
