//! The safetensors format: a JSON header of names, types, shapes and places, then the elements.
//!
//! The library gives the header's types and the writer. The checks of the header are made here,
//! so that an error can name the tensor and the numbers.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use ::safetensors::tensor::{Dtype, TensorInfo, View};
use serde::Deserialize;

use super::raw::{self, RawTensor};
use super::{FormatError, Kind, RawDType, looks_like};
use crate::tensor::{DType, Tensor};

/// The key of the header that holds notes about the file instead of a tensor.
const METADATA: &str = "__metadata__";

/// The most bytes that a header may have (the format's own limit).
const MAX_HEADER: u64 = 100_000_000;

/// Bytes of the header's length, which starts the file.
const PREFIX: usize = size_of::<u64>();

/// The tensors of a safetensors file, read one by one when asked for. The file is usually mapped:
/// making this reads the header only.
#[derive(Debug)]
pub struct Weights<'a> {
    names: Vec<String>,
    tensors: BTreeMap<String, TensorInfo>,
    metadata: BTreeMap<String, String>,
    data: &'a [u8],
}

/// The header as JSON.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    tensors: BTreeMap<String, TensorInfo>,
}

/// Whether `bytes` start as a safetensors file does: the length of a header, and the header.
pub(crate) fn has_magic(bytes: &[u8]) -> bool {
    match bytes.split_first_chunk::<PREFIX>() {
        Some((length, rest)) => {
            u64::from_le_bytes(*length) <= MAX_HEADER && rest.first() == Some(&b'{')
        }
        None => false,
    }
}

impl<'a> Weights<'a> {
    /// Reads the header of a file given whole.
    ///
    /// # Errors
    ///
    /// On bytes that are no safetensors file, a header that is cut off or is not the JSON that
    /// the format asks for, and tensors that overlap, leave a gap, reach beyond the file, or take
    /// other than the bytes that their shape and type do.
    pub fn parse(bytes: &'a [u8]) -> Result<Weights<'a>, FormatError> {
        let wrong = |found| FormatError::WrongFormat {
            expected: Kind::Safetensors.description(),
            found,
        };
        if !has_magic(bytes)
            && let Some(found) = looks_like(bytes)
        {
            return Err(wrong(Some(found)));
        }
        let (length, rest) = bytes
            .split_first_chunk::<PREFIX>()
            .ok_or_else(|| damaged("it ends within the length of its header".into()))?;
        let length = u64::from_le_bytes(*length);
        if length > MAX_HEADER {
            return Err(wrong(None));
        }
        let (header, data) =
            rest.split_at_checked(length as usize)
                .ok_or(FormatError::Truncated {
                    what: "of header",
                    needed: length,
                    found: rest.len() as u64,
                })?;
        let header: Header = serde_json::from_slice(header)
            .map_err(|error| damaged(format!("its header is not as it must be: {error}")))?;
        check_places(&header.tensors, data.len())?;
        Ok(Weights {
            names: header.tensors.keys().cloned().collect(),
            tensors: header.tensors,
            metadata: header.metadata.unwrap_or_default(),
            data,
        })
    }

    /// The names, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many tensors there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The size of each axis of the tensor `name`, if there is one.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|info| info.shape.as_slice())
    }

    /// The element type of the tensor `name` in the format's own words, such as `BF16`.
    pub fn dtype_name(&self, name: &str) -> Option<String> {
        self.tensors.get(name).map(|info| info.dtype.to_string())
    }

    /// The notes that the file's writer left, such as the framework's name.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The tensor `name`: floats as `f32` (`F64` is rounded), booleans and integers as `i64`.
    ///
    /// # Errors
    ///
    /// If there is none; if its elements are of a type that cannot be read (floats of 8 bits and
    /// fewer, complex numbers); and if an element cannot be held: a `U64` above `i64::MAX`, a
    /// finite `F64` beyond the range of `f32`.
    pub fn get(&self, name: &str) -> Result<Tensor, FormatError> {
        let info = self
            .tensors
            .get(name)
            .ok_or_else(|| FormatError::NoSuchTensor {
                name: name.to_owned(),
                known: self.names.clone(),
            })?;
        self.decode(info).map_err(|error| error.within(name))
    }

    fn decode(&self, info: &TensorInfo) -> Result<Tensor, FormatError> {
        let dtype = raw_dtype(info.dtype).ok_or_else(|| FormatError::UnsupportedDType {
            dtype: format!("`{}`", info.dtype),
        })?;
        let claimed: Vec<u128> = info.shape.iter().map(|&size| size as u128).collect();
        let (shape, count) = raw::checked_shape(&claimed)?;
        let (start, end) = info.data_offsets;
        let data = &self.data[start..end];
        raw::expect_data(data, count, dtype.size())?;
        RawTensor {
            dtype,
            big_endian: false,
            fortran: false,
            shape,
            data,
        }
        .decode()
    }
}

/// Fails unless the tensors lie one after the other over all of the data, each taking the bytes
/// that its shape and type do.
fn check_places(
    tensors: &BTreeMap<String, TensorInfo>,
    available: usize,
) -> Result<(), FormatError> {
    let mut in_order: Vec<_> = tensors.iter().collect();
    in_order.sort_by_key(|(_, info)| info.data_offsets);
    let mut at = 0;
    for (name, info) in in_order {
        let (start, end) = info.data_offsets;
        if start != at || end < start {
            let reason = match start.cmp(&at) {
                _ if end < start => format!("it ends at byte {end}, before it starts at {start}"),
                std::cmp::Ordering::Less => {
                    format!("it starts at byte {start}, within another that ends at {at}")
                }
                _ => format!("it starts at byte {start}, and the one before it ends at {at}"),
            };
            return Err(damaged(reason).within(name));
        }
        at = end;
        if end > available {
            let error = FormatError::Truncated {
                what: "of data",
                needed: end as u64,
                found: available as u64,
            };
            return Err(error.within(name));
        }
        let bits = info
            .shape
            .iter()
            .try_fold(info.dtype.bitsize(), |bits, &size| bits.checked_mul(size));
        if bits != (end - start).checked_mul(8) {
            let reason = format!(
                "its {} bytes do not match its shape {:?} of {}",
                end - start,
                info.shape,
                info.dtype
            );
            return Err(damaged(reason).within(name));
        }
    }
    if at == available {
        Ok(())
    } else {
        Err(FormatError::Trailing {
            needed: at as u64,
            found: available as u64,
        })
    }
}

fn damaged(reason: String) -> FormatError {
    FormatError::Damaged {
        kind: Kind::Safetensors,
        reason,
    }
}

fn raw_dtype(dtype: Dtype) -> Option<RawDType> {
    Some(match dtype {
        Dtype::BOOL => RawDType::Bool,
        Dtype::I8 => RawDType::I8,
        Dtype::I16 => RawDType::I16,
        Dtype::I32 => RawDType::I32,
        Dtype::I64 => RawDType::I64,
        Dtype::U8 => RawDType::U8,
        Dtype::U16 => RawDType::U16,
        Dtype::U32 => RawDType::U32,
        Dtype::U64 => RawDType::U64,
        Dtype::F16 => RawDType::F16,
        Dtype::BF16 => RawDType::BF16,
        Dtype::F32 => RawDType::F32,
        Dtype::F64 => RawDType::F64,
        _ => return None,
    })
}

/// A tensor as the library's writer wants it.
struct Writable<'a>(&'a Tensor);

impl View for Writable<'_> {
    fn dtype(&self) -> Dtype {
        match self.0.dtype() {
            DType::F32 => Dtype::F32,
            DType::I64 => Dtype::I64,
        }
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        raw::extend_le(&mut bytes, self.0);
        bytes.into()
    }

    fn data_len(&self) -> usize {
        self.0.len() * self.0.dtype().size()
    }
}

/// Writes `tensors` as `F32` and `I64`, without metadata. Equal tensors give equal bytes, in
/// whatever order they are given.
///
/// # Errors
///
/// On two tensors of one name, and on the name `__metadata__`, which the format keeps for itself.
pub fn write(tensors: &[(&str, &Tensor)]) -> Result<Vec<u8>, FormatError> {
    let mut names = HashSet::new();
    for &(name, _) in tensors {
        let reason = if name == METADATA {
            "is kept by the safetensors format for itself"
        } else if !names.insert(name) {
            "stands for two tensors of the file"
        } else {
            continue;
        };
        return Err(FormatError::BadName {
            name: name.to_owned(),
            reason,
        });
    }
    let views = tensors
        .iter()
        .map(|&(name, tensor)| (name, Writable(tensor)));
    ::safetensors::serialize(views, None).map_err(|error| damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn one(dtype: &str, shape: &str, offsets: &str, data: &[u8]) -> Result<Tensor, FormatError> {
        let header =
            format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#);
        Weights::parse(&file(&header, data))?.get("w")
    }

    #[test]
    fn round_trips_in_any_order() {
        let kernel = Tensor::from_f32(&[2, 2], vec![1.0, -0.0, f32::MAX, 1e-40]).unwrap();
        let steps = Tensor::from_i64(&[0, 3], vec![]).unwrap();
        let mean = Tensor::from_i64(&[], vec![i64::MIN]).unwrap();
        let bytes = write(&[("k", &kernel), ("s", &steps), ("m", &mean)]).unwrap();
        assert_eq!(
            bytes,
            write(&[("m", &mean), ("k", &kernel), ("s", &steps)]).unwrap()
        );
        let weights = Weights::parse(&bytes).unwrap();
        assert_eq!(weights.names(), ["k", "m", "s"]);
        assert_eq!(weights.len(), 3);
        assert_eq!(weights.shape("s"), Some(&[0, 3][..]));
        assert_eq!(weights.dtype_name("k").as_deref(), Some("F32"));
        assert_eq!(weights.get("k").unwrap(), kernel);
        assert_eq!(weights.get("s").unwrap(), steps);
        assert_eq!(weights.get("m").unwrap(), mean);
        assert!(matches!(
            weights.get("x"),
            Err(FormatError::NoSuchTensor { known, .. }) if known.len() == 3
        ));
    }

    #[test]
    fn refuses_names_that_a_file_cannot_have() {
        let tensor = Tensor::from_i64(&[], vec![1]).unwrap();
        assert!(write(&[(METADATA, &tensor)]).is_err());
        assert!(write(&[("a", &tensor), ("a", &tensor)]).is_err());
    }

    #[test]
    fn converts_every_element_type() {
        let cases: [(&str, &[u8], Tensor); 8] = [
            (
                "BF16",
                &[0x80, 0xbf],
                Tensor::from_f32(&[1], vec![-1.0]).unwrap(),
            ),
            (
                "F16",
                &[0x00, 0x3c],
                Tensor::from_f32(&[1], vec![1.0]).unwrap(),
            ),
            (
                "F64",
                &0.1f64.to_le_bytes(),
                Tensor::from_f32(&[1], vec![0.1]).unwrap(),
            ),
            ("BOOL", &[1], Tensor::from_i64(&[1], vec![1]).unwrap()),
            ("I8", &[0xff], Tensor::from_i64(&[1], vec![-1]).unwrap()),
            (
                "U16",
                &[0xff, 0xff],
                Tensor::from_i64(&[1], vec![65535]).unwrap(),
            ),
            (
                "U32",
                &[0, 0, 0, 0x80],
                Tensor::from_i64(&[1], vec![1 << 31]).unwrap(),
            ),
            (
                "I32",
                &[0, 0, 0, 0x80],
                Tensor::from_i64(&[1], vec![-(1 << 31)]).unwrap(),
            ),
        ];
        for (dtype, data, tensor) in cases {
            let read = one(dtype, "[1]", &format!("[0,{}]", data.len()), data);
            assert_eq!(read.unwrap(), tensor, "{dtype}");
        }
        let text = one("F8_E4M3", "[1]", "[0,1]", &[0])
            .unwrap_err()
            .to_string();
        assert_eq!(text, "in `w`: elements of type `F8_E4M3` cannot be read");
    }

    #[test]
    fn refuses_a_lying_header() {
        let max = u64::MAX;
        let cases = [
            (
                "U8",
                "[2]",
                "[0,2]".into(),
                "promises 2 bytes of data and the file holds 1",
            ),
            ("U8", "[0]", "[0,0]".into(), "holds 1, which is more"),
            (
                "U8",
                "[2]",
                "[0,1]".into(),
                "do not match its shape [2] of U8",
            ),
            ("U8", "[1]", "[1,2]".into(), "starts at byte 1"),
            ("U8", "[1]", "[1,0]".into(), "before it starts"),
            (
                "U8",
                "[1]",
                format!("[0,{max}]"),
                "18,446,744,073,709,551,615 bytes",
            ),
            (
                "U8",
                "[4294967296,4294967296,2]",
                "[0,1]".into(),
                "do not match",
            ),
            ("U8", "[1e20]", "[0,1]".into(), "not as it must be"),
            ("Q9", "[1]", "[0,1]".into(), "unknown variant `Q9`"),
        ];
        for (dtype, shape, offsets, part) in cases {
            let text = one(dtype, shape, &offsets, &[0]).unwrap_err().to_string();
            assert!(text.contains(part), "{shape} {offsets}: {text}");
        }
        let overlap = r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},
                          "b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#;
        let text = Weights::parse(&file(overlap, &[0; 3]))
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("in `b`") && text.contains("within another"),
            "{text}"
        );
    }

    #[test]
    fn tells_another_file_from_a_damaged_one() {
        let text = |bytes: &[u8]| Weights::parse(bytes).unwrap_err().to_string();
        assert!(text(b"\x89PNG\r\n\x1a\n....").contains("like a PNG picture"));
        assert!(text(b"PK\x03\x04..........").contains("like a zip archive"));
        assert!(text(&[0xff; 20]).contains("does not start like one"));
        assert!(text(&file("[]", &[])).contains("not as it must be"));
        assert!(text(&1000u64.to_le_bytes()).contains("1,000 bytes of header"));
        assert!(text(&[]).contains("ends within"));
    }
}
