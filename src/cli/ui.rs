//! Talking to a person: colours, widths, the two streams.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use super::failure::{Failure, Status};
use crate::diag::Diagnostic;
use crate::diag::render::{self, Style};
use crate::text::SourceMap;
use crate::view::paint::{BAD, NAME, Paint, WARN};

/// Columns when there is no terminal to ask.
const WIDTH: usize = 100;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

impl When {
    /// The value of `--color` before the command line is parsed, for its own messages.
    pub fn scan(args: &[OsString]) -> When {
        let mut when = When::Auto;
        let mut args = args.iter().filter_map(|arg| arg.to_str());
        while let Some(arg) = args.next() {
            let value = match arg.strip_prefix("--color") {
                Some("") => args.next().unwrap_or(""),
                Some(rest) => rest.strip_prefix('=').unwrap_or(""),
                None if arg == "--" => break,
                None => continue,
            };
            if let Ok(found) = When::from_str(value, true) {
                when = found;
            }
        }
        when
    }

    fn on(self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                terminal
                    && !set("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// What the streams can show.
#[derive(Clone, Debug)]
pub struct Ui {
    /// Colours of standard output.
    pub out: Paint,
    /// Colours of standard error.
    pub err: Paint,
    /// Columns of standard output; a file or pipe has no end.
    pub width: usize,
    /// Columns to wrap prose at.
    pub prose: usize,
    /// Whether to keep to errors and results.
    pub quiet: bool,
    /// Whether standard error is a terminal, where progress can be drawn.
    pub live: bool,
}

impl Ui {
    /// Asks the terminal.
    pub fn new(when: When, quiet: bool) -> Ui {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let columns = terminal_size::terminal_size()
            .map(|(width, _)| usize::from(width.0))
            .or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
            .filter(|width| *width > 0);
        Ui {
            out: Paint(when.on(out)),
            err: Paint(when.on(err)),
            width: match columns {
                Some(columns) if out => columns,
                _ => usize::MAX,
            },
            prose: columns.unwrap_or(WIDTH).min(WIDTH),
            quiet,
            live: err && !quiet,
        }
    }

    /// Writes results. A reader that has gone away is no error of anyone's.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Pipe),
            Err(error) => Err(Failure::data(format!(
                "standard output cannot be written: {}",
                super::failure::reason(&error)
            ))),
        }
    }

    /// Writes to standard error, where nobody may be listening.
    fn say(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A remark that a quiet run leaves out.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("{}: {text}\n", self.err.on(NAME, "note")));
        }
    }

    /// A warning that has no place in a program; a quiet run leaves it out.
    pub fn warn(&self, text: &str) {
        if !self.quiet {
            self.say(&format!("{}: {text}\n", self.err.on(WARN, "warning")));
        }
    }

    /// An error that does not end the command.
    pub fn error(&self, text: &str) {
        self.say(&format!("{}: {text}\n", self.err.on(BAD, "error")));
    }

    /// The style of diagnostics.
    fn style(&self) -> Style {
        Style {
            color: self.err.0,
            width: self.prose,
        }
    }

    /// Draws diagnostics; a quiet run leaves warnings out.
    pub fn diagnostics(&self, diags: &[Diagnostic], sources: &SourceMap) {
        for diag in diags {
            if diag.is_error() || !self.quiet {
                self.say(&render::render(diag, sources, self.style()));
            }
        }
    }

    /// Says how many diagnostics there were.
    pub fn count(&self, diags: &[Diagnostic]) {
        let told: Vec<Diagnostic> = diags
            .iter()
            .filter(|diag| diag.is_error() || !self.quiet)
            .cloned()
            .collect();
        if let Some(text) = render::count(&told) {
            let style = if told.iter().any(Diagnostic::is_error) {
                BAD
            } else {
                WARN
            };
            self.say(&format!("{}\n", self.err.on(style, text)));
        }
    }

    /// Says why a command failed, and gives the status that it ends with.
    pub fn fail(&self, failure: Failure) -> Status {
        let (message, help, status) = match failure {
            Failure::Usage(message, help) => (message, help, Status::Usage),
            Failure::Data(message, help) => (message, help, Status::Data),
            Failure::Diagnostics(diags, sources, status) => {
                self.diagnostics(&diags, &sources);
                if diags.len() > 1 {
                    self.count(&diags);
                }
                return status;
            }
            Failure::Said(status) => return status,
            Failure::Pipe => return Status::Fine,
        };
        self.say(&format!("{}: {message}\n", self.err.on(BAD, "error")));
        if let Some(help) = help {
            self.say(&format!("{}: {help}\n", self.err.on(NAME, "help")));
        }
        status
    }
}
