//! Which warnings the comments of a program switch off.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic};
use crate::syntax::allow;
use crate::syntax::ast::{File, Item, Statement, StatementKind};
use crate::text::{FileId, SourceMap, Span};

/// Statements and items with the warnings that may not be told of them.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// For each code and file the starts, in order, each with the furthest end up to there. Of
    /// two that share a place one holds the other, so that this end tells whether any goes on.
    places: HashMap<(Code, FileId), Vec<(u32, u32)>>,
}

impl Allowed {
    /// Reads the comments of `files`. Each is for the statement or item whose first line follows,
    /// all between its braces included; other comments may stand between, blank lines not.
    pub fn new(sources: &SourceMap, files: &[(FileId, File)]) -> Allowed {
        let mut places: HashMap<_, Vec<(u32, u32)>> = HashMap::new();
        for (file, tree) in files {
            let mut starts = HashMap::new();
            for item in &tree.items {
                let span = match item {
                    Item::Definition(definition) => {
                        collect(&definition.body.statements, &mut starts);
                        definition.span
                    }
                    Item::Import(import) => import.span,
                    Item::Layout(layout) => layout.span,
                    Item::Broken { span, .. } => *span,
                };
                starts.insert(span.start, span);
            }
            for comment in &tree.comments {
                let Some(codes) = allow::codes(sources.slice(*comment)) else {
                    continue;
                };
                let text = &sources.file(*file).text;
                let below = code_below(text, *comment).and_then(|start| starts.get(&start));
                if let Some(span) = below {
                    for code in codes {
                        let all = places.entry((code, *file)).or_default();
                        all.push((span.start, span.end));
                    }
                }
            }
        }
        for all in places.values_mut() {
            all.sort_unstable();
            let mut furthest = 0;
            for (_, end) in all {
                furthest = furthest.max(*end);
                *end = furthest;
            }
        }
        Allowed { places }
    }

    /// Whether a comment switches `diagnostic` off.
    pub fn has(&self, diagnostic: &Diagnostic) -> bool {
        let place = diagnostic.primary.span;
        self.places
            .get(&(diagnostic.code, place.file))
            .is_some_and(|all| {
                let before = all.partition_point(|(start, _)| *start <= place.start);
                before > 0 && place.end <= all[before - 1].1
            })
    }
}

fn collect(statements: &[Statement], starts: &mut HashMap<u32, Span>) {
    for statement in statements {
        starts.insert(statement.span.start, statement.span);
        if let StatementKind::Repeat(repeat) = &statement.kind {
            collect(&repeat.body.statements, starts);
        }
    }
}

/// Where the code on the line below the comment begins, when the comment has its line to itself.
fn code_below(text: &str, comment: Span) -> Option<u32> {
    let (before, after) = text.split_at(comment.start as usize);
    let own = before.rsplit('\n').next()?.trim().is_empty();
    if !own {
        return None;
    }
    let mut at = comment.start as usize;
    let mut lines = after.split_inclusive('\n');
    at += lines.next()?.len();
    for line in lines {
        let code = line.trim();
        if code.is_empty() {
            return None;
        }
        if !code.starts_with('#') {
            let indent = line.len() - line.trim_start().len();
            return u32::try_from(at + indent).ok();
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::analysis::{Loaded, Loader, Settings, analyze};

    struct Nothing;

    impl Loader for Nothing {
        fn load(&self, _: &str, _: &str) -> Result<Loaded, String> {
            Err("no such file".into())
        }

        fn exists(&self, _: &str, _: &str) -> bool {
            false
        }
    }

    fn told(text: &str) -> Vec<String> {
        let analysis = analyze("a.nn", text.as_bytes(), &Nothing, &Settings::default());
        let lines = analysis.diagnostics.iter().map(|diagnostic| {
            let line = analysis.sources.line(diagnostic.primary.span);
            format!("{} {line}", diagnostic.code)
        });
        lines.collect()
    }

    #[test]
    fn a_comment_is_for_the_statement_below() {
        let model = |above: &str, line: &str| {
            format!(
                "{above}model A {{\n    input x: [N, 2]\n{line}    Linear(3)\n    ReLU\n    Linear(3)\n    output y\n}}\n"
            )
        };
        let both = ["W0101 3", "W0101 5"];
        assert_eq!(told(&model("", "")), both);
        assert_eq!(told(&model("", "    # allow W0101\n")), ["W0101 6"]);
        assert_eq!(
            told(&model("", "    # allow W0101: so it is\n    # a layer\n")),
            ["W0101 7"]
        );
        assert_eq!(told(&model("# allow W0101\n", "")), [""; 0]);
        assert_eq!(told(&model("", "    # allow W0102\n")).len(), 2);
        assert_eq!(told(&model("", "    # allow W0101\n\n")).len(), 2);
    }

    #[test]
    fn it_is_no_documentation() {
        let text = "# A net.\n# allow W0101: small\n# It is small.\nmodel A {\n    input x: [N, 2]\n    Linear(3)\n    output y\n}\n";
        let analysis = analyze("a.nn", text.as_bytes(), &Nothing, &Settings::default());
        assert_eq!(analysis.diagnostics, []);
        let doc = analysis.program.models[0].doc.as_deref();
        assert_eq!(doc, Some("A net.\nIt is small."));
    }
}
