//! Tensors to and from bytes.
//!
//! Every reader takes a slice (a file read or mapped by the caller) and returns a [`Tensor`];
//! every writer returns bytes or text. Nothing here opens a file or prints.
//!
//! A file is not trusted: what its header promises is checked, in arithmetic that cannot
//! overflow, against the bytes that are really there before anything is allocated. A file that
//! lies, is cut off or is damaged gives a [`FormatError`], never a panic.
//!
//! # Element types
//!
//! Files hold more element types than [`DType`](crate::tensor::DType) has. Floats are read as
//! `f32` and integers and booleans as `i64`; [`to_dtype`] goes on from there. What may change a
//! value is an error, with one exception: `f64` is rounded to `f32`, because NumPy makes `f64`
//! unless told otherwise. See [`to_dtype`] for the rules.

pub mod csv;
mod error;
pub mod images;
pub mod json;
pub mod literal;
pub mod npy;
pub mod npz;
mod raw;
pub mod safetensors;
#[cfg(test)]
mod tests;

pub use error::FormatError;
pub use raw::{MAX_RANK, RawDType, to_dtype};

#[cfg(doc)]
use crate::tensor::Tensor;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One NumPy array, `.npy`.
    Npy,
    /// A zip archive of NumPy arrays, `.npz`.
    Npz,
    /// Named tensors, `.safetensors`.
    Safetensors,
    /// A picture, `.png`.
    Png,
    /// A picture, `.jpg` or `.jpeg`.
    Jpeg,
    /// Comma-separated values, `.csv`; written only.
    Csv,
    /// JSON, `.json`; written only.
    Json,
}

impl Kind {
    /// Every format, in the order in which help texts list them.
    pub const ALL: [Kind; 7] = [
        Kind::Npy,
        Kind::Npz,
        Kind::Safetensors,
        Kind::Png,
        Kind::Jpeg,
        Kind::Csv,
        Kind::Json,
    ];

    /// The file name extensions, without the dot, the usual one first.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Kind::Npy => &["npy"],
            Kind::Npz => &["npz"],
            Kind::Safetensors => &["safetensors"],
            Kind::Png => &["png"],
            Kind::Jpeg => &["jpg", "jpeg"],
            Kind::Csv => &["csv"],
            Kind::Json => &["json"],
        }
    }

    /// What a person calls a file of this format, with its article.
    pub fn description(self) -> &'static str {
        match self {
            Kind::Npy => "a NumPy array (.npy)",
            Kind::Npz => "an archive of NumPy arrays (.npz)",
            Kind::Safetensors => "a safetensors file",
            Kind::Png => "a PNG picture",
            Kind::Jpeg => "a JPEG picture",
            Kind::Csv => "a CSV file",
            Kind::Json => "a JSON file",
        }
    }

    /// The format that a file's name or path promises by its extension, in any letter case.
    pub fn from_name(name: &str) -> Option<Kind> {
        let file = name.rsplit(['/', '\\']).next()?;
        let (stem, extension) = file.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        Kind::ALL.into_iter().find(|kind| {
            kind.extensions()
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
    }

    /// The format that a file's first bytes show. CSV and JSON have no such mark.
    pub fn from_magic(bytes: &[u8]) -> Option<Kind> {
        if bytes.starts_with(npy::MAGIC) {
            Some(Kind::Npy)
        } else if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            Some(Kind::Npz)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Kind::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Kind::Jpeg)
        } else if safetensors::has_magic(bytes) {
            Some(Kind::Safetensors)
        } else {
            None
        }
    }

    /// Fails if `bytes` do not start as this format does, naming what they look like instead.
    pub(crate) fn expect_magic(self, bytes: &[u8]) -> Result<(), FormatError> {
        if Kind::from_magic(bytes) == Some(self) {
            Ok(())
        } else {
            Err(FormatError::WrongFormat {
                expected: self.description(),
                found: looks_like(bytes),
            })
        }
    }
}

/// What `bytes` look like, with its article: a format of ours, or another common one that
/// people mix up with them.
pub fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    const OTHERS: [(&[u8], &str); 12] = [
        (b"GIF8", "a GIF picture"),
        (b"BM", "a BMP picture"),
        (b"RIFF", "a RIFF file (WAV or WebP)"),
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"\x1f\x8b", "a gzip file"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file (such as Keras's .h5)"),
        (b"%PDF", "a PDF"),
        (b"\x80\x02", "a Python pickle"),
        (b"\x80\x04", "a Python pickle"),
        (b"\x7fELF", "a program"),
        (b"<", "a web page or XML"),
    ];
    if let Some(kind) = Kind::from_magic(bytes) {
        return Some(match kind {
            Kind::Npz => "a zip archive",
            kind => kind.description(),
        });
    }
    OTHERS
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|&(_, description)| description)
}
