//! Time from a keystroke to its diagnostics, and memory after many: `cargo bench --bench lsp`.
//!
//! Drives the command over standard input and output as an editor does.

// A benchmark is there to print.
#![allow(clippy::print_stdout)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

/// A model with `count` layer statements.
fn model(count: usize) -> String {
    let mut text = String::from(
        "block Unit(filters) {\n    input x: [N, H, W, C]\n    conv: Conv(filters, kernel=3, padding=same)\n    ReLU\n    output y\n}\n\nmodel Long {\n    input image: [N, 2*h, 2*w, 16]\n    skip0: Identity\n",
    );
    let mut lines = 1;
    let mut turn = 0;
    while lines + 8 <= count {
        turn += 1;
        let _ = write!(
            text,
            "    conv{turn}: Conv(16, kernel=3, padding=same, bias=false)\n    norm{turn}: BatchNorm\n    ReLU\n    down{turn}: Conv(16, kernel=3, stride=1, padding=1)\n    skip{turn}: Add from down{turn}, skip{}\n    unit{turn}: Unit(16)\n    Dropout(0.1)\n    point{turn}: Conv(16, kernel=1)  -> [N, 2*h, 2*w, 16]\n",
            turn - 1
        );
        lines += 8;
    }
    while lines < count {
        text.push_str("    ReLU\n");
        lines += 1;
    }
    text.push_str("    output y: [N, 2*h, 2*w, 16]\n}\n");
    text
}

struct Client {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    version: i32,
}

impl Client {
    fn start(text: &str) -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nnc"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let to = child.stdin.take().expect("piped");
        let from = BufReader::new(child.stdout.take().expect("piped"));
        let mut client = Client {
            child,
            to,
            from,
            version: 1,
        };
        client.send(json!({"id": 0, "method": "initialize", "params": {"capabilities": {}}}));
        client.send(json!({"method": "initialized", "params": {}}));
        client.send(
            json!({"method": "textDocument/didOpen", "params": {"textDocument": {
                "uri": "untitled:long", "languageId": "nn", "version": 1, "text": text,
            }}}),
        );
        client.wait();
        client
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.to.flush().expect("the server reads");
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).expect("the server writes");
            match line.trim().split_once(": ") {
                Some((_, value)) => length = value.parse().expect("a length"),
                None if line.trim().is_empty() && !line.is_empty() => break,
                None => panic!("the server ended: {line:?}"),
            }
        }
        let mut bytes = vec![0; length];
        self.from.read_exact(&mut bytes).expect("the server writes");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Waits for the diagnostics of the last version.
    fn wait(&mut self) {
        loop {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["version"] == self.version
            {
                return;
            }
        }
    }

    /// Types one character, or takes it back.
    fn key(&mut self, line: usize) {
        let turn = self.version % 2 == 1;
        self.version += 1;
        let (end, text) = if turn { (14, "x") } else { (15, "") };
        self.send(json!({"method": "textDocument/didChange", "params": {
            "textDocument": {"uri": "untitled:long", "version": self.version},
            "contentChanges": [{
                "range": {
                    "start": {"line": line, "character": 14},
                    "end": {"line": line, "character": end},
                },
                "text": text,
            }],
        }}));
    }

    /// Memory that the server holds, in MB; `None` where the system does not say.
    fn memory(&self) -> Option<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes / 1024.0)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() {
    println!(
        "{:>8}  {:>10}  {:>9}  {:>9}  {:>9}",
        "lines", "keystrokes", "median ms", "p95 ms", "max ms"
    );
    for count in [1_000, 10_000] {
        let text = model(count);
        // The argument of a `Conv` in the middle, so that all that follows depends on it.
        let half = text.lines().count() / 2;
        let mut lines = text.lines().enumerate().skip(half);
        let (line, _) = lines
            .find(|(_, line)| line.trim_start().starts_with("conv"))
            .expect("a convolution");
        let mut client = Client::start(&text);
        let mut times: Vec<f64> = (0..220)
            .map(|_| {
                let start = Instant::now();
                client.key(line);
                client.wait();
                start.elapsed().as_secs_f64() * 1e3
            })
            .skip(20)
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{count:>8}  {:>10}  {:>9.1}  {:>9.1}  {:>9.1}",
            times.len(),
            times[times.len() / 2],
            times[times.len() * 95 / 100],
            times[times.len() - 1]
        );
    }
    let mut client = Client::start(&model(1_000));
    println!("\n{:>8}  {:>9}", "edits", "MB");
    let mut edits = 0;
    for target in [100, 1_000, 10_000] {
        while edits < target {
            client.key(500);
            client.wait();
            edits += 1;
        }
        println!("{target:>8}  {:>9.1}", client.memory().unwrap_or(f64::NAN));
    }
}
