//! postgres.js: `parseUrl` and `parseOptions` of 3.4, which split hosts themselves before `new URL`.

use super::whatwg::{decode_uri_component, parse_in_javascript as parse};
use super::{set_given, utf8};
use crate::{Fields, Name, Refusal};

pub(super) fn read(text: &[u8]) -> Result<Fields, Refusal> {
    let text = utf8(text)?;
    if text.is_empty() {
        return Ok(Fields::new());
    }
    // JavaScript slices from 2 where `://` is not found, since -1 + 3 is 2.
    let start = text.find("://").map_or(2, |found| found + 3);
    let authority = text.get(start..).unwrap_or_default();
    let authority = authority.split(['?', '/']).next().unwrap_or_default();
    let hosts = authority.split_once('@').map_or(authority, |(_, hosts)| hosts);
    let hosts = decode_uri_component(hosts)?;
    let first = hosts.split(',').next().unwrap_or_default();
    let url = parse(&text.replacen(hosts.as_str(), first, 1), None)?;

    let mut fields = Fields::new();
    set_given(&mut fields, "user", decode_uri_component(url.username())?);
    set_given(&mut fields, "password", decode_uri_component(url.password().unwrap_or_default())?);
    let host =
        if hosts.contains(',') { hosts.as_str() } else { url.host_str().unwrap_or_default() };
    let port = url.port().map(|port| port.to_string()).unwrap_or_default();
    let names: Vec<&str> = host.split(',').map(before_colon).collect();
    set_given(&mut fields, "host", names.join(","));
    let ports: Vec<String> = host.split(',').map(|host| port_of(host, &port)).collect();
    if ports.iter().any(|port| !port.is_empty()) {
        fields.set("port", ports.join(","));
    }
    set_given(&mut fields, "dbname", url.path().get(1..).unwrap_or_default());
    query(&mut fields, &url);
    // Only the first of several values is looked at.
    let target = url.query_pairs().find(|(name, _)| name == "target_session_attrs");
    if target.is_some_and(|(_, value)| !is_session_target(value.as_bytes())) {
        return Err(Refusal::new("target_session_attrs has a value that is not supported"));
    }
    Ok(fields)
}

/// Takes the query: `sslmode` stands for `ssl`, and what names the database again is no option here.
fn query(fields: &mut Fields, url: &url::Url) {
    let mut tls: Option<String> = None;
    let mut sslmode: Option<String> = None;
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "ssl" => tls = Some(value.into_owned()),
            "sslmode" => sslmode = Some(value.into_owned()),
            "user" | "password" | "host" | "port" | "dbname" | "database" => {}
            _ => fields.set(Name::Owned(name.into_owned()), value.as_bytes()),
        }
    }
    match sslmode.filter(|mode| !mode.is_empty()) {
        Some(mode) => fields.set("sslmode", mode),
        None => {
            if let Some(tls) = tls {
                fields.set("ssl", tls);
            }
        }
    }
}

fn before_colon(host: &str) -> &str {
    host.split(':').next().unwrap_or_default()
}

/// `parseInt(x.split(':')[1] || port)`: the digits in front, or JavaScript's NaN.
fn port_of(host: &str, port: &str) -> String {
    let own = host.split(':').nth(1).filter(|own| !own.is_empty()).unwrap_or(port);
    let digits: String = own.trim_start().chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() && !own.is_empty() { "NaN".to_owned() } else { digits }
}

fn is_session_target(value: &[u8]) -> bool {
    let known: [&[u8]; 6] =
        [b"", b"read-write", b"read-only", b"primary", b"standby", b"prefer-standby"];
    known.contains(&value)
}
