//! Documents in general: the front matter of every markdown file below a folder, and a list of hashes.

use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use evidence::Digest;
use report::{Finding, Level};

use super::front::{self, Expected};
use crate::citation::Roots;
use crate::error::Error;
use crate::log::Log;
use crate::repo::{self, Repo};

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
            std::fs::read(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let log = Log::read(&path, &repo.shown(&path), &bytes, &Roots::default());
        if log.block.is_some() {
            n_checked += 1;
            findings.extend(front::check_document(&log, &Expected::of(repo, &log, now)));
        }
    }
    Ok(n_checked)
}

/// Compares the files of a list (a hash and a path on each line, in either order) with their hashes.
pub(super) fn check_lock(
    repo: &Repo,
    lock: &Path,
    findings: &mut Vec<Finding>,
) -> Result<usize, Error> {
    let lock = repo::plain(lock);
    let text = std::fs::read_to_string(&lock)
        .map_err(|source| Error::Read { path: lock.clone(), source })?;
    let shown = repo.shown(&lock);
    let mut n_checked = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let Some((path, hash)) = pinned(line) else { continue };
        n_checked += 1;
        let at = |rule, message: &str| {
            Finding::new(rule, Level::Error, message).path(shown.clone()).line(number).key(path)
        };
        match hash_of(&repo.folder.join(path)) {
            None => findings.push(at("citation-missing", "missing: nothing is there")),
            Some(now) if now != hash => {
                findings.push(at("citation-changed", "changed: its hash is not the listed one"));
            }
            Some(_) => {}
        }
    }
    Ok(n_checked)
}

/// What lists put around their words.
const AROUND: [char; 6] = ['"', '\'', ',', ':', '*', '='];

/// The path and the hash on a line of a list: `HASH  PATH`, `PATH HASH`, `PATH: HASH`, `"PATH": "HASH",`.
fn pinned(line: &str) -> Option<(&str, String)> {
    let clean = |word: &'_ str| {
        word.len() - word.trim_start_matches(AROUND).len()..word.trim_end_matches(AROUND).len()
    };
    let words = line.split_whitespace().filter_map(|word| word.get(clean(word)));
    let is_hash = |word: &str| {
        let word = word.strip_prefix("sha256:").unwrap_or(word);
        word.len() == 64 && word.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    let hash = words.clone().find(|word| is_hash(word))?;
    let path = words.clone().find(|word| !word.is_empty() && !is_hash(word))?;
    Some((path, hash.trim_start_matches("sha256:").to_ascii_lowercase()))
}

fn hash_of(path: &Path) -> Option<String> {
    let (digest, _) = Digest::of_reader(File::open(path).ok()?, &mut vec![0; 64 * 1024]).ok()?;
    Some(digest.hex())
}

/// Every markdown file below a folder, in order; links and hidden folders are left out.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, Error> {
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
            Ok(kind)
                if kind.is_file()
                    && path.extension().is_some_and(|extension| extension == "md") =>
            {
                found.push(path);
            }
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_hashes_may_have_several_forms() {
        let hash = "0123456789abcdef".repeat(4);
        for line in [
            format!("{hash}  docs/a.md"),
            format!("docs/a.md {hash}"),
            format!("  \"docs/a.md\": \"sha256:{hash}\","),
            format!("{hash} *docs/a.md"),
        ] {
            assert_eq!(pinned(&line), Some(("docs/a.md", hash.clone())), "{line}");
        }
        assert_eq!(pinned("# comment"), None);
    }
}
