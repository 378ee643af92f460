//! Whether two sizes are always equal, and whether a number always divides one.
//!
//! Without floors two sizes are equal everywhere if and only if their normal forms are the same.
//! With floors their difference is looked at on residue classes, on each of which it is a
//! polynomial. What takes more than [`MAX_CLASSES`](super::MAX_CLASSES) classes is tried
//! on small and on scattered values, and else left open.

use super::dim::Dim;
use super::effort::is_spent;
use super::grid::{Constancy, always_divides, coefficients, components, constancy};
use super::program::{Program, env, lows, smallest, tests_for};
use super::within::{smallest_within, within};
use super::{Bounds, Env};
use crate::text::Name;

/// Values for which two sides differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// A value for each variable of either side.
    pub env: Env,
    /// The value of the left side.
    pub left: i128,
    /// The value of the right side.
    pub right: i128,
}

/// The answer to a question about all sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds for every value of the variables.
    Proved,
    /// It fails here. The example is smallest by the sum of the variables above their lower
    /// bounds, then in the order of their names, unless finding that takes too long.
    Refuted(Counterexample),
    /// Beyond the stated bounds, and no example was found.
    Unknown,
}

impl Verdict {
    /// Whether this is [`Verdict::Proved`].
    pub fn is_proved(&self) -> bool {
        *self == Verdict::Proved
    }
}

/// Tests before anything is proved: most differences show at once.
const FIRST_TESTS: usize = 24;

/// Whether `a` and `b` are equal for all values of the variables within `bounds`.
pub fn equal(a: &Dim, b: &Dim, bounds: &Bounds) -> Verdict {
    if a == b {
        return Verdict::Proved;
    }
    within(
        a,
        b,
        bounds,
        |a, b| equal_above(a, b, bounds),
        |a, b| a != b,
    )
}

/// [`equal`] from the lower bounds on.
fn equal_above(a: &Dim, b: &Dim, bounds: &Bounds) -> Verdict {
    if a == b {
        return Verdict::Proved;
    }
    if let (Some(left), Some(right)) = (a.as_const(), b.as_const()) {
        return Verdict::Refuted(Counterexample {
            env: Env::new(),
            left,
            right,
        });
    }
    let sides = Sides::new(a, b, bounds);
    let Ok(difference) = a.sub(b) else {
        let tests = tests_for(a.weight() + b.weight(), sides.vars.len());
        return sides.small(tests, bounds, |a, b| a != b);
    };
    let inner: Vec<Name> = difference.vars().into_iter().collect();
    let program = Program::new(&difference, &inner);
    let differs = |point: &[i128]| program.eval(point).is_some_and(|value| value != 0);
    let low = lows(&inner, bounds);
    if let Some(point) = smallest(&low, FIRST_TESTS, differs) {
        return sides.refuted(&env(&inner, &point));
    }
    let hint = match vanishes(&difference, bounds) {
        Some(None) => return Verdict::Proved,
        Some(Some(hint)) => Some(hint),
        None => None,
    };
    let tests = tests_for(difference.weight(), inner.len());
    if let Some(point) = smallest(&low, tests, differs)
        .or_else(|| hint.and_then(|hint| near(&hint, &inner, &low, tests, differs)))
        .or_else(|| scattered(&low, tests / 16, differs))
    {
        return sides.refuted(&env(&inner, &point));
    }
    Verdict::Unknown
}

/// Whether `k` divides `d` for all values of the variables within `bounds`. An example has the
/// value of `d` on the left and `k` on the right. Only 0 is divided by 0.
pub fn divides(k: i128, d: &Dim, bounds: &Bounds) -> Verdict {
    within(
        d,
        &Dim::constant(k),
        bounds,
        |d, _| divides_above(k, d, bounds),
        |n, k| !is_multiple(n, k),
    )
}

fn is_multiple(n: i128, k: i128) -> bool {
    match k {
        0 => n == 0,
        -1 => true,
        k => n % k == 0,
    }
}

/// [`divides`] from the lower bounds on.
fn divides_above(k: i128, d: &Dim, bounds: &Bounds) -> Verdict {
    let divides = |n: i128| is_multiple(n, k);
    if let Some(left) = d.as_const() {
        return if divides(left) {
            Verdict::Proved
        } else {
            Verdict::Refuted(Counterexample {
                env: Env::new(),
                left,
                right: k,
            })
        };
    }
    if d.terms().iter().all(|term| divides(term.coefficient)) {
        return Verdict::Proved;
    }
    let vars: Vec<Name> = d.vars().into_iter().collect();
    let program = Program::new(d, &vars);
    let fails = |point: &[i128]| program.eval(point).is_some_and(|value| !divides(value));
    let refuted = |point: &[i128]| match program.eval(point) {
        Some(left) => Verdict::Refuted(Counterexample {
            env: env(&vars, point),
            left,
            right: k,
        }),
        None => Verdict::Unknown,
    };
    let low = lows(&vars, bounds);
    if let Some(point) = smallest(&low, FIRST_TESTS, fails) {
        return refuted(&point);
    }
    let proved = match k.checked_abs() {
        Some(0) => matches!(vanishes(d, bounds), Some(None)),
        Some(k) => always_divides(k, d, bounds) == Ok(true),
        None => false,
    };
    if proved {
        return Verdict::Proved;
    }
    let tests = tests_for(d.weight(), vars.len());
    match smallest(&low, tests, fails).or_else(|| scattered(&low, tests / 16, fails)) {
        Some(point) => refuted(&point),
        None => Verdict::Unknown,
    }
}

/// Whether `difference` is 0 everywhere: `Some(None)` if so, `Some` of values of some variables
/// near which it is not, `None` when that takes too long.
fn vanishes(difference: &Dim, bounds: &Bounds) -> Option<Option<Env>> {
    let mut open = false;
    for coefficient in coefficients(difference) {
        let mut constant = Some(0i128);
        let mut hint = None;
        for part in components(&coefficient) {
            match constancy(&part, bounds) {
                Ok(Constancy::Constant(n)) => {
                    constant = constant.and_then(|sum| sum.checked_add(n));
                }
                Ok(Constancy::Varies(env)) => hint = Some(env),
                Err(_) => constant = None,
            }
        }
        match (hint, constant) {
            (Some(hint), _) => return Some(Some(not_zero(&coefficient, bounds).unwrap_or(hint))),
            (None, Some(0)) => {}
            (None, Some(_)) => return Some(Some(Env::new())),
            (None, None) => open = true,
        }
    }
    if open { None } else { Some(None) }
}

/// The smallest values for which `dim` is not 0.
fn not_zero(dim: &Dim, bounds: &Bounds) -> Option<Env> {
    let vars: Vec<Name> = dim.vars().into_iter().collect();
    let program = Program::new(dim, &vars);
    let point = smallest(
        &lows(&vars, bounds),
        tests_for(dim.weight(), vars.len()),
        |point| program.eval(point).is_some_and(|value| value != 0),
    )?;
    Some(env(&vars, &point))
}

/// Searches with the variables of `hint` fixed, at its values and at their lower bounds.
fn near(
    hint: &Env,
    vars: &[Name],
    low: &[i128],
    tests: usize,
    differs: impl Fn(&[i128]) -> bool,
) -> Option<Vec<i128>> {
    let free: Vec<usize> = (0..vars.len())
        .filter(|at| !hint.contains_key(&vars[*at]))
        .collect();
    let free_low: Vec<i128> = free.iter().map(|at| low[*at]).collect();
    let mut point: Vec<i128> = vars
        .iter()
        .zip(low)
        .map(|(name, low)| hint.get(name).copied().unwrap_or(*low))
        .collect();
    let found = smallest(&free_low, tests, |values| {
        for (at, value) in free.iter().zip(values) {
            point[*at] = *value;
        }
        differs(&point)
    })?;
    for (at, value) in free.iter().zip(found) {
        point[*at] = value;
    }
    Some(point)
}

/// Tests points spread over many magnitudes, the same at every call.
fn scattered(
    low: &[i128],
    tests: usize,
    mut test: impl FnMut(&[i128]) -> bool,
) -> Option<Vec<i128>> {
    // Marsaglia, "Xorshift RNGs", 2003.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..tests {
        if is_spent() {
            return None;
        }
        let magnitude = next() % 24;
        let point: Option<Vec<i128>> = low
            .iter()
            .map(|low| low.checked_add(i128::from(next() >> (40 + magnitude))))
            .collect();
        if let Some(point) = point.filter(|point| test(point)) {
            return Some(point);
        }
    }
    None
}

/// Two sizes with all variables of both.
pub(super) struct Sides<'a> {
    a: &'a Dim,
    b: &'a Dim,
    pub(super) vars: Vec<Name>,
    low: Vec<i128>,
}

impl<'a> Sides<'a> {
    pub(super) fn new(a: &'a Dim, b: &'a Dim, bounds: &Bounds) -> Sides<'a> {
        let mut vars = a.vars();
        vars.append(&mut b.vars());
        let vars: Vec<Name> = vars.into_iter().collect();
        Sides {
            a,
            b,
            low: lows(&vars, bounds),
            vars,
        }
    }

    /// The values of `some` variables, and for the rest their lower bounds.
    pub(super) fn complete(&self, some: &Env) -> Env {
        let mut all = env(&self.vars, &self.low);
        all.extend(some.iter().map(|(name, value)| (name.clone(), *value)));
        all
    }

    pub(super) fn refuted(&self, some: &Env) -> Verdict {
        let env = self.complete(some);
        match (self.a.eval(&env), self.b.eval(&env)) {
            (Ok(left), Ok(right)) => Verdict::Refuted(Counterexample { env, left, right }),
            _ => Verdict::Unknown,
        }
    }

    /// Searches small values only.
    pub(super) fn small(
        &self,
        tests: usize,
        bounds: &Bounds,
        wanted: impl Fn(i128, i128) -> bool,
    ) -> Verdict {
        let a = Program::new(self.a, &self.vars);
        let b = Program::new(self.b, &self.vars);
        let found = smallest_within(
            &self.vars,
            bounds,
            tests,
            |point| matches!((a.eval(point), b.eval(point)), (Some(a), Some(b)) if wanted(a, b)),
        );
        match found {
            Some(point) => self.refuted(&env(&self.vars, &point)),
            None => Verdict::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::grid::Grid;
    use super::super::tests::{env, expr, grid, parse};
    use super::*;

    fn verdict(a: &str, b: &str) -> Verdict {
        equal(&parse(a), &parse(b), &Bounds::default())
    }

    #[test]
    fn proves_textbook_identities() {
        for (a, b) in [
            ("(H + 1)//2 + H//2", "H"),
            ("(H - 2)//2 + 1", "H//2"),
            ("(H*2)//2", "H"),
            ("(H//2)//3", "H//6"),
            ("H//2 + H%2", "(H + 1)//2"),
            ("2*(H//2) + H%2", "H"),
            ("(H*(H + 1))//2*2", "H*H + H"),
            ("N*((H + 1)//2) + N*(H//2)", "H*N"),
            ("(H//2)*(W//2) + (H//2)*((W + 1)//2)", "W*(H//2)"),
            ("(H + 3)//4 + (H + 2)//4 + (H + 1)//4 + H//4", "H"),
            ("(H + W)//2 + (H + W + 1)//2", "H + W"),
            ("(2*(H//3) + 1)//2", "H//3"),
            ("H//100 + (H + 50)//100", "H//50"),
        ] {
            assert_eq!(verdict(a, b), Verdict::Proved, "{a} == {b}");
        }
    }

    #[test]
    fn refutes_with_the_smallest_example() {
        for (a, b, values, left, right) in [
            ("2*(H//2)", "H", env(&[("H", 1)]), 0, 1),
            ("4*(H//4)", "2*(H//2)", env(&[("H", 2)]), 0, 2),
            ("H", "H + 1", env(&[("H", 1)]), 1, 2),
            ("H", "W", env(&[("H", 1), ("W", 2)]), 1, 2),
            ("H//1000", "0", env(&[("H", 1000)]), 1, 0),
            (
                "H//2*2 + W%2",
                "H//2*2 + 1",
                env(&[("H", 1), ("W", 2)]),
                0,
                1,
            ),
        ] {
            let expected = Counterexample {
                env: values,
                left,
                right,
            };
            assert_eq!(verdict(a, b), Verdict::Refuted(expected), "{a} == {b}");
        }
        let bounds = Bounds::default().with("H", 2);
        assert_eq!(
            equal(&parse("2*(H//2)"), &parse("H"), &bounds),
            Verdict::Refuted(Counterexample {
                env: env(&[("H", 3)]),
                left: 2,
                right: 3
            })
        );
    }

    #[test]
    fn finds_an_example_far_away() {
        // Too far for a search over three variables, but one class gives it away.
        let Verdict::Refuted(found) = verdict("N*W*(H//9000)", "0") else {
            panic!("there are examples")
        };
        assert_eq!(found.env, env(&[("H", 9000), ("N", 1), ("W", 1)]));
        // Scattered values find what needs too many classes.
        let verdict = verdict("H//90001", "0");
        assert!(matches!(verdict, Verdict::Refuted(_)), "{verdict:?}");
    }

    #[test]
    fn leaves_open_what_takes_too_many_classes() {
        // Hermite's identity, floor(2x) = floor(x) + floor(x + 1/2).
        assert_eq!(
            verdict("(2*H)//101", "H//101 + (H + 50)//101"),
            Verdict::Proved
        );
        assert_eq!(
            verdict("(2*H)//20001", "H//20001 + (H + 10000)//20001"),
            Verdict::Unknown
        );
    }

    #[test]
    fn decides_divisibility() {
        for (k, text) in [
            (2, "H*(H + 1)"),
            (6, "H*(H + 1)*(H + 2)"),
            (3, "H**3 - H"),
            (4, "4*(H//2)"),
            (2, "H - H%2"),
            (4, "2*(H - H%2)*W"),
            (-2, "2*H"),
            (6, "3*H*(H + 1) + 6*W"),
        ] {
            let verdict = divides(k, &parse(text), &Bounds::default());
            assert_eq!(verdict, Verdict::Proved, "{k} divides {text}");
        }
        assert_eq!(
            divides(8, &parse("4*H*W"), &Bounds::default()),
            Verdict::Refuted(Counterexample {
                env: env(&[("H", 1), ("W", 1)]),
                left: 4,
                right: 8
            })
        );
        assert!(matches!(
            divides(0, &parse("H"), &Bounds::default()),
            Verdict::Refuted(_)
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        #[test]
        fn equality_agrees_with_brute_force(a in expr(2), b in expr(2)) {
            let (Ok(a), Ok(b)) = (a.dim(), b.dim()) else { return Ok(()) };
            check_equal(&a, &b)?;
            // A size rewritten through the identity x = k*(x//k) + x%k must be recognised.
            let rewritten = a.floor_div(3).and_then(|q| q.times(3)?.add(&a.rem(3)?));
            if let Ok(rewritten) = rewritten {
                prop_assert_eq!(equal(&a, &rewritten, &Bounds::default()), Verdict::Proved);
            }
            let halves = a.floor_div(2).and_then(|low| low.add(&a.ceil_div(2)?));
            if let Ok(halves) = halves {
                let verdict = equal(&a, &halves, &Bounds::default());
                prop_assert!(!matches!(verdict, Verdict::Refuted(_)), "{} {:?}", a, verdict);
            }
        }

        #[test]
        fn divisibility_agrees_with_brute_force(a in expr(2), k in 1i128..7, low in -3i128..4) {
            let bounds = Bounds::default().with("H", low);
            let Ok(a) = a.dim() else { return Ok(()) };
            let mut points = grid(&a.vars(), 1, 24);
            for env in &mut points {
                env.entry("H".into()).and_modify(|h| *h += low - 1);
            }
            let failing = smallest_of(&points, |env| a.eval(env).unwrap() % k != 0);
            match divides(k, &a, &bounds) {
                Verdict::Proved => prop_assert_eq!(failing, None),
                Verdict::Refuted(found) => {
                    prop_assert!(found.left % k != 0);
                    prop_assert_eq!(a.eval(&found.env).unwrap(), found.left);
                    prop_assert!(failing.is_none_or(|failing| order(&found.env) <= order(&failing)));
                }
                // Open only beyond the stated bounds.
                Verdict::Unknown => prop_assert!(Grid::new(&a, &bounds).is_err()),
            }
        }
    }

    fn check_equal(a: &Dim, b: &Dim) -> Result<(), TestCaseError> {
        let mut vars = a.vars();
        vars.append(&mut b.vars());
        let points = grid(&vars, 1, 24);
        let failing = smallest_of(&points, |env| a.eval(env) != b.eval(env));
        match equal(a, b, &Bounds::default()) {
            Verdict::Proved => prop_assert_eq!(failing, None),
            Verdict::Refuted(found) => {
                prop_assert!(found.left != found.right);
                prop_assert_eq!(a.eval(&found.env).unwrap(), found.left);
                prop_assert_eq!(b.eval(&found.env).unwrap(), found.right);
                // A smaller one may lie outside the grid.
                prop_assert!(failing.is_none_or(|failing| order(&found.env) <= order(&failing)));
            }
            // Open only beyond the stated bounds.
            Verdict::Unknown => {
                let difference = a.sub(b);
                prop_assert!(
                    difference.is_err()
                        || Grid::new(&difference.unwrap(), &Bounds::default()).is_err()
                );
            }
        }
        Ok(())
    }

    fn smallest_of(points: &[Env], test: impl Fn(&Env) -> bool) -> Option<Env> {
        points
            .iter()
            .filter(|env| test(env))
            .min_by_key(|env| order(env))
            .cloned()
    }

    fn order(env: &Env) -> (i128, Env) {
        (env.values().sum(), env.clone())
    }
}
