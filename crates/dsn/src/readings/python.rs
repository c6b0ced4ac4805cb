//! Python's `urllib.parse`, which three of the clients begin with.

use crate::Refusal;
use crate::percent::{decode_form, decode_lenient};

/// `urlsplit`: the parts of a URL, as they stand in the text.
pub(super) struct Split {
    /// The scheme in lower case, or nothing.
    pub(super) scheme: String,
    /// Everything between `//` and the path.
    pub(super) netloc: String,
    /// The path.
    pub(super) path: String,
    /// The text between `?` and `#`.
    pub(super) query: String,
}

/// Splits a URL as `urlsplit` does; tabs and line breaks vanish, as do white space and controls in front.
pub(super) fn urlsplit(text: &str) -> Result<Split, Refusal> {
    let text: String = text
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\r' | '\n'))
        .collect();
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), text.as_str()),
    };
    let (netloc, rest) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    check_brackets(netloc)?;
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Ok(Split { scheme, netloc: netloc.to_owned(), path: path.to_owned(), query: query.to_owned() })
}

impl Split {
    /// `username` and `password`: what stands before the last `@`, split at the first colon.
    pub(super) fn userinfo(&self) -> (&str, &str) {
        let userinfo = self.netloc.rsplit_once('@').map_or("", |(userinfo, _)| userinfo);
        userinfo.split_once(':').unwrap_or((userinfo, ""))
    }

    /// `hostname` (in lower case, without brackets) and the port's text.
    pub(super) fn host_port(&self) -> (String, &str) {
        let hosts = self.netloc.rsplit_once('@').map_or(self.netloc.as_str(), |(_, hosts)| hosts);
        let (host, port) = match hosts.split_once('[') {
            Some((_, rest)) => {
                let (host, rest) = rest.split_once(']').unwrap_or((rest, ""));
                (host, rest.split_once(':').map_or("", |(_, port)| port))
            }
            None => hosts.split_once(':').unwrap_or((hosts, "")),
        };
        let lower = match host.split_once('%') {
            Some((name, zone)) => format!("{}%{zone}", name.to_lowercase()),
            None => host.to_lowercase(),
        };
        (lower, port)
    }
}

/// The port as `SplitResult.port` has it: digits up to 65535, or a refusal.
pub(super) fn port_number(port: &str) -> Result<Option<u32>, Refusal> {
    if port.is_empty() {
        return Ok(None);
    }
    let number =
        port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse::<u32>().ok()).flatten();
    match number.filter(|&number| number <= 65535) {
        Some(number) => Ok(Some(number)),
        None => Err(Refusal::new("Port could not be cast to integer value")),
    }
}

/// `unquote`: lenient, and what is not UTF-8 becomes U+FFFD.
pub(super) fn unquote(text: &str) -> String {
    lossy(&decode_lenient(text.as_bytes()))
}

/// `parse_qsl` without blank values; where it is strict, a pair without `=` is refused.
pub(super) fn parse_qsl(query: &str, is_strict: bool) -> Result<Vec<(String, String)>, Refusal> {
    let mut pairs = Vec::new();
    if query.is_empty() {
        return Ok(pairs);
    }
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some((_, "")) => {}
            Some((key, value)) => {
                pairs.push((
                    lossy(&decode_form(key.as_bytes())),
                    lossy(&decode_form(value.as_bytes())),
                ));
            }
            None if is_strict => return Err(Refusal::new("bad query field")),
            None => {}
        }
    }
    Ok(pairs)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn check_brackets(netloc: &str) -> Result<(), Refusal> {
    if netloc.contains('[') != netloc.contains(']') {
        return Err(Refusal::new("Invalid IPv6 URL"));
    }
    let Some((_, rest)) = netloc.split_once('[') else { return Ok(()) };
    let host = rest.split_once(']').map_or("", |(host, _)| host);
    if let Some(future) = host.strip_prefix('v') {
        let is_valid = future.split_once('.').is_some_and(|(version, rest)| {
            !rest.is_empty()
                && !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        return if is_valid { Ok(()) } else { Err(Refusal::new("IPvFuture address is invalid")) };
    }
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    match address.parse::<std::net::Ipv6Addr>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::new("the bracketed host is not an IPv6 address")),
    }
}
