//! The members that a zip file lists, as PKWARE's APPNOTE.TXT has them.

use std::io::{self, Read, Seek, SeekFrom};

use super::{NESTED_ZIP, ZIP};

/// One member as the central directory has it.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) method: u16,
    pub(super) is_encrypted: bool,
    pub(super) packed_len: u64,
    pub(super) offset: u64,
}

/// The central directory (APPNOTE.TXT 4.3.12); `None` where it cannot be understood.
pub(super) fn directory<R: Read + Seek>(reader: &mut R) -> io::Result<Option<Vec<Entry>>> {
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

/// Goes to where a member's content begins; false where there is no such member.
pub(super) fn seek_to<R: Read + Seek>(reader: &mut R, entry: &Entry) -> io::Result<bool> {
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
