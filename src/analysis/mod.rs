//! From a file's bytes to all that can be known of it: the one entry that every command and the
//! language server use. Pure: a [`Loader`] brings other files.

mod allow;
pub mod fix;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::check::program::Program;
use crate::check::wording::names;
use crate::check::{Files, Unit, check, layout_of};
use crate::diag::{Code, Diagnostic};
use crate::syntax::{self, ast};
use crate::text::{FileId, SourceMap, Span};

pub use crate::check::Settings;
pub use allow::Allowed;

/// How many files one program may import, all told.
pub const MAX_FILES: usize = 1_000;

/// How many diagnostics a program has at most; errors go before warnings.
pub const MAX_DIAGNOSTICS: usize = 1_000;

/// Brings the files that a program names. Paths are as written, relative to the file `from`.
pub trait Loader {
    /// The file at `path`, or why it cannot be read, in a few words ("no such file").
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String>;
    /// Whether there is a file at `path`.
    fn exists(&self, from: &str, path: &str) -> bool;
}

/// A file that was brought.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its name: the same for the same file, by whatever path it was reached; `from` of what it
    /// loads in its turn.
    pub name: String,
    /// Its contents.
    pub bytes: Vec<u8>,
}

/// All that is known of a program.
#[derive(Debug)]
pub struct Analysis {
    /// Every file that was read; the first is the one that was asked for.
    pub sources: SourceMap,
    /// The trees of the files, in the order in which they were read.
    pub files: Vec<(FileId, ast::File)>,
    /// For each of `files`, what its imports lead to, in order: positions in `files`; `None` for
    /// one that cannot be read.
    pub imports: Vec<Vec<Option<usize>>>,
    /// The checked program.
    pub program: Program,
    /// Every diagnostic, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The warnings that comments switch off.
    pub allowed: Allowed,
}

impl Analysis {
    /// Whether the program is wrong.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Analyses the file `name` with the contents `bytes` and all that it imports.
pub fn analyze(name: &str, bytes: &[u8], loader: &dyn Loader, settings: &Settings) -> Analysis {
    let mut reader = Reader {
        sources: SourceMap::default(),
        files: Vec::new(),
        imports: Vec::new(),
        known: HashMap::new(),
        diagnostics: Vec::new(),
    };
    reader.add(name, bytes);
    reader.read_imports(loader);
    reader.report_circles();
    reader.report_layouts();
    let units: Vec<Unit> = reader
        .files
        .iter()
        .zip(&reader.imports)
        .map(|((file, tree), imports)| Unit {
            file: *file,
            tree,
            imports: imports.clone(),
            unread: tree.items.is_empty()
                && (reader.diagnostics.iter()).any(|told| told.primary.span.file == *file),
        })
        .collect();
    let beside = Beside {
        sources: &reader.sources,
        loader,
    };
    let (program, mut found) = check(&units, &reader.sources, &beside, settings);
    let mut diagnostics = reader.diagnostics;
    drop_slips(&mut diagnostics, &found);
    without_consequences(&diagnostics, &mut found, &reader.sources);
    diagnostics.append(&mut found);
    let allowed = Allowed::new(&reader.sources, &reader.files);
    diagnostics.retain(|diagnostic| !allowed.has(diagnostic));
    if diagnostics.len() > MAX_DIAGNOSTICS {
        diagnostics.sort_by_key(|diagnostic| diagnostic.severity);
        diagnostics.truncate(MAX_DIAGNOSTICS);
        if let Some(last) = diagnostics.last_mut() {
            last.notes
                .push("there are more, which are not shown".to_owned());
        }
    }
    diagnostics.sort_by_key(|diagnostic| {
        let span = diagnostic.primary.span;
        (span.file, span.start, span.end, diagnostic.code)
    });
    Analysis {
        sources: reader.sources,
        files: reader.files,
        imports: reader.imports,
        program,
        diagnostics,
        allowed,
    }
}

/// Takes out the slips of the pen (`'same'`, `nn.Conv2d`) whose place a correction of the checker
/// replaces as a whole (`same`, `Conv`): one mistake, told once, and what is offered is right.
fn drop_slips(slips: &mut Vec<Diagnostic>, found: &[Diagnostic]) {
    let edits = found.iter().flat_map(|told| &told.fixes);
    let mut replaced: Vec<Span> = edits
        .flat_map(|fix| &fix.edits)
        .map(|edit| edit.span)
        .filter(|span| span.end > span.start)
        .collect();
    replaced.sort_unstable_by_key(|span| (span.file, span.start, std::cmp::Reverse(span.end)));
    let is_replaced = |slip: &Span| {
        let upto =
            replaced.partition_point(|span| (span.file, span.start) <= (slip.file, slip.start));
        let before = replaced[..upto].iter().rev().take(8);
        let mut before = before.filter(|span| span.file == slip.file);
        before.any(|span| span.end >= slip.end)
    };
    slips.retain(|slip| {
        let own = slip.fixes.iter().flat_map(|fix| &fix.edits);
        let mut own = own.map(|edit| edit.span).peekable();
        own.peek().is_none() || !own.all(|span| is_replaced(&span))
    });
}

/// Takes out of `found` what follows from lines that could not be read, of which `told` tells:
/// errors of what could be made of them, and names that they may have been meant to define.
fn without_consequences(told: &[Diagnostic], found: &mut Vec<Diagnostic>, sources: &SourceMap) {
    let line = |diagnostic: &Diagnostic| {
        let span = diagnostic.primary.span;
        (span.file, sources.line(span) - 1)
    };
    let unread: HashSet<_> = told.iter().map(line).collect();
    let words: HashSet<(FileId, &str)> = unread
        .iter()
        .flat_map(|(file, line)| {
            let source = sources.file(*file);
            let text = &source.text[source.lines.range(*line, &source.text)];
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words.map(|word| (*file, word))
        })
        .collect();
    found.retain(|diagnostic| {
        let span = diagnostic.primary.span;
        let follows = match diagnostic.code {
            Code::E0202 | Code::E0203 => words.contains(&(span.file, sources.slice(span))),
            _ => false,
        };
        !diagnostic.is_error() || !(follows || unread.contains(&line(diagnostic)))
    });
}

/// The files that a program is made of, while they are read.
struct Reader {
    sources: SourceMap,
    files: Vec<(FileId, ast::File)>,
    imports: Vec<Vec<Option<usize>>>,
    known: HashMap<String, usize>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn add(&mut self, name: &str, bytes: &[u8]) -> usize {
        let (text, broken) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), None),
            Err(error) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                (text, Some(error.valid_up_to()))
            }
        };
        let file = self.sources.add(name, text);
        let tree = match broken {
            Some(at) => {
                let span = Span::new(file, at, at + '\u{fffd}'.len_utf8());
                self.diagnostics.push(names::not_utf8(span, bytes[at]));
                ast::File::default()
            }
            None => {
                let text = self.sources.file(file).text.clone();
                let (tree, mut found) = syntax::parse(file, &text);
                self.diagnostics.append(&mut found);
                tree
            }
        };
        self.files.push((file, tree));
        self.imports.push(Vec::new());
        self.known.insert(name.to_owned(), self.files.len() - 1);
        self.files.len() - 1
    }

    fn read_imports(&mut self, loader: &dyn Loader) {
        let mut at = 0;
        while at < self.files.len() {
            let from = self.sources.file(self.files[at].0).name.clone();
            let mut found = Vec::new();
            for import in self.imports_of(at) {
                let loaded = match self.files.len() {
                    count if count >= MAX_FILES => {
                        Err(format!("a program may have {MAX_FILES} files at most"))
                    }
                    _ => loader.load(&from, &import.path.value),
                };
                match loaded {
                    Ok(loaded) => {
                        let known = self.known.get(&loaded.name).copied();
                        found.push(Some(match known {
                            Some(known) => known,
                            None => self.add(&loaded.name, &loaded.bytes),
                        }));
                    }
                    Err(why) => {
                        let path = &import.path;
                        let diagnostic = names::import_unreadable(path.span, &path.value, &why);
                        self.diagnostics.push(diagnostic);
                        found.push(None);
                    }
                }
            }
            self.imports[at] = found;
            at += 1;
        }
    }

    fn imports_of(&self, unit: usize) -> Vec<ast::Import> {
        let items = self.files[unit].1.items.iter();
        items
            .filter_map(|item| match item {
                ast::Item::Import(import) => Some(import.clone()),
                _ => None,
            })
            .collect()
    }

    /// Reports each import that leads back to a file on the way to it, and takes it out.
    fn report_circles(&mut self) {
        let mut states: HashMap<usize, bool> = HashMap::new();
        let mut way: Vec<(usize, usize)> = vec![(0, 0)];
        states.insert(0, true);
        while let Some((unit, at)) = way.pop() {
            let Some(next) = self.imports[unit].get(at).copied() else {
                states.insert(unit, false);
                continue;
            };
            way.push((unit, at + 1));
            let Some(next) = next else { continue };
            match states.entry(next) {
                Entry::Vacant(entry) => {
                    entry.insert(true);
                    way.push((next, 0));
                }
                Entry::Occupied(entry) if *entry.get() => {
                    let start = way.iter().position(|(unit, _)| *unit == next).unwrap_or(0);
                    let mut steps: Vec<String> = way[start..]
                        .iter()
                        .map(|(unit, _)| self.sources.file(self.files[*unit].0).name.clone())
                        .collect();
                    steps.push(steps[0].clone());
                    let span = self.imports_of(unit)[at].path.span;
                    self.diagnostics
                        .push(names::imports_in_a_circle(span, &steps));
                    self.imports[unit][at] = None;
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Reports imports from files of the other layout, and takes them out.
    fn report_layouts(&mut self) {
        for unit in 0..self.files.len() {
            let ours = layout_of(&self.files[unit].1);
            for (at, import) in self.imports_of(unit).iter().enumerate() {
                let Some(there) = self.imports[unit][at] else {
                    continue;
                };
                let theirs = layout_of(&self.files[there].1);
                if theirs != ours {
                    let path = &import.path;
                    let diagnostic = names::import_of_other_layout(
                        path.span,
                        &path.value,
                        theirs.name(),
                        ours.name(),
                    );
                    self.diagnostics.push(diagnostic);
                    self.imports[unit][at] = None;
                }
            }
        }
    }
}

/// Files beside a program, by the loader.
struct Beside<'a> {
    sources: &'a SourceMap,
    loader: &'a dyn Loader,
}

impl Files for Beside<'_> {
    fn text(&self, from: FileId, path: &str) -> Result<String, String> {
        let loaded = self.loader.load(&self.sources.file(from).name, path)?;
        String::from_utf8(loaded.bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }

    fn exists(&self, from: FileId, path: &str) -> bool {
        self.loader.exists(&self.sources.file(from).name, path)
    }
}
