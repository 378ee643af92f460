//! Input that nobody means well with.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::diag::Code;

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
    let (file, diagnostics) = parse(FileId(0), &"1\n".repeat(3000));
    assert_eq!((file.items.len(), diagnostics.len()), (3000, 1000));
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
