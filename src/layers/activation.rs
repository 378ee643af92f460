//! Activations that are a function of one element, and `Rescale`.

use super::def::{ArgDef, ArgKind, Default, Doc, Group};
use super::elementwise::{Elementwise, signature};
use crate::kernels::elementwise as kernels;

/// The layer.
pub static RELU: Elementwise = Elementwise {
    name: "ReLU",
    doc: &Doc {
        group: Group::Activation,
        summary: "replaces negative values by 0",
        detail: "`max(x, 0)` for every element; the shape stays. NaN stays NaN.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    ReLU           -> [N, 4]
    output y
}
",
        elsewhere: &[("Keras", "ReLU"), ("PyTorch", "nn.ReLU"), ("ONNX", "Relu")],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::relu(elements),
};

/// The layer.
pub static LEAKY_RELU: Elementwise = Elementwise {
    name: "LeakyReLU",
    doc: &Doc {
        group: Group::Activation,
        summary: "multiplies negative values by a small slope",
        detail: "\
`x` where `x ≥ 0`, else `slope · x`; the shape stays.

The slope is 0.01 unless given, as in PyTorch and ONNX. Keras takes 0.3: write `LeakyReLU(0.3)`.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    LeakyReLU(0.2)  -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("Keras", "LeakyReLU"),
            ("PyTorch", "nn.LeakyReLU"),
            ("ONNX", "LeakyRelu"),
        ],
    },
    signature: &signature(&[ArgDef {
        name: "slope",
        kind: ArgKind::Float,
        default: Default::Float(0.01, "0.01"),
        doc: "what negative values are multiplied by",
    }]),
    apply: |elements, numbers| kernels::leaky_relu(elements, numbers[0]),
};

/// The layer.
pub static SIGMOID: Elementwise = Elementwise {
    name: "Sigmoid",
    doc: &Doc {
        group: Group::Activation,
        summary: "squeezes every value between 0 and 1",
        detail: "\
The logistic function `1 / (1 + e⁻ˣ)` for every element; the shape stays. Relative error at most \
4·10⁻⁷.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(1)
    Sigmoid        -> [N, 1]
    output probability
}
",
        elsewhere: &[("PyTorch", "nn.Sigmoid"), ("ONNX", "Sigmoid")],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::sigmoid(elements),
};

/// The layer.
pub static TANH: Elementwise = Elementwise {
    name: "Tanh",
    doc: &Doc {
        group: Group::Activation,
        summary: "squeezes every value between −1 and 1",
        detail: "\
The hyperbolic tangent `(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)` for every element; the shape stays. Relative error at most 4·10⁻⁷.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    Tanh           -> [N, 4]
    output y
}
",
        elsewhere: &[("PyTorch", "nn.Tanh"), ("ONNX", "Tanh")],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::tanh(elements),
};

/// The layer.
pub static RESCALE: Elementwise = Elementwise {
    name: "Rescale",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "multiplies by one number and adds another",
        detail: "\
`x · scale + offset` for every element, in `f32`; the shape stays. `Rescale(1/255)` brings the \
bytes of an image between 0 and 1, `Rescale(1/127.5, offset=-1)` between −1 and 1.",
        example: "\
model Example {
    input image: [N, H, W, 3]
    Rescale(1/255)             -> [N, H, W, 3]
    output y
}
",
        elsewhere: &[("Keras", "Rescaling")],
    },
    signature: &signature(&[
        ArgDef {
            name: "scale",
            kind: ArgKind::Float,
            default: Default::Required,
            doc: "what values are multiplied by",
        },
        ArgDef {
            name: "offset",
            kind: ArgKind::Float,
            default: Default::Int(0),
            doc: "what is added then",
        },
    ]),
    apply: |elements, numbers| kernels::rescale(elements, numbers[0], numbers[1]),
};

#[cfg(test)]
mod tests {
    use crate::layers::error::{Blame, Problem};
    use crate::layers::testing::{First, Last, elements, range, refusal, shape, tensor};

    const ALL: [&str; 5] = ["ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Rescale(2)"];

    #[test]
    fn keep_every_shape() {
        for layer in ALL {
            for input in ["[]", "[N]", "[N, 2*h, W, C]"] {
                assert_eq!(shape(layer, Last, &[input]), input);
                assert_eq!(shape(layer, First, &[input]), input);
            }
        }
    }

    #[test]
    fn refuse_integers() {
        for layer in ALL {
            let (blame, problem) = refusal(layer, Last, &["i64[N]"]);
            assert_eq!(blame, Blame::Input(0));
            assert!(matches!(problem, Problem::DType { .. }), "{layer}");
        }
    }

    #[test]
    fn refuse_numbers_beyond_f32() {
        let (argument, sentence) = range("Rescale(1e300)", Last, &["[N]"]);
        assert_eq!(argument, "scale");
        assert_eq!(
            sentence,
            "`scale` is 1e300, which is beyond the range of f32"
        );
        let (_, problem) = refusal("LeakyReLU(s)", Last, &["[N]"]);
        assert!(matches!(problem, Problem::Symbol { .. }));
    }

    #[test]
    fn compute_their_functions() {
        let near = |layer: &str, expected: [f32; 3]| {
            let found = elements(layer, Last, &[tensor(&[3], &[-1.0, 0.0, 2.0])]);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{layer}: {found} for {expected}"
                );
            }
        };
        near("ReLU", [0.0, 0.0, 2.0]);
        near("LeakyReLU", [-0.01, 0.0, 2.0]);
        near("LeakyReLU(0.5)", [-0.5, 0.0, 2.0]);
        near("Sigmoid", [0.268_941_4, 0.5, 0.880_797_1]);
        near("Tanh", [-0.761_594_2, 0.0, 0.964_027_6]);
        near("Rescale(2)", [-2.0, 0.0, 4.0]);
        near("Rescale(0.5, offset=-1)", [-1.5, -1.0, 0.0]);
    }
}
