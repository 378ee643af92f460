//! The language server as an editor sees it: the real command over standard input and output.
//! Every wait has an end, so that a server that hangs is a test that fails.

// Helpers of tests are not recognised as tests.
#![allow(clippy::unwrap_used)]

mod client;
mod diagnostics;
mod features;
mod life;
mod robustness;
mod sync;
mod typing;
mod workspace;

use std::path::{Path, PathBuf};

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every program below `folder`, in order.
fn programs(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "nn") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`, which is at least 1.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
