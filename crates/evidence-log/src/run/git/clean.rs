//! Whether no tracked file can differ from the commit, told without git.
//!
//! git keeps what the file system said of each file when it last looked, and the tree that its index makes. Where all
//! of that is still so, and the tree is that of the commit, nothing differs. In any doubt git is asked: it alone knows
//! what a filter or an attribute makes of a file.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

use super::Folders;
use super::commit;
use super::index::{Entry, Index, Kind, Stat};

/// A longer index, of some ten thousand files, is left to git: it would be the most that we hold in memory.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Whether the work tree is certainly that of this commit; false in doubt.
pub(super) fn is_clean(folders: &Folders, config: &str, commit: &str, work_tree: &Path) -> bool {
    matches_commit(folders, config, commit, work_tree).unwrap_or(false)
}

fn matches_commit(folders: &Folders, config: &str, commit: &str, work_tree: &Path) -> Option<bool> {
    if !is_ordinary(folders, config) {
        return None;
    }
    let path = folders.own.join("index");
    let written = path.symlink_metadata().ok().filter(|found| found.len() <= LARGEST)?;
    let index = Index::read(&std::fs::read(path).ok()?)?;
    if index.tree? != commit::tree(&folders.common.join("objects"), commit)? {
        return None;
    }
    // What was changed in the moment in which the index was written may look as it did.
    let written = (cut(written.mtime())?, cut(written.mtime_nsec())?);
    let mut open = Open::at(work_tree)?;
    let is_same = |entry: &Entry| {
        entry.stat.modified < written && open.is_as(index.path(entry), entry).unwrap_or(false)
    };
    Some(index.entries.iter().all(is_same))
}

/// Whether nothing says that the work tree, the index or the objects are elsewhere or of another kind. Words that stand
/// in a comment or a value make git be asked, which is never wrong.
fn is_ordinary(folders: &Folders, config: &str) -> bool {
    let config = config.to_ascii_lowercase();
    let is_odd = |word: &&str| config.contains(*word);
    if ["worktree", "include", "objectformat", "bare = true"].iter().any(is_odd) {
        return false;
    }
    // A commit may be replaced by another.
    let packed = folders.common.join("packed-refs");
    !folders.common.join("refs/replace").exists()
        && !std::fs::read_to_string(packed).is_ok_and(|refs| refs.contains("refs/replace/"))
}

/// The folders down to the last file that was looked at, each opened in the one above: none is a link to elsewhere.
struct Open {
    root: OwnedFd,
    /// Where in the path each folder's name ends.
    below: Vec<(usize, OwnedFd)>,
    path: Vec<u8>,
}

impl Open {
    fn at(root: &Path) -> Option<Self> {
        let root = File::open(root).ok()?.into();
        Some(Self { root, below: Vec::new(), path: Vec::new() })
    }

    /// Whether the file at this path is what the entry says; none where it cannot be looked at.
    fn is_as(&mut self, path: &[u8], entry: &Entry) -> Option<bool> {
        let folder_end = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        self.enter(path, folder_end)?;
        let name = path[folder_end..].strip_prefix(b"/").unwrap_or(path);
        let folder = self.below.last().map_or(&self.root, |(_, folder)| folder);
        let found = statat(folder, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let mode = found.st_mode;
        let kind = match FileType::from_raw_mode(mode) {
            FileType::RegularFile if mode & 0o100 == 0 => Kind::Regular,
            FileType::RegularFile => Kind::Executable,
            FileType::Symlink => Kind::Link,
            _ => return None,
        };
        let stat = Stat {
            changed: (cut(found.st_ctime)?, cut(found.st_ctime_nsec)?),
            modified: (cut(found.st_mtime)?, cut(found.st_mtime_nsec)?),
            inode: cut(found.st_ino)?,
            user: found.st_uid,
            group: found.st_gid,
            size: cut(found.st_size)?,
        };
        Some(kind == entry.kind && stat == entry.stat)
    }

    /// Leaves the folders that are not on the way to this one, and enters those that are missing.
    fn enter(&mut self, path: &[u8], end: usize) -> Option<()> {
        let is_on_way = |at: usize, last: &[u8]| {
            at <= end && path[..at] == last[..at] && (at == end || path[at] == b'/')
        };
        while self.below.last().is_some_and(|(at, _)| !is_on_way(*at, &self.path)) {
            self.below.pop();
        }
        let mut start = match self.below.last() {
            Some((at, _)) if *at == end => return Some(()),
            Some((at, _)) => at + 1,
            None => 0,
        };
        while start < end {
            let at = path[start..end].iter().position(|&byte| byte == b'/');
            let at = at.map_or(end, |at| start + at);
            let above = self.below.last().map_or(&self.root, |(_, folder)| folder);
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let name = OsStr::from_bytes(&path[start..at]);
            self.below.push((at, openat(above, name, flags, Mode::empty()).ok()?));
            start = at + 1;
        }
        self.path.clear();
        self.path.extend_from_slice(&path[..end]);
        Some(())
    }
}

/// The lower 32 bits, as git keeps them.
fn cut(number: impl TryInto<i128>) -> Option<u32> {
    let number = number.try_into().ok()?;
    u32::try_from(number & i128::from(u32::MAX)).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, UNIX_EPOCH};

    use testbed::Bed;

    use super::*;

    /// A repository of three files that were last written long before the index was.
    fn repository() -> Bed {
        let bed = Bed::new();
        bed.git_init();
        for path in ["a", "folder/b", "folder/deep/c", "g"] {
            write(&bed, path, "old");
        }
        symlink("a", bed.root().join("link")).unwrap();
        bed.git(["add", "a", "folder", "g", "link"]);
        bed.git(["commit", "--quiet", "--message", "first"]);
        settle(&bed);
        bed
    }

    fn write(bed: &Bed, path: &str, text: &str) {
        bed.write(path, text);
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options()
            .write(true)
            .open(bed.root().join(path))
            .and_then(|file| file.set_modified(long_ago))
            .unwrap();
    }

    /// The moment in which the index was written is over, and git has seen every file since.
    fn settle(bed: &Bed) {
        bed.git(["update-index", "--refresh"]);
        let later = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
        let index = File::options().write(true).open(bed.root().join(".git/index")).unwrap();
        index.set_modified(later).unwrap();
    }

    fn found(bed: &Bed) -> bool {
        let folders = Folders::of(&bed.root().join(".git"));
        let config = std::fs::read_to_string(folders.common.join("config")).unwrap();
        let commit = folders.head().unwrap();
        assert_eq!(commit, bed.git(["rev-parse", "HEAD"]).trim());
        is_clean(&folders, &config, &commit, bed.root())
    }

    fn has_git() -> bool {
        let has_git = duct::cmd!("git", "--version").stdout_null().run().is_ok();
        if !has_git {
            testbed::not_run("git::clean", "there is no git");
        }
        has_git
    }

    #[test]
    fn what_git_has_just_seen_is_clean_however_it_keeps_it() {
        if !has_git() {
            return;
        }
        let bed = repository();
        assert!(found(&bed));
        for version in ["3", "4", "2"] {
            bed.git(["update-index", "--index-version", version]);
            settle(&bed);
            assert!(found(&bed), "version {version}");
        }
        bed.git(["gc", "--quiet"]);
        assert!(!bed.root().join(".git/refs/heads/main").exists(), "refs are packed");
        assert!(found(&bed), "packed");
    }

    type Change = (&'static str, fn(&Bed));

    #[test]
    fn whatever_may_differ_is_left_to_git() {
        if !has_git() {
            return;
        }
        let changes: [Change; 14] = [
            ("other content, same length and time", |bed| write(bed, "folder/b", "new")),
            ("longer", |bed| bed.write("a", "longer")),
            ("gone", |bed| std::fs::remove_file(bed.root().join("a")).unwrap()),
            ("executable", |bed| {
                std::fs::set_permissions(bed.root().join("a"), Permissions::from_mode(0o755))
                    .unwrap();
            }),
            ("a link now", |bed| {
                std::fs::remove_file(bed.root().join("a")).unwrap();
                symlink("folder/b", bed.root().join("a")).unwrap();
            }),
            ("a folder that is a link now", |bed| {
                std::fs::rename(bed.root().join("folder"), bed.root().join("moved")).unwrap();
                symlink("moved", bed.root().join("folder")).unwrap();
            }),
            ("staged", |bed| {
                write(bed, "a", "other");
                bed.git(["add", "a"]);
                settle(bed);
            }),
            ("staged to be taken away", |bed| {
                bed.git(["rm", "--quiet", "--cached", "a"]);
                settle(bed);
            }),
            ("not to be looked at", |bed| {
                bed.git(["update-index", "--assume-unchanged", "a"]);
                settle(bed);
            }),
            ("to be skipped", |bed| {
                bed.git(["update-index", "--skip-worktree", "a"]);
                settle(bed);
            }),
            ("another commit", |bed| {
                write(bed, "a", "second");
                bed.git(["commit", "--quiet", "--all", "--message", "second"]);
                bed.git(["reset", "--quiet", "--soft", "HEAD~1"]);
                settle(bed);
            }),
            ("written with the index", |bed| {
                let time = UNIX_EPOCH + Duration::from_secs(4_000_000_000);
                for path in ["a", ".git/index"] {
                    let file = File::options().write(true).open(bed.root().join(path)).unwrap();
                    file.set_modified(time).unwrap();
                    bed.git(["update-index", "--refresh"]);
                }
                let index = File::options().write(true).open(bed.root().join(".git/index"));
                index.unwrap().set_modified(time).unwrap();
            }),
            ("elsewhere", |bed| drop(bed.git(["config", "core.worktree", "/"]))),
            ("a replaced commit", |bed| {
                let commit = bed.git(["commit-tree", "HEAD^{tree}:folder", "-m", "x"]);
                bed.git(["replace", "HEAD", commit.trim()]);
            }),
        ];
        for (what, change) in changes {
            let bed = repository();
            assert!(found(&bed));
            change(&bed);
            let config = std::fs::read_to_string(bed.root().join(".git/config")).unwrap();
            let folders = Folders::of(&bed.root().join(".git"));
            let commit = folders.head().unwrap();
            assert!(!is_clean(&folders, &config, &commit, bed.root()), "{what}");
        }
    }
}
