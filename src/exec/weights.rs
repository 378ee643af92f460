//! Stored parameters from a file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{init, keras};
use crate::check::program::{Model, Param};
use crate::diag::weights::{self as wording, Cause};
use crate::diag::{Diagnostic, suggest};
use crate::formats::safetensors::Weights;
use crate::formats::{FormatError, to_dtype};
use crate::graph::{Graph, Weight};
use crate::tensor::{DType, Tensor};
use crate::text::Span;

pub mod map;

/// How many layers are told one by one what they miss.
const TOLD: usize = 8;

/// Which framework's order of axes a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WeightsLayout {
    /// The order described in the layers' reference.
    #[default]
    PyTorch,
    /// Keras's: kernels with the channels last, its names beside ours.
    Keras,
}

/// A file of weights.
#[derive(Debug)]
pub struct WeightsFile<'a> {
    /// What a person calls it.
    pub name: &'a str,
    /// Its contents.
    pub weights: &'a Weights<'a>,
    /// What stands before each name in the file; may be empty.
    pub prefix: &'a str,
    /// Other names for those in the file, without the prefix.
    pub map: Option<&'a map::Map>,
    /// The order of axes.
    pub layout: WeightsLayout,
    /// Whether a run asks for it, so that the file which the program names has no part in it.
    pub given: bool,
}

/// The stored tensors of a graph in its order, and warnings.
pub type Loaded = (Vec<Arc<Tensor>>, Vec<Diagnostic>);

/// The stored tensors of `graph`, which is `model` at some sizes, in the order of
/// [`Graph::weights`], with warnings.
///
/// # Errors
///
/// All that is missing, misshapen or of a type that cannot be read, in one go; what has one
/// cause, such as a prefix on every name, is one diagnostic. A map that makes two names one.
pub fn load(model: &Model, graph: &Graph, file: &WeightsFile) -> Result<Loaded, Vec<Diagnostic>> {
    let (names, mut warnings) = names(file)?;
    let mut reading = Reading::new(model, graph, file, names);
    let tensors: Vec<_> = graph
        .weights
        .iter()
        .map(|weight| reading.read(weight))
        .collect();
    let problems = reading.problems();
    match tensors.into_iter().collect::<Option<Vec<_>>>() {
        Some(tensors) if problems.is_empty() => {
            warnings.extend(reading.surplus_warning());
            Ok((tensors, warnings))
        }
        // A line of a map with a slip in it is why something is missing.
        _ => Err([warnings, problems].concat()),
    }
}

/// The names of the file's tensors by what they are called after prefix and map.
type Names<'a> = BTreeMap<String, &'a str>;

/// The names behind the prefix, renamed by the map; and what is wrong with the map's lines.
fn names<'a>(file: &WeightsFile<'a>) -> Result<(Names<'a>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let behind = file.weights.names().iter().filter_map(|name| {
        let bare = name.strip_prefix(file.prefix)?;
        Some((bare, name.as_str()))
    });
    let (bare, whole): (Vec<&str>, Vec<&str>) = behind.unzip();
    let Some(map) = file.map else {
        let owned = bare.into_iter().map(str::to_owned);
        return Ok((owned.zip(whole).collect(), Vec::new()));
    };
    let renamed = map.rename(&bare, file.name)?;
    Ok((
        renamed.names.into_iter().zip(whole).collect(),
        renamed.unused,
    ))
}

/// A tensor of another shape than needed.
struct Misshapen<'a> {
    param: &'a Param,
    expected: &'a [usize],
    found: &'a [usize],
    /// Whether Keras's order of axes explains it.
    keras: bool,
}

/// What a file in `layout` may call the parameter `name`.
fn known_as(layout: WeightsLayout, name: &str) -> impl Iterator<Item = String> {
    let keras = match layout {
        WeightsLayout::PyTorch => Vec::new(),
        WeightsLayout::Keras => keras::names(name),
    };
    std::iter::once(name.to_owned()).chain(keras)
}

/// The name in the file of the parameter `name`.
fn find<'a>(names: &Names<'a>, layout: WeightsLayout, name: &str) -> Option<&'a str> {
    known_as(layout, name).find_map(|name| names.get(&name).copied())
}

struct Reading<'a> {
    model: &'a Model,
    file: &'a WeightsFile<'a>,
    names: Names<'a>,
    params: HashMap<&'a str, &'a Param>,
    /// Names of the file that are taken.
    taken: HashSet<&'a str>,
    /// Parameters that are looked for in the file.
    wanted: Vec<&'a Param>,
    missing: Vec<&'a Param>,
    misshapen: Vec<Misshapen<'a>>,
    unreadable: Vec<Diagnostic>,
}

impl<'a> Reading<'a> {
    fn new(
        model: &'a Model,
        graph: &Graph,
        file: &'a WeightsFile<'a>,
        names: Names<'a>,
    ) -> Reading<'a> {
        let params: HashMap<_, _> = model.params.iter().map(|it| (&*it.name, it)).collect();
        let needed: HashSet<&str> = graph.weights.iter().map(|it| &*it.name).collect();
        // What only unused layers need is not read, and is no surplus either.
        let unused = model.params.iter().filter(|it| !needed.contains(&*it.name));
        let taken = unused
            .filter_map(|param| find(&names, file.layout, &param.name))
            .collect();
        Reading {
            model,
            file,
            names,
            params,
            taken,
            wanted: Vec::new(),
            missing: Vec::new(),
            misshapen: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// The tensor for `weight`; `None` after noting why there is none.
    fn read(&mut self, weight: &'a Weight) -> Option<Arc<Tensor>> {
        let param = *self.params.get(&*weight.name)?;
        if let Some(values) = init::given(param, &weight.shape) {
            return Some(Arc::new(Tensor::F32(values)));
        }
        self.wanted.push(param);
        let Some(name) = find(&self.names, self.file.layout, &param.name) else {
            self.missing.push(param);
            return None;
        };
        self.taken.insert(name);
        let found = self.file.weights.shape(name)?;
        let kind = self.kind(param);
        let as_keras = keras::shape(kind, &param.name, found);
        let fits = match (self.file.layout, &as_keras) {
            (WeightsLayout::Keras, Some(shape)) => *shape == weight.shape,
            _ => found == weight.shape,
        };
        if !fits {
            self.misshapen.push(Misshapen {
                param,
                expected: &weight.shape,
                found,
                keras: self.file.layout == WeightsLayout::PyTorch
                    && as_keras.is_some_and(|shape| shape == weight.shape),
            });
            return None;
        }
        let tensor = self.file.weights.get(name);
        match tensor.and_then(|tensor| to_dtype(tensor, DType::F32)) {
            Ok(tensor) => Some(Arc::new(match self.file.layout {
                WeightsLayout::PyTorch => tensor,
                WeightsLayout::Keras => keras::convert(kind, &param.name, tensor),
            })),
            Err(error) => {
                self.unreadable(param, name, &error);
                None
            }
        }
    }

    fn unreadable(&mut self, param: &Param, name: &str, error: &FormatError) {
        let dtype = self.file.weights.dtype_name(name).unwrap_or_default();
        self.unreadable.push(wording::wrong_dtype(
            name,
            &dtype,
            &error.to_string(),
            self.file.name,
            param.span,
        ));
    }

    fn kind(&self, param: &Param) -> &'static str {
        self.model.layers[param.layer].op.kind()
    }

    /// Where the file is named in the program, else the model's name.
    fn place(&self) -> Span {
        let named = self.model.weights.as_ref().filter(|_| !self.file.given);
        named.map_or(self.model.span, |weights| weights.span)
    }

    /// Where `param` is made when the program does not name the file, else where it does.
    fn place_of(&self, param: Option<&&Param>) -> Span {
        match param {
            Some(param) if self.file.given => param.span,
            _ => self.place(),
        }
    }

    fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if !self.missing.is_empty() {
            let cause = self.cause();
            if cause != Cause::Unknown || self.missing.len() == self.wanted.len() {
                let missing: Vec<_> = self.missing.iter().map(|param| &*param.name).collect();
                problems.push(wording::all_missing(
                    &missing,
                    self.wanted.len(),
                    self.file.weights.names(),
                    self.file.name,
                    &cause,
                    self.place_of(self.missing.first()),
                ));
            } else {
                self.missing_by_layer(&mut problems);
            }
        }
        self.misshapen(&mut problems);
        problems.extend(self.unreadable.iter().cloned());
        problems
    }

    /// The one thing that explains every name that is not there.
    fn cause(&self) -> Cause {
        // Whether all that the model wants is there, read in `layout` and with `prefix` before
        // what the file's names are called so far.
        let all = |layout: WeightsLayout, prefix: &str| {
            self.wanted.iter().all(|param| {
                let mut known = known_as(layout, &param.name);
                known.any(|name| self.names.contains_key(&format!("{prefix}{name}")))
            })
        };
        let prefix = self.file.prefix;
        let raw = self.file.weights;
        if !prefix.is_empty()
            && self.wanted.iter().all(|param| {
                let mut known = known_as(self.file.layout, &param.name);
                known.any(|name| raw.shape(&name).is_some())
            })
        {
            return Cause::NoPrefix(prefix.to_owned());
        }
        let (layout, keras) = (self.file.layout, WeightsLayout::Keras);
        if layout != keras && all(keras, "") {
            return Cause::Keras;
        }
        let Some(first) = self.wanted.first() else {
            return Cause::Unknown;
        };
        for layout in [layout, keras] {
            let known: Vec<_> = known_as(layout, &first.name).collect();
            let before = self.names.keys().flat_map(|name| {
                let before = known.iter().filter_map(|known| name.strip_suffix(&**known));
                before.filter(|before| before.ends_with(['.', '/', '_']))
            });
            for before in before {
                if all(layout, before) {
                    let whole = format!("{prefix}{before}");
                    return match layout == self.file.layout {
                        true => Cause::Prefix(whole),
                        false => Cause::KerasPrefix(whole),
                    };
                }
            }
        }
        Cause::Unknown
    }

    fn missing_by_layer(&self, problems: &mut Vec<Diagnostic>) {
        let mut layers: BTreeMap<usize, Vec<&Param>> = BTreeMap::new();
        for param in &self.missing {
            layers.entry(param.layer).or_default().push(param);
        }
        let surplus = self.surplus();
        let called: Vec<(&str, &str)> = self
            .names
            .iter()
            .map(|(called, name)| (called.as_str(), *name))
            .filter(|(_, name)| surplus.contains(name))
            .collect();
        let prefix = match self.file.map {
            None => self.file.prefix,
            Some(_) => "",
        };
        for params in layers.values().take(TOLD) {
            let names: Vec<_> = params
                .iter()
                .map(|param| format!("{prefix}{}", param.name))
                .collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let near = params.iter().zip(&names).filter_map(|(param, name)| {
                let near = suggest::closest(&param.name, called.iter().map(|(called, _)| *called))?;
                let (_, raw) = called.iter().find(|(called, _)| *called == near)?;
                Some((*name, *raw))
            });
            let near: Vec<_> = near.collect();
            problems.push(wording::missing(
                &names,
                &near,
                self.file.name,
                params[0].span,
            ));
        }
        let more: usize = layers.values().skip(TOLD).map(Vec::len).sum();
        if more > 0 {
            problems.push(wording::more_missing(more, self.file.name, self.place()));
        }
    }

    fn misshapen(&self, problems: &mut Vec<Diagnostic>) {
        let (keras, other): (Vec<_>, Vec<_>) = self.misshapen.iter().partition(|it| it.keras);
        let one_by_one = if keras.len() > 1 {
            let examples = keras.iter();
            let examples: Vec<_> = examples
                .map(|it| (&*it.param.name, it.expected, it.found))
                .collect();
            problems.push(wording::keras_layout(
                &examples,
                self.file.name,
                self.place_of(keras.first().map(|it| &it.param)),
            ));
            other
        } else {
            [keras, other].concat()
        };
        for it in one_by_one {
            problems.push(wording::misshapen(
                &it.param.name,
                it.expected,
                it.found,
                it.keras,
                self.file.name,
                it.param.span,
            ));
        }
    }

    /// Names behind the prefix that no parameter takes. PyTorch's count of batches that a norm
    /// has seen plays no part in a forward pass.
    fn surplus(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.values().copied().collect();
        names.retain(|name| !name.ends_with("num_batches_tracked") && !self.taken.contains(name));
        names.sort_unstable();
        names
    }

    fn surplus_warning(&self) -> Option<Diagnostic> {
        let surplus = self.surplus();
        if surplus.is_empty() {
            return None;
        }
        let place = self.place();
        Some(wording::surplus(&surplus, self.file.name, place))
    }
}
