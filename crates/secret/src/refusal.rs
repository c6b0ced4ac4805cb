//! Which values are too short or too common to search for.

use std::fmt;

use crate::Part;

/// A value, or a part of one, that was not taken into a [`SecretSet`](crate::SecretSet).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name it was added under.
    pub name: String,
    /// Whether the whole value was refused, or the password inside it.
    pub part: Part,
    /// Why.
    pub reason: Reason,
}

/// Why a value cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no value.
    Empty,
    /// Shorter than [`SHORTEST`] bytes: it would be found in innocent text.
    TooShort,
    /// Few different characters, as in `00000000` or `abababab`, or a short row of digits.
    LowVariety,
    /// A word that stands in ordinary text, as `localhost` or `production`.
    CommonWord,
    /// A host name, an address, an e-mail address or a URL without a secret in it.
    PublicName,
    /// It contains the redactor's own marker, or stands inside a credential's name.
    InMarker,
}

/// The length in bytes below which a value is refused.
pub const SHORTEST: usize = 8;

impl Reason {
    /// The reason's name in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooShort => "too-short",
            Self::LowVariety => "low-variety",
            Self::CommonWord => "common-word",
            Self::PublicName => "public-name",
            Self::InMarker => "in-marker",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Empty => "it is empty",
            Self::TooShort => "it is shorter than 8 bytes",
            Self::LowVariety => "it has too few different characters",
            Self::CommonWord => "it is a common word",
            Self::PublicName => "it is a public name or address",
            Self::InMarker => "it is part of a marker or of a credential's name",
        })
    }
}

/// Why `value` is refused, or `None` where it can be searched for.
pub fn reason(value: &[u8]) -> Option<Reason> {
    if value.is_empty() {
        Some(Reason::Empty)
    } else if value.len() < SHORTEST {
        Some(Reason::TooShort)
    } else if has_low_variety(value) {
        Some(Reason::LowVariety)
    } else if is_common_word(value) {
        Some(Reason::CommonWord)
    } else if std::str::from_utf8(value).is_ok_and(is_public_name) {
        Some(Reason::PublicName)
    } else {
        None
    }
}

fn has_low_variety(value: &[u8]) -> bool {
    let mut seen = [false; 256];
    let n_different = value
        .iter()
        .filter(|&&byte| !std::mem::replace(&mut seen[usize::from(byte)], true))
        .count();
    n_different < 5 || (value.len() < 10 && value.iter().all(u8::is_ascii_digit))
}

/// Lower case; longer than seven bytes, for shorter ones are refused anyway.
const COMMON_WORDS: &[&str] = &[
    "0123456789",
    "1234567890",
    "123456789",
    "abcdefgh",
    "abcdefghijklmnopqrstuvwxyz",
    "abcd1234",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "changeme",
    "changeit",
    "qwertyui",
    "qwertyuiop",
    "letmein1",
    "verify-full",
    "verify-ca",
    "application/json",
    "text/plain",
    "x-www-form-urlencoded",
    "scram-sha-256",
    "read-only",
    "read-write",
    "service_role",
    "session-pooler",
    "transaction",
    "configuration",
    "authenticated",
    "administrator",
    "authorization",
    "communication",
    "documentation",
    "environment",
    "implementation",
    "infrastructure",
    "international",
    "notifications",
    "organization",
    "postgres",
    "postgresql",
    "undefined",
    "unauthorized",
];

fn is_common_word(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    COMMON_WORDS.iter().any(|word| word.as_bytes() == lower)
        || is_region(value)
        || (value.len() < 12 && (is_pronounceable(&lower)) && has_ordinary_case(value))
}

/// Whether a value is a region of a cloud, as `eu-north-1`, `us-gov-west-1` and `europe-west1`.
fn is_region(value: &[u8]) -> bool {
    let n_digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let name = &value[..value.len() - n_digits];
    let mut words = name.strip_suffix(b"-").unwrap_or(name).split(|byte| *byte == b'-');
    (1..=2).contains(&n_digits)
        && words.next().is_some_and(|land| LANDS.iter().any(|known| known.as_bytes() == land))
        && words.clone().count() <= 2
        && words.next_back().is_some_and(|side| {
            SIDES.iter().any(|known| side.starts_with(known.as_bytes()))
                && side.len() <= 9
                && side.iter().all(u8::is_ascii_lowercase)
        })
        && words.all(|word| word == b"gov" || word == b"iso" || word == b"isob")
}

const LANDS: &[&str] = &[
    "af",
    "africa",
    "ap",
    "asia",
    "australia",
    "ca",
    "cn",
    "eu",
    "europe",
    "il",
    "me",
    "mx",
    "northamerica",
    "sa",
    "southamerica",
    "us",
];
const SIDES: &[&str] = &["north", "south", "east", "west", "central"];

fn has_ordinary_case(value: &[u8]) -> bool {
    let rest = &value[1..];
    rest.iter().all(u8::is_ascii_lowercase) || value.iter().all(u8::is_ascii_uppercase)
}

/// Whether letters alone form something that reads like a word.
fn is_pronounceable(lower: &[u8]) -> bool {
    let is_vowel = |byte: &u8| b"aeiouy".contains(byte);
    let n_vowels = lower.iter().filter(|byte| is_vowel(byte)).count();
    lower.iter().all(u8::is_ascii_lowercase)
        && n_vowels * 4 >= lower.len()
        && n_vowels * 3 <= lower.len() * 2
        && !lower.windows(4).any(|four| !four.iter().any(is_vowel))
}

fn is_public_name(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else {
        return match value.split_once('@') {
            Some((user, host)) => is_plain(user, 32) && is_host(host),
            None => is_host(value),
        };
    };
    let (authority, path) = match rest.find(['/', '?', '#']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let host = match authority.rsplit_once('@') {
        // A password after the user's name, or a key in its place, makes the URL a secret.
        Some((user, host)) if !user.contains(':') && user.len() < 16 => host,
        Some(_) => return false,
        None => authority,
    };
    is_plain(scheme, 20)
        && (is_host(host) || host == "localhost" || host.starts_with("localhost:"))
        && path.split(['/', '?', '#', '&', '=']).all(|segment| is_plain(segment, 24))
}

fn is_host(value: &str) -> bool {
    let (host, port) = value.split_once(':').unwrap_or((value, "0"));
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_numeric =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 40
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    port.len() <= 5
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && host.contains('.')
        && host.split('.').all(is_label)
        && (is_numeric
            || ((2..=12).contains(&last.len())
                && last.bytes().all(|byte| byte.is_ascii_lowercase())))
}

/// Whether `segment` has words and small numbers only, nothing that looks drawn by lot.
fn is_plain(segment: &str, longest: usize) -> bool {
    segment.len() <= longest
        && segment.split(['-', '_', '.', '+', '%']).all(|word| {
            let n_digits = word.bytes().filter(u8::is_ascii_digit).count();
            word.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && (n_digits == 0 || word.len() <= 4)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_innocent_text_contains() {
        let check = |values: &[&str], expected: Option<Reason>| {
            for value in values {
                assert_eq!(reason(value.as_bytes()), expected, "{value}");
            }
        };
        check(&[""], Some(Reason::Empty));
        check(&["true", "3000", "hunter2"], Some(Reason::TooShort));
        check(
            &[
                "00000000",
                "abababab",
                "--------",
                "20251011",
                "00000000-0000-0000-0000-000000000000",
            ],
            Some(Reason::LowVariety),
        );
        check(
            &["localhost", "production", "Password", "POSTGRES", "chatwoot"],
            Some(Reason::CommonWord),
        );
        check(
            &[
                "us-east-1",
                "eu-north-1",
                "ap-southeast-2",
                "us-gov-west-1",
                "europe-west10",
                "us-central1",
            ],
            Some(Reason::CommonWord),
        );
        check(
            &[
                "127.0.0.1:5432",
                "aws-1-us-east-1.pooler.supabase.com",
                "https://hotdash-chatwoot.fly.dev",
                "https://app.example.com/api/v1/profile",
                "ops@example.com",
                "redis://localhost:6379/0",
            ],
            Some(Reason::PublicName),
        );
        check(
            &[
                "correct-horse-battery",
                "us-eastq7Vw-1",
                "eu-west-horse-1",
                "kq7Vw2xTzP",
                "xkqzvbnm",
                "p/w!d,x9",
                "a1b2c3d4e5f60718293a4b5c6d7e8f90",
                "postgres://u:p@db.example.com/x",
                "https://0123456789abcdef0@o1.ingest.sentry.io/2",
                "https://hooks.example.com/services/T01ABCD/B02EFGH",
                "1760140800123",
            ],
            None,
        );
    }
}
