//! One statement as lines: which of its lists are broken, and how.

use super::nodes::{Brackets, Item, List, Node, flat, width};

/// Columns of a line of code, where that can be had.
pub(super) const WIDTH: usize = 100;
/// Columns of an indent.
pub(super) const INDENT: usize = 4;
/// Blanks before `->` and before a comment behind code.
pub(super) const GAP: usize = 2;
/// Lists that are broken beside each other because of the width: no statement that a person reads
/// has more, and each costs a look at all.
const MOST_OPEN: usize = 8;

/// A line.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Columns before the text.
    pub indent: usize,
    pub text: String,
    /// Where in `text` the `->` of the statement stands.
    pub arrow: Option<usize>,
    /// The comment behind.
    pub comment: Option<String>,
    /// Whether a blank line stands above.
    pub blank: bool,
    /// Whether what its neighbours align may align with it: it is a statement or a part of one.
    pub plain: bool,
    /// The statement of several lines that it is a part of; 0 of one that has one line.
    pub block: usize,
    /// The columns at which the text had its `->` and the comment behind, where these were set
    /// off from the code.
    pub stood: [Option<usize>; 2],
}

/// A comment with a blank behind its `#`, unless what stands there is no prose.
pub(super) fn comment(text: &str) -> String {
    match text.strip_prefix('#') {
        Some(rest)
            if !rest.starts_with(['#', '!']) && rest.starts_with(|c: char| !c.is_whitespace()) =>
        {
            format!("# {rest}")
        }
        _ => text.to_owned(),
    }
}

/// The lines of a statement that is indented by `indent` columns.
pub(super) fn rows(nodes: &[Node], indent: usize) -> Vec<Row> {
    let mut writer = Writer {
        rows: Vec::new(),
        row: Row::default(),
        indent,
        depth: 0,
    };
    writer.nodes(nodes, 0);
    writer.end();
    writer.rows
}

struct Writer {
    rows: Vec<Row>,
    row: Row,
    /// Columns that the line after this one is indented.
    indent: usize,
    /// How many lists are open.
    depth: usize,
}

impl Writer {
    /// Columns that are taken on this line.
    fn column(&self) -> usize {
        self.indent + self.row.text.chars().count()
    }

    /// Ends the line.
    fn end(&mut self) {
        let mut row = std::mem::take(&mut self.row);
        if !row.text.is_empty() {
            row.indent = self.indent;
            row.plain = true;
            self.rows.push(row);
        }
    }

    fn comment_lines(&mut self, comments: &[&str]) {
        for text in comments {
            self.rows.push(Row {
                indent: self.indent,
                text: comment(text),
                ..Row::default()
            });
        }
    }

    /// Writes nodes, which `tail` more columns will follow.
    fn nodes(&mut self, nodes: &[Node], tail: usize) {
        let open = opened(nodes, self.indent, self.column(), tail);
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 && node.space() && !self.row.text.is_empty() {
                self.row.text.push(' ');
            }
            if node.is("->") && self.depth == 0 {
                // One blank has been written.
                self.row.text.push_str(&" ".repeat(GAP - 1));
                self.row.arrow = Some(self.row.text.len());
            }
            match node {
                Node::List(list) if open[at] => self.list(list),
                node => flat(std::slice::from_ref(node), &mut self.row.text),
            }
        }
    }

    /// Writes a list in several lines.
    fn list(&mut self, list: &List) {
        self.row.text.push_str(list.opener());
        if let Some(inner) = hugged(list, self.column()) {
            return self.hug(list, inner);
        }
        self.depth += 1;
        match list.brackets {
            Brackets::From | Brackets::Import => self.bare(list),
            _ => {
                self.end();
                self.indent += INDENT;
                match aligned(list, WIDTH.saturating_sub(self.indent + 1)) {
                    Some(lines) => {
                        for (line, item) in lines.into_iter().zip(&list.items) {
                            self.comment_lines(&item.above);
                            self.row.text = line;
                            self.behind(item, ",");
                        }
                    }
                    None if list.items.iter().all(Item::is_literal)
                        && list.brackets == Brackets::Square =>
                    {
                        self.fill(list);
                    }
                    None => self.one_per_line(list),
                }
                self.comment_lines(&list.dangling);
                self.indent -= INDENT;
            }
        }
        self.depth -= 1;
        self.row.text.push_str(list.closer());
    }

    /// Ends the line of an item.
    fn behind(&mut self, item: &Item, mark: &str) {
        self.row.text.push_str(mark);
        self.row.comment = item.beside.map(comment);
        self.end();
    }

    fn one_per_line(&mut self, list: &List) {
        for (at, item) in list.items.iter().enumerate() {
            let last = at + 1 == list.items.len();
            let mark = if last && !list.ends_with_comma() {
                ""
            } else {
                ","
            };
            self.comment_lines(&item.above);
            self.nodes(&item.nodes, mark.len());
            self.behind(item, mark);
        }
    }

    /// As many numbers or strings on a line as the person wrote there, or as there is place for.
    fn fill(&mut self, list: &List) {
        for item in &list.items {
            let full = self.column() + 1 + item.width + 1 > WIDTH;
            if full || !item.above.is_empty() || list.broken && item.leads {
                self.end();
            }
            self.comment_lines(&item.above);
            if !self.row.text.is_empty() {
                self.row.text.push(' ');
            }
            flat(&item.nodes, &mut self.row.text);
            self.row.text.push(',');
            if item.beside.is_some() {
                self.behind(item, "");
            }
        }
        self.end();
    }

    /// The names behind `import` or the values behind `from`: the first stays on the line.
    fn bare(&mut self, list: &List) {
        for (at, item) in list.items.iter().enumerate() {
            let last = at + 1 == list.items.len();
            if at == 0 {
                flat(&item.nodes, &mut self.row.text);
            } else {
                self.comment_lines(&item.above);
                self.nodes(&item.nodes, 0);
            }
            if last && !list.ends_with_comma() {
                break;
            }
            self.row.text.push(',');
            self.row.comment = item.beside.map(comment);
            self.end();
            if at == 0 {
                self.indent += INDENT;
            }
        }
        self.comment_lines(&list.dangling);
    }

    /// Writes a list in one line but for `inner`, a list at its end.
    fn hug(&mut self, list: &List, inner: usize) {
        let (last, before) = list
            .items
            .split_last()
            .expect("a list that is hugged has items");
        for item in before {
            flat(&item.nodes, &mut self.row.text);
            self.row.text.push_str(", ");
        }
        self.depth += 1;
        for (at, node) in last.nodes.iter().enumerate() {
            if at > 0 && node.space() {
                self.row.text.push(' ');
            }
            match node {
                Node::List(list) if at == inner => self.list(list),
                node => flat(std::slice::from_ref(node), &mut self.row.text),
            }
        }
        self.depth -= 1;
        self.row.text.push_str(list.closer());
    }
}

/// Which of `nodes` are lists to be broken: those that must, and then the longest until every line
/// has its place.
fn opened(nodes: &[Node], indent: usize, column: usize, tail: usize) -> Vec<bool> {
    let mut open: Vec<bool> = nodes.iter().map(Node::open).collect();
    let mut count = open.iter().filter(|open| **open).count();
    while count < MOST_OPEN {
        let (mut at, mut long) = (column, false);
        // The longest list of the line, so far and at its end.
        let (mut longest, mut found) = (None, None);
        for (index, node) in nodes.iter().enumerate() {
            at += usize::from(index > 0 && node.space());
            match node {
                Node::List(list) if open[index] => {
                    long |= at + list.opener().len() > WIDTH;
                    if long {
                        break;
                    }
                    at = indent + list.closer().len();
                    if let (Brackets::From, Some(last)) = (list.brackets, list.items.last()) {
                        at += INDENT + last.width;
                    }
                    longest = None;
                }
                Node::List(list) if can_open(list) => {
                    at += list.width;
                    if longest.is_none_or(|(width, _)| list.width > width) {
                        longest = Some((list.width, index));
                    }
                }
                node => at += node.width() + if node.is("->") { GAP - 1 } else { 0 },
            }
            found = longest;
        }
        long |= at + tail > WIDTH;
        match found.filter(|_| long) {
            Some((_, index)) => open[index] = true,
            None => break,
        }
        count += 1;
    }
    open
}

fn can_open(list: &List) -> bool {
    match list.brackets {
        // A group has nothing that a line end may follow.
        Brackets::From | Brackets::Import | Brackets::Round => list.items.len() > 1,
        _ => !list.items.is_empty(),
    }
}

/// The node of the last argument that is an array and makes up most of `list`, which then is broken
/// only there. `column` is where the arguments begin.
fn hugged(list: &List, column: usize) -> Option<usize> {
    if list.broken || list.has_comments() || list.brackets != Brackets::Call {
        return None;
    }
    let (last, before) = list.items.split_last()?;
    let inner = last
        .nodes
        .iter()
        .position(|node| matches!(node, Node::List(_)))?;
    let Node::List(array) = &last.nodes[inner] else {
        return None;
    };
    let others = before.iter().any(Item::open) || last.nodes[inner + 1..].iter().any(Node::open);
    let head = before.iter().map(|item| item.width + 2).sum::<usize>()
        + width(&last.nodes[..inner])
        + " [".len();
    let fits = column + head <= WIDTH;
    let most = array.open || 2 * array.width > list.width;
    (array.brackets == Brackets::Square && can_open(array) && !others && fits && most)
        .then_some(inner)
}

/// The rows of a matrix with its columns aligned, when `list` is one and has a place in `room`.
fn aligned(list: &List, room: usize) -> Option<Vec<String>> {
    let mut widths: Vec<usize> = Vec::new();
    for item in &list.items {
        let [Node::List(row)] = &item.nodes[..] else {
            return None;
        };
        if row.brackets != Brackets::Square || row.open || row.items.is_empty() {
            return None;
        }
        let numbers = row.items.iter().all(|item| {
            item.is_literal() && !matches!(item.nodes.last(), Some(Node::Leaf { text, .. }) if text.starts_with('"'))
        });
        if widths.is_empty() {
            widths = vec![0; row.items.len()];
        }
        if !numbers || row.items.len() != widths.len() {
            return None;
        }
        for (width, item) in widths.iter_mut().zip(&row.items) {
            *width = item.width.max(*width);
        }
    }
    if widths.iter().sum::<usize>() + 2 * widths.len() > room {
        return None;
    }
    let line = |item: &Item| {
        let mut line = String::from("[");
        if let [Node::List(row)] = &item.nodes[..] {
            for (at, (item, width)) in row.items.iter().zip(&widths).enumerate() {
                if at > 0 {
                    line.push_str(", ");
                }
                line.push_str(&" ".repeat(width - item.width));
                flat(&item.nodes, &mut line);
            }
        }
        line.push(']');
        line
    };
    Some(list.items.iter().map(line).collect())
}
