//! NumPy's array format, `.npy`, versions 1.0, 2.0 and 3.0.
//!
//! The layout is that of `numpy.lib.format`: a magic string, a version, the length of the header,
//! the header (a Python dictionary literal), and the elements.

use super::raw::{self, RawTensor};
use super::{FormatError, Kind, RawDType};
use crate::tensor::{DType, Tensor};

/// The first bytes of every `.npy` file.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// Where the elements start is a multiple of this many bytes, as NumPy has it.
const ALIGNMENT: usize = 64;

/// Reads an array: booleans, integers of 1 to 8 bytes, and floats of 2 to 8 bytes, in either byte
/// order and in C or Fortran order. Floats become `f32` (`f64` is rounded), the rest `i64`.
///
/// # Errors
///
/// On a wrong magic, version or header; on a shape that does not match the bytes that follow; on
/// another element type; and on an element that its tensor cannot hold: a `u64` above `i64::MAX`,
/// a finite `f64` beyond the range of `f32`.
pub fn read(bytes: &[u8]) -> Result<Tensor, FormatError> {
    Kind::Npy.expect_magic(bytes)?;
    let cut_off = || damaged("it ends before its header does".into());
    let (&version, rest) = bytes[MAGIC.len()..]
        .split_first_chunk::<2>()
        .ok_or_else(cut_off)?;
    let (length, rest) = match version {
        [1, _] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut_off)?;
            (u32::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, _] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(cut_off)?;
            (u32::from_le_bytes(*length), rest)
        }
        [major, minor] => {
            return Err(damaged(format!(
                "its version is {major}.{minor}, and 1.0, 2.0 and 3.0 are supported"
            )));
        }
    };
    let (header, data) = rest
        .split_at_checked(length as usize)
        .ok_or(FormatError::Truncated {
            what: "of header",
            needed: length.into(),
            found: rest.len() as u64,
        })?;
    let header =
        std::str::from_utf8(header).map_err(|_| damaged("its header is not text".into()))?;
    let header = Parser { rest: header }.header()?;
    let (shape, count) = raw::checked_shape(&header.shape)?;
    raw::expect_data(data, count, header.dtype.size())?;
    RawTensor {
        dtype: header.dtype,
        big_endian: header.big_endian,
        fortran: header.fortran,
        shape,
        data,
    }
    .decode()
}

/// Writes `tensor` in version 1.0 (2.0 if the header is too long for that), little endian, in C
/// order, as `<f4` or `<i8`.
pub fn write(tensor: &Tensor) -> Vec<u8> {
    let descr = match tensor.dtype() {
        DType::F32 => "<f4",
        DType::I64 => "<i8",
    };
    let mut shape = String::new();
    for size in tensor.shape() {
        shape.push_str(&format!("{size}, "));
    }
    // A tuple of one keeps its comma: `(3,)`.
    let shape = match tensor.shape().len() {
        1 => shape.trim_end(),
        _ => shape.trim_end_matches(", "),
    };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let short = header.len() + ALIGNMENT <= usize::from(u16::MAX);
    let prefix = MAGIC.len() + if short { 4 } else { 6 };
    while !(prefix + header.len() + 1).is_multiple_of(ALIGNMENT) {
        header.push(' ');
    }
    header.push('\n');

    let size = tensor.dtype().size() * tensor.len();
    let mut bytes = Vec::with_capacity(prefix + header.len() + size);
    bytes.extend_from_slice(MAGIC);
    if short {
        bytes.extend_from_slice(&[1, 0]);
        bytes.extend_from_slice(&(header.len() as u16).to_le_bytes());
    } else {
        bytes.extend_from_slice(&[2, 0]);
        bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
    }
    bytes.extend_from_slice(header.as_bytes());
    raw::extend_le(&mut bytes, tensor);
    bytes
}

fn damaged(reason: String) -> FormatError {
    FormatError::Damaged {
        kind: Kind::Npy,
        reason,
    }
}

/// What the dictionary of a header says.
#[derive(Debug, PartialEq)]
struct Header {
    dtype: RawDType,
    big_endian: bool,
    fortran: bool,
    /// Numbers of any length; those beyond `u128` are its maximum, which no tensor has either.
    shape: Vec<u128>,
}

/// Reads the Python dictionary literal of a header, of which NumPy writes one form and accepts
/// some others: any order of keys, either quote, a final comma or none, `3L` for 3.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn header(mut self) -> Result<Header, FormatError> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.eat('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => fortran = Some(self.boolean()?),
                "shape" => shape = Some(self.tuple()?),
                _ => return Err(damaged(format!("its header has the unknown key `{key}`"))),
            }
            if !self.eat(',') {
                self.expect('}')?;
                break;
            }
        }
        if !self.rest.trim().is_empty() {
            return Err(damaged("its header goes on after the closing `}`".into()));
        }
        let missing = |key: &str| damaged(format!("its header does not give `{key}`"));
        let (dtype, big_endian) = element_type(descr.ok_or_else(|| missing("descr"))?)?;
        Ok(Header {
            dtype,
            big_endian,
            fortran: fortran.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), FormatError> {
        if self.eat(wanted) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{wanted}`")))
        }
    }

    fn unexpected(&self, wanted: &str) -> FormatError {
        let found: String = self.rest.chars().take(12).collect();
        damaged(if found.is_empty() {
            format!("its header ends where {wanted} is expected")
        } else {
            format!(
                "its header has `{}` where {wanted} is expected",
                found.escape_debug()
            )
        })
    }

    fn string(&mut self) -> Result<&'a str, FormatError> {
        self.skip_space();
        let quote = self.rest.chars().next();
        let text = quote
            .filter(|quote| matches!(quote, '\'' | '"'))
            .and_then(|quote| self.rest[1..].split_once(quote));
        let Some((text, rest)) = text else {
            return Err(self.unexpected("a quoted string"));
        };
        self.rest = rest;
        Ok(text)
    }

    fn descr(&mut self) -> Result<&'a str, FormatError> {
        self.skip_space();
        if self.rest.starts_with(['[', '(']) {
            return Err(FormatError::UnsupportedDType {
                dtype: "`void` (a structured array, of several fields an element)".into(),
            });
        }
        self.string()
    }

    fn boolean(&mut self) -> Result<bool, FormatError> {
        self.skip_space();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.unexpected("`True` or `False`"))
    }

    fn tuple(&mut self) -> Result<Vec<u128>, FormatError> {
        let mut sizes = Vec::new();
        self.expect('(')?;
        while !self.eat(')') {
            sizes.push(self.number()?);
            if !self.eat(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }

    fn number(&mut self) -> Result<u128, FormatError> {
        self.skip_space();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        if digits.is_empty() {
            return Err(self.unexpected("the size of an axis"));
        }
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        // Only digits are left, so a failure is an overflow.
        Ok(digits.parse().unwrap_or(u128::MAX))
    }
}

/// The element type that a `descr` such as `<f4` names, and whether it is big endian.
fn element_type(descr: &str) -> Result<(RawDType, bool), FormatError> {
    let (big_endian, code) = match descr.split_at_checked(1) {
        Some(("<" | "|", code)) => (false, code),
        Some((">", code)) => (true, code),
        Some(("=", code)) => (cfg!(target_endian = "big"), code),
        _ => (false, descr),
    };
    let dtype = match code {
        "b1" | "?" => RawDType::Bool,
        "i1" => RawDType::I8,
        "i2" => RawDType::I16,
        "i4" => RawDType::I32,
        "i8" => RawDType::I64,
        "u1" => RawDType::U8,
        "u2" => RawDType::U16,
        "u4" => RawDType::U32,
        "u8" => RawDType::U64,
        "f2" => RawDType::F16,
        "f4" => RawDType::F32,
        "f8" => RawDType::F64,
        _ => {
            let meaning = match code.chars().next() {
                Some('c') => " (complex numbers)",
                Some('f') => " (extended floats)",
                Some('S' | 'a') => " (byte strings)",
                Some('U') => " (text)",
                Some('O') => " (Python objects)",
                Some('M' | 'm') => " (dates or times)",
                Some('V') => " (raw bytes)",
                _ => "",
            };
            let shown: String = descr.chars().take(24).collect();
            return Err(FormatError::UnsupportedDType {
                dtype: format!("`{}`{meaning}", shown.escape_debug()),
            });
        }
    };
    Ok((dtype, big_endian))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A version 1.0 file of this header and these elements.
    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn with_shape(shape: &str, data: &[u8]) -> Vec<u8> {
        file(
            &format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n"),
            data,
        )
    }

    #[test]
    fn round_trips() {
        for shape in [&[][..], &[0], &[3], &[2, 3], &[2, 0, 3], &[1; 64]] {
            let count: usize = shape.iter().product();
            let floats = (0..count).map(|i| i as f32 - 0.1).collect();
            let integers = (0..count).map(|i| i as i64 - 1).collect();
            for tensor in [
                Tensor::from_f32(shape, floats).unwrap(),
                Tensor::from_i64(shape, integers).unwrap(),
            ] {
                let bytes = write(&tensor);
                let data = tensor.len() * tensor.dtype().size();
                assert!((bytes.len() - data).is_multiple_of(ALIGNMENT));
                assert_eq!(read(&bytes).unwrap(), tensor);
            }
        }
    }

    #[test]
    fn writes_a_long_header_in_version_2() {
        let tensor = Tensor::from_f32(&[1; 30_000], vec![7.0]).unwrap();
        let bytes = write(&tensor);
        assert_eq!(&bytes[6..8], &[2, 0]);
        assert_eq!((bytes.len() - 4) % ALIGNMENT, 0);
        assert_eq!(
            read(&bytes).unwrap_err(),
            FormatError::TooManyAxes { rank: 30_000 }
        );
    }

    #[test]
    fn accepts_the_header_forms_that_numpy_accepts() {
        for header in [
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }",
            "{\"shape\":(2L),\"fortran_order\":True,\"descr\":\"u1\"}",
            "  { 'shape' : ( 2 , ) , 'fortran_order' : False , 'descr' : '<u1' }  \n",
        ] {
            let tensor = read(&file(header, &[5, 6])).unwrap();
            assert_eq!(tensor, Tensor::from_i64(&[2], vec![5, 6]).unwrap());
        }
    }

    #[test]
    fn refuses_a_lying_header() {
        let promised = |needed, found| FormatError::Truncated {
            what: "of data",
            needed,
            found,
        };
        assert_eq!(
            read(&with_shape("(3136,)", &[0; 1000])).unwrap_err(),
            promised(3136, 1000)
        );
        assert_eq!(
            read(&with_shape("(2,)", &[0; 3])).unwrap_err(),
            FormatError::Trailing {
                needed: 2,
                found: 3
            }
        );
        assert_eq!(
            read(&with_shape("(100000000000000000000,)", &[0; 3])).unwrap_err(),
            FormatError::TooLarge {
                shape: vec![10u128.pow(20)]
            }
        );
        assert_eq!(
            read(&with_shape("(1000000000000000,)", &[0; 3])).unwrap_err(),
            promised(1_000_000_000_000_000, 3)
        );
        let huge = format!("(0, {}9)", "9".repeat(60));
        assert!(matches!(
            read(&with_shape(&huge, &[])).unwrap_err(),
            FormatError::TooLarge { .. }
        ));
        // A header longer than the file.
        let mut bytes = with_shape("(1,)", &[1]);
        bytes[8..10].copy_from_slice(&u16::MAX.to_le_bytes());
        assert!(matches!(
            read(&bytes).unwrap_err(),
            FormatError::Truncated {
                what: "of header",
                needed: 65535,
                ..
            }
        ));
    }

    #[test]
    fn says_what_is_wrong_with_a_header() {
        let cases = [
            ("", "ends where `{`"),
            ("{'descr': '<f4', 'shape': (1,)}", "`fortran_order`"),
            (
                "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
                "`True` or",
            ),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': (-1,)}",
                "size of an axis",
            ),
            ("{'x': 1}", "unknown key `x`"),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': ()} é",
                "goes on",
            ),
            (
                "{'descr': '<c8', 'fortran_order': True, 'shape': ()}",
                "complex numbers",
            ),
            (
                "{'descr': 'é4', 'fortran_order': True, 'shape': ()}",
                "`é4`",
            ),
            (
                "{'descr': '|O', 'fortran_order': True, 'shape': ()}",
                "Python objects",
            ),
            (
                "{'descr': [('a', '<f4')], 'fortran_order': True, 'shape': ()}",
                "structured",
            ),
        ];
        for (header, part) in cases {
            let text = read(&file(header, &[0; 4])).unwrap_err().to_string();
            assert!(text.contains(part), "{header}: {text}");
        }
        let text = read(b"\x93NUMPY\x04\x00").unwrap_err().to_string();
        assert!(text.contains("version is 4.0"), "{text}");
    }

    #[test]
    fn refuses_elements_that_do_not_fit() {
        let descr = |descr: &str, data: &[u8]| {
            read(&file(
                &format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ()}}"),
                data,
            ))
        };
        assert!(descr("<u8", &(i64::MAX as u64).to_le_bytes()).is_ok());
        assert_eq!(
            descr(">u8", &(1u64 << 63).to_be_bytes()).unwrap_err(),
            FormatError::Inexact {
                value: "9223372036854775808".into(),
                index: 0,
                to: "i64"
            }
        );
        assert!(descr("<f8", &f64::INFINITY.to_le_bytes()).is_ok());
        assert!(matches!(
            descr("<f8", &1e39f64.to_le_bytes()).unwrap_err(),
            FormatError::Inexact { to: "f32", .. }
        ));
        let rounded = descr("<f8", &0.1f64.to_le_bytes()).unwrap();
        assert_eq!(rounded.as_f32().unwrap(), &[0.1f32]);
    }
}
