//! Drawing diagnostics for a terminal: the only user of `codespan-reporting`.
//!
//! The drawing depends on nothing but its arguments. What a program brings is shown with its
//! control characters masked, so that a file cannot move the cursor or reorder what is read.

use codespan_reporting::diagnostic as cs;
use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};
use codespan_reporting::term::{self, Config};
use std::io::{self, Write};

use super::{Diagnostic, Severity};
use crate::text::{SourceMap, Span};

mod fixes;
mod shown;

use shown::Shown;

/// Columns of a tab stop.
const TAB: usize = 4;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Columns to wrap notes at; 0 never wraps.
    pub width: usize,
}

impl Style {
    /// No colours, notes wrapped at 100 columns.
    pub const PLAIN: Style = Style {
        color: false,
        width: 100,
    };
}

/// `diag` as a person reads it: header, excerpts, notes, fixes, an empty line.
pub fn render(diag: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    draw(style, |out| one(out, diag, sources, style))
}

/// All of `diags`, and how many there are ("2 errors, 1 warning"); empty when there are none.
pub fn render_all(diags: &[Diagnostic], sources: &SourceMap, style: Style) -> String {
    draw(style, |out| {
        for diag in diags {
            one(out, diag, sources, style)?;
        }
        if let Some(text) = count(diags) {
            let color = if diags.iter().any(Diagnostic::is_error) {
                Color::Red
            } else {
                Color::Yellow
            };
            out.set_color(ColorSpec::new().set_fg(Some(color)).set_bold(true))?;
            write!(out, "{text}")?;
            out.reset()?;
            writeln!(out)?;
        }
        Ok(())
    })
}

/// "2 errors, 1 warning"; `None` when there are neither.
pub fn count(diags: &[Diagnostic]) -> Option<String> {
    let errors = diags.iter().filter(|diag| diag.is_error()).count();
    let parts: Vec<String> = [(errors, "error"), (diags.len() - errors, "warning")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| format!("{number} {noun}{}", if number == 1 { "" } else { "s" }))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn draw(style: Style, body: impl FnOnce(&mut Buffer) -> io::Result<()>) -> String {
    let mut buffer = if style.color {
        Buffer::ansi()
    } else {
        Buffer::no_color()
    };
    body(&mut buffer).expect("writing to memory cannot fail");
    String::from_utf8(buffer.into_inner()).expect("only text is written")
}

fn one(out: &mut Buffer, diag: &Diagnostic, sources: &SourceMap, style: Style) -> io::Result<()> {
    let spans: Vec<Span> = std::iter::once(&diag.primary)
        .chain(&diag.labels)
        .map(|label| label.span)
        .collect();
    let shown = Shown::new(sources, &spans);
    let label = |kind, label: &super::Label| {
        cs::Label::new(kind, label.span.file, shown.range(label.span))
            .with_message(shown::clean(&label.message))
    };
    let gutter = spans
        .iter()
        .map(|span| digits(sources.end(*span).line))
        .max()
        .unwrap_or(1);
    let diagnostic = cs::Diagnostic {
        severity: match diag.severity {
            Severity::Error => cs::Severity::Error,
            Severity::Warning => cs::Severity::Warning,
        },
        code: Some(diag.code.name().to_owned()),
        message: shown::clean(&diag.message),
        labels: std::iter::once(label(cs::LabelStyle::Primary, &diag.primary))
            .chain(
                diag.labels
                    .iter()
                    .map(|other| label(cs::LabelStyle::Secondary, other)),
            )
            .collect(),
        notes: diag
            .notes
            .iter()
            .map(|note| wrap(&shown::clean(note), style.width.saturating_sub(gutter + 4)))
            .collect(),
    };
    let config = Config {
        tab_width: TAB,
        ..Config::default()
    };
    let excerpt = draw(style, |buffer| {
        term::emit_to_write_style(buffer, &config, &shown, &diagnostic)
            .map_err(|error| io::Error::other(error.to_string()))
    });
    // The empty line belongs below the fixes, and nothing ends in spaces.
    for line in excerpt.trim_end().lines() {
        writeln!(out, "{}", line.trim_end_matches(' '))?;
    }
    for (at, fix) in diag.fixes.iter().enumerate() {
        if at == 0 && diag.notes.is_empty() {
            fixes::border(out, gutter, None)?;
        }
        fixes::draw(out, fix, sources, gutter, diag.primary.span.file)?;
    }
    writeln!(out)
}

/// Decimal digits of `number`.
fn digits(number: usize) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Breaks `text` at spaces so that lines have at most `width` columns where that is possible.
/// Code between backticks, a shape `[N, 28]` and `H = 3` stay whole; 0 never breaks.
fn wrap(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthStr;
    if width < 20 {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        out.push_str(&line[..indent]);
        let mut column = indent;
        for (at, word) in words(&line[indent..]).into_iter().enumerate() {
            let wide = word.width();
            if at > 0 && column > 0 && column + 1 + wide > width {
                out.push('\n');
                column = 0;
            } else if at > 0 && column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += wide;
        }
    }
    out
}

/// Longest shape that is kept whole, in bytes.
const WHOLE: usize = 60;

/// The parts of `line` between the spaces at which it may break.
fn words(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let (mut quoted, mut shape) = (false, 0);
    let (mut found, mut start) = (Vec::new(), 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'`' => quoted = !quoted,
            b'[' if at >= shape => {
                let close = line[at..].find(']').filter(|length| *length < WHOLE);
                shape = close.map_or(shape, |length| at + length);
            }
            b' ' if !quoted && at >= shape => {
                // `name = value` has its spaces around the sign.
                let pair = bytes[at + 1..].starts_with(b"= ") || line[..at].ends_with(" =");
                if !pair {
                    found.push(&line[start..at]);
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    found.push(&line[start..]);
    found
}

#[cfg(test)]
mod tests;
