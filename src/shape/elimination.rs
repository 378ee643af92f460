//! Elimination of unknowns from linear inequalities (Fourier and Motzkin), over whole numbers.

use std::collections::BTreeMap;

use super::poly::gcd;

/// `sum of coefficient * unknown + constant >= 0`; no coefficient is 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// The coefficient of each unknown.
    pub(super) terms: BTreeMap<usize, i128>,
    pub(super) constant: i128,
}

/// Which unknown is eliminated next.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// That which leaves the fewest inequalities.
    Cheapest,
    First,
    Last,
}

impl Row {
    /// The same for whole numbers: without a common factor of the coefficients, the constant
    /// rounded down. `None` when a number is out of range.
    pub(super) fn tightened(mut self) -> Option<Row> {
        let Some(first) = self.terms.values().next() else {
            return Some(self);
        };
        let first = first.checked_abs()?;
        let common = self.terms.values().fold(first, |common, c| gcd(common, *c));
        self.terms.values_mut().for_each(|c| *c /= common);
        self.constant = self.constant.div_euclid(common);
        Some(self)
    }

    /// The sum of two inequalities in which the unknown `at`, with other signs, cancels.
    fn without(&self, down: &Row, at: usize) -> Option<Row> {
        let (p, q) = (self.terms[&at], down.terms[&at].checked_neg()?);
        let common = gcd(p, q);
        let (for_up, for_down) = (q / common, p / common);
        let mut terms = BTreeMap::new();
        for (row, factor) in [(self, for_up), (down, for_down)] {
            for (unknown, coefficient) in &row.terms {
                let own: &mut i128 = terms.entry(*unknown).or_insert(0);
                *own = own.checked_add(coefficient.checked_mul(factor)?)?;
            }
        }
        terms.retain(|_, coefficient| *coefficient != 0);
        let constant = self
            .constant
            .checked_mul(for_up)?
            .checked_add(down.constant.checked_mul(for_down)?)?;
        Row { terms, constant }.tightened()
    }
}

/// Whether eliminating unknown after unknown shows that `rows` cannot all hold. At no time are
/// there more than `most` of them: those beyond are left out.
pub(super) fn contradict(mut rows: Vec<Row>, order: Order, most: usize) -> bool {
    loop {
        if rows
            .iter()
            .any(|row| row.terms.is_empty() && row.constant < 0)
        {
            return true;
        }
        rows.sort_unstable();
        // Of inequalities with the same terms the one with the least constant says most.
        rows.dedup_by(|later, first| later.terms == first.terms);
        let mut signs: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (at, coefficient) in rows.iter().flat_map(|row| &row.terms) {
            let own = signs.entry(*at).or_default();
            if *coefficient > 0 {
                own.0 += 1;
            } else {
                own.1 += 1;
            }
        }
        let cost = |(_, (up, down)): &(&usize, &(usize, usize))| up * down;
        let next = match order {
            Order::Cheapest => signs.iter().min_by_key(cost),
            Order::First => signs.first_key_value(),
            Order::Last => signs.last_key_value(),
        };
        let Some(at) = next.map(|(at, _)| *at) else {
            return false;
        };
        let (with, without): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| row.terms.contains_key(&at));
        rows = without;
        let (up, down): (Vec<Row>, Vec<Row>) = with.into_iter().partition(|row| row.terms[&at] > 0);
        let pairs = up
            .iter()
            .flat_map(|up| down.iter().map(move |down| (up, down)));
        let made = pairs.filter_map(|(up, down)| up.without(down, at));
        let room = most.saturating_sub(rows.len());
        rows.extend(made.take(room));
    }
}
