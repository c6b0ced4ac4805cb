//! redis-rs 1: `IntoConnectionInfo`, on top of the `url` crate.

use super::whatwg::{decode_utf8, parse, without_brackets};
use super::{set_given, utf8};
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let url = parse(utf8(text)?, None).map_err(|_| Refusal::new("Redis URL did not parse"))?;
    let mut fields = Fields::new();
    match url.scheme() {
        "redis" | "valkey" => {}
        "rediss" | "valkeys" => {
            if url.fragment().is_some_and(|fragment| fragment != "insecure") {
                return Err(Refusal::new("only #insecure is supported as URL fragment"));
            }
            fields.set("tls", "true");
        }
        "unix" | "redis+unix" | "valkey+unix" => return socket(&url),
        _ => return Err(Refusal::new("Redis URL did not parse")),
    }
    let host = without_brackets(url.host_str().unwrap_or_default());
    if host.is_empty() {
        return Err(Refusal::new("Missing hostname"));
    }
    if matches!(host, "0.0.0.0" | "::") {
        return Err(Refusal::new("Cannot connect to a wildcard address (0.0.0.0 or ::)"));
    }
    fields.set("host", host);
    set_given(&mut fields, "port", url.port().map(|port| port.to_string()).unwrap_or_default());
    set_given(&mut fields, "user", decode_utf8(url.username())?.into_owned());
    set_given(
        &mut fields,
        "password",
        decode_utf8(url.password().unwrap_or_default())?.into_owned(),
    );
    database(&mut fields, url.path().trim_matches('/'))?;
    protocol(&url)?;
    Ok(fields)
}

fn socket(url: &url::Url) -> Result<Fields, Refusal> {
    let mut fields = Fields::new();
    set_given(&mut fields, "host", crate::percent::decode_lenient(url.path().as_bytes()));
    for (key, value) in url.query_pairs() {
        match key.as_ref() {
            "db" => database(&mut fields, &value)?,
            "user" => set_given(&mut fields, "user", value.as_bytes()),
            "pass" => set_given(&mut fields, "password", value.as_bytes()),
            _ => {}
        }
    }
    protocol(url)?;
    Ok(fields)
}

fn database(fields: &mut Fields, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let number: i64 = text.parse().map_err(|_| Refusal::new("Invalid database number"))?;
    fields.set("dbname", number.to_string());
    Ok(())
}

fn protocol(url: &url::Url) -> Result<(), Refusal> {
    let protocol = url.query_pairs().filter(|(key, _)| key == "protocol").last();
    match protocol {
        None => Ok(()),
        Some((_, value)) if matches!(value.as_ref(), "2" | "3" | "resp2" | "resp3") => Ok(()),
        Some(_) => Err(Refusal::new("Invalid protocol version")),
    }
}
