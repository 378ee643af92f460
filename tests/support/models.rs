//! Random programs over every layer of the registry, as text.
//!
//! A program grows a statement at a time. One that the checker refuses is mostly thrown away and
//! another is tried, so that programs get long; now and then it is kept, and ends the program: then
//! all before it is known to be right.

#![allow(dead_code)] // each test uses its part

use std::env;

use nnc::analysis::{Analysis, Settings, analyze};
use nnc::check::program::Model;
use nnc::layers::REGISTRY;
use nnc::layers::def::{ArgDef, ArgKind, Default, Inputs, LayerDef};
use nnc::shape::{Env, Requirement, Shape};
use nnc::text::Name;

use crate::support::Memory;

/// Choices: those of a script while it lasts, then pseudo-random numbers (Steele, Lea and Flood
/// 2014, "Fast splittable pseudorandom number generators": SplitMix64).
pub struct Rng {
    state: u64,
    script: std::vec::IntoIter<u8>,
}

impl Rng {
    /// Pseudo-random numbers that begin with `seed`.
    pub fn new(seed: u64) -> Rng {
        Rng {
            state: seed,
            script: Vec::new().into_iter(),
        }
    }

    /// A byte for each choice: a fuzzer that changes one byte changes one choice.
    pub fn of(script: &[u8]) -> Rng {
        Rng {
            state: script.len() as u64,
            script: Vec::from(script).into_iter(),
        }
    }

    /// A number in `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        if let Some(byte) = self.script.next() {
            return usize::from(byte) % n;
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    /// True this often in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `all`.
    pub fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

/// `few`, or as many times that as the environment asks for.
pub fn cases(few: usize) -> usize {
    let times = env::var("NNC_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    few * times.unwrap_or(1)
}

/// The seed of all that is drawn.
pub fn seed() -> u64 {
    let given = env::var("NNC_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or(1)
}

/// The names of `model` that a run gives numbers.
pub fn names(model: &Model) -> Vec<Name> {
    let unset = model.parameters.iter().filter(|it| it.value.is_none());
    let unset = unset.map(|it| it.name.value.clone());
    let variables = model.variables.iter().map(|it| it.value.clone());
    unset.chain(variables).collect()
}

/// Numbers for `names`, mostly small, often where a requirement begins to hold.
pub fn sizes(rng: &mut Rng, names: &[Name], requirements: &[&Requirement]) -> Env {
    let mut sizes: Env = names
        .iter()
        .map(|name| {
            let most = *rng.pick(&[3, 3, 6, 12, 30]);
            (name.clone(), 1 + rng.below(most) as i128)
        })
        .collect();
    for requirement in requirements {
        let (var, at) = match requirement {
            Requirement::AtLeast { var, low } => (var, *low),
            Requirement::AtMost { var, high } => (var, *high),
            Requirement::Compare { .. } => {
                // A product or a sum on one side may need a large size on the other.
                for name in requirement.vars() {
                    if rng.chance(15) {
                        sizes.insert(name, 1 + rng.below(300) as i128);
                    }
                }
                continue;
            }
        };
        if rng.chance(60) && at < 60 {
            let near = at + rng.below(6) as i128 - 2;
            sizes.insert(var.clone(), near.max(1));
        }
    }
    sizes
}

/// Whether all of `requirements` hold.
pub fn holds(requirements: &[&Requirement], sizes: &Env) -> bool {
    let mut all = requirements.iter();
    all.all(|requirement| requirement.holds(sizes) == Some(true))
}

/// What the sizes of `model` must meet.
pub fn requirements(model: &Model) -> Vec<&Requirement> {
    model
        .requirements
        .iter()
        .map(|it| &it.requirement)
        .collect()
}

/// A random program.
pub struct Sketch {
    /// The whole of it.
    pub text: String,
    /// The program without its last statement, which is wrong, and that statement's line, from 1;
    /// `None` when the checker finds no error.
    pub wrong: Option<(String, usize)>,
}

/// Analyses `text` with some names set.
pub fn analyzed(text: &str, settings: &Settings) -> Analysis {
    analyze("test.nn", text.as_bytes(), &Memory::default(), settings)
}

/// A random program with one model.
pub fn program(rng: &mut Rng) -> Sketch {
    let mut head = String::new();
    if rng.chance(35) {
        head.push_str("layout channels_first\n");
    }
    let mut blocks = Vec::new();
    for at in 0..[0, 0, 1, 2][rng.below(4)] {
        let mut body = Body::new(rng, &head, &blocks, Some(at));
        for _ in 0..1 + body.rng.below(4) {
            body.grow(0);
        }
        let inputs = body.inputs.len();
        let parameters = body.parameters.len();
        head = body.text(body.lines.len());
        blocks.push((format!("B{at}"), parameters, inputs));
    }
    let mut body = Body::new(rng, &head, &blocks, None);
    let statements = 2 + body.rng.below(8);
    for _ in 0..statements {
        if !body.grow(12) {
            break;
        }
    }
    let all = body.lines.len();
    Sketch {
        text: body.text(all),
        wrong: body.wrong.then(|| {
            let last = body.text(all);
            let lines: Vec<&str> = last.lines().collect();
            let line = 1 + lines
                .iter()
                .rposition(|line| *line == body.lines[all - 1])
                .expect("the statement stands in the text");
            (body.text(all - 1), line)
        }),
    }
}

/// The sizes of an image's axis.
const SPATIAL: &[&str] = &[
    "H",
    "H",
    "W",
    "2*h",
    "h + 1",
    "2*h + 1",
    "4*h",
    "3*w",
    "h - 2",
    "H",
    "5",
    "6",
    "8",
    "9",
    "12 - h",
    "20 - H",
    "9 - w",
    "20 - h - W",
    "2*W",
    "H*W",
    "W//2",
    "(20 - H)//2",
];
const CHANNELS: &[&str] = &["1", "2", "3", "4", "6", "C", "2*c", "c + 1", "H"];
const NUMBERS: &[&str] = &["1", "1", "2", "2", "2", "3", "3", "4", "5", "6"];

/// A body under construction: a model's, or that of the block `B{at}`.
struct Body<'r> {
    rng: &'r mut Rng,
    head: String,
    blocks: Vec<(String, usize, usize)>,
    block: Option<usize>,
    parameters: Vec<String>,
    inputs: Vec<String>,
    lines: Vec<String>,
    /// The values and what is known of their shapes.
    values: Vec<(String, Option<Shape>)>,
    /// Names and expressions that stand for integers.
    integers: Vec<String>,
    wrong: bool,
}

impl<'r> Body<'r> {
    fn new(
        rng: &'r mut Rng,
        head: &str,
        blocks: &[(String, usize, usize)],
        block: Option<usize>,
    ) -> Body<'r> {
        let mut body = Body {
            rng,
            head: head.to_owned(),
            blocks: blocks.to_vec(),
            block,
            parameters: Vec::new(),
            inputs: Vec::new(),
            lines: Vec::new(),
            values: Vec::new(),
            integers: Vec::new(),
            wrong: false,
        };
        let first = head.contains("channels_first");
        // A declaration that data cannot bind is drawn again.
        loop {
            body.parameters.clear();
            body.inputs.clear();
            for name in ["p", "q"] {
                let (often, set) = match block {
                    Some(_) => (40, 30),
                    None => (15, 70),
                };
                if body.rng.chance(often) {
                    let default = match body.rng.chance(set) {
                        true => format!(" = {}", body.rng.pick(NUMBERS)),
                        false => String::new(),
                    };
                    body.parameters.push(format!("{name}{default}"));
                }
            }
            for at in 0..1 + usize::from(body.rng.chance(25)) {
                let shape = body.input_shape(first);
                body.inputs
                    .push(format!("    input {}: [{shape}]", ["x", "y"][at]));
            }
            let names = ["x", "y"][..body.inputs.len()].iter();
            body.values = names.map(|name| ((*name).to_owned(), None)).collect();
            if body.accepted() {
                break;
            }
        }
        let mut integers: Vec<String> = Vec::new();
        for name in ["H", "W", "h", "c", "C"] {
            if body.inputs.iter().any(|input| mentions(input, name)) {
                integers.extend([name.to_owned(), format!("{name} + 1"), format!("2*{name}")]);
                integers.extend([format!("{name} - 1"), format!("{name}//2")]);
            }
        }
        for parameter in &body.parameters {
            let name = parameter.split(' ').next().expect("a name").to_owned();
            integers.extend([name.clone(), name.clone(), format!("{name} + 1")]);
        }
        body.integers = integers;
        body
    }

    fn input_shape(&mut self, first: bool) -> String {
        let batch = *self.rng.pick(&["N", "N", "N", "1", "2"]);
        let spatial = [1, 2, 2, 2, 2, 3, 0][self.rng.below(7)];
        let channels = *self.rng.pick(CHANNELS);
        let mut sizes: Vec<&str> = (0..spatial).map(|_| *self.rng.pick(SPATIAL)).collect();
        if spatial == 2 && self.rng.chance(40) {
            sizes[1] = sizes[0];
        }
        sizes.insert(if first { 0 } else { spatial }, channels);
        sizes.insert(0, batch);
        sizes.join(", ")
    }

    /// The program up to here, with the first `count` statements.
    fn text(&self, count: usize) -> String {
        let parameters = match self.parameters.as_slice() {
            [] => String::new(),
            all => format!("({})", all.join(", ")),
        };
        let mut text = match self.block {
            Some(at) => format!("{}block B{at}{parameters} {{\n", self.head),
            None => format!("{}model M{parameters} {{\n", self.head),
        };
        for line in self.inputs.iter().chain(&self.lines[..count]) {
            text.push_str(line);
            text.push('\n');
        }
        if self.block.is_some() {
            let last = match count {
                0 => " from x".to_owned(),
                _ => String::new(),
            };
            text.push_str(&format!("    output out{last}\n"));
        } else {
            // What nothing takes is an output, so that nothing is left out of a run.
            let body: String = self.lines[..count].join("\n");
            let mut outputs = 0;
            for (name, _) in &self.values {
                let made = self.inputs.iter().chain(&self.lines[..count]);
                let mut made = made.filter(|line| {
                    line.trim_start().starts_with(&format!("{name}:"))
                        || line.contains(&format!("input {name}:"))
                });
                if made.next().is_some() && (!mentions_later(&body, name) || outputs == 0) {
                    text.push_str(&format!("    output o_{name} from {name}\n"));
                    outputs += 1;
                }
            }
        }
        text.push_str("}\n");
        text
    }

    /// Whether the checker finds no error; notes the shapes then.
    fn accepted(&mut self) -> bool {
        let analysis = analyzed(&self.text(self.lines.len()), &Settings::default());
        if analysis.has_errors() {
            return false;
        }
        let shape_of = |name: &str| -> Option<Shape> {
            match self.block {
                Some(_) => {
                    let block = analysis.program.blocks.last()?;
                    let ends = block.inputs.iter().chain(&block.outputs);
                    let last = self.values.last().is_some_and(|(last, _)| last == name);
                    let mut found =
                        ends.filter(|(end, _)| &**end == name || (last && &**end == "out"));
                    found.next_back()?.1.clone().map(|ty| ty.shape)
                }
                None => {
                    let model = analysis.program.models.first()?;
                    let found = model
                        .values
                        .iter()
                        .rev()
                        .find(|value| &*value.name == name)?;
                    found.ty.clone().map(|ty| ty.shape)
                }
            }
        };
        let shapes: Vec<Option<Shape>> =
            self.values.iter().map(|(name, _)| shape_of(name)).collect();
        for (value, shape) in self.values.iter_mut().zip(shapes) {
            if shape.is_some() {
                value.1 = shape;
            }
        }
        true
    }

    /// Adds a statement; a wrong one is kept this often in a hundred, and then nothing more can
    /// follow: `false`.
    fn grow(&mut self, keep: usize) -> bool {
        for _ in 0..8 {
            let before = (self.lines.len(), self.values.len(), self.integers.len());
            self.statement();
            if self.accepted() {
                if self.rng.chance(20) {
                    return self.state(keep);
                }
                return true;
            }
            if self.rng.chance(keep) {
                self.wrong = true;
                return false;
            }
            self.lines.truncate(before.0);
            self.values.truncate(before.1);
            self.integers.truncate(before.2);
        }
        true
    }

    /// States the shape of the last statement: as it is, in other words, or another.
    fn state(&mut self, keep: usize) -> bool {
        let Some((_, Some(shape))) = self.values.last() else {
            return true;
        };
        let mut sizes = shape.strings();
        let plain = self.lines.last().is_some_and(|line| {
            !line.contains("->") && !line.contains("repeat") && !line.contains("let ")
        });
        if sizes.is_empty() || !plain {
            return true;
        }
        for _ in 0..self.rng.below(3) {
            let at = self.rng.below(sizes.len());
            let size = sizes[at].clone();
            let name = *self.rng.pick(&["H", "h", "W", "w", "c"]);
            let known = self.inputs.iter().any(|input| mentions(input, name));
            sizes[at] = match self.rng.below(10) {
                0 => format!("({size})//2 + ({size} + 1)//2"),
                1 => format!("3*(({size})//3) + ({size})%3"),
                2 => format!("({size})*1 + 0"),
                3 => format!("2*(({size})//2)"),
                4 => format!("{size} + 1"),
                5 => "_".to_owned(),
                6 if !self.integers.is_empty() => self.rng.pick(&self.integers).clone(),
                // The same for small sizes only.
                7 if known => format!(
                    "{size} + {name}//{}",
                    self.rng.pick(&["8", "9", "12", "20"])
                ),
                8 if known => format!("({size})*(({name} + 11)//12)"),
                _ => size,
            };
        }
        let line = self.lines.pop().expect("a statement");
        self.lines.push(format!("{line} -> [{}]", sizes.join(", ")));
        if self.accepted() {
            return true;
        }
        if self.rng.chance(3 * keep) {
            self.wrong = true;
            return false;
        }
        self.lines.pop();
        self.lines.push(line);
        true
    }

    fn statement(&mut self) {
        let label = format!("v{}", self.values.len());
        let line = match self.rng.below(20) {
            0 if self.block.is_none() => {
                let name = format!("k{}", self.lines.len());
                let value = match self.rng.below(3) {
                    0 => format!("{} + {}", self.integer(1), self.integer(1)),
                    1 => format!(
                        "max({}, {})",
                        self.rng.pick(NUMBERS),
                        self.rng.pick(NUMBERS)
                    ),
                    _ => self.integer(1),
                };
                let line = format!("    let {name} = {value}");
                self.integers.push(name);
                self.lines.push(line);
                return;
            }
            1 | 2 if !self.blocks.is_empty() => self.block_use(),
            3 => {
                let turns = self.rng.pick(&["1", "2", "3", "p", "0"]).to_string();
                let known = self.integers.len();
                let (counter, index) = match self.rng.chance(50) {
                    true => (" as i", true),
                    false => ("", false),
                };
                if index {
                    let more = ["i", "i + 1", "2**i"].map(str::to_owned);
                    self.integers.extend(more);
                }
                let body = self.layer(false);
                self.integers.truncate(known);
                body.map(|body| format!("repeat {turns}{counter} {{ {body} }}"))
            }
            4 if self.block.is_none() => {
                let made = self.values.iter().filter(|(name, _)| name.starts_with('v'));
                let made: Vec<String> = made.map(|(name, _)| name.clone()).collect();
                (!made.is_empty()).then(|| {
                    let target = self.rng.pick(&made).clone();
                    let from = self.value();
                    format!("reuse {target} from {from}")
                })
            }
            _ => self.layer(true),
        };
        if let Some(line) = line {
            self.lines.push(format!("    {label}: {line}"));
            self.values.push((label, None));
        }
    }

    /// A value: mostly the last.
    fn value(&mut self) -> String {
        let at = match self.rng.chance(60) || self.block.is_some() {
            true => self.values.len() - 1,
            false => self.rng.below(self.values.len()),
        };
        self.values[at].0.clone()
    }

    fn shape(&self, name: &str) -> Option<Shape> {
        let found = self.values.iter().find(|(value, _)| value == name);
        found.and_then(|(_, shape)| shape.clone())
    }

    /// `count` values, the last among them.
    fn several(&mut self, count: usize) -> Vec<String> {
        let last = self.values.len() - 1;
        let mut chosen = vec![self.values[last].0.clone()];
        // Values of the same rank are more likely to fit.
        let rank = self.values[last].1.as_ref().map(Shape::rank);
        let alike = self
            .values
            .iter()
            .filter(|(_, shape)| shape.as_ref().map(Shape::rank) == rank);
        let alike: Vec<String> = alike.map(|(name, _)| name.clone()).collect();
        while chosen.len() < count {
            let other = match self.rng.chance(85) {
                true => self.rng.pick(&alike).clone(),
                false => self.values[self.rng.below(last + 1)].0.clone(),
            };
            chosen.push(other);
        }
        if self.rng.chance(50) {
            chosen.reverse();
        }
        chosen
    }

    fn block_use(&mut self) -> Option<String> {
        let (name, parameters, inputs) = self.rng.pick(&self.blocks).clone();
        let given: Vec<String> = (0..parameters).map(|_| self.integer(1)).collect();
        let arguments = match given.as_slice() {
            [] => String::new(),
            given => format!("({})", given.join(", ")),
        };
        let from = match inputs {
            1 => self.value(),
            n => self.several(n).join(", "),
        };
        Some(format!("{name}{arguments} from {from}"))
    }

    /// A use of a random layer; `None` when it takes what cannot be drawn.
    fn layer(&mut self, from: bool) -> Option<String> {
        // Windows, and what joins two ways, have the most to get wrong.
        let layer: &dyn LayerDef = match self.rng.below(4) {
            0 => {
                let name = self
                    .rng
                    .pick(&["Conv", "MaxPool", "AvgPool", "Concat", "Add", "Reshape"]);
                nnc::layers::find(name).expect("a layer")
            }
            _ => *self.rng.pick(REGISTRY),
        };
        let values = match layer.signature().inputs {
            Inputs::None => return None,
            Inputs::One => vec![self.value()],
            // Right where the value is a pool, and else an error of its own.
            _ if layer.name() == "MaxUnpool" => {
                let value = self.value();
                return Some(format!("MaxUnpool from {value}, {value}.indices"));
            }
            Inputs::Between(least, most) => {
                let count = least + self.rng.below(most - least + 1);
                self.several(count)
            }
            Inputs::AtLeast(least) => {
                let count = least.max(1 + self.rng.below(3));
                self.several(count)
            }
        };
        let shape = self.shape(&values[0]);
        let mut arguments = Vec::new();
        for arg in layer.signature().args {
            let required = matches!(arg.default, Default::Required);
            if required || self.rng.chance(30) {
                match self.argument(arg, shape.as_ref()) {
                    Some(value) => arguments.push(format!("{}={value}", arg.name)),
                    None if required => return None,
                    None => {}
                }
            }
        }
        let arguments = match arguments.as_slice() {
            [] => String::new(),
            all => format!("({})", all.join(", ")),
        };
        let from = match from && !(values.len() == 1 && self.rng.chance(30)) {
            true => format!(" from {}", values.join(", ")),
            false => String::new(),
        };
        Some(format!("{}{arguments}{from}", layer.name()))
    }

    /// An integer of at least `min` where it is written as a number.
    fn integer(&mut self, min: i128) -> String {
        if !self.integers.is_empty() && self.rng.chance(22) {
            return self.rng.pick(&self.integers).clone();
        }
        match min < 1 && self.rng.chance(50) {
            true => min.max(0).to_string(),
            false => (*self.rng.pick(NUMBERS)).to_owned(),
        }
    }

    fn argument(&mut self, arg: &ArgDef, shape: Option<&Shape>) -> Option<String> {
        let rank = shape.map_or(4, Shape::rank);
        let spatial = rank.saturating_sub(2).max(1);
        let tuple = |items: Vec<String>| match items.as_slice() {
            [one] => format!("({one},)"),
            all => format!("({})", all.join(", ")),
        };
        Some(match arg.kind {
            ArgKind::Int { min } => self.integer(min),
            ArgKind::Sizes { min } => match self.rng.chance(25) {
                true => tuple((0..spatial).map(|_| self.integer(min)).collect()),
                false => self.integer(min),
            },
            ArgKind::Padding => match self.rng.below(6) {
                0 | 1 => "same".to_owned(),
                2 => "valid".to_owned(),
                3 | 4 => self.integer(0),
                _ => {
                    let each = (0..spatial).map(|_| match self.rng.chance(50) {
                        true => format!("({}, {})", self.integer(0), self.integer(0)),
                        false => self.integer(0),
                    });
                    tuple(each.collect())
                }
            },
            ArgKind::Float => (*self.rng.pick(&["0.5", "2", "1", "0.1", "1/255"])).to_owned(),
            ArgKind::Bool => self.rng.pick(&[true, false]).to_string(),
            ArgKind::Bias => (*self.rng.pick(&["true", "false", "0.5"])).to_owned(),
            ArgKind::Values => (*self.rng.pick(&["0.5", "1", "[0.5]"])).to_owned(),
            ArgKind::Choice(names) => (*self.rng.pick(names)).to_owned(),
            ArgKind::Axis => (self.rng.below(2 * rank + 1) as i64 - rank as i64).to_string(),
            ArgKind::Axes => match self.rng.chance(40) {
                true => {
                    let count = 1 + self.rng.below(rank.max(1));
                    let first = self.rng.below(rank.max(1));
                    tuple(
                        (first..first + count)
                            .map(|axis| axis.to_string())
                            .collect(),
                    )
                }
                false => (self.rng.below(2 * rank + 1) as i64 - rank as i64).to_string(),
            },
            ArgKind::Index => match self.rng.chance(40) {
                true => format!("-({})", self.integer(1)),
                false => self.integer(0),
            },
            ArgKind::Parts => match self.rng.chance(40) {
                true => {
                    let count = 1 + self.rng.below(3);
                    let mut sizes: Vec<String> = (0..count).map(|_| self.integer(1)).collect();
                    // What is left of some axis, so that they may add up.
                    if let Some(shape) = shape.filter(|shape| shape.rank() > 0) {
                        let size = self.rng.pick(shape.dims()).to_string();
                        sizes.push(format!("{size} - ({})", sizes.join(" + ")));
                    }
                    tuple(sizes)
                }
                false => (*self.rng.pick(&["1", "2", "3"])).to_owned(),
            },
            ArgKind::Amounts => match self.rng.chance(60) {
                true => self.integer(0),
                false => {
                    let each = (0..spatial).map(|_| match self.rng.chance(50) {
                        true => format!("({}, {})", self.integer(0), self.integer(0)),
                        false => self.integer(0),
                    });
                    tuple(each.collect())
                }
            },
            ArgKind::Shape => self.other_shape(shape?),
            ArgKind::Order => {
                let mut order: Vec<usize> = (0..rank).collect();
                for at in 0..rank {
                    let other = self.rng.below(rank);
                    order.swap(at, other);
                }
                tuple(order.iter().map(usize::to_string).collect())
            }
        })
    }

    /// Another shape with the same elements, or nearly.
    fn other_shape(&mut self, shape: &Shape) -> String {
        let mut sizes = shape.strings();
        for _ in 0..1 + self.rng.below(3) {
            let at = self.rng.below(sizes.len().max(1));
            match self.rng.below(8) {
                0 | 1 if sizes.len() > at + 1 => {
                    let next = sizes.remove(at + 1);
                    sizes[at] = format!("({})*({next})", sizes[at]);
                }
                2 if !sizes.is_empty() && !sizes.iter().any(|size| size == "_") => {
                    sizes[at] = "_".into();
                }
                3 => sizes.insert(at, "1".into()),
                4 if !sizes.is_empty() => {
                    let other = self.rng.below(sizes.len());
                    sizes.swap(at, other);
                }
                5 if !sizes.is_empty() && !sizes.iter().any(|size| size == "_") => {
                    sizes[at] = "2".into();
                    sizes.insert(at, "_".into());
                }
                6 if !sizes.is_empty() && sizes[at] != "_" => {
                    let size = sizes[at].clone();
                    sizes[at] = format!("({size})//2");
                    sizes.insert(at, "2".into());
                }
                7 if !sizes.is_empty() && sizes[at] != "_" && self.rng.chance(30) => {
                    sizes[at] = self.integer(1);
                }
                _ => {}
            }
        }
        format!("[{}]", sizes.join(", "))
    }
}

/// Whether `name` stands in `text` as a word.
pub fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == name)
}

/// Whether some statement takes `name`, by its name or as the line above.
fn mentions_later(body: &str, name: &str) -> bool {
    body.lines().any(|line| {
        let from = line.split_once(" from ").map_or("", |(_, from)| from);
        let from = from.split(" -> ").next().unwrap_or("");
        mentions(from, name)
    })
}
