//! The folders above the vault: whoever may change one of them can put another vault in its place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A folder above the vault.
pub(crate) struct Above {
    pub(crate) path: PathBuf,
    /// The permission bits.
    pub(crate) mode: u32,
    pub(crate) owner: u32,
}

/// The folders from the vault's up to the root of the file system.
pub(crate) fn folders(root: &Path) -> Vec<Above> {
    root.ancestors()
        .skip(1)
        .filter_map(|folder| {
            let data = fs::metadata(folder).ok()?;
            Some(Above { path: folder.to_owned(), mode: data.mode() & 0o7777, owner: data.uid() })
        })
        .collect()
}
