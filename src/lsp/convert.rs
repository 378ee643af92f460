//! Bytes ↔ positions, spans → ranges, addresses ↔ names of files.

use std::ops::Range as Bytes;
use std::path::{Component, Path, PathBuf};

use lsp_types::{Position, Range, Uri};
use serde_json::Value;

/// How the client counts within a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// In bytes.
    Utf8,
    /// In UTF-16 units: what every client understands.
    #[default]
    Utf16,
}

impl Encoding {
    /// The units of `text`.
    pub fn width(self, text: &str) -> usize {
        match self {
            Encoding::Utf16 if !text.is_ascii() => text.chars().map(char::len_utf16).sum(),
            _ => text.len(),
        }
    }

    /// The bytes of `text` that make `units`: no more than there are, and never half a character.
    fn bytes(self, text: &str, units: usize) -> usize {
        if self == Encoding::Utf8 || text.is_ascii() {
            let mut at = units.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            return at;
        }
        let mut left = units;
        for (at, letter) in text.char_indices() {
            match left.checked_sub(letter.len_utf16()) {
                Some(rest) if left > 0 => left = rest,
                _ => return at,
            }
        }
        text.len()
    }
}

/// Where the lines of a text begin, as the protocol has it: `\n`, `\r\n` and a lone `\r` end one.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Finds the lines of `text`.
    pub fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at as u32 + 1);
            }
        }
        Lines { starts }
    }

    /// The bytes of `line` (from 0) without its end; empty at the text's end beyond the last.
    pub fn content(&self, line: usize, text: &str) -> Bytes<usize> {
        let Some(start) = self.starts.get(line) else {
            return text.len()..text.len();
        };
        let start = *start as usize;
        let end = self
            .starts
            .get(line + 1)
            .map_or(text.len(), |next| *next as usize);
        let line = &text[start..end];
        start..start + line.trim_end_matches(['\r', '\n']).len()
    }

    /// The line, from 0, that holds byte `offset`.
    pub fn line(&self, offset: usize) -> usize {
        let after = self.starts.partition_point(|it| *it as usize <= offset);
        after.saturating_sub(1)
    }

    /// The position of byte `offset`, which is clamped to the text and to a character's start.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let content = self.content(line, text);
        let before = &text[content.start..offset.min(content.end)];
        Position::new(line as u32, encoding.width(before) as u32)
    }

    /// The byte at `position`. A position beyond its line means the line's end, one beyond the
    /// last line the text's end.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let content = self.content(position.line as usize, text);
        let units = position.character as usize;
        content.start + encoding.bytes(&text[content], units)
    }

    /// The range of the bytes `start..end`.
    pub fn range(&self, text: &str, bytes: Bytes<usize>, encoding: Encoding) -> Range {
        Range {
            start: self.position(text, bytes.start, encoding),
            end: self.position(text, bytes.end.max(bytes.start), encoding),
        }
    }

    /// The bytes of `range`; empty where it ends before it starts.
    pub fn bytes(&self, text: &str, range: Range, encoding: Encoding) -> Bytes<usize> {
        let start = self.offset(text, range.start, encoding);
        let end = self.offset(text, range.end, encoding);
        start..end.max(start)
    }
}

/// The name under which the file at `uri` is known: its path, or the address itself where that is
/// no path (`untitled:Untitled-1`).
pub fn name(uri: &Uri) -> String {
    match path(uri) {
        Some(path) => path.display().to_string(),
        None => uri.as_str().to_owned(),
    }
}

/// The path of a `file:` address.
pub fn path(uri: &Uri) -> Option<PathBuf> {
    let (scheme, rest) = uri.as_str().split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/')?),
        None => ("", rest),
    };
    let path = decode(path)?;
    let path = match host {
        "" | "localhost" => without_drive_slash(&path),
        host if cfg!(windows) => format!("//{host}{path}"),
        _ => return None,
    };
    let path = tidy(Path::new(&path));
    path.is_absolute().then_some(path)
}

/// `/c:/net.nn` as Windows writes it: `C:/net.nn`.
fn without_drive_slash(path: &str) -> String {
    let bytes = path.as_bytes();
    match bytes {
        [b'/', drive, b':', ..] if cfg!(windows) && drive.is_ascii_alphabetic() => {
            format!("{}{}", drive.to_ascii_uppercase() as char, &path[2..])
        }
        _ => path.to_owned(),
    }
}

/// The address of the file known as `name`.
pub fn uri(name: &str) -> Uri {
    let text = if Path::new(name).is_absolute() {
        let slashes = match cfg!(windows) {
            true => name.replace('\\', "/"),
            false => name.to_owned(),
        };
        let root = if slashes.starts_with('/') { "" } else { "/" };
        format!("file://{root}{}", encode(&slashes))
    } else {
        name.to_owned()
    };
    let parsed: Result<Uri, _> = text.parse();
    let safe = || format!("untitled:{}", encode(name)).parse();
    parsed
        .or_else(|_| safe())
        .expect("every byte that an address may not have is encoded")
}

/// `text` with `%41` and the like resolved; `None` when that is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        let letter = *bytes.get(at)? as char;
        letter.to_digit(16).map(|value| value as u8)
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// `text` with every byte encoded that may not stand in the path of an address.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// Encodes what the addresses in `params` may not have, such as blanks and letters beyond ASCII:
/// some clients leave them, and an address that is none cannot be read.
pub fn repair(params: &mut Value) {
    match params {
        Value::Array(items) => items.iter_mut().for_each(repair),
        Value::Object(entries) => {
            for (key, value) in entries {
                match value {
                    Value::String(text) if key == "uri" || key == "rootUri" => {
                        let allowed = |byte: u8| {
                            byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
                        };
                        if !text.bytes().all(allowed) {
                            let bytes = text.bytes().map(|byte| match allowed(byte) {
                                true => (byte as char).to_string(),
                                false => format!("%{byte:02X}"),
                            });
                            *text = bytes.collect();
                        }
                    }
                    value => repair(value),
                }
            }
        }
        _ => {}
    }
}

/// `path` without `.` and without `name/..`.
pub fn tidy(path: &Path) -> PathBuf {
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

    const TEXT: &str = "a\n가😀x\r\n\rlast";

    fn at(line: u32, character: u32) -> Position {
        Position::new(line, character)
    }

    #[test]
    fn counts_as_the_client_does() {
        let lines = Lines::new(TEXT);
        let x = TEXT.find('x').expect("there");
        assert_eq!(lines.position(TEXT, x, Encoding::Utf16), at(1, 3));
        assert_eq!(lines.position(TEXT, x, Encoding::Utf8), at(1, 7));
        let last = TEXT.find("last").expect("there");
        assert_eq!(lines.position(TEXT, last, Encoding::Utf16), at(3, 0));
        assert_eq!(lines.position(TEXT, 999, Encoding::Utf16), at(3, 4));
        assert_eq!(lines.position(TEXT, x - 1, Encoding::Utf16), at(1, 1));
    }

    #[test]
    fn positions_and_bytes_agree() {
        let lines = Lines::new(TEXT);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (offset, letter) in TEXT.char_indices() {
                if letter == '\n' && TEXT[..offset].ends_with('\r') {
                    continue;
                }
                let position = lines.position(TEXT, offset, encoding);
                assert_eq!(lines.offset(TEXT, position, encoding), offset, "{letter:?}");
            }
        }
    }

    #[test]
    fn repairs_addresses_alone() {
        let mut params = serde_json::json!({
            "textDocument": {"uri": "file:///a b/가[1].nn", "text": "a b"},
            "changes": [{"uri": "file:///a%20b.nn?x"}],
        });
        repair(&mut params);
        let expected = serde_json::json!({
            "textDocument": {"uri": "file:///a%20b/%EA%B0%80%5B1%5D.nn", "text": "a b"},
            "changes": [{"uri": "file:///a%20b.nn?x"}],
        });
        assert_eq!(params, expected);
    }

    #[test]
    fn clamps_what_is_out_of_range() {
        let lines = Lines::new(TEXT);
        let offset = |position| lines.offset(TEXT, position, Encoding::Utf16);
        assert_eq!(offset(at(0, 99)), 1);
        assert_eq!(offset(at(99, 99)), TEXT.len());
        assert_eq!(offset(at(u32::MAX, u32::MAX)), TEXT.len());
        let emoji = TEXT.find('😀').expect("there");
        assert_eq!(offset(at(1, 2)), emoji, "within a pair of surrogates");
        assert_eq!(lines.offset(TEXT, at(1, 1), Encoding::Utf8), 2);
        let backwards = Range::new(at(3, 0), at(0, 0));
        let bytes = lines.bytes(TEXT, backwards, Encoding::Utf16);
        assert!(bytes.is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn addresses_and_names_are_each_other() {
        for (address, known) in [
            ("file:///home/a/net.nn", "/home/a/net.nn"),
            ("file:///home/a%20b/%EA%B0%80.nn", "/home/a b/가.nn"),
            ("file:///a/100%25.nn", "/a/100%.nn"),
            ("untitled:Untitled-1", "untitled:Untitled-1"),
        ] {
            let parsed: Uri = address.parse().expect("an address");
            assert_eq!(name(&parsed), known);
            assert_eq!(uri(known).as_str(), address);
        }
        let parse = |text: &str| text.parse::<Uri>().expect("an address");
        assert_eq!(name(&parse("file:///a/./b/../c.nn")), "/a/c.nn");
        assert_eq!(name(&parse("file://localhost/a.nn")), "/a.nn");
        assert_eq!(name(&parse("file:///c%3A/a.nn")), "/c:/a.nn");
        assert_eq!(name(&parse("git:/a.nn?x")), "git:/a.nn?x");
        assert_eq!(path(&parse("file://host/a.nn")), None);
        assert_eq!(
            uri("not an address").as_str(),
            "untitled:not%20an%20address"
        );
    }
}
