//! The formatter keeps what a file says, whatever it says, and is done after one pass.
//!
//! `NNC_CASES=20` tries twenty times as many mutants, `NNC_SEED=7` others.

#[path = "support/models.rs"]
mod models;
mod support;

use std::fs;
use std::ops::Range;

use models::{Rng, cases, seed};
use nnc::layers::REGISTRY;
use nnc::syntax::fmt::{edits, format, format_lines, layout};
use nnc::syntax::parse;
use nnc::text::FileId;
use support::{files, name};

/// Every program of the examples, good and bad, and of the layers' reference.
fn programs() -> Vec<(String, String)> {
    let folders = ["examples", "examples/errors", "examples/errors/parts"];
    let paths = folders.iter().flat_map(|folder| files(folder, "nn"));
    let read = |path: std::path::PathBuf| {
        let text = String::from_utf8(fs::read(&path).expect("a readable example"));
        Some((name(&path), text.ok()?))
    };
    let mut all: Vec<(String, String)> = paths.filter_map(read).collect();
    all.extend(
        REGISTRY
            .iter()
            .map(|layer| (layer.name().to_owned(), layer.doc().example.to_owned())),
    );
    all
}

/// All that is no blank, without commas; a comment may move behind a `{`.
fn letters(text: &str) -> String {
    let kept = |letter: &char| !letter.is_whitespace() && !matches!(letter, ',' | '{');
    text.chars().filter(kept).collect()
}

fn apply(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut out = text.to_owned();
    for (range, new) in edits.iter().rev() {
        out.replace_range(range.clone(), new);
    }
    out
}

/// What is wrong with the layout of `text`. That the trees agree is the formatter's own condition,
/// without which it gives an error.
fn judge(text: &str) -> Result<(), String> {
    let Ok(once) = layout(text) else {
        return Err("it would say something else".into());
    };
    if letters(&once.text) != letters(text)
        || once.text.matches('{').count() != text.matches('{').count()
    {
        return Err(format!("letters are lost:\n{}", once.text));
    }
    match layout(&once.text) {
        Ok(twice) if twice.text == once.text => {}
        twice => return Err(format!("again:\n{}\n{twice:?}", once.text)),
    }
    let edits = edits(text);
    if apply(text, &edits) != once.text {
        return Err(format!("the edits make something else: {edits:?}"));
    }
    let ragged = |line: &str| line.trim_end_matches(['\r', '\n']).ends_with([' ', '\t']);
    if once.text.split('\n').any(ragged) {
        return Err(format!("blanks at a line's end:\n{}", once.text));
    }
    Ok(())
}

#[track_caller]
fn hold(failures: Vec<String>) {
    let count = failures.len();
    let mut failures = failures;
    failures.sort_by_key(String::len);
    failures.truncate(5);
    assert!(
        failures.is_empty(),
        "{count} failures\n{}",
        failures.join("\n")
    );
}

fn try_all(texts: impl Iterator<Item = String>) {
    let tried = texts.filter_map(|text| {
        let why = judge(&text).err()?;
        Some(format!("----\n{text}\n---- {why}"))
    });
    hold(tried.collect());
}

#[test]
fn programs_say_the_same() {
    try_all(programs().into_iter().map(|(_, text)| text));
}

#[test]
fn beginnings_of_programs_say_the_same() {
    let few = programs();
    let texts = few.iter().filter(|(name, _)| {
        [
            "lenet5.nn",
            "filters.nn",
            "padding.nn",
            "twenty.nn",
            "E0101_self.nn",
            "E0102_brace.nn",
        ]
        .contains(&name.as_str())
    });
    try_all(texts.flat_map(|(_, text)| {
        (0..text.len())
            .step_by(7)
            .filter(|at| text.is_char_boundary(*at))
            .map(|at| text[..at].to_owned())
    }));
}

#[test]
fn lines_of_other_ends_say_the_same() {
    let all = programs();
    try_all(all.iter().map(|(_, text)| text.replace('\n', "\r\n")));
    for (_, text) in &all {
        let text = text.replace('\n', "\r\n");
        let done = format(&text);
        assert_eq!(done.matches('\n').count(), done.matches("\r\n").count());
        assert_eq!(
            done.replace("\r\n", "\n"),
            format(&text.replace("\r\n", "\n"))
        );
    }
}

/// A program with other blanks, breaks and comments, which say nothing.
fn respaced(rng: &mut Rng, text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for line in text.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or("");
        if code.contains('"') || code.len() < line.trim_end().len() {
            out.push_str(line);
            continue;
        }
        for letter in line.chars() {
            match letter {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if letter == ' ' {
                out.push_str([" ", "  ", "   ", "\t"][rng.below(4)]);
                continue;
            }
            if matches!(letter, ')' | ']' | '=' | ':') && rng.chance(15) {
                out.push(' ');
            }
            out.push(letter);
            let open = depth > 0 && matches!(letter, '(' | '[' | ',');
            if open && rng.chance(20) {
                out.push_str(["\n", " # note\n", "\n\n   # note\n", "\n  "][rng.below(4)]);
            } else if matches!(letter, '(' | '[' | '=' | ':' | ',') && rng.chance(15) {
                out.push(' ');
            }
            if letter == '{' && rng.chance(30) {
                out.push_str(["\n\n", "#note\n", ""][rng.below(3)]);
            }
            if letter == '\n' && rng.chance(20) {
                out.push_str(["\n", "\n\n", "  #note\n", "#!note\n"][rng.below(4)]);
            }
        }
    }
    out
}

/// Text with something wrong anywhere.
fn damaged(rng: &mut Rng, text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for _ in 0..rng.below(3) {
        let at = rng.below(lines.len());
        match rng.below(3) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[rng.below(lines.len())]),
            _ => {
                let other = rng.below(lines.len());
                lines.swap(at, other);
            }
        }
    }
    let mut mutant = lines.join("\n");
    for _ in 0..rng.below(6) {
        let at = rng.below(mutant.len() + 1);
        if !mutant.is_char_boundary(at) {
            continue;
        }
        let added = [
            "(",
            ")",
            "[",
            "]",
            ",",
            "->",
            "from ",
            "from a,",
            "}",
            "{",
            "\n",
            ":",
            "*",
            "_",
            "#",
            " # note\n",
            "\"",
            "'",
            "//",
            "/*",
            "\t",
            "\r",
            "\u{a0}",
            "é",
            "repeat 2 {",
            "model X {",
            "block",
            "repeat 3\n",
            "} ReLU",
            "=",
            " as ",
            "1e",
            "ReLU()",
            ";",
            "\n\n\n",
        ];
        if rng.chance(60) {
            mutant.insert_str(at, added[rng.below(added.len())]);
        } else if at < mutant.len() {
            mutant.remove(at);
        }
    }
    mutant
}

#[test]
fn programs_with_other_blanks_say_the_same() {
    let mut rng = Rng::new(seed());
    let all = programs();
    let count = cases(6);
    try_all(all.iter().flat_map(|(_, text)| {
        let texts: Vec<String> = (0..count).map(|_| respaced(&mut rng, text)).collect();
        texts
    }));
}

#[test]
fn damaged_programs_say_the_same() {
    let mut rng = Rng::new(seed() + 1);
    let all = programs();
    let count = cases(10);
    try_all(all.iter().flat_map(|(_, text)| {
        let texts: Vec<String> = (0..count)
            .map(|_| {
                let text = match rng.chance(50) {
                    true => respaced(&mut rng, text),
                    false => text.clone(),
                };
                damaged(&mut rng, &text)
            })
            .collect();
        texts
    }));
}

/// The lines that are asked for, and no others, become those of the layout.
#[test]
fn lines_alone_are_laid_out_as_in_the_whole() {
    let mut rng = Rng::new(seed() + 2);
    let mut failures = Vec::new();
    let mut some = 0;
    for (_, text) in programs() {
        for _ in 0..cases(3) {
            let text = respaced(&mut rng, &text);
            let whole = edits(&text);
            let count = text.lines().count();
            let first = rng.below(count);
            let lines = first..first + 1 + rng.below(3);
            let part = format_lines(&text, lines.clone());
            some += usize::from(!part.is_empty() && part.len() < whole.len());
            let after = apply(&text, &part);
            let (before, _) = parse(FileId(0), &text);
            let (now, _) = parse(FileId(0), &after);
            if part.iter().any(|edit| !whole.contains(edit))
                || before.items.len() != now.items.len()
                || format(&after) != format(&text)
            {
                failures.push(format!("{lines:?} of\n{text}\n----\n{after}"));
            }
        }
    }
    hold(failures);
    assert!(some > 50, "{some} cases test anything");
}

#[test]
fn the_examples_are_laid_out() {
    for path in files("examples", "nn") {
        let text = fs::read_to_string(&path).expect("readable");
        assert!(
            format(&text) == text,
            "run `nnc fmt examples/*.nn`: {}",
            name(&path)
        );
    }
}

#[test]
fn edits_are_whole_lines_of_what_changes() {
    let text = "model M {\n    input x: [N]\n  ReLU\n    Tanh\n\n\n  Conv(8,\n  kernel=3)\n}\n";
    let place = |line: &str| text.find(line).expect("it is there");
    let relu = (place("  ReLU")..place("    Tanh"), "    ReLU\n".to_owned());
    let blank = (place("\n  Conv")..place("  Conv"), String::new());
    let conv = (
        place("  Conv")..place("}"),
        "    Conv(8, kernel=3)\n".to_owned(),
    );
    assert_eq!(edits(text), [relu.clone(), blank.clone(), conv.clone()]);
    assert_eq!(format_lines(text, 2..3), [relu]);
    assert_eq!(format_lines(text, 3..4), []);
    // The second line of a statement is as good as the first.
    assert_eq!(format_lines(text, 7..8), [conv]);
    assert_eq!(format_lines(text, 5..6), [blank]);
    assert_eq!(format_lines(text, 90..91), []);
}

/// Programs as they are written and as they are laid out, for a person to compare.
#[test]
fn cases_are_laid_out() {
    for path in files("tests/fixtures/fmt", "nn") {
        let text = fs::read_to_string(&path).expect("readable");
        judge(&text).unwrap_or_else(|why| panic!("{}: {why}", name(&path)));
        let line = "─".repeat(100);
        insta::with_settings!({
            snapshot_path => "snapshots/fmt",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            let case = name(&path);
            let shown = format!("{text}\n{line}\n{}", format(&text));
            insta::assert_snapshot!(case.trim_end_matches(".nn"), shown);
        });
    }
}

/// Hostile texts take no longer than others of their length.
#[test]
fn long_files_are_laid_out_in_time() {
    let line = "    conv: Conv(8, kernel=3,padding=same) from a, b -> [N, 2*h, 8] # note\n";
    let args = "1, ".repeat(10_000);
    let sum = "(1)+".repeat(900) + "1";
    for text in [
        format!("model M {{\n{}}}\n", line.repeat(500)),
        format!("model M {{\n    Conv({args})\n}}\n"),
        format!("model M {{\n    let k = {sum}\n}}\n").repeat(5),
        "(".repeat(20_000),
        "{".repeat(20_000),
        "}\n".repeat(20_000),
        "# note\n".repeat(20_000),
        "\n".repeat(50_000),
        "model M {\n".repeat(2_000),
        format!("model M {{\n{}\n}}\n", "from a,\n".repeat(2_000)),
    ] {
        let start = std::time::Instant::now();
        judge(&text).unwrap_or_else(|why| panic!("{}", &why[..why.len().min(300)]));
        let shown = &text[..text.len().min(40)];
        assert!(
            start.elapsed().as_secs() < 20,
            "{shown:?}: {:?}",
            start.elapsed()
        );
    }
}
