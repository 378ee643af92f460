//! Hover, completion and signature help at every place of many programs, good, broken and half
//! typed: they never panic, and what they give is a place of the text.
//!
//! `NNC_CASES=20` makes twenty times as many mutants, `NNC_SEED=7` others.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use nnc::analysis::{Settings, analyze};
use nnc::ide::{Beside, Facts, Names, View, completion, hover, signature};
use nnc::text::{FileId, Span};
use support::{Folder, files, root};

/// Asks at every `step`th byte of `text`, which is that of a file in `folder`.
fn ask(folder: &str, text: &str, step: usize) {
    let loader = Folder(root().join(folder));
    let analysis = analyze("main.nn", text.as_bytes(), &loader, &Settings::default());
    let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
    let view = View::new(&analysis, &names, &facts);
    let file = FileId(0);
    let beside = Beside {
        files: vec![("other.nn".into(), vec!["Other".into()])],
        weights: vec!["w.safetensors".into()],
    };
    let text = view.text(file);
    let is_place = |span: Span, at: usize| {
        let range = span.range();
        assert!(span.file == file, "of the file asked about");
        assert!(
            text.get(range.clone()).is_some(),
            "{range:?} at {at}\n{text}"
        );
        range
    };
    // One place is beyond the text.
    for at in (0..=text.len() + 1).step_by(step) {
        if let Some(found) = hover(&view, file, at) {
            let range = is_place(found.span, at);
            assert!(
                range.start <= at && at <= range.end,
                "{range:?} at {at}\n{text}"
            );
            assert!(!found.text.trim().is_empty());
        }
        for item in completion(&view, file, at, &beside).items {
            is_place(item.replace, at);
            item.edits.iter().for_each(|edit| {
                is_place(edit.span, at);
            });
            assert!(!item.label.is_empty());
            assert!(!item.insert.plain().contains("${"), "{:?}", item.insert);
        }
        if let Some(found) = signature(&view, file, at) {
            assert!(
                found
                    .active
                    .is_none_or(|active| active < found.parameters.len())
            );
            for parameter in &found.parameters {
                let label = found.label.get(parameter.label.clone());
                assert!(label.is_some_and(|label| !label.is_empty()), "{found:?}");
            }
        }
    }
}

#[test]
fn answers_at_every_place_of_the_examples() {
    for path in files("examples", "nn") {
        ask("examples", &fs::read_to_string(path).unwrap(), 3);
    }
}

#[test]
fn answers_in_programs_with_mistakes() {
    for path in files("examples/errors", "nn") {
        let bytes = fs::read(path).unwrap();
        ask("examples/errors", &String::from_utf8_lossy(&bytes), 5);
    }
}

/// Numbers that look random (SplitMix64), the same in each run of one seed.
struct Rng(u64);

impl Rng {
    /// A number below `end`, which is at least 1.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

/// The number that the environment gives for `name`.
fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Pieces that half a statement is made of.
const PIECES: &[&str] = &[
    "(", ")", "[", "]", "{", "}", ",", ".", ":", "=", "->", "from ", "reuse ", "repeat ", "\"",
    "#", "# allow ", "\n", "import ", "Conv(", "stack.*.", "가", "😀", "\r\n", "_", "**",
    "let k = ",
];

/// `text` with one to three things cut out, put in or doubled.
fn mutant(text: &str, rng: &mut Rng) -> String {
    let mut text: Vec<char> = text.chars().collect();
    for _ in 0..1 + rng.below(3) {
        let at = rng.below(text.len() + 1);
        let end = (at + rng.below(12)).min(text.len());
        match rng.below(4) {
            0 => drop(text.drain(at..end)),
            1 => text.truncate(at),
            2 => {
                let copy = text[at..end].to_vec();
                text.splice(at..at, copy);
            }
            _ => {
                let piece = rng.pick(PIECES);
                text.splice(at..at, piece.chars());
            }
        }
    }
    text.into_iter().collect()
}

#[test]
fn answers_in_half_typed_programs() {
    let short = |text: &String| text.len() < 1_200;
    let paths = files("examples", "nn")
        .into_iter()
        .chain(files("examples/errors", "nn"));
    let texts = paths
        .filter_map(|path| fs::read_to_string(path).ok())
        .filter(short);
    let texts: Vec<String> = texts.collect();
    let mut rng = Rng(number("NNC_SEED", 1));
    for _ in 0..500 * number("NNC_CASES", 1) {
        let text = rng.pick(&texts);
        ask("examples/errors", &mutant(text, &mut rng), 7);
    }
}

/// A model of `count` layers, with skips and a block.
fn long(count: usize) -> String {
    let mut text = String::from(
        "block Unit(filters) {\n    input x: [N, H, W, C]\n    conv: Conv(filters, kernel=3, padding=same)\n    ReLU\n    output y\n}\n\nmodel Long {\n    input image: [N, 2*h, 2*w, 16]\n    skip0: Identity\n",
    );
    for turn in 1..=count / 8 {
        text += &format!(
            "    conv{turn}: Conv(16, kernel=3, padding=same, bias=false)\n    norm{turn}: BatchNorm\n    ReLU\n    down{turn}: Conv(16, kernel=3, stride=1, padding=1)\n    skip{turn}: Add from down{turn}, skip{}\n    unit{turn}: Unit(16)\n    Dropout(0.1)\n    point{turn}: Conv(16, kernel=1)  -> [N, 2*h, 2*w, 16]\n",
            turn - 1
        );
    }
    text + "    last: Conv(16, kernel=3) from point1\n    output y: [N, 2*h, 2*w, 16] from skip1\n}\n"
}

/// Prints the time of an answer at several places of 10,000 lines: in a release build each is to
/// be below 20 ms; this proves no more than that none takes seconds.
#[test]
fn answers_soon_in_long_programs() {
    let text = long(10_000);
    let analysis = analyze(
        "main.nn",
        text.as_bytes(),
        &Folder(root().into()),
        &Settings::default(),
    );
    let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
    let view = View::new(&analysis, &names, &facts);
    let file = FileId(0);
    let find = |needle: &str, plus: usize| text.rfind(needle).unwrap() + plus;
    let mut slowest = Duration::ZERO;
    for (what, at) in [
        ("layer", find("Conv(16, kernel=1)", 2)),
        ("block", find("Unit(16)", 2)),
        ("label", find("point1250: ", 2)),
        ("variable", text.find("h, 2*w, 16]").unwrap()),
        ("model", text.find("Long").unwrap()),
        ("from", find("from point1\n", 5)),
        ("argument", find("(16, kernel=3) from point1", 5)),
        ("shape", find("[N, 2*h", 1)),
        ("line", find("    output y", 4)),
    ] {
        for (question, answer) in [
            (
                "hover",
                (|view, file, at| drop(hover(view, file, at))) as fn(&View, FileId, usize),
            ),
            ("completion", |view, file, at| {
                drop(completion(view, file, at, &Beside::default()));
            }),
            ("signature", |view, file, at| {
                drop(signature(view, file, at))
            }),
        ] {
            answer(&view, file, at);
            let start = Instant::now();
            answer(&view, file, at);
            let took = start.elapsed();
            slowest = slowest.max(took);
            eprintln!(
                "{what:<10} {question:<11} {:8.3} ms",
                took.as_secs_f64() * 1e3
            );
        }
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}
