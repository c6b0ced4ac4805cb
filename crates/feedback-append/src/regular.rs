//! Opening a file that may turn out to be something else: a FIFO must not hold us until somebody writes to it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use evidence::Digest;

/// Returned at once by a FIFO, and without an effect on a file.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// Opens a regular file for reading; fails for anything else.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

/// The SHA-256 of a regular file, in hexadecimal digits.
pub(crate) fn hash(path: &Path, buffer: &mut [u8]) -> io::Result<String> {
    Ok(Digest::of_reader(open(path)?, buffer)?.0.hex())
}

/// Room for what is hashed at a time.
pub(crate) fn buffer() -> Vec<u8> {
    vec![0; 64 * 1024]
}

/// The bytes of a regular file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    io::BufReader::new(file).read_to_end(&mut bytes)?;
    Ok(bytes)
}
