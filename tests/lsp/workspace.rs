//! Programs that are not open.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, address, codes, list};
use crate::{programs, root};

/// What is told of a file: code, first and last place.
type Told = BTreeSet<(String, (u64, u64), (u64, u64))>;

fn told(diagnostics: &[Value]) -> Told {
    let place = |at: &Value| {
        let number = |key: &str| at[key].as_u64().unwrap();
        (number("line"), number("character"))
    };
    let told = diagnostics.iter().map(|it| {
        let code = it["code"].as_str().unwrap().to_owned();
        (
            code,
            place(&it["range"]["start"]),
            place(&it["range"]["end"]),
        )
    });
    told.collect()
}

/// What `nnc check` says of `files`, by file, with columns in UTF-16 units.
fn checked(files: &[std::path::PathBuf]) -> BTreeMap<String, Told> {
    let output = Command::new(env!("CARGO_BIN_EXE_nnc"))
        .args(["check", "--format", "json"])
        .args(files)
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut by_file: BTreeMap<String, Told> = BTreeMap::new();
    for diagnostic in list(&found["diagnostics"]) {
        let file = diagnostic["file"].as_str().unwrap().to_owned();
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let place = |at: &Value| {
            let line = at["line"].as_u64().unwrap() - 1;
            let letters = at["column"].as_u64().unwrap() as usize - 1;
            let content = text.split('\n').nth(line as usize).unwrap();
            let before = content.trim_end_matches('\r').chars().take(letters);
            (line, before.map(|it| it.len_utf16() as u64).sum())
        };
        let code = diagnostic["code"].as_str().unwrap().to_owned();
        let one = (code, place(&diagnostic["start"]), place(&diagnostic["end"]));
        by_file.entry(file).or_default().insert(one);
    }
    by_file
}

#[test]
fn the_command_and_the_server_say_the_same() {
    let files = programs("examples");
    assert!(files.len() > 100);
    let expected = checked(&files);
    let mut client = Client::start(json!({
        "capabilities": {"window": {"workDoneProgress": true}},
        "rootUri": address(&root().join("examples")),
    }));
    client.wait(|it| it["params"]["value"]["kind"] == "end");
    let mut found: BTreeMap<String, Told> = BTreeMap::new();
    for message in std::mem::take(&mut client.seen) {
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().unwrap();
            let file = uri.strip_prefix("file://").unwrap().to_owned();
            found.insert(file, told(&list(&message["params"]["diagnostics"])));
        }
    }
    found.retain(|_, told| !told.is_empty());
    for (file, told) in &expected {
        assert_eq!(found.get(file), Some(told), "{file}");
    }
    assert_eq!(found.len(), expected.len());
    // And the same when they are opened, in the other encoding of the same text.
    for path in &files {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        let uri = address(path);
        client.open(&uri, 3, &text);
        let found = told(&client.diagnostics(&uri, 3));
        let expected = expected.get(&path.display().to_string());
        assert_eq!(Some(&found).filter(|it| !it.is_empty()), expected, "{uri}");
    }
    assert_eq!(client.finish(), Some(0));
}

const BAD: &str = "model M {\n    input x: [N, 3]\n    fc: Dense(2)\n    output y\n}\n";

#[test]
fn is_followed_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    for name in [
        "a.nn",
        "sub dir/b.nn",
        "target/c.nn",
        ".hidden/d.nn",
        "node_modules/e.nn",
    ] {
        let path = real.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, BAD).unwrap();
    }
    let capabilities = json!({
        "window": {"workDoneProgress": true},
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}},
    });
    let mut client = Client::start(json!({
        "capabilities": capabilities,
        "workspaceFolders": [{"uri": address(&real), "name": "x"}],
    }));
    let registered = client.wait(|it| it["method"] == "client/registerCapability");
    let registration = &registered["params"]["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    let a = address(&real.join("a.nn"));
    let b = address(&real.join("sub%20dir/b.nn"));
    for uri in [&a, &b] {
        let (version, found) = client.news(uri);
        assert_eq!((version, codes(&found)), (Value::Null, vec!["E0201"]));
    }
    let others = client.seen.iter();
    let others = others.filter(|it| it["method"] == "textDocument/publishDiagnostics");
    assert_eq!(others.count(), 0, "what tools make is left out");
    // Opened, the text counts.
    client.open(&a, 5, &BAD.replace("Dense", "Linear"));
    assert!(client.diagnostics(&a, 5).is_empty());
    let event = |uri: &str, kind: i32| json!({"changes": [{"uri": uri, "type": kind}]});
    client.notify("workspace/didChangeWatchedFiles", event(&a, 2));
    // Closed, the file counts again.
    client.close(&a);
    let told =
        client.wait(|it| it["params"]["uri"] == *a && it["params"]["diagnostics"] != json!([]));
    assert_eq!(told["params"]["version"], Value::Null);
    std::fs::remove_file(real.join("sub dir/b.nn")).unwrap();
    client.notify("workspace/didChangeWatchedFiles", event(&b, 3));
    assert_eq!(client.news(&b), (Value::Null, vec![]));
    let removed =
        json!({"event": {"added": [], "removed": [{"uri": address(&real), "name": "x"}]}});
    client.notify("workspace/didChangeWorkspaceFolders", removed);
    client.wait(|it| it["params"]["uri"] == *a && it["params"]["diagnostics"] == json!([]));
    assert_eq!(client.finish(), Some(0));
}
