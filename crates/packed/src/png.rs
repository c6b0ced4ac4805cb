//! The packed texts of a PNG picture, and what stands behind its end (PNG, third edition, §5 and §11.3).

use std::io::{self, BufReader, Cursor, Read};
use std::mem;

use super::unpacked::{Counted, Unpacked, Zlib};
use super::{Depth, IsZip, LONGEST_HELD, Search, Unread, fill, first, head, search_rest};
use super::{in_archive, search_unpacked};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Searches a picture's bytes as they are, of which the first `len` are read, then each text that is packed in it, and
/// what stands behind it: more pictures in a row, or anything else. Pixels are unpacked for nobody.
pub(super) fn search(
    searcher: &mut dyn Search,
    len: usize,
    reader: &mut dyn Read,
    member: &str,
    depth: Depth<'_>,
) -> io::Result<()> {
    let start = head(searcher, len).to_vec();
    let mut reader = BufReader::new(Cursor::new(start).chain(reader));
    let (begin, mut n_packed) = (depth.n_unpacked.get(), 0);
    let mut signature = [0; SIGNATURE.len()];
    let n_read = loop {
        let n_read = fill(&mut reader, &mut signature)?;
        if signature[..n_read] != *SIGNATURE {
            break n_read;
        }
        let mut chunks = Chunks::new(SIGNATURE.chain(&mut reader));
        let len = first(searcher, &mut chunks)?;
        searcher.text(member, len, &mut chunks)?;
        let Chunks { texts, why_unread, .. } = chunks.finish();
        if let Some(why) = why_unread {
            searcher.unread(member, why);
        }
        search_texts(searcher, &texts, member, depth, begin, &mut n_packed);
    };
    let mut behind = signature[..n_read].chain(reader);
    let len = first(searcher, &mut behind)?;
    if len == 0 {
        return Ok(());
    }
    search_rest(searcher, len, &mut behind, member, depth.deeper(), IsZip::Perhaps)
}

fn search_texts(
    searcher: &mut dyn Search,
    texts: &[Chunk],
    member: &str,
    depth: Depth<'_>,
    begin: u64,
    n_packed: &mut u64,
) {
    let mut is_damaged = false;
    for chunk in texts {
        if depth.is_too_much(begin, *n_packed) {
            return searcher.unread(member, Unread::TooLarge);
        }
        let Some(packed) = chunk.packed() else {
            is_damaged = true;
            continue;
        };
        if packed.is_empty() {
            continue;
        }
        *n_packed += packed.len() as u64;
        let packed = Counted { reader: packed, n_bytes: 0 };
        let mut unpacked = Unpacked::new(Zlib::new(packed), depth);
        let name = in_archive(member, &format!("({})", chunk.kind.name()));
        search_unpacked(searcher, &[], &mut unpacked, &name, member, depth);
    }
    if is_damaged {
        searcher.unread(member, Unread::Damaged);
    }
}

/// The kinds of chunks in which a text may be packed.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    InternationalText,
    Profile,
}

impl Kind {
    fn of(name: [u8; 4]) -> Option<Self> {
        match &name {
            b"zTXt" => Some(Self::Text),
            b"iTXt" => Some(Self::InternationalText),
            b"iCCP" => Some(Self::Profile),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "zTXt",
            Self::InternationalText => "iTXt",
            Self::Profile => "iCCP",
        }
    }
}

struct Chunk {
    kind: Kind,
    body: Vec<u8>,
}

impl Chunk {
    /// The zlib stream in it, empty where its text is not packed; `None` where the chunk is damaged.
    fn packed(&self) -> Option<&[u8]> {
        let behind = |bytes| memchr::memchr(0, bytes).map(|at| &bytes[at + 1..]);
        let is_plain = match (self.kind, behind(&self.body)?) {
            (Kind::Text | Kind::Profile, [0, packed @ ..]) => return Some(packed),
            (Kind::InternationalText, [1, 0, rest @ ..]) => return behind(behind(rest)?),
            (Kind::InternationalText, [is_packed, ..]) => *is_packed == 0,
            _ => false,
        };
        is_plain.then_some(&[])
    }
}

/// Where in a picture the next byte stands.
enum Part {
    Signature,
    /// A chunk's length and the name of its kind, of which this is read.
    Header(Vec<u8>),
    /// A chunk's content; it is kept where a text may be packed in it.
    Body(Option<Chunk>),
    Checksum,
    /// What cannot be taken apart.
    Lost,
}

/// A chunk that is kept costs so much besides its content.
const OVERHEAD: u64 = 128;

/// Gives a picture's bytes up to its end, and keeps its packed texts.
struct Chunks<R> {
    reader: R,
    part: Part,
    /// So many bytes of the part are to come.
    left: u64,
    is_last: bool,
    texts: Vec<Chunk>,
    n_kept: u64,
    why_unread: Option<Unread>,
}

impl<R> Chunks<R> {
    fn new(reader: R) -> Self {
        let left = SIGNATURE.len() as u64;
        let (texts, part) = (Vec::new(), Part::Signature);
        Self { reader, part, left, is_last: false, texts, n_kept: 0, why_unread: None }
    }

    /// Once everything is read: a picture that was cut in the middle of a text has the rest of it.
    fn finish(mut self) -> Self {
        if let Part::Body(Some(chunk)) = mem::replace(&mut self.part, Part::Lost) {
            self.texts.push(chunk);
        }
        self
    }

    fn take(&mut self, bytes: &[u8]) {
        match &mut self.part {
            Part::Header(kept) | Part::Body(Some(Chunk { body: kept, .. })) => {
                kept.extend_from_slice(bytes);
            }
            Part::Signature | Part::Body(None) | Part::Checksum | Part::Lost => {}
        }
        self.left -= bytes.len() as u64;
    }

    /// What follows a part of which nothing is left.
    fn next_part(&mut self) {
        (self.part, self.left) = match mem::replace(&mut self.part, Part::Lost) {
            Part::Signature | Part::Checksum => (Part::Header(Vec::new()), 8),
            Part::Header(header) => self.begun(&header),
            Part::Body(chunk) => {
                self.texts.extend(chunk);
                (Part::Checksum, 4)
            }
            Part::Lost => (Part::Lost, u64::MAX),
        };
    }

    fn begun(&mut self, header: &[u8]) -> (Part, u64) {
        let &[a, b, c, d, ref name @ ..] = header else { return (Part::Lost, u64::MAX) };
        let len = u64::from(u32::from_be_bytes([a, b, c, d]));
        let Some(name) =
            <[u8; 4]>::try_from(name).ok().filter(|name| name.iter().all(u8::is_ascii_alphabetic))
        else {
            self.why_unread = Some(Unread::Damaged);
            return (Part::Lost, u64::MAX);
        };
        self.is_last = &name == b"IEND";
        let Some(kind) = Kind::of(name) else { return (Part::Body(None), len) };
        if self.n_kept + len + OVERHEAD > LONGEST_HELD {
            self.why_unread = Some(Unread::Picture);
            return (Part::Body(None), len);
        }
        self.n_kept += len + OVERHEAD;
        (Part::Body(Some(Chunk { kind, body: Vec::new() })), len)
    }

    fn is_over(&self) -> bool {
        self.is_last && self.left == 0 && matches!(self.part, Part::Checksum)
    }
}

impl<R: Read> Read for Chunks<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        while len < buffer.len() {
            while self.left == 0 && !self.is_over() {
                self.next_part();
            }
            let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len() - len);
            match self.reader.read(&mut buffer[len..len + wanted]) {
                Ok(0) => break,
                Ok(n_read) => {
                    self.take(&buffer[len..len + n_read]);
                    len += n_read;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It is met again by whoever reads on.
                Err(_) if len > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(len)
    }
}
