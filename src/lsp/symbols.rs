//! The outline of a file, and definitions in all files by name.

use lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, OneOf, SymbolInformation,
    SymbolKind, WorkspaceSymbol, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};

use super::dispatch::Answer;
use super::programs::Programs;
use super::state::{Checked, State};
use crate::ide::symbols::{Outline, outline, search};
use crate::ide::{self, Place};

/// Definitions that a search gives at most.
const MOST: usize = 200;

/// `textDocument/documentSymbol`
pub fn document(
    state: &State,
    params: DocumentSymbolParams,
) -> Answer<Option<DocumentSymbolResponse>> {
    let Some(checked) = state.program(&params.text_document) else {
        return Ok(None);
    };
    let found = checked.view(|view| outline(view, checked.file()));
    let nested = "/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport";
    if state.client.has(nested) {
        let found = found.into_iter().map(|entry| symbol(&checked, entry));
        return Ok(Some(DocumentSymbolResponse::Nested(found.collect())));
    }
    let mut flat = Vec::new();
    flatten(state, &checked, &found, None, &mut flat);
    Ok(Some(DocumentSymbolResponse::Flat(flat)))
}

#[allow(deprecated)] // The field must be given, though it is not to be used.
fn symbol(checked: &Checked, entry: Outline) -> DocumentSymbol {
    let children = entry.children.into_iter();
    let children: Vec<_> = children.map(|entry| symbol(checked, entry)).collect();
    DocumentSymbol {
        name: entry.name,
        detail: (!entry.detail.is_empty()).then_some(entry.detail),
        kind: kind(entry.kind),
        tags: None,
        deprecated: None,
        range: checked.range(entry.whole),
        selection_range: checked.range(entry.span),
        children: (!children.is_empty()).then_some(children),
    }
}

#[allow(deprecated)] // As above.
fn flatten(
    state: &State,
    checked: &Checked,
    entries: &[Outline],
    within: Option<&str>,
    out: &mut Vec<SymbolInformation>,
) {
    for entry in entries {
        out.push(SymbolInformation {
            name: entry.name.clone(),
            kind: kind(entry.kind),
            tags: None,
            deprecated: None,
            location: state.location(checked, entry.whole),
            container_name: within.map(str::to_owned),
        });
        flatten(state, checked, &entry.children, Some(&entry.name), out);
    }
}

/// `workspace/symbol`
pub fn workspace(
    state: &State,
    params: WorkspaceSymbolParams,
) -> Answer<Option<WorkspaceSymbolResponse>> {
    let programs = Programs::everywhere(state);
    let found = programs.ask(|views| search(views, &params.query, MOST));
    let found = found.into_iter().filter_map(|one| {
        let place: &Place = &one.place;
        Some(WorkspaceSymbol {
            location: OneOf::Left(programs.location(state, place)?),
            kind: kind(one.kind),
            tags: None,
            container_name: one.within,
            name: one.name,
            data: None,
        })
    });
    Ok(Some(WorkspaceSymbolResponse::Nested(found.collect())))
}

fn kind(kind: ide::SymbolKind) -> SymbolKind {
    match kind {
        ide::SymbolKind::Block => SymbolKind::CLASS,
        ide::SymbolKind::Model => SymbolKind::MODULE,
        ide::SymbolKind::Label => SymbolKind::FIELD,
        ide::SymbolKind::Input | ide::SymbolKind::Output => SymbolKind::INTERFACE,
        ide::SymbolKind::Let | ide::SymbolKind::Counter => SymbolKind::CONSTANT,
        ide::SymbolKind::Parameter | ide::SymbolKind::Variable => SymbolKind::TYPE_PARAMETER,
    }
}
