//! Columns: `->` and comments behind code stand below each other.

use super::wrap::{GAP, Row, WIDTH};

/// Code that is wider than this does not move its neighbours' columns.
const WIDEST: usize = 64;
/// The columns that a person may choose are multiples of this.
const STOP: usize = 4;

/// The lines as text, with `\n` behind each.
pub(super) fn text(rows: &[Row]) -> String {
    let mut lines: Vec<String> = Vec::with_capacity(rows.len());
    let runs = runs(rows);
    for run in &runs {
        let marks: Vec<Option<Mark>> = run.iter().map(arrow).collect();
        let columns = columns(&marks);
        for (row, column) in run.iter().zip(columns) {
            let mut line = " ".repeat(row.indent);
            match (row.arrow, column) {
                (Some(at), Some(column)) => {
                    let code = row.text[..at].trim_end();
                    line.push_str(code);
                    pad(&mut line, column);
                    line.push_str(&row.text[at..]);
                }
                _ => line.push_str(&row.text),
            }
            lines.push(line);
        }
    }
    let mut at = 0;
    for run in &runs {
        let marks: Vec<Option<Mark>> = run
            .iter()
            .zip(&lines[at..])
            .map(|(row, line)| {
                row.comment.as_ref().map(|_| Mark {
                    width: line.chars().count(),
                    length: 0,
                    was: row.stood[1],
                })
            })
            .collect();
        for (row, column) in run.iter().zip(columns(&marks)) {
            if let (Some(comment), Some(column)) = (&row.comment, column) {
                pad(&mut lines[at], column);
                lines[at].push_str(comment);
            }
            at += 1;
        }
    }
    let mut out = String::with_capacity(lines.iter().map(|line| line.len() + 2).sum());
    for (row, line) in rows.iter().zip(&lines) {
        if row.blank {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The rows in runs: what is aligned stands in one, without a blank line, a line of comment, a
/// brace or a statement of several lines between.
fn runs(rows: &[Row]) -> Vec<&[Row]> {
    rows.chunk_by(|above, below| {
        above.plain && below.plain && !below.blank && above.block == below.block
    })
    .collect()
}

/// Something behind code.
struct Mark {
    /// Columns of the code.
    width: usize,
    /// Columns of what stands behind it.
    length: usize,
    /// Where it stood.
    was: Option<usize>,
}

fn arrow(row: &Row) -> Option<Mark> {
    let at = row.arrow?;
    Some(Mark {
        width: row.indent + row.text[..at].trim_end().chars().count(),
        length: row.text[at..].chars().count(),
        was: row.stood[0],
    })
}

fn pad(line: &mut String, column: usize) {
    let width = line.chars().count();
    line.push_str(&" ".repeat(column.saturating_sub(width)));
}

/// The column of each mark of a run. Those that can share one do: the one at which most of them
/// stand already, when it is a multiple of four and clears all of the code; else the least that
/// does. Behind wide code, or where a line would get too long, it is two blanks.
fn columns(marks: &[Option<Mark>]) -> Vec<Option<usize>> {
    let marks = || marks.iter().map(Option::as_ref);
    let narrow = marks().flatten().filter(|mark| mark.width <= WIDEST);
    let least = narrow.map(|mark| mark.width + GAP).max().unwrap_or(0);
    let shares = |mark: &&Mark| mark.width <= WIDEST && least + mark.length <= WIDTH;
    let longest = marks()
        .flatten()
        .filter(shares)
        .map(|mark| mark.length)
        .max();
    let most = WIDTH.saturating_sub(longest.unwrap_or(0)).min(WIDEST);
    let mut stood: Vec<usize> = marks()
        .flatten()
        .filter(shares)
        .filter_map(|mark| mark.was)
        .filter(|column| column.is_multiple_of(STOP) && (least..=most).contains(column))
        .collect();
    stood.sort_unstable();
    let kept = stood.chunk_by(|a, b| a == b).max_by_key(|same| same.len());
    let column = kept.map_or(least, |same| same[0]);
    marks()
        .map(|mark| {
            let mark = mark?;
            Some(match shares(&mark) {
                true => column,
                false => mark.width + GAP,
            })
        })
        .collect()
}
