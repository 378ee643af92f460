//! Claims about sizes: proved, refuted, or made a requirement.

use super::build::{Mode, Walk};
use super::program::Required;
use super::scope::Frame;
use super::wording::lints;
use crate::layers::def::TensorType;
use crate::layers::error::{Blame, Claim, Obligation, Side};
use crate::shape::{
    Bound, Bounds, Cmp, Counterexample, Dim, Requirement, Satisfiable, Verdict, at_least, at_most,
    contradictory, divides, equal, ever_equal, follows,
};
use crate::text::Span;

/// Most requirements from which an equality is concluded.
const MAX_PREMISES: usize = 48;

/// A claim that does not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The smallest sizes for which it does not; `None` when nothing depends on sizes.
    pub example: Option<Counterexample>,
    /// Where it could hold but for what others ask for.
    pub conflict: Option<Conflict>,
}

/// Requirements that no sizes meet together, and no fewer of them.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// What was asked for before.
    pub others: Vec<Required>,
    /// What the last layer asks for.
    pub own: Vec<Required>,
}

/// What became of a claim.
enum Outcome {
    Holds,
    Fails(Counterexample),
    Requires(Vec<Requirement>),
    Unknown,
}

impl Walk<'_, '_> {
    /// Decides each of `obligations` of `statement`. What some sizes can satisfy becomes a
    /// requirement where that is allowed; the positions of those that fail are returned.
    pub(super) fn discharge(
        &mut self,
        frame: &Frame,
        obligations: &[Obligation],
        statement: Span,
    ) -> Vec<(usize, Failure)> {
        let place = frame.via.first().copied().unwrap_or(statement);
        let mut failures = Vec::new();
        for (at, obligation) in obligations.iter().enumerate() {
            match self.decide(&obligation.claim, &self.bounds) {
                Outcome::Holds => {}
                Outcome::Fails(example) => failures.push((
                    at,
                    Failure {
                        conflict: self.conflict(obligation, place),
                        example: (!example.env.is_empty()).then_some(example),
                    },
                )),
                Outcome::Requires(requirements) => {
                    for requirement in requirements {
                        self.require(requirement, &obligation.rule, place);
                    }
                }
                Outcome::Unknown => {
                    if self.mode == Mode::Model {
                        self.checker.warn(lints::undecided(place, &obligation.rule));
                        self.undecided
                            .extend(plain(&obligation.claim).map(|requirement| Required {
                                requirement,
                                rule: obligation.rule.to_string(),
                                span: place,
                            }));
                    }
                }
            }
        }
        failures
    }

    fn decide(&self, claim: &Claim, bounds: &Bounds) -> Outcome {
        match claim {
            Claim::Equal(left, right) => self.decide_equal(&left.dim, &right.dim, bounds),
            Claim::Divides { divisor, of } => match divides(*divisor, &of.dim, bounds) {
                Verdict::Proved => Outcome::Holds,
                Verdict::Unknown => Outcome::Unknown,
                Verdict::Refuted(example) => match of.dim.rem(*divisor) {
                    Ok(rest) if self.mode == Mode::Generic => {
                        self.satisfiable(&rest, &Dim::constant(0), bounds, example)
                    }
                    _ => Outcome::Fails(example),
                },
            },
            Claim::AtLeast { of, low } => self.bound(at_least(&of.dim, *low, bounds)),
            Claim::AtMost { of, high } => self.bound(at_most(&of.dim, *high, bounds)),
        }
    }

    /// What a claim that fails asks for, with the requirements that leave no sizes for it; `None`
    /// where it fails without them.
    fn conflict(&self, obligation: &Obligation, place: Span) -> Option<Conflict> {
        let Outcome::Requires(asked) = self.decide(&obligation.claim, &Bounds::default()) else {
            return None;
        };
        let mut all = self.strongest();
        all.extend(asked.iter().map(|requirement| Required {
            requirement: requirement.clone(),
            rule: obligation.rule.to_string(),
            span: place,
        }));
        let (own, others) = core(all)
            .into_iter()
            .partition(|one| asked.contains(&one.requirement));
        Some(Conflict { others, own })
    }

    fn bound(&self, bound: Bound) -> Outcome {
        match bound {
            Bound::Proved => Outcome::Holds,
            Bound::Never(example) => Outcome::Fails(example),
            Bound::Requires(requirements) => Outcome::Requires(requirements),
            Bound::Unknown => Outcome::Unknown,
        }
    }

    fn decide_equal(&self, left: &Dim, right: &Dim, bounds: &Bounds) -> Outcome {
        if left == right {
            return Outcome::Holds;
        }
        match equal(left, right, bounds) {
            Verdict::Proved => Outcome::Holds,
            Verdict::Unknown => Outcome::Unknown,
            Verdict::Refuted(_) if self.follows(left, right) => Outcome::Holds,
            Verdict::Refuted(example) if self.mode == Mode::Generic => {
                self.satisfiable(left, right, bounds, example)
            }
            Verdict::Refuted(example) => Outcome::Fails(example),
        }
    }

    /// Whether two sizes that differ for some sizes within the bounds are the same wherever the
    /// requirements hold that compare sizes.
    fn follows(&self, left: &Dim, right: &Dim) -> bool {
        let compares = |one: &Requirement| matches!(one, Requirement::Compare { .. });
        if !self.asked().any(compares) || self.asked().count() > MAX_PREMISES {
            return false;
        }
        let same = Requirement::Compare {
            left: left.clone(),
            op: Cmp::Eq,
            right: right.clone(),
        };
        follows(&same, self.asked())
    }

    /// A refuted equality in a block: its requirement, unless nothing can satisfy it.
    fn satisfiable(
        &self,
        left: &Dim,
        right: &Dim,
        bounds: &Bounds,
        example: Counterexample,
    ) -> Outcome {
        match ever_equal(left, right, bounds) {
            Satisfiable::No => Outcome::Fails(example),
            Satisfiable::Yes(_) | Satisfiable::Unknown => {
                let (left, right) = match (left.as_const(), right.as_const()) {
                    (Some(_), None) => (right, left),
                    _ => (left, right),
                };
                Outcome::Requires(vec![Requirement::Compare {
                    left: left.clone(),
                    op: Cmp::Eq,
                    right: right.clone(),
                }])
            }
        }
    }
}

/// The claim itself as a condition; `None` for a remainder beyond what is computed.
fn plain(claim: &Claim) -> Option<Requirement> {
    let (left, op, right) = match claim {
        Claim::Equal(left, right) => (left.dim.clone(), Cmp::Eq, right.dim.clone()),
        Claim::Divides { divisor, of } => {
            let rest = of.dim.rem(*divisor).ok()?;
            (rest, Cmp::Eq, Dim::constant(0))
        }
        Claim::AtLeast { of, low } => (of.dim.clone(), Cmp::Ge, Dim::constant(*low)),
        Claim::AtMost { of, high } => (of.dim.clone(), Cmp::Le, Dim::constant(*high)),
    };
    Some(Requirement::Compare { left, op, right })
}

/// The fewest of `all`, which no sizes meet together, that still no sizes do. What is not seen to
/// be a contradiction stays whole.
pub(super) fn core(mut all: Vec<Required>) -> Vec<Required> {
    let contradict = |some: &[Required]| contradictory(some.iter().map(|one| &one.requirement));
    if !contradict(&all) {
        return all;
    }
    let mut at = 0;
    while at < all.len() {
        let one = all.remove(at);
        if !contradict(&all) {
            all.insert(at, one);
            at += 1;
        }
    }
    all
}

/// The first of `failures` that is a conflict with what others ask for, by its position.
pub(super) fn first_conflict(failures: &[(usize, Failure)]) -> Option<(usize, &Conflict)> {
    let mut all = failures.iter();
    all.find_map(|(at, failure)| Some((*at, failure.conflict.as_ref()?)))
}

/// That the results of the layer `name` have no size below 1, for those sizes that neither its
/// inputs have, nor are products of, nor are plain: what its own rule demands may leave that open.
pub(super) fn positive_sizes(
    name: &str,
    inputs: &[TensorType],
    outputs: &[TensorType],
    bounds: &Bounds,
) -> Vec<Obligation> {
    let given = || inputs.iter().flat_map(|input| input.shape.iter());
    let product = |size: &Dim| {
        let mut rest = size.clone();
        for factor in given().filter(|size| size.as_const().is_none()) {
            while rest.as_const().is_none()
                && let Some(quotient) = rest.exact_div(factor)
            {
                rest = quotient;
            }
        }
        rest.least(bounds).is_some_and(|least| least >= 1)
    };
    let known = |size: &Dim| {
        size.as_const().is_some()
            || size.as_var().is_some()
            || given().any(|given| given == size)
            || size.least(bounds).is_some_and(|least| least >= 1)
            || product(size)
    };
    let sizes = outputs
        .iter()
        .flat_map(|output| output.shape.iter().enumerate());
    sizes
        .filter(|(_, size)| !known(size))
        .map(|(axis, size)| Obligation {
            claim: Claim::AtLeast {
                of: Side::other(format!("axis {axis} of the result"), size.clone()),
                low: 1,
            },
            rule: format!("every size that `{name}` gives is at least 1").into(),
            blame: Blame::Layer,
        })
        .collect()
}
