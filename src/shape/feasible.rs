//! Whether inequalities can hold together.
//!
//! Every product of variables and divisions is taken for an unknown of its own, with what is known
//! of it: `q = P//k` has `k*q <= P <= k*q + k - 1`, and a product `x*y` of numbers within bounds
//! has McCormick's inequalities ("Computability of global solutions to factorable nonconvex
//! programs", 1976), such as `(x - 1)*(y - 1) >= 0`; inequalities are multiplied by such a factor
//! in the same way (Sherali and Adams, "A hierarchy of relaxations", 1990). What remains is linear.
//! Bounds are handed from inequality to inequality first; then unknowns are eliminated one by one
//! (Fourier and Motzkin), where, as all numbers are whole, each inequality is divided by the common
//! factor of its terms and its constant rounded. Where only few values are left for the variables
//! they are all tried. A contradiction found so is one; some are not found.

use std::collections::{BTreeMap, BTreeSet};

use super::Env;
use super::dim::Dim;
use super::elimination::{Order, Row, contradict};
use super::poly::{Atom, Monomial, Term};
use super::requirement::{Cmp, Requirement};
use crate::text::Name;

/// Most unknowns.
const MAX_UNKNOWNS: usize = 48;
/// Most inequalities at any time.
const MAX_ROWS: usize = 320;
/// Most rounds in which bounds are handed on.
const MAX_ROUNDS: usize = 24;
/// Most inequalities for which several orders of elimination are tried.
const MAX_TRIED: usize = 64;
/// Most values that are all tried.
const MAX_VALUES: usize = 1024;

/// Whether it is proved that no values of the variables, each at least 1, meet all of
/// `requirements`.
pub fn contradictory<'r>(requirements: impl IntoIterator<Item = &'r Requirement>) -> bool {
    let margins = requirements.into_iter().flat_map(margins).collect();
    never(margins)
}

/// Whether `requirement` is proved to follow from `others` and from every variable's being at
/// least 1.
pub fn follows<'r>(
    requirement: &Requirement,
    others: impl IntoIterator<Item = &'r Requirement>,
) -> bool {
    let others: Vec<Dim> = others.into_iter().flat_map(margins).collect();
    let (left, op, right) = requirement.sides();
    // That one side is less than the other contradicts the others.
    let never_less = |more: &Dim, less: &Dim| {
        let margin = less.sub(more).and_then(|margin| margin.minus(1));
        margin.is_ok_and(|margin| {
            let mut all = others.clone();
            all.push(margin);
            never(all)
        })
    };
    match op {
        Cmp::Ge => never_less(&left, &right),
        Cmp::Le => never_less(&right, &left),
        Cmp::Eq => never_less(&left, &right) && never_less(&right, &left),
    }
}

/// What a requirement wants not to be negative; what is too large is left out.
fn margins(requirement: &Requirement) -> Vec<Dim> {
    let (left, op, right) = requirement.sides();
    let margins = [
        (op != Cmp::Le).then(|| left.sub(&right)),
        (op != Cmp::Ge).then(|| right.sub(&left)),
    ];
    margins.into_iter().flatten().flatten().collect()
}

/// Whether it is proved that some of `margins` is negative whatever the variables are.
fn never(margins: Vec<Dim>) -> bool {
    let mut system = System::default();
    for margin in &margins {
        system.add(margin);
    }
    system.spread();
    system.impossible || system.fails_everywhere(&margins) || system.contradicts()
}

#[derive(Clone, Default)]
struct System {
    unknowns: BTreeMap<Monomial, usize>,
    monomials: Vec<Monomial>,
    low: Vec<i128>,
    high: Vec<Option<i128>>,
    /// For a product: one of its factors, and the others.
    parts: Vec<(usize, usize, usize)>,
    rows: Vec<Row>,
    impossible: bool,
}

impl System {
    /// Demands `margin >= 0`; what is too large is left out.
    fn add(&mut self, margin: &Dim) {
        let mut row = Row {
            terms: BTreeMap::new(),
            constant: 0,
        };
        for term in margin.terms().iter() {
            if term.monomial.is_one() {
                row.constant = term.coefficient;
            } else {
                match self.unknown(&term.monomial) {
                    Some(at) => row.terms.insert(at, term.coefficient),
                    None => return,
                };
            }
        }
        self.push(row);
    }

    fn push(&mut self, row: Row) {
        match row.tightened() {
            Some(row) if row.terms.is_empty() => self.impossible |= row.constant < 0,
            Some(row) if self.rows.len() < MAX_ROWS => self.rows.push(row),
            _ => {}
        }
    }

    /// The number of an unknown, with what is known of it.
    fn unknown(&mut self, monomial: &Monomial) -> Option<usize> {
        if let Some(at) = self.unknowns.get(monomial) {
            return Some(*at);
        }
        if self.monomials.len() >= MAX_UNKNOWNS {
            return None;
        }
        let at = self.monomials.len();
        self.unknowns.insert(monomial.clone(), at);
        self.monomials.push(monomial.clone());
        // In normal form what is divided has positive coefficients only.
        let variable = matches!(monomial.factors(), [(Atom::Var(_), 1)]);
        self.low.push(i128::from(variable));
        self.high.push(None);
        match monomial.factors() {
            [(Atom::Var(_), 1)] => {}
            [(Atom::Floor(floor), 1)] => {
                let quotient = Dim::from_terms(vec![Term {
                    monomial: monomial.clone(),
                    coefficient: floor.divisor,
                }]);
                if let Ok(rest) = quotient.and_then(|quotient| floor.numerator.sub(&quotient)) {
                    self.add(&rest);
                    let above = Dim::constant(floor.divisor - 1).sub(&rest);
                    above.iter().for_each(|above| self.add(above));
                }
            }
            factors => {
                for (atom, _) in factors {
                    let factor = Monomial::atom(atom.clone());
                    if let Some(rest) = monomial.over(&factor)
                        && let (Some(factor), Some(rest)) =
                            (self.unknown(&factor), self.unknown(&rest))
                    {
                        self.parts.push((at, factor, rest));
                    }
                }
            }
        }
        Some(at)
    }

    /// Whether elimination shows a contradiction.
    fn contradicts(mut self) -> bool {
        self.products();
        self.bounds_as_rows();
        if self.impossible {
            return true;
        }
        // Rounding depends on what is eliminated first.
        let orders: &[Order] = match self.rows.len() {
            ..=MAX_TRIED => &[Order::Cheapest, Order::First, Order::Last],
            _ => &[Order::Cheapest],
        };
        let mut orders = orders.iter();
        orders.any(|order| contradict(self.rows.clone(), *order, MAX_ROWS))
    }

    /// Whether one of `margins`, of which this is made, is negative at all values within the
    /// bounds, where those are few. Without products and divisions elimination does as well.
    fn fails_everywhere(&self, margins: &[Dim]) -> bool {
        if !margins
            .iter()
            .any(|margin| margin.has_floor() || margin.degree() > 1)
        {
            return false;
        }
        let mut ranges = Vec::new();
        let mut count = 1usize;
        let vars: BTreeSet<Name> = margins.iter().flat_map(Dim::vars).collect();
        for name in vars {
            let unknown = Monomial::atom(Atom::Var(name.clone()));
            let Some(at) = self.unknowns.get(&unknown).copied() else {
                return false;
            };
            let Some(high) = self.high[at] else {
                return false;
            };
            let values = high
                .checked_sub(self.low[at])
                .and_then(|n| n.checked_add(1));
            let values = values.and_then(|values| usize::try_from(values).ok());
            match values.and_then(|values| count.checked_mul(values)) {
                Some(product) if product <= MAX_VALUES => count = product,
                _ => return false,
            }
            ranges.push((name, self.low[at], high));
        }
        let lows = ranges.iter().map(|(name, low, _)| (name.clone(), *low));
        let mut env: Env = lows.collect();
        loop {
            let fails = |margin: &Dim| margin.eval(&env).is_ok_and(|value| value < 0);
            if !margins.iter().any(fails) {
                return false;
            }
            // The next values, counting with the last variable first.
            let more = ranges.iter().rev().any(|(name, low, high)| {
                let value = env.get_mut(name).expect("each variable has a value");
                let counts = *value < *high;
                *value = if counts { *value + 1 } else { *low };
                counts
            });
            if !more {
                return true;
            }
        }
    }

    /// Multiplies inequalities by what factors of products have above their least values, as far
    /// as that speaks of no new unknown.
    fn products(&mut self) {
        let factors: BTreeSet<usize> = self.parts.iter().map(|(_, factor, _)| *factor).collect();
        let pairs = self
            .rows
            .iter()
            .flat_map(|row| factors.iter().map(move |factor| (row, *factor)));
        let made: Vec<Row> = pairs
            .filter_map(|(row, factor)| self.multiplied(row, factor))
            .collect();
        made.into_iter().for_each(|row| self.push(row));
    }

    /// `row * (factor - its least value) >= 0`.
    fn multiplied(&self, row: &Row, factor: usize) -> Option<Row> {
        let less = self.low[factor].checked_neg()?;
        let mut terms = BTreeMap::new();
        let mut add = |at: usize, coefficient: i128| {
            let own: &mut i128 = terms.entry(at).or_insert(0);
            *own = own.checked_add(coefficient)?;
            Some(())
        };
        add(factor, row.constant)?;
        for (at, coefficient) in &row.terms {
            let product = self.monomials[*at].times(&self.monomials[factor]);
            add(*self.unknowns.get(&product)?, *coefficient)?;
            add(*at, coefficient.checked_mul(less)?)?;
        }
        terms.retain(|_, coefficient| *coefficient != 0);
        Some(Row {
            terms,
            constant: row.constant.checked_mul(less)?,
        })
    }

    /// Raises `low`, or finds that nothing is left.
    fn at_least(&mut self, at: usize, low: i128, changed: &mut bool) {
        if low > self.low[at] {
            self.low[at] = low;
            *changed = true;
            self.impossible |= self.high[at].is_some_and(|high| high < low);
        }
    }

    fn at_most(&mut self, at: usize, high: i128, changed: &mut bool) {
        if self.high[at].is_none_or(|known| high < known) {
            self.high[at] = Some(high);
            *changed = true;
            self.impossible |= high < self.low[at];
        }
    }

    /// Hands bounds on, or finds that they contradict each other.
    fn spread(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut changed = false;
            for row in self.rows.clone() {
                self.by_row(&row, &mut changed);
            }
            for (product, factor, rest) in self.parts.clone() {
                self.by_product(product, factor, rest, &mut changed);
            }
            if self.impossible || !changed {
                return;
            }
        }
    }

    /// The greatest value of `coefficient * unknown`.
    fn most(&self, at: usize, coefficient: i128) -> Option<i128> {
        if coefficient > 0 {
            self.high[at]?.checked_mul(coefficient)
        } else {
            self.low[at].checked_mul(coefficient)
        }
    }

    fn by_row(&mut self, row: &Row, changed: &mut bool) {
        for (at, coefficient) in &row.terms {
            let mut others = row.terms.iter().filter(|(other, _)| *other != at);
            let others = others.try_fold(row.constant, |sum, (other, coefficient)| {
                sum.checked_add(self.most(*other, *coefficient)?)
            });
            // coefficient * unknown >= -others
            let Some(others) = others else { continue };
            let Some(wanted) = others.checked_neg() else {
                continue;
            };
            if *coefficient > 0 {
                let low = wanted.div_euclid(*coefficient)
                    + i128::from(wanted.rem_euclid(*coefficient) != 0);
                self.at_least(*at, low, changed);
            } else if let Some(size) = coefficient.checked_neg() {
                self.at_most(*at, others.div_euclid(size), changed);
            }
        }
    }

    fn by_product(&mut self, product: usize, factor: usize, rest: usize, changed: &mut bool) {
        if let Some(low) = self.low[factor].checked_mul(self.low[rest]) {
            self.at_least(product, low, changed);
        }
        let times = |a: Option<i128>, b: Option<i128>| match (a, b) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (a, b) => a?.checked_mul(b?),
        };
        if let Some(high) = times(self.high[factor], self.high[rest]) {
            self.at_most(product, high, changed);
        }
        for (one, other) in [(factor, rest), (rest, factor)] {
            if let Some(high) = self.high[product]
                && self.low[other] > 0
            {
                self.at_most(one, high.div_euclid(self.low[other]), changed);
            }
            let low = self.low[product];
            match self.high[other] {
                Some(high @ 1..) => {
                    let least = low / high + i128::from(low % high != 0);
                    self.at_least(one, least, changed);
                }
                _ if low > 0 => self.at_least(one, 1, changed),
                _ => {}
            }
        }
    }

    /// Writes all bounds as inequalities, and McCormick's for products.
    fn bounds_as_rows(&mut self) {
        for at in 0..self.monomials.len() {
            let bound = |coefficient, constant| Row {
                terms: BTreeMap::from([(at, coefficient)]),
                constant,
            };
            let low = self.low[at].checked_neg().map(|low| bound(1, low));
            let high = self.high[at].map(|high| bound(-1, high));
            low.into_iter().chain(high).for_each(|row| self.push(row));
        }
        for (product, factor, rest) in self.parts.clone() {
            let ends = |at: usize| {
                let high = self.high[at].map(|high| (high, -1));
                [(self.low[at], 1)].into_iter().chain(high)
            };
            // (x - a) * (y - b) >= 0, each factor with its sign.
            let mut rows = Vec::new();
            for (a, s) in ends(factor) {
                for (b, t) in ends(rest) {
                    let sign: i128 = s * t;
                    let row = || {
                        let mut terms = BTreeMap::new();
                        for (at, coefficient) in [
                            (product, sign),
                            (factor, b.checked_mul(-sign)?),
                            (rest, a.checked_mul(-sign)?),
                        ] {
                            let own: &mut i128 = terms.entry(at).or_insert(0);
                            *own = own.checked_add(coefficient)?;
                        }
                        terms.retain(|_, coefficient| *coefficient != 0);
                        let constant = a.checked_mul(b)?.checked_mul(sign)?;
                        Some(Row { terms, constant })
                    };
                    rows.extend(row());
                }
            }
            rows.into_iter().for_each(|row| self.push(row));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{expr, grid, parse};
    use super::*;

    fn read(text: &str) -> Requirement {
        let ops = [(" >= ", Cmp::Ge), (" <= ", Cmp::Le), (" == ", Cmp::Eq)];
        let mut found = ops.iter().filter_map(|(sign, op)| {
            let (left, right) = text.split_once(sign)?;
            Some(Requirement::compare(&parse(left), *op, &parse(right)))
        });
        found.next().expect("a comparison")
    }

    fn all(text: &str) -> Vec<Requirement> {
        text.split(", ").map(read).collect()
    }

    #[test]
    fn finds_contradictions() {
        for text in [
            "H >= 7, H <= 3",
            "h >= 7, w >= 7, h + w <= 10",
            "h*w >= 50, h <= 7, w <= 7",
            "h*w <= 5, h >= 3, w >= 2",
            "(h//2)*(w//2) >= 17, h <= 1",
            "(h//2)*(w//2) >= 17, h + w <= 9",
            "2*h >= 2*w + 1, h <= w",
            "C == filters, C == 4, filters >= 5",
            "2*h + 2*w == 7, h >= 1",
            "h >= w + 1, w >= c + 1, c >= h",
            "H%4 >= 2, H%4 <= 1",
            "h*w*c >= 28, h <= 3, w <= 3, c <= 3",
            "h*h >= 50, h <= 7",
            "C <= 5, w <= 7, 4*C >= w + 8, w*w + C*C >= 2*w*C + 40, C >= w",
        ] {
            assert!(contradictory(&all(text)), "{text}");
        }
        for text in [
            "H >= 3, H <= 3",
            "h*w >= 49, h <= 7, w <= 7",
            "(h//2)*(w//2) >= 16, h + w <= 16",
            "C == filters, C == 4, filters >= 4",
            "h*h >= 49, h <= 7",
        ] {
            assert!(!contradictory(&all(text)), "{text}");
        }
    }

    #[test]
    fn finds_what_follows() {
        for (text, from) in [
            ("c >= 87", "c >= 108*h + 87"),
            ("c >= 195", "c >= 108*h + 87"),
            ("c >= 411", "c >= 108*h + 87, h >= 3"),
            ("h >= 2", "(h//2)*(w//2) >= 17"),
            ("h + w >= 7", "h*w >= 10"),
            ("h*w >= 20", "h >= 4, w >= 5"),
            ("h >= c", "h >= w, w >= c"),
            ("H + W + 3 >= 5", "H >= 1"),
            ("h*w*c >= c + 3", "h >= 2, w >= 2"),
            ("H//3 >= 2", "H//2 >= 3"),
            ("h + W <= 19", "W + 21*h >= W*h + h**2 + 21, h <= 11"),
            ("W + h <= 19", "20*(W//2) >= W*(W//2) + h*(W//2) + 4"),
            ("2*h >= H + 3", "H >= 2, (H + 2*h)//4 >= H//2 + 1"),
            (
                "2*H >= h + 1",
                "h >= 2, H <= 19, (2*H + h + 2)//4 >= h//2 + 1",
            ),
            ("h//20 == 0", "W + h <= 19"),
        ] {
            assert!(follows(&read(text), &all(from)), "{text} from {from}");
        }
        for (text, from) in [
            ("c >= 196", "c >= 108*h + 87"),
            ("c >= 412", "c >= 108*h + 87, h >= 3"),
            ("h >= 3", "(h//2)*(w//2) >= 17"),
            ("h*w >= 21", "h >= 4, w >= 5"),
            ("H//3 >= 3", "H//2 >= 3"),
        ] {
            assert!(!follows(&read(text), &all(from)), "{text} from {from}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn a_contradiction_is_one(
            parts in prop::collection::vec((expr(3), 0usize..3, -9i128..14), 1..5),
        ) {
            let mut requirements = Vec::new();
            for (expr, op, limit) in parts {
                let Ok(d) = expr.dim() else { continue };
                let op = [Cmp::Ge, Cmp::Le, Cmp::Eq][op];
                requirements.push(Requirement::compare(&d, op, &Dim::constant(limit)));
            }
            if contradictory(&requirements) {
                for env in grid(&["H".into(), "W".into(), "n".into()].into(), 1, 9) {
                    let met = requirements.iter().all(|one| one.holds(&env) == Some(true));
                    prop_assert!(!met, "{:?} meets {:?}", env, requirements);
                }
            }
        }
    }
}
