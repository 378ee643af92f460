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
    // Nearly every size is a product or a sum that only rises.
    if d.least(bounds).is_some_and(|least| least >= low) {
        return Bound::Proved;
    }
    decide(d.minus(low), Cmp::Ge, d, low, bounds)
}

/// When `d <= high` for variables within `bounds`.
pub fn at_most(d: &Dim, high: i128, bounds: &Bounds) -> Bound {
    decide(Dim::constant(high).sub(d), Cmp::Le, d, high, bounds)
}

fn decide(margin: Result<Dim, DimError>, op: Cmp, d: &Dim, limit: i128, bounds: &Bounds) -> Bound {
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
        None => match margin_of(&margin) {
            Some(requirement) => vec![requirement],
            None => return Bound::Unknown,
        },
    };
    let requirements = requirements
        .into_iter()
        .map(|requirement| requirement.facing(op))
        .collect();
    Bound::Requires(strongest(requirements).0)
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
        margin_of(&difference).map_or_else(plain, |requirement| requirement.facing(op))
    }

    /// The same comparison of two sizes written with `op`, `>=` or `<=`.
    fn facing(self, op: Cmp) -> Requirement {
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
/// that the bounds imply. Variables are taken to be at least 1. Sorted.
pub fn simplify(requirements: Vec<Requirement>) -> Vec<Requirement> {
    let (mut requirements, bounds) = strongest(requirements);
    requirements.retain(|requirement| match requirement {
        Requirement::Compare { .. } => !implied(requirement, &bounds),
        _ => true,
    });
    requirements
}

/// One requirement for each variable and direction or compared size; and the lower bounds.
fn strongest(requirements: Vec<Requirement>) -> (Vec<Requirement>, Bounds) {
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
    let least = least
        .into_iter()
        .filter(|(_, low)| *low > 1)
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

    use super::super::tests::{env, expr, grid, parse};
    use super::*;

    fn needs(bound: Bound) -> String {
        match bound {
            Bound::Requires(requirements) => requirements
                .iter()
                .map(Requirement::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn inverts_lower_bounds() {
        for (text, low, expected) in [
            ("(H - 5)//2 + 1", 1, "H >= 5"),
            ("H - 4", 1, "H >= 5"),
            ("H", 1, "Proved"),
            ("H//2", 1, "H >= 2"),
            ("A - 1", 1, "A >= 2"),
            ("10 - T", 1, "T <= 9"),
            ("((H - 3)//2 - 3)//2 + 1", 1, "H >= 9"),
            ("2*((H + 1)//3) + H//2", 7, "H >= 6"),
            ("H*W", 4, "H*W >= 4"),
            ("2*H*W", 7, "H*W >= 4"),
            ("(H*W)//4", 3, "H*W >= 12"),
            ("H - W", 0, "H >= W"),
            ("H - W", 1, "H >= W + 1"),
            ("H - W", -3, "H + 3 >= W"),
            ("(H - W)//2", 1, "H >= W + 2"),
            ("(H//2)*(W//3)", 1, "H >= 2, W >= 3"),
            ("N*(H//2 - 1)", 1, "N*(H//2) >= N + 1"),
            ("H%3 + 1", 1, "Proved"),
            ("H*H - 4*H + 4", 0, "Proved"),
            ("H*H - 10*H + 30", 14, "H**2 + 16 >= 10*H"),
            ("H*W - H - W + 1", 0, "Proved"),
            ("10*H - H*H", 21, "H >= 3, H <= 7"),
            ("H%4", 1, "H >= 4*(H//4) + 1"),
            ("5", 3, "Proved"),
        ] {
            let bound = at_least(&parse(text), low, &Bounds::default());
            assert_eq!(needs(bound), expected, "{text} >= {low}");
        }
    }

    #[test]
    fn inverts_upper_bounds() {
        for (text, high, expected) in [
            ("h*w", 196, "h*w <= 196"),
            ("T", 1024, "T <= 1024"),
            ("2*h*w", 197, "h*w <= 98"),
            ("H//2", 3, "H <= 7"),
            ("H//2 + (H + 1)//3", 5, "H <= 7"),
            ("H%2", 1, "Proved"),
            ("H + W - 2*h", 3, "H + W <= 2*h + 3"),
        ] {
            let bound = at_most(&parse(text), high, &Bounds::default());
            assert_eq!(needs(bound), expected, "{text} <= {high}");
        }
    }

    #[test]
    fn shows_the_smallest_case_of_what_never_holds() {
        let never = |env, left, right| Bound::Never(Counterexample { env, left, right });
        assert_eq!(
            at_least(&parse("1 - H"), 1, &Bounds::default()),
            never(env(&[("H", 1)]), 0, 1)
        );
        assert_eq!(
            at_most(&parse("H//2 + W"), 3, &Bounds::default().with("W", 4)),
            never(env(&[("H", 1), ("W", 4)]), 4, 3)
        );
        assert_eq!(
            at_least(&parse("H%4"), 4, &Bounds::default()),
            never(env(&[("H", 1)]), 1, 4)
        );
        assert_eq!(
            at_least(&parse("3"), 5, &Bounds::default()),
            never(Env::new(), 3, 5)
        );
    }

    #[test]
    fn lower_bounds_of_variables_count() {
        let bounds = Bounds::default().with("H", 5);
        assert_eq!(
            at_least(&parse("(H - 5)//2 + 1"), 1, &bounds),
            Bound::Proved
        );
        assert_eq!(needs(at_least(&parse("H - W"), 1, &bounds)), "H >= W + 1");
    }

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
        fn bounds_agree_with_brute_force(d in expr(2), limit in -9i128..12, low in 0i128..4, up in any::<bool>()) {
            let Ok(d) = d.dim() else { return Ok(()) };
            let bounds = Bounds::default().with("H", low);
            let bound = if up { at_least(&d, limit, &bounds) } else { at_most(&d, limit, &bounds) };
            check(&d, &bound, low, |value| if up { value >= limit } else { value <= limit })?;
        }

        #[test]
        fn bounds_on_one_variable_are_decided(d in expr(1), limit in -9i128..12) {
            let Ok(d) = d.dim() else { return Ok(()) };
            let bound = at_least(&d, limit, &Bounds::default());
            check(&d, &bound, 1, |value| value >= limit)?;
            let holds: Vec<bool> = (1..400)
                .map(|h| d.eval(&env(&[("H", h)])).unwrap() >= limit)
                .collect();
            let single = matches!(&bound, Bound::Requires(all)
                if all.iter().all(|one| !matches!(one, Requirement::Compare { .. })));
            // What looks like an interval from afar is given as one.
            let changes = holds.windows(2).filter(|pair| pair[0] != pair[1]).count();
            match (changes, holds[0]) {
                (0, true) => prop_assert!(bound == Bound::Proved || single, "{} {:?}", d, bound),
                (0, false) => prop_assert!(matches!(bound, Bound::Never(_)) || single, "{} {:?}", d, bound),
                (1, _) | (2, false) => prop_assert!(single, "{} {:?}", d, bound),
                _ => {}
            }
        }

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

    fn check(
        d: &Dim,
        bound: &Bound,
        low: i128,
        wanted: impl Fn(i128) -> bool,
    ) -> Result<(), TestCaseError> {
        for env in grid(&d.vars(), low.max(1), 24) {
            let value = d.eval(&env).unwrap();
            let expected = match bound {
                Bound::Proved => true,
                Bound::Never(_) => false,
                Bound::Requires(all) => all.iter().all(|one| one.holds(&env) == Some(true)),
                Bound::Unknown => return Err(TestCaseError::fail(format!("{d} is left open"))),
            };
            prop_assert_eq!(wanted(value), expected, "{} {:?} {:?}", d, env, bound);
        }
        if let Bound::Never(found) = bound {
            prop_assert!(!wanted(found.left));
            prop_assert_eq!(d.eval(&found.env).unwrap(), found.left);
        }
        Ok(())
    }
}
