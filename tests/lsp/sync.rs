//! Texts are what the client says they are.

use serde_json::{Value, json};

use crate::Random;
use crate::client::{Client, position};

/// The byte at `line` and `character`, both clamped; lines end as the protocol has it.
fn offset(text: &str, line: usize, character: usize) -> usize {
    let mut start = 0;
    for _ in 0..line {
        let rest = &text[start..];
        match rest.find(['\n', '\r']) {
            Some(at) if rest[at..].starts_with("\r\n") => start += at + 2,
            Some(at) => start += at + 1,
            None => return text.len(),
        }
    }
    let rest = &text[start..];
    let content = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let mut units = 0;
    for (at, letter) in content.char_indices() {
        if units + letter.len_utf16() > character {
            return start + at;
        }
        units += letter.len_utf16();
    }
    start + content.len()
}

const START: &str = "\
# 가나다 😀
model M {
    input x: [N, 8, 8, 1]
    conv: Conv(4, kernel=3)  # 😀 beside
    ReLU
    Flatten
    fc: Linear(10)
    output y: [N, 10]
}
";

const PIECES: [&str; 16] = [
    "",
    "\n",
    "\r\n",
    "\r",
    "😀",
    "가",
    "(",
    ")",
    "    Tanh\n",
    "fc",
    "3",
    " from conv",
    "\"",
    "#",
    "}\n",
    "input z: [N, ",
];

#[test]
fn parts_come_to_the_same_as_the_whole() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut client = Client::plain();
    let mut text = START.to_owned();
    let (parts, whole) = ("untitled:parts", "untitled:whole");
    client.open(parts, 0, &text);
    client.open(whole, 0, &text);
    for version in 1..150 {
        if version % 30 == 0 {
            // Back to a text that means something.
            text = START.replace('\n', if version % 60 == 0 { "\r\n" } else { "\n" });
            client.replace(parts, version, &text);
        } else {
            let mut changes = Vec::new();
            for _ in 0..1 + random.below(3) {
                let line = random.below(12);
                let mut from = (line, random.below(30));
                let mut to = match random.below(3) {
                    0 => from,
                    1 => (line, from.1 + random.below(6)),
                    _ => (line + random.below(2), random.below(30)),
                };
                if to < from {
                    std::mem::swap(&mut from, &mut to);
                }
                let piece = PIECES[random.below(PIECES.len())];
                let start = offset(&text, from.0, from.1);
                let end = offset(&text, to.0, to.1).max(start);
                text.replace_range(start..end, piece);
                changes.push(json!({
                    "range": {"start": position(from.0, from.1), "end": position(to.0, to.1)},
                    "text": piece,
                }));
            }
            client.change(parts, version, Value::Array(changes));
        }
        client.replace(whole, version, &text);
        let of_parts = client.diagnostics(parts, version);
        let of_whole = client.diagnostics(whole, version);
        let plain = |found: Vec<Value>| Value::Array(found).to_string().replace(parts, whole);
        assert_eq!(
            plain(of_parts),
            plain(of_whole),
            "version {version}:\n{text}"
        );
    }
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn a_burst_of_edits_is_taken_in_at_once() {
    let mut client = Client::plain();
    client.open("untitled:a", 0, START);
    client.diagnostics("untitled:a", 0);
    let mut bytes = Vec::new();
    for version in 1..=500 {
        let end = START.lines().count();
        bytes.extend(crate::client::framed(json!({
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": "untitled:a", "version": version},
                "contentChanges": [{
                    "range": {"start": position(end, 0), "end": position(end, 0)},
                    "text": "#\n",
                }],
            },
        })));
    }
    client.raw.write(&bytes);
    client.diagnostics("untitled:a", 500);
    let published = client.seen.iter();
    let between = published
        .filter(|it| it["method"] == "textDocument/publishDiagnostics")
        .count();
    assert!(between < 250, "{between} analyses of 500 edits");
    assert_eq!(client.finish(), Some(0));
}
