//! The rule `rewritten`: no entry that git has seen may vanish or change, but for the archive.

use std::collections::HashSet;
use std::path::PathBuf;

use report::{Finding, Level};

use crate::citation::Roots;
use crate::entry::Entry;
use crate::error::Error;
use crate::git::Git;
use crate::log::Log;
use crate::repo::Repo;

/// A log and what a commit has of it.
pub(super) type Committed<'a> = (&'a Log, Option<Vec<u8>>);

/// What a commit has of each log; none where it does not have it.
pub(super) fn committed<'a>(
    git: Option<&Git>,
    logs: &'a [Log],
    commit: &str,
    is_asked_for: bool,
) -> Result<Vec<Committed<'a>>, Error> {
    let Some(git) = git else {
        return if is_asked_for {
            Err(Error::Option { option: "--since", why: "needs a git work tree".to_owned() })
        } else {
            Ok(Vec::new())
        };
    };
    if is_asked_for && !git.has_commit(commit) {
        return Err(Error::Option {
            option: "--since",
            why: "names no commit of this repo".to_owned(),
        });
    }
    let paths: Vec<String> = logs.iter().map(|log| log.shown.clone()).collect();
    Ok(logs.iter().zip(git.contents(commit, &paths)?).collect())
}

/// Compares every log with what a commit has of it.
pub(super) fn check(repo: &Repo, committed: &[Committed<'_>]) -> Vec<Finding> {
    let known = committed.iter().filter_map(|(log, bytes)| Some((log, bytes.as_ref()?)));
    known.flat_map(|(log, bytes)| compare(repo, log, bytes)).collect()
}

fn compare(repo: &Repo, log: &Log, committed: &[u8]) -> Vec<Finding> {
    if log.text.as_bytes() == committed {
        return Vec::new();
    }
    let before = Log::read(&log.path, &log.shown, committed, &Roots::default());
    let now: HashSet<String> =
        log.entries.entries.iter().map(|entry| log.own_text_of(entry)).collect();
    let is_lost = |entry: &&Entry| !now.contains(&before.own_text_of(entry));
    let lost: Vec<_> = before.entries.entries.iter().filter(is_lost).collect();
    if lost.is_empty() {
        return Vec::new();
    }
    let archives = archives(repo, log);
    let is_archived = |text: &str| archives.iter().any(|archive| archive.contains(text));
    let mut findings = Vec::new();
    for entry in lost.into_iter().filter(|entry| !is_archived(before.text_of(entry))) {
        let heading = &before.text[entry.heading.clone()];
        let here =
            log.entries.entries.iter().find(|other| log.text[other.heading.clone()] == *heading);
        let finding = if let Some(here) = here {
            let message = "the entry is not as it was committed";
            log.finding("rewritten", Level::Error, here.heading.start, message)
        } else {
            let line = before.line(entry.heading.start);
            let message = format!("an entry of the last commit (line {line} there) is gone");
            log.finding("rewritten", Level::Error, 0, message)
        };
        findings.push(finding.hint("restore it, and append the correction as an entry of its own"));
    }
    findings
}

/// The archived parts of a log: `archive/NAME-*.md` beside it.
fn archives(repo: &Repo, log: &Log) -> Vec<String> {
    let folder = log.path.parent().unwrap_or(&repo.folder).join("archive");
    let stem =
        log.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_part = |path: &PathBuf| {
        let name =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.strip_prefix(stem.as_str()).is_some_and(|rest| rest.starts_with(['-', '.']))
            && path.extension().is_some_and(|extension| extension == "md")
    };
    let paths = entries.map(|entry| entry.path()).filter(is_part);
    paths
        .filter_map(|path| std::fs::read(path).ok())
        .map(|bytes| crate::text::readable(&bytes).into_owned())
        .collect()
}
