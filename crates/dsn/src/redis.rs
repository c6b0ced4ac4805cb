//! A Redis URL as the `redis` scheme defines it: every part decoded once, nothing guessed.

use crate::percent::decode_strict;
use crate::{Fields, Refusal};

const SCHEMES: &[(&str, bool)] =
    &[("redis://", false), ("rediss://", true), ("valkey://", false), ("valkeys://", true)];
const SOCKET_SCHEME: &[u8] = b"unix://";

/// Whether the text begins with a scheme that Redis clients take.
pub fn is_redis(text: &[u8]) -> bool {
    scheme(text).is_some() || has_prefix(text, SOCKET_SCHEME)
}

/// Reads a Redis URL: fields `user password host port dbname`, and `tls` where the scheme asks for it.
///
/// Userinfo ends at the last `@` before the first `/`, `?` or `#`. Percent escapes are decoded once and
/// `+` stays `+`; what the individual clients do instead is in the readings.
///
/// # Errors
/// A refusal where the scheme is another one, an escape is malformed, a port is no number between 1 and
/// 65535, or the database is no number.
pub fn parse(text: &[u8]) -> Result<Fields, Refusal> {
    let mut fields = Fields::new();
    if has_prefix(text, SOCKET_SCHEME) {
        let start = SOCKET_SCHEME.len();
        let (rest, end) = split_at_any(text, start, b"?#");
        let slash = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
        // What stands before an `@` is no part of the path, as redis-client and redis-py have it.
        let at = rest[..slash].iter().rposition(|&byte| byte == b'@');
        if let Some(at) = at {
            userinfo(&mut fields, &rest[..at], start)?;
        }
        let skipped = at.map_or(0, |at| at + 1);
        let path = decode_strict(&rest[skipped..], start + skipped)?;
        fields.set("host", path.into_owned());
        database_of_query(&mut fields, text, end)?;
        return Ok(fields);
    }
    let Some((start, tls)) = scheme(text) else {
        return Err(Refusal::new("the scheme is not redis, rediss, valkey, valkeys or unix").at(0));
    };
    let (authority, rest) = split_at_any(text, start, b"/?#");
    let host_start = match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) => {
            userinfo(&mut fields, &authority[..at], start)?;
            at + 1
        }
        None => 0,
    };
    host_and_port(&mut fields, &authority[host_start..], start + host_start)?;
    if tls {
        fields.set("tls", b"true".as_slice());
    }
    let mut end = rest;
    if text.get(rest) == Some(&b'/') {
        let (path, path_end) = split_at_any(text, rest + 1, b"?#");
        database(&mut fields, path, rest + 1)?;
        end = path_end;
    }
    database_of_query(&mut fields, text, end)?;
    Ok(fields)
}

/// Takes the database from the query's `db` where the path names none, as the scheme's registration has it.
fn database_of_query(fields: &mut Fields, text: &[u8], start: usize) -> Result<(), Refusal> {
    if text.get(start) != Some(&b'?') || fields.get("dbname").is_some() {
        return Ok(());
    }
    let mut offset = start + 1;
    let (query, _) = split_at_any(text, offset, b"#");
    for pair in query.split(|&byte| byte == b'&') {
        if let Some(number) = pair.strip_prefix(b"db=") {
            return database(fields, number, offset + 3);
        }
        offset += pair.len() + 1;
    }
    Ok(())
}

fn userinfo(fields: &mut Fields, text: &[u8], offset: usize) -> Result<(), Refusal> {
    let (user, password) = match text.iter().position(|&byte| byte == b':') {
        Some(colon) => (&text[..colon], Some(colon + 1)),
        None => (text, None),
    };
    if !user.is_empty() {
        fields.set("user", decode_strict(user, offset)?.into_owned());
    }
    if let Some(start) = password.filter(|&start| start < text.len()) {
        fields.set("password", decode_strict(&text[start..], offset + start)?.into_owned());
    }
    Ok(())
}

fn host_and_port(fields: &mut Fields, text: &[u8], offset: usize) -> Result<(), Refusal> {
    let (host, port) =
        if text.first() == Some(&b'[') {
            let close = text.iter().position(|&byte| byte == b']').ok_or_else(|| {
                Refusal::new("the IPv6 address has no closing bracket").at(offset)
            })?;
            match text.get(close + 1) {
                None => (&text[1..close], None),
                Some(b':') => (&text[1..close], Some(close + 2)),
                Some(_) => {
                    return Err(Refusal::new("only a port may follow the IPv6 address")
                        .at(offset + close + 1));
                }
            }
        } else {
            match text.iter().position(|&byte| byte == b':') {
                Some(colon) => (&text[..colon], Some(colon + 1)),
                None => (text, None),
            }
        };
    if !host.is_empty() {
        fields.set("host", decode_strict(host, offset)?.into_owned());
    }
    if let Some(start) = port.filter(|&start| start < text.len()) {
        let digits = &text[start..];
        if !is_port(digits) {
            return Err(
                Refusal::new("the port is not a number between 1 and 65535").at(offset + start)
            );
        }
        fields.set("port", digits);
    }
    Ok(())
}

fn database(fields: &mut Fields, path: &[u8], offset: usize) -> Result<(), Refusal> {
    if path.is_empty() {
        return Ok(());
    }
    if !path.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::new("the database is not a number").at(offset));
    }
    fields.set("dbname", path);
    Ok(())
}

pub(crate) fn is_port(digits: &[u8]) -> bool {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    digits.iter().all(u8::is_ascii_digit) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn scheme(text: &[u8]) -> Option<(usize, bool)> {
    SCHEMES
        .iter()
        .find(|(scheme, _)| has_prefix(text, scheme.as_bytes()))
        .map(|(scheme, tls)| (scheme.len(), *tls))
}

fn has_prefix(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn split_at_any<'text>(text: &'text [u8], from: usize, any_of: &[u8]) -> (&'text [u8], usize) {
    let end = text[from..]
        .iter()
        .position(|byte| any_of.contains(byte))
        .map_or(text.len(), |found| from + found);
    (&text[from..end], end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let fields = parse(text.as_bytes()).unwrap();
        let found: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name, value.expose_text().unwrap())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_password_before_a_socket_is_no_part_of_its_path() {
        check("unix:///tmp/r.sock", &[("host", "/tmp/r.sock")]);
        check(
            "unix://:CANARYpw@/tmp/r.sock?db=2",
            &[("password", "CANARYpw"), ("host", "/tmp/r.sock"), ("dbname", "2")],
        );
        check("unix:///tmp/a@b.sock", &[("host", "/tmp/a@b.sock")]);
    }

    #[test]
    fn the_query_names_the_database_where_the_path_does_not() {
        check("redis://h?db=3", &[("host", "h"), ("dbname", "3")]);
        check("redis://h/?timeout=1&db=3#x", &[("host", "h"), ("dbname", "3")]);
        check("redis://h/1?db=3", &[("host", "h"), ("dbname", "1")]);
        assert!(parse(b"redis://h?db=x").is_err());
    }
}
