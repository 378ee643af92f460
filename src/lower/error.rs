//! Why a checked model has no graph at some sizes.

use std::fmt;

use crate::check::program::{Model, Required};
use crate::diag::{Diagnostic, data};
use crate::layers::error::{LayerError, Problem};
use crate::shape::{Env, EvalError};
use crate::text::{Name, Span};

/// Why there is no graph.
#[derive(Clone, Debug)]
pub enum LowerError {
    /// The model has errors, which have diagnostics of their own.
    HasErrors,
    /// A dimension variable or parameter has no value.
    Unbound(Name),
    /// A layer does not allow the sizes.
    Refused(Box<Refused>),
    /// What could not be decided for every size does not hold for these.
    Broken(Box<Required>, Env),
}

/// A layer that does not allow the sizes.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The layer's path.
    pub layer: Name,
    /// Its statement.
    pub span: Span,
    /// The uses of blocks that lead there, outermost first.
    pub via: Vec<Span>,
    /// What disagrees, with the numbers.
    pub numbers: String,
    /// The layer's rule, where one is behind it.
    pub rule: Option<String>,
    /// The sizes.
    pub env: Env,
}

impl LowerError {
    /// The diagnostic for a person; `None` for a model whose errors have been told.
    pub fn diagnostic(&self, model: &Model) -> Option<Diagnostic> {
        match self {
            LowerError::HasErrors => None,
            LowerError::Unbound(name) => {
                let parameters = model.parameters.iter().map(|parameter| &parameter.name);
                let place = parameters
                    .chain(&model.variables)
                    .find(|known| known.value == *name)
                    .map_or(model.span, |known| known.span);
                Some(data::unset(name, &model.name, place))
            }
            LowerError::Broken(required, env) => {
                let vars = required.requirement.vars();
                let values = env.iter().filter(|(name, _)| vars.contains(*name));
                let values: Vec<_> = values
                    .map(|(name, value)| format!("{name} is {value}"))
                    .collect();
                let needs = required.requirement.to_string();
                Some(data::requirement(
                    &needs,
                    &required.rule,
                    &values,
                    required.span,
                ))
            }
            LowerError::Refused(refused) => {
                let values: Vec<_> = refused
                    .env
                    .iter()
                    .map(|(name, value)| format!("{name} is {value}"))
                    .collect();
                let rule = refused.rule.as_deref();
                let diagnostic = data::refused(
                    &refused.layer,
                    &refused.numbers,
                    rule,
                    &values,
                    refused.span,
                );
                let uses = refused.via.iter().rev();
                Some(uses.fold(diagnostic, |diagnostic, span| {
                    diagnostic.label(*span, "used here")
                }))
            }
        }
    }
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LowerError::HasErrors => f.write_str("the model has errors"),
            LowerError::Unbound(name) => write!(f, "`{name}` has no value"),
            LowerError::Broken(required, _) => write!(f, "{} does not hold", required.requirement),
            LowerError::Refused(refused) => {
                write!(f, "`{}`: {}", refused.layer, refused.numbers)
            }
        }
    }
}

impl std::error::Error for LowerError {}

/// What a layer says about sizes that its shape rule refuses outright.
pub(super) fn describe(error: &LayerError) -> String {
    match &error.problem {
        Problem::Rank { expected, found } => format!("{expected}; it is given {found}"),
        Problem::DType { expected, found } => {
            format!("it takes {expected} elements and is given {found}")
        }
        Problem::Axis { axis, rank } => format!("there is no axis {axis} among {rank}"),
        Problem::Kind { expected, found } => format!("it takes {expected} and is given {found}"),
        Problem::Array { expected, found } => {
            format!("an array of shape {found:?} does not broadcast to {expected}")
        }
        Problem::Range(text)
        | Problem::Inputs(text)
        | Problem::Reshape(text)
        | Problem::Origin(text) => text.clone(),
        Problem::Symbol { value } => format!("`{value}` has no value"),
        Problem::Poisoned => "an error stands in its way".into(),
        Problem::Dim(error) => error.to_string(),
    }
}

/// Why a size has no value, as numbers that disagree.
pub(super) fn out_of_range(error: &EvalError, what: &str) -> String {
    match error {
        EvalError::Unbound(name) => format!("`{name}` has no value"),
        EvalError::Overflow => format!("{what} is negative or beyond what can be computed"),
    }
}
