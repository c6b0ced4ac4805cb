//! What a command printed, as far as the page has room for it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use evidence::FileEntry;

use super::ansi;
use super::html::{escaped, size};
use crate::count::counted;

/// Of a longer stream the page has this many bytes of the beginning, and as many of the end.
const SHOWN: u64 = 128 * 1024;

/// A stream for the page.
pub(super) struct Shown {
    /// The text with its colours.
    pub(super) html: String,
    /// How many lines of it are shown.
    pub(super) lines: usize,
    /// How much there is, in words.
    pub(super) measure: String,
}

/// Reads a stream of a run; of a long one the beginning and the end.
pub(super) fn read(folder: &Path, file: &FileEntry) -> io::Result<Shown> {
    let mut opened = match evidence::open_file(&folder.join(&file.path)) {
        Ok(opened) => opened,
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => {
            let measure = size(file.bytes);
            return Ok(Shown { html: "(the file is gone)".into(), lines: 1, measure });
        }
        Err(odd) if odd.kind() == io::ErrorKind::InvalidInput => {
            let measure = size(file.bytes);
            return Ok(Shown { html: format!("({odd})"), lines: 1, measure });
        }
        Err(failed) => return Err(failed),
    };
    let mut part = |from: u64, length: u64| {
        let mut bytes = Vec::new();
        opened.seek(SeekFrom::Start(from))?;
        opened.by_ref().take(length).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok::<_, io::Error>((ansi::to_html(&text), text.lines().count()))
    };
    if file.bytes <= 2 * SHOWN {
        let (html, lines) = part(0, 2 * SHOWN)?;
        let measure = format!("{}, {}", counted(&lines, "line"), size(file.bytes));
        return Ok(Shown { html, lines, measure });
    }
    let between = file.bytes - 2 * SHOWN;
    let ((first, before), (last, after)) = (part(0, SHOWN)?, part(file.bytes - SHOWN, SHOWN)?);
    let html = format!(
        "{first}\n<em>… {} are not shown here; they are in {} …</em>\n{last}",
        size(between),
        escaped(&file.path)
    );
    Ok(Shown { html, lines: before + after, measure: size(file.bytes) })
}
