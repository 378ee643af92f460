//! Code lenses: a line above each model.

use lsp_types::{CodeLens, CodeLensParams, Command};
use serde_json::json;

use super::dispatch::Answer;
use super::state::State;
use crate::ide;

/// The commands that a client may know, with their titles.
const COMMANDS: [(&str, &str); 3] = [
    ("nnc.run", "run"),
    ("nnc.trace", "trace"),
    ("nnc.summary", "summary"),
];

/// `textDocument/codeLens`
pub fn lenses(state: &State, params: CodeLensParams) -> Answer<Option<Vec<CodeLens>>> {
    let Some(checked) = state.program(&params.text_document) else {
        return Ok(None);
    };
    if !state.settings.lenses {
        return Ok(Some(Vec::new()));
    }
    let mut found = Vec::new();
    for lens in ide::lenses(&checked.analysis, checked.file()) {
        let range = checked.range(lens.span);
        let lens_of = |title: String, command: &str, arguments| CodeLens {
            range,
            command: Some(Command::new(title, command.into(), arguments)),
            data: None,
        };
        // An empty command is a title and no more.
        found.push(lens_of(lens.title, "", None));
        if state.client.commands {
            for (command, title) in COMMANDS {
                let uri = &params.text_document.uri;
                let arguments = vec![json!({"uri": uri, "model": &*lens.model})];
                found.push(lens_of(title.into(), command, Some(arguments)));
            }
        }
    }
    Ok(Some(found))
}
