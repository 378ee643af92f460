//! What a layer could be written as where sizes fail: another axis to join, a padding that keeps
//! sizes, a shortcut of its own, arguments in another framework's order. A fix is proposed only
//! where the failed claims then hold.

use std::collections::HashSet;
use std::iter::successors;

use super::apply::Places;
use super::build::{Mode, Walk};
use super::program::{Layer, Source, ValueId};
use super::scope::{Frame, Operand};
use super::wording::proposals as wording;
use crate::diag::{Diagnostic, Fix};
use crate::layers::error::{Claim, Obligation};
use crate::shape::{Dim, Shape};
use crate::syntax::ast::{
    Argument, Definition, ExprKind, LayerStatement, Statement, StatementKind,
};
use crate::tensor::Layout;
use crate::text::Span;

/// The strides that a shortcut may have.
const STRIDES: std::ops::RangeInclusive<i128> = 1..=8;

/// Two values that should agree, and where they do not.
struct Pair<'o> {
    left: &'o Operand,
    right: &'o Operand,
    axes: Vec<usize>,
}

impl Walk<'_, '_> {
    /// Adds to the diagnostic of `failed` claims what would make them hold.
    pub(super) fn propose(
        &self,
        frame: &Frame,
        places: &Places,
        failed: &[&Obligation],
        diagnostic: &mut Diagnostic,
    ) {
        if self.seems_first(places) {
            diagnostic.notes.push(wording::CHANNELS_FIRST.to_owned());
            return;
        }
        if let Some(fix) = self.other_order(frame, places) {
            diagnostic.notes.push(wording::WIDTH_FIRST.to_owned());
            diagnostic.fixes.push(fix);
            return;
        }
        if places.name == "Concat" {
            diagnostic.fixes.extend(self.other_axis(places));
        }
        let Some(pair) = pair(places, failed) else {
            return;
        };
        if let Some(note) = self.rounding(&pair) {
            diagnostic.notes.push(note);
        }
        if !diagnostic.fixes.is_empty() {
            return;
        }
        if let Some(fix) = self.same_padding(frame, &pair) {
            diagnostic.fixes.push(fix);
        } else if matches!(places.name, "Add" | "Sub" | "Maximum")
            && let Some((shortcut, old)) = self.shortcut(&pair)
        {
            diagnostic
                .notes
                .push(wording::needs_a_shortcut(&old.name, &shortcut));
            if let Some(asked) = old.asked.filter(|_| frame.home && self.mode == Mode::Model) {
                let label = frame.free_label("shortcut");
                let indent = self.checker.sources.indent(places.statement).to_owned();
                let line = format!("{label}: {shortcut} from {}\n{indent}", old.name);
                let fix = wording::shortcut(places.statement.before(), line, asked, label);
                diagnostic.fixes.push(fix);
            }
        }
    }

    /// Whether what the layer slides over comes from a picture with its channels first.
    fn seems_first(&self, places: &Places) -> bool {
        let Some(operand) = places.operands.first() else {
            return false;
        };
        let mut at = operand.value;
        while let Source::Layer(layer, 0) = self.values[at.0 as usize].source {
            match self.layers[layer].inputs.first() {
                Some(input) => at = *input,
                None => return false,
            }
        }
        matches!(places.name, "Conv" | "MaxPool" | "AvgPool")
            && matches!(self.values[at.0 as usize].source, Source::Input(_))
            && (self.ty(at)).is_some_and(|ty| channels_seem_first(self.layout, &ty.shape))
    }

    /// `Conv(3, 6, 5)` on three channels, as PyTorch would write it: here, or in the layers above
    /// that made the sizes what they are.
    fn other_order(&self, frame: &Frame, places: &Places) -> Option<Fix> {
        let mut found = Vec::new();
        // What went out of the layer before, had it been meant so.
        let mut meant = None;
        let mut look = |kind: &'static str, span, input: ValueId| {
            let statement = self.written(span)?;
            let shape = &self.ty(input)?.shape;
            let channels = shape
                .dims()
                .get(self.layout.channel_axis(shape.rank().max(1)))?;
            let numbers = width_first(kind, statement, channels)
                .or_else(|| width_first(kind, statement, &Dim::constant(meant?)));
            meant = numbers.map(|numbers| numbers[1]);
            found.push((kind, statement, numbers?));
            Some(())
        };
        let input = places.operands.first()?.value;
        let mut above = Vec::new();
        let mut at = input;
        while let Source::Layer(layer, 0) = self.values[at.0 as usize].source {
            let layer = &self.layers[layer];
            if layer.via == frame.via && layer.op.kind() == "Conv" {
                above.push(layer);
            }
            let Some(input) = layer.inputs.first() else {
                break;
            };
            at = *input;
        }
        for layer in above.into_iter().rev() {
            look("Conv", layer.span, layer.inputs[0]);
        }
        let (kind, _) = places.matched?;
        look(kind.name(), places.statement, input);
        let last = found.last()?;
        let here = std::ptr::eq(last.1, self.written(places.statement)?);
        (here || found.iter().any(|(.., numbers)| improbable(numbers)))
            .then(|| wording::kernels_by_name(&found))
    }

    /// The one axis along which the values of a `Concat` can be joined, when that is not its own.
    fn other_axis(&self, places: &Places) -> Option<Fix> {
        let shapes: Option<Vec<&Shape>> = places
            .operands
            .iter()
            .map(|operand| Some(&self.ty(operand.value)?.shape))
            .collect();
        let shapes = shapes?;
        let first = *shapes.first()?;
        let differ = |axis: &usize| shapes.iter().any(|shape| shape[*axis] != first[*axis]);
        let differing: Vec<usize> = (0..first.rank()).filter(differ).collect();
        let [axis] = differing[..] else {
            return None;
        };
        let span = places.of(crate::layers::error::Blame::Arg("axis"));
        let text = match axis + 1 == first.rank() {
            true => "-1".to_owned(),
            false => axis.to_string(),
        };
        (axis > 0 && span != places.layer).then(|| wording::other_axis(span, text))
    }

    /// The layers between `from` and `to`, which works on it in the first place; latest first.
    fn between(&self, from: ValueId, to: ValueId) -> Option<Vec<&Layer>> {
        let mut layers = Vec::new();
        let mut at = to;
        while at != from {
            let Source::Layer(layer, 0) = self.values[at.0 as usize].source else {
                return None;
            };
            let layer = &self.layers[layer];
            layers.push(layer);
            at = *layer.inputs.first()?;
        }
        Some(layers)
    }

    /// That a `Linear` above `value` keeps the axes between the first and the last, when these are
    /// what is too much for the shape that is stated.
    pub(super) fn keeps_places(
        &self,
        value: ValueId,
        stated: &Shape,
        found: &Shape,
    ) -> Option<String> {
        let ends =
            |shape: &Shape| Some((shape.dims().first()?.clone(), shape.dims().last()?.clone()));
        if stated.rank() != 2 || found.rank() < 3 || ends(stated) != ends(found) {
            return None;
        }
        let mut at = value;
        while let Source::Layer(layer, 0) = self.values[at.0 as usize].source {
            let layer = &self.layers[layer];
            at = *layer.inputs.first()?;
            if self.ty(at)?.shape.rank() != found.rank() {
                return None;
            }
            if layer.op.kind() == "Linear" {
                let line = self.checker.sources.start(layer.span).line;
                return Some(wording::linear_keeps(&self.quote(layer.span), line));
            }
        }
        None
    }

    /// The latest value that both work on in the first place, or one of the two.
    fn common(&self, left: ValueId, right: ValueId) -> Option<ValueId> {
        let before = |value: &ValueId| match self.values[value.0 as usize].source {
            Source::Layer(layer, 0) => self.layers[layer].inputs.first().copied(),
            _ => None,
        };
        let chain: HashSet<ValueId> = successors(Some(left), before).collect();
        successors(Some(right), before).find(|value| chain.contains(value))
    }

    /// The convolutions between the two values that shrink one, padded so that they do not.
    fn same_padding(&self, frame: &Frame, pair: &Pair) -> Option<Fix> {
        let (left, right) = (pair.left.value, pair.right.value);
        let common = self.common(left, right)?;
        let mut layers = self.between(common, left)?;
        layers.extend(self.between(common, right)?);
        let mut places = Vec::new();
        for layer in layers {
            let before = &self.ty(*layer.inputs.first()?)?.shape;
            let after = &self.ty(*layer.outputs.first()?)?.shape;
            if before.rank() != after.rank() {
                return None;
            }
            if pair.axes.iter().all(|axis| before[*axis] == after[*axis]) {
                continue;
            }
            let statement = self.written(layer.span)?;
            let given = |name: &str, at: usize| {
                let named = |argument: &Argument| {
                    (argument.name.as_ref()).is_some_and(|given| &*given.value == name)
                };
                statement.arguments.iter().any(named)
                    || statement
                        .arguments
                        .get(at)
                        .is_some_and(|argument| argument.name.is_none())
            };
            // `Conv(filters, kernel, stride, padding, dilation, …)`
            let plain = layer.op.kind() == "Conv"
                && !given("stride", 2)
                && !given("padding", 3)
                && !given("dilation", 4);
            if !plain || layer.via != frame.via {
                return None;
            }
            let end = statement.arguments.last()?.span.after();
            if !places.contains(&end) {
                places.push(end);
            }
        }
        let channel = self.layout.channel_axis(self.ty(left)?.shape.rank());
        let spatial = pair.axes.iter().all(|axis| *axis > 0 && *axis != channel);
        (spatial && !places.is_empty()).then(|| wording::same_padding(places))
    }

    /// The 1×1 convolution through which the earlier of the two values would fit the later.
    fn shortcut<'o>(&self, pair: &Pair<'o>) -> Option<(String, &'o Operand)> {
        let (old, new) = match self.between(pair.left.value, pair.right.value) {
            Some(_) => (pair.left, pair.right),
            None => {
                self.between(pair.right.value, pair.left.value)?;
                (pair.right, pair.left)
            }
        };
        let (from, to) = (&self.ty(old.value)?.shape, &self.ty(new.value)?.shape);
        let rank = from.rank();
        if !(3..=5).contains(&rank) || to.rank() != rank || from[0] != to[0] {
            return None;
        }
        let channel = self.layout.channel_axis(rank);
        let fits = |stride: i128| {
            (1..rank).filter(|axis| *axis != channel).all(|axis| {
                let last = from[axis].minus(1).and_then(|last| last.floor_div(stride));
                last.and_then(|last| last.plus(1)).as_ref() == Ok(&to[axis])
            })
        };
        let stride = STRIDES.into_iter().find(|stride| fits(*stride))?;
        let filters = &to[channel];
        let text = match stride {
            1 => format!("Conv({filters}, kernel=1)"),
            stride => format!("Conv({filters}, kernel=1, stride={stride})"),
        };
        Some((text, old))
    }

    /// That a size which was divided with a rest does not come back: the layer that did so.
    fn rounding(&self, pair: &Pair) -> Option<String> {
        let axis = *pair.axes.first()?;
        let (mut product, mut found, mut grows) = (1i128, None, false);
        for value in [pair.left.value, pair.right.value] {
            let mut steps = Vec::new();
            let mut at = value;
            while let Source::Layer(layer, _) = self.values[at.0 as usize].source {
                let layer = &self.layers[layer];
                let Some(input) = layer.inputs.first().copied() else {
                    break;
                };
                let size = |value| self.ty(value)?.shape.dims().get(axis)?.as_const();
                let (Some(before), Some(after)) = (size(input), size(at)) else {
                    break;
                };
                steps.push((layer, before, after));
                at = input;
            }
            let mut factor = 1;
            for (layer, before, after) in steps.into_iter().rev() {
                if after > before {
                    grows |= found.is_some();
                } else if found.is_none() && before > after && after >= 1 {
                    // The nearest whole factor.
                    let near = before.checked_mul(2)?.checked_add(after)? / after.checked_mul(2)?;
                    factor = before.min(1 << 20).min(near).checked_mul(factor)?;
                    if near > 1 && near.checked_mul(after)? != before {
                        let place = layer.via.first().copied().unwrap_or(layer.span);
                        let line = self.checker.sources.start(place).line;
                        found = Some((self.quote(place), line, before, after, near));
                        product = factor;
                    }
                }
            }
        }
        let (quoted, line, before, after, factor) = found.filter(|_| grows)?;
        Some(wording::rounded(
            (&quoted, line),
            (before, after),
            factor,
            product,
        ))
    }

    /// The statement of a layer.
    fn written(&self, span: Span) -> Option<&LayerStatement> {
        fn find(statements: &[Statement], span: Span) -> Option<&LayerStatement> {
            statements
                .iter()
                .find_map(|statement| match &statement.kind {
                    StatementKind::Layer(layer) if statement.span == span => Some(layer),
                    StatementKind::Repeat(repeat) => find(&repeat.body.statements, span),
                    _ => None,
                })
        }
        let definition: &Definition = self.definition;
        find(&definition.body.statements, span)
    }
}

/// Whether the first of three numbers without a name is the size that comes in: PyTorch's
/// `Conv2d(in, out, kernel)`.
pub(super) fn width_first(
    kind: &str,
    statement: &LayerStatement,
    channels: &Dim,
) -> Option<[i128; 3]> {
    let number = |argument: &Argument| match (&argument.name, &argument.value.kind) {
        (None, ExprKind::Int(number)) => Some(*number),
        _ => None,
    };
    let [first, second, third, ..] = statement.arguments.as_slice() else {
        return None;
    };
    let numbers = [number(first)?, number(second)?, number(third)?];
    let fourth = statement.arguments.get(3);
    let named = fourth.is_none_or(|argument| argument.name.is_some());
    // What is given by name already is not also given by position.
    let again = statement.arguments.iter().any(|argument| {
        (argument.name.as_ref()).is_some_and(|name| matches!(&*name.value, "filters" | "kernel"))
    });
    (matches!(kind, "Conv" | "ConvTranspose") && named && !again && channels.is_const(numbers[0]))
        .then_some(numbers)
}

/// Whether a shape is a batch of pictures as PyTorch has it, `[N, 3, 224, 224]` or `[N, 1, H, W]`,
/// where channels come last.
pub(super) fn channels_seem_first(layout: Layout, shape: &Shape) -> bool {
    let [_, channels, height, width] = shape.dims() else {
        return false;
    };
    let few = channels.is_const(1) || channels.is_const(3);
    let called = |dim: &Dim, names: [&str; 2]| {
        dim.as_var()
            .is_some_and(|name| names.contains(&&*name.to_lowercase()))
    };
    let square = height == width && height.as_const().is_some_and(|size| size >= 16);
    let named = called(height, ["h", "height"]) && called(width, ["w", "width"]);
    layout == Layout::ChannelsLast && few && (square || named)
}

/// Whether nobody would mean such numbers as filters, kernel and stride: a kernel of more than 11,
/// a stride of 5 or more, or a stride of 3 with an even kernel; but for windows side by side.
pub(super) fn improbable([_, second, third]: &[i128; 3]) -> bool {
    second != third && (*second > 11 || *third >= 5 || second % 2 == 0 && *third == 3)
}

/// The two values that all of `failed` compare.
fn pair<'o>(places: &Places<'o>, failed: &[&Obligation]) -> Option<Pair<'o>> {
    let mut axes = Vec::new();
    let mut inputs = None;
    for obligation in failed {
        let Claim::Equal(left, right) = &obligation.claim else {
            return None;
        };
        let ((a, axis), (b, other)) = (left.place?, right.place?);
        if axis != other || *inputs.get_or_insert((a, b)) != (a, b) {
            return None;
        }
        axes.push(axis);
    }
    let (left, right) = inputs?;
    Some(Pair {
        left: places.operands.get(left)?,
        right: places.operands.get(right)?,
        axes,
    })
}
