//! What the server knows: the client, its settings, the open texts and what was found in them.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;

use lsp_types::{Location, Position, Range, TextDocumentIdentifier, Uri};

use super::capabilities::{Client, Settings};
use super::convert::{self, Encoding, Lines};
use super::documents::{Document, Documents};
use super::loader::Buffers;
use crate::analysis::{Analysis, analyze};
use crate::ide::Names;
use crate::text::{FileId, Span};

/// What is known of one program.
#[derive(Debug)]
pub struct Checked {
    /// The name of its file.
    pub name: String,
    /// All that was found. Its first file is the program's own.
    pub analysis: Analysis,
    /// The names of all files that were asked for, its own left out.
    pub reads: HashSet<String>,
    /// How the client counts within a line.
    pub encoding: Encoding,
    lines: Vec<OnceCell<Lines>>,
    names: OnceCell<Names>,
}

impl Checked {
    /// Analyses the program `name` with the contents `bytes`.
    pub fn new(name: &str, bytes: &[u8], state: &State) -> Checked {
        let loader = Buffers::new(&state.documents, state.folder());
        let settings = crate::analysis::Settings::default();
        let analysis = analyze(name, bytes, &loader, &settings);
        Checked {
            name: name.to_owned(),
            lines: analysis.sources.files().map(|_| OnceCell::new()).collect(),
            analysis,
            reads: loader.reads(),
            names: OnceCell::new(),
            encoding: state.client.encoding,
        }
    }

    /// The program's own file.
    pub fn file(&self) -> FileId {
        FileId(0)
    }

    /// The text of `file`.
    pub fn text(&self, file: FileId) -> &str {
        &self.analysis.sources.file(file).text
    }

    /// The lines of `file`.
    pub fn lines(&self, file: FileId) -> &Lines {
        self.lines[file.0 as usize].get_or_init(|| Lines::new(self.text(file)))
    }

    /// What the names in the program mean.
    pub fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::new(&self.analysis))
    }

    /// Where `span` is in its file.
    pub fn range(&self, span: Span) -> Range {
        let text = self.text(span.file);
        self.lines(span.file)
            .range(text, span.range(), self.encoding)
    }

    /// Where byte `offset` of `file` is.
    pub fn position(&self, file: FileId, offset: usize) -> Position {
        self.lines(file)
            .position(self.text(file), offset, self.encoding)
    }

    /// The byte of the program's own text at `position`, which is clamped to the text.
    pub fn offset(&self, position: Position) -> usize {
        let file = self.file();
        self.lines(file)
            .offset(self.text(file), position, self.encoding)
    }

    /// The bytes of the program's own text in `range`.
    pub fn bytes(&self, range: Range) -> std::ops::Range<usize> {
        let file = self.file();
        self.lines(file)
            .bytes(self.text(file), range, self.encoding)
    }
}

/// What every request is answered from.
#[derive(Debug, Default)]
pub struct State {
    /// What the client can do.
    pub client: Client,
    /// What the user wants.
    pub settings: Settings,
    /// The open texts.
    pub documents: Documents,
    /// The folders that are open.
    pub folders: Vec<PathBuf>,
    /// What was found in open texts as they are now; `None` after a panic.
    checked: RefCell<HashMap<String, Option<Rc<Checked>>>>,
    /// What is to be written to the client's log.
    pub log: RefCell<Vec<String>>,
}

impl State {
    /// The folder of texts that have no path.
    pub fn folder(&self) -> &std::path::Path {
        self.folders.first().map_or(".".as_ref(), PathBuf::as_path)
    }

    /// What is known of the open text `name`, as it is now. `None` when it is not open.
    pub fn checked(&self, name: &str) -> Option<Rc<Checked>> {
        if let Some(known) = self.checked.borrow().get(name) {
            return known.clone();
        }
        let document = self.documents.get(name)?;
        let checked = self
            .guarded(|| Checked::new(name, document.text.as_bytes(), self))
            .map(Rc::new);
        self.checked
            .borrow_mut()
            .insert(name.to_owned(), checked.clone());
        checked
    }

    /// What is known of the program in `document`.
    pub fn program(&self, document: &TextDocumentIdentifier) -> Option<Rc<Checked>> {
        self.checked(&convert::name(&document.uri))
    }

    /// The open text `document`.
    pub fn document(&self, document: &TextDocumentIdentifier) -> Option<&Document> {
        self.documents.get(&convert::name(&document.uri))
    }

    /// The address of the file `name`: as the client writes it where it is open.
    pub fn uri(&self, name: &str) -> Uri {
        match self.documents.get(name) {
            Some(document) => document.uri.clone(),
            None => convert::uri(name),
        }
    }

    /// Where `span` of `checked` is.
    pub fn location(&self, checked: &Checked, span: Span) -> Location {
        let name = &checked.analysis.sources.file(span.file).name;
        Location::new(self.uri(name), checked.range(span))
    }

    /// Forgets what was found in the text `name` and in those that read it; gives the names of
    /// the latter.
    pub fn forget(&self, name: &str) -> Vec<String> {
        let mut readers = Vec::new();
        self.checked.borrow_mut().retain(|root, checked| {
            let reads = match checked {
                Some(checked) => checked.reads.contains(name),
                // Whatever it read, it is to be tried again.
                None => true,
            };
            if reads && root != name {
                readers.push(root.clone());
            }
            !reads && root != name
        });
        readers.sort();
        readers
    }

    /// The result of `work`; `None` when it panics, which is then written to the log.
    pub fn guarded<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(value) => Some(value),
            Err(payload) => {
                let why = payload
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| payload.downcast_ref::<String>().cloned());
                let why = why.unwrap_or_else(|| "a panic without a message".into());
                self.log.borrow_mut().push(format!("internal error: {why}"));
                None
            }
        }
    }
}
