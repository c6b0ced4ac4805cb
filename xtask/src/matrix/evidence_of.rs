//! The runs that speak for an item: those of the steps that name it, and what a person kept under its name.

use std::fs;
use std::path::{Path, PathBuf};

use evidence::{Bundle, Digest, FileEntry, Run};
use opsfile::{Item, Ops};

use super::judge::{Evidence, Says};
use crate::pipeline::history::is_bundle_of;

/// Bundles of one pipeline that are looked at, newest first, until one speaks for the item and the next ones tell
/// whether it contradicts an earlier success.
const LOOKED_AT: usize = 50;

/// Whose runs speak: the bundles of this name in this folder, those with this label, of this command.
struct Source<'a> {
    name: &'a str,
    folder: PathBuf,
    label: Option<&'a str>,
    command: Option<&'a [String]>,
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
            label: Some(step.id.as_str()),
            command: Some(step.run.as_slice()),
        })
    });
    let areas = ops.pipelines.iter().filter_map(|pipeline| pipeline.area.as_ref());
    let mut folders: Vec<PathBuf> = areas.map(|area| root.join(area)).collect();
    folders.push(root.clone());
    folders.sort();
    folders.dedup();
    let by_hand = folders.into_iter().map(|folder| Source {
        name: &item.id,
        folder,
        label: None,
        command: None,
    });
    steps.chain(by_hand).flat_map(|source| of_source(&source, ops)).collect()
}

fn of_source(source: &Source<'_>, ops: &Ops) -> Vec<Evidence> {
    let Ok(listing) = fs::read_dir(&source.folder) else { return Vec::new() };
    let mut names: Vec<String> = listing
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| is_bundle_of(source.name, name))
        .collect();
    names.sort();
    let mut found = Vec::new();
    for name in names.iter().rev().take(LOOKED_AT) {
        let Ok(bundle) = Bundle::open(&source.folder.join(name)) else { continue };
        let runs = bundle.runs();
        let wanted = |run: &&Run<'_>| source.label.is_none_or(|label| run.begin.label == label);
        if let Some(run) = runs.iter().rev().find(wanted) {
            let evidence = of_run(*run, &bundle, source, ops);
            let is_success = evidence.says == Says::Yes;
            found.push(evidence);
            if is_success {
                break;
            }
        }
    }
    found
}

fn of_run(run: Run<'_>, bundle: &Bundle, source: &Source<'_>, ops: &Ops) -> Evidence {
    let shown = ops.relative(bundle.folder());
    let output = main_output(run.files());
    let begun = bundle.records().iter().find(
        |record| matches!(&record.body, evidence::Body::Begin(begin) if begin.run == run.number()),
    );
    let command: Vec<String> =
        run.begin.command.iter().map(|word| word.lossy().into_owned()).collect();
    Evidence {
        path: output.map_or_else(|| shown.clone(), |file| format!("{shown}/{}", file.path)),
        sha256: output.map(|file| file.sha256.hex()),
        at: begun.map(|record| record.time).unwrap_or_default(),
        says: says(run, bundle),
        is_of_another_command: source.command.is_some_and(|declared| *declared != command),
    }
}

fn says(run: Run<'_>, bundle: &Bundle) -> Says {
    if let Some(problem) = bundle.problems().first() {
        return Says::Altered(problem.message.clone());
    }
    if let Some(file) = run.files().iter().find(|file| !holds(bundle.folder(), file)) {
        return Says::Altered(format!("{} is not what was recorded", file.path));
    }
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

fn holds(folder: &Path, file: &FileEntry) -> bool {
    let hash = fs::File::open(folder.join(&file.path))
        .and_then(|open| Digest::of_reader(open, &mut vec![0; 64 * 1024]));
    hash.is_ok_and(|(digest, _)| digest == file.sha256)
}

/// What the command printed: its standard output or terminal, and its errors where that is empty.
fn main_output(files: &[FileEntry]) -> Option<&FileEntry> {
    let of = |role: &str| files.iter().find(|file| file.role == role);
    let printed = |file: &&FileEntry| file.bytes > 0;
    let out = of("stdout").or_else(|| of("tty"));
    out.filter(printed).or_else(|| of("stderr").filter(printed)).or(out)
}
