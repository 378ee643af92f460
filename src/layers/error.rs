//! What an operation demands and what it refuses, with typed sizes and no place in a text: the
//! checker turns [`Blame`] into spans, an importer into the names of nodes.

use std::borrow::Cow;

use crate::shape::{Dim, DimError, Shape};
use crate::tensor::DType;

/// Who is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The layer as a whole.
    Layer,
    /// One of its inputs, from 0.
    Input(usize),
    /// One of its arguments.
    Arg(&'static str),
}

/// Something that an operation can never do.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerError {
    /// Who is to blame.
    pub blame: Blame,
    /// What is wrong.
    pub problem: Problem,
    /// Sentences that help: what to type instead, where the rule comes from.
    pub notes: Vec<String>,
}

/// The kinds of refusal; each has a code of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// The input has another number of axes.
    Rank {
        /// What is taken: "3, 4 or 5 axes: batch, 1 to 3 spatial axes, channels".
        expected: Cow<'static, str>,
        /// What came.
        found: Shape,
    },
    /// The input has other elements.
    DType {
        /// What is taken.
        expected: DType,
        /// What came.
        found: DType,
    },
    /// There is no such axis.
    Axis {
        /// The axis as given.
        axis: i128,
        /// How many axes there are.
        rank: usize,
    },
    /// The argument is of another kind.
    Kind {
        /// What is taken: "an integer of at least 1".
        expected: Cow<'static, str>,
        /// What came: "the string \"same\"".
        found: String,
    },
    /// The argument's value is not allowed; a whole sentence without a full stop.
    Range(String),
    /// The number of inputs is wrong; a whole sentence without a full stop.
    Inputs(String),
    /// An array does not broadcast to the parameter.
    Array {
        /// The parameter's shape.
        expected: Shape,
        /// The array's shape.
        found: Vec<usize>,
    },
    /// The number of elements would change, or `_` cannot be found; a whole sentence.
    Reshape(String),
    /// The input's elements are not from where they must come; a whole sentence without a full stop.
    Origin(String),
    /// A symbol stands where only a number will do, so nothing is known until it is set.
    Symbol {
        /// The argument's value.
        value: Dim,
    },
    /// Something that had an error of its own took part: nothing more is said.
    Poisoned,
    /// A size is beyond what can be computed.
    Dim(DimError),
}

impl LayerError {
    /// `problem`, for which `blame` is responsible.
    pub fn new(blame: Blame, problem: Problem) -> LayerError {
        LayerError {
            blame,
            problem,
            notes: Vec::new(),
        }
    }

    /// Adds a sentence that helps.
    pub fn note(mut self, note: impl Into<String>) -> LayerError {
        self.notes.push(note.into());
        self
    }
}

impl From<DimError> for LayerError {
    fn from(error: DimError) -> LayerError {
        LayerError::new(Blame::Layer, Problem::Dim(error))
    }
}

/// Something that must hold for every size.
#[derive(Clone, Debug)]
pub struct Obligation {
    /// What must hold.
    pub claim: Claim,
    /// The layer's rule behind it, a sentence without a full stop:
    /// "`Concat` joins tensors that agree on every axis but the joined one".
    pub rule: Cow<'static, str>,
    /// Who is to blame when it does not hold.
    pub blame: Blame,
}

/// What must hold.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Both are the same.
    Equal(Side, Side),
    /// The size is a multiple of `divisor`.
    Divides {
        /// At least 1.
        divisor: i128,
        /// The size.
        of: Side,
    },
    /// The size is at least `low`.
    AtLeast {
        /// The size.
        of: Side,
        /// The least.
        low: i128,
    },
    /// The size is at most `high`.
    AtMost {
        /// The size.
        of: Side,
        /// The most.
        high: i128,
    },
}

/// A size that takes part in a claim, and where it stands.
#[derive(Clone, Debug)]
pub struct Side {
    /// The size.
    pub dim: Dim,
    /// What it is to a person: "axis 1 of the second input", "`groups`".
    pub what: Cow<'static, str>,
    /// The input and its axis, where it is one.
    pub place: Option<(usize, usize)>,
}

impl Side {
    /// Axis `axis` of input `input`.
    pub fn axis(input: usize, axis: usize, dim: &Dim) -> Side {
        Side {
            dim: dim.clone(),
            what: format!("axis {axis}").into(),
            place: Some((input, axis)),
        }
    }

    /// Any other size.
    pub fn other(what: impl Into<Cow<'static, str>>, dim: Dim) -> Side {
        Side {
            dim,
            what: what.into(),
            place: None,
        }
    }
}
