//! Wording of what is wrong with stored parameters (`E05xx`, `W0106`).

use super::data::{list, shape};
use super::{Code, Diagnostic};
use crate::text::Span;

/// How many names a message spells out.
const SPELLED: usize = 3;

/// `` `a`, `b` and 18 more ``
fn some<T: AsRef<str>>(names: &[T]) -> String {
    let mut spelled: Vec<_> = names
        .iter()
        .take(SPELLED)
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if names.len() > SPELLED {
        spelled.push(format!("{} more", names.len() - SPELLED));
    }
    list(&spelled)
}

/// `E0501`: the tensors of one layer that are not in the file, each with the name that may be
/// meant. `span` is the layer's statement.
pub fn missing(names: &[&str], near: &[(&str, &str)], file: &str, span: Span) -> Diagnostic {
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!("{} {verb} not in `{file}`", some(names));
    let diagnostic = Diagnostic::new(Code::E0501, span, message).here("this layer needs it");
    near.iter().fold(diagnostic, |diagnostic, (name, near)| {
        diagnostic.note(format!("the file has `{near}`: is it `{name}`?"))
    })
}

/// What is likely wrong when no name of a model is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// All names are there behind a prefix.
    Prefix(String),
    /// All names are there without the prefix that was asked for.
    NoPrefix(String),
    /// The names are written as Keras does.
    Keras,
    /// The names are written as Keras does, behind a prefix.
    KerasPrefix(String),
    /// Nothing that shows.
    Unknown,
}

/// `E0501`: of the `wanted` tensors these are `missing` from the file, which has `known`, and one
/// cause explains all of it.
pub fn all_missing(
    missing: &[&str],
    wanted: usize,
    known: &[String],
    file: &str,
    cause: &Cause,
    span: Span,
) -> Diagnostic {
    let message = match (missing.len(), wanted) {
        (1, _) => format!("{} is not in `{file}`", some(missing)),
        (count, wanted) => format!("{count} of {wanted} tensors are not in `{file}`"),
    };
    let diagnostic = Diagnostic::new(Code::E0501, span, message)
        .note(format!("the model needs {}", some(missing)))
        .note(match known {
            [] => "the file holds no tensor".to_owned(),
            known => format!("the file has {}", some(known)),
        });
    match cause {
        Cause::Prefix(prefix) => diagnostic.note(format!(
            "the names begin with `{prefix}` there: `--weights-prefix {prefix}` reads them"
        )),
        Cause::NoPrefix(prefix) => diagnostic.note(format!(
            "the names are there without `{prefix}`: leave out `--weights-prefix`"
        )),
        Cause::Keras => {
            diagnostic.note("the names are Keras's: `--weights-layout keras` reads them")
        }
        Cause::KerasPrefix(prefix) => diagnostic.note(format!(
            "the names are Keras's, and begin with `{prefix}`: \
             `--weights-layout keras --weights-prefix {prefix}` reads them"
        )),
        Cause::Unknown => diagnostic.note(
            "`--weights-map FILE` renames what the file has: `name in the file -> name in the model`",
        ),
    }
}

/// `E0501`: more layers miss tensors than are told one by one.
pub fn more_missing(count: usize, file: &str, span: Span) -> Diagnostic {
    let message = format!("{count} more tensors are not in `{file}`");
    Diagnostic::new(Code::E0501, span, message)
}

/// `E0502`: a tensor of another shape than its layer needs.
pub fn misshapen(
    name: &str,
    expected: &[usize],
    found: &[usize],
    keras: bool,
    file: &str,
    span: Span,
) -> Diagnostic {
    let message = format!(
        "`{name}` is {} in `{file}`, and {} is needed",
        shape(found),
        shape(expected)
    );
    let diagnostic = Diagnostic::new(Code::E0502, span, message)
        .here(format!("this layer needs {}", shape(expected)));
    if keras {
        return diagnostic.note(
            "this is the order of axes of Keras: `--weights-layout keras` reads a file stored so",
        );
    }
    if expected.len() > 1 && expected.iter().rev().eq(found) {
        return diagnostic.note("the axes are in the opposite order: is it transposed?");
    }
    let (needed, held) = (elements(expected), elements(found));
    match needed == held {
        true => diagnostic.note(format!("both have {needed} elements")),
        false => diagnostic,
    }
}

fn elements(sizes: &[usize]) -> u128 {
    let sizes = sizes.iter().map(|size| *size as u128);
    sizes.fold(1, u128::saturating_mul)
}

/// `E0502`: every tensor whose shape shows it is stored as Keras does. `examples` are names with
/// the expected and the found shape.
pub fn keras_layout(examples: &[(&str, &[usize], &[usize])], file: &str, span: Span) -> Diagnostic {
    let message = format!(
        "{} tensors in `{file}` have the order of axes of Keras",
        examples.len()
    );
    let diagnostic = Diagnostic::new(Code::E0502, span, message);
    let spelled = examples.iter().take(SPELLED);
    spelled
        .fold(diagnostic, |diagnostic, (name, expected, found)| {
            diagnostic.note(format!(
                "`{name}` is {}, and {} is needed",
                shape(found),
                shape(expected)
            ))
        })
        .note("`--weights-layout keras` reads a file stored so")
}

/// `E0504`: a tensor whose elements cannot be weights; `why` says so.
pub fn wrong_dtype(name: &str, dtype: &str, why: &str, file: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` has {dtype} elements in `{file}`, and weights are f32");
    Diagnostic::new(Code::E0504, span, message).note(why)
}

/// `W0106`: tensors of the file that no layer takes.
pub fn surplus<T: AsRef<str>>(names: &[T], file: &str, span: Span) -> Diagnostic {
    let message = match names {
        [only] => format!("`{}` in `{file}` is taken by no layer", only.as_ref()),
        names => format!("{} tensors in `{file}` are taken by no layer", names.len()),
    };
    let diagnostic = Diagnostic::new(Code::W0106, span, message);
    match names {
        [_] => diagnostic,
        names => diagnostic.note(format!("they are {}", some(names))),
    }
}

/// `E0505`: a line of a weights map that says nothing; `span` is the part that is wrong.
pub fn map_line(span: Span, why: &str, help: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0505, span, why);
    diagnostic.note(help.unwrap_or(
        "a line is `name in the file -> name in the model`, with `*` for one part of a name, `**` \
         for any, and `$1`, `$2` … for what they stand for",
    ))
}

/// `E0505`: two names of a file that a weights map makes one. `spans` are the patterns that
/// renamed them, `map` is the start of the map.
pub fn map_collision(
    names: [&str; 2],
    becomes: &str,
    spans: [Option<Span>; 2],
    map: Span,
    file: &str,
) -> Diagnostic {
    let [first, second] = names;
    let message = format!("`{first}` and `{second}` of `{file}` both become `{becomes}`");
    let is = |name: &str| format!("`{name}` is renamed here");
    match spans {
        [Some(one), Some(other)] if one != other => Diagnostic::new(Code::E0505, other, message)
            .here(is(second))
            .label(one, is(first)),
        [Some(one), Some(_)] => {
            Diagnostic::new(Code::E0505, one, message).here("both are renamed here")
        }
        [Some(one), None] => Diagnostic::new(Code::E0505, one, message)
            .here(is(first))
            .note(format!("no line matches `{second}`, which keeps its name")),
        [None, Some(other)] => Diagnostic::new(Code::E0505, other, message)
            .here(is(second))
            .note(format!("no line matches `{first}`, which keeps its name")),
        [None, None] => Diagnostic::new(Code::E0505, map, message),
    }
}

/// `W0107`: a line of a weights map that renames nothing. `near` is a name of the file that may be
/// meant, `earlier` the line that takes what it matches.
pub fn map_unused(
    pattern: &str,
    span: Span,
    near: Option<&str>,
    earlier: Option<Span>,
    file: &str,
) -> Diagnostic {
    if let Some(earlier) = earlier {
        let message = format!("`{pattern}` gives no name");
        return Diagnostic::new(Code::W0107, span, message)
            .here("what it matches has another name by then")
            .label(earlier, "from this line: the first that matches counts");
    }
    let message = format!("`{pattern}` matches no name of `{file}`");
    let diagnostic = Diagnostic::new(Code::W0107, span, message);
    match near {
        Some(near) => diagnostic.note(format!("the file has `{near}`")),
        None => diagnostic,
    }
}
