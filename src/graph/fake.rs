//! Small operations for tests of what works on any graph: each uses memory in another way, and
//! has a plain definition to compare with.

use std::sync::Arc;

use super::{Graph, Node, Value, ValueId, Weight, WeightId};
use crate::layers::def::{Cost, Field, Inferred, Init, Op, ParamSpec, TensorType};
use crate::layers::error::LayerError;
use crate::layers::kernel::{ConcreteType, Io, Kernel, KernelCx, Memory, View};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::{DType, Tensor};

/// An operation that only tests know. All but `Count` and `Pick` work on `f32` of any shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fake {
    /// 2x, into its own result.
    Double,
    /// The sum of its inputs, which have one shape, into its own result.
    Add,
    /// −x, in place.
    Negate,
    /// x + y, in place of x.
    Accumulate,
    /// x with its axes joined, without work.
    Join,
    /// x + 1 and, as integers, the position of each element.
    Count,
    /// `i64` positions, then x: the elements of x at the positions.
    Pick,
    /// x reversed, by way of scratch memory, in place.
    Reverse,
    /// x · weight along the last axis, with a stored weight.
    Scale,
}

impl Fake {
    /// How many inputs it takes at least.
    pub fn arity(self) -> usize {
        match self {
            Fake::Add | Fake::Accumulate | Fake::Pick => 2,
            _ => 1,
        }
    }

    /// The results from the definition, with nothing shared and nothing reused.
    pub fn define(self, inputs: &[&Tensor], weights: &[&Tensor]) -> Vec<Tensor> {
        let float = |at: usize| inputs[at].as_f32().unwrap();
        let same = |elements: Vec<f32>| Tensor::from_f32(inputs[0].shape(), elements).unwrap();
        match self {
            Fake::Double => vec![same(float(0).iter().map(|x| 2.0 * x).collect())],
            Fake::Negate => vec![same(float(0).iter().map(|x| -x).collect())],
            Fake::Add | Fake::Accumulate => {
                let terms = |at: usize| (0..inputs.len()).map(move |input| float(input)[at]);
                let sum = |at: usize| terms(at).reduce(|x, y| x + y).unwrap();
                vec![same((0..inputs[0].len()).map(sum).collect())]
            }
            Fake::Join => {
                vec![Tensor::from_f32(&[inputs[0].len()], float(0).to_vec()).unwrap()]
            }
            Fake::Count => {
                let positions = (0..inputs[0].len() as i64).collect();
                vec![
                    same(float(0).iter().map(|x| x + 1.0).collect()),
                    Tensor::from_i64(inputs[0].shape(), positions).unwrap(),
                ]
            }
            Fake::Pick => {
                let positions = inputs[0].as_i64().unwrap();
                let picked = positions
                    .iter()
                    .map(|at| float(1)[*at as usize % inputs[1].len()]);
                vec![same(picked.collect())]
            }
            Fake::Reverse => vec![same(float(0).iter().rev().copied().collect())],
            Fake::Scale => {
                let weight = weights[0].as_f32().unwrap();
                let scaled = float(0).iter().enumerate();
                vec![same(
                    scaled
                        .map(|(at, x)| x * weight[at % weight.len()])
                        .collect(),
                )]
            }
        }
    }
}

impl Op for Fake {
    fn kind(&self) -> &'static str {
        match self {
            Fake::Double => "Double",
            Fake::Add => "Add",
            Fake::Negate => "Negate",
            Fake::Accumulate => "Accumulate",
            Fake::Join => "Join",
            Fake::Count => "Count",
            Fake::Pick => "Pick",
            Fake::Reverse => "Reverse",
            Fake::Scale => "Scale",
        }
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        let like = TensorType::f32(inputs[0].shape.clone());
        let mut inferred = Inferred::one(like.clone());
        match self {
            Fake::Join => {
                inferred.outputs[0].shape = Shape(vec![inputs[0].shape.elements()?]);
            }
            Fake::Count => inferred
                .outputs
                .push(TensorType::new(DType::I64, like.shape)),
            _ => {}
        }
        Ok(inferred)
    }

    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError> {
        let width = inputs[0].shape.dims().last().cloned();
        Ok(match self {
            Fake::Scale => vec![ParamSpec {
                name: "weight",
                shape: Shape(vec![width.unwrap()]),
                init: Init::Ones,
                trained: true,
            }],
            _ => Vec::new(),
        })
    }

    fn bind(&self, _: &Env) -> Result<Box<dyn Op>, EvalError> {
        Ok(Box::new(*self))
    }

    fn cost(&self, _: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError> {
        Ok(Cost {
            macs: match self {
                Fake::Scale => outputs[0].shape.elements()?,
                _ => Dim::constant(0),
            },
            field: Field::Point,
        })
    }

    fn arithmetic(&self, _: &[TensorType], _: usize) -> Option<String> {
        None
    }

    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel> {
        Box::new(FakeKernel {
            op: *self,
            len: cx.outputs[0].len(),
            weight: match self {
                Fake::Scale => cx.param(0).to_vec(),
                _ => Vec::new(),
            },
        })
    }
}

struct FakeKernel {
    op: Fake,
    len: usize,
    weight: Vec<f32>,
}

impl Kernel for FakeKernel {
    fn memory(&self) -> Memory {
        match self.op {
            Fake::Join => Memory::View,
            Fake::Negate | Fake::Accumulate | Fake::Reverse => Memory::InPlace,
            _ => Memory::Fresh,
        }
    }

    fn scratch(&self) -> usize {
        if self.op == Fake::Reverse {
            self.len
        } else {
            0
        }
    }

    fn run(&self, io: &mut Io) {
        if let Memory::Fresh = self.memory() {
            io.outputs[0].f32().fill(f32::NAN);
        }
        match self.op {
            Fake::Join => unreachable!("a view is never run"),
            Fake::Double => {
                for (out, x) in io.outputs[0].f32().iter_mut().zip(io.inputs[0].f32()) {
                    *out = 2.0 * x;
                }
            }
            Fake::Add => {
                io.outputs[0].f32().copy_from_slice(io.inputs[0].f32());
                for input in &io.inputs[1..] {
                    for (out, x) in io.outputs[0].f32().iter_mut().zip(input.f32()) {
                        *out += x;
                    }
                }
            }
            Fake::Negate => {
                assert!(io.inputs[0].f32().is_empty());
                io.outputs[0].f32().iter_mut().for_each(|x| *x = -*x);
            }
            Fake::Accumulate => {
                assert!(io.inputs[0].f32().is_empty());
                for (out, y) in io.outputs[0].f32().iter_mut().zip(io.inputs[1].f32()) {
                    *out += y;
                }
            }
            Fake::Count => {
                for (out, x) in io.outputs[0].f32().iter_mut().zip(io.inputs[0].f32()) {
                    *out = x + 1.0;
                }
                // Left out when nothing takes it.
                if let Some(positions) = io.outputs.get_mut(1) {
                    for (at, out) in positions.i64().iter_mut().enumerate() {
                        *out = at as i64;
                    }
                }
            }
            Fake::Pick => {
                let (View::I64(positions), from) = (io.inputs[0], io.inputs[1].f32()) else {
                    unreachable!("positions are integers")
                };
                for (out, at) in io.outputs[0].f32().iter_mut().zip(positions) {
                    *out = from[*at as usize % from.len()];
                }
            }
            Fake::Reverse => {
                assert!(io.inputs[0].f32().is_empty());
                io.scratch.copy_from_slice(io.outputs[0].f32());
                let backwards = io.scratch.iter().rev();
                for (out, x) in io.outputs[0].f32().iter_mut().zip(backwards) {
                    *out = *x;
                }
            }
            Fake::Scale => {
                let along = io.inputs[0].f32().chunks_exact(self.weight.len());
                let out = io.outputs[0].f32().chunks_exact_mut(self.weight.len());
                for (out, x) in out.zip(along) {
                    for ((out, x), weight) in out.iter_mut().zip(x).zip(&self.weight) {
                        *out = x * weight;
                    }
                }
            }
        }
    }
}

/// Makes graphs by hand.
#[derive(Debug, Default)]
pub struct Build {
    /// What was made so far.
    pub graph: Graph,
}

impl Build {
    /// An empty graph.
    pub fn new() -> Build {
        Build::default()
    }

    fn value(&mut self, name: &str, ty: ConcreteType, weight: Option<WeightId>) -> ValueId {
        self.graph.values.push(Value {
            name: name.into(),
            ty,
            weight,
        });
        ValueId(self.graph.values.len() as u32 - 1)
    }

    /// An `f32` input.
    pub fn input(&mut self, name: &str, shape: &[usize]) -> ValueId {
        let ty = ConcreteType::new(DType::F32, shape.to_vec());
        let value = self.value(name, ty, None);
        self.graph.inputs.push((name.into(), value));
        value
    }

    /// A stored tensor.
    pub fn weight(&mut self, name: &str, shape: &[usize]) -> WeightId {
        self.graph.weights.push(Weight {
            name: name.into(),
            shape: shape.to_vec(),
        });
        WeightId(self.graph.weights.len() as u32 - 1)
    }

    /// A stored tensor as a value.
    pub fn weight_value(&mut self, weight: WeightId) -> ValueId {
        let Weight { name, shape } = self.graph.weight(weight).clone();
        let ty = ConcreteType::new(DType::F32, shape);
        self.value(&name, ty, Some(weight))
    }

    /// An operation with its weights made for it; returns its results.
    pub fn node(&mut self, op: Fake, inputs: &[ValueId]) -> Vec<ValueId> {
        let types = self.graph.types(inputs);
        let name: Arc<str> = format!("{op:?}_{}", self.graph.nodes.len())
            .to_lowercase()
            .into();
        let weights = op
            .params(&types)
            .unwrap()
            .iter()
            .map(|param| {
                let shape = param.shape.concrete().unwrap();
                self.weight(&format!("{name}.{}", param.name), &shape)
            })
            .collect();
        let outputs: Vec<_> = op
            .infer(&types)
            .unwrap()
            .outputs
            .iter()
            .map(|ty| {
                let ty = ConcreteType::new(ty.dtype, ty.shape.concrete().unwrap());
                self.value(&name, ty, None)
            })
            .collect();
        self.graph.nodes.push(Node {
            name,
            op: Arc::new(op),
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
            weights,
        });
        outputs
    }

    /// The graph with these outputs.
    pub fn finish(mut self, outputs: &[ValueId]) -> Graph {
        let named = outputs.iter().enumerate();
        self.graph.outputs = named
            .map(|(at, value)| (format!("out{at}").into(), *value))
            .collect();
        self.graph
    }
}
