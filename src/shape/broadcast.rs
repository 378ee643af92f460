//! NumPy's broadcasting of shapes, decided for all sizes.

use super::decide::{Verdict, equal};
use super::dim::{Dim, DimError};
use super::{Bounds, Shape};

/// The result of [`broadcast`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// The common shape.
    Dims(Shape),
    /// Two sizes on one axis differ for some values, and neither is the constant 1.
    Conflict {
        /// The axis, 0 for the last.
        axis_from_end: usize,
        /// The size in the first shape.
        left: Dim,
        /// The size in the second shape.
        right: Dim,
    },
}

/// The shape that `a` and `b` broadcast to, aligned at their last axes: each pair of sizes is
/// proved equal, or one of them is the constant 1. A conflict is reported for the last axis that
/// has one; [`DimError::TooComplex`] says that some axis could not be decided and none conflicts.
pub fn broadcast(a: &Shape, b: &Shape, bounds: &Bounds) -> Result<Broadcast, DimError> {
    let (shape, pairs) = broadcast_pairs(a, b);
    let mut open = false;
    for (axis_from_end, left, right) in pairs {
        match equal(&left, &right, bounds) {
            Verdict::Proved => {}
            Verdict::Refuted(_) => {
                return Ok(Broadcast::Conflict {
                    axis_from_end,
                    left,
                    right,
                });
            }
            Verdict::Unknown => open = true,
        }
    }
    if open {
        return Err(DimError::TooComplex);
    }
    Ok(Broadcast::Dims(shape))
}

/// The shape that `a` and `b` broadcast to if the returned pairs of sizes are equal. Each pair has
/// its axis, 0 for the last, and its sizes in `a` and in `b`, which differ in form.
pub fn broadcast_pairs(a: &Shape, b: &Shape) -> (Shape, Vec<(usize, Dim, Dim)>) {
    let rank = a.rank().max(b.rank());
    let mut dims = Vec::with_capacity(rank);
    let mut pairs = Vec::new();
    for axis_from_end in (0..rank).rev() {
        let of = |shape: &Shape| {
            let axis = shape.rank().checked_sub(axis_from_end + 1)?;
            Some(shape[axis].clone())
        };
        dims.push(match (of(a), of(b)) {
            (Some(left), Some(right)) if left.is_const(1) => right,
            (Some(left), Some(right)) => {
                if left != right && !right.is_const(1) {
                    pairs.push((axis_from_end, left.clone(), right));
                }
                left
            }
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => continue,
        });
    }
    pairs.reverse();
    (Shape(dims), pairs)
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use super::*;

    fn shape(dims: &[&str]) -> Shape {
        dims.iter().map(|text| parse(text)).collect()
    }

    #[test]
    fn aligns_last_axes_and_stretches_ones() {
        for (a, b, expected) in [
            (&["N", "H", "W", "C"][..], &["C"][..], "[N, H, W, C]"),
            (&["N", "1", "C"], &["H", "1"], "[N, H, C]"),
            (&[], &["2", "3"], "[2, 3]"),
            (&["H//2 + (H + 1)//2"], &["H"], "[H//2 + (H + 1)//2]"),
            (&["1"], &["1"], "[1]"),
        ] {
            let result = broadcast(&shape(a), &shape(b), &Bounds::default());
            let Ok(Broadcast::Dims(dims)) = result else {
                panic!("{a:?} {b:?}: {result:?}")
            };
            assert_eq!(dims.to_string(), expected);
        }
    }

    #[test]
    fn reports_the_last_conflict() {
        let result = broadcast(
            &shape(&["N", "H", "3"]),
            &shape(&["W", "3"]),
            &Bounds::default(),
        );
        let expected = Broadcast::Conflict {
            axis_from_end: 1,
            left: parse("H"),
            right: parse("W"),
        };
        assert_eq!(result, Ok(expected));
    }

    #[test]
    fn a_variable_never_stretches() {
        let result = broadcast(&shape(&["H"]), &shape(&["3"]), &Bounds::default());
        assert!(matches!(result, Ok(Broadcast::Conflict { .. })));
    }
}
