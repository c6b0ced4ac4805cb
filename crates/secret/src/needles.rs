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
    /// From where on a part of the value counts as found, if it may be found in part.
    pub(crate) parts_from: Option<usize>,
    /// How many bytes before the value belong to its key, without which it is not looked for, and are not covered.
    pub(crate) lead: usize,
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
    list: Vec<Needle>,
    /// Whether long values are to be found in part.
    pub(crate) in_part: bool,
    by_hash: HashMap<u64, usize>,
    /// The [`Needle::lead`] of what is added.
    lead: usize,
}

/// What stands between a key and its value in env files, shells, TOML, YAML and JSON, which has numbers without quotes.
const BETWEEN: [&str; 13] = [
    "=", "='", "=\"", " = ", " = '", " = \"", ": ", ": '", ": \"", "\": ", "\": \"", "\":", "\":\"",
];

/// A longer key would not stay in the context of a stream.
const LONGEST_KEY: usize = 200;

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
            let whole = 0..form.len();
            let word = longest_word(&form);
            if !encoding.survives_wrapping() {
                self.insert(name, part, encoding, form, Wraps::No, whole);
            } else if word.len() < form.len() {
                let first_word = form.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
                let by_lines = word.len() >= SHORTEST_WRAPPED && first_word >= SHORTEST_FIRST_RUN;
                let wraps = if by_lines { Wraps::Lines } else { Wraps::Words };
                let squeeze = |bytes: &[u8]| {
                    let black = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
                    Zeroizing::new(black.collect::<Vec<_>>())
                };
                let start = squeeze(&form[..word.start]).len();
                let region = start..start + word.len();
                let squeezed = squeeze(&form);
                self.insert(name, part, encoding, form, Wraps::No, whole);
                if squeezed.len() >= SHORTEST_WRAPPED {
                    self.insert(name, part, encoding, squeezed, wraps, region);
                }
            } else {
                let wraps = if form.len() >= SHORTEST_WRAPPED { Wraps::Lines } else { Wraps::No };
                self.insert(name, part, encoding, form, wraps, whole);
            }
        });
    }

    /// Adds a value right behind its key, in every way that both are written.
    pub(crate) fn add_beside(&mut self, name: usize, key: &str, value: &[u8]) {
        for between in BETWEEN.iter().filter(|_| key.len() <= LONGEST_KEY) {
            let bytes = Zeroizing::new([key.as_bytes(), between.as_bytes(), value].concat());
            let whole = 0..bytes.len();
            self.lead = key.len() + between.len();
            self.insert(name, Part::Whole, Encoding::Raw, bytes, Wraps::No, whole);
        }
        self.lead = 0;
    }

    /// Adds one needle; its window is to be chosen within `region`.
    fn insert(
        &mut self,
        name: usize,
        part: Part,
        encoding: Encoding,
        bytes: Form,
        wraps: Wraps,
        region: Range<usize>,
    ) {
        let cleared = clear_of_markers(&bytes);
        if cleared.len() < SHORTEST_RUN {
            return;
        }
        let bytes =
            if cleared.len() < bytes.len() { Zeroizing::new(cleared.to_vec()) } else { bytes };
        let fits = region.end <= bytes.len() && region.len() >= SHORTEST_RUN;
        let window = if fits { region } else { 0..bytes.len() };
        let mut key = hash_all(&bytes);
        while let Some(&known) = self.by_hash.get(&key) {
            let known = &mut self.list[known];
            if *known.bytes == *bytes {
                known.wraps = known.wraps.max(wraps);
                known.lead = known.lead.min(self.lead);
                if window.len() < known.window.len() {
                    known.window = window;
                }
                return;
            }
            key = key.wrapping_add(1);
        }
        self.by_hash.insert(key, self.list.len());
        let may_be_parted = self.in_part && encoding == Encoding::Raw && self.lead == 0;
        let parts_from = if may_be_parted { parts_from(part, &bytes) } else { None };
        let lead = self.lead;
        self.list.push(Needle { bytes, name, part, encoding, wraps, window, parts_from, lead });
    }

    /// The needles, with their windows chosen.
    pub(crate) fn finish(mut self) -> Vec<Needle> {
        choose_windows(&mut self.list);
        self.list
    }
}

/// The longest row of bytes without white space.
fn longest_word(bytes: &[u8]) -> Range<usize> {
    let mut longest = 0..0;
    let mut start = 0;
    for word in bytes.split(u8::is_ascii_whitespace) {
        if word.len() > longest.len() {
            longest = start..start + word.len();
        }
        start += word.len() + 1;
    }
    longest
}

/// How long a part of a value must be, and the value itself, to be found in part.
pub(crate) const SHORTEST_PART: usize = 16;
const SHORTEST_PARTED: usize = 24;

/// So long are the lines of a private key, as openssl writes it.
const ARMOUR_LINE: usize = 64;

/// Where the part of a value begins that is not the same in many values; `None` where a part
/// says nothing: a URL is mostly public.
fn parts_from(part: Part, value: &[u8]) -> Option<usize> {
    if value.len() < SHORTEST_PARTED
        || (part == Part::Line && value.len() != ARMOUR_LINE)
        || memchr::memmem::find(value, b"://").is_some()
        // Its armour stands in every other of its kind, and its lines are searched for by themselves.
        || memchr::memmem::find(value, b"-----BEGIN ").is_some()
    {
        return None;
    }
    let head = if value.starts_with(b"eyJ") {
        memchr::memchr(b'.', value).map_or(0, |dot| dot + 1)
    } else if memchr::memmem::find(&value[..12], b"fm2_").is_some() {
        32
    } else {
        0
    };
    (head + SHORTEST_PART <= value.len()).then_some(head)
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
pub(crate) fn clear_of_markers(mut bytes: &[u8]) -> &[u8] {
    const HEAD: &[u8] = b"[REDACTED:";
    while let Some(at) = memchr::memrchr(b'[', bytes)
        && HEAD.starts_with(&bytes[at..bytes.len().min(at + HEAD.len())])
    {
        bytes = &bytes[..at];
    }
    while let Some(rest) = bytes.strip_prefix(b"]") {
        bytes = rest;
    }
    bytes
}

/// Only so many bytes at the head of a needle are considered, unless it is searched for in part: many tokens begin with
/// the same ones.
const CONSIDERED: usize = 256;
/// Fewer of one that is written as few texts have it, and is long: these are most bytes of all needles.
const CONSIDERED_OF_OTHERS: usize = 64;
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
    // For each piece how many credentials have it, and which was counted last, from 1. Zeroes cost nothing until they
    // are written to.
    let mut counts = vec![(0_u16, 0_u16); 1 << N_SLOTS_LOG];
    let slot = |gram: &[u8]| (hash(read_gram(gram)) >> (32 - N_SLOTS_LOG)) as usize;
    for needle in &*needles {
        let name = u16::try_from(needle.name + 1).unwrap_or(u16::MAX);
        for gram in considered(&needle.bytes, needle.encoding).windows(GRAM) {
            let (count, counted) = &mut counts[slot(gram)];
            if std::mem::replace(counted, name) != name {
                *count = count.saturating_add(1);
            }
        }
    }
    let mut costs = Vec::new();
    for needle in needles {
        let region = needle.window.clone();
        costs.clear();
        let bytes = considered(&needle.bytes[region.clone()], needle.encoding);
        costs.extend(bytes.windows(GRAM).map(|gram| {
            let is_wordy =
                gram.iter().all(u8::is_ascii_lowercase) || gram.iter().all(u8::is_ascii_digit);
            u32::from(counts[slot(gram)].0) + if is_wordy { 4 } else { 0 }
        }));
        let len = if needle.wraps == Wraps::Lines { WRAPPED_WINDOW } else { SHORTEST_RUN };
        let n_grams = len.min(region.len()) - GRAM + 1;
        let mut sum: u32 = costs.iter().take(n_grams).sum();
        let (mut cheapest, mut lowest) = (0, sum);
        for (start, (gone, next)) in (1..).zip(costs.iter().zip(costs.iter().skip(n_grams))) {
            sum = sum + next - gone;
            if sum < lowest {
                (cheapest, lowest) = (start, sum);
            }
        }
        let start = region.start + cheapest;
        needle.window = match needle.parts_from {
            Some(from) => from..needle.bytes.len(),
            None => start..start + n_grams + GRAM - 1,
        };
    }
}

fn considered(bytes: &[u8], encoding: Encoding) -> &[u8] {
    let n_most = match encoding {
        Encoding::Raw | Encoding::Percent | Encoding::Base64 | Encoding::Base64Url => CONSIDERED,
        _ => CONSIDERED_OF_OTHERS,
    };
    &bytes[..bytes.len().min(n_most)]
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
