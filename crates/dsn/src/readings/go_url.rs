//! Go's `net/url`, which lib/pq begins with.

use crate::Refusal;
use crate::percent::{decode_lenient, is_well_formed};

/// The parts of a URL as `net/url` has them, decoded where it decodes them.
pub(super) struct GoUrl {
    /// The user name and, where there is a colon, the password.
    pub(super) userinfo: Option<(Vec<u8>, Option<Vec<u8>>)>,
    /// `host[:port]`, decoded.
    pub(super) host: Vec<u8>,
    /// The path, decoded.
    pub(super) path: Vec<u8>,
    /// The query's pairs, decoded; those that cannot be are left out.
    pub(super) query: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Parses the part of a URL after `scheme://`.
pub(super) fn parse(rest: &[u8]) -> Result<GoUrl, Refusal> {
    if rest.iter().any(|&byte| byte < 0x20 || byte == 0x7f) {
        return Err(Refusal::new("net/url: invalid control character in URL"));
    }
    let (rest, fragment) = cut(rest, b'#');
    let (rest, query) = cut(rest, b'?');
    let end = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let at = authority.iter().rposition(|&byte| byte == b'@');
    let host = host(&authority[at.map_or(0, |at| at + 1)..])?;
    let userinfo = at.map(|at| userinfo(&authority[..at])).transpose()?;
    let path = unescape(path)?;
    unescape(fragment.unwrap_or_default())?;
    Ok(GoUrl { userinfo, host, path, query: pairs(query.unwrap_or_default()) })
}

/// Splits `host:port` as `net.SplitHostPort` does; `None` where it is an error.
pub(super) fn split_host_port(host_port: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = host_port.iter().rposition(|&byte| byte == b':')?;
    let (host, port) = (&host_port[..colon], &host_port[colon + 1..]);
    let host = if host.first() == Some(&b'[') {
        let end = host_port.iter().position(|&byte| byte == b']')?;
        if end + 1 != colon {
            return None;
        }
        &host_port[1..end]
    } else {
        if host.contains(&b':') {
            return None;
        }
        host
    };
    let has_stray_bracket = |text: &[u8]| text.contains(&b'[') || text.contains(&b']');
    (!has_stray_bracket(host) && !has_stray_bracket(port)).then_some((host, port))
}

fn userinfo(text: &[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), Refusal> {
    let is_valid =
        |&byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !text.iter().all(is_valid) {
        return Err(Refusal::new("net/url: invalid userinfo"));
    }
    let (user, password) = cut(text, b':');
    Ok((unescape(user)?, password.map(unescape).transpose()?))
}

fn host(text: &[u8]) -> Result<Vec<u8>, Refusal> {
    let bracket = text.iter().position(|&byte| byte == b'[');
    if bracket.is_some_and(|found| found > 0) {
        return Err(Refusal::new("invalid IP-literal"));
    }
    if bracket.is_some() {
        let Some(end) = text.iter().rposition(|&byte| byte == b']') else {
            return Err(Refusal::new("missing ']' in host"));
        };
        if !is_optional_port(&text[end + 1..]) {
            return Err(Refusal::new("invalid port after host"));
        }
        let address = unescape_host(&text[1..end])?;
        let literal = String::from_utf8_lossy(&address).into_owned();
        let literal = literal.split('%').next().unwrap_or_default().to_owned();
        if literal.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(Refusal::new("invalid host"));
        }
        return Ok([b"[", address.as_slice(), &text[end..]].concat());
    }
    if let Some(colon) = text.iter().rposition(|&byte| byte == b':')
        && !is_optional_port(&text[colon..])
    {
        return Err(Refusal::new("invalid port after host"));
    }
    unescape_host(text)
}

fn is_optional_port(text: &[u8]) -> bool {
    match text.split_first() {
        None => true,
        Some((b':', digits)) => digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    }
}

/// In a host only bytes beyond ASCII, and the `%25` of a zone, may be escaped.
fn unescape_host(text: &[u8]) -> Result<Vec<u8>, Refusal> {
    let decoded = unescape(text)?;
    let is_allowed = |&byte: &u8| {
        byte >= 0x80 || byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    let escapes = text.windows(3).filter(|window| window[0] == b'%');
    for escape in escapes {
        if escape[1] < b'8' && escape != b"%25" {
            return Err(Refusal::new("invalid URL escape in host"));
        }
    }
    if text.iter().all(is_allowed) {
        Ok(decoded)
    } else {
        Err(Refusal::new("invalid character in host name"))
    }
}

fn unescape(text: &[u8]) -> Result<Vec<u8>, Refusal> {
    if is_well_formed(text) {
        Ok(decode_lenient(text))
    } else {
        Err(Refusal::new("invalid URL escape"))
    }
}

/// `url.ParseQuery` as `URL.Query` uses it: what is wrong in a pair drops that pair alone.
fn pairs(query: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let form = |text: &[u8]| is_well_formed(text).then(|| crate::percent::decode_form(text));
    query
        .split(|&byte| byte == b'&')
        .filter(|pair| !pair.is_empty() && !pair.contains(&b';'))
        .filter_map(|pair| {
            let (key, value) = cut(pair, b'=');
            Some((form(key)?, form(value.unwrap_or_default())?))
        })
        .collect()
}

fn cut(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&byte| byte == separator) {
        Some(found) => (&text[..found], Some(&text[found + 1..])),
        None => (text, None),
    }
}
