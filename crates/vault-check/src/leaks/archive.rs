//! Looks into gzip and zip files, and into what lies in them.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use crate::leaks::look::Look;
use crate::leaks::stream::{Found, Scratch};
use crate::leaks::tar;
use crate::leaks::tree::in_text;

/// What was found in one file, and which members of it could not be read.
#[derive(Default)]
pub(crate) struct Inside {
    /// Each with the member it stands in; empty for the file itself.
    pub(crate) found: Vec<(String, Found)>,
    /// Each with the member, empty for the file itself.
    pub(crate) unread: Vec<(String, Unread)>,
}

/// Why something was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Compressed by a method that is not understood here.
    Method,
    /// Encrypted.
    Encrypted,
    /// Archives in archives in archives.
    TooDeep,
    /// It grows beyond all measure.
    TooLarge,
    /// It is damaged, or ends early.
    Damaged,
}

impl Unread {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Method => "it is compressed in a way that cannot be read here",
            Self::Encrypted => "it is encrypted",
            Self::TooDeep => "it is an archive too deep inside others",
            Self::TooLarge => "it grows out of proportion when unpacked",
            Self::Damaged => "it is damaged",
        }
    }
}

/// Archives are followed so deep.
const DEEPEST: usize = 4;
/// Unpacked, a member may be this long whatever it was before, and so may be all of an archive;
/// tests have no time for that much.
const SMALL: u64 = if cfg!(test) { 1024 * 1024 } else { 256 * 1024 * 1024 };
/// and beyond that so many times its packed length.
const RATIO: u64 = 100;
/// A zip file inside an archive is held in memory up to this length.
const NESTED_ZIP: u64 = 16 * 1024 * 1024;

const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];
const ZIP: &[u8] = b"PK\x03\x04";
const OTHERS: [&[u8]; 5] =
    [b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"];

/// Searches a text that can be sought in, and all that is packed in it.
pub(crate) fn search<R: Read + Seek>(
    look: &Look<'_>,
    scratch: &mut Scratch,
    reader: &mut R,
    inside: &mut Inside,
) -> io::Result<u64> {
    let len = scratch.first(reader)?;
    if !scratch.read(len).starts_with(ZIP) {
        return search_rest(look, scratch, len, reader, inside, "", 0);
    }
    search_zip(look, scratch, reader, inside, "", 0)?;
    // A zip file's own bytes hold its members' names and what was stored unpacked.
    reader.seek(SeekFrom::Start(0))?;
    search_member(look, scratch, reader, inside, "", 0)
}

/// Searches what can only be read once, as a pipe or an unpacked member.
pub(crate) fn search_member(
    look: &Look<'_>,
    scratch: &mut Scratch,
    reader: &mut dyn Read,
    inside: &mut Inside,
    member: &str,
    depth: usize,
) -> io::Result<u64> {
    let len = scratch.first(reader)?;
    search_rest(look, scratch, len, reader, inside, member, depth)
}

/// Searches a text of which the first `len` bytes are read.
fn search_rest(
    look: &Look<'_>,
    scratch: &mut Scratch,
    len: usize,
    reader: &mut dyn Read,
    inside: &mut Inside,
    member: &str,
    depth: usize,
) -> io::Result<u64> {
    let head = scratch.read(len);
    let is_gzip = head.starts_with(GZIP);
    if OTHERS.iter().any(|magic| head.starts_with(magic)) {
        inside.unread.push((member.to_owned(), Unread::Method));
    }
    if (is_gzip || (depth > 0 && head.starts_with(ZIP))) && depth >= DEEPEST {
        inside.unread.push((member.to_owned(), Unread::TooDeep));
    } else if is_gzip {
        let start = head.to_vec();
        let packed = Counted { reader: Cursor::new(start).chain(reader), n_bytes: 0 };
        let mut unpacked =
            Unpacked { decoder: MultiGzDecoder::new(packed), n_bytes: 0, too_large: false };
        let name = format!("{member}{}(gunzipped)", if member.is_empty() { "" } else { " " });
        let outcome = search_member(look, scratch, &mut unpacked, inside, &name, depth + 1);
        if unpacked.too_large {
            inside.unread.push((member.to_owned(), Unread::TooLarge));
        } else if outcome.is_err() {
            inside.unread.push((member.to_owned(), Unread::Damaged));
        }
        return Ok(unpacked.n_bytes);
    } else if depth > 0 && head.starts_with(ZIP) {
        let mut bytes = head.to_vec();
        reader.take(NESTED_ZIP).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > NESTED_ZIP {
            inside.unread.push((member.to_owned(), Unread::TooLarge));
        }
        search_zip(look, scratch, &mut Cursor::new(&bytes), inside, member, depth)?;
        let len = bytes.len() as u64;
        return Ok(len);
    }
    if tar::is_tar(head) && depth < DEEPEST {
        let start = head.to_vec();
        return search_tar(
            look,
            scratch,
            &mut Cursor::new(start).chain(reader),
            inside,
            member,
            depth,
        );
    }
    let mut found = Vec::new();
    let n_bytes = scratch.search(look, len, reader, &mut found)?;
    inside.found.extend(found.into_iter().map(|found| (member.to_owned(), found)));
    Ok(n_bytes)
}

/// Searches the headers and every member of a tar archive.
fn search_tar(
    look: &Look<'_>,
    scratch: &mut Scratch,
    reader: &mut dyn Read,
    inside: &mut Inside,
    outer: &str,
    depth: usize,
) -> io::Result<u64> {
    let mut n_bytes = 0;
    while let Some(tar::Member { name, len }) = tar::next(reader)? {
        let found = in_text(look, name.as_bytes());
        let name = if outer.is_empty() { name } else { format!("{outer} {name}") };
        inside.found.extend(found.into_iter().map(|found| (name.clone(), found)));
        let mut content = reader.take(len);
        n_bytes += search_member(look, scratch, &mut content, inside, &name, depth + 1)?;
        let n_left = io::copy(&mut content, &mut io::sink())?;
        n_bytes += n_left + io::copy(&mut reader.take(tar::padding(len)), &mut io::sink())?;
    }
    // What follows the last member belongs to none, and is searched all the same.
    let mut rest = Vec::new();
    let len = scratch.first(reader)?;
    n_bytes += scratch.search(look, len, reader, &mut rest)?;
    inside.found.extend(rest.into_iter().map(|found| (outer.to_owned(), found)));
    Ok(n_bytes)
}

/// Searches every member that the central directory of a zip file lists.
fn search_zip<R: Read + Seek>(
    look: &Look<'_>,
    scratch: &mut Scratch,
    reader: &mut R,
    inside: &mut Inside,
    outer: &str,
    depth: usize,
) -> io::Result<()> {
    let begin = reader.stream_position()?;
    let Some(entries) = directory(reader)? else {
        inside.unread.push((outer.to_owned(), Unread::Damaged));
        return reader.seek(SeekFrom::Start(begin)).map(drop);
    };
    let archive_len = reader.seek(SeekFrom::End(0))?;
    let mut n_unpacked = 0;
    for entry in entries {
        // Thousands of entries may all name one and the same member.
        if n_unpacked > SMALL && n_unpacked / RATIO > archive_len {
            inside.unread.push((outer.to_owned(), Unread::TooLarge));
            break;
        }
        let name = if outer.is_empty() { entry.name } else { format!("{outer} {}", entry.name) };
        if entry.is_encrypted {
            inside.unread.push((name, Unread::Encrypted));
            continue;
        }
        let mut header = [0; 30];
        let is_there = reader.seek(SeekFrom::Start(entry.offset)).is_ok()
            && reader.read_exact(&mut header).is_ok()
            && header.starts_with(ZIP);
        if !is_there {
            inside.unread.push((name, Unread::Damaged));
            continue;
        }
        let skipped = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
        reader.seek(SeekFrom::Current(skipped))?;
        let packed = Counted { reader: reader.by_ref().take(entry.packed_len), n_bytes: 0 };
        let mut unpacked: Unpacked<Box<dyn CountedRead + '_>> = match entry.method {
            0 => Unpacked { decoder: Box::new(packed), n_bytes: 0, too_large: false },
            8 => Unpacked {
                decoder: Box::new(Inflated(DeflateDecoder::new(packed))),
                n_bytes: 0,
                too_large: false,
            },
            _ => {
                inside.unread.push((name, Unread::Method));
                continue;
            }
        };
        let outcome = search_member(look, scratch, &mut unpacked, inside, &name, depth + 1);
        n_unpacked += unpacked.n_bytes;
        if unpacked.too_large {
            inside.unread.push((name, Unread::TooLarge));
        } else if outcome.is_err() {
            inside.unread.push((name, Unread::Damaged));
        }
    }
    Ok(())
}

struct Entry {
    name: String,
    method: u16,
    is_encrypted: bool,
    packed_len: u64,
    offset: u64,
}

/// The central directory (APPNOTE.TXT 4.3.12); `None` where it cannot be understood.
fn directory<R: Read + Seek>(reader: &mut R) -> io::Result<Option<Vec<Entry>>> {
    const END_LEN: usize = 22;
    let len = reader.seek(SeekFrom::End(0))?;
    let tail_start = len.saturating_sub(0xffff + END_LEN as u64);
    reader.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    reader.by_ref().take(0xffff + END_LEN as u64).read_to_end(&mut tail)?;
    let Some(end) =
        memchr::memmem::rfind(&tail, b"PK\x05\x06").and_then(|at| tail.get(at..at + END_LEN))
    else {
        return Ok(None);
    };
    let (directory_len, directory_at) = (u32_at(end, 12), u32_at(end, 16));
    if directory_at == u32::MAX
        || u64::from(directory_len) > NESTED_ZIP
        || u64::from(directory_at) > len
    {
        return Ok(None);
    }
    reader.seek(SeekFrom::Start(u64::from(directory_at)))?;
    let mut bytes = Vec::new();
    reader.by_ref().take(u64::from(directory_len)).read_to_end(&mut bytes)?;
    let mut entries = Vec::new();
    let mut rest = bytes.as_slice();
    while rest.starts_with(b"PK\x01\x02") && rest.len() >= 46 {
        let name_len = usize::from(u16_at(rest, 28));
        let entry_len =
            46 + name_len + usize::from(u16_at(rest, 30)) + usize::from(u16_at(rest, 32));
        let Some(name) = rest.get(46..46 + name_len) else { return Ok(None) };
        entries.push(Entry {
            name: String::from_utf8_lossy(name).into_owned(),
            method: u16_at(rest, 10),
            is_encrypted: u16_at(rest, 8) & 1 == 1,
            packed_len: u64::from(u32_at(rest, 20)),
            offset: u64::from(u32_at(rest, 42)),
        });
        rest = rest.get(entry_len..).unwrap_or_default();
    }
    Ok(Some(entries))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

/// A reader that knows how many packed bytes it gave.
trait CountedRead: Read {
    fn n_packed(&self) -> u64;
}

struct Counted<R> {
    reader: R,
    n_bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.reader.read(buffer)?;
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}

impl<R: Read> CountedRead for Counted<R> {
    fn n_packed(&self) -> u64 {
        self.n_bytes
    }
}

struct Inflated<R>(DeflateDecoder<R>);

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: CountedRead> CountedRead for Inflated<R> {
    fn n_packed(&self) -> u64 {
        self.0.get_ref().n_packed()
    }
}

impl<R: CountedRead> CountedRead for MultiGzDecoder<R> {
    fn n_packed(&self) -> u64 {
        self.get_ref().n_packed()
    }
}

impl CountedRead for Box<dyn CountedRead + '_> {
    fn n_packed(&self) -> u64 {
        self.as_ref().n_packed()
    }
}

/// What comes out of a decoder, until it is too much.
struct Unpacked<D> {
    decoder: D,
    n_bytes: u64,
    too_large: bool,
}

impl<D: CountedRead> Read for Unpacked<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_bytes > SMALL && self.n_bytes / RATIO > self.decoder.n_packed() {
            self.too_large = true;
            return Ok(0);
        }
        let n_read = self.decoder.read(buffer)?;
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}

#[cfg(test)]
mod tests;
