//! Finds values in the dumps of bytes that a stream shows while it flows.

use std::borrow::Cow;

use super::line::{self, Column, Run, SoFar};
use super::{
    CELLS, DIGITS, FIELDS, LISTS, LONGEST_UNIT, Lines, N_KINDS, Order, cells, fields, has_stretch,
    lists, next_worth, prefix, unit_end, unit_of,
};
use crate::aside::{CONTEXT, Place, Sought, Spot};
use crate::redactor::Ending;

/// The dump that a stream is in, and the line of it that is not yet whole.
///
/// A line is judged when it is whole, so that chunks do not matter. Before that it is only known what of it must not be
/// said yet.
#[derive(Default)]
pub(crate) struct Dumps {
    by_kind: [Dump; N_KINDS],
    lines: Lines,
    /// The beginning of a line, or of a part of one, and where in the stream each of its bytes stands.
    unit: Vec<u8>,
    unit_at: Vec<u64>,
    is_mid_line: bool,
    colour: Colour,
}

/// The bytes that lines of a dump show, as far as they may be needed yet.
#[derive(Default)]
struct Dump {
    /// As they are written, and with the bytes of each word turned round.
    texts: [Vec<u8>; 2],
    /// For each byte of these where its digits or its character begin and end.
    at: [Vec<(u64, u64)>; 2],
    /// For each byte where the digits begin that it stands together with.
    words: Vec<u64>,
    /// How many bytes are only context.
    n_context: usize,
    /// How many bytes were searched; more may have come since.
    n_searched: usize,
    order: Order,
    lines: Vec<Line>,
}

/// Bytes of one line.
struct Line {
    start: usize,
    end: usize,
    /// Where in the stream their characters begin and end, and whether there is one for each.
    column: Option<(u64, u64, bool)>,
}

/// Where in a sequence that colours a terminal a stream is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Colour {
    #[default]
    None,
    Escape,
    Sequence,
}

const ESCAPE: u8 = 0x1b;

/// So many bytes of a dump are searched at once while no chunk ends.
const MOST_UNSEARCHED: usize = 4096;

impl Dumps {
    /// Takes in what stands in the stream at `base`. Adds what was found to `spots`, and answers from where on the
    /// stream must not be said yet.
    pub(crate) fn push<'set>(
        &mut self,
        sought: Sought<'set>,
        (input, may_be_coloured): (&[u8], bool),
        base: u64,
        spots: &mut Vec<Spot<'set>>,
    ) -> Option<u64> {
        let (text, at) = self.without_colours(input, may_be_coloured, base);
        let place = |index: usize| at.as_ref().map_or(base + index as u64, |at| at[index]);
        let mut from = 0;
        while (!self.unit.is_empty() || self.is_mid_line) && from < text.len() {
            let room = (LONGEST_UNIT - self.unit.len()).min(text.len() - from);
            let newline = memchr::memchr(b'\n', &text[from..from + room]);
            let to = from + newline.map_or(room, |newline| newline + 1);
            self.unit.extend_from_slice(&text[from..to]);
            self.unit_at.extend((from..to).map(place));
            from = to;
            let Some((end, is_line_end)) = unit_end(&self.unit) else { break };
            let (rest, rest_at) = (self.unit.split_off(end), self.unit_at.split_off(end));
            let unit = std::mem::replace(&mut self.unit, rest);
            let unit_at = std::mem::replace(&mut self.unit_at, rest_at);
            self.read(sought, &unit, &|index| unit_at[index], spots);
            self.is_mid_line = !is_line_end;
        }
        if from < text.len() {
            from = self.read_whole(sought, &text, from, &place, spots);
            self.unit.extend_from_slice(&text[from..]);
            self.unit_at.extend((from..text.len()).map(place));
        }
        for dump in &mut self.by_kind {
            if dump.words.len() > dump.n_searched {
                dump.settle(sought, Ending::None, spots);
            }
        }
        self.keep(sought)
    }

    /// Ends the stream.
    pub(crate) fn finish<'set>(
        &mut self,
        sought: Sought<'set>,
        ending: Ending,
        spots: &mut Vec<Spot<'set>>,
    ) {
        let (unit, unit_at) = (std::mem::take(&mut self.unit), std::mem::take(&mut self.unit_at));
        if !unit.is_empty() {
            self.read(sought, &unit, &|index| unit_at[index], spots);
        }
        for dump in &mut self.by_kind {
            dump.settle(sought, ending, spots);
        }
        *self = Self::default();
    }

    /// Reads all lines of `text` that are whole, from `from` on. Answers where the rest begins.
    fn read_whole<'set>(
        &mut self,
        sought: Sought<'set>,
        text: &[u8],
        mut from: usize,
        place: &dyn Fn(usize) -> u64,
        spots: &mut Vec<Spot<'set>>,
    ) -> usize {
        let bytes = sought.set.search.bytes(sought.with_forms);
        loop {
            let worth =
                if self.lines.is_open() { Some(from) } else { next_worth(text, from, bytes) };
            let (start, is_line_start) =
                unit_of(text, from, !self.is_mid_line, worth.unwrap_or(text.len()));
            (from, self.is_mid_line) = (start, !is_line_start);
            let unit = worth.and_then(|_| unit_end(&text[from..]));
            let Some((len, is_line_end)) = unit else { return from };
            self.read(sought, &text[from..from + len], &|index| place(from + index), spots);
            (from, self.is_mid_line) = (from + len, !is_line_end);
        }
    }

    /// Reads a line, or a part of one, that is whole.
    fn read<'set>(
        &mut self,
        sought: Sought<'set>,
        unit: &[u8],
        place: &dyn Fn(usize) -> u64,
        spots: &mut Vec<Spot<'set>>,
    ) {
        let bytes = sought.set.search.bytes(sought.with_forms);
        if !self.lines.is_open() && !has_stretch(unit) {
            return;
        }
        for step in self.lines.read(unit, !self.is_mid_line, bytes) {
            let dump = &mut self.by_kind[step.kind];
            if let Some(run) = &step.run {
                dump.add(run, unit, place);
            }
            if !step.goes_on {
                dump.settle(sought, Ending::Whole, spots);
            } else if dump.words.len() >= dump.n_searched + MOST_UNSEARCHED {
                dump.settle(sought, Ending::None, spots);
            }
        }
    }

    /// From where on what was read must not be said yet.
    fn keep(&self, sought: Sought<'_>) -> Option<u64> {
        let mut keep = self.by_kind.iter().filter_map(Dump::unsettled).min();
        if self.unit.is_empty() {
            return keep;
        }
        // Of a line that is none of a dump so far only the end may become one.
        let is_known = self.lines.is_open() || has_stretch(&self.unit);
        let (digits, list) =
            if is_known { (0, 0) } else { (self.end_of_unit(), lists::end(&self.unit)) };
        keep = earlier(keep, self.keep_as(sought, LISTS, list, true));
        // What stands before the dump may be told already, or not yet.
        let prefix = if self.is_mid_line { 0 } else { prefix::len(&self.unit) };
        for start in [0].into_iter().chain((prefix > 0).then_some(prefix)) {
            let from = digits.max(start);
            keep = earlier(keep, self.keep_as(sought, DIGITS, from, from == start));
            if !self.is_mid_line {
                keep = earlier(keep, self.keep_as(sought, CELLS, start, true));
                let blank = cells::first_blank(&self.unit[start..]);
                let blank = blank.filter(|_| sought.begins_with(b' '));
                keep = earlier(keep, blank.map(|blank| self.unit_at[start + blank]));
                keep = earlier(keep, self.keep_as(sought, FIELDS, start, true));
            }
        }
        keep
    }

    /// The same, if the line goes on as one kind of dump from `from` on, where the line begins or not.
    fn keep_as(&self, sought: Sought<'_>, kind: usize, from: usize, is_start: bool) -> Option<u64> {
        let unit = &self.unit[from..];
        let place = |index: usize| self.unit_at[from + index];
        let SoFar { runs, word } = match kind {
            DIGITS => line::runs_so_far(unit, is_start && !self.is_mid_line),
            CELLS => cells::run_so_far(unit),
            LISTS => lists::runs_so_far(unit),
            _ => fields::run_so_far(unit),
        };
        let word = word.filter(|word| self.is_hidden(sought, kind, &runs, (unit, *word)));
        let mut keep = word.map(place);
        for (index, run) in runs.iter().enumerate() {
            let is_first = self.lines.is_open[kind] && index == 0 && run.starts;
            // What stands before a list may be told already, or not yet, so that any list may be the first.
            if is_first || (self.lines.is_open[kind] && kind == LISTS) {
                keep = earlier(keep, self.by_kind[kind].with(sought, run, unit, &place));
            }
            if !is_first {
                keep = earlier(keep, Dump::default().with(sought, run, unit, &place));
            }
        }
        keep
    }

    /// Whether a number that is not yet whole may become the beginning of what is sought.
    fn is_hidden(
        &self,
        sought: Sought<'_>,
        kind: usize,
        runs: &[Run],
        (unit, word): (&[u8], usize),
    ) -> bool {
        let number = &unit[word..];
        match kind {
            DIGITS => {
                let is_its = |run: &&Run| run.groups.last().is_some_and(|last| last.start == word);
                let run = runs.last().filter(is_its);
                let goes_on = self.lines.is_open[DIGITS]
                    && runs.len() == 1
                    && run.is_some_and(|run| run.starts);
                let may_turn = match self.by_kind[DIGITS].order {
                    Order::Written if goes_on => false,
                    Order::Either if goes_on => true,
                    _ => run.is_some_and(|run| run.may_turn),
                };
                // Of a word that is turned round another byte may be the first; else its first digit tells whether a
                // value may begin.
                if may_turn {
                    sought.holds_digits(number)
                } else {
                    number.len() % 2 == 1 && sought.begins_with_digit(number[number.len() - 1])
                }
            }
            LISTS => {
                let bytes = sought.set.search.bytes(sought.with_forms);
                // `0x4` may become any number that begins so.
                number.starts_with(b"0")
                    || lists::completions(number).any(|byte| bytes[usize::from(byte)])
            }
            _ => true,
        }
    }

    /// Where the numbers begin that the line ends with.
    fn end_of_unit(&self) -> usize {
        let unit = &self.unit;
        let is_other = |byte: &u8| !super::is_of_dump(*byte);
        let from = unit.iter().rposition(is_other).map_or(0, |other| other + 1);
        if !unit[..from].iter().any(u8::is_ascii_alphanumeric) {
            0
        } else if unit[from - 1].is_ascii_alphanumeric() {
            let is_word = |byte: &&u8| byte.is_ascii_alphanumeric();
            from + unit[from..].iter().take_while(is_word).count()
        } else {
            from
        }
    }

    /// The input without sequences that colour it, and where each byte stands if there are any.
    fn without_colours<'input>(
        &mut self,
        input: &'input [u8],
        may_be_coloured: bool,
        base: u64,
    ) -> (Cow<'input, [u8]>, Option<Vec<u64>>) {
        let is_coloured = may_be_coloured && memchr::memchr(ESCAPE, input).is_some();
        if self.colour == Colour::None && !is_coloured {
            return (Cow::Borrowed(input), None);
        }
        let (mut text, mut at) = (Vec::new(), Vec::new());
        for (byte, place) in input.iter().zip(base..) {
            self.colour = match (self.colour, byte) {
                (_, &ESCAPE) => Colour::Escape,
                (Colour::Escape, b'[') | (Colour::Sequence, 0x20..0x40) => Colour::Sequence,
                (Colour::Sequence, 0x40..0x7f) => Colour::None,
                _ => {
                    text.push(*byte);
                    at.push(place);
                    Colour::None
                }
            };
        }
        (Cow::Owned(text), Some(at))
    }
}

impl Dump {
    /// Adds what a line shows.
    fn add(&mut self, run: &Run, unit: &[u8], place: &dyn Fn(usize) -> u64) {
        let start = self.words.len();
        self.order.see(run);
        for group in &run.groups {
            for index in 0..group.n_bytes {
                for (stream, index) in [index, group.n_bytes - 1 - index].into_iter().enumerate() {
                    self.texts[stream].push(group.byte(index, unit));
                    let (start, end) = group.range(index);
                    self.at[stream].push((place(start), place(end - 1) + 1));
                }
                self.words.push(place(group.start));
            }
        }
        let column = run.column.as_ref().filter(|column| !column.range.is_empty());
        let column = column.map(|Column { range, is_exact }| {
            (place(range.start), place(range.end - 1) + 1, *is_exact)
        });
        self.lines.push(Line { start, end: self.words.len(), column });
    }

    /// Adds all that is known for certain to `spots`, and forgets what is not needed for the rest.
    fn settle<'set>(&mut self, sought: Sought<'set>, ending: Ending, spots: &mut Vec<Spot<'set>>) {
        if self.words.len() < crate::SHORTEST && ending == Ending::Whole {
            *self = Self::default();
            return;
        }
        let n_streams = self.n_streams();
        let found: Vec<_> = (0..n_streams)
            .map(|stream| sought.find(&self.texts[stream], self.n_context, ending))
            .collect();
        let settled = found.iter().map(|found| found.settled).min().unwrap_or(0);
        for (stream, found) in found.into_iter().enumerate() {
            let places = found.places.into_iter().filter(|place| place.range.start < settled);
            for Place { range, name, .. } in places {
                for line in &self.lines {
                    let (start, end) = (range.start.max(line.start), range.end.min(line.end));
                    if start >= end {
                        continue;
                    }
                    let digits = &self.at[stream][start..end];
                    let first = digits.iter().map(|at| at.0).min().unwrap_or(0);
                    let last = digits.iter().map(|at| at.1).max().unwrap_or(0);
                    spots.push(Spot { range: first..last, name });
                    let column = line.column.map(|(from, to, is_exact)| {
                        let skipped = (start - line.start) as u64;
                        let exact = from + skipped..from + (end - line.start) as u64;
                        if is_exact && to - from == (line.end - line.start) as u64 {
                            exact
                        } else {
                            from..to
                        }
                    });
                    spots.extend(column.map(|range| Spot { range, name }));
                }
            }
        }
        if ending != Ending::None {
            *self = Self::default();
            return;
        }
        self.n_context = settled;
        self.lines.retain(|line| line.end > settled);
        let n_gone = settled.saturating_sub(CONTEXT);
        let n_gone = self.lines.first().map_or(n_gone, |line| line.start.min(n_gone));
        for stream in 0..2 {
            self.texts[stream].drain(..n_gone);
            self.at[stream].drain(..n_gone);
        }
        self.words.drain(..n_gone);
        self.n_context -= n_gone;
        self.n_searched = self.words.len();
        for line in &mut self.lines {
            (line.start, line.end) = (line.start - n_gone, line.end - n_gone);
        }
    }

    /// How many of the texts are to be searched.
    fn n_streams(&self) -> usize {
        if self.order == Order::Either { 2 } else { 1 }
    }

    /// Where in the stream what is not yet settled begins.
    fn unsettled(&self) -> Option<u64> {
        self.words.get(self.n_context).copied()
    }

    /// Where in the stream something stands, or may have begun, if a line that is not yet whole goes on so.
    fn with(
        &self,
        sought: Sought<'_>,
        run: &Run,
        unit: &[u8],
        place: &dyn Fn(usize) -> u64,
    ) -> Option<u64> {
        let mut dump = Self {
            texts: self.texts.clone(),
            at: self.at.clone(),
            words: self.words.clone(),
            n_context: self.n_context,
            n_searched: self.n_searched,
            order: self.order,
            lines: Vec::new(),
        };
        let n_before = dump.words.len();
        dump.add(run, unit, place);
        let n_streams = dump.n_streams();
        let mut keep = None;
        for text in &dump.texts[..n_streams] {
            let found = sought.find(text, dump.n_context, Ending::None);
            keep = earlier(keep, found.places.iter().map(|place| place.range.start).min());
            if run.ends {
                keep = earlier(keep, Some(found.settled));
            }
            for n_bytes in &run.breaks {
                let found = sought.find(&text[..n_before + n_bytes], dump.n_context, Ending::None);
                keep = earlier(
                    keep,
                    Some(found.settled).filter(|settled| *settled < n_before + n_bytes),
                );
            }
        }
        keep.and_then(|keep: usize| dump.words.get(keep).copied())
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}
