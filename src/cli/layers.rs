//! `nnc layers`: the reference of the layers.

use unicode_width::UnicodeWidthStr;

use super::failure::{Failure, Status};
use super::ui::Ui;
use crate::diag::suggest;
use crate::layers::def::{ArgDef, Default, Group, Inputs, LayerDef, Signature};
use crate::layers::{REGISTRY, find, find_elsewhere};
use crate::view::highlight::highlight;
use crate::view::markdown;
use crate::view::paint::{DIM, NAME, Paint, STRONG, TITLE};

/// List the layers, or explain one: arguments, shapes, formula, parameters, an example
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc layers             every layer in a line
  nnc layers Conv        all about `Conv`
  nnc layers Conv2d      what another framework calls it works too")]
pub struct Args {
    /// The layer
    name: Option<String>,
}

/// Prints the list, or the page of one layer.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let text = match &args.name {
        None => list(ui),
        Some(name) => {
            let (layer, elsewhere) = lookup(name)?;
            let mut text = String::new();
            if let Some(frameworks) = elsewhere {
                let line = format!("{} calls it `{name}`; here it is", frameworks.join(" and "));
                text += &format!("{}\n\n", ui.out.on(DIM, line));
            }
            text + &page(layer, ui.prose, ui.out)
        }
    };
    ui.print(&text)?;
    Ok(Status::Fine)
}

type Found = (&'static dyn LayerDef, Option<Vec<&'static str>>);

/// The layer that `name` means, and the frameworks that call it so.
fn lookup(name: &str) -> Result<Found, Failure> {
    let bare = name.rsplit('.').next().unwrap_or(name);
    if let Some(layer) = find(name) {
        return Ok((layer, None));
    }
    if let Some(layer) = REGISTRY
        .iter()
        .find(|layer| layer.name().eq_ignore_ascii_case(name))
    {
        return Ok((*layer, None));
    }
    if let Some((layer, frameworks)) = find_elsewhere(bare) {
        return Ok((layer, Some(frameworks)));
    }
    let failure = Failure::usage(format!("there is no layer `{name}`"));
    let others = REGISTRY.iter().flat_map(|layer| {
        layer
            .doc()
            .elsewhere
            .iter()
            .map(|(_, other)| other.rsplit('.').next().unwrap_or(other))
    });
    let known = REGISTRY.iter().map(|layer| layer.name()).chain(others);
    Err(match suggest::closest(bare, known) {
        Some(near) => failure.help(format!("did you mean `{near}`? `nnc layers` lists all")),
        None => failure.help("`nnc layers` lists all"),
    })
}

fn list(ui: &Ui) -> String {
    let paint = ui.out;
    let mut text = String::new();
    let names = REGISTRY.iter().map(|layer| layer.name().width());
    let wide = names.max().unwrap_or(0);
    for group in Group::ALL {
        let layers: Vec<_> = REGISTRY
            .iter()
            .filter(|layer| layer.doc().group == *group)
            .collect();
        if layers.is_empty() {
            continue;
        }
        text += &format!("{}\n", paint.on(TITLE, group.title()));
        for layer in layers {
            let name = layer.name();
            let pad = " ".repeat(wide - name.width() + 2);
            text += &format!("  {}{pad}", paint.on(NAME, name));
            let summary = layer.doc().summary;
            let room = ui.width.saturating_sub(wide + 4).max(20);
            if summary.width() > room {
                let cut: String = summary.chars().take(room - 1).collect();
                text += &format!("{}…\n", markdown::inline(cut.trim_end(), paint));
            } else {
                text += &format!("{}\n", markdown::inline(summary, paint));
            }
        }
        text.push('\n');
    }
    text += &paint.on(DIM, "nnc layers NAME tells all about one of them");
    text.push('\n');
    text
}

/// The page of `layer`.
fn page(layer: &dyn LayerDef, width: usize, paint: Paint) -> String {
    let (doc, signature) = (layer.doc(), layer.signature());
    let mut text = format!("{}\n", call(layer.name(), signature, width, paint));
    text += &markdown::render(&format!("\n{}.\n", capital(doc.summary)), width, paint);
    text += &format!(
        "\n{}\n",
        markdown::render(doc.detail, width, paint).trim_end()
    );
    if !signature.args.is_empty() {
        text += &format!("\n{}\n", paint.on(TITLE, "Arguments"));
        let wide = signature
            .args
            .iter()
            .map(|arg| arg.name.width())
            .max()
            .unwrap_or(0);
        for arg in signature.args {
            let pad = " ".repeat(wide - arg.name.width() + 2);
            let mut about = format!("{}: {}", capital(arg.doc), arg.kind.describe());
            about += &match arg.default {
                Default::Required => String::new(),
                Default::Absent(what) => format!(" (left out: {what})"),
                _ => format!(" (left out: `{}`)", default(arg)),
            };
            let lines = markdown::render(&about, width.saturating_sub(wide + 4), paint);
            for (at, line) in lines.lines().enumerate() {
                if at == 0 {
                    text += &format!("  {}{pad}{line}\n", paint.on(NAME, arg.name));
                } else {
                    text += &format!("{}{line}\n", " ".repeat(wide + 4));
                }
            }
        }
    }
    let takes = match signature.inputs {
        Inputs::None => "no value: it begins a journey".into(),
        inputs => inputs.describe(),
    };
    text += &format!("\n{}  {takes}\n", paint.on(TITLE, "Takes"));
    if !signature.results.is_empty() {
        let results: Vec<String> = signature
            .results
            .iter()
            .map(|name| format!("`.{name}`"))
            .collect();
        text += &format!(
            "{}  its result, and {}\n",
            paint.on(TITLE, "Gives"),
            markdown::inline(&results.join(", "), paint)
        );
    }
    if !doc.elsewhere.is_empty() {
        text += &format!("\n{}\n", paint.on(TITLE, "Elsewhere"));
        text += &elsewhere(doc.elsewhere, width, paint);
    }
    text += &format!("\n{}\n", paint.on(TITLE, "Example"));
    for line in highlight(doc.example.trim_end(), paint).lines() {
        text += &format!("    {line}\n");
    }
    text
}

/// A line a framework with the names that it has for the layer.
fn elsewhere(names: &[(&str, &str)], width: usize, paint: Paint) -> String {
    let mut frameworks: Vec<&str> = names.iter().map(|(framework, _)| *framework).collect();
    frameworks.dedup();
    let wide = frameworks
        .iter()
        .map(|name| name.width())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for framework in frameworks {
        let mut line = format!("  {}", paint.on(DIM, format!("{framework:<wide$}  ")));
        let mut column = wide + 4;
        for (at, (_, name)) in names.iter().filter(|(of, _)| *of == framework).enumerate() {
            if at > 0 {
                line.push(',');
                if column + 3 + name.width() > width {
                    line += &format!("\n{}", " ".repeat(wide + 4));
                    column = wide + 4;
                } else {
                    line.push(' ');
                    column += 2;
                }
            }
            line += name;
            column += name.width();
        }
        text += &line;
        text.push('\n');
    }
    text
}

/// `Conv(filters, kernel, stride=1)`, broken after a comma where it must be.
fn call(name: &str, signature: &Signature, width: usize, paint: Paint) -> String {
    let mut text = paint.on(STRONG, name);
    if signature.args.is_empty() {
        return text;
    }
    text.push('(');
    let indent = name.width() + 1;
    let mut column = indent;
    for (at, arg) in signature.args.iter().enumerate() {
        let plain = match arg.default {
            Default::Required | Default::Absent(_) => arg.name.to_owned(),
            _ => format!("{}={}", arg.name, default(arg)),
        };
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

fn default(arg: &ArgDef) -> String {
    match arg.default {
        Default::Required | Default::Absent(_) => String::new(),
        Default::Int(n) => n.to_string(),
        Default::Float(_, text) => text.to_owned(),
        Default::Bool(value) => value.to_string(),
        Default::Choice(name) => name.to_owned(),
    }
}

/// `text` with its first letter in upper case.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
