//! Wording of `W02xx`: networks that mean something, and seldom what was intended.

use crate::diag::{Code, Diagnostic};
use crate::shape::{Dim, Shape};
use crate::text::{Name, Span, Spanned};

/// `102764544` as `102,764,544`.
fn grouped(number: i128) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Two layers whose product is one layer of the same kind.
pub fn one_linear_map(
    span: Span,
    first: Span,
    (one, two): (&str, &str),
    kind: &str,
    before: &Dim,
    after: &Dim,
) -> Diagnostic {
    let what = match kind {
        "Linear" => "linear layers",
        _ => "1x1 convolutions",
    };
    let mut diagnostic = Diagnostic::new(
        Code::W0201,
        span,
        format!("`{one}` and `{two}` are {what} with nothing between them"),
    )
    .here("works on a linear map's result");
    // In a repeat both are the same statement.
    if first != span {
        diagnostic = diagnostic.label(first, "the first");
    }
    diagnostic
        .note(format!(
            "one `{kind}` from {before} to {after} can compute all that the two can"
        ))
        .note("put an activation such as `ReLU` between them, or drop one")
}

/// A bias that `BatchNorm` subtracts again. `stored` says whether there are trained weights.
pub fn bias_before_norm(span: Span, norm: Span, kind: &str, stored: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::W0202,
        span,
        format!("the bias of this `{kind}` has no effect"),
    )
    .here("adds a number to each channel")
    .label(
        norm,
        "takes each channel's mean away, and adds a bias of its own",
    );
    match stored {
        true => diagnostic.note(
            "`bias=false` would leave the trained bias out: the norm's `running_mean` has to be \
             lowered by it",
        ),
        false => diagnostic,
    }
}

/// A softmax of probabilities.
pub fn softmax_twice(span: Span, first: Span, before: &str, kind: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::W0203,
        span,
        format!("this `{kind}` works on the result of a `{before}`"),
    )
    .here("the second")
    .label(first, "the first");
    match before {
        "Softmax" => diagnostic.note(
            "numbers from 0 to 1 are too near to each other for a second one: of two classes, the \
             surer gets 73 % at most",
        ),
        _ => diagnostic.note("the second undoes the logarithm of the first, or changes nothing"),
    }
    .note("keep one of them")
}

/// A ReLU on scores. `bare` says whether its line can go without a trace.
pub fn relu_before_softmax(span: Span, softmax: Span, kind: &str, bare: bool) -> Diagnostic {
    Diagnostic::new(
        Code::W0203,
        span,
        format!("this `{kind}` makes all negative scores equal before the last softmax"),
    )
    .here("cuts scores off at 0")
    .label(softmax, "turns scores into probabilities")
    .note("a class that is certainly wrong gets as much as one that is merely unlikely")
    .note(match bare {
        true => "delete this line: a softmax takes scores of either sign",
        false => "a softmax takes scores of either sign",
    })
}

/// An even extent whose padding has no middle.
pub fn even_kernel(span: Span, kind: &str, extent: i128, dilated: bool) -> Diagnostic {
    let (before, after) = ((extent - 1) / 2, extent / 2);
    let window = match dilated {
        true => format!("a window {extent} wide"),
        false => format!("a kernel of {extent}"),
    };
    Diagnostic::new(
        Code::W0204,
        span,
        format!("`{kind}` with {window} and `same` padding shifts what it sees"),
    )
    .here("even: it has no middle")
    .note(format!(
        "`same` pads {before} before and {after} after, so that each result lies half a cell off"
    ))
    .note(match dilated {
        true => "an odd kernel has a middle".to_owned(),
        false => format!("a kernel of {} or {} has a middle", extent - 1, extent + 1),
    })
}

/// An axis whose end no window sees.
pub struct Unseen {
    /// Which spatial axis.
    pub axis: usize,
    /// How long it is.
    pub size: i128,
    /// How many windows lie on it.
    pub windows: i128,
    /// How long a window is.
    pub extent: i128,
    /// How far windows are apart.
    pub stride: i128,
    /// Where the last window ends.
    pub reach: i128,
}

/// Cells behind the last window. `spatial` is the number of spatial axes.
pub fn left_out(
    span: Span,
    kind: &str,
    pool: bool,
    spatial: usize,
    unseen: &[Unseen],
) -> Diagnostic {
    let axis = |axis: usize| match (spatial, axis) {
        (1, _) => ("step", "steps", "length"),
        (2, 0) => ("row", "rows", "height"),
        (2, _) => ("column", "columns", "width"),
        (_, 0) => ("plane", "planes", "depth"),
        (_, 1) => ("row", "rows", "height"),
        _ => ("column", "columns", "width"),
    };
    let lost: Vec<String> = unseen
        .iter()
        .map(|unseen| {
            let (one, many, _) = axis(unseen.axis);
            match unseen.size - unseen.reach {
                1 => format!("the last {one}"),
                count => format!("the last {} {many}", grouped(count)),
            }
        })
        .collect();
    let lost = match lost.as_slice() {
        [init @ .., end] if !init.is_empty() => format!("{} and {end}", init.join(", ")),
        _ => lost.concat(),
    };
    let mut diagnostic = Diagnostic::new(
        Code::W0205,
        span,
        format!("this `{kind}` does not see {lost} of its input"),
    )
    .here("its last window ends too early");
    for unseen in unseen {
        let (.., what) = axis(unseen.axis);
        let windows = match unseen.windows {
            1 => format!("one window of {} reaches", unseen.extent),
            windows => format!(
                "{} windows of {}, {} apart, reach",
                grouped(windows),
                unseen.extent,
                unseen.stride
            ),
        };
        diagnostic = diagnostic.note(format!(
            "{windows} {} of the {what} of {}",
            grouped(unseen.reach),
            grouped(unseen.size)
        ));
    }
    diagnostic.note(match pool {
        true => {
            "`ceil=true` gives the rest a window of its own; another size of the input leaves none"
        }
        false => "`padding` brings the rest into a window; another size of the input leaves none",
    })
}

/// Windows farther apart than they are long.
pub fn gaps(span: Span, kind: &str, extent: i128, stride: i128) -> Diagnostic {
    let gap = match stride - extent {
        1 => "one cell never counts".to_owned(),
        gap => format!("{} cells never count", grouped(gap)),
    };
    Diagnostic::new(
        Code::W0206,
        span,
        format!("the windows of this `{kind}` leave gaps"),
    )
    .here(format!("windows of {extent} cells, {stride} apart"))
    .note(format!("between one window and the next, {gap}"))
    .note(format!(
        "a stride of {extent} or less sees everything; to pick one cell in {stride} on purpose, use a window of 1"
    ))
}

/// A linear layer that holds most of a network.
pub struct Heavy<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its parameters.
    pub held: i128,
    /// The whole network's parameters.
    pub total: i128,
    /// What is flattened.
    pub shape: String,
    /// How many numbers the layer makes.
    pub features: i128,
    /// What it would hold on one number a channel; `None` beyond what can be counted.
    pub pooled: Option<i128>,
}

/// A `Flatten` before a `Linear` that is most of the network.
pub fn heavy_linear(span: Span, flatten: Span, heavy: &Heavy) -> Diagnostic {
    let percent = heavy.held.saturating_mul(100) / heavy.total;
    let mut diagnostic = Diagnostic::new(
        Code::W0207,
        span,
        format!(
            "`{}` holds {} of the model's {} parameters",
            heavy.name,
            grouped(heavy.held),
            grouped(heavy.total)
        ),
    )
    .here(format!("{percent} % of them"))
    .label(flatten, format!("joins all places of {}", heavy.shape));
    if let Some(pooled) = heavy.pooled {
        diagnostic = diagnostic.note(format!(
            "`Conv({}, kernel=1)` and `GlobalAvgPool` in place of both would hold {}",
            heavy.features,
            grouped(pooled)
        ));
    }
    diagnostic.note("they also take pictures of any size")
}

/// A result with holes.
pub fn dropout_at_the_end(span: Span, output: &Spanned<Name>) -> Diagnostic {
    Diagnostic::new(
        Code::W0208,
        span,
        format!(
            "this `Dropout` stands right before the output `{}`",
            output.value
        ),
    )
    .here("drops results")
    .label(
        output.span,
        "what is dropped here is compared with the truth",
    )
    .note("in training, parts of the answer itself would be 0 at random; in a run it does nothing")
    .note("move it before the last layer with parameters, or delete it")
}

/// A variable that stands once and is nearly called as another.
pub fn nearly_called(variable: &Spanned<Name>, other: &Name, there: Span) -> Diagnostic {
    let name = &variable.value;
    Diagnostic::new(
        Code::W0209,
        variable.span,
        format!("`{name}` and `{other}` are two sizes, and seem meant as one"),
    )
    .here("stands here alone, so it may be any size")
    .label(there, format!("`{other}`"))
    .fix(format!("write `{other}`"), variable.span, &**other)
}

/// A mean of places that see little; `window` is what each sees of `sizes`, an axis each.
pub fn sees_little(span: Span, window: &[i128], sizes: &[i128]) -> Diagnostic {
    let by = |sizes: &[i128]| {
        let sizes: Vec<String> = sizes.iter().map(i128::to_string).collect();
        sizes.join("×")
    };
    let (window, whole) = (by(window), by(sizes));
    Diagnostic::new(
        Code::W0210,
        span,
        format!("each place that is averaged here sees {window} of the {whole} input"),
    )
    .here("the decision rests on these alone")
    .note("what lies further apart is never seen together: it can tell textures and colours, and not how parts lie to each other")
    .note("strides, pools or more convolutions before it let each place see more: `nnc summary` shows how much")
}

/// `Conv(3, 6, 5)` on three channels.
pub fn width_first(span: Span, [filters, kernel, stride]: [i128; 3]) -> Diagnostic {
    Diagnostic::new(
        Code::W0211,
        span,
        format!("this is {filters} filters with a kernel of {kernel}, {stride} cells apart"),
    )
    .here("filters, kernel, stride")
    .note(super::proposals::WIDTH_FIRST)
}

/// An input of `shape`, whose channels come first as it seems; `layer` slides windows over it.
pub fn channels_first(span: Span, layer: Span, kind: &str, shape: &Shape) -> Diagnostic {
    let dims = shape.dims();
    Diagnostic::new(
        Code::W0212,
        span,
        format!(
            "this is a picture of {} by {} with {} channels",
            dims[1], dims[2], dims[3]
        ),
    )
    .here("height, width, channels")
    .label(
        layer,
        format!("`{kind}` takes the last axis for the channels"),
    )
    .note(super::proposals::CHANNELS_FIRST)
    .fix(
        "make it the file's layout",
        Span::new(span.file, 0, 0),
        "layout channels_first\n\n",
    )
}
