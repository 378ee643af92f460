//! Symbolic sizes and shapes.
