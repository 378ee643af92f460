//! Running a model: its data bound to its sizes, its weights read or drawn, its plan run.

mod bind;
mod error;
mod run;
#[cfg(test)]
mod tests;

pub use bind::{Given, bind_sizes};
pub use error::ExecError;
pub use run::{Watch, run, run_profiled, run_watched};
