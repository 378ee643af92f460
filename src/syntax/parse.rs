//! One piece of a file to one form of the language: the way from the grammar's rules to the tree.

use pest::Parser;
use pest::error::Error;
use pest::iterators::Pair;

use super::ast::{
    Argument, DefinitionKind, Expr, From, Ident, Import, LayerStatement, LayoutItem, Parameter,
    Path, Segment, SegmentKind, ShapeExpr, StatementKind,
};
use crate::diag::{Diagnostic, foreign, syntax as wording};
use crate::text::{FileId, Name, Span, Spanned};

/// The grammar, compiled.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/nn.pest"]
pub(super) struct Grammar;

/// A piece, understood.
pub(super) enum Form {
    Layout(LayoutItem),
    Import(Import),
    /// The header of a block or model.
    Definition {
        kind: DefinitionKind,
        name: Ident,
        parameters: Vec<Parameter>,
    },
    /// The header of a `repeat`.
    Repeat {
        label: Option<Ident>,
        keyword: Span,
        count: Expr,
        index: Option<Ident>,
    },
    Statement(StatementKind),
    /// A line with a diagnostic, and the names that it seems to bring.
    Broken(Vec<Ident>),
}

/// A text that stands at `base` of `file`, and what was wrong with it although it could be read.
pub(super) struct Reader<'p> {
    pub(super) file: FileId,
    pub(super) base: usize,
    /// The text of the piece. Closing brackets that are missing in the file may follow its `end`.
    pub(super) text: &'p str,
    /// The offset in the file after the last byte that is really there.
    pub(super) end: usize,
    pub(super) faults: Vec<Diagnostic>,
    /// Whether the expression that is read is a dimension.
    pub(super) in_shape: bool,
}

impl<'p> Reader<'p> {
    /// A reader of `text`, of which the file has the bytes up to `end`.
    pub(super) fn new(file: FileId, base: usize, text: &'p str, end: usize) -> Reader<'p> {
        Reader {
            file,
            base,
            text,
            end,
            faults: Vec::new(),
            in_shape: false,
        }
    }

    /// Reads the text by `rule`, which is [`Rule::line`] or [`Rule::header`].
    pub(super) fn form(&mut self, rule: Rule) -> Result<Form, Box<Error<Rule>>> {
        let pairs = Grammar::parse(rule, self.text).map_err(Box::new)?;
        let (mut label, mut form) = (None, None);
        for pair in pairs {
            match pair.as_rule() {
                Rule::EOI => {}
                Rule::label => label = Some(self.label(pair)),
                Rule::slip_end => {
                    let fault = wording::trailing(self.span(&pair), pair.as_str().trim_end());
                    self.faults.push(fault);
                }
                _ => form = Some(self.read_form(label.take(), pair)),
            }
        }
        Ok(form.expect("the grammar puts one form before the end"))
    }

    /// Reads the text as one expression.
    pub(super) fn alone(&mut self) -> Result<Expr, Box<Error<Rule>>> {
        let mut pairs = Grammar::parse(Rule::alone, self.text).map_err(Box::new)?;
        Ok(self.expr(next(&mut pairs)))
    }

    /// Where `pair` stands, without blanks at its end.
    pub(super) fn span(&self, pair: &Pair<Rule>) -> Span {
        let start = pair.as_span().start();
        self.at(start, start + pair.as_str().trim_end().len())
    }

    /// The bytes `start..end` of the text.
    pub(super) fn at(&self, start: usize, end: usize) -> Span {
        let clamp = |offset: usize| (self.base + offset).min(self.end);
        Span::new(self.file, clamp(start), clamp(end))
    }

    pub(super) fn ident(&self, pair: &Pair<Rule>) -> Ident {
        Spanned {
            value: pair.as_str().into(),
            span: self.span(pair),
        }
    }

    fn read_form(&mut self, label: Option<Ident>, pair: Pair<'p, Rule>) -> Form {
        match pair.as_rule() {
            Rule::layout => Form::Layout(LayoutItem {
                span: self.span(&pair),
                name: self.last_name(pair),
            }),
            Rule::import => Form::Import(self.import(pair)),
            Rule::definition => self.definition(pair),
            Rule::repeat => self.repeat(label, pair),
            _ => Form::Statement(self.statement(label, pair)),
        }
    }

    fn statement(&mut self, label: Option<Ident>, pair: Pair<'p, Rule>) -> StatementKind {
        match pair.as_rule() {
            Rule::input => self.input(pair),
            Rule::output => self.output(pair),
            Rule::let_value => self.let_value(pair),
            Rule::weights => {
                let path = pair.into_inner().last().expect("`weights` has a path");
                StatementKind::Weights {
                    path: self.text_of(&path),
                }
            }
            Rule::reuse => self.reuse(label, pair),
            _ => self.layer(label, pair),
        }
    }

    fn last_name(&self, pair: Pair<Rule>) -> Ident {
        let name = pair.into_inner().last().expect("the form ends with a name");
        self.ident(&name)
    }

    fn import(&mut self, pair: Pair<'p, Rule>) -> Import {
        let span = self.span(&pair);
        let mut names = Vec::new();
        let mut path = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => names.push(self.ident(&part)),
                Rule::string | Rule::slip_quotes => path = Some(self.text_of(&part)),
                _ => {}
            }
        }
        Import {
            names,
            path: path.expect("`import` ends with a path"),
            span,
        }
    }

    fn definition(&mut self, pair: Pair<'p, Rule>) -> Form {
        let mut kind = DefinitionKind::Model;
        let mut name = None;
        let mut parameters = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_block => kind = DefinitionKind::Block,
                Rule::name => name = Some(self.ident(&part)),
                Rule::parameters => {
                    for parameter in part.into_inner() {
                        let mut parts = parameter.into_inner();
                        parameters.push(Parameter {
                            name: self.ident(&next(&mut parts)),
                            default: parts.next().map(|value| self.expr(value)),
                        });
                    }
                }
                _ => {}
            }
        }
        Form::Definition {
            kind,
            name: name.expect("a definition has a name"),
            parameters,
        }
    }

    fn repeat(&mut self, label: Option<Ident>, pair: Pair<'p, Rule>) -> Form {
        let (mut keyword, mut count, mut index) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_repeat => keyword = Some(self.span(&part)),
                Rule::expr => count = Some(self.expr(part)),
                Rule::name => index = Some(self.ident(&part)),
                Rule::slip_repeat_tail => {
                    let word = if part.as_str().starts_with("->") {
                        "->"
                    } else {
                        "from"
                    };
                    self.faults
                        .push(wording::repeat_clause(self.span(&part), word));
                }
                _ => {}
            }
        }
        Form::Repeat {
            label,
            keyword: keyword.expect("a repeat has its keyword"),
            count: count.expect("a repeat has a count"),
            index,
        }
    }

    fn input(&mut self, pair: Pair<'p, Rule>) -> StatementKind {
        let (mut name, mut dtype, mut shape): (Option<Ident>, _, _) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.ident(&part)),
                Rule::dtype => dtype = Some(self.ident(&part)),
                Rule::shape => shape = Some(self.shape(part)),
                Rule::slip_no_colon => {
                    let name = name.as_ref().expect("the name stands before the colon");
                    self.faults
                        .push(wording::missing_colon(name.span.after(), &name.value));
                }
                _ => {}
            }
        }
        StatementKind::Input {
            name: name.expect("an input has a name"),
            dtype,
            shape: shape.expect("an input has a shape"),
        }
    }

    fn output(&mut self, pair: Pair<'p, Rule>) -> StatementKind {
        let (mut name, mut shape, mut from, mut labels): (Option<Ident>, _, _, Option<Expr>) =
            (None, None, None, None);
        let whole = self.span(&pair);
        let mut names = whole;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.ident(&part)),
                Rule::slip_no_colon => {
                    let name = name.as_ref().expect("the name stands before the colon");
                    self.faults
                        .push(wording::missing_colon(name.span.after(), &name.value));
                }
                Rule::shape => shape = Some(self.shape(part)),
                Rule::source => from = Some(self.source(part)),
                Rule::labels => {
                    names = self.span(&part);
                    let value = part.into_inner().last().expect("labels have a value");
                    labels = Some(match value.as_rule() {
                        Rule::expr => self.expr(value),
                        _ => self.term(value),
                    });
                }
                Rule::slip_late_source => {
                    let late = self.span(&part);
                    self.faults.push(wording::wrong_order(
                        (names, self.slice(names)),
                        (late, part.as_str().trim_end()),
                        "`labels` comes after `from`",
                    ));
                    from = Some(self.source(next(&mut part.into_inner())));
                }
                Rule::slip_late_shape => {
                    let name = name.as_ref().expect("an output starts with its name");
                    let ascription = next(&mut part.clone().into_inner());
                    let written = next(&mut ascription.into_inner());
                    let text = written.as_str().trim_end().to_owned();
                    let span = self.span(&part);
                    self.faults
                        .push(wording::late_shape(span, name, &text, shape.is_none()));
                    let stated = self.shape(written);
                    shape.get_or_insert(stated);
                }
                _ => {}
            }
        }
        StatementKind::Output {
            name: name.expect("an output has a name"),
            shape,
            from,
            labels,
        }
    }

    fn let_value(&mut self, pair: Pair<'p, Rule>) -> StatementKind {
        let mut parts = pair.into_inner();
        let _keyword = next(&mut parts);
        let name = self.ident(&next(&mut parts));
        let mut value = next(&mut parts);
        if value.as_rule() == Rule::slip_let_colon {
            self.faults
                .push(wording::colon_for_let(self.span(&value), &name.value));
            value = next(&mut parts);
        }
        StatementKind::Let {
            name,
            value: self.expr(value),
        }
    }

    fn reuse(&mut self, label: Option<Ident>, pair: Pair<'p, Rule>) -> StatementKind {
        let (mut target, mut from, mut ascription) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::path => target = Some(self.path(part)),
                Rule::slip_call => {
                    let target: &Path = target.as_ref().expect("the target stands before");
                    let name = format!("reuse {}", self.slice(target.span));
                    from = self.call(&part, target.span, &name);
                }
                Rule::from => from = Some(self.from(part)),
                Rule::ascription => ascription = Some(self.ascription(part)),
                Rule::slip_late_from => from = Some(self.late_from(part, ascription.as_ref())),
                _ => {}
            }
        }
        StatementKind::Reuse {
            label,
            target: target.expect("a reuse has a target"),
            from,
            ascription,
        }
    }

    /// `reuse conv1(x)` or `Conv(8)(x)`: reported, and read as `from x` where that makes sense.
    /// The parentheses follow `target`; `name` is what is called.
    fn call(&mut self, call: &Pair<'p, Rule>, target: Span, name: &str) -> Option<From> {
        let span = self.span(call);
        let text = call.as_str();
        let inner = text[1..text.len() - 1].trim();
        let start = call.as_span().start() + 1 + (text[1..].len() - text[1..].trim_start().len());
        let path = Grammar::parse(Rule::path, inner)
            .ok()
            .and_then(|mut pairs| pairs.next())
            .filter(|path| path.as_str().len() == inner.len());
        let argument = (path.is_some() || inner.is_empty()).then_some(inner);
        let between = Span {
            start: target.end,
            ..span
        };
        self.faults
            .push(wording::called(span, between, name, argument));
        let path = path?;
        let mut reader = Reader::new(self.file, self.base + start, inner, self.end);
        Some(From {
            values: vec![reader.path(path)],
            span,
        })
    }

    fn layer(&mut self, label: Option<Ident>, pair: Pair<'p, Rule>) -> StatementKind {
        let (mut layer, mut from, mut ascription) = (None, None, None);
        let (mut arguments, mut parentheses) = (Vec::new(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kind => layer = Some(self.kind(part)),
                Rule::arguments => {
                    parentheses = Some(self.span(&part));
                    arguments = part.into_inner().map(|part| self.argument(part)).collect();
                }
                Rule::slip_call => {
                    let before: Span = parentheses.expect("the arguments stand before");
                    from = self.call(&part, before, "Layer(…)");
                }
                Rule::from => from = Some(self.from(part)),
                Rule::ascription => ascription = Some(self.ascription(part)),
                Rule::slip_late_from => from = Some(self.late_from(part, ascription.as_ref())),
                _ => {}
            }
        }
        StatementKind::Layer(LayerStatement {
            label,
            layer: layer.expect("a layer has a name"),
            arguments,
            parentheses,
            from,
            ascription,
        })
    }

    /// A layer's name; a module before it is reported.
    fn kind(&mut self, pair: Pair<'p, Rule>) -> Ident {
        let (start, text) = (pair.as_span().start(), pair.as_str());
        let name = pair.into_inner().last().expect("a layer has a name");
        let module = text.len() - name.as_str().len();
        if module > 0 {
            self.faults.push(foreign::module_name(
                self.at(start, start + module),
                &text[..module],
                name.as_str(),
            ));
        }
        self.ident(&name)
    }

    fn label(&mut self, pair: Pair<'p, Rule>) -> Ident {
        let whole = self.span(&pair);
        let mut parts = pair.into_inner().peekable();
        if let Some(own) = parts.next_if(|part| part.as_rule() == Rule::slip_self) {
            let at = self.span(&own);
            let name = self.ident(&next(&mut parts));
            self.faults
                .push(foreign::self_label(at, whole, &name.value));
            return name;
        }
        let name = self.ident(&next(&mut parts));
        if let Some(equals) = parts.next() {
            let at = self.span(&equals);
            let between = Span {
                start: name.span.end,
                ..at
            };
            self.faults
                .push(wording::equals_for_label(at, between, &name.value));
        }
        name
    }

    fn argument(&mut self, pair: Pair<'p, Rule>) -> Argument {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let mut part = next(&mut parts);
        let mut name = None;
        if part.as_rule() == Rule::name {
            let ident = self.ident(&part);
            part = next(&mut parts);
            if part.as_rule() == Rule::slip_colon {
                let at = self.span(&part);
                part = next(&mut parts);
                let between = Span {
                    start: ident.span.end,
                    end: self.span(&part).start,
                    ..at
                };
                self.faults
                    .push(wording::colon_for_argument(at, between, &ident.value));
            }
            name = Some(ident);
        }
        Argument {
            name,
            value: self.expr(part),
            span,
        }
    }

    fn from(&mut self, pair: Pair<'p, Rule>) -> From {
        let span = self.span(&pair);
        let mut values = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::path => values.push(self.path(part)),
                Rule::slip_list => {
                    let list = self.span(&part);
                    let open = Span {
                        end: list.start + 1,
                        ..list
                    };
                    let close = Span {
                        start: list.end - 1,
                        ..list
                    };
                    self.faults.push(wording::bracketed_from(open, close));
                    values.extend(part.into_inner().map(|path| self.path(path)));
                }
                _ => {}
            }
        }
        From { values, span }
    }

    /// A `from` after `->`: reported, and read all the same.
    fn late_from(&mut self, pair: Pair<'p, Rule>, ascription: Option<&ShapeExpr>) -> From {
        let late = self.span(&pair);
        if let Some(shape) = ascription {
            let start = shape.span.start as usize - self.base;
            let arrow = self.text[..start].rfind("->").unwrap_or(start);
            let stated = self.at(arrow, shape.span.end as usize - self.base);
            self.faults.push(wording::wrong_order(
                (stated, self.slice(stated)),
                (late, pair.as_str().trim_end()),
                "`from` comes before `->`",
            ));
        } else {
            self.faults.push(wording::second_from(late));
        }
        self.from(next(&mut pair.into_inner()))
    }

    fn source(&mut self, pair: Pair<'p, Rule>) -> Path {
        let path = pair.into_inner().last().expect("`from` has a value");
        self.path(path)
    }

    fn ascription(&mut self, pair: Pair<'p, Rule>) -> ShapeExpr {
        self.shape(next(&mut pair.into_inner()))
    }

    fn shape(&mut self, pair: Pair<'p, Rule>) -> ShapeExpr {
        let span = self.span(&pair);
        self.in_shape = true;
        let dims = pair.into_inner().map(|dim| self.expr(dim)).collect();
        self.in_shape = false;
        ShapeExpr { dims, span }
    }

    fn path(&mut self, pair: Pair<'p, Rule>) -> Path {
        let span = self.span(&pair);
        let mut segments = Vec::new();
        for part in pair.into_inner() {
            let kind = match part.as_rule() {
                Rule::every => SegmentKind::All,
                // A number that no `u64` holds is no turn of a `repeat`: it stays a name.
                Rule::index => match part.as_str().parse() {
                    Ok(index) => SegmentKind::Index(index),
                    Err(_) => SegmentKind::Name(part.as_str().into()),
                },
                _ => SegmentKind::Name(part.as_str().into()),
            };
            segments.push(Segment {
                kind,
                span: self.span(&part),
            });
        }
        Path { segments, span }
    }

    /// A string, with its escapes resolved.
    fn text_of(&mut self, pair: &Pair<'p, Rule>) -> Spanned<Name> {
        let span = self.span(pair);
        Spanned {
            value: self.string(pair),
            span,
        }
    }

    /// The text of `span`.
    pub(super) fn slice(&self, span: Span) -> &'p str {
        &self.text[span.start as usize - self.base..span.end as usize - self.base]
    }
}

/// The next part, which the grammar promises.
fn next<'p>(parts: &mut impl Iterator<Item = Pair<'p, Rule>>) -> Pair<'p, Rule> {
    parts.next().expect("the grammar promises another part")
}
