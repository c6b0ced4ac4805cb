//! The members of a cpio archive, one after the other, as cpio(5) has them: `newc` and `crc`, `odc`, and the old
//! binary form.

use std::io::{self, Read};

use super::member::{Member, Next};

/// A header, as far as it matters here.
struct Header {
    form: Form,
    name_len: usize,
    len: u64,
}

/// How headers are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Hexadecimal digits; all is filled up to four bytes.
    New,
    /// Octal digits; nothing is filled up.
    Octal,
    /// Words of two bytes, to which all is filled up.
    Binary { is_big_endian: bool },
}

impl Form {
    fn of(head: &[u8]) -> Option<Form> {
        match head {
            [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => Some(Form::New),
            [b'0', b'7', b'0', b'7', b'0', b'7', ..] => Some(Form::Octal),
            [0xc7, 0x71, ..] => Some(Form::Binary { is_big_endian: false }),
            [0x71, 0xc7, ..] => Some(Form::Binary { is_big_endian: true }),
            _ => None,
        }
    }

    fn header_len(self) -> usize {
        match self {
            Form::New => 110,
            Form::Octal => 76,
            Form::Binary { .. } => 26,
        }
    }

    fn padding(self, len: u64) -> u64 {
        let unit = match self {
            Form::New => 4,
            Form::Octal => 1,
            Form::Binary { .. } => 2,
        };
        len.next_multiple_of(unit) - len
    }
}

/// Longer names than this have no system that would unpack them.
const LONGEST_NAME: usize = 64 * 1024;
const LAST: &[u8] = b"TRAILER!!!";

/// Whether a text begins as a cpio archive does: a header that can be read, and a name behind it.
pub(super) fn is_cpio(head: &[u8]) -> bool {
    let name_end = |header: &Header| header.form.header_len() + header.name_len - 1;
    header(head).is_some_and(|header| head.get(name_end(&header)).is_none_or(|byte| *byte == 0))
}

/// Reads the next header and name, or what stands in its place.
pub(super) fn next(reader: &mut dyn Read) -> io::Result<Next> {
    const SHORTEST: u64 = 26;
    let mut bytes = Vec::new();
    reader.take(SHORTEST).read_to_end(&mut bytes)?;
    if let Some(form) = Form::of(&bytes) {
        let n_more = form.header_len().saturating_sub(bytes.len()) as u64;
        reader.take(n_more).read_to_end(&mut bytes)?;
    }
    let Some(Header { form, name_len, len }) = header(&bytes) else {
        return Ok(Next::Damaged(bytes));
    };
    let begin = bytes.len();
    reader.take(name_len as u64).read_to_end(&mut bytes)?;
    let Some(name) = bytes[begin..].strip_suffix(b"\0").filter(|name| name.len() + 1 == name_len)
    else {
        return Ok(Next::Damaged(bytes));
    };
    let written = name.to_vec();
    let padding = form.padding((begin + name_len) as u64);
    io::copy(&mut reader.take(padding), &mut io::sink())?;
    if written == LAST {
        return behind(reader).map(Next::End);
    }
    let name = String::from_utf8_lossy(&written).into_owned();
    Ok(Next::Member(Member { name, texts: vec![written], len, padding: form.padding(len) }))
}

/// Goes past the zeros behind the last header, and returns what was read behind them.
fn behind(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    const BLOCK: u64 = 512;
    loop {
        let mut block = Vec::new();
        reader.take(BLOCK).read_to_end(&mut block)?;
        if let Some(first) = block.iter().position(|byte| *byte != 0) {
            return Ok(block.split_off(first));
        }
        if (block.len() as u64) < BLOCK {
            return Ok(Vec::new());
        }
    }
}

fn header(head: &[u8]) -> Option<Header> {
    let form = Form::of(head)?;
    let bytes = head.get(..form.header_len())?;
    let number = |from: usize, n_digits: usize, radix: u32| {
        let digits = std::str::from_utf8(&bytes[from..from + n_digits]).ok()?;
        u64::from_str_radix(digits, radix).ok()
    };
    let word = |index: usize| {
        let pair = [bytes[index * 2], bytes[index * 2 + 1]];
        match form {
            Form::Binary { is_big_endian: true } => u64::from(u16::from_be_bytes(pair)),
            _ => u64::from(u16::from_le_bytes(pair)),
        }
    };
    let (name_len, len) = match form {
        Form::New if bytes.iter().all(u8::is_ascii_hexdigit) => {
            (number(94, 8, 16)?, number(54, 8, 16)?)
        }
        Form::Octal if bytes.iter().all(|byte| (b'0'..=b'7').contains(byte)) => {
            (number(59, 6, 8)?, number(65, 11, 8)?)
        }
        Form::Binary { .. } => (word(10), word(11) << 16 | word(12)),
        Form::New | Form::Octal => return None,
    };
    let name_len = usize::try_from(name_len).ok()?;
    (1..=LONGEST_NAME).contains(&name_len).then_some(Header { form, name_len, len })
}
