//! What names mean in a body while it is checked.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::program::{ParamId, ValueId};
use crate::layers::def::{LayerDef, Op, TensorType};
use crate::layers::value::Value;
use crate::text::{Name, Span};

/// A value that a layer takes, with the words for it.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The value.
    pub value: ValueId,
    /// What the program calls it here.
    pub name: Name,
    /// The statement of this body that made it.
    pub made: Span,
    /// Where it is asked for; `None` when it comes from the line above.
    pub asked: Option<Span>,
}

/// What a layer without `from` works on.
#[derive(Clone, Debug)]
pub enum Current {
    /// Nothing stands above.
    Nothing,
    /// The value of the nearest statement above.
    Value(Operand),
    /// Several inputs stand above with nothing between.
    Inputs(Vec<Operand>),
}

/// What a label or an input's name stands for.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its kind.
    pub kind: EntityKind,
    /// The statement that defines it.
    pub span: Span,
}

/// The kinds of things that have labels.
#[derive(Clone, Debug)]
pub enum EntityKind {
    /// An input.
    Input(ValueId),
    /// A layer.
    Layer(LayerEntity),
    /// A use of a block.
    Block(BlockEntity),
    /// A `repeat`.
    Repeat(RepeatEntity),
    /// Something that has a diagnostic of its own.
    Error,
}

/// A layer that was applied.
#[derive(Clone)]
pub struct LayerEntity {
    /// What it is.
    pub def: &'static dyn LayerDef,
    /// Its operation; `None` after an error.
    pub op: Option<Arc<dyn Op>>,
    /// Its results.
    pub results: Vec<ValueId>,
    /// Its stored tensors by name.
    pub params: Vec<(&'static str, ParamId)>,
    /// The types that it was built for.
    pub inputs: Vec<TensorType>,
}

impl std::fmt::Debug for LayerEntity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.def.name())
    }
}

/// A block that was used.
#[derive(Clone, Debug)]
pub struct BlockEntity {
    /// Position in the list of blocks.
    pub block: usize,
    /// The values of its parameters.
    pub arguments: Arc<Vec<Value>>,
    /// Its outputs.
    pub outputs: Vec<(Name, ValueId)>,
    /// What its labels stand for.
    pub labels: Arc<HashMap<Name, Entity>>,
    /// Where its stored tensors' names begin: `stage1.`.
    pub prefix: Name,
}

/// One turn of a `repeat`: its labels and its result.
pub type Turn = (HashMap<Name, Entity>, Option<ValueId>);

/// A `repeat` that was unrolled.
#[derive(Clone, Debug)]
pub struct RepeatEntity {
    /// The turns, in order.
    pub turns: Arc<Vec<Turn>>,
    /// The result of the last; without a turn, the value above.
    pub result: ValueId,
}

/// A compile-time name.
#[derive(Debug)]
pub struct Const {
    /// What it is.
    pub value: Value,
    /// Where it is defined.
    pub span: Span,
    /// What kind of name: "a `let`", "a parameter".
    pub what: ConstKind,
    /// Whether something reads it.
    pub used: Cell<bool>,
}

/// The kinds of compile-time names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConstKind {
    /// `let k = 3`
    Let,
    /// A parameter of the block or model.
    Parameter,
    /// A dimension variable.
    Variable,
    /// The counter of a `repeat`.
    Counter,
}

/// The names of a body, or of one turn of a `repeat` in it.
#[derive(Debug, Default)]
pub struct Scope {
    /// Compile-time names.
    pub consts: HashMap<Name, Const>,
    /// Labels and inputs.
    pub labels: HashMap<Name, Entity>,
    /// How many unlabelled or labelled layers of each kind stand above.
    pub counts: HashMap<&'static str, usize>,
    /// How many uses of each block stand above.
    pub block_counts: HashMap<Name, usize>,
    /// Labels of the whole body, for those used above their line.
    pub later: HashMap<Name, Span>,
}

/// A body that is being checked.
pub struct Frame {
    /// The body's scope, and one for each `repeat` around the current statement.
    pub scopes: Vec<Scope>,
    /// What the next statement works on.
    pub current: Current,
    /// Where names of layers begin: `stage1.0.`.
    pub prefix: String,
    /// Where names of stored tensors begin; another than `prefix` under `reuse`.
    pub params: String,
    /// Whether stored tensors are looked up rather than made.
    pub reuse: bool,
    /// Whether the body is checked where it stands, so that lints are told.
    pub home: bool,
    /// The file's position among the units.
    pub unit: usize,
    /// The uses of blocks that lead here, outermost first.
    pub via: Arc<Vec<Span>>,
    /// The names of the blocks around, innermost last.
    pub blocks: Vec<Name>,
    /// Statements whose result can be used, and whether something does.
    pub results: Vec<(Span, Name, bool)>,
    /// Positions in `results`.
    pub result_index: HashMap<Span, usize>,
    /// Names that a broken line would have defined.
    pub broken: HashSet<Name>,
    /// Whether a broken input may have brought dimension variables.
    pub sizes_lost: bool,
    /// Whether an error in the body may hide uses of names.
    pub muddied: bool,
}

impl Frame {
    /// The innermost scope.
    pub fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("a frame has a scope")
    }

    /// The compile-time name, from the inside out.
    pub fn constant(&self, name: &str) -> Option<&Const> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.consts.get(name))
    }

    /// The label, from the inside out.
    pub fn label(&self, name: &str) -> Option<&Entity> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.labels.get(name))
    }

    /// A label for a `kind` that nothing in the body has; the first one where all that are tried
    /// are taken.
    pub fn free_label(&self, kind: &str) -> String {
        let kind = kind.to_lowercase();
        let free = |label: &String| {
            let mut scopes = self.scopes.iter();
            scopes.all(|scope| {
                let label = label.as_str();
                !scope.labels.contains_key(label) && !scope.later.contains_key(label)
            })
        };
        (1..100)
            .map(|number| format!("{kind}{number}"))
            .find(free)
            .unwrap_or_else(|| format!("{kind}1"))
    }

    /// Notes that something takes the result of the statement `made`.
    pub fn mark_used(&mut self, made: Span) {
        if let Some(at) = self.result_index.get(&made) {
            self.results[*at].2 = true;
        }
    }

    /// Notes that the statement `made` has a result, called `name`.
    pub fn add_result(&mut self, made: Span, name: Name) {
        if !self.result_index.contains_key(&made) {
            self.result_index.insert(made, self.results.len());
            self.results.push((made, name, false));
        }
    }
}
