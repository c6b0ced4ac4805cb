//! Copying a file with edits, and comparing a file with its edited copy, in little memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use rustix::fs::copy_file_range;
use rustix::io::Errno;

use super::Edit;

const BUFFER: usize = 64 * 1024;

/// Writes `old` with the edits to `new`, at its position. False when the edits are out of order, overlap or reach
/// past the end.
pub(super) fn write_edited(
    old: &File,
    length: u64,
    edits: &[Edit],
    new: &mut File,
) -> io::Result<bool> {
    if !in_order(edits, length) {
        return Ok(false);
    }
    let mut done = 0;
    for edit in edits {
        copy(old, done, edit.range.start, new)?;
        new.write_all(&edit.bytes)?;
        done = edit.range.end;
    }
    copy(old, done, length, new)?;
    Ok(true)
}

/// Writes what stands at the beginning of a file that does not exist yet. False when an edit replaces something.
pub(super) fn write_first(edits: &[Edit], new: &mut File) -> io::Result<bool> {
    for edit in edits {
        new.write_all(&edit.bytes)?;
    }
    Ok(edits.iter().all(|edit| edit.range == (0..0)))
}

/// Whether the part of `old` outside the edits is what was copied to `new`: false when `old` was written to in the
/// meantime. What stood in the edited ranges cannot be compared here; the caller checks size and times.
pub(super) fn same_content(
    old: &File,
    length: u64,
    new: &File,
    edits: &[Edit],
) -> io::Result<bool> {
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

fn in_order(edits: &[Edit], length: u64) -> bool {
    let mut done = 0;
    edits.iter().all(|edit| {
        let fits = done <= edit.range.start
            && edit.range.start <= edit.range.end
            && edit.range.end <= length;
        done = edit.range.end;
        fits
    })
}

fn copy(old: &File, from: u64, until: u64, new: &mut File) -> io::Result<()> {
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
    let (mut left, mut right) = (vec![0; BUFFER], vec![0; BUFFER]);
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
