//! The members of an `ar` archive, one after the other, as ar(5) has them.

use std::io::{self, Read};

use super::member::{Member, Next};

/// Reads the next header, or what stands in its place.
pub(super) fn next(reader: &mut dyn Read) -> io::Result<Next> {
    const LEN: u64 = 60;
    let mut header = Vec::new();
    reader.take(LEN).read_to_end(&mut header)?;
    let is_header = header.len() as u64 == LEN && header.ends_with(b"`\n");
    let len = header.get(48..58).and_then(|field| std::str::from_utf8(field).ok());
    let len = len.and_then(|digits| digits.trim_end().parse().ok());
    Ok(match len.filter(|_| is_header) {
        Some(len) => {
            let name = String::from_utf8_lossy(&header[..16]).trim_end().to_owned();
            let texts = vec![name.clone().into_bytes()];
            Next::Member(Member { name, texts, len, padding: len % 2 })
        }
        None if header.is_empty() => Next::End(header),
        None => Next::Damaged(header),
    })
}
