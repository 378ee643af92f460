//! Which values variables can take, and what that says of sizes.

use std::collections::BTreeMap;

use super::Env;
use super::dim::{Dim, DimError};
use super::grid::Range;
use super::poly::{Atom, Term};
use crate::text::Name;

/// The values that each variable can take: from 1 on unless set otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    low: BTreeMap<Name, i128>,
    high: BTreeMap<Name, i128>,
}

impl Bounds {
    /// The same bounds, with `name` at least `low`.
    #[must_use]
    pub fn with(mut self, name: impl Into<Name>, low: i128) -> Bounds {
        self.set(name, low);
        self
    }

    /// The same bounds, with `name` at most `high`.
    #[must_use]
    pub fn with_high(mut self, name: impl Into<Name>, high: i128) -> Bounds {
        self.set_high(name, high);
        self
    }

    /// Makes `name` at least `low`.
    pub fn set(&mut self, name: impl Into<Name>, low: i128) {
        self.low.insert(name.into(), low);
    }

    /// Makes `name` at most `high`.
    pub fn set_high(&mut self, name: impl Into<Name>, high: i128) {
        self.high.insert(name.into(), high);
    }

    /// The least value of `name`.
    pub fn low(&self, name: &str) -> i128 {
        self.low.get(name).copied().unwrap_or(1)
    }

    /// The greatest value of `name`, where there is one.
    pub fn high(&self, name: &str) -> Option<i128> {
        self.high.get(name).copied()
    }

    /// Whether each value of `env` is one that its variable can take.
    pub fn admit(&self, env: &Env) -> bool {
        env.iter().all(|(name, value)| {
            *value >= self.low(name) && self.high(name).is_none_or(|high| *value <= high)
        })
    }

    /// Whether a variable of `dim` has a greatest value.
    pub(super) fn cap(&self, dim: &Dim) -> bool {
        !self.high.is_empty() && dim.vars().iter().any(|name| self.high.contains_key(name))
    }
}

/// Least and greatest values of `dim`, each term taken for itself: the size lies within, and takes
/// both ends where no variable occurs twice.
pub(super) fn interval(dim: &Dim, bounds: &Bounds) -> Range {
    let mut total = Range {
        min: Some(0),
        max: Some(0),
    };
    for term in dim.terms().iter() {
        let own = of_term(term, bounds);
        let add = |a: Option<i128>, b: Option<i128>| a?.checked_add(b?);
        total = Range {
            min: add(total.min, own.min),
            max: add(total.max, own.max),
        };
    }
    total
}

fn of_term(term: &Term, bounds: &Bounds) -> Range {
    let mut product = Range {
        min: Some(1),
        max: Some(1),
    };
    let factors = term.monomial.factors();
    for (atom, power) in factors {
        let own = of_atom(atom, bounds);
        // A product rises with its factors only where none is negative.
        let alone = factors.len() == 1 && *power == 1;
        if !alone && own.min.is_none_or(|min| min < 0) {
            return Range {
                min: None,
                max: None,
            };
        }
        let times = |product: Option<i128>, own: Option<i128>| {
            product?.checked_mul(own?.checked_pow(*power)?)
        };
        product = Range {
            min: times(product.min, own.min),
            max: times(product.max, own.max),
        };
    }
    let scaled = |end: Option<i128>| end?.checked_mul(term.coefficient);
    if term.coefficient < 0 {
        Range {
            min: scaled(product.max),
            max: scaled(product.min),
        }
    } else {
        Range {
            min: scaled(product.min),
            max: scaled(product.max),
        }
    }
}

fn of_atom(atom: &Atom, bounds: &Bounds) -> Range {
    match atom {
        Atom::Var(name) => Range {
            min: Some(bounds.low(name)),
            max: bounds.high(name),
        },
        Atom::Floor(floor) => {
            let own = interval(&floor.numerator, bounds);
            let divided = |end: Option<i128>| end.map(|end| end.div_euclid(floor.divisor));
            Range {
                min: divided(own.min),
                max: divided(own.max),
            }
        }
    }
}

/// `dim` with a number for each variable and each division that has one value only.
pub(super) fn settled(dim: &Dim, bounds: &Bounds) -> Dim {
    if !bounds.cap(dim) {
        return dim.clone();
    }
    replaced(dim, bounds).unwrap_or_else(|_| dim.clone())
}

fn replaced(dim: &Dim, bounds: &Bounds) -> Result<Dim, DimError> {
    let mut sum = Dim::constant(0);
    for term in dim.terms().iter() {
        let mut product = Dim::constant(term.coefficient);
        for (atom, power) in term.monomial.factors() {
            let range = of_atom(atom, bounds);
            let value = match (range.min, range.max, atom) {
                (Some(min), Some(max), _) if min == max => Dim::constant(min),
                (_, _, Atom::Var(name)) => Dim::var(name.clone()),
                (_, _, Atom::Floor(floor)) => {
                    replaced(&floor.numerator, bounds)?.floor_div(floor.divisor)?
                }
            };
            product = product.mul(&value.pow(*power)?)?;
        }
        sum = sum.add(&product)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{expr, grid, parse};
    use super::*;

    #[test]
    fn settles_what_has_one_value() {
        let bounds = Bounds::default()
            .with_high("T", 1024)
            .with("H", 4)
            .with_high("H", 4);
        for (text, expected) in [
            ("N*((T + 1023)//1024)", "N"),
            ("T//1025 + W", "W"),
            ("T//1024", "T//1024"),
            ("H*W + H//2", "4*W + 2"),
            ("(H + W)//3", "(W + 4)//3"),
        ] {
            assert_eq!(settled(&parse(text), &bounds).to_string(), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn sizes_lie_in_their_interval(d in expr(2), low in -2i128..5, more in 0i128..9) {
            let Ok(d) = d.dim() else { return Ok(()) };
            let bounds = Bounds::default().with("H", low).with_high("H", low + more);
            let range = interval(&d, &bounds);
            let settled = settled(&d, &bounds);
            for env in grid(&["H".into(), "W".into()].into(), -2, 14) {
                if !bounds.admit(&env) {
                    continue;
                }
                let value = d.eval(&env).unwrap();
                prop_assert!(range.min.is_none_or(|min| min <= value), "{} {:?}", d, env);
                prop_assert!(range.max.is_none_or(|max| value <= max), "{} {:?}", d, env);
                prop_assert_eq!(settled.eval(&env).unwrap(), value, "{} {:?}", d, env);
            }
        }
    }
}
