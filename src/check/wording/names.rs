//! Wording of `E02xx`: names that are unknown, defined twice, or stand for something else; and
//! of values that are missing where one is needed.

use crate::diag::suggest::{closest, closest_or_longer};
use crate::diag::{Code, Diagnostic, Edit, Fix};
use crate::layers::REGISTRY;
use crate::shape::Dim;
use crate::text::{Name, Span, Spanned};

/// `a`, `b` or `c`.
pub fn or(words: &[impl AsRef<str>]) -> String {
    list(words, "or")
}

/// `a`, `b` and `c`.
pub fn and(words: &[impl AsRef<str>]) -> String {
    list(words, "and")
}

fn list(words: &[impl AsRef<str>], last: &str) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [init @ .., end] => format!("{} {last} {end}", init.join(", ")),
    }
}

/// The first `most` of `words`, and how many more there are.
fn some(words: &[&str], most: usize) -> String {
    if words.len() > most {
        let first: Vec<String> = words[..most]
            .iter()
            .map(|word| format!("`{word}`"))
            .collect();
        format!("{} and {} more", first.join(", "), words.len() - most)
    } else {
        and(words)
    }
}

/// A layer under another framework's name.
pub struct Elsewhere<'a> {
    /// The layer.
    pub layer: &'a str,
    /// Who calls it so.
    pub frameworks: &'a [&'a str],
    /// The name with its module: `nn.Conv2d`.
    pub written: Span,
    /// A first argument that says what comes in, with its comma.
    pub width: Option<Span>,
}

/// Whether another framework calls a layer that there is so, in other capitals perhaps.
fn elsewhere_here(name: &str) -> bool {
    let names = REGISTRY.iter().flat_map(|def| def.doc().elsewhere);
    names
        .filter_map(|(_, theirs)| theirs.rsplit('.').next())
        .any(|theirs| theirs.eq_ignore_ascii_case(name))
}

/// What a layer of other frameworks is, which has no name here.
fn not_here(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase().replace('_', "");
    Some(match plain.as_str() {
        "gelu" | "selu" | "elu" | "celu" | "silu" | "swish" | "mish" | "prelu" | "rrelu"
        | "relu6" | "softplus" | "softsign" | "softmin" | "hardswish" | "hardsigmoid"
        | "hardtanh" | "glu" | "logsoftmax" | "logsigmoid" | "exponential" => "an activation",
        "layernorm" | "layernormalization" | "groupnorm" | "groupnormalization"
        | "instancenorm" | "instancenorm2d" | "rmsnorm" | "unitnormalization"
        | "localresponsenorm" => "a norm",
        "lstm" | "gru" | "rnn" | "simplernn" | "bidirectional" | "timedistributed"
        | "convlstm2d" => "a recurrent layer",
        "multiheadattention"
        | "attention"
        | "transformerencoder"
        | "transformerencoderlayer"
        | "scaleddotproductattention" => "an attention",
        "embedding" => "a table of vectors",
        "matmul" | "bmm" | "dot" | "einsum" => "a product of two values",
        "adaptiveavgpool2d" | "adaptivemaxpool2d" | "adaptiveavgpool1d" | "pixelshuffle"
        | "separableconv2d" | "zeropadding2d" | "cropping2d" | "lambda" | "unfold" | "fold" => {
            "a layer of other frameworks"
        }
        _ => return None,
    })
}

/// A layer that neither the language nor the file knows. `elsewhere` is the layer that another
/// framework calls so.
pub fn unknown_layer(
    span: Span,
    name: &str,
    known: &[&str],
    elsewhere: Option<Elsewhere>,
) -> Diagnostic {
    let message = format!("there is no layer or block called `{name}`");
    if let Some(elsewhere) = elsewhere {
        let layer = elsewhere.layer;
        let diagnostic = Diagnostic::new(Code::E0201, span, message)
            .here(format!("this is `{layer}` here"))
            .note(format!(
                "{} {} it `{name}`",
                elsewhere.frameworks.join(" and "),
                match elsewhere.frameworks {
                    [_] => "calls",
                    _ => "call",
                }
            ));
        let mut fix = Fix {
            title: format!("write `{layer}`"),
            edits: vec![Edit {
                span: elsewhere.written,
                text: layer.to_owned(),
            }],
        };
        let Some(width) = elsewhere.width else {
            return Diagnostic {
                fixes: vec![fix],
                ..diagnostic
            };
        };
        fix.title += ", without the size that comes in";
        fix.edits.push(Edit {
            span: width,
            text: String::new(),
        });
        return Diagnostic {
            fixes: vec![fix],
            ..diagnostic.note("its first number is the size that comes in, which is inferred here")
        };
    }
    let diagnostic = Diagnostic::new(Code::E0201, span, message);
    // `GELU` is no misspelt `ReLU`.
    let here = known.iter().any(|known| known.eq_ignore_ascii_case(name));
    if let Some(kind) = not_here(name).filter(|_| !here && !elsewhere_here(name)) {
        return diagnostic
            .here(format!("{kind} that `nnc` does not have"))
            .note("`nnc layers` lists every layer");
    }
    match closest(name, known.iter().copied()) {
        Some(near) => diagnostic.here(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            span,
            near,
        ),
        None if matches!(name, "Input" | "InputLayer" | "Placeholder") => diagnostic
            .here("an input is a line of its own")
            .note("it begins with `input`: `input image: [N, 28, 28, 1]`"),
        None => diagnostic
            .here("not a layer")
            .note("`nnc layers` lists every layer; a block is defined in this file or imported"),
    }
}

/// A label that nothing defines.
pub fn unknown_value(span: Span, name: &str, known: &[&str], is_constant: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0202,
        span,
        format!("there is no value called `{name}`"),
    );
    if is_constant {
        return diagnostic
            .here("a compile-time name, not a value")
            .note("`from` takes inputs and labels; a number is written as an argument");
    }
    match closest_or_longer(name, known.iter().copied()) {
        Some(near) => diagnostic.here(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            span,
            near,
        ),
        None if known.is_empty() => diagnostic
            .here("no label or input of that name")
            .note(format!("give a line above the label: `{name}: …`")),
        None => diagnostic
            .here("no label or input of that name")
            .note(format!("values with names above: {}", some(known, 8))),
    }
}

/// A label in a `repeat`, asked for from outside: `last` is the number of its last turn.
pub fn inside_a_repeat(span: Span, name: &str, repeat: &str, last: usize) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0202,
        span,
        format!("`{name}` is a label inside of `{repeat}`, and each turn has its own"),
    )
    .here("which turn's?");
    let (every, one) = (
        format!("{repeat}.*.{name}"),
        format!("{repeat}.{last}.{name}"),
    );
    diagnostic.fix("take that of every turn", span, every).fix(
        "take that of the last turn",
        span,
        one,
    )
}

/// A label where the name of a layer is wanted: `c2: conv1 from y`, or `c2: conv1(y)`, whose
/// `called` are the parentheses and what stands in them.
pub fn label_as_layer(span: Span, name: &str, called: Option<(Span, &str)>) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(
        Code::E0201,
        span,
        format!("`{name}` is a label, and not the name of a layer"),
    )
    .here("a line applies a layer or block")
    .fix("apply the same layer again", span.before(), "reuse ");
    if let Some((parentheses, values)) = called {
        diagnostic.fixes[0].edits.push(Edit {
            span: parentheses,
            text: format!(" from {values}"),
        });
    }
    diagnostic
}

/// A label that is defined further down.
pub fn used_above(span: Span, name: &str, later: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0209,
        span,
        format!("`{name}` is used above the line that makes it"),
    )
    .here("not there yet")
    .label(later, format!("`{name}` is made here"))
    .note("data flows from top to bottom: a line can take only what lines above have made")
}

/// A name in an expression that nothing defines.
pub fn unknown_constant(span: Span, name: &str, known: &[&str], is_value: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0203,
        span,
        format!("nothing here is called `{name}`"),
    );
    if is_value {
        return diagnostic
            .here("a value, whose numbers are known only when it runs")
            .note("an expression takes numbers, `let`s, parameters and dimension variables");
    }
    match closest_or_longer(name, known.iter().copied()) {
        Some(near) => diagnostic.here(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            span,
            near,
        ),
        None if known.is_empty() => diagnostic.here("not a `let`, parameter or dimension variable"),
        None => diagnostic
            .here("not a `let`, parameter or dimension variable")
            .note(format!("known here: {}", some(known, 8))),
    }
}

/// A name that is defined a second time.
pub fn twice(span: Span, name: &str, first: Span, what: &str) -> Diagnostic {
    Diagnostic::new(Code::E0204, span, format!("`{name}` is defined twice"))
        .here(format!("a second {what} of this name"))
        .label(first, "the first is here")
        .note("every name means one thing; give one of them another")
}

/// A block called like a layer.
pub fn layer_name_taken(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0205,
        span,
        format!("a block cannot be called `{name}`: the language has a layer of that name"),
    )
    .here("choose another name")
    .fix(format!("call it `My{name}`"), span, format!("My{name}"))
}

/// A layer with nothing above to work on.
pub fn nothing_above(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0206,
        span,
        "no value stands above for this line to work on",
    )
    .here("works on what?")
    .note("begin the body with an `input`, or name a value: `from x`")
}

/// A layer below several inputs with nothing between.
///
/// `from` would be written at `end`; with `several`, all of them can be taken.
pub fn several_inputs(span: Span, inputs: &[(Name, Span)], end: Span, several: bool) -> Diagnostic {
    let names: Vec<&str> = inputs.iter().map(|(name, _)| &**name).collect();
    let mut diagnostic = Diagnostic::new(
        Code::E0207,
        span,
        format!(
            "{} inputs stand above: which does this line take?",
            inputs.len()
        ),
    )
    .here("say which with `from`");
    for (name, made) in inputs {
        diagnostic = diagnostic.label(*made, format!("`{name}`"));
    }
    let choices: Vec<String> = match several {
        true => vec![names.join(", ")],
        false => names
            .iter()
            .take(3)
            .map(|name| (*name).to_owned())
            .collect(),
    };
    for choice in choices {
        diagnostic = diagnostic.fix(format!("take `{choice}`"), end, format!(" from {choice}"));
    }
    diagnostic
}

/// A result, stored tensor or turn that is not there: `part` of `so_far`. `instead` is what is
/// there.
pub fn no_such_part(
    span: Span,
    so_far: &str,
    part: &str,
    why: &str,
    instead: &[String],
) -> Diagnostic {
    let message = format!("there is no `{so_far}.{part}`: {why}");
    let diagnostic = Diagnostic::new(Code::E0208, span, message);
    let named: Vec<&str> = instead.iter().map(String::as_str).collect();
    let near = match named.as_slice() {
        [only] => Some(*only),
        _ => closest_or_longer(part, named.iter().copied()),
    };
    let diagnostic = match near {
        Some(near) => diagnostic
            .here(format!("did you mean `{so_far}.{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic.here(format!("not a part of `{so_far}`")),
    };
    match named.len() {
        0 | 1 => diagnostic,
        _ => diagnostic.note(format!("`{so_far}` has {}", and(&named))),
    }
}

/// `layout` with a word that is no layout.
pub fn unknown_layout(span: Span, name: &str) -> Diagnostic {
    let choices = ["channels_last", "channels_first"];
    let near = closest(name, choices.iter().copied());
    let diagnostic = Diagnostic::new(Code::E0203, span, format!("`{name}` is no layout"))
        .here("`channels_last` or `channels_first`");
    match near {
        Some(near) => diagnostic.fix(format!("write `{near}`"), span, near),
        None => diagnostic,
    }
}

/// An element type that is none.
pub fn unknown_dtype(span: Span, name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0203, span, format!("`{name}` is no element type"))
        .here("`f32` or `i64`");
    let instead = match name {
        "float" | "float32" | "f64" | "double" | "f16" | "half" => "f32",
        "int" | "int64" | "i32" | "long" | "int32" => "i64",
        _ => return diagnostic,
    };
    diagnostic.fix(format!("write `{instead}`"), span, instead)
}

/// An import of a name that the file does not define as a block.
pub fn not_in_file(span: Span, name: &str, path: &str, there: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0212,
        span,
        format!("`{path}` defines no block called `{name}`"),
    );
    match closest(name, there.iter().copied()) {
        Some(near) => diagnostic.here(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            span,
            near,
        ),
        None if there.is_empty() => diagnostic.here("the file defines no block"),
        None => diagnostic
            .here("not there")
            .note(format!("it defines {}", some(there, 8))),
    }
}

/// An import whose file cannot be read.
pub fn import_unreadable(span: Span, path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0210,
        span,
        format!("`{path}` cannot be imported: {why}"),
    )
    .here("this file")
    .note("the path is relative to the file that imports it")
}

/// Files that import each other. `steps` are the names of the files, the first again at the end.
pub fn imports_in_a_circle(span: Span, steps: &[String]) -> Diagnostic {
    let chain: Vec<String> = steps.iter().map(|step| format!("`{step}`")).collect();
    Diagnostic::new(Code::E0211, span, "these imports go in a circle")
        .here("closes the circle")
        .note(format!("the circle: {}", chain.join(" imports ")))
        .note("move the blocks that both need into a file of their own")
}

/// An import from a file of the other layout.
pub fn import_of_other_layout(span: Span, path: &str, theirs: &str, ours: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0213,
        span,
        format!("`{path}` is written for `{theirs}`, and this file for `{ours}`"),
    )
    .here("shapes would mean different axes")
    .note("both files must begin with the same `layout`; without one it is `channels_last`")
}

/// Blocks that use each other. Each step is a user, the place, and what it uses.
pub fn blocks_in_a_circle(span: Span, steps: &[(Name, Span, Name)]) -> Diagnostic {
    let message = match steps {
        [(name, ..)] => format!("block `{name}` uses itself"),
        _ => "these blocks use each other in a circle".to_owned(),
    };
    let mut diagnostic = Diagnostic::new(Code::E0214, span, message);
    for (at, (user, place, used)) in steps.iter().enumerate() {
        let text = format!("`{user}` uses `{used}`");
        diagnostic = match at {
            0 => diagnostic.here(text),
            _ => diagnostic.label(*place, text),
        };
    }
    diagnostic.note("a block is copied in where it is used, so a circle would never end; `repeat` applies layers several times")
}

/// `reuse` of something that is neither a layer nor a block.
pub fn not_reusable(span: Span, name: &str, what: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0215,
        span,
        format!("`{name}` is {what}, and only a layer or a block can be used again"),
    )
    .here("no layer")
    .note("`reuse` takes the label of a line above: `reuse conv1 from y`")
}

/// Dimension variables that no size of the data gives.
pub fn unbindable(span: Span, names: &[Name], holder: Option<&Dim>) -> Diagnostic {
    let all = and(names);
    let message = match names {
        [one] => format!("the size of the data does not tell `{one}`"),
        _ => format!("the sizes of the data do not tell {all}"),
    };
    let diagnostic = Diagnostic::new(Code::E0216, span, message).here("cannot be found");
    let diagnostic = match holder {
        Some(dim) => diagnostic.note(match names {
            [one] => format!("`{one}` occurs only in `{dim}`, which does not give it"),
            _ => format!("of {all} only `{dim}` is known, and many choices of them fit it"),
        }),
        None => diagnostic,
    };
    diagnostic
        .note("let each variable stand alone on some axis of an input, or as `2*h` or `h + 1`")
}

/// A body without `output`. `close` is its closing brace, and whether that stands on a line of
/// its own.
pub fn no_output(
    span: Span,
    kind: &str,
    name: &str,
    last: Option<Name>,
    (close, alone): (Span, bool),
) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::E0217, span, format!("{kind} `{name}` has no output"))
        .here("nothing comes out of it");
    match last {
        Some(_) => diagnostic.fix(
            "end the body with an output",
            close.before(),
            match alone {
                true => "    output y\n",
                false => "\n    output y\n",
            },
        ),
        None => diagnostic.note("a body begins with an `input` and ends with an `output`"),
    }
}

/// `--set` of a name that no model has.
pub fn unknown_setting(span: Span, name: &str, known: &[Name]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0218,
        span,
        format!("no model here has a parameter or dimension variable called `{name}`"),
    )
    .here(format!("`--set {name}=…` sets nothing"));
    match closest(name, known.iter().map(|name| &**name)) {
        Some(near) => diagnostic.note(format!("did you mean `--set {near}=…`?")),
        None if known.is_empty() => diagnostic.note("it has none"),
        None => diagnostic.note(format!("it has {}", and(known))),
    }
}

/// `--set` of a dimension variable to something that is no size.
pub fn setting_not_a_size(variable: &Spanned<Name>, found: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0218,
        variable.span,
        format!(
            "`{}` is a size, at least 1, and `--set` gives it {found}",
            variable.value
        ),
    )
    .here("a dimension variable")
}

/// A path with `*` where one value is needed.
pub fn several_for_one(span: Span, count: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0219,
        span,
        format!("an output takes one value, and this names {count}"),
    )
    .here(format!("{count} values"))
    .note("join them first, with `Concat` or `Add`")
}

/// A file of labels that cannot be read.
pub fn labels_unreadable(span: Span, path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(Code::E0210, span, format!("`{path}` cannot be read: {why}"))
        .here("the names of the last axis, a line each")
        .note("the path is relative to this file")
}

/// A statement that has no meaning inside a `repeat`.
pub fn inside_repeat(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0110,
        span,
        format!("{what} cannot stand inside a `repeat`"),
    )
    .here("move it out")
    .note("a repeat works on the value above it and gives the result of its last turn")
}

/// `weights` in a block.
pub fn weights_in_block(span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0110, span, "a block has no weights file of its own")
        .here("move it to the model")
        .note("a model's file holds the weights of all blocks that it uses, by their labels")
}

/// A file with bytes that are not UTF-8.
pub fn not_utf8(span: Span, byte: u8) -> Diagnostic {
    Diagnostic::new(
        Code::E0105,
        span,
        format!("the file is not UTF-8 text: byte 0x{byte:02X} here is no part of a character"),
    )
    .here("not a character")
    .note("save the file as UTF-8; nothing else in it was checked")
}

/// A file that defines nothing.
pub fn nothing_defined(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0220,
        span,
        "the file defines neither a model nor a block",
    )
    .here("nothing to check")
    .note(
        "a model begins with `model Name {`, an `input` and layers follow, and an `output` ends it",
    )
}
