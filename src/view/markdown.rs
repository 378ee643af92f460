//! Markdown for a terminal: as much of it as the project's own pages use.

use unicode_width::UnicodeWidthStr;

use super::highlight::highlight;
use super::paint::{DIM, NAME, Paint, TITLE};

/// `text` wrapped at `width` columns: headings bold, code blocks indented and coloured, lists and
/// tables kept. Without colours, inline code keeps its backticks.
pub fn render(text: &str, width: usize, paint: Paint) -> String {
    let mut out = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(info) = trimmed.strip_prefix("```") {
            let mut code = String::new();
            for line in lines.by_ref() {
                if line.trim_start().starts_with("```") {
                    break;
                }
                code.push_str(line);
                code.push('\n');
            }
            let code = match info {
                "nn" => highlight(&code, paint),
                _ => code,
            };
            for line in code.lines() {
                if !line.is_empty() {
                    out.push_str("    ");
                    out.push_str(line);
                }
                out.push('\n');
            }
        } else if trimmed.is_empty() {
            out.push('\n');
        } else if let Some(title) = heading(trimmed) {
            out.push_str(&paint.on(TITLE, title.replace('`', "")));
            out.push('\n');
        } else if trimmed.starts_with('|') {
            let mut rows = vec![cells(trimmed)];
            while let Some(next) = lines.next_if(|line| line.trim().starts_with('|')) {
                rows.push(cells(next.trim()));
            }
            table(&mut out, &rows, paint);
        } else {
            let (bullet, first) = bullet(line);
            let mut paragraph = first.trim().to_owned();
            while let Some(next) = lines.next_if(|next| continues(next)) {
                paragraph.push(' ');
                paragraph.push_str(next.trim());
            }
            let indent = bullet.width();
            for (at, line) in wrap(&paragraph, width.saturating_sub(indent))
                .iter()
                .enumerate()
            {
                if at == 0 {
                    out.push_str(&bullet);
                } else {
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                out.push_str(&inline(line, paint));
                out.push('\n');
            }
        }
    }
    out
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len())
        .then(|| text.strip_prefix(' '))
        .flatten()
}

/// The bullet or number that `line` starts with, and the rest.
fn bullet(line: &str) -> (String, &str) {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    if let Some(rest) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
        return (format!("{indent}• "), rest);
    }
    let digits = text.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(0);
    match text[digits..].strip_prefix(". ") {
        Some(rest) if digits > 0 => (format!("{indent}{}. ", &text[..digits]), rest),
        _ => (String::new(), text),
    }
}

/// Whether `line` goes on with the paragraph above.
fn continues(line: &str) -> bool {
    let trimmed = line.trim();
    !trimmed.is_empty()
        && !trimmed.starts_with("```")
        && !trimmed.starts_with('|')
        && heading(trimmed).is_none()
        && bullet(line).0.is_empty()
}

/// Lines of at most `width` columns; code between backticks stays whole.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut inside = false;
    let words = text.split(|ch: char| {
        if ch == '`' {
            inside = !inside;
        }
        ch == ' ' && !inside
    });
    let mut lines = vec![String::new()];
    for word in words.filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.width() + 1 + word.width() > width.max(20) {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A line with its code, emphasis and links drawn.
pub fn inline(line: &str, paint: Paint) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(ch) = rest.chars().next() {
        if ch == '`'
            && let Some(end) = rest[1..].find('`')
        {
            let code = &rest[1..=end];
            if paint.0 {
                out.push_str(&paint.on(NAME, code));
            } else {
                out.push_str(&rest[..end + 2]);
            }
            rest = &rest[end + 2..];
        } else if let Some(after) = rest.strip_prefix("**")
            && let Some(end) = after.find("**")
        {
            out.push_str(&paint.on(TITLE, &after[..end]));
            rest = &after[end + 2..];
        } else if ch == '['
            && let Some(end) = rest.find("](")
            && let Some(close) = rest[end..].find(')')
        {
            out.push_str(&inline(&rest[1..end], paint));
            rest = &rest[end + close + 1..];
        } else {
            out.push(ch);
            rest = &rest[ch.len_utf8()..];
        }
    }
    out
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|')
        .replace("\\|", "\u{1}")
        .split('|')
        .map(|cell| cell.trim().replace('\u{1}', "|"))
        .collect()
}

fn table(out: &mut String, rows: &[Vec<String>], paint: Paint) {
    let is_rule = |row: &[String]| {
        row.iter()
            .all(|cell| cell.chars().all(|ch| matches!(ch, '-' | ':')))
    };
    let bare = |cell: &str| {
        inline(cell, Paint(false)).width()
            - if paint.0 {
                cell.matches('`').count()
            } else {
                0
            }
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter(|row| !is_rule(row))
                .filter_map(|row| row.get(at))
                .map(|cell| bare(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in rows {
        let mut line = String::from("  ");
        for (at, cell) in row.iter().enumerate() {
            if is_rule(row) {
                line.push_str(&paint.on(DIM, "─".repeat(widths[at])));
            } else {
                line.push_str(&inline(cell, paint));
                line.extend(std::iter::repeat_n(' ', widths[at] - bare(cell)));
            }
            line.push_str("  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_pages_are_made_of() {
        let page = "# E0301: sizes\n\nA line\nthat goes on with `code` and **bold**, see [this](x.md).\n\n- one\n  more\n- two\n\n```nn\nmodel A {\n\n}\n```\n\n| a | b |\n| --- | --- |\n| `long` | c |\n";
        assert_eq!(
            render(page, 80, Paint(false)),
            "E0301: sizes\n\nA line that goes on with `code` and bold, see this.\n\n• one more\n• two\n\n    model A {\n\n    }\n\n  a       b\n  ──────  ─\n  `long`  c\n"
        );
        assert!(render(page, 80, Paint(true)).contains("\u{1b}[1mE0301: sizes\u{1b}[0m"));
    }

    #[test]
    fn survives_what_is_not_closed() {
        for page in ["```nn\nx", "`a", "**b", "[c](", "|", "#", "- ", "1."] {
            render(page, 0, Paint(true));
        }
    }

    #[test]
    fn wraps_between_words() {
        assert_eq!(wrap("one two three four five six", 20).len(), 2);
        assert_eq!(wrap("", 20), [""]);
    }
}
