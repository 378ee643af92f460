//! Semantic tokens: what each word of a text is. By the look of words first, so that broken lines
//! are coloured too, and by what names mean where they mean something.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::{Names, SymbolKind};
use crate::layers::{self, REGISTRY};
use crate::syntax::RESERVED;
use crate::tensor::DType;
use crate::text::FileId;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word of the language.
    Keyword,
    /// `# …`
    Comment,
    /// `"…"`
    Text,
    /// `28`
    Number,
    /// `+`, `->`
    Operator,
    /// A layer of the language.
    Layer,
    /// A block, at its definition and where it is used.
    Block,
    /// A model.
    Model,
    /// A label, an input or an output.
    Value,
    /// A parameter of a block or model.
    Parameter,
    /// A `let` or a counter.
    Constant,
    /// A dimension variable.
    Variable,
    /// The name of an argument.
    Argument,
    /// A choice: `same`.
    Choice,
    /// A function: `min`.
    Function,
    /// An element type.
    Type,
}

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
    /// Whether it is where something gets its name.
    pub defines: bool,
}

/// Every name that some layer takes as a choice.
static CHOICES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let args = REGISTRY.iter().flat_map(|layer| layer.signature().args);
    args.flat_map(|arg| arg.kind.choices()).copied().collect()
});

/// The tokens of `text`, which is that of `file`, that touch the bytes `range`, in order. None of
/// them goes over the end of a line.
pub fn tokens(text: &str, names: &Names, file: FileId, range: Range<usize>) -> Vec<Token> {
    let mut known = names.within(file, 0..usize::MAX).peekable();
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if at > range.end {
            break;
        }
        let rest = &text[at..];
        let (length, kind) = look(rest, first);
        let end = at + length;
        let mut defines = false;
        let kind = match kind {
            Look::Word => {
                while known.next_if(|it| (it.span.start as usize) < at).is_some() {}
                let named = known.peek().filter(|it| it.span.range() == (at..end));
                match named {
                    Some(named) => {
                        defines = named.defines;
                        Some(of_symbol(names.symbol(named.symbol).kind))
                    }
                    None => word(&text[at..end], &text[end..], depth),
                }
            }
            Look::Open => {
                depth += 1;
                None
            }
            Look::Close => {
                depth = depth.saturating_sub(1);
                None
            }
            Look::Token(kind) => Some(kind),
            Look::Nothing => None,
        };
        if let Some(kind) = kind.filter(|_| end >= range.start) {
            found.push(Token {
                start: at,
                end,
                kind,
                defines,
            });
        }
        at = end;
    }
    found
}

/// What the next bytes look like.
enum Look {
    Word,
    Open,
    Close,
    Token(TokenKind),
    Nothing,
}

fn look(rest: &str, first: char) -> (usize, Look) {
    let run = |accept: fn(char) -> bool| rest.find(|ch| !accept(ch)).unwrap_or(rest.len());
    match first {
        '#' => {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            (end, Look::Token(TokenKind::Comment))
        }
        '"' => (string(rest), Look::Token(TokenKind::Text)),
        '0'..='9' => (number(rest), Look::Token(TokenKind::Number)),
        'a'..='z' | 'A'..='Z' | '_' => {
            let length = run(|ch| ch.is_ascii_alphanumeric() || ch == '_');
            (length, Look::Word)
        }
        '(' | '[' => (1, Look::Open),
        ')' | ']' => (1, Look::Close),
        '-' | '*' | '/'
            if rest.starts_with("->") || rest[1..].starts_with(first) && first != '-' =>
        {
            (2, Look::Token(TokenKind::Operator))
        }
        '+' | '-' | '*' | '/' | '%' => (1, Look::Token(TokenKind::Operator)),
        other => (other.len_utf8(), Look::Nothing),
    }
}

/// Bytes of the number that `text` starts with: `28`, `0.5`, `1e-5`; of `2.c` only the `2`.
fn number(text: &str) -> usize {
    let digits = |from: usize| {
        let rest = text[from..].bytes();
        from + rest.take_while(u8::is_ascii_digit).count()
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        if digits(end + 1 + sign) > end + 1 + sign {
            end = digits(end + 1 + sign);
        }
    }
    end
}

/// Bytes of the string that `text` starts with; to the line's end when it is not closed.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, ch) in text.char_indices().skip(1) {
        match ch {
            '\n' | '\r' => return at,
            '"' if !escaped => return at + 1,
            _ => escaped = ch == '\\' && !escaped,
        }
    }
    text.len()
}

/// What a word is that is not known as a name; `after` is what follows it.
fn word(word: &str, after: &str, depth: usize) -> Option<TokenKind> {
    let after = after.trim_start_matches(' ');
    let is_argument = depth > 0 && after.starts_with('=') && !after.starts_with("==");
    Some(match word {
        _ if is_argument => TokenKind::Argument,
        _ if RESERVED.contains(&word) => TokenKind::Keyword,
        "true" | "false" => TokenKind::Keyword,
        "as" | "labels" | "layout" if depth == 0 => TokenKind::Keyword,
        "channels_first" | "channels_last" if depth == 0 => TokenKind::Choice,
        "min" | "max" if after.starts_with('(') => TokenKind::Function,
        _ if after.starts_with('[') && DType::from_name(word).is_some() => TokenKind::Type,
        _ if layers::find(word).is_some() => TokenKind::Layer,
        _ if depth > 0 && CHOICES.contains(word) => TokenKind::Choice,
        _ => return None,
    })
}

fn of_symbol(kind: SymbolKind) -> TokenKind {
    match kind {
        SymbolKind::Block => TokenKind::Block,
        SymbolKind::Model => TokenKind::Model,
        SymbolKind::Label | SymbolKind::Input | SymbolKind::Output => TokenKind::Value,
        SymbolKind::Let | SymbolKind::Counter => TokenKind::Constant,
        SymbolKind::Parameter => TokenKind::Parameter,
        SymbolKind::Variable => TokenKind::Variable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;

    /// The text with each token's kind behind it.
    fn marked(text: &str) -> String {
        let (analysis, _) = program(text, &[]);
        let (file, names) = (analysis.files[0].0, Names::new(&analysis));
        let source = &analysis.sources.file(file).text;
        let mut out = String::new();
        let mut at = 0;
        for token in tokens(source, &names, file, 0..usize::MAX) {
            assert!(at <= token.start && token.start < token.end, "in order");
            let kind = format!("{:?}", token.kind);
            let mark = if token.defines { "!" } else { "" };
            out += &format!("{}‹{}{mark}›", &source[at..token.end], &kind[..3]);
            at = token.end;
        }
        out + &source[at..]
    }

    #[test]
    fn says_what_each_word_is() {
        insta::assert_snapshot!(marked(
            "\
layout channels_last
# A block.
block Double(filters = 2*3) {
    input x: i64[N, H, C]
    output y: [N, H, C]
}
model M {
    weights \"a \\\" b.safetensors\"  # 한국어 😀
    input image: [N, 2*h, 2*w, 3]
    let k = max(3, 1e-5)
    down: Double(filters=k) from image
    stack: repeat 3 as i {
        c: Conv(k + i, kernel=3, padding=same, bias=true)
    }
    same: reuse down from stack.2.c  -> [N, h, w, _]
    output mask labels [\"a\"]
}
",
        ));
    }

    #[test]
    fn colours_broken_lines() {
        insta::assert_snapshot!(marked(
            "model M {\n    input x: [N, 4\n    a: Linear(3,, bias=\n    b Conv x \"open\n    ReLU from a\n"
        ));
    }

    #[test]
    fn keeps_to_the_range() {
        let text = "model M {\n    input x: [N, 4]\n    ReLU\n    output y\n}\n";
        let (analysis, _) = program(text, &[]);
        let (file, names) = (analysis.files[0].0, Names::new(&analysis));
        let relu = text.find("ReLU").expect("there");
        let found = tokens(text, &names, file, relu..relu + 4);
        let all = tokens(text, &names, file, 0..text.len());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, TokenKind::Layer);
        assert!(all.len() > 8 && all.contains(&found[0]));
    }
}
