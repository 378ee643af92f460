//! The texts that are open in the client.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use lsp_types::{TextDocumentContentChangeEvent, Uri};

use super::convert::{Encoding, Lines, name};

/// An open text.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its address as the client writes it.
    pub uri: Uri,
    /// The client's count of its changes.
    pub version: i32,
    /// The whole text as it is now.
    pub text: String,
    /// Where its lines begin.
    pub lines: Lines,
}

impl Document {
    /// The text `text`.
    pub fn new(uri: Uri, version: i32, text: String) -> Document {
        let lines = Lines::new(&text);
        Document {
            uri,
            version,
            text,
            lines,
        }
    }

    /// Makes one change: of a range, or of the whole text.
    pub fn change(&mut self, change: TextDocumentContentChangeEvent, encoding: Encoding) {
        match change.range {
            Some(range) => {
                let bytes = self.lines.bytes(&self.text, range, encoding);
                self.text.replace_range(bytes, &change.text);
            }
            None => self.text = change.text,
        }
        self.lines = Lines::new(&self.text);
    }
}

/// Every open text, by the name of its file.
#[derive(Debug, Default)]
pub struct Documents {
    open: HashMap<String, Document>,
    /// The names of those on disk by the path that links lead to.
    real: HashMap<PathBuf, String>,
}

impl Documents {
    /// Opens a text and gives its name.
    pub fn open(&mut self, document: Document) -> String {
        let name = name(&document.uri);
        if let Ok(real) = Path::new(&name).canonicalize() {
            self.real.insert(real, name.clone());
        }
        self.open.insert(name.clone(), document);
        name
    }

    /// Closes the text `name`.
    pub fn close(&mut self, name: &str) -> Option<Document> {
        self.real.retain(|_, known| known != name);
        self.open.remove(name)
    }

    /// The open text `name`.
    pub fn get(&self, name: &str) -> Option<&Document> {
        self.open.get(name)
    }

    /// The open text `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Document> {
        self.open.get_mut(name)
    }

    /// The name of the open text whose file is at `path`, a path without links.
    pub fn at(&self, path: &Path) -> Option<&str> {
        self.real.get(path).map(String::as_str)
    }

    /// The names of all, in no order.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.open.keys()
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::{Position, Range};

    use super::*;

    fn change(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range::new(
                Position::new(from.0, from.1),
                Position::new(to.0, to.1),
            )),
            range_length: None,
            text: text.into(),
        }
    }

    #[test]
    fn changes_parts_beside_wide_characters() {
        let uri: Uri = "untitled:a".parse().expect("an address");
        let mut document = Document::new(uri, 1, "😀 가 b\r\nc".into());
        document.change(change((0, 3), (0, 4), "나"), Encoding::Utf16);
        assert_eq!(document.text, "😀 나 b\r\nc");
        document.change(change((0, 6), (1, 0), ""), Encoding::Utf16);
        assert_eq!(document.text, "😀 나 bc");
        document.change(change((0, 99), (9, 9), "!\nd"), Encoding::Utf16);
        assert_eq!(document.text, "😀 나 bc!\nd");
        document.change(change((1, 0), (1, 1), ""), Encoding::Utf16);
        assert_eq!(document.text, "😀 나 bc!\n");
    }

    #[test]
    fn a_change_without_range_is_the_whole_text() {
        let uri: Uri = "untitled:a".parse().expect("an address");
        let mut document = Document::new(uri, 1, "a".into());
        let whole = TextDocumentContentChangeEvent {
            range: None,
            range_length: None,
            text: "b\n".into(),
        };
        document.change(whole, Encoding::Utf16);
        assert_eq!(document.text, "b\n");
        assert_eq!(document.lines.content(1, &document.text), 2..2);
    }
}
