//! Reading a file that holds secrets: once, from one handle, into one buffer of its size.

use std::ffi::CStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{FileType, Mode, OFlags, Stat};
use secret::Secret;

/// The largest file that is read; no credential is that large.
pub const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a file of the vault was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// The system refused; most often permission was denied.
    Refused(io::ErrorKind),
    /// It is a FIFO, a socket or a device.
    NotAFile,
    /// It is larger than [`LARGEST`].
    TooLarge,
    /// It changed while it was read.
    Changed,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Refused(kind) => write!(formatter, "{kind}"),
            Unreadable::NotAFile => formatter.write_str("not a regular file"),
            Unreadable::TooLarge => formatter.write_str("larger than 16 MiB"),
            Unreadable::Changed => formatter.write_str("it changed while it was read"),
        }
    }
}

/// Opens a file in a folder without following a link and reads it; the status is the handle's own.
pub(crate) fn read_at(folder: BorrowedFd<'_>, name: &CStr) -> Result<(Stat, Secret), Unreadable> {
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let handle = rustix::fs::openat(folder, name, flags, Mode::empty()).map_err(refused)?;
    let status = rustix::fs::fstat(handle.as_fd()).map_err(refused)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(Unreadable::NotAFile);
    }
    let size = u64::try_from(status.st_size).unwrap_or(0);
    if size > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    let size = usize::try_from(size).map_err(|_| Unreadable::TooLarge)?;
    let content = read_whole(&mut File::from(handle), size)?;
    Ok((status, content))
}

/// Reads `size` bytes and makes sure that there are no more, so that no buffer ever grows and
/// leaves a copy of its bytes behind.
fn read_whole(file: &mut impl Read, size: usize) -> Result<Secret, Unreadable> {
    // One byte more than there should be: a read that leaves it unused has met the end.
    let mut buffer = vec![0; size + 1];
    let mut filled = 0;
    let result = loop {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break Ok(()),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => break Err(Unreadable::Refused(error.kind())),
        }
        if filled >= size {
            break Ok(());
        }
    };
    buffer.truncate(filled);
    let content = Secret::new(buffer);
    result?;
    if filled == size { Ok(content) } else { Err(Unreadable::Changed) }
}

fn refused(error: rustix::io::Errno) -> Unreadable {
    Unreadable::Refused(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_its_size_is_not_trusted() {
        let read =
            |bytes: &[u8], size| read_whole(&mut &bytes[..], size).map(|secret| secret.len());
        assert_eq!(read(b"abc", 3), Ok(3));
        assert_eq!(read(b"", 0), Ok(0));
        assert_eq!(read(b"abc", 2), Err(Unreadable::Changed));
        assert_eq!(read(b"abc", 4), Err(Unreadable::Changed));
    }
}
