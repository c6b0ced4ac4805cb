//! Why an entry was not written, or a log could not be judged.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use report::{Exit, Failure};

use crate::commonmark::Open;
use crate::draft::Spoilt;

/// Everything that ends a run without its answer.
#[derive(Debug)]
pub(crate) enum Error {
    /// ops.toml cannot be found, read or understood.
    Ops(opsfile::Error),
    /// The vault cannot be read, so that nothing can be compared with it.
    Vault(vault::Error),
    /// No role of that name is declared.
    UnknownRole {
        /// The name.
        role: String,
        /// The nearest declared names.
        known: Vec<String>,
    },
    /// A role is named where no ops.toml declares any.
    NoRoles {
        /// The role.
        role: String,
    },
    /// A file cannot be read.
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log does not exist and no role declares it.
    NoLog {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What was named is no log that may be written to.
    NotALog {
        /// Which.
        path: String,
        /// Why.
        why: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// An entry would hide others, or be hidden, because a block in the log is open.
    OpenLog {
        /// The log.
        path: String,
        /// The block that viewers take for open, if they do.
        open: Option<Open>,
    },
    /// Another error, whose words held a credential, without it.
    Masked {
        /// What it says.
        text: String,
        /// What to do.
        hint: Option<String>,
        /// How it ends the program.
        exit: Exit,
    },
    /// The entry was written, and telling so failed.
    Untold {
        /// The log.
        path: String,
        /// The line of the entry's heading.
        line: u64,
        /// Why.
        source: io::Error,
    },
    /// A log is there already.
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// The log could not be written.
    Write(durable::Error),
    /// The answer could not be written.
    Answer(io::Error),
    /// An option's value cannot be used.
    Option {
        /// The option, as `--id`.
        option: &'static str,
        /// Why.
        why: String,
    },
    /// Evidence cannot be cited.
    Evidence {
        /// As given.
        path: PathBuf,
        /// Why.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// A bundle cannot be read.
    Bundle(evidence::Error),
    /// The entry's text cannot stand in a log.
    Spoilt(Spoilt),
    /// An entry with this id is there, and says something else.
    OtherContent {
        /// The id.
        id: String,
        /// The log.
        path: String,
    },
    /// The entry claims what its evidence contradicts.
    Contradicted {
        /// What makes the claim, as `the title says "validated"`.
        claim: String,
        /// The runs that contradict it, one line each.
        runs: Vec<String>,
        /// What to write instead.
        instead: String,
    },
    /// The entry, or what is to be archived, holds a credential.
    Leak {
        /// Which of the two.
        is_archived: bool,
        /// Where and what, one line each, without the value.
        places: Vec<String>,
    },
    /// The writer may not write to this log.
    Foreign {
        /// The log.
        path: String,
        /// Why.
        why: String,
        /// What to do.
        hint: String,
    },
    /// The time given lies ahead.
    Future {
        /// As given, in the tool's form.
        at: String,
        /// The tool's clock.
        now: String,
    },
    /// The editor failed.
    Editor {
        /// Why.
        source: io::Error,
    },
    /// git could not answer.
    Git {
        /// What was asked.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    /// An option's value cannot be used.
    pub(crate) fn option(option: &'static str, why: impl Into<String>) -> Self {
        Self::Option { option, why: why.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops(_) => formatter.write_str("reading ops.toml"),
            Self::Masked { text, .. } => formatter.write_str(text),
            Self::Vault(_) => {
                formatter.write_str("reading the vault, to keep its values out of the log")
            }
            Self::UnknownRole { role, .. } => {
                write!(formatter, "ops.toml declares no role `{role}`")
            }
            Self::NoRoles { role } => write!(
                formatter,
                "there is no ops.toml from this folder upward, which would say where the log of `{role}` is"
            ),
            Self::Read { path, .. } => write!(formatter, "reading {}", path.display()),
            Self::NoLog { path } => write!(formatter, "there is no log {}", path.display()),
            Self::NotALog { path, why, .. } => write!(formatter, "{path} {why}"),
            Self::OpenLog { path, open: Some(open) } => write!(
                formatter,
                "{path}:{} opens {} that never ends and has entries in it, which the new one would hide; nothing was written",
                open.line,
                open.kind.word()
            ),
            Self::OpenLog { path, open: None } => write!(
                formatter,
                "{path} has a code block at an indent that viewers do not take for one, and the entry would end it; nothing was written"
            ),
            Self::Untold { path, line, .. } => {
                write!(formatter, "the entry was written to {path}:{line}, and the answer was not")
            }
            Self::Exists { path } => write!(formatter, "{} is there already", path.display()),
            Self::Write(_) => formatter.write_str("writing the entry"),
            Self::Answer(_) => formatter.write_str("writing the answer"),
            Self::Option { option, why } => write!(formatter, "{option} {why}"),
            Self::Evidence { path, why, .. } => {
                write!(formatter, "citing {}: {why}", path.display())
            }
            Self::Bundle(_) => formatter.write_str("reading the evidence"),
            Self::Spoilt(why) => write!(formatter, "the entry cannot stand in a log: {why}"),
            Self::OtherContent { id, path } => {
                write!(formatter, "{path} has an entry `{id}` that says something else")
            }
            Self::Contradicted { claim, runs, .. } => {
                write!(formatter, "{claim}, and the evidence says otherwise")?;
                runs.iter().try_for_each(|run| write!(formatter, "\n  {run}"))
            }
            Self::Leak { is_archived, places } => {
                formatter.write_str(if *is_archived {
                    "an old entry holds a credential; nothing was moved"
                } else {
                    "the entry holds a credential; nothing was written"
                })?;
                places.iter().try_for_each(|place| write!(formatter, "\n  {place}"))
            }
            Self::Foreign { path, why, .. } => write!(formatter, "{path} {why}"),
            Self::Future { at, now } => {
                write!(formatter, "--at {at} lies ahead of this machine's clock ({now})")
            }
            Self::Editor { .. } => formatter.write_str("writing the text in the editor"),
            Self::Git { doing, .. } => write!(formatter, "asking git {doing}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Ops(source) => Some(source),
            Self::Vault(source) => Some(source),
            Self::Write(source) => Some(source),
            Self::Bundle(source) => Some(source),
            Self::Read { source, .. }
            | Self::Git { source, .. }
            | Self::Editor { source }
            | Self::Untold { source, .. }
            | Self::Answer(source) => Some(source),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Ops(error) => error.hint(),
            Self::Vault(error) => Some(error.hint()),
            Self::Write(durable::Error::InUse { .. }) => Some(
                "try again when it has ended; let a long command write to a file of its own, and cite that with `--evidence`".to_owned(),
            ),
            Self::UnknownRole { known, .. } if known.is_empty() => {
                Some("declare it under `[feedback]` as `roles = { NAME = { file = \"NAME.md\", owner = \"NAME\" } }`".to_owned())
            }
            Self::UnknownRole { known, .. } => Some(format!("the roles are {}", known.join(", "))),
            Self::NoRoles { .. } => Some(
                "run this in the repo, or name the file with `--ops FILE`; a log's path in the role's place needs none".to_owned(),
            ),
            Self::NoLog { .. } => Some("write to a declared log with `--role`, or make one with `feedback-append new`".to_owned()),
            Self::Masked { hint, .. } => hint.clone(),
            Self::Evidence { hint, .. } | Self::NotALog { hint, .. } => Some((*hint).to_owned()),
            Self::OpenLog { open: Some(open), .. } => Some(format!(
                "put a line `{}` where it should end, before the entry below it",
                open.kind.closing_line()
            )),
            Self::OpenLog { .. } => {
                Some("`feedback-append check` says which entries are hidden, and by what".to_owned())
            }
            Self::Untold { .. } => Some("do not append it again".to_owned()),
            Self::Spoilt(Spoilt::TooLarge(_)) => {
                Some("keep the text short and cite a file with `--evidence`".to_owned())
            }
            Self::Spoilt(Spoilt::SecondHeading) => Some("append it as an entry of its own".to_owned()),
            Self::Spoilt(Spoilt::Open) => Some("close the comment or block in the text, or put it between ``` lines".to_owned()),
            Self::OtherContent { .. } => Some("give another entry another `--id`".to_owned()),
            Self::Contradicted { instead, .. } => Some(instead.clone()),
            Self::Leak { is_archived: false, .. } => Some(
                "write the credential's name instead, as `FILE:KEY`; if the value is real, change it now".to_owned(),
            ),
            Self::Leak { .. } => Some(
                "change the credential, and write `***REDACTED***` in its place; then archive".to_owned(),
            ),
            Self::Foreign { hint, .. } => Some(hint.clone()),
            Self::Editor { .. } => {
                Some("$VISUAL or $EDITOR names the editor; `--message` does without".to_owned())
            }
            Self::Git { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("git is not to be found; put it on the PATH".to_owned())
            }
            Self::Git { .. } => Some("`git status` in that folder says what is wrong".to_owned()),
            Self::Future { .. } => Some("give the time when it happened, or leave `--at` out".to_owned()),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Masked { exit, .. } => *exit,
            Self::Contradicted { .. }
            | Self::Leak { .. }
            | Self::Foreign { .. }
            | Self::Future { .. } => Exit::FINDINGS,
            _ => Exit::ERROR,
        }
    }
}

impl From<durable::Error> for Error {
    fn from(error: durable::Error) -> Self {
        Self::Write(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Answer(error)
    }
}
