//! The graph of one model at known sizes: primitive operations, no spans, no sugar.

use std::sync::Arc;

use crate::layers::def::{Op, TensorType};
use crate::layers::kernel::ConcreteType;
use crate::shape::{Dim, Shape};

#[cfg(test)]
pub mod fake;
mod verify;

pub use verify::{Broken, verify};

/// A value of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

/// A stored tensor of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightId(pub u32);

/// One model at known sizes.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Every value, by [`ValueId`].
    pub values: Vec<Value>,
    /// The operations, in an order in which they can run.
    pub nodes: Vec<Node>,
    /// The stored tensors, by [`WeightId`].
    pub weights: Vec<Weight>,
    /// The inputs' names and values, in order.
    pub inputs: Vec<(Arc<str>, ValueId)>,
    /// The outputs' names and values, in order.
    pub outputs: Vec<(Arc<str>, ValueId)>,
}

/// A value.
#[derive(Clone, Debug)]
pub struct Value {
    /// What a person calls it.
    pub name: Arc<str>,
    /// Its type.
    pub ty: ConcreteType,
    /// The stored tensor that it is, where it is one.
    pub weight: Option<WeightId>,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Node {
    /// The layer's path.
    pub name: Arc<str>,
    /// The operation, bound.
    pub op: Arc<dyn Op>,
    /// What it takes.
    pub inputs: Vec<ValueId>,
    /// What it makes.
    pub outputs: Vec<ValueId>,
    /// Its stored tensors, in the order of `Op::params`.
    pub weights: Vec<WeightId>,
}

/// A stored tensor's name and shape; its values are given to planning.
#[derive(Clone, Debug)]
pub struct Weight {
    /// Its name in a weights file.
    pub name: Arc<str>,
    /// Its stored shape.
    pub shape: Vec<usize>,
}

/// The type with each size as a constant, as operations take it.
pub fn constant_type(ty: &ConcreteType) -> TensorType {
    let dims = |sizes: &[usize]| -> Shape { sizes.iter().map(|size| Dim::from(*size)).collect() };
    TensorType {
        dtype: ty.dtype,
        shape: dims(&ty.shape),
        plane: ty.plane.as_deref().map(dims).map(Arc::new),
    }
}

impl Graph {
    /// What is known of `value`.
    pub fn value(&self, value: ValueId) -> &Value {
        &self.values[value.0 as usize]
    }

    /// The stored tensor `weight`.
    pub fn weight(&self, weight: WeightId) -> &Weight {
        &self.weights[weight.0 as usize]
    }

    /// Every value with its identity.
    pub fn value_ids(&self) -> impl Iterator<Item = (ValueId, &Value)> {
        self.values
            .iter()
            .enumerate()
            .map(|(at, value)| (ValueId(at as u32), value))
    }

    /// The types of `values` as operations take them.
    pub fn types(&self, values: &[ValueId]) -> Vec<TensorType> {
        values
            .iter()
            .map(|value| constant_type(&self.value(*value).ty))
            .collect()
    }

    /// The types of `values`.
    pub fn concrete_types(&self, values: &[ValueId]) -> Vec<ConcreteType> {
        values
            .iter()
            .map(|value| self.value(*value).ty.clone())
            .collect()
    }
}
