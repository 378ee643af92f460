//! Receptive fields: how much of the input one number of a result depends on, along the path
//! that sees most (Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional
//! neural networks").

use std::collections::{HashMap, HashSet};

use super::program::{Layer, Model, Source, ValueId};
use crate::layers::def::{Field, FieldAxis};
use crate::shape::Dim;

/// How much of the input one number of a value sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// No input takes part.
    Nothing,
    /// The place itself and no other.
    Point,
    /// So many places along each spatial axis.
    Window(Vec<Dim>),
    /// All of it.
    Whole,
    /// Which of several is larger depends on the sizes, or the axes are no longer told apart.
    Unknown,
}

/// A window of the input: its size and how far it moves from one place to the next.
#[derive(Clone, Debug, PartialEq)]
struct Axis {
    size: Dim,
    jump: Dim,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Nothing,
    /// The axes; empty for a point, whatever the number of axes is. `flat` when the places have
    /// been joined into the last axis.
    Axes {
        axes: Vec<Axis>,
        flat: bool,
    },
    Whole,
    Unknown,
}

/// The receptive fields of the values passed so far.
pub struct Fields {
    states: HashMap<ValueId, State>,
}

impl Fields {
    /// Every input sees itself, and a parameter nothing.
    pub fn new(model: &Model) -> Fields {
        let states = (0..model.values.len() as u32)
            .map(ValueId)
            .filter_map(|id| match model.value(id).source {
                Source::Input(_) => Some((
                    id,
                    State::Axes {
                        axes: Vec::new(),
                        flat: false,
                    },
                )),
                Source::Param(_) => Some((id, State::Nothing)),
                Source::Layer(..) | Source::Error => None,
            })
            .collect();
        Fields { states }
    }

    /// What the results of `layer` see, which widens what its inputs see by `field`.
    pub fn through(&mut self, layer: &Layer, field: Option<&Field>) -> Seen {
        let before = layer
            .inputs
            .iter()
            .map(|value| self.states.get(value).cloned().unwrap_or(State::Unknown))
            .fold(State::Nothing, larger);
        let after = match field {
            Some(field) => widen(before, field),
            None => State::Unknown,
        };
        for value in &layer.outputs {
            self.states.insert(*value, after.clone());
        }
        match after {
            State::Nothing => Seen::Nothing,
            State::Whole => Seen::Whole,
            State::Unknown => Seen::Unknown,
            State::Axes { axes, .. } if axes.is_empty() => Seen::Point,
            State::Axes { axes, .. } => {
                Seen::Window(axes.into_iter().map(|axis| axis.size).collect())
            }
        }
    }
}

/// Layers on the way to a result, beyond which [`seen_by`] does not look.
const FARTHEST: usize = 4_000;

/// How much of the input a result of the layer at position `at` of `model` sees. Only the layers
/// on the way to it are looked at; where these are very many, the answer is [`Seen::Unknown`].
pub fn seen_by(model: &Model, at: usize) -> Seen {
    let mut needed: HashSet<ValueId> = model.layers[at].outputs.iter().copied().collect();
    let mut way = Vec::new();
    for layer in model.layers[..=at].iter().rev() {
        if layer.outputs.iter().any(|value| needed.contains(value)) {
            needed.extend(&layer.inputs);
            way.push(layer);
        }
    }
    if way.len() > FARTHEST {
        return Seen::Unknown;
    }
    let mut fields = Fields::new(model);
    let mut seen = Seen::Unknown;
    for layer in way.into_iter().rev() {
        let types = model.input_types(layer).zip(model.output_types(layer));
        let cost = types.and_then(|(inputs, outputs)| layer.op.cost(&inputs, &outputs).ok());
        seen = fields.through(layer, cost.as_ref().map(|cost| &cost.field));
    }
    seen
}

fn widen(before: State, field: &Field) -> State {
    match (before, field) {
        (State::Nothing, _) | (_, Field::Nothing) => State::Nothing,
        (State::Whole, _) | (_, Field::Whole | Field::Row) => State::Whole,
        (before, Field::Point) => before,
        (State::Unknown, _) => State::Unknown,
        (State::Axes { axes, .. }, Field::Flatten) => State::Axes { axes, flat: true },
        (State::Axes { flat: true, .. }, Field::LastAxis) => State::Whole,
        (before @ State::Axes { .. }, Field::LastAxis) => before,
        (State::Axes { flat: true, .. }, Field::Window(_)) => State::Unknown,
        (State::Axes { axes, .. }, Field::Window(window)) => {
            slide(axes, window, |jump, stride| jump.mul(stride).ok())
        }
        (State::Axes { flat: false, axes }, Field::Finer(window)) => {
            slide(axes, window, Dim::exact_div)
        }
        (_, Field::Finer(_) | Field::Elsewhere) => State::Unknown,
    }
}

/// The field of a result that sees `window`; `jump` is how far the windows of its neighbours are
/// apart in the input, given that distance before and the window's stride.
fn slide(axes: Vec<Axis>, window: &[FieldAxis], jump: impl Fn(&Dim, &Dim) -> Option<Dim>) -> State {
    let one = Axis {
        size: Dim::constant(1),
        jump: Dim::constant(1),
    };
    let axes = if axes.is_empty() {
        vec![one; window.len()]
    } else {
        axes
    };
    if axes.len() != window.len() {
        return State::Unknown;
    }
    let grow = |(axis, window): (&Axis, &FieldAxis)| {
        let more = window.extent.minus(1).ok()?.mul(&axis.jump).ok()?;
        Some(Axis {
            size: axis.size.add(&more).ok()?,
            jump: jump(&axis.jump, &window.stride)?,
        })
    };
    match axes.iter().zip(window).map(grow).collect() {
        Some(axes) => State::Axes { axes, flat: false },
        None => State::Unknown,
    }
}

/// The larger of two fields that meet.
fn larger(one: State, other: State) -> State {
    match (one, other) {
        (State::Nothing, state) | (state, State::Nothing) => state,
        (State::Whole, _) | (_, State::Whole) => State::Whole,
        (State::Unknown, _) | (_, State::Unknown) => State::Unknown,
        (State::Axes { axes: a, flat: f }, State::Axes { axes: b, flat: g }) => {
            let flat = f || g;
            if a.is_empty() || a == b {
                return State::Axes { axes: b, flat };
            }
            if b.is_empty() {
                return State::Axes { axes: a, flat };
            }
            if a.len() != b.len() {
                return State::Unknown;
            }
            let mut axes = Vec::with_capacity(a.len());
            for (a, b) in a.into_iter().zip(b) {
                let size = match greater(a.size, b.size) {
                    Some(size) => size,
                    None => return State::Unknown,
                };
                let jump = match greater(a.jump, b.jump) {
                    Some(jump) => jump,
                    None => return State::Unknown,
                };
                axes.push(Axis { size, jump });
            }
            State::Axes { axes, flat }
        }
    }
}

fn greater(a: Dim, b: Dim) -> Option<Dim> {
    match (a.as_const(), b.as_const()) {
        _ if a == b => Some(a),
        (Some(x), Some(y)) => Some(if x >= y { a } else { b }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(extent: i128, stride: i128) -> Field {
        Field::Window(vec![FieldAxis {
            extent: Dim::constant(extent),
            stride: Dim::constant(stride),
        }])
    }

    fn start() -> State {
        State::Axes {
            axes: Vec::new(),
            flat: false,
        }
    }

    fn size(state: &State) -> Option<i128> {
        match state {
            State::Axes { axes, .. } => axes.first()?.size.as_const(),
            _ => None,
        }
    }

    #[test]
    fn windows_compose() {
        // LeNet-5: 5, pool 2/2, 5, pool 2/2.
        let mut state = start();
        let mut sizes = Vec::new();
        for field in [window(5, 1), window(2, 2), window(5, 1), window(2, 2)] {
            state = widen(state, &field);
            sizes.push(size(&state).expect("a number"));
        }
        assert_eq!(sizes, [5, 6, 14, 16]);
        let finer = Field::Finer(vec![FieldAxis {
            extent: Dim::constant(2),
            stride: Dim::constant(2),
        }]);
        let up = widen(state.clone(), &finer);
        assert_eq!(size(&up), Some(20), "4 apart, and then 2");
        assert_eq!(size(&widen(up.clone(), &window(2, 1))), Some(22));
        assert_eq!(
            widen(widen(up, &finer), &finer),
            State::Unknown,
            "half a place"
        );
        let flat = widen(state, &Field::Flatten);
        assert_eq!(size(&flat), Some(16));
        assert_eq!(widen(flat, &Field::LastAxis), State::Whole);
    }

    #[test]
    fn the_largest_path_counts() {
        let narrow = widen(start(), &window(3, 1));
        let wide = widen(start(), &window(7, 1));
        assert_eq!(size(&larger(narrow.clone(), wide)), Some(7));
        assert_eq!(larger(start(), narrow.clone()), narrow);
        assert_eq!(larger(State::Whole, start()), State::Whole);
    }
}
