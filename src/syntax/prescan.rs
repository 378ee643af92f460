//! The cut of a file into pieces, before the grammar: one linear pass that knows brackets, strings
//! and comments, and nothing else.
//!
//! What it changes, it changes in a copy of the same length, the mask, so that every offset stays
//! true: comments and line ends within a piece become blanks. It also bounds what comes after:
//! brackets nest [`MAX_DEPTH`] deep at most, and no value has more than [`MAX_OPERATORS`] operators
//! on the way to its innermost operand.

use super::allow;
use super::tokens::first_word;
use crate::diag::{Diagnostic, syntax as wording};
use crate::text::{FileId, Span};

/// How deep brackets and braces nest.
pub(super) const MAX_DEPTH: usize = 64;
/// How many operators one value may have.
pub(super) const MAX_OPERATORS: usize = 1000;

/// How many diagnostics a file gets: with more, it is no program.
pub(super) const MAX_DIAGNOSTICS: usize = 1000;

/// A file, cut.
pub(super) struct Scan {
    /// The text with comments and inner line ends blanked; as long as the text.
    pub mask: String,
    /// Every comment, top to bottom.
    pub comments: Vec<Span>,
    /// What is left, top to bottom.
    pub pieces: Vec<Piece>,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// A statement or an item.
    Line,
    /// What stands before a `{`, which is its last byte.
    Header,
    /// A `}`.
    Close,
}

/// A statement, a header or a closing brace.
pub(super) struct Piece {
    pub kind: PieceKind,
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte, which is not a blank.
    pub end: usize,
    /// How many bytes the line on which it starts is indented.
    pub indent: usize,
    /// Whether it is the first on its line.
    pub leads: bool,
    /// The comment lines right above.
    pub doc: Option<String>,
    /// What is wrong with its brackets, strings or comments.
    pub fault: Option<Box<Diagnostic>>,
    /// What would close it, to be appended before it is parsed.
    pub closers: String,
    /// Whether the grammar must not see it: it is nested too deep or too long.
    pub beyond: bool,
}

/// Cuts `text`, a whole file, into pieces.
pub(super) fn scan(file: FileId, text: &str) -> Scan {
    scan_as(file, text, false)
}

/// Cuts `text`, one expression, into the one piece that it is when it is right.
pub(super) fn scan_expression(file: FileId, text: &str) -> Scan {
    scan_as(file, text, true)
}

fn scan_as(file: FileId, text: &str, expression: bool) -> Scan {
    let mut scanner = Scanner {
        file,
        source: text,
        expression,
        text: text.as_bytes(),
        mask: text.as_bytes().to_vec(),
        at: 0,
        line: 0,
        indent: None,
        piece: None,
        bodies: 0,
        faults: 0,
        ahead: 0,
        starts: (0, false),
        doc: Vec::new(),
        doc_ends: false,
        comments: Vec::new(),
        pieces: Vec::new(),
    };
    if text.starts_with('\u{feff}') {
        scanner.blank(0, 3);
        scanner.at = 3;
    }
    scanner.run();
    Scan {
        mask: String::from_utf8(scanner.mask)
            .expect("only whole characters were replaced, by ASCII"),
        comments: scanner.comments,
        pieces: scanner.pieces,
    }
}

/// An open `(` or `[`.
pub(super) struct Bracket {
    pub at: usize,
    pub byte: u8,
    /// Operators around it.
    pub base: usize,
    /// The most operators on the way into one of its values so far.
    pub most: usize,
}

/// The piece that is being read.
pub(super) struct Open {
    pub start: usize,
    pub indent: usize,
    pub leads: bool,
    pub doc: Option<String>,
    /// Offset after its last byte that is not a blank.
    pub last: usize,
    pub brackets: Vec<Bracket>,
    /// Brackets beyond the depth that is allowed.
    pub excess: usize,
    pub operators: usize,
    /// Whether it is an `import` or has a `from`: a comma may end its line.
    pub lists: bool,
    pub fault: Option<Box<Diagnostic>>,
    pub closers: String,
    pub beyond: bool,
}

impl Open {
    /// The first fault is told; what follows may come from it.
    pub(super) fn fault(&mut self, diagnostic: Diagnostic) {
        self.fault.get_or_insert_with(|| Box::new(diagnostic));
    }
}

/// The state of the pass.
pub(super) struct Scanner<'t> {
    pub(super) file: FileId,
    pub(super) source: &'t str,
    /// Whether the text is an expression, in which `//` is never a comment.
    pub(super) expression: bool,
    pub(super) text: &'t [u8],
    pub(super) mask: Vec<u8>,
    pub(super) at: usize,
    /// Where the line that is being read starts.
    pub(super) line: usize,
    /// How many bytes that line is indented, once something stands on it.
    pub(super) indent: Option<usize>,
    pub(super) piece: Option<Open>,
    pub(super) bodies: usize,
    /// How many pieces have a fault.
    pub(super) faults: usize,
    /// The last offset that [`Scanner::peek`] found.
    pub(super) ahead: usize,
    /// The last answer of [`Scanner::starts_statement`] with the offset that was asked about.
    pub(super) starts: (usize, bool),
    /// The comment lines right above.
    pub(super) doc: Vec<String>,
    /// Whether the line that is being read is one of them.
    doc_ends: bool,
    pub(super) comments: Vec<Span>,
    pub(super) pieces: Vec<Piece>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' => self.newline(),
                b' ' | b'\t' => self.at += 1,
                b'\r' => {
                    self.blank(self.at, self.at + 1);
                    self.at += 1;
                }
                b'#' => self.comment(),
                b'}' => {
                    self.close_brackets();
                    self.finish(PieceKind::Line);
                    self.begin();
                    self.at += 1;
                    self.finish(PieceKind::Close);
                    self.bodies = self.bodies.saturating_sub(1);
                }
                _ => {
                    self.begin();
                    self.significant(byte);
                }
            }
        }
        self.close_brackets();
        self.finish(PieceKind::Line);
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn blank(&mut self, start: usize, end: usize) {
        self.mask[start..end].fill(b' ');
    }

    /// The offset of the line's end, at or after `at`.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.text.len(), |found| at + found)
    }

    /// Starts a piece here, if none is open.
    pub(super) fn begin(&mut self) -> &mut Open {
        let start = self.at;
        let leads = self.indent.is_none();
        let indent = *self.indent.get_or_insert(start - self.line);
        let doc = &mut self.doc;
        self.piece.get_or_insert_with(|| Open {
            start,
            indent,
            leads,
            doc: (!doc.is_empty()).then(|| std::mem::take(doc).join("\n")),
            last: start,
            brackets: Vec::new(),
            excess: 0,
            operators: 0,
            lists: false,
            fault: None,
            closers: String::new(),
            beyond: false,
        })
    }

    /// Ends the piece that is open, if one is.
    pub(super) fn finish(&mut self, kind: PieceKind) {
        if let Some(mut open) = self.piece.take() {
            self.faults += usize::from(open.fault.is_some());
            if self.faults > MAX_DIAGNOSTICS {
                open.fault = None;
            }
            self.pieces.push(Piece {
                kind,
                start: open.start,
                end: if kind == PieceKind::Line {
                    open.last
                } else {
                    self.at
                },
                indent: open.indent,
                leads: open.leads,
                doc: open.doc,
                fault: open.fault,
                closers: open.closers,
                beyond: open.beyond,
            });
        }
    }

    /// One token's worth of a piece.
    fn significant(&mut self, byte: u8) {
        let at = self.at;
        let next = self.text.get(at + 1).copied().unwrap_or(0);
        match byte {
            b'"' => return self.string(),
            b'\'' => return self.quotes(),
            b'/' | b'-' if self.starts_foreign_comment(byte, next) => {
                return self.foreign_comment(byte, next);
            }
            b'(' | b'[' => self.open_bracket(byte),
            b')' | b']' => self.close_bracket(byte),
            b'{' => return self.open_body(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => return self.word(),
            b',' => {
                let open = self.begin();
                open.operators = match open.brackets.last_mut() {
                    Some(bracket) => {
                        bracket.most = bracket.most.max(open.operators);
                        bracket.base
                    }
                    None => 0,
                };
                self.at += 1;
            }
            b'*' | b'/' if next == byte => {
                self.operator();
                self.at += 2;
            }
            b'-' if next == b'>' => self.at += 2,
            b'+' | b'-' | b'*' | b'/' | b'%' | b'^' => {
                self.operator();
                self.at += 1;
            }
            _ => self.at += 1,
        }
        let end = self.at;
        self.begin().last = end;
    }

    fn operator(&mut self) {
        let (file, at) = (self.file, self.at);
        let open = self.begin();
        open.operators += 1;
        if open.operators > MAX_OPERATORS && !open.beyond {
            open.beyond = true;
            let start = Span::new(file, at, at + 1);
            open.fault(wording::too_many_operators(start, MAX_OPERATORS));
        }
    }

    fn word(&mut self) {
        let (start, end) = (self.at, self.word_end(self.at));
        let word = &self.text[start..end];
        let lists = word == b"from" || word == b"import";
        self.at = end;
        let open = self.begin();
        open.lists |= lists;
        open.last = end;
    }

    fn word_end(&self, at: usize) -> usize {
        self.text[at..]
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
            .map_or(self.text.len(), |length| at + length)
    }

    fn string(&mut self) {
        let start = self.at;
        let mut at = start + 1;
        loop {
            match self.text.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    self.begin().last = at + 1;
                    return;
                }
                None | Some(b'\n') => break,
                // An escaped line end does not continue a string.
                Some(b'\\') if self.text.get(at + 1).is_some_and(|byte| *byte != b'\n') => at += 2,
                Some(_) => at += 1,
            }
        }
        let end = start + self.source[start..at].trim_end().len();
        self.at = at;
        let fault = wording::unclosed_string(self.span(start, start + 1), self.span(end, end));
        let open = self.begin();
        open.fault(fault);
        open.last = end;
        if open.brackets.is_empty() {
            // An escape that the string broke off in would take the quote for its own.
            open.closers.push('"');
        }
    }

    /// A string in the wrong quotes: what is inside is no bracket and no comment.
    fn quotes(&mut self) {
        let stop = self.text[self.at + 1..]
            .iter()
            .position(|byte| matches!(byte, b'\'' | b'\n'))
            .map(|length| self.at + 1 + length);
        self.at = match stop {
            Some(stop) if self.text[stop] == b'\'' => stop + 1,
            _ => self.at + 1,
        };
        let last = self.at;
        self.begin().last = last;
    }

    /// Whether this is a comment of another language. `//` is one at the start of a piece, and
    /// outside of brackets where no expression can stand.
    fn starts_foreign_comment(&self, byte: u8, next: u8) -> bool {
        let Some(open) = &self.piece else {
            return false;
        };
        if self.expression {
            return false;
        }
        let at_start = open.start == self.at;
        match (byte, next) {
            (b'/', b'*') => true,
            (b'-', b'-') => at_start,
            (b'/', b'/') => {
                let words = &self.text[open.start..self.at.min(open.start + 200)];
                at_start
                    || open.brackets.is_empty()
                        && !words.starts_with(b"let")
                        && !words.windows(6).any(|word| word == b"repeat")
            }
            _ => false,
        }
    }

    fn foreign_comment(&mut self, byte: u8, next: u8) {
        let start = self.at;
        let told = self.begin().fault.is_some();
        let (end, text) = if next == b'*' {
            let close = self.source[start + 2..].find("*/");
            let close = close.map_or(self.text.len(), |length| start + 2 + length);
            let end = (close + 2).min(self.text.len());
            (end, &self.source[start + 2..close])
        } else {
            let line = &self.source[start..self.line_end(start)];
            let end = start + line.trim_end().len();
            (end, &self.source[start + 2..end])
        };
        if !told {
            let rest = self.source[end..self.line_end(end)].trim();
            let one_line = !text.contains('\n') && (rest.is_empty() || rest == "*/");
            let fix = one_line.then(|| format!("# {}", text.trim()));
            let opener = format!("{}{}", char::from(byte), char::from(next));
            let fault = wording::foreign_comment(self.span(start, end), &opener, fix);
            self.begin().fault(fault);
        }
        self.blank(start, end);
        self.at = end;
    }

    fn comment(&mut self) {
        let start = self.at;
        let line_end = self.line_end(start);
        let text = self.source[start..line_end].trim_end();
        self.comments.push(self.span(start, start + text.len()));
        if self.indent.is_none() && self.piece.is_none() {
            if allow::codes(text).is_none() {
                let text = text.strip_prefix('#').unwrap_or(text);
                self.doc
                    .push(text.strip_prefix(' ').unwrap_or(text).to_owned());
            }
            self.doc_ends = true;
        }
        self.blank(start, line_end);
        self.at = line_end;
    }

    /// The offset of the next byte after this line that is neither blank nor comment.
    fn peek(&mut self) -> usize {
        let mut at = self.ahead.max(self.at);
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'\n' | b' ' | b'\t' | b'\r' => at += 1,
                b'#' => at = self.line_end(at),
                _ => break,
            }
        }
        self.ahead = at;
        at
    }

    /// A line's end: the piece's, or a blank in it.
    fn newline(&mut self) {
        if self.piece.is_some() {
            let target = self.peek();
            let next = self.text.get(target).copied();
            // Blank lines ask again about the same line: the answer is kept, so that they cost nothing.
            if self.starts.0 != target {
                self.starts = (target, self.starts_statement(target));
            }
            let starts = self.starts.1;
            let open = self.piece.as_ref().expect("checked above");
            let continues = if !open.brackets.is_empty() || open.excess > 0 {
                !starts && next.is_some_and(|byte| byte != b'}')
            } else if next == Some(b'{') {
                self.expects_body()
            } else {
                open.lists && !starts && next.is_some() && {
                    let last = open.last;
                    last > 0 && self.text[last - 1] == b','
                }
            };
            if continues {
                self.blank(self.at, self.at + 1);
            } else {
                self.close_brackets();
                self.finish(PieceKind::Line);
            }
        }
        if !std::mem::take(&mut self.doc_ends) {
            self.doc.clear();
        }
        self.at += 1;
        self.line = self.at;
        self.indent = None;
    }

    /// Whether the piece can be a header, so that a `{` on the next line is its own.
    fn expects_body(&self) -> bool {
        self.bodies == 0
            || self.piece.as_ref().is_some_and(|open| {
                let words = &self.source[open.start..open.last];
                let first = first_word(words);
                let rest = words[first.len()..].trim_start();
                let second = rest.strip_prefix(':').unwrap_or(rest).trim_start();
                matches!(first, "model" | "block" | "repeat") || first_word(second) == "repeat"
            })
    }

    /// Whether the line that begins at `at` can only be a new statement, item or header: it starts
    /// with a keyword, a label, or a name in capitals that no list would hold there.
    fn starts_statement(&self, at: usize) -> bool {
        let end = self.word_end(at);
        if end == at || self.text[at].is_ascii_digit() {
            return false;
        }
        let word = &self.source[at..end];
        let line_end = self.line_end(end);
        let rest = self.source[end..line_end].trim_start();
        match word {
            "model" | "block" | "input" | "output" | "let" | "repeat" | "reuse" | "import"
            | "weights" => return !rest.starts_with(['.', ',', '=']),
            "from" => return false,
            "layout" => return rest.starts_with("channels"),
            _ => {}
        }
        if rest.starts_with(':') {
            return true;
        }
        let Some(open) = &self.piece else {
            return false;
        };
        let bare = rest.is_empty() || rest.starts_with('#');
        let capital = word.starts_with(|first: char| first.is_ascii_uppercase());
        if open.brackets.is_empty() {
            return capital && rest.starts_with('(');
        }
        // After a whole value only an operator, a comma or a closing bracket can follow.
        let before = open
            .last
            .checked_sub(1)
            .map_or(b' ', |last| self.text[last]);
        if before.is_ascii_alphanumeric() || matches!(before, b'_' | b')' | b']' | b'"' | b'\'') {
            return true;
        }
        capital
            && (rest.starts_with('(') || bare && word.len() > 1 && !self.continues_list(line_end))
    }

    /// Whether the next line after `at` goes on with, or ends, a list.
    fn continues_list(&self, at: usize) -> bool {
        let rest = self.source[at..].trim_start();
        rest.starts_with([')', ']', ',', '+', '-', '*', '/', '%'])
    }
}
