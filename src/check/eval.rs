//! Compile-time arithmetic.

use std::sync::Arc;

use super::Walk;
use super::scope::Frame;
use super::wording::arguments as wording;
use super::wording::names;
use crate::layers::value::{MAX_NESTING, MAX_NUMBERS, MAX_TUPLE, Value};
use crate::shape::{Dim, DimError};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, Repeat, Statement, StatementKind};
use crate::text::Span;

/// How many numbers that an operator goes through count as one part of a program.
const NUMBERS: usize = 4;

/// A failure of arithmetic: what to say.
enum Failure {
    /// An operand had a diagnostic of its own.
    Silent,
    /// There is no result; a sentence without a full stop.
    Because(String),
    /// The result is beyond what can be computed.
    Dim(DimError),
    /// The symbol has no number, which is no mistake when a use or a setting will give it one;
    /// otherwise the sentence says what is wrong.
    Open(Dim, String),
}

impl From<DimError> for Failure {
    fn from(error: DimError) -> Failure {
        Failure::Dim(error)
    }
}

impl Walk<'_, '_> {
    /// The value of `expr`. Names in `choices` are looked up first. A mistake is reported and
    /// gives [`Value::Error`].
    pub fn eval(&mut self, frame: &Frame, expr: &Expr, choices: &[&'static str]) -> Value {
        match &expr.kind {
            ExprKind::Int(n) => Value::Int(Dim::constant(*n)),
            ExprKind::Float(number) => Value::Float(*number),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Str(text) => Value::Str(text.clone()),
            ExprKind::Hole => Value::Hole,
            ExprKind::Error => Value::Error,
            ExprKind::Name(name) => {
                if let Some(choice) = choices.iter().find(|choice| **choice == &**name) {
                    return Value::Choice(choice);
                }
                if let Some(constant) = frame.constant(name) {
                    constant.used.set(true);
                    return constant.value.clone();
                }
                if frame.broken.contains(name) {
                    return Value::Error;
                }
                if !frame.sizes_lost || frame.label(name).is_some() {
                    self.unknown_constant(frame, name, expr.span, choices);
                }
                Value::Error
            }
            ExprKind::Negate(inner) => {
                let value = self.eval(frame, inner, &[]);
                let negated = self.measure(&value).and_then(|()| negate(&value));
                self.settle(negated, expr.span)
            }
            ExprKind::Binary { .. } => self.chain(frame, expr),
            ExprKind::Call {
                function,
                arguments,
            } => {
                let values = self.all(frame, arguments);
                self.settle(call(function, &values), expr.span)
            }
            ExprKind::Tuple(items) => self.tuple(frame, items, expr.span),
            ExprKind::Array(items) => {
                let array = self.list(frame, items);
                let measured = self.measure(&array).map(|()| array);
                self.settle(measured, expr.span)
            }
        }
    }

    fn all(&mut self, frame: &Frame, items: &[Expr]) -> Vec<Value> {
        let items = items.iter().map(|item| self.eval(frame, item, &[]));
        items.collect()
    }

    /// Chains of one operator lean to the left; walking them in a loop keeps the stack flat.
    fn chain(&mut self, frame: &Frame, expr: &Expr) -> Value {
        let mut rights = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary { op, left, right } = &first.kind {
            rights.push((*op, &**right, first.span));
            first = left;
        }
        let mut value = self.eval(frame, first, &[]);
        let mut end = first.span.after();
        for (op, right, span) in rights.into_iter().rev() {
            let result = self.eval(frame, right, &[]);
            // Where the operator stands.
            let between = end.to(right.span.before());
            value = self.operate(op, (&value, &result), span, between);
            end = right.span.after();
        }
        value
    }

    fn operate(
        &mut self,
        op: BinaryOp,
        (left, right): (&Value, &Value),
        span: Span,
        between: Span,
    ) -> Value {
        let measured = self.measure(left).and_then(|()| self.measure(right));
        let computed = measured.and_then(|()| binary(op, left, right));
        self.settle_at(computed, span, Some(between))
    }

    fn tuple(&mut self, frame: &Frame, items: &[Expr], span: Span) -> Value {
        let tuple = Value::Tuple(self.all(frame, items));
        // A tuple is copied at each use of its name.
        let small = tuple.numbers().is_some_and(|numbers| numbers <= MAX_TUPLE);
        let result = match small {
            true => Ok(tuple),
            false => Err(Failure::Because(format!(
                "a tuple has at most {MAX_TUPLE} numbers, with those of tuples in it"
            ))),
        };
        self.settle(result, span)
    }

    /// The array of `items`, not measured yet.
    fn list(&mut self, frame: &Frame, items: &[Expr]) -> Value {
        let items = items.iter().map(|item| match &item.kind {
            ExprKind::Array(items) => self.list(frame, items),
            _ => self.eval(frame, item, &[]),
        });
        Value::Array(Arc::new(items.collect()))
    }

    /// Counts the numbers of `value` before something goes through them: a
    /// few lines can name the same numbers over and over.
    fn measure(&mut self, value: &Value) -> Result<(), Failure> {
        let numbers = value.numbers();
        self.charge(numbers.unwrap_or(MAX_NUMBERS) / NUMBERS);
        match numbers {
            Some(_) => Ok(()),
            None => Err(Failure::Because(format!(
                "an array has at most {MAX_NUMBERS} numbers, in lists that are nested at most {MAX_NESTING} deep"
            ))),
        }
    }

    /// The size that `expr` is, at least as an integer; `None` after a diagnostic.
    pub fn eval_dim(&mut self, frame: &Frame, expr: &Expr) -> Option<Dim> {
        match self.eval(frame, expr, &[]) {
            Value::Int(dim) => Some(dim),
            Value::Error => None,
            other => {
                self.report(wording::not_a_size(expr.span, &other.describe()));
                None
            }
        }
    }

    fn settle(&mut self, result: Result<Value, Failure>, span: Span) -> Value {
        self.settle_at(result, span, None)
    }

    /// See [`Walk::settle`]; `between` is what stands between two operands.
    fn settle_at(
        &mut self,
        result: Result<Value, Failure>,
        span: Span,
        between: Option<Span>,
    ) -> Value {
        match result {
            Ok(value) => value,
            Err(failure) => {
                match failure {
                    Failure::Silent => {}
                    Failure::Because(why) => self.report(wording::no_result(span, why)),
                    Failure::Dim(error) => self.report(wording::beyond(span, error)),
                    Failure::Open(dim, _)
                        if dim.vars().iter().all(|name| self.unset.contains(name)) =>
                    {
                        self.open(span, "this number", &dim);
                    }
                    Failure::Open(_, why) => {
                        let mut diagnostic = wording::no_result(span, why);
                        if let Some(between) = between {
                            let text = self.checker.sources.slice(between);
                            if text.trim() == "/" {
                                let text = text.replace('/', "//");
                                diagnostic = diagnostic.fix("divide and round down", between, text);
                            }
                        }
                        self.report(diagnostic);
                    }
                }
                Value::Error
            }
        }
    }

    /// Behind the count of the innermost `repeat` around `span`, when its turns have no number.
    fn counted_without_name(&self, span: Span) -> Option<Span> {
        fn find(statements: &[Statement], span: Span) -> Option<&Repeat> {
            let within = |outer: Span| outer.start <= span.start && span.end <= outer.end;
            statements
                .iter()
                .find_map(|statement| match &statement.kind {
                    StatementKind::Repeat(repeat) if within(repeat.body.span) => {
                        find(&repeat.body.statements, span).or(Some(repeat))
                    }
                    _ => None,
                })
        }
        let body = &self.definition.body;
        (span.file == body.span.file)
            .then(|| find(&body.statements, span))
            .flatten()
            .filter(|repeat| repeat.index.is_none())
            .map(|repeat| repeat.count.span.after())
    }

    /// Reports a name that nothing defines, once.
    fn unknown_constant(&mut self, frame: &Frame, name: &str, span: Span, choices: &[&str]) {
        if !self.undefined.insert(name.into()) {
            self.errors += 1;
            return;
        }
        let known = frame
            .scopes
            .iter()
            .flat_map(|scope| scope.consts.keys().map(|name| &**name))
            .chain(choices.iter().copied());
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let is_value = frame.label(name).is_some();
        let mut diagnostic = names::unknown_constant(span, name, &known, is_value);
        if matches!(name, "i" | "j" | "k" | "n" | "t")
            && let Some(count) = self.counted_without_name(span)
        {
            diagnostic.fixes.clear();
            diagnostic.notes.clear();
            let text = format!(" as {name}");
            diagnostic = diagnostic.fix(format!("call the turn's number `{name}`"), count, text);
        }
        self.report(diagnostic);
    }
}

fn poisoned(values: &[&Value]) -> bool {
    values.iter().any(|value| matches!(value, Value::Error))
}

fn negate(value: &Value) -> Result<Value, Failure> {
    match value {
        Value::Error => Err(Failure::Silent),
        Value::Int(dim) => Ok(Value::Int(dim.times(-1)?)),
        Value::Float(number) => Ok(Value::Float(-number)),
        Value::Array(items) => items
            .iter()
            .map(negate)
            .collect::<Result<_, _>>()
            .map(|items| Value::Array(Arc::new(items))),
        other => Err(Failure::Because(format!(
            "`-` takes a number, and this is {}",
            other.describe()
        ))),
    }
}

fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Failure> {
    if poisoned(&[left, right]) {
        return Err(Failure::Silent);
    }
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => integers(op, a, b),
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return Err(Failure::Because(format!(
                    "`{}` on two arrays works element by element, and one has {} elements, the other {}",
                    op.symbol(),
                    a.len(),
                    b.len()
                )));
            }
            let pairs = a.iter().zip(b.iter());
            let items = pairs.map(|(a, b)| binary(op, a, b));
            items
                .collect::<Result<_, _>>()
                .map(|items| Value::Array(Arc::new(items)))
        }
        (Value::Array(a), b) => {
            let items = a.iter().map(|a| binary(op, a, b));
            items
                .collect::<Result<_, _>>()
                .map(|items| Value::Array(Arc::new(items)))
        }
        (a, Value::Array(b)) => {
            let items = b.iter().map(|b| binary(op, a, b));
            items
                .collect::<Result<_, _>>()
                .map(|items| Value::Array(Arc::new(items)))
        }
        _ => match (left.as_number(), right.as_number()) {
            (Some(a), Some(b)) => floats(op, a, b),
            _ => Err(mismatch(op, left, right)),
        },
    }
}

fn mismatch(op: BinaryOp, left: &Value, right: &Value) -> Failure {
    let symbolic = [left, right].into_iter().find_map(|value| match value {
        Value::Int(dim) if dim.as_const().is_none() => Some(dim),
        _ => None,
    });
    match symbolic {
        Some(dim) if left.as_number().is_some() || right.as_number().is_some() => Failure::Open(
            dim.clone(),
            format!(
                "`{dim}` has no number yet, so only `+`, `-`, `*`, `//` and `%` with integers work on it"
            ),
        ),
        _ => Failure::Because(format!(
            "`{}` does not work on {} and {}",
            op.symbol(),
            left.describe(),
            right.describe()
        )),
    }
}

fn integers(op: BinaryOp, a: &Dim, b: &Dim) -> Result<Value, Failure> {
    let zero = || Failure::Because(format!("`{}` by 0 has no result", op.symbol()));
    let unknown = |what: &str| {
        Failure::Open(
            b.clone(),
            format!(
                "{what} must be known for `{}`, and `{b}` has no number yet",
                op.symbol()
            ),
        )
    };
    Ok(Value::Int(match op {
        BinaryOp::Add => a.add(b)?,
        BinaryOp::Sub => a.sub(b)?,
        BinaryOp::Mul => a.mul(b)?,
        BinaryOp::FloorDiv | BinaryOp::Rem => {
            let divisor = b.as_const().ok_or_else(|| unknown("the divisor"))?;
            if divisor == 0 {
                return Err(zero());
            }
            // ⌊a / −k⌋ = ⌊−a / k⌋, and a % −k = −(−a % k), as in Python.
            let (a, k) = match divisor {
                i128::MIN => return Err(Failure::Dim(DimError::Overflow)),
                k if k < 0 => (a.times(-1)?, -k),
                k => (a.clone(), k),
            };
            match op {
                BinaryOp::FloorDiv => a.floor_div(k)?,
                _ if divisor < 0 => a.rem(k)?.times(-1)?,
                _ => a.rem(k)?,
            }
        }
        BinaryOp::Div => match (a.as_const(), b.as_const()) {
            (_, Some(0)) => return Err(zero()),
            (Some(a), Some(b)) => match a.checked_rem(b) {
                Some(0) => Dim::constant(a / b),
                _ => return Ok(Value::Float(a as f64 / b as f64)),
            },
            _ => {
                let open = match a.as_const() {
                    Some(_) => b,
                    None if b.as_const().is_none() => &a.add(b)?,
                    None => a,
                };
                return Err(Failure::Open(
                    open.clone(),
                    format!("`{a} / {b}` has no number yet; `//` divides sizes and rounds down"),
                ));
            }
        },
        BinaryOp::Pow => {
            let exponent = b.as_const().ok_or_else(|| unknown("the exponent"))?;
            match (u32::try_from(exponent), a.as_const()) {
                (Ok(exponent), _) => a.pow(exponent)?,
                (Err(_), Some(base)) if exponent < 0 => {
                    return floats(op, base as f64, exponent as f64);
                }
                _ => return Err(Failure::Dim(DimError::Overflow)),
            }
        }
    }))
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Result<Value, Failure> {
    if b == 0.0 && matches!(op, BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem) {
        return Err(Failure::Because(format!(
            "`{}` by 0 has no result",
            op.symbol()
        )));
    }
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::FloorDiv => (a / b).floor(),
        BinaryOp::Rem => a - b * (a / b).floor(),
        BinaryOp::Pow => a.powf(b),
    };
    if result.is_finite() {
        Ok(Value::Float(result))
    } else {
        Err(Failure::Because(format!(
            "`{a} {} {b}` is not a finite number",
            op.symbol()
        )))
    }
}

fn call(function: &Ident, values: &[Value]) -> Result<Value, Failure> {
    if values.iter().any(|value| matches!(value, Value::Error)) {
        return Err(Failure::Silent);
    }
    let smallest = match &*function.value {
        "min" => true,
        "max" => false,
        other => {
            return Err(Failure::Because(format!(
                "there is no function `{other}`; expressions have `min` and `max`"
            )));
        }
    };
    let mut best: Option<(f64, &Value)> = None;
    for value in values {
        let Some(number) = value.as_number() else {
            let why = format!(
                "`{}` takes numbers that are known, and this is {}",
                function.value,
                value.describe()
            );
            return Err(match value {
                Value::Int(dim) => Failure::Open(dim.clone(), why),
                _ => Failure::Because(why),
            });
        };
        if best.is_none_or(|(found, _)| {
            if smallest {
                number < found
            } else {
                number > found
            }
        }) {
            best = Some((number, value));
        }
    }
    match best {
        Some((_, value)) => Ok(value.clone()),
        None => Err(Failure::Because(format!(
            "`{}` takes at least one number",
            function.value
        ))),
    }
}
