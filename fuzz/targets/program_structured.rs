//! Programs over every layer, right ones and nearly right ones. Each byte is a choice of the
//! generator, so that a change of a byte changes the program in one place.
//!
//! `NNC_SHOW=1` prints the programs: that is how to see what an input that was found stands for.

#![no_main]

#[path = "../../tests/support/models.rs"]
mod models;
#[path = "../../tests/support/mutations.rs"]
mod mutations;
#[path = "../../tests/support/pipeline.rs"]
mod pipeline;
#[path = "../../tests/support/runs.rs"]
mod runs;
#[path = "../../tests/support/mod.rs"]
mod support;

use libfuzzer_sys::fuzz_target;

/// Good programs of a person.
const EXAMPLES: &[&str] = &[
    include_str!("../../examples/filters.nn"),
    include_str!("../../examples/lenet5.nn"),
    include_str!("../../examples/padding.nn"),
    include_str!("../../examples/resnet18.nn"),
    include_str!("../../examples/reuse.nn"),
    include_str!("../../examples/segnet.nn"),
    include_str!("../../examples/translation.nn"),
    include_str!("../../examples/unet.nn"),
];

fuzz_target!(|bytes: &[u8]| {
    let show = std::env::var_os("NNC_SHOW").is_some();
    let mut rng = models::Rng::of(bytes);
    let changes = rng.below(4);
    let mut text = match rng.below(32) {
        at if at < EXAMPLES.len() => EXAMPLES[at].to_owned(),
        _ => models::program(&mut rng).text,
    };
    for left in (0..=changes).rev() {
        if show {
            eprintln!("{text}----");
        }
        let analysis = pipeline::program(text.as_bytes());
        pipeline::runs(&analysis, &mut rng);
        if left > 0 {
            text = mutations::mutated(&mut rng, &text);
        }
    }
});
