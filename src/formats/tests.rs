//! What other software wrote is read right, and no bytes make a reader panic.
//!
//! `tests/fixtures/formats/make.py` writes the fixtures and says what is in them.

use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::safetensors::Weights;
use super::{FormatError, Kind, csv, images, json, literal, npy, npz};
use crate::tensor::{DType, Layout, Tensor};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

type Fixture = (String, Kind, Vec<u8>);

/// Every fixture with its name and format.
fn fixtures() -> &'static [Fixture] {
    static ALL: LazyLock<Vec<Fixture>> = LazyLock::new(list_fixtures);
    &ALL
}

fn list_fixtures() -> Vec<Fixture> {
    let mut all: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Kind::from_name(&name).map(|kind| (fixture(&name), kind, name)))
        .map(|(bytes, kind, name)| (name, kind, bytes))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(all.len() > 40);
    all
}

/// Reads all that `bytes` hold.
fn read(kind: Kind, bytes: &[u8]) -> Result<Vec<Tensor>, FormatError> {
    Ok(match kind {
        Kind::Npy => vec![npy::read(bytes)?],
        Kind::Npz => npz::read(bytes)?.into_iter().map(|(_, t)| t).collect(),
        Kind::Safetensors => {
            let weights = Weights::parse(bytes)?;
            let names = weights.names().iter();
            names.map(|n| weights.get(n)).collect::<Result<_, _>>()?
        }
        Kind::Png | Kind::Jpeg => {
            let picture = images::decode(bytes)?;
            vec![images::to_tensor(&picture, 3, Layout::default())?]
        }
        Kind::Csv | Kind::Json => Vec::new(),
    })
}

fn count(dtype: DType) -> Tensor {
    match dtype {
        DType::F32 => Tensor::from_f32(&[2, 3], (0..6).map(|v| v as f32).collect()).unwrap(),
        DType::I64 => Tensor::from_i64(&[2, 3], (0..6).collect()).unwrap(),
    }
}

#[test]
fn reads_every_element_type_of_numpy() {
    let kinds = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8";
    for kind in kinds.split(' ') {
        let expected = match kind.chars().next() {
            Some('f') => count(DType::F32),
            Some('b') => Tensor::from_i64(&[2, 3], vec![0, 1, 1, 1, 1, 1]).unwrap(),
            _ => count(DType::I64),
        };
        for order in ["little_c", "big_fortran"] {
            let name = format!("{kind}_{order}.npy");
            assert_eq!(npy::read(&fixture(&name)).unwrap(), expected, "{name}");
        }
    }
}

#[test]
fn reads_other_arrays_of_numpy() {
    let read = |name: &str| npy::read(&fixture(name));
    assert_eq!(read("version_2.npy").unwrap(), count(DType::I64));
    assert_eq!(read("version_3.npy").unwrap(), count(DType::I64));
    assert_eq!(
        read("scalar.npy").unwrap(),
        Tensor::from_f32(&[], vec![0.1]).unwrap()
    );
    assert_eq!(read("empty.npy").unwrap().shape(), [0, 3]);
    assert_eq!(
        read("rank_3_fortran.npy").unwrap(),
        Tensor::from_i64(&[2, 3, 4], (0..24).collect()).unwrap()
    );
    for name in ["complex.npy", "structured.npy"] {
        assert!(matches!(
            read(name),
            Err(FormatError::UnsupportedDType { .. })
        ));
    }
}

#[test]
fn writes_what_numpy_writes() {
    for name in ["f4_little_c.npy", "i8_little_c.npy", "empty.npy"] {
        let bytes = fixture(name);
        assert_eq!(npy::write(&npy::read(&bytes).unwrap()), bytes, "{name}");
    }
}

#[test]
fn reads_archives_of_numpy() {
    for name in ["stored.npz", "deflated.npz"] {
        let expected = [
            ("weight".to_owned(), count(DType::F32)),
            ("steps".to_owned(), Tensor::from_i64(&[], vec![7]).unwrap()),
        ];
        assert_eq!(npz::read(&fixture(name)).unwrap(), expected, "{name}");
    }
}

#[test]
fn reads_safetensors_of_python() {
    let bytes = fixture("mixed.safetensors");
    let weights = Weights::parse(&bytes).unwrap();
    assert_eq!(
        weights.names(),
        ["a.kernel", "double", "half", "large", "mask", "scalar"]
    );
    assert_eq!(weights.metadata()["format"], "np");
    let floats = |v: &[f32]| Tensor::from_f32(&[v.len()], v.to_vec()).unwrap();
    let integers = |v: &[i64]| Tensor::from_i64(&[v.len()], v.to_vec()).unwrap();
    let get = |name| weights.get(name).unwrap();
    assert_eq!(get("a.kernel"), count(DType::F32));
    assert_eq!(get("double"), floats(&[0.1]));
    assert_eq!(get("half"), floats(&[1.5, -2.0, 65504.0]));
    assert_eq!(get("large"), integers(&[1 << 40]));
    assert_eq!(get("mask"), integers(&[1, 0]));
    assert_eq!(get("scalar"), Tensor::from_i64(&[], vec![-3]).unwrap());
}

#[test]
fn decodes_pictures_of_pillow() {
    let pixels = |name: &str, channels| {
        let picture = images::decode(&fixture(name)).unwrap();
        let tensor = images::to_tensor(&picture, channels, Layout::default()).unwrap();
        assert_eq!(tensor.shape()[3], channels);
        tensor.as_f32().unwrap().to_vec()
    };
    let red = |i: usize| (i % 4 * 40) as f32;
    let rgb: Vec<f32> = (0..8)
        .flat_map(|i| [red(i), (i / 4 * 100) as f32, 7.0])
        .collect();
    assert_eq!(pixels("rgb.png", 3), rgb);
    assert_eq!(pixels("palette.png", 3), rgb);
    assert_eq!(pixels("grey.png", 1), (0..8).map(red).collect::<Vec<_>>());
    let deep: Vec<f32> = (0..8)
        .map(|i| (i % 4 * 0x1234) as f32 * 255.0 / 65535.0)
        .collect();
    assert_eq!(pixels("grey16.png", 1), deep);
    let rgba: Vec<f32> = (0..8)
        .flat_map(|i| [red(i), (i / 4 * 100) as f32, 7.0, (i % 4 * 85) as f32])
        .collect();
    assert_eq!(pixels("rgba.png", 4), rgba);
    for (name, color) in [
        ("flat.jpg", [200.0, 100.0, 50.0]),
        ("progressive.jpg", [200.0, 100.0, 50.0]),
        ("grey.jpg", [200.0; 3]),
    ] {
        for (i, value) in pixels(name, 3).into_iter().enumerate() {
            let expected: f32 = color[i % 3];
            assert!((value - expected).abs() <= 2.0, "{name}: {value} at {i}");
        }
    }
}

#[test]
fn knows_formats_by_name_and_by_magic() {
    for (name, kind, bytes) in fixtures() {
        assert_eq!(Kind::from_magic(bytes), Some(*kind), "{name}");
    }
    assert_eq!(Kind::from_name("a.b/C.JPEG"), Some(Kind::Jpeg));
    for name in ["npy", ".npy", "a.npy/b", "a.txt", "a.", ""] {
        assert_eq!(Kind::from_name(name), None, "{name}");
    }
    assert_eq!(Kind::from_magic(b"PK"), None);
}

#[test]
fn refuses_every_truncation() {
    for (name, kind, bytes) in fixtures() {
        for length in 0..bytes.len() {
            let result = read(*kind, &bytes[..length]);
            assert!(result.is_err(), "{name} of {length} bytes");
        }
    }
}

#[test]
fn survives_every_change_of_a_byte() {
    for (_, kind, bytes) in fixtures() {
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            for change in [0x01, 0x20, 0x80, 0xff, bytes[at]] {
                changed[at] ^= change;
                if let Ok(tensors) = read(*kind, &changed) {
                    for tensor in tensors {
                        assert!(tensor.len() < 1 << 22);
                    }
                }
                changed[at] = bytes[at];
            }
        }
    }
}

/// A tensor of any type and of up to three axes.
fn tensors() -> impl Strategy<Value = Tensor> {
    prop::collection::vec(0usize..4, 0..4).prop_flat_map(|shape| {
        let count: usize = shape.iter().product();
        let integers = shape.clone();
        prop_oneof![
            prop::collection::vec(any::<f32>(), count)
                .prop_map(move |v| Tensor::from_f32(&shape, v).unwrap()),
            prop::collection::vec(any::<i64>(), count)
                .prop_map(move |v| Tensor::from_i64(&integers, v).unwrap()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn every_format_round_trips(tensor in tensors()) {
        prop_assert_eq!(&npy::read(&npy::write(&tensor)).unwrap(), &tensor);
        let archive = npz::write(&[("x", &tensor)]).unwrap();
        prop_assert_eq!(&npz::read(&archive).unwrap()[0].1, &tensor);
        let bytes = super::safetensors::write(&[("x", &tensor)]).unwrap();
        prop_assert_eq!(&Weights::parse(&bytes).unwrap().get("x").unwrap(), &tensor);
        // Text of at least one element says the type and the whole shape.
        if !tensor.is_empty() {
            prop_assert_eq!(&literal::read(&json::write(&tensor)).unwrap(), &tensor);
        }
        csv::write(&tensor);
    }

    #[test]
    fn random_bytes_never_panic(
        magic in prop::sample::select(vec![
            &b"\x93NUMPY\x01\x00"[..],
            b"\x93NUMPY\x02\x00",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"\x08\0\0\0\0\0\0\0{",
            b"",
        ]),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [magic, &noise].concat();
        for kind in Kind::ALL {
            let _ = read(kind, &bytes);
        }
        let _ = literal::read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn fixtures_changed_at_random_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let (_, kind, bytes) = which.get(fixtures());
        let mut bytes = bytes.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let _ = read(*kind, &bytes);
    }

    #[test]
    fn random_literals_never_panic(text in "[\\[\\], 0-9.eE+\\-naif\u{e9}]{0,40}") {
        let _ = literal::read(&text);
    }

    #[test]
    fn random_npy_headers_never_panic(text in "\\{('(descr|fortran_order|shape)': ?('[<>|=]?[a-z][0-9]'|True|False|\\([0-9, L]{0,12}\\)),? ?){0,4}\\}?") {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        let _ = npy::read(&bytes);
    }
}
