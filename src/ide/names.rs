//! What each name in the text means, from the trees alone.
//!
//! Blocks and models are seen in their file and where they are imported; labels in their body, or
//! in their turn of a `repeat`; compile-time names in theirs. Three namespaces, as in the
//! language: values, compile-time names, blocks.

mod resolve;

use std::collections::HashMap;
use std::ops::Range;

use crate::analysis::Analysis;
use crate::text::{FileId, Name, Span};

/// A symbol of a [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub u32);

/// What kind of thing a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymbolKind {
    /// A block.
    Block,
    /// A model.
    Model,
    /// A label of a layer, block use, `repeat` or `reuse`.
    Label,
    /// An input.
    Input,
    /// An output.
    Output,
    /// A `let`.
    Let,
    /// A parameter of a block or model.
    Parameter,
    /// A dimension variable.
    Variable,
    /// The counter of a `repeat`.
    Counter,
}

impl SymbolKind {
    /// The kind in a sentence: "a label".
    pub fn describe(self) -> &'static str {
        match self {
            SymbolKind::Block => "a block",
            SymbolKind::Model => "a model",
            SymbolKind::Label => "a label",
            SymbolKind::Input => "an input",
            SymbolKind::Output => "an output",
            SymbolKind::Let => "a `let`",
            SymbolKind::Parameter => "a parameter",
            SymbolKind::Variable => "a dimension variable",
            SymbolKind::Counter => "a counter",
        }
    }
}

/// Something that has a name.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name; of a layer without a label, the one that it is given (`relu_2`).
    pub name: Name,
    /// What it is.
    pub kind: SymbolKind,
    /// Where its name is defined; of a layer without a label, the layer's name.
    pub span: Span,
    /// The statement or item that defines it.
    pub whole: Span,
    /// The comment lines above it, without `#`.
    pub doc: Option<String>,
    /// The block or model that it stands in; `None` for these themselves.
    pub owner: Option<SymbolId>,
    /// Whether the name is written in the program.
    pub written: bool,
    /// What is behind it in a path.
    pub inner: Inner,
}

/// What can be selected behind a label in a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Inner {
    /// Nothing that has a symbol.
    Nothing,
    /// Results and stored tensors of this layer.
    Layer(Name),
    /// Outputs and stored tensors of this block.
    Block(SymbolId),
    /// Turns of a `repeat`, with the labels of one.
    Repeat(HashMap<Name, SymbolId>),
}

/// A place where a symbol is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The name in the text.
    pub span: Span,
    /// What it means.
    pub symbol: SymbolId,
    /// Whether this is where it is defined.
    pub defines: bool,
}

/// The symbols of an analysis and all places that name them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    symbols: Vec<Symbol>,
    /// By place.
    occurrences: Vec<Occurrence>,
    /// The blocks that each file can use, its own and imported ones; by position in
    /// `Analysis::files`.
    visible: Vec<HashMap<Name, SymbolId>>,
    /// The members of each block and model: parameters, inputs, outputs, labels outside repeats.
    members: HashMap<SymbolId, Members>,
}

/// What a block or model brings, by name.
#[derive(Clone, Debug, Default)]
struct Members {
    parameters: HashMap<Name, SymbolId>,
    outputs: HashMap<Name, SymbolId>,
    labels: HashMap<Name, SymbolId>,
}

impl Names {
    /// The names of every file of `analysis`.
    pub fn new(analysis: &Analysis) -> Names {
        let mut names = resolve::resolve(analysis);
        names
            .occurrences
            .sort_by_key(|occurrence| (occurrence.span.file, occurrence.span.start));
        names.occurrences.dedup();
        names
    }

    /// What is known of `symbol`.
    pub fn symbol(&self, symbol: SymbolId) -> &Symbol {
        &self.symbols[symbol.0 as usize]
    }

    /// Every symbol, file by file, in the order of definition.
    pub fn symbols(&self) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        let symbols = self.symbols.iter().enumerate();
        symbols.map(|(at, symbol)| (SymbolId(at as u32), symbol))
    }

    /// The place at byte `offset` of `file` that names something. Right after a name counts.
    pub fn at(&self, file: FileId, offset: usize) -> Option<&Occurrence> {
        let upto = (self.occurrences)
            .partition_point(|o| (o.span.file, o.span.start as usize) <= (file, offset));
        let found = self.occurrences[..upto].last()?;
        (found.span.file == file && offset <= found.span.end as usize).then_some(found)
    }

    /// Every place that names `symbol`, by place; the definition among them.
    pub fn of(&self, symbol: SymbolId) -> impl Iterator<Item = &Occurrence> {
        let all = self.occurrences.iter();
        all.filter(move |occurrence| occurrence.symbol == symbol)
    }

    /// The places of `file` in the bytes `range` that name something, in order.
    pub fn within(&self, file: FileId, range: Range<usize>) -> impl Iterator<Item = &Occurrence> {
        let from = (self.occurrences)
            .partition_point(|o| (o.span.file, o.span.start as usize) < (file, range.start));
        let rest = self.occurrences[from..].iter();
        rest.take_while(move |o| o.span.file == file && (o.span.start as usize) < range.end)
    }

    /// The blocks that the file at position `unit` of `Analysis::files` can use, by name.
    pub fn blocks(&self, unit: usize) -> impl Iterator<Item = (&Name, SymbolId)> {
        let blocks = self.visible.get(unit).into_iter().flatten();
        blocks.map(|(name, symbol)| (name, *symbol))
    }

    /// The symbols that stand in the block or model `owner`, in the order of definition.
    pub fn inside(&self, owner: SymbolId) -> impl Iterator<Item = (SymbolId, &Symbol)> {
        (self.symbols()).filter(move |(_, symbol)| symbol.owner == Some(owner))
    }

    /// The symbol whose name is defined at `span`.
    pub fn defined_at(&self, span: Span) -> Option<SymbolId> {
        let found = self.at(span.file, span.start as usize)?;
        (found.span == span && found.defines).then_some(found.symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;

    /// The text with each name's number after it, the definition's with `!`.
    fn marked(text: &str, beside: &[(&str, &str)]) -> String {
        let (analysis, _) = program(text, beside);
        let names = Names::new(&analysis);
        let file = analysis.files[0].0;
        let mut out = String::new();
        let mut at = 0;
        let source = &analysis.sources.file(file).text;
        for occurrence in names.within(file, 0..usize::MAX) {
            let end = occurrence.span.end as usize;
            out += &source[at..end];
            out += &format!(
                "‹{}{}›",
                occurrence.symbol.0,
                match occurrence.defines {
                    true => "!",
                    false => "",
                }
            );
            at = end;
        }
        out + &source[at..]
    }

    #[test]
    fn resolves_every_namespace() {
        insta::assert_snapshot!(marked(
            "\
block Double(filters) {
    input x: [N, H, W, C]
    conv1: Conv(filters, kernel=3, padding=same)
    output y: [N, H, W, filters]
}

model M(classes = 2) {
    input image: [N, 2*h, 2*w, 3]
    let k = classes + 1
    down: Double(filters=k)
    stack: repeat 3 as i {
        skip: Identity
        c: Conv(k + i, kernel=3, padding=same)
        Add from c, skip
    }
    pool: MaxPool(2) from stack.*.skip, down.y, relu_1
    ReLU from stack.2.c
    again: reuse down from image
    output mask: [N, h, w, classes] from pool
}
",
            &[],
        ));
    }

    #[test]
    fn follows_imports() {
        insta::assert_snapshot!(marked(
            "import Res from \"blocks.nn\"\nmodel M {\n    input x: [N, 4]\n    a: Res(width=3)\n    output y from a.z\n}\n",
            &[(
                "blocks.nn",
                "block Res(width) {\n    input x: [N, C]\n    Linear(width)\n    output z\n}\n",
            )],
        ));
    }

    #[test]
    fn is_as_good_beside_errors() {
        insta::assert_snapshot!(marked(
            "model M {\n    input x: [N, 4]\n    a: Linear(3,,)\n    b: Lin ear(3) from x\n    Add from a, b -> [N, 7]\n    c: ReLU from b\n",
            &[],
        ));
    }
}
