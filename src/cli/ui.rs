//! Talking to a person: colours, widths, the two streams.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use super::failure::{Failure, Status};
use crate::diag::render::{self, Style};
use crate::diag::{Code, Diagnostic};
use crate::text::SourceMap;
use crate::view::paint::{BAD, DIM, NAME, Paint, WARN};

/// The page of `code` in the repository that `Cargo.toml` names, when it names one.
pub(super) fn page(code: Code) -> Option<String> {
    page_below(env!("CARGO_PKG_REPOSITORY"), code)
}

fn page_below(repository: &str, code: Code) -> Option<String> {
    let pages = repository.trim_end_matches('/');
    (!pages.is_empty()).then(|| format!("{pages}/blob/HEAD/docs/errors/{code}.md"))
}

/// How many further codes the last line spells out.
const SPELLED: usize = 5;

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
    /// Whether standard error is a terminal with colours, where text can be a link.
    pub links: bool,
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
            links: err && when.on(err),
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

    /// Draws diagnostics; a quiet run leaves warnings out. On a terminal with colours their codes
    /// are links to their pages, when it is known where those are.
    pub fn diagnostics(&self, diags: &[Diagnostic], sources: &SourceMap) {
        for diag in diags {
            if diag.is_error() || !self.quiet {
                let text = render::render(diag, sources, self.style());
                self.say(&match page(diag.code).filter(|_| self.links) {
                    Some(page) => link(&text, diag.code, &page),
                    None => text,
                });
            }
        }
    }

    /// Says how many diagnostics there were, and where more is told of them.
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
        self.pages(&told);
    }

    /// Says how the pages of `diags` are read.
    fn pages(&self, diags: &[Diagnostic]) {
        let mut codes: Vec<Code> = diags.iter().map(|diag| diag.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let text = match codes.as_slice() {
            [] => return,
            [only] => format!("see `nnc explain {only}`"),
            [first, rest @ ..] => {
                let mut others: Vec<String> =
                    rest.iter().take(SPELLED).map(Code::to_string).collect();
                if rest.len() > SPELLED {
                    others.push("…".to_owned());
                }
                format!("see `nnc explain {first}`; also {}", others.join(", "))
            }
        };
        self.say(&format!("{}\n", self.err.on(DIM, text)));
    }

    /// Says why a command failed, and gives the status that it ends with.
    pub fn fail(&self, failure: Failure) -> Status {
        let (message, help, status) = match failure {
            Failure::Usage(message, help) => (message, help, Status::Usage),
            Failure::Data(message, help) => (message, help, Status::Data),
            Failure::Diagnostics(diags, sources, status) => {
                self.diagnostics(&diags, &sources);
                match diags.len() {
                    1 => self.pages(&diags),
                    _ => self.count(&diags),
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

/// `text` with the code in its first line, `error[E0301]`, made a link to `page` (OSC 8; a terminal
/// that does not know it shows the text alone).
fn link(text: &str, code: Code, page: &str) -> String {
    let name = code.name();
    let end = text.find('\n').unwrap_or(text.len());
    let Some(at) = text[..end].find(name) else {
        return text.to_owned();
    };
    let (before, after) = (&text[..at], &text[at + name.len()..]);
    format!("{before}\x1b]8;;{page}\x1b\\{name}\x1b]8;;\x1b\\{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_becomes_a_link_and_its_line_stays_as_wide() {
        let text = "\x1b[1merror[E0301]\x1b[0m: E0301 twice\nE0301\n";
        let page = page_below("https://example.org/nnc/", Code::E0301).expect("a page");
        let linked = link(text, Code::E0301, &page);
        assert_eq!(
            linked,
            "\x1b[1merror[\x1b]8;;https://example.org/nnc/blob/HEAD/docs/errors/E0301.md\x1b\\\
             E0301\x1b]8;;\x1b\\]\x1b[0m: E0301 twice\nE0301\n"
        );
        assert_eq!(page_below("", Code::E0301), None);
        assert_eq!(link("no header\n", Code::E0301, "x"), "no header\n");
    }
}
