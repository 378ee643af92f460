use super::*;
use crate::layers::testing::{
    First, Last, arithmetic, build, dims, range, run, shape, shapes, tensor, types,
};

#[test]
fn makes_the_spatial_sizes_larger() {
    for (layer, layout, input, expected) in [
        (
            "ConvTranspose(8, 2, 2)",
            Last,
            "[N, H, W, C]",
            "[N, 2*H, 2*W, 8]",
        ),
        (
            "ConvTranspose(8, 2, 2)",
            First,
            "[N, C, H, W]",
            "[N, 8, 2*H, 2*W]",
        ),
        ("ConvTranspose(8, 3)", Last, "[N, L, C]", "[N, L + 2, 8]"),
        (
            "ConvTranspose(f, 3, 2, 1, 1)",
            Last,
            "[N, L, C]",
            "[N, 2*L, f]",
        ),
        (
            "ConvTranspose(8, k)",
            Last,
            "[N, L, C]",
            "[N, L + k - 1, 8]",
        ),
        (
            "ConvTranspose(8, 5, 3, same)",
            First,
            "[N, C, D, 4, W]",
            "[N, 8, 3*D, 12, 3*W]",
        ),
        (
            "ConvTranspose(8, (3, 2), (2, 1), ((1, 0), 0), dilation=(1, 2))",
            Last,
            "[N, 5, 6, C]",
            "[N, 10, 8, 8]",
        ),
        (
            "ConvTranspose(8, 3, dilation=3, output_padding=2)",
            Last,
            "[N, 5, C]",
            "[N, 13, 8]",
        ),
    ] {
        assert_eq!(shape(layer, layout, &[input]), expected, "{layer}");
    }
}

#[test]
fn undoes_the_sizes_of_a_convolution() {
    // Every size that a convolution can have made comes back with some output padding.
    for kernel in 1..=4 {
        for stride in 1..=3 {
            for padding in 0..kernel {
                for size in kernel..12 {
                    let made = (size + 2 * padding - kernel) / stride + 1;
                    let more = size + 2 * padding - kernel - (made - 1) * stride;
                    let layer = format!("ConvTranspose(1, {kernel}, {stride}, {padding}, {more})");
                    let found = shape(&layer, Last, &[&format!("[1, {made}, 1]")]);
                    assert_eq!(found, format!("[1, {size}, 1]"), "{layer}");
                }
            }
        }
    }
}

#[test]
fn something_is_left_after_the_cut() {
    let claims = |layer, input| shapes(layer, Last, &[input]).1;
    let none: [&str; 0] = [];
    assert_eq!(claims("ConvTranspose(8, 3, padding=1)", "[N, L, C]"), none);
    assert_eq!(
        claims("ConvTranspose(8, 3, padding=2)", "[N, L, C]"),
        ["L >= 3"]
    );
    assert_eq!(claims("ConvTranspose(8, 2, 2, 3)", "[N, L, C]"), ["L >= 4"]);
    assert_eq!(claims("ConvTranspose(8, 2, 2, 3)", "[N, 3, C]"), ["3 >= 4"]);
    assert_eq!(claims("ConvTranspose(8, 2, 2, 3)", "[N, 4, C]"), none);
    assert_eq!(
        claims("ConvTranspose(8, 3, padding=p)", "[N, L, C]"),
        ["L - 2*p + 2 >= 1"]
    );
    for size in 1..9_i64 {
        for (kernel, stride, padding) in [(2, 2, 3), (3, 2, 4), (1, 3, 5), (4, 3, 2)] {
            let layer = format!("ConvTranspose(8, {kernel}, {stride}, {padding})");
            let made = (size - 1) * stride + kernel - 2 * padding;
            let input = format!("[N, {size}, C]");
            let holds = shapes(&layer, Last, &[&input]).1.is_empty();
            assert_eq!(holds, made >= 1, "{layer} on {size}");
        }
    }
}

#[test]
fn refuses_output_padding_without_meaning() {
    for (layer, sentence) in [
        (
            "ConvTranspose(8, 3, 2, output_padding=2)",
            "`output_padding` must be smaller than the stride or the dilation, and it is 2 beside \
             a stride of 2 and a dilation of 1",
        ),
        (
            "ConvTranspose(8, 3, 2, same, 1)",
            "`output_padding` has no place beside `padding=same`, which gives size · stride",
        ),
        (
            "ConvTranspose(8, 3, output_padding=-1)",
            "`output_padding` must be at least 0, and it is -1",
        ),
    ] {
        let (argument, found) = range(layer, Last, &["[N, L, C]"]);
        assert_eq!((argument, found.as_str()), ("output_padding", sentence));
    }
    let (argument, sentence) = range("ConvTranspose(8, 3, groups=3)", Last, &["[N, 9, 9]"]);
    assert_eq!(argument, "groups");
    assert!(sentence.ends_with("3 does not divide 8"), "{sentence}");
    let claims = shapes("ConvTranspose(6, 3, groups=3)", First, &["[N, C, L]"]).1;
    assert_eq!(claims, ["3 divides C"]);
}

#[test]
fn stores_channels_filters_and_kernel_in_both_layouts() {
    let op = build("ConvTranspose(6, (3, 5), groups=2)", Last).unwrap();
    let inputs = types(&["[N, 4, 4, 4*c]"]);
    let params = op.params(&inputs).unwrap();
    assert_eq!(params[0].shape.to_string(), "[4*c, 3, 3, 5]");
    assert_eq!(params[1].shape.to_string(), "[6]");
    let Init::Fan { fan_in, fan_out } = &params[0].init else {
        panic!("{:?}", params[0].init)
    };
    assert_eq!(
        (fan_in.to_string(), fan_out.to_string()),
        ("30*c".into(), "45".into())
    );
    let outputs = op.infer(&inputs).unwrap().outputs;
    let macs = op.cost(&inputs, &outputs).unwrap().macs;
    assert_eq!(macs.to_string(), format!("{}*N*c", 4 * 4 * 4 * 3 * 15));

    let op = build("ConvTranspose(f, 2*k, 2, padding=k, bias=false)", First).unwrap();
    let env = Env::from([("f".into(), 5), ("k".into(), 2)]);
    let op = op.bind(&env).unwrap();
    let inputs = types(&["[1, 3, 4, 4]"]);
    assert_eq!(op.params(&inputs).unwrap()[0].shape, dims(&[3, 5, 4, 4]));
    assert_eq!(
        op.infer(&inputs).unwrap().outputs[0].shape,
        dims(&[1, 5, 6, 6])
    );
}

#[test]
fn a_result_sees_few_places() {
    let op = build("ConvTranspose(8, 3, 2)", Last).unwrap();
    let inputs = types(&["[N, 4, 4]"]);
    let outputs = op.infer(&inputs).unwrap().outputs;
    let axis = FieldAxis {
        extent: Dim::constant(2),
        stride: Dim::constant(2),
    };
    let field = op.cost(&inputs, &outputs).unwrap().field;
    assert_eq!(field, Field::Finer(vec![axis]));
}

#[test]
fn shows_the_formula() {
    let of = |layer| arithmetic(layer, Last, &["[N, H + 1, C]"], 1);
    assert_eq!(
        of("ConvTranspose(8, 3)").as_deref(),
        Some("((H + 1) − 1)·1 + 3 − 2·0")
    );
    assert_eq!(
        of("ConvTranspose(8, 3, 4, ((1, 2),), 1, dilation=2)").as_deref(),
        Some("((H + 1) − 1)·4 + 2·(3 − 1) + 1 − 1 − 2 + 1")
    );
    assert_eq!(
        of("ConvTranspose(8, 3, 2, same)").as_deref(),
        Some("(H + 1)·2")
    );
    assert_eq!(
        arithmetic("ConvTranspose(8, 3)", Last, &["[N, H, C]"], 2),
        None
    );
}

#[test]
fn spreads_each_value_over_a_window() {
    let row = tensor(&[1, 2, 1], &[1.0, 2.0]);
    let weight = [tensor(&[1, 1, 3], &[1.0, 10.0, 100.0])];
    let out = |layer: &str| {
        let results = run(layer, Last, std::slice::from_ref(&row), &weight);
        results[0].as_f32().unwrap().to_vec()
    };
    let full = [1.0, 12.0, 120.0, 200.0];
    assert_eq!(out("ConvTranspose(1, 3, bias=false)"), full);
    assert_eq!(
        out("ConvTranspose(1, 3, padding=1, bias=false)"),
        full[1..3]
    );
    assert_eq!(
        out("ConvTranspose(1, 3, padding=((0, 3),), bias=false)"),
        full[..1]
    );
    assert_eq!(
        out("ConvTranspose(1, 3, 2, bias=false)"),
        [1.0, 10.0, 102.0, 20.0, 200.0]
    );
    // One cell too many: it goes at the end.
    assert_eq!(
        out("ConvTranspose(1, 3, 2, same, bias=false)"),
        [1.0, 10.0, 102.0, 20.0]
    );
    // Two too many: one at each end.
    assert_eq!(
        out("ConvTranspose(1, 3, 1, same, bias=false)"),
        [12.0, 120.0]
    );
    // A stride beyond the window: what nothing reaches is at the end.
    assert_eq!(
        out("ConvTranspose(1, 3, 4, same, bias=false)"),
        [1.0, 10.0, 100.0, 0.0, 2.0, 20.0, 200.0, 0.0]
    );
    assert_eq!(
        out("ConvTranspose(1, 3, 2, output_padding=1, bias=false)"),
        [1.0, 10.0, 102.0, 20.0, 200.0, 0.0]
    );
    assert_eq!(
        out("ConvTranspose(1, 3, dilation=2, bias=false)"),
        [1.0, 2.0, 10.0, 20.0, 100.0, 200.0]
    );
}

#[test]
fn both_layouts_and_groups_agree() {
    // Channel 0 makes filters 0 and 1, channel 1 makes filters 2 and 3.
    let params = [
        tensor(&[2, 2, 1], &[1.0, 10.0, 2.0, 20.0]),
        tensor(&[4], &[0.0, 0.0, 0.0, 0.5]),
    ];
    let layer = "ConvTranspose(4, 1, groups=2)";
    let last = tensor(&[1, 2, 2], &[1.0, 3.0, 2.0, 4.0]);
    let out = run(layer, Last, &[last], &params);
    let expected = [1.0, 10.0, 6.0, 60.5, 2.0, 20.0, 8.0, 80.5];
    assert_eq!(out[0].as_f32().unwrap(), expected);
    let first = tensor(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let out = run(layer, First, &[first], &params);
    let expected = [1.0, 2.0, 10.0, 20.0, 6.0, 8.0, 60.5, 80.5];
    assert_eq!(out[0].as_f32().unwrap(), expected);
}
