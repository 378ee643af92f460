//! Tensors as numbers: in full with aligned columns, or by their statistics.

use unicode_width::UnicodeWidthStr;

use super::{Look, pad_left};
use crate::tensor::Tensor;
use crate::view::number;
use crate::view::paint::{BAD, DIM, Paint};

/// Bars of a histogram.
const BINS: usize = 24;

/// What there is to say about many numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// How many there are.
    pub count: usize,
    /// The least finite one; NaN when there is none.
    pub min: f64,
    /// The greatest finite one; NaN when there is none.
    pub max: f64,
    /// The mean of the finite ones; NaN when there is none.
    pub mean: f64,
    /// Their standard deviation (of the whole, not of a sample).
    pub std: f64,
    /// How many are 0.
    pub zeros: usize,
    /// How many are NaN.
    pub nan: usize,
    /// How many are infinite.
    pub infinite: usize,
}

/// The elements as `f64`.
fn elements(tensor: &Tensor) -> Box<dyn Iterator<Item = f64> + '_> {
    match tensor {
        Tensor::F32(array) => Box::new(array.iter().map(|value| f64::from(*value))),
        Tensor::I64(array) => Box::new(array.iter().map(|value| *value as f64)),
    }
}

impl Statistics {
    /// The statistics of `tensor`.
    pub fn of(tensor: &Tensor) -> Statistics {
        let mut all = Statistics {
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            std: 0.0,
            zeros: 0,
            nan: 0,
            infinite: 0,
        };
        // Welford's update: one pass, and no cancellation.
        let (mut finite, mut squares) = (0.0, 0.0);
        for value in elements(tensor) {
            all.count += 1;
            all.zeros += usize::from(value == 0.0);
            if value.is_nan() {
                all.nan += 1;
            } else if value.is_infinite() {
                all.infinite += 1;
            } else {
                all.min = all.min.min(value);
                all.max = all.max.max(value);
                finite += 1.0;
                let delta = value - all.mean;
                all.mean += delta / finite;
                squares += delta * (value - all.mean);
            }
        }
        if finite == 0.0 {
            (all.min, all.max, all.mean, all.std) = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
        } else {
            all.std = (squares / finite).sqrt();
        }
        all
    }
}

/// How numbers of one tensor are written, all alike.
#[derive(Clone, Copy)]
enum Style {
    Whole,
    Fixed(usize),
    Scientific,
}

impl Style {
    fn of(tensor: &Tensor) -> Style {
        let finite = || elements(tensor).filter(|value| value.is_finite() && *value != 0.0);
        let largest = finite().fold(0.0, |most: f64, value| most.max(value.abs()));
        let smallest = finite().fold(f64::INFINITY, |least: f64, value| least.min(value.abs()));
        if largest < 1e15 && finite().all(|value| value.fract() == 0.0) {
            Style::Whole
        } else if !(1e-3..1e6).contains(&largest) || largest / smallest > 1e9 {
            Style::Scientific
        } else {
            let digits = if largest >= 1000.0 {
                1
            } else if largest >= 100.0 {
                2
            } else {
                4
            };
            Style::Fixed(digits)
        }
    }

    fn write(self, value: f64) -> String {
        if value.is_nan() {
            return "NaN".into();
        }
        if value.is_infinite() {
            return if value > 0.0 { "∞" } else { "-∞" }.into();
        }
        match self {
            Style::Whole => format!("{value:.0}"),
            Style::Fixed(digits) => format!("{value:.digits$}"),
            Style::Scientific => format!("{value:.3e}"),
        }
    }
}

fn cells(tensor: &Tensor) -> Vec<String> {
    match tensor {
        Tensor::I64(array) => array.iter().map(i64::to_string).collect(),
        Tensor::F32(_) => {
            let style = Style::of(tensor);
            elements(tensor).map(|value| style.write(value)).collect()
        }
    }
}

/// Whether a row of the last axis fits `width` columns.
pub(super) fn fits(tensor: &Tensor, width: usize) -> bool {
    let cells = cells(tensor);
    let wide = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
    let columns = tensor.shape().last().copied().unwrap_or(1);
    columns <= 16 && 2 + columns * (wide + 2) <= width
}

/// Every element: a line for each row of the last axis, an empty one between matrices.
pub(super) fn full(tensor: &Tensor, look: Look) -> String {
    let cells = cells(tensor);
    let wide = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
    let shape = tensor.shape();
    let columns = shape.last().copied().unwrap_or(1);
    let rows = match shape {
        [.., rows, _] => *rows,
        _ => 1,
    };
    let mut out = String::new();
    for (at, row) in cells.chunks(columns.max(1)).enumerate() {
        if at > 0 && at % rows == 0 {
            out.push('\n');
        }
        for cell in row {
            let text = pad_left(cell, wide + 1);
            out.push(' ');
            if matches!(cell.as_str(), "NaN" | "∞" | "-∞") {
                out += &look.paint.on(BAD, text);
            } else if matches!(cell.as_str(), "0" | "0.0000") {
                out += &look.paint.on(DIM, text);
            } else {
                out += &text;
            }
        }
        out.push('\n');
    }
    out
}

/// Least, greatest, mean, deviation, zeros, what is no number, and how the values lie.
pub(super) fn described(tensor: &Tensor, look: Look) -> String {
    let all = Statistics::of(tensor);
    let paint = look.paint;
    let short = |value: f64| {
        if value == 0.0 || (1e-3..1e6).contains(&value.abs()) {
            let digits = if value.fract() == 0.0 { 0 } else { 4 };
            format!("{value:.digits$}")
        } else {
            format!("{value:.3e}")
        }
    };
    let mut parts = Vec::new();
    if all.count > all.nan + all.infinite {
        for (name, value) in [
            ("min", all.min),
            ("max", all.max),
            ("mean", all.mean),
            ("std", all.std),
        ] {
            parts.push(format!("{} {}", paint.on(DIM, name), short(value)));
        }
    }
    let share = |count: usize| {
        let percent = 100.0 * count as f64 / all.count as f64;
        match percent {
            p if p < 0.05 => number::grouped(count as i128),
            p => format!("{p:.1} %"),
        }
    };
    if all.zeros > 0 {
        parts.push(format!("{} {}", paint.on(DIM, "zeros"), share(all.zeros)));
    }
    for (name, count) in [("NaN", all.nan), ("infinite", all.infinite)] {
        if count > 0 {
            parts.push(paint.on(BAD, format!("{name} {}", share(count))));
        }
    }
    let mut out = format!("  {}\n", parts.join("  "));
    if all.max > all.min {
        out += &histogram(tensor, &all, paint);
    }
    out
}

fn histogram(tensor: &Tensor, all: &Statistics, paint: Paint) -> String {
    const BLOCKS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let mut bins = [0usize; BINS];
    let scale = BINS as f64 / (all.max - all.min);
    for value in elements(tensor).filter(|value| value.is_finite()) {
        bins[(((value - all.min) * scale) as usize).min(BINS - 1)] += 1;
    }
    let most = bins.iter().copied().max().unwrap_or(1).max(1);
    let bars: String = bins
        .iter()
        .map(|count| BLOCKS[(count * 8).div_ceil(most)])
        .collect();
    format!("  {}\n", paint.on(DIM, format!("▕{bars}▏")))
}
