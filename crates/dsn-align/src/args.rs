//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use report::{AnswerFormat, CommandLine, Common, FindingsFormat, Format};

/// Say what a connection string means to each client, and whether all places agree
#[derive(Debug, Parser)]
#[command(name = "dsn-align", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Parse(ParseOptions),
    Readings(ReadingsOptions),
    Check(CheckOptions),
    Derive(DeriveOptions),
    Fix(FixOptions),
    Probe(ProbeOptions),
    Rules(RulesOptions),
}

/// Show the fields of one connection string as a client reads them
///
/// Exits 0 where the client reads the string and 2, with the client's reason, where it refuses.
#[derive(Debug, ClapArgs)]
pub(crate) struct ParseOptions {
    #[command(flatten)]
    pub(crate) subject: SubjectOptions,
    /// Read as this client does
    #[arg(long, value_name = "CLIENT")]
    pub(crate) reader: Option<String>,
    /// Fill in what the string leaves open, as libpq does here: service file, PG* variables,
    /// defaults, password file; and say where each value comes from
    #[arg(long, conflicts_with = "reader")]
    pub(crate) resolve: bool,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

/// Show one connection string through every client, side by side
///
/// Exits 0 where all clients agree and 1 where two disagree.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReadingsOptions {
    #[command(flatten)]
    pub(crate) subject: SubjectOptions,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

/// Which string is meant, and whether its values may be seen.
#[derive(Debug, ClapArgs)]
pub(crate) struct SubjectOptions {
    /// The string, or - for standard input; other users of this machine can see arguments
    #[arg(value_name = "DSN")]
    pub(crate) dsn: Option<String>,
    /// Take the string from this place of ops.toml
    #[arg(long, value_name = "PLACE", conflicts_with = "dsn")]
    pub(crate) place: Option<String>,
    /// Print values, passwords too; to a pipe or file only
    #[arg(long)]
    pub(crate) reveal: bool,
}

/// Hold every place against its group's canonical one, and all of them against policy
///
/// Exits 0 where nothing must be mended, 1 where something must, 2 where there is no verdict.
#[derive(Debug, ClapArgs)]
pub(crate) struct CheckOptions {
    /// Check only these places; all of ops.toml's otherwise
    #[arg(value_name = "PLACE")]
    pub(crate) places: Vec<String>,
    #[command(flatten)]
    pub(crate) format: FindingsFormat,
}

/// Write a place's connection string in the form that one client wants, as env lines
///
/// The lines hold the real values. They go to a pipe, or to a new file that only you can read.
#[derive(Debug, ClapArgs)]
pub(crate) struct DeriveOptions {
    /// The form: libpq, rails, prisma, sqlalchemy, jdbc, node or split:PREFIX
    #[arg(long, value_name = "FORM")]
    pub(crate) to: String,
    /// The place to take it from; the canonical one otherwise
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: Option<String>,
    /// Write to this file, which must not exist yet
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Show the edits that make env files mean what the canonical place means, or make them
///
/// Values are never shown. Exits 0 where nothing is left to do, 1 where edits are pending.
#[derive(Debug, ClapArgs)]
pub(crate) struct FixOptions {
    /// Mend only these places; all of ops.toml's otherwise
    #[arg(value_name = "PLACE")]
    pub(crate) places: Vec<String>,
    /// Make the edits; every other byte stays as it is
    #[arg(long)]
    pub(crate) write: bool,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

/// Connect to each place for real, once, and say what is there
///
/// Exits 0 where every place answers, 1 where one does not. A wrong password is never tried twice.
#[derive(Debug, ClapArgs)]
pub(crate) struct ProbeOptions {
    /// Probe only these places; all of ops.toml's otherwise
    #[arg(value_name = "PLACE")]
    pub(crate) places: Vec<String>,
    /// The longest that one step may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timeout: u64,
    /// Trust the certificate authorities in this PEM file
    #[arg(long, value_name = "FILE")]
    pub(crate) authorities: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

/// List the rules of `check`, or explain one
#[derive(Debug, ClapArgs)]
pub(crate) struct RulesOptions {
    /// The rule to explain
    #[arg(value_name = "RULE")]
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) format: AnswerFormat,
}

impl CommandLine for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn schema(&self) -> &'static str {
        match self.command {
            Command::Parse(_) => "dsn-align/parse/1",
            Command::Readings(_) => "dsn-align/readings/1",
            Command::Check(_) => "dsn-align/check/1",
            Command::Derive(_) => "dsn-align/derive/1",
            Command::Fix(_) => "dsn-align/fix/1",
            Command::Probe(_) => "dsn-align/probe/1",
            Command::Rules(_) => "dsn-align/rules/1",
        }
    }

    fn format(&self) -> Format {
        match &self.command {
            Command::Parse(options) => options.format.format,
            Command::Readings(options) => options.format.format,
            Command::Check(options) => options.format.format,
            Command::Fix(options) => options.format.format,
            Command::Probe(options) => options.format.format,
            Command::Rules(options) => options.format.format,
            Command::Derive(_) => Format::Human,
        }
    }
}
