//! The manual is true: generated pages are those that the code gives, examples in the others are
//! checked or run, and every option of the command has its place.
//!
//! The word behind a fence says what must hold of it:
//!
//! | fence | must |
//! | --- | --- |
//! | `nn` | be a program without a diagnostic |
//! | `nn fragment` | be so inside of a model |
//! | `nn fails E0301` | have this error, and no other |
//! | `nn blocks.nn` | be so, and is a file that later programs may import |
//! | `sh run` | succeed, run from the project's folder |
//! | `text of nnc …` | be what the command prints |
//! | `json of nnc …` | have the keys that the command's JSON has |

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nnc::analysis::{Loaded, Loader, Settings, analyze};
use nnc::diag::Code;
use nnc::diag::render::{Style, render_all};
use nnc::exec::weights::map;
use nnc::formats::{self, images, npz};
use nnc::layers::value;
use nnc::view::reference::pages;
use serde_json::Value as Json;
use support::{Memory, root};

const PAGES: [&str; 3] = ["language", "command", "weights"];

fn page(name: &str) -> String {
    let path = root().join(format!("docs/{name}.md"));
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// A fenced part of a page: the line it begins on, the words behind the fence, the text.
struct Fence {
    line: usize,
    info: String,
    text: String,
}

fn fences(page: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let text = lines.by_ref().map(|(_, line)| line);
        let text: Vec<&str> = text.take_while(|line| *line != "```").collect();
        found.push(Fence {
            line: at + 1,
            info: info.trim().to_owned(),
            text: text.join("\n") + "\n",
        });
    }
    found
}

/// The earlier programs of a page; files of weights and of names are there.
struct Beside(Memory);

impl Loader for Beside {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String> {
        self.0.load(from, path)
    }

    fn exists(&self, _: &str, path: &str) -> bool {
        path.ends_with(".safetensors")
    }
}

/// `text` as the body of a model.
fn wrapped(text: &str) -> String {
    let body: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    format!("model Fragment {{\n{}\n}}\n", body.join("\n"))
}

#[test]
fn the_programs_in_the_manual_are_what_it_says() {
    let mut wrong = Vec::new();
    for name in PAGES {
        let mut beside = Beside(Memory::default());
        let mut seen = 0;
        for Fence { line, info, text } in fences(&page(name)) {
            let mut words = info.split(' ');
            if words.next() != Some("nn") {
                continue;
            }
            seen += 1;
            let (program, expected) = match (words.next(), words.next()) {
                (None, _) => (text, None),
                (Some("fragment"), _) => (wrapped(&text), None),
                (Some("fails"), Some(code)) => (text, Some(code)),
                (Some(file), None) if file.ends_with(".nn") => {
                    beside.0.0.insert(file.to_owned(), text.clone());
                    (text, None)
                }
                _ => panic!("docs/{name}.md:{line}: `{info}` means nothing"),
            };
            let bytes = program.as_bytes();
            let analysis = analyze("page.nn", bytes, &beside, &Settings::default());
            let codes = analysis.diagnostics.iter().map(|d| d.code.name());
            if codes.collect::<Vec<_>>() != Vec::from_iter(expected) {
                let said = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
                wrong.push(format!(
                    "docs/{name}.md:{line} ({info}):\n{program}\n{said}"
                ));
            }
        }
        assert!(
            name == "command" || seen > 0,
            "docs/{name}.md has no program"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page at `path` is `expected`; with `BLESS=1` it becomes so.
fn current(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&file, expected).expect("writable");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    let line = found
        .lines()
        .zip(expected.lines())
        .position(|(a, b)| a != b);
    assert!(
        found == expected,
        "{path} is stale from line {}: `BLESS=1 cargo test --test reference` writes it",
        line.map_or(found.lines().count().min(expected.lines().count()), |at| at) + 1
    );
}

#[test]
fn the_reference_of_layers_is_current() {
    current("docs/layers.md", &pages::layers());
}

#[test]
fn the_index_of_diagnostics_is_current() {
    current("docs/errors/README.md", &pages::codes());
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut names: Vec<PathBuf> = vec![
        root().join("README.md"),
        root().join("docs/errors/README.md"),
    ];
    names.push(root().join("examples/README.md"));
    for name in ["language", "command", "weights", "layers", "architecture"] {
        names.push(root().join(format!("docs/{name}.md")));
    }
    let mut wrong = Vec::new();
    for path in names {
        let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{path:?}: {why}"));
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => path.parent().expect("a folder").join(file),
            };
            let there = match anchor {
                "" => target.exists(),
                anchor => fs::read_to_string(&target).is_ok_and(|text| {
                    text.lines()
                        .any(|line| anchor_of(line) == Some(anchor.to_owned()))
                }),
            };
            if !there {
                wrong.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a link to the heading `line` is called.
fn anchor_of(line: &str) -> Option<String> {
    let title = line
        .strip_prefix('#')?
        .trim_start_matches('#')
        .strip_prefix(' ')?;
    let lower = title.to_lowercase();
    let kept = lower
        .chars()
        .filter(|ch| ch.is_alphanumeric() || matches!(ch, ' ' | '-' | '_'));
    Some(kept.map(|ch| if ch == ' ' { '-' } else { ch }).collect())
}

/// The part of `page` below the heading `title`, up to the next of its rank.
fn section<'p>(page: &'p str, title: &str) -> Option<&'p str> {
    let start = page.find(&format!("\n## {title}\n"))?;
    let rest = &page[start + 4..];
    Some(&rest[..rest.find("\n## ").unwrap_or(rest.len())])
}

#[test]
fn every_option_of_the_command_is_in_the_manual() {
    let page = page("command");
    let command = nnc::cli::command();
    let common = section(&page, "Options of every command").expect("there");
    let reading = section(&page, "Options of commands that read a program").expect("there");
    let mut wrong = Vec::new();
    for sub in command.get_subcommands() {
        let title = format!("`nnc {}`", sub.get_name());
        let Some(own) = section(&page, &title) else {
            wrong.push(format!("there is no section {title}"));
            continue;
        };
        let named = |word: &str| {
            let words = |text: &str| {
                text.split(|ch: char| !(ch.is_alphanumeric() || ch == '-'))
                    .any(|other| other == word)
            };
            words(own)
                || words(common)
                || (reading.contains(&title[5..title.len() - 1]) && words(reading))
        };
        for arg in sub.get_arguments().chain(command.get_arguments()) {
            let long = arg.get_long().map(|long| format!("--{long}"));
            let short = arg.get_short().map(|short| format!("-{short}"));
            for word in long.into_iter().chain(short) {
                if !named(&word) {
                    wrong.push(format!("{title} does not tell of {word}"));
                }
            }
            let values = arg.get_possible_values();
            let chosen = values.iter().filter(|_| arg.get_action().takes_values());
            for value in chosen.map(|value| value.get_name()) {
                if !named(value) {
                    wrong.push(format!("{title} does not tell of the value {value}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_in_the_manual_are_those_of_the_code() {
    let page = page("language");
    let limits = section(&page, "Limits").expect("there");
    let grouped = |number: usize| nnc::view::number::grouped(number as i128);
    for (what, number) in [
        ("a file", format!("{} MiB", nnc::syntax::MAX_BYTES >> 20)),
        ("files of a program", grouped(nnc::analysis::MAX_FILES)),
        ("uses of blocks", grouped(nnc::check::MAX_NESTING)),
        ("layers applied", grouped(nnc::check::MAX_STEPS)),
        ("parts of a program", grouped(nnc::check::MAX_PARTS)),
        ("numbers of an array", grouped(value::MAX_NUMBERS)),
        ("arrays and tuples", grouped(value::MAX_NESTING)),
        ("numbers of a tuple", grouped(value::MAX_TUPLE)),
        ("terms that all", grouped(nnc::check::MAX_EFFORT as usize)),
        ("residue classes", grouped(nnc::shape::MAX_CLASSES as usize)),
        ("axes of a tensor", grouped(formats::MAX_RANK)),
        ("pixels of", grouped(images::MAX_PIXELS as usize)),
        ("pixels on", grouped(images::MAX_SIDE as usize)),
        ("a file that maps", format!("{} MiB", map::MAX_BYTES >> 20)),
        ("`*` in a line", grouped(map::MAX_WILDCARDS)),
        (
            "what an `.npz`",
            format!(
                "{} MiB and {} times its size, up to {} GiB",
                npz::FREE_INFLATED >> 20,
                npz::MAX_RATIO,
                npz::MAX_INFLATED >> 30
            ),
        ),
        ("diagnostics", grouped(nnc::analysis::MAX_DIAGNOSTICS)),
        ("memory", format!("{} GiB", nnc::plan::DEFAULT_LIMIT >> 30)),
    ] {
        let row = limits
            .lines()
            .find(|line| line.starts_with(&format!("| {what}")));
        let row = row.unwrap_or_else(|| panic!("no row of {what}"));
        assert!(row.ends_with(&format!("| {number} |")), "{row}: {number}");
    }
    let program = |size: &str| {
        format!("model M {{\n input x: [N, 2]\n let k = {size}\n Add(k)\n output y\n}}\n")
    };
    let codes = |text: String| {
        let analysis = support::check(&text);
        analysis
            .diagnostics
            .iter()
            .map(|d| d.code)
            .collect::<Vec<_>>()
    };
    let nested = |depth: usize| program(&format!("{}1{}", "(".repeat(depth), ")".repeat(depth)));
    assert_eq!(codes(nested(63)), [], "the body is one of the 64");
    assert_eq!(codes(nested(64)), [Code::E0104]);
    let chained = |operators: usize| program(&format!("1{}", " + 1".repeat(operators)));
    assert_eq!(codes(chained(1000)), []);
    assert_eq!(codes(chained(1001)), [Code::E0111]);
    let kernel = |size: usize| {
        format!(
            "model M {{\n input x: [N, L, 1]\n c: Conv(1, kernel={size}, stride=2, padding=same)\n output y\n}}\n"
        )
    };
    assert_eq!(codes(kernel(1 << 20)), []);
    assert_eq!(codes(kernel((1 << 20) + 1)), [Code::E0404]);
}

/// A folder from which the manual's commands run: what they read is the project's, what they
/// write goes nowhere else.
#[cfg(unix)]
fn workplace(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("manual_{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("writable");
    for part in ["examples", "tests"] {
        std::os::unix::fs::symlink(root().join(part), folder.join(part)).expect("writable");
    }
    folder
}

/// Runs `script` in a shell that knows `nnc`.
#[cfg(unix)]
fn shell(script: &str, folder: &Path) -> Output {
    let nnc = Path::new(env!("CARGO_BIN_EXE_nnc"));
    let own = nnc.parent().expect("a folder").display().to_string();
    let path = format!("{own}:{}", std::env::var("PATH").unwrap_or_default());
    let mut sh = Command::new("sh");
    sh.args(["-eu", "-c", script]).current_dir(folder);
    sh.env("PATH", path)
        .env("COLUMNS", "100")
        .env_remove("NO_COLOR");
    sh.output().expect("there is a shell")
}

#[test]
#[cfg(unix)]
fn the_commands_in_the_manual_succeed() {
    let mut wrong = Vec::new();
    for name in PAGES {
        let folder = workplace(name);
        for fence in fences(&page(name)).iter().filter(|it| it.info == "sh run") {
            let output = shell(&fence.text, &folder);
            if !output.status.success() {
                wrong.push(format!(
                    "docs/{name}.md:{}: {:?}\n{}{}",
                    fence.line,
                    output.status.code(),
                    fence.text,
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[cfg(unix)]
fn what_the_manual_shows_is_what_the_command_prints() {
    let folder = workplace("shown");
    let mut seen = 0;
    for fence in fences(&page("command")) {
        let Some((kind, command)) = fence.info.split_once(" of ") else {
            continue;
        };
        seen += 1;
        let printed = shell(command, &folder).stdout;
        let printed = String::from_utf8(printed).expect("text");
        let place = format!("docs/command.md:{}: {command}", fence.line);
        if kind == "text" {
            assert_eq!(fence.text, printed, "{place}");
            continue;
        }
        let parse = |text: &str| -> Json {
            serde_json::from_str(text).unwrap_or_else(|why| panic!("{place}: {why}\n{text}"))
        };
        let (shown, given) = (keys(&parse(&fence.text)), keys(&parse(&printed)));
        assert_eq!(shown, given, "{place}");
    }
    assert!(seen >= 6, "only {seen} are shown");
}

/// The paths of all keys in `json`; what stands in a list has one path.
fn keys(json: &Json) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match json {
        Json::Object(map) => {
            for (key, value) in map {
                found.insert(key.clone());
                found.extend(
                    keys(value)
                        .into_iter()
                        .map(|inner| format!("{key}.{inner}")),
                );
            }
        }
        Json::Array(items) => found.extend(items.iter().flat_map(keys)),
        _ => {}
    }
    found
}
