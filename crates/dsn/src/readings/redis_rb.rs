//! redis-rb (redis-client): `URLConfig`, on Ruby's RFC 3986 `URI()`; what Sidekiq and Chatwoot use.

use super::{set_given, utf8};
use crate::percent::{decode_form, is_well_formed};
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let uri = split(utf8(text)?).ok_or_else(|| Refusal::new("bad URI (is not URI?)"))?;
    let mut fields = Fields::new();
    let is_socket = match uri.scheme.to_ascii_lowercase().as_str() {
        "redis" => false,
        "rediss" => {
            fields.set("tls", "true");
            false
        }
        "unix" => true,
        _ => return Err(Refusal::new("Invalid URL: the scheme is not redis, rediss or unix")),
    };
    if let Some(userinfo) = uri.userinfo {
        match userinfo.split_once(':') {
            // The user is taken as it stands, and a lone user is the password.
            Some((user, password)) => {
                set_given(&mut fields, "user", user);
                set_given(&mut fields, "password", decode_form(password.as_bytes()));
            }
            None => set_given(&mut fields, "password", decode_form(userinfo.as_bytes())),
        }
    }
    if is_socket {
        set_given(&mut fields, "host", [uri.host, uri.path].concat());
    } else {
        let host = uri.host;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        set_given(&mut fields, "host", bare);
        let port = uri.port.trim_start_matches('0');
        let is_zero = port.is_empty() && !uri.port.is_empty();
        set_given(&mut fields, "port", if is_zero { "0" } else { port });
        database(&mut fields, uri.path.strip_prefix('/').unwrap_or_default())?;
    }
    if fields.get("dbname").is_none() {
        let number = uri.query.split('&').find_map(|pair| pair.strip_prefix("db="));
        database(&mut fields, number.unwrap_or_default())?;
    }
    Ok(fields)
}

struct Uri<'text> {
    scheme: &'text str,
    userinfo: Option<&'text str>,
    host: &'text str,
    port: &'text str,
    path: &'text str,
    query: &'text str,
}

/// Splits a URI that has an authority; `None` where a character is not allowed where it stands.
fn split(text: &str) -> Option<Uri<'_>> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (userinfo, host_port) = match authority.split_once('@') {
        Some((userinfo, host_port)) => (Some(userinfo), host_port),
        None => (None, authority),
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_port, ""),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => all(host, b""),
    };
    let fits = is_scheme
        && is_host
        && userinfo.is_none_or(|userinfo| all(userinfo, b":"))
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && all(path, b":@/")
        && all(query, b":@/?")
        && all(fragment, b":@/?");
    fits.then_some(Uri { scheme, userinfo, host, port, path, query })
}

/// Ruby's `Integer()`: a sign, and octal after a zero.
fn database(fields: &mut Fields, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let invalid = || Refusal::new("invalid value for Integer()");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let radix = if digits.starts_with('0') { 8 } else { 10 };
    let number = u64::from_str_radix(digits, radix).map_err(|_| invalid())?;
    fields.set("dbname", format!("{sign}{number}"));
    Ok(())
}

/// Whether a text consists of unreserved characters, sub-delimiters, whole escapes and the given others.
fn all(text: &str, others: &[u8]) -> bool {
    is_well_formed(text.as_bytes())
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || b"-._~%!$&'()*+,;=".contains(&byte)
                || others.contains(&byte)
        })
}
