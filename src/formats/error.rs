//! What can be wrong with a file, in words for a person.

use std::fmt;

use super::Kind;

/// Why bytes could not become a tensor, or a tensor bytes.
///
/// The text says what is wrong and with which numbers; the caller knows the file's name and puts
/// it in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The first bytes are not those of the format.
    WrongFormat {
        /// What was asked for, with its article.
        expected: &'static str,
        /// What the bytes look like, with its article.
        found: Option<&'static str>,
    },
    /// Fewer bytes are there than promised.
    Truncated {
        /// What was promised, for example `of data`.
        what: &'static str,
        /// Bytes promised.
        needed: u64,
        /// Bytes there.
        found: u64,
    },
    /// More bytes are there than promised.
    Trailing {
        /// Bytes promised.
        needed: u64,
        /// Bytes there.
        found: u64,
    },
    /// The header, or the structure of the file, is not valid.
    Damaged {
        /// The format.
        kind: Kind,
        /// What is wrong, a clause without a full stop.
        reason: String,
    },
    /// The element type is one that cannot be read.
    UnsupportedDType {
        /// Its name in the file, and what that means where the name is cryptic.
        dtype: String,
    },
    /// A shape of more elements than memory can address.
    TooLarge {
        /// The size of each axis as claimed.
        shape: Vec<u128>,
    },
    /// More axes than [`MAX_RANK`](super::MAX_RANK).
    TooManyAxes {
        /// How many there are.
        rank: usize,
    },
    /// The memory for a tensor could not be had.
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
    /// A conversion would change an element.
    Inexact {
        /// The element.
        value: String,
        /// Its place in row-major order, from 0.
        index: usize,
        /// The element type that cannot hold it.
        to: &'static str,
    },
    /// An archive inflates to more than it may.
    ZipBomb {
        /// The most that it may inflate to, in bytes.
        limit: u64,
        /// The bytes of the archive.
        archive: u64,
    },
    /// A picture larger than the limits.
    PictureTooLarge {
        /// Pixels from left to right.
        width: u64,
        /// Pixels from top to bottom.
        height: u64,
    },
    /// A tensor that cannot be a picture, or a number of channels that a picture cannot have.
    NotAPicture {
        /// The shape.
        shape: Vec<usize>,
        /// What is wrong, a clause without a full stop.
        reason: &'static str,
    },
    /// The file holds no tensor of this name.
    NoSuchTensor {
        /// The name asked for.
        name: String,
        /// The names there are, sorted.
        known: Vec<String>,
    },
    /// Two tensors have the same name, or a name is one that the format keeps for itself.
    BadName {
        /// The name.
        name: String,
        /// What is wrong with it, a clause without a full stop.
        reason: &'static str,
    },
    /// A literal that does not parse.
    Literal {
        /// Where, in characters from 1.
        column: usize,
        /// What is wrong, a clause without a full stop.
        reason: String,
    },
    /// A literal whose rows differ in length.
    Ragged {
        /// The row that differs, as indices from the outside in.
        row: Vec<usize>,
        /// Its length.
        found: usize,
        /// The length of the row that fixed it.
        expected: usize,
    },
    /// An error within one named tensor of a file.
    In {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        error: Box<FormatError>,
    },
}

impl FormatError {
    /// The same error, told to be of the tensor `name`.
    pub(crate) fn within(self, name: &str) -> FormatError {
        FormatError::In {
            name: name.to_owned(),
            error: Box::new(self),
        }
    }
}

impl std::error::Error for FormatError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FormatError::In { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::WrongFormat { expected, found } => {
                write!(f, "this is not {expected}")?;
                match found {
                    Some(found) => write!(f, ": it starts like {found}"),
                    None => f.write_str(": it does not start like one"),
                }
            }
            FormatError::Truncated {
                what,
                needed,
                found,
            } => write!(
                f,
                "the header promises {} {what} and the file holds {}",
                bytes(*needed),
                grouped(*found)
            ),
            FormatError::Trailing { needed, found } => write!(
                f,
                "the header promises {} of data and the file holds {}, which is more",
                bytes(*needed),
                grouped(*found)
            ),
            FormatError::Damaged { kind, reason } => {
                write!(f, "this is not a valid {}: {reason}", short(*kind))
            }
            FormatError::UnsupportedDType { dtype } => {
                write!(f, "elements of type {dtype} cannot be read")
            }
            FormatError::TooLarge { shape } => {
                let elements = shape
                    .iter()
                    .try_fold(1u128, |product, &size| product.checked_mul(size));
                write!(f, "the shape {} claims ", Sizes(shape))?;
                match elements {
                    Some(elements) if elements > 0 => write!(f, "{} elements", grouped(elements))?,
                    Some(_) => f.write_str("an axis too long to count")?,
                    None => f.write_str("more than 10³⁸ elements")?,
                }
                f.write_str(", more than memory can hold")
            }
            FormatError::TooManyAxes { rank } => write!(
                f,
                "a tensor of {} axes; at most {} are supported",
                grouped(*rank as u64),
                super::MAX_RANK
            ),
            FormatError::OutOfMemory { bytes: needed } => {
                write!(f, "there is no memory for {}", bytes(*needed))
            }
            FormatError::Inexact { value, index, to } => write!(
                f,
                "the element {value} (number {} in row-major order, from 0) has no exact value in {to}",
                grouped(*index as u64)
            ),
            FormatError::ZipBomb { limit, archive } => write!(
                f,
                "the archive of {} inflates to more than {}, the limit for its size",
                bytes(*archive),
                bytes(*limit)
            ),
            FormatError::PictureTooLarge { width, height } => write!(
                f,
                "a picture of {} × {} pixels; at most {} a side and {} in all are supported",
                grouped(*width),
                grouped(*height),
                grouped(super::images::MAX_SIDE),
                grouped(super::images::MAX_PIXELS)
            ),
            FormatError::NotAPicture { shape, reason } => {
                write!(f, "the shape {} is no picture: {reason}", Sizes(shape))
            }
            FormatError::NoSuchTensor { name, known } => {
                write!(f, "there is no tensor `{name}`")?;
                match known.as_slice() {
                    [] => f.write_str("; the file holds none"),
                    [only] => write!(f, "; the file holds `{only}`"),
                    known => {
                        f.write_str("; the file holds ")?;
                        for (i, name) in known.iter().take(8).enumerate() {
                            write!(f, "{}`{name}`", if i == 0 { "" } else { ", " })?;
                        }
                        match known.len().saturating_sub(8) {
                            0 => Ok(()),
                            more => write!(f, " and {} more", grouped(more as u64)),
                        }
                    }
                }
            }
            FormatError::BadName { name, reason } => write!(f, "the name `{name}` {reason}"),
            FormatError::Literal { column, reason } => {
                write!(f, "at character {column} of the literal: {reason}")
            }
            FormatError::Ragged {
                row,
                found,
                expected,
            } => write!(
                f,
                "row {} has length {found} where the rows before it have length {expected}",
                Sizes(row)
            ),
            FormatError::In { name, error } => write!(f, "in `{name}`: {error}"),
        }
    }
}

/// The format as a noun without its article.
fn short(kind: Kind) -> &'static str {
    let description = kind.description();
    description
        .split_once(' ')
        .map_or(description, |(_, noun)| noun)
}

/// `3,136 bytes`.
fn bytes(n: u64) -> String {
    match n {
        1 => "1 byte".to_owned(),
        n => format!("{} bytes", grouped(n)),
    }
}

/// A number with a comma between groups of three digits.
fn grouped(n: impl Into<u128>) -> String {
    let digits = n.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `[2, 3]`, shortened when it is long.
struct Sizes<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Sizes<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, size) in self.0.iter().take(8).enumerate() {
            write!(f, "{}{size}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.0.len() > 8 { ", …]" } else { "]" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_numbers() {
        let cases = [
            (
                FormatError::Truncated {
                    what: "of data",
                    needed: 3136,
                    found: 1000,
                },
                "the header promises 3,136 bytes of data and the file holds 1,000",
            ),
            (
                FormatError::WrongFormat {
                    expected: Kind::Npy.description(),
                    found: super::super::looks_like(b"\x89PNG\r\n\x1a\n"),
                },
                "this is not a NumPy array (.npy): it starts like a PNG picture",
            ),
            (
                FormatError::TooLarge {
                    shape: vec![10u128.pow(20)],
                },
                "the shape [100000000000000000000] claims 100,000,000,000,000,000,000 elements, \
                 more than memory can hold",
            ),
            (
                FormatError::TooLarge {
                    shape: vec![u128::MAX, 3],
                },
                "the shape [340282366920938463463374607431768211455, 3] claims more than 10³⁸ \
                 elements, more than memory can hold",
            ),
            (
                FormatError::NoSuchTensor {
                    name: "a".into(),
                    known: vec!["b".into(), "c".into()],
                }
                .within("x"),
                "in `x`: there is no tensor `a`; the file holds `b`, `c`",
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.to_string(), text);
        }
    }
}
