use super::*;
use crate::diag::{Code, Edit, Fix};
use crate::text::FileId;
use unicode_width::UnicodeWidthStr;

fn source(text: &str) -> (SourceMap, FileId) {
    let mut sources = SourceMap::default();
    let id = sources.add("net.nn", text);
    (sources, id)
}

fn find(sources: &SourceMap, id: FileId, needle: &str) -> Span {
    let at = sources
        .file(id)
        .text
        .find(needle)
        .expect("the needle is there");
    Span::new(id, at, at + needle.len())
}

fn plain(diag: &Diagnostic, sources: &SourceMap) -> String {
    render(diag, sources, Style::PLAIN)
}

#[test]
fn draws_labels_notes_and_the_fixed_line() {
    let (sources, id) = source(
        "model M {\n    input image: [N, H, W, 3]\n    down: DoubleConv(32)\n    Concat(axis=-1) from up, down\n}\n",
    );
    let diag = Diagnostic::new(
        Code::E0301,
        find(&sources, id, "Concat"),
        "`Concat` joins tensors that agree on every axis but the joined one",
    )
    .here("`up` is [N, 2*(H//2), 2*(W//2), 32]")
    .label(find(&sources, id, "down:"), "`down` is [N, H, W, 32]")
    .note("axes 1 and 2 differ when H or W is odd")
    .fix(
        "take only even heights",
        find(&sources, id, "H").after().before(),
        "",
    );
    let mut diag = diag;
    let h = find(&sources, id, "H, W");
    diag.fixes[0].edits = vec![
        Edit {
            span: Span { end: h.start, ..h },
            text: "2*".into(),
        },
        Edit {
            span: Span {
                start: h.start + 3,
                end: h.start + 4,
                ..h
            },
            text: "2*w".into(),
        },
    ];
    assert_eq!(
        plain(&diag, &sources),
        "\
error[E0301]: `Concat` joins tensors that agree on every axis but the joined one
  ┌─ net.nn:4:5
  │
3 │     down: DoubleConv(32)
  │     ----- `down` is [N, H, W, 32]
4 │     Concat(axis=-1) from up, down
  │     ^^^^^^ `up` is [N, 2*(H//2), 2*(W//2), 32]
  │
  = axes 1 and 2 differ when H or W is odd
help: take only even heights
  │
2 │     input image: [N, 2*H, 2*w, 3]
  │                      ++   ~~~

"
    );
}

#[test]
fn marks_stand_below_what_they_mark_with_tabs_and_wide_characters() {
    let (sources, id) = source("\tx: Conv(6) # 한국어 🙂\tDense(3)\n");
    let diag = Diagnostic::new(Code::E0201, find(&sources, id, "Dense"), "no layer `Dense`")
        .here("here")
        .fix("write `Linear`", find(&sources, id, "Dense"), "Linear");
    let text = plain(&diag, &sources);
    let lines: Vec<&str> = text.lines().collect();
    let column = |line: &str, needle: char| {
        let at = line.find(needle).expect("the mark is there");
        line[..at].width()
    };
    assert_eq!(column(lines[3], 'D'), column(lines[4], '^'), "{text}");
    let help = lines
        .iter()
        .position(|line| line.contains("Linear(3)"))
        .expect("the fix");
    let name = lines[help].find("Linear").expect("the name");
    assert_eq!(
        lines[help][..name].width(),
        column(lines[help + 1], '~'),
        "{text}"
    );
    assert!(!text.contains('\t'));
}

#[test]
fn draws_every_span_of_awkward_files() {
    for text in [
        "",
        "\n",
        "\r\n",
        "a",
        "a\r\nb\r\n",
        "\t한\r\n\r\n🙂",
        "\u{1b}[2J\u{202e}x\0\n",
        "\r\r\n",
    ] {
        let (sources, id) = source(text);
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let span = Span::new(id, start, end);
                let diag = Diagnostic::new(Code::E0101, span, "what is this")
                    .here("this")
                    .label(span, "that\u{7}")
                    .fix("remove it", span, "")
                    .fix("write it", span, "new\nline");
                if text.is_char_boundary(start) && text.is_char_boundary(end) {
                    let drawn = plain(&diag, &sources);
                    assert!(
                        drawn.contains('^') && drawn.contains("this"),
                        "{text:?} {start}..{end}\n{drawn}"
                    );
                    assert!(
                        !drawn.contains(['\u{1b}', '\u{202e}', '\r', '\u{7}']),
                        "{drawn:?}"
                    );
                } else {
                    plain(&diag, &sources);
                }
            }
        }
    }
}

#[test]
fn labels_in_several_files_have_their_places() {
    let mut sources = SourceMap::default();
    let main = sources.add("net.nn", "import A from \"a.nn\"\nA\n");
    let other = sources.add("a.nn", "block A {\n}\n");
    let diag = Diagnostic::new(Code::E0217, find(&sources, main, "A\n"), "no output")
        .label(find(&sources, other, "block"), "defined here")
        .fix(
            "add one",
            find(&sources, other, "}").before(),
            "    output y\n",
        );
    let text = plain(&diag, &sources);
    assert!(text.contains("┌─ a.nn:1:1"), "{text}");
    assert!(
        text.contains("  ┌─ a.nn:2\n  │\n2 │     output y\n  │ ++++++++++++\n3 │ }\n"),
        "{text}"
    );
}

#[test]
fn a_removal_shows_the_line_as_it_is() {
    let (sources, id) = source("x: Conv(6, bias=true)\n");
    let diag = Diagnostic::new(Code::E0401, find(&sources, id, "bias"), "unknown argument").fix(
        "remove it",
        find(&sources, id, ", bias=true"),
        "",
    );
    assert!(
        plain(&diag, &sources).contains(
            "help: remove it\n  │\n1 │ x: Conv(6, bias=true)\n  │          -----------\n"
        ),
    );
}

#[test]
fn long_lines_are_cut_around_the_label() {
    let long = format!("{} needle {}", "한 ".repeat(5000), "x".repeat(5000));
    let (sources, id) = source(&long);
    let span = find(&sources, id, "needle");
    let text = plain(
        &Diagnostic::new(Code::E0203, span, "what").here("this"),
        &sources,
    );
    assert!(text.len() < 2000, "{text}");
    assert!(text.contains("net.nn:1:10002"), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let at = lines[3].find("needle").expect("shown");
    let mark = lines[4].find("^^^^^^ this").expect("marked");
    assert_eq!(lines[3][..at].width(), lines[4][..mark].width());
}

#[test]
fn counts_and_colours() {
    let (sources, id) = source("x\n");
    let span = Span::new(id, 0, 1);
    let diags = [
        Diagnostic::new(Code::E0202, span, "one"),
        Diagnostic::new(Code::E0202, span, "two"),
        Diagnostic::new(Code::W0102, span, "three"),
    ];
    assert!(render_all(&diags, &sources, Style::PLAIN).ends_with("\n\n2 errors, 1 warning\n"));
    assert_eq!(render_all(&[], &sources, Style::PLAIN), "");
    let style = Style {
        color: true,
        width: 80,
    };
    let text = render_all(&diags, &sources, style);
    assert!(
        text.contains("\u{1b}[") && text.ends_with("\u{1b}[0m\n"),
        "{text:?}"
    );
    let stripped: String = anstyle_free(&text);
    assert_eq!(
        stripped,
        render_all(
            &diags,
            &sources,
            Style {
                color: false,
                width: 80
            }
        )
    );
}

/// `text` without its colour sequences.
fn anstyle_free(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn notes_wrap_between_words_and_keep_code_whole() {
    let (sources, id) = source("x\n");
    let diag = Diagnostic::new(Code::E0202, Span::new(id, 0, 1), "one")
        .note("a note of many words that goes on and ends with `code of many words too`");
    let style = Style {
        color: false,
        width: 40,
    };
    let text = render(&diag, &sources, style);
    assert!(text.contains("  = a note of many words that goes on\n    and ends with\n    `code of many words too`\n"), "{text}");
}

#[test]
fn multi_edit_fixes_show_each_line() {
    let (sources, id) = source("a\nb\nc\nd\n");
    let mut diag = Diagnostic::new(Code::E0202, Span::new(id, 0, 1), "one");
    diag.fixes.push(Fix {
        title: "rename".into(),
        edits: vec![
            Edit {
                span: Span::new(id, 6, 7),
                text: "dd".into(),
            },
            Edit {
                span: Span::new(id, 0, 1),
                text: "z".into(),
            },
        ],
    });
    assert!(
        plain(&diag, &sources)
            .ends_with("help: rename\n  │\n1 │ z\n  │ ~\n  ·\n4 │ dd\n  │  +\n\n")
    );
}
