//! Wording of what an operation can never do.

use super::shapes::{Described, axes};
use crate::diag::{Code, Diagnostic};
use crate::layers::error::{Blame, LayerError, Problem};
use crate::text::Span;

/// What an operation refuses.
pub fn refused(span: Span, name: &str, error: &LayerError, operands: &[Described]) -> Diagnostic {
    let blamed = match error.blame {
        Blame::Input(at) => operands.get(at),
        _ => operands.first(),
    };
    let who = blamed.map_or("the input".to_owned(), |operand| {
        format!("`{}`", operand.name)
    });
    let mut diagnostic = match &error.problem {
        Problem::Rank { expected, found } => Diagnostic::new(
            Code::E0302,
            span,
            format!("`{name}` takes {expected}; {who} has {}", axes(found.rank())),
        )
        .here(format!("gets {}", axes(found.rank()))),
        Problem::DType { expected, found } => Diagnostic::new(
            Code::E0307,
            span,
            format!("`{name}` computes with `{expected}`, and {who} holds `{found}`"),
        )
        .here(format!("gets `{found}`")),
        Problem::Axis { axis, rank } => Diagnostic::new(
            Code::E0306,
            span,
            match blamed.and_then(|operand| Some(operand.ty.as_ref()?.shape.rank())) {
                // A new axis is one of the result.
                Some(own) if own != *rank => {
                    format!("there is no axis {axis}: the result has {}", axes(*rank))
                }
                _ => format!("there is no axis {axis}: {who} has {}", axes(*rank)),
            },
        )
        .here(match rank {
            0 => "a scalar has no axis".to_owned(),
            _ => format!("0 to {}, or -{rank} to -1 from the end", rank - 1),
        }),
        Problem::Kind { expected, found } => {
            // A choice in quotes is a choice all the same.
            let choice = found
                .strip_prefix("the string \"")
                .and_then(|rest| rest.strip_suffix('"'))
                .filter(|word| expected.contains(&format!("`{word}`")));
            let argument = match error.blame {
                Blame::Arg(argument) => argument,
                _ => "the argument",
            };
            let diagnostic = Diagnostic::new(
                Code::E0403,
                span,
                match choice {
                    Some(word) => {
                        format!("`{argument}` of `{name}` takes the word `{word}`, and this is a string")
                    }
                    None => format!("`{argument}` of `{name}` takes {expected}, and this is {found}"),
                },
            );
            match choice {
                Some(word) => diagnostic.here("without quotes").fix(
                    format!("write `{word}`"),
                    span,
                    word,
                ),
                None => diagnostic.here(format!("this is {found}")),
            }
        }
        Problem::Range(why) => {
            let diagnostic = Diagnostic::new(Code::E0404, span, why.clone());
            match error.blame {
                Blame::Layer => diagnostic.here("not clear"),
                _ => diagnostic.here("out of range"),
            }
        }
        Problem::Inputs(why) => {
            Diagnostic::new(Code::E0407, span, why.clone()).here("the wrong number of values")
        }
        Problem::Array { expected, found } => Diagnostic::new(
            Code::E0409,
            span,
            format!("an array of shape {found:?} does not fit this parameter of `{name}`, which is {expected}"),
        )
        .here(format!("must broadcast to {expected}"))
        .note("counted from the last axis, each size must be the parameter's or 1"),
        Problem::Reshape(why) => {
            Diagnostic::new(Code::E0309, span, why.clone()).here("does not fit")
        }
        Problem::Origin(why) => {
            Diagnostic::new(Code::E0307, span, why.clone()).here("made by something else")
        }
        Problem::Symbol { value } => Diagnostic::new(
            Code::E0411,
            span,
            format!("`{name}` needs a number here, and `{value}` is known only when data comes"),
        )
        .here("no number yet"),
        Problem::Dim(error) => Diagnostic::new(
            Code::E0310,
            span,
            format!("a size of `{name}` cannot be computed: {error}"),
        )
        .here(super::arguments::beyond_here(*error)),
        Problem::Poisoned => Diagnostic::new(Code::E0403, span, "an argument is not clear"),
    };
    if let Some(operand) = blamed
        && operand.place() != span
        && matches!(
            error.problem,
            Problem::Rank { .. }
                | Problem::DType { .. }
                | Problem::Axis { .. }
                | Problem::Reshape(_)
                | Problem::Origin(_)
        )
    {
        diagnostic = diagnostic.label(
            operand.place(),
            format!("`{}` is {}", operand.name, operand.shape()),
        );
    }
    for note in &error.notes {
        diagnostic = diagnostic.note(note.clone());
    }
    diagnostic
}
