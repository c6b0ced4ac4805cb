//! The rule `rewritten`: no entry that git has seen may vanish or change, but for the archive.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use report::{Finding, Level};
use secret::SecretSet;

use crate::archive;
use crate::entry::Entry;
use crate::front_matter;
use crate::git::History;
use crate::log::Log;
use crate::regular;
use crate::repo::Repo;
use crate::text;

use super::{documents, heads, redacted};

/// What the history of a log shows.
#[derive(Default)]
pub(super) struct Compared {
    /// Entries that are gone or differ, and whether there is more history than was read.
    pub(super) rewritten: Vec<Finding>,
    /// Entries with a time after that of the commit that added them.
    pub(super) ahead: Vec<Finding>,
}

/// Compares a log with every version that git has of it.
pub(super) fn compare(repo: &Repo, log: &Log, history: &History, now: DateTime<Utc>) -> Compared {
    let mut compared = Compared::default();
    let entries = &log.entries.entries;
    let mut added: Vec<Option<(DateTime<Utc>, &str)>> = vec![None; entries.len()];
    let known = OnceCell::new();
    let archives = OnceCell::new();
    let redacted = OnceCell::new();
    let mut told = HashSet::new();
    for version in &history.versions {
        let mut saw = |index: usize| {
            if let Some(at) = version.at
                && added[index].is_none_or(|(before, _)| at < before)
            {
                added[index] = Some((at, version.commit.as_str()));
            }
        };
        if let Some(end) = same_beginning(log, &version.bytes) {
            (0..entries.len()).filter(|index| entries[*index].heading.end <= end).for_each(saw);
            continue;
        }
        let before = Log::plain(&log.path, &log.shown, &version.bytes);
        let heading = |entry: &Entry| before.text[entry.heading.clone()].trim_end().to_owned();
        let headings: HashSet<String> = before.entries.entries.iter().map(heading).collect();
        for (index, entry) in entries.iter().enumerate() {
            if headings.contains(log.text[entry.heading.clone()].trim_end()) {
                saw(index);
            }
        }
        let known: &HashSet<String> =
            known.get_or_init(|| entries.iter().map(|entry| log.own_text_of(entry)).collect());
        for entry in &before.entries.entries {
            let is_archived = |text: &str| {
                let archives: &Vec<String> = archives.get_or_init(|| self::archives(log));
                archives.iter().any(|archive| archive.contains(text))
            };
            // What stands in the log under its old heading or id was not moved, whatever an archive has.
            let stands = || {
                let old = heading(entry);
                entries.iter().any(|other| {
                    log.text[other.heading.clone()].trim_end() == old
                        || (entry.id.is_some() && other.id == entry.id)
                })
            };
            if !known.contains(&before.own_text_of(entry))
                && !told.contains(&heading(entry))
                && (stands() || !is_archived(&before.text_of(entry).replace("\r\n", "\n")))
            {
                told.insert(heading(entry));
                let archives = archives.get_or_init(|| self::archives(log));
                let redacted: &Redacted =
                    redacted.get_or_init(|| Redacted::of(repo, log, archives));
                let is_redacted = redacted.has(&before.own_text_of(entry));
                let found = differs(log, &before, entry, &version.commit, is_redacted);
                compared.rewritten.push(found);
            }
        }
    }
    if history.is_cut {
        let message = "the history is longer than what was compared; older commits were not";
        compared.rewritten.push(log.finding("rewritten", Level::Note, 0, message));
    }
    for (entry, added) in entries.iter().zip(added) {
        compared.ahead.extend(heads::after_commit(log, entry, added, now));
    }
    compared
}

/// A log that git has and that is not there, unless all of its entries stand elsewhere.
pub(super) fn gone<'a>(
    path: &str,
    history: &History,
    elsewhere: impl FnOnce() -> &'a HashSet<String>,
) -> Option<Finding> {
    let newest = history.versions.first()?;
    let before = Log::plain(Path::new(path), path, &newest.bytes);
    let entries = &before.entries.entries;
    let n_entries = entries.len();
    let is_moved = n_entries > 0 && {
        let elsewhere = elsewhere();
        entries.iter().all(|entry| elsewhere.contains(&before.own_text_of(entry)))
    };
    if is_moved {
        return None;
    }
    let plural = if n_entries == 1 { "entry" } else { "entries" };
    let message =
        format!("the log is gone; commit {} has it, with {n_entries} {plural}", newest.commit);
    let hint = format!(
        "`git checkout {} -- {path}` restores it; entries move with `feedback-append archive`",
        newest.commit
    );
    Some(Finding::new("rewritten", Level::Error, message).path(path).hint(hint))
}

/// The entries of all logs, and of all other markdown below the folder of logs.
pub(super) fn texts_below(repo: &Repo, logs: &[Log]) -> HashSet<String> {
    let texts_of = |log: &Log| -> Vec<String> {
        log.entries.entries.iter().map(|entry| log.own_text_of(entry)).collect()
    };
    let mut texts: HashSet<String> = logs.iter().flat_map(texts_of).collect();
    let root = repo.ops.as_ref().map(|ops| ops.absolute(&ops.feedback.root));
    let paths = root.and_then(|root| documents::documents(&root).ok()).unwrap_or_default();
    for path in paths {
        let Ok(bytes) = regular::read(&path) else { continue };
        let log = Log::plain(&path, &repo.shown(&path), &bytes);
        texts.extend(texts_of(&log));
    }
    texts
}

/// Where the body of an older version ends in this log, if nothing but entries was added behind it.
fn same_beginning(log: &Log, before: &[u8]) -> Option<usize> {
    let head = text::readable(before);
    let start = front_matter::read(&head).map_or(0, |block| block.range.end);
    let body = head.get(start..)?.trim_end();
    let here = log.block.as_ref().map_or(0, |block| block.range.end);
    let rest = log.text[here..].strip_prefix(body)?;
    let end = here + body.len();
    let next = log.text.len() - rest.trim_start().len();
    let entries = &log.entries.entries;
    let is_clean = rest.trim().is_empty()
        || (rest.starts_with(['\n', '\r'])
            && entries.binary_search_by_key(&next, |entry| entry.range.start).is_ok());
    is_clean.then_some(end)
}

/// An entry that is gone, or is there and differs; `is_redacted` where only a credential was taken out of it.
fn differs(log: &Log, before: &Log, entry: &Entry, commit: &str, is_redacted: bool) -> Finding {
    let heading = &before.text[entry.heading.clone()];
    let here = log.entries.entries.iter().find(|other| log.text[other.heading.clone()] == *heading);
    let line = before.line(entry.heading.start);
    let message = match here {
        _ if is_redacted => format!(
            "a credential was taken out of the entry, which commit {commit} has (line {line})"
        ),
        Some(_) => format!("the entry is not as commit {commit} has it (line {line})"),
        None => format!("an entry of commit {commit} (line {line} there) is gone"),
    };
    let (level, hint) = if is_redacted {
        (Level::Note, "the history has it still; what was seen there is to be changed")
    } else {
        (Level::Error, "restore it, and append the correction as an entry of its own")
    };
    let offset = here.map_or(0, |here| here.heading.start);
    log.finding("rewritten", level, offset, message).hint(hint)
}

/// The entries from which something was taken out.
struct Redacted {
    texts: Vec<String>,
    secrets: Option<SecretSet>,
}

impl Redacted {
    fn of(repo: &Repo, log: &Log, archives: &[String]) -> Self {
        let marked = archives.iter().filter(|archive| redacted::is_marked(archive));
        let moved: Vec<Log> =
            marked.map(|text| Log::plain(&log.path, &log.shown, text.as_bytes())).collect();
        let mut texts = Vec::new();
        for log in moved.iter().chain([log]) {
            texts.extend(log.entries.entries.iter().map(|entry| log.own_text_of(entry)));
        }
        texts.retain(|text| redacted::is_marked(text));
        let secrets = if texts.is_empty() { None } else { repo.secrets().ok() };
        Self { texts, secrets: secrets.and_then(|secrets| secrets.set) }
    }

    /// Whether one of them is this text but for what was taken out.
    fn has(&self, old: &str) -> bool {
        let secrets = self.secrets.as_ref();
        self.texts.iter().any(|new| redacted::is_same_but_redacted(old, new, secrets))
    }
}

/// The archived parts of a log, with the line ends that entries are compared with.
fn archives(log: &Log) -> Vec<String> {
    archive::of(&log.path)
        .iter()
        .filter_map(|path| regular::read(path).ok())
        .map(|bytes| text::readable(&bytes).replace("\r\n", "\n"))
        .collect()
}
