//! `Parameter` and `Constant`: values that begin a journey.

use std::sync::Arc;

use ndarray::ArrayD;

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Default, Doc, Field, Group, Inferred, Init, Inputs, LayerDef, Op,
    ParamSpec, Signature, TensorType,
};
use super::error::{Blame, LayerError, Problem};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::{DType, Layout};

/// The layer.
pub struct Parameter;
/// The layer.
pub struct Constant;

static PARAMETER_DOC: Doc = Doc {
    group: Group::Other,
    summary: "gives a trained tensor that takes no input",
    detail: "\
`Parameter([T, C])` is a tensor of that shape, the same in every run: a table of positions, a \
learned token, a scale. It takes no value, so that the next line works on it; give it a label and \
name it in a `from`.

A size may be a symbol, which the inputs bind; `_` may not stand in the shape.

Parameters: `value`, of the shape written. Without a weights file it is drawn as a matrix whose \
last axis is both what goes in and what comes out (Glorot: uniform within ±√(3 / size of the last \
axis)), or `init=zeros` or `init=ones`.",
    example: "\
model Example {
    input tokens: [N, 16, 64]
    position: Parameter([16, 64])
    Add from tokens, position      -> [N, 16, 64]
    output y
}
",
    elsewhere: &[("PyTorch", "nn.Parameter")],
};

static CONSTANT_DOC: Doc = Doc {
    group: Group::Other,
    summary: "gives an array that is written in the program",
    detail: "\
`Constant([[1, 2, 3], [4, 5, 6]])` is `[2, 3]`, a number alone `[]`. The elements are `f32`, or with \
`dtype=i64` integers. It takes no value, so that the next line works on it; give it a label and \
name it in a `from`.

Nothing is trained or stored: what a weights file should set is a `Parameter`.",
    example: "\
model Example {
    input image: [N, H, W, 3]
    grey: Constant([0.299, 0.587, 0.114])
    Mul from image, grey                   -> [N, H, W, 3]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.tensor"),
        ("TensorFlow", "tf.constant"),
        ("ONNX", "Constant"),
    ],
};

static PARAMETER_SIGNATURE: Signature = Signature {
    inputs: Inputs::None,
    results: &[],
    args: &[
        ArgDef {
            name: "shape",
            kind: ArgKind::Shape,
            default: Default::Required,
            doc: "the shape of the tensor",
        },
        ArgDef {
            name: "init",
            kind: ArgKind::Choice(&["glorot", "zeros", "ones"]),
            default: Default::Choice("glorot"),
            doc: "its values without a weights file",
        },
    ],
};

static CONSTANT_SIGNATURE: Signature = Signature {
    inputs: Inputs::None,
    results: &[],
    args: &[
        ArgDef {
            name: "values",
            kind: ArgKind::Values,
            default: Default::Required,
            doc: "the numbers",
        },
        ArgDef {
            name: "dtype",
            kind: ArgKind::Choice(&["f32", "i64"]),
            default: Default::Choice("f32"),
            doc: "the type of the elements",
        },
    ],
};

impl LayerDef for Parameter {
    fn name(&self) -> &'static str {
        "Parameter"
    }

    fn doc(&self) -> &'static Doc {
        &PARAMETER_DOC
    }

    fn signature(&self) -> &'static Signature {
        &PARAMETER_SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let sizes = rules::present(args.shape("shape")?);
        let Some(sizes) = sizes.into_iter().collect::<Option<Vec<Dim>>>() else {
            return Err(LayerError::new(
                Blame::Arg("shape"),
                Problem::Range("every size of a `Parameter` is written, and `_` is none".into()),
            ));
        };
        Ok(Box::new(ParameterOp {
            shape: Shape(sizes),
            init: args.choice("init")?,
        }))
    }
}

impl LayerDef for Constant {
    fn name(&self) -> &'static str {
        "Constant"
    }

    fn doc(&self) -> &'static Doc {
        &CONSTANT_DOC
    }

    fn signature(&self) -> &'static Signature {
        &CONSTANT_SIGNATURE
    }

    fn build(&self, args: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        let op = match args.choice("dtype")? {
            "i64" => ConstantOp::I64(args.integers("values")?),
            _ => ConstantOp::F32(rules::present(args.values("values")?)),
        };
        if op.shape().contains(&0) {
            return Err(LayerError::new(
                Blame::Arg("values"),
                Problem::Range("`values` holds no number, and every size is at least 1".into()),
            ));
        }
        Ok(Box::new(op))
    }
}

/// What a value without an input costs.
fn free() -> Cost {
    Cost {
        macs: Dim::constant(0),
        field: Field::Nothing,
    }
}

#[derive(Clone, Debug)]
struct ParameterOp {
    shape: Shape,
    init: &'static str,
}

impl Op for ParameterOp {
    fn kind(&self) -> &'static str {
        "Parameter"
    }

    fn infer(&self, _: &[TensorType]) -> Result<Inferred, LayerError> {
        let sizes = self.shape.iter();
        Ok(Inferred {
            outputs: vec![TensorType::f32(self.shape.clone())],
            obligations: sizes
                .filter_map(|size| rules::argument_at_least("Parameter", "shape", size, 1))
                .collect(),
        })
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let last = self.shape.dims().last().cloned();
        let fan = last.unwrap_or(Dim::constant(1));
        Ok(vec![ParamSpec {
            name: "value",
            shape: self.shape.clone(),
            init: match self.init {
                "zeros" => Init::Zeros,
                "ones" => Init::Ones,
                _ => Init::Fan {
                    fan_in: fan.clone(),
                    fan_out: fan,
                },
            },
            trained: true,
        }])
    }

    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError> {
        let sizes = self.shape.iter().map(|size| rules::bound(size, env));
        Ok(Box::new(ParameterOp {
            shape: Shape(sizes.collect::<Result<_, _>>()?),
            init: self.init,
        }))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(free())
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let value = cx.param(0).to_vec();
        fresh(0, move |io| io.outputs[0].f32().copy_from_slice(&value))
    }
}

#[derive(Clone, Debug)]
enum ConstantOp {
    F32(Arc<ArrayD<f32>>),
    I64(Arc<ArrayD<i64>>),
}

impl ConstantOp {
    fn shape(&self) -> &[usize] {
        match self {
            ConstantOp::F32(array) => array.shape(),
            ConstantOp::I64(array) => array.shape(),
        }
    }
}

impl Op for ConstantOp {
    fn kind(&self) -> &'static str {
        "Constant"
    }

    fn infer(&self, _: &[TensorType]) -> Result<Inferred, LayerError> {
        let dtype = match self {
            ConstantOp::F32(_) => DType::F32,
            ConstantOp::I64(_) => DType::I64,
        };
        let sizes = self.shape().iter().map(|size| Dim::from(*size));
        Ok(Inferred::one(TensorType::new(dtype, sizes.collect())))
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, _: &[TensorType], _: &[TensorType]) -> Result<Cost, DimError> {
        Ok(free())
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, _: &KernelCx) -> Box<dyn Kernel> {
        // The elements of an array written in a program lie in row-major order.
        match self.clone() {
            ConstantOp::F32(array) => fresh(0, move |io| {
                let to = io.outputs[0].f32().iter_mut();
                to.zip(array.iter()).for_each(|(y, x)| *y = *x);
            }),
            ConstantOp::I64(array) => fresh(0, move |io| {
                let to = io.outputs[0].i64().iter_mut();
                to.zip(array.iter()).for_each(|(y, x)| *y = *x);
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{
        Last, build, count_up, dims, elements, range, refusal, run, shapes,
    };

    #[test]
    fn a_parameter_has_the_shape_written() {
        let none: [&str; 0] = [];
        for (layer, shape) in [
            ("Parameter([16, 64])", "[16, 64]"),
            ("Parameter([T, C])", "[T, C]"),
            ("Parameter([])", "[]"),
        ] {
            let (found, claims) = shapes(layer, Last, &none);
            assert_eq!((found[0].as_str(), claims.len()), (shape, 0));
            let params = build(layer, Last).unwrap().params(&[]).unwrap();
            assert_eq!((params[0].name, params[0].trained), ("value", true));
            assert_eq!(params[0].shape.to_string(), shape);
        }
        let claims = shapes("Parameter([T - 1])", Last, &none).1;
        assert_eq!(claims, ["T - 1 >= 1"]);
        let env = Env::from([("T".into(), 3)]);
        let bound = build("Parameter([T, 2])", Last).unwrap();
        let bound = bound.bind(&env).unwrap().infer(&[]).unwrap();
        assert_eq!(bound.outputs[0].shape, dims(&[3, 2]));
    }

    #[test]
    fn a_parameter_is_drawn_or_constant() {
        let init = |layer: &str| {
            let op = build(layer, Last).unwrap();
            op.params(&[]).unwrap().remove(0).init
        };
        let Init::Fan { fan_in, fan_out } = init("Parameter([4, 8])") else {
            panic!("drawn unless told otherwise")
        };
        assert_eq!((fan_in, fan_out), (Dim::constant(8), Dim::constant(8)));
        assert!(matches!(init("Parameter([4], zeros)"), Init::Zeros));
        assert!(matches!(init("Parameter([4], init=ones)"), Init::Ones));
    }

    #[test]
    fn give_what_is_stored_or_written() {
        let stored = count_up(&[2, 2]);
        let out = run(
            "Parameter([2, 2])",
            Last,
            &[],
            std::slice::from_ref(&stored),
        );
        assert_eq!(out[0], stored);
        let matrix = "Constant([[1, 2.5], [3, 4]])";
        assert_eq!(elements(matrix, Last, &[]), [1.0, 2.5, 3.0, 4.0]);
        assert_eq!(shapes(matrix, Last, &[]).0, ["[2, 2]"]);
        assert_eq!(elements("Constant(7)", Last, &[]), [7.0]);
        assert_eq!(shapes("Constant(7)", Last, &[]).0, ["[]"]);
        let large = "Constant([9007199254740993, -1], dtype=i64)";
        let out = run(large, Last, &[], &[]);
        assert_eq!(out[0].as_i64().unwrap(), [9_007_199_254_740_993, -1]);
    }

    #[test]
    fn refuse_what_is_no_tensor() {
        let none: [&str; 0] = [];
        for (layer, argument) in [
            ("Parameter([2, _])", "shape"),
            ("Parameter([0])", "shape"),
            ("Constant([])", "values"),
            ("Constant([[1, 2], [3]])", "values"),
            ("Constant([1.5], dtype=i64)", "values"),
            ("Constant(99999999999999999999, i64)", "values"),
        ] {
            assert_eq!(range(layer, Last, &none).0, argument, "{layer}");
        }
        let (_, problem) = refusal("Constant(k)", Last, &none);
        assert!(matches!(problem, Problem::Symbol { .. }));
        let (_, problem) = refusal("Constant(true)", Last, &none);
        assert!(matches!(problem, Problem::Kind { .. }));
    }
}
