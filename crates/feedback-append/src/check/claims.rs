//! The rules of claims: `no-evidence claim-contradicted`.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use evidence::{Bundle, MANIFEST, RECORDS, Run};
use report::{Finding, Level};

use crate::citation::Citation;
use crate::cite;
use crate::claim::{self, Standing};
use crate::entry::Entry;
use crate::field::{self, Topic};
use crate::log::Log;
use crate::resolve::{Class, Resolver};

/// Bundles that logs cite, each read and verified once.
#[derive(Default)]
pub(crate) struct Bundles {
    read: Mutex<HashMap<PathBuf, Option<Arc<Known>>>>,
}

/// A bundle, and what of it is not as it was recorded.
struct Known {
    bundle: Bundle,
    fault: OnceLock<Option<String>>,
}

impl Known {
    fn fault(&self) -> Option<&str> {
        let find = || match cite::fault(self.bundle.folder()) {
            Ok(fault) => fault,
            Err(error) => Some(report::describe(&error)),
        };
        self.fault.get_or_init(find).as_deref()
    }
}

impl Bundles {
    fn of(&self, folder: &Path) -> Option<Arc<Known>> {
        let mut read = self.read.lock().ok()?;
        let known = read.entry(folder.to_path_buf());
        let open = || {
            let bundle = folder.join(RECORDS).is_file().then(|| Bundle::open(folder).ok())??;
            Some(Arc::new(Known { bundle, fault: OnceLock::new() }))
        };
        known.or_insert_with(open).clone()
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
        let claims = claims_of(log, entry);
        uncited(log, entry, claims.first(), resolver, &mut findings);
        contradicted(log, entry, &claims, resolver, bundles, &mut findings);
    }
    findings
}

/// Where a log claims what its citations contradict.
pub(crate) fn contradictions(
    log: &Log,
    resolver: &Resolver<'_>,
    bundles: &Bundles,
) -> Vec<Finding> {
    let mut findings = check(log, resolver, bundles);
    findings.retain(|finding| finding.rule == "claim-contradicted");
    findings
}

/// What an entry claims, with the place of the claim.
struct Claim {
    offset: usize,
    words: String,
    /// What it is about, where it stands below a heading of its own within the entry.
    section: Option<Range<usize>>,
}

impl Claim {
    fn is_about(&self, offset: usize) -> bool {
        self.section.as_ref().is_none_or(|section| section.contains(&offset))
    }
}

/// The statuses decide; where none says success, the title may claim it, and where none says that the work fell short,
/// the text.
fn claims_of(log: &Log, entry: &Entry) -> Vec<Claim> {
    let start = entry.heading.end;
    let text = &log.text[start..entry.range.end];
    let mut standing = Standing::Neither;
    let mut claims = Vec::new();
    let statuses: Vec<_> = claim::statuses(text).map(|(at, status)| (start + at, status)).collect();
    for (offset, status) in &statuses {
        match claim::standing(status) {
            Standing::Success => {
                let words = format!("the status says \"{}\"", shortened(status));
                let section = section_of(log, entry, *offset, &statuses);
                claims.push(Claim { offset: *offset, words, section });
            }
            Standing::Short => standing = Standing::Short,
            Standing::Neither => {}
        }
    }
    if !claims.is_empty() {
        return claims;
    }
    if let Some(found) = claim::of_title(&entry.title, standing) {
        let words = format!("the title says \"{}\"", &entry.title[found]);
        return vec![Claim { offset: entry.heading.start, words, section: None }];
    }
    if standing == Standing::Short {
        return claims;
    }
    for (offset, line) in claim::prose(text).map(|(at, line)| (start + at, line)) {
        let is_next = field::read(line)
            .is_some_and(|field| matches!(field.topic, Topic::Next | Topic::Blocked));
        let found = if is_next { None } else { claim::success(line) };
        if let Some(found) = found {
            let words = format!("the text says \"{}\"", &line[found.clone()]);
            return vec![Claim { offset: offset + found.start, words, section: None }];
        }
    }
    claims
}

/// The part of an entry that a status is about, where others have parts of their own; none where it is about all of it.
fn section_of(
    log: &Log,
    entry: &Entry,
    status: usize,
    statuses: &[(usize, &str)],
) -> Option<Range<usize>> {
    let headings = log.entries.blocks.headings.iter().map(|heading| heading.range.start);
    let mut starts: Vec<usize> =
        headings.filter(|start| entry.heading.end <= *start && *start < entry.range.end).collect();
    starts.push(entry.range.end);
    let part = |at: usize| starts.partition_point(|start| *start <= at);
    let mine = part(status);
    let is_elsewhere = |(at, _): &(usize, &str)| ![0, mine].contains(&part(*at));
    (mine > 0 && statuses.iter().any(is_elsewhere)).then(|| starts[mine - 1]..starts[mine])
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
    claims: &[Claim],
    resolver: &Resolver<'_>,
    bundles: &Bundles,
    findings: &mut Vec<Finding>,
) {
    let folder = log.path.parent().unwrap_or(&log.path);
    for citation in log.citations_of(entry) {
        let found = resolver.resolve(folder, citation);
        let recorded = found.path.and_then(|path| recorded(path, found.is_folder, bundles));
        let claim = claims.iter().find(|claim| claim.is_about(citation.range.start));
        // What the records say counts where they are what was recorded.
        let fault = recorded.as_ref().and_then(|recorded| recorded.bundle.fault());
        if let Some(fault) = fault.filter(|_| claim.is_some() || citation.hash.is_some()) {
            let message = format!("changed: the bundle is not what was recorded: {fault}");
            let finding =
                log.finding("citation-changed", Level::Error, citation.range.start, message);
            let hint = "`evidence-log verify` says where; run it again and cite that".to_owned();
            findings.push(finding.key(citation.path.clone()).hint(hint));
        }
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
    bundle: Arc<Known>,
    exit: Option<u8>,
    short: Option<String>,
}

fn recorded(path: &Path, is_folder: bool, bundles: &Bundles) -> Option<Recorded> {
    if is_folder {
        let bundle = bundles.of(path)?;
        let short = short_of(&bundle.bundle);
        return Some(Recorded { bundle, exit: None, short });
    }
    let bundle = bundles.of(path.parent()?)?;
    let name = path.file_name()?.to_str()?;
    // They speak of every run.
    if [RECORDS, MANIFEST].contains(&name) {
        let short = short_of(&bundle.bundle);
        return Some(Recorded { bundle, exit: None, short });
    }
    let runs = bundle.bundle.runs();
    let at = runs.iter().position(|run| run.files().iter().any(|file| file.path == name))?;
    let short = cite::short(&runs).find(|run| run.index == runs[at].index).map(told);
    let exit = runs[at].exit_code();
    Some(Recorded { bundle: Arc::clone(&bundle), exit, short })
}

/// Why a whole bundle proves no success, if it does not.
fn short_of(bundle: &Bundle) -> Option<String> {
    let is_empty = cite::proves_nothing(bundle);
    if is_empty {
        Some(cite::NO_RUN.to_owned())
    } else {
        cite::short(&bundle.runs()).next().map(told)
    }
}

/// A run that proves no success, in words.
fn told(run: Run<'_>) -> String {
    let outcome = run.outcome().map_or("no end recorded".to_owned(), ToString::to_string);
    format!("`{}` ({outcome}{})", run.begin.label, cite::suspicion(run))
}
