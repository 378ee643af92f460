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
