//! JSON for scripts and editors. Version 1 of every object only ever gains keys.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::check::program::{Model, ValueId};
use crate::diag::{Diagnostic, Severity};
use crate::layers::def::TensorType;
use crate::shape::{Dim, Shape};
use crate::text::{Name, SourceMap, Span};
use crate::view::summary::{Seen, Summary, stored};

/// A position: line and column from 1, columns in Unicode scalar values, bytes from 0.
#[derive(Serialize, Debug)]
struct Place {
    line: usize,
    column: usize,
    byte: u32,
}

/// A stretch of a file with something said about it.
#[derive(Serialize, Debug)]
struct Label<'a> {
    file: &'a str,
    start: Place,
    end: Place,
    message: &'a str,
}

#[derive(Serialize, Debug)]
struct Edit<'a> {
    file: &'a str,
    start: Place,
    end: Place,
    text: &'a str,
}

#[derive(Serialize, Debug)]
struct Fix<'a> {
    title: &'a str,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize, Debug)]
struct Diag<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    file: &'a str,
    start: Place,
    end: Place,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    fixes: Vec<Fix<'a>>,
}

fn places(span: Span, sources: &SourceMap) -> (&str, Place, Place) {
    let (start, end) = (sources.start(span), sources.end(span));
    let place = |at: crate::text::Position, byte| Place {
        line: at.line,
        column: at.column,
        byte,
    };
    (
        &sources.file(span.file).name,
        place(start, span.start),
        place(end, span.end),
    )
}

/// One diagnostic. What is said at its own place is the first of its labels.
pub fn diagnostic(diag: &Diagnostic, sources: &SourceMap) -> Json {
    let (file, start, end) = places(diag.primary.span, sources);
    let own = Some(&diag.primary).filter(|label| !label.message.is_empty());
    let diag = Diag {
        code: diag.code.name(),
        severity: match diag.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diag.message,
        file,
        start,
        end,
        labels: own
            .into_iter()
            .chain(&diag.labels)
            .map(|label| {
                let (file, start, end) = places(label.span, sources);
                Label {
                    file,
                    start,
                    end,
                    message: &label.message,
                }
            })
            .collect(),
        notes: &diag.notes,
        fixes: diag
            .fixes
            .iter()
            .map(|fix| Fix {
                title: &fix.title,
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| {
                        let (file, start, end) = places(edit.span, sources);
                        Edit {
                            file,
                            start,
                            end,
                            text: &edit.text,
                        }
                    })
                    .collect(),
            })
            .collect(),
    };
    serde_json::to_value(diag).expect("plain data has a JSON form")
}

/// A size: a number, or its text in the language's syntax.
pub fn dim(dim: &Dim) -> Json {
    match dim.as_const() {
        Some(number) => match i64::try_from(number) {
            Ok(number) => json!(number),
            Err(_) => json!(number.to_string()),
        },
        None => json!(dim.to_string()),
    }
}

fn some(size: &Option<Dim>) -> Json {
    size.as_ref().map_or(Json::Null, dim)
}

/// A shape as a list of sizes.
pub fn shape(shape: &Shape) -> Json {
    shape.iter().map(dim).collect()
}

/// One model as `check` lists it; what is not known is `null`.
pub fn model(model: &Model, sources: &SourceMap) -> Json {
    let value = |name: &Name, ty: Option<&TensorType>| {
        json!({
            "name": &**name,
            "dtype": ty.map(|ty| ty.dtype.name()),
            "shape": ty.map(|ty| shape(&ty.shape)),
        })
    };
    let ty = |id: ValueId| model.ty(id);
    json!({
        "name": &*model.name,
        "file": &sources.file(model.file).name,
        "inputs": model.inputs.iter()
            .map(|input| value(&input.name.value, ty(input.value)))
            .collect::<Vec<_>>(),
        "outputs": model.outputs.iter()
            .map(|output| value(&output.name.value, output.value.and_then(ty)))
            .collect::<Vec<_>>(),
        "parameters": some(&stored(model, true)),
        "buffers": some(&stored(model, false)),
        "requirements": model.requirements.iter()
            .map(|required| required.requirement.to_string())
            .collect::<Vec<_>>(),
    })
}

/// One model as `summary` lists it.
pub fn summary(summary: &Summary) -> Json {
    let layers: Vec<Json> = summary
        .rows
        .iter()
        .map(|row| {
            json!({
                "name": &*row.path,
                "kind": row.kind,
                "line": row.line,
                "shape": shape(&row.shape),
                "parameters": some(&row.parameters),
                "macs": some(&row.macs),
                "bytes": some(&row.bytes),
                "receptive_field": seen(&row.seen),
            })
        })
        .collect();
    json!({
        "name": &*summary.name,
        "parameters": some(&summary.parameters),
        "buffers": some(&summary.buffers),
        "macs": some(&summary.macs),
        "layers": layers,
    })
}

/// One size for each spatial axis (none for a point), `"all"`, or `null` where it is not known.
fn seen(seen: &Seen) -> Json {
    match seen {
        Seen::Nothing | Seen::Unknown => Json::Null,
        Seen::Point => json!([]),
        Seen::Window(sizes) => sizes.iter().map(dim).collect(),
        Seen::Whole => json!("all"),
    }
}

/// `value` on one line, for long lists of numbers.
pub fn line(value: &Json) -> String {
    format!("{value}\n")
}

/// `value` as the text that is printed.
pub fn text(value: &Json) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("plain data has a JSON form");
    text.push('\n');
    text
}
