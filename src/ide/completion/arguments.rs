//! Inside the parentheses of a layer or of a use of a block.

use super::{Insert, Kind, Menu};
use crate::ide::hover::block::definition;
use crate::ide::hover::{about_argument, choice};
use crate::ide::line::Call;
use crate::layers;
use crate::layers::def::{ArgDef, ArgKind, Default};
use crate::view::reference;

impl Menu<'_, '_> {
    /// The arguments that are left, and what the one at the cursor takes.
    pub(super) fn in_call(&mut self, call: &Call) {
        let name = call.name.text;
        let unit = self.view.unit(self.file);
        let mut blocks = self.view.names.blocks(unit);
        let block = blocks.find(|(known, _)| ***known == *name).map(|it| it.1);
        drop(blocks);
        let Some((current, before)) = call.before.split_last() else {
            return;
        };
        if let Some(block) = block {
            if current.is_none() && !call.nested && !call.begun {
                self.parameters(block, before, &call.after);
            }
            return self.constants();
        }
        let Some(def) = layers::find(name) else {
            return;
        };
        let slots = def.signature().args;
        let named = before.iter().any(Option::is_some);
        let slot = match current {
            Some(given) => slots.iter().find(|slot| slot.name == *given),
            None if named => None,
            None => slots.get(before.len()),
        };
        if !call.begun
            && let Some(slot) = slot
        {
            self.choices(name, slot, current.is_none());
        }
        if current.is_none() && !call.nested && !call.begun {
            let positional = before.iter().take_while(|it| it.is_none()).count();
            for slot in slots.iter().skip(positional) {
                let given = before.contains(&Some(slot.name)) || call.after.contains(&slot.name);
                if !given {
                    self.argument(name, slot);
                }
            }
        }
        if slot.is_none_or(|slot| takes_names(slot.kind))
            && !self.line.rest().trim_start().starts_with('=')
        {
            self.constants();
        }
        if call.nested && slot.is_some_and(|slot| slot.kind == ArgKind::Shape) {
            self.word("_", "_");
        }
    }

    /// The choices of an argument, and `true` and `false`.
    fn choices(&mut self, layer: &str, slot: &ArgDef, positional: bool) {
        let default = reference::default(slot);
        let detail = |name: &str| {
            let of = match positional {
                true => format!("{}, ", slot.name),
                false => String::new(),
            };
            match default.as_deref() == Some(name) {
                true => format!("{of}the default"),
                false => of.trim_end_matches(", ").to_owned(),
            }
        };
        let booleans: &[&str] = match slot.kind {
            ArgKind::Bool | ArgKind::Bias => &["true", "false"],
            _ => &[],
        };
        for name in slot.kind.choices().iter().chain(booleans) {
            let mut item = self.item(*name, Kind::Choice);
            item.detail = Some(detail(name)).filter(|detail| !detail.is_empty());
            item.documentation = Some(match choice(slot.name, name) {
                "" => about_argument(layer, slot),
                meaning => format!("{meaning}."),
            });
            self.add(item);
        }
    }

    /// `kernel=`, with what would be written there.
    fn argument(&mut self, layer: &str, slot: &ArgDef) {
        let mut item = self.item(format!("{}=", slot.name), Kind::Argument);
        item.detail = Some(match (reference::default(slot), slot.default) {
            (Some(default), _) => format!("{default} by default"),
            (None, Default::Absent(_)) => "may be left out".to_owned(),
            (None, _) => "needed".to_owned(),
        });
        item.documentation = Some(about_argument(layer, slot));
        // What follows is kept where the name alone is written anew.
        let rest = self.line.rest().trim_start();
        item.insert = match rest.starts_with('=') {
            true => Insert::Plain(slot.name.to_owned()),
            false => Insert::Snippet(format!("{}={}", slot.name, blank(slot, 1))),
        };
        self.add(item);
    }

    /// The parameters of a block that are left.
    fn parameters(&mut self, block: crate::ide::SymbolId, before: &[Option<&str>], after: &[&str]) {
        let known = self.view.names.symbol(block);
        let Some(definition) = definition(self.view, known.span) else {
            return;
        };
        let positional = before.iter().take_while(|it| it.is_none()).count();
        for parameter in definition.parameters.iter().skip(positional) {
            let name = &*parameter.name.value;
            if before.contains(&Some(name)) || after.contains(&name) {
                continue;
            }
            let mut item = self.item(format!("{name}="), Kind::Argument);
            item.detail = Some(match &parameter.default {
                Some(default) => format!("{} by default", self.view.slice(default.span)),
                None => "needed".to_owned(),
            });
            item.documentation = Some(format!(
                "`{name}`, a parameter of the block `{}`.",
                known.name
            ));
            item.insert = Insert::Plain(format!("{name}="));
            self.add(item);
        }
    }
}

/// Whether compile-time names make sense for a kind of argument.
fn takes_names(kind: ArgKind) -> bool {
    !matches!(kind, ArgKind::Bool | ArgKind::Choice(_) | ArgKind::Order)
}

/// A place to fill in for the value of an argument.
pub(super) fn blank(slot: &ArgDef, number: usize) -> String {
    match slot.kind {
        ArgKind::Padding => format!("${{{number}|same,valid|}}"),
        ArgKind::Choice(names) => {
            let default = reference::default(slot);
            let others = names
                .iter()
                .filter(|name| default.as_deref() != Some(**name));
            let first = names
                .iter()
                .filter(|name| default.as_deref() == Some(**name));
            let names: Vec<&str> = others.chain(first).copied().collect();
            format!("${{{number}|{}|}}", names.join(","))
        }
        // Who names it wants what it is not already.
        ArgKind::Bool | ArgKind::Bias => match slot.default {
            Default::Bool(true) => format!("${{{number}:false}}"),
            _ => format!("${{{number}:true}}"),
        },
        ArgKind::Axis | ArgKind::Axes => format!("${{{number}:-1}}"),
        ArgKind::Shape => format!("[${{{number}:N}}]"),
        ArgKind::Values => format!("${{{number}:[1, 2, 1]}}"),
        ArgKind::Order => format!("${{{number}:0, 2, 1}}"),
        ArgKind::Int { .. }
        | ArgKind::Sizes { .. }
        | ArgKind::Float
        | ArgKind::Index
        | ArgKind::Parts
        | ArgKind::Amounts => match reference::default(slot) {
            Some(default) => format!("${{{number}:{default}}}"),
            None => format!("${{{number}:{}}}", slot.name),
        },
    }
}
