//! The npm package `dotenv` (its line pattern, 17 and 18).

use super::pattern::{Pattern, matches};
use super::{Reading, space};

const PATTERN: Pattern = Pattern {
    is_space: space::javascript,
    is_break: |character| matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}'),
    is_key: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'),
    quotes: b"'\"`",
    takes_lone_key: false,
};

pub(super) fn read(source: &[u8]) -> Reading {
    let text = secret::Secret::new(decoded(source));
    let mut reading = Reading::new();
    for found in matches(text.expose(), &PATTERN) {
        let value = space::trim(found.value.unwrap_or_default(), space::javascript);
        let is_double = value.first() == Some(&b'"');
        let value = match value {
            [open @ (b'\'' | b'"' | b'`'), inner @ .., close] if open == close => inner,
            _ => value,
        };
        reading.set(found.key, if is_double { with_breaks(value) } else { value.to_vec() });
    }
    reading
}

/// Node decodes before it reads, with U+FFFD for what is no UTF-8; every line end becomes a line feed.
fn decoded(source: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(source);
    let mut decoded = Vec::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'\r' if text.as_bytes().get(index + 1) == Some(&b'\n') => {}
            b'\r' => decoded.push(b'\n'),
            byte => decoded.push(byte),
        }
    }
    decoded
}

/// `\n` and `\r`, wherever they stand, even after another backslash.
fn with_breaks(value: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(value.len());
    let mut rest = value;
    loop {
        rest = match rest {
            [] => return expanded,
            [b'\\', b'n', rest @ ..] => {
                expanded.push(b'\n');
                rest
            }
            [b'\\', b'r', rest @ ..] => {
                expanded.push(b'\r');
                rest
            }
            [byte, rest @ ..] => {
                expanded.push(*byte);
                rest
            }
        };
    }
}
