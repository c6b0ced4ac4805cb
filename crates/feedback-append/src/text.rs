//! Bytes of a log as text whose offsets stay true, and offsets as lines and columns.

use std::borrow::Cow;
use std::ops::Range;

/// The bytes as text of the same length: each byte that is no UTF-8 becomes a `?`.
pub fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(into_readable(bytes.to_vec())),
    }
}

/// The same of bytes that are not needed any more.
pub(crate) fn into_readable(mut bytes: Vec<u8>) -> String {
    let mut from = 0;
    while let Err(error) = std::str::from_utf8(&bytes[from..]) {
        let start = from + error.valid_up_to();
        from = error.error_len().map_or(bytes.len(), |length| start + length);
        bytes[start..from].fill(b'?');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// Whether a word is a SHA-256 in hexadecimal digits.
pub(crate) fn is_hash(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Where each line of a text begins.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the lines of a text.
    pub fn new(text: &str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes());
        Self { starts: std::iter::once(0).chain(breaks.map(|at| at + 1)).collect() }
    }

    /// The line of an offset, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        saturate(self.n_starts(offset))
    }

    /// The line and the column (in characters) of an offset of the text, both from 1.
    pub fn position(&self, text: &str, offset: usize) -> (u32, u32) {
        let line = self.n_starts(offset);
        let before = text.get(self.starts[line - 1]..offset);
        (saturate(line), saturate(before.map_or(0, |before| before.chars().count()) + 1))
    }

    /// How many lines begin up to an offset.
    fn n_starts(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }
}

/// The lines of `text` from `from` on, each with its offset and without its line break.
pub(crate) fn lines(text: &str, from: usize) -> impl Iterator<Item = (usize, &str)> {
    let mut at = from;
    text[from..].split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, trim_break(line))
    })
}

/// Where git's markers of a merge that is not finished begin: the line of the first, if one of the end follows it
/// outside of code (`verbatim`).
pub(crate) fn conflict(text: &str, verbatim: &[Range<usize>]) -> Option<usize> {
    memchr::memmem::find(text.as_bytes(), b"<<<<<<< ")?;
    let is_code = |at: usize| {
        let next = verbatim.partition_point(|code| code.end <= at);
        verbatim.get(next).is_some_and(|code| code.start < at)
    };
    let mut markers = lines(text, 0).filter(|(at, _)| !is_code(*at));
    let (start, _) = markers.find(|(_, line)| line.starts_with("<<<<<<< "))?;
    markers.find(|(_, line)| line.trim_end() == "=======")?;
    markers.any(|(_, line)| line.starts_with(">>>>>>> ")).then_some(start)
}

/// A line without its `\n` or `\r\n`.
pub(crate) fn trim_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_that_are_no_text_keep_their_places() {
        assert_eq!(readable(b"a\xff\xfe/\xe2\x82z"), "a??/??z");
    }

    #[test]
    fn offsets_have_lines_and_columns() {
        let text = "äb\n\ncd";
        let index = LineIndex::new(text);
        assert_eq!(
            [0, 3, 4, 5, 6].map(|at| index.position(text, at)),
            [(1, 1), (1, 3), (2, 1), (3, 1), (3, 2)]
        );
    }

    proptest! {
        #[test]
        fn readable_keeps_the_length(bytes: Vec<u8>) {
            let pieces = |chunk: std::str::Utf8Chunk<'_>| {
                [chunk.valid().to_owned(), "?".repeat(chunk.invalid().len())]
            };
            let replaced: String = bytes.utf8_chunks().flat_map(pieces).collect();
            prop_assert_eq!(readable(&bytes).len(), bytes.len());
            prop_assert_eq!(readable(&bytes), replaced);
        }
    }
}
