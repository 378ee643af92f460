//! Advice (`W02xx`) is told where it is true, once, and nowhere else.

mod support;

use nnc::analysis::{Settings, analyze};
use nnc::diag::Code;
use support::{Memory, check, told};

/// The advice on a model with this body, after a first line that is an input.
fn advice(body: &str) -> Vec<String> {
    let text = format!("model M {{\n{body}\n}}\n");
    advice_on(&text)
}

fn advice_on(text: &str) -> Vec<String> {
    let analysis = check(text);
    assert!(!analysis.has_errors(), "{text}{:?}", told(&analysis));
    let all = told(&analysis).into_iter();
    all.filter(|line| line.starts_with("W02")).collect()
}

#[track_caller]
fn silent(cases: &[&str]) {
    for body in cases {
        assert_eq!(advice(body), [""; 0], "{body}");
    }
}

#[track_caller]
fn fires(cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        assert_eq!(advice(body), [*expected], "{body}");
    }
}

#[test]
fn linear_maps_in_a_row() {
    fires(&[
        (
            "input x: [N, 8]\na: Linear(8)\nIdentity\nb: Linear(3)\noutput y",
            "W0201 line 5",
        ),
        (
            "input x: [N, 8]\na: Linear(8)\nFlatten\nb: Linear(3)\noutput y",
            "W0201 line 5",
        ),
        (
            "input x: [N, H, W, 8]\na: Conv(8, kernel=1)\nb: Conv(3, 1)\noutput y",
            "W0201 line 4",
        ),
    ]);
    silent(&[
        "input x: [N, 8]\na: Linear(8)\nReLU\nb: Linear(3)\noutput y",
        // A narrow middle is a map of low rank.
        "input x: [N, 8]\na: Linear(2)\nb: Linear(8)\noutput y",
        // The middle is a result of its own.
        "input x: [N, 8]\na: Linear(8)\nb: Linear(3)\noutput y\noutput a from a",
        "input x: [N, 8]\na: Linear(8)\nb: Linear(8)\nAdd from a, b\noutput y",
        // Axes are joined, so that each layer sees other numbers.
        "input x: [N, 4, 8]\na: Linear(8)\nFlatten\nb: Linear(32)\noutput y",
        // One layer twice is no two layers that could be one.
        "input x: [N, 8]\na: Linear(8)\nreuse a\noutput y",
        "input x: [N, 2]\na: Linear(2, weight=[[1, 0], [0, 2]], bias=0)\nb: Linear(2)\noutput y",
        "input x: [N, H, W, 8]\na: Conv(8, kernel=3)\nb: Conv(3, kernel=1)\noutput y",
        "input x: [N, H, W, 8]\na: Conv(8, kernel=1, groups=2)\nb: Conv(8, kernel=1)\noutput y",
        "input x: [N, H, W, 8]\na: Conv(8, kernel=1, padding=1)\nb: Conv(8, kernel=1)\noutput y",
    ]);
}

#[test]
fn biases_before_norms() {
    fires(&[(
        "input x: [N, H, W, 8]\nc: ConvTranspose(8, kernel=2, stride=2)\nb: BatchNorm\noutput y",
        "W0202 line 3",
    )]);
    silent(&[
        "input x: [N, H, W, 8]\nc: Conv(8, kernel=3, bias=false)\nb: BatchNorm\noutput y",
        "input x: [N, H, W, 8]\nc: Conv(8, kernel=3, bias=2)\nb: BatchNorm\noutput y",
        "input x: [N, H, W, 8]\nc: Conv(8, kernel=3)\nReLU\nb: BatchNorm\noutput y",
        "input x: [N, H, W, 8]\nc: Conv(8, kernel=3)\nb: BatchNorm\noutput y\noutput c from c",
        "input x: [N, H, W, 8]\nc: Conv(8, kernel=3, padding=same)\nb: BatchNorm\nReLU\n\
         reuse c\noutput y",
    ]);
    // The bias lies on the last axis, the norm's channels on the second.
    let first = "layout channels_first\nmodel M {\ninput x: [N, 8, H, 4]\nl: Linear(8)\n\
                 b: BatchNorm\noutput y\n}\n";
    assert_eq!(advice_on(first), [""; 0]);
}

#[test]
fn trained_biases_are_not_taken_away() {
    let body = "input x: [N, 8]\nl: Linear(8)\nb: BatchNorm\noutput y\n}\n";
    let fixes = |text: &str| {
        let found = analyze(
            "m.nn",
            text.as_bytes(),
            &Memory::default(),
            &Settings::default(),
        );
        let mut all = found.diagnostics.into_iter();
        let told = all.find(|told| told.code == Code::W0202).expect("told");
        told.fixes.len()
    };
    assert_eq!(fixes(&format!("model M {{\n{body}")), 1);
    assert_eq!(
        fixes(&format!("model M {{\nweights \"m.safetensors\"\n{body}")),
        0
    );
    assert_eq!(
        fixes(&format!("block B {{\n{}", body.replace("[N, 8]", "[N, C]"))),
        0
    );
}

#[test]
fn scores_before_a_softmax() {
    fires(&[
        (
            "input x: [N, 8]\nSoftmax\nIdentity\nSoftmax\noutput y",
            "W0203 line 5",
        ),
        (
            "input x: [N, 8]\nReLU\nDropout\nSoftmax\noutput y",
            "W0203 line 3",
        ),
    ]);
    silent(&[
        "input x: [N, 8]\nl: Linear(3)\nSoftmax\noutput y",
        "input x: [N, 8, 8]\nSoftmax(axis=1)\nSoftmax(axis=2)\noutput y",
        // These weigh something; they are no answer.
        "input x: [N, 8]\nReLU\ns: Softmax\nMul from s, x\noutput y",
        "input x: [N, 8]\nr: ReLU\nSoftmax\noutput y\noutput r from r",
    ]);
}

#[test]
fn windows() {
    fires(&[
        (
            "input x: [N, T, 8]\nc: Conv(8, kernel=2, padding=same)\noutput y",
            "W0204 line 3",
        ),
        (
            "input x: [N, 9, 8, 1]\nMaxPool(2)\noutput y",
            "W0205 line 3",
        ),
        (
            "input x: [N, 8, 8, 1]\nAvgPool(3)\noutput y",
            "W0205 line 3",
        ),
        (
            "input x: [N, H, 8, 1]\nc: Conv(1, 3, stride=2)\noutput y",
            "W0205 line 3",
        ),
        (
            "input x: [N, H, W, 1]\nMaxPool(2, stride=3)\noutput y",
            "W0206 line 3",
        ),
    ]);
    silent(&[
        "input x: [N, T, 8]\nc: Conv(8, kernel=4, stride=2, padding=same)\noutput y",
        "input x: [N, H, W, 8]\nMaxPool(2, stride=1, padding=same)\noutput y",
        "input x: [N, 8, 8, 1]\nMaxPool(2)\noutput y",
        "input x: [N, H, W, 1]\nMaxPool(2)\noutput y",
        "input x: [N, 9, 9, 1]\nMaxPool(2, ceil=true)\noutput y",
        "input x: [N, 9, 9, 1]\nMaxPool(2, padding=same)\noutput y",
        // What is left over is padding.
        "input x: [N, 224, 224, 3]\nc: Conv(64, kernel=7, stride=2, padding=3)\noutput y",
        // ResNet's shortcut picks every second pixel.
        "input x: [N, 9, 9, 1]\nc: Conv(1, kernel=1, stride=2)\noutput y",
        "input x: [N, 9, 9, 1]\nMaxPool(1, stride=2)\noutput y",
        "input x: [N, 2, 2, 1]\nMaxPool(2, stride=3)\noutput y",
    ]);
}

#[test]
fn heavy_layers_dropouts_and_names() {
    fires(&[
        (
            "input x: [N, 64, 64, 3]\nc: Conv(32, kernel=3, padding=same)\nFlatten\n\
             f: Linear(10)\noutput y",
            "W0207 line 5",
        ),
        (
            "input x: [N, 8]\nl: Linear(3)\nDropout(0.1)\noutput y",
            "W0208 line 4",
        ),
        (
            "input a: [batch, 8]\ninput b: [bach, 8]\nConcat(axis=0) from a, b\noutput y",
            "W0209 line 3",
        ),
    ]);
    silent(&[
        // Small.
        "input x: [N, 28, 28, 1]\nc: Conv(6, kernel=3)\nFlatten\nf: Linear(120)\noutput y",
        // No convolutions, so no picture.
        "input x: [N, 64, 64, 3]\nFlatten\nf: Linear(500)\noutput y",
        "input x: [N, 8]\nDropout(0.1)\nl: Linear(3)\noutput y",
        "input x: [N, 8]\nl: Linear(3)\nDropout(0)\noutput y",
        "input a: [N, H, 1]\ninput b: [N, h, 1]\nConcat(axis=1) from a, b\noutput y",
        "input a: [N, size1]\ninput b: [N, size2]\nConcat(axis=1) from a, b\noutput y",
        "input a: [N, word]\ninput b: [N, words]\nConcat(axis=1) from a, b\noutput y",
        "input a: [batch, bath]\noutput y",
    ]);
}

#[test]
fn averages_of_places_that_see_little() {
    let net = |input: &str, body: &str| format!("input x: {input}\n{body}\noutput y");
    let shallow = "a: Conv(8, 3, padding=same)\nReLU\nb: Conv(8, 3, padding=same)\nReLU\n\
                   GlobalAvgPool\nf: Linear(3)\nSoftmax";
    fires(&[(&net("[N, 21, 21, 3]", shallow), "W0210 line 7")]);
    silent(&[
        // 5 of 20 is a quarter.
        &net("[N, 20, 21, 3]", shallow),
        &net("[N, H, W, 3]", shallow),
        // Features have seen more than their place.
        &net("[N, 21, 21, 64]", shallow),
        // Scores, no probabilities; a mean may be all that is asked for.
        &net("[N, 21, 21, 3]", &shallow.replace("\nSoftmax", "")),
        // Whether a detail is there at all is a question of details.
        &net(
            "[N, 21, 21, 3]",
            &shallow.replace("GlobalAvgPool", "GlobalMaxPool"),
        ),
        &net("[N, 64, 300]", shallow),
        // The pool weighs the channels of a map, which says more.
        "input x: [N, 64, 64, 3]\na: Conv(8, 3, padding=same)\nm: ReLU\nGlobalAvgPool\n\
         g: Linear(8)\nSigmoid\nReshape([N, 1, 1, 8])\nMul from reshape_1, m\nb: Conv(8, 3)\n\
         ReLU\nFlatten\nf: Linear(3)\nSoftmax\noutput y",
    ]);
}

#[test]
fn orders_of_other_frameworks() {
    fires(&[
        (
            "input x: [N, 32, 32, 3]\nc: Conv(3, 6, 5)\noutput y",
            "W0211 line 3",
        ),
        (
            "input x: [N, 32, 32, 1]\nc: Conv(1, 32, 3)\noutput y",
            "W0211 line 3",
        ),
        (
            "input x: [N, 3, 32, 32]\nc: Conv(8, 3)\noutput y",
            "W0212 line 2",
        ),
        (
            "input x: [N, 1, H, W]\nRescale(1/255)\nMaxPool(1)\noutput y",
            "W0212 line 2",
        ),
    ]);
    silent(&[
        "input x: [N, 33, 33, 64]\nc: Conv(64, 3, 2)\noutput y",
        "input x: [N, 33, 33, 3]\nc: Conv(3, 5, 2)\noutput y",
        "input x: [N, 32, 32, 3]\nc: Conv(3, 16, 16)\noutput y",
        "input x: [N, 31, 31, 3]\nc: Conv(3, kernel=6, stride=5)\noutput y",
        "input x: [N, 32, 32, 1]\nc: Conv(3, 32, 3)\noutput y",
        // No window slides over it, and three rows may be meant.
        "input x: [N, 3, 32, 32]\nf: Linear(8)\noutput y",
        "input x: [N, 3, 32, 16]\nc: Conv(8, 3)\noutput y",
        "input x: [N, 3, T, C]\nc: Conv(8, (1, 3))\noutput y",
    ]);
    let first =
        "layout channels_first\nmodel M {\ninput x: [N, 3, 32, 32]\nc: Conv(8, 3)\noutput y\n}\n";
    assert_eq!(advice_on(first), [""; 0]);
}

#[test]
fn a_block_is_told_of_once_and_a_use_where_it_matters() {
    let text = "block B {\ninput x: [N, C]\na: Linear(64)\nb: Linear(8)\noutput y\n}\n\
                model M {\ninput x: [N, 16]\none: B\ntwo: B\noutput y\n}\n";
    // The second use goes from 8 over 64 to 8 again; between the uses 8 is the narrow middle.
    assert_eq!(advice_on(text), ["W0201 line 4"]);
    let wide = text.replace("Linear(8)", "Linear(128)");
    let wide = wide.replace("Linear(64)", "Linear(128)");
    // Here the end of one use and the beginning of the next are one map, too.
    assert_eq!(advice_on(&wide), ["W0201 line 3", "W0201 line 4"]);
    let norm = "block B {\ninput x: [N, C]\na: Linear(64)\nBatchNorm\nReLU\noutput y\n}\n\
                model M {\ninput x: [N, 16]\none: B\ntwo: B\noutput y\n}\n";
    assert_eq!(advice_on(norm), ["W0202 line 3"]);
}

#[test]
fn a_model_with_errors_is_not_advised() {
    let text = "model M {\ninput x: [N, 8]\na: Linear(8)\nb: Linear(8)\nDens(3)\noutput y\n}\n";
    assert_eq!(told(&check(text)), ["E0201 line 5"]);
}
