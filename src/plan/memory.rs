//! How much memory a graph takes, before any is asked for.

use std::fmt;
use std::sync::Arc;

use crate::graph::Graph;
use crate::layers::kernel::ConcreteType;
use crate::tensor::DType;

/// The limit when nobody sets one: 16 GiB.
pub const DEFAULT_LIMIT: u64 = 16 << 30;

/// A run that takes more memory than it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Bytes that it takes, at least; [`u128::MAX`] stands for anything beyond.
    pub needed: u128,
    /// Bytes that it may take.
    pub limit: u64,
    /// The largest tensors, largest first.
    pub largest: Vec<Large>,
}

/// A tensor that takes much memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Large {
    /// What a person calls it.
    pub name: Arc<str>,
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// The bytes that it takes; [`u128::MAX`] stands for anything beyond.
    pub bytes: u128,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes are needed and {} may be used",
            self.needed, self.limit
        )
    }
}

impl std::error::Error for Shortage {}

/// The bytes of a tensor of type `ty`.
pub fn bytes(ty: &ConcreteType) -> u128 {
    elements(&ty.shape).saturating_mul(ty.dtype.size() as u128)
}

fn elements(shape: &[usize]) -> u128 {
    let sizes = shape.iter().map(|size| *size as u128);
    sizes.fold(1, u128::saturating_mul)
}

fn weight_bytes(shape: &[usize]) -> u128 {
    elements(shape).saturating_mul(DType::F32.size() as u128)
}

/// Refuses a graph that no plan can run within `limit` bytes: the stored tensors, the copy of
/// each that an operation packs, and the largest value. To be called before the stored tensors
/// are made.
pub fn check(graph: &Graph, limit: u64) -> Result<(), Shortage> {
    let stored = graph
        .weights
        .iter()
        .map(|weight| weight_bytes(&weight.shape));
    let value = graph.values.iter().filter(|value| value.weight.is_none());
    let largest = value.map(|value| bytes(&value.ty)).max().unwrap_or(0);
    let needed = stored
        .chain([packed(graph), largest])
        .fold(0, u128::saturating_add);
    within(graph, needed, limit)
}

/// The bytes that operations take for their own form of their stored tensors.
pub fn packed(graph: &Graph) -> u128 {
    let weights = graph.nodes.iter().flat_map(|node| &node.weights);
    weights
        .map(|weight| weight_bytes(&graph.weight(*weight).shape))
        .fold(0, u128::saturating_add)
}

/// Refuses `needed` bytes beyond `limit`, with the largest tensors of `graph`.
pub fn within(graph: &Graph, needed: u128, limit: u64) -> Result<(), Shortage> {
    if needed <= u128::from(limit) {
        return Ok(());
    }
    let values = graph.values.iter().filter(|value| value.weight.is_none());
    let values = values.map(|value| (&value.name, &value.ty.shape, bytes(&value.ty)));
    let weights = graph.weights.iter();
    let weights = weights.map(|weight| (&weight.name, &weight.shape, weight_bytes(&weight.shape)));
    let mut all: Vec<_> = values.chain(weights).collect();
    all.sort_by_key(|(_, _, bytes)| std::cmp::Reverse(*bytes));
    let largest = all.into_iter().take(3);
    Err(Shortage {
        needed,
        limit,
        largest: largest
            .map(|(name, shape, bytes)| Large {
                name: name.clone(),
                shape: shape.clone(),
                bytes,
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fake::{Build, Fake};

    #[test]
    fn counts_weights_twice_and_the_largest_value() {
        let mut build = Build::new();
        let x = build.input("x", &[10, 4]);
        let y = build.node(Fake::Scale, &[x]);
        let graph = build.finish(&y);
        assert_eq!(check(&graph, 16 + 16 + 160), Ok(()));
        let shortage = check(&graph, 191).unwrap_err();
        assert_eq!((shortage.needed, shortage.limit), (192, 191));
        let names: Vec<_> = shortage.largest.iter().map(|large| &*large.name).collect();
        assert_eq!(names, ["x", "scale_0", "scale_0.weight"]);
    }

    #[test]
    fn does_not_overflow() {
        let mut build = Build::new();
        let x = build.input("x", &[isize::MAX as usize; 4]);
        let graph = build.finish(&[x]);
        let shortage = check(&graph, u64::MAX).unwrap_err();
        assert_eq!(shortage.needed, u128::MAX);
    }
}
