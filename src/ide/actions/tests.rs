use super::*;
use crate::analysis::Analysis;
use crate::ide::testing::program;
use crate::ide::{Facts, Names};

fn edited(text: &str, edits: &[(Place, String)]) -> String {
    let mut edits: Vec<_> = edits.iter().filter(|(p, _)| p.file == "main.nn").collect();
    edits.sort_by_key(|(place, _)| place.start);
    let mut out = text.to_owned();
    for (place, new) in edits.into_iter().rev() {
        out.replace_range(place.start as usize..place.end as usize, new);
    }
    out
}

fn offered(analysis: &Analysis, range: Range<usize>) -> Vec<Action> {
    let (names, facts) = (Names::new(analysis), Facts::new(analysis));
    let view = View::new(analysis, &names, &facts);
    let elsewhere = [Elsewhere {
        path: "blocks.nn".into(),
        blocks: vec!["Residual".into()],
    }];
    actions(&view, analysis.files[0].0, range, &elsewhere)
}

/// Every action at `$0`, or from it to the second one, with the text that it makes.
fn shown(text: &str) -> String {
    let (_, start) = program(text, &[]);
    let once = text.replacen("$0", "", 1);
    let end = once.find("$0").unwrap_or(start);
    let plain = once.replacen("$0", "", 1);
    let (analysis, _) = program(&plain, &[]);
    let mut out = String::new();
    for action in offered(&analysis, start..end) {
        let mark = if action.preferred { " (preferred)" } else { "" };
        out += &format!("=== {}{mark}\n", action.title);
        out += &edited(&plain, &action.edits);
    }
    out
}

#[test]
fn offers_fixes_and_imports() {
    insta::assert_snapshot!(shown(
        "model M {\n    input x: [N, 8, 8, 3]\n    c: Con$0v2D(4, (3, 3), activation=\"relu\")\n    output y\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "# A network.\nmodel M {\n    input x: [N, 8]\n    a: Resi$0dual(4)\n    output y\n}\n"
    ));
}

#[test]
fn writes_down_what_is_known() {
    insta::assert_snapshot!(shown(
        "model M {\n    input x: [N, 8, 8, 3]\n    Con$0v(4, kernel=3)\n    output y\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "model M {\n    input x: [N, 8, 8, 3]\n    c: Conv(4, kernel=3)\n    out$0put y\n}\n"
    ));
}

#[test]
fn extracts_lines_to_a_block() {
    insta::assert_snapshot!(shown(
        "# A network.\nmodel M(classes = 2) {\n    input x: [N, H, W, 3]\n    let k = 2 * classes\n    c: Conv(4, kernel=3, padding=same)\n    $0skip: Conv(k, kernel=3, padding=same)\n\n    # Twice.\n    ReLU\n    last: Conv(classes, kernel=1)$0\n    Add from skip, last\n    output y\n}\n"
    ));
    insta::assert_snapshot!(shown(
        "model M {\n    input x: [N, 4]\n    a: Linear(4)\n    b: Linear(4)\n    $0Add from a, b\n    ReLU$0\n    output y\n}\n"
    ));
}

#[test]
fn inlines_a_block() {
    insta::assert_snapshot!(shown(
        "block B(f, act = 2) {\n    input x: [N, C]\n    a: Linear(2 * f)\n    ReLU\n    b: Linear(f)\n    output y from b\n}\nmodel M {\n    input x: [N, 8]\n    down: $0B(3 + 1) from x\n    ReLU\n    Concat(axis=1) from down, x\n    output y\n}\n"
    ));
}

/// Every example, every run of lines: what is offered leaves a program that checks, with the same
/// results and as many parameters.
#[test]
fn rewriting_keeps_what_a_program_means() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut tried = [0; 3];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "nn") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let (analysis, _) = program(&text, &[]);
        if analysis.has_errors() {
            continue;
        }
        let lines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        for (nth, start) in lines.iter().enumerate() {
            for end in lines.iter().skip(nth + 1).step_by(2).take(3) {
                let start = start + 4;
                let past = text.as_bytes().get(start..*end).unwrap_or_default();
                let word = past.iter().take_while(|byte| **byte != b'\n').count();
                let colon = past[..word].iter().position(|byte| *byte == b':');
                let range = start + colon.map_or(0, |at| at + 2)..end.saturating_sub(1);
                if range.start >= range.end {
                    continue;
                }
                for action in offered(&analysis, range) {
                    if matches!(action.kind, ActionKind::Fix(_)) {
                        continue;
                    }
                    let at = match action.kind {
                        ActionKind::Extract => 0,
                        ActionKind::Inline => 1,
                        _ => 2,
                    };
                    tried[at] += 1;
                    let after = edited(&text, &action.edits);
                    let (again, _) = program(&after, &[]);
                    let errors: Vec<_> = again
                        .diagnostics
                        .iter()
                        .filter(|told| told.is_error())
                        .map(|told| &told.message)
                        .collect();
                    assert!(
                        errors.is_empty(),
                        "{}: {}\n{errors:?}\n{after}",
                        path.display(),
                        action.title
                    );
                    let about = |analysis: &Analysis| -> Vec<_> {
                        let models = analysis.program.models.iter();
                        models
                            .map(|model| {
                                let outputs = model.outputs.iter();
                                let shapes: Vec<_> = outputs
                                    .map(|output| output.value.and_then(|id| model.ty(id)).cloned())
                                    .collect();
                                let stored: Vec<_> =
                                    model.params.iter().map(|param| &param.shape).collect();
                                (shapes, format!("{stored:?}"))
                            })
                            .collect()
                    };
                    assert_eq!(
                        about(&analysis),
                        about(&again),
                        "{}: {}\n{after}",
                        path.display(),
                        action.title
                    );
                }
            }
        }
    }
    assert!(tried.iter().all(|count| *count > 10), "{tried:?}");
}
