//! Inputs of a body: their dimension variables, and whether data can bind them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::blocks::Actual;
use super::build::Walk;
use super::program::{Input, Source};
use super::scope::{ConstKind, Current, Entity, EntityKind, Frame, Operand};
use super::wording::{contradictions, names, shapes};
use crate::layers::def::TensorType;
use crate::layers::error::{Blame, Claim, Obligation, Side};
use crate::shape::{Bound, Dim, Shape, at_least, at_most};
use crate::syntax::ast::{Definition, Expr, ExprKind, Ident, ShapeExpr, StatementKind};
use crate::tensor::DType;
use crate::text::{Name, Span, Spanned};

/// The names in the inputs' shapes that nothing else defines, in order. `taken` tells names that
/// are defined before the body.
pub fn variables(definition: &Definition, taken: impl Fn(&str) -> bool) -> Vec<Spanned<Name>> {
    fn walk(expr: &Expr, see: &mut dyn FnMut(&Name, Span)) {
        match &expr.kind {
            ExprKind::Name(name) => see(name, expr.span),
            ExprKind::Negate(inner) => walk(inner, see),
            ExprKind::Binary { left, right, .. } => {
                walk(left, see);
                walk(right, see);
            }
            ExprKind::Call { arguments, .. } => arguments.iter().for_each(|a| walk(a, see)),
            ExprKind::Tuple(items) | ExprKind::Array(items) => {
                items.iter().for_each(|item| walk(item, see));
            }
            _ => {}
        }
    }
    let mut lets: HashSet<&str> = HashSet::new();
    let mut seen: HashSet<Name> = HashSet::new();
    let mut found = Vec::new();
    for statement in &definition.body.statements {
        match &statement.kind {
            StatementKind::Let { name, .. } => {
                lets.insert(&name.value);
            }
            StatementKind::Input { shape, .. } => {
                for dim in &shape.dims {
                    walk(dim, &mut |name, span| {
                        if !taken(name) && !lets.contains(&**name) && seen.insert(name.clone()) {
                            found.push(Spanned {
                                value: name.clone(),
                                span,
                            });
                        }
                    });
                }
            }
            _ => {}
        }
    }
    found
}

/// The sizes of a block's dimension variables, and the claims that are left.
type Unified = (HashMap<Name, Dim>, Vec<Obligation>);

impl Walk<'_, '_> {
    /// `input name: dtype[shape]`
    pub(super) fn input(
        &mut self,
        frame: &mut Frame,
        statement: Span,
        name: &Ident,
        dtype: Option<&Ident>,
        shape: &ShapeExpr,
        actual: Option<&Actual>,
    ) {
        let errors = self.errors;
        let dtype = match dtype {
            None => Some(DType::F32),
            Some(word) => {
                let known = DType::from_name(&word.value);
                if known.is_none() && frame.home {
                    self.report(names::unknown_dtype(word.span, &word.value));
                }
                known
            }
        };
        let value = match actual {
            Some(actual) => actual.value,
            None => {
                let dims: Option<Vec<Dim>> = shape
                    .dims
                    .iter()
                    .map(|dim| self.eval_dim(frame, dim))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .collect();
                let ty = dims
                    .zip(dtype)
                    .map(|(dims, dtype)| TensorType::new(dtype, Shape(dims)));
                if let Some(ty) = &ty {
                    self.sizes_at_least_one(frame, statement, shape, ty);
                }
                let ty = ty.filter(|_| self.errors == errors);
                let source = match ty {
                    Some(_) => Source::Input(self.inputs.len()),
                    None => Source::Error,
                };
                let value = self.value(name.value.clone(), ty, source, name.span);
                self.inputs.push(Input {
                    name: name.clone(),
                    value,
                    shape_span: shape.span,
                });
                value
            }
        };
        frame.muddied |= self.errors > errors;
        let broken = |dim: &Expr| matches!(dim.kind, ExprKind::Error);
        frame.sizes_lost |= shape.dims.iter().any(broken);
        if !self.define(frame, name, statement, EntityKind::Input(value)) {
            return;
        }
        let operand = Operand {
            value,
            name: name.value.clone(),
            made: statement,
            asked: None,
        };
        frame.add_result(statement, name.value.clone());
        frame.current = match std::mem::replace(&mut frame.current, Current::Nothing) {
            Current::Inputs(mut inputs) => {
                inputs.push(operand);
                Current::Inputs(inputs)
            }
            Current::Value(above) if self.is_input(frame, &above) => {
                Current::Inputs(vec![above, operand])
            }
            _ => Current::Value(operand),
        };
    }

    fn is_input(&self, frame: &Frame, operand: &Operand) -> bool {
        frame.label(&operand.name).is_some_and(|entity| {
            entity.span == operand.made && matches!(entity.kind, EntityKind::Input(_))
        })
    }

    /// Every size of an input is at least 1, which may demand more of its variables.
    fn sizes_at_least_one(
        &mut self,
        frame: &Frame,
        statement: Span,
        shape: &ShapeExpr,
        ty: &TensorType,
    ) {
        let obligations = ty.shape.iter().enumerate().filter_map(|(axis, dim)| {
            let plain = dim.as_var().is_some() || dim.as_const().is_some_and(|n| n >= 1);
            (!plain).then(|| Obligation {
                claim: Claim::AtLeast {
                    of: Side::other(format!("axis {axis}"), dim.clone()),
                    low: 1,
                },
                rule: "every size of an input is at least 1".into(),
                blame: Blame::Layer,
            })
        });
        let obligations: Vec<_> = obligations.collect();
        let failures = self.discharge(frame, &obligations, statement);
        if let Some((at, failure)) = failures.first() {
            let claim = &obligations[*at].claim;
            let Claim::AtLeast { of, .. } = claim else {
                return;
            };
            let axis = ty.shape.iter().position(|dim| *dim == of.dim).unwrap_or(0);
            let span = shape.dims[axis].span;
            if let Some(conflict) = &failure.conflict {
                let why = contradictions::needed(claim, &[]);
                self.report(contradictions::no_sizes(span, conflict, why));
                return;
            }
            self.report(shapes::input_below_one(
                span,
                &of.dim,
                failure.example.as_ref(),
            ));
        }
    }

    /// Reports dimension variables that the shapes of inputs mention but cannot give.
    pub(super) fn unbindable(&mut self, frame: &Frame) {
        let mut bound: BTreeSet<Name> = self.unset.clone();
        let mut dims: Vec<Dim> = Vec::new();
        for input in &self.inputs {
            match self.ty(input.value) {
                Some(ty) => dims.extend(ty.shape.iter().cloned()),
                None => return,
            }
        }
        loop {
            let before = bound.len();
            for dim in &dims {
                if let Some(linear) = dim.linear_in(&bound)
                    && self.never_zero(&linear.scale)
                {
                    bound.insert(linear.var);
                }
            }
            if bound.len() == before {
                break;
            }
        }
        let mut left: Vec<(Span, Name)> = Vec::new();
        for (name, constant) in &frame.scopes[0].consts {
            let is_symbol = constant.what == ConstKind::Variable
                && constant.value == crate::layers::value::Value::Int(Dim::var(name.clone()));
            if is_symbol && !bound.contains(name) {
                left.push((constant.span, name.clone()));
            }
        }
        left.sort();
        if let Some((span, _)) = left.first() {
            let mut unbound: Vec<Name> = left.iter().map(|(_, name)| name.clone()).collect();
            unbound.dedup();
            let holder = dims
                .iter()
                .find(|dim| unbound.iter().any(|name| dim.vars().contains(name)));
            self.report(names::unbindable(*span, &unbound, holder));
        }
    }

    /// Whether a size by which a variable is multiplied is not 0 for any sizes that are allowed.
    fn never_zero(&self, scale: &Dim) -> bool {
        at_least(scale, 1, &self.bounds) == Bound::Proved
            || at_most(scale, -1, &self.bounds) == Bound::Proved
    }

    /// Binds a block's dimension variables from the values that a use brings. The claims that
    /// are left say, for each input and axis, what must hold; an axis that gives no whole size
    /// is an error, of that input and in a sentence.
    pub(super) fn unify(
        &mut self,
        inputs: &[(Shape, &ShapeExpr)],
        actuals: &[Option<TensorType>],
        variables: &[Spanned<Name>],
    ) -> Result<Unified, (usize, String)> {
        let own: HashMap<Name, Name> = variables
            .iter()
            .map(|variable| (hygienic(&variable.value), variable.value.clone()))
            .collect();
        let mut solved: BTreeMap<Name, Dim> = BTreeMap::new();
        let mut obligations = Vec::new();
        let mut pending: Vec<(usize, usize)> = Vec::new();
        let mut broken = None;
        for (at, (shape, _)) in inputs.iter().enumerate() {
            if actuals.get(at).is_some_and(Option::is_some) {
                pending.extend((0..shape.rank()).map(|axis| (at, axis)));
            }
        }
        loop {
            let before = pending.len();
            pending.retain(|&(at, axis)| {
                let formal = &inputs[at].0[axis];
                let Some(actual) = actuals[at].as_ref().map(|ty| &ty.shape[axis]) else {
                    return false;
                };
                let mut bound = formal.vars();
                bound.retain(|name| solved.contains_key(name) || !own.contains_key(name));
                if bound.len() == formal.vars().len() {
                    if let Ok(formal) = formal.subst(&solved) {
                        obligations.push(Obligation {
                            claim: Claim::Equal(
                                Side::axis(at, axis, actual),
                                Side::other("the block's input", formal),
                            ),
                            rule: "a value has the sizes that the block says".into(),
                            blame: Blame::Input(at),
                        });
                    }
                    return false;
                }
                let Some(linear) = formal.linear_in(&bound) else {
                    return true;
                };
                let plain: BTreeMap<Name, Dim> = own
                    .iter()
                    .map(|(hidden, name)| (hidden.clone(), Dim::var(name.clone())))
                    .collect();
                let written = formal.subst(&plain).unwrap_or_else(|_| formal.clone());
                let rule = format!("axis {axis} is `{actual}` where the block says `{written}`");
                let part = linear.offset.subst(&solved).and_then(|offset| {
                    let scale = linear.scale.subst(&solved)?;
                    let rest = actual.sub(&offset)?;
                    match scale.as_const() {
                        Some(..0) => Ok((rest.times(-1)?, scale.times(-1)?)),
                        _ => Ok((rest, scale)),
                    }
                });
                let Ok((mut part, scale)) = part else {
                    broken.get_or_insert((at, format!("{rule}, which is beyond what is computed")));
                    return false;
                };
                let divisor = match scale.as_const() {
                    Some(divisor) if divisor > 0 => divisor,
                    _ => match part.exact_div(&scale) {
                        Some(quotient) => {
                            part = quotient;
                            1
                        }
                        None => {
                            let why = format!("`{part}` is not always a multiple of `{scale}`");
                            broken.get_or_insert((at, format!("{rule}, and {why}")));
                            return false;
                        }
                    },
                };
                if divisor > 1 {
                    obligations.push(Obligation {
                        claim: Claim::Divides {
                            divisor,
                            of: Side {
                                dim: part.clone(),
                                what: format!("axis {axis}").into(),
                                place: Some((at, axis)),
                            },
                        },
                        rule: rule.clone().into(),
                        blame: Blame::Input(at),
                    });
                }
                let Ok(value) = part.floor_div(divisor) else {
                    return false;
                };
                if value.as_var().is_none() {
                    obligations.push(Obligation {
                        claim: Claim::AtLeast {
                            of: Side {
                                dim: value.clone(),
                                what: format!("`{}`", own[&linear.var]).into(),
                                place: Some((at, axis)),
                            },
                            low: 1,
                        },
                        rule: rule.into(),
                        blame: Blame::Input(at),
                    });
                }
                solved.insert(linear.var, value);
                false
            });
            if pending.len() == before {
                break;
            }
        }
        if let Some(broken) = broken {
            return Err(broken);
        }
        let values = solved
            .into_iter()
            .map(|(name, dim)| (own[&name].clone(), dim))
            .collect();
        Ok((values, obligations))
    }
}

/// The name of a block's variable while it is told apart from the caller's of the same name.
pub fn hygienic(name: &str) -> Name {
    format!("'{name}").into()
}

impl Walk<'_, '_> {
    /// Defines a label or an input of the innermost scope; a name that is there already is
    /// reported.
    pub(super) fn define(
        &mut self,
        frame: &mut Frame,
        name: &Ident,
        statement: Span,
        kind: EntityKind,
    ) -> bool {
        if let Some(first) = frame.label(&name.value) {
            let first = first.span;
            if frame.home && self.checker.failed.insert(statement) {
                let first = self.name_span(first, &name.value);
                self.report(names::twice(name.span, &name.value, first, "value"));
            }
            return false;
        }
        frame.scope().labels.insert(
            name.value.clone(),
            Entity {
                kind,
                span: statement,
            },
        );
        true
    }

    /// Where `name` stands in `statement`, which begins with it or with a keyword before it.
    fn name_span(&self, statement: Span, name: &str) -> Span {
        let text = self.checker.sources.slice(statement);
        match text.find(name) {
            Some(at) => Span {
                start: statement.start + at as u32,
                end: statement.start + (at + name.len()) as u32,
                ..statement
            },
            None => statement,
        }
    }
}
