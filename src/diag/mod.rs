//! Diagnostics as data: what is wrong, where, why, and what to type instead.
//!
//! Wording stands in one file per family (`syntax`, `foreign`, `names`, `shapes`, `arguments`,
//! `weights`, `data`, `lints`); [`render`] alone knows how a diagnostic is drawn.

use crate::text::Span;

pub mod codes;
pub mod data;
pub mod foreign;
pub mod render;
pub mod slips;
pub mod suggest;
pub mod syntax;
pub mod weights;

pub use codes::Code;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The program has no meaning here; nothing runs.
    Error,
    /// The program has a meaning, probably not the intended one.
    Warning,
}

/// A place with what is to be said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said there; may be empty.
    pub message: String,
}

/// A replacement of the bytes of `span` by `text`; an empty span inserts.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// A change that makes the diagnostic go away.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What the change does, as an imperative: "write `filters`".
    pub title: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// One mistake, told once.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Which kind of mistake; its page explains it.
    pub code: Code,
    /// How bad it is: the code's own severity.
    pub severity: Severity,
    /// One sentence without a full stop: what disagrees, with the numbers.
    pub message: String,
    /// Where to look first.
    pub primary: Label,
    /// Other places that take part.
    pub labels: Vec<Label>,
    /// Sentences below the excerpt: the arithmetic, an example, where a number came from.
    pub notes: Vec<String>,
    /// What to type instead, best first.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code` at `span`.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: code.severity(),
            code,
            message: message.into(),
            primary: Label {
                span,
                message: String::new(),
            },
            labels: Vec::new(),
            notes: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Says `message` at the primary place.
    pub fn here(mut self, message: impl Into<String>) -> Diagnostic {
        self.primary.message = message.into();
        self
    }

    /// Adds another place.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Adds a sentence below the excerpt.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds a fix that replaces the bytes of `span`.
    pub fn fix(
        mut self,
        title: impl Into<String>,
        span: Span,
        text: impl Into<String>,
    ) -> Diagnostic {
        self.fixes.push(Fix {
            title: title.into(),
            edits: vec![Edit {
                span,
                text: text.into(),
            }],
        });
        self
    }

    /// Whether it makes the program wrong.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
