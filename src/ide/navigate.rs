//! From a name to its definition, and to every place that names the same.

use std::collections::BTreeMap;

use super::{Part, Place, SymbolId, View, cursor};
use crate::text::{FileId, Span};

/// Where a name leads.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The name that was asked about.
    pub origin: Span,
    /// The name at its definition.
    pub target: Place,
    /// The statement or item that defines it.
    pub whole: Place,
}

/// The definition of what is named at byte `offset` of `file`; of an import's path, the file.
pub fn definition(view: &View, file: FileId, offset: usize) -> Option<Definition> {
    if let Some(occurrence) = view.names.at(file, offset) {
        let symbol = view.names.symbol(occurrence.symbol);
        return Some(Definition {
            origin: occurrence.span,
            target: view.place(symbol.span),
            whole: view.place(symbol.whole),
        });
    }
    let files = &view.analysis.files;
    let unit = files.iter().position(|(id, _)| *id == file)?;
    let tree = &files[unit].1;
    let Part::ImportPath(import) = cursor(tree, offset).part else {
        return None;
    };
    let imports = tree.items.iter().filter_map(|item| match item {
        crate::syntax::ast::Item::Import(import) => Some(import),
        _ => None,
    });
    let at = imports.zip(&view.analysis.imports[unit]);
    let mut there = at.filter(|(other, _)| other.span == import.span);
    let there = there.next()?.1.as_ref()?;
    let start = Span::new(files[*there].0, 0, 0);
    Some(Definition {
        origin: import.path.span,
        target: view.place(start),
        whole: view.place(start),
    })
}

/// Every place in `views` that names what is named at byte `offset` of `file` in the first, in
/// order, and whether it is the definition. `file` is a file's name.
pub fn references(views: &[&View], file: &str, offset: usize) -> Vec<(Place, bool)> {
    let mut found = BTreeMap::new();
    let Some(definition) = asked(views, file, offset) else {
        return Vec::new();
    };
    for view in views {
        let Some(symbol) = symbol_at(view, &definition) else {
            continue;
        };
        for occurrence in view.names.of(symbol) {
            found.insert(view.place(occurrence.span), occurrence.defines);
        }
    }
    found.into_iter().collect()
}

/// The places in `file` that name what is named at byte `offset`, and whether each defines it.
pub fn highlights(view: &View, file: FileId, offset: usize) -> Vec<(Span, bool)> {
    let Some(at) = view.names.at(file, offset) else {
        return Vec::new();
    };
    let all = view.names.of(at.symbol);
    all.filter(|occurrence| occurrence.span.file == file)
        .map(|occurrence| (occurrence.span, occurrence.defines))
        .collect()
}

/// Where the name is defined that stands at byte `offset` of the file called `file`.
pub(super) fn asked(views: &[&View], file: &str, offset: usize) -> Option<Place> {
    views.iter().find_map(|view| {
        let occurrence = view.names.at(view.file(file)?, offset)?;
        Some(view.place(view.names.symbol(occurrence.symbol).span))
    })
}

/// The symbol of `view` that is defined at `place`.
pub(super) fn symbol_at(view: &View, place: &Place) -> Option<SymbolId> {
    let span = Span {
        file: view.file(&place.file)?,
        start: place.start,
        end: place.end,
    };
    view.names.defined_at(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;
    use crate::ide::{Facts, Names};

    const BLOCKS: (&str, &str) = (
        "blocks.nn",
        "block Res(width) {\n    input x: [N, C]\n    Linear(width)\n    output z\n}\n",
    );

    fn goes_to(text: &str) -> Option<String> {
        let (analysis, offset) = program(text, &[BLOCKS]);
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let found = definition(&view, analysis.files[0].0, offset)?;
        let file = view.file(&found.target.file)?;
        let text = &analysis.sources.file(file).text;
        let line = text[..found.target.start as usize].matches('\n').count() + 1;
        Some(format!("{}:{line}", found.target.file))
    }

    #[test]
    fn goes_to_definitions() {
        let at = |text: &str| {
            let rest = "import Res from \"blocks.nn\"\nmodel M {\n    input x: [N, 4]\n    a: Res(width=3) from x\n    ReLU from a.z\n    output y: [N, 3]\n}\n";
            let plain = text.replace("$0", "");
            assert!(rest.contains(&plain), "{plain}");
            goes_to(&rest.replacen(&plain, text, 1))
        };
        let cases = [
            ("import R$0es", Some("blocks.nn:1")),
            ("\"blo$0cks.nn\"", Some("blocks.nn:1")),
            ("a: Res$0(", Some("blocks.nn:1")),
            ("wid$0th=3", Some("blocks.nn:1")),
            ("from x$0\n", Some("main.nn:3")),
            ("ReLU from a$0.z", Some("main.nn:4")),
            ("from a.$0z", Some("blocks.nn:4")),
            ("output y: [$0N", Some("main.nn:3")),
            ("Re$0LU", None),
            ("mod$0el", None),
        ];
        for (text, target) in cases {
            assert_eq!(at(text).as_deref(), target, "{text}");
        }
    }

    #[test]
    fn finds_references_across_files() {
        let (analysis, _) = program(
            "import Res from \"blocks.nn\"\nmodel M {\n    input x: [N, 4]\n    Res(3)\n    Res(4)\n    output y\n}\n",
            &[BLOCKS],
        );
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let found = references(&[&view], "blocks.nn", 7);
        let files: Vec<_> = found.iter().map(|(place, d)| (&*place.file, *d)).collect();
        assert_eq!(
            files,
            [
                ("blocks.nn", true),
                ("main.nn", false),
                ("main.nn", false),
                ("main.nn", false)
            ]
        );
    }
}
