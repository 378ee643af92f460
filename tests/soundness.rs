//! What the checker proves holds, and what it refuses is wrong: random programs, checked for all
//! sizes at once, against the same programs at many sizes.
//!
//! Two things decide what is true at some sizes. Lowering runs every shape rule on numbers. And the
//! whole program is checked again with its names set to numbers, which needs no algebra.
//!
//! `NNC_CASES=20` makes twenty times as many programs, `NNC_SEED=7` others.

#[path = "support/models.rs"]
mod models;
#[path = "support/runs.rs"]
mod runs;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use models::{
    Rng, Sketch, analyzed, cases, holds, mentions, names, program, requirements, seed, sizes,
};
use nnc::analysis::{Analysis, Settings};
use nnc::diag::{Code, Diagnostic};
use nnc::layers::REGISTRY;
use nnc::layers::def::Inputs;
use nnc::layers::value::Value;
use nnc::lower::lower;
use nnc::shape::{Dim, Env, Requirement};
use runs::{run_it, same_shapes};

fn settings(sizes: &Env) -> Settings {
    let values = sizes.iter();
    Settings {
        values: values
            .map(|(name, size)| (name.clone(), Value::Int(Dim::constant(*size))))
            .collect(),
    }
}

/// Whether a name set to 1 changes what the program means: a literal 1 is dropped by `Squeeze`
/// without an axis, and broadcasts.
fn literal_one_matters(text: &str) -> bool {
    text.lines()
        .any(|line| mentions(line, "Squeeze") && !line.contains("axis="))
}

fn errors(analysis: &Analysis) -> Vec<String> {
    let errors = analysis.diagnostics.iter().filter(|it| it.is_error());
    errors
        .map(|it| {
            let line = analysis.sources.start(it.primary.span).line;
            format!("{} line {line}: {}", it.code, it.message)
        })
        .collect()
}

/// A failure of the checker, with all that shows it.
fn wrong(text: &str, sizes: &Env, what: String) -> String {
    format!("{what}\nat {sizes:?}\n{text}")
}

/// What was looked at.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|(what, count)| writeln!(f, "{count:>8} {what}"))
    }
}

/// The requirements of a model without errors are exact, and the shapes are those that a run has.
fn check_clean(rng: &mut Rng, text: &str, tally: &mut Tally) -> Result<(), String> {
    let analysis = analyzed(text, &Settings::default());
    let model = &analysis.program.models[0];
    if model.has_errors {
        // A shape that waits for a setting.
        tally.count("models that wait for a setting");
        return Ok(());
    }
    tally.count("models without errors");
    let undecided = analysis.diagnostics.iter().any(|it| it.code == Code::W0104);
    let names = names(model);
    let requirements = requirements(model);
    let mut allowed = 0;
    for _ in 0..24 {
        let sizes = sizes(rng, &names, &requirements);
        let holds = holds(&requirements, &sizes);
        allowed += usize::from(holds);
        tally.count(if holds {
            "sizes that are allowed"
        } else {
            "sizes that are not"
        });
        match (lower(model, &sizes), holds) {
            (Ok(graph), true) => {
                same_shapes(model, &graph, &sizes).map_err(|what| wrong(text, &sizes, what))?;
                if rng.chance(8)
                    && run_it(model, &sizes).map_err(|what| wrong(text, &sizes, what))?
                {
                    tally.count("runs");
                }
            }
            (Err(_), false) => {}
            (Err(_), true) if undecided => tally.count("sizes left to the run"),
            (Err(error), true) => {
                return Err(wrong(
                    text,
                    &sizes,
                    format!("allowed, and does not lower: {error}"),
                ));
            }
            // What a block takes is settled where it is used, not by a layer.
            (Ok(_), false) if text.contains("block ") => {
                if !analyzed(text, &settings(&sizes)).has_errors() {
                    return Err(wrong(text, &sizes, "not allowed, and fine when set".into()));
                }
            }
            (Ok(_), false) => {
                let broken: Vec<String> = requirements
                    .iter()
                    .filter(|it| it.holds(&sizes) != Some(true))
                    .map(ToString::to_string)
                    .collect();
                return Err(wrong(
                    text,
                    &sizes,
                    format!("lowers in spite of {broken:?}"),
                ));
            }
        }
        if literal_one_matters(text) || rng.chance(50) {
            continue;
        }
        let again = analyzed(text, &settings(&sizes));
        match (again.has_errors(), holds) {
            (true, true) if !undecided => {
                let errors = errors(&again);
                return Err(wrong(
                    text,
                    &sizes,
                    format!("allowed, and has {errors:?} when set"),
                ));
            }
            (false, false) => {
                return Err(wrong(text, &sizes, "not allowed, and fine when set".into()));
            }
            _ => tally.count("programs set to sizes"),
        }
    }
    if allowed == 0 {
        tally.count("models for which no sizes were found");
    }
    Ok(())
}

/// Without any one of its requirements a model would be promised to run at sizes at which it does
/// not: such sizes are found, by trying many.
fn check_minimal(rng: &mut Rng, text: &str, tally: &mut Tally) -> Result<(), String> {
    let analysis = analyzed(text, &Settings::default());
    let model = &analysis.program.models[0];
    if model.has_errors {
        return Ok(());
    }
    let names = names(model);
    let requirements = requirements(model);
    for (at, requirement) in requirements.iter().enumerate() {
        tally.count("requirements that are needed");
        let mut others = requirements.clone();
        others.remove(at);
        let mut found = None;
        for _ in 0..40_000 {
            let mut point = sizes(rng, &names, &requirements);
            for size in point.values_mut() {
                if rng.chance(20) {
                    let most = *rng.pick(&[2, 60, 400, 3_000]);
                    *size = 1 + rng.below(most) as i128;
                }
            }
            if requirement.holds(&point) == Some(false) && holds(&others, &point) {
                found = Some(point);
                break;
            }
        }
        let Some(point) = found else {
            let all: Vec<String> = requirements.iter().map(ToString::to_string).collect();
            let what = format!("`{requirement}` follows from the rest of {all:?}");
            return Err(wrong(text, &Env::new(), what));
        };
        if !text.contains("block ") && lower(model, &point).is_ok() {
            let what = format!("lowers in spite of `{requirement}`");
            return Err(wrong(text, &point, what));
        }
    }
    Ok(())
}

/// The numbers in a note: `for H = 3, W = 1`.
fn example(note: &str) -> Option<Env> {
    let at = note
        .find("for ")
        .filter(|at| *at == 0 || note.as_bytes()[at - 1] == b' ')?;
    let mut sizes = Env::new();
    for part in note[at + 4..].split(", ") {
        let mut words = part.split(' ');
        let (name, equals, number) = (words.next()?, words.next(), words.next());
        let number = number.and_then(|number| number.trim_end_matches(',').parse().ok());
        match (equals, number) {
            (Some("="), Some(number)) => sizes.insert(name.into(), number),
            _ => break,
        };
    }
    (!sizes.is_empty()).then_some(sizes)
}

/// Whether the sizes are among those of which a note says `they differ when H or W is odd: `;
/// `None` where it says nothing or in other words.
fn said_to_differ(note: &str, sizes: &Env) -> Option<bool> {
    let (_, rest) = note.split_once("they differ when ")?;
    let (condition, _) = rest.split_once(':')?;
    let mut any = false;
    let mut subjects: Vec<i128> = Vec::new();
    let words: Vec<&str> = condition
        .split([' ', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let mut at = 0;
    while at < words.len() {
        if words[at] == "or" {
            at += 1;
            continue;
        }
        // A variable, perhaps with a modulus, then what is said of all subjects so far.
        let value = *sizes.get(words[at])?;
        at += 1;
        if words.get(at) == Some(&"%") {
            subjects.push(value % words.get(at + 1)?.parse::<i128>().ok()?);
            at += 2;
        } else {
            subjects.push(value);
        }
        if words.get(at) != Some(&"is") {
            continue;
        }
        at += 1;
        let denied = words.get(at) == Some(&"not");
        at += usize::from(denied);
        let test: Box<dyn Fn(i128) -> bool> = match *words.get(at)? {
            "even" => Box::new(|n| n % 2 == 0),
            "odd" => Box::new(|n| n % 2 != 0),
            "a" => {
                let modulus: i128 = words.get(at + 3)?.parse().ok()?;
                at += 3;
                Box::new(move |n| n % modulus == 0)
            }
            _ => {
                let mut listed: BTreeSet<i128> = BTreeSet::new();
                while let Some(number) = words.get(at).and_then(|word| word.parse().ok()) {
                    listed.insert(number);
                    at += 1;
                    at += usize::from(
                        words.get(at) == Some(&"or")
                            && words
                                .get(at + 1)
                                .is_some_and(|word| word.parse::<i128>().is_ok()),
                    );
                }
                at = at.checked_sub(1)?;
                Box::new(move |n| listed.contains(&n))
            }
        };
        at += 1;
        any |= subjects.drain(..).any(|n| test(n) != denied);
    }
    Some(any)
}

/// The errors of one line.
fn errors_at(analysis: &Analysis, line: usize) -> Vec<&Diagnostic> {
    let errors = analysis.diagnostics.iter().filter(|it| it.is_error());
    errors
        .filter(|it| analysis.sources.start(it.primary.span).line == line)
        .collect()
}

/// The error of the last statement is there for some sizes that the statements before allow.
fn check_wrong(
    rng: &mut Rng,
    text: &str,
    (before, line): (&str, usize),
    tally: &mut Tally,
) -> Result<(), String> {
    let analysis = analyzed(text, &Settings::default());
    let found = errors_at(&analysis, line);
    let others = errors(&analysis);
    let none = Env::new();
    let [error] = found.as_slice() else {
        let kinds: BTreeSet<Code> = found.iter().map(|it| it.code).collect();
        if found.len() > 1 && (kinds.len() > 1 || found.len() == others.len()) {
            tally.count("statements with several errors");
            return Ok(());
        }
        return Err(wrong(
            text,
            &none,
            format!("line {line} is wrong, and the errors are {others:?}"),
        ));
    };
    if others.len() > 1 {
        return Err(wrong(
            text,
            &none,
            format!("one statement is wrong, and the errors are {others:?}"),
        ));
    }
    tally.count("statements that are refused");
    let start = analyzed(before, &Settings::default());
    let model = &start.program.models[0];
    // What stands in E02xx and E04xx does not hang on sizes; and where a symbol stands for a
    // number, setting it is the remedy.
    let never = match error.code {
        Code::E0302 | Code::E0303 | Code::E0306 | Code::E0307 => true,
        Code::E0301 | Code::E0304 | Code::E0305 | Code::E0308 | Code::E0309 | Code::E0311 => false,
        _ => {
            tally.count("refusals that no sizes change");
            return Ok(());
        }
    };
    if literal_one_matters(text) {
        return Ok(());
    }
    let names = names(model);
    let requirements = requirements(model);
    let repeated = text
        .lines()
        .nth(line - 1)
        .is_some_and(|line| line.contains("repeat"));
    let fails_at = |sizes: &Env| {
        let again = analyzed(text, &settings(sizes));
        !errors_at(&again, line).is_empty()
    };
    // A size that is set to 1 is the literal 1, which broadcasts.
    let joins = error.message.contains("literal 1");
    let shows_one = |note: &str| note.contains("are 1 and") || note.ends_with("and 1");
    for note in &error.notes {
        let Some(mut example) = example(note) else {
            continue;
        };
        let mentioned = example.clone();
        for _ in 0..60 {
            let mut all = sizes(rng, &names, &requirements);
            all.append(&mut example.clone());
            if holds(&requirements, &all) {
                example = all;
                break;
            }
        }
        if !holds(&requirements, &example) || example.len() < names.len() {
            // An example is within the lower bounds that lines above have set.
            let below = requirements.iter().any(|it| {
                matches!(it, Requirement::AtLeast { .. }) && it.holds(&mentioned) == Some(false)
            });
            if below {
                let what = format!("an example that is not allowed: {note}");
                return Err(wrong(text, &mentioned, what));
            }
            tally.count("examples that other requirements exclude");
            continue;
        }
        let ones = joins && shows_one(note);
        if !ones && !fails_at(&example) {
            return Err(wrong(
                text,
                &example,
                format!(
                    "an example at which it is right: {note}\n{}: {}",
                    error.code, error.message
                ),
            ));
        }
        tally.count("examples");
    }
    let said: Vec<&String> = error
        .notes
        .iter()
        .filter(|note| note.contains("they differ when"))
        .collect();
    // Each way in which sizes disagree has a sentence with an example, or is always there.
    let ways = error.notes.iter().filter(|note| note.contains(", and "));
    let all_said = error.code == Code::E0301 && ways.count() == said.len();
    let mut tried = 0;
    let mut failing = 0;
    for _ in 0..600 {
        let sizes = sizes(rng, &names, &requirements);
        if !holds(&requirements, &sizes) {
            continue;
        }
        tried += 1;
        let fails = fails_at(&sizes);
        failing += usize::from(fails);
        if never && !fails {
            return Err(wrong(
                text,
                &sizes,
                format!(
                    "refused for all sizes, and right here: {}: {}",
                    error.code, error.message
                ),
            ));
        }
        let differ: Option<Vec<bool>> = said
            .iter()
            .map(|note| said_to_differ(note, &sizes))
            .collect();
        if let Some(differ) = differ
            && !differ.is_empty()
            && !joins
        {
            let some = differ.contains(&true);
            tally.count("sizes said to differ or to agree");
            if (some && !fails) || (!some && fails && all_said && !repeated) {
                let is = if fails { "fails" } else { "is right" };
                return Err(wrong(text, &sizes, format!("{said:?}\nand here it {is}")));
            }
        }
        if tried >= 60 || (failing > 0 && tried >= 10) {
            break;
        }
    }
    match (tried, failing) {
        (0, _) => tally.count("refusals for which no sizes were found"),
        // All sizes that are allowed may make it 1.
        (_, 0) if joins && error.notes.iter().any(|note| shows_one(note)) => {
            tally.count("refusals that a literal 1 mends");
        }
        (..20, 0) => tally.count("refusals for which few sizes were found"),
        (_, 0) => {
            return Err(wrong(
                text,
                &none,
                format!(
                    "refused, and right at {tried} sizes: {}: {}\n{:?}",
                    error.code, error.message, error.notes
                ),
            ));
        }
        _ => tally.count("refusals seen to be true"),
    }
    Ok(())
}

#[test]
fn what_is_proved_holds_and_what_is_refused_is_wrong() {
    let mut rng = Rng::new(seed());
    let mut tally = Tally::default();
    let mut drawn: BTreeSet<&str> = BTreeSet::new();
    let mut failures = Vec::new();
    for _ in 0..cases(300) {
        let sketch: Sketch = program(&mut rng);
        drawn.extend(
            REGISTRY
                .iter()
                .map(|it| it.name())
                .filter(|name| mentions(&sketch.text, name)),
        );
        let (clean, wrong) = match &sketch.wrong {
            None => (&sketch.text, None),
            Some((before, line)) => (before, Some((before.as_str(), *line))),
        };
        let result = check_clean(&mut rng, clean, &mut tally)
            .and_then(|()| check_minimal(&mut rng, clean, &mut tally))
            .and_then(|()| match wrong {
                Some(wrong) => check_wrong(&mut rng, &sketch.text, wrong, &mut tally),
                None => Ok(()),
            });
        if let Err(failure) = result {
            failures.push(failure);
        }
    }
    println!("{tally}");
    let count = failures.len();
    failures.sort_by_key(String::len);
    failures.truncate(8);
    assert!(
        failures.is_empty(),
        "{count} failures\n{}",
        failures.join("\n----\n")
    );
    let takes_values = REGISTRY
        .iter()
        .filter(|it| !matches!(it.signature().inputs, Inputs::None));
    let missing: Vec<&str> = takes_values
        .map(|it| it.name())
        .filter(|name| !drawn.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "layers that no program has: {missing:?}"
    );
}
