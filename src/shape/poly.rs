//! Terms, monomials and atoms: what a [`Dim`] is made of.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;

use super::dim::{Dim, DimError};
use crate::text::Name;

/// A monomial with its coefficient, which is not zero.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Term {
    pub(super) monomial: Monomial,
    pub(super) coefficient: i128,
}

/// A product of powers of distinct atoms, ordered by atom. The empty product is 1.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Monomial {
    factors: Factors,
    /// The sum of the powers, each times the degree of its atom.
    degree: u32,
}

/// Most products have one factor, which needs no allocation.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
enum Factors {
    #[default]
    None,
    One((Atom, u32)),
    /// At least two.
    More(Vec<(Atom, u32)>),
}

/// What a polynomial treats as indivisible. Variables sort before floors.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Atom {
    Var(Name),
    Floor(Arc<Floor>),
}

/// `floor(numerator / divisor)`, `divisor > 1`.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Floor {
    pub(super) numerator: Dim,
    pub(super) divisor: i128,
}

/// `a + sign * b` of terms in order.
pub(super) fn merge(a: &[Term], b: &[Term], sign: i128) -> Result<Vec<Term>, DimError> {
    let signed = |term: &Term| {
        Ok(Term {
            monomial: term.monomial.clone(),
            coefficient: term
                .coefficient
                .checked_mul(sign)
                .ok_or(DimError::Overflow)?,
        })
    };
    let mut terms = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].monomial.cmp(&b[j].monomial) {
            Ordering::Less => {
                terms.push(a[i].clone());
                i += 1;
            }
            Ordering::Greater => {
                terms.push(signed(&b[j])?);
                j += 1;
            }
            Ordering::Equal => {
                let (x, y) = (a[i].coefficient, b[j].coefficient);
                let sum = if sign < 0 {
                    x.checked_sub(y)
                } else {
                    x.checked_add(y)
                };
                let coefficient = sum.ok_or(DimError::Overflow)?;
                if coefficient != 0 {
                    terms.push(Term {
                        monomial: a[i].monomial.clone(),
                        coefficient,
                    });
                }
                i += 1;
                j += 1;
            }
        }
    }
    terms.extend_from_slice(&a[i..]);
    for term in &b[j..] {
        terms.push(signed(term)?);
    }
    Ok(terms)
}

impl Term {
    pub(super) fn constant(coefficient: i128) -> Term {
        Term {
            monomial: Monomial::default(),
            coefficient,
        }
    }
}

impl Monomial {
    fn new(mut factors: Vec<(Atom, u32)>) -> Monomial {
        let degree = factors
            .iter()
            .map(|(atom, power)| power.saturating_mul(atom.degree()))
            .fold(0, u32::saturating_add);
        let factors = if factors.len() > 1 {
            Factors::More(factors)
        } else {
            factors.pop().map_or(Factors::None, Factors::One)
        };
        Monomial { factors, degree }
    }

    pub(super) fn atom(atom: Atom) -> Monomial {
        Monomial {
            degree: atom.degree(),
            factors: Factors::One((atom, 1)),
        }
    }

    pub(super) fn is_one(&self) -> bool {
        matches!(self.factors, Factors::None)
    }

    /// Atoms with their powers, in order.
    pub(super) fn factors(&self) -> &[(Atom, u32)] {
        match &self.factors {
            Factors::None => &[],
            Factors::One(factor) => std::slice::from_ref(factor),
            Factors::More(factors) => factors,
        }
    }

    /// Every variable that occurs, in floors too.
    pub(super) fn vars(&self) -> BTreeSet<Name> {
        let mut vars = BTreeSet::new();
        self.collect_vars(&mut vars);
        vars
    }

    pub(super) fn collect_vars(&self, vars: &mut BTreeSet<Name>) {
        for (atom, _) in self.factors() {
            match atom {
                Atom::Var(name) => {
                    vars.insert(name.clone());
                }
                Atom::Floor(floor) => floor.numerator.collect_vars(vars),
            }
        }
    }

    /// The product of the factors for which `keep` holds.
    pub(super) fn retain(&self, keep: impl Fn(&Atom) -> bool) -> Monomial {
        Monomial::new(
            self.factors()
                .iter()
                .filter(|(atom, _)| keep(atom))
                .cloned()
                .collect(),
        )
    }

    pub(super) fn degree(&self) -> u32 {
        self.degree
    }

    pub(super) fn times(&self, other: &Monomial) -> Monomial {
        if self.is_one() {
            return other.clone();
        }
        if other.is_one() {
            return self.clone();
        }
        let mut factors = Vec::with_capacity(self.factors().len() + other.factors().len());
        let (mut a, mut b) = (
            self.factors().iter().peekable(),
            other.factors().iter().peekable(),
        );
        loop {
            let order = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => x.0.cmp(&y.0),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Monomial::new(factors),
            };
            match order {
                Ordering::Less => factors.extend(a.next().cloned()),
                Ordering::Greater => factors.extend(b.next().cloned()),
                Ordering::Equal => {
                    if let (Some((atom, p)), Some((_, q))) = (a.next(), b.next()) {
                        factors.push((atom.clone(), p.saturating_add(*q)));
                    }
                }
            }
        }
    }

    /// The greatest product that divides both.
    pub(super) fn common(&self, other: &Monomial) -> Monomial {
        let shared = self.factors().iter().filter_map(|(atom, power)| {
            let at = other.factors().binary_search_by(|(own, _)| own.cmp(atom));
            Some((atom.clone(), (*power).min(other.factors()[at.ok()?].1)))
        });
        Monomial::new(shared.collect())
    }

    /// `self / other`, when every power allows it.
    pub(super) fn over(&self, other: &Monomial) -> Option<Monomial> {
        let mut factors = self.factors().to_vec();
        for (atom, power) in other.factors() {
            let at = factors.binary_search_by(|(own, _)| own.cmp(atom)).ok()?;
            factors[at].1 = factors[at].1.checked_sub(*power)?;
        }
        factors.retain(|(_, power)| *power > 0);
        Some(Monomial::new(factors))
    }
}

/// Display order, which is also an order that products keep: higher degree first, then by the
/// first atoms.
impl Ord for Monomial {
    fn cmp(&self, other: &Monomial) -> Ordering {
        other.degree().cmp(&self.degree()).then_with(|| {
            for ((a, p), (b, q)) in iter::zip(self.factors(), other.factors()) {
                let order = a.cmp(b).then(q.cmp(p));
                if order.is_ne() {
                    return order;
                }
            }
            other.factors().len().cmp(&self.factors().len())
        })
    }
}

impl PartialOrd for Monomial {
    fn partial_cmp(&self, other: &Monomial) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Atom {
    fn degree(&self) -> u32 {
        match self {
            Atom::Var(_) => 1,
            Atom::Floor(floor) => floor.numerator.degree(),
        }
    }
}

/// The greatest common divisor of two numbers of which the first is positive.
pub fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    // At most the first argument, which is positive, so it fits.
    a as i128
}
