//! `MatMul`: products of two values as matrices.

use super::args::Args;
use super::broadcast;
use super::def::{
    Cost, Doc, Field, Group, Inferred, Inputs, LayerDef, Op, ParamSpec, Signature, TensorType,
};
use super::error::{Blame, Claim, LayerError, Obligation, Side};
use super::kernel::{Kernel, KernelCx, fresh};
use super::rules;
use crate::kernels::copy::strides;
use crate::kernels::matmul;
use crate::shape::{DimError, Env, EvalError, Shape};
use crate::tensor::Layout;

/// The layer.
pub struct MatMul;

static DOC: Doc = Doc {
    group: Group::Arithmetic,
    summary: "multiplies two values as matrices",
    detail: "\
`from a, b`: `[…, M, K]` and `[…, K, P]` → `[…, M, P]`, `Σₖ a[…, i, k] · b[…, k, j]`. The last axis of `a` and the \
last but one of `b` must be equal. The axes before are broadcast as in `Add`: aligned at the last of them, equal or the \
literal 1, or missing.

A value with one axis is a row on the left and a column on the right, and that axis goes: `[K]` and `[K, P]` → `[P]`.

The product with stored weights is `Linear`.",
    example: "\
model Example {
    input x: [N, T, 8]
    query: Linear(4)             from x
    key: Linear(4)               from x
    turned: Transpose(0, 2, 1)   from key
    MatMul                       from query, turned  -> [N, T, T]
    share: Softmax
    MatMul                       from share, x       -> [N, T, 8]
    output y
}
",
    elsewhere: &[
        ("PyTorch", "torch.matmul"),
        ("PyTorch", "torch.bmm"),
        ("PyTorch", "torch.mm"),
        ("Keras", "ops.matmul"),
        ("Keras", "Dot"),
        ("ONNX", "MatMul"),
    ],
};

static SIGNATURE: Signature = Signature {
    inputs: Inputs::Between(2, 2),
    results: &[],
    args: &[],
};

impl LayerDef for MatMul {
    fn name(&self) -> &'static str {
        "MatMul"
    }

    fn doc(&self) -> &'static Doc {
        &DOC
    }

    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn build(&self, _: &Args, _: Layout) -> Result<Box<dyn Op>, LayerError> {
        Ok(Box::new(MatMulOp))
    }
}

#[derive(Clone, Debug)]
struct MatMulOp;

/// The axes of a value before those of its matrix.
fn leading(ty: &TensorType) -> Result<TensorType, LayerError> {
    let dims = ty.shape.dims();
    Ok(TensorType::f32(Shape(
        dims[..dims.len().saturating_sub(2)].to_vec(),
    )))
}

/// The axis along which the second value is summed over.
fn depth_axis(rank: usize) -> usize {
    rank.saturating_sub(2)
}

impl Op for MatMulOp {
    fn kind(&self) -> &'static str {
        "MatMul"
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        for at in 0..2 {
            rules::float(inputs, at)?;
            rules::rank_at_least(inputs, at, 1, "at least 1 axis: a vector, or a matrix")?;
        }
        let (a, b) = (&inputs[0].shape, &inputs[1].shape);
        let mut inferred =
            broadcast::infer("MatMul", &[leading(&inputs[0])?, leading(&inputs[1])?])?;
        let (last, first) = (a.rank() - 1, depth_axis(b.rank()));
        if a[last] != b[first] {
            inferred.obligations.push(Obligation {
                claim: Claim::Equal(Side::axis(0, last, &a[last]), Side::axis(1, first, &b[first])),
                rule: match b.rank() {
                    1 => "`MatMul` sums along the last axis of the first value and the axis of the second",
                    _ => {
                        "`MatMul` sums along the last axis of the first value and the last but one of \
                         the second"
                    }
                }
                .into(),
                blame: Blame::Input(1),
            });
        }
        let shape = &mut inferred.outputs[0].shape.0;
        if a.rank() > 1 {
            shape.push(a[last - 1].clone());
        }
        if b.rank() > 1 {
            shape.push(b[first + 1].clone());
        }
        Ok(inferred)
    }

    fn params(&self, _: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        Ok(Vec::new())
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(self.clone()))
    }

    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        let depth = rules::last(&inputs[0].shape);
        Ok(Cost {
            macs: outputs[0].shape.elements()?.mul(depth)?,
            // A matrix for each row of the batch mixes its places; one for all is like weights.
            field: match inputs[1].shape.rank() {
                1 | 2 => Field::LastAxis,
                _ => Field::Row,
            },
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        let (a, b) = (&cx.inputs[0].shape, &cx.inputs[1].shape);
        let first = depth_axis(b.len());
        let rows = if a.len() > 1 { a[a.len() - 2] } else { 1 };
        let columns = if b.len() > 1 { b[first + 1] } else { 1 };
        let depth = a[a.len() - 1];
        let (a, b) = (&a[..a.len().saturating_sub(2)], &b[..first]);
        let rank = a.len().max(b.len());
        let batch = &cx.outputs[0].shape[..rank];
        // Which matrix of an operand is that of product `at`.
        let matrix = |own: &[usize], at: usize| {
            let (mut rest, mut index) = (at, 0);
            let steps = strides(own);
            for (axis, size) in batch.iter().enumerate().rev() {
                if let Some(axis) = (axis + own.len()).checked_sub(rank)
                    && own[axis] != 1
                {
                    index += rest % size * steps[axis];
                }
                rest /= size;
            }
            index
        };
        let products = 0..batch.iter().product();
        let pairs = products.map(|at| (matrix(a, at), matrix(b, at))).collect();
        let product = matmul::MatMul::new([rows, depth, columns], pairs);
        fresh(0, move |io| {
            product.run(io.inputs[0].f32(), io.inputs[1].f32(), io.outputs[0].f32());
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::error::Problem;
    use crate::layers::testing::{Last, build, count_up, elements, infer, refusal, shapes, types};

    #[test]
    fn shapes_are_those_of_numpy() {
        for (inputs, expected, claims) in [
            (["[M, K]", "[K, P]"], "[M, P]", vec![]),
            (["[N, M, K]", "[N, K, P]"], "[N, M, P]", vec![]),
            (["[N, M, K]", "[K, P]"], "[N, M, P]", vec![]),
            (["[M, K]", "[N, K, P]"], "[N, M, P]", vec![]),
            (["[N, 1, M, K]", "[H, K, P]"], "[N, H, M, P]", vec![]),
            (["[K]", "[K, P]"], "[P]", vec![]),
            (["[M, K]", "[K]"], "[M]", vec![]),
            (["[N, M, K]", "[K]"], "[N, M]", vec![]),
            (["[K]", "[K]"], "[]", vec![]),
            (["[K]", "[N, K, P]"], "[N, P]", vec![]),
            (["[M, 3]", "[4, P]"], "[M, P]", vec!["3 == 4"]),
            (["[N, T, C]", "[M, C, C]"], "[N, T, C]", vec!["N == M"]),
            (["[N, T, C]", "[N, T, C]"], "[N, T, C]", vec!["C == T"]),
        ] {
            let (found, claimed) = shapes("MatMul", Last, &inputs);
            assert_eq!(found, [expected], "{inputs:?}");
            assert_eq!(claimed, claims, "{inputs:?}");
        }
    }

    #[test]
    fn a_claim_points_at_the_axes_that_meet() {
        let inferred = infer("MatMul", Last, &["[N, T, 3]", "[N, 4, P]"]).unwrap();
        let Claim::Equal(left, right) = &inferred.obligations[0].claim else {
            panic!("{inferred:?}")
        };
        assert_eq!((left.place, right.place), (Some((0, 2)), Some((1, 1))));
    }

    #[test]
    fn refuses_scalars_and_integers() {
        let (blame, problem) = refusal("MatMul", Last, &["[M, K]", "[]"]);
        assert_eq!(blame, Blame::Input(1));
        assert!(matches!(problem, Problem::Rank { .. }));
        let (_, problem) = refusal("MatMul", Last, &["i64[K]", "[K]"]);
        assert!(matches!(problem, Problem::DType { .. }));
    }

    #[test]
    fn costs_a_row_times_a_column_each() {
        let inputs = types(&["[N, T, 8]", "[N, 8, 5]"]);
        let op = build("MatMul", Last).unwrap();
        let outputs = op.infer(&inputs).unwrap().outputs;
        let cost = op.cost(&inputs, &outputs).unwrap();
        assert_eq!(
            (cost.macs.to_string().as_str(), cost.field),
            ("40*N*T", Field::Row)
        );
    }

    #[test]
    fn multiplies_matrices_and_vectors() {
        let of = |a: &[usize], b: &[usize]| elements("MatMul", Last, &[count_up(a), count_up(b)]);
        assert_eq!(of(&[2, 2], &[2, 2]), [2.0, 3.0, 6.0, 11.0]);
        assert_eq!(of(&[2], &[2, 2]), [2.0, 3.0]);
        assert_eq!(of(&[2, 2], &[2]), [1.0, 3.0]);
        assert_eq!(of(&[3], &[3]), [5.0]);
        // Matrices [0 1], [2 3] with columns (0 1) and (2 3), all pairs.
        assert_eq!(of(&[2, 1, 1, 2], &[2, 2, 1]), [1.0, 3.0, 3.0, 13.0]);
    }
}
