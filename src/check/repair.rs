//! What is said beside a failed claim about sizes: how a size came to be, and which change of the
//! inputs makes the claim hold.

use std::collections::{BTreeMap, BTreeSet};

use super::MAX_EDITS;
use super::build::{Mode, Walk};
use super::program::{Source, ValueId};
use super::scope::Operand;
use crate::diag::{Edit, Fix};
use crate::layers::error::{Claim, Obligation};
use crate::shape::{Dim, Verdict, divides, equal, gcd, when_equal};
use crate::syntax::ast::{Definition, Expr, ExprKind, ShapeExpr, Statement, StatementKind};
use crate::text::{Name, Span};

/// A size's history is told with this many steps at most.
const STEPS: usize = 4;

/// Statements are quoted with this many characters at most.
const QUOTED: usize = 32;

impl Walk<'_, '_> {
    /// How the sizes that fail came to be, an axis a sentence, where more than the line above
    /// had a part in it.
    pub(super) fn histories(&self, operands: &[Operand], failed: &[&Obligation]) -> Vec<String> {
        let mut told: Vec<(String, Vec<usize>, Name)> = Vec::new();
        let mut seen = BTreeSet::new();
        for obligation in failed {
            let sides = match &obligation.claim {
                Claim::Equal(left, right) => vec![left, right],
                Claim::Divides { of, .. }
                | Claim::AtLeast { of, .. }
                | Claim::AtMost { of, .. } => vec![of],
            };
            for side in sides {
                let Some((input, axis)) = side.place else {
                    continue;
                };
                let Some(operand) = operands.get(input) else {
                    continue;
                };
                if !seen.insert((operand.value, axis)) {
                    continue;
                }
                let Some(history) = self.history(operand.value, axis) else {
                    continue;
                };
                match told
                    .iter_mut()
                    .find(|(other, _, name)| *other == history && *name == operand.name)
                {
                    Some((_, axes, _)) => axes.push(axis),
                    None => told.push((history, vec![axis], operand.name.clone())),
                }
            }
        }
        told.into_iter()
            .map(|(history, axes, name)| {
                let list: Vec<String> = axes.iter().map(usize::to_string).collect();
                let word = if axes.len() == 1 { "axis" } else { "axes" };
                format!("{word} {} of `{name}`: {history}", list.join(" and "))
            })
            .collect()
    }

    /// "32, then 16 after `MaxPool(2)` (line 5), 8 after `MaxPool(2)` (line 6)"
    fn history(&self, value: ValueId, axis: usize) -> Option<String> {
        // The last size behind each statement, latest first.
        let mut steps: Vec<(Span, Dim)> = Vec::new();
        let mut at = value;
        let mut first = self.ty(at)?.shape.dims().get(axis)?.clone();
        while let Source::Layer(layer, _) = self.values[at.0 as usize].source {
            let layer = &self.layers[layer];
            let Some(input) = layer.inputs.first().copied() else {
                break;
            };
            let (before, after) = (&self.ty(input)?.shape, &self.ty(at)?.shape);
            if before.rank() != after.rank() {
                break;
            }
            if before[axis] != after[axis] {
                let place = layer.via.first().copied().unwrap_or(layer.span);
                if steps.last().is_none_or(|(other, _)| *other != place) {
                    steps.push((place, after[axis].clone()));
                }
                first = before[axis].clone();
            }
            at = input;
        }
        if steps.is_empty() {
            return None;
        }
        steps.reverse();
        let mut parts: Vec<String> = steps
            .iter()
            .map(|(place, size)| {
                let start = self.checker.sources.start(*place);
                format!("{size} after {} (line {})", self.quote(*place), start.line)
            })
            .collect();
        if parts.len() > STEPS {
            let cut = parts.len() - STEPS;
            parts.splice(1..=cut, ["…".to_owned()]);
        }
        Some(format!("{first}, then {}", parts.join(", ")))
    }

    /// The statement at `span` in a few words: its label, else its layer with the arguments.
    pub(super) fn quote(&self, span: Span) -> String {
        let text = self.checker.sources.slice(span);
        let line = text.lines().next().unwrap_or_default();
        let word = line
            .split(|ch: char| !ch.is_alphanumeric() && ch != '_')
            .next();
        let word = word.unwrap_or_default();
        if line[word.len()..].trim_start().starts_with(':') {
            return format!("`{word}`");
        }
        let bare = line.split("->").next().unwrap_or(line);
        let bare = bare.split(" from ").next().unwrap_or(bare).trim();
        if bare.chars().count() > QUOTED {
            return format!("`{word}`");
        }
        format!("`{bare}`")
    }

    /// A change of the model's dimension variables under which all of `failed` hold: a variable
    /// that has to be a multiple of k becomes k times a variable, one that has to be a number
    /// becomes that number. Only what is then proved is proposed.
    pub(super) fn input_fix(&mut self, failed: &[&Obligation]) -> Option<Fix> {
        if self.mode != Mode::Model || self.checker.trial.is_some() {
            return None;
        }
        self.tried_fix(failed).or_else(|| self.proved_fix(failed))
    }

    /// A change that is proved for `failed` alone.
    fn proved_fix(&self, failed: &[&Obligation]) -> Option<Fix> {
        let mut multiples: BTreeMap<Name, i128> = BTreeMap::new();
        let mut numbers: BTreeMap<Name, i128> = BTreeMap::new();
        for obligation in failed {
            match &obligation.claim {
                Claim::Equal(left, right) => {
                    for (name, modulus, residues) in when_equal(&left.dim, &right.dim, &self.bounds)
                    {
                        if residues != [0] {
                            return None;
                        }
                        add_multiple(&mut multiples, name, modulus)?;
                    }
                    let pair = match (left.dim.as_var(), right.dim.as_var()) {
                        (Some(name), None) => right.dim.as_const().map(|n| (name, n)),
                        (None, Some(name)) => left.dim.as_const().map(|n| (name, n)),
                        _ => None,
                    };
                    if let Some((name, number)) = pair
                        && numbers.insert(name.clone(), number).unwrap_or(number) != number
                    {
                        return None;
                    }
                }
                Claim::Divides { divisor, of } => {
                    let rest = of.dim.rem(*divisor).ok()?;
                    for (name, modulus, residues) in
                        when_equal(&rest, &Dim::constant(0), &self.bounds)
                    {
                        if residues != [0] {
                            return None;
                        }
                        add_multiple(&mut multiples, name, modulus)?;
                    }
                }
                _ => return None,
            }
        }
        let mut new = self.renamed(&multiples)?;
        for (name, number) in &numbers {
            if *number < 1 || new.contains_key(name) {
                return None;
            }
            new.insert(name.clone(), (Dim::constant(*number), number.to_string()));
        }
        if new.is_empty() || new.keys().any(|name| self.unset.contains(name)) {
            return None;
        }
        let map: BTreeMap<Name, Dim> = new
            .iter()
            .map(|(name, (dim, _))| (name.clone(), dim.clone()))
            .collect();
        let holds = failed.iter().all(|obligation| match &obligation.claim {
            Claim::Equal(left, right) => match (left.dim.subst(&map), right.dim.subst(&map)) {
                (Ok(left), Ok(right)) => {
                    matches!(equal(&left, &right, &self.bounds), Verdict::Proved)
                }
                _ => false,
            },
            Claim::Divides { divisor, of } => match of.dim.subst(&map) {
                Ok(of) => matches!(divides(*divisor, &of, &self.bounds), Verdict::Proved),
                Err(_) => false,
            },
            _ => false,
        });
        if !holds {
            return None;
        }
        Some(Fix {
            title: title(&multiples, &numbers),
            edits: self.edits(&new)?,
        })
    }

    /// The change that makes each variable such a multiple of another.
    pub(super) fn multiples_fix(&self, multiples: &BTreeMap<Name, i128>) -> Option<Fix> {
        Some(Fix {
            title: title(multiples, &BTreeMap::new()),
            edits: self.edits(&self.renamed(multiples)?)?,
        })
    }

    /// For each variable that becomes a multiple, the new size and how it is written: `2*h`, with
    /// the lower-case name where that is free.
    fn renamed(&self, multiples: &BTreeMap<Name, i128>) -> Option<BTreeMap<Name, (Dim, String)>> {
        let definition = self.definition;
        let mut new: BTreeMap<Name, (Dim, String)> = BTreeMap::new();
        for (name, factor) in multiples {
            let lower = name.to_lowercase();
            let free = lower != **name
                && !self
                    .checker
                    .sources
                    .slice(definition.body.span)
                    .split(|ch: char| !ch.is_alphanumeric() && ch != '_')
                    .any(|word| word == lower);
            let inner: Name = if free { lower.into() } else { name.clone() };
            let dim = Dim::var(inner.clone()).times(*factor).ok()?;
            new.insert(name.clone(), (dim, format!("{factor}*{inner}")));
        }
        Some(new)
    }

    /// The replacement of each variable of `new` wherever the model's text mentions it; `None` where
    /// that would be too much.
    fn edits(&self, new: &BTreeMap<Name, (Dim, String)>) -> Option<Vec<Edit>> {
        let mut edits = Vec::new();
        let known = self.checker.edits.get();
        if known > MAX_EDITS {
            return None;
        }
        occurrences(self.definition, &mut |expr, whole| {
            if let ExprKind::Name(name) = &expr.kind
                && let Some((dim, text)) = new.get(name)
            {
                let text = match whole || dim.as_const().is_some() {
                    true => text.clone(),
                    false => format!("({text})"),
                };
                edits.push(Edit {
                    span: expr.span,
                    text,
                });
            }
        });
        self.checker.edits.set(known + edits.len());
        Some(edits)
    }
}

/// Makes the number of `name` in `multiples` the least that is also a multiple of `factor`; `None`
/// when it is beyond what can be computed.
pub(super) fn add_multiple(
    multiples: &mut BTreeMap<Name, i128>,
    name: Name,
    factor: i128,
) -> Option<()> {
    let known = multiples.get(&name).copied().unwrap_or(1);
    let least = (known / gcd(known, factor)).checked_mul(factor)?;
    multiples.insert(name, least);
    Some(())
}

/// "take only an even `H` and `W`", "make `C` 64"
fn title(multiples: &BTreeMap<Name, i128>, numbers: &BTreeMap<Name, i128>) -> String {
    let mut parts = Vec::new();
    let factors: BTreeSet<i128> = multiples.values().copied().collect();
    for factor in factors {
        let names: Vec<String> = multiples
            .iter()
            .filter(|(_, other)| **other == factor)
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let names = names.join(" and ");
        parts.push(match factor {
            2 => format!("take only an even {names}"),
            _ => format!("take only multiples of {factor} as {names}"),
        });
    }
    parts.extend(numbers.iter().map(|(name, n)| format!("make `{name}` {n}")));
    parts.join(", ")
}

/// Shows every expression of the body to `see`, outermost first, and whether it stands alone.
pub(super) fn occurrences(definition: &Definition, see: &mut dyn FnMut(&Expr, bool)) {
    fn inside(expr: &Expr, whole: bool, see: &mut dyn FnMut(&Expr, bool)) {
        see(expr, whole);
        match &expr.kind {
            ExprKind::Negate(inner) => inside(inner, false, see),
            ExprKind::Binary { left, right, .. } => {
                inside(left, false, see);
                inside(right, false, see);
            }
            ExprKind::Call { arguments, .. } => {
                arguments.iter().for_each(|item| inside(item, true, see));
            }
            ExprKind::Tuple(items) | ExprKind::Array(items) => {
                items.iter().for_each(|item| inside(item, true, see));
            }
            _ => {}
        }
    }
    fn dims(shape: Option<&ShapeExpr>, see: &mut dyn FnMut(&Expr, bool)) {
        for dim in shape.iter().flat_map(|shape| &shape.dims) {
            inside(dim, true, see);
        }
    }
    fn walk(statements: &[Statement], see: &mut dyn FnMut(&Expr, bool)) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Input { shape, .. } => dims(Some(shape), see),
                StatementKind::Layer(layer) => {
                    for argument in &layer.arguments {
                        inside(&argument.value, true, see);
                    }
                    dims(layer.ascription.as_ref(), see);
                }
                StatementKind::Reuse { ascription, .. } => dims(ascription.as_ref(), see),
                StatementKind::Repeat(repeat) => {
                    inside(&repeat.count, true, see);
                    walk(&repeat.body.statements, see);
                }
                StatementKind::Let { value, .. } => inside(value, true, see),
                StatementKind::Output { shape, .. } => dims(shape.as_ref(), see),
                StatementKind::Weights { .. } | StatementKind::Broken { .. } => {}
            }
        }
    }
    walk(&definition.body.statements, see);
}
