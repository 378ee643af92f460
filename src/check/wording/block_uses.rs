//! Wording of what goes wrong where a block is used, most of it `E0311`.

use super::shapes::{Described, axes, sizes};
use crate::diag::{Code, Diagnostic, Label};
use crate::layers::def::TensorType;
use crate::layers::error::{Claim, Obligation};
use crate::shape::Counterexample;
use crate::tensor::DType;
use crate::text::{Name, Span};

/// An error inside a block, told at the use that brings it. `uses` are the uses that lead to it,
/// outermost first, at least one, each with its block's name.
pub fn in_block(uses: &[(Span, Name)], inner: Diagnostic) -> Diagnostic {
    let (used, block) = &uses[0];
    let mut diagnostic = Diagnostic::new(
        Code::E0311,
        *used,
        format!(
            "`{block}` does not work on what it gets here: {}",
            inner.message
        ),
    )
    .here(format!("this use of `{block}`"));
    let text = match inner.primary.message.as_str() {
        "" => "it fails here".to_owned(),
        text => format!("it fails here: {text}"),
    };
    diagnostic = diagnostic.label(inner.primary.span, text);
    // Between the outermost use and the innermost, those nearest to the error say most.
    for (place, block) in uses[1..].iter().rev().take(3) {
        diagnostic = diagnostic.label(*place, format!("in this use of `{block}`"));
    }
    let known: Vec<Span> = uses.iter().map(|(place, _)| *place).collect();
    diagnostic.labels.extend(
        inner
            .labels
            .into_iter()
            .filter(|label: &Label| !known.contains(&label.span)),
    );
    diagnostic.notes.extend(inner.notes);
    diagnostic
}

/// A block's input that gets a value of another rank.
pub fn block_rank(
    span: Span,
    block: &str,
    written: &str,
    operand: &Described,
    shape: Span,
) -> Diagnostic {
    let rank = operand.ty.as_ref().map_or(0, |ty| ty.shape.rank());
    Diagnostic::new(
        Code::E0302,
        span,
        format!(
            "`{block}` takes {written}, and `{}` has {}",
            operand.name,
            axes(rank)
        ),
    )
    .here(format!("`{}` is {}", operand.name, operand.shape()))
    .label(shape, "the block's input")
}

/// A block's input that gets other elements.
pub fn block_dtype(
    span: Span,
    block: &str,
    wanted: Option<DType>,
    ty: &TensorType,
    shape: Span,
) -> Diagnostic {
    let wanted = wanted.map_or("?", DType::name);
    Diagnostic::new(
        Code::E0307,
        span,
        format!("`{block}` takes `{wanted}` here, and gets `{}`", ty.dtype),
    )
    .here(format!("`{}`", ty.dtype))
    .label(shape, "the block's input")
}

/// A block's input that gets a value of other sizes, still without the reason.
pub fn block_does_not_fit(
    span: Span,
    block: &str,
    (written, shape): (&str, Span),
    operand: &Described,
) -> Diagnostic {
    Diagnostic::new(
        Code::E0311,
        span,
        format!(
            "`{block}` takes {written}, and `{}` is {}",
            operand.name,
            operand.shape()
        ),
    )
    .here("does not fit the block's input")
    .label(shape, "the block's input")
}

/// A block's input whose sizes do not fit what it declares.
pub fn block_input(
    span: Span,
    block: &str,
    (written, shape): (&str, Span),
    operand: &Described,
    obligation: &Obligation,
    example: Option<&Counterexample>,
) -> Diagnostic {
    let mut diagnostic = block_does_not_fit(span, block, (written, shape), operand);
    let example = |what: String| match example {
        Some(example) => format!("{what}; for {} it is {}", sizes(&example.env), example.left),
        None => what,
    };
    let note = match &obligation.claim {
        Claim::Equal(left, right) => example(format!(
            "{} of `{}` is `{}`, and the block wants `{}`",
            left.what, operand.name, left.dim, right.dim
        )),
        Claim::Divides { divisor, of } => match of.dim.as_const() {
            Some(_) => format!(
                "{}, and {} is no multiple of {divisor}",
                obligation.rule, of.dim
            ),
            None => example(format!(
                "{}, and `{}` is not always a multiple of {divisor}",
                obligation.rule, of.dim
            )),
        },
        Claim::AtLeast { of, low } | Claim::AtMost { of, high: low } => example(format!(
            "{}, so {} would be `{}`, and it is at least {low}",
            obligation.rule, of.what, of.dim
        )),
    };
    diagnostic.notes.push(note);
    diagnostic
}

/// Uses of blocks inside each other beyond the limit.
pub fn nested_too_deep(span: Span, most: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0410,
        span,
        format!("blocks use each other more than {most} deep here"),
    )
    .here("too deep")
}
