//! `$NAME` and `${NAME…}` as docker compose substitutes them (compose-go `template/template.go`).

use secret::Secret;

use super::{Dialect, NotKnown, Reading, Understood};

/// Defaults inside defaults beyond this depth are not followed.
const DEEPEST: usize = 16;

/// Substitutes; none where compose refuses the file, for a `${` that is malformed or required.
pub(super) fn substitute(value: &[u8], reading: &Reading) -> Option<Understood> {
    let template = Template { readings: &[reading], may_be_elsewhere: false };
    match template.text(value, 0) {
        Ok(value) => Some(Understood::Value(Secret::new(value))),
        Err(Failure::Invalid) => None,
        Err(Failure::Unclear) => Some(Understood::Unclear),
    }
}

/// The variables that a compose file may refer to: those of its `.env`, and of others that count less.
#[derive(Default)]
pub struct Variables {
    readings: Vec<Reading>,
}

impl Variables {
    /// The variables of env files, by their text as compose reads it; the first file that sets one counts.
    pub fn of<'a>(sources: impl IntoIterator<Item = &'a [u8]>) -> Variables {
        let readings = sources.into_iter().map(|source| Dialect::Compose.read(source));
        Variables { readings: readings.collect() }
    }

    /// A text of a compose file with its variables substituted. What no file sets is unset where a default asks; where
    /// the value itself would be needed the environment has it, and there is none. Nor is there where compose refuses
    /// the text.
    pub fn substitute(&self, text: &[u8]) -> Option<Secret> {
        let readings: Vec<&Reading> = self.readings.iter().collect();
        for reading in &readings {
            // Each text may bring in as much as a file may.
            reading.referred.set(0);
        }
        let template = Template { readings: &readings, may_be_elsewhere: true };
        template.text(text, 0).ok().map(Secret::new)
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
    /// Where values are looked for, one after the other.
    readings: &'a [&'a Reading],
    /// Whether the environment may have what they lack.
    may_be_elsewhere: bool,
}

impl Template<'_> {
    fn lookup(&self, name: &[u8]) -> Result<Option<&[u8]>, NotKnown> {
        for reading in self.readings {
            if let Some(value) = reading.lookup(name)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The value of a name without a default.
    fn plain<'b>(&self, found: Option<&'b [u8]>) -> Result<&'b [u8], NotKnown> {
        match found {
            None if self.may_be_elsewhere => Err(NotKnown),
            found => Ok(found.unwrap_or_default()),
        }
    }

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
                        value.extend_from_slice(self.plain(self.lookup(&rest[..length])?)?);
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
        let found = self.lookup(name)?;
        if operation.is_empty() {
            // Here compose forgets what its pattern took too much.
            value.extend_from_slice(self.plain(found)?);
            return if rest.is_empty() { Ok(()) } else { Err(Failure::Unclear) };
        }
        let (operator, word, when_empty) = match operation {
            [b':', operator @ (b'-' | b'+' | b'?'), word @ ..] => (*operator, word, true),
            [operator @ (b'-' | b'+' | b'?'), word @ ..] => (*operator, word, false),
            _ => return Err(Failure::Invalid),
        };
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
