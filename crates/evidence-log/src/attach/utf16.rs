//! Text in UTF-16, as PowerShell's `>` and Notepad write it: read as UTF-8, in which it is redacted, and written back.

/// Which byte of a pair comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// The order that a byte order mark at the beginning of a file says; none in UTF-32, which begins so too.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xff, 0xfe, 0, 0, ..] => None,
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            _ => None,
        }
    }
}

/// What is no text in UTF-16, or does not go back into it.
#[derive(Debug)]
pub(super) struct NoText;

/// Reads pieces of any size.
pub(super) struct Decoder {
    order: Order,
    /// The bytes of a letter that goes on in the next piece, three at most.
    begun: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(order: Order) -> Self {
        Self { order, begun: Vec::new() }
    }

    /// Adds a piece to a text. A zero is in no text.
    pub(super) fn push(&mut self, piece: &[u8], text: &mut Vec<u8>) -> Result<(), NoText> {
        self.begun.extend_from_slice(piece);
        let (pairs, _) = self.begun.as_chunks::<2>();
        let units = pairs.iter().map(|pair| match self.order {
            Order::Little => u16::from_le_bytes(*pair),
            Order::Big => u16::from_be_bytes(*pair),
        });
        let (mut n_used, n_units) = (0, pairs.len());
        for letter in char::decode_utf16(units) {
            match letter {
                Ok('\0') => return Err(NoText),
                Ok(letter) => {
                    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                    n_used += letter.len_utf16();
                }
                // Its second half may come with the next piece.
                Err(half) if n_used + 1 == n_units && half.unpaired_surrogate() < 0xdc00 => break,
                Err(_) => return Err(NoText),
            }
        }
        self.begun.drain(..2 * n_used);
        Ok(())
    }

    /// Whether what was read so far ends behind a letter.
    pub(super) fn is_whole(&self) -> bool {
        self.begun.is_empty()
    }
}

/// Writes pieces of any size.
pub(super) struct Encoder {
    order: Order,
    begun: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(order: Order) -> Self {
        Self { order, begun: Vec::new() }
    }

    /// Adds a piece of UTF-8 to the bytes.
    pub(super) fn push(&mut self, piece: &[u8], bytes: &mut Vec<u8>) -> Result<(), NoText> {
        self.begun.extend_from_slice(piece);
        let (text, n_used) = match str::from_utf8(&self.begun) {
            Ok(text) => (text, text.len()),
            Err(cut) if cut.error_len().is_none() => {
                let whole = &self.begun[..cut.valid_up_to()];
                (str::from_utf8(whole).unwrap_or_default(), cut.valid_up_to())
            }
            Err(_) => return Err(NoText),
        };
        for unit in text.encode_utf16() {
            bytes.extend_from_slice(&match self.order {
                Order::Little => unit.to_le_bytes(),
                Order::Big => unit.to_be_bytes(),
            });
        }
        self.begun.drain(..n_used);
        Ok(())
    }

    /// Whether what was written so far ends behind a letter.
    pub(super) fn is_whole(&self) -> bool {
        self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&str>) {
        let order = Order::of(bytes).unwrap();
        for size in [1, 2, 3, 5, 100] {
            let (mut decoder, mut encoder) = (Decoder::new(order), Encoder::new(order));
            let (mut text, mut again) = (Vec::new(), Vec::new());
            let is_read = bytes.chunks(size).all(|piece| decoder.push(piece, &mut text).is_ok())
                && decoder.is_whole();
            assert_eq!(is_read, expected.is_some(), "{size}");
            let Some(expected) = expected else { continue };
            assert_eq!(str::from_utf8(&text).unwrap(), expected);
            for piece in text.chunks(size) {
                encoder.push(piece, &mut again).unwrap();
            }
            assert!(encoder.is_whole());
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn a_text_comes_back_as_it_was() {
        check(b"\xff\xfeo\0k\0\x3d\xd8\x00\xde\r\0\n\0", Some("\u{feff}ok\u{1f600}\r\n"));
        check(b"\xfe\xff\0o\0k\xd8\x3d\xde\x00", Some("\u{feff}ok\u{1f600}"));
        check(b"\xff\xfe", Some("\u{feff}"));
    }

    #[test]
    fn what_would_not_come_back_is_no_text() {
        check(b"\xff\xfeo\0k", None);
        check(b"\xff\xfeo\0\0\0", None);
        check(b"\xff\xfe\x3d\xd8o\0", None);
        check(b"\xff\xfe\x00\xdeo\0", None);
        check(b"\xff\xfeo\0\x3d\xd8", None);
        assert_eq!(Order::of(b"\xff\xfe\0\0o\0\0\0"), None);
    }
}
