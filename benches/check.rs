//! Time and memory of the checker on generated models: `cargo bench --bench check`.
//!
//! The models are a chain of convolutions, norms, activations, residual additions and uses of a
//! block, with symbolic sizes. Each line is the median of several runs in this process.

// A benchmark is there to print.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::time::Instant;

use nnc::analysis::{Loaded, Loader, Settings, analyze};

struct Alone;

impl Loader for Alone {
    fn load(&self, _: &str, _: &str) -> Result<Loaded, String> {
        Err("no such file".into())
    }

    fn exists(&self, _: &str, _: &str) -> bool {
        false
    }
}

/// A model with `count` layer statements.
fn model(count: usize) -> String {
    let mut text = String::from(
        "block Unit(filters) {\n    input x: [N, H, W, C]\n    conv: Conv(filters, kernel=3, padding=same)\n    ReLU\n    output y\n}\n\nmodel Long {\n    input image: [N, 2*h, 2*w, 16]\n    skip0: Identity\n",
    );
    let mut lines = 1;
    let mut turn = 0;
    while lines + 8 <= count {
        turn += 1;
        let _ = write!(
            text,
            "    conv{turn}: Conv(16, kernel=3, padding=same, bias=false)\n    norm{turn}: BatchNorm\n    ReLU\n    down{turn}: Conv(16, kernel=3, stride=1, padding=1)\n    skip{turn}: Add from down{turn}, skip{}\n    unit{turn}: Unit(16)\n    Dropout(0.1)\n    point{turn}: Conv(16, kernel=1)  -> [N, 2*h, 2*w, 16]\n",
            turn - 1
        );
        lines += 8;
    }
    while lines < count {
        text.push_str("    ReLU\n");
        lines += 1;
    }
    text.push_str("    output y: [N, 2*h, 2*w, 16]\n}\n");
    text
}

/// The most memory that this process has held, in MB; `None` where the system does not say.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}

fn main() {
    println!(
        "{:>10}  {:>9}  {:>12}  {:>9}",
        "statements", "ms", "µs/statement", "peak MB"
    );
    for count in [300, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000] {
        let text = model(count);
        let runs = if count > 10_000 { 5 } else { 15 };
        let mut times: Vec<f64> = (0..runs)
            .map(|_| {
                let start = Instant::now();
                let analysis = analyze("long.nn", text.as_bytes(), &Alone, &Settings::default());
                let time = start.elapsed().as_secs_f64() * 1e3;
                assert!(
                    analysis.diagnostics.is_empty(),
                    "{:?}",
                    analysis.diagnostics[0]
                );
                time
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            "{count:>10}  {median:>9.2}  {:>12.2}  {:>9.0}",
            median * 1e3 / count as f64,
            peak().unwrap_or(f64::NAN)
        );
    }
}
