//! What the parser says about every slip, and that nothing breaks it.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::ast::{Item, StatementKind};
use super::*;
use crate::diag::Code;
use crate::text::LineIndex;

const LENET: &str = r#"# LeNet-5: a handwritten digit to ten probabilities.
model LeNet5 {
    weights "lenet5.safetensors"
    input image: [N, 28, 28, 1]

    Rescale(1/255)
    conv1: Conv(6, kernel=5, padding=same)
    ReLU
    MaxPool(2)
    conv2: Conv(16, kernel=5)
    ReLU
    MaxPool(2)                      -> [N, 5, 5, 16]
    Flatten
    fc1: Linear(120)
    ReLU
    fc2: Linear(84)
    ReLU
    fc3: Linear(10)
    Softmax

    output digit: [N, 10]
}
"#;

const UNET: &str = r#"# A U-Net step, generic over size: `H` and `W` are symbols, proved for every image.
block DoubleConv(filters) {
    input x: [N, H, W, C]
    conv1: Conv(filters, kernel=3, padding=same)
    ReLU
    conv2: Conv(filters, kernel=3, padding=same)
    ReLU
    output y: [N, H, W, filters]
}

model TinyUNet(classes = 2) {
    input image: [N, 2*h, 2*w, 3]
    down: DoubleConv(32)
    MaxPool(2)
    bottom: DoubleConv(64)
    up: ConvTranspose(32, kernel=2, stride=2)
    Concat(axis=-1) from up, down   -> [N, 2*h, 2*w, 64]
    dec: DoubleConv(32)
    head: Conv(classes, kernel=1)
    Softmax
    output mask: [N, 2*h, 2*w, classes]
}
"#;

const FORMS: &str = r#"layout channels_first
import Residual, Bottleneck from "blocks.nn"
import One,
    Two from "more.nn"

## A title.
#
# Two lines.
block Tail(a, b = (2, 1),)
{
    input t: i64[N, T]   # tokens
    input s: []
    let k = 2 * a // 3 - -1 ** 2
    as: Embedding(1000, 16) from t
    labels: Conv(
        1,   # one filter
        kernel=3,
        weight=[[0, -1, 0], [-1, 5, -1], [0, -1, 0]] / 16,
        padding=((2, 0),),
        bias=0,
    )
    layout: Transpose(0, 2, 1)
    stack: repeat 10 as i { Conv(8, kernel=3, dilation=2**i) }
    repeat 2
    {
        skip: Identity
        ReLU
        Add from skip,
            stack.9.conv1
    }
    sum: Add from stack.*.skip
    tied: MatMul from x, as.weight
    pool: MaxPool((2, 2), ceil=true)
    back: MaxUnpool from x, pool.indices -> [
        N,
        min(H, W) % 2,
        C
    ]
    again: reuse labels from back -> [N, (H + 1) // 2, _]
    reuse again
    Rearrange("n (h p) \"quoted\" \\ \u{41} -> n", p=16)
    BatchNorm(eps=1e-5, momentum=1.5E+3)
    output digit: [N, 10] from pool labels ["cat", "dog"]
    output other labels "names.txt"
    output plain
}
model Empty {}
model Short { output y }
"#;

/// `line: code message => the lines that the first fix changes`, one diagnostic a line.
fn show(text: &str) -> String {
    let (_, diagnostics) = parse(FileId(0), text);
    let lines = LineIndex::new(text);
    let mut shown = Vec::new();
    for diagnostic in diagnostics {
        let line = lines.line(diagnostic.primary.span.start as usize) + 1;
        let mut entry = format!("{line}: {} {}", diagnostic.code, diagnostic.message);
        if let Some(fix) = diagnostic.fixes.first() {
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
            entry.push_str(&format!(" => {}", changed.join(" | ")));
        }
        shown.push(entry);
    }
    shown.join("\n")
}

/// What is said about `line` as the third line of a model that is otherwise right.
fn say(line: &str) -> String {
    show(&format!(
        "model M {{\n    input x0: [N]\n    {line}\n    Tanh\n    output y0\n}}\n"
    ))
}

/// Checks a table of lines and what is said about them.
fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (line, expected) in cases {
        let expected = if expected.is_empty() {
            String::new()
        } else {
            format!("3: {expected}")
        };
        let said = say(line);
        if said != expected {
            wrong.push(format!("{line}\n  says     {said}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Runs `test` on a stack of 2 MB, and fails if it takes longer than `limit`.
fn within(limit: Duration, test: impl FnOnce() + Send + 'static) {
    let start = Instant::now();
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(test)
        .unwrap()
        .join()
        .unwrap();
    let took = start.elapsed();
    assert!(took < limit, "took {took:?}");
}

#[test]
fn good_programs_have_no_diagnostics() {
    for text in [LENET, UNET, FORMS] {
        assert_eq!(show(text), "");
        assert_eq!(show(&text.replace('\n', "\r\n")), "");
        assert_eq!(show(&format!("\u{feff}{}", text.trim_end())), "");
        assert_eq!(show(&text.replace("    ", "\t")), "");
    }
}

#[test]
fn says_what_was_expected_and_found() {
    check(&[
        (
            "conv1: (3)",
            "E0101 expected a layer such as `ReLU` or `Conv(8, kernel=3)` after `conv1:`, found `(`",
        ),
        (
            "conv1: Conv(6, kernel=)",
            "E0101 expected a value after `=`, found `)`",
        ),
        (
            "conv1: Conv(6 kernel=3)",
            "E0101 expected `,` or `)` after `6`, found `kernel`",
        ),
        (
            "input x: N",
            "E0101 expected a shape such as `[N, 10]` after `x:`, found `N`",
        ),
        (
            "input x: (N, 3)",
            "E0101 expected a shape such as `[N, 10]` after `x:`, found `(`",
        ),
        (
            "input : [3]",
            "E0101 expected a name after `input`, found `:`",
        ),
        ("let k 3", "E0101 expected `=` after `k`, found `3`"),
        ("let = 3", "E0101 expected a name after `let`, found `=`"),
        (
            "let k = 2 *",
            "E0101 expected a value after `*`, found the end of the line",
        ),
        (
            "weights lenet",
            "E0101 expected a string in double quotes after `weights`, found `lenet`",
        ),
        (
            "foo bar",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `foo`, found `bar`",
        ),
        (
            "input x: [N 3]",
            "E0101 expected `,` or `]` after `N`, found `3`",
        ),
        (
            "ReLU from",
            "E0101 expected a name after `from`, found the end of the line",
        ),
        (
            "ReLU -> N",
            "E0101 expected a shape such as `[N, 10]` after `->`, found `N`",
        ),
        (
            "ReLU from a b",
            "E0101 expected `,`, `->` or the end of the line after `a`, found `b`",
        ),
        (
            "12",
            "E0101 expected a statement such as `ReLU`, `conv1: Conv(8, kernel=3)` or `output y`, found `12`",
        ),
        (
            "reuse (3)",
            "E0101 expected a name after `reuse`, found `(`",
        ),
        (
            "Conv(=3)",
            "E0101 expected a value or `)` after `(`, found `=`",
        ),
        (
            "Conv(3,,)",
            "E0101 expected a value or `)` after `,`, found `,`",
        ),
        (
            "Conv(kernel=3=4)",
            "E0101 expected `,` or `)` after `3`, found `=`",
        ),
        (
            "stack.2: Conv",
            "E0101 expected a name after `.`, found `2`",
        ),
        (
            "ReLU -> [N,, 3]",
            "E0101 expected a value or `]` after `,`, found `,`",
        ),
        ("Add(x.y)", "E0101 expected `,` or `)` after `x`, found `.`"),
        (
            "output y = fc",
            "E0101 expected `:`, `from`, `labels` or the end of the line after `y`, found `=`",
        ),
        (
            "output y: f32[N]",
            "E0101 expected a shape such as `[N, 10]` after `y:`, found `f32`",
        ),
        (
            "input x: [N, *]",
            "E0101 expected a value or `]` after `,`, found `*`",
        ),
        (
            "input x: [N, ...]",
            "E0101 expected a digit after `.`, found `.`",
        ),
        (
            "Conv(*args)",
            "E0101 expected a value or `)` after `(`, found `*`",
        ),
        (
            "@x",
            "E0101 expected a statement such as `ReLU`, `conv1: Conv(8, kernel=3)` or `output y`, found `@`",
        ),
        (
            "Conv<3>",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `Conv`, found `<`",
        ),
        (
            "Linear[10]",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `Linear`, found `[`",
        ),
        (
            "Conv(\"a\"\"b\")",
            "E0101 expected `,` or `)` after a string, found a string",
        ),
        (
            "x:: Conv",
            "E0101 expected a layer such as `ReLU` or `Conv(8, kernel=3)` after `x:`, found `:`",
        ),
        (
            "Conv 3",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `Conv`, found `3`",
        ),
        (
            "Conv kernel=3",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `Conv`, found `kernel`",
        ),
        (
            "a: Conv 3",
            "E0101 expected `(`, `from`, `->` or the end of the line after `Conv`, found `3`",
        ),
        (
            "weights: \"a\"",
            "E0101 expected a string in double quotes after `weights`, found `:`",
        ),
        (
            "labels [\"a\"]",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `labels`, found `[`",
        ),
        (
            "Conv(3) + ReLU",
            "E0101 expected `from`, `->` or the end of the line after `)`, found `+`",
        ),
        (
            "let x = a ? b : c",
            "E0101 expected an operator or the end of the line after `a`, found `?`",
        ),
        (
            "let k = 3 // not floor",
            "E0101 expected an operator or the end of the line after `not`, found `floor`",
        ),
        (
            "repeat x y { ReLU }",
            "E0101 expected an operator, `as` or `{` after `x`, found `y`",
        ),
        (
            "repeat { ReLU }",
            "E0101 expected a value after `repeat`, found `{`",
        ),
        (
            "r: repeat 3 ReLU",
            "E0101 expected an operator, `as` or `{` after `3`, found `ReLU`",
        ),
        (
            "output",
            "E0101 expected a name after `output`, found the end of the line",
        ),
        (
            "reuse conv1 3",
            "E0101 expected `from`, `->` or the end of the line after `conv1`, found `3`",
        ),
    ]);
}

#[test]
fn explains_slips() {
    check(&[
        (
            "k = 3",
            "E0101 a compile-time value is defined with `let`: `let k = …` => let k = 3",
        ),
        (
            "k = filters * 2",
            "E0101 a compile-time value is defined with `let`: `let k = …` => let k = filters * 2",
        ),
        (
            "conv1 = Conv(3)",
            "E0101 a label ends with `:`, not with `=`: `conv1: …` => conv1: Conv(3)",
        ),
        (
            "x = Conv(3)(x)",
            "E0101 a label ends with `:`, not with `=`: `x: …` => x: Conv(3)(x)",
        ),
        (
            "ReLU MaxPool(2)",
            "E0101 two statements on one line; each has a line of its own => ReLU | MaxPool(2)",
        ),
        (
            "a: ReLU b: ReLU",
            "E0101 two statements on one line; each has a line of its own => a: ReLU | b: ReLU",
        ),
        (
            "Conv(8).ReLU",
            "E0101 layers are not joined by `.`; each has a line of its own => Conv(8) | ReLU",
        ),
        (
            "Conv(8) -> ReLU",
            "E0101 `->` states a shape; the next layer stands on a line of its own => Conv(8) | ReLU",
        ),
        (
            "Conv(8) | ReLU",
            "E0101 layers are not joined by `|`; each has a line of its own => Conv(8) | ReLU",
        ),
        (
            "ReLU; MaxPool(2)",
            "E0101 two statements on one line; each has a line of its own => ReLU | MaxPool(2)",
        ),
        (
            "ReLU;",
            "E0101 a statement ends at the end of its line, without `;` => ReLU",
        ),
        (
            "ReLU,",
            "E0101 a statement ends at the end of its line, without `,` => ReLU",
        ),
        (
            "Conv(input=3)",
            "E0101 `input` is a reserved word and cannot be a name => Conv(input_=3)",
        ),
        (
            "input: Conv(3)",
            "E0101 `input` is a reserved word and cannot be a name => input_: Conv(3)",
        ),
        (
            "let block = 3",
            "E0101 `block` is a reserved word and cannot be a name => let block_ = 3",
        ),
        (
            "let k: 3",
            "E0101 expected `=` after `let k`, found `:` => let k = 3",
        ),
        (
            "input x [N]",
            "E0101 expected `:` between `x` and its shape => input x: [N]",
        ),
        (
            "output y [N]",
            "E0101 expected `:` between `y` and its shape => output y: [N]",
        ),
        (
            "Conv(3, kernel: 5)",
            "E0101 an argument is given with `=`: `kernel=…` => Conv(3, kernel=5)",
        ),
        ("Conv(2^3)", "E0101 a power is written `**` => Conv(2**3)"),
        (
            "Conv('same')",
            "E0101 a string stands in double quotes => Conv(\"same\")",
        ),
        (
            "weights 'lenet'",
            "E0101 a string stands in double quotes => weights \"lenet\"",
        ),
        (
            "Add from (a, b)",
            "E0101 the values after `from` stand without brackets: `from a, b` => Add from a, b",
        ),
        (
            "Add from [a,b]",
            "E0101 the values after `from` stand without brackets: `from a, b` => Add from a,b",
        ),
        (
            "LSTM(3, sequences=True)",
            "E0101 expected `true`, found `True` => LSTM(3, sequences=true)",
        ),
        (
            "LSTM(3, x=False)",
            "E0101 expected `false`, found `False` => LSTM(3, x=false)",
        ),
        (
            "input x: [None, 3]",
            "E0101 there is no value `None` => input x: [N, 3]",
        ),
        ("Conv(bias=None)", "E0101 there is no value `None`"),
        (
            "def forward(x):",
            "E0101 `def` is no keyword; `.nn` has `model` => model forward(x):",
        ),
        (
            "return x",
            "E0101 `return` is no keyword; `.nn` has `output` => output x",
        ),
        (
            "var k = 3",
            "E0101 `var` is no keyword; `.nn` has `let` => let k = 3",
        ),
        (
            "imput x: [3]",
            "E0101 there is no keyword `imput`; did you mean `input`? => input x: [3]",
        ),
        (
            "outptu y",
            "E0101 there is no keyword `outptu`; did you mean `output`? => output y",
        ),
        ("Conv(8))", "E0101 this `)` closes nothing => Conv(8)"),
        (
            "from x",
            "E0101 `from` stands on the line of the layer that it belongs to",
        ),
        (
            "-> [3]",
            "E0101 `->` stands on the line of the layer that it belongs to",
        ),
        (
            "ReLU { }",
            "E0101 a `{` opens the body of a `model`, a `block` or a `repeat`, which stands before it",
        ),
        (
            "{ ReLU }",
            "E0101 a `{` opens the body of a `model`, a `block` or a `repeat`, which stands before it",
        ),
        (
            "if x { ReLU }",
            "E0101 a `{` opens the body of a `model`, a `block` or a `repeat`, which stands before it",
        ),
        (
            "// hello (",
            "E0101 a comment starts with `#`, not with `//` => # hello (",
        ),
        (
            "ReLU // act (ivation",
            "E0101 a comment starts with `#`, not with `//` => ReLU # act (ivation",
        ),
        (
            "/* hello */",
            "E0101 a comment starts with `#`, not with `/*` => # hello",
        ),
        (
            "-- x",
            "E0101 a comment starts with `#`, not with `--` => # x",
        ),
        (
            "Conv(3) /* it's */",
            "E0101 a comment starts with `#`, not with `/*` => Conv(3) # it's",
        ),
    ]);
}

#[test]
fn names_characters() {
    check(&[
        (
            "café: Conv(3)",
            "E0101 the character `é` can only stand in a string or a comment",
        ),
        (
            "Conv(‘same’)",
            "E0101 the character `‘` can only stand in a string or a comment => Conv(\"same\")",
        ),
        (
            "Conv(“same”)",
            "E0101 the character `“` can only stand in a string or a comment => Conv(\"same\")",
        ),
        (
            "x: Conv(3×2)",
            "E0101 the character `×` can only stand in a string or a comment => x: Conv(3*2)",
        ),
        (
            "x → [3]",
            "E0101 the character `→` can only stand in a string or a comment => x -> [3]",
        ),
        (
            "Conv(\u{a0}3)",
            "E0101 the character U+00A0 can only stand in a string or a comment => Conv( 3)",
        ),
        (
            "Conv(3)😀",
            "E0101 the character `😀` can only stand in a string or a comment",
        ),
        (
            "\0",
            "E0101 the character U+0000 can only stand in a string or a comment",
        ),
    ]);
}

#[test]
fn reports_brackets_and_strings_where_they_open() {
    check(&[
        (
            "a: Conv(8,",
            "E0102 this `(` is never closed => a: Conv(8,)",
        ),
        (
            "a: Conv(8, kernel=3",
            "E0102 this `(` is never closed => a: Conv(8, kernel=3)",
        ),
        (
            "a: Conv(8, kernel=(3, 3)",
            "E0102 this `(` is never closed => a: Conv(8, kernel=(3, 3))",
        ),
        (
            "Conv(x=[1, 2",
            "E0102 two brackets are never closed => Conv(x=[1, 2])",
        ),
        ("Conv(8]", "E0102 this `(` is closed by `]` => Conv(8)"),
        ("Conv([8)", "E0102 this `[` is never closed => Conv([8])"),
        (
            "output y: [N",
            "E0102 this `[` is never closed => output y: [N]",
        ),
        (
            "Rearrange(\"n c -> c",
            "E0103 this string is never closed => Rearrange(\"n c -> c\"",
        ),
        (
            "Conv(3, \"a b)",
            "E0103 this string is never closed => Conv(3, \"a b)\"",
        ),
        (
            "weights \"a",
            "E0103 this string is never closed => weights \"a\"",
        ),
        (
            "repeat 3 {",
            "E0102 the `{` of this `repeat` is never closed => ",
        ),
    ]);
}

#[test]
fn explains_numbers_and_escapes() {
    check(&[
        (
            "Conv(.5, 1., 1_000)",
            "E0106 `.5` is not a number: a decimal has digits on both sides of its point => Conv(0.5, 1., 1_000)",
        ),
        (
            "Conv(1.)",
            "E0106 `1.` is not a number: a decimal has digits on both sides of its point => Conv(1.0)",
        ),
        (
            "Conv(1_000)",
            "E0106 `1_000` is not a number: a number is written without `_` => Conv(1000)",
        ),
        (
            "Conv(0x10)",
            "E0106 `0x10` is not a number: a number is written in decimal digits => Conv(16)",
        ),
        (
            "Conv(0b11)",
            "E0106 `0b11` is not a number: a number is written in decimal digits => Conv(3)",
        ),
        (
            "Conv(3px)",
            "E0106 `3px` is not a number: a number is an integer, a decimal such as `0.5`, or has an exponent such as `1e-5` => Conv(3)",
        ),
        (
            "Conv(1e)",
            "E0106 `1e` is not a number: a number is an integer, a decimal such as `0.5`, or has an exponent such as `1e-5`",
        ),
        (
            "Conv(1.5.2)",
            "E0106 `1.5.2` is not a number: a number is an integer, a decimal such as `0.5`, or has an exponent such as `1e-5`",
        ),
        (
            "Conv(1.e5)",
            "E0106 `1.e5` is not a number: a number is an integer, a decimal such as `0.5`, or has an exponent such as `1e-5` => Conv(1.0e5)",
        ),
        ("Conv(170141183460469231731687303715884105727)", ""),
        (
            "Conv(170141183460469231731687303715884105728)",
            "E0106 this number is too large",
        ),
        ("Conv(1e999)", "E0106 this number is too large"),
        (
            "Rearrange(\"a\\qb\")",
            "E0107 strings have no escape `\\q` => Rearrange(\"a\\\\qb\")",
        ),
        (
            "Rearrange(\"\\u{110000}\")",
            "E0107 strings have no escape `\\u{110000}`",
        ),
        ("Rearrange(\"\\u41\")", "E0107 strings have no escape `\\u`"),
    ]);
}

#[test]
fn explains_modules_and_order() {
    check(&[
        (
            "nn.Linear(3)",
            "E0108 a layer is written without a module: `Linear`, not `nn.Linear` => Linear(3)",
        ),
        (
            "a: keras.layers.Dense(3) from x",
            "E0108 a layer is written without a module: `Dense`, not `keras.layers.Dense` => a: Dense(3) from x",
        ),
        (
            "tf.keras.layers.ReLU",
            "E0108 a layer is written without a module: `ReLU`, not `tf.keras.layers.ReLU` => ReLU",
        ),
        (
            "ReLU -> [N] from x",
            "E0109 `from` comes before `->` => ReLU from x -> [N]",
        ),
        (
            "r: reuse conv1(x)",
            "E0109 a layer takes its input after `from`: `reuse conv1 from x` => r: reuse conv1 from x",
        ),
        (
            "reuse conv1()",
            "E0109 a layer takes its input after `from`: `reuse conv1 from x` => reuse conv1",
        ),
        (
            "reuse conv1(3, 4)",
            "E0109 a layer takes its input after `from`: `reuse conv1 from x`",
        ),
        (
            "reuse conv1 -> [N] from x",
            "E0109 `from` comes before `->` => reuse conv1 from x -> [N]",
        ),
        (
            "Conv(8)(x0)",
            "E0109 a layer takes its input after `from`: `Layer(…) from x` => Conv(8) from x0",
        ),
        (
            "ReLU from a from b",
            "E0109 a statement has one `from`, with commas between its values",
        ),
        (
            "output y labels [\"a\"] from x",
            "E0109 `labels` comes after `from` => output y from x labels [\"a\"]",
        ),
        (
            "output y from x -> [N]",
            "E0109 an output's shape stands after its name: `output y: [N]` => output y: [N] from x",
        ),
        (
            "repeat 3 from x { ReLU }",
            "E0109 a `repeat` has no `from` of its own",
        ),
        (
            "repeat 3 { ReLU } from x",
            "E0109 a `repeat` has no `from` of its own",
        ),
        (
            "repeat 3 { ReLU } -> [N]",
            "E0109 a `repeat` has no `->` of its own",
        ),
        (
            "layout channels_first",
            "E0110 `layout` stands at the top of the file, not in a body",
        ),
        (
            "import A from \"b\"",
            "E0110 `import` stands at the top of the file, not in a body",
        ),
        (
            "  block B { ReLU }",
            "E0110 a `block` stands on its own, not in a body",
        ),
    ]);
}

#[test]
fn places_items_and_statements() {
    let cases = [
        (
            "ReLU\nTanh\n",
            "1: E0110 a statement stands in the braces of a `model` or a `block`",
        ),
        (
            "input x: [N]\nrepeat 2 {\n  ReLU\n}\noutput y\n",
            "1: E0110 a statement stands in the braces of a `model` or a `block`",
        ),
        (
            "repeat 2 {\n  ReLU\n}\n",
            "1: E0110 a `repeat` stands in the braces of a `model` or a `block`",
        ),
        (
            "import A from \"a\"\nlayout channels_first\n",
            "2: E0110 `layout` is the first line of its file",
        ),
        (
            "layout channels_first\nlayout channels_last\n",
            "2: E0110 a file has one `layout`",
        ),
        ("}\n", "1: E0101 this `}` closes nothing => "),
        (
            "foo bar\n",
            "1: E0101 expected `model`, `block`, `import` or `layout`, found `foo`",
        ),
        (
            "class Net {\n  ReLU\n}\n",
            "1: E0101 `class` is no keyword; `.nn` has `model` => model Net {",
        ),
        (
            "LeNet {\n  ReLU\n}\n",
            "1: E0101 a `{` opens the body of a `model`, a `block` or a `repeat`, which stands before it",
        ),
        (
            "model A\n  ReLU\n}\nmodel B { }\n",
            "1: E0101 expected `{` after `model A` => model A {",
        ),
        (
            "model {\n  ReLU\n}\n",
            "1: E0101 expected a name after `model`, found `{`",
        ),
        (
            "model A(n 3) {\n  ReLU\n}\n",
            "1: E0101 expected `,` or `)` after `n`, found `3`",
        ),
        (
            "model A(n=) {\n  ReLU\n}\n",
            "1: E0101 expected a value after `=`, found `)`",
        ),
        (
            "model A(n {\n  ReLU\n}\n",
            "1: E0102 this `(` is never closed => model A(n) {",
        ),
        (
            "model A {\n  ReLU\n",
            "1: E0102 the `{` of model `A` is never closed => }",
        ),
        (
            "model A {\n  repeat 2 {\n    ReLU\n\n  output y\n}\nmodel B {\n}\n",
            "2: E0102 the `{` of this `repeat` is never closed => ",
        ),
        (
            "model A {\n  ReLU\n\nmodel B {\n  Tanh\n}\n",
            "1: E0102 the `{` of model `A` is never closed => ",
        ),
        (
            "model A {\n  block B {\n    ReLU\n  }\n  Tanh\n}\n",
            "2: E0110 a `block` stands on its own, not in a body",
        ),
        (
            "import A, B frm \"a.nn\"\n",
            "1: E0101 expected `,` or `from` after `B`, found `frm`",
        ),
        (
            "import A from b\n",
            "1: E0101 expected a string in double quotes after `from`, found `b`",
        ),
        (
            "import from \"b\"\n",
            "1: E0101 `from` is a reserved word and cannot be a name => import from_ \"b\"",
        ),
        (
            "layout: channels_first\n",
            "1: E0110 a statement stands in the braces of a `model` or a `block`",
        ),
        ("", ""),
        ("# only a comment", ""),
    ];
    for (text, expected) in cases {
        assert_eq!(show(text), expected, "{text}");
    }
}

/// The statements of the first definition.
fn body(text: &str) -> Vec<ast::Statement> {
    let (file, _) = parse(FileId(0), text);
    let definition = file.items.into_iter().find_map(|item| match item {
        Item::Definition(definition) => Some(definition),
        _ => None,
    });
    definition.unwrap().body.statements
}

#[test]
fn keeps_what_a_broken_line_brings() {
    let statements = body(
        "model M {\ninput x (N)\nlet k 3\nc: Conv(6, kernel=)\nd: Conv(=, kernel=3) from x\n\
         e: (3)\noutput y [3\nf: Conv(8,\ng: ReLU -> N\nh: ReLU i: Tanh\nj: nn.Linear(3)\n}",
    );
    let told: Vec<String> = statements
        .iter()
        .map(|statement| match &statement.kind {
            StatementKind::Broken { label } => {
                format!("broken {}", label.as_ref().map_or("", |label| &label.value))
            }
            StatementKind::Layer(layer) => format!(
                "{} {} {}{}",
                layer.label.as_ref().map_or("", |label| &label.value),
                layer.layer.value,
                layer
                    .arguments
                    .iter()
                    .map(|argument| {
                        let name = argument.name.as_ref().map_or("", |name| &name.value);
                        match argument.value.kind {
                            ast::ExprKind::Error => format!("{name}=? "),
                            _ => format!("{name}=. "),
                        }
                    })
                    .collect::<String>(),
                if layer.from.is_some() { "from" } else { "" },
            ),
            StatementKind::Output { name, .. } => format!("output {}", name.value),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "broken x",
            "broken k",
            "c Conv =. kernel=? ",
            "d Conv kernel=. =? from",
            "broken e",
            "output y",
            "f Conv =. =? ",
            "g ReLU ",
            "h ReLU ",
            "i Tanh ",
            "j Linear =. "
        ]
    );
}

#[test]
fn gives_documentation_to_what_follows_directly() {
    let (file, _) = parse(FileId(0), FORMS);
    let Item::Definition(tail) = &file.items[3] else {
        panic!("{:?}", file.items[3]);
    };
    assert_eq!(tail.doc.as_deref(), Some("# A title.\n\nTwo lines."));
    let statements = body("model M {\n  # apart\n\n  # near\n  #  by\n  ReLU # beside\n  Tanh\n}");
    assert_eq!(statements[0].doc.as_deref(), Some("near\n by"));
    assert_eq!(statements[1].doc, None);
    let (file, _) = parse(FileId(0), "# a\r\nmodel M { } # b\n");
    assert_eq!(file.comments.len(), 2);
    assert_eq!(file.comments[0].range(), 0..3);
}

#[test]
fn spans_hold_what_is_written() {
    let text = FORMS;
    let (file, _) = parse(FileId(0), text);
    let Item::Definition(tail) = &file.items[3] else {
        panic!("{:?}", file.items[3]);
    };
    assert!(text[tail.span.range()].starts_with("block Tail"));
    assert!(text[tail.span.range()].ends_with("output plain\n}"));
    let slices: Vec<&str> = tail
        .body
        .statements
        .iter()
        .map(|statement| &text[statement.span.range()])
        .collect();
    assert_eq!(slices[0], "input t: i64[N, T]");
    assert!(slices[6].starts_with("stack: repeat") && slices[6].ends_with("dilation=2**i) }"));
    let StatementKind::Reuse {
        ascription, from, ..
    } = &tail.body.statements[12].kind
    else {
        panic!("{}", slices[12]);
    };
    let shape = ascription.as_ref().unwrap();
    assert_eq!(&text[shape.dims[1].span.range()], "(H + 1) // 2");
    assert_eq!(&text[from.as_ref().unwrap().span.range()], "from back");
}

/// An expression with every operation in parentheses.
fn group(expr: &ast::Expr) -> String {
    use ast::ExprKind::*;
    let list = |values: &[ast::Expr]| values.iter().map(group).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        Int(value) => value.to_string(),
        Float(value) => format!("{value:?}"),
        Bool(value) => value.to_string(),
        Str(text) => format!("{text:?}"),
        Name(name) => name.to_string(),
        Hole => "_".to_owned(),
        Negate(value) => format!("(-{})", group(value)),
        Binary { op, left, right } => format!("({}{}{})", group(left), op.symbol(), group(right)),
        Call {
            function,
            arguments,
        } => format!("{}<{}>", function.value, list(arguments)),
        Tuple(values) => format!("t<{}>", list(values)),
        Array(values) => format!("a<{}>", list(values)),
        Error => "?".to_owned(),
    }
}

#[test]
fn expressions_have_the_usual_precedence() {
    let cases = [
        ("1 + 2 * 3 - 4", "((1+(2*3))-4)"),
        ("8 // 3 % 2 / 5", "(((8//3)%2)/5)"),
        ("-2**2", "(-(2**2))"),
        ("2**-1*3", "((2**(-1))*3)"),
        ("2**3**2", "(2**(3**2))"),
        ("--a - -b", "((-(-a))-(-b))"),
        ("-a*b", "((-a)*b)"),
        ("(1 + 2) * 3", "((1+2)*3)"),
        ("(2,)", "t<2>"),
        ("()", "t<>"),
        ("((2, 0),)", "t<t<2 0>>"),
        ("[[1, 2], [3, 4],] / 16", "(a<a<1 2> a<3 4>>/16)"),
        ("min(h, max(w, 2))", "min<h max<w 2>>"),
        ("1e-5", "1e-5"),
        ("\"a\\t\\u{1F600}\\\"\"", "\"a\\t😀\\\"\""),
        ("true", "true"),
        ("_", "_"),
    ];
    for (text, expected) in cases {
        let expr = parse_expr(FileId(0), text).unwrap();
        assert_eq!(group(&expr), expected, "{text}");
        assert_eq!(expr.span.range(), 0..text.len(), "{text}");
    }
    for (text, code) in [
        ("", Code::E0101),
        ("1 +", Code::E0101),
        ("(1", Code::E0102),
        ("1.", Code::E0106),
        ("a b", Code::E0101),
        ("{ 3 }", Code::E0101),
        ("3\n}", Code::E0101),
        ("input", Code::E0101),
    ] {
        assert_eq!(
            parse_expr(FileId(0), text).unwrap_err().code,
            code,
            "{text}"
        );
    }
}

#[test]
fn twenty_mistakes_are_twenty_diagnostics() {
    let text = "model M {
    input x [N]
    a: Conv(6, kernel=)
    ReLU
    b: Conv(6 kernel=3)
    ReLU
    c = Conv(3)
    d: (3)
    e: Conv(8,
    ReLU
    nn.Linear(3)
    let k 3
    ReLU;
    Conv(.5)
    Rearrange(\"a -> b
    ReLU -> [N] from x
    r: reuse a(x)
    Conv(8))
    repeat 2 x {
        Linear(True)
    }
    // hm
    f: Conv('same')
    imput y: [3]
    Conv(8).ReLU
    Conv(2^3)
    output y -> [N]
}
";
    let lines: Vec<usize> = show(text)
        .lines()
        .map(|line| line.split(':').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            2, 3, 5, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27
        ][..],
        "{}",
        show(text)
    );
}

#[test]
fn refuses_what_is_beyond_its_bounds() {
    let chain = |operators: usize| format!("let k = 1{}", " + 1".repeat(operators));
    assert_eq!(say(&chain(1000)), "");
    assert_eq!(
        say(&chain(1001)),
        "3: E0111 an expression has at most 1000 operators"
    );
    // Every value of a list has its own.
    assert_eq!(say(&format!("let k = [{}]", "-1, ".repeat(5000))), "");
    // The model's brace is one level, the shape's bracket another.
    let nested = |depth: usize| format!("let k = {}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(say(&nested(63)), "");
    assert_eq!(
        say(&nested(64)),
        "3: E0104 brackets and braces nest at most 64 deep"
    );
    let bodies = |depth: usize| {
        let (open, close) = ("repeat 2 {\n".repeat(depth), "}\n".repeat(depth));
        show(&format!("model M {{\n{open}ReLU\n{close}\n}}\n"))
    };
    assert_eq!(bodies(63), "");
    assert_eq!(
        bodies(70),
        "65: E0104 brackets and braces nest at most 64 deep"
    );
    let (file, diagnostics) = parse(FileId(0), &" ".repeat(MAX_BYTES + 1));
    assert!(file.items.is_empty());
    assert_eq!(diagnostics[0].code, Code::E0112);
}

#[test]
fn pathological_input_takes_linear_time_and_little_stack() {
    within(Duration::from_secs(120), || {
        for piece in [
            "[",
            "(",
            "-",
            "1+",
            "{",
            "\"",
            "\"\n",
            "'",
            "'\n",
            "a.",
            "a,",
            "a:",
            "(\n",
            "A(",
            "A\n(",
            "#",
            "}",
            ")",
            "/*",
            "//",
            "\\",
            "\u{e9}",
            "let ",
            "repeat 2 {\n",
            "model A {\n",
            "a: ",
            "a: A ",
            "A;",
            "->",
            "from a,\n",
            "(a,\n",
            "[[",
            "([",
            "{(",
            "\n",
            "(\n\n",
            " ",
            "1.",
            "((1+",
            "min(",
            "**",
            "A(a=",
            "1,",
            "\"\\",
            "import A,\n",
            "A b: ",
            "A A ",
        ] {
            for (before, after) in [("", ""), ("model M {\n    x: Conv(", ")\n}\n")] {
                let text = format!("{before}{}{after}", piece.repeat(100_000));
                let start = Instant::now();
                parse(FileId(0), &text);
                let took = start.elapsed();
                assert!(
                    took < Duration::from_secs(20),
                    "{piece:?} after {before:?} took {took:?}"
                );
            }
        }
    });
}

#[test]
fn long_lists_and_lines_are_read() {
    within(Duration::from_secs(10), || {
        let array = format!(
            "model M {{\n    a: Constant([{}])\n}}\n",
            "1.5, ".repeat(200_000)
        );
        assert_eq!(show(&array), "");
        let models = "model A {\n    input x: [N]\n    ReLU\n    output y\n}\n".repeat(10_000);
        let (file, diagnostics) = parse(FileId(0), &models);
        assert_eq!((file.items.len(), diagnostics.len()), (10_000, 0));
    });
}

#[test]
fn every_prefix_parses() {
    within(Duration::from_secs(60), || {
        for text in [LENET, UNET, FORMS] {
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                let (_, diagnostics) = parse(FileId(0), &text[..end]);
                for diagnostic in diagnostics {
                    assert!(
                        diagnostic.primary.span.end as usize <= end,
                        "{}",
                        &text[..end]
                    );
                }
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_text_never_panics(text in "(?s).{0,200}") {
        parse(FileId(0), &text);
        let _ = parse_expr(FileId(0), &text);
    }

    #[test]
    fn random_tokens_never_panic(tokens in prop::collection::vec(prop::sample::select(vec![
        "model ", "block ", "input ", "output ", "let ", "repeat ", "reuse ", "from ", "import ", "weights ", "as ",
        "labels ", "layout ", "x", "A", "3", "0.5", ".5", "1.", "\"s\"", "\"", "'", "(", ")", "[", "]", "{", "}", ",",
        ":", "=", "->", "+", "-", "*", "/", "//", "%", "**", "^", ".", ";", "\n", " ", "#", "/*", "*/", "\\", "_", "é", "\r",
    ]), 0..60)) {
        let text = tokens.concat();
        let (_, diagnostics) = parse(FileId(0), &text);
        let lines = LineIndex::new(&text);
        let mut told = std::collections::HashSet::new();
        for diagnostic in diagnostics {
            let span = diagnostic.primary.span;
            prop_assert!(text.get(span.range()).is_some(), "{:?}", diagnostic);
            prop_assert!(told.insert(lines.line(span.start as usize)), "twice on a line: {}", text);
            for edit in diagnostic.fixes.iter().flat_map(|fix| &fix.edits) {
                prop_assert!(text.get(edit.span.range()).is_some(), "{:?}", diagnostic);
            }
        }
        let _ = parse_expr(FileId(0), &text);
    }

    #[test]
    fn mutations_never_panic(at in 0usize..1900, length in 0usize..12, insert in "[\\x20-\\x7e\\n]{0,4}") {
        let start = at.min(FORMS.len());
        let end = (start + length).min(FORMS.len());
        let text = format!("{}{insert}{}", &FORMS[..start], &FORMS[end..]);
        let (file, _) = parse(FileId(0), &text);
        // The items far from the change are still there.
        prop_assert!(!file.items.is_empty());
    }
}
