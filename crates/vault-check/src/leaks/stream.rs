//! Searches what a reader gives, of any length, in bounded memory; and a short text as it is.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::ops::Range;

use envfile::characters;
use packed::fill;

use crate::leaks::look::{Leak, Look, Place};
use crate::leaks::position::Position;

/// A leak in a stream.
pub(crate) struct Found {
    pub(crate) leak: Leak,
    /// From 1.
    pub(crate) line: u64,
    /// In characters, from 1.
    pub(crate) column: u64,
    /// Where it begins in the text, in bytes.
    pub(crate) start: u64,
    /// The leaked bytes, for a keyed fingerprint alone; none where it stands for others too.
    pub(crate) written: secret::Secret,
    /// At how many more places of the text it stands, which are not told one by one.
    pub(crate) n_more: u64,
}

/// So many places of the same leak in one text are told; a log may have it in each of its lines.
pub(crate) const MOST_PLACES: u64 = 100;
/// And so many of one credential or one rule, however many ways it is written in.
const MOST_OF_ALL: u64 = 1000;

/// How much is read at once, if pieces need not be longer to overlap.
const PIECE: usize = 256 * 1024;
/// A page of memory.
const PAGE: usize = 4096;

/// The memory that one searching thread reuses.
pub(crate) struct Scratch {
    buffer: Vec<u8>,
    /// What of it is used: it begins with a page of memory, to which the system copies more quickly.
    used: Range<usize>,
    /// Where a piece ends and another begins, what begins so near to the border is told with so
    /// much of the text on both sides.
    margin: usize,
    /// So many places of the same are told.
    pub(crate) most: u64,
}

impl Scratch {
    pub(crate) fn new(look: &Look<'_>) -> Self {
        // A piece has no half of a character of two bytes.
        let margin = look.set.overlap().next_multiple_of(2);
        let len = PIECE.max(margin * 8);
        let buffer = vec![0; len + PAGE];
        let begin = buffer.as_ptr().align_offset(PAGE).min(PAGE);
        Self { buffer, used: begin..begin + len, margin, most: MOST_PLACES }
    }

    /// What the first piece of a text is read into.
    pub(crate) fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer[self.used.clone()]
    }

    /// Searches a text whose first `len` bytes are read, to its end.
    pub(crate) fn search(
        &mut self,
        look: &Look<'_>,
        mut len: usize,
        reader: &mut dyn Read,
        found: &mut Vec<Found>,
    ) -> io::Result<u64> {
        let buffer = &mut self.buffer[self.used.clone()];
        let mut position = Position::at_beginning_of(&buffer[..len]);
        let mut total = len as u64;
        look.counts.read(len);
        // What begins before this place of the buffer was told with the piece before.
        let mut from = 0;
        // How often each leak was met as it is written, and where the last one is that was told.
        let mut met: HashMap<(Leak, u64), (u64, usize)> = HashMap::new();
        // How many places of each leak are told, however written, and where the rest is counted.
        let mut told: HashMap<Leak, (u64, Option<usize>)> = HashMap::new();
        // The key of this hash lives as long as the search, so that nothing of a value outlives it.
        let hasher = RandomState::new();
        loop {
            let is_last = len < buffer.len();
            let text = &buffer[..len];
            let mut at = position;
            let mut counted = 0;
            let to = if is_last { len } else { len - self.margin };
            for place in look.at(text) {
                let start = place.range.start;
                if !(from..to).contains(&start) {
                    continue;
                }
                let written = hasher.hash_one(&text[place.range.clone()]);
                let (n_met, last) = met.entry((place.leak.clone(), written)).or_insert((0, 0));
                let (n_told, rest) = told.entry(place.leak.clone()).or_insert((0, None));
                *n_met += 1;
                if *n_met > self.most {
                    found[*last].n_more += 1;
                    continue;
                }
                if let Some(rest) = rest {
                    found[*rest].n_more += 1;
                    continue;
                }
                *last = found.len();
                *n_told += 1;
                let is_rest = *n_told > MOST_OF_ALL && self.most == MOST_PLACES;
                if is_rest {
                    *rest = Some(found.len());
                }
                at = at.after(&text[counted..position.whole(start)]);
                counted = position.whole(start);
                found.push(Found {
                    leak: place.leak,
                    line: at.line,
                    column: at.column,
                    start: position.start + start as u64,
                    // What stands for others too has no fingerprint, so that nobody can allow them.
                    written: secret::Secret::new(if is_rest {
                        Vec::new()
                    } else {
                        text[place.range].to_vec()
                    }),
                    n_more: 0,
                });
            }
            if is_last {
                look.counts.finished();
                return Ok(total);
            }
            let dropped = len - self.margin * 2;
            position = position.after(&text[..dropped]);
            buffer.copy_within(dropped.., 0);
            from = self.margin;
            let n_read = fill(reader, &mut buffer[self.margin * 2..])?;
            total += n_read as u64;
            look.counts.read(n_read);
            len = self.margin * 2 + n_read;
        }
    }
}

/// Every leak in a short text.
pub(crate) fn in_text(look: &Look<'_>, text: &[u8]) -> Vec<Found> {
    found_at(look.at(text), text)
}

fn found_at(places: impl IntoIterator<Item = Place>, text: &[u8]) -> Vec<Found> {
    places
        .into_iter()
        .map(|place| Found {
            leak: place.leak,
            line: 1,
            column: characters(&text[..place.range.start]) as u64 + 1,
            start: place.range.start as u64,
            written: secret::Secret::new(text[place.range].to_vec()),
            n_more: 0,
        })
        .collect()
}

/// Every leak in a path that the last `/` cuts, so that no name alone has it.
pub(crate) fn across(look: &Look<'_>, path: &[u8]) -> Vec<Found> {
    let Some(slash) = memchr::memrchr(b'/', path) else { return Vec::new() };
    let is_cut = |place: &Place| place.range.start <= slash && place.range.end > slash + 1;
    found_at(look.at(path).into_iter().filter(is_cut), path)
}

#[cfg(test)]
mod tests {
    use secret::{Secret, SecretSet};

    use super::*;

    #[test]
    fn finds_across_pieces_and_counts_lines() {
        let mut builder = SecretSet::builder();
        builder.add("a.env:KEY", &Secret::from("CANARY-kq7Vw2xTzP".to_owned()));
        let set = builder.build();
        let look = Look::of(&set);
        let mut scratch = Scratch::new(&look);
        let piece = scratch.buffer().len();
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
            let len = fill(&mut reader, scratch.buffer()).unwrap();
            let total = scratch.search(&look, len, &mut reader, &mut found).unwrap();
            assert_eq!(total, text.len() as u64);
            let lines: Vec<_> = found.iter().map(|found| (found.line, found.column)).collect();
            assert_eq!(lines, [(2, 1), (3, 1), (4, 1), (5, 1)], "shift {shift}");
        }
    }

    fn check_places(text: &str, expected: &[(u64, u64, u64)]) {
        let mut builder = SecretSet::builder();
        builder.add("a.env:KEY", &Secret::from("CANARY-kq7Vw2xTzP".to_owned()));
        let set = builder.build();
        let look = Look::of(&set);
        let mut found = Vec::new();
        let mut scratch = Scratch::new(&look);
        let mut reader = text.as_bytes();
        let len = fill(&mut reader, scratch.buffer()).unwrap();
        scratch.search(&look, len, &mut reader, &mut found).unwrap();
        let places = found.iter().map(|found| (found.line, found.column, found.start));
        assert_eq!(places.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_column_is_in_characters_and_a_start_in_bytes() {
        let text = "ä\nß: CANARY-kq7Vw2xTzP ü CANARY-kq7Vw2xTzP";
        check_places(text, &[(2, 4, 7), (2, 24, 28)]);
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = "\u{feff}CANARY-kq7Vw2xTzP ü CANARY-kq7Vw2xTzP\nCANARY-kq7Vw2xTzP";
        check_places(text, &[(1, 1, 3), (1, 21, 24), (2, 1, 42)]);
    }
}
