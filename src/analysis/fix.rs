//! Making the fixes of a program: each is made when the program proves to be better for it.

use std::collections::BTreeMap;

use super::{Analysis, Loaded, Loader, Settings, analyze};
use crate::diag::{Code, Diagnostic, Edit, Fix};
use crate::text::FileId;

/// How often one file is analysed at most, and how many bytes in all: a large program is fixed
/// as far as that goes.
const MOST: usize = 2_000;
const BYTES: usize = 64 << 20;

/// A program after all that could be fixed has been.
pub struct Fixed {
    /// The text; `None` when it is as it was.
    pub text: Option<String>,
    /// What is known of it now.
    pub analysis: Analysis,
    /// How many diagnostics were fixed.
    pub fixed: usize,
}

impl Fixed {
    /// How many diagnostics of the file itself are left.
    pub fn left(&self) -> usize {
        let own = |diag: &&Diagnostic| diag.primary.span.file == FileId(0);
        self.analysis.diagnostics.iter().filter(own).count()
    }
}

/// Makes the first fix of every diagnostic that it rids of. `allowed` are warnings that nobody
/// wants to hear of.
pub fn fix(program: &Loaded, loader: &dyn Loader, settings: &Settings, allowed: &[Code]) -> Fixed {
    let mut search = Search {
        name: &program.name,
        loader,
        settings,
        allowed,
        left: (BYTES / program.bytes.len().max(1)).min(MOST),
        text: String::new(),
        analysis: analyze(&program.name, &program.bytes, loader, settings),
        fixed: 0,
    };
    let text = std::str::from_utf8(&program.bytes).unwrap_or_default();
    text.clone_into(&mut search.text);
    search.allow();
    search.strictly();
    while search.deeper() {}
    Fixed {
        text: (search.fixed > 0).then_some(search.text),
        analysis: search.analysis,
        fixed: search.fixed,
    }
}

struct Search<'a> {
    name: &'a str,
    loader: &'a dyn Loader,
    settings: &'a Settings,
    allowed: &'a [Code],
    /// How many analyses may follow.
    left: usize,
    /// The best text so far, and what is known of it.
    text: String,
    analysis: Analysis,
    fixed: usize,
}

impl Search<'_> {
    /// Makes every fix that is better at once. One can bring to light what stood behind its
    /// mistake.
    fn strictly(&mut self) {
        loop {
            let before = self.fixed;
            let found = self.candidates();
            self.settle(&found, &mut Vec::new());
            if self.fixed == before {
                break;
            }
        }
    }

    /// Makes one fix whose mistake hid others, if those can be fixed as well, so that there are
    /// no more errors in the end; whether there was one.
    fn deeper(&mut self) -> bool {
        for (code, fix) in self.candidates() {
            if self.left == 0 {
                return false;
            }
            let (text, after) = self.after(&fix.edits, &[]);
            if !is_error(code) || !uncovers(&self.analysis.diagnostics, &after.diagnostics, code) {
                continue;
            }
            let errors = errors_of(&self.analysis);
            let fixed = self.fixed;
            let kept = std::mem::replace(&mut self.text, text);
            let known = std::mem::replace(&mut self.analysis, after);
            self.fixed += 1;
            self.strictly();
            if errors_of(&self.analysis) <= errors {
                return true;
            }
            (self.text, self.analysis, self.fixed) = (kept, known, fixed);
        }
        false
    }

    /// The text with `edits`, which are in the text before `made`, and what is known of it.
    fn after(&mut self, edits: &[Edit], made: &[Edit]) -> (String, Analysis) {
        self.left -= 1;
        let text = edited(&self.text, edits, made);
        let mut after = analyze(self.name, text.as_bytes(), self.loader, self.settings);
        let allowed = self.allowed;
        after
            .diagnostics
            .retain(|diag| !allowed.contains(&diag.code));
        (text, after)
    }

    fn allow(&mut self) {
        let allowed = self.allowed;
        self.analysis
            .diagnostics
            .retain(|diag| !allowed.contains(&diag.code));
    }

    /// The first fixes of all diagnostics, as far as they edit the file itself.
    fn candidates(&self) -> Vec<(Code, Fix)> {
        let fixes = self.analysis.diagnostics.iter().filter_map(|diag| {
            let fix = diag.fixes.first()?;
            let own = fix.edits.iter().all(|edit| edit.span.file == FileId(0));
            own.then(|| (diag.code, fix.clone()))
        });
        fixes.collect()
    }

    /// Makes those of `fixes` that prove right: all at once, or else each half on its own. Their
    /// places are those in the text before `made`, the edits so far, in order.
    fn settle(&mut self, fixes: &[(Code, Fix)], made: &mut Vec<Edit>) {
        let mut free: Vec<(Code, Fix)> = Vec::new();
        let mut edits = Vec::new();
        for (code, fix) in fixes {
            let taken = made.iter().chain(&edits);
            if fix
                .edits
                .iter()
                .all(|edit| taken.clone().all(|other| apart(edit, other)))
            {
                edits.extend(fix.edits.iter().cloned());
                free.push((*code, fix.clone()));
            }
        }
        if free.is_empty() || self.left == 0 {
            return;
        }
        let (text, after) = self.after(&edits, made);
        if better(&self.analysis.diagnostics, &after.diagnostics, &free) {
            made.append(&mut edits);
            self.text = text;
            self.analysis = after;
            self.fixed += free.len();
        } else if free.len() > 1 {
            let (first, second) = free.split_at(free.len() / 2);
            self.settle(first, made);
            self.settle(second, made);
        }
    }
}

fn errors_of(analysis: &Analysis) -> usize {
    let errors = analysis.diagnostics.iter().filter(|diag| diag.is_error());
    errors.count()
}

/// Whether `a` and `b` can both be made, whatever their order.
fn apart(a: &Edit, b: &Edit) -> bool {
    let (a, b) = (a.span, b.span);
    a.end < b.start || b.end < a.start
}

/// `text`, in which `made` has been done, with `edits` made as well.
fn edited(text: &str, edits: &[Edit], made: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.span.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        // How far the edits before it have moved its place.
        let moved: i64 = made
            .iter()
            .filter(|other| other.span.start < edit.span.start)
            .map(|other| other.text.len() as i64 - other.span.range().len() as i64)
            .sum();
        let place = |offset: u32| (i64::from(offset) + moved) as usize;
        let (start, end) = (place(edit.span.start), place(edit.span.end));
        out += &text[at..start];
        out += &edit.text;
        at = end;
    }
    out + &text[at..]
}

/// Whether the diagnostics of `fixes` are gone and no error has come. A mistake that is out of
/// the way may let a warning be seen; a warning's fix brings no other.
fn better(before: &[Diagnostic], after: &[Diagnostic], fixes: &[(Code, Fix)]) -> bool {
    let count = |diags: &[Diagnostic]| {
        let mut counts: BTreeMap<Code, usize> = BTreeMap::new();
        for diag in diags {
            *counts.entry(diag.code).or_default() += 1;
        }
        counts
    };
    let mut most = count(before);
    for (code, _) in fixes {
        let entry = most.entry(*code).or_default();
        *entry = entry.saturating_sub(1);
    }
    let errors = fixes.iter().any(|(code, _)| is_error(*code));
    let own = |code: &Code| fixes.iter().any(|(other, _)| other == code);
    count(after).iter().all(|(code, count)| {
        let free = errors && !is_error(*code) && !own(code);
        free || *count <= most.get(code).copied().unwrap_or(0)
    })
}

/// Whether one diagnostic of `code` is gone, and what has come is of later stages alone: a line
/// that can be read may name no layer, and a layer that is known may have wrong arguments, whose
/// result may have a wrong shape.
fn uncovers(before: &[Diagnostic], after: &[Diagnostic], code: Code) -> bool {
    let stage = |code: Code| match &code.name()[..3] {
        "E01" => 0,
        "E02" => 1,
        "E04" => 2,
        _ => 3,
    };
    let count = |diags: &[Diagnostic], code: Code| {
        let same = diags.iter().filter(|diag| diag.code == code);
        same.count()
    };
    count(after, code) < count(before, code)
        && after.iter().map(|diag| diag.code).all(|other| {
            other == code
                || stage(other) > stage(code)
                || count(after, other) <= count(before, other)
        })
}

fn is_error(code: Code) -> bool {
    code.severity() == crate::diag::Severity::Error
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Loader for Nothing {
        fn load(&self, _: &str, _: &str) -> Result<Loaded, String> {
            Err("no such file".into())
        }

        fn exists(&self, _: &str, _: &str) -> bool {
            false
        }
    }

    fn fixed(text: &str) -> Fixed {
        let program = Loaded {
            name: "net.nn".into(),
            bytes: text.into(),
        };
        fix(&program, &Nothing, &Settings::default(), &[])
    }

    #[test]
    fn fixes_what_it_can_and_leaves_the_rest() {
        let text = "model Net {\n    input x: [N, 4]\n    a: Dense(3)\n    ReLu\n    \
                    Linear(2)\n    b: Linear(k)\n    output y\n}\n";
        let done = fixed(text);
        let after = done.text.as_deref().expect("something was fixed");
        assert!(after.contains("a: Linear(3)"), "{after}");
        assert!(after.contains("\n    ReLU\n"), "{after}");
        assert_eq!(done.left(), 1, "{after}");
        assert!(after.contains("b: Linear(k)"));
        assert_eq!(done.fixed, 3, "{after}");
    }

    #[test]
    fn a_mistake_that_hides_others_is_fixed_with_them() {
        let text = "model = keras.Sequential([\n    keras.Input(shape=(28, 28, 1)),\n    \
                    layers.Conv2D(8, kernel_size=3, activation=\"relu\"),\n    Flatten(),\n    \
                    Dense(10, activation=\"softmax\"),\n])\n";
        let done = fixed(text);
        let after = done.text.as_deref().expect("something was fixed");
        assert_eq!(
            after,
            "model Net {\n    input x: [N, 28, 28, 1]\n    conv1: Conv(8, kernel=3)\n    ReLU\n    \
             Flatten()\n    linear1: Linear(10)\n    Softmax\n    output y\n}\n"
        );
        assert_eq!(done.left(), 0);
    }

    #[test]
    fn a_fix_behind_which_more_is_wrong_is_not_made() {
        // `Softmax` brings two arguments to light that nothing mends.
        let text =
            "model A {\n    input x: [N, 4]\n    a: Softmx(some=1, other=2)\n    output y\n}\n";
        let done = fixed(text);
        assert!(done.text.is_none(), "{:?}", done.text);
    }

    #[test]
    fn a_fix_that_brings_an_error_is_not_made() {
        // Both would be called `linear1`.
        let text = "model Net {\n    input x: [N, 4]\n    linear1: Linear(4)\n    ReLU\n    \
                    Linear(2)\n    output y\n}\n";
        let done = fixed(text);
        if let Some(after) = &done.text {
            assert!(!done.analysis.has_errors(), "{after}");
        }
    }

    #[test]
    fn what_is_right_or_no_text_stays() {
        assert!(
            fixed("model A { input x: [N]\n output y: [N] }\n")
                .text
                .is_none()
        );
        let program = Loaded {
            name: "net.nn".into(),
            bytes: vec![0xff, 0xfe],
        };
        let done = fix(&program, &Nothing, &Settings::default(), &[]);
        assert!(done.text.is_none() && done.fixed == 0 && done.left() > 0);
    }
}
