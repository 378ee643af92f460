//! After `from` and `reuse`: labels, what is behind them, and compile-time names.

use super::{Insert, Kind, MOST, Menu};
use crate::check::program::Param;
use crate::ide::hover::value::{outputs, params, result_names, statement_at, types};
use crate::ide::{Inner, Symbol, SymbolId, SymbolKind};
use crate::layers::def::TensorType;
use crate::syntax::ast::{ExprKind, StatementKind};
use crate::tensor::DType;

/// How many turns of a repeat are offered one by one.
const TURNS: u64 = 4;

impl Menu<'_, '_> {
    /// Every value above the line, the nearest first, with its shape.
    pub(super) fn values(&mut self) {
        self.labels(|_| true, true);
    }

    /// What can be applied again: layers and uses of blocks.
    pub(super) fn reusable(&mut self) {
        let layer = |symbol: &Symbol| {
            symbol.written && matches!(symbol.inner, Inner::Layer(_) | Inner::Block(_))
        };
        self.labels(layer, false);
    }

    fn labels(&mut self, wanted: impl Fn(&Symbol) -> bool, results: bool) {
        let typed = self.line.typed().to_lowercase();
        let symbols = self.scope.symbols(self.view);
        let mut count = 0;
        // Labels that a person wrote go before those that lines are given.
        for written in [true, false] {
            for id in symbols.iter().rev() {
                let symbol = self.view.names.symbol(*id);
                let value = matches!(symbol.kind, SymbolKind::Label | SymbolKind::Input);
                if !value || symbol.written != written || !wanted(symbol) {
                    continue;
                }
                if !subsequence(&typed, &symbol.name) {
                    continue;
                }
                if count == MOST {
                    self.found.incomplete = true;
                    return;
                }
                count += 1;
                self.label(*id, results);
            }
        }
    }

    /// A label, then what may be wanted behind it.
    fn label(&mut self, id: SymbolId, results: bool) {
        let symbol = self.view.names.symbol(id);
        let detail = self.shape(id);
        let documentation = about(self.view, symbol);
        let mut item = self.item(&*symbol.name, Kind::Value);
        item.detail = detail;
        item.documentation = Some(documentation.clone());
        self.add(item);
        if !results || !symbol.written {
            return;
        }
        for (at, result) in result_names(self.view, id).into_iter().enumerate() {
            let mut item = self.item(format!("{}.{result}", symbol.name), Kind::Value);
            item.detail = self.result(symbol, at + 1);
            item.documentation = Some(documentation.clone());
            self.add(item);
        }
        if let Inner::Repeat(turn) = &symbol.inner {
            let mut labels: Vec<_> = turn.iter().collect();
            labels.sort_unstable_by_key(|(_, id)| **id);
            for (name, inner) in labels {
                let inside = self.view.names.symbol(*inner);
                if inside.written {
                    let mut item = self.item(format!("{}.*.{name}", symbol.name), Kind::Value);
                    item.detail = self
                        .shape(*inner)
                        .map(|shape| format!("{shape}, every turn"));
                    item.documentation = Some(about(self.view, inside));
                    self.add(item);
                }
            }
        }
    }

    /// The shape of a label's value: `[N, 4]`, or both ends of a repeat where they differ:
    /// `[N, 4] … [N, 6]`. Where an error hides some turns, that of the first.
    fn shape(&self, id: SymbolId) -> Option<String> {
        match types(self.view, id).as_slice() {
            [] => self.result(self.view.names.symbol(id), 0),
            [first, .., last] if first != last => {
                Some(format!("{} … {}", written(first), written(last)))
            }
            [first, ..] => Some(written(first)),
        }
    }

    /// The shape of result `at` of a label.
    fn result(&self, symbol: &Symbol, at: usize) -> Option<String> {
        let (body, made) = self.view.facts.made(symbol.whole).first()?;
        body.ty(*made.values.get(at)?).map(written)
    }

    /// What is behind the point before the cursor, on a path that begins after word `from`.
    pub(super) fn members(&mut self, from: usize) {
        let words = &self.line.words;
        let begin = words
            .iter()
            .rposition(|word| matches!(word.text, ","))
            .unwrap_or(0);
        let path: Vec<&str> = words[begin.max(from) + 1..]
            .iter()
            .map(|word| word.text)
            .filter(|word| *word != ".")
            .collect();
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let symbols = self.scope.symbols(self.view);
        let mut found = symbols.iter().rev().filter(|id| {
            let symbol = self.view.names.symbol(**id);
            let value = matches!(symbol.kind, SymbolKind::Label | SymbolKind::Input);
            value && *symbol.name == **first
        });
        let Some(first) = found.next().copied() else {
            return;
        };
        // The label that is reached, whether a turn of it has been chosen, and whether the path
        // leads into a block, where only stored tensors are seen.
        let path: Vec<&str> = path
            .iter()
            .map(|part| if *part == "*" { "0" } else { part })
            .collect();
        let path = path.join(".");
        let (mut at, mut turn, mut hidden) = (first, false, false);
        for part in rest {
            let inner = &self.view.names.symbol(at).inner;
            let next = match inner {
                Inner::Repeat(_) if !turn => {
                    turn = true;
                    continue;
                }
                Inner::Repeat(labels) => labels.get(*part).copied(),
                Inner::Block(block) => {
                    hidden = true;
                    self.inside_block(*block, part)
                }
                Inner::Layer(_) | Inner::Nothing => None,
            };
            turn = false;
            match next {
                Some(next) => at = next,
                None => return,
            }
        }
        let symbol = self.view.names.symbol(at);
        match &symbol.inner {
            Inner::Repeat(labels) if turn => {
                let mut labels: Vec<_> = labels.values().copied().collect();
                labels.sort_unstable();
                for label in labels {
                    self.label(label, false);
                }
            }
            Inner::Repeat(_) => self.turns(symbol),
            Inner::Block(block) => self.of_block(symbol, *block, hidden),
            Inner::Layer(_) => self.of_layer(at, symbol, hidden.then_some(&path)),
            Inner::Nothing => {}
        }
    }

    /// A label in the body of a block, outside of its repeats.
    fn inside_block(&self, block: SymbolId, name: &str) -> Option<SymbolId> {
        let mut inside = self.view.names.inside(block);
        let found = inside.find(|(_, it)| it.kind == SymbolKind::Label && *it.name == *name);
        found.map(|(id, _)| id)
    }

    fn turns(&mut self, symbol: &Symbol) {
        let mut every = self.item("*", Kind::Member);
        every.detail = Some("every turn".to_owned());
        self.add(every);
        let count = match statement_at(self.view, symbol.whole).map(|it| &it.kind) {
            Some(StatementKind::Repeat(repeat)) => match repeat.count.kind {
                ExprKind::Int(count) => u64::try_from(count).ok(),
                _ => None,
            },
            _ => None,
        };
        let count = count.unwrap_or(1);
        let mut turns: Vec<u64> = (0..count.min(TURNS)).collect();
        if count > TURNS {
            turns.push(count - 1);
        }
        for turn in turns {
            let mut item = self.item(turn.to_string(), Kind::Member);
            item.detail = Some(match turn + 1 == count {
                true => "the last turn".to_owned(),
                false => format!("turn {turn}"),
            });
            self.add(item);
        }
    }

    /// The results of a layer and its stored tensors; these alone where it is inside a block, at
    /// `path`.
    fn of_layer(&mut self, id: SymbolId, symbol: &Symbol, path: Option<&String>) {
        if path.is_none() {
            for (at, name) in result_names(self.view, id).into_iter().enumerate() {
                let mut item = self.item(name, Kind::Member);
                item.detail = self.result(symbol, at + 1);
                self.add(item);
            }
        }
        self.tensors(symbol, path);
    }

    /// The stored tensors of the layer at a label, by the last part of their names. Those inside a
    /// block are the ones of this use, at `path`.
    fn tensors(&mut self, symbol: &Symbol, path: Option<&String>) {
        let Some(body) = self.scope.body else {
            return;
        };
        let found: Vec<&Param> = match path {
            None => params(body, symbol.whole),
            Some(path) => {
                let below = format!("{path}.");
                let all = body.params.iter();
                all.filter(|param| param.name.starts_with(&below)).collect()
            }
        };
        for param in found {
            let name = param.name.rsplit('.').next().unwrap_or(&param.name);
            let mut item = self.item(name, Kind::Member);
            let what = if param.trained { "parameter" } else { "buffer" };
            item.detail = Some(format!("{}, {what}", param.shape));
            item.documentation = Some(format!("`{}`, a stored tensor.", param.name));
            self.add(item);
        }
    }

    fn of_block(&mut self, symbol: &Symbol, block: SymbolId, hidden: bool) {
        if !hidden {
            for (at, output) in outputs(self.view, block).into_iter().enumerate() {
                let known = self.view.names.symbol(output);
                let mut item = self.item(&*known.name, Kind::Member);
                item.detail = self.result(symbol, at);
                item.documentation = known.doc.clone();
                self.add(item);
            }
        }
        let inside: Vec<_> = (self.view.names.inside(block))
            .filter(|(_, it)| it.kind == SymbolKind::Label && it.written)
            .map(|(id, _)| id)
            .collect();
        let Some(body) = (self.view.facts).body(self.view.names.symbol(block).span) else {
            return;
        };
        for id in inside {
            let known = self.view.names.symbol(id);
            if !params(body, known.whole).is_empty() {
                let mut item = self.item(&*known.name, Kind::Member);
                item.detail = Some("its stored tensors".to_owned());
                item.insert = Insert::Plain(format!("{}.", known.name));
                self.add(item);
            }
        }
    }

    /// Compile-time names: `let`s, parameters, counters, then dimension variables.
    pub(super) fn constants(&mut self) {
        let symbols = self.scope.symbols(self.view);
        let constant = |kind| {
            matches!(
                kind,
                SymbolKind::Let | SymbolKind::Parameter | SymbolKind::Counter
            )
        };
        for id in symbols.iter().rev() {
            let symbol = self.view.names.symbol(*id);
            if constant(symbol.kind) {
                let mut item = self.item(&*symbol.name, Kind::Constant);
                item.detail = Some(match self.value(symbol) {
                    Some(value) => format!("= {value}"),
                    None => symbol.kind.describe().to_owned(),
                });
                item.documentation = symbol.doc.clone();
                self.add(item);
            }
        }
        for id in &symbols {
            let symbol = self.view.names.symbol(*id);
            if symbol.kind == SymbolKind::Variable {
                let mut item = self.item(&*symbol.name, Kind::Variable);
                item.detail = Some(symbol.kind.describe().to_owned());
                self.add(item);
            }
        }
    }

    /// The value of a compile-time name, where it is known.
    fn value(&self, symbol: &Symbol) -> Option<String> {
        let body = self.scope.body?;
        let constant = body.constants.iter().find(|it| it.name.span == symbol.span);
        let parameter = body
            .parameters
            .iter()
            .find(|it| it.name.span == symbol.span);
        let value = match (constant, parameter) {
            (Some(constant), _) => Some(&constant.value),
            (_, Some(parameter)) => parameter.value.as_ref(),
            _ => None,
        };
        let text = value.filter(|value| !value.is_poisoned())?.to_string();
        (text != *symbol.name).then_some(text)
    }
}

fn written(ty: &TensorType) -> String {
    match ty.dtype {
        DType::F32 => ty.shape.to_string(),
        dtype => format!("{dtype}{}", ty.shape),
    }
}

/// A label's comment, what it is and where.
fn about(view: &crate::ide::View, symbol: &Symbol) -> String {
    let line = view.line(symbol.span);
    let what = match (&symbol.inner, symbol.kind) {
        (Inner::Layer(name), _) => format!("The result of `{name}`, line {line}."),
        (Inner::Block(block), _) => {
            let name = &view.names.symbol(*block).name;
            format!("What the block `{name}` gives, line {line}.")
        }
        (Inner::Repeat(_), _) => format!("What the last turn gives, line {line}."),
        (Inner::Nothing, SymbolKind::Input) => format!("An input, line {line}."),
        (Inner::Nothing, _) => format!("Line {line}."),
    };
    match &symbol.doc {
        Some(doc) => format!("{doc}\n\n{what}"),
        None => what,
    }
}

/// Whether the letters of `typed`, in lower case, stand in `name` in this order.
fn subsequence(typed: &str, name: &str) -> bool {
    let mut letters = name.chars().map(|letter| letter.to_ascii_lowercase());
    typed
        .chars()
        .all(|wanted| letters.any(|letter| letter == wanted))
}
