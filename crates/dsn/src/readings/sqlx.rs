//! sqlx 0.9: `PgConnectOptions::from_str`, on top of the `url` crate.

use std::net::IpAddr;

use super::whatwg::{decode_utf8, parse};
use super::{set_given, utf8};
use crate::{Fields, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let url = parse(utf8(text)?, None)?;
    let mut fields = Fields::new();
    if let Some(host) = url.host_str() {
        let decoded = crate::percent::decode_lenient(host.as_bytes());
        if decoded.first() == Some(&b'/') {
            set_given(&mut fields, "host", decode_utf8(host)?.into_owned());
        } else {
            set_given(&mut fields, "host", host);
        }
    }
    if let Some(port) = url.port() {
        fields.set("port", port.to_string());
    }
    set_given(&mut fields, "user", decode_utf8(url.username())?.into_owned());
    set_given(
        &mut fields,
        "password",
        decode_utf8(url.password().unwrap_or_default())?.into_owned(),
    );
    set_given(&mut fields, "dbname", decode_utf8(url.path().trim_start_matches('/'))?.into_owned());
    let mut options = Vec::new();
    for (key, value) in url.query_pairs() {
        parameter(&mut fields, &mut options, &key, &value)?;
    }
    if !options.is_empty() {
        fields.set("options", options.join(" "));
    }
    Ok(fields)
}

/// Takes a query parameter that sqlx knows; it logs the others, value and all, and goes on.
fn parameter(
    fields: &mut Fields,
    options: &mut Vec<String>,
    key: &str,
    value: &str,
) -> Result<(), Refusal> {
    match key {
        "sslmode" | "ssl-mode" => {
            let lower = value.to_ascii_lowercase();
            if !MODES.contains(&lower.as_str()) {
                return Err(Refusal::new("unknown value for `ssl_mode`"));
            }
            fields.set("sslmode", lower);
        }
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => fields.set("sslrootcert", value),
        "sslcert" | "ssl-cert" => fields.set("sslcert", value),
        "sslkey" | "ssl-key" => fields.set("sslkey", value),
        "statement-cache-capacity" => {
            value.parse::<usize>().map_err(|_| Refusal::new("invalid digit found in string"))?;
            fields.set("statement-cache-capacity", value);
        }
        "host" => set_host(fields, value),
        "hostaddr" => {
            value.parse::<IpAddr>().map_err(|_| Refusal::new("invalid IP address syntax"))?;
            set_host(fields, value);
        }
        "port" => {
            let port: u16 =
                value.parse().map_err(|_| Refusal::new("invalid digit found in string"))?;
            fields.set("port", port.to_string());
        }
        "dbname" => fields.set("dbname", value),
        "user" => fields.set("user", value),
        "password" => fields.set("password", value),
        "application_name" => fields.set("application_name", value),
        "options" => options.push(value.to_owned()),
        _ => {
            let name = key.strip_prefix("options[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(name) = name {
                options.push(format!("-c {name}={value}"));
            }
        }
    }
    Ok(())
}

const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Sets the host; a socket stays, since it is kept apart and wins.
fn set_host(fields: &mut Fields, host: &str) {
    let has_socket = matches!(fields.get("host"), Some([b'/', ..]));
    if !has_socket || host.starts_with('/') {
        fields.set("host", host);
    }
}
