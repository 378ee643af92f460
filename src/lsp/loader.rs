//! Files that programs import: from the open texts first, then from disk.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::convert::tidy;
use super::documents::Documents;
use crate::analysis::{Loaded, Loader};

/// Bytes of a file that are read at most: one more than a program may have, so that the analysis
/// sees that it is too large.
const LIMIT: u64 = (16 << 20) + 1;

/// Reads what one program names, and remembers what that was.
#[derive(Debug)]
pub struct Buffers<'a> {
    documents: &'a Documents,
    /// Where the paths lead that a text without a path names.
    folder: &'a Path,
    names: RefCell<HashMap<PathBuf, String>>,
    reads: RefCell<HashSet<String>>,
}

impl<'a> Buffers<'a> {
    /// Reads from `documents` first. A text without a path is taken to be in `folder`.
    pub fn new(documents: &'a Documents, folder: &'a Path) -> Buffers<'a> {
        Buffers {
            documents,
            folder,
            names: RefCell::default(),
            reads: RefCell::default(),
        }
    }

    /// The names of all files that were asked for, whether they are there or not.
    pub fn reads(self) -> HashSet<String> {
        self.reads.into_inner()
    }

    /// Where `path`, written in the file `from`, leads.
    fn locate(&self, from: &str, path: &str) -> PathBuf {
        let from = Path::new(from);
        let folder = match from.parent() {
            Some(folder) if from.is_absolute() => folder,
            _ => self.folder,
        };
        let path = tidy(&folder.join(path));
        self.reads.borrow_mut().insert(path.display().to_string());
        path
    }
}

impl Loader for Buffers<'_> {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String> {
        let path = self.locate(from, path);
        let shown = path.display().to_string();
        let real = path.canonicalize().ok();
        let open = match self.documents.get(&shown) {
            Some(_) => Some(shown.as_str()),
            None => real.as_deref().and_then(|real| self.documents.at(real)),
        };
        if let Some((name, document)) = open.and_then(|it| Some((it, self.documents.get(it)?))) {
            self.reads.borrow_mut().insert(name.to_owned());
            return Ok(Loaded {
                name: name.to_owned(),
                bytes: document.text.clone().into_bytes(),
            });
        }
        let bytes = read(&path)?;
        let mut names = self.names.borrow_mut();
        let name = names.entry(real.unwrap_or(path)).or_insert(shown);
        self.reads.borrow_mut().insert(name.clone());
        Ok(Loaded {
            name: name.clone(),
            bytes,
        })
    }

    fn exists(&self, from: &str, path: &str) -> bool {
        self.locate(from, path).is_file()
    }
}

/// The contents of the file at `path`, no more than a program may have.
///
/// # Errors
/// Why it cannot be read, in a few words.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    let read = || -> io::Result<Vec<u8>> {
        // A pipe or a device could keep the server waiting for ever.
        let about = path.metadata()?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !about.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(LIMIT).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::NotADirectory => "a part of its path is not a directory".into(),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsp::convert::uri;
    use crate::lsp::documents::Document;

    #[test]
    fn an_open_text_hides_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("there");
        let main = real.join("main.nn").display().to_string();
        let other = real.join("other.nn").display().to_string();
        std::fs::write(&other, "on disk").expect("writable");
        let mut documents = Documents::default();
        let loader = Buffers::new(&documents, &real);
        let loaded = loader.load(&main, "./other.nn").expect("readable");
        assert_eq!(
            (loaded.name, loaded.bytes),
            (other.clone(), b"on disk".to_vec())
        );
        assert!(loader.load(&main, "none.nn").is_err());
        let reads = loader.reads();
        assert!(reads.contains(&other) && reads.contains(&*real.join("none.nn").to_string_lossy()));
        documents.open(Document::new(uri(&other), 3, "in the editor".into()));
        let loader = Buffers::new(&documents, &real);
        for from in [main.as_str(), "untitled:Untitled-1"] {
            let loaded = loader.load(from, "other.nn").expect("readable");
            assert_eq!(loaded.bytes, b"in the editor");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_link_leads_to_the_open_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("there");
        let other = real.join("other.nn").display().to_string();
        std::fs::write(&other, "on disk").expect("writable");
        std::os::unix::fs::symlink(&other, real.join("link.nn")).expect("a link");
        let mut documents = Documents::default();
        documents.open(Document::new(uri(&other), 3, "in the editor".into()));
        let loader = Buffers::new(&documents, &real);
        let loaded = loader.load("/none/main.nn", &real.join("link.nn").to_string_lossy());
        assert_eq!(loaded.expect("readable").name, other);
    }
}
