//! Completions, and the files beside a program that these may name.

use std::path::Path;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionParams, CompletionResponse,
    CompletionTextEdit, Documentation, InsertTextFormat, TextEdit,
};

use super::dispatch::Answer;
use super::hover::markdown;
use super::loader::read;
use super::programs::asked;
use super::state::{Checked, State};
use crate::ide::{self, Beside, Insert, Item, Kind};
use crate::text::Span;

/// Entries of folders that are looked at.
const MAX_ENTRIES: usize = 2_000;
/// How deep folders below that of the program are looked into.
const DEPTH: usize = 3;
/// Programs that are read for their blocks.
const MAX_PROGRAMS: usize = 100;
/// The longest program that is read for its blocks, in bytes.
const MAX_BYTES: u64 = 1 << 18;

/// The words after which a blank asks for what may follow.
const ASKING: [&str; 7] = ["from", "reuse", "->", "import", "layout", "allow", ","];

/// `textDocument/completion`
pub fn completion(state: &State, params: CompletionParams) -> Answer<Option<CompletionResponse>> {
    let Some((checked, offset)) = asked(state, &params.text_document_position) else {
        return Ok(None);
    };
    let typed = params.context.and_then(|context| context.trigger_character);
    let before = &checked.text(checked.file())[..offset];
    if typed.as_deref() == Some(" ") && !ASKING.iter().any(|it| before.trim_end().ends_with(it)) {
        return Ok(None);
    }
    let beside = beside(state, &checked);
    let found = checked.view(|view| ide::completion(view, checked.file(), offset, &beside));
    let snippets = (state.client).has("/textDocument/completion/completionItem/snippetSupport");
    let items = found.items.into_iter().enumerate();
    let items = items.map(|(at, item)| written(&checked, item, at, snippets));
    Ok(Some(CompletionResponse::List(CompletionList {
        is_incomplete: found.incomplete,
        items: items.collect(),
    })))
}

fn written(checked: &Checked, item: Item, at: usize, snippets: bool) -> CompletionItem {
    let (text, format) = match (item.insert, snippets) {
        (Insert::Snippet(text), true) => (text, InsertTextFormat::SNIPPET),
        (insert, _) => (insert.plain(), InsertTextFormat::PLAIN_TEXT),
    };
    let edit = |span: Span, text: String| TextEdit::new(checked.range(span), text);
    let edits = item.edits.into_iter();
    let edits: Vec<_> = edits.map(|it| edit(it.span, it.text)).collect();
    let documentation = item.documentation.map(markdown);
    CompletionItem {
        label: item.label,
        kind: Some(match item.kind {
            Kind::Layer => CompletionItemKind::FUNCTION,
            Kind::Block => CompletionItemKind::CLASS,
            Kind::Keyword => CompletionItemKind::KEYWORD,
            Kind::Argument => CompletionItemKind::PROPERTY,
            Kind::Choice => CompletionItemKind::ENUM_MEMBER,
            Kind::Constant | Kind::Code => CompletionItemKind::CONSTANT,
            Kind::Variable | Kind::Type => CompletionItemKind::TYPE_PARAMETER,
            Kind::Value => CompletionItemKind::VARIABLE,
            Kind::Member => CompletionItemKind::FIELD,
            Kind::Shape => CompletionItemKind::VALUE,
            Kind::File => CompletionItemKind::FILE,
        }),
        detail: item.detail,
        documentation: documentation.map(Documentation::MarkupContent),
        sort_text: Some(format!("{at:04}")),
        filter_text: item.filter,
        insert_text_format: Some(format),
        text_edit: Some(CompletionTextEdit::Edit(edit(item.replace, text))),
        additional_text_edits: Some(edits).filter(|edits| !edits.is_empty()),
        ..CompletionItem::default()
    }
}

/// The programs and weights in the folder of `checked` and below.
fn beside(state: &State, checked: &Checked) -> Beside {
    let own = Path::new(&checked.name);
    let Some(folder) = own.parent().filter(|_| own.is_absolute()) else {
        return Beside::default();
    };
    let mut found = Beside::default();
    let mut paths = Vec::new();
    let mut left = MAX_ENTRIES;
    list(folder, DEPTH, &mut left, &mut paths);
    paths.sort();
    let ours = is_channels_first(checked.text(checked.file()));
    let mut programs = 0;
    for path in paths {
        let Ok(below) = path.strip_prefix(folder) else {
            continue;
        };
        let written = below
            .components()
            .map(|part| part.as_os_str().to_string_lossy());
        let written = written.collect::<Vec<_>>().join("/");
        if !written.ends_with(".nn") {
            found.weights.push(written);
            continue;
        }
        programs += 1;
        if path == own || programs > MAX_PROGRAMS {
            continue;
        }
        let text = match state.documents.get(&path.display().to_string()) {
            Some(document) => document.text.to_string(),
            None => match path.metadata() {
                Ok(about) if about.len() <= MAX_BYTES => {
                    let bytes = read(&path).unwrap_or_default();
                    String::from_utf8_lossy(&bytes).into_owned()
                }
                _ => continue,
            },
        };
        let blocks = blocks(&text);
        if !blocks.is_empty() && is_channels_first(&text) == ours {
            found.files.push((written, blocks));
        }
    }
    found
}

/// The programs and weights files in `folder` and `depth` folders below it. Links are not
/// followed, and folders with a point before their names are left out.
fn list(folder: &Path, depth: usize, left: &mut usize, found: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = folder.read_dir() else {
        return;
    };
    for entry in entries.flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && depth > 0 && !name.starts_with('.') && name != "target" {
            list(&entry.path(), depth - 1, left, found);
        } else if kind.is_file() && (name.ends_with(".nn") || name.ends_with(".safetensors")) {
            found.push(entry.path());
        }
    }
}

/// The names of the blocks in a program, by the look of its lines.
fn blocks(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("block ")?.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        (!name.is_empty()).then(|| name.to_owned())
    });
    names.collect()
}

/// Whether a program says that channels are axis 1, by the look of its lines.
fn is_channels_first(text: &str) -> bool {
    let mut lines = text.lines();
    lines.any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("layout") && words.next() == Some("channels_first")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_blocks_by_their_lines() {
        let text = "# block A\nblock B(k) {\n}\n  block C {\n}\nmodel D {\n}\nblock ";
        assert_eq!(blocks(text), ["B", "C"]);
        assert!(!is_channels_first(text));
        assert!(is_channels_first("# x\nlayout  channels_first # y\n"));
        assert!(!is_channels_first("layout channels_last"));
    }
}
