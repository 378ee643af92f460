//! Numbers in the order of another framework.

use super::View;
use crate::check::program::Layer;
use crate::check::proposals::{improbable, width_first};
use crate::check::wording::{advice, proposals};
use crate::diag::Diagnostic;

/// A convolution whose three numbers are, most likely, what comes in, what goes out and the kernel.
/// What its windows see is then not what was meant.
pub fn look(view: &View, layer: &Layer) -> Option<Diagnostic> {
    if layer.op.kind() != "Conv" {
        return None;
    }
    let statement = view.statement(layer)?;
    let shape = &view.model.ty(layer.inputs[0])?.shape;
    let channels = &shape.dims()[view.model.layout.channel_axis(shape.rank())];
    let numbers = width_first(layer.op.kind(), statement, channels);
    let numbers = numbers.filter(improbable)?;
    let span = statement.arguments[0].span.to(statement.arguments[2].span);
    let mut diagnostic = advice::width_first(span, numbers);
    let fix = proposals::kernels_by_name(&[("Conv", statement, numbers)]);
    diagnostic.fixes.push(fix);
    Some(view.told(layer, diagnostic))
}
