//! Broken lines: what of their meaning can be kept, so that one mistake does not make others.

use std::borrow::Cow;
use std::ops::Range;

use super::ast::{
    Argument, DefinitionKind, Expr, ExprKind, Ident, LayerStatement, Parameter, StatementKind,
};
use super::parse::{Form, Reader, Rule};
use super::recover::{FOREIGN, Line};
use super::tokens::{Kind, Token};
use crate::text::Span;

impl Line<'_> {
    /// Reads a part of the line, or the line with a part blanked out.
    pub(super) fn read(&self, text: Cow<str>) -> Option<Form> {
        let end = self.context.base + text.len();
        let mut reader = Reader::new(self.context.file, self.context.base, &text, end);
        reader.form(Rule::line).ok()
    }

    /// The line without the argument or the stated shape that is broken at `at`.
    pub(super) fn salvage(&self, at: usize) -> Option<Form> {
        let arrow = self
            .tokens
            .iter()
            .find(|token| token.depth == 0 && token.is("->"));
        if let Some(arrow) = arrow.filter(|arrow| arrow.start < at) {
            return self.read(Cow::Borrowed(&self.context.text[..arrow.start]));
        }
        if self.tokens.first()?.is("output") {
            let name = self.get(1)?;
            return self.read(Cow::Borrowed(&self.context.text[..name.end()]));
        }
        let open = self
            .tokens
            .iter()
            .position(|token| token.depth == 0 && token.is("("))?;
        let close = open
            + self.tokens[open..]
                .iter()
                .position(|token| token.depth == 0 && token.is(")"))?;
        let inside = self.tokens[open].end()..self.tokens[close].start;
        if at < inside.start || at > inside.end {
            return None;
        }
        self.without_argument(open, close, at)
            .or_else(|| self.without(inside, None))
    }

    /// The line without the one argument that is broken at `at`.
    fn without_argument(&self, open: usize, close: usize, at: usize) -> Option<Form> {
        let is_comma = |token: &&Token| token.depth == 1 && token.is(",");
        let list = &self.tokens[open + 1..close];
        let before = list
            .iter()
            .filter(is_comma)
            .rfind(|comma| comma.end() <= at);
        let after = list
            .iter()
            .find(|token| is_comma(token) && token.start >= at);
        let start = before.map_or(self.tokens[open].end(), Token::end);
        let end = after.map_or(self.tokens[close].start, |comma| comma.start);
        let words: Vec<&Token> = list
            .iter()
            .filter(|token| token.start >= start && token.start < end)
            .collect();
        let name = match words[..] {
            [name, sign, ..] if name.is_name() && (sign.is("=") || sign.is(":")) => Some(name),
            _ => None,
        };
        let blanked = match (before, after) {
            (Some(comma), _) => comma.start..end,
            (None, Some(comma)) => start..comma.end(),
            (None, None) => start..end,
        };
        self.without(blanked, name.map(|name| self.ident(name)))
    }

    /// The line without the arguments in `blanked`, and with one that is no value in their place.
    fn without(&self, blanked: Range<usize>, name: Option<Ident>) -> Option<Form> {
        let text = self.context.text;
        let copy = format!(
            "{}{}{}",
            &text[..blanked.start],
            " ".repeat(blanked.len()),
            &text[blanked.end..]
        );
        let mut form = self.read(Cow::Owned(copy))?;
        let Form::Statement(StatementKind::Layer(LayerStatement { arguments, .. })) = &mut form
        else {
            return None;
        };
        let span = self.span(blanked);
        arguments.push(Argument {
            name,
            value: error(span),
            span,
        });
        Some(form)
    }

    /// The names that the line seems to bring.
    pub(super) fn remains(&self) -> Form {
        let name = match &self.tokens[..] {
            [first, rest @ ..] if first.is("import") => {
                let names = rest
                    .iter()
                    .take_while(|token| token.is(",") || token.is_name())
                    .filter(|token| token.is_name());
                return Form::Broken(names.map(|name| self.ident(name)).collect());
            }
            // An import the wrong way round.
            [from, path, import, rest @ ..]
                if from.is("from") && path.kind == Kind::Text && import.is("import") =>
            {
                let names = rest.iter().filter(|token| token.is_name());
                return Form::Broken(names.map(|name| self.ident(name)).collect());
            }
            [keyword, name, ..]
                if name.is_name()
                    && matches!(keyword.text, "input" | "output" | "let" | "model" | "block") =>
            {
                Some(name)
            }
            [name, sign, ..] if name.kind == Kind::Word && (sign.is(":") || sign.is("=")) => {
                Some(name)
            }
            // A keyword with a typing error.
            [first, name, sign, ..]
                if first.is_name() && name.is_name() && (sign.is(":") || sign.is("=")) =>
            {
                Some(name)
            }
            _ => None,
        };
        Form::Broken(name.into_iter().map(|name| self.ident(name)).collect())
    }

    /// What a broken header opens.
    pub(super) fn header_remains(&self) -> Option<Form> {
        let first = self.get(0)?;
        let opens = first.is("model")
            || first.is("block")
            || FOREIGN.contains(&(first.text, "model"))
            || !self.context.in_body && first.is_name() && !self.get(1)?.is(":");
        let label = self
            .get(1)
            .filter(|colon| colon.is(":"))
            .map(|_| first)
            .filter(|label| label.is_name());
        let keyword = if label.is_some() { self.get(2)? } else { first };
        if keyword.is("repeat") || self.foreign_loop().is_some() {
            let index = self.tokens.windows(2).find_map(|pair| match pair {
                [word, name] if word.is("as") && name.is_name() => Some(self.ident(name)),
                [name, word] if word.is("in") && name.is_name() => Some(self.ident(name)),
                _ => None,
            });
            return Some(Form::Repeat {
                label: label.map(|label| self.ident(label)),
                keyword: self.token_span(keyword),
                count: error(self.token_span(keyword)),
                index,
            });
        }
        if !opens {
            return None;
        }
        let name = self
            .get(1)
            .filter(|name| name.is_name())
            .or_else(|| (first.is_name()).then_some(first))?;
        let parameters = self
            .tokens
            .windows(3)
            .filter(|three| three[1].depth == 1 && (three[0].is(",") || three[0].is("(")))
            // Not the module of a class: `nn.Module`.
            .filter(|three| three[1].is_name() && !three[2].is("."))
            .map(|three| Parameter {
                name: self.ident(&three[1]),
                default: Some(error(self.token_span(&three[1]))),
            })
            .collect();
        Some(Form::Definition {
            kind: if first.is("block") {
                DefinitionKind::Block
            } else {
                DefinitionKind::Model
            },
            name: self.ident(name),
            parameters,
        })
    }
}

/// A value that has a diagnostic already.
fn error(span: Span) -> Expr {
    Expr {
        kind: ExprKind::Error,
        span,
    }
}
