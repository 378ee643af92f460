//! What the client tells of: texts that open, change and close, files that change on disk.

use std::path::Path;

use lsp_server::Notification;
use lsp_types::notification::{
    DidChangeConfiguration, DidChangeTextDocument, DidChangeWatchedFiles,
    DidChangeWorkspaceFolders, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Initialized, Notification as Kind,
};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidOpenTextDocumentParams, FileChangeType, MessageType,
};
use serde_json::{Value, json};

use super::convert::{name, path};
use super::documents::Document;
use super::loader::read;
use super::server::{Asked, Server};

impl Server<'_> {
    /// Does what follows from `notice`. One that is not known is passed over, as the protocol has
    /// it; one that cannot be read is written to the client's log.
    pub(super) fn notice(&mut self, notice: Notification) {
        match notice.method.as_str() {
            Initialized::METHOD => self.initialized(),
            DidOpenTextDocument::METHOD => self.with(notice, Server::opened),
            DidChangeTextDocument::METHOD => self.with(notice, Server::edited),
            DidCloseTextDocument::METHOD => {
                self.with(
                    notice,
                    |server, params: lsp_types::DidCloseTextDocumentParams| {
                        server.closed(&name(&params.text_document.uri));
                    },
                );
            }
            DidSaveTextDocument::METHOD => {
                self.with(
                    notice,
                    |server, params: lsp_types::DidSaveTextDocumentParams| {
                        server.recheck_readers(&name(&params.text_document.uri));
                    },
                );
            }
            DidChangeConfiguration::METHOD => self.configured(&notice.params),
            DidChangeWatchedFiles::METHOD => self.with(notice, Server::touched),
            DidChangeWorkspaceFolders::METHOD => self.with(notice, Server::folders),
            _ => {}
        }
    }

    fn with<P: serde::de::DeserializeOwned>(
        &mut self,
        notice: Notification,
        act: impl FnOnce(&mut Self, P),
    ) {
        match serde_json::from_value(notice.params) {
            Ok(params) => act(self, params),
            Err(error) => {
                let text = format!("the parameters of {} are wrong: {error}", notice.method);
                self.log(MessageType::ERROR, text);
            }
        }
    }

    fn initialized(&mut self) {
        let pointer = "/workspace/didChangeWatchedFiles/dynamicRegistration";
        if self.state.client.has(pointer) {
            let watchers = ["**/*.nn", "**/*.safetensors", "**/*.txt"]
                .map(|pattern| json!({"globPattern": pattern}));
            let params = json!({"registrations": [{
                "id": "nnc/files",
                "method": DidChangeWatchedFiles::METHOD,
                "registerOptions": {"watchers": watchers},
            }]});
            self.ask("client/registerCapability", params, Asked::Nothing);
        }
        self.ask_settings();
        self.walk_folders();
    }

    fn ask_settings(&mut self) {
        if self.state.client.has("/workspace/configuration") {
            let params = json!({"items": [{"section": "nnc"}]});
            self.ask("workspace/configuration", params, Asked::Settings);
        }
    }

    fn configured(&mut self, params: &Value) {
        match params.get("settings") {
            Some(settings @ Value::Object(_)) => self.set(settings),
            _ => self.ask_settings(),
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let name = name(&item.uri);
        let on_disk = read(Path::new(&name));
        let same = on_disk.is_ok_and(|bytes| bytes == item.text.as_bytes());
        let document = Document::new(item.uri, item.version, item.text);
        if self.state.documents.open(document) == name && same {
            // Nothing is new to those that read it.
            self.outdate(name, true);
        } else {
            self.changed(&name);
            self.recheck_readers(&name);
        }
    }

    fn edited(&mut self, params: DidChangeTextDocumentParams) {
        let name = name(&params.text_document.uri);
        let encoding = self.state.client.encoding;
        let Some(document) = self.state.documents.get_mut(&name) else {
            let text = format!("{name} changes and is not open");
            return self.log(MessageType::WARNING, text);
        };
        document.version = params.text_document.version;
        for change in params.content_changes {
            document.change(change, encoding);
        }
        self.changed(&name);
    }

    fn closed(&mut self, name: &str) {
        self.state.documents.close(name);
        self.stale.retain(|waiting| waiting != name);
        self.changed(name);
        let news = self.told.forget(name);
        self.publish(news);
        let path = Path::new(name);
        if self
            .state
            .folders
            .iter()
            .any(|folder| path.starts_with(folder))
        {
            self.look_again(name);
        }
        self.recheck_readers(name);
    }

    fn touched(&mut self, params: DidChangeWatchedFilesParams) {
        for change in params.changes {
            let name = name(&change.uri);
            if self.state.documents.get(&name).is_some() {
                // The open text counts, whatever is on disk.
                continue;
            }
            self.changed(&name);
            self.recheck_readers(&name);
            if change.typ == FileChangeType::DELETED {
                let news = self.told.forget(&name);
                self.publish(news);
            } else if name.ends_with(".nn") {
                self.look_again(&name);
            }
        }
    }

    fn folders(&mut self, params: DidChangeWorkspaceFoldersParams) {
        for folder in params.event.removed {
            let Some(folder) = path(&folder.uri) else {
                continue;
            };
            self.state.folders.retain(|known| *known != folder);
            for program in self.told.programs() {
                let below = Path::new(&program).starts_with(&folder);
                if below && self.state.documents.get(&program).is_none() {
                    let news = self.told.forget(&program);
                    self.publish(news);
                }
            }
        }
        for folder in params.event.added {
            if let Some(folder) = path(&folder.uri) {
                self.state.folders.push(folder.clone());
                self.walk.folder(folder);
            }
        }
    }
}
