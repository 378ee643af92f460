//! What shape rules have in common: checks of rank and element type, parameters, binding.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::{Args, Bias};
use super::def::{ArgDef, ArgKind, Default, Init, ParamSpec, TensorType};
use super::error::{Blame, Claim, LayerError, Obligation, Problem, Side};
use crate::shape::{Dim, Env, EvalError, Shape};
use crate::tensor::DType;

/// The `bias` argument of a layer with a weight.
pub const BIAS: ArgDef = ArgDef {
    name: "bias",
    kind: ArgKind::Bias,
    default: Default::Bool(true),
    doc: "whether to add a bias, or its values",
};

/// The `eps` argument of a normalisation.
pub const EPS: ArgDef = ArgDef {
    name: "eps",
    kind: ArgKind::Float,
    default: Default::Float(1e-5, "1e-5"),
    doc: "what is added to the variance, so that nothing is divided by 0",
};

/// The value of [`EPS`], from 0 to 1: a larger one is PyTorch's number of channels, by mistake.
pub fn eps(args: &Args) -> Result<f32, LayerError> {
    let eps = single(args, "eps")?;
    let refuse = |sentence| LayerError::new(Blame::Arg("eps"), Problem::Range(sentence));
    if eps < 0.0 {
        return Err(refuse(format!(
            "`eps` must not be negative, and it is {eps}"
        )));
    }
    if eps > 1.0 {
        let error = refuse(format!("`eps` must be at most 1, and it is {eps}"));
        return Err(error.note("the channels are those of the input, and are not written"));
    }
    Ok(eps)
}

/// A trained parameter with this shape, all 1 or all 0 without a file.
pub fn affine(name: &'static str, shape: Shape, init: Init) -> ParamSpec {
    ParamSpec {
        name,
        shape,
        init,
        trained: true,
    }
}

/// Input `at`, which must be `f32`.
pub fn float(inputs: &[TensorType], at: usize) -> Result<&TensorType, LayerError> {
    let input = &inputs[at];
    if input.dtype == DType::F32 {
        Ok(input)
    } else {
        Err(LayerError::new(
            Blame::Input(at),
            Problem::DType {
                expected: DType::F32,
                found: input.dtype,
            },
        ))
    }
}

/// Refuses input `at` when it has fewer than `least` axes; `expected` says what is taken.
pub fn rank_at_least(
    inputs: &[TensorType],
    at: usize,
    least: usize,
    expected: &'static str,
) -> Result<(), LayerError> {
    rank_between(inputs, at, least, usize::MAX, expected)
}

/// Refuses input `at` when its rank is not in `least..=most`; `expected` says what is taken.
pub fn rank_between(
    inputs: &[TensorType],
    at: usize,
    least: usize,
    most: usize,
    expected: &'static str,
) -> Result<(), LayerError> {
    let shape = &inputs[at].shape;
    if (least..=most).contains(&shape.rank()) {
        Ok(())
    } else {
        Err(LayerError::new(
            Blame::Input(at),
            Problem::Rank {
                expected: expected.into(),
                found: shape.clone(),
            },
        ))
    }
}

/// The value of an argument that has a number as default or must be given.
pub fn present<T>(value: Option<T>) -> T {
    value.unwrap_or_else(|| unreachable!("the checker reports a missing argument"))
}

/// The argument `name`, a number, as `f32`; one beyond its range is refused.
pub fn single(args: &Args, name: &'static str) -> Result<f32, LayerError> {
    let number = args.float(name)?;
    let single = number as f32;
    if single.is_finite() {
        Ok(single)
    } else {
        Err(LayerError::new(
            Blame::Arg(name),
            Problem::Range(format!(
                "`{name}` is {number:e}, which is beyond the range of f32"
            )),
        ))
    }
}

/// That a symbolic argument, or a part of one, is at least `low` for every size; constants are
/// checked where arguments are read, and a bare variable is at least 1.
pub fn argument_at_least(
    layer: &'static str,
    name: &'static str,
    value: &Dim,
    low: i128,
) -> Option<Obligation> {
    let known = value.as_const().or(value.as_var().map(|_| 1));
    (known.is_none_or(|known| known < low)).then(|| Obligation {
        claim: Claim::AtLeast {
            of: Side::other(format!("`{name}`"), value.clone()),
            low,
        },
        rule: format!("`{name}` of `{layer}` must be at least {low}").into(),
        blame: Blame::Arg(name),
    })
}

/// A shape around one axis: the elements before it, along it, and after it.
pub fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let outer = shape[..axis].iter().product();
    let inner = shape[axis + 1..].iter().product();
    (outer, shape[axis], inner)
}

/// The last size of a shape that has one.
pub fn last(shape: &Shape) -> &Dim {
    &shape[shape.rank() - 1]
}

/// A trained parameter, drawn as `init` or with values from the program, which must broadcast to
/// its shape.
pub fn param(
    name: &'static str,
    shape: Vec<Dim>,
    init: Init,
    given: &Option<Arc<ArrayD<f32>>>,
    blame: Blame,
) -> Result<ParamSpec, LayerError> {
    let shape = Shape(shape);
    let init = match given {
        None => init,
        Some(array) => {
            if !broadcasts_to(array.shape(), &shape) {
                return Err(LayerError::new(
                    blame,
                    Problem::Array {
                        expected: shape,
                        found: array.shape().to_vec(),
                    },
                ));
            }
            Init::Given(array.clone())
        }
    };
    Ok(ParamSpec {
        name,
        shape,
        init,
        trained: true,
    })
}

/// Whether an array of shape `from` broadcasts to `to` for every size.
fn broadcasts_to(from: &[usize], to: &Shape) -> bool {
    from.len() <= to.rank()
        && from
            .iter()
            .rev()
            .zip(to.dims().iter().rev())
            .all(|(size, dim)| *size == 1 || dim.is_const(*size as i128))
}

/// The bias parameter of a layer with so many `features`, if it has one.
pub fn bias(bias: &Bias, features: &Dim) -> Result<Option<ParamSpec>, LayerError> {
    let given = match bias {
        Bias::No => return Ok(None),
        Bias::Yes => None,
        Bias::Given(array) => Some(array.clone()),
    };
    param(
        "bias",
        vec![features.clone()],
        Init::Zeros,
        &given,
        Blame::Arg("bias"),
    )
    .map(Some)
}

/// That `groups` of a convolution divides its channels, which are `channels`, and its filters.
pub fn grouping(
    layer: &'static str,
    groups: i128,
    channels: Side,
    filters: &Dim,
) -> Result<Vec<Obligation>, LayerError> {
    if groups == 1 {
        return Ok(Vec::new());
    }
    let divides = |of, what: &str| Obligation {
        claim: Claim::Divides {
            divisor: groups,
            of,
        },
        rule: format!("`groups` of `{layer}` must divide {what}").into(),
        blame: Blame::Arg("groups"),
    };
    let mut obligations = vec![divides(channels, "the channels of its input")];
    match filters.as_const() {
        Some(filters) if filters % groups == 0 => {}
        Some(filters) => {
            return Err(LayerError::new(
                Blame::Arg("groups"),
                Problem::Range(format!(
                    "`groups` must divide `filters`, and {groups} does not divide {filters}"
                )),
            ));
        }
        None => {
            let filters = Side::other("`filters`", filters.clone());
            obligations.push(divides(filters, "`filters`"));
        }
    }
    Ok(obligations)
}

/// `dim` with its symbols replaced by numbers.
pub fn bound(dim: &Dim, env: &Env) -> Result<Dim, EvalError> {
    match dim.as_const() {
        Some(_) => Ok(dim.clone()),
        None => dim.eval(env).map(Dim::constant),
    }
}
