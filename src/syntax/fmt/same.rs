//! Whether two trees are the same but for where they are written. Every field is named, so that one
//! that is added cannot be forgotten.

use crate::syntax::ast::{
    Argument, Body, Definition, Expr, ExprKind, File, From, Import, Item, LayerStatement,
    LayoutItem, Parameter, Path, Repeat, Segment, ShapeExpr, Statement, StatementKind,
};
use crate::syntax::parse::Form;
use crate::text::{Name, Spanned};

/// Whether two files have the same items. Comments are not compared.
pub(super) fn files(a: &File, b: &File) -> bool {
    let File { items, comments: _ } = a;
    items.same(&b.items)
}

/// Whether two pieces say the same.
pub(super) fn forms(a: &Form, b: &Form) -> bool {
    match (a, b) {
        (Form::Layout(a), Form::Layout(b)) => a.same(b),
        (Form::Import(a), Form::Import(b)) => a.same(b),
        (Form::Statement(a), Form::Statement(b)) => a.same(b),
        (Form::Broken(a), Form::Broken(b)) => a.same(b),
        (
            Form::Definition {
                kind,
                name,
                parameters,
            },
            Form::Definition {
                kind: b_kind,
                name: b_name,
                parameters: b_parameters,
            },
        ) => kind == b_kind && name.same(b_name) && parameters.same(b_parameters),
        (
            Form::Repeat {
                label,
                keyword: _,
                count,
                index,
            },
            Form::Repeat {
                label: b_label,
                keyword: _,
                count: b_count,
                index: b_index,
            },
        ) => label.same(b_label) && count.same(b_count) && index.same(b_index),
        _ => false,
    }
}

trait Same {
    fn same(&self, other: &Self) -> bool;
}

impl<T: Same> Same for Vec<T> {
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

impl<T: Same> Same for Option<T> {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Same for Spanned<Name> {
    fn same(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Same for Item {
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Item::Layout(a), Item::Layout(b)) => a.same(b),
            (Item::Import(a), Item::Import(b)) => a.same(b),
            (Item::Definition(a), Item::Definition(b)) => a.same(b),
            (Item::Broken { names, span: _ }, Item::Broken { names: b, span: _ }) => names.same(b),
            _ => false,
        }
    }
}

impl Same for LayoutItem {
    fn same(&self, other: &Self) -> bool {
        let LayoutItem { name, span: _ } = self;
        name.same(&other.name)
    }
}

impl Same for Import {
    fn same(&self, other: &Self) -> bool {
        let Import {
            names,
            path,
            span: _,
        } = self;
        names.same(&other.names) && path.same(&other.path)
    }
}

impl Same for Definition {
    fn same(&self, other: &Self) -> bool {
        let Definition {
            kind,
            doc,
            name,
            parameters,
            body,
            span: _,
        } = self;
        *kind == other.kind
            && *doc == other.doc
            && name.same(&other.name)
            && parameters.same(&other.parameters)
            && body.same(&other.body)
    }
}

impl Same for Parameter {
    fn same(&self, other: &Self) -> bool {
        let Parameter { name, default } = self;
        name.same(&other.name) && default.same(&other.default)
    }
}

impl Same for Body {
    fn same(&self, other: &Self) -> bool {
        let Body {
            statements,
            span: _,
        } = self;
        statements.same(&other.statements)
    }
}

impl Same for Statement {
    fn same(&self, other: &Self) -> bool {
        let Statement { doc, kind, span: _ } = self;
        *doc == other.doc && kind.same(&other.kind)
    }
}

impl Same for StatementKind {
    fn same(&self, other: &Self) -> bool {
        use StatementKind as Kind;
        match (self, other) {
            (
                Kind::Input { name, dtype, shape },
                Kind::Input {
                    name: b_name,
                    dtype: b_dtype,
                    shape: b_shape,
                },
            ) => name.same(b_name) && dtype.same(b_dtype) && shape.same(b_shape),
            (Kind::Layer(a), Kind::Layer(b)) => a.same(b),
            (Kind::Repeat(a), Kind::Repeat(b)) => a.same(b),
            (
                Kind::Reuse {
                    label,
                    target,
                    from,
                    ascription,
                },
                Kind::Reuse {
                    label: b_label,
                    target: b_target,
                    from: b_from,
                    ascription: b_ascription,
                },
            ) => {
                label.same(b_label)
                    && target.same(b_target)
                    && from.same(b_from)
                    && ascription.same(b_ascription)
            }
            (
                Kind::Let { name, value },
                Kind::Let {
                    name: b_name,
                    value: b_value,
                },
            ) => name.same(b_name) && value.same(b_value),
            (
                Kind::Output {
                    name,
                    shape,
                    from,
                    labels,
                },
                Kind::Output {
                    name: b_name,
                    shape: b_shape,
                    from: b_from,
                    labels: b_labels,
                },
            ) => {
                name.same(b_name)
                    && shape.same(b_shape)
                    && from.same(b_from)
                    && labels.same(b_labels)
            }
            (Kind::Weights { path }, Kind::Weights { path: b_path }) => path.same(b_path),
            (Kind::Broken { label }, Kind::Broken { label: b_label }) => label.same(b_label),
            _ => false,
        }
    }
}

impl Same for LayerStatement {
    fn same(&self, other: &Self) -> bool {
        let LayerStatement {
            label,
            layer,
            arguments,
            parentheses,
            from,
            ascription,
        } = self;
        label.same(&other.label)
            && layer.same(&other.layer)
            && arguments.same(&other.arguments)
            && parentheses.is_some() == other.parentheses.is_some()
            && from.same(&other.from)
            && ascription.same(&other.ascription)
    }
}

impl Same for Repeat {
    fn same(&self, other: &Self) -> bool {
        let Repeat {
            label,
            keyword: _,
            count,
            index,
            body,
        } = self;
        label.same(&other.label)
            && count.same(&other.count)
            && index.same(&other.index)
            && body.same(&other.body)
    }
}

impl Same for From {
    fn same(&self, other: &Self) -> bool {
        let From { values, span: _ } = self;
        values.same(&other.values)
    }
}

impl Same for Path {
    fn same(&self, other: &Self) -> bool {
        let Path { segments, span: _ } = self;
        segments.same(&other.segments)
    }
}

impl Same for Segment {
    fn same(&self, other: &Self) -> bool {
        let Segment { kind, span: _ } = self;
        *kind == other.kind
    }
}

impl Same for Argument {
    fn same(&self, other: &Self) -> bool {
        let Argument {
            name,
            value,
            span: _,
        } = self;
        name.same(&other.name) && value.same(&other.value)
    }
}

impl Same for ShapeExpr {
    fn same(&self, other: &Self) -> bool {
        let ShapeExpr { dims, span: _ } = self;
        dims.same(&other.dims)
    }
}

impl Same for Expr {
    fn same(&self, other: &Self) -> bool {
        use ExprKind as Kind;
        let Expr { kind, span: _ } = self;
        match (kind, &other.kind) {
            (Kind::Int(a), Kind::Int(b)) => a == b,
            (Kind::Float(a), Kind::Float(b)) => a.to_bits() == b.to_bits(),
            (Kind::Bool(a), Kind::Bool(b)) => a == b,
            (Kind::Str(a), Kind::Str(b)) | (Kind::Name(a), Kind::Name(b)) => a == b,
            (Kind::Hole, Kind::Hole) | (Kind::Error, Kind::Error) => true,
            (Kind::Negate(a), Kind::Negate(b)) => a.same(b),
            (
                Kind::Binary { op, left, right },
                Kind::Binary {
                    op: b_op,
                    left: b_left,
                    right: b_right,
                },
            ) => op == b_op && left.same(b_left) && right.same(b_right),
            (
                Kind::Call {
                    function,
                    arguments,
                },
                Kind::Call {
                    function: b_function,
                    arguments: b_arguments,
                },
            ) => function.same(b_function) && arguments.same(b_arguments),
            (Kind::Tuple(a), Kind::Tuple(b)) | (Kind::Array(a), Kind::Array(b)) => a.same(b),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;
    use crate::text::FileId;

    fn tree(text: &str) -> File {
        parse(FileId(0), text).0
    }

    #[test]
    fn blanks_say_nothing_and_all_else_does() {
        let base = "layout channels_first
import A from \"a.nn\"
# Doc.
block B(k = 1) {
    input x: i64[N, 2*h]
    # Doc.
    c: Conv(8, kernel=(1, 2)) from x, y.0, z.* -> [N, -1]
    r: repeat 2 as i { ReLU() }
    s: reuse c from x
    let v = [1.5, true, \"s\", _, min(a, b)]
    weights \"w\"
    output o: [N] from c labels \"l\"
}
";
        assert!(files(&tree(base), &tree(&base.replace("    ", "  "))));
        for (from, to) in [
            ("first", "last"),
            ("import A", "import C"),
            ("a.nn", "b.nn"),
            ("# Doc.\nblock", "# Dog.\nblock"),
            ("block", "model"),
            ("B(", "C("),
            ("k = 1", "k"),
            ("k = 1", "k = 2"),
            ("input x", "input y"),
            ("i64", "f32"),
            ("2*h", "2 + h"),
            ("2*h", "h*2"),
            ("    # Doc.", ""),
            ("c: Conv", "d: Conv"),
            ("c: Conv", "Conv"),
            ("Conv", "Conw"),
            ("kernel=(1, 2)", "(1, 2)"),
            ("(1, 2)", "[1, 2]"),
            ("(1, 2)", "(1, 2, 3)"),
            ("y.0", "y.1"),
            ("z.*", "z.q"),
            (" -> [N, -1]", ""),
            ("-1", "1"),
            ("repeat 2", "repeat 3"),
            ("as i ", ""),
            ("ReLU()", "ReLU"),
            ("reuse c", "reuse d"),
            ("1.5", "1.25"),
            ("true", "false"),
            ("\"s\"", "s"),
            ("_,", "u,"),
            ("min", "max"),
            ("\"w\"", "\"v\""),
            ("o: [N]", "o"),
            ("from c labels", "labels"),
            ("\"l\"", "[\"l\"]"),
            ("    let", "    if let"),
            ("    weights \"w\"\n", ""),
        ] {
            let other = base.replacen(from, to, 1);
            assert_ne!(base, other, "{from}");
            assert!(!files(&tree(base), &tree(&other)), "{from} and {to}");
        }
    }
}
