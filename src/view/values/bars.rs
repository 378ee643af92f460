//! Rows of scores as bar charts.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::{Look, Shown, cut, heading, more, pad, pad_left, ranked};
use crate::view::paint::{DIM, GOOD, STRONG};

/// Columns of the longest bar.
const BAR: usize = 32;
/// Columns of a label at most.
const LABEL: usize = 28;
/// Rows that have a chart each.
const CHARTS: usize = 4;
/// Rows that have a line each.
const LINES: usize = 24;
/// Least and most classes of a row that counts as probabilities without labels.
const CLASSES: std::ops::RangeInclusive<usize> = 2..=100_000;

/// The charts of `shown`, if it is one score for each class: it has labels, or each row is a
/// distribution of probabilities.
pub(super) fn render(shown: &Shown, look: Look) -> Option<String> {
    let values = shown.tensor.as_f32()?;
    let shape = shown.tensor.shape();
    let classes = *shape.last()?;
    if shape.len() == 1 && shown.labels.is_none() && shown.rows.len() == classes {
        return Some(one_a_row(shown, values, look));
    }
    if values.is_empty() || shape.len() > 2 || !CLASSES.contains(&classes) {
        return None;
    }
    let rows: Vec<&[f32]> = values.chunks(classes).collect();
    let probable = rows.iter().all(|row| is_distribution(row));
    if shown.labels.is_none() && !probable {
        return None;
    }
    let chart = Chart {
        shown,
        look,
        probable,
    };
    Some(if rows.len() <= CHARTS {
        chart.charts(&rows)
    } else {
        chart.lines(&rows)
    })
}

/// A batch of single numbers: one beside the name of each row.
fn one_a_row(shown: &Shown, values: &[f32], look: Look) -> String {
    let listed = values.len().min(LINES);
    let names: Vec<String> = (shown.rows[..listed].iter())
        .map(|name| cut(name, 2 * LABEL))
        .collect();
    let wide = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in names.iter().zip(values) {
        out += &format!(
            "  {}  {}\n",
            pad(name, wide),
            pad_left(&format!("{value:.4}"), 8)
        );
    }
    if values.len() > listed {
        out += &format!("  {}\n", more(values.len() - listed, " rows", look.paint));
    }
    out
}

fn is_distribution(row: &[f32]) -> bool {
    let sum: f64 = row.iter().map(|value| f64::from(*value)).sum();
    row.iter().all(|value| (-1e-6..=1.0 + 1e-6).contains(value)) && (sum - 1.0).abs() < 1e-3
}

struct Chart<'a> {
    shown: &'a Shown<'a>,
    look: Look,
    probable: bool,
}

impl Chart<'_> {
    fn label(&self, class: usize) -> String {
        match self.shown.labels.and_then(|labels| labels.get(class)) {
            Some(label) => cut(label, LABEL),
            None => class.to_string(),
        }
    }

    fn row_name(&self, at: usize) -> String {
        match self.shown.rows.get(at) {
            Some(name) => cut(name, 2 * LABEL),
            None => at.to_string(),
        }
    }

    fn score(&self, value: f32) -> String {
        if self.probable {
            match value * 100.0 {
                percent if percent > 0.0 && percent < 0.05 => "< 0.1 %".into(),
                percent => format!("{percent:.1} %"),
            }
        } else {
            format!("{value:.3}")
        }
    }

    /// How full a bar is, between 0 and 1. A row of scores is drawn from its least to its
    /// greatest.
    fn share(&self, value: f32, row: &[f32]) -> f64 {
        if self.probable {
            return f64::from(value);
        }
        let finite = || row.iter().copied().filter(|value| value.is_finite());
        let low = finite().fold(f32::INFINITY, f32::min).min(0.0);
        let high = finite().fold(f32::NEG_INFINITY, f32::max);
        if value.is_finite() && high > low {
            f64::from((value - low) / (high - low))
        } else {
            0.0
        }
    }

    fn charts(&self, rows: &[&[f32]]) -> String {
        let top = self.look.top.max(1);
        let ranks: Vec<_> = rows.iter().map(|row| ranked(row, top)).collect();
        let labels = ranks
            .iter()
            .flatten()
            .map(|(class, _)| self.label(*class).width());
        let wide = labels.max().unwrap_or(0);
        let scores = ranks
            .iter()
            .flatten()
            .map(|(_, value)| self.score(*value).width());
        let score_wide = scores.max().unwrap_or(0);
        let bar_wide = self
            .look
            .width
            .saturating_sub(wide + score_wide + 6)
            .clamp(8, BAR);
        let mut out = String::new();
        let named = rows.len() > 1 || !self.shown.rows.is_empty();
        for (at, (row, rank)) in rows.iter().zip(&ranks).enumerate() {
            if named {
                if at > 0 {
                    out.push('\n');
                }
                out += &heading(&self.row_name(at), self.look.paint);
            }
            for (place, (class, value)) in rank.iter().enumerate() {
                let label = pad(&self.label(*class), wide);
                let score = pad_left(&self.score(*value), score_wide);
                let bar = pad(&bar(self.share(*value, row), bar_wide), bar_wide);
                let paint = self.look.paint;
                if place == 0 {
                    out += &format!(
                        "  {}  {}  {}\n",
                        paint.on(STRONG, label),
                        paint.on(GOOD, bar),
                        paint.on(STRONG, score)
                    );
                } else {
                    out += &format!("  {label}  {}  {score}\n", paint.on(DIM, bar));
                }
            }
            if let Some(left) = row.len().checked_sub(rank.len()).filter(|left| *left > 0) {
                let together = if self.probable {
                    let shown: f32 = rank.iter().map(|(_, value)| value).sum();
                    format!(", {} together", self.score((1.0 - shown).max(0.0)))
                } else {
                    String::new()
                };
                out += &format!("  {}\n", more(left, &together, self.look.paint));
            }
        }
        out
    }

    /// A line a row with its winner; of many rows how often each class won.
    fn lines(&self, rows: &[&[f32]]) -> String {
        let paint = self.look.paint;
        let winners: Vec<(usize, f32)> =
            rows.iter().filter_map(|row| ranked(row, 1).pop()).collect();
        let listed = &winners[..winners.len().min(LINES)];
        let names: Vec<String> = (0..listed.len()).map(|at| self.row_name(at)).collect();
        let name_wide = names.iter().map(|name| name.width()).max().unwrap_or(0);
        let labels = listed.iter().map(|(class, _)| self.label(*class).width());
        let wide = labels.max().unwrap_or(0);
        let scores = listed.iter().map(|(_, value)| self.score(*value).width());
        let score_wide = scores.max().unwrap_or(0);
        let bar_wide = self
            .look
            .width
            .saturating_sub(name_wide + wide + score_wide + 8)
            .clamp(4, BAR / 2);
        let mut out = String::new();
        for ((name, (class, value)), row) in names.iter().zip(listed).zip(rows) {
            out += &format!(
                "  {}  {}  {}  {}\n",
                paint.on(DIM, pad(name, name_wide)),
                paint.on(STRONG, pad(&self.label(*class), wide)),
                paint.on(GOOD, pad(&bar(self.share(*value, row), bar_wide), bar_wide)),
                pad_left(&self.score(*value), score_wide)
            );
        }
        if winners.len() > listed.len() {
            out += &format!(
                "  {}\n\n",
                more(winners.len() - listed.len(), " rows", paint)
            );
            out += &self.tally(&winners);
        }
        out
    }

    fn tally(&self, winners: &[(usize, f32)]) -> String {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for (class, _) in winners {
            *counts.entry(*class).or_default() += 1;
        }
        let mut counts: Vec<(usize, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(class, count)| (std::cmp::Reverse(*count), *class));
        let listed = &counts[..counts.len().min(LINES / 2)];
        let wide = listed
            .iter()
            .map(|(class, _)| self.label(*class).width())
            .max()
            .unwrap_or(0);
        let most = listed.first().map_or(1, |(_, count)| *count);
        let mut out = heading("How often each class won", self.look.paint);
        for (class, count) in listed {
            let share = *count as f64 / most as f64;
            out += &format!(
                "  {}  {}  {count}\n",
                pad(&self.label(*class), wide),
                self.look.paint.on(GOOD, pad(&bar(share, BAR / 2), BAR / 2))
            );
        }
        if counts.len() > listed.len() {
            out += &format!(
                "  {}\n",
                more(counts.len() - listed.len(), " classes", self.look.paint)
            );
        }
        out
    }
}

/// A bar that fills `share` of `width` columns, to an eighth of a column. What is not nothing is
/// never drawn as nothing.
pub fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if share.is_nan() || share <= 0.0 {
        return String::new();
    }
    let eighths = (share.min(1.0) * width as f64 * 8.0).round().max(1.0) as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}
