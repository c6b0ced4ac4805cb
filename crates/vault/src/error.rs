//! Why there is no vault to speak of.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What ends the work before any file is judged.
#[derive(Debug)]
pub enum Error {
    /// ops.toml has no `[vault]` section.
    NotDeclared {
        /// The ops.toml.
        ops: PathBuf,
    },
    /// A folder of the vault cannot be listed.
    Walk {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotDeclared { ops } => {
                write!(formatter, "{} has no [vault] section", ops.display())
            }
            Error::Walk { path, .. } => write!(formatter, "listing {}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Walk { source, .. } => Some(source),
            Error::NotDeclared { .. } => None,
        }
    }
}

impl Error {
    /// What the operator can do about it.
    pub fn hint(&self) -> String {
        match self {
            Error::NotDeclared { .. } => {
                "`vault-check init` proposes one from the files that are there".to_owned()
            }
            Error::Walk { source, .. } if source.kind() == io::ErrorKind::NotADirectory => {
                "`root` in ops.toml must name a folder".to_owned()
            }
            Error::Walk { .. } => {
                "the vault's folder must be readable by the one who runs this".to_owned()
            }
        }
    }
}
