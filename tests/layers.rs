//! The registry of layers, seen from programs: each example checks and runs, and what programs
//! may write to a layer.

mod support;

use nnc::exec::{draw, graph_at, run};
use nnc::layers::REGISTRY;
use nnc::plan::{Options, Plan};
use nnc::shape::Env;
use nnc::tensor::{DType, Tensor};
use support::{check, told};

/// The results of a program's first model on data that counts up, every variable being `size`.
fn results(text: &str, size: i128) -> Vec<Tensor> {
    let analysis = check(text);
    assert!(
        analysis.diagnostics.is_empty(),
        "{text}\n{:?}",
        told(&analysis)
    );
    let model = &analysis.program.models[0];
    let variables = model.variables.iter();
    let env: Env = variables.map(|name| (name.value.clone(), size)).collect();
    let inputs = model.inputs.iter().map(|input| {
        let ty = model.ty(input.value).expect("the model has no error");
        let shape = ty.shape.eval(&env).expect("sizes are small");
        let count = shape.iter().product::<usize>();
        match ty.dtype {
            DType::F32 => Tensor::from_f32(&shape, (0..count).map(|n| n as f32).collect()),
            DType::I64 => Tensor::from_i64(&shape, (0..count).map(|n| n as i64).collect()),
        }
        .expect("as many elements as the shape has")
    });
    let inputs: Vec<Tensor> = inputs.collect();
    let graph = graph_at(model, &env).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let weights = draw(model, &graph, &env, 0);
    let mut plan = Plan::new(&graph, &weights, &Options::default()).expect("it fits in memory");
    let results = run(&mut plan, &inputs).expect("the inputs are as planned");
    for (output, result) in model.outputs.iter().zip(&results) {
        let ty = output.value.and_then(|value| model.ty(value));
        let shape = ty.map(|ty| ty.shape.eval(&env).expect("sizes are small"));
        assert_eq!(shape.as_deref(), Some(result.shape()), "{text}");
    }
    results
}

#[test]
fn every_example_checks_and_runs() {
    for layer in REGISTRY {
        for size in [8, 13] {
            let results = results(layer.doc().example, size);
            assert!(!results.is_empty(), "{}", layer.name());
        }
    }
}

/// What is told about a model whose lines are these.
fn lines(lines: &[&str]) -> Vec<String> {
    told(&check(&format!(
        "model M {{\n{}\noutput y\n}}\n",
        lines.join("\n")
    )))
}

#[test]
fn an_order_is_positional_or_a_tuple() {
    let input = "input x: [N, T, 3]";
    for good in [
        "Transpose(0, 2, 1)",
        "Transpose((0, 2, 1))",
        "Transpose(order=(0, 2, 1))",
        "Transpose(0, -1, 1)",
    ] {
        assert_eq!(
            lines(&[input, &format!("{good} -> [N, 3, T]")]),
            [""; 0],
            "{good}"
        );
    }
    for (bad, code) in [
        ("Transpose(0, 1, 1)", "E0404"),
        ("Transpose(0, 3, 1)", "E0404"),
        ("Transpose(0, 1)", "E0404"),
        ("Transpose(0, 2, order=1)", "E0405"),
        ("Transpose((0, 2), 1)", "E0403"),
        ("Transpose", "E0402"),
    ] {
        assert_eq!(lines(&[input, bad]), [format!("{code} line 3")], "{bad}");
    }
}

#[test]
fn layers_take_as_many_values_as_they_say() {
    let input = "input x: [N, 4]";
    for (line, code) in [
        ("Sub from x, x", None),
        ("Sub(1)", None),
        ("Sub", Some("E0407")),
        ("Sub from x, x, x", Some("E0407")),
        ("Mul from x, x, x", None),
        ("Mul(2) from x, x", Some("E0407")),
        ("MaxUnpool from x", Some("E0407")),
        ("Constant(1) from x", Some("E0407")),
    ] {
        let told = lines(&[input, line]);
        let codes: Vec<&str> = told.iter().map(|told| &told[..5]).collect();
        assert_eq!(codes, Vec::from_iter(code), "{line}");
    }
}

#[test]
fn indices_pass_through_blocks_and_identities() {
    let program = |input: &str, indices: &str| {
        format!(
            "\
block Up(filters) {{
    input x: [N, h, w, C]
    input places: i64[N, h, w, C]
    kept: Identity from places
    MaxUnpool from x, kept
    conv: Conv(filters, kernel=1)
    output y
}}
model M {{
    {input}
    pool1: MaxPool(3, stride=2) from x
    up: Up(4) from pool1, {indices} -> [N, H, W, 4]
    output y
}}
"
        )
    };
    let results = results(&program("input x: [N, H, W, 2]", "pool1.indices"), 8);
    assert_eq!(results[0].shape(), [8, 8, 8, 4]);
    let two = "input x: [N, H, W, 2]\n    input i: i64[N, (H - 1)//2, (W - 1)//2, 2]";
    let told = told(&check(&program(two, "i")));
    assert!(told.contains(&"E0311 line 13".to_owned()), "{told:?}");
}

#[test]
fn a_pool_and_its_way_back_agree_on_every_size() {
    let program = "\
model M {
    input x: [N, H, W, 2]
    pool1: MaxPool(2)
    MaxUnpool from pool1, pool1.indices
    again: MaxPool(2)
    left: Sub from again, pool1
    output y: [N, H//2, W//2, 2] from left
}
";
    for size in [2, 5, 9] {
        let results = results(program, size);
        assert!(results[0].as_f32().unwrap().iter().all(|x| *x == 0.0));
    }
}

#[test]
fn the_parts_of_a_split_are_numbered() {
    let input = "input x: [N, 12]";
    let split = "parts: Split(axis=-1, parts=3)";
    for (line, code) in [
        ("Add from parts.0, parts.1, parts.2 -> [N, 4]", None),
        ("Add from parts, parts.1            -> [N, 4]", None),
        ("Identity from parts.3", Some("E0208")),
        ("Identity from parts.first", Some("E0208")),
        ("Identity from parts.0.1", Some("E0208")),
    ] {
        let told = lines(&[input, split, line]);
        let codes: Vec<&str> = told.iter().map(|told| &told[..5]).collect();
        assert_eq!(codes, Vec::from_iter(code), "{line}");
    }
    let program = "\
model M {
    input x: [N, 12]
    parts: Split(-1, (2, 6, 4))
    last: Identity from parts.2
    output middle: [N, 6] from parts.1
    output end: [N, 4] from last
}
";
    let results = results(program, 2);
    assert_eq!(results[0].as_f32().unwrap()[..2], [2.0, 3.0]);
    assert_eq!(results[1].as_f32().unwrap()[4..], [20.0, 21.0, 22.0, 23.0]);
}

#[test]
fn other_frameworks_names_are_answered_with_ours() {
    for (line, ours) in [
        ("LayerNormalization()", "LayerNorm"),
        ("nn.LayerNorm(4)", "LayerNorm"),
        ("nn.GELU()", "GELU"),
        ("ZeroPadding2D(1)", "Pad"),
        ("torch.matmul", "MatMul"),
        ("F.pad(1)", "Pad"),
        ("nn.AdaptiveAvgPool2d(1)", "AdaptiveAvgPool"),
        ("nn.Hardswish()", "HardSwish"),
        ("ReduceMean(1)", "Mean"),
        ("GroupNormalization(2)", "GroupNorm"),
        ("nn.LocalResponseNorm(5)", "LRN"),
        ("Cropping2D(1)", "Crop"),
        ("torch.stack", "Stack"),
        ("torch.chunk(2)", "Split"),
    ] {
        let program = format!("model M {{\ninput x: [N, 8, 8, 4]\n{line}\noutput y\n}}\n");
        let analysis = check(&program);
        let errors = analysis.diagnostics.iter().filter(|it| it.is_error());
        let fixes: Vec<&str> = errors
            .flat_map(|diagnostic| &diagnostic.fixes)
            .map(|fix| fix.title.as_str())
            .collect();
        let named = fixes
            .iter()
            .any(|title| title.contains(&format!("`{ours}")));
        assert!(named, "{line}: {fixes:?} {:?}", told(&analysis));
    }
}
