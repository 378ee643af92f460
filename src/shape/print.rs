//! Sizes as text in the language's own syntax.
//!
//! The text reads back as the same size. Higher powers come first and the constant last, but a
//! sum starts with a term that is not negative where it has one: `3 - H`. Two liberties are taken
//! for readers, each an identity: `P - k*(P//k)` is `P%k`, and a constant beside the only floor
//! moves into it where the floor has a constant already: `(H + 1)//2 - 2` is `(H - 3)//2`.

use std::fmt;

use super::dim::Dim;
use super::poly::{Atom, Floor, Term};

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(n) = self.as_const() {
            return write!(f, "{n}");
        }
        if let Some(name) = self.as_var() {
            return f.write_str(name);
        }
        let mut parts = parts(self);
        // A sum starts with a term that is not negative, if it has one.
        if let Some(first) = parts.iter().position(|part| !part.negative) {
            parts[..=first].rotate_right(1);
        }
        for (at, part) in parts.iter().enumerate() {
            f.write_str(match (at, part.negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            if at == 0 && part.negative && part.is_quotient {
                write!(f, "({})", part.text)?;
            } else {
                f.write_str(&part.text)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// One summand: its sign and its text without the sign.
struct Part {
    negative: bool,
    /// The text is a bare quotient: `-H//2` would be read as `(-H)//2`.
    is_quotient: bool,
    text: String,
}

/// One factor of a summand.
struct Factor {
    is_quotient: bool,
    text: String,
}

fn parts(dim: &Dim) -> Vec<Part> {
    let mut terms = dim.terms().into_owned();
    let mut remainders = Vec::new();
    while let Some((rest, remainder)) = split_remainder(&terms) {
        terms = rest;
        remainders.push(remainder);
    }
    if let Some((folded, part)) = fold_constant(&terms) {
        let mut parts: Vec<Part> = terms[..terms.len() - 1].iter().map(part_of).collect();
        parts[folded] = part;
        parts.extend(remainders);
        return parts;
    }
    let constant = terms.pop_if(|term| term.monomial.is_one());
    let mut parts: Vec<Part> = terms.iter().map(part_of).collect();
    parts.extend(remainders);
    parts.extend(constant.as_ref().map(part_of));
    parts
}

/// Finds `c*P - c*k*(P//k)` among the terms, and gives the rest and `c*(P%k)`.
fn split_remainder(terms: &[Term]) -> Option<(Vec<Term>, Part)> {
    terms.iter().enumerate().find_map(|(at, term)| {
        let floor = single_floor(term)?;
        if term.coefficient % floor.divisor != 0 {
            return None;
        }
        let scale = (term.coefficient / floor.divisor).checked_neg()?;
        let mut used = vec![at];
        for part in floor.numerator.terms().iter() {
            let at = terms
                .binary_search_by(|term| term.monomial.cmp(&part.monomial))
                .ok()?;
            if Some(terms[at].coefficient) != part.coefficient.checked_mul(scale) {
                return None;
            }
            used.push(at);
        }
        let rest = terms.iter().enumerate();
        let rest = rest.filter(|(at, _)| !used.contains(at));
        let rest = rest.map(|(_, term)| term.clone()).collect();
        let factor = quotient(&floor.numerator, "%", floor.divisor);
        Some((rest, scaled(scale, &[factor])))
    })
}

/// Moves the constant into the only floor of a sum, where that floor has a constant of its own.
fn fold_constant(terms: &[Term]) -> Option<(usize, Part)> {
    let (constant, terms) = terms.split_last()?;
    if !constant.monomial.is_one() {
        return None;
    }
    let mut floors = terms.iter().enumerate().filter(|(_, term)| has_floor(term));
    let ((at, term), None) = (floors.next()?, floors.next()) else {
        return None;
    };
    let floor = single_floor(term)?;
    let times = constant.coefficient.checked_div(term.coefficient)?;
    if floor.numerator.constant_term() == 0
        || times.checked_mul(term.coefficient) != Some(constant.coefficient)
    {
        return None;
    }
    let moved = times.checked_mul(floor.divisor)?;
    let numerator = floor.numerator.plus(moved).ok()?;
    let factor = quotient(&numerator, "//", floor.divisor);
    Some((at, scaled(term.coefficient, &[factor])))
}

fn has_floor(term: &Term) -> bool {
    term.monomial
        .factors()
        .iter()
        .any(|(atom, _)| matches!(atom, Atom::Floor(_)))
}

fn single_floor(term: &Term) -> Option<&Floor> {
    match term.monomial.factors() {
        [(Atom::Floor(floor), 1)] => Some(floor),
        _ => None,
    }
}

fn part_of(term: &Term) -> Part {
    let factors: Vec<Factor> = term.monomial.factors().iter().map(factor_of).collect();
    scaled(term.coefficient, &factors)
}

fn factor_of((atom, power): &(Atom, u32)) -> Factor {
    let base = match atom {
        Atom::Var(name) => Factor {
            text: name.to_string(),
            is_quotient: false,
        },
        Atom::Floor(floor) => quotient(&floor.numerator, "//", floor.divisor),
    };
    if *power == 1 {
        return base;
    }
    Factor {
        text: format!("{}**{power}", base.bracketed()),
        is_quotient: false,
    }
}

/// `coefficient * factors`.
fn scaled(coefficient: i128, factors: &[Factor]) -> Part {
    let size = coefficient.unsigned_abs();
    let negative = coefficient < 0;
    if let (1, [factor]) = (size, factors) {
        return Part {
            negative,
            is_quotient: factor.is_quotient,
            text: factor.text.clone(),
        };
    }
    let mut texts: Vec<String> = factors.iter().map(Factor::bracketed).collect();
    if size != 1 || texts.is_empty() {
        texts.insert(0, size.to_string());
    }
    Part {
        negative,
        is_quotient: false,
        text: texts.join("*"),
    }
}

impl Factor {
    /// The text as it stands beside another factor or under a power.
    fn bracketed(&self) -> String {
        if self.is_quotient {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }
}

/// `numerator//divisor` or `numerator%divisor`, the numerator bracketed unless it is a variable.
fn quotient(numerator: &Dim, operator: &str, divisor: i128) -> Factor {
    let text = match numerator.as_var() {
        Some(name) => format!("{name}{operator}{divisor}"),
        None => format!("({numerator}){operator}{divisor}"),
    };
    Factor {
        text,
        is_quotient: true,
    }
}
