//! The members of a tar archive, one after the other, as POSIX ustar and GNU write them.

use std::io::{self, Read};

/// Headers and contents come in blocks of this many bytes.
const BLOCK: u64 = 512;

/// One member: its name, and how long its content is.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) len: u64,
}

/// Whether a text begins as a tar archive does.
pub(super) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Reads the next header; `None` at the end of the archive or where it is none.
pub(super) fn next(reader: &mut dyn Read) -> io::Result<Option<Member>> {
    let mut header = [0; 512];
    match reader.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    if !is_tar(&header) {
        return Ok(None);
    }
    let Some(len) = number(&header[124..136]) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let name_len = header[..100].iter().position(|&byte| byte == 0).unwrap_or(100);
    Ok(Some(Member { name: String::from_utf8_lossy(&header[..name_len]).into_owned(), len }))
}

/// How many bytes fill up the last block of a content.
pub(super) fn padding(len: u64) -> u64 {
    (BLOCK - len % BLOCK) % BLOCK
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
