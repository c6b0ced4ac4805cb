//! The small writes: a new file, a file written over by rename, a folder that only one can make.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Still};
use crate::lock::NO_FOLLOW;

/// Writes a file that must not exist yet, durably, with these permission bits; one that does not become whole is removed.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .custom_flags(NO_FOLLOW)
        .open(path)
        .map_err(Error::io("create", path, Still::Untouched))?;
    file.write_all(bytes).map_err(|source| {
        let _ = std::fs::remove_file(path);
        Error::io("write", path, Still::Untouched)(source)
    })?;
    file.sync_all().map_err(Error::io("sync", path, Still::Unsynced))?;
    sync_folder(path)
}

/// Puts these bytes at the path, whatever was there, by rename: a reader sees the old file or the new one. For
/// files that nobody edits by hand, under a lock of the caller's. A crash may leave `.NAME.RANDOM.tmp` beside it; see
/// [`is_left_over`].
pub fn write_over(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let folder = folder_of(path);
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    let mut temporary = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(Error::io("write beside", path, Still::Untouched))?;
    temporary.write_all(bytes).map_err(Error::io("write beside", path, Still::Untouched))?;
    temporary.as_file().sync_all().map_err(Error::io("sync beside", path, Still::Untouched))?;
    temporary
        .persist(path)
        .map_err(|failed| Error::io("replace", path, Still::Untouched)(failed.error))?;
    sync_folder(path)
}

/// Whether a file's name is one that [`write_over`] gives to what it has not put in place yet.
pub fn is_left_over(name: &str, of: &str) -> bool {
    let random = name
        .strip_prefix('.')
        .and_then(|rest| rest.strip_prefix(of))
        .and_then(|rest| rest.strip_prefix('.'))
        .and_then(|rest| rest.strip_suffix(".tmp"));
    random.is_some_and(|random| {
        !random.is_empty() && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Makes the name of a file durable by syncing the folder that it is in.
pub fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    File::open(folder).and_then(|open| open.sync_all()).map_err(Error::io(
        "sync",
        folder,
        Still::Unsynced,
    ))
}

/// Makes a folder that did not exist: `NAME`, else `NAME-2`, `NAME-3` and so on, so that `mkdir` decides who is
/// first. A path that `is_given_away` is passed over. Folders above it are made as needed. Answers the path that is ours.
pub fn create_folder_first(
    path: &Path,
    mode: u32,
    is_given_away: impl Fn(&Path) -> bool,
) -> Result<PathBuf, Error> {
    let parent = folder_of(path);
    std::fs::create_dir_all(parent).map_err(Error::io("make", parent, Still::Untouched))?;
    let mut candidate = path.to_path_buf();
    for number in 2_u32.. {
        let outcome = if is_given_away(&candidate) {
            Err(io::ErrorKind::AlreadyExists.into())
        } else {
            DirBuilder::new().mode(mode).create(&candidate)
        };
        match outcome {
            Ok(()) => {
                sync_folder(&candidate)?;
                return Ok(candidate);
            }
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {
                let mut name = path.file_name().unwrap_or_default().to_os_string();
                name.push(format!("-{number}"));
                candidate = path.with_file_name(name);
            }
            Err(source) => return Err(Error::io("make", &candidate, Still::Untouched)(source)),
        }
    }
    Ok(candidate)
}

/// The folder that a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal");
        write_new(&path, b"first", 0o644).unwrap();
        assert!(write_new(&path, b"second", 0o644).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        write_over(&path, b"third", 0o600).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"third");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_a_crash_leaves_is_known_by_its_name() {
        assert!(is_left_over(".manifest.sha256.Ab3xYz.tmp", "manifest.sha256"));
        for other in [
            ".manifest.sha256..tmp",
            ".manifest.sha256.sig.a.tmp",
            "manifest.sha256.a.tmp",
            ".a.tmp",
        ] {
            assert!(!is_left_over(other, "manifest.sha256"), "{other}");
        }
    }

    #[test]
    fn a_name_that_is_taken_or_given_away_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("area/name-20261122T170000Z");
        let second = folder.path().join("area/name-20261122T170000Z-2");
        let first = || create_folder_first(&wanted, 0o755, |path| path == second).unwrap();
        let made: Vec<_> = (0..3).map(|_| first()).collect();
        let names: Vec<_> =
            made.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(
            names,
            ["name-20261122T170000Z", "name-20261122T170000Z-3", "name-20261122T170000Z-4"]
        );
    }
}
