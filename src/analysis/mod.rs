//! From a file's bytes to all that can be known of it: the one entry that every command and the
//! language server use. Pure: a [`Loader`] brings other files.

use crate::check::program::Program;
use crate::diag::Diagnostic;
use crate::layers::value::Value;
use crate::syntax::ast;
use crate::text::{FileId, Name, SourceMap};

/// Brings the files that a program names. Paths are as written, relative to the file `from`.
pub trait Loader {
    /// The file at `path`, or why it cannot be read, in a few words ("no such file").
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String>;
    /// Whether there is a file at `path`.
    fn exists(&self, from: &str, path: &str) -> bool;
}

/// A file that was brought.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its name: the same for the same file, by whatever path it was reached; `from` of what it
    /// loads in its turn.
    pub name: String,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// What is set from outside (`--set NAME=VALUE`): parameters of models and dimension variables.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The names and their values; the last of equal names counts.
    pub values: Vec<(Name, Value)>,
}

/// All that is known of a program.
#[derive(Debug)]
pub struct Analysis {
    /// Every file that was read; the first is the one that was asked for.
    pub sources: SourceMap,
    /// The trees of the files, in the order in which they were read.
    pub files: Vec<(FileId, ast::File)>,
    /// The checked program.
    pub program: Program,
    /// Every diagnostic, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Whether the program is wrong.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}
