//! What leaks in a piece of text: known values, credentials by form, short values beside their key.

use std::ops::Range;
use std::sync::Arc;

use data_encoding::BASE64;
use envfile::Entry;
use secret::form::ends_with_escape;
use secret::{Encoding, Match, Part, Secret, SecretSet};

use crate::progress::Counts;

/// Everything that is searched for.
pub(crate) struct Look<'a> {
    pub(crate) set: &'a SecretSet,
    /// Values that stand in innocent text too, so that only their key gives them away.
    pub(crate) narrow: Vec<Narrow<'a>>,
    /// Values that are public by design, though they may look like credentials.
    pub(crate) public: Vec<&'a Secret>,
    /// Whether some value holds a `/`, so that a path may have it in two names.
    pub(crate) has_slash: bool,
    /// What was read so far, for whoever waits.
    pub(crate) counts: Arc<Counts>,
}

/// A value that is searched for only next to its key.
pub(crate) struct Narrow<'a> {
    /// `FILE:KEY`.
    pub(crate) name: String,
    pub(crate) key: &'a str,
    value: &'a Secret,
    /// The same as a manifest of Kubernetes holds it, the longer one with a line break behind it.
    in_base64: [Secret; 2],
}

/// Something that leaked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Leak {
    /// The value of a credential, or a part of it.
    Value { name: String, part: Part, encoding: Encoding, in_part: bool },
    /// A short value next to its key.
    BesideKey { name: String },
    /// A credential by form.
    Form { rule: &'static str },
}

/// A leak and where it stands in the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) leak: Leak,
    pub(crate) range: Range<usize>,
}

impl<'a> Look<'a> {
    /// Looks for the values of a set, and for what is a credential by form.
    pub(crate) fn of(set: &'a SecretSet) -> Self {
        let (narrow, public) = (Vec::new(), Vec::new());
        Self { set, narrow, public, has_slash: false, counts: Arc::default() }
    }

    /// Every leak in `text`, in order of place.
    pub(crate) fn at(&self, text: &[u8]) -> Vec<Place> {
        let (values, forms) = self.set.search(text);
        let value = |found: Match<'_>| Place {
            leak: Leak::Value {
                name: found.name.to_owned(),
                part: found.part,
                encoding: found.encoding,
                in_part: found.in_part,
            },
            range: found.range,
        };
        let mut places: Vec<Place> = values.into_iter().map(value).collect();
        for narrow in &self.narrow {
            places.extend(narrow.places(text));
        }
        let known = merged(&places);
        places.extend(
            forms
                .into_iter()
                .filter(|found| {
                    !overlaps(&known, &found.range) && !self.is_public(&text[found.range.clone()])
                })
                .map(|found| Place { leak: Leak::Form { rule: found.rule }, range: found.range }),
        );
        places.sort_by_key(|place| (place.range.start, place.range.end));
        places
    }

    fn is_public(&self, written: &[u8]) -> bool {
        // The value is compared and goes nowhere.
        self.public.iter().any(|value| value.expose() == written)
    }
}

/// Where something stands, one behind the other, so that a text full of leaks is no slower than others.
fn merged(places: &[Place]) -> Vec<Range<usize>> {
    let mut known: Vec<Range<usize>> = Vec::new();
    let mut ranges: Vec<_> = places.iter().map(|place| place.range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    for range in ranges {
        match known.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => known.push(range),
        }
    }
    known
}

fn overlaps(known: &[Range<usize>], range: &Range<usize>) -> bool {
    let next = known.partition_point(|known| known.end <= range.start);
    known.get(next).is_some_and(|known| known.start < range.end)
}

impl<'a> Narrow<'a> {
    pub(crate) fn of((name, entry): (String, &'a Entry)) -> Self {
        Self::new(name, &entry.key, &entry.value)
    }

    fn new(name: String, key: &'a str, value: &'a Secret) -> Self {
        // What is encoded is compared with the text and goes nowhere.
        let encode = |end: &[u8]| {
            let bytes = Secret::new([value.expose(), end].concat());
            Secret::from(BASE64.encode(bytes.expose()))
        };
        let in_base64 = [encode(b""), encode(b"\n")];
        Self { name, key, value, in_base64 }
    }

    /// Puts a marker where the value stands next to its key.
    pub(crate) fn redact(&self, text: &mut Vec<u8>) {
        let mut places = self.places(text);
        places.sort_by_key(|place| place.range.start);
        let marker = format!("[REDACTED:{}]", self.name);
        for place in places.into_iter().rev() {
            text.splice(place.range, marker.bytes());
        }
    }

    fn places(&self, text: &[u8]) -> Vec<Place> {
        // In UTF-16 a NUL stands behind each character, or before the next.
        let mut places = self.places_by(text, 1);
        places.extend(self.places_by(text, 2));
        places
    }

    /// Places in a text whose characters have so many bytes.
    fn places_by(&self, text: &[u8], width: usize) -> Vec<Place> {
        let mut key = Vec::new();
        for byte in self.key.bytes() {
            key.push(byte);
            key.resize(key.len() + width - 1, 0);
        }
        // A number follows longer words too, as in `ZIPCODE=4829`.
        let is_number = self.value.expose().iter().all(u8::is_ascii_digit);
        let is_in_word = |at: usize| {
            let units = text[..at].rchunks(width).take(LONGEST_ESCAPE);
            let before: Vec<u8> = units.rev().filter_map(|unit| unit.first().copied()).collect();
            let is_letter = before.last().is_some_and(u8::is_ascii_alphabetic);
            is_number && is_letter && !ends_with_escape(&before)
        };
        memchr::memmem::find_iter(text, key.as_slice())
            .filter(|at| !is_in_word(*at))
            .filter_map(|at| {
                let after = at + key.len();
                let rest: Vec<u8> = text[after..]
                    .chunks(width)
                    .take(FURTHEST + self.in_base64[1].len() + 1)
                    .filter_map(|unit| unit.first().copied())
                    .collect();
                let value = self.behind_key(&rest)?;
                let end = after + value.end * width;
                // With the high byte first the last character ends one byte sooner.
                let range = after + value.start * width..end.min(text.len());
                Some(Place { leak: Leak::BesideKey { name: self.name.clone() }, range })
            })
            .collect()
    }

    /// Where the value stands in what follows the key, if it follows.
    fn behind_key(&self, rest: &[u8]) -> Option<Range<usize>> {
        let mut start = n_between(rest);
        // A list of variables has the value in the next line, as Kubernetes writes it.
        if rest[start..].starts_with(b"value") || rest[start..].starts_with(b"Value") {
            start += b"value".len();
            start += n_between(&rest[start..]);
        }
        [self.value].into_iter().chain(&self.in_base64).find_map(|value| {
            // The value is compared with the text and goes nowhere.
            let value = value.expose();
            let end = start + value.len();
            let is_word_after = rest.get(end).is_some_and(u8::is_ascii_alphanumeric);
            let follows = start > 0 && rest[start..].starts_with(value) && !is_word_after;
            follows.then_some(start..end)
        })
    }
}

/// How much of what stands before a key is looked at: a colour code is no longer.
const LONGEST_ESCAPE: usize = 24;

/// How far from its key a value may begin.
const FURTHEST: usize = 80;

/// How many bytes may stand between a key and its value, with one line break among them.
fn n_between(rest: &[u8]) -> usize {
    let (mut n, mut has_break) = (0, false);
    while n < FURTHEST / 2
        && let Some(len) = len_between(&rest[n..])
    {
        if rest[n] == b'\n' {
            if has_break {
                break;
            }
            has_break = true;
        }
        n += len;
    }
    n
}

/// How long what a text begins with is, if it may stand between a key and its value: a blank, a quote, a bracket, `=` and
/// the like, as it is or escaped; an arrow, a tag of YAML, a colour code.
fn len_between(text: &[u8]) -> Option<usize> {
    const SIGNS: &[u8] = b" \t\r\n\"'`*:=>],;\\|";
    const WRITTEN: [&[u8]; 10] = [
        b"->", b"!!str", b"!!int", b"$'", b"$\"", b"&quot;", b"&#34;", b"&#x22;", b"&#39;", b"&gt;",
    ];
    match text {
        [sign, ..] if SIGNS.contains(sign) => Some(1),
        [b'%', digits @ ..] => {
            let sign = data_encoding::HEXUPPER_PERMISSIVE.decode(digits.get(..2)?).ok()?;
            (SIGNS.contains(&sign[0]) && sign[0] != b'\n').then_some(3)
        }
        [b'\x1b', b'[', codes @ ..] => {
            let is_code = |byte: &&u8| byte.is_ascii_digit() || **byte == b';';
            let n_codes = codes.iter().take_while(is_code).count();
            (codes.get(n_codes) == Some(&b'm')).then_some(2 + n_codes + 1)
        }
        _ => WRITTEN.iter().find(|written| text.starts_with(written)).map(|written| written.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_only_next_to_their_key() {
        let set = SecretSet::builder().build();
        let value = Secret::from("pw-9x".to_owned());
        let narrow = Narrow::new("a.env:PASS".to_owned(), "PASS", &value);
        let look = Look { narrow: vec![narrow], ..Look::of(&set) };
        let found = |text: &str| look.at(text.as_bytes()).len();
        assert_eq!(found("PASS=pw-9x"), 1);
        assert_eq!(found("\"PASS\": \"pw-9x\","), 1);
        assert_eq!(found("- name: PASS\n    value: \"pw-9x\"\n"), 1);
        assert_eq!(found("ENV['PASS'] = 'pw-9x'"), 1);
        assert_eq!(found("data:\n  PASS: cHctOXg=\n"), 1);
        assert_eq!(found("data:\n  PASS: cHctOXgK\n"), 1);
        assert_eq!(found("\"PASS\",\"pw-9x\""), 1);
        assert_eq!(found(r#"{"log":"{\"PASS\":\"pw-9x\"}\n"}"#), 1);
        assert_eq!(found(" PASS  | pw-9x"), 1);
        assert_eq!(found("\x1b[1mPASS\x1b[0m=\x1b[32mpw-9x\x1b[0m"), 1);
        assert_eq!(found("PASS%3Dpw-9x&a=%22PASS%22%3a%20%22pw-9x%22"), 2);
        assert_eq!(found("&quot;PASS&quot;: &#34;pw-9x&#34;"), 1);
        assert_eq!(found("PASS -> pw-9x"), 1);
        assert_eq!(found("PASS: !!str pw-9x"), 1);
        assert_eq!(found("PASS=$'pw-9x'"), 1);
        assert_eq!(found(r#"{"Key":"PASS","Value":"pw-9x"}"#), 1);
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<u8> = "PASS=pw-9x\r\n".encode_utf16().flat_map(to_bytes).collect();
            assert_eq!(look.at(&wide).len(), 1);
            let wide: Vec<u8> = "PASS=pw-9x".encode_utf16().flat_map(to_bytes).collect();
            assert!(look.at(&wide).iter().all(|place| place.range.end <= wide.len()));
        }
        assert_eq!(found("PASS:\n\npw-9x, PASS.value pw-9x"), 0);
        assert_eq!(found("PASS-pw-9x PASS%41pw-9x PASS$pw-9x PASS&pw-9x PASS!pw-9x"), 0);
        assert_eq!(found("PASSpw-9x pw-9x PASS=pw-9xy PASS=other"), 0);
    }

    #[test]
    fn a_number_is_not_found_behind_a_longer_word() {
        let set = SecretSet::builder().build();
        let value = Secret::from("4829".to_owned());
        let narrow = Narrow::new("a.env:PIN".to_owned(), "PIN", &value);
        let look = Look { narrow: vec![narrow], ..Look::of(&set) };
        let found = |text: &str| look.at(text.as_bytes()).len();
        assert_eq!(found("PIN=4829 MY_PIN=4829"), 2);
        assert_eq!(found("\x1b[1;36mPIN\x1b[0m: 4829"), 1);
        assert_eq!(found(r#""A=1\nPIN=4829\n""#), 1);
        assert_eq!(found("A=1%0APIN%3D4829"), 1);
        assert_eq!(found("SHIPPIN=4829 mPIN=4829 36mPIN=4829"), 0);
    }

    #[test]
    fn a_known_value_is_not_told_twice() {
        let mut builder = SecretSet::builder();
        builder.add("t.env:TOKEN", &Secret::from("CANARYq7Vw2xTzPaB3dE5fG7".to_owned()));
        let set = builder.build();
        let look = Look::of(&set);
        let places = look.at(b"TOKEN=CANARYq7Vw2xTzPaB3dE5fG7");
        assert!(matches!(places.as_slice(), [Place { leak: Leak::Value { .. }, .. }]));
    }
}
