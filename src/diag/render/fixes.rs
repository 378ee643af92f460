//! Fixes as the lines that they lead to, with what changes marked below.

use std::io::{self, Write};

use codespan_reporting::term::termcolor::{Buffer, Color, ColorSpec, WriteColor};
use unicode_width::UnicodeWidthChar;

use super::{TAB, digits, shown};
use crate::diag::{Edit, Fix};
use crate::text::{FileId, SourceMap};

/// Most lines shown of one place.
const LINES: usize = 8;
/// Most columns shown of one line.
const COLUMNS: usize = 240;

/// How a stretch of text changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Same,
    Added,
    Replaced,
    Removed,
}

impl Mark {
    fn glyph(self) -> char {
        match self {
            Mark::Same => ' ',
            Mark::Added => '+',
            Mark::Replaced => '~',
            Mark::Removed => '-',
        }
    }

    fn color(self) -> ColorSpec {
        let mut spec = ColorSpec::new();
        spec.set_fg(match self {
            Mark::Same => None,
            Mark::Added => Some(Color::Green),
            Mark::Replaced => Some(Color::Yellow),
            Mark::Removed => Some(Color::Red),
        });
        spec
    }
}

/// Lines around edits that touch: what is shown for them, and the first line's number.
struct Place {
    file: FileId,
    line: usize,
    lines: Vec<Vec<(char, Mark)>>,
}

/// Draws `fix` below an excerpt of file `home` whose line numbers take `gutter` columns.
pub(super) fn draw(
    out: &mut Buffer,
    fix: &Fix,
    sources: &SourceMap,
    gutter: usize,
    home: FileId,
) -> io::Result<()> {
    let mut help = ColorSpec::new();
    help.set_fg(Some(Color::Cyan))
        .set_bold(true)
        .set_intense(true);
    out.set_color(&help)?;
    write!(out, "help")?;
    out.reset()?;
    writeln!(out, ": {}", shown::clean(&fix.title))?;

    let places = places(fix, sources);
    let gutter = places
        .iter()
        .map(|place| digits(place.line + place.lines.len().min(LINES)))
        .fold(gutter, usize::max);
    let mut last: Option<&Place> = None;
    for place in &places {
        match last {
            Some(before) if before.file == place.file => {
                let shown = before.line + before.lines.len();
                if place.line > shown {
                    rule(out, gutter, "·", None)?;
                }
            }
            _ if place.file != home || last.is_some() => {
                let name = shown::clean(&sources.file(place.file).name);
                rule(out, gutter, "┌─", Some(&format!("{name}:{}", place.line)))?;
                border(out, gutter, None)?;
            }
            _ => border(out, gutter, None)?,
        }
        draw_place(out, place, gutter)?;
        last = Some(place);
    }
    Ok(())
}

/// A line of the border: its number or nothing, then the bar.
pub(super) fn border(out: &mut Buffer, gutter: usize, line: Option<usize>) -> io::Result<()> {
    bar(out, gutter, line)?;
    writeln!(out)
}

fn bar(out: &mut Buffer, gutter: usize, line: Option<usize>) -> io::Result<()> {
    out.set_color(ColorSpec::new().set_fg(Some(Color::Cyan)))?;
    match line {
        Some(line) => write!(out, "{line:>gutter$} │")?,
        None => write!(out, "{:gutter$} │", "")?,
    }
    out.reset()
}

fn rule(out: &mut Buffer, gutter: usize, glyph: &str, text: Option<&str>) -> io::Result<()> {
    out.set_color(ColorSpec::new().set_fg(Some(Color::Cyan)))?;
    write!(out, "{:gutter$} {glyph}", "")?;
    out.reset()?;
    match text {
        Some(text) => writeln!(out, " {text}"),
        None => writeln!(out),
    }
}

fn draw_place(out: &mut Buffer, place: &Place, gutter: usize) -> io::Result<()> {
    for (at, line) in place.lines.iter().take(LINES).enumerate() {
        bar(out, gutter, Some(place.line + at))?;
        let mut text = String::new();
        let mut below = String::new();
        let mut runs: Vec<(String, Mark)> = Vec::new();
        let mut column = 0;
        for &(ch, mark) in line {
            let wide = match ch {
                '\t' => TAB - column % TAB,
                _ => ch.width().unwrap_or(0),
            };
            column += wide;
            text.clear();
            if ch == '\t' {
                text.extend(std::iter::repeat_n(' ', wide));
            } else {
                text.push(ch);
            }
            below.extend(std::iter::repeat_n(mark.glyph(), wide));
            match runs.last_mut() {
                Some((run, same)) if *same == mark => run.push_str(&text),
                _ => runs.push((text.clone(), mark)),
            }
            if column >= COLUMNS {
                runs.push(("…".into(), Mark::Same));
                break;
            }
        }
        if !runs.is_empty() {
            write!(out, " ")?;
        }
        for (run, mark) in runs {
            if mark == Mark::Same {
                write!(out, "{run}")?;
            } else {
                out.set_color(&mark.color())?;
                write!(out, "{run}")?;
                out.reset()?;
            }
        }
        writeln!(out)?;
        let below = below.trim_end();
        if !below.is_empty() {
            bar(out, gutter, None)?;
            write!(out, " ")?;
            let mut rest = below;
            while let Some(first) = rest.chars().next() {
                let end = rest.find(|ch| ch != first).unwrap_or(rest.len());
                let mark = [Mark::Added, Mark::Replaced, Mark::Removed]
                    .into_iter()
                    .find(|mark| mark.glyph() == first)
                    .unwrap_or(Mark::Same);
                if mark == Mark::Same {
                    write!(out, "{}", &rest[..end])?;
                } else {
                    out.set_color(&mark.color())?;
                    write!(out, "{}", &rest[..end])?;
                    out.reset()?;
                }
                rest = &rest[end..];
            }
            writeln!(out)?;
        }
    }
    if let Some(more) = place.lines.len().checked_sub(LINES + 1) {
        let noun = if more == 0 { "line" } else { "lines" };
        rule(out, gutter, "·", Some(&format!("{} more {noun}", more + 1)))?;
    }
    Ok(())
}

/// The edits grouped by the lines that they touch.
fn places(fix: &Fix, sources: &SourceMap) -> Vec<Place> {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.file, edit.span.start, edit.span.end));
    let mut groups: Vec<(FileId, usize, usize, Vec<&Edit>)> = Vec::new();
    for edit in edits {
        let file = sources.file(edit.span.file);
        let first = file
            .lines
            .line((edit.span.start as usize).min(file.text.len()));
        let last = file
            .lines
            .line((edit.span.end as usize).min(file.text.len()));
        match groups.last_mut() {
            Some((id, _, end, group)) if *id == edit.span.file && first <= *end + 1 => {
                *end = last.max(*end);
                group.push(edit);
            }
            _ => groups.push((edit.span.file, first, last, vec![edit])),
        }
    }
    groups
        .into_iter()
        .map(|(file, first, last, edits)| place(sources, file, first, last, &edits))
        .collect()
}

fn place(sources: &SourceMap, id: FileId, first: usize, last: usize, edits: &[&Edit]) -> Place {
    let file = sources.file(id);
    let text = &file.text;
    let start = file.lines.range(first, text).start;
    let end = file.lines.range(last, text).end;
    // Where text is only taken away, the line that it leads to would show nothing: the line as
    // it is shows what goes.
    let only_removes = edits.iter().all(|edit| edit.text.is_empty());
    let mut chars = Vec::new();
    let mut push = |part: &str, mark: Mark| {
        chars.extend(shown::mask(part).chars().map(|ch| (ch, mark)));
    };
    let mut from = start;
    for edit in edits {
        let range = edit.span.range();
        let (Some(before), Some(old)) = (text.get(from..range.start), text.get(range.clone()))
        else {
            continue;
        };
        push(before, Mark::Same);
        from = range.end;
        let new = edit.text.as_str();
        if only_removes {
            push(old, Mark::Removed);
        } else if old.is_empty() {
            push(new, Mark::Added);
        } else if let Some(rest) = new.strip_prefix(old) {
            push(old, Mark::Same);
            push(rest, Mark::Added);
        } else if let Some(rest) = new.strip_suffix(old) {
            push(rest, Mark::Added);
            push(old, Mark::Same);
        } else {
            push(new, Mark::Replaced);
        }
    }
    push(text.get(from..end).unwrap_or(""), Mark::Same);
    let mut lines: Vec<Vec<(char, Mark)>> = chars
        .split(|(ch, _)| *ch == '\n')
        .map(|line| line.iter().filter(|(ch, _)| *ch != '\r').copied().collect())
        .collect();
    if lines.len() > 1 && lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    Place {
        file: id,
        line: first + 1,
        lines,
    }
}
