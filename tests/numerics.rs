//! Results of every layer against those that Keras and ONNX Runtime computed.
//!
//! `tests/fixtures/numerics/make.py` writes the cases: whole programs with inputs, parameters and
//! the outputs of the other framework.

// Helpers of tests are not recognised as tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use nnc::analysis::{Loaded, Loader, Settings, analyze};
use nnc::exec::{Given, bind_sizes, graph_at, run};
use nnc::formats::safetensors::Weights;
use nnc::layers;
use nnc::plan::{Options, Plan};
use nnc::tensor::Tensor;

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    layer: String,
    engine: String,
    program: String,
    tolerance: f64,
    /// Whether a difference is measured by its own element, not by the largest one.
    #[serde(default)]
    each: bool,
}

struct Alone;

impl Loader for Alone {
    fn load(&self, _: &str, _: &str) -> Result<Loaded, String> {
        Err("no such file".into())
    }

    fn exists(&self, _: &str, _: &str) -> bool {
        false
    }
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/numerics")
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(fixtures().join("cases.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Runs one case; what differs, or the largest relative difference.
fn check(case: &Case, file: &Weights) -> Result<f64, String> {
    let analysis = analyze(
        "case.nn",
        case.program.as_bytes(),
        &Alone,
        &Settings::default(),
    );
    if let Some(first) = analysis.diagnostics.iter().find(|diag| diag.is_error()) {
        return Err(format!("does not check: {}: {}", first.code, first.message));
    }
    let model = &analysis.program.models[0];
    let tensor = |kind: &str, name: &str| {
        let name = format!("{}/{kind}/{name}", case.name);
        file.get(&name).map_err(|error| format!("{name}: {error}"))
    };
    let inputs: Vec<Tensor> = model
        .inputs
        .iter()
        .map(|input| tensor("in", &input.name.value))
        .collect::<Result<_, _>>()?;
    let given: Vec<Given> = model
        .inputs
        .iter()
        .zip(&inputs)
        .map(|(input, data)| Given {
            input: &input.name.value,
            source: "fixture",
            ty: Some((data.dtype(), data.shape())),
            picture: false,
        })
        .collect();
    let env = bind_sizes(model, &given).map_err(|diags| diags[0].message.clone())?;
    let graph = graph_at(model, &env).map_err(|error| error.to_string())?;
    let weights: Vec<Arc<Tensor>> = graph
        .weights
        .iter()
        .map(|weight| {
            match model
                .params
                .iter()
                .find(|p| p.name == weight.name)
                .map(|p| &p.init)
            {
                Some(layers::def::Init::Given(array)) => {
                    let array = array.broadcast(weight.shape.clone());
                    let elements = array.ok_or("does not broadcast")?.iter().copied().collect();
                    let tensor = Tensor::from_f32(&weight.shape, elements);
                    Ok(Arc::new(tensor.ok_or("the wrong count")?))
                }
                _ => tensor("param", &weight.name).map(Arc::new),
            }
        })
        .collect::<Result<_, String>>()?;
    let mut plan =
        Plan::new(&graph, &weights, &Options::default()).map_err(|error| error.to_string())?;
    let results = run(&mut plan, &inputs).map_err(|error| error.to_string())?;
    let mut worst: f64 = 0.0;
    for (output, result) in model.outputs.iter().zip(&results) {
        let name = &output.name.value;
        let expected = tensor("out", name)?;
        if expected.shape() != result.shape() || expected.dtype() != result.dtype() {
            return Err(format!(
                "`{name}` is {} {:?}, and {} gives {} {:?}",
                result.dtype(),
                result.shape(),
                case.engine,
                expected.dtype(),
                expected.shape()
            ));
        }
        if let (Some(a), Some(b)) = (result.as_i64(), expected.as_i64()) {
            if a != b {
                return Err(format!(
                    "`{name}` is {a:?}, and {} gives {b:?}",
                    case.engine
                ));
            }
        } else if let (Some(a), Some(b)) = (result.as_f32(), expected.as_f32()) {
            let largest = b
                .iter()
                .fold(1.0_f64, |most, x| most.max(f64::from(x.abs())));
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                let same = a == b || (a.is_nan() && b.is_nan());
                let scale = match case.each {
                    true => f64::from(b.abs()).max(1.0),
                    false => largest,
                };
                let error = f64::from((a - b).abs()) / scale;
                if !same && (error.is_nan() || error > case.tolerance) {
                    return Err(format!(
                        "`{name}` has {a} at {at}, and {} gives {b}",
                        case.engine
                    ));
                }
                if !same {
                    worst = worst.max(error);
                }
            }
        }
    }
    Ok(worst)
}

#[test]
fn layers_compute_what_other_frameworks_compute() {
    let cases = cases();
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for case in &cases {
        files.entry(case.layer.clone()).or_insert_with(|| {
            fs::read(fixtures().join(format!("{}.safetensors", case.layer))).unwrap()
        });
    }
    let mut table: BTreeMap<&str, (usize, usize, f64)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let file = Weights::parse(&files[&case.layer]).unwrap();
        let row = table.entry(&case.layer).or_default();
        row.1 += 1;
        match check(case, &file) {
            Ok(error) => {
                row.0 += 1;
                row.2 = row.2.max(error);
            }
            Err(why) => wrong.push(format!("{}: {why}", case.name)),
        }
    }
    let mut text = String::new();
    for (layer, (passed, total, worst)) in &table {
        let _ = writeln!(
            text,
            "{layer:<14} {passed:>3} of {total:>3}   largest error {worst:.1e}"
        );
    }
    println!("{text}");
    assert!(wrong.is_empty(), "{text}\n{}", wrong.join("\n"));
    assert!(cases.len() >= 240, "only {} cases", cases.len());
}

#[test]
fn every_layer_has_cases() {
    let cases = cases();
    let missing: Vec<&str> = layers::REGISTRY
        .iter()
        .map(|def| def.name())
        .filter(|name| !cases.iter().any(|case| case.layer == *name))
        .collect();
    assert!(missing.is_empty(), "layers without a case: {missing:?}");
}
