//! Which bytes one line of a dump shows, and where its characters stand.

use std::ops::Range;

use super::{Bytes, SHORTEST_RUN, SHORTEST_SPAN, byte, is_of_dump};

/// Bytes that a line shows one after the other.
pub(crate) struct Run {
    /// As many digits as stand together.
    pub(crate) groups: Vec<Group>,
    /// Whether nothing but an offset stands before it, so that it may go on what the line before shows.
    pub(crate) starts: bool,
    /// Whether it stands where programs print words of bytes that are turned round: behind an offset or a blank.
    pub(crate) may_turn: bool,
    /// Whether nothing but characters stands behind it, so that the next line may go on.
    pub(crate) ends: bool,
    /// Where the same bytes stand as characters.
    pub(crate) column: Option<Column>,
    /// After how many bytes there is a gap that could be the one before the characters.
    pub(crate) breaks: Vec<usize>,
    /// Where it begins, with its offset.
    pub(super) start: usize,
}

/// Digits that stand together, two for each byte.
#[derive(Clone, Copy)]
pub(crate) struct Group {
    pub(crate) start: usize,
    pub(crate) n_bytes: usize,
    /// The bytes as a number, the first one the highest, where they are not told by two digits each; and how many
    /// characters tell them then.
    pub(crate) value: Option<u64>,
    pub(crate) width: usize,
}

/// The characters of the bytes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) range: Range<usize>,
    /// Whether it has one byte for each.
    pub(crate) is_exact: bool,
}

/// So many bytes most programs show in a line. Behind these one blank is enough before the characters, as `curl --trace`
/// and `Format-Hex` have it.
pub(super) const FULL: usize = 16;

/// What stands behind an offset in a dump of Netty, where the line begins with the same.
pub(super) const BAR: &[u8] = b"| ";

/// More bytes than this between two numbers separate them.
const LONGEST_GAP: usize = 8;

impl Run {
    /// A line of bytes that are told by characters or by numbers.
    pub(super) fn of_cells(groups: Vec<Group>, start: usize) -> Run {
        Run {
            groups,
            starts: true,
            may_turn: false,
            ends: true,
            column: None,
            breaks: Vec::new(),
            start,
        }
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.groups.iter().map(|group| group.n_bytes).sum()
    }

    /// Whether a dump may begin with it that has something of these bytes.
    pub(super) fn begins(&self, line: &[u8], bytes: &Bytes) -> bool {
        // Words may be turned round.
        self.is_wide()
            && (self.goes_on(line, bytes)
                || has_run(self.groups.iter().flat_map(|group| group.bytes(line)), bytes)
                || has_run(self.groups.iter().flat_map(|group| group.bytes(line).rev()), bytes))
    }

    /// Whether it is long enough to be more than some number.
    pub(super) fn is_wide(&self) -> bool {
        let end = self.groups.last().map_or(self.start, Group::end);
        end >= self.start + SHORTEST_SPAN
    }

    /// Whether some of its bytes stand together, so that it matters whether they are turned round.
    pub(crate) fn has_words(&self) -> bool {
        self.groups.iter().any(|group| group.n_bytes > 1)
    }

    /// Moves it so many bytes to the right.
    pub(super) fn shift(&mut self, by: usize) {
        self.start += by;
        for group in &mut self.groups {
            group.start += by;
        }
        if let Some(column) = &mut self.column {
            column.range = column.range.start + by..column.range.end + by;
        }
    }

    /// Whether the next line may go on with something of these bytes.
    pub(super) fn goes_on(&self, line: &[u8], bytes: &Bytes) -> bool {
        let mut last = self.groups.last().into_iter().flat_map(|group| group.bytes(line));
        self.ends && last.any(|byte| bytes[usize::from(byte)])
    }
}

impl Group {
    /// A number of so many characters that tells so many bytes.
    pub(super) fn number(start: usize, width: usize, n_bytes: usize, value: u64) -> Group {
        Group { start, n_bytes, value: Some(value), width }
    }

    /// Where one of its bytes is shown.
    pub(super) fn place(&self, index: usize) -> usize {
        if self.width == 0 { self.start + index * 2 } else { self.start }
    }

    /// From where to where one of its bytes is shown. A character stands at the end of a cell, and of a number all is
    /// needed to tell any byte.
    pub(super) fn range(&self, index: usize) -> (usize, usize) {
        match self.width {
            0 => (self.place(index), self.place(index) + 2),
            width => (self.start, self.start + width),
        }
    }

    /// Where the last is shown to its end.
    pub(super) fn end(&self) -> usize {
        self.range(self.n_bytes.saturating_sub(1)).1
    }

    /// One of its bytes.
    pub(super) fn byte(&self, index: usize, line: &[u8]) -> u8 {
        match self.value {
            Some(value) => (value >> ((self.n_bytes - 1 - index) * 8) & 0xff) as u8,
            None => byte(&line[self.place(index)..]),
        }
    }

    fn bytes(&self, line: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
        (0..self.n_bytes).map(|index| self.byte(index, line))
    }
}

/// Whether enough bytes in a row may be of a value.
fn has_run(mut shown: impl Iterator<Item = u8>, bytes: &Bytes) -> bool {
    let mut n_likely = 0;
    shown.any(|byte| {
        n_likely = if bytes[usize::from(byte)] { n_likely + 1 } else { 0 };
        n_likely >= SHORTEST_RUN
    })
}

/// What a line shows. A part of a line that is too long begins no line.
pub(super) fn runs(line: &[u8], is_line_start: bool) -> Vec<Run> {
    let mut reader = Reader { line, is_whole: true, runs: Vec::new(), run: None };
    reader.read(is_line_start);
    reader.runs
}

/// What a line shows that is not yet whole.
#[derive(Default)]
pub(super) struct SoFar {
    pub(super) runs: Vec<Run>,
    /// Where its last number begins if more may belong to it.
    pub(super) word: Option<usize>,
}

/// What a line shows that is not yet whole. What may be characters or more numbers is taken for the latter, and a
/// number may be too short yet.
pub(super) fn runs_so_far(line: &[u8], is_line_start: bool) -> SoFar {
    let n_digits = line.iter().rev().take(17).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let start = line.len() - n_digits;
    let is_word = start == 0 || !line[start - 1].is_ascii_alphanumeric();
    let mut reader = Reader { line, is_whole: false, runs: Vec::new(), run: None };
    reader.read(is_line_start);
    // The last word may yet become another number.
    if let Some(run) = reader.runs.last_mut()
        && let Some(last) = run.groups.last().filter(|last| last.start == start)
    {
        run.breaks.push(run.n_bytes() - last.n_bytes);
    }
    let word = ((1..=16).contains(&n_digits) && is_word).then_some(start);
    SoFar { runs: reader.runs, word }
}

/// How many hexadecimal digits a text begins with, up to one more than an offset has.
pub(super) fn n_hex(text: &[u8]) -> usize {
    text.iter().take(17).take_while(|byte| byte.is_ascii_hexdigit()).count()
}

/// Whether so many digits in a row are bytes.
pub(super) fn is_group(n_digits: usize) -> bool {
    matches!(n_digits, 2..=16) && n_digits.is_multiple_of(2)
}

/// Whether characters may follow such a gap.
pub(super) fn is_before_column(gap: &[u8]) -> bool {
    gap.starts_with(b"  ") || gap.iter().any(|byte| matches!(byte, b'|' | b'>' | 0x80..))
}

struct Reader<'line> {
    line: &'line [u8],
    is_whole: bool,
    runs: Vec<Run>,
    run: Option<Run>,
}

impl Reader<'_> {
    fn read(&mut self, is_line_start: bool) {
        let line = self.line;
        let mut last_end = 0;
        // Where the offset begins, while only that was met.
        let mut offset = None;
        let (mut is_first, mut is_doubtful) = (true, false);
        loop {
            let mut word = word(line, last_end);
            let named = named(&line[word.start..]);
            let named = named.filter(|len| self.is_whole || word.start + len < line.len());
            if let Some(len) = named {
                word.end = word.start + len;
            }
            let gap = last_end..word.start;
            let is_over = self.run.is_some() && self.is_column(&gap, &word) && !is_doubtful;
            if is_over || word.is_empty() {
                return;
            }
            let is_offset = is_first && is_line_start && self.is_offset(&word);
            // What follows may yet become no number, and this one be none of an offset then.
            let next = self::word(line, word.end);
            is_doubtful |= is_offset && !self.is_whole && next.end == line.len();
            if is_offset && !(is_doubtful && is_group(word.len())) {
                (offset, last_end, is_first) = (Some(word.start), word.end, false);
                continue;
            }
            let starts = is_first || offset.is_some();
            if self.is_number(&word) {
                let n_bytes = word.len() / 2;
                let start = offset.take().filter(|_| is_gap(&line[gap])).unwrap_or(word.start);
                let run = self.run.get_or_insert_with(|| Run {
                    starts,
                    may_turn: is_doubtful || (starts && (start < word.start || word.start > 0)),
                    ends: false,
                    ..Run::of_cells(Vec::new(), start)
                });
                run.groups.push(Group { start: word.start, n_bytes, value: None, width: 0 });
            } else {
                offset = None;
            }
            (last_end, is_first) = (word.end, false);
        }
    }

    /// Whether the first word of a line is the offset of what follows.
    fn is_offset(&self, word: &Range<usize>) -> bool {
        let line = self.line;
        let before = &line[..word.start];
        let after = &line[word.end..];
        let is_number = line[word.clone()].iter().all(u8::is_ascii_hexdigit);
        let has_colon = after.starts_with(b": ");
        let has_bar = after.starts_with(BAR);
        let is_at_edge = before.iter().all(|byte| !byte.is_ascii()) && after.starts_with(b" ")
            || before.iter().any(|byte| !byte.is_ascii());
        let is_told = match word.len() {
            4..=5 => {
                has_colon || after.starts_with(b" - ") || (is_at_edge && after.starts_with(b"  "))
            }
            6..=16 => has_colon || has_bar || is_at_edge,
            _ => false,
        };
        let next = self::word(line, word.end);
        let is_gap = has_bar || is_gap(&line[word.end..next.start]);
        is_number && is_told && self.is_number(&next) && is_gap
    }

    fn is_number(&self, word: &Range<usize>) -> bool {
        let is_last =
            !self.is_whole && word.end == self.line.len() && (1..=16).contains(&word.len());
        (is_group(word.len()) || is_last)
            && self.line[word.clone()].iter().all(u8::is_ascii_hexdigit)
    }

    /// Ends the run where this word, or the end of the line, does not go on with it. Answers whether nothing more is
    /// to be read.
    fn is_column(&mut self, gap: &Range<usize>, word: &Range<usize>) -> bool {
        let Some(run) = &mut self.run else { return false };
        let n_bytes = run.n_bytes();
        // Behind so many bytes by themselves one blank is enough.
        let is_full = run.groups.len() == FULL && n_bytes == FULL;
        let is_break = is_before_column(&self.line[gap.clone()]) || is_full;
        if is_break {
            run.breaks.push(n_bytes);
        }
        let exact = if self.is_whole && is_break {
            exact_column(self.line, gap.start, n_bytes)
        } else {
            None
        };
        let goes_on = !word.is_empty() && is_gap(&self.line[gap.clone()]);
        if exact.is_none() && goes_on && self.is_number(word) {
            return false;
        }
        let Some(mut run) = self.run.take() else { return false };
        let is_over = if let Some(range) = exact {
            run.column = Some(Column { range, is_exact: true });
            true
        } else if is_break {
            let rest = &self.line[gap.start..];
            let n_blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let n_after = rest.iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
            let range = gap.start + n_blanks..(self.line.len() - n_after).max(gap.start + n_blanks);
            run.column = Some(Column { range, is_exact: false });
            true
        } else {
            false
        };
        run.ends = is_over || word.is_empty();
        self.runs.push(run);
        is_over
    }
}

/// How long the date or the UUID is that a text begins with: no program prints bytes so.
pub(super) fn named(text: &[u8]) -> Option<usize> {
    const PATTERNS: [&[u8]; 2] = [b"0000-00-00", b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"];
    let found = PATTERNS.iter().find(|pattern| is_like(text, pattern))?;
    (!text.get(found.len()).is_some_and(u8::is_ascii_alphanumeric)).then_some(found.len())
}

/// Whether a text begins as the pattern does: a digit for each `0`, a letter for each `A` and `a`, a hexadecimal digit
/// for each `x`.
pub(super) fn is_like(text: &[u8], pattern: &[u8]) -> bool {
    text.len() >= pattern.len()
        && text.iter().zip(pattern).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            b'x' => byte.is_ascii_hexdigit(),
            _ => byte == wanted,
        })
}

/// The next letters and digits from `from` on.
fn word(line: &[u8], from: usize) -> Range<usize> {
    let rest = &line[from..];
    let n_gap = rest.iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
    let n_word = rest[n_gap..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    from + n_gap..from + n_gap + n_word
}

/// Whether only this stands between two numbers of a dump.
fn is_gap(gap: &[u8]) -> bool {
    gap.len() <= LONGEST_GAP && gap.iter().all(|byte| is_of_dump(*byte))
}

/// The characters of so many bytes, if the rest of a line behind the digits is nothing else.
pub(super) fn exact_column(line: &[u8], from: usize, n_bytes: usize) -> Option<Range<usize>> {
    let n_end = line.iter().rev().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    let end = (line.len() - n_end).max(from);
    let fewest = if n_bytes == FULL { 1 } else { 2 };
    let is_blank =
        |range: Range<usize>| range.len() >= fewest && line[range].iter().all(|byte| *byte == b' ');
    let start = end.checked_sub(n_bytes).filter(|start| *start >= from);
    if let Some(start) = start.filter(|start| is_blank(from..*start)) {
        return Some(start..end);
    }
    let is_closed = line[from..end].ends_with(b"|") || line[from..end].ends_with(b"<");
    let start = end.checked_sub(n_bytes + 1).filter(|start| is_closed && *start > from)?;
    let is_opened = matches!(line[start - 1], b'|' | b'>') && is_blank(from..start - 1);
    is_opened.then_some(start..end - 1)
}
