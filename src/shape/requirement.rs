//! Conditions on the variables of a program: how they read, and which of them say enough.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::dim::{Dim, DimError};
use super::feasible::follows;
use super::invert::{When, tightened, when_not_negative, without_floors};
use super::poly::Term;
use super::{Bounds, Env};
use crate::text::Name;

/// A condition on the variables of a program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Requirement {
    /// `var >= low`.
    AtLeast {
        /// The variable.
        var: Name,
        /// Its least value.
        low: i128,
    },
    /// `var <= high`.
    AtMost {
        /// The variable.
        var: Name,
        /// Its greatest value.
        high: i128,
    },
    /// A condition that is not a bound on one variable.
    Compare {
        /// The left side.
        left: Dim,
        /// How it must compare with the right.
        op: Cmp,
        /// The right side.
        right: Dim,
    },
}

/// Most requirements of which each is compared with all others.
const MAX_COMPARED: usize = 48;

/// How two sizes compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cmp {
    /// `>=`
    Ge,
    /// `<=`
    Le,
    /// `==`
    Eq,
}

/// `margin >= 0` as a comparison: with positive terms on both sides, or, where it speaks of the
/// remainder of one variable, with the constant on the right.
pub(super) fn margin_of(margin: &Dim) -> Option<Requirement> {
    let margin = tightened(margin);
    if margin.has_floor() && margin.vars().len() == 1 {
        let limit = margin.constant_term().checked_neg()?;
        let varying = margin.plus(limit).ok()?;
        let falls = varying.terms().first()?.coefficient < 0;
        return Some(if falls {
            Requirement::Compare {
                left: varying.times(-1).ok()?,
                op: Cmp::Le,
                right: Dim::constant(limit.checked_neg()?),
            }
        } else {
            Requirement::Compare {
                left: varying,
                op: Cmp::Ge,
                right: Dim::constant(limit),
            }
        });
    }
    let (left, right) = sides(&margin)?;
    Some(if left.as_const().is_some() {
        Requirement::Compare {
            left: right,
            op: Cmp::Le,
            right: left,
        }
    } else {
        Requirement::Compare {
            left,
            op: Cmp::Ge,
            right,
        }
    })
}

/// Splits a difference into what is added and what is subtracted. A constant stands beside
/// nothing else where it can, even if that makes it negative.
fn sides(difference: &Dim) -> Option<(Dim, Dim)> {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut constant = 0i128;
    for term in difference.terms().iter() {
        if term.monomial.is_one() {
            constant = term.coefficient;
        } else if term.coefficient > 0 {
            left.push(term.clone());
        } else {
            right.push(Term {
                monomial: term.monomial.clone(),
                coefficient: term.coefficient.checked_neg()?,
            });
        }
    }
    let to_left = left.is_empty() || (constant > 0 && !right.is_empty());
    let mut left = Dim::from_terms(left).ok()?;
    let mut right = Dim::from_terms(right).ok()?;
    if to_left {
        left = left.plus(constant).ok()?;
    } else {
        right = right.minus(constant).ok()?;
    }
    Some((left, right))
}

impl Requirement {
    /// `left op right`, with what both sides share cancelled; a bound where it is one.
    pub fn compare(left: &Dim, op: Cmp, right: &Dim) -> Requirement {
        let plain = || Requirement::Compare {
            left: left.clone(),
            op,
            right: right.clone(),
        };
        let difference = match op {
            Cmp::Le => right.sub(left),
            Cmp::Ge | Cmp::Eq => left.sub(right),
        };
        let Ok(difference) = difference else {
            return plain();
        };
        if difference.as_const().is_some() {
            return plain();
        }
        if op == Cmp::Eq {
            return match sides(&difference) {
                Some((left, right)) if left.as_const().is_some() => Requirement::Compare {
                    left: right,
                    op,
                    right: left,
                },
                Some((left, right)) => Requirement::Compare { left, op, right },
                None => plain(),
            };
        }
        let bound = without_floors(&difference);
        if let Some(linear) = bound.linear_in(&BTreeSet::new()) {
            let scale = linear.scale.as_const().unwrap_or(0);
            let offset = linear.offset.as_const();
            let limit = offset.zip(scale.checked_abs());
            // scale*v + offset >= 0
            let high = limit.and_then(|(offset, scale)| offset.checked_div_euclid(scale));
            let var = linear.var;
            match (scale > 0, high, high.and_then(i128::checked_neg)) {
                (true, _, Some(low)) => return Requirement::AtLeast { var, low },
                (false, Some(high), _) => return Requirement::AtMost { var, high },
                _ => {}
            }
        }
        margin_of(&difference).map_or_else(plain, |requirement| requirement.facing(op))
    }

    /// The same comparison of two sizes written with `op`, `>=` or `<=`.
    pub(super) fn facing(self, op: Cmp) -> Requirement {
        match self {
            Requirement::Compare {
                left,
                op: own @ (Cmp::Ge | Cmp::Le),
                right,
            } if own != op && right.as_const().is_none() => Requirement::Compare {
                left: right,
                op,
                right: left,
            },
            same => same,
        }
    }

    /// Whether it holds; `None` when a variable has no value or a number is out of range.
    pub fn holds(&self, env: &Env) -> Option<bool> {
        match self {
            Requirement::AtLeast { var, low } => Some(env.get(var)? >= low),
            Requirement::AtMost { var, high } => Some(env.get(var)? <= high),
            Requirement::Compare { left, op, right } => {
                let (left, right) = (left.eval(env).ok()?, right.eval(env).ok()?);
                Some(match op {
                    Cmp::Ge => left >= right,
                    Cmp::Le => left <= right,
                    Cmp::Eq => left == right,
                })
            }
        }
    }

    /// Every variable that it speaks of.
    pub fn vars(&self) -> BTreeSet<Name> {
        match self {
            Requirement::AtLeast { var, .. } | Requirement::AtMost { var, .. } => {
                BTreeSet::from([var.clone()])
            }
            Requirement::Compare { left, right, .. } => {
                let mut vars = left.vars();
                vars.append(&mut right.vars());
                vars
            }
        }
    }

    /// Both sides and how they compare.
    pub fn sides(&self) -> (Dim, Cmp, Dim) {
        match self {
            Requirement::AtLeast { var, low } => {
                (Dim::var(var.clone()), Cmp::Ge, Dim::constant(*low))
            }
            Requirement::AtMost { var, high } => {
                (Dim::var(var.clone()), Cmp::Le, Dim::constant(*high))
            }
            Requirement::Compare { left, op, right } => (left.clone(), *op, right.clone()),
        }
    }

    /// Puts a size in place of each variable that `map` names, all at once.
    pub fn subst(&self, map: &BTreeMap<Name, Dim>) -> Result<Requirement, DimError> {
        let (left, op, right) = self.sides();
        Ok(Requirement::compare(
            &left.subst(map)?,
            op,
            &right.subst(map)?,
        ))
    }
}

/// The same conjunction with less: one bound a variable and direction, no repetitions, nothing
/// that is seen to follow from the others. Variables are taken to be at least 1. Sorted: lower
/// bounds, upper bounds, what compares sizes.
pub fn simplify(requirements: Vec<Requirement>) -> Vec<Requirement> {
    let (mut left, bounds) = strongest(requirements);
    left.retain(|requirement| match requirement {
        Requirement::AtLeast { low, .. } => *low > 1,
        Requirement::AtMost { .. } => true,
        Requirement::Compare { .. } => !implied(requirement, &bounds),
    });
    let bound = |requirement: &Requirement| matches!(requirement, Requirement::AtLeast { .. });
    if left.len() > MAX_COMPARED || left.iter().all(bound) {
        return left;
    }
    // Of two that follow from each other the plainer stays.
    for at in (0..left.len()).rev() {
        let requirement = left.remove(at);
        if !follows(&requirement, related(&requirement, &left)) {
            left.insert(at, requirement);
        }
    }
    left
}

/// Those of `all` that speak of a variable of `requirement`, or of one that such a one speaks of,
/// and so on.
fn related<'r>(requirement: &Requirement, all: &'r [Requirement]) -> Vec<&'r Requirement> {
    let mut vars = requirement.vars();
    let mut far: Vec<(&Requirement, BTreeSet<Name>)> =
        all.iter().map(|other| (other, other.vars())).collect();
    let mut near = Vec::new();
    loop {
        let before = near.len();
        far.retain_mut(|(other, own)| {
            let apart = own.is_disjoint(&vars);
            if !apart {
                vars.append(own);
                near.push(*other);
            }
            apart
        });
        if near.len() == before {
            return near;
        }
    }
}

/// One requirement for each variable and direction or compared size; and the lower bounds.
pub(super) fn strongest(requirements: Vec<Requirement>) -> (Vec<Requirement>, Bounds) {
    let mut least: BTreeMap<Name, i128> = BTreeMap::new();
    let mut most: BTreeMap<Name, i128> = BTreeMap::new();
    // The limit of each left side that has a constant on the right.
    let mut limits: BTreeMap<(Dim, Cmp), i128> = BTreeMap::new();
    let mut others: BTreeSet<Requirement> = BTreeSet::new();
    for requirement in requirements {
        match requirement {
            Requirement::AtLeast { var, low } => {
                let own = least.entry(var).or_insert(low);
                *own = low.max(*own);
            }
            Requirement::AtMost { var, high } => {
                let own = most.entry(var).or_insert(high);
                *own = high.min(*own);
            }
            Requirement::Compare { left, op, right } => match (right.as_const(), op) {
                (Some(limit), Cmp::Ge | Cmp::Le) => {
                    let own = limits.entry((left, op)).or_insert(limit);
                    *own = if op == Cmp::Ge {
                        limit.max(*own)
                    } else {
                        limit.min(*own)
                    };
                }
                _ => {
                    let mirrored = Requirement::Compare {
                        left: right.clone(),
                        op,
                        right: left.clone(),
                    };
                    if op != Cmp::Eq || !others.contains(&mirrored) {
                        others.insert(Requirement::Compare { left, op, right });
                    }
                }
            },
        }
    }
    others.extend(
        limits
            .into_iter()
            .map(|((left, op), limit)| Requirement::Compare {
                left,
                op,
                right: Dim::constant(limit),
            }),
    );
    let bounds = least.iter().fold(Bounds::default(), |bounds, (var, low)| {
        bounds.with(var.clone(), (*low).max(1))
    });
    let least = least
        .into_iter()
        .map(|(var, low)| Requirement::AtLeast { var, low });
    let most = most
        .into_iter()
        .map(|(var, high)| Requirement::AtMost { var, high });
    (least.chain(most).chain(others).collect(), bounds)
}

fn implied(requirement: &Requirement, bounds: &Bounds) -> bool {
    let (left, op, right) = requirement.sides();
    let margin = match op {
        Cmp::Ge => left.sub(&right),
        Cmp::Le => right.sub(&left),
        Cmp::Eq => return left == right,
    };
    margin.is_ok_and(|margin| matches!(when_not_negative(&margin, bounds), Some(When::Always)))
}

impl fmt::Display for Cmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cmp::Ge => ">=",
            Cmp::Le => "<=",
            Cmp::Eq => "==",
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Requirement::AtLeast { var, low } => write!(f, "{var} >= {low}"),
            Requirement::AtMost { var, high } => write!(f, "{var} <= {high}"),
            Requirement::Compare { left, op, right } => write!(f, "{left} {op} {right}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invert::{Bound, at_least};
    use super::super::tests::{expr, grid, parse};
    use super::*;

    #[test]
    fn compares_in_readable_form() {
        for (left, op, right, expected) in [
            ("filters", Cmp::Eq, "C", "filters == C"),
            ("C + 1", Cmp::Eq, "filters + 1", "C == filters"),
            ("4", Cmp::Eq, "filters", "filters == 4"),
            ("2*filters", Cmp::Ge, "7", "filters >= 4"),
            ("7", Cmp::Ge, "2*filters", "filters <= 3"),
            ("H//2", Cmp::Ge, "2", "H >= 4"),
            ("H", Cmp::Le, "W", "H <= W"),
            ("h*w", Cmp::Le, "196", "h*w <= 196"),
        ] {
            let requirement = Requirement::compare(&parse(left), op, &parse(right));
            assert_eq!(requirement.to_string(), expected);
        }
    }

    #[test]
    fn simplifies_to_the_strongest() {
        let compare = |left: &str, op, right: &str| Requirement::Compare {
            left: parse(left),
            op,
            right: parse(right),
        };
        let least = |var: &str, low| Requirement::AtLeast {
            var: var.into(),
            low,
        };
        let most = |var: &str, high| Requirement::AtMost {
            var: var.into(),
            high,
        };
        let simple = simplify(vec![
            compare("h*w", Cmp::Le, "196"),
            least("w", 7),
            least("h", 3),
            compare("C", Cmp::Eq, "filters"),
            least("h", 7),
            compare("h*w", Cmp::Le, "200"),
            compare("filters", Cmp::Eq, "C"),
            most("T", 1024),
            least("N", 1),
            compare("h*w", Cmp::Ge, "40"),
            most("T", 2048),
        ]);
        let texts: Vec<String> = simple.iter().map(Requirement::to_string).collect();
        assert_eq!(
            texts,
            [
                "h >= 7",
                "w >= 7",
                "T <= 1024",
                "C == filters",
                "h*w <= 196"
            ]
        );
    }

    #[test]
    fn keeps_no_more_than_needed() {
        let compare = |(left, op, right): (&str, Cmp, &str)| {
            Requirement::compare(&parse(left), op, &parse(right))
        };
        let (ge, le, eq) = (Cmp::Ge, Cmp::Le, Cmp::Eq);
        for (all, expected) in [
            (
                vec![("c", ge, "87"), ("c", ge, "108*h + 87")],
                "c >= 108*h + 87",
            ),
            (
                vec![("h", ge, "3"), ("c", ge, "108*h + 87")],
                "h >= 3, c >= 108*h + 87",
            ),
            (
                vec![("h", ge, "2"), ("w", ge, "2"), ("(h//2)*(w//2)", ge, "17")],
                "(h//2)*(w//2) >= 17",
            ),
            (
                vec![("h", ge, "w"), ("w", ge, "c"), ("h", ge, "c")],
                "h >= w, w >= c",
            ),
            (
                vec![("C", eq, "f"), ("C", eq, "4"), ("f", eq, "4")],
                "C == 4, C == f",
            ),
            (
                vec![("h", le, "12"), ("h + w", le, "12"), ("w", le, "9")],
                "w <= 9, h + w <= 12",
            ),
            (
                vec![("h*w", ge, "20"), ("h + w", ge, "5"), ("h", ge, "4")],
                "h >= 4, h*w >= 20",
            ),
        ] {
            let simple = simplify(all.iter().copied().map(compare).collect());
            let texts: Vec<String> = simple.iter().map(Requirement::to_string).collect();
            assert_eq!(texts.join(", "), expected);
        }
    }

    #[test]
    fn substitutes_at_a_use() {
        let map = BTreeMap::from([("H".into(), parse("2*h + 1"))]);
        let requirement = Requirement::AtLeast {
            var: "H".into(),
            low: 6,
        };
        assert_eq!(requirement.subst(&map).unwrap().to_string(), "h >= 3");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn simplifying_changes_no_meaning(
            limits in prop::collection::vec((expr(2), -4i128..9, any::<bool>()), 1..5),
        ) {
            let mut all = Vec::new();
            for (expr, limit, up) in limits {
                let Ok(d) = expr.dim() else { continue };
                let op = if up { Cmp::Ge } else { Cmp::Le };
                all.push(Requirement::compare(&d, op, &Dim::constant(limit)));
                let bound = at_least(&d, limit, &Bounds::default());
                if let Bound::Requires(more) = bound {
                    all.extend(more);
                }
            }
            let simple = simplify(all.clone());
            prop_assert!(simple.len() <= all.len());
            for env in grid(&BTreeSet::from(["H".into(), "W".into()]), 1, 12) {
                let holds = |all: &[Requirement]| all.iter().all(|one| one.holds(&env) == Some(true));
                prop_assert_eq!(holds(&all), holds(&simple), "{:?} {:?} {:?}", env, all, simple);
            }
        }
    }
}
