//! Whether a graph is one: what every pass may rely on and must keep.

use std::fmt;

use super::{Graph, Node, ValueId, WeightId};
use crate::layers::def::TensorType;
use crate::shape::{Dim, Shape};
use crate::tensor::DType;

/// What is wrong with a graph: a mistake of the pass that made it, never of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// Checks that every value is made once and before its uses, that the operations' shape rules
/// give the types that the values have, that the stored tensors fit, and that the outputs exist.
pub fn verify(graph: &Graph) -> Result<(), Broken> {
    let mut defined = vec![false; graph.values.len()];
    for (id, value) in graph.value_ids() {
        if let Some(weight) = value.weight {
            let shape = &weight_of(graph, weight, &value.name)?.shape;
            if value.ty.dtype != DType::F32 || &value.ty.shape != shape {
                return broken(format!(
                    "the value `{}` is {} {:?}, and its stored tensor is f32 {shape:?}",
                    value.name, value.ty.dtype, value.ty.shape
                ));
            }
            define(graph, &mut defined, id, &value.name)?;
        }
    }
    for (name, value) in &graph.inputs {
        define(graph, &mut defined, *value, name)?;
    }
    for node in &graph.nodes {
        for value in &node.inputs {
            used(graph, &defined, *value, &node.name)?;
        }
        for value in &node.outputs {
            define(graph, &mut defined, *value, &node.name)?;
        }
        types_agree(graph, node)?;
    }
    for (name, value) in &graph.outputs {
        used(graph, &defined, *value, name)?;
    }
    Ok(())
}

fn broken<T>(message: String) -> Result<T, Broken> {
    Err(Broken(message))
}

fn define(graph: &Graph, defined: &mut [bool], value: ValueId, by: &str) -> Result<(), Broken> {
    match defined.get_mut(value.0 as usize) {
        None => broken(format!(
            "`{by}` makes the value {}, of {}",
            value.0,
            graph.values.len()
        )),
        Some(true) => broken(format!(
            "`{}` is made again by `{by}`",
            graph.value(value).name
        )),
        Some(slot) => {
            *slot = true;
            Ok(())
        }
    }
}

fn used(graph: &Graph, defined: &[bool], value: ValueId, by: &str) -> Result<(), Broken> {
    match defined.get(value.0 as usize) {
        None => broken(format!(
            "`{by}` takes the value {}, of {}",
            value.0,
            graph.values.len()
        )),
        Some(false) => broken(format!(
            "`{by}` takes `{}` before it is made",
            graph.value(value).name
        )),
        Some(true) => Ok(()),
    }
}

fn weight_of<'a>(
    graph: &'a Graph,
    weight: WeightId,
    by: &str,
) -> Result<&'a super::Weight, Broken> {
    graph.weights.get(weight.0 as usize).ok_or_else(|| {
        Broken(format!(
            "`{by}` takes the stored tensor {}, of {}",
            weight.0,
            graph.weights.len()
        ))
    })
}

fn types_agree(graph: &Graph, node: &Node) -> Result<(), Broken> {
    let inputs = graph.types(&node.inputs);
    let says = |error| Broken(format!("`{}` refuses its inputs: {error:?}", node.name));
    let inferred: Vec<TensorType> = node.op.infer(&inputs).map_err(says)?.outputs;
    let declared = graph.types(&node.outputs);
    // Results at the end that nothing takes may be left out.
    if inferred.get(..declared.len()) != Some(&declared[..]) {
        return broken(format!(
            "`{}` makes {inferred:?}, and its values are {declared:?}",
            node.name
        ));
    }
    let params = node.op.params(&inputs).map_err(says)?;
    if params.len() != node.weights.len() {
        return broken(format!(
            "`{}` has {} stored tensors instead of {}",
            node.name,
            node.weights.len(),
            params.len()
        ));
    }
    for (param, weight) in params.iter().zip(&node.weights) {
        let weight = weight_of(graph, *weight, &node.name)?;
        let shape: Shape = weight.shape.iter().map(|size| Dim::from(*size)).collect();
        if param.shape != shape {
            return broken(format!(
                "`{}` is {shape}, and `{}` takes {}",
                weight.name, node.name, param.shape
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Build, Fake};
    use super::*;

    fn chain() -> Graph {
        let mut build = Build::new();
        let x = build.input("x", &[2, 3]);
        let y = build.node(Fake::Double, &[x]);
        let z = build.node(Fake::Add, &[x, y[0]]);
        build.finish(&[z[0]])
    }

    #[test]
    fn accepts_a_chain() {
        assert_eq!(verify(&chain()), Ok(()));
    }

    #[test]
    fn refuses_what_no_pass_may_make() {
        type Damage = fn(&mut Graph);
        let cases: [(&str, Damage); 7] = [
            ("before it is made", |graph| graph.nodes.swap(0, 1)),
            ("is made again", |graph| {
                let node = graph.nodes[0].clone();
                graph.nodes.push(node);
            }),
            ("takes the value 99", |graph| {
                graph.nodes[0].inputs[0] = ValueId(99)
            }),
            ("makes the value 99", |graph| {
                graph.nodes[0].outputs[0] = ValueId(99)
            }),
            ("makes", |graph| graph.values[1].ty.shape[0] = 7),
            ("takes `double", |graph| {
                graph.nodes.remove(0);
            }),
            ("stored tensor 0", |graph| {
                graph.values[0].weight = Some(WeightId(0))
            }),
        ];
        for (expected, damage) in cases {
            let mut graph = chain();
            damage(&mut graph);
            let Broken(message) = verify(&graph).unwrap_err();
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }
}
