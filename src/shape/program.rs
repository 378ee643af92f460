//! A size compiled for evaluation at many points, and the search for a smallest point.

use super::dim::Dim;
use super::effort::{is_spent, spend};
use super::poly::Atom;
use super::{Bounds, Env};
use crate::text::Name;

/// Most steps of a search for a point: evaluations times the number of terms.
pub(super) const SEARCH_STEPS: usize = 200_000;

/// What compiling a term costs, in evaluations of one.
const COMPILING: usize = 16;
/// What evaluating a term in wide arithmetic costs, in evaluations in narrow arithmetic.
const WIDE: usize = 4;

/// A size as a function of the values of `vars`.
pub(super) struct Program {
    /// Narrow arithmetic is several times faster, and nearly always enough.
    narrow: Option<Vec<Product<i64>>>,
    wide: Vec<Product<i128>>,
    /// The terms that one evaluation goes through.
    weight: usize,
}

struct Product<T> {
    coefficient: T,
    factors: Vec<(Factor<T>, u32)>,
}

enum Factor<T> {
    Var(usize),
    Floor(Vec<Product<T>>, T),
}

/// Integers that notice overflow.
trait Int: Copy + TryFrom<i128> {
    const ZERO: Self;
    fn add(self, other: Self) -> Option<Self>;
    fn mul(self, other: Self) -> Option<Self>;
    /// `floor(self / k)` for a positive `k`.
    fn floor_div(self, k: Self) -> Self;
}

macro_rules! int {
    ($($integer:ty)*) => {$(
        impl Int for $integer {
            const ZERO: Self = 0;

            fn add(self, other: Self) -> Option<Self> {
                self.checked_add(other)
            }

            fn mul(self, other: Self) -> Option<Self> {
                self.checked_mul(other)
            }

            fn floor_div(self, k: Self) -> Self {
                self.div_euclid(k)
            }
        }
    )*};
}
int!(i64 i128);

impl Program {
    /// Compiles `dim`, whose variables must all be among `vars`, which are in order.
    pub(super) fn new(dim: &Dim, vars: &[Name]) -> Program {
        spend(COMPILING * dim.weight());
        Program {
            narrow: compile(dim, vars),
            wide: compile(dim, vars).unwrap_or_default(),
            weight: dim.weight(),
        }
    }

    /// The value at `point`, which has a value for each variable; `None` on overflow, and where no
    /// more work is allowed.
    pub(super) fn eval(&self, point: &[i128]) -> Option<i128> {
        if !spend(self.weight) {
            return None;
        }
        self.narrow
            .as_ref()
            .and_then(|sum| run(sum, point))
            .map(i128::from)
            .or_else(|| {
                let more = spend((WIDE - 1) * self.weight);
                more.then(|| run(&self.wide, point))?
            })
    }
}

/// `None` when a number does not fit `T`.
fn compile<T: Int>(dim: &Dim, vars: &[Name]) -> Option<Vec<Product<T>>> {
    dim.terms()
        .iter()
        .map(|term| {
            let factors = term
                .monomial
                .factors()
                .iter()
                .map(|(atom, power)| {
                    let factor = match atom {
                        Atom::Var(name) => Factor::Var(vars.binary_search(name).ok()?),
                        Atom::Floor(floor) => Factor::Floor(
                            compile(&floor.numerator, vars)?,
                            T::try_from(floor.divisor).ok()?,
                        ),
                    };
                    Some((factor, *power))
                })
                .collect::<Option<Vec<_>>>()?;
            Some(Product {
                coefficient: T::try_from(term.coefficient).ok()?,
                factors,
            })
        })
        .collect()
}

fn run<T: Int>(sum: &[Product<T>], point: &[i128]) -> Option<T> {
    let mut total = T::ZERO;
    for product in sum {
        let mut value = product.coefficient;
        for (factor, power) in &product.factors {
            let base = match factor {
                Factor::Var(at) => T::try_from(point[*at]).ok()?,
                Factor::Floor(numerator, divisor) => run(numerator, point)?.floor_div(*divisor),
            };
            for _ in 0..*power {
                value = value.mul(base)?;
            }
        }
        total = total.add(value)?;
    }
    Some(total)
}

/// The first point at or above `low` for which `test` holds: by the sum of its distances from
/// `low`, then in lexicographic order. `None` when `tests` points have failed.
pub(super) fn smallest(
    low: &[i128],
    tests: usize,
    mut test: impl FnMut(&[i128]) -> bool,
) -> Option<Vec<i128>> {
    let mut search = Search {
        low,
        point: low.to_vec(),
        left: tests,
        test: &mut test,
    };
    let mut sum = 0;
    while search.left > 0 && !is_spent() {
        if search.shell(0, sum) {
            return Some(search.point);
        }
        if low.is_empty() {
            return None;
        }
        sum += 1;
    }
    None
}

struct Search<'a> {
    low: &'a [i128],
    point: Vec<i128>,
    left: usize,
    test: &'a mut dyn FnMut(&[i128]) -> bool,
}

impl Search<'_> {
    /// Tries every way to spread `sum` over the coordinates from `at` on.
    fn shell(&mut self, at: usize, sum: i128) -> bool {
        if at + 1 >= self.low.len() {
            if let Some(low) = self.low.get(at) {
                match low.checked_add(sum) {
                    Some(value) => self.point[at] = value,
                    None => {
                        self.left = 0;
                        return false;
                    }
                }
            }
            self.left = if is_spent() { 0 } else { self.left - 1 };
            return (self.test)(&self.point);
        }
        for step in 0..=sum {
            let Some(value) = self.low[at].checked_add(step) else {
                break;
            };
            self.point[at] = value;
            if self.shell(at + 1, sum - step) {
                return true;
            }
            if self.left == 0 {
                break;
            }
        }
        false
    }
}

/// How many points may be tested when each costs `weight` terms.
pub(super) fn tests_for(weight: usize, vars: usize) -> usize {
    SEARCH_STEPS / (weight + vars).max(1)
}

/// The lower bounds of `vars`.
pub(super) fn lows(vars: &[Name], bounds: &Bounds) -> Vec<i128> {
    vars.iter().map(|name| bounds.low(name)).collect()
}

/// The values of `point` by name.
pub(super) fn env(vars: &[Name], point: &[i128]) -> Env {
    vars.iter().cloned().zip(point.iter().copied()).collect()
}
