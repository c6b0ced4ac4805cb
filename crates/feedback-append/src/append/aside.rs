//! What killed writers of a log set aside: gone where all of it is in the log, told where it is not.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::front_matter::{self, FrontMatter};
use crate::regular;
use crate::survey::Survey;
use crate::text;

/// Up to this many bytes are compared; what is larger is left for people to look at.
const LARGEST: u64 = 4 << 20;

/// The files that hold what the log does not, as far as that is known; the others are removed. The caller holds the
/// log's lock, so no other writer is at work.
pub(super) fn unseen(log: &Path, file: &File, length: u64, found: &Survey) -> Vec<PathBuf> {
    let mut left = durable::set_aside(log);
    left.retain(|path| {
        let is_in_log = is_in_log(path, file, length, found).unwrap_or(false);
        !is_in_log || std::fs::remove_file(path).is_err()
    });
    left
}

/// Whether all of a file is in the log: the log went on behind it, and the tool's own keys have moved on.
fn is_in_log(path: &Path, file: &File, length: u64, found: &Survey) -> io::Result<bool> {
    if regular::open(path)?.metadata()?.len() > LARGEST {
        return Ok(false);
    }
    let bytes = regular::read(path)?;
    let old = text::readable(&bytes);
    let block = front_matter::read(&old);
    let start = block.as_ref().map_or(0, |block| block.range.end);
    let here = found.block.as_ref().map_or(0, |block| block.range.end) as u64;
    let body = &bytes[start..];
    if here + body.len() as u64 > length {
        return Ok(false);
    }
    let mut same = vec![0; body.len()];
    file.read_exact_at(&mut same, here)?;
    Ok(same == body && head(&old, block.as_ref()) == head(&found.head, found.block.as_ref()))
}

/// Front matter without what every entry changes.
fn head(document: &str, block: Option<&FrontMatter>) -> String {
    let Some(block) = block else { return String::new() };
    let kept = ["doc_hash", "last_reviewed", "expires"].map(|key| (key, "-".to_owned()));
    let edits = front_matter::set(document, block, &kept, false);
    front_matter::apply(&document[..block.range.end], &edits)
}
