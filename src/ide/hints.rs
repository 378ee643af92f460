//! Inlay hints: the shape that each statement gives, and the names of positional arguments.

use std::ops::Range;

use super::{Facts, Names, SymbolKind};
use crate::analysis::Analysis;
use crate::layers;
use crate::layers::def::{ArgKind, TensorType};
use crate::syntax::ast::{
    Body, Definition, Expr, ExprKind, Item, LayerStatement, ShapeExpr, Statement, StatementKind,
};
use crate::tensor::DType;
use crate::text::FileId;

/// Hints that are given at most, so that no answer is without end.
const MOST: usize = 20_000;

/// Which hints are wanted.
#[derive(Clone, Copy, Debug)]
pub struct HintOptions {
    /// The shape that each statement gives, behind it.
    pub shapes: bool,
    /// The names of positional arguments, before them.
    pub parameter_names: bool,
    /// Characters that a shape has at most; sizes in its middle are left out.
    pub max_length: usize,
}

/// What a hint tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// The shape of a result: ` → [N, 10]`.
    Shape,
    /// The name of an argument: `filters=`.
    ParameterName,
}

/// A text beside the program's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Hint {
    /// The byte before which it stands.
    pub offset: usize,
    /// What it tells.
    pub kind: HintKind,
    /// Its text.
    pub text: String,
    /// The whole text, where something is left out.
    pub whole: Option<String>,
}

/// The hints of `file` in the bytes `range`, in the order of the text. A statement whose shape is
/// not known, because of an error, has none; those before and after it do.
pub fn hints(
    analysis: &Analysis,
    names: &Names,
    file: FileId,
    range: Range<usize>,
    options: HintOptions,
) -> Vec<Hint> {
    let Some((unit, (_, tree))) = (analysis.files.iter().enumerate()).find(|(_, it)| it.0 == file)
    else {
        return Vec::new();
    };
    let mut hints = Hints {
        facts: Facts::new(analysis),
        names,
        unit,
        range,
        options,
        found: Vec::new(),
    };
    for item in &tree.items {
        if let Item::Definition(definition) = item {
            hints.body(definition, &definition.body);
        }
    }
    hints.found.sort_by_key(|hint| hint.offset);
    hints.found
}

struct Hints<'a> {
    facts: Facts<'a>,
    names: &'a Names,
    unit: usize,
    range: Range<usize>,
    options: HintOptions,
    found: Vec<Hint>,
}

impl Hints<'_> {
    fn body(&mut self, definition: &Definition, body: &Body) {
        for statement in &body.statements {
            let span = statement.span.range();
            if span.end < self.range.start || span.start > self.range.end {
                continue;
            }
            if self.options.parameter_names
                && let StatementKind::Layer(layer) = &statement.kind
            {
                self.arguments(layer);
            }
            if self.options.shapes {
                self.shape(definition, statement);
            }
            if let StatementKind::Repeat(repeat) = &statement.kind {
                self.body(definition, &repeat.body);
            }
        }
    }

    fn push(&mut self, hint: Hint) {
        let inside = self.range.start <= hint.offset && hint.offset <= self.range.end;
        if inside && self.found.len() < MOST {
            self.found.push(hint);
        }
    }

    /// Says what `statement` gives, unless it says so itself.
    fn shape(&mut self, definition: &Definition, statement: &Statement) {
        let (types, stated) = match &statement.kind {
            StatementKind::Layer(layer) => (self.result(statement), &layer.ascription),
            StatementKind::Reuse { ascription, .. } => (self.result(statement), ascription),
            StatementKind::Repeat(_) => (self.result(statement), &None),
            StatementKind::Output { name, shape, .. } => {
                let body = self.facts.body(definition.name.span);
                let ty = body.and_then(|body| {
                    let mut outputs = body.outputs.iter();
                    let output = outputs.find(|output| output.name.span == name.span)?;
                    body.ty(output.value?)
                });
                (ty.map(|ty| (ty, ty)), shape)
            }
            _ => return,
        };
        let Some((first, last)) = types.filter(|_| !says_all(stated)) else {
            return;
        };
        let whole = match first == last {
            true => described(first, usize::MAX),
            false => format!(
                "{} … {}",
                described(first, usize::MAX),
                described(last, usize::MAX)
            ),
        };
        let most = self.options.max_length;
        let text = match first == last {
            true => described(first, most),
            false => {
                let each = most.saturating_sub(3) / 2;
                format!("{} … {}", described(first, each), described(last, each))
            }
        };
        self.push(Hint {
            offset: statement.span.end as usize,
            kind: HintKind::Shape,
            whole: (text != whole).then_some(whole),
            text: format!(" → {text}"),
        });
    }

    /// The types of the first result, in the first turn and in the last.
    fn result(&self, statement: &Statement) -> Option<(&TensorType, &TensorType)> {
        self.facts.result(statement.span)
    }

    fn arguments(&mut self, layer: &LayerStatement) {
        let (slots, open) = self.slots(layer);
        let positional = layer.arguments.iter().take_while(|it| it.name.is_none());
        for (at, argument) in positional.enumerate() {
            let Some(name) = slots.get(at) else {
                return;
            };
            let says_so = matches!(&argument.value.kind, ExprKind::Name(own) if **own == **name);
            let error = matches!(argument.value.kind, ExprKind::Error);
            if !says_so && !error {
                self.push(Hint {
                    offset: argument.value.span.start as usize,
                    kind: HintKind::ParameterName,
                    text: format!("{name}="),
                    whole: None,
                });
            }
            if open && at + 1 == slots.len() {
                return;
            }
        }
    }

    /// The names of the arguments in their order, and whether the last takes all that follow.
    fn slots(&self, layer: &LayerStatement) -> (Vec<String>, bool) {
        let name = &layer.layer.value;
        let mut blocks = self.names.blocks(self.unit);
        if let Some((_, block)) = blocks.find(|(known, _)| *known == name) {
            let inside = self.names.inside(block);
            let parameters = inside.filter(|(_, symbol)| symbol.kind == SymbolKind::Parameter);
            let slots = parameters.map(|(_, symbol)| symbol.name.to_string());
            return (slots.collect(), false);
        }
        let Some(def) = layers::find(name) else {
            return (Vec::new(), false);
        };
        let args = def.signature().args;
        let open = args.last().is_some_and(|arg| arg.kind == ArgKind::Order);
        (args.iter().map(|arg| arg.name.to_owned()).collect(), open)
    }
}

/// Whether `stated` leaves no size open.
fn says_all(stated: &Option<ShapeExpr>) -> bool {
    let hole = |dim: &Expr| matches!(dim.kind, ExprKind::Hole | ExprKind::Error);
    stated
        .as_ref()
        .is_some_and(|shape| !shape.dims.iter().any(hole))
}

/// `[N, 28, 28, 6]`, or `i64[N]`, in `most` characters: `[N, …, 6]` where it is longer, and no
/// shorter than that.
pub fn described(ty: &TensorType, most: usize) -> String {
    let dtype = match ty.dtype {
        DType::F32 => "",
        other => other.name(),
    };
    let sizes = ty.shape.strings();
    let write = |sizes: &[String]| format!("{dtype}[{}]", sizes.join(", "));
    let whole = write(&sizes);
    let fits = |text: &String| text.chars().count() <= most;
    if fits(&whole) || sizes.len() < 3 {
        return whole;
    }
    let without = |kept: usize| {
        let front = kept.div_ceil(2);
        let mut shown = sizes[..front].to_vec();
        shown.push("…".into());
        shown.extend_from_slice(&sizes[sizes.len() - (kept - front)..]);
        write(&shown)
    };
    let mut shorter = (2..sizes.len()).rev().map(without);
    shorter.find(fits).unwrap_or_else(|| without(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;

    /// The text with its hints in place.
    fn hinted(text: &str, options: HintOptions) -> String {
        let (analysis, _) = program(text, &[]);
        let (file, names) = (analysis.files[0].0, Names::new(&analysis));
        let mut out = analysis.sources.file(file).text.to_string();
        for hint in hints(&analysis, &names, file, 0..usize::MAX, options)
            .iter()
            .rev()
        {
            let whole = hint.whole.as_ref();
            let whole = whole.map_or(String::new(), |whole| format!(" ({whole})"));
            out.insert_str(hint.offset, &format!("«{}{whole}»", hint.text));
        }
        out
    }

    const SHAPES: HintOptions = HintOptions {
        shapes: true,
        parameter_names: false,
        max_length: 40,
    };

    #[test]
    fn tells_shapes_before_and_after_an_error() {
        insta::assert_snapshot!(hinted(
            "\
block Half(filters) {
    input x: [N, H, W, C]
    conv: Conv(filters, kernel=3, padding=same)
    MaxPool(2)
    output y
}

model M {
    input image: [N, 28, 28, 1]
    input t: i64[N]
    Identity from t
    conv1: Conv(6, kernel=5, padding=same) from image   # a comment
    a: Half(filters=8) from conv1
    stack: repeat 2 {
        MaxPool(2)  -> [N, _, _, 8]
    }
    Flatten  -> [N, 72]
    broken: Conv(((
    Linear(10)
    fc: Linear(
        3,
    ) from a
    fd: Linear(5) from fc
    output y
    output z from t
}
",
            SHAPES,
        ));
    }

    #[test]
    fn leaves_out_sizes_in_the_middle() {
        insta::assert_snapshot!(hinted(
            "\
model M {
    input image: [N, height*width, (height + width)//2, 3, width, 5]
    Identity
    repeat 3 as i {
        Concat(axis=1) from image, image
    }
    output y
}
",
            HintOptions {
                max_length: 28,
                ..SHAPES
            },
        ));
    }

    #[test]
    fn names_positional_arguments() {
        insta::assert_snapshot!(hinted(
            "\
block Two(filters, kernel = 3) {
    input x: [N, H, W, C]
    c: Conv(filters, kernel, padding=same)
    output y
}

model M {
    input image: [N, 8, 8, 1]
    a: Two(4, 3)
    b: Conv(6, 3, 1, same)
    Transpose(0, 3, 1, 2)
    d: Unknown(3)
    output y
}
",
            HintOptions {
                shapes: false,
                parameter_names: true,
                ..SHAPES
            },
        ));
    }

    #[test]
    fn keeps_to_the_range() {
        let text = "model M {\n    input x: [N, 4]\n    ReLU\n    Tanh\n    output y\n}\n";
        let (analysis, _) = program(text, &[]);
        let (file, names) = (analysis.files[0].0, Names::new(&analysis));
        let tanh = text.find("Tanh").expect("there");
        let found = hints(&analysis, &names, file, tanh..tanh + 4, SHAPES);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].offset, tanh + 4);
        assert_eq!(found[0].text, " → [N, 4]");
    }
}
