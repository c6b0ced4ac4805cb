//! Secrets under a name inside a value: in a URL's query, and in JSON.

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::Part;

/// Names of which one stands in that of a parameter or member that holds a secret.
const TELLING: [&[u8]; 10] = [
    b"token",
    b"secret",
    b"passw",
    b"pwd",
    b"key",
    b"credential",
    b"signature",
    b"auth",
    b"private",
    b"cookie",
];
/// Shorter ones are codes and names as a rule.
pub(super) const SHORTEST: usize = 12;
/// A shorter user is a name.
const SHORTEST_USER: usize = 16;

/// Takes tokens that stand in a URL as a user without a password, or in its query.
pub(super) fn url_tokens(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    let Some(start) = memchr::memmem::find(value, b"://").map(|at| at + 3) else { return };
    let rest = &value[start..];
    let authority_len = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    if let Some(at) = memchr::memrchr(b'@', &rest[..authority_len]) {
        // GitHub's `TOKEN:x-oauth-basic`; the users of databases are drawn by lot, too, and are names.
        let user = match memchr::memchr(b':', &rest[..at]) {
            Some(colon) if value.starts_with(b"http") => &rest[..colon],
            _ => &rest[..at],
        };
        if is_random(user) {
            take(Part::Token, user);
        }
    }
    let Some(query) = memchr::memchr(b'?', rest).map(|at| &rest[at + 1..]) else { return };
    for pair in query.split(|byte| b"&;#".contains(byte)) {
        let Some(equals) = memchr::memchr(b'=', pair) else { continue };
        let (name, written) = (&pair[..equals], &pair[equals + 1..]);
        // The password of a connection string is taken as one.
        if !is_telling(name) || name.eq_ignore_ascii_case(b"password") {
            continue;
        }
        let decoded = Zeroizing::new(percent_decode(written).collect::<Vec<u8>>());
        if decoded.len() >= SHORTEST {
            take(Part::Token, written);
            if decoded.as_slice() != written {
                take(Part::Token, &decoded);
            }
        }
    }
}

/// Takes the text of every member of a JSON value whose name tells of a secret, however deep.
pub(super) fn json_members(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    if !matches!(value.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return;
    }
    let mut at = 0;
    // For each bracket that is open, whether it is a list, and the name it stands under.
    let mut open: Vec<(bool, Option<Name>)> = Vec::new();
    // The name of the member whose value comes next.
    let mut name: Option<Name> = None;
    while let Some(quote) = memchr::memchr(b'"', &value[at..]).map(|found| at + found) {
        for byte in &value[at..quote] {
            match byte {
                b'{' | b'[' => open.push((*byte == b'[', name)),
                b'}' | b']' => {
                    open.pop();
                    name = None;
                }
                // All items of a list stand under its name.
                b',' => {
                    name = match open.last() {
                        Some((true, of_list)) => *of_list,
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        let Some((text, end)) = string(value, quote + 1) else { return };
        at = end;
        if value[at..].trim_ascii_start().first() == Some(&b':') {
            let outer = open.last().and_then(|(_, outer)| *outer);
            // `"secret": {"value": "…"}`
            // and composer's `"github-oauth": {"github.com": "…"}`.
            let is_empty = EMPTY_NAMES.iter().any(|empty| text.as_slice() == *empty)
                || (text.contains(&b'.') && outer.is_some_and(|outer| outer.is_telling));
            name = if is_empty && outer.is_some() { outer } else { Some(Name::new(&text)) };
        } else if name.is_some_and(|name| name.is_telling && text.len() >= name.shortest)
            // The lines of a key are taken one by one.
            && !text.contains(&b'\n')
        {
            take(Part::Token, &text);
        }
    }
}

/// What there is to know of a name; the name itself may be long, and stand above much.
#[derive(Clone, Copy)]
struct Name {
    is_telling: bool,
    /// How long a text must be to be a secret under it.
    shortest: usize,
}

impl Name {
    fn new(name: &[u8]) -> Name {
        Name { is_telling: is_telling(name), shortest: shortest(name) }
    }
}

/// Names that say nothing by themselves.
const EMPTY_NAMES: [&[u8]; 4] = [b"value", b"current", b"data", b"plaintext"];

/// A password counts from the length on that it has anywhere; what else has a telling name may be a code.
fn shortest(name: &[u8]) -> usize {
    let lower = name.to_ascii_lowercase();
    let is_password = memchr::memmem::find(&lower, b"pass").is_some()
        || memchr::memmem::find(&lower, b"pwd").is_some();
    if is_password { crate::SHORTEST } else { SHORTEST }
}

/// The JSON string that begins at `start`, and where what follows its quote begins.
fn string(value: &[u8], start: usize) -> Option<(Zeroizing<Vec<u8>>, usize)> {
    let mut end = start;
    while *value.get(end)? != b'"' {
        end += if value[end] == b'\\' { 2 } else { 1 };
    }
    // A string is never longer than it is written, so the buffer never moves.
    let mut text = Zeroizing::new(Vec::with_capacity(end - start));
    let mut at = start;
    loop {
        match *value.get(at)? {
            b'"' => return Some((text, at + 1)),
            b'\\' => {
                let escaped = *value.get(at + 1)?;
                at += 2;
                match escaped {
                    b'n' => text.push(b'\n'),
                    b'r' => text.push(b'\r'),
                    b't' => text.push(b'\t'),
                    b'u' => {
                        let digits = std::str::from_utf8(value.get(at..at + 4)?).ok()?;
                        let unit = u32::from_str_radix(digits, 16).ok()?;
                        let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                        at += 4;
                    }
                    other => text.push(other),
                }
            }
            byte => {
                text.push(byte);
                at += 1;
            }
        }
    }
}

/// `access_token`, `apiKey`, `sig`; a public key is no secret.
pub(super) fn is_telling(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    let holds = |word: &[u8]| memchr::memmem::find(&lower, word).is_some();
    let is_short = lower == b"sig" || lower == b"code" || lower.ends_with(b"pass");
    !holds(b"public") && (is_short || TELLING.into_iter().any(holds))
}

/// Letters and digits mixed, as no name has them.
fn is_random(user: &[u8]) -> bool {
    user.len() >= SHORTEST_USER
        && !user.iter().any(|byte| b".:@".contains(byte))
        && user.iter().any(u8::is_ascii_digit)
        && user.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &[&str]) {
        let mut found = Vec::new();
        let mut take = |_: Part, bytes: &[u8]| {
            found.push(String::from_utf8_lossy(bytes).into_owned());
        };
        url_tokens(value.as_bytes(), &mut take);
        json_members(value.as_bytes(), &mut take);
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn tokens_in_urls() {
        check("https://h/v1?token=CANARYkq7Vw2x&page=1234567890123", &["CANARYkq7Vw2x"]);
        check("https://h/?X-Key=CANARY%2Fkq7Vw2x", &["CANARY%2Fkq7Vw2x", "CANARY/kq7Vw2x"]);
        check("redis://CANARYkq7Vw2xTzP@h:6379", &["CANARYkq7Vw2xTzP"]);
        check("https://CANARYkq7Vw2xTzP:x-oauth-basic@h/r.git", &["CANARYkq7Vw2xTzP"]);
        check("postgres://CANARYkq7Vw2xTzP:p@h/d", &[]);
        check("postgres://postgres.abcd1234efgh5678@h/d", &[]);
        check("postgres://app@h/d?sslmode=verify-full", &[]);
    }

    #[test]
    fn members_of_json() {
        check(r#"{"github-oauth":{"github.com":"CANARYkq7Vw2x"}}"#, &["CANARYkq7Vw2x"]);
        check(r#"{"hosts":{"github.com":"CANARYkq7Vw2x"}}"#, &[]);
        check(
            r#"{"type": "service_account", "auth": {"refresh_token": "CANARY\"kq7\u00e9Vw2"}}"#,
            &["CANARY\"kq7\u{e9}Vw2"],
        );
        check(r#"[{"apiKey":"CANARYkq7Vw2x"},{"public_key":"CANARYkq7Vw2x"}]"#, &["CANARYkq7Vw2x"]);
        check(r#"{"tokens": ["CANARYkq7Vw2x", "x"], "name": "CANARYkq7Vw2x"}"#, &["CANARYkq7Vw2x"]);
        check(r#"{"db_password": "CANARYq7", "key": "CANARYq7"}"#, &["CANARYq7"]);
        check(r#"{"token": 1, "name": "CANARYkq7Vw2x"}"#, &[]);
        check(
            r#"{"tokens": ["CANARY1kq7Vw2x", "CANARY2kq7Vw2x"], "names": ["CANARY3kq7Vw2x"]}"#,
            &["CANARY1kq7Vw2x", "CANARY2kq7Vw2x"],
        );
        check(
            r#"{"secret": {"value": "CANARY1kq7Vw2x"}, "db_pass": "CANARY2kq7Vw2x", "password": "CANARY3k"}"#,
            &["CANARY1kq7Vw2x", "CANARY2kq7Vw2x", "CANARY3k"],
        );
        check(r#"{"auth": {"type": "CANARY1kq7Vw2x"}, "data": "CANARY2kq7Vw2x"}"#, &[]);
        check(r#"{"token": "CANARYkq7"#, &[]);
        check("CANARY{\"token\": \"CANARYkq7Vw2x\"}", &[]);
    }
}
