//! What a command printed, as far as the page has room for it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use evidence::FileEntry;
use secret::SecretSet;

use super::ansi;
use super::html::{escaped, size};
use super::seen::seen;
use crate::count::counted;

/// Of a longer stream the page has this many bytes of the beginning, and as many of the end.
const SHOWN: u64 = 128 * 1024;

/// On paper a longer stream has this many lines of its beginning, and as many of its end.
const ON_PAPER: usize = 50;

/// A line of more bytes than this takes a good part of a page.
const WIDE: usize = 4000;

/// A stream for the page.
pub(super) struct Shown {
    /// The text with its colours.
    pub(super) html: String,
    /// How many lines of it are shown.
    pub(super) lines: usize,
    /// Whether a line is so long that its text is cut at a height on paper, and not at a number of lines.
    pub(super) is_wide: bool,
    /// How much there is, in words.
    pub(super) measure: String,
}

/// Reads a stream of a run; of a long one the beginning and the end.
pub(super) fn read(folder: &Path, file: &FileEntry, set: &SecretSet) -> io::Result<Shown> {
    let mut opened = match evidence::open_inside(folder, Path::new(&file.path)) {
        Ok(opened) => opened,
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => {
            let measure = size(file.bytes);
            return Ok(Shown {
                html: "(the file is gone)".into(),
                lines: 1,
                is_wide: false,
                measure,
            });
        }
        Err(odd) if odd.kind() == io::ErrorKind::InvalidInput => {
            let measure = size(file.bytes);
            return Ok(Shown { html: format!("({odd})"), lines: 1, is_wide: false, measure });
        }
        Err(failed) => return Err(failed),
    };
    let mut part = |from: u64, length: u64| {
        let mut bytes = Vec::new();
        opened.seek(SeekFrom::Start(from))?;
        opened.by_ref().take(length).read_to_end(&mut bytes)?;
        let bytes = seen(&bytes, set);
        let text = String::from_utf8_lossy(&bytes);
        Ok::<_, io::Error>((ansi::to_html(&text), text.lines().count()))
    };
    if file.bytes <= 2 * SHOWN {
        let (html, lines) = part(0, 2 * SHOWN)?;
        let html = cut_on_paper(&html, &file.path);
        let measure = format!("{}, {}", counted(&lines, "line"), size(file.bytes));
        return Ok(Shown { is_wide: is_wide(&html), html, lines, measure });
    }
    let between = file.bytes - 2 * SHOWN;
    let ((first, before), (last, after)) = (part(0, SHOWN)?, part(file.bytes - SHOWN, SHOWN)?);
    let html = format!(
        "{first}\n<em>… {} are not shown here; they are in {} …</em>\n{last}",
        size(between),
        escaped(&file.path)
    );
    let html = cut_on_paper(&html, &file.path);
    let measure = size(file.bytes);
    Ok(Shown { is_wide: is_wide(&html), html, lines: before + after, measure })
}

fn is_wide(html: &str) -> bool {
    html.split('\n').any(|line| line.len() > WIDE)
}

/// Marks the middle of a long text as not for paper, and says there how many lines that are. No span of the text
/// reaches over the end of a line.
fn cut_on_paper(html: &str, path: &str) -> String {
    let ends: Vec<usize> = html.match_indices('\n').map(|(at, _)| at + 1).collect();
    let n_left_out = ends.len().saturating_sub(2 * ON_PAPER);
    if n_left_out <= 1 {
        return html.to_owned();
    }
    let (before, rest) = html.split_at(ends[ON_PAPER - 1]);
    let (between, after) = rest.split_at(ends[ends.len() - ON_PAPER - 1] - before.len());
    format!(
        "{before}<span class=\"screen\">{between}</span>\
         <em class=\"paper\">… {n_left_out} lines are left out on paper; they are in {} …\n</em>{after}",
        escaped(path)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_long_text_is_not_for_paper() {
        let text = "word\n".repeat(1000);
        let short = "word\n".repeat(2 * ON_PAPER + 1);
        assert_eq!(cut_on_paper(&short, "x"), short);
        let cut = cut_on_paper(&text, "001-a&b.out");
        let (before, rest) = cut.split_once("<span class=\"screen\">").unwrap();
        let (between, rest) = rest.split_once("</span><em class=\"paper\">").unwrap();
        let (note, after) = rest.split_once("</em>").unwrap();
        assert_eq!(format!("{before}{between}{after}"), text);
        assert_eq!((before.lines().count(), after.lines().count()), (ON_PAPER, ON_PAPER));
        assert_eq!(note, "… 900 lines are left out on paper; they are in 001-a&amp;b.out …\n");
    }
}
