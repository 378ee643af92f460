//! Sizes from data, as a person reads what is wrong.

use crate::exec::{Given, bind_sizes};
use crate::lower::script::Script;
use crate::shape::Cmp;
use crate::shape::{Dim, Requirement};
use crate::tensor::DType;

fn given<'a>(input: &'a str, source: &'a str, shape: &'a [usize]) -> Given<'a> {
    Given {
        input,
        source,
        ty: Some((DType::F32, shape)),
        picture: source.contains(".png"),
    }
}

/// The values in order of names, or the diagnostics.
fn bound(script: &Script, given: &[Given]) -> String {
    match bind_sizes(&script.model, given) {
        Ok(env) => {
            let values = env.iter().map(|(name, value)| format!("{name}={value}"));
            values.collect::<Vec<_>>().join(" ")
        }
        Err(problems) => script.draw_all(&problems),
    }
}

fn digits() -> Script {
    let mut script = Script::new("Digits", &["N"]);
    script.input("image", "[N, 28, 28, 1]");
    script
}

#[test]
fn binds_in_any_order() {
    let mut script = Script::new("Net", &["N", "H", "W", "k"]);
    script.input("a", "[N, H*W]");
    script.input("b", "[N, 2*k + H - 1]");
    script.input("c", "[H, 3*W]");
    let found = bound(
        &script,
        &[
            given("c", "`c.npy`", &[4, 15]),
            given("b", "`b.npy`", &[7, 13]),
            given("a", "`a.npy`", &[7, 20]),
        ],
    );
    assert_eq!(found, "H=4 N=7 W=5 k=5");
}

#[test]
fn binds_by_products_with_what_is_known() {
    let mut script = Script::new("Net", &["N", "H", "W", "c"]);
    script.input("pixels", "[N, H*W]");
    script.input("rows", "[N, H]");
    script.input("last", "[W*c + H - 2]");
    let run = |pixels: usize, last: usize| {
        bound(
            &script,
            &[
                given("pixels", "`p.npy`", &[2, pixels]),
                given("rows", "`r.npy`", &[2, 3]),
                given("last", "`l.npy`", &[last]),
            ],
        )
    };
    assert_eq!(run(12, 9), "H=3 N=2 W=4 c=2");
    for (pixels, last, says) in [
        (
            13,
            9,
            "H is 3 by axis 1 of `r.npy`, so no whole W makes axis 1, which is H*W, 13; the \
             nearest sizes are 12 and 15",
        ),
        (
            12,
            10,
            "H is 3 by axis 1 of `r.npy` and W is 4 by axis 1 of `p.npy`, so no whole c makes \
             axis 0, which is W*c + H - 2, 10; the nearest sizes are 9 and 13",
        ),
        (
            12,
            1,
            "axis 0 is W*c + H - 2, and c would be 0 instead of at least 1",
        ),
    ] {
        let found = run(pixels, last);
        assert!(found.contains(says), "{found}");
    }
}

#[test]
fn shows_both_shapes_one_above_the_other() {
    assert_eq!(
        bound(&digits(), &[given("image", "`seven.png`", &[1, 32, 32, 1])]),
        "\
E0603: `seven.png` does not fit the input `image`: axes 1 and 2 differ
  [N, 28, 28, 1] <- `seven.png` is [1, 32, 32, 1]
  = `image` takes  [N, 28, 28, 1]
    `seven.png` is [1, 32, 32, 1]
                       ^^  ^^
  = `--resize` alone makes a picture as large as the model takes it
"
    );
}

#[test]
fn sees_what_the_shape_was_meant_to_be() {
    let cases: [(&[usize], &str); 3] = [
        (
            &[28, 28, 1],
            "the first axis is missing: a batch of one is [1, 28, 28, 1]",
        ),
        (
            &[5, 1, 28, 28],
            "the data looks channels-first; with the channels last it is [5, 28, 28, 1]",
        ),
        (&[0, 28, 28, 1], "axis 0 is empty"),
    ];
    for (shape, note) in cases {
        let found = bound(&digits(), &[given("image", "`x.npy`", shape)]);
        assert!(
            found.starts_with("E0603") && found.contains(note),
            "{found}"
        );
    }
}

#[test]
fn says_which_input_brought_the_other_value() {
    let mut script = Script::new("Pair", &["N", "T"]);
    script.input("x", "[N, T]");
    script.input("y", "[N, 2*T]");
    assert_eq!(
        bound(
            &script,
            &[
                given("x", "`x.npy`", &[2, 3]),
                given("y", "`y.npy`", &[5, 7])
            ]
        ),
        "\
E0603: `y.npy` does not fit the input `y`: axes 0 and 1 differ
  [N, 2*T] <- `y.npy` is [5, 7]
  [N, T] <- N is 2 by axis 0 of `x.npy`
  [N, T] <- T is 3 by axis 1 of `x.npy`
  = `y` takes  [N, 2*T]
    `y.npy` is [5,   7]
                ^  ^^^
  = N is 2 by axis 0 of `x.npy`, so axis 0 must be 2
  = T is 3 by axis 1 of `x.npy`, so axis 1, which is 2*T, must be 6
"
    );
}

#[test]
fn says_which_sizes_are_near() {
    let mut script = Script::new("Even", &["h"]);
    script.input("x", "[2*h + 1]");
    let found = bound(&script, &[given("x", "`x.npy`", &[8])]);
    let note = "axis 0 is 2*h + 1, and no whole h makes that 8; the nearest sizes are 7 and 9";
    assert!(found.contains(note), "{found}");
    let found = bound(&script, &[given("x", "`x.npy`", &[1])]);
    assert!(
        found.contains("h would be 0 instead of at least 1"),
        "{found}"
    );
}

#[test]
fn tells_names_types_and_inputs_in_one_go() {
    let mut script = Script::new("Net", &["N"]);
    script.input("image", "[N, 2]");
    script.input("mask", "i64[N, 2]");
    script.input("noise", "[N, 2]");
    let wrong = Given {
        ty: Some((DType::F32, &[1, 2])),
        ..given("mask", "`mask.npy`", &[])
    };
    assert_eq!(
        bound(&script, &[given("imge", "`a.npy`", &[1, 2]), wrong]),
        "\
E0602: `Net` has no input `imge`
  Net <- its inputs are `image`, `mask` and `noise`
  = did you mean `image`?
E0604: `mask` takes i64, and `mask.npy` holds f32
  i64[N, 2] <- `mask.npy` holds f32
  = numbers are converted where that loses nothing; some of these would change
E0601: the input `noise` is not given
  [N, 2] <- it takes f32 [N, 2]
  = give it with `-i noise=FILE`, or make one up: `-i noise=random`
"
    );
}

#[test]
fn names_the_layer_whose_requirement_is_broken() {
    let mut script = Script::new("Net", &["N", "h"]);
    let x = script.input("x", "[N, h, h, 1]");
    script.layer("conv", "Conv(2, kernel=5)", &[x]);
    let low = Requirement::AtLeast {
        var: "h".into(),
        low: 5,
    };
    script.require(low, "`Conv` needs 5 cells for its kernel", 0);
    let both = Requirement::Compare {
        left: Dim::var("h").mul(&Dim::var("N")).unwrap(),
        op: Cmp::Le,
        right: Dim::constant(100),
    };
    script.require(both, "a table holds 100 positions", 0);
    assert_eq!(
        bound(&script, &[given("x", "`x.npy`", &[30, 4, 4, 1])]),
        "\
E0606: the model needs h >= 5, and h is 4
  conv: Conv(2, kernel=5) from x <- this layer needs it
  [N, h, h, 1] <- `x.npy` is [30, 4, 4, 1]
  = `Conv` needs 5 cells for its kernel
E0606: the model needs N*h <= 100, and N is 30 and h is 4
  conv: Conv(2, kernel=5) from x <- this layer needs it
  [N, h, h, 1] <- `x.npy` is [30, 4, 4, 1]
  = a table holds 100 positions
"
    );
    // Data that is made to fit is as small as the requirements allow.
    let random = Given {
        ty: None,
        ..given("x", "`random`", &[])
    };
    assert_eq!(bound(&script, &[random]), "N=1 h=5");
}

#[test]
fn asks_for_parameters_of_the_model() {
    let mut script = digits();
    script.unset("classes");
    assert_eq!(
        bound(&script, &[]),
        "\
E0607: `Digits` needs a value for `classes` to run
  Digits <- it has no default
  = set it with `--set classes=VALUE`
"
    );
}

#[test]
fn survives_sizes_beyond_what_can_be_computed() {
    let mut script = Script::new("Net", &["N", "M"]);
    script.input("x", "[N, N*N*N*N*N*M]");
    let huge = usize::MAX >> 1;
    let found = bound(&script, &[given("x", "`x.npy`", &[huge, huge])]);
    assert!(!found.is_empty());
}
