//! Searches a folder and everything below it, on all processors.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use rustix::fs::{CWD, Mode, OFlags};

use crate::leaks::archive::{self, Inside, Unread};
use crate::leaks::look::Look;
use crate::leaks::sized::Sized;
use crate::leaks::spare;
use crate::leaks::stream::{Found, MOST_PLACES, Scratch, across, in_text};

/// What came of one file or folder.
pub(crate) struct Visited {
    pub(crate) path: PathBuf,
    pub(crate) inside: Inside,
    /// Leaks in the path itself, or in what a symbolic link points to.
    pub(crate) in_name: Vec<Found>,
    pub(crate) missed: Option<Missed>,
}

/// Why a file or a folder was not read.
pub(crate) enum Missed {
    /// The system said no.
    Failed(io::Error),
    /// It is a pipe, a socket or a device.
    NoFile,
    /// The same, and it was named: nothing of what was asked for is known.
    Named,
    /// It is the store of git's history.
    History,
    /// It is the vault.
    Vault,
}

/// What is searched and what is left out.
pub(crate) struct Tree<'a> {
    pub(crate) look: &'a Look<'a>,
    /// The folder from which paths are seen.
    pub(crate) base: PathBuf,
    /// Files and folders that are not searched: the vault.
    pub(crate) left_out: Vec<PathBuf>,
    /// Env files of which some keys are declared to hold credentials.
    pub(crate) declared: HashMap<PathBuf, Vec<String>>,
    pub(crate) n_threads: usize,
}

/// Files that are handed to a thread at once.
const BATCH: usize = 32;

enum Work {
    Folder(PathBuf),
    /// Some of the files of a folder, by their names.
    Files(PathBuf, Vec<OsString>),
}

struct Queue {
    work: Vec<Work>,
    n_working: usize,
}

/// Work that is being done, until it is dropped, even by a panic: the other threads do not wait for it.
struct Working<'a> {
    queue: &'a Mutex<Queue>,
    changed: &'a Condvar,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).n_working -= 1;
        self.changed.notify_all();
    }
}

impl Tree<'_> {
    /// Searches all of `paths`; says how many files were read, and what is worth telling.
    pub(crate) fn search(&self, paths: Vec<PathBuf>) -> (usize, Vec<Visited>) {
        let mut work = Vec::new();
        let mut visited = Vec::new();
        let mut n_files = 0;
        for path in paths {
            if self.left_out.iter().any(|left_out| path.starts_with(left_out)) {
                visited.push(Visited::missed(path, Missed::Vault));
                continue;
            }
            match fs::metadata(&path) {
                Ok(data) if data.is_dir() => work.push(Work::Folder(path)),
                Ok(_) if is_open(&path) => {
                    n_files += usize::from(self.stream(path, &mut visited));
                }
                Ok(data) if data.is_file() => {
                    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                    let name = path.file_name().unwrap_or(path.as_os_str()).to_owned();
                    work.push(Work::Files(folder, vec![name]));
                }
                Ok(_) => visited.push(Visited::missed(path, Missed::Named)),
                Err(error) => visited.push(Visited::missed(path, Missed::Failed(error))),
            }
        }
        let queue = Mutex::new(Queue { work, n_working: 0 });
        let changed = Condvar::new();
        let answers: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..self.n_threads.max(1))
                .map(|_| scope.spawn(|| self.work_off(&queue, &changed)))
                .collect();
            // A thread that fell takes the run with it: what it had found would be missing.
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        for (n_read, seen) in answers {
            n_files += n_read;
            visited.extend(seen);
        }
        (n_files, visited)
    }

    fn work_off(&self, queue: &Mutex<Queue>, changed: &Condvar) -> (usize, Vec<Visited>) {
        own_files();
        let mut scratch = Scratch::new(self.look);
        let mut visited = Vec::new();
        let mut n_files = 0;
        loop {
            let work = {
                let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
                loop {
                    if let Some(work) = queue.work.pop() {
                        queue.n_working += 1;
                        break work;
                    }
                    if queue.n_working == 0 {
                        return (n_files, visited);
                    }
                    queue = changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
            };
            let working = Working { queue, changed };
            let more = match work {
                Work::Folder(folder) => self.list(folder, &mut visited),
                Work::Files(folder, names) => {
                    // Its way is gone once for many files.
                    let opened = open_folder(&folder).ok();
                    for name in &names {
                        let file = match &opened {
                            Some(folder) => open_at(folder, Path::new(name)),
                            None => open(&folder.join(name)),
                        };
                        let is_read = self.file(&folder, name, file, &mut scratch, &mut visited);
                        n_files += usize::from(is_read);
                    }
                    Vec::new()
                }
            };
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.work.extend(more);
            drop(queue);
            drop(working);
        }
    }

    /// What lies in a folder, as work; a link is never followed, so a loop cannot be walked.
    fn list(&self, folder: PathBuf, visited: &mut Vec<Visited>) -> Vec<Work> {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                visited.push(Visited::missed(folder, Missed::Failed(error)));
                return Vec::new();
            }
        };
        let is_here = |path: &&PathBuf| path.parent() == Some(folder.as_path());
        let left_out: Vec<_> =
            self.left_out.iter().filter(is_here).map(|path| path.file_name()).collect();
        let mut work = Vec::new();
        let mut names = Vec::new();
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    visited.push(Visited::missed(folder.clone(), Missed::Failed(error)));
                    break;
                }
            };
            let name = entry.file_name();
            if left_out.contains(&Some(&name)) {
                continue;
            }
            self.name(&folder, &name, visited);
            match entry.file_type() {
                Ok(kind) if kind.is_file() => {
                    names.push(name);
                    if names.len() == BATCH {
                        work.push(Work::Files(folder.clone(), std::mem::take(&mut names)));
                    }
                }
                Ok(kind) if kind.is_dir() && is_object_store(&entry.path()) => {
                    visited.push(Visited::missed(entry.path(), Missed::History));
                }
                Ok(kind) if kind.is_dir() => work.push(Work::Folder(entry.path())),
                Ok(kind) if kind.is_symlink() => self.link(entry.path(), visited),
                Ok(_) => visited.push(Visited::missed(entry.path(), Missed::NoFile)),
                Err(error) => visited.push(Visited::missed(entry.path(), Missed::Failed(error))),
            }
        }
        if !names.is_empty() {
            work.push(Work::Files(folder, names));
        }
        work
    }

    fn name(&self, folder: &Path, name: &OsStr, visited: &mut Vec<Visited>) {
        let mut found = Vec::new();
        if self.look.has_slash {
            let path = folder.join(name);
            let seen = path.strip_prefix(&self.base).unwrap_or(&path);
            found = across(self.look, seen.as_os_str().as_bytes());
        }
        if name.len() >= secret::SHORTEST {
            found.extend(in_text(self.look, name.as_bytes()));
        }
        if !found.is_empty() {
            visited.push(Visited { in_name: found, ..Visited::new(folder.join(name)) });
        }
    }

    /// A link is not followed; what it points to is text that can hold a secret too.
    fn link(&self, path: PathBuf, visited: &mut Vec<Visited>) {
        match fs::read_link(&path) {
            Ok(target) => {
                let found = in_text(self.look, target.as_os_str().as_bytes());
                if !found.is_empty() {
                    visited.push(Visited { in_name: found, ..Visited::new(path) });
                }
            }
            Err(error) => visited.push(Visited::missed(path, Missed::Failed(error))),
        }
    }

    /// Searches what a shell has opened and named, as `<(command)` does; says whether it was read to its end.
    fn stream(&self, path: PathBuf, visited: &mut Vec<Visited>) -> bool {
        let mut inside = Inside::default();
        let mut scratch = Scratch::new(self.look);
        let outcome = fs::File::open(&path).and_then(|mut pipe| {
            archive::search_once(self.look, &mut scratch, &mut pipe, &mut inside)
        });
        let missed = outcome.err().map(Missed::Failed);
        let is_read = missed.is_none();
        visited.push(Visited { inside, missed, ..Visited::new(path) });
        is_read
    }

    /// Searches a file of a folder; says whether it was read to its end.
    fn file(
        &self,
        folder: &Path,
        name: &OsStr,
        opened: io::Result<fs::File>,
        scratch: &mut Scratch,
        visited: &mut Vec<Visited>,
    ) -> bool {
        let mut inside = Inside::default();
        // Most files are told nothing of, and need no path.
        let path = || folder.join(name);
        let keys = if self.declared.is_empty() { None } else { self.declared.get(&path()) };
        // What is spared there must not stand for what is not.
        scratch.most = if keys.is_some() { u64::MAX } else { MOST_PLACES };
        let outcome = opened.and_then(|file| {
            let mut file = Sized::new(file);
            archive::search(self.look, scratch, &mut file, &mut inside)?;
            if is_brotli(name, &mut file) {
                inside.unread.push((String::new(), Unread::Method));
            }
            Ok(())
        });
        if let Some(keys) = keys.filter(|_| !inside.found.is_empty()) {
            spare::retain(&path(), keys, &mut inside);
        }
        let missed = outcome.err().map(Missed::Failed);
        let is_read =
            missed.is_none() && inside.unread.iter().all(|(member, _)| !member.is_empty());
        if missed.is_some() || !inside.found.is_empty() || !inside.unread.is_empty() {
            visited.push(Visited { inside, missed, ..Visited::new(path()) });
        }
        is_read
    }
}

/// Whether a file is packed by brotli, which has no first bytes of its own: by its name, and that it is no text.
fn is_brotli(name: &OsStr, file: &mut Sized) -> bool {
    let mut head = [0; 256];
    name.as_bytes().ends_with(b".br")
        && file.rewind().is_ok()
        && file.read(&mut head).is_ok_and(|len| {
            str::from_utf8(&head[..len]).is_err_and(|error| error.error_len().is_some())
        })
}

impl Visited {
    fn new(path: PathBuf) -> Self {
        Self { path, inside: Inside::default(), in_name: Vec::new(), missed: None }
    }

    fn missed(path: PathBuf, missed: Missed) -> Self {
        Self { missed: Some(missed), ..Self::new(path) }
    }
}

/// Opens a file. Should a pipe or a link be in its place, it is neither waited for nor followed.
pub(crate) fn open(path: &Path) -> io::Result<fs::File> {
    open_at(CWD, path)
}

fn open_at(folder: impl AsFd, path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
    Ok(fs::File::from(rustix::fs::openat(folder, path, flags, Mode::empty())?))
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Gives this thread its own table of open files, so that to open, read and close one takes no lock and no count that
/// others take too. Where the system refuses, the table stays shared. What it opens is for no other thread.
fn own_files() {
    #[cfg(target_os = "linux")]
    let _ = nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES);
}

/// Whether a path names what this process was given open.
fn is_open(path: &Path) -> bool {
    path == Path::new("/dev/stdin")
        || ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.starts_with(folder))
}

fn is_object_store(path: &Path) -> bool {
    path.ends_with(".git/objects")
        || (path.ends_with("objects")
            && path.with_file_name("HEAD").is_file()
            && path.with_file_name("refs").is_dir())
}
