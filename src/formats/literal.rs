//! Tensors written out on the command line: `[[1, 2], [3, 4]]`.

use super::{FormatError, MAX_RANK};
use crate::tensor::Tensor;

/// Reads a number, or lists of numbers nested as deep as the tensor has axes. A number is as in
/// JSON, or `nan`, `inf` or `infinity` in any letter case, with a sign or none; a comma may stand
/// after the last entry of a list.
///
/// The tensor is `i64` if every number is written as an integer (and there is one), else `f32`,
/// each number rounded to nearest.
///
/// # Errors
///
/// [`FormatError::Literal`] on text that does not parse, a number beyond its type's range, and
/// lists nested to different depths; [`FormatError::Ragged`] on rows of different lengths;
/// [`FormatError::TooManyAxes`].
pub fn read(text: &str) -> Result<Tensor, FormatError> {
    let mut parser = Parser {
        text,
        at: 0,
        shape: Vec::new(),
        depth: None,
        numbers: Vec::new(),
    };
    parser.entry(&mut Vec::new())?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.error("the literal is complete, and more follows"));
    }
    parser.finish()
}

/// A number and where it starts.
struct Number<'a> {
    text: &'a str,
    at: usize,
}

impl Number<'_> {
    fn is_integer(&self) -> bool {
        let digits = self.text.strip_prefix(['+', '-']).unwrap_or(self.text);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Where reading goes on, in bytes.
    at: usize,
    /// The length of the lists at each depth, as the first complete one of that depth fixed it.
    shape: Vec<Option<usize>>,
    /// How deep the numbers are, once there is one.
    depth: Option<usize>,
    numbers: Vec<Number<'a>>,
}

impl<'a> Parser<'a> {
    fn error_at(&self, at: usize, reason: impl Into<String>) -> FormatError {
        FormatError::Literal {
            column: self.text[..at].chars().count() + 1,
            reason: reason.into(),
        }
    }

    fn error(&self, reason: impl Into<String>) -> FormatError {
        self.error_at(self.at, reason)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Reads the list or number at `path`.
    fn entry(&mut self, path: &mut Vec<usize>) -> Result<(), FormatError> {
        if self.eat('[') {
            return self.list(path);
        }
        let start = self.at;
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        self.at += end;
        let number = Number {
            text: &rest[..end],
            at: start,
        };
        if number.text.is_empty() {
            return Err(self.error(match rest.chars().next() {
                Some(c) => format!("a number or `[` is expected, not `{}`", c.escape_debug()),
                None => "a number or `[` is expected, and the literal ends".into(),
            }));
        }
        // A list at this depth, or a number at another, was there before.
        let lists_here = self.shape.len() > path.len();
        if lists_here || self.depth.is_some_and(|depth| depth != path.len()) {
            return Err(self.error_at(
                start,
                "a number stands where a list does in the rows before",
            ));
        }
        self.depth = Some(path.len());
        self.numbers.push(number);
        Ok(())
    }

    /// Reads the rest of the list at `path`, after its `[`.
    fn list(&mut self, path: &mut Vec<usize>) -> Result<(), FormatError> {
        let depth = path.len();
        if depth >= MAX_RANK {
            return Err(FormatError::TooManyAxes { rank: depth + 1 });
        }
        if self.depth.is_some_and(|numbers| numbers <= depth) {
            return Err(self.error_at(
                self.at - 1,
                "a list stands where a number does in the rows before",
            ));
        }
        if self.shape.len() == depth {
            self.shape.push(None);
        }
        let mut length = 0;
        while !self.eat(']') {
            path.push(length);
            self.entry(path)?;
            path.pop();
            length += 1;
            if !self.eat(',') && !self.rest().starts_with(']') {
                return Err(self.error(match self.rest().chars().next() {
                    Some(c) => format!("`,` or `]` is expected, not `{}`", c.escape_debug()),
                    None => "a `]` is missing at the end".into(),
                }));
            }
        }
        match self.shape[depth] {
            None => self.shape[depth] = Some(length),
            Some(expected) if expected != length => {
                return Err(FormatError::Ragged {
                    row: path.clone(),
                    found: length,
                    expected,
                });
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Tensor, FormatError> {
        // The lists of every depth are closed, so that each depth has its length.
        let shape: Vec<usize> = self.shape.iter().map(|size| size.unwrap_or(0)).collect();
        let integers = !self.numbers.is_empty() && self.numbers.iter().all(Number::is_integer);
        let tensor = if integers {
            let parse = |number: &Number<'_>| {
                number.text.parse().map_err(|_| {
                    let reason = format!("{} is not within the range of i64", number.text);
                    self.error_at(number.at, reason)
                })
            };
            let numbers = self.numbers.iter().map(parse).collect::<Result<_, _>>()?;
            Tensor::from_i64(&shape, numbers)
        } else {
            let parse = |number: &Number<'_>| self.float(number);
            let numbers = self.numbers.iter().map(parse).collect::<Result<_, _>>()?;
            Tensor::from_f32(&shape, numbers)
        };
        Ok(tensor.expect("every list of a depth was checked to have the same length"))
    }

    fn float(&self, number: &Number<'_>) -> Result<f32, FormatError> {
        let value: f32 = number
            .text
            .parse()
            .map_err(|_| self.error_at(number.at, format!("`{}` is no number", number.text)))?;
        if value.is_infinite() && number.text.contains(|c: char| c.is_ascii_digit()) {
            let reason = format!("{} is not within the range of f32", number.text);
            return Err(self.error_at(number.at, reason));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_nested_lists() {
        let integers = |shape: &[usize], v: &[i64]| Tensor::from_i64(shape, v.to_vec()).unwrap();
        let floats = |shape: &[usize], v: &[f32]| Tensor::from_f32(shape, v.to_vec()).unwrap();
        let cases = [
            ("7", integers(&[], &[7])),
            (" -2.5e-1 ", floats(&[], &[-0.25])),
            ("[[1,2],[3,4]]", integers(&[2, 2], &[1, 2, 3, 4])),
            (
                "[ [ 1 , 2.0 ] , [ 3 , 4 ] ]",
                floats(&[2, 2], &[1.0, 2.0, 3.0, 4.0]),
            ),
            ("[[[1]],[[+2]],]", integers(&[2, 1, 1], &[1, 2])),
            (
                "[inf, -Infinity, 1]",
                floats(&[3], &[f32::INFINITY, f32::NEG_INFINITY, 1.0]),
            ),
            ("[]", floats(&[0], &[])),
            ("[[],[]]", floats(&[2, 0], &[])),
            ("16777217.0", floats(&[], &[16_777_216.0])),
            ("-9223372036854775808", integers(&[], &[i64::MIN])),
        ];
        for (text, tensor) in cases {
            assert_eq!(read(text).unwrap(), tensor, "{text}");
        }
        assert!(read("NaN").unwrap().as_f32().unwrap()[0].is_nan());
        assert_eq!(read(&nested(64)).unwrap().shape(), [1; 64]);
    }

    fn nested(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn names_the_ragged_row() {
        let cases = [
            (
                "[[1,2],[3]]",
                "row [1] has length 1 where the rows before it have length 2",
            ),
            (
                "[[[1],[2]],[[3],[4,5]]]",
                "row [1, 1] has length 2 where the rows before it have length 1",
            ),
            (
                "[[],[1]]",
                "row [1] has length 1 where the rows before it have length 0",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(read(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn says_where_a_literal_is_wrong() {
        let cases = [
            (
                "",
                "character 1 of the literal: a number or `[` is expected, and",
            ),
            ("[1,2", "character 5 of the literal: a `]` is missing"),
            (
                "[1 2]",
                "character 4 of the literal: `,` or `]` is expected, not `2`",
            ),
            (
                "[1,,2]",
                "character 4 of the literal: a number or `[` is expected, not `,`",
            ),
            (
                "[1]]",
                "character 4 of the literal: the literal is complete",
            ),
            (
                "[1,[2]]",
                "character 4 of the literal: a list stands where a number",
            ),
            (
                "[[1],2]",
                "character 6 of the literal: a number stands where a list",
            ),
            (
                "[[],2]",
                "character 5 of the literal: a number stands where a list",
            ),
            (
                "[é]",
                "character 2 of the literal: a number or `[` is expected, not `é`",
            ),
            ("[1,abc]", "character 4 of the literal: `abc` is no number"),
            ("1-2", "character 1 of the literal: `1-2` is no number"),
            ("+-1", "`+-1` is no number"),
            ("1e39", "1e39 is not within the range of f32"),
            ("99999999999999999999", "is not within the range of i64"),
        ];
        for (text, part) in cases {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        for depth in [65, 1_000_000] {
            assert_eq!(
                read(&nested(depth)).unwrap_err(),
                FormatError::TooManyAxes { rank: 65 }
            );
        }
    }
}
