//! Drawing diagnostics for a terminal: the only user of `codespan-reporting`.
