//! `nnc check`: every diagnostic, then a line a model.

use std::collections::HashSet;
use std::path::Path;

use clap::ValueEnum;
use serde_json::json;

use super::failure::{Failure, Status};
use super::json;
use super::loader::Disk;
use super::program::Options;
use super::ui::Ui;
use super::write;
use crate::analysis::{Analysis, Settings, fix};
use crate::check::program::Model;
use crate::diag::{Code, Diagnostic, Severity, suggest};
use crate::layers::def::TensorType;
use crate::tensor::DType;
use crate::view::number;
use crate::view::paint::{BAD, DIM, Paint, STRONG};
use crate::view::summary::stored;

mod report;

/// How diagnostics are written: for a person, or on standard output for a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Excerpts with what is wrong, then a line a model
    Human,
    /// One JSON object
    Json,
    /// One line a diagnostic
    Short,
    /// Workflow commands of GitHub Actions
    Github,
    /// A SARIF 2.1.0 log
    Sarif,
}

/// Check programs: prove every shape for every size, and say what is wrong
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc check net.nn
  nnc check models/*.nn --deny-warnings
  nnc check net.nn --fix                make the fixes that are proposed
  nnc check net.nn --allow W0207        nothing of this warning
  nnc check net.nn --format json
  nnc check net.nn --set classes=3      with a parameter of the model set
  cat net.nn | nnc check -

Prints a line a model: inputs → outputs · parameters · what its sizes need to be.")]
pub struct Args {
    /// Programs to check; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// Make the fixes that prove right; of standard input, print the fixed text
    #[arg(long)]
    fix: bool,

    /// Leave out a warning, such as W0102 (repeatable)
    #[arg(long, value_name = "CODE")]
    allow: Vec<String>,

    #[command(flatten)]
    options: Options<Form>,
}

/// Checks every file.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    if args.files.iter().filter(|path| *path == "-").count() > 1 {
        return Err(Failure::usage(
            "standard input is a program once, and `-` is given twice",
        ));
    }
    let allowed = allowed(&args.allow)?;
    let mut from_stdin = match args.fix {
        true => fix_all(args, &allowed, ui)?,
        false => None,
    };
    let mut analyses = Vec::new();
    let mut unread = None;
    for path in &args.files {
        let stdin = from_stdin.take_if(|_| path == "-");
        match stdin.map_or_else(|| args.options.open(path), Ok) {
            Ok(mut analysis) => {
                let kept = |diag: &Diagnostic| !allowed.contains(&diag.code);
                analysis.diagnostics.retain(kept);
                analyses.push(analysis);
            }
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
        Form::Json => {
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
        form @ (Form::Short | Form::Github | Form::Sarif) => {
            let told: Vec<report::Told> = told
                .iter()
                .filter(|(_, diag)| diag.is_error() || !ui.quiet)
                .map(|(analysis, diag)| (&analysis.sources, diag))
                .collect();
            ui.print(&match form {
                Form::Short => report::short(&told),
                Form::Github => report::github(&told),
                _ => json::text(&report::sarif(&told)),
            })?;
        }
        Form::Human => {
            let ui = &args.options.telling(ui);
            for (analysis, diag) in &told {
                ui.diagnostics(std::slice::from_ref(diag), &analysis.sources);
            }
            ui.count(&diags);
            if args.fix && args.files.iter().any(|path| path == "-") {
                return Ok(unread.unwrap_or_else(|| args.options.status(&diags)));
            }
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

/// The codes of `--allow`.
fn allowed(names: &[String]) -> Result<Vec<Code>, Failure> {
    let code = |name: &String| match Code::from_name(name) {
        Some(code) if code.severity() == Severity::Warning => Ok(code),
        Some(code) => Err(Failure::usage(format!(
            "`{code}` is an error; only warnings can be allowed"
        ))),
        None => {
            let failure = Failure::usage(format!("there is no warning `{name}`"));
            let warnings = Code::ALL
                .iter()
                .filter(|code| code.severity() == Severity::Warning);
            Err(
                match suggest::closest(name, warnings.map(|code| code.name())) {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None => failure.help("warnings begin with `W`: `--allow W0102`"),
                },
            )
        }
    };
    names.iter().map(code).collect()
}

/// Fixes every file on disk, and prints the fixed text of standard input, of which what is known
/// afterwards is given back. A file that cannot be read is told of later.
fn fix_all(args: &Args, allowed: &[Code], ui: &Ui) -> Result<Option<Analysis>, Failure> {
    let settings: Settings = args.options.settings()?;
    let stdin = args.files.iter().any(|path| path == "-");
    if stdin && args.options.format != Form::Human {
        return Err(Failure::usage(
            "`--fix` prints the text of standard input, where a report would stand",
        )
        .help("leave `--format` out"));
    }
    let mut from_stdin = None;
    for path in &args.files {
        if path == "-" && from_stdin.is_some() {
            continue;
        }
        let disk = Disk::default();
        let Ok(program) = args.options.read(path, &disk) else {
            continue;
        };
        let done = fix::fix(&program, &disk, &settings, allowed);
        if path == "-" {
            ui.print(match &done.text {
                Some(text) => text,
                None => std::str::from_utf8(&program.bytes).unwrap_or_default(),
            })?;
        } else if let Some(text) = &done.text {
            write::whole(Path::new(path), text.as_bytes())?;
        }
        let all = done.fixed + done.left();
        if all > 0 {
            let problems = if all == 1 { "problem" } else { "problems" };
            ui.note(&format!(
                "fixed {} of {all} {problems} in {}",
                done.fixed, program.name
            ));
        }
        if path == "-" {
            from_stdin = Some(done.analysis);
        }
    }
    Ok(from_stdin)
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
