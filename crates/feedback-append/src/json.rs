//! The shapes of the JSON answers.

use serde::Serialize;

use crate::list::Listed;
use crate::stamp;
use crate::summary::State;

/// The schema of the answer to an appended entry.
pub(crate) const APPEND: &str = "feedback-append/append/1";
/// The schema of the answer of `check`.
pub(crate) const CHECK: &str = "feedback-append/check/1";

/// The answer to an appended entry.
#[derive(Debug, Serialize)]
pub(crate) struct Appended<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// False where an entry with this id and this content was there already.
    #[serde(rename = "appended")]
    pub(crate) is_new: bool,
    /// The log, relative to the folder of ops.toml.
    pub(crate) path: &'a str,
    /// The line of the entry's heading, from 1.
    pub(crate) line: u64,
    /// The heading's anchor in a markdown viewer.
    pub(crate) anchor: &'a str,
    /// The key of the entry.
    pub(crate) id: &'a str,
    /// The time in its heading.
    pub(crate) at: &'a str,
    /// When it happened, where `--at` says that this was earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) happened: Option<String>,
    /// Why it is told only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at_reason: Option<&'a str>,
    /// Its title.
    pub(crate) title: &'a str,
    /// Its status, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<&'a str>,
}

/// The schema of the answer of `list`.
pub(crate) const LIST: &str = "feedback-append/list/1";
/// The schema of the answer of `digest`.
pub(crate) const DIGEST: &str = "feedback-append/digest/1";
/// The schema of the answer of `new`.
pub(crate) const NEW: &str = "feedback-append/new/1";
/// The schema of the answer of `refresh`.
pub(crate) const REFRESH: &str = "feedback-append/refresh/1";
/// The schema of the answer of `archive`.
pub(crate) const ARCHIVE: &str = "feedback-append/archive/1";
/// The schema of the answer of `init`.
pub(crate) const INIT: &str = "feedback-append/init/1";

/// The answer of `list`.
#[derive(Debug, Serialize)]
pub(crate) struct List<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// The entries, log by log.
    pub(crate) entries: Vec<ListedEntry<'a>>,
}

/// One entry of `list` and `digest`.
#[derive(Debug, Serialize)]
pub(crate) struct ListedEntry<'a> {
    /// The log.
    pub(crate) path: &'a str,
    /// The line of its heading.
    pub(crate) line: u32,
    /// The role that wrote it: the one whose log it is, unless it says otherwise; else the file's name.
    pub(crate) actor: &'a str,
    /// Its time in UTC, if there is such a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    /// How fine the time is: `day`, `minute` or `second`.
    pub(crate) precision: &'static str,
    /// Its title.
    pub(crate) action: &'a str,
    /// Its key, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<&'a str>,
    /// Its status as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<&'a str>,
    /// Its status as one of a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<&'static str>,
    /// Which part of the work it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<&'a str>,
    /// The task that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task_id: Option<&'a str>,
    /// Why it was done so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rationale: Option<&'a str>,
    /// How far it is, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<u8>,
    /// How long it took, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<&'a str>,
    /// What it waits for.
    pub(crate) blocked_by: &'a [String],
    /// More about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blocker_details: Option<&'a str>,
    /// What comes next.
    pub(crate) next_action: &'a [String],
    /// What it cites as proof.
    pub(crate) evidence: &'a [String],
}

impl<'a> ListedEntry<'a> {
    /// The entry as programs see it.
    pub(crate) fn of(listed: &'a Listed) -> Self {
        let Listed { path, role, writer, entry } = listed;
        Self {
            path,
            line: entry.line,
            actor: writer.as_ref().unwrap_or(role),
            at: entry.at.map(stamp::write),
            precision: entry.precision,
            action: &entry.title,
            id: entry.id.as_deref(),
            status: entry.status.as_deref(),
            state: entry.state.map(State::word),
            scope: entry.scope.as_deref(),
            task_id: entry.task.as_deref(),
            rationale: entry.rationale.as_deref(),
            progress: entry.progress,
            duration: entry.duration.as_deref(),
            blocked_by: &entry.blocked_by,
            blocker_details: entry.blocker_details.as_deref(),
            next_action: &entry.next,
            evidence: &entry.evidence,
        }
    }
}

/// The answer of `digest`.
#[derive(Debug, Serialize)]
pub(crate) struct Digest<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// Each log.
    pub(crate) roles: &'a [RoleDigest<'a>],
}

/// Where one role stands.
#[derive(Debug, Serialize)]
pub(crate) struct RoleDigest<'a> {
    /// The log: of several, that with the newest entry.
    pub(crate) path: &'a str,
    /// The role, else the log's name.
    pub(crate) role: &'a str,
    /// The newest entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latest: Option<ListedEntry<'a>>,
    /// Since when it is blocked, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blocked_since: Option<String>,
    /// What it waits for.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) blocked_by: &'a [String],
    /// What comes next, as it was last told.
    pub(crate) next: &'a [String],
    /// When that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_at: Option<String>,
    /// The day on which the log expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    /// Whether that day has come.
    pub(crate) due: bool,
}

/// The answer of `new`.
#[derive(Debug, Serialize)]
pub(crate) struct New<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// The log.
    pub(crate) path: &'a str,
}

/// The answer of `refresh`.
#[derive(Debug, Serialize)]
pub(crate) struct Refresh<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// Whether the changes are written.
    pub(crate) written: bool,
    /// Each log.
    pub(crate) logs: Vec<RefreshedLog<'a>>,
}

/// What `refresh` changes in one log.
#[derive(Debug, Serialize)]
pub(crate) struct RefreshedLog<'a> {
    /// The log.
    pub(crate) path: &'a str,
    /// The changes, as sentences.
    pub(crate) changes: &'a [String],
}

/// The answer of `archive`.
#[derive(Debug, Serialize)]
pub(crate) struct Archive<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// The log.
    pub(crate) path: &'a str,
    /// How many entries were moved.
    pub(crate) moved: usize,
    /// Where they are now; none where nothing was to be moved.
    #[serde(rename = "archive", skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<&'a str>,
}

/// The answer of `init`.
#[derive(Debug, Serialize)]
pub(crate) struct Init<'a> {
    /// The schema's name.
    pub(crate) schema: &'static str,
    /// The section of ops.toml.
    pub(crate) section: &'a str,
}
