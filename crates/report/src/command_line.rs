//! The flags that all tools share.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

/// What a tool's own argument type tells [`dispatch`](crate::dispatch).
pub trait CommandLine: clap::Parser {
    /// What the schema of an error calls the command where the command line names none.
    const DEFAULT: &'static str = "usage";
    /// Parses a whole command line. A tool with many options may leave out those that it sees no use for.
    fn parse_words(words: &[OsString]) -> Result<Self, clap::Error> {
        Self::try_parse_from(words)
    }
    /// The flags that every tool has.
    fn common(&self) -> &Common;
    /// The schema name of the answer, as `vault-check/check/1`.
    fn schema(&self) -> &'static str;
    /// The rendering asked for.
    fn format(&self) -> Format;
}

/// Flags that every tool and subcommand takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Read this ops.toml instead of the nearest one upward
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub ops: Option<PathBuf>,
    /// Colour the human rendering
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Common options"
    )]
    pub color: ColorWhen,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The flag of commands that answer findings.
#[derive(Debug, Clone, Args)]
pub struct FindingsFormat {
    /// How to write the answer
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: Format,
}

/// The flag of commands that answer anything else.
#[derive(Debug, Clone, Default, Args)]
pub struct AnswerFormat {
    /// How to write the answer
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "human",
        value_parser = PossibleValuesParser::new(["human", "json"])
            .map(|word| if word == "json" { Format::Json } else { Format::Human }),
    )]
    pub format: Format,
}

/// A rendering of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading; may change between versions
    #[default]
    Human,
    /// For programs: one object, first its schema
    Json,
    /// SARIF 2.1.0, for code scanning services
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}
