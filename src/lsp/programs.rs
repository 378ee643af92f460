//! Questions that concern several programs at once.

use std::rc::Rc;

use lsp_types::{Location, Range, TextDocumentPositionParams};

use super::convert;
use super::loader::read;
use super::state::{Checked, State};
use super::workspace::Walk;
use crate::ide::{Facts, Place, View};
use crate::text::{FileId, Span};

/// Programs that are looked at together.
pub struct Programs(Vec<Rc<Checked>>);

impl Programs {
    /// `first`, then all others that are open.
    pub fn open(state: &State, first: Rc<Checked>) -> Programs {
        let mut programs = Programs(vec![first]);
        programs.add_open(state);
        programs
    }

    /// `first`, then all others that are open, then those below the open folders.
    pub fn all(state: &State, first: Rc<Checked>) -> Programs {
        let mut programs = Programs::open(state, first);
        // What is not imported is seen in its own file alone.
        programs.add_closed(state, |bytes| {
            bytes.windows(6).any(|word| word == b"import")
        });
        programs
    }

    /// All that are open, then those below the open folders.
    pub fn everywhere(state: &State) -> Programs {
        let mut programs = Programs(Vec::new());
        programs.add_open(state);
        programs.add_closed(state, |_| true);
        programs
    }

    fn add_open(&mut self, state: &State) {
        let mut names: Vec<&String> = state.documents.names().collect();
        names.sort();
        for name in names {
            if self.0.iter().all(|program| program.name != *name) {
                self.0.extend(state.checked(name));
            }
        }
    }

    fn add_closed(&mut self, state: &State, concerns: impl Fn(&[u8]) -> bool) {
        let mut walk = Walk::default();
        state.folders.iter().cloned().for_each(|f| walk.folder(f));
        while !walk.is_done() {
            let Some(path) = walk.step() else { continue };
            let name = convert::tidy(&path).display().to_string();
            let real = path.canonicalize().ok();
            let open = real.is_some_and(|path| state.documents.at(&path).is_some());
            if open || state.documents.get(&name).is_some() {
                continue;
            }
            if let Ok(bytes) = read(&path)
                && concerns(&bytes)
            {
                let checked = state.guarded(|| Checked::new(&name, &bytes, state));
                self.0.extend(checked.map(Rc::new));
            }
        }
    }

    /// What `ask` finds in the views of all, the first first.
    pub fn ask<T>(&self, ask: impl FnOnce(&[&View]) -> T) -> T {
        let facts: Vec<Facts> = self.0.iter().map(|p| Facts::new(&p.analysis)).collect();
        let views: Vec<View> = (self.0.iter().zip(&facts))
            .map(|(program, facts)| View::new(&program.analysis, program.names(), facts))
            .collect();
        ask(&views.iter().collect::<Vec<_>>())
    }

    /// Where `place` is for the client.
    pub fn location(&self, state: &State, place: &Place) -> Option<Location> {
        let (program, file) = self.file(&place.file)?;
        let span = Span {
            file,
            start: place.start,
            end: place.end,
        };
        Some(state.location(program, span))
    }

    /// What the client calls `range` in the file called `name`.
    pub fn place(&self, state: &State, name: &str, range: Range) -> Option<Place> {
        let (program, file) = self.file(name)?;
        let text = program.text(file);
        let bytes = program
            .lines(file)
            .bytes(text, range, state.client.encoding);
        Some(Place {
            file: name.to_owned(),
            start: bytes.start as u32,
            end: bytes.end as u32,
        })
    }

    /// A program that reads the file called `name`.
    fn file(&self, name: &str) -> Option<(&Checked, FileId)> {
        self.0.iter().find_map(|program| {
            let mut files = program.analysis.sources.files();
            let (file, _) = files.find(|(_, file)| file.name == name)?;
            Some((&**program, file))
        })
    }
}

/// The program that is asked about, and the byte of its text.
pub fn asked(state: &State, at: &TextDocumentPositionParams) -> Option<(Rc<Checked>, usize)> {
    let checked = state.program(&at.text_document)?;
    let offset = checked.offset(at.position);
    Some((checked, offset))
}

impl Checked {
    /// What `ask` finds in this program's view.
    pub fn view<T>(&self, ask: impl FnOnce(&View) -> T) -> T {
        let facts = Facts::new(&self.analysis);
        ask(&View::new(&self.analysis, self.names(), &facts))
    }
}
