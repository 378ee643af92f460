//! `.nn` source in colours, line by line: by the look of words, since examples and broken lines
//! are coloured too.

use super::paint::{DIM, GOOD, KEYWORD, NAME, NUMBER, Paint};

const KEYWORDS: &[&str] = &[
    "model", "block", "input", "output", "let", "repeat", "reuse", "from", "import", "weights",
    "as", "labels", "layout", "true", "false",
];

/// `code` with its words coloured.
pub fn highlight(code: &str, paint: Paint) -> String {
    if !paint.0 {
        return code.to_owned();
    }
    let mut out = String::with_capacity(code.len() * 2);
    let mut rest = code;
    while let Some(ch) = rest.chars().next() {
        let word = |test: fn(char) -> bool| rest.find(|ch| !test(ch)).unwrap_or(rest.len());
        let (len, style) = match ch {
            '#' => (rest.find('\n').unwrap_or(rest.len()), Some(DIM)),
            '"' => (string(rest), Some(GOOD)),
            '-' if rest.starts_with("->") => (2, Some(KEYWORD)),
            _ if ch.is_ascii_digit() => (
                word(|ch| ch.is_ascii_alphanumeric() || ch == '.'),
                Some(NUMBER),
            ),
            _ if ch.is_alphabetic() || ch == '_' => {
                let len = word(|ch| ch.is_alphanumeric() || ch == '_');
                let name = &rest[..len];
                let after = rest[len..].trim_start_matches(' ');
                let style = if KEYWORDS.contains(&name) && !after.starts_with(['=', ':']) {
                    Some(KEYWORD)
                } else if ch.is_uppercase() && len > 1 {
                    Some(NAME)
                } else {
                    None
                };
                (len, style)
            }
            _ => (ch.len_utf8(), None),
        };
        match style {
            Some(style) => out.push_str(&paint.on(style, &rest[..len])),
            None => out.push_str(&rest[..len]),
        }
        rest = &rest[len..];
    }
    out
}

/// Bytes of the string that `text` starts with; to the line's end when it is not closed.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, ch) in text.char_indices().skip(1) {
        match ch {
            '\n' => return at,
            '"' if !escaped => return at + 1,
            _ => escaped = ch == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_lose_nothing() {
        let code =
            "model A { # \"x\n weights \"a\\\"b\"\n c: Conv(6, kernel=5) -> [N] 한 \"open\n}";
        assert_eq!(highlight(code, Paint(false)), code);
        let mut plain = String::new();
        let coloured = highlight(code, Paint(true));
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = after.split_once('m').map_or("", |(_, rest)| rest);
        }
        plain.push_str(rest);
        assert_eq!(plain, code);
        assert!(coloured.contains(&Paint(true).on(NAME, "Conv")));
        assert!(coloured.contains(&Paint(true).on(KEYWORD, "weights")));
    }
}
