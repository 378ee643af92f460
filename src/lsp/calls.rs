//! Which block uses which.

use lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams, Range,
    SymbolKind,
};

use super::convert;
use super::dispatch::Answer;
use super::programs::{Programs, asked};
use super::state::State;
use crate::ide::calls::{self, Call, Item};
use crate::ide::{self, Place};

/// `textDocument/prepareCallHierarchy`
pub fn prepare(
    state: &State,
    params: CallHierarchyPrepareParams,
) -> Answer<Option<Vec<CallHierarchyItem>>> {
    let at = params.text_document_position_params;
    let Some((checked, offset)) = asked(state, &at) else {
        return Ok(None);
    };
    let found = checked.view(|view| calls::prepare(view, checked.file(), offset));
    let programs = Programs::open(state, checked);
    let item = found.and_then(|found| item(state, &programs, &found));
    Ok(item.map(|item| vec![item]))
}

/// `callHierarchy/incomingCalls`
pub fn incoming(
    state: &State,
    params: CallHierarchyIncomingCallsParams,
) -> Answer<Option<Vec<CallHierarchyIncomingCall>>> {
    let programs = Programs::everywhere(state);
    let Some(place) = place(state, &programs, &params.item) else {
        return Ok(None);
    };
    let found = programs.ask(|views| calls::incoming(views, &place));
    let found = found.iter().filter_map(|call| {
        Some(CallHierarchyIncomingCall {
            from: item(state, &programs, &call.item)?,
            from_ranges: ranges(state, &programs, call),
        })
    });
    Ok(Some(found.collect()))
}

/// `callHierarchy/outgoingCalls`
pub fn outgoing(
    state: &State,
    params: CallHierarchyOutgoingCallsParams,
) -> Answer<Option<Vec<CallHierarchyOutgoingCall>>> {
    let programs = Programs::everywhere(state);
    let Some(place) = place(state, &programs, &params.item) else {
        return Ok(None);
    };
    let found = programs.ask(|views| calls::outgoing(views, &place));
    let found = found.iter().filter_map(|call| {
        Some(CallHierarchyOutgoingCall {
            to: item(state, &programs, &call.item)?,
            from_ranges: ranges(state, &programs, call),
        })
    });
    Ok(Some(found.collect()))
}

/// The place of an item that the client sends back: where the name stands that it was made from.
fn place(state: &State, programs: &Programs, item: &CallHierarchyItem) -> Option<Place> {
    programs.place(state, &convert::name(&item.uri), item.selection_range)
}

fn item(state: &State, programs: &Programs, found: &Item) -> Option<CallHierarchyItem> {
    let location = programs.location(state, &found.place)?;
    Some(CallHierarchyItem {
        name: found.name.clone(),
        kind: match found.kind {
            ide::SymbolKind::Model => SymbolKind::MODULE,
            _ => SymbolKind::CLASS,
        },
        tags: None,
        detail: None,
        uri: location.uri,
        range: programs.location(state, &found.whole)?.range,
        selection_range: location.range,
        data: None,
    })
}

fn ranges(state: &State, programs: &Programs, call: &Call) -> Vec<Range> {
    let places = call.places.iter();
    places
        .filter_map(|place| Some(programs.location(state, place)?.range))
        .collect()
}
