//! Looks into gzip, zip and tar files, and into what lies in them.

mod tar;
mod zip;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use flate2::read::{DeflateDecoder, MultiGzDecoder};

/// Searches the texts that lie in one file; each is read once, from its beginning to its end.
pub trait Search {
    /// Reads the first piece of a text into memory of its own; says how many bytes that are.
    fn first(&mut self, reader: &mut dyn Read) -> io::Result<usize>;

    /// The bytes that [`Search::first`] read.
    fn head(&self, len: usize) -> &[u8];

    /// Searches a text of which the first `len` bytes are read, to its end; says how many bytes it has.
    fn text(&mut self, member: &str, len: usize, reader: &mut dyn Read) -> io::Result<u64>;

    /// Searches a name that is not part of any text that is searched.
    fn name(&mut self, member: &str, name: &str);

    /// Is told what is not searched. The member is empty for the file itself.
    fn unread(&mut self, member: &str, why: Unread);
}

/// Why something was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
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
    /// The reason in words.
    pub fn text(self) -> &'static str {
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
/// zstd, bzip2, xz, 7-Zip, RAR, compress, lz4, lzip, and Microsoft's cabinets.
const OTHERS: [&[u8]; 9] = [
    b"\x28\xb5\x2f\xfd",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x9d",
    b"\x04\x22\x4d\x18",
    b"LZIP\x01",
    b"MSCF\0\0\0\0",
];

/// Whether a file that begins so is packed: what is in it cannot be replaced without unpacking it.
pub fn is_packed(head: &[u8]) -> bool {
    tar::is_tar(head) || [GZIP, ZIP].iter().chain(&OTHERS).any(|magic| head.starts_with(magic))
}

/// Searches a text that can be sought in, and all that is packed in it.
pub fn search<R: Read + Seek>(searcher: &mut dyn Search, reader: &mut R) -> io::Result<u64> {
    let len = searcher.first(reader)?;
    if !searcher.head(len).starts_with(ZIP) {
        return search_rest(searcher, len, reader, "", 0);
    }
    search_zip(searcher, reader, "", 0)?;
    // A zip file's own bytes hold its members' names and what was stored unpacked.
    reader.seek(SeekFrom::Start(0))?;
    search_member(searcher, reader, "", 0)
}

/// Searches what can only be read once, as a pipe, and all that is packed in it.
pub fn search_once(searcher: &mut dyn Search, reader: &mut dyn Read) -> io::Result<u64> {
    search_member(searcher, reader, "", 0)
}

fn search_member(
    searcher: &mut dyn Search,
    reader: &mut dyn Read,
    member: &str,
    depth: usize,
) -> io::Result<u64> {
    let len = searcher.first(reader)?;
    search_rest(searcher, len, reader, member, depth)
}

/// Searches a text of which the first `len` bytes are read.
fn search_rest(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
    depth: usize,
) -> io::Result<u64> {
    let head = searcher.head(len);
    let is_gzip = head.starts_with(GZIP);
    let is_nested_zip = depth > 0 && head.starts_with(ZIP);
    let is_tar = tar::is_tar(head) && depth < DEEPEST;
    if OTHERS.iter().any(|magic| head.starts_with(magic)) {
        searcher.unread(member, Unread::Method);
    } else if (is_gzip || is_nested_zip) && depth >= DEEPEST {
        searcher.unread(member, Unread::TooDeep);
    } else if is_gzip {
        let start = searcher.head(len).to_vec();
        let packed = Counted { reader: Cursor::new(start).chain(reader), n_bytes: 0 };
        let mut unpacked =
            Unpacked { decoder: MultiGzDecoder::new(packed), n_bytes: 0, too_large: false };
        let name = format!("{member}{}(gunzipped)", if member.is_empty() { "" } else { " " });
        let outcome = search_member(searcher, &mut unpacked, &name, depth + 1);
        if unpacked.too_large {
            searcher.unread(member, Unread::TooLarge);
        } else if outcome.is_err() {
            searcher.unread(member, Unread::Damaged);
        }
        return Ok(unpacked.n_bytes);
    } else if is_nested_zip {
        let mut bytes = head.to_vec();
        reader.take(NESTED_ZIP).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > NESTED_ZIP {
            searcher.unread(member, Unread::TooLarge);
        }
        search_zip(searcher, &mut Cursor::new(&bytes), member, depth)?;
        return Ok(bytes.len() as u64);
    } else if is_tar {
        let start = head.to_vec();
        return search_tar(searcher, &mut Cursor::new(start).chain(reader), member, depth);
    }
    searcher.text(member, len, reader)
}

/// Searches the headers and every member of a tar archive.
fn search_tar(
    searcher: &mut dyn Search,
    reader: &mut dyn Read,
    outer: &str,
    depth: usize,
) -> io::Result<u64> {
    let mut n_bytes = 0;
    while let Some(tar::Member { name, len }) = tar::next(reader)? {
        let member = if outer.is_empty() { name.clone() } else { format!("{outer} {name}") };
        searcher.name(&member, &name);
        let mut content = reader.take(len);
        n_bytes += search_member(searcher, &mut content, &member, depth + 1)?;
        let n_left = io::copy(&mut content, &mut io::sink())?;
        n_bytes += n_left + io::copy(&mut reader.take(tar::padding(len)), &mut io::sink())?;
    }
    // What follows the last member belongs to none, and is searched all the same.
    let len = searcher.first(reader)?;
    Ok(n_bytes + searcher.text(outer, len, reader)?)
}

/// Searches every member that the central directory of a zip file lists.
fn search_zip<R: Read + Seek>(
    searcher: &mut dyn Search,
    reader: &mut R,
    outer: &str,
    depth: usize,
) -> io::Result<()> {
    let begin = reader.stream_position()?;
    let Some(entries) = zip::directory(reader)? else {
        searcher.unread(outer, Unread::Damaged);
        return reader.seek(SeekFrom::Start(begin)).map(drop);
    };
    let archive_len = reader.seek(SeekFrom::End(0))?;
    let mut n_unpacked = 0;
    for entry in entries {
        // Thousands of entries may all name one and the same member.
        if n_unpacked > SMALL && n_unpacked / RATIO > archive_len {
            searcher.unread(outer, Unread::TooLarge);
            break;
        }
        let name =
            if outer.is_empty() { entry.name.clone() } else { format!("{outer} {}", entry.name) };
        if depth > 0 {
            searcher.name(&name, &entry.name);
        }
        if entry.is_encrypted {
            searcher.unread(&name, Unread::Encrypted);
            continue;
        }
        if !zip::seek_to(reader, &entry)? {
            searcher.unread(&name, Unread::Damaged);
            continue;
        }
        let packed = Counted { reader: reader.by_ref().take(entry.packed_len), n_bytes: 0 };
        let decoder: Box<dyn CountedRead + '_> = match entry.method {
            0 => Box::new(packed),
            8 => Box::new(Inflated(DeflateDecoder::new(packed))),
            _ => {
                searcher.unread(&name, Unread::Method);
                continue;
            }
        };
        let mut unpacked = Unpacked { decoder, n_bytes: 0, too_large: false };
        let outcome = search_member(searcher, &mut unpacked, &name, depth + 1);
        n_unpacked += unpacked.n_bytes;
        if unpacked.too_large {
            searcher.unread(&name, Unread::TooLarge);
        } else if outcome.is_err() {
            searcher.unread(&name, Unread::Damaged);
        }
    }
    Ok(())
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
