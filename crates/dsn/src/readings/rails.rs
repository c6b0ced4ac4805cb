//! Rails: `ConnectionUrlResolver` of Active Record 7.1 and later, on Ruby's RFC 2396 parser.

use super::{rfc2396, set_given, utf8};
use crate::percent::decode_lenient;
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    if text.trim().is_empty() {
        return Err(Refusal::new("Database URL cannot be empty"));
    }
    let uri = rfc2396::parse(text)?;
    let adapter = uri.scheme.to_ascii_lowercase().replace('-', "_");
    if !matches!(adapter.as_str(), "postgres" | "postgresql" | "postgis") {
        return Err(Refusal::new("the scheme names no PostgreSQL adapter")
            .hint("write postgresql:// in front of the host"));
    }
    let mut fields = Fields::new();
    if let Some(opaque) = uri.opaque {
        let (database, query) = match opaque.split_once('?') {
            Some((database, query)) => (database, query),
            None => (opaque, ""),
        };
        options(&mut fields, query)?;
        set_given(&mut fields, "dbname", decode_lenient(database.as_bytes()));
        return Ok(fields);
    }
    if let Some(userinfo) = uri.userinfo {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        give(&mut fields, "user", user);
        give(&mut fields, "password", password);
    }
    let host = uri.host.unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    give(&mut fields, "host", bare);
    if let Some(port) = uri.port.filter(|port| !port.is_empty()) {
        let number = port.trim_start_matches('0');
        set_given(&mut fields, "port", if number.is_empty() { "0" } else { number });
    }
    give(&mut fields, "dbname", uri.path.strip_prefix('/').unwrap_or(uri.path));
    options(&mut fields, uri.query.unwrap_or_default())?;
    Ok(fields)
}

/// Takes the query as configuration keys, which beat the parts before it; blank values are dropped.
fn options(fields: &mut Fields, query: &str) -> Result<(), Refusal> {
    if query.is_empty() {
        return Ok(());
    }
    // Ruby's `split` drops empty pairs at the end and trips over others.
    for pair in query.trim_end_matches('&').split('&') {
        if pair.is_empty() && !query.trim_end_matches('&').is_empty() {
            return Err(Refusal::new("invalid number of elements (0 for 1..2)"));
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name: Name = match key {
            "username" => "user".into(),
            "database" => "dbname".into(),
            // These two are no keys of the adapter's configuration, so it passes them on to libpq,
            // where the adapter's own `user` and `dbname` have been set already.
            "user" | "dbname" | "adapter" | "" => continue,
            // Ruby's `query=` escapes an apostrophe, and keys are not unescaped again.
            _ => Name::Owned(key.replace('\'', "%27")),
        };
        if value.trim().is_empty() {
            // A blank value still hides what stood before the query.
            fields.remove(&name);
        } else {
            fields.set(name, decode_lenient(value.as_bytes()));
        }
    }
    Ok(())
}

fn give(fields: &mut Fields, name: &'static str, value: &str) {
    if !value.trim().is_empty() {
        fields.set(name, decode_lenient(value.as_bytes()));
    }
}
