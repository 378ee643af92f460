//! Functions of one element beside the activations, `Clamp` and `Rescale` among them.

use super::args::Args;
use super::def::{ArgDef, ArgKind, Default, Doc, Group, LayerDef, Op, Signature};
use super::elementwise::{Elementwise, signature};
use super::error::{Blame, LayerError, Problem};
use super::rules;
use crate::kernels::elementwise::{self as kernels, map_in_place};
use crate::tensor::Layout;

/// The layer.
pub static ABS: Elementwise = Elementwise {
    name: "Abs",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "makes every value positive",
        detail: "\
`|x|` for every element; the shape stays. NaN stays NaN.",
        example: "\
model Example {
    input x: [N, 8]
    Abs   -> [N, 8]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.abs"),
            ("Keras", "ops.abs"),
            ("ONNX", "Abs"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| map_in_place(elements, f32::abs),
};

/// The layer.
pub static EXP: Elementwise = Elementwise {
    name: "Exp",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "raises e to every value",
        detail: "\
`eˣ` for every element; the shape stays. Relative error at most 2·10⁻⁷; above 88.72 the result is \
infinite.",
        example: "\
model Example {
    input x: [N, 8]
    Rescale(0.01)
    Exp   -> [N, 8]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.exp"),
            ("Keras", "ops.exp"),
            ("ONNX", "Exp"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::exp(elements),
};

/// The layer.
pub static LOG: Elementwise = Elementwise {
    name: "Log",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "takes the natural logarithm",
        detail: "\
`ln x` for every element; the shape stays. Relative error at most 2·10⁻⁷. Of 0 it is −∞, of negative \
values NaN: where 0 may occur, `Maximum(1e-6)` before it helps. After a `Softmax`, take `LogSoftmax` instead of \
both.",
        example: "\
model Example {
    input x: [N, 8]
    Add(1)
    Log   -> [N, 8]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.log"),
            ("Keras", "ops.log"),
            ("ONNX", "Log"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| kernels::ln(elements),
};

/// The layer.
pub static SQRT: Elementwise = Elementwise {
    name: "Sqrt",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "takes the square root",
        detail: "\
`√x` for every element, rounded correctly; the shape stays. Of negative values it is NaN.",
        example: "\
model Example {
    input x: [N, 8]
    Sqrt  -> [N, 8]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.sqrt"),
            ("Keras", "ops.sqrt"),
            ("ONNX", "Sqrt"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| map_in_place(elements, f32::sqrt),
};

/// The layer.
pub static NEG: Elementwise = Elementwise {
    name: "Neg",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "changes the sign",
        detail: "\
`−x` for every element; the shape stays.",
        example: "\
model Example {
    input x: [N, 8]
    Neg   -> [N, 8]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.neg"),
            ("Keras", "ops.negative"),
            ("ONNX", "Neg"),
        ],
    },
    signature: &signature(&[]),
    apply: |elements, _| map_in_place(elements, |x: f32| -x),
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

/// The layer.
pub struct Clamp;

static CLAMP: Elementwise = Elementwise {
    name: "Clamp",
    doc: &Doc {
        group: Group::Arithmetic,
        summary: "limits every value to a range",
        detail: "\
`min(max(x, min), max)` for every element; the shape stays. NaN stays NaN. `min` must not be above `max`.

A limit at one end only is `Maximum(0)` or `Minimum(6)`.",
        example: "\
model Example {
    input x: [N, 8]
    Clamp(-1, 1)   -> [N, 8]
    output y
}
",
        elsewhere: &[
            ("PyTorch", "torch.clamp"),
            ("PyTorch", "nn.Hardtanh"),
            ("Keras", "ops.clip"),
            ("ONNX", "Clip"),
        ],
    },
    signature: &signature(&[
        ArgDef {
            name: "min",
            kind: ArgKind::Float,
            default: Default::Required,
            doc: "the least value",
        },
        ArgDef {
            name: "max",
            kind: ArgKind::Float,
            default: Default::Required,
            doc: "the largest value",
        },
    ]),
    apply: |elements, numbers| kernels::clamp(elements, numbers[0], numbers[1]),
};

impl LayerDef for Clamp {
    fn name(&self) -> &'static str {
        CLAMP.name
    }

    fn doc(&self) -> &'static Doc {
        CLAMP.doc
    }

    fn signature(&self) -> &'static Signature {
        CLAMP.signature
    }

    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
        let (min, max) = (rules::single(args, "min")?, rules::single(args, "max")?);
        if min > max {
            return Err(LayerError::new(
                Blame::Arg("min"),
                Problem::Range(format!(
                    "`min` must not be above `max`, and {min} is above {max}"
                )),
            ));
        }
        CLAMP.build(args, layout)
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::error::{Blame, Problem};
    use crate::layers::testing::{Last, elements, range, refusal, shape, tensor};

    #[test]
    fn keep_every_shape_of_floats() {
        for layer in [
            "Abs",
            "Exp",
            "Log",
            "Sqrt",
            "Neg",
            "Clamp(0, 1)",
            "Rescale(2)",
        ] {
            for input in ["[]", "[N]", "[N, 2*h, W, C]"] {
                assert_eq!(shape(layer, Last, &[input]), input);
            }
            let (blame, problem) = refusal(layer, Last, &["i64[N]"]);
            assert_eq!(blame, Blame::Input(0));
            assert!(matches!(problem, Problem::DType { .. }), "{layer}");
        }
    }

    #[test]
    fn a_range_has_its_ends_in_order() {
        let (argument, sentence) = range("Clamp(1, -1)", Last, &["[N]"]);
        assert_eq!(argument, "min");
        assert_eq!(sentence, "`min` must not be above `max`, and 1 is above -1");
        let (argument, _) = range("Rescale(1e300)", Last, &["[N]"]);
        assert_eq!(argument, "scale");
    }

    #[test]
    fn compute_their_functions() {
        let of = |layer: &str| elements(layer, Last, &[tensor(&[3], &[-4.0, 0.0, 1.0])]);
        assert_eq!(of("Abs"), [4.0, 0.0, 1.0]);
        assert_eq!(of("Neg"), [4.0, 0.0, -1.0]);
        assert_eq!(of("Clamp(-2, 0.5)"), [-2.0, 0.0, 0.5]);
        assert_eq!(of("Clamp(3, 3)"), [3.0; 3]);
        assert_eq!(of("Rescale(2)"), [-8.0, 0.0, 2.0]);
        assert_eq!(of("Rescale(0.5, offset=-1)"), [-3.0, -1.0, -0.5]);
        assert_eq!(of("Exp")[1], 1.0);
        assert_eq!(of("Log")[1..], [f32::NEG_INFINITY, 0.0]);
        assert_eq!(of("Sqrt")[1..], [0.0, 1.0]);
        assert!(of("Log")[0].is_nan() && of("Sqrt")[0].is_nan());
    }
}
