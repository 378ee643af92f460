//! Stored parameters as Keras writes them: other names, other orders of axes.

use ndarray::{ArrayD, Axis, IxDyn};

use crate::tensor::Tensor;

/// What Keras may call the tensor `conv1.weight`: the layer's own word (`kernel`, `gamma`), with
/// points or slashes between the parts, and the `:0` of older files.
pub fn names(name: &str) -> Vec<String> {
    let (layer, last) = match name.rsplit_once('.') {
        Some((layer, last)) => (Some(layer), last),
        None => (None, name),
    };
    let words: &[&str] = match last {
        "weight" => &["kernel", "depthwise_kernel", "gamma", "embeddings", "alpha"],
        "bias" => &["bias", "beta"],
        "running_mean" => &["moving_mean"],
        "running_var" => &["moving_variance"],
        _ => &[],
    };
    let mut names = Vec::new();
    for word in words {
        let dotted = match layer {
            Some(layer) => format!("{layer}.{word}"),
            None => (*word).to_owned(),
        };
        let slashed = dotted.replace('.', "/");
        names.extend([format!("{slashed}:0"), slashed, dotted]);
    }
    names
}

/// How a kind of layer's `weight` differs in Keras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// `[in, out]` for `[out, in]`.
    Transposed,
    /// `[k…, in, out]` for `[out, in, k…]`, or `[k…, out, in]` for `[in, out, k…]`.
    KernelFirst,
    /// `[k…, in, multiplier]` for `[in · multiplier, 1, k…]`.
    Depthwise,
    /// `[1, …, C]` for `[C]`: slopes shared along the spatial axes.
    Shared,
}

fn order(kind: &str, name: &str) -> Option<Order> {
    match (kind, name.rsplit('.').next()) {
        ("Linear", Some("weight")) => Some(Order::Transposed),
        ("Conv" | "ConvTranspose", Some("weight")) => Some(Order::KernelFirst),
        ("DepthwiseConv", Some("weight")) => Some(Order::Depthwise),
        ("PReLU", Some("weight")) => Some(Order::Shared),
        _ => None,
    }
}

/// The shape that Keras's form `found` of parameter `name` has here; `None` when Keras stores it
/// in the same order, or the rank does not fit.
pub fn shape(kind: &str, name: &str, found: &[usize]) -> Option<Vec<usize>> {
    Some(match (order(kind, name)?, found) {
        (Order::Transposed, [width, features]) => vec![*features, *width],
        (Order::KernelFirst, [kernel @ .., first, second]) if !kernel.is_empty() => {
            [&[*second, *first], kernel].concat()
        }
        (Order::Depthwise, [kernel @ .., channels, multiplier]) if !kernel.is_empty() => {
            [&[channels.checked_mul(*multiplier)?, 1], kernel].concat()
        }
        (Order::Shared, [ones @ .., channels])
            if !ones.is_empty() && ones.iter().all(|size| *size == 1) =>
        {
            vec![*channels]
        }
        _ => return None,
    })
}

/// `tensor`, stored by Keras, in the order of axes used here.
pub fn convert(kind: &str, name: &str, tensor: Tensor) -> Tensor {
    let (Tensor::F32(array), Some(order)) = (&tensor, order(kind, name)) else {
        return tensor;
    };
    let Some(shape) = shape(kind, name, array.shape()) else {
        return tensor;
    };
    let rank = array.ndim();
    let axes: Vec<usize> = match order {
        Order::Transposed => vec![1, 0],
        Order::KernelFirst => [rank - 1, rank - 2]
            .into_iter()
            .chain(0..rank - 2)
            .collect(),
        // Output channel c · multiplier + m is filter m of input channel c.
        Order::Depthwise => [rank - 2, rank - 1]
            .into_iter()
            .chain(0..rank - 2)
            .collect(),
        Order::Shared => (0..rank).collect(),
    };
    let moved: ArrayD<f32> = array
        .view()
        .permuted_axes(IxDyn(&axes))
        .as_standard_layout()
        .into_owned();
    let moved = match order {
        Order::Depthwise => moved
            .into_shape_with_order(IxDyn(&[&[shape[0]], &shape[2..]].concat()))
            .map(|joined| {
                joined
                    .insert_axis(Axis(1))
                    .as_standard_layout()
                    .into_owned()
            }),
        Order::Shared => moved.into_shape_with_order(IxDyn(&shape)),
        _ => Ok(moved),
    };
    moved.map_or(tensor, Tensor::F32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: &[usize]) -> Tensor {
        let len: usize = shape.iter().product();
        Tensor::from_f32(shape, (0..len).map(|at| at as f32).collect()).unwrap()
    }

    /// A kind of layer, Keras's shape, our shape, and 0, 1, 2 … of Keras in our order.
    type Case = (
        &'static str,
        &'static [usize],
        &'static [usize],
        &'static [f32],
    );

    #[test]
    fn puts_axes_in_our_order() {
        let cases: [Case; 5] = [
            ("Linear", &[2, 3], &[3, 2], &[0., 3., 1., 4., 2., 5.]),
            ("Conv", &[2, 1, 3], &[3, 1, 2], &[0., 3., 1., 4., 2., 5.]),
            (
                "DepthwiseConv",
                &[2, 2, 2],
                &[4, 1, 2],
                &[0., 4., 1., 5., 2., 6., 3., 7.],
            ),
            ("PReLU", &[2], &[2], &[0., 1.]),
            ("PReLU", &[1, 1, 2], &[2], &[0., 1.]),
        ];
        for (kind, keras, ours, elements) in cases {
            let converted = convert(kind, "x.weight", counted(keras));
            assert_eq!(
                converted,
                Tensor::from_f32(ours, elements.to_vec()).unwrap(),
                "{kind}"
            );
        }
    }

    #[test]
    fn knows_the_names() {
        assert!(names("a.conv1.weight").contains(&"a/conv1/kernel:0".to_owned()));
        assert!(names("bn.running_var").contains(&"bn.moving_variance".to_owned()));
    }
}
