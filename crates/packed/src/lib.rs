//! Looks into gzip, zlib, zip, tar, cpio and ar files, into the packed texts of PNG pictures, and into what lies in them.
//!
//! A [`Search`] is handed each text that is packed in a file, as it is unpacked: nothing is written, memory is bounded,
//! and what was not read is told with its reason. It knows nothing of what is searched for.

mod ar;
mod cpio;
mod encrypted;
mod kind;
mod member;
mod png;
mod tar;
mod unpacked;
mod words;
mod zip;

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

use crate::kind::Kind;
use crate::member::{Member, Next};
use crate::unpacked::{Counted, Unpacked, Watched, Zlib};

/// Searches the texts that lie in one file; each is read once, from its beginning to its end.
pub trait Search {
    /// Memory of 64 KiB or more, into which the first piece of a text is read, or all of it.
    fn buffer(&mut self) -> &mut [u8];

    /// Searches a text of which the first `len` bytes are read, to its end.
    fn text(&mut self, member: &str, len: usize, reader: &mut dyn Read) -> io::Result<()>;

    /// Searches a name that is not part of any text that is searched.
    fn name(&mut self, member: &str, name: &[u8]);

    /// Is told what is not searched. The member is empty for the file itself.
    fn unread(&mut self, member: &str, why: Unread);

    /// Whether marked up text in a zip file is to be given a second time, without its marks: an office document may
    /// have them in the middle of a word.
    fn wants_words(&self) -> bool {
        false
    }
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
    /// A zip file that can only be read once, as in another archive or a pipe, and too long to be held.
    NotHeld,
    /// Something is packed behind a script.
    Behind,
    /// A pointer to a file that is kept elsewhere, and not here.
    Elsewhere,
    /// A picture with more packed text than is held.
    Picture,
    /// A PDF: its text is compressed, and coded as the fonts in it have it.
    Pdf,
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
            Self::NotHeld => {
                "zip files of more than 16 MiB are unpacked only as files of their own"
            }
            Self::Behind => "something is packed behind a script",
            Self::Elsewhere => "it is a pointer of Git LFS, whose file is not here",
            Self::Picture => "more than 16 MiB of packed text in a picture is not unpacked",
            Self::Pdf => "the text of a PDF is compressed and coded",
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
/// A text that is shorter is whole in its first piece.
const WHOLE: usize = 64 * 1024;
/// A zip file inside an archive is held in memory up to this length, and so are the packed texts of a picture.
const LONGEST_HELD: u64 = 16 * 1024 * 1024;

/// Whether a file that begins so is packed: what is in it cannot be replaced without unpacking it.
pub fn is_packed(head: &[u8]) -> bool {
    Kind::of(head) != Kind::Text
}

/// Searches a text that can be sought in, and all that is packed in it.
pub fn search<R: Read + Seek>(searcher: &mut dyn Search, reader: &mut R) -> io::Result<()> {
    let n_unpacked = Cell::new(0);
    let depth = Depth { level: 0, n_unpacked: &n_unpacked };
    let len = first(searcher, reader)?;
    let head = head(searcher, len);
    let is_zip = match Kind::of(head) {
        Kind::Zip => true,
        Kind::Text if len < WHOLE => zip::ends(head, kind::is_binary(head)),
        Kind::Text => zip::ends_in(reader, kind::is_binary(head))?,
        _ => false,
    };
    if !is_zip {
        return search_rest(searcher, len, reader, "", depth, IsZip::No);
    }
    zip::search(searcher, reader, "", depth)?;
    // A zip file's own bytes hold its members' names and what was stored unpacked.
    reader.seek(SeekFrom::Start(0))?;
    let len = first(searcher, reader)?;
    searcher.text("", len, reader)
}

/// Searches what can only be read once, as a pipe, and all that is packed in it.
pub fn search_once(searcher: &mut dyn Search, reader: &mut dyn Read) -> io::Result<()> {
    search_member(searcher, reader, "", Depth { level: 0, n_unpacked: &Cell::new(0) })
}

/// Reads the first piece of a text; says how many bytes that are.
fn first(searcher: &mut dyn Search, reader: &mut dyn Read) -> io::Result<usize> {
    fill(reader, searcher.buffer())
}

/// The bytes that [`first`] read.
fn head(searcher: &mut dyn Search, len: usize) -> &[u8] {
    &searcher.buffer()[..len]
}

/// Reads until the buffer is full or the text ends; says how many bytes that are.
pub fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n_read) => len += n_read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

/// Where in archives a text lies, and what came out of all of them until now.
#[derive(Clone, Copy)]
struct Depth<'a> {
    level: usize,
    n_unpacked: &'a Cell<u64>,
}

impl Depth<'_> {
    fn deeper(self) -> Self {
        Self { level: self.level + 1, ..self }
    }

    /// Whether what came out since then is beyond all measure for so many packed bytes: each member may be small by
    /// itself and large deep inside.
    fn is_too_much(self, since: u64, n_packed: u64) -> bool {
        is_too_much(self.n_unpacked.get() - since, n_packed)
    }
}

fn is_too_much(n_unpacked: u64, n_packed: u64) -> bool {
    n_unpacked > SMALL && n_unpacked / RATIO > n_packed
}

fn search_member(
    searcher: &mut dyn Search,
    reader: &mut dyn Read,
    member: &str,
    depth: Depth<'_>,
) -> io::Result<()> {
    let len = first(searcher, reader)?;
    search_rest(searcher, len, reader, member, depth, IsZip::Perhaps)
}

/// Whether a text may be a zip file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IsZip {
    /// It was looked at from its end.
    No,
    /// Nobody has seen its end yet.
    Perhaps,
}

/// Searches a text of which the first `len` bytes are read.
fn search_rest(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
    depth: Depth<'_>,
    is_zip: IsZip,
) -> io::Result<()> {
    let head = head(searcher, len);
    let kind = Kind::of(head);
    // Most pictures have nothing packed in them but pixels: one that lies deepest is looked into all the same.
    let deepest = DEEPEST + usize::from(kind == Kind::Png);
    match kind {
        Kind::Opaque(why) => searcher.unread(member, why),
        Kind::Text => {
            let is_long_program = len >= WHOLE && kind::is_program(head);
            if is_zip == IsZip::Perhaps
                && (is_long_program || zip::ends(head, kind::is_binary(head)))
            {
                return search_held(searcher, len, reader, member, depth);
            }
            if kind::is_gzip_behind(head) {
                searcher.unread(member, Unread::Behind);
            }
            if is_zip == IsZip::Perhaps && len >= WHOLE {
                return search_watched(searcher, len, reader, member);
            }
        }
        _ if depth.level >= deepest => searcher.unread(member, Unread::TooDeep),
        Kind::Png => return png::search(searcher, len, reader, member, depth),
        Kind::Gzip => {
            search_gzip(searcher, len, reader, member, depth);
            return Ok(());
        }
        Kind::Zlib => return search_zlib(searcher, len, reader, member, depth),
        Kind::Zip => return search_held(searcher, len, reader, member, depth),
        Kind::Cpio => return search_archive(searcher, len, reader, member, depth, 0, cpio::next),
        Kind::Tar => return search_archive(searcher, len, reader, member, depth, 0, tar::next),
        Kind::Ar => {
            let n_magic = kind::AR.len();
            return search_archive(searcher, len, reader, member, depth, n_magic, ar::next);
        }
    }
    searcher.text(member, len, reader)
}

fn search_gzip(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
    depth: Depth<'_>,
) {
    let start = head(searcher, len).to_vec();
    let packed = Counted { reader: Cursor::new(start).chain(reader), n_bytes: 0 };
    let mut unpacked = Unpacked::new(MultiGzDecoder::new(packed), depth);
    let name = format!("{member}{}(gunzipped)", if member.is_empty() { "" } else { " " });
    if let Some(header) = unpacked.decoder.header() {
        for text in [header.filename(), header.comment(), header.extra()].into_iter().flatten() {
            searcher.name(&name, text);
        }
    }
    search_unpacked(searcher, &[], &mut unpacked, &name, member, depth);
}

/// Searches a zlib stream and what stands behind it, as git and many others keep single objects.
fn search_zlib(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
    depth: Depth<'_>,
) -> io::Result<()> {
    let start = head(searcher, len).to_vec();
    let packed = Counted { reader: Cursor::new(start).chain(reader), n_bytes: 0 };
    let mut unpacked = Unpacked::new(Zlib::new(packed), depth);
    let name = format!("{member}{}(inflated)", if member.is_empty() { "" } else { " " });
    let mut first = Vec::new();
    // What cannot be read is met again by whoever reads on.
    let _ = unpacked.by_ref().take(kind::LONGEST_GIT).read_to_end(&mut first);
    // An object of git's is what stands behind its own header.
    let first = &first[kind::git_header(&first)..];
    let is_whole = search_unpacked(searcher, first, &mut unpacked, &name, member, depth);
    let behind = unpacked.decoder.rest();
    search_behind(searcher, &[], behind, member, depth, !is_whole)
}

/// Searches what was packed as one stream, of which `first` is read, and tells what of it could not be read; answers
/// whether all of it was.
fn search_unpacked<D>(
    searcher: &mut dyn Search,
    first: &[u8],
    unpacked: &mut Unpacked<'_, D>,
    name: &str,
    member: &str,
    depth: Depth<'_>,
) -> bool
where
    for<'a> Unpacked<'a, D>: Read,
{
    let mut content = Cursor::new(first).chain(&mut *unpacked);
    let is_read = search_member(searcher, &mut content, name, depth.deeper()).is_ok();
    let is_read = is_read && !unpacked.is_damaged;
    if unpacked.too_large {
        searcher.unread(member, Unread::TooLarge);
    } else if !is_read {
        searcher.unread(member, Unread::Damaged);
    }
    is_read && !unpacked.too_large
}

/// Searches what may be a zip file and can only be read once: in memory, where it is not too long.
fn search_held(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
    depth: Depth<'_>,
) -> io::Result<()> {
    let mut bytes = head(searcher, len).to_vec();
    let n_left = (LONGEST_HELD + 1).saturating_sub(bytes.len() as u64);
    // What was read before an error is searched all the same.
    let outcome = reader.take(n_left).read_to_end(&mut bytes);
    let is_zip = bytes.starts_with(kind::ZIP);
    if bytes.len() as u64 > LONGEST_HELD {
        if is_zip {
            searcher.unread(member, Unread::NotHeld);
        }
    } else if is_zip || zip::ends(&bytes, kind::is_binary(&bytes)) {
        if depth.level < DEEPEST {
            zip::search(searcher, &mut Cursor::new(&bytes), member, depth)?;
        } else {
            searcher.unread(member, Unread::TooDeep);
        }
        // Its own bytes hold its members' names, and comments.
        let mut again = bytes.as_slice();
        let len = first(searcher, &mut again)?;
        searcher.text(member, len, &mut again)?;
        return outcome.map(drop);
    }
    let mut again = Cursor::new(bytes).chain(reader);
    let len = first(searcher, &mut again)?;
    if kind::is_gzip_behind(head(searcher, len)) {
        searcher.unread(member, Unread::Behind);
    }
    search_watched(searcher, len, &mut again, member)?;
    outcome.map(drop)
}

/// Searches a text that is not held in memory, and says if it ends as a zip file does.
fn search_watched(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
) -> io::Result<()> {
    let head = head(searcher, len);
    let (is_zip, is_binary) = (head.starts_with(kind::ZIP), kind::is_binary(head));
    let mut watched = Watched::new(head, reader);
    searcher.text(member, len, &mut watched)?;
    if !is_zip && zip::ends(watched.tail(), is_binary) {
        searcher.unread(member, Unread::NotHeld);
    }
    Ok(())
}

/// Searches the headers and every member of an archive that begins with so many bytes of its own, and what follows: as
/// an initramfs has it, another, packed or not. Many members are short, so none is read from the file by itself.
fn search_archive(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    outer: &str,
    depth: Depth<'_>,
    n_magic: usize,
    next: fn(&mut dyn Read) -> io::Result<Next>,
) -> io::Result<()> {
    let start = head(searcher, len)[n_magic..].to_vec();
    let reader = &mut BufReader::new(Cursor::new(start).chain(reader));
    let (begin, mut n_packed) = (depth.n_unpacked.get(), 0_u64);
    let (rest, is_damaged) = loop {
        match next(reader)? {
            Next::Member(_) if depth.is_too_much(begin, n_packed) => {
                searcher.unread(outer, Unread::TooLarge);
                return Ok(());
            }
            Next::Member(Member { name, texts, len, padding }) => {
                n_packed = n_packed.saturating_add(len);
                let name = in_archive(outer, &name);
                for text in &texts {
                    searcher.name(&name, text);
                }
                search_part(searcher, reader, &name, len, depth)?;
                io::copy(&mut reader.take(padding), &mut io::sink())?;
            }
            Next::End(rest) => break (rest, false),
            Next::Damaged(rest) => {
                searcher.unread(outer, Unread::Damaged);
                break (rest, true);
            }
        }
    };
    search_behind(searcher, &rest, reader, outer, depth, is_damaged)
}

/// Searches what follows the last member: it belongs to none, and may be packed itself.
fn search_behind(
    searcher: &mut dyn Search,
    rest: &[u8],
    reader: &mut dyn Read,
    outer: &str,
    depth: Depth<'_>,
    is_damaged: bool,
) -> io::Result<()> {
    let mut behind = Cursor::new(rest).chain(reader);
    let len = first(searcher, &mut behind)?;
    if len == 0 {
        return Ok(());
    }
    if is_damaged || Kind::of(head(searcher, len)) == Kind::Text {
        return searcher.text(outer, len, &mut behind);
    }
    search_rest(searcher, len, &mut behind, outer, depth.deeper(), IsZip::No)
}

/// Searches one member's content and goes to its end.
fn search_part(
    searcher: &mut dyn Search,
    reader: &mut dyn Read,
    member: &str,
    len: u64,
    depth: Depth<'_>,
) -> io::Result<()> {
    let mut content = reader.take(len);
    search_member(searcher, &mut content, member, depth.deeper())?;
    io::copy(&mut content, &mut io::sink())?;
    if content.limit() > 0 {
        searcher.unread(member, Unread::Damaged);
    }
    Ok(())
}

fn in_archive(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { format!("{outer} {name}") }
}

#[cfg(test)]
mod tests;
