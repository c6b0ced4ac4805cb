//! Why a run ends without a verdict.

use std::fmt;
use std::io;
use std::path::PathBuf;

use report::Failure;

use crate::fingerprint::KEY_FILE;

/// An error that the operator can do something about.
#[derive(Debug)]
pub(crate) enum Error {
    /// ops.toml is missing, unreadable or wrong.
    Ops(opsfile::Error),
    /// There is no vault to check.
    Vault(vault::Error),
    /// No file is declared for a purpose.
    UnknownPurpose { purpose: String, known: Vec<String> },
    /// No file is declared for an environment.
    UnknownEnvironment { environment: String, known: Vec<String> },
    /// What `--changed-since` names is no time.
    When,
    /// What `--changed-since` names is still to come.
    Future,
    /// Each purpose and the environment are known, and no file is declared for both.
    NothingAsked,
    /// The vault's folder is not there.
    NoRoot { root: String, is_link: bool },
    /// There is no folder to propose anything for.
    NoFolder,
    /// The folder does not lie below the one where ops.toml would stand.
    Outside { folder: PathBuf },
    /// No rule has this name.
    UnknownRule { nearest: Option<&'static str> },
    /// The key for fingerprints could not be read or made.
    FingerprintKey(io::Error),
    /// git is needed and not there.
    NoGit,
    /// What git keeps is to be searched, and the folder of ops.toml lies in no repository.
    NoRepository,
    /// It lies in one, and git does not say so.
    Refused,
    /// The index that git names for a commit under way is not there.
    NoIndex,
    /// It is the index of another repository than the one to be searched.
    OtherIndex,
    /// git did not answer.
    Git(io::Error),
    /// Standard input could not be read.
    ReadInput(io::Error),
    /// The list of allowed leaks could not be read.
    Allowances(io::Error),
    /// The answer could not be written.
    Write(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Ops(error) => error.fmt(formatter),
            Error::Vault(error) => error.fmt(formatter),
            Error::UnknownPurpose { purpose, .. } => {
                write!(formatter, "no file of the vault is declared for `{purpose}`")
            }
            Error::UnknownEnvironment { environment, .. } => {
                write!(
                    formatter,
                    "no file of the vault is declared for the environment `{environment}`"
                )
            }
            Error::Future => formatter.write_str("`--changed-since` names a time that is to come"),
            Error::NothingAsked => formatter.write_str(
                "no file of the vault is declared for these purposes and this environment together",
            ),
            Error::When => formatter.write_str("`--changed-since` names no time"),
            Error::NoRoot { root, is_link: true } => {
                write!(formatter, "the vault's folder {root} is a symbolic link")
            }
            Error::NoRoot { root, .. } => {
                write!(formatter, "the vault's folder {root} is not there")
            }
            Error::NoFolder => {
                formatter.write_str("there is no vault here to propose a section for")
            }
            Error::Outside { folder } => {
                write!(formatter, "{} does not lie below this folder", folder.display())
            }
            Error::UnknownRule { .. } => formatter.write_str("there is no rule of that name"),
            Error::FingerprintKey(_) => formatter.write_str("opening the key for fingerprints"),
            Error::NoGit => formatter.write_str("git is not installed"),
            Error::NoRepository => {
                formatter.write_str("the folder of ops.toml lies in no git repository")
            }
            Error::Refused => formatter.write_str(
                "the folder of ops.toml lies in a git repository, and git refused to answer",
            ),
            Error::NoIndex => {
                formatter.write_str("the index that `GIT_INDEX_FILE` names is not there")
            }
            Error::OtherIndex => formatter
                .write_str("the index that `GIT_INDEX_FILE` names is that of another repository"),
            Error::Git(_) => formatter.write_str("asking git for what it keeps"),
            Error::ReadInput(_) => formatter.write_str("reading standard input"),
            Error::Allowances(_) => formatter.write_str("reading the list of allowed leaks"),
            Error::Write(_) => formatter.write_str("writing the answer"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Ops(error) => error.source(),
            Error::Vault(error) => error.source(),
            Error::FingerprintKey(source)
            | Error::Git(source)
            | Error::ReadInput(source)
            | Error::Allowances(source)
            | Error::Write(source) => Some(source),
            Error::UnknownPurpose { .. }
            | Error::UnknownEnvironment { .. }
            | Error::UnknownRule { .. }
            | Error::NoGit
            | Error::NoRepository
            | Error::Refused
            | Error::NoIndex
            | Error::OtherIndex
            | Error::NothingAsked
            | Error::Future
            | Error::When
            | Error::NoRoot { .. }
            | Error::Outside { .. }
            | Error::NoFolder => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Error::Ops(error) => error.hint(),
            Error::Vault(error) => Some(error.hint()),
            Error::UnknownPurpose { known, .. } => Some(list("purposes", known)),
            Error::UnknownEnvironment { known, .. } => Some(list("environments", known)),
            Error::When | Error::Future => {
                Some("write 2025-10-01, 2025-10-01T08:00:00Z, 36h or 7d".to_owned())
            }
            Error::NoRoot { is_link: true, .. } => {
                Some("name the folder itself as `root` in ops.toml".to_owned())
            }
            Error::NoRoot { .. } => {
                Some("put the folder in place, or mend `root` in ops.toml".to_owned())
            }
            Error::NoFolder => Some("name its folder: `vault-check init FOLDER`".to_owned()),
            Error::Outside { .. } => Some(
                "ops.toml stands above the vault: run this where it is to be, in the repo's folder"
                    .to_owned(),
            ),
            Error::UnknownRule { nearest } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "`vault-check rules` lists them".to_owned(),
            }),
            Error::FingerprintKey(_) => {
                Some(format!("it lies in the vault, as {KEY_FILE}, and has 32 bytes"))
            }
            Error::NoGit | Error::NoRepository => {
                Some("search without `--history` and `--staged`".to_owned())
            }
            Error::Refused => {
                Some("`git status` in that folder says why, and often what mends it".to_owned())
            }
            Error::NoIndex => {
                Some("a relative one is meant from the top of the work tree".to_owned())
            }
            Error::OtherIndex => Some(
                "run this in the work tree that the commit is made in, as a hook is started"
                    .to_owned(),
            ),
            Error::NothingAsked => Some(
                "leave one of the two out, or correct it; `vault-check list` shows both".to_owned(),
            ),
            Error::Git(_) => {
                Some("`git fsck` in the folder of ops.toml says whether it is sound".to_owned())
            }
            Error::Allowances(_) => Some(format!("it is {}", crate::leaks::ALLOWED)),
            Error::ReadInput(_) | Error::Write(_) => None,
        }
    }
}

fn list(what: &str, known: &[String]) -> String {
    if known.is_empty() {
        return format!("ops.toml names no {what}");
    }
    format!("known {what}: {}", known.join(", "))
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Write(error)
    }
}
