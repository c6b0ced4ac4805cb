//! The Ruby gem `dotenv` (`lib/dotenv/parser.rb`, 3.0 and later).

use super::pattern::{Found, Pattern, matches};
use super::{Reading, Understood, expand, space};

const PATTERN: Pattern = Pattern {
    is_space: space::ruby,
    is_break: |character| character == '\n',
    is_key: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'),
    quotes: b"'\"",
};

pub(super) fn read(source: &[u8]) -> Reading {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if let Err(error) = std::str::from_utf8(source) {
        return Reading::refused(source, error.valid_up_to());
    }
    let text = secret::Secret::new(with_line_feeds(source));
    let text = text.expose();
    let found = matches(text, &PATTERN);
    let mut reading = Reading::new();
    for one in &found {
        let understood = value(one.value.unwrap_or_default(), &reading);
        reading.push(one.key, understood);
    }
    if let Some(at) = unset_export(text, &found, &reading) {
        return Reading::refused(source, place_in_source(source, at));
    }
    reading
}

fn with_line_feeds(source: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(source.len());
    for (index, byte) in source.iter().enumerate() {
        match byte {
            b'\r' if source.get(index + 1) == Some(&b'\n') => {}
            b'\r' => text.push(b'\n'),
            byte => text.push(*byte),
        }
    }
    text
}

/// Where a place of the text with its line ends made alike is in the source.
fn place_in_source(source: &[u8], at: usize) -> usize {
    let is_dropped = |index: usize| source[index] == b'\r' && source.get(index + 1) == Some(&b'\n');
    (0..source.len()).filter(|index| !is_dropped(*index)).nth(at).unwrap_or(source.len())
}

fn value(written: &[u8], reading: &Reading) -> Understood {
    let stripped = space::trim(written, |character| space::ruby(character) || character == '\0');
    let (inner, quote) = match stripped {
        [open @ (b'\'' | b'"'), inner @ .., close] if open == close => (inner, Some(*open)),
        _ => (stripped, None),
    };
    let unescaped = match quote {
        Some(b'\'') => return Understood::Value(secret::Secret::new(inner.to_vec())),
        Some(_) if is_legacy(reading) => {
            expand::without_backslashes(&doubled_or_broken(inner, b"\n", b"\r"))
        }
        // Doubling the backslash keeps `\n` as two characters through what comes next.
        Some(_) => expand::without_backslashes(&doubled_or_broken(inner, b"\\\\n", b"\\\\r")),
        None => expand::without_backslashes(inner),
    };
    run(&expand::ruby(&unescaped, reading))
}

fn is_legacy(reading: &Reading) -> bool {
    reading.lookup(b"DOTENV_LINEBREAK_MODE") == Some(b"legacy")
}

fn doubled_or_broken(inner: &[u8], feed: &[u8], carriage: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(inner.len());
    let mut rest = inner;
    loop {
        rest = match rest {
            [] => return replaced,
            [b'\\', b'n', rest @ ..] => {
                replaced.extend_from_slice(feed);
                rest
            }
            [b'\\', b'r', rest @ ..] => {
                replaced.extend_from_slice(carriage);
                rest
            }
            [byte, rest @ ..] => {
                replaced.push(*byte);
                rest
            }
        };
    }
}

/// `$(…)` with balanced parentheses is run; after a backslash it stays, without the backslash.
fn run(value: &[u8]) -> Understood {
    let mut kept = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let is_escaped = value[at] == b'\\';
        let dollar = at + usize::from(is_escaped);
        if value.get(dollar) == Some(&b'$')
            && let Some(end) = balanced(value, dollar + 1)
        {
            if !is_escaped {
                return Understood::Runs;
            }
            kept.extend_from_slice(&value[dollar..end]);
            at = end;
            continue;
        }
        kept.push(value[at]);
        at += 1;
    }
    Understood::Value(secret::Secret::new(kept))
}

/// Where `(…)` with something in it closes.
fn balanced(value: &[u8], open: usize) -> Option<usize> {
    if value.get(open) != Some(&b'(') {
        return None;
    }
    let mut depth = 0_usize;
    for (offset, byte) in value[open..].iter().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                // An empty pair is no command, at any depth.
                if value[open + offset - 1] == b'(' {
                    return None;
                }
                depth -= 1;
                if depth == 0 {
                    return Some(open + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where a line `export NAME` outside all matches names a key that is not set: an error.
fn unset_export(text: &[u8], found: &[Found<'_>], reading: &Reading) -> Option<usize> {
    let mut rest = Vec::with_capacity(text.len());
    let mut at = 0;
    for one in found {
        rest.extend_from_slice(&text[at..one.start]);
        at = one.end;
    }
    rest.extend_from_slice(&text[at..]);
    let rest = secret::Secret::new(rest);
    for line in rest.expose().split(|byte| matches!(byte, b'\n' | b'\r')) {
        let mut words = line
            .split(|byte| space::ruby(char::from(*byte)) || *byte == 0)
            .filter(|word| !word.is_empty());
        if words.next() == Some(b"export") && words.any(|word| reading.get(word).is_none()) {
            return Some(memchr::memmem::find(text, line).unwrap_or_default());
        }
    }
    None
}
