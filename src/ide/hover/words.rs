//! Words and signs of the language: what each means, with an example.

use std::ops::Range;

use crate::diag::Code;
use crate::layers::def::ArgDef;

/// Keywords and signs: what they mean in two sentences, and an example.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "model",
        "A model is what is checked, run and exported. Its parameters can be set from outside: `--set classes=3`.",
        "model Small(classes = 10) {\n    input x: [N, 784]\n    Linear(classes)\n    output y: [N, classes]\n}",
    ),
    (
        "block",
        "A block is used as a layer, with parameters of its own at each use. It is checked once where it stands, for any parameters and sizes, and again where it is used.",
        "block Double(filters) {\n    input x: [N, H, W, C]\n    conv: Conv(filters, kernel=3, padding=same)\n    output y: [N, H, W, filters]\n}",
    ),
    (
        "input",
        "A value that comes from outside. A name in its shape that nothing else defines is a dimension variable: any size of at least 1.",
        "input image: [N, 2*h, 2*w, 3]",
    ),
    (
        "output",
        "A value that is given back: that of the line above, or the one after `from`. The shape may be stated, and is then proved.",
        "output digit: [N, 10] from probabilities",
    ),
    (
        "let",
        "A name for a compile-time value: a number, a tuple, a string, an array or a size. It is seen from its line on.",
        "let width = 2 * filters",
    ),
    (
        "repeat",
        "The lines between the braces, so many times over, each turn on the result of the last and with parameters of its own. `as i` counts the turns from 0.",
        "stack: repeat 4 as i {\n    Conv(32, kernel=3, padding=same, dilation=2**i)\n}",
    ),
    (
        "as",
        "Names the counter of a `repeat`, which counts the turns from 0. It can stand in every argument of the body.",
        "stack: repeat 4 as i { Conv(16 * (i + 1), kernel=3) }",
    ),
    (
        "reuse",
        "Applies a layer or a block of an earlier line again: the same parameters, another input. The input must suit the weights that are there.",
        "right_features: reuse features from right",
    ),
    (
        "from",
        "Says which values a line takes; without it, it takes that of the line above. After `import` it names the file.",
        "Concat(axis=-1) from up, down",
    ),
    (
        "import",
        "Brings blocks of another file, whose path is relative to this one.",
        "import Residual, Bottleneck from \"blocks.nn\"",
    ),
    (
        "layout",
        "Says where channels sit in the shapes of this file: `channels_last` (`[N, H, W, C]`, unless said otherwise) or `channels_first` (`[N, C, H, W]`). Stored parameters are the same in both.",
        "layout channels_first",
    ),
    (
        "channels_last",
        "Channels are the last axis: `[N, H, W, C]`, as in Keras. This is so without a `layout` too.",
        "layout channels_last",
    ),
    (
        "channels_first",
        "Channels are axis 1: `[N, C, H, W]`, as in PyTorch and ONNX. Stored parameters are the same as with `channels_last`.",
        "layout channels_first",
    ),
    (
        "weights",
        "The file that a model's parameters are read from, relative to this one. `nnc run --weights` takes another.",
        "weights \"lenet5.safetensors\"",
    ),
    (
        "labels",
        "Names for the last axis of an output, as many as it is long: in brackets, or in a file with one a line.",
        "output pet: [N, 2] labels [\"cat\", \"dog\"]",
    ),
    (
        "->",
        "States the shape that a line gives. It changes nothing: the compiler proves it for every size, or shows where it breaks.",
        "MaxPool(2)                      -> [N, 14, 14, 6]",
    ),
    (
        "true",
        "Yes, for arguments that take `true` or `false`.",
        "MaxPool(3, stride=2, ceil=true)",
    ),
    (
        "false",
        "No, for arguments that take `true` or `false`.",
        "Conv(64, kernel=3, bias=false)",
    ),
    (
        "_",
        "The size that is left, so that there are as many elements as before.",
        "Reshape([N, _, 16])",
    ),
];

/// What a keyword or a sign means, with an example.
pub fn keyword(word: &str) -> Option<String> {
    let (_, meaning, example) = WORDS.iter().find(|(known, ..)| *known == word)?;
    Some(format!("{meaning}\n\n```nn\n{example}\n```"))
}

/// What the word or sign at byte `offset` of `text` means, and where it stands; in a comment, the
/// warnings that it switches off.
pub(super) fn at(text: &str, offset: usize) -> Option<(String, Range<usize>)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    let start = (0..offset.min(bytes.len()))
        .rev()
        .take_while(|at| is_word(bytes[*at]))
        .last()
        .unwrap_or(offset);
    let length = bytes[start..]
        .iter()
        .take_while(|byte| is_word(**byte))
        .count();
    let word = text.get(start..start + length)?;
    let line = bytes[..start].iter().rposition(|byte| *byte == b'\n');
    let before = text.get(line.map_or(0, |at| at + 1)..start)?;
    if in_comment(before) {
        let code = Code::from_name(word)?;
        let says = format!(
            "`{code}`: {}.\n\n`nnc explain {code}` tells more.",
            code.title()
        );
        return Some((says, start..start + length));
    }
    if in_string(before) {
        return None;
    }
    if word.is_empty() {
        let arrow =
            (offset.saturating_sub(2)..=offset).find(|at| bytes[*at..].starts_with(b"->"))?;
        return Some((keyword("->")?, arrow..arrow + 2));
    }
    Some((keyword(word)?, start..start + length))
}

/// Whether what follows `before` on its line is in a comment.
fn in_comment(before: &str) -> bool {
    let hash = before
        .match_indices('#')
        .find(|(at, _)| !in_string(&before[..*at]));
    hash.is_some()
}

/// Whether what follows `before` on its line is in a string.
fn in_string(before: &str) -> bool {
    let mut escaped = false;
    let mut inside = false;
    for letter in before.chars() {
        match letter {
            '"' if !escaped => inside = !inside,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
    }
    inside
}

/// What an element type holds.
pub(super) fn element_type(name: &str) -> Option<String> {
    Some(
        match name {
            "f32" => {
                "Elements of 32-bit floating point, which is so unless another type is written."
            }
            "i64" => "Elements are 64-bit integers: indices, classes, tokens.",
            _ => return None,
        }
        .to_owned(),
    )
}

/// What a function in an expression gives.
pub(super) fn function(name: &str) -> Option<&'static str> {
    Some(match name {
        "min" => "`min(a, b)` is the smallest of its arguments, known numbers.",
        "max" => "`max(a, b)` is the largest of its arguments, known numbers.",
        _ => return None,
    })
}

/// What the choice `name` of an argument means; empty for one that nothing is known of.
pub fn choice(argument: &str, name: &str) -> &'static str {
    match (argument, name) {
        ("padding", "same") => {
            "As many zeros at the ends as make the result ⌈size / stride⌉ long: as long as the input where `stride` is 1. An odd total has its extra cell at the end"
        }
        ("padding", "valid") => "No padding: a window is always within the input",
        ("mode", "nearest") => "Each value is repeated",
        ("mode", "bilinear") => {
            "A straight line from each value to the next, along every spatial axis"
        }
        ("mode", "zeros") => "Each value is in the first corner of its cell, with zeros around",
        ("mode", "constant") => "What is added holds `value`",
        ("mode", "reflect") => {
            "What is added mirrors the tensor at its edge, without the edge itself"
        }
        ("mode", "replicate") => "What is added repeats the edge",
        ("approximate", "none") => "Exact, by the error function",
        ("approximate", "tanh") => "The approximation by tanh, close to 0.001",
        ("init", "glorot") => {
            "Drawn uniformly, so that values keep their spread from layer to layer (Glorot)"
        }
        ("init", "zeros") => "All 0",
        ("init", "ones") => "All 1",
        ("dtype", "f32") => "32-bit floating point",
        ("dtype", "i64") => "64-bit integers",
        _ => "",
    }
}

/// A choice, its meaning, and what else there is.
pub(super) fn choice_of(layer: &str, slot: &ArgDef, name: &str) -> String {
    let meaning = match choice(slot.name, name) {
        "" => String::new(),
        meaning => format!("\n\n{meaning}."),
    };
    format!(
        "`{}={name}` of `{layer}`: {}.{meaning}\n\nTakes {}.",
        slot.name,
        slot.doc,
        slot.kind.describe()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::REGISTRY;

    #[test]
    fn every_choice_has_a_meaning() {
        for layer in REGISTRY {
            for slot in layer.signature().args {
                for name in slot.kind.choices() {
                    let meaning = choice(slot.name, name);
                    assert!(!meaning.is_empty(), "{}.{} {name}", layer.name(), slot.name);
                }
            }
        }
    }

    #[test]
    fn every_keyword_is_explained() {
        for word in crate::syntax::RESERVED {
            assert!(keyword(word).is_some(), "{word}");
        }
    }

    #[test]
    fn finds_words_and_signs() {
        let text = "a: ReLU -> [N] # allow W0202, \"x\nweights \"from\"";
        let word = |offset: usize| at(text, offset).map(|(_, range)| &text[range]);
        let find = |needle: &str| text.find(needle).expect("there");
        assert_eq!(word(find("->")), Some("->"));
        assert_eq!(word(find("->") + 2), Some("->"));
        assert_eq!(word(find("W0202") + 5), Some("W0202"));
        assert_eq!(word(find("weights") + 1), Some("weights"));
        assert_eq!(word(find("from")), None, "a string");
        assert_eq!(word(find("x\n")), None, "a comment");
    }
}
