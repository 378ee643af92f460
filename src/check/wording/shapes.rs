//! Wording of `E03xx`: sizes and shapes that disagree.

use crate::diag::{Code, Diagnostic};
use crate::layers::def::TensorType;
use crate::layers::error::{Claim, Obligation, Side};
use crate::shape::{Bounds, Counterexample, Dim, Env, Shape, describe_negated, when_equal};
use crate::tensor::DType;
use crate::text::{Name, Span};

/// A value that a layer takes, in words.
#[derive(Clone, Debug)]
pub struct Described {
    /// What the program calls it.
    pub name: Name,
    /// Its type, when known.
    pub ty: Option<TensorType>,
    /// The statement that made it.
    pub made: Span,
    /// Where it is asked for, when by name.
    pub asked: Option<Span>,
}

impl Described {
    /// Its shape in words.
    pub fn shape(&self) -> String {
        match &self.ty {
            Some(ty) if ty.dtype != DType::F32 => format!("{}{}", ty.dtype, ty.shape),
            Some(ty) => ty.shape.to_string(),
            None => "unknown".into(),
        }
    }

    /// Where to point for it.
    pub fn place(&self) -> Span {
        self.asked.unwrap_or(self.made)
    }
}

/// A claim of a layer that does not hold.
pub struct Failed<'f> {
    /// The claim.
    pub obligation: &'f Obligation,
    /// The smallest sizes that show it, when sizes matter.
    pub example: Option<&'f Counterexample>,
    /// Whom it blames.
    pub span: Span,
}

/// One diagnostic for each kind of claim that fails.
pub fn failed(
    layer: Span,
    name: &str,
    operands: &[Described],
    failed: &[Failed],
    bounds: &Bounds,
    arithmetic: &dyn Fn(usize) -> Option<String>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let (equal, others): (Vec<&Failed>, Vec<&Failed>) = failed
        .iter()
        .partition(|failed| matches!(failed.obligation.claim, Claim::Equal(..)));
    if let Some(first) = equal.first() {
        diagnostics.push(differ(layer, name, operands, &equal, first, bounds));
    }
    // A kernel that fits on no axis is one mistake.
    let mut told: Vec<&str> = Vec::new();
    for failed in others {
        if !told.contains(&&*failed.obligation.rule) {
            told.push(&failed.obligation.rule);
            diagnostics.push(bound(failed, name, operands, arithmetic));
        }
    }
    diagnostics
}

fn differ(
    layer: Span,
    name: &str,
    operands: &[Described],
    all: &[&Failed],
    first: &Failed,
    bounds: &Bounds,
) -> Diagnostic {
    let code = match name {
        "Reshape" => Code::E0309,
        _ => Code::E0301,
    };
    let mut diagnostic = Diagnostic::new(code, first.span, first.obligation.rule.to_string());
    if first.span != layer {
        diagnostic = diagnostic.here("does not fit");
    }
    let mut involved: Vec<usize> = Vec::new();
    let mut axes: Vec<usize> = Vec::new();
    for failed in all {
        let Claim::Equal(left, right) = &failed.obligation.claim else {
            continue;
        };
        for side in [left, right] {
            if let Some((input, axis)) = side.place {
                if !involved.contains(&input) {
                    involved.push(input);
                }
                if !axes.contains(&axis) {
                    axes.push(axis);
                }
            }
        }
    }
    let mut known: Vec<&Described> = involved
        .iter()
        .filter_map(|input| operands.get(*input))
        .collect();
    if known.is_empty() {
        known.extend(operands.first());
    }
    let mut shown: Vec<Span> = Vec::new();
    for operand in &known {
        if shown.contains(&operand.place()) {
            continue;
        }
        shown.push(operand.place());
        let text = format!("`{}` is {}", operand.name, operand.shape());
        diagnostic = match operand.place() == diagnostic.primary.span {
            true => diagnostic.here(text),
            false => diagnostic.label(operand.place(), text),
        };
    }
    let mut in_a_table = false;
    if known.len() == 2 {
        let rows: Vec<(String, &Shape)> = known
            .iter()
            .filter_map(|operand| {
                let ty = operand.ty.as_ref()?;
                Some((format!("`{}`", operand.name), &ty.shape))
            })
            .collect();
        if let Some(table) = aligned(&rows) {
            diagnostic = diagnostic.note(table);
            in_a_table = true;
        }
    }
    // Axes that differ by the same numbers make one sentence.
    let mut told: Vec<(&Dim, &Dim)> = Vec::new();
    for failed in all {
        let Claim::Equal(left, right) = &failed.obligation.claim else {
            continue;
        };
        if told.contains(&(&left.dim, &right.dim)) {
            continue;
        }
        told.push((&left.dim, &right.dim));
        // The table says it all of two numbers.
        if in_a_table && left.dim.as_const().is_some() && right.dim.as_const().is_some() {
            continue;
        }
        let axes = all
            .iter()
            .filter_map(|other| match &other.obligation.claim {
                Claim::Equal(a, b) if a.dim == left.dim && b.dim == right.dim => {
                    Some((a.place?.1, b.place?.1))
                }
                _ => None,
            });
        let axes: Vec<(usize, usize)> = axes.collect();
        let several = |pick: fn(&(usize, usize)) -> usize| -> Option<String> {
            let numbers: Vec<String> = axes.iter().map(|pair| pick(pair).to_string()).collect();
            let (last, first) = numbers.split_last()?;
            match first {
                [] => None,
                _ => Some(format!("axes {} and {last}", first.join(", "))),
            }
        };
        let names = (
            of(left, several(|pair| pair.0), operands),
            of(right, several(|pair| pair.1), operands),
        );
        diagnostic = diagnostic.note(disagreement(
            names,
            &left.dim,
            &right.dim,
            failed.example,
            bounds,
        ));
    }
    diagnostic
}

/// How two sizes disagree, with an example where it depends on sizes.
fn disagreement(
    (a, b): (String, String),
    left: &Dim,
    right: &Dim,
    example: Option<&Counterexample>,
    bounds: &Bounds,
) -> String {
    let verb = |side: &str| {
        if side.starts_with("axes ") {
            "are"
        } else {
            "is"
        }
    };
    let (is_a, is_b) = (verb(&a), verb(&b));
    let Some(example) = example else {
        return format!("{a} {is_a} {left}, and {b} {is_b} {right}");
    };
    // A variable beside a number: an example would say no more.
    let free = match (left.as_var(), right.as_var()) {
        (Some(name), None) if right.as_const().is_some() => Some((name, right)),
        (None, Some(name)) if left.as_const().is_some() => Some((name, left)),
        _ => None,
    };
    if let Some((name, number)) = free {
        return format!(
            "{a} {is_a} `{left}`, and {b} {is_b} `{right}`: they agree only where {name} = {number}, \
             and this must hold for every {name}"
        );
    }
    let agree = when_equal(left, right, bounds);
    let when = match agree.is_empty() {
        true => String::new(),
        false => format!("they differ when {}: ", describe_negated(&agree)),
    };
    format!(
        "{a} {is_a} `{left}`, and {b} {is_b} `{right}`; {when}for {} they are {} and {}",
        sizes(&example.env),
        example.left,
        example.right
    )
}

/// A side of a claim, in words: "axis 1 of `up`"; `axes` in place of its own axis.
pub(super) fn of(side: &Side, axes: Option<String>, operands: &[Described]) -> String {
    let what = axes.unwrap_or_else(|| side.what.to_string());
    match side.place.and_then(|(input, _)| operands.get(input)) {
        Some(operand) => format!("{what} of `{}`", operand.name),
        None => what,
    }
}

/// `H = 3, W = 1`
pub fn sizes(env: &Env) -> String {
    let each: Vec<String> = env
        .iter()
        .map(|(name, n)| format!("{name} = {n}"))
        .collect();
    each.join(", ")
}

/// Shapes of one rank below each other, column by column, with marks where they differ. `None`
/// for other ranks.
pub fn aligned(rows: &[(String, &Shape)]) -> Option<String> {
    let rank = rows.first()?.1.rank();
    if rank == 0 || rows.len() < 2 || rows.iter().any(|(_, shape)| shape.rank() != rank) {
        return None;
    }
    let head = rows.iter().map(|(name, _)| name.chars().count()).max()?;
    let cells: Vec<Vec<String>> = rows.iter().map(|(_, shape)| shape.strings()).collect();
    let widths: Vec<usize> = (0..rank)
        .map(|axis| {
            cells
                .iter()
                .map(|row| row[axis].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut lines = Vec::new();
    for ((name, _), row) in rows.iter().zip(&cells) {
        let mut line = format!("{name:head$}  [");
        for (axis, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if axis + 1 < rank {
                line.push(',');
                line.extend(std::iter::repeat_n(
                    ' ',
                    widths[axis] - cell.chars().count() + 1,
                ));
            }
        }
        line.push(']');
        lines.push(line);
    }
    let mut marks = " ".repeat(head + 3);
    for (axis, width) in widths.iter().enumerate() {
        let differs = cells.iter().any(|row| row[axis] != cells[0][axis]);
        let mark = if differs { '^' } else { ' ' };
        marks.extend(std::iter::repeat_n(mark, *width));
        marks.push_str("  ");
    }
    if marks.contains('^') {
        lines.push(marks.trim_end().to_owned());
    }
    Some(lines.join("\n"))
}

fn bound(
    failed: &Failed,
    name: &str,
    operands: &[Described],
    arithmetic: &dyn Fn(usize) -> Option<String>,
) -> Diagnostic {
    let rule = failed.obligation.rule.to_string();
    let always = |dim: &Dim| match dim.as_const() {
        Some(_) => "",
        None => "always ",
    };
    let (code, of_side, here, wanted) = match &failed.obligation.claim {
        Claim::Divides { divisor, of } => (
            Code::E0304,
            of,
            format!(
                "{} is not {}a multiple of {divisor}",
                of.dim,
                always(&of.dim)
            ),
            format!("a multiple of {divisor} is needed"),
        ),
        Claim::AtLeast { of, low } => (
            Code::E0303,
            of,
            format!("needs at least {low}, and there is {}", of.dim),
            format!("at least {low} is needed"),
        ),
        Claim::AtMost { of, high } => (
            Code::E0303,
            of,
            format!("takes at most {high}, and there is {}", of.dim),
            format!("at most {high} is allowed"),
        ),
        Claim::Equal(left, _) => (
            Code::E0301,
            left,
            "differs".to_owned(),
            "the same is needed".into(),
        ),
    };
    let mut diagnostic = Diagnostic::new(code, failed.span, rule).here(here);
    let what = of(of_side, None, operands);
    let value = match (of_side.dim.as_const(), failed.example) {
        (Some(n), _) => format!("{what} is {n}, and {wanted}"),
        (None, Some(example)) => format!(
            "{what} is `{}`, and {wanted}; for {} it is {}",
            of_side.dim,
            sizes(&example.env),
            example.left
        ),
        (None, None) => format!("{what} is `{}`, and {wanted}", of_side.dim),
    };
    diagnostic = diagnostic.note(value);
    if let Some((input, axis)) = of_side.place
        && let Some(operand) = operands.get(input)
    {
        if operand.place() != failed.span {
            diagnostic = diagnostic.label(
                operand.place(),
                format!("`{}` is {}", operand.name, operand.shape()),
            );
        }
        if let (Claim::AtLeast { .. }, Some(formula)) = (&failed.obligation.claim, arithmetic(axis))
        {
            diagnostic = diagnostic.note(format!(
                "`{name}` would give {formula} on that axis, and every size is at least 1"
            ));
        }
    }
    diagnostic
}

/// A stated shape that is not the inferred one.
pub fn stated_differs(
    span: Span,
    name: &str,
    stated: &Shape,
    found: &Shape,
    example: Option<&Counterexample>,
    bounds: &Bounds,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(
        Code::E0305,
        span,
        format!("`{name}` is {found}, not {stated} as stated"),
    )
    .here(format!("it is {found}"));
    if stated.rank() != found.rank() {
        diagnostic = diagnostic.note(format!(
            "it has {}, and {} {} stated",
            axes(found.rank()),
            stated.rank(),
            if stated.rank() == 1 { "is" } else { "are" }
        ));
    } else {
        let rows = [
            ("stated".to_owned(), stated),
            ("inferred".to_owned(), found),
        ];
        if let Some(table) = aligned(&rows) {
            diagnostic = diagnostic.note(table);
        }
        if let Some(example) = example {
            let differing = stated
                .iter()
                .zip(found.iter())
                .find(|(a, b)| a.eval(&example.env) != b.eval(&example.env));
            let when = differing
                .map(|(a, b)| when_equal(a, b, bounds))
                .filter(|agree| !agree.is_empty())
                .map(|agree| format!("they differ when {}: ", describe_negated(&agree)));
            diagnostic = diagnostic.note(format!(
                "{}for {}, {} is inferred and {} is stated",
                when.unwrap_or_default(),
                sizes(&example.env),
                example.left,
                example.right
            ));
        }
    }
    diagnostic.fix("state the inferred shape", span, found.to_string())
}

/// A layer used again on an input that its weights do not fit. `built` is where, and for which
/// inputs; `stored` the tensor's name, its shape, and the shape that would be needed.
pub fn reuse_does_not_fit(
    span: Span,
    layer: &str,
    types: &[TensorType],
    (built, built_for): (Span, &[TensorType]),
    (name, has, needs): (&str, &Shape, &Shape),
) -> Diagnostic {
    let list = |types: &[TensorType]| {
        let shapes: Vec<String> = types.iter().map(|ty| ty.shape.to_string()).collect();
        shapes.join(", ")
    };
    Diagnostic::new(
        Code::E0308,
        span,
        format!(
            "this `{layer}` was built for {}, and here it gets {}",
            list(built_for),
            list(types)
        ),
    )
    .here(format!("would need a weight of shape {needs}"))
    .label(built, format!("built here: `{name}` is {has}"))
    .note("`reuse` applies the same weights to another input, so both inputs must suit them")
}

/// A size of an input that is below 1.
pub fn input_below_one(span: Span, dim: &Dim, example: Option<&Counterexample>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0303,
        span,
        format!("every size is at least 1, and this is {dim}"),
    )
    .here("too small");
    match example {
        Some(example) => diagnostic.note(format!(
            "for {} it is {}",
            sizes(&example.env),
            example.left
        )),
        None if dim.as_const() == Some(-1) => {
            diagnostic.note("a dimension of any size has a name: `[N, 28, 28, 1]`")
        }
        None => diagnostic,
    }
}

/// A result with a size below 1.
pub fn below_one(span: Span, name: &str, shape: &Shape) -> Diagnostic {
    Diagnostic::new(
        Code::E0303,
        span,
        format!("`{name}` would give {shape}, and every size is at least 1"),
    )
    .here("too small")
}

/// A result with a size that no machine can count.
pub fn too_large(span: Span, name: &str, shape: &Shape) -> Diagnostic {
    Diagnostic::new(
        Code::E0310,
        span,
        format!("`{name}` would give {shape}, which no machine can hold"),
    )
    .here("sizes go up to 2**63 - 1")
}

/// More layers than a model may have.
pub fn too_many_layers(span: Span, most: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0410,
        span,
        format!("the program has more than {most} layers and turns of repeats once it is unrolled"),
    )
    .here("this is where it passes the limit")
}

/// More parts than a program may have.
pub fn too_many_parts(span: Span, most: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0410,
        span,
        format!(
            "the program has more than {most} parts once it is unrolled: values that layers take, terms of sizes, numbers of arrays"
        ),
    )
    .here("this is where it passes the limit")
}

/// More turns than a repeat may have.
pub fn too_many_turns(span: Span, count: i128, most: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0410,
        span,
        format!("{count} turns cannot be unrolled; the limit is {most}"),
    )
    .here("too many")
}

/// Labels that are no strings.
pub fn labels_kind(span: Span, found: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0312,
        span,
        format!("`labels` takes a file's name or an array of strings, and this is {found}"),
    )
    .here("no names")
    .note("write `labels [\"cat\", \"dog\"]` or `labels \"names.txt\"`, a name on each line")
}

/// Labels that are more or fewer than the last axis is long.
pub fn labels_count(
    span: Span,
    count: usize,
    last: Option<&Dim>,
    name: &str,
    shape: &Shape,
) -> Diagnostic {
    let message = match last {
        Some(last) => format!("there are {count} names, and the last axis of `{name}` has {last}"),
        None => format!("`{name}` is a scalar, and labels name the places of its last axis"),
    };
    Diagnostic::new(Code::E0312, span, message)
        .here(format!("{count} names"))
        .note(format!("`{name}` is {shape}"))
}

/// `1 axis`, `3 axes`
pub fn axes(rank: usize) -> String {
    match rank {
        1 => "1 axis".into(),
        n => format!("{n} axes"),
    }
}
