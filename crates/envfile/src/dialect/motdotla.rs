//! The npm package `dotenv` (its line pattern, 17 and 18).

use super::pattern::{Pattern, matches};
use super::{Reading, expand, space};

const PATTERN: Pattern = Pattern {
    is_space: space::javascript,
    is_break: |character| matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}'),
    is_key: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'),
    quotes: b"'\"`",
    takes_lone_key: false,
};

pub(super) fn read(source: &[u8]) -> Reading {
    // Node decodes before it reads, with U+FFFD for what is no UTF-8.
    let decoded = String::from_utf8_lossy(source);
    let text = secret::Secret::new(expand::with_line_feeds(decoded.as_bytes()));
    let mut reading = Reading::new();
    for found in matches(text.expose(), &PATTERN) {
        let value = space::trim(found.value.unwrap_or_default(), space::javascript);
        let is_double = value.first() == Some(&b'"');
        let value = match value {
            [open @ (b'\'' | b'"' | b'`'), inner @ .., close] if open == close => inner,
            _ => value,
        };
        let value = if is_double { expand::breaks(value, b"\n", b"\r") } else { value.to_vec() };
        reading.set(found.key, value);
    }
    reading
}
