//! Activations that are a function of one element.

use super::def::{ArgDef, ArgKind, Default, Doc, Group};
use super::elementwise::{Elementwise, signature};
use crate::kernels::activation as kernels;
use crate::kernels::elementwise::{leaky_relu, relu, sigmoid, tanh};

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
    apply: |elements, _| relu(elements),
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
    apply: |elements, numbers| leaky_relu(elements, numbers[0]),
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
    apply: |elements, _| sigmoid(elements),
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
    apply: |elements, _| tanh(elements),
};

/// The layer.
pub static RELU6: Elementwise = Elementwise {
    name: "ReLU6",
    doc: &Doc {
        group: Group::Activation,
        summary: "limits values to 0 at the bottom and 6 at the top",
        detail: "\
`min(max(x, 0), 6)` for every element; the shape stays. NaN stays NaN. Another range is `Clamp(min, max)`.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    ReLU6          -> [N, 4]
    output y
}
",
        elsewhere: &[("PyTorch", "nn.ReLU6"), ("Keras", "activations.relu6")],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::relu6(elements),
};

/// The layer.
pub static ELU: Elementwise = Elementwise {
    name: "ELU",
    doc: &Doc {
        group: Group::Activation,
        summary: "bends negative values towards a limit",
        detail: "\
`x` where `x > 0`, else `alpha · (eˣ − 1)`; the shape stays. Relative error at most 5·10⁻⁷: near 0 nothing cancels.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    ELU            -> [N, 4]
    output y
}
",
        elsewhere: &[("Keras", "ELU"), ("PyTorch", "nn.ELU"), ("ONNX", "Elu")],
    },
    signature: &signature(&[ArgDef {
        name: "alpha",
        kind: ArgKind::Float,
        default: Default::Int(1),
        doc: "what very negative values approach, times −1",
    }]),
    apply: |elements, numbers| kernels::elu(elements, numbers[0]),
};

/// The layer.
pub static SELU: Elementwise = Elementwise {
    name: "SELU",
    doc: &Doc {
        group: Group::Activation,
        summary: "an `ELU` that keeps the mean 0 and the variance 1",
        detail: "\
`λ · x` where `x > 0`, else `λ · α · (eˣ − 1)`, with λ = 1.0507009873554805 and α = 1.6732632423543772 \
(Klambauer et al. 2017); the shape stays.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    SELU           -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.SELU"),
            ("Keras", "activations.selu"),
            ("ONNX", "Selu"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::selu(elements),
};

/// The layer.
pub static GELU: Elementwise = Elementwise {
    name: "GELU",
    doc: &Doc {
        group: Group::Activation,
        summary: "weighs every value by how likely a normal variable is below it",
        detail: "\
`x · Φ(x)` for every element, where Φ is the distribution function of the standard normal \
distribution, `Φ(x) = (1 + erf(x/√2)) / 2`; the shape stays. Relative error at most 10⁻⁶, far left of 0 too. \
−∞ gives NaN, as in PyTorch.

With `approximate=tanh` it is `x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))`, as GPT-2 was trained with. \
Keras's `gelu` is `none` unless told otherwise, as PyTorch's and ONNX's are.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    GELU           -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.GELU"),
            ("Keras", "activations.gelu"),
            ("ONNX", "Gelu"),
        ],
    },
    signature: &signature(&[ArgDef {
        name: "approximate",
        kind: ArgKind::Choice(&["none", "tanh"]),
        default: Default::Choice("none"),
        doc: "whether to compute it with the error function or by a hyperbolic tangent",
    }]),
    apply: |elements, numbers| match numbers[0] {
        0.0 => kernels::gelu(elements),
        _ => kernels::gelu_tanh(elements),
    },
};

/// The layer.
pub static SILU: Elementwise = Elementwise {
    name: "SiLU",
    doc: &Doc {
        group: Group::Activation,
        summary: "weighs every value by its own logistic function",
        detail: "\
`x / (1 + e⁻ˣ)` for every element, also called swish; the shape stays. −∞ gives NaN, as in PyTorch.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    SiLU           -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.SiLU"),
            ("Keras", "activations.silu"),
            ("Keras", "activations.swish"),
            ("ONNX", "Swish"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::silu(elements),
};

/// The layer.
pub static MISH: Elementwise = Elementwise {
    name: "Mish",
    doc: &Doc {
        group: Group::Activation,
        summary: "weighs every value by the hyperbolic tangent of its `Softplus`",
        detail: "\
`x · tanh(ln(1 + eˣ))` for every element; the shape stays. −∞ gives NaN, as in PyTorch.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    Mish           -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.Mish"),
            ("Keras", "activations.mish"),
            ("ONNX", "Mish"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::mish(elements),
};

/// The layer.
pub static HARD_SIGMOID: Elementwise = Elementwise {
    name: "HardSigmoid",
    doc: &Doc {
        group: Group::Activation,
        summary: "a `Sigmoid` of straight lines",
        detail: "\
`min(max(x + 3, 0), 6) / 6` for every element; the shape stays. That is what PyTorch and Keras 3 compute. \
ONNX's operator has a slope of 0.2 unless its `alpha` is 1/6.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    HardSigmoid    -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.Hardsigmoid"),
            ("Keras", "activations.hard_sigmoid"),
            ("ONNX", "HardSigmoid"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::hard_sigmoid(elements),
};

/// The layer.
pub static HARD_SWISH: Elementwise = Elementwise {
    name: "HardSwish",
    doc: &Doc {
        group: Group::Activation,
        summary: "weighs every value by its own `HardSigmoid`",
        detail: "\
`x · min(max(x + 3, 0), 6) / 6` for every element; the shape stays. −∞ gives NaN, as in PyTorch.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    HardSwish      -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.Hardswish"),
            ("Keras", "activations.hard_swish"),
            ("Keras", "activations.hard_silu"),
            ("ONNX", "HardSwish"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::hard_swish(elements),
};

/// The layer.
pub static SOFTPLUS: Elementwise = Elementwise {
    name: "Softplus",
    doc: &Doc {
        group: Group::Activation,
        summary: "a `ReLU` with a rounded corner",
        detail: "\
`ln(1 + eˣ)` for every element, computed so that nothing overflows; the shape stays.",
        example: "\
model Example {
    input x: [N, 8]
    fc: Linear(4)
    Softplus       -> [N, 4]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "nn.Softplus"),
            ("Keras", "activations.softplus"),
            ("ONNX", "Softplus"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::softplus(elements),
};

#[cfg(test)]
mod tests {
    use crate::layers::error::{Blame, Problem};
    use crate::layers::testing::{First, Last, elements, range, refusal, shape, tensor};

    const ALL: [&str; 14] = [
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "ELU",
        "SELU",
        "GELU",
        "GELU(approximate=tanh)",
        "SiLU",
        "Mish",
        "Sigmoid",
        "HardSigmoid",
        "HardSwish",
        "Tanh",
        "Softplus",
    ];

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
        let (argument, sentence) = range("ELU(1e300)", Last, &["[N]"]);
        assert_eq!(argument, "alpha");
        assert_eq!(
            sentence,
            "`alpha` is 1e300, which is beyond the range of f32"
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
        near("ReLU6", [0.0, 0.0, 2.0]);
        near("ELU", [-0.632_120_6, 0.0, 2.0]);
        near("ELU(2)", [-1.264_241_1, 0.0, 2.0]);
        near("GELU", [-0.158_655_25, 0.0, 1.954_499_7]);
        near("GELU(tanh)", [-0.158_808_01, 0.0, 1.954_597_7]);
        near("HardSwish", [-1.0 / 3.0, 0.0, 5.0 / 3.0]);
        near("Softplus", [0.313_261_7, std::f32::consts::LN_2, 2.126_928]);
    }
}
