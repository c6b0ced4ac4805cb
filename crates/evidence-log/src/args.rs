//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use evidence::{Digest, Expectation};
use report::{AnswerFormat, CommandLine, Common, Deferred, FindingsFormat, Format};

use crate::run::expect;

/// Run a command and keep what it printed as evidence: redacted, hash-chained, signed
#[derive(Parser)]
#[command(name = "evidence-log", version)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a command, show its output, and keep it; the exit code is the command's own
    Run(Deferred<Run>),
    /// Make an empty bundle and print its path
    Open(Deferred<Open>),
    /// Add words to a bundle
    Note(Deferred<Note>),
    /// Copy files into a bundle, redacted
    Attach(Deferred<Attach>),
    /// Record who was asked before a step, and what the answer was
    Gate(Deferred<Gate>),
    /// Close a bundle: last record, manifest, signature; prints the manifest's hash
    Seal(Deferred<Seal>),
    /// Record as cut short what a killed recorder left without an end; never makes up an end
    Recover(Deferred<Recover>),
    /// Check that bundles are what was recorded: 0 intact, 1 not, 2 cannot be decided
    Verify(Deferred<Verify>),
    /// Show what happened in a bundle
    Show(Deferred<Show>),
    /// List the bundles
    List(Deferred<List>),
    /// Write a page about a bundle: one HTML file that needs nothing else
    Report(Deferred<Report>),
    /// Write a bundle, or an origin log, in a form that other tools take
    Export(Deferred<Export>),
    /// Copy a sealed bundle to a store: S3, GCS, Azure or a folder; nothing there is ever overwritten
    Push(Deferred<Push>),
    /// Fetch a bundle from a store, and verify it before it appears
    Pull(Deferred<Pull>),
    /// Copy standard input to standard output with every known secret replaced
    Redact(Deferred<Redact>),
    /// Explain what verify can find
    Rules(Deferred<Rules>),
}

#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Run {
    /// Add the run to this open bundle
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "area"])]
    pub(crate) into: Option<PathBuf>,
    /// Make a bundle of this name, and seal it afterwards [default: the label]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Put the bundle into this folder under the evidence root
    #[arg(long)]
    pub(crate) area: Option<String>,
    /// Give the command the variables of this file of the vault; only their names are recorded
    #[arg(long, value_name = "FILE")]
    pub(crate) env_from: Vec<String>,
    /// End the command and all it started after this time, as 30s or 5m; the exit code is then 124
    #[arg(long, value_name = "TIME", value_parser = timeout)]
    pub(crate) timeout: Option<Duration>,
    /// The exit codes that count as success, as 0,1; recorded before the command starts [default: 0]
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(crate) expect_exit: Vec<u8>,
    /// A success has a line on standard output that this regular expression matches; may be repeated
    #[arg(long, value_name = "REGEX", value_parser = expect::pattern)]
    pub(crate) expect_match: Vec<String>,
    /// A success prints JSON with this value there, as /status="ok"; without =VALUE, with anything there; may be repeated
    #[arg(long, value_name = "POINTER[=VALUE]", value_parser = expect::pointer)]
    pub(crate) expect_json: Vec<String>,
    /// How long to read on when the command has ended and something it started has not
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    pub(crate) drain: Duration,
    /// Keep of each stream this much at most, its beginning and its end, as 64M; the record says what is left out
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_bytes: Option<u64>,
    /// Do not let the command wait for whoever reads our output: what is not read in time is kept and not shown
    #[arg(long)]
    pub(crate) no_stall: bool,
    /// A short word for the run, which its files carry [default: the program's name]
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// Give the command a terminal: for programs that ask or draw; order is exact, line breaks are \r\n
    #[arg(long, conflicts_with = "merge")]
    pub(crate) pty: bool,
    /// Read both streams through one pipe: their order is exact, which is which is not known
    #[arg(long)]
    pub(crate) merge: bool,
    /// Do not say where the bundle is
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

#[derive(clap::Args)]
pub(crate) struct Open {
    /// What the piece of work is called
    pub(crate) name: String,
    /// Put the bundle into this folder under the evidence root
    #[arg(long)]
    pub(crate) area: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Note {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The words [default: standard input]
    pub(crate) text: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct Gate {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The step that waited for the answer
    pub(crate) step: String,
    /// It may go on
    #[arg(long, required_unless_present = "refused", conflicts_with = "refused")]
    pub(crate) approved: bool,
    /// It may not
    #[arg(long)]
    pub(crate) refused: bool,
    /// How the answer came, as `prompt`
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) by: String,
    /// Who answered
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) who: String,
}

#[derive(clap::Args)]
pub(crate) struct Attach {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Attach also what cannot be searched for credentials, as an encrypted archive; the record says so
    #[arg(long)]
    pub(crate) unsearched: bool,
}

#[derive(clap::Args)]
pub(crate) struct Seal {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Recover {
    /// The bundles
    #[arg(value_name = "DIR", required_unless_present = "origin")]
    pub(crate) bundles: Vec<PathBuf>,
    /// Sign the origin log of this machine and folder as it is; put one aside that does not hold together, so that a
    /// new one begins
    #[arg(long)]
    pub(crate) origin: bool,
}

#[derive(clap::Args)]
pub(crate) struct Verify {
    /// The bundles
    #[arg(value_name = "DIR", required_unless_present = "origin")]
    pub(crate) bundles: Vec<PathBuf>,
    /// Check the origin logs, and that the bundles they list are there and as they were sealed
    #[arg(long)]
    pub(crate) origin: bool,
    /// Check signatures against this file instead of the one that ops.toml names
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// The manifest must be the one that this file cites, as `manifest sha256:…`
    #[arg(long, value_name = "LOG")]
    pub(crate) against: Option<PathBuf>,
    /// The manifest must have this hash
    #[arg(long, value_name = "sha256:HEX", value_parser = digest, conflicts_with = "against")]
    pub(crate) manifest: Option<Digest>,
    /// Ask a store whether it knows this bundle, by its manifest, and whether every file is there, by its size. With
    /// --origin, what it knows of the origin logs
    #[arg(long, value_name = "URL")]
    pub(crate) remote: Option<String>,
    /// Fetch every file from the store, and hash it
    #[arg(long, requires = "remote")]
    pub(crate) remote_full: bool,
    /// Give the store's credentials from this file of the vault instead of the environment
    #[arg(long, value_name = "FILE", requires = "remote")]
    pub(crate) env_from: Vec<String>,
    /// A proof that the bundle is in an origin log, as `export --as tlog-proof` writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
    /// Accept a bundle, and the checkpoint of an origin log, that nobody signed
    #[arg(long)]
    pub(crate) allow_unsigned: bool,
    #[command(flatten)]
    pub(crate) answer: FindingsFormat,
}

#[derive(clap::Args)]
pub(crate) struct Show {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

#[derive(clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

#[derive(clap::Args)]
pub(crate) struct Report {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The page; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct Export {
    /// The bundle; for tlog-tiles a bundle of the log, or the log's own folder
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The form
    #[arg(long = "as", value_name = "FORM")]
    pub(crate) form: Form,
    /// The file or folder to make; it must not exist
    #[arg(long, short, value_name = "PATH", value_parser = PathBufValueParser::new().try_map(not_stdout))]
    pub(crate) output: PathBuf,
    /// Only this run; of in-toto, witness and asciicast
    #[arg(long, value_name = "NUMBER")]
    pub(crate) run: Option<u32>,
    /// Export what is not intact, and exit with 1
    #[arg(long)]
    pub(crate) anyway: bool,
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// The forms of `export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A file: the signed statements of the runs, one DSSE envelope a line
    InToto,
    /// A folder: each run as a signed attestation collection, and the key to verify it with
    Witness,
    /// A file: what the runs printed, for asciinema and other players
    Asciicast,
    /// A folder: the origin log as tiles and a checkpoint
    TlogTiles,
    /// A file: the proof that the origin log lists the bundle
    TlogProof,
}

impl Form {
    /// As it is given on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::InToto => "in-toto",
            Self::Witness => "witness",
            Self::Asciicast => "asciicast",
            Self::TlogTiles => "tlog-tiles",
            Self::TlogProof => "tlog-proof",
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct Push {
    /// The bundle
    #[arg(value_name = "DIR")]
    pub(crate) bundle: PathBuf,
    /// The store: `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`, or a folder
    pub(crate) url: String,
    /// Give the store's credentials from this file of the vault instead of the environment
    #[arg(long, value_name = "FILE")]
    pub(crate) env_from: Vec<String>,
    /// Let eight writers race for one key first, and refuse a store where more than one of them wins
    #[arg(long)]
    pub(crate) require_atomic: bool,
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

#[derive(clap::Args)]
pub(crate) struct Pull {
    /// The bundle in its store, as `push` printed it
    pub(crate) url: String,
    /// The folder to make; it must not exist
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Give the store's credentials from this file of the vault instead of the environment
    #[arg(long, value_name = "FILE")]
    pub(crate) env_from: Vec<String>,
    /// Check signatures against this file instead of the one that ops.toml names
    #[arg(long, value_name = "FILE")]
    pub(crate) allowed_signers: Option<PathBuf>,
    /// Accept a bundle that nobody signed, although signers are declared
    #[arg(long)]
    pub(crate) allow_unsigned: bool,
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

#[derive(clap::Args)]
pub(crate) struct Redact {
    /// Replace only the vault's values, not what is a credential by its form
    #[arg(long)]
    pub(crate) values_only: bool,
}

#[derive(clap::Args)]
pub(crate) struct Rules {
    /// Explain this rule in full
    pub(crate) rule: Option<String>,
}

impl Run {
    /// What a success must print, as it is recorded before the command starts.
    pub(crate) fn expect_output(&self) -> Vec<Expectation> {
        let matches = self.expect_match.iter().cloned().map(Expectation::Match);
        matches.chain(self.expect_json.iter().cloned().map(Expectation::Json)).collect()
    }
}

impl CommandLine for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn schema(&self) -> &'static str {
        match &self.command {
            Command::Verify(_) => "evidence-log/verify/1",
            Command::Show(_) => "evidence-log/show/1",
            Command::Export(_) => "evidence-log/export/1",
            Command::Push(_) => "evidence-log/push/1",
            Command::Pull(_) => "evidence-log/pull/1",
            _ => "evidence-log/list/1",
        }
    }

    fn format(&self) -> Format {
        match &self.command {
            Command::Verify(verify) => verify.answer.format,
            Command::Show(show) => show.answer.format,
            Command::List(list) => list.answer.format,
            Command::Export(export) => export.answer.format,
            Command::Push(push) => push.answer.format,
            Command::Pull(pull) => pull.answer.format,
            _ => Format::Human,
        }
    }
}

/// What is never written over is no stream, and `-` is no good name for a file.
fn not_stdout(path: PathBuf) -> Result<PathBuf, String> {
    if path.as_os_str() == "-" {
        return Err(
            "it is written to a path of its own, and not to standard output; name one".into()
        );
    }
    Ok(path)
}

/// `30s`, `5m`, `1h`, `250ms`, as ops.toml writes them; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = number_and_unit(text).ok_or("a time is a number and a unit, as 30s")?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        "d" => number.checked_mul(86_400_000),
        "w" => number.checked_mul(604_800_000),
        _ => return Err("the units are ms, s, m, h, d and w".to_owned()),
    };
    milliseconds.map(Duration::from_millis).ok_or_else(|| "the time is too long".to_owned())
}

/// A duration above 0: a command that may take no time is one that nobody wants to start.
fn timeout(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time.is_zero() { Err("the time has to be above 0".to_owned()) } else { Ok(time) }
}

/// `4096`, `64K`, `10M`, `2G`: bytes, in steps of 1024, and at least 1024.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = number_and_unit(text).ok_or("a size is a number and a unit, as 64M")?;
    let shift = match unit {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err("the units are K, M, G and T".to_owned()),
    };
    match number.checked_mul(1 << shift) {
        Some(bytes) if bytes >= 1024 => Ok(bytes),
        Some(_) => Err("the size has to be at least 1024 bytes".to_owned()),
        None => Err("the size is too large".to_owned()),
    }
}

fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

fn digest(text: &str) -> Result<Digest, String> {
    text.parse().map_err(|_| "a hash is `sha256:` and 64 hex digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_above_zero() {
        assert_eq!(timeout("1ms"), Ok(Duration::from_millis(1)));
        assert!(timeout("0s").is_err() && timeout("0").is_err());
        assert_eq!(duration("0s"), Ok(Duration::ZERO), "no time to drain is fine");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64K"), Ok(65_536));
        assert_eq!(size("2G"), Ok(2_147_483_648));
        for wrong in
            ["", "M", "-1", "1023", "0", "1X", "1MB", "99999999999T", "18446744073709551616"]
        {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        for wrong in ["", "s", "-1s", "1y", "99999999999999999999h", "18446744073709551615h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
