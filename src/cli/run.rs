//! `nnc run`: the forward pass.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::engine::{Engine, WeightOptions, use_threads};
use super::failure::{Failure, Status};
use super::program::{Format, Options};
use super::ui::Ui;
use crate::diag::Code;
use crate::exec::{batch_sizes, bind_sizes, graph_at, run as execute, run_batched, run_profiled};
use crate::plan::{self, Plan, StepInfo};
use crate::shape::Env;
use crate::tensor::Tensor;
use crate::view::profile;

mod inputs;
mod outputs;
mod pictures;

use inputs::{Data, Spec};

pub use inputs::{Fill, make};

/// How long a batched run takes before its progress is drawn.
const PATIENCE: Duration = Duration::from_millis(400);

/// Run a model's forward pass on data
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc run lenet5.nn -i digit.png                one picture, classes as bars
  nnc run lenet5.nn -i digits/ --top 1          a folder of pictures is a batch
  nnc run lenet5.nn -i 'scans/*.png' --resize   fitted to the model's size
  nnc run net.nn -i x=data.npz:features -o y=result.npy
  nnc run net.nn -i a='[[1, 2], [3, 4]]' -i b=ones
  nnc run net.nn -i random --set N=8 --profile  time per step
  nnc run net.nn -i images.npy --batch 64 -o classes.csv

Inputs:   .npy, .npz, .safetensors (FILE:KEY where it holds several), .png, .jpg, a folder or glob
          of pictures, a literal, `random`, `zeros`, `ones`
Outputs:  .npy, .npz, .safetensors, .png, .csv, .json; without -o they are shown
`NAME=` may be left out where there is one input or output.")]
pub struct Args {
    /// The program; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,

    /// Data for an input (repeatable)
    #[arg(short, long = "input", value_name = "NAME=VALUE")]
    input: Vec<String>,

    /// File to write an output to (repeatable)
    #[arg(short, long = "output", value_name = "NAME=FILE")]
    output: Vec<String>,

    #[command(flatten)]
    options: Options,

    #[command(flatten)]
    weights: WeightOptions,

    /// What random numbers start from
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        allow_negative_numbers = true,
        help_heading = "Weights"
    )]
    seed: u64,

    /// Fit pictures to the model's size, or to HEIGHTxWIDTH where it takes any
    #[arg(long, value_name = "HEIGHTxWIDTH", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Run")]
    resize: Option<String>,

    /// Run so many rows at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "profile", help_heading = "Run")]
    batch: Option<u32>,

    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Run")]
    threads: Option<u16>,

    /// Classes to show of each row
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Display")]
    top: u32,

    /// Show the time that each step takes
    #[arg(long, help_heading = "Display")]
    profile: bool,
}

/// Runs the model.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let size = args.resize.as_deref().map(pictures::Size::parse);
    let size = size.transpose()?;
    let (analysis, at) = args.options.one_model(&args.file, ui, &[Code::W0103])?;
    let engine = Engine {
        model: &analysis.program.models[at],
        sources: &analysis.sources,
        allowed: &analysis.allowed,
    };
    use_threads(args.threads.map(usize::from))?;
    let targets = outputs::parse(&args.output, &engine)?;
    let specs = inputs::parse(&args.input, engine.model)?;
    let loaded = specs
        .into_iter()
        .map(|spec: Spec| inputs::load(spec, size, &engine))
        .collect::<Result<Vec<Data>, Failure>>()?;
    let given: Vec<_> = loaded.iter().map(Data::given).collect();
    let env = bind_sizes(engine.model, &given).map_err(|diags| engine.refuse(diags))?;
    inputs::say_free(&loaded, &env, engine.model, ui);
    let tensors = inputs::in_order(&loaded, &env, &engine, args.seed)?;
    let (results, steps) = forward(args, &engine, &env, &tensors, ui)?;

    outputs::write(&targets, &results, &engine, ui)?;
    let rows = loaded.iter().find(|data| !data.rows.is_empty());
    let shown = outputs::Results {
        tensors: &results,
        rows: rows.map_or(&[], |data| &data.rows),
        top: args.top as usize,
        model: engine.model,
    };
    let text = match args.options.format {
        Format::Json => shown.json(&steps),
        Format::Human => {
            let mut text = if targets.is_empty() {
                shown.human(ui)
            } else {
                String::new()
            };
            if args.profile {
                if !text.is_empty() {
                    text.push('\n');
                }
                text += &profile::table(&steps, ui.width, ui.out);
            }
            text
        }
    };
    ui.print(&text)?;
    Ok(Status::Fine)
}

type Steps = Vec<(StepInfo, Duration)>;

/// The outputs, and the steps with their times where those are asked for.
fn forward(
    args: &Args,
    engine: &Engine,
    env: &Env,
    inputs: &[Tensor],
    ui: &Ui,
) -> Result<(Vec<Tensor>, Steps), Failure> {
    let failed = |error| engine.failure(&error);
    let seed = args.seed;
    let Some(batch) = args.batch else {
        let graph = graph_at(engine.model, env).map_err(failed)?;
        let weights = engine.weights(&graph, env, &args.weights, seed, ui)?;
        let mut plan: Plan = engine.plan(&graph, &weights)?;
        drop(weights);
        if !args.profile {
            return Ok((execute(&mut plan, inputs).map_err(failed)?, Vec::new()));
        }
        // The first run pays for memory that is touched for the first time.
        execute(&mut plan, inputs).map_err(failed)?;
        let (results, times) = run_profiled(&mut plan, inputs).map_err(failed)?;
        let steps = plan.steps().cloned().zip(times).collect();
        return Ok((results, steps));
    };
    let batch = batch as usize;
    let sizes = batch_sizes(engine.model, env, batch).map_err(failed)?;
    let graph = graph_at(engine.model, &sizes).map_err(failed)?;
    let weights = engine.weights(&graph, &sizes, &args.weights, seed, ui)?;
    let started = Instant::now();
    let mut bar: Option<ProgressBar> = None;
    let mut progress = |done: usize, total: usize| {
        if ui.live && bar.is_none() && started.elapsed() > PATIENCE {
            bar = Some(progress_bar(total));
        }
        if let Some(bar) = &bar {
            bar.set_position(done as u64);
        }
    };
    let results = run_batched(
        engine.model,
        env,
        &weights,
        inputs,
        batch,
        &plan::Options::default(),
        &mut progress,
    );
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok((results.map_err(failed)?, Vec::new()))
}

fn progress_bar(total: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32.green/dim} {pos}/{len} rows · {eta} left")
        .expect("the template is one of indicatif's")
        .progress_chars("█▉▊▋▌▍▎▏ ");
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    bar.set_style(style);
    bar
}
