//! The documented failures of a step, in this run and in those before it.

use std::fs;
use std::path::{Path, PathBuf};

use evidence::{Body, Bundle, time_in_name};

/// How many earlier bundles are looked at.
const LOOKED_AT: usize = 20;

/// How often a step failed since it last succeeded, and where, oldest first.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Failures {
    /// How many in all.
    pub(super) count: usize,
    /// The names of the earlier bundles' folders with one.
    pub(super) earlier: Vec<String>,
}

/// Counts the failures of step `id` in `bundle`, and in the pipeline's earlier bundles beside it.
pub(super) fn failures(bundle: &Path, pipeline: &str, id: &str) -> Failures {
    let mut failures = Failures::default();
    let (n, succeeded) = of_bundle(bundle, id);
    failures.count = n;
    if succeeded {
        return failures;
    }
    for folder in before(bundle, pipeline) {
        let (n, succeeded) = of_bundle(&folder, id);
        failures.count += n;
        if n > 0
            && let Some(name) = folder.file_name()
        {
            failures.earlier.insert(0, name.to_string_lossy().into_owned());
        }
        if succeeded {
            break;
        }
    }
    failures
}

/// The note that stands for a try which could not even be started.
pub(super) fn not_started(id: &str, why: &str) -> String {
    format!("step `{id}` was not started: {why}")
}

/// How often the step failed since its last success in this bundle, and whether it has one.
fn of_bundle(folder: &Path, id: &str) -> (usize, bool) {
    let Ok(bundle) = Bundle::open(folder) else { return (0, false) };
    let runs = bundle.runs().into_iter();
    let ended = runs.filter(|run| run.begin.label == id && run.end.is_some());
    let mut tries: Vec<(u64, bool)> = ended.map(|run| (run.index, run.succeeded())).collect();
    let note = not_started(id, "");
    tries.extend(bundle.records().iter().filter_map(|record| match &record.body {
        Body::Note(said) if said.text.starts_with(&note) => Some((record.index, false)),
        _ => None,
    }));
    tries.sort_unstable();
    let n = tries.iter().rev().take_while(|(_, succeeded)| !succeeded).count();
    (n, tries.iter().any(|(_, succeeded)| *succeeded))
}

/// The bundles of the same name beside this one that are older, newest first.
fn before(bundle: &Path, pipeline: &str) -> Vec<PathBuf> {
    let name = bundle.file_name().map(|name| name.to_string_lossy().into_owned());
    let (Some(own), Some(area)) = (name, bundle.parent()) else { return Vec::new() };
    let Ok(listing) = fs::read_dir(area) else { return Vec::new() };
    // A part of a workflow has a name that sorts elsewhere, so that the time in it decides.
    let opened = |name: &str| (time_in_name(name), name.to_owned());
    let mut names: Vec<String> = listing
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| opened(name) < opened(&own) && is_bundle_of(pipeline, name))
        .collect();
    names.sort_by_key(|name| opened(name));
    names.into_iter().rev().take(LOOKED_AT).map(|name| area.join(name)).collect()
}

/// The pipeline that a bundle of this name is of: an exported workflow keeps a part of one in `NAME-part-N`.
pub(crate) fn pipeline_of(name: &str) -> &str {
    match name.rsplit_once("-part-") {
        Some((pipeline, part)) if part.parse::<u32>().is_ok() => pipeline,
        _ => name,
    }
}

/// Whether a folder's name is that of a bundle of this pipeline: its name, and a time.
pub(crate) fn is_bundle_of(pipeline: &str, folder: &str) -> bool {
    let Some(rest) = folder.strip_prefix(pipeline).and_then(|rest| rest.strip_prefix('-')) else {
        return false;
    };
    let rest = rest.strip_prefix("part-").map_or(rest, |part| {
        part.split_once('-')
            .filter(|(part, _)| part.parse::<u32>().is_ok())
            .map_or(rest, |(_, rest)| rest)
    });
    rest.starts_with(|first: char| first.is_ascii_digit()) && time_in_name(folder).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_of_the_pipeline_that_it_is_named_for() {
        assert!(is_bundle_of("align", "align-20261122T170000Z"));
        assert!(is_bundle_of("align", "align-20261122T170000Z-2"));
        assert!(is_bundle_of("align", "align-part-2-20261122T170000Z"));
        assert!(!is_bundle_of("align", "align-part-two-20261122T170000Z"));
        assert_eq!(pipeline_of("align-part-2"), "align");
        assert_eq!(pipeline_of("counter-part-x"), "counter-part-x");
        assert!(!is_bundle_of("align", "align-all-20261122T170000Z"));
        assert!(!is_bundle_of("align", "align"));
        assert!(!is_bundle_of("align", "realign-20261122T170000Z"));
    }
}
