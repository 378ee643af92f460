//! One piece of a file as words and lists, with the blanks that belong between them.

use crate::syntax::tokens::first_word;
use crate::text::Span;

/// A word, number, string or mark; or a list.
#[derive(Debug)]
pub(super) enum Node<'t> {
    /// What is written as it is.
    Leaf {
        text: &'t str,
        /// Whether a blank stands before it.
        space: bool,
        /// Offset in the file.
        at: usize,
    },
    /// What may be broken into lines.
    List(List<'t>),
}

/// What a list stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brackets {
    /// `( )` behind a name: arguments or parameters.
    Call,
    /// `( )` in a value: a group or a tuple.
    Round,
    /// `[ ]`.
    Square,
    /// What follows `from`.
    From,
    /// What follows `import`.
    Import,
}

/// Items with commas between them.
#[derive(Debug)]
pub(super) struct List<'t> {
    pub brackets: Brackets,
    pub space: bool,
    pub items: Vec<Item<'t>>,
    /// Whether a comma stands behind the last item.
    pub comma: bool,
    /// Whether the person broke it into lines: after the opening bracket, or after a comma where
    /// there is none.
    pub broken: bool,
    /// Comments on lines of their own behind the last item.
    pub dangling: Vec<&'t str>,
    /// Columns in one line, without the blank before.
    pub width: usize,
    /// Whether it cannot stand in one line.
    pub open: bool,
}

/// A value of a list.
#[derive(Debug, Default)]
pub(super) struct Item<'t> {
    /// Comments on lines of their own above.
    pub above: Vec<&'t str>,
    pub nodes: Vec<Node<'t>>,
    /// The comment behind it on its line.
    pub beside: Option<&'t str>,
    /// Whether it begins a line.
    pub leads: bool,
    /// Columns in one line.
    pub width: usize,
}

impl Node<'_> {
    /// Whether a blank stands before it.
    pub(super) fn space(&self) -> bool {
        match self {
            Node::Leaf { space, .. } => *space,
            Node::List(list) => list.space,
        }
    }

    /// Columns in one line, without the blank before.
    pub(super) fn width(&self) -> usize {
        match self {
            Node::Leaf { text, .. } => text.chars().count(),
            Node::List(list) => list.width,
        }
    }

    /// Whether it cannot stand in one line.
    pub(super) fn open(&self) -> bool {
        matches!(self, Node::List(list) if list.open)
    }

    /// Whether it is this word or mark.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Node::Leaf { text, .. } if *text == word)
    }
}

/// The offset of the `->` that is one of `nodes`.
pub(super) fn arrow(nodes: &[Node]) -> Option<usize> {
    nodes.iter().find_map(|node| match node {
        Node::Leaf { text: "->", at, .. } => Some(*at),
        _ => None,
    })
}

/// Columns of `nodes` in one line.
pub(super) fn width(nodes: &[Node]) -> usize {
    let blanks = nodes.iter().skip(1).filter(|node| node.space()).count();
    blanks + nodes.iter().map(Node::width).sum::<usize>()
}

/// Writes `nodes` in one line.
pub(super) fn flat(nodes: &[Node], out: &mut String) {
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 && node.space() {
            out.push(' ');
        }
        match node {
            Node::Leaf { text, .. } => out.push_str(text),
            Node::List(list) => list.flat(out),
        }
    }
}

impl Item<'_> {
    fn has_comments(&self) -> bool {
        !self.above.is_empty() || self.beside.is_some()
    }

    /// Whether it cannot stand in one line.
    pub(super) fn open(&self) -> bool {
        self.nodes.iter().any(Node::open)
    }

    /// Whether it is a number, with its sign, or a string.
    pub(super) fn is_literal(&self) -> bool {
        let [sign @ .., last] = &self.nodes[..] else {
            return false;
        };
        let literal = matches!(last, Node::Leaf { text, .. }
            if text.starts_with(|first: char| first == '"' || first.is_ascii_digit()));
        literal && (sign.is_empty() || sign.len() == 1 && sign[0].is("-"))
    }
}

impl List<'_> {
    /// The mark before the items.
    pub(super) fn opener(&self) -> &'static str {
        match self.brackets {
            Brackets::Call | Brackets::Round => "(",
            Brackets::Square => "[",
            Brackets::From | Brackets::Import => "",
        }
    }

    /// The mark behind the items.
    pub(super) fn closer(&self) -> &'static str {
        match self.brackets {
            Brackets::Call | Brackets::Round => ")",
            Brackets::Square => "]",
            Brackets::From | Brackets::Import => "",
        }
    }

    /// Whether a comma behind the only value makes it a tuple.
    fn is_tuple_of_one(&self) -> bool {
        self.brackets == Brackets::Round && self.items.len() == 1 && self.comma
    }

    /// Whether the last item has a comma when each has its line.
    pub(super) fn ends_with_comma(&self) -> bool {
        match self.brackets {
            Brackets::From => false,
            Brackets::Round => self.items.len() != 1 || self.comma,
            _ => true,
        }
    }

    pub(super) fn has_comments(&self) -> bool {
        !self.dangling.is_empty() || self.items.iter().any(Item::has_comments)
    }

    fn flat(&self, out: &mut String) {
        out.push_str(self.opener());
        for (at, item) in self.items.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            flat(&item.nodes, out);
        }
        if self.is_tuple_of_one() {
            out.push(',');
        }
        out.push_str(self.closer());
    }

    /// Computes what depends on the items.
    fn measure(&mut self) {
        for item in &mut self.items {
            item.width = width(&item.nodes);
        }
        let commas = 2 * self.items.len().saturating_sub(1) + usize::from(self.is_tuple_of_one());
        self.width = self.opener().len()
            + self.items.iter().map(|item| item.width).sum::<usize>()
            + commas
            + self.closer().len();
        self.open = self.broken || self.has_comments() || self.items.iter().any(Item::open);
    }
}

/// A piece, read.
pub(super) struct Read<'t> {
    pub nodes: Vec<Node<'t>>,
    /// The comment before the `{` of a header.
    pub comment: Option<&'t str>,
}

/// Reads the piece at `start..end` of `text`, of which `mask` is the copy without comments and
/// `comments` those within the piece. The grammar knows the piece. `None` where a comment stands
/// in the midst of a value, or a line's begin would be taken for another statement.
pub(super) fn read<'t>(
    text: &'t str,
    mask: &'t str,
    (start, end): (usize, usize),
    comments: &[Span],
    header: bool,
) -> Option<Read<'t>> {
    let mut builder = Builder {
        tokens: tokens(text, mask, (start, end), comments, header),
        at: 0,
        header,
        comment: None,
    };
    let nodes = builder.statement()?;
    Some(Read {
        nodes,
        comment: builder.comment,
    })
}

struct Token<'t> {
    text: &'t str,
    at: usize,
    space: bool,
    /// Whether it is the first on its line.
    leads: bool,
    /// Comments before it, each with whether it has its line to itself.
    comments: Vec<(&'t str, bool)>,
}

/// The length of the token at the start of `rest`.
fn token_length(rest: &str, in_path: bool) -> usize {
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        let run = bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        from + run.count()
    };
    match bytes[0] {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => first_word(rest).len(),
        b'0'..=b'9' if in_path => digits(0),
        b'0'..=b'9' => {
            let mut end = digits(0);
            if bytes.get(end) == Some(&b'.') {
                end = digits(end + 1);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                let exponent = digits(end + 1 + sign);
                if exponent > end + 1 + sign {
                    end = exponent;
                }
            }
            end
        }
        b'"' => {
            let mut at = 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += 1 + usize::from(bytes[at] == b'\\');
            }
            (at + 1).min(bytes.len())
        }
        _ if ["->", "**", "//"].iter().any(|mark| rest.starts_with(mark)) => 2,
        _ => rest.chars().next().map_or(1, char::len_utf8),
    }
}

/// The tokens of a piece, with the blanks that belong before them.
fn tokens<'t>(
    text: &'t str,
    mask: &'t str,
    (start, end): (usize, usize),
    comments: &[Span],
    header: bool,
) -> Vec<Token<'t>> {
    let mut found: Vec<Token> = Vec::new();
    let mut comments = comments.iter().peekable();
    let (mut at, mut depth, mut last) = (start, 0usize, start);
    // Whether the next token stands right behind the last one; whether that ends a value.
    let (mut tight, mut value) = (true, false);
    while at < end {
        if mask.as_bytes()[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let mut before = Vec::new();
        let mut from = last;
        while let Some(comment) = comments.next_if(|comment| (comment.start as usize) < at) {
            let own = text[from..comment.start as usize].contains('\n');
            before.push((&text[comment.range()], own));
            from = comment.end as usize;
        }
        let prev = found.last().map_or("", |token| token.text);
        let length = token_length(&mask[at..end], prev == ".").min(end - at);
        let word = &text[at..at + length];
        let (mut space, mut tight_after, mut value_after) = (!tight, false, false);
        match word {
            "," | ":" => space = false,
            "." => (space, tight_after) = (false, true),
            ")" | "]" => {
                depth = depth.saturating_sub(1);
                (space, value_after) = (false, true);
            }
            "(" | "[" => {
                let called = match word {
                    "(" => !is_keyword(prev, depth),
                    _ => found.len() > 1 && found[found.len() - 2].text == ":",
                };
                space &= !(is_name(prev) && called);
                depth += 1;
                tight_after = true;
            }
            "=" if depth > 0 && !header => (space, tight_after) = (false, true),
            "-" if !value => tight_after = true,
            "*" if prev == "." => value_after = true,
            "*" | "/" | "//" | "**" => {
                let next = mask[at + length..end].trim_start();
                // `[…] / 16`: an array is too large for a tight operator.
                space = prev == "]" || next.starts_with('[');
                tight_after = !space;
            }
            "->" | "+" | "-" | "%" | "=" | "{" => {}
            _ => value_after = !is_keyword(word, depth),
        }
        found.push(Token {
            text: word,
            at,
            space: space && !found.is_empty(),
            leads: text[last..at].contains('\n'),
            comments: before,
        });
        (tight, value) = (tight_after, value_after);
        at += length;
        last = at;
    }
    found
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// Whether `word` outside of brackets is never the name of something that takes arguments.
fn is_keyword(word: &str, depth: usize) -> bool {
    depth == 0 && matches!(word, "repeat" | "from" | "labels" | "as" | "import" | "let")
}

struct Builder<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    header: bool,
    comment: Option<&'t str>,
}

impl<'t> Builder<'t> {
    fn is(&self, word: &str) -> bool {
        self.tokens
            .get(self.at)
            .is_some_and(|token| token.text == word)
    }

    /// What stands outside of brackets.
    fn statement(&mut self) -> Option<Vec<Node<'t>>> {
        let mut nodes: Vec<Node> = Vec::new();
        while let Some(token) = self.tokens.get_mut(self.at) {
            let comments = std::mem::take(&mut token.comments);
            match comments[..] {
                [] => {}
                // Only the one before a `{` can be moved behind it.
                [(comment, _)] if token.text == "{" && self.header => {
                    self.comment = Some(comment);
                }
                _ => return None,
            }
            let list = match nodes.last() {
                Some(word) if word.is("import") && nodes.len() == 1 => Some(Brackets::Import),
                // An output and an import are from one thing.
                Some(word)
                    if word.is("from")
                        && !["output", "import"].iter().any(|it| nodes[0].is(it)) =>
                {
                    Some(Brackets::From)
                }
                _ => None,
            };
            let node = match list {
                Some(brackets) => self.list(brackets, true)?,
                None => self.node(nodes.last())?,
            };
            nodes.push(node);
        }
        Some(nodes)
    }

    /// A leaf, or a list in brackets.
    fn node(&mut self, before: Option<&Node>) -> Option<Node<'t>> {
        let token = &self.tokens[self.at];
        let (text, space, at) = (token.text, token.space, token.at);
        let brackets = match text {
            "(" => match before {
                Some(Node::Leaf { text, .. }) if !space && is_name(text) => Brackets::Call,
                _ => Brackets::Round,
            },
            "[" => Brackets::Square,
            _ => {
                self.at += 1;
                return Some(Node::Leaf { text, space, at });
            }
        };
        self.at += 1;
        self.list(brackets, space)
    }

    /// Items up to the closing bracket, which is taken, or up to what ends a list without brackets.
    fn list(&mut self, brackets: Brackets, space: bool) -> Option<Node<'t>> {
        let mut list = List {
            brackets,
            space,
            items: Vec::new(),
            comma: false,
            broken: false,
            dangling: Vec::new(),
            width: 0,
            open: false,
        };
        let bare = matches!(brackets, Brackets::From | Brackets::Import);
        let mut item: Option<Item> = None;
        while let Some(token) = self.tokens.get_mut(self.at) {
            let (text, leads) = (token.text, token.leads);
            let comments = std::mem::take(&mut token.comments);
            let ends = match bare {
                true => matches!(text, "->" | "from"),
                false => matches!(text, ")" | "]"),
            };
            if text == "," || ends {
                let had = item.is_some();
                list.items.extend(item.take());
                let none = list.items.is_empty();
                for (comment, own) in comments {
                    match list.items.last_mut() {
                        // Behind a comma of its own line, or with nothing to stand beside.
                        Some(last) if last.beside.is_none() && (!own || text == ",") => {
                            last.beside = Some(comment);
                        }
                        _ if ends && own || none => list.dangling.push(comment),
                        _ => return None,
                    }
                }
                if ends {
                    list.comma = !had && !list.items.is_empty();
                    break;
                }
                self.at += 1;
                continue;
            }
            match &mut item {
                None => {
                    list.broken |= leads && (bare || list.items.is_empty());
                    let mut fresh = Item {
                        leads,
                        ..Item::default()
                    };
                    for (comment, own) in comments {
                        match list.items.last_mut() {
                            Some(last) if !own && last.beside.is_none() => {
                                last.beside = Some(comment);
                            }
                            _ => fresh.above.push(comment),
                        }
                    }
                    fresh.nodes.push(self.node(None)?);
                    item = Some(fresh);
                }
                Some(open) => {
                    if !comments.is_empty() {
                        return None;
                    }
                    let node = self.node(open.nodes.last())?;
                    // At the start of a line `Name(` is a layer.
                    let call = matches!(&node, Node::List(list) if list.brackets == Brackets::Call);
                    if call
                        && matches!(&open.nodes[..], [Node::Leaf { text, .. }]
                            if text.starts_with(|first: char| first.is_ascii_uppercase()))
                    {
                        return None;
                    }
                    open.nodes.push(node);
                }
            }
        }
        list.items.extend(item);
        if bare {
            list.comma = false;
        } else if self.is(")") || self.is("]") {
            self.at += 1;
        } else {
            return None;
        }
        list.measure();
        Some(Node::List(list))
    }
}
