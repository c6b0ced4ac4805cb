//! redis-py: `parse_url`, on Python's `urlparse`.

use super::python::{parse_qsl, port_number, unquote, urlsplit};
use super::{set_given, utf8};
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    if !["redis://", "rediss://", "unix://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Err(Refusal::new(
            "Redis URL must specify one of the following schemes (redis://, rediss://, unix://)",
        ));
    }
    let url = urlsplit(text)?;
    let mut fields = Fields::new();
    if url.scheme == "rediss" {
        fields.set("tls", "true");
    }
    let query = parse_qsl(&url.query, false)?;
    let first =
        |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| unquote(value));
    if first("protocol").is_some_and(|protocol| protocol.trim().parse::<i64>().is_err()) {
        return Err(Refusal::new("Invalid value for 'protocol' in connection URL."));
    }
    // The query is taken first, and the URL's own parts over it.
    let (user, password) = url.userinfo();
    let or_query = |part: &str, name: &str| {
        if part.is_empty() { first(name).unwrap_or_default() } else { unquote(part) }
    };
    set_given(&mut fields, "user", or_query(user, "username"));
    set_given(&mut fields, "password", or_query(password, "password"));
    if let Some(number) = first("db") {
        number
            .parse::<i64>()
            .map_err(|_| Refusal::new("Invalid value for 'db' in connection URL."))?;
        fields.set("dbname", number);
    }
    if url.scheme == "unix" {
        set_given(&mut fields, "host", unquote(&url.path));
        return Ok(fields);
    }
    let (host, port) = url.host_port();
    set_given(&mut fields, "host", unquote(&host));
    if let Some(port) = port_number(port)?.filter(|&port| port > 0) {
        fields.set("port", port.to_string());
    }
    if fields.get("dbname").is_none() {
        // A path that is no number is dropped without a word, and its slashes with it.
        let path = unquote(&url.path).replace('/', "");
        if let Ok(number) = path.trim().parse::<i64>() {
            fields.set("dbname", number.to_string());
        }
    }
    Ok(fields)
}
