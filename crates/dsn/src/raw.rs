//! Characters of the credentials that are written raw and that clients read differently.

use crate::mask::credentials_span;

/// A raw character in the user name or password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawCharacter {
    /// Where it stands, in bytes from 0.
    pub offset: usize,
    /// Its first byte.
    pub byte: u8,
}

/// The raw characters of the credentials on which clients disagree, in order.
///
/// Letters, digits and `-._~` are read alike everywhere, and so are `:+$!*&=;,'()` in a Postgres URI; in a
/// Redis URL `+` is not, since some clients take it for a space.
pub fn raw_characters(text: &[u8]) -> Vec<RawCharacter> {
    let Some(span) = credentials_span(text) else { return Vec::new() };
    let harmless: &[u8] = if crate::is_redis(text) { b":$!*&=;,'()" } else { b":+$!*&=;,'()" };
    let is_escape = |index: usize| {
        text.get(index + 1..index + 3)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    span.filter(|&index| {
        let byte = text[index];
        let is_fine = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || harmless.contains(&byte)
            || byte == b'%' && is_escape(index)
            // Of a character of several bytes only the first is listed.
            || byte & 0xC0 == 0x80;
        !is_fine
    })
    .map(|offset| RawCharacter { offset, byte: text[offset] })
    .collect()
}

impl RawCharacter {
    /// What to call the character in a sentence.
    pub fn name(self) -> String {
        match self.byte {
            b' ' => "a raw space".to_owned(),
            b'\t' => "a raw tab".to_owned(),
            b'\n' | b'\r' => "a raw line break".to_owned(),
            byte if byte.is_ascii_graphic() => format!("a raw `{}`", char::from(byte)),
            byte if byte.is_ascii() => "a raw control character".to_owned(),
            _ => "a raw character beyond ASCII".to_owned(),
        }
    }

    /// How the character is written so that all clients read it alike.
    pub fn spelling(self) -> String {
        if self.byte.is_ascii() {
            format!("%{:02X}", self.byte)
        } else {
            "the percent-encoding of its UTF-8 bytes".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(usize, &str)]) {
        let found: Vec<(usize, String)> = raw_characters(text.as_bytes())
            .into_iter()
            .map(|raw| (raw.offset, raw.spelling()))
            .collect();
        let expected: Vec<(usize, String)> =
            expected.iter().map(|(offset, spelling)| (*offset, (*spelling).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn only_what_clients_disagree_on_is_found() {
        check("postgresql://u:a%2Fb+c$d@h/db", &[]);
        check("postgresql://u:a@b@h/db", &[(16, "%40")]);
        check("postgresql://u:a/b%@h/db", &[(16, "%2F"), (18, "%25")]);
        check("postgresql://h/db?application_name=a@b", &[]);
        check("redis://u:a+b@h", &[(11, "%2B")]);
        check("host=h password=a@b", &[]);
    }
}
