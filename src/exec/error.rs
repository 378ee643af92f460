//! What can go wrong with a run.

use std::fmt;
use std::sync::Arc;

use crate::check::program::Model;
use crate::diag::{Diagnostic, data};
use crate::layers::kernel::ConcreteType;
use crate::lower::LowerError;
use crate::plan::{PlanError, Shortage};

/// Why a run did not happen. What a person can mend in a program or in data is told by a
/// diagnostic.
#[derive(Clone, Debug)]
pub enum ExecError {
    /// There is no graph.
    Lower(LowerError),
    /// There is no plan.
    Plan(PlanError),
    /// Another number of inputs than the plan has.
    InputCount {
        /// How many it has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// An input of another type than the plan was made for.
    Input {
        /// The input's name.
        name: Arc<str>,
        /// What the plan was made for.
        expected: ConcreteType,
        /// What was given.
        found: ConcreteType,
    },
    /// The run cannot be split into batches; a sentence without a full stop.
    Batch(String),
}

impl ExecError {
    /// The diagnostic for what a person can mend in the program or the data; `None` for the rest.
    pub fn diagnostic(&self, model: &Model) -> Option<Diagnostic> {
        match self {
            ExecError::Lower(error) => error.diagnostic(model),
            ExecError::Plan(PlanError::Memory(shortage)) => Some(short_of(shortage, model)),
            _ => None,
        }
    }
}

/// The diagnostic of a run that does not fit in memory.
pub fn short_of(shortage: &Shortage, model: &Model) -> Diagnostic {
    let largest = shortage.largest.iter();
    let largest: Vec<_> = largest
        .map(|large| (&*large.name, &*large.shape, large.bytes))
        .collect();
    data::memory(
        &model.name,
        shortage.needed,
        shortage.limit,
        &largest,
        model.span,
    )
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecError::Lower(error) => error.fmt(f),
            ExecError::Plan(error) => error.fmt(f),
            ExecError::Batch(why) => f.write_str(why),
            ExecError::InputCount { expected, found } => {
                write!(f, "the plan takes {expected} inputs and {found} are given")
            }
            ExecError::Input {
                name,
                expected,
                found,
            } => write!(
                f,
                "`{name}` is planned as {} {:?} and {} {:?} is given",
                expected.dtype, expected.shape, found.dtype, found.shape
            ),
        }
    }
}

impl std::error::Error for ExecError {}

impl From<PlanError> for ExecError {
    fn from(error: PlanError) -> ExecError {
        ExecError::Plan(error)
    }
}

impl From<LowerError> for ExecError {
    fn from(error: LowerError) -> ExecError {
        ExecError::Lower(error)
    }
}

impl From<Shortage> for ExecError {
    fn from(shortage: Shortage) -> ExecError {
        ExecError::Plan(PlanError::Memory(shortage))
    }
}
