//! Diagnostics as the protocol has them, and what of them the client has been told.

use std::collections::{BTreeSet, HashMap, HashSet};

use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, NumberOrString,
    PublishDiagnosticsParams,
};
use serde_json::{Value, json};

use super::state::{Checked, State};
use crate::diag::{self, Code, Severity};

/// The diagnostics of `checked` by the names of the files that they are in.
pub fn by_file(checked: &Checked, state: &State) -> HashMap<String, Vec<Diagnostic>> {
    let mut found: HashMap<String, Vec<Diagnostic>> = HashMap::new();
    for diagnostic in &checked.analysis.diagnostics {
        let file = diagnostic.primary.span.file;
        let name = checked.analysis.sources.file(file).name.clone();
        let diagnostic = convert(diagnostic, checked, state);
        found.entry(name).or_default().push(diagnostic);
    }
    found
}

/// One diagnostic. Its fixes are its `data`, so that the client can give them back.
pub fn convert(diagnostic: &diag::Diagnostic, checked: &Checked, state: &State) -> Diagnostic {
    let related: Vec<_> = diagnostic
        .labels
        .iter()
        .filter(|label| !label.message.is_empty())
        .map(|label| DiagnosticRelatedInformation {
            location: state.location(checked, label.span),
            message: label.message.clone(),
        })
        .collect();
    let related = Some(related).filter(|related| {
        !related.is_empty()
            && state
                .client
                .has("/textDocument/publishDiagnostics/relatedInformation")
    });
    let unnecessary = matches!(diagnostic.code, Code::W0102 | Code::W0105);
    Diagnostic {
        range: checked.range(diagnostic.primary.span),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.code.name().into())),
        code_description: None,
        source: Some("nnc".into()),
        message: message(diagnostic),
        related_information: related,
        tags: unnecessary.then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: fixes(diagnostic, checked, state),
    }
}

/// What is wrong, what is said at its place, the notes: a line each.
fn message(diagnostic: &diag::Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    let here = Some(&diagnostic.primary.message).filter(|here| !here.is_empty());
    for line in here.into_iter().chain(&diagnostic.notes) {
        text.push('\n');
        text += line;
    }
    text
}

/// `{"fixes": [{"title", "edits": [{"uri", "range", "newText"}]}]}`, where there are any.
fn fixes(diagnostic: &diag::Diagnostic, checked: &Checked, state: &State) -> Option<Value> {
    if diagnostic.fixes.is_empty() {
        return None;
    }
    let fixes = diagnostic.fixes.iter().map(|fix| {
        let edits = fix.edits.iter().map(|edit| {
            let place = state.location(checked, edit.span);
            json!({"uri": place.uri, "range": place.range, "newText": edit.text})
        });
        json!({"title": fix.title, "edits": edits.collect::<Vec<_>>()})
    });
    Some(json!({"fixes": fixes.collect::<Vec<_>>()}))
}

/// What was found in the last check of one program.
#[derive(Debug)]
struct Program {
    /// Its diagnostics, by the names of the files that they are in.
    found: HashMap<String, Vec<Diagnostic>>,
    /// The files that it reads.
    reads: HashSet<String>,
}

/// What was found in the last check of each program, and what the client shows of it.
#[derive(Debug, Default)]
pub struct Told {
    programs: HashMap<String, Program>,
    /// By file: what the client was sent last, and for which version.
    shown: HashMap<String, (Option<i32>, Vec<Diagnostic>)>,
}

impl Told {
    /// Takes what was found in `checked`. Gives the files of which there may be news.
    pub fn take(&mut self, checked: &Checked, state: &State) -> BTreeSet<String> {
        let found = by_file(checked, state);
        let mut news: BTreeSet<String> = found.keys().cloned().collect();
        news.insert(checked.name.clone());
        let program = Program {
            found,
            reads: checked.reads.clone(),
        };
        if let Some(before) = self.programs.insert(checked.name.clone(), program) {
            news.extend(before.found.into_keys());
        }
        news
    }

    /// Forgets the program `name`. Gives the files of which there may be news.
    pub fn forget(&mut self, name: &str) -> BTreeSet<String> {
        let before = self.programs.remove(name);
        let before = before.into_iter().flat_map(|it| it.found.into_keys());
        before.chain([name.to_owned()]).collect()
    }

    /// Forgets what programs that are not open say of the file `name`, whose text is another now.
    pub fn outdate(&mut self, name: &str, state: &State) {
        for (program, told) in &mut self.programs {
            if program != name && state.documents.get(program).is_none() {
                told.found.remove(name);
            }
        }
    }

    /// The programs that read the file `name`, in order.
    pub fn readers(&self, name: &str) -> Vec<String> {
        let readers = self.programs.iter();
        let readers = readers.filter(|(_, told)| told.reads.contains(name));
        let mut readers: Vec<String> = readers.map(|(program, _)| program.clone()).collect();
        readers.sort();
        readers
    }

    /// The programs that are known, in order.
    pub fn programs(&self) -> Vec<String> {
        let mut names: Vec<String> = self.programs.keys().cloned().collect();
        names.sort();
        names
    }

    /// What is to be sent of the file `name`; `None` where the client shows that already.
    pub fn publish(&mut self, name: &str, state: &State) -> Option<PublishDiagnosticsParams> {
        let mut found: Vec<&Diagnostic> = self
            .programs
            .values()
            .filter_map(|program| program.found.get(name))
            .flatten()
            .collect();
        let key = |it: &&Diagnostic| (it.range.start, it.range.end, code(it).to_owned());
        found.sort_by(|a, b| (key(a), &a.message).cmp(&(key(b), &b.message)));
        found.dedup_by(|a, b| key(a) == key(b) && a.message == b.message);
        let found: Vec<Diagnostic> = found.into_iter().cloned().collect();
        let version = state.documents.get(name).map(|document| document.version);
        let news = match self.shown.get(name) {
            Some((shown_version, shown)) => *shown_version != version || *shown != found,
            None => version.is_some() || !found.is_empty(),
        };
        if !news {
            return None;
        }
        if version.is_none() && found.is_empty() {
            self.shown.remove(name);
        } else {
            let shown = (version, found.clone());
            self.shown.insert(name.to_owned(), shown);
        }
        Some(PublishDiagnosticsParams::new(
            state.uri(name),
            found,
            version,
        ))
    }
}

fn code(diagnostic: &Diagnostic) -> &str {
    match &diagnostic.code {
        Some(NumberOrString::String(code)) => code,
        _ => "",
    }
}
