//! The summary as a table that fits a terminal.

use unicode_width::UnicodeWidthStr;

use super::{Row, Seen, Summary};
use crate::shape::{Dim, Shape};
use crate::view::number;
use crate::view::paint::{BAD, DIM, NAME, NUMBER, Paint, STRONG, TITLE};

/// Spaces between columns.
const GAP: usize = 2;
/// What stands for a number that is not known.
const UNKNOWN: &str = "?";

struct Column {
    title: &'static str,
    right: bool,
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        self.cells
            .iter()
            .map(|cell| cell.width())
            .chain([self.title.width()])
            .max()
            .unwrap_or(0)
    }
}

impl Summary {
    /// The table, its totals below. Columns that do not fit `width` are left out, the least
    /// telling first.
    pub fn render(&self, width: usize, paint: Paint) -> String {
        let (tree, groups) = tree(&self.rows);
        let mut columns = self.columns(&tree, &groups);
        for drop in ["Memory", "Sees", "MACs"] {
            if total(&columns) > width {
                columns.retain(|column| column.title != drop);
            }
        }
        if let Some(over) = total(&columns).checked_sub(width).filter(|over| *over > 0) {
            let result = columns[1].width();
            shrink(&mut columns[1], result.saturating_sub(over).max(12));
            let layer = columns[0].width();
            let over = total(&columns).saturating_sub(width);
            shrink(&mut columns[0], layer.saturating_sub(over).max(12));
        }
        let widths: Vec<usize> = columns.iter().map(Column::width).collect();
        let mut out = self.title(paint);
        out.push('\n');
        let titles: Vec<String> = columns.iter().map(|column| column.title.into()).collect();
        line(&mut out, &columns, &widths, &titles, |_, cell| {
            paint.on(TITLE, cell)
        });
        out.push_str(&paint.on(DIM, "─".repeat(total(&columns))));
        out.push('\n');
        for at in 0..tree.len() {
            let cells: Vec<String> = columns
                .iter()
                .map(|column| column.cells[at].clone())
                .collect();
            line(
                &mut out,
                &columns,
                &widths,
                &cells,
                |column, cell| match column {
                    "Layer" => layer_cell(cell, paint),
                    "Result" => cell.to_owned(),
                    "Parameters" if cell.trim() != "·" => paint.on(NUMBER, cell),
                    _ => paint.on(DIM, cell),
                },
            );
        }
        if let Some(stop) = &self.stopped {
            let text = format!("✗ line {}: {}", stop.line, stop.message);
            let text: String = text.chars().take(width).collect();
            out.push_str(&paint.on(BAD, text));
            out.push('\n');
        }
        out.push_str(&paint.on(DIM, "─".repeat(total(&columns))));
        out.push('\n');
        out.push_str(&self.totals(width));
        out
    }

    fn title(&self, paint: Paint) -> String {
        let list = |values: &[(crate::text::Name, Option<Shape>)]| {
            values
                .iter()
                .map(|(name, shape)| match shape {
                    Some(shape) => format!("{name} {shape}"),
                    None => format!("{name} {UNKNOWN}"),
                })
                .collect::<Vec<_>>()
                .join(", ")
        };
        format!(
            "{}  {} → {}\n",
            paint.on(STRONG, &self.name),
            list(&self.inputs),
            list(&self.outputs)
        )
    }

    fn totals(&self, width: usize) -> String {
        let mut parts = Vec::new();
        if let Some(parameters) = &self.parameters {
            let so_far = if self.stopped.is_some() {
                " so far"
            } else {
                ""
            };
            let mut text = format!("{} parameters{so_far}", number::size(parameters));
            if let Ok(bytes) = parameters.times(4)
                && !parameters.is_const(0)
            {
                text += &format!(" ({})", number::bytes(&bytes));
            }
            parts.push(text);
        }
        if let Some(buffers) = self.buffers.as_ref().filter(|buffers| !buffers.is_const(0)) {
            parts.push(format!("{} buffers", number::size(buffers)));
        }
        if let Some(macs) = &self.macs {
            parts.push(format!("{} MACs", number::size(macs)));
        }
        if !self.requirements.is_empty() {
            parts.push(format!("needs {}", self.requirements.join(", ")));
        }
        let mut out = String::new();
        let mut column = 0;
        for part in parts {
            let wide = part.width();
            if column > 0 && column + 3 + wide > width {
                out.push('\n');
                column = 0;
            }
            if column > 0 {
                out.push_str(" · ");
                column += 3;
            }
            out.push_str(&part);
            column += wide;
        }
        out.push('\n');
        out
    }

    fn columns(&self, tree: &[String], groups: &[Option<usize>]) -> Vec<Column> {
        let column = |title, right, cell: &dyn Fn(&Row) -> String| Column {
            title,
            right,
            cells: groups
                .iter()
                .map(|row| row.map_or(String::new(), |at| cell(&self.rows[at])))
                .collect(),
        };
        let dim = |dim: &Option<Dim>, write: fn(&Dim) -> String| match dim {
            Some(dim) if dim.is_const(0) => "·".to_owned(),
            Some(dim) => write(dim),
            None => UNKNOWN.into(),
        };
        let mut columns = vec![
            Column {
                title: "Layer",
                right: false,
                cells: tree.to_vec(),
            },
            column("Result", false, &|row| row.shape.to_string()),
            column("Parameters", true, &|row| {
                if row.reused {
                    "shared".into()
                } else {
                    dim(&row.parameters, number::size)
                }
            }),
            column("MACs", true, &|row| dim(&row.macs, number::short)),
            column("Memory", true, &|row| dim(&row.bytes, number::bytes)),
        ];
        let windows = |row: &Row| matches!(row.seen, Seen::Window(_));
        if self.rows.iter().any(windows) {
            columns.push(column("Sees", true, &|row| seen(&row.seen)));
        }
        columns
    }
}

fn seen(seen: &Seen) -> String {
    match seen {
        Seen::Nothing => "·".into(),
        Seen::Point => "1".into(),
        Seen::Window(sizes) => sizes.iter().map(number::size).collect::<Vec<_>>().join("×"),
        Seen::Whole => "all".into(),
        Seen::Unknown => UNKNOWN.into(),
    }
}

fn total(columns: &[Column]) -> usize {
    columns.iter().map(Column::width).sum::<usize>() + GAP * (columns.len() - 1)
}

/// Cuts what is wider than `width`.
fn shrink(column: &mut Column, width: usize) {
    use unicode_width::UnicodeWidthChar;
    for cell in &mut column.cells {
        if cell.width() > width {
            let mut used = 0;
            let kept: String = cell
                .chars()
                .take_while(|ch| {
                    used += ch.width().unwrap_or(0);
                    used < width
                })
                .collect();
            *cell = kept + "…";
        }
    }
}

fn line(
    out: &mut String,
    columns: &[Column],
    widths: &[usize],
    cells: &[String],
    draw: impl Fn(&str, &str) -> String,
) {
    let mut text = String::new();
    for ((column, width), cell) in columns.iter().zip(widths).zip(cells) {
        if !text.is_empty() {
            text.extend(std::iter::repeat_n(' ', GAP));
        }
        let space = " ".repeat(width - cell.width());
        let drawn = draw(column.title, cell);
        if column.right {
            text.push_str(&space);
            text.push_str(&drawn);
        } else {
            text.push_str(&drawn);
            text.push_str(&space);
        }
    }
    out.push_str(text.trim_end());
    out.push('\n');
}

/// The glyphs of the tree dim, a label in colour.
fn layer_cell(cell: &str, paint: Paint) -> String {
    let start = cell
        .find(|ch: char| !matches!(ch, '│' | '├' | '└' | '╴' | ' '))
        .unwrap_or(cell.len());
    let (glyphs, text) = cell.split_at(start);
    let drawn = match text.split_once(": ") {
        Some((label, kind)) => format!("{}: {kind}", paint.on(NAME, label)),
        None => text.to_owned(),
    };
    paint.on(DIM, glyphs) + &drawn
}

/// The parts of a path; the turn of a repeat stays with the repeat's name.
fn parts(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.split('.') {
        match parts.last_mut() {
            Some(last) if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                last.push('.');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// The first column's lines, and the row that each shows; `None` for the name of a block.
fn tree(rows: &[Row]) -> (Vec<String>, Vec<Option<usize>>) {
    let paths: Vec<Vec<String>> = rows.iter().map(|row| parts(&row.path)).collect();
    let mut lines: Vec<(usize, String, Option<usize>)> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let groups = &path[..path.len() - 1];
        let common = open.iter().zip(groups).take_while(|(a, b)| a == b).count();
        open.truncate(common);
        for group in &groups[common..] {
            lines.push((open.len(), group.clone(), None));
            open.push(group.clone());
        }
        let row = &rows[at];
        let leaf = &path[path.len() - 1];
        let text = if row.labelled {
            format!("{leaf}: {}", row.kind)
        } else {
            row.kind.to_owned()
        };
        lines.push((open.len(), text, Some(at)));
    }
    // Whether another line of the same depth follows before a shallower one.
    let goes_on = |from: usize, depth: usize| {
        lines[from + 1..]
            .iter()
            .take_while(|(other, ..)| *other >= depth)
            .any(|(other, ..)| *other == depth)
    };
    let drawn = lines
        .iter()
        .enumerate()
        .map(|(at, (depth, text, _))| {
            let mut line = String::new();
            for level in 1..=*depth {
                line.push_str(match (level == *depth, goes_on(at, level)) {
                    (true, true) => "├ ",
                    (true, false) => "└ ",
                    (false, true) => "│ ",
                    (false, false) => "  ",
                });
            }
            line + text
        })
        .collect();
    (drawn, lines.into_iter().map(|(.., row)| row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str, kind: &'static str, labelled: bool) -> Row {
        Row {
            path: path.into(),
            labelled,
            kind,
            line: 1,
            shape: Shape(vec![Dim::var("N"), Dim::constant(28)]),
            parameters: Some(Dim::constant(1000)),
            reused: false,
            macs: Dim::var("N").times(86_400).ok(),
            bytes: Dim::var("N").times(4096).ok(),
            seen: Seen::Window(vec![Dim::constant(5), Dim::constant(5)]),
        }
    }

    fn summary() -> Summary {
        Summary {
            name: "Net".into(),
            inputs: vec![("x".into(), Some(Shape(vec![Dim::var("N")])))],
            outputs: vec![("y".into(), None)],
            rows: vec![
                row("down.conv1", "Conv", true),
                row("down.relu_1", "ReLU", false),
                row("maxpool_1", "MaxPool", false),
                row("stack.0.conv1", "Conv", true),
                row("stack.1.conv1", "Conv", true),
            ],
            parameters: Some(Dim::constant(5000)),
            buffers: Some(Dim::constant(0)),
            macs: None,
            requirements: vec!["h >= 7".into()],
            stopped: None,
        }
    }

    #[test]
    fn draws_the_tree_and_the_numbers() {
        let text = summary().render(100, Paint(false));
        assert_eq!(
            text,
            "\
Net  x [N] → y ?

Layer          Result   Parameters      MACs      Memory  Sees
──────────────────────────────────────────────────────────────
down
├ conv1: Conv  [N, 28]       1,000  86.4 k·N  4.00 KiB·N   5×5
└ ReLU         [N, 28]       1,000  86.4 k·N  4.00 KiB·N   5×5
MaxPool        [N, 28]       1,000  86.4 k·N  4.00 KiB·N   5×5
stack.0
└ conv1: Conv  [N, 28]       1,000  86.4 k·N  4.00 KiB·N   5×5
stack.1
└ conv1: Conv  [N, 28]       1,000  86.4 k·N  4.00 KiB·N   5×5
──────────────────────────────────────────────────────────────
5,000 parameters (19.5 KiB) · needs h >= 7
"
        );
    }

    #[test]
    fn fits_every_width() {
        for width in [0, 10, 30, 40, 55, 62, 80] {
            let text = summary().render(width, Paint(false));
            let table = text.lines().skip(2).take(8);
            let widest = table.map(UnicodeWidthStr::width).max().expect("lines");
            assert!(widest <= width.max(38), "{width}\n{text}");
        }
    }
}
