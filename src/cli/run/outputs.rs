//! Results of a run: written to files, shown, or as JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::check::program::Model;
use crate::cli::engine::Engine;
use crate::cli::failure::Failure;
use crate::cli::ui::Ui;
use crate::cli::{json as text, write as file};
use crate::diag::data::list;
use crate::diag::{Code, Diagnostic, suggest};
use crate::formats::{self, FormatError, Kind, csv, images, npy, npz, safetensors};
use crate::plan::StepInfo;
use crate::tensor::Tensor;
use crate::view::profile;
use crate::view::values::{Look, Shown, Statistics, ranked, render};

/// Elements of the largest result whose values JSON lists.
const LISTED: usize = 65_536;

/// A file to write and the outputs that it gets, by position.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    kind: Kind,
    outputs: Vec<usize>,
}

/// The `-o` arguments. Several outputs may go to one `.npz` or `.safetensors`.
pub fn parse(arguments: &[String], engine: &Engine) -> Result<Vec<Target>, Failure> {
    let model = engine.model;
    let mut targets: Vec<Target> = Vec::new();
    for argument in arguments {
        let named = argument.split_once('=');
        let position = |name: &str| model.outputs.iter().position(|it| *it.name.value == *name);
        let (outputs, path) = match named {
            Some((name, path)) if position(name).is_some() => {
                (position(name).into_iter().collect(), path)
            }
            Some((name, _)) if !Path::new(name).exists() && !name.contains(['/', '.']) => {
                return Err(unknown(name, engine));
            }
            _ => (
                (0..model.outputs.len()).collect::<Vec<_>>(),
                argument.as_str(),
            ),
        };
        let writable = || {
            Failure::usage(format!("`{path}` does not say in which format to write"))
                .help("end it in .npy, .npz, .safetensors, .png, .csv or .json")
        };
        let kind = match Kind::from_name(path).ok_or_else(writable)? {
            Kind::Jpeg => {
                return Err(Failure::usage(
                    "JPEG pictures are not written, since they lose detail",
                )
                .help("write a .png"));
            }
            kind => kind,
        };
        let archive = matches!(kind, Kind::Npz | Kind::Safetensors);
        if outputs.len() > 1 && !archive && kind != Kind::Json {
            return Err(Failure::usage(format!(
                "`-o {argument}` does not say which output to write"
            ))
            .help(format!(
                "write `-o NAME={path}`; the outputs are {}",
                names(model)
            )));
        }
        match targets
            .iter_mut()
            .find(|target| target.path == Path::new(path))
        {
            Some(target) if archive => target.outputs.extend(outputs),
            Some(_) => return Err(Failure::usage(format!("`{path}` would be written twice"))),
            None => targets.push(Target {
                path: path.into(),
                kind,
                outputs,
            }),
        }
    }
    Ok(targets)
}

fn unknown(name: &str, engine: &Engine) -> Failure {
    let model = engine.model;
    let names: Vec<&str> = model.outputs.iter().map(|it| &*it.name.value).collect();
    let diag = Diagnostic::new(
        Code::E0602,
        model.span,
        format!("`{}` has no output `{name}`", model.name),
    );
    let diag = match names.len() {
        1 => diag.here(format!("its output is {}", self::names(model))),
        _ => diag.here(format!("its outputs are {}", self::names(model))),
    };
    let diag = match suggest::closest(name, names.iter().copied()) {
        Some(near) if names.len() > 1 => diag.note(format!("did you mean `{near}`?")),
        _ => diag,
    };
    engine.refuse(vec![diag])
}

/// The outputs of `model` for a sentence: `` `mask`, `score` and `box` ``.
fn names(model: &Model) -> String {
    let quoted = model.outputs.iter();
    let quoted: Vec<String> = quoted
        .map(|output| format!("`{}`", output.name.value))
        .collect();
    list(&quoted)
}

/// Writes every target.
pub fn write(
    targets: &[Target],
    results: &[Tensor],
    engine: &Engine,
    ui: &Ui,
) -> Result<(), Failure> {
    for target in targets {
        let outputs = &engine.model.outputs;
        let named: Vec<(&str, &Tensor)> = target
            .outputs
            .iter()
            .map(|at| (&*outputs[*at].name.value, &results[*at]))
            .collect();
        let bytes = encode(target.kind, &named, engine).map_err(|error| {
            let at = target
                .outputs
                .first()
                .map_or(engine.model.span, |at| outputs[*at].name.span);
            engine.refuse(vec![
                Diagnostic::new(
                    Code::E0609,
                    at,
                    format!("`{}` cannot be written", target.path.display()),
                )
                .here("this output")
                .note(error.to_string()),
            ])
        })?;
        file::whole(&target.path, &bytes)?;
        if let (Kind::Png, [(name, tensor)]) = (target.kind, named.as_slice()) {
            say_dark(name, tensor, ui);
        }
        let names: Vec<String> = named
            .iter()
            .map(|(name, tensor)| format!("{name} {:?}", tensor.shape()))
            .collect();
        ui.note(&format!(
            "wrote {} to {}",
            names.join(", "),
            target.path.display()
        ));
    }
    Ok(())
}

/// Says of a picture that nothing can be seen in it: its values were meant for 0 to 1.
fn say_dark(name: &str, tensor: &Tensor, ui: &Ui) {
    let all = Statistics::of(tensor);
    if all.max <= 1.0 && all.min < all.max {
        ui.note(&format!(
            "`{name}` goes up to {:.3}, and white is 255: the picture is black; `Rescale(255)` \
             before the output makes it visible",
            all.max
        ));
    }
}

fn encode(kind: Kind, named: &[(&str, &Tensor)], engine: &Engine) -> Result<Vec<u8>, FormatError> {
    let first = named.first().map(|(_, tensor)| *tensor);
    Ok(match (kind, first) {
        (Kind::Npz, _) => npz::write(named)?,
        (Kind::Safetensors, _) => safetensors::write(named)?,
        (Kind::Json, Some(only)) if named.len() == 1 => {
            (formats::json::write(only) + "\n").into_bytes()
        }
        (Kind::Json, _) => formats::json::write_named(named).into_bytes(),
        (Kind::Npy, Some(only)) => npy::write(only),
        (Kind::Csv, Some(only)) => csv::write(only).into_bytes(),
        (Kind::Png, Some(only)) => images::encode_png(only, engine.model.layout)?,
        (Kind::Npy | Kind::Csv | Kind::Png, None) => Vec::new(),
        (Kind::Jpeg, _) => unreachable!("refused on the command line"),
    })
}

/// The results of a run.
pub struct Results<'a> {
    /// One for each output of the model.
    pub tensors: &'a [Tensor],
    /// The files that the rows come from, where they do.
    pub rows: &'a [String],
    /// Classes of a row to show.
    pub top: usize,
    /// The model.
    pub model: &'a Model,
}

impl Results<'_> {
    /// For a person.
    pub fn human(&self, ui: &Ui) -> String {
        let look = Look {
            width: ui.width,
            paint: ui.out,
            top: self.top,
        };
        let shown: Vec<String> = self
            .model
            .outputs
            .iter()
            .zip(self.tensors)
            .map(|(output, tensor)| {
                let named = tensor.shape().first() == Some(&self.rows.len());
                let shown = Shown {
                    name: &output.name.value,
                    tensor,
                    labels: output.labels.as_ref().map(|labels| labels.as_slice()),
                    rows: if named { self.rows } else { &[] },
                };
                render(&shown, look)
            })
            .collect();
        shown.join("\n")
    }

    /// For a program: the values of each output, or statistics of a large one; the best classes
    /// of each row where there are labels; the steps where they were timed.
    pub fn json(&self, steps: &[(StepInfo, Duration)]) -> String {
        let outputs: Vec<Json> = self
            .model
            .outputs
            .iter()
            .zip(self.tensors)
            .map(|(output, tensor)| {
                let mut object = json!({
                    "name": &*output.name.value,
                    "dtype": tensor.dtype().name(),
                    "shape": tensor.shape(),
                });
                if tensor.len() <= LISTED {
                    object["values"] = nested(tensor);
                } else {
                    object["statistics"] = statistics(tensor);
                }
                if let Some(labels) = &output.labels {
                    object["top"] = self.best(tensor, labels);
                }
                object
            })
            .collect();
        let mut object = json!({ "version": 1, "outputs": outputs });
        if !self.rows.is_empty() {
            object["rows"] = json!(self.rows);
        }
        if !steps.is_empty() {
            object["steps"] = profile::json(steps);
        }
        text::line(&object)
    }

    fn best(&self, tensor: &Tensor, labels: &[String]) -> Json {
        let values = tensor.as_f32().unwrap_or(&[]);
        let classes = tensor.shape().last().copied().unwrap_or(1).max(1);
        values
            .chunks(classes)
            .take(LISTED)
            .map(|row| -> Json {
                ranked(row, self.top)
                    .into_iter()
                    .map(|(class, value)| {
                        json!({ "label": labels.get(class), "value": number(value) })
                    })
                    .collect()
            })
            .collect()
    }
}

/// The shortest number that is read back as the same `f32`: 0.1, not 0.10000000149011612.
fn number(value: f32) -> Json {
    let shortest = value.to_string().parse::<f64>();
    json!(shortest.unwrap_or_else(|_| value.into()))
}

/// The elements in lists as the axes nest; what is not finite is `null`.
fn nested(tensor: &Tensor) -> Json {
    let flat: Vec<Json> = match tensor {
        Tensor::F32(array) => array.iter().map(|value| number(*value)).collect(),
        Tensor::I64(array) => array.iter().map(|value| json!(value)).collect(),
    };
    let mut level = flat;
    for size in tensor.shape().iter().rev() {
        if *size == 0 {
            return json!([]);
        }
        let mut next = Vec::with_capacity(level.len() / size);
        let mut items = level.into_iter().peekable();
        while items.peek().is_some() {
            next.push(items.by_ref().take(*size).collect());
        }
        level = next;
    }
    level.into_iter().next().unwrap_or(Json::Null)
}

fn statistics(tensor: &Tensor) -> Json {
    let all = Statistics::of(tensor);
    json!({
        "count": all.count,
        "min": all.min,
        "max": all.max,
        "mean": all.mean,
        "std": all.std,
        "zeros": all.zeros,
        "nan": all.nan,
        "infinite": all.infinite,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_nest_as_axes_do() {
        let tensor = Tensor::from_i64(&[2, 1, 2], vec![1, 2, 3, 4]).expect("four");
        assert_eq!(nested(&tensor), json!([[[1, 2]], [[3, 4]]]));
        let short = Tensor::from_f32(&[2], vec![0.1, f32::MAX]).expect("two");
        assert_eq!(nested(&short).to_string(), "[0.1,3.4028235e+38]");
        let scalar = Tensor::from_f32(&[], vec![f32::NAN]).expect("one");
        assert_eq!(nested(&scalar), Json::Null);
        let empty = Tensor::from_f32(&[2, 0], vec![]).expect("none");
        assert_eq!(nested(&empty), json!([]));
    }
}
