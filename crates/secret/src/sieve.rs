//! One look at a text for known values and for credentials by form, fast where there is neither.

use crate::needles::{Needle, SHORTEST_RUN};

/// Which places of a text are worth a closer look.
///
/// Every third byte three bytes are looked up in a table. The anchor of a form has three pieces
/// of three bytes that begin one after the other, so that one of them is met. Eight bytes in a
/// row of a needle have two such pieces that are met one after the other, so one alone counts for
/// nothing; the same holds for the pieces of an anchor that are not its own bytes alone.
pub(crate) struct Sieve {
    /// Bits for the pieces that share a slot: [`ANCHOR`], [`NEEDLES`], [`PAIRED`].
    table: Vec<u8>,
}

/// The length of a piece.
pub(crate) const PIECE: usize = 3;
/// The distance of the places that are looked at.
pub(crate) const STEP: usize = 3;

const N_SLOTS: usize = 1 << 18;
/// A piece of an anchor.
const ANCHOR: u8 = 1 << 7;
/// A piece of an anchor that counts for nothing alone, but where another one like it is met before it.
const PAIRED: u8 = 1 << 6;
/// Pieces of needles. Those of one credential have one of these bits; two in a row count where both have the same, so
/// that in a large vault few places look like one.
const NEEDLES: u8 = (1 << N_KINDS) - 1;
const N_KINDS: usize = 6;

/// What a piece of an anchor counts for.
#[derive(Clone, Copy)]
pub(crate) enum Weight {
    /// An anchor may stand here.
    Alone,
    /// Nothing, unless a piece that is `Second` is met next.
    First,
    /// Nothing, unless a piece that is `First` was met before.
    Second,
}

/// Places whose pieces are looked up one behind the other.
const GOES: usize = 8;
const BLOCK: usize = GOES * STEP;
/// Blocks that are looked up before any place in them is looked at closer.
const MOST_BLOCKS: usize = 64;
/// Places that are looked at closer where one of them counts.
const GROUP: usize = 32;

const _: () = assert!(SHORTEST_RUN >= PIECE + STEP + STEP - 1, "two pieces are always met");

impl Sieve {
    /// A sieve for those `needles` that `belongs` names, and for the pieces of anchors.
    pub(crate) fn new(
        needles: &[Needle],
        belongs: impl Fn(&Needle) -> bool,
        anchors: impl Iterator<Item = ([u8; PIECE], Weight)>,
    ) -> Self {
        let mut table = vec![0; N_SLOTS];
        for needle in needles.iter().filter(|needle| belongs(needle)) {
            for piece in needle.bytes[needle.window.clone()].windows(PIECE) {
                table[slot([piece[0], piece[1], piece[2]])] |= kind(needle.name);
            }
        }
        for (piece, weight) in anchors {
            table[slot(piece)] |= match weight {
                Weight::Alone => ANCHOR,
                Weight::First | Weight::Second => PAIRED,
            };
        }
        Self { table }
    }

    /// Calls `needle` with places where six bytes of a needle may stand, and `anchor` with places
    /// where a piece of an anchor may. Returns from where on no anchor was looked for.
    pub(crate) fn each(
        &self,
        text: &[u8],
        mut needle: impl FnMut(usize),
        mut anchor: impl FnMut(usize),
    ) -> usize {
        // The length is known, so that no slot has to be checked.
        let Some(table) = self.table.first_chunk::<N_SLOTS>() else { return 0 };
        // A piece is read as four bytes, of which the fourth does not matter, so that the last one of a block ends one
        // byte behind it.
        let (blocks, _) = text.as_chunks::<BLOCK>();
        let (shifted, _) = text.get(1..).unwrap_or_default().as_chunks::<BLOCK>();
        let blocks = &blocks[..shifted.len()];
        let mut bits = Bits([0; 1 + MOST_BLOCKS * GOES]);
        let mut start = 0;
        for (blocks, shifted) in blocks.chunks(MOST_BLOCKS).zip(shifted.chunks(MOST_BLOCKS)) {
            let n_places = bits.look_up(table, blocks, shifted);
            bits.each(|index, seen| {
                let place = start + index * STEP;
                if seen & NEEDLES != 0 {
                    needle(place - STEP);
                }
                if seen & !NEEDLES != 0 {
                    anchor(place);
                }
            });
            bits.0[0] = bits.0[n_places];
            start += n_places * STEP;
        }
        let mut before = bits.0[0];
        let mut at = start;
        while let Some(piece) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let here = table[slot(*piece)];
            if here & before & NEEDLES != 0 {
                needle(at - STEP);
            }
            before = here;
            at += STEP;
        }
        start
    }
}

/// What the piece at each place counts for, behind what the one before the first place does.
///
/// To write these down and to compare them many at once takes less time than to compare each when it is looked up.
struct Bits([u8; 1 + MOST_BLOCKS * GOES]);

impl Bits {
    /// Looks up the pieces of some blocks, and says how many these are; `shifted` are the blocks that begin one byte
    /// later.
    #[inline(never)]
    fn look_up(
        &mut self,
        table: &[u8; N_SLOTS],
        blocks: &[[u8; BLOCK]],
        shifted: &[[u8; BLOCK]],
    ) -> usize {
        let (places, _) = self.0[1..].as_chunks_mut::<GOES>();
        for ((places, block), shifted) in places.iter_mut().zip(blocks).zip(shifted) {
            for (go, place) in places[..GOES - 1].iter_mut().enumerate() {
                *place = table[slot_of_four(&block[go * STEP..])];
            }
            places[GOES - 1] = table[slot_of_four(&shifted[BLOCK - PIECE - 1..])];
        }
        let n_places = blocks.len() * GOES;
        self.0[1 + n_places..].fill(0);
        n_places
    }

    /// Calls `see` with each place that counts, and the bits for which it does.
    fn each(&self, mut see: impl FnMut(usize, u8)) {
        let (here, _) = self.0[1..].as_chunks::<GROUP>();
        let (before, _) = self.0.as_chunks::<GROUP>();
        for (group, (here, before)) in here.iter().zip(before).enumerate() {
            let mut any = 0;
            for index in 0..GROUP {
                any |= counts(here[index], before[index]);
            }
            if any != 0 {
                look_closer(here, before, &mut |index, seen| see(group * GROUP + index, seen));
            }
        }
    }
}

/// For which bits a place counts: all but an anchor's own pieces count behind one with the same bit.
fn counts(here: u8, before: u8) -> u8 {
    here & (before | ANCHOR)
}

/// Calls `see` with each place of a group that counts. It is no part of the loop that calls it, which is run through
/// for nothing most often.
#[inline(never)]
fn look_closer(here: &[u8; GROUP], before: &[u8; GROUP], see: &mut impl FnMut(usize, u8)) {
    let (here, _) = here.as_chunks::<8>();
    let (before, _) = before.as_chunks::<8>();
    for (word, (here, before)) in here.iter().zip(before).enumerate() {
        let anchors = u64::from_le_bytes([ANCHOR; 8]);
        let mut seen = u64::from_le_bytes(*here) & (u64::from_le_bytes(*before) | anchors);
        while seen != 0 {
            let byte = seen.trailing_zeros() as usize / 8;
            see(word * 8 + byte, seen.to_le_bytes()[byte]);
            seen &= !(0xff << (byte * 8));
        }
    }
}

/// The bit of a credential's pieces.
fn kind(name: usize) -> u8 {
    1 << (name % N_KINDS)
}

/// The slot of a piece, which differs for most.
fn slot([a, b, c]: [u8; PIECE]) -> usize {
    mix(u32::from_le_bytes([a, b, c, 0]))
}

/// The slot of the first three of four bytes: one load of four is quicker than one of two and one
/// of one.
#[inline]
fn slot_of_four(four: &[u8]) -> usize {
    mix(four.first_chunk().map_or(0, |four| u32::from_le_bytes(*four)))
}

/// Spreads the lower 24 bits over 18; the upper 8 do not matter.
///
/// Of 100,000 numbers this is the one by which the fewest pieces of logs, code, prose and lock files (9 MB of them) come
/// to share a slot with a piece of an anchor, and none of the most common ones. It spreads the rest as well as any does.
/// Twice as many slots take more time than they save: they fill the second cache.
#[inline]
fn mix(number: u32) -> usize {
    (number.wrapping_mul(0x0090_1b41 << 8) >> 14) as usize
}

#[cfg(test)]
mod tests;
