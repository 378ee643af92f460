//! Quotients and remainders of sizes: where floors come from, and where they are avoided.

use std::sync::Arc;

use super::Bounds;
use super::decide::divides;
use super::dim::{Dim, DimError, MAX_TERMS};
use super::poly::{Atom, Floor, Monomial, Term, gcd};

impl Dim {
    /// `floor(self / k)`, as `//` in Python; `k` must be positive.
    pub fn floor_div(&self, k: i128) -> Result<Dim, DimError> {
        if k < 1 {
            return Err(DimError::Divisor);
        }
        if let Some(n) = self.as_const() {
            return Ok(Dim::constant(n.div_euclid(k)));
        }
        if k == 1 {
            return Ok(self.clone());
        }
        // Whole multiples of k come out: c = k*q + r with 0 <= r < k.
        let mut whole = Vec::new();
        let mut inner = Vec::new();
        for Term {
            monomial,
            coefficient,
        } in self.terms().iter()
        {
            for (part, coefficient) in [
                (&mut whole, coefficient.div_euclid(k)),
                (&mut inner, coefficient.rem_euclid(k)),
            ] {
                if coefficient != 0 {
                    part.push(Term {
                        monomial: monomial.clone(),
                        coefficient,
                    });
                }
            }
        }
        Dim::from_normal(whole)?.add(&reduced_floor(inner, k)?)
    }

    /// `ceil(self / k)`; `k` must be positive.
    pub fn ceil_div(&self, k: i128) -> Result<Dim, DimError> {
        if k < 1 {
            return Err(DimError::Divisor);
        }
        match self.as_const() {
            // Cannot overflow: the quotient grows by one only where k > 1 has shrunk it.
            Some(n) => Ok(Dim::constant(
                n.div_euclid(k) + i128::from(n.rem_euclid(k) != 0),
            )),
            None => self.plus(k - 1)?.floor_div(k),
        }
    }

    /// `self - k * floor(self / k)`, in `0..k`, as `%` in Python; `k` must be positive.
    pub fn rem(&self, k: i128) -> Result<Dim, DimError> {
        if k < 1 {
            return Err(DimError::Divisor);
        }
        match self.as_const() {
            Some(n) => Ok(Dim::constant(n.rem_euclid(k))),
            None => self.sub(&self.floor_div(k)?.times(k)?),
        }
    }

    /// The size that times `divisor` is `self`, for all values of the variables.
    ///
    /// Finds quotients of polynomials, and whole quotients by a constant such as `(H*H + H)//2`.
    pub fn exact_div(&self, divisor: &Dim) -> Option<Dim> {
        if self.is_const(0) && !divisor.is_const(0) {
            return Some(self.clone());
        }
        let content = divisor
            .terms()
            .iter()
            .fold(0, |content, term| gcd(content, term.coefficient));
        if content <= 0 {
            return None;
        }
        // Gauss: what divides by a divisor without content does so with whole coefficients.
        let primitive = divisor.over_content(content);
        let quotient = self.polynomial_div(&primitive)?;
        if content == 1 {
            return Some(quotient);
        }
        divides(content, &quotient, &Bounds::default())
            .is_proved()
            .then(|| quotient.floor_div(content).ok())?
    }

    /// The size with each coefficient divided by `content`, which divides all.
    fn over_content(&self, content: i128) -> Dim {
        let mut terms = self.terms().into_owned();
        for term in &mut terms {
            term.coefficient /= content;
        }
        Dim::from_normal(terms).expect("smaller coefficients change no limit")
    }

    /// Long division by leading terms, which the order of terms allows.
    fn polynomial_div(&self, divisor: &Dim) -> Option<Dim> {
        let divisor_terms = divisor.terms();
        let leading = divisor_terms.first()?;
        let mut rest = self.clone();
        let mut quotient = Vec::new();
        while !rest.is_const(0) {
            if quotient.len() > MAX_TERMS {
                return None;
            }
            let terms = rest.terms();
            let first = terms.first()?;
            if first.coefficient.checked_rem(leading.coefficient)? != 0 {
                return None;
            }
            let term = Term {
                monomial: first.monomial.over(&leading.monomial)?,
                coefficient: first.coefficient.checked_div(leading.coefficient)?,
            };
            let product = Dim::from_terms(vec![term.clone()])
                .ok()?
                .mul(divisor)
                .ok()?;
            quotient.push(term);
            drop(terms);
            rest = rest.sub(&product).ok()?;
        }
        Dim::from_terms(quotient).ok()
    }
}

/// `floor(terms / k)` for terms in normal order with coefficients in `1..k`, `k > 1`.
fn reduced_floor(mut terms: Vec<Term>, k: i128) -> Result<Dim, DimError> {
    // A common factor g of k and all coefficients but the constant one:
    // floor((g*S + r) / (g*m)) = floor((S + floor(r/g)) / m).
    let common = terms
        .iter()
        .filter(|term| !term.monomial.is_one())
        .fold(k, |g, term| gcd(g, term.coefficient));
    if common > 1 {
        for term in &mut terms {
            term.coefficient /= common;
        }
        terms.retain(|term| term.coefficient != 0);
        let rest = Dim::from_normal(terms)?;
        return rest.floor_div(k / common);
    }
    // One floor with coefficient 1 absorbs the rest: for whole Y,
    // floor((floor(x/a) + Y) / k) = floor((x + a*Y) / (a*k)).
    let mut floors = terms.iter().enumerate().filter_map(|(at, term)| {
        match (term.monomial.factors(), term.coefficient) {
            ([(Atom::Floor(floor), 1)], 1) => Some((at, floor.clone())),
            _ => None,
        }
    });
    if let (Some((at, floor)), None) = (floors.next(), floors.next())
        && let Some(divisor) = k.checked_mul(floor.divisor)
    {
        drop(floors);
        terms.remove(at);
        let rest = Dim::from_normal(terms)?.times(floor.divisor)?;
        return floor.numerator.add(&rest)?.floor_div(divisor);
    }
    drop(floors);
    let numerator = Dim::from_normal(terms)?;
    if let Some(n) = numerator.as_const() {
        return Ok(Dim::constant(n.div_euclid(k)));
    }
    Dim::from_normal(vec![Term {
        monomial: Monomial::atom(Atom::Floor(Arc::new(Floor {
            numerator,
            divisor: k,
        }))),
        coefficient: 1,
    }])
}
