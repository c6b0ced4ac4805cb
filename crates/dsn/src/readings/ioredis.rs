//! ioredis 5: `parseURL`, on Node's old `url.parse`.

use super::whatwg::decode_uri_component;
use super::{set_given, utf8};
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    if text.starts_with(char::is_whitespace) {
        return Err(Refusal::new("Invalid URL"));
    }
    let text = text.trim_end();
    let mut fields = Fields::new();
    let (is_redis, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("redis") => (true, rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("rediss") => {
            fields.set("tls", "true");
            (true, rest)
        }
        // Anything else is taken for `//host…`, scheme and all.
        _ => (false, text),
    };
    // The last `@` before the first of `/ ? #` ends the authentication.
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host_port = match authority.rsplit_once('@') {
        Some((auth, host_port)) => {
            let (user, password) = auth.split_once(':').unwrap_or((auth, ""));
            set_given(&mut fields, "user", decode_uri_component(user)?);
            set_given(&mut fields, "password", decode_uri_component(password)?);
            host_port
        }
        None => authority,
    };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (host_port, ""),
    };
    if !port.is_empty() && !crate::redis::is_port(port.as_bytes()) && port != "0" {
        return Err(Refusal::new("Invalid port"));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    set_given(&mut fields, "host", bare);
    set_given(&mut fields, "port", port);
    if is_redis {
        set_given(&mut fields, "dbname", path.strip_prefix('/').unwrap_or(path));
    }
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        // The URL's own parts win over the query.
        let name = match key.as_ref() {
            "db" => "dbname",
            "username" => "user",
            "password" => "password",
            _ => continue,
        };
        if fields.get(name).is_none() {
            set_given(&mut fields, name, value.as_bytes());
        }
    }
    Ok(fields)
}
