//! What the `nnc` command says about arguments and data that are not what a run takes.

use std::process::{Command, Output};

const DOUBLE: &str = "\
model Double {
    input x: [N, 3]
    Add(1)
    output y: [N, 3]
}
";

const TWO: &str = "\
model Two {
    input x: [N, 3]
    a: Add(1)
    b: Softmax from x
    output sum: [N, 3] from a
    output p: [N, 3] from b
}
";

const WARNED: &str = "\
model Net {
    input x: [N, 3]
    Linear(2)
    output y: [N, 2]
}
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        folder.file("double.nn", DOUBLE);
        folder.file("two.nn", TWO);
        folder.file("warned.nn", WARNED);
        folder
    }

    fn file(&self, name: &str, contents: &str) {
        std::fs::write(self.0.path().join(name), contents).expect("writable");
    }

    fn nnc(&self, args: &str) -> Output {
        let args: Vec<&str> = args.split(' ').filter(|arg| !arg.is_empty()).collect();
        Command::new(env!("CARGO_BIN_EXE_nnc"))
            .args(args)
            .current_dir(self.0.path())
            .env("COLUMNS", "100")
            .output()
            .expect("the command starts")
    }

    /// Runs `args`, which ends with `status`, and wants `words` on standard error.
    #[track_caller]
    fn says(&self, args: &str, status: i32, words: &str) {
        let output = self.nnc(args);
        let told = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(status), "{args}: {told}");
        assert!(told.contains(words), "{args}: {told}");
    }
}

#[test]
fn a_wrong_use_says_what_is_wrong_with_it() {
    let folder = Folder::new();
    for (args, words) in [
        ("run double.nn -i x=", "nothing is given for the input `x`"),
        ("run double.nn -i ones --top 0", "--top"),
        ("run double.nn -i ones --seed -1", "'-1' for '--seed <N>'"),
        (
            "run double.nn -i ones --resize=big",
            "`--resize=big` is not a size",
        ),
        (
            "run double.nn -i ones --set N=1 --set N=2",
            "`N` is set twice",
        ),
        (
            "run two.nn -i ones -o y.csv",
            "the outputs are `sum` and `p`",
        ),
        (
            "check two.nn double.nn --model Two",
            "there is no model `Two` in double.nn",
        ),
    ] {
        folder.says(args, 2, words);
    }
}

#[test]
fn data_that_does_not_fit_says_why() {
    let folder = Folder::new();
    for (args, words) in [
        ("run double.nn -i rand", "did you mean `random`?"),
        (
            "run double.nn -i [[1,2]]",
            "the literal does not fit the input `x`: axis 1 is 2, not 3",
        ),
        (
            "run double.nn -i ones -o no/y.npy",
            "there is no folder `no`",
        ),
        ("run double.nn -i ones -o z=y.npy", "its output is `y`"),
        (
            "run double.nn -i random --set N=99999999999",
            "here it is [99999999999, 3]",
        ),
    ] {
        folder.says(args, 3, words);
    }
}

#[test]
fn data_under_a_wrong_name_is_one_mistake() {
    let folder = Folder::new();
    let output = folder.nnc("run double.nn -i z=ones");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(told.matches("error[").count(), 1, "{told}");
}

#[test]
fn an_archive_may_hold_more_than_the_input() {
    let folder = Folder::new();
    let made = folder.nnc("run two.nn -i [[1,2,3]] -o sum=all.npz -o p=all.npz -q");
    assert!(made.status.success());
    folder.says(
        "run double.nn -i all.npz",
        3,
        "it holds `sum`, `p`; say which",
    );
    folder.file("sum.nn", &DOUBLE.replace("x:", "sum:"));
    let output = folder.nnc("run sum.nn -i all.npz --format json");
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(told.contains("[[3.0,4.0,5.0]]"), "{told}");
}

#[test]
fn numbers_in_json_are_the_shortest_that_read_back() {
    let folder = Folder::new();
    let output = folder.nnc("run double.nn -i [[-0.9,0.1,1e30]] --format json");
    let told = String::from_utf8(output.stdout).expect("text");
    assert!(told.contains("[[0.100000024,1.1,1e+30]]"), "{told}");
}

#[test]
fn a_quiet_command_tells_of_the_warnings_that_make_it_fail() {
    let folder = Folder::new();
    folder.says("check warned.nn -q --deny-warnings", 1, "W0101");
    let output = folder.nnc("check warned.nn -q");
    assert!(output.status.success() && output.stderr.is_empty());
}

#[test]
fn a_picture_in_which_nothing_is_seen_is_remarked() {
    let folder = Folder::new();
    folder.says("run two.nn -i [[1,2,3]] -o p=p.png", 0, "white is 255");
}
