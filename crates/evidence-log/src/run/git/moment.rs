//! What a look at a repository while the command ran says about the moment when the command began.
//!
//! Every change of a file moves its change time on, which nobody can set back. A file that differs and was last
//! changed before the command began differed then. Where none differs and the index is the one of before, each was
//! then as the index has it: git compares the times, in whole seconds. Whatever lies between stays open.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

/// Seconds and nanoseconds since 1970, as file systems count.
type Time = (i64, i64);

/// File times may lag so many nanoseconds behind the clock: a tick of the kernel.
const TICK: i64 = 10_000_000;

/// Seconds in which a file system that has no nanoseconds may put two changes together.
const COARSE: i64 = 2;

/// An index, and how it was when git was asked.
pub(super) struct Index {
    path: PathBuf,
    before: Option<[i64; 6]>,
}

/// What git saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// No tracked file differs. Those that were written again all the same were so at this time at last.
    Clean(Option<Time>),
    /// One does, and did at this time already; none where it is not known since when.
    Differing(Option<Time>),
    /// This says nothing about the beginning.
    Unclear,
}

/// What `git status` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// The commit that is checked out; none before the first.
    pub(super) commit: Option<String>,
    /// Whether the index differs from it.
    staged: bool,
    /// The files that differ from the index.
    edited: Vec<PathBuf>,
}

impl Index {
    pub(super) fn now(path: PathBuf) -> Self {
        let before = identity(&path);
        Self { path, before }
    }

    /// Whether nobody has written it since.
    fn is_kept(&self) -> bool {
        self.before == identity(&self.path)
    }

    /// No file differs from the index and the commit, though git would have had to read these to tell.
    pub(super) fn clean(&self, touched: &[u8], top: &Path) -> Seen {
        let names = touched.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        let times: Option<Vec<_>> =
            names.map(|name| changed(&top.join(OsStr::from_bytes(name)))).collect();
        match times {
            Some(times) if self.is_kept() => Seen::Clean(times.into_iter().max()),
            _ => Seen::Unclear,
        }
    }

    /// Files differ.
    pub(super) fn differing(&self, status: &Status) -> Seen {
        if status.staged {
            return if self.is_kept() { Seen::Differing(None) } else { Seen::Unclear };
        }
        // Sorted, so that a file whose time cannot be told comes first.
        let earliest = status.edited.iter().map(|path| since(path)).min();
        earliest.map_or(Seen::Unclear, Seen::Differing)
    }
}

/// Since when a file may be as it is, at the earliest; none where that is not known.
fn since(path: &Path) -> Option<Time> {
    match path.symlink_metadata() {
        // In a submodule something differs, and its folder does not say since when.
        Ok(found) => (!found.is_dir()).then(|| (found.ctime(), found.ctime_nsec())),
        // Who removes a file changes its folder.
        Err(_) => path.ancestors().skip(1).find_map(changed),
    }
}

/// When it was last changed.
fn changed(path: &Path) -> Option<Time> {
    path.symlink_metadata().ok().map(|found| (found.ctime(), found.ctime_nsec()))
}

/// What is another for each that is written.
fn identity(path: &Path) -> Option<[i64; 6]> {
    let found = path.metadata().ok()?;
    let inode = i64::from_ne_bytes(found.ino().to_ne_bytes());
    let size = i64::from_ne_bytes(found.size().to_ne_bytes());
    Some([inode, size, found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()])
}

impl Seen {
    /// Whether tracked files differed at this moment, just before the command; none where that cannot be told.
    pub(super) fn was_dirty(self, moment: DateTime<Utc>) -> Option<bool> {
        let began = (moment.timestamp(), i64::from(moment.timestamp_subsec_nanos()));
        match self {
            Self::Clean(None) => Some(false),
            Self::Clean(Some(changed)) => is_surely_before(changed, began).then_some(false),
            // Where the two are too near to tell, it is not called clean.
            Self::Differing(since) => since.is_none_or(|since| since <= began).then_some(true),
            Self::Unclear => None,
        }
    }
}

/// Whether a change at this time was made before that, whatever the grain of the file system's clock.
fn is_surely_before((seconds, nanos): Time, began: Time) -> bool {
    if nanos == 0 {
        return seconds + COARSE < began.0;
    }
    let next = nanos + TICK;
    (seconds + next / 1_000_000_000, next % 1_000_000_000) < began
}

impl Status {
    /// Reads the second form that is meant for programs, with NUL behind each entry. Paths are below `top`.
    pub(super) fn read(bytes: &[u8], top: &Path) -> Self {
        let mut status = Self::default();
        for entry in bytes.split(|&byte| byte == 0) {
            if let Some(oid) = entry.strip_prefix(b"# branch.oid ") {
                let oid = Some(oid).filter(|oid| *oid != b"(initial)");
                status.commit = oid.and_then(|oid| String::from_utf8(oid.to_vec()).ok());
                continue;
            }
            let mut fields = entry.splitn(9, |&byte| byte == b' ');
            let (kind, differs) = (fields.next(), fields.next());
            match (kind, differs) {
                // A file that is as in the commit in the index, and not in the folder.
                (Some(b"1"), Some([b'.', _])) => {
                    let path = fields.nth(6).map(|path| top.join(OsStr::from_bytes(path)));
                    status.edited.extend(path);
                }
                (Some(b"1" | b"2" | b"u"), _) => status.staged = true,
                _ => {}
            }
        }
        status
    }

    /// Whether no tracked file differs.
    pub(super) fn is_clean(&self) -> bool {
        !self.staged && self.edited.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_says_commit_and_what_differs() {
        let oid = "0123456789012345678901234567890123456789";
        let read = |entries: &str| {
            Status::read(format!("# branch.oid {oid}\0{entries}").as_bytes(), Path::new("/top"))
        };
        let clean = read("# branch.head main\0");
        assert_eq!((clean.commit.as_deref(), clean.is_clean()), (Some(oid), true));
        let edited = read(&format!("1 .M N... 100644 100644 100644 {oid} {oid} a b/c\0"));
        assert_eq!((edited.staged, edited.edited), (false, vec![PathBuf::from("/top/a b/c")]));
        for entry in [
            "1 M. N... 100644 100644 100644 a b c",
            "1 AM N... 0 1 1 a b c",
            "u UU N... 1 1 1 1 a b c d",
        ] {
            let staged = read(&format!("{entry}\0"));
            assert!(staged.staged && !staged.is_clean(), "{entry}");
        }
        assert_eq!(Status::read(b"# branch.oid (initial)\0", Path::new("")).commit, None);
    }

    #[test]
    fn what_was_seen_while_it_ran_is_told_of_its_beginning_where_it_can_be() {
        let began = DateTime::from_timestamp(1000, 500_000_000).unwrap();
        let told = |seen: Seen| seen.was_dirty(began);
        for (seen, dirty) in [
            (Seen::Clean(None), Some(false)),
            (Seen::Clean(Some((1000, 400_000_000))), Some(false)),
            (Seen::Clean(Some((999, 995_000_000))), Some(false)),
            (Seen::Clean(Some((1000, 495_000_000))), None),
            (Seen::Clean(Some((1000, 0))), None),
            (Seen::Clean(Some((997, 0))), Some(false)),
            (Seen::Clean(Some((1001, 1))), None),
            (Seen::Differing(None), Some(true)),
            (Seen::Differing(Some((1000, 499_999_999))), Some(true)),
            (Seen::Differing(Some((1000, 0))), Some(true)),
            (Seen::Differing(Some((1000, 500_000_001))), None),
            (Seen::Unclear, None),
        ] {
            assert_eq!(told(seen), dirty, "{seen:?}");
        }
    }

    #[test]
    fn an_index_that_was_written_meanwhile_says_nothing_of_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let missing = Index::now(path.clone());
        assert_eq!(missing.clean(b"", folder.path()), Seen::Clean(None));
        std::fs::write(&path, "1").unwrap();
        let index = Index::now(path.clone());
        let staged = Status { staged: true, ..Status::default() };
        assert_eq!(missing.clean(b"", folder.path()), Seen::Unclear);
        assert_eq!(missing.differing(&staged), Seen::Unclear);
        assert_eq!(index.differing(&staged), Seen::Differing(None));
        let touched = index.clean(b"index\0", folder.path());
        assert_eq!(touched, Seen::Clean(changed(&path)));
        assert_eq!(index.clean(b"gone\0", folder.path()), Seen::Unclear);
    }
}
