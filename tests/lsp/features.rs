//! What is shown beside a text.

use serde_json::{Value, json};

use crate::client::{Client, list, position};

fn everything(uri: &str) -> Value {
    let range = json!({"start": position(0, 0), "end": position(1_000, 0)});
    json!({"textDocument": {"uri": uri}, "range": range})
}

fn lenet() -> String {
    std::fs::read_to_string(crate::root().join("examples/lenet5.nn")).unwrap()
}

fn labels(client: &mut Client, uri: &str) -> Vec<String> {
    let answer = client.request("textDocument/inlayHint", everything(uri));
    let hints = list(&answer["result"]);
    let labels = hints.iter().map(|hint| hint["label"].as_str().unwrap());
    labels.map(str::to_owned).collect()
}

#[test]
fn hints_tell_shapes() {
    let mut client = Client::plain();
    let text = lenet();
    client.open("untitled:a", 1, &text);
    let answer = client.request("textDocument/inlayHint", everything("untitled:a"));
    let hints = list(&answer["result"]);
    let (line, content) = (text.lines().enumerate())
        .find(|(_, line)| line.contains("conv1:"))
        .unwrap();
    let conv1 = hints
        .iter()
        .find(|it| it["position"]["line"] == line)
        .unwrap();
    assert_eq!(conv1["label"], " → [N, 28, 28, 6]");
    assert_eq!(conv1["kind"], 1);
    let end = content
        .split('#')
        .next()
        .unwrap()
        .trim_end()
        .chars()
        .count();
    assert_eq!(conv1["position"]["character"], end);
    // Only what is asked for.
    let range = json!({"start": position(line, 0), "end": position(line, 200)});
    let params = json!({"textDocument": {"uri": "untitled:a"}, "range": range});
    let some = client.request("textDocument/inlayHint", params);
    assert_eq!(list(&some["result"]).len(), 1);
    // An error takes away its own hint, and no other.
    let broken = text.replacen("    ReLU\n", "    ReLU((\n", 1);
    client.replace("untitled:a", 2, &broken);
    let answer = client.request("textDocument/inlayHint", everything("untitled:a"));
    let after = list(&answer["result"]);
    assert!(after.iter().any(|it| it["position"]["line"] == line));
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn settings_are_asked_for_and_followed() {
    let capabilities = json!({"workspace": {
        "configuration": true, "inlayHint": {"refreshSupport": true},
    }});
    let mut client = Client::new(json!({
        "capabilities": capabilities,
        "initializationOptions": {"inlayHints": {"parameterNames": true}},
    }));
    client.settings = json!({"inlayHints": {"maxLength": 12}});
    client.open("untitled:a", 1, &lenet());
    let before = labels(&mut client, "untitled:a");
    assert!(before.contains(&"filters=".to_owned()));
    assert!(before.contains(&" → [N, 28, 28, 6]".to_owned()));
    client.notify("initialized", json!({}));
    client.wait(|it| it["method"] == "workspace/inlayHint/refresh");
    let after = labels(&mut client, "untitled:a");
    assert!(after.contains(&" → [N, …, 6]".to_owned()), "{after:?}");
    assert!(!after.contains(&"filters=".to_owned()));
    let settings = json!({"settings": {"nnc": {"inlayHints": {"shapes": false}}}});
    client.notify("workspace/didChangeConfiguration", settings);
    assert!(labels(&mut client, "untitled:a").is_empty());
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn lenses_stand_above_models() {
    let uri = crate::client::address(&crate::root().join("examples/lenet5.nn"));
    let document = json!({"textDocument": {"uri": uri}});
    let titles = |client: &mut Client| -> Vec<(String, String)> {
        let answer = client.request("textDocument/codeLens", document.clone());
        let lenses = list(&answer["result"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let titles = lenses.iter().map(|lens| {
            let command = &lens["command"];
            (text(&command["title"]), text(&command["command"]))
        });
        titles.collect()
    };
    let mut plain = Client::plain();
    plain.open(&uri, 1, &lenet());
    let counts = "61,706 parameters · 416,520·N MACs".to_owned();
    assert_eq!(titles(&mut plain), [(counts, String::new())]);

    let mut client = Client::start(json!({
        "capabilities": {}, "initializationOptions": {"commands": true},
    }));
    client.open(&uri, 1, &lenet());
    let commands: Vec<String> = titles(&mut client).into_iter().map(|(_, it)| it).collect();
    assert_eq!(commands, ["", "nnc.run", "nnc.trace", "nnc.summary"]);
    let off = json!({"settings": {"nnc": {"codeLens": false}}});
    client.notify("workspace/didChangeConfiguration", off);
    assert!(titles(&mut client).is_empty());
}

/// The tokens of an answer as `line:start+length kind`, with the legend's names.
fn decoded(client: &Client, data: &Value) -> Vec<(u64, u64, u64, String)> {
    let legend = &client.capabilities["semanticTokensProvider"]["legend"]["tokenTypes"];
    let numbers: Vec<u64> = list(data).iter().map(|it| it.as_u64().unwrap()).collect();
    let (mut line, mut start) = (0, 0);
    let tokens = numbers.chunks(5).map(|token| {
        if token[0] > 0 {
            start = 0;
        }
        line += token[0];
        start += token[1];
        let kind = legend[token[3] as usize].as_str().unwrap();
        (line, start, token[2], kind.to_owned())
    });
    tokens.collect()
}

#[test]
fn tokens_are_counted_in_units() {
    let text = "# 😀 가\nmodel M {\n    weights \"😀.safetensors\" # b\n    input x: [N, 3]\n    Add(1) from x\n    output y\n}\n";
    let mut client = Client::plain();
    client.open("untitled:a", 1, text);
    let document = json!({"textDocument": {"uri": "untitled:a"}});
    let answer = client.request("textDocument/semanticTokens/full", document);
    let tokens = decoded(&client, &answer["result"]["data"]);
    let token = |line, start, length, kind: &str| (line, start, length, kind.to_owned());
    for expected in [
        token(0, 0, 6, "comment"),
        token(1, 0, 5, "keyword"),
        token(1, 6, 1, "class"),
        token(2, 12, 16, "string"),
        token(2, 29, 3, "comment"),
        token(3, 14, 1, "typeParameter"),
        token(4, 4, 3, "function"),
        token(4, 16, 1, "variable"),
    ] {
        assert!(tokens.contains(&expected), "{expected:?} in {tokens:?}");
    }
    let range = json!({"start": position(4, 0), "end": position(4, 7)});
    let params = json!({"textDocument": {"uri": "untitled:a"}, "range": range});
    let answer = client.request("textDocument/semanticTokens/range", params);
    let some = decoded(&client, &answer["result"]["data"]);
    assert_eq!(some, [token(4, 4, 3, "function")]);
    assert_eq!(client.finish(), Some(0));
}

/// `text` with the edits of an answer made.
fn edited(text: &str, edits: &Value) -> String {
    let mut edits = list(edits);
    edits.sort_by_key(|it| it["range"]["start"]["line"].as_u64().unwrap());
    let at = |place: &Value| {
        let line = place["line"].as_u64().unwrap() as usize;
        assert_eq!(place["character"], 0, "whole lines");
        let lines = text.split_inclusive('\n');
        lines.take(line).map(str::len).sum::<usize>()
    };
    let mut out = text.to_owned();
    for edit in edits.iter().rev() {
        let (start, end) = (at(&edit["range"]["start"]), at(&edit["range"]["end"]));
        out.replace_range(start..end, edit["newText"].as_str().unwrap());
    }
    out
}

#[test]
fn texts_are_laid_out() {
    let text =
        "model M{\ninput   x:[N,3]\n  # 😀\n  fc:Linear( 4 )\n    Broken((\n ReLU\noutput y\n}\n";
    let mut client = Client::plain();
    client.open("untitled:a", 1, text);
    let options = json!({"tabSize": 2, "insertSpaces": true});
    let document = json!({"uri": "untitled:a"});
    let params = json!({"textDocument": document, "options": options});
    let answer = client.request("textDocument/formatting", params.clone());
    let whole = edited(text, &answer["result"]);
    assert_eq!(whole, nnc::syntax::fmt::format(text));
    assert!(
        whole.contains("\n    fc: Linear(4)\n    Broken((\n    ReLU\n"),
        "{whole}"
    );

    let mut some = params.clone();
    some["range"] = json!({"start": position(5, 0), "end": position(6, 0)});
    let answer = client.request("textDocument/rangeFormatting", some);
    let after = edited(text, &answer["result"]);
    assert_eq!(after, text.replace("\n ReLU\n", "\n    ReLU\n"));

    // A line is laid out when it is left; the new one stays.
    let typed = text.replace("fc:Linear( 4 )\n", "fc:Linear( 4 )\n  \n");
    client.replace("untitled:a", 2, &typed);
    let mut left = params;
    left["position"] = position(4, 2);
    left["ch"] = "\n".into();
    let answer = client.request("textDocument/onTypeFormatting", left);
    let after = edited(&typed, &answer["result"]);
    assert_eq!(
        after,
        typed.replace("  fc:Linear( 4 )", "    fc: Linear(4)")
    );

    client.replace("untitled:a", 3, &whole);
    let params = json!({"textDocument": document, "options": options});
    let answer = client.request("textDocument/formatting", params);
    assert_eq!(answer["result"], json!([]), "it is laid out");
    assert_eq!(client.finish(), Some(0));
}
