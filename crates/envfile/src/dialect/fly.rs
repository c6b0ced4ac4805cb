//! `fly secrets import`, as flyctl reads its standard input (`internal/command/secrets/parser.go`, 0.4.87).

use secret::Secret;

use super::{End, Reading, space};

/// The longest line that Go's `bufio.Scanner` gives out.
const LONGEST_LINE: usize = 64 * 1024 - 1;

const TRIPLE: &[u8] = b"\"\"\"";

pub(super) fn read(source: &[u8]) -> Reading {
    let mut reading = Reading::new();
    // A value in three quotes that goes on, with its key.
    let mut open: Option<(Vec<u8>, Secret, usize)> = None;
    for (index, line) in lines(source).enumerate() {
        let number = index + 1;
        if line.len() > LONGEST_LINE {
            // The scanner's error is never asked for.
            reading.end = End::Cut { line: open.map_or(number, |(_, _, start)| start) };
            return reading;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some((key, value, start)) = open.take() {
            let mut value = value.expose().to_vec();
            if let Some(last) = line.strip_suffix(TRIPLE) {
                value.extend_from_slice(last);
                reading.set(&key, value);
            } else {
                value.extend_from_slice(line);
                value.push(b'\n');
                open = Some((key, Secret::new(value), start));
            }
            continue;
        }
        if line.starts_with(b"#") || space::trim(line, space::go).is_empty() {
            continue;
        }
        let Some(equals) = memchr::memchr(b'=', line) else {
            return Reading { end: End::Refused { line: number }, ..Reading::new() };
        };
        let key = space::trim(&line[..equals], space::go);
        let value = without_comment(trim_spaces_start(&line[equals + 1..]));
        if value.len() >= 6 && value.starts_with(TRIPLE) && value.ends_with(TRIPLE) {
            reading.set(key, value[3..value.len() - 3].to_vec());
        } else if let Some(first) = value.strip_prefix(TRIPLE) {
            let mut begun = first.to_vec();
            begun.push(b'\n');
            open = Some((key.to_vec(), Secret::new(begun), number));
        } else if matches!(value, b"\"" | b"'") {
            // It cuts a slice from 1 to 0.
            return Reading { end: End::Crashed { line: number }, ..Reading::new() };
        } else {
            reading.set(key, unquoted(value).to_vec());
        }
    }
    if let Some((_, _, start)) = open {
        reading.end = End::Cut { line: start };
    }
    reading
}

fn lines(source: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = source.strip_suffix(b"\n").unwrap_or(source);
    let is_empty = source.is_empty();
    body.split(|byte| *byte == b'\n').filter(move |_| !is_empty)
}

fn trim_spaces_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b' ').count()..]
}

/// Cuts at the first `#` unless an odd number of double quotes stands before it.
fn without_comment(value: &[u8]) -> &[u8] {
    let Some(hash) = memchr::memchr(b'#', value) else { return value };
    let before = &value[..hash];
    if memchr::memchr_iter(b'"', before).count() % 2 == 1 {
        return value;
    }
    &before[..before.len() - before.iter().rev().take_while(|byte| **byte == b' ').count()]
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => value,
    }
}
