//! Questions about sizes of which some variables have a greatest value.
//!
//! What holds without greatest values holds with them. Where it does not, or only beyond them, the
//! variable with the fewest values is replaced by each of them in turn, as long as that takes few
//! questions.

use std::collections::BTreeMap;

use super::bounds::settled;
use super::decide::{Sides, Verdict};
use super::dim::Dim;
use super::program::smallest;
use super::{Bounds, Env};
use crate::text::Name;

/// Comparisons of numbers that are made for one question.
const QUESTIONS: usize = 4096;
/// How many of those a question about variables counts for.
const VARIABLES: usize = 8;
/// How many of those a question with divisions counts for.
const DIVISIONS: usize = 64;
/// Tests in the search for an example where the questions do not suffice.
const TESTS: usize = 4096;

/// Whether something holds of `a` and `b` for all values within `bounds`. `above` decides it
/// without regard to greatest values; `fails` tells for two numbers that it does not hold.
pub(super) fn within(
    a: &Dim,
    b: &Dim,
    bounds: &Bounds,
    above: impl Fn(&Dim, &Dim) -> Verdict,
    fails: impl Fn(i128, i128) -> bool,
) -> Verdict {
    if !bounds.cap(a) && !bounds.cap(b) {
        return above(a, b);
    }
    let sides = Sides::new(a, b, bounds);
    let mut split = Split {
        bounds,
        vars: &sides.vars,
        above: &above,
        left: QUESTIONS,
    };
    match split.decide(&settled(a, bounds), &settled(b, bounds)) {
        Some(None) => Verdict::Proved,
        Some(Some(example)) => sides.refuted(&example),
        None => sides.small(TESTS, bounds, fails),
    }
}

struct Split<'s> {
    bounds: &'s Bounds,
    vars: &'s [Name],
    above: &'s dyn Fn(&Dim, &Dim) -> Verdict,
    left: usize,
}

impl Split<'_> {
    /// `Some(None)` when it holds, `Some` of values for which it does not, `None` when that would
    /// take too many questions.
    fn decide(&mut self, a: &Dim, b: &Dim) -> Option<Option<Env>> {
        let cost = if a.has_floor() || b.has_floor() {
            DIVISIONS
        } else if a.as_const().is_none() || b.as_const().is_none() {
            VARIABLES
        } else {
            1
        };
        self.left = self.left.checked_sub(cost)?;
        match (self.above)(a, b) {
            Verdict::Proved => return Some(None),
            Verdict::Refuted(found) if self.bounds.admit(&found.env) => {
                return Some(Some(found.env));
            }
            _ => {}
        }
        let vars = &a.vars() | &b.vars();
        let ranges = vars.into_iter().filter_map(|name| {
            let (low, high) = (self.bounds.low(&name), self.bounds.high(&name)?);
            Some((high.checked_sub(low)?, low, high, name))
        });
        let (range, low, high, name) = ranges.min()?;
        if usize::try_from(range).is_ok_and(|range| range >= self.left) {
            return None;
        }
        let mut example: Option<Env> = None;
        for value in low..=high {
            let map = BTreeMap::from([(name.clone(), Dim::constant(value))]);
            let part = match (a.subst(&map), b.subst(&map)) {
                (Ok(a), Ok(b)) => self.decide(&a, &b),
                _ => None,
            };
            match part {
                Some(None) => {}
                Some(Some(mut found)) => {
                    found.insert(name.clone(), value);
                    if example
                        .as_ref()
                        .is_none_or(|best| self.rank(&found) < self.rank(best))
                    {
                        example = Some(found);
                    }
                }
                None if example.is_some() => break,
                None => return None,
            }
        }
        Some(example)
    }

    /// Examples in order, the smallest first.
    fn rank(&self, env: &Env) -> (i128, Vec<i128>) {
        let above = self.vars.iter().map(|name| {
            let low = self.bounds.low(name);
            env.get(name).map_or(0, |value| value.saturating_sub(low))
        });
        let above: Vec<i128> = above.collect();
        let sum = above
            .iter()
            .fold(0i128, |sum, value| sum.saturating_add(*value));
        (sum, above)
    }
}

/// The first point within `bounds`, like [`smallest`].
pub(super) fn smallest_within(
    vars: &[Name],
    bounds: &Bounds,
    tests: usize,
    mut test: impl FnMut(&[i128]) -> bool,
) -> Option<Vec<i128>> {
    let low: Vec<i128> = vars.iter().map(|name| bounds.low(name)).collect();
    let high: Vec<Option<i128>> = vars.iter().map(|name| bounds.high(name)).collect();
    let inside = |point: &[i128]| {
        let mut ends = point.iter().zip(&high);
        ends.all(|(value, high)| high.is_none_or(|high| *value <= high))
    };
    smallest(&low, tests, |point| inside(point) && test(point))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{env, expr, grid, parse};
    use super::super::{Satisfiable, divides, equal, ever_equal};
    use super::*;

    fn at_most(name: &str, high: i128) -> Bounds {
        Bounds::default().with_high(name, high)
    }

    #[test]
    fn greatest_values_prove_equalities() {
        for (a, b, bounds) in [
            ("N*((T + 1023)//1024)", "N", at_most("T", 1024)),
            ("T//1000000", "0", at_most("T", 999_999)),
            ("T*T + 2", "3*T", at_most("T", 2)),
            ("T//3 + W//9", "W//9 + (T + 1)//5", at_most("T", 2)),
            (
                "T*W",
                "6",
                at_most("T", 3).with("T", 3).with("W", 2).with_high("W", 2),
            ),
        ] {
            assert_eq!(
                equal(&parse(a), &parse(b), &bounds),
                Verdict::Proved,
                "{a} == {b}"
            );
        }
        assert_eq!(
            divides(4, &parse("4*W + 4 - T%4*4//12"), &at_most("T", 2)),
            Verdict::Proved
        );
    }

    #[test]
    fn examples_are_within() {
        let Verdict::Refuted(found) = equal(&parse("T//3"), &parse("0"), &at_most("T", 5)) else {
            panic!("3 is an example")
        };
        assert_eq!(found.env, env(&[("T", 3)]));
        let Verdict::Refuted(found) = equal(&parse("W"), &parse("T*T*T"), &at_most("W", 1)) else {
            panic!("2 is an example")
        };
        assert_eq!(found.env, env(&[("T", 2), ("W", 1)]));
        assert_eq!(
            ever_equal(&parse("T"), &parse("W + 4"), &at_most("T", 4)),
            Satisfiable::No
        );
        assert_eq!(
            ever_equal(&parse("T"), &parse("W + 4"), &at_most("T", 5)),
            Satisfiable::Yes(env(&[("T", 5), ("W", 1)]))
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(800))]

        #[test]
        fn answers_are_right(
            a in expr(2),
            b in expr(2),
            k in 1i128..5,
            (low, more) in (-3i128..4, 0i128..7),
            other in prop::option::of(1i128..9),
        ) {
            let (Ok(a), Ok(b)) = (a.dim(), b.dim()) else { return Ok(()) };
            let mut bounds = Bounds::default().with("H", low).with_high("H", low + more);
            if let Some(high) = other {
                bounds.set_high("W", high);
            }
            let all: Vec<Env> = grid(&["H".into(), "W".into()].into(), -3, 14)
                .into_iter()
                .filter(|env| bounds.admit(env))
                .collect();
            let same = |env: &Env| a.eval(env).unwrap() == b.eval(env).unwrap();
            match equal(&a, &b, &bounds) {
                Verdict::Proved => prop_assert!(all.iter().all(same), "{} {}", a, b),
                Verdict::Refuted(found) => {
                    prop_assert!(bounds.admit(&found.env) && !same(&found.env), "{} {} {:?}", a, b, found);
                }
                Verdict::Unknown => prop_assert!(other.is_none(), "{} == {} is left open", a, b),
            }
            let multiple = |env: &Env| a.eval(env).unwrap() % k == 0;
            match divides(k, &a, &bounds) {
                Verdict::Proved => prop_assert!(all.iter().all(multiple), "{} {}", k, a),
                Verdict::Refuted(found) => {
                    prop_assert!(bounds.admit(&found.env) && !multiple(&found.env), "{} {}", k, a);
                }
                Verdict::Unknown => prop_assert!(other.is_none(), "{} of {} is left open", k, a),
            }
            match ever_equal(&a, &b, &bounds) {
                Satisfiable::No => prop_assert!(!all.iter().any(same), "{} {}", a, b),
                Satisfiable::Yes(found) => {
                    prop_assert!(bounds.admit(&found) && same(&found), "{} {} {:?}", a, b, found);
                }
                Satisfiable::Unknown => prop_assert!(other.is_none(), "{} == {} is left open", a, b),
            }
        }
    }
}
