//! Searches what a reader gives, of any length, in bounded memory.

use std::io::{self, Read};

use crate::leaks::look::{Leak, Look};

/// A leak in a stream.
pub(crate) struct Found {
    pub(crate) leak: Leak,
    /// From 1.
    pub(crate) line: u64,
    /// In bytes, from 1.
    pub(crate) column: u64,
    /// The leaked bytes, for a keyed fingerprint alone.
    pub(crate) written: secret::Secret,
}

/// How much is read at once, if pieces need not be longer to overlap.
const PIECE: usize = 256 * 1024;

/// The memory that one searching thread reuses.
pub(crate) struct Scratch {
    buffer: Vec<u8>,
    overlap: usize,
}

impl Scratch {
    pub(crate) fn new(look: &Look<'_>) -> Self {
        let overlap = look.overlap();
        Self { buffer: vec![0; PIECE.max(overlap * 4)], overlap }
    }

    /// Reads the first piece of a text; `None` where it is empty.
    pub(crate) fn first(&mut self, reader: &mut dyn Read) -> io::Result<usize> {
        fill(reader, &mut self.buffer)
    }

    /// What [`Scratch::first`] read.
    pub(crate) fn read(&self, len: usize) -> &[u8] {
        &self.buffer[..len]
    }

    /// Searches a text whose first `len` bytes are read, to its end.
    pub(crate) fn search(
        &mut self,
        look: &Look<'_>,
        mut len: usize,
        reader: &mut dyn Read,
        found: &mut Vec<Found>,
    ) -> io::Result<u64> {
        let mut position = Position { line: 1, column: 1 };
        let mut total = len as u64;
        look.counts.read(len);
        // How many bytes of the buffer were searched already.
        let mut n_old = 0;
        // Where, in the buffer, the last leak began that was told.
        let mut told_from = None;
        loop {
            let is_last = len < self.buffer.len();
            let text = &self.buffer[..len];
            let mut at = position;
            let mut counted = 0;
            let mut last_start = None;
            for place in look.at(text) {
                let start = place.range.start;
                if place.range.end <= n_old || told_from.is_some_and(|told| start <= told) {
                    continue;
                }
                at = at.after(&text[counted..start]);
                counted = start;
                last_start = Some(start);
                found.push(Found {
                    leak: place.leak,
                    line: at.line,
                    column: at.column,
                    written: secret::Secret::new(text[place.range].to_vec()),
                });
            }
            if is_last {
                look.counts.finished();
                return Ok(total);
            }
            let dropped = len - self.overlap;
            position = position.after(&text[..dropped]);
            told_from = last_start.or(told_from).and_then(|start| start.checked_sub(dropped));
            self.buffer.copy_within(dropped.., 0);
            n_old = self.overlap;
            let n_read = fill(reader, &mut self.buffer[n_old..])?;
            total += n_read as u64;
            look.counts.read(n_read);
            if n_read == 0 {
                look.counts.finished();
                return Ok(total);
            }
            len = n_old + n_read;
        }
    }
}

/// A place in a text, from 1.
#[derive(Clone, Copy)]
struct Position {
    line: u64,
    column: u64,
}

impl Position {
    fn after(self, text: &[u8]) -> Self {
        match memchr::memrchr(b'\n', text) {
            None => Self { column: self.column + text.len() as u64, ..self },
            Some(last) => Self {
                line: self.line + memchr::memchr_iter(b'\n', text).count() as u64,
                column: (text.len() - last) as u64,
            },
        }
    }
}

/// Reads until the buffer is full or the text ends.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < buffer.len() {
        match reader.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(n_read) => len += n_read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secret::{Secret, SecretSet};

    use super::*;

    #[test]
    fn finds_across_pieces_and_counts_lines() {
        let mut builder = SecretSet::builder();
        builder.add("a.env:KEY", &Secret::from("CANARY-kq7Vw2xTzP".to_owned()));
        let set = builder.build();
        let look = Look { set: &set, narrow: Vec::new(), with_forms: true, counts: Arc::default() };
        let mut scratch = Scratch::new(&look);
        let piece = scratch.buffer.len();
        // One leak on each border, at its beginning, inside and at its end, and one in between.
        for shift in 0..20 {
            let mut text = vec![b'.'; piece * 3];
            let starts = [100, piece - shift, piece + piece / 2, piece * 2 - shift];
            for start in starts {
                text[start - 1] = b'\n';
                text[start..start + 17].copy_from_slice(b"CANARY-kq7Vw2xTzP");
            }
            let mut found = Vec::new();
            let mut reader = text.as_slice();
            let len = scratch.first(&mut reader).unwrap();
            let total = scratch.search(&look, len, &mut reader, &mut found).unwrap();
            assert_eq!(total, text.len() as u64);
            let lines: Vec<_> = found.iter().map(|found| (found.line, found.column)).collect();
            assert_eq!(lines, [(2, 1), (3, 1), (4, 1), (5, 1)], "shift {shift}");
        }
    }
}
