//! What the commands that take a program have in common.

use clap::ValueEnum;

use super::failure::{Failure, Status};
use super::loader::Disk;
use super::settings;
use super::ui::Ui;
use crate::analysis::{Analysis, Loaded, Settings, analyze};
use crate::check::program::Model;
use crate::diag::{Code, Diagnostic, suggest};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

/// Options of every command that takes a program.
///
/// `F` is how results can be written.
#[derive(clap::Args, Debug)]
pub struct Options<F = Format>
where
    F: ValueEnum + Send + Sync + 'static,
{
    /// The model, where the file has several
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,

    /// Set a model's parameter or a dimension variable (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,

    /// Write the result for a person, or as one JSON object
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        help_heading = "Display"
    )]
    pub format: F,

    /// Fail when there are warnings
    #[arg(long)]
    pub deny_warnings: bool,
}

impl<F: ValueEnum + Send + Sync + 'static> Options<F> {
    /// Reads and checks the program at `path`; `-` is standard input.
    pub fn open(&self, path: &str) -> Result<Analysis, Failure> {
        let settings = self.settings()?;
        let disk = Disk::default();
        let file = self.read(path, &disk)?;
        Ok(analyze(&file.name, &file.bytes, &disk, &settings))
    }

    /// What `--set` says.
    pub fn settings(&self) -> Result<Settings, Failure> {
        settings::parse(&self.set)
    }

    /// Reads the program at `path`; `-` is standard input.
    pub fn read(&self, path: &str, disk: &Disk) -> Result<Loaded, Failure> {
        disk.open(path).map_err(|why| {
            let failure = Failure::usage(format!("`{path}` cannot be read: {why}"));
            if path.ends_with(".nn") || path == "-" {
                failure
            } else if std::path::Path::new(&format!("{path}.nn")).is_file() {
                failure.help(format!("did you mean `{path}.nn`?"))
            } else {
                failure
            }
        })
    }

    /// How diagnostics are told: a quiet run tells of the warnings that make it fail.
    pub fn telling(&self, ui: &Ui) -> Ui {
        Ui {
            quiet: ui.quiet && !self.deny_warnings,
            ..ui.clone()
        }
    }

    /// Whether diagnostics make the command fail.
    pub fn status(&self, diags: &[Diagnostic]) -> Status {
        let fatal = |diag: &Diagnostic| self.deny_warnings || diag.is_error();
        if diags.iter().any(fatal) {
            Status::Program
        } else {
            Status::Fine
        }
    }

    /// The models that `--model` leaves.
    pub fn models<'a>(&self, analysis: &'a Analysis) -> Result<Vec<&'a Model>, Failure> {
        let models = &analysis.program.models;
        let Some(name) = &self.model else {
            return Ok(models.iter().collect());
        };
        let found: Vec<&Model> = models
            .iter()
            .filter(|model| *model.name == **name)
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let file = analysis.sources.files().next();
        let file = file.map_or("the file", |(_, file)| file.name.as_str());
        let failure = Failure::usage(format!("there is no model `{name}` in {file}"));
        let names: Vec<&str> = models.iter().map(|model| &*model.name).collect();
        Err(match suggest::closest(name, names.iter().copied()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help(format!("{file} has {}", list(&names))),
        })
    }

    /// Reads and checks the program at `path` and finds the one model to work with. Diagnostics
    /// are drawn, save those of `without`, which the command has a say on itself; a program with
    /// errors goes no further.
    pub fn one_model(
        &self,
        path: &str,
        ui: &Ui,
        without: &[Code],
    ) -> Result<(Analysis, usize), Failure> {
        let mut analysis = self.open(path)?;
        analysis
            .diagnostics
            .retain(|diag| !without.contains(&diag.code));
        let ui = &self.telling(ui);
        ui.diagnostics(&analysis.diagnostics, &analysis.sources);
        let status = self.status(&analysis.diagnostics);
        if status != Status::Fine {
            ui.count(&analysis.diagnostics);
            return Err(Failure::Said(status));
        }
        let models = self.models(&analysis)?;
        let name = match models.as_slice() {
            [model] => model.name.clone(),
            [] => {
                return Err(Failure::usage(format!("{path} has no model"))
                    .help("a `block` is used as a layer; a `model` runs"));
            }
            several => {
                let names: Vec<&str> = several.iter().map(|model| &*model.name).collect();
                return Err(Failure::usage(format!("{path} has {}", list(&names)))
                    .help(format!("choose one: `--model {}`", names[0])));
            }
        };
        let at = analysis
            .program
            .models
            .iter()
            .position(|model| model.name == name)
            .expect("the model is one of these");
        Ok((analysis, at))
    }
}

/// "models `A`, `B` and `C`".
fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "no model".into(),
        [one] => format!("one model, {one}"),
        [first @ .., last] => format!("models {} and {last}", first.join(", ")),
    }
}
