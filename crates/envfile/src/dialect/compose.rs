//! Docker compose, by its library compose-go (`dotenv/parser.go`, 2.16).

use super::godotenv::statement_start;
use super::{Reading, Understood, space, template};

pub(super) fn read(source: &[u8]) -> Reading {
    let text = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    let mut reading = Reading::new();
    let mut at = 0;
    while let Some(start) = statement_start(text, at) {
        let Some(found) = key(text, start) else { return Reading::refused(text, start) };
        if found.name.contains(&b' ') {
            return Reading::refused(text, start);
        }
        if found.is_inherited {
            // The environment would give its value, and it is taken to be empty.
            at = found.next;
            continue;
        }
        let Some((value, next)) = value(text, found.next, &reading) else {
            return Reading::refused(text, found.next);
        };
        reading.push(found.name, value);
        at = next;
    }
    reading
}

struct Key<'a> {
    name: &'a [u8],
    next: usize,
    /// A name alone on its line.
    is_inherited: bool,
}

fn key(text: &[u8], start: usize) -> Option<Key<'_>> {
    let start = after_export(text, start);
    let mut at = start;
    while let Some((found, length)) = space::character(text, at) {
        match found {
            '=' | ':' | '\n' => {
                return Some(Key {
                    name: space::trim_end(&text[start..at], space::go),
                    next: space::skip(text, at + 1, space::go_inline),
                    is_inherited: found == '\n',
                });
            }
            '_' | '.' | '-' | '[' | ']' => {}
            _ if space::go_inline(found) || found.is_alphabetic() || found.is_numeric() => {}
            _ => return None,
        }
        at += length;
    }
    // No separator up to the end: a nameless key gets the rest.
    (start < text.len()).then(|| Key {
        name: &text[..0],
        next: space::skip(text, start, space::go_inline),
        is_inherited: false,
    })
}

fn after_export(text: &[u8], start: usize) -> usize {
    let Some(rest) = text[start..].strip_prefix(b"export") else { return start };
    if !matches!(rest.first(), Some(b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')) {
        return start;
    }
    space::skip(text, start + b"export".len(), space::go_inline)
}

fn value(text: &[u8], start: usize, reading: &Reading) -> Option<(Understood, usize)> {
    let Some(quote @ (b'"' | b'\'')) = text.get(start).copied() else {
        let feed = memchr::memchr(b'\n', &text[start..]).map(|offset| start + offset);
        let line = &text[start..feed.unwrap_or(text.len())];
        let line = &line[..memchr::memmem::find(line, b" #").unwrap_or(line.len())];
        let value = template::substitute(space::trim_end(line, space::go), reading)?;
        return Some((value, feed.map_or(text.len(), |feed| feed + 1)));
    };
    let mut value = Vec::new();
    let mut is_escaped = false;
    for (offset, byte) in text[start + 1..].iter().enumerate() {
        match *byte {
            byte if byte == quote && !is_escaped => {
                let understood = if quote == b'"' {
                    template::substitute(&unescape(&value), reading)?
                } else {
                    Understood::Value(secret::Secret::new(value))
                };
                return Some((understood, start + 1 + offset + 1));
            }
            byte if byte == quote => {
                is_escaped = false;
                value.push(byte);
            }
            b'\\' if !is_escaped => is_escaped = true,
            byte => {
                if is_escaped {
                    is_escaped = false;
                    value.push(b'\\');
                }
                value.push(byte);
            }
        }
    }
    None
}

/// The escapes of Go's strings, octal ones with a leading 0; `\$` becomes `$$`.
fn unescape(inner: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(inner.len());
    let mut rest = inner;
    loop {
        rest = match rest {
            [] => return value,
            [b'\\', b'0', rest @ ..] => octal(rest, &mut value),
            [b'\\', escaped, rest @ ..] => {
                match escaped {
                    b'$' => value.extend(b"$$"),
                    b'a' => value.push(0x07),
                    b'b' => value.push(0x08),
                    b'f' => value.push(0x0c),
                    b'n' => value.push(b'\n'),
                    b'r' => value.push(b'\r'),
                    b't' => value.push(b'\t'),
                    b'v' => value.push(0x0b),
                    b'"' | b'\\' => value.push(*escaped),
                    other => {
                        value.push(b'\\');
                        value.push(*other);
                    }
                }
                rest
            }
            [byte, rest @ ..] => {
                value.push(*byte);
                rest
            }
        };
    }
}

/// Up to three digits; unless they are three octal ones below 400, the 0 alone is lost.
fn octal<'a>(rest: &'a [u8], value: &mut Vec<u8>) -> &'a [u8] {
    let length = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(length);
    let number =
        std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 8).ok());
    let character = number.filter(|number| length == 3 && *number < 256).and_then(char::from_u32);
    if let Some(character) = character {
        value.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        value.push(b'\\');
        value.extend_from_slice(digits);
    }
    rest
}
