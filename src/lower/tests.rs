//! Lowering of small models.

use super::script::Script;
use super::{LowerError, lower};
use crate::graph::verify;
use crate::shape::{Dim, Env};

fn env(values: &[(&str, i128)]) -> Env {
    let values = values.iter();
    values
        .map(|(name, value)| ((*name).into(), *value))
        .collect()
}

/// A model with a branch that no output needs.
fn lenet() -> Script {
    let mut script = Script::new("LeNet", &["N", "h"]);
    let image = script.input("image", "[N, 2*h, 2*h, 1]");
    let conv = script.layer("conv", "Conv(3, kernel=3, padding=same)", &[image]);
    let relu = script.layer("relu", "ReLU", &[conv]);
    let pool = script.results("pool", "MaxPool(2)", &[relu])[0];
    let lost = script.layer("lost", "Conv(8, kernel=1)", &[pool]);
    script.layer("lost_relu", "ReLU", &[lost]);
    let flat = script.layer("flat", "Flatten", &[pool]);
    script.output("y", flat);
    script
}

#[test]
fn binds_sizes_and_leaves_out_what_no_output_needs() {
    let script = lenet();
    let graph = lower(&script.model, &env(&[("N", 2), ("h", 3)])).unwrap();
    assert_eq!(verify(&graph), Ok(()));
    let names: Vec<_> = graph.nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(names, ["conv", "relu", "pool", "flat"]);
    let weights: Vec<_> = graph.weights.iter().map(|weight| &*weight.name).collect();
    assert_eq!(weights, ["conv.weight", "conv.bias"]);
    let (_, image) = &graph.inputs[0];
    assert_eq!(graph.value(*image).ty.shape, [2, 6, 6, 1]);
    let (name, y) = &graph.outputs[0];
    assert_eq!((&**name, &*graph.value(*y).ty.shape), ("y", &[2, 27][..]));
}

#[test]
fn stored_tensors_are_values_and_are_shared() {
    let mut script = Script::new("Tied", &["N"]);
    let x = script.input("x", "[N, 4]");
    let fc = script.layer("fc", "Linear(4)", &[x]);
    let weight = script.param("fc.weight");
    let sum = script.layer("sum", "Add", &[weight, weight]);
    script.output("y", fc);
    script.output("w", sum);
    let graph = lower(&script.model, &env(&[("N", 1)])).unwrap();
    assert_eq!(verify(&graph), Ok(()));
    assert_eq!(graph.weights.len(), 2);
    let sum = &graph.nodes[1];
    let value = graph.value(sum.inputs[0]);
    assert_eq!(value.weight, Some(graph.nodes[0].weights[0]));
    assert_eq!(sum.inputs[0], sum.inputs[1]);
}

#[test]
fn asks_for_every_variable() {
    let script = lenet();
    let error = lower(&script.model, &env(&[("N", 1)])).unwrap_err();
    assert!(matches!(error, LowerError::Unbound(name) if &*name == "h"));
}

#[test]
fn checks_at_these_sizes_what_holds_for_some_only() {
    let mut script = Script::new("Join", &["N", "H", "W"]);
    let a = script.input("a", "[N, H, 2]");
    let b = script.input("b", "[N, W, 3]");
    let joined = script.layer("joined", "Concat(axis=2)", &[a, b]);
    script.output("y", joined);
    lower(&script.model, &env(&[("N", 1), ("H", 4), ("W", 4)])).unwrap();
    let error = lower(&script.model, &env(&[("N", 1), ("H", 4), ("W", 5)])).unwrap_err();
    let drawn = script.draw(&error.diagnostic(&script.model).unwrap());
    assert_eq!(
        drawn,
        "\
E0606: `joined` does not allow these sizes: axis 1 of `a` is 4 and axis 1 of `b` is 5
  joined: Concat(axis=2) from a, b <- 
  = `Concat` joins tensors that agree on every axis but the joined one
  = in this run H is 4, N is 1 and W is 5
"
    );
}

#[test]
fn checks_that_a_window_fits() {
    let mut script = Script::new("Windows", &["N", "H"]);
    let x = script.input("x", "[N, H, H, 1]");
    let conv = script.layer("conv", "Conv(2, kernel=5)", &[x]);
    script.output("y", conv);
    lower(&script.model, &env(&[("N", 1), ("H", 5)])).unwrap();
    let error = lower(&script.model, &env(&[("N", 1), ("H", 3)])).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("`conv`: ") && text.contains('5') && text.contains('3'),
        "{text}"
    );
}

#[test]
fn trusts_the_run_over_the_checked_shape() {
    let mut script = Script::new("Wrong", &["N"]);
    let x = script.input("x", "[N, 4]");
    let fc = script.layer("fc", "Linear(3)", &[x]);
    let ty = script.model.values[fc.0 as usize].ty.as_mut().unwrap();
    ty.shape.0[1] = Dim::var("N");
    script.output("y", fc);
    lower(&script.model, &env(&[("N", 3)])).unwrap();
    let error = lower(&script.model, &env(&[("N", 2)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`fc`: its result is [2, 3], and [2, 2] was expected ([N, N])"
    );
}

#[test]
fn refuses_sizes_beyond_what_can_be_computed() {
    let script = lenet();
    let error = lower(&script.model, &env(&[("N", 1), ("h", 1 << 120)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`image`: [N, 2*h, 2*h, 1] in the shape of `image` is negative or beyond what can be computed"
    );
}

#[test]
fn inputs_are_at_least_one() {
    let mut script = Script::new("Cut", &["h"]);
    let x = script.input("x", "[2, h - 2]");
    script.output("y", x);
    assert!(lower(&script.model, &env(&[("h", 3)])).is_ok());
    let error = lower(&script.model, &env(&[("h", 2)])).unwrap_err();
    assert_eq!(error.to_string(), "`x`: axis 1 would be 0: [2, 0]");
}
