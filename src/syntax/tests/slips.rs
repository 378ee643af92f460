//! One line each: what people write by mistake, and what is said about it.

use super::check;

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
            "E0101 expected `,` between `6` and `kernel` => conv1: Conv(6, kernel=3)",
        ),
        (
            "input x: N",
            "E0101 expected a shape such as `[N, 10]` after `x:`, found `N`",
        ),
        ("input x", "E0101 the input `x` has no shape"),
        (
            "fc: Linear(28 x 28)",
            "E0101 a product is written `*` => fc: Linear(28 * 28)",
        ),
        (
            "output y labels cat, dog",
            "E0101 labels are an array of strings: `labels [\"cat\", \"dog\"]` => output y labels [\"cat\", \"dog\"]",
        ),
        (
            "fc: Linear(x.shape[1])",
            "E0101 there is no `x.shape`: a size is called by its name in the input's shape",
        ),
        (
            "input x: (N, 3)",
            "E0101 a shape stands in square brackets: `[N, 10]` => input x: [N, 3]",
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
            "E0101 a file's name stands in double quotes => weights \"lenet\"",
        ),
        (
            "foo bar",
            "E0101 expected `:`, `(`, `from`, `->` or the end of the line after `foo`, found `bar`",
        ),
        (
            "input x: [N 3]",
            "E0101 expected `,` between `N` and `3` => input x: [N, 3]",
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
            "E0101 expected `,` between `a` and `b` => ReLU from a, b",
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
        (
            "Add(x.y)",
            "E0101 `x.y` is no number, and an expression has only numbers",
        ),
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
            "E0101 a shape names each of its axes, without `...`",
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
            "E0101 expected `,` between `\"a\"` and `\"b\"` => Conv(\"a\",\"b\")",
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
