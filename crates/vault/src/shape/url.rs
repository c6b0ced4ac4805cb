//! The shapes that are URLs: as much as any client needs; `dsn-align` looks closer.

use super::text::is_host;
use super::{Fit, text};

/// The parts of `scheme://user:password@host:port/path?query`, as libpq cuts them.
pub(crate) struct Parts<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
    /// The host and port, or several with commas between.
    pub(crate) address: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

pub(super) fn postgres(value: &str) -> Fit {
    let Some(parts) = split(value) else {
        return Err(if value.contains("host=") {
            "is a list of `key=value`; write it as `postgresql://…`"
        } else {
            "is not a URL"
        });
    };
    if !matches!(parts.scheme, "postgres" | "postgresql") {
        return Err("is a URL, but its scheme is neither `postgresql` nor `postgres`");
    }
    // libpq takes both from the query as well.
    let is_in_query = |name: &str| {
        let mut pairs = parts.query.into_iter().flat_map(|query| query.split('&'));
        pairs.any(|pair| pair.strip_prefix(name).is_some_and(|value| !value.is_empty()))
    };
    check(&parts, |host| {
        (host.is_empty() && is_in_query("host=")) || is_authority_host(host) || is_socket(host)
    })?;
    if parts.user.is_none_or(str::is_empty) && !is_in_query("user=") {
        return Err("names no user");
    }
    if parts.path.trim_start_matches('/').as_bytes().contains(&b'/') {
        return Err(
            "has a `/` in the name of the database; in a user or password it is written %2F",
        );
    }
    Ok(())
}

pub(super) fn redis(value: &str) -> Fit {
    let Some(parts) = split(value) else { return Err("is not a URL") };
    if !matches!(parts.scheme, "redis" | "rediss") {
        return Err("is a URL, but its scheme is neither `redis` nor `rediss`");
    }
    check(&parts, is_authority_host)?;
    let database = parts.path.trim_start_matches('/');
    if database.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err("has a database that is not a number; a `/` in a password is written %2F")
    }
}

pub(super) fn https(value: &str) -> Fit {
    match split(value) {
        Some(parts) if parts.scheme == "https" && parts.address.contains(',') => {
            Err("has a comma in its host name: it is a list, or two URLs in one")
        }
        Some(parts) if parts.scheme == "https" => check(&parts, is_authority_host),
        Some(parts) if parts.scheme == "http" => Err("is `http`, not `https`"),
        Some(_) => Err("is a URL, but not of the scheme `https`"),
        None => Err("is not a URL"),
    }
}

/// Schemes whose URL names a file of this machine, and no host.
const LOCAL: [&str; 3] = ["file", "sqlite", "unix"];

pub(super) fn any(value: &str) -> Fit {
    // SQL Server's has its settings behind `;`.
    let jdbc = value.strip_prefix("jdbc:").and_then(|jdbc| jdbc.split(';').next());
    match split(jdbc.unwrap_or(value)) {
        Some(parts) => {
            let is_local = LOCAL.contains(&parts.scheme) && parts.path.len() > 1;
            check(&parts, |host| (is_local && host.is_empty()) || is_authority_host(host))
        }
        None => Err("is not a URL"),
    }
}

fn check(parts: &Parts<'_>, is_good_host: impl Fn(&str) -> bool) -> Fit {
    let all = [parts.user, parts.password, Some(parts.path), parts.query];
    for part in all.into_iter().flatten() {
        // Blanks and control bytes; without a way out between them many are looked at in one step.
        let is_bad = |byte: u8| byte <= b' ' || byte == 0x7f;
        if part.bytes().fold(false, |found, byte| found | is_bad(byte)) {
            return Err("is a URL with white space in it");
        }
        if !is_percent_encoded(part) {
            return Err("has a `%` that begins no percent-encoding; a `%` itself is written %25");
        }
    }
    if parts.address.as_bytes().contains(&b'@') {
        return Err("has two `@`; in a user or password it is written %40");
    }
    for address in parts.address.split(',') {
        let (host, port) = host_and_port(address);
        if !is_good_host(host) {
            return Err(
                "has no host name, or one that cannot be; `/ ? # : @` in a password are percent-encoded",
            );
        }
        if !matches!(port, None | Some("")) && port.is_none_or(|port| text::port(port).is_err()) {
            return Err(
                "has a port that is not a number from 1 to 65535; `/ ? # : @` in a password are percent-encoded",
            );
        }
    }
    Ok(())
}

fn host_and_port(address: &str) -> (&str, Option<&str>) {
    let port_at = match memchr::memrchr(b']', address.as_bytes()) {
        Some(bracket) => address[bracket..].find(':').map(|offset| bracket + offset),
        None => memchr::memchr(b':', address.as_bytes()),
    };
    match port_at {
        Some(colon) => (&address[..colon], Some(&address[colon + 1..])),
        None => (address, None),
    }
}

fn is_authority_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => {
            rest.strip_suffix(']').is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok())
        }
        None => is_host(host),
    }
}

/// The folder of a Unix socket, percent-encoded: `%2Fvar%2Frun%2Fpostgresql` (PostgreSQL's manual, 34.1.1.2).
fn is_socket(host: &str) -> bool {
    let is_folder = host.get(..3).is_some_and(|slash| slash.eq_ignore_ascii_case("%2f"));
    is_folder
        && is_percent_encoded(host)
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"%._-".contains(&byte))
}

fn is_percent_encoded(part: &str) -> bool {
    let bytes = part.as_bytes();
    memchr::memchr_iter(b'%', bytes).all(|index| {
        matches!(bytes.get(index + 1..index + 3), Some(pair) if pair.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Cuts a URL; the first `@` ends the user and password, as it does for libpq.
pub(crate) fn split(value: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = split_scheme(value)?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    if !is_scheme {
        return None;
    }
    let (authority, rest) = rest.split_at(authority_end(rest));
    let (path, query) = match cut(rest, b'?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let (login, address) = match cut(authority, b'@') {
        Some((login, address)) => (Some(login), address),
        None => (None, authority),
    };
    let (user, password) = match login.map(|login| cut(login, b':').ok_or(login)) {
        Some(Ok((user, password))) => (Some(user), Some(password)),
        Some(Err(user)) => (Some(user), None),
        None => (None, None),
    };
    Some(Parts { scheme, user, password, address, path, query })
}

/// [`str::split_once`], which costs more than all else here does.
fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Cuts a URL at its `://`; each byte is looked at once, for most values have none.
pub(crate) fn split_scheme(value: &str) -> Option<(&str, &str)> {
    let mut colons = memchr::memchr_iter(b':', value.as_bytes());
    let at = colons.find(|at| value[*at..].starts_with("://"))?;
    Some((&value[..at], &value[at + 3..]))
}

/// Where, after `://`, the user, password and address end.
pub(crate) fn authority_end(rest: &str) -> usize {
    rest.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len())
}
