//! The contract between an operation and a run: concrete sizes in, a computation out.

use crate::tensor::{DType, Tensor};

/// A type with its sizes known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcreteType {
    /// The elements' type.
    pub dtype: DType,
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// As [`TensorType::plane`](super::def::TensorType::plane).
    pub plane: Option<Box<[usize]>>,
}

impl ConcreteType {
    /// A tensor of `shape` whose elements point nowhere.
    pub fn new(dtype: DType, shape: Vec<usize>) -> ConcreteType {
        ConcreteType {
            dtype,
            shape,
            plane: None,
        }
    }

    /// How many elements there are. Planning has checked that the product fits.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What an operation is told when its computation is made.
pub struct KernelCx<'a> {
    /// The inputs' types.
    pub inputs: &'a [ConcreteType],
    /// The results' types. Results at the end of the signature's list that nothing takes are left
    /// out, here and in [`Io::outputs`].
    pub outputs: &'a [ConcreteType],
    /// The stored tensors, in the order of `Op::params`.
    pub params: &'a [&'a Tensor],
}

impl<'a> KernelCx<'a> {
    /// The elements of parameter `at`, which planning has checked to be `f32` and of the
    /// declared shape.
    pub fn param(&self, at: usize) -> &'a [f32] {
        self.params[at]
            .as_f32()
            .expect("parameters are stored as f32 in standard layout")
    }
}

/// How a computation uses memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The result is the first input's elements in the same order: nothing is computed.
    View,
    /// Works on a copy of the first input, which stands in the result's buffer when it runs.
    InPlace,
    /// Reads its inputs and writes its results.
    Fresh,
}

/// A computation on known sizes, with its weights packed. It may run many times.
pub trait Kernel: Send + Sync {
    /// How it uses memory.
    fn memory(&self) -> Memory;
    /// `f32` elements that it needs beside its inputs and results.
    fn scratch(&self) -> usize;
    /// Computes the results. With [`Memory::InPlace`] the first input's buffer is empty and the
    /// first result's holds its elements.
    fn run(&self, io: &mut Io);
}

/// A computation made of a closure.
struct FnKernel<F> {
    memory: Memory,
    scratch: usize,
    run: F,
}

impl<F: Fn(&mut Io) + Send + Sync> Kernel for FnKernel<F> {
    fn memory(&self) -> Memory {
        self.memory
    }

    fn scratch(&self) -> usize {
        self.scratch
    }

    fn run(&self, io: &mut Io) {
        (self.run)(io);
    }
}

/// The kernel of an operation that computes nothing: [`Memory::View`].
pub fn view() -> Box<dyn Kernel> {
    Box::new(FnKernel {
        memory: Memory::View,
        scratch: 0,
        run: |_: &mut Io| {},
    })
}

/// A kernel that works on the elements where they lie: [`Memory::InPlace`].
pub fn in_place(run: impl Fn(&mut [f32]) + Send + Sync + 'static) -> Box<dyn Kernel> {
    Box::new(FnKernel {
        memory: Memory::InPlace,
        scratch: 0,
        run: move |io: &mut Io| run(io.outputs[0].f32()),
    })
}

/// A kernel that reads its inputs and writes its results: [`Memory::Fresh`].
pub fn fresh(scratch: usize, run: impl Fn(&mut Io) + Send + Sync + 'static) -> Box<dyn Kernel> {
    Box::new(FnKernel {
        memory: Memory::Fresh,
        scratch,
        run,
    })
}

/// The buffers of one run.
pub struct Io<'a> {
    /// The inputs, in row-major order.
    pub inputs: Vec<View<'a>>,
    /// The results, in row-major order; their contents before the run are arbitrary.
    pub outputs: Vec<ViewMut<'a>>,
    /// As many elements as [`Kernel::scratch`] asked for; arbitrary contents.
    pub scratch: &'a mut [f32],
}

/// Elements to read.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Of [`DType::F32`].
    F32(&'a [f32]),
    /// Of [`DType::I64`].
    I64(&'a [i64]),
}

/// Elements to write.
#[derive(Debug)]
pub enum ViewMut<'a> {
    /// Of [`DType::F32`].
    F32(&'a mut [f32]),
    /// Of [`DType::I64`].
    I64(&'a mut [i64]),
}

impl<'a> View<'a> {
    /// The elements, which the operation's shape rule has proved to be `f32`.
    pub fn f32(self) -> &'a [f32] {
        match self {
            View::F32(elements) => elements,
            View::I64(_) => unreachable!("the shape rule asks for f32"),
        }
    }

    /// The elements, which the operation's shape rule has proved to be `i64`.
    pub fn i64(self) -> &'a [i64] {
        match self {
            View::I64(elements) => elements,
            View::F32(_) => unreachable!("the shape rule asks for i64"),
        }
    }
}

impl ViewMut<'_> {
    /// The elements, which the operation's shape rule has declared as `f32`.
    pub fn f32(&mut self) -> &mut [f32] {
        match self {
            ViewMut::F32(elements) => elements,
            ViewMut::I64(_) => unreachable!("the shape rule declares f32"),
        }
    }

    /// The elements, which the operation's shape rule has declared as `i64`.
    pub fn i64(&mut self) -> &mut [i64] {
        match self {
            ViewMut::I64(elements) => elements,
            ViewMut::F32(_) => unreachable!("the shape rule declares i64"),
        }
    }
}
