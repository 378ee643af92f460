//! `nnc check`: every diagnostic, then a line a model.

use std::collections::HashSet;

use serde_json::json;

use super::failure::{Failure, Status};
use super::json;
use super::program::{Format, Options};
use super::ui::Ui;
use crate::analysis::Analysis;
use crate::check::program::Model;
use crate::diag::Diagnostic;
use crate::layers::def::TensorType;
use crate::tensor::DType;
use crate::view::number;
use crate::view::paint::{BAD, DIM, Paint, STRONG};
use crate::view::summary::stored;

/// Check programs: prove every shape for every size, and say what is wrong
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc check net.nn
  nnc check models/*.nn --deny-warnings
  nnc check net.nn --format json
  nnc check net.nn --set classes=3      with a parameter of the model set
  cat net.nn | nnc check -

Prints a line a model: inputs → outputs · parameters · what its sizes need to be.")]
pub struct Args {
    /// Programs to check; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    #[command(flatten)]
    options: Options,
}

/// Checks every file.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    if args.files.iter().filter(|path| *path == "-").count() > 1 {
        return Err(Failure::usage(
            "standard input is a program once, and `-` is given twice",
        ));
    }
    let mut analyses = Vec::new();
    let mut unread = None;
    for path in &args.files {
        match args.options.open(path) {
            Ok(analysis) => analyses.push(analysis),
            Err(failure @ Failure::Usage(..)) => {
                unread = Some(ui.fail(failure));
            }
            Err(failure) => return Err(failure),
        }
    }
    let models: Vec<(&Analysis, Vec<&Model>)> = match &args.options.model {
        None => analyses
            .iter()
            .map(|analysis| (analysis, analysis.program.models.iter().collect()))
            .collect(),
        Some(_) => analyses
            .iter()
            .map(|analysis| Ok((analysis, args.options.models(analysis)?)))
            .collect::<Result<_, Failure>>()?,
    };
    // A file that several import has its diagnostics once.
    let mut told: Vec<(&Analysis, Diagnostic)> = Vec::new();
    let mut known = HashSet::new();
    for analysis in &analyses {
        for diag in &analysis.diagnostics {
            let span = diag.primary.span;
            let file = &*analysis.sources.file(span.file).name;
            if known.insert((file, span.range(), diag.code, &*diag.message)) {
                told.push((analysis, diag.clone()));
            }
        }
    }
    let diags: Vec<Diagnostic> = told.iter().map(|(_, diag)| diag.clone()).collect();
    match args.options.format {
        Format::Json => {
            let object = json!({
                "version": 1,
                "diagnostics": told.iter()
                    .map(|(analysis, diag)| json::diagnostic(diag, &analysis.sources))
                    .collect::<Vec<_>>(),
                "models": models.iter()
                    .flat_map(|(analysis, models)| {
                        models.iter().map(|model| json::model(model, &analysis.sources))
                    })
                    .collect::<Vec<_>>(),
            });
            ui.print(&json::text(&object))?;
        }
        Format::Human => {
            let ui = &args.options.telling(ui);
            for (analysis, diag) in &told {
                ui.diagnostics(std::slice::from_ref(diag), &analysis.sources);
            }
            ui.count(&diags);
            let mut text = String::new();
            for (analysis, models) in &models {
                for model in models {
                    text += &line(model, ui.out);
                }
                if analysis.program.models.is_empty() && !analysis.has_errors() {
                    text += &blocks(analysis, ui.out);
                }
            }
            ui.print(&text)?;
        }
    }
    Ok(unread.unwrap_or_else(|| args.options.status(&diags)))
}

/// `LeNet5: image [N, 28, 28, 1] → digit [N, 10] · 61,706 parameters`.
fn line(model: &Model, paint: Paint) -> String {
    let value = |name: &str, ty: Option<&TensorType>| match ty {
        Some(ty) if ty.dtype == DType::F32 => format!("{name} {}", ty.shape),
        Some(ty) => format!("{name} {}{}", ty.dtype, ty.shape),
        None => format!("{name} ?"),
    };
    let inputs: Vec<String> = model
        .inputs
        .iter()
        .map(|input| value(&input.name.value, model.ty(input.value)))
        .collect();
    let outputs: Vec<String> = model
        .outputs
        .iter()
        .map(|output| value(&output.name.value, output.value.and_then(|id| model.ty(id))))
        .collect();
    let mut parts = vec![format!("{} → {}", inputs.join(", "), outputs.join(", "))];
    if model.has_errors {
        parts.push(paint.on(BAD, "has errors"));
    } else {
        let count = |trained, one: &str, many: &str| {
            let count = stored(model, trained)?;
            let noun = if count.is_const(1) { one } else { many };
            Some(format!("{} {noun}", number::size(&count)))
        };
        parts.extend(count(true, "parameter", "parameters"));
        parts.extend(count(false, "buffer", "buffers").filter(|text| text != "0 buffers"));
        if !model.requirements.is_empty() {
            let needs: Vec<String> = model
                .requirements
                .iter()
                .map(|required| required.requirement.to_string())
                .collect();
            parts.push(format!("needs {}", needs.join(", ")));
        }
    }
    format!(
        "{}: {}\n",
        paint.on(STRONG, &model.name),
        parts.join(&paint.on(DIM, " · "))
    )
}

/// What to say of a file without a model.
fn blocks(analysis: &Analysis, paint: Paint) -> String {
    let Some((id, file)) = analysis.sources.files().next() else {
        return String::new();
    };
    let names: Vec<String> = analysis
        .program
        .blocks
        .iter()
        .filter(|block| block.span.file == id)
        .map(|block| paint.on(STRONG, &block.name))
        .collect();
    match names.as_slice() {
        [] => format!("{}: no model and no block\n", file.name),
        [name] => format!("{}: block {name}\n", file.name),
        names => format!("{}: blocks {}\n", file.name, names.join(", ")),
    }
}
