//! Lines to a block of their own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use super::{Action, ActionKind, touched};
use crate::ide::{SymbolId, SymbolKind, View};
use crate::layers;
use crate::layers::def::{Inputs, TensorType};
use crate::shape::Dim;
use crate::syntax::ast::{Statement, StatementKind};
use crate::tensor::DType;
use crate::text::{FileId, Name, Span};

/// Moves the whole statements that `range` touches to a block, when more than one is selected.
/// Stored tensors get the block's label before their names.
pub fn extract(view: &View, file: FileId, range: &Range<usize>) -> Option<Action> {
    let (body, chosen) = touched(view, file, range)?;
    let lines = &body[chosen.clone()];
    let movable = |statement: &Statement| {
        matches!(
            statement.kind,
            StatementKind::Layer(_) | StatementKind::Repeat(_)
        )
    };
    if lines.len() < 2 || !lines.iter().all(movable) {
        return None;
    }
    let whole = lines.first()?.span.to(lines.last()?.span);
    let definition = super::super::cursor(view.tree(file), whole.start as usize).definition?;
    let owner = view.names.defined_at(definition.name.span)?;

    let mut block = Block::default();
    block.feed(view, body, &chosen)?;
    let outer = block.look(view, whole, owner)?;
    let taken = |name: &str| {
        let unit = view.unit(file);
        layers::find(name).is_some() || view.names.blocks(unit).any(|(other, _)| **other == *name)
    };
    let name = (1..)
        .map(|number| match number {
            1 => "Extracted".to_owned(),
            number => format!("Extracted{number}"),
        })
        .find(|name| !taken(name))?;
    let label = super::free_name(view, Some(owner), "extracted");

    let mut edits = Vec::new();
    let last = lines.last()?;
    let (_, result) = view.facts.result(last.span)?;
    let last_label = match &last.kind {
        StatementKind::Layer(layer) => layer.label.as_ref(),
        StatementKind::Repeat(repeat) => repeat.label.as_ref(),
        _ => None,
    };
    // Other lines may take what is made here: each such label becomes an output.
    let mut outputs = vec![("result".to_owned(), None, result.shape.rank())];
    for (symbol, places) in &outer {
        let known = view.names.symbol(*symbol);
        let is_last = last_label.is_some_and(|last| last.span == known.span);
        let output = match is_last {
            true => outputs[0].0.clone(),
            false => {
                let (_, ty) = view.facts.result(known.whole)?;
                let name = known.name.to_string();
                outputs.push((format!("{name}_out"), Some(name.clone()), ty.shape.rank()));
                format!("{name}_out")
            }
        };
        for place in places {
            let text = match is_last && outer.len() == 1 {
                true => label.clone(),
                false => format!("{label}.{output}"),
            };
            edits.push((view.place(*place), text));
        }
    }

    let indent = view.analysis.sources.indent(whole);
    let mut text = format!("block {name}");
    if !block.parameters.is_empty() {
        let names: Vec<&str> = block.parameters.values().map(|name| &**name).collect();
        let _ = write!(text, "({})", names.join(", "));
    }
    text += " {\n";
    for (input, ty) in &block.inputs {
        let dtype = match ty.dtype {
            DType::F32 => String::new(),
            other => other.name().to_owned(),
        };
        let shape = block.shape(ty);
        let _ = writeln!(text, "    input {input}: {dtype}[{shape}]");
    }
    text += "\n";
    text += &block.lines(view, whole, indent);
    text += "\n\n";
    for (output, from, _) in &outputs {
        match from {
            Some(label) => _ = writeln!(text, "    output {output} from {label}"),
            None if last_label.is_some() => {
                let label = last_label.map_or("", |label| &label.value);
                _ = writeln!(text, "    output {output} from {label}");
            }
            None => _ = writeln!(text, "    output {output}"),
        }
    }
    text += "}\n\n";

    let start = {
        let tree = view.tree(file);
        let item = tree
            .items
            .iter()
            .find(|item| super::super::cursor::item_span(item) == definition.span)?;
        super::start_of(view, file, item)
    };
    edits.push((view.place(Span::new(file, start, start)), text));
    let arguments: Vec<&str> = block.parameters.values().map(|name| &**name).collect();
    let mut used = format!("{label}: {name}");
    if !arguments.is_empty() {
        let _ = write!(used, "({})", arguments.join(", "));
    }
    if !block.from.is_empty() {
        let _ = write!(used, " from {}", block.from.join(", "));
    }
    edits.push((view.place(whole), used));
    Some(Action {
        title: format!("Extract {} lines to a block", lines.len()),
        kind: ActionKind::Extract,
        preferred: false,
        edits,
    })
}

/// The block that is made.
#[derive(Default)]
struct Block {
    /// Its inputs.
    inputs: Vec<(Name, TensorType)>,
    /// What the use takes; empty when that is the line above.
    from: Vec<String>,
    /// The compile-time names of the definition that become its parameters.
    parameters: BTreeMap<SymbolId, Name>,
    /// What a path outside the lines becomes inside: its place and the input.
    inside: Vec<(Span, Name)>,
}

impl Block {
    /// Finds the value that the first line takes when it does not say.
    fn feed(&mut self, view: &View, body: &[Statement], chosen: &Range<usize>) -> Option<()> {
        let first = &body[chosen.start];
        let takes = match &first.kind {
            StatementKind::Layer(layer) => {
                let nothing = layers::find(&layer.layer.value)
                    .is_some_and(|def| def.signature().inputs == Inputs::None);
                layer.from.is_none() && !nothing
            }
            _ => true,
        };
        if !takes {
            return Some(());
        }
        let above = body[..chosen.start].iter().rev();
        let mut above = above.filter(|statement| {
            !matches!(
                statement.kind,
                StatementKind::Let { .. }
                    | StatementKind::Weights { .. }
                    | StatementKind::Output { .. }
            )
        });
        let above = above.next()?;
        let ty = match &above.kind {
            StatementKind::Input { name, .. } => input_type(view, name.span)?,
            _ => {
                let (first, last) = view.facts.result(above.span)?;
                (first.shape == last.shape).then_some(first)?.clone()
            }
        };
        self.inputs.push(("x".into(), ty));
        Some(())
    }

    /// Finds what the lines at `whole` take from outside, and which of their labels are taken
    /// outside. `None` where the lines cannot stand on their own.
    fn look(
        &mut self,
        view: &View,
        whole: Span,
        owner: SymbolId,
    ) -> Option<BTreeMap<SymbolId, Vec<Span>>> {
        let mut outer: BTreeMap<SymbolId, Vec<Span>> = BTreeMap::new();
        let within = |span: Span| whole.start <= span.start && span.end <= whole.end;
        let implicit = !self.inputs.is_empty();
        let mut known: BTreeMap<SymbolId, Name> = BTreeMap::new();
        for occurrence in view.names.within(whole.file, whole.range()) {
            let symbol = view.names.symbol(occurrence.symbol);
            if within(symbol.span) || symbol.owner != Some(owner) {
                continue;
            }
            match symbol.kind {
                SymbolKind::Label | SymbolKind::Input => {
                    // A second implicit value beside `from` would have no name at the use.
                    if implicit {
                        return None;
                    }
                    let next = view.text(whole.file).as_bytes();
                    if next.get(occurrence.span.end as usize) == Some(&b'.') {
                        return None;
                    }
                    let input = known.entry(occurrence.symbol).or_insert_with(|| {
                        self.from.push(symbol.name.to_string());
                        symbol.name.clone()
                    });
                    self.inside.push((occurrence.span, input.clone()));
                }
                SymbolKind::Variable => return None,
                SymbolKind::Let | SymbolKind::Parameter | SymbolKind::Counter => {
                    self.parameters
                        .insert(occurrence.symbol, symbol.name.clone());
                }
                _ => {}
            }
        }
        for (symbol, name) in known {
            let known = view.names.symbol(symbol);
            let ty = match known.kind {
                SymbolKind::Input => input_type(view, known.span)?,
                _ => {
                    let (first, last) = view.facts.result(known.whole)?;
                    (first.shape == last.shape).then_some(first)?.clone()
                }
            };
            self.inputs.push((name, ty));
        }
        // In the order in which the use gives them.
        let order = |name: &Name| self.from.iter().position(|from| **from == **name);
        self.inputs.sort_by_key(|(name, _)| order(name));
        for (id, symbol) in view.names.inside(owner) {
            if symbol.kind != SymbolKind::Label || !within(symbol.span) {
                continue;
            }
            for occurrence in view.names.of(id) {
                if within(occurrence.span) {
                    continue;
                }
                let text = view.text(whole.file);
                let before = text[..occurrence.span.start as usize].trim_end();
                let deeper = text[occurrence.span.end as usize..].starts_with('.');
                if deeper || before.ends_with("reuse") || !symbol.written {
                    return None;
                }
                outer.entry(id).or_default().push(occurrence.span);
            }
        }
        Some(outer)
    }

    /// The shape of an input: numbers stay, and each other size is a variable.
    fn shape(&self, ty: &TensorType) -> String {
        let mut variables: Vec<(Dim, String)> = Vec::new();
        let mut sizes = Vec::new();
        for (_, other) in &self.inputs {
            for dim in &other.shape.0 {
                if dim.as_const().is_none() && variables.iter().all(|(known, _)| known != dim) {
                    let plain = dim.to_string();
                    let plain = (plain.chars().all(|c| c.is_ascii_alphabetic())
                        && self.parameters.values().all(|name| **name != *plain))
                    .then_some(plain);
                    let taken: Vec<&String> = variables.iter().map(|(_, name)| name).collect();
                    let name = plain
                        .filter(|name| !taken.contains(&name))
                        .unwrap_or_else(|| format!("D{}", variables.len()));
                    variables.push((dim.clone(), name));
                }
            }
        }
        for dim in &ty.shape.0 {
            let known = variables.iter().find(|(known, _)| known == dim);
            sizes.push(known.map_or_else(|| dim.to_string(), |(_, name)| name.clone()));
        }
        sizes.join(", ")
    }

    /// The lines at `whole`, indented as a block's.
    fn lines(&self, view: &View, whole: Span, indent: &str) -> String {
        let text = view.slice(whole);
        let mut lines = text.split('\n');
        let mut out = format!("    {}", lines.next().unwrap_or_default());
        for line in lines {
            let line = line.strip_prefix(indent).unwrap_or(line);
            out += "\n";
            if !line.trim().is_empty() {
                out += "    ";
                out += line;
            }
        }
        out
    }
}

/// The type of the input whose name stands at `name`.
fn input_type(view: &View, name: Span) -> Option<TensorType> {
    let tree = view.tree(name.file);
    let definition = super::super::cursor(tree, name.start as usize).definition?;
    let body = view.facts.body(definition.name.span)?;
    let input = body.inputs.iter().find(|input| input.name.span == name)?;
    body.ty(input.value).cloned()
}
