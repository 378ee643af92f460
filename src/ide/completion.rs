//! What may be written at a place, the likeliest first, each with its documentation.
//!
//! The line under the cursor is read word by word, since it is seldom whole; all above it comes
//! from the tree and from what the checker found out.

mod arguments;
mod scope;
mod shapes;
mod statement;
#[cfg(test)]
mod tests;
mod values;

use std::collections::HashSet;

use super::View;
use super::line::{Line, Place};
use crate::diag::{Code, Edit, Severity};
use crate::layers;
use crate::text::{FileId, Span};
use scope::Scope;

/// How many values are offered at most; those nearest above the line come first.
const MOST: usize = 200;

/// What an [`Item`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A layer.
    Layer,
    /// A block.
    Block,
    /// A word or sign of the language.
    Keyword,
    /// An argument of a layer, or a parameter of a block.
    Argument,
    /// A choice of an argument, `true` or `false`.
    Choice,
    /// A `let`, a parameter or a counter.
    Constant,
    /// A dimension variable.
    Variable,
    /// A label or an input.
    Value,
    /// A result, a stored tensor or a turn behind a label.
    Member,
    /// A shape or a size in one.
    Shape,
    /// An element type.
    Type,
    /// A file.
    File,
    /// A diagnostic's code.
    Code,
}

/// What is written when an item is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insert {
    /// The text as it is.
    Plain(String),
    /// A text with places to fill in: `Conv(${1:filters}, kernel=${2:kernel})`.
    Snippet(String),
}

/// Something that may be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What is shown.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// A few words beside the label: a signature, a shape, a value.
    pub detail: Option<String>,
    /// Markdown.
    pub documentation: Option<String>,
    /// What is written.
    pub insert: Insert,
    /// What it replaces: the word under the cursor.
    pub replace: Span,
    /// What is typed to find it, where that is not the label.
    pub filter: Option<String>,
    /// Changes elsewhere that come with it: an import.
    pub edits: Vec<Edit>,
}

/// What may be written at a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Completion {
    /// The items, the likeliest first.
    pub items: Vec<Item>,
    /// Whether there are more, which more typing may bring.
    pub incomplete: bool,
}

/// What is beside a program that it may name. Paths are as they would be written in it.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// Other files with their blocks.
    pub files: Vec<(String, Vec<String>)>,
    /// Weights files.
    pub weights: Vec<String>,
}

impl Insert {
    /// The text without places to fill in, for those who cannot: `Conv(filters, kernel=kernel)`.
    pub fn plain(&self) -> String {
        let text = match self {
            Insert::Plain(text) => return text.clone(),
            Insert::Snippet(text) => text,
        };
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('$') {
            out += &rest[..at];
            rest = &rest[at + 1..];
            let digits = |text: &str| {
                text.find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(text.len())
            };
            match rest.strip_prefix('{') {
                Some(inner) => {
                    let end = inner.find('}').unwrap_or(inner.len());
                    let inside = &inner[..end];
                    let shown = &inside[digits(inside)..];
                    out += match shown.strip_prefix('|') {
                        Some(choices) => choices.split([',', '|']).next().unwrap_or(""),
                        None => shown.trim_start_matches(':'),
                    };
                    rest = inner.get(end + 1..).unwrap_or("");
                }
                None => rest = &rest[digits(rest)..],
            }
        }
        out + rest
    }
}

/// The items that are gathered for a place.
struct Menu<'v, 'a> {
    view: &'v View<'a>,
    file: FileId,
    line: Line<'a>,
    scope: Scope<'a>,
    replace: Span,
    beside: &'v Beside,
    known: HashSet<(Kind, String)>,
    found: Completion,
}

/// What may be written at byte `offset` of `file`.
pub fn completion(view: &View, file: FileId, offset: usize, beside: &Beside) -> Completion {
    let line = Line::new(view, file, offset);
    let begin = line
        .words
        .first()
        .map_or(line.word.start, |word| word.start);
    let scope = Scope::new(view, file, begin);
    let mut menu = Menu {
        view,
        file,
        replace: Span::new(file, line.word.start, line.word.end),
        line,
        scope,
        beside,
        known: HashSet::new(),
        found: Completion::default(),
    };
    menu.fill();
    menu.found
}

impl Menu<'_, '_> {
    /// Adds an item unless there is one like it.
    fn add(&mut self, item: Item) {
        if self.known.insert((item.kind, item.label.clone())) {
            self.found.items.push(item);
        }
    }

    /// An item that writes its label.
    fn item(&self, label: impl Into<String>, kind: Kind) -> Item {
        let label = label.into();
        Item {
            insert: Insert::Plain(label.clone()),
            label,
            kind,
            detail: None,
            documentation: None,
            replace: self.replace,
            filter: None,
            edits: Vec::new(),
        }
    }

    fn fill(&mut self) {
        match self.line.place {
            Place::Comment(at) => return self.codes(at),
            Place::Text(at) => return self.paths(at),
            Place::Code => {}
        }
        let digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        if digit(self.line.typed()) && self.line.back(0) != "." {
            return;
        }
        match self.scope.definition {
            None => self.top_level(),
            Some(_) => self.in_body(),
        }
    }

    fn in_body(&mut self) {
        let words: Vec<&str> = self.line.words.iter().map(|word| word.text).collect();
        let labelled = words.get(1) == Some(&":") && !matches!(words[0], "input" | "output");
        let rest = if labelled { &words[2..] } else { &words[..] };
        match rest.first() {
            None => self.statements(labelled),
            Some(&"input") => self.in_input(),
            Some(&"output") => self.in_output(),
            Some(&"let") => {
                if words.contains(&"=") {
                    self.constants();
                }
            }
            Some(&"repeat") => match self.line.back(0) {
                "repeat" => self.constants(),
                "as" | "{" | "}" => {}
                _ => self.word("as", "as ${1:i}"),
            },
            Some(&"reuse") => self.in_reuse(),
            Some(&"weights") => {}
            Some(_) => self.in_layer(),
        }
    }

    fn in_layer(&mut self) {
        let view = self.view;
        let unit = view.unit(self.file);
        let is_block = |name: &str| view.names.blocks(unit).any(|(known, _)| **known == *name);
        let is_known = |name: &str| layers::find(name).is_some() || is_block(name);
        if let Some(call) = self.line.call(is_known) {
            return self.in_call(&call);
        }
        if let Some(arrow) = self.line.last("->") {
            return self.in_shape(arrow);
        }
        if let Some(from) = self.line.last("from") {
            return self.in_from(from, &["->"]);
        }
        let name = self.line.open.is_empty() && matches!(self.line.back(0), ")") || {
            let last = self.line.words.last();
            last.is_some_and(|word| word.is_name())
        };
        if name {
            self.word("from", "from ");
            self.stated();
        }
    }

    /// After `from` at position `from`: values, what is behind a point, or what may follow.
    fn in_from(&mut self, from: usize, then: &[&str]) {
        match self.line.back(0) {
            "." => self.members(from),
            "from" | "," => self.values(),
            _ => {
                for word in then {
                    match *word {
                        "->" => self.stated(),
                        word => self.word(word, &format!("{word} ")),
                    }
                }
            }
        }
    }

    fn in_reuse(&mut self) {
        if let Some(arrow) = self.line.last("->") {
            return self.in_shape(arrow);
        }
        if let Some(from) = self.line.last("from") {
            return self.in_from(from, &["->"]);
        }
        match self.line.back(0) {
            "reuse" => self.reusable(),
            "." => {
                let reuse = self.line.last("reuse").unwrap_or(0);
                self.members(reuse);
            }
            _ => {
                self.word("from", "from ");
                self.stated();
            }
        }
    }

    fn in_input(&mut self) {
        if !self.line.open.is_empty() {
            return self.sizes(None);
        }
        if self.line.back(0) == ":" {
            for (name, says) in [
                (
                    "f32",
                    "32-bit floating point, which is so unless said otherwise",
                ),
                ("i64", "64-bit integers: indices, classes, tokens"),
            ] {
                let mut item = self.item(name, Kind::Type);
                item.detail = Some(says.to_owned());
                item.insert = Insert::Snippet(format!("{name}[${{1:N}}]"));
                self.add(item);
            }
            let mut item = self.item("[N]", Kind::Shape);
            item.detail = Some("a shape".to_owned());
            item.insert = Insert::Snippet("[${1:N}]".to_owned());
            self.add(item);
        }
    }

    fn in_output(&mut self) {
        if let Some(from) = self.line.last("from") {
            return self.in_from(from, &["labels"]);
        }
        match self.line.last(":") {
            Some(colon) if self.line.back(0) == ":" || !self.line.open.is_empty() => {
                self.in_shape(colon);
            }
            _ if self.line.words.len() >= 2 && self.line.open.is_empty() => {
                self.word("from", "from ");
                self.word("labels", "labels ");
            }
            _ => {}
        }
    }

    /// A keyword with its explanation; `snippet` is what is written.
    fn word(&mut self, word: &str, snippet: &str) {
        let mut item = self.item(word, Kind::Keyword);
        item.documentation = super::hover::keyword(word);
        item.insert = match snippet.contains('$') {
            true => Insert::Snippet(snippet.to_owned()),
            false => Insert::Plain(snippet.to_owned()),
        };
        self.add(item);
    }

    /// In a comment that starts at `from`: warnings after `allow`.
    fn codes(&mut self, from: usize) {
        let text = self.line.text;
        let until = self.line.offset;
        let comment = text.get(from + 1..until).unwrap_or("").trim_start();
        let start = until
            - self.line.text[..until]
                .bytes()
                .rev()
                .take_while(u8::is_ascii_alphanumeric)
                .count();
        self.replace = Span::new(self.file, start, until);
        match comment.strip_prefix("allow") {
            Some(rest) if rest.starts_with([' ', '\t']) && !rest.contains(':') => {
                let given = rest[..rest.len() - (until - start)].to_owned();
                for code in Code::ALL {
                    if code.severity() == Severity::Warning && !given.contains(code.name()) {
                        let mut item = self.item(code.name(), Kind::Code);
                        item.detail = Some(code.title().to_owned());
                        item.documentation = Some(code.page().to_owned());
                        self.add(item);
                    }
                }
            }
            None if "allow".starts_with(comment) && self.line.alone(from) => {
                let mut item = self.item("allow", Kind::Keyword);
                item.insert = Insert::Plain("allow ".to_owned());
                item.detail = Some("switches a warning off below".to_owned());
                self.add(item);
            }
            _ => {}
        }
    }

    /// In a string whose quote is at `from`: paths.
    fn paths(&mut self, from: usize) {
        let first = self.line.words.first().map_or("", |word| word.text);
        let paths: Vec<String> = match (first, self.line.back(0)) {
            ("weights", _) => self.beside.weights.clone(),
            ("import", "from") => {
                let files = self.beside.files.iter();
                files.map(|(path, _)| path.clone()).collect()
            }
            _ => return,
        };
        let rest = &self.line.text[self.line.offset..];
        let end = rest.find(['"', '\n']).unwrap_or(rest.len());
        self.replace = Span::new(self.file, from + 1, self.line.offset + end);
        let closed = rest[end..].starts_with('"');
        for path in paths {
            let mut item = self.item(path.as_str(), Kind::File);
            if !closed {
                item.insert = Insert::Plain(format!("{path}\""));
            }
            let blocks = self.beside.files.iter().find(|(other, _)| *other == path);
            item.detail = blocks.map(|(_, blocks)| blocks.join(", "));
            self.add(item);
        }
    }
}

#[cfg(test)]
mod insert_tests {
    use super::Insert;

    #[test]
    fn writes_snippets_as_text() {
        for (snippet, plain) in [
            (
                "Conv(${1:filters}, kernel=${2:kernel})",
                "Conv(filters, kernel=kernel)",
            ),
            ("padding=${1|valid,same|}", "padding=valid"),
            ("repeat ${1:2} {\n\t$0\n}", "repeat 2 {\n\t\n}"),
            ("ReLU", "ReLU"),
            ("a$1b", "ab"),
            ("${", ""),
        ] {
            assert_eq!(Insert::Snippet(snippet.to_owned()).plain(), plain);
        }
    }
}
