//! What the variables must satisfy for a size to be large or small enough.
//!
//! Bounds are inverted exactly: `floor(P/k) >= n` is `P >= k*n`, `a*v + b >= n` is
//! `v >= ceil((n - b)/a)`, a size that only rises or only falls with its one variable has a
//! threshold that bisection finds, and any other size of one variable has thresholds on each
//! residue class. A bound over several variables that no rule takes apart is its own requirement.

use std::collections::BTreeSet;

use super::bounds::{interval, settled};
use super::decide::{Counterexample, Sides};
use super::dim::{Dim, DimError};
use super::effort::spend;
use super::grid::{Range, range};
use super::poly::{Atom, Floor, Monomial, Term, gcd};
use super::program::{Program, lows};
use super::requirement::{Cmp, Requirement, margin_of, strongest};
use super::univariate::{Solutions, last_false, last_true, solve};
use super::{Bounds, Env};
use crate::text::Name;

/// Most values of a variable that are looked at one by one.
const MAX_VALUES: i128 = 10_000;

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
    /// A number is out of range, or no more work is allowed.
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
    let Ok(margin) = margin.map(|margin| settled(&margin, bounds)) else {
        return Bound::Unknown;
    };
    if !spend(margin.weight()) {
        return Bound::Unknown;
    }
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

/// When a size is not negative.
pub(super) enum When {
    Always,
    Never,
    If(Vec<Requirement>),
}

/// When `margin >= 0`; `None` when only the predicate itself says it.
pub(super) fn when_not_negative(margin: &Dim, bounds: &Bounds) -> Option<When> {
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
    let capped = bounds.cap(&margin);
    let known = |range: Range| match (range.min, range.max) {
        (Some(0..), _) => Some(When::Always),
        (_, Some(..0)) => Some(When::Never),
        _ => None,
    };
    if capped && let Some(when) = known(interval(&margin, bounds)) {
        return Some(when);
    }
    if let [var] = vars.as_slice() {
        let when = of_one_variable(&margin, var, low[0], rises, falls);
        return match bounds.high(var) {
            Some(high) => below(when, &margin, var, (low[0], high)),
            None => when,
        };
    }
    if !(rises || falls)
        && let Ok(range) = range(&margin, bounds)
        && let Some(when) = known(range)
    {
        return Some(when);
    }
    if natural && let Some(when) = by_factors(&margin, bounds) {
        return Some(when);
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
        let (scale, offset) = (linear.scale.as_const()?, linear.offset.as_const()?);
        // scale*v + offset >= 0
        return Some(if scale > 0 {
            let least = offset.checked_div_euclid(scale)?.checked_neg()?;
            if least <= low {
                When::Always
            } else {
                When::If(vec![at_least(least)])
            }
        } else {
            let most = offset.checked_div_euclid(scale.checked_neg()?)?;
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

/// When `margin >= 0`, a size of `var` alone, for values up to `high`, given when it is for all from
/// `low` on.
fn below(when: Option<When>, margin: &Dim, var: &Name, (low, high): (i128, i128)) -> Option<When> {
    let requirements = match when {
        Some(When::If(requirements)) => requirements,
        // Values that are no interval from afar may be one, or all, up to here.
        None if high.checked_sub(low)? < MAX_VALUES => {
            let program = Program::new(margin, std::slice::from_ref(var));
            let mut holds = Vec::new();
            for value in low..=high {
                if program.eval(&[value])? >= 0 {
                    holds.push(value);
                }
            }
            let (Some(first), Some(last)) = (holds.first(), holds.last()) else {
                return Some(When::Never);
            };
            if last.checked_sub(*first)?.checked_add(1)? != holds.len() as i128 {
                return None;
            }
            vec![
                Requirement::AtLeast {
                    var: var.clone(),
                    low: *first,
                },
                Requirement::AtMost {
                    var: var.clone(),
                    high: *last,
                },
            ]
        }
        known => return known,
    };
    let mut left = Vec::new();
    for requirement in requirements {
        match &requirement {
            Requirement::AtLeast { low: least, .. } if *least > high => return Some(When::Never),
            Requirement::AtLeast { low: least, .. } if *least <= low => {}
            Requirement::AtMost { high: most, .. } if *most >= high => {}
            _ => left.push(requirement),
        }
    }
    Some(match left.as_slice() {
        [] => When::Always,
        _ => When::If(left),
    })
}

/// When `M*Q + constant >= 0` for a product `M` of variables and divisions that are not negative:
/// for `M*Q >= 1` each of its factors and `Q` must be at least 1, and `M*Q >= 0` is `Q >= 0` where
/// `M` is at least 1. `None` for other constants, and where the terms share no factor.
fn by_factors(margin: &Dim, bounds: &Bounds) -> Option<When> {
    let constant = margin.constant_term();
    let rest = margin.plus(constant.checked_neg()?).ok()?;
    let terms = rest.terms();
    let shared = terms
        .iter()
        .skip(1)
        .fold(terms.first()?.monomial.clone(), |shared, term| {
            shared.common(&term.monomial)
        });
    if shared.is_one() || !matches!(constant, -1 | 0) {
        return None;
    }
    let over = terms.iter().map(|term| {
        Some(Term {
            monomial: term.monomial.over(&shared)?,
            coefficient: term.coefficient,
        })
    });
    let quotient = Dim::from_terms(over.collect::<Option<_>>()?).ok()?;
    let mut requirements = Vec::new();
    for (atom, _) in shared.factors() {
        let factor = Dim::from_terms(vec![Term {
            monomial: Monomial::atom(atom.clone()),
            coefficient: 1,
        }]);
        match when_not_negative(&factor.ok()?.minus(1).ok()?, bounds)? {
            When::Always => {}
            _ if constant == 0 => return None,
            When::Never => return Some(When::Never),
            When::If(more) => requirements.extend(more),
        }
    }
    let left = quotient.plus(constant).ok()?;
    match when_not_negative(&left, bounds) {
        Some(When::Always) => {}
        Some(When::Never) => return Some(When::Never),
        Some(When::If(more)) => requirements.extend(more),
        None => requirements.push(margin_of(&left)?),
    }
    Some(match requirements.as_slice() {
        [] => When::Always,
        _ => When::If(requirements),
    })
}

/// An equivalent of `margin >= 0` with fewer floors: common factors are divided out, and a floor
/// that stands alone in the sum is opened, `floor(P/k) + Y >= 0` being `P + k*Y >= 0` and
/// `Y - floor(P/k) >= 0` being `k*Y + k - 1 - P >= 0`.
pub(super) fn without_floors(margin: &Dim) -> Dim {
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
pub(super) fn tightened(margin: &Dim) -> Dim {
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
            ("N*(H//2 - 1)", 1, "H >= 4"),
            ("N*(20 - h - w)", 1, "h + w <= 19"),
            ("N*h*(h//2)*(w//3)", 1, "h >= 2, w >= 3"),
            ("N*h - N*w", 0, "h >= w"),
            ("5*N*(h//2) - N*w*(h//2)", 1, "h >= 2, w <= 4"),
            ("N*(h - w)", 3, "N*h >= N*w + 3"),
            ("H%3 + 1", 1, "Proved"),
            ("H*H - 4*H + 4", 0, "Proved"),
            ("H*H - 10*H + 30", 14, "H**2 + 16 >= 10*H"),
            ("H*W - H - W + 1", 0, "Proved"),
            ("10*H - H*H", 21, "H >= 3, H <= 7"),
            ("H%4", 1, "H%4 >= 1"),
            ("5 - H%4", 4, "H%4 <= 1"),
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn bounds_agree_with_brute_force(d in expr(2), limit in -9i128..12, low in -4i128..4, up in any::<bool>()) {
            let Ok(d) = d.dim() else { return Ok(()) };
            let bounds = Bounds::default().with("H", low);
            let bound = if up { at_least(&d, limit, &bounds) } else { at_most(&d, limit, &bounds) };
            check(&d, &bound, low, |value| if up { value >= limit } else { value <= limit })?;
        }

        #[test]
        fn greatest_values_count(
            d in expr(2),
            limit in -9i128..12,
            (low, more) in (1i128..4, 0i128..8),
            both in any::<bool>(),
            up in any::<bool>(),
        ) {
            let Ok(d) = d.dim() else { return Ok(()) };
            let mut bounds = Bounds::default().with("H", low).with_high("H", low + more);
            if both {
                bounds.set_high("W", 7);
            }
            let bound = if up { at_least(&d, limit, &bounds) } else { at_most(&d, limit, &bounds) };
            for env in grid(&["H".into(), "W".into()].into(), 1, 20) {
                if !bounds.admit(&env) {
                    continue;
                }
                let value = d.eval(&env).unwrap();
                let expected = match &bound {
                    Bound::Proved => true,
                    Bound::Never(found) => {
                        prop_assert!(bounds.admit(&found.env));
                        false
                    }
                    Bound::Requires(all) => all.iter().all(|one| one.holds(&env) == Some(true)),
                    Bound::Unknown => return Err(TestCaseError::fail(format!("{d} is left open"))),
                };
                let holds = if up { value >= limit } else { value <= limit };
                prop_assert_eq!(holds, expected, "{} {:?} {:?}", d, env, bound);
            }
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
    }

    fn check(
        d: &Dim,
        bound: &Bound,
        low: i128,
        wanted: impl Fn(i128) -> bool,
    ) -> Result<(), TestCaseError> {
        for mut env in grid(&d.vars(), 1, 24) {
            env.entry("H".into()).and_modify(|h| *h += low - 1);
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
