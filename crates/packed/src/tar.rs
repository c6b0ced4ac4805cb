//! The members of a tar archive, one after the other, as POSIX ustar and GNU write them.

use std::io::{self, Read};

use super::member::{Member, Next};

/// Headers and contents come in blocks of this many bytes.
const BLOCK: u64 = 512;

/// Whether a text begins as a tar archive does: with `ustar`, or as Unix V7 wrote it, with a checksum alone.
pub(super) fn is_tar(head: &[u8]) -> bool {
    match head.get(257..262) {
        Some(b"ustar") => true,
        Some(b"\0\0\0\0\0") => has_checksum(head),
        _ => false,
    }
}

/// Whether a header's sum is the one it gives, its own eight bytes counted as blanks.
fn has_checksum(head: &[u8]) -> bool {
    let Some(header) = head.get(..512).filter(|header| header[0] != 0) else { return false };
    let sum = header.iter().enumerate().map(|(at, byte)| match at {
        148..156 => u64::from(b' '),
        _ => u64::from(*byte),
    });
    number(&header[148..156]).is_some_and(|said| said == sum.sum::<u64>())
}

/// Whether a block is one of the zeros that end an archive.
fn is_end(block: &[u8]) -> bool {
    block.len() as u64 == BLOCK && block.iter().all(|byte| *byte == 0)
}

/// Reads the next header, or what stands in its place.
pub(super) fn next(reader: &mut dyn Read) -> io::Result<Next> {
    let header = loop {
        let mut header = Vec::new();
        reader.take(BLOCK).read_to_end(&mut header)?;
        // Behind the end there may be another archive.
        if !is_end(&header) {
            break header;
        }
    };
    if header.len() as u64 != BLOCK || !is_tar(&header) {
        return Ok(Next::End(header));
    }
    let Some(len) = number(&header[124..136]) else { return Ok(Next::Damaged(header)) };
    if header[156] == SPARSE && header[257..].starts_with(b"ustar ") && header[482] != 0 {
        go_past_map(reader)?;
    }
    // POSIX has the beginning of a long path here; GNU has times, and parts of sparse files.
    let is_posix = header[257..].starts_with(b"ustar\0");
    let prefix = if is_posix { until_zero(&header[345..500]) } else { b"" };
    let slash: &[u8] = if prefix.is_empty() { b"" } else { b"/" };
    let owners = if prefix.is_empty() { &header[265..] } else { &header[265..345] };
    let name = [prefix, slash, until_zero(&header[..100])].concat();
    Ok(Next::Member(Member {
        name: String::from_utf8_lossy(&name).into_owned(),
        // Each at full width: path, target of a link, owners.
        texts: vec![
            [prefix, slash, &header[..100]].concat(),
            header[157..257].to_vec(),
            owners.to_vec(),
        ],
        len,
        padding: (BLOCK - len % BLOCK) % BLOCK,
    }))
}

/// The type of a file with holes, as GNU writes it. Its map has room in the header for four pieces; more of it
/// follows in blocks of their own, each of which says whether there is another.
const SPARSE: u8 = b'S';

fn go_past_map(reader: &mut dyn Read) -> io::Result<()> {
    loop {
        let mut block = Vec::new();
        reader.take(BLOCK).read_to_end(&mut block)?;
        if block.get(504).is_none_or(|more| *more == 0) {
            return Ok(());
        }
    }
}

fn until_zero(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}

/// Octal digits, or for great lengths GNU's base 256.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let bytes = field[field.len() - 8..].first_chunk::<8>()?;
        return Some(u64::from_be_bytes(*bytes));
    }
    let text = std::str::from_utf8(field).ok()?;
    u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
}
