//! Prisma up to 6: `PostgresUrl` of its query engine, on top of the `url` crate.

use super::whatwg::parse;
use super::{set_given, utf8};
use crate::percent::decode_lenient;
use crate::{Fields, Name, Refusal};

/// Parameters that must be whole numbers.
const NUMBERS: [&str; 4] =
    ["connection_limit", "connect_timeout", "pool_timeout", "socket_timeout"];

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let url = parse(text, None)?;
    if !matches!(url.scheme(), "postgresql" | "postgres") {
        return Err(Refusal::new(
            "the URL must start with the protocol `postgresql://` or `postgres://`",
        ));
    }
    let mut fields = Fields::new();
    set_given(&mut fields, "user", decoded(url.username()));
    set_given(&mut fields, "password", decoded(url.password().unwrap_or_default()));
    set_given(&mut fields, "host", url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        fields.set("port", port.to_string());
    }
    // The engine takes the first path segment and leaves its escapes as they are.
    let path = url.path().strip_prefix('/').unwrap_or_default();
    set_given(&mut fields, "dbname", path.split('/').next().unwrap_or_default());
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "user" | "password" | "port" | "dbname" => {}
            "host" if value.is_empty() => fields.remove("host"),
            "host" => fields.set("host", value.as_bytes()),
            _ if NUMBERS.contains(&key.as_ref()) && value.parse::<u64>().is_err() => {
                return Err(Refusal::new("Invalid connection arguments")
                    .hint("write a whole number, without a unit"));
            }
            _ => fields.set(Name::Owned(key.into_owned()), value.as_bytes()),
        }
    }
    Ok(fields)
}

/// A decoded part; what is no UTF-8 then is taken as it stands.
fn decoded(part: &str) -> Vec<u8> {
    let decoded = decode_lenient(part.as_bytes());
    if std::str::from_utf8(&decoded).is_ok() { decoded } else { part.as_bytes().to_vec() }
}
