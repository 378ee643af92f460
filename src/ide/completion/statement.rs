//! Where a statement or an item begins: keywords, layers, blocks, those of other files too.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::arguments::blank;
use super::{Insert, Kind, Menu};
use crate::check::snake;
use crate::diag::Edit;
use crate::ide::hover::block::definition;
use crate::ide::hover::{about_block, about_layer, block_signature};
use crate::ide::{SymbolId, SymbolKind};
use crate::layers::REGISTRY;
use crate::layers::def::{ArgKind, Default, Inputs, LayerDef};
use crate::syntax::ast::{DefinitionKind, Import, Item as TreeItem, StatementKind};
use crate::text::{Name, Span};
use crate::view::reference;

impl Menu<'_, '_> {
    /// What a line can begin with, or go on with after `label:`.
    pub(super) fn statements(&mut self, labelled: bool) {
        self.blocks();
        let inside = (self.scope.owner.into_iter()).flat_map(|owner| self.view.names.inside(owner));
        let taken: HashSet<Name> = inside.map(|(_, symbol)| symbol.name.clone()).collect();
        for def in REGISTRY {
            self.layer(*def, labelled, &taken);
        }
        self.word("repeat", "repeat ${1:2} {\n\t$0\n}");
        self.word("reuse", "reuse ${1:label}");
        if !labelled {
            self.word("input", "input ${1:x}: [${2:N}]");
            self.word("output", "output ${1:y}");
            self.word("let", "let ${1:name} = $0");
            if self.takes_weights() {
                self.word("weights", "weights \"$0\"");
            }
        }
        self.blocks_of_others();
    }

    /// Whether the body is a model's that names no weights file yet.
    fn takes_weights(&self) -> bool {
        let Some(definition) = self.scope.definition else {
            return false;
        };
        let mut statements = definition.body.statements.iter();
        definition.kind == DefinitionKind::Model
            && !statements.any(|it| matches!(it.kind, StatementKind::Weights { .. }))
    }

    /// A layer; one that stores tensors first with a label, since these are named after it.
    fn layer(&mut self, def: &'static dyn LayerDef, labelled: bool, taken: &HashSet<Name>) {
        let name = def.name();
        let call = reference::call(
            name,
            def.signature(),
            usize::MAX,
            crate::view::paint::Paint(false),
        );
        let open = self.line.rest().starts_with('(');
        let plain = || Insert::Plain(name.to_owned());
        let mut item = self.item(name, Kind::Layer);
        item.detail =
            Some(call.strip_prefix(name).unwrap_or("").to_owned()).filter(|it| !it.is_empty());
        item.documentation = Some(about_layer(def));
        item.insert = match open {
            true => plain(),
            false => snippet(layer_snippet(def, 1)),
        };
        if !labelled && !open && stores(name) {
            let label = free_label(taken, name);
            let mut with = item.clone();
            with.label = format!("{label}: {name}");
            with.filter = Some(name.to_owned());
            let (call, _) = layer_snippet(def, 2);
            with.insert = Insert::Snippet(format!("${{1:{label}}}: {call}"));
            self.add(with);
        }
        self.add(item);
    }

    /// The blocks that this file can use.
    fn blocks(&mut self) {
        let unit = self.view.unit(self.file);
        let mut blocks: Vec<SymbolId> = self.view.names.blocks(unit).map(|it| it.1).collect();
        blocks.sort_unstable();
        for block in blocks {
            // A block does not use itself.
            if self.scope.owner != Some(block) {
                let mut item = self.block_item(block);
                let known = self.view.names.symbol(block);
                let open = self.line.rest().starts_with('(');
                item.insert = match open {
                    true => Insert::Plain(known.name.to_string()),
                    false => self.block_snippet(block),
                };
                self.add(item);
            }
        }
    }

    fn block_item(&self, block: SymbolId) -> super::Item {
        let known = self.view.names.symbol(block);
        let mut item = self.item(&*known.name, Kind::Block);
        let signature = block_signature(self.view, block);
        let detail = signature
            .strip_prefix(&*known.name)
            .unwrap_or("")
            .to_owned();
        item.detail = Some(detail).filter(|detail| !detail.is_empty());
        item.documentation = Some(about_block(self.view, block));
        item
    }

    /// A use of a block with what must be given.
    fn block_snippet(&self, block: SymbolId) -> Insert {
        let known = self.view.names.symbol(block);
        let Some(definition) = definition(self.view, known.span) else {
            return Insert::Plain(known.name.to_string());
        };
        let needed = definition
            .parameters
            .iter()
            .filter(|it| it.default.is_none());
        let blanks = needed.enumerate();
        let blanks: Vec<_> = blanks
            .map(|(at, it)| format!("${{{}:{}}}", at + 1, it.name.value))
            .collect();
        let inside = self.view.names.inside(block);
        let inputs = inside.filter(|(_, it)| it.kind == SymbolKind::Input);
        let inputs = inputs.enumerate();
        let inputs: Vec<_> = inputs
            .map(|(at, (_, it))| format!("${{{}:{}}}", blanks.len() + at + 1, it.name))
            .collect();
        let mut text = known.name.to_string();
        if !blanks.is_empty() {
            text += &format!("({})", blanks.join(", "));
        }
        if inputs.len() > 1 {
            text += &format!(" from {}", inputs.join(", "));
        }
        match text.contains('$') {
            true => Insert::Snippet(text),
            false => Insert::Plain(text),
        }
    }

    /// Blocks of files that are not imported, which come with their import.
    fn blocks_of_others(&mut self) {
        let unit = self.view.unit(self.file);
        let blocks = self.view.names.blocks(unit);
        let visible: HashSet<String> = blocks.map(|(name, _)| name.to_string()).collect();
        let beside = self.beside;
        for (path, blocks) in &beside.files {
            for block in blocks {
                if visible.contains(block) {
                    continue;
                }
                let mut item = self.item(block.as_str(), Kind::Block);
                item.detail = Some(format!("from \"{path}\""));
                item.documentation =
                    Some(format!("A block of `{path}`, which is imported with it."));
                item.edits = vec![self.import(path, block)];
                self.add(item);
            }
        }
    }

    fn imports(&self) -> impl Iterator<Item = &Import> {
        let items = self.view.tree(self.file).items.iter();
        items.filter_map(|item| match item {
            TreeItem::Import(import) => Some(import),
            _ => None,
        })
    }

    /// The change that brings `block` of `path`.
    fn import(&self, path: &str, block: &str) -> Edit {
        let same = self.imports().find(|import| *import.path.value == *path);
        if let Some(last) = same.and_then(|import| import.names.last()) {
            return Edit {
                span: last.span.after(),
                text: format!(", {block}"),
            };
        }
        let line = format!("import {block} from \"{path}\"");
        let layout = self
            .view
            .tree(self.file)
            .items
            .iter()
            .find_map(|item| match item {
                TreeItem::Layout(layout) => Some(layout.span),
                _ => None,
            });
        match (self.imports().last(), layout) {
            (Some(last), _) => Edit {
                span: last.span.after(),
                text: format!("\n{line}"),
            },
            (None, Some(layout)) => Edit {
                span: layout.after(),
                text: format!("\n\n{line}"),
            },
            (None, None) => Edit {
                span: Span::new(self.file, 0, 0),
                text: format!("{line}\n\n"),
            },
        }
    }

    /// Outside of all bodies.
    pub(super) fn top_level(&mut self) {
        let words: Vec<&str> = self.line.words.iter().map(|word| word.text).collect();
        match words.as_slice() {
            [] => {
                self.word(
                    "model",
                    "model ${1:Name} {\n\tinput ${2:x}: [${3:N}]\n\t$0\n\toutput ${4:y}\n}",
                );
                self.word(
                    "block",
                    "block ${1:Name}($2) {\n\tinput ${3:x}: [${4:N}]\n\t$0\n\toutput ${5:y}\n}",
                );
                self.word("import", "import ${1:Block} from \"$0\"");
                self.word("layout", "layout ${1|channels_first,channels_last|}");
            }
            ["layout"] => {
                self.word("channels_last", "channels_last");
                self.word("channels_first", "channels_first");
            }
            ["import", rest @ ..] if !rest.contains(&"from") => self.import_names(rest),
            _ => {}
        }
    }

    /// The names of an import: the blocks of its file or, before there is one, of all.
    fn import_names(&mut self, before: &[&str]) {
        let after_name = before.last().is_some_and(|word| *word != ",");
        if after_name {
            return self.word("from", "from \"$0\"");
        }
        let rest = self.line.rest();
        let path = rest.split('"').nth(1);
        let begin = self.line.words[0].start;
        let position = self
            .imports()
            .position(|it| it.span.start as usize == begin);
        let unit = self.view.unit(self.file);
        let there = position.and_then(|at| *self.view.analysis.imports[unit].get(at)?);
        if let Some(there) = there {
            let file = self.view.analysis.files[there].0;
            let blocks: Vec<SymbolId> = (self.view.names.symbols())
                .filter(|(_, it)| it.kind == SymbolKind::Block && it.span.file == file)
                .map(|(id, _)| id)
                .collect();
            for block in blocks {
                let name = &*self.view.names.symbol(block).name;
                if !before.contains(&name) {
                    let item = self.block_item(block);
                    self.add(item);
                }
            }
            return;
        }
        let beside = self.beside;
        for (other, blocks) in &beside.files {
            if path.is_some_and(|path| path != other) {
                continue;
            }
            for block in blocks
                .iter()
                .filter(|block| !before.contains(&block.as_str()))
            {
                let mut item = self.item(block.as_str(), Kind::Block);
                item.detail = Some(format!("from \"{other}\""));
                if path.is_none() && rest.trim().is_empty() {
                    item.insert = Insert::Plain(format!("{block} from \"{other}\""));
                }
                self.add(item);
            }
        }
    }
}

/// A snippet where there is something to fill in.
fn snippet((text, blanks): (String, usize)) -> Insert {
    match blanks {
        0 => Insert::Plain(text),
        _ => Insert::Snippet(text),
    }
}

/// A use of a layer with what must be given, blanks numbered from `first`; and how many there are.
fn layer_snippet(def: &dyn LayerDef, first: usize) -> (String, usize) {
    let signature = def.signature();
    let mut number = first;
    let mut next = || {
        number += 1;
        number - 1
    };
    let mut arguments = Vec::new();
    for (at, slot) in signature.args.iter().enumerate() {
        if slot.default == Default::Required {
            let value = blank(slot, next());
            // The first argument is what the layer is about; an axis says little by itself.
            let bare = at == 0 && slot.kind != ArgKind::Axis;
            arguments.push(match bare {
                true => value,
                false => format!("{}={value}", slot.name),
            });
        }
    }
    let values = match signature.inputs {
        Inputs::AtLeast(_) | Inputs::Between(..) => vec!["a", "b"],
        Inputs::None | Inputs::One => Vec::new(),
    };
    let values: Vec<_> = values
        .into_iter()
        .map(|it| format!("${{{}:{it}}}", next()))
        .collect();
    let mut text = def.name().to_owned();
    if !arguments.is_empty() {
        text += &format!("({})", arguments.join(", "));
    }
    if !values.is_empty() {
        text += &format!(" from {}", values.join(", "));
    }
    (text, number - first)
}

/// Whether a layer stores tensors, as its own example shows.
fn stores(name: &str) -> bool {
    static KNOWN: OnceLock<HashMap<&'static str, bool>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let layers = REGISTRY.iter();
        layers
            .map(|def| (def.name(), !reference::stored(*def).is_empty()))
            .collect()
    });
    known.get(name).copied().unwrap_or(false)
}

/// A label for a layer that no line has: `conv1`.
fn free_label(taken: &HashSet<Name>, layer: &str) -> String {
    let stem = match snake(layer).as_str() {
        "linear" => "fc".to_owned(),
        "batch_norm" => "norm".to_owned(),
        other => other.split('_').next().unwrap_or(other).to_owned(),
    };
    (1..)
        .map(|number| format!("{stem}{number}"))
        .find(|label| !taken.contains(label.as_str()))
        .expect("a body has fewer names than there are numbers")
}
