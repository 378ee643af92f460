//! Parameters without a weights file: written in the program, constant, or drawn.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use rayon::prelude::*;

use crate::check::program::{Model, Param};
use crate::graph::Graph;
use crate::layers::def::Init;
use crate::shape::Env;
use crate::tensor::Tensor;

/// Every stored tensor of `graph`, which is `model` at the sizes of `env`, without a file: He
/// (normal with variance 2 / fan_in; He et al. 2015, "Delving Deep into Rectifiers", eq. 10) for
/// layers followed by a ReLU, else Glorot (uniform within ±√(6 / (fan_in + fan_out)); Glorot and
/// Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
/// eq. 16).
///
/// A parameter's values depend on the seed, its name and its shape alone, on every machine and
/// with any number of threads.
pub fn draw(model: &Model, graph: &Graph, env: &Env, seed: u64) -> Vec<Arc<Tensor>> {
    let by_name: HashMap<&str, &Param> = model.params.iter().map(|it| (&*it.name, it)).collect();
    let users = users(model);
    graph
        .weights
        .par_iter()
        .map(|weight| {
            let values = match by_name.get(&*weight.name) {
                Some(param) => {
                    let relu = || followed_by_relu(model, &users, param.layer);
                    values(param, &weight.shape, env, seed, relu)
                }
                None => ArrayD::zeros(IxDyn(&weight.shape)),
            };
            Arc::new(Tensor::F32(values))
        })
        .collect()
}

/// The values written in the program, in the parameter's shape; `None` when there are none.
pub(super) fn given(param: &Param, shape: &[usize]) -> Option<ArrayD<f32>> {
    match &param.init {
        Init::Given(array) => Some(
            array
                .broadcast(IxDyn(shape))
                .expect("the checker has proved that the array broadcasts")
                .to_owned(),
        ),
        Init::Zeros | Init::Ones | Init::Fill(_) | Init::Fan { .. } => None,
    }
}

fn values(
    param: &Param,
    shape: &[usize],
    env: &Env,
    seed: u64,
    relu: impl FnOnce() -> bool,
) -> ArrayD<f32> {
    let (fan_in, fan_out) = match &param.init {
        Init::Zeros => return ArrayD::zeros(IxDyn(shape)),
        Init::Ones => return ArrayD::ones(IxDyn(shape)),
        Init::Fill(number) => return ArrayD::from_elem(IxDyn(shape), *number),
        Init::Given(_) => return given(param, shape).unwrap_or_default(),
        Init::Fan { fan_in, fan_out } => (fan_in, fan_out),
    };
    // The shape was evaluated with the same sizes, and a fan is a product of some of them.
    let number = |fan: &crate::shape::Dim| fan.eval(env).unwrap_or(1).max(1) as f64;
    let mut random = Random::new(seed, &param.name);
    if relu() {
        let deviation = (2.0 / number(fan_in)).sqrt();
        ArrayD::from_shape_simple_fn(IxDyn(shape), || (random.normal() * deviation) as f32)
    } else {
        let limit = (6.0 / (number(fan_in) + number(fan_out))).sqrt();
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            ((2.0 * random.uniform() - 1.0) * limit) as f32
        })
    }
}

/// For each value, the layers that take it.
fn users(model: &Model) -> Vec<Vec<usize>> {
    let mut users = vec![Vec::new(); model.values.len()];
    for (at, layer) in model.layers.iter().enumerate() {
        for value in &layer.inputs {
            users[value.0 as usize].push(at);
        }
    }
    users
}

/// Whether a layer that uses the result is a ReLU or one of its like, perhaps after layers that
/// keep the scale.
fn followed_by_relu(model: &Model, users: &[Vec<usize>], layer: usize) -> bool {
    const RELUS: [&str; 4] = ["ReLU", "ReLU6", "LeakyReLU", "PReLU"];
    const BETWEEN: [&str; 8] = [
        "BatchNorm",
        "LayerNorm",
        "GroupNorm",
        "InstanceNorm",
        "RMSNorm",
        "Dropout",
        "Identity",
        "MaxPool",
    ];
    let mut open = vec![layer];
    // Layers only ever lead to later ones; the bound keeps a long chain of norms cheap.
    for _ in 0..8 {
        let Some(at) = open.pop() else { return false };
        let Some(result) = model.layers[at].outputs.first() else {
            continue;
        };
        for user in &users[result.0 as usize] {
            let kind = model.layers[*user].op.kind();
            if RELUS.contains(&kind) {
                return true;
            }
            if BETWEEN.contains(&kind) {
                open.push(*user);
            }
        }
    }
    false
}

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
struct Random {
    state: u64,
    /// The second number of the last pair.
    spare: Option<f64>,
}

impl Random {
    /// A sequence of its own for each name: FNV-1a of the name starts it.
    fn new(seed: u64, name: &str) -> Random {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = Random {
            state: hash,
            spare: None,
        };
        random.state = random.next() ^ seed;
        random
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in 0..1, of 53 bits.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // 1 − u lies in 0 < x ≤ 1, where the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let (sine, cosine) = (TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::lower;
    use crate::lower::script::Script;

    fn drawn(script: &Script, seed: u64) -> Vec<(String, Arc<Tensor>)> {
        let env = Env::from([("N".into(), 1)]);
        let graph = lower(&script.model, &env).unwrap();
        let tensors = draw(&script.model, &graph, &env, seed);
        let names = graph.weights.iter().map(|weight| weight.name.to_string());
        names.zip(tensors).collect()
    }

    fn two_layers(more: bool) -> Script {
        let mut script = Script::new("Net", &["N"]);
        let mut x = script.input("x", "[N, 200]");
        if more {
            x = script.layer("first", "Linear(200)", &[x]);
        }
        let a = script.layer("a", "Linear(300)", &[x]);
        let norm = script.layer("norm", "BatchNorm", &[a]);
        let relu = script.layer("relu", "ReLU", &[norm]);
        let b = script.layer("b", "Linear(100)", &[relu]);
        script.output("y", b);
        script
    }

    /// Mean and variance.
    fn moments(tensor: &Tensor) -> (f64, f64) {
        let elements = tensor.as_f32().unwrap();
        let count = elements.len() as f64;
        let mean = elements.iter().map(|x| f64::from(*x)).sum::<f64>() / count;
        let square = elements.iter().map(|x| (f64::from(*x) - mean).powi(2));
        (mean, square.sum::<f64>() / count)
    }

    #[test]
    fn draws_he_before_relu_and_glorot_elsewhere() {
        let drawn = drawn(&two_layers(false), 7);
        let find = |name: &str| &drawn.iter().find(|(it, _)| it == name).unwrap().1;
        let (mean, variance) = moments(find("a.weight"));
        assert!(mean.abs() < 0.002, "{mean}");
        assert!((variance * 200.0 / 2.0 - 1.0).abs() < 0.03, "{variance}");
        let limit = (6.0f64 / 400.0).sqrt();
        let (mean, variance) = moments(find("b.weight"));
        assert!(mean.abs() < 0.002, "{mean}");
        assert!(
            (variance * 3.0 / limit.powi(2) - 1.0).abs() < 0.03,
            "{variance}"
        );
        let within = |x: &f32| f64::from(x.abs()) <= limit;
        assert!(find("b.weight").as_f32().unwrap().iter().all(within));
        assert!(find("a.bias").as_f32().unwrap().iter().all(|x| *x == 0.0));
        assert!(
            find("norm.weight")
                .as_f32()
                .unwrap()
                .iter()
                .all(|x| *x == 1.0)
        );
        assert!(
            find("norm.running_var")
                .as_f32()
                .unwrap()
                .iter()
                .all(|x| *x == 1.0)
        );
    }

    #[test]
    fn depends_on_seed_and_name_alone() {
        let (first, again, other) = (
            drawn(&two_layers(false), 1),
            drawn(&two_layers(true), 1),
            drawn(&two_layers(false), 2),
        );
        let find = |from: &[(String, Arc<Tensor>)]| {
            from.iter()
                .find(|(it, _)| it == "b.weight")
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(find(&first), find(&again));
        assert_ne!(find(&first), find(&other));
        assert_ne!(
            first[0].1.as_f32().unwrap()[..9],
            find(&first).as_f32().unwrap()[..9]
        );
    }
}
