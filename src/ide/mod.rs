//! What an editor asks of a program, answered from its last text: plain data over an
//! [`Analysis`] and byte offsets. No I/O, no threads, no protocol.
//!
//! [`Names`] says what each name in the text means, from the trees alone, so that it is as good
//! beside an error as without; [`Facts`] says what the checker found out about a statement.

mod cursor;
mod facts;
mod hints;
mod lenses;
mod names;
#[cfg(test)]
mod testing;
mod tokens;

pub use cursor::{Cursor, Part, cursor};
pub use facts::Facts;
pub use hints::{Hint, HintKind, HintOptions, hints};
pub use lenses::{Lens, lenses};
pub use names::{Names, Occurrence, Symbol, SymbolId, SymbolKind};
pub use tokens::{Token, TokenKind, tokens};
