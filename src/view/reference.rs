//! The reference made from the tables of the code: layers from the registry, diagnostics from the
//! table of codes. [`pages`] writes `docs/`, [`terminal`] what `nnc layers` prints.

use unicode_width::UnicodeWidthStr;

use crate::analysis::{Loaded, Loader, Settings, analyze};
use crate::layers::def::{ArgDef, Default, LayerDef, Signature};
use crate::view::paint::{DIM, Paint, STRONG};

pub mod pages;
pub mod terminal;

/// What `arg` is when it is left out, as it would be written; `None` where it must be given or
/// where a sentence says it.
pub fn default(arg: &ArgDef) -> Option<String> {
    match arg.default {
        Default::Required | Default::Absent(_) => None,
        Default::Int(n) => Some(n.to_string()),
        Default::Float(_, text) => Some(text.to_owned()),
        Default::Bool(value) => Some(value.to_string()),
        Default::Choice(name) => Some(name.to_owned()),
    }
}

/// `stride=1`, or `kernel` where there is no default to show.
pub fn written(arg: &ArgDef) -> String {
    match default(arg) {
        Some(default) => format!("{}={default}", arg.name),
        None => arg.name.to_owned(),
    }
}

/// `Conv(filters, kernel, stride=1)`, broken after a comma where it must be.
pub fn call(name: &str, signature: &Signature, width: usize, paint: Paint) -> String {
    let mut text = paint.on(STRONG, name);
    if signature.args.is_empty() {
        return text;
    }
    text.push('(');
    let indent = name.width() + 1;
    let mut column = indent;
    for (at, arg) in signature.args.iter().enumerate() {
        let plain = written(arg);
        let last = at + 1 == signature.args.len();
        let wide = plain.width() + 1;
        if at > 0 {
            if column + 1 + wide > width {
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                column = indent;
            } else {
                text.push(' ');
                column += 1;
            }
        }
        column += wide;
        text += &match arg.default {
            Default::Required => plain,
            _ => paint.on(DIM, plain),
        };
        text.push(if last { ')' } else { ',' });
    }
    text
}

/// What a layer gives: ``its result, and `.indices` ``.
pub fn gives(layer: &dyn LayerDef) -> String {
    match layer.signature().results {
        [] if layer.numbered() => "its parts, numbered: `.0`, `.1` …".to_owned(),
        [] => "one value".to_owned(),
        results => {
            let results: Vec<_> = results.iter().map(|name| format!("`.{name}`")).collect();
            format!("its result, and {}", results.join(", "))
        }
    }
}

/// The names that each framework has for the layer, in the order of its documentation.
pub fn elsewhere(layer: &dyn LayerDef) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut frameworks: Vec<(&str, Vec<&str>)> = Vec::new();
    for (framework, name) in layer.doc().elsewhere {
        match frameworks.iter_mut().find(|(known, _)| known == framework) {
            Some((_, names)) => names.push(name),
            None => frameworks.push((framework, vec![name])),
        }
    }
    frameworks
}

/// `text` with its first letter in upper case.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The stored tensors of the layer in its own example, as the checker finds them:
/// `` `conv1.weight` [16, 3, 3, 3] ``. What is not trained is called a buffer.
pub fn stored(layer: &dyn LayerDef) -> Vec<String> {
    let example = layer.doc().example;
    let analysis = analyze(
        layer.name(),
        example.as_bytes(),
        &Alone,
        &Settings::default(),
    );
    let models = analysis.program.models.iter();
    let params = models.flat_map(|model| {
        let own =
            |it: &&crate::check::program::Param| model.layers[it.layer].op.kind() == layer.name();
        model.params.iter().filter(own)
    });
    params
        .map(|param| {
            let buffer = if param.trained { "" } else { " (a buffer)" };
            format!("`{}` `{}`{buffer}", param.name, param.shape)
        })
        .collect()
}

/// Examples stand alone.
struct Alone;

impl Loader for Alone {
    fn load(&self, _: &str, _: &str) -> Result<Loaded, String> {
        Err("an example reads no other file".into())
    }

    fn exists(&self, _: &str, _: &str) -> bool {
        false
    }
}
