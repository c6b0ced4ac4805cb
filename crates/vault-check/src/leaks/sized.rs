//! A file whose end is known by its size: where many are small, the read that finds nothing more counts.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// A file that is read from its beginning.
pub(crate) struct Sized {
    file: File,
    at: u64,
    is_at_end: bool,
}

impl Sized {
    /// A file that was just opened.
    pub(crate) fn new(file: File) -> Sized {
        Sized { file, at: 0, is_at_end: false }
    }
}

impl Read for Sized {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_at_end {
            return Ok(0);
        }
        let len = self.file.read(buffer)?;
        self.at += len as u64;
        // Fewer bytes than there was room for are no end by themselves: a disk may have failed there, and what is made
        // as it is read, as in /proc, has no size.
        if (1..buffer.len()).contains(&len) {
            self.is_at_end = self.file.seek(SeekFrom::End(0)).is_ok_and(|size| size == self.at);
            if !self.is_at_end {
                self.file.seek(SeekFrom::Start(self.at))?;
            }
        }
        Ok(len)
    }
}

impl Seek for Sized {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.is_at_end = false;
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(file: &mut Sized) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_written_while_it_is_read_is_read_too() {
        let written = tempfile::NamedTempFile::new().unwrap();
        written.as_file().write_all(b"one ").unwrap();
        let mut file = Sized::new(File::open(written.path()).unwrap());
        let mut buffer = [0; 16];
        assert_eq!(file.read(&mut buffer[..2]).unwrap(), 2, "no more had room");
        written.as_file().write_all(b"two").unwrap();
        assert_eq!(read(&mut file), "e two");
        file.seek(SeekFrom::Start(4)).unwrap();
        assert_eq!(read(&mut file), "two");
    }

    #[test]
    fn what_has_no_size_is_read_to_its_end() {
        let expected = std::fs::read("/proc/filesystems").unwrap();
        let mut file = Sized::new(File::open("/proc/filesystems").unwrap());
        let mut buffer = [0; 100];
        let mut read = Vec::new();
        while let Ok(len) = file.read(&mut buffer)
            && len > 0
        {
            read.extend_from_slice(&buffer[..len]);
        }
        assert_eq!(read, expected);
    }
}
