//! Wording of `W01xx`: programs that mean something, probably not what was intended.

use crate::diag::{Code, Diagnostic};
use crate::shape::Dim;
use crate::text::{Name, Span};

/// A layer with parameters and no label; `free` is one that it could have.
pub fn unlabelled(statement: Span, layer: Span, kind: &str, free: &str) -> Diagnostic {
    Diagnostic::new(
        Code::W0101,
        layer,
        format!("this `{kind}` has parameters and no label"),
    )
    .here("its weights are named by its position")
    .note("a line inserted above would rename them, and stored weights would no longer fit")
    .fix("give it a label", statement.before(), format!("{free}: "))
}

/// A `repeat` with parameters and no label; `free` is one that it could have.
pub fn unlabelled_repeat(keyword: Span, free: &str) -> Diagnostic {
    Diagnostic::new(
        Code::W0101,
        keyword,
        "this `repeat` has parameters and no label",
    )
    .here("its weights are named by its position")
    .note("a line inserted above would rename them, and stored weights would no longer fit")
    .fix("give it a label", keyword.before(), format!("{free}: "))
}

/// A result or an input that nothing takes.
pub fn unused_result(span: Span, name: &Name, input: bool) -> Diagnostic {
    let (message, here) = if input {
        (
            format!("nothing uses the input `{name}`"),
            "read for nothing",
        )
    } else {
        (
            format!("nothing uses the result of `{name}`"),
            "computed for nothing",
        )
    };
    Diagnostic::new(Code::W0102, span, message)
        .here(here)
        .note("take it with `from`, make it an `output`, or delete the line")
}

/// A weights file that is not there.
pub fn no_weights_file(span: Span, path: &str) -> Diagnostic {
    Diagnostic::new(
        Code::W0103,
        span,
        format!("there is no weights file `{path}`"),
    )
    .here("not found")
    .note("the path is relative to this file; a run needs it, or `--weights FILE`")
}

/// A claim that the algebra could not decide.
pub fn undecided(span: Span, rule: &str) -> Diagnostic {
    Diagnostic::new(
        Code::W0104,
        span,
        "the sizes here are too intricate to prove for every size",
    )
    .here("checked when it runs")
    .note(format!("what has to hold: {rule}"))
}

/// What waits for a setting: "the shape of `Conv`", "the number of turns".
pub fn open_until_set(span: Span, what: &str, value: &Dim) -> Diagnostic {
    let names: Vec<Name> = value.vars().into_iter().collect();
    let name = names.first().cloned().unwrap_or_else(|| "?".into());
    Diagnostic::new(
        Code::W0104,
        span,
        format!("{what} is not known before `{name}` is set, so what follows is not checked"),
    )
    .here(format!("`{value}` has no number yet"))
    .note(format!(
        "give the parameter a default, or check with `--set {name}=…`"
    ))
}

/// A compile-time name that nothing reads.
pub fn unused_name(span: Span, name: &str, what: &str) -> Diagnostic {
    Diagnostic::new(
        Code::W0105,
        span,
        format!("nothing uses the {what} `{name}`").replace("the `let` `", "`let "),
    )
    .here("never read")
    .note("use it, or delete it")
}
