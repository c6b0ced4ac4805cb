//! Why a bundle could not be read or written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no answer about a bundle, or nothing was added to it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    Read {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A write was not acknowledged.
    Write(durable::Error),
    /// The folder holds no `evidence.jsonl`.
    NotABundle {
        /// The folder.
        path: PathBuf,
    },
    /// Its `evidence.jsonl` is empty: whoever opened it was killed.
    NeverOpened {
        /// The folder.
        path: PathBuf,
    },
    /// The bundle is sealed: nothing can be added.
    Sealed {
        /// The bundle.
        path: PathBuf,
    },
    /// The records that are there do not hold together, so nothing is added to them.
    Tampered {
        /// The bundle.
        path: PathBuf,
        /// The first fault, as verification names it.
        first: String,
    },
    /// An origin log does not hold together, so nothing is added to it.
    BrokenLog {
        /// Its folder.
        path: PathBuf,
        /// The first fault.
        first: String,
    },
    /// A command of the bundle is still running.
    Running {
        /// The bundle.
        path: PathBuf,
        /// The number of the run.
        run: u32,
    },
    /// A record would be longer than a line may be.
    TooLong {
        /// The bundle.
        path: PathBuf,
    },
    /// A file name in the bundle is not UTF-8, so no manifest can name it.
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A key cannot be used.
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Read { path, source }
    }
}

impl From<durable::Error> for Error {
    fn from(failed: durable::Error) -> Self {
        Self::Write(failed)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, .. } => write!(out, "cannot read {}", path.display()),
            Self::Write(_) => out.write_str("cannot write the evidence"),
            Self::NotABundle { path } => {
                write!(out, "{} is not a bundle: it has no evidence.jsonl", path.display())
            }
            Self::NeverOpened { path } => write!(
                out,
                "{} was never opened: its evidence.jsonl is empty, as a crash leaves it",
                path.display()
            ),
            Self::Sealed { path } => {
                write!(out, "{} is sealed; nothing can be added to it", path.display())
            }
            Self::Tampered { path, first } => {
                write!(
                    out,
                    "nothing is added to {}, whose records do not hold together: {first}",
                    path.display()
                )
            }
            Self::BrokenLog { path, first } => {
                write!(out, "nothing is added to the origin log {}: {first}", path.display())
            }
            Self::Running { path, run } => {
                write!(out, "run {run} of {} is still being recorded", path.display())
            }
            Self::TooLong { path } => {
                write!(out, "a record for {} would be longer than 64 KiB", path.display())
            }
            Self::Name { path } => write!(out, "the name of {} is not UTF-8", path.display()),
            Self::Key { path, why } => write!(out, "cannot sign with {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Write(source) => Some(source),
            _ => None,
        }
    }
}
