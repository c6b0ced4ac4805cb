//! Text of two bytes a character inside other bytes: UTF-16, in which credentials have their form too.

mod stream;

use crate::piece::Piece;
pub(crate) use stream::Wide;

/// Shorter pieces stand in programs and pictures by chance.
const SHORTEST: usize = 12;

/// Every piece of `text` in which ASCII characters and NULs take turns. With the high byte first a piece
/// begins at its first character as well, and the NUL before that is left away.
pub(crate) fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some(nul) = memchr::memchr(0, &text[from..]).map(|at| from + at) {
        let Some(start) = nul.checked_sub(1).filter(|start| is_text(text[*start])) else {
            from = nul + n_nuls(&text[nul..]);
            continue;
        };
        let characters = text[start..]
            .chunks(2)
            .take_while(|unit| is_text(unit[0]) && unit.get(1).is_none_or(|second| *second == 0));
        let narrow: Vec<u8> = characters.map(|unit| unit[0]).collect();
        from = (start + narrow.len() * 2).max(nul + 1).min(text.len());
        if narrow.len() >= SHORTEST {
            pieces.push(Piece::new(start, 2, narrow));
        }
    }
    pieces
}

/// Whether a character with this as its lower byte is text.
fn is_text(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) || byte.is_ascii_whitespace()
}

/// How many NULs `text` begins with; there may be very many.
fn n_nuls(text: &[u8]) -> usize {
    let blocks =
        text.chunks_exact(64).take_while(|block| block.iter().fold(0, |all, byte| all | byte) == 0);
    let whole = blocks.count() * 64;
    whole + text[whole..].iter().take_while(|byte| **byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: &[(usize, &str)]) {
        let pieces = pieces(text);
        let found: Vec<(usize, &str)> = pieces
            .iter()
            .map(|piece| {
                (
                    piece.in_text(&(0..1), text.len()).start,
                    std::str::from_utf8(&piece.text).unwrap(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn wide_text_is_found_in_both_orders() {
        let text = "password: CANARY\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        check(&little, &[(0, text)]);
        check(&[b"\xff\xfe", little.as_slice()].concat(), &[(2, text)]);
        check(&[b"\xfe\xff", big.as_slice()].concat(), &[(3, text)]);
        check(
            &[&[0; 200], b"\x01".as_slice(), &little, b"\x01\x01", &big].concat(),
            &[(201, text), (240, text)],
        );
        check(&[0; 300], &[]);
        check(b"a\0b\0c", &[]);
        check(b"", &[]);
    }
}
