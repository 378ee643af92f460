//! Results of a run for a person: classes as bars, small tensors in full, large ones described.

use unicode_width::UnicodeWidthStr;

use super::number;
use super::paint::{DIM, Paint, STRONG, TITLE};
use crate::tensor::Tensor;

mod bars;
mod numbers;

pub use bars::bar;
pub use numbers::Statistics;

/// Elements of the largest tensor that is shown in full.
const FULL: usize = 128;

/// How to show results.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns; `usize::MAX` without a terminal.
    pub width: usize,
    /// Colours.
    pub paint: Paint,
    /// Classes of a row at most.
    pub top: usize,
}

/// A result with what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its numbers.
    pub tensor: &'a Tensor,
    /// Names for the last axis.
    pub labels: Option<&'a [String]>,
    /// Names for axis 0: the files of a batch of pictures.
    pub rows: &'a [String],
}

/// `shown` as text, its name and shape first.
pub fn render(shown: &Shown, look: Look) -> String {
    let shape: Vec<String> = shown.tensor.shape().iter().map(usize::to_string).collect();
    let mut head = format!(
        "{} {}",
        look.paint.on(STRONG, shown.name),
        look.paint.on(DIM, format!("[{}]", shape.join(", ")))
    );
    if shown.tensor.as_i64().is_some() {
        head += &look.paint.on(DIM, " i64");
    }
    let body = if let Some(text) = bars::render(shown, look) {
        text
    } else if shown.tensor.is_empty() {
        "  no elements\n".into()
    } else if shown.tensor.shape().is_empty() {
        return format!("{head}  {}\n", numbers::full(shown.tensor, look).trim());
    } else if shown.tensor.len() <= FULL && numbers::fits(shown.tensor, look.width) {
        numbers::full(shown.tensor, look)
    } else {
        numbers::described(shown.tensor, look)
    };
    format!("{head}\n{body}")
}

/// The `top` largest entries of each row of the last axis, with their labels, best first.
pub fn ranked(row: &[f32], top: usize) -> Vec<(usize, f32)> {
    let mut order: Vec<(usize, f32)> = row.iter().copied().enumerate().collect();
    // NaN is no answer: it comes last.
    order.sort_by(|a, b| {
        let key = |value: f32| {
            if value.is_nan() {
                f32::NEG_INFINITY
            } else {
                value
            }
        };
        key(b.1).total_cmp(&key(a.1)).then(a.0.cmp(&b.0))
    });
    order.truncate(top);
    order
}

/// Pads `text` to `width` columns on the right.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Pads `text` to `width` columns on the left.
fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// `text` cut to `width` columns.
fn cut(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    // A label may come from a file: what would move the cursor is not printed.
    let text: String = text
        .chars()
        .map(|ch| if ch.is_control() { '?' } else { ch })
        .collect();
    if text.width() <= width {
        return text;
    }
    let mut used = 0;
    let kept: String = text
        .chars()
        .take_while(|ch| {
            used += ch.width().unwrap_or(0);
            used < width
        })
        .collect();
    kept + "…"
}

/// A heading above one of several tables.
fn heading(text: &str, paint: Paint) -> String {
    format!("  {}\n", paint.on(TITLE, text))
}

/// "… 1,024 more".
fn more(count: usize, what: &str, paint: Paint) -> String {
    paint.on(
        DIM,
        format!("… {} more{what}", number::grouped(count as i128)),
    )
}

#[cfg(test)]
mod tests;
