//! The line pattern that the `dotenv` packages of npm and Ruby share, and where it matches.
//!
//! The pattern may step over line breaks where it allows white space; the order in which its
//! alternatives are tried decides what a value is, so that order is followed here.

use super::space::{character, skip};

/// In what the two differ.
pub(super) struct Pattern {
    pub(super) is_space: fn(char) -> bool,
    /// What ends a line for `^`, `$` and `.`.
    pub(super) is_break: fn(char) -> bool,
    pub(super) is_key: fn(u8) -> bool,
    pub(super) quotes: &'static [u8],
    /// Whether a key may stand alone, without a sign behind it.
    pub(super) takes_lone_key: bool,
}

/// One match: the key and the value as written, none where it is absent.
pub(super) struct Found<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: Option<&'a [u8]>,
    /// Whether `export` stands before the key.
    pub(super) is_exported: bool,
    pub(super) key_at: usize,
    pub(super) end: usize,
}

/// All matches, left to right.
pub(super) fn matches<'a>(text: &'a [u8], pattern: &Pattern) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at <= text.len() {
        if let Some(one) = match_at(text, at, pattern) {
            at = one.end;
            found.push(one);
        } else {
            // From each line that begins in this white space, the same would be tried again.
            at = skip(text, at, pattern.is_space);
        }
        // The next try is at the next beginning of a line.
        let Some(next) = line_start_after(text, at, pattern) else { break };
        at = next;
    }
    found
}

fn line_start_after(text: &[u8], mut at: usize, pattern: &Pattern) -> Option<usize> {
    while let Some((found, length)) = character(text, at) {
        at += length;
        if (pattern.is_break)(found) {
            return Some(at);
        }
    }
    None
}

fn match_at<'a>(text: &'a [u8], start: usize, pattern: &Pattern) -> Option<Found<'a>> {
    let first = skip(text, start, pattern.is_space);
    let exported = text[first..].starts_with(b"export").then(|| {
        let after = first + b"export".len();
        (after, skip(text, after, pattern.is_space))
    });
    if let Some((after, key_at)) = exported
        && key_at > after
        && let Some(found) = match_key(text, key_at, pattern)
    {
        return Some(Found { is_exported: true, ..found });
    }
    match_key(text, first, pattern)
}

fn match_key<'a>(text: &'a [u8], key_at: usize, pattern: &Pattern) -> Option<Found<'a>> {
    let length = text[key_at..].iter().take_while(|byte| (pattern.is_key)(**byte)).count();
    let key_end = key_at + length;
    if length == 0 {
        return None;
    }
    let (value, end) = match value_start(text, key_end, pattern) {
        Some(value_at) => match_value(text, value_at, pattern)?,
        None if pattern.takes_lone_key => (None, tail(text, key_end, pattern)?),
        None => return None,
    };
    Some(Found { key: &text[key_at..key_end], value, is_exported: false, key_at, end })
}

/// Behind `=`, which blanks may precede, or behind `:` and a blank.
fn value_start(text: &[u8], key_end: usize, pattern: &Pattern) -> Option<usize> {
    let spaced = skip(text, key_end, pattern.is_space);
    if text.get(spaced) == Some(&b'=') {
        return Some(spaced + 1);
    }
    if text.get(key_end) != Some(&b':') {
        return None;
    }
    let (space, length) = character(text, key_end + 1)?;
    (pattern.is_space)(space).then_some(key_end + 1 + length)
}

/// A quoted value if the line ends after it; else whatever is there up to `#` or the line's end.
fn match_value<'a>(
    text: &'a [u8],
    start: usize,
    pattern: &Pattern,
) -> Option<(Option<&'a [u8]>, usize)> {
    let quote_at = skip(text, start, pattern.is_space);
    if let Some(quote) = text.get(quote_at).filter(|byte| pattern.quotes.contains(byte)) {
        for close in closings(text, quote_at, *quote) {
            if let Some(end) = tail(text, close + 1, pattern) {
                return Some((Some(&text[start..=close]), end));
            }
        }
    }
    let bare = memchr::memchr3(b'#', b'\r', b'\n', &text[start..])
        .map_or(text.len(), |offset| start + offset);
    if bare > start
        && let Some(end) = tail(text, bare, pattern)
    {
        return Some((Some(&text[start..bare]), end));
    }
    tail(text, start, pattern).map(|end| (None, end))
}

/// Where the value may close, in the order in which they are tried: the first quote without a
/// backslash before it, then those with one, from right to left.
fn closings(text: &[u8], open: usize, quote: u8) -> Vec<usize> {
    let mut escaped = Vec::new();
    for offset in memchr::memchr_iter(quote, &text[open + 1..]) {
        let at = open + 1 + offset;
        if at == open + 1 || text[at - 1] != b'\\' {
            escaped.push(at);
            break;
        }
        escaped.push(at);
    }
    escaped.reverse();
    escaped
}

/// White space, perhaps a comment, and the end of a line; returns where that is.
fn tail(text: &[u8], start: usize, pattern: &Pattern) -> Option<usize> {
    let after = skip(text, start, pattern.is_space);
    match text.get(after) {
        None => return Some(after),
        Some(b'#') => {
            let mut at = after;
            while let Some((found, length)) = character(text, at) {
                if (pattern.is_break)(found) {
                    break;
                }
                at += length;
            }
            return Some(at);
        }
        Some(_) => {}
    }
    // The last line break in that white space, where one is.
    let mut last = None;
    let mut at = start;
    while at < after {
        let (found, length) = character(text, at)?;
        if (pattern.is_break)(found) {
            last = Some(at);
        }
        at += length;
    }
    last
}
