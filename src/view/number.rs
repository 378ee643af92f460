//! Numbers as a person reads them.

use crate::shape::Dim;

/// `61706` as `61,706`.
pub fn grouped(number: i128) -> String {
    group(&number.to_string())
}

/// A size with its numbers grouped: `86400*N` as `86,400·N`.
pub fn size(dim: &Dim) -> String {
    group(&dim.to_string()).replace("**", "^").replace('*', "·")
}

/// A count in three digits and a unit: `1.81 G`; symbolic factors follow: `86.4 k·N`.
pub fn short(dim: &Dim) -> String {
    factored(dim, |number| {
        scaled(number, 1000.0, &["", " k", " M", " G", " T", " P"])
    })
}

/// Bytes in three digits and a unit: `4.5 KiB`; symbolic factors follow.
pub fn bytes(dim: &Dim) -> String {
    factored(dim, |number| {
        scaled(
            number,
            1024.0,
            &[" B", " KiB", " MiB", " GiB", " TiB", " PiB"],
        )
    })
}

/// The text of `dim`, its only numeric factor written by `write`; a sum has no such factor and is
/// written as it is.
fn factored(dim: &Dim, write: impl Fn(i128) -> String) -> String {
    if let Some(number) = dim.as_const() {
        return write(number);
    }
    let text = dim.to_string();
    let depth_zero_sum = {
        let mut depth = 0;
        text.chars().any(|ch| {
            match ch {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0 && matches!(ch, '+' | '-' | '%' | '/')
        })
    };
    if depth_zero_sum {
        return size(dim);
    }
    let digits = text.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(0);
    match text[..digits].parse() {
        Ok(number) => {
            let rest = group(&text[digits..]).replace("**", "^").replace('*', "·");
            write(number) + &rest
        }
        Err(_) => {
            let unit = write(1);
            let rest = size(dim);
            match unit.strip_prefix('1') {
                Some("") | None => rest,
                Some(_) => format!("{unit}·{rest}"),
            }
        }
    }
}

fn scaled(number: i128, step: f64, units: &[&str]) -> String {
    let mut value = number as f64;
    let mut unit = 0;
    while value.abs() >= step - 0.5 && unit + 1 < units.len() {
        value /= step;
        unit += 1;
    }
    let digits = match (unit, value.abs()) {
        (0, _) => 0,
        (_, size) if size < 9.995 => 2,
        (_, size) if size < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}{}", units[unit])
}

/// Puts commas between groups of three in every run of digits that is a number of its own.
fn group(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    let mut rest = text;
    let mut in_name = false;
    while let Some(ch) = rest.chars().next() {
        if ch.is_ascii_digit() && !in_name {
            let end = rest
                .find(|ch: char| !ch.is_ascii_digit())
                .unwrap_or(rest.len());
            for (at, digit) in rest[..end].char_indices() {
                if at > 0 && (end - at) % 3 == 0 {
                    out.push(',');
                }
                out.push(digit);
            }
            rest = &rest[end..];
        } else {
            in_name = ch.is_alphanumeric() || ch == '_';
            out.push(ch);
            rest = &rest[ch.len_utf8()..];
        }
    }
    out
}

/// Seconds with a fitting unit: `93 µs`, `1.24 ms`, `3.10 s`.
pub fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s if s >= 1e-6 => (s * 1e6, "µs"),
        s => (s * 1e9, "ns"),
    };
    let digits = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_numbers_but_not_names() {
        assert_eq!(grouped(61706), "61,706");
        assert_eq!(grouped(-1000), "-1,000");
        assert_eq!(grouped(100), "100");
        assert_eq!(group("12345*h2048 + 1000"), "12,345*h2048 + 1,000");
    }

    #[test]
    fn factors_keep_their_symbols() {
        let n = Dim::var("N");
        let dim = |k: i128| n.times(k).expect("small");
        assert_eq!(short(&dim(86_400)), "86.4 k·N");
        assert_eq!(short(&Dim::constant(1_814_073_344)), "1.81 G");
        assert_eq!(short(&Dim::constant(999)), "999");
        assert_eq!(short(&Dim::constant(999_999)), "1.00 M");
        assert_eq!(bytes(&dim(4608)), "4.50 KiB·N");
        assert_eq!(short(&n), "N");
        assert_eq!(short(&dim(5000).plus(1).expect("small")), "5,000·N + 1");
        assert_eq!(seconds(0.000_093), "93.0 µs");
    }
}
