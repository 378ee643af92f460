//! Programs for the tests of this room: one file with `$0` where the cursor is.

use std::collections::HashMap;

use crate::analysis::{Analysis, Loaded, Loader, Settings, analyze};

/// Files in memory, by name.
#[derive(Default)]
pub struct Memory(pub HashMap<String, String>);

impl Loader for Memory {
    fn load(&self, _from: &str, path: &str) -> Result<Loaded, String> {
        let text = self.0.get(path).ok_or("no such file")?;
        Ok(Loaded {
            name: path.to_owned(),
            bytes: text.clone().into_bytes(),
        })
    }

    fn exists(&self, _from: &str, path: &str) -> bool {
        self.0.contains_key(path)
    }
}

/// Analyses `text` without its `$0`, which tells the offset; other files are `beside`.
pub fn program(text: &str, beside: &[(&str, &str)]) -> (Analysis, usize) {
    let offset = text.find("$0").unwrap_or(0);
    let text = text.replacen("$0", "", 1);
    let files = beside.iter();
    let files = files.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let memory = Memory(files.collect());
    let analysis = analyze("main.nn", text.as_bytes(), &memory, &Settings::default());
    (analysis, offset)
}
