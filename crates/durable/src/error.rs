//! What can go wrong with a durable write, and what is still valid after it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::replace::Writer;

/// Why a write was not acknowledged.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a step.
    Io {
        /// What was being done, as in "open" or "sync".
        doing: &'static str,
        /// The file or folder it was done to.
        path: PathBuf,
        /// What the reader can rely on now.
        still: Still,
        /// The system's own reason.
        source: io::Error,
    },
    /// The path is a symbolic link: writing through it could change a file elsewhere.
    Symlink {
        /// The link.
        path: PathBuf,
    },
    /// The path is a folder, a device or a pipe.
    NotAFile {
        /// What was found there.
        path: PathBuf,
    },
    /// Somebody else held the lock until the deadline.
    Busy {
        /// The lock or the locked file.
        path: PathBuf,
        /// The process that wrote its id into the lock, when it can be read.
        holder: Option<u32>,
        /// How long we waited.
        waited: Duration,
    },
    /// The file was saved by someone else on every attempt.
    KeepsChanging {
        /// The file.
        path: PathBuf,
        /// How often it was tried.
        attempts: u32,
    },
    /// Another program has the file open for writing, and what it writes later would be lost.
    InUse {
        /// The file.
        path: PathBuf,
        /// Who it is.
        writer: Writer,
        /// How long we waited.
        waited: Duration,
    },
    /// A save by someone else could not be put back at its place; it lies beside the file.
    LeftAside {
        /// The file.
        path: PathBuf,
        /// Where the other's save is.
        aside: PathBuf,
        /// Why it could not be put back.
        source: io::Error,
    },
    /// An edit reaches outside the file or overlaps another.
    BadEdit {
        /// The file.
        path: PathBuf,
    },
    /// A ledger line holds a line break, so it would be read as two.
    BrokenLine {
        /// The ledger.
        path: PathBuf,
    },
}

/// What is still valid after a failed step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Still {
    /// Nothing was written; the file is what it was.
    Untouched,
    /// The file is whole, but what was written last may or may not survive a power cut.
    Unsynced,
    /// A part of the last line may be in the file; the next append puts it aside.
    TornTail,
}

impl Error {
    pub(crate) fn io(
        doing: &'static str,
        path: &Path,
        still: Still,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { doing, path, still, source }
    }

    /// The file that the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::Symlink { path }
            | Self::NotAFile { path }
            | Self::Busy { path, .. }
            | Self::KeepsChanging { path, .. }
            | Self::InUse { path, .. }
            | Self::LeftAside { path, .. }
            | Self::BadEdit { path }
            | Self::BrokenLine { path } => path,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, path, still, source: _ } => {
                write!(out, "cannot {doing} {} ({still})", path.display())
            }
            Self::Symlink { path } => {
                write!(out, "{} is a symbolic link, and is not written through", path.display())
            }
            Self::NotAFile { path } => write!(out, "{} is not a regular file", path.display()),
            Self::Busy { path, holder, waited } => {
                write!(out, "{} was locked for {} s", path.display(), waited.as_secs_f32())?;
                if let Some(holder) = holder {
                    write!(out, " by process {holder}")?;
                }
                write!(out, " (nothing was written)")
            }
            Self::KeepsChanging { path, attempts } => {
                write!(
                    out,
                    "{} was saved by someone else in each of {attempts} attempts (nothing of ours was written)",
                    path.display()
                )
            }
            Self::InUse { path, writer, waited } => write!(
                out,
                "{} was open for writing elsewhere ({writer}) for {} s, and what is written there would be lost (nothing of ours was written)",
                path.display(),
                waited.as_secs_f32()
            ),
            Self::LeftAside { path, aside, source: _ } => {
                write!(
                    out,
                    "a save of {} by someone else could not be put back; it is whole in {}",
                    path.display(),
                    aside.display()
                )
            }
            Self::BadEdit { path } => write!(
                out,
                "an edit reaches outside {} or overlaps another (nothing was written)",
                path.display()
            ),
            Self::BrokenLine { path } => write!(
                out,
                "a line for {} holds a line break (nothing was written)",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::LeftAside { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for Still {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Untouched => "nothing was written",
            Self::Unsynced => "the file is whole, but its last change may not survive a power cut",
            Self::TornTail => {
                "all earlier lines are valid; a torn last line is put aside by the next append"
            }
        })
    }
}
