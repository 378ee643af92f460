//! Code actions.

use std::collections::HashMap;
use std::path::Path;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Range,
    TextEdit, Uri, WorkspaceEdit,
};

use super::diagnostics;
use super::dispatch::Answer;
use super::loader::Buffers;
use super::programs::Programs;
use super::state::{Checked, State};
use crate::analysis::fix::fix;
use crate::analysis::{Loaded, Settings};
use crate::diag::Code;
use crate::ide::SymbolKind;
use crate::ide::actions::{Action, ActionKind, Elsewhere, actions as offered};

/// Texts above this are not fixed as a whole, which analyses them many times.
const LARGEST: usize = 256 << 10;

/// `textDocument/codeAction`
pub fn actions(state: &State, params: CodeActionParams) -> Answer<Option<CodeActionResponse>> {
    let Some(checked) = state.program(&params.text_document) else {
        return Ok(None);
    };
    let wanted = |kind: &CodeActionKind| match &params.context.only {
        None => true,
        Some(only) => only.iter().any(|wanted| {
            let (wanted, kind) = (wanted.as_str(), kind.as_str());
            kind == wanted || kind.starts_with(&format!("{wanted}."))
        }),
    };
    let range = checked.bytes(params.range);
    let elsewhere = elsewhere(state, &checked, params.range);
    let found = checked.view(|view| offered(view, checked.file(), range, &elsewhere));
    let programs = Programs::open(state, checked.clone());
    let mut list = Vec::new();
    for action in found {
        let kind = kind(&action.kind);
        if wanted(&kind) {
            list.push(convert(state, &checked, &programs, action, kind));
        }
    }
    let all = CodeActionKind::SOURCE_FIX_ALL;
    let fixable = || {
        let all = checked.analysis.diagnostics.iter();
        all.filter(|told| !told.fixes.is_empty()).count()
    };
    let explicit = params.context.only.is_some();
    let several = fixable() > if explicit { 0 } else { 1 };
    if wanted(&all) && several && checked.text(checked.file()).len() <= LARGEST {
        list.extend(fix_all(state, &checked, all));
    }
    Ok(Some(
        list.into_iter()
            .map(CodeActionOrCommand::CodeAction)
            .collect(),
    ))
}

fn kind(kind: &ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::Fix(_) => CodeActionKind::QUICKFIX,
        ActionKind::Write => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::Inline => CodeActionKind::REFACTOR_INLINE,
    }
}

// The key is the client's own type of address: it is never changed while it is in the map.
#[allow(clippy::mutable_key_type)]
fn convert(
    state: &State,
    checked: &Checked,
    programs: &Programs,
    action: Action,
    kind: CodeActionKind,
) -> CodeAction {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (place, text) in action.edits {
        if let Some(location) = programs.location(state, &place) {
            let edit = TextEdit::new(location.range, text);
            changes.entry(location.uri).or_default().push(edit);
        }
    }
    let mended = match action.kind {
        ActionKind::Fix(at) => {
            let told = &checked.analysis.diagnostics[at];
            Some(vec![diagnostics::convert(told, checked, state)])
        }
        _ => None,
    };
    CodeAction {
        title: action.title,
        kind: Some(kind),
        diagnostics: mended,
        edit: Some(WorkspaceEdit::new(changes)),
        is_preferred: action.preferred.then_some(true),
        ..CodeAction::default()
    }
}

/// The text with every fix that proves right.
// As above.
#[allow(clippy::mutable_key_type)]
fn fix_all(state: &State, checked: &Checked, kind: CodeActionKind) -> Option<CodeAction> {
    let text = checked.text(checked.file());
    let program = Loaded {
        name: checked.name.clone(),
        bytes: text.as_bytes().to_vec(),
    };
    let loader = Buffers::new(&state.documents, state.folder());
    let fixed = state.guarded(|| fix(&program, &loader, &Settings::default(), &[]))?;
    let new = fixed.text?;
    let edits = changed_lines(text, &new).map(|(bytes, text)| {
        let start = checked.position(checked.file(), bytes.start);
        let end = checked.position(checked.file(), bytes.end);
        TextEdit::new(Range::new(start, end), text)
    });
    let uri = state.uri(&checked.name);
    let changes = HashMap::from([(uri, edits.into_iter().collect())]);
    let count = match fixed.fixed {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    };
    Some(CodeAction {
        title: format!("Fix all: {count}"),
        kind: Some(kind),
        edit: Some(WorkspaceEdit::new(changes)),
        ..CodeAction::default()
    })
}

/// What lies between the first and the last line in which two texts differ.
fn changed_lines(old: &str, new: &str) -> Option<(std::ops::Range<usize>, String)> {
    if old == new {
        return None;
    }
    let same = |a: &mut dyn Iterator<Item = (&str, &str)>| -> usize {
        a.take_while(|(a, b)| a == b).map(|(a, _)| a.len()).sum()
    };
    let (before, after) = (old.split_inclusive('\n'), new.split_inclusive('\n'));
    let start = same(&mut before.clone().zip(after.clone()));
    let (before, after) = (&old[start..], &new[start..]);
    let tail = before.split_inclusive('\n').rev();
    let end = same(&mut tail.zip(after.split_inclusive('\n').rev()));
    let range = start..old.len() - end;
    Some((range, after[..after.len() - end].to_owned()))
}

/// The blocks of other files below the open folders, when a layer in `range` is not known.
fn elsewhere(state: &State, checked: &Checked, range: Range) -> Vec<Elsewhere> {
    let unknown = checked.analysis.diagnostics.iter().any(|told| {
        let place = checked.range(told.primary.span);
        let near = place.start.line <= range.end.line && range.start.line <= place.end.line;
        told.code == Code::E0201 && near
    });
    if !unknown {
        return Vec::new();
    }
    let Some(folder) = Path::new(&checked.name).parent() else {
        return Vec::new();
    };
    let programs = Programs::everywhere(state);
    programs.ask(|views| {
        let views = views.iter();
        let others = views.filter_map(|view| {
            let (file, _) = view.analysis.files.first()?;
            let name = &view.analysis.sources.file(*file).name;
            let path = relative(folder, Path::new(name))?;
            let blocks = (view.names.symbols())
                .filter(|(_, symbol)| symbol.kind == SymbolKind::Block)
                .filter(|(_, symbol)| symbol.span.file == *file)
                .map(|(_, symbol)| symbol.name.clone());
            let blocks: Vec<_> = blocks.collect();
            (*name != checked.name && !blocks.is_empty()).then_some(Elsewhere { path, blocks })
        });
        others.collect()
    })
}

/// How an import in `folder` writes `path`.
fn relative(folder: &Path, path: &Path) -> Option<String> {
    let mut up = 0;
    let mut base = folder;
    loop {
        if let Ok(rest) = path.strip_prefix(base) {
            let rest = rest.to_str()?.replace('\\', "/");
            return Some("../".repeat(up) + &rest);
        }
        base = base.parent()?;
        up += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_lines_that_changed() {
        let cases = [
            ("a\nb\nc\n", "a\nx\nc\n", Some((2..4, "x\n"))),
            ("a\nb\n", "a\nb\nc\n", Some((4..4, "c\n"))),
            ("a\nb\nc\n", "a\nc\n", Some((2..4, ""))),
            ("a", "b", Some((0..1, "b"))),
            ("a\na\n", "a\na\na\n", Some((4..4, "a\n"))),
            ("a\n", "a\n", None),
        ];
        for (old, new, expected) in cases {
            let expected = expected.map(|(range, text)| (range, text.to_owned()));
            assert_eq!(changed_lines(old, new), expected, "{old:?} {new:?}");
        }
    }

    #[test]
    fn writes_paths_as_imports_do() {
        let from = Path::new("/a/b");
        for (path, written) in [
            ("/a/b/c.nn", "c.nn"),
            ("/a/b/d/c.nn", "d/c.nn"),
            ("/a/c.nn", "../c.nn"),
            ("/x/c.nn", "../../x/c.nn"),
        ] {
            assert_eq!(relative(from, Path::new(path)).as_deref(), Some(written));
        }
    }
}
