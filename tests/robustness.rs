//! Whatever a file holds, the compiler answers, soon, and with the right status.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nnc::analysis::{Analysis, MAX_DIAGNOSTICS, Settings, analyze};
use nnc::diag::Code;
use nnc::diag::render::{Style, render_all};
use nnc::view::paint::Paint;
use nnc::view::summary::Summary;
use proptest::prelude::*;
use support::{Folder, Memory, check, files, name, root};

/// The longest that one file may take, without optimisation and on a machine that does much else.
const LONGEST: Duration = Duration::from_secs(60);

/// Analyses and renders; fails when that takes too long.
fn survives(what: &str, bytes: &[u8]) -> Analysis {
    let start = Instant::now();
    let folder = Folder(root().join("examples"));
    let analysis = analyze("test.nn", bytes, &folder, &Settings::default());
    assert!(analysis.diagnostics.len() <= MAX_DIAGNOSTICS);
    let rendered = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
    assert_eq!(rendered.is_empty(), analysis.diagnostics.is_empty());
    let took = start.elapsed();
    assert!(took < LONGEST, "{what} takes {took:?}");
    analysis
}

fn codes(analysis: &Analysis) -> Vec<Code> {
    let mut codes: Vec<Code> = analysis.diagnostics.iter().map(|d| d.code).collect();
    codes.dedup();
    codes
}

/// A model around `lines`.
fn model(lines: &str) -> String {
    format!("model M {{\n    input x: [N, H, W, 4]\n{lines}\n    output y\n}}\n")
}

#[test]
fn an_empty_file_has_nothing_to_say_or_one_thing() {
    for text in ["", "\n", "   ", "# only a comment", "\u{feff}"] {
        let analysis = survives("an empty file", text.as_bytes());
        assert!(analysis.diagnostics.len() <= 1, "{text:?}");
    }
}

#[test]
fn hostile_text_is_answered() {
    let deep = 100_000;
    let cases: Vec<(&str, String)> = vec![
        (
            "parentheses",
            model(&format!("    fc: Linear({})", "(".repeat(deep))),
        ),
        (
            "closed parentheses",
            model(&format!(
                "    fc: Linear({}1{})",
                "(".repeat(deep),
                ")".repeat(deep)
            )),
        ),
        (
            "brackets",
            model(&format!("    fc: Linear(1, weight={}", "[".repeat(deep))),
        ),
        ("braces", "{".repeat(deep)),
        ("closing braces", "}".repeat(deep)),
        (
            "signs",
            model(&format!("    fc: Linear({}1)", "-".repeat(deep))),
        ),
        (
            "a sum",
            model(&format!("    fc: Linear(1{})", " + 1".repeat(deep))),
        ),
        (
            "powers",
            model(&format!("    fc: Linear(2{})", " ** 1".repeat(1_000))),
        ),
        (
            "repeats",
            format!("model M {{ {}", "repeat 2 { ".repeat(deep)),
        ),
        (
            "a path",
            model(&format!("    Add from x{}", ".a".repeat(deep))),
        ),
        ("a name", model(&format!("    {}", "a".repeat(deep)))),
        ("quotes", "\"".repeat(deep)),
        ("lines", "\n".repeat(deep)),
        ("blocks", "block A { output y }\n".repeat(5_000)),
        (
            "labels",
            model(&(0..3_000).fold(String::new(), |mut text, n| {
                let _ = writeln!(text, "    a{n}: ReLU");
                text
            })),
        ),
        ("unknown layers", model(&"    Relux\n".repeat(3_000))),
    ];
    for (what, text) in cases {
        survives(what, text.as_bytes());
    }
}

#[test]
fn large_numbers_are_answered() {
    for (line, code) in [
        ("fc: Linear(10**18)", None),
        ("fc: Linear(9223372036854775807)", None),
        ("fc: Linear(9223372036854775808)", Some(Code::E0310)),
        ("fc: Linear(2**127 - 1)", Some(Code::E0310)),
        ("fc: Linear(-2**126)", Some(Code::E0404)),
        ("fc: Linear(2**127)", Some(Code::E0310)),
        ("fc: Linear(340282366920938463463374607431768211456)", None),
        (
            "fc: Linear(99999999999999999999999999999999999999999999)",
            None,
        ),
        ("fc: Linear(10**10**10)", Some(Code::E0310)),
        ("fc: Linear((10**18)**(10**18))", Some(Code::E0310)),
        ("fc: Linear(1e308 * 1e308)", Some(Code::E0408)),
        ("fc: Linear(-(-2**127))", None),
        ("fc: Linear((-2**127) // -1)", None),
        ("fc: Linear((-2**127) % -1)", None),
        ("fc: Linear(N**1000)", Some(Code::E0310)),
        ("fc: Linear((N + H + W)**60)", Some(Code::E0310)),
        ("conv: Conv(8, kernel=2**126)", None),
        (
            "conv: Conv(8, kernel=9223372036854775807, dilation=9223372036854775807)",
            None,
        ),
        ("conv: Conv(8, kernel=3, stride=9223372036854775807)", None),
        ("conv: Conv(8, kernel=3, padding=9223372036854775807)", None),
        ("conv: Conv(8, kernel=3, padding=2**126)", None),
        ("MaxPool(9223372036854775807)", None),
        (
            "Concat(axis=170141183460469231731687303715884105727) from x, x",
            Some(Code::E0306),
        ),
        (
            "Concat(axis=-170141183460469231731687303715884105727) from x, x",
            Some(Code::E0306),
        ),
        ("Reshape([N*H*W*N*H*W*N*H*W, _])", None),
        ("Reshape([10**18, 10**18, 10**18, _])", None),
        ("stack: repeat 10**9 {\n ReLU\n }", Some(Code::E0410)),
        (
            "stack: repeat 10**5 {\n inner: repeat 10**5 {\n ReLU\n }\n }",
            Some(Code::E0410),
        ),
        (
            "stack: repeat 10**5 {\n inner: repeat 10**5 {\n }\n }",
            Some(Code::E0410),
        ),
        ("stack: repeat 40 {\n Concat(axis=-1) from x, x\n }", None),
        (
            "stack: repeat 10**3 as i {\n fc: Linear(2**i)\n }",
            Some(Code::E0310),
        ),
    ] {
        let analysis = survives(line, model(&format!("    {line}")).as_bytes());
        if let Some(code) = code {
            assert!(
                codes(&analysis).contains(&code),
                "{line}: {:?}",
                codes(&analysis)
            );
        }
    }
}

#[test]
fn polynomials_that_blow_up_are_answered() {
    for text in [
        // The last axis is squared at every turn.
        "model M {\n input x: [N, C]\n stack: repeat 40 {\n a: Unsqueeze(-1)\n b: Unsqueeze(1) from a\n Concat(axis=1) from b, b\n Flatten\n }\n output y\n}\n".to_owned(),
        "block Square(n) {\n input x: [N, C]\n fc: Linear(n * n)\n output y\n}\nmodel M {\n input x: [N, C]\n a: Square(C + 1)\n b: Square(C * C * C)\n output y\n}\n".to_owned(),
        "block S {\n input x: [N, C]\n fc: Linear(C * C + N)\n output y\n}\nmodel M {\n input x: [N, C]\n stack: repeat 30 {\n S\n }\n output y\n}\n".to_owned(),
        "model M {\n input x: [N, H, W, C]\n stack: repeat 60 {\n MaxPool(2)\n Concat(axis=1) from x, x\n MaxPool(3)\n }\n output y\n}\n".to_owned(),
        "block D {\n input x: [N, H, W, C]\n MaxPool(2)\n a: MaxPool(3)\n b: Concat(axis=1) from a, a\n output y\n}\nmodel M {\n input x: [N, H, W, C]\n stack: repeat 40 {\n D\n }\n Add from stack, x\n output y\n}\n".to_owned(),
    ] {
        survives(&text, text.as_bytes());
    }
}

#[test]
fn circles_and_towers_of_blocks_are_answered() {
    let circle = "block A {\n input x: [N]\n B\n output y\n}\nblock B {\n input x: [N]\n A\n output y\n}\nmodel M {\n input x: [N]\n A\n output y\n}\n";
    assert_eq!(
        codes(&survives("a circle", circle.as_bytes())),
        [Code::E0214]
    );

    let tower = |height: usize, uses: usize| {
        let mut text =
            "block B0 {\n    input x: [N, C]\n    fc: Linear(C)\n    output y\n}\n".to_owned();
        for level in 1..height {
            let _ = write!(text, "block B{level} {{\n    input x: [N, C]\n");
            for used in 0..uses {
                let _ = writeln!(text, "    u{used}: B{}", level - 1);
            }
            text.push_str("    output y\n}\n");
        }
        let _ = write!(
            text,
            "model M {{\n    input x: [N, 8]\n    top: B{}\n    output y\n}}\n",
            height - 1
        );
        text
    };
    let fine = survives("a low tower", tower(8, 2).as_bytes());
    assert!(!fine.has_errors());
    assert_eq!(fine.program.models[0].params.len(), 2 * 128);
    let wide = survives("a chain of 30 blocks, twice each", tower(30, 2).as_bytes());
    assert!(codes(&wide).contains(&Code::E0410), "{:?}", codes(&wide));
    let deep = survives("1,000 blocks deep", tower(1_000, 1).as_bytes());
    assert!(deep.has_errors());
    assert!(deep.diagnostics.len() < 5, "{:?}", deep.diagnostics.len());
}

#[test]
fn imports_in_a_circle_are_answered() {
    let files = Memory::of(&[
        (
            "a.nn",
            "import B from \"b.nn\"\nblock A {\n input x: [N]\n B\n output y\n}\n",
        ),
        (
            "b.nn",
            "import A from \"a.nn\"\nblock B {\n input x: [N]\n A\n output y\n}\n",
        ),
        (
            "self.nn",
            "import A from \"self.nn\"\nblock A {\n input x: [N]\n ReLU\n output y\n}\n",
        ),
    ]);
    for name in ["a.nn", "self.nn"] {
        let text = files.0[name].clone();
        let analysis = analyze(name, text.as_bytes(), &files, &Settings::default());
        assert!(
            codes(&analysis).contains(&Code::E0211),
            "{:?}",
            codes(&analysis)
        );
    }
}

#[test]
fn every_beginning_of_every_example_is_answered() {
    let mut paths = files("examples", "nn");
    paths.extend(files("examples/errors", "nn"));
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (at, _) in text.char_indices() {
            survives(&name(&path), &text.as_bytes()[..at]);
        }
    }
}

#[test]
fn lenet_without_any_one_character_is_answered() {
    let text = fs::read_to_string(root().join("examples/lenet5.nn")).unwrap();
    for (at, letter) in text.char_indices() {
        let without = format!("{}{}", &text[..at], &text[at + letter.len_utf8()..]);
        survives("lenet5.nn without a character", without.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        survives("bytes", &bytes);
    }

    #[test]
    fn any_words_are_answered(words in proptest::collection::vec(prop_oneof![
        Just("model"), Just("block"), Just("M"), Just("{"), Just("}"), Just("\n"), Just("input"),
        Just("x"), Just(":"), Just("["), Just("N"), Just(","), Just("]"), Just("output"),
        Just("repeat"), Just("3"), Just("as"), Just("Conv"), Just("("), Just(")"), Just("kernel"),
        Just("="), Just("from"), Just("->"), Just("let"), Just("+"), Just("**"), Just("//"),
        Just("0"), Just("-1"), Just("ReLU"), Just("reuse"), Just("."), Just("*"), Just("_"),
        Just("import"), Just("\"a.nn\""), Just("weights"), Just("labels"), Just("Reshape"),
        Just("layout"), Just("channels_first"), Just("1.5"), Just("Concat"), Just("axis"),
    ], 0..80)) {
        survives("words", words.join(" ").as_bytes());
    }

    #[test]
    fn any_arithmetic_is_answered(
        a in any::<i128>(), b in any::<i64>(), op in "[+*%-]|//|[*][*]|/",
    ) {
        let line = format!("    fc: Linear(({a}) {op} ({b}))");
        survives(&line, model(&line).as_bytes());
        let line = format!("    fc: Linear((N * ({b}) + H) {op} ({a}))");
        survives(&line, model(&line).as_bytes());
    }
}

/// The exit status of `nnc check` on standard input.
fn status(arguments: &[&str], input: &[u8]) -> Option<i32> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nnc"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    // A command that ends early closes its input.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    child.wait().expect("the command ends").code()
}

#[test]
fn the_exit_status_says_what_happened() {
    let good = "model M {\n    input x: [N, 4]\n    ReLU\n    output y\n}\n";
    let warned = "model M {\n    input x: [N, 4]\n    Linear(2)\n    output y\n}\n";
    let wrong = "model M {\n    input x: [N, 4]\n    Relu\n    output y\n}\n";
    assert_eq!(status(&["check", "-"], good.as_bytes()), Some(0));
    assert_eq!(status(&["check", "-"], warned.as_bytes()), Some(0));
    assert_eq!(
        status(&["check", "-", "--deny-warnings"], warned.as_bytes()),
        Some(1)
    );
    assert_eq!(status(&["check", "-"], wrong.as_bytes()), Some(1));
    assert_eq!(status(&["check", "-"], b"\xff\xfe\x00model"), Some(1));
    assert_eq!(status(&["check", "nowhere.nn"], b""), Some(2));
    assert_eq!(status(&["check"], b""), Some(2));
    assert_eq!(
        status(&["run", "-", "-i", "x=[[1,2]]"], good.as_bytes()),
        Some(3)
    );
    let deep = format!("model M {{ {}", "(".repeat(200_000));
    assert_eq!(status(&["check", "-"], deep.as_bytes()), Some(1));
    // Names that no program could mean, and a model in a file that checks.
    assert!(!check(good).has_errors());
}

/// What `nnc` writes of all examples at once, good and bad.
fn said(arguments: &[&str], paths: &[std::path::PathBuf]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nnc"))
        .args(arguments)
        .args(paths)
        .output()
        .expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("it writes text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Tables that are ordered by chance differ from run to run, and within one.
#[test]
fn the_same_files_give_the_same_words() {
    let mut paths = files("examples", "nn");
    paths.extend(files("examples/errors", "nn"));
    for path in &paths {
        let bytes = fs::read(path).expect("a readable example");
        let answer = || {
            let folder = Folder(path.parent().expect("it is in a folder").to_owned());
            let analysis = analyze(&name(path), &bytes, &folder, &Settings::default());
            let models = analysis.program.models.iter();
            let tables: Vec<String> = models
                .map(|model| Summary::new(model, &analysis.sources, &analysis.diagnostics))
                .map(|summary| summary.render(100, Paint(false)))
                .collect();
            let style = Style::PLAIN;
            let drawn = render_all(&analysis.diagnostics, &analysis.sources, style);
            (drawn, tables, format!("{:?}", analysis.diagnostics))
        };
        let first = answer();
        for _ in 0..4 {
            assert_eq!(answer(), first, "{}", path.display());
        }
    }
    for format in ["human", "json", "short", "sarif"] {
        let arguments = ["check", "--format", format];
        let first = said(&arguments, &paths);
        assert_eq!(first.0, Some(1), "{}", first.2);
        assert!(!first.1.is_empty());
        for _ in 0..3 {
            assert_eq!(said(&arguments, &paths), first, "{format}");
        }
    }
    for path in files("examples", "nn") {
        for format in ["human", "json"] {
            let arguments = ["summary", "--format", format];
            let answer = || said(&arguments, std::slice::from_ref(&path));
            assert_eq!(answer(), answer(), "{}", path.display());
        }
    }
}
