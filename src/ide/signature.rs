//! The signature of the layer or block whose parentheses the cursor is in.

use std::ops::Range;

use super::hover::{about_argument, block_signature};
use super::line::{Line, Place};
use super::{SymbolKind, View};
use crate::layers;
use crate::text::FileId;
use crate::view::reference;

/// A signature with the argument that is being written.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The whole signature on one line: `Conv(filters, kernel, stride=1)`.
    pub label: String,
    /// What the layer or block does, in Markdown.
    pub documentation: String,
    /// Its arguments, in order.
    pub parameters: Vec<Parameter>,
    /// The position in `parameters` of the one that is being written; `None` where there is none
    /// of that name or no more.
    pub active: Option<usize>,
}

/// An argument of a [`Signature`].
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its bytes in the signature's label.
    pub label: Range<usize>,
    /// What it is, in Markdown.
    pub documentation: String,
}

/// The signature at byte `offset` of `file`; `None` outside of a layer's or block's parentheses.
pub fn signature(view: &View, file: FileId, offset: usize) -> Option<Signature> {
    let line = Line::new(view, file, offset);
    if let Place::Comment(_) = line.place {
        return None;
    }
    let unit = view.unit(file);
    let blocks: Vec<_> = view.names.blocks(unit).collect();
    let block = |name: &str| {
        blocks
            .iter()
            .find(|(known, _)| ***known == *name)
            .map(|it| it.1)
    };
    let call = line.call(|name| layers::find(name).is_some() || block(name).is_some())?;
    let name = call.name.text;
    let (label, documentation, arguments) = match block(name) {
        Some(symbol) => {
            let known = view.names.symbol(symbol);
            let inside = view.names.inside(symbol);
            let parameters = inside.filter(|(_, it)| it.kind == SymbolKind::Parameter);
            let parameters = parameters.map(|(_, it)| {
                let doc = format!("`{}`, a parameter of the block `{name}`.", it.name);
                (it.name.to_string(), doc)
            });
            (
                block_signature(view, symbol),
                known.doc.clone().unwrap_or_default(),
                parameters.collect::<Vec<_>>(),
            )
        }
        None => {
            let def = layers::find(name)?;
            let slots = def.signature().args;
            let arguments = slots
                .iter()
                .map(|slot| (slot.name.to_owned(), about_argument(name, slot)));
            let written: Vec<_> = slots.iter().map(reference::written).collect();
            (
                format!("{name}({})", written.join(", ")),
                format!("{}.", reference::capital(def.doc().summary)),
                arguments.collect(),
            )
        }
    };
    let active = match call.before.split_last()? {
        (Some(given), _) => arguments.iter().position(|(name, _)| name == given),
        (None, before) => Some(before.len()).filter(|at| *at < arguments.len()),
    };
    let mut from = label.find('(').map_or(label.len(), |at| at + 1);
    let mut parameters = Vec::new();
    for (name, documentation) in arguments {
        let start = label[from..].find(&name).map_or(from, |at| from + at);
        let end = argument_end(&label, start + name.len());
        from = end;
        parameters.push(Parameter {
            label: start..end,
            documentation,
        });
    }
    Some(Signature {
        label,
        documentation,
        parameters,
        active,
    })
}

/// Where the argument ends that holds byte `from` of a signature: at its comma or at the last
/// parenthesis, those within its default left out.
fn argument_end(label: &str, from: usize) -> usize {
    let mut depth = 0usize;
    let from = from.min(label.len());
    for (at, byte) in label.bytes().enumerate().skip(from) {
        match byte {
            b',' if depth == 0 => return at,
            b')' | b']' if depth == 0 => return at,
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            _ => {}
        }
    }
    label.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::at_each_mark;

    fn signatures(text: &str) -> String {
        at_each_mark(text, &[], |view, file, offset| {
            let Some(found) = signature(view, file, offset) else {
                return "nothing".to_owned();
            };
            let mut out = found.label.clone() + "\n";
            if let Some(active) = found.active {
                let parameter = &found.parameters[active];
                let before = found.label[..parameter.label.start].chars().count();
                let length = found.label[parameter.label.clone()].chars().count();
                out += &format!("{}{}\n", " ".repeat(before), "~".repeat(length));
                out += &parameter.documentation;
                out += "\n\n";
            }
            out + &found.documentation
        })
    }

    #[test]
    fn tells_the_argument_that_is_written() {
        insta::assert_snapshot!(signatures(
            "\
# Adds what it makes.
block Residual(filters, k = (3, 3), scale = 1.5) {
    input x: [N, H, W, C]
    Conv(filters, kernel=k)
    output y
}

model M {
    input image: [N, H, W, 3]
    a: Conv($08, ker$0nel=(3, $03), padding=[$0, stride=2)$0
    b: Residual(4, (3,$0 1), $0)
    c: Residual(scale=$0
    d: Conv(3, feat=$0
    Flatten($0)
    Conv(
        3,
        $0
    )
    ReLU $0
    # Conv($0
}
"
        ));
    }

    #[test]
    fn finds_arguments_in_the_label() {
        let label = "B(a, k=(3, [1, 2]), z=1)";
        let end = |from: &str| argument_end(label, label.find(from).expect("there") + 1);
        assert_eq!(&label[end("a,")..][..1], ",");
        assert_eq!(&label[end("k=")..], ", z=1)");
        assert_eq!(&label[end("z=")..], ")");
    }
}
