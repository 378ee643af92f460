use super::*;
use crate::layers::error::Problem;
use crate::layers::testing::{First, Last, arithmetic, dims, range, refusal, shape, shapes};

/// Every window along one axis over `size` cells, counted one by one. `ceil` asks for windows
/// until the padded input is covered, but for none that begins after the input and the padding
/// before it.
fn count(size: i128, slide: &Slide, ceil: bool) -> i128 {
    let extent = slide.dilation * (slide.kernel.as_const().unwrap() - 1) + 1;
    let begins = |window: i128| window * slide.stride;
    let Some((before, after)) = &slide.padding else {
        return (0..).take_while(|w| begins(*w) < size).count() as i128;
    };
    let (before, after) = (before.as_const().unwrap(), after.as_const().unwrap());
    let padded = before + size + after;
    let wanted = |window: i128| {
        if ceil {
            let covered = window > 0 && begins(window - 1) + extent >= padded;
            !covered && begins(window) < before + size
        } else {
            begins(window) + extent <= padded
        }
    };
    (0..).take_while(|w| wanted(*w)).count() as i128
}

/// Slides over small numbers: `same`, and every padding in 0..=3.
fn small_slides() -> Vec<Slide> {
    let mut slides = Vec::new();
    for kernel in 1..=4 {
        for stride in 1..=4 {
            for dilation in 1..=3 {
                let mut push = |padding: Option<(i128, i128)>| {
                    slides.push(Slide {
                        axis: 1,
                        kernel: Dim::constant(kernel),
                        stride,
                        dilation,
                        padding: padding.map(|(b, a)| (Dim::constant(b), Dim::constant(a))),
                    });
                };
                push(None);
                for before in 0..=3 {
                    for after in 0..=3 {
                        push(Some((before, after)));
                    }
                }
            }
        }
    }
    slides
}

#[test]
fn sizes_agree_with_counting_windows() {
    let symbol = Dim::var("L");
    let mut checked = 0;
    for slide in small_slides() {
        for ceil in [false, true] {
            let symbolic = slide.output(&symbol, ceil).unwrap();
            for size in 1..=12 {
                let expected = count(size, &slide, ceil);
                let extent = slide.extent().unwrap().as_const().unwrap();
                let fits = match &slide.padding {
                    None => true,
                    Some((before, after)) => {
                        let padded = before.as_const().unwrap() + size + after.as_const().unwrap();
                        padded >= extent && (!ceil || after.as_const().unwrap() < extent)
                    }
                };
                if !fits {
                    continue;
                }
                let concrete = slide.output(&Dim::constant(size), ceil).unwrap();
                assert_eq!(
                    concrete.as_const(),
                    Some(expected),
                    "{slide:?} {ceil} {size}"
                );
                let env = Env::from([("L".into(), size)]);
                assert_eq!(symbolic.eval(&env), Ok(expected), "{slide:?} {ceil} {size}");
                checked += 1;
            }
        }
    }
    assert!(checked > 10_000);
}

#[test]
fn same_pads_so_that_the_last_window_just_fits() {
    for slide in small_slides()
        .iter()
        .filter(|slide| slide.padding.is_none())
    {
        for size in 1..=12_usize {
            let output = size.div_ceil(slide.stride as usize);
            let extent = number(&slide.extent().unwrap());
            let end = (output - 1) * slide.stride as usize + extent;
            let total = slide.same_total(size, output);
            assert!(size + total >= end, "the last window fits");
            assert!(
                total == 0 || size + total == end,
                "and nothing is left over"
            );
        }
    }
}

/// The claims of a pool are what it takes for every window to see a cell of the input.
#[test]
fn a_pool_window_that_is_allowed_sees_the_input() {
    for slide in small_slides() {
        for ceil in [false, true] {
            for size in 1..=8_i128 {
                let windows = Windows {
                    layer: "MaxPool",
                    layout: Layout::ChannelsLast,
                    argument: "size",
                    kernel: Sizes::All(slide.kernel.clone()),
                    stride: Sizes::All(slide.stride as i64),
                    padding: match &slide.padding {
                        None => Padding::Same,
                        Some(pair) => Padding::Each(vec![pair.clone()]),
                    },
                    dilation: Sizes::All(slide.dilation as i64),
                    ceil,
                    sees_input: true,
                };
                let Ok((sizes, obligations)) = windows.infer(&dims(&[1, size, 1])) else {
                    continue;
                };
                let holds = |obligation: &Obligation| match &obligation.claim {
                    Claim::AtLeast { of, low } => of.dim.as_const().unwrap() >= *low,
                    other => panic!("{other:?}"),
                };
                if !obligations.iter().all(holds) {
                    continue;
                }
                let output = sizes[0].as_const().unwrap();
                assert!(output >= 1, "{slide:?} {ceil} {size}");
                let before = match &slide.padding {
                    Some((before, _)) => before.as_const().unwrap(),
                    None => slide.same_total(size as usize, output as usize) as i128 / 2,
                };
                for window in 0..output {
                    let begin = window * slide.stride - before;
                    let sees = (0..slide.kernel.as_const().unwrap())
                        .any(|cell| (0..size).contains(&(begin + cell * slide.dilation)));
                    assert!(
                        sees,
                        "window {window} of {slide:?} over {size}, ceil {ceil}"
                    );
                }
            }
        }
    }
}

#[test]
fn convolution_sizes() {
    for (layer, input, expected) in [
        ("Conv(6, 5)", "[1, 28, 28, 1]", "[1, 24, 24, 6]"),
        (
            "Conv(6, 5, padding=same)",
            "[N, 28, 28, 1]",
            "[N, 28, 28, 6]",
        ),
        ("Conv(6, 5, padding=2)", "[N, H, W, 1]", "[N, H, W, 6]"),
        (
            "Conv(6, 3, 2, same)",
            "[N, H, W, C]",
            "[N, (H + 1)//2, (W + 1)//2, 6]",
        ),
        (
            "Conv(6, 3, 2, 1)",
            "[N, H, W, C]",
            "[N, (H + 1)//2, (W + 1)//2, 6]",
        ),
        ("Conv(6, 2, 2)", "[N, 2*h, 2*w, C]", "[N, h, w, 6]"),
        (
            "Conv(6, (1, 3), padding=(0, 1))",
            "[N, H, W, C]",
            "[N, H, W, 6]",
        ),
        ("Conv(6, 3, padding=((2, 0),))", "[N, L, C]", "[N, L, 6]"),
        (
            "Conv(6, 3, padding=same, dilation=4)",
            "[N, L, C]",
            "[N, L, 6]",
        ),
        (
            "Conv(6, 3, padding=1)",
            "[N, D, H, W, C]",
            "[N, D, H, W, 6]",
        ),
        (
            "Conv(f, 2*k + 1, padding=k)",
            "[N, H, W, C]",
            "[N, H, W, f]",
        ),
        ("Conv(6, k, padding=same)", "[N, H, W, C]", "[N, H, W, 6]"),
    ] {
        assert_eq!(shape(layer, Last, &[input]), expected, "{layer} {input}");
    }
    for (layer, input, expected) in [
        ("Conv(6, 5, padding=2)", "[N, 1, H, W]", "[N, 6, H, W]"),
        ("Conv(6, 3, padding=same)", "[N, C, L]", "[N, 6, L]"),
        (
            "Conv(6, 3, (1, 2, 2), 1)",
            "[N, C, D, 2*h, 2*w]",
            "[N, 6, D, h, w]",
        ),
    ] {
        assert_eq!(shape(layer, First, &[input]), expected, "{layer} {input}");
    }
}

#[test]
fn pool_sizes() {
    for (layer, input, expected) in [
        ("MaxPool(2)", "[N, 28, 28, C]", "[N, 14, 14, C]"),
        ("MaxPool(2)", "[N, 2*h, 2*w + 2, C]", "[N, h, w + 1, C]"),
        ("MaxPool(3, 2, 1)", "[N, 112, 112, 64]", "[N, 56, 56, 64]"),
        ("MaxPool(3, 1, same)", "[N, H, W, C]", "[N, H, W, C]"),
        (
            "AvgPool(2, padding=same)",
            "[N, L, C]",
            "[N, (L + 1)//2, C]",
        ),
        ("MaxPool(2, ceil=true)", "[N, L, C]", "[N, (L + 1)//2, C]"),
        (
            "AvgPool(3, 2, ceil=true)",
            "[N, 112, 5, C]",
            "[N, 56, 2, C]",
        ),
        ("MaxPool((2, 1))", "[N, 4, W, C]", "[N, 2, W, C]"),
    ] {
        assert_eq!(shape(layer, Last, &[input]), expected, "{layer} {input}");
    }
    let (out, claims) = shapes("MaxPool(2)", First, &["[N, C, H, W]"]);
    assert_eq!(out, ["[N, C, H//2, W//2]"; 2], "values and indices");
    assert_eq!(claims, ["H >= 2", "W >= 2"]);
}

/// PyTorch drops a last window that would begin in the padding after the input, and so does
/// `ceil`: 4 cells, windows of 1 at 0 and 3, a third would begin at 6.
#[test]
fn ceil_drops_a_window_beyond_the_input() {
    assert_eq!(
        shape("MaxPool(1, 3, ceil=true)", Last, &["[N, 4, C]"]),
        "[N, 2, C]"
    );
    assert_eq!(
        shape("MaxPool(1, 3, ceil=true)", Last, &["[N, 5, C]"]),
        "[N, 2, C]"
    );
    let pads = "AvgPool(2, 2, ((1, 1),), ceil=true)";
    assert_eq!(shape(pads, Last, &["[N, 4, C]"]), "[N, 3, C]");
    assert_eq!(shape(pads, Last, &["[N, 5, C]"]), "[N, 3, C]");
    assert_eq!(shape(pads, Last, &["[N, L, C]"]), "[N, L//2 + 1, C]");
}

#[test]
fn a_window_must_fit() {
    for (layer, input, claims) in [
        ("Conv(6, 5)", "[N, H, W, C]", vec!["H >= 5", "W >= 5"]),
        ("Conv(6, 5)", "[N, 3, 9, C]", vec!["3 >= 5"]),
        (
            "Conv(6, 5, padding=((1, 2), 2))",
            "[N, H, W, C]",
            vec!["H >= 2"],
        ),
        ("Conv(6, 3, dilation=4)", "[N, L, C]", vec!["L >= 9"]),
        ("Conv(6, k)", "[N, L, C]", vec!["L - k >= 0"]),
        (
            "Conv(6, 3, padding=p)",
            "[N, L, C]",
            vec!["L + 2*p - 3 >= 0"],
        ),
        ("MaxPool(3, 2)", "[N, L, C]", vec!["L >= 3"]),
        ("MaxPool(3, 2, ceil=true)", "[N, L, C]", vec!["L >= 2"]),
        ("MaxPool(3, 3, ceil=true)", "[N, L, C]", vec![]),
        (
            "MaxPool(2, 1, same, dilation=3)",
            "[N, L, C]",
            vec!["L >= 3"],
        ),
        (
            "MaxPool(k, 1, p)",
            "[N, 9, C]",
            vec!["-k + 2*p + 9 >= 0", "k - p >= 1"],
        ),
    ] {
        let (_, found) = shapes(layer, Last, &[input]);
        let sorted = |texts: Vec<String>| {
            let mut texts: Vec<_> = texts.into_iter().map(normal).collect();
            texts.sort();
            texts
        };
        let claims = claims.into_iter().map(String::from).collect();
        assert_eq!(sorted(found), sorted(claims), "{layer} {input}");
    }
}

/// A claim with the parts of its sum in a fixed order.
fn normal(claim: String) -> String {
    let (sum, bound) = claim.split_once(" >= ").unwrap();
    let sum = sum.replace(" - ", " + -");
    let mut parts: Vec<_> = sum.split(" + ").collect();
    parts.sort_unstable();
    format!("{} >= {bound}", parts.join(" + "))
}

#[test]
fn symbolic_arguments_must_be_in_range() {
    for (layer, claims) in [
        ("Conv(6, k, padding=same)", vec![]),
        ("Conv(6, k - 1, padding=same)", vec!["k - 1 >= 1"]),
        ("Conv(6, (k, 2 - k), padding=same)", vec!["2 - k >= 1"]),
        ("Conv(6, 1, padding=p - 1)", vec!["p - 1 >= 0"]),
        (
            "Conv(6, 1, padding=(0, (p, 2*p - 3)))",
            vec!["2*p - 3 >= 0"],
        ),
    ] {
        let (_, found) = shapes(layer, Last, &["[N, 9, 9, C]"]);
        let found: Vec<_> = found
            .into_iter()
            .filter(|claim| !claim.contains(" + "))
            .collect();
        assert_eq!(found, claims, "{layer}");
    }
}

#[test]
fn rejects_what_is_no_window() {
    let last = |layer, input| range(layer, Last, &[input]).1;
    for (layer, input, expected) in [
        (
            "Conv(6, ())",
            "[N, L, C]",
            "`kernel` is a tuple of 0, and the input has 1 spatial axis",
        ),
        (
            "Conv(6, (3, 3))",
            "[N, L, C]",
            "`kernel` is a tuple of 2, and the input has 1 spatial axis",
        ),
        (
            "Conv(6, 3, (1, 2, 3))",
            "[N, H, W, C]",
            "`stride` is a tuple of 3, and the input has 2 spatial axes",
        ),
        (
            "Conv(6, 3, padding=(1,))",
            "[N, H, W, C]",
            "`padding` is a tuple of 1, and the input has 2 spatial axes",
        ),
        (
            "MaxPool((2, 2))",
            "[N, L, C]",
            "`size` is a tuple of 2, and the input has 1 spatial axis",
        ),
        (
            "Conv(6, 0)",
            "[N, L, C]",
            "`kernel` must be at least 1, and it is 0",
        ),
        (
            "Conv(0, 1)",
            "[N, L, C]",
            "`filters` must be at least 1, and it is 0",
        ),
        (
            "Conv(6, 3, 0)",
            "[N, L, C]",
            "`stride` must be at least 1, and it is 0",
        ),
        (
            "Conv(6, 3, dilation=0)",
            "[N, L, C]",
            "`dilation` must be at least 1, and it is 0",
        ),
        (
            "Conv(6, 3, padding=-1)",
            "[N, L, C]",
            "`padding` must be at least 0, and it is -1",
        ),
        (
            "MaxPool(3000000, 1, same)",
            "[N, L, C]",
            "`size` must be at most 1048576, and it is 3000000",
        ),
        (
            "Conv(6, 3, 3000000)",
            "[N, L, C]",
            "`stride` must be at most 1048576, and it is 3000000",
        ),
        (
            "Conv(6, 3, padding=((0, 3000000),))",
            "[N, L, C]",
            "`padding` must be at most 1048576, and it is 3000000",
        ),
        (
            "MaxPool(2, 2, 2)",
            "[N, L, C]",
            "the padding of `MaxPool` must be smaller than its window of 2 cells, and it is 2: a window would see padding only",
        ),
        (
            "AvgPool(2, 2, ((0, 2),))",
            "[N, L, C]",
            "the padding of `AvgPool` must be smaller than its window of 2 cells, and it is 2: a window would see padding only",
        ),
    ] {
        assert_eq!(last(layer, input), expected, "{layer}");
    }
}

#[test]
fn rejects_symbols_that_must_be_numbers() {
    for (layer, argument) in [
        ("Conv(6, 3, s)", "stride"),
        ("Conv(6, 3, (1, s))", "stride"),
        ("Conv(6, 3, dilation=s)", "dilation"),
        ("Conv(6, 3, groups=s)", "groups"),
        ("MaxPool(s)", "size"),
        ("AvgPool(2, s)", "stride"),
        ("MaxPool(s, 2, ceil=true)", "size"),
    ] {
        let (blame, problem) = refusal(layer, Last, &["[N, H, W, C]"]);
        assert_eq!(blame, Blame::Arg(argument), "{layer}");
        assert_eq!(
            problem,
            Problem::Symbol {
                value: Dim::var("s")
            },
            "{layer}"
        );
    }
}

#[test]
fn rejects_other_ranks_and_types() {
    for layer in [
        "Conv(6, 3)",
        "MaxPool(2)",
        "AvgPool(2)",
        "GlobalAvgPool",
        "GlobalMaxPool",
    ] {
        for input in ["[]", "[N]", "[N, C]", "[N, A, B, C, D, E]"] {
            let (blame, problem) = refusal(layer, Last, &[input]);
            assert_eq!(blame, Blame::Input(0));
            let Problem::Rank { expected, found } = problem else {
                panic!("{layer} {input}: {problem:?}")
            };
            assert_eq!(
                expected,
                "3, 4 or 5 axes: batch, 1 to 3 spatial axes, channels"
            );
            assert_eq!(found.to_string(), input);
        }
        let (_, problem) = refusal(layer, Last, &["i64[N, H, W, C]"]);
        assert!(
            matches!(problem, Problem::DType { .. }),
            "{layer}: {problem:?}"
        );
    }
}

#[test]
fn shows_its_arithmetic() {
    for (layer, input, expected) in [
        ("Conv(6, 5)", "[1, 28, 28, 1]", "(28 + 2·0 − 5)/1 + 1"),
        ("Conv(6, 5, 2, 2)", "[1, H, W, 1]", "⌊(H + 2·2 − 5)/2⌋ + 1"),
        ("Conv(6, 2, 2)", "[1, 28, W, 1]", "(28 + 2·0 − 2)/2 + 1"),
        ("Conv(6, 3, 2)", "[1, 28, W, 1]", "⌊(28 + 2·0 − 3)/2⌋ + 1"),
        ("Conv(6, 5, 2, same)", "[1, 28, 28, 1]", "⌈28/2⌉"),
        (
            "Conv(6, 3, padding=((2, 0), 0))",
            "[1, L, W, 1]",
            "(L + 2 + 0 − 3)/1 + 1",
        ),
        (
            "Conv(6, 3, dilation=2)",
            "[1, H + 1, W, 1]",
            "((H + 1) + 2·0 − 2·(3 − 1) − 1)/1 + 1",
        ),
        (
            "MaxPool(3, 2, ceil=true)",
            "[1, 28, 9, 1]",
            "⌈(28 + 2·0 − 3)/2⌉ + 1",
        ),
        ("MaxPool(1, 3, ceil=true)", "[1, 28, 9, 1]", "⌈(28 + 0)/3⌉"),
    ] {
        let found = arithmetic(layer, Last, &[input], 1);
        assert_eq!(found.as_deref(), Some(expected), "{layer} {input}");
    }
    for axis in [0, 3] {
        assert_eq!(
            arithmetic("Conv(6, 5)", Last, &["[1, H, W, 1]"], axis),
            None
        );
    }
    let first = arithmetic("MaxPool(2)", First, &["[1, 3, 4, 9]"], 3);
    assert_eq!(first.as_deref(), Some("⌊(9 + 2·0 − 2)/2⌋ + 1"));
}
