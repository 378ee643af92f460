//! What is published of programs.

use serde_json::{Value, json};

use crate::client::{Client, address, codes, position};

const GOOD: &str = "\
model Net {
    input x: [N, 3]
    fc: Linear(2)
    output y: [N, 2]
}
";

#[test]
fn follow_the_text() {
    let mut client = Client::plain();
    client.open("untitled:a", 1, GOOD);
    assert!(client.diagnostics("untitled:a", 1).is_empty());
    let bad = GOOD.replace("Linear", "Dense");
    client.replace("untitled:a", 2, &bad);
    let found = client.diagnostics("untitled:a", 2);
    assert_eq!(codes(&found), ["E0201"]);
    let diagnostic = &found[0];
    assert_eq!(diagnostic["severity"], 1);
    assert_eq!(diagnostic["source"], "nnc");
    assert_eq!(
        diagnostic["range"],
        json!({"start": position(2, 8), "end": position(2, 13)})
    );
    let fix = &diagnostic["data"]["fixes"][0];
    assert_eq!(fix["edits"][0]["newText"], "Linear");
    assert_eq!(fix["edits"][0]["uri"], "untitled:a");
    assert_eq!(fix["edits"][0]["range"], diagnostic["range"]);
    // Typed back, letter by letter.
    let edit = json!([
        {"range": {"start": position(2, 8), "end": position(2, 13)}, "text": ""},
        {"range": {"start": position(2, 8), "end": position(2, 8)}, "text": "Lin"},
        {"range": {"start": position(2, 11), "end": position(2, 11)}, "text": "ear"},
    ]);
    client.change("untitled:a", 3, edit);
    assert!(client.diagnostics("untitled:a", 3).is_empty());
    client.replace("untitled:a", 4, &bad);
    client.diagnostics("untitled:a", 4);
    client.close("untitled:a");
    let (version, left) = client.news("untitled:a");
    assert_eq!((version, left), (Value::Null, vec![]), "cleared");
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn count_in_units_of_the_client() {
    let text = "\
# 😀
model 그림 {
    input x: [N, 8, 8, 1]
    c: Conv(2, \"😀가\", kernl=3)
    output y
}
"
    .replace("그림", "M");
    let line = "    c: Conv(2, \"😀가\", kernl=3)";
    let before = &line[..line.find("kernl").unwrap()];
    for (kind, column) in [
        ("utf-16", before.encode_utf16().count()),
        ("utf-8", before.len()),
    ] {
        let params = json!({"capabilities": {"general": {"positionEncodings": [kind]}}});
        let mut client = Client::start(params);
        client.open("untitled:a", 1, &text);
        let found = client.diagnostics("untitled:a", 1);
        let unknown = found.iter().find(|it| it["code"] == "E0401").unwrap();
        assert_eq!(unknown["range"]["start"], position(3, column), "{kind}");
        // A change behind the wide letters lands where it is meant.
        let edit = json!([{
            "range": {"start": position(3, column), "end": position(3, column + 5)},
            "text": "kernel",
        }]);
        client.change("untitled:a", 2, edit);
        let found = client.diagnostics("untitled:a", 2);
        assert!(!codes(&found).contains(&"E0401"), "{found:?}");
    }
}

#[test]
fn say_what_else_takes_part() {
    let text = "\
model M {
    input x: [N, H, W, 8]
    tall: MaxPool((2, 1))
    wide: MaxPool((1, 2)) from x
    Add from tall, wide
    output y
}
";
    let related = json!({"textDocument": {"publishDiagnostics": {"relatedInformation": true}}});
    let mut client = Client::start(json!({"capabilities": related}));
    client.open("untitled:a", 1, text);
    let found = client.diagnostics("untitled:a", 1);
    assert_eq!(codes(&found), ["E0301"]);
    let related = found[0]["relatedInformation"].as_array().unwrap();
    assert!(
        related
            .iter()
            .all(|it| it["location"]["uri"] == "untitled:a")
    );
    assert!(related.iter().any(|it| {
        let message = it["message"].as_str().unwrap();
        message.contains("tall") || message.contains("wide")
    }));
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.lines().count() > 1, "the notes follow: {message}");

    let mut plain = Client::plain();
    plain.open("untitled:a", 1, text);
    let found = plain.diagnostics("untitled:a", 1);
    assert!(found[0].get("relatedInformation").is_none());
}

#[test]
fn tell_what_is_not_needed() {
    let text = "\
model M {
    input x: [N, 3]
    let k = 3
    spare: ReLU
    Tanh from x
    output y
}
";
    let mut client = Client::plain();
    client.open("untitled:a", 1, text);
    let found = client.diagnostics("untitled:a", 1);
    assert_eq!(codes(&found), ["W0105", "W0102"]);
    for diagnostic in &found {
        assert_eq!(diagnostic["severity"], 2);
        assert_eq!(diagnostic["tags"], json!([1]));
    }
}

const BLOCK: &str = "\
block Half(width) {
    input x: [N, C]
    fc: Linear(width)
    output y: [N, width]
}
";

const USER: &str = "\
import Half from \"half.nn\"
model M {
    input x: [N, 4]
    a: Half(2)
    output y: [N, 2]
}
";

#[test]
fn see_open_texts_before_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    let (main, half) = (real.join("main.nn"), real.join("half.nn"));
    std::fs::write(&main, USER).unwrap();
    std::fs::write(&half, BLOCK).unwrap();
    let (main_uri, half_uri) = (address(&main), address(&half));
    let mut client = Client::plain();
    client.open(&main_uri, 1, USER);
    assert!(client.diagnostics(&main_uri, 1).is_empty());
    client.open(&half_uri, 7, BLOCK);
    assert!(client.diagnostics(&half_uri, 7).is_empty());
    // The name goes away in the editor, not on disk.
    client.replace(&half_uri, 8, &BLOCK.replace("Half", "Other"));
    let after = client
        .wait(|it| it["params"]["uri"] == *main_uri && it["params"]["diagnostics"] != json!([]));
    assert_eq!(after["params"]["version"], 1);
    assert_eq!(after["params"]["diagnostics"][0]["code"], "E0212");
    // A mistake in the imported text is published there, once.
    client.replace(&half_uri, 9, &BLOCK.replace("Linear", "Dense"));
    let found = client.diagnostics(&half_uri, 9);
    assert_eq!(codes(&found), ["E0201"]);
    client.close(&half_uri);
    client.wait(|it| {
        let params = &it["params"];
        params["uri"] == *half_uri
            && params["version"] == Value::Null
            && params["diagnostics"] == json!([])
    });
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn of_imports_are_told_in_the_imported_file() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    let (main, half) = (real.join("main.nn"), real.join("half.nn"));
    let (main_uri, half_uri) = (address(&main), address(&half));
    let mut client = Client::plain();
    client.open(&main_uri, 1, USER);
    let found = client.diagnostics(&main_uri, 1);
    assert_eq!(codes(&found), ["E0210"]);
    std::fs::write(&half, BLOCK.replace("Linear", "Dense")).unwrap();
    let event = |kind: i32| json!({"changes": [{"uri": half_uri, "type": kind}]});
    client.notify("workspace/didChangeWatchedFiles", event(1));
    let (version, found) = client.news(&half_uri);
    assert_eq!((version, codes(&found)), (Value::Null, vec!["E0201"]));
    std::fs::write(&half, BLOCK).unwrap();
    client.notify("workspace/didChangeWatchedFiles", event(2));
    assert_eq!(client.news(&half_uri), (Value::Null, vec![]));
    client.notify(
        "textDocument/didSave",
        json!({"textDocument": {"uri": main_uri}}),
    );
    client.replace(&main_uri, 2, USER);
    assert!(client.diagnostics(&main_uri, 2).is_empty());
    assert_eq!(client.finish(), Some(0));
}
