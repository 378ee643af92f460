use super::*;
use crate::kernels::reference::{self, Random, assert_close};

struct Case {
    window: Window,
    groups: usize,
    channels: usize,
    filters: usize,
}

/// Runs `case` on random numbers against the definition.
fn check(case: &Case, random: &mut Random) {
    let w = &case.window;
    let input = random.floats(w.batch * case.channels * w.input_pixels());
    let weight = random.floats(case.filters * (case.channels / case.groups) * w.taps());
    let bias = random.floats(case.filters);
    for bias in [None, Some(bias.as_slice())] {
        let conv = PackedConv::new(*w, case.groups, case.channels, case.filters, &weight, bias);
        let mut output = vec![f32::NAN; w.batch * case.filters * w.output_pixels()];
        let mut scratch = vec![f32::NAN; conv.scratch()];
        conv.run(&input, &mut output, &mut scratch);
        let want = reference::conv(
            w,
            case.groups,
            case.channels,
            case.filters,
            &input,
            &weight,
            bias,
        );
        let what = format!(
            "{w:?} groups {} {} → {}",
            case.groups, case.channels, case.filters
        );
        assert_close(&output, &want, 1e-4, &what);
    }
}

fn square(layout: Layout, batch: usize, size: usize, kernel: usize, padding: usize) -> Window {
    Window {
        layout,
        batch,
        input: [1, size, size],
        output: [
            1,
            size + 2 * padding + 1 - kernel,
            size + 2 * padding + 1 - kernel,
        ],
        kernel: [1, kernel, kernel],
        stride: [1; 3],
        dilation: [1; 3],
        before: [0, padding, padding],
    }
}

const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::ChannelsLast];

#[test]
fn random_geometries_agree_with_the_definition() {
    let mut random = Random::new(10);
    for i in 0..240 {
        let window = reference::random_window(&mut random, i % 3 + 1, LAYOUTS[i / 3 % 2]);
        let groups = [1, 1, 2, 3][random.size(0, 3)];
        let case = Case {
            window,
            groups,
            channels: groups * random.size(1, 7),
            filters: groups * random.size(1, 21),
        };
        check(&case, &mut random);
    }
}

#[test]
fn depthwise_convolutions_agree_with_the_definition() {
    let mut random = Random::new(11);
    for i in 0..60 {
        let window = reference::random_window(&mut random, i % 3 + 1, LAYOUTS[i / 3 % 2]);
        let channels = random.size(1, 20);
        let case = Case {
            window,
            groups: channels,
            channels,
            filters: channels * random.size(1, 3),
        };
        check(&case, &mut random);
    }
}

#[test]
fn pointwise_convolutions_agree_with_the_definition() {
    let mut random = Random::new(12);
    for layout in LAYOUTS {
        for (size, channels, filters) in [(1, 1, 1), (5, 3, 17), (7, 20, 8), (13, 33, 40)] {
            let window = square(layout, 2, size, 1, 0);
            assert!(window.is_pointwise());
            check(
                &Case {
                    window,
                    groups: 1,
                    channels,
                    filters,
                },
                &mut random,
            );
        }
    }
}

#[test]
fn large_images_are_divided_into_bands() {
    let mut random = Random::new(13);
    for layout in LAYOUTS {
        for (batch, size, kernel, padding, channels, filters) in [
            (1, 70, 3, 1, 24, 20),
            (3, 40, 5, 0, 8, 6),
            (9, 28, 5, 2, 1, 6),
            (2, 100, 3, 1, 16, 9),
        ] {
            let window = square(layout, batch, size, kernel, padding);
            check(
                &Case {
                    window,
                    groups: 1,
                    channels,
                    filters,
                },
                &mut random,
            );
        }
    }
}

#[test]
fn a_dilation_far_beyond_the_image_needs_no_memory() {
    let mut random = Random::new(14);
    for layout in LAYOUTS {
        let window = Window {
            dilation: [1, 1 << 40, 1 << 40],
            before: [0, 1 << 40, 1 << 40],
            output: [1, 4, 4],
            ..square(layout, 1, 4, 3, 1)
        };
        let case = Case {
            window,
            groups: 1,
            channels: 2,
            filters: 3,
        };
        check(&case, &mut random);
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let mut random = Random::new(15);
    for layout in LAYOUTS {
        let window = square(layout, 2, 40, 3, 1);
        let input = random.floats(2 * 16 * window.input_pixels());
        let weight = random.floats(20 * 16 * 9);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let conv = PackedConv::new(window, 1, 16, 20, &weight, None);
                let mut output = vec![f32::NAN; 2 * 20 * window.output_pixels()];
                conv.run(&input, &mut output, &mut vec![0.0; conv.scratch()]);
                output
            })
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(3));
    }
}

#[test]
fn scratch_for_fewer_threads_is_enough() {
    let mut random = Random::new(16);
    let window = square(Layout::ChannelsFirst, 4, 40, 3, 1);
    let input = random.floats(4 * 8 * window.input_pixels());
    let weight = random.floats(12 * 8 * 9);
    let conv = PackedConv::new(window, 1, 8, 12, &weight, None);
    let mut output = vec![f32::NAN; 4 * 12 * window.output_pixels()];
    let mut scratch = vec![f32::NAN; conv.scratch_a_thread()];
    conv.run(&input, &mut output, &mut scratch);
    let want = reference::conv(&window, 1, 8, 12, &input, &weight, None);
    assert_close(&output, &want, 1e-4, "one share");
}
