//! Symbolic sizes and shapes: exact arithmetic, printing, and decisions for every size at once.
//!
//! A [`Dim`] is a size in normal form, a [`Shape`] a list of them. [`equal`] and [`divides`]
//! decide questions for all values of the variables or show a smallest example that fails;
//! [`at_least`] and [`at_most`] turn a bound on a size into [`Requirement`]s on its variables.
//!
//! Nothing here takes unbounded time: a size has at most [`MAX_TERMS`] terms and degree
//! [`MAX_DEGREE`], and what would take too many residue classes is answered with `Unknown`. So is
//! what goes beyond the allowance of [`within`].

mod bounds;
mod broadcast;
mod decide;
mod dim;
mod effort;
mod elimination;
mod feasible;
mod grid;
mod invert;
mod poly;
mod print;
mod program;
mod quotient;
mod requirement;
mod residues;
#[cfg(test)]
mod tests;
mod univariate;
mod within;

pub use bounds::Bounds;
pub use broadcast::{Broadcast, broadcast, broadcast_pairs};
pub use decide::{Counterexample, Verdict, divides, equal};
pub use dim::{Dim, DimError, EvalError, Linear, MAX_DEGREE, MAX_TERMS};
pub use effort::within;
pub use feasible::{contradictory, follows};
pub use grid::{MAX_CLASSES, periods};
pub use invert::{Bound, at_least, at_most};
pub use poly::gcd;
pub use requirement::{Cmp, Requirement, simplify};
pub use residues::{Residues, Satisfiable, describe, describe_negated, ever_equal, when_equal};

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use crate::text::Name;

/// A value for each variable.
pub type Env = BTreeMap<Name, i128>;

/// The sizes of a tensor's axes, outermost first. A scalar has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The sizes.
    pub fn dims(&self) -> &[Dim] {
        &self.0
    }

    /// The sizes one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Dim> {
        self.0.iter()
    }

    /// How many terms the sizes have, all told.
    pub fn weight(&self) -> usize {
        self.iter().map(Dim::weight).sum()
    }

    /// How many elements a tensor of this shape has.
    pub fn elements(&self) -> Result<Dim, DimError> {
        Dim::product(&self.0)
    }

    /// The sizes as numbers, when each is a constant that an array can have.
    pub fn concrete(&self) -> Option<Vec<usize>> {
        self.iter().map(|dim| array_size(dim.as_const()?)).collect()
    }

    /// The sizes under an assignment. One that no array can have is [`EvalError::Overflow`].
    pub fn eval(&self, env: &Env) -> Result<Vec<usize>, EvalError> {
        self.iter()
            .map(|dim| array_size(dim.eval(env)?).ok_or(EvalError::Overflow))
            .collect()
    }

    /// Puts a size in place of each variable that `map` names, all at once.
    pub fn subst(&self, map: &BTreeMap<Name, Dim>) -> Result<Shape, DimError> {
        self.iter().map(|dim| dim.subst(map)).collect()
    }

    /// Each size as text, in the language's syntax.
    pub fn strings(&self) -> Vec<String> {
        self.iter().map(Dim::to_string).collect()
    }
}

/// A size in `0..=isize::MAX`, which is what an array can have.
fn array_size(n: i128) -> Option<usize> {
    isize::try_from(n)
        .ok()
        .and_then(|n| usize::try_from(n).ok())
}

impl Index<usize> for Shape {
    type Output = Dim;

    fn index(&self, axis: usize) -> &Dim {
        &self.0[axis]
    }
}

impl FromIterator<Dim> for Shape {
    fn from_iter<I: IntoIterator<Item = Dim>>(dims: I) -> Shape {
        Shape(dims.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Shape {
    type Item = &'a Dim;
    type IntoIter = std::slice::Iter<'a, Dim>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (axis, dim) in self.iter().enumerate() {
            if axis > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{dim}")?;
        }
        f.write_str("]")
    }
}
