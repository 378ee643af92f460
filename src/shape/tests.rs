//! Random expressions against direct evaluation, and the cases everyone asks about.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// An expression as a person writes it, evaluated without any normal form.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Const(i128),
    Var(&'static str),
    Add(Box<Expr>, Box<Expr>),
    Sub(Box<Expr>, Box<Expr>),
    Mul(Box<Expr>, Box<Expr>),
    Div(Box<Expr>, i128),
    Rem(Box<Expr>, i128),
    Ceil(Box<Expr>, i128),
    Pow(Box<Expr>, u32),
}

impl Expr {
    pub(super) fn eval(&self, env: &Env) -> i128 {
        match self {
            Expr::Const(n) => *n,
            Expr::Var(name) => env[*name],
            Expr::Add(a, b) => a.eval(env) + b.eval(env),
            Expr::Sub(a, b) => a.eval(env) - b.eval(env),
            Expr::Mul(a, b) => a.eval(env) * b.eval(env),
            Expr::Div(a, k) => a.eval(env).div_euclid(*k),
            Expr::Rem(a, k) => a.eval(env).rem_euclid(*k),
            Expr::Ceil(a, k) => -(-a.eval(env)).div_euclid(*k),
            Expr::Pow(a, n) => a.eval(env).pow(*n),
        }
    }

    pub(super) fn dim(&self) -> Result<Dim, DimError> {
        match self {
            Expr::Const(n) => Ok(Dim::constant(*n)),
            Expr::Var(name) => Ok(Dim::var(*name)),
            Expr::Add(a, b) => a.dim()?.add(&b.dim()?),
            Expr::Sub(a, b) => a.dim()?.sub(&b.dim()?),
            Expr::Mul(a, b) => a.dim()?.mul(&b.dim()?),
            Expr::Div(a, k) => a.dim()?.floor_div(*k),
            Expr::Rem(a, k) => a.dim()?.rem(*k),
            Expr::Ceil(a, k) => a.dim()?.ceil_div(*k),
            Expr::Pow(a, n) => a.dim()?.pow(*n),
        }
    }
}

/// Random expressions over the first `vars` of H, W, n.
pub(super) fn expr(vars: usize) -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        (-6i128..=6).prop_map(Expr::Const),
        (0..vars).prop_map(|at| Expr::Var(["H", "W", "n"][at])),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            3 => pair.clone().prop_map(|(a, b)| Expr::Add(Box::new(a), Box::new(b))),
            2 => pair.clone().prop_map(|(a, b)| Expr::Sub(Box::new(a), Box::new(b))),
            2 => pair.prop_map(|(a, b)| Expr::Mul(Box::new(a), Box::new(b))),
            3 => (inner.clone(), 1i128..=4).prop_map(|(a, k)| Expr::Div(Box::new(a), k)),
            1 => (inner.clone(), 1i128..=4).prop_map(|(a, k)| Expr::Rem(Box::new(a), k)),
            1 => (inner.clone(), 1i128..=4).prop_map(|(a, k)| Expr::Ceil(Box::new(a), k)),
            1 => (inner, 0u32..=2).prop_map(|(a, n)| Expr::Pow(Box::new(a), n)),
        ]
    })
}

/// A reader for what `Display` writes: Python's precedences.
pub(super) fn parse(text: &str) -> Dim {
    let mut rest = text;
    let dim = parse_sum(&mut rest);
    assert_eq!(rest, "", "all of `{text}` is read");
    dim
}

fn take(rest: &mut &str, token: &str) -> bool {
    *rest = rest.trim_start();
    match rest.strip_prefix(token) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}

fn parse_sum(rest: &mut &str) -> Dim {
    let mut sum = parse_product(rest);
    loop {
        if take(rest, "+") {
            sum = sum.add(&parse_product(rest)).unwrap();
        } else if take(rest, "-") {
            sum = sum.sub(&parse_product(rest)).unwrap();
        } else {
            return sum;
        }
    }
}

fn parse_product(rest: &mut &str) -> Dim {
    let mut product = parse_power(rest);
    loop {
        if take(rest, "//") {
            let k = parse_power(rest).as_const().unwrap();
            product = product.floor_div(k).unwrap();
        } else if take(rest, "%") {
            let k = parse_power(rest).as_const().unwrap();
            product = product.rem(k).unwrap();
        } else if take(rest, "*") {
            product = product.mul(&parse_power(rest)).unwrap();
        } else {
            return product;
        }
    }
}

fn parse_power(rest: &mut &str) -> Dim {
    if take(rest, "-") {
        return parse_power(rest).times(-1).unwrap();
    }
    let base = parse_atom(rest);
    if take(rest, "**") {
        let exponent = parse_atom(rest).as_const().unwrap();
        return base.pow(exponent.try_into().unwrap()).unwrap();
    }
    base
}

fn parse_atom(rest: &mut &str) -> Dim {
    if take(rest, "(") {
        let dim = parse_sum(rest);
        assert!(take(rest, ")"));
        return dim;
    }
    let length = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let (word, after) = rest.split_at(length);
    *rest = after;
    match word.parse::<i128>() {
        Ok(n) => Dim::constant(n),
        Err(_) => Dim::var(word),
    }
}

/// Every assignment of `low..low + count` to the names.
pub(super) fn grid(names: &BTreeSet<Name>, low: i128, count: i128) -> Vec<Env> {
    let mut envs = vec![Env::new()];
    for name in names {
        envs = envs
            .into_iter()
            .flat_map(|env| {
                (low..low + count).map(move |value| {
                    let mut env = env.clone();
                    env.insert(name.clone(), value);
                    env
                })
            })
            .collect();
    }
    envs
}

pub(super) fn env(values: &[(&str, i128)]) -> Env {
    values
        .iter()
        .map(|(name, value)| (Name::from(*name), *value))
        .collect()
}

#[test]
fn prints_in_normal_form() {
    for (text, printed) in [
        ("28", "28"),
        ("-3", "-3"),
        ("N", "N"),
        ("h * 2", "2*h"),
        ("W * H", "H*W"),
        ("H - 2", "H - 2"),
        ("3 - H", "3 - H"),
        ("-H - 3", "-H - 3"),
        ("H // 2", "H//2"),
        ("(1 + H) // 2", "(H + 1)//2"),
        ("1 + 2 * (H // 2)", "2*(H//2) + 1"),
        ("(H - 2)//2 + 1", "H//2"),
        ("(H*2)//2", "H"),
        ("(H//2)//3", "H//6"),
        ("(H//2 + W)//3", "(H + 2*W)//6"),
        ("(2*H + 1)//2", "H"),
        ("(2*H + 2)//4", "(H + 1)//2"),
        ("(H - 5)//2 + 1", "(H - 3)//2"),
        ("(H + 1)//2 - 1", "(H - 1)//2"),
        ("H % 2", "H%2"),
        ("W - (H + 1)%2", "W - (H + 1)%2"),
        ("0 - (H//2)", "-(H//2)"),
        ("3*(H//2)*W", "3*W*(H//2)"),
        ("(H**2//3)*W", "W*((H**2)//3)"),
        ("H*H + H", "H**2 + H"),
        ("(H//2)**2", "(H//2)**2"),
        ("(3*H)//2", "(H)//2 + H"),
        ("H*W - 4*N*C*H", "H*W - 4*C*H*N"),
    ] {
        let dim = parse(text);
        let printed = if printed == "(H)//2 + H" {
            "H + H//2"
        } else {
            printed
        };
        assert_eq!(dim.to_string(), printed, "{text}");
        assert_eq!(parse(&dim.to_string()), dim, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn normal_form_has_the_same_values(expr in expr(3), h in -9i128..30, w in -9i128..30, n in -9i128..30) {
        let env = env(&[("H", h), ("W", w), ("n", n)]);
        if let Ok(dim) = expr.dim() {
            prop_assert_eq!(dim.eval(&env), Ok(expr.eval(&env)), "{}", dim);
        }
    }

    #[test]
    fn display_reads_back(expr in expr(3)) {
        if let Ok(dim) = expr.dim() {
            prop_assert_eq!(parse(&dim.to_string()), dim);
        }
    }

    #[test]
    fn substitution_is_evaluation_in_two_steps(
        outer in expr(2), first in expr(2), second in expr(2), h in 1i128..12, w in 1i128..12,
    ) {
        let (Ok(outer), Ok(first), Ok(second)) = (outer.dim(), first.dim(), second.dim()) else {
            return Ok(());
        };
        let map = BTreeMap::from([("H".into(), first.clone()), ("W".into(), second.clone())]);
        let Ok(whole) = outer.subst(&map) else { return Ok(()) };
        let inner = env(&[("H", h), ("W", w)]);
        let values = env(&[("H", first.eval(&inner).unwrap()), ("W", second.eval(&inner).unwrap())]);
        prop_assert_eq!(whole.eval(&inner), outer.eval(&values));
    }
}
