//! What can be wrong with an ops.toml, each with its place and, where one is near, the word that was meant.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why there is no [`crate::Ops`].
///
/// No message repeats a value of the file: a value may be a secret that was put in the wrong place.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Neither the folder nor any folder above it holds an ops.toml.
    NotFound {
        /// The folder from which the search went upward.
        from: PathBuf,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The file can be read, and something in it is wrong.
    Invalid(Box<Invalid>),
}

/// The first thing that is wrong in an ops.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key's path, as `dsn.place[1].name`; empty where the text is no TOML at all.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}

impl Error {
    /// Returns what would mend it, for the last line of an error report.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::NotFound { .. } => Some(
                "name the file with `--ops FILE`, or run inside the operator's repo".to_owned(),
            ),
            Error::Unreadable { source, .. } if source.kind() == std::io::ErrorKind::Other => {
                Some("name a file with `--ops FILE`: the paths in it are relative to it".to_owned())
            }
            Error::Unreadable { .. } => None,
            Error::Invalid(invalid) => invalid.hint.clone(),
        }
    }

    /// Returns the file that the error is about, if one was found.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::NotFound { .. } => None,
            Error::Unreadable { path, .. } => Some(path),
            Error::Invalid(invalid) => Some(&invalid.path),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound { from } => {
                write!(formatter, "no ops.toml in {} or any folder above it", from.display())
            }
            Error::Unreadable { path, .. } => write!(formatter, "cannot read {}", path.display()),
            Error::Invalid(invalid) => {
                let Invalid { path, line, column, key, message, hint: _ } = &**invalid;
                write!(formatter, "{}:{line}:{column}: ", path.display())?;
                if !key.is_empty() {
                    write!(formatter, "{key}: ")?;
                }
                formatter.write_str(message)
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Unreadable { source, .. } => Some(source),
            Error::NotFound { .. } | Error::Invalid(_) => None,
        }
    }
}
