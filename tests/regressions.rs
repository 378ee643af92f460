//! What fuzzers found, and inputs as nasty: each is answered, with what is expected.
//!
//! The targets in `fuzz/` call the same functions. How long an answer takes is not measured here:
//! what would take long is refused, and that is what the programs expect.

#[path = "support/models.rs"]
mod models;
#[path = "support/mutations.rs"]
mod mutations;
#[path = "support/pipeline.rs"]
mod pipeline;
#[path = "support/runs.rs"]
mod runs;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use models::{Rng, cases, seed};
use support::{name, root};

/// The most bytes of a file in the folder.
const LARGEST: u64 = 64 << 10;

/// The files of a folder of regressions, in order.
fn inputs(folder: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/fuzz_regressions").join(folder);
    let entries = fs::read_dir(&folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// Calls `check` with the contents of each file, on as many threads as there are processors;
/// fails with the names of those for which it fails.
fn each(folder: &str, check: impl Fn(&[u8]) + Sync + std::panic::RefUnwindSafe) {
    let left = Mutex::new(inputs(folder));
    let failed = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(path) = left.lock().expect("nothing panics with it").pop() {
                    let bytes = fs::read(&path).expect("readable");
                    let fine = catch_unwind(|| check(&bytes)).is_ok();
                    if !fine || bytes.len() as u64 > LARGEST {
                        failed
                            .lock()
                            .expect("nothing panics with it")
                            .push(name(&path));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("nothing panics with it");
    assert!(failed.is_empty(), "{failed:?}");
}

/// The codes that the first line of a program names.
fn expected(bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let first = text.trim_start_matches('\u{feff}').lines().next();
    let codes = first.and_then(|line| line.strip_prefix("# expects "));
    let codes = codes.expect("the first line says what is expected");
    let codes = codes.split(' ').map(str::to_owned);
    codes.filter(|code| code != "nothing").collect()
}

#[test]
fn programs_are_answered_as_expected() {
    each("programs", |bytes| {
        let analysis = pipeline::program(bytes);
        let found = analysis.diagnostics.iter().map(|it| it.code.to_string());
        assert_eq!(found.collect::<BTreeSet<_>>(), expected(bytes));
        pipeline::runs(&analysis, &mut Rng::new(seed()));
    });
}

#[test]
fn weights_are_read_or_refused() {
    each("weights", pipeline::weights);
}

#[test]
fn pictures_are_decoded_or_refused() {
    each("pictures", pipeline::picture);
}

/// A few of the programs that the fuzzer makes of random bytes.
#[test]
fn nearly_right_programs_are_answered() {
    let mut rng = Rng::new(seed());
    let mut ran = 0;
    for _ in 0..cases(40) {
        let script: Vec<u8> = (0..400).map(|_| rng.below(256) as u8).collect();
        let mut choices = Rng::of(&script);
        let mut text = models::program(&mut choices).text;
        for _ in 0..3 {
            let analysis = pipeline::program(text.as_bytes());
            ran += pipeline::runs(&analysis, &mut choices);
            text = mutations::mutated(&mut choices, &text);
        }
    }
    assert!(ran > 0, "no program was run");
}

#[test]
fn the_fuzzers_know_where_things_are() {
    let fuzz = root().join("fuzz");
    let script = fs::read_to_string(fuzz.join("seeds")).expect("the script is there");
    // What the script copies is there: a folder that moved would leave a corpus empty.
    let copied = script
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("../"));
    for folder in copied.filter_map(|path| Path::new(path).parent()) {
        assert!(root().join(folder).is_dir(), "{}", folder.display());
    }
}
