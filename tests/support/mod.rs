//! What the tests share: programs read from the folder of examples, or from memory.

#![allow(dead_code)] // each test uses its part

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use nnc::analysis::{Analysis, Loaded, Loader, Settings, analyze};
use nnc::diag::Diagnostic;

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files with the ending `ending` in `folder`, in order.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join(folder))
        .unwrap_or_else(|error| panic!("{folder}: {error}"))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|other| other == ending))
        .collect();
    found.sort();
    found
}

/// The name of a file without its folder.
pub fn name(path: &Path) -> String {
    path.file_name()
        .expect("a path of a file")
        .to_string_lossy()
        .into_owned()
}

/// A folder from which programs are read. Names are relative to it.
pub struct Folder(pub PathBuf);

impl Folder {
    fn path(&self, from: &str, path: &str) -> String {
        let mut parts: Vec<&str> = from.split('/').collect();
        parts.pop();
        for part in path.split('/') {
            match part {
                "." => {}
                ".." if !parts.is_empty() => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

impl Loader for Folder {
    fn load(&self, from: &str, path: &str) -> Result<Loaded, String> {
        let name = self.path(from, path);
        match fs::read(self.0.join(&name)) {
            Ok(bytes) => Ok(Loaded { name, bytes }),
            Err(_) => Err("no such file".into()),
        }
    }

    fn exists(&self, from: &str, path: &str) -> bool {
        self.0.join(self.path(from, path)).is_file()
    }
}

/// Programs in memory, by name.
#[derive(Default)]
pub struct Memory(pub HashMap<String, String>);

impl Memory {
    /// The files, each with its text.
    pub fn of(files: &[(&str, &str)]) -> Memory {
        let files = files.iter();
        Memory(
            files
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }
}

impl Loader for Memory {
    fn load(&self, _: &str, path: &str) -> Result<Loaded, String> {
        match self.0.get(path) {
            Some(text) => Ok(Loaded {
                name: path.to_owned(),
                bytes: text.clone().into_bytes(),
            }),
            None => Err("no such file".into()),
        }
    }

    fn exists(&self, _: &str, path: &str) -> bool {
        self.0.contains_key(path)
    }
}

/// Analyses `text`, which imports nothing.
pub fn check(text: &str) -> Analysis {
    analyze(
        "test.nn",
        text.as_bytes(),
        &Memory::default(),
        &Settings::default(),
    )
}

/// Each diagnostic as `E0301 line 4`.
pub fn told(analysis: &Analysis) -> Vec<String> {
    let lines = analysis.diagnostics.iter().map(|diagnostic| {
        let line = analysis.sources.start(diagnostic.primary.span).line;
        format!("{} line {line}", diagnostic.code)
    });
    lines.collect()
}

/// `text` with the edits of a fix to `name` made.
pub fn fixed(analysis: &Analysis, diagnostic: &Diagnostic, fix: usize, text: &str) -> String {
    let mut edits = diagnostic.fixes[fix].edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
    let mut text = text.to_owned();
    for edit in edits {
        let first = analysis.files[0].0;
        assert_eq!(edit.span.file, first, "a fix edits another file");
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}
