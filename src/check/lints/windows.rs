//! What windows do not see: lopsided padding, cells behind the last window, cells between two.

use super::{View, argument};
use crate::check::program::Layer;
use crate::check::wording::advice::{self, Unseen};
use crate::diag::Diagnostic;
use crate::layers::def::Field;
use crate::syntax::ast::ExprKind;

pub fn look(view: &View, layer: &Layer, out: &mut Vec<Diagnostic>) {
    let pool = match layer.op.kind() {
        "MaxPool" | "AvgPool" => true,
        "Conv" | "DepthwiseConv" => false,
        _ => return,
    };
    let Some(statement) = view.statement(layer) else {
        return;
    };
    // Without a stride every cell is seen, and an odd kernel has a centre: most need no look.
    let odd = |dim: &crate::shape::Dim| dim.as_const().is_some_and(|n| n % 2 == 1);
    if !pool
        && argument(statement, "stride").is_none()
        && view.kernel(layer).is_some_and(|dims| dims.iter().all(odd))
    {
        return;
    }
    let types = view
        .model
        .input_types(layer)
        .zip(view.model.output_types(layer));
    let Some((inputs, outputs)) = types else {
        return;
    };
    let Ok(cost) = layer.op.cost(&inputs, &outputs) else {
        return;
    };
    let Field::Window(axes) = cost.field else {
        return;
    };
    let numbers: Option<Vec<(i128, i128)>> = axes
        .iter()
        .map(|axis| Some((axis.extent.as_const()?, axis.stride.as_const()?)))
        .collect();
    let Some(windows) = numbers else {
        return;
    };
    let padding = argument(statement, "padding").map(|padding| &padding.kind);
    let place = view.place(layer);
    let same = matches!(padding, Some(ExprKind::Name(choice)) if &**choice == "same");
    if same {
        // With a stride, how much is padded depends on the size.
        let lopsided = windows
            .iter()
            .find(|(extent, stride)| extent % 2 == 0 && *stride == 1);
        if let Some((extent, _)) = lopsided.filter(|_| !pool) {
            let span = argument(statement, "kernel").map_or(place, |kernel| kernel.span);
            let dilated = argument(statement, "dilation").is_some();
            let diagnostic = advice::even_kernel(span, layer.op.kind(), *extent, dilated);
            out.push(view.told(layer, diagnostic));
        }
        return;
    }
    let none = match padding {
        None => true,
        Some(ExprKind::Name(choice)) => &**choice == "valid",
        Some(ExprKind::Int(amount)) => *amount == 0,
        Some(_) => false,
    };
    let input = &inputs[0].shape;
    let channel = view.model.layout.channel_axis(input.rank());
    let sizes = input.dims().iter().zip(outputs[0].shape.dims()).enumerate();
    let sizes: Vec<_> = sizes
        .filter(|(axis, _)| *axis != 0 && *axis != channel)
        .map(|(_, (before, after))| (before.as_const(), after.as_const()))
        .collect();
    if sizes.len() != windows.len() {
        return;
    }
    // A window of one cell picks cells, as the shortcuts of ResNet do.
    let picks = windows.iter().all(|(extent, _)| *extent == 1);
    let gap = windows
        .iter()
        .zip(&sizes)
        .find(|((extent, stride), (_, after))| stride > extent && *after != Some(1));
    if let Some(((extent, stride), _)) = gap {
        if !picks {
            let span = argument(statement, "stride").map_or(place, |stride| stride.span);
            let diagnostic = advice::gaps(span, layer.op.kind(), *extent, *stride);
            out.push(view.told(layer, diagnostic));
        }
        return;
    }
    if !none || picks {
        return;
    }
    let unseen: Vec<Unseen> = windows
        .iter()
        .zip(&sizes)
        .enumerate()
        .filter_map(|(axis, ((extent, stride), (before, after)))| {
            let (size, windows) = ((*before)?, (*after)?);
            let reach = (windows - 1).checked_mul(*stride)?.checked_add(*extent)?;
            (reach < size).then_some(Unseen {
                axis,
                size,
                windows,
                extent: *extent,
                stride: *stride,
                reach,
            })
        })
        .collect();
    if !unseen.is_empty() {
        let kind = layer.op.kind();
        let diagnostic = advice::left_out(place, kind, pool, windows.len(), &unseen);
        out.push(view.told(layer, diagnostic));
    }
}
