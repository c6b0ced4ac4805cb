//! Every version of a set of files that a range of commits has, also under the names that they had before, in few
//! calls of git however many there are.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};

use chrono::{DateTime, Utc};

use super::renames::{Creation, Earlier};
use super::{Git, command, run};
use crate::error::Error;

/// At most this many commits are looked at.
pub(super) const COMMITS: usize = 2_000;

/// At most this many bytes of old versions are read.
const BYTES: usize = 64 << 20;

/// A file's name is followed through this many renames.
const RENAMES: usize = 16;

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
    /// The name that it had at the beginning of the range, if that was another one.
    pub(crate) was: Option<String>,
}

/// A version before it is read.
struct Place {
    file: usize,
    blob: String,
    commit: String,
    at: Option<DateTime<Utc>>,
}

impl Git {
    /// What each file was in every commit that changed it, back to `since` or to the first one. `is_known` says of
    /// each file whether `since` has it under this name.
    pub(crate) fn history(
        &self,
        since: Option<&str>,
        paths: &[String],
        is_known: impl Fn(usize) -> bool,
    ) -> Result<Vec<History>, Error> {
        let failed = |source| Error::Git { doing: "for the history of the logs", source };
        let mut all: Vec<History> = paths.iter().map(|_| History::default()).collect();
        if paths.is_empty() {
            return Ok(all);
        }
        let mut reader = Reader::default();
        let here = paths.iter().enumerate();
        let here: Vec<_> = here
            .map(|(file, path)| Earlier { file, path: path.clone(), until: "HEAD".into() })
            .collect();
        let Some(mut creations) = self.list(since, &here, &mut reader).map_err(failed)? else {
            return Ok(all);
        };
        let is_new = |file: usize| {
            !is_known(file)
                && reader.places.iter().all(|place| place.file != file)
                && self.is_tracked(&paths[file])
        };
        let new: Vec<_> = here.iter().filter(|earlier| is_new(earlier.file)).collect();
        let mut earlier = self.staged_renames(&new).map_err(failed)?;
        for _ in 0..RENAMES {
            earlier.extend(self.renames(&creations).map_err(failed)?);
            if earlier.is_empty() {
                break;
            }
            creations = Vec::new();
            for one in std::mem::take(&mut earlier) {
                all[one.file].was = Some(one.path.clone());
                let one = std::slice::from_ref(&one);
                creations.extend(
                    self.list(since, one, &mut reader).map_err(failed)?.unwrap_or_default(),
                );
            }
        }
        for file in reader.cut {
            all[file].is_cut = true;
        }
        self.read_blobs(reader.places, &mut all).map_err(failed)?;
        Ok(all)
    }

    /// Lists the commits that changed these files (all of which end at the same commit), and answers where they were
    /// created; none in a repo without a commit.
    fn list(
        &self,
        since: Option<&str>,
        files: &[Earlier],
        reader: &mut Reader,
    ) -> io::Result<Option<Vec<Creation>>> {
        let Some(until) = files.first().map(|file| file.until.as_str()) else { return Ok(None) };
        let limit = format!("--max-count={COMMITS}");
        let since = since.map(|since| format!("^{since}"));
        let mut args = vec!["--literal-pathspecs", "log", "-z"];
        args.extend(["--format=%x01%H %ct %P", "--raw", "--no-abbrev", "--no-renames"]);
        args.extend(["--no-ext-diff", "--full-history", "-m", "--relative", "--no-show-signature"]);
        args.extend([limit.as_str(), until]);
        args.extend(since.as_deref());
        args.push("--");
        args.extend(files.iter().map(|file| file.path.as_str()));
        match run(&self.folder, &args, Vec::new()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound && self.is_unborn() => Ok(None),
            other => Ok(Some(reader.read(&other?, files))),
        }
    }

    /// Reads the versions, the newest first, as far as there is room for them.
    fn read_blobs(&self, places: Vec<Place>, all: &mut [History]) -> io::Result<()> {
        if places.is_empty() {
            return Ok(());
        }
        let names = places.iter().flat_map(|place| place.blob.bytes().chain([b'\n'])).collect();
        let child = command(&self.folder, &["cat-file", "--batch"], names).reader()?;
        let mut answer = BufReader::with_capacity(1 << 16, child);
        let mut left = BYTES;
        let mut places = places.into_iter();
        for place in places.by_ref() {
            let mut header = String::new();
            answer.read_line(&mut header)?;
            let history = &mut all[place.file];
            // What a partial clone does not have is said to be missing.
            let Some(size) = blob_size(&header) else {
                history.is_cut = true;
                continue;
            };
            let Some(rest) = left.checked_sub(size) else {
                history.is_cut = true;
                answer.get_ref().kill()?;
                break;
            };
            left = rest;
            let mut bytes = vec![0; size + 1];
            answer.read_exact(&mut bytes)?;
            bytes.truncate(size);
            history.versions.push(Version { commit: place.commit, at: place.at, bytes });
        }
        for place in places {
            all[place.file].is_cut = true;
        }
        Ok(())
    }
}

/// The size in a line like `HASH blob SIZE`.
pub(super) fn blob_size(header: &str) -> Option<usize> {
    let (before, size) = header.trim_end().rsplit_once(' ')?;
    size.parse().ok().filter(|_| before.ends_with(" blob"))
}

/// What the lists of commits say, each content of a file once.
#[derive(Default)]
struct Reader {
    places: Vec<Place>,
    known: HashMap<(usize, String), usize>,
    /// The files of which there may be older commits.
    cut: HashSet<usize>,
}

impl Reader {
    /// Reads what `git log -z --raw` says, parted by zeros so that no name is quoted, and answers where the files were created by a commit with one parent.
    fn read(&mut self, listed: &[u8], files: &[Earlier]) -> Vec<Creation> {
        let by_path: HashMap<&str, usize> =
            files.iter().map(|file| (file.path.as_str(), file.file)).collect();
        let mut creations = Vec::new();
        let mut commits = HashSet::new();
        let (mut commit, mut at, mut n_parents) = ("", None, 0);
        let listed = String::from_utf8_lossy(listed);
        let mut parts = listed.split('\0').map(|part| part.trim_start_matches('\n'));
        while let Some(part) = parts.next() {
            if let Some(head) = part.strip_prefix('\u{1}') {
                let mut words = head.split_whitespace();
                commit = words.next().unwrap_or_default();
                commits.insert(commit);
                at = words
                    .next()
                    .and_then(|seconds| seconds.parse().ok())
                    .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
                n_parents = words.count();
                continue;
            }
            let Some((change, path)) = part.strip_prefix(':').zip(parts.next()) else { continue };
            let Some(&file) = by_path.get(path) else { continue };
            let blob = change.split(' ').nth(3).unwrap_or_default();
            if change.ends_with('A') && n_parents == 1 {
                creations.push(Creation { file, path: path.to_owned(), commit: commit.to_owned() });
            }
            if !blob.bytes().all(|digit| digit == b'0') {
                self.add(file, blob, commit, at);
            }
        }
        if commits.len() >= COMMITS {
            self.cut.extend(files.iter().map(|file| file.file));
        }
        creations
    }

    fn add(&mut self, file: usize, blob: &str, commit: &str, at: Option<DateTime<Utc>>) {
        let place = *self.known.entry((file, blob.to_owned())).or_insert(self.places.len());
        if let Some(place) = self.places.get_mut(place) {
            place.at = place.at.min(at);
        } else {
            let commit = commit.chars().take(SHOWN).collect();
            self.places.push(Place { file, blob: blob.to_owned(), commit, at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_content_is_listed_once_with_its_first_time() {
        let listed = "\u{1}cc 300 bb\0\n:100644 100644 2222 1111 M\0a.md\0\u{1}bb 200 aa\0\n:100644 100644 1111 2222 M\0a.md\0\
                      :100644 000000 1111 0000 D\0b.md\0:000000 100644 0000 3333 A\0b.md\0\u{1}aa 100 \0\n:000000 100644 0000 1111 A\0a.md\0";
        let file =
            |file: usize, path: &str| Earlier { file, path: path.into(), until: "HEAD".into() };
        let mut reader = Reader::default();
        let creations = reader.read(listed.as_bytes(), &[file(0, "b.md"), file(1, "a.md")]);
        let told: Vec<_> = reader
            .places
            .iter()
            .map(|place| (place.file, place.commit.as_str(), place.at.unwrap().timestamp()))
            .collect();
        assert_eq!(told, [(1, "cc", 100), (1, "bb", 200), (0, "bb", 200)]);
        // The first commit of a repo renames nothing.
        let created: Vec<_> = creations.iter().map(|new| (new.file, new.commit.as_str())).collect();
        assert_eq!(created, [(0, "bb")]);
        assert!(reader.cut.is_empty());
    }

    #[test]
    fn only_a_blob_has_a_size() {
        assert_eq!(blob_size("11aa blob 20\n"), Some(20));
        assert_eq!(blob_size("11aa missing\n"), None);
        assert_eq!(blob_size("11aa tree 20\n"), None);
    }
}
