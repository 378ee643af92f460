//! What the parser says about every slip, and that nothing breaks it.

use super::*;
use crate::text::LineIndex;

fn show(text: &str) -> String {
    let (_, diagnostics) = parse(FileId(0), text);
    let lines = LineIndex::new(text);
    let mut out = String::new();
    for d in diagnostics {
        out.push_str(&format!(
            "{}: {} {}",
            lines.line(d.primary.span.start as usize) + 1,
            d.code,
            d.message
        ));
        if let Some(fix) = d.fixes.first() {
            let mut fixed = text.to_owned();
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
            for edit in edits {
                fixed.replace_range(edit.span.range(), &edit.text);
            }
            let changed: Vec<&str> = fixed
                .lines()
                .filter(|line| !text.lines().any(|old| old == *line))
                .map(str::trim)
                .collect();
            out.push_str(&format!(" => {}", changed.join(" | ")));
        }
        out.push('\n');
    }
    out
}

#[test]
fn probe() {
    for line in [
        "conv1: (3)",
        "conv1: Conv(6, kernel=)",
        "conv1: Conv(6 kernel=3)",
        "ReLU MaxPool(2)",
        "input x: N",
        "input : [3]",
        "output y [N]",
        "let k 3",
        "let = 3",
        "let k = 2 *",
        "weights lenet",
        "weights 'lenet'",
        "foo bar",
        "input x: [N 3]",
        "ReLU from",
        "ReLU -> N",
        "ReLU from a b",
        "12",
        "reuse (3)",
        "Conv(=3)",
        "Conv(3,,)",
        "Conv(kernel=3=4)",
        "Conv(x=[1, 2",
        "k = 3",
        "Conv(8).ReLU",
        "Conv(8) -> ReLU",
        "ReLU; MaxPool(2)",
        "ReLU;",
        "ReLU,",
        "Conv(input=3)",
        "café: Conv(3)",
        "stack.2: Conv",
        "ReLU -> [N,, 3]",
        "Add(x.y)",
        "a: Conv(8,\nReLU",
        "a: Conv(8, kernel=3\nReLU",
        "a: Conv(8, kernel=(3, 3)\nReLU",
        "Rearrange(\"n c -> c\nReLU",
        "Conv(8]",
        "Conv([8)",
        "Conv(8))",
        "Conv(.5, 1., 1_000)",
        "Conv(1.)",
        "Conv(1_000)",
        "Conv(0x10)",
        "Conv(3px)",
        "Conv(1e)",
        "Rearrange(\"a\\qb\")",
        "nn.Linear(3)",
        "a: keras.layers.Dense(3) from x",
        "ReLU -> [N] from x",
        "r: reuse conv1(x)",
        "reuse conv1()",
        "output y labels [\"a\"] from x",
        "output y from x -> [N]",
        "layout channels_first",
        "import A from \"b\"",
        "conv1 = Conv(3)",
        "// hello (",
        "ReLU // act (ivation",
        "/* hello */",
        "-- x",
        "Conv(3) /* it's */",
        "input x [N]",
        "def forward(x):",
        "return x",
        "var k = 3",
        "LSTM(3, sequences=True)",
        "Reshape([None, 3])",
        "Conv(2^3)",
        "Conv(3, kernel: 5)",
        "Add from (a, b)",
        "Add from [a,b]",
        "input: Conv(3)",
        "let block = 3",
        "imput x: [3]",
        "outptu y",
        "Conv(‘same’)",
        "x: Conv(3×2)",
        "Conv(99999999999999999999999999999999999999999)",
        "let k: 3",
        "repeat 3 from x { ReLU }",
        "repeat 3 { ReLU } from x",
        "repeat x y { ReLU }",
        "repeat { ReLU }",
        "r: repeat 3 ReLU",
        "repeat 3\n        ReLU\n    }",
        "x.y.z",
        "ReLU { }",
        "{ ReLU }",
        "output",
        "let",
        "from x",
        "-> [3]",
        "Conv(3) from x, -> [3]",
        "Conv(3, \"a b)",
        "Conv(padding=same, kernel)",
        "let x = [1, 2; 3]",
        "let x = a ? b : c",
        "Conv(3 == 3)",
        "Conv(a.b)",
        "output y: f32[N]",
        "input x: [N, *]",
        "input x: [N, ...]",
        "input x: (N, 3)",
        "Conv(*args)",
        "Conv(3)(x)",
        "x = Conv(3)(x)",
        "@x",
        "$x: Conv",
        "Conv<3>",
        "if x { ReLU }",
        "output y [N]",
        "Conv(8)(x0)",
        "input x: f32",
        "output y: [N",
        "import",
        "repeat 3 {",
        "}",
        "model X {",
        "  block B {\n }",
        "repeat as i {\nReLU\n}",
        "Conv(\u{a0}3)",
        "out_put y",
        "Concat\n        from a, b",
        "# doc",
        "x: Conv(8,\n  # c\n 3)",
        "Reshape([N,\n   H,\n   W\n  ])",
        "Conv(8\n    ReLU",
        "Add from a,\n   b",
        "let k = // 3",
        "let k = 3 // 3",
        "let k = 3 // not floor",
        "\"x\"",
        "Conv(\"a\"\"b\")",
        "x:: Conv",
        ": Conv(3)",
        "x: y: Conv",
        "Conv 3",
        "Conv kernel=3",
        "Linear[10]",
        "reuse conv1 -> 3",
        "output y = fc",
        "weights: \"a\"",
        "weights = \"a\"",
        "labels [\"a\"]",
        "+",
        "Conv(3).weight",
        "Conv(3) + ReLU",
        "-x",
        "!",
        "Conv(3)!",
        "x: 3",
        "a, b: Split(axis=1, parts=2)",
        "\\",
        "\x00",
    ] {
        let text =
            format!("model M {{\n    input x0: [N]\n    {line}\n    Tanh\n    output y\n}}\n");
        println!("{line:40} {}", show(&text).trim_end());
    }
}
