//! The part of the rule `heading` that an entry's id is its alone, in a log and in what was archived from it.

use std::collections::HashMap;

use report::{Finding, Level};

use crate::archive;
use crate::log::Log;
use crate::regular;
use crate::repo::Repo;

/// Applies the rule to one log.
pub(super) fn check(repo: &Repo, log: &Log) -> Vec<Finding> {
    if log.entries.entries.iter().all(|entry| entry.id.is_none()) {
        return Vec::new();
    }
    let mut places: HashMap<String, String> = archived(repo, log);
    let mut findings = Vec::new();
    for entry in &log.entries.entries {
        let Some(id) = &entry.id else { continue };
        let line = format!("line {}", log.line(entry.heading.start));
        if let Some(place) = places.get(id) {
            let message = format!("the entry has the id of another one ({place})");
            let finding = log.finding("heading", Level::Warning, entry.heading.start, message);
            findings.push(finding.hint(
                "an id is one entry's: take out what stands there twice, and give another entry another id",
            ));
        } else {
            places.insert(id.clone(), line);
        }
    }
    findings
}

/// The ids in the archives of a log, with where they stand.
fn archived(repo: &Repo, log: &Log) -> HashMap<String, String> {
    let mut places = HashMap::new();
    for path in archive::of(&log.path) {
        let Ok(bytes) = regular::read(&path) else { continue };
        let archive = Log::plain(&path, &repo.shown(&path), &bytes);
        for entry in &archive.entries.entries {
            let place = format!("{}:{}", archive.shown, archive.line(entry.heading.start));
            places.extend(entry.id.clone().map(|id| (id, place)));
        }
    }
    places
}
