//! From trees to a [`Program`]: every name resolved, every value typed, every claim about sizes
//! proved, refuted or made a requirement.
//!
//! A block is checked where it stands, with its parameters and sizes as symbols, and again at
//! each use with what the use brings; a statement that has had an error is not told off twice.

mod apply;
mod arguments;
mod blocks;
mod build;
mod eval;
pub mod field;
mod finish;
mod inputs;
mod lints;
mod obligations;
mod paths;
pub mod program;
mod proposals;
mod repair;
mod repeat;
mod reuse;
mod scope;
mod statements;
mod trial;
mod unknown;
pub mod wording;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::diag::Diagnostic;
use crate::layers;
use crate::layers::value::Value;
use crate::shape::{self, Dim};
use crate::syntax::ast::{Definition, DefinitionKind, File, Item, Statement, StatementKind};
use crate::tensor::Layout;
use crate::text::{FileId, Name, SourceMap, Span};
pub use finish::snake;
pub use inputs::variables;

use build::Walk;
use program::Program;
use wording::names;

/// How many applications of layers and turns of repeats a program may have, in all its models and
/// blocks together.
pub const MAX_STEPS: usize = 100_000;

/// How many parts a program may have once it is unrolled: values that layers take, terms of the
/// sizes of results and of stored tensors, numbers of arrays that layers take, four numbers that
/// an operator goes through, and 16 bytes of a name.
pub const MAX_PARTS: usize = 2_000_000;

/// How many evaluations of single terms of sizes all proofs of a program may take; what goes
/// beyond is left to the run.
pub const MAX_EFFORT: u64 = 25_000_000;

/// How deep uses of blocks may nest.
pub const MAX_NESTING: usize = 64;

/// After how many errors the rest of a program is not looked at: some more than anybody is told of,
/// so that it is known that there are more.
const MAX_ERRORS: usize = 1_100;

/// How many edits all proposals to change a model's inputs may have: each has one for every place
/// that names a size.
const MAX_EDITS: usize = 100_000;

/// A file to check, with what its imports are.
pub struct Unit<'a> {
    /// The file.
    pub file: FileId,
    /// Its tree.
    pub tree: &'a File,
    /// For each `import` of the tree, in order, the position of its unit; `None` when it has a
    /// diagnostic of its own.
    pub imports: Vec<Option<usize>>,
    /// Whether the text as a whole could not be read, which has a diagnostic of its own.
    pub unread: bool,
}

/// What is set from outside (`--set NAME=VALUE`): parameters of models and dimension variables.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The names and their values; the last of equal names counts.
    pub values: Vec<(Name, Value)>,
}

impl Settings {
    fn get(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .rev()
            .find(|(other, _)| &**other == name)
            .map(|(_, value)| value)
    }
}

/// Files beside the program: weights and labels.
pub trait Files {
    /// The text at `path`, relative to the file `from`, or why it cannot be read.
    fn text(&self, from: FileId, path: &str) -> Result<String, String>;
    /// Whether there is a file at `path`.
    fn exists(&self, from: FileId, path: &str) -> bool;
}

/// Checks the first unit's models and every block that can be reached.
pub fn check(
    units: &[Unit],
    sources: &SourceMap,
    files: &dyn Files,
    settings: &Settings,
) -> (Program, Vec<Diagnostic>) {
    let checker = Checker {
        units,
        sources,
        files,
        settings,
        layouts: units.iter().map(|unit| layout_of(unit.tree)).collect(),
        blocks: Vec::new(),
        visible: vec![HashMap::new(); units.len()],
        imported: Vec::new(),
        used_blocks: HashSet::new(),
        failed: HashSet::new(),
        warned: HashSet::new(),
        trial: None,
        trials: 0,
        edits: Cell::new(0),
        steps: 0,
        parts: 0,
        too_large: false,
        taken_settings: HashSet::new(),
        diagnostics: Vec::new(),
        told: 0,
        told_of_claims: 0,
    };
    shape::within(MAX_EFFORT, || checker.run())
}

/// Where channels sit in a file.
pub fn layout_of(tree: &File) -> Layout {
    let named = tree.items.iter().find_map(|item| match item {
        Item::Layout(layout) => Some(&*layout.name.value),
        _ => None,
    });
    match named {
        Some("channels_first") => Layout::ChannelsFirst,
        _ => Layout::ChannelsLast,
    }
}

/// A block of some unit.
struct BlockEntry<'a> {
    unit: usize,
    definition: &'a Definition,
    /// Whether uses give nothing to check with: it is in a circle, or it is too large.
    broken: bool,
    checked: bool,
}

struct Checker<'a> {
    units: &'a [Unit<'a>],
    sources: &'a SourceMap,
    files: &'a dyn Files,
    settings: &'a Settings,
    layouts: Vec<Layout>,
    blocks: Vec<BlockEntry<'a>>,
    /// The blocks that each unit can use, by name; `None` for a name with a diagnostic.
    visible: Vec<HashMap<Name, Option<usize>>>,
    /// Names that the units import: the unit, the name, its place.
    imported: Vec<(usize, Name, Span)>,
    used_blocks: HashSet<(usize, Name)>,
    /// Statements that have had an error.
    failed: HashSet<Span>,
    /// Places that have had a warning.
    warned: HashSet<Span>,
    /// What a model's dimension variables are while a change of its inputs is tried.
    trial: Option<BTreeMap<Name, Dim>>,
    trials: usize,
    /// Edits of proposals so far.
    edits: Cell<usize>,
    /// Applications and turns so far.
    steps: usize,
    /// Parts so far.
    parts: usize,
    /// Whether a program beyond either limit has been told of.
    too_large: bool,
    taken_settings: HashSet<Name>,
    diagnostics: Vec<Diagnostic>,
    /// How many errors have been reported.
    told: usize,
    /// How many of them are about shapes that are stated, which change nothing.
    told_of_claims: usize,
}

impl<'a> Checker<'a> {
    fn run(mut self) -> (Program, Vec<Diagnostic>) {
        self.nothing_defined();
        self.collect_blocks();
        self.resolve_imports();
        self.find_circles();
        let program = self.check_bodies();
        self.advise(&program);
        self.unused_imports();
        (program, self.diagnostics)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.told += usize::from(diagnostic.is_error());
        self.diagnostics.push(diagnostic);
    }

    /// Reports a warning unless there is one at its place.
    fn warn(&mut self, warning: Diagnostic) {
        if self.warned.insert(warning.primary.span) {
            self.report(warning);
        }
    }

    /// Reports a file in which there is nothing to check, and nothing that could have been.
    fn nothing_defined(&mut self) {
        let Some(unit) = self.units.first() else {
            return;
        };
        let silent =
            (unit.tree.items.iter()).all(|item| matches!(item, Item::Layout(_) | Item::Import(_)));
        if silent && !unit.unread {
            self.report(names::nothing_defined(Span::new(unit.file, 0, 0)));
        }
    }

    fn collect_blocks(&mut self) {
        for (unit, Unit { tree, .. }) in self.units.iter().enumerate() {
            let mut models: HashMap<Name, Span> = HashMap::new();
            for item in &tree.items {
                let definition = match item {
                    Item::Definition(definition) => definition,
                    Item::Layout(layout) => {
                        let name = &layout.name;
                        if !matches!(&*name.value, "channels_first" | "channels_last") {
                            self.report(names::unknown_layout(name.span, &name.value));
                        }
                        continue;
                    }
                    Item::Broken { names, .. } => {
                        // Their uses need no diagnostic of their own.
                        let names = names.iter().map(|name| (name.value.clone(), None));
                        self.visible[unit].extend(names);
                        continue;
                    }
                    Item::Import(_) => continue,
                };
                let name = &definition.name;
                if definition.kind == DefinitionKind::Model {
                    if let Some(first) = models.insert(name.value.clone(), name.span) {
                        self.report(names::twice(name.span, &name.value, first, "model"));
                    }
                    continue;
                }
                if layers::find(&name.value).is_some() {
                    self.report(names::layer_name_taken(name.span, &name.value));
                    continue;
                }
                let previous = self.visible[unit].get(&name.value).copied().flatten();
                if let Some(previous) = previous {
                    let first = self.blocks[previous].definition.name.span;
                    self.report(names::twice(name.span, &name.value, first, "block"));
                    continue;
                }
                self.visible[unit].insert(name.value.clone(), Some(self.blocks.len()));
                self.blocks.push(BlockEntry {
                    unit,
                    definition,
                    broken: false,
                    checked: false,
                });
            }
        }
    }

    fn resolve_imports(&mut self) {
        let own = self.visible.clone();
        for (unit, Unit { tree, imports, .. }) in self.units.iter().enumerate() {
            let items = tree.items.iter().filter_map(|item| match item {
                Item::Import(import) => Some(import),
                _ => None,
            });
            for (import, source) in items.zip(imports) {
                for name in &import.names {
                    let found = source.map(|source| own[source].get(&name.value).copied());
                    if found == Some(None) {
                        let mut there: Vec<&str> = source
                            .map(|source| own[source].keys().map(|name| &**name).collect())
                            .unwrap_or_default();
                        there.sort_unstable();
                        let diagnostic =
                            names::not_in_file(name.span, &name.value, &import.path.value, &there);
                        self.report(diagnostic);
                    }
                    if let Some(Some(Some(there))) = own[unit].get(&name.value).map(Some) {
                        let first = self.blocks[*there].definition.name.span;
                        self.report(names::twice(first, &name.value, name.span, "block"));
                        continue;
                    }
                    if self.visible[unit].contains_key(&name.value) {
                        let first = self
                            .imported
                            .iter()
                            .find(|(at, other, _)| *at == unit && *other == name.value);
                        if let Some((_, _, first)) = first {
                            let diagnostic =
                                names::twice(name.span, &name.value, *first, "imported block");
                            self.report(diagnostic);
                        }
                        continue;
                    }
                    self.visible[unit].insert(name.value.clone(), found.flatten().flatten());
                    self.imported.push((unit, name.value.clone(), name.span));
                }
            }
        }
    }

    fn unused_imports(&mut self) {
        for (unit, name, span) in std::mem::take(&mut self.imported) {
            let known = self.visible[unit].get(&name).copied().flatten().is_some();
            if unit == 0 && known && !self.used_blocks.contains(&(unit, name.clone())) {
                self.report(wording::lints::unused_name(span, &name, "import"));
            }
        }
    }

    /// The blocks that a block's body names, with the places.
    fn uses(&self, block: usize) -> Vec<(usize, Span)> {
        fn collect(
            statements: &[Statement],
            visible: &HashMap<Name, Option<usize>>,
            out: &mut Vec<(usize, Span)>,
        ) {
            for statement in statements {
                match &statement.kind {
                    StatementKind::Layer(layer) => {
                        if let Some(Some(block)) = visible.get(&layer.layer.value) {
                            out.push((*block, layer.layer.span));
                        }
                    }
                    StatementKind::Repeat(repeat) => {
                        collect(&repeat.body.statements, visible, out);
                    }
                    _ => {}
                }
            }
        }
        let entry = &self.blocks[block];
        let mut out = Vec::new();
        collect(
            &entry.definition.body.statements,
            &self.visible[entry.unit],
            &mut out,
        );
        out
    }

    /// Finds blocks that use each other in a circle (Tarjan's strongly connected components,
    /// SIAM J. Comput. 1972, with a stack of its own) and reports each circle once.
    fn find_circles(&mut self) {
        let count = self.blocks.len();
        let uses: Vec<Vec<(usize, Span)>> = (0..count).map(|block| self.uses(block)).collect();
        let (mut index, mut low) = (vec![usize::MAX; count], vec![0; count]);
        let (mut on_stack, mut stack) = (vec![false; count], Vec::new());
        let mut next = 0;
        for root in 0..count {
            if index[root] != usize::MAX {
                continue;
            }
            let mut work = vec![(root, 0)];
            while let Some((block, at)) = work.pop() {
                if at == 0 {
                    index[block] = next;
                    low[block] = next;
                    next += 1;
                    stack.push(block);
                    on_stack[block] = true;
                }
                if let Some((used, _)) = uses[block].get(at) {
                    work.push((block, at + 1));
                    if index[*used] == usize::MAX {
                        work.push((*used, 0));
                    } else if on_stack[*used] {
                        low[block] = low[block].min(index[*used]);
                    }
                    continue;
                }
                if low[block] == index[block] {
                    let start = stack.iter().rposition(|other| *other == block);
                    let mut circle = stack.split_off(start.unwrap_or(0));
                    circle.sort_unstable();
                    for member in &circle {
                        on_stack[*member] = false;
                    }
                    self.report_circle(&circle, &uses);
                }
                if let Some((parent, _)) = work.last() {
                    low[*parent] = low[*parent].min(low[block]);
                }
            }
        }
    }

    fn report_circle(&mut self, circle: &[usize], uses: &[Vec<(usize, Span)>]) {
        let inside = |block: &usize| {
            let mut found = uses[*block].iter();
            found.find(|(used, _)| circle.contains(used)).copied()
        };
        let Some((_, first)) = inside(&circle[0]) else {
            return;
        };
        let mut steps: Vec<(Name, Span, Name)> = Vec::new();
        let mut at = circle[0];
        while let Some((used, span)) = inside(&at) {
            let name = |block: usize| self.blocks[block].definition.name.value.clone();
            steps.push((name(at), span, name(used)));
            at = used;
            if at == circle[0] || steps.len() >= circle.len() {
                break;
            }
        }
        for member in circle {
            self.blocks[*member].broken = true;
        }
        self.report(names::blocks_in_a_circle(first, &steps));
    }

    /// Whether the program is too large.
    fn is_too_large(&self) -> bool {
        self.steps > MAX_STEPS || self.parts > MAX_PARTS
    }

    /// Whether the rest of the program is not looked at.
    fn exhausted(&self) -> bool {
        self.is_too_large() || self.told >= MAX_ERRORS
    }

    /// Checks every block at its definition, used ones before their users, then the models. Of a
    /// program that is too large, or all wrong, the rest is left out.
    fn check_bodies(&mut self) -> Program {
        let mut program = Program::default();
        for root in 0..self.blocks.len() {
            let mut work = vec![(root, false)];
            while let Some((block, uses_done)) = work.pop() {
                let entry = &self.blocks[block];
                if entry.checked || entry.broken || self.exhausted() {
                    continue;
                }
                if uses_done {
                    self.blocks[block].checked = true;
                    let checked = Walk::block(self, block);
                    program.blocks.push(checked);
                } else {
                    work.push((block, true));
                    work.extend(self.uses(block).into_iter().map(|(used, _)| (used, false)));
                }
            }
        }
        if let Some(unit) = self.units.first() {
            for item in &unit.tree.items {
                if let Item::Definition(definition) = item
                    && definition.kind == DefinitionKind::Model
                    && !self.exhausted()
                {
                    let model = Walk::model(self, definition);
                    program.models.push(model);
                }
            }
        }
        self.unknown_settings(&program);
        program
    }

    /// Reports what is right and probably not meant.
    fn advise(&mut self, program: &Program) {
        let blocks: HashMap<Span, &Definition> = (self.blocks.iter())
            .map(|entry| (entry.definition.name.span, entry.definition))
            .collect();
        let bodies = program.blocks.iter().filter_map(|block| {
            Some(lints::Body {
                model: &block.body,
                definition: blocks.get(&block.span)?,
                whole: false,
            })
        });
        let definitions = self.units.first().map(|unit| unit.tree.items.as_slice());
        let definitions = definitions.unwrap_or_default().iter();
        let models = definitions.filter_map(|item| match item {
            Item::Definition(definition) if definition.kind == DefinitionKind::Model => {
                Some(definition)
            }
            _ => None,
        });
        let models = models
            .zip(&program.models)
            .map(|(definition, model)| lints::Body {
                model,
                definition,
                whole: true,
            });
        let bodies: Vec<lints::Body> = bodies.chain(models).collect();
        for diagnostic in lints::find(&bodies, self.units) {
            self.report(diagnostic);
        }
    }

    fn unknown_settings(&mut self, program: &Program) {
        let Some(at) = program.models.first().map(|model| model.span) else {
            return;
        };
        let mut known: Vec<Name> = Vec::new();
        for model in &program.models {
            known.extend(model.parameters.iter().map(|p| p.name.value.clone()));
            known.extend(model.variables.iter().map(|v| v.value.clone()));
        }
        for (name, _) in &self.settings.values {
            if !self.taken_settings.contains(name) {
                self.diagnostics
                    .push(names::unknown_setting(at, name, &known));
            }
        }
    }
}
