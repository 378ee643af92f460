//! The time that each step of a run takes, as a table.

use std::time::Duration;

use serde_json::{Value as Json, json};
use unicode_width::UnicodeWidthStr;

use super::number;
use super::paint::{DIM, GOOD, NAME, Paint, TITLE};
use crate::plan::{Action, StepInfo};

/// Columns of the longest bar.
const BAR: usize = 20;
/// Steps that are listed by name; the rest is summed.
const LISTED: usize = 400;

/// The steps in the order in which they run; those that do nothing are left out.
pub fn table(steps: &[(StepInfo, Duration)], width: usize, paint: Paint) -> String {
    let working: Vec<_> = steps
        .iter()
        .filter(|(step, _)| step.action != Action::Show)
        .collect();
    let total: f64 = working.iter().map(|(_, time)| time.as_secs_f64()).sum();
    let longest = working
        .iter()
        .map(|(_, time)| time.as_secs_f64())
        .fold(0.0, f64::max);
    let mut rows: Vec<[String; 6]> = Vec::new();
    for (step, time) in working.iter().take(LISTED) {
        let seconds = time.as_secs_f64();
        let shape = step.outputs.first().map_or(String::new(), |ty| {
            let sizes: Vec<String> = ty.shape.iter().map(usize::to_string).collect();
            format!("[{}]", sizes.join(", "))
        });
        let rate = match step.macs {
            Some(macs) if macs > 0 && seconds > 0.0 => format!("{:.1}", flops(macs, seconds) / 1e9),
            _ => "·".into(),
        };
        let share = if total > 0.0 { seconds / total } else { 0.0 };
        let bar = if longest > 0.0 {
            seconds / longest
        } else {
            0.0
        };
        rows.push([
            step.name.to_string(),
            shape,
            number::seconds(seconds),
            format!("{:.1} %", 100.0 * share),
            rate,
            super::values::bar(bar, BAR),
        ]);
    }
    let titles = ["Step", "Result", "Time", "Share", "GFLOP/s", ""];
    let mut columns: Vec<usize> = (0..titles.len()).collect();
    let widths: Vec<usize> = columns
        .iter()
        .map(|at| {
            let cells = rows.iter().map(|row| row[*at].width());
            cells.chain([titles[*at].width()]).max().unwrap_or(0)
        })
        .collect();
    for drop in [5, 1, 4] {
        let needed = columns.iter().map(|at| widths[*at] + 2).sum::<usize>() - 2;
        if needed > width {
            columns.retain(|at| *at != drop);
        }
    }
    let mut out = String::new();
    let mut line = |cells: &[String; 6], style: &dyn Fn(usize, &str) -> String| {
        let mut text = String::new();
        for at in &columns {
            if !text.is_empty() {
                text.push_str("  ");
            }
            let space = " ".repeat(widths[*at].saturating_sub(cells[*at].width()));
            let cell = style(*at, &cells[*at]);
            text += &if matches!(at, 2..=4) {
                space + &cell
            } else {
                cell + &space
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&titles.map(String::from), &|_, cell| paint.on(TITLE, cell));
    for row in &rows {
        line(row, &|at, cell| match at {
            0 => paint.on(NAME, cell),
            1 => paint.on(DIM, cell),
            5 => paint.on(GOOD, cell),
            _ => cell.to_owned(),
        });
    }
    if let Some(more) = working.len().checked_sub(LISTED).filter(|more| *more > 0) {
        out += &paint.on(
            DIM,
            format!("… {} more steps\n", number::grouped(more as i128)),
        );
    }
    out
}

/// Floating-point operations a second: two for each multiply-accumulate.
pub fn flops(macs: u64, seconds: f64) -> f64 {
    2.0 * macs as f64 / seconds
}

/// The steps for a program.
pub fn json(steps: &[(StepInfo, Duration)]) -> Json {
    steps
        .iter()
        .map(|(step, time)| {
            json!({
                "name": &*step.name,
                "kind": step.kind,
                "ms": time.as_secs_f64() * 1e3,
                "macs": step.macs,
                "shape": step.outputs.first().map(|ty| &ty.shape),
            })
        })
        .collect()
}
