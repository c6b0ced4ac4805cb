//! Files that lie in a bundle's folder and that nobody recorded: another program put them there.

use std::collections::HashSet;

use crate::bundle::{self, Bundle};
use crate::chain::RECORDS;
use crate::error::Error;
use crate::listing;
use crate::manifest::{MANIFEST, SIGNATURE};
use crate::record::{Attach, Body, FileEntry, Record, UNRECORDED};
use crate::recover::is_torn;
use crate::seal::Hashes;

/// So many files go into one record, so that its line is never too long for names of usual length.
const A_RECORD: usize = 100;

/// The files in the folder that no record has the digest of, and no run without an end can have left; sorted.
pub fn unrecorded(bundle: &Bundle) -> Result<Vec<String>, Error> {
    Ok(among(&listing::files(bundle.folder())?, bundle.records(), &[]))
}

/// The records of files that nobody recorded, as they are when the bundle is sealed.
pub(crate) fn as_found(hashes: &Hashes, records: &[Record], more: &[Body]) -> Vec<Body> {
    let paths: Vec<String> = hashes.keys().cloned().collect();
    let unrecorded = among(&paths, records, more);
    let entry = |path: &String| {
        let &(sha256, bytes) = hashes.get(path)?;
        Some(FileEntry { path: path.clone(), role: UNRECORDED.into(), bytes, sha256 })
    };
    let entries: Vec<FileEntry> = unrecorded.iter().filter_map(entry).collect();
    entries.chunks(A_RECORD).map(|files| Body::Attach(Attach::of(files.to_vec()))).collect()
}

fn among(paths: &[String], records: &[Record], more: &[Body]) -> Vec<String> {
    let bodies = || records.iter().map(|record| &record.body).chain(more);
    let files = bodies().flat_map(Body::files).map(|file| file.path.as_str());
    let known: HashSet<&str> = files.chain([RECORDS, MANIFEST, SIGNATURE]).collect();
    let recovered = |run: u32| {
        bodies().any(|body| matches!(body, Body::Recovered(part) if part.run == Some(run)))
    };
    let open: Vec<String> = bundle::runs(records)
        .iter()
        .filter(|run| run.end.is_none() && !recovered(run.number()))
        .map(|run| format!("{:03}-", run.number()))
        .collect();
    let is_known = |path: &&String| {
        known.contains(path.as_str())
            || is_torn(path)
            || open.iter().any(|prefix| path.starts_with(prefix))
    };
    paths.iter().filter(|path| !is_known(path)).cloned().collect()
}
