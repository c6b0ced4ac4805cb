//! The command line.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use report::{AnswerFormat, CommandLine, Common, FindingsFormat, Format};

use crate::{config, logs, verify};

/// Keep a Fly app's secrets what the vault says they are
///
/// ops.toml names the apps, a token for each, and where each secret's value comes from. What was applied is kept in
/// the vault as keyed fingerprints, so that a change on either side is seen without ever reading a value back.
#[derive(Debug, Parser)]
#[command(name = "fly-secrets", version, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what differs between the vault and Fly; send nothing
    Plan(Plan),
    /// Send what differs, in one request, then look and record; without --approve nothing is sent
    Apply(Apply),
    /// Look whether what was applied is what Fly reports and the machines run with
    Verify(Verify),
    /// Take what Fly shows now as agreed, for values that you vouch for
    Adopt(Adopt),
    /// Write the stream for `fly secrets import`, to a pipe only
    Encode(Encode),
    /// Say what each token is, whom it speaks for and what it can see
    Auth(Auth),
    /// Check each app's fly.toml against known faults
    Config(Config),
    /// Look for vault values in the files that flyctl keeps
    Logs(Logs),
}

#[derive(Debug, Group)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) apps: Apps,
    /// Read a captured `fly secrets list` (JSON or the table) instead of asking Fly
    #[arg(long, value_name = "FILE", conflicts_with = "local_only")]
    pub(crate) listing: Option<PathBuf>,
    /// Ask nobody: compare the vault with what was last applied
    #[arg(long)]
    pub(crate) local_only: bool,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Group)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) apps: Apps,
    /// Leave the machines as they are; the next deploy has the secrets (default)
    #[arg(long, conflicts_with = "deploy")]
    pub(crate) stage: bool,
    /// Update the machines, and wait until they run with the secrets
    #[arg(long)]
    pub(crate) deploy: bool,
    /// Who carries the values
    #[arg(long, value_name = "CARRIER", default_value = "api")]
    pub(crate) via: Carrier,
    /// Remove the extra names that `prune` in ops.toml lists
    #[arg(long)]
    pub(crate) prune: bool,
    /// Really send it
    #[arg(long)]
    pub(crate) approve: bool,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Group)]
pub(crate) struct Encode {
    #[command(flatten)]
    pub(crate) apps: Apps,
}

#[derive(Debug, Group)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) apps: Apps,
    /// Read a captured `fly secrets list` (JSON or the table) instead of asking Fly
    #[arg(long, value_name = "FILE")]
    pub(crate) listing: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FindingsFormat,
}

#[derive(Debug, Group)]
pub(crate) struct Adopt {
    #[command(flatten)]
    pub(crate) apps: Apps,
    /// The names to adopt
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Adopt every name of unknown value
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Group)]
pub(crate) struct Auth {
    #[command(flatten)]
    pub(crate) apps: Apps,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Group)]
pub(crate) struct Config {
    #[command(flatten)]
    pub(crate) apps: Apps,
    /// Mend the file: path=/api sets the page that HTTP checks ask for
    #[arg(long, value_name = "FIX")]
    pub(crate) fix: Option<String>,
    /// Ask Fly for the machines too, and compare their memory and image
    #[arg(long)]
    pub(crate) machines: bool,
    #[command(flatten)]
    pub(crate) format: FindingsFormat,
}

#[derive(Debug, Group)]
pub(crate) struct Logs {
    /// Look here instead of in flyctl's own folder
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FindingsFormat,
}

/// Who carries the values to Fly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Carrier {
    /// The Machines API, called from here
    Api,
    /// `flyctl secrets import`, values on its stdin
    Flyctl,
}

impl Carrier {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Flyctl => "flyctl",
        }
    }
}

/// Which apps are meant.
#[derive(Debug, Group)]
pub(crate) struct Apps {
    /// Only this app; may be given more than once
    #[arg(id = "app", long = "app", value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

impl CommandLine for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn schema(&self) -> &'static str {
        match &self.command {
            Command::Plan(_) => "fly-secrets/plan/1",
            Command::Apply(_) => "fly-secrets/apply/1",
            Command::Verify(_) => verify::SCHEMA,
            Command::Adopt(_) => "fly-secrets/adopt/1",
            Command::Encode(_) => "fly-secrets/encode/1",
            Command::Auth(_) => "fly-secrets/auth/1",
            Command::Config(_) => config::SCHEMA,
            Command::Logs(_) => logs::SCHEMA,
        }
    }

    fn format(&self) -> Format {
        match &self.command {
            Command::Plan(plan) => plan.format.format,
            Command::Apply(apply) => apply.format.format,
            Command::Verify(verify) => verify.format.format,
            Command::Adopt(adopt) => adopt.format.format,
            Command::Encode(_) => Format::Human,
            Command::Auth(auth) => auth.format.format,
            Command::Config(config) => config.format.format,
            Command::Logs(logs) => logs.format.format,
        }
    }
}
