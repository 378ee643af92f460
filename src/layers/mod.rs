//! The layers: one file each, one line each in the registry.

pub mod args;
pub mod def;
pub mod error;
pub mod kernel;
pub mod value;

mod activation;
mod adaptive_pool;
mod arg_max;
mod arithmetic;
mod axes;
mod batch_norm;
mod boxes;
mod broadcast;
mod broadcast_to;
mod concat;
mod constant;
mod conv;
mod conv_transpose;
mod depthwise;
mod elementwise;
mod flatten;
mod functions;
mod global_pool;
mod group_norm;
mod identity;
mod layer_norm;
mod linear;
mod lrn;
mod matmul;
mod normalize;
mod pad;
mod pixel_shuffle;
mod pool;
mod prelu;
mod reduce;
mod reshape;
mod rules;
mod slice;
mod softmax;
mod spatial;
mod split;
mod squeeze;
mod stack;
#[cfg(test)]
pub(crate) mod testing;
mod transpose;
mod unpool;
mod upsample;

use def::LayerDef;

/// Every layer of the language, in the order of the reference.
pub static REGISTRY: &[&dyn LayerDef] = &[
    &linear::Linear,
    &conv::Conv,
    &depthwise::DepthwiseConv,
    &conv_transpose::ConvTranspose,
    &pool::MaxPool,
    &pool::AvgPool,
    &global_pool::GLOBAL_MAX_POOL,
    &global_pool::GLOBAL_AVG_POOL,
    &adaptive_pool::AdaptiveAvgPool,
    &upsample::Upsample,
    &unpool::MaxUnpool,
    &pixel_shuffle::PixelShuffle,
    &flatten::Flatten,
    &reshape::Reshape,
    &squeeze::Squeeze,
    &squeeze::Unsqueeze,
    &transpose::Transpose,
    &pad::Pad,
    &pad::Crop,
    &slice::Slice,
    &split::Split,
    &concat::Concat,
    &stack::Stack,
    &broadcast_to::Broadcast,
    &arithmetic::ADD,
    &arithmetic::SUB,
    &arithmetic::MUL,
    &arithmetic::DIV,
    &arithmetic::POW,
    &arithmetic::MAXIMUM,
    &arithmetic::MINIMUM,
    &matmul::MatMul,
    &functions::ABS,
    &functions::NEG,
    &functions::EXP,
    &functions::LOG,
    &functions::SQRT,
    &functions::Clamp,
    &functions::RESCALE,
    &normalize::Normalize,
    &reduce::MEAN,
    &reduce::SUM,
    &reduce::MAX,
    &reduce::MIN,
    &arg_max::ArgMax,
    &activation::RELU,
    &activation::RELU6,
    &activation::LEAKY_RELU,
    &prelu::PRelu,
    &activation::ELU,
    &activation::SELU,
    &activation::GELU,
    &activation::SILU,
    &activation::MISH,
    &activation::SIGMOID,
    &activation::HARD_SIGMOID,
    &activation::HARD_SWISH,
    &activation::TANH,
    &activation::SOFTPLUS,
    &softmax::SOFTMAX,
    &softmax::LOG_SOFTMAX,
    &batch_norm::BatchNorm,
    &layer_norm::LAYER_NORM,
    &group_norm::GroupNorm,
    &group_norm::InstanceNorm,
    &layer_norm::RMS_NORM,
    &lrn::Lrn,
    &identity::Dropout,
    &constant::Parameter,
    &constant::Constant,
    &identity::Identity,
];

/// The layer called `name`, exactly.
pub fn find(name: &str) -> Option<&'static dyn LayerDef> {
    REGISTRY.iter().copied().find(|layer| layer.name() == name)
}

/// The layer that another framework calls `name` (`Dense`, `Conv2D`, `BatchNorm2d`), with the
/// frameworks that do.
pub fn find_elsewhere(name: &str) -> Option<(&'static dyn LayerDef, Vec<&'static str>)> {
    REGISTRY.iter().copied().find_map(|layer| {
        let frameworks: Vec<_> = layer
            .doc()
            .elsewhere
            .iter()
            .filter(|(_, other)| other.rsplit('.').next() == Some(name))
            .map(|(framework, _)| *framework)
            .collect();
        (!frameworks.is_empty()).then_some((layer, frameworks))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_layer_is_documented() {
        let sentence = |name: &str, text: &str| {
            assert!(!text.is_empty() && !text.ends_with('.'), "{name}: {text}");
            assert!(!text.contains(". "), "{name}: one sentence: {text}");
        };
        for layer in REGISTRY {
            let (name, doc) = (layer.name(), layer.doc());
            sentence(name, doc.summary);
            assert!(doc.detail.len() > 40 && doc.detail.contains('`'), "{name}");
            assert!(doc.detail.trim_end().ends_with('.'), "{name}");
            assert!(doc.example.starts_with("model Example {\n"), "{name}");
            assert!(doc.example.contains(name), "{name} is not in its example");
            assert!(!doc.elsewhere.is_empty(), "{name} has a name elsewhere");
            let signature = layer.signature();
            for (at, arg) in signature.args.iter().enumerate() {
                sentence(name, arg.doc);
                assert!(!arg.kind.describe().is_empty(), "{name} {}", arg.name);
                let earlier = &signature.args[..at];
                assert!(earlier.iter().all(|other| other.name != arg.name), "{name}");
            }
        }
    }

    #[test]
    fn names_are_unique_here_and_elsewhere() {
        let mut owners = HashMap::new();
        for layer in REGISTRY {
            let name = layer.name();
            assert!(owners.insert(name, name).is_none(), "{name} stands twice");
            assert_eq!(find(name).map(|found| found.name()), Some(name));
        }
        for layer in REGISTRY {
            let mut seen = Vec::new();
            for pair in layer.doc().elsewhere {
                assert!(!seen.contains(pair), "{pair:?} stands twice");
                seen.push(*pair);
                let short = pair.1.rsplit('.').next().expect("a name");
                let owner = owners.entry(short).or_insert(layer.name());
                assert_eq!(*owner, layer.name(), "{short} means one layer");
            }
        }
    }

    #[test]
    fn finds_the_names_of_other_frameworks() {
        for (name, ours, frameworks) in [
            ("Dense", "Linear", vec!["Keras"]),
            ("Conv2D", "Conv", vec!["Keras"]),
            ("Conv2d", "Conv", vec!["PyTorch"]),
            ("BatchNorm2d", "BatchNorm", vec!["PyTorch"]),
            ("BatchNormalization", "BatchNorm", vec!["Keras", "ONNX"]),
            ("MaxPooling2D", "MaxPool", vec!["Keras"]),
            ("AveragePool", "AvgPool", vec!["ONNX"]),
            ("Concatenate", "Concat", vec!["Keras"]),
            ("cat", "Concat", vec!["PyTorch"]),
            ("Rescaling", "Rescale", vec!["Keras"]),
            ("LayerNormalization", "LayerNorm", vec!["Keras", "ONNX"]),
            ("ZeroPadding2D", "Pad", vec!["Keras"]),
            ("AdaptiveAvgPool2d", "AdaptiveAvgPool", vec!["PyTorch"]),
            ("ReduceMean", "Mean", vec!["ONNX"]),
            ("matmul", "MatMul", vec!["PyTorch", "Keras"]),
        ] {
            let (layer, found) = find_elsewhere(name).expect(name);
            assert_eq!((layer.name(), found), (ours, frameworks), "{name}");
        }
        assert!(find_elsewhere("AlphaDropout").is_none());
    }

    #[test]
    fn defaults_suit_their_arguments() {
        use def::{ArgKind, Default};
        for layer in REGISTRY {
            for arg in layer.signature().args {
                let fits = match (arg.default, arg.kind) {
                    (Default::Required | Default::Absent(_), _) => true,
                    (Default::Int(n), ArgKind::Int { min } | ArgKind::Sizes { min }) => {
                        i128::from(n) >= min
                    }
                    (
                        Default::Int(_),
                        ArgKind::Float | ArgKind::Axis | ArgKind::Axes | ArgKind::Index,
                    ) => true,
                    (Default::Float(number, text), ArgKind::Float) => text.parse() == Ok(number),
                    (Default::Bool(_), ArgKind::Bool | ArgKind::Bias) => true,
                    (Default::Choice(choice), kind) => kind.choices().contains(&choice),
                    _ => false,
                };
                assert!(fits, "{} {}: {:?}", layer.name(), arg.name, arg.default);
            }
        }
    }
}
