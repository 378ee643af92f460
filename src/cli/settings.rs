//! `--set NAME=VALUE`: values for a model's parameters and for dimension variables.

use std::sync::Arc;

use super::failure::Failure;
use crate::analysis::Settings;
use crate::layers::REGISTRY;
use crate::layers::value::Value;
use crate::shape::Dim;
use crate::syntax;
use crate::syntax::ast::{Expr, ExprKind};
use crate::text::FileId;

/// The settings that these arguments make.
pub fn parse(arguments: &[String]) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    for argument in arguments {
        let wrong = |why: &str| {
            Failure::usage(format!("`--set {argument}`: {why}")).help(
                "a value is a number, `true`, a string, a tuple `(2, 1)`, an array `[1, 2]` or a choice such as `same`",
            )
        };
        let (name, text) = argument
            .split_once('=')
            .ok_or_else(|| wrong("it is written NAME=VALUE"))?;
        let name = name.trim();
        let is_name = !name.is_empty()
            && !name.starts_with(|ch: char| ch.is_ascii_digit())
            && name
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        if !is_name {
            return Err(wrong(&format!("`{name}` is not a name")));
        }
        let expr = syntax::parse_expr(FileId(0), text).map_err(|fault| wrong(&fault.message))?;
        let value = value(&expr).ok_or_else(|| wrong("this is not a value"))?;
        if settings.values.iter().any(|(known, _)| **known == *name) {
            return Err(Failure::usage(format!("`{name}` is set twice")));
        }
        settings.values.push((name.into(), value));
    }
    Ok(settings)
}

/// The value of an expression that needs no names and no arithmetic but a sign.
fn value(expr: &Expr) -> Option<Value> {
    let all = |items: &[Expr]| items.iter().map(value).collect::<Option<Vec<_>>>();
    match &expr.kind {
        ExprKind::Int(number) => Some(Value::Int(Dim::constant(*number))),
        ExprKind::Float(number) => Some(Value::Float(*number)),
        ExprKind::Bool(value) => Some(Value::Bool(*value)),
        ExprKind::Str(text) => Some(Value::Str(text.clone())),
        ExprKind::Name(name) => choice(name).map(Value::Choice),
        ExprKind::Negate(inner) => match value(inner)? {
            Value::Int(dim) => Some(Value::Int(Dim::constant(dim.as_const()?.checked_neg()?))),
            Value::Float(number) => Some(Value::Float(-number)),
            _ => None,
        },
        ExprKind::Tuple(items) => all(items).map(Value::Tuple),
        ExprKind::Array(items) => all(items).map(|items| Value::Array(Arc::new(items))),
        ExprKind::Hole | ExprKind::Binary { .. } | ExprKind::Call { .. } | ExprKind::Error => None,
    }
}

/// The choice `name`, if any layer's argument takes it.
fn choice(name: &str) -> Option<&'static str> {
    REGISTRY
        .iter()
        .flat_map(|layer| layer.signature().args)
        .flat_map(|arg| arg.kind.choices())
        .copied()
        .find(|choice| *choice == name)
}
