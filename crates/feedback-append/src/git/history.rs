//! Every version of a set of files that a range of commits has, in three calls of git however many there are.

use std::collections::{HashMap, HashSet};
use std::io;

use chrono::{DateTime, Utc};

use super::{Git, run};
use crate::error::Error;

/// At most this many commits are looked at.
const COMMITS: usize = 2_000;

/// At most this many bytes of old versions are read.
const BYTES: usize = 64 << 20;

/// How many digits of a commit are shown.
const SHOWN: usize = 12;

/// One version of a file.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// The commit that has it, shortened; of several the newest.
    pub(crate) commit: String,
    /// When the first of those commits was made; none where it does not matter.
    pub(crate) at: Option<DateTime<Utc>>,
    /// The file.
    pub(crate) bytes: Vec<u8>,
}

/// The versions of one file.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// The newest first, each content once.
    pub(crate) versions: Vec<Version>,
    /// Whether there are more than were read.
    pub(crate) is_cut: bool,
}

/// A version before it is read.
struct Place {
    file: usize,
    blob: String,
    commit: String,
    at: Option<DateTime<Utc>>,
}

impl Git {
    /// What each file was in every commit of a range that changed it.
    pub(crate) fn history(&self, range: &str, paths: &[String]) -> Result<Vec<History>, Error> {
        let failed = |source| Error::Git { doing: "for the history of the logs", source };
        let mut all: Vec<History> = paths.iter().map(|_| History::default()).collect();
        if paths.is_empty() {
            return Ok(all);
        }
        let Some(listed) = self.listed(range, paths).map_err(failed)? else { return Ok(all) };
        let (places, n_commits) = places(&listed, paths);
        if n_commits >= COMMITS {
            for place in &places {
                all[place.file].is_cut = true;
            }
        }
        let sizes = self.sizes(&places).map_err(failed)?;
        let mut left = BYTES;
        let mut chosen = Vec::with_capacity(places.len());
        for (place, size) in places.into_iter().zip(sizes) {
            match left.checked_sub(size) {
                Some(rest) => {
                    left = rest;
                    chosen.push(place);
                }
                None => all[place.file].is_cut = true,
            }
        }
        let answer = run(&self.folder, &["cat-file", "--batch"], blobs(&chosen)).map_err(failed)?;
        let mut rest = answer.as_slice();
        for place in chosen {
            if let Some(bytes) = super::next_blob(&mut rest) {
                let Place { file, commit, at, .. } = place;
                all[file].versions.push(Version { commit, at, bytes });
            }
        }
        Ok(all)
    }

    /// The commits and what they changed; none in a repo without a commit.
    fn listed(&self, range: &str, paths: &[String]) -> io::Result<Option<Vec<u8>>> {
        let limit = format!("--max-count={COMMITS}");
        let mut args = vec![
            "--literal-pathspecs",
            "-c",
            "core.quotePath=false",
            "log",
            "--format=%x01%H %ct",
            "--raw",
        ];
        args.extend(["--no-abbrev", "--no-renames", "--no-ext-diff", "--full-history", "-m"]);
        args.extend(["--relative", "--no-show-signature", &limit, range, "--"]);
        args.extend(paths.iter().map(String::as_str));
        match run(&self.folder, &args, Vec::new()) {
            Err(_) if !self.has_commit("HEAD") => Ok(None),
            other => other.map(Some),
        }
    }

    fn sizes(&self, places: &[Place]) -> io::Result<Vec<usize>> {
        let args = ["cat-file", "--batch-check=%(objectsize)"];
        let answer = run(&self.folder, &args, blobs(places))?;
        let sizes = String::from_utf8_lossy(&answer);
        Ok(sizes.lines().map(|size| size.parse().unwrap_or(0)).collect())
    }
}

fn blobs(places: &[Place]) -> Vec<u8> {
    places.iter().flat_map(|place| place.blob.bytes().chain([b'\n'])).collect()
}

/// Reads what `git log --raw` says, and counts the commits: each content of a file once.
fn places(listed: &[u8], paths: &[String]) -> (Vec<Place>, usize) {
    let files: HashMap<&str, usize> =
        paths.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
    let mut known: HashMap<(usize, String), usize> = HashMap::new();
    let (mut places, mut commits) = (Vec::<Place>::new(), HashSet::new());
    let (mut commit, mut at) = (String::new(), None);
    for line in String::from_utf8_lossy(listed).lines() {
        if let Some(head) = line.strip_prefix('\u{1}') {
            let mut words = head.split(' ');
            words.next().unwrap_or_default().clone_into(&mut commit);
            commits.insert(commit.clone());
            at = words
                .next()
                .and_then(|seconds| seconds.parse().ok())
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
            continue;
        }
        let Some((change, path)) = line.split_once('\t') else { continue };
        let blob = change.split(' ').nth(3).unwrap_or_default();
        let Some(&file) = files.get(path) else { continue };
        if blob.bytes().all(|digit| digit == b'0') {
            continue;
        }
        let place = *known.entry((file, blob.to_owned())).or_insert(places.len());
        if let Some(place) = places.get_mut(place) {
            place.at = place.at.min(at);
        } else {
            places.push(Place {
                file,
                blob: blob.to_owned(),
                commit: commit.chars().take(SHOWN).collect(),
                at,
            });
        }
    }
    (places, commits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_content_is_listed_once_with_its_first_time() {
        let listed = "\u{1}cc 300\n\n:100644 100644 2222 1111 M\ta.md\n\u{1}bb 200\n\n:100644 100644 1111 2222 M\ta.md\n\
                      :100644 000000 1111 0000 D\tb.md\n\u{1}aa 100\n\n:000000 100644 0000 1111 A\ta.md\n";
        let (places, n_commits) = places(listed.as_bytes(), &["b.md".into(), "a.md".into()]);
        let told: Vec<_> = places
            .iter()
            .map(|place| (place.file, place.commit.as_str(), place.at.unwrap().timestamp()))
            .collect();
        assert_eq!(told, [(1, "cc", 100), (1, "bb", 200)]);
        assert_eq!(n_commits, 3);
    }
}
