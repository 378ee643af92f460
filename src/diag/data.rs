//! Wording of what is wrong with data given to a run (`E06xx`).

use super::{Code, Diagnostic};
use crate::text::Span;

/// `1`, `1 and 2`, `1, 2 and 3`.
pub fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(T::to_string).collect();
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// `[1, 28, 28, 1]`
pub fn shape<T: ToString>(sizes: &[T]) -> String {
    let sizes: Vec<_> = sizes.iter().map(T::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

/// Bytes for a person, in powers of 1024: `3.7 GiB`.
pub fn bytes(count: u128) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} bytes");
    }
    let mut amount = count as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while amount >= 1023.95 {
        let Some(larger) = units.next() else {
            return format!("more than 1024 {}", UNITS[UNITS.len() - 1]);
        };
        amount /= 1024.0;
        unit = Some(larger);
    }
    format!("{amount:.1} {}", unit.unwrap_or(&""))
}

/// `E0601`: nothing is given for an input.
pub fn missing(name: &str, takes: &str, span: Span, only: bool) -> Diagnostic {
    let option = match only {
        true => "-i FILE".to_owned(),
        false => format!("-i {name}=FILE"),
    };
    Diagnostic::new(
        Code::E0601,
        span,
        format!("the input `{name}` is not given"),
    )
    .here(format!("it takes {takes}"))
    .note(format!(
        "give it with `{option}`, or make one up: `-i {name}=random`"
    ))
}

/// `E0602`: a name that is no input's. `known` are the inputs.
pub fn unknown(name: &str, known: &[&str], model: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0602,
        span,
        format!("`{model}` has no input `{name}`"),
    );
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let diagnostic = match names.as_slice() {
        [] => diagnostic.here("it takes no input"),
        [only] => diagnostic.here(format!("its input is {only}")),
        names => diagnostic.here(format!("its inputs are {}", list(names))),
    };
    match super::suggest::closest(name, known.iter().copied()) {
        Some(near) if known.len() > 1 => diagnostic.note(format!("did you mean `{near}`?")),
        _ => diagnostic,
    }
}

/// Data whose shape is not the one that an input takes.
#[derive(Debug)]
pub struct WrongShape<'a> {
    /// The input.
    pub input: &'a str,
    /// Where its shape is written.
    pub span: Span,
    /// What the data is called in a sentence: a file's name in backticks, or "the literal".
    pub source: &'a str,
    /// The sizes that the input takes, as written in a program.
    pub takes: &'a [String],
    /// The sizes that the data has.
    pub found: &'a [usize],
    /// The axes that do not fit; none when the number of axes is wrong.
    pub axes: &'a [usize],
}

/// `E0603`: data of the wrong shape, with both shapes one above the other.
pub fn wrong_shape(wrong: &WrongShape) -> Diagnostic {
    let found: Vec<_> = wrong.found.iter().map(usize::to_string).collect();
    let message = if wrong.takes.len() != found.len() {
        format!(
            "`{}` takes {}, and {} has {}",
            wrong.input,
            axes(wrong.takes.len()),
            wrong.source,
            axes(found.len())
        )
    } else {
        let differ = match wrong.axes {
            [axis] => format!(
                "axis {axis} is {}, not {}",
                found[*axis], wrong.takes[*axis]
            ),
            several => format!("axes {} differ", list(several)),
        };
        format!(
            "{} does not fit the input `{}`: {differ}",
            wrong.source, wrong.input,
        )
    };
    Diagnostic::new(Code::E0603, wrong.span, message)
        .here(format!("{} is {}", wrong.source, shape(&found)))
        .note(aligned(wrong, &found))
}

/// `no axis`, `1 axis`, `2 axes`.
fn axes(count: usize) -> String {
    match count {
        0 => "no axis".into(),
        1 => "1 axis".into(),
        count => format!("{count} axes"),
    }
}

/// Both shapes in two lines, size above size, with marks below those that differ.
fn aligned(wrong: &WrongShape, found: &[String]) -> String {
    let takes = format!("`{}` takes", wrong.input);
    let is = format!("{} is", wrong.source);
    let head = takes.chars().count().max(is.chars().count());
    let same_rank = wrong.takes.len() == found.len();
    let width = |at: usize| match same_rank {
        true => wrong.takes[at]
            .chars()
            .count()
            .max(found[at].chars().count()),
        false => 0,
    };
    let line = |title: &str, sizes: &[String]| {
        let sizes = sizes.iter().enumerate();
        let sizes: Vec<_> = sizes
            .map(|(at, size)| format!("{size:>width$}", width = width(at)))
            .collect();
        format!("{title:<head$} [{}]", sizes.join(", "))
    };
    let mut lines = vec![line(&takes, wrong.takes), line(&is, found)];
    if same_rank && !wrong.axes.is_empty() {
        let marks: Vec<_> = (0..found.len())
            .map(|at| {
                let mark = if wrong.axes.contains(&at) { "^" } else { " " };
                mark.repeat(width(at))
            })
            .collect();
        let marks = format!("{:head$}  {}", "", marks.join("  "));
        lines.push(marks.trim_end().to_owned());
    }
    lines.join("\n")
}

/// `E0604`: data of another element type. `source` is what the data is called in a sentence.
pub fn wrong_dtype(
    input: &str,
    expected: impl ToString,
    source: &str,
    found: impl ToString,
    span: Span,
) -> Diagnostic {
    let (expected, found) = (expected.to_string(), found.to_string());
    Diagnostic::new(
        Code::E0604,
        span,
        format!("`{input}` takes {expected}, and {source} holds {found}"),
    )
    .here(format!("{source} holds {found}"))
    .note("numbers are converted where that loses nothing; some of these would change")
}

/// `E0606`: sizes that a requirement of the model excludes. `needs` is the requirement, `rule`
/// the layer's rule behind it, `values` the variables: `h is 5`.
pub fn requirement(needs: &str, rule: &str, values: &[String], span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0606,
        span,
        format!("the model needs {needs}, and {}", list(values)),
    )
    .here("this layer needs it")
    .note(rule)
}

/// `E0606`: a layer that refuses its sizes. `numbers` says what disagrees, `rule` the layer's
/// rule, `values` the variables: `h is 5`.
pub fn refused(
    layer: &str,
    numbers: &str,
    rule: Option<&str>,
    values: &[String],
    span: Span,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(
        Code::E0606,
        span,
        format!("`{layer}` does not allow these sizes: {numbers}"),
    );
    if let Some(rule) = rule {
        diagnostic = diagnostic.note(rule);
    }
    match values {
        [] => diagnostic,
        values => diagnostic.note(format!("in this run {}", list(values))),
    }
}

/// `E0607`: a parameter of the model without a value.
pub fn unset(name: &str, model: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0607,
        span,
        format!("`{model}` needs a value for `{name}` to run"),
    )
    .here("it has no default")
    .note(format!("set it with `--set {name}=VALUE`"))
}

/// `E0608`: more memory than there is. `largest` are the largest tensors with shape and bytes.
pub fn memory(
    model: &str,
    needed: u128,
    limit: u64,
    largest: &[(&str, &[usize], u128)],
    span: Span,
) -> Diagnostic {
    let message = format!(
        "`{model}` needs {}, and {} may be used",
        bytes(needed),
        bytes(u128::from(limit))
    );
    let largest: Vec<_> = largest
        .iter()
        .map(|(name, sizes, size)| format!("`{name}` {} ({})", shape(sizes), bytes(*size)))
        .collect();
    Diagnostic::new(Code::E0608, span, message)
        .here("this model")
        .note(format!("the largest tensors are {}", list(&largest)))
        .note("smaller sizes need less, and so do smaller batches (`--batch`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_bytes_for_a_person() {
        let cases = [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (17_179_869_184, "16.0 GiB"),
            (u128::MAX, "more than 1024 EiB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn lists_for_a_person() {
        assert_eq!(list(&[1]), "1");
        assert_eq!(list(&[1, 2]), "1 and 2");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
