//! The one layout of a file. Text in, text out; what the file says stays the same.
//!
//! `page` puts pieces and comments on lines, `nodes` reads one piece as words and lists, `wrap`
//! breaks it where it is too long, and `align` sets columns. `same` proves that the result says
//! what the text said; where it does not, the text is not touched. Broken lines are left as they
//! are, and so is a definition whose braces do not match.
//!
//! A file of which every line ends with `\r\n` keeps that; else all end with `\n`. All is linear in
//! the length of the text.

use std::ops::Range;

use super::parse::Form;
use super::prescan::{self, Piece, PieceKind, Scan};
use super::{MAX_BYTES, parse};
use crate::text::{FileId, LineIndex, Span};

mod align;
mod lines;
mod nodes;
mod page;
mod same;
mod wrap;

pub use lines::{Change, changes};

/// A mistake in the formatter: its result would have said something else than the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfaithful;

/// A text laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// How many statements, and definitions with braces that do not match, were left as they are
    /// because of a mistake in how they are written.
    pub broken: usize,
}

/// Lays out `text`, a whole file. A text that is larger than [`MAX_BYTES`] is left as it is.
///
/// # Errors
/// The result would have said something else, by a mistake in this code.
pub fn layout(text: &str) -> Result<Formatted, Unfaithful> {
    if text.len() > MAX_BYTES {
        return Ok(Formatted {
            text: text.to_owned(),
            broken: 0,
        });
    }
    let source = Source::new(text);
    let scan = prescan::scan(FileId(0), &source.text);
    let page = page::lay_out(&source.text, &scan);
    let lines = align::text(&page.rows);
    let faithful = lines == source.text
        || match &page.forms {
            Some(forms) => pieces_say_the_same(&source.text, &scan, forms, &lines),
            None => files_say_the_same(&source.text, &lines),
        };
    match faithful {
        true => Ok(Formatted {
            text: source.restore(lines),
            broken: page.broken,
        }),
        false => Err(Unfaithful),
    }
}

/// Lays out `text`, a whole file; what cannot be laid out is given back as it is.
pub fn format(text: &str) -> String {
    match layout(text) {
        Ok(laid_out) => laid_out.text,
        Err(Unfaithful) => text.to_owned(),
    }
}

/// What to replace in `text`, a whole file, to lay it out: ranges of bytes that are whole lines, in
/// order and apart, each with its new text. Lines that stay the same are in none.
pub fn edits(text: &str) -> Vec<(Range<usize>, String)> {
    edits_between(text, &format(text))
}

/// The edits of [`edits`] that touch statements on the lines `lines` (from 0) of `text`, so that
/// they are laid out as in the whole file while the others stay.
pub fn format_lines(text: &str, lines: Range<usize>) -> Vec<(Range<usize>, String)> {
    let index = LineIndex::new(text);
    let mut range = lines.start..lines.end.max(lines.start + 1);
    for piece in prescan::scan(FileId(0), text).pieces {
        let (first, last) = (
            index.line(piece.start),
            index.line(piece.end.max(piece.start + 1) - 1),
        );
        if first < lines.end && lines.start <= last {
            range = range.start.min(first)..range.end.max(last + 1);
        }
    }
    let bytes = index.range(range.start, text).start..index.range(range.end - 1, text).end;
    let mut kept = edits(text);
    kept.retain(|(edit, _)| match edit.is_empty() {
        true => bytes.start <= edit.start && edit.start < bytes.end,
        false => edit.start < bytes.end && bytes.start < edit.end,
    });
    match files_say_the_same(text, &apply(text, &kept)) {
        true => kept,
        false => Vec::new(),
    }
}

fn edits_between(text: &str, laid_out: &str) -> Vec<(Range<usize>, String)> {
    let place = |at: &Range<usize>, text: &str, index: &LineIndex| {
        index.range(at.start, text).start..match at.is_empty() {
            true => index.range(at.start, text).start,
            false => index.range(at.end - 1, text).end,
        }
    };
    let (old, new) = (LineIndex::new(text), LineIndex::new(laid_out));
    let edits = changes(text, laid_out).into_iter().map(|change| {
        let new = place(&change.new, laid_out, &new);
        (place(&change.old, text, &old), laid_out[new].to_owned())
    });
    edits.collect()
}

/// `text` with `edits` made, which are in order and apart.
fn apply(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        out.push_str(&text[at..range.start]);
        out.push_str(new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// A file with `\n` at line ends, and what else it had.
struct Source {
    marked: bool,
    returns: bool,
    text: String,
}

impl Source {
    fn new(text: &str) -> Source {
        let (marked, text) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let ends = text.matches('\n').count();
        Source {
            marked,
            returns: ends > 0 && text.matches("\r\n").count() == ends,
            text: text.replace("\r\n", "\n"),
        }
    }

    /// `text` with the ends of lines that the file has.
    fn restore(&self, mut text: String) -> String {
        if self.returns {
            text = text.replace('\n', "\r\n");
        }
        if self.marked {
            text.insert(0, '\u{feff}');
        }
        text
    }
}

/// Whether two files have the same tree and the same comments.
fn files_say_the_same(before: &str, after: &str) -> bool {
    let (old, _) = parse(FileId(0), before);
    let (new, _) = parse(FileId(0), after);
    comments_are_the_same((before, &old.comments), (after, &new.comments))
        && same::files(&old, &new)
}

/// The same of a file whose pieces are `forms`, with nothing wrong about them: the tree is what
/// they say in their order, and what has the same letters need not be read again.
fn pieces_say_the_same(before: &str, old: &Scan, forms: &[Option<Form>], after: &str) -> bool {
    let new = prescan::scan(FileId(0), after);
    let pairs = old.pieces.iter().zip(&new.pieces).zip(forms);
    let same = |((a, b), form): ((&Piece, &Piece), &Option<Form>)| {
        let (text, other) = (&old.mask[a.start..a.end], &new.mask[b.start..b.end]);
        let whole = b.fault.is_none() && !b.beyond && b.closers.is_empty();
        a.kind == b.kind
            // A closing brace documents nothing.
            && (a.doc == b.doc || a.kind == PieceKind::Close)
            && whole
            && (text == other
                || match (form, page::form(&new.mask, b)) {
                    (Some(a), Some(b)) => same::forms(a, &b),
                    _ => false,
                })
    };
    old.pieces.len() == new.pieces.len()
        && comments_are_the_same((before, &old.comments), (after, &new.comments))
        && pairs.into_iter().all(same)
}

fn comments_are_the_same(old: (&str, &[Span]), new: (&str, &[Span])) -> bool {
    let told = |(text, spans): (&'_ str, &'_ [Span])| -> Vec<String> {
        let comments = spans.iter().map(|span| wrap::comment(&text[span.range()]));
        comments.collect()
    };
    told(old) == told(new)
}
