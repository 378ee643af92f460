//! Wording of `E04xx`: arguments, and the arithmetic in them.

use super::names::and;
use crate::diag::suggest::closest;
use crate::diag::{Code, Diagnostic, Edit, Fix};
use crate::shape::{Dim, DimError};
use crate::syntax::ast::{Argument, Ident, LayerStatement};
use crate::text::Span;

/// Other frameworks' names for arguments: theirs, ours.
const ALIASES: &[(&str, &str)] = &[
    ("out_channels", "filters"),
    ("num_filters", "filters"),
    ("channels", "filters"),
    ("kernel_size", "kernel"),
    ("kernel_shape", "kernel"),
    ("strides", "stride"),
    ("pad", "padding"),
    ("pads", "padding"),
    ("dilation_rate", "dilation"),
    ("dilations", "dilation"),
    ("group", "groups"),
    ("use_bias", "bias"),
    ("units", "features"),
    ("out_features", "features"),
    ("pool_size", "size"),
    ("kernel_size", "size"),
    ("ceil_mode", "ceil"),
    ("count_include_pad", "count_padding"),
    ("dim", "axis"),
    ("epsilon", "eps"),
    ("p", "rate"),
    ("negative_slope", "slope"),
    ("alpha", "slope"),
    ("target_shape", "shape"),
    ("depth_multiplier", "multiplier"),
    ("scale_factor", "factor"),
    ("size", "factor"),
    ("interpolation", "mode"),
    ("perm", "order"),
    ("dims", "order"),
];

/// What is deleted with the argument at `at`: also the comma that it no longer needs.
pub fn without(arguments: &[Argument], at: usize) -> Span {
    let span = arguments[at].span;
    match (at.checked_sub(1), arguments.get(at + 1)) {
        (_, Some(next)) => span.to(next.span.before()),
        (Some(previous), None) => arguments[previous].span.after().to(span),
        (None, None) => span,
    }
}

/// Moves an activation from an argument, which `removed` deletes, to the line below.
pub fn activation_below(layer: &str, removed: Span, end: Span, line: String) -> Fix {
    let edit = |span, text| Edit { span, text };
    Fix {
        title: format!("write `{layer}` on the next line"),
        edits: vec![edit(removed, String::new()), edit(end, line)],
    }
}

/// Values between the parentheses, as if a layer were called with them. `removed` is what goes
/// there, and `from` is written at `end`.
pub fn values_as_arguments(span: Span, names: &[String], removed: Span, end: Span) -> Diagnostic {
    let values = names.join(", ");
    let message = match names {
        [only] => format!("`{only}` is a value, and arguments are numbers"),
        names => format!("{} are values, and arguments are numbers", and(names)),
    };
    let mut diagnostic =
        Diagnostic::new(Code::E0203, span, message).here("values stand after `from`");
    let edit = |span, text| Edit { span, text };
    diagnostic.fixes.push(Fix {
        title: format!("write `from {values}`"),
        edits: match removed.end == end.start {
            true => vec![edit(removed, format!(" from {values}"))],
            false => vec![
                edit(removed, String::new()),
                edit(end, format!(" from {values}")),
            ],
        },
    });
    diagnostic
}

/// `Linear(400, 120)` as in PyTorch, whose first number is the size that comes in. `removed` is
/// the first argument with its comma.
pub fn bias_by_position(
    span: Span,
    owner: &str,
    (first, second): (&str, &str),
    removed: Span,
) -> Diagnostic {
    Diagnostic::new(
        Code::E0403,
        span,
        format!("`{owner}` takes one size, and these are two: `{first}` and `{second}`"),
    )
    .here("a number here would be the bias")
    .note(format!(
        "the size that comes in is inferred: PyTorch's `nn.{owner}({first}, {second})` is \
         `{owner}({second})`; values of a bias are given by name, `bias={second}`"
    ))
    .fix(format!("write `{owner}({second})`"), removed, "")
}

/// A named argument that the layer does not have. `removed` is what is deleted with it.
pub fn unknown_argument(name: &Ident, owner: &str, known: &[&str], removed: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0401,
        name.span,
        format!("`{owner}` has no argument called `{}`", name.value),
    );
    if &*name.value == "activation" {
        return diagnostic
            .here("an activation is a layer of its own")
            .note("write it on the next line: `ReLU`, `Sigmoid`, `Softmax`, …");
    }
    if matches!(
        &*name.value,
        "in_channels" | "in_features" | "input_shape" | "input_dim" | "num_features" | "input_size"
    ) {
        return diagnostic
            .here("what comes in is inferred from the value above")
            .fix("delete the argument", removed, "");
    }
    let alias = ALIASES
        .iter()
        .find(|(theirs, ours)| *theirs == &*name.value && known.contains(ours))
        .map(|(_, ours)| *ours);
    let near = alias.or_else(|| closest(&name.value, known.iter().copied()));
    match near {
        Some(near) => diagnostic.here(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            name.span,
            near,
        ),
        None if known.is_empty() => diagnostic
            .here("not an argument")
            .note(format!("`{owner}` takes no arguments"))
            .fix("delete the argument", removed, ""),
        None => diagnostic
            .here("not an argument")
            .note(format!("`{owner}` takes {}", and(known))),
    }
}

/// A required argument that is left out.
pub fn missing(
    statement: &LayerStatement,
    owner: &str,
    names: &[&str],
    missing: &[usize],
) -> Diagnostic {
    let absent: Vec<&str> = missing.iter().map(|slot| names[*slot]).collect();
    let written = match statement.arguments.as_slice() {
        [] => format!("{owner}({}=…)", absent.join("=…, ")),
        _ => format!("{owner}(…, {}=…)", absent.join("=…, ")),
    };
    let (are, they) = match absent.len() {
        1 => ("is", "it is"),
        _ => ("are", "they are"),
    };
    let absent = and(&absent);
    Diagnostic::new(
        Code::E0402,
        statement.layer.span,
        format!("`{owner}` needs {absent}, and {they} not given"),
    )
    .here(format!("{absent} {are} missing"))
    .note(format!("write `{written}`"))
}

/// A positional argument beyond those that there are.
pub fn too_many(span: Span, owner: &str, names: &[&str]) -> Diagnostic {
    let message = match names.len() {
        0 => format!("`{owner}` takes no arguments"),
        1 => format!("`{owner}` takes one argument, `{}`", names[0]),
        n => format!("`{owner}` takes at most {n} arguments"),
    };
    let diagnostic = Diagnostic::new(Code::E0405, span, message).here("one too many");
    match names.len() {
        1 if names[0] == "shape" => {
            diagnostic.note(format!("a shape stands in brackets: `{owner}([…])`"))
        }
        0 | 1 => diagnostic,
        _ => diagnostic.note(format!("they are {}", and(names))),
    }
}

/// `Reshape(N, 32, 3)`: the sizes of a shape as arguments; `sizes` is what they are, with `_` for
/// what is left.
pub fn shape_in_arguments(span: Span, owner: &str, sizes: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0405,
        span,
        format!("`{owner}` takes one argument, a shape in brackets"),
    )
    .here("sizes without brackets")
    .fix(
        format!("write `{owner}([{sizes}])`"),
        span,
        format!("[{sizes}]"),
    )
}

/// An argument that is given a second time.
pub fn given_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0405, span, format!("`{name}` is given twice"))
        .here("the second time")
        .label(first, "the first time")
        .note("an argument by position counts from the left: delete one of the two")
}

/// A positional argument after a named one.
pub fn positional_after_named(
    span: Span,
    named: &str,
    named_span: Span,
    would_be: Option<&str>,
) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0406,
        span,
        format!("an argument without a name cannot follow `{named}=…`"),
    )
    .here("which argument is this?")
    .label(named_span, "named from here on");
    match would_be {
        Some(name) => diagnostic.fix(
            format!("name it: `{name}=`"),
            span.before(),
            format!("{name}="),
        ),
        None => diagnostic.note("name it, or move it to the front"),
    }
}

/// A bare name that is none of an argument's choices.
pub fn no_such_choice(span: Span, found: &str, argument: &str, choices: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0403,
        span,
        format!(
            "`{argument}` takes {}, and `{found}` is none of them",
            super::names::or(choices)
        ),
    );
    match closest(found, choices.iter().copied()) {
        Some(near) => diagnostic.here(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            span,
            near,
        ),
        None => diagnostic.here("not a choice"),
    }
}

/// Values for a layer that takes none.
pub fn takes_nothing(span: Span, owner: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0407,
        span,
        format!("`{owner}` takes no value: it begins a journey of its own"),
    )
    .here("delete this")
}

/// Too few or too many values.
pub fn input_count(span: Span, owner: &str, wants: &str, found: usize) -> Diagnostic {
    let found = match found {
        0 => "gets none".to_owned(),
        1 => "gets one".to_owned(),
        n => format!("gets {n}"),
    };
    let diagnostic = Diagnostic::new(
        Code::E0407,
        span,
        format!("`{owner}` takes {wants}, and {found}"),
    )
    .here(found);
    if wants == "one value" {
        diagnostic.note("join several values first, with `Concat` or `Add`")
    } else {
        diagnostic.note("name them: `from a, b`")
    }
}

/// An expression in a shape that is no size.
pub fn not_a_size(span: Span, found: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0403,
        span,
        format!("a size is an integer, and this is {found}"),
    )
    .here("not a size");
    match found {
        "`_`" => diagnostic.note("a dimension of any size has a name: `[N, 28, 28, 1]`"),
        _ => diagnostic,
    }
}

/// Arithmetic that has no result.
pub fn no_result(span: Span, why: String) -> Diagnostic {
    Diagnostic::new(Code::E0408, span, why).here("has no result")
}

/// Arithmetic whose result is beyond what can be computed.
pub fn beyond(span: Span, error: DimError) -> Diagnostic {
    Diagnostic::new(
        Code::E0310,
        span,
        format!("this size cannot be computed: {error}"),
    )
    .here(beyond_here(error))
}

/// What is said at the place of arithmetic that goes too far.
pub fn beyond_here(error: DimError) -> &'static str {
    match error {
        DimError::Overflow => "too large",
        _ => "too intricate",
    }
}

/// `repeat` with a count below 0.
pub fn negative_repeat(span: Span, count: i128) -> Diagnostic {
    Diagnostic::new(
        Code::E0410,
        span,
        format!("a repeat has 0 turns or more, and this is {count}"),
    )
    .here("below 0")
}

/// `repeat` with a count that only data would tell.
pub fn symbolic_repeat(span: Span, count: &Dim) -> Diagnostic {
    Diagnostic::new(
        Code::E0411,
        span,
        format!("the number of turns must be known, and `{count}` is known only when data comes"),
    )
    .here("no number yet")
    .note("write a number, or a parameter of the model that `--set` gives")
}

/// `repeat` with a count of another kind.
pub fn repeat_kind(span: Span, found: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0403,
        span,
        format!("the number of turns is an integer, and this is {found}"),
    )
    .here("not an integer")
}
