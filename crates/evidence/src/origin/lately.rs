//! The names that bundles were given in this second, and may not be given again.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{LOG, origins};
use crate::{listing, time};

/// So much of each log's end is read at first: the lines of a dozen bundles.
const END: u64 = 8 * 1024;

/// The ends of the origin logs under an evidence root.
pub(crate) struct Lately(Vec<Vec<u8>>);

impl Lately {
    /// Reads what was entered since this second began, or more. A log that cannot be read names nothing: whoever writes
    /// to it will say so.
    pub(crate) fn read(root: &Path, now: DateTime<Utc>) -> Self {
        let since = time::record_time(now)[.."2026-11-22T17:00:00".len()].to_owned();
        let end = |folder: &Path| end_of(&folder.join(LOG), &since).ok();
        Self(origins(root).iter().filter_map(|folder| end(folder)).collect())
    }

    /// Whether a line of them names this bundle.
    pub(crate) fn names(&self, root: &Path, bundle: &Path) -> bool {
        let named = bundle.strip_prefix(root).unwrap_or(bundle).display().to_string();
        let named = format!("\"bundle\":{}", serde_json::Value::String(named));
        self.0.iter().any(|end| memchr::memmem::find(end, named.as_bytes()).is_some())
    }
}

fn end_of(path: &Path, since: &str) -> io::Result<Vec<u8>> {
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
fn begins_before(end: &[u8], since: &str) -> bool {
    let time = || {
        let line = &end[memchr::memchr(b'\n', end)?..];
        let at = memchr::memmem::find(line, b"\"t\":\"")? + b"\"t\":\"".len();
        line.get(at..at + since.len())
    };
    time().is_some_and(|time| time < since.as_bytes())
}
