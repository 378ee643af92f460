//! The layers' reference for a terminal.

use unicode_width::UnicodeWidthStr;

use super::{call, capital, default, elsewhere, gives, stored, written};
use crate::layers::REGISTRY;
use crate::layers::def::{Default, Group, LayerDef, Signature};
use crate::view::highlight::highlight;
use crate::view::markdown;
use crate::view::paint::{DIM, NAME, Paint, TITLE};

/// The layers of these groups, a line each, wrapped at `width` columns.
pub fn list(groups: &[Group], width: usize, paint: Paint) -> String {
    let names = REGISTRY.iter().map(|layer| layer.name().width());
    let wide = names.max().unwrap_or(0);
    let mut text = String::new();
    for group in groups {
        let layers = REGISTRY.iter().filter(|layer| layer.doc().group == *group);
        let rows: Vec<(String, String)> = layers
            .map(|layer| (layer.name().to_owned(), layer.doc().summary.to_owned()))
            .collect();
        if !rows.is_empty() {
            text += &format!("{}\n", paint.on(TITLE, group.title()));
            for (name, summary) in &rows {
                text += &row(NAME, name, wide, summary, width, paint);
            }
            text.push('\n');
        }
    }
    text += &paint.on(DIM, "nnc layers NAME tells all about one of them");
    text.push('\n');
    text
}

/// The page of `layer`, wrapped at `width` columns.
pub fn page(layer: &dyn LayerDef, width: usize, paint: Paint) -> String {
    let (doc, signature) = (layer.doc(), layer.signature());
    let title = |text: &str| format!("\n{}\n", paint.on(TITLE, text));
    let mut text = format!("{}\n\n", call(layer.name(), signature, width, paint));
    text += &markdown::render(&format!("{}.\n", capital(doc.summary)), width, paint);

    text += &title("Example");
    for line in highlight(doc.example.trim_end(), paint).lines() {
        text += &format!("  {line}\n");
    }
    let stored = stored(layer);
    if !stored.is_empty() {
        let line = format!("Stored: {}\n", stored.join(", "));
        text += "\n";
        for line in markdown::render(&line, width.saturating_sub(2), paint).lines() {
            text += &format!("  {line}\n");
        }
    }

    text += &title("Shapes");
    let detail = markdown::render(doc.detail, width.saturating_sub(2), paint);
    for line in detail.trim_end().lines() {
        text += format!("  {line}").trim_end();
        text.push('\n');
    }

    if !signature.args.is_empty() {
        text += &title("Arguments");
        text += &arguments(signature, width, paint);
    }

    text += "\n";
    let mut rows = vec![
        ("takes", signature.inputs.describe().into_owned()),
        ("gives", gives(layer)),
    ];
    let known = elsewhere(layer).into_iter();
    rows.extend(known.map(|(framework, names)| (framework, names.join(", "))));
    let wide = rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    for (name, what) in rows {
        text += &row(DIM, name, wide, &what, width, paint);
    }
    text
}

/// A row an argument: its name with its default, what it is, and below what it takes.
fn arguments(signature: &Signature, width: usize, paint: Paint) -> String {
    let names: Vec<String> = signature.args.iter().map(written).collect();
    let wide = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (arg, name) in signature.args.iter().zip(&names) {
        let colored = match default(arg) {
            Some(default) => paint.on(NAME, arg.name) + &paint.on(DIM, format!("={default}")),
            None => paint.on(NAME, arg.name),
        };
        let needed = match arg.default {
            Default::Required => "; must be given".to_owned(),
            Default::Absent(what) => format!("; left out, it is {what}"),
            _ => String::new(),
        };
        let room = width.saturating_sub(wide + 4);
        let about = markdown::render(&format!("{}{needed}", arg.doc), room, paint);
        let takes = markdown::render(&arg.kind.describe(), room, paint);
        let lines = about.lines().chain(takes.lines());
        for (at, line) in lines.enumerate() {
            let first = match at {
                0 => colored.clone() + &" ".repeat(wide - name.width()),
                _ => " ".repeat(wide),
            };
            text += &format!("  {first}  {line}\n");
        }
    }
    text
}

/// `name` in a column of `wide`, and `text` wrapped beside it.
fn row(
    style: anstyle::Style,
    name: &str,
    wide: usize,
    text: &str,
    width: usize,
    paint: Paint,
) -> String {
    let room = width.saturating_sub(wide + 4);
    let mut out = String::new();
    for (at, line) in markdown::render(text, room, paint).lines().enumerate() {
        let first = match at {
            0 => paint.on(style, name) + &" ".repeat(wide - name.width()),
            _ => " ".repeat(wide),
        };
        out += &format!("  {first}  {line}\n");
    }
    out
}
