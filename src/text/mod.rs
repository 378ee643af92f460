//! Source text: files, spans, and the translation of byte offsets to lines and columns.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A name in a program: a label, a dimension variable, a layer.
pub type Name = Arc<str>;

/// A file of a [`SourceMap`], valid for the map that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A half-open range of bytes, `start..end`, in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file that the bytes are in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        Span {
            file,
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that holds both; `other` must be of the same file.
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span right after this one: where a fix inserts.
    pub fn after(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    /// The empty span right before this one.
    pub fn before(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// The bytes as a range of offsets.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value with the place where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Span,
}

/// A position as a person counts: from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalar values, from 1.
    pub column: usize,
}

/// Offsets of line starts in one text.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Finds the lines of `text`. A line ends after `\n`.
    pub fn new(text: &str) -> LineIndex {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at as u32 + 1),
        );
        LineIndex { starts }
    }

    /// How many lines there are; at least 1.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line, from 0, that holds byte `offset`.
    pub fn line(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start as usize <= offset)
            - 1
    }

    /// Bytes of line `line` (from 0), its line end included. Empty beyond the last line.
    pub fn range(&self, line: usize, text: &str) -> Range<usize> {
        let start = self
            .starts
            .get(line)
            .map_or(text.len(), |start| *start as usize);
        let end = self
            .starts
            .get(line + 1)
            .map_or(text.len(), |start| *start as usize);
        start..end
    }

    /// The position of byte `offset`, which is clamped to the text and to a character's start.
    pub fn position(&self, offset: usize, text: &str) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let start = self.starts[line] as usize;
        Position {
            line: line + 1,
            column: text[start..offset].chars().count() + 1,
        }
    }
}

/// One file: its name as shown to a person, its text, and its lines.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The name as given by the user or by the `import` that reached it.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Where its lines begin.
    pub lines: LineIndex,
}

/// All files that a compilation has read.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and returns its identity.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        self.files.push(SourceFile {
            name: name.into(),
            lines: LineIndex::new(&text),
            text,
        });
        FileId(self.files.len() as u32 - 1)
    }

    /// The file `id`, which this map made.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Every file with its identity, in the order in which they were added.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, file)| (FileId(at as u32), file))
    }

    /// The text of `span`.
    pub fn slice(&self, span: Span) -> &str {
        &self.file(span.file).text[span.range()]
    }

    /// The blanks that the line begins with on which `span` starts.
    pub fn indent(&self, span: Span) -> &str {
        let file = self.file(span.file);
        let line = file.lines.line(span.start as usize);
        let line = &file.text[file.lines.range(line, &file.text)];
        let blank = line.trim_start_matches([' ', '\t']);
        &line[..line.len() - blank.len()]
    }

    /// The position where `span` starts.
    pub fn start(&self, span: Span) -> Position {
        let file = self.file(span.file);
        file.lines.position(span.start as usize, &file.text)
    }

    /// The position where `span` ends.
    pub fn end(&self, span: Span) -> Position {
        let file = self.file(span.file);
        file.lines.position(span.end as usize, &file.text)
    }

    /// The line, from 1, on which `span` starts.
    pub fn line(&self, span: Span) -> usize {
        self.file(span.file).lines.line(span.start as usize) + 1
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_columns_in_characters() {
        let text = "a\n가나x\n";
        let lines = LineIndex::new(text);
        let at = text.find('x').unwrap();
        assert_eq!(lines.position(at, text), Position { line: 2, column: 3 });
        assert_eq!(lines.count(), 3);
        assert_eq!(lines.position(999, text), Position { line: 3, column: 1 });
    }
}
