//! The language server: requests of an editor answered from the texts as they are now.
//!
//! One thread does all the work. It takes in whatever the client has sent before it computes
//! anything, so that a burst of edits costs one analysis; then it answers requests, then it checks
//! what has changed, then it goes on with the programs that are not open, one at a time.
//!
//! `lsp_types` and `lsp_server` are known here alone. What is shown comes from `analysis` and from
//! the rooms below as plain data; a handler turns offsets into positions and no more.

mod actions;
mod calls;
mod capabilities;
mod completion;
mod convert;
mod diagnostics;
mod dispatch;
mod documents;
mod formatting;
mod hints;
mod hover;
mod lenses;
mod loader;
mod navigation;
mod notices;
mod programs;
mod ranges;
mod rename;
mod server;
mod signature;
mod state;
mod symbols;
#[cfg(test)]
mod tests;
mod tokens;
mod transport;
mod workspace;

use std::io;

pub use server::{Ended, run};

/// Serves the client on standard input and output until it says `exit` or goes away. The second
/// value says what was wrong with the input, if it was not understood.
///
/// # Errors
/// When no thread can be started.
pub fn serve() -> io::Result<(Ended, Option<String>)> {
    let (connection, threads) = transport::stdio()?;
    let ended = run(&connection);
    drop(connection);
    Ok((ended, threads.finish()))
}
