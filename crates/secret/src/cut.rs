//! Finds short needles that one line break cuts in two, as terminals and mail wrap them.

use std::collections::HashMap;
use std::ops::Range;

use crate::gap::LONGEST_GAP;
use crate::needles::{GRAM, Needle, SHORTEST_WRAPPED, Wraps, hash};
use crate::search::{Hit, SHORTEST_FIRST_RUN};

/// Needles that have no eight bytes in a row on either side of every break, by what stands around it.
///
/// Around each line break of a text four bytes are looked up. A break says that a value goes on in
/// the next line only if all of it stands there, so nothing but the whole value is found. Where the break stands within
/// its first three bytes what follows is the place, as no stream waits for what may follow these.
#[derive(Default)]
pub(crate) struct Cuts {
    /// A bit for each two bytes that stand next to a break, of which most breaks have none.
    pairs: Vec<u64>,
    /// A bit for each hash value that some four bytes have.
    present: Vec<u64>,
    by_gram: HashMap<u32, Vec<Cut>>,
}

/// One place where a needle may be cut.
struct Cut {
    needle: usize,
    /// What stands before the break, and what after it: a blank at the break is not written.
    before: usize,
    after: usize,
}

/// How many of the four bytes stand before the break; cuts next to an end have fewer there.
const BEFORE: [usize; 3] = [2, 1, 3];

const N_BITS_LOG: u32 = 16;

impl Cuts {
    pub(crate) fn new(needles: &[Needle]) -> Self {
        let mut cuts = Self::default();
        for (id, needle) in needles.iter().enumerate() {
            let bytes = needle.bytes.as_slice();
            if !may_be_cut(needle) {
                continue;
            }
            for at in 1..bytes.len() {
                cuts.add(bytes, Cut { needle: id, before: at, after: at });
                if bytes[at] == b' ' && at + 1 < bytes.len() {
                    cuts.add(bytes, Cut { needle: id, before: at, after: at + 1 });
                }
            }
        }
        cuts
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_gram.is_empty()
    }

    fn add(&mut self, bytes: &[u8], cut: Cut) {
        let Some(gram) =
            BEFORE.iter().find_map(|n| gram(&bytes[..cut.before], &bytes[cut.after..], *n))
        else {
            return;
        };
        if self.present.is_empty() {
            self.present = vec![0; (1 << N_BITS_LOG) / 64];
            self.pairs = vec![0; (1 << 16) / 64];
        }
        let (word, bit) = pair(bytes[cut.before - 1], bytes[cut.after]);
        self.pairs[word] |= bit;
        let (word, bit) = place(gram);
        self.present[word] |= bit;
        self.by_gram.entry(gram).or_default().push(cut);
    }

    /// Adds every needle that stands around a line break of `text` and is to be covered from `from` or later on.
    pub(crate) fn find(&self, needles: &[Needle], text: &[u8], from: usize, hits: &mut Vec<Hit>) {
        // A break whose value begins before it may stand in the context.
        let start = from.saturating_sub(MOST_BLANKS + 1);
        for newline in memchr::memchr_iter(b'\n', &text[start..]).map(|at| start + at) {
            let is_return = newline > 0 && text[newline - 1] == b'\r';
            let end = newline - usize::from(is_return);
            // A line that goes on ends in a backslash in YAML and shells, and in `=` in mail.
            let goes_on = end > 0 && is_joint(text[end - 1]);
            if !goes_on && !text[..end].last().is_some_and(|last| self.has_before(*last)) {
                continue;
            }
            let n_blanks = n_blanks(&text[newline + 1..]);
            for end in [Some(end), goes_on.then(|| end - 1)].into_iter().flatten() {
                self.around(needles, text, from, end..newline + 1, hits);
                if (1..=MOST_BLANKS).contains(&n_blanks) {
                    self.around(needles, text, from, end..newline + 1 + n_blanks, hits);
                }
            }
        }
    }

    /// Whether this byte is the last of a needle before some break.
    fn has_before(&self, byte: u8) -> bool {
        self.pairs[usize::from(byte) << 2..][..4] != [0; 4]
    }

    /// Adds the needles that end before `gap` and go on behind it.
    fn around(
        &self,
        needles: &[Needle],
        text: &[u8],
        from: usize,
        gap: Range<usize>,
        hits: &mut Vec<Hit>,
    ) {
        let (line, next) = (&text[..gap.start], &text[gap.end..]);
        let (Some(last), Some(first)) = (line.last(), next.first()) else { return };
        let (word, bit) = pair(*last, *first);
        if self.pairs[word] & bit == 0 {
            return;
        }
        for gram in BEFORE.iter().filter_map(|n| gram(line, next, *n)) {
            let (word, bit) = place(gram);
            if self.present[word] & bit == 0 {
                continue;
            }
            for cut in self.by_gram.get(&gram).into_iter().flatten() {
                let bytes = needles[cut.needle].bytes.as_slice();
                let (head, tail) = (&bytes[..cut.before], &bytes[cut.after..]);
                if line.ends_with(head) && next.starts_with(tail) {
                    let is_waited_for = head.len() >= SHORTEST_FIRST_RUN;
                    let start = if is_waited_for { gap.start - head.len() } else { gap.end };
                    if start >= from {
                        let range = start..gap.end + tail.len();
                        hits.push(Hit { needle: cut.needle, range });
                    }
                }
            }
        }
    }
}

/// The next line of a value begins with no more blanks.
const MOST_BLANKS: usize = LONGEST_GAP / 2;

/// More bytes of a needle than these are never let go before a line break and a blank that is folded away.
pub(crate) const MOST_LET_GO: usize = SHORTEST_FIRST_RUN;

/// Whether a needle is one that a line break may cut although it has no eight bytes in a row then.
pub(crate) fn may_be_cut(needle: &Needle) -> bool {
    needle.bytes.len() < SHORTEST_WRAPPED
        && needle.wraps == Wraps::No
        && needle.lead == 0
        && needle.encoding.survives_wrapping()
        && !is_wordy(&needle.bytes)
}

/// Whether `text` is the beginning of a needle that a line break cuts, up to that break or beyond it.
pub(crate) fn is_unfinished(needle: &Needle, text: &[u8]) -> bool {
    let bytes = needle.bytes.as_slice();
    let n_same = bytes.iter().zip(text).take_while(|(byte, seen)| byte == seen).count();
    may_be_cut(needle)
        && (SHORTEST_FIRST_RUN..=n_same.min(bytes.len() - 1)).any(|at| {
            let rest = &text[at..];
            goes_on(bytes, at, rest)
                || rest.split_first().is_some_and(|(joint, rest)| {
                    is_joint(*joint) && (rest.is_empty() || goes_on(bytes, at, rest))
                })
        })
}

/// Whether a text is the beginning of a line break and of what of a needle stands behind it from `at` on.
fn goes_on(bytes: &[u8], at: usize, text: &[u8]) -> bool {
    let next = match text.strip_prefix(b"\r").unwrap_or(text) {
        [] => return !text.is_empty(),
        [b'\n', next @ ..] => next,
        _ => return false,
    };
    let n_blanks = n_blanks(next);
    let is_begun = |next: &[u8]| {
        let is_head = |tail: &[u8]| next.len() < tail.len() && tail.starts_with(next);
        is_head(&bytes[at..]) || (bytes[at] == b' ' && is_head(&bytes[at + 1..]))
    };
    is_begun(next) || (n_blanks <= MOST_BLANKS && is_begun(&next[n_blanks..]))
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b'\\' | b'=')
}

/// How many blanks a line begins with, up to one more than it may have.
fn n_blanks(line: &[u8]) -> usize {
    line.iter().take(MOST_BLANKS + 1).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// Four bytes around a break, so many of them before it.
fn gram(before: &[u8], after: &[u8], n_before: usize) -> Option<u32> {
    let before = before.last_chunk::<3>().map_or(before, <[u8; 3]>::as_slice);
    let head = before.get(before.len().checked_sub(n_before)?..)?;
    let tail = after.get(..GRAM - n_before)?;
    let bytes = head.iter().chain(tail);
    Some(bytes.fold(0, |gram, byte| gram << 8 | u32::from(*byte)))
}

fn pair(last: u8, first: u8) -> (usize, u64) {
    (usize::from(last) << 2 | usize::from(first >> 6), 1 << (first & 63))
}

fn place(gram: u32) -> (usize, u64) {
    let bit = hash(gram) >> (32 - N_BITS_LOG);
    ((bit / 64) as usize, 1 << (bit % 64))
}

/// Words of one case stand around a line break in any prose.
fn is_wordy(bytes: &[u8]) -> bool {
    let is_word = |is_letter: fn(&u8) -> bool| {
        bytes
            .iter()
            .skip(1)
            .all(|byte| is_letter(byte) || matches!(byte, b' ' | b'-' | b'_' | b'.'))
            && bytes[0].is_ascii_alphabetic()
    };
    is_word(u8::is_ascii_lowercase) || is_word(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;

    use crate::{Secret, SecretSet};

    fn set(values: &[&str]) -> SecretSet {
        let mut builder = SecretSet::builder();
        for value in values {
            builder.add("S", &Secret::from((*value).to_owned()));
        }
        builder.build()
    }

    fn found(set: &SecretSet, text: &str) -> Vec<(usize, usize)> {
        let found = set.find(text.as_bytes());
        assert_eq!(set.find_with_forms(text.as_bytes()).0, found);
        found.into_iter().map(|found| (found.range.start, found.range.end)).collect()
    }

    #[test]
    fn short_values_are_found_on_both_sides_of_a_break() {
        for value in ["kq7Vw2xT", "kq7Vw2xTzP3", "kq7Vw/2xTzP%e5"] {
            let set = set(&[value]);
            for at in 1..value.len() {
                let (head, tail) = value.split_at(at);
                for gap in ["\n", "\r\n", "\\\n", "=\n", "=\r\n", "\\\n    ", "\n  "] {
                    let text = format!("pw: {head}{gap}{tail}, and so on");
                    // Of the first three bytes no stream waits for the rest.
                    let start = if at < 4 { 4 + at + gap.len() } else { 4 };
                    let end = 4 + value.len() + gap.len();
                    assert_eq!(found(&set, &text), [(start, end)], "{text:?}");
                }
                assert_eq!(found(&set, &format!("{head}\n\n{tail}")), []);
                assert_eq!(found(&set, &format!("{head} {tail}")), []);
            }
        }
    }

    #[test]
    fn a_blank_may_be_folded_away() {
        let set = set(&["p4ss ph rase"]);
        assert_eq!(found(&set, "\"p4ss\n   ph rase\""), [(1, 16)]);
        assert_eq!(found(&set, "\"p4ss ph\\\n   \\ rase\""), []);
        assert_eq!(found(&set, "\"p4ss \\\n   ph rase\""), [(1, 18)]);
    }

    #[test]
    fn base64_of_short_values_is_found_in_wrapped_mail() {
        let value = "kq7Vw2xTzP3";
        let set = set(&[value]);
        for n_before in 0..80 {
            let text = format!("{}{value}{}", "x".repeat(n_before), "y".repeat(40));
            let lines: Vec<String> = BASE64
                .encode(text.as_bytes())
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            assert_eq!(found(&set, &lines.join("\r\n")).len(), 1, "{n_before}");
        }
    }

    #[test]
    fn words_around_a_break_are_words() {
        let set = set(&["mzkqvxbnrtw", "user-mzkqvx-b", "kq7Vw2xT"]);
        assert_eq!(found(&set, "mzkqv\nxbnrtw user-mzk\nqvx-b kq7V\nw2xU xkq7V w2xT"), []);
    }
}
