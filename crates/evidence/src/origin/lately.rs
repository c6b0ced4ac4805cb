//! The names that bundles were given of late, and may not be given again.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{LOG, origins};
use crate::listing;

/// So much of each log's end is read: the lines of hundreds of bundles, and a name holds its second.
const END: u64 = 256 * 1024;

/// The ends of the origin logs under an evidence root.
pub(crate) struct Lately(Vec<Vec<u8>>);

impl Lately {
    /// A log that cannot be read names nothing: whoever writes to it will say so.
    pub(crate) fn read(root: &Path) -> Self {
        Self(origins(root).iter().filter_map(|folder| end_of(&folder.join(LOG)).ok()).collect())
    }

    /// Whether a line of them names this bundle.
    pub(crate) fn names(&self, root: &Path, bundle: &Path) -> bool {
        let named = bundle.strip_prefix(root).unwrap_or(bundle).display().to_string();
        let named = format!("\"bundle\":{}", serde_json::Value::String(named));
        self.0.iter().any(|end| memchr::memmem::find(end, named.as_bytes()).is_some())
    }
}

fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = listing::open_file(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    file.take(END).read_to_end(&mut end)?;
    Ok(end)
}
