//! What an editor asks of a program, answered from its last text: plain data over an
//! [`Analysis`] and byte offsets. No I/O, no threads, no protocol.
//!
//! [`Names`] says what each name in the text means, from the trees alone, so that it is as good
//! beside an error as without; [`Facts`] says what the checker found out about a statement. A
//! [`View`] has both at hand.

pub mod actions;
pub mod calls;
mod completion;
mod cursor;
mod facts;
mod hints;
mod hover;
mod lenses;
mod line;
mod names;
pub mod navigate;
pub mod ranges;
pub mod rename;
mod signature;
pub mod symbols;
#[cfg(test)]
mod testing;
mod tokens;

use crate::analysis::Analysis;
use crate::syntax::ast;
use crate::text::{FileId, Span};

pub use completion::{Beside, Completion, Insert, Item, Kind, completion};
pub use cursor::{Cursor, Part, cursor};
pub use facts::Facts;
pub use hints::{Hint, HintKind, HintOptions, hints};
pub use hover::{Hover, hover};
pub use lenses::{Lens, lenses};
pub use names::{Inner, Names, Occurrence, Symbol, SymbolId, SymbolKind};
pub use signature::{Parameter, Signature, signature};
pub use tokens::{Token, TokenKind, tokens};

/// An analysis with its names and facts: what every question of an editor is answered from.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// All that is known of the program.
    pub analysis: &'a Analysis,
    /// What the names in its text mean.
    pub names: &'a Names,
    /// What the checker found out about its statements.
    pub facts: &'a Facts<'a>,
}

impl<'a> View<'a> {
    /// A view of `analysis`, of which `names` and `facts` were made.
    pub fn new(analysis: &'a Analysis, names: &'a Names, facts: &'a Facts<'a>) -> View<'a> {
        View {
            analysis,
            names,
            facts,
        }
    }

    /// The position of `file` in `Analysis::files`.
    pub fn unit(&self, file: FileId) -> usize {
        let files = &self.analysis.files;
        let found = files.iter().position(|(other, _)| *other == file);
        found.expect("every file of an analysis has a tree")
    }

    /// The tree of `file`.
    pub fn tree(&self, file: FileId) -> &'a ast::File {
        &self.analysis.files[self.unit(file)].1
    }

    /// The text of `file`.
    pub fn text(&self, file: FileId) -> &'a str {
        &self.analysis.sources.file(file).text
    }

    /// The text of `span`.
    pub fn slice(&self, span: Span) -> &'a str {
        self.analysis.sources.slice(span)
    }

    /// The line on which `span` starts, from 1.
    pub fn line(&self, span: Span) -> usize {
        self.analysis.sources.line(span)
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
