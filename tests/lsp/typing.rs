//! What is shown while a program is written and read.

use serde_json::{Value, json};

use crate::client::{Client, address, list, position};

/// The place of the mark `$0` in `text`, and the text without it.
fn marked(text: &str) -> (String, Value) {
    let offset = text.find("$0").expect("a mark");
    let line = text[..offset].matches('\n').count();
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let character = text[start..offset].encode_utf16().count();
    (text.replacen("$0", "", 1), position(line, character))
}

fn ask(client: &mut Client, method: &str, uri: &str, version: i32, text: &str) -> Value {
    let (text, position) = marked(text);
    match version {
        1 => client.open(uri, 1, &text),
        version => client.replace(uri, version, &text),
    }
    let params = json!({"textDocument": {"uri": uri}, "position": position});
    client.request(method, params)["result"].clone()
}

const HEAD: &str = "# 😀\nmodel M {\n    input x: [N, 28, 28, 1]\n";

#[test]
fn hover_tells_in_markdown() {
    let mut client = Client::plain();
    let text = format!("{HEAD}    conv1: Co$0nv(6, kernel=5)\n    output y\n}}\n");
    let found = ask(&mut client, "textDocument/hover", "untitled:a", 1, &text);
    assert_eq!(found["contents"]["kind"], "markdown");
    let said = found["contents"]["value"].as_str().unwrap();
    assert!(
        said.contains("`[N, 28, 28, 1]` → `[N, 24, 24, 6]`"),
        "{said}"
    );
    assert_eq!(found["range"]["start"], position(3, 11));
    assert_eq!(found["range"]["end"], position(3, 15));
    let nothing = format!("{HEAD}$0\n    output y from x\n}}\n");
    let found = ask(&mut client, "textDocument/hover", "untitled:a", 2, &nothing);
    assert_eq!(found, Value::Null);
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn signatures_follow_the_arguments() {
    let mut client = Client::plain();
    let text = format!("{HEAD}    conv1: Conv(6, kernel=(3, $0\n    output y\n}}\n");
    let found = ask(
        &mut client,
        "textDocument/signatureHelp",
        "untitled:a",
        1,
        &text,
    );
    let signature = &found["signatures"][0];
    assert!(
        signature["label"]
            .as_str()
            .unwrap()
            .starts_with("Conv(filters, kernel, stride=1")
    );
    assert_eq!(signature["activeParameter"], 1);
    assert_eq!(signature["parameters"][1]["label"], json!([14, 20]));
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn completions_suit_the_client() {
    let label = |items: &Value, label: &str| {
        let items = list(&items["items"]);
        let found = items.iter().find(|item| item["label"] == label);
        found
            .unwrap_or_else(|| panic!("{label} in {items:?}"))
            .clone()
    };
    let text = format!("{HEAD}    Con$0\n    output y\n}}\n");
    let mut plain = Client::plain();
    let found = ask(
        &mut plain,
        "textDocument/completion",
        "untitled:a",
        1,
        &text,
    );
    let conv = label(&found, "Conv");
    assert_eq!(conv["textEdit"]["newText"], "Conv(filters, kernel=kernel)");
    assert_eq!(conv["textEdit"]["range"]["start"], position(3, 4));
    assert_eq!(conv["textEdit"]["range"]["end"], position(3, 7));
    assert_eq!(conv["insertTextFormat"], 1);
    // A blank asks after some words only.
    let blank = |client: &mut Client, version: i32, line: &str| {
        let (text, position) = marked(&format!("{HEAD}{line}\n    output y\n}}\n"));
        client.replace("untitled:a", version, &text);
        let params = json!({
            "textDocument": {"uri": "untitled:a"}, "position": position,
            "context": {"triggerKind": 2, "triggerCharacter": " "},
        });
        client.request("textDocument/completion", params)["result"].clone()
    };
    assert_eq!(blank(&mut plain, 2, "    $0"), Value::Null);
    let values = blank(&mut plain, 3, "    ReLU from $0");
    assert_eq!(label(&values, "x")["detail"], "[N, 28, 28, 1]");
    assert_eq!(plain.finish(), Some(0));

    let mut client = Client::start(json!({"capabilities": {"textDocument": {"completion": {
        "completionItem": {"snippetSupport": true},
    }}}}));
    let found = ask(
        &mut client,
        "textDocument/completion",
        "untitled:a",
        1,
        &text,
    );
    let conv = label(&found, "Conv");
    assert_eq!(
        conv["textEdit"]["newText"],
        "Conv(${1:filters}, kernel=${2:kernel})"
    );
    assert_eq!(conv["insertTextFormat"], 2);
    let sorted = |label_of: &str| {
        label(&found, label_of)["sortText"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(sorted("conv1: Conv") < sorted("Conv"));
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn blocks_of_other_files_come_with_their_import() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let block = "block Wide(k) {\n    input x: [N, C]\n    Linear(k)\n    output y\n}\n";
    write("parts/blocks.nn", block);
    write(
        "first.nn",
        &format!("layout channels_first\n{}", block.replace("Wide", "Tall")),
    );
    write("m.safetensors", "");
    let mut client = Client::plain();
    let uri = address(&folder.path().join("main.nn"));
    let text = "model M {\n    input x: [N, 4]\n    Wi$0\n    output y\n}\n";
    let found = ask(&mut client, "textDocument/completion", &uri, 1, text);
    let items = list(&found["items"]);
    let wide = items.iter().find(|item| item["label"] == "Wide").unwrap();
    let edit = &wide["additionalTextEdits"][0];
    assert_eq!(edit["newText"], "import Wide from \"parts/blocks.nn\"\n\n");
    assert_eq!(edit["range"]["start"], position(0, 0));
    assert!(
        items.iter().all(|item| item["label"] != "Tall"),
        "another layout"
    );
    let text = "model M {\n    weights \"$0\"\n    input x: [N, 4]\n    output y from x\n}\n";
    let found = ask(&mut client, "textDocument/completion", &uri, 2, text);
    let items = list(&found["items"]);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["textEdit"]["newText"], "m.safetensors");
    assert_eq!(client.finish(), Some(0));
}
