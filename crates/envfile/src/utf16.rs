//! Files in UTF-16, as PowerShell and Windows editors write them.

use secret::Secret;

/// UTF-16 as UTF-8, where the bytes are that: by their mark, or by the zeros of plain letters.
pub fn from_utf16(source: &[u8]) -> Option<Secret> {
    let head = &source[..source.len().min(64)];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let is_most = |n_zeros: usize| n_zeros > 0 && n_zeros * 4 > head.len();
    let is_little = source.starts_with(b"\xff\xfe") || (is_most(zeros(1)) && zeros(0) == 0);
    let is_big = source.starts_with(b"\xfe\xff") || (is_most(zeros(0)) && zeros(1) == 0);
    if !is_little && !is_big {
        return None;
    }
    let pairs = source.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    });
    // Of its full size at once, so that no buffer grows and leaves a copy behind.
    let mut text = Vec::with_capacity(source.len() * 2);
    for letter in char::decode_utf16(pairs) {
        let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
        if letter != '\u{feff}' {
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Some(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_in_utf_16_is_read() {
        let text = "KEY=CANARY-é\n";
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = [0xfeff].into_iter().chain(units()).flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            assert_eq!(from_utf16(&bytes).unwrap().expose_text(), Some(text));
        }
        assert!(from_utf16(text.as_bytes()).is_none());
        assert!(from_utf16(b"").is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = from_utf16(&bytes);
        }
    }
}
