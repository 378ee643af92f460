//! What the variables must satisfy for a size to be large or small enough.
//!
//! Bounds are inverted exactly: `floor(P/k) >= n` is `P >= k*n`, `a*v + b >= n` is
//! `v >= ceil((n - b)/a)`, a size that only rises or only falls with its one variable has a
//! threshold that bisection finds, and any other size of one variable has thresholds on each
//! residue class. A bound over several variables that no rule takes apart is its own requirement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::decide::{Counterexample, Sides};
use super::dim::{Dim, DimError};
use super::grid::range;
use super::poly::{Atom, Floor, Monomial, Term, gcd};
use super::program::{Program, lows};
use super::univariate::{Solutions, last_false, last_true, solve};
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

/// What a bound on a size asks of its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It holds for every value of the variables.
    Proved,
    /// It never holds. The example is at the lower bounds of the variables: the value of the size
    /// on the left, the bound on the right.
    Never(Counterexample),
    /// It holds exactly when all of these do. A requirement over several variables may turn out to
    /// hold always, or never, where no rule sees that.
    Requires(Vec<Requirement>),
    /// A number is out of range.
    Unknown,
}

/// When `d >= low` for variables within `bounds`.
pub fn at_least(d: &Dim, low: i128, bounds: &Bounds) -> Bound {
    decide(d.minus(low), d, low, bounds)
}

/// When `d <= high` for variables within `bounds`.
pub fn at_most(d: &Dim, high: i128, bounds: &Bounds) -> Bound {
    decide(Dim::constant(high).sub(d), d, high, bounds)
}

fn decide(margin: Result<Dim, DimError>, d: &Dim, limit: i128, bounds: &Bounds) -> Bound {
    let Ok(margin) = margin else {
        return Bound::Unknown;
    };
    let requirements = match when_not_negative(&margin, bounds) {
        Some(When::Always) => return Bound::Proved,
        Some(When::Never) => {
            let limit = Dim::constant(limit);
            let env = Sides::new(d, &limit, bounds).complete(&Env::new());
            return match (d.eval(&env), limit.as_const()) {
                (Ok(left), Some(right)) => Bound::Never(Counterexample { env, left, right }),
                _ => Bound::Unknown,
            };
        }
        Some(When::If(requirements)) => requirements,
        None => vec![match margin_of(&margin) {
            Some(requirement) => requirement,
            None => return Bound::Unknown,
        }],
    };
    Bound::Requires(simplify(requirements))
}

enum When {
    Always,
    Never,
    If(Vec<Requirement>),
}

/// When `margin >= 0`; `None` when only the predicate itself says it.
fn when_not_negative(margin: &Dim, bounds: &Bounds) -> Option<When> {
    let margin = without_floors(margin);
    if let Some(n) = margin.as_const() {
        return Some(if n >= 0 { When::Always } else { When::Never });
    }
    let vars: Vec<Name> = margin.vars().into_iter().collect();
    let low = lows(&vars, bounds);
    // In normal form all coefficients inside floors are positive, so that those outside say
    // whether the size rises or falls, as long as no variable is negative.
    let terms = margin.terms();
    let varying = || terms.iter().filter(|term| !term.monomial.is_one());
    let natural = low.iter().all(|low| *low >= 0);
    let rises = natural && varying().all(|term| term.coefficient > 0);
    let falls = natural && varying().all(|term| term.coefficient < 0);
    if rises || falls {
        let at_low = Program::new(&margin, &vars).eval(&low);
        match (rises, at_low) {
            (true, Some(0..)) => return Some(When::Always),
            (false, Some(..0)) => return Some(When::Never),
            _ => {}
        }
    }
    if let [var] = vars.as_slice() {
        return of_one_variable(&margin, var, low[0], rises, falls);
    }
    if !(rises || falls) {
        if let Ok(range) = range(&margin, bounds) {
            match (range.min, range.max) {
                (Some(0..), _) => return Some(When::Always),
                (_, Some(..0)) => return Some(When::Never),
                _ => {}
            }
        }
    }
    if rises {
        if let [product, constant] = &*terms {
            if constant.monomial.is_one() {
                return every_factor(product, constant.coefficient, bounds);
            }
        }
    }
    if margin.has_floor() {
        return None;
    }
    margin_of(&margin).map(|requirement| When::If(vec![requirement]))
}

fn of_one_variable(margin: &Dim, var: &Name, low: i128, rises: bool, falls: bool) -> Option<When> {
    let at_least = |low| Requirement::AtLeast {
        var: var.clone(),
        low,
    };
    let at_most = |high| Requirement::AtMost {
        var: var.clone(),
        high,
    };
    if let Some(linear) = margin.linear_in(&BTreeSet::new()) {
        let offset = linear.offset.as_const()?;
        // scale*v + offset >= 0
        return Some(if linear.scale > 0 {
            let least = offset.checked_div_euclid(linear.scale)?.checked_neg()?;
            if least <= low {
                When::Always
            } else {
                When::If(vec![at_least(least)])
            }
        } else {
            let most = offset.checked_div_euclid(linear.scale.checked_neg()?)?;
            if most < low {
                When::Never
            } else {
                When::If(vec![at_most(most)])
            }
        });
    }
    let program = Program::new(margin, std::slice::from_ref(var));
    let holds = |value: i128| program.eval(&[value]).map(|margin| margin >= 0);
    // Always and never are excluded by the value at the lower bound.
    if rises {
        let least = last_false(low, holds)?.checked_add(1)?;
        return Some(When::If(vec![at_least(least)]));
    }
    if falls {
        return Some(When::If(vec![at_most(last_true(low, holds)?)]));
    }
    match solve(margin, var, low)? {
        Solutions::None => Some(When::Never),
        Solutions::Between(least, None) if least <= low => Some(When::Always),
        Solutions::Between(least, most) => {
            let mut requirements = Vec::new();
            if least > low {
                requirements.push(at_least(least));
            }
            requirements.extend(most.map(at_most));
            Some(When::If(requirements))
        }
        Solutions::Scattered => None,
    }
}

/// When `c*M + constant >= 0` for a product `M` of factors that are not negative: when `M >= 1`
/// is asked, each factor must be at least 1.
fn every_factor(product: &Term, constant: i128, bounds: &Bounds) -> Option<When> {
    let wanted = ceil_div(constant.checked_neg()?, product.coefficient);
    let mut requirements = Vec::new();
    if wanted == 1 {
        for (atom, _) in product.monomial.factors() {
            let factor = Dim::from_terms(vec![Term {
                monomial: Monomial::atom(atom.clone()),
                coefficient: 1,
            }])
            .ok()?;
            match when_not_negative(&factor.minus(1).ok()?, bounds)? {
                When::Always => {}
                When::Never => return Some(When::Never),
                When::If(more) => requirements.extend(more),
            }
        }
        return Some(When::If(requirements));
    }
    let has_floor = |(atom, _): &(Atom, u32)| matches!(atom, Atom::Floor(_));
    if product.monomial.factors().iter().any(has_floor) {
        return None;
    }
    let margin = Dim::from_terms(vec![product.clone(), Term::constant(constant)]).ok()?;
    margin_of(&margin).map(|requirement| When::If(vec![requirement]))
}

/// An equivalent of `margin >= 0` with fewer floors: common factors are divided out, and a floor
/// that stands alone in the sum is opened, `floor(P/k) + Y >= 0` being `P + k*Y >= 0` and
/// `Y - floor(P/k) >= 0` being `k*Y + k - 1 - P >= 0`.
fn without_floors(margin: &Dim) -> Dim {
    let mut margin = tightened(margin);
    while let Some(opened) = open_floor(&margin) {
        margin = tightened(&opened);
    }
    margin
}

fn open_floor(margin: &Dim) -> Option<Dim> {
    let terms = margin.terms();
    let (at, floor, sign) = terms.iter().enumerate().find_map(|(at, term)| {
        match (term.monomial.factors(), term.coefficient) {
            ([(Atom::Floor(floor), 1)], sign @ (1 | -1)) => Some((at, floor.clone(), sign)),
            _ => None,
        }
    })?;
    let mut rest = terms.to_vec();
    rest.remove(at);
    let Floor {
        numerator,
        divisor: k,
    } = &*floor;
    let rest = Dim::from_terms(rest).ok()?.times(*k).ok()?;
    if sign > 0 {
        rest.add(numerator).ok()
    } else {
        rest.plus(k - 1).ok()?.sub(numerator).ok()
    }
}

/// An equivalent of `margin >= 0` without a common factor of the varying terms.
fn tightened(margin: &Dim) -> Dim {
    let terms = margin.terms();
    let common = terms
        .iter()
        .filter(|term| !term.monomial.is_one())
        .map(|term| term.coefficient)
        .fold(0, gcd);
    if common <= 1 {
        return margin.clone();
    }
    // Every varying coefficient is a multiple, so no floor remains.
    margin.floor_div(common).unwrap_or_else(|_| margin.clone())
}

/// `margin >= 0` with positive terms on both sides.
fn margin_of(margin: &Dim) -> Option<Requirement> {
    let margin = tightened(margin);
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

/// `ceil(a / b)` for a positive `b`.
fn ceil_div(a: i128, b: i128) -> i128 {
    a.div_euclid(b) + i128::from(a.rem_euclid(b) != 0)
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
            let offset = linear.offset.as_const();
            let limit = offset.zip(linear.scale.checked_abs());
            // scale*v + offset >= 0
            let high = limit.and_then(|(offset, scale)| offset.checked_div_euclid(scale));
            let var = linear.var;
            match (linear.scale > 0, high, high.and_then(i128::checked_neg)) {
                (true, _, Some(low)) => return Requirement::AtLeast { var, low },
                (false, Some(high), _) => return Requirement::AtMost { var, high },
                _ => {}
            }
        }
        margin_of(&difference).unwrap_or_else(plain)
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
/// that the bounds imply. Variables are taken to be at least 1. Sorted.
pub fn simplify(requirements: Vec<Requirement>) -> Vec<Requirement> {
    let mut least: BTreeMap<Name, i128> = BTreeMap::new();
    let mut most: BTreeMap<Name, i128> = BTreeMap::new();
    // The limit of each left side that has a constant on the right.
    let mut limits: BTreeMap<(Dim, Cmp), i128> = BTreeMap::new();
    let mut others: BTreeSet<Requirement> = BTreeSet::new();
    for requirement in requirements {
        match requirement {
            Requirement::AtLeast { var, low } => {
                let own = least.entry(var).or_insert(1);
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
        bounds.with(var.clone(), *low)
    });
    others.retain(|requirement| !implied(requirement, &bounds));
    let least = least
        .into_iter()
        .filter(|(_, low)| *low > 1)
        .map(|(var, low)| Requirement::AtLeast { var, low });
    let most = most
        .into_iter()
        .map(|(var, high)| Requirement::AtMost { var, high });
    least.chain(most).chain(others).collect()
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
