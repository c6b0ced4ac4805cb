//! Pieces of anchors for the sieve that looks for known values at the same time.

use std::sync::LazyLock;

use super::anchors::{Judge, N_ANCHORS, N_HEADS, anchor_at};
use super::{is_word, may_end_escape};
use crate::sieve::{PIECE, STEP, Weight};

/// One piece of one anchor; it may begin with the byte before the anchor or end with the one after.
///
/// There are thousands, so that they are kept small: places that are looked at in vain find them in the cache.
#[derive(Clone, Copy)]
struct Piece {
    bytes: [u8; PIECE],
    anchor: u8,
    /// Where in the anchor it begins, plus one.
    offset_plus_one: u8,
    weight: Weight,
}

/// All pieces, by bucket, and where each bucket begins.
struct Pieces {
    sorted: Vec<Piece>,
    buckets: Vec<u16>,
    /// The anchors that begin with each byte.
    by_first: Vec<Vec<usize>>,
    /// Whether some anchor begins with these two bytes.
    begins: Vec<bool>,
}

const N_BUCKETS: usize = 1 << 12;

static PIECES: LazyLock<Pieces> = LazyLock::new(|| {
    let mut pieces = Vec::new();
    for anchor in 0..N_ANCHORS {
        add_pieces(anchor, &mut pieces);
    }
    // Count, add up, place.
    let mut buckets = vec![0; N_BUCKETS + 1];
    for piece in &pieces {
        buckets[bucket(piece.bytes) + 1] += 1;
    }
    for at in 1..buckets.len() {
        buckets[at] += buckets[at - 1];
    }
    let (mut next, mut sorted) = (buckets.clone(), pieces.clone());
    for piece in pieces {
        let place = &mut next[bucket(piece.bytes)];
        sorted[usize::from(*place)] = piece;
        *place += 1;
    }
    let by_first = (0..=u8::MAX)
        .map(|first| (0..N_ANCHORS).filter(|&at| anchor_at(at).0.as_bytes()[0] == first).collect())
        .collect();
    let mut begins = vec![false; 1 << 16];
    for anchor in 0..N_ANCHORS {
        begins[two(anchor_at(anchor).0.as_bytes())] = true;
    }
    Pieces { sorted, buckets, by_first, begins }
});

/// Every piece that the sieve is to look out for.
pub(crate) fn all() -> impl Iterator<Item = ([u8; PIECE], Weight)> {
    PIECES.sorted.iter().map(|piece| (piece.bytes, piece.weight))
}

/// Calls `judge` for each anchor of which a piece stands at `at`.
pub(crate) fn at_piece(text: &[u8], at: usize, mut judge: impl FnMut(usize, usize, Judge)) {
    let Some(&bytes) = text.get(at..).and_then(<[u8]>::first_chunk) else { return };
    let here = bucket(bytes);
    let of_bucket = |at: usize| usize::from(PIECES.buckets[at]);
    let pieces = &PIECES.sorted[of_bucket(here)..of_bucket(here + 1)];
    for piece in pieces.iter().filter(|piece| piece.bytes == bytes) {
        let (anchor, _, rule) = anchor_at(usize::from(piece.anchor));
        let Some(start) = (at + 1).checked_sub(usize::from(piece.offset_plus_one)) else {
            continue;
        };
        if text[start..].starts_with(anchor.as_bytes()) {
            judge(start, anchor.len(), rule);
        }
    }
}

/// Calls `judge` for each anchor that begins at `at`.
pub(crate) fn at_start(text: &[u8], at: usize, mut judge: impl FnMut(usize, usize, Judge)) {
    let Some(first) = text.get(at) else { return };
    if !PIECES.begins[two(&text[at..])] {
        return;
    }
    for &anchor in &PIECES.by_first[usize::from(*first)] {
        let (bytes, _, rule) = anchor_at(anchor);
        if text[at..].starts_with(bytes.as_bytes()) {
            judge(at, bytes.len(), rule);
        }
    }
}

/// What leads from a label to its value where it ends with the anchor; a blank may stand before the first two.
pub(super) const BEHIND_LABEL: &[u8] = b"=:\"'\\";

/// No piece begins further into an anchor.
pub(crate) const FURTHEST: usize = 32;

/// The pieces of one anchor at as many offsets in a row as the sieve steps over, each with the one
/// that is met next where the anchor is long enough for both. Where the anchor is too short, the
/// bytes before and behind are known by their kind, or its rule finds nothing.
fn add_pieces(anchor: usize, pieces: &mut Vec<Piece>) {
    const LONG: usize = PIECE + STEP - 1;
    const LONG_ENOUGH_FOR_PAIRS: usize = LONG + STEP;
    const _: () = assert!(N_ANCHORS <= u8::MAX as usize + 1);
    let (text, rare, _) = anchor_at(anchor);
    let bytes = text.as_bytes();
    let is_head = anchor < N_HEADS;
    #[expect(clippy::cast_possible_truncation, reason = "neither are more, nor longer")]
    let mut add = |bytes: &[u8], offset_plus_one: usize, weight| {
        pieces.push(Piece {
            bytes: *bytes.first_chunk().unwrap_or(&[0; PIECE]),
            anchor: anchor as u8,
            offset_plus_one: offset_plus_one as u8,
            weight,
        });
    };
    let stands_before = |byte: u8| match text {
        "://" => byte.is_ascii_alphanumeric(),
        _ => !is_head || precedes_head(byte),
    };
    let stands_behind = |byte: u8| match text {
        "://" => byte > b' ' && !b"\"'`<>\\|\x7f@/?".contains(&byte),
        _ if is_head => is_word(byte) || b"-.+/=".contains(&byte),
        // A label goes on, or a sign leads from it to the value.
        _ => is_word(byte) || b"- \t\"'`*\\:=>|]".contains(&byte),
    };
    if let [b'_', .., last] = bytes
        && bytes.len() == LONG
    {
        // As in `class` and `_path`, which are met more often: the first piece and the last count for nothing alone.
        for byte in (0..=u8::MAX).filter(u8::is_ascii_alphanumeric) {
            add(&[byte, bytes[0], bytes[1]], 0, Weight::First);
        }
        add(&bytes[2..], 3, Weight::Second);
        add(bytes, 1, Weight::First);
        for lead in BEHIND_LABEL.iter().chain(b" ") {
            add(&[bytes[LONG - 2], *last, *lead], LONG - 1, Weight::Second);
        }
        add(&bytes[1..], 2, Weight::Alone);
        return;
    }
    if bytes.len() >= LONG {
        let last = bytes.len().checked_sub(LONG_ENOUGH_FOR_PAIRS).unwrap_or(bytes.len() - LONG);
        let first = rare.min(last);
        for at in first..first + STEP {
            let own = &bytes[at..at + PIECE];
            let is_word_part = own.iter().all(u8::is_ascii_lowercase);
            if at + STEP + PIECE <= bytes.len() {
                add(own, at + 1, Weight::First);
                add(&bytes[at + STEP..], at + STEP + 1, Weight::Second);
            } else if is_head && at + 1 == STEP && is_word_part {
                // As in `path`, which is met more often than the anchor that it ends.
                for byte in (0..=u8::MAX).filter(|&byte| precedes_head(byte)) {
                    add(&[byte, bytes[0], bytes[1]], 0, Weight::First);
                }
                add(own, at + 1, Weight::Second);
            } else if own == b"ass" && at + STEP + 2 == bytes.len() {
                // As in `class`: what is met next tells more, and has the byte behind the anchor.
                add(own, at + 1, Weight::First);
                for byte in (0..=u8::MAX).filter(|&byte| stands_behind(byte)) {
                    add(&[bytes[at + 3], bytes[at + 4], byte], at + STEP + 1, Weight::Second);
                }
            } else {
                add(own, at + 1, Weight::Alone);
            }
        }
        return;
    }
    // Of four bytes the piece with the byte behind is met after the one with the byte before.
    let (before, behind) = match bytes.len() {
        PIECE => (Weight::Alone, Weight::Alone),
        _ => (Weight::First, Weight::Second),
    };
    for at in 0..=bytes.len() - PIECE {
        add(&bytes[at..], at + 1, Weight::Alone);
    }
    let last = bytes.len() - 2;
    for byte in 0..=u8::MAX {
        if stands_before(byte) {
            add(&[byte, bytes[0], bytes[1]], 0, before);
        }
        if stands_behind(byte) {
            add(&[bytes[last], bytes[last + 1], byte], last + 1, behind);
        }
    }
}

/// Whether a byte can stand before the head of a token, which begins a word or follows an escape.
fn precedes_head(byte: u8) -> bool {
    !is_word(byte) || may_end_escape(byte)
}

/// The first two bytes of a text as a number.
fn two(text: &[u8]) -> usize {
    text.first_chunk().map_or(0, |two| usize::from(u16::from_le_bytes(*two)))
}

fn bucket([a, b, c]: [u8; PIECE]) -> usize {
    let number = u32::from_le_bytes([a, b, c, 0]);
    (number.wrapping_mul(0x9e37_79b1) >> 20) as usize
}
