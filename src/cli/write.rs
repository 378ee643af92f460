//! Writing files whole or not at all.

use std::io::Write;
use std::path::Path;

use super::failure::{Failure, reason, shown};

/// Writes `bytes` to `path`: beside it first, then renamed, so that a reader never sees half a
/// file and a failure leaves what was there. What is no regular file (a pipe, `/dev/stdout`) is
/// written in place.
pub fn whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::data(format!(
            "`{}` cannot be written: {}",
            shown(path),
            reason(&error)
        ))
    };
    // A link stays a link: what it points to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let existing = std::fs::metadata(&target);
    if let Ok(kind) = &existing
        && !kind.is_file()
    {
        if kind.is_dir() {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        }
        return match std::fs::OpenOptions::new()
            .write(true)
            .open(&target)
            .and_then(|mut file| file.write_all(bytes))
        {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::Pipe),
            result => result.map_err(failed),
        };
    }
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(Failure::data(format!(
            "`{}` cannot be written: there is no folder `{}`",
            shown(path),
            shown(folder)
        )));
    }
    let mut file = tempfile::Builder::new()
        .prefix(".nnc-")
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    // A temporary file is private; the result has the rights of what it replaces, or the usual.
    if let Some(rights) = existing.ok().map(|kind| kind.permissions()).or_else(usual) {
        file.as_file().set_permissions(rights).map_err(failed)?;
    }
    file.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn usual() -> Option<std::fs::Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn usual() -> Option<std::fs::Permissions> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_whole_files_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.bin");
        whole(&path, b"one").expect("writable");
        whole(&path, b"two").expect("writable");
        assert_eq!(std::fs::read(&path).expect("there"), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 1);
    }

    #[test]
    fn refuses_folders_and_missing_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().to_owned(), folder.path().join("no/out.bin")] {
            assert!(matches!(whole(&path, b"x"), Err(Failure::Data(..))));
        }
    }
}
