//! Good programs with one thing changed: the checker finds the mistake where it is, once, or the
//! changed program is as good as any other.
//!
//! `NNC_CASES=20` makes twenty times as many mutants, `NNC_SEED=7` others.

#[path = "support/models.rs"]
mod models;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use models::{Rng, cases, holds, mentions, names, requirements, seed, sizes};
use nnc::analysis::{Analysis, Settings, analyze};
use nnc::diag::{Code, Diagnostic};
use nnc::layers::REGISTRY;
use nnc::lower::lower;
use support::{Folder, files, name, root};

/// A U-Net step, a stack with tied weights, and all forms of statement.
const MORE: &[(&str, &str)] = &[
    (
        "unet",
        "block DoubleConv(filters) {
    input x: [N, H, W, C]
    conv1: Conv(filters, kernel=3, padding=same)
    ReLU
    conv2: Conv(filters, kernel=3, padding=same)
    norm: BatchNorm
    output y: [N, H, W, filters]
}

block Residual(k = 3) {
    input x: [N, H, W, C]
    conv1: Conv(C, kernel=k, padding=same)
    ReLU
    sum: Add from conv1, x
    output y: [N, H, W, C]
}

model TinyUNet(classes = 2) {
    input image: [N, 4*h, 4*w, 3]
    let width = 8
    top: DoubleConv(width)
    MaxPool(2)
    down: DoubleConv(2*width)
    deep: repeat 2 as i { Residual(2*i + 1) }
    flat: Reshape([N, 2*h, 2, 2*w, width])
    wide: Reshape([N, 4*h, 2*w, width])
    top2: MaxPool((1, 2)) from top
    joined: Concat(axis=-1) from wide, top2   -> [N, 4*h, 2*w, 2*width]
    dec: DoubleConv(width)
    skip: MaxPool((1, 2)) from top
    both: Add from dec, skip
    head: Conv(classes, kernel=1)
    Softmax
    output mask: [N, 4*h, 2*w, classes]
}
",
    ),
    (
        "tied",
        "layout channels_first

block Cell(out, act = true) {
    input x: [N, C]
    input s: [N, S]
    joined: Concat(axis=1) from x, s
    fc: Linear(out)
    Tanh
    output y: [N, out]
    output same from joined
}

model Tied(units = 6) {
    input x: [N, C, L + 2]
    input start: [N, units]
    conv: Conv(4, kernel=3) from x  -> [N, 4, L]
    again: reuse conv from x
    sum: Add from conv, again
    pool: GlobalAvgPool          -> [N, 4]
    cell: Cell(units) from pool, start
    next: reuse cell from pool, cell
    both: Concat(axis=-1) from next.y, cell
    fc1: Linear(2*units)
    mix: Add from fc1, both
    long: Unsqueeze(1)
    flat: Flatten
    sharp: Dropout(0.5)
    output y: [N, 2*units]
    output side from cell.same
}
",
    ),
];

/// The good programs, by name.
fn programs() -> Vec<(String, String)> {
    let examples = files("examples", "nn").into_iter();
    let mut all: Vec<(String, String)> = examples
        .map(|path| {
            (
                name(&path),
                fs::read_to_string(&path).expect("a readable example"),
            )
        })
        .collect();
    all.extend(
        REGISTRY
            .iter()
            .map(|layer| (layer.name().to_owned(), layer.doc().example.to_owned())),
    );
    all.extend(
        MORE.iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned())),
    );
    all
}

fn check(text: &str) -> Analysis {
    let folder = Folder(root().join("examples"));
    analyze("test.nn", text.as_bytes(), &folder, &Settings::default())
}

/// The part of a line before its comment.
fn code(line: &str) -> &str {
    line.split('#').next().unwrap_or("")
}

/// The words and numbers of `text` outside comments and strings, as byte ranges.
fn tokens(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = code(line);
        let (mut at, mut quoted) = (0, false);
        while at < code.len() {
            let byte = code.as_bytes()[at];
            quoted ^= byte == b'"';
            let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if !word(byte) || quoted {
                at += 1;
                continue;
            }
            let length = code.as_bytes()[at..]
                .iter()
                .take_while(|byte| word(**byte))
                .count();
            found.push(start + at..start + at + length);
            at += length;
        }
        start += line.len();
    }
    found
}

/// Another word or number for `token`.
fn instead(rng: &mut Rng, token: &str, words: &[&str]) -> String {
    if let Ok(number) = token.parse::<u64>() {
        let near = [
            number + 1,
            number.saturating_sub(1),
            0,
            2 * number,
            3,
            7,
            number + 2,
        ];
        return rng.pick(&near).to_string();
    }
    match rng.below(10) {
        0 => token[..token.len() - 1].to_owned() + "q",
        1 => format!("{token}x"),
        2 | 3 => rng.pick(REGISTRY).name().to_owned(),
        4 => rng.below(6).to_string(),
        _ => {
            // Names of layers and of values start differently.
            let capital = token.starts_with(char::is_uppercase);
            let alike = words
                .iter()
                .filter(|word| word.starts_with(char::is_uppercase) == capital);
            let alike: Vec<&&str> = alike.collect();
            rng.pick(&alike).to_string()
        }
    }
}

/// The names that a line defines.
fn defines(line: &str) -> Vec<&str> {
    let line = code(line).trim();
    let word = |text: &'_ str| -> usize {
        text.find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    for keyword in ["let ", "block ", "model ", "input "] {
        if let Some(rest) = line.strip_prefix(keyword) {
            let mut names = vec![&rest[..word(rest)]];
            // Parameters, and dimension variables.
            if keyword != "let " {
                let rest = &rest[word(rest)..];
                names.extend(
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .filter(|word| word.starts_with(|c: char| c.is_alphabetic())),
                );
            }
            return names;
        }
    }
    let mut names = Vec::new();
    if let Some((label, _)) = line.split_once(':') {
        names.push(label.trim());
    }
    if let Some((_, counter)) = line.split_once(" as ") {
        names.push(&counter[..word(counter)]);
    }
    names
}

/// The lines, from 0, that depend on the line `changed` in either text. One text has the lines of
/// the other.
fn dependents(texts: &[&str], changed: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([changed]);
    loop {
        let before = reached.len();
        for text in texts {
            let lines: Vec<&str> = text.lines().map(code).collect();
            for at in reached.clone() {
                let names = defines(lines[at]);
                for (other, line) in lines.iter().enumerate() {
                    if names
                        .iter()
                        .any(|name| !name.is_empty() && mentions(line, name))
                    {
                        reached.insert(other);
                    }
                }
                // The line below takes the value, unless it says `from`; but a layer that lost its
                // place above no longer hides the one before.
                let mut below =
                    (at + 1..lines.len()).filter(|next| !lines[*next].trim().is_empty());
                if let Some(next) = below.next()
                    && lines[next].trim() != "}"
                    && !lines[next].contains(" from ")
                {
                    reached.insert(next);
                }
                // What stands in a block counts where the block is used.
                let header = (0..=at).rev().find(|head| {
                    lines[*head].starts_with("block ") || lines[*head].starts_with("model ")
                });
                if let Some(header) = header
                    && lines[header].starts_with("block ")
                {
                    let block = defines(lines[header])[0];
                    let uses = lines
                        .iter()
                        .enumerate()
                        .filter(|(_, line)| mentions(line, block));
                    reached.extend(uses.map(|(line, _)| line).filter(|line| *line != header));
                    if at == header {
                        let end = (header..lines.len()).find(|end| lines[*end].starts_with('}'));
                        reached.extend(header..=end.unwrap_or(header));
                    }
                }
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

fn lines_of(analysis: &Analysis, error: &Diagnostic) -> Vec<usize> {
    let labels = error.labels.iter().map(|label| label.span);
    let spans = std::iter::once(error.primary.span).chain(labels);
    spans
        .map(|span| analysis.sources.start(span).line - 1)
        .collect()
}

/// What is wrong with what the checker makes of `mutant`, which differs from `text` on the line
/// `changed`.
fn judge(rng: &mut Rng, text: &str, mutant: &str, changed: usize) -> Result<usize, String> {
    let analysis = check(mutant);
    let errors: Vec<&Diagnostic> = analysis
        .diagnostics
        .iter()
        .filter(|it| it.is_error())
        .collect();
    if errors.is_empty() {
        for model in analysis
            .program
            .models
            .iter()
            .filter(|model| !model.has_errors)
        {
            let needs = requirements(model);
            let open = analysis.diagnostics.iter().any(|it| it.code == Code::W0104);
            for _ in 0..12 {
                let sizes = sizes(rng, &names(model), &needs);
                if !open
                    && holds(&needs, &sizes)
                    && let Err(error) = lower(model, &sizes)
                {
                    return Err(format!("does not lower at {sizes:?}: {error}"));
                }
            }
        }
        return Ok(0);
    }
    let said: Vec<String> = errors
        .iter()
        .map(|it| {
            format!(
                "{} lines {:?}: {}",
                it.code,
                lines_of(&analysis, it),
                it.message
            )
        })
        .collect();
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    let near = dependents(&[text, mutant], changed);
    let before = text.lines().nth(changed).unwrap_or("");
    for error in &errors {
        let lines = lines_of(&analysis, error);
        // Each argument that a layer does not have has a remedy of its own, a name that is defined
        // twice is missing elsewhere, and one that is gone may be missed wherever it stood.
        let gone = matches!(error.code, Code::E0202 | Code::E0203)
            && mentions(before, analysis.sources.slice(error.primary.span));
        if !gone && !matches!(error.code, Code::E0401 | Code::E0204) {
            *first.entry(lines[0]).or_default() += 1;
        }
        // A body that has lost its output is told of where it begins.
        if error.code != Code::E0217 && !lines.iter().any(|line| near.contains(line)) {
            return Err(format!(
                "{} is told far from line {changed}: {said:?}",
                error.code
            ));
        }
    }
    if first.values().any(|count| *count > 1) {
        return Err(format!("a statement is told off twice: {said:?}"));
    }
    Ok(errors.len())
}

#[test]
fn a_change_is_judged_where_it_is_made() {
    let mut rng = Rng::new(seed());
    let mut failures = Vec::new();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for (name, text) in programs() {
        assert!(!check(&text).has_errors(), "{name}");
        let tokens = tokens(&text);
        let words: Vec<&str> = tokens.iter().map(|range| &text[range.clone()]).collect();
        let small = text.lines().count() < 12;
        for _ in 0..cases(if small { 15 } else { 150 }) {
            let range = rng.pick(&tokens).clone();
            let other = instead(&mut rng, &text[range.clone()], &words);
            let changed = text[..range.start].matches('\n').count();
            let mut mutant = text.clone();
            mutant.replace_range(range, &other);
            match judge(&mut rng, &text, &mutant, changed) {
                Ok(errors) => *counts.entry(errors).or_default() += 1,
                Err(why) => {
                    let line = mutant.lines().nth(changed).unwrap_or("");
                    failures.push(format!("{name}: {line}\n    {why}"));
                }
            }
        }
    }
    println!("mutants by errors: {counts:?}");
    let count = failures.len();
    failures.sort_by_key(String::len);
    failures.dedup();
    failures.truncate(30);
    assert!(
        failures.is_empty(),
        "{count} failures\n{}",
        failures.join("\n")
    );
}

/// Broken text may say anything, but is always answered.
#[test]
fn broken_text_is_answered() {
    let mut rng = Rng::new(seed() + 1);
    for (_, text) in programs() {
        for _ in 0..cases(8) {
            let mut lines: Vec<&str> = text.lines().collect();
            let at = rng.below(lines.len());
            match rng.below(3) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[rng.below(lines.len())]),
                _ => {
                    let other = rng.below(lines.len());
                    lines.swap(at, other);
                }
            }
            let mut mutant = lines.join("\n");
            for _ in 0..rng.below(3) {
                let at = rng.below(mutant.len());
                if mutant.is_char_boundary(at) {
                    let added = ["(", "]", ",", "->", "from", "}", "{", "\n", ":", "*", "_"];
                    mutant.insert_str(at, added[rng.below(added.len())]);
                }
            }
            let analysis = check(&mutant);
            for model in analysis
                .program
                .models
                .iter()
                .filter(|model| !model.has_errors)
            {
                let needs = requirements(model);
                let sizes = sizes(&mut rng, &names(model), &needs);
                let undecided = analysis.diagnostics.iter().any(|it| it.code == Code::W0104);
                if !analysis.has_errors() && holds(&needs, &sizes) && !undecided {
                    assert!(lower(model, &sizes).is_ok(), "{sizes:?}\n{mutant}");
                }
            }
        }
    }
}
