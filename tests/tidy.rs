//! The house rules: rooms import only from lower floors, files stay short, and nothing but the
//! command prints.

// Helpers of tests are not recognised as tests.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each room. A room may import only from rooms on lower floors.
const FLOORS: &[(&str, u32)] = &[
    ("text", 0),
    ("tensor", 1),
    ("shape", 1),
    ("diag", 2),
    ("syntax", 3),
    ("kernels", 3),
    ("layers", 4),
    ("check", 5),
    ("graph", 5),
    ("lower", 6),
    ("passes", 6),
    ("formats", 6),
    ("plan", 7),
    ("exec", 8),
    ("analysis", 8),
    ("view", 9),
    ("ide", 10),
    ("lsp", 11),
    ("cli", 12),
];

/// Files that may be longer than [`LONGEST`], each with its reason.
const LONG: &[(&str, &str)] = &[];

/// Lines that a file outside tests may have.
const LONGEST: usize = 600;

fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            out.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/") || name.ends_with("testing.rs")
}

/// The text before the test module at a file's end.
fn without_tests(text: &str) -> &str {
    match text.find("#[cfg(test)]\nmod ") {
        Some(at) if text[at..].contains('{') => &text[..at],
        _ => text,
    }
}

/// The rooms that `text` names with `crate::room`, one by one or in braces.
fn imports(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(inner) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for letter in inner.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    letter if depth == 0 && (letter.is_alphanumeric() || letter == '_') => {
                        word.push(letter);
                        continue;
                    }
                    _ => {}
                }
                if depth <= 1 && !word.is_empty() && letter != ' ' {
                    rooms.insert(std::mem::take(&mut word));
                }
            }
        } else {
            let word: String = rest
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            rooms.insert(word);
        }
    }
    rooms
}

#[test]
fn rooms_import_only_from_lower_floors() {
    let floors: BTreeMap<&str, u32> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let Some((room, _)) = name.split_once('/') else {
            continue;
        };
        let floor = *floors
            .get(room)
            .unwrap_or_else(|| panic!("`src/{room}` has no floor: add it to the table"));
        if is_test_file(&name) {
            continue;
        }
        for used in imports(without_tests(&text)) {
            match floors.get(used.as_str()) {
                Some(below) if used != room && *below >= floor => wrong.push(format!(
                    "src/{name} (floor {floor}) imports `{used}` (floor {below})"
                )),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_with_a_floor_exists() {
    for (room, _) in FLOORS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
        assert!(
            path.is_dir(),
            "`src/{room}` is in the table and not on disk"
        );
    }
}

#[test]
fn files_stay_short() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let lines = text.lines().count();
        let excused = LONG.iter().any(|(file, _)| *file == name);
        if lines > LONGEST && !excused && !is_test_file(&name) {
            wrong.push(format!(
                "src/{name} has {lines} lines; the limit is {LONGEST}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Libraries that one room alone may name, so that they can be replaced there.
#[test]
fn libraries_are_known_to_one_place() {
    let owners = [
        ("codespan_reporting", &["diag/render"][..]),
        ("pest", &["syntax/"]),
        ("safetensors::", &["formats/safetensors"]),
        ("zip::", &["formats/npz"]),
        ("clap", &["cli/"]),
        ("indicatif", &["cli/"]),
        ("lsp_types", &["lsp/"]),
        ("lsp_server", &["lsp/"]),
        ("crossbeam_channel", &["lsp/"]),
        ("std::fs", &["cli/", "lsp/"]),
    ];
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (library, owners) in owners {
            let named = [format!("use {library}"), format!(" {library}::")];
            let own = owners.iter().any(|owner| name.starts_with(owner))
                || name == "lib.rs"
                || is_test_file(&name);
            let used = named
                .iter()
                .any(|text_of| without_tests(&text).contains(text_of.as_str()));
            if used && !own {
                wrong.push(format!("src/{name} names {library}; only {owners:?} may"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
