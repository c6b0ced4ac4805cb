//! Lines and columns in a text that is read in pieces, in UTF-8 and in UTF-16.

use envfile::characters;

/// A place in a text, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u64,
    /// In characters.
    pub(crate) column: u64,
    /// From 0, in bytes.
    pub(crate) start: u64,
    wide: Option<Wide>,
}

/// How a text has two bytes for each character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wide {
    LowFirst,
    HighFirst,
}

impl Position {
    /// The beginning of a text, which begins with these bytes.
    pub(crate) fn at_beginning_of(text: &[u8]) -> Self {
        Self { line: 1, column: 1, start: 0, wide: Wide::of(text) }
    }

    /// How much of so many bytes makes whole characters; a text is counted in such pieces.
    pub(crate) fn whole(self, len: usize) -> usize {
        if self.wide.is_some() { len & !1 } else { len }
    }

    /// The place behind `text`, which begins here.
    pub(crate) fn after(self, text: &[u8]) -> Self {
        let start = self.start + text.len() as u64;
        if let Some(wide) = self.wide {
            return Self { start, ..self.after_wide(wide, text) };
        }
        // A byte order mark is none of a text's characters, as SARIF and editors have it.
        let mark = text.strip_prefix(b"\xEF\xBB\xBF").filter(|_| self.start == 0);
        let text = mark.unwrap_or(text);
        match memchr::memrchr(b'\n', text) {
            None => Self { column: self.column + characters(text) as u64, start, ..self },
            Some(last) => Self {
                line: self.line + memchr::memchr_iter(b'\n', text).count() as u64,
                column: characters(&text[last..]) as u64,
                start,
                ..self
            },
        }
    }

    fn after_wide(self, wide: Wide, text: &[u8]) -> Self {
        let mut after = self;
        let (units, _) = text.as_chunks();
        for unit in units {
            match wide.unit(*unit) {
                0xFEFF if after.start == 0 => {}
                0x000A => (after.line, after.column) = (after.line + 1, 1),
                // The second half of a character.
                0xDC00..=0xDFFF => {}
                _ => after.column += 1,
            }
            after.start += 2;
        }
        after
    }
}

impl Wide {
    /// By the byte order mark, or by the NULs between the first letters.
    fn of(text: &[u8]) -> Option<Self> {
        match text {
            [0xFF, 0xFE, ..] => return Some(Self::LowFirst),
            [0xFE, 0xFF, ..] => return Some(Self::HighFirst),
            _ => {}
        }
        let (units, _) = text[..text.len().min(8)].as_chunks::<2>();
        let all = |is_so: fn(&[u8; 2]) -> bool| units.len() > 1 && units.iter().all(is_so);
        if all(|[low, high]| *low != 0 && *high == 0) {
            Some(Self::LowFirst)
        } else if all(|[high, low]| *low != 0 && *high == 0) {
            Some(Self::HighFirst)
        } else {
            None
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::LowFirst => u16::from_le_bytes(bytes),
            Self::HighFirst => u16::from_be_bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where `¶` stands, in UTF-8 and in UTF-16, read at once and in small pieces.
    fn check(input: &str, expected: (u64, u64)) {
        let before = input.split('¶').next().unwrap();
        let wide = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            before.encode_utf16().flat_map(to_bytes).collect()
        };
        for text in [before.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            let start = Position::at_beginning_of(&text);
            for len in [usize::MAX, 4, 6] {
                let at = text.chunks(len).fold(start, Position::after);
                assert_eq!((at.line, at.column), expected, "{input:?}");
                assert_eq!(at.start, text.len() as u64);
            }
        }
    }

    #[test]
    fn columns_are_characters_in_every_encoding() {
        check("key=¶", (1, 5));
        check("\u{feff}key=¶", (1, 5));
        check("one\r\ntwo three\r\nkey: ¶", (3, 6));
        check("grüße, key=¶", (1, 12));
        check("one\n\u{a05}\u{a0a} key=¶", (2, 8));
        check("one\n¶", (2, 1));
        check("two\n😅 key=¶", (2, 7));
    }

    #[test]
    fn what_is_no_text_is_counted_in_bytes() {
        let at = |text: &[u8]| Position::at_beginning_of(text).after(text).column;
        assert_eq!(at(b"\x7fELF\0\0\0\0"), 9);
        assert_eq!(at(b"\0\0\0\0"), 5);
        assert_eq!(at(b"a\0"), 3);
        assert_eq!(at(b""), 1);
    }
}
