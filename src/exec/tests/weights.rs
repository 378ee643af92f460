//! Weights files that do not fit, as a person reads what is wrong.

use crate::exec::graph_at;
use crate::exec::weights::map::Map;
use crate::exec::weights::{WeightsFile, WeightsLayout, load};
use crate::formats::safetensors::{Weights, write};
use crate::layers::testing::count_up;
use crate::lower::script::Script;
use crate::shape::Env;
use crate::tensor::Tensor;
use crate::text::FileId;

fn net() -> Script {
    let mut script = Script::new("Net", &["N"]);
    let image = script.input("image", "[N, 6, 6, 2]");
    let conv1 = script.layer("conv1", "Conv(4, kernel=3)", &[image]);
    let norm = script.layer("norm", "BatchNorm", &[conv1]);
    let flat = script.layer("flat", "Flatten", &[norm]);
    let fc = script.layer("fc", "Linear(3)", &[flat]);
    script.output("y", fc);
    script
}

const FITTING: [(&str, &[usize]); 8] = [
    ("conv1.weight", &[4, 2, 3, 3]),
    ("conv1.bias", &[4]),
    ("norm.weight", &[4]),
    ("norm.bias", &[4]),
    ("norm.running_mean", &[4]),
    ("norm.running_var", &[4]),
    ("fc.weight", &[3, 64]),
    ("fc.bias", &[3]),
];

/// Names of the tensors that were read, or the diagnostics; warnings after the names.
fn read(tensors: &[(&str, Tensor)], prefix: &str, layout: WeightsLayout) -> String {
    read_by_map(tensors, prefix, layout, "")
}

fn read_by_map(
    tensors: &[(&str, Tensor)],
    prefix: &str,
    layout: WeightsLayout,
    map: &str,
) -> String {
    let map = Map::parse(FileId(0), map).unwrap();
    let script = net();
    let borrowed: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (*name, tensor))
        .collect();
    let bytes = write(&borrowed).unwrap();
    let weights = Weights::parse(&bytes).unwrap();
    let graph = graph_at(&script.model, &Env::from([("N".into(), 1)])).unwrap();
    let file = WeightsFile {
        name: "net.safetensors",
        weights: &weights,
        prefix,
        map: Some(&map),
        layout,
        given: false,
    };
    match load(&script.model, &graph, &file) {
        Ok((tensors, warnings)) => {
            for (tensor, weight) in tensors.iter().zip(&graph.weights) {
                assert_eq!(tensor.shape(), weight.shape);
            }
            format!("{} read\n{}", tensors.len(), script.draw_all(&warnings))
        }
        Err(problems) => script.draw_all(&problems),
    }
}

fn read_shapes(shapes: &[(&str, &[usize])], prefix: &str, layout: WeightsLayout) -> String {
    let tensors: Vec<_> = shapes
        .iter()
        .map(|(name, shape)| (*name, count_up(shape)))
        .collect();
    read(&tensors, prefix, layout)
}

use WeightsLayout::{Keras, PyTorch};

#[test]
fn reads_a_file_that_fits() {
    let mut shapes = FITTING.to_vec();
    shapes.push(("norm.num_batches_tracked", &[]));
    assert_eq!(read_shapes(&shapes, "", PyTorch), "8 read\n");
    shapes.push(("head.weight", &[2, 2]));
    assert_eq!(
        read_shapes(&shapes, "", PyTorch),
        "\
8 read
W0106: `head.weight` in `net.safetensors` is taken by no layer
  Net <- 
"
    );
}

#[test]
fn a_prefix_on_every_name_is_one_mistake() {
    let names: Vec<_> = FITTING
        .iter()
        .map(|(name, _)| format!("module.{name}"))
        .collect();
    let shapes = names
        .iter()
        .zip(FITTING)
        .map(|(name, (_, shape))| (name.as_str(), shape));
    let shapes: Vec<_> = shapes.collect();
    assert_eq!(
        read_shapes(&shapes, "", PyTorch),
        "\
E0501: 8 of 8 tensors are not in `net.safetensors`
  Net <- 
  = the model needs `conv1.weight`, `conv1.bias`, `norm.weight` and 5 more
  = the file has `module.conv1.bias`, `module.conv1.weight`, `module.fc.bias` and 5 more
  = the names begin with `module.` there: `--weights-prefix module.` reads them
"
    );
    assert_eq!(read_shapes(&shapes, "module.", PyTorch), "8 read\n");
    let found = read_shapes(&FITTING, "module.", PyTorch);
    assert!(
        found.contains("the names are there without `module.`"),
        "{found}"
    );
}

#[test]
fn tells_all_that_is_wrong_in_one_go() {
    let mut shapes = FITTING.to_vec();
    shapes[1] = ("conv1.bais", &[4]);
    shapes[6] = ("fc.weight", &[3, 60]);
    shapes.remove(2);
    assert_eq!(
        read_shapes(&shapes, "", PyTorch),
        "\
E0501: `conv1.bias` is not in `net.safetensors`
  conv1: Conv(4, kernel=3) from image <- this layer needs it
  = the file has `conv1.bais`: is it `conv1.bias`?
E0501: `norm.weight` is not in `net.safetensors`
  norm: BatchNorm from conv1 <- this layer needs it
E0502: `fc.weight` is [3, 60] in `net.safetensors`, and [3, 64] is needed
  fc: Linear(3) from flat <- this layer needs [3, 64]
"
    );
}

#[test]
fn knows_the_layout_of_keras() {
    let mut shapes = FITTING.to_vec();
    shapes[6] = ("fc.weight", &[64, 3]);
    let found = read_shapes(&shapes, "", PyTorch);
    assert!(
        found.starts_with("E0502: `fc.weight` is [64, 3]")
            && found.contains("--weights-layout keras"),
        "{found}"
    );
    shapes[0] = ("conv1.weight", &[3, 3, 2, 4]);
    assert_eq!(
        read_shapes(&shapes, "", PyTorch),
        "\
E0502: 2 tensors in `net.safetensors` have the order of axes of Keras
  Net <- 
  = `conv1.weight` is [3, 3, 2, 4], and [4, 2, 3, 3] is needed
  = `fc.weight` is [64, 3], and [3, 64] is needed
  = `--weights-layout keras` reads a file stored so
"
    );
    let keras: [(&str, &[usize]); 8] = [
        ("conv1/kernel:0", &[3, 3, 2, 4]),
        ("conv1/bias:0", &[4]),
        ("norm/gamma:0", &[4]),
        ("norm/beta:0", &[4]),
        ("norm/moving_mean:0", &[4]),
        ("norm/moving_variance:0", &[4]),
        ("fc/kernel:0", &[64, 3]),
        ("fc/bias:0", &[3]),
    ];
    assert_eq!(read_shapes(&keras, "", Keras), "8 read\n");
    let found = read_shapes(&keras, "", PyTorch);
    assert!(found.contains("the names are Keras's"), "{found}");
}

#[test]
fn converts_integers_that_lose_nothing() {
    let mut tensors: Vec<_> = FITTING
        .iter()
        .map(|(name, shape)| (*name, count_up(shape)))
        .collect();
    tensors[7].1 = Tensor::from_i64(&[3], vec![1, 2, 3]).unwrap();
    assert_eq!(read(&tensors, "", PyTorch), "8 read\n");
    tensors[7].1 = Tensor::from_i64(&[3], vec![1, 2, (1 << 40) + 1]).unwrap();
    let found = read(&tensors, "", PyTorch);
    assert!(
        found.starts_with(
            "E0504: `fc.bias` has I64 elements in `net.safetensors`, and weights are f32"
        ),
        "{found}"
    );
}

const KERAS: [(&str, &[usize]); 8] = [
    ("net/conv/kernel", &[3, 3, 2, 4]),
    ("net/conv/bias", &[4]),
    ("net/norm/gamma", &[4]),
    ("net/norm/beta", &[4]),
    ("net/norm/moving_mean", &[4]),
    ("net/norm/moving_variance", &[4]),
    ("net/fc/kernel", &[64, 3]),
    ("net/fc/bias", &[3]),
];

#[test]
fn a_map_works_behind_a_prefix_and_on_names_of_keras() {
    let tensors = KERAS.map(|(name, shape)| (name, count_up(shape)));
    let found = read_by_map(&tensors, "net/", Keras, "conv/* -> conv1/$1");
    assert_eq!(found, "8 read\n");
    let found = read_by_map(&tensors, "", Keras, "net/conv/* -> conv1.$1\nnet/** -> $1");
    assert_eq!(found, "8 read\n");
    let found = read_by_map(&tensors, "net/", Keras, "conv/bias -> conv1.bias");
    assert_eq!(
        found,
        "\
E0501: `conv1.weight` is not in `net.safetensors`
  conv1: Conv(4, kernel=3) from image <- this layer needs it
"
    );
}

#[test]
fn one_cause_is_told_once_where_some_names_are_right() {
    let mut shapes = FITTING.to_vec();
    shapes[0] = ("conv1.kernel", &[3, 3, 2, 4]);
    shapes[6] = ("fc.kernel", &[64, 3]);
    let found = read_shapes(&shapes, "", PyTorch);
    assert!(
        found.starts_with("E0501: 2 of 8 tensors are not in")
            && found.contains("`--weights-layout keras` reads them"),
        "{found}"
    );
    let mut shapes = KERAS.to_vec();
    shapes[0].0 = "net/conv1/kernel";
    shapes[1].0 = "net/conv1/bias";
    let found = read_shapes(&shapes, "", PyTorch);
    assert!(
        found.contains("`--weights-layout keras --weights-prefix net/` reads them"),
        "{found}"
    );
    let found = read_shapes(&shapes, "", Keras);
    assert!(
        found.contains("`--weights-prefix net/` reads them"),
        "{found}"
    );
    assert_eq!(read_shapes(&shapes, "net/", Keras), "8 read\n");
}
