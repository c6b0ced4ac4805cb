//! What can keep xtask from doing what was asked.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use report::Failure;

/// An error of xtask, with what the user can do about it.
#[derive(Debug)]
pub(crate) enum Error {
    /// ops.toml is missing or wrong.
    Ops(opsfile::Error),
    /// ops.toml has no pipeline of that name.
    NoPipeline { name: String, known: Vec<String> },
    /// ops.toml has no app of that name.
    NoApp { name: String, known: Vec<String> },
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program that should have answered did not.
    Failed { program: String, code: Option<i32>, hint: String },
    /// A file or folder could not be read or written.
    File { doing: &'static str, path: PathBuf, source: io::Error },
    /// The answer could not be written.
    Write(io::Error),
    /// Something outside the program is not as it must be.
    Setting { what: String, hint: String },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops(error) => error.fmt(f),
            Self::NoPipeline { name, .. } => write!(f, "ops.toml has no pipeline `{name}`"),
            Self::NoApp { name, .. } => write!(f, "ops.toml has no app `{name}`"),
            Self::Start { program, .. } => write!(f, "starting {program}"),
            Self::Failed { program, code: Some(code), .. } => {
                write!(f, "{program} ended with exit code {code}")
            }
            Self::Failed { program, code: None, .. } => {
                write!(f, "{program} was ended by a signal")
            }
            Self::File { doing, path, .. } => write!(f, "{doing} {}", path.display()),
            Self::Write(_) => f.write_str("writing the answer"),
            Self::Setting { what, .. } => f.write_str(what),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Ops(error) => error.source(),
            Self::Start { source, .. } | Self::File { source, .. } | Self::Write(source) => {
                Some(source)
            }
            Self::NoPipeline { .. }
            | Self::NoApp { .. }
            | Self::Failed { .. }
            | Self::Setting { .. } => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Ops(error) => error.hint(),
            Self::NoPipeline { known, .. } | Self::NoApp { known, .. } if known.is_empty() => {
                Some("ops.toml declares none".to_owned())
            }
            Self::NoPipeline { known, .. } | Self::NoApp { known, .. } => {
                Some(format!("ops.toml declares {}", known.join(", ")))
            }
            Self::Failed { hint, .. } | Self::Setting { hint, .. } => Some(hint.clone()),
            Self::Start { .. } => Some("is it installed, and on PATH?".to_owned()),
            Self::File { .. } | Self::Write(_) => None,
        }
    }
}

impl From<opsfile::Error> for Error {
    fn from(error: opsfile::Error) -> Self {
        Self::Ops(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}
