//! What the tests of layers have in common: a layer written as in a program, types written as
//! shapes, and a run on numbers.

use std::sync::Arc;

use super::args::Args;
use super::def::{ArgDef, ArgKind, Inferred, Op, TensorType};
use super::error::{Blame, Claim, LayerError, Problem};
use super::find;
use super::kernel::{Io, KernelCx, Memory, View, ViewMut};
use super::value::Value;
use crate::shape::{Dim, Env, Shape};
use crate::tensor::{DType, Layout, Tensor};

pub use crate::tensor::Layout::{ChannelsFirst as First, ChannelsLast as Last};

/// The operation of `Conv(8, kernel=(3, k), padding=same)`; a name that is no choice is a symbol.
pub fn build(layer: &str, layout: Layout) -> Result<Box<dyn Op>, LayerError> {
    let (name, rest) = layer.split_once('(').unwrap_or((layer, ")"));
    let def = find(name).expect("the layer exists");
    let signature = def.signature();
    let mut args = Args::new(signature);
    let mut reader = Reader {
        rest: rest.strip_suffix(')').expect("a closing bracket"),
        choices: &[],
    };
    let mut position = 0;
    while !reader.rest.trim().is_empty() {
        let named = |arg: &ArgDef| {
            let rest = reader.rest.trim_start().strip_prefix(arg.name)?;
            rest.strip_prefix('=')
        };
        let at = match signature.args.iter().position(|arg| named(arg).is_some()) {
            Some(at) => {
                reader.rest = named(&signature.args[at]).expect("just found");
                at
            }
            None => position,
        };
        if signature.args[at].kind == ArgKind::Order && position == at {
            let mut items = reader.list_to_end();
            let tuple = matches!(items.as_slice(), [Value::Tuple(_)]);
            args.set(
                at,
                if tuple {
                    items.remove(0)
                } else {
                    Value::Tuple(items)
                },
            );
            break;
        }
        reader.choices = signature.args[at].kind.choices();
        args.set(at, reader.value());
        reader.skip(',');
        position = at + 1;
    }
    def.build(&args, layout)
}

/// The types of `[N, 2*h, 3]` or `i64[N]`.
pub fn types(texts: &[&str]) -> Vec<TensorType> {
    let parse = |text: &&str| {
        // The plane of indices: `i64[N, 2, C]@[4]`.
        if let Some((text, plane)) = text.split_once('@') {
            return TensorType {
                plane: Some(Arc::new(types(&[plane]).remove(0).shape)),
                ..types(&[text]).remove(0)
            };
        }
        let (dtype, rest) = match text.strip_prefix("i64") {
            Some(rest) => (DType::I64, rest),
            None => (DType::F32, *text),
        };
        let Value::Array(items) = (Reader { rest, choices: &[] }).value() else {
            panic!("{text} is no shape")
        };
        let dims = items.iter().map(|item| match item {
            Value::Int(dim) => dim.clone(),
            other => panic!("{other} is no size"),
        });
        TensorType::new(dtype, dims.collect())
    };
    texts.iter().map(parse).collect()
}

/// What the layer's shape rule says of these inputs.
pub fn infer(layer: &str, layout: Layout, inputs: &[&str]) -> Result<Inferred, LayerError> {
    build(layer, layout)?.infer(&types(inputs))
}

/// The shapes of the results and the claims, one text each: `[N, H - 4]`, `H >= 5`.
pub fn shapes(layer: &str, layout: Layout, inputs: &[&str]) -> (Vec<String>, Vec<String>) {
    let inferred = infer(layer, layout, inputs)
        .unwrap_or_else(|error| panic!("{layer} on {inputs:?}: {error:?}"));
    for obligation in &inferred.obligations {
        let rule = &obligation.rule;
        assert!(rule.contains('`') && !rule.ends_with('.'), "{rule}");
    }
    let claims = inferred.obligations.iter();
    (
        inferred
            .outputs
            .iter()
            .map(|out| out.shape.to_string())
            .collect(),
        claims.map(|obligation| claim(&obligation.claim)).collect(),
    )
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Equal(left, right) => format!("{} == {}", left.dim, right.dim),
        Claim::Divides { divisor, of } => format!("{divisor} divides {}", of.dim),
        Claim::AtLeast { of, low } => format!("{} >= {low}", of.dim),
        Claim::AtMost { of, high } => format!("{} <= {high}", of.dim),
    }
}

/// The first result's shape, whatever it claims.
pub fn shape(layer: &str, layout: Layout, inputs: &[&str]) -> String {
    shapes(layer, layout, inputs).0.remove(0)
}

/// Why the layer refuses these inputs.
pub fn refusal(layer: &str, layout: Layout, inputs: &[&str]) -> (Blame, Problem) {
    match infer(layer, layout, inputs) {
        Err(error) => (error.blame, error.problem),
        Ok(inferred) => panic!("{layer} on {inputs:?} gives {:?}", inferred.outputs),
    }
}

/// The sentence with which the layer refuses a value, and the argument it blames.
pub fn range(layer: &str, layout: Layout, inputs: &[&str]) -> (&'static str, String) {
    match refusal(layer, layout, inputs) {
        (Blame::Arg(name), Problem::Range(sentence)) => (name, sentence),
        other => panic!("{layer} on {inputs:?}: {other:?}"),
    }
}

/// The arithmetic behind an axis of the result.
pub fn arithmetic(layer: &str, layout: Layout, inputs: &[&str], axis: usize) -> Option<String> {
    let op = build(layer, layout).expect("arguments are good");
    op.arithmetic(&types(inputs), axis)
}

/// A tensor.
pub fn tensor(shape: &[usize], elements: &[f32]) -> Tensor {
    Tensor::from_f32(shape, elements.to_vec()).expect("as many elements as the shape has")
}

/// 0, 1, 2 … in a shape.
pub fn count_up(shape: &[usize]) -> Tensor {
    let elements: Vec<f32> = (0..shape.iter().product())
        .map(|i: usize| i as f32)
        .collect();
    tensor(shape, &elements)
}

/// Runs a layer as a plan would, on a result that holds garbage before.
pub fn run(layer: &str, layout: Layout, inputs: &[Tensor], params: &[Tensor]) -> Vec<Tensor> {
    run_in_plane(layer, layout, inputs, params, None)
}

/// Runs a layer on inputs of which those of integers are indices into `plane`.
pub fn run_in_plane(
    layer: &str,
    layout: Layout,
    inputs: &[Tensor],
    params: &[Tensor],
    plane: Option<&[i128]>,
) -> Vec<Tensor> {
    let op = build(layer, layout).expect("arguments are good");
    let typed = |input: &Tensor| {
        let sizes = input.shape().iter().map(|n| Dim::from(*n));
        let mut ty = TensorType::new(input.dtype(), sizes.collect());
        if ty.dtype == DType::I64 {
            ty.plane = plane.map(dims).map(Arc::new);
        }
        ty
    };
    let symbolic: Vec<TensorType> = inputs.iter().map(typed).collect();
    let outputs = op.infer(&symbolic).expect("types are good").outputs;
    let specs = op.params(&symbolic).expect("parameters are good");
    assert_eq!(specs.len(), params.len(), "{layer} has {specs:?}");
    for (spec, param) in specs.iter().zip(params) {
        assert_eq!(spec.shape.concrete().as_deref(), Some(param.shape()));
    }
    let concrete = |ty: &TensorType| ty.eval(&Env::new()).expect("sizes are numbers");
    let input_types: Vec<_> = symbolic.iter().map(concrete).collect();
    let output_types: Vec<_> = outputs.iter().map(concrete).collect();
    let kernel = op.kernel(&KernelCx {
        inputs: &input_types,
        outputs: &output_types,
        params: &params.iter().collect::<Vec<_>>(),
    });
    let mut results: Vec<Tensor> = output_types
        .iter()
        .map(|ty| match ty.dtype {
            DType::F32 => Tensor::from_f32(&ty.shape, vec![f32::NAN; ty.len()]),
            DType::I64 => Tensor::from_i64(&ty.shape, vec![i64::MIN; ty.len()]),
        })
        .map(|result| result.expect("as many elements as the shape has"))
        .collect();
    let mut views: Vec<View> = inputs.iter().map(view).collect();
    match kernel.memory() {
        Memory::View => {
            assert_eq!(inputs[0].len(), output_types[0].len());
            let elements = inputs[0].as_f32().expect("views are tested on f32");
            return vec![tensor(&output_types[0].shape, elements)];
        }
        Memory::InPlace => {
            results[0] = inputs[0].clone();
            views[0] = View::F32(&[]);
        }
        Memory::Fresh => {}
    }
    let mut scratch = vec![f32::NAN; kernel.scratch()];
    kernel.run(&mut Io {
        inputs: views,
        outputs: results.iter_mut().map(view_mut).collect(),
        scratch: &mut scratch,
    });
    results
}

/// Runs a layer without parameters; the first result's elements.
pub fn elements(layer: &str, layout: Layout, inputs: &[Tensor]) -> Vec<f32> {
    let results = run(layer, layout, inputs, &[]);
    results[0].as_f32().expect("results are f32").to_vec()
}

fn view(tensor: &Tensor) -> View<'_> {
    match tensor {
        Tensor::F32(array) => View::F32(array.as_slice().expect("standard layout")),
        Tensor::I64(array) => View::I64(array.as_slice().expect("standard layout")),
    }
}

fn view_mut(tensor: &mut Tensor) -> ViewMut<'_> {
    match tensor {
        Tensor::F32(array) => ViewMut::F32(array.as_slice_mut().expect("standard layout")),
        Tensor::I64(array) => ViewMut::I64(array.as_slice_mut().expect("standard layout")),
    }
}

/// `Shape` from a list of sizes.
pub fn dims(sizes: &[i128]) -> Shape {
    sizes.iter().map(|n| Dim::constant(*n)).collect()
}

/// Reads values: numbers, names, tuples, arrays, and `+ - *` and `/` of integers.
struct Reader<'a> {
    rest: &'a str,
    choices: &'static [&'static str],
}

impl<'a> Reader<'a> {
    fn skip(&mut self, c: char) -> bool {
        let rest = self.rest.trim_start();
        self.rest = rest.strip_prefix(c).unwrap_or(rest);
        self.rest.len() < rest.len()
    }

    fn word(&mut self) -> &'a str {
        let end = self
            .rest
            .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn value(&mut self) -> Value {
        let mut value = self.product();
        loop {
            if self.skip('+') {
                value = combine(value, self.product(), Dim::add);
            } else if self.skip('-') {
                value = combine(value, self.product(), Dim::sub);
            } else {
                return value;
            }
        }
    }

    fn product(&mut self) -> Value {
        let mut value = self.atom();
        while self.skip('*') {
            value = combine(value, self.atom(), Dim::mul);
        }
        value
    }

    fn atom(&mut self) -> Value {
        if self.skip('(') {
            return Value::Tuple(self.list(')'));
        }
        if self.skip('[') {
            return Value::Array(Arc::new(self.list(']')));
        }
        if self.skip('-') {
            return match self.atom() {
                Value::Float(number) => Value::Float(-number),
                value => combine(Value::Int(Dim::constant(0)), value, Dim::sub),
            };
        }
        let word = self.word();
        let choice = self.choices.iter().find(|choice| **choice == word);
        match (word, choice) {
            (_, Some(choice)) => Value::Choice(choice),
            ("true", _) => Value::Bool(true),
            ("false", _) => Value::Bool(false),
            ("_", _) => Value::Hole,
            ("error", _) => Value::Error,
            _ => match (word.parse::<i128>(), word.parse::<f64>()) {
                (Ok(n), _) => Value::Int(Dim::constant(n)),
                (_, Ok(number)) => Value::Float(number),
                _ => Value::Int(Dim::var(word)),
            },
        }
    }

    fn list_to_end(&mut self) -> Vec<Value> {
        let mut items = Vec::new();
        while !self.rest.trim().is_empty() {
            items.push(self.value());
            self.skip(',');
        }
        items
    }

    fn list(&mut self, close: char) -> Vec<Value> {
        let mut items = Vec::new();
        while !self.skip(close) {
            items.push(self.value());
            self.skip(',');
        }
        items
    }
}

fn combine(
    left: Value,
    right: Value,
    f: impl Fn(&Dim, &Dim) -> Result<Dim, crate::shape::DimError>,
) -> Value {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            Value::Int(f(&left, &right).expect("sizes in tests are small"))
        }
        other => panic!("{other:?} are no sizes"),
    }
}
