//! The language, feature by feature: small programs, and what the checker makes of them. Each
//! case names a program, the shapes of the outputs of its last model, what its sizes need to be,
//! its stored parameters and its diagnostics.

mod support;

use nnc::analysis::{Analysis, Settings, analyze};
use nnc::diag::render::{Style, render_all};
use nnc::layers::value::Value;
use nnc::shape::Dim;
use support::{Memory, told};

/// What is known of the last model of a program, a line each.
fn outcome(analysis: &Analysis) -> String {
    let Some(model) = analysis.program.models.last() else {
        return "no model\n".into();
    };
    let mut text = String::new();
    for output in &model.outputs {
        let ty = output
            .value
            .and_then(|value| model.values[value.0 as usize].ty.clone());
        let shape = ty.map_or("?".to_owned(), |ty| ty.shape.to_string());
        text += &format!("{} {shape}\n", output.name.value);
    }
    for required in &model.requirements {
        text += &format!("needs {}\n", required.requirement);
    }
    if !model.params.is_empty() {
        let params: Vec<String> = model
            .params
            .iter()
            .map(|param| format!("{} {}", param.name, param.shape))
            .collect();
        text += &format!("{}\n", params.join("; "));
    }
    for line in told(analysis) {
        text += &format!("{line}\n");
    }
    text
}

fn run(text: &str, files: &[(&str, &str)], set: &[(&str, i128)]) -> (String, String) {
    let settings = Settings {
        values: set
            .iter()
            .map(|(name, value)| ((*name).into(), Value::Int(Dim::constant(*value))))
            .collect(),
    };
    let mut analysis = analyze("test.nn", text.as_bytes(), &Memory::of(files), &settings);
    // These programs are made to be short, and not for anything that a network does.
    let advice = |code: nnc::diag::Code| code.name().starts_with("W02");
    analysis.diagnostics.retain(|told| !advice(told.code));
    let said = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
    (outcome(&analysis), said)
}

/// Runs `cases`: a name, a program, and its outcome, whose lines may be indented.
fn table(cases: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (what, text, expected) in cases {
        let (found, said) = run(text, &[], &[]);
        let expected: String = expected
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| format!("{line}\n"))
            .collect();
        if found != expected {
            wrong.push(format!(
                "== {what}\n{text}\nfound:\n{found}\nexpected:\n{expected}\n{said}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shapes_and_dimension_variables() {
    table(&[
        (
            "variables are any size",
            "
model M {
    input x: [N, H, W, 3]
    c: Conv(8, kernel=3)
    output y: [N, H - 2, W - 2, 8]
}",
            "y [N, H - 2, W - 2, 8]
needs H >= 3
needs W >= 3
c.weight [8, 3, 3, 3]; c.bias [8]",
        ),
        (
            "even sizes",
            "
model M {
    input x: [N, 2*h, h + 1]
    MaxPool(2) from x       -> [N, h, h + 1]
    output y
}",
            "y [N, h, h + 1]",
        ),
        (
            "a product with one factor known",
            "
model M {
    input x: [N, H*W]
    input s: [H]
    r: Reshape([N, H, W]) from x
    output y from r
    output t from s
}",
            "y [N, H, W]\nt [H]",
        ),
        (
            "a scalar",
            "
model M {
    input x: []
    ReLU
    output y: []
}",
            "y []",
        ),
        (
            "a hole states nothing",
            "
model M {
    input x: [N, 8, 6]
    Flatten -> [N, _]
    output y: [_, 48]
}",
            "y [N, 48]",
        ),
        (
            "a reshape with a hole",
            "
model M {
    input x: [N, 8, 6]
    Reshape([N, _, 4])
    output y
}",
            "y [N, 12, 4]",
        ),
        (
            "a size of an input asks for more",
            "
model M {
    input x: [N, H - 3]
    ReLU
    output y
}",
            "y [N, H - 3]\nneeds H >= 4",
        ),
        (
            "a size that an argument gives asks for more",
            "
model M {
    input x: [N, H, W]
    input z: [N, H*W + 15 - 5*H - 3*W]
    fc: Linear(W - 1) from x
    conv: Conv(2*W - H, kernel=1)
    r: Reshape([N, H - 3, W - 5]) from z
    output y from conv
    output t from r
}",
            "y [N, H, 2*W - H]
t [N, H - 3, W - 5]
needs H >= 4
needs W >= 6
needs 2*W >= H + 1
fc.weight [W - 1, W]; fc.bias [W - 1]; conv.weight [2*W - H, W - 1, 1]; conv.bias [2*W - H]",
        ),
        (
            "element types",
            "
model M {
    input x: i64[N]
    input z: [N]
    Identity from x
    output y
    output u from z
}",
            "y [N]\nu [N]",
        ),
    ]);
}

#[test]
fn layouts() {
    table(&[
        ("channels last", "
layout channels_last
model M {
    input x: [N, 28, 28, 3]
    c: Conv(8, kernel=3, stride=2, padding=same)
    BatchNorm
    GlobalAvgPool
    output y: [N, 8]
}", "y [N, 8]
c.weight [8, 3, 3, 3]; c.bias [8]; batch_norm_1.weight [8]; batch_norm_1.bias [8]; batch_norm_1.running_mean [8]; batch_norm_1.running_var [8]
W0101 line 6"),
        ("channels first", "
layout channels_first
model M {
    input x: [N, 3, 28, 20]
    c: Conv(8, kernel=(3, 5))
    MaxPool((2, 1))
    Softmax
    output y: [N, 8, 13, 16]
}", "y [N, 8, 13, 16]
c.weight [8, 3, 3, 5]; c.bias [8]"),
        ("ranks of a convolution", "
model M {
    input a: [N, L, 2]
    input b: [N, D, H, W, 2]
    c1: Conv(4, kernel=3, padding=((2, 0),)) from a
    c3: Conv(4, kernel=1) from b
    output y from c1
    output z from c3
}", "y [N, L, 4]\nz [N, D, H, W, 4]
c1.weight [4, 2, 3]; c1.bias [4]; c3.weight [4, 2, 1, 1, 1]; c3.bias [4]"),
    ]);
}

#[test]
fn values_and_arithmetic() {
    table(&[
        (
            "lets, defaults and all operators",
            "
model M(classes=10, width=2**3) {
    input x: [N, 7]
    let half = width // 2
    let odd = width % 3 + max(half, 2) - min(1, 2)
    let third = 7 / 7
    a: Linear(odd * third)
    b: Linear(classes)
    output y: [N, classes]
}",
            "y [N, 10]
a.weight [5, 7]; a.bias [5]; b.weight [10, 5]; b.bias [10]",
        ),
        (
            "tuples, arrays and a division of one",
            "
model M {
    input x: [N, H, W, 1]
    let k = (3, 3)
    blur: Conv(1, kernel=k, padding=same, weight=[[1, 2, 1], [2, 4, 2], [1, 2, 1]] / 16, bias=0)
    output y: [N, H, W, 1]
}",
            "y [N, H, W, 1]\nblur.weight [1, 1, 3, 3]; blur.bias [1]",
        ),
        (
            "a size of a layer from the data's",
            "
model M {
    input x: [N, C, 4]
    Reshape([N, 4 * C])
    output y
}",
            "y [N, 4*C]",
        ),
        (
            "choices and strings in lets",
            "
model M(edges=same) {
    input x: [N, 9, 9, 1]
    let how = edges
    c: Conv(2, kernel=3, padding=how)
    output y
}",
            "y [N, 9, 9, 2]\nc.weight [2, 1, 3, 3]; c.bias [2]",
        ),
        (
            "lets are seen from their line on",
            "
model M {
    input x: [N, 4]
    a: Linear(k)
    let k = 3
    b: Linear(k)
    output y
}",
            "y ?\nE0203 line 4",
        ),
    ]);
}

#[test]
fn blocks() {
    table(&[
        ("generic over parameters and sizes", "
block Double(filters, edges=same) {
    input x: [N, H, W, C]
    c1: Conv(filters, kernel=3, padding=edges)
    ReLU
    c2: Conv(filters, kernel=3, padding=edges)
    output y
}
model M {
    input x: [N, H, 8, 3]
    a: Double(4)
    b: Double(filters=5, edges=valid)
    output y: [N, H - 4, 4, 5]
}", "y [N, H - 4, 4, 5]
needs H >= 5
a.c1.weight [4, 3, 3, 3]; a.c1.bias [4]; a.c2.weight [4, 4, 3, 3]; a.c2.bias [4]; b.c1.weight [5, 4, 3, 3]; b.c1.bias [5]; b.c2.weight [5, 5, 3, 3]; b.c2.bias [5]"),
        ("a stride that is a parameter", "
block Down(stride, bias=true) {
    input x: [N, H, W, C]
    c: Conv(2*C, kernel=3, stride=stride, padding=same, bias=bias)
    ReLU
    output y
}
model M {
    input x: [N, 8, 8, 3]
    a: Down(2, bias=false)
    b: Down(1)
    output y: [N, 4, 4, 12]
}", "y [N, 4, 4, 12]
a.c.weight [6, 3, 3, 3]; b.c.weight [12, 6, 3, 3]; b.c.bias [12]"),
        ("arithmetic that waits for the use", "
block Bottle(filters, ratio) {
    input x: [N, C]
    let inner = filters // ratio
    a: Linear(inner)
    b: Linear(filters)
    output y: [N, filters]
}
model M {
    input x: [N, 8]
    bottle: Bottle(12, ratio=4)
    output y: [N, 12]
}", "y [N, 12]
bottle.a.weight [3, 8]; bottle.a.bias [3]; bottle.b.weight [12, 3]; bottle.b.bias [12]"),
        ("a repeat whose count is a parameter", "
block Stage(depth) {
    input x: [N, C]
    stack: repeat depth {
        Linear(C)
    }
    output y: [N, C]
}
model M(depth=2) {
    input x: [N, 8]
    s: Stage(depth)
    output y: [N, 8]
}", "y [N, 8]
s.stack.0.weight [8, 8]; s.stack.0.bias [8]; s.stack.1.weight [8, 8]; s.stack.1.bias [8]"),
        ("several inputs and outputs", "
block Cross {
    input a: [N, C]
    input b: [N, D]
    f: Linear(D) from a
    g: Linear(C) from b
    output left: [N, D] from f
    output right: [N, C] from g
}
model M {
    input p: [N, 3]
    input q: [N, 5]
    cross: Cross from p, q
    Concat(axis=-1) from cross, cross.right
    output y: [N, 8]
}", "y [N, 8]
cross.f.weight [5, 3]; cross.f.bias [5]; cross.g.weight [3, 5]; cross.g.bias [3]"),
        ("a default that uses another parameter", "
block Mix(inner, outer=2*inner) {
    input x: [N, C]
    a: Linear(inner)
    b: Linear(outer)
    output y: [N, outer]
}
model M {
    input x: [N, 8]
    m: Mix(3)
    output y: [N, 6]
}", "y [N, 6]
m.a.weight [3, 8]; m.a.bias [3]; m.b.weight [6, 3]; m.b.bias [6]"),
        ("a block called as another framework's layer", "
block Dense(units) {
    input x: [N, C]
    fc: Linear(units)
    ReLU
    output y
}
model M {
    input x: [N, 8]
    d: Dense(4)
    output y
}", "y [N, 4]\nd.fc.weight [4, 8]; d.fc.bias [4]"),
        ("a requirement that a use breaks", "
block Residual(filters) {
    input x: [N, C]
    f: Linear(filters)
    Add from f, x
    output y
}
model M {
    input x: [N, 8]
    a: Residual(8)
    b: Residual(9)
    output y
}", "y [N, 9]\na.f.weight [8, 8]; a.f.bias [8]; b.f.weight [9, 8]; b.f.bias [9]\nE0311 line 11"),
        ("what only one use gets wrong", "
block Part(n) {
    input x: [N, C]
    f: Linear(12 // n)
    output y
}
model M {
    input x: [N, 8]
    a: Part(4)
    b: Part(0)
    output y from a
}", "y [N, 3]\na.f.weight [3, 8]; a.f.bias [3]\nE0311 line 10"),
        ("unlabelled blocks are named after their kind", "
block Thin {
    input x: [N, C]
    f: Linear(2)
    output y
}
model M {
    input x: [N, 8]
    Thin
    Thin
    output y
}", "y [N, 2]
thin_1.f.weight [2, 8]; thin_1.f.bias [2]; thin_2.f.weight [2, 2]; thin_2.f.bias [2]
W0101 line 9\nW0101 line 10"),
    ]);
}

#[test]
fn repeats() {
    table(&[
        ("the counter", "
model M {
    input x: [N, L, 2]
    stack: repeat 3 as i {
        c: Conv(2 + i, kernel=2, dilation=2**i)
        ReLU
    }
    output y: [N, L - 7, 4]
}", "y [N, L - 7, 4]
needs L >= 8
stack.0.c.weight [2, 2, 2]; stack.0.c.bias [2]; stack.1.c.weight [3, 2, 2]; stack.1.c.bias [3]; stack.2.c.weight [4, 3, 2]; stack.2.c.bias [4]"),
        ("labels inside, one and all", "
model M {
    input x: [N, 4]
    stack: repeat 3 {
        skip: Linear(4)
        ReLU
    }
    all: Concat(axis=-1) from stack.*.skip
    sum: Add from stack.0.skip, stack.2.skip, stack
    output y: [N, 12] from all
    output z: [N, 4] from sum
}", "y [N, 12]\nz [N, 4]
stack.0.skip.weight [4, 4]; stack.0.skip.bias [4]; stack.1.skip.weight [4, 4]; stack.1.skip.bias [4]; stack.2.skip.weight [4, 4]; stack.2.skip.bias [4]"),
        ("a residual begins with an identity", "
model M {
    input image: [N, 8]
    tower: repeat 2 {
        x: Identity
        f: Linear(8)
        Add from f, x
    }
    output y: [N, 8]
}", "y [N, 8]
tower.0.f.weight [8, 8]; tower.0.f.bias [8]; tower.1.f.weight [8, 8]; tower.1.f.bias [8]"),
        ("one unlabelled statement adds no name", "
block Unit {
    input x: [N, C]
    conv1: Linear(C)
    output y
}
model M {
    input x: [N, 8]
    layer1: repeat 2 {
        Unit
    }
    output y
}", "y [N, 8]
layer1.0.conv1.weight [8, 8]; layer1.0.conv1.bias [8]; layer1.1.conv1.weight [8, 8]; layer1.1.conv1.bias [8]"),
        ("nested", "
model M {
    input x: [N, 4]
    a: repeat 2 as i {
        b: repeat 2 as j {
            f: Linear(4 + i + j)
        }
    }
    output y: [N, 6]
}", "y [N, 6]
a.0.b.0.f.weight [4, 4]; a.0.b.0.f.bias [4]; a.0.b.1.f.weight [5, 4]; a.0.b.1.f.bias [5]; a.1.b.0.f.weight [5, 5]; a.1.b.0.f.bias [5]; a.1.b.1.f.weight [6, 5]; a.1.b.1.f.bias [6]"),
        ("without a label, and with parameters", "
model M {
    input x: [N, 4]
    repeat 2 {
        f: Linear(4)
        ReLU
    }
    output y
}", "y [N, 4]
repeat_1.0.f.weight [4, 4]; repeat_1.0.f.bias [4]; repeat_1.1.f.weight [4, 4]; repeat_1.1.f.bias [4]
W0101 line 4"),
        ("without parameters no label is needed", "
model M {
    input x: [N, 64, 64, 1]
    repeat 3 {
        MaxPool(2)
    }
    output y: [N, 8, 8, 1]
}", "y [N, 8, 8, 1]"),
        ("an unlabelled layer with parameters is told once", "
model M {
    input x: [N, 4]
    a: repeat 3 {
        Linear(4)
        ReLU
    }
    output y
}", "y [N, 4]
a.0.linear_1.weight [4, 4]; a.0.linear_1.bias [4]; a.1.linear_1.weight [4, 4]; a.1.linear_1.bias [4]; a.2.linear_1.weight [4, 4]; a.2.linear_1.bias [4]
W0101 line 5"),
        ("no turn at all", "
model M {
    input x: [N, 4]
    a: repeat 0 {
        ReLU
    }
    output y
}", "y [N, 4]"),
        ("the name of no turn is the value above", "
model M {
    input x: [N, 4]
    a: repeat 0 { Flatten }
    ReLU
    output y from a
    output z
}", "y [N, 4]\nz [N, 4]"),
        ("the name of no turn under several inputs", "
model M {
    input x: [N, 4]
    input z: [N, 5]
    a: repeat 0 { ReLU }
    output y from a
}", "y ?\nE0207 line 5"),
    ]);
}

#[test]
fn reuse_and_tied_parameters() {
    table(&[
        ("a layer", "
model M {
    input a: [N, 4]
    input b: [N, 4]
    f: Linear(3) from a
    g: reuse f from b -> [N, 3]
    Add from f, g
    output y
}", "y [N, 3]\nf.weight [3, 4]; f.bias [3]"),
        ("a block", "
block Tower {
    input x: [N, C]
    f: Linear(8)
    ReLU
    g: Linear(2)
    output y
}
model M {
    input a: [N, 4]
    input b: [M, 4]
    t: Tower from a
    u: reuse t from b
    output y from t
    output z from u
}", "y [N, 2]\nz [M, 2]\nt.f.weight [8, 4]; t.f.bias [8]; t.g.weight [2, 8]; t.g.bias [2]"),
        ("a layer of a block, and of a turn", "
block Unit {
    input x: [N, C]
    f: Linear(4)
    output y
}
model M {
    input x: [N, 4]
    u: Unit
    stack: repeat 2 {
        s: Linear(4)
        ReLU
    }
    a: reuse u.f
    b: reuse stack.1.s
    output y: [N, 4]
}", "y [N, 4]
u.f.weight [4, 4]; u.f.bias [4]; stack.0.s.weight [4, 4]; stack.0.s.bias [4]; stack.1.s.weight [4, 4]; stack.1.s.bias [4]"),
        ("a block on an input that does not fit", "
block Tower {
    input x: [N, C]
    f: Linear(8)
    output y
}
model M {
    input a: [N, 4]
    input b: [N, 5]
    t: Tower from a
    u: reuse t from b
    output y from t
    output z from u
}", "y [N, 8]\nz ?\nt.f.weight [8, 4]; t.f.bias [8]\nE0311 line 11"),
        ("the parameter itself", "
block Unit {
    input x: [N, C]
    f: Linear(6)
    output y
}
model M {
    input x: [N, 4]
    u: Unit
    Concat(axis=0) from u.f.weight, u.f.weight
    output y
    output z from u
}", "y [12, 4]\nz [N, 6]\nu.f.weight [6, 4]; u.f.bias [6]"),
    ]);
}

#[test]
fn outputs_and_lints() {
    table(&[
        (
            "names for the last axis",
            "
model M {
    input x: [N, 3]
    Softmax
    output y: [N, 3] labels [\"a\", \"b\", \"c\"]
}",
            "y [N, 3]",
        ),
        (
            "what nothing uses",
            "
model M(k=3) {
    input x: [N, 3]
    input z: [N, 3]
    let j = 1
    a: ReLU from x
    b: Sigmoid from x
    output y from b
}",
            "y [N, 3]\nW0105 line 2\nW0102 line 4\nW0105 line 5\nW0102 line 6",
        ),
        (
            "an error may hide a use",
            "
model M {
    input x: [N, 3]
    let j = 1
    a: ReLU
    Relux from a
    output y
}",
            "y ?\nE0201 line 6",
        ),
        (
            "several models, each with its own names",
            "
model A {
    input x: [N, 3]
    f: Linear(2)
    output y
}
model B {
    input x: [N, T, 3]
    f: Linear(4)
    output y: [N, T, 4]
}",
            "y [N, T, 4]\nf.weight [4, 3]; f.bias [4]",
        ),
        (
            "a missing file of weights",
            "
model M {
    weights \"nowhere.safetensors\"
    input x: [N, 3]
    ReLU
    output y
}",
            "y [N, 3]\nW0103 line 3",
        ),
        (
            "a parameter without a default is a symbol",
            "
model M(classes) {
    input x: [N, 3]
    f: Linear(classes)
    output y: [N, classes]
}",
            "y [N, classes]\nf.weight [classes, 3]; f.bias [classes]",
        ),
        (
            "a symbol is no number",
            "
model M(classes) {
    input x: [N, 3]
    f: Linear(classes)
    output y: [N, 10]
}",
            "y [N, classes]\nf.weight [classes, 3]; f.bias [classes]\nE0305 line 5",
        ),
    ]);
}

#[test]
fn one_mistake_is_told_once() {
    table(&[
        (
            "a line that cannot be read, and what it would have defined",
            "
model M {
    imput x: [N, H, W, C]
    conv: Conv(C, kernel=3)    -> [N, H - 2, W - 2, C]
    pool: MaxPool(H) from x
    output y
}",
            "y ?
E0101 line 3",
        ),
        (
            "several names that nothing defines, each once",
            "
model M {
    input x: [N, 4]
    let a = F + 1
    fc1: Linear(F)    -> [N, F]
    fc2: Linear(G + F)
    output y: [N, K, L]
}",
            "y ?
E0203 line 4
E0203 line 6
E0203 line 7",
        ),
        (
            "a value that is not there, however often it is asked for",
            "
model M {
    input x: [N, 4]
    a: Add from b, b
    c: Concat(axis=1) from x, b
    output y from c
}",
            "y ?
E0202 line 4",
        ),
        (
            "a layer that takes other arguments and other values",
            "
model M {
    input x: [N, 4]
    a: Concat(0.5)
    b: Squeeze(1) from x    -> [N, 4]
    output y from a
    output z from b
}",
            "y ?
z [N]
E0407 line 4
E0301 line 5",
        ),
        (
            "a default of a block that has no value",
            "
block B(act = relu, k = 2*relu) {
    input x: [N, 4]
    fc: Linear(k)
    output y
}

model M {
    input x: [N, 4]
    b: B from x
    c: B(k=3) from x
    d: Conv(8, kernel=3, kernel=smae) from x
    output y from b
    output z from c
    output u from d
}",
            "y ?
z ?
u ?
E0203 line 2
E0405 line 12",
        ),
        (
            "arguments that are missing",
            "
model M {
    input x: [N, H, W, 4]
    c: Conv
    output y
}",
            "y ?
E0402 line 4",
        ),
        (
            "the arguments of another layer",
            "
model M {
    input x: [N, 4]
    input z: [N, 4]
    a: Flatten(16, kernel=5) from x
    b: ReLU(axis=-1) from x, z
    c: Linear(8, padding=same) from z
    output y from a
    output t from b
    output u from c
}",
            "y ?
t ?
u ?
E0405 line 5
E0405 line 6
E0401 line 7",
        ),
        (
            "names for a shape that is not the stated one",
            "
model M {
    input x: [N, 4]
    fc: Linear(3)
    output y: [N, 2] labels [\"no\", \"yes\"]
}",
            "y [N, 3]
fc.weight [3, 4]; fc.bias [3]
E0305 line 5",
        ),
        (
            "a wrong claim changes nothing below",
            "
model M {
    input x: [N, 28, 28, 1]
    c: Conv(4, kernel=3) -> [N, 28, 28, 4]
    MaxPool(2) -> [N, 13, 13, 4]
    Flatten
    f: Linear(10)
    output y: [N, 10]
}",
            "y [N, 10]\nc.weight [4, 1, 3, 3]; c.bias [4]; f.weight [10, 676]; f.bias [10]\nE0305 line 4",
        ),
        (
            "in every turn",
            "
model M {
    input x: [N, 8]
    a: repeat 5 {
        f: Linear(8, kernel=3)
        Relux
        Add from f, nobody
    }
    output y
}",
            "y ?\nE0401 line 5\nE0201 line 6\nE0202 line 7",
        ),
        (
            "in every use",
            "
block B(n) {
    input x: [N, C]
    f: Linear(n, kernel=3)
    output y from g
}
model M {
    input x: [N, 8]
    a: B(1)
    b: B(2)
    output y
}",
            "y ?\nE0401 line 4\nE0202 line 5",
        ),
        (
            "in a later turn only",
            "
model M {
    input x: [N, 9, 9, 1]
    a: repeat 5 {
        MaxPool(2)
        ReLU
    }
    output y
}",
            "y ?\nE0303 line 5",
        ),
        (
            "through blocks in blocks",
            "
block In(k) {
    input x: [N, H, W, C]
    AvgPool(k, stride=1)
    output y
}
block Out(k) {
    input x: [N, H, W, C]
    In(k)
    In(k)
    output y
}
model M {
    input x: [N, 8, 8, 1]
    a: Out(6)
    b: Out(2) from x
    output y
    output z from a
}",
            "y [N, 6, 6, 1]\nz ?\nE0311 line 15",
        ),
    ]);
}

const BLOCKS: &str = "block Unit(n) {
    input x: [N, C]
    f: Linear(n)
    output y: [N, n]
}
";

#[test]
fn imports() {
    let (found, said) = run(
        "import Unit from \"blocks.nn\"\nmodel M {\n    input x: [N, 4]\n    u: Unit(3)\n    output y: [N, 3]\n}\n",
        &[("blocks.nn", BLOCKS)],
        &[],
    );
    assert_eq!(
        found, "y [N, 3]\nu.f.weight [3, 4]; u.f.bias [3]\n",
        "{said}"
    );
    let (found, said) = run(
        "import Unit, Other from \"blocks.nn\"\nmodel M {\n    input x: [N, 4]\n    u: Other(3)\n    output y\n}\n",
        &[("blocks.nn", BLOCKS)],
        &[],
    );
    assert_eq!(found, "y ?\nW0105 line 1\nE0212 line 1\n", "{said}");
}

#[test]
fn settings() {
    let text = "model M(classes=10) {\n    input x: [N, H, W, 1]\n    MaxPool(2)\n    Flatten\n    f: Linear(classes)\n    output y\n}\n";
    let (found, said) = run(text, &[], &[("classes", 3), ("H", 9), ("W", 4)]);
    assert_eq!(found, "y [N, 3]\nf.weight [3, 8]; f.bias [3]\n", "{said}");
    let (found, said) = run(text, &[], &[("H", 0), ("W", 4)]);
    assert!(found.contains("E0218 line 2"), "{found}{said}");
    let (found, said) = run(text, &[], &[("classes", 0), ("H", 9), ("W", 4)]);
    assert!(found.contains("E0404 line 5"), "{found}{said}");
}
