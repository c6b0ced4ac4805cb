//! `--since`: of all findings, those in what a commit does not have yet.

use std::collections::{HashMap, HashSet};

use report::{Finding, Level};

use crate::entry::Entry;
use crate::log::Log;
use crate::text;

use super::front;

/// Keeps the findings in entries and front matter that the commit does not have.
///
/// What git does not know matters here: whoever gets the commit does not get the file.
pub(super) fn retain<'a>(
    committed: impl Iterator<Item = (&'a Log, &'a Option<Vec<u8>>)>,
    findings: &mut Vec<Finding>,
) {
    for (log, bytes) in committed {
        let Some(bytes) = bytes else { continue };
        let before = Log::plain(&log.path, &log.shown, bytes);
        let fresh = fresh_lines(log, &before);
        // The line of the hash stays as it was where only the body was changed.
        let was_true = front::is_hash_true(&before);
        findings.retain(|finding| {
            let line = finding.subject.line.unwrap_or(1);
            finding.subject.path.as_deref() != Some(&log.shown)
                || (finding.rule == "doc-hash" && was_true)
                || fresh.iter().any(|(start, end)| (*start..*end).contains(&line))
        });
    }
    for finding in findings {
        if finding.rule == "citation-ignored" && finding.level == Level::Note {
            finding.level = Level::Warning;
        }
    }
}

/// Keeps of what is wrong in archives the credentials in those that the commit does not have as they are: that an entry
/// was moved makes no other fault of it new.
pub(super) fn retain_archived<'a>(
    committed: impl Iterator<Item = (&'a Log, &'a Option<Vec<u8>>)>,
    findings: &mut Vec<Finding>,
) {
    for (log, bytes) in committed {
        let is_known = bytes.as_ref().is_some_and(|bytes| text::readable(bytes) == log.text);
        findings.retain(|finding| {
            finding.subject.path.as_deref() != Some(&log.shown)
                || (finding.rule == "leaked-credential" && !is_known)
        });
    }
}

/// The lines of the entries that are new, and those of the front matter where it differs.
fn fresh_lines(log: &Log, before: &Log) -> Vec<(u32, u32)> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for entry in &before.entries.entries {
        *known.entry(before.own_text_of(entry)).or_default() += 1;
    }
    // What stands there once more than before is new as well.
    let mut is_fresh = |entry: &Entry| match known.get_mut(&log.own_text_of(entry)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    let mut fresh: Vec<(u32, u32)> = log
        .entries
        .entries
        .iter()
        .filter(|entry| is_fresh(entry))
        .map(|entry| (log.line(entry.range.start), log.line(entry.range.end.saturating_sub(1)) + 1))
        .collect();
    // What stands outside of all entries counts where the commit does not have it.
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let known: HashSet<String> = between(before).into_iter().map(|(_, text)| plain(text)).collect();
    for (at, text) in between(log).into_iter().filter(|(_, text)| !known.contains(&plain(text))) {
        fresh.push((log.line(at), log.line(at + text.len().saturating_sub(1)) + 1));
    }
    let head = |log: &Log| {
        log.block
            .as_ref()
            .map_or(String::new(), |block| log.text[block.range.clone()].replace("\r\n", "\n"))
    };
    if head(log) != head(before) || log.block.is_none() {
        let end = log.block.as_ref().map_or(0, |block| block.range.end);
        fresh.push((1, log.line(end) + 1));
    }
    fresh
}

/// The texts outside of front matter and entries, with their offsets.
fn between(log: &Log) -> Vec<(usize, &str)> {
    let mut at = log.block.as_ref().map_or(0, |block| block.range.end);
    let mut found = Vec::new();
    for entry in &log.entries.entries {
        found.push((at, &log.text[at..entry.range.start.max(at)]));
        at = entry.range.end;
    }
    found.push((at, &log.text[at..]));
    found.retain(|(_, text)| !text.trim().is_empty());
    found
}
