//! RFC 2396 as Ruby's `URI` parses it: one pattern over the whole text, white space around it allowed.

use std::net::Ipv4Addr;

use crate::Refusal;

/// The parts of a URI, as they stand in the text.
#[derive(Debug, Default)]
pub(super) struct Uri<'text> {
    /// The scheme, as it is written.
    pub(super) scheme: &'text str,
    /// What follows `scheme:` where no slash does, the query included.
    pub(super) opaque: Option<&'text str>,
    /// Everything before the `@`.
    pub(super) userinfo: Option<&'text str>,
    /// The host, an IPv6 address in its brackets.
    pub(super) host: Option<&'text str>,
    /// The digits after the colon, perhaps none.
    pub(super) port: Option<&'text str>,
    /// The path with its slash.
    pub(super) path: &'text str,
    /// The text between `?` and `#`.
    pub(super) query: Option<&'text str>,
}

/// Splits an absolute URI, or refuses where the pattern does not match the whole text.
pub(super) fn parse(text: &str) -> Result<Uri<'_>, Refusal> {
    let bad = || Refusal::new("bad URI(is not URI?)");
    let text = text.trim_matches(|c: char| matches!(c, ' ' | '\t'..='\r'));
    let (scheme, rest) = text.split_once(':').ok_or_else(bad)?;
    if !is_scheme(scheme) {
        return Err(bad());
    }
    let (rest, fragment) = match rest.split_once('#') {
        Some((rest, fragment)) => (rest, fragment),
        None => (rest, ""),
    };
    if !all(fragment, b";/?:@&=+$,[]") {
        return Err(bad());
    }
    if !rest.starts_with('/') && !rest.is_empty() && !rest.starts_with(['[', '?']) {
        let is_opaque = all(rest, b";/?:@&=+$,[]");
        return if is_opaque {
            Ok(Uri { scheme, opaque: Some(rest), ..Uri::default() })
        } else {
            Err(bad())
        };
    }
    let (hierarchy, query) = match rest.split_once('?') {
        Some((hierarchy, query)) => (hierarchy, Some(query)),
        None => (rest, None),
    };
    if !query.is_none_or(|query| all(query, b";/?:@&=+$,[]")) {
        return Err(bad());
    }
    let mut uri = Uri { scheme, query, ..Uri::default() };
    match hierarchy.strip_prefix("//") {
        None => uri.path = hierarchy,
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            uri.path = path;
            authority_parts(authority, &mut uri).ok_or_else(bad)??;
        }
    }
    if uri.host.is_none() && uri.path.is_empty() {
        return Err(Refusal::new("bad URI(absolute but no path)"));
    }
    if all(uri.path, b"/;:@&=+$,") { Ok(uri) } else { Err(bad()) }
}

/// `None` where the pattern does not match; a refusal where it does, with a registry name.
fn authority_parts<'text>(
    authority: &'text str,
    uri: &mut Uri<'text>,
) -> Option<Result<(), Refusal>> {
    if authority.is_empty() {
        return Some(Ok(()));
    }
    let (userinfo, host_port) = match authority.split_once('@') {
        Some((userinfo, host_port)) => (Some(userinfo), host_port),
        None => (None, authority),
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (host_port, None),
    };
    let fits = userinfo.is_none_or(|userinfo| all(userinfo, b";:&=+$,"))
        && is_host(host)
        && port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if fits {
        (uri.userinfo, uri.host, uri.port) = (userinfo, Some(host), port);
        return Some(Ok(()));
    }
    all(authority, b"$,;:@&=+")
        .then(|| Err(Refusal::new("the scheme does not accept a registry part")))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte))
}

fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return is_ipv6(address);
    }
    let rest_is_plain = crate::percent::is_well_formed(text.as_bytes());
    !text.is_empty()
        && rest_is_plain
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.%".contains(&byte))
}

/// The pattern's idea of an IPv6 address: any number of groups, at most one `::`, perhaps a dotted end.
fn is_ipv6(text: &str) -> bool {
    let group = |group: &str| {
        (1..=4).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let dotted = |group: &str| group.parse::<Ipv4Addr>().is_ok() || is_loose_ipv4(group);
    let groups = |text: &str, may_end_dotted: bool| {
        let groups: Vec<&str> = text.split(':').collect();
        groups.iter().enumerate().all(|(index, part)| {
            group(part) || may_end_dotted && index + 1 == groups.len() && dotted(part)
        })
    };
    match text.split_once("::") {
        None => groups(text, true),
        Some((left, right)) => {
            (left.is_empty() || groups(left, false)) && (right.is_empty() || groups(right, true))
        }
    }
}

fn is_loose_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a text consists of unreserved characters, whole escapes and the given others.
fn all(text: &str, others: &[u8]) -> bool {
    crate::percent::is_well_formed(text.as_bytes())
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || b"-_.!~*'()%".contains(&byte) || others.contains(&byte)
        })
}
