//! Weight files as Keras and PyTorch write them, read by the command as `docs/weights.md` says:
//! the results are the frameworks' own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nnc::formats::{npz, to_dtype};
use nnc::tensor::{DType, Tensor};

/// The largest difference that rounding explains, relative to the largest result.
const CLOSE: f32 = 1e-5;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weights");
    path.join(name).display().to_string()
}

/// The tensor `key` of an archive.
fn tensor(path: &Path, key: &str) -> Tensor {
    let bytes = std::fs::read(path).expect("readable");
    let archive = npz::read(&bytes).expect("an archive");
    let found = archive.into_iter().find(|(name, _)| name == key);
    let (_, tensor) = found.unwrap_or_else(|| panic!("{}: no {key}", path.display()));
    to_dtype(tensor, DType::F32).expect("floats")
}

/// Runs the program `name` on the input that its archive holds.
fn run(name: &str, options: &[&str], out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nnc"))
        .arg("run")
        .arg(fixture(&format!("{name}.nn")))
        .arg("-i")
        .arg(fixture(&format!("{name}.npz:in_image")))
        .arg("-o")
        .arg(out)
        .args(options)
        .env("COLUMNS", "100")
        .output()
        .expect("the command starts")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs the program `name` and compares its results with the framework's.
fn agrees(name: &str, options: &[&str], out: &str) {
    let out = place(out);
    let output = run(name, options, &out);
    assert!(output.status.success(), "{}", told(&output));
    let told = told(&output);
    assert!(
        told.starts_with("note: wrote ") && told.lines().count() == 1,
        "{told}"
    );
    let ours = tensor(&out, "scores");
    let theirs = tensor(Path::new(&fixture(&format!("{name}.npz"))), "out_scores");
    assert_eq!(ours.shape(), theirs.shape());
    let ours = ours.as_f32().expect("floats");
    let theirs = theirs.as_f32().expect("floats");
    let largest = theirs.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
    let pairs = ours.iter().zip(theirs.iter());
    let apart = pairs.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(largest > 0.1, "results that say something");
    assert!(apart <= CLOSE * largest, "{name}: {apart} of {largest}");
}

#[test]
fn a_model_of_keras_gives_what_keras_computes() {
    agrees("keras", &["--weights-layout", "keras"], "keras.npz");
}

#[test]
fn a_checkpoint_of_pytorch_gives_what_its_graph_computes() {
    let options = [
        "--weights",
        &fixture("pytorch.safetensors"),
        "--weights-prefix",
        "module.",
        "--weights-map",
        &fixture("pytorch.map"),
    ];
    agrees("pytorch", &options, "pytorch.npz");
}

#[test]
fn a_map_can_take_the_prefix_off_too() {
    let text = std::fs::read_to_string(fixture("pytorch.map")).expect("readable");
    let lines = text.lines().map(|line| match line.starts_with('#') {
        true => line.to_owned(),
        false => format!("module.{line}"),
    });
    let map = place("whole_names.map");
    std::fs::write(&map, lines.collect::<Vec<_>>().join("\n")).expect("writable");
    let options = [
        "--weights",
        &fixture("pytorch.safetensors"),
        "--weights-map",
        &map.display().to_string(),
    ];
    agrees("pytorch", &options, "whole_names.npz");
}

#[test]
fn what_is_wrong_with_the_options_is_told() {
    let weights = fixture("pytorch.safetensors");
    let map = fixture("pytorch.map");
    let cases: [(&str, &[&str], &str); 4] = [
        ("keras", &[], "`--weights-layout keras` reads them"),
        (
            "pytorch",
            &["--weights", &weights],
            "`--weights-map FILE` renames",
        ),
        (
            "pytorch",
            &["--weights", &weights, "--weights-map", &map],
            "warning[W0107]: `features.0.*` matches no name",
        ),
        (
            "pytorch",
            &["--weights", &weights, "--weights-map", &weights],
            "it is not UTF-8",
        ),
    ];
    for (name, options, expected) in cases {
        let output = run(name, options, &place("refused.npz"));
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        assert!(told(&output).contains(expected), "{}", told(&output));
    }
}
