//! Finds needles in a text, whole or broken by white space.

use std::ops::Range;
use std::sync::OnceLock;

use crate::cut::Cuts;
use crate::dump::Bytes;
use crate::form::{FormMatch, Scan, pieces};
use crate::gap::{MARKS, gap_after, gap_before, has_line_break};
use crate::index::{Entry, Index};
use crate::needles::{GRAM, Needle, SHORTEST_PART, SHORTEST_RUN, Wraps};
use crate::piece::Piece;
use crate::prefixes::{Prefixes, is_unfinished};
use crate::sieve::{PIECE, Sieve, Weight};
use crate::words::Words;

/// Needles, ready to be searched for.
pub(crate) struct Search {
    pub(crate) needles: Vec<Needle>,
    index: Index,
    /// Made when forms are first searched for at the same time.
    sieve: OnceLock<Sieve>,
    words: Words,
    prefixes: Prefixes,
    cuts: Cuts,
    /// How far before what is to be covered the key may begin that gives it away.
    longest_lead: usize,
    /// Which bytes needles are made of, and what may stand in one; and these with those of forms.
    bytes: Box<[Bytes; 2]>,
    /// Which bytes needles begin with.
    first: Box<Bytes>,
}

/// A place where a needle stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) needle: usize,
    pub(crate) range: Range<usize>,
}

/// What was found in one pass.
pub(crate) struct Found {
    pub(crate) hits: Vec<Hit>,
    pub(crate) forms: Vec<FormMatch>,
    /// From where on more must be known of forms.
    pub(crate) settled: usize,
    /// Whether some part of a needle stands somewhere without the rest right beside it.
    pub(crate) has_part: bool,
}

/// What the offsets of a dump of bytes begin with. Of four zeros three need not be met.
const ZEROS: [([u8; PIECE], Weight); 7] = [
    (*b"000", Weight::Alone),
    (*b"\n00", Weight::First),
    (*b"\t00", Weight::First),
    (*b" 00", Weight::First),
    (*b"x00", Weight::First),
    (*b"00:", Weight::Second),
    (*b"00 ", Weight::Second),
];

/// The first hexadecimal digits of what a form begins with: letters, and the dashes before a private key.
const FORMS_BEGIN_WITH: [u32; 5] = [2, 4, 5, 6, 7];

/// For a shorter text, in bytes, no sieve is made.
const WORTH_A_SIEVE: usize = 16 << 10;

/// A line break this near to the beginning of a value hides the bytes before it; the value is
/// found from the break on.
pub(crate) const SHORTEST_FIRST_RUN: usize = 4;

impl Search {
    pub(crate) fn new(needles: Vec<Needle>) -> Self {
        let mut first = [false; 256];
        for needle in &needles {
            first[usize::from(needle.bytes[0])] = true;
        }
        Self {
            bytes: Box::new(bytes_of(&needles)),
            first: Box::new(first),
            index: Index::new(&needles, |needle| needle.wraps != Wraps::Words),
            sieve: OnceLock::new(),
            words: Words::new(&needles),
            prefixes: Prefixes::new(&needles),
            cuts: Cuts::new(&needles),
            longest_lead: needles.iter().map(|needle| needle.lead).max().unwrap_or(0),
            needles,
        }
    }

    /// Which bytes what is searched for is made of; another byte stands in none of it.
    pub(crate) fn bytes(&self, with_forms: bool) -> &Bytes {
        &self.bytes[usize::from(with_forms)]
    }

    /// Whether a byte with this digit before the other may begin what is searched for.
    pub(crate) fn begins_with_digit(&self, digit: u8, with_forms: bool) -> bool {
        let digit = char::from(digit).to_digit(16).unwrap_or(0);
        let first = digit as usize * 16;
        (with_forms && FORMS_BEGIN_WITH.contains(&digit))
            || self.first[first..first + 16].contains(&true)
    }

    /// Whether a needle begins with this byte.
    pub(crate) fn begins_with(&self, byte: u8) -> bool {
        self.first[usize::from(byte)]
    }

    /// Every place from `from` on where a needle stands, in order; earlier bytes are context.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Vec<Hit> {
        self.find_with_parts(text, from).0
    }

    /// The same, and whether some part of a needle stands somewhere without the rest right beside it.
    pub(crate) fn find_with_parts(&self, text: &[u8], from: usize) -> (Vec<Hit>, bool) {
        let (mut hits, mut has_part) = (Vec::new(), false);
        self.index.candidates(text, from.saturating_sub(self.longest_lead), |at, entries| {
            self.extend(text, from, at, entries, (&mut hits, &mut has_part));
        });
        (self.finish(text, from, hits), has_part)
    }

    /// Every place from `from` on where a needle stands in a piece, of which a part gives it away in some stretch: others
    /// are not looked for where a text has no such part.
    pub(crate) fn find_in_piece(&self, piece: &Piece, from: usize) -> Vec<Hit> {
        let mut hits = self.find(&piece.text, from);
        hits.retain(|hit| {
            let window = &self.needles[hit.needle].window;
            let seen = hit.range.start + window.start..hit.range.start + window.end;
            piece.stretches(seen).any(|part| part.len() >= SHORTEST_RUN)
        });
        hits
    }

    /// The same as [`Search::find`] and [`form::scan`], in one pass. Calls `zeros` with places where the offset of a
    /// dump may begin with zeros, at least one in every five in a row.
    pub(crate) fn find_with_forms(
        &self,
        text: &[u8],
        from: usize,
        is_end: bool,
        mut zeros: impl FnMut(usize),
    ) -> Found {
        let (mut hits, mut has_part) = (Vec::new(), false);
        let mut scan = Scan::new(text, from, is_end);
        let end = self.sieve().each(
            text,
            |at| {
                // What stands before `from` is context, in which no needle begins but its key.
                if at + self.longest_lead >= from {
                    let entries = self.index.entries_at(text, at);
                    self.extend(text, from, at, entries, (&mut hits, &mut has_part));
                }
            },
            |at| {
                if text[at..].starts_with(b"00") {
                    zeros(at);
                }
                pieces::at_piece(text, at, |at, len, rule| scan.judge(at, len, rule));
            },
        );
        // An anchor at an end of the text may lack the byte that one of its pieces has.
        let tail = end.saturating_sub(pieces::FURTHEST).max(1)..text.len();
        for at in (0..text.len().min(1)).chain(tail) {
            pieces::at_start(text, at, |at, len, rule| scan.judge(at, len, rule));
        }
        let (forms, settled) = scan.finish();
        Found { hits: self.finish(text, from, hits), forms, settled, has_part }
    }

    /// Whether one pass is quicker than two: the sieve takes as long to make as some text to search.
    pub(crate) fn is_worth_a_sieve(&self, text: &[u8]) -> bool {
        text.len() >= WORTH_A_SIEVE || self.sieve.get().is_some()
    }

    fn sieve(&self) -> &Sieve {
        self.sieve.get_or_init(|| {
            let anchors = pieces::all().chain(ZEROS);
            Sieve::new(&self.needles, |needle| needle.wraps != Wraps::Words, anchors)
        })
    }

    /// Adds the needles that stand where one of these pieces stands, and says whether one does so in part.
    fn extend(
        &self,
        text: &[u8],
        from: usize,
        at: usize,
        entries: &[Entry],
        (hits, has_part): (&mut Vec<Hit>, &mut bool),
    ) {
        for entry in entries {
            let needle = entry.needle as usize;
            let (sought, offset) = (&self.needles[needle], entry.offset as usize);
            let found = match sought.lead {
                0 if at < from => None,
                0 => place(sought, offset, text, from, at, has_part),
                _ => beside(sought, offset, text, from, at),
            };
            let found = found.map(|range| Hit { needle, range });
            if found.is_some() && hits.last() != found.as_ref() {
                hits.extend(found);
            }
        }
    }

    fn finish(&self, text: &[u8], from: usize, mut hits: Vec<Hit>) -> Vec<Hit> {
        self.words.find(&self.needles, text, from, &mut hits);
        if !self.cuts.is_empty() {
            self.cuts.find(&self.needles, text, from, &mut hits);
        }
        hits.sort_unstable_by_key(|hit| (hit.range.start, usize::MAX - hit.range.end, hit.needle));
        hits.dedup();
        hits
    }

    /// Where at the end of `text`, from `from` on, a needle may have begun that is not yet whole.
    pub(crate) fn live_from(&self, text: &[u8], from: usize) -> usize {
        self.prefixes.live_from(&self.needles, text, from)
    }

    /// The beginning of a needle at the end of `text`, if it tells so many bytes of a value as a
    /// value must have. The scheme of a URL tells none.
    pub(crate) fn cut_at_end(&self, text: &[u8], from: usize) -> Option<Hit> {
        let told = |needle: &Needle, tail: &[u8]| {
            let is_whole = needle.wraps == Wraps::No && needle.bytes.starts_with(tail);
            let is_counted = |byte: &u8| is_whole || !byte.is_ascii_whitespace();
            let scheme = memchr::memmem::find(&needle.bytes, b"://").map_or(0, |at| at + 3);
            tail.iter().filter(|byte| is_counted(byte)).count() >= scheme + SHORTEST_RUN
        };
        (self.live_from(text, from)..text.len()).find_map(|at| {
            let begins = |needle: &Needle| {
                needle.lead == 0 && is_unfinished(needle, 0, text, at) && told(needle, &text[at..])
            };
            let needle = self.needles.iter().position(begins)?;
            Some(Hit { needle, range: at..text.len() })
        })
    }
}

fn bytes_of(needles: &[Needle]) -> [Bytes; 2] {
    let mut bytes = [[false; 256]; 2];
    for byte in needles.iter().flat_map(|needle| needle.bytes.iter()) {
        bytes[0][usize::from(*byte)] = true;
    }
    // What is looked through.
    for byte in if needles.is_empty() { &b""[..] } else { b"\t\n\x0b\x0c\r =\\nr" } {
        bytes[0][usize::from(*byte)] = true;
    }
    bytes[1] = bytes[0];
    bytes[1][9..=13].fill(true);
    bytes[1][32..127].fill(true);
    bytes
}

/// The place of a value whose piece at `offset`, of its key or itself, stands at `at`, if it ends there. A number
/// follows longer words too, as in `ZIPCODE=4829`.
fn beside(
    needle: &Needle,
    offset: usize,
    text: &[u8],
    from: usize,
    at: usize,
) -> Option<Range<usize>> {
    let start = at.checked_sub(offset).filter(|start| start + needle.lead >= from)?;
    let behind = text[start..].strip_prefix(needle.bytes.as_slice())?;
    let is_number = needle.bytes[needle.lead..].iter().all(u8::is_ascii_digit);
    let is_in_word = is_number && text[..start].last().is_some_and(u8::is_ascii_alphabetic);
    let goes_on = behind.first().is_some_and(u8::is_ascii_alphanumeric);
    (!is_in_word && !goes_on).then(|| start + needle.lead..text.len() - behind.len())
}

/// The place of a needle whose piece at `offset` stands at `at`, or whether it stands there in part.
fn place(
    needle: &Needle,
    offset: usize,
    text: &[u8],
    from: usize,
    at: usize,
    is_part: &mut bool,
) -> Option<Range<usize>> {
    let bytes = needle.bytes.as_slice();
    if bytes[offset..offset + GRAM] != text[at..at + GRAM] {
        return None;
    }
    let n_before = n_same(bytes[..offset].iter().rev(), text[from..at].iter().rev());
    let n_after = n_same(bytes[offset + GRAM..].iter(), text[at + GRAM..].iter());
    let run = offset - n_before..offset + GRAM + n_after;
    let seen = run.start.max(needle.window.start)..run.end.min(needle.window.end);
    if seen.len() < SHORTEST_RUN {
        return None;
    }
    let placed = at - n_before..at + GRAM + n_after;
    if run.len() == bytes.len() {
        return Some(placed);
    }
    *is_part = true;
    let wrapped = || {
        if run.start > 0
            && placed.start == from
            && from > 0
            && text[from - 1] == bytes[run.start - 1]
        {
            // What was said would have been held back if it began a value.
            return None;
        }
        let start = beginning(bytes, &run, text, from, placed.start)?;
        let end = ending(bytes, run.end, text, placed.end)?;
        Some(start..end)
    };
    let wrapped = if needle.wraps == Wraps::No { None } else { wrapped() };
    let is_enough = needle.parts_from.is_some() && seen.len() >= SHORTEST_PART;
    wrapped.or_else(|| is_enough.then(|| placed.clone()))
}

/// Follows a needle backwards from a run of its bytes that begins at `at`.
fn beginning(
    bytes: &[u8],
    run: &Range<usize>,
    text: &[u8],
    from: usize,
    mut at: usize,
) -> Option<usize> {
    let (mut matched, mut run_end) = (run.start, run.end);
    while matched > 0 {
        if at > from && text[at - 1] == bytes[matched - 1] {
            at -= 1;
            matched -= 1;
            continue;
        }
        let end = at;
        if at > 0
            && at < text.len()
            && text[at - 1] == b'\\'
            && text[at] == b'n'
            && matched < bytes.len()
        {
            // The letter of a line break that is written out was taken for one of the value.
            at += 1;
            matched += 1;
        }
        let gap = gap_before(text, at)?;
        if gap > 0
            && text[gap - 1] != bytes[matched - 1]
            && text.get(at).is_some_and(|mark| MARKS.contains(mark))
            && bytes.get(matched) == Some(&text[gap - 1])
        {
            // A mark before the line was taken for the byte of the value before the break.
            matched += 1;
        }
        // What joins lines may be a byte of the value.
        let is_own = text.get(gap) == Some(&bytes[matched - 1])
            && !text[gap].is_ascii_whitespace()
            && !matches!(text.get(gap + 1), Some(b'n' | b'r'));
        let gap = gap + usize::from(is_own);
        if matched < SHORTEST_FIRST_RUN {
            let is_line_start =
                has_line_break(&text[gap..at]) && run_end - matched >= SHORTEST_FIRST_RUN;
            return is_line_start.then_some(at);
        }
        if gap < from || gap >= end {
            // It began in what was said, which is none of it.
            return None;
        }
        at = gap;
        run_end = matched;
    }
    Some(at)
}

/// Follows a needle forwards from `matched` of its bytes that end at `at`.
pub(crate) fn ending(
    bytes: &[u8],
    mut matched: usize,
    text: &[u8],
    mut at: usize,
) -> Option<usize> {
    while matched < bytes.len() {
        if text.get(at) == Some(&bytes[matched]) {
            at += 1;
            matched += 1;
        } else {
            at = gap_after(text, at)?;
        }
    }
    Some(at)
}

fn n_same<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}
