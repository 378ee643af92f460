//! Layers that work along several axes at once: how far their results see.

use super::def::Field;
use crate::shape::Shape;
use crate::tensor::Layout;

/// How far a result sees that depends on all of `axes`, in ascending order, of a tensor of `shape`.
pub fn field(axes: &[usize], shape: &Shape, layout: Layout) -> Field {
    let rank = shape.rank();
    let wide = axes.iter().filter(|axis| !shape[**axis].is_const(1));
    match *wide.copied().collect::<Vec<_>>() {
        [] => Field::Point,
        [0, ..] => Field::Whole,
        // Windows over spatial axes see every channel anyway.
        [axis] if rank >= 3 && axis == layout.channel_axis(rank) => Field::Point,
        [axis] if axis == rank - 1 => Field::LastAxis,
        _ => Field::Row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::types;

    #[test]
    fn channels_are_seen_anyway_and_rows_stay_apart() {
        let of = |axes: &[usize], shape, layout| field(axes, &types(&[shape])[0].shape, layout);
        let (last, first) = (Layout::ChannelsLast, Layout::ChannelsFirst);
        assert_eq!(of(&[3], "[N, H, W, C]", last), Field::Point);
        assert_eq!(of(&[1], "[N, C, H, W]", first), Field::Point);
        assert_eq!(of(&[3], "[N, C, H, W]", first), Field::LastAxis);
        assert_eq!(of(&[1], "[N, C]", last), Field::LastAxis);
        assert_eq!(of(&[1, 2], "[N, H, W, C]", last), Field::Row);
        assert_eq!(of(&[1, 2], "[N, 1, 1, C]", last), Field::Point);
        assert_eq!(of(&[0], "[N, C]", last), Field::Whole);
        assert_eq!(of(&[0, 1], "[1, C]", last), Field::LastAxis);
    }
}
