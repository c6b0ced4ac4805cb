//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::error::Error;
use crate::json;
use clap::{Args as ClapArgs, Parser, Subcommand};
use report::{AnswerFormat, CommandLine, Common, Deferred, FindingsFormat, Format};

const EXAMPLES: &str = "\
Examples:
  feedback-append --role chatwoot --title Preflight --evidence artifacts/preflight-1
  git log -1 | feedback-append feedback/chatwoot.md --title 'Deployed' --next 'watch the queue'
  feedback-append check feedback/*.md
  feedback-append list --latest --blocked";

/// Write one dated entry, with its evidence, into a feedback log
///
/// The time is the tool's own clock. The text comes from standard input or --message. Commands and
/// hashes come from the evidence, and a claim that the evidence contradicts is refused. The entry is
/// in the log whole or not at all, whoever else writes there.
#[derive(Debug, Parser)]
#[command(
    name = "feedback-append",
    version,
    subcommand_negates_reqs = true,
    override_usage = "feedback-append [OPTIONS] --title <TEXT> <--role <ROLE>|FILE>\n       feedback-append <COMMAND>",
    subcommand_help_heading = "Other commands",
    after_help = EXAMPLES
)]
pub(crate) struct Args {
    /// What to do instead of writing an entry.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The entry to write.
    #[command(flatten)]
    pub(crate) append: AppendArgs,
    /// The flags that every tool has.
    #[command(flatten)]
    pub(crate) common: Common,
}

/// A command line that begins with another command. Without the options of an entry it is read in half the time.
#[derive(Debug, Parser)]
#[command(name = "feedback-append", version)]
struct Other {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// What to do instead of writing an entry.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check logs: front matter, times, order, citations, claims, credentials
    Check(Deferred<CheckArgs>),
    /// List entries of any dialect
    List(Deferred<ListArgs>),
    /// Say where each role stands: its newest entry, since when it is blocked, what is due
    Digest(Deferred<DigestArgs>),
    /// Make a new log
    New(Deferred<NewArgs>),
    /// Bring front matter up to date
    Refresh(Deferred<RefreshArgs>),
    /// Move old entries to the archive beside the log
    Archive(Deferred<ArchiveArgs>),
    /// Propose a [feedback] section for ops.toml from the logs that are there
    Init(Deferred<InitArgs>),
}

/// An entry to write.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct AppendArgs {
    /// The log to write to (for a file named like a command, write ./check)
    #[arg(value_name = "FILE", required_unless_present = "role", conflicts_with = "role")]
    pub(crate) file: Option<PathBuf>,
    /// Write to the log that ops.toml declares for this role
    #[arg(long, short, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Write as this role, where ops.toml lets it write to another's log
    #[arg(long = "as", value_name = "ROLE")]
    pub(crate) writer: Option<String>,
    /// What the entry is about, in one line
    #[arg(long, short, value_name = "TEXT", required = true, allow_hyphen_values = true)]
    pub(crate) title: Option<String>,
    /// How the work stands: done, in-progress, planned, blocked, failed, unproven, halted, cancelled
    ///
    /// Without it, and with recorded runs, it is derived: done where every run succeeded, failed where one
    /// did not, unproven where one is suspect or has no recorded end, blocked where --blocked-by is given.
    #[arg(long, short, value_name = "WORD", allow_hyphen_values = true)]
    pub(crate) status: Option<String>,
    /// The text; without it, standard input
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) message: Option<String>,
    /// Write the text in $VISUAL or $EDITOR, whatever else is given; --message is what it begins with
    #[arg(long, short = 'E')]
    pub(crate) editor: bool,
    /// A bundle, one of its runs (DIR#SEQ) or a file that proves the entry; may be repeated
    #[arg(long, short, value_name = "DIR[#SEQ]|FILE", visible_alias = "record")]
    pub(crate) evidence: Vec<PathBuf>,
    /// A command that was run without being recorded; may be repeated
    #[arg(long, short, value_name = "COMMAND", allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
    /// What comes next; may be repeated
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) next: Vec<String>,
    /// What the work waits for; may be repeated
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) blocked_by: Vec<String>,
    /// A further labelled line; may be repeated
    #[arg(long, short, value_name = "'LABEL: VALUE'", allow_hyphen_values = true)]
    pub(crate) field: Vec<String>,
    /// A key that makes the entry unique: the same entry written twice is one
    #[arg(long, value_name = "KEY")]
    pub(crate) id: Option<String>,
    /// When it happened, if not now; the entry shows both times
    #[arg(long, value_name = "TIME", requires = "at_reason")]
    pub(crate) at: Option<String>,
    /// Why it is told only now
    #[arg(long, value_name = "TEXT", requires = "at", allow_hyphen_values = true)]
    pub(crate) at_reason: Option<String>,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// What to check.
#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// The logs; without one, every log that ops.toml declares
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Check what git does not have in this commit, as HEAD~1 or origin/main; for hooks and CI
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// Check the logs as they are staged, and not as they lie in the work tree; in a hook, `--since` does so too
    #[arg(long)]
    pub(crate) staged: bool,
    /// Check the front matter of every markdown document below this folder; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) docs: Vec<PathBuf>,
    /// A list of documents and their hashes, as sha256sum writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    /// How the findings are written.
    #[command(flatten)]
    pub(crate) findings: FindingsFormat,
}

/// What to list.
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// The logs; without one, every log that ops.toml declares
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Only this role's entries; may be repeated
    #[arg(long, short, value_name = "ROLE")]
    pub(crate) role: Vec<String>,
    /// Only entries of this time or later
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only entries before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only entries with this status, as written or as pending, `in_progress`, completed, blocked, failed, cancelled
    #[arg(long, short, value_name = "WORD")]
    pub(crate) status: Option<String>,
    /// Only the newest entry of each role
    #[arg(long)]
    pub(crate) latest: bool,
    /// Only entries that are blocked
    #[arg(long)]
    pub(crate) blocked: bool,
    /// Write one JSON object a line for each entry
    #[arg(long)]
    pub(crate) lines: bool,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// What to digest.
#[derive(Debug, ClapArgs)]
pub(crate) struct DigestArgs {
    /// The logs; without one, every log that ops.toml declares
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// Which log to make.
#[derive(Debug, ClapArgs)]
pub(crate) struct NewArgs {
    /// The log
    #[arg(value_name = "FILE", required_unless_present = "role", conflicts_with = "role")]
    pub(crate) file: Option<PathBuf>,
    /// The log that ops.toml declares for this role
    #[arg(long, short, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// What to bring up to date.
#[derive(Debug, ClapArgs)]
pub(crate) struct RefreshArgs {
    /// The logs; without one, every log that ops.toml declares
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Make the changes instead of showing them
    #[arg(long)]
    pub(crate) write: bool,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// What to archive.
#[derive(Debug, ClapArgs)]
pub(crate) struct ArchiveArgs {
    /// The log
    #[arg(value_name = "FILE", required_unless_present = "role", conflicts_with = "role")]
    pub(crate) file: Option<PathBuf>,
    /// The log that ops.toml declares for this role
    #[arg(long, short, value_name = "ROLE")]
    pub(crate) role: Option<String>,
    /// Move the entries of the days before this one
    #[arg(long, value_name = "DATE")]
    pub(crate) before: String,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

/// Where the logs are.
#[derive(Debug, ClapArgs)]
pub(crate) struct InitArgs {
    /// The folder of logs
    #[arg(value_name = "DIR", default_value = "feedback")]
    pub(crate) folder: PathBuf,
    /// How the answer is written.
    #[command(flatten)]
    pub(crate) answer: AnswerFormat,
}

impl AppendArgs {
    /// An option of an entry in front of another command is a mistake.
    pub(crate) fn make_sure_it_is_empty(&self) -> Result<(), Error> {
        let options = [
            ("FILE", self.file.is_some()),
            ("--role", self.role.is_some()),
            ("--as", self.writer.is_some()),
            ("--title", self.title.is_some()),
            ("--status", self.status.is_some()),
            ("--message", self.message.is_some()),
            ("--editor", self.editor),
            ("--evidence", !self.evidence.is_empty()),
            ("--command", !self.command.is_empty()),
            ("--next", !self.next.is_empty()),
            ("--blocked-by", !self.blocked_by.is_empty()),
            ("--field", !self.field.is_empty()),
            ("--id", self.id.is_some()),
            ("--at", self.at.is_some()),
            ("--format", self.answer.format != Format::Human),
        ];
        match options.iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => Err(Error::option(
                option,
                "belongs to an entry, and not in front of another command",
            )),
            None => Ok(()),
        }
    }
}

impl CommandLine for Args {
    const DEFAULT: &'static str = "append";

    fn parse_words(words: &[OsString]) -> Result<Self, clap::Error> {
        let first = words.get(1).and_then(|word| word.to_str());
        if first.is_some_and(Command::has_subcommand)
            && let Ok(Other { command, common }) = Other::try_parse_from(words)
        {
            return Ok(Self { command: Some(command), append: AppendArgs::default(), common });
        }
        // Help and errors show the whole.
        Self::try_parse_from(words)
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn schema(&self) -> &'static str {
        match &self.command {
            None => json::APPEND,
            Some(Command::Check(_)) => json::CHECK,
            Some(Command::List(_)) => json::LIST,
            Some(Command::Digest(_)) => json::DIGEST,
            Some(Command::New(_)) => json::NEW,
            Some(Command::Refresh(_)) => json::REFRESH,
            Some(Command::Archive(_)) => json::ARCHIVE,
            Some(Command::Init(_)) => json::INIT,
        }
    }

    fn format(&self) -> Format {
        match &self.command {
            None => self.append.answer.format,
            Some(Command::Check(args)) => args.findings.format,
            Some(Command::List(args)) => args.answer.format,
            Some(Command::Digest(args)) => args.answer.format,
            Some(Command::New(args)) => args.answer.format,
            Some(Command::Refresh(args)) => args.answer.format,
            Some(Command::Archive(args)) => args.answer.format,
            Some(Command::Init(args)) => args.answer.format,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_bound_to_no_variable() {
        let mut command = Args::command();
        command.build();
        command.clone().debug_assert();
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{} has no help", argument.get_id());
        }
    }

    #[test]
    fn the_help_of_a_command_says_what_the_list_of_commands_says() {
        for listed in Args::command().get_subcommands() {
            let about = listed.get_about().map(ToString::to_string).unwrap_or_default();
            let words = ["feedback-append", listed.get_name(), "--help"].map(OsString::from);
            let help = Args::parse_words(&words).expect_err("help is told as an error").to_string();
            assert!(!about.is_empty() && help.starts_with(&about), "{}: {help}", listed.get_name());
        }
    }

    #[test]
    fn a_command_line_reads_the_same_with_and_without_the_options_of_an_entry() {
        for line in [
            "check",
            "check a.md b.md --since HEAD --format json",
            "check --ops x.toml --color never --docs d",
            "check check",
            "check -- --title",
            "list -r a -r b --latest --format=json",
            "new --role a",
            "archive a.md --before 2025-01-01",
            "init",
            "refresh --write",
            "digest",
            "archive",
            "check --title x",
            "check --help",
            "help check",
            "new a.md --role b",
            "--color never check",
            "--role a --title check",
            "./check --title x",
            "chek",
            "",
        ] {
            let words: Vec<OsString> = ["feedback-append"]
                .into_iter()
                .chain(line.split(' '))
                .map(OsString::from)
                .collect();
            let told = |read: Result<Args, clap::Error>| match read {
                Ok(args) => format!("{args:?}"),
                Err(error) => error.render().to_string(),
            };
            assert_eq!(
                told(Args::parse_words(&words)),
                told(Args::try_parse_from(&words)),
                "{line}"
            );
        }
    }
}
