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
    /// The order of axes.
    pub layout: WeightsLayout,
}

/// The stored tensors of a graph in its order, and warnings.
pub type Loaded = (Vec<Arc<Tensor>>, Vec<Diagnostic>);

/// The stored tensors of `graph`, which is `model` at some sizes, in the order of
/// [`Graph::weights`], with warnings.
///
/// # Errors
///
/// All that is missing, misshapen or of a type that cannot be read, in one go; what has one
/// cause, such as a prefix on every name, is one diagnostic.
pub fn load(model: &Model, graph: &Graph, file: &WeightsFile) -> Result<Loaded, Vec<Diagnostic>> {
    let mut reading = Reading::new(model, graph, file);
    let tensors: Vec<_> = graph
        .weights
        .iter()
        .map(|weight| reading.read(weight))
        .collect();
    let problems = reading.problems();
    match tensors.into_iter().collect::<Option<Vec<_>>>() {
        Some(tensors) if problems.is_empty() => {
            Ok((tensors, reading.surplus_warning().into_iter().collect()))
        }
        _ => Err(problems),
    }
}

/// A tensor of another shape than needed.
struct Misshapen<'a> {
    param: &'a Param,
    expected: &'a [usize],
    found: &'a [usize],
    /// Whether Keras's order of axes explains it.
    keras: bool,
}

struct Reading<'a> {
    model: &'a Model,
    file: &'a WeightsFile<'a>,
    params: HashMap<&'a str, &'a Param>,
    /// Names of the file that are taken.
    taken: HashSet<String>,
    /// Parameters that are looked for in the file.
    wanted: Vec<&'a Param>,
    missing: Vec<&'a Param>,
    misshapen: Vec<Misshapen<'a>>,
    unreadable: Vec<Diagnostic>,
}

impl<'a> Reading<'a> {
    fn new(model: &'a Model, graph: &Graph, file: &'a WeightsFile<'a>) -> Reading<'a> {
        let params: HashMap<_, _> = model.params.iter().map(|it| (&*it.name, it)).collect();
        let needed: HashSet<&str> = graph.weights.iter().map(|it| &*it.name).collect();
        // What only unused layers need is not read, and is no surplus either.
        let unused = model.params.iter().filter(|it| !needed.contains(&*it.name));
        let taken = unused
            .map(|param| format!("{}{}", file.prefix, param.name))
            .collect();
        Reading {
            model,
            file,
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
        let Some(name) = self.name_in_file(param) else {
            self.missing.push(param);
            return None;
        };
        let found = self.file.weights.shape(&name)?;
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
            self.taken.insert(name);
            return None;
        }
        let tensor = self.file.weights.get(&name);
        match tensor.and_then(|tensor| to_dtype(tensor, DType::F32)) {
            Ok(tensor) => {
                self.taken.insert(name);
                Some(Arc::new(match self.file.layout {
                    WeightsLayout::PyTorch => tensor,
                    WeightsLayout::Keras => keras::convert(kind, &param.name, tensor),
                }))
            }
            Err(error) => {
                self.unreadable(param, &name, &error);
                self.taken.insert(name);
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

    fn name_in_file(&self, param: &Param) -> Option<String> {
        let mut names = vec![param.name.to_string()];
        if self.file.layout == WeightsLayout::Keras {
            names.extend(keras::names(&param.name));
        }
        names
            .into_iter()
            .map(|name| format!("{}{name}", self.file.prefix))
            .find(|name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        self.file.weights.shape(name).is_some()
    }

    /// Where the file is named in the program, else the model's name.
    fn place(&self) -> Span {
        let named = self.model.weights.as_ref();
        named.map_or(self.model.span, |weights| weights.span)
    }

    fn problems(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if !self.missing.is_empty() && self.missing.len() == self.wanted.len() {
            let wanted: Vec<_> = self.wanted.iter().map(|param| &*param.name).collect();
            problems.push(wording::all_missing(
                &wanted,
                self.file.weights.names(),
                self.file.name,
                &self.cause(),
                self.place(),
            ));
        } else {
            self.missing_by_layer(&mut problems);
        }
        self.misshapen(&mut problems);
        problems.extend(self.unreadable.iter().cloned());
        problems
    }

    /// Why no name at all is there.
    fn cause(&self) -> Cause {
        let all = |name: &dyn Fn(&str) -> Vec<String>| {
            let found = |param: &&Param| name(&param.name).iter().any(|name| self.has(name));
            self.wanted.iter().all(found)
        };
        let prefix = self.file.prefix;
        if !prefix.is_empty() && all(&|name| vec![name.to_owned()]) {
            return Cause::NoPrefix(prefix.to_owned());
        }
        if all(&|name| {
            let names = keras::names(name).into_iter();
            names.map(|name| format!("{prefix}{name}")).collect()
        }) {
            return Cause::Keras;
        }
        let Some(first) = self.wanted.first() else {
            return Cause::Unknown;
        };
        let prefixes = self.file.weights.names().iter().filter_map(|known| {
            let prefix = known.strip_suffix(&*first.name)?;
            prefix.ends_with(['.', '/', '_']).then_some(prefix)
        });
        for prefix in prefixes {
            if all(&|name| vec![format!("{prefix}{name}")]) {
                return Cause::Prefix(prefix.to_owned());
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
        for params in layers.values().take(TOLD) {
            let names: Vec<_> = params
                .iter()
                .map(|param| format!("{}{}", self.file.prefix, param.name))
                .collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let near = names.iter().filter_map(|name| {
                let near = suggest::closest(name, surplus.iter().copied())?;
                Some((*name, near))
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
                self.place(),
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
        let names = self.file.weights.names().iter().map(String::as_str);
        names
            .filter(|name| name.starts_with(self.file.prefix))
            .filter(|name| !name.ends_with("num_batches_tracked"))
            .filter(|name| !self.taken.contains(*name))
            .collect()
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
