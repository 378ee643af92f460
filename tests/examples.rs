//! The programs in `examples/` check without a word, and the commands in their comments run.

#![allow(clippy::unwrap_used)] // A test's helpers may fail the test.

use std::path::{Path, PathBuf};
use std::process::Command;

use nnc::analysis::{Loaded, Loader, Settings, analyze};
use nnc::view::summary::Summary;

/// The parameters of networks from the literature, as torchvision counts them; U-Net's by the
/// formula of its layers, with padding and 32 filters at the start.
const PUBLISHED: &[(&str, &str)] = &[
    ("resnet18", "11689512"),
    ("vgg16", "138357544"),
    ("unet", "7760130"),
    ("lenet5", "61706"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below `examples/`.
struct Examples;

impl Loader for Examples {
    fn load(&self, _: &str, name: &str) -> Result<Loaded, String> {
        let path = root().join("examples").join(name);
        Ok(Loaded {
            name: name.to_owned(),
            bytes: std::fs::read(path).map_err(|error| error.to_string())?,
        })
    }

    fn exists(&self, _: &str, name: &str) -> bool {
        root().join("examples").join(name).exists()
    }
}

fn examples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("examples")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "nn"));
    files.sort();
    files
}

#[test]
fn every_example_checks_without_a_word() {
    for path in examples() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = std::fs::read(&path).unwrap();
        let analysis = analyze(name, &text, &Examples, &Settings::default());
        assert_eq!(analysis.diagnostics, [], "{name}");
        assert!(!analysis.program.models.is_empty(), "{name}");
    }
}

#[test]
fn known_networks_have_as_many_parameters_as_published() {
    for (name, published) in PUBLISHED {
        let path = root().join(format!("examples/{name}.nn"));
        let text = std::fs::read(path).unwrap();
        let analysis = analyze(name, &text, &Examples, &Settings::default());
        let summary = Summary::new(
            &analysis.program.models[0],
            &analysis.sources,
            &analysis.diagnostics,
        );
        let counted = summary.parameters.map(|count| count.to_string());
        assert_eq!(counted.as_deref(), Some(*published), "{name}");
    }
}

/// The command that the comment `# Run: nnc …` of a program names, its results written to `out`.
fn command(text: &str, out: &Path) -> Option<Vec<String>> {
    let line = text.lines().find_map(|line| line.strip_prefix("# Run: "))?;
    let mut words = line.split_whitespace().map(str::to_owned);
    assert_eq!(words.next().as_deref(), Some("nnc"), "{line}");
    let mut arguments: Vec<String> = words.collect();
    for at in 1..arguments.len() {
        if arguments[at - 1] == "-o" {
            let (output, file) = arguments[at].split_once('=').unwrap();
            arguments[at] = format!("{output}={}", out.join(file).display());
        }
    }
    Some(arguments)
}

#[test]
fn the_command_in_each_comment_runs() {
    let mut ran = 0;
    for path in examples() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("example_{name}"));
        std::fs::create_dir_all(&out).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let Some(arguments) = command(&text, &out) else {
            continue;
        };
        assert!(arguments[1].ends_with(&format!("{name}.nn")), "{name}");
        let mut nnc = Command::new(env!("CARGO_BIN_EXE_nnc"));
        let done = nnc.args(&arguments).current_dir(root()).output().unwrap();
        let (said, told) = (
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr),
        );
        assert!(done.status.success(), "{name}: {said}{told}");
        let written = arguments.iter().filter(|it| *it == "-o").count();
        let found = std::fs::read_dir(&out).unwrap().count();
        assert_eq!(found, written, "{name} writes what it was told to");
        assert!(written > 0 || !said.is_empty(), "{name} says nothing");
        ran += 1;
    }
    assert!(ran >= 13, "only {ran} examples say how to run them");
}
