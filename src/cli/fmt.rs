//! `nnc fmt`: programs in their one layout.

use std::path::{Path, PathBuf};

use super::failure::{Failure, Status, reason, shown};
use super::loader::{Disk, STDIN};
use super::ui::Ui;
use super::write;
use crate::syntax::MAX_BYTES;
use crate::syntax::fmt::{Change, changes, layout};
use crate::view::paint::{BAD, DIM, GOOD, Paint};

/// Lines that are shown around a change.
const AROUND: usize = 2;

/// Lay programs out in the one way: indents, blanks, columns, long lines broken
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc fmt net.nn
  nnc fmt .                             every .nn file of this folder and those in it
  nnc fmt --check models                what would change; status 1 if anything would
  cat net.nn | nnc fmt -                the text laid out, on standard output

What a program says stays the same, comments too. A line with a mistake is left as it is.")]
pub struct Args {
    /// Programs to lay out, or folders of them; `-` is standard input
    #[arg(required_unless_present = "stdin_filepath", value_name = "FILE")]
    files: Vec<String>,

    /// Write nothing: show what would change, and fail if anything would
    #[arg(long)]
    check: bool,

    /// Read standard input, and call it by this name in messages
    #[arg(long, value_name = "PATH")]
    stdin_filepath: Option<String>,
}

/// How many files were looked at, and how many of them change.
#[derive(Default)]
struct Tally {
    files: usize,
    changed: usize,
}

/// Lays out every file. One that cannot be read or written does not keep the others from it.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    if args.files.iter().filter(|path| *path == "-").count() > 1 {
        return Err(Failure::usage(
            "standard input is a program once, and `-` is given twice",
        ));
    }
    let mut worst = Status::Fine;
    let mut tally = Tally::default();
    let mut note = |result: Result<Status, Failure>| {
        let status = match result {
            Err(Failure::Pipe) => return Err(Failure::Pipe),
            result => result.unwrap_or_else(|failure| ui.fail(failure)),
        };
        if status as u8 > worst as u8 {
            worst = status;
        }
        Ok(())
    };
    let stdin = ["-".to_owned()];
    let files = match args.files.is_empty() {
        true => &stdin[..],
        false => &args.files,
    };
    for path in files {
        if path == "-" {
            let name = args.stdin_filepath.as_deref().unwrap_or(STDIN);
            note(one(path, name, args.check, ui, &mut tally))?;
        } else if Path::new(path).is_dir() {
            let mut found = Vec::new();
            if let Err(failure) = programs(Path::new(path), &mut found) {
                note(Err(failure))?;
            }
            for path in found {
                // A name that is no text cannot be written as an argument either.
                let path = shown(&path);
                note(one(&path, &path, args.check, ui, &mut tally))?;
            }
        } else {
            note(one(path, path, args.check, ui, &mut tally))?;
        }
    }
    if tally.files > 1 {
        let Tally { files, changed } = tally;
        ui.note(&match (changed, args.check) {
            (0, _) => format!("all {files} files are laid out"),
            (_, true) => format!("{changed} of {files} files would change"),
            (_, false) => format!("{changed} of {files} files were laid out"),
        });
    }
    Ok(worst)
}

/// Lays out the program at `path`, which is called `name`.
fn one(path: &str, name: &str, check: bool, ui: &Ui, tally: &mut Tally) -> Result<Status, Failure> {
    let unread = |why: &str| Failure::data(format!("`{name}` cannot be read: {why}"));
    let loaded = Disk::default().open(path).map_err(|why| unread(&why))?;
    if loaded.bytes.len() > MAX_BYTES {
        return Err(unread("it is larger than a program can be"));
    }
    let text = String::from_utf8(loaded.bytes).map_err(|_| {
        unread("it is not UTF-8 text").help(format!("`nnc check {name}` shows where"))
    })?;
    tally.files += 1;
    let Ok(laid_out) = layout(&text) else {
        ui.error(&format!(
            "the layout of `{name}` would change what it says, so it is left as it is. This is a \
             mistake in nnc, not in your program: please report it with the program"
        ));
        if path == "-" && !check {
            ui.print(&text)?;
        }
        return Ok(Status::Internal);
    };
    if laid_out.broken > 0 {
        let (what, have) = match laid_out.broken {
            1 => ("a part".to_owned(), "has a mistake, and is left as it is"),
            count => (
                format!("{count} parts"),
                "have mistakes, and are left as they are",
            ),
        };
        ui.warn(&format!("{what} of {name} {have}: `nnc check` explains"));
    }
    let changed = laid_out.text != text;
    tally.changed += usize::from(changed);
    if check {
        if changed && !ui.quiet {
            ui.print(&diff(name, &text, &laid_out.text, ui.out))?;
        }
        return Ok(match changed {
            true => Status::Program,
            false => Status::Fine,
        });
    }
    if path == "-" {
        ui.print(&laid_out.text)?;
    } else if changed {
        write::whole(Path::new(path), laid_out.text.as_bytes())?;
        if !ui.quiet {
            ui.print(&format!("{name}\n"))?;
        }
    }
    Ok(Status::Fine)
}

/// The programs in a folder and those in it, in order, without what is hidden. Links to folders are
/// not followed, so that there is an end.
fn programs(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::data(format!(
            "`{}` cannot be read: {}",
            shown(folder),
            reason(&error)
        ))
    };
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            programs(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "nn") && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// What changes from `old` to `new`, with the lines around it.
fn diff(name: &str, old: &str, new: &str, paint: Paint) -> String {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.split_inclusive('\n').map(visible);
        lines.collect()
    };
    let (before, after) = (lines(old), lines(new));
    let changes = changes(old, new);
    let near = |a: &Change, b: &Change| b.old.start <= a.old.end + 2 * AROUND;
    let mut text = String::new();
    for group in changes.chunk_by(near) {
        let (first, last) = (&group[0].old, &group[group.len() - 1].old);
        text += &format!("{}\n", paint.on(DIM, format!("{name}:{}", first.start + 1)));
        let mut line = |mark: char, shown: &str| {
            let shown = format!("{mark}{shown}");
            text += &match mark {
                '-' => paint.on(BAD, shown),
                '+' => paint.on(GOOD, shown),
                _ => shown,
            };
            text.push('\n');
        };
        let mut at = first.start.saturating_sub(AROUND);
        for change in group {
            for kept in &before[at..change.old.start] {
                line(' ', kept);
            }
            for gone in &before[change.old.clone()] {
                line('-', gone);
            }
            for come in &after[change.new.clone()] {
                line('+', come);
            }
            at = change.old.end;
        }
        for kept in before.iter().take(last.end + AROUND).skip(last.end) {
            line(' ', kept);
        }
    }
    text
}

/// A line with what cannot be seen at its end made visible.
fn visible(line: &str) -> String {
    let (text, end) = match line.strip_suffix('\n') {
        Some(text) => (text, ""),
        None => (line, " (no line end)"),
    };
    let code = text.trim_end_matches([' ', '\t', '\r']);
    let blanks = text[code.len()..].chars().map(|blank| match blank {
        ' ' => '·',
        '\t' => '→',
        _ => '␍',
    });
    format!("{code}{}{end}", blanks.collect::<String>())
}
