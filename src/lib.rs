//! The compiler for `.nn`, a small declarative language of neural-network layers.
//!
//! Text becomes an [`syntax::ast::File`], is checked into a [`check::Program`], lowered to a
//! [`graph::Graph`], planned and executed. Each room imports only from rooms below it; see
//! `docs/architecture.md`.
//!
//! The library neither prints nor opens files: `formats` takes bytes, and [`analysis`] asks a
//! [`analysis::Loader`] for imported text. Only `cli` does I/O, and WebAssembly, which has no
//! terminal and no files, does without it.
//! [`analysis::Loader`] for imported text. Only `cli` and `lsp` do I/O.

// pest's generated parser names it: pest is used without `std`, whose stack probes slow it down.
extern crate alloc;

pub mod analysis;
pub mod check;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod diag;
pub mod exec;
pub mod formats;
pub mod graph;
pub mod ide;
pub mod kernels;
pub mod layers;
pub mod lower;
#[cfg(not(target_arch = "wasm32"))]
pub mod lsp;
pub mod passes;
pub mod plan;
pub mod shape;
pub mod syntax;
pub mod tensor;
pub mod text;
pub mod view;
