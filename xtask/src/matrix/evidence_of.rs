//! The runs that speak for an item: those of the steps that name it, and what a person kept under its name.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use evidence::{Body, Bundle, Run, time_in_name};
use opsfile::{Item, Ops, Step};

use super::judge::{Evidence, Says};
use crate::pipeline::declared;
use crate::pipeline::history::is_bundle_of;
use crate::pipeline::resume::{NotHeld, verified};

/// Bundles of one pipeline that are looked at, the newest ones.
const LOOKED_AT: usize = 50;

/// Whose runs speak: the bundles of this name in this folder; those of a step, or all of them.
struct Source<'a> {
    name: &'a str,
    folder: PathBuf,
    step: Option<&'a Step>,
}

/// A run that may speak, by its bundle and number; none where the records do not tell whether there is one.
struct Candidate {
    folder: PathBuf,
    at: DateTime<Utc>,
    run: Option<(Bundle, u32)>,
}

/// Every run that speaks for the item, from the newest bundles of each pipeline that names it.
pub(super) fn item(item: &Item, ops: &Ops) -> Vec<Evidence> {
    let root = ops.absolute(&ops.evidence.root);
    let steps = ops.pipelines.iter().flat_map(|pipeline| {
        let folder = pipeline.area.as_ref().map_or_else(|| root.clone(), |area| root.join(area));
        let named = pipeline.step.iter().filter(|step| step.item.as_ref() == Some(&item.id));
        named.map(move |step| Source {
            name: &pipeline.name,
            folder: folder.clone(),
            step: Some(step),
        })
    });
    let areas = ops.pipelines.iter().filter_map(|pipeline| pipeline.area.as_ref());
    let mut folders: Vec<PathBuf> = areas.map(|area| root.join(area)).collect();
    folders.push(root.clone());
    folders.sort();
    folders.dedup();
    // What a person keeps is named for the item; the bundles of a pipeline of that name speak by its steps alone.
    let is_pipeline = ops.pipelines.iter().any(|pipeline| pipeline.name == item.id);
    folders.retain(|_| !is_pipeline);
    let by_hand = folders.into_iter().map(|folder| Source { name: &item.id, folder, step: None });
    steps.chain(by_hand).flat_map(|source| of_source(&source, ops)).collect()
}

/// What the newest run says, and those before it until one says that it succeeded.
fn of_source(source: &Source<'_>, ops: &Ops) -> Vec<Evidence> {
    let Ok(listing) = fs::read_dir(&source.folder) else { return Vec::new() };
    let mut names: Vec<String> = listing
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| is_bundle_of(source.name, name))
        .collect();
    names.sort_by_key(|name| (time_in_name(name), name.clone()));
    let newest = names.iter().rev().take(LOOKED_AT);
    let mut candidates: Vec<Candidate> =
        newest.filter_map(|name| candidate(&source.folder.join(name), name, source)).collect();
    // A bundle that was opened earlier may have the later run.
    candidates.sort_by_key(|candidate| candidate.at);
    let mut found = Vec::new();
    for candidate in candidates.iter().rev() {
        let Some(evidence) = of_candidate(candidate, source, ops) else { continue };
        let is_success = evidence.says == Says::Yes;
        found.push(evidence);
        if is_success {
            break;
        }
    }
    found
}

fn candidate(folder: &Path, name: &str, source: &Source<'_>) -> Option<Candidate> {
    let unclear = || {
        // As late as its name allows, so that it does not hide behind another of the same second.
        let at = time_in_name(name).unwrap_or_default() + TimeDelta::milliseconds(999);
        Some(Candidate { folder: folder.to_path_buf(), at, run: None })
    };
    let Ok(bundle) = Bundle::open(folder) else { return unclear() };
    let wanted = |run: &Run<'_>| source.step.is_none_or(|step| run.begin.label == step.id);
    let Some(run) = bundle.runs().into_iter().rev().find(wanted).map(|run| run.number()) else {
        return if bundle.problems().is_empty() { None } else { unclear() };
    };
    let begun = |body: &Body| matches!(body, Body::Begin(begin) if begin.run == run);
    let at = bundle.records().iter().find(|record| begun(&record.body))?.time;
    Some(Candidate { folder: folder.to_path_buf(), at, run: Some((bundle, run)) })
}

/// What a candidate says; none where it turns out that there is no run in a bundle that holds.
fn of_candidate(candidate: &Candidate, source: &Source<'_>, ops: &Ops) -> Option<Evidence> {
    let shown = ops.relative(&candidate.folder);
    let run = candidate
        .run
        .as_ref()
        .and_then(|(bundle, number)| bundle.runs().into_iter().find(|run| run.number() == *number));
    let output = run.and_then(|run| run.main_output());
    let has_changed = run.zip(source.step).is_some_and(|(run, step)| {
        !declared::is_command(run.begin, &step.run)
            || !declared::is_expectation(run.begin, &step.expect)
    });
    // A run says nothing where its bundle does not hold as a whole: records, files, seal and signature.
    let says = match verified(&candidate.folder, ops) {
        Ok(_) => says(run?),
        Err(NotHeld::Altered(why) | NotHeld::Unreadable(why)) => Says::Altered(why),
    };
    Some(Evidence {
        path: output.map_or_else(|| shown.clone(), |file| format!("{shown}/{}", file.path)),
        sha256: output.map(|file| file.sha256.hex()),
        at: candidate.at,
        says,
        has_changed,
    })
}

fn says(run: Run<'_>) -> Says {
    let Some(outcome) = run.outcome() else {
        return Says::Nothing("no end is recorded".to_owned());
    };
    if !run.succeeded() {
        return Says::No(outcome.to_string());
    }
    match run.suspect().first() {
        Some(suspect) => Says::Nothing(format!("suspect: {}", suspect.word())),
        None => Says::Yes,
    }
}
