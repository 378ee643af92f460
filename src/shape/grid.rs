//! A size on residue classes.
//!
//! Let each variable inside a floor run through one residue class modulo the least common
//! multiple of the products of divisors above it, `v = start + period * j`. Then every floor is a
//! polynomial in the `j` with whole values, and so is the size. Newton's forward differences at
//! the start of a class give its coefficients in the basis of products of binomials `C(j, a)`.
//! They are whole numbers, found from a few values, and say at once whether the size is constant
//! on the class (all but the first are 0), whether `k` divides it everywhere (`k` divides all), and
//! often where it is least (at the start, when none but the first is negative).

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use super::Bounds;
use super::dim::Dim;
use super::effort::spend;
use super::poly::{Atom, Monomial, Term, gcd};
use super::program::{Program, env, lows};
use crate::text::Name;

/// Most residue classes that are looked at.
pub const MAX_CLASSES: i128 = 10_000;
/// Most evaluations of single terms over all classes.
const MAX_WORK: usize = 500_000;

/// Most coefficients on one class.
const MAX_BASIS: usize = 4096;

/// The classes of a size and the points at which each is sampled.
pub(super) struct Grid {
    pub(super) vars: Vec<Name>,
    /// The first point of the first class: the lower bounds.
    low: Vec<i128>,
    pub(super) periods: Vec<i128>,
    /// Exponents of the basis, closed downwards, in lexicographic order: 0 comes first.
    basis: Vec<Vec<u32>>,
    /// `values[to] -= values[from]`, in order, turns values into differences.
    differences: Vec<(usize, usize)>,
    program: Program,
}

/// The work would exceed the stated bounds, or a number overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

impl Grid {
    pub(super) fn new(dim: &Dim, bounds: &Bounds) -> Result<Grid, GaveUp> {
        let vars: Vec<Name> = dim.vars().into_iter().collect();
        let by_name = periods(dim);
        let periods: Vec<i128> = vars
            .iter()
            .map(|name| by_name.get(name).copied().unwrap_or(1))
            .collect();
        let classes = periods
            .iter()
            .try_fold(1i128, |product, period| {
                Some(product * period).filter(|product| *product <= MAX_CLASSES)
            })
            .ok_or(GaveUp)?;
        let most = (MAX_WORK / (classes as usize * dim.weight())).min(MAX_BASIS);
        let basis = basis(dim, &vars, most)?;
        if !spend(basis.len() * vars.len()) {
            return Err(GaveUp);
        }
        Ok(Grid {
            low: lows(&vars, bounds),
            differences: differences(&basis, vars.len()),
            program: Program::new(dim, &vars),
            periods,
            basis,
            vars,
        })
    }

    /// Calls `visit` for each class with its first point and its coefficients, that of 1 first.
    pub(super) fn classes(
        &self,
        mut visit: impl FnMut(&[i128], &[i128]) -> ControlFlow<()>,
    ) -> Result<(), GaveUp> {
        let mut start = self.low.clone();
        let mut point = start.clone();
        let mut values = vec![0; self.basis.len()];
        loop {
            for (value, steps) in values.iter_mut().zip(&self.basis) {
                for at in 0..point.len() {
                    point[at] = i128::from(steps[at])
                        .checked_mul(self.periods[at])
                        .and_then(|step| start[at].checked_add(step))
                        .ok_or(GaveUp)?;
                }
                *value = self.program.eval(&point).ok_or(GaveUp)?;
            }
            for (to, from) in &self.differences {
                values[*to] = values[*to].checked_sub(values[*from]).ok_or(GaveUp)?;
            }
            if visit(&start, &values).is_break() {
                return Ok(());
            }
            // The next class, counting with the last variable first.
            let mut at = start.len();
            loop {
                if at == 0 {
                    return Ok(());
                }
                at -= 1;
                start[at] = start[at].checked_add(1).ok_or(GaveUp)?;
                if start[at] - self.low[at] < self.periods[at] {
                    break;
                }
                start[at] = self.low[at];
            }
        }
    }

    /// The point of the class from `start` that basis function `at` stands for.
    fn point(&self, start: &[i128], at: usize) -> Option<Vec<i128>> {
        self.basis[at]
            .iter()
            .zip(start)
            .zip(&self.periods)
            .map(|((steps, start), period)| {
                start.checked_add(i128::from(*steps).checked_mul(*period)?)
            })
            .collect()
    }
}

/// What a size without its dependence on the variables would be.
pub(super) enum Constancy {
    Constant(i128),
    /// The value at the lower bounds differs from that here.
    Varies(super::Env),
}

/// Whether `dim` has the same value everywhere.
pub(super) fn constancy(dim: &Dim, bounds: &Bounds) -> Result<Constancy, GaveUp> {
    if let Some(n) = dim.as_const() {
        return Ok(Constancy::Constant(n));
    }
    let grid = Grid::new(dim, bounds)?;
    let mut value = None;
    let mut varies = None;
    grid.classes(|start, coefficients| {
        let first = *value.get_or_insert(coefficients[0]);
        let other = if coefficients[0] != first {
            Some(0)
        } else {
            // The first in lexicographic order: all that count at its point besides it are 0.
            (1..coefficients.len()).find(|at| coefficients[*at] != 0)
        };
        match other {
            None => ControlFlow::Continue(()),
            Some(at) => {
                varies = grid.point(start, at);
                ControlFlow::Break(())
            }
        }
    })?;
    match (varies, value) {
        (Some(point), _) => Ok(Constancy::Varies(env(&grid.vars, &point))),
        (None, Some(value)) => Ok(Constancy::Constant(value)),
        (None, None) => Err(GaveUp),
    }
}

/// Whether `k > 0` divides `dim` everywhere.
pub(super) fn always_divides(k: i128, dim: &Dim, bounds: &Bounds) -> Result<bool, GaveUp> {
    let mut constant = 0;
    for part in components(&reduced(dim, k)?) {
        let Some(first) = remainder(k, &part, bounds)? else {
            return Ok(false);
        };
        // Both are below k, so halves cannot overflow where the sum could.
        constant = if first >= k - constant {
            first - (k - constant)
        } else {
            constant + first
        };
    }
    Ok(constant == 0)
}

/// `dim % k`, when that is the same everywhere.
fn remainder(k: i128, dim: &Dim, bounds: &Bounds) -> Result<Option<i128>, GaveUp> {
    if let Some(n) = dim.as_const() {
        return Ok(Some(n.rem_euclid(k)));
    }
    let mut value = None;
    let mut same = true;
    Grid::new(dim, bounds)?.classes(|_, coefficients| {
        let first = coefficients[0].rem_euclid(k);
        same = *value.get_or_insert(first) == first && coefficients[1..].iter().all(|c| c % k == 0);
        if same {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(value.filter(|_| same))
}

/// `dim` with each coefficient reduced modulo `k`, which changes its value by a multiple of `k`.
fn reduced(dim: &Dim, k: i128) -> Result<Dim, GaveUp> {
    let terms = dim
        .terms()
        .iter()
        .map(|term| Term {
            monomial: term.monomial.clone(),
            coefficient: term.coefficient.rem_euclid(k),
        })
        .collect();
    Dim::from_terms(terms).map_err(|_| GaveUp)
}

/// The least and the greatest value of a size, where they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: Option<i128>,
    pub(super) max: Option<i128>,
}

/// The range of `dim`, from the signs of the coefficients on each class. What is given is exact.
pub(super) fn range(dim: &Dim, bounds: &Bounds) -> Result<Range, GaveUp> {
    let mut total = Range {
        min: Some(0),
        max: Some(0),
    };
    let add = |a: Option<i128>, b: Option<i128>| a?.checked_add(b?);
    for part in components(dim) {
        let own = component_range(&part, bounds)?;
        total = Range {
            min: add(total.min, own.min),
            max: add(total.max, own.max),
        };
    }
    Ok(total)
}

fn component_range(dim: &Dim, bounds: &Bounds) -> Result<Range, GaveUp> {
    if let Some(n) = dim.as_const() {
        return Ok(Range {
            min: Some(n),
            max: Some(n),
        });
    }
    let (mut min, mut max) = (i128::MAX, i128::MIN);
    let (mut rises, mut falls) = (true, true);
    Grid::new(dim, bounds)?.classes(|_, coefficients| {
        min = min.min(coefficients[0]);
        max = max.max(coefficients[0]);
        rises &= coefficients[1..].iter().all(|c| *c >= 0);
        falls &= coefficients[1..].iter().all(|c| *c <= 0);
        if rises || falls {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    Ok(Range {
        min: rises.then_some(min),
        max: falls.then_some(max),
    })
}

/// The period of each variable that occurs in a floor of `dim`: every floor is a polynomial in the
/// quotient of the variable by it, on each class of remainders. Above [`MAX_CLASSES`] the number
/// is not exact.
pub fn periods(dim: &Dim) -> BTreeMap<Name, i128> {
    fn walk(dim: &Dim, above: i128, periods: &mut BTreeMap<Name, i128>) {
        for (atom, _) in dim.terms().iter().flat_map(|term| term.monomial.factors()) {
            match atom {
                Atom::Var(_) if above == 1 => {}
                Atom::Var(name) => {
                    let period = periods.entry(name.clone()).or_insert(1);
                    *period = (*period / gcd(*period, above) * above).min(MAX_CLASSES + 1);
                }
                Atom::Floor(floor) => {
                    let product = above.saturating_mul(floor.divisor).min(MAX_CLASSES + 1);
                    walk(&floor.numerator, product, periods);
                }
            }
        }
    }
    let mut periods = BTreeMap::new();
    if dim.has_floor() {
        walk(dim, 1, &mut periods);
    }
    periods
}

/// Splits a sum into sums that share no variable; the constant, if any, stands alone.
pub(super) fn components(dim: &Dim) -> Vec<Dim> {
    let mut groups: Vec<(std::collections::BTreeSet<Name>, Vec<Term>)> = Vec::new();
    for term in dim.terms().iter() {
        let mut vars = term.monomial.vars();
        let mut terms = Vec::new();
        groups.retain_mut(|(names, members)| {
            let apart = names.is_disjoint(&vars);
            if !apart {
                vars.append(names);
                terms.append(members);
            }
            apart
        });
        terms.push(term.clone());
        groups.push((vars, terms));
    }
    groups
        .into_iter()
        .map(|(_, terms)| Dim::from_terms(terms).expect("some terms of a size make a size"))
        .collect()
}

/// Writes `dim` as a polynomial in the variables outside all floors: its coefficients, which are
/// sizes over the other variables.
pub(super) fn coefficients(dim: &Dim) -> Vec<Dim> {
    let inside = periods(dim);
    let is_free = |atom: &Atom| matches!(atom, Atom::Var(name) if !inside.contains_key(name));
    let mut groups: BTreeMap<Monomial, Vec<Term>> = BTreeMap::new();
    for term in dim.terms().iter() {
        groups
            .entry(term.monomial.retain(is_free))
            .or_default()
            .push(Term {
                monomial: term.monomial.retain(|atom| !is_free(atom)),
                coefficient: term.coefficient,
            });
    }
    groups
        .into_values()
        .map(|terms| Dim::from_terms(terms).expect("factors of terms of a size make a size"))
        .collect()
}

/// The exponents that can occur in `dim` on a class, at most `most`.
fn basis(dim: &Dim, vars: &[Name], most: usize) -> Result<Vec<Vec<u32>>, GaveUp> {
    let mut basis = std::collections::BTreeSet::new();
    basis.insert(vec![0; vars.len()]);
    let mut steps = 0;
    for term in dim.terms().iter() {
        let degrees = degrees(&term.monomial, vars);
        let mut exponents = vec![0; vars.len()];
        // Counts through the box below the degrees, but for what exceeds the total degree.
        let mut left = term.monomial.degree();
        while let Some(at) = (0..vars.len()).rev().find(|at| {
            if exponents[*at] < degrees[*at] && left > 0 {
                return true;
            }
            left += exponents[*at];
            exponents[*at] = 0;
            false
        }) {
            exponents[at] += 1;
            left -= 1;
            basis.insert(exponents.clone());
            steps += 1;
            if basis.len() > most || steps > 4 * MAX_BASIS {
                return Err(GaveUp);
            }
        }
    }
    if basis.len() > most {
        return Err(GaveUp);
    }
    Ok(basis.into_iter().collect())
}

/// The degree of a monomial in each variable, floors counted as their numerators.
fn degrees(monomial: &Monomial, vars: &[Name]) -> Vec<u32> {
    let mut total = vec![0; vars.len()];
    for (atom, power) in monomial.factors() {
        match atom {
            Atom::Var(name) => {
                if let Ok(at) = vars.binary_search(name) {
                    total[at] += power;
                }
            }
            Atom::Floor(floor) => {
                let mut most = vec![0; vars.len()];
                for term in floor.numerator.terms().iter() {
                    for (most, own) in most.iter_mut().zip(degrees(&term.monomial, vars)) {
                        *most = own.max(*most);
                    }
                }
                for (total, most) in total.iter_mut().zip(most) {
                    *total += power * most;
                }
            }
        }
    }
    total
}

/// The subtractions that turn values at the exponents of `basis` into forward differences.
fn differences(basis: &[Vec<u32>], vars: usize) -> Vec<(usize, usize)> {
    let index: HashMap<&[u32], usize> = basis
        .iter()
        .enumerate()
        .map(|(at, exponents)| (exponents.as_slice(), at))
        .collect();
    let mut steps = Vec::new();
    for var in 0..vars {
        let highest = basis
            .iter()
            .map(|exponents| exponents[var])
            .max()
            .unwrap_or(0);
        for level in 1..=highest {
            // From the highest down, so that each difference takes the values of the level below.
            for (at, exponents) in basis.iter().enumerate().rev() {
                if exponents[var] >= level {
                    let mut before = exponents.clone();
                    before[var] -= 1;
                    // The basis is closed downwards.
                    steps.push((at, index[before.as_slice()]));
                }
            }
        }
    }
    steps
}
