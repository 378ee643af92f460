//! What can go wrong with a run.

use std::fmt;
use std::sync::Arc;

use crate::layers::kernel::ConcreteType;
use crate::plan::PlanError;

/// Why a run did not happen. What a person can mend in a program or in data is told by a
/// diagnostic.
#[derive(Clone, Debug)]
pub enum ExecError {
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
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExecError::Plan(error) => error.fmt(f),
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
