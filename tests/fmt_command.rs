//! `nnc fmt` as a script sees it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const UGLY: &str = "model M{\n  input x:[N,3]\n  Add( 1 )\n  output y }\n";
const NEAT: &str = "model M {\n    input x: [N, 3]\n    Add(1)\n    output y\n}\n";
const BROKEN: &str = "model M {\n    input x: [N, 3]\n  conv1 = Conv( 6 )\n    output y\n}\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, contents).expect("writable");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("readable")
    }

    /// Runs `nnc fmt` with `args` and `input`, and returns the status and both streams.
    fn fmt(&self, args: &str, input: &str) -> (i32, String, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nnc"))
            .arg("fmt")
            .args(args.split(' ').filter(|arg| !arg.is_empty()))
            .current_dir(self.0.path())
            .env("COLUMNS", "100")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut stdin = child.stdin.take().expect("piped");
        // A command that reads nothing may have ended.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (status.code().expect("a status"), text(stdout), text(stderr))
    }
}

#[test]
fn files_are_laid_out_in_their_place_and_named() {
    let folder = Folder::new();
    folder.file("a.nn", UGLY);
    folder.file("b.nn", NEAT);
    let (status, out, err) = folder.fmt("a.nn b.nn", "");
    assert_eq!((status, &*out), (0, "a.nn\n"));
    assert_eq!(err, "note: 1 of 2 files were laid out\n");
    assert_eq!(folder.read("a.nn"), NEAT);
    assert_eq!(
        std::fs::read_dir(folder.0.path()).expect("there").count(),
        2
    );
    folder.file("a.nn", UGLY);
    assert_eq!(
        folder.fmt("-q a.nn b.nn", ""),
        (0, String::new(), String::new())
    );
    assert_eq!(folder.read("a.nn"), NEAT);
}

#[test]
fn standard_input_is_laid_out_to_standard_output() {
    let folder = Folder::new();
    for args in ["-", "--stdin-filepath x.nn", "- --stdin-filepath x.nn"] {
        assert_eq!(
            folder.fmt(args, UGLY),
            (0, NEAT.into(), String::new()),
            "{args}"
        );
    }
    let (status, out, err) = folder.fmt("--stdin-filepath x.nn --check", UGLY);
    assert_eq!((status, &*err), (1, ""));
    assert!(out.starts_with("x.nn:1\n-model M{\n+model M {\n"), "{out}");
    assert_eq!(folder.fmt("- -", UGLY).0, 2);
    assert_eq!(folder.fmt("", UGLY).0, 2);
}

#[test]
fn a_check_shows_what_would_change_and_writes_nothing() {
    let folder = Folder::new();
    folder.file("a.nn", UGLY);
    folder.file("b.nn", NEAT);
    let (status, out, _) = folder.fmt("--check a.nn b.nn", "");
    assert_eq!(status, 1);
    assert_eq!(
        out,
        "a.nn:1\n-model M{\n+model M {\n-  input x:[N,3]\n+    input x: [N, 3]\n-  Add( 1 )\n\
         +    Add(1)\n-  output y }\n+    output y\n+}\n"
    );
    assert_eq!(folder.read("a.nn"), UGLY);
    assert_eq!(
        folder.fmt("--check b.nn", ""),
        (0, String::new(), String::new())
    );
    assert_eq!(
        folder.fmt("--check -q a.nn", ""),
        (1, String::new(), String::new())
    );
    let (_, out, _) = folder.fmt("--check --color always a.nn", "");
    assert!(out.contains("\u{1b}["), "{out}");
}

#[test]
fn what_cannot_be_seen_is_shown_by_a_check() {
    let folder = Folder::new();
    let text = NEAT.replace("Add(1)", "Add(1) \t").trim_end().to_owned();
    folder.file("a.nn", text);
    let (status, out, _) = folder.fmt("--check a.nn", "");
    assert_eq!(status, 1);
    assert_eq!(
        out,
        "a.nn:3\n model M {\n     input x: [N, 3]\n-    Add(1)·→\n+    Add(1)\n     output y\n\
         -} (no line end)\n+}\n"
    );
}

#[test]
fn a_broken_line_is_left_with_a_warning() {
    let folder = Folder::new();
    folder.file("a.nn", BROKEN);
    let (status, out, err) = folder.fmt("a.nn", "");
    assert_eq!((status, &*out), (0, "a.nn\n"));
    assert!(
        err.starts_with("warning: a part of a.nn has a mistake"),
        "{err}"
    );
    assert_eq!(folder.read("a.nn"), BROKEN.replace("  conv1", "    conv1"));
    assert_eq!(folder.fmt("-q a.nn", ""), (0, String::new(), String::new()));
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_from_it() {
    let folder = Folder::new();
    folder.file("latin1.nn", b"# caf\xe9\n");
    folder.file("a.nn", UGLY);
    let (status, out, err) = folder.fmt("no.nn latin1.nn a.nn", "");
    assert_eq!((status, &*out), (3, "a.nn\n"));
    assert!(
        err.contains("`no.nn` cannot be read: no such file"),
        "{err}"
    );
    assert!(
        err.contains("`latin1.nn` cannot be read: it is not UTF-8 text"),
        "{err}"
    );
    assert_eq!(folder.read("a.nn"), NEAT);
    assert_eq!(folder.fmt("--check no.nn a.nn", "").0, 3);
}

#[test]
fn folders_are_walked_without_what_is_hidden() {
    let folder = Folder::new();
    for name in [
        "a.nn",
        "sub/b.nn",
        "sub/deep/c.nn",
        "sub/d.txt",
        ".hidden/e.nn",
        "sub/.f.nn",
    ] {
        folder.file(name, UGLY);
    }
    let (status, out, err) = folder.fmt(".", "");
    assert_eq!(status, 0);
    let named: Vec<&str> = out
        .lines()
        .map(|line| line.trim_start_matches("./"))
        .collect();
    assert_eq!(named, ["a.nn", "sub/b.nn", "sub/deep/c.nn"]);
    assert_eq!(err, "note: 3 of 3 files were laid out\n");
    for name in ["sub/d.txt", ".hidden/e.nn", "sub/.f.nn"] {
        assert_eq!(folder.read(name), UGLY, "{name}");
    }
    let (_, _, err) = folder.fmt(".", "");
    assert_eq!(err, "note: all 3 files are laid out\n");
}

#[test]
#[cfg(unix)]
fn rights_and_links_stay_and_neat_files_are_not_written() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = Folder::new();
    folder.file("there/a.nn", UGLY);
    let rights = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(folder.path("there/a.nn"), rights).expect("ours");
    symlink("there/a.nn", folder.path("link.nn")).expect("writable");
    symlink("..", folder.path("there/up")).expect("writable");
    assert_eq!(folder.fmt("link.nn", "").0, 0);
    assert_eq!(folder.read("there/a.nn"), NEAT);
    assert!(folder.path("link.nn").is_symlink());
    let before = std::fs::metadata(folder.path("there/a.nn")).expect("there");
    assert_eq!(before.mode() & 0o777, 0o640);
    assert_eq!(folder.fmt(".", "").0, 0);
    let after = std::fs::metadata(folder.path("there/a.nn")).expect("there");
    assert_eq!(before.ino(), after.ino());
}
