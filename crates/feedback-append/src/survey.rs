//! One pass over a log before an entry is added: front matter, the hash of the body so far, its end, and a known id.

mod long_line;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use chrono::{DateTime, Utc};
use evidence::Hasher;
use memchr::memmem;

use crate::blocks::Ending;
use crate::commonmark::Open;
use crate::draft::{self, LARGEST};
use crate::entry::{self, MARKER};
use crate::front_matter::{self, FrontMatter};
use crate::stamp;
use crate::text;
use long_line::LONGEST;

/// Front matter is looked for in this many bytes.
const HEAD: usize = 64 * 1024;

/// Bytes read at a time; enough that system calls cost little, and few enough to stay in the processor's cache. To
/// get memory costs more than to read.
const CHUNK: usize = 64 * 1024;

/// As many bytes as an entry can have.
const LARGEST_ENTRY: u64 = LARGEST as u64 + 1024;

/// Entries of the same second are looked for no further back, in bytes: nobody writes more in a second.
const FURTHEST: u64 = 4 * 1024 * 1024;

/// What one pass over a log found.
#[derive(Default)]
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
    /// The block that never ends, in which a viewer would hide what comes next.
    pub(crate) open: Option<Open>,
    /// Whether its writers may have meant other blocks than a viewer shows.
    pub(crate) is_doubtful: bool,
    /// The entry with the id that was looked for: the line of its heading, and its text.
    pub(crate) known: Option<(u64, String)>,
}

/// Reads a log of this length, in pieces.
pub(crate) fn survey(file: Option<&File>, length: u64, id: Option<&str>) -> io::Result<Survey> {
    let mut survey = Survey::default();
    let Some(file) = file else { return Ok(survey) };
    let head_length = usize::try_from(length).unwrap_or(HEAD).min(HEAD);
    let mut head = vec![0; head_length];
    file.read_exact_at(&mut head, 0)?;
    survey.head = text::into_readable(head);
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
    survey.last = last_time(file, length)?;
    Ok(survey)
}

/// Gives the whole lines of a piece; a line that the piece cuts off waits for the next.
fn feed(ending: &mut Ending, cut_line: &mut Vec<u8>, mut piece: &[u8]) {
    if !cut_line.is_empty() {
        let Some(at) = memchr::memchr(b'\n', piece) else {
            cut_line.extend_from_slice(piece);
            if cut_line.len() > 2 * LONGEST {
                long_line::squeeze(cut_line, LONGEST);
            }
            return;
        };
        cut_line.extend_from_slice(&piece[..=at]);
        ending.feed(cut_line);
        cut_line.clear();
        piece = &piece[at + 1..];
    }
    let (lines, cut) = piece.split_at(memchr::memrchr(b'\n', piece).map_or(0, |at| at + 1));
    ending.feed_lines(lines);
    cut_line.extend_from_slice(cut);
}

/// The time in the last heading of the tool's own form.
fn last_time(file: &File, length: u64) -> io::Result<Option<DateTime<Utc>>> {
    let end = near_end(file, length, LARGEST_ENTRY)?;
    Ok(headings(&end).next().map(|(at, _)| at))
}

/// How many of the last entries, all with this time, have a heading with this anchor.
pub(crate) fn n_namesakes(
    file: &File,
    length: u64,
    at: DateTime<Utc>,
    anchor: &str,
) -> io::Result<usize> {
    let mut reach = LARGEST_ENTRY;
    loop {
        let end = near_end(file, length, reach)?;
        let mut headings = headings(&end).peekable();
        let same = std::iter::from_fn(|| headings.next_if(|(time, _)| *time == at));
        let n_found = same.filter(|(_, heading)| draft::slug(heading) == anchor).count();
        // An entry of another time is before all of them.
        if headings.next().is_some() || reach >= length || reach > FURTHEST {
            return Ok(n_found);
        }
        reach *= 4;
    }
}

/// The end of a log, this far back.
fn near_end(file: &File, length: u64, reach: u64) -> io::Result<Vec<u8>> {
    let start = length.saturating_sub(reach);
    let mut bytes = vec![0; usize::try_from(length - start).unwrap_or_default()];
    file.read_exact_at(&mut bytes, start)?;
    Ok(bytes)
}

/// The headings in the tool's own form, the last first, each with its time.
fn headings(bytes: &[u8]) -> impl Iterator<Item = (DateTime<Utc>, String)> {
    let behind_breaks = memchr::memrchr_iter(b'\n', bytes).map(|at| at + 1).chain([0]);
    let lines = behind_breaks.filter_map(|at| bytes[at..].strip_prefix(b"## "));
    lines.filter_map(|rest| {
        let line = rest.split(|byte| *byte == b'\n').next()?;
        let line = String::from_utf8_lossy(line);
        let at = stamp::read(&line).filter(|(stamp, _)| stamp.canonical)?.0.at?;
        Some((at, line.trim_end().to_owned()))
    })
}

/// The entry whose marker stands at an offset, if it is one; its line is counted from the head of the log.
fn entry_at(file: &File, marker: u64, length: u64, id: &str) -> io::Result<Option<(u64, String)>> {
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

fn line_breaks_before(file: &File, end: u64) -> io::Result<u64> {
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
pub(crate) mod tests {
    use super::*;
    use crate::commonmark::tests;
    use evidence::Digest;
    use proptest::prelude::*;
    use std::io::Write;

    pub(crate) fn check(document: &str, id: Option<&str>) -> Survey {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(document.as_bytes()).unwrap();
        let length = document.len() as u64;
        survey(Some(&file), length, id).unwrap()
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

    /// Lines as logs have them, among those that begin and end blocks.
    fn lines() -> impl Strategy<Value = String> {
        let text = "([A-Za-z0-9é|*(.\\x0c ]{0,2}[a-z |é]{0,40}\r?\n){0,6}|a\r{1,2}b\r?\n|\r\n|\n";
        proptest::collection::vec(prop_oneof![3 => text, 1 => tests::LINES], 0..8)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn many_lines_are_read_as_each_of_them(document in lines(), piece in 1_usize..300, cut in 0_usize..3) {
            let document = &document.as_bytes()[..document.len().saturating_sub(cut)];
            let mut each = Ending::default();
            document.split_inclusive(|byte| *byte == b'\n').for_each(|line| each.feed(line));
            let (mut many, mut cut_line) = (Ending::default(), Vec::new());
            document.chunks(piece).for_each(|piece| feed(&mut many, &mut cut_line, piece));
            if !cut_line.is_empty() {
                many.feed(&cut_line);
            }
            prop_assert_eq!(format!("{many:?}"), format!("{each:?}"));
        }
    }

    #[test]
    fn namesakes_are_counted_however_long_they_are() {
        let entry = |second: u64| {
            format!("## 2026-11-22T17:03:{second}Z — T\n\n{}\n", "word ".repeat(LARGEST / 5))
        };
        let at = stamp::read("2026-11-22T17:03:11Z").unwrap().0.at.unwrap();
        let check = |n_same: usize| {
            let document = format!("# log\n\n{}{}", entry(10), entry(11).repeat(n_same));
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(document.as_bytes()).unwrap();
            n_namesakes(&file, document.len() as u64, at, &draft::anchor(at, "T")).unwrap()
        };
        assert_eq!([0, 1, 2, 3, 17].map(check), [0, 1, 2, 3, 17]);
    }

    #[test]
    fn a_log_that_is_not_there_is_empty() {
        assert_eq!(survey(None, 0, Some("x")).unwrap().lines, 0);
        assert_eq!(check("", None).lines, 0);
        assert_eq!(check("a", None).lines, 1);
    }
}
