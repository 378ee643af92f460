//! Broken lines that one change makes readable. Only what the grammar then reads is proposed.

use std::borrow::Cow;
use std::ops::Range;

use super::expect::Failure;
use super::recover::Line;
use super::tokens::{Kind, Token};
use crate::diag::{Diagnostic, slips as wording};

impl Line<'_> {
    /// What is wrong with the line, when one of the usual changes mends it.
    pub(super) fn guess(&self, failure: &Failure) -> Option<Diagnostic> {
        let index = self
            .tokens
            .partition_point(|token| token.end() <= failure.at);
        self.half()
            .or_else(|| self.backwards())
            .or_else(|| self.bare_path())
            .or_else(|| self.bare_labels())
            .or_else(|| self.round_shape())
            .or_else(|| self.ellipsis())
            .or_else(|| self.letter_times(index))
            .or_else(|| self.missing_comma(index))
    }

    /// Whether the line can be read with `text` in place of `range`.
    fn reads(&self, range: Range<usize>, text: &str) -> bool {
        let own = self.context.text;
        let new = format!("{}{text}{}", &own[..range.start], &own[range.end..]);
        self.read(Cow::Owned(new)).is_some()
    }

    fn text(&self, from: &Token, to: &Token) -> &str {
        &self.context.text[from.start..to.end()]
    }

    fn word(&self, index: usize, word: &str) -> bool {
        self.get(index).is_some_and(|token| token.is(word))
    }

    /// `input x`, `import Residual` or `import "blocks.nn"`: half of what is needed.
    fn half(&self) -> Option<Diagnostic> {
        match &self.tokens[..] {
            [input, name] if input.is("input") && name.is_name() => Some(
                wording::input_without_shape(self.token_span(name).after(), name.text),
            ),
            [import, path] if import.is("import") && path.kind == Kind::Text => Some(
                wording::half_an_import(self.token_span(path), "Residual", path.text),
            ),
            [import, first, .., last] | [import, first @ last]
                if import.is("import")
                    && self.tokens[1..]
                        .iter()
                        .all(|token| token.is_name() || token.is(",")) =>
            {
                Some(wording::half_an_import(
                    self.token_span(last).after(),
                    self.text(first, last),
                    "\"blocks.nn\"",
                ))
            }
            _ => None,
        }
    }

    /// `from "blocks.nn" import Residual`
    fn backwards(&self) -> Option<Diagnostic> {
        let [from, path, import, first, ..] = &self.tokens[..] else {
            return None;
        };
        let last = self.tokens.last()?;
        if !from.is("from") || path.kind != Kind::Text || !import.is("import") {
            return None;
        }
        let path = path.text.trim_matches(['"', '\'']);
        let right = format!("import {} from \"{path}\"", self.text(first, last));
        let range = from.start..last.end();
        self.reads(range.clone(), &right)
            .then(|| wording::import_backwards(self.span(range), right))
    }

    /// `weights net.safetensors`, or `import A from blocks.nn`
    fn bare_path(&self) -> Option<Diagnostic> {
        let from = self.tokens.iter().position(|token| token.is("from"));
        let at = match self.get(0)?.text {
            "weights" => 1,
            "import" => from? + 1,
            _ => return None,
        };
        let (first, last) = (self.get(at)?, self.tokens.last()?);
        let path = self.text(first, last);
        let range = first.start..last.end();
        let plain = !path.contains(['"', '\'', ' ', '\\']);
        (plain && self.reads(range.clone(), &format!("\"{path}\"")))
            .then(|| wording::bare_path(self.span(range), path))
    }

    /// `labels cat, dog` or `labels [cat, dog]`
    fn bare_labels(&self) -> Option<Diagnostic> {
        let at = self.tokens.iter().position(|token| token.is("labels"))?;
        let words = &self.tokens[at + 1..];
        let (first, last) = (words.first()?, words.last()?);
        let names: Vec<String> = words
            .iter()
            .filter(|token| !token.is(",") && !token.is("[") && !token.is("]"))
            .map(|token| format!("\"{}\"", token.text.trim_matches(['"', '\''])))
            .collect();
        let right = format!("[{}]", names.join(", "));
        let range = first.start..last.end();
        let plain = words.iter().all(|token| token.kind != Kind::Strange);
        let listed = words.iter().filter(|token| token.is(",")).count() + 1;
        (plain && listed == names.len() && self.reads(range.clone(), &right))
            .then(|| wording::bare_labels(self.span(range), right))
    }

    /// `input x: (N, 28)` or `-> (N, 28)`
    fn round_shape(&self) -> Option<Diagnostic> {
        let shaped = |index: usize| {
            self.word(index, "->")
                || self.word(index, ":") && (self.word(0, "input") || self.word(0, "output"))
        };
        let open = (0..self.tokens.len()).find(|index| {
            let before = index.checked_sub(1);
            self.word(*index, "(") && before.is_some_and(shaped)
        })?;
        let open = self.get(open)?;
        let close = self
            .tokens
            .iter()
            .find(|token| token.is(")") && token.depth == open.depth && token.start > open.start)?;
        let inner = self.context.text[open.end()..close.start].trim_end();
        let right = format!("[{}]", inner.trim_end_matches(','));
        let range = open.start..close.end();
        self.reads(range.clone(), &right)
            .then(|| wording::round_shape(self.span(range), right))
    }

    /// `[N, ...]`
    fn ellipsis(&self) -> Option<Diagnostic> {
        let dots = self
            .tokens
            .windows(3)
            .find(|three| three.iter().all(|token| token.is(".")) && three[0].depth > 0)?;
        Some(wording::ellipsis(
            self.token_span(&dots[0]).to(self.token_span(&dots[2])),
        ))
    }

    /// `28 x 28`
    fn letter_times(&self, index: usize) -> Option<Diagnostic> {
        let found = self
            .get(index)
            .filter(|token| token.is("x") && token.depth > 0)?;
        self.reads(found.start..found.end(), "*")
            .then(|| wording::letter_times(self.token_span(found)))
    }

    /// `[N 28]`, `Conv(6 kernel=5)` or `from a b`
    fn missing_comma(&self, index: usize) -> Option<Diagnostic> {
        let found = self.get(index)?;
        let before = self.get(index.checked_sub(1)?)?;
        let value =
            |token: &Token| token.is_name() || matches!(token.kind, Kind::Number | Kind::Text);
        let ends = value(before) || before.is(")") || before.is("]");
        let end = before.end();
        (ends && value(found) && self.reads(end..end, ",")).then(|| {
            let names = (before.text, found.text);
            wording::missing_comma(self.token_span(found), self.span(end..end), names)
        })
    }

    /// `for i in range(3) {`, or `repeat i in 0..3 {`
    pub(super) fn foreign_loop(&self) -> Option<Diagnostic> {
        let first = self.get(0)?;
        let of = self.tokens.iter().position(|token| token.is("in"))?;
        if !matches!(first.text, "for" | "repeat" | "loop" | "while") || of > 3 {
            return None;
        }
        let end = self
            .tokens
            .iter()
            .rposition(|token| token.is("{") || token.is(":"))?;
        let last = self.get(end.checked_sub(1)?)?;
        let span = self.span(first.start..last.end());
        let name = self.get(of.checked_sub(1)?)?.text;
        let count = self.get(of + 1).filter(|_| of + 1 < end).and_then(|start| {
            let text = self.text(start, last);
            let inner = text
                .strip_prefix("range(")
                .and_then(|inner| inner.strip_suffix(')'))
                .or_else(|| text.strip_prefix("0.."))
                .or_else(|| start.is_name().then_some(text))?;
            let inner = inner.strip_prefix("0,").unwrap_or(inner).trim();
            let plain = !inner.is_empty() && !inner.contains([',', '(', '.', '=']);
            plain.then(|| inner.to_owned())
        });
        let right = count.map(|count| match name {
            "_" => format!("repeat {count}"),
            name => format!("repeat {count} as {name}"),
        });
        Some(wording::foreign_loop(span, right))
    }
}
