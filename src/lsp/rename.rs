//! Renaming.

use std::collections::HashMap;

use lsp_types::{
    PrepareRenameResponse, RenameParams, TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};

use super::dispatch::{Answer, Refusal};
use super::programs::{Programs, asked};
use super::state::State;
use crate::ide::rename;

/// `textDocument/prepareRename`
pub fn prepare(
    state: &State,
    at: TextDocumentPositionParams,
) -> Answer<Option<PrepareRenameResponse>> {
    let Some((checked, offset)) = asked(state, &at) else {
        return Ok(None);
    };
    match checked.view(|view| rename::prepare(view, checked.file(), offset)) {
        Ok(span) => Ok(Some(PrepareRenameResponse::RangeWithPlaceholder {
            range: checked.range(span),
            placeholder: checked.analysis.sources.slice(span).to_owned(),
        })),
        Err(why) => Err(Refusal::failed(why)),
    }
}

/// `textDocument/rename`
// The key of a client's own type of edit: it is never changed while it is in the map.
#[allow(clippy::mutable_key_type)]
pub fn rename(state: &State, params: RenameParams) -> Answer<Option<WorkspaceEdit>> {
    let Some((checked, offset)) = asked(state, &params.text_document_position) else {
        return Ok(None);
    };
    let name = checked.name.clone();
    let programs = Programs::all(state, checked);
    let found = programs.ask(|views| rename::rename(views, &name, offset, &params.new_name));
    let found = found.map_err(Refusal::failed)?;
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for place in &found.places {
        if let Some(location) = programs.location(state, place) {
            let edit = TextEdit::new(location.range, params.new_name.clone());
            changes.entry(location.uri).or_default().push(edit);
        }
    }
    state.log.borrow_mut().extend(found.notes);
    Ok(Some(WorkspaceEdit::new(changes)))
}
