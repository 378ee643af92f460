//! NumPy's archive of arrays, `.npz`: a zip of `.npy` files, stored or deflated.

use std::collections::HashSet;
use std::io::{Cursor, Read, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{FormatError, Kind, npy};
use crate::tensor::Tensor;

/// What the arrays of an archive may come to, in bytes, however large it is.
pub const MAX_INFLATED: u64 = 4 << 30;

/// How many times its own size an archive may come to, beyond [`FREE_INFLATED`]. Deflate reaches
/// 1,032 on zeros; weights and pictures stay below 10.
pub const MAX_RATIO: u64 = 100;

/// What any archive may come to, in bytes.
pub const FREE_INFLATED: u64 = 64 << 20;

/// What is read at a time, in bytes.
const STEP: u64 = 1 << 16;

/// The extension of the entries, which is no part of an array's name.
const EXTENSION: &str = ".npy";

/// The most bytes that the arrays of an archive of `archive` bytes may come to:
/// [`MAX_RATIO`] times its size and [`FREE_INFLATED`], but at most [`MAX_INFLATED`].
pub fn inflated_limit(archive: u64) -> u64 {
    archive
        .saturating_mul(MAX_RATIO)
        .saturating_add(FREE_INFLATED)
        .min(MAX_INFLATED)
}

/// Reads every array with its name, in the order of the archive. Entries other than `.npy` are
/// passed over. Elements are converted as by [`npy::read`].
///
/// # Errors
///
/// On a damaged archive, one that inflates beyond [`inflated_limit`], one without an array, two
/// arrays of one name, and on an array that [`npy::read`] refuses.
pub fn read(bytes: &[u8]) -> Result<Vec<(String, Tensor)>, FormatError> {
    read_within(bytes, inflated_limit(bytes.len() as u64))
}

/// [`read`] with another limit on the bytes that all arrays come to.
///
/// # Errors
///
/// As [`read`].
pub fn read_within(bytes: &[u8], limit: u64) -> Result<Vec<(String, Tensor)>, FormatError> {
    Kind::Npz.expect_magic(bytes)?;
    let bomb = || FormatError::ZipBomb {
        limit,
        archive: bytes.len() as u64,
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let mut tensors = Vec::new();
    let mut names = HashSet::new();
    let mut left = limit;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|e| damaged(&e))?;
        let name = entry.name().map_err(|e| damaged(&e))?.into_owned();
        let Some(name) = name.strip_suffix(EXTENSION) else {
            continue;
        };
        if !names.insert(name.to_owned()) {
            return Err(FormatError::BadName {
                name: name.to_owned(),
                reason: "stands for two arrays of the archive",
            });
        }
        if entry.size() > left {
            return Err(bomb());
        }
        let contents = inflate(&mut entry, left)
            .map_err(|e| damaged(&e).within(name))?
            .ok_or_else(bomb)?;
        left -= contents.len() as u64;
        let tensor = npy::read(&contents).map_err(|e| e.within(name))?;
        tensors.push((name.to_owned(), tensor));
    }
    if tensors.is_empty() {
        return Err(FormatError::Damaged {
            kind: Kind::Npz,
            reason: "the zip archive holds no `.npy` entry".into(),
        });
    }
    Ok(tensors)
}

/// What `entry` holds; `None` if that is more than `limit` bytes. The size that the entry claims
/// is not believed: memory is taken as the bytes come.
fn inflate(entry: &mut impl Read, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut contents = Vec::new();
    loop {
        let read = entry.take(STEP).read_to_end(&mut contents)?;
        if contents.len() as u64 > limit {
            return Ok(None);
        }
        if read == 0 {
            return Ok(Some(contents));
        }
    }
}

/// Writes `tensors` as an archive that stores them uncompressed, as `numpy.savez` does. Equal
/// tensors give equal bytes.
///
/// # Errors
///
/// On two tensors of one name.
pub fn write(tensors: &[(&str, &Tensor)]) -> Result<Vec<u8>, FormatError> {
    let mut names = HashSet::new();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, tensor) in tensors {
        if !names.insert(name) {
            return Err(FormatError::BadName {
                name: (*name).to_owned(),
                reason: "stands for two tensors of the archive",
            });
        }
        let contents = npy::write(tensor);
        let options = SimpleFileOptions::DEFAULT
            .compression_method(CompressionMethod::Stored)
            .large_file(contents.len() as u64 > u64::from(u32::MAX));
        writer
            .start_file(format!("{name}{EXTENSION}"), options)
            .map_err(|e| damaged(&e).within(name))?;
        writer
            .write_all(&contents)
            .map_err(|e| damaged(&e).within(name))?;
    }
    let cursor = writer.finish().map_err(|e| damaged(&e))?;
    Ok(cursor.into_inner())
}

/// An error of the zip library, its text made a clause.
fn damaged(error: &(impl ToString + 'static)) -> FormatError {
    let any: &dyn std::any::Any = error;
    let reason = match any.downcast_ref::<ZipError>() {
        Some(ZipError::CompressionMethodNotSupported(_)) => {
            "an entry is compressed by another method than deflate".to_owned()
        }
        Some(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => {
            "an entry is encrypted".to_owned()
        }
        _ => error.to_string(),
    };
    FormatError::Damaged {
        kind: Kind::Npz,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zip of one deflated entry, which `size` zeros follow a valid beginning of.
    fn bomb(size: u64) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Deflated);
        writer.start_file("zeros.npy", options).unwrap();
        let header = npy::write(&Tensor::from_f32(&[0], vec![]).unwrap());
        writer.write_all(&header).unwrap();
        std::io::copy(&mut std::io::repeat(0).take(size), &mut writer).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn round_trips() {
        let scale = Tensor::from_f32(&[2], vec![0.5, f32::NEG_INFINITY]).unwrap();
        let steps = Tensor::from_i64(&[], vec![-7]).unwrap();
        let tensors = [("block/scale", &scale), ("steps", &steps)];
        let bytes = write(&tensors).unwrap();
        assert_eq!(bytes, write(&tensors).unwrap());
        assert_eq!(
            read(&bytes).unwrap(),
            [("block/scale".into(), scale), ("steps".into(), steps)]
        );
    }

    #[test]
    fn refuses_a_bomb() {
        let bytes = bomb(160 << 20);
        assert!(bytes.len() < 200_000);
        let limit = inflated_limit(bytes.len() as u64);
        assert!(limit < 90 << 20);
        let expected = FormatError::ZipBomb {
            limit,
            archive: bytes.len() as u64,
        };
        assert_eq!(read(&bytes).unwrap_err(), expected);
    }

    #[test]
    fn refuses_a_bomb_that_claims_to_be_small() {
        let mut bytes = bomb(8 << 20);
        // The uncompressed size stands at byte 22 of the local header, which starts the file, and
        // at byte 24 of the central one.
        let central = bytes
            .windows(4)
            .rposition(|window| window == b"PK\x01\x02")
            .unwrap();
        for at in [22, central + 24] {
            bytes[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
        }
        let error = read_within(&bytes, 1 << 20).unwrap_err();
        assert!(
            error.to_string().contains("larger than its declared"),
            "{error}"
        );
    }

    #[test]
    fn stops_inflating_soon_after_the_limit() {
        struct Counting(u64);
        impl Read for Counting {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.0 += buffer.len() as u64;
                buffer.fill(0);
                Ok(buffer.len())
            }
        }
        let mut endless = Counting(0);
        assert!(inflate(&mut endless, 1_000_000).unwrap().is_none());
        assert!(endless.0 < 1_000_000 + 2 * STEP, "read {}", endless.0);
    }

    #[test]
    fn refuses_two_arrays_of_one_name_and_none() {
        let tensor = Tensor::from_i64(&[], vec![1]).unwrap();
        assert!(matches!(
            write(&[("a", &tensor), ("a", &tensor)]),
            Err(FormatError::BadName { .. })
        ));
        let empty = write(&[]).unwrap();
        assert!(read(&empty).unwrap_err().to_string().contains("no `.npy`"));
    }
}
