//! What the checker says: one file per family of codes.

pub mod advice;
pub mod arguments;
pub mod block_uses;
pub mod contradictions;
pub mod lints;
pub mod names;
pub mod proposals;
pub mod refusals;
pub mod shapes;
