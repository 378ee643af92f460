//! Semantic tokens.

use lsp_types::{
    Range, SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens,
    SemanticTokensLegend, SemanticTokensParams, SemanticTokensRangeParams,
    SemanticTokensRangeResult, SemanticTokensResult,
};

use super::dispatch::Answer;
use super::state::{Checked, State};
use crate::ide::{self, TokenKind};

/// The protocol's kinds, each with those of the language that it stands for.
const KINDS: &[(SemanticTokenType, &[TokenKind])] = &[
    (SemanticTokenType::KEYWORD, &[TokenKind::Keyword]),
    (SemanticTokenType::COMMENT, &[TokenKind::Comment]),
    (SemanticTokenType::STRING, &[TokenKind::Text]),
    (SemanticTokenType::NUMBER, &[TokenKind::Number]),
    (SemanticTokenType::OPERATOR, &[TokenKind::Operator]),
    (
        SemanticTokenType::FUNCTION,
        &[TokenKind::Layer, TokenKind::Function],
    ),
    (
        SemanticTokenType::CLASS,
        &[TokenKind::Block, TokenKind::Model],
    ),
    (
        SemanticTokenType::VARIABLE,
        &[TokenKind::Value, TokenKind::Constant],
    ),
    (SemanticTokenType::PARAMETER, &[TokenKind::Parameter]),
    (SemanticTokenType::TYPE_PARAMETER, &[TokenKind::Variable]),
    (SemanticTokenType::PROPERTY, &[TokenKind::Argument]),
    (SemanticTokenType::ENUM_MEMBER, &[TokenKind::Choice]),
    (SemanticTokenType::TYPE, &[TokenKind::Type]),
];

const DECLARATION: u32 = 1;
const READONLY: u32 = 1 << 1;
const DEFAULT_LIBRARY: u32 = 1 << 2;

/// What the numbers of tokens mean.
pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: KINDS.iter().map(|(kind, _)| kind.clone()).collect(),
        token_modifiers: vec![
            SemanticTokenModifier::DECLARATION,
            SemanticTokenModifier::READONLY,
            SemanticTokenModifier::DEFAULT_LIBRARY,
        ],
    }
}

/// `textDocument/semanticTokens/full`
pub fn full(state: &State, params: SemanticTokensParams) -> Answer<Option<SemanticTokensResult>> {
    let checked = state.program(&params.text_document);
    Ok(checked.map(|checked| tokens(&checked, None).into()))
}

/// `textDocument/semanticTokens/range`
pub fn range(
    state: &State,
    params: SemanticTokensRangeParams,
) -> Answer<Option<SemanticTokensRangeResult>> {
    let checked = state.program(&params.text_document);
    Ok(checked.map(|checked| tokens(&checked, Some(params.range)).into()))
}

fn tokens(checked: &Checked, range: Option<Range>) -> SemanticTokens {
    let file = checked.file();
    let text = checked.text(file);
    let lines = checked.lines(file);
    let bytes = range.map_or(0..text.len(), |range| checked.bytes(range));
    let found = ide::tokens(text, checked.names(), file, bytes);
    let mut data = Vec::with_capacity(found.len());
    // Each place is given from the one before, so that a long line is gone through once.
    let (mut line, mut from) = (0, 0);
    for token in found {
        let own = lines.line(token.start);
        if own != line {
            from = lines.content(own, text).start;
        }
        data.push(SemanticToken {
            delta_line: (own - line) as u32,
            delta_start: checked.encoding.width(&text[from..token.start]) as u32,
            length: checked.encoding.width(&text[token.start..token.end]) as u32,
            token_type: number(token.kind),
            token_modifiers_bitset: modifiers(token),
        });
        (line, from) = (own, token.start);
    }
    SemanticTokens {
        result_id: None,
        data,
    }
}

/// The place of `kind` in the legend.
fn number(kind: TokenKind) -> u32 {
    let place = KINDS.iter().position(|(_, kinds)| kinds.contains(&kind));
    place.unwrap_or(0) as u32
}

fn modifiers(token: ide::Token) -> u32 {
    let kind = match token.kind {
        TokenKind::Layer | TokenKind::Function | TokenKind::Type => DEFAULT_LIBRARY,
        TokenKind::Constant | TokenKind::Parameter | TokenKind::Variable => READONLY,
        _ => 0,
    };
    kind | if token.defines { DECLARATION } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_legend() {
        for kind in [
            TokenKind::Keyword,
            TokenKind::Comment,
            TokenKind::Text,
            TokenKind::Number,
            TokenKind::Operator,
            TokenKind::Layer,
            TokenKind::Block,
            TokenKind::Model,
            TokenKind::Value,
            TokenKind::Parameter,
            TokenKind::Constant,
            TokenKind::Variable,
            TokenKind::Argument,
            TokenKind::Choice,
            TokenKind::Function,
            TokenKind::Type,
        ] {
            let owners = KINDS.iter().filter(|(_, kinds)| kinds.contains(&kind));
            assert_eq!(owners.count(), 1, "{kind:?}");
        }
        assert_eq!(legend().token_types.len(), KINDS.len());
    }
}
