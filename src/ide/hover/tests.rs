use super::*;
use crate::ide::testing::at_each_mark;

fn hovers(text: &str, beside: &[(&str, &str)]) -> String {
    at_each_mark(text, beside, |view, file, offset| {
        match hover(view, file, offset) {
            Some(found) => {
                assert!(!found.text.contains("\n\n\n"), "{}", found.text);
                format!("‹{}›\n{}", view.slice(found.span), found.text)
            }
            None => "nothing".to_owned(),
        }
    })
}

#[test]
fn layers_say_what_they_make() {
    insta::assert_snapshot!(hovers(
        "\
model LeNet5 {
    input image: [N, 28, 28, 1]
    conv1: $0Conv(6, kernel=5)
    pool: Max$0Pool(2) -> [N, 12, 12, 6]
    Flatten$0
    fc: Linear(10)
    $0Softmax
    output digit: [N, 10]
}
",
        &[],
    ));
}

#[test]
fn layers_in_repeats_and_blocks() {
    insta::assert_snapshot!(hovers(
        "\
block Wide(filters, k = 3) {
    input x: [N, H, W, C]
    conv: $0Conv(filters, kernel=k)
    norm: $0BatchNorm
    output y
}

model M {
    input image: [N, 4*h, 4*w, 8]
    same: repeat 3 { $0Conv(8, kernel=3, padding=same) }
    wider: repeat 2 as i {
        conv: $0Conv(16 * (i + 1), kernel=3, padding=same, dilation=2**i)
        MaxPool(2)
    }
    use: $0Wide(4)
    again: reuse wider.0.conv from same
    output y from use
    output z from again
}
",
        &[],
    ));
}

#[test]
fn values_say_their_shapes() {
    insta::assert_snapshot!(hovers(
        "\
block Two(filters) {
    input x: [N, H, W, C]
    conv: Conv(filters, kernel=3, padding=same)
    output y: [N, H, W, filters] from conv
    output z from x
}

# Finds things.
model M {
    # A photograph.
    input $0image: [N, 2*h, 2*w, 3]
    # The first look.
    $0look: Conv(8, kernel=3, padding=same)
    pool: MaxPool(2)
    $0two: Two(5)
    st$0ack: repeat 3 as i {
        skip: Identity
        $0c: Conv(4 + i, kernel=3, padding=same)
    }
    joined: Concat(axis=-1) from stack.$0*.$0c
    back: MaxUnpool from $0pool, pool.$0indices
    third: Identity from stack.$02.$0c
    z: Identity from two.$0z
    tied: Linear(4, bias=false) from look
    w: Identity from look.$0weight, two.conv.$0bias
    on$0ce: reuse look from image
    output $0mask from joined
    output $0class labels [\"a\", \"b\"] from tied
}
",
        &[],
    ));
}

#[test]
fn compile_time_names() {
    insta::assert_snapshot!(hovers(
        "\
block Halve($0filters) {
    input x: [N, $0H, W, C]
    conv: Conv($0filters, kernel=5)
    sum: Add from conv, conv
    MaxPool(2)
    gate: Conv(C, kernel=1)
    short: MaxPool(6, stride=2) from x
    Add from gate, short
    output y
}

model M($0classes = 2, depth) {
    input image: [$0N, 2*$0h, 2*w, 3]
    # Twice the classes.
    let $0k = 2 * classes
    conv: Conv($0k, kernel=5)
    MaxPool(2)
    stack: repeat 3 as $0i {
        Conv(k, kernel=$0i + 1)
    }
    MaxPool(2)
    head: Conv($0depth, kernel=1)
    output y: [$0N, $0h, w, classes]
}
",
        &[],
    ));
}

#[test]
fn arguments_and_choices() {
    insta::assert_snapshot!(hovers(
        "\
block B(width) {
    input x: [N, C]
    Linear(width)
    output y
}
model M {
    input image: [N, H, W, 3]
    a: Conv(8, $0kernel=3, padding=$0same, bias=$0false, stride=m$0ax(1, 2))
    b: MaxPool($02, stride=1)
    Upsample(2, mode=$0bilinear)
    c: B($0width=$08)
    Softmax(axis=(-1$0))
    output y: [N, H, W, 8]
}
",
        &[],
    ));
}

#[test]
fn blocks_models_and_imports() {
    insta::assert_snapshot!(hovers(
        "\
import Residual, $0Plain from \"parts/$0blocks.nn\"
# A model.
model $0M(classes = 2) {
    weights \"m.safetensors\"
    input image: [N, H, W, 3]
    a: $0Residual(3)
    b: Conv$02D(3)
    output y from a
}
",
        &[(
            "parts/blocks.nn",
            "\
# Adds what it makes.
# Twice.
block Residual(filters, k = 3) {
    input x: [N, H, W, C]
    conv: Conv(filters, kernel=k, padding=same)
    MaxPool(3, stride=1, padding=same)
    Add from conv, x
    output y
}
block Plain {
    input x: [N, C]
    ReLU
    output y
}
",
        )],
    ));
}

#[test]
fn words_and_mistakes() {
    insta::assert_snapshot!(hovers(
        "\
lay$0out chan$0nels_last
# allow W0$0102: for show
mo$0del M {
    in$0put x: f3$02[N, 8]
    l$0et k = 3
    re$0peat 2 a$0s i { fc: Linear(8) }
    b: reu$0se repeat_1.0 fr$0om x -$0> [N, 7]
    c: Conv(3, ker$0nel=3)
    d: Lin ear$0(3)
    e: Lin$0ear(3, feat=3)
    f: Reshape([N, $0_]) from x
    out$0put y from f lab$0els [\"a\"]
}
",
        &[],
    ));
}
