//! What of the sources is shown: control characters masked, long lines cut around the labels.

use std::borrow::Cow;
use std::ops::Range;

use codespan_reporting::files::{Error, Files, Location};

use crate::text::{FileId, SourceMap, Span};

/// Longest line that is shown whole, in bytes.
const LONG: usize = 320;
/// Bytes kept around a label of a longer line.
const AROUND: usize = 60;
/// What stands for the rest.
const ELLIPSIS: &str = "…";

/// The sources as one diagnostic shows them.
pub(super) struct Shown<'a> {
    sources: &'a SourceMap,
    files: Vec<ShownFile<'a>>,
}

struct ShownFile<'a> {
    text: Cow<'a, str>,
    /// Parts of the file that an ellipsis stands for, in order.
    cuts: Vec<Range<usize>>,
    /// Where lines start in `text`.
    starts: Vec<usize>,
}

impl<'a> Shown<'a> {
    /// The sources for labels at `spans`.
    pub(super) fn new(sources: &'a SourceMap, spans: &[Span]) -> Shown<'a> {
        let files = sources
            .files()
            .map(|(id, file)| {
                let here: Vec<Span> = spans.iter().copied().filter(|s| s.file == id).collect();
                if here.is_empty() {
                    return ShownFile::new(Cow::Borrowed(""), Vec::new());
                }
                let cuts = cuts(sources, id, &here);
                ShownFile::new(shorten(mask(&file.text), &cuts), cuts)
            })
            .collect();
        Shown { sources, files }
    }

    /// Where `span` stands in the shown text. A label never begins in a line's end, and never
    /// ends at the start of a line that it does not touch.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let file = self.sources.file(span.file);
        let boundary = |offset: u32| {
            let mut offset = (offset as usize).min(file.text.len());
            while !file.text.is_char_boundary(offset) {
                offset -= 1;
            }
            offset
        };
        let line_end = |offset: usize| {
            let line = file.lines.range(file.lines.line(offset), &file.text);
            line.start + file.text[line].trim_end_matches(['\n', '\r', '\0']).len()
        };
        let start = boundary(span.start);
        let start = start.min(line_end(start));
        let mut end = boundary(span.end).max(start);
        let line = file.lines.line(end);
        if end > start && line > file.lines.line(start) {
            let first = file.lines.range(line, &file.text).start;
            if end == first {
                end = line_end(end - 1).max(start);
            }
        }
        let end = end.min(line_end(end).max(start));
        let shown = &self.files[span.file.0 as usize];
        shown.forth(start)..shown.forth(end)
    }

    fn file(&self, id: FileId) -> Result<&ShownFile<'a>, Error> {
        self.files.get(id.0 as usize).ok_or(Error::FileMissing)
    }
}

impl<'a> ShownFile<'a> {
    fn new(text: Cow<'a, str>, cuts: Vec<Range<usize>>) -> ShownFile<'a> {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        ShownFile { text, cuts, starts }
    }

    /// From an offset in the file to one in the shown text.
    fn forth(&self, offset: usize) -> usize {
        let mut removed = 0;
        for cut in &self.cuts {
            if offset < cut.start {
                break;
            }
            if offset < cut.end {
                return cut.start - removed;
            }
            removed += cut.len() - ELLIPSIS.len();
        }
        offset - removed
    }

    /// From an offset in the shown text to one in the file.
    fn back(&self, offset: usize) -> usize {
        let mut removed = 0;
        for cut in &self.cuts {
            if offset + removed < cut.start + ELLIPSIS.len() {
                break;
            }
            removed += cut.len() - ELLIPSIS.len();
        }
        offset + removed
    }
}

impl<'a> Files<'a> for Shown<'a> {
    type FileId = FileId;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<String, Error> {
        Ok(clean(&self.sources.file(id).name).replace('\n', "?"))
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: FileId, offset: usize) -> Result<usize, Error> {
        Ok(self
            .file(id)?
            .starts
            .partition_point(|start| *start <= offset)
            - 1)
    }

    fn line_range(&'a self, id: FileId, line: usize) -> Result<Range<usize>, Error> {
        let file = self.file(id)?;
        let at = |line: usize| file.starts.get(line).copied();
        match at(line) {
            Some(start) => Ok(start..at(line + 1).unwrap_or(file.text.len())),
            None => Err(Error::LineTooLarge {
                given: line,
                max: file.starts.len() - 1,
            }),
        }
    }

    fn location(&'a self, id: FileId, offset: usize) -> Result<Location, Error> {
        let source = self.sources.file(id);
        let position = source
            .lines
            .position(self.file(id)?.back(offset), &source.text);
        Ok(Location {
            line_number: position.line,
            column_number: position.column,
        })
    }
}

/// The parts of long lines that no label is near.
fn cuts(sources: &SourceMap, id: FileId, spans: &[Span]) -> Vec<Range<usize>> {
    let file = sources.file(id);
    let mut near: Vec<usize> = spans
        .iter()
        .flat_map(|span| [span.start as usize, span.end as usize])
        .map(|offset| offset.min(file.text.len()))
        .collect();
    near.sort_unstable();
    let floor = |mut offset: usize| {
        while !file.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let first = near.first().map_or(0, |offset| file.lines.line(*offset));
    let last = near.last().map_or(0, |offset| file.lines.line(*offset));
    let mut cuts = Vec::new();
    for line in first.saturating_sub(1)..=last + 1 {
        let range = file.lines.range(line, &file.text);
        if range.len() <= LONG {
            continue;
        }
        let end = range.start
            + file.text[range.clone()]
                .trim_end_matches(['\n', '\r'])
                .len();
        let mut from = range.start;
        let mut keep: Vec<Range<usize>> = near
            .iter()
            .filter(|offset| range.contains(offset) || **offset == range.end)
            .map(|offset| {
                floor(offset.saturating_sub(AROUND).max(range.start))
                    ..floor((offset + AROUND).min(end))
            })
            .collect();
        keep.insert(0, range.start..floor((range.start + AROUND).min(end)));
        for part in keep {
            if part.start > from + ELLIPSIS.len() {
                cuts.push(from..part.start);
            }
            from = from.max(part.end);
        }
        if end > from + ELLIPSIS.len() {
            cuts.push(from..end);
        }
    }
    cuts
}

fn shorten<'a>(text: Cow<'a, str>, cuts: &[Range<usize>]) -> Cow<'a, str> {
    if cuts.is_empty() {
        return text;
    }
    let mut out = String::new();
    let mut from = 0;
    for cut in cuts {
        out.push_str(&text[from..cut.start]);
        out.push_str(ELLIPSIS);
        from = cut.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Whether a terminal would act on `ch` or hide it rather than show it.
fn is_hidden(ch: char) -> bool {
    (ch.is_control() && ch != '\n' && ch != '\t')
        || matches!(ch, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `text` with hidden characters replaced by visible ones of as many bytes, so that offsets stay.
/// A carriage return before a line's end stays too.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        let line_end = ch == '\r' && matches!(chars.peek(), Some('\n' | '\r'));
        out.push(match ch.len_utf8() {
            _ if line_end || !is_hidden(ch) => ch,
            1 => '?',
            2 => '¿',
            _ => '\u{fffd}',
        });
    }
    Cow::Owned(out)
}

/// A message with hidden characters made visible.
pub(super) fn clean(text: &str) -> String {
    mask(text).replace('\r', "?")
}
