//! The Ruby gem `dotenv` (`lib/dotenv/parser.rb` and `substitutions`, 3.2.0).

use std::collections::HashMap;

use super::pattern::{Pattern, matches};
use super::{Reading, Understood, expand, space};

const PATTERN: Pattern = Pattern {
    is_space: space::ruby,
    is_break: |character| character == '\n',
    is_key: |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'),
    quotes: b"'\"",
    takes_lone_key: true,
};

pub(super) fn read(source: &[u8]) -> Reading {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if let Err(error) = std::str::from_utf8(source) {
        return Reading::refused(source, error.valid_up_to());
    }
    let text = secret::Secret::new(expand::with_line_feeds(source));
    let text = text.expose();
    let mut reading = Reading::new();
    for found in matches(text, &PATTERN) {
        if found.is_exported && found.value.is_none() {
            // It only names a variable, which has to be set by now.
            if reading.get(found.key).is_none() {
                return Reading::refused(source, place_in_source(source, found.key_at));
            }
            continue;
        }
        let understood = value(found.value.unwrap_or_default(), &reading);
        reading.push(found.key, understood);
    }
    reading
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
            expand::without_backslashes(&expand::breaks(inner, b"\n", b"\r"))
        }
        // Doubling the backslash keeps `\n` as two characters through what comes next.
        Some(_) => expand::without_backslashes(&expand::breaks(inner, b"\\\\n", b"\\\\r")),
        None => expand::without_backslashes(inner),
    };
    // Commands come first, so that none is run that a reference brings in.
    match without_commands(&unescaped) {
        Some(text) => Understood::of(expand::ruby(&text, reading)),
        None => Understood::Runs,
    }
}

fn is_legacy(reading: &Reading) -> bool {
    let mode = reading.get(b"DOTENV_LINEBREAK_MODE");
    matches!(mode, Some(Understood::Value(mode)) if mode.expose() == b"legacy")
}

/// `$(…)` with balanced parentheses is run: then there is none. After a backslash it stays, without the backslash.
fn without_commands(value: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(value.len());
    let commands = commands(value);
    let mut at = 0;
    while at < value.len() {
        let is_escaped = value[at] == b'\\';
        let dollar = at + usize::from(is_escaped);
        if value.get(dollar) == Some(&b'$')
            && let Some(end) = commands.get(&(dollar + 1)).copied()
        {
            if !is_escaped {
                return None;
            }
            kept.extend_from_slice(&value[dollar..end]);
            at = end;
            continue;
        }
        kept.push(value[at]);
        at += 1;
    }
    Some(kept)
}

/// Where each `(…)` opens, and what comes after it. An empty pair is no command, and neither is what holds one.
fn commands(value: &[u8]) -> HashMap<usize, usize> {
    let mut commands = HashMap::new();
    let mut open = Vec::new();
    let mut last_empty = None;
    for at in memchr::memchr2_iter(b'(', b')', value) {
        if value[at] == b'(' {
            open.push(at);
        } else if let Some(start) = open.pop() {
            if start + 1 == at {
                last_empty = Some(start);
            }
            if last_empty.is_none_or(|empty| empty < start) {
                commands.insert(start, at + 1);
            }
        }
    }
    commands
}
