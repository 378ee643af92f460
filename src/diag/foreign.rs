//! The wording of lines that come from another framework's program (`E0101`, `E0108`).

use super::{Code, Diagnostic};
use crate::text::Span;

/// `self.conv1 = Conv(6)` for `conv1: Conv(6)`; `at` is `self.`, `whole` all before the layer.
pub fn self_label(at: Span, whole: Span, label: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("a label is written without `self.`, and ends with `:`: `{label}: …`"),
    )
    .here("not needed")
    .fix(format!("write `{label}:`"), whole, format!("{label}:"))
}

/// `relu(self.fc1(x))`: a layer that is called; `at` is the `self`.
pub fn called_within(at: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "layers are not called, and there is no `self`",
    )
    .here("a line works on the result of the line above")
    .note("write each layer on a line of its own; another value is taken with `from`")
}

/// `model Net(nn.Module) {`; `at` are the parentheses.
pub fn inherits(at: Span, kind: &str, name: &str) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, format!("a {kind} inherits from nothing"))
        .here("between these stand names of parameters")
        .fix(format!("write `{kind} {name}`"), at, "")
}

/// `nn.Linear(10)`; `at` is `nn.`.
pub fn module_name(at: Span, module: &str, layer: &str) -> Diagnostic {
    Diagnostic::new(
        Code::E0108,
        at,
        format!("a layer is written without a module: `{layer}`, not `{module}{layer}`"),
    )
    .here("not needed")
    .fix(format!("write `{layer}`"), at, "")
}

/// What a model looks like beside Python.
pub const FORM: &str = "a model is a line for each layer, between its input and its output:\n\
    model Net {\n    \
    input x: [N, 28, 28, 1]\n    \
    conv1: Conv(8, kernel=3)\n    \
    ReLU\n    \
    output y\n\
    }";

/// A Python class, up to the line `last`; `at` is its head.
pub fn class(at: Span, name: &str, last: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("`{name}` is a Python class, and a `.nn` file has models"),
    )
    .here(format!("Python up to line {last}, which is not read"))
    .note("write the layers in the order in which `forward` calls them, each on a line of its own")
    .note(FORM)
}

/// A Python function, up to the line `last`.
pub fn function(at: Span, name: &str, last: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        format!("`{name}` is a Python function, and a `.nn` file has models and blocks"),
    )
    .here(format!("Python up to line {last}, which is not read"))
    .note("write its layers in the order in which it calls them, each on a line of its own")
    .note(FORM)
}

/// An import of Python; `whole` is its line.
pub fn import(at: Span, whole: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, at, "`.nn` has no modules to import")
        .here("an import of Python")
        .note("blocks of another `.nn` file are imported by name: `import Residual from \"blocks.nn\"`")
        .fix("delete this line", whole, "")
}

/// Python calls, up to the line `last`.
pub fn script(at: Span, last: usize) -> Diagnostic {
    Diagnostic::new(
        Code::E0101,
        at,
        "this is Python, and a `.nn` file has models of its own",
    )
    .here(format!("Python up to line {last}, which is not read"))
}
