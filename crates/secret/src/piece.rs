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

    #[test]
    fn every_range_is_found_back() {
        let mut piece = Piece::new(5, 1, b"abc".to_vec());
        piece.add(10, b"def");
        assert_eq!(piece.text, b"abcdef");
        assert_eq!(piece.in_text(&(0..3), 99), 5..8);
        assert_eq!(piece.in_text(&(2..4), 99), 7..11);
        assert_eq!(piece.in_text(&(3..6), 99), 10..13);
        assert_eq!(Piece::new(1, 2, b"ab".to_vec()).in_text(&(0..2), 4), 1..4);
    }
}
