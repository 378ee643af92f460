//! The arithmetic: plain functions on slices, with no knowledge of layers, graphs or tensors.
//!
//! * Slices are dense and row-major; their lengths are the caller's promise and a wrong one panics
//!   before anything is written.
//! * SIMD is chosen at run time, behind `simd`; every kernel also has a portable form.
//! * Work is split over the cores with `rayon` only when there is enough of it
//!   ([`PARALLEL_WORK`]). Each output element is computed by one task in a fixed order, so the
//!   result has the same bits for any number of threads.

pub mod activation;
pub mod conv;
pub mod conv_transpose;
pub mod copy;
pub mod elementwise;
pub mod gemm;
pub mod lrn;
pub mod math;
pub mod matmul;
pub mod norm;
pub mod pad;
pub mod pool;
pub mod reduce;
#[cfg(test)]
mod reference;
mod simd;
pub mod softmax;
pub mod upsample;
pub mod window;

/// Work below which a kernel stays on the calling thread, in units of about one vector-friendly
/// element operation (a multiply-add in a GEMM counts as a tenth). Waking another core costs some
/// 5 to 10 µs; this much work takes about 30.
pub const PARALLEL_WORK: usize = 1 << 16;

/// Whether `work` (see [`PARALLEL_WORK`]) is worth more than one thread here.
fn worth_threads(work: usize) -> bool {
    work >= PARALLEL_WORK && rayon::current_num_threads() > 1
}
