//! `list`: the bundles under the evidence root.

use std::path::{Path, PathBuf};

use evidence::{Bundle, MANIFEST, RECORDS};
use report::{Common, Exit, Format, Invocation, Streams};
use serde_json::{Value, json};

use crate::args;
use crate::count::counted;
use crate::error::{self, Error};
use crate::setting::Setting;
use crate::show::time;

/// Folders of areas below this depth are not looked into.
const DEEPEST: usize = 8;

/// Lists the bundles, newest last. A bundle that cannot be read is listed as such.
pub(crate) fn list(
    args: &args::List,
    common: &Common,
    invocation: &Invocation,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let setting = Setting::find(common, invocation)?;
    let mut bundles: Vec<(PathBuf, Result<Bundle, evidence::Error>)> = folders(&setting.root)
        .into_iter()
        .map(|folder| (folder.clone(), Bundle::open(&folder)))
        .collect();
    bundles.sort_by_cached_key(|(folder, bundle)| {
        (
            bundle
                .as_ref()
                .ok()
                .and_then(|bundle| bundle.records().first().map(|record| record.time)),
            folder.clone(),
        )
    });
    if args.answer.format == Format::Json {
        let bundles: Vec<Value> = bundles
            .iter()
            .map(|(folder, bundle)| as_json(&setting.shown(folder), bundle.as_ref().ok()))
            .collect();
        let answer = json!({ "schema": "evidence-log/list/1", "bundles": bundles });
        report::json(streams.stdout, &answer).map_err(error::answer)?;
        return Ok(Exit::OK);
    }
    for (folder, bundle) in &bundles {
        let line = line(&setting.shown(folder), bundle.as_ref().ok());
        writeln!(streams.stdout, "{line}").map_err(error::answer)?;
    }
    Ok(Exit::OK)
}

/// The folders that are bundles, or what is left of one.
pub(crate) fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(root, 0, &mut found);
    found
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if folder.join(RECORDS).symlink_metadata().is_ok() || folder.join(MANIFEST).is_file() {
        found.push(folder.to_path_buf());
        return;
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if depth < DEEPEST && !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), depth + 1, found);
        }
    }
}

fn state(bundle: &Bundle) -> &'static str {
    match (bundle.problems().is_empty(), bundle.is_sealed(), bundle.is_signed()) {
        (false, _, _) => "broken",
        (true, true, true) => "signed",
        (true, true, false) => "sealed",
        (true, false, _) => "open",
    }
}

fn line(shown: &str, bundle: Option<&Bundle>) -> String {
    let Some(bundle) = bundle else { return format!("{:20}  {:8}  {shown}", "", "unread") };
    let opened = bundle.records().first().map_or_else(String::new, |record| time(record.time));
    let runs = bundle.runs();
    let failed = runs.iter().filter(|run| !run.is_proof_of_success()).count();
    let failed = if failed == 0 { String::new() } else { format!(", {failed} failed or suspect") };
    format!("{opened:20}  {:8}  {shown} ({}{failed})", state(bundle), counted(&runs.len(), "run"))
}

fn as_json(shown: &str, bundle: Option<&Bundle>) -> Value {
    let Some(bundle) = bundle else { return json!({ "bundle": shown, "state": "unread" }) };
    let runs = bundle.runs();
    json!({
        "bundle": shown,
        "state": state(bundle),
        "opened": bundle.records().first().map(|record| time(record.time)),
        "runs": runs.len(),
        "not_proof": runs.iter().filter(|run| !run.is_proof_of_success()).count(),
        "manifest": bundle.manifest_hash().map(|digest| digest.to_string()),
    })
}
