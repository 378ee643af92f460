//! Text to syntax tree. Parsing never fails: a broken line is a node with a diagnostic.
//!
//! `prescan` cuts a file into lines, headers and closing braces; `parse` and `expr` read each by
//! the grammar in `grammar/nn.pest`; `tree` puts them into bodies; `recover` explains what the
//! grammar does not know, and keeps what can be kept of it.

use crate::diag::{Diagnostic, syntax as wording};
use crate::text::{FileId, Span};

pub mod allow;
pub mod ast;
mod brackets;
mod expect;
mod expr;
pub mod fmt;
mod guess;
mod keep;
mod parse;
mod prescan;
mod python;
mod recover;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;

pub use tokens::RESERVED;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// Parses `text`, which is the whole of `file`. Diagnostics come in the order of the text, at most
/// one for a line; the tree has a node for every line, so that what is right is still checked.
pub fn parse(file: FileId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        let at = Span::new(file, 0, 0);
        let fault = wording::file_too_large(at, text.len(), MAX_BYTES);
        return (ast::File::default(), vec![fault]);
    }
    // Python is blanked out, so that every offset stays true.
    let pasted = python::find(file, text);
    let own = python::blanked(text, &pasted);
    let (mut tree, mut diagnostics) = tree::build(file, &own, prescan::scan(file, &own));
    for python in pasted {
        let span = python.diagnostic.primary.span;
        tree.items.push(ast::Item::Broken {
            names: Vec::new(),
            span,
        });
        diagnostics.push(python.diagnostic);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    (tree, diagnostics)
}

/// Parses `text`, which is the whole of `file`, as one expression: the value in `--set classes=3`.
///
/// # Errors
/// What is wrong with it, when it is no expression.
#[expect(
    clippy::result_large_err,
    reason = "a diagnostic is a value that callers collect; this is called once an argument"
)]
pub fn parse_expr(file: FileId, text: &str) -> Result<ast::Expr, Diagnostic> {
    if text.len() > MAX_BYTES {
        let at = Span::new(file, 0, 0);
        return Err(wording::file_too_large(at, text.len(), MAX_BYTES));
    }
    // Line ends do not matter here: brackets are what the scan is for.
    let line = text.replace(['\n', '\r'], " ");
    let mut scan = prescan::scan_expression(file, &line);
    let mask = &scan.mask;
    let end = mask.trim_end().len();
    if let Some(fault) = scan.pieces.first_mut().and_then(|piece| piece.fault.take()) {
        return Err(*fault);
    }
    let mut reader = parse::Reader::new(file, 0, &mask[..end], end);
    match reader.alone() {
        Ok(expr) => match reader.faults.into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(expr),
        },
        Err(_) => Err(recover::expression(file, &mask[..end])),
    }
}
