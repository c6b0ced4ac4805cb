//! Bytes that were printed as hexadecimal digits, as `xxd`, `hexdump` and `od` do, with or without offsets.

mod line;
mod stream;

use std::ops::Range;

use crate::piece::Piece;
use line::Run;
pub(crate) use stream::Dumps;

/// A line that shows fewer bytes, in so many characters, begins no dump: it would be some number.
const SHORTEST_SPAN: usize = 15;

/// A longer line is read in parts of at most so many bytes.
const LONGEST_UNIT: usize = 4096;

/// So many bytes in a row of which each may be a byte of a value tell a value.
const SHORTEST_RUN: usize = crate::SHORTEST;

/// Which bytes what is searched for is made of.
pub(crate) type Bytes = [bool; 256];

/// Every piece of `text` that shows bytes, as they are written and, where they are written in words, with the bytes
/// of each word turned round.
pub(crate) fn pieces(text: &[u8], bytes: &Bytes) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut open: Option<Open> = None;
    let mut at = 0;
    let mut is_line_start = true;
    while at < text.len() {
        if open.is_none() {
            let Some(worth) = next_worth(text, at, bytes) else { break };
            (at, is_line_start) = unit_of(text, at, is_line_start, worth);
        }
        let (end, is_line_end) =
            unit_end(&text[at..]).map_or((text.len(), true), |unit| (at + unit.0, unit.1));
        let runs = line::runs(&text[at..end], is_line_start);
        if runs.is_empty() {
            pieces.extend(open.take().into_iter().flat_map(Open::pieces));
        }
        for (index, run) in runs.iter().enumerate() {
            if !(index == 0 && run.starts) {
                pieces.extend(open.take().into_iter().flat_map(Open::pieces));
            }
            if open.is_none() && !run.begins(&text[at..end], bytes) {
                continue;
            }
            open.get_or_insert_default().add(run, text, at);
            if !run.goes_on(&text[at..end], bytes) {
                pieces.extend(open.take().into_iter().flat_map(Open::pieces));
            }
        }
        (at, is_line_start) = (end, is_line_end);
    }
    pieces.extend(open.into_iter().flat_map(Open::pieces));
    pieces
}

/// A piece that may go on.
#[derive(Default)]
struct Open {
    written: Option<Piece>,
    turned: Option<Piece>,
    has_words: bool,
}

impl Open {
    fn add(&mut self, run: &Run, text: &[u8], unit: usize) {
        self.has_words |= run.starts && run.groups.iter().any(|group| group.n_bytes > 1);
        for group in &run.groups {
            for index in 0..group.n_bytes {
                let place = |index: usize| unit + group.start + index * 2;
                let turned = place(group.n_bytes - 1 - index);
                // A place is never before another that was told.
                add(&mut self.written, place(index), byte(&text[place(index)..]));
                add(&mut self.turned, place(0), byte(&text[turned..]));
            }
        }
    }

    fn pieces(self) -> impl Iterator<Item = Piece> {
        self.written.into_iter().chain(self.turned.filter(|_| self.has_words))
    }
}

fn add(piece: &mut Option<Piece>, at: usize, byte: u8) {
    match piece {
        Some(piece) => piece.add(at, &[byte]),
        None => *piece = Some(Piece::new(at, 2, vec![byte])),
    }
}

/// The byte that two digits say.
pub(crate) fn byte(digits: &[u8]) -> u8 {
    let digit =
        |at: usize| digits.get(at).map_or(0, |digit| char::from(*digit).to_digit(16).unwrap_or(0));
    u8::try_from(digit(0) * 16 + digit(1)).unwrap_or(0)
}

/// The unit that holds `place`, which is not before `at`: where it begins, and whether a line begins there.
fn unit_of(text: &[u8], at: usize, is_line_start: bool, place: usize) -> (usize, bool) {
    let (mut at, mut is_line_start) = match memchr::memrchr(b'\n', &text[at..place]) {
        Some(newline) => (at + newline + 1, true),
        None => (at, is_line_start),
    };
    while let Some((end, false)) = unit_end(&text[at..]).filter(|unit| at + unit.0 <= place) {
        at += end;
        is_line_start = false;
    }
    (at, is_line_start)
}

/// Where the line, or the part of a long one, ends that `text` begins with, and whether a line ends there; `None` where
/// the text ends first.
fn unit_end(text: &[u8]) -> Option<(usize, bool)> {
    let head = &text[..text.len().min(LONGEST_UNIT)];
    if let Some(newline) = memchr::memchr(b'\n', head) {
        return Some((newline + 1, true));
    }
    if head.len() < LONGEST_UNIT {
        return None;
    }
    let last = head.iter().rposition(|byte| !byte.is_ascii_alphanumeric());
    Some((last.map_or(head.len(), |last| last + 1), false))
}

/// Where from `from` on something begins that may be worth reading as a dump: at any place, but never behind the first.
fn next_worth(text: &[u8], from: usize, bytes: &Bytes) -> Option<usize> {
    let mut at = from;
    loop {
        let stretch = next_stretch(text, at)?;
        at = stretch.end;
        let start = stretch.start.max(from);
        if is_worth(text, start..stretch.end, bytes) {
            return Some(start);
        }
    }
}

/// The next stretch, of those that are long enough, of bytes that dumps are made of before their characters.
fn next_stretch(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut at = from;
    loop {
        let block = at + next_block(&text[at..])?;
        let n_before = text[from..block].iter().rev().take_while(|byte| is_of_dump(**byte)).count();
        let n_after = text[block..].iter().take_while(|byte| is_of_dump(**byte)).count();
        if n_before + n_after >= SHORTEST_SPAN {
            return Some(block - n_before..block + n_after);
        }
        at = block + n_after;
    }
}

/// The first eight bytes, at every eighth place, that are all of a dump. Of so many as [`SHORTEST_SPAN`] in a row eight
/// always are met.
fn next_block(text: &[u8]) -> Option<usize> {
    const _: () = assert!(SHORTEST_SPAN >= 15, "eight of them stand at an eighth place");
    const GOES: usize = 8;
    let (blocks, _) = text.as_chunks::<8>();
    let has_other = |block: &[u8; 8]| {
        let bytes = u64::from_le_bytes(*block);
        bytes & ((bytes << 3) | (bytes << 2)) & LETTERS != 0
    };
    let (goes, _) = blocks.as_chunks::<GOES>();
    for (index, go) in goes.iter().enumerate() {
        if !go.iter().fold(true, |all, block| all & has_other(block)) {
            let first = go.iter().position(|block| !has_other(block))?;
            return Some((index * GOES + first) * 8);
        }
    }
    let rest = goes.len() * GOES;
    let first = blocks[rest..].iter().position(|block| !has_other(block))?;
    Some((rest + first) * 8)
}

/// The bit that letters have, in each of eight bytes.
const LETTERS: u64 = u64::from_le_bytes([0x40; 8]);

/// Whether a byte may stand in a dump, or beside it: no letter but the first seven.
fn is_of_dump(byte: u8) -> bool {
    byte & ((byte << 3) | (byte << 2)) & 0x40 == 0
}

/// Whether a stretch may hold what is searched for, or its beginning: a quick look, for most logs have dates and ids.
fn is_worth(text: &[u8], stretch: Range<usize>, bytes: &Bytes) -> bool {
    let mut at = stretch.start;
    // How many bytes in a row, up to here, may be of a value.
    let mut n_likely = 0;
    while at < stretch.end {
        let word = at;
        while at < stretch.end && text[at].is_ascii_hexdigit() {
            at += 1;
        }
        let is_whole = !text.get(at).is_some_and(u8::is_ascii_alphanumeric);
        if !is_whole || !line::is_group(at - word) {
            n_likely = 0;
        } else {
            for pair in text[word..at].chunks_exact(2) {
                n_likely = if bytes[usize::from(byte(pair))] { n_likely + 1 } else { 0 };
                if n_likely >= SHORTEST_RUN {
                    return true;
                }
            }
            // Of a word the last byte may be the first.
            if n_likely == 0
                && text[word..at].chunks_exact(2).any(|pair| bytes[usize::from(byte(pair))])
            {
                n_likely = 1;
            }
        }
        let gap = at;
        while at < text.len()
            && !text[at].is_ascii_alphanumeric()
            && (at < stretch.end || at == gap)
        {
            at += 1;
        }
        let gap = &text[gap..at];
        let may_go_on = at >= text.len() || gap.contains(&b'\n') || line::is_before_column(gap);
        if n_likely > 0 && may_go_on {
            return true;
        }
        // A letter that stands in no number.
        while at < stretch.end && text[at].is_ascii_alphanumeric() && !text[at].is_ascii_hexdigit()
        {
            at += 1;
            n_likely = 0;
        }
    }
    false
}

#[cfg(test)]
mod tests;
