//! A stream whose secrets only come together in a terminal, with `*` in the place of each of their bytes.

use std::io::{self, Read};
use std::ops::Range;

use secret::SecretSet;

/// A stream is searched in pieces of this size.
const PIECE: usize = 4 * 1024 * 1024;

/// So much of a piece is searched again with the next.
const OVERLAP: usize = 64 * 1024;

/// Where values stand in a stream, letters that were taken back among them.
pub(super) fn places(mut stream: impl Read, set: &SecretSet) -> io::Result<Vec<Range<u64>>> {
    let (mut places, mut buffer, mut base) = (Vec::new(), Vec::new(), 0_u64);
    loop {
        let room = (PIECE - buffer.len()) as u64;
        let n_read = stream.by_ref().take(room).read_to_end(&mut buffer)?;
        let found = set.find(&buffer).into_iter().map(|found| found.range);
        places.extend(found.map(|range| base + range.start as u64..base + range.end as u64));
        if n_read == 0 || buffer.len() < PIECE {
            places.sort_by_key(|place| place.start);
            return Ok(places);
        }
        base += (buffer.len() - OVERLAP) as u64;
        drop(buffer.drain(..buffer.len() - OVERLAP));
    }
}

/// A stream with `*` at these places. It is as long as it was, so that its timing holds.
pub(super) struct Masked<R> {
    stream: R,
    /// In the order in which they begin.
    places: Vec<Range<u64>>,
    at: u64,
}

impl<R> Masked<R> {
    pub(super) fn new(stream: R, places: Vec<Range<u64>>) -> Self {
        Self { stream, places, at: 0 }
    }
}

impl<R: Read> Read for Masked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.stream.read(buffer)?;
        let end = self.at + n_read as u64;
        for place in self.places.iter().take_while(|place| place.start < end) {
            // Both lie within what was read.
            let within = |at: u64| usize::try_from(at.clamp(self.at, end) - self.at).unwrap_or(0);
            buffer[within(place.start)..within(place.end)].fill(b'*');
        }
        let at = end;
        self.places.retain(|place| place.end > at);
        self.at = at;
        Ok(n_read)
    }
}

#[cfg(test)]
mod tests {
    use secret::Secret;

    use super::*;

    #[test]
    fn each_byte_of_a_value_is_masked_and_the_rest_stays() {
        let mut builder = SecretSet::builder();
        builder.add("A", &Secret::from("CANARYkq7Vw2x".to_owned()));
        let set = builder.build();
        let text = format!(
            "{}a CANARYkq7VQ\u{8}\u{1b}[Kw2x b CANARYkq7Vw2x{}",
            "x".repeat(PIECE - 10),
            "y".repeat(PIECE)
        );
        let places = places(text.as_bytes(), &set).unwrap();
        let mut masked = Masked::new(text.as_bytes(), places);
        let (mut shown, mut piece) = (Vec::new(), [0; 7]);
        loop {
            let n_read = masked.read(&mut piece).unwrap();
            if n_read == 0 {
                break;
            }
            shown.extend_from_slice(&piece[..n_read]);
        }
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(shown.len(), text.len());
        let middle = shown.trim_matches(['x', 'y']);
        assert_eq!(middle, format!("a {} b {}", "*".repeat(18), "*".repeat(13)));
    }
}
