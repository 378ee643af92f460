//! The one layout of a text: of all of it, of some lines, of the line just left.

use lsp_types::{
    DocumentFormattingParams, DocumentOnTypeFormattingParams, DocumentRangeFormattingParams,
    TextEdit,
};

use super::dispatch::Answer;
use super::documents::Document;
use super::state::State;
use crate::syntax::fmt;
use crate::text::LineIndex;

/// What the formatter replaces: bytes of whole lines, each with its new text.
type Edits = Vec<(std::ops::Range<usize>, String)>;

/// `textDocument/formatting`. The options of the client are passed over: there is one layout.
pub fn whole(state: &State, params: DocumentFormattingParams) -> Answer<Option<Vec<TextEdit>>> {
    let document = state.document(&params.text_document);
    Ok(document.map(|document| convert(state, document, fmt::edits(&document.text))))
}

/// `textDocument/rangeFormatting`
pub fn range(
    state: &State,
    params: DocumentRangeFormattingParams,
) -> Answer<Option<Vec<TextEdit>>> {
    let Some(document) = state.document(&params.text_document) else {
        return Ok(None);
    };
    let encoding = state.client.encoding;
    let bytes = document.lines.bytes(&document.text, params.range, encoding);
    let index = LineIndex::new(&document.text);
    let first = index.line(bytes.start);
    // A selection of whole lines ends where the next line begins.
    let last = index.line(bytes.end.max(bytes.start + 1) - 1);
    let edits = fmt::format_lines(&document.text, first..last + 1);
    Ok(Some(convert(state, document, edits)))
}

/// `textDocument/onTypeFormatting`: a line is laid out when it is left. The line on which the
/// cursor now is stays, since it is still to be written.
pub fn on_type(
    state: &State,
    params: DocumentOnTypeFormattingParams,
) -> Answer<Option<Vec<TextEdit>>> {
    let at = params.text_document_position;
    let Some(document) = state.document(&at.text_document) else {
        return Ok(None);
    };
    let text = &document.text;
    let cursor = document
        .lines
        .offset(text, at.position, state.client.encoding);
    let index = LineIndex::new(text);
    let line = index.line(cursor);
    if line == 0 {
        return Ok(None);
    }
    let mut edits = fmt::format_lines(text, line - 1..line);
    let own = index.range(line, text);
    edits.retain(|(bytes, _)| bytes.end <= own.start);
    Ok(Some(convert(state, document, edits)))
}

fn convert(state: &State, document: &Document, edits: Edits) -> Vec<TextEdit> {
    let (text, encoding) = (&document.text, state.client.encoding);
    let edits = edits.into_iter();
    edits
        .map(|(bytes, new)| TextEdit::new(document.lines.range(text, bytes, encoding), new))
        .collect()
}
