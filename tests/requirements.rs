//! What a model needs of its sizes: as it is printed, in proofs, and when nothing meets it.

mod support;

use nnc::analysis::{Analysis, Settings, analyze};
use nnc::diag::Code;
use nnc::exec::{Given, bind_sizes};
use nnc::lower::{LowerError, lower};
use nnc::shape::Env;
use nnc::tensor::DType;
use support::Memory;

fn analyzed(text: &str) -> Analysis {
    analyze(
        "test.nn",
        text.as_bytes(),
        &Memory::default(),
        &Settings::default(),
    )
}

/// What `nnc check` prints after "needs", or the codes and messages of the errors.
fn needs(text: &str) -> String {
    let analysis = analyzed(text);
    let errors = analysis.diagnostics.iter().filter(|told| told.is_error());
    let errors: Vec<String> = errors
        .map(|told| format!("{}: {}", told.code, told.message))
        .collect();
    if !errors.is_empty() {
        return errors.join("\n");
    }
    let model = analysis.program.models.last().expect("a model");
    let all = model.requirements.iter();
    let all: Vec<String> = all.map(|one| one.requirement.to_string()).collect();
    all.join(", ")
}

/// A model over `inputs`, each an output too, with `lines`.
fn model(inputs: &[&str], lines: &str) -> String {
    let mut text = String::from("model M {\n");
    for (at, shape) in inputs.iter().enumerate() {
        text += &format!("    input i{at}: [{shape}]\n");
    }
    text += lines;
    for at in 0..inputs.len() {
        text += &format!("    output o{at} from i{at}\n");
    }
    text + "}\n"
}

#[test]
fn no_more_is_asked_than_needed() {
    let flat =
        "    f: Flatten from i0\n    u: Unsqueeze(2)\n    c: Conv(2, kernel=51)\n    output y\n";
    let pooled = format!("    p: MaxPool(2) from i0\n{}", flat.replace("i0", "p"));
    for (inputs, lines, expected) in [
        (vec!["N, h, w, 3"], flat, "h*w >= 17"),
        (vec!["N, h, w, 3"], &*pooled, "(h//2)*(w//2) >= 17"),
        (vec!["N, 20 - h - w", "h, w"], "", "h + w <= 19"),
        (vec!["N*(20 - h - w), N", "h, w"], "", "h + w <= 19"),
        (vec!["N, 12 - h", "h, 20 - h"], "", "h <= 11"),
        (vec!["h, w, h - w", "h - 1, w"], "", "h >= w + 1"),
        (
            vec!["h, c - 108*h - 86", "c - 86, c", "h - 2"],
            "",
            "h >= 3, c >= 108*h + 87",
        ),
        (vec!["2*h - 5, 3*w - 7"], "", "h >= 3, w >= 3"),
    ] {
        assert_eq!(
            needs(&model(&inputs, lines)),
            expected,
            "{inputs:?}\n{lines}"
        );
    }
}

#[test]
fn greatest_sizes_enter_proofs() {
    for lines in [
        "    a: Identity from i0 -> [N, 12 - h + h//12]\n    output y\n",
        "    a: Identity from i0 -> [N*((h + 10)//11), 12 - h]\n    output y\n",
        "    a: Identity from i1 -> [h + (2*h)//23]\n    output y\n",
    ] {
        assert_eq!(
            needs(&model(&["N, 12 - h", "h"], lines)),
            "h <= 11",
            "{lines}"
        );
    }
    let wrong = "    a: Identity from i0 -> [N, 12 - h + h//11]\n    output y\n";
    let found = needs(&model(&["N, 12 - h", "h"], wrong));
    assert!(found.starts_with("E0305"), "{found}");
    // And requirements that compare sizes, where a bound alone does not suffice.
    let lines = "    a: Identity from i0 -> [N, 20 - h - w + (h + w)//20]\n    output y\n";
    assert_eq!(
        needs(&model(&["N, 20 - h - w", "h, w"], lines)),
        "h + w <= 19"
    );
}

#[test]
fn what_no_sizes_meet_is_told_once() {
    for (inputs, lines, expected) in [
        (
            vec!["N, 12 - h", "h - 11"],
            "",
            "E0313: no `h` meets both `h <= 11` and `h >= 12`",
        ),
        (
            vec!["N, h - 11", "12 - h"],
            "",
            "E0313: no `h` meets both `h >= 12` and `h <= 11`",
        ),
        (
            vec!["20 - h - w", "h - 11", "w - 8"],
            "",
            "E0313: no sizes meet `h + w <= 19`, `h >= 12` and `w >= 9` together",
        ),
        (
            vec!["h - w, h, w", "w - h"],
            "",
            "E0313: no sizes meet both `h >= w + 1` and `w >= h + 1`",
        ),
    ] {
        assert_eq!(needs(&model(&inputs, lines)), expected);
    }
    // In a block that is where it stands, not at its uses.
    let block = "block B {
    input x: [N, 12 - h]
    input y: [N, h, 2]
    c: Conv(2, kernel=12) from y
    output z from c
    output w from x
}
model M {
    input a: [N, 8]
    input b: [N, 4, 2]
    first: B from a, b
    second: B from a, b
    output p from first.z
    output q from second.z
}
";
    let analysis = analyzed(block);
    let errors: Vec<_> = (analysis.diagnostics.iter())
        .filter(|told| told.is_error())
        .collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].code, Code::E0313);
    assert_eq!(analysis.sources.start(errors[0].primary.span).line, 4);
}

#[test]
fn sizes_are_told_by_products_with_known_ones() {
    let text = model(
        &["N, H*W, 3", "N, H"],
        "    f: Flatten from i0\n    output y\n",
    );
    assert_eq!(needs(&text), "");
    let analysis = analyzed(&text);
    let bind = |pixels: usize| {
        let shapes = [vec![2, pixels, 3], vec![2, 4]];
        let given: Vec<Given> = ["i0", "i1"]
            .iter()
            .zip(&shapes)
            .map(|(input, shape)| Given {
                input,
                source: input,
                ty: Some((DType::F32, shape)),
                picture: false,
            })
            .collect();
        bind_sizes(&analysis.program.models[0], &given)
    };
    let sizes = bind(20).expect("20 is 4 times 5");
    assert_eq!((sizes["H"], sizes["W"], sizes["N"]), (4, 5, 2));
    let told = bind(21).expect_err("21 is no multiple of 4");
    let notes = told[0].notes.join("\n");
    assert!(notes.contains("the nearest sizes are 20 and 24"), "{notes}");
    // What multiplies must not be 0, and a floor tells nothing.
    for (shapes, expected) in [
        (
            ["W*(H - 2) + 9", "H"],
            "E0216: the size of the data does not tell `W`",
        ),
        (["W*(H - 2)", "H"], ""),
        (
            ["H//2, W", "W"],
            "E0216: the size of the data does not tell `H`",
        ),
    ] {
        let found = needs(&model(&shapes, ""));
        match expected {
            "" => assert!(!found.starts_with('E'), "{found}"),
            _ => assert_eq!(found, expected),
        }
    }
    // A block takes them as far as the division is exact.
    let block = |first: &str, second: &str| {
        format!(
            "block Tokens {{
    input x: [N, H*W, C]
    input rows: [H]
    Reshape([N, H, W, C]) from x
    output y
    output r from rows
}}
model M {{
    input a: [{first}]
    input b: [{second}]
    t: Tokens from a, b
    output y from t.y
    output r from t.r
}}
"
        )
    };
    assert_eq!(needs(&block("N, 2*h*k, 3", "h")), "");
    assert_eq!(needs(&block("N, 12, 3", "4")), "");
    for (first, second) in [("N, 12, 3", "5"), ("N, 12, 3", "K"), ("N, K + 1, 3", "K")] {
        let found = needs(&block(first, second));
        assert!(
            found.starts_with("E0311: `Tokens` takes [N, H*W, C]"),
            "{found}"
        );
    }
}

/// The two sides differ where `H` is 10000, and next to nowhere else.
const INTRICATE: &str = "model M {
    input x: [N*W*((2*H)//20001) + 1, N, W, H]
    Identity -> [N*W*(H//20001 + (H + 10001)//20001) + 1, N, W, H]
    output y
}
";

#[test]
fn what_is_undecided_is_warned_of_and_checked_by_the_run() {
    let analysis = analyzed(INTRICATE);
    let codes: Vec<Code> = analysis.diagnostics.iter().map(|told| told.code).collect();
    assert_eq!(codes, [Code::W0104]);
    let model = &analysis.program.models[0];
    let at = |h: i128| {
        let sizes = [("N", 1), ("W", 1), ("H", h)];
        let sizes: Env = sizes
            .into_iter()
            .map(|(name, n)| (name.into(), n))
            .collect();
        lower(model, &sizes)
    };
    assert!(at(3).is_ok());
    assert!(at(10_001).is_ok());
    let Err(error @ LowerError::Broken(..)) = at(10_000) else {
        panic!("the shape is not as stated")
    };
    let told = error.diagnostic(model).expect("a diagnostic");
    assert_eq!(told.code, Code::E0606);
    assert!(
        told.message.ends_with("and H is 10000, N is 1 and W is 1"),
        "{}",
        told.message
    );
}
