//! The lines that differ between a text and its layout.

use std::ops::Range;

/// Lines (from 0) and what they become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Lines of the text; empty where lines are added before the first.
    pub old: Range<usize>,
    /// Lines of its layout.
    pub new: Range<usize>,
}

/// What a line holds, in letters: blanks, and the marks that a layout moves or adds, do not count.
fn weight(line: &str) -> usize {
    let held = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b',' | b'{' | b'}');
    line.bytes().filter(held).count()
}

/// The changes from `old` to `new`, which is its layout: in order, apart, and as small as lines
/// are. Both hold the same letters in the same order, so those of a change are known by counting.
pub fn changes(old: &str, new: &str) -> Vec<Change> {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.split_inclusive('\n').collect(),
        new.split_inclusive('\n').collect(),
    );
    let mut found: Vec<Change> = Vec::new();
    let (mut at, mut to) = (0, 0);
    while at < old.len() || to < new.len() {
        if at < old.len() && old.get(at) == new.get(to) {
            (at, to) = (at + 1, to + 1);
            continue;
        }
        let (start, begin) = (at, to);
        let empty = |lines: &[&str], at: usize| lines.get(at).map(|line| weight(line) == 0);
        if empty(&new, to) == Some(true) && empty(&old, at) != Some(true) {
            to += 1;
        } else {
            // Up to where both have given the same number of letters.
            let (mut gone, mut come) = (0, 0);
            loop {
                if gone <= come && at < old.len() {
                    gone += weight(old[at]);
                    at += 1;
                } else if to < new.len() {
                    come += weight(new[to]);
                    to += 1;
                } else if at < old.len() {
                    at += 1;
                } else {
                    break;
                }
                if gone == come {
                    break;
                }
            }
            // Braces that this put on lines of their own belong to it.
            while empty(&new, to) == Some(true) && empty(&old, at) != Some(true) {
                to += 1;
            }
        }
        found.push(Change {
            old: start..at,
            new: begin..to,
        });
    }
    found
}
