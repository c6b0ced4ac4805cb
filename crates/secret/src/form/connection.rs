//! Passwords in connection strings and other URLs.

use super::placeholder::is_placeholder;
use super::{Place, Verdict};

const LONGEST_SCHEME: usize = 24;
const LONGEST_USER: usize = 128;
const LONGEST_LOGIN: usize = 1024;
const SHORTEST_PASSWORD: usize = 3;

/// Schemes whose password may hold an unencoded `/` or `?`, as people paste them.
const DATABASES: &[&[u8]] = &[
    b"postgres",
    b"postgresql",
    b"mysql",
    b"mariadb",
    b"redis",
    b"rediss",
    b"amqp",
    b"amqps",
    b"mongodb",
    b"mongodb+srv",
];

/// The password of `scheme://user:password@host`; the user and the host are not secret.
pub(super) fn password(place: &Place<'_>) -> Verdict {
    let text = place.text;
    let is_scheme = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
    let scheme_len =
        text[..place.at].iter().rev().take(LONGEST_SCHEME).take_while(is_scheme).count();
    let scheme = &text[place.at - scheme_len..place.at];
    if !scheme.last().is_some_and(u8::is_ascii_alphanumeric) {
        return Verdict::Nothing;
    }
    let is_database = DATABASES.iter().any(|known| ends_with_word(scheme, known));
    let ends = |byte: u8| {
        byte <= b' ' || b"\"'`<>\\|\x7f".contains(&byte) || (!is_database && b"/?#".contains(&byte))
    };
    let start = place.after();
    let end = place.run(start, LONGEST_LOGIN, |byte| !ends(byte));
    let login = &text[start..end.unwrap_or(text.len())];
    let Some(colon) = memchr::memchr(b':', login).filter(|&at| at <= LONGEST_USER) else {
        return Verdict::Nothing;
    };
    if memchr::memchr3(b'@', b'/', b'?', &login[..colon]).is_some() {
        return Verdict::Nothing;
    }
    if end.is_none() {
        return Verdict::Open(start + colon + 1);
    }
    let Some(at) = last_at(login) else { return Verdict::Nothing };
    if at <= colon {
        return Verdict::Nothing;
    }
    let (user, password) = (&login[..colon], &login[colon + 1..at]);
    if password.len() < SHORTEST_PASSWORD || password == user || is_placeholder(password) {
        return Verdict::Nothing;
    }
    Verdict::Found("connection-string", start + colon + 1..start + at)
}

/// The `@` before the host: the last before the query, else the last.
fn last_at(login: &[u8]) -> Option<usize> {
    let query = memchr::memchr(b'?', login).unwrap_or(login.len());
    memchr::memrchr(b'@', &login[..query]).or_else(|| memchr::memrchr(b'@', login))
}

/// Whether `scheme` is `word`, perhaps behind other letters' boundary, as `jdbc:` leaves none.
fn ends_with_word(scheme: &[u8], word: &[u8]) -> bool {
    scheme.len() >= word.len() && scheme[scheme.len() - word.len()..].eq_ignore_ascii_case(word)
}
