//! `nnc completions`: scripts that complete the command line.

use clap_complete::{Shell, generate};

use super::failure::{Failure, Status};
use super::ui::Ui;

/// Print a script that completes `nnc` commands in a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc completions bash > ~/.local/share/bash-completion/completions/nnc
  nnc completions zsh > ~/.zfunc/_nnc
  nnc completions fish > ~/.config/fish/completions/nnc.fish")]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut super::command(), "nnc", &mut script);
    ui.print(&String::from_utf8_lossy(&script))?;
    Ok(Status::Fine)
}
