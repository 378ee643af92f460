//! What an editor asks of a program, answered from its last text: plain data over an
//! [`Analysis`] and byte offsets. No I/O, no threads, no protocol.
//!
//! [`Names`] says what each name in the text means, from the trees alone, so that it is as good
//! beside an error as without; [`Facts`] says what the checker found out about a statement.

pub mod calls;
mod cursor;
mod facts;
mod names;
pub mod navigate;
pub mod ranges;
pub mod rename;
pub mod symbols;
#[cfg(test)]
mod testing;

use crate::analysis::Analysis;
use crate::text::{FileId, Span};

pub use cursor::{Cursor, Part, cursor};
pub use facts::Facts;
pub use names::{Inner, Names, Occurrence, Symbol, SymbolId, SymbolKind};

/// A program with what is asked of it again and again.
pub struct View<'a> {
    /// All that is known of it.
    pub analysis: &'a Analysis,
    /// What its names mean.
    pub names: Names,
    /// What the checker found out about its statements.
    pub facts: Facts<'a>,
}

impl<'a> View<'a> {
    /// The view of `analysis`.
    pub fn new(analysis: &'a Analysis) -> View<'a> {
        View {
            analysis,
            names: Names::new(analysis),
            facts: Facts::new(analysis),
        }
    }

    /// The file called `name`, when the program has it.
    pub fn file(&self, name: &str) -> Option<FileId> {
        let mut files = self.analysis.sources.files();
        files.find(|(_, file)| file.name == name).map(|(id, _)| id)
    }

    /// Where `span` is, in words that hold for other programs too.
    pub fn place(&self, span: Span) -> Place {
        Place {
            file: self.analysis.sources.file(span.file).name.clone(),
            start: span.start,
            end: span.end,
        }
    }
}

/// Bytes of a file by its name: the same place in every program that reads the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file's name, as the loader gave it.
    pub file: String,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}
