//! `Add`, `Sub`, `Mul`, `Div`, `Pow`, `Maximum` and `Minimum`: arithmetic with NumPy's broadcasting.

use super::args::Args;
use super::broadcast;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec,
    Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, in_place};
use super::rules;
use crate::kernels::elementwise::map_in_place;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// A layer that computes with several values, or with one value and a number.
pub struct Arithmetic {
    name: &'static str,
    doc: &'static Doc,
    signature: &'static Signature,
    /// The computation for several values.
    values: fn(&KernelCx) -> Box<dyn Kernel>,
    /// The computation for one value and a number.
    number: fn(f32) -> Box<dyn Kernel>,
}

/// The two computations of a function of two numbers.
macro_rules! computes {
    ($name:literal, $doc:expr, $inputs:expr, $f:expr) => {
        Arithmetic {
            name: $name,
            doc: $doc,
            signature: &Signature {
                inputs: $inputs,
                results: &[],
                args: &[ArgDef {
                    name: "value",
                    kind: ArgKind::Float,
                    default: Default::Absent("the other values"),
                    doc: "a number that takes part with the one value",
                }],
            },
            values: |cx| broadcast::kernel(cx, $f),
            number: |number| {
                in_place(move |elements| map_in_place(elements, |x: f32| $f(x, number)))
            },
        }
    };
}

const MANY: Inputs = Inputs::AtLeast(1);
const TWO: Inputs = Inputs::Between(1, 2);

/// The layer.
pub static ADD: Arithmetic = computes!("Add", &ADD_DOC, MANY, |a: f32, b: f32| a + b);
/// The layer.
pub static SUB: Arithmetic = computes!("Sub", &SUB_DOC, TWO, |a: f32, b: f32| a - b);
/// The layer.
pub static MUL: Arithmetic = computes!("Mul", &MUL_DOC, MANY, |a: f32, b: f32| a * b);
/// The layer.
pub static DIV: Arithmetic = computes!("Div", &DIV_DOC, TWO, |a: f32, b: f32| a / b);
/// The layer.
pub static POW: Arithmetic = computes!("Pow", &POW_DOC, TWO, power);
/// The layer.
pub static MAXIMUM: Arithmetic = computes!("Maximum", &MAXIMUM_DOC, MANY, larger);
/// The layer.
pub static MINIMUM: Arithmetic = computes!("Minimum", &MINIMUM_DOC, MANY, smaller);

/// `a` to the power of `b`, as C's `powf`; a square is a product.
fn power(a: f32, b: f32) -> f32 {
    if b == 2.0 { a * a } else { a.powf(b) }
}

/// The larger of the two; NaN if either is.
fn larger(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

/// The smaller of the two; NaN if either is.
fn smaller(a: f32, b: f32) -> f32 {
    if a < b || a.is_nan() { a } else { b }
}

static ADD_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "adds values, or a number to a value",
    detail: "\
Two or more values are added with NumPy's broadcasting: shapes are aligned at the last axis, and an \
axis of size 1, or one that is missing, repeats. `[N, H, W, C]` and `[C]` → `[N, H, W, C]`.

Two sizes go together if they are proved equal or one is the literal 1. A variable that happens to \
be 1 in a run does not broadcast.

With one value, `Add(0.5)` adds a number to every element.",
    example: "\
model Example {
    input x: [N, H, W, 8]
    conv1: Conv(8, kernel=3, padding=same)
    Add from conv1, x                       -> [N, H, W, 8]
    Add(1)                                  -> [N, H, W, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "Add"),
        ("PyTorch", "torch.add"),
        ("ONNX", "Add"),
    ],
};

static SUB_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "subtracts the second value from the first, or a number from a value",
    detail: "\
`from a, b` gives `a − b`, with the broadcasting of `Add`: `[N, H, W, C]` and `[C]` → `[N, H, W, C]`. \
Any two sizes must be proved equal, or one is the literal 1.

With one value, `Sub(0.5)` subtracts a number from every element.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(8)
    Sub from fc, x   -> [N, 8]
    Sub(0.5)         -> [N, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "Subtract"),
        ("PyTorch", "torch.sub"),
        ("ONNX", "Sub"),
    ],
};

static MUL_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "multiplies values, or a value by a number",
    detail: "\
Two or more values are multiplied element by element, with the broadcasting of `Add`: \
`[N, H, W, C]` and `[N, 1, 1, C]` → `[N, H, W, C]`. Any two sizes must be proved equal, or one is \
the literal 1.

With one value, `Mul(0.5)` multiplies every element by a number.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(8)
    gate: Sigmoid
    Mul from x, gate   -> [N, 8]
    Mul(2)             -> [N, 8]
    output y
}
",
    elsewhere: &[
        ("Keras", "Multiply"),
        ("PyTorch", "torch.mul"),
        ("ONNX", "Mul"),
    ],
};

static DIV_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "divides the first value by the second, or a value by a number",
    detail: "\
`from a, b` gives `a / b`, with the broadcasting of `Add`: `[N, C]` and `[N, 1]` → `[N, C]`. Any two \
sizes must be proved equal, or one is the literal 1.

With one value, `Div(255)` divides every element by a number. What is divided by 0 is infinite or \
NaN, as IEEE 754 says.",
    example: "\
model Example {
    input x: [N, 8]
    scale: Linear(1)
    Div from x, scale   -> [N, 8]
    Div(2)              -> [N, 8]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.div"),
        ("ONNX", "Div"),
    ],
};

static POW_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "raises the first value to the power of the second, or a value to that of a number",
    detail: "\
`from a, b` gives `aᵇ`, with the broadcasting of `Add`: `[N, C]` and `[C]` → `[N, C]`. Any two sizes \
must be proved equal, or one is the literal 1.

With one value, `Pow(2)` squares every element. A negative number to the power of a fraction is NaN.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(8)
    Pow(2)             -> [N, 8]
    power: Linear(8)
    Pow from x, power  -> [N, 8]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.pow"),
        ("Keras", "ops.power"),
        ("ONNX", "Pow"),
    ],
};

static MAXIMUM_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "takes the largest of several values, or of a value and a number",
    detail: "\
The largest of two or more values, element by element, with the broadcasting of `Add`: \
`[N, H, W, C]` and `[C]` → `[N, H, W, C]`. Any two sizes must be proved equal, or one is the \
literal 1. NaN wins over every number.

With one value, `Maximum(0.5)` takes the larger of every element and a number.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(8)
    Maximum from fc, x   -> [N, 8]
    Maximum(0.5)         -> [N, 8]
    output y
}
",
    elsewhere: &[("Keras", "Maximum"), ("PyTorch", "torch.maximum")],
};

static MINIMUM_DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "takes the smallest of several values, or of a value and a number",
    detail: "\
The smallest of two or more values, element by element, with the broadcasting of `Add`: \
`[N, H, W, C]` and `[C]` → `[N, H, W, C]`. Any two sizes must be proved equal, or one is the \
literal 1. NaN wins over every number.

With one value, `Minimum(0.5)` takes the smaller of every element and a number.",
    example: "\
model Example {
    input x: [N, 8]
    fc: Linear(8)
    Minimum from fc, x   -> [N, 8]
    Minimum(0.5)         -> [N, 8]
    output y
}
",
    elsewhere: &[("Keras", "Minimum"), ("PyTorch", "torch.minimum")],
};

impl LayerDef for Arithmetic {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static Doc {
        self.doc
    }

    fn signature(&self) -> &'static Signature {
        self.signature
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let number = args
            .has("value")
            .then(|| rules::single(args, "value"))
            .transpose()?;
        Ok(Box::new(ArithmeticOp {
            name: self.name,
            number,
            on_values: self.values,
            on_number: self.number,
        }))
    }
}

#[derive(Clone, Debug)]
struct ArithmeticOp {
    name: &'static str,
    number: Option<f32>,
    on_values: fn(&KernelCx) -> Box<dyn Kernel>,
    on_number: fn(f32) -> Box<dyn Kernel>,
}

impl Op for ArithmeticOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let name = self.name;
        match (self.number, inputs) {
            (None, [_]) => {
                return Err(LayerError::new(
                    Blame::Layer,
                    Problem::Inputs(format!("`{name}` has one value, and nothing to go with it")),
                )
                .note(format!(
                    "name the values with `from a, b`, or give a number: `{name}(2)`"
                )));
            }
            (Some(_), [_, _, ..]) => {
                return Err(LayerError::new(
                    Blame::Arg("value"),
                    Problem::Inputs(format!(
                        "`{name}` takes one value and a number, or several values and no number"
                    )),
                ));
            }
            _ => {}
        }
        broadcast::infer(name, inputs)
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: Dim::constant(0),
            field: Field::Point,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        match self.number {
            Some(number) => (self.on_number)(number),
            None => (self.on_values)(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{Last, count_up, elements, infer, refusal, shapes, tensor};

    #[test]
    fn broadcasts_by_proof() {
        for (inputs, expected, claims) in [
            (vec!["[N, C]", "[N, C]"], "[N, C]", vec![]),
            (vec!["[N, H, W, C]", "[C]"], "[N, H, W, C]", vec![]),
            (vec!["[C]", "[N, H, W, C]"], "[N, H, W, C]", vec![]),
            (vec!["[N, 1, C]", "[H, 1]"], "[N, H, C]", vec![]),
            (vec!["[]", "[N]"], "[N]", vec![]),
            (vec!["[]", "[]"], "[]", vec![]),
            (vec!["[1]", "[1, 1]", "[N, 3]"], "[N, 3]", vec![]),
            (vec!["[N, H]", "[N, W]"], "[N, H]", vec!["H == W"]),
            (vec!["[N, 3]", "[N, 4]"], "[N, 3]", vec!["3 == 4"]),
            (vec!["[1, 3]", "[N, 3]", "[M, 3]"], "[N, 3]", vec!["N == M"]),
            (vec!["[H]", "[N, W]"], "[N, H]", vec!["H == W"]),
        ] {
            let (found, claimed) = shapes("Add", Last, &inputs);
            assert_eq!(
                (found[0].as_str(), claimed),
                (
                    expected,
                    claims.iter().map(|claim| claim.to_string()).collect()
                ),
                "{inputs:?}"
            );
        }
    }

    #[test]
    fn a_claim_points_at_the_axes_that_meet() {
        use crate::layers::error::Claim;
        let inferred = infer("Add", Last, &["[1]", "[H]", "[N, W]"]).unwrap();
        let [obligation] = inferred.obligations.as_slice() else {
            panic!("{:?}", inferred.obligations)
        };
        let Claim::Equal(left, right) = &obligation.claim else {
            panic!("{obligation:?}")
        };
        assert_eq!((left.place, right.place), (Some((1, 0)), Some((2, 1))));
        assert_eq!(obligation.blame, Blame::Input(2));
    }

    #[test]
    fn takes_several_values_or_one_and_a_number() {
        assert_eq!(shapes("Add(2)", Last, &["[N, C]"]).0, ["[N, C]"]);
        let (blame, problem) = refusal("Add", Last, &["[N]"]);
        assert_eq!(blame, Blame::Layer);
        assert!(matches!(problem, Problem::Inputs(_)));
        let (blame, problem) = refusal("Add(2)", Last, &["[N]", "[N]"]);
        assert_eq!(blame, Blame::Arg("value"));
        assert!(matches!(problem, Problem::Inputs(_)));
        let (blame, problem) = refusal("Add", Last, &["[N]", "i64[N]"]);
        assert_eq!(blame, Blame::Input(1));
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn computes_sums() {
        let row = tensor(&[2], &[10.0, 20.0]);
        let square = count_up(&[2, 2]);
        assert_eq!(
            elements("Add(0.5)", Last, std::slice::from_ref(&row)),
            [10.5, 20.5]
        );
        let two = [row.clone(), square.clone()];
        assert_eq!(elements("Add", Last, &two), [10.0, 21.0, 12.0, 23.0]);
        let three = [
            row.clone(),
            square.clone(),
            tensor(&[2, 1], &[100.0, 200.0]),
        ];
        assert_eq!(elements("Add", Last, &three), [110.0, 121.0, 212.0, 223.0]);
        let four = [row.clone(), row.clone(), row, square];
        assert_eq!(elements("Add", Last, &four), [30.0, 61.0, 32.0, 63.0]);
    }

    #[test]
    fn every_layer_computes_its_own() {
        let (a, b) = (tensor(&[2], &[6.0, -1.0]), tensor(&[2], &[3.0, 2.0]));
        for (layer, both, number) in [
            ("Add", [9.0, 1.0], [8.0, 1.0]),
            ("Sub", [3.0, -3.0], [4.0, -3.0]),
            ("Mul", [18.0, -2.0], [12.0, -2.0]),
            ("Div", [2.0, -0.5], [3.0, -0.5]),
            ("Pow", [216.0, 1.0], [36.0, 1.0]),
            ("Maximum", [6.0, 2.0], [6.0, 2.0]),
            ("Minimum", [3.0, -1.0], [2.0, -1.0]),
        ] {
            assert_eq!(elements(layer, Last, &[a.clone(), b.clone()]), both);
            let with_two = format!("{layer}(2)");
            assert_eq!(elements(&with_two, Last, std::slice::from_ref(&a)), number);
            let (found, claims) = shapes(layer, Last, &["[N, H, 1]", "[W, C]"]);
            assert_eq!((found[0].as_str(), &*claims[0]), ("[N, H, C]", "H == W"));
            let (_, problem) = refusal(layer, Last, &["[N]"]);
            assert!(matches!(problem, Problem::Inputs(_)));
        }
    }

    #[test]
    fn subtraction_and_division_take_two_values() {
        use crate::layers::find;
        for (layer, most) in [("Sub", 2), ("Div", 2), ("Mul", 99), ("Maximum", 99)] {
            let takes = find(layer).unwrap().signature().inputs;
            assert!(takes.takes(1) && takes.takes(most) && !takes.takes(0));
            assert_eq!(takes.takes(most + 1), most > 2, "{layer}");
        }
    }

    #[test]
    fn not_a_number_wins() {
        let (a, b) = (
            tensor(&[2], &[f32::NAN, 1.0]),
            tensor(&[2], &[1.0, f32::NAN]),
        );
        for layer in ["Maximum", "Minimum"] {
            let out = elements(layer, Last, &[a.clone(), b.clone()]);
            assert!(out.iter().all(|x| x.is_nan()), "{layer}");
        }
    }
}
