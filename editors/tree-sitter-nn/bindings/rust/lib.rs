//! The `.nn` language for [tree-sitter](https://tree-sitter.github.io).

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_nn() -> *const ();
}

/// The language.
// SAFETY: the generated parser gives a pointer to a constant that lives for ever.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_nn) };

/// What each node is, for colours.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");

/// Which names are the same.
pub const LOCALS: &str = include_str!("../../queries/locals.scm");
