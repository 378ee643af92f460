//! The normal form of a size, and its arithmetic.
//!
//! A [`Dim`] is a polynomial with integer coefficients over atoms; an atom is a variable or
//! `floor(P / k)` with a constant `k > 1`. Remainders and ceilings are written with floors. In a
//! floor every coefficient of `P` lies in `0..k`, `k` shares no factor with all of them, and a
//! numerator is never a floor plus whole terms, so that `(2*H)//2` is `H`, `(H - 2)//2 + 1` is
//! `H//2` and `(H//2)//3` is `H//6` by construction. Equal forms mean equal sizes; the converse
//! is for [`equal`](super::equal) to decide.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::poly::{Atom, Monomial, Term, merge};
use super::{Bounds, Env};
use crate::text::Name;

/// Most terms of a size, those inside its floors included.
pub const MAX_TERMS: usize = 256;
/// Highest degree of a size; a floor counts as its numerator does.
pub const MAX_DEGREE: u32 = 8;
/// Most products of terms that one multiplication may form before like terms are joined.
const MAX_PRODUCTS: usize = 4096;

/// A size: an integer expression over named variables, in normal form.
///
/// Constants and single variables are cheap to make, clone and compare; other sizes are shared.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dim(Repr);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    Const(i128),
    Var(Name),
    /// Neither a constant nor a lone variable.
    Poly(Arc<Poly>),
}

/// Terms in display order, without zeros or repeated monomials, with what is asked of them often.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Poly {
    terms: Vec<Term>,
    weight: usize,
    degree: u32,
    has_floor: bool,
}

/// Why an operation on sizes has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DimError {
    /// A coefficient does not fit 128 bits.
    Overflow,
    /// More terms than [`MAX_TERMS`] or a higher degree than [`MAX_DEGREE`].
    TooComplex,
    /// The divisor is not a positive constant.
    Divisor,
    /// A power below zero. Raised by callers that accept signed exponents.
    NegativePower,
}

impl fmt::Display for DimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DimError::Overflow => "a number in this size is too large",
            DimError::TooComplex => "this size has too many terms or too high a power",
            DimError::Divisor => "a size can only be divided by a positive constant",
            DimError::NegativePower => "a size cannot be raised to a negative power",
        })
    }
}

impl std::error::Error for DimError {}

/// Why a size has no value under an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvalError {
    /// The variable has no value.
    Unbound(Name),
    /// A number on the way, or the result, is out of range.
    Overflow,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Unbound(name) => write!(f, "`{name}` has no value"),
            EvalError::Overflow => f.write_str("the size is out of range"),
        }
    }
}

impl std::error::Error for EvalError {}

/// `scale * var + offset`: how the size of an axis of the data binds `var`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear {
    /// The variable that is bound.
    pub var: Name,
    /// What it is multiplied by, over variables that are bound already: a number that is not
    /// zero, or a size that may be.
    pub scale: Dim,
    /// The rest, over variables that are bound already.
    pub offset: Dim,
}

impl Dim {
    /// The size `n`.
    pub fn constant(n: i128) -> Dim {
        Dim(Repr::Const(n))
    }

    /// The variable `name`.
    pub fn var(name: impl Into<Name>) -> Dim {
        Dim(Repr::Var(name.into()))
    }

    /// The value, when there are no variables in it.
    pub fn as_const(&self) -> Option<i128> {
        match self.0 {
            Repr::Const(n) => Some(n),
            _ => None,
        }
    }

    /// The name, when this is one variable and nothing else.
    pub fn as_var(&self) -> Option<&Name> {
        match &self.0 {
            Repr::Var(name) => Some(name),
            _ => None,
        }
    }

    /// Whether this is the constant `n`.
    pub fn is_const(&self, n: i128) -> bool {
        self.as_const() == Some(n)
    }

    /// Whether a floor occurs in the normal form.
    pub fn has_floor(&self) -> bool {
        matches!(&self.0, Repr::Poly(poly) if poly.has_floor)
    }

    /// How many terms there are, those inside floors included.
    pub(super) fn weight(&self) -> usize {
        match &self.0 {
            Repr::Poly(poly) => poly.weight,
            _ => 1,
        }
    }

    /// The highest degree of a term, where a floor counts as its numerator does.
    pub(super) fn degree(&self) -> u32 {
        match &self.0 {
            Repr::Const(_) => 0,
            Repr::Var(_) => 1,
            Repr::Poly(poly) => poly.degree,
        }
    }

    /// The terms in display order: none for 0.
    pub(super) fn terms(&self) -> Cow<'_, [Term]> {
        match &self.0 {
            Repr::Const(0) => Vec::new().into(),
            Repr::Const(n) => vec![Term::constant(*n)].into(),
            Repr::Var(name) => vec![Term {
                monomial: Monomial::atom(Atom::Var(name.clone())),
                coefficient: 1,
            }]
            .into(),
            Repr::Poly(poly) => poly.terms.as_slice().into(),
        }
    }

    /// The coefficient of the empty monomial.
    pub(super) fn constant_term(&self) -> i128 {
        match &self.0 {
            Repr::Const(n) => *n,
            Repr::Var(_) => 0,
            // The empty monomial has the lowest degree and so comes last.
            Repr::Poly(poly) => poly
                .terms
                .last()
                .filter(|term| term.monomial.is_one())
                .map_or(0, |term| term.coefficient),
        }
    }

    /// Joins like terms and brings them into the normal form.
    pub(super) fn from_terms(mut terms: Vec<Term>) -> Result<Dim, DimError> {
        terms.sort_by(|a, b| a.monomial.cmp(&b.monomial));
        let mut joined: Vec<Term> = Vec::with_capacity(terms.len());
        for term in terms {
            match joined.last_mut() {
                Some(last) if last.monomial == term.monomial => {
                    last.coefficient = last
                        .coefficient
                        .checked_add(term.coefficient)
                        .ok_or(DimError::Overflow)?;
                }
                _ => joined.push(term),
            }
        }
        joined.retain(|term| term.coefficient != 0);
        Dim::from_normal(joined)
    }

    /// Wraps terms that are in order, distinct and not zero.
    pub(super) fn from_normal(terms: Vec<Term>) -> Result<Dim, DimError> {
        match terms.as_slice() {
            [] => return Ok(Dim::constant(0)),
            [term] => {
                if term.monomial.is_one() {
                    return Ok(Dim::constant(term.coefficient));
                }
                if let ([(Atom::Var(name), 1)], 1) = (term.monomial.factors(), term.coefficient) {
                    return Ok(Dim::var(name.clone()));
                }
            }
            _ => {}
        }
        // Degrees fall along the terms, so the first has the highest.
        let degree = terms[0].monomial.degree();
        if degree > MAX_DEGREE {
            return Err(DimError::TooComplex);
        }
        let mut weight = terms.len();
        let mut has_floor = false;
        for (atom, _) in terms.iter().flat_map(|term| term.monomial.factors()) {
            if let Atom::Floor(floor) = atom {
                weight += floor.numerator.weight();
                has_floor = true;
            }
        }
        if weight > MAX_TERMS {
            return Err(DimError::TooComplex);
        }
        Ok(Dim(Repr::Poly(Arc::new(Poly {
            terms,
            weight,
            degree,
            has_floor,
        }))))
    }

    /// The sum of two sizes.
    pub fn add(&self, other: &Dim) -> Result<Dim, DimError> {
        match (&self.0, &other.0) {
            (Repr::Const(a), Repr::Const(b)) => a
                .checked_add(*b)
                .map(Dim::constant)
                .ok_or(DimError::Overflow),
            (Repr::Const(0), _) => Ok(other.clone()),
            (_, Repr::Const(0)) => Ok(self.clone()),
            _ => {
                let (a, b) = (self.terms(), other.terms());
                Dim::from_normal(merge(&a, &b, 1)?)
            }
        }
    }

    /// The difference of two sizes.
    pub fn sub(&self, other: &Dim) -> Result<Dim, DimError> {
        match (&self.0, &other.0) {
            (Repr::Const(a), Repr::Const(b)) => a
                .checked_sub(*b)
                .map(Dim::constant)
                .ok_or(DimError::Overflow),
            (_, Repr::Const(0)) => Ok(self.clone()),
            (a, b) if a == b => Ok(Dim::constant(0)),
            _ => {
                let (a, b) = (self.terms(), other.terms());
                Dim::from_normal(merge(&a, &b, -1)?)
            }
        }
    }

    /// The product of two sizes.
    pub fn mul(&self, other: &Dim) -> Result<Dim, DimError> {
        match (&self.0, &other.0) {
            (Repr::Const(a), Repr::Const(b)) => a
                .checked_mul(*b)
                .map(Dim::constant)
                .ok_or(DimError::Overflow),
            (Repr::Const(n), _) => other.times(*n),
            (_, Repr::Const(n)) => self.times(*n),
            _ => {
                let (a, b) = (self.terms(), other.terms());
                if a.len() * b.len() > MAX_PRODUCTS {
                    return Err(DimError::TooComplex);
                }
                let mut terms = Vec::with_capacity(a.len() * b.len());
                for x in a.iter() {
                    for y in b.iter() {
                        let monomial = x.monomial.times(&y.monomial);
                        if monomial.degree() > MAX_DEGREE {
                            return Err(DimError::TooComplex);
                        }
                        terms.push(Term {
                            monomial,
                            coefficient: x
                                .coefficient
                                .checked_mul(y.coefficient)
                                .ok_or(DimError::Overflow)?,
                        });
                    }
                }
                Dim::from_terms(terms)
            }
        }
    }

    /// This size and `n`.
    pub fn plus(&self, n: i128) -> Result<Dim, DimError> {
        self.add(&Dim::constant(n))
    }

    /// This size less `n`.
    pub fn minus(&self, n: i128) -> Result<Dim, DimError> {
        self.sub(&Dim::constant(n))
    }

    /// This size `n` times.
    pub fn times(&self, n: i128) -> Result<Dim, DimError> {
        match (&self.0, n) {
            (_, 0) => Ok(Dim::constant(0)),
            (_, 1) => Ok(self.clone()),
            (Repr::Const(a), _) => a
                .checked_mul(n)
                .map(Dim::constant)
                .ok_or(DimError::Overflow),
            _ => {
                let mut terms = self.terms().into_owned();
                for term in &mut terms {
                    term.coefficient = term.coefficient.checked_mul(n).ok_or(DimError::Overflow)?;
                }
                Dim::from_normal(terms)
            }
        }
    }

    /// This size to a constant power; to the power of 0 it is 1.
    pub fn pow(&self, exponent: u32) -> Result<Dim, DimError> {
        if let Some(n) = self.as_const() {
            return n
                .checked_pow(exponent)
                .map(Dim::constant)
                .ok_or(DimError::Overflow);
        }
        if exponent > MAX_DEGREE {
            return Err(DimError::TooComplex);
        }
        let mut power = Dim::constant(1);
        for _ in 0..exponent {
            power = power.mul(self)?;
        }
        Ok(power)
    }

    /// The product of all; 1 for none.
    pub fn product<'a>(dims: impl IntoIterator<Item = &'a Dim>) -> Result<Dim, DimError> {
        dims.into_iter()
            .try_fold(Dim::constant(1), |product, dim| product.mul(dim))
    }

    /// The sum of all; 0 for none.
    pub fn sum<'a>(dims: impl IntoIterator<Item = &'a Dim>) -> Result<Dim, DimError> {
        dims.into_iter()
            .try_fold(Dim::constant(0), |sum, dim| sum.add(dim))
    }

    /// Every variable that occurs, in floors too.
    pub fn vars(&self) -> BTreeSet<Name> {
        let mut vars = BTreeSet::new();
        self.collect_vars(&mut vars);
        vars
    }

    pub(super) fn collect_vars(&self, vars: &mut BTreeSet<Name>) {
        match &self.0 {
            Repr::Const(_) => {}
            Repr::Var(name) => {
                vars.insert(name.clone());
            }
            Repr::Poly(poly) => {
                for term in &poly.terms {
                    term.monomial.collect_vars(vars);
                }
            }
        }
    }

    /// The value when every variable has the value that `env` gives it.
    pub fn eval(&self, env: &Env) -> Result<i128, EvalError> {
        let look_up = |name: &Name| {
            env.get(name)
                .copied()
                .ok_or_else(|| EvalError::Unbound(name.clone()))
        };
        match &self.0 {
            Repr::Const(n) => Ok(*n),
            Repr::Var(name) => look_up(name),
            Repr::Poly(poly) => {
                let mut sum = 0i128;
                for term in &poly.terms {
                    let mut product = term.coefficient;
                    for (atom, power) in term.monomial.factors() {
                        let value = match atom {
                            Atom::Var(name) => look_up(name)?,
                            Atom::Floor(floor) => {
                                floor.numerator.eval(env)?.div_euclid(floor.divisor)
                            }
                        };
                        product = value
                            .checked_pow(*power)
                            .and_then(|value| product.checked_mul(value))
                            .ok_or(EvalError::Overflow)?;
                    }
                    sum = sum.checked_add(product).ok_or(EvalError::Overflow)?;
                }
                Ok(sum)
            }
        }
    }

    /// The value at the lower bounds of the variables, if it is the least: no term falls.
    pub fn least(&self, bounds: &Bounds) -> Option<i128> {
        match &self.0 {
            Repr::Const(n) => Some(*n),
            Repr::Var(name) => Some(bounds.low(name)),
            Repr::Poly(poly) => {
                let mut sum = 0i128;
                for term in &poly.terms {
                    if term.coefficient < 0 && !term.monomial.is_one() {
                        return None;
                    }
                    let mut product = term.coefficient;
                    for (atom, power) in term.monomial.factors() {
                        let value = match atom {
                            Atom::Var(name) => bounds.low(name),
                            // Coefficients in a floor are positive, so that it rises too.
                            Atom::Floor(floor) => {
                                floor.numerator.least(bounds)?.div_euclid(floor.divisor)
                            }
                        };
                        // A product rises with its factors only where none is negative.
                        if value < 0 {
                            return None;
                        }
                        product = product.checked_mul(value.checked_pow(*power)?)?;
                    }
                    sum = sum.checked_add(product)?;
                }
                Some(sum)
            }
        }
    }

    /// Puts a size in place of each variable that `map` names, all at once.
    pub fn subst(&self, map: &BTreeMap<Name, Dim>) -> Result<Dim, DimError> {
        match &self.0 {
            Repr::Const(_) => Ok(self.clone()),
            Repr::Var(name) => Ok(map.get(name).unwrap_or(self).clone()),
            Repr::Poly(poly) => {
                let mut terms = Vec::with_capacity(poly.terms.len());
                for term in &poly.terms {
                    let mut product = Dim::constant(term.coefficient);
                    for (atom, power) in term.monomial.factors() {
                        let value = match atom {
                            Atom::Var(name) => map
                                .get(name)
                                .cloned()
                                .unwrap_or_else(|| Dim::var(name.clone())),
                            Atom::Floor(floor) => {
                                floor.numerator.subst(map)?.floor_div(floor.divisor)?
                            }
                        };
                        product = product.mul(&value.pow(*power)?)?;
                    }
                    terms.extend(product.terms().iter().cloned());
                    if terms.len() > MAX_PRODUCTS {
                        return Err(DimError::TooComplex);
                    }
                }
                Dim::from_terms(terms)
            }
        }
    }

    /// Reads `self` as `scale * var + offset`, where `var` is the one variable not in `bound`.
    pub fn linear_in(&self, bound: &BTreeSet<Name>) -> Option<Linear> {
        let mut free = self.vars().into_iter().filter(|name| !bound.contains(name));
        let (var, None) = (free.next()?, free.next()) else {
            return None;
        };
        let alone = Monomial::atom(Atom::Var(var.clone()));
        let (mut scale, mut offset) = (Vec::new(), Vec::new());
        for term in self.terms().iter() {
            match term.monomial.over(&alone) {
                Some(monomial) => scale.push(Term {
                    monomial,
                    coefficient: term.coefficient,
                }),
                None => offset.push(term.clone()),
            }
        }
        let (scale, offset) = (Dim::from_terms(scale).ok()?, Dim::from_terms(offset).ok()?);
        let once = !scale.is_const(0) && !scale.vars().contains(&var);
        (once && !offset.vars().contains(&var)).then_some(Linear { var, scale, offset })
    }
}

macro_rules! from_integer {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Dim {
            fn from(n: $integer) -> Dim {
                Dim::constant(n as i128)
            }
        }
    )*};
}
from_integer!(i128 i64 i32 u32 usize);
