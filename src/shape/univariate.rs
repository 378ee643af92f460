//! Where a size of one variable is not negative, or zero.
//!
//! On each residue class such a size is a polynomial in the number of the step, given by its
//! forward differences. Stepping along the class, those differences soon all have one sign; from
//! there on the polynomial only rises or only falls, and bisection finds where it crosses zero.

use std::ops::ControlFlow;

use super::Bounds;
use super::dim::Dim;
use super::grid::Grid;
use crate::text::Name;

/// Most values looked at one by one before a polynomial settles, over all classes.
const MAX_STEPS: usize = 100_000;

/// Where a size of one variable is not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Solutions {
    /// Nowhere.
    None,
    /// From the first value to the second, or from the first on.
    Between(i128, Option<i128>),
    /// At values that are no interval.
    Scattered,
}

/// The last value from `low` on at which `holds` is false, for a condition that is false at `low`
/// and true from some value on. `None` when a number is out of range.
pub(super) fn last_false(low: i128, holds: impl Fn(i128) -> Option<bool>) -> Option<i128> {
    last_true(low, |value| holds(value).map(|holds| !holds))
}

/// The last value from `low` on at which `holds` is true, for a condition that is true at `low`
/// and false from some value on. `None` when a number is out of range.
pub(super) fn last_true(low: i128, holds: impl Fn(i128) -> Option<bool>) -> Option<i128> {
    let mut step = 1i128;
    let mut held = 0;
    while holds(low.checked_add(step)?)? {
        held = step;
        step = step.checked_mul(2)?;
    }
    let mut failed = step;
    while failed - held > 1 {
        let middle = held + (failed - held) / 2;
        if holds(low.checked_add(middle)?)? {
            held = middle;
        } else {
            failed = middle;
        }
    }
    low.checked_add(held)
}

/// Where `dim`, a size of `var` alone, is not negative for `var >= low`; `None` beyond the bounds.
pub(super) fn solve(dim: &Dim, var: &Name, low: i128) -> Option<Solutions> {
    let mut runs: Vec<(i128, Option<Run>)> = Vec::new();
    let period = each_class(dim, var, low, |start, class| {
        runs.push((start, class.not_negative()?));
        Some(())
    })?;
    let value = |start: i128, step: i128| start.checked_add(step.checked_mul(period)?);
    let (mut least, mut most, mut endless) = (None, None, false);
    for (start, run) in &runs {
        let Some(run) = run else { continue };
        if run.broken {
            return Some(Solutions::Scattered);
        }
        let first = value(*start, run.first)?;
        least = Some(least.map_or(first, |least: i128| least.min(first)));
        match run.last {
            Some(last) => {
                let last = value(*start, last)?;
                most = Some(most.map_or(last, |most: i128| most.max(last)));
            }
            None => endless = true,
        }
    }
    let Some(least) = least else {
        return Some(Solutions::None);
    };
    let most = most.filter(|_| !endless);
    // It is an interval if each class holds just the values of its own in between.
    for (start, run) in &runs {
        let first = least.checked_sub(*start)?.max(0);
        let first = first / period + i128::from(first % period != 0);
        let last = match most {
            Some(most) => Some(most.checked_sub(*start)?.div_euclid(period)),
            None => None,
        };
        let expected = last.is_none_or(|last| first <= last).then_some(Run {
            first,
            last,
            broken: false,
        });
        if *run != expected {
            return Some(Solutions::Scattered);
        }
    }
    Some(Solutions::Between(least, most))
}

/// The first value of `var` from `low` on at which `dim`, a size of it alone, is 0: `Some(None)`
/// if there is none, `None` beyond the bounds.
pub(super) fn first_zero(dim: &Dim, var: &Name, low: i128) -> Option<Option<i128>> {
    let mut zeros = Vec::new();
    let period = each_class(dim, var, low, |start, class| {
        zeros.extend(class.first_zero()?.map(|step| (start, step)));
        Some(())
    })?;
    let values: Option<Vec<i128>> = zeros
        .into_iter()
        .map(|(start, step)| start.checked_add(period.checked_mul(step)?))
        .collect();
    Some(values?.into_iter().min())
}

/// Calls `visit` with the first value and the settled form of each class; gives the period.
fn each_class(
    dim: &Dim,
    var: &Name,
    low: i128,
    mut visit: impl FnMut(i128, &Settled) -> Option<()>,
) -> Option<i128> {
    let grid = Grid::new(dim, &Bounds::default().with(var.clone(), low)).ok()?;
    let mut steps = MAX_STEPS;
    let mut fits = true;
    grid.classes(|start, coefficients| {
        let done = Settled::new(coefficients, &mut steps).and_then(|class| visit(start[0], &class));
        fits = done.is_some();
        if fits {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })
    .ok()?;
    fits.then(|| grid.periods[0])
}

/// A polynomial on the steps of one class: its first values, and its differences from the step
/// after them on, which are all of one sign but for the value itself.
struct Settled {
    values: Vec<i128>,
    differences: Vec<i128>,
}

/// The steps of a class at which a polynomial is not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    first: i128,
    last: Option<i128>,
    /// There is a gap in between.
    broken: bool,
}

impl Settled {
    fn new(coefficients: &[i128], steps: &mut usize) -> Option<Settled> {
        let mut differences = coefficients.to_vec();
        let mut values = Vec::new();
        while !(differences[1..].iter().all(|c| *c >= 0)
            || differences[1..].iter().all(|c| *c <= 0))
        {
            *steps = steps.checked_sub(1)?;
            values.push(differences[0]);
            for at in 1..differences.len() {
                differences[at - 1] = differences[at - 1].checked_add(differences[at])?;
            }
        }
        Some(Settled {
            values,
            differences,
        })
    }

    /// The value `step` steps after the first values.
    fn tail(&self, step: i128) -> Option<i128> {
        // Newton's formula: the sum of differences times binomials C(step, at).
        let mut sum = self.differences[0];
        let mut binomial = 1i128;
        for (at, difference) in (0i128..).zip(&self.differences[1..]) {
            binomial = binomial.checked_mul(step - at)? / (at + 1);
            sum = sum.checked_add(difference.checked_mul(binomial)?)?;
        }
        Some(sum)
    }

    fn rises(&self) -> bool {
        self.differences[1..].iter().any(|c| *c > 0)
    }

    fn falls(&self) -> bool {
        self.differences[1..].iter().any(|c| *c < 0)
    }

    /// `None` when a number is out of range.
    fn not_negative(&self) -> Option<Option<Run>> {
        let offset = self.values.len() as i128;
        let holds = |step| self.tail(step).map(|value| value >= 0);
        let mut parts: Vec<(i128, Option<i128>)> = Vec::new();
        for (step, value) in (0i128..).zip(&self.values) {
            if *value >= 0 {
                parts.push((step, Some(step)));
            }
        }
        match (holds(0)?, self.rises(), self.falls()) {
            (true, _, false) => parts.push((offset, None)),
            (true, _, true) => {
                parts.push((offset, Some(offset.checked_add(last_true(0, holds)?)?)))
            }
            (false, true, _) => {
                let first = last_false(0, holds)?.checked_add(offset + 1)?;
                parts.push((first, None));
            }
            (false, false, _) => {}
        }
        let gap = |pair: &[(i128, Option<i128>)]| pair[0].1 != Some(pair[1].0 - 1);
        Some(match (parts.first(), parts.last()) {
            (Some((first, _)), Some((_, last))) => Some(Run {
                first: *first,
                last: *last,
                broken: parts.windows(2).any(gap),
            }),
            _ => None,
        })
    }

    /// The first step at which the value is 0; `None` when a number is out of range.
    fn first_zero(&self) -> Option<Option<i128>> {
        if let Some(step) = self.values.iter().position(|value| *value == 0) {
            return Some(Some(step as i128));
        }
        let offset = self.values.len() as i128;
        let first = self.differences[0];
        let step = match first.signum() {
            0 => Some(0),
            -1 if self.rises() => {
                Some(last_false(0, |step| self.tail(step).map(|value| value >= 0))? + 1)
            }
            1 if self.falls() => {
                Some(last_true(0, |step| self.tail(step).map(|value| value > 0))? + 1)
            }
            _ => None,
        };
        match step {
            Some(step) if self.tail(step)? == 0 => Some(Some(step.checked_add(offset)?)),
            _ => Some(None),
        }
    }
}
