//! A piece of text that is searched in another form than it stands in, and the way back.

use std::ops::Range;

/// A piece of a text without what lies between its characters.
pub(crate) struct Piece {
    /// The bytes to be searched.
    pub(crate) text: Vec<u8>,
    /// Where in the piece a stretch begins, and where in the text; by place.
    stretches: Vec<(usize, usize)>,
    /// How many bytes of the text a character has.
    width: usize,
}

impl Piece {
    /// A piece that begins at `start` of the text, of characters that have so many bytes.
    pub(crate) fn new(start: usize, width: usize, text: Vec<u8>) -> Piece {
        Piece { text, stretches: vec![(0, start)], width }
    }

    /// Adds a stretch that begins at `start` of the text.
    pub(crate) fn add(&mut self, start: usize, more: &[u8]) {
        self.stretches.push((self.text.len(), start));
        self.text.extend_from_slice(more);
    }

    /// Where in the piece the first byte is that stands at `at` of the text or behind it.
    pub(crate) fn index(&self, at: usize) -> usize {
        let next = self.stretches.partition_point(|(_, start)| *start <= at);
        let end = self.stretches.get(next).map_or(self.text.len(), |(begin, _)| *begin);
        next.checked_sub(1).map_or(0, |last| {
            let (begin, start) = self.stretches[last];
            end.min(begin + (at - start).div_ceil(self.width))
        })
    }

    /// A range of the piece, stretch by stretch.
    pub(crate) fn stretches(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let first = self.stretches.partition_point(|(begin, _)| *begin <= range.start);
        let begins = self.stretches[first..].iter().map(|(begin, _)| *begin);
        let ends = begins.clone().chain([self.text.len()]);
        let parts = [range.start].into_iter().chain(begins).zip(ends);
        let parts = parts.take_while(move |(begin, _)| *begin < range.end);
        parts.map(move |(begin, end)| begin..end.min(range.end))
    }

    /// Where in a text of `len` bytes a range of the piece, which is not empty, stands.
    pub(crate) fn in_text(&self, range: &Range<usize>, len: usize) -> Range<usize> {
        let place = |at: usize| {
            let next = self.stretches.partition_point(|(begin, _)| *begin <= at);
            let (begin, start) = self.stretches[next.saturating_sub(1)];
            start + (at - begin) * self.width
        };
        let end = place(range.end.saturating_sub(1)) + self.width;
        place(range.start).min(len)..end.min(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Piece {
        /// What a test shows of it.
        pub(crate) fn shown(&self) -> String {
            String::from_utf8_lossy(&self.text).into_owned()
        }
    }

    #[test]
    fn every_range_is_found_back() {
        let mut piece = Piece::new(5, 1, b"abc".to_vec());
        piece.add(10, b"def");
        assert_eq!(piece.text, b"abcdef");
        assert_eq!(piece.in_text(&(0..3), 99), 5..8);
        assert_eq!(piece.in_text(&(2..4), 99), 7..11);
        assert_eq!(piece.in_text(&(3..6), 99), 10..13);
        let stretches = |range| piece.stretches(range).collect::<Vec<_>>();
        assert_eq!(stretches(1..5), [1..3, 3..5]);
        assert_eq!(stretches(0..6), [0..3, 3..6]);
        assert_eq!([stretches(3..4), stretches(0..2)].concat(), [3..4, 0..2]);
        let index = |at| piece.index(at);
        assert_eq!([0, 5, 6, 8, 9, 10, 12, 13, 99].map(index), [0, 0, 1, 3, 3, 3, 5, 6, 6]);
        assert_eq!(Piece::new(1, 2, b"ab".to_vec()).in_text(&(0..2), 4), 1..4);
    }
}
