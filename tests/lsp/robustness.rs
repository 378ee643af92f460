//! Nothing that comes in makes the server hang or fall.

use serde_json::{Value, json};

use crate::client::{Client, Raw, framed, position};
use crate::{Random, programs};

/// Prefixes that are tried, all told.
const PREFIXES: usize = 400;

/// Asks for everything that an editor asks for, about the place at `line` and `character`. A
/// request may be refused, as a `rename` of nothing is, or not be known; it may not fail.
fn look(client: &mut Client, uri: &str, line: usize, character: usize) {
    let here = position(line, character);
    let everything = json!({"start": position(0, 0), "end": position(100_000, 0)});
    let params = json!({
        "textDocument": {"uri": uri},
        "position": here,
        "positions": [here],
        "range": everything,
        "context": {"includeDeclaration": true, "diagnostics": [], "triggerKind": 1},
        "options": {"tabSize": 4, "insertSpaces": true},
        "newName": "other",
        "ch": "\n",
    });
    let methods = [
        "codeAction",
        "codeLens",
        "completion",
        "definition",
        "documentHighlight",
        "documentSymbol",
        "foldingRange",
        "formatting",
        "hover",
        "inlayHint",
        "onTypeFormatting",
        "prepareCallHierarchy",
        "prepareRename",
        "rangeFormatting",
        "references",
        "rename",
        "selectionRange",
        "semanticTokens/full",
        "semanticTokens/range",
        "signatureHelp",
    ];
    let asked: Vec<(&str, i32)> = (methods.iter())
        .map(|method| {
            let name = format!("textDocument/{method}");
            let mut params = params.clone();
            if *method == "signatureHelp" {
                params["context"]["isRetrigger"] = json!(false);
            }
            (*method, client.ask(&name, params))
        })
        .collect();
    for (method, id) in asked {
        let answer = client.answer(id);
        let code = &answer["error"]["code"];
        assert!(
            [-32601, -32803].iter().any(|it| code == it) || code.is_null(),
            "{method} at {line}:{character}: {answer}"
        );
    }
}

#[test]
fn every_prefix_of_every_example_is_answered() {
    let mut client = Client::plain();
    let texts: Vec<String> = (programs("examples").iter())
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    let total: usize = texts.iter().map(|text| text.chars().count()).sum();
    let step = total.div_ceil(PREFIXES);
    let mut version = 0;
    client.open("untitled:a", version, "");
    client.diagnostics("untitled:a", version);
    let mut at = 0;
    for text in &texts {
        for (end, _) in text.char_indices().chain([(text.len(), ' ')]) {
            at += 1;
            if at % step != 0 {
                continue;
            }
            version += 1;
            client.replace("untitled:a", version, &text[..end]);
            client.diagnostics("untitled:a", version);
            if version % 8 == 0 {
                let before = &text[..end];
                let last = before.rsplit('\n').next().unwrap_or_default();
                let line = before.matches('\n').count();
                look(&mut client, "untitled:a", line, last.chars().count());
            }
        }
    }
    assert!(version as usize > PREFIXES / 2);
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn random_edits_are_answered() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut client = Client::plain();
    let names = ["lenet5.nn", "unet.nn", "reuse.nn", "filters.nn"];
    for name in names {
        let path = crate::root().join("examples").join(name);
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().count();
        let uri = format!("untitled:{name}");
        client.open(&uri, 0, &text);
        for version in 1..60 {
            let line = random.below(lines + 2);
            let from = random.below(40);
            let to = from + random.below(12);
            let piece = [
                "", "(", "[", "}", "{", "\n", "from ", "😀", "0", "\u{0}", "->",
            ];
            let edit = json!([{
                "range": {"start": position(line, from), "end": position(line, to)},
                "text": piece[random.below(piece.len())],
            }]);
            client.change(&uri, version, edit);
        }
        client.diagnostics(&uri, 59);
        for _ in 0..20 {
            look(&mut client, &uri, random.below(lines), random.below(40));
        }
    }
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn positions_out_of_range_are_answered() {
    let mut client = Client::plain();
    client.open(
        "untitled:a",
        1,
        "model M {\n    input x: [N, 3]\n    ReLU\n    output y\n}\n",
    );
    let far = json!({"line": 4_294_967_295u32, "character": 4_294_967_295u32});
    let document = json!({"uri": "untitled:a"});
    for (version, range) in [
        (2, json!({"start": far, "end": far})),
        (3, json!({"start": far, "end": position(0, 0)})),
        (4, json!({"start": position(1, 2_000_000), "end": far})),
    ] {
        let params = json!({"textDocument": document, "range": range});
        for method in [
            "textDocument/inlayHint",
            "textDocument/semanticTokens/range",
        ] {
            let answer = client.request(method, params.clone());
            assert!(answer.get("error").is_none(), "{answer}");
        }
        let edit = json!([{"range": range, "text": "#"}]);
        client.change("untitled:a", version, edit);
        client.diagnostics("untitled:a", version);
    }
    let closed = json!({"textDocument": {"uri": "untitled:none"}});
    let answer = client.request("textDocument/codeLens", closed);
    assert_eq!(answer["result"], Value::Null);
    client.change("untitled:none", 2, json!([{"text": ""}]));
    client.close("untitled:none");
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn a_message_that_is_no_json_is_answered() {
    let mut client = Client::plain();
    for (body, code) in [
        (&b"{"[..], -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"{\"id\": {}, \"result\": 3}", -32600),
    ] {
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        client.raw.write(header.as_bytes());
        client.raw.write(body);
        let answer = client.wait(|it| it.get("error").is_some());
        assert_eq!(
            answer["error"]["code"],
            code,
            "{}",
            String::from_utf8_lossy(body)
        );
    }
    assert_eq!(client.finish(), Some(0));
}

#[test]
fn lost_framing_is_an_end_with_an_error() {
    let started = framed(json!({"id": 1, "method": "initialize", "params": {"capabilities": {}}}));
    for garbage in [
        &b"hello\r\n\r\n"[..],
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: 9999999999999\r\n\r\n{}",
        b"\r\n\r\n",
        b"\x00\x01\x02\n",
        &[b'a'; 100_000],
    ] {
        for before in [&[][..], &started] {
            let mut raw = Raw::start();
            raw.write(before);
            raw.write(garbage);
            assert_eq!(
                raw.end().code(),
                Some(3),
                "{}",
                String::from_utf8_lossy(garbage)
            );
        }
    }
    // Less than was announced, and then the end.
    let mut raw = Raw::start();
    raw.write(b"Content-Length: 100\r\n\r\n{}");
    raw.close();
    assert_eq!(raw.end().code(), Some(3));
}
