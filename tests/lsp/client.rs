//! A client that says what a test tells it to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer may take on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The server's process and what it says.
pub struct Raw {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Value>,
}

impl Raw {
    /// Starts a server.
    pub fn start() -> Raw {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nnc"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command starts");
        let to = child.stdin.take();
        let mut from = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            while let Some(message) = receive(&mut from) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Raw {
            child,
            to,
            from: receiver,
        }
    }

    /// Writes `bytes` as they are; a server that has ended does not read them.
    pub fn write(&mut self, bytes: &[u8]) {
        if let Some(to) = &mut self.to {
            let _ = to.write_all(bytes);
            let _ = to.flush();
        }
    }

    /// Sends one message.
    pub fn send(&mut self, message: Value) {
        self.write(&framed(message));
    }

    /// The next message of the server; `None` when it has ended.
    pub fn next(&mut self) -> Option<Value> {
        match self.from.recv_timeout(PATIENCE) {
            Ok(message) => Some(message),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("the server is silent"),
        }
    }

    /// Closes the server's input.
    pub fn close(&mut self) {
        self.to = None;
    }

    /// Waits for the server's end.
    pub fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a process") {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `message` with its header.
pub fn framed(mut message: Value) -> Vec<u8> {
    message["jsonrpc"] = "2.0".into();
    let text = message.to_string();
    format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
}

fn receive(from: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().ok(),
            _ if line.trim().is_empty() => break,
            _ => panic!("a header `{line}`"),
        }
    }
    let mut bytes = vec![0; length.expect("a length")];
    from.read_exact(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).expect("JSON"))
}

/// A client in conversation with a server. Requests of the server are answered.
pub struct Client {
    pub raw: Raw,
    /// What the server offered.
    pub capabilities: Value,
    /// What `workspace/configuration` is answered with.
    pub settings: Value,
    /// Notifications and requests of the server that nobody has asked for yet.
    pub seen: VecDeque<Value>,
    next: i32,
}

impl Client {
    /// A client without capabilities and without a folder.
    pub fn plain() -> Client {
        Client::start(json!({"capabilities": {}}))
    }

    /// A client that says `params` of itself.
    pub fn start(params: Value) -> Client {
        let mut client = Client::new(params);
        client.notify("initialized", json!({}));
        client
    }

    /// A client that has not said `initialized` yet.
    pub fn new(params: Value) -> Client {
        let mut client = Client {
            raw: Raw::start(),
            capabilities: Value::Null,
            settings: json!({}),
            seen: VecDeque::new(),
            next: 0,
        };
        let answer = client.request("initialize", params);
        client.capabilities = answer["result"]["capabilities"].clone();
        assert!(client.capabilities.is_object(), "{answer}");
        client
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.raw.send(json!({"method": method, "params": params}));
    }

    /// Sends a request and gives its number.
    pub fn ask(&mut self, method: &str, params: Value) -> i32 {
        self.next += 1;
        let id = self.next;
        self.raw
            .send(json!({"id": id, "method": method, "params": params}));
        id
    }

    /// Sends a request and waits for the answer: the whole message.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.answer(id)
    }

    /// The answer to the request with the number `id`.
    pub fn answer(&mut self, id: i32) -> Value {
        self.wait(|it| it["id"] == id && it.get("method").is_none())
    }

    fn next(&mut self) -> Value {
        let message = self.raw.next().expect("the server is there");
        if let (Some(id), Some(method)) = (message.get("id"), message.get("method")) {
            let result = match method.as_str() {
                Some("workspace/configuration") => json!([self.settings]),
                _ => Value::Null,
            };
            self.raw.send(json!({"id": id, "result": result}));
        }
        message
    }

    /// The first message that `test` accepts, among those seen and those to come.
    pub fn wait(&mut self, test: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.seen.iter().position(&test) {
            return self.seen.remove(at).expect("there");
        }
        loop {
            let message = self.next();
            if test(&message) {
                return message;
            }
            self.seen.push_back(message);
        }
    }

    /// The diagnostics of `uri` at `version`.
    pub fn diagnostics(&mut self, uri: &str, version: i32) -> Vec<Value> {
        let message = self.wait(|it| {
            it["method"] == "textDocument/publishDiagnostics"
                && it["params"]["uri"] == uri
                && it["params"]["version"] == version
        });
        list(&message["params"]["diagnostics"])
    }

    /// The next diagnostics of `uri`, whatever their version: the version and they.
    pub fn news(&mut self, uri: &str) -> (Value, Vec<Value>) {
        let message = self.wait(|it| {
            it["method"] == "textDocument/publishDiagnostics" && it["params"]["uri"] == uri
        });
        let params = &message["params"];
        (params["version"].clone(), list(&params["diagnostics"]))
    }

    pub fn open(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({
            "uri": uri, "languageId": "nn", "version": version, "text": text,
        });
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Replaces the whole text.
    pub fn replace(&mut self, uri: &str, version: i32, text: &str) {
        self.change(uri, version, json!([{"text": text}]));
    }

    pub fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({"uri": uri, "version": version});
        let params = json!({"textDocument": document, "contentChanges": changes});
        self.notify("textDocument/didChange", params);
    }

    pub fn close(&mut self, uri: &str) {
        let params = json!({"textDocument": {"uri": uri}});
        self.notify("textDocument/didClose", params);
    }

    /// Ends the conversation as it should be; the server's exit status.
    pub fn finish(mut self) -> Option<i32> {
        let answer = self.request("shutdown", Value::Null);
        assert_eq!(answer["result"], Value::Null, "{answer}");
        assert!(answer.get("error").is_none(), "{answer}");
        self.notify("exit", Value::Null);
        self.raw.end().code()
    }
}

pub fn list(value: &Value) -> Vec<Value> {
    value.as_array().expect("a list").clone()
}

/// The codes of `diagnostics`.
pub fn codes(diagnostics: &[Value]) -> Vec<&str> {
    let codes = diagnostics.iter();
    codes
        .map(|it| it["code"].as_str().expect("a code"))
        .collect()
}

/// The address of the file at `path`, whose name needs no encoding.
pub fn address(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// `line` and `character` as the protocol has them.
pub fn position(line: usize, character: usize) -> Value {
    json!({"line": line, "character": character})
}
