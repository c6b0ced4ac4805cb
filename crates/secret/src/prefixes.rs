//! Knows whether a text ends in the beginning of a needle.

use crate::cut;
use crate::dump::Bytes;
use crate::gap::{MARKS, gap_after, gap_before, has_line_break};
use crate::needles::{GRAM, Needle, Wraps, hash, read_gram};
use crate::search::SHORTEST_FIRST_RUN;

/// The beginnings of all needles.
pub(crate) struct Prefixes {
    /// The first four bytes of each needle; sorted.
    heads: Vec<Head>,
    /// A bit for each hash value of these; most places of a text have none.
    present: Vec<u64>,
    /// The needles that white space may break anywhere, and the bytes that one of them begins with.
    words: Vec<usize>,
    begins_words: Bytes,
    /// The length of the longest needle.
    longest: usize,
    /// How far before a value its key may begin.
    longest_lead: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    /// As a number whose order is that of the bytes.
    gram: u32,
    needle: u32,
    /// How many bytes of the needle stand before a line break and were let go.
    skipped: u32,
}

impl Prefixes {
    pub(crate) fn new(needles: &[Needle]) -> Self {
        let mut prefixes = Self {
            heads: Vec::with_capacity(needles.len() * SHORTEST_FIRST_RUN),
            present: vec![0; (1 << N_BITS_LOG) / 64],
            words: (0..needles.len()).filter(|&id| needles[id].wraps == Wraps::Words).collect(),
            begins_words: [false; 256],
            longest: 0,
            longest_lead: needles.iter().map(|needle| needle.lead).max().unwrap_or(0),
        };
        for &id in &prefixes.words {
            prefixes.begins_words[usize::from(needles[id].bytes[0])] = true;
        }
        for (needle, id) in needles.iter().zip(0..) {
            let bytes = needle.bytes.as_slice();
            prefixes.longest = prefixes.longest.max(bytes.len());
            let n_skipped = match needle.wraps {
                Wraps::Lines => SHORTEST_FIRST_RUN,
                Wraps::No if cut::may_be_cut(needle) => cut::MOST_LET_GO + 1,
                Wraps::No | Wraps::Words => 1,
            };
            for (skipped, rest) in (0..).zip((0..n_skipped).map(|skipped| &bytes[skipped..])) {
                let gram = read_gram(rest);
                let (word, bit) = place(gram);
                prefixes.present[word] |= bit;
                prefixes.heads.push(Head { gram: gram.swap_bytes(), needle: id, skipped });
            }
        }
        prefixes.heads.sort_unstable();
        prefixes
    }

    /// Where at the end of `text`, from `from` on, a needle may have begun that is not yet whole;
    /// the end of the text where none has.
    pub(crate) fn live_from(&self, needles: &[Needle], text: &[u8], from: usize) -> usize {
        let start = self.earliest(text, from.saturating_sub(self.longest_lead));
        let n_whole = (text.len() + 1).saturating_sub(GRAM).max(start);
        let mut end = text.len();
        for at in start..text.len() {
            if at >= end {
                break;
            }
            let is_whole = at < n_whole;
            // The key of a value is said, and only the value waited for.
            let lead = |head: &Head| {
                let lead = needles[head.needle as usize].lead;
                (at + lead >= from).then_some(lead)
            };
            let lead = if is_whole {
                self.live_lead(needles, text, at, lead)
            } else {
                self.short_live_lead(text, at, lead)
            };
            end = end.min(at + lead.unwrap_or(text.len()));
        }
        let start = start.max(from);
        let is_broken = |at: &usize| {
            self.begins_words[usize::from(text[*at])]
                && self.words.iter().any(|&id| is_unfinished(&needles[id], 0, text, *at))
        };
        if self.words.is_empty() { end } else { (start..end).find(is_broken).unwrap_or(end) }
    }

    /// Before this no unfinished needle can have begun: it would be longer than the longest.
    fn earliest(&self, text: &[u8], from: usize) -> usize {
        let mut n_bytes = 0;
        let mut at = text.len();
        while at > from && n_bytes < self.longest {
            at -= 1;
            // What may stand before a line is none of a needle's bytes for certain.
            n_bytes += usize::from(!text[at].is_ascii_whitespace() && !MARKS.contains(&text[at]));
        }
        at
    }

    /// How far behind `at` the nearest value begins of which the text ends in a part, perhaps with its key.
    fn live_lead(
        &self,
        needles: &[Needle],
        text: &[u8],
        at: usize,
        lead: impl Fn(&Head) -> Option<usize>,
    ) -> Option<usize> {
        let gram = read_gram(&text[at..]);
        let (word, bit) = place(gram);
        if self.present[word] & bit == 0 {
            return None;
        }
        let gram = gram.swap_bytes();
        let heads = self.heads_from(gram).take_while(|head| head.gram == gram);
        let live = heads.filter(|head| {
            (head.skipped == 0 || is_line_start(text, at))
                && is_unfinished(&needles[head.needle as usize], head.skipped as usize, text, at)
        });
        nearest(live.filter_map(lead))
    }

    /// The same for up to three bytes at the very end.
    fn short_live_lead(
        &self,
        text: &[u8],
        at: usize,
        lead: impl Fn(&Head) -> Option<usize>,
    ) -> Option<usize> {
        let mut first = [0; GRAM];
        let mut last = [u8::MAX; GRAM];
        for bound in [&mut first, &mut last] {
            bound.iter_mut().zip(&text[at..]).for_each(|(byte, &known)| *byte = known);
        }
        let (first, last) = (u32::from_be_bytes(first), u32::from_be_bytes(last));
        let heads = self.heads_from(first).take_while(|head| head.gram <= last);
        let may_skip = is_line_start(text, at);
        nearest(heads.filter(|head| may_skip || head.skipped == 0).filter_map(lead))
    }

    fn heads_from(&self, gram: u32) -> impl Iterator<Item = &Head> {
        self.heads[self.heads.partition_point(|head| head.gram < gram)..].iter()
    }
}

/// The least of some distances; none is less than nothing.
fn nearest(mut leads: impl Iterator<Item = usize>) -> Option<usize> {
    let mut least = leads.next()?;
    while least > 0
        && let Some(next) = leads.next()
    {
        least = least.min(next);
    }
    Some(least)
}

const N_BITS_LOG: u32 = 17;

fn place(gram: u32) -> (usize, u64) {
    let bit = hash(gram) >> (32 - N_BITS_LOG);
    ((bit / 64) as usize, 1 << (bit % 64))
}

fn is_line_start(text: &[u8], at: usize) -> bool {
    gap_before(text, at).is_some_and(|gap| has_line_break(&text[gap..at]))
}

/// Whether `text` from `at` on is the needle from `matched` on, but ends before that is known.
pub(crate) fn is_unfinished(
    needle: &Needle,
    mut matched: usize,
    text: &[u8],
    mut at: usize,
) -> bool {
    let bytes = needle.bytes.as_slice();
    if matched == 0 && cut::is_unfinished(needle, &text[at..]) {
        return true;
    }
    let shortest_first_run = if needle.wraps == Wraps::Words { 1 } else { SHORTEST_FIRST_RUN };
    let may_break = needle.wraps != Wraps::No;
    while at < text.len() {
        if matched == bytes.len() {
            return false;
        }
        let gap_end =
            if may_break && matched >= shortest_first_run { gap_after(text, at) } else { None };
        if text[at] == bytes[matched] {
            // What joins lines, as the `=` of mail, may be a byte of the value too, and is not one for certain.
            if gap_end.is_some_and(|end| is_unfinished(needle, matched, text, end)) {
                return true;
            }
            at += 1;
            matched += 1;
        } else if let Some(end) = gap_end {
            at = end;
        } else {
            return false;
        }
    }
    // Beside its key a value is one only if it ends there.
    matched < bytes.len() || needle.lead > 0
}
