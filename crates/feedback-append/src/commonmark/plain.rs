//! Lines that begin and end no block, found eight bytes at a time.

const WORD: usize = size_of::<u64>();

/// A bit in each byte, the highest, and the others.
const HIGH: u64 = u64::from_ne_bytes([0x80; WORD]);
const REST: u64 = !HIGH;

/// The bytes up to the first line that needs a closer look; `lines` begins where a line does, and no line of it has a
/// carriage return.
///
/// A line that is left out is empty, a heading, or text that nothing but its first letter decides.
pub(super) fn length(lines: &[u8]) -> usize {
    let is_plain = |at: usize| lines.get(at).is_none_or(|first| PLAIN[usize::from(*first)]);
    if !is_plain(0) {
        return 0;
    }
    let (words, rest) = lines.as_chunks::<WORD>();
    for (number, word) in words.iter().enumerate() {
        let mut breaks = line_breaks(u64::from_le_bytes(*word));
        while breaks != 0 {
            let next = number * WORD + breaks.trailing_zeros() as usize / 8 + 1;
            if !is_plain(next) {
                return next;
            }
            breaks &= breaks - 1;
        }
    }
    let start = lines.len() - rest.len();
    let mut breaks = memchr::memchr_iter(b'\n', rest).map(|at| start + at + 1);
    breaks.find(|next| !is_plain(*next)).unwrap_or(lines.len())
}

/// The highest bit of each byte that is a line feed.
fn line_breaks(word: u64) -> u64 {
    let other = word ^ u64::from_ne_bytes([b'\n'; WORD]);
    // A byte that is not zero sets its highest bit, of its own or by a carry out of the rest; none reaches the next.
    !(((other & REST) + REST) | other | REST)
}

/// Whether a line that begins with this byte is empty, a heading or text: no blanks, and no sign of another block.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut first = 0_u8;
    while first < u8::MAX {
        plain[first as usize] = match first {
            b'\n' => true,
            b'-' | b'+' | b'*' | b'_' | b'=' | b'`' | b'~' | b'<' | b'>' | b'[' | 0x7f => false,
            _ => first > b' ' && !first.is_ascii_digit(),
        };
        first += 1;
    }
    plain
};
