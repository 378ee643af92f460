//! Text to syntax tree. Parsing never fails: a broken line is a node with a diagnostic.

pub mod ast;
