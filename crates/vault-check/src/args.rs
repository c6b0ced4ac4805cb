//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use report::{AnswerFormat, CommandLine, Common, Deferred, FindingsFormat, Format};

/// Check that every declared credential is there, whole, real, private and fresh
#[derive(Debug, Parser)]
#[command(name = "vault-check", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hold every declared file and key against what the vault has
    ///
    /// Reads the vault that ops.toml declares and answers with findings; no value is ever shown.
    /// Exits 0 where nothing must be mended, 1 where something must, 2 where there is no verdict.
    Check(Deferred<Check>),
    /// Search for the vault's values, raw and encoded, where they should not be
    ///
    /// Without PATH and options, everything below the folder of ops.toml is searched but the vault:
    /// ignored, hidden and untracked files too, and what is packed in gzip and zip files. Credentials by
    /// form, as tokens and private keys, count as well. What could not be read is a finding.
    Leaks(Deferred<Leaks>),
    /// Say which credentials there are: names, environments, owners, ages, purposes
    List(Deferred<List>),
    /// Propose a [vault] section for the files that are there: names and shapes only
    Init(Deferred<Init>),
    /// Explain the rules: what each looks for, why, and what mends it
    Rules(Deferred<Rules>),
}

/// What `check` is told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Check only what this purpose needs; may be given more than once
    #[arg(long = "for", value_name = "PURPOSE")]
    pub(crate) purposes: Vec<String>,
    /// Check only this environment and what is shared
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Check only files that are missing or changed since: a date (2025-10-01), a time, or an age (36h, 7d)
    #[arg(long, value_name = "WHEN")]
    pub(crate) changed_since: Option<String>,
    /// Take away what others may do with files and folders of the vault, then check
    #[arg(long)]
    pub(crate) fix_modes: bool,
    #[command(flatten)]
    pub(crate) format: FindingsFormat,
}

/// What `leaks` is told.
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Leaks {
    /// Files and folders to search
    pub(crate) paths: Vec<PathBuf>,
    /// Search all that git keeps: each blob once, commit messages, tags, names
    #[arg(long)]
    pub(crate) history: bool,
    /// Search what is staged for the next commit
    #[arg(long)]
    pub(crate) staged: bool,
    /// Search standard input
    #[arg(long)]
    pub(crate) stdin: bool,
    /// Find any 16 bytes in a row of a value of 24 or more, too, as in a line that was cut
    #[arg(long)]
    pub(crate) partial: bool,
    /// Add to each leak the keyed fingerprint by which `.opsproof/allowed-leaks` can allow it
    ///
    /// The key is made at the first use and stays in the vault.
    #[arg(long)]
    pub(crate) fingerprint: bool,
    #[command(flatten)]
    pub(crate) format: FindingsFormat,
}

/// What `list` is told.
#[derive(Debug, ClapArgs)]
pub(crate) struct List {
    /// List only what this purpose needs; may be given more than once
    #[arg(long = "for", value_name = "PURPOSE")]
    pub(crate) purposes: Vec<String>,
    /// List only this environment and what is shared
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,
    /// Add a keyed fingerprint of each value, which says only whether two are the same
    ///
    /// The key is made at the first use and stays in the vault.
    #[arg(long)]
    pub(crate) fingerprint: bool,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

/// What `init` is told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Init {
    /// The vault's folder; default is that of ops.toml, else `vault/occ`, `vault`, `secrets` or `credentials`
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

/// What `rules` is told.
#[derive(Debug, ClapArgs)]
pub(crate) struct Rules {
    /// One rule in full
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

impl CommandLine for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn schema(&self) -> &'static str {
        match &self.command {
            Command::Check(_) => "vault-check/check/1",
            Command::Leaks(_) => "vault-check/leaks/1",
            Command::List(_) => "vault-check/list/1",
            Command::Init(_) => "vault-check/init/1",
            Command::Rules(_) => "vault-check/rules/1",
        }
    }

    fn format(&self) -> Format {
        match &self.command {
            Command::Check(check) => check.format.format,
            Command::Leaks(leaks) => leaks.format.format,
            Command::List(list) => list.format.format,
            Command::Init(init) => init.format.format,
            Command::Rules(rules) => rules.format.format,
        }
    }
}
