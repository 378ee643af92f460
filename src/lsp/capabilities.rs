//! What the client can do and wants, and what the server offers.

use lsp_types::{
    CallHierarchyServerCapability, CodeActionKind, CodeActionOptions, CodeLensOptions,
    CompletionOptions, DocumentOnTypeFormattingOptions, FoldingRangeProviderCapability,
    HoverProviderCapability, InitializeResult, OneOf, PositionEncodingKind, RenameOptions,
    SaveOptions, SelectionRangeProviderCapability, SemanticTokensFullOptions,
    SemanticTokensOptions, ServerCapabilities, ServerInfo, SignatureHelpOptions,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use serde_json::Value;

use super::convert::Encoding;
use super::tokens::legend;

/// What the client says of itself.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// How it counts within a line.
    pub encoding: Encoding,
    /// Whether it knows the commands of code lenses (`initializationOptions.commands`).
    pub commands: bool,
    capabilities: Value,
}

impl Client {
    /// What the parameters of `initialize` say.
    pub fn new(params: &Value) -> Client {
        let offered = params.pointer("/capabilities/general/positionEncodings");
        let offered = offered.and_then(Value::as_array).into_iter().flatten();
        let encoding = offered
            .filter_map(|kind| match kind.as_str()? {
                "utf-8" => Some(Encoding::Utf8),
                "utf-16" => Some(Encoding::Utf16),
                _ => None,
            })
            .next();
        Client {
            encoding: encoding.unwrap_or_default(),
            commands: params.pointer("/initializationOptions/commands") == Some(&Value::Bool(true)),
            capabilities: params.get("capabilities").cloned().unwrap_or_default(),
        }
    }

    /// Whether the capability at `pointer` (`/window/workDoneProgress`) is there.
    pub fn has(&self, pointer: &str) -> bool {
        match self.capabilities.pointer(pointer) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(_) => true,
        }
    }
}

/// What the user wants: the section `nnc` of the client's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `inlayHints.shapes`: the shape that each line gives, at its end.
    pub shapes: bool,
    /// `inlayHints.parameterNames`: names before positional arguments.
    pub parameter_names: bool,
    /// `inlayHints.maxLength`: characters that a hint has at most.
    pub max_length: usize,
    /// `codeLens`: parameters and cost above each model.
    pub lenses: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            shapes: true,
            parameter_names: false,
            max_length: 40,
            lenses: true,
        }
    }
}

impl Settings {
    /// Takes what `given` sets: the section `nnc`, or an object that holds it. What is not set
    /// has its default, and so has what is of another type.
    pub fn new(given: &Value) -> Settings {
        let given = given.get("nnc").unwrap_or(given);
        let standard = Settings::default();
        let switch = |pointer: &str, standard: bool| {
            let value = given.pointer(pointer).and_then(Value::as_bool);
            value.unwrap_or(standard)
        };
        Settings {
            shapes: switch("/inlayHints/shapes", standard.shapes),
            parameter_names: switch("/inlayHints/parameterNames", standard.parameter_names),
            max_length: given
                .pointer("/inlayHints/maxLength")
                .and_then(Value::as_u64)
                .map_or(standard.max_length, |length| length.min(1_000) as usize),
            lenses: switch("/codeLens", standard.lenses),
        }
    }
}

/// The answer to `initialize`.
pub fn offer(client: &Client) -> InitializeResult {
    let encoding = match client.encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
    };
    InitializeResult {
        capabilities: ServerCapabilities {
            position_encoding: Some(encoding),
            text_document_sync: Some(TextDocumentSyncCapability::Options(
                TextDocumentSyncOptions {
                    open_close: Some(true),
                    change: Some(TextDocumentSyncKind::INCREMENTAL),
                    save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                        include_text: Some(false),
                    })),
                    ..TextDocumentSyncOptions::default()
                },
            )),
            code_action_provider: Some(
                CodeActionOptions {
                    code_action_kinds: Some(vec![
                        CodeActionKind::QUICKFIX,
                        CodeActionKind::REFACTOR_EXTRACT,
                        CodeActionKind::REFACTOR_INLINE,
                        CodeActionKind::REFACTOR_REWRITE,
                        CodeActionKind::SOURCE_FIX_ALL,
                    ]),
                    ..CodeActionOptions::default()
                }
                .into(),
            ),
            document_formatting_provider: Some(OneOf::Left(true)),
            document_range_formatting_provider: Some(OneOf::Left(true)),
            document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
                first_trigger_character: "\n".into(),
                more_trigger_character: None,
            }),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            completion_provider: Some(CompletionOptions {
                trigger_characters: Some(
                    [".", "(", ",", "=", "[", ":", ">", "\"", " "]
                        .map(String::from)
                        .to_vec(),
                ),
                ..CompletionOptions::default()
            }),
            signature_help_provider: Some(SignatureHelpOptions {
                trigger_characters: Some(["(", ",", "="].map(String::from).to_vec()),
                ..SignatureHelpOptions::default()
            }),
            inlay_hint_provider: Some(OneOf::Left(true)),
            code_lens_provider: Some(CodeLensOptions {
                resolve_provider: Some(false),
            }),
            semantic_tokens_provider: Some(
                SemanticTokensOptions {
                    legend: legend(),
                    range: Some(true),
                    full: Some(SemanticTokensFullOptions::Bool(true)),
                    ..SemanticTokensOptions::default()
                }
                .into(),
            ),
            definition_provider: Some(OneOf::Left(true)),
            references_provider: Some(OneOf::Left(true)),
            document_highlight_provider: Some(OneOf::Left(true)),
            rename_provider: Some(OneOf::Right(RenameOptions {
                prepare_provider: Some(true),
                work_done_progress_options: Default::default(),
            })),
            document_symbol_provider: Some(OneOf::Left(true)),
            workspace_symbol_provider: Some(OneOf::Left(true)),
            folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
            selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
            call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                file_operations: None,
            }),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "nnc".into(),
            version: Some(env!("CARGO_PKG_VERSION").into()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_the_first_encoding_that_it_knows() {
        let with = |kinds: Value| {
            let params = json!({"capabilities": {"general": {"positionEncodings": kinds}}});
            Client::new(&params).encoding
        };
        assert_eq!(with(json!(["utf-32", "utf-8", "utf-16"])), Encoding::Utf8);
        assert_eq!(with(json!(["utf-16", "utf-8"])), Encoding::Utf16);
        assert_eq!(with(json!([])), Encoding::Utf16);
        assert_eq!(with(json!(8)), Encoding::Utf16);
        assert_eq!(Client::new(&Value::Null).encoding, Encoding::Utf16);
    }

    #[test]
    fn settings_have_defaults() {
        let section = json!({"inlayHints": {"shapes": false, "maxLength": 20}, "codeLens": "x"});
        let expected = Settings {
            shapes: false,
            max_length: 20,
            ..Settings::default()
        };
        assert_eq!(Settings::new(&section), expected);
        assert_eq!(Settings::new(&json!({"nnc": section})), expected);
        assert_eq!(Settings::new(&Value::Null), Settings::default());
    }
}
