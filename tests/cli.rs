//! The `nnc` command as a script sees it: exit statuses, streams, JSON.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

/// A model that needs no weights file.
const GOOD: &str = "\
model Double {
    input x: [N, 3]
    Add(1) from x
    output y: [N, 3]
}
";

/// One warning: the label is missing.
const WARNED: &str = "\
model Net {
    input x: [N, 3]
    Linear(2)
    output y: [N, 2]
}
";

/// An error with a fix.
const BAD: &str = "\
model Net {
    input x: [N, 3]
    fc: Dense(2)
    output y
}
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, contents).expect("writable");
        path
    }

    fn nnc(&self, args: &[&str]) -> Output {
        command(args)
            .current_dir(self.0.path())
            .output()
            .expect("the command starts")
    }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnc"));
    command
        .args(args)
        .env_remove("NO_COLOR")
        .env("COLUMNS", "100");
    command
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name);
    path.display().to_string()
}

#[track_caller]
fn status(output: &Output, expected: i32) {
    assert_eq!(
        output.status.code(),
        Some(expected),
        "out: {}\nerr: {}",
        out(output),
        err(output)
    );
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn json(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {}", out(output)))
}

fn with_stdin(args: &[&str], text: &[u8]) -> Output {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // The command may end before it has read everything.
    let _ = child.stdin.take().expect("piped").write_all(text);
    child.wait_with_output().expect("it ends")
}

#[test]
fn check_prints_a_line_a_model_and_succeeds() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    let output = folder.nnc(&["check", "good.nn"]);
    status(&output, 0);
    assert_eq!(out(&output), "Double: x [N, 3] → y [N, 3] · 0 parameters\n");
    assert_eq!(err(&output), "");
}

#[test]
fn errors_of_the_program_are_status_1() {
    let folder = Folder::new();
    folder.file("bad.nn", BAD);
    for command in ["check", "summary", "bench"] {
        let output = folder.nnc(&[command, "bad.nn"]);
        status(&output, 1);
        assert!(err(&output).contains("error[E0201]"), "{}", err(&output));
        let end = "1 error\nsee `nnc explain E0201`\n";
        assert!(err(&output).ends_with(end), "{}", err(&output));
    }
    let output = folder.nnc(&["run", "bad.nn", "-i", "ones"]);
    status(&output, 1);
    assert_eq!(out(&output), "");
}

#[test]
fn warnings_fail_only_when_denied() {
    let folder = Folder::new();
    folder.file("warned.nn", WARNED);
    let output = folder.nnc(&["check", "warned.nn"]);
    status(&output, 0);
    assert!(err(&output).contains("warning[W0101]"), "{}", err(&output));
    status(&folder.nnc(&["check", "warned.nn", "--deny-warnings"]), 1);
    let quiet = folder.nnc(&["check", "-q", "warned.nn"]);
    status(&quiet, 0);
    assert_eq!(err(&quiet), "");
}

#[test]
fn wrong_usage_is_status_2() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    for args in [
        &["chek"][..],
        &["check"],
        &["check", "missing.nn"],
        &["check", "."],
        &["check", "good.nn", "--model", "Doubel"],
        &["check", "good.nn", "--set", "N"],
        &["check", "good.nn", "--set", "N=)"],
        &["run", "good.nn", "-i", "ones", "-o", "y.tiff"],
        &["run", "good.nn", "-i", "ones", "--threads", "0"],
        &["run", "good.nn", "-i", "ones", "-i", "zeros"],
        &["run", "good.nn", "-i", "ones", "--resize=big"],
        &["explain", "E9999"],
        &["layers", "Lineer"],
        &["completions", "powerfish"],
    ] {
        let output = folder.nnc(args);
        status(&output, 2);
        assert!(
            err(&output).starts_with("error"),
            "{args:?}: {}",
            err(&output)
        );
        assert_eq!(out(&output), "", "{args:?}");
    }
    let output = folder.nnc(&["check", "good.nn", "--model", "Doubel"]);
    assert!(
        err(&output).contains("did you mean `Double`"),
        "{}",
        err(&output)
    );
    let output = folder.nnc(&["check", "missing.nn"]);
    assert!(err(&output).contains("no such file"), "{}", err(&output));
}

#[test]
fn a_missing_file_does_not_hide_the_others() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    let output = folder.nnc(&["check", "missing.nn", "good.nn"]);
    status(&output, 2);
    assert!(out(&output).contains("Double"));
}

#[test]
fn data_that_does_not_fit_is_status_3() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    folder.file("text.npy", "hello");
    folder.file(
        "weights.nn",
        WARNED.replace(
            "    Linear",
            "    weights \"no.safetensors\"\n    fc: Linear",
        ),
    );
    let cases: [(&[&str], &str); 10] = [
        (&["run", "good.nn"], "E0601"),
        (&["run", "good.nn", "-i", "z=ones"], "E0602"),
        (&["run", "good.nn", "-i", "[[1, 2]]"], "E0603"),
        (&["run", "good.nn", "-i", "[[1, 2], [3]]"], "E0605"),
        (&["run", "good.nn", "-i", "missing.npy"], "E0605"),
        (&["run", "good.nn", "-i", "text.npy"], "E0605"),
        (&["run", "good.nn", "-i", "."], "E0605"),
        (&["run", "good.nn", "-i", "ones", "-o", "z=y.npy"], "E0602"),
        (
            &["run", "good.nn", "-i", "ones", "--set", "N=99999999999"],
            "E0608",
        ),
        (&["run", "weights.nn", "-i", "ones"], "E0503"),
    ];
    for (args, code) in cases {
        let output = folder.nnc(args);
        status(&output, 3);
        assert!(
            err(&output).contains(&format!("error[{code}]")),
            "{args:?}: {}",
            err(&output)
        );
        assert_eq!(out(&output), "");
    }
}

#[test]
fn outputs_that_cannot_be_written_are_status_3_and_leave_nothing() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    std::fs::create_dir(folder.0.path().join("folder.npy")).expect("writable");
    for path in ["no/such/folder/y.npy", "folder.npy"] {
        let output = folder.nnc(&["run", "good.nn", "-i", "ones", "-o", path]);
        status(&output, 3);
        assert!(
            err(&output).contains("cannot be written"),
            "{}",
            err(&output)
        );
    }
    // A picture of [1, 3] is one of 1 × 3 pixels: no picture has five axes.
    folder.file("deep.nn", GOOD.replace("[N, 3]", "[N, 1, 1, 3, 2]"));
    let output = folder.nnc(&["run", "deep.nn", "-i", "ones", "-o", "y.png"]);
    status(&output, 3);
    assert!(err(&output).contains("E0609"), "{}", err(&output));
    let left: Vec<_> = std::fs::read_dir(folder.0.path())
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name())
        .filter(|name| name.to_string_lossy().contains(".nnc-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn text_that_is_not_utf8_has_a_diagnostic() {
    let folder = Folder::new();
    folder.file("latin.nn", b"model \xff {\n}\n");
    let output = folder.nnc(&["check", "latin.nn"]);
    status(&output, 1);
    assert!(err(&output).contains("error[E0105]"), "{}", err(&output));
}

#[test]
fn a_file_that_is_too_large_has_a_diagnostic() {
    let folder = Folder::new();
    folder.file("large.nn", vec![b'\n'; 20 << 20]);
    let output = folder.nnc(&["check", "large.nn"]);
    status(&output, 1);
    assert!(err(&output).contains("error[E0112]"), "{}", err(&output));
}

#[test]
fn standard_input_is_a_program() {
    let output = with_stdin(&["check", "-"], GOOD.as_bytes());
    status(&output, 0);
    assert!(out(&output).starts_with("Double: "));
    let output = with_stdin(&["check", "-"], BAD.as_bytes());
    status(&output, 1);
    assert!(err(&output).contains("<stdin>:3:9"), "{}", err(&output));
}

#[test]
fn check_json_has_the_promised_keys() {
    let folder = Folder::new();
    folder.file("bad.nn", format!("# 한국어\n{BAD}"));
    folder.file("good.nn", GOOD);
    let output = folder.nnc(&["check", "bad.nn", "good.nn", "--format", "json"]);
    status(&output, 1);
    assert_eq!(err(&output), "");
    let object = json(&output);
    assert_eq!(object["version"], 1);
    let diag = &object["diagnostics"][0];
    assert_eq!(diag["code"], "E0201");
    assert_eq!(diag["severity"], "error");
    assert_eq!(diag["file"], "bad.nn");
    assert_eq!(diag["start"]["line"], 4);
    assert_eq!(diag["start"]["column"], 9);
    assert_eq!(diag["start"]["byte"], 52);
    assert_eq!(diag["end"]["byte"], 57);
    assert!(diag["message"].is_string() && diag["labels"].is_array() && diag["notes"].is_array());
    let edit = &diag["fixes"][0]["edits"][0];
    assert_eq!(edit["text"], "Linear");
    assert_eq!(edit["start"]["column"], 9);
    assert_eq!(object["models"][0]["name"], "Net");
    let model = &object["models"][1];
    assert_eq!(model["name"], "Double");
    assert_eq!(model["file"], "good.nn");
    assert_eq!(model["inputs"][0]["dtype"], "f32");
    assert_eq!(model["inputs"][0]["shape"], serde_json::json!(["N", 3]));
    assert_eq!(model["outputs"][0]["name"], "y");
    assert_eq!(model["parameters"], 0);
    assert_eq!(model["buffers"], 0);
    assert_eq!(model["requirements"], serde_json::json!([]));
}

#[test]
fn summary_json_counts_by_hand() {
    let output = command(&["summary", &example("lenet5.nn"), "--format", "json"])
        .output()
        .expect("the command starts");
    status(&output, 0);
    let model = &json(&output)["models"][0];
    assert_eq!(model["name"], "LeNet5");
    assert_eq!(model["parameters"], 61_706);
    let conv = &model["layers"][1];
    assert_eq!(conv["name"], "conv1");
    assert_eq!(conv["kind"], "Conv");
    assert_eq!(conv["parameters"], 6 * 25 + 6);
    // 28 · 28 places, 6 filters of 5 · 5 on one channel.
    assert_eq!(conv["macs"], "117600*N");
    assert_eq!(conv["receptive_field"], serde_json::json!([5, 5]));
    assert_eq!(conv["shape"], serde_json::json!(["N", 28, 28, 6]));
    assert_eq!(model["layers"][13]["receptive_field"], "all");
}

#[test]
fn summary_goes_up_to_the_error() {
    let folder = Folder::new();
    folder.file("bad.nn", BAD.replace("    fc:", "    Rescale(2)\n    fc:"));
    let output = folder.nnc(&["summary", "bad.nn"]);
    status(&output, 1);
    let text = out(&output);
    assert!(text.contains("\nRescale "), "{text}");
    assert!(
        text.contains("✗ line 4: ") && text.contains("so far"),
        "{text}"
    );
    assert!(!text.contains("MACs\n"), "{text}");
}

#[test]
fn run_shows_the_digit_that_the_picture_shows() {
    let output = command(&[
        "run",
        &example("lenet5.nn"),
        "-i",
        &example("data/seven.png"),
    ])
    .output()
    .expect("the command starts");
    status(&output, 0);
    let text = out(&output);
    let winner = text.lines().nth(1).expect("a chart");
    assert!(
        winner.trim_start().starts_with("seven") && winner.contains('█'),
        "{text}"
    );
}

#[test]
fn a_folder_of_pictures_is_a_batch_in_counting_order() {
    let args = [
        "run",
        &example("lenet5.nn"),
        "-i",
        &example("data/digits"),
        "--format",
        "json",
    ];
    let whole = command(&args).output().expect("the command starts");
    status(&whole, 0);
    let object = json(&whole);
    let output = &object["outputs"][0];
    assert_eq!(output["shape"], serde_json::json!([10, 10]));
    assert_eq!(object["rows"][3], "3.png");
    for (row, name) in [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(output["top"][row][0]["label"], *name);
    }
    let batched = command(&[&args[..], &["--batch", "3"]].concat())
        .output()
        .expect("the command starts");
    status(&batched, 0);
    assert_eq!(
        json(&batched)["outputs"][0]["shape"],
        serde_json::json!([10, 10])
    );
}

#[test]
fn a_picture_of_another_size_asks_for_resize() {
    let folder = Folder::new();
    folder.file(
        "small.nn",
        "model Small {\n    input x: [N, 7, 9, 1]\n    Rescale(1)\n    output y\n}\n",
    );
    let picture = example("data/seven.png");
    let output = folder.nnc(&["run", "small.nn", "-i", &picture]);
    status(&output, 3);
    assert!(
        err(&output).contains("E0603") && err(&output).contains("--resize"),
        "{}",
        err(&output)
    );
    let output = folder.nnc(&[
        "run", "small.nn", "-i", &picture, "--resize", "--format", "json",
    ]);
    status(&output, 0);
    assert_eq!(
        json(&output)["outputs"][0]["shape"],
        serde_json::json!([1, 7, 9, 1])
    );
}

#[test]
fn results_are_written_in_every_format_and_read_back() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    for name in ["y.npy", "y.npz", "y.safetensors"] {
        let output = folder.nnc(&["run", "good.nn", "-i", "[[1, 2.5, -3]]", "-o", name]);
        status(&output, 0);
        assert_eq!(out(&output), "");
        let again = folder.nnc(&["run", "good.nn", "-i", name, "--format", "json"]);
        status(&again, 0);
        assert_eq!(
            json(&again)["outputs"][0]["values"],
            serde_json::json!([[3.0, 4.5, -1.0]]),
            "{name}"
        );
    }
    status(
        &folder.nnc(&["run", "good.nn", "-i", "[[1, 2, 3]]", "-o", "y=y.csv"]),
        0,
    );
    let csv = std::fs::read_to_string(folder.0.path().join("y.csv")).expect("written");
    assert_eq!(csv.trim(), "2.0,3.0,4.0");
    status(
        &folder.nnc(&["run", "good.nn", "-i", "[[1, 2, 3]]", "-o", "y.json"]),
        0,
    );
}

#[test]
fn an_archive_with_several_tensors_asks_which() {
    let folder = Folder::new();
    folder.file(
        "two.nn",
        "model Two {\n    input x: [N, 3]\n    a: Add(1) from x\n    b: Add(2) from x\n    output p from a\n    output q from b\n}\n",
    );
    status(
        &folder.nnc(&["run", "two.nn", "-i", "ones", "-o", "both.npz"]),
        0,
    );
    let output = folder.nnc(&["run", "two.nn", "-i", "both.npz"]);
    status(&output, 3);
    assert!(err(&output).contains("both.npz:NAME"), "{}", err(&output));
    let output = folder.nnc(&["run", "two.nn", "-i", "both.npz:q", "--format", "json"]);
    status(&output, 0);
    assert_eq!(
        json(&output)["outputs"][0]["values"],
        serde_json::json!([[4.0, 4.0, 4.0]])
    );
}

#[test]
fn random_weights_are_said_and_repeatable() {
    let folder = Folder::new();
    folder.file("warned.nn", WARNED);
    let run = |seed: &str| {
        folder.nnc(&[
            "run",
            "warned.nn",
            "-i",
            "ones",
            "--seed",
            seed,
            "--format",
            "json",
        ])
    };
    let first = run("1");
    status(&first, 0);
    assert!(
        err(&first).contains("are random (seed 1)"),
        "{}",
        err(&first)
    );
    assert!(err(&first).contains("N = 1"), "{}", err(&first));
    assert_eq!(out(&first), out(&run("1")));
    assert_ne!(out(&first), out(&run("2")));
}

#[test]
fn bench_json_has_the_promised_keys() {
    let folder = Folder::new();
    folder.file("good.nn", GOOD);
    let output = folder.nnc(&[
        "bench",
        "good.nn",
        "--set",
        "N=4",
        "--runs",
        "3",
        "--threads",
        "1",
        "--format",
        "json",
    ]);
    status(&output, 0);
    let object = json(&output);
    for key in ["median_ms", "min_ms", "p95_ms"] {
        assert!(object[key].as_f64().expect("a number") > 0.0, "{key}");
    }
    assert_eq!(object["runs"], 3);
    assert_eq!(object["threads"], 1);
    assert_eq!(object["sizes"]["N"], 4);
    assert!(object["peak_bytes"].is_u64() && object["steps"].is_array());
}

#[test]
fn colours_follow_the_option_and_no_color() {
    let folder = Folder::new();
    folder.file("bad.nn", BAD);
    let has = |output: &Output| err(output).contains('\u{1b}');
    assert!(
        !has(&folder.nnc(&["check", "bad.nn"])),
        "a pipe has no colours"
    );
    assert!(has(&folder.nnc(&["check", "bad.nn", "--color", "always"])));
    assert!(has(&folder.nnc(&["--color=always", "chek"])));
    assert!(!has(&folder.nnc(&["--color=never", "chek"])));
    let output = command(&["explain", "E0301"])
        .env("NO_COLOR", "1")
        .output()
        .expect("it starts");
    assert!(!out(&output).contains('\u{1b}'));
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_is_no_error() {
    for args in [
        &["explain"][..],
        &["layers"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        status(&output, 0);
        assert_eq!(err(&output), "", "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_told() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("there");
    let output = command(&["explain"])
        .stdout(full)
        .output()
        .expect("it starts");
    status(&output, 3);
    assert!(
        err(&output).contains("cannot be written"),
        "{}",
        err(&output)
    );
}

#[test]
fn alone_it_says_what_it_can_do() {
    let output = command(&[]).output().expect("it starts");
    status(&output, 0);
    assert!(out(&output).contains("nnc check net.nn"));
}

#[test]
fn every_code_is_explained_and_every_layer_has_a_page() {
    let list = out(&command(&["explain"]).output().expect("it starts"));
    let codes: Vec<&str> = list
        .lines()
        .filter_map(|line| line.trim().split(' ').next())
        .filter(|word| word.len() == 5 && word[1..].bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    assert!(codes.len() > 50, "{list}");
    for code in codes.iter().step_by(10) {
        let output = command(&["explain", &code.to_lowercase()])
            .output()
            .expect("it starts");
        status(&output, 0);
        assert!(out(&output).starts_with(code), "{}", out(&output));
    }
    let page = out(&command(&["layers", "Dense"]).output().expect("it starts"));
    assert!(
        page.contains("Keras") && page.contains("Linear(features, bias=true"),
        "{page}"
    );
}

#[test]
fn a_model_parameter_can_be_set() {
    let folder = Folder::new();
    folder.file(
        "classes.nn",
        "model Net(classes) {\n    input x: [N, 3]\n    fc: Linear(classes)\n    output y: [N, classes]\n}\n",
    );
    let output = folder.nnc(&["check", "classes.nn"]);
    status(&output, 0);
    assert!(out(&output).contains("[N, classes]"), "{}", out(&output));
    let output = folder.nnc(&["check", "classes.nn", "--set", "classes=7"]);
    assert!(
        out(&output).contains("[N, 7] · 28 parameters"),
        "{}",
        out(&output)
    );
    let output = folder.nnc(&["run", "classes.nn", "-i", "ones"]);
    status(&output, 3);
    assert!(err(&output).contains("E0607"), "{}", err(&output));
    let output = folder.nnc(&["check", "classes.nn", "--set", "clases=7"]);
    status(&output, 1);
    assert!(err(&output).contains("E0218"), "{}", err(&output));
}

#[test]
fn a_weights_file_that_is_given_is_not_blamed_on_the_one_in_the_program() {
    let folder = Folder::new();
    folder.file(
        "net.nn",
        "model Net {\n    weights \"own.safetensors\"\n    input x: [1, 4]\n    fc: Linear(3)\n    output y\n}\n",
    );
    let said = |file: &str| {
        let output = folder.nnc(&["run", "net.nn", "-i", "ones", "--weights", file]);
        assert!(!output.status.success());
        err(&output)
    };
    let absent = said("other.safetensors");
    assert!(
        absent.contains("`other.safetensors` cannot be read"),
        "{absent}"
    );
    assert!(absent.contains("net.nn:1:7"), "{absent}");
    // A file without tensors.
    folder.file("empty.safetensors", "\u{2}\0\0\0\0\0\0\0{}");
    let missing = said("empty.safetensors");
    assert!(
        missing.contains("are not in `empty.safetensors`"),
        "{missing}"
    );
    assert!(missing.contains("net.nn:4:5"), "{missing}");
    let own = folder.nnc(&["run", "net.nn", "-i", "ones"]);
    assert!(err(&own).contains("net.nn:2:"), "{}", err(&own));
}
