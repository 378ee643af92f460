//! Diagnostics for tools: one line each, GitHub's workflow commands, and SARIF 2.1.0.

use serde_json::{Value as Json, json};

use crate::cli::ui;
use crate::diag::{Code, Diagnostic, Severity};
use crate::text::{SourceMap, Span};

/// A diagnostic with the files that it is about.
pub type Told<'a> = (&'a SourceMap, &'a Diagnostic);

/// `net.nn:4:5: error[E0201]: there is no layer `Dense``.
pub fn short(told: &[Told]) -> String {
    let mut text = String::new();
    for (sources, diag) in told {
        text += &format!(
            "{}:{}: {}[{}]: {}\n",
            sources.file(diag.primary.span.file).name,
            sources.start(diag.primary.span),
            level(diag),
            diag.code,
            one_line(&diag.message)
        );
    }
    text
}

/// Workflow commands, by which GitHub shows diagnostics in a pull request.
pub fn github(told: &[Told]) -> String {
    let mut text = String::new();
    for (sources, diag) in told {
        let span = diag.primary.span;
        let (start, end) = (sources.start(span), sources.end(span));
        let mut place = format!(
            "file={},line={},col={}",
            property(&sources.file(span.file).name),
            start.line,
            start.column
        );
        // Columns of an end count only where a place is one line.
        if end.line == start.line {
            place += &format!(",endLine={},endColumn={}", end.line, end.column);
        } else {
            place += &format!(",endLine={}", end.line);
        }
        let title = property(&format!("{}: {}", diag.code, diag.code.title()));
        let mut message = diag.message.clone();
        for note in &diag.notes {
            message += "\n";
            message += note;
        }
        if let Some(fix) = diag.fixes.first() {
            message += &format!("\nhelp: {}", fix.title);
        }
        let level = level(diag);
        text += &format!("::{level} {place},title={title}::{}\n", data(&message));
    }
    text
}

/// What stands behind `::` in a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn level(diag: &Diagnostic) -> &'static str {
    match diag.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A SARIF log with one run. Columns count Unicode scalar values.
pub fn sarif(told: &[Told]) -> Json {
    let mut codes: Vec<Code> = told.iter().map(|(_, diag)| diag.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Json> = codes
        .iter()
        .map(|code| {
            let mut rule = json!({
                "id": code.name(),
                "shortDescription": { "text": code.title() },
                "help": { "text": code.page(), "markdown": code.page() },
                "defaultConfiguration": {
                    "level": match code.severity() {
                        Severity::Error => "error",
                        Severity::Warning => "warning",
                    },
                },
            });
            if let Some(page) = ui::page(*code) {
                rule["helpUri"] = json!(page);
            }
            rule
        })
        .collect();
    let results: Vec<Json> = told
        .iter()
        .map(|(sources, diag)| result(sources, diag, &codes))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "nnc",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(sources: &SourceMap, diag: &Diagnostic, codes: &[Code]) -> Json {
    let mut text = diag.message.clone();
    for note in &diag.notes {
        text += "\n";
        text += note;
    }
    let mut result = json!({
        "ruleId": diag.code.name(),
        "ruleIndex": codes.binary_search(&diag.code).unwrap_or_default(),
        "level": level(diag),
        "message": { "text": text },
        "locations": [location(sources, diag.primary.span, None)],
    });
    if !diag.labels.is_empty() {
        let others = diag.labels.iter().enumerate().map(|(at, label)| {
            let mut place = location(sources, label.span, Some(&label.message));
            place["id"] = json!(at + 1);
            place
        });
        result["relatedLocations"] = others.collect();
    }
    if !diag.fixes.is_empty() {
        let fixes = diag.fixes.iter().map(|fix| {
            // One change a file, as the format wants it.
            let mut changes: Vec<(crate::text::FileId, Vec<Json>)> = Vec::new();
            for edit in &fix.edits {
                let replacement = json!({
                    "deletedRegion": region(sources, edit.span),
                    "insertedContent": { "text": edit.text },
                });
                match changes.iter_mut().find(|(file, _)| *file == edit.span.file) {
                    Some((_, all)) => all.push(replacement),
                    None => changes.push((edit.span.file, vec![replacement])),
                }
            }
            let changes = changes.into_iter().map(|(file, replacements)| {
                json!({
                    "artifactLocation": { "uri": uri(&sources.file(file).name) },
                    "replacements": replacements,
                })
            });
            json!({
                "description": { "text": fix.title },
                "artifactChanges": changes.collect::<Vec<_>>(),
            })
        });
        result["fixes"] = fixes.collect();
    }
    result
}

fn location(sources: &SourceMap, span: Span, message: Option<&str>) -> Json {
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&sources.file(span.file).name) },
            "region": region(sources, span),
        },
    });
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        location["message"] = json!({ "text": message });
    }
    location
}

fn region(sources: &SourceMap, span: Span) -> Json {
    let (start, end) = (sources.start(span), sources.end(span));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": span.start,
        "byteLength": span.end - span.start,
    })
}

/// A path as a URI reference (RFC 3986): what may not stand there is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => out.push('/'),
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str) -> (SourceMap, Diagnostic) {
        let mut sources = SourceMap::default();
        let file = sources.add(name, "model A {\n    x: 가나\n}\n");
        let span = Span::new(file, 14, 17);
        let diag = Diagnostic::new(Code::E0201, span, "100 % wrong,\nreally: so")
            .note("a note")
            .label(Span::new(file, 0, 5), "here, too")
            .fix("write `y`", Span::new(file, 14, 15), "y");
        (sources, diag)
    }

    #[test]
    fn each_is_a_line() {
        let (sources, diag) = one("a b.nn");
        let told = [(&sources, &diag)];
        assert_eq!(
            short(&told),
            "a b.nn:2:5: error[E0201]: 100 % wrong, really: so\n"
        );
    }

    #[test]
    fn workflow_commands_are_escaped() {
        let (sources, diag) = one("a,b:c%.nn");
        let text = github(&[(&sources, &diag)]);
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac%25.nn,line=2,col=5,endLine=2,endColumn=8,\
             title=E0201%3A an unknown layer::100 %25 wrong,%0Areally: so%0Aa note%0Ahelp: write `y`\n"
        );
    }

    #[test]
    fn sarif_has_rules_places_and_fixes() {
        let (sources, diag) = one("a b.nn");
        let log = sarif(&[(&sources, &diag), (&sources, &diag)]);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        assert_eq!(rules.len(), 1);
        assert!(rules[0].get("helpUri").is_none());
        let result = &run["results"][1];
        assert_eq!(
            (&result["ruleId"], &result["ruleIndex"]),
            (&json!("E0201"), &json!(0))
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.nn");
        assert_eq!(
            place["region"],
            json!({"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 8,
                   "byteOffset": 14, "byteLength": 3})
        );
        assert_eq!(
            result["relatedLocations"][0]["message"]["text"],
            "here, too"
        );
        let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(change["insertedContent"]["text"], "y");
    }
}
