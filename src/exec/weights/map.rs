//! A weights map: what the names of a weights file are called in a model.
//!
//! ```text
//! # name in the file    ->  name in the model
//! features.0.*          ->  conv1.$1
//! encoder.layer.*.**    ->  blocks.$1.$2
//! ```
//!
//! `*` is any characters of one part of a name (no `.` and no `/`), `**` is any characters; `$1`
//! is what the first of them stands for. A pattern is the whole of a name, and the first line
//! that matches a name gives it its other name.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::diag::weights as wording;
use crate::diag::{Diagnostic, suggest};
use crate::text::{FileId, Span};

/// The most bytes of a map.
pub const MAX_BYTES: usize = 1 << 20;

/// The most wildcards of a pattern.
pub const MAX_WILDCARDS: usize = 9;

/// How many lines are told one by one what is wrong with them.
const MAX_TOLD: usize = 100;

/// The longest name that a pattern matches; longer ones keep theirs.
const MAX_NAME: usize = 1 << 16;

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// These characters.
    Text(String),
    /// Any characters but `.` and `/`.
    Part,
    /// Any characters.
    Any,
}

/// A part of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Put {
    /// These characters.
    Text(String),
    /// What the wildcard stands for, from 0.
    Capture(usize),
}

/// A line of a map.
#[derive(Clone, Debug)]
struct Rule {
    pieces: Vec<Piece>,
    replacement: Vec<Put>,
    /// The pattern's place.
    span: Span,
}

/// What is wrong with a line.
struct Fault {
    /// Which of its bytes.
    at: Range<usize>,
    why: String,
    help: Option<&'static str>,
}

/// The lines of a map.
#[derive(Clone, Debug)]
pub struct Map {
    rules: Vec<Rule>,
    span: Span,
}

/// What a map makes of the names of a file.
#[derive(Debug)]
pub struct Renamed {
    /// The other name of each name, in the given order; names that no line matches keep theirs.
    pub names: Vec<String>,
    /// What is wrong with the lines that matched nothing.
    pub unused: Vec<Diagnostic>,
}

impl Map {
    /// Reads the map `text`, which is the whole of `file`.
    ///
    /// # Errors
    ///
    /// Every line that is no comment and not `pattern -> replacement`, and a `$n` that has no
    /// wildcard (`E0505`).
    pub fn parse(file: FileId, text: &str) -> Result<Map, Vec<Diagnostic>> {
        let span = |bytes: Range<usize>| Span {
            file,
            start: bytes.start as u32,
            end: bytes.end as u32,
        };
        if text.len() > MAX_BYTES {
            let why = format!(
                "it has {} bytes, and a map has at most {MAX_BYTES}",
                text.len()
            );
            return Err(vec![wording::map_line(span(0..0), &why, None)]);
        }
        let (mut rules, mut wrong) = (Vec::new(), Vec::new());
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let place = |bytes: Range<usize>| span(start + bytes.start..start + bytes.end);
            match Rule::parse(line, place) {
                Ok(rule) => rules.extend(rule),
                Err(Fault { at, why, help }) if wrong.len() < MAX_TOLD => {
                    wrong.push(wording::map_line(place(at), &why, help));
                }
                Err(_) => {}
            }
            start += line.len();
        }
        match wrong.is_empty() {
            true => Ok(Map {
                rules,
                span: span(0..0),
            }),
            false => Err(wrong),
        }
    }

    /// Renames the names of the weights file that a person calls `file`.
    ///
    /// # Errors
    ///
    /// Two names that become one (`E0505`).
    pub fn rename(&self, names: &[&str], file: &str) -> Result<Renamed, Vec<Diagnostic>> {
        let mut uses = vec![0_usize; self.rules.len()];
        // For each line the earlier one that takes a name that both match.
        let mut shadowed: Vec<Option<usize>> = vec![None; self.rules.len()];
        let mut renamed = Vec::with_capacity(names.len());
        let mut owners: HashMap<String, (&str, Option<usize>)> = HashMap::new();
        let mut wrong = Vec::new();
        let mut kept = Vec::new();
        // Lines that make two names one do so for many names: told once.
        let mut told = HashSet::new();
        for name in names {
            let mut by = None;
            let mut other = (*name).to_owned();
            for (at, rule) in self.rules.iter().enumerate() {
                let Some(captures) = rule.matches(name) else {
                    continue;
                };
                match by {
                    None => {
                        other = rule.fill(&captures);
                        uses[at] += 1;
                        by = Some(at);
                    }
                    Some(earlier) => shadowed[at] = shadowed[at].or(Some(earlier)),
                }
            }
            if let Some((rival, rule)) = owners.insert(other.clone(), (*name, by))
                && told.insert((rule, by))
                && told.len() <= MAX_TOLD
            {
                let span = |rule: Option<usize>| rule.map(|at| self.rules[at].span);
                let spans = [span(rule), span(by)];
                wrong.push(wording::map_collision(
                    [rival, *name],
                    &other,
                    spans,
                    self.span,
                    file,
                ));
            }
            if by.is_none() {
                kept.push(*name);
            }
            renamed.push(other);
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let unused = self.rules.iter().enumerate();
        let unused = unused.filter(|(at, _)| uses[*at] == 0).take(MAX_TOLD);
        let unused = unused.map(|(at, rule)| {
            let near = suggest::closest(&rule.pattern(), kept.iter().copied());
            let earlier = shadowed[at].map(|at| self.rules[at].span);
            wording::map_unused(&rule.pattern(), rule.span, near, earlier, file)
        });
        Ok(Renamed {
            unused: unused.collect(),
            names: renamed,
        })
    }
}

impl Rule {
    /// The rule of a line, if it has one. `span` gives the place of bytes of the line.
    fn parse(line: &str, span: impl Fn(Range<usize>) -> Span) -> Result<Option<Rule>, Fault> {
        let code = &line[..comment(line)];
        if code.trim().is_empty() {
            return Ok(None);
        }
        let fault = |at, why: &str, help| Fault {
            at,
            why: why.into(),
            help: Some(help),
        };
        let Some(arrow) = code.find("->") else {
            let help = "a line is `name in the file -> name in the model`";
            return Err(fault(
                within(code, code),
                "there is no `->` on this line",
                help,
            ));
        };
        let (left, right) = (&code[..arrow], &code[arrow + 2..]);
        let sides = [
            (
                left,
                "there is no name before `->`",
                "write the name in the file",
            ),
            (
                right,
                "there is no name after `->`",
                "write the name in the model",
            ),
        ];
        for (side, why, help) in sides {
            if side.trim().is_empty() {
                return Err(fault(arrow..arrow + 2, why, help));
            }
        }
        let place = within(code, left);
        let pieces = pieces(left.trim()).map_err(|why| Fault {
            at: place.clone(),
            why,
            help: None,
        })?;
        let wildcards = pieces.iter().filter(|it| !matches!(it, Piece::Text(_)));
        let replacement = replacement(right.trim(), wildcards.count()).map_err(|(at, why)| {
            let start = within(code, right).start;
            let at = start + at.start..start + at.end;
            Fault {
                at,
                why,
                help: None,
            }
        })?;
        Ok(Some(Rule {
            pieces,
            replacement,
            span: span(place),
        }))
    }

    /// The pattern as it was written.
    fn pattern(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Part => "*",
            Piece::Any => "**",
        });
        pieces.collect()
    }

    /// What the wildcards stand for, if the pattern is the whole of `name`. The earlier wildcards
    /// take as little as they can.
    fn matches<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let bytes = name.as_bytes();
        if let Some(Piece::Text(text)) = self.pieces.first()
            && !name.starts_with(&**text)
        {
            return None;
        }
        if bytes.len() > MAX_NAME {
            return None;
        }
        // rests[i][p]: whether the pieces from the i-th are the whole of the name from byte p.
        let mut rests = vec![vec![false; bytes.len() + 1]; self.pieces.len() + 1];
        rests[self.pieces.len()][bytes.len()] = true;
        for (at, piece) in self.pieces.iter().enumerate().rev() {
            let (these, after) = rests.split_at_mut(at + 1);
            let (these, after) = (&mut these[at], &after[0]);
            for from in (0..bytes.len()).rev() {
                these[from] = match piece {
                    Piece::Text(text) => {
                        bytes[from..].starts_with(text.as_bytes()) && after[from + text.len()]
                    }
                    Piece::Part => {
                        !matches!(bytes[from], b'.' | b'/') && (after[from + 1] || these[from + 1])
                    }
                    Piece::Any => after[from + 1] || these[from + 1],
                };
            }
        }
        if !rests[0][0] {
            return None;
        }
        let (mut from, mut captures) = (0, Vec::new());
        for (at, piece) in self.pieces.iter().enumerate() {
            if let Piece::Text(text) = piece {
                from += text.len();
                continue;
            }
            // A text or the end follows a wildcard, so this is where a character begins.
            let end = (from + 1..=bytes.len()).find(|end| rests[at + 1][*end])?;
            captures.push(&name[from..end]);
            from = end;
        }
        Some(captures)
    }

    fn fill(&self, captures: &[&str]) -> String {
        let parts = self.replacement.iter().map(|put| match put {
            Put::Text(text) => text.as_str(),
            Put::Capture(at) => captures[*at],
        });
        parts.collect()
    }
}

/// Where the comment of `line` begins: a `#` at its start or after a blank.
fn comment(line: &str) -> usize {
    let mut blank = true;
    for (at, ch) in line.char_indices() {
        if ch == '#' && blank {
            return at;
        }
        blank = ch.is_whitespace();
    }
    line.len()
}

/// The bytes of `part` of `line`, without blanks around it.
fn within(line: &str, part: &str) -> Range<usize> {
    let trimmed = part.trim();
    let start = trimmed.as_ptr() as usize - line.as_ptr() as usize;
    start..start + trimmed.len()
}

fn pieces(pattern: &str) -> Result<Vec<Piece>, String> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let stars = rest.len() - rest.trim_start_matches('*').len();
        let length = match stars {
            0 => rest.find('*').unwrap_or(rest.len()),
            stars => stars,
        };
        pieces.push(match stars {
            0 => Piece::Text(rest[..length].to_owned()),
            1 => Piece::Part,
            2 => Piece::Any,
            _ => return Err("`*` is one part of a name and `**` any number of parts".into()),
        });
        rest = &rest[length..];
    }
    let wildcards = pieces.iter().filter(|it| !matches!(it, Piece::Text(_)));
    match wildcards.count() {
        ..=MAX_WILDCARDS => Ok(pieces),
        many => Err(format!(
            "this pattern has {many} wildcards, and {MAX_WILDCARDS} are the most"
        )),
    }
}

/// The parts of a replacement; or what is wrong with which of its bytes.
fn replacement(text: &str, wildcards: usize) -> Result<Vec<Put>, (Range<usize>, String)> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(after) = rest.strip_prefix('$') else {
            let length = rest.find('$').unwrap_or(rest.len());
            parts.push(Put::Text(rest[..length].to_owned()));
            at += length;
            continue;
        };
        let digits = after
            .find(|ch: char| !ch.is_ascii_digit())
            .unwrap_or(after.len());
        let end = at + 1 + digits;
        match after[..digits].parse::<usize>() {
            Ok(number) if (1..=wildcards).contains(&number) => {
                parts.push(Put::Capture(number - 1));
            }
            Ok(_) => {
                let why = match wildcards {
                    0 => "the pattern has no wildcard".to_owned(),
                    1 => "the pattern has one wildcard, `$1`".to_owned(),
                    many => format!("the pattern has {many} wildcards, `$1` to `${many}`"),
                };
                return Err((at..end, why));
            }
            Err(_) => {
                let why = "a number follows `$`: `$1` is what the first wildcard stands for";
                return Err((at..end, why.into()));
            }
        }
        at = end;
    }
    if let Some(star) = text.find('*') {
        let why = "a name in the model has no wildcard: `$1` is what the first one stands for";
        return Err((star..star + 1, why.into()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Map, Vec<String>> {
        Map::parse(FileId(0), text).map_err(|wrong| {
            let told = wrong.iter().map(|diagnostic| {
                let span = diagnostic.primary.span;
                format!("{}: {}", &text[span.range()], diagnostic.message)
            });
            told.collect()
        })
    }

    fn renamed(map: &str, name: &str) -> String {
        let map = parse(map).unwrap();
        map.rename(&[name], "file").unwrap().names.remove(0)
    }

    #[test]
    fn puts_what_wildcards_stand_for() {
        for (map, name, expected) in [
            ("a.weight -> b.weight", "a.weight", "b.weight"),
            ("a.weight -> b.weight", "a.weights", "a.weights"),
            ("features.0.* -> conv1.$1", "features.0.bias", "conv1.bias"),
            (
                "features.0.* -> conv1.$1",
                "features.0.a.b",
                "features.0.a.b",
            ),
            ("features.0.** -> conv1.$1", "features.0.a.b", "conv1.a.b"),
            ("*/kernel:0 -> $1.weight", "a/kernel:0", "a.weight"),
            ("**.*.* -> $3/$1.$2.$2", "a.b.c.d", "d/a.b.c.c"),
            ("layer*.** -> stage$1.$2", "layer12.x.y", "stage12.x.y"),
            ("* -> x.$1 # a comment", "é", "x.é"),
            ("a* -> b$1", "a", "a"),
            ("# first\n\n  x#1 -> y  \nx** -> z$1", "x#1", "y"),
        ] {
            assert_eq!(renamed(map, name), expected, "{map}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_line() {
        for (map, expected) in [
            ("a = b", "a = b: there is no `->` on this line"),
            (" -> b", "->: there is no name before `->`"),
            ("a -> # b", "->: there is no name after `->`"),
            (
                "a.*** -> b",
                "a.***: `*` is one part of a name and `**` any number of parts",
            ),
            ("a -> b.$1", "$1: the pattern has no wildcard"),
            ("* -> b.$2", "$2: the pattern has one wildcard, `$1`"),
            (
                "*.* -> b.$0",
                "$0: the pattern has 2 wildcards, `$1` to `$2`",
            ),
            (
                "* -> $",
                "$: a number follows `$`: `$1` is what the first wildcard stands for",
            ),
            (
                "* -> $99999999999999999999",
                "$99999999999999999999: a number follows `$`: `$1` is what the first wildcard stands for",
            ),
            (
                "*.* -> b.*",
                "*: a name in the model has no wildcard: `$1` is what the first one stands for",
            ),
        ] {
            assert_eq!(parse(map).unwrap_err(), [expected]);
        }
        assert_eq!(
            parse("a\nb -> c\nd").unwrap_err().len(),
            2,
            "each line is told"
        );
        assert!(parse(&format!("{} -> b", "*a".repeat(10))).is_err());
        assert!(parse(&"#".repeat(MAX_BYTES + 1)).is_err());
    }

    #[test]
    fn refuses_two_names_for_one() {
        let map = parse("a -> c\n* -> $1").unwrap();
        let wrong = map.rename(&["a", "c"], "file").unwrap_err();
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].message, "`a` and `c` of `file` both become `c`");
    }

    #[test]
    fn tells_lines_that_match_nothing() {
        let map = parse("a.* -> b.$1\na.x -> y\nc -> d").unwrap();
        let renamed = map.rename(&["a.x", "e.cc"], "file").unwrap();
        assert_eq!(renamed.names, ["b.x", "e.cc"]);
        let told: Vec<_> = renamed.unused.iter().map(|it| &*it.message).collect();
        assert_eq!(
            told,
            ["`a.x` gives no name", "`c` matches no name of `file`"]
        );
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let map = parse("**a**a**a**a**a**a**a**a**b -> c").unwrap();
        let name = "a".repeat(50_000);
        assert_eq!(map.rename(&[&name], "file").unwrap().names, [name]);
    }
}
