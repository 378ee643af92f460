//! Another name for a label, block, parameter, dimension variable: at every place that names it,
//! in every file; or a reason why not.

use super::navigate::{asked, references, symbol_at};
use super::{Part, Place, Symbol, SymbolKind, View, cursor};
use crate::layers;
use crate::syntax::ast::{Item, Statement, StatementKind};
use crate::text::{FileId, Span};

/// The words that are no names.
const RESERVED: &[&str] = &[
    "model", "block", "input", "output", "let", "repeat", "reuse", "from", "import", "weights",
    "true", "false", "_",
];

/// What a rename changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rename {
    /// The places that take the new name, in order.
    pub places: Vec<Place>,
    /// What a person should know about it: a stored tensor that has another name now.
    pub notes: Vec<String>,
}

/// The name at byte `offset` of `file`, when it can be changed.
///
/// # Errors
/// Why it cannot, in a sentence.
pub fn prepare(view: &View, file: FileId, offset: usize) -> Result<Span, String> {
    if let Some(occurrence) = view.names.at(file, offset) {
        let symbol = view.names.symbol(occurrence.symbol);
        if symbol.written {
            return Ok(occurrence.span);
        }
        let line = view.analysis.sources.line(symbol.span);
        return Err(format!(
            "`{name}` is the name of a layer without a label: write one on line {line} (`label: {kind}…`) to give it a name of its own",
            name = symbol.name,
            kind = view.analysis.sources.slice(symbol.span),
        ));
    }
    let mut trees = view.analysis.files.iter();
    let tree = trees.find(|(id, _)| *id == file).map(|(_, tree)| tree);
    let Some(tree) = tree else {
        return Err("this file is not part of the program".into());
    };
    let at = cursor(tree, offset);
    let broken = |statement: &&Statement| matches!(statement.kind, StatementKind::Broken { .. });
    let layer = |name: &str| match layers::find(name) {
        Some(def) => format!(
            "`{}` is a layer of the language: its name is fixed",
            def.name()
        ),
        None => format!("nothing defines `{name}`, so there is nothing to rename"),
    };
    Err(match at.part {
        _ if at.statement().as_ref().is_some_and(broken)
            || matches!(at.item, Some(Item::Broken { .. })) =>
        {
            "this line cannot be read, so what its names mean is not known: mend it first".into()
        }
        Part::Layer(statement) => layer(&statement.layer.value),
        Part::ArgumentName(statement, at) => match &statement.arguments[at].name {
            Some(name) => format!(
                "`{}` is an argument of `{}`: its name is fixed",
                name.value, statement.layer.value
            ),
            None => "there is no name here".into(),
        },
        Part::Path(path, at) => {
            let part = view.analysis.sources.slice(path.segments[at].span);
            format!(
                "`{part}` is no label of this program: results and stored tensors keep their names"
            )
        }
        _ => "there is no name here that the program defines".into(),
    })
}

/// Gives what is named at byte `offset` of the file called `file` the name `to`, in all `views`.
///
/// # Errors
/// Why it cannot have that name, in a sentence.
pub fn rename(views: &[&View], file: &str, offset: usize, to: &str) -> Result<Rename, String> {
    let first = views.iter().find_map(|view| Some((view, view.file(file)?)));
    let Some((view, id)) = first else {
        return Err("this file is not part of the program".into());
    };
    prepare(view, id, offset)?;
    valid(to)?;
    let Some(definition) = asked(views, file, offset) else {
        return Err("there is no name here that the program defines".into());
    };
    let mut notes = Vec::new();
    for view in views {
        let Some(id) = symbol_at(view, &definition) else {
            continue;
        };
        let symbol = view.names.symbol(id);
        if *symbol.name == *to {
            continue;
        }
        free(view, symbol, to)?;
        notes.extend(unread(view, symbol));
        notes.extend(stored(view, symbol, to));
    }
    notes.sort();
    notes.dedup();
    let places = references(views, file, offset);
    Ok(Rename {
        places: places.into_iter().map(|(place, _)| place).collect(),
        notes,
    })
}

/// Whether `name` can be a name at all.
fn valid(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let starts = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!(
            "`{name}` is no name: names have letters, digits and `_`, and no digit comes first"
        ));
    }
    match RESERVED.contains(&name) {
        true => Err(format!("`{name}` is a word of the language")),
        false => Ok(()),
    }
}

/// Whether nothing that `symbol` could be taken for is called `to`.
fn free(view: &View, symbol: &Symbol, to: &str) -> Result<(), String> {
    let taken = |other: &Symbol| {
        let place = view.place(other.span);
        let line = view.analysis.sources.line(other.span);
        let what = other.kind.describe();
        let asked = view.analysis.files.first().map(|(file, _)| *file);
        let there = match Some(other.span.file) == asked {
            true => format!("line {line}"),
            false => format!("{}, line {line}", place.file),
        };
        Err(format!("`{to}` is already {what} ({there})"))
    };
    if symbol.kind == SymbolKind::Block && layers::find(to).is_some() {
        return Err(format!("`{to}` is a layer of the language"));
    }
    let mut others = view.names.symbols().filter(|(_, other)| {
        *other.name == *to
            && space(other.kind) == space(symbol.kind)
            && other.owner == symbol.owner
            && other.span != symbol.span
    });
    match symbol.kind {
        SymbolKind::Block => {
            for (unit, _) in view.analysis.files.iter().enumerate() {
                let sees = |wanted: &str| {
                    let mut blocks = view.names.blocks(unit);
                    blocks.find(|(name, _)| ***name == *wanted)
                };
                let ours = sees(&symbol.name)
                    .is_some_and(|(_, id)| view.names.symbol(id).span == symbol.span);
                if let (true, Some((_, other))) = (ours, sees(to)) {
                    return taken(view.names.symbol(other));
                }
            }
            Ok(())
        }
        SymbolKind::Model => {
            let here = |other: &Symbol| other.span.file == symbol.span.file;
            match others.find(|(_, other)| here(other)) {
                Some((_, other)) => taken(other),
                None => Ok(()),
            }
        }
        _ => match others.next() {
            Some((_, other)) => taken(other),
            None => Ok(()),
        },
    }
}

/// The namespace of a kind.
fn space(kind: SymbolKind) -> u8 {
    match kind {
        SymbolKind::Label | SymbolKind::Input => 0,
        SymbolKind::Output => 1,
        SymbolKind::Let | SymbolKind::Parameter | SymbolKind::Variable | SymbolKind::Counter => 2,
        SymbolKind::Block => 3,
        SymbolKind::Model => 4,
    }
}

/// Lines beside `symbol` that cannot be read and have its name in them.
fn unread(view: &View, symbol: &Symbol) -> Vec<String> {
    fn broken<'a>(statements: &'a [Statement], out: &mut Vec<&'a Statement>) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Broken { .. } => out.push(statement),
                StatementKind::Repeat(repeat) => broken(&repeat.body.statements, out),
                _ => {}
            }
        }
    }
    let sources = &view.analysis.sources;
    let mut found = Vec::new();
    for (_, tree) in &view.analysis.files {
        for item in &tree.items {
            if let Item::Definition(definition) = item {
                let owner = symbol.owner.map(|owner| view.names.symbol(owner).span);
                if owner.is_none_or(|owner| owner == definition.name.span) {
                    broken(&definition.body.statements, &mut found);
                }
            }
        }
    }
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = |statement: &&Statement| {
        let text = sources.slice(statement.span);
        let mut found = text.match_indices(&*symbol.name);
        found.any(|(at, name)| {
            let whole =
                !text[..at].ends_with(is_letter) && !text[at + name.len()..].starts_with(is_letter);
            // The label of a broken line is known, and changes with the rest.
            let offset = statement.span.start as usize + at;
            whole && view.names.at(statement.span.file, offset).is_none()
        })
    };
    found
        .into_iter()
        .filter(names)
        .map(|statement| {
            let line = sources.line(statement.span);
            format!("line {line} cannot be read and was left as it is")
        })
        .collect()
}

/// The stored tensors that get another name with `symbol`.
fn stored(view: &View, symbol: &Symbol, to: &str) -> Option<String> {
    if symbol.kind != SymbolKind::Label {
        return None;
    }
    let owner = view.names.symbol(symbol.owner?);
    let body = view.facts.body(owner.span)?;
    let prefix = format!("{}.", symbol.name);
    let name = body.params.iter().find_map(|param| {
        let rest = param.name.strip_prefix(prefix.as_str())?;
        Some((&param.name, rest))
    });
    let (name, rest) = name?;
    Some(format!(
        "stored tensors are called after labels: `{name}` is looked up as `{to}.{rest}` from now on"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;
    use crate::ide::{Facts, Names};

    fn renamed(text: &str, to: &str) -> String {
        let blocks = (
            "blocks.nn",
            "block Res(width) {\n    input x: [N, C]\n    Linear(width)\n    output z\n}\nblock Other(a) {\n    input x: [N]\n    output x\n}\n",
        );
        let (analysis, offset) = program(text, &[blocks]);
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let rename = match rename(&[&view], "main.nn", offset, to) {
            Ok(rename) => rename,
            Err(why) => return format!("refused: {why}"),
        };
        let mut out = String::new();
        for (_, file) in analysis.sources.files() {
            let mut text = file.text.to_string();
            let here = rename.places.iter().filter(|place| place.file == file.name);
            for place in here.rev() {
                text.replace_range(place.start as usize..place.end as usize, to);
            }
            if text != *file.text {
                out += &format!("--- {}\n{text}", file.name);
            }
        }
        rename
            .notes
            .iter()
            .fold(out, |out, note| out + "note: " + note + "\n")
    }

    #[test]
    fn renames_in_every_namespace_and_file() {
        let text = "import Res from \"blocks.nn\"\nmodel M {\n    input x: [N, D]\n    a: Res(width=3)\n    b: Linear(N2)\n    c: Lin ear(a)\n    Add from a.z, x -> [N, D]\n    output y\n}\n";
        let at = |wanted: &str, to: &str| {
            let plain = wanted.replace("$0", "");
            renamed(&text.replacen(&plain, wanted, 1), to)
        };
        insta::assert_snapshot!(
            [
                at("x: [$0N", "Batch"),
                at("$0a: Res", "first"),
                at("Re$0s(", "Residual"),
                at("wi$0dth", "size"),
                at("a.$0z", "out"),
            ]
            .join("\n")
        );
    }

    #[test]
    fn says_why_not() {
        let text = "import Res, Other from \"blocks.nn\"\nmodel M {\n    input x: [N, D]\n    a: Res(width=3)\n    ReLU\n    b: Linear(features=3) from relu_1\n    c: Lin ear(a)\n    output y: [N, 3]\n}\n";
        let at = |wanted: &str, to: &str| {
            let plain = wanted.replace("$0", "");
            assert!(text.contains(&plain), "{plain}");
            renamed(&text.replacen(&plain, wanted, 1), to)
        };
        insta::assert_snapshot!(
            [
                at("$0a: Res", "b"),
                at("$0a: Res", "x"),
                at("$0a: Res", "2a"),
                at("$0a: Res", "reuse"),
                at("Re$0s(", "Conv"),
                at("Re$0s(", "Other"),
                at("x: [$0N", "D"),
                at("re$0lu_1", "r"),
                at("feat$0ures", "f"),
                at("Lin$0ear(features", "f"),
                at("ea$0r(a", "f"),
                at("mo$0del", "f"),
            ]
            .join("\n")
        );
    }
}
