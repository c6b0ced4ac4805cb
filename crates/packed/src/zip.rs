//! The members that a zip file lists, as PKWARE's APPNOTE.TXT has them.

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::kind::ZIP;
use super::unpacked::{Counted, CountedRead, Inflated, Unpacked};
use super::words::{self, Words};
use super::{Depth, LONGEST_HELD, Search, Unread, first, in_archive, search_member};

/// Searches every member that the central directory lists.
pub(super) fn search<R: Read + Seek>(
    searcher: &mut dyn Search,
    reader: &mut R,
    outer: &str,
    depth: Depth<'_>,
) -> io::Result<()> {
    let begin = reader.stream_position()?;
    let Some(Directory { entries, is_whole }) = directory(reader)? else {
        searcher.unread(outer, Unread::Damaged);
        return reader.seek(SeekFrom::Start(begin)).map(drop);
    };
    if !is_whole {
        searcher.unread(outer, Unread::Damaged);
    }
    let archive_len = reader.seek(SeekFrom::End(0))?;
    let n_before = depth.n_unpacked.get();
    for entry in entries {
        // Thousands of entries may all name one and the same member.
        if depth.is_too_much(n_before, archive_len) {
            searcher.unread(outer, Unread::TooLarge);
            break;
        }
        let name = in_archive(outer, &entry.name);
        if entry.is_encrypted {
            searcher.unread(&name, Unread::Encrypted);
            continue;
        }
        if !seek_to(reader, &entry)? {
            searcher.unread(&name, Unread::Damaged);
            continue;
        }
        let Some(decoder) = decoder(reader, &entry) else {
            searcher.unread(&name, Unread::Method);
            continue;
        };
        let mut unpacked = Unpacked::new(decoder, depth);
        let outcome = search_member(searcher, &mut unpacked, &name, depth.deeper());
        if unpacked.too_large {
            searcher.unread(&name, Unread::TooLarge);
        } else if outcome.is_err() || unpacked.is_damaged {
            searcher.unread(&name, Unread::Damaged);
        }
        drop(unpacked);
        if searcher.wants_words() && words::has_words(&entry.name) {
            search_words(searcher, reader, &entry, &name)?;
        }
    }
    Ok(())
}

/// Searches a member once more, without its marks. What of it cannot be read is told already.
fn search_words<R: Read + Seek>(
    searcher: &mut dyn Search,
    reader: &mut R,
    entry: &Entry,
    name: &str,
) -> io::Result<()> {
    // It came out before: it does not count twice.
    let n_unpacked = Cell::new(0);
    let depth = Depth { level: 0, n_unpacked: &n_unpacked };
    seek_to(reader, entry)?;
    let Some(decoder) = decoder(reader, entry) else { return Ok(()) };
    let mut words = Words::new(BufReader::new(Unpacked::new(decoder, depth)));
    let len = first(searcher, &mut words)?;
    searcher.text(name, len, &mut words)
}

/// Unpacks the member that begins where the reader stands, if its method is known.
fn decoder<'a, R: Read>(reader: &'a mut R, entry: &Entry) -> Option<Box<dyn CountedRead + 'a>> {
    let packed = Counted { reader: reader.take(entry.packed_len), n_bytes: 0 };
    match entry.method {
        0 => Some(Box::new(packed)),
        8 => Some(Box::new(Inflated(DeflateDecoder::new(packed)))),
        _ => None,
    }
}

/// One member as the central directory has it.
struct Entry {
    name: String,
    method: u16,
    is_encrypted: bool,
    packed_len: u64,
    offset: u64,
}

/// What the central directory lists.
struct Directory {
    entries: Vec<Entry>,
    /// Whether it lists as many as it says.
    is_whole: bool,
}

const END: &[u8] = b"PK\x05\x06";
const END_LEN: usize = 22;
/// The end with the longest comment.
pub(super) const LONGEST_END: usize = 0xffff + END_LEN;

/// Whether a text of which this is the end, or all, ends as a zip file does, whatever stands before it.
/// Only what is no text is looked through for an end with a comment.
pub(super) fn ends(tail: &[u8], is_binary: bool) -> bool {
    let is_end = |at: usize| {
        let comment_len = tail.get(at..at + END_LEN).map(|end| usize::from(u16_at(end, 20)));
        comment_len.is_some_and(|len| at + END_LEN + len == tail.len())
    };
    let Some(last) = tail.len().checked_sub(END_LEN) else { return false };
    let start = tail.len().saturating_sub(LONGEST_END);
    (tail[last..].starts_with(END) && is_end(last))
        || (is_binary
            && memchr::memmem::rfind_iter(&tail[start..], END).any(|at| is_end(start + at)))
}

/// The same for a text that can be sought in, which is then where it was.
pub(super) fn ends_in<R: Read + Seek>(reader: &mut R, is_binary: bool) -> io::Result<bool> {
    let here = reader.stream_position()?;
    let len = reader.seek(SeekFrom::End(0))?;
    let wanted = if is_binary { LONGEST_END } else { END_LEN } as u64;
    reader.seek(SeekFrom::Start(len.saturating_sub(wanted)))?;
    let mut tail = Vec::new();
    // A file may grow while it is read.
    reader.by_ref().take(wanted).read_to_end(&mut tail)?;
    reader.seek(SeekFrom::Start(here))?;
    Ok(ends(&tail, is_binary))
}

/// The central directory (APPNOTE.TXT 4.3.12); `None` where it cannot be understood. What stands
/// before the first member, as a program that unpacks it, may count in its offsets or not.
fn directory<R: Read + Seek>(reader: &mut R) -> io::Result<Option<Directory>> {
    let len = reader.seek(SeekFrom::End(0))?;
    let tail_start = len.saturating_sub(LONGEST_END as u64);
    reader.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    reader.by_ref().take(LONGEST_END as u64).read_to_end(&mut tail)?;
    let Some(end_at) = memchr::memmem::rfind(&tail, END) else { return Ok(None) };
    let Some(end) = tail.get(end_at..end_at + END_LEN) else { return Ok(None) };
    let n_entries = usize::from(u16_at(end, 10));
    let (directory_len, directory_at) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    let before = (tail_start + end_at as u64).checked_sub(directory_len + directory_at);
    if directory_len > LONGEST_HELD || directory_at > len {
        return Ok(None);
    }
    // The directory stands right before the end, but where something was put in between.
    for before in before.into_iter().chain([0]) {
        reader.seek(SeekFrom::Start(directory_at + before))?;
        let mut bytes = Vec::new();
        reader.by_ref().take(directory_len).read_to_end(&mut bytes)?;
        let entries = entries(&bytes, before);
        if !entries.is_empty() || n_entries == 0 {
            let is_whole = entries.len() >= n_entries;
            return Ok(Some(Directory { entries, is_whole }));
        }
    }
    Ok(None)
}

/// The entries of a central directory, so far as it is one.
fn entries(bytes: &[u8], before: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while rest.starts_with(b"PK\x01\x02") && rest.len() >= 46 {
        let name_len = usize::from(u16_at(rest, 28));
        let entry_len =
            46 + name_len + usize::from(u16_at(rest, 30)) + usize::from(u16_at(rest, 32));
        let Some(name) = rest.get(46..46 + name_len) else { break };
        entries.push(Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            method: u16_at(rest, 10),
            is_encrypted: u16_at(rest, 8) & 1 == 1,
            packed_len: u64::from(u32_at(rest, 20)),
            offset: u64::from(u32_at(rest, 42)) + before,
        });
        rest = rest.get(entry_len..).unwrap_or_default();
    }
    entries
}

/// Goes to where a member's content begins; false where there is no such member.
fn seek_to<R: Read + Seek>(reader: &mut R, entry: &Entry) -> io::Result<bool> {
    let mut header = [0; 30];
    let is_there = reader.seek(SeekFrom::Start(entry.offset)).is_ok()
        && reader.read_exact(&mut header).is_ok()
        && header.starts_with(ZIP);
    if is_there {
        let skipped = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
        reader.seek(SeekFrom::Current(skipped))?;
    }
    Ok(is_there)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}
