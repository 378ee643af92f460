//! What a file says, before any name has a meaning. Every node knows where it is written.

use crate::text::{Name, Span, Spanned};

/// A name as written.
pub type Ident = Spanned<Name>;

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Its items, top to bottom.
    pub items: Vec<Item>,
    /// Every comment, `#` included, top to bottom.
    pub comments: Vec<Span>,
}

/// What may stand at the top level.
#[derive(Clone, Debug)]
pub enum Item {
    /// `layout channels_first`
    Layout(LayoutItem),
    /// `import Residual from "blocks.nn"`
    Import(Import),
    /// `block …` or `model …`
    Definition(Definition),
    /// A line with a diagnostic of its own.
    Broken {
        /// The blocks or models that it seems to bring, so that their uses need no diagnostic.
        names: Vec<Ident>,
        /// The whole line.
        span: Span,
    },
}

/// `layout NAME`
#[derive(Clone, Debug)]
pub struct LayoutItem {
    /// `channels_first` or `channels_last`; the checker says when it is neither.
    pub name: Ident,
    /// The whole item.
    pub span: Span,
}

/// `import A, B from "path"`
#[derive(Clone, Debug)]
pub struct Import {
    /// The blocks that are asked for.
    pub names: Vec<Ident>,
    /// The path, relative to the importing file, escapes resolved.
    pub path: Spanned<Name>,
    /// The whole item.
    pub span: Span,
}

/// Whether a definition can be run or only used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionKind {
    /// Used as a layer.
    Block,
    /// Checked, run, exported.
    Model,
}

/// `block Name(parameters) { … }`
#[derive(Clone, Debug)]
pub struct Definition {
    /// Block or model.
    pub kind: DefinitionKind,
    /// The comment lines right above, without `#`.
    pub doc: Option<String>,
    /// Its name.
    pub name: Ident,
    /// Its compile-time parameters.
    pub parameters: Vec<Parameter>,
    /// Its statements.
    pub body: Body,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// A compile-time parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Ident,
    /// Its value when none is given.
    pub default: Option<Expr>,
}

/// Statements between braces.
#[derive(Clone, Debug)]
pub struct Body {
    /// The statements, top to bottom.
    pub statements: Vec<Statement>,
    /// The braces with all between them.
    pub span: Span,
}

/// One line of a body.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The comment lines right above, without `#`.
    pub doc: Option<String>,
    /// What it says.
    pub kind: StatementKind,
    /// The whole statement, without its line end.
    pub span: Span,
}

/// The forms of a statement.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// `input x: f32[N, 28, 28, 1]`
    Input {
        /// The value's name.
        name: Ident,
        /// The element type, where written.
        dtype: Option<Ident>,
        /// The shape.
        shape: ShapeExpr,
    },
    /// `label: Layer(args) from a, b -> [shape]`
    Layer(LayerStatement),
    /// `label: repeat 3 as i { … }`
    Repeat(Repeat),
    /// `label: reuse conv1 from y -> [shape]`
    Reuse {
        /// The label, where written.
        label: Option<Ident>,
        /// The layer or block that is applied again.
        target: Path,
        /// The other input, where written.
        from: Option<From>,
        /// The stated shape, where written.
        ascription: Option<ShapeExpr>,
    },
    /// `let k = 2 * filters`
    Let {
        /// The name.
        name: Ident,
        /// Its value.
        value: Expr,
    },
    /// `output y: [shape] from a labels [..]`
    Output {
        /// The output's name.
        name: Ident,
        /// The stated shape, where written.
        shape: Option<ShapeExpr>,
        /// The value, where written.
        from: Option<Path>,
        /// Names for the last axis: a string (a file's path) or an array of strings.
        labels: Option<Expr>,
    },
    /// `weights "file.safetensors"`
    Weights {
        /// The path, relative to the file, escapes resolved.
        path: Spanned<Name>,
    },
    /// A line with a diagnostic of its own.
    Broken {
        /// The name that it introduces (label, input, output or `let`), where that is clear, so
        /// that its uses need no diagnostic.
        label: Option<Ident>,
    },
}

/// `label: Layer(args) from a, b -> [shape]`
#[derive(Clone, Debug)]
pub struct LayerStatement {
    /// The label, where written.
    pub label: Option<Ident>,
    /// The layer's or block's name.
    pub layer: Ident,
    /// The arguments between parentheses, in order; empty without parentheses.
    pub arguments: Vec<Argument>,
    /// The parentheses with all between them, where written.
    pub parentheses: Option<Span>,
    /// The inputs, where written.
    pub from: Option<From>,
    /// The stated shape, where written.
    pub ascription: Option<ShapeExpr>,
}

/// `label: repeat count as index { … }`
#[derive(Clone, Debug)]
pub struct Repeat {
    /// The label, where written.
    pub label: Option<Ident>,
    /// The word `repeat`.
    pub keyword: Span,
    /// How often.
    pub count: Expr,
    /// The counter's name, where written.
    pub index: Option<Ident>,
    /// What is unrolled.
    pub body: Body,
}

/// `from a, b.indices`
#[derive(Clone, Debug)]
pub struct From {
    /// The values, in order.
    pub values: Vec<Path>,
    /// The whole clause.
    pub span: Span,
}

/// `stack.*.skip`
#[derive(Clone, Debug)]
pub struct Path {
    /// Its parts, at least one; the first is a name.
    pub segments: Vec<Segment>,
    /// The whole path.
    pub span: Span,
}

/// A part of a path.
#[derive(Clone, Debug)]
pub struct Segment {
    /// What it selects.
    pub kind: SegmentKind,
    /// Where it is written.
    pub span: Span,
}

/// What a part of a path selects.
#[derive(Clone, Debug, PartialEq)]
pub enum SegmentKind {
    /// A label, a result or a parameter.
    Name(Name),
    /// A turn of a `repeat`, or a numbered result.
    Index(u64),
    /// Every turn of a `repeat`.
    All,
}

/// An argument, positional or named.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name, where written.
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
    /// Name and value.
    pub span: Span,
}

/// `[N, 2*h, 3]`
#[derive(Clone, Debug)]
pub struct ShapeExpr {
    /// The dimensions.
    pub dims: Vec<Expr>,
    /// The brackets with all between them.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where it is written.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `28`
    Int(i128),
    /// `0.5`, `1e-5`
    Float(f64),
    /// `true`, `false`
    Bool(bool),
    /// `"…"`, escapes resolved.
    Str(Name),
    /// A choice, a `let`, a parameter or a dimension variable.
    Name(Name),
    /// `_`: what is left.
    Hole,
    /// `-a`
    Negate(Box<Expr>),
    /// `a + b`
    Binary {
        /// The operation.
        op: BinaryOp,
        /// Its left side.
        left: Box<Expr>,
        /// Its right side.
        right: Box<Expr>,
    },
    /// `min(a, b)`
    Call {
        /// The function's name.
        function: Ident,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
    /// `(2, 1)`, `(2,)`
    Tuple(Vec<Expr>),
    /// `[1, 2]`
    Array(Vec<Expr>),
    /// Something that has a diagnostic of its own.
    Error,
}

/// The binary operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Rem,
    /// `**`
    Pow,
}

impl BinaryOp {
    /// The operation as written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::FloorDiv => "//",
            BinaryOp::Rem => "%",
            BinaryOp::Pow => "**",
        }
    }
}
