//! The queries: each fits the grammar, and colours are what `test/highlight` says.

use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Language, Query};
use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn every_query_fits_the_grammar() {
    let language: Language = tree_sitter_nn::LANGUAGE.into();
    let mut count = 0;
    for dir in ["queries"] {
        for entry in fs::read_dir(here(dir)).expect("part of the repository") {
            let path = entry.expect("readable").path();
            if path.extension().is_none_or(|ext| ext != "scm") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("readable");
            if let Err(error) = Query::new(&language, &text) {
                panic!("{}: {error}", path.display());
            }
            count += 1;
        }
    }
    assert!(count >= 4, "the queries are there");
}

const NAMES: &[&str] = &[
    "boolean",
    "comment",
    "constant",
    "constant.builtin",
    "function",
    "function.builtin",
    "keyword",
    "keyword.directive",
    "label",
    "number",
    "operator",
    "punctuation.bracket",
    "punctuation.delimiter",
    "string",
    "string.escape",
    "type",
    "type.builtin",
    "type.definition",
    "variable",
    "variable.builtin",
    "variable.member",
    "variable.parameter",
];

/// For each byte, the innermost colour.
fn colours(text: &str) -> Vec<&'static str> {
    let language: Language = tree_sitter_nn::LANGUAGE.into();
    let mut config = HighlightConfiguration::new(
        language,
        "nn",
        tree_sitter_nn::HIGHLIGHTS,
        "",
        tree_sitter_nn::LOCALS,
    )
    .expect("the queries fit the grammar");
    config.configure(NAMES);
    let mut highlighter = Highlighter::new();
    let events = highlighter
        .highlight(&config, text.as_bytes(), None, None, |_| None)
        .expect("the queries fit the grammar");
    let mut colours = vec![""; text.len()];
    let mut open = Vec::new();
    for event in events {
        match event.expect("nothing stops it") {
            HighlightEvent::HighlightStart(highlight) => open.push(NAMES[highlight.0]),
            HighlightEvent::HighlightEnd => {
                open.pop();
            }
            HighlightEvent::Source { start, end } => {
                colours[start..end].fill(open.last().copied().unwrap_or(""));
            }
        }
    }
    colours
}

/// As in tree-sitter's own tests: `# ^ name` and `# <- name` tell what stands above.
#[test]
fn colours_are_as_told() {
    let mut checked = 0;
    for entry in fs::read_dir(here("test/highlight")).expect("part of the repository") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("readable");
        let colours = colours(&text);
        let mut line_start = 0;
        let mut offset = 0;
        for line in text.lines() {
            let told = line.trim_start().strip_prefix('#').map(str::trim);
            let told = told.filter(|told| told.starts_with('^') || told.starts_with("<-"));
            if let Some(told) = told {
                let name = told.trim_start_matches(['^', '<', '-']).trim();
                let column = if told.starts_with('^') {
                    line.find('^').expect("just seen")
                } else {
                    line.find('#').expect("just seen")
                };
                assert_eq!(
                    colours[line_start + column],
                    name,
                    "{}: {:?}, column {column}",
                    path.display(),
                    text[line_start..].lines().next()
                );
                checked += 1;
            } else {
                line_start = offset;
            }
            offset += line.len() + 1;
        }
    }
    assert!(checked > 20, "the tests of colours are read");
}
