//! The names that bundles were given in this second, and may not be given again.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::{LOG, OriginEntry, origins};
use crate::listing;

/// So much of each log's end is read at first: the lines of a dozen bundles.
const END: u64 = 8 * 1024;

/// The ends of the origin logs under an evidence root.
pub(crate) struct Lately(Vec<Vec<u8>>);

impl Lately {
    /// Reads what was entered since this second began, or more. A log that cannot be read names nothing: whoever writes
    /// to it will say so.
    pub(crate) fn read(root: &Path, now: DateTime<Utc>) -> Self {
        let since = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
        let end = |folder: &PathBuf| end_of(&folder.join(LOG), since).ok();
        Self(origins(root).iter().filter_map(end).collect())
    }

    /// Whether a line of them names this bundle.
    pub(crate) fn names(&self, root: &Path, bundle: &Path) -> bool {
        let named = bundle.strip_prefix(root).unwrap_or(bundle).display().to_string();
        let named = format!("\"bundle\":{}", serde_json::Value::String(named));
        self.0.iter().any(|end| memchr::memmem::find(end, named.as_bytes()).is_some())
    }
}

fn end_of(path: &Path, since: DateTime<Utc>) -> io::Result<Vec<u8>> {
    let mut file = listing::open_file(path)?;
    let length = file.metadata()?.len();
    let (mut wanted, mut end) = (END, Vec::new());
    loop {
        file.seek(SeekFrom::Start(length.saturating_sub(wanted)))?;
        end.clear();
        (&file).take(wanted).read_to_end(&mut end)?;
        if wanted >= length || begins_before(&end, since) {
            return Ok(end);
        }
        wanted *= 4;
    }
}

/// Whether the first whole line was written before that time.
fn begins_before(end: &[u8], since: DateTime<Utc>) -> bool {
    let line = super::lines(end).nth(1);
    let entry = line.and_then(|line| serde_json::from_slice::<OriginEntry>(line).ok());
    entry.and_then(|entry| entry.time()).is_some_and(|time| time < since)
}
