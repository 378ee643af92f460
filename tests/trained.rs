//! The trained examples from their text to their results, against Keras on pictures that they have
//! not seen.
//!
//! Each script in `examples/train/` writes the weights of one example and, to
//! `tests/fixtures/trained/`, held-out inputs (`in_<input>`) with what Keras makes of them
//! (`out_<output>`).

#![allow(clippy::unwrap_used)] // A test's helpers may fail the test.

use std::path::{Path, PathBuf};

use nnc::analysis::{Loaded, Loader, Settings, analyze};
use nnc::exec::weights::{WeightsFile, WeightsLayout, load};
use nnc::exec::{Given, batch_sizes, bind_sizes, graph_at, run_batched};
use nnc::formats::safetensors::Weights;
use nnc::formats::{npz, to_dtype};
use nnc::plan::Options;
use nnc::tensor::{DType, Tensor};

/// The largest difference from Keras, relative to the largest value that Keras gives (or to 1).
const TOLERANCE: f32 = 1e-4;

/// Samples that are run together.
const BATCH: usize = 200;

/// Files below `examples/`.
struct Examples;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

impl Loader for Examples {
    fn load(&self, _: &str, name: &str) -> Result<Loaded, String> {
        Ok(Loaded {
            name: name.to_owned(),
            bytes: std::fs::read(path("examples").join(name)).map_err(|error| error.to_string())?,
        })
    }

    fn exists(&self, _: &str, name: &str) -> bool {
        path("examples").join(name).exists()
    }
}

/// The arrays of a fixture by name.
struct Arrays(Vec<(String, Tensor)>);

impl Arrays {
    fn read(file: &str) -> Arrays {
        Arrays(npz::read(&std::fs::read(path(file)).unwrap()).unwrap())
    }

    fn find(&self, name: &str) -> Option<&Tensor> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, it)| it)
    }
}

/// Runs an example that has one input, with its own weights: its outputs' names and values.
fn run_example(name: &str, input: Tensor) -> Vec<(String, Tensor)> {
    let text = std::fs::read(path(&format!("examples/{name}.nn"))).unwrap();
    let file = format!("{name}.nn");
    let analysis = analyze(&file, &text, &Examples, &Settings::default());
    assert_eq!(analysis.diagnostics, [], "{name}");
    let model = &analysis.program.models[0];
    let input = to_dtype(input, DType::F32).unwrap();
    let given = Given {
        input: &model.inputs[0].name.value,
        source: "fixture",
        ty: Some((DType::F32, input.shape())),
        picture: false,
    };
    let env = bind_sizes(model, &[given]).unwrap();
    let batch = BATCH.min(input.shape()[0]);
    let graph = graph_at(model, &batch_sizes(model, &env, batch).unwrap()).unwrap();
    let bytes = std::fs::read(path(&format!("examples/{name}.safetensors"))).unwrap();
    let weights = Weights::parse(&bytes).unwrap();
    let file = WeightsFile {
        name,
        weights: &weights,
        prefix: "",
        map: None,
        layout: WeightsLayout::PyTorch,
        given: false,
    };
    let (tensors, warnings) = load(model, &graph, &file).unwrap();
    assert_eq!(warnings, [], "{name}");
    let (options, progress) = (Options::default(), &mut |_, _| {});
    let results = run_batched(model, &env, &tensors, &[input], batch, &options, progress).unwrap();
    let names = model.outputs.iter().map(|it| it.name.value.to_string());
    names.zip(results).collect()
}

/// Runs the example on a fixture's input and compares every output that the fixture holds.
fn agrees_with_keras(example: &str, fixture: &str) {
    let fixture = format!("tests/fixtures/trained/{fixture}.npz");
    let arrays = Arrays::read(&fixture);
    let input = arrays.find("in_image").unwrap().clone();
    let mut compared = 0;
    for (name, result) in run_example(example, input) {
        let Some(expected) = arrays.find(&format!("out_{name}")) else {
            continue;
        };
        compared += 1;
        assert_eq!(result.shape(), expected.shape(), "{example}: {name}");
        let (found, expected) = (result.as_f32().unwrap(), expected.as_f32().unwrap());
        let scale = expected.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
        let pairs = found.iter().zip(expected);
        let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale;
        assert!(
            largest < TOLERANCE,
            "{example}: {name} differs from Keras by {largest}"
        );
    }
    assert!(compared > 0, "{fixture} holds no output of {example}");
}

/// How many of the 1,000 held-out digits `example` reads right.
fn digits_read_right(example: &str) -> usize {
    let held = Arrays::read("tests/fixtures/lenet/heldout.npz");
    let results = run_example(example, held.find("images").unwrap().clone());
    let (_, digits) = results.into_iter().find(|(it, _)| it == "digit").unwrap();
    let rows = digits.as_f32().unwrap().chunks_exact(10);
    let labels = held.find("labels").unwrap().as_i64().unwrap();
    let right = rows.zip(labels).filter(|(row, label)| {
        let best = (0..10).max_by(|a, b| row[*a].total_cmp(&row[*b]));
        best == Some(**label as usize)
    });
    right.count()
}

#[test]
fn fully_convolutional_reads_digits_as_keras_does() {
    agrees_with_keras("fully_convolutional", "fully_convolutional");
}

#[test]
fn fully_convolutional_reads_larger_pictures() {
    agrees_with_keras("fully_convolutional", "fully_convolutional_canvas");
}

#[test]
fn fully_convolutional_reads_unseen_digits() {
    assert_eq!(digits_read_right("fully_convolutional"), 986);
}

#[test]
fn autoencoder_restores_digits_as_keras_does() {
    agrees_with_keras("autoencoder", "autoencoder");
}

#[test]
fn deconvolution_restores_digits_as_keras_does() {
    agrees_with_keras("deconvolution", "deconvolution");
}

#[test]
fn segnet_finds_digits_as_keras_does() {
    agrees_with_keras("segnet", "segnet");
}
