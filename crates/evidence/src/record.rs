//! One line of a bundle's `evidence.jsonl`: what it can say, how it is written, how it is read.

mod attached;
mod file;
mod text;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::outcome::Outcome;
use crate::time;
pub(crate) use attached::UNRECORDED;
pub use attached::{Attach, SuspectFile, Unsearched};
pub use file::{FileEntry, Truncated};
pub use text::Text;

/// The most bytes a line may have, without its line break: what a tlog-tiles entry bundle can carry.
pub const LINE_LIMIT: usize = 65_535;

/// One record of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place in the file, from 0.
    pub index: u64,
    /// The digest of the line before it; none for the first.
    pub previous: Option<Digest>,
    /// When it was written, by the writer's clock. The index is the order; this is only a claim.
    pub time: DateTime<Utc>,
    /// What it says.
    pub body: Body,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Body {
    /// The bundle begins.
    Open(Open),
    /// A command is about to start. It is on disk before the command is.
    Begin(Begin),
    /// A command has ended, whatever happened to it.
    End(Box<End>),
    /// A person's or program's words.
    Note(Note),
    /// Files that were put into the bundle.
    Attach(Attach),
    /// Somebody was asked, and answered.
    Gate(Gate),
    /// Something was cut short: a line, or a command's record.
    Recovered(Recovered),
    /// The bundle is closed; nothing follows.
    Seal(Seal),
    /// A kind that a later version wrote.
    #[serde(skip)]
    Unknown(String),
}

/// The beginning of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// What the piece of work is called.
    pub name: String,
    /// The folder under the evidence root, with `/`; empty when it lies at the root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub area: String,
    /// The program and version that wrote it.
    pub tool: String,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
}

/// A command that is about to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// Its number in the bundle, from 1.
    pub run: u32,
    /// A short word for it, which its files carry.
    pub label: String,
    /// The arguments, redacted, the program first.
    pub command: Vec<Text>,
    /// How many arguments are not listed because the line would be too long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_arguments: u32,
    /// The folder it runs in, relative to the one of `ops.toml` where there is one.
    pub cwd: Text,
    /// `pipe` (two streams, order as read), `merged` (one pipe for both) or `pty` (a terminal).
    pub mode: Mode,
    /// What its standard input is: `terminal`, `pipe`, `file` or `null`. The content is never kept.
    pub stdin: String,
    /// The names of the variables that were given to it from the vault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The parts of the vault whose values were not known for certain, so that they may not be replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unredacted: Vec<String>,
    /// After how many milliseconds it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The exit codes that count as success; only 0 where none is listed. Said before the command starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect_exit: Vec<u8>,
    /// What a success must print besides. Said before the command starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect_output: Vec<Expectation>,
    /// How many bytes of each stream are kept at most; all where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The boot of the machine, so that monotonic times of two runs can be compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub boot: String,
}

/// What the standard output of a success must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// A line of it matches this regular expression.
    Match(String),
    /// It is JSON, and `POINTER=VALUE` (RFC 6901, JSON) holds in it; `POINTER` alone: there is something.
    Json(String),
}

/// How a command's output was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Two pipes. The timing file has the order in which we read them, which need not be the order of writing.
    Pipe,
    /// One pipe for both streams: the order is the writer's, which stream it was is not known.
    Merged,
    /// A pseudo-terminal: as merged, and line breaks are `\r\n`.
    Pty,
}

/// A command that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The number its `begin` has.
    pub run: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was started and when it was seen to end, by the wall clock.
    pub started: String,
    /// See `started`.
    pub ended: String,
    /// How long it took by the monotonic clock, in microseconds.
    pub duration_us: u64,
    /// How its output was taken.
    pub mode: Mode,
    /// What it left in the bundle: streams, timing, envelope.
    pub files: Vec<FileEntry>,
    /// The streams that are not kept whole, as `max_bytes` asks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truncated: Vec<Truncated>,
    /// What was replaced in its output and arguments: names of rules, and how often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redactions: Vec<Redaction>,
    /// Why a success should not be believed unseen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspect: Vec<Suspect>,
    /// Which of the expected outputs are not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Expectation>,
    /// The executable that was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Program>,
    /// The state of the repository it ran in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    /// The names of the variables that were given to it from the vault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// A process it left behind still held its output when we stopped reading.
    #[serde(default, skip_serializing_if = "is_false")]
    pub still_open: bool,
    /// Nobody read our own output to its end; the files are whole.
    #[serde(default, skip_serializing_if = "is_false")]
    pub terminal_closed: bool,
    /// How many bytes of the output were not shown, since nobody read them in time; they are in the files.
    #[serde(default, skip_serializing_if = "is_zero_bytes")]
    pub not_shown: u64,
    /// Signals that we passed on to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forwarded: Vec<String>,
    /// Signals that came to us and were not passed on: a terminal sent them to the command as well, or it had ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<String>,
}

/// How often a rule replaced something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// The rule or the credential's name; never a value.
    pub rule: String,
    /// How many times.
    pub count: u64,
}

/// Why a run's output should be looked at before it is called proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suspect {
    /// Nothing was printed at all.
    EmptyOutput,
    /// The output is a usage text.
    UsageText,
    /// The output is an HTML error page where data was to be expected.
    HtmlErrorPage,
    /// A later version's reason.
    #[serde(other)]
    Unknown,
}

/// The executable that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Where it was found.
    pub path: Text,
    /// Its digest; none when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The state of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    /// The commit that was checked out when the command began; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether tracked files differed from it when the command began; none where that could not be told afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Where it is published, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

/// Words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The words, redacted.
    pub text: String,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The step that was waited for.
    pub step: String,
    /// Whether it may go on.
    pub approved: bool,
    /// How the answer came: a flag, or a prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Who answered, as far as the machine knows; a claim.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
}

/// Something that was cut short, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// A line of the ledger that was never finished: the file that keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<FileEntry>,
    /// A run that was begun and whose end nobody recorded. How it ended is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// What it left in the bundle, as found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileEntry>,
}

/// The end of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// How many runs it has.
    pub runs: u32,
    /// How many files the manifest lists.
    pub files: u32,
    /// The fingerprint of the key that the manifest is then signed with, as `ssh-keygen -l` prints it; none when
    /// the seal is unsigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The origin log that this seal is entered in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// Why a line is not a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// It is longer than [`LINE_LIMIT`].
    TooLong,
    /// It is not a JSON object with the fields of its kind. Where in the line; the text itself is not repeated.
    NotARecord {
        /// The byte column of the first fault, from 1.
        column: usize,
    },
    /// A version that this program does not know.
    Version(u64),
    /// `t` is not a time in UTC.
    Time,
    /// A file that it names is not in the bundle.
    Outside,
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    i: u64,
    prev: Option<Digest>,
    t: String,
    #[serde(flatten)]
    body: &'a Body,
}

#[derive(Deserialize)]
struct Head {
    v: u64,
    i: u64,
    prev: Option<Digest>,
    t: String,
    kind: String,
}

impl Record {
    /// The line, without its line break. Fails when it would be longer than [`LINE_LIMIT`].
    pub fn to_line(&self) -> Result<Vec<u8>, Malformed> {
        let line = Line {
            v: 1,
            i: self.index,
            prev: self.previous,
            t: time::record_time(self.time),
            body: &self.body,
        };
        let bytes = serde_json::to_vec(&line)
            .map_err(|failed| Malformed::NotARecord { column: failed.column() })?;
        if bytes.len() > LINE_LIMIT { Err(Malformed::TooLong) } else { Ok(bytes) }
    }

    /// Reads a line without its line break.
    pub fn from_line(line: &[u8]) -> Result<Self, Malformed> {
        if line.len() > LINE_LIMIT {
            return Err(Malformed::TooLong);
        }
        let head: Head = parse(line)?;
        if head.v != 1 {
            return Err(Malformed::Version(head.v));
        }
        let body = match head.kind.as_str() {
            "open" => Body::Open(parse(line)?),
            "begin" => Body::Begin(parse(line)?),
            "end" => Body::End(parse(line)?),
            "note" => Body::Note(parse(line)?),
            "attach" => Body::Attach(parse(line)?),
            "gate" => Body::Gate(parse(line)?),
            "recovered" => Body::Recovered(parse(line)?),
            "seal" => Body::Seal(parse(line)?),
            _ => Body::Unknown(head.kind),
        };
        let time = time::parse(&head.t).ok_or(Malformed::Time)?;
        if body.all_files().any(|file| !is_inside(&file.path)) {
            return Err(Malformed::Outside);
        }
        Ok(Self { index: head.i, previous: head.prev, time, body })
    }
}

impl Body {
    /// The word in the record's `kind`.
    pub fn kind(&self) -> &str {
        match self {
            Self::Open(_) => "open",
            Self::Begin(_) => "begin",
            Self::End(_) => "end",
            Self::Note(_) => "note",
            Self::Attach(_) => "attach",
            Self::Gate(_) => "gate",
            Self::Recovered(_) => "recovered",
            Self::Seal(_) => "seal",
            Self::Unknown(kind) => kind,
        }
    }

    /// The files of the bundle that this record has digests of.
    pub fn files(&self) -> &[FileEntry] {
        match self {
            Self::End(end) => &end.files,
            Self::Attach(attach) => &attach.files,
            Self::Recovered(recovered) => &recovered.files,
            _ => &[],
        }
    }

    /// The same, and the torn line that it speaks of.
    pub(crate) fn all_files(&self) -> impl Iterator<Item = &FileEntry> {
        let torn = match self {
            Self::Recovered(part) => part.torn.as_slice(),
            _ => &[],
        };
        self.files().iter().chain(torn)
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Match(pattern) => write!(out, "a line that matches `{pattern}`"),
            Self::Json(wanted) => write!(out, "JSON in which `{wanted}` holds"),
        }
    }
}

impl Suspect {
    /// The word that records and findings use.
    pub fn word(self) -> &'static str {
        match self {
            Self::EmptyOutput => "empty-output",
            Self::UsageText => "usage-text",
            Self::HtmlErrorPage => "html-error-page",
            Self::Unknown => "unknown",
        }
    }
}

impl Mode {
    /// The word that records use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pipe => "pipe",
            Self::Merged => "merged",
            Self::Pty => "pty",
        }
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(out, "the line is longer than {LINE_LIMIT} bytes"),
            Self::NotARecord { column } => {
                write!(out, "the line is not a record (column {column})")
            }
            Self::Version(version) => {
                write!(out, "the record has version {version}, which is not known here")
            }
            Self::Time => out.write_str("the record's time is not RFC 3339 in UTC"),
            Self::Outside => out.write_str("the record names a file that is not in the bundle"),
        }
    }
}

/// Whether a path is one of a file in the bundle: whoever opens it must not be led elsewhere.
fn is_inside(path: &str) -> bool {
    let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
    path.split('/').all(is_name)
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, Malformed> {
    serde_json::from_slice(line).map_err(|failed| Malformed::NotARecord { column: failed.column() })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero_bytes(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests;
