//! The file of one stream. With a limit it has the stream's beginning and its end, and a line between them that says
//! how much was left out.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use evidence::{FileEntry, Hasher, Truncated};

/// Stands between beginning and end while more comes, so that it is there where we are killed.
const LEFT_OUT: &str = "\n[evidence-log: what came here is left out]\n";

/// So much of the file is moved at once.
const PIECE: usize = 64 * 1024;

/// What is kept of a stream. Nothing is read back unless there is a limit, and more came.
///
/// What comes after the beginning is appended, also beyond the limit; only when there is twice as much as the end may
/// have, the newer half moves down. So whenever we are killed, the file ends with what came last.
pub(super) struct Kept {
    file: File,
    name: String,
    /// How many bytes of the beginning are kept, and how many of the end; no limit: everything is the beginning.
    limit: Option<(u64, u64)>,
    /// Of the beginning.
    hasher: Hasher,
    /// How many bytes of the beginning are there.
    head: u64,
    /// How many bytes of the line behind it are there.
    line: u64,
    /// How many bytes follow in the file.
    rest: u64,
    /// How many bytes came.
    of: u64,
    failure: Option<io::Error>,
}

impl Kept {
    /// Writes to this file, at most `max_bytes` of what comes. With a limit it has to be open for reading too.
    pub(super) fn new(file: File, name: String, max_bytes: Option<u64>) -> Self {
        Self {
            file,
            name,
            limit: max_bytes.map(|most| (most - most / 2, most / 2)),
            hasher: Hasher::default(),
            head: 0,
            line: 0,
            rest: 0,
            of: 0,
            failure: None,
        }
    }

    /// The name of the file in the bundle.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Appends. A full disk must not stop the command: what fails is told by [`Kept::entry`].
    pub(super) fn put(&mut self, bytes: &[u8]) {
        if self.failure.is_none()
            && let Err(failure) = self.try_put(bytes)
        {
            self.failure = Some(failure);
        }
    }

    fn try_put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.of += bytes.len() as u64;
        let Some((most_head, most_tail)) = self.limit else {
            self.hasher.update(bytes);
            self.head = self.of;
            return Ok(());
        };
        let room = usize::try_from(most_head - self.head).unwrap_or(usize::MAX);
        let (begins, follows) = bytes.split_at(room.min(bytes.len()));
        self.hasher.update(begins);
        self.head += begins.len() as u64;
        self.rest += follows.len() as u64;
        if self.rest / 2 > most_tail {
            self.leave_out(LEFT_OUT, most_tail)?;
        }
        Ok(())
    }

    /// Leaves out all between the beginning and the last bytes, and says so there.
    fn leave_out(&mut self, line: &str, tail: u64) -> io::Result<()> {
        let place = self.head + line.len() as u64;
        shift(&self.file, self.head + self.line + self.rest - tail, place, tail)?;
        self.file.write_all_at(line.as_bytes(), self.head)?;
        self.file.set_len(place + tail)?;
        self.file.seek(SeekFrom::Start(place + tail))?;
        (self.line, self.rest) = (line.len() as u64, tail);
        Ok(())
    }

    /// Makes the file durable and says what it holds, and whether that is not all; any lock on it stays until this is
    /// dropped.
    pub(super) fn entry(&mut self, role: &str) -> io::Result<(FileEntry, Option<Truncated>)> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let truncated = match self.limit {
            Some((_, most_tail)) if self.of - self.head > most_tail => Some(self.cut(most_tail)?),
            _ => None,
        };
        let mut hasher = self.hasher.clone();
        let end = self.head + self.line + self.rest;
        let (mut buffer, mut at) = (vec![0; PIECE], self.head);
        while at < end {
            let piece = &mut buffer[..piece_of(end - at)];
            self.file.read_exact_at(piece, at)?;
            hasher.update(piece);
            at += piece.len() as u64;
        }
        if end > 0 {
            self.file.sync_data()?;
        }
        let (path, role) = (self.name.clone(), role.to_owned());
        Ok((FileEntry { path, role, bytes: end, sha256: hasher.finish() }, truncated))
    }

    fn cut(&mut self, tail: u64) -> io::Result<Truncated> {
        let left_out = self.of - self.head - tail;
        self.leave_out(&format!("\n[evidence-log: {left_out} bytes are left out here]\n"), tail)?;
        Ok(Truncated { path: self.name.clone(), head: self.head, tail, of: self.of })
    }
}

/// Moves bytes within a file, also to a place that overlaps the one they come from.
fn shift(file: &File, from: u64, to: u64, length: u64) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut done = 0;
    while done < length {
        let piece = &mut buffer[..piece_of(length - done)];
        // What goes up is moved from its end on, so that nothing is overwritten before it was read.
        let at = if to < from { done } else { length - done - piece.len() as u64 };
        file.read_exact_at(piece, from + at)?;
        file.write_all_at(piece, to + at)?;
        done += piece.len() as u64;
    }
    Ok(())
}

fn piece_of(left: u64) -> usize {
    usize::try_from(left).map_or(PIECE, |left| left.min(PIECE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of these pieces, and what the record says of it.
    fn keep<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
        max_bytes: Option<u64>,
    ) -> (Vec<u8>, FileEntry, Option<Truncated>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        let mut kept = Kept::new(file, "out".into(), max_bytes);
        for piece in pieces {
            kept.put(piece);
            let most = max_bytes.map_or(u64::MAX, |most| most + most / 2 + piece.len() as u64 + 60);
            assert!(path.metadata().unwrap().len() <= most, "it grows beyond its bound");
        }
        let (entry, truncated) = kept.entry("stdout").unwrap();
        (std::fs::read(&path).unwrap(), entry, truncated)
    }

    #[track_caller]
    fn check(text: &str, max_bytes: u64, expected: &str) {
        let (bytes, ..) = keep(text.as_bytes().chunks(3), Some(max_bytes));
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn what_is_longer_than_the_limit_keeps_its_beginning_and_its_end() {
        check("", 4, "");
        check("abcd", 4, "abcd");
        check("abcde", 4, "ab\n[evidence-log: 1 bytes are left out here]\nde");
        check("abcdefghijklmnop", 5, "abc\n[evidence-log: 11 bytes are left out here]\nop");
        check("abcdef", 1, "a\n[evidence-log: 5 bytes are left out here]\n");
    }

    proptest::proptest! {
        #[test]
        fn file_hash_and_record_agree_for_any_limit_and_pieces(
            text in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
            max_bytes in proptest::option::of(1_u64..300),
            size in 1_usize..120,
        ) {
            let (bytes, entry, truncated) = keep(text.chunks(size), max_bytes);
            proptest::prop_assert_eq!(entry.bytes, bytes.len() as u64);
            proptest::prop_assert_eq!(entry.sha256, evidence::Digest::of(&bytes));
            let fits = max_bytes.is_none_or(|most| text.len() as u64 <= most);
            proptest::prop_assert_eq!(truncated.is_none(), fits);
            match truncated {
                None => proptest::prop_assert_eq!(bytes, text),
                Some(Truncated { head, tail, of, .. }) => {
                    let (head, tail) = (usize::try_from(head).unwrap(), usize::try_from(tail).unwrap());
                    proptest::prop_assert_eq!(Some((head + tail) as u64), max_bytes);
                    proptest::prop_assert_eq!(of, text.len() as u64);
                    proptest::prop_assert_eq!(&bytes[..head], &text[..head]);
                    proptest::prop_assert_eq!(&bytes[bytes.len() - tail..], &text[text.len() - tail..]);
                }
            }
        }

        #[test]
        fn bytes_move_within_a_file_as_they_do_in_memory(
            length in 0_usize..200_000, from in 0_usize..1000, to in 0_usize..1000,
        ) {
            let file = tempfile::tempfile().unwrap();
            let mut expected: Vec<u8> = (0..=250).cycle().take(from.max(to) + length).collect();
            file.write_all_at(&expected, 0).unwrap();
            shift(&file, from as u64, to as u64, length as u64).unwrap();
            expected.copy_within(from..from + length, to);
            let mut found = vec![0; expected.len()];
            file.read_exact_at(&mut found, 0).unwrap();
            proptest::prop_assert!(found == expected);
        }
    }
}
