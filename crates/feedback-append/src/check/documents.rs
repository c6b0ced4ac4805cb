//! Documents in general: the front matter of every markdown file below a folder, and a list of hashes.

mod pinned;

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use report::{Finding, Level};

use super::front::{self, Expected};
use crate::error::Error;
use crate::front_matter;
use crate::log::Log;
use crate::regular;
use crate::repo::{self, Repo};
use crate::text;
use pinned::Pinned;

/// Checks every document below a folder that has front matter; answers how many there were.
pub(super) fn check(
    repo: &Repo,
    folder: &Path,
    now: DateTime<Utc>,
    findings: &mut Vec<Finding>,
) -> Result<usize, Error> {
    let mut n_checked = 0;
    for path in documents(&repo::plain(folder))? {
        let bytes =
            regular::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let log = Log::plain(&path, &repo.shown(&path), &bytes);
        if log.block.is_some() {
            n_checked += 1;
            findings.extend(front::check_document(&log, &Expected::of(repo, &log, now)));
        } else if front_matter::is_unclosed(&log.text) {
            n_checked += 1;
            findings.push(front::unclosed(&log));
        }
    }
    Ok(n_checked)
}

/// Compares the files of a list (a hash and a path on each line) with their hashes.
pub(super) fn check_lock(
    repo: &Repo,
    lock: &Path,
    findings: &mut Vec<Finding>,
) -> Result<usize, Error> {
    let lock = repo::plain(lock);
    let unreadable = |source| Error::Read { path: lock.clone(), source };
    let bytes = regular::read(&lock).map_err(unreadable)?;
    let text = text::readable(&bytes);
    let shown = repo.shown(&lock);
    let mut n_checked = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let (path, hash) = match pinned::read(line) {
            Pinned::Nothing => continue,
            Pinned::Malformed => {
                n_checked += 1;
                let message = "malformed: no path with a hash of 64 hex digits can be read here";
                let finding = Finding::new("citation-missing", Level::Error, message);
                let hint = "write the line with `sha256sum PATH`, or put a `#` in front of it";
                findings.push(finding.path(shown.clone()).line(number).hint(hint));
                continue;
            }
            Pinned::File { path, hash } => (path, hash),
        };
        n_checked += 1;
        let mut at = |rule, message: &str, hint: String| {
            let finding = Finding::new(rule, Level::Error, message).path(shown.clone());
            findings.push(finding.line(number).key(path.as_str()).hint(hint));
        };
        // `sha256sum -c` looks from where it stands, which is nearly always the repo's folder or that of the list.
        let beside = lock.parent().unwrap_or(&repo.folder).join(&path);
        let there = Some(repo.folder.join(&path)).filter(|there| there.exists()).unwrap_or(beside);
        match regular::hash(&there, &mut regular::buffer()) {
            Ok(now) if now == hash => {}
            Ok(_) => at(
                "citation-changed",
                "changed: its hash is not the listed one",
                format!(
                    "look at `git log -p -- {path}`; `sha256sum {path}` gives the line for what is there now"
                ),
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => at(
                "citation-missing",
                "missing: nothing is there",
                format!(
                    "`git log --diff-filter=D -- {path}` says when it went; take the line out, or bring the file back"
                ),
            ),
            Err(_) => at(
                "citation-missing",
                "missing: it is no file that can be read",
                format!("`ls -l {path}` says what it is"),
            ),
        }
    }
    Ok(n_checked)
}

/// Every markdown file below a folder, in order; links and hidden folders are left out.
pub(super) fn documents(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Read { path: folder.to_path_buf(), source };
    let mut entries: Vec<_> = std::fs::read_dir(folder).map_err(unreadable)?.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !is_hidden && entry.file_name() != "node_modules" => {
                found.extend(documents(&path)?);
            }
            Ok(kind) if kind.is_file() && repo::is_markdown(&path) => found.push(path),
            _ => {}
        }
    }
    Ok(found)
}
