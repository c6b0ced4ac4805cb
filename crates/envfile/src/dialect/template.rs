//! `$NAME` and `${NAME…}` as docker compose substitutes them (compose-go `template/template.go`).

use secret::Secret;

use super::{NotKnown, Reading, Understood};

/// Defaults inside defaults beyond this depth are not followed.
const DEEPEST: usize = 16;

/// Substitutes; none where compose refuses the file, for a `${` that is malformed or required.
pub(super) fn substitute(value: &[u8], reading: &Reading) -> Option<Understood> {
    let template = Template { reading };
    match template.text(value, 0) {
        Ok(value) => Some(Understood::Value(Secret::new(value))),
        Err(Failure::Invalid) => None,
        Err(Failure::Unclear) => Some(Understood::Unclear),
    }
}

enum Failure {
    Invalid,
    Unclear,
}

impl From<NotKnown> for Failure {
    fn from(_: NotKnown) -> Failure {
        Failure::Unclear
    }
}

struct Template<'a> {
    reading: &'a Reading,
}

impl Template<'_> {
    fn text(&self, text: &[u8], depth: usize) -> Result<Vec<u8>, Failure> {
        if depth > DEEPEST {
            return Err(Failure::Unclear);
        }
        let mut value = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some(offset) = memchr::memchr(b'$', &text[at..]) {
            let dollar = at + offset;
            value.extend_from_slice(&text[at..dollar]);
            let rest = &text[dollar + 1..];
            at = match rest.first() {
                Some(b'$') => {
                    value.push(b'$');
                    dollar + 2
                }
                Some(b'{') => {
                    let end = braced_end(rest).ok_or(Failure::Invalid)?;
                    self.braced(&rest[..end], depth, &mut value)?;
                    dollar + 1 + end
                }
                _ => {
                    let length = name_length(rest);
                    if length == 0 {
                        value.push(b'$');
                    } else {
                        value.extend_from_slice(
                            self.reading.lookup(&rest[..length])?.unwrap_or_default(),
                        );
                    }
                    dollar + 1 + length
                }
            };
        }
        value.extend_from_slice(&text[at..]);
        Ok(value)
    }

    /// One match of `{NAME}` or `{NAME OPERATOR …}`, which may reach too far to the right.
    fn braced(&self, matched: &[u8], depth: usize, value: &mut Vec<u8>) -> Result<(), Failure> {
        // The first brace that closes decides; what the pattern took beyond it is a text of its own.
        let close = closing_brace(matched).ok_or(Failure::Unclear)?;
        let (inner, rest) = (&matched[1..close], &matched[close + 1..]);
        let length = name_length(inner);
        let (name, operation) = inner.split_at(length);
        if name.is_empty() {
            return Err(Failure::Invalid);
        }
        let found = self.reading.lookup(name)?;
        if operation.is_empty() {
            // Here compose forgets what its pattern took too much.
            value.extend_from_slice(found.unwrap_or_default());
            return if rest.is_empty() { Ok(()) } else { Err(Failure::Unclear) };
        }
        let (operator, word, when_empty) = match operation {
            [b':', operator @ (b'-' | b'+' | b'?'), word @ ..] => (*operator, word, true),
            [operator @ (b'-' | b'+' | b'?'), word @ ..] => (*operator, word, false),
            _ => return Err(Failure::Invalid),
        };
        // With two operators in one reference compose looks for them by name, not by place.
        if word.iter().any(|byte| matches!(byte, b'-' | b'+' | b'?')) {
            return Err(Failure::Unclear);
        }
        let is_set = found.is_some_and(|found| !when_empty || !found.is_empty());
        match operator {
            b'-' | b'?' if is_set => value.extend_from_slice(found.unwrap_or_default()),
            b'+' if !is_set => value.extend_from_slice(found.unwrap_or_default()),
            b'?' => return Err(Failure::Invalid),
            _ => value.extend(self.text(word, depth + 1)?),
        }
        value.extend(self.text(rest, depth + 1)?);
        Ok(())
    }
}

fn name_length(text: &[u8]) -> usize {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if text.first().is_some_and(u8::is_ascii_digit) {
        return 0;
    }
    text.iter().take_while(|byte| is_name(byte)).count()
}

/// Where the pattern's own match of `{…}` ends: at once after a plain name, else at the line's last brace.
fn braced_end(text: &[u8]) -> Option<usize> {
    let inner = &text[1..];
    let length = name_length(inner);
    if length == 0 {
        return None;
    }
    match inner.get(length)? {
        b'}' => Some(1 + length + 1),
        b':' | b'-' | b'+' | b'?' => {
            let line = inner.split(|byte| *byte == b'\n').next()?;
            memchr::memrchr(b'}', line).filter(|last| *last > length).map(|last| 1 + last + 1)
        }
        _ => None,
    }
}

/// The brace that closes the first one.
fn closing_brace(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                depth += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}
