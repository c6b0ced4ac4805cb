//! Why a run ends without a verdict.

use std::fmt;
use std::io;
use std::path::PathBuf;

use report::Failure;

/// What helps where no quotes carry a value.
pub(crate) const OTHER_VALUE: &str = "percent-encode it in a URL, as the other forms of `dsn-align derive` do, or choose another password";

/// An error that the operator can do something about.
#[derive(Debug)]
pub(crate) enum Error {
    /// ops.toml is missing, unreadable or wrong.
    Ops(opsfile::Error),
    /// ops.toml declares no place.
    NoPlaces,
    /// No place has this name.
    UnknownPlace { name: String, known: Vec<String> },
    /// A place keeps no whole string that could be read.
    NoText { name: String, why: &'static str },
    /// A file of a place cannot be read.
    ReadPlace { name: String, path: String, source: io::Error },
    /// A fly.toml is not TOML.
    FlyConfig { path: String, line: usize },
    /// No client has this name.
    UnknownReader { known: Vec<&'static str> },
    /// No rule has this name.
    UnknownRule { known: Vec<&'static str> },
    /// There is no string to read.
    NoInput,
    /// Standard input cannot be read.
    ReadInput(io::Error),
    /// There is nothing beside such a string to resolve it with.
    NotResolved,
    /// Values would appear on a terminal.
    Terminal,
    /// The lines of `derive` would appear on a terminal.
    DeriveTerminal,
    /// The client refuses the string.
    Refused { reader: &'static str, refusal: dsn::Refusal },
    /// No form has this name.
    UnknownForm,
    /// There are several canonical places.
    WhichPlace,
    /// A form cannot carry the string.
    NotCarried { form: String, why: &'static str },
    /// No quotes carry a value into an env file.
    NotQuoted { key: String },
    /// A file could not be written.
    Output { path: PathBuf, source: io::Error },
    /// A key cannot be set.
    CannotSet { path: String, key: String, why: envfile::edit::EditError },
    /// A file could not be replaced.
    Durable(durable::Error),
    /// The answer could not be written.
    Write(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops(error) => error.fmt(f),
            Self::NoPlaces => f.write_str("ops.toml declares no place of a connection string"),
            Self::UnknownPlace { name, .. } => write!(f, "ops.toml declares no place `{name}`"),
            Self::NoText { name, why } => write!(f, "place `{name}` has no string to read: {why}"),
            Self::ReadPlace { name, path, .. } => write!(f, "reading {path} for place `{name}`"),
            Self::FlyConfig { path, line } => {
                write!(f, "reading {path}: not TOML from line {line} on")
            }
            Self::UnknownReader { .. } => f.write_str("no client has this name"),
            Self::UnknownRule { .. } => f.write_str("no rule has this name"),
            Self::NoInput => f.write_str("there is no connection string to read"),
            Self::ReadInput(_) => f.write_str("reading standard input"),
            Self::NotResolved => {
                f.write_str("a Redis URL has no service file or variables to resolve it with")
            }
            Self::Terminal | Self::DeriveTerminal => {
                f.write_str("values are not shown on a terminal")
            }
            Self::Refused { reader, .. } => write!(f, "{reader} refuses the string"),
            Self::UnknownForm => f.write_str("no form has this name"),
            Self::WhichPlace => f.write_str("there are several canonical places"),
            Self::NotCarried { form, why } => write!(f, "writing the form {form}: {why}"),
            Self::NotQuoted { key } => {
                write!(f, "writing {key}: {}", envfile::edit::EditError::Quoting)
            }
            Self::Output { path, .. } => write!(f, "writing {}", path.display()),
            Self::CannotSet { path, key, .. } => write!(f, "setting {key} in {path}"),
            Self::Durable(error) => error.fmt(f),
            Self::Write(_) => f.write_str("writing the answer"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ops(error) => error.source(),
            Self::ReadPlace { source, .. } | Self::ReadInput(source) | Self::Write(source) => {
                Some(source)
            }
            Self::Output { source, .. } => Some(source),
            Self::CannotSet { why, .. } => Some(why),
            Self::Durable(error) => error.source(),
            Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Ops(error) => error.hint(),
            Self::NoPlaces => Some("declare the places as [[dsn.place]] in ops.toml".to_owned()),
            Self::UnknownPlace { name, known } => Some(nearest(name, known)),
            Self::UnknownReader { known } | Self::UnknownRule { known } => {
                Some(format!("one of: {}", known.join(", ")))
            }
            Self::UnknownForm => Some(
                "one of: libpq, rails, prisma, sqlalchemy, jdbc, node, split:PREFIX".to_owned(),
            ),
            Self::NotQuoted { .. }
            | Self::CannotSet { why: envfile::edit::EditError::Quoting, .. } => {
                Some(OTHER_VALUE.to_owned())
            }
            Self::WhichPlace => Some("name one with --from".to_owned()),
            Self::Output { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                Some("the file is there already; name another, or take it away first".to_owned())
            }
            Self::NoText { .. } => {
                Some("name a place with a `key`, and see `dsn-align check`".to_owned())
            }
            Self::NotResolved => Some("leave out --resolve".to_owned()),
            Self::NoInput => Some("pipe the string in, or name a place with --place".to_owned()),
            Self::DeriveTerminal => Some(
                "send the lines to a pipe, or write them to a new file with --output".to_owned(),
            ),
            Self::Terminal => {
                Some("send the output to a pipe or a file, or leave out --reveal".to_owned())
            }
            Self::Refused { refusal, .. } => refusal.advice().map(str::to_owned),
            _ => None,
        }
    }
}

/// Names the known word that is nearest to a wrong one, or all of them.
fn nearest(name: &str, known: &[String]) -> String {
    let near = known.iter().map(|word| (strsim::osa_distance(name, word), word)).min();
    match near {
        Some((distance, word)) if distance <= 1 + name.len() / 4 => {
            format!("did you mean `{word}`?")
        }
        _ => format!("one of: {}", known.join(", ")),
    }
}

impl From<durable::Error> for Error {
    fn from(error: durable::Error) -> Self {
        Self::Durable(error)
    }
}
