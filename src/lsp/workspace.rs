//! The programs below the folders that are open, found and checked a step at a time, so that
//! requests never wait for more than one of them.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

/// Programs that are checked at most.
const MAX_PROGRAMS: usize = 2_000;

/// Bytes that they may have together.
const MAX_BYTES: u64 = 64 << 20;

/// Folders that are looked into at most.
const MAX_FOLDERS: usize = 20_000;

/// Entries of one folder that are looked at.
const MAX_ENTRIES: usize = 20_000;

/// Folders that hold what tools make.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// What is left to be done.
#[derive(Debug, Default)]
pub struct Walk {
    folders: Vec<PathBuf>,
    programs: VecDeque<PathBuf>,
    waiting: HashSet<PathBuf>,
    looked: usize,
    found: usize,
    bytes: u64,
    done: usize,
}

impl Walk {
    /// Adds a folder with all below it.
    pub fn folder(&mut self, path: PathBuf) {
        self.begin();
        self.folders.push(path);
    }

    /// Adds one program; it is the next.
    pub fn program(&mut self, path: PathBuf) {
        self.begin();
        if self.waiting.insert(path.clone()) {
            self.programs.push_front(path);
        }
    }

    fn begin(&mut self) {
        if self.is_done() {
            self.done = 0;
        }
    }

    /// Whether nothing is left.
    pub fn is_done(&self) -> bool {
        self.folders.is_empty() && self.programs.is_empty()
    }

    /// How many programs were given out since it last had nothing left, and how many are known to
    /// be left.
    pub fn count(&self) -> (usize, usize) {
        (self.done, self.programs.len())
    }

    /// Takes the next step: looks into one folder, or gives one program to be checked.
    pub fn step(&mut self) -> Option<PathBuf> {
        if let Some(folder) = self.folders.pop() {
            self.look(&folder);
            return None;
        }
        let path = self.programs.pop_front();
        if let Some(path) = &path {
            self.waiting.remove(path);
            self.done += 1;
        }
        path
    }

    fn look(&mut self, folder: &Path) {
        self.looked += 1;
        if self.looked > MAX_FOLDERS {
            return;
        }
        let Ok(entries) = folder.read_dir() else {
            return;
        };
        let mut entries: Vec<_> = entries.take(MAX_ENTRIES).flatten().collect();
        entries.sort_by_key(|entry| entry.file_name());
        let mut folders = Vec::new();
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // Links are not followed: what they lead to is elsewhere, or here already.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                folders.push(entry.path());
            } else if kind.is_file() && name.ends_with(".nn") {
                let size = entry.metadata().map_or(0, |about| about.len());
                let fits = self.found < MAX_PROGRAMS && self.bytes + size <= MAX_BYTES;
                if fits && self.waiting.insert(entry.path()) {
                    self.found += 1;
                    self.bytes += size;
                    self.programs.push_back(entry.path());
                }
            }
        }
        self.folders.extend(folders.into_iter().rev());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_and_leaves_out_what_tools_make() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["a.nn", "sub/b.nn", ".git/c.nn", "target/d.nn", "sub/e.txt"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            std::fs::write(path, "").expect("writable");
        }
        let mut walk = Walk::default();
        walk.folder(folder.path().to_owned());
        let mut found = Vec::new();
        while !walk.is_done() {
            found.extend(walk.step());
        }
        let expected = ["a.nn", "sub/b.nn"].map(|path| folder.path().join(path));
        assert_eq!(found, expected);
        walk.program(expected[0].clone());
        walk.program(expected[0].clone());
        assert_eq!(walk.step().as_ref(), Some(&expected[0]));
        assert!(walk.is_done());
    }
}
