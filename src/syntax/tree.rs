//! Pieces to a file: which statement is in which body, and what stands where it must not.

use std::borrow::Cow;
use std::collections::HashSet;

use super::ast::{
    Argument, Body, Definition, DefinitionKind, Expr, ExprKind, File, Ident, Item, LayerStatement,
    Parameter, Repeat, Statement, StatementKind,
};
use super::parse::{Form, Reader, Rule};
use super::prescan::{MAX_DEPTH, MAX_DIAGNOSTICS, Piece, PieceKind, Scan};
use super::recover::{self, Broken};
use super::tokens::first_word;
use crate::diag::{Diagnostic, Edit, slips, syntax as wording};
use crate::text::{FileId, LineIndex, Span};

/// Builds the file that was cut into `scan`.
pub(super) fn build(file: FileId, text: &str, scan: Scan) -> (File, Vec<Diagnostic>) {
    let mut tree = Tree {
        file,
        text,
        mask: &scan.mask,
        lines: LineIndex::new(text),
        reported: HashSet::new(),
        diagnostics: Vec::new(),
        items: Vec::new(),
        first_item: None,
        layout: None,
        frames: Vec::new(),
        hidden: 0,
        stray: false,
        assumed: false,
        braceless: None,
        suspect: None,
    };
    let mut after_close = false;
    let mut pieces = scan.pieces.into_iter().peekable();
    while let Some(piece) = pieces.next() {
        let kind = piece.kind;
        match kind {
            PieceKind::Close => tree.close(&piece),
            _ if tree.hidden > 0 => tree.hidden += usize::from(kind == PieceKind::Header),
            PieceKind::Header => tree.header(piece),
            PieceKind::Line if after_close && !piece.leads && tree.is_tail(&piece) => {}
            PieceKind::Line => {
                let deeper = pieces
                    .peek()
                    .is_some_and(|next| next.leads && next.indent > piece.indent);
                tree.line(piece, deeper);
            }
        }
        after_close = kind == PieceKind::Close;
    }
    if !tree.frames.is_empty() {
        let end = text.trim_end().len();
        tree.close_all(Span::new(file, end, end), true);
    }
    let file = File {
        items: tree.items,
        comments: scan.comments,
    };
    (file, tree.diagnostics)
}

/// A body that is open.
struct Frame {
    header: Span,
    open: Span,
    indent: usize,
    doc: Option<String>,
    kind: FrameKind,
    statements: Vec<Statement>,
}

enum FrameKind {
    Definition {
        kind: DefinitionKind,
        name: Ident,
        parameters: Vec<Parameter>,
    },
    Repeat {
        label: Option<Ident>,
        keyword: Span,
        count: Expr,
        index: Option<Ident>,
    },
    /// Braces after something else: the statements count as if there were none.
    Bare,
}

struct Tree<'t> {
    file: FileId,
    text: &'t str,
    mask: &'t str,
    lines: LineIndex,
    /// The lines that a diagnostic points at: one each is enough.
    reported: HashSet<usize>,
    diagnostics: Vec<Diagnostic>,
    items: Vec<Item>,
    first_item: Option<Span>,
    layout: Option<Span>,
    frames: Vec<Frame>,
    /// How many braces are open beyond the depth that is allowed; what they hold is not read.
    hidden: usize,
    /// Whether the statements above stand outside of any body, which has been said.
    stray: bool,
    /// Whether a body was opened without its brace, which has been said.
    assumed: bool,
    /// The diagnostic of a definition without its brace: its fix closes the body, too.
    braceless: Option<usize>,
    /// A body that a `}` further to the left closed: where a `}` is missing, most likely it is there.
    suspect: Option<(Span, String)>,
}

impl Tree<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Whether enough has been said.
    fn is_full(&self) -> bool {
        self.diagnostics.len() >= MAX_DIAGNOSTICS
    }

    fn report(&mut self, mut diagnostic: Diagnostic) {
        if self.is_full() {
            return;
        }
        if self.diagnostics.len() + 1 == MAX_DIAGNOSTICS {
            diagnostic = diagnostic.note("further mistakes in this file are not shown");
        }
        let line = self.lines.line(diagnostic.primary.span.start as usize);
        if self.reported.insert(line) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A `from` or `->` behind a `}`.
    fn is_tail(&mut self, piece: &Piece) -> bool {
        let text = &self.mask[piece.start..piece.end];
        let word = if text.starts_with("->") {
            "->"
        } else {
            first_word(text)
        };
        let is_tail = matches!(word, "->" | "from");
        if is_tail {
            let span = self.span(piece.start, piece.end);
            self.report(wording::repeat_clause(span, word));
        }
        is_tail
    }

    fn close(&mut self, piece: &Piece) {
        if self.hidden > 0 {
            self.hidden -= 1;
            return;
        }
        let Some(frame) = self.frames.last() else {
            if !std::mem::take(&mut self.stray) && !std::mem::take(&mut self.assumed) {
                self.report(wording::unmatched(self.span(piece.start, piece.end), '}'));
            }
            return;
        };
        let outer = &self.frames[..self.frames.len() - 1];
        if self.suspect.is_none()
            && piece.leads
            && piece.indent < frame.indent
            && outer.iter().any(|outer| outer.indent == piece.indent)
        {
            self.suspect = Some((frame.open, what(&frame.kind)));
        }
        self.pop(piece.end);
        if self.frames.is_empty() {
            self.suspect = None;
            self.assumed = false;
            self.braceless = None;
        }
    }

    /// Closes every body, as at the end of the file or at the next definition, which is at `at`.
    fn close_all(&mut self, at: Span, at_end: bool) {
        let suspect = self.suspect.take();
        if let Some(told) = self.braceless.take()
            && let Some(fix) = self.diagnostics[told].fixes.first_mut()
        {
            fix.edits.push(Edit {
                span: at.before(),
                text: if at_end { "\n}" } else { "}\n\n" }.to_owned(),
            });
        }
        if !std::mem::take(&mut self.assumed)
            && let Some(frame) = self.frames.last()
        {
            let (open, what) = suspect.unwrap_or_else(|| (frame.open, what(&frame.kind)));
            self.report(wording::unclosed_body(open, &what, at, at_end));
        }
        let end = self.text[..at.start as usize].trim_end().len();
        while !self.frames.is_empty() {
            self.pop(end);
        }
        self.hidden = 0;
    }

    fn pop(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let end = end.max(frame.open.end as usize);
        let body = Body {
            statements: frame.statements,
            span: self.span(frame.open.start as usize, end),
        };
        let span = self.span(frame.header.start as usize, end);
        match frame.kind {
            FrameKind::Definition {
                kind,
                name,
                parameters,
            } => self.items.push(Item::Definition(Definition {
                kind,
                doc: frame.doc,
                name,
                parameters,
                body,
                span,
            })),
            FrameKind::Repeat {
                label,
                keyword,
                count,
                index,
            } => {
                let repeat = Repeat {
                    label,
                    keyword,
                    count,
                    index,
                    body,
                };
                self.push(frame.doc, StatementKind::Repeat(repeat), span);
            }
            FrameKind::Bare => match self.frames.last_mut() {
                Some(outer) => outer.statements.extend(body.statements),
                None => self.items.push(Item::Broken {
                    names: Vec::new(),
                    span,
                }),
            },
        }
    }

    /// Puts a statement where the text is.
    fn push(&mut self, doc: Option<String>, kind: StatementKind, span: Span) {
        if let Some(frame) = self.frames.last_mut() {
            frame.statements.push(Statement { doc, kind, span });
            return;
        }
        self.first_item.get_or_insert(span);
        if !std::mem::replace(&mut self.stray, true) {
            let head = self.head(span);
            self.report(wording::statement_outside(head, "statement"));
        }
        self.items.push(Item::Broken {
            names: Vec::new(),
            span,
        });
    }

    /// The first word of `span`, or its first character.
    fn head(&self, span: Span) -> Span {
        let text = &self.text[span.range()];
        let length = match first_word(text) {
            "" => text.chars().next().map_or(0, char::len_utf8),
            word => word.len(),
        };
        let start = span.start as usize;
        self.span(start, start + length)
    }

    /// A line: a statement or an item. `deeper`: the next line is indented more than this one.
    fn line(&mut self, mut piece: Piece, deeper: bool) {
        let fault = piece.fault.take();
        let text = &self.mask[piece.start..piece.end];
        if text.trim().is_empty() {
            if let Some(fault) = fault {
                self.report(*fault);
            }
            return;
        }
        let span = self.span(piece.start, piece.start + text.trim_end().len());
        let closed = match piece.closers.as_str() {
            "" => Cow::Borrowed(text),
            closers => Cow::Owned(format!("{text}{closers}")),
        };
        if !piece.beyond && self.opens_without_brace(&piece, &closed, fault.is_some(), deeper) {
            return;
        }
        let mut reader = Reader::new(self.file, piece.start, &closed, piece.end);
        if !piece.beyond
            && let Ok(mut form) = reader.form(Rule::line)
        {
            let first = reader.faults.into_iter().next();
            if let Some(fault) = fault.map(|fault| *fault).or(first) {
                self.report(fault);
            }
            if !piece.closers.is_empty() {
                leave_open(&mut form, span);
            }
            self.place(piece.doc, form, span);
            return;
        }
        let context = recover::Context {
            file: self.file,
            base: piece.start,
            text,
            in_body: !self.frames.is_empty(),
            indent: &self.text[self.lines.range(self.lines.line(piece.start), self.text)]
                [..piece.indent],
        };
        let broken = match fault {
            Some(fault) => Broken::with(*fault, &context),
            None if piece.beyond || self.is_full() => {
                self.place(piece.doc, Form::Broken(Vec::new()), span);
                return;
            }
            None => recover::line(&context),
        };
        self.report(broken.diagnostic);
        let mut doc = piece.doc;
        for (form, span) in broken.forms {
            self.place(doc.take(), form, span);
        }
    }

    /// `model X` or `repeat 3` at the end of a line: a `{` is missing, and what follows is its body.
    fn opens_without_brace(
        &mut self,
        piece: &Piece,
        text: &str,
        faulty: bool,
        deeper: bool,
    ) -> bool {
        let word = first_word(text);
        let defines = matches!(word, "model" | "block");
        if faulty || !defines && !deeper {
            return false;
        }
        // Python's colon stands where the brace belongs.
        let (text, colon) = match text.strip_suffix(':') {
            Some(before) => (before.trim_end(), true),
            None => (text, false),
        };
        let with_brace = format!("{text} {{");
        let mut reader = Reader::new(self.file, piece.start, &with_brace, piece.end);
        let Ok(form) = reader.form(Rule::header) else {
            return false;
        };
        let at = self.span(piece.start + text.len(), piece.end);
        let told = self.diagnostics.len();
        self.report(match colon {
            true => slips::colon_for_brace(at, text),
            false => wording::missing_brace(at, text),
        });
        let told = (defines && self.diagnostics.len() > told).then_some(told);
        let at = self.span(piece.end, piece.end);
        if defines && !self.frames.is_empty() {
            self.interrupt(piece, word);
        }
        self.open(piece, form, at, piece.doc.clone());
        self.braceless = told;
        self.assumed = true;
        true
    }

    /// A definition while a body is open: either that was never closed, or this stands inside it.
    fn interrupt(&mut self, piece: &Piece, word: &str) {
        let head = self.span(piece.start, piece.start + word.len());
        let Some(outer) = self
            .frames
            .iter()
            .rfind(|frame| matches!(frame.kind, FrameKind::Definition { .. }))
        else {
            // Braces that belong to nothing have been reported.
            return;
        };
        if piece.leads && piece.indent <= outer.indent {
            self.close_all(head, false);
        } else {
            let outer = outer.open;
            self.report(wording::definition_inside(head, word, outer));
        }
    }

    /// A header: what stands before a `{`.
    fn header(&mut self, mut piece: Piece) {
        let fault = piece.fault.take();
        if self.frames.len() >= MAX_DEPTH {
            self.hidden += 1;
            if let Some(fault) = fault {
                self.report(*fault);
            }
            return;
        }
        let text = &self.mask[piece.start..piece.end];
        let word = first_word(text);
        if matches!(word, "model" | "block") && !self.frames.is_empty() {
            self.interrupt(&piece, word);
        }
        let open = self.span(piece.end - 1, piece.end);
        let doc = piece.doc.take();
        let before = text[..text.len() - 1].trim_end();
        let closed = format!("{before}{} {{", piece.closers);
        let end = piece.start + before.len();
        let mut reader = Reader::new(self.file, piece.start, &closed, end);
        let form = if piece.beyond {
            None
        } else {
            reader.form(Rule::header).ok()
        };
        let form = match form {
            Some(form) => {
                let first = reader.faults.into_iter().next();
                if let Some(fault) = fault.map(|fault| *fault).or(first) {
                    self.report(fault);
                }
                Some(form)
            }
            None => {
                let context = recover::Context {
                    file: self.file,
                    base: piece.start,
                    text,
                    in_body: !self.frames.is_empty(),
                    indent: "",
                };
                let (diagnostic, form) = recover::header(&context);
                self.report(fault.map_or(diagnostic, |fault| *fault));
                form
            }
        };
        match form {
            Some(form) => self.open(&piece, form, open, doc),
            None => self.frames.push(Frame {
                header: self.span(piece.start, piece.end),
                open,
                indent: piece.indent,
                doc,
                kind: FrameKind::Bare,
                statements: Vec::new(),
            }),
        }
    }

    /// Opens the body of a header.
    fn open(&mut self, piece: &Piece, form: Form, open: Span, doc: Option<String>) {
        let header = self.span(piece.start, piece.end);
        let kind = match form {
            Form::Definition {
                kind,
                name,
                parameters,
            } => {
                self.first_item.get_or_insert(header);
                self.stray = false;
                FrameKind::Definition {
                    kind,
                    name,
                    parameters,
                }
            }
            Form::Repeat {
                label,
                keyword,
                count,
                index,
            } => {
                if self.frames.is_empty() {
                    if !std::mem::replace(&mut self.stray, true) {
                        self.report(wording::statement_outside(keyword, "`repeat`"));
                    }
                    FrameKind::Bare
                } else {
                    FrameKind::Repeat {
                        label,
                        keyword,
                        count,
                        index,
                    }
                }
            }
            _ => FrameKind::Bare,
        };
        self.frames.push(Frame {
            header,
            open,
            indent: piece.indent,
            doc,
            kind,
            statements: Vec::new(),
        });
    }

    /// Puts a form where the text is, and says if it must not be there.
    fn place(&mut self, doc: Option<String>, form: Form, span: Span) {
        let inside = !self.frames.is_empty();
        match form {
            Form::Layout(layout) => {
                if inside {
                    self.report(wording::item_inside(self.head(span), "layout"));
                } else if let Some(first) = self.layout {
                    self.report(wording::second_layout(span, first));
                    return;
                } else if let Some(first) = self.first_item {
                    let first = self.head(first);
                    self.report(wording::late_layout(span, first));
                }
                self.layout.get_or_insert(span);
                self.first_item.get_or_insert(span);
                self.items.push(Item::Layout(layout));
            }
            Form::Import(import) => {
                if inside {
                    self.report(wording::item_inside(self.head(span), "import"));
                }
                self.first_item.get_or_insert(span);
                self.items.push(Item::Import(import));
            }
            Form::Statement(kind) => self.push(doc, kind, span),
            Form::Broken(names) if inside => {
                let label = names.into_iter().next();
                self.push(doc, StatementKind::Broken { label }, span);
            }
            Form::Broken(names) => {
                self.first_item.get_or_insert(span);
                self.items.push(Item::Broken { names, span });
            }
            // Only a header gives these.
            Form::Definition { .. } | Form::Repeat { .. } => {}
        }
    }
}

/// A body's owner, as a message calls it.
fn what(kind: &FrameKind) -> String {
    match kind {
        FrameKind::Definition {
            kind: DefinitionKind::Model,
            name,
            ..
        } => format!("model `{}`", name.value),
        FrameKind::Definition { name, .. } => format!("block `{}`", name.value),
        FrameKind::Repeat { .. } => "this `repeat`".to_owned(),
        FrameKind::Bare => "these braces".to_owned(),
    }
}

/// Marks the arguments of a statement whose brackets were closed for it: more may be missing.
fn leave_open(form: &mut Form, span: Span) {
    if let Form::Statement(StatementKind::Layer(LayerStatement {
        arguments,
        parentheses: Some(_),
        ..
    })) = form
    {
        let at = span.after();
        arguments.push(Argument {
            name: None,
            value: Expr {
                kind: ExprKind::Error,
                span: at,
            },
            span: at,
        });
    }
}
