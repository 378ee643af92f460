//! Programs with words, numbers and signs moved about: nearly right, in every way.

#![allow(dead_code)] // each user takes its part

use std::ops::Range;

use crate::models::Rng;

/// What is put where it may not belong.
const STRANGERS: &[&str] = &[
    "model",
    "block",
    "input",
    "output",
    "let",
    "repeat",
    "reuse",
    "from",
    "import",
    "weights",
    "layout channels_first\n",
    "layout",
    "as i",
    "labels",
    "same",
    "true",
    "_",
    "->",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "=",
    ".",
    "*",
    "**",
    "//",
    "%",
    "/",
    "+",
    "-",
    "\n",
    "\"",
    "#",
    "\"a\\n\"",
    "min(",
    "max(",
    "Conv",
    "Linear",
    "MaxPool(2)",
    "Flatten",
    "Concat(axis=-1)",
    "Reshape([N, _])",
    "Add",
    "x",
    "y",
    "N",
    "H",
    "W",
    "C",
    "p",
    "i",
    "v1",
    "v2",
    "v1.weight",
    "B0",
    "B1",
    "f32",
    "i64",
    "axis=",
    "kernel=",
    "padding=",
    "stride=",
    "é",
    "\u{202e}",
    "\t",
    "\r\n",
    "# allow W0102\n",
    "->\u{a0}",
    "Dense",
    "nn.Conv2d",
    "'same'",
    "//",
    "repeat 2 {",
];

/// What a number becomes.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "7",
    "13",
    "64",
    "97",
    "210",
    "1000",
    "65537",
    "1048576",
    "1000000007",
    "9223372036854775807",
    "170141183460469231731687303715884105727",
    "-1",
    "0.5",
    "1e9",
    "1e308",
    "10**9",
    "(H + 1)",
    "N*H",
    "H//2",
    "(N//3 + H//7)",
    "(H*W)//5",
    "2*N",
    "i",
    "p",
];

fn pick(rng: &mut Rng, all: &[&'static str]) -> &'static str {
    all[rng.below(all.len())]
}

/// Words, numbers, and signs of one character.
pub fn tokens(text: &str) -> Vec<Range<usize>> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        match found.last_mut() {
            Some(last) if in_word && word(c) => last.end = at + c.len_utf8(),
            _ if c == ' ' => {}
            _ => found.push(at..at + c.len_utf8()),
        }
        in_word = word(c);
    }
    found
}

/// `text` with one thing changed.
pub fn mutate(rng: &mut Rng, text: &str) -> String {
    let tokens = tokens(text);
    let mut text = text.to_owned();
    if tokens.is_empty() {
        return text;
    }
    // A byte chooses among 256: of more tokens, by two.
    let any = |rng: &mut Rng| {
        let at = rng.below(256) * 256 + rng.below(256);
        tokens[at % tokens.len()].clone()
    };
    let (one, other) = (any(rng), any(rng));
    let (first, second) = match one.start <= other.start {
        true => (one.clone(), other.clone()),
        false => (other.clone(), one.clone()),
    };
    match rng.below(9) {
        0 => text.replace_range(one, ""),
        1 => {
            let token = text[one.clone()].to_owned();
            text.insert_str(one.end, &format!(" {token}"));
        }
        2 if first.end <= second.start => {
            let (left, right) = (
                text[first.clone()].to_owned(),
                text[second.clone()].to_owned(),
            );
            text.replace_range(second, &left);
            text.replace_range(first, &right);
        }
        3 => {
            let token = text[other].to_owned();
            text.replace_range(one, &token);
        }
        4 | 5 => {
            // The next number from here.
            let digits = |range: &&Range<usize>| {
                text[(*range).clone()].starts_with(|c: char| c.is_ascii_digit())
            };
            let number = tokens
                .iter()
                .filter(|token| token.start >= one.start)
                .find(digits);
            if let Some(number) = number.cloned() {
                text.replace_range(number, pick(rng, NUMBERS));
            }
        }
        6 => text.insert_str(one.start, &format!("{} ", pick(rng, STRANGERS))),
        7 => text.replace_range(one, pick(rng, STRANGERS)),
        _ => {
            // Lines from one place to another stand twice, or not at all.
            let line = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
            let (start, end) = (line(first.start), line(second.start));
            let lines = text[start..end].to_owned();
            match rng.chance(50) {
                true => text.insert_str(end, &lines),
                false => text.replace_range(start..end, ""),
            }
        }
    }
    text
}

/// `text` with up to six changes, of which some double lines: it stays below 64 KiB.
pub fn mutated(rng: &mut Rng, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + rng.below(6) {
        if text.len() < 1 << 15 {
            text = mutate(rng, &text);
        }
    }
    text
}
