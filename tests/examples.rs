//! The programs in `examples/` check without a word, and the commands in their comments run.

#![allow(clippy::unwrap_used)] // A test's helpers may fail the test.

use std::collections::BTreeMap;
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

/// The command that the comment `# Run: nnc …` of a program names.
fn commented(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let command = text.lines().find_map(|line| line.strip_prefix("# Run: "));
    let command = command.unwrap_or_else(|| panic!("{}: no `# Run:`", path.display()));
    command.to_owned()
}

/// The rows of the tables in `examples/README.md`: a program, and the command that runs it.
fn table() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(root().join("examples/README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| [`"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [name, shows, command] = cells[..] else {
            panic!("not three cells: {line}");
        };
        let name = name.split('`').nth(1).unwrap().to_owned();
        assert_eq!(cells[0].trim(), format!("[`{name}`]({name})"));
        assert!(shows.len() > 20, "{name} shows something");
        (name, command.trim().trim_matches('`').to_owned())
    };
    rows.map(row).collect()
}

#[test]
fn the_table_names_every_example_and_its_command() {
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let commands = examples()
        .into_iter()
        .map(|path| (name(&path), commented(&path)));
    assert_eq!(table(), commands.collect(), "examples/README.md");
}

/// Runs `nnc` with these arguments in `folder`: what it prints, and what it says.
fn nnc(arguments: &[&str], folder: &Path) -> (String, String) {
    let mut nnc = Command::new(env!("CARGO_BIN_EXE_nnc"));
    nnc.args(arguments)
        .current_dir(folder)
        .env("COLUMNS", "100");
    let done = nnc.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (printed, said) = (text(done.stdout), text(done.stderr));
    assert!(
        done.status.success(),
        "nnc {}:\n{printed}{said}",
        arguments.join(" ")
    );
    (printed, said)
}

/// A folder with the examples in it, where results may be written.
#[cfg(unix)]
fn workplace(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("example_{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(root().join("examples"), folder.join("examples")).unwrap();
    folder
}

/// Each example as a person meets it: the line of `check`, the table of `summary`, and what its
/// command prints and says.
#[test]
#[cfg(unix)]
fn each_example_checks_is_summarised_and_runs() {
    for path in examples() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let folder = workplace(name);
        let file = format!("examples/{name}.nn");
        let command = commented(&path);
        let arguments: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(arguments[0], "nnc", "{command}");
        assert!(arguments.contains(&&*file), "{command}");

        let (check, said) = nnc(&["check", "--deny-warnings", &file], &folder);
        assert_eq!(said, "", "{name}");
        let (summary, _) = nnc(&["summary", &file], &folder);
        let (printed, said) = nnc(&arguments[1..], &folder);
        let written = arguments.iter().filter(|it| **it == "-o").count();
        let found = std::fs::read_dir(&folder).unwrap().count() - 1;
        assert_eq!(found, written, "{name} writes what it was told to");
        assert!(written > 0 || !printed.is_empty(), "{name} says nothing");
        let told = match (arguments[1], written) {
            ("summary", _) => "as above\n".to_owned(),
            (_, 0) => printed,
            // What is in the files, in numbers.
            _ => {
                let shown = arguments[1..].split(|it| *it == "-o").next().unwrap();
                nnc(shown, &folder).0
            }
        };
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
            snapshot_path => "snapshots/examples",
        }, {
            insta::assert_snapshot!(
                name,
                format!("$ nnc check {file}\n{check}\n$ nnc summary {file}\n{summary}\n$ {command}\n{said}{told}")
            );
        });
    }
}
