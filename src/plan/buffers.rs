//! The memory of a run: one buffer a slot, which starts at a cache line.

use super::assign::Slot;
use crate::layers::kernel::{View, ViewMut};
use crate::tensor::DType;

/// Bytes of a cache line, at which every buffer starts: vector loads then never straddle two.
const ALIGN: usize = 64;

/// Elements of one type that start at a multiple of [`ALIGN`].
#[derive(Debug, Default)]
pub struct Aligned<T> {
    elements: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Clone + Default> Aligned<T> {
    /// `len` zeros.
    pub fn new(len: usize) -> Aligned<T> {
        let spare = ALIGN / size_of::<T>();
        let elements = vec![T::default(); len + spare];
        // A buffer is never resized, so its elements stay where they are.
        let start = elements.as_ptr().align_offset(ALIGN).min(spare);
        Aligned {
            elements,
            start,
            len,
        }
    }

    /// The first `len` elements.
    pub fn get(&self, len: usize) -> &[T] {
        debug_assert!(len <= self.len);
        &self.elements[self.start..self.start + len]
    }

    /// The first `len` elements.
    pub fn get_mut(&mut self, len: usize) -> &mut [T] {
        debug_assert!(len <= self.len);
        &mut self.elements[self.start..self.start + len]
    }
}

/// The memory of one slot.
#[derive(Debug)]
pub enum Buffer {
    /// Of [`DType::F32`].
    F32(Aligned<f32>),
    /// Of [`DType::I64`].
    I64(Aligned<i64>),
}

impl Default for Buffer {
    /// An empty buffer, which takes no memory: what stands in a slot while a step writes to it.
    fn default() -> Buffer {
        Buffer::F32(Aligned::default())
    }
}

impl Buffer {
    /// Zeros for `slot`.
    pub fn new(slot: Slot) -> Buffer {
        match slot.dtype {
            DType::F32 => Buffer::F32(Aligned::new(slot.len)),
            DType::I64 => Buffer::I64(Aligned::new(slot.len)),
        }
    }

    /// The first `len` elements.
    pub fn view(&self, len: usize) -> View<'_> {
        match self {
            Buffer::F32(elements) => View::F32(elements.get(len)),
            Buffer::I64(elements) => View::I64(elements.get(len)),
        }
    }

    /// The first `len` elements, to write.
    pub fn view_mut(&mut self, len: usize) -> ViewMut<'_> {
        match self {
            Buffer::F32(elements) => ViewMut::F32(elements.get_mut(len)),
            Buffer::I64(elements) => ViewMut::I64(elements.get_mut(len)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_a_cache_line() {
        for len in [0, 1, 7, 1000] {
            let mut floats = Aligned::<f32>::new(len);
            let mut integers = Aligned::<i64>::new(len);
            assert_eq!(floats.get_mut(len).len(), len);
            assert_eq!(floats.get(len).as_ptr() as usize % ALIGN, 0);
            assert_eq!(integers.get_mut(len).len(), len);
            assert_eq!(integers.get(len).as_ptr() as usize % ALIGN, 0);
        }
    }
}
