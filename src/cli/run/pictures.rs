//! Pictures as data: one, or a folder or glob of them as a batch.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::check::program::Input;
use crate::cli::engine::{Engine, read};
use crate::cli::failure::{Failure, reason};
use crate::diag::{Code, Diagnostic};
use crate::formats::Kind;
use crate::formats::images::{self, Picture};
use crate::plan::DEFAULT_LIMIT;
use crate::shape::Dim;
use crate::tensor::{Layout, Tensor};

/// What `--resize` fits pictures to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The model's own size.
    Model,
    /// Height and width.
    Exact(usize, usize),
}

impl Size {
    /// The value of `--resize`: nothing, a number for both sides, or `HEIGHTxWIDTH`.
    pub fn parse(text: &str) -> Result<Size, Failure> {
        if text.is_empty() {
            return Ok(Size::Model);
        }
        let (height, width) = text.split_once(['x', '×']).unwrap_or((text, text));
        match (height.parse(), width.parse()) {
            (Ok(height), Ok(width)) if height > 0 && width > 0 => Ok(Size::Exact(height, width)),
            _ => Err(Failure::usage(format!("`--resize={text}` is not a size"))
                .help("write `--resize=HEIGHTxWIDTH`, or `--resize` alone for the model's size")),
        }
    }
}

/// How a model takes pictures, read off its input's type.
#[derive(Debug)]
struct Frame {
    layout: Layout,
    /// The number of channels; `None` where any number will do.
    channels: Option<usize>,
    height: Option<usize>,
    width: Option<usize>,
    /// Whether there is an axis for the batch.
    batch: bool,
    /// Whether there is an axis for the channels.
    channel_axis: bool,
}

impl Frame {
    /// The frame of an input of 2 axes (`[H, W]`), 3 (with channels if there are 1, 3 or 4 of
    /// them, else with a batch), or 4 (with both).
    fn new(dims: &[Dim], layout: Layout) -> Frame {
        let number = |dim: &Dim| dim.as_const().and_then(|n| usize::try_from(n).ok());
        let channel_at = |rank: usize| match layout {
            Layout::ChannelsFirst => rank - 3,
            Layout::ChannelsLast => rank - 1,
        };
        let colours = |dim: &Dim| matches!(number(dim), Some(1 | 3 | 4));
        let (batch, channel_axis) = match dims.len() {
            2 => (false, false),
            3 if colours(&dims[channel_at(3)]) => (false, true),
            3 => (true, false),
            _ => (true, true),
        };
        let spatial: Vec<&Dim> = match (dims.len(), channel_axis) {
            (2, _) => dims.iter().collect(),
            (3, false) => dims[1..].iter().collect(),
            (3 | 4, true) => {
                let channel = channel_at(dims.len());
                let first = usize::from(batch);
                (first..dims.len())
                    .filter(|axis| *axis != channel)
                    .map(|axis| &dims[axis])
                    .collect()
            }
            _ => Vec::new(),
        };
        let channels = match (dims.len(), channel_axis) {
            (3 | 4, true) => number(&dims[channel_at(dims.len())]),
            (_, false) => Some(1),
            _ => None,
        };
        Frame {
            layout,
            channels,
            height: spatial.first().and_then(|dim| number(dim)),
            width: spatial.get(1).and_then(|dim| number(dim)),
            batch,
            channel_axis,
        }
    }
}

/// The pictures at `paths` as one tensor for `input`.
pub fn load(
    paths: &[PathBuf],
    input: &Input,
    size: Option<Size>,
    engine: &Engine,
) -> Result<Tensor, Failure> {
    let name = &input.name.value;
    let refuse = |code, message: String, why: String| {
        engine.refuse(vec![
            Diagnostic::new(code, input.shape_span, message)
                .here(format!("the data for `{name}`"))
                .note(why),
        ])
    };
    let dims = engine
        .model
        .ty(input.value)
        .map_or(&[][..], |ty| ty.shape.dims());
    let frame = Frame::new(dims, engine.model.layout);
    if !matches!(dims.len(), 2..=4) {
        return Err(refuse(
            Code::E0603,
            format!("`{name}` takes no pictures"),
            "pictures are given to an input of 4 axes, of 3, or of 2 (height and width)".into(),
        ));
    }
    let goal = match (size, frame.height, frame.width) {
        (None, ..) => None,
        (Some(Size::Exact(height, width)), ..) => Some((height, width)),
        (Some(Size::Model), Some(height), Some(width)) => Some((height, width)),
        (Some(Size::Model), ..) => {
            return Err(
                Failure::usage(format!("`{name}` takes pictures of any size"))
                    .help("say which one to fit them to: `--resize=HEIGHTxWIDTH`"),
            );
        }
    };
    if !frame.batch && paths.len() > 1 {
        return Err(refuse(
            Code::E0603,
            format!("`{name}` takes one picture, and {} are given", paths.len()),
            match frame.layout {
                Layout::ChannelsLast => "an input with a batch axis takes several: [N, H, W, C]",
                Layout::ChannelsFirst => "an input with a batch axis takes several: [N, C, H, W]",
            }
            .into(),
        ));
    }
    let mut elements: Vec<f32> = Vec::new();
    let mut first: Option<(Vec<usize>, &Path)> = None;
    for path in paths {
        let unreadable = |why: String| {
            refuse(
                Code::E0605,
                format!("`{}` cannot be read", path.display()),
                why,
            )
        };
        let bytes = read(path).map_err(unreadable)?;
        let mut picture = images::decode(&bytes).map_err(|error| unreadable(error.to_string()))?;
        if let Some((height, width)) = goal
            && (picture.height(), picture.width()) != (height, width)
        {
            picture = images::resize(&picture, height, width)
                .map_err(|error| unreadable(error.to_string()))?;
        }
        let tensor = images::to_tensor(&picture, channels(&frame, &picture), frame.layout)
            .map_err(|error| {
                refuse(
                    Code::E0603,
                    format!("`{}` cannot be given to `{name}`", path.display()),
                    error.to_string(),
                )
            })?;
        let shape = tensor.shape().to_vec();
        match &first {
            Some((known, earlier)) if *known != shape => {
                return Err(refuse(
                    Code::E0603,
                    "the pictures of a batch differ in size".into(),
                    format!(
                        "`{}` is {known:?} and `{}` is {shape:?}; `--resize` makes them alike",
                        earlier.display(),
                        path.display()
                    ),
                ));
            }
            Some(_) => {}
            None => {
                let bytes = (tensor.len() as u64).saturating_mul(4 * paths.len() as u64);
                if bytes > DEFAULT_LIMIT
                    || elements
                        .try_reserve_exact(tensor.len() * paths.len())
                        .is_err()
                {
                    return Err(refuse(
                        Code::E0608,
                        format!("{} pictures do not fit in memory", paths.len()),
                        "give fewer at a time, or make them smaller with `--resize`".into(),
                    ));
                }
                first = Some((shape, path));
            }
        }
        elements.extend_from_slice(tensor.as_f32().unwrap_or(&[]));
    }
    let Some((mut shape, _)) = first else {
        return Err(Failure::usage(format!("there is no picture for `{name}`")));
    };
    shape[0] = paths.len();
    if !frame.channel_axis {
        // Grey pictures have one channel, whose axis the model does not have.
        shape.remove(match frame.layout {
            Layout::ChannelsFirst => 1,
            Layout::ChannelsLast => shape.len() - 1,
        });
    }
    if !frame.batch {
        shape.remove(0);
    }
    Ok(Tensor::from_f32(&shape, elements).expect("pictures of one shape lie one after another"))
}

/// The channels to decode `picture` with: the model's, else its own.
fn channels(frame: &Frame, picture: &Picture) -> usize {
    frame.channels.unwrap_or(match picture.channels() {
        1 | 2 => 1,
        _ => 3,
    })
}

fn is_picture(path: &Path) -> bool {
    let kind = path.to_str().and_then(Kind::from_name);
    matches!(kind, Some(Kind::Png | Kind::Jpeg))
}

/// The pictures in a folder, in the order in which a person counts.
pub fn folder(path: &Path) -> Result<Vec<PathBuf>, String> {
    let found = entries(path)?
        .into_iter()
        .filter(|path| is_picture(path))
        .collect();
    sorted(found).ok_or_else(|| "the folder holds no .png or .jpg".into())
}

/// The pictures that match a pattern: `*` and `?` in the last part of a path.
pub fn glob(pattern: &str) -> Result<Vec<PathBuf>, String> {
    let path = Path::new(pattern);
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("");
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if folder.to_string_lossy().contains(['*', '?']) && !folder.exists() {
        return Err("`*` and `?` may stand in the last part of the path only".into());
    }
    let pattern: Vec<char> = name.chars().collect();
    let found = entries(folder)?
        .into_iter()
        .filter(|path| is_picture(path))
        .filter(|path| {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| matches(&pattern, &name.chars().collect::<Vec<_>>()))
        })
        .collect();
    sorted(found).ok_or_else(|| "no .png or .jpg matches".into())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listed = std::fs::read_dir(folder).map_err(|error| reason(&error))?;
    let mut paths = Vec::new();
    for entry in listed {
        paths.push(entry.map_err(|error| reason(&error))?.path());
    }
    Ok(paths)
}

fn sorted(mut paths: Vec<PathBuf>) -> Option<Vec<PathBuf>> {
    paths.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    (!paths.is_empty()).then_some(paths)
}

/// Whether `text` matches `pattern`; time grows with the product of their lengths.
fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|ch| *ch == '*')
}

/// The order in which a person counts: `img2` before `img10`.
fn natural(a: &str, b: &str) -> Ordering {
    let number = |text: &str| {
        text.find(|ch: char| !ch.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let (mut x, mut y) = (a, b);
    loop {
        let (m, n) = (number(x), number(y));
        if m > 0 && n > 0 {
            let (one, other) = (
                x[..m].trim_start_matches('0'),
                y[..n].trim_start_matches('0'),
            );
            let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
            if order != Ordering::Equal {
                return order;
            }
            (x, y) = (&x[m..], &y[n..]);
            continue;
        }
        return match (x.chars().next(), y.chars().next()) {
            (Some(one), Some(other)) if one == other => {
                (x, y) = (&x[one.len_utf8()..], &y[other.len_utf8()..]);
                continue;
            }
            (one, other) => one.cmp(&other).then_with(|| a.cmp(b)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_a_person_does() {
        let mut names = ["img10.png", "img2.png", "a.png", "img02.png", "img.png"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["a.png", "img.png", "img02.png", "img2.png", "img10.png"]
        );
    }

    #[test]
    fn patterns_match_whole_names() {
        let is = |pattern: &str, text: &str| {
            matches(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            )
        };
        assert!(is("*.png", "a.png") && is("a?*", "abc") && is("*", "") && is("*한*", "대한민국"));
        assert!(!is("*.png", "a.jpg") && !is("a?", "a") && !is("", "a"));
        assert!(!is(&"*a".repeat(30), &"a".repeat(29)));
    }

    #[test]
    fn reads_sizes() {
        assert_eq!(Size::parse("").expect("fine"), Size::Model);
        assert_eq!(Size::parse("28").expect("fine"), Size::Exact(28, 28));
        assert_eq!(Size::parse("2x3").expect("fine"), Size::Exact(2, 3));
        for text in ["0", "x", "2x", "-1x3", "99999999999999999999"] {
            assert!(Size::parse(text).is_err());
        }
    }

    #[test]
    fn frames_follow_the_input() {
        let dims = |sizes: &[i128]| {
            sizes
                .iter()
                .map(|n| {
                    if *n == 0 {
                        Dim::var("N")
                    } else {
                        Dim::constant(*n)
                    }
                })
                .collect::<Vec<_>>()
        };
        let frame = |sizes: &[i128], layout| {
            let frame = Frame::new(&dims(sizes), layout);
            (frame.batch, frame.channels, frame.height, frame.width)
        };
        use Layout::{ChannelsFirst, ChannelsLast};
        assert_eq!(
            frame(&[0, 28, 29, 1], ChannelsLast),
            (true, Some(1), Some(28), Some(29))
        );
        assert_eq!(
            frame(&[0, 3, 28, 29], ChannelsFirst),
            (true, Some(3), Some(28), Some(29))
        );
        assert_eq!(
            frame(&[28, 29, 3], ChannelsLast),
            (false, Some(3), Some(28), Some(29))
        );
        assert_eq!(
            frame(&[3, 28, 29], ChannelsFirst),
            (false, Some(3), Some(28), Some(29))
        );
        assert_eq!(
            frame(&[0, 28, 29], ChannelsLast),
            (true, Some(1), Some(28), Some(29))
        );
        assert_eq!(
            frame(&[28, 29], ChannelsLast),
            (false, Some(1), Some(28), Some(29))
        );
        assert_eq!(frame(&[0, 0, 0, 0], ChannelsLast), (true, None, None, None));
    }
}
