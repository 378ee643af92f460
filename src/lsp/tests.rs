//! The server over a connection in memory, where it can be seen what one turn of it does.

use lsp_server::{Connection, Message, Notification, Request};
use serde_json::{Value, json};

use super::server::{Ended, run};

const GOOD: &str =
    "model Double {\n    input x: [N, 3]\n    Add(1) from x\n    output y: [N, 3]\n}\n";

/// Sends `messages` to a server all at once, and gives all that it sends back.
fn talk(messages: Vec<Message>) -> (Ended, Vec<Value>) {
    let (client, server) = Connection::memory();
    for message in messages {
        client.sender.send(message).expect("the server listens");
    }
    let ended = run(&server);
    drop(server);
    let answers = client.receiver.iter();
    let answers = answers.map(|message| serde_json::to_value(message).expect("plain data"));
    (ended, answers.collect())
}

fn request(id: i32, method: &str, params: Value) -> Message {
    Request::new(id.into(), method.into(), params).into()
}

fn notice(method: &str, params: Value) -> Message {
    Notification::new(method.into(), params).into()
}

fn open(version: i32, text: &str) -> Message {
    let document =
        json!({"uri": "untitled:a", "languageId": "nn", "version": version, "text": text});
    notice("textDocument/didOpen", json!({"textDocument": document}))
}

fn started(rest: Vec<Message>) -> Vec<Message> {
    let mut all = vec![
        request(0, "initialize", json!({"capabilities": {}})),
        notice("initialized", json!({})),
    ];
    all.extend(rest);
    all
}

fn published(answers: &[Value]) -> Vec<&Value> {
    let published = answers
        .iter()
        .filter(|it| it["method"] == "textDocument/publishDiagnostics");
    published.map(|it| &it["params"]).collect()
}

#[test]
fn a_burst_of_edits_is_one_analysis_of_the_last_text() {
    let mut messages = started(vec![open(1, "")]);
    for version in 2..22 {
        let text = if version == 21 { GOOD } else { "model" };
        messages.push(notice(
            "textDocument/didChange",
            json!({
                "textDocument": {"uri": "untitled:a", "version": version},
                "contentChanges": [{"text": text}],
            }),
        ));
    }
    // The end is seen only when nothing is left to be taken in, which is after the check.
    let (client, server) = Connection::memory();
    for message in messages {
        client.sender.send(message).expect("the server listens");
    }
    let thread = std::thread::spawn(move || run(&server));
    let wait = std::time::Duration::from_secs(20);
    let mut seen = Vec::new();
    while published(&seen).is_empty() {
        let message = client.receiver.recv_timeout(wait).expect("an answer");
        seen.push(serde_json::to_value(message).expect("plain data"));
    }
    drop(client);
    assert_eq!(thread.join().expect("no panic"), Ended::Abruptly);
    let published = published(&seen);
    assert_eq!(published.len(), 1);
    assert_eq!(published[0]["version"], 21);
    assert_eq!(published[0]["diagnostics"], json!([]));
}

#[test]
fn requests_are_cancelled_while_they_wait() {
    let (ended, answers) = talk(started(vec![
        request(1, "nnc/nothing", json!({})),
        request(2, "nnc/nothing", json!({})),
        notice("$/cancelRequest", json!({"id": 1})),
        notice("$/cancelRequest", json!({"id": "unknown"})),
        notice("exit", json!({})),
    ]));
    assert_eq!(ended, Ended::Abruptly);
    let cancelled: Vec<&Value> = answers.iter().filter(|it| it["id"] == 1).collect();
    assert_eq!(cancelled.len(), 1);
    assert_eq!(cancelled[0]["error"]["code"], -32800);
}

#[test]
fn the_conversation_has_an_order() {
    let (ended, answers) = talk(vec![
        request(1, "textDocument/hover", json!({})),
        request(2, "initialize", json!(7)),
        request(3, "initialize", json!({"capabilities": {}})),
        request(4, "initialize", json!({"capabilities": {}})),
        notice("exit", json!({})),
    ]);
    assert_eq!(ended, Ended::Abruptly);
    let codes: Vec<&Value> = answers.iter().map(|it| &it["error"]["code"]).collect();
    assert_eq!(
        codes,
        [&json!(-32002), &json!(-32602), &Value::Null, &json!(-32600)]
    );
    assert_eq!(
        answers[2]["result"]["capabilities"]["positionEncoding"],
        "utf-16"
    );
}

#[test]
fn a_panic_is_answered_and_told() {
    let state = super::state::State::default();
    let result: Option<()> = state.guarded(|| panic!("a test"));
    assert_eq!(result, None);
    assert_eq!(state.log.take(), ["internal error: a test"]);
}
