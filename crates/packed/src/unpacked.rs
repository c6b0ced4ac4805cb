//! Readers of packed bytes that measure what goes in and what comes out.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use flate2::{Decompress, FlushDecompress, Status};

use super::{Depth, is_too_much, zip};

/// A reader that knows how many packed bytes it gave.
pub(super) trait CountedRead: Read {
    fn n_packed(&self) -> u64;
}

pub(super) struct Counted<R> {
    pub(super) reader: R,
    pub(super) n_bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.reader.read(buffer)?;
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}

impl<R: Read> CountedRead for Counted<R> {
    fn n_packed(&self) -> u64 {
        self.n_bytes
    }
}

pub(super) struct Inflated<R>(pub(super) DeflateDecoder<R>);

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: CountedRead> CountedRead for Inflated<R> {
    fn n_packed(&self) -> u64 {
        self.0.get_ref().n_packed()
    }
}

impl<R: CountedRead> CountedRead for MultiGzDecoder<R> {
    fn n_packed(&self) -> u64 {
        self.get_ref().n_packed()
    }
}

/// A zlib stream, of which an early end is an error: the decoder of flate2 says nothing of it.
pub(super) struct Zlib<R> {
    packed: BufReader<R>,
    inflate: Decompress,
    is_over: bool,
}

impl<R: Read> Zlib<R> {
    pub(super) fn new(packed: R) -> Self {
        Self { packed: BufReader::new(packed), inflate: Decompress::new(true), is_over: false }
    }
}

impl<R> Zlib<R> {
    /// What was not taken for the stream.
    pub(super) fn rest(&mut self) -> &mut BufReader<R> {
        &mut self.packed
    }
}

impl<R: Read> Read for Zlib<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.is_over && !buffer.is_empty() {
            let packed = self.packed.fill_buf()?;
            let is_end = packed.is_empty();
            let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(packed, buffer, FlushDecompress::None)?;
            let n_in = usize::try_from(self.inflate.total_in() - before_in).unwrap_or(0);
            let n_out = usize::try_from(self.inflate.total_out() - before_out).unwrap_or(0);
            self.packed.consume(n_in);
            self.is_over = status == Status::StreamEnd;
            if n_out > 0 {
                return Ok(n_out);
            }
            if is_end && !self.is_over {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

impl<R: CountedRead> CountedRead for Zlib<R> {
    fn n_packed(&self) -> u64 {
        self.packed.get_ref().n_packed()
    }
}

impl CountedRead for Box<dyn CountedRead + '_> {
    fn n_packed(&self) -> u64 {
        self.as_ref().n_packed()
    }
}

/// What comes out of a decoder, until it is too much or no more can be read: what stands before the damage is searched.
pub(super) struct Unpacked<'a, D> {
    pub(super) decoder: D,
    n_bytes: u64,
    depth: Depth<'a>,
    pub(super) too_large: bool,
    pub(super) is_damaged: bool,
}

impl<'a, D> Unpacked<'a, D> {
    pub(super) fn new(decoder: D, depth: Depth<'a>) -> Self {
        Self { decoder, n_bytes: 0, depth, too_large: false, is_damaged: false }
    }
}

impl<D: CountedRead> Read for Unpacked<'_, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if is_too_much(self.n_bytes, self.decoder.n_packed()) {
            self.too_large = true;
            return Ok(0);
        }
        let n_read = match self.decoder.read(buffer) {
            Ok(n_read) => n_read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(_) => {
                self.is_damaged = true;
                0
            }
        };
        self.n_bytes += n_read as u64;
        self.depth.n_unpacked.update(|n_bytes| n_bytes + n_read as u64);
        Ok(n_read)
    }
}

/// A reader that keeps the last bytes it gave, enough for the end of a zip file.
pub(super) struct Watched<'a> {
    reader: &'a mut dyn Read,
    tail: Vec<u8>,
}

impl<'a> Watched<'a> {
    /// Begins where `head` is read already.
    pub(super) fn new(head: &[u8], reader: &'a mut dyn Read) -> Self {
        Self { reader, tail: head[head.len().saturating_sub(zip::LONGEST_END)..].to_vec() }
    }

    /// The last bytes so far.
    pub(super) fn tail(&self) -> &[u8] {
        &self.tail
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.reader.read(buffer)?;
        self.tail.extend_from_slice(&buffer[..n_read]);
        if self.tail.len() > 8 * zip::LONGEST_END {
            self.tail.drain(..self.tail.len() - zip::LONGEST_END);
        }
        Ok(n_read)
    }
}
