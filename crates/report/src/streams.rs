//! The three standard streams as values, with a closed stdout made harmless.

use std::io::{self, ErrorKind, Read, Write};

/// Where a tool reads its input, writes its answer, and says everything else.
pub struct Streams<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// The answer.
    pub stdout: &'a mut dyn Write,
    /// Everything else: progress, warnings, errors.
    pub stderr: &'a mut dyn Write,
}

/// A writer that goes silent once its reader has gone, so that `tool | head -1` keeps its verdict.
pub(crate) struct UntilClosed<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> UntilClosed<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, closed: false }
    }

    fn silence<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for UntilClosed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.silence(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.silence(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }

    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_reader_is_silent() {
        let mut out = UntilClosed::new(Closed);
        assert_eq!(out.write(b"abc").unwrap(), 3);
        assert_eq!(out.write(b"de").unwrap(), 2);
        out.flush().unwrap();
    }

    #[test]
    fn any_other_write_error_is_an_error() {
        let mut out = UntilClosed::new(Full);
        assert_eq!(out.write(b"abc").unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
