//! Requests to those who answer them: a line each.

use lsp_server::{ErrorCode, Request, Response};
use lsp_types::request::{
    CallHierarchyIncomingCalls, CallHierarchyOutgoingCalls, CallHierarchyPrepare,
    CodeActionRequest, CodeLensRequest, Completion, DocumentHighlightRequest,
    DocumentSymbolRequest, FoldingRangeRequest, Formatting, GotoDefinition, HoverRequest,
    InlayHintRequest, OnTypeFormatting, PrepareRenameRequest, RangeFormatting, References, Rename,
    Request as Kind, SelectionRangeRequest, SemanticTokensFullRequest, SemanticTokensRangeRequest,
    SignatureHelpRequest, WorkspaceSymbolRequest,
};

use super::state::State;
use super::{
    actions, calls, completion, formatting, hints, hover, lenses, navigation, ranges, rename,
    signature, symbols, tokens,
};

/// Why a request has no answer.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The kind of refusal.
    pub code: ErrorCode,
    /// The reason, for a person.
    pub message: String,
}

impl Refusal {
    /// A request that cannot be done as things are; the client shows the reason.
    pub fn failed(message: impl Into<String>) -> Refusal {
        Refusal {
            code: ErrorCode::RequestFailed,
            message: message.into(),
        }
    }
}

/// What a handler gives.
pub type Answer<T> = Result<T, Refusal>;

/// Answers `request`. A handler that panics is answered for.
pub fn answer(state: &State, request: Request) -> Response {
    let id = request.id.clone();
    let method = request.method.clone();
    let answered = state.guarded(|| route(state, request));
    answered.unwrap_or_else(|| {
        let message = format!("internal error while answering {method}");
        Response::new_err(id, ErrorCode::InternalError as i32, message)
    })
}

/// The table of requests.
fn route(state: &State, request: Request) -> Response {
    match request.method.as_str() {
        CodeLensRequest::METHOD => on::<CodeLensRequest>(state, request, lenses::lenses),
        Completion::METHOD => on::<Completion>(state, request, completion::completion),
        HoverRequest::METHOD => on::<HoverRequest>(state, request, hover::hover),
        InlayHintRequest::METHOD => on::<InlayHintRequest>(state, request, hints::hints),
        SemanticTokensFullRequest::METHOD => {
            on::<SemanticTokensFullRequest>(state, request, tokens::full)
        }
        SemanticTokensRangeRequest::METHOD => {
            on::<SemanticTokensRangeRequest>(state, request, tokens::range)
        }
        SignatureHelpRequest::METHOD => {
            on::<SignatureHelpRequest>(state, request, signature::signature)
        }
        CallHierarchyIncomingCalls::METHOD => {
            on::<CallHierarchyIncomingCalls>(state, request, calls::incoming)
        }
        CallHierarchyOutgoingCalls::METHOD => {
            on::<CallHierarchyOutgoingCalls>(state, request, calls::outgoing)
        }
        CallHierarchyPrepare::METHOD => on::<CallHierarchyPrepare>(state, request, calls::prepare),
        CodeActionRequest::METHOD => on::<CodeActionRequest>(state, request, actions::actions),
        DocumentHighlightRequest::METHOD => {
            on::<DocumentHighlightRequest>(state, request, navigation::highlights)
        }
        DocumentSymbolRequest::METHOD => {
            on::<DocumentSymbolRequest>(state, request, symbols::document)
        }
        FoldingRangeRequest::METHOD => on::<FoldingRangeRequest>(state, request, ranges::folding),
        Formatting::METHOD => on::<Formatting>(state, request, formatting::whole),
        GotoDefinition::METHOD => on::<GotoDefinition>(state, request, navigation::definition),
        OnTypeFormatting::METHOD => on::<OnTypeFormatting>(state, request, formatting::on_type),
        PrepareRenameRequest::METHOD => on::<PrepareRenameRequest>(state, request, rename::prepare),
        RangeFormatting::METHOD => on::<RangeFormatting>(state, request, formatting::range),
        References::METHOD => on::<References>(state, request, navigation::references),
        Rename::METHOD => on::<Rename>(state, request, rename::rename),
        SelectionRangeRequest::METHOD => {
            on::<SelectionRangeRequest>(state, request, ranges::selection)
        }
        WorkspaceSymbolRequest::METHOD => {
            on::<WorkspaceSymbolRequest>(state, request, symbols::workspace)
        }
        unknown => {
            let message = format!("nnc does not answer {unknown}");
            Response::new_err(request.id, ErrorCode::MethodNotFound as i32, message)
        }
    }
}

/// Reads the parameters of `R`, calls its handler and writes the answer.
fn on<R: Kind>(
    state: &State,
    request: Request,
    handler: impl FnOnce(&State, R::Params) -> Answer<R::Result>,
) -> Response {
    let Request { id, params, .. } = request;
    let params = match serde_json::from_value::<R::Params>(params) {
        Ok(params) => params,
        Err(error) => {
            let message = format!("the parameters of {} are wrong: {error}", R::METHOD);
            return Response::new_err(id, ErrorCode::InvalidParams as i32, message);
        }
    };
    match handler(state, params) {
        Ok(result) => Response::new_ok(id, result),
        Err(refusal) => Response::new_err(id, refusal.code as i32, refusal.message),
    }
}
