//! Comments that switch a warning off: `# allow W0202`, or `# allow W0202, W0207: as published`.

use crate::diag::{Code, Severity};

/// The warnings that `comment`, `#` included, allows; `None` of any other comment. What follows
/// the codes is for a person.
pub fn codes(comment: &str) -> Option<Vec<Code>> {
    let rest = comment.strip_prefix('#')?.trim_start();
    let rest = rest.strip_prefix("allow")?;
    let mut words = rest
        .strip_prefix([' ', '\t'])?
        .split([' ', '\t', ','])
        .filter(|word| !word.is_empty());
    let mut found = Vec::new();
    for word in &mut words {
        let (word, last) = match word.strip_suffix([':', ';', '.']) {
            Some(word) => (word, true),
            None => (word, false),
        };
        match Code::from_name(word) {
            Some(code) if code.severity() == Severity::Warning => found.push(code),
            _ => break,
        }
        if last {
            break;
        }
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codes_up_to_the_reason() {
        for (comment, expected) in [
            ("# allow W0202", vec![Code::W0202]),
            ("#allow w0202 and so on", vec![Code::W0202]),
            (
                "# allow W0202, W0207: as published",
                vec![Code::W0202, Code::W0207],
            ),
            ("# allow W0202 W0102", vec![Code::W0202, Code::W0102]),
            ("# allow W0202: not W0102", vec![Code::W0202]),
        ] {
            assert_eq!(codes(comment), Some(expected), "{comment}");
        }
        for comment in [
            "# allow",
            "# allow all",
            "# allow E0301",
            "# allowW0202",
            "# we allow W0202",
            "# W0202",
        ] {
            assert_eq!(codes(comment), None, "{comment}");
        }
    }
}
