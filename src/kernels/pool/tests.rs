use super::*;
use crate::kernels::reference::{Random, assert_close, element, random_window, under};

const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::ChannelsLast];

/// Calls `f` with random windows of every rank and layout, their channels and their input.
fn cases(seed: u64, mut f: impl FnMut(&Window, usize, &[f32])) {
    let mut random = Random::new(seed);
    for i in 0..240 {
        let mut window = random_window(&mut random, i % 3 + 1, LAYOUTS[i / 3 % 2]);
        if i >= 228 {
            // Enough for several threads.
            window.batch = 60;
        }
        let channels = random.size(1, 20);
        let input = random.floats(window.batch * channels * window.input_pixels());
        f(&window, channels, &input);
    }
}

#[test]
fn max_pool_agrees_with_the_definition() {
    cases(20, |w, channels, input| {
        let (from, to) = (w.input_pixels(), w.output_pixels());
        // Few different values, so that there are equals.
        let input: Vec<f32> = input.iter().map(|x| (x * 4.0).round()).collect();
        let mut output = vec![f32::NAN; w.batch * channels * to];
        let mut indices = vec![-1; output.len()];
        max_pool(w, channels, &input, &mut output, Some(&mut indices));
        let mut plain = vec![f32::NAN; output.len()];
        max_pool(w, channels, &input, &mut plain, None);
        assert_eq!(plain, output, "{w:?}");
        for pixel in 0..to {
            let under = under(w, pixel);
            for image in 0..w.batch {
                for c in 0..channels {
                    let (mut want, mut index) = (f32::NEG_INFINITY, 0);
                    for &(_, p) in &under {
                        let x = input[element(w.layout, image, c, p, channels, from)];
                        if x > want {
                            (want, index) = (x, p as i64);
                        }
                    }
                    let at = element(w.layout, image, c, pixel, channels, to);
                    assert_eq!((output[at], indices[at]), (want, index), "{w:?}");
                }
            }
        }
    });
}

#[test]
fn avg_pool_agrees_with_the_definition() {
    cases(21, |w, channels, input| {
        let (from, to) = (w.input_pixels(), w.output_pixels());
        for (count_padding, after) in [(false, [0; 3]), (true, [0, 1, 2]), (true, [3; 3])] {
            let mut output = vec![f32::NAN; w.batch * channels * to];
            avg_pool(w, channels, count_padding, after, input, &mut output);
            let mut want = vec![0.0; output.len()];
            for pixel in 0..to {
                let under = under(w, pixel);
                let count = if count_padding {
                    counted(w, pixel, after)
                } else {
                    under.len()
                };
                for image in 0..w.batch {
                    for c in 0..channels {
                        let value = |p| input[element(w.layout, image, c, p, channels, from)];
                        let sum: f32 = under.iter().map(|&(_, p)| value(p)).sum();
                        want[element(w.layout, image, c, pixel, channels, to)] =
                            sum / count.max(1) as f32;
                    }
                }
            }
            assert_close(&output, &want, 1e-5, &format!("{w:?}"));
        }
    });
}

/// The cells of a window that lie before the end of the padding.
fn counted(w: &Window, pixel: usize, after: [usize; 3]) -> usize {
    let at = crate::kernels::reference::coordinates(pixel, w.output);
    (0..w.taps())
        .filter(|&tap| {
            let k = crate::kernels::reference::coordinates(tap, w.kernel);
            (0..3).all(|i| {
                at[i] * w.stride[i] + k[i] * w.dilation[i] < w.before[i] + w.input[i] + after[i]
            })
        })
        .count()
}

fn line(input: usize, output: usize, kernel: usize, before: usize) -> Window {
    Window {
        layout: Layout::ChannelsLast,
        batch: 1,
        input: [1, 1, input],
        output: [1, 1, output],
        kernel: [1, 1, kernel],
        stride: [1, 1, 2],
        dilation: [1; 3],
        before: [0, 0, before],
    }
}

#[test]
fn a_window_of_two_that_rounds_up_counts_what_is_there() {
    // PyTorch: AvgPool1d(2, ceil_mode=True) of [1, 2, 3] is [1.5, 3].
    let mut output = [0.0; 2];
    for count_padding in [false, true] {
        avg_pool(
            &line(3, 2, 2, 0),
            1,
            count_padding,
            [0; 3],
            &[1.0, 2.0, 3.0],
            &mut output,
        );
        assert_eq!(output, [1.5, 3.0]);
    }
    // AvgPool1d(3, stride=2, padding=1): the padding counts, on both sides.
    avg_pool(
        &line(3, 2, 3, 1),
        1,
        true,
        [0, 0, 1],
        &[3.0, 6.0, 9.0],
        &mut output,
    );
    assert_eq!(output, [3.0, 5.0]);
    avg_pool(
        &line(3, 2, 3, 1),
        1,
        false,
        [0, 0, 1],
        &[3.0, 6.0, 9.0],
        &mut output,
    );
    assert_eq!(output, [4.5, 7.5]);
}

#[test]
fn not_a_number_wins_and_padding_never() {
    let (mut output, mut indices) = ([0.0; 2], [9; 2]);
    let input = [f32::NEG_INFINITY, f32::NEG_INFINITY, -1.0];
    max_pool(
        &line(3, 2, 3, 1),
        1,
        &input,
        &mut output,
        Some(&mut indices),
    );
    assert_eq!((output, indices), ([f32::NEG_INFINITY, -1.0], [0, 2]));
    let input = [f32::NAN, 5.0, f32::NAN];
    max_pool(
        &line(3, 1, 3, 0),
        1,
        &input,
        &mut output[..1],
        Some(&mut indices[..1]),
    );
    assert!(output[0].is_nan());
    assert_eq!(indices[0], 2);
    max_pool(&line(3, 2, 3, 1), 1, &input, &mut output, None);
    assert!(output.iter().all(|x| x.is_nan()));
}

#[test]
fn global_pools_reduce_every_channel() {
    let mut random = Random::new(22);
    for layout in LAYOUTS {
        for (batch, channels, pixels) in [(1, 1, 1), (3, 5, 49), (40, 33, 100), (0, 2, 3)] {
            let input = random.floats(batch * channels * pixels);
            let mut mean = vec![f32::NAN; batch * channels];
            let mut largest = mean.clone();
            global_avg(layout, batch, channels, pixels, &input, &mut mean);
            global_max(layout, batch, channels, pixels, &input, &mut largest);
            for i in 0..mean.len() {
                let (image, c) = (i / channels, i % channels);
                let value = |p| input[element(layout, image, c, p, channels, pixels)];
                let sum: f32 = (0..pixels).map(value).sum();
                assert!((mean[i] - sum / pixels as f32).abs() < 1e-6);
                let max = (0..pixels).map(value).fold(f32::NEG_INFINITY, f32::max);
                assert_eq!(largest[i], max);
            }
        }
    }
    let mut output = [0.0];
    global_max(
        Layout::ChannelsFirst,
        1,
        1,
        3,
        &[1.0, f32::NAN, 2.0],
        &mut output,
    );
    assert!(output[0].is_nan());
}
