//! The words of the line that is being typed, up to the cursor. Such a line is seldom one that
//! the parser can read, so that this looks at nothing but its text.

use std::ops::Range;

use super::View;
use super::cursor::item_span;
use crate::syntax::ast::{Item, Statement, StatementKind};
use crate::text::{FileId, Span};

/// A word, a number, a string or a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word<'t> {
    /// The text.
    pub text: &'t str,
    /// Offset of its first byte in the file.
    pub start: usize,
}

impl Word<'_> {
    /// Whether it could be a name.
    pub fn is_name(&self) -> bool {
        let first = self.text.bytes().next();
        first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    }
}

/// What the cursor is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// Code.
    Code,
    /// A comment that starts at this byte.
    Comment(usize),
    /// A string whose quote is at this byte.
    Text(usize),
}

/// A statement or item up to the cursor, over several lines where brackets or commas say so.
#[derive(Clone, Debug)]
pub struct Line<'t> {
    /// The text of the file.
    pub text: &'t str,
    /// Its words before the cursor, without the one that the cursor is on.
    pub words: Vec<Word<'t>>,
    /// Positions in `words` of the brackets that are open at the cursor, the innermost last.
    pub open: Vec<usize>,
    /// The word that the cursor is on, as far as it is typed and beyond; empty between words.
    pub word: Range<usize>,
    /// Where the cursor is.
    pub offset: usize,
    /// What it is in.
    pub place: Place,
}

/// The arguments of a layer or block at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Call<'t> {
    /// The name before the parenthesis.
    pub name: Word<'t>,
    /// The argument names before the cursor; `None` for one without, which has its position. The
    /// last is the argument that the cursor is in.
    pub before: Vec<Option<&'t str>>,
    /// The argument names after the cursor.
    pub after: Vec<&'t str>,
    /// Whether the cursor is in brackets of its own within an argument.
    pub nested: bool,
    /// Whether something of the argument's value is before the cursor's word.
    pub begun: bool,
}

impl<'t> Line<'t> {
    /// The line at byte `offset` of `file`, which is clamped to a character's start.
    pub fn new(view: &View<'t>, file: FileId, offset: usize) -> Line<'t> {
        let text = view.text(file);
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let start = start(view, file, offset);
        Line::scan(text, start, offset)
    }

    /// The line that goes on at `start`, or that begins on a later line.
    fn scan(text: &'t str, start: usize, offset: usize) -> Line<'t> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let bytes = text.as_bytes();
        let run = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|byte| is_word(byte))
                .count()
        };
        let mut line = Line {
            text,
            words: Vec::new(),
            open: Vec::new(),
            word: offset..offset,
            offset,
            place: Place::Code,
        };
        let mut at = start;
        while at < offset {
            let end = match bytes[at] {
                b'\n' => {
                    line.newline();
                    at += 1;
                    continue;
                }
                b' ' | b'\t' | b'\r' => {
                    at += 1;
                    continue;
                }
                b'#' => {
                    let end = end_of_line(text, at);
                    if offset <= end {
                        line.place = Place::Comment(at);
                        return line;
                    }
                    at = end;
                    continue;
                }
                b'"' => {
                    let end = end_of_string(text, at);
                    if offset < end || !closed(&text[at..end]) && offset == end {
                        line.place = Place::Text(at);
                        return line;
                    }
                    end
                }
                byte if is_word(&byte) => at + run(at),
                b'-' if bytes[at..].starts_with(b"->") => at + 2,
                _ => at + text[at..].chars().next().map_or(1, char::len_utf8),
            };
            let word = Word {
                text: &text[at..end],
                start: at,
            };
            match word.text {
                "(" | "[" | "{" => line.open.push(line.words.len()),
                ")" | "]" | "}" => {
                    line.open.pop();
                }
                _ => {}
            }
            if offset <= end && is_word(&bytes[at]) {
                line.word = at..end;
                return line;
            }
            line.words.push(word);
            at = end;
        }
        line.word = offset..offset + run(offset);
        line
    }

    /// Begins anew, unless the line goes on: within brackets, after what asks for more.
    fn newline(&mut self) {
        let asks = self.words.last().is_some_and(|word| {
            matches!(
                word.text,
                "," | "(" | "[" | "+" | "-" | "*" | "/" | "%" | "="
            )
        });
        let listed = self.words.last().is_some_and(|word| word.text == ",");
        let goes_on = if self.open.is_empty() { listed } else { asks };
        if !goes_on {
            self.words.clear();
            self.open.clear();
        }
    }

    /// The word under the cursor, up to the cursor.
    pub fn typed(&self) -> &'t str {
        self.text.get(self.word.start..self.offset).unwrap_or("")
    }

    /// The text from the cursor's word to the end of its line.
    pub fn rest(&self) -> &'t str {
        let from = self.word.end.min(self.text.len());
        &self.text[from..end_of_line(self.text, from)]
    }

    /// Whether nothing but blanks stands before byte `at` on its line.
    pub fn alone(&self, at: usize) -> bool {
        let before = self.text[..at].rsplit('\n').next().unwrap_or("");
        before.trim().is_empty()
    }

    /// The word before the cursor's, by distance: 0 is the nearest.
    pub fn back(&self, distance: usize) -> &'t str {
        let at = self.words.len().checked_sub(distance + 1);
        at.map_or("", |at| self.words[at].text)
    }

    /// Position of the last `text` outside of brackets.
    pub fn last(&self, text: &str) -> Option<usize> {
        let mut depth = 0usize;
        let mut found = None;
        for (at, word) in self.words.iter().enumerate() {
            match word.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && word.text == text {
                found = Some(at);
            }
        }
        found
    }

    /// The use of a layer or block whose parentheses the cursor is in: the innermost that
    /// `known` has. Brackets and functions within it are its arguments'.
    pub fn call(&self, known: impl Fn(&str) -> bool) -> Option<Call<'t>> {
        let mut open = self.open.iter().rev();
        let (at, name) = open.find_map(|at| {
            let name = *self.words.get(at.checked_sub(1)?)?;
            let is_call = self.words[*at].text == "(" && known(name.text);
            is_call.then_some((*at, name))
        })?;
        let inside = &self.words[at + 1..];
        let mut before = Vec::new();
        let mut depth = 0usize;
        let mut begin = 0;
        for (index, word) in inside.iter().enumerate() {
            match word.text {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    before.push(argument_name(&inside[begin..index]));
                    begin = index + 1;
                }
                _ => {}
            }
        }
        let current = &inside[begin..];
        let name_of_current = argument_name(current);
        before.push(name_of_current);
        Some(Call {
            name,
            before,
            after: self.names_after(),
            nested: self.open.last() != Some(&at),
            begun: current.len() > if name_of_current.is_some() { 2 } else { 0 },
        })
    }

    /// The words before `=` after the cursor, up to the end of the statement's brackets.
    fn names_after(&self) -> Vec<&'t str> {
        let from = self.word.end.min(self.text.len());
        let mut names = Vec::new();
        let mut depth = self.open.len();
        let mut last = "";
        let mut at = from;
        let bytes = self.text.as_bytes();
        // More than any list of arguments is long.
        let until = bytes.len().min(from + 10_000);
        while at < until {
            let byte = bytes[at];
            match byte {
                b'(' | b'[' => depth += 1,
                b')' | b']' if depth <= 1 => break,
                b')' | b']' => depth -= 1,
                b'{' | b'}' | b':' => break,
                b'=' if !last.is_empty() => names.push(last),
                b'"' => at = end_of_string(self.text, at) - 1,
                b'#' => at = end_of_line(self.text, at),
                _ => {}
            }
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                let end = bytes[at..]
                    .iter()
                    .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
                    .map_or(bytes.len(), |length| at + length);
                last = &self.text[at..end];
                at = end;
                continue;
            }
            if byte != b' ' {
                last = "";
            }
            at += 1;
        }
        names
    }
}

/// The name of an argument that begins with these words.
fn argument_name<'t>(words: &[Word<'t>]) -> Option<&'t str> {
    match words {
        [name, sign, ..] if name.is_name() && sign.text == "=" => Some(name.text),
        _ => None,
    }
}

fn end_of_line(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |at| from + at)
}

/// The offset after the string whose quote is at `from`; its line's end when it is not closed.
fn end_of_string(text: &str, from: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(from + 1) {
        match byte {
            b'\n' => return at,
            b'"' if !escaped => return at + 1,
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    text.len()
}

/// Whether a string has its closing quote.
fn closed(text: &str) -> bool {
    text.len() > 1 && text.ends_with('"')
}

/// A place before `offset` from which its line can be read: the last statement or item that
/// begins there, or the end of the braces before it.
fn start(view: &View, file: FileId, offset: usize) -> usize {
    let items = &view.tree(file).items;
    let upto = items.partition_point(|item| (item_span(item).start as usize) < offset);
    let Some(item) = upto.checked_sub(1).map(|at| &items[at]) else {
        return 0;
    };
    let Item::Definition(definition) = item else {
        return item_span(item).start as usize;
    };
    within(
        definition.span,
        definition.body.span,
        &definition.body.statements,
        offset,
    )
}

/// The same in a statement or definition at `whole` with a body.
fn within(whole: Span, body: Span, statements: &[Statement], offset: usize) -> usize {
    let (mut whole, mut body, mut statements) = (whole, body, statements);
    loop {
        if offset <= body.start as usize {
            return whole.start as usize;
        }
        let upto = statements.partition_point(|it| (it.span.start as usize) < offset);
        let last = upto.checked_sub(1).map(|at| &statements[at]);
        match last {
            Some(last) => match &last.kind {
                StatementKind::Repeat(repeat) if offset < repeat.body.span.end as usize => {
                    (whole, body) = (last.span, repeat.body.span);
                    statements = &repeat.body.statements;
                }
                StatementKind::Repeat(repeat) => return repeat.body.span.end as usize,
                _ => return last.span.start as usize,
            },
            None => return body.start as usize + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;
    use crate::ide::{Facts, Names};

    /// The words up to the mark, the word under it in brackets.
    fn words(text: &str) -> String {
        let (analysis, offset) = program(text, &[]);
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let line = Line::new(&view, FileId(0), offset);
        let mut out: Vec<&str> = line.words.iter().map(|word| word.text).collect();
        let under = format!("‹{}›", &line.text[line.word.clone()]);
        out.push(&under);
        let place = match line.place {
            Place::Code => "",
            Place::Comment(_) => " comment",
            Place::Text(_) => " text",
        };
        out.join(" ") + place
    }

    #[test]
    fn finds_the_words_of_the_line() {
        for (text, expected) in [
            ("", "‹›"),
            ("mod$0el M {", "‹model›"),
            (
                "model M {\n    a: Conv(3, ker$0nel=3)\n",
                "a : Conv ( 3 , ‹kernel›",
            ),
            ("model M {\n    a: Conv(\n  3,\n   $0", "a : Conv ( 3 , ‹›"),
            ("model M {\n    a: Conv(3\n    $0\n}", "‹›"),
            (
                "model M {\n    Add from a,\n        b$0\n}",
                "Add from a , ‹b›",
            ),
            ("model M {\n    Add from a\n    b$0\n}", "‹b›"),
            ("model M {\n  x: repeat 3 { ReLU }\n  $0", "‹›"),
            ("model M {\n  x: repeat 3 { Re$0LU }", "‹ReLU›"),
            (
                "model M {\n  x: repeat 3 a$0s i { ReLU }",
                "x : repeat 3 ‹as›",
            ),
            ("model M {\n  # a \" b $0\n  ReLU", "‹› comment"),
            ("model M {\n  weights \"a$0", "weights ‹› text"),
            (
                "model M {\n  output y labels \"a\" $0",
                "output y labels \"a\" ‹›",
            ),
            ("model M {\n  MaxPool(2) -> $0[", "MaxPool ( 2 ) -> ‹›"),
            ("import A$0, B from \"x\"", "import ‹A›"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_the_call_around() {
        let call = |text: &str| {
            let (analysis, offset) = program(text, &[]);
            let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
            let view = View::new(&analysis, &names, &facts);
            let line = Line::new(&view, FileId(0), offset);
            line.call(|name| name == "Conv").map(|call| {
                let before: Vec<_> = call.before.iter().map(|it| it.unwrap_or("·")).collect();
                format!(
                    "{} | {}{}{}",
                    before.join(" "),
                    call.after.join(" "),
                    if call.nested { " nested" } else { "" },
                    if call.begun { " begun" } else { "" },
                )
            })
        };
        let body = |line: &str| format!("model M {{\n    {line}\n}}\n");
        for (line, expected) in [
            ("Conv($0)", Some("· | ")),
            (
                "Conv(3, $0, kernel=3, stride=2) from x",
                Some("· · | kernel stride"),
            ),
            (
                "Conv(3, kernel=(3, $0), stride=2)",
                Some("· kernel | stride nested begun"),
            ),
            ("Conv(3, kernel=$0", Some("· kernel | ")),
            ("Conv(3, kernel=max(1, $0", Some("· kernel |  nested begun")),
            ("Conv(3)$0", None),
            ("Conv $0(3)", None),
            ("max(3, $0)", None),
        ] {
            assert_eq!(call(&body(line)).as_deref(), expected, "{line}");
        }
    }
}
