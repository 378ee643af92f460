//! `nnc layers`: the reference of the layers.

use super::failure::{Failure, Status};
use super::ui::Ui;
use crate::diag::suggest;
use crate::layers::def::{Group, LayerDef};
use crate::layers::{REGISTRY, find, find_elsewhere};
use crate::view::paint::DIM;
use crate::view::reference::terminal;

/// List the layers, or explain one: an example, shapes, formula, parameters, arguments
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  nnc layers             every layer in a line
  nnc layers Conv        all about `Conv`
  nnc layers pooling     the layers of a group
  nnc layers Conv2d      what another framework calls it works too")]
pub struct Args {
    /// The layer, in any framework's words, or a group of layers
    name: Option<String>,
}

/// Prints the list, or the page of one layer.
pub fn run(args: &Args, ui: &Ui) -> Result<Status, Failure> {
    let text = match &args.name {
        None => terminal::list(Group::ALL, ui.prose, ui.out),
        Some(name) if group(name).is_some() => {
            terminal::list(group(name).as_slice(), ui.prose, ui.out)
        }
        Some(name) => {
            let (layer, elsewhere) = lookup(name)?;
            let mut text = String::new();
            if let Some(frameworks) = elsewhere {
                let line = format!("{} calls it `{name}`; here it is", frameworks.join(" and "));
                text += &format!("{}\n\n", ui.out.on(DIM, line));
            }
            text + &terminal::page(layer, ui.prose, ui.out)
        }
    };
    ui.print(&text)?;
    Ok(Status::Fine)
}

/// The group called `name`, unless a layer is.
fn group(name: &str) -> Option<Group> {
    let mut groups = Group::ALL.iter().copied();
    let group = groups.find(|group| group.title().eq_ignore_ascii_case(name))?;
    find(name).is_none().then_some(group)
}

type Found = (&'static dyn LayerDef, Option<Vec<&'static str>>);

/// The layer that `name` means, and the frameworks that call it so.
fn lookup(name: &str) -> Result<Found, Failure> {
    let bare = name.rsplit('.').next().unwrap_or(name);
    if let Some(layer) = find(name) {
        return Ok((layer, None));
    }
    if let Some(layer) = REGISTRY
        .iter()
        .find(|layer| layer.name().eq_ignore_ascii_case(name))
    {
        return Ok((*layer, None));
    }
    if let Some((layer, frameworks)) = find_elsewhere(bare) {
        return Ok((layer, Some(frameworks)));
    }
    let failure = Failure::usage(format!("there is no layer `{name}`"));
    let others = REGISTRY.iter().flat_map(|layer| {
        layer
            .doc()
            .elsewhere
            .iter()
            .map(|(_, other)| other.rsplit('.').next().unwrap_or(other))
    });
    let known = REGISTRY.iter().map(|layer| layer.name()).chain(others);
    Err(match suggest::closest(bare, known) {
        Some(near) => failure.help(format!("did you mean `{near}`? `nnc layers` lists all")),
        None => failure.help("`nnc layers` lists all"),
    })
}
