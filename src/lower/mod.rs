//! From a checked model to a graph at known sizes.
//!
//! The shape rules run again on the numbers, so that what the algebra could not decide is checked
//! before anything is computed.

mod error;
#[cfg(test)]
pub(crate) mod script;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::program::{Layer, Model, ParamId, Required, Source, ValueId, ValueInfo};
use crate::graph::{self, Graph, Node, Weight, WeightId, constant_type};
use crate::layers::def::Op;
use crate::layers::error::{Claim, LayerError, Obligation, Side};
use crate::shape::{Env, EvalError, Shape};

pub use error::{LowerError, Refused};

/// The graph of `model` with the sizes of `env`, which gives every dimension variable a value.
/// Layers that no output needs are left out, and so are their stored tensors.
///
/// # Errors
///
/// If the model has errors, a variable has no value, or a layer does not allow the sizes.
pub fn lower(model: &Model, env: &Env) -> Result<Graph, LowerError> {
    if model.has_errors {
        return Err(LowerError::HasErrors);
    }
    let open = |required: &&Required| required.requirement.holds(env) != Some(true);
    if let Some(broken) = model.undecided.iter().find(open) {
        return Err(LowerError::Broken(Box::new(broken.clone()), env.clone()));
    }
    let mut lowering = Lowering {
        model,
        env,
        graph: Graph::default(),
        values: HashMap::new(),
        weights: HashMap::new(),
    };
    for input in &model.inputs {
        let value = lowering.input(input.value)?;
        lowering
            .graph
            .inputs
            .push((input.name.value.clone(), value));
    }
    for (layer, needed) in model.layers.iter().zip(needed(model)) {
        if needed {
            lowering.layer(layer)?;
        }
    }
    for output in &model.outputs {
        let value = output.value.ok_or(LowerError::HasErrors)?;
        let value = lowering.used(value)?;
        lowering
            .graph
            .outputs
            .push((output.name.value.clone(), value));
    }
    Ok(lowering.graph)
}

/// For each layer, whether an output needs it.
fn needed(model: &Model) -> Vec<bool> {
    let mut needed = vec![false; model.layers.len()];
    let mut open: Vec<ValueId> = model
        .outputs
        .iter()
        .filter_map(|output| output.value)
        .collect();
    while let Some(value) = open.pop() {
        if let Source::Layer(layer, _) = model.value(value).source
            && !std::mem::replace(&mut needed[layer], true)
        {
            open.extend(&model.layers[layer].inputs);
        }
    }
    needed
}

struct Lowering<'a> {
    model: &'a Model,
    env: &'a Env,
    graph: Graph,
    values: HashMap<ValueId, graph::ValueId>,
    weights: HashMap<ParamId, WeightId>,
}

impl Lowering<'_> {
    /// The value for one that is used: made already, or a stored tensor.
    fn used(&mut self, value: ValueId) -> Result<graph::ValueId, LowerError> {
        if let Some(made) = self.values.get(&value) {
            return Ok(*made);
        }
        match self.model.value(value).source {
            Source::Param(param) => {
                let weight = self.weight(param)?;
                self.value(value, Some(weight))
            }
            Source::Input(_) | Source::Layer(..) | Source::Error => Err(LowerError::HasErrors),
        }
    }

    /// The value of an input, whose sizes are at least 1.
    fn input(&mut self, value: ValueId) -> Result<graph::ValueId, LowerError> {
        let made = self.value(value, None)?;
        let shape = &self.graph.values[made.0 as usize].ty.shape;
        match shape.iter().position(|size| *size < 1) {
            None => Ok(made),
            Some(axis) => {
                let info = self.model.value(value);
                let numbers = format!("axis {axis} would be {}: {shape:?}", shape[axis]);
                Err(self.unfit(info, numbers))
            }
        }
    }

    fn value(
        &mut self,
        value: ValueId,
        weight: Option<WeightId>,
    ) -> Result<graph::ValueId, LowerError> {
        let info = self.model.value(value);
        let ty = info.ty.as_ref().ok_or(LowerError::HasErrors)?;
        let concrete = ty.eval(self.env).map_err(|error| {
            let what = format!("{} in the shape of `{}`", ty.shape, info.name);
            self.out_of_range(error, &what, value)
        })?;
        let made = graph::ValueId(self.graph.values.len() as u32);
        self.graph.values.push(graph::Value {
            name: info.name.clone(),
            ty: concrete,
            weight,
        });
        self.values.insert(value, made);
        Ok(made)
    }

    fn weight(&mut self, param: ParamId) -> Result<WeightId, LowerError> {
        if let Some(made) = self.weights.get(&param) {
            return Ok(*made);
        }
        let stored = self.model.param(param);
        let layer = &self.model.layers[stored.layer];
        let shape = stored.shape.eval(self.env).map_err(|error| {
            let what = format!("{} in the shape of `{}`", stored.shape, stored.name);
            self.failed(layer, error, &what)
        })?;
        let made = WeightId(self.graph.weights.len() as u32);
        self.graph.weights.push(Weight {
            name: stored.name.clone(),
            shape,
        });
        self.weights.insert(param, made);
        Ok(made)
    }

    fn layer(&mut self, layer: &Layer) -> Result<(), LowerError> {
        let inputs = layer.inputs.iter().map(|value| self.used(*value));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let op = layer
            .op
            .bind(self.env)
            .map_err(|error| self.failed(layer, error, "an argument"))?;
        self.check(layer, &*op, &inputs)?;
        let outputs = layer.outputs.iter().map(|value| self.value(*value, None));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        let weights = layer.params.iter().map(|param| self.weight(*param));
        let weights = weights.collect::<Result<Vec<_>, _>>()?;
        self.graph.nodes.push(Node {
            name: layer.name.clone(),
            op: Arc::from(op),
            inputs,
            outputs,
            weights,
        });
        Ok(())
    }

    /// Runs the shape rule on the numbers and compares with what the checker found.
    fn check(
        &self,
        layer: &Layer,
        op: &dyn Op,
        inputs: &[graph::ValueId],
    ) -> Result<(), LowerError> {
        let types = self.graph.types(inputs);
        let refuse = |error: LayerError| self.refused(layer, error::describe(&error), None);
        let inferred = op.infer(&types).map_err(refuse)?;
        for obligation in &inferred.obligations {
            if let Some(numbers) = self.broken(layer, obligation) {
                return Err(self.refused(layer, numbers, Some(obligation.rule.to_string())));
            }
        }
        for (value, ty) in layer.outputs.iter().zip(&inferred.outputs) {
            let info = self.model.value(*value);
            let checked = info.ty.as_ref().ok_or(LowerError::HasErrors)?;
            let sizes = checked.eval(self.env).map_err(|error| {
                self.failed(layer, error, &format!("{} in its result", checked.shape))
            })?;
            let sizes = constant_type(&sizes);
            if *ty != sizes {
                let numbers = format!(
                    "its result is {}, and {} was expected ({})",
                    ty.shape, sizes.shape, checked.shape
                );
                return Err(self.refused(layer, numbers, None));
            }
            if let Some(axis) = small_axis(&ty.shape) {
                let numbers = format!(
                    "axis {axis} of its result would be {}: {}",
                    ty.shape[axis], ty.shape
                );
                return Err(self.refused(layer, numbers, None));
            }
        }
        let params = op.params(&types).map_err(refuse)?;
        for (spec, param) in params.iter().zip(&layer.params) {
            let stored = self.model.param(*param);
            let sizes = stored.shape.eval(self.env);
            let agree = spec.shape.concrete().is_some_and(|spec| Ok(spec) == sizes);
            if !agree {
                let numbers = format!(
                    "`{}` is {} and {} is needed",
                    stored.name, stored.shape, spec.shape
                );
                return Err(self.refused(layer, numbers, None));
            }
        }
        Ok(())
    }

    /// What disagrees, if the obligation does not hold at these sizes.
    fn broken(&self, layer: &Layer, obligation: &Obligation) -> Option<String> {
        let number = |side: &Side| side.dim.eval(self.env);
        let name = |side: &Side| self.side(layer, side);
        let told = |side: &Side| match number(side) {
            Ok(number) => format!("{} is {number}", name(side)),
            Err(error) => error::out_of_range(&error, &name(side)),
        };
        match &obligation.claim {
            Claim::Equal(left, right) => match (number(left), number(right)) {
                (Ok(a), Ok(b)) if a == b => None,
                _ => Some(format!("{} and {}", told(left), told(right))),
            },
            Claim::Divides { divisor, of } => match number(of) {
                Ok(n) if n % divisor == 0 => None,
                _ => Some(format!("{}, which {divisor} does not divide", told(of))),
            },
            Claim::AtLeast { of, low } => match number(of) {
                Ok(n) if n >= *low => None,
                _ => Some(format!("{}, less than {low}", told(of))),
            },
            Claim::AtMost { of, high } => match number(of) {
                Ok(n) if n <= *high => None,
                _ => Some(format!("{}, more than {high}", told(of))),
            },
        }
    }

    /// What a side of a claim is to a person: `axis 1 of `down``.
    fn side(&self, layer: &Layer, side: &Side) -> String {
        let input = side
            .place
            .and_then(|(input, _)| layer.inputs.get(input).copied());
        match input {
            Some(value) => format!("{} of `{}`", side.what, self.model.value(value).name),
            None => side.what.to_string(),
        }
    }

    fn refused(&self, layer: &Layer, numbers: String, rule: Option<String>) -> LowerError {
        LowerError::Refused(Box::new(Refused {
            layer: layer.name.clone(),
            span: layer.span,
            via: layer.via.to_vec(),
            numbers,
            rule,
            env: self.env.clone(),
        }))
    }

    fn failed(&self, layer: &Layer, error: EvalError, what: &str) -> LowerError {
        match error {
            EvalError::Unbound(name) => LowerError::Unbound(name),
            error => self.refused(layer, error::out_of_range(&error, what), None),
        }
    }

    /// Like [`Lowering::failed`], for the shape of a value.
    fn out_of_range(&self, error: EvalError, what: &str, value: ValueId) -> LowerError {
        let info = self.model.value(value);
        match (error, info.source) {
            (EvalError::Unbound(name), _) => LowerError::Unbound(name),
            (error, Source::Layer(layer, _)) => self.failed(&self.model.layers[layer], error, what),
            (error, _) => self.unfit(info, error::out_of_range(&error, what)),
        }
    }

    /// A value that no layer makes and that cannot have the sizes.
    fn unfit(&self, info: &ValueInfo, numbers: String) -> LowerError {
        LowerError::Refused(Box::new(Refused {
            layer: info.name.clone(),
            span: info.span,
            via: Vec::new(),
            numbers,
            rule: None,
            env: self.env.clone(),
        }))
    }
}

/// The first axis that is smaller than 1.
fn small_axis(shape: &Shape) -> Option<usize> {
    let mut sizes = shape.iter();
    sizes.position(|size| size.as_const().is_some_and(|size| size < 1))
}
