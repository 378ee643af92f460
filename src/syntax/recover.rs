//! Broken lines: what to say about one. What of its meaning can be kept is in `keep`.

use std::borrow::Cow;
use std::ops::Range;

use super::ast::Ident;
use super::expect::{self, Failure};
use super::parse::{Form, Rule};
use super::tokens::{Kind, RESERVED, Token, distance, tokens};
use crate::diag::{Diagnostic, foreign, slips, syntax as wording};
use crate::text::{FileId, Span};

/// A broken line and where it stands.
pub(super) struct Context<'t> {
    pub file: FileId,
    /// Offset of its first byte.
    pub base: usize,
    pub text: &'t str,
    /// Whether it is in a body.
    pub in_body: bool,
    /// The blanks before it.
    pub indent: &'t str,
}

/// A line that is wrong in one way, and what it means all the same.
pub(super) struct Broken {
    pub diagnostic: Diagnostic,
    pub forms: Vec<(Form, Span)>,
}

impl Broken {
    /// A line of which the mistake is known.
    pub(super) fn with(diagnostic: Diagnostic, context: &Context) -> Broken {
        let line = Line::new(context);
        Broken {
            diagnostic,
            forms: vec![(line.remains(), line.whole())],
        }
    }
}

/// Explains a line that the grammar does not know.
pub(super) fn line(context: &Context) -> Broken {
    let line = Line::new(context);
    let failure = line.failure(match line.keyword() {
        Some("model" | "block" | "repeat") => Rule::header,
        _ => Rule::line,
    });
    if let Some(diagnostic) = line.foreign_loop().or_else(|| line.foreign(&failure)) {
        return Broken::with(diagnostic, context);
    }
    if let Some(broken) = line.two_statements(&failure) {
        return broken;
    }
    let diagnostic = line
        .slip(&failure)
        .or_else(|| line.guess(&failure))
        .unwrap_or_else(|| line.unexpected(&failure));
    let form = line.salvage(failure.at).unwrap_or_else(|| line.remains());
    Broken {
        diagnostic,
        forms: vec![(form, line.whole())],
    }
}

/// Explains a header that the grammar does not know; its text ends with `{`.
pub(super) fn header(context: &Context) -> (Diagnostic, Option<Form>) {
    let line = Line::new(context);
    let failure = line.failure(Rule::header);
    let diagnostic = line
        .foreign_loop()
        .or_else(|| line.foreign(&failure))
        .or_else(|| line.slip(&failure))
        .or_else(|| line.no_header())
        .unwrap_or_else(|| line.unexpected(&failure));
    (diagnostic, line.header_remains())
}

/// Explains an expression that the grammar does not know.
pub(super) fn expression(file: FileId, text: &str) -> Diagnostic {
    let context = Context {
        file,
        base: 0,
        text,
        in_body: true,
        indent: "",
    };
    let line = Line::new(&context);
    let failure = line.failure(Rule::alone);
    line.strange(&failure)
        .or_else(|| line.reserved(&failure))
        .unwrap_or_else(|| line.unexpected(&failure))
}

/// Words of other languages, with the word that has their meaning here.
pub(super) const FOREIGN: [(&str, &str); 18] = [
    ("def", "model"),
    ("class", "model"),
    ("fn", "model"),
    ("func", "model"),
    ("function", "model"),
    ("network", "model"),
    ("module", "model"),
    ("struct", "model"),
    ("return", "output"),
    ("const", "let"),
    ("var", "let"),
    ("val", "let"),
    ("use", "import"),
    ("include", "import"),
    ("for", "repeat"),
    ("loop", "repeat"),
    ("param", "let"),
    ("define", "let"),
];

/// Characters that look like one of the language.
const LOOKALIKES: [(char, &str); 20] = [
    ('\u{201c}', "\""),
    ('\u{201d}', "\""),
    ('\u{201e}', "\""),
    ('\u{2018}', "\""),
    ('\u{2019}', "\""),
    ('\u{00d7}', "*"),
    ('\u{00b7}', "*"),
    ('\u{00f7}', "/"),
    ('\u{2212}', "-"),
    ('\u{2013}', "-"),
    ('\u{2014}', "-"),
    ('\u{2192}', "->"),
    ('\u{21d2}', "->"),
    ('\u{00a0}', " "),
    ('\u{3000}', " "),
    ('\u{ff08}', "("),
    ('\u{ff09}', ")"),
    ('\u{ff1a}', ":"),
    ('\u{ff0c}', ","),
    ('\u{ff1d}', "="),
];

/// The part of the language that `character` looks like.
fn lookalike(character: char) -> Option<&'static str> {
    LOOKALIKES
        .iter()
        .find(|(look, _)| *look == character)
        .map(|(_, right)| *right)
}

/// A broken line, cut into tokens.
pub(super) struct Line<'c> {
    pub(super) context: &'c Context<'c>,
    pub(super) tokens: Vec<Token<'c>>,
}

impl<'c> Line<'c> {
    fn new(context: &'c Context<'c>) -> Line<'c> {
        Line {
            context,
            tokens: tokens(context.text),
        }
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let base = self.context.base;
        Span::new(self.context.file, base + range.start, base + range.end)
    }

    pub(super) fn whole(&self) -> Span {
        self.span(0..self.context.text.trim_end().len())
    }

    pub(super) fn token_span(&self, token: &Token) -> Span {
        token.span(self.context.file, self.context.base)
    }

    pub(super) fn ident(&self, token: &Token) -> Ident {
        token.ident(self.context.file, self.context.base)
    }

    pub(super) fn get(&self, index: usize) -> Option<&Token<'c>> {
        self.tokens.get(index)
    }

    /// The first word after the label, if one is written.
    fn keyword(&self) -> Option<&'c str> {
        let has_label = self.get(1).is_some_and(|colon| colon.is(":"));
        let first = self.get(if has_label { 2 } else { 0 })?;
        (first.kind == Kind::Word).then_some(first.text)
    }

    /// The index of the token at or after `at`.
    fn index(&self, at: usize) -> usize {
        self.tokens.partition_point(|token| token.end() <= at)
    }

    /// A line outside of any body that does not start as an item.
    fn no_item(&self, failure: &Failure) -> Option<Diagnostic> {
        if let Some(backwards) = self.guess(failure).filter(|_| !self.context.in_body) {
            return Some(backwards);
        }
        let first = self.get(0).filter(|_| failure.is_line())?;
        let starts = matches!(first.text, "layout" | "import") || self.context.in_body;
        (!starts).then(|| {
            let found = describe(first.kind, first.text);
            wording::unexpected(self.token_span(first), expect::start(false), None, &found)
        })
    }

    /// Where the grammar gives up, at the start of a token.
    fn failure(&self, rule: Rule) -> Failure {
        let mut failure = expect::failure(rule, self.context.text);
        // It reads a reserved word to its end before it turns it down as a name,
        let reserved = self
            .tokens
            .iter()
            .find(|token| token.is_reserved() && token.end() == failure.at);
        if let Some(token) = reserved.filter(|_| failure.within_name()) {
            failure.at = token.start;
        }
        // and takes the word in `input x: N` for an element type.
        if let [first, _, colon, word, rest @ ..] = &self.tokens[..]
            && first.is("input")
            && colon.is(":")
            && word.kind == Kind::Word
            && rest.first().is_none_or(|next| next.start == failure.at)
        {
            failure.at = word.start;
        }
        failure
    }

    /// The mistakes that have words of their own.
    fn slip(&self, failure: &Failure) -> Option<Diagnostic> {
        self.strange(failure)
            .or_else(|| self.called(failure))
            .or_else(|| self.inherits())
            .or_else(|| self.detached_clause())
            .or_else(|| self.reserved_label())
            .or_else(|| self.reserved(failure))
            .or_else(|| self.assignment(failure))
            .or_else(|| self.no_item(failure))
    }

    fn strange(&self, failure: &Failure) -> Option<Diagnostic> {
        let index = self.index(failure.at);
        let token = self
            .get(index)
            .filter(|token| token.kind == Kind::Strange)?;
        let character = token.text.chars().next()?;
        let span = self.token_span(token);
        let Some(right) = lookalike(character) else {
            return Some(wording::strange_character(span, character));
        };
        let mut whole = (span, right.to_owned());
        // A quotation mark is seldom alone.
        let close = self.tokens[index + 1..].iter().find(|close| {
            close.kind == Kind::Strange && close.text.chars().all(|c| lookalike(c) == Some("\""))
        });
        if right == "\""
            && let Some(close) = close
        {
            let content = &self.context.text[token.end()..close.start];
            whole = (span.to(self.token_span(close)), format!("\"{content}\""));
        }
        Some(wording::lookalike(
            span, character, right, whole.0, &whole.1,
        ))
    }

    /// `relu(self.fc1(x))`, or `Linear(8, weight=enc.weight)`
    fn called(&self, failure: &Failure) -> Option<Diagnostic> {
        let index = self.index(failure.at);
        let own = self.get(index.checked_sub(1)?)?;
        if !self.get(index)?.is(".") || own.depth == 0 {
            return None;
        }
        if own.is("self") {
            return Some(foreign::called_within(self.token_span(own)));
        }
        let part = self.get(index + 1).filter(|part| part.is_name())?;
        let path = self.token_span(own).to(self.token_span(part));
        if part.is("shape") && own.is_name() {
            return Some(slips::shape_of_a_value(path, own.text));
        }
        (own.is_name() && self.context.in_body)
            .then(|| wording::path_as_number(path, own.text, part.text))
    }

    /// `model Net(nn.Module) {`
    fn inherits(&self) -> Option<Diagnostic> {
        let [kind, name, open, base, dot, ..] = &self.tokens[..] else {
            return None;
        };
        let inherits =
            (kind.is("model") || kind.is("block")) && open.is("(") && base.is_name() && dot.is(".");
        let close = self.tokens.iter().find(|token| token.is(")"))?;
        inherits.then(|| {
            let span = self.token_span(open).to(self.token_span(close));
            foreign::inherits(span, kind.text, name.text)
        })
    }

    /// A `from` or `->` on a line of its own.
    fn detached_clause(&self) -> Option<Diagnostic> {
        let [first, second, ..] = &self.tokens[..] else {
            return None;
        };
        let is_clause = first.is("->") || first.is("from") && second.is_name();
        is_clause.then(|| wording::detached_clause(self.token_span(first), first.text))
    }

    /// `from: Linear(3)`
    fn reserved_label(&self) -> Option<Diagnostic> {
        let [first, colon, layer, ..] = &self.tokens[..] else {
            return None;
        };
        (first.is_reserved() && colon.is(":") && layer.kind == Kind::Word)
            .then(|| wording::reserved(self.token_span(first), first.text))
    }

    /// A reserved word where the line could go on with a name.
    fn reserved(&self, failure: &Failure) -> Option<Diagnostic> {
        if !failure.expects_name() {
            return None;
        }
        let token = self
            .get(self.index(failure.at))
            .filter(|token| token.is_reserved())?;
        let first = self.tokens.first()?;
        (token.start != first.start).then(|| wording::reserved(self.token_span(token), token.text))
    }

    /// A first word that is not a keyword, but was meant as one.
    fn foreign(&self, failure: &Failure) -> Option<Diagnostic> {
        let (first, second) = (self.get(0)?, self.get(1)?);
        let names = matches!(second.kind, Kind::Word | Kind::Text | Kind::Number);
        if first.kind != Kind::Word || !names || failure.at > second.start {
            return None;
        }
        let span = self.token_span(first);
        if let Some((_, right)) = FOREIGN.iter().find(|(word, _)| *word == first.text) {
            return Some(wording::foreign_word(span, first.text, right));
        }
        if first.is_reserved() || first.text.len() > 12 {
            return None;
        }
        let lower = first.text.to_ascii_lowercase();
        let allowed = if lower.len() > 4 { 2 } else { 1 };
        RESERVED
            .iter()
            .chain(&["layout"])
            .filter(|word| **word != "from" && (first.text.len() > 3 || lower == **word))
            .map(|word| (distance(&lower, word), *word))
            .filter(|(changes, word)| *changes <= allowed && **word != *first.text)
            .min()
            .map(|(_, right)| wording::misspelt(span, first.text, right))
    }

    /// `k = 3`
    fn assignment(&self, failure: &Failure) -> Option<Diagnostic> {
        let (name, equals, value) = (self.get(0)?, self.get(1)?, self.get(2)?);
        let found = self.get(self.index(failure.at));
        let arithmetic = value.kind != Kind::Word
            || found.is_some_and(|found| {
                matches!(found.text, "+" | "-" | "*" | "/" | "//" | "%" | "**") && found.depth == 0
            });
        (name.is_name() && equals.is("=") && arithmetic && failure.at >= value.start)
            .then(|| wording::missing_let(self.token_span(name), name.text))
    }

    /// A second statement on the line: both are kept.
    fn two_statements(&self, failure: &Failure) -> Option<Broken> {
        let index = self.index(failure.at);
        let found = *self.get(index)?;
        let previous = *self.get(index.checked_sub(1)?)?;
        if found.depth > 0 {
            return None;
        }
        let is_separator =
            |token: &Token| matches!(token.text, "->" | "." | "|" | ";" | "," | ">" | "&");
        let (first_end, separator, second) = if found.kind == Kind::Word {
            if is_separator(&previous) && previous.kind == Kind::Mark {
                let before = self.get(index.checked_sub(2)?)?;
                (before.end(), previous.text, index)
            } else {
                (previous.end(), "", index)
            }
        } else if is_separator(&found) && found.kind == Kind::Mark {
            (previous.end(), found.text, index + 1)
        } else {
            return None;
        };
        let start = *self.get(second)?;
        let next = self.get(second + 1);
        let begins = start.kind == Kind::Word
            && !start.is("from")
            && !start.is("labels")
            // In `-> N` a dimension lacks its brackets.
            && (separator != "->" || start.text.len() > 1)
            && (start.is_reserved()
                || next.is_some_and(|next| next.is(":") || next.is("("))
                || start
                    .text
                    .starts_with(|first: char| first.is_ascii_uppercase())
                || separator == ";");
        if !begins {
            return None;
        }
        let context = self.context;
        let first_text = &context.text[..first_end];
        let first = self.read(Cow::Borrowed(first_text))?;
        let rest = Context {
            base: context.base + start.start,
            text: &context.text[start.start..],
            ..*context
        };
        let rest_line = Line::new(&rest);
        let second = rest_line
            .read(Cow::Borrowed(rest.text))
            .unwrap_or_else(|| rest_line.remains());
        let diagnostic = wording::two_statements(
            self.span(first_end..start.start),
            self.token_span(&start),
            separator,
            context.indent,
        );
        Some(Broken {
            diagnostic,
            forms: vec![
                (first, self.span(0..first_end)),
                (second, rest_line.whole()),
            ],
        })
    }

    /// Braces after what opens no body.
    fn no_header(&self) -> Option<Diagnostic> {
        let brace = self.tokens.last()?;
        (!matches!(self.keyword(), Some("model" | "block" | "repeat")))
            .then(|| wording::not_a_header(self.token_span(brace)))
    }

    fn unexpected(&self, failure: &Failure) -> Diagnostic {
        let index = self.index(failure.at);
        let found = self.get(index);
        let previous = index.checked_sub(1).and_then(|before| self.get(before));
        let end = self.context.text.trim_end().len();
        let at = found.map_or(self.span(end..end), |found| self.token_span(found));
        let after = previous.map(|previous| {
            let label = index
                .checked_sub(2)
                .and_then(|before| self.get(before))
                .filter(|name| previous.is(":") && name.kind == Kind::Word);
            let text = label.map_or(previous.text, |label| {
                &self.context.text[label.start..previous.end()]
            });
            describe(previous.kind, text)
        });
        let found = found.map_or("the end of the line".to_owned(), |found| {
            describe(found.kind, found.text)
        });
        let expected = if index == 0 && failure.is_line() {
            expect::start(self.context.in_body).to_owned()
        } else {
            let reuses = self.tokens.iter().any(|token| token.is("reuse"));
            let calls = previous.is_some_and(|previous| previous.kind == Kind::Word) && !reuses;
            failure.expected(calls)
        };
        wording::unexpected(at, &expected, after.as_deref(), &found)
    }
}

/// A token as a message calls it.
fn describe(kind: Kind, text: &str) -> String {
    if kind == Kind::Text {
        return "a string".to_owned();
    }
    if text.len() <= 40 {
        return format!("`{text}`");
    }
    let cut: String = text.chars().take(37).collect();
    format!("`{cut}…`")
}
