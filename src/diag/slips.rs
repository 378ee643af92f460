//! The wording of lines that a small change makes readable (`E0101`): the change is known to do so.

use super::{Code, Diagnostic};
use crate::text::Span;

/// `[N 28]`: a comma is missing at `between`, before `found`.
pub fn missing_comma(found: Span, between: Span, names: (&str, &str)) -> Diagnostic {
    let (before, after) = names;
    Diagnostic::new(
        Code::E0101,
        found,
        format!("expected `,` between `{before}` and `{after}`"),
    )
    .here("a new value begins here")
    .fix("write `,`", between, ",")
}

/// `input x: (N, 28)`: a shape in parentheses.
pub fn round_shape(at: Span, right: String) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "a shape stands in square brackets: `[N, 10]`",
    )
    .here("in parentheses")
    .fix(format!("write `{right}`"), at, right)
}

/// `weights net.safetensors`: a file's name without quotes.
pub fn bare_path(at: Span, path: &str) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, "a file's name stands in double quotes")
        .here("without quotes")
        .fix(format!("write `\"{path}\"`"), at, format!("\"{path}\""))
}

/// `labels cat, dog`: names without quotes and brackets.
pub fn bare_labels(at: Span, right: String) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "labels are an array of strings: `labels [\"cat\", \"dog\"]`",
    )
    .here("without quotes and brackets")
    .fix(format!("write `{right}`"), at, right)
}

/// `from "blocks.nn" import Residual`.
pub fn import_backwards(at: Span, right: String) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "an import begins with `import`, and the file stands behind `from`",
    )
    .here("the other way round")
    .fix(format!("write `{right}`"), at, right)
}

/// `28 x 28`: a product with a letter.
pub fn letter_times(at: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, "a product is written `*`")
        .here("no operation")
        .fix("write `*`", at, "*")
}

/// `for i in range(3)`: a loop of another language; `right` is ours, where it is known.
pub fn foreign_loop(at: Span, right: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0101,
        at,
        "a loop is `repeat COUNT {`, or `repeat COUNT as i {` where `i` is the turn's number",
    )
    .here("a loop of another language");
    match right {
        Some(right) => diagnostic.fix(format!("write `{right}`"), at, right),
        None => diagnostic.note("turns count from 0: `repeat 3 as i {`"),
    }
}

/// `input x`: no shape.
pub fn input_without_shape(at: Span, name: &str) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, format!("the input `{name}` has no shape"))
        .here("expected `:` and a shape")
        .note(format!(
            "a number or a name for each axis, the batch first: `input {name}: [N, 28, 28, 1]`"
        ))
}

/// `x.shape[1]`.
pub fn shape_of_a_value(at: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("there is no `{name}.shape`: a size is called by its name in the input's shape"),
    )
    .here("not a number")
    .note(format!(
        "with `input {name}: [N, T]` it is `T`; a size that is a number is written as the number"
    ))
}

/// `[N, ...]`.
pub fn ellipsis(at: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, "a shape names each of its axes, without `...`")
        .here("stands for no axis")
        .note("what a layer takes of any number of axes, it says itself: `Flatten` joins all but the first")
}

/// `import "blocks.nn"` or `import Residual`.
pub fn half_an_import(at: Span, names: &str, path: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "an import names blocks and the file that they are in",
    )
    .here("half an import")
    .note(format!("the form is `import {names} from {path}`"))
}

/// `model Net:` for `model Net {`.
pub fn colon_for_brace(at: Span, header: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("the body of `{header}` stands in braces, whatever its indentation"),
    )
    .here("expected `{`")
    .fix("write `{`, and `}` below the body", at, " {")
}
