//! Rewrites of a graph, a file each. A pass takes a graph that [`verify`] accepts and leaves one,
//! with the same inputs and outputs that have the same values.
//!
//! Kernels that only reinterpret their input ([`crate::layers::kernel::Memory::View`]) need no
//! pass: the plan gives their result its input's memory.

mod dead;

use crate::graph::{Graph, verify};

/// A rewrite with its name.
struct Pass {
    name: &'static str,
    run: fn(&mut Graph),
}

/// Every rewrite, in the order in which they run.
static PASSES: &[Pass] = &[Pass {
    name: "dead",
    run: dead::run,
}];

/// Rewrites `graph`. Debug builds check the graph after each pass.
///
/// # Panics
///
/// In debug builds, when a pass breaks the graph: that is a mistake in the pass.
pub fn run(graph: &mut Graph) {
    check(graph, "lowering");
    for pass in PASSES {
        (pass.run)(graph);
        check(graph, pass.name);
    }
}

fn check(graph: &Graph, after: &str) {
    if cfg!(debug_assertions)
        && let Err(broken) = verify(graph)
    {
        unreachable!("the graph is broken after {after}: {broken}");
    }
}
