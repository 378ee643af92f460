//! Compile-time values: what an expression in an argument or a `let` is.

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};

use crate::shape::Dim;
use crate::text::Name;

/// How many numbers an array that a program writes has at most, with one for each list in it.
pub const MAX_NUMBERS: usize = 1 << 20;

/// How many numbers a tuple has at most, with those of tuples in it.
pub const MAX_TUPLE: usize = 1_000;

/// How deep arrays and tuples may nest.
pub const MAX_NESTING: usize = 64;

/// A compile-time value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer, perhaps symbolic.
    Int(Dim),
    /// A number that is not an integer.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Str(Name),
    /// A name that the argument takes as a choice.
    Choice(&'static str),
    /// `(2, 1)`
    Tuple(Vec<Value>),
    /// `[1, 2]`; shared, since arrays of weights are large.
    Array(Arc<Vec<Value>>),
    /// `_`: what is left.
    Hole,
    /// Something that has a diagnostic of its own.
    Error,
}

impl Value {
    /// What it is, for a person: "the string \"same\"".
    pub fn describe(&self) -> String {
        match self {
            Value::Int(dim) => match dim.as_const() {
                Some(_) => format!("the integer {dim}"),
                None => format!("`{dim}`"),
            },
            Value::Float(number) => format!("the number {number:?}"),
            Value::Bool(_) | Value::Choice(_) | Value::Hole => format!("`{self}`"),
            Value::Str(_) => format!("the string {self}"),
            Value::Tuple(_) => format!("the tuple `{self}`"),
            Value::Array(items) => match self.array_shape() {
                Some(shape) if items.len() > 8 => format!("an array of shape {shape:?}"),
                _ => format!("the array `{self}`"),
            },
            Value::Error => "something unclear".into(),
        }
    }

    /// How many numbers an array or a tuple has, with one for each list in it; `None` beyond
    /// [`MAX_NUMBERS`] and [`MAX_NESTING`]. 0 for other values.
    pub fn numbers(&self) -> Option<usize> {
        /// Takes the numbers of `items` from `left`.
        fn walk(items: &[Value], depth: usize, left: &mut usize) -> Option<()> {
            *left = left.checked_sub(items.len())?;
            let mut lists = items.iter().filter_map(Value::items);
            lists.try_for_each(|items| {
                (depth < MAX_NESTING).then_some(())?;
                walk(items, depth + 1, left)
            })
        }
        let mut left = MAX_NUMBERS;
        if let Some(items) = self.items() {
            walk(items, 1, &mut left)?;
        }
        Some(MAX_NUMBERS - left)
    }

    /// What stands in an array or a tuple.
    fn items(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) => Some(items),
            Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The number, if it is one that is known.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Int(dim) => dim.as_const().map(|n| n as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether an error took part.
    pub fn is_poisoned(&self) -> bool {
        match self {
            Value::Error => true,
            Value::Tuple(items) => items.iter().any(Value::is_poisoned),
            Value::Array(items) => items.iter().any(Value::is_poisoned),
            _ => false,
        }
    }

    /// The shape of a rectangular array (a number is `[]`); `None` when its rows differ.
    pub fn array_shape(&self) -> Option<Vec<usize>> {
        let Value::Array(items) = self else {
            return Some(Vec::new());
        };
        let mut shape = vec![items.len()];
        if let Some((first, rest)) = items.split_first() {
            let inner = first.array_shape()?;
            let same = rest.iter().all(|item| match item {
                Value::Array(_) => item.array_shape().as_ref() == Some(&inner),
                // A number needs no list for its shape.
                _ => inner.is_empty(),
            });
            if !same {
                return None;
            }
            shape.extend(inner);
        }
        Some(shape)
    }

    /// The numbers of a rectangular array or a single number; `None` when it is neither.
    pub fn to_array(&self) -> Option<ArrayD<f32>> {
        fn collect(value: &Value, out: &mut Vec<f32>) -> Option<()> {
            match value {
                Value::Array(items) => items.iter().try_for_each(|item| collect(item, out)),
                _ => {
                    out.push(value.as_number()? as f32);
                    Some(())
                }
            }
        }
        let shape = self.array_shape()?;
        let mut numbers = Vec::new();
        collect(self, &mut numbers)?;
        ArrayD::from_shape_vec(IxDyn(&shape), numbers).ok()
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[Value]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        if at == 8 && items.len() > 9 {
            return write!(f, "… {} more", items.len() - at);
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Int(dim) => write!(f, "{dim}"),
            Value::Float(number) => write!(f, "{number}"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Str(text) => write!(f, "{text:?}"),
            Value::Choice(name) => f.write_str(name),
            Value::Tuple(items) => {
                f.write_str("(")?;
                write_list(f, items)?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Value::Array(items) => {
                f.write_str("[")?;
                write_list(f, items)?;
                f.write_str("]")
            }
            Value::Hole => f.write_str("_"),
            Value::Error => f.write_str("?"),
        }
    }
}
