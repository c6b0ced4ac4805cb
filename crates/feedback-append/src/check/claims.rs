//! The rules of claims: `no-evidence claim-contradicted`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use evidence::{Bundle, MANIFEST, RECORDS, Run};
use report::{Finding, Level};

use crate::citation::Citation;
use crate::cite;
use crate::claim::{self, Standing};
use crate::entry::Entry;
use crate::field::{self, Topic};
use crate::log::Log;
use crate::resolve::{Class, Resolver};

/// Bundles that logs cite, each read once.
#[derive(Default)]
pub(super) struct Bundles {
    read: Mutex<HashMap<PathBuf, Option<Arc<Bundle>>>>,
}

impl Bundles {
    fn of(&self, folder: &Path) -> Option<Arc<Bundle>> {
        let mut read = self.read.lock().ok()?;
        let known = read.entry(folder.to_path_buf());
        let open = || folder.join(RECORDS).is_file().then(|| Bundle::open(folder).ok()).flatten();
        known.or_insert_with(|| open().map(Arc::new)).clone()
    }
}

/// Applies the rules to one log.
pub(super) fn check(log: &Log, resolver: &Resolver<'_>, bundles: &Bundles) -> Vec<Finding> {
    let mut findings = Vec::new();
    for range in &log.citations.prose {
        let message = "not-a-path: the evidence is prose, with nothing to follow";
        findings.push(log.finding("no-evidence", Level::Warning, range.start, message));
    }
    for entry in &log.entries.entries {
        let claim = claim_of(log, entry);
        uncited(log, entry, claim.as_ref(), resolver, &mut findings);
        contradicted(log, entry, claim.as_ref(), resolver, bundles, &mut findings);
    }
    findings
}

/// What an entry claims, with the place of the claim.
struct Claim {
    offset: usize,
    words: String,
}

/// The status decides where it says that the work fell short; else the title and the text may claim.
fn claim_of(log: &Log, entry: &Entry) -> Option<Claim> {
    let mut standing = Standing::Neither;
    let start = entry.heading.end;
    let prose = || claim::prose(&log.text[start..entry.range.end]);
    for (offset, line) in prose().map(|(at, line)| (start + at, line)) {
        let Some(field) = field::read(line).filter(|field| field.topic == Topic::Status) else {
            continue;
        };
        let status = &line[field.value.clone()];
        standing = claim::standing(status);
        if standing == Standing::Success {
            let words = format!("the status says \"{}\"", shortened(status));
            return Some(Claim { offset: offset + field.value.start, words });
        }
        break;
    }
    if let Some(found) = claim::success_in_title(&entry.title) {
        let words = format!("the title says \"{}\"", &entry.title[found]);
        return Some(Claim { offset: entry.heading.start, words });
    }
    if standing == Standing::Short {
        return None;
    }
    for (offset, line) in prose().map(|(at, line)| (start + at, line)) {
        let is_next = field::read(line)
            .is_some_and(|field| matches!(field.topic, Topic::Next | Topic::Blocked));
        let found = if is_next { None } else { claim::success(line) };
        if let Some(found) = found {
            let words = format!("the text says \"{}\"", &line[found.clone()]);
            return Some(Claim { offset: offset + found.start, words });
        }
    }
    None
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn uncited(
    log: &Log,
    entry: &Entry,
    claim: Option<&Claim>,
    resolver: &Resolver<'_>,
    findings: &mut Vec<Finding>,
) {
    let folder = log.path.parent().unwrap_or(&log.path);
    let cited = log.citations_of(entry);
    let can_be_followed = cited.iter().any(|citation| {
        let class = resolver.resolve(folder, citation).class;
        citation.is_evidence
            && matches!(class, Class::Ok | Class::Changed | Class::Gitignored | Class::Untracked)
    });
    if can_be_followed {
        return;
    }
    let has_evidence = cited.iter().any(|citation| citation.is_evidence);
    match claim {
        Some(claim) if !has_evidence => {
            let message = format!("{}, and the entry cites no evidence", claim.words);
            findings.push(log.finding("no-evidence", Level::Warning, claim.offset, message));
        }
        None if cited.is_empty() => {
            let message = "the entry cites nothing";
            findings.push(log.finding("no-evidence", Level::Note, entry.heading.start, message));
        }
        _ => {}
    }
}

fn contradicted(
    log: &Log,
    entry: &Entry,
    claim: Option<&Claim>,
    resolver: &Resolver<'_>,
    bundles: &Bundles,
    findings: &mut Vec<Finding>,
) {
    let folder = log.path.parent().unwrap_or(&log.path);
    for citation in log.citations_of(entry) {
        let found = resolver.resolve(folder, citation);
        let recorded = found.path.and_then(|path| recorded(path, found.is_folder, bundles));
        let wrong = match (&recorded, claim) {
            (Some(Recorded { exit: Some(exit), .. }), _)
                if citation.exit.is_some_and(|said| said != *exit) =>
            {
                Some(format!("the entry gives another exit code than the record, which has {exit}"))
            }
            (Some(Recorded { short: Some(short), .. }), Some(claim)) => {
                Some(format!("{}, and the record says: {short}", claim.words))
            }
            (None, Some(claim)) => said_failure(citation)
                .map(|exit| format!("{}, and cites an exit code of {exit}", claim.words)),
            _ => None,
        };
        if let Some(message) = wrong {
            let finding =
                log.finding("claim-contradicted", Level::Error, citation.range.start, message);
            findings.push(finding.key(citation.path.clone()));
        }
    }
}

fn said_failure(citation: &Citation) -> Option<u8> {
    citation.exit.filter(|exit| *exit != 0)
}

/// What a bundle's records say of a cited path.
struct Recorded {
    exit: Option<u8>,
    short: Option<String>,
}

fn recorded(path: &Path, is_folder: bool, bundles: &Bundles) -> Option<Recorded> {
    if is_folder {
        let bundle = bundles.of(path)?;
        return Some(Recorded { exit: None, short: short_of(&bundle) });
    }
    let bundle = bundles.of(path.parent()?)?;
    let name = path.file_name()?.to_str()?;
    // They speak of every run.
    if [RECORDS, MANIFEST].contains(&name) {
        return Some(Recorded { exit: None, short: short_of(&bundle) });
    }
    let runs = bundle.runs();
    let at = runs.iter().position(|run| run.files().iter().any(|file| file.path == name))?;
    let run = runs[at];
    let made_good = runs[at..].iter().any(|later| cite::makes_good(*later, run));
    let short = if made_good { None } else { short(&[run]) };
    Some(Recorded { exit: run.exit_code(), short })
}

/// Why a whole bundle proves no success, if it does not.
fn short_of(bundle: &Bundle) -> Option<String> {
    let is_empty = cite::proves_nothing(bundle);
    if is_empty { Some(cite::NO_RUN.to_owned()) } else { short(&bundle.runs()) }
}

/// The first run that proves no success and was not made good by the same command later.
fn short(runs: &[Run<'_>]) -> Option<String> {
    let failed = |(at, run): &(usize, &Run<'_>)| {
        !run.is_proof_of_success()
            && !runs[at + 1..].iter().any(|later| cite::makes_good(*later, **run))
    };
    runs.iter().enumerate().find(failed).map(|(_, run)| {
        let outcome = run.outcome().map_or("no end recorded".to_owned(), ToString::to_string);
        let suspect: Vec<_> = run.suspect().iter().map(|suspect| suspect.word()).collect();
        let suspect = if suspect.is_empty() {
            String::new()
        } else {
            format!(", suspect: {}", suspect.join(" "))
        };
        format!("`{}` ({outcome}{suspect})", run.begin.label)
    })
}
