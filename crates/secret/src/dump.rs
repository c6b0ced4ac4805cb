//! Bytes that were printed as hexadecimal digits, as `xxd`, `hexdump` and `od` do, with or without offsets.

mod line;
mod stream;

use crate::piece::Piece;
use line::Run;
pub(crate) use stream::Dumps;

/// A line that shows fewer bytes, in so many characters, begins no dump: it would be some number.
const SHORTEST_SPAN: usize = 23;

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
    order: Order,
}

/// How the bytes of words may stand in a dump.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// There are no words yet.
    #[default]
    None,
    /// As they are.
    Written,
    /// As they are, or turned round.
    Either,
}

impl Order {
    fn see(&mut self, run: &Run) {
        if *self == Self::None && run.has_words() {
            *self = if run.may_turn { Self::Either } else { Self::Written };
        }
    }
}

impl Open {
    fn add(&mut self, run: &Run, text: &[u8], unit: usize) {
        self.order.see(run);
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
        self.written.into_iter().chain(self.turned.filter(|_| self.order == Order::Either))
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
    let digit = |at: usize| digits.get(at).map_or(0, |digit| KINDS[usize::from(*digit)] & 15);
    digit(0) << 4 | digit(1)
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

/// Where from `from` on something begins that may be worth reading as a dump.
fn next_worth(text: &[u8], from: usize, bytes: &Bytes) -> Option<usize> {
    let mut at = from;
    loop {
        let block = next_blocks(text, at)?;
        let start = start_of_stretch(text, at, block);
        let (is_worth, end) = judge(text, start, bytes);
        if is_worth {
            return Some(start);
        }
        at = end.max(block + BLOCK);
    }
}

/// Whether some stretch of a line is long enough.
fn has_stretch(line: &[u8]) -> bool {
    let mut at = 0;
    while let Some(block) = next_blocks(line, at) {
        let start = start_of_stretch(line, at, block);
        let len = line[start..].iter().take_while(|byte| is_of_dump(**byte)).count();
        if len >= SHORTEST_SPAN {
            return true;
        }
        at = (start + len).max(block + BLOCK);
    }
    false
}

/// Where the bytes begin, from `from` on, that may be of the same dump as this block.
fn start_of_stretch(text: &[u8], from: usize, block: usize) -> usize {
    block - text[from..block].iter().rev().take_while(|byte| is_of_dump(**byte)).count()
}

/// So many bytes are looked at together.
const BLOCK: usize = 8;

/// Where from `from` on two blocks stand that may be of a dump, or one at the end. Of [`SHORTEST_SPAN`] such bytes in
/// a row two blocks always are, and of these one stands at every other place.
fn next_blocks(text: &[u8], from: usize) -> Option<usize> {
    const _: () = assert!(SHORTEST_SPAN >= BLOCK * 3 - 1, "two blocks are whole");
    const GOES: usize = 8;
    const PAIR: usize = BLOCK * 2;
    let text = &text[from..];
    let (pairs, _) = text.as_chunks::<PAIR>();
    let (goes, _) = pairs.as_chunks::<GOES>();
    let is_beside = |block: usize| {
        text.get(block + BLOCK..).is_some_and(starts_as_dump)
            || block.checked_sub(BLOCK).is_some_and(|before| starts_as_dump(&text[before..]))
    };
    for (index, go) in goes.iter().enumerate() {
        let mut seen =
            (0..GOES).fold(0_u32, |seen, at| seen | u32::from(starts_as_dump(&go[at])) << at);
        while seen != 0 {
            let block = (index * GOES + seen.trailing_zeros() as usize) * PAIR;
            if is_beside(block) {
                return Some(from + block);
            }
            seen &= seen - 1;
        }
    }
    let rest = (goes.len() * GOES..=pairs.len()).map(|pair| pair * PAIR);
    let mut rest = rest.filter(|block| starts_as_dump(&text[*block..]) && is_beside(*block));
    rest.next().map(|block| from + block)
}

/// Whether the first eight bytes are there and may all be of a dump.
#[inline]
fn starts_as_dump(text: &[u8]) -> bool {
    text.first_chunk().is_some_and(|block| {
        let bytes = u64::from_le_bytes(*block);
        bytes & ((bytes << 3) | (bytes << 2)) & LETTERS == 0
    })
}

/// The bit that letters have, in each of eight bytes.
const LETTERS: u64 = u64::from_le_bytes([0x40; 8]);

/// Whether a byte may stand in a dump, or beside it: no letter but the first seven.
const fn is_of_dump(byte: u8) -> bool {
    byte & ((byte << 3) | (byte << 2)) & 0x40 == 0
}

/// Whether what begins here may hold what is sought, or its beginning, and where what may be of a dump ends: a quick
/// look, for most logs have dates and ids.
fn judge(text: &[u8], start: usize, bytes: &Bytes) -> (bool, usize) {
    let mut at = start;
    if start > 0 && text[start - 1].is_ascii_alphanumeric() {
        at += text[at..].iter().take_while(|byte| KINDS[usize::from(**byte)] <= LETTER).count();
    }
    // Where numbers began that stand one after the other, whether the last may hold the first byte of a value, and how
    // many bytes in a row up to here may be of one.
    let (mut first, mut is_last_likely, mut n_likely) = (usize::MAX, false, 0);
    loop {
        let word = at;
        let mut number = 0_u64;
        let mut kind = OTHER;
        while let Some(byte) = text.get(at) {
            kind = KINDS[usize::from(*byte)];
            if kind >= LETTER {
                break;
            }
            number = number << 4 | u64::from(KINDS[usize::from(*byte)]);
            at += 1;
        }
        let n_digits = at - word;
        kind = if at == text.len() { OTHER } else { kind };
        if kind == LETTER || kind == OTHER_LETTER {
            at += text[at..].iter().take_while(|byte| KINDS[usize::from(**byte)] <= LETTER).count();
            (first, is_last_likely, n_likely) = (usize::MAX, false, 0);
        } else if line::is_group(n_digits) {
            if kind == GAP && text[at] == b'-' {
                if let Some(len) = line::named(&text[word..]) {
                    return (false, word + len);
                }
            }
            first = first.min(word);
            is_last_likely = false;
            let mut n_bits = n_digits * 4;
            while n_bits > 0 {
                n_bits -= 8;
                if bytes[(number >> n_bits & 0xff) as usize] {
                    is_last_likely = true;
                    n_likely += 1;
                    if n_likely == SHORTEST_RUN {
                        return (true, at);
                    }
                } else {
                    n_likely = 0;
                }
            }
        } else if n_digits > 0 {
            // It may be an offset.
            let is_offset = (4..=16).contains(&n_digits);
            (first, is_last_likely, n_likely) =
                (if is_offset { word } else { usize::MAX }, false, 0);
        }
        let gap = at;
        let mut has_line_end = false;
        kind = OTHER;
        while let Some(byte) = text.get(at) {
            kind = KINDS[usize::from(*byte)];
            if kind != GAP && kind != NEWLINE {
                break;
            }
            has_line_end |= kind == NEWLINE;
            at += 1;
        }
        let is_end = at == text.len() || kind >= OTHER;
        if is_last_likely && gap >= first.saturating_add(SHORTEST_SPAN) {
            let is_text_end = at == text.len();
            let gap = &text[gap..(at + usize::from(is_end)).min(text.len())];
            if has_line_end || is_text_end || line::is_before_column(gap) {
                return (true, at);
            }
        }
        if is_end {
            return (false, at);
        }
        if has_line_end {
            (first, is_last_likely, n_likely) = (usize::MAX, false, 0);
        }
    }
}

/// What kind of byte each is: the value of a digit, or one of these.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0_u8;
    loop {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            b'g' | b'G' => LETTER,
            b'\n' => NEWLINE,
            _ if is_of_dump(byte) => GAP,
            _ if byte.is_ascii_alphanumeric() => OTHER_LETTER,
            _ => OTHER,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    kinds
};
/// A letter that is no digit, but may stand beside a dump.
const LETTER: u8 = 16;
const GAP: u8 = 17;
const NEWLINE: u8 = 18;
/// What ends a stretch, and letters that do.
const OTHER: u8 = 19;
const OTHER_LETTER: u8 = 20;

#[cfg(test)]
mod tests;
