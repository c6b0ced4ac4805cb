//! Bytes that were printed as hexadecimal digits line by line, as `xxd`, `hexdump` and `od -tx1` do.

use crate::leaks::piece::Piece;

/// No program prints more bytes in a line.
const MOST_IN_LINE: usize = 64;

/// Every piece of `text` whose lines each begin with an offset and go on with bytes.
pub(crate) fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece: Option<Piece> = None;
    let mut start = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let mut is_dump = false;
        each(line, &mut |at, byte| {
            is_dump = true;
            match &mut piece {
                Some(piece) => piece.add(start + at, &[byte]),
                None => piece = Some(Piece::new(start + at, 2, vec![byte])),
            }
        });
        if !is_dump {
            pieces.extend(piece.take());
        }
        start += line.len() + 1;
    }
    pieces.extend(piece);
    pieces
}

/// Whether a text begins in the midst of a dump, the first line of which was seen before.
pub(crate) fn goes_on(text: &[u8]) -> bool {
    let Some(first) = memchr::memchr(b'\n', text) else { return false };
    let rest = &text[first + 1..];
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let mut is_dump = false;
    each(&rest[..end], &mut |_, _| is_dump = true);
    is_dump
}

/// Calls `see` with the place and the value of each byte that a line of a dump shows.
fn each(line: &[u8], see: &mut dyn FnMut(usize, u8)) {
    let Some((mut at, has_colon)) = after_offset(line) else { return };
    let mut n_seen = 0;
    while n_seen < MOST_IN_LINE {
        let n_blanks = line[at..].iter().take_while(|byte| **byte == b' ').count();
        let start = at + n_blanks;
        let n_digits = line[start..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let is_end = matches!(line.get(start + n_digits), None | Some(b' ' | b'\r'));
        // Behind two blanks stand the characters, but in the midst of a line of `hexdump -C`.
        let is_right = n_blanks == 1 || n_seen == 0 || n_digits == 2;
        if n_blanks == 0 || !is_end || !matches!(n_digits, 2 | 4 | 8) || !is_right {
            return;
        }
        // Words of two bytes are printed with the second one first, but by xxd.
        let is_swapped = n_digits == 4 && !has_colon;
        for index in 0..n_digits / 2 {
            let place = start + 2 * if is_swapped { 1 - index } else { index };
            if let Some(byte) = byte(&line[place..]) {
                // A place is never before another that was told.
                see(if is_swapped { start } else { place }, byte);
            }
        }
        n_seen += n_digits / 2;
        at = start + n_digits;
    }
}

/// Where the offset ends that a line begins with, and whether a colon stands behind it.
fn after_offset(line: &[u8]) -> Option<(usize, bool)> {
    let n_digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let has_colon = line.get(n_digits) == Some(&b':');
    let end = n_digits + usize::from(has_colon);
    ((6..=16).contains(&n_digits) && line.get(end) == Some(&b' ')).then_some((end, has_colon))
}

fn byte(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let pieces = pieces(text.as_bytes());
        let found: Vec<_> =
            pieces.iter().map(|piece| String::from_utf8_lossy(&piece.text).into_owned()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn dumps_of_every_program_are_read() {
        // xxd, hexdump -C, od -tx1, hexdump and od -x of the same bytes.
        check(
            "log\n00000000: 7820 4341 4e41 5259 6b71 3756 7732 7854  x CANARYkq7Vw2xT\n00000010: 7a50 0a                                  zP.\nend\n",
            &["x CANARYkq7Vw2xTzP\n"],
        );
        check(
            "00000000  78 20 43 41 4e 41 52 59  6b 71 37 56 77 32 78 54  |x CANARYkq7Vw2xT|\n00000010  7a 50 0a                                          |zP.|\n00000013\n",
            &["x CANARYkq7Vw2xTzP\n"],
        );
        check(
            "0000000 78 20 43 41 4e 41 52 59 6b 71 37 56 77 32 78 54\r\n0000020 7a 50 0a\r\n0000023",
            &["x CANARYkq7Vw2xTzP\n"],
        );
        check("0000000 2078 4143 414e 5952\n0000010 716b 5637\n", &["x CANARYkq7V"]);
        // The rest of a long one.
        let rest = "7 4341\n00052c40: 4341 4e41 5259  CANARY\n";
        check(rest, &["CANARY"]);
        assert!(goes_on(rest.as_bytes()) && !goes_on(b"a\nb\n") && !goes_on(b"00052c40: 4341"));
        check("0000-00-00 12 34\n\n000000 is no dump\n\n00000000:4341\n", &[]);
        check("", &[]);
    }

    #[test]
    fn a_byte_is_found_back() {
        let text = b"\n00000000: 4341 4e41  CANA\n00000004: 5259  RY\n";
        let pieces = pieces(text);
        assert_eq!(pieces[0].in_text(&(0..6), text.len()), 11..41);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in proptest::collection::vec(prop::sample::select(b"0000 :\n4a|".to_vec()), 0..200)) {
            for piece in pieces(&text) {
                let range = piece.in_text(&(0..piece.text.len()), text.len());
                prop_assert!(range.start < range.end && range.end <= text.len());
            }
        }
    }
}
