//! The contract of a layer: what the language knows of it ([`LayerDef`]) and what the graph knows
//! ([`Op`]).

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use ndarray::ArrayD;

use super::args::Args;
use super::error::{LayerError, Obligation};
use super::kernel::{ConcreteType, Kernel, KernelCx};
use crate::shape::{Dim, DimError, Env, EvalError, Shape};
use crate::tensor::{DType, Layout};

/// The type of a value: its element type and its symbolic shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorType {
    /// The elements' type.
    pub dtype: DType,
    /// The size of each axis.
    pub shape: Shape,
    /// Of the indices of a `MaxPool`: the spatial sizes of the plane that they point into. Layers
    /// that give their input back keep it, all others leave it out.
    pub plane: Option<Arc<Shape>>,
}

impl TensorType {
    /// A tensor of `shape` whose elements point nowhere.
    pub fn new(dtype: DType, shape: Shape) -> TensorType {
        TensorType {
            dtype,
            shape,
            plane: None,
        }
    }

    /// An `f32` tensor of `shape`.
    pub fn f32(shape: Shape) -> TensorType {
        TensorType::new(DType::F32, shape)
    }

    /// The type with its sizes as numbers.
    pub fn eval(&self, env: &Env) -> Result<ConcreteType, EvalError> {
        let plane = self.plane.as_ref().map(|plane| plane.eval(env));
        Ok(ConcreteType {
            dtype: self.dtype,
            shape: self.shape.eval(env)?,
            plane: plane.transpose()?.map(Vec::into_boxed_slice),
        })
    }
}

/// What the language knows of a layer. One `static` of it stands in the registry.
pub trait LayerDef: Sync {
    /// The canonical name, as written in a program.
    fn name(&self) -> &'static str;
    /// What a person reads about it.
    fn doc(&self) -> &'static Doc;
    /// Its inputs, results and arguments.
    fn signature(&self) -> &'static Signature;
    /// Whether its results are numbered from 0, as many as its arguments say, instead of named.
    fn numbered(&self) -> bool {
        false
    }
    /// The operation for these arguments.
    fn build(&self, args: &Args, layout: Layout) -> Result<Box<dyn Op>, LayerError>;
}

/// The reference page of a layer, from which `nnc layers`, hover and the manual are made.
#[derive(Debug)]
pub struct Doc {
    /// Which chapter of the reference it stands in.
    pub group: Group,
    /// One sentence without a full stop.
    pub summary: &'static str,
    /// Shapes and the formula, in Markdown.
    pub detail: &'static str,
    /// A whole `.nn` program that uses it; a test checks and runs it.
    pub example: &'static str,
    /// What other frameworks call it: `("Keras", "Dense")`.
    pub elsewhere: &'static [(&'static str, &'static str)],
}

/// The chapters of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Linear maps.
    Linear,
    /// Convolutions.
    Convolution,
    /// Pooling.
    Pooling,
    /// Upsampling.
    Upsampling,
    /// Shape changes.
    Shape,
    /// Arithmetic.
    Arithmetic,
    /// Reductions.
    Reduction,
    /// Activations.
    Activation,
    /// Normalisation.
    Normalisation,
    /// The rest.
    Other,
}

impl Group {
    /// Every chapter, in the order of the reference.
    pub const ALL: &'static [Group] = &[
        Group::Linear,
        Group::Convolution,
        Group::Pooling,
        Group::Upsampling,
        Group::Shape,
        Group::Arithmetic,
        Group::Reduction,
        Group::Activation,
        Group::Normalisation,
        Group::Other,
    ];

    /// The chapter's title.
    pub fn title(self) -> &'static str {
        match self {
            Group::Linear => "Linear",
            Group::Convolution => "Convolution",
            Group::Pooling => "Pooling",
            Group::Upsampling => "Upsampling",
            Group::Shape => "Shape",
            Group::Arithmetic => "Arithmetic",
            Group::Reduction => "Reduction",
            Group::Activation => "Activation",
            Group::Normalisation => "Normalisation",
            Group::Other => "Other",
        }
    }
}

/// Inputs, results and arguments of a layer.
#[derive(Debug)]
pub struct Signature {
    /// What it takes.
    pub inputs: Inputs,
    /// Names of the results after the first: `["indices"]`.
    pub results: &'static [&'static str],
    /// The arguments, in positional order.
    pub args: &'static [ArgDef],
}

/// How many values a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// None: it begins a journey.
    None,
    /// One value.
    One,
    /// So many or more.
    AtLeast(usize),
    /// From so many to so many.
    Between(usize, usize),
}

impl Inputs {
    /// Whether a layer takes `count` values.
    pub fn takes(self, count: usize) -> bool {
        match self {
            Inputs::None => count == 0,
            Inputs::One => count == 1,
            Inputs::AtLeast(least) => count >= least,
            Inputs::Between(least, most) => (least..=most).contains(&count),
        }
    }

    /// What a layer takes, in a few words: "one value", "2 values or more".
    pub fn describe(self) -> Cow<'static, str> {
        match self {
            Inputs::None => "no value".into(),
            Inputs::One => "one value".into(),
            Inputs::AtLeast(1) => "one value or more".into(),
            Inputs::AtLeast(least) => format!("{least} values or more").into(),
            Inputs::Between(2, 2) => "two values".into(),
            Inputs::Between(1, 2) => "one or two values".into(),
            Inputs::Between(least, most) => format!("{least} to {most} values").into(),
        }
    }
}

/// One argument.
#[derive(Debug)]
pub struct ArgDef {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: ArgKind,
    /// What it is when left out.
    pub default: Default,
    /// One sentence without a full stop.
    pub doc: &'static str,
}

/// What an argument takes. Choices are names that are looked up here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgKind {
    /// An integer of at least `min`; may be symbolic.
    Int {
        /// The least value.
        min: i128,
    },
    /// An integer for all spatial axes, or a tuple of one for each; may be symbolic.
    Sizes {
        /// The least value.
        min: i128,
    },
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// `true`, `false`, or the values themselves.
    Bias,
    /// `valid`, `same`, an integer, or a tuple of an integer or `(before, after)` for each axis.
    Padding,
    /// One of some names.
    Choice(&'static [&'static str]),
    /// An axis; negative counts from the end.
    Axis,
    /// An axis, or a tuple of several.
    Axes,
    /// A place along an axis; negative counts from the end. May be symbolic.
    Index,
    /// How many equal parts, or a tuple with the size of each; sizes may be symbolic.
    Parts,
    /// An integer, or a tuple of an integer or `(before, after)` for each spatial axis.
    Amounts,
    /// A shape such as `[N, _, 16]`; `_` is what is left.
    Shape,
    /// A number or an array, which broadcasts to the shape that the layer needs.
    Values,
    /// Every axis once. A last argument: it takes all that stand there without a name, or one
    /// tuple.
    Order,
}

impl ArgKind {
    /// The names that this kind takes as choices.
    pub fn choices(self) -> &'static [&'static str] {
        match self {
            ArgKind::Padding => &["valid", "same"],
            ArgKind::Choice(names) => names,
            _ => &[],
        }
    }

    /// What it takes, in a few words: "an integer of at least 1".
    pub fn describe(self) -> Cow<'static, str> {
        match self {
            ArgKind::Int { min } => format!("an integer of at least {min}").into(),
            ArgKind::Sizes { min } => format!(
                "an integer of at least {min}, or a tuple with one for each spatial axis"
            )
            .into(),
            ArgKind::Float => "a number".into(),
            ArgKind::Bool => "`true` or `false`".into(),
            ArgKind::Bias => "`true`, `false`, or the values".into(),
            ArgKind::Padding => {
                "`valid`, `same`, an integer, or a tuple with an integer or `(before, after)` for each spatial axis"
                    .into()
            }
            ArgKind::Choice(names) => names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(" or ")
                .into(),
            ArgKind::Axis => "an axis: an integer, negative from the end".into(),
            ArgKind::Axes => "an axis, or a tuple of several".into(),
            ArgKind::Index => "an integer, negative from the end".into(),
            ArgKind::Parts => "how many parts, or a tuple with the size of each".into(),
            ArgKind::Amounts => {
                "an integer, or a tuple with an integer or `(before, after)` for each spatial axis"
                    .into()
            }
            ArgKind::Shape => "a shape such as `[N, _, 16]`".into(),
            ArgKind::Values => "a number or an array".into(),
            ArgKind::Order => "every axis once, such as `0, 2, 1`".into(),
        }
    }
}

/// What an argument is when left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// It must be given.
    Required,
    /// Nothing; the text tells a person what that means.
    Absent(&'static str),
    /// An integer.
    Int(i64),
    /// A number, with its text.
    Float(f64, &'static str),
    /// `true` or `false`.
    Bool(bool),
    /// A choice.
    Choice(&'static str),
}

/// What is known of an operation's results before anything runs.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// The results' types, in the order of the signature.
    pub outputs: Vec<TensorType>,
    /// What must hold for them to be so.
    pub obligations: Vec<Obligation>,
}

impl Inferred {
    /// One result and nothing to prove.
    pub fn one(output: TensorType) -> Inferred {
        Inferred {
            outputs: vec![output],
            obligations: Vec::new(),
        }
    }
}

/// A stored tensor of a layer.
#[derive(Clone, Debug)]
pub struct ParamSpec {
    /// Its name below the layer's: `weight`.
    pub name: &'static str,
    /// Its stored shape.
    pub shape: Shape,
    /// Its values without a weights file.
    pub init: Init,
    /// Whether training would learn it; otherwise it is a buffer.
    pub trained: bool,
}

/// Values of a parameter.
#[derive(Clone, Debug)]
pub enum Init {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// All this number.
    Fill(f32),
    /// Drawn: He when a ReLU follows, else Glorot.
    Fan {
        /// Inputs that one result depends on.
        fan_in: Dim,
        /// Results that one input takes part in.
        fan_out: Dim,
    },
    /// Written in the program; broadcasts to the parameter's shape. Nothing else may set it.
    Given(Arc<ArrayD<f32>>),
}

/// What an operation costs and sees.
#[derive(Clone, Debug)]
pub struct Cost {
    /// Multiply-accumulates, for the whole batch.
    pub macs: Dim,
    /// How far one result sees.
    pub field: Field,
}

/// How an operation widens the receptive field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// A result sees the cell at its own place.
    Point,
    /// Places are joined into one axis, each still sees what it saw.
    Flatten,
    /// A result sees all of the last axis at its own place.
    LastAxis,
    /// A result sees a window; one entry a spatial axis.
    Window(Vec<FieldAxis>),
    /// A result sees a window, and there are more results than places to see; one entry a spatial
    /// axis, whose stride counts the results of one place.
    Finer(Vec<FieldAxis>),
    /// Which places a result sees depends on the data, or they change their axes.
    Elsewhere,
    /// A result sees everything in its own row: all that has its place along axis 0.
    Row,
    /// A result sees everything.
    Whole,
    /// There is no input.
    Nothing,
}

/// A window along one spatial axis.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldAxis {
    /// Cells from the first to the last that is seen: dilation · (kernel − 1) + 1.
    pub extent: Dim,
    /// Cells from one window to the next.
    pub stride: Dim,
}

/// An operation: typed fields, no spans. Sizes may be symbolic until [`Op::bind`].
pub trait Op: Debug + Send + Sync {
    /// The layer's name.
    fn kind(&self) -> &'static str;
    /// The results' types, and what must hold. The number of inputs fits the signature.
    fn infer(&self, inputs: &[TensorType]) -> Result<Inferred, LayerError>;
    /// The stored tensors, in a fixed order.
    fn params(&self, inputs: &[TensorType]) -> Result<Vec<ParamSpec>, LayerError>;
    /// What the operation is on inputs of these types, where it hangs on which of their sizes are
    /// numbers and which are symbols: once all are numbers, that can no longer be told. `None`
    /// when it is the same on any.
    fn settle(&self, _inputs: &[TensorType]) -> Option<Box<dyn Op>> {
        None
    }
    /// The same operation with every symbol replaced by its number.
    fn bind(&self, env: &Env) -> Result<Box<dyn Op>, EvalError>;
    /// What it costs, for types that [`Op::infer`] accepts.
    fn cost(&self, inputs: &[TensorType], outputs: &[TensorType]) -> Result<Cost, DimError>;
    /// The arithmetic behind `axis` of the first result: `(28 + 2·0 − 5)/1 + 1`.
    fn arithmetic(&self, inputs: &[TensorType], axis: usize) -> Option<String>;
    /// The computation on concrete sizes, ready to run again and again. The operation is bound,
    /// and its types are those of `infer`.
    fn kernel(&self, cx: &KernelCx) -> Box<dyn Kernel>;
}
