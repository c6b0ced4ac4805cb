//! Prisma up to 6: `PostgresUrl` of its query engine, on top of the `url` crate.

use super::whatwg::parse;
use super::{set_given, utf8};
use crate::percent::decode_lenient;
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    let url = parse(text, None)?;
    if !matches!(url.scheme(), "postgresql" | "postgres") {
        return Err(Refusal::new(
            "the URL must start with the protocol `postgresql://` or `postgres://`",
        ));
    }
    let mut fields = Fields::new();
    set_given(&mut fields, "user", decode_lenient(url.username().as_bytes()));
    set_given(
        &mut fields,
        "password",
        decode_lenient(url.password().unwrap_or_default().as_bytes()),
    );
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
            "host" => set_given(&mut fields, "host", value.as_bytes()),
            _ => fields.set(Name::Owned(key.into_owned()), value.as_bytes()),
        }
    }
    Ok(fields)
}
