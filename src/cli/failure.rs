//! How a command ends.

use std::io;
use std::path::Path;

use crate::diag::Diagnostic;
use crate::text::SourceMap;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// All is well; warnings are allowed.
    Fine = 0,
    /// The program has errors.
    Program = 1,
    /// The command line is wrong, or names a program that cannot be read.
    Usage = 2,
    /// A file, weight or data given to a run does not fit.
    Data = 3,
    /// A mistake in this program.
    Internal = 4,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong: a message, and what would help.
    Usage(String, Option<String>),
    /// A file, weight or data does not fit: a message, and what would help.
    Data(String, Option<String>),
    /// The same with a place in the program.
    Diagnostics(Vec<Diagnostic>, Box<SourceMap>, Status),
    /// What was to be said has been said.
    Said(Status),
    /// The reader of standard output has gone away.
    Pipe,
}

impl Failure {
    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage(message.into(), None)
    }

    /// Data that does not fit.
    pub fn data(message: impl Into<String>) -> Failure {
        Failure::Data(message.into(), None)
    }

    /// Adds what would help.
    pub fn help(self, text: impl Into<String>) -> Failure {
        match self {
            Failure::Usage(message, _) => Failure::Usage(message, Some(text.into())),
            Failure::Data(message, _) => Failure::Data(message, Some(text.into())),
            other => other,
        }
    }
}

/// An input or output error in a few words: "no such file".
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::NotADirectory => "a part of its path is not a directory".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => {
            let text = error.to_string();
            match text.split_once(" (os error") {
                Some((text, _)) => text.to_lowercase(),
                None => text,
            }
        }
    }
}

/// `path` for a message.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
