//! The Go module `godotenv` (`parser.go`, 1.5.1).

use super::{Reading, Understood, expand, space};
use crate::parse::without_crlf;

pub(super) fn read(source: &[u8]) -> Reading {
    // One buffer for the file with its line ends made alike; it is wiped when dropped.
    let text = secret::Secret::new(without_crlf(source));
    let text = text.expose();
    let mut reading = Reading::new();
    let mut at = 0;
    while let Some(start) = statement_start(text, at) {
        let Some((key, value_at)) = key(text, start) else {
            return Reading::refused(text, start);
        };
        let Some((value, next)) = value(text, value_at, &reading) else {
            return Reading::refused(text, value_at);
        };
        reading.push(key, value);
        at = next;
    }
    reading
}

/// Skips white space and comment lines.
pub(super) fn statement_start(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = space::skip(text, at, space::go);
        match text.get(at)? {
            b'#' => at += memchr::memchr(b'\n', &text[at..])?,
            _ => return Some(at),
        }
    }
}

fn key(text: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let mut start = start;
    if text[start..].starts_with(b"export") {
        let after = start + b"export".len();
        let skipped = space::skip(text, after, space::go_inline);
        if skipped > after {
            start = skipped;
        }
    }
    for (offset, byte) in text[start..].iter().enumerate() {
        // Go looks at single bytes here, as if each were a character of Latin-1.
        let character = char::from(*byte);
        match character {
            '=' | ':' => {
                let key = space::trim_end(&text[start..start + offset], space::go);
                return Some((key, space::skip(text, start + offset + 1, space::go_inline)));
            }
            '_' | '.' => {}
            _ if space::go_inline(character)
                || character.is_alphabetic()
                || character.is_numeric() => {}
            _ => return None,
        }
    }
    // No separator up to the end: a nameless key gets the rest.
    (start < text.len()).then(|| (&text[..0], space::skip(text, start, space::go_inline)))
}

fn value(text: &[u8], start: usize, reading: &Reading) -> Option<(Understood, usize)> {
    match text.get(start) {
        Some(quote @ (b'"' | b'\'')) => quoted(text, start, *quote, reading),
        _ => Some(bare(text, start, reading)),
    }
}

fn bare(text: &[u8], start: usize, reading: &Reading) -> (Understood, usize) {
    let end =
        memchr::memchr2(b'\n', b'\r', &text[start..]).map_or(text.len(), |offset| start + offset);
    let line = &text[start..end];
    // The last comment counts, not the first.
    let comment = (1..line.len()).rev().find(|index| {
        line[*index] == b'#' && space::trim_end(&line[..*index], space::go_inline).len() < *index
    });
    let line = space::trim(&line[..comment.unwrap_or(line.len())], space::go_inline);
    let line = String::from_utf8_lossy(line);
    (Understood::of(expand::godotenv(line.as_bytes(), reading)), end)
}

fn quoted(text: &[u8], start: usize, quote: u8, reading: &Reading) -> Option<(Understood, usize)> {
    let close = (start + 1..text.len()).find(|at| text[*at] == quote && text[*at - 1] != b'\\')?;
    let raw = &text[start..close];
    // Every quote at either end goes, not only one.
    let from = raw.iter().take_while(|byte| **byte == quote).count();
    let to = raw.len() - raw[from..].iter().rev().take_while(|byte| **byte == quote).count();
    let inner = &raw[from..to];
    let value = if quote == b'"' {
        expand::godotenv(&unescape(inner), reading)
    } else {
        Ok(inner.to_vec())
    };
    Some((Understood::of(value), close + 1))
}

/// `\n` and `\r` first; then every backslash but one before `$` goes.
fn unescape(inner: &[u8]) -> Vec<u8> {
    let mut once = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        match (inner[at], inner.get(at + 1)) {
            (b'\\', Some(b'n')) => once.push(b'\n'),
            (b'\\', Some(b'r')) => once.push(b'\r'),
            // A dot matches no line break, so this backslash stands alone.
            (b'\\', Some(b'\n') | None) => {
                once.push(b'\\');
                at += 1;
                continue;
            }
            (b'\\', Some(other)) => once.extend([b'\\', *other]),
            (byte, _) => {
                once.push(byte);
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    expand::without_backslashes(&once)
}
