//! Why a command of this tool gives no answer.

use std::fmt;
use std::io;
use std::path::PathBuf;

use report::{Exit, Failure};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Error {
    /// ops.toml cannot be used.
    Ops(opsfile::Error),
    /// The vault cannot be read, so nothing could be redacted.
    Vault(vault::Error),
    /// A bundle could not be read or written.
    Evidence(evidence::Error),
    /// A file could not be read.
    Read { path: PathBuf, source: io::Error },
    /// Our own answer, or a copy into a bundle, could not be written.
    Write { what: &'static str, source: io::Error },
    /// The bundle that was named is not there.
    NoBundle { path: PathBuf },
    /// A bundle that an origin log has as sealed with another manifest.
    MadeAnew { path: String, log: String },
    /// A name or area that no folder can have.
    BadName { what: &'static str },
    /// Words that are kept as they are, and hold a secret.
    HoldsSecret { what: &'static str },
    /// A file of variables that the command cannot be given.
    EnvFrom { file: String, why: &'static str },
    /// Only known values were to be replaced, and none is known.
    NoValue { why: &'static str },
    /// A note that is longer than a record may be.
    LongNote,
    /// A file that holds a credential in a form that cannot be redacted.
    Attachment { path: PathBuf, why: String },
    /// A file in a bundle's folder that nobody recorded, and that holds a credential.
    UnrecordedSecret { path: PathBuf, part: &'static str },
    /// A file that cannot be searched for credentials.
    Unsearched { path: PathBuf, why: String },
    /// The signers cannot be read, so no verdict on signatures is possible.
    Signers { path: PathBuf, line: u64, why: &'static str },
    /// A log names no manifest of this bundle.
    NotCited { log: PathBuf, bundle: PathBuf },
    /// No such rule.
    NoRule { rule: String },
    /// What was to be written is there already.
    IsThere { path: PathBuf },
    /// What was to be written could not be.
    Output { path: PathBuf, source: io::Error },
    /// What is no evidence would be written among evidence.
    InEvidence { path: PathBuf, folder: PathBuf },
    /// What is there is nothing that a page may take the place of.
    NotReplaced { path: PathBuf, why: &'static str },
    /// A bundle that does not verify is not handed on.
    NotIntact { path: String, first: String },
    /// A log that does not verify is not handed on either.
    LogNotIntact { path: String, first: String },
    /// The run that was asked for is not there, or has no end.
    NoRun { run: Option<u32> },
    /// One run was asked for in a form that has no runs.
    NoRuns { form: &'static str },
    /// A form needs a signature, and there is no key.
    NeedsKey { why: Option<String> },
    /// A file that cannot be read as what it should be.
    Malformed { path: String, why: &'static str },
    /// No origin log lists the bundle.
    NotListed { path: String },
    /// A store does not do what was asked of it.
    Store(crate::store::Error),
    /// `run` itself failed; the command's own code is not known or not to be trusted.
    Recording { source: Box<Error>, still: &'static str },
}

impl Error {
    /// The same failure in `run`, where the exit code has to differ from every code of a command.
    pub(crate) fn while_recording(self, still: &'static str) -> Self {
        Self::Recording { source: Box::new(self), still }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ops(_) => out.write_str("reading ops.toml"),
            Self::Vault(_) => out.write_str("reading the vault, whose values are to be redacted"),
            Self::Evidence(failed) => failed.fmt(out),
            Self::Read { path, .. } => write!(out, "cannot read {}", path.display()),
            Self::Write { what, .. } => write!(out, "cannot write {what}"),
            Self::NoBundle { path } => write!(out, "there is no bundle at {}", path.display()),
            Self::MadeAnew { path, log } => {
                write!(out, "{path} is not as it was sealed: {log} has another manifest of it")
            }
            Self::BadName { what } => write!(out, "the {what} cannot be a folder's name"),
            Self::HoldsSecret { what } => {
                write!(out, "the {what} holds a value of the vault, or a credential by its form")
            }
            Self::EnvFrom { file, why } => {
                write!(out, "cannot give the command the variables of {file}: {why}")
            }
            Self::NoValue { why } => write!(out, "no value to redact is known: {why}"),
            Self::LongNote => out.write_str("the note is longer than 32 KiB"),
            Self::Attachment { path, why } => {
                write!(out, "cannot attach {}: {why}", path.display())
            }
            Self::UnrecordedSecret { path, part } => write!(
                out,
                "cannot seal {}, which nobody recorded: {part} holds a credential",
                path.display()
            ),
            Self::Unsearched { path, why } => {
                write!(
                    out,
                    "cannot attach {}: not all of it can be searched for credentials: {why}",
                    path.display()
                )
            }
            Self::Signers { path, line, why } => {
                write!(out, "cannot read {}:{line}: {why}", path.display())
            }
            Self::NotCited { log, bundle } => {
                write!(out, "{} cites no manifest of {}", log.display(), bundle.display())
            }
            Self::NoRule { rule } => write!(out, "there is no rule {rule}"),
            Self::IsThere { path } => write!(out, "{} is there already", path.display()),
            Self::Output { path, .. } => write!(out, "cannot write {}", path.display()),
            Self::InEvidence { path, folder } => write!(
                out,
                "{} is inside of evidence, {}, and nothing is written there",
                path.display(),
                folder.display()
            ),
            Self::NotReplaced { path, why } => {
                write!(out, "cannot write {}: {why}, and is left as it is", path.display())
            }
            Self::NotIntact { path, first } | Self::LogNotIntact { path, first } => {
                write!(out, "{path} is not intact: {first}")
            }
            Self::NoRun { run: Some(run) } => {
                write!(out, "there is no run {run} whose end is recorded")
            }
            Self::NoRun { run: None } => out.write_str("there is no run whose end is recorded"),
            Self::NoRuns { form } => {
                write!(out, "--run names a run, and {form} is of the origin log, which has none")
            }
            Self::NeedsKey { why: None } => {
                out.write_str("this form has to be signed, and no key is declared")
            }
            Self::NeedsKey { why: Some(why) } => {
                write!(out, "this form has to be signed, and the key cannot be used: {why}")
            }
            Self::Malformed { path, why } => write!(out, "cannot use {path}: {why}"),
            Self::NotListed { path } => write!(out, "no origin log here lists {path} as sealed"),
            Self::Store(failed) => failed.fmt(out),
            Self::Recording { still, .. } => write!(out, "cannot record the command ({still})"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ops(source) => Some(source),
            Self::Vault(source) => Some(source),
            Self::Evidence(source) => source.source(),
            Self::Read { source, .. }
            | Self::Write { source, .. }
            | Self::Output { source, .. } => Some(source),
            Self::Recording { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Ops(source) => source.hint(),
            Self::Recording { source, .. } => source.hint(),
            Self::Evidence(evidence::Error::Sealed { .. }) => {
                Some("open another bundle for what follows".into())
            }
            Self::Evidence(evidence::Error::Running { .. }) => {
                Some("wait for the run to end, or end it, and seal again".into())
            }
            Self::Evidence(evidence::Error::Tampered { .. }) => Some(
                "`evidence-log verify DIR` lists all that is wrong; go on in a new bundle".into(),
            ),
            Self::Evidence(evidence::Error::TooLong { .. }) => {
                Some("one record holds 64 KiB: take fewer at a time, or shorter names".into())
            }
            Self::Evidence(evidence::Error::Name { .. }) => {
                Some("rename it, or move it out of the bundle: no record can name it".into())
            }
            Self::Evidence(evidence::Error::NeverOpened { .. }) => {
                Some("remove the folder, and open another".into())
            }
            Self::Evidence(evidence::Error::NotABundle { .. }) => {
                Some("`evidence-log open NAME` makes a bundle and prints where it is".into())
            }
            Self::Evidence(evidence::Error::BrokenLog { .. }) => Some(
                "`evidence-log verify --origin` lists what is wrong; `evidence-log recover --origin` puts it aside, and a new one begins".into(),
            ),
            Self::NoBundle { .. } => Some("`evidence-log list` names the bundles".into()),
            Self::EnvFrom { .. } => Some(
                "name it relative to the vault's root, as `fly/api_token.env`; `vault-check check` says what is wrong with one that is there".into(),
            ),
            Self::BadName { .. } => Some(
                "use letters, digits, `.`, `_` and `-`, and `/` between the folders of an area"
                    .into(),
            ),
            Self::HoldsSecret { .. } => {
                Some("it would be kept as it is; name what it stands for, and not the value".into())
            }
            Self::NoValue { .. } => Some(
                "name the ops.toml that is meant with `--ops FILE`; without `--values-only`, what is a credential by its form is redacted"
                    .into(),
            ),
            Self::LongNote => Some("put it into a file, and use `evidence-log attach`".into()),
            Self::Attachment { .. } => {
                Some("attach a copy without it, or the text itself, which is redacted".into())
            }
            Self::UnrecordedSecret { .. } => {
                Some("move it out of the bundle; `attach` makes a redacted copy of a text".into())
            }
            Self::Unsearched { .. } => Some(
                "unpack it and attach what is in it; or say `--unsearched`, and the record says so"
                    .into(),
            ),
            Self::MadeAnew { .. } => Some(
                "it was changed since; nothing is added to it or signed. Fetch it again from where it was published, or go on in a new bundle".into(),
            ),
            Self::NoRule { .. } => Some("`evidence-log rules` lists them".into()),
            Self::IsThere { .. } => Some("name another; nothing is ever overwritten".into()),
            Self::InEvidence { .. } => {
                Some("name a file outside of it; `attach` is what adds a file to a bundle".into())
            }
            Self::NotReplaced { .. } => Some("name a file, or `-` for standard output".into()),
            Self::NotIntact { .. } => Some("`evidence-log verify` lists all that is wrong".into()),
            Self::LogNotIntact { .. } => {
                Some("`evidence-log verify --origin` lists all that is wrong".into())
            }
            Self::NoRuns { .. } => Some("leave out --run, or say --as in-toto".into()),
            Self::NeedsKey { .. } => Some("name a key in ops.toml, `[evidence] sign-with`".into()),
            Self::NotListed { .. } => Some(
                "a bundle is entered into the origin log when it is sealed, under an ops.toml"
                    .into(),
            ),
            Self::Signers { .. } => Some(
                "mend the line or take it out; until then it could be the one that allows the signer, or for how long"
                    .into(),
            ),
            Self::Store(failed) => failed.hint(),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Recording { .. } => Exit::code(125),
            Self::NotIntact { .. } | Self::LogNotIntact { .. } => Exit::FINDINGS,
            Self::Store(failed) if failed.is_finding() => Exit::FINDINGS,
            _ => Exit::ERROR,
        }
    }
}

impl From<evidence::Error> for Error {
    fn from(failed: evidence::Error) -> Self {
        Self::Evidence(failed)
    }
}

impl From<crate::store::Error> for Error {
    fn from(failed: crate::store::Error) -> Self {
        Self::Store(failed)
    }
}

impl From<durable::Error> for Error {
    fn from(failed: durable::Error) -> Self {
        Self::Evidence(failed.into())
    }
}

/// For an answer that could not be written.
pub(crate) fn answer(source: io::Error) -> Error {
    Error::Write { what: "the answer", source }
}
