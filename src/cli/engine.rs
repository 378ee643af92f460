//! From a checked model to something that runs: weights found or drawn, a plan made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::failure::{Failure, Status};
use super::loader::beside;
use super::ui::Ui;
use crate::analysis::Allowed;
use crate::check::program::{Model, Param};
use crate::diag::{Code, Diagnostic};
use crate::exec::weights::map::Map;
use crate::exec::weights::{self, WeightsFile, WeightsLayout};
use crate::exec::{ExecError, draw};
use crate::formats::safetensors::Weights;
use crate::graph::Graph;
use crate::layers::def::Init;
use crate::plan::{DEFAULT_LIMIT, Options, Plan, memory};
use crate::shape::Env;
use crate::tensor::Tensor;
use crate::text::{FileId, SourceMap};

/// Whose order of axes a weights file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    Pytorch,
    Keras,
}

/// Where weights come from.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Weights")]
pub struct WeightOptions {
    /// Weights file (.safetensors), instead of the one that the model names; `random` draws them
    #[arg(long, value_name = "FILE")]
    pub weights: Option<String>,

    /// What stands before each name in the weights file
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    pub weights_prefix: String,

    /// Names in the weights file → names in the model: lines `pattern -> replacement`
    #[arg(long, value_name = "FILE")]
    pub weights_map: Option<PathBuf>,

    /// Whose order of axes the file has
    #[arg(long, value_name = "LAYOUT", default_value = "pytorch")]
    pub weights_layout: Layout,
}

impl WeightOptions {
    /// Drawn weights, whatever the model names.
    pub fn random() -> WeightOptions {
        WeightOptions {
            weights: Some("random".into()),
            weights_prefix: String::new(),
            weights_map: None,
            weights_layout: Layout::Pytorch,
        }
    }
}

/// Uses so many threads from now on; all there are without a number.
pub fn use_threads(threads: Option<usize>) -> Result<(), Failure> {
    let Some(threads) = threads else {
        return Ok(());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Failure::data(format!("{threads} threads cannot be started: {error}")))
}

/// A model with its sources, for what may go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Engine<'a> {
    /// The model, without errors.
    pub model: &'a Model,
    /// The sources that its spans are of.
    pub sources: &'a SourceMap,
    /// The warnings that its comments switch off.
    pub allowed: &'a Allowed,
}

impl Engine<'_> {
    /// Data that does not fit, with places in the program.
    pub fn refuse(&self, diags: Vec<Diagnostic>) -> Failure {
        Failure::Diagnostics(diags, Box::new(self.sources.clone()), Status::Data)
    }

    /// The failure of a run.
    pub fn failure(&self, error: &ExecError) -> Failure {
        match error.diagnostic(self.model) {
            Some(diag) => self.refuse(vec![diag]),
            None => Failure::data(error.to_string()),
        }
    }

    /// The plan of `graph` with these weights.
    pub fn plan(&self, graph: &Graph, weights: &[Arc<Tensor>]) -> Result<Plan, Failure> {
        Plan::new(graph, weights, &Options::default())
            .map_err(|error| self.failure(&ExecError::from(error)))
    }

    /// The stored tensors of `graph`: from the file that `options` or the model names, else
    /// drawn, which a remark says.
    pub fn weights(
        &self,
        graph: &Graph,
        env: &Env,
        options: &WeightOptions,
        seed: u64,
        ui: &Ui,
    ) -> Result<Vec<Arc<Tensor>>, Failure> {
        memory::check(graph, DEFAULT_LIMIT)
            .map_err(|shortage| self.failure(&ExecError::from(shortage)))?;
        if graph.weights.is_empty() && options.weights.is_none() {
            return Ok(Vec::new());
        }
        let Some(path) = self.weights_file(options) else {
            // Those written in the program are nobody's to bring.
            let written = |param: &Param| matches!(param.init, Init::Given(_));
            let drawn = (graph.weights.iter()).any(|weight| {
                let mut params = self.model.params.iter();
                !params.any(|param| param.name == weight.name && written(param))
            });
            if drawn {
                ui.note(&format!(
                    "the weights of `{}` are random (seed {seed}); `--weights FILE` brings trained ones",
                    self.model.name
                ));
            }
            return Ok(draw(self.model, graph, env, seed));
        };
        let name = path.display().to_string();
        let given = options.weights.is_some();
        let place = self.model.weights.as_ref().filter(|_| !given);
        let place = place.map_or(self.model.span, |named| named.span);
        let unreadable = |why: String| {
            let message = format!("the weights file `{name}` cannot be read");
            self.refuse(vec![
                Diagnostic::new(Code::E0503, place, message)
                    .here(why)
                    .note(match given {
                        true => "it was given with `--weights`; `--weights random` draws numbers",
                        false => {
                            "`--weights FILE` reads another file, `--weights random` draws numbers"
                        }
                    }),
            ])
        };
        let bytes = read(&path).map_err(unreadable)?;
        let parsed = Weights::parse(&bytes).map_err(|error| unreadable(error.to_string()))?;
        let mut sources = self.sources.clone();
        let map = options.weights_map.as_deref();
        let map = map.map(|path| read_map(path, &mut sources)).transpose()?;
        let refuse = |diags| Failure::Diagnostics(diags, Box::new(sources.clone()), Status::Data);
        let map = map.map(|(id, text)| Map::parse(id, &text));
        let map = map.transpose().map_err(refuse)?;
        let file = WeightsFile {
            name: &name,
            weights: &parsed,
            prefix: &options.weights_prefix,
            map: map.as_ref(),
            layout: match options.weights_layout {
                Layout::Pytorch => WeightsLayout::PyTorch,
                Layout::Keras => WeightsLayout::Keras,
            },
            given,
        };
        let (tensors, mut warnings) = weights::load(self.model, graph, &file).map_err(refuse)?;
        warnings.retain(|warning| !self.allowed.has(warning));
        ui.diagnostics(&warnings, &sources);
        Ok(tensors)
    }

    fn weights_file(&self, options: &WeightOptions) -> Option<PathBuf> {
        match options.weights.as_deref() {
            Some("random") => None,
            Some(path) => Some(PathBuf::from(path)),
            None => {
                let named = self.model.weights.as_ref()?;
                let from = &self.sources.file(self.model.file).name;
                Some(beside(from, &named.value))
            }
        }
    }
}

/// The text of a weights map, which becomes one of the `sources`.
fn read_map(path: &Path, sources: &mut SourceMap) -> Result<(FileId, String), Failure> {
    let name = path.display().to_string();
    let unreadable =
        |why: String| Failure::data(format!("the weights map `{name}` cannot be read: {why}"));
    let bytes = read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".into()))?;
    Ok((sources.add(&*name, &*text), text))
}

/// The most that is read from what is no regular file: 1 GiB.
const ENDLESS: u64 = 1 << 30;

/// The whole of a file; one that does not fit in memory is refused before it is read.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let reason = |error: std::io::Error| super::failure::reason(&error);
    let file = std::fs::File::open(path).map_err(reason)?;
    let kind = file.metadata().map_err(reason)?;
    if kind.is_dir() {
        return Err("it is a directory".into());
    }
    let mut bytes = Vec::new();
    if kind.len() > DEFAULT_LIMIT || bytes.try_reserve_exact(kind.len() as usize).is_err() {
        return Err(format!("its {} bytes do not fit in memory", kind.len()));
    }
    // A pipe or a device does not say how much there is, and may never end.
    let most = if kind.is_file() {
        DEFAULT_LIMIT
    } else {
        ENDLESS
    };
    let mut file = file.take(most + 1);
    file.read_to_end(&mut bytes).map_err(reason)?;
    if bytes.len() as u64 > most {
        return Err(format!("it gives more than {most} bytes"));
    }
    Ok(bytes)
}
