//! Layers that are a function of one element. Each is an entry of this type: its name, its page
//! and its function, whose arguments are numbers or choices.

use super::args::Args;
use super::def::{
    ArgDef, ArgKind, Cost, Doc, Field, Inferred, Inputs, LayerDef, Op, ParamSpec, Signature,
    TensorType,
};
use super::error::LayerError;
use super::kernel::{Kernel, KernelCx, in_place};
use super::rules;
use crate::shape::{Dim, DimError, Env, EvalError};
use crate::tensor::Layout;

/// A layer that maps every element by itself.
#[derive(Debug)]
pub struct Elementwise {
    /// Its name.
    pub name: &'static str,
    /// What a person reads.
    pub doc: &'static Doc,
    /// One value and arguments of [`ArgKind::Float`] or [`ArgKind::Choice`].
    pub signature: &'static Signature,
    /// Replaces the elements, given the arguments in the order of the signature; a choice is its
    /// position among the choices.
    pub apply: fn(&mut [f32], &[f32]),
}

/// A signature with these arguments.
pub const fn signature(args: &'static [ArgDef]) -> Signature {
    Signature {
        inputs: Inputs::One,
        results: &[],
        args,
    }
}

impl LayerDef for Elementwise {
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
        let number = |arg: &ArgDef| match arg.kind {
            ArgKind::Choice(names) => {
                let chosen = args.choice(arg.name)?;
                let at = names.iter().position(|name| *name == chosen);
                Ok(at.map_or(0.0, |at| at as f32))
            }
            _ => rules::single(args, arg.name),
        };
        let numbers = self.signature.args.iter().map(number);
        Ok(Box::new(ElementwiseOp {
            name: self.name,
            numbers: numbers.collect::<Result<_, _>>()?,
            apply: self.apply,
        }))
    }
}

#[derive(Clone, Debug)]
struct ElementwiseOp {
    name: &'static str,
    numbers: Vec<f32>,
    apply: fn(&mut [f32], &[f32]),
}

impl Op for ElementwiseOp {
    fn kind(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError> {
        Ok(Inferred::one(rules::float(inputs, 0)?.clone()))
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

    fn kernel(&self, _: &KernelCx) -> Box<dyn Kernel> {
        let (apply, numbers) = (self.apply, self.numbers.clone());
        in_place(move |elements| apply(elements, &numbers))
    }
}
