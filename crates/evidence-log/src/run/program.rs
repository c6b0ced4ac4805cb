//! The executable: where it is, why it cannot be started, and its digest.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use evidence::{Digest, Outcome};
use report::Invocation;

/// Finds the program as a shell would, before the folder changes. The refusal has the shell's own codes.
pub(super) fn find(name: &OsStr, invocation: &Invocation) -> Result<PathBuf, Outcome> {
    let text = name.to_string_lossy();
    let searched = match name.to_str() {
        Some(name) if name.contains('/') => invocation.find_program(name),
        Some(name) => search(name, invocation),
        None => None,
    };
    if let Some(path) = searched {
        return Ok(path);
    }
    // A name that is not UTF-8 cannot be searched for by name, but a path can be tried.
    let path = invocation.cwd.join(name);
    let is_path = text.contains('/');
    if is_path && name.to_str().is_none() && path.is_file() {
        return Ok(path);
    }
    let found = if is_path { path.exists() } else { is_on_path(&text, invocation) };
    Err(if found {
        Outcome::NotStarted { code: 126, reason: "found, but not executable".into() }
    } else {
        Outcome::NotStarted { code: 127, reason: "not found".into() }
    })
}

/// What a failed start means: 127 when something that it needs is not there, else 126.
pub(super) fn refusal(failed: &io::Error) -> Outcome {
    let code = if failed.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    let reason = match failed.kind() {
        io::ErrorKind::NotFound => "its interpreter was not found".to_owned(),
        _ => failed.to_string(),
    };
    Outcome::NotStarted { code, reason }
}

/// An executable whose digest is asked for.
pub(super) enum Hashing {
    /// It is known.
    Known(Digest),
    /// A thread reads the executable while it runs.
    Thread(JoinHandle<Option<Digest>>),
    /// It cannot be read, as with one that may only be executed.
    Unreadable,
}

/// A smaller executable is read while the command starts, in less time than a thread takes to begin.
const SMALL: u64 = 256 * 1024;

impl Hashing {
    /// Begins to hash what `open` opened before the command could change it.
    pub(super) fn begin(opened: Option<File>) -> Self {
        let Some(file) = opened else { return Self::Unreadable };
        let is_small = file.metadata().is_ok_and(|found| found.len() <= SMALL);
        let hash =
            move || Digest::of_reader(file, &mut vec![0; 64 * 1024]).ok().map(|(digest, _)| digest);
        if is_small {
            return hash().map_or(Self::Unreadable, Self::Known);
        }
        thread::Builder::new().spawn(hash).map_or(Self::Unreadable, Self::Thread)
    }

    /// The digest, waited for.
    pub(super) fn finish(self) -> Option<Digest> {
        match self {
            Self::Known(digest) => Some(digest),
            Self::Thread(thread) => thread.join().ok().flatten(),
            Self::Unreadable => None,
        }
    }
}

/// The first executable of this name in the folders of `PATH`, of which an empty one is the working directory
/// (POSIX, XBD 8.3).
fn search(name: &str, invocation: &Invocation) -> Option<PathBuf> {
    std::env::split_paths(&folders(invocation))
        .map(|folder| invocation.cwd.join(folder).join(name))
        .find(|path| {
            path.metadata().is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
        })
}

fn is_on_path(name: &str, invocation: &Invocation) -> bool {
    std::env::split_paths(&folders(invocation))
        .any(|folder| invocation.cwd.join(folder).join(Path::new(name)).is_file())
}

/// Where there is no `PATH` at all, `execvp` looks into these.
fn folders(invocation: &Invocation) -> OsString {
    invocation.variable("PATH").unwrap_or_else(|| "/bin:/usr/bin".into())
}
