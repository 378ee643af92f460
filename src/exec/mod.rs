//! Running a model.
//!
//! The data gives the sizes ([`bind_sizes`]), the sizes the graph ([`graph_at`]), the graph what
//! the weights file must hold ([`weights::load`]) or what is drawn ([`draw`]), both together a
//! [`Plan`](crate::plan::Plan), which runs as often as one likes ([`run`]).

mod batch;
mod bind;
mod error;
mod init;
mod keras;
mod run;
#[cfg(test)]
mod tests;
pub mod weights;

pub use batch::{batch_sizes, batch_variable, run_batched};
pub use bind::{Given, bind_sizes};
pub use error::ExecError;
pub use init::draw;
pub use run::{Watch, run, run_profiled, run_watched};

use crate::check::program::Model;
use crate::graph::Graph;
use crate::shape::Env;
use crate::{lower, passes};

/// The graph of `model` at the sizes of `env`, rewritten by every pass.
///
/// # Errors
///
/// If the model has errors or does not allow the sizes.
pub fn graph_at(model: &Model, env: &Env) -> Result<Graph, ExecError> {
    let mut graph = lower::lower(model, env)?;
    passes::run(&mut graph);
    Ok(graph)
}
