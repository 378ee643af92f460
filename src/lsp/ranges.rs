//! Folding and growing selections.

use lsp_types::{
    FoldingRange, FoldingRangeKind, FoldingRangeParams, SelectionRange, SelectionRangeParams,
};

use super::dispatch::Answer;
use super::state::State;
use crate::ide::ranges::{FoldKind, folds, selections};

/// `textDocument/foldingRange`
pub fn folding(state: &State, params: FoldingRangeParams) -> Answer<Option<Vec<FoldingRange>>> {
    Ok(state.program(&params.text_document).map(|checked| {
        let (file, tree) = &checked.analysis.files[0];
        let source = checked.analysis.sources.file(*file);
        let found = folds(tree, &source.text, &source.lines).into_iter();
        found
            .map(|fold| FoldingRange {
                start_line: fold.start as u32,
                end_line: fold.end as u32,
                kind: Some(match fold.kind {
                    FoldKind::Region => FoldingRangeKind::Region,
                    FoldKind::Imports => FoldingRangeKind::Imports,
                    FoldKind::Comment => FoldingRangeKind::Comment,
                }),
                ..FoldingRange::default()
            })
            .collect()
    }))
}

/// `textDocument/selectionRange`
pub fn selection(
    state: &State,
    params: SelectionRangeParams,
) -> Answer<Option<Vec<SelectionRange>>> {
    Ok(state.program(&params.text_document).map(|checked| {
        let tree = &checked.analysis.files[0].1;
        let positions = params.positions.into_iter();
        positions
            .map(|position| {
                let chain = selections(tree, checked.offset(position));
                let outward = chain.into_iter().rev();
                let grown = outward.fold(None, |parent, span| {
                    Some(SelectionRange {
                        range: checked.range(span),
                        parent: parent.map(Box::new),
                    })
                });
                grown.unwrap_or(SelectionRange {
                    range: lsp_types::Range::new(position, position),
                    parent: None,
                })
            })
            .collect()
    }))
}
