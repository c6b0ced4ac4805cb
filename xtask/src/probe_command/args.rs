//! What `probe` can be asked to look at.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use report::AnswerFormat;

/// How long to wait, and how to answer.
#[derive(Debug, Args)]
pub(crate) struct Look {
    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// Which API to ask, and as whom.
#[derive(Debug, Args)]
pub(crate) struct ProbeApi {
    /// The app of ops.toml whose API it is
    #[arg(long, value_name = "APP")]
    pub(crate) app: String,
    /// Ask this address instead of the app's own; so does the variable `OPSPROOF_APP_URL`
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Where the token is: `FILE:KEY` of the vault, or the name of a variable
    #[arg(long, value_name = "SECRET")]
    pub(crate) token: String,
    /// Where the account's number is, in the same way; without it any account will do
    #[arg(long, value_name = "SECRET")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
}

/// Which receiver of webhooks to try.
#[derive(Debug, Args)]
pub(crate) struct ProbeWebhook {
    /// The receiver's address
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// Where the signing secret is: `FILE:KEY` of the vault, or the name of a variable
    #[arg(long, value_name = "SECRET")]
    pub(crate) secret: String,
    /// Post this JSON file instead of an event that means nothing
    #[arg(long, value_name = "FILE")]
    pub(crate) payload: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) look: Look,
}

/// Which mail server to look at.
#[derive(Debug, Args)]
pub(crate) struct ProbeMail {
    /// The server; else as the variable `SMTP_ADDRESS` or `IMAP_ADDRESS` says
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// Its port; else `SMTP_PORT` or `IMAP_PORT`, or the usual one
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// When it is encrypted; else as `SMTP_TLS` and its neighbours or `IMAP_ENABLE_SSL` say, or as the port is used
    #[arg(long, value_name = "WHEN")]
    pub(crate) tls: Option<Tls>,
    /// Log in as this user: `FILE:KEY` of the vault, or the name of a variable; else as `SMTP_USERNAME` or `IMAP_LOGIN`
    #[arg(long, value_name = "SECRET", requires = "password")]
    pub(crate) user: Option<String>,
    /// With this password, named in the same way; it is tried once
    #[arg(long, value_name = "SECRET", requires = "user")]
    pub(crate) password: Option<String>,
    /// Trust the certificate authorities of this PEM file instead of the public ones
    #[arg(long, value_name = "FILE")]
    pub(crate) authorities: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) look: Look,
}

/// When a mail connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tls {
    /// Never
    Never,
    /// After STARTTLS
    Starttls,
    /// From the first byte
    Implicit,
}
