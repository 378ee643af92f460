//! Wording of what would make sizes agree.

use crate::diag::{Edit, Fix};
use crate::syntax::ast::LayerStatement;
use crate::text::{Name, Span};

/// Why PyTorch's order of numbers means something else here.
pub const WIDTH_FIRST: &str = "the channels that come in are inferred: PyTorch's `Conv2d(in, out, kernel)` is \
     `Conv(out, kernel)` here, and a third number is the stride";

/// How PyTorch's order of axes is had.
pub const CHANNELS_FIRST: &str =
    "PyTorch's order, `[N, 3, H, W]`, is had with `layout channels_first` as the file's first line";

/// `Conv(6, kernel=5)` for `Conv(3, 6, 5)`, of each layer: its kind, its statement and the numbers.
pub fn kernels_by_name(layers: &[(&str, &LayerStatement, [i128; 3])]) -> Fix {
    let edit = |span, text: &str| Edit {
        span,
        text: text.to_owned(),
    };
    let title = match layers {
        [(layer, _, [_, out, kernel])] => format!("write `{layer}({out}, kernel={kernel})`"),
        _ => "leave out what comes in, and name the kernels".to_owned(),
    };
    let edits = layers.iter().flat_map(|(_, statement, _)| {
        let arguments = &statement.arguments;
        let first = arguments[0].span.before().to(arguments[1].span.before());
        [edit(first, ""), edit(arguments[2].span.before(), "kernel=")]
    });
    Fix {
        title,
        edits: edits.collect(),
    }
}

/// Another axis for a `Concat`.
pub fn other_axis(span: Span, text: String) -> Fix {
    Fix {
        title: format!("join along axis {text}, on which they may differ"),
        edits: vec![Edit { span, text }],
    }
}

/// `padding=same` at the end of the arguments of each convolution on the way.
pub fn same_padding(places: Vec<Span>) -> Fix {
    let edit = |span| Edit {
        span,
        text: ", padding=same".to_owned(),
    };
    Fix {
        title: "keep the size with `padding=same`".to_owned(),
        edits: places.into_iter().map(edit).collect(),
    }
}

/// That the value `name` needs the layer `shortcut` to be added.
pub fn needs_a_shortcut(name: &Name, shortcut: &str) -> String {
    format!("`{shortcut}` gives `{name}` that shape, as the shortcuts of ResNet do")
}

/// A shortcut of its own above the statement, which takes it in place of `asked`.
pub fn shortcut(above: Span, line: String, asked: Span, label: String) -> Fix {
    let edit = |span, text| Edit { span, text };
    Fix {
        title: "add the result of a shortcut".to_owned(),
        edits: vec![edit(above, line), edit(asked, label)],
    }
}

/// That `before` cells became `after`, which `factor` does not give back. `multiple` is what the
/// input would have to be a multiple of.
pub fn rounded(
    (layer, line): (&str, usize),
    (before, after): (i128, i128),
    factor: i128,
    multiple: i128,
) -> String {
    format!(
        "{layer} (line {line}) makes {after} of {before}, and {factor} times {after} is {}: only \
         sizes that are multiples of {multiple} come back as they were",
        factor.saturating_mul(after)
    )
}

/// Why a `Linear` has as many axes as what it takes.
pub fn linear_keeps(layer: &str, line: usize) -> String {
    format!(
        "{layer} (line {line}) works on the last axis and keeps the others: `Flatten` or \
         `GlobalAvgPool` before it leaves two axes"
    )
}
