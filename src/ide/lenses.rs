//! What stands above each model: its parameters, its cost, what it needs.

use crate::analysis::Analysis;
use crate::text::{FileId, Name, Span};
use crate::view::number;
use crate::view::summary::Summary;

/// A line above a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
    /// The model's name.
    pub model: Name,
    /// Where its name stands.
    pub span: Span,
    /// `61,706 parameters · 416,520·N MACs · needs h >= 7`.
    pub title: String,
}

/// The lenses of `file`, a model each. What an error hides is left out.
pub fn lenses(analysis: &Analysis, file: FileId) -> Vec<Lens> {
    let models = analysis.program.models.iter();
    models
        .filter(|model| model.file == file)
        .map(|model| {
            let summary = Summary::new(model, &analysis.sources, &analysis.diagnostics);
            Lens {
                model: model.name.clone(),
                span: model.span,
                title: title(&summary, model.has_errors),
            }
        })
        .collect()
}

fn title(summary: &Summary, has_errors: bool) -> String {
    let mut parts = Vec::new();
    if let Some(count) = &summary.parameters {
        let noun = if count.is_const(1) {
            "parameter"
        } else {
            "parameters"
        };
        parts.push(format!("{} {noun}", number::size(count)));
    }
    if let Some(count) = summary.buffers.as_ref().filter(|count| !count.is_const(0)) {
        parts.push(format!("{} buffers", number::size(count)));
    }
    if let Some(macs) = summary.macs.as_ref().filter(|macs| !macs.is_const(0)) {
        parts.push(format!("{} MACs", number::size(macs)));
    }
    if !summary.requirements.is_empty() {
        parts.push(format!("needs {}", summary.requirements.join(", ")));
    }
    if has_errors {
        parts.push("has errors".into());
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ide::testing::program;

    fn titles(text: &str) -> Vec<String> {
        let (analysis, _) = program(text, &[]);
        let found = lenses(&analysis, analysis.files[0].0);
        let found = found.iter();
        found
            .map(|lens| format!("{}: {}", lens.model, lens.title))
            .collect()
    }

    #[test]
    fn tells_of_each_model() {
        let text = "\
block B {
    input x: [N, C]
    fc: Linear(2)
    output y
}
model A {
    input image: [N, h, w, 1]
    conv: Conv(2, kernel=3)
    BatchNorm
    output y
}
model E {
    input x: [N, 3]
    fc: Linear(2)
    Conv(4)
    output y
}
";
        assert_eq!(
            titles(text),
            [
                "A: 24 parameters · 4 buffers · 20·N·h·w - 40·N·h - 40·N·w + 80·N MACs · \
                 needs h >= 3, w >= 3",
                "E: 8 parameters · has errors",
            ]
        );
    }
}
