//! As much of msgpack as a macaroon needs: arrays, maps, integers, and passing over everything else.

/// Reads values one after another; `None` where the bytes end or are something else.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// Deeper nesting than any token has.
const DEEPEST: u32 = 32;

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The length of an array; its elements follow.
    pub(super) fn array(&mut self) -> Option<usize> {
        match self.byte()? {
            tag @ 0x90..=0x9f => Some(usize::from(tag & 0x0f)),
            0xdc => self.number(2),
            0xdd => self.number(4),
            _ => None,
        }
    }

    /// The number of pairs of a map; keys and values follow.
    pub(super) fn map(&mut self) -> Option<usize> {
        match self.byte()? {
            tag @ 0x80..=0x8f => Some(usize::from(tag & 0x0f)),
            0xde => self.number(2),
            0xdf => self.number(4),
            _ => None,
        }
    }

    pub(super) fn unsigned(&mut self) -> Option<u64> {
        u64::try_from(self.signed()?).ok()
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let tag = self.byte()?;
        match tag {
            0..=0x7f => Some(i64::from(tag)),
            0xe0..=0xff => Some(i64::from(tag) - 256),
            0xcc..=0xcf => i64::try_from(self.big(1 << (tag - 0xcc))?).ok(),
            0xd0..=0xd3 => {
                let bytes = 1_u32 << (tag - 0xd0);
                let shift = 64 - 8 * bytes;
                Some((self.big(bytes as usize)?.cast_signed() << shift) >> shift)
            }
            _ => None,
        }
    }

    pub(super) fn skip(&mut self) -> Option<()> {
        self.skip_within(DEEPEST)
    }

    pub(super) fn skip_many(&mut self, count: usize) -> Option<()> {
        (0..count).try_for_each(|_| self.skip())
    }

    fn skip_within(&mut self, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let tag = *self.rest.first()?;
        let (before, values) = match tag {
            0x90..=0x9f | 0xdc | 0xdd => (0, self.array()?),
            0x80..=0x8f | 0xde | 0xdf => (0, self.map()?.checked_mul(2)?),
            _ => {
                self.byte()?;
                (self.length_of(tag)?, 0)
            }
        };
        self.take(before)?;
        (0..values).try_for_each(|_| self.skip_within(depth))
    }

    /// How many bytes a value without parts has after its tag and length.
    fn length_of(&mut self, tag: u8) -> Option<usize> {
        Some(match tag {
            0..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => 0,
            0xa0..=0xbf => usize::from(tag & 0x1f),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xca | 0xce | 0xd2 => 4,
            0xcb | 0xcf | 0xd3 => 8,
            0xc4 | 0xd9 => self.number(1)?,
            0xc5 | 0xda => self.number(2)?,
            0xc6 | 0xdb => self.number(4)?,
            0xc7 => self.number(1)?.checked_add(1)?,
            0xc8 => self.number(2)?.checked_add(1)?,
            0xc9 => self.number(4)?.checked_add(1)?,
            0xd4..=0xd8 => (1 << (tag - 0xd4)) + 1,
            _ => return None,
        })
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        usize::try_from(self.big(bytes)?).ok()
    }

    fn big(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}
