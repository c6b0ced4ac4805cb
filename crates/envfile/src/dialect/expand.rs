//! What the small libraries expand alike: line ends, escapes, `$NAME` and `${NAME}`.

use super::{NotKnown, Reading};

/// What a reference stands for: its name and where it ends.
struct Reference<'a> {
    start: usize,
    end: usize,
    is_escaped: bool,
    has_parenthesis: bool,
    name: &'a [u8],
}

/// godotenv: capitals only, references to earlier keys of the file only.
pub(super) fn godotenv(value: &[u8], reading: &Reading) -> Result<Vec<u8>, NotKnown> {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    replace(value, |at| reference(value, at, true, is_name), reading)
}

/// Ruby's dotenv: letters of either case; a parenthesis is left to the commands.
pub(super) fn ruby(value: &[u8], reading: &Reading) -> Result<Vec<u8>, NotKnown> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    replace(
        value,
        |at| reference(value, at, false, is_name).filter(|found| !found.has_parenthesis),
        reading,
    )
}

/// Takes away every backslash that does not stand before `$`, and keeps what follows it.
pub(super) fn without_backslashes(value: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        if value[at] == b'\\' && value.get(at + 1).is_some_and(|next| *next != b'$') {
            at += 1;
        }
        kept.push(value[at]);
        at += 1;
    }
    kept
}

/// Every line end as a line feed.
pub(super) fn with_line_feeds(source: &[u8]) -> Vec<u8> {
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

/// What stands in the place of each `\n` and `\r`, even after another backslash.
pub(super) fn breaks(value: &[u8], feed: &[u8], carriage: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(value.len());
    let mut rest = value;
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

fn replace<'a>(
    value: &'a [u8],
    find: impl Fn(usize) -> Option<Reference<'a>>,
    reading: &Reading,
) -> Result<Vec<u8>, NotKnown> {
    let mut expanded = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let Some(found) = find(at) else {
            expanded.push(value[at]);
            at += 1;
            continue;
        };
        let text = &value[found.start..found.end];
        if found.is_escaped {
            expanded.extend_from_slice(&text[1..]);
        } else if found.name.is_empty() {
            expanded.extend_from_slice(text);
        } else {
            expanded.extend_from_slice(reading.lookup(found.name)?.unwrap_or_default());
        }
        at = found.end;
    }
    Ok(expanded)
}

/// The reference that begins at a place: an optional backslash, `$`, and what belongs to it.
fn reference(
    value: &[u8],
    start: usize,
    takes_parenthesis: bool,
    is_name: impl Fn(u8) -> bool,
) -> Option<Reference<'_>> {
    let is_escaped = value[start] == b'\\';
    let mut at = start + usize::from(is_escaped);
    if value.get(at) != Some(&b'$') {
        return None;
    }
    at += 1;
    let has_parenthesis = value.get(at) == Some(&b'(');
    at += usize::from(has_parenthesis && takes_parenthesis);
    at += usize::from(value.get(at) == Some(&b'{'));
    let length = value[at..].iter().take_while(|byte| is_name(**byte)).count();
    let name = &value[at..at + length];
    at += length;
    at += usize::from(value.get(at) == Some(&b'}'));
    Some(Reference { start, end: at, is_escaped, has_parenthesis, name })
}
