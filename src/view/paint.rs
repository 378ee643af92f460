//! The colours of everything that is no diagnostic.

use anstyle::{AnsiColor, Style};

/// Headings.
pub const TITLE: Style = Style::new().bold();
/// Names that a person gave or can type.
pub const NAME: Style = AnsiColor::Cyan.on_default();
/// Names that stand out: the winner of a classification, a model.
pub const STRONG: Style = AnsiColor::Cyan.on_default().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// Shapes and numbers.
pub const NUMBER: Style = AnsiColor::Yellow.on_default();
/// What is in order; strings.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What is not.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What may not be.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Words of the language.
pub const KEYWORD: Style = AnsiColor::Magenta.on_default();

/// Whether to colour, as something that colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// `text` in `style`, or as it is without colours.
    pub fn on(self, style: Style, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if self.0 && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}
