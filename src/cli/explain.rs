//! `nnc explain`: the page of a diagnostic.

use super::failure::{Failure, Status};
use super::ui::Ui;
use crate::diag::{Code, suggest};
use crate::view::markdown;
use crate::view::paint::{BAD, DIM, WARN};

/// Explain a diagnostic: what it means, an example that has it and one that does not
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc explain E0301
  nnc explain          every code in a line")]
pub struct Args {
    /// The code, as printed in brackets after `error` or `warning`
    code: Option<String>,
}

/// Prints the page of one code, or the list of all.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let Some(name) = &args.code else {
        ui.print(&list(ui))?;
        return Ok(Status::Fine);
    };
    let bare = name.trim_matches(|ch: char| !ch.is_ascii_alphanumeric());
    let code = Code::from_name(bare).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no diagnostic `{name}`"));
        match suggest::closest(bare, Code::ALL.iter().map(|code| code.name())) {
            Some(near) => failure.help(format!("`{near}` is the nearest; `nnc explain` lists all")),
            None => failure.help("`nnc explain` lists all"),
        }
    })?;
    ui.print(&markdown::render(code.page(), ui.prose, ui.out))?;
    Ok(Status::Fine)
}

fn list(ui: &Ui) -> String {
    let mut text = String::new();
    let mut family = "";
    for code in Code::ALL {
        let name = code.name();
        if family != code.family() {
            if !family.is_empty() {
                text.push('\n');
            }
            family = code.family();
            text += &format!("{}\n", ui.out.on(DIM, family));
        }
        let style = match code.severity() {
            crate::diag::Severity::Error => BAD,
            crate::diag::Severity::Warning => WARN,
        };
        text += &format!("  {}  {}\n", ui.out.on(style, name), code.title());
    }
    text
}
