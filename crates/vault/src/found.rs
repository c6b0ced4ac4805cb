//! Walking the vault's folder: every file and folder with its mode and owner, no link followed.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use envfile::EnvFile;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::error::Error;
use crate::read::{Unreadable, read_at};

/// Folders deeper than this are not entered; a vault has two or three levels.
const DEEPEST: usize = 32;

/// A walk that was begun early, while what else there is to know is found out.
pub struct EarlyWalk {
    root: PathBuf,
    thread: JoinHandle<Result<Found, Error>>,
}

impl EarlyWalk {
    /// Begins to walk a folder.
    pub fn begin(root: PathBuf) -> EarlyWalk {
        let folder = root.clone();
        EarlyWalk { root, thread: std::thread::spawn(move || walk(&folder)) }
    }

    /// What was found, if this is the folder that was walked.
    pub(crate) fn end(self, root: &Path) -> Option<Result<Found, Error>> {
        if self.root != root {
            return None;
        }
        self.thread.join().ok()
    }
}

/// A thread costs more than it saves on fewer folders than this.
const FOLDERS_A_THREAD: usize = 8;

/// What a walk found.
#[derive(Default)]
pub struct Found {
    /// Whether the root is there and is a folder.
    pub root: Option<FoundFolder>,
    /// Whether the root's place is taken by a symbolic link, which is not followed.
    pub root_is_link: bool,
    /// Everything that is not a folder, sorted by path.
    pub files: Vec<FoundFile>,
    /// The folders below the root, sorted by path.
    pub folders: Vec<FoundFolder>,
}

/// A file, link or other thing that was found.
pub struct FoundFile {
    /// Relative to the vault's root, with `/`.
    pub path: String,
    /// What it is.
    pub kind: FoundKind,
    /// The permission bits.
    pub mode: u32,
    /// The user who owns it.
    pub owner: u32,
    /// When it was last changed.
    pub modified: Option<DateTime<Utc>>,
}

/// What was found under a name.
pub enum FoundKind {
    /// A regular file, read as an env file, which keeps all its bytes.
    File(EnvFile),
    /// A symbolic link.
    Link,
    /// A file that could not be read, or something that is no file.
    Unreadable(Unreadable),
}

/// A folder that was found.
pub struct FoundFolder {
    /// Relative to the vault's root, with `/`; empty for the root itself.
    pub path: String,
    /// The permission bits.
    pub mode: u32,
    /// The user who owns it.
    pub owner: u32,
}

/// Walks a folder and reads every regular file in it.
///
/// A root that is missing is no error: then nothing is found.
pub fn walk(root: &Path) -> Result<Found, Error> {
    let mut found = Found::default();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let handle = match rustix::fs::openat(CWD, root, flags, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT) => return Ok(found),
        // A link that is not followed reads as "not a folder" here.
        Err(Errno::NOTDIR | Errno::LOOP) if root.is_symlink() => {
            found.root_is_link = true;
            return Ok(found);
        }
        Err(errno) => return Err(walk_error(root.to_owned(), errno)),
    };
    let status = rustix::fs::fstat(&handle).map_err(|errno| walk_error(root.to_owned(), errno))?;
    found.root = Some(folder(String::new(), &status));
    let mut ctx = Ctx { root, found, postponed: Some(Vec::new()) };
    ctx.folder(&handle, "", 0)?;
    let Ctx { mut found, postponed, .. } = ctx;
    let mut parts = below(root, postponed.unwrap_or_default())?;
    parts.sort_unstable_by_key(|(place, _)| *place);
    found.files.reserve_exact(parts.iter().map(|(_, part)| part.files.len()).sum());
    for (_, part) in parts {
        found.files.extend(part.files);
        found.folders.extend(part.folders);
    }
    found.files.sort_by(|a, b| a.path.cmp(&b.path));
    found.folders.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// A folder of the first level, opened and not yet walked.
struct Postponed {
    handle: OwnedFd,
    path: String,
}

/// Walks the folders of the first level, a large vault on all processors; each part has its folder's place.
fn below(root: &Path, folders: Vec<Postponed>) -> Result<Vec<(usize, Found)>, Error> {
    // How many processors there are is in files, which take longer to read than a small vault.
    let n_threads = match folders.len() / FOLDERS_A_THREAD {
        0 | 1 => 1,
        n => std::thread::available_parallelism().map_or(1, usize::from).min(n),
    };
    let queue = Mutex::new(folders.into_iter().enumerate());
    let work = || {
        let mut parts = Vec::new();
        while let Some((place, next)) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            let mut ctx = Ctx { root, found: Found::default(), postponed: None };
            ctx.folder(&next.handle, &next.path, 1)?;
            parts.push((place, ctx.found));
        }
        Ok(parts)
    };
    if n_threads < 2 {
        return work();
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = (1..n_threads).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        // A thread that panicked has read an unknown part: there is no verdict to be had.
        let gone = || Error::Walk { path: root.to_owned(), source: io::ErrorKind::Other.into() };
        parts.extend(
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(gone()))),
        );
        Ok(parts.into_iter().collect::<Result<Vec<_>, Error>>()?.into_iter().flatten().collect())
    })
}

struct Ctx<'a> {
    root: &'a Path,
    found: Found,
    /// At the first level: the folders that are left for later.
    postponed: Option<Vec<Postponed>>,
}

impl Ctx<'_> {
    fn folder(&mut self, handle: &OwnedFd, path: &str, depth: usize) -> Result<(), Error> {
        let error = |errno| walk_error(self.root.join(path), errno);
        let mut entries = Vec::new();
        for entry in Dir::read_from(handle).map_err(error)? {
            let entry = entry.map_err(error)?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                entries.push((entry.file_name().to_owned(), entry.file_type()));
            }
        }
        let n_entries = entries.len();
        // What is found in order has not to be put in order.
        entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        for (number, (name, kind)) in entries.into_iter().enumerate() {
            if number.is_multiple_of(ROOM_FOR) {
                make_room((n_entries - number).min(ROOM_FOR));
            }
            let shown = name.to_string_lossy();
            let mut child = String::with_capacity(path.len() + 1 + shown.len());
            if !path.is_empty() {
                child.extend([path, "/"]);
            }
            child.push_str(&shown);
            self.entry(handle, &name, child, kind, depth)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        parent: &OwnedFd,
        name: &CStr,
        path: String,
        kind: FileType,
        depth: usize,
    ) -> Result<(), Error> {
        if kind == FileType::RegularFile {
            match read_at(parent.as_fd(), name) {
                Ok((status, content)) => {
                    self.file(path, FoundKind::File(EnvFile::from_secret(content)), &status);
                    return Ok(());
                }
                // Gone, or something else by now: the status below says which.
                Err(Unreadable::Refused(io::ErrorKind::NotFound)) => return Ok(()),
                Err(_) => {}
            }
        }
        let status = match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(status) => status,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(walk_error(self.root.join(path), errno)),
        };
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Symlink => self.file(path, FoundKind::Link, &status),
            FileType::Directory if depth < DEEPEST => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let handle = rustix::fs::openat(parent, name, flags, Mode::empty())
                    .map_err(|errno| walk_error(self.root.join(&path), errno))?;
                self.found.folders.push(folder(path.clone(), &status));
                match &mut self.postponed {
                    Some(postponed) => postponed.push(Postponed { handle, path }),
                    None => self.folder(&handle, &path, depth + 1)?,
                }
            }
            FileType::RegularFile => match read_at(parent.as_fd(), name) {
                Ok((status, content)) => {
                    self.file(path, FoundKind::File(EnvFile::from_secret(content)), &status);
                }
                Err(reason) => self.file(path, FoundKind::Unreadable(reason), &status),
            },
            _ => self.file(path, FoundKind::Unreadable(Unreadable::NotAFile), &status),
        }
        Ok(())
    }

    fn file(&mut self, path: String, kind: FoundKind, status: &Stat) {
        self.found.files.push(FoundFile {
            path,
            kind,
            mode: permissions(status),
            owner: status.st_uid,
            modified: DateTime::from_timestamp(status.st_mtime, 0),
        });
    }
}

/// For how many files room is made at once; for more the system would be asked for memory of its own.
const ROOM_FOR: usize = 100;

/// Makes room for what files become, which they take bit by bit: glibc lets the memory of a thread grow by a page
/// at a time, with a call to the system for each. What was room once stays it.
fn make_room(n_files: usize) {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(n_files * 1024)));
}

fn folder(path: String, status: &Stat) -> FoundFolder {
    FoundFolder { path, mode: permissions(status), owner: status.st_uid }
}

fn permissions(status: &Stat) -> u32 {
    status.st_mode & 0o7777
}

fn walk_error(path: PathBuf, errno: Errno) -> Error {
    Error::Walk { path, source: errno.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_folders_are_found_whole_and_in_order() {
        let root = tempfile::tempdir().unwrap();
        for number in 0..40 {
            let folder = root.path().join(format!("s{number:02}/deep"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("a.env"), format!("A={number}\n")).unwrap();
        }
        let found = walk(root.path()).unwrap();
        let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
        let expected: Vec<String> =
            (0..40).map(|number| format!("s{number:02}/deep/a.env")).collect();
        assert_eq!(paths, expected);
        assert_eq!(found.folders.len(), 80);
        for (number, file) in found.files.iter().enumerate() {
            let FoundKind::File(content) = &file.kind else { panic!("not a file") };
            assert_eq!(content.expose(), format!("A={number}\n").as_bytes());
        }
    }

    #[test]
    fn a_missing_root_is_an_empty_vault() {
        let root = tempfile::tempdir().unwrap();
        let found = walk(&root.path().join("none")).unwrap();
        assert!(found.root.is_none() && found.files.is_empty());
    }
}
