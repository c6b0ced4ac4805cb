//! A quick look for what may be worth reading as a dump: most text is none.

use std::ops::Range;

use super::cells::{self, CELL};
use super::{Bytes, LONGEST_UNIT, SHORTEST_RUN, SHORTEST_SPAN, fields, line, lists, prefix};

/// Where from `from` on something begins that may be worth reading as a dump.
pub(super) fn next_worth(text: &[u8], from: usize, bytes: &Bytes) -> Option<usize> {
    // From where on nothing was judged, and from where on blocks are looked for.
    let (mut unjudged, mut at) = (from, from);
    loop {
        let block = match next_blocks(text, at)? {
            Block::Hex(place) => return Some(place),
            Block::Like(block) => block,
        };
        if let Some(line) = line_of_cells(text, from, block) {
            return Some(line);
        }
        if !starts_as_dump(&text[block..]) {
            at = block + BLOCK;
            continue;
        }
        let start = start_of_stretch(text, unjudged, block);
        let Err(end) = judge(text, start, bytes) else { return Some(start) };
        // A date may end what is looked at within a stretch.
        let goes_on = text.get(end).is_some_and(|byte| is_of_dump(*byte));
        let more = if goes_on { BLOCK + SHORTEST_SPAN } else { 0 };
        let looked_at = start..text.len().min(end + more);
        if let Some(numbers) = numbers_in(text, from, looked_at, bytes)
            && numbers < end
        {
            return Some(numbers);
        }
        (unjudged, at) = (end, end);
    }
}

/// Whether some stretch of a line is long enough, or all of it may be cells.
pub(super) fn has_stretch(line: &[u8]) -> bool {
    if cells::may_end(line) {
        return true;
    }
    let mut at = 0;
    while let Some(block) = next_blocks(line, at) {
        let Block::Like(block) = block else { return true };
        let start = start_of_stretch(line, at, block);
        let len = line[start..].iter().take_while(|byte| is_of_dump(**byte)).count();
        if len >= SHORTEST_SPAN {
            return true;
        }
        at = (start + len).max(block + BLOCK);
    }
    false
}

/// How many bytes of a text are looked at to tell whether it is a dump: two lines as most programs print them.
pub(super) const SAMPLE: usize = 160;

/// Whether there are more letters than a dump has, whatever it is and stands behind.
pub(super) fn has_words(sample: &[u8]) -> bool {
    sample.iter().filter(|byte| !is_of_dump(**byte)).count() * 4 > SAMPLE
}

/// Whether the bytes around some place are those of a dump: numbers of one length for whole bytes, or single characters
/// in cells, in lines of one length.
pub(super) fn is_like_dump(sample: &[u8]) -> bool {
    // What is first and last may be cut.
    let whole_lines = || {
        let lines = sample.split(|byte| *byte == b'\n').skip(1);
        lines.clone().take(lines.count().saturating_sub(1))
    };
    let line_len = whole_lines().next().map_or(SHORTEST_SPAN, <[u8]>::len);
    if line_len < SHORTEST_SPAN || whole_lines().any(|line| line.len() != line_len) {
        return false;
    }
    if sample.iter().all(|byte| is_of_dump(*byte)) {
        let is_between = |byte: &u8| !byte.is_ascii_hexdigit();
        let words = || sample.split(is_between).filter(|word| !word.is_empty()).skip(1);
        let len = words().next().map_or(0, <[u8]>::len);
        let n_alike = words().take_while(|word| word.len() == len).count();
        return (line::is_group(len) || len == 3)
            && n_alike * (len + 2) * 2 >= SAMPLE
            && n_alike + 1 >= words().count();
    }
    let mut lines = sample.split(|byte| *byte == b'\n');
    lines
        .any(|line| line.len() >= SHORTEST_SPAN && cells::run(line, false).is_some_and(|run| run.1))
}

/// Whether the bytes around some place are those of a list of numbers.
pub(super) fn is_like_list(sample: &[u8]) -> bool {
    let n_digits = sample.iter().filter(|byte| byte.is_ascii_digit()).count();
    n_digits * 4 >= SAMPLE
        && sample.split(|byte| *byte == b'\n').any(|line| {
            let line = &line[prefix::len(line)..];
            lists::runs(line).iter().any(line::Run::is_wide)
        })
}

/// Where the bytes begin, from `from` on, that may be of the same dump as this block.
fn start_of_stretch(text: &[u8], from: usize, block: usize) -> usize {
    block - text[from..block].iter().rev().take_while(|byte| is_of_dump(**byte)).count()
}

/// Where the line begins, not before `from`, that this block stands in, if it has nothing but cells.
fn line_of_cells(text: &[u8], from: usize, block: usize) -> Option<usize> {
    let rest = &text[block..text.len().min(block + LONGEST_UNIT)];
    let end = block + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    if !cells::may_end(&text[block..end]) {
        return None;
    }
    let from = from.max(block.saturating_sub(LONGEST_UNIT));
    let start = memchr::memrchr(b'\n', &text[from..block]);
    let start = start.map_or(from, |newline| from + newline + 1);
    let line = &text[start..end];
    let (_, is_text) = cells::run(&line[prefix::len(line)..], true)?;
    is_text.then_some(start)
}

/// So many bytes are looked at together.
const BLOCK: usize = 8;

/// Where from `from` on two blocks stand that may be of a dump, or one at the end. Of [`SHORTEST_SPAN`] such bytes in
/// a row two blocks always are, and of these one stands at every other place.
fn next_blocks(text: &[u8], from: usize) -> Option<Block> {
    const _: () = assert!(SHORTEST_SPAN >= BLOCK * 3 - 1, "two blocks are whole");
    const GOES: usize = 8;
    const PAIR: usize = BLOCK * 2;
    let text = &text[from..];
    let (pairs, _) = text.as_chunks::<PAIR>();
    let (goes, _) = pairs.as_chunks::<GOES>();
    let is_beside = |block: usize| {
        let is_like = |other: usize| {
            let Some(other) = text.get(other..) else { return false };
            (starts_as_dump(&text[block..]) && starts_as_dump(other))
                || start_as_cells(&text[block..], other)
        };
        is_like(block + BLOCK) || block.checked_sub(BLOCK).is_some_and(is_like)
    };
    for (index, go) in goes.iter().enumerate() {
        let word = |at: usize| go[at].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        let mut marks = [0; GOES];
        for (at, mark) in marks.iter_mut().enumerate() {
            *mark = may_be_of_dump(word(at));
        }
        // In a list of numbers as `0x43` one of them stands at every other of these places.
        let heads = (0..GOES).step_by(2).fold(0, |all, at| all | hex_heads(word(at)));
        if marks.iter().fold(heads, |all, mark| all | mark) == 0 {
            continue;
        }
        let mut seen = (0..GOES).fold(0, |seen, at| seen | marks[at] << at);
        if heads != 0 {
            seen |= 0x55;
        }
        while seen != 0 {
            let go = seen.trailing_zeros() as usize;
            let block = (index * GOES + go) * PAIR;
            if heads != 0
                && let Some(place) = hex_in(text, block)
            {
                return Some(Block::Hex(from + place));
            }
            if marks[go] != 0 && is_beside(block) {
                return Some(Block::Like(from + block));
            }
            seen &= seen - 1;
        }
    }
    (goes.len() * GOES..=pairs.len()).map(|pair| pair * PAIR).find_map(|block| {
        let hex = hex_in(text, block).map(|place| Block::Hex(from + place));
        hex.or_else(|| is_beside(block).then_some(Block::Like(from + block)))
    })
}

/// What stands where a text is worth a closer look.
enum Block {
    /// Eight bytes that may be of a dump, beside others.
    Like(usize),
    /// A number in a list of those as `0x43`.
    Hex(usize),
}

/// One if eight bytes may be of a dump, or of two cells; without any branch, so that several are asked at once.
#[inline]
fn may_be_of_dump(bytes: u64) -> u64 {
    let is_zero = |number: u64| (number.wrapping_sub(1) & !number) >> 63;
    let others = bytes & ((bytes << 3) | (bytes << 2)) & LETTERS;
    is_zero(others) | (1 - is_zero(blank_columns(bytes ^ BLANKS)))
}

/// A bit for each of four places where a cell may begin: there is a blank in both cells. `marks` are zero for blanks.
#[inline]
fn blank_columns(marks: u64) -> u64 {
    const _: () = assert!(BLOCK == CELL * 2, "two cells");
    const ONES: u64 = 0x0101_0101;
    let marks = marks | marks >> 32;
    marks.wrapping_sub(ONES) & !marks & (ONES << 7)
}

/// A bit for each place in eight bytes where `0x` stands.
#[inline]
fn hex_heads(bytes: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let equal_to = |bytes: u64, wanted: u8| {
        let other = bytes ^ (ONES * u64::from(wanted));
        other.wrapping_sub(ONES) & !other
    };
    equal_to(bytes, b'0') & (equal_to(bytes | (ONES << 5), b'x') >> 8) & (ONES << 7)
}

/// Where among eight bytes such a number begins as one of a list, in which there is no longer stretch without any.
fn hex_in(text: &[u8], block: usize) -> Option<usize> {
    const _: () = assert!(lists::LONGEST_HEX < BLOCK, "each block has a whole head");
    const _: () = assert!(lists::SHORTEST_HEX >= BLOCK * 5 - 1, "every other pair has a block");
    let mut heads =
        hex_heads(text.get(block..)?.first_chunk().map(|word| u64::from_le_bytes(*word))?);
    while heads != 0 {
        let place = block + heads.trailing_zeros() as usize / 8;
        if lists::is_hex_in_list(text, place) {
            return Some(place);
        }
        heads &= heads - 1;
    }
    None
}

/// Whether the first eight bytes are there and may all be of a dump.
#[inline]
fn starts_as_dump(text: &[u8]) -> bool {
    text.first_chunk().is_some_and(|block| {
        let bytes = u64::from_le_bytes(*block);
        bytes & ((bytes << 3) | (bytes << 2)) & LETTERS == 0
    })
}

/// Whether the first eight bytes of both are there and may be of cells, of which each begins with a blank.
#[inline]
fn start_as_cells(one: &[u8], other: &[u8]) -> bool {
    let marks = |text: &[u8]| text.first_chunk().map(|block| u64::from_le_bytes(*block) ^ BLANKS);
    let marks = marks(one).zip(marks(other));
    marks.is_some_and(|(one, other)| blank_columns(one | other) != 0)
}

/// Eight blanks.
const BLANKS: u64 = u64::from_le_bytes([b' '; 8]);

/// The bit that letters have, in each of eight bytes.
const LETTERS: u64 = u64::from_le_bytes([0x40; 8]);

/// Whether a byte may stand in a dump, or beside it: no letter but the first seven.
pub(super) const fn is_of_dump(byte: u8) -> bool {
    byte & ((byte << 3) | (byte << 2)) & 0x40 == 0
}

/// Whether what begins at `start` may hold what is sought, or its beginning; if not, where what may be of a dump ends,
/// or its line. A quick look, for most logs have dates and ids.
fn judge(text: &[u8], start: usize, bytes: &Bytes) -> Result<(), usize> {
    let mut at = start;
    if start > 0 && text[start - 1].is_ascii_alphanumeric() {
        at += text[at..].iter().take_while(|byte| KINDS[usize::from(**byte)] <= LETTER).count();
    }
    // Where numbers began that stand one after the other, whether the last may hold the first byte of a value, and how
    // many bytes in a row up to here may be of one, as they are written and with those of each word turned round.
    let (mut first, mut is_last_likely, mut n_likely) = (usize::MAX, false, [0; 2]);
    let mut n_pairs = 0;
    loop {
        let word = at;
        let mut number = 0_u64;
        let mut kind = OTHER;
        while let Some(byte) = text.get(at) {
            kind = KINDS[usize::from(*byte)];
            if kind >= LETTER {
                break;
            }
            number = number << 4 | u64::from(kind);
            at += 1;
        }
        let n_digits = at - word;
        kind = if at == text.len() { OTHER } else { kind };
        if kind == LETTER || kind == OTHER_LETTER {
            at += text[at..].iter().take_while(|byte| KINDS[usize::from(**byte)] <= LETTER).count();
            (first, is_last_likely, n_likely) = (usize::MAX, false, [0; 2]);
        } else if line::is_group(n_digits) {
            if kind == GAP
                && text[at] == b'-'
                && let Some(len) = line::named(&text[word..])
            {
                return Err(word + len);
            }
            first = first.min(word);
            n_pairs = if n_digits == 2 { n_pairs + 1 } else { 0 };
            is_last_likely = false;
            let n_bytes = n_digits / 2;
            for at in 0..n_bytes {
                // The lowest byte of a word is the first one where words are turned round.
                let order = [n_bytes - 1 - at, at];
                for (n_likely, at) in n_likely.iter_mut().zip(order) {
                    let is_likely = bytes[(number >> (at * 8) & 0xff) as usize];
                    is_last_likely |= is_likely;
                    *n_likely = if is_likely { *n_likely + 1 } else { 0 };
                    if *n_likely == SHORTEST_RUN {
                        return Ok(());
                    }
                }
            }
        } else if n_digits > 0 {
            // It may be an offset.
            let is_offset = (4..=16).contains(&n_digits);
            (first, is_last_likely, n_likely) =
                (if is_offset { word } else { usize::MAX }, false, [0; 2]);
        }
        let gap = at;
        let mut line_end = None;
        kind = OTHER;
        while let Some(byte) = text.get(at) {
            kind = KINDS[usize::from(*byte)];
            if kind != GAP && kind != NEWLINE {
                break;
            }
            at += 1;
            if kind == NEWLINE {
                line_end = Some(at);
            }
        }
        let is_end = at == text.len() || kind >= OTHER;
        if is_last_likely && gap >= first.saturating_add(SHORTEST_SPAN) {
            // What else stands behind may be the characters, or may end the line.
            let is_before_other = is_end && kind != OTHER_LETTER;
            if line_end.is_some()
                || is_before_other
                || n_pairs >= line::FULL
                || line::is_before_column(&text[gap..at])
            {
                return Ok(());
            }
        }
        // Behind a line that is read it is asked again: all of a text of numbers is not to be judged each time.
        if let Some(end) = line_end {
            return Err(end);
        }
        if is_end {
            return Err(at);
        }
    }
}

/// Where decimal numbers begin that stand one after the other in a line, as in a list or in fields, and may hold
/// something of a value.
fn numbers_in(text: &[u8], from: usize, stretch: Range<usize>, bytes: &Bytes) -> Option<usize> {
    let is_number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b' ' | b'\t' | b',' | b'-');
    // So many bytes in a row have one of these places.
    let mut place = stretch.start + SHORTEST_SPAN - 1;
    while place < stretch.end {
        if text[..=place].ends_with(LONG_GAP) {
            place += SHORTEST_SPAN;
            continue;
        }
        let n_after = text[place..].iter().take_while(is_number).count();
        if n_after > 0 {
            let n_before = text[from..place].iter().rev().take_while(is_number).count();
            let numbers = place - n_before..place + n_after;
            let is_wide = numbers.len() >= SHORTEST_SPAN;
            if is_wide
                && (holds_byte(&text[numbers.clone()], bytes)
                    || are_fields(text, from, &numbers, bytes))
            {
                return Some(numbers.start);
            }
        }
        place += n_after + SHORTEST_SPAN - 1;
    }
    None
}

/// So many blanks stand in no list, and between no fields where a dump begins: most lines are indented with blanks.
pub(super) const LONG_GAP: &[u8; BLOCK] = b"        ";

/// Whether one of these numbers may be a byte of a value.
fn holds_byte(numbers: &[u8], bytes: &Bytes) -> bool {
    let is_byte = |number: &[u8]| {
        let digits = number.iter().map(|digit| usize::from(KINDS[usize::from(*digit)]));
        let number = digits.fold(0, |sum, digit| sum * 10 + digit);
        // A negative one stands for another byte.
        let both = [number, 256_usize.wrapping_sub(number)];
        both.iter().any(|byte| bytes.get(*byte) == Some(&true))
    };
    let mut numbers = numbers.split(|byte| !byte.is_ascii_digit());
    numbers.any(|number| (1..=3).contains(&number.len()) && is_byte(number))
}

/// Whether the line that these numbers are in has fields.
fn are_fields(text: &[u8], from: usize, numbers: &Range<usize>, bytes: &Bytes) -> bool {
    let start = memchr::memrchr(b'\n', &text[from..numbers.start]);
    let start = start.map_or(from, |newline| from + newline + 1);
    let rest = &text[start..text.len().min(start + LONGEST_UNIT)];
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let line = &line[prefix::len(line)..];
    fields::run(line).is_some_and(|run| run.begins(line, bytes))
}

/// What kind of byte each is: the value of a digit, or one of these.
pub(super) const KINDS: [u8; 256] = {
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
mod tests {
    use super::*;

    #[test]
    fn no_more_than_a_line_is_judged_at_once() {
        let (text, bytes) = (b"637\t261\t759\t367\t814\t70\n29\t860\t476\t794\n", [false; 256]);
        assert_eq!(judge(text, 0, &bytes), Err(23));
        assert_eq!(next_worth(text, 0, &bytes), None);
    }
}
