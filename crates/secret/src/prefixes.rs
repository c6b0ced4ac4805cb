//! Knows whether a text ends in the beginning of a needle.

use crate::needles::{GRAM, Needle, Wraps, read_gram};
use crate::search::{SHORTEST_FIRST_RUN, gap_after, gap_before, has_line_break};

/// The beginnings of all needles.
pub(crate) struct Prefixes {
    /// The first one, two and three bytes, packed with their number; sorted.
    short: Vec<u32>,
    /// The same for needles that may begin after a line break with some bytes missing.
    short_after_break: Vec<u32>,
    /// The first four bytes of each needle; sorted.
    long: Vec<Head>,
    /// The needles that white space may break anywhere.
    words: Vec<usize>,
    /// The length of the longest needle.
    longest: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    gram: u32,
    needle: u32,
    /// How many bytes of the needle stand before a line break and were let go.
    skipped: u32,
}

impl Prefixes {
    pub(crate) fn new(needles: &[Needle]) -> Self {
        let mut prefixes = Self {
            short: Vec::new(),
            short_after_break: Vec::new(),
            long: Vec::new(),
            words: (0..needles.len()).filter(|&id| needles[id].wraps == Wraps::Words).collect(),
            longest: 0,
        };
        for (needle, id) in needles.iter().zip(0..) {
            let bytes = needle.bytes.as_slice();
            prefixes.longest = prefixes.longest.max(bytes.len());
            prefixes.short.extend((1..GRAM).map(|len| pack(&bytes[..len])));
            prefixes.long.push(Head { gram: read_gram(bytes), needle: id, skipped: 0 });
            for skipped in (1..SHORTEST_FIRST_RUN).filter(|_| needle.wraps == Wraps::Lines) {
                let rest = &bytes[skipped..];
                prefixes.short_after_break.extend((1..GRAM).map(|len| pack(&rest[..len])));
                let skipped = u32::try_from(skipped).unwrap_or(0);
                prefixes.long.push(Head { gram: read_gram(rest), needle: id, skipped });
            }
        }
        for short in [&mut prefixes.short, &mut prefixes.short_after_break] {
            short.sort_unstable();
            short.dedup();
        }
        prefixes.long.sort_unstable();
        prefixes
    }

    /// Where at the end of `text`, from `from` on, a needle may have begun that is not yet whole;
    /// the end of the text where none has. Only if `may_break` it may be broken by white space.
    pub(crate) fn live_from(
        &self,
        needles: &[Needle],
        text: &[u8],
        from: usize,
        may_break: bool,
    ) -> usize {
        let start = self.earliest(text, from);
        let n_whole = (text.len() + 1).saturating_sub(GRAM).max(start);
        let found = (start..n_whole)
            .find(|&at| self.is_live(needles, text, at, may_break))
            .or_else(|| (n_whole..text.len()).find(|&at| self.is_short_live(text, at, may_break)));
        let end = found.unwrap_or(text.len());
        let is_broken = |at: &usize| {
            self.words.iter().any(|&id| is_unfinished(&needles[id], 0, text, *at, true))
        };
        if self.words.is_empty() || !may_break {
            end
        } else {
            (start..end).find(is_broken).unwrap_or(end)
        }
    }

    /// Before this no unfinished needle can have begun: it would be longer than the longest.
    fn earliest(&self, text: &[u8], from: usize) -> usize {
        let mut n_bytes = 0;
        let mut at = text.len();
        while at > from && n_bytes < self.longest {
            at -= 1;
            n_bytes += usize::from(!text[at].is_ascii_whitespace());
        }
        at
    }

    fn is_live(&self, needles: &[Needle], text: &[u8], at: usize, may_break: bool) -> bool {
        let gram = read_gram(&text[at..]);
        let first = self.long.partition_point(|head| head.gram < gram);
        self.long[first..].iter().take_while(|head| head.gram == gram).any(|head| {
            (head.skipped == 0 || (may_break && is_line_start(text, at)))
                && is_unfinished(
                    &needles[head.needle as usize],
                    head.skipped as usize,
                    text,
                    at,
                    may_break,
                )
        })
    }

    fn is_short_live(&self, text: &[u8], at: usize, may_break: bool) -> bool {
        let packed = pack(&text[at..]);
        self.short.binary_search(&packed).is_ok()
            || (may_break
                && self.short_after_break.binary_search(&packed).is_ok()
                && is_line_start(text, at))
    }
}

fn is_line_start(text: &[u8], at: usize) -> bool {
    gap_before(text, at).is_some_and(|gap| has_line_break(&text[gap..at]))
}

/// Whether `text` from `at` on is the needle from `matched` on, but ends before it.
pub(crate) fn is_unfinished(
    needle: &Needle,
    mut matched: usize,
    text: &[u8],
    mut at: usize,
    may_break: bool,
) -> bool {
    let bytes = needle.bytes.as_slice();
    let shortest_first_run = if needle.wraps == Wraps::Words { 1 } else { SHORTEST_FIRST_RUN };
    let may_break = may_break && needle.wraps != Wraps::No;
    while at < text.len() {
        if matched == bytes.len() {
            return false;
        }
        if text[at] == bytes[matched] {
            at += 1;
            matched += 1;
        } else if may_break
            && matched >= shortest_first_run
            && let Some(end) = gap_after(text, at)
        {
            at = end;
        } else {
            return false;
        }
    }
    matched < bytes.len()
}

/// Up to three bytes and how many they are, as one number.
fn pack(bytes: &[u8]) -> u32 {
    bytes.iter().fold(1, |packed, &byte| packed << 8 | u32::from(byte))
}
