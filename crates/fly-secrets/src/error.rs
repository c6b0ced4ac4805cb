//! Why a run gives no verdict; each variant is something that can be mended.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use report::Failure;
use vault::Unavailable;

use crate::api::CallError;
use crate::token::renew;

/// What ends a run of fly-secrets.
#[derive(Debug)]
pub enum Error {
    /// ops.toml is missing or wrong.
    Ops(opsfile::Error),
    /// The vault cannot be read.
    Vault(vault::Error),
    /// ops.toml declares no app.
    NoApps {
        /// The ops.toml.
        ops: PathBuf,
    },
    /// An app that ops.toml does not declare.
    UnknownApp {
        /// The name that was given.
        name: String,
        /// The names that would do.
        known: Vec<String>,
    },
    /// One app must be named.
    WhichApp {
        /// The names that would do.
        known: Vec<String>,
    },
    /// The app has no token in ops.toml.
    NoToken {
        /// The app.
        app: String,
    },
    /// The declared token may not be used.
    Token {
        /// The app.
        app: String,
        /// The credential.
        credential: String,
        /// Why not.
        source: Unavailable,
    },
    /// The declared token cannot stand in a request.
    TokenForm {
        /// The credential.
        credential: String,
    },
    /// A variable sends requests to where a token must not go.
    Base {
        /// The variable.
        variable: &'static str,
    },
    /// A call to Fly failed.
    Call(Box<CallError>),
    /// The state file cannot be read.
    StateUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The state file is not what was written.
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file could not be locked or replaced.
    Durable(durable::Error),
    /// The system has no random bytes.
    Random(io::Error),
    /// A captured list cannot be used.
    Listing {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// `adopt` without names.
    AdoptWhat {
        /// The app.
        app: String,
    },
    /// A fly.toml cannot be used.
    Config {
        /// The file, as ops.toml names it.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A `--fix` that is not known.
    Fix,
    /// flyctl is not installed.
    NoFlyctl,
    /// flyctl is too old, or does not say how old it is.
    OldFlyctl {
        /// Its version.
        version: Option<[u64; 3]>,
    },
    /// flyctl failed.
    Flyctl {
        /// The command, as in "secrets import".
        doing: &'static str,
        /// Its own last line, or what kept it from running.
        reason: String,
    },
    /// Fly has all that is agreed, and the deploy failed.
    NotDeployed {
        /// How it failed.
        cause: Box<Error>,
    },
    /// flyctl's private folder could not be removed.
    LeftBehind {
        /// The folder.
        path: PathBuf,
    },
    /// flyctl's parser cannot carry some values.
    Uncarried {
        /// Each name with the reason.
        names: Vec<String>,
    },
    /// A place where logs shall be looked for is not there.
    LogUnreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Values are not written to a terminal.
    Terminal,
    /// The answer cannot be written.
    Output(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops(error) => error.fmt(f),
            Self::Vault(error) => error.fmt(f),
            Self::NoApps { ops } => write!(f, "{} declares no Fly app", ops.display()),
            Self::UnknownApp { name, .. } => write!(f, "ops.toml declares no Fly app {name}"),
            Self::WhichApp { .. } => f.write_str("this is for one app at a time"),
            Self::NoToken { app } => write!(f, "ops.toml names no token for {app}"),
            Self::Token { app, credential, .. } => {
                write!(f, "using the token {credential} for {app}")
            }
            Self::TokenForm { credential } => {
                write!(f, "the token {credential} has characters that no token has")
            }
            Self::Base { variable } => {
                write!(f, "{variable} is not an address that a token may be sent to")
            }
            Self::Call(error) => error.fmt(f),
            Self::StateUnreadable { path, .. } | Self::LogUnreadable { path, .. } => {
                write!(f, "reading {}", path.display())
            }
            Self::State { path, problem } => write!(f, "reading {}: {problem}", path.display()),
            Self::Durable(error) => error.fmt(f),
            Self::Random(_) => f.write_str("making a key"),
            Self::Listing { path, problem } => {
                write!(f, "reading the list {}: {problem}", path.display())
            }
            Self::AdoptWhat { .. } => f.write_str("adopting needs the names you vouch for"),
            Self::Config { path, problem } => write!(f, "reading {path}: {problem}"),
            Self::Fix => f.write_str("this fix is not known"),
            Self::NoFlyctl => f.write_str("there is no flyctl on the PATH"),
            Self::OldFlyctl { version: Some([major, minor, patch]) } => {
                write!(f, "flyctl {major}.{minor}.{patch} would change some values without a word")
            }
            Self::OldFlyctl { version: None } => {
                f.write_str("this flyctl does not say its version")
            }
            Self::Flyctl { doing, reason } => write!(f, "running flyctl {doing}: {reason}"),
            Self::NotDeployed { cause } => cause.fmt(f),
            Self::LeftBehind { path } => write!(
                f,
                "removing {}, where flyctl's log holds the values that were sent",
                path.display()
            ),
            Self::Uncarried { names } => {
                write!(f, "flyctl cannot carry these values: {}", names.join("; "))
            }
            Self::Terminal => {
                f.write_str("the stream holds values and is not written to a terminal")
            }
            Self::Output(_) => f.write_str("writing the answer"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Ops(error) => error.source(),
            Self::Vault(error) => error.source(),
            Self::Durable(error) => error.source(),
            Self::Token { source, .. } => Some(source),
            Self::NotDeployed { cause } => cause.source(),
            Self::StateUnreadable { source, .. }
            | Self::LogUnreadable { source, .. }
            | Self::Random(source)
            | Self::Output(source) => Some(source),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Ops(error) => return error.hint(),
            Self::Vault(error) => error.hint(),
            Self::NoApps { .. } => "add [[fly.app]] with a name, a token and its secrets".to_owned(),
            Self::UnknownApp { known, .. } => format!("it declares {}", known.join(", ")),
            Self::WhichApp { known } => format!("name it: --app {}", known.join(" or --app ")),
            Self::NoToken { .. } => {
                "add token = \"FILE:KEY\" to its [[fly.app]], naming a credential of the vault".to_owned()
            }
            Self::Token { app, .. } => format!(
                "`{}` makes one; put it under that key, then `vault-check check`",
                renew(app)
            ),
            Self::TokenForm { .. } => {
                "a token is one line of plain characters; look for a line break or a quote inside".to_owned()
            }
            Self::Base { .. } => {
                "it must be https://, or http:// on this machine for a stand-in".to_owned()
            }
            Self::Call(error) => error.hint(),
            Self::State { problem, .. } if problem.contains("newer") => {
                "use the fly-secrets that wrote it".to_owned()
            }
            Self::State { .. } => {
                "restore it from a backup of the vault; or move it away, then `fly-secrets adopt` the names you vouch for"
                    .to_owned()
            }
            Self::Listing { .. } => "capture it again: fly secrets list --json > FILE".to_owned(),
            Self::AdoptWhat { app } => {
                format!("fly-secrets adopt --app {app} NAME…, or --all for every name of unknown value")
            }
            Self::Config { .. } => "`fly config validate` says more".to_owned(),
            Self::Fix => "known is path=/PAGE, as `--fix path=/api`".to_owned(),
            Self::NoFlyctl => "install it, or use `--via api`, which needs nothing else".to_owned(),
            Self::OldFlyctl { .. } => {
                "0.4.14 is the first that reads quoted values as they are; update it, or use `--via api`"
                    .to_owned()
            }
            Self::Flyctl { .. } => {
                "`fly-secrets plan` shows what is there now; `--via api` does without flyctl".to_owned()
            }
            Self::NotDeployed { cause } => {
                let cause = cause.hint().map(|hint| format!("{hint}; ")).unwrap_or_default();
                format!("{cause}what was sent is on Fly and recorded, and is not sent again")
            }
            Self::LeftBehind { .. } => "remove it by hand; it lies in the vault".to_owned(),
            Self::Uncarried { .. } => "use `--via api`, which carries any text".to_owned(),
            Self::LogUnreadable { .. } => {
                "name a file or a folder; without one, flyctl's own folder is looked at".to_owned()
            }
            Self::Terminal => "pipe it: fly-secrets encode | fly secrets import --stage".to_owned(),
            Self::StateUnreadable { .. }
            | Self::Durable(_)
            | Self::Random(_)
            | Self::Output(_) => return None,
        };
        Some(hint)
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
