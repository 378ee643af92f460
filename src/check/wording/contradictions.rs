//! Wording of `E0313`: requirements that no sizes meet together.

use super::names::and;
use super::shapes::{Described, of};
use crate::check::obligations::Conflict;
use crate::check::program::Required;
use crate::diag::{Code, Diagnostic};
use crate::layers::error::Claim;
use crate::text::{Name, Span};

/// Requirements that no sizes meet together. What the last layer asks for is shown at `span`;
/// `why` says what it needs, in numbers.
pub fn no_sizes(span: Span, conflict: &Conflict, why: Option<String>) -> Diagnostic {
    let all: Vec<&Required> = conflict.others.iter().chain(&conflict.own).collect();
    let mut vars: Vec<Name> = all.iter().flat_map(|one| one.requirement.vars()).collect();
    vars.sort_unstable();
    vars.dedup();
    let what = match vars.as_slice() {
        [one] => format!("no `{one}` meets"),
        _ => "no sizes meet".to_owned(),
    };
    let list = and(&texts(&all));
    let message = match all.len() {
        2 => format!("{what} both {list}"),
        _ => format!("{what} {list} together"),
    };
    let own: Vec<&Required> = conflict.own.iter().collect();
    let mut diagnostic = Diagnostic::new(Code::E0313, span, message).here(asks(&own));
    // One label for each layer.
    let mut layers: Vec<(Span, Vec<&Required>)> = Vec::new();
    for one in &conflict.others {
        match layers.iter_mut().find(|(span, _)| *span == one.span) {
            Some((_, members)) => members.push(one),
            None => layers.push((one.span, vec![one])),
        }
    }
    for (place, members) in layers {
        diagnostic = diagnostic.label(place, asks(&members));
    }
    for one in all {
        let why = why.as_ref().filter(|_| conflict.own.contains(one));
        let reason = match why {
            Some(why) => format!("{why}: {}", one.rule),
            None => one.rule.clone(),
        };
        diagnostic = diagnostic.note(format!("`{}`, since {reason}", one.requirement));
    }
    diagnostic
}

fn texts(all: &[&Required]) -> Vec<String> {
    let texts = all.iter().map(|one| one.requirement.to_string());
    texts.collect()
}

fn asks(all: &[&Required]) -> String {
    format!("asks for {}", and(&texts(all)))
}

/// What a claim needs, in the terms of the layer: "axis 1 of `x` is `12 - H`, and must be at least
/// 9".
pub fn needed(claim: &Claim, operands: &[Described]) -> Option<String> {
    let (side, wanted) = match claim {
        Claim::AtLeast { of, low } => (of, format!("at least {low}")),
        Claim::AtMost { of, high } => (of, format!("at most {high}")),
        Claim::Divides { divisor, of } => (of, format!("a multiple of {divisor}")),
        Claim::Equal(left, right) => (left, format!("`{}`", right.dim)),
    };
    let text = format!(
        "{} is `{}`, and must be {wanted}",
        of(side, None, operands),
        side.dim
    );
    // A size that stands for itself is all said by the requirement.
    side.dim.as_var().is_none().then_some(text)
}
