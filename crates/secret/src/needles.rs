//! Every byte string to search for, and which of its parts the search looks out for.

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::encoding::{self, Form};
use crate::search::SHORTEST_FIRST_RUN;
use crate::view::View;
use crate::{Encoding, Part};

/// One byte string to search for.
pub(crate) struct Needle {
    pub(crate) bytes: Form,
    /// Index of the name it belongs to.
    pub(crate) name: usize,
    pub(crate) part: Part,
    pub(crate) encoding: Encoding,
    /// Whether white space inside is looked through; `bytes` has none then.
    pub(crate) wraps: Wraps,
    /// The bytes of which eight in a row give the needle away; see [`choose_windows`].
    pub(crate) window: Range<usize>,
}

/// What white space inside a needle is looked through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wraps {
    /// None.
    No,
    /// Line breaks and indentation, as long as eight bytes in a row are whole somewhere.
    Lines,
    /// Any: the value itself is of words, so that eight bytes in a row are not to be had.
    Words,
}

/// All needles of a set, no two with the same bytes.
#[derive(Default)]
pub(crate) struct Needles {
    needles: Vec<Needle>,
    by_hash: HashMap<u64, usize>,
}

/// How many bytes in a row must be found before a needle is looked at: the shortest value.
pub(crate) const SHORTEST_RUN: usize = crate::SHORTEST;

/// From this length on a needle is found although lines were wrapped inside it.
pub(crate) const SHORTEST_WRAPPED: usize = 16;

/// The length of the pieces by which text is looked up.
pub(crate) const GRAM: usize = 4;

impl Needles {
    /// Adds every form of one part of a value.
    pub(crate) fn add(&mut self, name: usize, part: Part, value: &[u8]) {
        encoding::forms(value, &mut |encoding, form| {
            let form = without_sequences(form);
            let longest_word =
                form.split(u8::is_ascii_whitespace).map(<[u8]>::len).max().unwrap_or(0);
            if !encoding.survives_wrapping() {
                self.insert(name, part, encoding, form, Wraps::No);
            } else if longest_word < form.len() {
                let first_word = form.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
                let by_lines = longest_word >= SHORTEST_WRAPPED && first_word >= SHORTEST_FIRST_RUN;
                let wraps = if by_lines { Wraps::Lines } else { Wraps::Words };
                let squeezed = form.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
                let squeezed = Zeroizing::new(squeezed.collect::<Vec<_>>());
                self.insert(name, part, encoding, form, Wraps::No);
                if squeezed.len() >= SHORTEST_WRAPPED {
                    self.insert(name, part, encoding, squeezed, wraps);
                }
            } else {
                let wraps = if form.len() >= SHORTEST_WRAPPED { Wraps::Lines } else { Wraps::No };
                self.insert(name, part, encoding, form, wraps);
            }
        });
    }

    fn insert(&mut self, name: usize, part: Part, encoding: Encoding, bytes: Form, wraps: Wraps) {
        let bytes = clear_of_markers(bytes);
        if bytes.len() < SHORTEST_RUN {
            return;
        }
        let mut key = hash_all(&bytes);
        while let Some(&known) = self.by_hash.get(&key) {
            let known = &mut self.needles[known];
            if *known.bytes == *bytes {
                known.wraps = known.wraps.max(wraps);
                return;
            }
            key = key.wrapping_add(1);
        }
        self.by_hash.insert(key, self.needles.len());
        self.needles.push(Needle { bytes, name, part, encoding, wraps, window: 0..0 });
    }

    /// The needles, with their windows chosen.
    pub(crate) fn finish(mut self) -> Vec<Needle> {
        choose_windows(&mut self.needles);
        self.needles
    }
}

/// A terminal's control sequences are cut out of the text before the search, so out of needles too.
fn without_sequences(form: Form) -> Form {
    let cut = match View::new(&form, 0, true).text {
        std::borrow::Cow::Borrowed(_) => None,
        std::borrow::Cow::Owned(cut) => Some(Zeroizing::new(cut)),
    };
    cut.unwrap_or(form)
}

/// Cuts `[` and `]` off the ends, so that no needle can begin or end inside a marker: what was
/// redacted once stays as it is.
fn clear_of_markers(mut bytes: Form) -> Form {
    const HEAD: &[u8] = b"[REDACTED:";
    if let Some(at) = memchr::memrchr(b'[', &bytes)
        && HEAD.starts_with(&bytes[at..bytes.len().min(at + HEAD.len())])
    {
        bytes.truncate(at);
    }
    if bytes.first() == Some(&b']') {
        return Zeroizing::new(bytes[1..].to_vec());
    }
    bytes
}

/// Only so many bytes at the head of a needle are considered.
const CONSIDERED: usize = 256;
/// Wherever lines of eight bytes or more break, fifteen bytes in a row have eight between breaks.
const WRAPPED_WINDOW: usize = 16;

/// Chooses for each needle the bytes that are looked out for.
///
/// A text is looked up in pieces of [`GRAM`] bytes at every fifth place, so that eight bytes in
/// a row from the window of a needle always give one piece. A needle that is only found whole
/// needs eight such bytes; one that may be wrapped needs eight between any two line breaks.
/// Pieces that many credentials share, as the scheme of a URL, are avoided, and so are words.
fn choose_windows(needles: &mut [Needle]) {
    const N_SLOTS_LOG: u32 = 14;
    // For each piece how many credentials have it, and which was counted last.
    let mut counts = vec![(0_u32, u32::MAX); 1 << N_SLOTS_LOG];
    let slot = |gram: &[u8]| (hash(read_gram(gram)) >> (32 - N_SLOTS_LOG)) as usize;
    for needle in &*needles {
        let name = u32::try_from(needle.name).unwrap_or(0);
        for gram in considered(&needle.bytes).windows(GRAM) {
            let (count, counted) = &mut counts[slot(gram)];
            if std::mem::replace(counted, name) != name {
                *count += 1;
            }
        }
    }
    let mut costs = Vec::new();
    for needle in needles {
        costs.clear();
        costs.extend(considered(&needle.bytes).windows(GRAM).map(|gram| {
            let is_wordy =
                gram.iter().all(u8::is_ascii_lowercase) || gram.iter().all(u8::is_ascii_digit);
            counts[slot(gram)].0 + if is_wordy { 4 } else { 0 }
        }));
        let len = if needle.wraps == Wraps::Lines { WRAPPED_WINDOW } else { SHORTEST_RUN };
        let n_grams = len.min(needle.bytes.len()) - GRAM + 1;
        let cheapest =
            costs.windows(n_grams).enumerate().min_by_key(|(_, costs)| costs.iter().sum::<u32>());
        let start = cheapest.map_or(0, |(start, _)| start);
        needle.window = start..start + n_grams + GRAM - 1;
    }
}

fn considered(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(CONSIDERED)]
}

/// A number that differs for most different byte strings; it only has to be quick.
fn hash_all(bytes: &[u8]) -> u64 {
    let mix =
        |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash =
        words.iter().fold(bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, &byte| mix(hash, u64::from(byte)))
}

/// The first [`GRAM`] bytes of `bytes`, which has as many, as a number.
pub(crate) fn read_gram(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |gram| u32::from_le_bytes(*gram))
}

/// Spreads a piece over all bits, the upper ones best.
pub(crate) fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}
