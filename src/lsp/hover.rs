//! Hovers.

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use super::dispatch::Answer;
use super::programs::asked;
use super::state::State;
use crate::ide;

/// `textDocument/hover`
pub fn hover(state: &State, params: HoverParams) -> Answer<Option<Hover>> {
    let at = &params.text_document_position_params;
    let Some((checked, offset)) = asked(state, at) else {
        return Ok(None);
    };
    let found = checked.view(|view| ide::hover(view, checked.file(), offset));
    Ok(found.map(|found| Hover {
        contents: HoverContents::Markup(markdown(found.text)),
        range: Some(checked.range(found.span)),
    }))
}

/// `value` as Markdown.
pub(super) fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}
