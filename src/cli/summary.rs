//! `nnc summary`: the layers of a model as a table.

use serde_json::json;

use super::failure::{Failure, Status};
use super::json;
use super::program::{Format, Options};
use super::ui::Ui;
use crate::view::summary::Summary;

/// Show a model layer by layer: shapes, parameters, cost, memory, receptive field
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc summary net.nn
  nnc summary net.nn --set N=1        with the batch size known
  nnc summary net.nn --format json

MACs are multiply-accumulates of the whole batch; memory is that of a layer's results; `Sees` is the
receptive field, the part of the input that one number of the result depends on. Where a size
is a variable, so are the numbers.")]
pub struct Args {
    /// The program; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,

    #[command(flatten)]
    options: Options,
}

/// Prints the summary of every model, or of the one asked for.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let analysis = args.options.open(&args.file)?;
    ui.diagnostics(&analysis.diagnostics, &analysis.sources);
    ui.count(&analysis.diagnostics);
    let status = args.options.status(&analysis.diagnostics);
    let models = args.options.models(&analysis)?;
    let summaries: Vec<Summary> = models
        .iter()
        .map(|model| Summary::new(model, &analysis.sources, &analysis.diagnostics))
        .collect();
    match args.options.format {
        Format::Json => {
            let models: Vec<_> = summaries.iter().map(json::summary).collect();
            ui.print(&json::text(&json!({ "version": 1, "models": models })))?;
        }
        Format::Human => {
            let drawn: Vec<String> = summaries
                .iter()
                .map(|summary| summary.render(ui.width, ui.out))
                .collect();
            ui.print(&drawn.join("\n"))?;
            if summaries.is_empty() && status == Status::Fine {
                ui.note("the file has no model; a `block` has no summary of its own");
            }
        }
    }
    Ok(status)
}
