//! Whole models: lowered, planned, run.

use std::sync::Arc;

use crate::exec::{ExecError, batch_sizes, batch_variable, draw, graph_at, run, run_batched};
use crate::layers::testing::count_up;
use crate::lower::script::Script;
use crate::plan::{DEFAULT_LIMIT, Options, Plan, memory};
use crate::shape::Env;
use crate::tensor::Tensor;

fn sizes(values: &[(&str, i128)]) -> Env {
    let values = values.iter();
    values
        .map(|(name, value)| ((*name).into(), *value))
        .collect()
}

fn net() -> Script {
    let mut script = Script::new("Net", &["N"]);
    let image = script.input("image", "[N, 12, 12, 1]");
    let scaled = script.layer("scaled", "Rescale(0.01)", &[image]);
    let conv = script.layer("conv", "Conv(8, kernel=3, padding=same)", &[scaled]);
    let norm = script.layer("norm", "BatchNorm", &[conv]);
    let relu = script.layer("relu", "ReLU", &[norm]);
    let pool = script.results("pool", "MaxPool(2)", &[relu])[0];
    let more = script.layer("more", "Conv(8, kernel=3, padding=same)", &[pool]);
    let sum = script.layer("sum", "Add", &[more, pool]);
    let flat = script.layer("flat", "Flatten", &[sum]);
    let fc = script.layer("fc", "Linear(5)", &[flat]);
    let soft = script.layer("soft", "Softmax", &[fc]);
    script.output("y", soft);
    script
}

fn planned(script: &Script, env: &Env) -> (Plan, Vec<Arc<Tensor>>) {
    let graph = graph_at(&script.model, env).unwrap();
    let weights = draw(&script.model, &graph, env, 3);
    let plan = Plan::new(&graph, &weights, &Options::default()).unwrap();
    (plan, weights)
}

#[test]
fn gives_the_same_results_again_and_with_any_number_of_threads() {
    let script = net();
    let inputs = [count_up(&[4, 12, 12, 1])];
    let env = sizes(&[("N", 4)]);
    let mut results = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| {
            let (mut plan, _) = planned(&script, &env);
            results.push(run(&mut plan, &inputs).unwrap());
            results.push(run(&mut plan, &inputs).unwrap());
        });
    }
    let elements = results[0][0].as_f32().unwrap();
    let row: f32 = elements[..5].iter().sum();
    assert!((row - 1.0).abs() < 1e-5 && elements.iter().all(|x| *x > 0.0));
    assert!(results.iter().all(|other| *other == results[0]));
}

#[test]
fn batches_give_the_same_rows() {
    let script = net();
    let inputs = [count_up(&[7, 12, 12, 1])];
    let env = sizes(&[("N", 7)]);
    let (mut plan, weights) = planned(&script, &env);
    let whole = run(&mut plan, &inputs).unwrap();
    for batch in [1, 3, 7, 100] {
        let mut seen = Vec::new();
        let pieces = run_batched(
            &script.model,
            &env,
            &weights,
            &inputs,
            batch,
            &Options::default(),
            &mut |done, total| seen.push((done, total)),
        );
        let pieces = pieces.unwrap();
        assert_eq!(pieces[0].shape(), [7, 5]);
        let pairs = pieces[0]
            .as_f32()
            .unwrap()
            .iter()
            .zip(whole[0].as_f32().unwrap());
        for (piece, whole) in pairs {
            assert!((piece - whole).abs() < 1e-6, "{piece} {whole}");
        }
        assert_eq!((seen[0], *seen.last().unwrap()), ((0, 7), (7, 7)));
    }
    let small = batch_sizes(&script.model, &env, 3).unwrap();
    assert_eq!(small, sizes(&[("N", 3)]));
}

#[test]
fn says_why_a_model_has_no_batches() {
    assert_eq!(&*batch_variable(&net().model).unwrap(), "N");

    let mut script = Script::new("Two", &["N", "M"]);
    let x = script.input("x", "[N, 2]");
    script.input("z", "[M, 2]");
    script.output("y", x);
    assert_eq!(
        batch_variable(&script.model).unwrap_err(),
        "the input `z` begins with M, and others begin with N"
    );

    let mut script = Script::new("Fixed", &[]);
    let x = script.input("x", "[3, 2]");
    script.output("y", x);
    assert_eq!(
        batch_variable(&script.model).unwrap_err(),
        "a batch is split along a dimension variable that is the first axis of every input and \
         output, and the input `x` is [3, 2]"
    );

    let mut script = Script::new("Mixed", &["N"]);
    let x = script.input("x", "[N, 2]");
    let twice = script.layer("twice", "Concat(axis=0)", &[x, x]);
    let back = script.layer("back", "Reshape([N, 4])", &[twice]);
    script.output("y", back);
    assert_eq!(
        batch_variable(&script.model).unwrap_err(),
        "`twice` is [2*N, 2], which mixes the rows of N"
    );
}

#[test]
fn rows_may_be_normalised_each_by_itself() {
    for (layer, fine) in [
        ("LayerNorm", true),
        ("LayerNorm((1, 2))", true),
        ("LayerNorm(0)", false),
        ("GroupNorm(2)", true),
        ("InstanceNorm", true),
        ("Mean(1, keepdims=true)", true),
        ("Slice(1, 1)", true),
        ("Slice(0, 1)", false),
        ("Max(0, keepdims=true)", false),
    ] {
        let mut script = Script::new("Rows", &["N"]);
        let x = script.input("x", "[N, 3, 4]");
        let y = script.layer("y", layer, &[x]);
        script.output("out", y);
        assert_eq!(batch_variable(&script.model).is_ok(), fine, "{layer}");
    }
}

#[test]
fn a_model_beyond_memory_is_refused_at_once() {
    let mut script = Script::new("Huge", &["N"]);
    let x = script.input("x", "[N, 1000]");
    let fc = script.layer("fc", "Linear(1000000000000000000)", &[x]);
    script.output("y", fc);
    let env = sizes(&[("N", 1)]);
    let graph = graph_at(&script.model, &env).unwrap();
    let shortage = memory::check(&graph, DEFAULT_LIMIT).unwrap_err();
    let error = ExecError::from(shortage);
    let drawn = script.draw(&error.diagnostic(&script.model).unwrap());
    assert_eq!(
        drawn,
        "\
E0608: `Huge` needs more than 1024 EiB, and 16.0 GiB may be used
  Huge <- this model
  = the largest tensors are `fc.weight` [1000000000000000000, 1000] (more than 1024 EiB), `fc` [1, 1000000000000000000] (3.5 EiB) and `fc.bias` [1000000000000000000] (3.5 EiB)
  = smaller sizes need less, and so do smaller batches (`--batch`)
"
    );
}
