//! The words of a broken line: just enough to say what stands where.

use super::ast::Ident;
use crate::text::{FileId, Span, Spanned};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Text,
    Mark,
    /// A character that no part of the language has.
    Strange,
}

/// A token of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
    /// Offset in the line.
    pub start: usize,
    /// How many brackets are open around it.
    pub depth: usize,
}

impl Token<'_> {
    /// Offset after the last byte.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this mark or word.
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text && self.kind != Kind::Text
    }

    /// Whether it is a word that cannot be a name.
    pub(super) fn is_reserved(&self) -> bool {
        self.kind == Kind::Word && RESERVED.contains(&self.text)
    }

    /// Whether it is a word that can be a name.
    pub(super) fn is_name(&self) -> bool {
        self.kind == Kind::Word && !self.is_reserved()
    }

    pub(super) fn span(&self, file: FileId, base: usize) -> Span {
        Span::new(file, base + self.start, base + self.end())
    }

    pub(super) fn ident(&self, file: FileId, base: usize) -> Ident {
        Spanned {
            value: self.text.into(),
            span: self.span(file, base),
        }
    }
}

/// The words that cannot be names.
pub const RESERVED: [&str; 10] = [
    "model", "block", "input", "output", "let", "repeat", "reuse", "from", "import", "weights",
];

/// Cuts a line into tokens.
pub(super) fn tokens(line: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(first) = line[at..].chars().next() {
        let rest = &line[at..];
        if first == ' ' || first == '\t' {
            at += 1;
            continue;
        }
        let (kind, length) = token(rest, first);
        if matches!(first, ')' | ']') {
            depth = depth.saturating_sub(1);
        }
        found.push(Token {
            kind,
            text: &rest[..length],
            start: at,
            depth,
        });
        if matches!(first, '(' | '[') {
            depth += 1;
        }
        at += length;
    }
    found
}

/// The kind and length of the token at the start of `rest`.
fn token(rest: &str, first: char) -> (Kind, usize) {
    let run = |accept: fn(char) -> bool| {
        rest.find(|character: char| !accept(character))
            .unwrap_or(rest.len())
    };
    match first {
        'a'..='z' | 'A'..='Z' | '_' => (
            Kind::Word,
            run(|character| character.is_ascii_alphanumeric() || character == '_'),
        ),
        '0'..='9' => (
            Kind::Number,
            run(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.')),
        ),
        '"' | '\'' => {
            let mut escaped = false;
            let close = rest[1..].find(|character| {
                let closes = character == first && !escaped;
                escaped = character == '\\' && !escaped;
                closes
            });
            (Kind::Text, close.map_or(rest.len(), |length| length + 2))
        }
        _ if rest.starts_with("->") || rest.starts_with("**") || rest.starts_with("//") => {
            (Kind::Mark, 2)
        }
        ' '..='~' => (Kind::Mark, 1),
        _ => (Kind::Strange, first.len_utf8()),
    }
}

/// The word at the start of `text`, or nothing.
pub(super) fn first_word(text: &str) -> &str {
    let end = text
        .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .unwrap_or(text.len());
    &text[..end]
}

/// How many single-letter changes, or swaps of neighbours, lead from `a` to `b`; both are short.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
