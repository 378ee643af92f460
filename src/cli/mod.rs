//! The `nnc` command: a file a subcommand. The only place that prints, reads arguments and exits.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ColorChoice, Parser, Subcommand};

mod bench;
mod check;
mod completions;
mod engine;
mod explain;
mod failure;
mod fmt;
mod json;
mod layers;
mod loader;
mod lsp;
mod program;
mod run;
mod settings;
mod summary;
mod ui;
mod write;

use failure::Status;
use ui::{Ui, When};

/// Stack of the thread that does the work: deep enough for the deepest program that the parser
/// lets pass.
const STACK: usize = 64 << 20;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .valid(AnsiColor::Green.on_default())
    .invalid(AnsiColor::Yellow.on_default())
    .error(AnsiColor::Red.on_default().bold());

/// Checks, explains and runs neural networks written in .nn
#[derive(Parser, Debug)]
#[command(
    name = "nnc",
    version,
    about,
    styles = STYLES,
    disable_help_subcommand = false,
    arg_required_else_help = false,
    after_help = "Diagnostics go to standard error, results to standard output.\n\
                  Exit status: 0 fine · 1 the program has errors · 2 wrong usage · 3 a file, weight or\n\
                  data given to a run does not fit · 4 an internal error."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// When to use colours (NO_COLOR is respected)
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Display"
    )]
    color: When,

    /// Print no warnings, no progress and no remarks
    #[arg(short, long, global = true, help_heading = "Display")]
    quiet: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    Check(check::Args),
    Run(Box<run::Args>),
    Summary(summary::Args),
    Fmt(fmt::Args),
    Layers(layers::Args),
    Explain(explain::Args),
    Bench(bench::Args),
    Lsp(lsp::Args),
    Completions(completions::Args),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    silence_panics();
    let work = std::thread::Builder::new()
        .name("nnc".into())
        .stack_size(STACK)
        .spawn(start);
    let status = match work.map(|thread| thread.join()) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) => report_panic(),
        Err(error) => {
            eprintln!("error: no thread could be started: {error}");
            Status::Internal
        }
    };
    ExitCode::from(status as u8)
}

fn start() -> Status {
    let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
    let when = When::scan(&args);
    let cli = match parse(&args, when) {
        Ok(cli) => cli,
        Err(status) => return status,
    };
    let ui = Ui::new(cli.color, cli.quiet);
    let result = match cli.command {
        None => ui.print(&greeting(&ui)).map(|()| Status::Fine),
        Some(Command::Check(args)) => check::run(&args, &ui),
        Some(Command::Run(args)) => run::run(&args, &ui),
        Some(Command::Summary(args)) => summary::run(&args, &ui),
        Some(Command::Fmt(args)) => fmt::run(&args, &ui),
        Some(Command::Layers(args)) => layers::run(&args, &ui),
        Some(Command::Explain(args)) => explain::run(&args, &ui),
        Some(Command::Bench(args)) => bench::run(&args, &ui),
        Some(Command::Lsp(args)) => lsp::run(&args, &ui),
        Some(Command::Completions(args)) => completions::run(&args, &ui),
    };
    match result {
        Ok(status) => status,
        Err(failure) => ui.fail(failure),
    }
}

/// The command line as clap defines it.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

fn parse(args: &[std::ffi::OsString], when: When) -> Result<Cli, Status> {
    use clap::FromArgMatches;
    let choice = match when {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    };
    command()
        .color(choice)
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| {
            // A reader that has gone away needs no help text.
            let _ = error.print();
            if error.use_stderr() {
                Status::Usage
            } else {
                Status::Fine
            }
        })
}

/// What `nnc` says without arguments.
fn greeting(ui: &Ui) -> String {
    use crate::view::paint::{DIM, NAME, TITLE};
    let paint = ui.out;
    let mut text = format!(
        "{} {} checks, explains and runs neural networks written in .nn\n\n",
        paint.on(TITLE, "nnc"),
        env!("CARGO_PKG_VERSION")
    );
    for (command, what) in [
        ("nnc check net.nn", "find mistakes, prove the shapes"),
        ("nnc summary net.nn", "layers, parameters, cost"),
        ("nnc run net.nn -i digit.png", "the forward pass"),
        (
            "nnc layers Conv",
            "a layer explained; all of them without a name",
        ),
        ("nnc explain E0301", "a diagnostic explained"),
    ] {
        text += &format!(
            "  {}{}{what}\n",
            paint.on(NAME, command),
            " ".repeat(31 - command.len())
        );
    }
    text += &format!(
        "\n{}\n",
        paint.on(DIM, "Everything else: nnc --help · nnc COMMAND --help")
    );
    text
}

static PANICKED: std::sync::Mutex<Option<String>> = std::sync::Mutex::new(None);

/// Keeps a panic's message for [`report_panic`] instead of printing it.
fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = info
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| info.payload().downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".into());
        let place = info.location().map_or(String::new(), |place| {
            format!(" ({}:{})", place.file(), place.line())
        });
        if let Ok(mut kept) = PANICKED.lock() {
            kept.get_or_insert(message + &place);
        }
    }));
}

fn report_panic() -> Status {
    let message = PANICKED.lock().ok().and_then(|mut kept| kept.take());
    eprintln!(
        "internal error: {}",
        message.as_deref().unwrap_or("the work stopped")
    );
    eprintln!(
        "This is a mistake in nnc {}, not in your program. Please report it with this message, the",
        env!("CARGO_PKG_VERSION")
    );
    eprintln!("command and the program.");
    Status::Internal
}
