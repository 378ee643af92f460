//! The scan's view of brackets and braces: how deep they are, and which are never closed.

use super::prescan::{Bracket, MAX_DEPTH, PieceKind, Scanner};
use crate::diag::syntax as wording;
use crate::text::Span;

impl Scanner<'_> {
    pub(super) fn open_bracket(&mut self, byte: u8) {
        let (file, at, bodies) = (self.file, self.at, self.bodies);
        self.at += 1;
        let open = self.begin();
        if open.brackets.len() + bodies >= MAX_DEPTH {
            open.excess += 1;
            open.beyond = true;
            open.fault(wording::too_deep(Span::new(file, at, at + 1), MAX_DEPTH));
        } else {
            open.brackets.push(Bracket {
                at,
                byte,
                base: open.operators,
                most: open.operators,
            });
        }
    }

    pub(super) fn close_bracket(&mut self, byte: u8) {
        let (file, at) = (self.file, self.at);
        let here = Span::new(file, at, at + 1);
        let opener = if byte == b')' { b'(' } else { b'[' };
        self.at += 1;
        let open = self.begin();
        if open.excess > 0 {
            open.excess -= 1;
            return;
        }
        let mut replacement = byte;
        match open.brackets.pop() {
            None => {
                open.fault(wording::unmatched(here, char::from(byte)));
                replacement = b' ';
            }
            Some(bracket) if bracket.byte == opener => {
                open.operators = open.operators.max(bracket.most);
            }
            Some(bracket) if open.brackets.iter().any(|outer| outer.byte == opener) => {
                let inner = Span::new(file, bracket.at, bracket.at + 1);
                open.fault(wording::unclosed_before(
                    inner,
                    char::from(bracket.byte),
                    here,
                    char::from(byte),
                ));
                while open
                    .brackets
                    .pop()
                    .is_some_and(|outer| outer.byte != opener)
                {}
            }
            Some(bracket) => {
                let inner = Span::new(file, bracket.at, bracket.at + 1);
                let closer = closer_of(bracket.byte);
                open.fault(wording::closed_by_another(
                    inner,
                    char::from(bracket.byte),
                    here,
                    char::from(byte),
                    closer,
                ));
                replacement = closer as u8;
            }
        }
        self.mask[at] = replacement;
    }

    /// Reports the brackets that are open, and says what would close them.
    pub(super) fn close_brackets(&mut self) {
        let file = self.file;
        let Some(open) = &mut self.piece else { return };
        open.excess = 0;
        if open.brackets.is_empty() {
            return;
        }
        let spans: Vec<(Span, char)> = open
            .brackets
            .iter()
            .map(|bracket| {
                (
                    Span::new(file, bracket.at, bracket.at + 1),
                    char::from(bracket.byte),
                )
            })
            .collect();
        let closers: String = open
            .brackets
            .drain(..)
            .rev()
            .map(|bracket| closer_of(bracket.byte))
            .collect();
        let end = Span::new(file, open.last, open.last);
        open.fault(wording::unclosed_brackets(&spans, &closers, end));
        open.closers.push_str(&closers);
    }

    /// A `{`: brackets end here, and a body begins.
    pub(super) fn open_body(&mut self) {
        self.close_brackets();
        let here = self.span(self.at, self.at + 1);
        self.at += 1;
        self.bodies += 1;
        if self.bodies == MAX_DEPTH + 1 {
            self.begin().fault(wording::too_deep(here, MAX_DEPTH));
        }
        self.finish(PieceKind::Header);
    }
}

fn closer_of(opener: u8) -> char {
    if opener == b'(' { ')' } else { ']' }
}
