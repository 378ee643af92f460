//! `nnc lsp`: the language server.

use super::failure::{Failure, Status};
use super::ui::Ui;
use crate::lsp::{Ended, serve};

/// Serve an editor: the language server, over standard input and output
#[derive(clap::Args, Debug)]
#[command(after_help = "\
An editor starts it; there is nothing to type. It speaks the Language Server Protocol 3.17.")]
pub struct Args {
    /// Use standard input and output, as it does in any case: many editors give this
    #[arg(long)]
    stdio: bool,
}

/// Serves until the client says `exit` or goes away.
pub fn run(_: &Args, _: &Ui) -> Result<Status, Failure> {
    match serve() {
        Ok((_, Some(fault))) => Err(Failure::data(format!(
            "standard input is not understood: {fault}"
        ))
        .help("`nnc lsp` is started by an editor")),
        Ok((Ended::AsAsked, None)) => Ok(Status::Fine),
        // The protocol's status of an `exit` without `shutdown`.
        Ok((Ended::Abruptly, None)) => Ok(Status::Program),
        Err(error) => Err(Failure::data(format!(
            "no thread could be started: {error}"
        ))),
    }
}
