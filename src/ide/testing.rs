//! Programs for the tests of this room: one file with `$0` where the cursor is.

use std::collections::HashMap;

use super::{Facts, Names, View};
use crate::text::FileId;

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

/// What `answer` makes of each place that is marked with `$0` in `text`, one at a time, below its
/// line with a caret under the place.
pub fn at_each_mark(
    text: &str,
    beside: &[(&str, &str)],
    answer: impl Fn(&View, FileId, usize) -> String,
) -> String {
    let parts: Vec<&str> = text.split("$0").collect();
    let plain = parts.concat();
    let (analysis, _) = program(&plain, beside);
    let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
    let view = View::new(&analysis, &names, &facts);
    let mut out = plain.clone();
    let mut offset = 0;
    for part in &parts[..parts.len() - 1] {
        offset += part.len();
        let start = plain[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line = plain[start..].lines().next().unwrap_or("");
        let indent = plain[start..offset].chars().count();
        out += &format!("\n{}\n{line}\n{}^\n", "=".repeat(72), " ".repeat(indent));
        out += answer(&view, analysis.files[0].0, offset).trim_end();
        out += "\n";
    }
    out
}
