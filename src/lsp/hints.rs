//! Inlay hints.

use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintParams, InlayHintTooltip};

use super::dispatch::Answer;
use super::state::State;
use crate::ide::{self, HintKind, HintOptions};

/// `textDocument/inlayHint`
pub fn hints(state: &State, params: InlayHintParams) -> Answer<Option<Vec<InlayHint>>> {
    let Some(checked) = state.program(&params.text_document) else {
        return Ok(None);
    };
    let options = HintOptions {
        shapes: state.settings.shapes,
        parameter_names: state.settings.parameter_names,
        max_length: state.settings.max_length,
    };
    let (file, range) = (checked.file(), checked.bytes(params.range));
    let found = ide::hints(&checked.analysis, checked.names(), file, range, options);
    let hints = found.into_iter().map(|hint| InlayHint {
        position: checked.position(file, hint.offset),
        label: InlayHintLabel::String(hint.text),
        kind: Some(match hint.kind {
            HintKind::Shape => InlayHintKind::TYPE,
            HintKind::ParameterName => InlayHintKind::PARAMETER,
        }),
        text_edits: None,
        tooltip: hint.whole.map(InlayHintTooltip::String),
        padding_left: None,
        padding_right: None,
        data: None,
    });
    Ok(Some(hints.collect()))
}
