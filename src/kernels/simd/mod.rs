//! The one place that chooses instructions.
#![allow(unsafe_code)] // Calling a function compiled for features that were just detected.

/// Whether the processor has AVX2 and FMA. The standard library caches the answer.
#[inline]
pub fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Runs `f` compiled for the widest vectors that the processor has: plain loops inside of it are
/// vectorised accordingly. The arithmetic is the same, so are the results.
#[inline]
pub fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: `has_avx2` just found the features that `with_avx2` is compiled for.
        return unsafe { with_avx2(f) };
    }
    f()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}
