//! Bytes that were printed one by one: as `xxd`, `hexdump` and `od` do, with or without offsets, or as lists of numbers.

mod cells;
mod fields;
mod likely;
mod line;
mod lists;
mod prefix;
mod stream;

use crate::piece::Piece;
use likely::{has_stretch, is_of_dump, next_worth};
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
    let mut open: [Open; N_KINDS] = Default::default();
    let mut lines = Lines::default();
    let mut at = 0;
    let mut is_line_start = true;
    while at < text.len() {
        if !lines.is_open() {
            let Some(worth) = next_worth(text, at, bytes) else { break };
            (at, is_line_start) = unit_of(text, at, is_line_start, worth);
        }
        let (end, is_line_end) =
            unit_end(&text[at..]).map_or((text.len(), true), |unit| (at + unit.0, unit.1));
        for step in lines.read(&text[at..end], is_line_start, bytes) {
            if let Some(run) = &step.run {
                open[step.kind].add(run, text, at);
            }
            if !step.goes_on {
                pieces.extend(std::mem::take(&mut open[step.kind]).pieces());
            }
        }
        (at, is_line_start) = (end, is_line_end);
    }
    pieces.extend(open.into_iter().flat_map(Open::pieces));
    pieces
}

/// In a text of so many bytes dumps without offsets are looked for everywhere; in a longer one that would take as long
/// as all else, so that only one which looks like a dump is read as one.
const SHORT: usize = 4096;

/// Whether a text may be a dump without offsets, or goes on as one with them: a quick look.
pub(crate) fn may_be_dump(text: &[u8]) -> bool {
    text.len() <= SHORT || goes_on_as_dump(text) || looks_like_dump(text)
}

/// Whether these zeros are those with which an offset begins, as `xxd` and its like print it first in a line, behind a
/// prefix or not; and `tcpdump -X`, `curl --trace` and Wireshark, in four digits.
pub(crate) fn is_offset(text: &[u8], zeros: usize) -> bool {
    let n_before = text[..zeros].iter().rev().take(2).take_while(|byte| **byte == b'0').count();
    let (before, offset) = text.split_at(zeros - n_before);
    let n_digits = line::n_hex(offset);
    let after = &offset[n_digits..];
    if n_digits == 4 && offset.starts_with(b"0000") {
        return match before.last() {
            None | Some(b'\n' | b' ' | b'\t') => {
                after.starts_with(b": ") || after.starts_with(b" - ") || after.starts_with(b"  ")
            }
            Some(last) => *last == b'x' && after.starts_with(b":  "),
        };
    }
    offset.starts_with(b"00000")
        && match before.last() {
            None | Some(b'\n') => true,
            // What stands before the offset ends so.
            Some(b' ' | b'\t' | b'+' | b'-' | b'>') => {
                (n_digits == 7 && after.starts_with(b" "))
                    || after.starts_with(b": ")
                    || after.starts_with(b"  ")
            }
            // Netty, and hexyl in its frame.
            Some(b'|') => after.starts_with(line::BAR),
            Some(last) => !last.is_ascii(),
        }
}

/// Whether a text begins in the midst of a dump with offsets, the first line of which was seen before.
fn goes_on_as_dump(text: &[u8]) -> bool {
    let Some(first) = memchr::memchr(b'\n', text) else { return false };
    let line = &text[first + 1..text.len().min(first + 1 + LONGEST_UNIT)];
    let line = &line[prefix::len(line)..];
    let n_digits = line::n_hex(line);
    (6..=16).contains(&n_digits) && matches!(line.get(n_digits), Some(b':' | b' '))
}

/// Whether a text looks like a dump without offsets, or like a list of numbers, at most of a few places. One of
/// whatever length that is all of a text is known by it, and other texts lose no time.
fn looks_like_dump(text: &[u8]) -> bool {
    const N_PLACES: usize = 4;
    let last = text.len().saturating_sub(likely::SAMPLE);
    let is_like = |index: &usize| {
        let place = last / (N_PLACES - 1) * index;
        let sample = &text[place..text.len().min(place + likely::SAMPLE)];
        !likely::has_words(sample) && (likely::is_like_dump(sample) || likely::is_like_list(sample))
    };
    // Most texts are known by two places.
    let n_of_first = (0..2).filter(is_like).count();
    n_of_first > 0 && n_of_first + (2..N_PLACES).filter(is_like).count() >= N_PLACES - 1
}

/// Which dumps the next line may go on with. One of digits and one of characters may stand in turns, line by line.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lines {
    is_open: [bool; N_KINDS],
    last: Option<usize>,
}

const DIGITS: usize = 0;
const CELLS: usize = 1;
const LISTS: usize = 2;
const FIELDS: usize = 3;
const N_KINDS: usize = 4;

/// What a line does to the dump of one kind: it adds to it, and ends it unless it goes on.
pub(crate) struct Step {
    pub(crate) kind: usize,
    pub(crate) run: Option<Run>,
    pub(crate) goes_on: bool,
}

impl Lines {
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.contains(&true)
    }

    /// Reads a line, or a part of one.
    fn read(&mut self, unit: &[u8], is_line_start: bool, bytes: &Bytes) -> Vec<Step> {
        let start = if is_line_start { prefix::len(unit) } else { 0 };
        let line = &unit[start..];
        let mut steps = Vec::new();
        let cells = if is_line_start { cells::run(line, true) } else { None };
        let (kind, other, runs) = match cells {
            Some((run, is_text)) if is_text || self.is_open[CELLS] => (CELLS, DIGITS, vec![run]),
            _ => (DIGITS, CELLS, line::runs(line, is_line_start)),
        };
        if !starts(&runs) || self.last == Some(kind) {
            self.end(other, &mut steps);
        }
        self.last = Some(kind);
        self.take(kind, runs, (line, bytes), &mut steps);
        self.take(LISTS, lists::runs(line), (line, bytes), &mut steps);
        let fields = if is_line_start { fields::run(line) } else { None };
        self.take(FIELDS, fields.into_iter().collect(), (line, bytes), &mut steps);
        steps.iter_mut().filter_map(|step| step.run.as_mut()).for_each(|run| run.shift(start));
        steps
    }

    /// Takes in what a line shows as one kind. Its first run may go on what the line before showed.
    fn take(
        &mut self,
        kind: usize,
        runs: Vec<Run>,
        (line, bytes): (&[u8], &Bytes),
        steps: &mut Vec<Step>,
    ) {
        if !starts(&runs) {
            self.end(kind, steps);
        }
        for (index, run) in runs.into_iter().enumerate() {
            let goes_on = self.is_open[kind] && index == 0;
            if goes_on || kind == CELLS || run.begins(line, bytes) {
                self.is_open[kind] = run.goes_on(line, bytes);
                steps.push(Step { kind, run: Some(run), goes_on: self.is_open[kind] });
            }
        }
    }

    fn end(&mut self, kind: usize, steps: &mut Vec<Step>) {
        if std::mem::take(&mut self.is_open[kind]) {
            steps.push(Step { kind, run: None, goes_on: false });
        }
    }
}

/// Whether what a line shows may go on what the line before showed.
fn starts(runs: &[Run]) -> bool {
    runs.first().is_some_and(|run| run.starts)
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
        // A text may begin in the midst of a line, which then tells nothing of the order.
        if run.may_turn && run.has_words() {
            self.order = Order::Either;
        }
        for group in &run.groups {
            for index in 0..group.n_bytes {
                let line = &text[unit..];
                let turned = group.n_bytes - 1 - index;
                // A place is never before another that was told.
                add(&mut self.written, unit + group.place(index), group.byte(index, line));
                add(&mut self.turned, unit + group.start, group.byte(turned, line));
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
    let digit =
        |at: usize| digits.get(at).map_or(0, |digit| likely::KINDS[usize::from(*digit)] & 15);
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

#[cfg(test)]
mod tests;
