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
        ("(3*H)//2", "H + H//2"),
        ("H*W - 4*N*C*H", "H*W - 4*C*H*N"),
    ] {
        let dim = parse(text);
        assert_eq!(dim.to_string(), printed, "{text}");
        assert_eq!(parse(&dim.to_string()), dim, "{text}");
    }
}

#[test]
fn divides_exactly() {
    for (dim, divisor, quotient) in [
        ("H*W", "W", Some("H")),
        ("6*H*W", "2*W", Some("3*H")),
        ("H**2 - 1", "H + 1", Some("H - 1")),
        ("N*H*W*C", "N*C", Some("H*W")),
        ("H*(H + 1)", "2", Some("(H**2 + H)//2")),
        ("2*(H//2)*W", "H//2", Some("2*W")),
        ("H - H%4", "4", Some("H//4")),
        ("12", "4", Some("3")),
        ("0", "H", Some("0")),
        ("H*W", "2", None),
        ("H", "W", None),
        ("H + 1", "H", None),
        ("H", "0", None),
        ("7", "2", None),
        ("-6", "-2", Some("3")),
        ("H**3 + 1", "2*H + 2", None),
        ("W - H", "H - W", Some("-1")),
    ] {
        assert_eq!(
            parse(dim).exact_div(&parse(divisor)),
            quotient.map(parse),
            "{dim} / {divisor}"
        );
    }
}

#[test]
fn reads_what_data_can_bind() {
    let bound = BTreeSet::from([Name::from("p")]);
    for (text, expected) in [
        ("H", Some(("H", "1", "0"))),
        ("2*h + 3", Some(("h", "2", "3"))),
        ("5 - h", Some(("h", "0 - 1", "5"))),
        ("3*h + p*p//2", Some(("h", "3", "(p*p)//2"))),
        ("p*H", Some(("H", "p", "0"))),
        ("p*H - 2*H + p + 1", Some(("H", "p - 2", "p + 1"))),
        ("H*(p//2)", Some(("H", "p//2", "0"))),
        ("p", None),
        ("7", None),
        ("H*W", None),
        ("H + W", None),
        ("H*H + H", None),
        ("p*H + H//2", None),
        ("H*((H + p)//2)", None),
        ("H//2", None),
        ("H + H//2", None),
    ] {
        let expected = expected.map(|(var, scale, offset)| Linear {
            var: var.into(),
            scale: parse(scale),
            offset: parse(offset),
        });
        assert_eq!(parse(text).linear_in(&bound), expected, "{text}");
    }
}

#[test]
fn shapes_print_and_evaluate() {
    let shape: Shape = ["N", "2*h", "2*w", "3"].map(parse).into_iter().collect();
    assert_eq!(shape.to_string(), "[N, 2*h, 2*w, 3]");
    assert_eq!(Shape::default().to_string(), "[]");
    assert_eq!(shape.elements().unwrap().to_string(), "12*N*h*w");
    let sizes = env(&[("N", 1), ("h", 4), ("w", 5)]);
    assert_eq!(shape.eval(&sizes), Ok(vec![1, 8, 10, 3]));
    assert_eq!(shape.concrete(), None);
    let negative: Shape = [parse("N - 2")].into_iter().collect();
    assert_eq!(negative.eval(&sizes), Err(EvalError::Overflow));
    assert_eq!(
        negative.eval(&Env::new()),
        Err(EvalError::Unbound("N".into()))
    );
}

#[test]
fn refuses_what_is_too_large() {
    let max = Dim::constant(i128::MAX);
    assert_eq!(max.plus(1), Err(DimError::Overflow));
    assert_eq!(Dim::constant(i128::MIN).times(-1), Err(DimError::Overflow));
    assert_eq!(Dim::var("H").pow(9), Err(DimError::TooComplex));
    assert_eq!(Dim::var("H").floor_div(0), Err(DimError::Divisor));
    assert_eq!(Dim::var("H").rem(-2), Err(DimError::Divisor));
    let many: Vec<Dim> = (0..300).map(|at| Dim::var(format!("v{at}"))).collect();
    assert_eq!(Dim::sum(&many), Err(DimError::TooComplex));
    // Floors nested without end are refused before anything recurses too deep.
    let mut nested = Dim::var("H");
    let error = loop {
        match nested
            .times(2)
            .and_then(|twice| twice.plus(1)?.floor_div(3))
        {
            Ok(next) => nested = next,
            Err(error) => break error,
        }
    };
    assert_eq!(error, DimError::TooComplex);
}

/// The sizes that cost most within the limits, each asked everything.
#[test]
fn large_sizes_take_no_long_time() {
    let names: Vec<Dim> = (0..250).map(|at| Dim::var(format!("v{at}"))).collect();
    let floors = |numbers: &[i128]| {
        let floors: Vec<Dim> = names
            .iter()
            .zip(numbers)
            .map(|(name, k)| name.floor_div(*k).unwrap())
            .collect();
        Dim::sum(&floors).unwrap()
    };
    let sum = Dim::sum(&names).unwrap();
    let few = Dim::sum(&names[..7]).unwrap();
    let large = [
        sum.clone(),
        sum.floor_div(1 << 100).unwrap(),
        few.pow(2).unwrap().sub(&few.floor_div(9).unwrap()).unwrap(),
        few.floor_div(5).unwrap().pow(8).unwrap(),
        floors(&[97, 89, 83]),
        floors(&[2; 120]),
        Dim::product(&names[..8]).unwrap().floor_div(3).unwrap(),
        names[0].floor_div(9_973).unwrap().pow(8).unwrap(),
        parse("H**8 - 1000000*H**7 + (H//2)**3"),
        parse("(H//7)*(H//11)*(H//13) - H*(H//3) + W"),
    ];
    let bounds = Bounds::default();
    for a in &large {
        let start = std::time::Instant::now();
        let _ = (at_least(a, 77, &bounds), at_most(a, 77, &bounds));
        let _ = (divides(6, a, &bounds), a.to_string(), a.pow(2));
        let shifted = a.floor_div(3).and_then(|q| q.times(3));
        for b in [Ok(Dim::constant(1 << 40)), shifted, a.ceil_div(4)]
            .into_iter()
            .flatten()
        {
            let _ = (equal(a, &b, &bounds), when_equal(a, &b, &bounds));
            let _ = (ever_equal(a, &b, &bounds), a.exact_div(&b), a.mul(&b));
            let _ = simplify(vec![Requirement::compare(a, Cmp::Ge, &b)]);
        }
        // Some twenty questions, unoptimised, on a machine that does other things.
        assert!(start.elapsed().as_secs() < 5, "{a}");
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

    #[test]
    fn quotients_are_exact(a in expr(2), b in expr(2)) {
        let (Ok(a), Ok(b)) = (a.dim(), b.dim()) else { return Ok(()) };
        if let Some(quotient) = a.exact_div(&b) {
            for env in grid(&BTreeSet::from(["H".into(), "W".into()]), 1, 6) {
                let product = quotient.eval(&env).unwrap() * b.eval(&env).unwrap();
                prop_assert_eq!(product, a.eval(&env).unwrap());
            }
        }
        if let (Ok(product), false) = (a.mul(&b), b.is_const(0)) {
            prop_assert!(product.exact_div(&b).is_some() || product.has_floor(), "{} / {}", product, b);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    #[test]
    fn extreme_numbers_never_panic(
        a in extreme(), b in extreme(), k in edge(), low in edge(), power in 0u32..9,
    ) {
        let bounds = Bounds::default().with("H", low);
        let values = env(&[("H", low), ("W", k)]);
        for dim in [&a, &b] {
            let _ = dim.eval(&values);
            let _ = (dim.plus(k), dim.minus(k), dim.times(k), dim.pow(power));
            let _ = (dim.floor_div(k), dim.ceil_div(k), dim.rem(k));
            let _ = (dim.to_string(), dim.linear_in(&BTreeSet::new()));
            let _ = (divides(k, dim, &bounds), at_least(dim, k, &bounds), at_most(dim, k, &bounds));
        }
        let _ = (a.exact_div(&b), a.add(&b), a.sub(&b), a.mul(&b));
        let _ = (equal(&a, &b, &bounds), ever_equal(&a, &b, &bounds), when_equal(&a, &b, &bounds));
        let _ = simplify(vec![
            Requirement::compare(&a, Cmp::Ge, &b),
            Requirement::compare(&b, Cmp::Eq, &a),
            Requirement::compare(&a, Cmp::Le, &Dim::constant(k)),
        ]);
    }
}

/// Numbers near the limits, and small ones.
fn edge() -> impl Strategy<Value = i128> {
    prop_oneof![
        -3i128..=4,
        (0i128..3).prop_map(|n| i128::MAX - n),
        (0i128..3).prop_map(|n| i128::MIN + n),
        (-2i128..3).prop_map(|n| i128::from(i64::MAX) + n),
        (-2i128..3).prop_map(|n| (1 << 64) + n),
        Just(10_000),
        Just(i128::MAX / 2),
    ]
}

/// Sizes with numbers near the limits.
fn extreme() -> impl Strategy<Value = Dim> {
    let leaf = prop_oneof![
        edge().prop_map(Dim::constant),
        prop_oneof![Just("H"), Just("W")].prop_map(Dim::var),
    ];
    leaf.prop_recursive(4, 10, 2, |inner| {
        (inner.clone(), inner, edge(), 0..5).prop_map(|(a, b, k, what)| {
            let result = match what {
                0 => a.add(&b),
                1 => a.sub(&b),
                2 => a.mul(&b),
                3 => a.floor_div(k),
                _ => a.times(k),
            };
            result.unwrap_or(a)
        })
    })
}
