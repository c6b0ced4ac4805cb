//! Making the edits: each file once, under a lock, by rename, every other byte as it was.

use std::collections::BTreeMap;
use std::time::Duration;

use durable::{Change, Edit as FileEdit, Snapshot};
use envfile::EnvFile;
use opsfile::Ops;
use secret::Secret;

use super::Edit;
use crate::error::Error;

/// How long another writer of the same file is waited for.
const WAIT: Duration = Duration::from_secs(5);

/// Writes all edits, file by file.
pub(super) fn all(ops: &Ops, edits: &[Edit]) -> Result<(), Error> {
    let mut files: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        files.entry(&edit.path).or_default().push(edit);
    }
    for (path, edits) in files {
        let absolute = ops.absolute(path);
        durable::replace(&absolute, WAIT, |snapshot| edited(snapshot, path, &edits))?;
    }
    Ok(())
}

fn edited(snapshot: &Snapshot, path: &str, edits: &[&Edit]) -> Result<Change, Error> {
    let unreadable = |source| Error::Output { path: path.into(), source };
    let mut text = Secret::new(snapshot.read().map_err(unreadable)?);
    let length = snapshot.length();
    for edit in edits {
        let file = EnvFile::from_secret(text);
        text = envfile::edit::set(&file, &edit.key, &edit.value).map_err(|why| {
            Error::CannotSet { path: path.to_owned(), key: edit.key.clone(), why }
        })?;
    }
    // To the file that the value belongs in.
    let bytes = text.expose().to_vec();
    Ok(Change::Edit { edits: vec![FileEdit { range: 0..length, bytes }], append: Vec::new() })
}
