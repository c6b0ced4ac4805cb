//! Looks up pieces of a text among the pieces of all needles, fast where there is none.

use crate::needles::{GRAM, Needle, SHORTEST_RUN, hash, read_gram};

/// Which needles have a given piece of [`GRAM`] bytes in their window, and where.
pub(crate) struct Index {
    /// A bit for each hash value that some piece has.
    present: Vec<u8>,
    /// How much of a hash value is left away; `present` is small for few needles.
    bit_shift: u32,
    /// For each bucket where its entries begin; one more for the end of the last.
    buckets: Vec<u32>,
    bucket_shift: u32,
    entries: Vec<Entry>,
}

/// One piece of one needle.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entry {
    pub(crate) needle: u32,
    pub(crate) offset: u32,
}

/// Fewer bits would save nothing.
const LEAST_BITS: usize = 1 << 13;
/// More bits would not stay in the second cache, and tell little more apart.
const MOST_BITS: usize = 1 << 22;

/// A piece is looked up at every so many bytes.
const STEP: usize = SHORTEST_RUN - GRAM + 1;
/// Bytes that are looked at in one go; each go reads `GOES` pieces and branches once.
const BLOCK: usize = STEP * GOES;
const GOES: usize = 8;

impl Index {
    /// The index of those `needles` that `belongs` names.
    pub(crate) fn new(needles: &[Needle], belongs: impl Fn(&Needle) -> bool) -> Self {
        let belonging = || needles.iter().zip(0..).filter(|(needle, _)| belongs(needle));
        let n_grams: usize = belonging().map(|(needle, _)| needle.window.len() + 1 - GRAM).sum();
        let n_bits = (n_grams * 64).next_power_of_two().clamp(LEAST_BITS, MOST_BITS);
        let n_buckets = (n_grams * 2).next_power_of_two().clamp(1 << 8, 1 << 18);
        let mut index = Self {
            present: vec![0; n_bits / 8],
            bit_shift: 32 - n_bits.trailing_zeros(),
            buckets: vec![0; n_buckets + 1],
            bucket_shift: 32 - n_buckets.trailing_zeros(),
            entries: vec![Entry::default(); n_grams],
        };
        let grams = || {
            belonging().flat_map(|(needle, id)| {
                let offsets = needle.window.start..needle.window.end + 1 - GRAM;
                offsets.map(move |at| (hash(read_gram(&needle.bytes[at..])), id, at))
            })
        };
        // Count, add up, place: two passes, no list that grows.
        for (hash, _, _) in grams() {
            let (byte, bit) = index.bit(hash);
            index.present[byte] |= bit;
            index.buckets[(hash >> index.bucket_shift) as usize + 1] += 1;
        }
        for at in 1..index.buckets.len() {
            index.buckets[at] += index.buckets[at - 1];
        }
        let mut next = index.buckets.clone();
        for (hash, needle, offset) in grams() {
            let place = &mut next[(hash >> index.bucket_shift) as usize];
            index.entries[*place as usize] =
                Entry { needle, offset: u32::try_from(offset).unwrap_or(0) };
            *place += 1;
        }
        index
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Calls `candidate` with a place in `text` and the entries that may stand there, for at
    /// least one place in every eight bytes in a row that a window contains.
    pub(crate) fn candidates(
        &self,
        text: &[u8],
        from: usize,
        mut candidate: impl FnMut(usize, &[Entry]),
    ) {
        if self.entries.is_empty() {
            return;
        }
        let mut at = from;
        for block in text[from..].as_chunks::<BLOCK>().0 {
            let mut seen = 0_u32;
            for go in 0..GOES {
                let is_present = self.is_present(&block[go * STEP..go * STEP + GRAM]);
                seen |= u32::from(is_present) << go;
            }
            while seen != 0 {
                self.look_at(
                    text,
                    from,
                    at + seen.trailing_zeros() as usize * STEP,
                    &mut candidate,
                );
                seen &= seen - 1;
            }
            at += BLOCK;
        }
        while at + GRAM <= text.len() {
            if self.is_present(&text[at..at + GRAM]) {
                self.look_at(text, from, at, &mut candidate);
            }
            at += STEP;
        }
    }

    fn look_at(
        &self,
        text: &[u8],
        from: usize,
        at: usize,
        candidate: &mut impl FnMut(usize, &[Entry]),
    ) {
        // Of eight bytes that belong together four more lie on one side or the other.
        let is_here = |at: usize| text.get(at..at + GRAM).is_some_and(|gram| self.is_present(gram));
        if is_here(at + 2) || (at >= from + 2 && is_here(at - 2)) {
            let entries = self.bucket(&text[at..]);
            if !entries.is_empty() {
                candidate(at, entries);
            }
        }
    }

    /// The entries that may stand at a place, most often none.
    pub(crate) fn entries_at(&self, text: &[u8], at: usize) -> &[Entry] {
        let is_here = text.get(at..at + GRAM).is_some_and(|gram| self.is_present(gram));
        if is_here { self.bucket(&text[at..]) } else { &[] }
    }

    fn bucket(&self, text: &[u8]) -> &[Entry] {
        let bucket = (hash(read_gram(text)) >> self.bucket_shift) as usize;
        &self.entries[self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize]
    }

    #[inline]
    fn is_present(&self, gram: &[u8]) -> bool {
        let (byte, bit) = self.bit(hash(read_gram(gram)));
        self.present.get(byte).is_some_and(|byte| byte & bit != 0)
    }

    #[inline]
    fn bit(&self, hash: u32) -> (usize, u8) {
        let bit = (hash >> self.bit_shift) as usize;
        (bit / 8, 1 << (bit % 8))
    }
}
