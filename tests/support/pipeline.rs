//! What becomes of a file that nobody vouches for: all the ways from its bytes to what a person
//! sees. Fuzzers call these functions with whatever they like, and the tests with what was found.
//!
//! Each function fails (panics) when something that must hold does not.

#![allow(dead_code)] // each user takes its part

use nnc::analysis::{Analysis, MAX_DIAGNOSTICS, Settings, analyze};
use nnc::check::program::Model;
use nnc::diag::render::{Style, render_all};
use nnc::diag::{Code, Diagnostic};
use nnc::exec::weights::map::Map;
use nnc::exec::{Given, bind_sizes};
use nnc::formats::safetensors::Weights;
use nnc::formats::{FormatError, csv, images, json, literal, npy, npz, safetensors, to_dtype};
use nnc::lower::lower;
use nnc::shape::Env;
use nnc::tensor::{DType, Layout, Tensor};
use nnc::text::{FileId, SourceMap, Span};
use nnc::view::paint::Paint;
use nnc::view::summary::Summary;

use crate::models::{Rng, holds, names, requirements, sizes};
use crate::runs::{run_it, same_shapes};
use crate::support::Memory;

/// The columns of a terminal.
const WIDTH: usize = 100;

/// Analyses `bytes` as a program that finds no other file, draws every diagnostic, and summarises
/// every model.
pub fn program(bytes: &[u8]) -> Analysis {
    let nothing = Memory::default();
    let analysis = analyze("fuzz.nn", bytes, &nothing, &Settings::default());
    assert!(analysis.diagnostics.len() <= MAX_DIAGNOSTICS);
    let drawn = render_all(&analysis.diagnostics, &analysis.sources, Style::PLAIN);
    assert_eq!(drawn.is_empty(), analysis.diagnostics.is_empty());
    for diagnostic in &analysis.diagnostics {
        fits(diagnostic, &analysis.sources);
    }
    for model in &analysis.program.models {
        let summary = Summary::new(model, &analysis.sources, &analysis.diagnostics);
        assert!(!summary.render(WIDTH, Paint(false)).is_empty());
    }
    analysis
}

/// Every place of `diagnostic` is one of the text, and the edits of a fix do not overlap.
fn fits(diagnostic: &Diagnostic, sources: &SourceMap) {
    let inside = |span: Span| {
        let text = &sources.file(span.file).text;
        assert!(text.get(span.range()).is_some(), "{diagnostic:?}");
    };
    inside(diagnostic.primary.span);
    diagnostic
        .labels
        .iter()
        .for_each(|label| inside(label.span));
    for fix in &diagnostic.fixes {
        let mut spans: Vec<Span> = fix.edits.iter().map(|edit| edit.span).collect();
        spans.iter().copied().for_each(inside);
        spans.sort_unstable_by_key(|span| (span.file, span.start, span.end));
        let apart = |pair: &[Span]| pair[0].file != pair[1].file || pair[0].end <= pair[1].start;
        assert!(spans.windows(2).all(apart), "{fix:?}");
    }
}

/// Binds, lowers and runs every model of a program without errors at small sizes: what runs has
/// the shapes that were checked. Says how many runs there were.
pub fn runs(analysis: &Analysis, rng: &mut Rng) -> usize {
    // What the checker could not decide is decided by the run.
    let undecided = analysis.diagnostics.iter().any(|it| it.code == Code::W0104);
    if analysis.has_errors() || undecided {
        return 0;
    }
    let models = analysis.program.models.iter();
    models
        .filter(|model| !model.has_errors)
        .map(|model| runs_of(model, rng))
        .sum()
}

fn runs_of(model: &Model, rng: &mut Rng) -> usize {
    let (names, requirements) = (names(model), requirements(model));
    let mut ran = 0;
    for _ in 0..3 {
        let sizes = sizes(rng, &names, &requirements);
        if !holds(&requirements, &sizes) {
            continue;
        }
        let said = |what: String| format!("at {sizes:?}: {what}");
        let graph = match lower(model, &sizes) {
            Ok(graph) => graph,
            // What no machine can count is for the run to refuse.
            Err(_) if beyond_counting(model, &sizes) => continue,
            Err(error) => panic!("{}", said(format!("allowed, and does not lower: {error}"))),
        };
        same_shapes(model, &graph, &sizes).unwrap_or_else(|what| panic!("{}", said(what)));
        // The shapes of data give the sizes back.
        if model.parameters.iter().all(|it| it.value.is_some()) {
            let inputs = graph.inputs.iter().map(|(name, value)| {
                let ty = &graph.value(*value).ty;
                Given {
                    input: name,
                    source: "the data",
                    ty: Some((ty.dtype, &ty.shape)),
                    picture: false,
                }
            });
            let inputs: Vec<Given> = inputs.collect();
            match bind_sizes(model, &inputs) {
                Ok(bound) => assert_eq!(bound, sizes),
                Err(why) => panic!("{}", said(format!("cannot be bound: {why:?}"))),
            }
        }
        let did = run_it(model, &sizes).unwrap_or_else(|what| panic!("{}", said(what)));
        ran += usize::from(did);
    }
    ran
}

/// Whether some size of `model` is more than an array can have.
fn beyond_counting(model: &Model, sizes: &Env) -> bool {
    let values = model.values.iter().filter_map(|value| value.ty.as_ref());
    let stored = model.params.iter().map(|param| &param.shape);
    let mut shapes = values.map(|ty| &ty.shape).chain(stored);
    shapes.any(|shape| shape.eval(sizes).is_err())
}

/// Reads `bytes` as tensors, in the form that the first byte says.
pub fn weights(bytes: &[u8]) {
    let Some((form, bytes)) = bytes.split_first() else {
        return;
    };
    match form % 5 {
        0 => match Weights::parse(bytes) {
            Ok(file) => {
                for name in file.names() {
                    assert!(file.shape(name).is_some() && file.dtype_name(name).is_some());
                    tensor(file.get(name));
                }
                renames("*.weight -> $1.kernel\n", file.names());
            }
            Err(error) => told(&error),
        },
        1 => tensor(npy::read(bytes)),
        2 => match npz::read(bytes) {
            Ok(tensors) => tensors.into_iter().for_each(|(_, array)| tensor(Ok(array))),
            Err(error) => told(&error),
        },
        3 => tensor(literal::read(&String::from_utf8_lossy(bytes))),
        _ => {
            // A map, then the names that it is to rename.
            let text = String::from_utf8_lossy(bytes);
            let (map, names) = text.split_once("\n\n").unwrap_or((&text, ""));
            let names: Vec<String> = names.lines().map(str::to_owned).collect();
            renames(map, &names);
        }
    }
}

/// Renames `names` by the lines of `map`.
fn renames(map: &str, names: &[String]) {
    let mut sources = SourceMap::default();
    let file: FileId = sources.add("fuzz.map", map.to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let told = match Map::parse(file, map) {
        Err(told) => told,
        Ok(map) => match map.rename(&names, "the file") {
            Err(told) => told,
            Ok(renamed) => {
                assert_eq!(renamed.names.len(), names.len());
                renamed.unused
            }
        },
    };
    told.iter()
        .for_each(|diagnostic| fits(diagnostic, &sources));
    render_all(&told, &sources, Style::PLAIN);
}

/// A tensor that was read can be written, and is then the same; one that was not has a reason.
fn tensor(read: Result<Tensor, FormatError>) {
    let tensor = match read {
        Ok(tensor) => tensor,
        Err(error) => return told(&error),
    };
    let same = |other: &Tensor| match (tensor.as_f32(), other.as_f32()) {
        (Some(ours), Some(theirs)) => {
            let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            tensor.shape() == other.shape() && bits(ours) == bits(theirs)
        }
        _ => tensor == *other,
    };
    let again = npy::read(&npy::write(&tensor)).expect("what was written is read");
    assert!(same(&again));
    if let Ok(bytes) = safetensors::write(&[("t", &tensor)]) {
        let file = Weights::parse(&bytes).expect("what was written is read");
        assert!(same(&file.get("t").expect("it is there")));
    }
    if tensor.len() <= 4096 {
        assert!(tensor.is_empty() || !csv::write(&tensor).is_empty());
        assert!(!json::write(&tensor).is_empty());
        let bytes = npz::write(&[("t", &tensor)]).expect("a small tensor is written");
        let mut read = npz::read(&bytes).expect("what was written is read");
        assert!(same(&read.pop().expect("it is there").1));
    }
    for dtype in [DType::F32, DType::I64] {
        match to_dtype(tensor.clone(), dtype) {
            Ok(other) => assert_eq!(other.shape(), tensor.shape()),
            Err(error) => told(&error),
        }
    }
}

/// An error says something.
fn told(error: &FormatError) {
    assert!(!error.to_string().is_empty());
}

/// Decodes `bytes` as a picture; a small one is made a tensor, scaled, and written.
pub fn picture(bytes: &[u8]) {
    let picture = match images::decode(bytes) {
        Ok(picture) => picture,
        Err(error) => return told(&error),
    };
    let (height, width) = (picture.height(), picture.width());
    assert!(height as u64 <= images::MAX_SIDE && width as u64 <= images::MAX_SIDE);
    if height * width > 1 << 16 {
        return;
    }
    for (channels, layout) in [
        (1, Layout::ChannelsLast),
        (3, Layout::ChannelsFirst),
        (4, Layout::ChannelsLast),
    ] {
        let tensor = images::to_tensor(&picture, channels, layout).expect("it is small");
        assert_eq!(tensor.len(), height * width * channels);
        let bytes = images::encode_png(&tensor, layout).expect("it is a picture");
        let again = images::decode(&bytes).expect("what was written is read");
        assert_eq!((again.height(), again.width()), (height, width));
    }
    let scaled = images::resize(&picture, 7, 5).expect("it is small");
    assert_eq!((scaled.height(), scaled.width()), (7, 5));
}
