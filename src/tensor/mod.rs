//! Element types and tensors.

use std::fmt;

use ndarray::{ArrayD, IxDyn};

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// IEEE 754 binary32.
    F32,
    /// 64-bit signed integer.
    I64,
}

impl DType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            DType::F32 => 4,
            DType::I64 => 8,
        }
    }

    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::I64 => "i64",
        }
    }

    /// The element type called `name`.
    pub fn from_name(name: &str) -> Option<DType> {
        match name {
            "f32" => Some(DType::F32),
            "i64" => Some(DType::I64),
            _ => None,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the channel axis of spatial tensors sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Layout {
    /// `[N, C, H, W]`
    ChannelsFirst,
    /// `[N, H, W, C]`
    #[default]
    ChannelsLast,
}

/// A tensor in row-major (standard) order. Rank 0 is a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    /// Elements of [`DType::F32`], in standard layout.
    F32(ArrayD<f32>),
    /// Elements of [`DType::I64`], in standard layout.
    I64(ArrayD<i64>),
}

impl Tensor {
    /// A tensor of `shape` from its elements in row-major order; `None` if the count differs.
    pub fn from_f32(shape: &[usize], elements: Vec<f32>) -> Option<Tensor> {
        ArrayD::from_shape_vec(IxDyn(shape), elements)
            .ok()
            .map(Tensor::F32)
    }

    /// A tensor of `shape` from its elements in row-major order; `None` if the count differs.
    pub fn from_i64(shape: &[usize], elements: Vec<i64>) -> Option<Tensor> {
        ArrayD::from_shape_vec(IxDyn(shape), elements)
            .ok()
            .map(Tensor::I64)
    }

    /// The elements' type.
    pub fn dtype(&self) -> DType {
        match self {
            Tensor::F32(_) => DType::F32,
            Tensor::I64(_) => DType::I64,
        }
    }

    /// The size of each axis.
    pub fn shape(&self) -> &[usize] {
        match self {
            Tensor::F32(array) => array.shape(),
            Tensor::I64(array) => array.shape(),
        }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Tensor::F32(array) => array.len(),
            Tensor::I64(array) => array.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in row-major order, if they are `f32`.
    pub fn as_f32(&self) -> Option<&[f32]> {
        match self {
            Tensor::F32(array) => array.as_slice(),
            Tensor::I64(_) => None,
        }
    }

    /// The elements in row-major order, if they are `i64`.
    pub fn as_i64(&self) -> Option<&[i64]> {
        match self {
            Tensor::I64(array) => array.as_slice(),
            Tensor::F32(_) => None,
        }
    }
}
