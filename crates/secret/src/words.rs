//! Finds values of words, which white space may break anywhere, in the text without any.

use crate::gap::is_in_gap;
use crate::index::Index;
use crate::needles::{Needle, Wraps};
use crate::search::{Hit, ending};

/// The needles that are values of words.
pub(crate) struct Words {
    index: Index,
    /// The length of the longest of them.
    longest: usize,
}

/// So many bytes of the text without white space are searched at once: what a processor keeps at hand.
const BLOCK: usize = 4 << 10;

impl Words {
    pub(crate) fn new(needles: &[Needle]) -> Self {
        let is_one = |needle: &&Needle| needle.wraps == Wraps::Words;
        let longest = needles.iter().filter(is_one).map(|needle| needle.bytes.len()).max();
        let index = Index::new(needles, |needle| is_one(&needle));
        Self { index, longest: longest.unwrap_or(0) }
    }

    /// Adds every place from `from` on where a needle stands.
    pub(crate) fn find(&self, needles: &[Needle], text: &[u8], from: usize, hits: &mut Vec<Hit>) {
        if self.index.is_empty() {
            return;
        }
        self.find_without(&[], needles, text, from, hits);
        // What joins lines may be a byte of the value, and may be none.
        let may_join = memchr::memchr2_iter(b'\\', b'=', &text[from..]).map(|at| from + at);
        let joints: Vec<usize> = may_join.filter(|at| is_in_gap(text, *at)).collect();
        if !joints.is_empty() {
            self.find_without(&joints, needles, text, from, hits);
        }
    }

    /// The same, without the bytes at these places.
    fn find_without(
        &self,
        joints: &[usize],
        needles: &[Needle],
        text: &[u8],
        from: usize,
        hits: &mut Vec<Hit>,
    ) {
        let block = BLOCK.max(2 * self.longest);
        let mut squeezed = Squeezed::default();
        let mut start = from;
        for end in joints.iter().copied().chain([text.len()]) {
            while start < end {
                let next = end.min(start + block);
                squeezed.take(text, start, next);
                start = next;
                if squeezed.bytes.len() >= block {
                    self.find_in(&squeezed, needles, text, hits);
                    // Where one may stand of which the end is not yet there.
                    squeezed.keep(self.longest);
                }
            }
            start = end + 1;
        }
        self.find_in(&squeezed, needles, text, hits);
    }

    fn find_in(&self, squeezed: &Squeezed, needles: &[Needle], text: &[u8], hits: &mut Vec<Hit>) {
        self.index.candidates(&squeezed.bytes, 0, |at, entries| {
            for entry in entries {
                let needle = entry.needle as usize;
                let bytes = needles[needle].bytes.as_slice();
                let Some(first) = at.checked_sub(entry.offset as usize) else { continue };
                if squeezed.bytes[first..].starts_with(bytes)
                    && let Some(end) = ending(bytes, 0, text, squeezed.places[first])
                {
                    hits.push(Hit { needle, range: squeezed.places[first]..end });
                }
            }
        });
    }
}

/// 1 for what is no white space.
const IS_BLACK: [usize; 256] = {
    let mut is_black = [1; 256];
    let mut byte = 0_u8;
    while byte <= b' ' {
        is_black[byte as usize] = !byte.is_ascii_whitespace() as usize;
        byte += 1;
    }
    is_black
};

/// The bytes of a part of a text that are no white space, and where each of them stands.
#[derive(Default)]
struct Squeezed {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Squeezed {
    fn take(&mut self, text: &[u8], start: usize, end: usize) {
        let mut len = self.bytes.len();
        self.bytes.resize(len + (end - start), 0);
        self.places.resize(len + (end - start), 0);
        // Without a branch, which every blank would lead astray; so the table.
        for (place, byte) in (start..).zip(&text[start..end]) {
            self.bytes[len] = *byte;
            self.places[len] = place;
            len += IS_BLACK[usize::from(*byte)];
        }
        self.bytes.truncate(len);
        self.places.truncate(len);
    }

    /// Lets all go but so many at the end.
    fn keep(&mut self, n_bytes: usize) {
        let n_gone = self.bytes.len().saturating_sub(n_bytes);
        self.bytes.drain(..n_gone);
        self.places.drain(..n_gone);
    }
}

#[cfg(test)]
mod tests {
    use super::BLOCK;
    use crate::{Secret, SecretSet};

    #[test]
    fn where_a_block_ends_does_not_matter() {
        let mut builder = SecretSet::builder();
        builder.add("K", &Secret::from("CANARY one two three".to_owned()));
        let secrets = builder.build();
        for n_before in BLOCK - 40..BLOCK + 40 {
            let before = "word,".repeat(n_before / 4).into_bytes();
            for value in ["CANARY one two three", "CAN\n  ARY one\n two th=\nree"] {
                let text =
                    [&before[before.len() - n_before..], value.as_bytes(), b" words"].concat();
                let found = secrets.find(&text);
                let ranges: Vec<_> = found.iter().map(|found| found.range.clone()).collect();
                assert_eq!(ranges, vec![n_before..n_before + value.len()], "{n_before} {value}");
            }
        }
    }
}
