//! Data for a run: from `-i NAME=VALUE` to tensors.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::pictures::{self, Size};
use crate::check::program::{Input, Model};
use crate::cli::engine::{Engine, read};
use crate::cli::failure::Failure;
use crate::cli::ui::Ui;
use crate::diag::{Code, Diagnostic, suggest};
use crate::exec::Given;
use crate::formats::{self, Kind, literal, npy, npz, safetensors, to_dtype};
use crate::plan::DEFAULT_LIMIT;
use crate::shape::Env;
use crate::tensor::{DType, Tensor};
use crate::text::Name;

/// Data that is made instead of read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Normally distributed numbers; for integers 0 or 1.
    Random,
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
}

/// What stands for data that is made.
const MADE: [&str; 3] = ["random", "zeros", "ones"];

/// One `-i`.
#[derive(Debug)]
pub struct Spec {
    /// The input's name; perhaps one that the model does not have.
    name: String,
    /// What was given.
    value: String,
}

/// Data for one input.
#[derive(Debug)]
pub struct Data {
    /// The input's name.
    pub name: String,
    /// What the data is called in a sentence.
    source: String,
    /// The data, or how it is made once its shape is known.
    value: Result<Tensor, Fill>,
    /// Whether it was a picture.
    picture: bool,
    /// The files that a batch of pictures came from.
    pub rows: Vec<String>,
}

impl Data {
    /// What the sizes are bound by.
    pub fn given(&self) -> Given<'_> {
        Given {
            input: &self.name,
            source: &self.source,
            ty: self
                .value
                .as_ref()
                .ok()
                .map(|tensor| (tensor.dtype(), tensor.shape())),
            picture: self.picture,
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_')
        && text
            .chars()
            .all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

/// The `-i` arguments, each with the input that it is for.
pub fn parse(arguments: &[String], model: &Model) -> Result<Vec<Spec>, Failure> {
    let mut specs: Vec<Spec> = Vec::new();
    for argument in arguments {
        let named = argument.split_once('=').filter(|(name, _)| is_name(name));
        let (name, value) = match (named, model.inputs.as_slice()) {
            (Some((name, value)), _) => (name.to_owned(), value.to_owned()),
            (None, [only]) => (only.name.value.to_string(), argument.clone()),
            (None, []) => return Err(Failure::usage(format!("`{}` has no input", model.name))),
            (None, several) => {
                let names: Vec<String> = several
                    .iter()
                    .map(|input| format!("`{}`", input.name.value))
                    .collect();
                return Err(Failure::usage(format!(
                    "`-i {argument}` does not say which input it is for"
                ))
                .help(format!(
                    "write `-i NAME={argument}`; the inputs are {}",
                    names.join(", ")
                )));
            }
        };
        if specs.iter().any(|spec| spec.name == name) {
            return Err(Failure::usage(format!("the input `{name}` is given twice"))
                .help("several pictures are a batch: give a folder or a glob"));
        }
        specs.push(Spec { name, value });
    }
    Ok(specs)
}

/// The data of `spec`, converted to the input's element type where that loses nothing.
pub fn load(spec: Spec, size: Option<Size>, engine: &Engine) -> Result<Data, Failure> {
    let model = engine.model;
    let input = model
        .inputs
        .iter()
        .find(|input| *input.name.value == *spec.name);
    let fill = match spec.value.as_str() {
        "random" => Some(Fill::Random),
        "zeros" => Some(Fill::Zeros),
        "ones" => Some(Fill::Ones),
        _ => None,
    };
    let mut data = Data {
        source: format!("`{}`", spec.value),
        name: spec.name,
        value: Err(fill.unwrap_or(Fill::Zeros)),
        picture: false,
        rows: Vec::new(),
    };
    // A name that the model does not have is reported with all the rest when sizes are bound.
    let (Some(input), None) = (input, fill) else {
        return Ok(data);
    };
    let refuse = |message: String, why: String| {
        engine.refuse(vec![
            Diagnostic::new(Code::E0605, input.shape_span, message)
                .here(format!("the data for `{}`", input.name.value))
                .note(why),
        ])
    };
    if spec.value.is_empty() {
        return Err(
            Failure::usage(format!("nothing is given for the input `{}`", data.name))
                .help(format!("write `-i {0}=FILE` or `-i {0}=random`", data.name)),
        );
    }
    let tensor = if looks_literal(&spec.value) {
        data.source = "the literal".into();
        literal::read(&spec.value).map_err(|error| {
            refuse(
                format!("the literal given for `{}` is not a tensor", data.name),
                error.to_string(),
            )
        })?
    } else {
        let unreadable = |why| refuse(format!("`{}` cannot be read", spec.value), why);
        let files = find(&spec.value).map_err(unreadable)?;
        if let Files::Tensor(path, key) = files {
            read_tensor(&path, key, &data.name).map_err(unreadable)?
        } else {
            let paths = match files {
                Files::Picture(path) => vec![path],
                Files::Pictures(paths) => {
                    data.rows = paths.iter().map(|path| file_name(path)).collect();
                    paths
                }
                Files::Tensor(..) => unreachable!("handled above"),
            };
            data.picture = true;
            pictures::load(&paths, input, size, engine)?
        }
    };
    let wanted = model.ty(input.value).map(|ty| ty.dtype);
    data.value = Ok(match wanted {
        // What cannot be converted is left as it is: binding says so with the place.
        Some(dtype) if dtype != tensor.dtype() => {
            let kept = tensor.clone();
            to_dtype(tensor, dtype).unwrap_or(kept)
        }
        _ => tensor,
    });
    Ok(data)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn looks_literal(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('[') || (text.parse::<f64>().is_ok() && !Path::new(text).exists())
}

/// What a path leads to.
enum Files {
    /// A file of tensors, and which of them.
    Tensor(PathBuf, Option<String>),
    /// One picture.
    Picture(PathBuf),
    /// A batch of pictures, in their order.
    Pictures(Vec<PathBuf>),
}

fn find(text: &str) -> Result<Files, String> {
    let path = Path::new(text);
    if path.is_dir() {
        return pictures::folder(path).map(Files::Pictures);
    }
    if !path.exists() {
        if let Some((file, key)) = text.rsplit_once(':')
            && Path::new(file).is_file()
        {
            return Ok(Files::Tensor(file.into(), Some(key.to_owned())));
        }
        if text.contains(['*', '?']) {
            return pictures::glob(text).map(Files::Pictures);
        }
        return Err(missing(path));
    }
    Ok(match Kind::from_name(text) {
        Some(Kind::Png | Kind::Jpeg) => Files::Picture(path.to_owned()),
        _ => Files::Tensor(path.to_owned(), None),
    })
}

/// Why there is nothing at `path`, with what may be meant.
fn missing(path: &Path) -> String {
    if path.symlink_metadata().is_ok() {
        return "it is a link that leads to no file".into();
    }
    let text = path.to_str().unwrap_or_default();
    let begun = MADE
        .into_iter()
        .find(|made| text.len() > 2 && made.starts_with(text));
    if let Some(made) = begun.or_else(|| suggest::closest(text, MADE.into_iter())) {
        return format!("no such file; did you mean `{made}`?");
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(10_000)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let name = file_name(path);
    match suggest::closest(&name, names.iter().map(String::as_str)) {
        Some(near) => format!("no such file; there is `{}`", folder.join(near).display()),
        None => "no such file".into(),
    }
}

/// The tensor `key` of the file at `path`; without a key the only one, or the one called `input`.
fn read_tensor(path: &Path, key: Option<String>, input: &str) -> Result<Tensor, String> {
    let bytes = read(path)?;
    let text = |error: formats::FormatError| error.to_string();
    match Kind::from_magic(&bytes) {
        Some(Kind::Npy) => match key {
            None => npy::read(&bytes).map_err(text),
            Some(key) => Err(format!("it holds one array without a name, not `{key}`")),
        },
        Some(Kind::Npz) => {
            let arrays = npz::read(&bytes).map_err(text)?;
            let names: Vec<String> = arrays.iter().map(|(name, _)| name.clone()).collect();
            let name = choose(key, input, &names, path)?;
            let found = arrays.into_iter().find(|(other, _)| *other == name);
            found
                .map(|(_, tensor)| tensor)
                .ok_or_else(|| "it holds no array".into())
        }
        Some(Kind::Safetensors) => {
            let file = safetensors::Weights::parse(&bytes).map_err(text)?;
            let name = choose(key, input, file.names(), path)?;
            file.get(&name).map_err(text)
        }
        _ => Err(match formats::looks_like(&bytes) {
            Some(what) => format!("it looks like {what}, which holds no tensor that can be read"),
            None => "it is none of .npy, .npz, .safetensors, .png and .jpg".into(),
        }),
    }
}

/// The name of the tensor to read for `input` from a file that has `names`.
fn choose(
    key: Option<String>,
    input: &str,
    names: &[String],
    path: &Path,
) -> Result<String, String> {
    let list = || {
        let shown: Vec<String> = names
            .iter()
            .take(8)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = names.len().saturating_sub(8);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{}{more}", shown.join(", "))
    };
    match (key, names) {
        (Some(key), names) if names.contains(&key) => Ok(key),
        (Some(key), names) => {
            let near = suggest::closest(&key, names.iter().map(String::as_str));
            Err(match near {
                Some(near) => format!("there is no `{key}`; did you mean `{near}`?"),
                None => format!("there is no `{key}`; it holds {}", list()),
            })
        }
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err("it holds nothing".into()),
        (None, names) if names.iter().any(|name| name == input) => Ok(input.to_owned()),
        (None, _) => Err(format!(
            "it holds {}; say which: `{}:NAME`",
            list(),
            path.display()
        )),
    }
}

/// Says which dimension variables nothing sets, since data that is made needs them all.
pub fn say_free(data: &[Data], env: &Env, model: &Model, ui: &Ui) {
    let vars = |made: bool| -> BTreeSet<Name> {
        let of = |input: &Input| {
            data.iter()
                .any(|it| *it.name == *input.name.value && it.value.is_err() == made)
        };
        let types = model
            .inputs
            .iter()
            .filter(|input| of(input))
            .filter_map(|input| model.ty(input.value));
        types
            .flat_map(|ty| ty.shape.iter().flat_map(crate::shape::Dim::vars))
            .collect()
    };
    let (made, bound) = (vars(true), vars(false));
    let free: Vec<&Name> = made.difference(&bound).collect();
    if free.is_empty() {
        return;
    }
    let values: Vec<String> = free
        .iter()
        .filter_map(|name| Some(format!("{name} = {}", env.get(*name)?)))
        .collect();
    ui.note(&format!(
        "{}: no data says otherwise; `--set {}=VALUE` does",
        values.join(", "),
        free[0]
    ));
}

/// The inputs in the model's order, made where they are not given.
pub fn in_order(
    data: &[Data],
    env: &Env,
    engine: &Engine,
    seed: u64,
) -> Result<Vec<Tensor>, Failure> {
    let model = engine.model;
    model
        .inputs
        .iter()
        .enumerate()
        .map(|(at, input)| {
            let given = data.iter().find(|it| *it.name == *input.name.value);
            match given.map(|it| &it.value) {
                Some(Ok(tensor)) => Ok(tensor.clone()),
                Some(Err(fill)) => make(input, *fill, env, engine, seed.wrapping_add(at as u64)),
                None => unreachable!("binding the sizes asks for every input"),
            }
        })
        .collect()
}

/// A tensor that `fill` describes, of the input's type at the sizes of `env`.
pub fn make(
    input: &Input,
    fill: Fill,
    env: &Env,
    engine: &Engine,
    seed: u64,
) -> Result<Tensor, Failure> {
    let name = &input.name.value;
    let size = engine.model.ty(input.value).map_or(String::new(), |ty| {
        let sizes: Vec<String> = ty
            .shape
            .iter()
            .map(|dim| {
                dim.eval(env)
                    .map_or_else(|_| dim.to_string(), |size| size.to_string())
            })
            .collect();
        format!("here it is [{}]", sizes.join(", "))
    });
    let beyond = || {
        engine.refuse(vec![
            Diagnostic::new(
                Code::E0608,
                input.shape_span,
                format!("the data made for `{name}` does not fit in memory"),
            )
            .here(size.clone())
            .note("smaller sizes need less: `--set NAME=VALUE` sets a dimension variable"),
        ])
    };
    let ty = engine.model.ty(input.value).ok_or_else(beyond)?;
    let shape = ty.shape.eval(env).map_err(|_| beyond())?;
    let count = shape
        .iter()
        .try_fold(1usize, |count, size| count.checked_mul(*size))
        .filter(|count| (*count as u64).saturating_mul(8) <= DEFAULT_LIMIT)
        .ok_or_else(beyond)?;
    let mut random = Random(seed);
    let tensor = match (ty.dtype, fill) {
        (DType::F32, Fill::Random) => {
            Tensor::from_f32(&shape, (0..count).map(|_| random.normal()).collect())
        }
        (DType::I64, Fill::Random) => Tensor::from_i64(
            &shape,
            (0..count).map(|_| (random.next() >> 63) as i64).collect(),
        ),
        (DType::F32, Fill::Zeros) => Tensor::from_f32(&shape, vec![0.0; count]),
        (DType::I64, Fill::Zeros) => Tensor::from_i64(&shape, vec![0; count]),
        (DType::F32, Fill::Ones) => Tensor::from_f32(&shape, vec![1.0; count]),
        (DType::I64, Fill::Ones) => Tensor::from_i64(&shape, vec![1; count]),
    };
    Ok(tensor.expect("as many elements as the shape says"))
}

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Uniform in 0..1, never 0.
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Of mean 0 and deviation 1 (Box and Muller 1958).
    fn normal(&mut self) -> f32 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        (radius * (std::f64::consts::TAU * self.uniform()).cos()) as f32
    }
}
