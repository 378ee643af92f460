//! Definitions, references, highlights.

use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, GotoDefinitionParams,
    GotoDefinitionResponse, Location, LocationLink, ReferenceParams,
};

use super::dispatch::Answer;
use super::programs::{Programs, asked};
use super::state::State;
use crate::ide::navigate;

/// `textDocument/definition`
pub fn definition(
    state: &State,
    params: GotoDefinitionParams,
) -> Answer<Option<GotoDefinitionResponse>> {
    let at = params.text_document_position_params;
    let Some((checked, offset)) = asked(state, &at) else {
        return Ok(None);
    };
    let found = checked.view(|view| navigate::definition(view, checked.file(), offset));
    let Some(found) = found else { return Ok(None) };
    let origin = checked.range(found.origin);
    let programs = Programs::open(state, checked);
    let target = programs.location(state, &found.target);
    let whole = programs.location(state, &found.whole);
    let (Some(target), Some(whole)) = (target, whole) else {
        return Ok(None);
    };
    Ok(Some(
        match state.client.has("/textDocument/definition/linkSupport") {
            true => GotoDefinitionResponse::Link(vec![LocationLink {
                origin_selection_range: Some(origin),
                target_uri: target.uri,
                target_range: whole.range,
                target_selection_range: target.range,
            }]),
            false => GotoDefinitionResponse::Scalar(target),
        },
    ))
}

/// `textDocument/references`
pub fn references(state: &State, params: ReferenceParams) -> Answer<Option<Vec<Location>>> {
    let Some((checked, offset)) = asked(state, &params.text_document_position) else {
        return Ok(None);
    };
    let name = checked.name.clone();
    let programs = Programs::all(state, checked);
    let found = programs.ask(|views| navigate::references(views, &name, offset));
    let kept = found
        .iter()
        .filter(|(_, defines)| params.context.include_declaration || !defines);
    let places = kept.filter_map(|(place, _)| programs.location(state, place));
    Ok(Some(places.collect()))
}

/// `textDocument/documentHighlight`
pub fn highlights(
    state: &State,
    params: DocumentHighlightParams,
) -> Answer<Option<Vec<DocumentHighlight>>> {
    let at = params.text_document_position_params;
    Ok(asked(state, &at).map(|(checked, offset)| {
        let found = checked.view(|view| navigate::highlights(view, checked.file(), offset));
        let found = found.into_iter();
        found
            .map(|(span, defines)| DocumentHighlight {
                range: checked.range(span),
                kind: Some(match defines {
                    true => DocumentHighlightKind::WRITE,
                    false => DocumentHighlightKind::READ,
                }),
            })
            .collect()
    }))
}
