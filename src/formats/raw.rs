//! Elements as files hold them, and their conversion to the two types that tensors have.

use std::fmt::Write;

use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use super::FormatError;
use crate::tensor::{DType, Tensor};

/// The most axes that a tensor in a file may have (NumPy's own limit).
pub const MAX_RANK: usize = 64;

/// The element types that files hold and that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RawDType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F16,
    /// The upper half of an `f32`.
    BF16,
    F32,
    F64,
}

impl RawDType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            RawDType::Bool | RawDType::I8 | RawDType::U8 => 1,
            RawDType::I16 | RawDType::U16 | RawDType::F16 | RawDType::BF16 => 2,
            RawDType::I32 | RawDType::U32 | RawDType::F32 => 4,
            RawDType::I64 | RawDType::U64 | RawDType::F64 => 8,
        }
    }

    /// The element type of the tensor that it is read as: `f32` for floats, `i64` for the rest.
    pub fn dtype(self) -> DType {
        match self {
            RawDType::F16 | RawDType::BF16 | RawDType::F32 | RawDType::F64 => DType::F32,
            _ => DType::I64,
        }
    }
}

/// A tensor as it lies in a file.
pub(crate) struct RawTensor<'a> {
    /// The elements' type.
    pub dtype: RawDType,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
    /// Whether the first axis varies fastest (Fortran order) instead of the last.
    pub fortran: bool,
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// Exactly the elements' bytes.
    pub data: &'a [u8],
}

/// The sizes and the number of elements of a claimed shape, if a tensor can have it.
///
/// The product is taken over the axes that are not empty, at 8 bytes an element, so that every
/// later product of sizes is safe, whatever the element type.
pub(crate) fn checked_shape(claimed: &[u128]) -> Result<(Vec<usize>, usize), FormatError> {
    if claimed.len() > MAX_RANK {
        return Err(FormatError::TooManyAxes {
            rank: claimed.len(),
        });
    }
    claimed
        .iter()
        .filter(|&&size| size != 0)
        .try_fold(8u128, |bytes, &size| bytes.checked_mul(size))
        .filter(|&bytes| bytes <= isize::MAX as u128)
        .ok_or_else(|| FormatError::TooLarge {
            shape: claimed.to_vec(),
        })?;
    let shape: Vec<usize> = claimed.iter().map(|&size| size as usize).collect();
    let count = shape.iter().product();
    Ok((shape, count))
}

/// Fails unless `data` holds exactly `count` elements of `size` bytes.
pub(crate) fn expect_data(data: &[u8], count: usize, size: usize) -> Result<(), FormatError> {
    // Both factors come from `checked_shape`, which leaves room for 8 bytes an element.
    let needed = (count * size) as u64;
    let found = data.len() as u64;
    if found < needed {
        Err(FormatError::Truncated {
            what: "of data",
            needed,
            found,
        })
    } else if found > needed {
        Err(FormatError::Trailing { needed, found })
    } else {
        Ok(())
    }
}

impl RawTensor<'_> {
    /// The tensor: floats as `f32`, booleans and integers as `i64`. A `u64` above `i64::MAX`, and
    /// a finite `f64` beyond the range of `f32`, are errors; other `f64` are rounded to nearest.
    pub(crate) fn decode(&self) -> Result<Tensor, FormatError> {
        Ok(match self.dtype.dtype() {
            DType::F32 => Tensor::F32(self.arrange(self.floats()?)),
            DType::I64 => Tensor::I64(self.arrange(self.integers()?)),
        })
    }

    fn floats(&self) -> Result<Vec<f32>, FormatError> {
        match self.dtype {
            RawDType::F16 => self.each(|b| f16_to_f32(u16::from_le_bytes(b))),
            RawDType::BF16 => self.each(|b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16)),
            RawDType::F64 => {
                self.require(
                    f64::from_le_bytes,
                    |v| !(v.is_finite() && (*v as f32).is_infinite()),
                    "f32",
                )?;
                self.each(|b| f64::from_le_bytes(b) as f32)
            }
            _ => self.each(f32::from_le_bytes),
        }
    }

    fn integers(&self) -> Result<Vec<i64>, FormatError> {
        match self.dtype {
            RawDType::Bool => self.each(|[b]| i64::from(b != 0)),
            RawDType::I8 => self.each(|b| i64::from(i8::from_le_bytes(b))),
            RawDType::I16 => self.each(|b| i64::from(i16::from_le_bytes(b))),
            RawDType::I32 => self.each(|b| i64::from(i32::from_le_bytes(b))),
            RawDType::U8 => self.each(|b| i64::from(u8::from_le_bytes(b))),
            RawDType::U16 => self.each(|b| i64::from(u16::from_le_bytes(b))),
            RawDType::U32 => self.each(|b| i64::from(u32::from_le_bytes(b))),
            RawDType::U64 => {
                self.require(u64::from_le_bytes, |v| i64::try_from(*v).is_ok(), "i64")?;
                self.each(i64::from_le_bytes)
            }
            _ => self.each(i64::from_le_bytes),
        }
    }

    /// Converts every element from its `N` bytes, least significant first, in the file's order.
    fn each<const N: usize, T>(
        &self,
        convert: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, FormatError> {
        let (chunks, _) = self.data.as_chunks::<N>();
        let mut elements = reserve(chunks.len())?;
        if self.big_endian {
            elements.extend(chunks.iter().map(|&(mut chunk)| {
                chunk.reverse();
                convert(chunk)
            }));
        } else {
            elements.extend(chunks.iter().map(|&chunk| convert(chunk)));
        }
        Ok(elements)
    }

    /// Fails at the first element that is not `fine`.
    fn require<const N: usize, T: ToString>(
        &self,
        convert: impl Fn([u8; N]) -> T,
        fine: impl Fn(&T) -> bool,
        to: &'static str,
    ) -> Result<(), FormatError> {
        let (chunks, _) = self.data.as_chunks::<N>();
        for (index, &(mut chunk)) in chunks.iter().enumerate() {
            if self.big_endian {
                chunk.reverse();
            }
            let value = convert(chunk);
            if !fine(&value) {
                return Err(FormatError::Inexact {
                    value: value.to_string(),
                    index,
                    to,
                });
            }
        }
        Ok(())
    }

    /// The elements, which are in the file's order, as an array in row-major order.
    fn arrange<T: Clone>(&self, elements: Vec<T>) -> ArrayD<T> {
        let array = ArrayD::from_shape_vec(IxDyn(&self.shape).set_f(self.fortran), elements)
            .expect("the data was checked to hold as many elements as the shape");
        if array.is_standard_layout() {
            array
        } else {
            array.as_standard_layout().into_owned()
        }
    }
}

/// An empty vector with room for `count` elements, or an error where there is no memory.
pub(crate) fn reserve<T>(count: usize) -> Result<Vec<T>, FormatError> {
    let mut elements = Vec::new();
    elements
        .try_reserve_exact(count)
        .map_err(|_| FormatError::OutOfMemory {
            bytes: (count as u64).saturating_mul(size_of::<T>() as u64),
        })?;
    Ok(elements)
}

/// Appends the elements in row-major order, least significant byte first.
pub(crate) fn extend_le(bytes: &mut Vec<u8>, tensor: &Tensor) {
    // Chunks of a fixed size make this a plain copy, which pushing bytes is not.
    let start = bytes.len();
    bytes.resize(start + tensor.len() * tensor.dtype().size(), 0);
    let bytes = &mut bytes[start..];
    match tensor {
        Tensor::F32(array) => {
            let (chunks, _) = bytes.as_chunks_mut();
            let pairs = chunks.iter_mut().zip(array);
            pairs.for_each(|(chunk, value)| *chunk = value.to_le_bytes());
        }
        Tensor::I64(array) => {
            let (chunks, _) = bytes.as_chunks_mut();
            let pairs = chunks.iter_mut().zip(array);
            pairs.for_each(|(chunk, value)| *chunk = value.to_le_bytes());
        }
    }
}

/// Calls `each` with the text of every element in row-major order. The text of a float is the
/// shortest that reads back to the same `f32`, and has a point or an exponent.
pub(crate) fn for_each_text(tensor: &Tensor, mut each: impl FnMut(&str)) {
    let mut text = String::new();
    // Writing to a string does not fail.
    match tensor {
        Tensor::F32(array) => array.iter().for_each(|value| {
            text.clear();
            let _ = write!(text, "{value:?}");
            each(&text);
        }),
        Tensor::I64(array) => array.iter().for_each(|value| {
            text.clear();
            let _ = write!(text, "{value}");
            each(&text);
        }),
    }
}

/// The value of an IEEE 754 binary16 given by its bits; exact.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits) & 0x3ff;
    match exponent {
        // Zero and subnormals are multiples of 2⁻²⁴.
        0 => {
            let magnitude = fraction as f32 / 16_777_216.0;
            f32::from_bits(sign | magnitude.to_bits())
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        // The biases are 15 and 127.
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

/// `tensor` with elements of type `dtype`, if that changes no value.
///
/// - `i64` to `f32`: every element must be exact in `f32` (all are up to 2²⁴ in magnitude).
/// - `f32` to `i64`: every element must be a whole number within the range of `i64`.
///
/// # Errors
///
/// [`FormatError::Inexact`] names the first element that would change, and
/// [`FormatError::OutOfMemory`] says that there is no room for the result.
pub fn to_dtype(tensor: Tensor, dtype: DType) -> Result<Tensor, FormatError> {
    match (tensor, dtype) {
        (Tensor::I64(array), DType::F32) => {
            // The float nearest i64::MAX is 2⁶³, which `as` brings back to i64::MAX.
            let exact = |v: i64| v != i64::MAX && (v as f32) as i64 == v;
            if let Some((index, value)) = find(array.iter(), |v| !exact(v)) {
                return Err(inexact(value, index, "f32"));
            }
            let mut elements = reserve(array.len())?;
            elements.extend(array.iter().map(|&v| v as f32));
            Ok(Tensor::F32(reshaped(array.shape(), elements)))
        }
        (Tensor::F32(array), DType::I64) => {
            // 2⁶³ is exact in f32 and the first value out of range; -2⁶³ is in range.
            const LIMIT: f32 = 9_223_372_036_854_775_808.0;
            let exact = |v: f32| v.fract() == 0.0 && (-LIMIT..LIMIT).contains(&v);
            if let Some((index, value)) = find(array.iter(), |v| !exact(v)) {
                return Err(inexact(value, index, "i64"));
            }
            let mut elements = reserve(array.len())?;
            elements.extend(array.iter().map(|&v| v as i64));
            Ok(Tensor::I64(reshaped(array.shape(), elements)))
        }
        (same, _) => Ok(same),
    }
}

fn find<'a, T: Copy + 'a>(
    elements: impl Iterator<Item = &'a T>,
    wanted: impl Fn(T) -> bool,
) -> Option<(usize, T)> {
    elements
        .copied()
        .enumerate()
        .find(|&(_, element)| wanted(element))
}

fn inexact(value: impl ToString, index: usize, to: &'static str) -> FormatError {
    FormatError::Inexact {
        value: value.to_string(),
        index,
        to,
    }
}

fn reshaped<T>(shape: &[usize], elements: Vec<T>) -> ArrayD<T> {
    ArrayD::from_shape_vec(IxDyn(shape), elements)
        .expect("there is one element for each of the array of this shape")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_half_precision_exactly() {
        let cases: [(u16, f32); 8] = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(f16_to_f32(bits), value, "{bits:#06x}");
        }
        assert!(f16_to_f32(0x7e00).is_nan());
        assert!(f16_to_f32(0x8000).is_sign_negative());
    }

    #[test]
    fn converts_only_what_stays_equal() {
        let exact = Tensor::from_i64(&[4], vec![1 << 24, -(1 << 24), 1 << 62, i64::MIN]).unwrap();
        let floats = to_dtype(exact.clone(), DType::F32).unwrap();
        assert_eq!(to_dtype(floats, DType::I64).unwrap(), exact);

        for value in [(1 << 24) + 1, i64::MAX, i64::MIN + 1] {
            let tensor = Tensor::from_i64(&[2], vec![0, value]).unwrap();
            let error = to_dtype(tensor, DType::F32).unwrap_err();
            assert_eq!(error, inexact(value, 1, "f32"));
        }
        for value in [0.5, f32::NAN, f32::INFINITY, 9.223_372e18, -1e30] {
            let tensor = Tensor::from_f32(&[], vec![value]).unwrap();
            let error = to_dtype(tensor, DType::I64).unwrap_err();
            assert_eq!(error, inexact(value, 0, "i64"));
        }
    }

    #[test]
    fn refuses_shapes_that_memory_cannot_hold() {
        assert_eq!(checked_shape(&[2, 3]).unwrap(), (vec![2, 3], 6));
        assert_eq!(checked_shape(&[]).unwrap(), (vec![], 1));
        assert_eq!(checked_shape(&[0, 5]).unwrap(), (vec![0, 5], 0));
        for shape in [
            vec![10u128.pow(20)],
            vec![1 << 32, 1 << 32],
            vec![0, 1 << 63, 1 << 63],
            vec![u128::MAX, u128::MAX],
        ] {
            assert!(matches!(
                checked_shape(&shape),
                Err(FormatError::TooLarge { .. })
            ));
        }
        assert!(matches!(
            checked_shape(&[1; 65]),
            Err(FormatError::TooManyAxes { rank: 65 })
        ));
    }
}
