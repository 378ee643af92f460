//! Expressions: operators and operands in a row become a tree.
//!
//! Precedence, lowest first: `+ -`, then `* / // %`, then `-` of one value, then `**`, which takes
//! its right side first. So `-2**2` is −4 and `2**-1` is a half.

use pest::iterators::Pair;

use super::ast::{BinaryOp, Expr, ExprKind};
use super::parse::{Reader, Rule};
use crate::diag::syntax as wording;
use crate::text::{Name, Span, Spanned};

/// An operator that waits for its right side.
enum Waiting {
    Negate(Span),
    Binary(BinaryOp),
}

impl Waiting {
    fn strength(&self) -> u8 {
        match self {
            Waiting::Binary(op) => strength(*op),
            Waiting::Negate(_) => 3,
        }
    }
}

fn strength(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Add | BinaryOp::Sub => 1,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem => 2,
        BinaryOp::Pow => 4,
    }
}

/// Takes the last operator and its operands, and puts back what they make.
fn reduce(operands: &mut Vec<Expr>, operator: Waiting) {
    let mut operand = || {
        operands
            .pop()
            .expect("the grammar gives each operator its operands")
    };
    let expr = match operator {
        Waiting::Negate(at) => {
            let value = operand();
            Expr {
                span: at.to(value.span),
                kind: ExprKind::Negate(Box::new(value)),
            }
        }
        Waiting::Binary(op) => {
            let right = operand();
            let left = operand();
            Expr {
                span: left.span.to(right.span),
                kind: ExprKind::Binary {
                    op,
                    left: Box::new(left),
                    right: Box::new(right),
                },
            }
        }
    };
    operands.push(expr);
}

impl<'p> Reader<'p> {
    /// A whole expression. Recursion is as deep as its brackets, which the scan bounds.
    pub(super) fn expr(&mut self, pair: Pair<'p, Rule>) -> Expr {
        let mut operands: Vec<Expr> = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::prefix => waiting.push(Waiting::Negate(self.span(&part))),
                Rule::infix => {
                    let op = self.infix(&part);
                    // To the right: another `**` waits for its own right side first.
                    let tighter = |held: &Waiting| match op {
                        BinaryOp::Pow => held.strength() > strength(op),
                        _ => held.strength() >= strength(op),
                    };
                    while let Some(held) = waiting.pop_if(|held| tighter(held)) {
                        reduce(&mut operands, held);
                    }
                    waiting.push(Waiting::Binary(op));
                }
                Rule::call => {
                    let name = operands.pop().expect("a call follows its name");
                    operands.push(self.applied(name, part));
                }
                _ => operands.push(self.term(part)),
            }
        }
        while let Some(held) = waiting.pop() {
            reduce(&mut operands, held);
        }
        operands.pop().expect("an expression has an operand")
    }

    fn infix(&mut self, pair: &Pair<'p, Rule>) -> BinaryOp {
        match pair.as_str().trim_end() {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            "//" => BinaryOp::FloorDiv,
            "%" => BinaryOp::Rem,
            "**" => BinaryOp::Pow,
            _ => {
                self.faults.push(wording::caret(self.span(pair)));
                BinaryOp::Pow
            }
        }
    }

    /// An operand.
    pub(super) fn term(&mut self, pair: Pair<'p, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::number => self.number(pair.as_str(), span),
            Rule::string | Rule::slip_quotes => ExprKind::Str(self.string(&pair)),
            Rule::name => self.name(pair.as_str(), span),
            Rule::array => ExprKind::Array(self.exprs(pair)),
            Rule::group => return self.group(pair, span),
            _ => {
                let found = pair.as_str();
                self.faults
                    .push(wording::number(span, found, right_number(found).as_deref()));
                ExprKind::Error
            }
        };
        Expr { kind, span }
    }

    /// The call of the function that was read as `name`.
    fn applied(&mut self, name: Expr, pair: Pair<'p, Rule>) -> Expr {
        let span = name.span.to(self.span(&pair));
        let function = Spanned {
            value: self.slice(name.span).into(),
            span: name.span,
        };
        Expr {
            kind: ExprKind::Call {
                function,
                arguments: self.exprs(pair),
            },
            span,
        }
    }

    fn exprs(&mut self, pair: Pair<'p, Rule>) -> Vec<Expr> {
        pair.into_inner().map(|part| self.expr(part)).collect()
    }

    /// Parentheses: a tuple, or one value with the parentheses in its span.
    fn group(&mut self, pair: Pair<'p, Rule>, span: Span) -> Expr {
        let mut values = Vec::new();
        let mut comma = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::comma => comma = true,
                _ => values.push(self.expr(part)),
            }
        }
        match values.pop() {
            Some(value) if values.is_empty() && !comma => Expr {
                kind: value.kind,
                span,
            },
            last => {
                values.extend(last);
                Expr {
                    kind: ExprKind::Tuple(values),
                    span,
                }
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) -> ExprKind {
        match name {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "_" => ExprKind::Hole,
            "True" | "TRUE" => {
                self.faults.push(wording::foreign_truth(span, name, "true"));
                ExprKind::Bool(true)
            }
            "False" | "FALSE" => {
                self.faults
                    .push(wording::foreign_truth(span, name, "false"));
                ExprKind::Bool(false)
            }
            "None" => {
                self.faults.push(wording::none(span, self.axis));
                ExprKind::Error
            }
            _ => ExprKind::Name(name.into()),
        }
    }

    fn number(&mut self, text: &str, span: Span) -> ExprKind {
        let integer = text.bytes().all(|byte| byte.is_ascii_digit());
        let value = if integer {
            text.parse().ok().map(ExprKind::Int)
        } else {
            let value: Option<f64> = text.parse().ok();
            value.filter(|value| value.is_finite()).map(ExprKind::Float)
        };
        value.unwrap_or_else(|| {
            self.faults.push(wording::number_too_large(span, integer));
            ExprKind::Error
        })
    }

    /// A string's content, its escapes resolved; an unknown escape stays as it is written.
    pub(super) fn string(&mut self, pair: &Pair<'p, Rule>) -> Name {
        let text = pair.as_str();
        let content = &text[1..text.len() - 1];
        if pair.as_rule() == Rule::slip_quotes {
            self.faults
                .push(wording::single_quotes(self.span(pair), content));
            return content.into();
        }
        if !content.contains('\\') {
            return content.into();
        }
        let start = pair.as_span().start() + 1;
        let mut resolved = String::with_capacity(content.len());
        let mut rest = content;
        while let Some(at) = rest.find('\\') {
            resolved.push_str(&rest[..at]);
            let escape = &rest[at..];
            let (character, length) = resolve(escape);
            match character {
                Some(character) => resolved.push(character),
                None => {
                    let from = start + (content.len() - escape.len());
                    let span = self.at(from, from + length);
                    self.faults.push(wording::escape(span, &escape[..length]));
                    resolved.push_str(&escape[..length]);
                }
            }
            rest = &escape[length..];
        }
        resolved.push_str(rest);
        resolved.into()
    }
}

/// The character that the escape at the start of `text` stands for, and how long it is in bytes.
fn resolve(text: &str) -> (Option<char>, usize) {
    let Some(kind) = text[1..].chars().next() else {
        return (None, 1);
    };
    let length = 1 + kind.len_utf8();
    match kind {
        '"' | '\\' => (Some(kind), length),
        'n' => (Some('\n'), length),
        't' => (Some('\t'), length),
        'u' => {
            let Some(code) = text[2..].strip_prefix('{') else {
                return (None, length);
            };
            // Six digits name every character there is.
            let digits = code.bytes().take_while(u8::is_ascii_hexdigit).count();
            if !code[digits..].starts_with('}') {
                return (None, length + 1 + digits);
            }
            let value = (1..=6)
                .contains(&digits)
                .then(|| u32::from_str_radix(&code[..digits], 16).ok())
                .flatten();
            (value.and_then(char::from_u32), length + digits + 2)
        }
        _ => (None, length),
    }
}

/// How a number of another language is written here, where that is clear.
fn right_number(found: &str) -> Option<String> {
    let is_decimal =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = found.replace('_', "");
    if let Some(hexadecimal) = plain.strip_prefix("0x").or(plain.strip_prefix("0X")) {
        return i128::from_str_radix(hexadecimal, 16)
            .ok()
            .map(|value| value.to_string());
    }
    if let Some(binary) = plain.strip_prefix("0b") {
        return i128::from_str_radix(binary, 2)
            .ok()
            .map(|value| value.to_string());
    }
    let (mantissa, exponent) = match plain.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if is_decimal(exponent) => (mantissa, Some(exponent)),
        Some((_, "")) => return None,
        Some(_) => (unit_stripped(&plain)?, None),
        None => (unit_stripped(&plain)?, None),
    };
    let decimal = match mantissa.split_once('.') {
        None => is_decimal(mantissa).then(|| mantissa.to_owned()),
        Some(("", fraction)) => is_decimal(fraction).then(|| format!("0.{fraction}")),
        Some((whole, "")) => is_decimal(whole).then(|| format!("{whole}.0")),
        Some((whole, fraction)) => {
            (is_decimal(whole) && is_decimal(fraction)).then(|| format!("{whole}.{fraction}"))
        }
    }?;
    Some(match exponent {
        Some(exponent) => format!("{decimal}e{exponent}"),
        None => decimal,
    })
}

/// `3px` without its unit; `None` where letters stand between digits.
fn unit_stripped(text: &str) -> Option<&str> {
    let number = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    (!number.is_empty()).then_some(number)
}
