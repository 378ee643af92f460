//! Signatures of layers and blocks while their arguments are written.

use lsp_types::{
    Documentation, ParameterInformation, ParameterLabel, SignatureHelp, SignatureHelpParams,
    SignatureInformation,
};

use super::dispatch::Answer;
use super::hover::markdown;
use super::programs::asked;
use super::state::State;
use crate::ide;

/// `textDocument/signatureHelp`
pub fn signature(state: &State, params: SignatureHelpParams) -> Answer<Option<SignatureHelp>> {
    let at = &params.text_document_position_params;
    let Some((checked, offset)) = asked(state, at) else {
        return Ok(None);
    };
    let Some(found) = checked.view(|view| ide::signature(view, checked.file(), offset)) else {
        return Ok(None);
    };
    let documentation = |text: String| Documentation::MarkupContent(markdown(text));
    let label = found.label;
    // Labels are counted in UTF-16 units, however positions are.
    let units = |at: usize| label[..at].encode_utf16().count() as u32;
    let parameters = found.parameters.into_iter();
    let parameters: Vec<_> = parameters
        .map(|parameter| ParameterInformation {
            label: ParameterLabel::LabelOffsets([
                units(parameter.label.start),
                units(parameter.label.end),
            ]),
            documentation: Some(documentation(parameter.documentation)),
        })
        .collect();
    // Beyond the last: none of them.
    let active = found.active.unwrap_or(parameters.len()) as u32;
    Ok(Some(SignatureHelp {
        signatures: vec![SignatureInformation {
            label,
            documentation: Some(documentation(found.documentation)),
            parameters: Some(parameters),
            active_parameter: Some(active),
        }],
        active_signature: Some(0),
        active_parameter: Some(active),
    }))
}
