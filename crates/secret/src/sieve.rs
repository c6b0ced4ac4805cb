//! One look at a text for known values and for credentials by form, fast where there is neither.

use crate::needles::{Needle, SHORTEST_RUN};

/// Which places of a text are worth a closer look.
///
/// Every third byte three bytes are looked up in a table. The anchor of a form has three pieces
/// of three bytes that begin one after the other, so that one of them is met. Eight bytes in a
/// row of a needle have two such pieces that are met one after the other, so one alone counts for
/// nothing; the same holds for the pieces of an anchor that are not its own bytes alone.
pub(crate) struct Sieve {
    /// Bits for the pieces that share a slot: [`ANCHOR`], [`NEEDLES`], [`FIRST`], [`SECOND`].
    table: Vec<u8>,
}

/// The length of a piece.
pub(crate) const PIECE: usize = 3;
/// The distance of the places that are looked at.
pub(crate) const STEP: usize = 3;

const N_SLOTS: usize = 1 << 18;
/// A piece of an anchor.
const ANCHOR: u8 = 1 << 7;
/// Pieces of needles. Those of one credential have one of these bits; two in a row count where both have the same, so
/// that in a large vault few places look like one.
const NEEDLES: u8 = 0b0111_1001;
/// A piece that begins with the byte before an anchor; it counts where the next one is `SECOND`.
/// Bits that count after one another are the same bit, shifted.
const FIRST: u8 = 1 << 1;
const SECOND: u8 = 1 << 2;

/// What a piece of an anchor counts for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// An anchor may stand here.
    Alone,
    /// Nothing, unless a piece that is `Second` is met next.
    First,
    /// Nothing, unless a piece that is `First` was met before.
    Second,
}

/// Places that are looked at in one go, after which there is one branch.
const GOES: usize = 8;
const BLOCK: usize = GOES * STEP;

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
                Weight::First => FIRST,
                Weight::Second => SECOND,
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
        let mut before = 0_u8;
        let (blocks, _) = text.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            // One byte for each place, the first lowest. A piece is read as four bytes, of which the fourth does not
            // matter; the last one, as those that end where the block does.
            let last = slot_of_last(&block[BLOCK - PIECE - 1..]);
            let met = (0..GOES - 1).fold(u64::from(table[last]) << ((GOES - 1) * 8), |met, go| {
                met | (u64::from(table[slot_of_four(&block[go * STEP..])]) << (go * 8))
            });
            let mut seen = met & counts_after((met << 8) | u64::from(before));
            while seen != 0 {
                let place = index * BLOCK + seen.trailing_zeros() as usize / 8 * STEP;
                let bit = seen & seen.wrapping_neg();
                if bit & (EACH * u64::from(NEEDLES)) != 0 {
                    needle(place - STEP);
                    seen &= !(u64::from(NEEDLES) << (seen.trailing_zeros() & !7));
                } else {
                    anchor(place);
                    seen ^= bit;
                }
            }
            before = met.to_le_bytes()[GOES - 1];
        }
        let end = blocks.len() * BLOCK;
        let mut at = end;
        while let Some(piece) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let here = table[slot(*piece)];
            if here & before & NEEDLES != 0 {
                needle(at - STEP);
            }
            before = here;
            at += STEP;
        }
        end
    }
}

/// One in every byte.
const EACH: u64 = u64::from_le_bytes([1; GOES]);

/// Which bits count in pieces behind ones with these bits.
fn counts_after(before: u64) -> u64 {
    const _: () = assert!(SECOND == FIRST << 1, "so that one turns into the other");
    (before & (EACH * u64::from(NEEDLES)))
        | ((before << 1) & (EACH * u64::from(SECOND)))
        | (EACH * u64::from(ANCHOR))
}

/// The bit of a credential's pieces.
fn kind(name: usize) -> u8 {
    const KINDS: [u8; 5] = [1, 1 << 3, 1 << 4, 1 << 5, 1 << 6];
    KINDS[name % KINDS.len()]
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

/// The slot of the last three of four bytes.
#[inline]
fn slot_of_last(four: &[u8]) -> usize {
    mix(four.first_chunk().map_or(0, |four| u32::from_le_bytes(*four) >> 8))
}

/// Spreads the lower 24 bits over 18; the upper 8 do not matter.
///
/// Of some 50,000 numbers this is the one by which the fewest pieces of logs, code and prose (18 MB of them) come to share
/// a slot with a piece of an anchor, 0.04 in a hundred, and none of the most common ones. It spreads the rest as
/// well as any does.
#[inline]
fn mix(number: u32) -> usize {
    (number.wrapping_mul(0x006b_d681 << 8) >> 14) as usize
}

#[cfg(test)]
mod tests;
