//! `nnc check` as an editor or a build uses it: `--fix`, the formats for tools, and `--allow`.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value as Json, json};

/// Two mistakes with a fix, one without, and a warning.
const WRONG: &str = "\
model Net {
    input x: [N, 3]
    Linear(2)
    a: Dense(4)
    ReLu
    b: Linear(k)
    output y
}
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(name: &str, text: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        folder.file(name, text);
        folder
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("writable");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("there")
    }

    fn check(&self, args: &[&str]) -> Said {
        self.check_stdin(args, "")
    }

    fn check_stdin(&self, args: &[&str], text: &str) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nnc"))
            .arg("check")
            .args(args)
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        // The command may end before it has read everything.
        let _ = child
            .stdin
            .take()
            .expect("piped")
            .write_all(text.as_bytes());
        Said::from(child.wait_with_output().expect("it ends"))
    }
}

struct Said {
    status: i32,
    out: String,
    err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            status: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

#[test]
fn fix_mends_the_file_and_reports_the_rest() {
    let folder = Folder::with("net.nn", WRONG);
    let said = folder.check(&["net.nn", "--fix"]);
    assert_eq!(
        folder.read("net.nn"),
        WRONG
            .replace("Dense", "Linear")
            .replace("ReLu", "ReLU")
            .replace("    Linear(2)", "    linear1: Linear(2)")
    );
    assert!(
        said.err.contains("fixed 3 of 4 problems in net.nn"),
        "{}",
        said.err
    );
    assert!(said.err.contains("error[E0203]"), "{}", said.err);
    assert!(!said.err.contains("E0201"), "{}", said.err);
    assert_eq!(said.status, 1);
    let names: Vec<_> = std::fs::read_dir(folder.0.path()).expect("there").collect();
    assert_eq!(names.len(), 1, "nothing is left beside the file");
}

#[test]
fn fix_leaves_a_file_alone_in_which_it_fixes_nothing() {
    for text in [
        "model A {\n    input x: [N]\n    output y: [N]\n}\n",
        "model A {\n    input x: [N]\n    Linear(k)\n    output y: [N]\n}\n",
    ] {
        let folder = Folder::with("a.nn", text);
        let path = folder.0.path().join("a.nn");
        let old = std::time::SystemTime::UNIX_EPOCH;
        let file = std::fs::File::options().write(true).open(&path);
        file.and_then(|file| file.set_modified(old))
            .expect("a time");
        let said = folder.check(&["a.nn", "--fix", "--allow", "W0101"]);
        assert_eq!(folder.read("a.nn"), text);
        let time = std::fs::metadata(&path).and_then(|data| data.modified());
        assert_eq!(time.expect("a time"), old, "not even written again");
        assert_eq!(
            said.err.contains("fixed 0 of 1 problem in a.nn"),
            said.status == 1
        );
    }
}

#[test]
fn fix_edits_the_files_that_are_named_and_no_others() {
    let folder = Folder::with(
        "net.nn",
        "import Head from \"head.nn\"\nmodel Net {\n    input x: [N, 3]\n    head: Head\n    output y\n}\n",
    );
    let head = "block Head {\n    input x: [N, C]\n    fc: Dense(2)\n    output y\n}\n";
    folder.file("head.nn", head);
    assert_eq!(folder.check(&["net.nn", "--fix"]).status, 1);
    assert_eq!(folder.read("head.nn"), head);
    let said = folder.check(&["net.nn", "head.nn", "--fix"]);
    assert_eq!(
        (said.status, folder.read("head.nn")),
        (0, head.replace("Dense", "Linear"))
    );
    assert!(said.out.starts_with("Net: "), "{}", said.out);
}

#[test]
fn fix_prints_the_text_of_standard_input() {
    let folder = Folder::with("unused.nn", "");
    let said = folder.check_stdin(&["-", "--fix"], WRONG);
    assert!(
        said.out.contains("    a: Linear(4)\n    ReLU\n"),
        "{}",
        said.out
    );
    assert!(said.err.contains("error[E0203]"), "{}", said.err);
    assert_eq!(said.status, 1);
    let right = "model A {\n    input x: [N]\n    output y: [N]\n}\n";
    let said = folder.check_stdin(&["-", "--fix"], right);
    assert_eq!(
        (said.out.as_str(), said.err.as_str(), said.status),
        (right, "", 0)
    );
    let said = folder.check_stdin(&["-", "--fix", "--format", "json"], right);
    assert_eq!(said.status, 2);
}

#[test]
fn short_is_a_line_a_diagnostic() {
    let folder = Folder::with("net.nn", WRONG);
    let said = folder.check(&["net.nn", "--format", "short"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", said.out);
    assert!(
        lines[1].starts_with("net.nn:4:8: error[E0201]: "),
        "{}",
        said.out
    );
    assert!(
        lines[0].starts_with("net.nn:3:5: warning[W0101]: "),
        "{}",
        said.out
    );
    assert_eq!((said.err.as_str(), said.status), ("", 1));
    let said = folder.check(&["net.nn", "--format", "short", "-q"]);
    assert_eq!(
        said.out.lines().count(),
        3,
        "a quiet run leaves warnings out"
    );
}

#[test]
fn github_has_a_command_a_diagnostic() {
    let folder = Folder::with("net.nn", WRONG);
    let said = folder.check(&["net.nn", "--format", "github"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", said.out);
    let start = "::error file=net.nn,line=4,col=8,endLine=4,endColumn=13,title=E0201%3A ";
    assert!(lines[1].starts_with(start), "{}", said.out);
    assert!(
        lines[0].starts_with("::warning file=net.nn,line=3,"),
        "{}",
        said.out
    );
}

#[test]
fn sarif_is_one_log() {
    let folder = Folder::with("net.nn", WRONG);
    let said = folder.check(&["net.nn", "--format", "sarif"]);
    let log: Json = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 4);
    for result in results {
        let at = result["ruleIndex"].as_u64().expect("a number") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
    }
    let replacement = &results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"], json!({"text": "Linear"}));
    let clean = Folder::with(
        "a.nn",
        "model A {\n    input x: [N]\n    output y: [N]\n}\n",
    );
    let said = clean.check(&["a.nn", "--format", "sarif"]);
    let log: Json = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&log["runs"][0]["results"], said.status), (&json!([]), 0));
}

#[test]
fn allow_silences_a_warning_and_no_error() {
    let folder = Folder::with("net.nn", WRONG);
    let said = folder.check(&["net.nn", "--allow", "w0101", "--allow", "W0102"]);
    assert!(
        !said.err.contains("W0101") && said.err.contains("E0203"),
        "{}",
        said.err
    );
    let said = folder.check(&["net.nn", "--allow", "E0201"]);
    assert_eq!(said.status, 2);
    let said = folder.check(&["net.nn", "--allow", "W9101"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("did you mean `W0101`?"), "{}", said.err);
}

#[test]
fn fix_gives_each_layer_a_label_of_its_own() {
    let text = "model Net {\n    input x: [N, 3]\n    Linear(2)\n    ReLU\n    linear2: Linear(4)\n    \
                ReLU\n    Linear(2)\n    output y\n}\n";
    let folder = Folder::with("net.nn", text);
    let said = folder.check(&["net.nn", "--fix"]);
    let after = folder.read("net.nn");
    assert!(after.contains("    linear1: Linear(2)\n"), "{after}");
    assert!(after.contains("    linear3: Linear(2)\n"), "{after}");
    assert!(
        said.err.contains("fixed 2 of 2 problems in net.nn"),
        "{}",
        said.err
    );
    assert_eq!(said.status, 0);
}

#[test]
fn a_comment_silences_a_warning() {
    let text = "model Net {\n    input x: [N, 3]\n    # allow W0101: the only layer\n    Linear(2)\n    output y\n}\n";
    let folder = Folder::with("net.nn", text);
    let said = folder.check(&["net.nn", "--deny-warnings"]);
    assert_eq!((said.err.as_str(), said.status), ("", 0));
    let without = text.replace("allow", "permit");
    folder.file("net.nn", &without);
    assert_eq!(folder.check(&["net.nn", "--deny-warnings"]).status, 1);
}
