//! From the shapes of data to the dimension variables of a model.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::program::{Input, Model, Required};
use crate::diag::{Diagnostic, data};
use crate::shape::{Dim, Env, Requirement, Shape};
use crate::tensor::DType;
use crate::text::Name;

/// Data for an input of a model.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The input's name.
    pub input: &'a str,
    /// What the data is called in a sentence: a file's name in backticks, or "the literal".
    pub source: &'a str,
    /// The elements' type and the size of each axis; `None` for data that is made to fit.
    pub ty: Option<(DType, &'a [usize])>,
    /// Whether it was a picture, which can be resized.
    pub picture: bool,
}

/// The value of each dimension variable of `model`, from the shapes of the data. A variable that
/// only data made to fit mentions gets the least value that its bounds allow.
///
/// # Errors
///
/// Every way in which the data does not fit: parameters of the model without a value, inputs
/// without data and data without an input, shapes and element types that differ, sizes that a
/// requirement of the model excludes.
pub fn bind_sizes(model: &Model, given: &[Given]) -> Result<Env, Vec<Diagnostic>> {
    let unset = model.parameters.iter().filter(|it| it.value.is_none());
    let unset: Vec<_> = unset
        .map(|it| data::unset(&it.name.value, &model.name, it.name.span))
        .collect();
    if !unset.is_empty() {
        return Err(unset);
    }
    let mut problems = Vec::new();
    let pairs = pair(model, given, &mut problems);
    let mut binding = Binding::new(model, pairs);
    binding.solve();
    binding.report(&mut problems);
    let env = binding.finish();
    if problems.is_empty() {
        broken_requirements(model, given, &env, &mut problems);
    }
    if problems.is_empty() {
        Ok(env)
    } else {
        Err(problems)
    }
}

/// Each input with its type and its data.
fn pair<'a>(
    model: &'a Model,
    given: &'a [Given],
    problems: &mut Vec<Diagnostic>,
) -> Vec<(&'a Input, &'a Shape, Given<'a>)> {
    let known: Vec<&str> = model.inputs.iter().map(|it| &*it.name.value).collect();
    let strangers = given.iter().filter(|data| !known.contains(&data.input));
    problems
        .extend(strangers.map(|data| data::unknown(data.input, &known, &model.name, model.span)));
    // Data under a wrong name is most likely meant for the input that then has none.
    let mut misnamed = problems.len();
    let mut pairs = Vec::new();
    for input in &model.inputs {
        let Some(ty) = model.ty(input.value) else {
            continue;
        };
        let name = &*input.name.value;
        match given.iter().find(|data| data.input == name) {
            None if misnamed > 0 => misnamed -= 1,
            None => {
                let takes = format!("{} {}", ty.dtype, ty.shape);
                let only = model.inputs.len() == 1;
                problems.push(data::missing(name, &takes, input.shape_span, only));
            }
            Some(given) => {
                if let Some((dtype, _)) = given.ty
                    && dtype != ty.dtype
                {
                    problems.push(data::wrong_dtype(
                        name,
                        ty.dtype,
                        given.source,
                        dtype,
                        input.shape_span,
                    ));
                }
                pairs.push((input, &ty.shape, *given));
            }
        }
    }
    pairs
}

/// Where a variable got its value: an axis of an input.
#[derive(Clone, Copy)]
struct Origin {
    pair: usize,
    axis: usize,
}

/// How soon an axis may bind a variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ease {
    /// The axis is the variable.
    Alone,
    /// Numbers multiply it: `2*h + 1`.
    Numbers,
    /// Other variables multiply it: `H*W`.
    Others,
}

/// An axis that does not fit, with the reason where the shapes alone do not show it.
struct Misfit {
    axis: usize,
    reason: Option<String>,
    /// The input that says otherwise, and what.
    other: Option<(usize, String)>,
}

struct Binding<'a> {
    model: &'a Model,
    pairs: Vec<(&'a Input, &'a Shape, Given<'a>)>,
    env: Env,
    bound: BTreeSet<Name>,
    origins: BTreeMap<Name, Origin>,
    /// Axes that are neither compared nor used to bind yet.
    open: Vec<Origin>,
    misfits: Vec<Vec<Misfit>>,
}

impl<'a> Binding<'a> {
    fn new(model: &'a Model, pairs: Vec<(&'a Input, &'a Shape, Given<'a>)>) -> Binding<'a> {
        let mut open = Vec::new();
        for (pair, (_, shape, given)) in pairs.iter().enumerate() {
            if let Some((_, sizes)) = given.ty
                && sizes.len() == shape.rank()
            {
                open.extend((0..shape.rank()).map(|axis| Origin { pair, axis }));
            }
        }
        Binding {
            model,
            misfits: pairs.iter().map(|_| Vec::new()).collect(),
            pairs,
            env: Env::new(),
            bound: BTreeSet::new(),
            origins: BTreeMap::new(),
            open,
        }
    }

    fn dim(&self, at: Origin) -> &'a Dim {
        &self.pairs[at.pair].1[at.axis]
    }

    fn size(&self, at: Origin) -> i128 {
        let (_, sizes) = self.pairs[at.pair]
            .2
            .ty
            .expect("only data with a shape is open");
        sizes[at.axis] as i128
    }

    /// Binds until nothing changes: an axis may need what a later one brings. Variables that
    /// stand alone go first, since no size can contradict them, and those that other variables
    /// multiply last.
    fn solve(&mut self) {
        loop {
            let before = self.open.len();
            for most in [Ease::Alone, Ease::Numbers, Ease::Others] {
                let open = std::mem::take(&mut self.open);
                for at in open {
                    if self.ease(at) > most || !self.visit(at) {
                        self.open.push(at);
                    }
                }
            }
            if self.open.len() == before {
                return;
            }
        }
    }

    fn ease(&self, at: Origin) -> Ease {
        let dim = self.dim(at);
        match dim.linear_in(&self.bound) {
            _ if dim.as_var().is_some() => Ease::Alone,
            Some(linear) if linear.scale.as_const().is_none() => Ease::Others,
            _ => Ease::Numbers,
        }
    }

    /// Compares an axis, or binds a variable by it; `false` when neither is possible yet.
    fn visit(&mut self, at: Origin) -> bool {
        let (dim, size) = (self.dim(at), self.size(at));
        if let Ok(expected) = dim.eval(&self.env) {
            if expected != size {
                self.differs(at, expected);
            } else if size < 1 {
                self.misfit(at, Some(format!("axis {} is empty", at.axis)), None);
            }
            return true;
        }
        let Some(linear) = dim.linear_in(&self.bound) else {
            return false;
        };
        let (Ok(scale), Ok(offset)) = (linear.scale.eval(&self.env), linear.offset.eval(&self.env))
        else {
            return false;
        };
        // `None` stands for numbers that no size reaches: nothing is bound then.
        let Some(rest) = size.checked_sub(offset) else {
            return false;
        };
        if scale == 0 && rest != 0 {
            // Whatever the variable is, it changes nothing here.
            self.differs(at, offset);
            return true;
        }
        let Some(value) = rest.checked_div_euclid(scale) else {
            return false;
        };
        let axis = at.axis;
        if rest.rem_euclid(scale) != 0 {
            let reaches = |value: i128| value.checked_mul(scale)?.checked_add(offset);
            let near = [Some(value), value.checked_add(scale.signum())];
            let near = near.into_iter().filter_map(|value| reaches(value?));
            let mut near: Vec<_> = near.filter(|size| *size >= 1).collect();
            near.sort_unstable();
            let origins = self.origins_of(dim);
            let says: Vec<_> = origins.iter().map(|(_, text)| text.clone()).collect();
            let var = &linear.var;
            let fails = match says.is_empty() {
                true => format!("axis {axis} is {dim}, and no whole {var} makes that {size}"),
                false => format!(
                    "{}, so no whole {var} makes axis {axis}, which is {dim}, {size}",
                    data::list(&says)
                ),
            };
            let reason = format!("{fails}; the nearest sizes are {}", data::list(&near));
            let other = origins.into_iter().find(|(pair, _)| *pair != at.pair);
            self.misfit(at, Some(reason), other);
        } else if value < 1 {
            let reason = match dim.as_var() {
                Some(_) => format!("axis {axis} is empty"),
                None => format!(
                    "axis {axis} is {dim}, and {} would be {value} instead of at least 1",
                    linear.var
                ),
            };
            self.misfit(at, Some(reason), None);
        } else {
            self.env.insert(linear.var.clone(), value);
            self.bound.insert(linear.var.clone());
            self.origins.insert(linear.var, at);
        }
        true
    }

    /// Notes that axis `at` has another size than the variables bound so far say.
    fn differs(&mut self, at: Origin, expected: i128) {
        let dim = self.dim(at);
        if dim.as_const().is_some() {
            return self.misfit(at, None, None);
        }
        let origins = self.origins_of(dim);
        let says: Vec<_> = origins.iter().map(|(_, text)| text.clone()).collect();
        let reason = match dim.as_var() {
            Some(_) => format!(
                "{}, so axis {} must be {expected}",
                data::list(&says),
                at.axis
            ),
            None => format!(
                "{}, so axis {}, which is {dim}, must be {expected}",
                data::list(&says),
                at.axis
            ),
        };
        let other = origins.into_iter().find(|(pair, _)| *pair != at.pair);
        self.misfit(at, Some(reason), other);
    }

    /// For each variable of `dim` that is bound, the pair that binds it and how.
    fn origins_of(&self, dim: &Dim) -> Vec<(usize, String)> {
        let vars = dim.vars().into_iter();
        let origins = vars.filter_map(|var| {
            let origin = self.origins.get(&var)?;
            let value = self.env.get(&var)?;
            let (_, _, given) = &self.pairs[origin.pair];
            let text = format!(
                "{var} is {value} by axis {} of {}",
                origin.axis, given.source
            );
            Some((origin.pair, text))
        });
        origins.collect()
    }

    fn misfit(&mut self, at: Origin, reason: Option<String>, other: Option<(usize, String)>) {
        self.misfits[at.pair].push(Misfit {
            axis: at.axis,
            reason,
            other,
        });
    }

    /// One diagnostic for each input whose data does not fit.
    fn report(&self, problems: &mut Vec<Diagnostic>) {
        for ((input, shape, given), misfits) in self.pairs.iter().zip(&self.misfits) {
            let Some((_, found)) = given.ty else { continue };
            if found.len() == shape.rank() && misfits.is_empty() {
                continue;
            }
            let axes: BTreeSet<usize> = misfits.iter().map(|misfit| misfit.axis).collect();
            let axes: Vec<usize> = axes.into_iter().collect();
            let mut diagnostic = data::wrong_shape(&data::WrongShape {
                input: &input.name.value,
                span: input.shape_span,
                source: given.source,
                takes: &shape.strings(),
                found,
                axes: &axes,
            });
            for misfit in misfits {
                if let Some(reason) = &misfit.reason {
                    diagnostic = diagnostic.note(reason);
                }
                if let Some((pair, says)) = &misfit.other {
                    diagnostic = diagnostic.label(self.pairs[*pair].0.shape_span, says);
                }
            }
            if let Some(advice) = advice(shape, found, given.picture) {
                diagnostic = diagnostic.note(advice);
            }
            problems.push(diagnostic);
        }
    }

    /// The sizes; what no data binds is as small as the bounds allow.
    fn finish(mut self) -> Env {
        for variable in &self.model.variables {
            let name = &variable.value;
            let bounds = self.model.requirements.iter();
            let low = bounds.filter_map(|required| match &required.requirement {
                Requirement::AtLeast { var, low } if var == name => Some(*low),
                _ => None,
            });
            let low = low.max().unwrap_or(1).max(1);
            self.env.entry(name.clone()).or_insert(low);
        }
        self.env
    }
}

/// What to do about data of the wrong shape, where the shapes show it.
fn advice(shape: &Shape, found: &[usize], picture: bool) -> Option<String> {
    let fits = |sizes: &[usize]| {
        sizes.len() == shape.rank()
            && sizes.iter().zip(shape).all(|(size, dim)| {
                dim.as_const()
                    .is_none_or(|expected| expected == *size as i128)
            })
    };
    let batched: Vec<usize> = [&[1], found].concat();
    if fits(&batched) {
        return Some(format!(
            "the first axis is missing: a batch of one is {}",
            data::shape(&batched)
        ));
    }
    if found.len() != shape.rank() {
        return None;
    }
    if let [batch, channels, rest @ ..] = found
        && found.len() >= 4
    {
        let last: Vec<usize> = [&[*batch], rest, &[*channels]].concat();
        if fits(&last) {
            return Some(format!(
                "the data looks channels-first; with the channels last it is {}",
                data::shape(&last)
            ));
        }
    }
    if let [batch, rest @ .., channels] = found
        && found.len() >= 4
    {
        let first: Vec<usize> = [&[*batch, *channels], rest].concat();
        if fits(&first) {
            return Some(format!(
                "the data looks channels-last; with the channels first it is {}",
                data::shape(&first)
            ));
        }
    }
    let fixed = shape.iter().skip(1).all(|dim| dim.as_const().is_some());
    picture.then(|| match fixed {
        true => "`--resize` alone makes a picture as large as the model takes it".to_owned(),
        false => "`--resize=HEIGHTxWIDTH` makes a picture larger or smaller".to_owned(),
    })
}

/// A diagnostic for each requirement that the sizes break.
fn broken_requirements(model: &Model, given: &[Given], env: &Env, problems: &mut Vec<Diagnostic>) {
    for required in &model.requirements {
        if required.requirement.holds(env) != Some(false) {
            continue;
        }
        let vars = variables(required);
        let values = vars.iter().filter_map(|var| {
            let value = env.get(var)?;
            Some(format!("{var} is {value}"))
        });
        let values: Vec<_> = values.collect();
        let needs = required.requirement.to_string();
        let mut diagnostic = data::requirement(&needs, &required.rule, &values, required.span);
        for input in &model.inputs {
            let Some(ty) = model.ty(input.value) else {
                continue;
            };
            let takes_part = ty.shape.iter().any(|dim| !dim.vars().is_disjoint(&vars));
            let data = given.iter().find(|data| data.input == &*input.name.value);
            if takes_part
                && let Some(Given {
                    source,
                    ty: Some((_, sizes)),
                    ..
                }) = data
            {
                diagnostic = diagnostic.label(
                    input.shape_span,
                    format!("{source} is {}", data::shape(sizes)),
                );
            }
        }
        problems.push(diagnostic);
    }
}

fn variables(required: &Required) -> BTreeSet<Name> {
    match &required.requirement {
        Requirement::AtLeast { var, .. } | Requirement::AtMost { var, .. } => {
            BTreeSet::from([var.clone()])
        }
        Requirement::Compare { left, right, .. } => &left.vars() | &right.vars(),
    }
}
