//! The trained LeNet-5 from its text to its results, on digits that it has not seen.

use std::path::Path;

use nnc::analysis::{Loaded, Loader, Settings, analyze};
use nnc::exec::weights::{WeightsFile, WeightsLayout, load};
use nnc::exec::{Given, batch_sizes, bind_sizes, graph_at, run_batched};
use nnc::formats::safetensors::Weights;
use nnc::formats::{npz, to_dtype};
use nnc::plan::Options;
use nnc::tensor::{DType, Tensor};

/// Files below `examples/`.
struct Examples;

fn path(name: &str) -> std::path::PathBuf {
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

#[test]
fn reads_digits_as_keras_does() {
    let text = std::fs::read(path("examples/lenet5.nn")).unwrap();
    let analysis = analyze("lenet5.nn", &text, &Examples, &Settings::default());
    assert_eq!(analysis.diagnostics, []);
    let model = &analysis.program.models[0];

    let held = std::fs::read(path("tests/fixtures/lenet/heldout.npz")).unwrap();
    let held = npz::read(&held).unwrap();
    let array = |name: &str| held.iter().find(|(it, _)| it == name).unwrap().1.clone();
    let images = to_dtype(array("images"), DType::F32).unwrap();
    let pixels = images.as_f32().unwrap().to_vec();
    let images = Tensor::from_f32(&[1000, 28, 28, 1], pixels).unwrap();

    let given = Given {
        input: "image",
        source: "heldout.npz",
        ty: Some((DType::F32, images.shape())),
        picture: false,
    };
    let env = bind_sizes(model, &[given]).unwrap();
    let graph = graph_at(model, &batch_sizes(model, &env, 300).unwrap()).unwrap();
    let bytes = std::fs::read(path("examples/lenet5.safetensors")).unwrap();
    let weights = Weights::parse(&bytes).unwrap();
    let file = WeightsFile {
        name: "lenet5.safetensors",
        weights: &weights,
        prefix: "",
        map: None,
        layout: WeightsLayout::PyTorch,
        given: false,
    };
    let (tensors, warnings) = load(model, &graph, &file).unwrap();
    assert_eq!(warnings, []);

    let options = Options::default();
    let results = run_batched(
        model,
        &env,
        &tensors,
        &[images],
        300,
        &options,
        &mut |_, _| {},
    );
    let results = results.unwrap();
    let found = results[0].as_f32().unwrap();
    let expected = array("keras");
    let pairs = found.iter().zip(expected.as_f32().unwrap());
    let largest = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-5, "differs from Keras by {largest}");

    let labels = array("labels");
    let rows = found.chunks_exact(10).zip(labels.as_i64().unwrap());
    let right = rows.filter(|(row, label)| {
        let best = (0..10).max_by(|a, b| row[*a].total_cmp(&row[*b]));
        best == Some(**label as usize)
    });
    assert_eq!(right.count(), 991);
}
