use super::*;
use crate::ide::testing::at_each_mark;

fn beside() -> Beside {
    let block = |name: &str| name.to_owned();
    Beside {
        files: vec![
            (
                "blocks.nn".to_owned(),
                vec![block("Residual"), block("Plain")],
            ),
            ("parts/more.nn".to_owned(), vec![block("Wide")]),
        ],
        weights: vec![
            "m.safetensors".to_owned(),
            "weights/n.safetensors".to_owned(),
        ],
    }
}

/// A line an item: label, detail, what is written where that is not the label, changes elsewhere.
/// Of layers those that begin with what is typed, of codes the first three.
fn shown(view: &View, file: FileId, offset: usize) -> String {
    let found = completion(view, file, offset, &beside());
    let mut out = Vec::new();
    let mut others = false;
    for item in &found.items {
        let typed = &view.text(file)[item.replace.start as usize..offset];
        let name = item.filter.as_ref().unwrap_or(&item.label);
        let begins = !typed.is_empty() && name.starts_with(typed);
        let codes = out.iter().filter(|line: &&String| line.contains(" Code "));
        if item.kind == Kind::Layer && !begins || item.kind == Kind::Code && codes.count() == 3 {
            others = true;
            continue;
        }
        let mut line = format!("{:<20} {:?}", item.label, item.kind);
        if let Some(detail) = &item.detail {
            line += &format!("  {detail}");
        }
        match &item.insert {
            Insert::Plain(text) if *text == item.label => {}
            Insert::Plain(text) => line += &format!("  ⟶ {text:?}"),
            Insert::Snippet(text) => line += &format!("  ⟶ snippet {text:?}"),
        }
        let replaced = view.slice(item.replace);
        if !replaced.is_empty() {
            line += &format!("  in place of {replaced:?}");
        }
        for edit in &item.edits {
            line += &format!("  and {:?} at {}", edit.text, edit.span.start);
        }
        out.push(line);
    }
    if others {
        out.push("and others".to_owned());
    }
    match out.is_empty() {
        true => "nothing".to_owned(),
        false => out.join("\n"),
    }
}

fn completions(text: &str, others: &[(&str, &str)]) -> String {
    at_each_mark(text, others, shown)
}

const BLOCKS: &str = "\
# Adds what it makes.
block Residual(filters, k = 3) {
    input x: [N, H, W, C]
    conv: Conv(filters, kernel=k, padding=same)
    Add from conv, x
    output y
}
block Plain {
    input x: [N, C]
    ReLU
    output y
}
";

#[test]
fn where_a_line_begins() {
    insta::assert_snapshot!(completions(
        "\
$0
import Residual from \"blocks.nn\"
block Two(a, b = 1) {
    input x: [N, C]
    input z: [N, C]
    $0
    Add from x, z
    output y
}
model M {
    input x: [N, 8, 8, 3]
    Conv$0
    conv1: Li$0
    Max$0(2)
    two: T$0
    output y
}
mo$0
",
        &[("blocks.nn", BLOCKS)],
    ));
}

#[test]
fn inside_parentheses() {
    insta::assert_snapshot!(completions(
        "\
block Two(a, b = 1) {
    input x: [N, C]
    output y
}
model M(classes = 10) {
    input x: [N, 2*h, 8, 3]
    # A width.
    let width = 2 * classes
    c1: Conv($0)
    c2: Conv(8, $0, stride=2)
    c3: Conv(8, kernel=3, padding=$0
    c4: Conv(8, kernel=(3, $0)
    c5: Conv(8, ker$0=3)
    c6: Conv(8, kernel=3, bias=$0)
    p: MaxPool(2, 2, $0)
    u: Upsample(2, mode=$0)
    r: Reshape([N, $0])
    t: Two(1, $0)
    stack: repeat 3 as i {
        Conv(8, kernel=$0)
    }
    let after = 3
    output y
}
",
        &[],
    ));
}

#[test]
fn values_to_take() {
    insta::assert_snapshot!(completions(
        "\
block Two(filters) {
    input x: [N, H, W, C]
    conv: Conv(filters, kernel=3, padding=same)
    ReLU
    output y from conv
    # What came in.
    output z from x
}
model M {
    # A photograph.
    input image: [N, 8, 8, 3]
    conv1: Conv(6, kernel=3)
    ReLU
    pool: MaxPool(2)
    two: Two(5)
    stack: repeat 6 as i {
        skip: Identity
        c: Conv(4 + i, kernel=3, padding=same)
        Add from $0
    }
    Add from conv1, $0
    Identity from pool.$0
    Identity from two.$0
    Identity from two.conv.$0
    Identity from stack.$0
    Identity from stack.2.$0
    Identity from stack.*.c.$0
    Identity from later, st$0
    x: reuse $0
    y: reuse conv1 $0
    z: reuse two from $0
    later: ReLU
    output a from $0
    output b from conv1 $0
}
",
        &[],
    ));
}

#[test]
fn shapes_and_types() {
    insta::assert_snapshot!(completions(
        "\
block B(k) {
    input x: $0
    input z: f32[N, $0]
    Linear(k) from z -> $0
    output y: $0
}
model M(classes = 2) {
    input x: [N, 2*h, 2*w, 3]
    let k = 3
    MaxPool(2) $0
    MaxPool(2) -> $0
    conv: Conv(8, kernel=3) -> [$0
    c2: Conv(8, kernel=3, padding=same) -> [N, $0, 1, 1]
    c3: Conv(8, kernel=3) $0
    output y: [N, $0]
    output z $0
}
",
        &[],
    ));
}

#[test]
fn the_rest() {
    insta::assert_snapshot!(completions(
        "\
layout $0
import $0
import Residual, $0 from \"blocks.nn\"
import Wide from \"$0\"
import Wide $0
# allow $0
# allow W0202, W$0: so
# a$0
model M {
    weights \"$0
    input x: [N, 4] # all$0
    let k = 4
    let j = $0
    repeat $0 {
    }
    repeat 3 $0
    a: Linear(4) # Conv($0
    output y labels \"$0\"
    output $0
}
",
        &[("blocks.nn", BLOCKS)],
    ));
}

#[test]
fn documents_every_layer() {
    let (analysis, offset) =
        crate::ide::testing::program("model M {\n    input x: [N]\n    $0\n}\n", &[]);
    let (names, facts) = (
        crate::ide::Names::new(&analysis),
        crate::ide::Facts::new(&analysis),
    );
    let view = View::new(&analysis, &names, &facts);
    let found = completion(&view, FileId(0), offset, &Beside::default());
    for def in layers::REGISTRY {
        let item = found.items.iter().find(|item| item.label == def.name());
        let item = item.unwrap_or_else(|| panic!("{}", def.name()));
        let documentation = item.documentation.as_deref().unwrap_or_default();
        assert!(
            documentation.contains(def.doc().detail.trim()),
            "{}",
            def.name()
        );
    }
    let labels: HashSet<_> = found
        .items
        .iter()
        .map(|item| (&item.label, item.kind))
        .collect();
    assert_eq!(labels.len(), found.items.len(), "nothing is there twice");
}
