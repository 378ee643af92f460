//! Reading programs and what they import from disk.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::failure::reason;
use crate::analysis::{Loaded, Loader};

/// The name of a program that comes from standard input.
pub const STDIN: &str = "<stdin>";

/// Bytes of a file of text that is read at most: one more than a program may have, so that the
/// analysis sees that it is too large.
const LIMIT: u64 = (16 << 20) + 1;

/// Reads files beside the program; each has one name by whatever path it is reached.
#[derive(Debug, Default)]
pub struct Disk {
    names: RefCell<HashMap<PathBuf, String>>,
}

impl Disk {
    /// Reads the program at `path`; `-` is standard input.
    pub fn open(&self, path: &str) -> Result<Loaded, String> {
        if path == "-" {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .take(LIMIT)
                .read_to_end(&mut bytes)
                .map_err(|error| reason(&error))?;
            return Ok(Loaded {
                name: STDIN.into(),
                bytes,
            });
        }
        let bytes = read(Path::new(path))?;
        Ok(Loaded {
            name: self.name(Path::new(path)),
            bytes,
        })
    }

    /// The first name under which the file at `path` was reached.
    fn name(&self, path: &Path) -> String {
        let shown = tidy(path);
        let key = path.canonicalize().unwrap_or_else(|_| shown.clone());
        self.names
            .borrow_mut()
            .entry(key)
            .or_insert_with(|| shown.display().to_string())
            .clone()
    }
}

/// Where `path`, written in the file `from`, leads.
pub fn beside(from: &str, path: &str) -> PathBuf {
    match Path::new(from).parent() {
        Some(folder) if from != STDIN => folder.join(path),
        _ => PathBuf::from(path),
    }
}

impl Loader for Disk {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String> {
        let path = beside(from, path);
        let bytes = read(&path)?;
        Ok(Loaded {
            name: self.name(&path),
            bytes,
        })
    }

    fn exists(&self, from: &str, path: &str) -> bool {
        beside(from, path).is_file()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            if file.metadata()?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            file.take(LIMIT).read_to_end(&mut bytes)
        })
        .map_err(|error| reason(&error))?;
    Ok(bytes)
}

/// `path` without `.` and without `name/..`.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_one_name() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sub")).expect("writable");
        let main = folder.path().join("main.nn");
        std::fs::write(&main, "a").expect("writable");
        std::fs::write(folder.path().join("sub/b.nn"), "b").expect("writable");
        let disk = Disk::default();
        let main = disk.open(main.to_str().expect("text")).expect("readable");
        let b = disk.load(&main.name, "./sub/b.nn").expect("readable");
        assert_eq!(b.bytes, b"b");
        assert!(b.name.ends_with("sub/b.nn") && !b.name.contains("./"));
        let again = disk.load(&b.name, "../main.nn").expect("readable");
        assert_eq!(again.name, main.name);
        assert!(disk.exists(&main.name, "sub/b.nn") && !disk.exists(&main.name, "sub"));
        assert_eq!(
            disk.load(&main.name, "no.nn").expect_err("missing"),
            "no such file"
        );
        assert_eq!(
            disk.load(&main.name, "sub").expect_err("folder"),
            "it is a directory"
        );
    }

    #[test]
    fn tidies_paths() {
        assert_eq!(tidy(Path::new("./a/../b/./c.nn")), Path::new("b/c.nn"));
        assert_eq!(tidy(Path::new("../a.nn")), Path::new("../a.nn"));
    }
}
