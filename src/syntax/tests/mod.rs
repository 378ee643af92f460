//! What the parser says about every slip, and that nothing breaks it.

use super::*;
use crate::diag::Fix;
use crate::text::LineIndex;

mod hostile;
mod slips;
mod trees;

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

/// `text` with the edits of `fix`.
fn fixed(text: &str, fix: &Fix) -> String {
    let mut fixed = text.to_owned();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    for edit in edits {
        fixed.replace_range(edit.span.range(), &edit.text);
    }
    fixed
}

/// `line: code message => the lines that the first fix changes`, one diagnostic a line.
fn show(text: &str) -> String {
    let (_, diagnostics) = parse(FileId(0), text);
    let lines = LineIndex::new(text);
    let mut shown = Vec::new();
    for diagnostic in diagnostics {
        let line = lines.line(diagnostic.primary.span.start as usize) + 1;
        let mut entry = format!("{line}: {} {}", diagnostic.code, diagnostic.message);
        if let Some(fix) = diagnostic.fixes.first() {
            let fixed = fixed(text, fix);
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
    show(&third(line))
}

fn third(line: &str) -> String {
    format!("model M {{\n    input x0: [N]\n    {line}\n    Tanh\n    output y0\n}}\n")
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
        let text = third(line);
        let (_, diagnostics) = parse(FileId(0), &text);
        for fix in diagnostics.iter().flat_map(|diagnostic| &diagnostic.fixes) {
            let (_, left) = parse(FileId(0), &fixed(&text, fix));
            let again = |other: &Diagnostic| other.message == diagnostics[0].message;
            if left.iter().any(again) {
                wrong.push(format!("{line}\n  is not fixed by `{}`", fix.title));
            }
        }
        if said != expected {
            wrong.push(format!("{line}\n  says     {said}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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

/// The codes of the diagnostics of `text`.
fn codes(text: &str) -> Vec<&'static str> {
    let (_, diagnostics) = parse(FileId(0), text);
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.name())
        .collect()
}

#[test]
fn pages_and_examples_show_their_mistake_once() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(root.join("examples/errors")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("E01") {
            continue;
        }
        // What is not UTF-8 never reaches the parser.
        let Ok(text) = std::fs::read_to_string(&path) else {
            assert!(name.starts_with("E0105"), "{name}");
            continue;
        };
        seen += 1;
        assert_eq!(codes(&text), [&name[..5]], "{name}: {}", show(&text));
    }
    assert!(seen > 15, "{seen} examples");
    for code in crate::diag::Code::ALL
        .iter()
        .filter(|code| code.name().starts_with("E01"))
    {
        let page = code.page();
        for fence in page.split("```nn").skip(1) {
            let (info, rest) = fence.split_once('\n').unwrap();
            let program = rest.split("```").next().unwrap();
            let expected: &[&str] = match info.trim() {
                "fails" => &[code.name()],
                _ => &[],
            };
            assert_eq!(codes(program), expected, "{code}: {}", show(program));
        }
        assert!(page.contains("```nn\n"), "{code}");
    }
}
