//! Changes of a model's inputs that are tried on the whole model before they are proposed.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Mode, Walk};
use super::repair::add_multiple;
use crate::diag::Fix;
use crate::layers::error::{Claim, Obligation};
use crate::shape::{Dim, gcd, periods};
use crate::text::Name;

/// How many changes are tried for all errors of a program.
const MOST: usize = 24;

/// Models with more applications than this are not checked again for a proposal.
const LARGEST: usize = 2_000;

impl Walk<'_, '_> {
    /// The least multiple that the model's dimension variables must be for the whole model to
    /// check: the divisors of the periods with which the sizes of `failed` repeat are tried.
    pub(super) fn tried_fix(&mut self, failed: &[&Obligation]) -> Option<Fix> {
        if self.mode != Mode::Model || self.layers.len() > LARGEST || self.checker.trial.is_some() {
            return None;
        }
        let mut repeats: BTreeMap<Name, i128> = BTreeMap::new();
        for obligation in failed {
            let (sides, factor): (Vec<&Dim>, i128) = match &obligation.claim {
                Claim::Equal(left, right) => (vec![&left.dim, &right.dim], 1),
                Claim::Divides { divisor, of } => (vec![&of.dim], *divisor),
                Claim::AtLeast { .. } | Claim::AtMost { .. } => continue,
            };
            for dim in sides {
                let mut found = periods(dim);
                if factor > 1 {
                    for name in dim.vars() {
                        found.entry(name).or_insert(1);
                    }
                }
                for (name, period) in found {
                    add_multiple(&mut repeats, name, period.checked_mul(factor)?)?;
                }
            }
        }
        repeats.retain(|name, period| *period > 1 && !self.unset.contains(name));
        let most = repeats.values().copied().max()?;
        if most > 4_096 {
            return None;
        }
        let divisors = (2..=most).filter(|k| most % k == 0);
        let mut seen: BTreeSet<Vec<i128>> = BTreeSet::new();
        for k in divisors {
            let factors: BTreeMap<Name, i128> = repeats
                .iter()
                .map(|(name, period)| (name.clone(), gcd(k, *period)))
                .filter(|(_, factor)| *factor > 1)
                .collect();
            if !seen.insert(factors.values().copied().collect()) {
                continue;
            }
            if self.checker.trials >= MOST {
                return None;
            }
            self.checker.trials += 1;
            if self.holds_with(&factors) {
                return self.multiples_fix(&factors);
            }
        }
        None
    }

    /// Whether the whole model checks when each variable is such a multiple of another.
    fn holds_with(&mut self, factors: &BTreeMap<Name, i128>) -> bool {
        let mut trial = BTreeMap::new();
        for (name, factor) in factors {
            match Dim::var(name.clone()).times(*factor) {
                Ok(dim) => trial.insert(name.clone(), dim),
                Err(_) => return false,
            };
        }
        let checker = &mut *self.checker;
        let told = checker.diagnostics.len();
        let counts = (checker.told, checker.told_of_claims);
        let failed = std::mem::replace(&mut checker.failed, self.failed_before.clone());
        let warned = checker.warned.clone();
        let size = (checker.steps, checker.parts, checker.too_large);
        checker.trial = Some(trial);
        let holds = !Walk::model(checker, self.definition).has_errors;
        checker.trial = None;
        checker.diagnostics.truncate(told);
        (checker.told, checker.told_of_claims) = counts;
        checker.failed = failed;
        checker.warned = warned;
        (checker.steps, checker.parts, checker.too_large) = size;
        holds
    }
}
