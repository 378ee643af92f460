//! A file as lines: what stands on a line of its own, how deep, and with blank lines where.

use super::nodes::{self, Node, Read};
use super::wrap::{self, INDENT, Row, WIDTH};
use crate::syntax::parse::{Form, Reader, Rule};
use crate::syntax::prescan::{MAX_DEPTH, Piece, PieceKind, Scan};
use crate::syntax::tokens::first_word;
use crate::text::{FileId, Span};

/// Blanks of the language.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// What stands in a file between blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Line,
    Header,
    Close,
    Comment,
}

/// A piece, or a comment that stands in none.
#[derive(Debug)]
struct Event {
    kind: Kind,
    start: usize,
    end: usize,
    /// How many line ends stand before it, of two and more 2; the first has 0.
    ends: usize,
    /// Columns before the first thing on its line, and whether it is that.
    indent: usize,
    leads: bool,
    /// Whether nothing is wrong with how it is written.
    clean: bool,
    /// The comments within it, by number.
    comments: std::ops::Range<usize>,
}

/// The lines of a file.
pub(super) struct Page {
    pub rows: Vec<Row>,
    /// How many of its statements were left as they are.
    pub broken: usize,
    /// What each piece says, where nothing is wrong with any nor with the braces. The tree follows
    /// from it.
    pub forms: Option<Vec<Option<Form>>>,
}

/// Lays out `text`, which was cut into `scan`. It has no `\r\n`.
pub(super) fn lay_out(text: &str, scan: &Scan) -> Page {
    let mut printer = Printer {
        text,
        mask: &scan.mask,
        comments: &scan.comments,
        rows: Vec::new(),
        blocks: 0,
        broken: 0,
    };
    let forms: Vec<Option<Form>> = scan.pieces.iter().map(|it| form(&scan.mask, it)).collect();
    let events = events(text, scan, &forms);
    let starts = segments(&printer, &events);
    let mut regular = true;
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).copied().unwrap_or(events.len());
        if is_regular(&printer, &events[*start..end]) {
            printer.segment(&events, *start, end);
        } else {
            regular = false;
            printer.verbatim(&events[*start..end]);
        }
    }
    let whole = regular && events.iter().all(|event| event.clean);
    Page {
        rows: printer.rows,
        broken: printer.broken,
        forms: whole.then_some(forms),
    }
}

/// Merges pieces and comments, in order.
fn events(text: &str, scan: &Scan, forms: &[Option<Form>]) -> Vec<Event> {
    let mut events = Vec::with_capacity(scan.pieces.len() + scan.comments.len());
    let mut pieces = scan.pieces.iter().peekable();
    let mut forms = forms.iter();
    let mut at = 0;
    let mut last_end = 0;
    loop {
        let comment = scan.comments.get(at).map(|span| span.range());
        let piece_first = match (pieces.peek(), &comment) {
            (Some(piece), Some(comment)) => piece.start < comment.start,
            (piece, _) => piece.is_some(),
        };
        let mut event = if piece_first {
            let piece = pieces.next().expect("it was seen");
            let form = forms.next().expect("each piece has its own");
            let next = pieces.peek().map_or(text.len(), |next| next.start);
            let end = extent(text, &scan.comments[at..], piece.end, next);
            let inside = scan.comments[at..].partition_point(|it| (it.start as usize) < end);
            let comments = at..at + inside;
            at += inside;
            Event {
                kind: match piece.kind {
                    PieceKind::Line => Kind::Line,
                    PieceKind::Header => Kind::Header,
                    PieceKind::Close => Kind::Close,
                },
                start: piece.start,
                end,
                ends: 0,
                indent: piece.indent,
                leads: piece.leads,
                clean: end == piece.end && (form.is_some() || piece.kind == PieceKind::Close),
                comments,
            }
        } else if let Some(range) = comment {
            at += 1;
            Event {
                kind: Kind::Comment,
                start: range.start,
                end: range.end,
                ends: 0,
                indent: 0,
                leads: false,
                clean: true,
                comments: 0..0,
            }
        } else {
            return events;
        };
        let gap = &text[last_end..event.start];
        event.ends = gap.bytes().filter(|byte| *byte == b'\n').take(2).count();
        if event.kind == Kind::Comment {
            event.leads = event.ends > 0 || events.is_empty();
        }
        if events.is_empty() {
            event.ends = 0;
        }
        last_end = event.end;
        events.push(event);
    }
}

/// Where a piece that the scan ended at `end` ends in truth, before the piece at `next`: what the
/// scan took for a comment of another language is a part of it, too. `comments` begins with the
/// first that may stand behind the piece or in it.
fn extent(text: &str, comments: &[Span], end: usize, next: usize) -> usize {
    let count = comments.partition_point(|it| (it.start as usize) < next);
    let mut stop = next;
    for comment in comments[..count].iter().rev() {
        let range = comment.range();
        if range.start < end || !text[range.end..stop].trim().is_empty() {
            break;
        }
        stop = range.start;
    }
    end + text[end..stop].trim_end_matches(BLANKS).len()
}

/// What a line or header says, when nothing is wrong with how it is written.
pub(super) fn form(mask: &str, piece: &Piece) -> Option<Form> {
    let rule = match piece.kind {
        PieceKind::Line => Rule::line,
        PieceKind::Header => Rule::header,
        PieceKind::Close => return None,
    };
    if piece.fault.is_some() || piece.beyond || !piece.closers.is_empty() {
        return None;
    }
    let text = &mask[piece.start..piece.end];
    let mut reader = Reader::new(FileId(0), piece.start, text, piece.end);
    let form = reader.form(rule).ok()?;
    reader.faults.is_empty().then_some(form)
}

/// Where the parts of a file begin that are laid out apart: each definition at the left edge, with
/// the comments right above it, begins one, however the braces before it are.
fn segments(printer: &Printer, events: &[Event]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut depth = 0usize;
    for (at, event) in events.iter().enumerate() {
        let defines = event.kind == Kind::Header && printer.defines(event);
        if defines && event.leads && (depth == 0 || event.indent == 0) {
            depth = 0;
            let start = attached(events, at);
            if start > *starts.last().expect("it has one") {
                starts.push(start);
            }
        }
        match event.kind {
            Kind::Header => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Line => depth += usize::from(printer.lacks_brace(event)),
            Kind::Comment => {}
        }
    }
    starts
}

/// The first of the comment lines right above the event `at`, or the event.
fn attached(events: &[Event], at: usize) -> usize {
    let mut first = at;
    while first > 0
        && events[first].ends == 1
        && events[first - 1].kind == Kind::Comment
        && events[first - 1].leads
    {
        first -= 1;
    }
    first
}

/// Whether the braces of a part say how it nests. Where they do not, its indentation does.
fn is_regular(printer: &Printer, events: &[Event]) -> bool {
    let mut depth = 0usize;
    for (at, event) in events.iter().enumerate() {
        let after_close = at > 0 && events[at - 1].kind == Kind::Close;
        match event.kind {
            Kind::Comment => {}
            Kind::Header => {
                if depth > 0 && printer.defines(event) || depth >= MAX_DEPTH {
                    return false;
                }
                depth += 1;
            }
            Kind::Close if depth == 0 => return false,
            Kind::Close => depth -= 1,
            Kind::Line if event.clean => {}
            Kind::Line => {
                let long = printer.text[event.start..event.end].contains('\n');
                let tail = after_close && event.ends == 0;
                if printer.lacks_brace(event) || tail && long {
                    return false;
                }
            }
        }
    }
    depth == 0
}

struct Printer<'t> {
    text: &'t str,
    mask: &'t str,
    comments: &'t [Span],
    rows: Vec<Row>,
    /// How many statements have several lines.
    blocks: usize,
    broken: usize,
}

impl<'t> Printer<'t> {
    /// Whether a piece begins like a block or a model.
    fn defines(&self, event: &Event) -> bool {
        matches!(
            first_word(&self.mask[event.start..event.end]),
            "model" | "block"
        )
    }

    /// Whether a line would be a header with a `{` behind it, and is nothing without.
    fn lacks_brace(&self, event: &Event) -> bool {
        !event.clean && event.kind == Kind::Line && {
            let header = format!("{} {{", &self.mask[event.start..event.end]);
            let mut reader = Reader::new(FileId(0), event.start, &header, event.end);
            self.defines(event) || reader.form(Rule::header).is_ok()
        }
    }

    fn read(&self, event: &Event) -> Option<Read<'t>> {
        if !event.clean {
            return None;
        }
        let comments = &self.comments[event.comments.clone()];
        let header = event.kind == Kind::Header;
        nodes::read(
            self.text,
            self.mask,
            (event.start, event.end),
            comments,
            header,
        )
    }

    /// How many columns stand before the offset `at` on its line, where the last of them are blank
    /// on purpose: one blank would be as usual.
    fn column(&self, at: usize) -> Option<usize> {
        let line = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let before = &self.text[line..at];
        before.ends_with("  ").then(|| before.chars().count())
    }

    /// Keeps the lines of `events` as they are.
    fn verbatim(&mut self, events: &[Event]) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return;
        };
        self.broken += 1;
        let start = self.text[..first.start].rfind('\n').map_or(0, |at| at + 1);
        let mut blank = first.ends > 1;
        for line in self.text[start..last.end].split('\n') {
            let line = line.trim_end_matches(BLANKS);
            if line.is_empty() {
                blank = true;
                continue;
            }
            self.rows.push(Row {
                text: line.to_owned(),
                blank: std::mem::take(&mut blank) && !self.rows.is_empty(),
                ..Row::default()
            });
        }
    }

    /// Lays out the events `start..end`.
    fn segment(&mut self, events: &[Event], start: usize, end: usize) {
        let mut depth = 0usize;
        // Whether the last that was no comment ended a definition.
        let mut defined = start > 0;
        let mut at = start;
        while at < end {
            let event = &events[at];
            let before = at.checked_sub(1).map(|before| &events[before]);
            let above = events[..at]
                .iter()
                .rfind(|it| it.kind != Kind::Comment || it.leads);
            let first = self.rows.len();
            let mut blank = event.ends > 1;
            let mut used = 1;
            match event.kind {
                Kind::Comment if !event.leads => {
                    let text = wrap::comment(&self.text[event.start..event.end]);
                    let column = self.column(event.start);
                    if let Some(row) = self.rows.last_mut() {
                        row.comment = Some(text);
                        row.stood[1] = column;
                    }
                    at += 1;
                    continue;
                }
                Kind::Comment => {
                    let text = wrap::comment(&self.text[event.start..event.end]);
                    self.own_line(depth, text);
                }
                Kind::Header => {
                    used = self.header(events, at, depth);
                    depth += usize::from(used == 1);
                }
                Kind::Close => {
                    depth = depth.saturating_sub(1);
                    self.own_line(depth, "}".to_owned());
                    blank = false;
                }
                Kind::Line => match before {
                    // A `from` or `->` behind a `}` has a diagnostic there.
                    Some(close)
                        if close.kind == Kind::Close && event.ends == 0 && self.is_tail(event) =>
                    {
                        let tail = &self.text[event.start..event.end];
                        self.broken += 1;
                        if let Some(row) = self.rows.last_mut() {
                            row.text.push(' ');
                            row.text.push_str(tail);
                        }
                        at += 1;
                        continue;
                    }
                    _ => self.statement(event, depth),
                },
            }
            if above.is_some_and(|above| above.kind == Kind::Header) {
                blank = false;
            }
            let lone =
                event.kind != Kind::Close && depth <= usize::from(event.kind == Kind::Header);
            if lone && std::mem::take(&mut defined) || at == start && start > 0 {
                blank = true;
            }
            defined |= event.kind == Kind::Close && depth == 0;
            if let Some(row) = self.rows.get_mut(first).filter(|_| first > 0) {
                row.blank = blank;
            }
            at += used;
        }
    }

    fn own_line(&mut self, depth: usize, text: String) {
        self.rows.push(Row {
            indent: depth * INDENT,
            text,
            ..Row::default()
        });
    }

    /// A header, or a whole `repeat` of one statement that stands on a line. Returns how many
    /// events these are.
    fn header(&mut self, events: &[Event], at: usize, depth: usize) -> usize {
        let event = &events[at];
        let behind = |event: &Event| event.kind == Kind::Comment && !event.leads;
        let read = self.read(event).filter(|read| {
            // There is place for one comment behind the `{`.
            read.comment.is_none() || !events.get(at + 1).is_some_and(behind)
        });
        let Some(read) = read else {
            self.as_it_is(event, depth);
            return 1;
        };
        if let [line, close, ..] = &events[at + 1..]
            && let (Kind::Line, Kind::Close) = (line.kind, close.kind)
            && (line.ends, close.ends) == (0, 0)
            && !self.text[event.start..close.end].contains('\n')
            && !self.defines(event)
            && let Some(inner) = self.read(line)
        {
            let mut text = String::new();
            nodes::flat(&read.nodes, &mut text);
            text.push(' ');
            nodes::flat(&inner.nodes, &mut text);
            text.push_str(" }");
            if depth * INDENT + text.chars().count() <= WIDTH {
                self.own_line(depth, text);
                self.rows.last_mut().expect("it was pushed").plain = true;
                return 3;
            }
        }
        self.laid_out(&read.nodes, depth);
        if let Some(row) = self.rows.last_mut() {
            row.comment = read.comment.map(wrap::comment);
            row.plain = false;
        }
        1
    }

    fn statement(&mut self, event: &Event, depth: usize) {
        match self.read(event) {
            Some(read) => self.laid_out(&read.nodes, depth),
            None => self.as_it_is(event, depth),
        }
    }

    fn laid_out(&mut self, nodes: &[Node], depth: usize) {
        let mut rows = wrap::rows(nodes, depth * INDENT);
        if let [row] = &mut rows[..] {
            row.stood[0] = nodes::arrow(nodes).and_then(|at| self.column(at));
        }
        self.number(&mut rows);
        self.rows.append(&mut rows);
    }

    /// Marks the rows of a statement of several lines.
    fn number(&mut self, rows: &mut [Row]) {
        if rows.len() > 1 {
            self.blocks += 1;
            for row in rows {
                row.block = self.blocks;
            }
        }
    }

    /// A piece that is left as it is, moved as a whole.
    fn as_it_is(&mut self, event: &Event, depth: usize) {
        self.broken += usize::from(!event.clean);
        // What leads nowhere may be of another language, in which its indent means something.
        let indent = match depth {
            0 => event.indent,
            depth => depth * INDENT,
        };
        let mut rows = Vec::new();
        let mut blank = false;
        for (at, line) in self.text[event.start..event.end].split('\n').enumerate() {
            let line = line.trim_end_matches(BLANKS);
            if line.is_empty() {
                blank = true;
                continue;
            }
            let inner = line.trim_start_matches([' ', '\t']);
            let column = match at {
                0 => indent,
                _ => (line.len() - inner.len() + indent).saturating_sub(event.indent),
            };
            rows.push(Row {
                indent: column,
                text: inner.to_owned(),
                blank: std::mem::take(&mut blank),
                plain: true,
                ..Row::default()
            });
        }
        self.number(&mut rows);
        self.rows.append(&mut rows);
    }

    /// Whether a line begins like the end of a statement.
    fn is_tail(&self, event: &Event) -> bool {
        let text = &self.mask[event.start..event.end];
        text.starts_with("->") || first_word(text) == "from"
    }
}
