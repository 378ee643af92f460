//! "Did you mean": the known name that is nearest to a mistyped one.

/// The candidate that `name` most likely stands for, if one is near enough: equal but for case
/// first, then by the number of typing slips (a character added, lost, changed, or two swapped),
/// of which a third of the name's length are allowed and at least one. The first of equals wins.
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let allowed = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.to_lowercase().chars().collect();
        // The distance is at least the difference of the lengths: long texts cost nothing.
        if other.len().abs_diff(wanted.len()) > allowed {
            continue;
        }
        let slips = distance(&wanted, &other);
        // With every character changed nothing of the name is left: `a` does not mean `b`.
        let related = slips < wanted.len().max(other.len());
        if slips <= allowed && related && best.is_none_or(|(least, _)| slips < least) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Like [`closest`]; where that finds nothing, the one candidate that begins or ends with `name`
/// (`class`: `classes`; `mean`: `running_mean`).
pub fn closest_or_longer<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    if let Some(near) = closest(name, candidates.clone()) {
        return Some(near);
    }
    let mut longer =
        candidates.filter(|other| other.starts_with(name) || other.ends_with(&format!("_{name}")));
    let first = longer.next().filter(|_| name.len() > 2)?;
    longer.next().is_none().then_some(first)
}

/// Whether `a` becomes `b` by one slip: a character added, lost or changed, or two swapped.
pub fn one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    a.len().abs_diff(b.len()) <= 1 && distance(&a, &b) == 1
}

/// The Damerau–Levenshtein distance in its restricted form, where a swapped pair is not edited
/// again (optimal string alignment; Boytsov 2011, "Indexing methods for approximate dictionary
/// searching").
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_one_longer_name() {
        let known = ["classes", "running_mean", "running_var", "N"];
        for (name, found) in [
            ("class", Some("classes")),
            ("mean", Some("running_mean")),
            ("running", None),
            ("ning", None),
        ] {
            assert_eq!(
                closest_or_longer(name, known.iter().copied()),
                found,
                "{name}"
            );
        }
    }

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = ["Conv", "ConvTranspose", "MaxPool", "MaxUnpool", "ReLU", "N"];
        let cases = [
            ("conv", Some("Conv")),
            ("Covn", Some("Conv")),
            ("MaxPol", Some("MaxPool")),
            ("relu", Some("ReLU")),
            ("ConvTransposed", Some("ConvTranspose")),
            ("Linear", None),
            ("n", Some("N")),
            ("M", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(closest(name, known.into_iter()), expected, "{name}");
        }
    }

    #[test]
    fn prefers_equal_but_for_case() {
        assert_eq!(
            closest("IMAGE", ["images", "image"].into_iter()),
            Some("image")
        );
    }

    #[test]
    fn counts_a_swap_as_one_slip() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("form"), &chars("from")), 1);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
    }
}
