//! Dimension variables that are probably one, written in two ways.

use std::collections::{BTreeMap, HashSet};

use crate::check::inputs::variables;
use crate::check::repair::occurrences;
use crate::check::wording::advice;
use crate::diag::{Diagnostic, suggest};
use crate::syntax::ast::{Definition, ExprKind, ShapeExpr, StatementKind};
use crate::text::{Name, Span};

/// Variables of one body that are compared with each other; nobody writes more by hand.
const MOST: usize = 200;

/// Finds each variable that is written once and nearly called as another.
pub fn look(definition: &Definition, out: &mut Vec<Diagnostic>) {
    let parameters: HashSet<&str> = (definition.parameters.iter())
        .map(|parameter| &*parameter.name.value)
        .collect();
    let known = variables(definition, |name| parameters.contains(name));
    if known.len() > MOST {
        return;
    }
    let mut places: BTreeMap<Name, Vec<Span>> = BTreeMap::new();
    occurrences(definition, &mut |expr, _| {
        if let ExprKind::Name(name) = &expr.kind {
            places.entry(name.clone()).or_default().push(expr.span);
        }
    });
    let inputs: Vec<&ShapeExpr> = (definition.body.statements.iter())
        .filter_map(|statement| match &statement.kind {
            StatementKind::Input { shape, .. } => Some(shape),
            _ => None,
        })
        .collect();
    // Names in one shape are told apart by whoever wrote it.
    let together = |one: &[Span], other: &[Span]| {
        inputs.iter().any(|shape| {
            let holds =
                |spans: &[Span]| spans.iter().any(|span| shape.span.to(*span) == shape.span);
            holds(one) && holds(other)
        })
    };
    for variable in &known {
        let Some([only]) = places.get(&variable.value).map(Vec::as_slice) else {
            continue;
        };
        let other = known.iter().find(|other| {
            let spans = places.get(&other.value).map_or(&[][..], Vec::as_slice);
            near(&variable.value, &other.value)
                && !together(&[*only], spans)
                // Of two that are written once each, the first is taken at its word.
                && (spans.len() > 1 || other.span.start < variable.span.start)
        });
        if let Some(other) = other {
            let diagnostic = advice::nearly_called(variable, &other.value, other.span);
            out.push(diagnostic);
        }
    }
}

/// Whether two names differ in case only, or by one slip in three letters or more. A letter alone
/// in another case is mostly meant so (`H` and `h`), and so are a number and a plural.
fn near(a: &str, b: &str) -> bool {
    let digit = |name: &str| name.bytes().any(|byte| byte.is_ascii_digit());
    let plural = |one: &str, many: &str| many.strip_suffix(['s', 'S']) == Some(one);
    if a == b || a.len().min(b.len()) < 2 || plural(a, b) || plural(b, a) {
        return false;
    }
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    a.len().min(b.len()) >= 3 && !digit(a) && !digit(b) && suggest::one_slip(a, b)
}
