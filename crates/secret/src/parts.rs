//! The secrets inside a secret: a URL's password, a header's token, the lines of a key.

mod inside;
mod lines;
mod listed;
mod named;
mod room;

use std::fmt;
use std::ops::Range;

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use room::Room;

/// Which part of a credential's value was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// All of it.
    Whole,
    /// The password in a connection string, as written or decoded.
    Password,
    /// `user:password`, as Basic authentication encodes it.
    UserAndPassword,
    /// One token of several, or without the word before it, as `FlyV1`.
    Token,
    /// One line of several, as in a PEM block.
    Line,
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Whole => "value",
            Self::Password => "password",
            Self::UserAndPassword => "user and password",
            Self::Token => "token",
            Self::Line => "line",
        })
    }
}

/// Hands the whole `value` and every secret part of it to `take`.
pub fn parts(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    take(Part::Whole, value);
    for (user, password) in logins(value) {
        take_login(&value[user], &value[password], take);
    }
    for password in keyword_passwords(value) {
        take(Part::Password, &value[password]);
    }
    tokens(value, take);
    inside::url_tokens(value, take);
    inside::json_members(value, take);
    named::assigned(value, take);
    named::path_token(value, take);
    listed::listed(value, take);
    lines::data(value, take);
    lines::binary_keys(value, take);
}

/// The user and the password in each `scheme://user:password@host`; twice where an unencoded `/`, `?`
/// or `#` leaves open whether the password ends at the last `@` before it or at the last of all.
fn logins(value: &[u8]) -> Vec<(Range<usize>, Range<usize>)> {
    let starts: Vec<usize> = memchr::memmem::find_iter(value, b"://").map(|at| at + 3).collect();
    let ends = starts.iter().skip(1).map(|next| url_end(value, *next)).chain([value.len()]);
    starts.iter().zip(ends).flat_map(|(start, end)| logins_of(&value[..end], *start)).collect()
}

/// Where a URL ends whose next begins `://` before `next`: at what stands before its scheme.
fn url_end(value: &[u8], next: usize) -> usize {
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
    let before = &value[..next - 3];
    before.len() - before.iter().rev().take_while(|byte| is_scheme(byte)).count()
}

/// The same for the one URL whose authority begins at `start`.
fn logins_of(value: &[u8], start: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let rest = &value[start..];
    let authority_len = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    let by_standard = memchr::memrchr(b'@', &rest[..authority_len]);
    let by_intent = memchr::memrchr(b'@', rest);
    let ends =
        if by_standard == by_intent { [by_standard, None] } else { [by_standard, by_intent] };
    ends.into_iter()
        .flatten()
        .filter_map(|end| {
            let colon = memchr::memchr(b':', &rest[..end])?;
            (colon + 1 < end).then_some((start..start + colon, start + colon + 1..start + end))
        })
        .collect()
}

fn take_login(user: &[u8], password: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    let decode = |text: &[u8]| Zeroizing::new(percent_decode(text).collect::<Vec<u8>>());
    let decoded = decode(password);
    take(Part::Password, password);
    if decoded.as_slice() != password {
        take(Part::Password, &decoded);
    }
    if !user.is_empty() {
        let mut pair = Zeroizing::new(Vec::with_capacity(user.len() + 1 + decoded.len()));
        pair.extend_from_slice(&decode(user));
        pair.push(b':');
        pair.extend_from_slice(&decoded);
        take(Part::UserAndPassword, &pair);
    }
}

/// The passwords in `host=… password=…`, libpq's other form, in a URL's query, and in the lists of
/// Npgsql (`;Password=…`) and of Redis clients (`,password=…`).
fn keyword_passwords(value: &[u8]) -> Vec<Range<usize>> {
    let lower = Zeroizing::new(value.to_ascii_lowercase());
    let mut keys: Vec<(usize, usize)> = Vec::new();
    for key in [&b"password="[..], b"pwd="] {
        keys.extend(memchr::memmem::find_iter(&lower, key).map(|at| (at, at + key.len())));
    }
    keys.sort_unstable();
    let mut room = Room::new();
    keys.into_iter()
        .filter_map(|(at, start)| {
            let before = at.checked_sub(1).map(|before| value[before]);
            let is_one = before.is_none_or(|byte| b" \t\n?&;,".contains(&byte));
            (is_one && room.has(start)).then(|| {
                let (start, ends) = match value.get(start) {
                    Some(b'\'') => (start + 1, &b"'"[..]),
                    Some(b'"') => (start + 1, &b"\""[..]),
                    // In braces a `;` belongs to it (ODBC and Microsoft's drivers).
                    Some(b'{') => (start + 1, &b"}"[..]),
                    _ if before == Some(b',') => (start, &b","[..]),
                    _ if before == Some(b';') => (start, &b";"[..]),
                    _ => (start, &b" \t\r\n&;"[..]),
                };
                let len = value[start..].iter().position(|byte| ends.contains(byte));
                let end = len.map_or(value.len(), |len| start + len);
                room.take(start, end);
                start..end
            })
        })
        .collect()
}

/// The shortest token that counts as a secret of its own.
const SHORTEST_TOKEN: usize = 20;

fn tokens(value: &[u8], take: &mut dyn FnMut(Part, &[u8])) {
    let mut rest = value;
    for word in [&b"FlyV1 "[..], b"Bearer ", b"Basic ", b"Token "] {
        if let Some(after) = rest.strip_prefix(word) {
            take(Part::Token, after);
            rest = after;
        }
    }
    if rest.starts_with(b"fm") && rest.contains(&b',') {
        rest.split(|&byte| byte == b',')
            .map(<[u8]>::trim_ascii)
            .filter(|token| token.len() >= SHORTEST_TOKEN)
            .for_each(|token| take(Part::Token, token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &[(Part, &str)]) {
        let mut found = Vec::new();
        parts(value.as_bytes(), &mut |part, bytes| {
            if part != Part::Whole {
                found.push((part, String::from_utf8_lossy(bytes).into_owned()));
            }
        });
        let expected: Vec<_> = expected.iter().map(|part| (part.0, part.1.to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn passwords_in_connection_strings() {
        use Part::{Password, UserAndPassword};
        check(
            "postgres://u:secret12@h/d",
            &[(Password, "secret12"), (UserAndPassword, "u:secret12")],
        );
        check(
            "postgres://u.r:p%2Fw%21d@h:5432/d?x=1",
            &[(Password, "p%2Fw%21d"), (Password, "p/w!d"), (UserAndPassword, "u.r:p/w!d")],
        );
        check("redis://:only@h", &[(Password, "only")]);
        check(
            "postgres://u:p@s/w@h/d",
            &[
                (Password, "p"),
                (UserAndPassword, "u:p"),
                (Password, "p@s/w"),
                (UserAndPassword, "u:p@s/w"),
            ],
        );
        check("postgres://u:p/s@h/d", &[(Password, "p/s"), (UserAndPassword, "u:p/s")]);
        check("host=h password='a b' user=u", &[(Password, "a b")]);
        check("host=h password=ab user=u", &[(Password, "ab")]);
        check("postgres://h/d?user=u&password=ab&x=1", &[(Password, "ab")]);
        check("postgres://h/d", &[]);
        check("mypassword=x", &[]);
        check("Host=h;Username=u;Password=a b;Database=d", &[(Password, "a b")]);
        check("h:6380,password=ab=,ssl=True", &[(Password, "ab=")]);
        check("jdbc:sqlserver://h;user=u;password={Js7Vw;2x}", &[(Password, "Js7Vw;2x")]);
        check(
            "amqp://u:one12345@h1//;amqp://u:two12345@h2//",
            &[
                (Password, "one12345"),
                (UserAndPassword, "u:one12345"),
                (Password, "two12345"),
                (UserAndPassword, "u:two12345"),
            ],
        );
    }

    /// Rows of pieces of which each was once taken with all that is behind it.
    #[test]
    fn long_rows_are_taken_apart_in_time() {
        let name = "token".repeat(20_000);
        for (before, piece) in [
            ("", "token="),
            ("", "a_PASS="),
            ("", "token=\""),
            ("", ";password={"),
            ("", ";password='x"),
            (",password=", "?password="),
            ("", "password "),
            ("http://", "?key=%3F"),
            ("", "</password"),
            (&format!("{{\"{name}\":"), "["),
            (&format!("{{\"{name}\":["), "\"a\","),
        ] {
            let value = format!("{before}{}", piece.repeat(500_000 / piece.len()));
            let started = std::time::Instant::now();
            let mut n_bytes = 0;
            parts(value.as_bytes(), &mut |_, bytes| n_bytes += bytes.len());
            let spent = started.elapsed();
            assert!(spent.as_secs() < 5, "{piece}: {spent:?}");
            assert!(n_bytes < 8 * value.len(), "{piece}: {n_bytes}");
        }
    }

    #[test]
    fn tokens_behind_a_word() {
        check(
            "FlyV1 fm2_aaaaaaaaaaaaaaaaaaaa,fm2_bbbbbbbbbbbbbbbbbbbb",
            &[
                (Part::Token, "fm2_aaaaaaaaaaaaaaaaaaaa,fm2_bbbbbbbbbbbbbbbbbbbb"),
                (Part::Token, "fm2_aaaaaaaaaaaaaaaaaaaa"),
                (Part::Token, "fm2_bbbbbbbbbbbbbbbbbbbb"),
            ],
        );
    }

    #[test]
    fn lines_that_are_data() {
        let lines = [(Part::Line, "MIIEvQIBADAN"), (Part::Line, "lastline1234")];
        check(
            "-----BEGIN KEY-----\nMIIEvQIBADAN\nshort\nlastline1234\n-----END KEY-----\n",
            &lines,
        );
        check("{\"key\":\"-----BEGIN KEY-----\\nMIIEvQIBADAN\\nshort\\nlastline1234\\n\"}", &lines);
        check("one\r\nMIIEvQIBADAN\r\n\r\nlastline1234", &lines);
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIDCANARYxx\n-----END CERTIFICATE-----\n";
        check(&format!("{certificate}MIIEvQIBADAN\n{certificate}lastline1234"), &lines);
        check("a\\b\\", &[]);
        let body = "MIGHAENBTk\r\nFSWS0xMg==";
        let key = format!("-----BEGIN PRIVATE KEY-----\r\n{body}\r\n-----END PRIVATE KEY-----");
        let binary = [(Part::Line, "CANARY-12")];
        check(&key, &binary);
        check(&key.replace("\r\n", "\\n"), &binary);
        check(&key.replace("PRIVATE", "PUBLIC"), &[]);
    }
}
