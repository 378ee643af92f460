//! What the compiler says, example by example. Each program in `examples/errors/` has one
//! mistake, of the code in its name; the snapshot shows the program and the message side by side.
//!
//! A program whose first line is `# check: ARGUMENTS` or `# run: ARGUMENTS` is given to the
//! command with these arguments, since the mistake is in them.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use nnc::analysis::{Settings, analyze};
use nnc::diag::Code;
use nnc::diag::render::{Style, render_all};
use support::{Folder, files, fixed, name, root, told};

/// Codes without a program among the examples, each with the reason.
const WITHOUT: &[(Code, &str)] = &[(Code::E0112, "the program would have more than 16 MiB")];

/// The arguments in the first line, after the word `check` or `run`.
fn arguments(text: &str) -> Option<Vec<String>> {
    let line = text.lines().next()?.strip_prefix("# ")?;
    let (word, rest) = line.split_once(": ")?;
    if !matches!(word, "check" | "run") {
        return None;
    }
    let mut all = vec![word.to_owned()];
    all.extend(rest.split_whitespace().map(str::to_owned));
    Some(all)
}

/// Runs the command in the folder of examples: the exit status, and what it says.
fn command(program: &str, arguments: &[String]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nnc"))
        .current_dir(root().join("examples/errors"))
        .env_clear()
        .arg(&arguments[0])
        .arg(program)
        .args(&arguments[1..])
        .output()
        .expect("the command starts");
    let text = String::from_utf8(output.stderr).expect("messages are text");
    // What the command remarks on its way is no part of the message.
    let remark = |line: &&str| line.starts_with("note: ") || line.starts_with("see `nnc explain ");
    let lines = text.lines().filter(|line| !remark(line));
    let text = lines.map(|line| format!("{line}\n")).collect();
    (output.status.code().unwrap_or(-1), text)
}

/// The codes in the headers of rendered diagnostics.
fn codes(rendered: &str) -> Vec<String> {
    let headers = rendered.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("error[")
            .or(line.strip_prefix("warning["))?;
        Some(rest.split(']').next()?.to_owned())
    });
    headers.collect()
}

fn says(path: &Path) -> (String, Vec<String>) {
    let program = name(path);
    let bytes = fs::read(path).expect("a readable example");
    let text = String::from_utf8_lossy(&bytes);
    if let Some(arguments) = arguments(&text) {
        let (_, said) = command(&program, &arguments);
        let codes = codes(&said);
        return (said, codes);
    }
    let folder = Folder(root().join("examples/errors"));
    let analysis = analyze(&program, &bytes, &folder, &Settings::default());
    let codes = analysis.diagnostics.iter().map(|d| d.code.to_string());
    let said = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
    (said, codes.collect())
}

#[test]
fn each_example_has_the_one_mistake_that_it_is_named_after() {
    let mut wrong = Vec::new();
    for path in files("examples/errors", "nn") {
        let program = name(&path);
        if program == "twenty.nn" {
            continue;
        }
        let (said, codes) = says(&path);
        let text = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&text);
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
            snapshot_path => "snapshots/errors",
        }, {
            insta::assert_snapshot!(program.trim_end_matches(".nn"), format!("{text}\n{}\n{said}", "─".repeat(100)));
        });
        if codes != [&program[..5]] {
            wrong.push(format!("{program} gives {codes:?}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Messages that are not good enough yet: each is named in the list with what is wrong with it.
#[test]
fn the_worst_messages_are_listed() {
    let list = fs::read_to_string(root().join("examples/errors/worst/README.md")).unwrap();
    let programs = files("examples/errors/worst", "nn");
    let rows = list.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, programs.len(), "a row for each program");
    for path in programs {
        let program = name(&path);
        assert!(list.contains(&format!("| `{program}` |")), "{program}");
        let text = fs::read_to_string(&path).unwrap();
        let folder = Folder(root().join("examples/errors/worst"));
        let analysis = analyze(&program, text.as_bytes(), &folder, &Settings::default());
        let said = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
        insta::with_settings!({
            prepend_module_to_snapshot => false,
            omit_expression => true,
            snapshot_path => "snapshots/worst",
        }, {
            insta::assert_snapshot!(program.trim_end_matches(".nn"), format!("{text}\n{}\n{said}", "─".repeat(100)));
        });
    }
}

#[test]
fn each_code_has_an_example_and_a_page() {
    let examples: BTreeSet<String> = files("examples/errors", "nn")
        .iter()
        .map(|path| name(path)[..5].to_owned())
        .collect();
    for code in Code::ALL {
        let exempt = WITHOUT.iter().any(|(other, _)| other == code);
        assert!(
            examples.contains(code.name()) != exempt,
            "{code} has no example in examples/errors/"
        );
        assert!(
            code.page().lines().count() > 5,
            "docs/errors/{code}.md says nothing"
        );
    }
}

#[test]
fn each_fix_makes_its_diagnostic_go_away() {
    let folder = Folder(root().join("examples/errors"));
    for path in files("examples/errors", "nn") {
        let program = name(&path);
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if arguments(&text).is_some() || program == "twenty.nn" {
            continue;
        }
        let analysis = analyze(&program, text.as_bytes(), &folder, &Settings::default());
        for diagnostic in &analysis.diagnostics {
            for (at, fix) in diagnostic.fixes.iter().enumerate() {
                let after = fixed(&analysis, diagnostic, at, &text);
                let again = analyze(&program, after.as_bytes(), &folder, &Settings::default());
                let codes: Vec<Code> = again.diagnostics.iter().map(|d| d.code).collect();
                assert!(
                    !codes.contains(&diagnostic.code),
                    "{program}: “{}” leaves {codes:?}:\n{after}",
                    fix.title
                );
            }
        }
    }
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let text = " ".repeat((16 << 20) + 1);
    let analysis = support::check(&text);
    assert_eq!(told(&analysis), ["E0112 line 1"]);
}

/// Twenty independent mistakes give twenty diagnostics, each on a line of its own.
#[test]
fn twenty_mistakes_give_twenty_diagnostics() {
    let path = root().join("examples/errors/twenty.nn");
    let text = fs::read_to_string(&path).unwrap();
    let folder = Folder(root().join("examples/errors"));
    let analysis = analyze("twenty.nn", text.as_bytes(), &folder, &Settings::default());
    let expected: Vec<String> = text
        .lines()
        .enumerate()
        .filter_map(|(at, line)| {
            let code = line.rsplit_once("# ")?.1;
            let known = Code::from_name(code)?;
            Some(format!("{known} line {}", at + 1))
        })
        .collect();
    assert_eq!(expected.len(), 20);
    let kinds: BTreeSet<&str> = expected.iter().map(|line| &line[..5]).collect();
    assert_eq!(kinds.len(), 20, "each is of another kind");
    let said = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
    assert_eq!(told(&analysis), expected, "{said}");
}
