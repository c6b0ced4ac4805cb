//! The shapes that are plain text: names, numbers, addresses, encodings, patterns.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde::de::IgnoredAny;

use super::Fit;

pub(super) fn hostname(value: &str) -> Fit {
    if value.contains("://") {
        return Err("is a URL where a host name belongs");
    }
    if value.contains(':') && value.parse::<std::net::Ipv6Addr>().is_err() {
        return Err("has a port or user beside the host name");
    }
    if is_host(value) { Ok(()) } else { Err("is not a host name") }
}

/// RFC 1123 names (with `_`, which container networks use) and addresses.
pub(super) fn is_host(value: &str) -> bool {
    // No name ends in a number behind a dot, so that it is told from an address.
    let last = value.rsplit_once('.').map_or("", |(_, last)| last);
    let is_numeric = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    (!is_numeric && is_host_name(value)) || value.parse::<std::net::IpAddr>().is_ok()
}

fn is_host_name(value: &str) -> bool {
    let name = value.strip_suffix('.').unwrap_or(value);
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

pub(super) fn port(value: &str) -> Fit {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<u16>() {
        Ok(port) if digits && port > 0 => Ok(()),
        _ => Err("is not a port: it must be a whole number from 1 to 65535"),
    }
}

pub(super) fn integer(value: &str) -> Fit {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err("must be an integer")
    }
}

/// With a capital too, as Python writes and reads them.
pub(super) fn bool(value: &str) -> Fit {
    if matches!(value, "true" | "false" | "True" | "False") {
        Ok(())
    } else {
        Err("must be `true` or `false`")
    }
}

/// An address, alone or behind a name as a sender's is: `Support <support@example.org>`.
pub(super) fn email(value: &str) -> Fit {
    let named = value.strip_suffix('>').and_then(|value| value.rsplit_once(" <"));
    let address = named.map_or(value, |(_, address)| address);
    let parts = address.rsplit_once('@');
    let fits = parts.is_some_and(|(user, host)| {
        !user.is_empty()
            && !user.contains(|character: char| {
                character.is_whitespace() || "<>@,;:".contains(character)
            })
            && host.contains('.')
            && is_host(host)
    });
    if fits { Ok(()) } else { Err("is not an e-mail address") }
}

pub(super) fn uuid(value: &str) -> Fit {
    let fits = value.len() == 36
        && value.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if fits { Ok(()) } else { Err("is not a UUID") }
}

pub(super) fn hex(value: &str) -> Fit {
    if !value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("has characters that are not hexadecimal digits");
    }
    if value.len().is_multiple_of(2) {
        Ok(())
    } else {
        Err("has an odd number of hexadecimal digits")
    }
}

/// Both alphabets, with and without padding; line breaks are left out, as `base64` writes them.
pub(super) fn base64(value: &str) -> Fit {
    let bytes: Vec<u8> = value.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    // What is decoded is a secret too and is wiped.
    let decodes = [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
        .iter()
        .any(|encoding| encoding.decode(&bytes).map(secret::Secret::new).is_ok());
    drop(secret::Secret::new(bytes));
    if decodes { Ok(()) } else { Err("is not base64") }
}

pub(super) fn json(value: &str) -> Fit {
    match serde_json::from_str::<IgnoredAny>(value) {
        Ok(_) => Ok(()),
        Err(_) => Err("is not JSON"),
    }
}

pub(super) fn pattern(pattern: &str, value: &str) -> Fit {
    match compile(pattern) {
        Some(compiled) if compiled.is_match(value) => Ok(()),
        Some(_) => Err("does not match the declared pattern as a whole"),
        None => Err("cannot be judged: the declared pattern is too large"),
    }
}

/// The pattern anchored at both ends: a value that merely contains a match does not fit.
pub(super) fn compile(pattern: &str) -> Option<regex::Regex> {
    // Under `(?x)` a comment at its end runs to the end of the line.
    let anchored = |end: &str| regex::Regex::new(&format!(r"\A(?:{pattern}{end})\z"));
    anchored("").or_else(|_| anchored("\n")).ok()
}
