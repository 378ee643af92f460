use super::*;

fn look() -> Look {
    Look {
        width: 80,
        paint: Paint(false),
        top: 3,
    }
}

fn show(shape: &[usize], values: Vec<f32>, labels: Option<&[String]>) -> String {
    let tensor = Tensor::from_f32(shape, values).expect("as many as the shape says");
    let shown = Shown {
        name: "y",
        tensor: &tensor,
        labels,
        rows: &[],
    };
    render(&shown, look())
}

#[test]
fn probabilities_are_bars_with_the_winner_first() {
    let labels: Vec<String> = ["cat", "dog", "여우", "owl"].map(String::from).to_vec();
    assert_eq!(
        show(&[1, 4], vec![0.05, 0.25, 0.695, 0.005], Some(&labels)),
        "\
y [1, 4]
  여우  ██████████████████████▎           69.5 %
  dog   ████████                          25.0 %
  cat   █▋                                 5.0 %
  … 1 more, 0.5 % together
"
    );
}

#[test]
fn a_batch_of_numbers_is_a_number_a_file() {
    let files = ["a.png", "long.png"].map(String::from);
    let tensor = Tensor::from_f32(&[2], vec![0.25, 0.75]).expect("two");
    let shown = Shown {
        name: "y",
        tensor: &tensor,
        labels: None,
        rows: &files,
    };
    assert_eq!(
        render(&shown, look()),
        "y [2]\n  a.png       0.2500\n  long.png    0.7500\n"
    );
}

#[test]
fn scores_with_labels_are_no_percentages() {
    let labels: Vec<String> = ["a", "b"].map(String::from).to_vec();
    let text = show(&[2], vec![-1.5, f32::NAN], Some(&labels));
    assert!(text.contains("-1.500") && !text.contains('%'), "{text}");
}

#[test]
fn bars_fill_to_an_eighth_and_never_vanish() {
    assert_eq!(bar(1.0, 4), "████");
    assert_eq!(bar(0.5, 1), "▌");
    assert_eq!(bar(1e-9, 4), "▏");
    assert_eq!(bar(0.0, 4), "");
    assert_eq!(bar(f64::NAN, 4), "");
}

#[test]
fn small_tensors_are_shown_in_full() {
    assert_eq!(
        show(&[2, 2], vec![1.0, -2.0, 300.0, 0.0], None),
        "y [2, 2]\n    1   -2\n  300    0\n"
    );
    assert_eq!(show(&[], vec![0.5], None), "y []  0.5000\n");
    assert_eq!(show(&[2, 0], vec![], None), "y [2, 0]\n  no elements\n");
    let wide = show(&[2, 1, 2], vec![0.5, f32::NAN, f32::INFINITY, 1.0], None);
    assert_eq!(wide, "y [2, 1, 2]\n  0.5000     NaN\n\n       ∞  1.0000\n");
}

#[test]
fn large_tensors_are_described() {
    let mut values = vec![0.0; 1000];
    values[0] = f32::NAN;
    values[1] = 4.0;
    let text = show(&[10, 100], values, None);
    assert!(
        text.contains("min 0") && text.contains("max 4") && text.contains("NaN 0.1 %"),
        "{text}"
    );
}

#[test]
fn many_rows_have_a_line_each_and_a_tally() {
    let mut values = Vec::new();
    for row in 0..100 {
        let one = f32::from(u8::from(row % 3 == 0));
        values.extend([one, 1.0 - one]);
    }
    let text = show(&[100, 2], values, None);
    assert!(text.contains("… 76 more rows"), "{text}");
    assert!(text.contains("1  ████████████████  66\n"), "{text}");
}

#[test]
fn statistics_are_those_of_the_finite_numbers() {
    let tensor = Tensor::from_f32(&[4], vec![1.0, 3.0, f32::INFINITY, f32::NAN]).expect("four");
    let all = Statistics::of(&tensor);
    assert_eq!((all.min, all.max, all.mean, all.std), (1.0, 3.0, 2.0, 1.0));
    assert_eq!((all.nan, all.infinite, all.zeros, all.count), (1, 1, 0, 4));
}

#[test]
fn nan_never_wins() {
    assert_eq!(ranked(&[f32::NAN, 1.0, 2.0], 2), [(2, 2.0), (1, 1.0)]);
}
