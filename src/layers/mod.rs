//! The layers: one file each, one line each in the registry.

pub mod args;
pub mod def;
pub mod error;
pub mod kernel;
pub mod value;

mod linear;
mod rules;

use def::LayerDef;

/// Every layer of the language, in the order of the reference.
pub static REGISTRY: &[&dyn LayerDef] = &[&linear::Linear];

/// The layer called `name`, exactly.
pub fn find(name: &str) -> Option<&'static dyn LayerDef> {
    REGISTRY.iter().copied().find(|layer| layer.name() == name)
}

/// The layer that another framework calls `name` (`Dense`, `Conv2D`, `BatchNorm2d`), with the
/// frameworks that do.
pub fn find_elsewhere(name: &str) -> Option<(&'static dyn LayerDef, Vec<&'static str>)> {
    REGISTRY.iter().copied().find_map(|layer| {
        let frameworks: Vec<_> = layer
            .doc()
            .elsewhere
            .iter()
            .filter(|(_, other)| other.rsplit('.').next() == Some(name))
            .map(|(framework, _)| *framework)
            .collect();
        (!frameworks.is_empty()).then_some((layer, frameworks))
    })
}
