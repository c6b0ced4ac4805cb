//! Copying a file with edits, and comparing a file with its edited copy, in little memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use rustix::fs::copy_file_range;
use rustix::io::Errno;

use super::Edit;

const BUFFER: usize = 64 * 1024;

/// Whether edits are in order, do not overlap, and reach not past the end.
pub(super) fn in_order(edits: &[Edit], length: u64) -> bool {
    let mut done = 0;
    edits.iter().all(|edit| {
        let fits = done <= edit.range.start
            && edit.range.start <= edit.range.end
            && edit.range.end <= length;
        done = edit.range.end;
        fits
    })
}

/// Whether edits move nothing of what is behind them.
pub(super) fn keep_lengths(edits: &[Edit]) -> bool {
    edits.iter().all(|edit| edit.range.end - edit.range.start == edit.bytes.len() as u64)
}

/// Writes `old` with the edits, which are in order, to `new`, at its position.
pub(super) fn write_edited(
    old: &File,
    length: u64,
    edits: &[Edit],
    new: &mut File,
) -> io::Result<()> {
    let mut done = 0;
    for edit in edits {
        copy(old, done, edit.range.start, new)?;
        new.write_all(&edit.bytes)?;
        done = edit.range.end;
    }
    copy(old, done, length, new)
}

/// Writes what stands at the beginning of a file that does not exist yet.
pub(super) fn write_first(edits: &[Edit], new: &mut File) -> io::Result<()> {
    edits.iter().try_for_each(|edit| new.write_all(&edit.bytes))
}

/// Writes edits that keep their lengths into a copy.
pub(super) fn overwrite(copy: &File, edits: &[Edit]) -> io::Result<()> {
    edits.iter().try_for_each(|edit| copy.write_all_at(&edit.bytes, edit.range.start))
}

/// What stands in the edited ranges, one by one.
pub(super) fn bytes_of(old: &File, edits: &[Edit]) -> io::Result<Vec<Vec<u8>>> {
    let read = |edit: &Edit| {
        let length = edit.range.end - edit.range.start;
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        old.read_exact_at(&mut bytes, edit.range.start)?;
        Ok(bytes)
    };
    edits.iter().map(read).collect()
}

/// Whether `old` is what `new` was made of with these edits, and with these bytes where they are.
pub(super) fn is_same(
    old: &File,
    length: u64,
    new: &File,
    edits: &[Edit],
    seen: &[Vec<u8>],
) -> io::Result<bool> {
    if bytes_of(old, edits)? != seen {
        return Ok(false);
    }
    let (mut old_at, mut new_at) = (0, 0);
    let ends = edits.iter().map(|edit| (edit.range.start, edit.range.end, edit.bytes.len() as u64));
    for (start, end, inserted) in ends.chain([(length, length, 0)]) {
        let same = start - old_at;
        if !same_bytes(old, old_at, new, new_at, same)? {
            return Ok(false);
        }
        new_at += same + inserted;
        old_at = end;
    }
    Ok(true)
}

/// Copies a range to `new`, at its position, inside the kernel where that can be.
pub(super) fn copy(old: &File, from: u64, until: u64, new: &mut File) -> io::Result<()> {
    let mut at = from;
    while at < until {
        let wanted = usize::try_from(until - at).unwrap_or(usize::MAX).min(1 << 30);
        match copy_file_range(old, Some(&mut at), &*new, None, wanted) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file became shorter",
                ));
            }
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {
                return copy_through_memory(old, at, until, new);
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(())
}

fn copy_through_memory(mut old: &File, from: u64, until: u64, new: &mut File) -> io::Result<()> {
    old.seek(SeekFrom::Start(from))?;
    if io::copy(&mut old.take(until - from), new)? < until - from {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter"));
    }
    Ok(())
}

fn same_bytes(old: &File, old_at: u64, new: &File, new_at: u64, length: u64) -> io::Result<bool> {
    let size = usize::try_from(length).unwrap_or(BUFFER).min(BUFFER);
    let (mut left, mut right) = (vec![0; size], vec![0; size]);
    let mut done = 0;
    while done < length {
        let part = usize::try_from(length - done).unwrap_or(BUFFER).min(BUFFER);
        old.read_exact_at(&mut left[..part], old_at + done)?;
        new.read_exact_at(&mut right[..part], new_at + done)?;
        if left[..part] != right[..part] {
            return Ok(false);
        }
        done += part as u64;
    }
    Ok(true)
}
