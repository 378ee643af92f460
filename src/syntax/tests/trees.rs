//! What a file becomes.

use super::super::ast::{self, Item, StatementKind};
use super::*;
use crate::diag::Code;

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
            "1: E0101 a file's name stands in double quotes => import A from \"b\"",
        ),
        (
            "from \"b\" import A\n",
            "1: E0101 an import begins with `import`, and the file stands behind `from` => import A from \"b\"",
        ),
        (
            "import A\n",
            "1: E0101 an import names blocks and the file that they are in",
        ),
        (
            "model A {\n  for i in range(3) {\n    ReLU\n  }\n}\n",
            "2: E0101 a loop is `repeat COUNT {`, or `repeat COUNT as i {` where `i` is the turn's number => repeat 3 as i {",
        ),
        (
            "model A:\n  ReLU\n",
            "1: E0101 the body of `model A` stands in braces, whatever its indentation => model A { | }",
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
