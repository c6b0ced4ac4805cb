//! Temporary files of writers that were killed: what is surely half of a write is removed by the next writer.
//!
//! A file that is still being written is called `.NAME.xxxxxx.tmp`. Before it is exchanged with the file at the path
//! it becomes `.NAME.xxxxxx.old`, as it may hold another's save a moment later; nobody removes such a file unseen.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::{NamedTempFile, TempPath};

use crate::write::folder_of;

/// How the name of a file that is being written ends.
pub(super) const SUFFIX: &str = ".tmp";

/// How many letters and digits `tempfile` puts between.
const RANDOM: usize = 6;

/// How the name of a temporary file for this path begins.
pub(super) fn prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

/// Removes what killed writers of this path left; the caller holds its lock, so no other writer is at work. What
/// cannot be removed is in nobody's way.
pub(super) fn sweep(path: &Path) {
    for left in named(path, SUFFIX) {
        drop(fs::remove_file(left));
    }
}

/// What killed writers of this path set aside and nobody has looked at: mostly an older state of the file, but perhaps
/// the save of somebody else. Only the holder of the path's lock knows that no writer is at work on it.
pub fn set_aside(path: &Path) -> Vec<PathBuf> {
    named(path, ".old")
}

/// The regular files beside this path that are named as our temporary files are, in order.
fn named(path: &Path, suffix: &str) -> Vec<PathBuf> {
    let prefix = prefix(path);
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return Vec::new() };
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let random = name
            .as_bytes()
            .strip_prefix(prefix.as_bytes())
            .and_then(|rest| rest.strip_suffix(suffix.as_bytes()));
        random.is_some_and(|random| {
            random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
        }) && entry.file_type().is_ok_and(|kind| kind.is_file())
    };
    let mut found: Vec<_> = entries.flatten().filter(is_ours).map(|entry| entry.path()).collect();
    found.sort_unstable();
    found
}

/// Renames a temporary file that is about to be exchanged.
pub(super) fn set_apart(new: NamedTempFile) -> io::Result<NamedTempFile> {
    let (file, path) = new.into_parts();
    let apart = path.with_extension("old");
    fs::rename(&path, &apart)?;
    Ok(NamedTempFile::from_parts(file, TempPath::try_from_path(apart)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_half_written_for_this_file_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let kept = [
            ".log.md.Ab3dE6.old",
            ".log.md.x.Ab3dE6.tmp",
            ".log.md.Ab3dE6x.tmp",
            ".other.md.Ab3dE6.tmp",
            ".Ab3dE6.tmp",
            "log.md",
            "log.md.Ab3dE6.tmp",
        ];
        for name in kept.into_iter().chain([".log.md.Ab3dE6.tmp", ".log.md.zzzzzz.tmp"]) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        sweep(&folder.path().join("log.md"));
        let aside = set_aside(&folder.path().join("log.md"));
        assert_eq!(aside, [folder.path().join(".log.md.Ab3dE6.old")]);
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let mut expected = kept;
        expected.sort_unstable();
        assert_eq!(names, expected);
    }
}
