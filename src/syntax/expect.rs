//! Where the grammar gives up on a line, and what it would have taken there, in a user's words.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use pest::Parser;

use super::parse::{Grammar, Rule};

/// pest collects details for all parsers of the process or for none. They make parsing slower, so
/// they are on only while a broken line is read again, one at a time.
static DETAILS: Mutex<()> = Mutex::new(());

/// The furthest point of a line that the grammar understands.
pub(super) struct Failure {
    /// Offset in the line.
    pub at: usize,
    /// The characters and words that could follow.
    tokens: BTreeSet<String>,
    /// Whether a list of names without brackets could go on.
    lists: bool,
    line: bool,
}

/// Reads `text`, which `rule` does not match, once more to see where that ends.
pub(super) fn failure(rule: Rule, text: &str) -> Failure {
    let guard = DETAILS.lock().unwrap_or_else(PoisonError::into_inner);
    pest::set_error_detail(true);
    let result = Grammar::parse(rule, text);
    pest::set_error_detail(false);
    drop(guard);
    let attempts = result.err().and_then(|error| error.parse_attempts());
    let Some(attempts) = attempts else {
        return Failure {
            at: 0,
            tokens: BTreeSet::new(),
            lists: false,
            line: rule == Rule::line,
        };
    };
    let lists = attempts.call_stacks().iter().any(|stack| {
        let deepest = stack.deepest.get_rule();
        deepest == Some(&Rule::from) || stack.parent == Some(Rule::import)
    });
    Failure {
        at: attempts.max_position,
        tokens: attempts
            .expected_tokens()
            .iter()
            .map(ToString::to_string)
            .collect(),
        lists,
        line: rule == Rule::line,
    }
}

impl Failure {
    fn takes(&self, token: &str) -> bool {
        self.tokens.contains(token)
    }

    /// Whether a name could follow.
    pub(super) fn expects_name(&self) -> bool {
        self.takes("_")
    }

    /// Whether the furthest point is within a word that started as a name.
    pub(super) fn within_name(&self) -> bool {
        self.takes("_") && !self.takes(" ")
    }

    /// Whether it is a line that failed, not a header or an expression.
    pub(super) fn is_line(&self) -> bool {
        self.line
    }

    /// What could follow, as in "expected …".
    /// `calls`: arguments may follow, so that a `(` is right.
    pub(super) fn expected(&self, calls: bool) -> String {
        let closer = [")", "]"].into_iter().find(|closer| self.takes(closer));
        let value = self.takes("-") && self.takes("(") && self.takes("\"");
        let operator = self.takes("%");
        let mut phrases: Vec<&str> = Vec::new();
        if self.takes("model") {
            return "`model`, `block` or `repeat` before `{`".to_owned();
        }
        if value {
            phrases.push("a value");
        } else if operator {
            phrases.push(match closer {
                Some(_) => "`,`",
                None => "an operator",
            });
        } else if self.takes("reuse") {
            return "a layer such as `ReLU` or `Conv(8, kernel=3)`".to_owned();
        } else if self.takes(":") && !self.takes(")") {
            // A whole name, with clauses to come.
        } else if self.takes("_") && self.takes("[") && !self.takes("(") {
            phrases.push("a shape such as `[N, 10]`");
        } else if self.takes("_") && !self.takes("0..9") {
            phrases.push("a name");
        } else if self.takes("[") && !self.takes("\"") {
            phrases.push("a shape such as `[N, 10]`");
        } else if self.takes("\"") {
            phrases.push("a string in double quotes");
        } else if self.tokens.len() == 1 && self.takes("0..9") {
            phrases.push("a digit");
        }
        if closer.is_some() && phrases.is_empty() && self.takes(",") {
            phrases.push("`,`");
        }
        match closer {
            Some(")") => phrases.push("`)`"),
            Some(_) => phrases.push("`]`"),
            None => {}
        }
        if phrases.is_empty() || operator && closer.is_none() {
            self.clauses(calls, &mut phrases);
        }
        if phrases.is_empty() && self.takes("_") {
            phrases.push("a name");
        }
        join(&phrases)
    }

    /// The words and signs that may follow a part of a statement that is complete.
    fn clauses<'p>(&self, calls: bool, phrases: &mut Vec<&'p str>) {
        let signs: [(&str, &'p str); 8] = [
            (":", "`:`"),
            ("=", "`=`"),
            ("(", "`(`"),
            ("from", "`from`"),
            ("->", "`->`"),
            ("labels", "`labels`"),
            ("as", "`as`"),
            ("{", "`{`"),
        ];
        if self.lists && self.takes(",") {
            phrases.push("`,`");
        }
        // `;` may follow where the line may end.
        let ends = self.takes(";");
        for (sign, phrase) in signs {
            // After a first word, a label is what `=` is mistaken for.
            let slip = match sign {
                "=" => self.takes("("),
                ":" => self.takes("=") && !self.takes("("),
                "(" => self.takes("%") || !calls,
                "from" => self.lists && ends || !ends && self.takes("{"),
                "->" => self.takes("labels") || !ends && self.takes("{"),
                _ => false,
            };
            if self.takes(sign) && !slip {
                phrases.push(phrase);
            }
        }
        if ends {
            phrases.push("the end of the line");
        }
    }
}

/// What a line starts with.
pub(super) fn start(in_body: bool) -> &'static str {
    if in_body {
        "a statement such as `ReLU`, `conv1: Conv(8, kernel=3)` or `output y`"
    } else {
        "`model`, `block`, `import` or `layout`"
    }
}

/// `a`, `a or b`, `a, b or c`.
fn join(phrases: &[&str]) -> String {
    match phrases {
        [] => "something else".to_owned(),
        [only] => (*only).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}
