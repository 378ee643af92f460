//! The documentation says what is true: examples of the pages on errors and of the layers'
//! reference behave as their text claims.

mod support;

use std::fs;

use nnc::analysis::{Analysis, Loaded, Loader, Settings, analyze};
use nnc::diag::Code;
use nnc::diag::render::{Style, render_all};
use nnc::layers::REGISTRY;
use support::{Folder, root};

/// The files beside an example of a page: those of the examples, and one that imports the
/// example itself.
struct Beside<'t> {
    text: &'t str,
    folder: Folder,
}

const TAIL: &str = "import Head from \"../page.nn\"

block Tail {
    input x: [N, C]
    fc: Linear(10)
    Head
    output y: [N, 10]
}
";

impl Loader for Beside<'_> {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String> {
        let (name, text) = match path {
            "parts/tail.nn" => (path, TAIL),
            "../page.nn" => ("page.nn", self.text),
            _ => return self.folder.load(from, path),
        };
        Ok(Loaded {
            name: name.into(),
            bytes: text.into(),
        })
    }

    fn exists(&self, from: &str, path: &str) -> bool {
        self.folder.exists(from, path)
    }
}

fn check(text: &str) -> Analysis {
    let beside = Beside {
        text,
        folder: Folder(root().join("examples/errors")),
    };
    analyze("page.nn", text.as_bytes(), &beside, &Settings::default())
}

fn said(analysis: &Analysis) -> String {
    render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN)
}

/// The fenced parts of `page`: what is written behind the fence, and the text.
fn fences(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push((kind.trim().to_owned(), text.join("\n") + "\n"));
    }
    found
}

#[test]
fn each_page_begins_with_its_code_and_title() {
    for code in Code::ALL {
        let first = code.page().lines().next().unwrap_or_default();
        assert_eq!(
            first,
            format!("# {code}: {}", code.title()),
            "docs/errors/{code}.md"
        );
    }
}

#[test]
fn no_page_is_left_over() {
    for entry in fs::read_dir(root().join("docs/errors")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let code = name.trim_end_matches(".md");
        if code == "README" {
            continue;
        }
        assert!(Code::from_name(code).is_some(), "{name} explains no code");
    }
}

#[test]
fn the_examples_of_each_page_do_what_it_says() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let fences = fences(code.page());
        assert!(!fences.is_empty(), "{code} has no example");
        for (kind, text) in fences {
            let analysis = check(&text);
            let given = analysis.diagnostics.iter().any(|d| d.code == *code);
            let fine = match kind.as_str() {
                "nn fails" => given,
                "nn" => !given && !analysis.has_errors(),
                _ => true,
            };
            if !fine {
                wrong.push(format!("{code} ({kind}):\n{text}\n{}", said(&analysis)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_of_each_layer_is_right() {
    for def in REGISTRY {
        let example = def.doc().example;
        let analysis = check(example);
        assert!(
            analysis.diagnostics.is_empty(),
            "{}:\n{example}\n{}",
            def.name(),
            said(&analysis)
        );
        assert!(
            !analysis.program.models.is_empty() && example.contains(def.name()),
            "the example of {} shows it in a model",
            def.name()
        );
    }
}
