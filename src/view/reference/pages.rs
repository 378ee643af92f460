//! The reference as Markdown pages.

use std::fmt::Write;

use super::{call, capital, default, elsewhere, gives, stored};
use crate::diag::{Code, Severity};
use crate::layers::REGISTRY;
use crate::layers::def::{ArgDef, Default, Group, LayerDef};
use crate::view::paint::Paint;

/// The columns of a signature.
const WIDTH: usize = 100;

/// The frameworks with a column of their own in the table of names.
const FRAMEWORKS: [&str; 3] = ["Keras", "PyTorch", "ONNX"];

/// `docs/layers.md`: every layer by group, and the table of other frameworks' names.
pub fn layers() -> String {
    let mut text = String::from(
        "# Layers

<!-- Made from the code by `BLESS=1 cargo test --test reference`. -->

A layer is a line: `label: Layer(arguments) from value -> [shape]`. Label, arguments, `from` and
`->` may be left out. Arguments are written in the order shown here, or by name in any order
(`Conv(16, kernel=3)`); one with a `=` may be left out. How lines make a network is told in
[the language](language.md); `nnc layers NAME` shows the same pages in a terminal, and takes the
names of other frameworks too.

Shapes are those of `layout channels_last`, the default: `[N, H, W, C]`. With
`layout channels_first` channels are axis 1, `[N, C, H, W]`. Stored parameters are the same in both.

| group | layers |
| --- | --- |
",
    );
    for (group, layers) in groups() {
        let links: Vec<_> = layers
            .iter()
            .map(|layer| format!("[`{}`](#{})", layer.name(), layer.name().to_lowercase()))
            .collect();
        let _ = writeln!(text, "| {} | {} |", group.title(), links.join(", "));
    }
    text += "| | [names in Keras, PyTorch and ONNX](#in-keras-pytorch-and-onnx) |\n";
    for (group, layers) in groups() {
        let _ = write!(text, "\n## {}\n", group.title());
        for layer in layers {
            text += &page(layer);
        }
    }
    text + &names()
}

/// The groups that have layers.
fn groups() -> Vec<(Group, Vec<&'static dyn LayerDef>)> {
    let groups = Group::ALL.iter().map(|group| {
        let layers = REGISTRY.iter().copied();
        (
            *group,
            layers.filter(|layer| layer.doc().group == *group).collect(),
        )
    });
    groups
        .filter(|(_, layers): &(Group, Vec<_>)| !layers.is_empty())
        .collect()
}

/// The section of one layer.
fn page(layer: &dyn LayerDef) -> String {
    let (doc, signature) = (layer.doc(), layer.signature());
    let mut text = format!(
        "\n### {}\n\n```text\n{}\n```\n\n{}.\n\n{}\n",
        layer.name(),
        call(layer.name(), signature, WIDTH, Paint(false)),
        capital(doc.summary),
        doc.detail.trim_end()
    );
    if !signature.args.is_empty() {
        text += "\n| argument | | takes | left out |\n| --- | --- | --- | --- |\n";
        for arg in signature.args {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                arg.name,
                cell(arg.doc),
                cell(&arg.kind.describe()),
                left_out(arg)
            );
        }
    }
    let _ = writeln!(
        text,
        "\nTakes {}, gives {}.",
        signature.inputs.describe(),
        gives(layer)
    );
    let names = elsewhere(layer).into_iter().map(|(framework, names)| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("{} in {framework}", names.join(", "))
    });
    let names: Vec<_> = names.collect();
    if !names.is_empty() {
        let _ = writeln!(text, "\nElsewhere: {}.", names.join("; "));
    }
    let _ = write!(text, "\n```nn\n{}\n```\n", doc.example.trim_end());
    let stored = stored(layer);
    if !stored.is_empty() {
        let _ = writeln!(text, "\nStored here: {}.", stored.join(", "));
    }
    text
}

/// `text` for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn left_out(arg: &ArgDef) -> String {
    match (arg.default, default(arg)) {
        (Default::Absent(what), _) => cell(what),
        (_, Some(default)) => format!("`{default}`"),
        (_, None) => "must be given".to_owned(),
    }
}

/// The table of what other frameworks call the layers.
fn names() -> String {
    let mut text = String::from(
        "\n## In Keras, PyTorch and ONNX\n\n| Keras | PyTorch | ONNX | here |\n| --- | --- | --- | --- |\n",
    );
    for layer in REGISTRY {
        let known = elsewhere(*layer);
        let columns = FRAMEWORKS.map(|framework| {
            let names = known.iter().find(|(other, _)| *other == framework);
            let names = names.map_or(&[][..], |(_, names)| names);
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        });
        let name = layer.name();
        let here = format!("[`{name}`](#{})", name.to_lowercase());
        let _ = writeln!(text, "| {} | {here} |", columns.join(" | "));
    }
    text
}

/// `docs/errors/README.md`: every diagnostic by family.
pub fn codes() -> String {
    let mut text = String::from(
        "# Diagnostics

<!-- Made from the code by `BLESS=1 cargo test --test reference`. -->

What stands in brackets after `error` or `warning` is a code. Its page says what it means, with a
program that has the mistake and one that does not; `nnc explain E0301` prints the same page.
A program with an error does not run; a warning fails only with `--deny-warnings`.
",
    );
    let mut family = "";
    for code in Code::ALL {
        if code.family() != family {
            family = code.family();
            let _ = write!(text, "\n## {family}\n\n| code | | |\n| --- | --- | --- |\n");
        }
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let _ = writeln!(
            text,
            "| [{code}]({code}.md) | {} | {severity} |",
            cell(code.title())
        );
    }
    text
}
