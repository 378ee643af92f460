//! For which sizes two expressions agree, and how to say so.

use std::ops::ControlFlow;

use super::bounds::settled;
use super::decide::{Sides, Verdict};
use super::dim::Dim;
use super::grid::{Grid, periods, range};
use super::poly::gcd;
use super::program::{Program, env, lows, smallest};
use super::univariate::first_zero;
use super::within::within;
use super::{Bounds, Env};
use crate::text::Name;

/// Whether a condition can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Satisfiable {
    /// Here it does; smallest by the sum of the variables above their lower bounds, then in the
    /// order of their names, unless finding that takes too long.
    Yes(Env),
    /// For no values: this is proved.
    No,
    /// Neither is known.
    Unknown,
}

/// A variable, a modulus, and the residues that it has, in order.
pub type Residues = (Name, i128, Vec<i128>);

/// Tests in the search for values that agree.
const TESTS: usize = 20_000;
/// Most assignments of residues tried to show that sizes never agree.
const MAX_ASSIGNMENTS: usize = 4096;

/// Whether `a` and `b` are equal for some values of the variables within `bounds`.
pub fn ever_equal(a: &Dim, b: &Dim, bounds: &Bounds) -> Satisfiable {
    let found = ever_equal_above(&settled(a, bounds), &settled(b, bounds), bounds);
    if !bounds.cap(a) && !bounds.cap(b) {
        return found;
    }
    let sides = Sides::new(a, b, bounds);
    match found {
        Satisfiable::No => return Satisfiable::No,
        Satisfiable::Yes(env) if bounds.admit(&env) => {
            return Satisfiable::Yes(sides.complete(&env));
        }
        _ => {}
    }
    // That they differ everywhere.
    let apart = within(
        a,
        b,
        bounds,
        |a, b| match ever_equal_above(a, b, bounds) {
            Satisfiable::No => Verdict::Proved,
            Satisfiable::Unknown => Verdict::Unknown,
            Satisfiable::Yes(env) => Sides::new(a, b, bounds).refuted(&env),
        },
        |a, b| a == b,
    );
    match apart {
        Verdict::Proved => Satisfiable::No,
        Verdict::Refuted(found) => Satisfiable::Yes(sides.complete(&found.env)),
        Verdict::Unknown => Satisfiable::Unknown,
    }
}

/// [`ever_equal`] from the lower bounds on.
fn ever_equal_above(a: &Dim, b: &Dim, bounds: &Bounds) -> Satisfiable {
    let sides = Sides::new(a, b, bounds);
    let Ok(difference) = a.sub(b) else {
        return Satisfiable::Unknown;
    };
    match difference.as_const() {
        Some(0) => return Satisfiable::Yes(sides.complete(&Env::new())),
        Some(_) => return Satisfiable::No,
        None => {}
    }
    let common = difference
        .terms()
        .iter()
        .filter(|term| !term.monomial.is_one())
        .fold(0, |common, term| gcd(common, term.coefficient));
    let constant = difference.constant_term();
    if common > 1 && constant % common != 0 {
        return Satisfiable::No;
    }
    let vars: Vec<Name> = difference.vars().into_iter().collect();
    let low = lows(&vars, bounds);
    let program = Program::new(&difference, &vars);
    let agrees = |point: &[i128]| program.eval(point) == Some(0);
    let tests = TESTS / (difference.weight() + vars.len());
    if let Some(point) = smallest(&low, tests.clamp(16, 256), agrees) {
        return Satisfiable::Yes(sides.complete(&env(&vars, &point)));
    }
    if let [var] = vars.as_slice() {
        match first_zero(&difference, var, low[0]) {
            Some(None) => return Satisfiable::No,
            Some(Some(value)) => {
                return Satisfiable::Yes(sides.complete(&env(&vars, &[value])));
            }
            None => {}
        }
    }
    let undecided = vars.len() > 1;
    if undecided && never_zero(&difference, bounds)
        || apart_by_residues(&difference, &vars, &program)
    {
        return Satisfiable::No;
    }
    match smallest(&low, tests, agrees) {
        Some(point) => Satisfiable::Yes(sides.complete(&env(&vars, &point))),
        None => Satisfiable::Unknown,
    }
}

fn never_zero(difference: &Dim, bounds: &Bounds) -> bool {
    range(difference, bounds)
        .is_ok_and(|range| matches!((range.min, range.max), (Some(1..), _) | (_, Some(..0))))
}

/// Whether for some small `m` the difference is never 0 modulo `m`: its residue depends only on
/// those of the variables modulo `m` times their periods.
fn apart_by_residues(difference: &Dim, vars: &[Name], program: &Program) -> bool {
    let by_name = periods(difference);
    (2..=9).any(|m| {
        let moduli: Vec<i128> = vars
            .iter()
            .map(|name| m * by_name.get(name).copied().unwrap_or(1))
            .collect();
        let product = moduli
            .iter()
            .try_fold(1i128, |product, period| product.checked_mul(*period));
        if product.is_none_or(|product| product > (MAX_ASSIGNMENTS / difference.weight()) as i128) {
            return false;
        }
        let mut point = vec![0; vars.len()];
        loop {
            if program.eval(&point).is_none_or(|value| value % m == 0) {
                return false;
            }
            // The next assignment, counting with the last variable first.
            let more = (0..point.len()).rev().any(|at| {
                point[at] += 1;
                let counts = point[at] < moduli[at];
                if !counts {
                    point[at] = 0;
                }
                counts
            });
            if !more {
                return true;
            }
        }
    })
}

/// The residues of the variables for which `a` and `b` agree, if that says exactly when they do:
/// they are equal where every listed variable has one of its residues, and differ everywhere
/// else. Moduli are the smallest possible. Empty when it cannot be said so, or is always or never.
pub fn when_equal(a: &Dim, b: &Dim, bounds: &Bounds) -> Vec<Residues> {
    a.sub(b)
        .ok()
        .and_then(|difference| residues_of_zero(&difference, bounds))
        .unwrap_or_default()
}

fn residues_of_zero(difference: &Dim, bounds: &Bounds) -> Option<Vec<Residues>> {
    if !difference.has_floor() {
        return None;
    }
    let grid = Grid::new(difference, bounds).ok()?;
    let mut allowed: Vec<Vec<bool>> = grid
        .periods
        .iter()
        .map(|period| vec![false; *period as usize])
        .collect();
    let mut agreeing = 0usize;
    let mut exact = true;
    grid.classes(|start, coefficients| {
        if coefficients.iter().all(|c| *c == 0) {
            agreeing += 1;
            for ((value, period), allowed) in start.iter().zip(&grid.periods).zip(&mut allowed) {
                allowed[value.rem_euclid(*period) as usize] = true;
            }
        } else {
            // Elsewhere it must never be 0: one sign, from the first value on.
            exact = (coefficients[0] > 0 && coefficients.iter().all(|c| *c >= 0))
                || (coefficients[0] < 0 && coefficients.iter().all(|c| *c <= 0));
        }
        if exact {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })
    .ok()?;
    let product: usize = allowed
        .iter()
        .map(|allowed| allowed.iter().filter(|allowed| **allowed).count())
        .product();
    if !exact || agreeing == 0 || product != agreeing {
        return None;
    }
    let conditions = grid
        .vars
        .iter()
        .zip(&allowed)
        .filter_map(|(name, allowed)| {
            let period = allowed.len();
            let repeats = |modulus: usize| {
                (0..period - modulus).all(|at| allowed[at] == allowed[at + modulus])
            };
            let modulus = (1..=period).find(|m| period.is_multiple_of(*m) && repeats(*m))?;
            let residues = (0..modulus).filter(|at| allowed[*at]);
            (modulus > 1).then(|| {
                (
                    name.clone(),
                    modulus as i128,
                    residues.map(|at| at as i128).collect(),
                )
            })
        });
    Some(conditions.collect())
}

/// Says that each variable has one of its residues: `H and W are even`, `H % 4 is 1 or 2`.
pub fn describe(conditions: &[Residues]) -> String {
    sentence(conditions, "and", "are", |(_, modulus, residues)| {
        Claim::new(*modulus, residues, false)
    })
}

/// Says that some variable has none of its residues: `H or W is odd`.
pub fn describe_negated(conditions: &[Residues]) -> String {
    sentence(conditions, "or", "is", |(_, modulus, residues)| {
        Claim::new(*modulus, residues, true)
    })
}

/// What is said of a variable: `{name}{of} {verb} {what}`.
#[derive(PartialEq)]
struct Claim {
    of: String,
    one: String,
    many: String,
}

impl Claim {
    fn new(modulus: i128, residues: &[i128], negated: bool) -> Claim {
        let rest = || -> Vec<i128> {
            (0..modulus)
                .filter(|residue| !residues.contains(residue))
                .collect()
        };
        let plain = |one: &str, many: &str| Claim {
            of: String::new(),
            one: one.to_string(),
            many: many.to_string(),
        };
        match (modulus, residues, negated) {
            (2, [0], false) | (2, [1], true) => return plain("even", "even"),
            (2, [1], false) | (2, [0], true) => return plain("odd", "odd"),
            (m, [0], false) => {
                return plain(&format!("a multiple of {m}"), &format!("multiples of {m}"));
            }
            (m, [0], true) => {
                return plain(
                    &format!("not a multiple of {m}"),
                    &format!("not multiples of {m}"),
                );
            }
            _ => {}
        }
        // The shorter list of the two, affirmed where they are as long.
        let rest = rest();
        let (listed, denied) = match (residues.len() <= rest.len(), negated) {
            (true, negated) if residues.len() < rest.len() || !negated => (residues, negated),
            (_, true) => (rest.as_slice(), false),
            (_, false) => (rest.as_slice(), true),
        };
        let list = alternatives(listed);
        let what = if denied { format!("not {list}") } else { list };
        Claim {
            of: format!(" % {modulus}"),
            one: what.clone(),
            many: what,
        }
    }
}

/// `1`, `1 or 2`, `1, 3 or 4`; a run of three or more is `8 to 15`, and long lists are cut.
fn alternatives(residues: &[i128]) -> String {
    const SHOWN: usize = 8;
    if let [first, .., last] = residues
        && residues.len() > 2
        && last - first == residues.len() as i128 - 1
    {
        return format!("{first} to {last}");
    }
    let texts: Vec<String> = residues.iter().map(i128::to_string).collect();
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) if rest.len() < SHOWN => format!("{} or {last}", rest.join(", ")),
        Some((last, rest)) => format!("{}, … or {last}", rest[..SHOWN - 1].join(", ")),
        None => "nothing".to_string(),
    }
}

fn sentence(
    conditions: &[Residues],
    joiner: &str,
    plural: &str,
    claim: impl Fn(&Residues) -> Claim,
) -> String {
    let mut groups: Vec<(Claim, Vec<&Name>)> = Vec::new();
    for condition in conditions {
        let claim = claim(condition);
        match groups.iter_mut().find(|(known, _)| *known == claim) {
            Some((_, names)) if names.contains(&&condition.0) => {}
            Some((_, names)) => names.push(&condition.0),
            None => groups.push((claim, vec![&condition.0])),
        }
    }
    let clauses: Vec<String> = groups
        .iter()
        .map(|(claim, names)| {
            let subjects: Vec<String> = names
                .iter()
                .map(|name| format!("{name}{}", claim.of))
                .collect();
            let many = names.len() > 1 && plural == "are";
            format!(
                "{} {} {}",
                join(&subjects, joiner),
                if many { plural } else { "is" },
                if many { &claim.many } else { &claim.one },
            )
        })
        .collect();
    clauses.join(&format!(" {joiner} "))
}

fn join(texts: &[String], joiner: &str) -> String {
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{} {joiner} {last}", rest.join(", "))
        }
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{env, expr, grid, parse};
    use super::*;

    fn when(a: &str, b: &str) -> Vec<Residues> {
        when_equal(&parse(a), &parse(b), &Bounds::default())
    }

    #[test]
    fn says_when_sizes_agree() {
        for (a, b, affirmed, negated) in [
            ("2*(H//2)", "H", "H is even", "H is odd"),
            ("2*(H//2)*W", "H*W", "H is even", "H is odd"),
            (
                "4*(H//2)*(W//2)",
                "H*W",
                "H and W are even",
                "H or W is odd",
            ),
            (
                "4*(H//4)",
                "H",
                "H is a multiple of 4",
                "H is not a multiple of 4",
            ),
            ("4*(H//4)", "2*(H//2)", "H % 4 is 0 or 1", "H % 4 is 2 or 3"),
            ("2*((H + 1)//2)", "H + 1", "H is odd", "H is even"),
            ("3*(H//3) + 1", "H", "H % 3 is 1", "H % 3 is not 1"),
            ("H + (H%4 + 1)//4", "H", "H % 4 is not 3", "H % 4 is 3"),
            (
                "6*(H//2)*(W//3)",
                "H*W",
                "H is even and W is a multiple of 3",
                "H is odd or W is not a multiple of 3",
            ),
        ] {
            let conditions = when(a, b);
            assert_eq!(describe(&conditions), affirmed, "{a} == {b}");
            assert_eq!(describe_negated(&conditions), negated, "{a} == {b}");
        }
    }

    #[test]
    fn says_nothing_where_residues_do_not_tell() {
        for (a, b) in [
            ("H", "W"),
            ("H//2", "3"),
            ("H", "H"),
            ("(H + W)//2*2", "H + W"),
        ] {
            assert_eq!(when(a, b), [], "{a} == {b}");
        }
    }

    #[test]
    fn finds_out_whether_sizes_ever_agree() {
        let ever = |a: &str, b: &str| ever_equal(&parse(a), &parse(b), &Bounds::default());
        for (a, b) in [
            ("H", "H + 1"),
            ("2*H", "2*W + 1"),
            ("H + W", "1"),
            ("H//2 + H%2", "H//2 - 1"),
            ("H%3", "W%2 + 5"),
            ("H*H", "2"),
            ("H*H", "3*W*W + 2"),
            ("2*(H//3) + 4*W", "2*(H//5) + 7"),
        ] {
            assert_eq!(ever(a, b), Satisfiable::No, "{a} == {b}");
        }
        for (a, b, values) in [
            ("H", "W", env(&[("H", 1), ("W", 1)])),
            ("H", "100000", env(&[("H", 100_000)])),
            ("H*H", "1000000", env(&[("H", 1000)])),
            ("H//2 + H//3", "5000", env(&[("H", 6000)])),
            ("2*H", "3*W + 1", env(&[("H", 2), ("W", 1)])),
        ] {
            assert_eq!(ever(a, b), Satisfiable::Yes(values), "{a} == {b}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(800))]

        #[test]
        fn agreement_is_exact(a in expr(2), k in 2i128..5, other in expr(2)) {
            let Ok(a) = a.dim() else { return Ok(()) };
            let rounded = a.floor_div(k).and_then(|q| q.times(k));
            for b in [rounded, other.dim()].into_iter().flatten() {
                let conditions = when_equal(&a, &b, &Bounds::default());
                if conditions.is_empty() {
                    continue;
                }
                let mut vars = a.vars();
                vars.append(&mut b.vars());
                for env in grid(&vars, 1, 20) {
                    let predicted = conditions
                        .iter()
                        .all(|(name, m, residues)| residues.contains(&(env[name] % m)));
                    prop_assert_eq!(a.eval(&env) == b.eval(&env), predicted, "{} {} {:?}", a, b, env);
                }
            }
        }

        #[test]
        fn every_size_of_one_variable_is_decided(a in expr(1), b in expr(1)) {
            let (Ok(a), Ok(b)) = (a.dim(), b.dim()) else { return Ok(()) };
            check_ever(&a, &b, true)?;
        }

        #[test]
        fn satisfiability_agrees_with_brute_force(a in expr(2), b in expr(2)) {
            let (Ok(a), Ok(b)) = (a.dim(), b.dim()) else { return Ok(()) };
            check_ever(&a, &b, false)?;
        }
    }

    fn check_ever(a: &Dim, b: &Dim, complete: bool) -> Result<(), TestCaseError> {
        let mut vars = a.vars();
        vars.append(&mut b.vars());
        let order = |env: &Env| (env.values().sum::<i128>(), env.clone());
        let found = grid(&vars, 1, 20)
            .into_iter()
            .filter(|env| a.eval(env) == b.eval(env))
            .min_by_key(order);
        match ever_equal(a, b, &Bounds::default()) {
            Satisfiable::Yes(env) => {
                prop_assert_eq!(a.eval(&env), b.eval(&env));
                // A smaller one may lie outside the grid.
                prop_assert!(found.is_none_or(|found| order(&env) <= order(&found)));
            }
            Satisfiable::No => prop_assert_eq!(found, None),
            Satisfiable::Unknown => {
                prop_assert!(!complete, "{} == {}", a, b);
                prop_assert_eq!(found, None);
            }
        }
        Ok(())
    }
}
