//! `nnc bench`: how fast a model runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::engine::{Engine, WeightOptions, use_threads};
use super::failure::{Failure, Status};
use super::json;
use super::program::{Format, Options};
use super::run::{Fill, make};
use super::settings;
use super::ui::Ui;
use crate::diag::Code;
use crate::exec::{Given, bind_sizes, graph_at, run as execute, run_profiled};
use crate::layers::value::Value;
use crate::plan::StepInfo;
use crate::tensor::Tensor;
use crate::view::number;
use crate::view::paint::{DIM, STRONG, TITLE};
use crate::view::profile;

/// How long a benchmark without `--runs` takes, about.
const PATIENCE: Duration = Duration::from_secs(2);
/// Runs of a benchmark without `--runs`, at least and at most.
const RUNS: std::ops::RangeInclusive<usize> = 10..=1000;
/// Runs that are timed step by step.
const PROFILED: usize = 10;

/// Measure how fast a model runs on random data: latency, throughput, time per step
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc bench net.nn
  nnc bench net.nn --set N=8 --set h=112
  nnc bench net.nn --threads 1 --runs 100
  nnc bench net.nn --format json

A dimension variable that is not set is 1, or the least that the model allows. Two floating-point
operations are counted for a multiply-accumulate.")]
pub struct Args {
    /// The program; `-` is standard input
    #[arg(value_name = "FILE")]
    file: String,

    #[command(flatten)]
    options: Options,

    /// Threads to use [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Runs to measure [default: as many as two seconds hold, 10 to 1000]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
}

/// What was measured.
struct Measured {
    /// Seconds of each run, least first.
    times: Vec<f64>,
    /// The steps with their median times.
    steps: Vec<(StepInfo, Duration)>,
    macs: Option<u64>,
    peak: u64,
}

impl Measured {
    fn at(&self, share: f64) -> f64 {
        let last = self.times.len() - 1;
        self.times[(share * last as f64).round() as usize]
    }
}

/// Measures the model.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let (analysis, at) = args.options.one_model(&args.file, ui, &[Code::W0103])?;
    let engine = Engine {
        model: &analysis.program.models[at],
        sources: &analysis.sources,
        allowed: &analysis.allowed,
    };
    use_threads(args.threads.map(usize::from))?;
    let made: Vec<Given> = engine
        .model
        .inputs
        .iter()
        .map(|input| Given {
            input: &input.name.value,
            source: "`random`",
            ty: None,
            picture: false,
        })
        .collect();
    let env = bind_sizes(engine.model, &made).map_err(|diags| engine.refuse(diags))?;
    let inputs = engine
        .model
        .inputs
        .iter()
        .zip(0..)
        .map(|(input, seed)| make(input, Fill::Random, &env, &engine, seed))
        .collect::<Result<Vec<Tensor>, Failure>>()?;
    let graph = graph_at(engine.model, &env).map_err(|error| engine.failure(&error))?;
    let weights = engine.weights(&graph, &env, &WeightOptions::random(), 0, &quiet(ui))?;
    let mut plan = engine.plan(&graph, &weights)?;
    drop((graph, weights));

    let failed = |error| engine.failure(&error);
    // The first run touches memory for the first time; the second tells how long one takes.
    execute(&mut plan, &inputs).map_err(failed)?;
    let started = Instant::now();
    execute(&mut plan, &inputs).map_err(failed)?;
    let one = started.elapsed().as_secs_f64().max(1e-9);
    let runs = match args.runs {
        Some(runs) => runs as usize,
        None => ((PATIENCE.as_secs_f64() / one) as usize).clamp(*RUNS.start(), *RUNS.end()),
    };
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let started = Instant::now();
        execute(&mut plan, &inputs).map_err(failed)?;
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let mut profiles: Vec<Vec<Duration>> = Vec::new();
    for _ in 0..runs.min(PROFILED) {
        profiles.push(run_profiled(&mut plan, &inputs).map_err(failed)?.1);
    }
    let steps: Vec<(StepInfo, Duration)> = plan
        .steps()
        .enumerate()
        .map(|(at, step)| {
            let mut times: Vec<Duration> = profiles.iter().map(|times| times[at]).collect();
            times.sort();
            (step.clone(), times[times.len() / 2])
        })
        .collect();
    let macs = steps
        .iter()
        .try_fold(0u64, |sum, (step, _)| sum.checked_add(step.macs?));
    let measured = Measured {
        times,
        steps,
        macs,
        peak: plan.peak_bytes(),
    };
    // Rows, where every input begins with one variable or number: what throughput counts.
    let rows = inputs
        .first()
        .and_then(|input| input.shape().first().copied());
    let rows = rows.filter(|rows| {
        inputs
            .iter()
            .all(|input| input.shape().first() == Some(rows))
    });
    // What `--set` gives is no variable any more.
    let set = settings::parse(&args.options.set)?;
    let set = set.values.iter().filter_map(|(name, value)| match value {
        Value::Int(dim) => Some((name.to_string(), dim.as_const()?)),
        _ => None,
    });
    let bound = env.iter().map(|(name, size)| (name.to_string(), *size));
    let sizes: BTreeMap<String, i128> = bound.chain(set).collect();
    let text = match args.options.format {
        Format::Json => as_json(&measured, rows, &sizes, &engine),
        Format::Human => human(&measured, rows, &sizes, &engine, ui),
    };
    ui.print(&text)?;
    Ok(Status::Fine)
}

/// Random weights are what a benchmark is expected to have: no remark on them.
fn quiet(ui: &Ui) -> Ui {
    Ui {
        quiet: true,
        ..ui.clone()
    }
}

fn as_json(
    measured: &Measured,
    rows: Option<usize>,
    sizes: &BTreeMap<String, i128>,
    engine: &Engine,
) -> String {
    let median = measured.at(0.5);
    let sizes: serde_json::Map<_, _> = sizes
        .iter()
        .map(|(name, size)| (name.clone(), json!(*size as i64)))
        .collect();
    json::text(&json!({
        "version": 1,
        "model": &*engine.model.name,
        "sizes": sizes,
        "threads": rayon::current_num_threads(),
        "runs": measured.times.len(),
        "median_ms": median * 1e3,
        "min_ms": measured.at(0.0) * 1e3,
        "p95_ms": measured.at(0.95) * 1e3,
        "rows_per_second": rows.map(|rows| rows as f64 / median),
        "macs": measured.macs,
        "gflops": measured.macs.map(|macs| profile::flops(macs, median) / 1e9),
        "peak_bytes": measured.peak,
        "steps": profile::json(&measured.steps),
    }))
}

fn human(
    measured: &Measured,
    rows: Option<usize>,
    sizes: &BTreeMap<String, i128>,
    engine: &Engine,
    ui: &Ui,
) -> String {
    let paint = ui.out;
    let median = measured.at(0.5);
    let sizes: Vec<String> = sizes
        .iter()
        .map(|(name, size)| format!("{name} = {size}"))
        .collect();
    let threads = rayon::current_num_threads();
    let plural = if threads == 1 { "" } else { "s" };
    let mut head = paint.on(STRONG, &engine.model.name);
    let runs = number::grouped(measured.times.len() as i128);
    let about = [
        sizes.join(", "),
        format!("{threads} thread{plural}"),
        format!("{runs} runs"),
    ];
    for part in about.iter().filter(|part| !part.is_empty()) {
        head += &format!("{}{part}", paint.on(DIM, " · "));
    }
    let mut text = format!("{head}\n\n");
    let mut line = |name: &str, value: String| {
        text += &format!("  {}  {value}\n", paint.on(DIM, format!("{name:<10}")));
    };
    line("median", paint.on(TITLE, number::seconds(median)));
    line("min", number::seconds(measured.at(0.0)));
    line("p95", number::seconds(measured.at(0.95)));
    if let Some(rows) = rows {
        let rate = rows as f64 / median;
        let rate = if rate >= 100.0 {
            number::grouped(rate.round() as i128)
        } else {
            format!("{rate:.1}")
        };
        line("throughput", format!("{rate} rows/s"));
    }
    if let Some(macs) = measured.macs.filter(|macs| *macs > 0) {
        line(
            "arithmetic",
            format!("{:.1} GFLOP/s", profile::flops(macs, median) / 1e9),
        );
    }
    line(
        "memory",
        number::bytes(&crate::shape::Dim::constant(measured.peak.into())),
    );
    text + "\n" + &profile::table(&measured.steps, ui.width, paint)
}
