//! The arguments of a layer: values by name, read by kind. A value of the wrong kind or out of
//! range is refused here, in one wording for all layers.

use std::sync::Arc;

use ndarray::ArrayD;

use super::def::{ArgDef, ArgKind, Default, Signature};
use super::error::{Blame, LayerError, Problem};
use super::rules::present;
use super::value::Value;
use crate::shape::Dim;

/// The arguments given to a layer, matched with its signature.
#[derive(Clone, Debug)]
pub struct Args {
    signature: &'static Signature,
    values: Vec<Option<Value>>,
}

/// An argument with one size for all spatial axes, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Sizes<T = Dim> {
    /// The same for all.
    All(T),
    /// One for each axis.
    Each(Vec<T>),
}

/// The `padding` argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Padding {
    /// None.
    Valid,
    /// As much as makes the result ⌈size / stride⌉; an odd total pads one more at the end.
    Same,
    /// The same amount at both ends of all axes.
    All(Dim),
    /// `(before, after)` for each axis.
    Each(Vec<(Dim, Dim)>),
}

/// The `bias` argument.
#[derive(Clone, Debug, PartialEq)]
pub enum Bias {
    /// There is none.
    No,
    /// A parameter.
    Yes,
    /// Written in the program.
    Given(Arc<ArrayD<f32>>),
}

impl Args {
    /// No argument given yet.
    pub fn new(signature: &'static Signature) -> Args {
        Args {
            signature,
            values: vec![None; signature.args.len()],
        }
    }

    /// Gives the argument at position `at` of the signature.
    pub fn set(&mut self, at: usize, value: Value) {
        self.values[at] = Some(value);
    }

    /// The value at position `at`, when given.
    pub fn given(&self, at: usize) -> Option<&Value> {
        self.values[at].as_ref()
    }

    fn find(&self, name: &str) -> (&'static ArgDef, Option<&Value>) {
        let at = self
            .signature
            .args
            .iter()
            .position(|arg| arg.name == name)
            .unwrap_or_else(|| unreachable!("layers read only arguments of their signature"));
        (&self.signature.args[at], self.values[at].as_ref())
    }

    /// Whether the argument was given.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).1.is_some()
    }

    /// An integer, perhaps symbolic. Every symbol stands for at least 1.
    pub fn int(&self, name: &str) -> Result<Dim, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(value), _) => integer(arg, value),
            (None, Default::Int(n)) => Ok(Dim::from(n)),
            (None, _) => unreachable!("the checker reports a missing argument"),
        }
    }

    /// An integer that must be known.
    pub fn constant(&self, name: &str) -> Result<i64, LayerError> {
        let (arg, _) = self.find(name);
        let dim = self.int(name)?;
        known(arg, &dim)
    }

    /// Sizes of spatial axes; `None` when left out without a number as default.
    pub fn sizes(&self, name: &str) -> Result<Option<Sizes>, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(Value::Tuple(items)), _) => items
                .iter()
                .map(|item| integer(arg, item))
                .collect::<Result<_, _>>()
                .map(|each| Some(Sizes::Each(each))),
            (Some(value), _) => Ok(Some(Sizes::All(integer(arg, value)?))),
            (None, Default::Int(n)) => Ok(Some(Sizes::All(Dim::from(n)))),
            (None, _) => Ok(None),
        }
    }

    /// Sizes of spatial axes that must be known; `None` as for [`Args::sizes`].
    pub fn constants(&self, name: &str) -> Result<Option<Sizes<i64>>, LayerError> {
        let (arg, _) = self.find(name);
        self.sizes(name)?
            .map(|sizes| sizes.try_map(|size| known(arg, size)))
            .transpose()
    }

    /// A number. One that is symbolic has no value before it is set.
    pub fn float(&self, name: &str) -> Result<f64, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(value), _) => match (value.as_number(), value) {
                (Some(number), _) if number.is_finite() => Ok(number),
                (None, Value::Int(dim)) => Err(symbol(arg, dim)),
                _ => Err(kind(arg, value)),
            },
            (None, Default::Float(number, _)) => Ok(number),
            (None, Default::Int(number)) => Ok(number as f64),
            (None, _) => unreachable!("the checker reports a missing argument"),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str) -> Result<bool, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(Value::Bool(value)), _) => Ok(*value),
            (Some(Value::Int(dim)), _) if dim.as_const().is_none() => Err(symbol(arg, dim)),
            (Some(value), _) => Err(kind(arg, value)),
            (None, Default::Bool(value)) => Ok(value),
            (None, _) => unreachable!("the checker reports a missing argument"),
        }
    }

    /// One of the argument's choices.
    pub fn choice(&self, name: &str) -> Result<&'static str, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(Value::Choice(choice)), _) => Ok(choice),
            (Some(Value::Int(dim)), _) if dim.as_const().is_none() => Err(symbol(arg, dim)),
            (Some(value), _) => Err(kind(arg, value)),
            (None, Default::Choice(choice)) => Ok(choice),
            (None, _) => unreachable!("the checker reports a missing argument"),
        }
    }

    /// An axis as given, `None` when left out. [`resolve_axis`] makes it an index.
    pub fn axis(&self, name: &str) -> Result<Option<i128>, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(Value::Int(dim)), _) => match dim.as_const() {
                Some(axis) => Ok(Some(axis)),
                None => Err(symbol(arg, dim)),
            },
            (Some(value), _) => Err(kind(arg, value)),
            (None, Default::Int(n)) => Ok(Some(n.into())),
            (None, _) => Ok(None),
        }
    }

    /// Axes as given, at least one; `None` when left out. [`resolve_axes`] makes them indices.
    pub fn axes(&self, name: &str) -> Result<Option<Vec<i128>>, LayerError> {
        let (arg, value) = self.find(name);
        let axis = |value: &Value| match value {
            Value::Int(dim) => dim.as_const().ok_or_else(|| symbol(arg, dim)),
            value => Err(kind(arg, value)),
        };
        match (value, arg.default) {
            (Some(Value::Tuple(items)), _) if !items.is_empty() => {
                items.iter().map(axis).collect::<Result<_, _>>().map(Some)
            }
            (Some(value), _) => Ok(Some(vec![axis(value)?])),
            (None, Default::Int(n)) => Ok(Some(vec![n.into()])),
            (None, _) => Ok(None),
        }
    }

    /// The padding.
    pub fn padding(&self, name: &str) -> Result<Padding, LayerError> {
        let (arg, value) = self.find(name);
        match (value, arg.default) {
            (Some(Value::Choice("same")), _) => Ok(Padding::Same),
            (Some(Value::Choice(_)), _) => Ok(Padding::Valid),
            (Some(Value::Tuple(items)), _) => items
                .iter()
                .map(|item| match item {
                    Value::Tuple(pair) if pair.len() == 2 => {
                        Ok((amount(arg, &pair[0])?, amount(arg, &pair[1])?))
                    }
                    item => amount(arg, item).map(|both| (both.clone(), both)),
                })
                .collect::<Result<_, _>>()
                .map(Padding::Each),
            (Some(value), _) => amount(arg, value).map(Padding::All),
            (None, _) => Ok(Padding::Valid),
        }
    }

    /// The bias.
    pub fn bias(&self, name: &str) -> Result<Bias, LayerError> {
        match self.find(name).1 {
            None | Some(Value::Bool(true)) => Ok(Bias::Yes),
            Some(Value::Bool(false)) => Ok(Bias::No),
            Some(_) => Ok(self.values(name)?.map_or(Bias::Yes, Bias::Given)),
        }
    }

    /// Values written in the program; `None` when left out.
    pub fn values(&self, name: &str) -> Result<Option<Arc<ArrayD<f32>>>, LayerError> {
        let (arg, value) = self.find(name);
        let Some(value) = value else { return Ok(None) };
        if value.is_poisoned() {
            return Err(poisoned(arg));
        }
        if let Value::Int(dim) = value
            && dim.as_const().is_none()
        {
            return Err(symbol(arg, dim));
        }
        match (value.array_shape(), value.to_array()) {
            (Some(_), Some(array)) => Ok(Some(Arc::new(array))),
            (None, _) => Err(LayerError::new(
                Blame::Arg(arg.name),
                Problem::Range(format!("the rows of `{}` differ in length", arg.name)),
            )),
            (_, None) => Err(kind(arg, value)),
        }
    }

    /// Integers written in the program: a number or an array of them.
    pub fn integers(&self, name: &str) -> Result<Arc<ArrayD<i64>>, LayerError> {
        fn collect(value: &Value, out: &mut Vec<i64>) -> Option<()> {
            match value {
                Value::Array(items) => items.iter().try_for_each(|item| collect(item, out)),
                Value::Int(dim) => {
                    out.push(i64::try_from(dim.as_const()?).ok()?);
                    Some(())
                }
                _ => None,
            }
        }
        // A ragged array, a symbol or a string is refused here.
        let shape = present(self.values(name)?).shape().to_vec();
        let (arg, value) = self.find(name);
        let value = present(value);
        let mut integers = Vec::new();
        match collect(value, &mut integers) {
            Some(()) => Ok(Arc::new(
                ArrayD::from_shape_vec(shape, integers)
                    .expect("an array has as many numbers as its shape says"),
            )),
            None => Err(LayerError::new(
                Blame::Arg(arg.name),
                Problem::Range(format!(
                    "`{}` holds a number that is no 64-bit integer",
                    arg.name
                )),
            )),
        }
    }

    /// Every axis once: axis `i` of a result is axis `order[i]` of the input. Negative axes count
    /// from the end.
    pub fn order(&self, name: &str) -> Result<Vec<usize>, LayerError> {
        let (arg, value) = self.find(name);
        let value = present(value);
        let one = std::slice::from_ref(value);
        let items = match value {
            Value::Tuple(items) => items.as_slice(),
            Value::Array(items) => items.as_slice(),
            _ => one,
        };
        let mut order = Vec::new();
        for item in items {
            let axis = known(arg, &integer(arg, item)?)?;
            let axis = resolve_axis(axis.into(), items.len(), Blame::Arg(arg.name));
            order.push(axis.map_err(|error| match error.problem {
                Problem::Axis { axis, rank } => LayerError::new(
                    error.blame,
                    Problem::Range(format!(
                        "`{}` names {rank} axes, and {axis} is none of 0 to {}",
                        arg.name,
                        rank - 1
                    )),
                ),
                _ => error,
            })?);
        }
        for axis in 0..order.len() {
            if !order.contains(&axis) {
                let twice = (0..order.len()).find(|at| order[..*at].contains(&order[*at]));
                let twice = order[twice.unwrap_or(0)];
                return Err(LayerError::new(
                    Blame::Arg(arg.name),
                    Problem::Range(format!(
                        "`{}` names every axis once; axis {twice} is there twice, and axis {axis} is missing",
                        arg.name
                    )),
                ));
            }
        }
        Ok(order)
    }

    /// A shape with holes (`None`); the argument itself may be left out.
    pub fn shape(&self, name: &str) -> Result<Option<Vec<Option<Dim>>>, LayerError> {
        let (arg, value) = self.find(name);
        let items = match value {
            None => return Ok(None),
            Some(Value::Array(items)) => items.as_slice(),
            Some(Value::Tuple(items)) => items.as_slice(),
            Some(value) => return Err(kind(arg, value)),
        };
        items
            .iter()
            .map(|item| match item {
                Value::Hole => Ok(None),
                Value::Int(dim) => match dim.as_const() {
                    Some(n) if n < 1 => {
                        let error = LayerError::new(
                            Blame::Arg(arg.name),
                            Problem::Range(format!(
                                "every size of `{}` is at least 1, and {n} is not",
                                arg.name
                            )),
                        );
                        Err(match n {
                            -1 => error.note("what is left, -1 in Keras and PyTorch, is `_`"),
                            _ => error,
                        })
                    }
                    _ => Ok(Some(dim.clone())),
                },
                item => Err(kind(arg, item)),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

/// `axis` as an index below `rank`; negative counts from the end.
pub fn resolve_axis(axis: i128, rank: usize, blame: Blame) -> Result<usize, LayerError> {
    let index = if axis < 0 { axis + rank as i128 } else { axis };
    if (0..rank as i128).contains(&index) {
        Ok(index as usize)
    } else {
        Err(LayerError::new(blame, Problem::Axis { axis, rank }))
    }
}

/// `axes` as indices below `rank`, in ascending order; one that is there twice is refused.
pub fn resolve_axes(
    axes: &[i128],
    rank: usize,
    argument: &'static str,
) -> Result<Vec<usize>, LayerError> {
    let indices = axes
        .iter()
        .map(|axis| resolve_axis(*axis, rank, Blame::Arg(argument)));
    let mut indices = indices.collect::<Result<Vec<_>, _>>()?;
    indices.sort_unstable();
    match indices.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(indices),
        Some(pair) => Err(LayerError::new(
            Blame::Arg(argument),
            Problem::Range(format!("`{argument}` names axis {} twice", pair[0])),
        )),
    }
}

fn kind(arg: &'static ArgDef, value: &Value) -> LayerError {
    if value.is_poisoned() {
        return poisoned(arg);
    }
    LayerError::new(
        Blame::Arg(arg.name),
        Problem::Kind {
            expected: arg.kind.describe(),
            found: value.describe(),
        },
    )
}

fn poisoned(arg: &'static ArgDef) -> LayerError {
    LayerError::new(Blame::Arg(arg.name), Problem::Poisoned)
}

fn symbol(arg: &'static ArgDef, dim: &Dim) -> LayerError {
    LayerError::new(Blame::Arg(arg.name), Problem::Symbol { value: dim.clone() })
}

/// `dim` as a number that fits the machine.
pub fn known(arg: &'static ArgDef, dim: &Dim) -> Result<i64, LayerError> {
    match dim.as_const() {
        Some(n) => i64::try_from(n).map_err(|_| {
            LayerError::new(
                Blame::Arg(arg.name),
                Problem::Range(format!(
                    "`{}` is {n}, which no machine can count to",
                    arg.name
                )),
            )
        }),
        None => Err(symbol(arg, dim)),
    }
}

fn integer(arg: &'static ArgDef, value: &Value) -> Result<Dim, LayerError> {
    let min = match arg.kind {
        ArgKind::Int { min } | ArgKind::Sizes { min } => min,
        ArgKind::Parts => 1,
        _ => i128::MIN,
    };
    bounded(arg, value, min)
}

fn amount(arg: &'static ArgDef, value: &Value) -> Result<Dim, LayerError> {
    bounded(arg, value, 0)
}

fn bounded(arg: &'static ArgDef, value: &Value, min: i128) -> Result<Dim, LayerError> {
    let Value::Int(dim) = value else {
        return Err(kind(arg, value));
    };
    match dim.as_const() {
        Some(n) if n < min => Err(LayerError::new(
            Blame::Arg(arg.name),
            Problem::Range(format!(
                "`{}` must be at least {min}, and it is {n}",
                arg.name
            )),
        )),
        _ => Ok(dim.clone()),
    }
}

impl<T: Clone> Sizes<T> {
    /// One size for each of `rank` spatial axes; a tuple of another length is refused.
    pub fn for_rank(&self, name: &'static str, rank: usize) -> Result<Vec<T>, LayerError> {
        match self {
            Sizes::All(size) => Ok(vec![size.clone(); rank]),
            Sizes::Each(sizes) if sizes.len() == rank => Ok(sizes.clone()),
            Sizes::Each(sizes) => Err(tuple_length(name, sizes.len(), rank)),
        }
    }
}

impl<T> Sizes<T> {
    /// The same with `f` of every size.
    pub fn try_map<U, E>(&self, f: impl Fn(&T) -> Result<U, E>) -> Result<Sizes<U>, E> {
        Ok(match self {
            Sizes::All(size) => Sizes::All(f(size)?),
            Sizes::Each(sizes) => Sizes::Each(sizes.iter().map(f).collect::<Result<_, _>>()?),
        })
    }
}

impl Padding {
    /// `(before, after)` for each of `rank` spatial axes, `None` with [`Padding::Same`]; a tuple
    /// of another length is refused.
    pub fn for_rank(
        &self,
        name: &'static str,
        rank: usize,
    ) -> Result<Vec<Option<(Dim, Dim)>>, LayerError> {
        match self {
            Padding::Valid => Ok(vec![Some((Dim::from(0i64), Dim::from(0i64))); rank]),
            Padding::Same => Ok(vec![None; rank]),
            Padding::All(both) => Ok(vec![Some((both.clone(), both.clone())); rank]),
            Padding::Each(each) if each.len() == rank => {
                Ok(each.iter().cloned().map(Some).collect())
            }
            Padding::Each(each) => Err(tuple_length(name, each.len(), rank)),
        }
    }

    /// The same with `f` of every amount.
    pub fn try_map<E>(&self, f: impl Fn(&Dim) -> Result<Dim, E>) -> Result<Padding, E> {
        Ok(match self {
            Padding::Valid => Padding::Valid,
            Padding::Same => Padding::Same,
            Padding::All(both) => Padding::All(f(both)?),
            Padding::Each(each) => Padding::Each(
                each.iter()
                    .map(|(before, after)| Ok((f(before)?, f(after)?)))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }
}

/// A tuple whose length is not the number of spatial axes.
pub fn tuple_length(name: &'static str, found: usize, rank: usize) -> LayerError {
    let axes = if rank == 1 { "axis" } else { "axes" };
    let error = LayerError::new(
        Blame::Arg(name),
        Problem::Range(format!(
            "`{name}` is a tuple of {found}, and the input has {rank} spatial {axes}"
        )),
    );
    match (name, found, rank) {
        ("padding" | "amount", 2, 1) => error.note(
            "before and after the one axis are a tuple in a tuple: `((2, 0),)`, with its comma",
        ),
        _ => error,
    }
}
