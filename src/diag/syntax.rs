//! The wording of syntax errors, `E01xx`: one function a mistake.

use super::{Code, Diagnostic, Edit, Fix};
use crate::text::{Name, Span, Spanned};

/// A number in words up to nine.
fn count(number: usize) -> String {
    let words = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    words
        .get(number)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

// ---- E0101: a line that is not a statement -----------------------------------------------------

/// The line could go on with `expected`; it goes on with `found`.
pub fn unexpected(at: Span, expected: &str, after: Option<&str>, found: &str) -> Diagnostic {
    let after = after.map_or_else(String::new, |after| format!(" after {after}"));
    Diagnostic::new(
        Code::E0101,
        at,
        format!("expected {expected}{after}, found {found}"),
    )
    .here(format!("expected {expected}"))
}

/// A `)`, `]` or `}` without an opening one.
pub fn unmatched(at: Span, closer: char) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, format!("this `{closer}` closes nothing"))
        .here("no bracket is open here")
        .fix(format!("remove `{closer}`"), at, "")
}

/// A comment as other languages write it; `fix` is how it is written here, if that is one line.
pub fn foreign_comment(at: Span, opener: &str, fix: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0101,
        at,
        format!("a comment starts with `#`, not with `{opener}`"),
    )
    .here("not a comment in `.nn`");
    match fix {
        Some(text) => diagnostic.fix("write a `#` comment", at, text),
        None => diagnostic.note("every line of a comment starts with `#`"),
    }
}

/// `conv1 = Conv(6)` for `conv1: Conv(6)`; `at` is the `=`, `between` also the blank before it.
pub fn equals_for_label(at: Span, between: Span, label: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("a label ends with `:`, not with `=`: `{label}: …`"),
    )
    .here("expected `:`")
    .fix("write `:`", between, ":")
}

/// `k = 3` for `let k = 3`; `name` is where `let` is missing.
pub fn missing_let(name: Span, text: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        name,
        format!("a compile-time value is defined with `let`: `let {text} = …`"),
    )
    .here("expected `let` before this")
    .fix("write `let`", name.before(), "let ")
}

/// `Linear(8, weight=enc.weight)`: a result or stored tensor among numbers.
pub fn path_as_number(at: Span, name: &str, part: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("`{name}.{part}` is no number, and an expression has only numbers"),
    )
    .here("not known before the run")
    .note(format!("a layer takes it as a value: `from {name}.{part}`"))
}

/// A `;` or `,` at the end of a line.
pub fn trailing(at: Span, text: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("a statement ends at the end of its line, without `{text}`"),
    )
    .here("not needed")
    .fix(format!("remove `{text}`"), at, "")
}

/// `'same'` for `"same"`.
pub fn single_quotes(at: Span, content: &str) -> Diagnostic {
    let escaped = content.replace('"', "\\\"");
    Diagnostic::new(Code::E0101, at, "a string stands in double quotes")
        .here("single quotes")
        .fix(
            format!("write `\"{escaped}\"`"),
            at,
            format!("\"{escaped}\""),
        )
}

/// `input x [N]` for `input x: [N]`; `after` is the end of the name.
pub fn missing_colon(after: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        after,
        format!("expected `:` between `{name}` and its shape"),
    )
    .here("expected `:`")
    .fix("write `:`", after, ":")
}

/// `let k: 3` for `let k = 3`; `at` is the `:`.
pub fn colon_for_let(at: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("expected `=` after `let {name}`, found `:`"),
    )
    .here("expected `=`")
    .fix("write `=`", at, " =")
}

/// `Conv(6, kernel: 5)` for `Conv(6, kernel=5)`; `at` is the `:`, `between` also blanks around it.
pub fn colon_for_argument(at: Span, between: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("an argument is given with `=`: `{name}=…`"),
    )
    .here("expected `=`")
    .fix("write `=`", between, "=")
}

/// `2^i` for `2**i`.
pub fn caret(at: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, "a power is written `**`")
        .here("no operation")
        .fix("write `**`", at, "**")
}

/// `from (a, b)` for `from a, b`.
pub fn bracketed_from(open: Span, close: Span) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(
        Code::E0101,
        open,
        "the values after `from` stand without brackets: `from a, b`",
    )
    .here("not needed");
    diagnostic.fixes.push(Fix {
        title: "remove the brackets".to_owned(),
        edits: [open, close]
            .into_iter()
            .map(|span| Edit {
                span,
                text: String::new(),
            })
            .collect(),
    });
    diagnostic
}

/// `True` for `true`.
pub fn foreign_truth(at: Span, found: &str, right: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("expected `{right}`, found `{found}`"),
    )
    .here("written in small letters")
    .fix(format!("write `{right}`"), at, right)
}

/// `None`, which is no value here; in a shape it would be a name.
pub fn none(at: Span, in_shape: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0101, at, "there is no value `None`");
    if in_shape {
        diagnostic
            .here("a dimension of any size has a name")
            .fix("write `N`", at, "N")
    } else {
        diagnostic
            .here("not a value")
            .note("leave the argument out to have its default")
    }
}

/// A word that other languages put where this one puts `right`.
pub fn foreign_word(at: Span, found: &str, right: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("`{found}` is no keyword; `.nn` has `{right}`"),
    )
    .here(format!("expected `{right}`"))
    .fix(format!("write `{right}`"), at, right)
}

/// A keyword with a typing error.
pub fn misspelt(at: Span, found: &str, right: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("there is no keyword `{found}`; did you mean `{right}`?"),
    )
    .here("unknown keyword")
    .fix(format!("write `{right}`"), at, right)
}

/// A reserved word where a name of one's own is needed.
pub fn reserved(at: Span, word: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("`{word}` is a reserved word and cannot be a name"),
    )
    .here("reserved")
    .fix(format!("write `{word}_`"), at, format!("{word}_"))
    .note("reserved are model, block, input, output, let, repeat, reuse, from, import and weights")
}

/// Two statements on one line; `between` is what separates them, `second` the start of the next.
pub fn two_statements(between: Span, second: Span, separator: &str, indent: &str) -> Diagnostic {
    let message = match separator {
        "->" => "`->` states a shape; the next layer stands on a line of its own".to_owned(),
        "" | ";" | "," => "two statements on one line; each has a line of its own".to_owned(),
        _ => format!("layers are not joined by `{separator}`; each has a line of its own"),
    };
    Diagnostic::new(Code::E0101, second, message)
        .here("a second statement")
        .fix("write it on the next line", between, format!("\n{indent}"))
}

/// `model X` or `repeat 3` at the end of a line, `at`.
pub fn missing_brace(at: Span, header: &str) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, format!("expected `{{` after `{header}`"))
        .here("expected `{`")
        .fix("write `{`", at, " {")
}

/// A `from` or `->` at the start of a line.
pub fn detached_clause(at: Span, word: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("`{word}` stands on the line of the layer that it belongs to"),
    )
    .here("starts a line")
    .note("a line goes on only inside brackets and after a comma")
}

/// A `{` that no `model`, `block` or `repeat` opens.
pub fn not_a_header(at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "a `{` opens the body of a `model`, a `block` or a `repeat`, which stands before it",
    )
    .here("opens nothing")
}

/// A character that no part of the language has.
pub fn strange_character(at: Span, character: char) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0101, at, only_in_text(character));
    if character.is_alphabetic() {
        diagnostic
            .here("not a letter of a name")
            .note("names are made of the letters A to Z and a to z, digits and `_`")
    } else {
        diagnostic.here("not part of the language")
    }
}

/// A character that looks like `right`; `whole` with its new text may reach further, as for quotes.
pub fn lookalike(at: Span, character: char, right: &str, whole: Span, text: &str) -> Diagnostic {
    let (looks, write) = match right {
        " " => ("looks like a space".to_owned(), "write a space".to_owned()),
        _ => (format!("looks like `{right}`"), format!("write `{text}`")),
    };
    Diagnostic::new(Code::E0101, at, only_in_text(character))
        .here(looks)
        .fix(write, whole, text)
}

fn only_in_text(character: char) -> String {
    let name = if character.is_control() || character.is_whitespace() {
        format!("U+{:04X}", u32::from(character))
    } else {
        format!("`{character}`")
    };
    format!("the character {name} can only stand in a string or a comment")
}

// ---- E0102 to E0104: brackets and strings ------------------------------------------------------

/// Brackets that are open, outermost first, where a line begins that cannot be inside of them.
pub fn unclosed_brackets(open: &[(Span, char)], closers: &str, end: Span) -> Diagnostic {
    let (first, symbol) = open[0];
    let message = if open.len() == 1 {
        format!("this `{symbol}` is never closed")
    } else {
        format!("{} brackets are never closed", count(open.len()))
    };
    let mut diagnostic = Diagnostic::new(Code::E0102, first, message)
        .here("opened here")
        .label(end, format!("expected `{closers}` by here"))
        .fix(format!("write `{closers}`"), end, closers);
    for (span, _) in open.iter().skip(1).take(3) {
        diagnostic = diagnostic.label(*span, "opened here, too");
    }
    diagnostic
}

/// `(3, [1, 2)`: the inner bracket is open when the outer one closes.
pub fn unclosed_before(open: Span, opener: char, at: Span, closer: char) -> Diagnostic {
    let expected = if opener == '(' { ')' } else { ']' };
    Diagnostic::new(
        Code::E0102,
        open,
        format!("this `{opener}` is never closed"),
    )
    .here("opened here")
    .label(at, format!("expected `{expected}` before this `{closer}`"))
    .fix(format!("write `{expected}`"), at.before(), expected)
}

/// `(3]`: closed by the other kind of bracket.
pub fn closed_by_another(
    open: Span,
    opener: char,
    at: Span,
    closer: char,
    expected: char,
) -> Diagnostic {
    Diagnostic::new(
        Code::E0102,
        open,
        format!("this `{opener}` is closed by `{closer}`"),
    )
    .here("opened here")
    .label(at, format!("expected `{expected}`"))
    .fix(format!("write `{expected}`"), at, expected)
}

/// A `{` without its `}`; `at` is where that was expected at the latest.
pub fn unclosed_body(open: Span, what: &str, at: Span, at_end: bool) -> Diagnostic {
    Diagnostic::new(
        Code::E0102,
        open,
        format!("the `{{` of {what} is never closed"),
    )
    .here("opened here")
    .label(
        at,
        if at_end {
            "the file ends before its `}`"
        } else {
            "expected `}` before this"
        },
    )
    .fix(
        "write `}`",
        at.before(),
        if at_end { "\n}" } else { "}\n\n" },
    )
}

/// A `"` without another on its line, which ends at `end`.
pub fn unclosed_string(open: Span, end: Span) -> Diagnostic {
    Diagnostic::new(Code::E0103, open, "this string is never closed")
        .here("opened here")
        .label(end, "expected `\"` by here")
        .fix("write `\"`", end, "\"")
        .note("a string ends on the line on which it begins")
}

/// One bracket or brace too many inside each other.
pub fn too_deep(at: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0104,
        at,
        format!("brackets and braces nest at most {limit} deep"),
    )
    .here(format!("number {}", limit + 1))
}

// ---- E0106, E0107: numbers and escapes ---------------------------------------------------------

/// A number that other languages write so; `right` is how it is written here, where that is clear.
pub fn number(at: Span, found: &str, right: Option<&str>) -> Diagnostic {
    let why = if found.starts_with('.') || found.ends_with('.') {
        "a decimal has digits on both sides of its point"
    } else if found.contains('_') {
        "a number is written without `_`"
    } else if found.len() > 1 && found.starts_with('0') && found.as_bytes()[1].is_ascii_alphabetic()
    {
        "a number is written in decimal digits"
    } else {
        "a number is an integer, a decimal such as `0.5`, or has an exponent such as `1e-5`"
    };
    let diagnostic = Diagnostic::new(Code::E0106, at, format!("`{found}` is not a number: {why}"))
        .here("not a number");
    match right {
        Some(right) => diagnostic.fix(format!("write `{right}`"), at, right),
        None => diagnostic,
    }
}

/// An integer beyond 128 bits, or a decimal beyond 64.
pub fn number_too_large(at: Span, integer: bool) -> Diagnostic {
    let (what, limit) = if integer {
        ("an integer", i128::MAX.to_string())
    } else {
        ("a decimal", format!("{:e}", f64::MAX))
    };
    Diagnostic::new(Code::E0106, at, "this number is too large")
        .here(format!("more than {limit}"))
        .note(format!("{what} is at most {limit}"))
}

/// `\q`, or `\u{…}` that names no character.
pub fn escape(at: Span, found: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0107,
        at,
        format!("strings have no escape `{found}`"),
    )
    .here("unknown escape")
    .note("the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{…}` with the hexadecimal number of a character");
    if found.starts_with("\\u") {
        diagnostic
    } else {
        diagnostic.fix("write a backslash as `\\\\`", at.before(), "\\")
    }
}

// ---- E0108, E0109: names of modules, and order -------------------------------------------------

/// `… -> [N] from x`: the clauses `first` and `second` are the wrong way round.
pub fn wrong_order(first: (Span, &str), second: (Span, &str), rule: &str) -> Diagnostic {
    Diagnostic::new(Code::E0109, second.0, rule.to_owned())
        .here("expected before")
        .label(first.0, "this")
        .fix(
            format!("write `{} {}`", second.1, first.1),
            first.0.to(second.0),
            format!("{} {}", second.1, first.1),
        )
}

/// A second `from`.
pub fn second_from(at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0109,
        at,
        "a statement has one `from`, with commas between its values",
    )
    .here("the second")
}

/// `output y from x -> [N, 10]`; `written` is the shape, which may go to the name.
pub fn late_shape(at: Span, name: &Spanned<Name>, written: &str, may_move: bool) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(
        Code::E0109,
        at,
        format!(
            "an output's shape stands after its name: `output {}: {written}`",
            name.value
        ),
    )
    .here("not here");
    if may_move {
        diagnostic.fixes.push(Fix {
            title: "move it to the name".to_owned(),
            edits: vec![
                Edit {
                    span: name.span.after(),
                    text: format!(": {written}"),
                },
                Edit {
                    span: at,
                    text: String::new(),
                },
            ],
        });
    }
    diagnostic
}

/// `reuse conv1(x)` or `Conv(6)(x)`; `argument` is the value in the parentheses, if it is a path.
pub fn called(at: Span, between: Span, target: &str, argument: Option<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0109,
        at,
        format!("a layer takes its input after `from`: `{target} from x`"),
    )
    .here("not a call");
    match argument {
        Some("") => diagnostic.fix("remove the parentheses", between, ""),
        Some(value) => diagnostic.fix(
            format!("write `from {value}`"),
            between,
            format!(" from {value}"),
        ),
        None => diagnostic.note("`from` takes the names of values, with commas between them"),
    }
}

/// A `from` or `->` on a `repeat`.
pub fn repeat_clause(at: Span, word: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0109,
        at,
        format!("a `repeat` has no `{word}` of its own"),
    )
    .here("not here");
    diagnostic.note(if word == "from" {
        "it works on the value above: put `Identity from …` on the line before it, or `from` on its first statement"
    } else {
        "put the shape on the last statement of its body"
    })
}

// ---- E0110: places -----------------------------------------------------------------------------

/// A statement outside of any body; `what` is "statement" or "`repeat`".
pub fn statement_outside(at: Span, what: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0110,
        at,
        format!("a {what} stands in the braces of a `model` or a `block`"),
    )
    .here("outside of any")
}

/// A `layout` or `import` in a body.
pub fn item_inside(at: Span, word: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0110,
        at,
        format!("`{word}` stands at the top of the file, not in a body"),
    )
    .here("inside of braces")
}

/// A `block` or `model` in a body.
pub fn definition_inside(at: Span, word: &str, outer: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0110,
        at,
        format!("a `{word}` stands on its own, not in a body"),
    )
    .here("inside of braces")
    .label(outer, "of these")
}

/// A `layout` below another item.
pub fn late_layout(at: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0110, at, "`layout` is the first line of its file")
        .here("below an item")
        .label(first, "the first item")
}

/// A second `layout`.
pub fn second_layout(at: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0110, at, "a file has one `layout`")
        .here("the second")
        .label(first, "the first")
}

// ---- E0111, E0112: limits ----------------------------------------------------------------------

/// An operator beyond what one value may have.
pub fn too_many_operators(at: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0111,
        at,
        format!("an expression has at most {limit} operators"),
    )
    .here(format!("number {}", limit + 1))
    .note("define a part of it with `let`")
}

/// A file beyond the limit, in bytes.
pub fn file_too_large(at: Span, size: usize, limit: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0112,
        at,
        format!("the file has {size} bytes; at most {limit} are read"),
    )
    .note("numbers belong in a weights file: `weights \"file.safetensors\"`")
}
