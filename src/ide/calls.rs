//! Which block uses which.

use std::collections::BTreeMap;

use super::navigate::symbol_at;
use super::{Place, SymbolId, SymbolKind, View};
use crate::text::FileId;

/// A block or model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Its name in the text.
    pub place: Place,
    /// The whole of it.
    pub whole: Place,
    /// Its name.
    pub name: String,
    /// Block or model.
    pub kind: SymbolKind,
}

/// A block or model at the other end of a use, with the places of the uses.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The other end.
    pub item: Item,
    /// The layer names that are the uses, in the file of the user.
    pub places: Vec<Place>,
}

/// The block or model named at byte `offset` of `file`.
pub fn prepare(view: &View, file: FileId, offset: usize) -> Option<Item> {
    let occurrence = view.names.at(file, offset)?;
    let symbol = view.names.symbol(occurrence.symbol);
    let fits = matches!(symbol.kind, SymbolKind::Block | SymbolKind::Model);
    fits.then(|| item(view, occurrence.symbol))
}

fn item(view: &View, id: SymbolId) -> Item {
    let symbol = view.names.symbol(id);
    Item {
        place: view.place(symbol.span),
        whole: view.place(symbol.whole),
        name: symbol.name.to_string(),
        kind: symbol.kind,
    }
}

/// Every use of a block in `view`: the user, the used, the place.
fn uses(view: &View) -> Vec<(SymbolId, SymbolId, Place)> {
    let owners: Vec<SymbolId> = (view.names.symbols())
        .filter(|(_, symbol)| symbol.owner.is_none())
        .map(|(id, _)| id)
        .collect();
    let mut found = Vec::new();
    for owner in owners {
        let whole = view.names.symbol(owner).whole;
        for occurrence in view.names.within(whole.file, whole.range()) {
            let used = view.names.symbol(occurrence.symbol);
            if used.kind == SymbolKind::Block && !occurrence.defines {
                found.push((owner, occurrence.symbol, view.place(occurrence.span)));
            }
        }
    }
    found
}

/// The blocks and models of all `views` that use the block defined at `block`.
pub fn incoming(views: &[&View], block: &Place) -> Vec<Call> {
    let mut found: BTreeMap<Item, Vec<Place>> = BTreeMap::new();
    for view in views {
        let Some(wanted) = symbol_at(view, block) else {
            continue;
        };
        for (user, used, place) in uses(view) {
            if used == wanted {
                found.entry(item(view, user)).or_default().push(place);
            }
        }
    }
    calls(found)
}

/// The blocks that the block or model defined at `user` uses.
pub fn outgoing(views: &[&View], user: &Place) -> Vec<Call> {
    let mut found: BTreeMap<Item, Vec<Place>> = BTreeMap::new();
    for view in views {
        let Some(wanted) = symbol_at(view, user) else {
            continue;
        };
        for (user, used, place) in uses(view) {
            if user == wanted {
                found.entry(item(view, used)).or_default().push(place);
            }
        }
    }
    calls(found)
}

fn calls(found: BTreeMap<Item, Vec<Place>>) -> Vec<Call> {
    let found = found.into_iter();
    found
        .map(|(item, mut places)| {
            places.sort();
            places.dedup();
            Call { item, places }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;
    use crate::ide::{Facts, Names};

    #[test]
    fn knows_users_and_used() {
        let (analysis, offset) = program(
            "block A(f) {\n    input x: [N, C]\n    Linear(f)\n    output y\n}\nblock $0B(f) {\n    input x: [N, C]\n    A(f)\n    A(2)\n    output y\n}\nmodel M {\n    input x: [N, 8]\n    B(3)\n    output y\n}\n",
            &[],
        );
        let (names, facts) = (Names::new(&analysis), Facts::new(&analysis));
        let view = View::new(&analysis, &names, &facts);
        let asked = prepare(&view, analysis.files[0].0, offset).unwrap();
        assert_eq!(asked.name, "B");
        let named = |calls: Vec<Call>| -> Vec<(String, usize)> {
            let calls = calls.into_iter();
            calls.map(|c| (c.item.name, c.places.len())).collect()
        };
        let views = [&view];
        assert_eq!(named(incoming(&views, &asked.place)), [("M".into(), 1)]);
        assert_eq!(named(outgoing(&views, &asked.place)), [("A".into(), 2)]);
    }
}
