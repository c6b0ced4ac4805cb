//! One pass over a log before an entry is added: front matter, the hash of the body so far, its end, and a known id.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use chrono::{DateTime, Utc};
use evidence::Hasher;
use memchr::memmem;

use crate::blocks::Ending;
use crate::commonmark::Open;
use crate::draft::LARGEST;
use crate::entry::{self, MARKER};
use crate::front_matter::{self, FrontMatter};
use crate::stamp;
use crate::text;

/// Front matter is looked for in this many bytes.
const HEAD: usize = 64 * 1024;

/// Bytes read at a time; enough that system calls cost nothing, and small beside the memory goal.
const CHUNK: usize = 256 * 1024;

/// What one pass over a log found.
pub(crate) struct Survey {
    /// The beginning of the log, as text of the same length.
    pub(crate) head: String,
    /// The front matter in it.
    pub(crate) block: Option<FrontMatter>,
    /// The hash of the body, to go on with what is added.
    pub(crate) body: Hasher,
    /// How many lines there are, the last one counted even where it has no line break.
    pub(crate) lines: u64,
    /// The last bytes, at most four.
    pub(crate) end: Vec<u8>,
    /// Whether lines end with `\r\n`.
    pub(crate) crlf: bool,
    /// The time of the last entry that has the tool's own form, if it is near the end.
    pub(crate) last: Option<DateTime<Utc>>,
    /// The headings of all entries near the end that have this time.
    pub(crate) latest: Vec<String>,
    /// The block that never ends, in which a viewer would hide what comes next.
    pub(crate) open: Option<Open>,
    /// Whether its writers may have meant other blocks than a viewer shows.
    pub(crate) is_doubtful: bool,
    /// The entry with the id that was looked for: the line of its heading, and its text.
    pub(crate) known: Option<(u64, String)>,
}

/// Where a log's bytes come from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// Bytes that were read already.
    Bytes(&'a [u8]),
    /// A file too large for that.
    File(&'a File),
}

impl Source<'_> {
    /// Fills the buffer from an offset on.
    pub(crate) fn read_exact_at(self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(buffer, offset),
            Self::Bytes(bytes) => {
                let start = usize::try_from(offset).map_err(io::Error::other)?;
                let piece = bytes.get(start..start + buffer.len());
                buffer.copy_from_slice(piece.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }
}

/// Reads a log of this length, in pieces.
pub(crate) fn survey(
    file: Option<Source<'_>>,
    length: u64,
    id: Option<&str>,
) -> io::Result<Survey> {
    let mut survey = Survey {
        head: String::new(),
        block: None,
        body: Hasher::default(),
        lines: 0,
        end: Vec::new(),
        crlf: false,
        last: None,
        latest: Vec::new(),
        open: None,
        is_doubtful: false,
        known: None,
    };
    let Some(file) = file else { return Ok(survey) };
    let head_length = usize::try_from(length).unwrap_or(HEAD).min(HEAD);
    let mut head = vec![0; head_length];
    file.read_exact_at(&mut head, 0)?;
    survey.head = text::readable(&head).into_owned();
    survey.block = front_matter::read(&survey.head);
    survey.crlf = survey.head.find('\n').is_some_and(|at| survey.head[..at].ends_with('\r'));
    let body_start = survey.block.as_ref().map_or(0, |block| block.range.end) as u64;

    let marker = id.map(|id| format!("{MARKER}{id} -->"));
    let finder = marker.as_ref().map(|marker| memmem::Finder::new(marker.as_bytes()));
    // The end of one piece is kept before the next, so that a marker across the border is found.
    let kept = marker.as_ref().map_or(4, |marker| marker.len().max(4));
    let mut buffer = vec![0; kept + CHUNK];
    let mut ending = Ending::default();
    let mut cut_line = Vec::new();
    let mut carried = 0;
    let mut at = 0;
    while at < length {
        let wanted = usize::try_from(length - at).unwrap_or(CHUNK).min(CHUNK);
        let piece = carried..carried + wanted;
        file.read_exact_at(&mut buffer[piece.clone()], at)?;
        let fresh = &buffer[piece.clone()];
        if at + wanted as u64 > body_start {
            let skip = usize::try_from(body_start.saturating_sub(at)).unwrap_or(0);
            survey.body.update(&fresh[skip..]);
            ending.skip(memchr::memchr_iter(b'\n', &fresh[..skip]).count() as u64);
            feed(&mut ending, &mut cut_line, &fresh[skip..]);
        } else {
            ending.skip(memchr::memchr_iter(b'\n', fresh).count() as u64);
        }
        survey.lines += memchr::memchr_iter(b'\n', fresh).count() as u64;
        if let (None, Some(finder), Some(id)) = (&survey.known, &finder, id) {
            for found in finder.find_iter(&buffer[..piece.end]) {
                let offset = at - carried as u64 + found as u64;
                survey.known = entry_at(file, offset, length, id)?;
                if survey.known.is_some() {
                    break;
                }
            }
        }
        at += wanted as u64;
        carried = kept.min(piece.end);
        buffer.copy_within(piece.end - carried..piece.end, 0);
        survey.end = buffer[carried.saturating_sub(4)..carried].to_vec();
    }
    if !cut_line.is_empty() {
        ending.feed(&cut_line);
    }
    survey.open = ending.open();
    survey.is_doubtful = ending.is_doubtful();
    if !survey.end.is_empty() && !survey.end.ends_with(b"\n") {
        survey.lines += 1;
    }
    (survey.last, survey.latest) = last_time(file, length)?;
    Ok(survey)
}

/// Gives a piece line by line; a line that the piece cuts off waits for the next.
fn feed(ending: &mut Ending, cut_line: &mut Vec<u8>, piece: &[u8]) {
    let mut start = 0;
    for at in memchr::memchr_iter(b'\n', piece) {
        let line = &piece[start..=at];
        if cut_line.is_empty() {
            ending.feed(line);
        } else {
            cut_line.extend_from_slice(line);
            ending.feed(cut_line);
            cut_line.clear();
        }
        start = at + 1;
    }
    cut_line.extend_from_slice(&piece[start..]);
}

/// The time in the last heading of the tool's own form, and all headings with it, looked for as far back as an entry can
/// be long.
fn last_time(file: Source<'_>, length: u64) -> io::Result<(Option<DateTime<Utc>>, Vec<String>)> {
    let start = length.saturating_sub(LARGEST as u64 + 1024);
    let mut bytes = vec![0; usize::try_from(length - start).unwrap_or_default()];
    file.read_exact_at(&mut bytes, start)?;
    let headings =
        memmem::rfind_iter(&bytes, b"## ").filter(|at| *at == 0 || bytes[at - 1] == b'\n');
    let mut times = headings.filter_map(|at| {
        let line = bytes[at + 3..].split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        let at = stamp::read(&line).filter(|(stamp, _)| stamp.canonical)?.0.at?;
        Some((at, line.trim_end().to_owned()))
    });
    let Some((last, heading)) = times.next() else { return Ok((None, Vec::new())) };
    let same = times.take_while(|(at, _)| *at == last).map(|(_, heading)| heading);
    Ok((Some(last), [heading].into_iter().chain(same).collect()))
}

/// The entry whose marker stands at an offset, if it is one; its line is counted from the head of the log.
fn entry_at(
    file: Source<'_>,
    marker: u64,
    length: u64,
    id: &str,
) -> io::Result<Option<(u64, String)>> {
    let start = marker.saturating_sub(2 * LARGEST as u64);
    let end = (marker + 1024).min(length);
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or_default()];
    file.read_exact_at(&mut bytes, start)?;
    let window = text::readable(&bytes);
    let entries = entry::read(&window, 0, None).entries;
    let Some(found) = entries.iter().rfind(|entry| entry.id.as_deref() == Some(id)) else {
        return Ok(None);
    };
    let before = line_breaks_before(file, start + found.range.start as u64)?;
    let text = &window[found.range.clone()];
    let end = text.rfind(MARKER).map_or(text.len(), |at| {
        text[at..].find('\n').map_or(text.len(), |line_break| at + line_break)
    });
    Ok(Some((before + 1, text[..end].to_owned())))
}

fn line_breaks_before(file: Source<'_>, end: u64) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let (mut at, mut lines) = (0, 0);
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
        file.read_exact_at(&mut buffer[..wanted], at)?;
        lines += memchr::memchr_iter(b'\n', &buffer[..wanted]).count() as u64;
        at += wanted as u64;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Digest;
    use std::io::Write;

    fn check(document: &str, id: Option<&str>) -> Survey {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(document.as_bytes()).unwrap();
        let length = document.len() as u64;
        let found = survey(Some(Source::File(&file)), length, id).unwrap();
        let again = survey(Some(Source::Bytes(document.as_bytes())), length, id).unwrap();
        assert_eq!(found.body.clone().finish(), again.body.finish());
        assert_eq!((found.lines, &found.known), (again.lines, &again.known));
        found
    }

    #[test]
    fn the_body_is_hashed_from_behind_the_front_matter() {
        let found = check("---\ndoc: a\n---\nbody\n", None);
        assert_eq!(found.body.finish(), Digest::of(b"body\n"));
        assert_eq!(
            (found.lines, found.end.as_slice(), found.crlf),
            (4, b"ody\n".as_slice(), false)
        );
    }

    #[test]
    fn an_id_is_found_across_the_borders_of_pieces() {
        let entry = "## 2026-11-22T17:03:11Z — T\n\n<!-- entry key-1 -->\n";
        for filler in CHUNK - entry.len() - 5..CHUNK + 5 {
            let document = format!("{}\n{entry}\n## 2026-11-23 — U\n", "x".repeat(filler));
            let found = check(&document, Some("key-1"));
            assert_eq!(found.known, Some((2, entry.trim_end().to_owned())), "{filler}");
            assert_eq!(found.body.finish(), Digest::of(document.as_bytes()));
        }
        assert_eq!(check(entry, Some("key")).known, None);
        assert_eq!(check("```\n<!-- entry key -->\n```\n", Some("key")).known, None);
    }

    #[test]
    fn a_log_that_is_not_there_is_empty() {
        assert_eq!(survey(None, 0, Some("x")).unwrap().lines, 0);
        assert_eq!(check("", None).lines, 0);
        assert_eq!(check("a", None).lines, 1);
    }
}
