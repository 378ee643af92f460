//! The grammar, on the corpus (`test/corpus`, in tree-sitter's own form), on every program of the
//! project, and on random cuts of them.
//!
//! `BLESS=1` writes the generated parser and the corpus's trees anew: read the diff.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Node, Parser, Tree};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_nn::LANGUAGE.into())
        .expect("the library reads this version of parsers");
    parser
}

fn parse(text: &str) -> Tree {
    parser().parse(text, None).expect("no time limit is set")
}

/// Files under `dir` that end in `.nn`, in order.
fn programs(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.expect("readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // What people bring from elsewhere: full of slips, whatever it is about.
            if !path.ends_with("worst") {
                programs(&path, out);
            }
        } else if path.extension().is_some_and(|ext| ext == "nn") {
            out.push(path);
        }
    }
}

/// A tree as tree-sitter's tests write it, a node a line.
fn drawn(node: Node, field: Option<&str>, depth: usize, out: &mut String) {
    if !node.is_named() && !node.is_missing() {
        return;
    }
    if depth > 0 {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n("  ", depth));
    if let Some(field) = field {
        write!(out, "{field}: ").expect("a string takes all");
    }
    let missing = if node.is_missing() { "MISSING " } else { "" };
    write!(out, "({missing}{}", node.kind()).expect("a string takes all");
    for at in 0..node.child_count() {
        let child = node.child(at).expect("counted");
        drawn(child, node.field_name_for_child(at), depth + 1, out);
    }
    out.push(')');
}

/// The first error in the tree, as text and line.
fn first_error(node: Node, text: &str) -> Option<String> {
    if node.is_error() || node.is_missing() {
        let line = node.start_position().row + 1;
        return Some(format!("line {line}: {:?}", &text[node.byte_range()]));
    }
    (0..node.child_count())
        .filter_map(|at| node.child(at))
        .find_map(|child| first_error(child, text))
        // The end of a statement may be what is missing, and is no node.
        .or_else(|| {
            let line = node.start_position().row + 1;
            node.has_error()
                .then(|| format!("line {line}: in `{}`", node.kind()))
        })
}

#[test]
fn the_generated_parser_is_current() {
    let dir = std::env::temp_dir().join(format!("tree-sitter-nn-{}", std::process::id()));
    let out = if bless() { here("src") } else { dir.clone() };
    tree_sitter_generate::generate_parser_in_directory(
        here(""),
        Some(&out),
        None::<&str>,
        15,
        None,
        Some("node"),
        true,
        tree_sitter_generate::OptLevel::default(),
        &mut Vec::new(),
    )
    .expect("the grammar is sound (Node.js reads it)");
    for name in [
        "parser.c",
        "grammar.json",
        "node-types.json",
        "tree_sitter/parser.h",
    ] {
        let made = fs::read(out.join(name)).expect("just written");
        let kept = fs::read(here("src").join(name)).expect("part of the repository");
        assert!(
            made == kept,
            "src/{name} is not what grammar.js gives: run with BLESS=1"
        );
    }
    let _ = fs::remove_dir_all(dir);
}

#[test]
fn corpus() {
    let mut files: Vec<PathBuf> = fs::read_dir(here("test/corpus"))
        .expect("part of the repository")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in files {
        let file = fs::read_to_string(&path).expect("readable");
        let rule = format!("{}\n", "=".repeat(80));
        let mut blessed = String::new();
        let mut parts = file.split(&rule).skip(1);
        while let (Some(title), Some(case)) = (parts.next(), parts.next()) {
            let (source, expected) = case
                .split_once("\n---\n")
                .unwrap_or_else(|| panic!("{title} has no `---`"));
            let source = source
                .strip_prefix('\n')
                .expect("an empty line comes first");
            let mut tree = String::new();
            drawn(parse(source).root_node(), None, 0, &mut tree);
            writeln!(blessed, "{rule}{title}{rule}\n{source}\n---\n\n{tree}\n")
                .expect("a string takes all");
            if tree.trim() != expected.trim() {
                wrong.push(format!("{title}is\n{tree}"));
            }
            count += 1;
        }
        if bless() {
            fs::write(&path, format!("{}\n", blessed.trim_end())).expect("writable");
        }
    }
    assert!(count > 10, "the corpus is read");
    assert!(bless() || wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Codes of what the grammar refuses. The other codes are about what a program means, or about a
/// structure that tree-sitter sees otherwise.
const REFUSED: &[&str] = &["E0101", "E0102", "E0103", "E0106", "E0109"];
/// Programs with a slip that the compiler understands, and has a code of its own for.
const SLIPS: &[&str] = &["E0201_pytorch.nn", "E0403_quoted_choice.nn", "twenty.nn"];
/// Codes of the syntax that are not for this grammar to tell.
const EITHER: &[&str] = &[
    "E0104", "E0105", "E0107", "E0108", "E0110", "E0111", "E0112",
];

#[test]
fn every_program_is_read_and_every_slip_is_not() {
    let mut files = Vec::new();
    programs(&here("../../examples"), &mut files);
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_name().expect("a file").to_string_lossy();
        let code = name.split('_').next().expect("there is a first part");
        if EITHER.contains(&code) || name == "E0101_none.nn" {
            continue;
        }
        let text = fs::read_to_string(path).expect("UTF-8, as all but E0105");
        let error = first_error(parse(&text).root_node(), &text);
        let refused = REFUSED.contains(&code) || SLIPS.contains(&name.as_ref());
        match (refused, error) {
            (false, Some(error)) => wrong.push(format!("{}: {error}", path.display())),
            (true, None) => wrong.push(format!("{}: is read", path.display())),
            _ => {}
        }
    }
    assert!(files.len() > 100, "the examples are there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The programs in a page: what stands between ```` ```nn ```` and ```` ``` ````.
fn blocks(page: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```nn") else {
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push((info.contains("fragment"), text.join("\n")));
    }
    found
}

#[test]
fn the_language_page_is_read() {
    let page = fs::read_to_string(here("../../docs/language.md")).expect("part of the repository");
    let blocks = blocks(&page);
    assert!(blocks.len() > 20, "the page has examples");
    for (fragment, text) in blocks {
        let text = if fragment {
            format!("model Fragment {{\n{text}\n}}\n")
        } else {
            text
        };
        let error = first_error(parse(&text).root_node(), &text);
        assert!(error.is_none(), "{}:\n{text}", error.expect("just seen"));
    }
}

/// A statement that is broken is broken alone: the lines around it are statements as before.
#[test]
fn a_broken_line_is_broken_alone() {
    let before = "model M {\n    input x: [N, 8]\n    a: Linear(4)\n";
    let after = "\n    b: Linear(8) from x -> [N, 8]\n    output y: [N, 8]\n}\n";
    let mut wrong = Vec::new();
    for broken in [
        "    Conv(6, kernel=5",
        "    Reshape([N, 4",
        "    Conv 6",
        "    fc: ",
        "    fc: Linear(",
        "    = 3",
        "    let k = ",
        "    Add from a,",
        "    Concat(axis=) from a, x",
        "    Linear(4)) -> [N, 4]",
        "    weights \"file",
    ] {
        let text = format!("{before}{broken}{after}");
        let tree = parse(&text);
        assert!(tree.root_node().has_error(), "{broken}");
        let drawing = tree.root_node().to_sexp();
        for whole in [
            "(input name: (identifier) shape: (shape",
            "(layer label: (label) kind: (kind) arguments: (arguments (argument value: (number))) \
             source: (path (identifier)) shape: (shape",
            "(output name: (identifier) shape: (shape",
        ] {
            if !drawing.contains(whole) {
                wrong.push(format!("{broken}: no {whole} in\n{drawing}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An edit gives the tree that reading the whole text anew gives: what the scanner remembers is all
/// that it needs.
#[test]
fn an_edit_reads_as_the_whole() {
    let text = fs::read_to_string(here("../../examples/unet.nn")).expect("part of the repository");
    let mut seed = 7u64;
    let mut random = |below: usize| {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let position = |text: &str, at: usize| {
        let line = text[..at].matches('\n').count();
        let column = at - text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        tree_sitter::Point::new(line, column)
    };
    for _ in 0..200 {
        let start = random(text.len());
        let old_end = (start + random(12)).min(text.len());
        let insert = ["", "(", "]", "\n", "# x\n", "{", "from a,\n", "x: "][random(8)];
        let edited = format!("{}{insert}{}", &text[..start], &text[old_end..]);
        let mut parser = parser();
        let mut tree = parser.parse(&text, None).expect("no time limit is set");
        tree.edit(&tree_sitter::InputEdit {
            start_byte: start,
            old_end_byte: old_end,
            new_end_byte: start + insert.len(),
            start_position: position(&text, start),
            old_end_position: position(&text, old_end),
            new_end_position: position(&edited, start + insert.len()),
        });
        let tree = parser
            .parse(&edited, Some(&tree))
            .expect("no time limit is set");
        let whole = parse(&edited);
        // Where there are errors, what they are told of as may differ; where there are none, not.
        if !whole.root_node().has_error() {
            assert_eq!(
                tree.root_node().to_sexp(),
                whole.root_node().to_sexp(),
                "{start}..{old_end} becomes {insert:?}"
            );
        }
    }
}
