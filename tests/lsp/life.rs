//! From the first request to the exit status.

use serde_json::{Value, json};

use crate::client::{Client, Raw};

#[test]
fn ends_as_the_protocol_has_it() {
    assert_eq!(Client::plain().finish(), Some(0));

    let mut abrupt = Client::plain();
    abrupt.notify("exit", Value::Null);
    assert_eq!(abrupt.raw.end().code(), Some(1));

    let mut early = Raw::start();
    early.send(json!({"method": "exit"}));
    assert_eq!(early.end().code(), Some(1));

    let mut left = Client::plain();
    left.raw.close();
    assert_eq!(left.raw.end().code(), Some(1));

    let mut shut = Client::plain();
    shut.request("shutdown", Value::Null);
    let refused = shut.request("textDocument/inlayHint", json!({}));
    assert_eq!(refused["error"]["code"], -32600);
    shut.raw.close();
    assert_eq!(shut.raw.end().code(), Some(0));
}

#[test]
fn ends_when_its_client_is_gone() {
    // The process that is named as the client ends, and the server's input stays open.
    let mut other = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    let client = Client::start(json!({"capabilities": {}, "processId": other.id()}));
    other.kill().unwrap();
    other.wait().unwrap();
    let mut client = client;
    if std::path::Path::new("/proc/self").exists() {
        assert_eq!(client.raw.end().code(), Some(1));
    }
}

#[test]
fn refuses_what_it_does_not_know() {
    let mut client = Client::plain();
    let unknown = client.request("textDocument/moniker", json!({}));
    assert_eq!(unknown["error"]["code"], -32601);
    let wrong = client.request("textDocument/inlayHint", json!({"textDocument": 3}));
    assert_eq!(wrong["error"]["code"], -32602);
    let missing = client.request("textDocument/codeLens", Value::Null);
    assert_eq!(missing["error"]["code"], -32602);
    client.notify("$/setTrace", json!({"value": "off"}));
    client.notify("nnc/unknown", json!([1, 2]));
    client.notify("textDocument/didOpen", json!({"textDocument": 3}));
    let log = client.wait(|it| it["method"] == "window/logMessage");
    assert_eq!(log["params"]["type"], 1, "{log}");
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn negotiates_how_to_count() {
    let with = |kinds: Value| {
        let params = json!({"capabilities": {"general": {"positionEncodings": kinds}}});
        Client::start(params).capabilities["positionEncoding"].clone()
    };
    assert_eq!(with(json!(["utf-8", "utf-16"])), "utf-8");
    assert_eq!(with(json!(["utf-32", "utf-16"])), "utf-16");
    assert_eq!(Client::plain().capabilities["positionEncoding"], "utf-16");
}

#[test]
fn a_cancelled_request_is_answered_once() {
    let mut client = Client::plain();
    // A long analysis, so that what follows waits in the queue.
    let body = "    ReLU\n".repeat(3_000);
    let text = format!("model M {{\n    input x: [N, 3]\n{body}    output y\n}}\n");
    client.open("untitled:a", 1, &text);
    let document = json!({"textDocument": {"uri": "untitled:a"}});
    let first = client.ask("textDocument/codeLens", document.clone());
    let second = client.ask("textDocument/codeLens", document.clone());
    client.notify("$/cancelRequest", json!({"id": second}));
    let first = client.answer(first);
    let second = client.answer(second);
    assert!(first["result"].is_array(), "{first}");
    let cancelled = second["error"]["code"] == -32800;
    assert!(cancelled || second["result"].is_array(), "{second}");
    assert_eq!(client.finish(), Some(0));
}
