//! How much work decisions may take, all of a program's together.
//!
//! Each decision is bounded, but a program may ask for a hundred thousand. Within [`within`] every
//! evaluation of a size takes its number of terms from one allowance. When that is used up,
//! evaluations have no result, so that searches end and decisions are left open.
//!
//! The allowance is the thread's: it is nobody's argument, as memory is not.

use std::cell::Cell;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Runs `body` with `steps` evaluations of single terms for all decisions in it. What it takes
/// counts for an allowance around it too, which also bounds it.
pub fn within<T>(steps: u64, body: impl FnOnce() -> T) -> T {
    /// Puts back what was left around it, also when `body` panics.
    struct Around {
        left: u64,
        given: u64,
    }
    impl Drop for Around {
        fn drop(&mut self) {
            let taken = self.given - LEFT.get();
            LEFT.set(self.left - taken);
        }
    }
    let left = LEFT.get();
    let given = steps.min(left);
    LEFT.set(given);
    let _around = Around { left, given };
    body()
}

/// Takes `steps` from the allowance; false when there were not so many.
pub(super) fn spend(steps: usize) -> bool {
    let rest = LEFT.get().checked_sub(steps as u64);
    LEFT.set(rest.unwrap_or(0));
    rest.is_some()
}

/// Whether nothing is left.
pub(super) fn is_spent() -> bool {
    LEFT.get() == 0
}

#[cfg(test)]
mod tests {
    use super::super::tests::parse;
    use super::super::{Bound, Bounds, Satisfiable, Verdict, at_least, equal, ever_equal};
    use super::*;

    #[test]
    fn what_is_inside_counts_outside() {
        within(10, || {
            assert!(within(4, || spend(3)));
            assert!(!within(100, || spend(8)));
            assert!(is_spent());
        });
        assert!(!is_spent());
    }

    #[test]
    fn decisions_are_left_open_when_it_is_used_up() {
        let (h, half, bounds) = (parse("H"), parse("H//2 + (H + 1)//2"), Bounds::default());
        assert_eq!(equal(&h, &half, &bounds), Verdict::Proved);
        within(5, || {
            assert_eq!(equal(&h, &half, &bounds), Verdict::Unknown);
            // The same form needs no work.
            assert_eq!(equal(&h, &h, &bounds), Verdict::Proved);
            assert_eq!(at_least(&parse("H//3 - W//2"), 1, &bounds), Bound::Unknown);
            let other = parse("H%3 + W + 1");
            assert_eq!(ever_equal(&half, &other, &bounds), Satisfiable::Unknown);
        });
        assert_eq!(equal(&h, &half, &bounds), Verdict::Proved);
    }
}
