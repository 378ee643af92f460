//! Arbitrary bytes as weights or data; the first byte says in which form.

#![no_main]

#[path = "../../tests/support/models.rs"]
mod models;
#[path = "../../tests/support/pipeline.rs"]
mod pipeline;
#[path = "../../tests/support/runs.rs"]
mod runs;
#[path = "../../tests/support/mod.rs"]
mod support;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    pipeline::weights(bytes);
});
