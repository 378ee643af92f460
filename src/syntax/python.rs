//! Programs of another framework, pasted as they are: Python at the top of a file. Each stretch
//! has one diagnostic, and none of its lines is read as a statement.

use std::borrow::Cow;
use std::ops::Range;

use super::prescan::MAX_DIAGNOSTICS;
use super::tokens::first_word;
use crate::diag::{Diagnostic, foreign as wording};
use crate::text::{FileId, Span};

/// A stretch of Python.
pub(super) struct Pasted {
    /// The bytes that it takes.
    pub range: Range<usize>,
    /// What is said of it.
    pub diagnostic: Diagnostic,
}

/// Modules whose import shows where a program is from.
const MODULES: [&str; 10] = [
    "torch",
    "torchvision",
    "tensorflow",
    "keras",
    "numpy",
    "jax",
    "flax",
    "math",
    "os",
    "typing",
];

/// What shows that a call at the top of a file is Python's.
const CALLS: [&str; 10] = [
    "keras.",
    "layers.",
    "nn.",
    "torch.",
    "tf.",
    ".add(",
    ".compile(",
    ".fit(",
    "Sequential(",
    "Model(",
];

/// The stretches of Python outside of braces in `text`, which is the whole of `file`, top to
/// bottom.
pub(super) fn find(file: FileId, text: &str) -> Vec<Pasted> {
    let mut found: Vec<Pasted> = Vec::new();
    let (mut at, mut number, mut depth) = (0, 1, 0usize);
    // Calls up to here are not Python's.
    let mut ours = 0;
    while at < text.len() && found.len() < MAX_DIAGNOSTICS {
        let end = line_end(text, at);
        let line = &text[at..end];
        let mut next = end + 1;
        if depth == 0 && line.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        {
            let place = Place {
                file,
                text,
                at,
                number,
            };
            if let Some(pasted) = place.stretch(&mut ours) {
                next = line_end(text, pasted.range.end) + 1;
                found.push(pasted);
            }
        }
        if next == end + 1 {
            for byte in code(line).bytes() {
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        number += text[at..next.min(text.len())].matches('\n').count();
        at = next;
    }
    found
}

/// `text` with blanks in place of what is `pasted`, as long as it was.
pub(super) fn blanked<'t>(text: &'t str, pasted: &[Pasted]) -> Cow<'t, str> {
    if pasted.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for Pasted { range, .. } in pasted {
        out.push_str(&text[out.len()..range.start]);
        let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
        out.extend(text[range.clone()].bytes().map(blank));
    }
    out.push_str(&text[out.len()..]);
    Cow::Owned(out)
}

/// A line at which Python may begin.
struct Place<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
    /// The line's number, from 1.
    number: usize,
}

impl Place<'_> {
    /// The stretch that begins here. `ours` is moved behind calls that are not Python's.
    fn stretch(&self, ours: &mut usize) -> Option<Pasted> {
        let (file, text, at) = (self.file, self.text, self.at);
        let line = text[at..line_end(text, at)].trim_end();
        let bare = code(line).trim_end();
        let head = Span::new(file, at, at + bare.len());
        let word = first_word(bare);
        let last_line = |end: usize| self.number + text[at..end].matches('\n').count();
        let (end, diagnostic) = match word {
            "class" | "def" if bare.ends_with(':') => {
                let name = first_word(bare[word.len()..].trim_start());
                let end = indented_end(text, at);
                let diagnostic = match word {
                    "class" => wording::class(head, name, last_line(end)),
                    _ => wording::function(head, name, last_line(end)),
                };
                (end, diagnostic)
            }
            "import" | "from" if is_import(bare) => {
                let end = imports_end(text, at);
                let whole = Span::new(file, at, (line_end(text, end) + 1).min(text.len()));
                (end, wording::import(head, whole))
            }
            _ if at < *ours => return None,
            _ => {
                let end = calls_end(text, at)?;
                let script = &text[at..end];
                if !CALLS.iter().any(|call| script.contains(call)) {
                    *ours = end;
                    return None;
                }
                let diagnostic = wording::script(head, last_line(end));
                let whole = Span::new(file, at, end);
                let diagnostic = match sequence(script) {
                    Some(model) => diagnostic.fix("write a model", whole, model),
                    None => diagnostic.note(wording::FORM),
                };
                (end, diagnostic)
            }
        };
        Some(Pasted {
            range: at..end,
            diagnostic,
        })
    }
}

/// Whether a line is an import of Python, not one of ours with a slip.
fn is_import(line: &str) -> bool {
    let word = first_word(line);
    let module = line[word.len()..].trim_start();
    let name = first_word(module);
    let rest = module[name.len()..].trim_start();
    !name.is_empty()
        && match word {
            "from" => rest.starts_with('.') || first_word(rest) == "import",
            "import" => {
                rest.starts_with('.')
                    || first_word(rest) == "as"
                    || rest.is_empty() && MODULES.contains(&name)
            }
            _ => false,
        }
}

/// Where the imports in a row end that begin with the line at `at`.
fn imports_end(text: &str, at: usize) -> usize {
    let (mut end, mut at) = (at, at);
    while at < text.len() {
        let line = text[at..line_end(text, at)].trim_end();
        if is_import(code(line).trim_end()) {
            end = at + line.len();
        } else if !line.is_empty() {
            break;
        }
        at = line_end(text, at) + 1;
    }
    end
}

/// Keras's `Sequential([Input(shape=(28, 28, 1)), Flatten(), …])` as a model, a layer a line.
fn sequence(script: &str) -> Option<String> {
    let start = script.find("Sequential(")? + "Sequential(".len();
    let (list, rest) = inside(&script[start..])?;
    // What follows would be lost.
    if !rest.trim().is_empty() {
        return None;
    }
    let list = list.trim().trim_end_matches(',');
    let list = list.strip_prefix('[')?.strip_suffix(']')?;
    let mut lines = Vec::new();
    for item in items(list) {
        let item = item.trim();
        let name = item.split('(').next()?.rsplit('.').next()?;
        if matches!(name, "Input" | "InputLayer") {
            let shape = item.split_once('(')?.1;
            let (sizes, _) = inside(shape.split_once('(')?.1)?;
            let sizes: Vec<&str> = sizes.split(',').map(str::trim).collect();
            let sizes: Vec<&str> = sizes.into_iter().filter(|size| !size.is_empty()).collect();
            let number = |size: &&str| size.bytes().all(|byte| byte.is_ascii_digit());
            if !lines.is_empty() || !sizes.iter().all(number) {
                return None;
            }
            lines.push(format!("input x: [N, {}]", sizes.join(", ")));
        } else {
            let start = item.find(name)?;
            lines.push(
                item[start..]
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
    }
    let inputs = lines
        .iter()
        .filter(|line| line.starts_with("input "))
        .count();
    if inputs != 1 || !lines.first()?.starts_with("input ") {
        return None;
    }
    lines.push("output y".to_owned());
    Some(format!("model Net {{\n    {}\n}}", lines.join("\n    ")))
}

/// What stands before the bracket that closes an open one, and what after it.
fn inside(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0usize;
    for (at, byte) in significant(text) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return Some((&text[..at], &text[at + 1..])),
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The parts of `list` between the commas that stand in no bracket, and not in comments.
fn items(list: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let (mut depth, mut from) = (0usize, 0);
    let last = |found: &mut Vec<String>, text: &str| {
        let item = found.last_mut().expect("one item is always there");
        for line in text.lines() {
            item.push_str(code(line));
            item.push(' ');
        }
    };
    for (at, byte) in significant(list) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                last(&mut found, &list[from..at]);
                found.push(String::new());
                from = at + 1;
            }
            _ => {}
        }
    }
    last(&mut found, &list[from..]);
    found.retain(|item| !item.trim().is_empty());
    found
}

/// The bytes of `text` outside of strings and comments, with their places.
fn significant(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut quote = None;
    let mut comment = false;
    text.bytes().enumerate().filter(move |(_, byte)| {
        match (quote, *byte) {
            (_, b'\n') => (quote, comment) = (None, false),
            _ if comment => return false,
            (None, b'#') => comment = true,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, _) => return true,
        }
        false
    })
}

/// `line` without its comment.
fn code(line: &str) -> &str {
    let mut quote = None;
    for (at, byte) in line.bytes().enumerate() {
        match (quote, byte) {
            (None, b'#') => return &line[..at],
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            _ => {}
        }
    }
    line
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |length| at + length)
}

/// Where the indented lines below the line at `at` end, blank lines at the end left out.
fn indented_end(text: &str, at: usize) -> usize {
    let mut end = line_end(text, at);
    let mut next = end + 1;
    while next < text.len() {
        let line_end = line_end(text, next);
        let line = &text[next..line_end];
        let blank = line.trim().is_empty();
        if !blank && !line.starts_with([' ', '\t']) {
            break;
        }
        if !blank {
            end = next + line.trim_end().len();
        }
        next = line_end + 1;
    }
    end
}

/// Where the calls end that stand in a row from the line at `at` on: `x = f(…)` and `x.f(…)`, each
/// with all lines of its brackets. `None` when that line is none.
fn calls_end(text: &str, at: usize) -> Option<usize> {
    let mut last = None;
    let mut at = at;
    while at < text.len() {
        let line = &text[at..line_end(text, at)];
        let bare = code(line).trim();
        if bare.is_empty() {
            at = line_end(text, at) + 1;
            continue;
        }
        if !is_call(line) {
            break;
        }
        let mut depth = 0usize;
        let mut end = text.len();
        for (offset, byte) in significant(&text[at..]) {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    let done = &text[at + offset + 1..line_end(text, at + offset)];
                    // A layer that is called: `Dense(10)(x)`.
                    if depth == 0 && !done.trim_start().starts_with(['(', '[', '.']) {
                        end = line_end(text, at + offset);
                        break;
                    }
                }
                _ => {}
            }
        }
        last = Some(text[..end].trim_end().len());
        at = end + 1;
    }
    last
}

/// Whether a line without blanks before it is `x = f(…` or `x.f(…`, and no statement of ours.
fn is_call(line: &str) -> bool {
    let name = first_word(line);
    let path = |text: &str| {
        let end = text.find(|ch: char| !(ch.is_ascii_alphanumeric() || matches!(ch, '_' | '.')));
        end.is_some_and(|end| end > 0 && text[end..].starts_with('('))
    };
    let rest = &line[name.len()..];
    let value = rest.trim_start().strip_prefix('=');
    !name.is_empty()
        && (rest.starts_with('.') && path(line)
            || value.is_some_and(|value| path(value.trim_start())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(text: &str) -> Vec<&str> {
        find(FileId(0), text)
            .into_iter()
            .map(|pasted| &text[pasted.range])
            .collect()
    }

    #[test]
    fn stretches_end_where_they_end() {
        let class = "class Net(nn.Module):\n    def f(self):\n        pass\n\n";
        let text = format!("import torch.nn as nn\n{class}model A {{\n}}\n");
        assert_eq!(ranges(&text), ["import torch.nn as nn", class.trim_end()]);
        let imports = "import torch\n\nfrom torch import nn  # why\n";
        assert_eq!(ranges(imports), [imports.trim_end()]);
        let keras = "x = layers.Dense(\n    3,  # ) not here\n)(x)\nmodel.fit(\"(\", y)";
        assert_eq!(ranges(&format!("{keras}\n\nmodel B {{\n}}\n")), [keras]);
        assert_eq!(
            ranges("model = Sequential([\n    Dense(1),"),
            ["model = Sequential([\n    Dense(1),"]
        );
    }

    #[test]
    fn what_is_ours_is_left_alone() {
        let ours = "import A, B from \"b.nn\"\nlayout channels_first\n# class X:\nmodel M(k = 3) {\n\
                    input x: [N, 3]\nconv = nn.Conv2d(3, 6)\ny: nn.Linear(3)\noutput y }\n\
                    fc = Linear(3)\nmodel = Net {\n}\nimport Double\nfrom \"b.nn\" import A\n";
        assert_eq!(ranges(ours), [""; 0]);
    }

    #[test]
    fn a_sequence_becomes_a_model() {
        let keras = "model = keras.Sequential([\n    layers.Input(shape=(28, 28, 1)),\n    \
                     layers.Conv2D(8, (3,\n 3), activation=\"re,lu\"), # a, b\n    Flatten(),\n])";
        assert_eq!(
            sequence(keras).as_deref(),
            Some(
                "model Net {\n    input x: [N, 28, 28, 1]\n    \
                 Conv2D(8, (3, 3), activation=\"re,lu\")\n    Flatten()\n    output y\n}"
            )
        );
        assert_eq!(sequence("m = Sequential([Dense(3)])"), None);
        assert_eq!(sequence("m = Sequential([Input((n,))])"), None);
        assert_eq!(sequence("m = Sequential([Input((3,))])\nm.fit(x)"), None);
        assert_eq!(sequence("m = Sequential("), None);
    }
}
